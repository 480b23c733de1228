package proxy_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"

	"sidenote/exchange"
	"sidenote/proxy"
)

// A proxy passes HTTP through, and hands the record of each exchange to a hook.
func Example() {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer origin.Close()

	records := make(chan *exchange.Exchange, 1)
	p := proxy.New(proxy.Config{Hooks: proxy.Hooks{Done: func(x *exchange.Exchange) { records <- x }}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go p.Serve(l)
	defer p.Shutdown(context.Background())

	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: l.Addr().String()})}}
	_, port, _ := net.SplitHostPort(origin.Listener.Addr().String())
	response, err := client.Get("http://shop.localhost:" + port + "/orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()

	x := <-records
	fmt.Println(x.Request.Method, x.Path(), x.Response.Status, x.Response.Fields.Value(exchange.FieldRetryAfter))
	// Output: GET /orders 429 30
}
