package rules

import (
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// syntaxDateRules lists the rules on dates.
func syntaxDateRules() []*annotate.Rule {
	return []*annotate.Rule{
		syntaxDateInvalid,
		syntaxDateObsoleteFormat,
		syntaxDateWrongWeekday,
	}
}

// dateFields are the fields that are an HTTP-date, or may be one.
var dateFields = append(annotate.NamesIn(annotate.FormDate, annotate.FormDate),
	exchange.FieldExpires, exchange.FieldSunset, exchange.FieldIfRange)

var dateFieldMask = exchange.MaskOf(dateFields...)

// eachDate calls f for every date field of both messages.
func eachDate(p *annotate.Pass, f func(p *annotate.Pass, s messageHead, i int, l *exchange.Line)) {
	for s := range messageHeads(p) {
		if !s.Fields.HasAny(&dateFieldMask) {
			continue
		}
		for _, n := range dateFields {
			if !s.Fields.Has(n) {
				continue
			}
			for i, l := range s.Fields.Each(n) {
				f(p, s, i, l)
			}
		}
	}
}

// sinceWhen is the time that decides the century of a two-digit year.
func sinceWhen(x *exchange.Exchange) time.Time { return receivedAt(x) }

var syntaxDateInvalid = &annotate.Rule{
	ID:       "syntax/date-invalid",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a date that doesn't exist",
	Refs:     []string{"RFC 9110 §5.6.7"},
	Doc: "The value looks like a date but can't be one, such as the 31st of November. " +
		"Receivers drop it, and ignore the lifetime or the condition that depends on it. Usually a program builds dates by hand.",
	Help: "write dates with a library, as in Sun, 06 Nov 1994 08:49:37 GMT",
	Bad:  []string{answered("Last-Modified: Wed, 31 Nov 2022 08:12:31 GMT"), asked("If-Modified-Since: Tue, 15 Nov 2022 24:12:31 GMT")},
	Good: []string{answered("Last-Modified: Sat, 31 Dec 2016 23:59:60 GMT")},
	When: annotate.When{EitherFields: dateFields, If: []*annotate.Condition{ifOddDate}},
	Check: func(p *annotate.Pass) {
		eachDate(p, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line) {
			if l.Known == exchange.FieldSunset {
				return
			}
			if _, err := field.ParseDate(l.Value, sinceWhen(p.X)); err != nil && field.DateShape(l.Value) != 0 {
				s.note(p, s.line(p, i), l.Name+" is "+quoted(l.Value)+", which isn't a date: "+err.Error())
			}
		})
	},
}

var syntaxDateObsoleteFormat = &annotate.Rule{
	ID:       "syntax/date-obsolete-format",
	Severity: annotate.Error,
	Blame:    annotate.ByOrigin,
	Title:    "a date in an obsolete format",
	Refs:     []string{"RFC 9110 §5.6.7"},
	Doc: "Two older formats of dates must still be read, but not sent. Some clients and caches no longer read them and treat the header as missing. " +
		"In one of them the century is a guess.",
	Help: "write the date as Sun, 06 Nov 1994 08:49:37 GMT",
	Bad:  []string{answered("Last-Modified: Tuesday, 15-Nov-22 08:12:31 GMT", "Cache-Control: no-cache"), asked("If-Modified-Since: Tue Nov 15 08:12:31 2022")},
	Good: []string{answered("Last-Modified: Tue, 15 Nov 2022 08:12:31 GMT")},
	When: annotate.When{EitherFields: dateFields, If: []*annotate.Condition{ifOddDate}},
	Check: func(p *annotate.Pass) {
		eachDate(p, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line) {
			if len(l.Value) == len("Sun, 06 Nov 1994 08:49:37 GMT") {
				return // no other form is as long
			}
			if shape := field.DateShape(l.Value); shape != field.RFC850Date && shape != field.Asctime {
				return
			}
			d, err := field.ParseDate(l.Value, sinceWhen(p.X))
			if err != nil {
				return
			}
			n := annotate.Note{Place: s.line(p, i), Blame: s.blame, Help: "write it as " + d.Time.Format("Mon, 02 Jan 2006 15:04:05 GMT"),
				Message: l.Name + " is " + quoted(l.Value) + ", in an obsolete format"}
			switch l.Known {
			case exchange.FieldIfModifiedSince, exchange.FieldIfUnmodifiedSince, exchange.FieldIfRange:
				n.Blame = annotate.ByOrigin
				n.Message += "; clients copy it from an earlier Last-Modified"
			}
			p.Report(n)
		})
	},
}

var syntaxDateWrongWeekday = &annotate.Rule{
	ID:       "syntax/date-wrong-weekday",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a date with the wrong weekday",
	Refs:     []string{"RFC 9110 §5.6.7"},
	Doc: "Most receivers ignore the weekday. Some compare it and drop the date. " +
		"Usually a program built the date by hand, so the rest may be wrong too, such as a time zone other than GMT.",
	Help: "write dates with a library",
	Bad:  []string{answered("Last-Modified: Mon, 15 Nov 2022 08:12:31 GMT", "Cache-Control: no-cache")},
	Good: []string{answered("Last-Modified: Tue, 15 Nov 2022 08:12:31 GMT"), answered("Cache-Control: no-store", "Expires: Fri, 01 Jan 1980 00:00:00 GMT"), overTLS(answered("Set-Cookie: a=b; Expires=Mon, 15 Nov 2099 08:12:31 GMT; Secure; HttpOnly; SameSite=Lax; Path=/"))},
	When: annotate.When{EitherFields: dateFields, If: []*annotate.Condition{ifOddDate}},
	Check: func(p *annotate.Pass) {
		eachDate(p, func(p *annotate.Pass, s messageHead, i int, l *exchange.Line) {
			if len(l.Value) < 24 {
				return
			}
			if d, err := field.ParseDate(l.Value, sinceWhen(p.X)); err == nil && d.WrongDay && !isLongAgo(l.Known, d) {
				s.note(p, annotate.Span(s.line(p, i), 0, 3), l.Name+" says "+l.Value[:3]+", and "+d.Time.Format("2006-01-02")+" is a "+d.Time.Weekday().String())
			}
		})
	},
}

// isLongAgo reports whether an Expires only says that the response has expired,
// as a fixed date of the last century does: its weekday matters to nobody.
func isLongAgo(n exchange.Name, d field.Date) bool {
	return n == exchange.FieldExpires && d.Time.Year() < 2000
}
