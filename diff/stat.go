package diff

import (
	"math"
	"slices"
)

// chance is how likely a difference may be by chance alone and still be told of.
const chance = 0.001

// fisher is the probability by chance that of two samples with the same true
// share, x of n and y of m differ at least this much (Fisher's exact test,
// two-sided).
func fisher(x, n, y, m int) float64 {
	k, total := x+y, n+m
	seen := hypergeometric(x, n, k, total)
	sum := 0.0
	for i := max(0, k-m); i <= min(k, n); i++ {
		if p := hypergeometric(i, n, k, total); p <= seen*(1+1e-9) {
			sum += p
		}
	}
	return min(sum, 1)
}

// hypergeometric is the probability of i marked ones among n drawn of total, of
// which k are marked.
func hypergeometric(i, n, k, total int) float64 {
	return math.Exp(logChoose(k, i) + logChoose(total-k, n-i) - logChoose(total, n))
}

func logChoose(n, k int) float64 {
	if k < 0 || k > n {
		return math.Inf(-1)
	}
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// binomial is the probability by chance that of n things, each of which is marked
// with probability share, at least as unlikely a number as x is marked (two-sided).
func binomial(x, n int, share float64) float64 {
	if share <= 0 || share >= 1 {
		return 1
	}
	at := func(i int) float64 {
		return math.Exp(logChoose(n, i) + float64(i)*math.Log(share) + float64(n-i)*math.Log(1-share))
	}
	seen, sum := at(x), 0.0
	for i := range n + 1 {
		if p := at(i); p <= seen*(1+1e-9) {
			sum += p
		}
	}
	return min(sum, 1)
}

// rankSum compares two samples by their ranks (Mann-Whitney U, with the correction
// for ties and the normal approximation, which wants some eight values on each
// side). p is the probability by chance; effect is Cliff's delta, from -1 where
// every value of b is below those of a to 1 where every one is above. Both samples
// must be sorted.
func rankSum(a, b []float64) (p, effect float64) {
	n, m := float64(len(a)), float64(len(b))
	if n == 0 || m == 0 {
		return 1, 0
	}
	u, ties := 0.0, 0.0 // u counts pairs in which b is larger, and half of those that are equal
	for i, j := 0, 0; i < len(a) || j < len(b); {
		v := math.Inf(1)
		if i < len(a) {
			v = a[i]
		}
		if j < len(b) {
			v = min(v, b[j])
		}
		below := float64(i)
		for ; i < len(a) && a[i] == v; i++ {
		}
		equal := float64(i) - below
		begin := j
		for ; j < len(b) && b[j] == v; j++ {
		}
		of := float64(j - begin)
		u += of*below + of*equal/2
		t := of + equal
		ties += t*t*t - t
	}
	effect = 2*u/(n*m) - 1
	all := n + m
	deviation := math.Sqrt(n * m / 12 * (all + 1 - ties/(all*(all-1))))
	if deviation == 0 || math.IsNaN(deviation) {
		return 1, effect
	}
	z := (math.Abs(u-n*m/2) - 0.5) / deviation
	return math.Erfc(max(z, 0) / math.Sqrt2), effect
}

// median is that of sorted values; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

func sorted(values []float64) []float64 {
	values = slices.Clone(values)
	slices.Sort(values)
	return values
}
