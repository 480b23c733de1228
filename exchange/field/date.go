package field

import "time"

// A DateForm is one of the three forms of HTTP-date (RFC 9110 §5.6.7).
type DateForm uint8

// The forms. Senders must use the first; the others are obsolete.
const (
	IMFFixdate DateForm = iota + 1 // Sun, 06 Nov 1994 08:49:37 GMT
	RFC850Date                     // Sunday, 06-Nov-94 08:49:37 GMT
	Asctime                        // Sun Nov  6 08:49:37 1994
)

// A Date is an HTTP-date.
type Date struct {
	Time     time.Time // in UTC
	Form     DateForm
	WrongDay bool // the name of the day is not that of the date
}

// ParseDate reads an HTTP-date in any of its three forms, as recipients must.
// now decides the century of a year of two digits; without it the years 70 to
// 99 are those of the last century. The error is an *Error.
func ParseDate(s string, now time.Time) (Date, error) {
	if d, ok := plainDate(s); ok {
		return d, nil
	}
	p := dateParser{s: s}
	d := p.date(now)
	if p.want == "" && p.at < len(s) {
		p.fail("want nothing after the date")
	}
	if p.want != "" {
		return Date{}, &Error{At: min(p.at, len(s)), What: p.want}
	}
	return d, nil
}

// plainDate reads what nearly every date is, an IMF-fixdate without fault; the
// parser takes, and judges, everything else.
func plainDate(s string) (d Date, ok bool) {
	if len(s) != len("Sun, 06 Nov 1994 08:49:37 GMT") || s[3:5] != ", " || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' ||
		s[19] != ':' || s[22] != ':' || s[25:] != " GMT" {
		return d, false
	}
	weekday, month := wordIn(weekdays, s[:3]), wordIn(months, s[8:11])
	day, century, year := twoDigits(s[5:]), twoDigits(s[12:]), twoDigits(s[14:])
	hour, minute, second := twoDigits(s[17:]), twoDigits(s[20:]), twoDigits(s[23:])
	// Of the last days of a month the parser speaks.
	if weekday < 0 || month < 0 || day < 1 || day > 28 || century < 0 || year < 0 ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return d, false
	}
	t := time.Date(century*100+year, time.Month(month+1), day, hour, minute, second, 0, time.UTC)
	return Date{Time: t, Form: IMFFixdate, WrongDay: t.Weekday() != time.Weekday(weekday)}, true
}

// wordIn is the number of a word in a row of words of three letters; -1 for none.
func wordIn(row, word string) int {
	for i := 0; i < len(row); i += 3 {
		if row[i] == word[0] && row[i+1] == word[1] && row[i+2] == word[2] {
			return i / 3
		}
	}
	return -1
}

