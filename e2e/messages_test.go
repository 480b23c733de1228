package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"sidenote/exchange"
)

// TestMessagesOfAnOpenStream reads an event stream through the proxy: each event is
// in the log while the stream is open, and all of them are in the saved exchange.
func TestMessagesOfAnOpenStream(t *testing.T) {
	t.Parallel()
	more := make(chan string)
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		out := http.NewResponseController(w)
		_ = out.Flush()
		for event := range more {
			fmt.Fprint(w, event)
			_ = out.Flush()
		}
	}))
	defer origin.Close()
	saved := filepath.Join(t.TempDir(), "saved.jsonl")
	p := start(t, "--log-messages", "--save", saved)
	q, _ := http.NewRequest("GET", origin.URL+"/events?token=hunter1", nil)
	q.Header.Set("Accept", "text/event-stream")
	resp, err := p.client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for n := 1; n <= 3; n++ {
		more <- fmt.Sprintf("id: %d\nevent: tick\ndata: {\"n\":%d,\"password\":\"hunter2\"}\n\n", n, n)
		for line := ""; line != "\n"; {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the event is in the log", func() bool { return len(logged(t, p.logFile)["sidenote.message/1"]) == n })
	}
	if open := openMessages(p); open["open"] != true || open["received"] != 3. || len(open["messages"].([]any)) != 3 || strings.Contains(fmt.Sprint(open), "hunter") {
		t.Errorf("while the stream is open the API has %v", open)
	}
	if all := logged(t, p.logFile); len(all["sidenote.exchange/1"]) != 0 {
		t.Error("the exchange is in the log before it has ended")
	}
	close(more)
	_, _ = io.Copy(io.Discard, lines)
	p.stop()

	last := logged(t, p.logFile)["sidenote.message/1"][2]
	m := last["sidenote.message"].(map[string]any)
	if m["kind"] != "event" || m["from"] != "origin" || m["number"] != 3. || m["id"] != "3" || m["name"] != "tick" || !strings.Contains(m["content"].(string), `"n":3`) {
		t.Errorf("the last message is %v", m)
	}
	if text := fmt.Sprint(last); strings.Contains(text, "hunter") || !strings.Contains(text, "[redacted:") {
		t.Errorf("the message shows secrets: %s", text)
	}
	x := savedExchanges(t, saved)[0]
	if s := x.Messages; s == nil || s.Received != 3 || s.Sent != 0 || len(s.List) != 3 || s.Format != exchange.FormatSSE || s.List[0].ID != "1" {
		t.Errorf("the saved exchange has the messages %+v", s)
	}
	if strings.Contains(x.Format(), "hunter") {
		t.Error("the saved exchange shows secrets")
	}
}

// TestGRPCMessagesAreDecoded calls a gRPC server through the proxy, which asks the
// server what its messages mean.
func TestGRPCMessagesAreDecoded(t *testing.T) {
	t.Parallel()
	s := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	p := start(t, "--proto", "reflection", "--log-messages")
	conn, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(_ context.Context, authority string) (net.Conn, error) { return connectThrough(p.proxy, authority) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: ""}); err != nil {
		t.Fatal(err)
	}
	var all []record
	eventually(t, "both messages are in the log", func() bool { all = logged(t, p.logFile)["sidenote.message/1"]; return len(all) == 2 })
	last := all[1]["sidenote.message"].(map[string]any)
	if last["decoded"] != `{"status":"SERVING"}` || last["from"] != "origin" || all[1].text("sidenote.messages.format") != "grpc" {
		t.Errorf("the answer is %v", all[1])
	}
}

// connectThrough opens a tunnel.
func connectThrough(proxy, authority string) (net.Conn, error) {
	c, err := net.Dial("tcp", proxy)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority)
	for head := []byte{}; !bytes.HasSuffix(head, []byte("\r\n\r\n")); {
		var one [1]byte
		if _, err := c.Read(one[:]); err != nil {
			c.Close()
			return nil, err
		}
		head = append(head, one[0])
	}
	return c, nil
}

// openMessages asks the API for the messages of the exchange that runs.
func openMessages(p *process) (open map[string]any) {
	p.t.Helper()
	var running struct{ Running []struct{ ID string } }
	token := strings.TrimSpace(p.open("--token"))
	ask := func(path string, to any) {
		q, _ := http.NewRequest("GET", "http://"+p.admin+"/api/v1"+path, nil)
		q.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			p.t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(to); err != nil || resp.StatusCode != 200 {
			p.t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
		}
	}
	eventually(p.t, "the stream is among what runs", func() bool { ask("/running", &running); return len(running.Running) == 1 })
	ask("/running/"+running.Running[0].ID+"/messages", &open)
	return open
}

// savedExchanges reads what --save wrote.
func savedExchanges(t *testing.T, name string) (list []*exchange.Exchange) {
	t.Helper()
	err := exchange.ReadCapture(strings.NewReader(readFile(t, name)), exchange.Capture{File: name,
		Exchange: func(x *exchange.Exchange) error { list = append(list, x); return nil },
		Bad:      func(e *exchange.EntryError) error { return e }})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
