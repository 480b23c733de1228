package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A request is what a client is asked to send. As a line for the scripts in
// testdata it is method, URL, field and content in base64, between tabs.
type request struct {
	method, target, url string
	field               string // a field line to add, "Name: value", or ""
	body                string
}

func (r request) String() string { return r.method + " " + r.url }

// A response is what a client shows of one. The scripts print it as a line
// "STATUS REASON", the field lines, an empty line, and the content in base64.
type response struct {
	status  int
	version string   // "1.1", "2"; "" when the client does not tell
	reason  string   // "" when the client does not tell
	fields  []string // "Name: value"
	body    []byte
}

// field returns the first value of a field.
func (r *response) field(name string) string {
	for _, l := range r.fields {
		if n, v, _ := strings.Cut(l, ": "); strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// scriptInput lists requests for a script.
func scriptInput(requests []request) io.Reader {
	var b bytes.Buffer
	for _, r := range requests {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", r.method, r.url, r.field, base64.StdEncoding.EncodeToString([]byte(r.body)))
	}
	return &b
}

// scriptOutput reads what a script printed.
func scriptOutput(t *testing.T, out []byte) (all []*response) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(out))
	line := func() string {
		s, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("the output ends in response %d: %q", len(all)+1, s)
		}
		return strings.TrimRight(s, "\r\n")
	}
	for {
		if _, err := r.Peek(1); err == io.EOF {
			return all
		}
		resp := &response{}
		code, reason, _ := strings.Cut(line(), " ")
		var err error
		if resp.status, err = strconv.Atoi(code); err != nil {
			t.Fatalf("response %d: %v", len(all)+1, err)
		}
		resp.reason = reason
		for l := line(); l != ""; l = line() {
			resp.fields = append(resp.fields, l)
		}
		if resp.body, err = base64.StdEncoding.DecodeString(line()); err != nil {
			t.Fatalf("response %d: %v", len(all)+1, err)
		}
		all = append(all, resp)
	}
}

// parseHTTP reads one response as text, with interim ones before it.
func parseHTTP(t *testing.T, text []byte) *response {
	t.Helper()
	for {
		head, rest, ok := bytes.Cut(text, []byte("\r\n\r\n"))
		lines := strings.Split(string(head), "\r\n")
		m := regexp.MustCompile(`^HTTP/(\S+) (\d{3}) ?(.*)$`).FindStringSubmatch(lines[0])
		if !ok || m == nil {
			t.Fatalf("no response: %.200q", text)
		}
		status, _ := strconv.Atoi(m[2])
		if status < 200 && status != http.StatusSwitchingProtocols {
			text = rest
			continue
		}
		return &response{status: status, version: m[1], reason: m[3], fields: lines[1:], body: rest}
	}
}

// endToEnd returns the fields that a response has with and without the proxy.
// ordered keeps their order and case.
func endToEnd(fields []string, ordered bool) (kept []string) {
	for _, l := range fields {
		name, value, _ := strings.Cut(l, ":")
		value = strings.TrimSpace(value)
		lower := strings.ToLower(name)
		switch {
		case hopByHop[lower] && lower != "transfer-encoding", strings.HasPrefix(lower, "sidenote"):
			continue
		case lower == "server-timing":
			if value = withoutOurs(value); value == "" {
				continue
			}
		case lower == "date":
			value = "any"
		}
		if !ordered {
			name = lower
		}
		kept = append(kept, name+": "+value)
	}
	if !ordered {
		slices.Sort(kept)
	}
	return kept
}

// withoutOurs takes our metrics out of a Server-Timing value; a client may
// show all lines of a field as one.
func withoutOurs(value string) string {
	var kept []string
	for metric := range strings.SplitSeq(value, ",") {
		if metric = strings.TrimSpace(metric); !strings.HasPrefix(metric, "sn-") {
			kept = append(kept, metric)
		}
	}
	return strings.Join(kept, ", ")
}

// same compares a response without and with the proxy.
func same(t *testing.T, r request, direct, through *response, ordered bool) {
	t.Helper()
	if direct.status != through.status || direct.reason != through.reason || direct.version != through.version {
		t.Errorf("%s: %s %d %q, and with the proxy %s %d %q", r, direct.version, direct.status, direct.reason,
			through.version, through.status, through.reason)
	}
	if want, got := endToEnd(direct.fields, ordered), endToEnd(through.fields, ordered); !slices.Equal(want, got) {
		t.Errorf("%s: fields\n\t%s\nand with the proxy\n\t%s", r, strings.Join(want, "\n\t"), strings.Join(got, "\n\t"))
	}
	if !bytes.Equal(direct.body, through.body) {
		t.Errorf("%s: %d octets of content, and with the proxy %d others:\n%.400q\n%.400q", r, len(direct.body), len(through.body), direct.body, through.body)
	}
}

var exchangeField = regexp.MustCompile(`^"([0-9a-z]+)";v=1;class=[a-z-]+;verdict=[a-z]+;phase=headers;more=\d+$`)

// seen checks what the proxy made of requests once it has stopped: of each a
// console line, a record and a response field, and nothing else.
func seen(t *testing.T, p *process, requests []request, responses []*response) {
	t.Helper()
	records, lines := p.records(p.logFile), p.lines()
	if len(records) != len(requests) || len(lines) != len(requests) || len(p.records(p.save)) != len(requests) {
		t.Errorf("%d requests gave %d records, %d saved, %d console lines", len(requests), len(records), len(p.records(p.save)), len(lines))
	}
	byID := map[string]record{}
	count := map[string]int{}
	for _, r := range records {
		byID[r.text("sidenote.exchange.id")] = r
		count[r.text("http.request.method")+" "+r.text("url.full")]--
	}
	for i, r := range requests {
		count[r.String()]++
		status := responses[i].status
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, fmt.Sprintf(" %d %s ", status, r)) }) {
			t.Errorf("%s: no line on the console with status %d", r, status)
		}
		field := responses[i].field("Sidenote-Exchange")
		if status == http.StatusNotModified {
			if field != "" {
				t.Errorf("%s: a 304 has Sidenote-Exchange", r)
			}
			continue
		}
		m := exchangeField.FindStringSubmatch(field)
		if m == nil {
			t.Errorf("%s: Sidenote-Exchange is %q", r, field)
			continue
		}
		if x := byID[m[1]]; x.text("url.full") != r.url || x.number("http.response.status_code") != status {
			t.Errorf("%s: the record %s is of %s, status %v", r, m[1], x.text("url.full"), x["http.response.status_code"])
		}
	}
	for what, n := range count {
		if n != 0 {
			t.Errorf("%s: %+d records", what, -n)
		}
	}
}
