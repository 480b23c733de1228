package e2e_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sidenote/internal/demo"
	"sidenote/metrics/dashboards"
	"sidenote/metrics/dashboards/picture"
)

// pictures makes the pictures of the documents again.
var pictures = flag.Duration("pictures", 0, "take the pictures in docs/pictures anew, from so much traffic; 3m shows its ups and downs")

// TestDashboards has a real Prometheus look at a real sidenote under mixed
// traffic, and asks it what each panel of each dashboard asks.
func TestDashboards(t *testing.T) {
	chromium := need(t, "chromium")
	a := newAuthority(t)
	otlp := httptest.NewServer(&collector{})
	t.Cleanup(otlp.Close)
	p := start(t, "--metrics-labels", "host,route", "--upstream-ca", a.file, "--otlp", otlp.URL)
	m := startPrometheus(t, p)
	f := newTraffic(t, p)
	_, secure := servers(t, a, demo.Origin())
	f.secure = secure.URL
	w := p.way(t)
	f.client.Transport = w.goClient(t, false).Transport
	began := time.Now()
	rounds := f.rounds(8, max(5*time.Second, *pictures), 150*time.Millisecond)
	busy := time.Now().Add(-2 * scrapeEvery) // when Prometheus last looked, traffic still ran
	m.waitFor(f)

	t.Run("numbers", func(t *testing.T) { checkNumbers(t, m, f, p, rounds) })
	t.Run("recorded", func(t *testing.T) { checkRecorded(t, m) })
	l := &links{t: t, admin: "http://" + p.admin, from: began, to: busy, kinds: map[string]bool{}}
	for _, d := range dashboards.All() {
		t.Run(d.UID, func(t *testing.T) {
			results := askPanels(t, m, &d, began, busy)
			drawDashboard(t, chromium, &d, results)
			l.ofPanels(&d, results)
		})
	}
	t.Run("links", func(t *testing.T) { l.check(t, p, m, chromium) })
}

// waitFor waits until Prometheus has seen all of the traffic.
func (m *prometheus) waitFor(f *traffic) {
	m.t.Helper()
	eventually(m.t, "Prometheus has seen all exchanges", func() bool {
		return m.number("sum(sidenote_exchanges_total)") == float64(f.sent)
	})
}

// checkNumbers compares what PromQL says with what the client saw, and with
// what the demo origin is known to do.
func checkNumbers(t *testing.T, m *prometheus, f *traffic, p *process, rounds int) {
	got := m.by("code", "sum by (code) (sidenote_exchanges_total)")
	want := map[string]float64{}
	for code, n := range f.codes {
		want[fmt.Sprint(code)] = float64(n)
	}
	if !maps.Equal(got, want) {
		t.Errorf("by code: %v, and the client saw %v", got, want)
	}
	times, odd := float64(rounds), float64(rounds/2)
	for expr, want := range map[string]float64{
		`sum(sidenote_exchanges_total{class="failed"})`:                                                   times,
		`sum(sidenote_errors_total)`:                                                                      times + odd,
		`sidenote_errors_total{code="reset_before_head"}`:                                                 times,
		`sidenote_errors_total{code="content_truncated"}`:                                                 odd,
		`sum(sidenote_exchanges_total{code="429",method="GET",class="client-error"})`:                     4 * times,
		`sum(sidenote_exchanges_total{method="other"})`:                                                   times,
		`sum(sidenote_exchanges_total{method="POST",code="201"})`:                                         times,
		`sum(sidenote_notes_total{rule="status/429-missing-retry-after"})`:                                3 * times,
		`sum(sidenote_notes_total{rule="status/429-missing-retry-after",severity="warn",blame="origin"})`: 3 * times,
		`sum(sidenote_notes_total{rule="failure/reset-before-head"})`:                                     times,
		`sidenote_expected_fields_total{code="429",field="Retry-After",outcome="missing"}`:                3 * times,
		`sidenote_expected_fields_total{code="429",field="Retry-After",outcome="present"}`:                times,
		`sidenote_expected_fields_total{code="401",field="WWW-Authenticate",outcome="missing"}`:           times,
		`sidenote_expected_fields_total{code="401",field="WWW-Authenticate",outcome="present"}`:           2 * times,
		`sidenote_expected_fields_total{code="405",field="Allow",outcome="missing"}`:                      times,
		`sidenote_expected_fields_total{code="302",field="Location",outcome="missing"}`:                   times,
		`sidenote_expected_fields_total{code="103",field="Link",outcome="present"}`:                       times,
		`sum(sidenote_redirects_total{target="same-origin"})`:                                             3 * times,
		`sum(sidenote_redirects_total{target="nowhere"})`:                                                 times,
		`sidenote_retry_after_total{code="429"}`:                                                          times,
		`sidenote_interim_responses_total{code="103"}`:                                                    times,
		`sum(sidenote_route_exchanges_total)`:                                                             float64(f.sent),
		`sum(sidenote_connection_uses_total{side="client"})`:                                              float64(f.sent),
		`sidenote_connects_total{outcome="intercepted"}`:                                                  times, // failures have a connection of their own, after which the others open new ones
		`sidenote_exchange_duration_seconds_count`:                                                        float64(f.sent),
		`sidenote_in_flight_exchanges`:                                                                    0,
		`sum(sidenote_sink_dropped_total) + sum(sidenote_sink_failed_total)`:                              0,
		`sum(sidenote_retries_total{outcome=~"early|waited"})`:                                            2*times - 2, // /well/429 and /well/503 of the round before
	} {
		if got := m.number(expr); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s is %v, not %v", expr, got, want)
		}
	}
	checkNotes(t, m, p)
}

