package exchange

// Scrub removes the secrets of x from a text about it.
func (r *Redactor) Scrub(x *Exchange, text string) string {
	return r.Scrubber(x, true).Text(text)
}
