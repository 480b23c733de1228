package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A part is a share of what an exchange costs. A sample of the CPU profile is of
// the first part of which a function is on its stack.
type part struct {
	name  string
	leaf  string   // what the innermost function has in its name; "" for anything
	stack []string // what the name of some function on the stack begins with; nil for any
}

// parts are in the order in which they are asked.
func parts() []part {
	const systemCall = "runtime/syscall/linux.Syscall6"
	return []part{
		{"Garbage collection", "", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart"}},
		{"System calls: write to the origin server", systemCall, []string{"sidenote/proxy.(*call).send"}},
		{"System calls: write to the client", systemCall, []string{"sidenote/proxy.(*inbound).send"}},
		{"System calls: read", systemCall, []string{"sidenote/proxy/h1.(*Reader)"}},
		{"System calls: write the log file", systemCall, []string{"sidenote/sink."}},
		{"System calls: connect, accept, close", systemCall, []string{"net.(*netFD).dial", "net.(*sysDialer)", "net.(*Dialer)", "net.(*TCPListener)", "net.(*netFD).accept", "net.(*conn).Close", "sidenote/proxy.(*inbound).Close", "sidenote/proxy.(*outbound).Close"}},
		{"Memory allocation", "", []string{"runtime.mallocgc", "runtime.newobject", "runtime.makeslice", "runtime.growslice"}},
		{"TLS", "", []string{"crypto/"}},
		{"Rules", "", []string{"sidenote/annotate.(*Set)"}},
		{"Response headers of sidenote", "", []string{"sidenote/sink.MakeResponseFields", "sidenote/sink.ResponseFields"}},
		{"JSON record", "", []string{"sidenote/sink.(*JSONSink)"}},
		{"Metrics", "", []string{"sidenote/metrics."}},
		{"Inspector store", "", []string{"sidenote/sink/store."}},
		{"Policy, baseline, verdict, redaction", "", []string{"sidenote/pipeline.(*Pipeline)"}},
		{"Queues", "", []string{"sidenote/sink.", "sidenote/pipeline."}},
		{"Reading and writing heads, framing", "", []string{"sidenote/proxy/h1."}},
		{"Keeping bodies", "", []string{"sidenote/proxy.(*tap)"}},
		{"The exchange: routing, connections, timing, the record", "", []string{"sidenote/proxy.(*passage).forward", "sidenote/proxy.(*passage).endTurn", "sidenote/proxy.(*inbound).await"}},
		{"goproxy", "", []string{"github.com/elazarl/goproxy."}},
		{"The exchange: routing, connections, timing, the record", "", []string{"sidenote/"}},
		{"Scheduler, network poller, timers", "", []string{"runtime."}},
	}
}

// partOf finds the part that a stack, innermost function first, belongs to.
func partOf(all []part, stack []string) string {
	for _, p := range all {
		if !strings.HasSuffix(stack[0], p.leaf) {
			continue
		}
		for _, f := range stack {
			if slices.ContainsFunc(p.stack, func(begin string) bool { return strings.HasPrefix(f, begin) }) {
				return p.name
			}
		}
	}
	return "Anything else"
}

// A cost is what a part takes.
type cost struct {
	name  string
	share float64 // of the CPU time
}

// costsIn takes a CPU profile apart, the largest part first.
func costsIn(profile string) ([]cost, error) {
	text, err := exec.Command("go", "tool", "pprof", "-traces", "-unit=ns", profile).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	spent, total := map[string]float64{}, 0.0
	all := parts()
	for _, trace := range bytes.Split(text, []byte("\n-----------+"))[1:] {
		ns, stack := readTrace(string(trace))
		if len(stack) == 0 {
			continue
		}
		spent[partOf(all, stack)] += ns
		total += ns
	}
	if total == 0 {
		return nil, fmt.Errorf("%s: the profile is empty", profile)
	}
	var costs []cost
	for name, ns := range spent {
		costs = append(costs, cost{name, ns / total})
	}
	slices.SortFunc(costs, func(a, b cost) int { return cmp.Or(cmp.Compare(b.share, a.share), strings.Compare(a.name, b.name)) })
	return costs, nil
}

// readTrace reads one trace of go tool pprof -traces: how long, and the functions
// from the innermost outwards.
func readTrace(text string) (ns float64, stack []string) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(strings.TrimSpace(line), " (inline)")
		if i == 0 || line == "" {
			continue // the rest of the rule between two traces
		}
		if len(stack) == 0 {
			value, function, found := strings.Cut(line, " ")
			n, err := strconv.ParseFloat(strings.TrimSuffix(value, "ns"), 64)
			if !found || err != nil {
				continue // a label
			}
			ns, line = n, strings.TrimSpace(function)
		}
		stack = append(stack, line)
	}
	return ns, stack
}

