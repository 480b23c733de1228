package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sidenote/exchange"
)

// What is checked of a JSON text, so that a hostile one costs little.
const (
	maxJSON  = 1 << 20 // octets
	maxDepth = 100
)

// jsonOf reads the content of a message as JSON. Numbers become int where they
// are whole and fit, float64 otherwise. The error says in words why there is no
// value.
func jsonOf(m *exchange.Message) (any, error) {
	d := m.DecodedContent()
	switch {
	case len(d.Bytes) == 0 && m.Content.Size == 0:
		return nil, errors.New("there is no body")
	case len(d.Bytes) == 0:
		return nil, errors.New("the body was not recorded")
	case m.Content.Truncated || d.Truncated && d.Err == nil && m.Content.Complete:
		return nil, errors.New("only part of the body was kept: use a larger --keep-content")
	case !m.Content.Complete:
		return nil, errors.New("the body is incomplete")
	case d.Err != nil:
		return nil, fmt.Errorf("the body can't be decoded: %w", d.Err)
	case len(d.Bytes) > maxJSON:
		return nil, fmt.Errorf("the body has more than %d bytes", maxJSON)
	}
	return parseJSON(d.Bytes)
}

func parseJSON(b []byte) (any, error) {
	v, err := exchange.DecodeJSON(b, maxDepth)
	switch {
	case errors.Is(err, exchange.ErrJSONDeep):
		return nil, fmt.Errorf("the body is nested deeper than %d levels", maxDepth)
	case err != nil:
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	return withNumbers(v), nil
}

func withNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, _ := plainNumber(v.String()) // out of range gives infinity
		return n
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = withNumbers(v[k])
		}
	}
	return v
}

func plainNumber(s string) (any, bool) {
	if i, err := strconv.Atoi(s); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

// A pointer is a JSON Pointer (RFC 6901).
type pointer struct {
	text   string
	tokens []string
}

func parsePointer(s string) (pointer, error) {
	p := pointer{text: s}
	if s == "" {
		return p, nil
	}
	if s[0] != '/' {
		return p, fmt.Errorf("want a JSON Pointer such as /items/0/id, not %q", s)
	}
	for token := range strings.SplitSeq(s[1:], "/") {
		for rest := token; ; {
			_, after, found := strings.Cut(rest, "~")
			if !found {
				break
			}
			if after == "" || after[0] != '0' && after[0] != '1' {
				return p, fmt.Errorf("%q: after ~ write 0 for a tilde or 1 for a slash", s)
			}
			rest = after
		}
		p.tokens = append(p.tokens, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
	}
	return p, nil
}

// find returns the value that the pointer names.
func (p pointer) find(v any) (any, bool) {
	for _, token := range p.tokens {
		switch at := v.(type) {
		case map[string]any:
			member, ok := at[token]
			if !ok {
				return nil, false
			}
			v = member
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) || strconv.Itoa(i) != token {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}