// checkNotes compares the notes of each rule with those in the log.
func checkNotes(t *testing.T, m *prometheus, p *process) {
	want := map[string]float64{}
	eventually(t, "the log has what the metrics have", func() bool {
		want = map[string]float64{}
		for _, r := range p.records(p.logFile) {
			notes, _ := r["sidenote.notes"].([]any)
			for _, n := range notes {
				want[record(n.(map[string]any)).text("rule")]++
			}
		}
		return maps.Equal(want, m.by("rule", "sum by (rule) (sidenote_notes_total)"))
	})
	if len(want) < 10 {
		t.Errorf("only %d rules had notes", len(want))
	}
}

// checkRecorded looks for each series that the recording rules make.
func checkRecorded(t *testing.T, m *prometheus) {
	text, err := os.ReadFile(filepath.Join("..", "configs", "prometheus", "recording.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`record: (\S+)`).FindAllStringSubmatch(string(text), -1) {
		eventually(t, match[1]+" has values", func() bool { return len(m.now(match[1], time.Now())) > 0 })
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	m.get("/api/v1/rules", nil, &rules)
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Health != "ok" {
				t.Errorf("rule %s is %s: %s", r.Name, r.Health, r.LastError)
			}
		}
	}
}

// askPanels asks for all that a dashboard shows; nothing may be empty.
func askPanels(t *testing.T, m *prometheus, d *dashboards.Dashboard, from, to time.Time) [][]picture.Series {
	values := map[string]string{
		"$__rate_interval": (4 * scrapeEvery).String(), // as Grafana works it out
		"$__range":         fmt.Sprintf("%ds", int(to.Sub(from).Seconds())+2),
	}
	fill := func(expr string) string {
		for _, name := range slices.SortedFunc(maps.Keys(values), func(a, b string) int { return len(b) - len(a) }) {
			expr = strings.ReplaceAll(expr, name, values[name])
		}
		return expr
	}
	for _, v := range append(dashboards.Everywhere(), d.Variables...) {
		choices := m.values(v.Of, fill(v.Metric))
		if len(choices) == 0 {
			t.Errorf("variable %s has no value", v.Name)
		}
		for i, c := range choices { // one has a bar in it
			choices[i] = strings.ReplaceAll(regexp.QuoteMeta(c), `\`, `\\`)
		}
		values["$"+v.Name] = "(" + strings.Join(choices, "|") + ")"
	}
	if starts := m.now(fill(`process_start_time_seconds{job=~"$job",instance=~"$instance"} * 1000`), to); len(starts) != 1 {
		t.Errorf("there are %d restarts to mark", len(starts))
	}
	results := make([][]picture.Series, len(d.Panels))
	for i, p := range d.Panels {
		for _, q := range p.Queries {
			var all []sampled
			if p.Kind.OverTime() {
				all = m.over(fill(q.Expr), from, to, max(scrapeEvery, to.Sub(from)/200))
			} else {
				all = m.now(fill(q.Expr), to)
			}
			if len(all) == 0 {
				t.Errorf("%s: %s gives nothing", p.Title, fill(q.Expr))
			}
			for _, s := range all {
				results[i] = append(results[i], picture.Series{Name: picture.Legend(q.Legend, s.labels), Labels: s.labels, At: s.at, Values: s.values})
			}
		}
	}
	return results
}

// drawDashboard makes a picture of a dashboard, and keeps it where the
// documents have theirs if that is asked for.
func drawDashboard(t *testing.T, chromium string, d *dashboards.Dashboard, results [][]picture.Series) {
	page := picture.Page(d, results)
	for _, p := range d.Panels {
		if !strings.Contains(page, p.Title) {
			t.Errorf("%s is not in the picture", p.Title)
		}
	}
	if *pictures == 0 {
		return
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "page.html")
	if err := os.WriteFile(source, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	shot, file := filepath.Join(dir, "shot.png"), filepath.Join("..", "docs", "pictures", d.UID+".png")
	width, height := picture.Size(d)
	c := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
		"--user-data-dir="+filepath.Join(dir, "profile"), fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+shot, "file://"+source)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, out)
	}
	shrink(t, shot, file)
}

// shrink writes a picture with the 256 colours that it has most of, no two of
// them nearly the same.
func shrink(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	whole, err := png.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	count, area := map[color.NRGBA]int{}, whole.Bounds()
	at := func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(whole.At(x, y)).(color.NRGBA) }
	for y := range area.Dy() {
		for x := range area.Dx() {
			count[at(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.NRGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range most {
		if len(palette) < 256 && !slices.ContainsFunc(palette, func(p color.Color) bool { return alike(c, p.(color.NRGBA)) }) {
			palette = append(palette, c)
		}
	}
	nearest := map[color.NRGBA]uint8{}
	small := image.NewPaletted(area, palette)
	for y := range area.Dy() {
		for x := range area.Dx() {
			c := at(x, y)
			if _, known := nearest[c]; !known {
				nearest[c] = uint8(palette.Index(c))
			}
			small.SetColorIndex(x, y, nearest[c])
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSoakCardinality is an origin server and a client together that make up
// hosts, paths, methods and codes.
func TestSoakCardinality(t *testing.T) {
	const values, asked = 20, 2000
	p := start(t, "--metrics-labels", "host,route", "--metrics-label-values", fmt.Sprint(values))
	f := newTraffic(t, p)
	clear, _ := servers(t, newAuthority(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscanf(r.Header.Get("Code"), "%d", &code)
		w.WriteHeader(code)
	}))
	_, port, _ := strings.Cut(strings.TrimPrefix(clear.URL, "http://"), ":")
	for i := range asked {
		r, err := http.NewRequest(fmt.Sprintf("M%d", i), fmt.Sprintf("http://h%d.localhost:%s/p%dx/q", i, port, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Code", fmt.Sprint(200+i%800))
		resp, err := f.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	eventually(t, "all are counted", func() bool { return p.metric("sidenote_exchanges_total") == asked })
	series := 0
	for line := range strings.Lines(p.scrape()) {
		if !strings.HasPrefix(line, "#") {
			series++
		}
	}
	// What the attack can reach: a method, some codes, so many places; beside
	// them what is always there.
	if most := 1800 + 60*values; series > most {
		t.Errorf("%d series after %d exchanges, more than %d", series, asked, most)
	}
	if folded := p.metric("sidenote_route_folded_total"); folded < asked-2*values {
		t.Errorf("%v exchanges were counted as other", folded)
	}
	t.Logf("%d series after %d hosts, paths, methods and %d codes", series, asked, 800)
}

// alike reports whether two colours can hardly be told apart.
func alike(a, b color.NRGBA) bool {
	apart := 0
	for _, d := range [...]int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		apart += max(d, -d)
	}
	return apart < 12
}
