package h2_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	specd "github.com/summerwind/h2spec/client"
	"github.com/summerwind/h2spec/config"
	h2spec "github.com/summerwind/h2spec/spec"
	"golang.org/x/net/http2"
)

// casesOfH2specd is how many cases the client side of h2spec has.
const casesOfH2specd = 57

// TestH2specClient has h2spec play an origin server that breaks rules, and judge
// the client that it sees: a relay with a client of x/net behind it. What it finds
// wrong through the relay alone would be the relay's.
func TestH2specClient(t *testing.T) {
	passed := 0
	cases := clientCases(specd.Spec())
	if len(cases) != casesOfH2specd {
		t.Errorf("there are %d cases", len(cases))
	}
	for _, tc := range cases {
		why := judgeClient(t, tc, true)
		if why == nil {
			passed++
			continue
		}
		name := tc.Parent.ID() + " " + tc.Desc
		if judgeClient(t, tc, false) != nil {
			t.Logf("the client's own: %s: %v", name, why)
		} else {
			t.Errorf("%s: %v", name, why)
		}
	}
	t.Logf("%d of %d passed", passed, len(cases))
}

// clientCases returns the cases of a group and of those within.
func clientCases(g *h2spec.ClientTestGroup) []*h2spec.ClientTestCase {
	cases := g.Tests
	for _, sub := range g.Groups {
		cases = append(cases, clientCases(sub)...)
	}
	return cases
}

// judgeClient runs one case, with a relay in between or without one, and returns
// what it found wrong.
func judgeClient(t *testing.T, tc *h2spec.ClientTestCase, relayed bool) error {
	t.Helper()
	ours, origin := pair(t)
	if relayed {
		ours, origin, _ = through(t, newBook(), nil)
	}
	c := &config.Config{Host: "127.0.0.1", Path: "/", Timeout: 3 * time.Second, MaxHeaderLen: 4000}
	server, err := h2spec.Accept(c, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	tr := &http2.Transport{AllowHTTP: true, DialTLSContext: func(context.Context, string, string, *tls.Config) (net.Conn, error) { return ours, nil }}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://a.test/", nil)
		if resp, err := tr.RoundTrip(r); err == nil { // the judge is at the other end
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
	defer func() { stop(); ours.Close(); <-asked }()
	return tc.Run(c, server)
}
