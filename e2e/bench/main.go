// Command bench measures what sidenote costs beside a bare goproxy program, in
// one run on one machine: CPU time of the proxy's process for each request; and
// how many exchanges lint judges in a second of CPU time; and, when it is asked
// for, what 200,000 exchanges cost the inspector and its page in a browser.
//
//	go run ./e2e/bench [-requests N] [-connections N] [-only plain|tls|metrics|otlp|inspector|lint|page]
//
// Both proxies fetch the same 1 KiB over keep-alive connections from an origin
// server in this process. sidenote runs with all rules, response fields,
// metrics and a JSON log on.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		exitOn(runBare(os.Args[2:]))
		return
	}
	requests := flag.Int("requests", 5000, "requests of each round")
	rounds := flag.Int("rounds", 21, "rounds of each proxy, in turn; the median counts")
	connections := flag.Int("connections", 32, "client connections")
	only := flag.String("only", "", "plain, tls, metrics, otlp, inspector, lint or page")
	profile := flag.String("cpuprofile", "", "write a CPU profile of sidenote under load to this file")
	flag.Parse()
	exitOn(compare(*requests, *rounds, *connections, *only, *profile))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// lintRounds is how often lint reads its file; each takes seconds.
const lintRounds = 5

// A contest is one kind of request and the proxies that serve it.
type contest struct {
	name string
	tls  bool
	ask  float64 // the ratio that is asked for
}

func compare(requests, rounds, connections int, only, profile string) error {
	dir, err := os.MkdirTemp("", "sidenote-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sidenote, err := build(dir)
	if err != nil {
		return err
	}
	origin, err := newOrigin(dir)
	if err != nil {
		return err
	}
	defer origin.close()
	if only == "lint" {
		return compareLint(sidenote, dir, lintRounds)
	}
	if only == "page" {
		return comparePage(sidenote, dir, pageExchanges)
	}
	fmt.Printf("GET of 1 KiB, keep-alive, %d connections; CPU is user+system time of the proxy's process; median of %d rounds of %d\n\n", connections, rounds, requests)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tproxy\tCPU µs/request\trequests/s\tratio\t")
	for _, c := range []contest{{"plain", false, 1.3}, {"tls", true, 1.3}, {"metrics", false, 1.03}, {"otlp", false, 1.03}, {"inspector", false, 1.05}} {
		if only != "" && only != c.name {
			continue
		}
		if err := runContest(w, c, c.kinds(sidenote, dir, origin, profile), origin, requests, rounds, connections); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil || only != "" {
		return err
	}
	return compareLint(sidenote, dir, lintRounds)
}

// kinds are those that take part; the last is what is judged. What counting an
// exchange costs, beside asking for the counts, BenchmarkObserve says.
func (c contest) kinds(sidenote, dir string, o *origin, profile string) []proxyKind {
	token := func() (string, error) { return opened(sidenote, "--token", "--ca-dir", filepath.Join(dir, "ca")) }
	switch c.name {
	case "otlp":
		return []proxyKind{
			{name: "sidenote", command: sidenoteCommand(sidenote, dir, o)},
			{name: "sidenote with --otlp", command: sidenoteCommand(sidenote, dir, o, "--otlp", o.collector.URL), token: token, profile: profile},
		}
	case "inspector":
		return []proxyKind{
			{name: "sidenote, nobody looks", command: sidenoteCommand(sidenote, dir, o)},
			{name: "sidenote, ten open pages", command: sidenoteCommand(sidenote, dir, o), token: token, pages: 10, profile: profile},
		}
	case "metrics":
		return []proxyKind{
			{name: "sidenote, metrics never asked for", command: sidenoteCommand(sidenote, dir, o)},
			{name: "sidenote, metrics asked for each second", command: sidenoteCommand(sidenote, dir, o), scraped: true},
		}
	}
	return []proxyKind{
		{name: "bare goproxy", command: bareCommand(c.tls, 0)},
		{name: "bare goproxy, 64 idle connections", command: bareCommand(c.tls, 64)},
		{name: "sidenote", command: sidenoteCommand(sidenote, dir, o), token: token, profile: profile},
	}
}

// runContest lets the proxies serve in turn, there and back, so that they share
// whatever else the machine does: a ratio is of two rounds that follow each
// other, and the median of them counts.
func runContest(w *tabwriter.Writer, c contest, kinds []proxyKind, origin *origin, requests, rounds, connections int) error {
	proxies := make([]*running, len(kinds))
	for i, k := range kinds {
		r, err := k.start(origin.url(c.tls), requests, connections)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		defer r.stop()
		proxies[i] = r
	}
	results := make([][]result, len(kinds))
	for n := range rounds {
		for i := range proxies {
			if n%2 == 1 {
				i = len(proxies) - 1 - i
			}
			got, err := proxies[i].round(origin.url(c.tls), requests, connections)
			if err != nil {
				return fmt.Errorf("%s: %w", kinds[i].name, err)
			}
			results[i] = append(results[i], got)
		}
	}
	last := len(kinds) - 1
	for i, k := range kinds {
		ratio := ""
		if i < last {
			ratio = fmt.Sprintf("%s is %.2f × this", kinds[last].name, median(rounds, func(n int) float64 {
				return float64(results[last][n].cpu) / float64(results[i][n].cpu)
			}))
			if i == 0 {
				ratio += fmt.Sprintf(" (asked: at most %.2f)", c.ask)
			}
		}
		cpu := median(rounds, func(n int) float64 { return float64(results[i][n].cpu.Nanoseconds()) / 1000 / float64(requests) })
		rate := median(rounds, func(n int) float64 { return results[i][n].rate })
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%.0f\t%s\t\n", c.name, k.name, cpu, rate, ratio)
	}
	return nil
}

// median is that of so many values.
func median(count int, value func(n int) float64) float64 {
	values := make([]float64, count)
	for n := range values {
		values[n] = value(n)
	}
	slices.Sort(values)
	return (values[(count-1)/2] + values[count/2]) / 2
}

func build(dir string) (string, error) {
	path := filepath.Join(dir, "sidenote")
	return path, command("go", "build", "-o", path, "./cmd/sidenote").Run()
}
