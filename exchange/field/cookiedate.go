package field

import "time"

// ParseCookieDate reads the date of a cookie's Expires as user agents do
// (RFC 6265bis §5.1.1), which take almost any order and separator.
func ParseCookieDate(s string) (time.Time, *Error) {
	var p cookieDate
	for at := 0; at < len(s); {
		start := at
		for at < len(s) && !isDateDelimiter(s[at]) {
			at++
		}
		if at > start {
			p.token(s[start:at], start)
		}
		for at < len(s) && isDateDelimiter(s[at]) {
			at++
		}
	}
	if p.year >= 70 && p.year <= 99 {
		p.year += 1900
	} else if p.year >= 0 && p.year <= 69 {
		p.year += 2000
	}
	if err := p.problem(len(s)); err != nil {
		return time.Time{}, err
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, 0, time.UTC)
	if t.Day() != p.day {
		return time.Time{}, &Error{At: p.dayAt, What: "the month has no such day"}
	}
	return t, nil
}

// cookieDate is what has been found of a date.
type cookieDate struct {
	hour, minute, second, day, month, year int
	timeAt, dayAt, yearAt                  int
	hasTime, hasDay, hasYear               bool // month is 0 until it is found
}

func (p *cookieDate) token(t string, at int) {
	switch h, m, s, ok := cookieTime(t); {
	case !p.hasTime && ok:
		p.hour, p.minute, p.second, p.timeAt, p.hasTime = h, m, s, at, true
		return
	}
	n, count := leadingNumber(t)
	switch {
	case !p.hasDay && count >= 1 && count <= 2:
		p.day, p.dayAt, p.hasDay = n, at, true
	case p.month == 0 && cookieMonth(t) > 0:
		p.month = cookieMonth(t)
	case !p.hasYear && count >= 2 && count <= 4:
		p.year, p.yearAt, p.hasYear = n, at, true
	}
}

// problem says why what was found is not a date; end is the length of the text.
func (p *cookieDate) problem(end int) *Error {
	switch {
	case !p.hasTime:
		return &Error{At: end, What: "want a time such as 08:49:37"}
	case !p.hasDay:
		return &Error{At: end, What: "want a day of the month"}
	case p.month == 0:
		return &Error{At: end, What: "want the name of a month"}
	case !p.hasYear:
		return &Error{At: end, What: "want a year"}
	case p.day < 1 || p.day > 31:
		return &Error{At: p.dayAt, What: "want a day from 1 to 31"}
	case p.year < 1601:
		return &Error{At: p.yearAt, What: "want a year from 1601 on"}
	case p.hour > 23 || p.minute > 59 || p.second > 59:
		return &Error{At: p.timeAt, What: "want a time up to 23:59:59"}
	}
	return nil
}

func isDateDelimiter(c byte) bool {
	return c == '\t' || c >= 0x20 && c <= 0x2f || c >= 0x3b && c <= 0x40 || c >= 0x5b && c <= 0x60 || c >= 0x7b && c <= 0x7e
}

// leadingNumber reads the digits that t begins with and counts them.
func leadingNumber(t string) (n, count int) {
	for count < len(t) && IsDigit(t[count]) {
		if count < 4 {
			n = n*10 + int(t[count]-'0')
		}
		count++
	}
	return n, count
}

// cookieTime reads hour:minute:second with one or two digits each.
func cookieTime(t string) (h, m, s int, ok bool) {
	var v [3]int
	for i := range v {
		n, count := leadingNumber(t)
		if count < 1 || count > 2 || i < 2 && (count == len(t) || t[count] != ':') {
			return 0, 0, 0, false
		}
		v[i] = n
		if i < 2 {
			t = t[count+1:]
		}
	}
	return v[0], v[1], v[2], true
}

// cookieMonth is the month whose name t begins with, 0 for none.
func cookieMonth(t string) int {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	for i := 0; i < len(names); i += 3 {
		if HasPrefixFold(t, names[i:i+3]) {
			return i/3 + 1
		}
	}
	return 0
}
