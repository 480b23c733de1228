package diff

import (
	"math"

	"sidenote/internal/wording"
)

// calls compares how often each operation was asked for. Where most operations have
// the same number on both sides, the runs do the same each time, and any other
// number tells something. Else the numbers are left to chance.
func (c *comparison) calls() {
	same, common, n, m := 0, 0, 0, 0
	for _, o := range c.operations {
		a, b := callsOf(c.a, o), callsOf(c.b, o)
		n, m = n+a, m+b
		if a > 0 && b > 0 {
			common++
			if a == b {
				same++
			}
		}
	}
	repeats := same >= 2 && 3*same >= 2*common
	for _, o := range c.operations {
		a, b := callsOf(c.a, o), callsOf(c.b, o)
		if a == b || o.Method == "" || c.noiseCalls(o, a, b) {
			continue
		}
		switch told := repeats || c.isUnlikely(a, b, n, m); {
		case told && a == 0:
			c.callRow(o, "is called now", a, b)
		case told && b == 0:
			c.callRow(o, "is not called any more", a, b)
		case a == 0 || b == 0:
			c.report.Seldom++
		case told && (2*b >= 3*a || 2*a >= 3*b) && abs(a-b) >= 2 && c.isApart(a, b, n, m, repeats):
			c.callRow(o, moreOrLess(a, b), a, b)
		}
	}
}

func callsOf(side map[Operation]*observed, o Operation) int {
	if seen := side[o]; seen != nil && o.Method != "" {
		return seen.exchanges
	}
	return 0
}

// isUnlikely reports whether chance does not explain the numbers of calls of an
// operation in two runs of n and m exchanges.
func (c *comparison) isUnlikely(a, b, n, m int) bool {
	return n > 0 && m > 0 && binomial(b, a+b, float64(m)/float64(n+m)) < chance/10
}

// isApart reports whether numbers are twice or half of what they were, for runs of
// the same length; where runs repeat, any number is.
func (c *comparison) isApart(a, b, n, m int, repeats bool) bool {
	ratio := float64(b) / float64(a) * float64(n) / float64(m)
	return repeats || math.Abs(math.Log2(ratio)) >= 1
}

func abs(n int) int { return max(n, -n) }

func moreOrLess(a, b int) string {
	switch {
	case b >= 3*a && b-a >= 3:
		return "is called far more often, perhaps once for each item (N+1)"
	case b > a:
		return "is called more often"
	}
	return "is called less often"
}

func (c *comparison) callRow(o Operation, change string, a, b int) {
	c.report.add(Row{
		Kind: KindCalls, Level: Changed, Subject: "the operation", Change: change, Operations: []Operation{o},
		Before: wording.Count(a, "call"), After: wording.Count(b, "call"),
	})
}

// noiseCalls reports whether further runs of the old version differ as much.
func (c *comparison) noiseCalls(o Operation, a, b int) bool {
	if len(c.noise) == 0 {
		return false
	}
	low, high := a, a
	for _, side := range c.noise {
		n := callsOf(side, o)
		low, high = min(low, n), max(high, n)
	}
	return b >= low && b <= high || low == 0 && b == 0 || high > low && float64(b) <= 1.5*float64(high) && float64(b)*1.5 >= float64(low)
}
