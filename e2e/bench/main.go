// Command bench measures what sidenote costs beside other proxies, in one run on
// one machine: CPU time of the proxy's process for each request; how much later
// a response comes; how many exchanges lint judges in a second of CPU time; and,
// when it is asked for, what 200,000 exchanges cost the inspector and its page
// in a browser.
//
//	go run ./e2e/bench [-requests N] [-connections N] [-only plain|large|fresh|tls|h2|latency|grpc|metrics|otlp|inspector|lint|page|costs]
//
// All proxies serve in turn, there and back, and fetch the same from an origin
// server in this process, which has one processor; the proxy has another. They
// are goproxy as its README shows it, goproxy with a pool of connections that
// fits and a cache of certificates, and Privoxy and HAProxy where they are
// installed; on HTTP/2 goproxy with that on, and nghttpx and HAProxy as servers
// before the origin server. sidenote runs with all rules, response fields, metrics, a JSON log
// and the inspector's store on.
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
	only := flag.String("only", "", "plain, large, fresh, tls, h2, latency, grpc, metrics, otlp, inspector, lint, page or costs")
	write := flag.String("write", "", "with -only costs, put the tables into this document")
	profile := flag.String("cpuprofile", "", "write a CPU profile of sidenote under load to this file")
	flag.Parse()
	if !onOneCPU() {
		fmt.Println("no taskset, or one processor: load and proxy share what there is")
	}
	exitOn(compare(*requests, *rounds, *connections, *only, *profile, *write))
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
	name  string
	tls   bool
	large bool    // 100 KiB instead of 1
	fresh bool    // a new connection for each request
	h2    bool    // intercepted HTTP/2, on connections and streams of its own number
	ask   float64 // the ratio that is asked for
}

func contests() []contest {
	return []contest{
		{name: "plain", ask: 0.75}, {name: "large", large: true, ask: 1}, {name: "fresh", fresh: true, ask: 1}, {name: "tls", tls: true, ask: 0.8},
		{name: "h2", tls: true, h2: true, ask: 0.8},
		{name: "metrics", ask: 1.03}, {name: "otlp", ask: 1.03}, {name: "inspector", ask: 1.05},
	}
}

func compare(requests, rounds, connections int, only, profile, write string) error {
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
	if only == "costs" {
		return tellCosts(sidenote, dir, write, origin, requests, rounds, connections)
	}
	fmt.Printf("GET of 1 KiB (large: 100), keep-alive (fresh: a connection for each), %d connections; CPU is user+system time of the proxy's process; median of %d rounds of %d\n\n", connections, rounds, requests)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tproxy\tCPU µs/request\trequests/s\tratio\t")
	if only == "" || only == "latency" {
		if err := compareLatency(w, contest{name: "plain"}.kinds(sidenote, dir, origin, ""), origin); err != nil {
			return err
		}
	}
	if only == "" || only == "grpc" {
		if err := compareGRPC(w, contest{name: "h2"}.kinds(sidenote, dir, origin, ""), origin); err != nil {
			return err
		}
	}
	for _, c := range contests() {
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
	case "h2":
		return h2Kinds(sidenote, dir, o, profile, token)
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
	kinds := []proxyKind{
		{name: "goproxy with a pool that fits", command: bareCommand(c.tls, 64)},
		{name: "goproxy as it comes", command: bareCommand(c.tls, 0)},
	}
	if !c.tls {
		kinds = append(kinds, installed(rivals(), dir, o)...)
	}
	return append(kinds, proxyKind{name: "sidenote", command: sidenoteCommand(sidenote, dir, o), token: token, profile: profile})
}

// A standing is what a contest showed of one proxy.
type standing struct {
	name  string
	cpu   float64 // µs of CPU time for each request
	rate  float64 // requests per second
	ratio float64 // the CPU time of the one that is judged, in this one's; 0 of itself
	asked float64 // the most that ratio may be; 0 where nothing is asked
}

// runContest prints the standings of a contest.
func runContest(w *tabwriter.Writer, c contest, kinds []proxyKind, origin *origin, requests, rounds, connections int) error {
	standings, err := c.standings(kinds, origin, requests, rounds, connections)
	if err != nil {
		return err
	}
	for _, s := range standings {
		ratio := ""
		if s.ratio > 0 {
			ratio = fmt.Sprintf("%s is %.2f × this", standings[len(standings)-1].name, s.ratio)
		}
		if s.asked > 0 {
			ratio += fmt.Sprintf(" (asked: at most %.2f)", s.asked)
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%.0f\t%s\t\n", c.name, s.name, s.cpu, s.rate, ratio)
	}
	return nil
}

// standings lets the proxies serve in turn, there and back, so that they share
// whatever else the machine does: a ratio is of two rounds that follow each
// other, and the median of them counts.
func (c contest) standings(kinds []proxyKind, origin *origin, requests, rounds, connections int) ([]standing, error) {
	if c.h2 {
		connections = h2Connections * h2Streams
	}
	proxies := make([]*running, len(kinds))
	for i, k := range kinds {
		r, err := k.start(c, origin.url(c), requests, connections)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
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
			got, err := proxies[i].round(c, origin.url(c), requests, connections)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kinds[i].name, err)
			}
			results[i] = append(results[i], got)
		}
	}
	last := len(kinds) - 1
	out := make([]standing, len(kinds))
	for i, k := range kinds {
		s := &out[i]
		s.name = k.name
		s.cpu = median(rounds, func(n int) float64 { return float64(results[i][n].cpu.Nanoseconds()) / 1000 / float64(requests) })
		s.rate = median(rounds, func(n int) float64 { return results[i][n].rate })
		if i == last {
			break
		}
		s.ratio = median(rounds, func(n int) float64 { return float64(results[last][n].cpu) / float64(results[i][n].cpu) })
		switch {
		case i == 0:
			s.asked = c.ask
		case c.name == "plain": // what is asked beside the rivals
			s.asked = k.asked
		}
	}
	return out, nil
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
