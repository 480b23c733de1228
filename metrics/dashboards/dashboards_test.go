package dashboards_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sidenote/metrics/dashboards"
)

var update = flag.Bool("update", false, "write the golden files anew")

// folder is where Grafana's provisioning finds the dashboards.
const folder = "../../configs/grafana/dashboards"

func TestFilesAreFresh(t *testing.T) {
	known := map[string]bool{}
	for _, d := range dashboards.All() {
		want, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, d.FileName())
		known[d.FileName()] = true
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
			t.Errorf("%s is not what the source says (%v); run \"make update\"", name, err)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s belongs to no dashboard; remove it", e.Name())
		}
	}
}

func TestDashboards(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range dashboards.All() {
		if d.UID == "" || uids[d.UID] || len(d.UID) > 40 {
			t.Errorf("%s: the UID %q is missing, long, or used twice", d.Title, d.UID)
		}
		uids[d.UID] = true
		titles := map[string]bool{}
		for _, p := range d.Panels {
			if p.Title == "" || titles[p.Title] {
				t.Errorf("%s: the title %q is missing or used twice", d.Title, p.Title)
			}
			titles[p.Title] = true
			if p.Description == "" || p.Unit == "" || p.Width < 4 || p.Width > dashboards.Columns || p.Height < 4 || len(p.Queries) == 0 {
				t.Errorf("%s: %s: it lacks a description, a unit, a size or a query", d.Title, p.Title)
			}
			checkPanel(t, d.Title, p)
			checkLinks(t, d.Title, p)
		}
		checkPlaces(t, &d)
	}
}

func checkPanel(t *testing.T, dashboard string, p dashboards.Panel) {
	t.Helper()
	for i := 1; i < len(p.Thresholds); i++ {
		if p.Thresholds[i].From <= p.Thresholds[i-1].From {
			t.Errorf("%s: %s: thresholds do not rise", dashboard, p.Title)
		}
	}
	for _, q := range p.Queries {
		if (q.Legend == "") != (p.Kind == dashboards.Table) {
			t.Errorf("%s: %s: the legend is %q", dashboard, p.Title, q.Legend)
		}
		if !strings.Contains(q.Expr, `instance=~"$instance"`) || strings.Contains(q.Expr, "$__rate_interval") && !p.Kind.OverTime() && p.Kind != dashboards.Number ||
			strings.Contains(q.Expr, "$__range") && p.Kind.OverTime() && !strings.Contains(q.Expr, "@ end()") {
			t.Errorf("%s: %s: %s: it does not look at the instances, or not at the time, that were chosen", dashboard, p.Title, q.Expr)
		}
	}
}

// checkLinks looks for links of series that the panel does not have.
func checkLinks(t *testing.T, dashboard string, p dashboards.Panel) {
	t.Helper()
	for _, l := range p.Links {
		if l.Series != "" && p.Kind.OverTime() && p.Colors[l.Series] == "" {
			t.Errorf("%s: %s: a link for %q, which has no colour: is there such a series?", dashboard, p.Title, l.Series)
		}
		for _, label := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(l.Filter, -1) {
			if !strings.Contains(p.Queries[0].Expr, label[1]) {
				t.Errorf("%s: %s: a link needs the label %s", dashboard, p.Title, label[1])
			}
		}
	}
}

// checkPlaces looks for panels that overlap or leave the page.
func checkPlaces(t *testing.T, d *dashboards.Dashboard) {
	t.Helper()
	taken := map[[2]int]string{}
	for i, at := range d.Places() {
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if x >= dashboards.Columns || taken[[2]int{x, y}] != "" {
					t.Fatalf("%s: %s stands on %q or beyond the edge", d.Title, d.Panels[i].Title, taken[[2]int{x, y}])
				}
				taken[[2]int{x, y}] = d.Panels[i].Title
			}
		}
	}
}

// TestJSON reads the files as Grafana does: all that a variable names must be there.
func TestJSON(t *testing.T) {
	for _, d := range dashboards.All() {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var read struct {
			Templating struct{ List []struct{ Name string } }
			Panels     []struct {
				ID      int
				Type    string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if len(read.Panels) != len(d.Panels) {
			t.Errorf("%s: %d panels of %d", d.Title, len(read.Panels), len(d.Panels))
		}
		rest := string(text)
		for _, v := range read.Templating.List {
			rest = strings.NewReplacer("$"+v.Name, "", "${"+v.Name+"}", "").Replace(rest)
		}
		rest = strings.NewReplacer("$__rate_interval", "", "$__range", "", "$__all", "", "${__from:date:iso}", "", "${__to:date:iso}", "").Replace(rest)
		rest = regexp.MustCompile(`\$\{__(field\.labels|data\.fields)\.\w+:percentencode\}`).ReplaceAllString(rest, "")
		if i := strings.IndexByte(rest, '$'); i >= 0 {
			t.Errorf("%s: unknown variable in %.60q", d.Title, rest[i:])
		}
	}
}
