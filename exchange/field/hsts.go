package field

// HSTS is the value of Strict-Transport-Security (RFC 6797 §6.1).
type HSTS struct {
	MaxAge            int64 // seconds; 0 unless HasMaxAge
	MaxAgeAt          Part  // the directive
	HasMaxAge         bool  // there is one, right or wrong
	IncludeSubDomains bool
	Preload           bool
	Duplicate         Part   // the first directive that was there before
	Err               *Error // what the grammar does not allow
}

// ParseHSTS reads the value of one Strict-Transport-Security line.
func ParseHSTS(s string) HSTS {
	var h HSTS
	count := 0
	for piece := range Pieces(s, ';') {
		count++
		d := param(piece)
		if err := directiveError(d, piece); err != nil && h.Err == nil {
			h.Err = err
		}
		if count > 1 && h.Duplicate.Text == "" && hasDirectiveBefore(s, d) {
			h.Duplicate = piece
		}
		h.take(d, piece)
	}
	if count == 0 && h.Err == nil {
		h.Err = &Error{At: len(s), What: "want max-age"}
	}
	return h
}

func (h *HSTS) take(d Param, piece Part) {
	switch {
	case EqualFold(d.Name, "max-age"):
		if h.HasMaxAge {
			return
		}
		h.HasMaxAge, h.MaxAgeAt = true, piece
		n, ok := Number(Unquote(d.Value))
		if !ok && h.Err == nil {
			h.Err = &Error{At: d.ValueAt, What: "want digits as max-age"}
		}
		h.MaxAge = n
	case EqualFold(d.Name, "includeSubDomains"):
		h.IncludeSubDomains = true
		if d.HasValue && h.Err == nil {
			h.Err = &Error{At: d.ValueAt, What: "includeSubDomains takes no value"}
		}
	case EqualFold(d.Name, "preload"):
		h.Preload = true
	}
}

// directiveError holds a directive to its grammar: a token, alone or with a
// token or a quoted string behind an equals sign.
func directiveError(d Param, piece Part) *Error {
	n := TokenLen(piece.Text)
	switch {
	case n == 0:
		return &Error{At: piece.At, What: "want the name of a directive"}
	case !IsToken(d.Name):
		return &Error{At: piece.At + n, What: `want ";" after a directive`}
	case d.HasValue && !IsToken(d.Value) && !IsQuoted(d.Value):
		return &Error{At: d.ValueAt + TokenLen(d.Value), What: "want a token or a quoted string as the directive's value"}
	}
	return nil
}

// mostDirectives bounds how many directives are compared with each other.
const mostDirectives = 32

// hasDirectiveBefore reports whether a directive of d's name is before it.
func hasDirectiveBefore(s string, d Param) bool {
	n := 0
	for piece := range Pieces(s, ';') {
		if piece.At >= d.At || n == mostDirectives {
			return false
		}
		n++
		if EqualFold(param(piece).Name, d.Name) {
			return true
		}
	}
	return false
}
