package dashboards

import "strings"

// of selects the series of a metric that the variables at the top choose.
func of(metric string, matchers ...string) string {
	return metric + "{" + strings.Join(append([]string{`job=~"$job"`, `instance=~"$instance"`}, matchers...), ",") + "}"
}

// rate is how fast counters rise.
func rate(series string) string { return "rate(" + series + "[$__rate_interval])" }

// sum adds up by labels, separated by commas; by none when there are none.
func sum(by, expr string) string {
	if by == "" {
		return "sum(" + expr + ")"
	}
	return "sum by (" + by + ") (" + expr + ")"
}

// grown is how much counters have risen in the time shown. Those that began in
// that time count from nothing, which increase leaves out: a note that came
// once would not be seen.
func grown(series string) string { return grownBy(series, "") }

// grownByEnd is grown up to the end of what is shown, whichever moment of it is
// asked for: what is the highest over all is so at every moment.
func grownByEnd(series string) string { return grownBy(series, " @ end()") }

func grownBy(series, at string) string {
	return "((" + series + at + " unless " + series + at + " offset $__range) or increase(" + series + "[$__range]" + at + "))"
}

// inLastHour and inDayBefore are grown over a time that is the same whatever is
// shown.
func inLastHour(series string) string {
	return "((" + series + " unless " + series + " offset 1h) or increase(" + series + "[1h]))"
}

func inDayBefore(series string) string {
	return "((" + series + " offset 1h unless " + series + " offset 25h) or increase(" + series + "[1d] offset 1h))"
}

// top returns the highest, at most n.
func top(n, expr string) string { return "topk(" + n + ", " + expr + ")" }

// share divides, where there is anything to divide by.
func share(part, whole string) string { return part + " / (" + whole + " > 0)" }

// quantile takes a quantile of the buckets of a histogram, by labels.
func quantile(q, by, buckets string) string {
	if by != "" {
		by = ", " + by
	}
	return "histogram_quantile(" + q + ", " + sum("le"+by, buckets) + ")"
}

// one is a list of a single query.
func one(expr, legend string) []Query { return []Query{{expr, legend}} }
