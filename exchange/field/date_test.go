package field_test

import (
	"errors"
	"testing"
	"time"

	"sidenote/exchange/field"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestParseDate(t *testing.T) {
	want := time.Date(1994, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, c := range []struct {
		in   string
		want time.Time
		form field.DateForm
	}{
		{"Sun, 06 Nov 1994 08:49:37 GMT", want, field.IMFFixdate},
		{"Sunday, 06-Nov-94 08:49:37 GMT", want, field.RFC850Date},
		{"Sun Nov  6 08:49:37 1994", want, field.Asctime},
		{"Wed Nov 16 08:49:37 1994", want.AddDate(0, 0, 10), field.Asctime},
		{"Wednesday, 16-Nov-94 08:49:37 GMT", want.AddDate(0, 0, 10), field.RFC850Date},
		{"Sat, 31 Dec 2016 23:59:60 GMT", time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC), field.IMFFixdate},
		{"Saturday, 02-Jan-76 00:00:00 GMT", time.Date(2076, 1, 2, 0, 0, 0, 0, time.UTC), field.RFC850Date},
		{"Sunday, 02-Jan-77 00:00:00 GMT", time.Date(1977, 1, 2, 0, 0, 0, 0, time.UTC), field.RFC850Date},
	} {
		got, err := field.ParseDate(c.in, now)
		if err != nil || !got.Time.Equal(c.want) || got.Form != c.form {
			t.Errorf("%q: %v form %d, %v; want %v form %d", c.in, got.Time, got.Form, err, c.want, c.form)
		}
	}
}

func TestParseDateWithoutClock(t *testing.T) {
	for in, year := range map[string]int{
		"Thursday, 01-Jan-70 00:00:00 GMT": 1970,
		"Friday, 01-Jan-69 00:00:00 GMT":   2069,
	} {
		if got, err := field.ParseDate(in, time.Time{}); err != nil || got.Time.Year() != year {
			t.Errorf("%q: %v, %v; want the year %d", in, got.Time, err, year)
		}
	}
}

func TestParseDateKnowsTheDaysName(t *testing.T) {
	for in, wrong := range map[string]bool{
		"Sun, 06 Nov 1994 08:49:37 GMT": false,
		"Mon, 06 Nov 1994 08:49:37 GMT": true,
		"Mon Nov  6 08:49:37 1994":      true,
	} {
		if got, err := field.ParseDate(in, now); err != nil || got.WrongDay != wrong {
			t.Errorf("%q: wrong day %v, %v", in, got.WrongDay, err)
		}
	}
}

func TestParseDateSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		in   string
		at   int
		what string
	}{
		{"", 0, `want the name of a day, as in "Sun, 06 Nov 1994 08:49:37 GMT"`},
		{"2026-01-02T03:04:05Z", 0, `want the name of a day, as in "Sun, 06 Nov 1994 08:49:37 GMT"`},
		{"sun, 06 Nov 1994 08:49:37 GMT", 0, `want the name of a day, as in "Sun, 06 Nov 1994 08:49:37 GMT"`},
		{"Sun, 6 Nov 1994 08:49:37 GMT", 5, "want a day of two digits"},
		{"Sun,06 Nov 1994 08:49:37 GMT", 3, "want a comma and one space after the day's name"},
		{"Sun, 06 nov 1994 08:49:37 GMT", 8, "want the name of a month in three letters, as Nov"},
		{"Sun, 06 Nov 94 08:49:37 GMT", 12, "want a year of four digits"},
		{"Sun, 06 Nov 1994 24:49:37 GMT", 17, "want an hour from 00 to 23"},
		{"Sun, 06 Nov 1994 08:60:37 GMT", 20, "want a minute from 00 to 59"},
		{"Sun, 06 Nov 1994 08:49:61 GMT", 23, "want a second from 00 to 60"},
		{"Sun, 06 Nov 1994 08:49:37 UTC", 26, "want the time zone GMT"},
		{"Sun, 06 Nov 1994 08:49:37", 25, "want one space before GMT"},
		{"Sun, 06 Nov 1994 08:49:37 GMT+1", 29, "want nothing after the date"},
		{"Mon, 30 Feb 2026 08:49:37 GMT", 29, "want a day that the month has"},
		{"Sunday, 06 Nov 1994 08:49:37 GMT", 10, "want a hyphen before the month"},
		{"Sun Nov 6 08:49:37 1994", 8, "want a day of two digits"},
	} {
		_, err := field.ParseDate(c.in, now)
		var e *field.Error
		if !errors.As(err, &e) || e.At != c.at || e.What != c.what {
			t.Errorf("%q: %v; want %q at byte %d", c.in, err, c.what, c.at)
		}
	}
}

func TestParseRetryAfter(t *testing.T) {
	for _, c := range []struct {
		in      string
		seconds int64
		isDate  bool
		wrongAt int
	}{
		{"120", 120, false, -1},
		{"0", 0, false, -1},
		{"99999999999999999999999", field.MaxNumber, false, -1},
		{"Sun, 06 Nov 1994 08:49:37 GMT", 0, true, -1},
		{"1.5", 0, false, 1},
		{"30s", 0, false, 2},
		{"-1", 0, false, 0},
		{"", 0, false, 0},
		{"120, 130", 0, false, 3},
		{"2026-01-02T03:04:05Z", 0, false, 4},
	} {
		got, err := field.ParseRetryAfter(c.in, now)
		var e *field.Error
		switch {
		case c.wrongAt >= 0:
			if !errors.As(err, &e) || e.At != c.wrongAt {
				t.Errorf("%q: %v, want an error at byte %d", c.in, err, c.wrongAt)
			}
		case err != nil || got.Seconds != c.seconds || got.IsDate() != c.isDate:
			t.Errorf("%q: %+v, %v", c.in, got, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "120", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := field.ParseDate(s, now)
		if err != nil {
			var e *field.Error
			if !errors.As(err, &e) || e.At < 0 || e.At > len(s) || e.What == "" {
				t.Fatalf("%q: error %v", s, err)
			}
			return
		}
		if d.Form == field.IMFFixdate && !d.WrongDay && s[23:25] != "60" {
			if back := d.Time.Format("Mon, 02 Jan 2006 15:04:05 GMT"); back != s {
				t.Fatalf("%q is printed as %q", s, back)
			}
		}
	})
}

func TestDateShape(t *testing.T) {
	for in, want := range map[string]field.DateForm{
		"Sun, 06 Nov 1994 08:49:37 GMT":   field.IMFFixdate,
		"Sun, 31 Foo 1994 99:49:37 GMT":   field.IMFFixdate,
		"Sunday, 06-Nov-94 08:49:37 GMT":  field.RFC850Date,
		"Sun Nov  6 08:49:37 1994":        field.Asctime,
		"Sun Nov 36 08:49:37 1994":        field.Asctime,
		"Sun, 6 Nov 1994 08:49:37 GMT":    0,
		"Sun, 06 Nov 1994 08:49:37 +0000": 0,
		"0":                               0, "": 0, "2022-11-06T08:49:37Z": 0,
	} {
		if got := field.DateShape(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}
