package e2e_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scrapeEvery is how often the Prometheus of a test looks.
const scrapeEvery = 500 * time.Millisecond

// A prometheus is a running Prometheus with the configuration that users get.
type prometheus struct {
	t       *testing.T
	address string
}

// startPrometheus has Prometheus look at p.
func startPrometheus(t *testing.T, p *process) *prometheus {
	t.Helper()
	binary, dir := need(t, "prometheus"), t.TempDir()
	for _, name := range []string{"prometheus.yml", "recording.yml", "alerts.yml"} {
		text, err := os.ReadFile(filepath.Join("..", "configs", "prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.NewReplacer("127.0.0.1:8081", p.admin, "scrape_interval: 5s", "scrape_interval: "+scrapeEvery.String(),
			"evaluation_interval: 15s", "evaluation_interval: 1s", "interval: 1m", "interval: 1s").Replace(string(text))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := &prometheus{t: t, address: fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])}
	printed := &output{}
	cmd := exec.Command(binary, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+m.address, "--enable-feature=exemplar-storage", "--log.level=warn")
	cmd.Env, cmd.Stdout, cmd.Stderr = plainEnv(dir), printed, printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("prometheus:\n%s", tail(printed.String(), 8<<10))
		}
	})
	eventually(t, "Prometheus has looked at sidenote", func() bool {
		resp, err := http.Get("http://" + m.address + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK && len(m.now(`up{job="sidenote"} == 1`, time.Now())) == 1
	})
	return m
}

// A sampled is one series of a result, with its points in the order of time.
type sampled struct {
	labels map[string]string
	at     []time.Time
	values []float64
}

// last is the value of the latest point.
func (s *sampled) last() float64 { return s.values[len(s.values)-1] }

// get asks the API for something and reads its data.
func (m *prometheus) get(path string, query url.Values, data any) {
	m.t.Helper()
	resp, err := http.Get("http://" + m.address + path + "?" + query.Encode())
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		m.t.Fatalf("%s %v: %v %s", path, query, err, answer.Error)
	}
}

// A result is that of the API for a vector or a matrix.
type result struct {
	Result []struct {
		Metric map[string]string
		Value  [2]any
		Values [][2]any
	}
}

