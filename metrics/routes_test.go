package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"sidenote/annotate"
	"sidenote/metrics"
)

// to is an exchange with a host and a path.
func to(host, path string, status int) string {
	return fmt.Sprintf("* authority %s\n* timing done=7ms\n> GET %s HTTP/1.1\n> Host: %s\n>\n< HTTP/1.1 %d X\n<\n", host, path, host, status)
}

func TestHostsAndRoutes(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Hosts: true, Routes: true, Values: 3})
	note := []annotate.Note{{Rule: rule, Severity: annotate.Warn}}
	m.Observe(&annotate.Annotated{X: parse(t, to("A.test", "/orders/17?x", 200)), Notes: note})
	m.Observe(&annotate.Annotated{X: parse(t, to("a.test:80", "/orders/18", 500)), Notes: note})
	see(t, m,
		to("a.test", "/made-up", 404), // is not a reason for a route
		to("a.test:8080", "/orders/1", 200),
		to("a.test", "/cart", 200),
		to("a.test", "/one-too-many", 200),
		to("b.test", "/one-too-many", 200),
		to("c.test", "/one-too-many", 200),
		"* made\n* authority d.test\n> GET / HTTP/1.1\n>\n< HTTP/1.1 502 X\n<\n",
		to("e.test", "/orders/17", 404))
	expect(t, m, []string{"route_exchanges_total", "route_notes_total", "route_folded_total", "route_duration_seconds_count"},
		`route_exchanges_total{class="client-error",host="a.test",route="other"} 1`,
		`route_exchanges_total{class="client-error",host="other",route="other"} 1`,
		`route_exchanges_total{class="failed",host="other",route="other"} 1`,
		`route_exchanges_total{class="server-error",host="a.test",route="/orders/{id}"} 1`,
		`route_exchanges_total{class="success",host="a.test",route="/cart"} 1`,
		`route_exchanges_total{class="success",host="a.test",route="/orders/{id}"} 1`,
		`route_exchanges_total{class="success",host="a.test",route="other"} 1`,
		`route_exchanges_total{class="success",host="a.test:8080",route="/orders/{id}"} 1`,
		`route_exchanges_total{class="success",host="b.test",route="other"} 1`,
		`route_exchanges_total{class="success",host="other",route="other"} 1`,
		`route_notes_total{host="a.test",route="/orders/{id}",rule="a/b",severity="warn"} 2`,
		`route_duration_seconds_count{host="a.test",route="/cart"} 1`,
		`route_duration_seconds_count{host="a.test",route="/orders/{id}"} 2`,
		`route_duration_seconds_count{host="a.test",route="other"} 2`,
		`route_duration_seconds_count{host="a.test:8080",route="/orders/{id}"} 1`,
		`route_duration_seconds_count{host="b.test",route="other"} 1`,
		`route_duration_seconds_count{host="other",route="other"} 2`,
		`route_folded_total 6`)
}

func TestHostsAlone(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Hosts: true})
	see(t, m, to("a.test", "/x", 200), to("[2001:DB8::1]:81", "/y", 200))
	expect(t, m, []string{"route_exchanges_total"},
		`route_exchanges_total{class="success",host="a.test",route=""} 1`,
		`route_exchanges_total{class="success",host="[2001:db8::1]:81",route=""} 1`)
}

func TestRoutesAlone(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Routes: true})
	see(t, m, to("a.test", "/x", 200), to("b.test", "/x", 200), to("b.test", "/gone", 404),
		"> CONNECT a.test:443 HTTP/1.1\n>\n< HTTP/1.1 200 X\n<\n")
	expect(t, m, []string{"route_exchanges_total"},
		`route_exchanges_total{class="success",host="",route="/x"} 2`,
		`route_exchanges_total{class="client-error",host="",route="other"} 1`,
		`route_exchanges_total{class="success",host="",route="CONNECT"} 1`)
}

// What comes from the wire can be anything.
func TestHostileLabels(t *testing.T) {
	m := metrics.New(metrics.Build{}, metrics.Options{Hosts: true, Routes: true})
	for _, c := range [][2]string{
		{"a\xff.test", "/x"}, {"a b", "/x"}, {strings.Repeat("a", 300), "/x"}, {"", "/x"}, {"a.test", "/\x1b[2J"}, {"a.test", "/" + strings.Repeat("y", 130)},
		{"a.test", strings.Repeat("/", 1000)}, {"a.test", "/\"\\\n"},
	} {
		x := parse(t, to("a.test", "/x", 200))
		x.Authority, x.Request.Target = c[0], c[1]
		m.Observe(&annotate.Annotated{X: x})
	}
	expect(t, m, []string{"route_exchanges_total"},
		`route_exchanges_total{class="success",host="other",route="/x"} 4`,
		`route_exchanges_total{class="success",host="a.test",route="/{id}"} 1`,
		`route_exchanges_total{class="success",host="a.test",route="other"} 3`)
}

// TestCardinalityAttack is a client and an origin server together that send
// 100,000 of everything that becomes a label. docs/metrics.md states the bounds.
func TestCardinalityAttack(t *testing.T) {
	for _, c := range []struct {
		name    string
		options metrics.Options
		most    int
	}{
		{"default", metrics.Options{}, metrics.MostSeries},
		{"with labels", metrics.Options{Hosts: true, Routes: true, Values: 50}, metrics.MostSeries + 50*metrics.MostSeriesPerValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := metrics.New(metrics.Build{}, c.options)
			x := parse(t, to("a.test", "/", 200))
			for i := range 100_000 {
				word := fmt.Sprintf("w%dx", i)
				x.Authority, x.Request.Target, x.Request.Method = word+".test", "/"+word+"/x", word
				if i%2 == 0 { // every pair of a method and a code
					x.Request.Method = metrics.Methods()[i/2%len(metrics.Methods())]
				}
				x.ID, x.Response.Status, x.Response.Made = word, i/38%1100, i%7 == 0
				blame := []annotate.Blame{annotate.ByClient, annotate.ByOrigin, "", annotate.Blame(word)}[i%4]
				m.Observe(&annotate.Annotated{X: x, Notes: []annotate.Note{
					{Rule: &annotate.Rule{ID: word}, Severity: annotate.Severity(1 + i%3), Blame: blame}}})
			}
			series, own := 0, 0
			for line := range strings.Lines(scrape(t, m, "")) {
				switch {
				case strings.HasPrefix(line, "sidenote_"):
					own++
					fallthrough
				case !strings.HasPrefix(line, "#"):
					series++
				}
			}
			t.Logf("%d series, %d of them sidenote's own; the bound is %d", series, own, c.most)
			if series > c.most {
				t.Errorf("%d series, and the bound is %d", series, c.most)
			}
		})
	}
}
