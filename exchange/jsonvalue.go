package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrJSONDeep is the error for JSON that is nested deeper than someone wants to
// look.
var ErrJSONDeep = errors.New("nested too deep")

// DecodeJSON reads one JSON value (RFC 8259), which must be all of b, as
// encoding/json makes it but with numbers as they are written. What is nested
// deeper than so many levels is refused before it is read.
func DecodeJSON(b []byte, deepest int) (any, error) {
	if jsonDepth(b) > deepest {
		return nil, ErrJSONDeep
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the value")
	}
	return v, nil
}

// jsonDepth counts how deep brackets are nested.
func jsonDepth(b []byte) (most int) {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}