// twoDigits reads the two digits that s begins with; -1 where they are none.
func twoDigits(s string) int {
	if !IsDigit(s[0]) || !IsDigit(s[1]) {
		return -1
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}

// dateParser walks over a date. Once want is set nothing moves any more.
type dateParser struct {
	s    string
	at   int
	want string
}

func (p *dateParser) fail(want string) {
	if p.want == "" {
		p.want = want
	}
}

func (p *dateParser) date(now time.Time) Date {
	day := p.word(weekdays)
	if day < 0 {
		p.fail("want the name of a day, as in \"Sun, 06 Nov 1994 08:49:37 GMT\"")
		return Date{}
	}
	switch {
	case p.has(longRest[day]):
		return p.rfc850(day, now)
	case p.has(","):
		return p.imf(day)
	}
	return p.asctime(day)
}

const (
	weekdays = "SunMonTueWedThuFriSat"
	months   = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// longRest is what follows the first three letters of a day's full name.
var longRest = [...]string{"day", "day", "sday", "nesday", "rsday", "day", "urday"}

func (p *dateParser) imf(weekday int) Date {
	p.literal(", ", "a comma and one space after the day's name")
	day := p.digits(2, 1, 31, "a day of two digits")
	p.literal(" ", "one space before the month")
	month := p.month()
	p.literal(" ", "one space before the year")
	year := p.digits(4, 0, 9999, "a year of four digits")
	return p.clockGMT(IMFFixdate, weekday, year, month, day)
}

func (p *dateParser) rfc850(weekday int, now time.Time) Date {
	p.literal(longRest[weekday], "the day's name in full")
	p.literal(", ", "a comma and one space after the day's name")
	day := p.digits(2, 1, 31, "a day of two digits")
	p.literal("-", "a hyphen before the month")
	month := p.month()
	p.literal("-", "a hyphen before the year")
	year := fullYear(p.digits(2, 0, 99, "a year of two digits"), now)
	return p.clockGMT(RFC850Date, weekday, year, month, day)
}

func (p *dateParser) clockGMT(form DateForm, weekday, year, month, day int) Date {
	p.literal(" ", "one space before the time")
	h, m, s := p.clock()
	p.literal(" ", "one space before GMT")
	p.literal("GMT", "the time zone GMT")
	return p.make(form, weekday, year, month, day, h, m, s)
}

func (p *dateParser) asctime(weekday int) Date {
	p.literal(" ", "a comma and one space after the day's name")
	month := p.month()
	p.literal(" ", "one space before the day")
	var day int
	if p.has(" ") {
		p.at++
		day = p.digits(1, 1, 9, "a day of one digit after two spaces")
	} else {
		day = p.digits(2, 1, 31, "a day of two digits")
	}
	p.literal(" ", "one space before the time")
	h, m, s := p.clock()
	p.literal(" ", "one space before the year")
	year := p.digits(4, 0, 9999, "a year of four digits")
	return p.make(Asctime, weekday, year, month, day, h, m, s)
}

func (p *dateParser) clock() (h, m, s int) {
	h = p.digits(2, 0, 23, "an hour from 00 to 23")
	p.literal(":", "a colon after the hour")
	m = p.digits(2, 0, 59, "a minute from 00 to 59")
	p.literal(":", "a colon after the minute")
	s = p.digits(2, 0, 60, "a second from 00 to 60")
	return h, m, s
}

func (p *dateParser) make(form DateForm, weekday, year, month, day, h, m, s int) Date {
	if p.want != "" {
		return Date{}
	}
	midnight := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != day {
		p.fail("want a day that the month has")
		return Date{}
	}
	// A leap second is the next minute's first.
	t := midnight.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)
	return Date{Time: t, Form: form, WrongDay: midnight.Weekday() != time.Weekday(weekday)}
}

// fullYear returns a year of two digits its century: a date more than 50 years
// ahead is of the past (RFC 9110 §5.6.7).
func fullYear(year int, now time.Time) int {
	if now.IsZero() {
		if year >= 70 {
			return 1900 + year
		}
		return 2000 + year
	}
	full := now.Year() - now.Year()%100 + year
	if full > now.Year()+50 {
		full -= 100
	}
	return full
}

func (p *dateParser) month() int {
	m := p.word(months)
	if m < 0 {
		p.fail("want the name of a month in three letters, as Nov")
	}
	return m + 1
}

// word reads one of the words of three letters in a row of them and returns its
// number, -1 for none.
func (p *dateParser) word(row string) int {
	if p.want != "" || len(p.s) < p.at+3 {
		return -1
	}
	i := wordIn(row, p.s[p.at:p.at+3])
	if i >= 0 {
		p.at += 3
	}
	return i
}

func (p *dateParser) has(s string) bool {
	return len(p.s) >= p.at+len(s) && p.s[p.at:p.at+len(s)] == s
}

func (p *dateParser) literal(s, what string) {
	if p.want != "" {
		return
	}
	if !p.has(s) {
		p.want = "want " + what
		return
	}
	p.at += len(s)
}

// digits reads exactly n digits of a number from low to high.
func (p *dateParser) digits(n, low, high int, what string) int {
	if p.want != "" {
		return 0
	}
	v := 0
	for i := range n {
		if p.at+i >= len(p.s) || !IsDigit(p.s[p.at+i]) {
			p.want = "want " + what
			return 0
		}
		v = v*10 + int(p.s[p.at+i]-'0')
	}
	if v < low || v > high {
		p.want = "want " + what
		return 0
	}
	p.at += n
	return v
}

// A RetryAfter is the value of Retry-After (RFC 9110 §10.2.3): seconds to wait
// after the response, or the time from which to try again.
type RetryAfter struct {
	Seconds int64 // at most MaxNumber
	Date    Date  // its Form is 0 when the value is a number
}

// IsDate reports whether the value was a date.
func (r RetryAfter) IsDate() bool { return r.Date.Form != 0 }

// ParseRetryAfter reads the value of Retry-After; now is as for ParseDate. The
// error is an *Error.
func ParseRetryAfter(s string, now time.Time) (RetryAfter, error) {
	if n, ok := Number(s); ok {
		return RetryAfter{Seconds: n}, nil
	}
	if s != "" && IsDigit(s[0]) {
		at := 0
		for at < len(s) && IsDigit(s[at]) {
			at++
		}
		return RetryAfter{}, &Error{At: at, What: "want whole seconds and nothing after them"}
	}
	d, err := ParseDate(s, now)
	return RetryAfter{Date: d}, err
}

// DateShape is the form of HTTP-date that s looks like, letters and digits in
// their places though what they say may be impossible; 0 for none.
func DateShape(s string) DateForm {
	switch {
	case shaped(s, "aaa, 00 aaa 0000 00:00:00 GMT"):
		return IMFFixdate
	case shaped(s, "aaa aaa 00 00:00:00 0000"), shaped(s, "aaa aaa  0 00:00:00 0000"):
		return Asctime
	}
	letters := 0
	for letters < len(s) && Lower(s[letters]) >= 'a' && Lower(s[letters]) <= 'z' {
		letters++
	}
	if letters >= 6 && shaped(s[letters:], ", 00-aaa-00 00:00:00 GMT") {
		return RFC850Date
	}
	return 0
}

// shaped compares with a pattern in which a stands for a letter and 0 for a digit.
func shaped(s, pattern string) bool {
	if len(s) != len(pattern) {
		return false
	}
	for i := range len(s) {
		switch c := pattern[i]; {
		case c == 'a':
			if Lower(s[i]) < 'a' || Lower(s[i]) > 'z' {
				return false
			}
		case c == '0':
			if !IsDigit(s[i]) {
				return false
			}
		case s[i] != c:
			return false
		}
	}
	return true
}
