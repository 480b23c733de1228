package field

import "iter"

// A Preference is one media range of an Accept field (RFC 9110 §12.5.1).
type Preference struct {
	Media  MediaType
	Weight int // in thousandths, 0 to 1000; 1000 by default
	Part       // the text of the element, with its place in the value
	Err    *Error
}

// Accept returns the media ranges of an Accept value. Offsets of errors count in
// the value. A weight that cannot be read counts as 1000.
func Accept(s string) iter.Seq[Preference] {
	return func(yield func(Preference) bool) {
		for p := range List(s) {
			if !yield(preference(p)) {
				return
			}
		}
	}
}

func preference(p Part) Preference {
	v := Preference{Media: ParseMediaType(p.Text), Weight: 1000, Part: p}
	if e := v.Media.Err; e != nil {
		v.Err = &Error{At: p.At + e.At, What: e.What}
	}
	for q := range Params(p.Text) {
		if !EqualFold(q.Name, "q") {
			continue
		}
		w, ok := Weight(q.Value)
		if !ok {
			v.Err = &Error{At: p.At + q.ValueAt, What: "want a weight from 0 to 1 with at most three decimals"}
			break
		}
		v.Weight = w
		break
	}
	return v
}

// Weight reads a qvalue (RFC 9110 §12.4.2) in thousandths.
func Weight(s string) (thousandths int, ok bool) {
	if s == "" || len(s) > 5 || s[0] != '0' && s[0] != '1' || len(s) > 1 && s[1] != '.' {
		return 0, false
	}
	scale := 1000
	thousandths = int(s[0]-'0') * scale
	for i := 2; i < len(s); i++ {
		if !IsDigit(s[i]) {
			return 0, false
		}
		scale /= 10
		thousandths += int(s[i]-'0') * scale
	}
	return thousandths, thousandths <= 1000
}

// AcceptWeight returns the weight of a media type in an Accept value (RFC 9110
// §12.5.1), in thousandths: that of the most specific media range that matches,
// or 0 if none does. Parameters other than q are not compared.
func AcceptWeight(accept, typ, subtype string) int {
	weight, best := 0, 0
	for p := range Accept(accept) {
		specific := 0
		switch {
		case p.Media.Is(typ, subtype):
			specific = 3
		case EqualFold(p.Media.Type, typ) && p.Media.Subtype == "*":
			specific = 2
		case p.Media.Is("*", "*") || p.Text == "*":
			specific = 1
		}
		if specific > best || specific == best && specific > 0 && p.Weight > weight {
			weight, best = p.Weight, specific
		}
	}
	return weight
}
