package contract

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"
)

// loadError says of a file that could not be read what to do.
func loadError(file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; name a file with an OpenAPI description", err)
	case errors.Is(err, fs.ErrPermission):
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// validationError says where a description is not valid.
func validationError(file string, doc *openapi3.T, err error) error {
	at := locationOf(doc, err)
	if at == nil || at.Line == 0 {
		return fmt.Errorf("%s: not a valid OpenAPI description: %w", file, err)
	}
	if at.File != "" {
		file = at.File
	}
	return fmt.Errorf("%s:%d: not a valid OpenAPI description: %w", file, at.Line, err)
}

// locationOf finds the innermost place that an error or what it wraps names.
func locationOf(doc *openapi3.T, err error) (at *openapi3.Location) {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if found := ownLocation(doc, e); found != nil {
			at = found
		}
	}
	return at
}

// ownLocation finds the place in an error itself. The library has some fifty
// types of error with a field Origin and no common interface.
func ownLocation(doc *openapi3.T, err error) *openapi3.Location {
	if p, ok := errors.AsType[*openapi3.PathValidationError](err); ok && doc.Paths.Value(p.Path) != nil {
		return keyOf(doc.Paths.Value(p.Path).Origin)
	}
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return nil
	}
	f := v.FieldByName("Origin")
	if !f.IsValid() || !f.CanInterface() {
		return nil
	}
	o, _ := f.Interface().(*openapi3.Origin)
	return keyOf(o)
}

func keyOf(o *openapi3.Origin) *openapi3.Location {
	if o == nil {
		return nil
	}
	return o.Key
}
