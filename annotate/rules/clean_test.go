package rules_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sidenote/annotate"
	"sidenote/exchange"
)

// A cleanCase is an exemplary exchange: nobody has anything to correct in it.
type cleanCase struct {
	name     string
	request  cleanMessage
	response []cleanMessage // interim ones first
	facts    []string       // "scheme http" and the like
}

// A cleanMessage is a message in short.
type cleanMessage struct {
	start   string // "GET /a", "200 OK"
	fields  []string
	content string
	trailer []string
}

// ask makes a request. Fields that every client sends are added; "-Name" leaves
// one out, and one that is given takes its place.
func ask(start string, fields ...string) cleanMessage {
	return cleanMessage{start: start, fields: withUsual(fields,
		"Host: shop.test", "User-Agent: shop-client/1.2 (+https://shop.test/client)", "Accept: */*")}
}

// say makes a response, with what every server sends.
func say(start string, fields ...string) cleanMessage {
	return cleanMessage{start: start, fields: withUsual(fields, "Date: Fri, 02 Jan 2026 03:04:05 GMT", "Server: shop")}
}

// with returns a message content and its length.
func (m cleanMessage) with(contentType, content string) cleanMessage {
	m.content = content
	if contentType != "" {
		m.fields = withUsual(m.fields, "Content-Type: "+contentType)
	}
	if !slices.ContainsFunc(m.fields, func(f string) bool { return strings.HasPrefix(f, "Transfer-Encoding:") }) {
		m.fields = withUsual(m.fields, "Content-Length: "+strconv.Itoa(len(content)))
	}
	digest := sha256.Sum256([]byte(content))
	for i, f := range m.fields {
		m.fields[i] = strings.ReplaceAll(f, "{sha-256}", ":"+base64.StdEncoding.EncodeToString(digest[:])+":")
	}
	return m
}

// chunked returns a message content of unknown length.
func (m cleanMessage) chunked(contentType, content string, trailer ...string) cleanMessage {
	m.fields = withUsual(m.fields, "Transfer-Encoding: chunked")
	m.trailer = trailer
	return m.with(contentType, content)
}

// coded returns a message content in a content coding.
func (m cleanMessage) coded(coding, contentType, content string) cleanMessage {
	m.fields = withUsual(m.fields, "Content-Encoding: "+coding, "Vary: Accept-Encoding")
	return m.with(contentType, encode(coding, content))
}

// empty says that there is no content, where a message could have some.
func (m cleanMessage) empty() cleanMessage {
	m.fields = withUsual(m.fields, "Content-Length: 0")
	return m
}

func encode(coding, content string) string {
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b) // fails only for bad options
	}
	_, _ = io.WriteString(w, content) // into memory
	_ = w.Close()
	return b.String()
}

// withUsual adds usual fields to those that are given.
func withUsual(given []string, usual ...string) []string {
	var all []string
	for _, u := range usual {
		name, _, _ := strings.Cut(u, ":")
		if !slices.ContainsFunc(given, func(g string) bool {
			n, _, _ := strings.Cut(strings.TrimPrefix(g, "-"), ":")
			return strings.EqualFold(n, name)
		}) {
			all = append(all, u)
		}
	}
	for _, g := range given {
		if !strings.HasPrefix(g, "-") {
			all = append(all, g)
		}
	}
	return all
}

// text returns the case in text form.
func (c *cleanCase) text(version string) string {
	var b strings.Builder
	facts := "* started 2026-01-02T03:04:05Z\n* scheme https\n" +
		"* client peer=127.0.0.1:5000 tls=0x0304 alpn=%[1]s sni=shop.test\n* origin peer=203.0.113.5:443 tls=0x0304 cipher=0x1301 alpn=%[1]s sni=shop.test\n"
	if slices.Contains(c.facts, "scheme http") {
		facts = "* started 2026-01-02T03:04:05Z\n* client peer=127.0.0.1:5000\n* origin peer=203.0.113.5:80\n"
	}
	alpn := "http/1.1"
	if version == "HTTP/2" {
		alpn = "h2"
	}
	b.WriteString(strings.ReplaceAll(facts, "%[1]s", alpn))
	for _, f := range c.facts {
		b.WriteString("* " + f + "\n")
	}
	c.request.write(&b, ">", version)
	for i := range c.response {
		c.response[i].write(&b, "<", version)
	}
	return b.String()
}

func (m *cleanMessage) write(b *strings.Builder, mark, version string) {
	start := m.start + " " + version
	if mark == "<" {
		start = version + " " + m.start
		if version == "HTTP/2" {
			code, _, _ := strings.Cut(m.start, " ")
			start = version + " " + code
		}
	}
	b.WriteString(mark + " " + start + "\n")
	for _, f := range m.fields {
		name, value, _ := strings.Cut(f, ":")
		if version == "HTTP/2" {
			name = strings.ToLower(name)
			if name == "transfer-encoding" || name == "connection" || name == "keep-alive" {
				continue
			}
		}
		b.WriteString(mark + " " + name + ":" + escape(value) + "\n")
	}
	b.WriteString(mark + "\n")
	if m.content != "" {
		for line := range strings.SplitSeq(m.content, "\n") {
			b.WriteString(mark + " " + escape(line) + "\n")
		}
	}
	for _, f := range m.trailer {
		b.WriteString(mark + "~ " + f + "\n")
	}
}

func escape(line string) string {
	var b strings.Builder
	for i := range len(line) {
		if c := line[i]; c == '\\' || c < 0x20 || c > 0x7e {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// TestCleanCases runs all rules over exemplary exchanges: none may have more
// than an explanation to give. Those that HTTP/2 can carry are tried in it too.
func TestCleanCases(t *testing.T) {
	set := defaultSet(t)
	cases := cleanCases()
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("two cases are called %s", c.name)
		}
		names[c.name] = true
		for _, version := range []string{"HTTP/1.1", "HTTP/2"} {
			if version == "HTTP/2" && c.isOnly1() {
				continue
			}
			text := c.text(version)
			x, err := exchange.ParseText(text)
			if err != nil {
				t.Errorf("%s: %v in\n%s", c.name, err, text)
				continue
			}
			for _, n := range set.All(x, nil) {
				if n.Severity > annotate.Info {
					t.Errorf("%s in %s: %s %s: %s\n%.1200s", c.name, version, n.Severity, n.Rule.ID, n.Message, text)
				}
			}
		}
	}
	if len(cases) < 200 {
		t.Errorf("%d cases, want 200", len(cases))
	}
}

// isOnly1 reports whether a case cannot be in HTTP/2.
func (c *cleanCase) isOnly1() bool {
	if slices.Contains(c.facts, "scheme http") || strings.HasPrefix(c.request.start, "CONNECT") {
		return true
	}
	return slices.ContainsFunc(c.request.fields, func(f string) bool { return strings.HasPrefix(f, "Upgrade:") }) ||
		slices.ContainsFunc(c.response, func(m cleanMessage) bool {
			return strings.HasPrefix(m.start, "101") || slices.ContainsFunc(m.fields, func(f string) bool { return strings.HasPrefix(f, "Upgrade:") })
		})
}
