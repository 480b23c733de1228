package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"sidenote/exchange"
	"sidenote/proxy"
)

// TestSendKnowsItsExchange sends the same request many times at once, each of
// which is to find its own record.
func TestSendKnowsItsExchange(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
	defer origin.Close()
	var mu sync.Mutex
	var records []*exchange.Exchange
	inside := proxy.NewInside()
	p := proxy.New(proxy.Config{Hooks: proxy.Hooks{Done: func(x *exchange.Exchange) {
		mu.Lock()
		records = append(records, x)
		mu.Unlock()
	}}})
	go func() { _ = p.Serve(inside) }()
	const many = 20
	var all sync.WaitGroup
	is := make([]func(*exchange.Exchange) bool, many)
	for n := range many {
		all.Go(func() {
			r, _ := http.NewRequest("GET", origin.URL+"/"+strings.Repeat("a", n), nil)
			resp, mine, err := inside.Send(r)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			is[n] = mine
		})
	}
	all.Wait()
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if len(records) != many {
		t.Fatalf("%d records", len(records))
	}
	for n, mine := range is {
		for _, x := range records {
			if got, want := mine(x), x.Request.Target == origin.URL+"/"+strings.Repeat("a", n); got != want {
				t.Errorf("%d: %s: %v", n, x.Request.Target, got)
			}
			if x.Client.Local.IsValid() || x.Client.Peer.IsValid() {
				t.Error("the inside has an address")
			}
		}
	}
}
