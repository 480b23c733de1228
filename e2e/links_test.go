package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sidenote/e2e/scale"
	"sidenote/metrics/dashboards"
	"sidenote/metrics/dashboards/picture"
)

// links are those of dashboards to the inspector, with their variables filled
// as Grafana does.
type links struct {
	t        *testing.T
	admin    string
	from, to time.Time
	all      []link
	kinds    map[string]bool // by their text, with variables
}

type link struct {
	panel string
	of    string // the series
	url   string
	first bool // of its kind
}

// A linked is the part of a dashboard's JSON that makes links.
type linked struct {
	Panels []struct {
		Title       string
		FieldConfig struct {
			Defaults  struct{ Links []dataLink }
			Overrides []struct {
				Matcher    struct{ Options string }
				Properties []struct {
					ID    string
					Value json.RawMessage
				}
			}
		}
	}
}

type dataLink struct{ Title, URL string }

// of returns the links of a series in a panel: those of its own before those of all.
func (d *linked) of(t *testing.T, panel int, series string) (list []dataLink) {
	config := &d.Panels[panel].FieldConfig
	for _, o := range config.Overrides {
		for _, p := range o.Properties {
			if o.Matcher.Options == series && p.ID == "links" {
				if err := json.Unmarshal(p.Value, &list); err != nil {
					t.Fatal(err)
				}
				return list
			}
		}
	}
	return config.Defaults.Links
}

// ofPanels collects the links of all that the panels of a dashboard show.
func (l *links) ofPanels(d *dashboards.Dashboard, results [][]picture.Series) {
	text, err := d.JSON()
	if err != nil {
		l.t.Fatal(err)
	}
	var read linked
	if err := json.Unmarshal(text, &read); err != nil {
		l.t.Fatal(err)
	}
	for i, p := range read.Panels {
		for _, s := range results[i] {
			if s.Values[len(s.Values)-1] == 0 || s.Labels["route"] == "other" || s.Labels["host"] == "other" {
				continue // nothing is behind it, or nothing that a filter can name
			}
			for _, to := range read.of(l.t, i, s.Name) {
				l.all = append(l.all, link{d.Title + ": " + p.Title, s.Name, l.fill(to.URL, s.Labels), !l.kinds[to.URL]})
				l.kinds[to.URL] = true
			}
		}
	}
}

var grafanaLabel = regexp.MustCompile(`\$\{__(?:field\.labels|data\.fields)\.(\w+):percentencode\}`)

func (l *links) fill(text string, labels map[string]string) string {
	const iso = "2006-01-02T15:04:05.000Z"
	text = grafanaLabel.ReplaceAllStringFunc(text, func(s string) string {
		return strings.ReplaceAll(url.QueryEscape(labels[grafanaLabel.FindStringSubmatch(s)[1]]), "+", "%20")
	})
	return strings.NewReplacer("${admin}", l.admin, "${__from:date:iso}", l.from.UTC().Format(iso), "${__to:date:iso}", l.to.Add(time.Second).UTC().Format(iso)).Replace(text)
}

// check asks the inspector for what each link names, and opens one of each kind,
// and those of exemplars, in a browser.
func (l *links) check(t *testing.T, p *process, m *prometheus, chromium string) {
	session, open := p.session(), []link{}
	for _, link := range l.all {
		if n := listed(t, session, link.url); n == 0 {
			t.Errorf("%s: the link of %q leads to nothing: %s", link.panel, link.of, link.url)
		}
		if link.first {
			open = append(open, link)
		}
	}
	exemplars := l.exemplars(t, p, m)
	if len(open) < 15 || len(exemplars) < 3 {
		t.Errorf("only %d links of panels and %d of exemplars", len(open), len(exemplars))
	}
	open = append(open, exemplars...)
	for i, shown := range openLinks(t, p, chromium, open) {
		filter := fragment(t, open[i].url).Get("filter")
		chosen := strings.Contains(open[i].url, "#id=")
		if shown.Problem != "" || len(shown.Errors) > 0 || shown.Filter != filter || shown.Total == 0 || chosen && !strings.Contains(shown.Details, open[i].of) {
			t.Errorf("%s: %s shows %+v", open[i].panel, open[i].url, shown)
		}
	}
}

// fragment reads what the page is told.
func fragment(t *testing.T, address string) url.Values {
	t.Helper()
	_, text, _ := strings.Cut(address, "#")
	q, err := url.ParseQuery(text)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return q
}

// listed is how many exchanges a link lists.
func listed(t *testing.T, session, address string) int {
	t.Helper()
	base, _, _ := strings.Cut(address, "#")
	q := fragment(t, address)
	ask := url.Values{"filter": {q.Get("filter")}, "order": {q.Get("order")}, "down": {q.Get("down")}}
	r, err := http.NewRequest("GET", base+"api/v1/exchanges?"+ask.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sidenote-Session", session)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list struct{ Total int }
	if text := readAll(t, resp.Body); resp.StatusCode != http.StatusOK || json.Unmarshal(text, &list) != nil {
		t.Fatalf("%s: %d %.200s", address, resp.StatusCode, text)
	}
	return list.Total
}

// exemplars returns the links of a few of the dots that Grafana shows, as its
// data source is told to make them.
func (l *links) exemplars(t *testing.T, p *process, m *prometheus) (some []link) {
	urls := map[string]string{}
	for _, r := range p.records(p.logFile) {
		urls[r.text("sidenote.exchange.id")] = r.text("url.full")
	}
	var found []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	m.get("/api/v1/query_exemplars", url.Values{"query": {"sidenote_exchange_duration_seconds_bucket"}, "start": {unix(l.from)}, "end": {unix(l.to)}}, &found)
	for _, destination := range readSources(t).Datasources[0].JSONData.Exemplars {
		to := strings.NewReplacer("$$", "$", "http://127.0.0.1:8081", l.admin).Replace(destination.URL)
		n := 0
		for _, series := range found {
			for _, e := range series.Exemplars {
				if value, there := e.Labels[destination.Name]; there && n < 3 {
					n++
					some = append(some, link{panel: "exemplar " + destination.Name, of: urls[e.Labels["exchange_id"]], url: strings.ReplaceAll(to, "${__value.raw}", value)})
				}
			}
		}
		if n == 0 {
			t.Errorf("no exemplar has the label %s", destination.Name)
		}
	}
	return some
}

// A shownPage is what the page shows of a link.
type shownPage struct {
	Filter, Problem, Details string
	Total                    int
	Errors                   []string
}

// openLinks opens links in a browser, in their order.
func openLinks(t *testing.T, p *process, chromium string, list []link) (shown []shownPage) {
	t.Helper()
	nodePackage(t, "playwright-core")
	urls := make([]string, len(list))
	for i, l := range list {
		urls[i] = l.url
	}
	err := scale.Script{
		Node: need(t, "node"), Folder: "node", Name: "links.mjs", Env: append(plainEnv(t.TempDir()), "TZ=UTC"),
		Config: map[string]string{"chromium": chromium, "link": p.open("--print", "--admin", p.admin), "links": strings.Join(urls, "\n")},
	}.Run(func(string) {}, func(line []byte) error {
		var one shownPage
		err := json.Unmarshal(line, &one)
		shown = append(shown, one)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if len(shown) != len(list) {
		t.Fatalf("the browser opened %d of %d links", len(shown), len(list))
	}
	return shown
}
