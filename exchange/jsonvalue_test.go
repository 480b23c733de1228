package exchange_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sidenote/exchange"
)

func TestDecodeJSON(t *testing.T) {
	v, err := exchange.DecodeJSON([]byte(` {"a":[1.50,"]]]]\"[[[["],"b":null} `), 2)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": []any{json.Number("1.50"), `]]]]"[[[[`}, "b": nil}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
	if _, err := exchange.DecodeJSON([]byte(strings.Repeat("[", 3)+strings.Repeat("]", 3)), 2); !errors.Is(err, exchange.ErrJSONDeep) {
		t.Error(err)
	}
	for _, text := range []string{"", "{", "1 2", "[] ]", "nul"} {
		if v, err := exchange.DecodeJSON([]byte(text), 9); err == nil {
			t.Errorf("%q is read as %v", text, v)
		}
	}
}
