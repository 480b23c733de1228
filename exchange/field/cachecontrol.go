package field

import "iter"

// A Directive is one directive of Cache-Control (RFC 9111 §5.2), or of a field
// with its syntax such as Surrogate-Control.
type Directive struct {
	Part        // the directive, with its place in the value
	Name        string
	HasArgument bool   // there was an equals sign
	Argument    string // as it stands, quotes included; see Unquote
	ArgumentAt  int    // where Argument begins; after the name when there is none
}

// Directives returns the directives of a Cache-Control value in their order,
// also those that its grammar does not allow; see Err.
func Directives(s string) iter.Seq[Directive] {
	return func(yield func(Directive) bool) {
		for p := range List(s) {
			q := param(p)
			d := Directive{Part: p, Name: q.Name, HasArgument: q.HasValue, Argument: q.Value, ArgumentAt: q.ValueAt}
			if !yield(d) {
				return
			}
		}
	}
}

// Is reports whether d has that name, compared without case (RFC 9111 §5.2).
func (d Directive) Is(name string) bool { return EqualFold(d.Name, name) }

// Seconds reads the argument as delta-seconds (RFC 9111 §1.2.2), in quotes or
// without, as recipients are to take both. A number too large to hold is
// MaxNumber. ok is false for anything else.
func (d Directive) Seconds() (seconds int64, ok bool) {
	if !d.HasArgument {
		return 0, false
	}
	return Number(Unquote(d.Argument))
}

// IsQuoted reports whether the argument is a quoted string.
func (d Directive) IsQuoted() bool { return IsQuoted(d.Argument) }

// Err says what the grammar of a directive does not allow, nil where it is well
// formed. The offset counts in the field value.
func (d Directive) Err() *Error {
	switch {
	case !IsToken(d.Name):
		return &Error{At: d.At + TokenLen(d.Name), What: "want the name of a directive, which is a token"}
	case !d.HasArgument || IsToken(d.Argument) || d.IsQuoted():
		return nil
	case d.Argument == "":
		return &Error{At: d.ArgumentAt, What: "want an argument after the equals sign"}
	}
	return &Error{At: d.ArgumentAt + TokenLen(d.Argument), What: "want a token or a quoted string as the argument"}
}
