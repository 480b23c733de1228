package demo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// registered are the codes of IANA's registry from 100 to 511.
var registered = []int{
	100, 101, 102, 103, 104,
	200, 201, 202, 203, 204, 205, 206, 207, 208, 226,
	300, 301, 302, 303, 304, 305, 306, 307, 308,
	400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
	421, 422, 423, 424, 425, 426, 428, 429, 431, 451,
	500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
}

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(Origin())
	t.Cleanup(server.Close)
	return server
}

// responses sends one request and reads responses up to the first final one.
func responses(t *testing.T, server *httptest.Server, method, path string) []*http.Response {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: demo.test\r\n\r\n", method, path); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	var all []*http.Response
	for {
		response, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		if response.StatusCode != 101 {
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			response.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		all = append(all, response)
		if response.StatusCode >= 200 || response.StatusCode == 101 {
			return all
		}
	}
}

func TestEveryCodeIsAnswered(t *testing.T) {
	server := serve(t)
	for _, code := range registered {
		for _, manner := range []string{"well", "badly"} {
			all := responses(t, server, "GET", fmt.Sprintf("/%s/%d", manner, code))
			first, last := all[0], all[len(all)-1]
			want := code
			if manner == "well" && code == 208 {
				want = 207 // the only place for a 208 is inside one
			}
			if first.StatusCode != want {
				t.Errorf("%s %d: got %d", manner, code, first.StatusCode)
			}
			if want < 200 && want != 101 && (len(all) != 2 || last.StatusCode != 200) {
				t.Errorf("%s %d: the final response is %d, number %d", manner, code, last.StatusCode, len(all))
			}
		}
	}
}

// TestFieldsThatCodesCallFor finds the field in the well-made response and
// misses it in the other.
func TestFieldsThatCodesCallFor(t *testing.T) {
	server := serve(t)
	for code, field := range map[int]string{
		101: "Upgrade", 103: "Link", 104: "Location", 201: "Location", 202: "Location", 203: "Via", 206: "Content-Range", 226: "IM", 300: "Link",
		301: "Location", 302: "Location", 303: "Location", 304: "ETag", 307: "Location", 308: "Location",
		401: "WWW-Authenticate", 405: "Allow", 407: "Proxy-Authenticate", 412: "ETag", 415: "Accept", 416: "Content-Range",
		426: "Upgrade", 429: "Retry-After", 451: "Link", 503: "Retry-After",
	} {
		well := responses(t, server, "GET", fmt.Sprintf("/well/%d", code))[0]
		badly := responses(t, server, "GET", fmt.Sprintf("/badly/%d", code))[0]
		if well.Header[textproto.CanonicalMIMEHeaderKey(field)] == nil {
			t.Errorf("well %d lacks %s: %v", code, field, well.Header)
		}
		if badly.Header[textproto.CanonicalMIMEHeaderKey(field)] != nil {
			t.Errorf("badly %d has %s", code, field)
		}
	}
}

func TestProblemDocuments(t *testing.T) {
	server := serve(t)
	for code := range errorDetails() {
		for _, manner := range []string{"well", "badly"} {
			response := responses(t, server, "GET", fmt.Sprintf("/%s/%d", manner, code))[0]
			if response.Header.Get("Content-Type") != "application/problem+json" {
				continue
			}
			var document struct{ Status int }
			if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
				t.Errorf("%s %d: %v", manner, code, err)
			}
			if agrees := document.Status == code; agrees != (manner == "well") {
				t.Errorf("%s %d: the document says %d", manner, code, document.Status)
			}
		}
	}
}

func TestAllowLeavesTheRefusedMethodOut(t *testing.T) {
	server := serve(t)
	for _, method := range []string{"GET", "DELETE"} {
		if allow := responses(t, server, method, "/well/405")[0].Header.Get("Allow"); strings.Contains(allow, method) || allow == "" {
			t.Errorf("%s: Allow is %q", method, allow)
		}
	}
}

func TestContentOf204(t *testing.T) {
	server := serve(t)
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /badly/204 HTTP/1.1\r\nHost: a\r\n\r\n")
	b, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(b), "Content-Length: 5\r\n") || !strings.HasSuffix(string(b), "hello") {
		t.Errorf("%q, %v", b, err)
	}
}

func TestFailures(t *testing.T) {
	server := serve(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 300 * time.Millisecond}
	for kind, want := range map[string]string{
		"closed": "EOF", "reset": "reset by peer", "truncated": "unexpected EOF", "chunk": "invalid byte in chunk length",
		"status-line": "malformed HTTP", "field": "malformed MIME header", "stalled": "exceeded",
	} {
		response, err := client.Get(server.URL + "/failing/" + kind)
		if err == nil {
			_, err = io.ReadAll(response.Body)
			response.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", kind, err, want)
		}
	}
	if got := len(failureKinds()); got != 7 {
		t.Errorf("%d kinds of failure; try them all here", got)
	}
}

func TestUnknownPaths(t *testing.T) {
	server := serve(t)
	for path, want := range map[string]int{
		"/": 200, "/well/299": 404, "/well/abc": 404, "/badly/99999999999999999999": 404, "/failing/nothing": 404, "/nowhere": 404, "/slow?ms=1": 200,
	} {
		if got := responses(t, server, "GET", path)[0].StatusCode; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}

// TestWithoutAConnectionToTakeOver covers what HTTP/2 does.
func TestWithoutAConnectionToTakeOver(t *testing.T) {
	for _, path := range []string{"/failing/reset", "/badly/204"} {
		w := httptest.NewRecorder()
		Origin().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusNotImplemented {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
}

func TestTour(t *testing.T) {
	steps := Tour()
	if len(steps) < 15 || len(steps) > 20 {
		t.Errorf("%d steps", len(steps))
	}
	server := serve(t)
	for _, step := range steps {
		if step.Caption == "" || strings.HasSuffix(step.Caption, ".") || len(step.Caption) > 78 {
			t.Errorf("%s %s: caption %q", step.Method, step.Path, step.Caption)
		}
		if strings.HasPrefix(step.Path, "/failing/") {
			continue
		}
		got := responses(t, server, step.Method, step.Path)
		if code := got[len(got)-1].StatusCode; code == 404 && !strings.HasSuffix(step.Path, "/404") {
			t.Errorf("%s %s leads nowhere", step.Method, step.Path)
		}
	}
}
