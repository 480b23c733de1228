package field_test

import (
	"testing"

	"sidenote/exchange/field"
)

// TestIsControl: the octets of RFC 9110 §5.5 that a field value may hold are
// HTAB, SP, VCHAR and obs-text.
func TestIsControl(t *testing.T) {
	for c := range 256 {
		allowed := c == '\t' || c >= 0x20 && c <= 0x7e || c >= 0x80
		if field.IsControl(byte(c)) == allowed {
			t.Errorf("IsControl(%#x) = %v", c, !allowed)
		}
		if i := field.ControlIn("a\t" + string([]byte{byte(c)})); (i == 2) == allowed || i >= 0 && i != 2 {
			t.Errorf("ControlIn with %#x = %d", c, i)
		}
	}
}
