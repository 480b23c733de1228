package wording

import (
	"strconv"
	"time"
)

// Duration returns a duration as prose and tables of reports have it, with three
// digits at most: "38 ms", "1.20 s", "12 min". It is "-" for one that is not known.
func Duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	case d < 10*time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strconv.FormatInt(int64(d.Minutes()), 10) + " min"
}

// ShortDuration returns a duration as the lines of a terminal have it: "38ms",
// "1200ms", "12.0s", "12m". It is not Duration without the space: in a column
// of lines, milliseconds up to ten seconds compare at a glance.
func ShortDuration(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Millisecond:
		return "<1ms"
	case d < 10*time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	}
	return strconv.FormatInt(int64(d.Minutes()), 10) + "m"
}

// Span returns a number of seconds in the largest unit that suits: "2 minutes".
func Span(seconds int64) string {
	for _, u := range [...]struct {
		name    string
		seconds int64
	}{{"year", 31_557_600}, {"day", 86_400}, {"hour", 3_600}, {"minute", 60}} {
		little := u.seconds / 60 // that may be missing to the next whole one
		if n := (seconds + little) / u.seconds; n >= 2 || n == 1 && seconds%u.seconds == 0 {
			return Count(n, u.name)
		}
	}
	return Count(seconds, "second")
}
