package picture_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"sidenote/metrics/dashboards"
	"sidenote/metrics/dashboards/picture"
)

func TestLegend(t *testing.T) {
	labels := map[string]string{"host": "a.test", "route": "/x"}
	for legend, want := range map[string]string{"all": "all", "{{host}} {{ route }}": "a.test /x", "{{gone}}": ""} {
		if got := picture.Legend(legend, labels); got != want {
			t.Errorf("%q: %q, not %q", legend, got, want)
		}
	}
}

// draw draws one panel with series of a value each second.
func draw(p dashboards.Panel, values ...[]float64) string {
	p.Title, p.Width, p.Height = "a <title>", 12, 8
	var series []picture.Series
	for i, v := range values {
		s := picture.Series{Name: fmt.Sprintf("<s%d>", i), Labels: map[string]string{"rule": fmt.Sprintf("<r%d>", i)}, Values: v}
		for n := range v {
			s.At = append(s.At, time.Unix(int64(n), 0).UTC())
		}
		series = append(series, s)
	}
	return picture.Page(&dashboards.Dashboard{Title: "d", Panels: []dashboards.Panel{p}}, [][]picture.Series{series})
}

// TestScale reads the numbers beside the lines across a plot.
func TestScale(t *testing.T) {
	for _, c := range []struct {
		unit dashboards.Unit
		most float64
		want string
	}{
		{dashboards.PerSec, 11.9, "0/s 2.5/s 5/s 7.5/s 10/s 12.5/s"},
		{dashboards.PerSec, 2, "0/s 0.5/s 1/s 1.5/s 2/s"},
		{dashboards.PerSec, 0, "0/s 0.25/s 0.5/s 0.75/s 1/s"},
		{dashboards.Share, .33, "0 % 10 % 20 % 30 % 40 %"},
		{dashboards.Share, 1, "0 % 20 % 40 % 60 % 80 % 100 %"},
		{dashboards.Share, .00022, "0 % 0.005 % 0.01 % 0.015 % 0.02 % 0.025 %"},
		{dashboards.Octets, 132 << 20, "0 B 50 MB 100 MB 150 MB"},
		{dashboards.OctetsPS, 11800, "0 B/s 2.5 kB/s 5 kB/s 7.5 kB/s 10 kB/s 12.5 kB/s"},
		{dashboards.Seconds, .0146, "0 s 5 ms 10 ms 15 ms"},
	} {
		page := draw(dashboards.Panel{Kind: dashboards.Lines, Unit: c.unit}, []float64{0, c.most})
		var got []string
		for _, m := range regexp.MustCompile(`text-anchor=end>([^<]*)<`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%v up to %v: %s, want %s", c.unit, c.most, text, c.want)
		}
	}
}

func TestKinds(t *testing.T) {
	limits := []dashboards.Threshold{{From: .5, Color: dashboards.Orange}, {From: .9, Color: dashboards.Red}}
	for _, c := range []struct {
		name   string
		panel  dashboards.Panel
		values [][]float64
		want   []string
	}{
		{"nothing", dashboards.Panel{Kind: dashboards.Lines}, nil, []string{"no data"}},
		{"number", dashboards.Panel{Kind: dashboards.Number, Unit: dashboards.Share, Thresholds: limits}, [][]float64{{.1, .75}}, []string{">75 %<", "#ff9830"}},
		{"low is bad", dashboards.Panel{Kind: dashboards.Number, Unit: dashboards.Share, Thresholds: limits, Best: true}, [][]float64{{.1}}, []string{">10 %<", "#f2495c"}},
		{"bars", dashboards.Panel{Kind: dashboards.Bars, Unit: dashboards.Seconds}, [][]float64{{.0125}, {90}}, []string{"&lt;s0&gt;", ">12.5 ms<", ">90 s<"}},
		{"table", dashboards.Panel{Kind: dashboards.Table, Unit: dashboards.Count}, [][]float64{{1}, {2500}}, []string{"<th>rule", "&lt;r1&gt;<td>2.5 k<tr><td>&lt;r0&gt;<td>1"}},
		{"lines", dashboards.Panel{Kind: dashboards.Lines, Unit: dashboards.OctetsPS, Colors: map[string]string{"<s0>": dashboards.Red}}, [][]float64{{0, 2000}}, []string{"&lt;s0&gt;", ">2 kB/s<", ">0 B/s<", "00:00:01", `stroke="#f2495c"`}},
		{"stacked", dashboards.Panel{Kind: dashboards.Stacked, Unit: dashboards.PerSec}, [][]float64{{1, 2}, {2}}, []string{">3/s<", "<polygon"}},
	} {
		page := draw(c.panel, c.values...)
		for _, want := range append(c.want, "a &lt;title&gt;") {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, page[strings.Index(page, "<div class=panel"):])
			}
		}
		if strings.Contains(page, "%!") || strings.Contains(page, "<s0>") || strings.Contains(page, "NaN") {
			t.Errorf("%s: it is badly written:\n%s", c.name, page)
		}
	}
}
