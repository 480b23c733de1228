package inspector_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink/store"
)

// awkward adds exchanges whose numbers are easily counted in two ways: made
// responses, names that contain each other, ports, capitals, odd statuses.
func awkward(t *testing.T, d *desk) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	for n := range 400 {
		x, err := exchange.ParseText(fmt.Sprintf("> %s %s HTTP/1.1\n> Host: %s\n>\n", pick("GET", "POST", "get", "OPTIONS", "PROPFIND"),
			pick("/", "/a", "/A", "/a/b", "/orders/17?x=1", "/orders/18", "/or or/x", "/%22q", "/a,b", "*"), "a.test"))
		if err != nil {
			t.Fatal(err)
		}
		x.ID, x.Run, x.Scheme = fmt.Sprint("r", n), "run", pick("http", "https")
		x.Authority = pick("a.test", "api.a.test", "a.test:8080", "A.test", "127.0.0.1:81", "[::1]:80", "[::1]", "")
		x.Started = time.Date(2026, 5, 1, 12, 0, random.IntN(90), random.IntN(1e9), time.UTC)
		status := random.IntN(700)
		switch random.IntN(4) {
		case 0: // a failure that sidenote answered
			x.Err = &exchange.Err{Code: "connect_refused"}
			x.Response.Status, x.Response.Made = 502, true
		case 1: // one that it did not
			x.Err = &exchange.Err{Code: exchange.ErrClientGone}
		case 2: // one after the head had come
			x.Err = &exchange.Err{Code: "connect_refused"}
			x.Response.Status = 500
		default:
			x.Response.Status = []int{status, 200, 301, 404, 429, 429, 503, 999}[random.IntN(8)]
		}
		a := &annotate.Annotated{X: x}
		if random.IntN(2) == 0 {
			a.Notes = []annotate.Note{{Rule: retryLater, Severity: annotate.Severity(1 + random.IntN(3)), Accepted: pick("", "known")}}
		}
		d.store.Add(a, store.Live)
	}
}

// TestEveryNumberLeadsToWhatItCounts asks for the exchanges behind each number
// of the overview and of the groups.
func TestEveryNumberLeadsToWhatItCounts(t *testing.T) {
	d := newDesk(t)
	awkward(t, d)
	numbers := 0
	leads := func(what string, count int, filter string) {
		t.Helper()
		numbers++
		_, body := d.get(t, "/api/v1/exchanges?limit=0&filter="+url.QueryEscape(filter))
		var list struct{ Total int }
		if err := json.Unmarshal([]byte(body), &list); err != nil || list.Total != count {
			t.Errorf("%s: %d, and %s lets %d through: %.200s", what, count, filter, list.Total, body)
		}
	}
	_, body := d.get(t, "/api/v1/overview")
	var o struct {
		Total   int
		Classes []struct {
			Class, Count int
			Filter       string
		}
		Verdicts []struct {
			Verdict, Filter string
			Count           int
		}
		Step  float64
		Times []struct {
			At      time.Time
			Classes []int
		}
		Rules []struct {
			Rule, Filter string
			Count        int
		}
		Routes []struct {
			Method, Host, Route, Filter string
			Count                       int
		}
		Hosts []struct {
			Host, Filter, ClientFilter, ServerFilter, FailedFilter string
			Count, Client, Server, Failed                          int
		}
		Expected []struct {
			Status, Count, Present int
			Field, Filter          string
		}
	}
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, c := range o.Classes {
		leads(fmt.Sprint("class ", c.Class), c.Count, c.Filter)
		sum += c.Count
	}
	if sum != o.Total {
		t.Errorf("the classes have %d of %d exchanges", sum, o.Total)
	}
	for _, v := range o.Verdicts {
		leads("verdict "+v.Verdict, v.Count, v.Filter)
	}
	for _, p := range o.Times {
		count := 0
		for _, n := range p.Classes {
			count += n
		}
		end := p.At.Add(time.Duration(o.Step * float64(time.Millisecond)))
		leads("piece", count, "at:>="+p.At.Format(time.RFC3339Nano)+" at:<"+end.Format(time.RFC3339Nano))
	}
	for _, r := range o.Rules {
		leads("rule", r.Count, r.Filter)
	}
	for _, r := range o.Routes {
		leads(r.Method+" "+r.Host+r.Route, r.Count, r.Filter)
	}
	for _, h := range o.Hosts {
		leads(h.Host, h.Count, h.Filter)
		leads(h.Host+" 4xx", h.Client, h.ClientFilter)
		leads(h.Host+" 5xx", h.Server, h.ServerFilter)
		leads(h.Host+" failed", h.Failed, h.FailedFilter)
	}
	for _, e := range o.Expected {
		leads(e.Field, e.Count-e.Present, e.Filter)
	}
	for _, by := range []string{"host", "route", "authority", "trace", "agent", "status", "rule", "error", "method", "scheme"} {
		_, body := d.get(t, "/api/v1/groups?by="+by)
		var g struct {
			Groups []struct {
				Value, Filter string
				Count         int
			}
		}
		if err := json.Unmarshal([]byte(body), &g); err != nil {
			t.Fatal(err)
		}
		for _, one := range g.Groups {
			leads("group by "+by+" "+one.Value, one.Count, one.Filter)
		}
	}
	if numbers < 150 {
		t.Errorf("only %d numbers", numbers)
	}
}
