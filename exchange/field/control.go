package field

// IsControl reports whether an octet is a control character that no field value
// may hold (RFC 9110 §5.5): every one but the tab.
func IsControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// ControlIn finds the first such octet; -1 for none.
func ControlIn(s string) int {
	for i := range len(s) {
		if IsControl(s[i]) {
			return i
		}
	}
	return -1
}
