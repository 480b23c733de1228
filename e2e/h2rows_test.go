package e2e_test

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// An h2Row is an exchange on HTTP/2 that a rule of the catalogue is about.
type h2Row struct {
	rule              string
	method            string
	request, response []string // names and values
	upload, download  string   // content
}

var h2Rows = []h2Row{
	{rule: "framing/204-with-body", response: []string{":status", "204"}, download: "x"},
	{rule: "framing/head-response-with-body", method: "HEAD", response: []string{":status", "200"}, download: "x"},
	{rule: "framing/body-longer-than-content-length", response: []string{":status", "200", "content-length", "1"}, download: "xyz"},
	{rule: "framing/body-shorter-than-content-length", response: []string{":status", "200", "content-length", "9"}, download: "xyz"},
	{rule: "content/trace-with-content", method: "TRACE", upload: "x", response: []string{":status", "200"}},
	{rule: "framing/expect-continue-without-body", method: "POST", request: []string{"expect", "100-continue"}, response: []string{":status", "200"}},
	{rule: "h2/connection-specific-field", request: []string{"keep-alive", "timeout=5"}, response: []string{":status", "200"}},
	{rule: "failure/h2-protocol-error", response: []string{":status", "200", "keep-alive", "timeout=5"}},
	{rule: "h2/te-not-trailers", request: []string{"te", "gzip"}, response: []string{":status", "200"}},
	{rule: "failure/h2-protocol-error", response: []string{":status", "101"}},
	{rule: "h2/alt-svc-syntax", response: []string{":status", "200", "alt-svc", "h3=:443"}},
}

// TestRowsOfH2Live passes what the rows are about through the program, as frames:
// the rules speak of it live, and of the exchanges that were saved.
func TestRowsOfH2Live(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, row := range h2Rows {
		authority := row.serve(t)
		c, err := connectThrough(p.proxy, authority)
		if err != nil {
			t.Fatal(err)
		}
		row.ask(t, c, authority)
		c.Close()
	}
	eventually(t, "every exchange is in the log", func() bool { return len(p.records(p.logFile)) >= len(h2Rows) })
	p.stop()
	live, saved := p.records(p.logFile), savedExchanges(t, p.save)
	if len(live) != len(h2Rows) || len(saved) != len(h2Rows) {
		t.Fatalf("%d exchanges in the log and %d saved, want %d", len(live), len(saved), len(h2Rows))
	}
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range h2Rows {
		var spoke []string
		notes, _ := live[i]["sidenote.notes"].([]any)
		for _, n := range notes {
			spoke = append(spoke, record(n.(map[string]any)).text("rule"))
		}
		if !slices.Contains(spoke, row.rule) {
			t.Errorf("row %d, %s, live: the notes are %s\n%s", i, row.rule, strings.Join(spoke, ", "), saved[i].Format())
		}
		spoke = nil
		for _, n := range set.All(saved[i], nil) {
			spoke = append(spoke, n.Rule.ID)
		}
		if saved[i].Request.Version != exchange.HTTP2 || !slices.Contains(spoke, row.rule) {
			t.Errorf("row %d, %s, saved: the notes are %s", i, row.rule, strings.Join(spoke, ", "))
		}
	}
}

// serve starts an origin server that sends the response of the row, by the frame.
func (row *h2Row) serve(t *testing.T) (authority string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go row.answer(c)
		}
	}()
	return l.Addr().String()
}

func (row *h2Row) answer(c net.Conn) {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	_ = f.WriteSettings()
	for frame, err := f.ReadFrame(); err == nil; frame, err = f.ReadFrame() {
		h := frame.Header()
		switch {
		case h.Type == http2.FrameSettings && !h.Flags.Has(http2.FlagSettingsAck):
			_ = f.WriteSettingsAck()
		case (h.Type == http2.FrameHeaders || h.Type == http2.FrameData) && h.Flags.Has(http2.FlagDataEndStream):
			sendH2(f, h.StreamID, row.response, row.download)
		}
	}
}

// ask sends the request of the row, and waits for the end of its stream.
func (row *h2Row) ask(t *testing.T, c net.Conn, authority string) {
	t.Helper()
	_, _ = io.WriteString(c, http2.ClientPreface)
	f := http2.NewFramer(c, c)
	_ = f.WriteSettings()
	method := row.method
	if method == "" {
		method = "GET"
	}
	sendH2(f, 1, append([]string{":method", method, ":scheme", "http", ":authority", authority, ":path", "/"}, row.request...), row.upload)
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		h := frame.Header()
		switch h.Type {
		case http2.FrameSettings:
			if !h.Flags.Has(http2.FlagSettingsAck) {
				_ = f.WriteSettingsAck()
			}
		case http2.FrameRSTStream, http2.FrameGoAway:
			return
		case http2.FrameHeaders, http2.FrameData:
			if h.Flags.Has(http2.FlagDataEndStream) {
				return
			}
		}
	}
}

// sendH2 writes a message as HEADERS and, where it has content, DATA.
func sendH2(f *http2.Framer, id uint32, pairs []string, content string) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for i := 0; i < len(pairs); i += 2 {
		_ = enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: content == ""})
	if content != "" {
		_ = f.WriteData(id, true, []byte(content))
	}
}
