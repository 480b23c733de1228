package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"sidenote/exchange"
	"sidenote/proxy"
)

// TestRequestHook adds a field line to requests of each version, beside what
// is there.
func TestRequestHook(t *testing.T) {
	for _, c := range []struct {
		name    string
		tls, h2 bool
	}{{"in clear", false, false}, {"HTTP/1.1", true, false}, {"HTTP/2", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			var got http.Header
			origin := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = r.Header.Clone()
				_, _ = io.Copy(io.Discard, r.Body)
			}))
			origin.EnableHTTP2 = c.h2
			if c.tls {
				origin.StartTLS()
			} else {
				origin.Start()
			}
			defer origin.Close()
			r := newRig(t, func(pc *proxy.Config) {
				if c.tls {
					trusting(origin)(pc)
				}
				pc.Hooks.Request = func(x *exchange.Exchange) []exchange.Line {
					x.Changed |= exchange.ChangedTraceStarted
					return []exchange.Line{{Name: "traceparent", Value: "ours"}, {Name: "x-both", Value: "2"}}
				}
			})
			req, err := http.NewRequest("GET", origin.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Both", "1")
			resp, err := r.client(c.h2).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if !slices.Equal(got["Traceparent"], []string{"ours"}) || !slices.Equal(got["X-Both"], []string{"1", "2"}) {
				t.Errorf("the origin server got %v", got)
			}
			x := r.wait(1)[0]
			if x.Changed&exchange.ChangedTraceStarted == 0 || x.Request.Fields.Has(exchange.FieldTraceparent) || (x.Response.Version == exchange.HTTP2) != c.h2 {
				t.Errorf("the record:\n%s", x.Format())
			}
		})
	}
}