// series returns what has at least one number.
func (r *result) series(t *testing.T) (all []sampled) {
	t.Helper()
	for _, one := range r.Result {
		s := sampled{labels: one.Metric}
		if one.Value[0] != nil {
			one.Values = append(one.Values, one.Value)
		}
		for _, point := range one.Values {
			v, err := strconv.ParseFloat(point[1].(string), 64)
			if err != nil {
				t.Fatal(err)
			}
			if !math.IsNaN(v) {
				s.at, s.values = append(s.at, time.UnixMilli(int64(point[0].(float64)*1000))), append(s.values, v)
			}
		}
		if len(s.values) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// now evaluates an expression at one moment.
func (m *prometheus) now(expr string, at time.Time) []sampled {
	m.t.Helper()
	var r result
	m.get("/api/v1/query", url.Values{"query": {expr}, "time": {unix(at)}}, &r)
	return r.series(m.t)
}

// over evaluates an expression over a range of time.
func (m *prometheus) over(expr string, from, to time.Time, step time.Duration) []sampled {
	m.t.Helper()
	var r result
	m.get("/api/v1/query_range", url.Values{"query": {expr}, "start": {unix(from)}, "end": {unix(to)}, "step": {fmt.Sprint(step.Seconds())}}, &r)
	return r.series(m.t)
}

// values lists those of a label.
func (m *prometheus) values(label, series string) (list []string) {
	m.t.Helper()
	m.get("/api/v1/label/"+label+"/values", url.Values{"match[]": {series}}, &list)
	return list
}

func unix(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }

// number is the value of an expression that has exactly one; 0 for none.
func (m *prometheus) number(expr string) float64 {
	m.t.Helper()
	switch all := m.now(expr, time.Now()); len(all) {
	case 0:
		return 0
	case 1:
		return all[0].last()
	default:
		m.t.Fatalf("%s: %d series", expr, len(all))
	}
	return 0
}

// by returns the values of an expression by a label.
func (m *prometheus) by(label, expr string) map[string]float64 {
	m.t.Helper()
	all := map[string]float64{}
	for _, s := range m.now(expr, time.Now()) {
		all[s.labels[label]] = s.last()
	}
	return all
}

// TestPromtool has Prometheus's own tool look at everything that is made for it.
func TestPromtool(t *testing.T) {
	t.Parallel()
	promtool := need(t, "promtool")
	check := func(in string, args ...string) {
		t.Helper()
		c := exec.Command(promtool, args...)
		c.Dir, c.Stdin = filepath.Join("..", "configs", "prometheus"), strings.NewReader(in)
		if out, err := c.CombinedOutput(); err != nil || strings.Contains(string(out), "FAILED") {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	check("", "check", "config", "prometheus.yml")
	check("", "check", "config", "compose.yml")
	check("", "check", "rules", "--lint=all", "--lint-fatal", "recording.yml", "alerts.yml")
	check("", "test", "rules", "alerts_test.yml")

	p := start(t, "--metrics-labels", "host,route")
	traffic := newTraffic(t, p)
	traffic.round(0)
	eventually(t, "the exchanges are counted", func() bool { return p.metric("sidenote_exchanges_total") >= float64(traffic.sent) })
	check(p.scrape(), "check", "metrics")
}

// scrape is the text of the metrics.
func (p *process) scrape() string {
	p.t.Helper()
	resp, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	return string(readAll(p.t, resp.Body))
}

// TestEveryAlertIsTestedAndExplained holds the alerts to their tests and pages.
func TestEveryAlertIsTestedAndExplained(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	tests, count := read("configs/prometheus/alerts_test.yml"), 0
	for line := range strings.Lines(read("configs/prometheus/alerts.yml") + read("configs/prometheus/recording.yml")) {
		kind, name, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), ": ")
		switch kind {
		case "alert":
			count++
			if strings.Count(tests, "alertname: "+name+"\n") == 0 || !strings.Contains(tests, "alertname: "+name+", exp_alerts: []") {
				t.Errorf("alert %s has no test in which it fires and one in which it does not", name)
			}
			page := read("docs/runbooks/" + name + ".md")
			for _, part := range [...]string{"# " + name + "\n", "**Who acts:** ", "\n## What it means\n", "\n## What to check\n", "\n## False alarms\n"} {
				if !strings.Contains(page, part) {
					t.Errorf("docs/runbooks/%s.md lacks %q", name, part)
				}
			}
		case "record":
			count++
			if !strings.Contains(tests, "expr: "+name) {
				t.Errorf("the recording rule %s has no test", name)
			}
		case "runbook_url":
			if !strings.HasPrefix(name, "http://{{ $labels.instance }}/docs/runbooks/Sidenote") {
				t.Errorf("runbook %s", name)
			}
		}
	}
	if count < 15 {
		t.Errorf("only %d rules were found", count)
	}
}

// TestRunbooksAreServed follows the links of the alerts and dashboards.
func TestRunbooksAreServed(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, path := range []string{"/docs/runbooks/SidenoteDown.md", "/docs/metrics.md", "/docs/errors.md", "/docs/observability.md"} {
		resp, err := http.Get("http://" + p.admin + path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(readAll(t, resp.Body))
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.Contains(text, "# ") {
			t.Errorf("%s: %d %s %.60q", path, resp.StatusCode, resp.Header.Get("Content-Type"), text)
		}
	}
}

// TestAlertsLeadToExchanges asks the inspector for what the alerts link to.
func TestAlertsLeadToExchanges(t *testing.T) {
	t.Parallel()
	p := start(t)
	text, err := os.ReadFile(filepath.Join("..", "configs", "prometheus", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	traffic := newTraffic(t, p)
	for _, path := range []string{"/well/500", "/badly/429", "/badly/405", "/slow?ms=2050"} {
		traffic.get(path)
	}
	session, labels := p.session(), strings.NewReplacer("{{ $labels.instance }}", p.admin, "{{ $labels.code }}", "429", "{{ $labels.rule | urlquery }}", "status%2F405-missing-allow")
	found := regexp.MustCompile(`inspector_url: (\S+.*)`).FindAllStringSubmatch(string(text), -1)
	if len(found) < 5 {
		t.Errorf("only %d alerts have links", len(found))
	}
	for _, link := range found {
		eventually(t, link[1]+" lists an exchange", func() bool { return listed(t, session, labels.Replace(link[1])) == 1 })
	}
}

// TestScrapeDuringShutdown asks for the metrics without pause while sidenote
// stops: each answer is whole, or the connection is refused.
func TestScrapeDuringShutdown(t *testing.T) {
	t.Parallel()
	p := start(t)
	traffic := newTraffic(t, p)
	traffic.round(0)
	running := make(chan error, 1)
	go func() { // so that the stop takes a while
		resp, err := traffic.client.Get(traffic.clear + "/slow?ms=700")
		if err == nil {
			resp.Body.Close()
		}
		running <- err
	}()
	eventually(t, "an exchange runs", func() bool { return p.metric("sidenote_in_flight_exchanges") == 1 })
	p.signal()
	whole := 0
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	for {
		resp, err := client.Get("http://" + p.admin + "/metrics")
		if err != nil { // refused
			break
		}
		text, err := readUntilError(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(text, "sidenote_tunnel_bytes_total") {
			t.Errorf("a scrape broke off after %d octets: %v", len(text), err)
			break
		}
		whole++
	}
	if err := <-running; err != nil {
		t.Error(err)
	}
	if code := p.wait(); code != 0 || whole == 0 {
		t.Errorf("exit code %d after %d scrapes", code, whole)
	}
	t.Logf("%d whole scrapes while it stopped", whole)
}