// profiled lets sidenote serve alone until its CPU profile has been written. It
// returns what one request cost meanwhile, in µs.
func (c contest) profiled(k proxyKind, o *origin, requests, connections int) (float64, error) {
	r, err := k.start(c, o.url(c), requests, connections)
	if err != nil {
		return 0, err
	}
	defer r.stop()
	var each []float64
	for end := time.Now().Add(time.Minute); ; {
		got, err := r.round(c, o.url(c), requests, connections)
		if err != nil {
			return 0, err
		}
		each = append(each, float64(got.cpu.Nanoseconds())/1000/float64(requests))
		if info, err := os.Stat(k.profile); err == nil && info.Size() > 0 {
			return median(len(each), func(n int) float64 { return each[n] }), nil
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("%s: there is no profile", k.name)
		}
	}
}

// tellCosts prints what sidenote costs beside other proxies, and what takes how
// much of it, as tables in Markdown; or puts them into a document.
func tellCosts(sidenote, dir, document string, o *origin, requests, rounds, connections int) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s, Linux, %d connections, median of %d rounds of %d requests.\n", time.Now().UTC().Format("2 January 2006"), connections, rounds, requests)
	fmt.Fprintf(&out, "\n| requests | proxy | CPU µs for each | sidenote takes |\n|---|---|---:|---:|\n")
	for _, c := range contests() {
		title, told := costTitles[c.name]
		if !told {
			continue
		}
		standings, err := c.standings(c.kinds(sidenote, dir, o, ""), o, requests, rounds, connections)
		if err != nil {
			return err
		}
		for _, s := range standings {
			ratio := ""
			if s.ratio > 0 {
				ratio = fmt.Sprintf("%.2f ×", s.ratio)
			}
			fmt.Fprintf(&out, "| %s | %s | %.1f | %s |\n", title, s.name, s.cpu, ratio)
		}
	}
	for _, c := range contests() {
		title, told := costTitles[c.name]
		if !told {
			continue
		}
		if err := tellParts(&out, c, title, sidenote, dir, o, requests, connections); err != nil {
			return err
		}
	}
	if document == "" {
		fmt.Print(out.String())
		return nil
	}
	return putInto(document, out.String())
}

// costTitles are the contests that the document tells of.
var costTitles = map[string]string{"plain": "1 KiB", "large": "100 KiB", "fresh": "1 KiB, new connections", "tls": "1 KiB, HTTPS"}

// leastTold is the smallest share that has a line of its own.
const leastTold = 0.004

// tellParts writes the table of one contest's parts.
func tellParts(out *strings.Builder, c contest, title, sidenote, dir string, o *origin, requests, connections int) error {
	kinds := c.kinds(sidenote, dir, o, filepath.Join(dir, c.name+".prof"))
	k := kinds[len(kinds)-1]
	each, err := c.profiled(k, o, requests, connections)
	if err != nil {
		return err
	}
	costs, err := costsIn(k.profile)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n| %s | µs | share |\n|---|---:|---:|\n", title)
	rest := 0.0
	for _, p := range costs {
		if p.share < leastTold {
			rest += p.share
			continue
		}
		fmt.Fprintf(out, "| %s | %.1f | %.0f %% |\n", p.name, p.share*each, p.share*100)
	}
	if rest > 0 {
		fmt.Fprintf(out, "| Smaller parts | %.1f | %.0f %% |\n", rest*each, rest*100)
	}
	fmt.Fprintf(out, "| **Together** | **%.1f** | |\n", each)
	return nil
}

// The lines of a document between which the tables stand.
const (
	tablesBegin = "<!-- made by go run ./e2e/bench -only costs -write docs/performance.md -->\n"
	tablesEnd   = "<!-- end -->\n"
)

// putInto replaces the tables of a document.
func putInto(document, tables string) error {
	b, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(b), tablesBegin)
	_, after, ended := strings.Cut(rest, tablesEnd)
	if !found || !ended {
		return fmt.Errorf("%s: there is no place for the tables between %q and %q", document, tablesBegin, tablesEnd)
	}
	return os.WriteFile(document, []byte(before+tablesBegin+"\n"+tables+"\n"+tablesEnd+after), 0o644)
}
