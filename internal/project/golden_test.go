package project_test

import (
	"fmt"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sidenote/annotate"
	"sidenote/annotate/contract"
	"sidenote/annotate/conversation"
	"sidenote/annotate/rules"
	"sidenote/configs"
	"sidenote/exchange"
	"sidenote/internal/golden"
	"sidenote/metrics"
)

// made is at the head of each document that is made here.
const made = "<!-- Made by \"make update\" from the source; changes here are lost. -->\n\n"

// compare holds a document to what it should be.
func compare(t *testing.T, name, want string) {
	t.Helper()
	golden.Compare(t, filepath.Join(root, filepath.FromSlash(name)), made+want)
}

// build makes the program and returns its path.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sidenote")
	c := exec.Command("go", "build", "-o", program, "./cmd/sidenote")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// ask runs the program and returns what it prints.
func ask(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("sidenote %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

func TestConfigurationIsFresh(t *testing.T) { compare(t, "docs/configuration.md", configs.Markdown()) }

func TestErrorsAreFresh(t *testing.T) { compare(t, "docs/errors.md", errorsPage()) }

func TestVendorsAreFresh(t *testing.T) { compare(t, "docs/vendors.md", vendorsPage()) }

// vendorsPage documents what gateways and platforms say of themselves.
func vendorsPage() string {
	var b strings.Builder
	b.WriteString("# What gateways and platforms say\n\nCDNs, load balancers, proxies and hosting platforms put codes of their own into responses: a status, a header or an error page. " +
		"sidenote recognizes those below. The rules `vendor/*` say what a code means, who has to act, and which ID to quote to whom. " +
		"The facts are those of each vendor's documentation.\n")
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for _, v := range annotate.Vendors() {
		fmt.Fprintf(&b, "\n## %s\n\nDocumentation: <%s>\n", v.Name, v.URL)
		if len(v.IDs) > 0 {
			var ids []string
			for _, n := range v.IDs {
				ids = append(ids, "`"+n.String()+"`")
			}
			fmt.Fprintf(&b, "\nQuote %s to %s.\n", strings.Join(ids, " or "), v.Ask)
		}
		if len(v.Codes) > 0 {
			b.WriteString("\n| shown by | means | what to do | who acts |\n|---|---|---|---|\n")
		}
		for _, c := range v.Codes {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell.Replace(shownBy(&c)), cell.Replace(c.Means), cell.Replace(c.Do), cell.Replace(string(c.Who)))
		}
	}
	return b.String()
}

// shownBy says where in a response a vendor's code stands.
func shownBy(c *annotate.VendorCode) string {
	switch {
	case c.Field != 0:
		return "`" + c.Field.String() + ": " + c.Value + "`"
	case c.Page != "":
		return fmt.Sprintf("%d with \"%s\" in the page", c.Status, strings.TrimPrefix(strings.TrimSuffix(c.Page, "</center>"), "<center>"))
	}
	return fmt.Sprintf("status %d", c.Status)
}

// errorsPage documents every error code, by phase.
func errorsPage() string {
	var b strings.Builder
	b.WriteString("# Error codes\n\nA failed exchange has one of these codes: in the record as `error.type`, in the metric `sidenote_errors_total`, " +
		"and in sidenote's own response, if the client has not received headers yet. Codes are stable. " +
		"`sidenote explain CODE` prints the text of this page.\n")
	for _, phase := range phases() {
		fmt.Fprintf(&b, "\n## Phase: %s\n\n| code | what happened | who should act | response |\n|---|---|---|---|\n%s", phase, failuresOf(phase))
		for _, f := range exchange.Failures() {
			if f.Phase == phase {
				fmt.Fprintf(&b, "\n### %s\n\n%s. %s\n\nWhat to do: %s\n", f.Code, capital(f.Title), f.Why, f.Act)
			}
		}
	}
	return b.String()
}

// phases lists the phases in which an exchange can fail, in the order they come.
func phases() []exchange.Phase {
	return []exchange.Phase{
		exchange.PhaseRequest, exchange.PhaseDNS, exchange.PhaseConnect, exchange.PhaseProxy, exchange.PhaseTLS,
		exchange.PhaseSend, exchange.PhaseHead, exchange.PhaseContent, exchange.PhaseDelivery,
	}
}

// failuresOf returns a row for each code of a phase.
func failuresOf(phase exchange.Phase) string {
	var b strings.Builder
	for _, f := range exchange.Failures() {
		if f.Phase == phase {
			response := "none"
			if f.Status != 0 {
				response = fmt.Sprint(f.Status)
			}
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", f.Code, f.Code, f.Title, f.Who, response)
		}
	}
	return b.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func TestEveryPhaseIsOnThePage(t *testing.T) {
	for _, f := range exchange.Failures() {
		if !slices.Contains(phases(), f.Phase) {
			t.Errorf("%s: phase %s is missing from phases", f.Code, f.Phase)
		}
	}
}

// TestRulesAreFresh holds docs/rules.md to what the program prints, after an
// index by topic.
func TestRulesAreFresh(t *testing.T) {
	printed := ask(t, build(t), "rules", "--format", "markdown")
	head, chapters, found := strings.Cut(printed, "\n## ")
	if !found {
		t.Fatalf("no chapters in %.200q", printed)
	}
	compare(t, "docs/rules.md", head+rulesIndex()+"\n## "+chapters)
}

func rulesIndex() string {
	byTopic := map[string][]*annotate.Rule{}
	for _, r := range slices.Concat(rules.All(), contract.Rules(), conversation.Rules()) {
		byTopic[r.Topic()] = append(byTopic[r.Topic()], r)
	}
	var b strings.Builder
	for _, topic := range slices.Sorted(maps.Keys(byTopic)) {
		list := byTopic[topic]
		slices.SortFunc(list, func(a, b *annotate.Rule) int { return strings.Compare(a.ID, b.ID) })
		fmt.Fprintf(&b, "\n**[%s](#%s)** (%d)\n\n", topic, topic, len(list))
		for _, r := range list {
			fmt.Fprintf(&b, "- [%s](#%s): %s, %s\n", r.ID, strings.ReplaceAll(r.ID, "/", ""), r.Severity, r.Title)
		}
	}
	return b.String()
}

func TestMetricsAreFresh(t *testing.T) {
	page := metricsPage(t)
	compare(t, "docs/metrics.md", page)
	everyFile(t, func(name string) {
		if path.Dir(name) != "metrics" || strings.HasSuffix(name, "_test.go") {
			return
		}
		for _, m := range regexp.MustCompile(`"(sidenote_[a-z_]+)"`).FindAllStringSubmatch(read(t, name), -1) {
			if !strings.Contains(page, "`"+m[1]+"`") {
				t.Errorf("%s: metric %s was not seen when the page was made; have metricsPage count something in it", name, m[1])
			}
		}
	})
}

// metricsPage documents every metric of ours, after counting something in each.
func metricsPage(t *testing.T) string {
	t.Helper()
	m := metrics.New(metrics.Build{Version: "v", Revision: "r"}, metrics.Options{Hosts: true, Routes: true})
	m.Proxy(func() metrics.ProxyStats { return metrics.ProxyStats{} })
	m.OTLP("spans", func() metrics.OTLPStats { return metrics.OTLPStats{} })
	m.Conversation([]string{"status/retry-storm"}, func() metrics.ConversationStats { return metrics.ConversationStats{} })
	m.Store(func() metrics.StoreStats { return metrics.StoreStats{} })
	m.Sink("console", func() metrics.SinkStats { return metrics.SinkStats{} })
	x := &exchange.Exchange{Err: &exchange.Err{Code: exchange.ErrRefused}}
	x.Request.Method, x.Response.Status = "GET", 503
	x.Response.Fields.Add("Retry-After", "1")
	x.Interim = []exchange.Response{{Status: 103}}
	m.Observe(&annotate.Annotated{X: x, Notes: []annotate.Note{{Rule: rules.All()[0], Severity: annotate.Warn}}})
	var b strings.Builder
	b.WriteString("# Metrics\n\nThe admin server serves these metrics at `/metrics` in the formats of Prometheus and OpenMetrics, with those of the Go runtime (`go_…`) and of the process (`process_…`). " +
		"The two histograms of durations have classic and native buckets. In OpenMetrics, each bucket names an exchange, and its trace if it has one.\n\n" +
		fmt.Sprintf("Every label value comes from a fixed or bounded list; other values count as `other`. Whatever clients and servers send, there are at most %d series. ", metrics.MostSeries) +
		fmt.Sprintf("Metrics whose name begins with `sidenote_route_` need `--metrics-labels host,route`. `--metrics-label-values N` bounds them: at most %d × N series, or %[3]d with the default of %[2]d. ",
			metrics.MostSeriesPerValue, metrics.DefaultValues, metrics.MostSeriesPerValue*metrics.DefaultValues) +
		"sidenote counts a host or a route separately once it has been answered with something other than 404 or an error inside a success.\n\n")
	b.WriteString(metricsTable(t, m.Gatherer(), "sidenote_"))
	b.WriteString("\n## Checks\n\n`sidenote check --watch DURATION --admin HOST:PORT` serves these metrics instead. The label `check` is the name in the list of checks. " +
		"A check without a name has its method and URL, without the query. Each check has up to 14 series.\n\n")
	probes := metrics.NewProbes(metrics.Build{})
	x.Origin.TLS = &exchange.TLS{Certificate: &exchange.Certificate{}}
	probes.Observe(metrics.Probe{Check: "c", Exchanges: []*exchange.Exchange{x}})
	b.WriteString(metricsTable(t, probes.Gatherer(), "sidenote_check_"))
	return b.String()
}

// metricsTable has a row for each metric whose name begins so.
func metricsTable(t *testing.T, from prometheus.Gatherer, prefix string) string {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what it is |\n|---|---|---|---|\n")
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), prefix) {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), labelsOf(f), f.GetHelp())
		}
	}
	return b.String()
}

func labelsOf(f *dto.MetricFamily) string {
	var names []string
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, "`"+l.GetName()+"`")
	}
	return strings.Join(names, " ")
}

// TestTransparencyNamesEveryChange looks for every name that "changed" in a
// record can hold.
func TestTransparencyNamesEveryChange(t *testing.T) {
	page := read(t, "docs/transparency.md")
	names := (^exchange.Changes(0)).Names()
	if len(names) == 0 {
		t.Fatal("no change has a name")
	}
	for _, name := range names {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/transparency.md does not explain the change %q", name)
		}
	}
}
