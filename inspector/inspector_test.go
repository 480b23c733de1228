package inspector_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/inspector"
	"sidenote/sink/store"
)

// A desk is an inspector with a few exchanges, as a test uses it.
type desk struct {
	*inspector.Inspector
	store  *store.Store
	server *httptest.Server
	router routers.Router
	sent   []*http.Request
	others []string      // methods of what other pages send at the same time
	answer io.ReadCloser // the content of what is sent by hand; nil for none
}

const secretCart = `> GET /v1/cart?token=s3cretvalue HTTP/1.1
> Host: shop.test
> Authorization: Bearer abcdefghijklmnop
> User-Agent: curl/8.9.1
>
< HTTP/1.1 200 OK
< Content-Type: application/json
< Content-Length: 17
<
< {"a":[1,{"b":2}]}
`

const tooMany = `> POST /v1/orders HTTP/1.1
> Host: shop.test
> Content-Type: application/json
> Content-Length: 7
>
> {"n":1}
< HTTP/1.1 429 Too Many Requests
< Content-Type: text/html
< Content-Length: 53
<
< <img src=x onerror="fetch('/api/v1/clear')"> too many
`

const moved = "> GET /old HTTP/1.1\n> Host: shop.test\n> User-Agent: curl/8.9.1\n>\n< HTTP/1.1 301 Moved Permanently\n< Location: /v1/cart?token=s3cretvalue\n< Content-Length: 0\n<\n"

// retryLater is a rule for the exchanges of the desk.
var retryLater = &annotate.Rule{
	ID: "status/429-missing-retry-after", Severity: annotate.Warn, Blame: annotate.ByOrigin, Title: "a 429 without Retry-After",
	Refs: []string{"RFC 6585 §4", "custom"}, Help: "Retry-After: 120", Doc: "Clients guess.", Good: []string{moved},
	When: annotate.When{Status: []int{429}},
	Check: func(p *annotate.Pass) {
		p.Note(exchange.Place{Message: exchange.InResponse, Part: exchange.PartField, Field: "Retry-After", Line: -1}, "no Retry-After")
	},
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	list := []*annotate.Rule{retryLater, {ID: "test/raw", Severity: annotate.Warn, Title: "reads raw heads", Doc: "Raw.", Help: "raw", Needs: annotate.NeedsRawHead, Check: func(*annotate.Pass) {}}}
	set, err := annotate.NewSet(list, annotate.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{store: store.New(store.Options{})}
	judge := func(x *exchange.Exchange) *annotate.Annotated {
		return &annotate.Annotated{X: x, Notes: set.All(x, nil)}
	}
	for n, text := range []string{moved, secretCart, tooMany} {
		x, err := exchange.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		x.ID, x.Run = fmt.Sprint("id", n), "run"
		x.Started = time.Date(2026, 5, 1, 12, 0, n, 0, time.UTC)
		x.Timing.Done = time.Duration(n+1) * 100 * time.Millisecond
		d.store.Add(judge(x), store.Live)
	}
	failed, _ := exchange.ParseText("> GET /x HTTP/1.1\n> Host: down.test\n>\n")
	failed.Err = &exchange.Err{Code: "connect_refused", Detail: "connect: connection refused"}
	failed.Started = time.Date(2026, 5, 1, 12, 0, 9, 0, time.UTC)
	d.store.Add(judge(failed), store.Live)

	d.Inspector = inspector.New(inspector.Options{
		Store: d.store, Redact: exchange.NewRedactor(nil), Version: "test", Run: "run", Judge: judge, Rules: list,
		Page:    fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>page</title>")}, "assets/a-1.js": {Data: []byte("1")}},
		Explain: func(thing string) (any, error) { return map[string]string{"title": thing}, nil },
		Send: func(r *http.Request) (*http.Response, func(*exchange.Exchange) bool, error) {
			d.sent = append(d.sent, r)
			body := io.ReadCloser(http.NoBody)
			if d.answer != nil {
				body = d.answer
			}
			for _, method := range append(d.others, r.Method) {
				x, _ := exchange.ParseText("> " + method + " /again HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 204 No Content\n<\n")
				d.store.Add(judge(x), store.ByHand)
			}
			return &http.Response{StatusCode: 204, Body: body}, func(x *exchange.Exchange) bool { return x.Request.Method == r.Method }, nil
		},
	})
	d.server = httptest.NewServer(d.Handler())
	t.Cleanup(func() { d.Close(); d.server.Close() })
	return d
}

// described loads the description that the inspector serves.
func (d *desk) described(t *testing.T) {
	t.Helper()
	_, b := d.get(t, "/api/v1/openapi.yaml")
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: d.server.URL + "/api/v1"}}
	if d.router, err = gorillamux.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) do(t *testing.T, method, path, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, d.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if d.router != nil {
		d.compare(t, req, resp, b)
	}
	return resp, string(b)
}

func (d *desk) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	return d.do(t, "GET", path, "")
}

// compare holds a response to the description.
func (d *desk) compare(t *testing.T, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	route, params, err := d.router.FindRoute(req)
	if err != nil {
		t.Errorf("%s %s: not in the description: %v", req.Method, req.URL, err)
		return
	}
	if strings.HasSuffix(req.URL.Path, "/content") || strings.HasSuffix(req.URL.Path, "/export") || strings.HasSuffix(req.URL.Path, ".yaml") {
		return // octets of any kind
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header,
	}
	in.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		t.Errorf("%s %s: not as described: %v\n%s", req.Method, req.URL, err, body)
	}
}

func TestEveryAnswerIsAsDescribed(t *testing.T) {
	d := newDesk(t)
	d.described(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"GET", "/api/v1/exchanges", "", 200, `"total":4`},
		{"GET", "/api/v1/exchanges?filter=status:4xx&order=duration&down=true&limit=1&from=0", "", 200, `"total":1`},
		{"GET", "/api/v1/exchanges?filter=nokey:1", "", 400, `"end":5`},
		{"GET", "/api/v1/exchanges?order=colour", "", 400, "colour"},
		{"GET", "/api/v1/exchanges?limit=100000", "", 400, "limit"},
		{"GET", "/api/v1/exchanges?from=x", "", 400, "from"},
		{"GET", "/api/v1/exchanges/1", "", 200, `"code":301`},
		{"GET", "/api/v1/exchanges/3", "", 200, "status/429-missing-retry-after"},
		{"GET", "/api/v1/exchanges/4", "", 200, `"code":"connect_refused"`},
		{"GET", "/api/v1/exchanges/99", "", 404, "no exchange"},
		{"GET", "/api/v1/exchanges/zz", "", 404, "number"},
		{"GET", "/api/v1/exchanges/3/place", "", 200, `{"spot":"listed","ordinal":2}`},
		{"GET", "/api/v1/exchanges/3/place?filter=status:429", "", 200, `{"spot":"listed","ordinal":0}`},
		{"GET", "/api/v1/exchanges/1/place?order=duration&down=true", "", 200, `{"spot":"listed","ordinal":2}`},
		{"GET", "/api/v1/exchanges/3/place?filter=status:200", "", 200, `"spot":"hidden"`},
		{"GET", "/api/v1/exchanges/3/place?filter=nokey:1", "", 400, `"end":5`},
		{"GET", "/api/v1/exchanges/3/place?order=colour", "", 400, "colour"},
		{"GET", "/api/v1/exchanges/99/place", "", 404, "no exchange"},
		{"GET", "/api/v1/ids/id2", "", 200, `"rules":[{"rule":"status/429-missing-retry-after","severity":"warn","count":1}]`},
		{"GET", "/api/v1/ids/id2?run=run", "", 200, `"seq":3`},
		{"GET", "/api/v1/ids/id2?run=other", "", 404, "another sidenote"},
		{"GET", "/api/v1/ids/id9", "", 404, `named \"id9\"`},
		{"PATCH", "/api/v1/exchanges/2", `{"pinned":true,"comment":"look"}`, 200, `"pinned":true`},
		{"PATCH", "/api/v1/exchanges/2", `{"colour":1}`, 400, "unknown field"},
		{"PATCH", "/api/v1/exchanges/2", `{"comment":"` + strings.Repeat("a", 5000) + `"}`, 400, "4096"},
		{"GET", "/api/v1/exchanges/1/related", "", 200, `"redirects":[{"seq":1`},
		{"GET", "/api/v1/exchanges/2/copy?as=go", "", 200, "http.NewRequest"},
		{"GET", "/api/v1/exchanges/2/copy?as=cobol", "", 400, "cobol"},
		{"POST", "/api/v1/exchanges/2/resend", `{}`, 200, `"seq":5`},
		{"POST", "/api/v1/exchanges/2/resend", `{"url":"ftp://x"}`, 422, "URL"},
		{"POST", "/api/v1/exchanges/2/resend", `{"base64":"%"}`, 422, "base64"},
		{"POST", "/api/v1/exchanges/2/resend", `{"method":"BAD METHOD"}`, 422, "not a request"},
		{"GET", "/api/v1/overview?filter=host:shop.test", "", 200, `{"class":4,"count":1,"filter":"status:4xx -is:unanswered"}`},
		{"GET", "/api/v1/groups?by=host", "", 200, `"value":"shop.test","filter":"host:=shop.test"`},
		{"GET", "/api/v1/groups?by=colour", "", 400, "colour"},
		{"GET", "/api/v1/complete?filter=host:", "", 200, "down.test"},
		{"GET", "/api/v1/explain?thing=404", "", 200, "404"},
		{"GET", "/api/v1/setup", "", 200, `"run":"run"`},
		{"GET", "/api/v1/exchanges/2/response/content?form=pretty", "", 200, "  \"a\": ["},
		{"GET", "/api/v1/exchanges/2/nothing/content", "", 404, "request or of the response"},
		{"GET", "/api/v1/exchanges/2/response/content?form=baked", "", 422, "baked"},
		{"GET", "/api/v1/exchanges/2/response/content?form=preview", "", 422, "no preview"},
		{"GET", "/api/v1/export?format=har&filter=status:429", "", 200, `"status":429`},
		{"GET", "/api/v1/export?format=zip", "", 400, "har or jsonl"},
		{"GET", "/api/v1/export?format=har&seq=a", "", 400, "seq"},
		{"POST", "/api/v1/import?name=x.har", `{"log":{"version":"1.2","entries":[{"request":{"me`, 422, "x.har"},
		{"POST", "/api/v1/pause", `{"on":true}`, 200, `"paused":true`},
		{"POST", "/api/v1/pause", `on`, 400, "content"},
		{"POST", "/api/v1/clear", `{}`, 200, `"setAside":1`},
		{"POST", "/api/v1/clear", `{"pinned":true}`, 200, `"entries":0`},
		{"GET", "/api/v1/exchanges/1", "", 410, "make room"},
	} {
		resp, body := d.do(t, c.method, c.path, c.body)
		if resp.StatusCode != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s %s: %d, want %d with %q:\n%.600s", c.method, c.path, resp.StatusCode, c.status, c.has, body)
		}
		if resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: Cache-Control is %q", c.method, c.path, resp.Header.Get("Cache-Control"))
		}
	}
}

func TestSecretsStayInside(t *testing.T) {
	d := newDesk(t)
	paths := []string{
		"/api/v1/exchanges", "/api/v1/exchanges/1", "/api/v1/exchanges/2", "/api/v1/exchanges/1/related", "/api/v1/overview",
		"/api/v1/export?format=har", "/api/v1/export?format=jsonl", "/api/v1/groups?by=route", "/api/v1/groups?by=host",
	}
	for as := range map[string]bool{"curl": true, "fetch": true, "python": true, "go": true, "httpie": true, "raw": true} {
		paths = append(paths, "/api/v1/exchanges/2/copy?as="+as)
	}
	for _, path := range paths {
		resp, body := d.get(t, path)
		if resp.StatusCode != 200 || strings.Contains(body, "s3cretvalue") || strings.Contains(body, "abcdefghijklmnop") {
			t.Errorf("%s: %d, and a secret is in\n%.900s", path, resp.StatusCode, body)
		}
	}
}

func TestContentNeverRuns(t *testing.T) {
	d := newDesk(t)
	for _, form := range []string{"raw", "decoded", "pretty", "hex", "preview"} {
		resp, body := d.get(t, "/api/v1/exchanges/3/response/content?form="+form)
		h := resp.Header
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", form, h)
		}
		html := strings.HasPrefix(h.Get("Content-Type"), "text/html")
		if attached := strings.HasPrefix(h.Get("Content-Disposition"), "attachment"); attached == (form == "preview") || html != (form == "preview") {
			t.Errorf("%s: %v", form, h)
		}
		if len(body) == 0 {
			t.Errorf("%s: nothing", form)
		}
	}
	resp, body := d.get(t, "/api/v1/exchanges/3/response/content?form=decoded&offset=1&limit=3")
	if body != "img" || resp.Header.Get("X-Total") != "53" {
		t.Errorf("a part: %q of %s", body, resp.Header.Get("X-Total"))
	}
}

func TestExportsCanBeImported(t *testing.T) {
	for _, format := range []string{"har", "jsonl"} {
		d := newDesk(t)
		resp, body := d.get(t, "/api/v1/export?format="+format+"&seq=2,3")
		if !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
			t.Error(resp.Header)
		}
		d.store.Pause(true) // which does not keep files out
		if resp, answer := d.do(t, "POST", "/api/v1/import?name=a."+format, body); resp.StatusCode != 200 || !strings.Contains(answer, `"taken":2,"first":5`) {
			t.Fatalf("%s: %s", format, answer)
		}
		e, ok, _ := d.store.Get(6)
		if !ok || e.Status != 429 || len(e.Notes) == 0 || string(e.X.Request.Content.Kept) != `{"n":1}` {
			t.Errorf("%s: %+v", format, e.Row)
		}
		_, again := d.get(t, "/api/v1/exchanges/6")
		if !strings.Contains(again, `"source":"a.`+format+`:`) {
			t.Errorf("%s: no source in %.300s", format, again)
		}
	}
}

// TestImportSaysWhatWasNotJudged: as lint says it at its end.
func TestImportSaysWhatWasNotJudged(t *testing.T) {
	d := newDesk(t)
	har := `{"log":{"creator":{"name":"x"},"entries":[
		{"request":{"method":"GET","url":"https://a.test/","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"a.test"}]},"response":{"status":204,"httpVersion":"HTTP/1.1","headers":[{"name":"Date","value":"Fri, 02 Jan 2026 03:04:05 GMT"}]}},
		{"request":{"method":"GET","url":"data:,x","headers":[]},"response":{"status":200,"headers":[]}}]}}`
	resp, body := d.do(t, "POST", "/api/v1/import?name=a.har", har)
	for _, want := range []string{`"taken":1,`, `"not judged: 1 entry with a data:, blob: or other URL`, `"1 of 2 rules was silent; not recorded: raw headers (1)"`} {
		if resp.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, without %s: %s", resp.StatusCode, want, body)
		}
	}
	_, own := d.get(t, "/api/v1/export?format=jsonl")
	if _, body := d.do(t, "POST", "/api/v1/import?name=a.jsonl", own); strings.Contains(body, `not judged: `) {
		t.Errorf("a JSONL that sidenote saved: %s", body)
	}
}

func TestHalfAFileIsTakenAsFarAsItGoes(t *testing.T) {
	d := newDesk(t)
	_, whole := d.get(t, "/api/v1/export?format=har")
	resp, body := d.do(t, "POST", "/api/v1/import?name=half.har", whole[:len(whole)*2/3])
	if resp.StatusCode != 200 || !strings.Contains(body, "half.har") || strings.Contains(body, `"taken":0`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// news reads events until one holds a text.
func news(t *testing.T, in *bufio.Scanner, want string) {
	t.Helper()
	for in.Scan() {
		if strings.HasPrefix(in.Text(), "data: ") && strings.Contains(in.Text(), want) {
			return
		}
	}
	t.Fatalf("the stream ended before %q: %v", want, in.Err())
}

func TestEvents(t *testing.T) {
	d := newDesk(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	open := func(last string) (*http.Response, *bufio.Scanner) {
		req, _ := http.NewRequestWithContext(ctx, "GET", d.server.URL+"/api/v1/events", nil)
		if last != "" {
			req.Header.Set("Last-Event-ID", last)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp, bufio.NewScanner(resp.Body)
	}
	resp, in := open("")
	news(t, in, `"last":4`)
	x, _ := exchange.ParseText(moved)
	d.store.Add(&annotate.Annotated{X: x}, store.Live)
	news(t, in, `"last":5`)
	d.store.Change(2, func(e *store.Entry) { e.Pinned = true })
	news(t, in, `"changed":[2]`)
	resp.Body.Close()

	resp, in = open("0") // as after a gap
	news(t, in, `"changed":[2]`)
	defer resp.Body.Close()
	d.Close()
	for in.Scan() { // ends, or the test does
	}
}

// TestManyChangesAreFewEvents sees that a burst is told in a few words.
func TestManyChangesAreFewEvents(t *testing.T) {
	d := newDesk(t)
	resp, err := http.Get(d.server.URL + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewScanner(resp.Body)
	x, _ := exchange.ParseText(moved)
	for range 20000 {
		d.store.Add(&annotate.Annotated{X: x}, store.Live)
	}
	count := 0
	for in.Scan() {
		if strings.HasPrefix(in.Text(), "data: ") {
			count++
			if strings.Contains(in.Text(), `"last":20004`) {
				break
			}
		}
	}
	if count > 50 {
		t.Errorf("%d events for one burst", count)
	}
}

func TestPage(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		method, path string
		status       int
		cache        string
	}{
		{"GET", "/", 200, "no-store"}, {"HEAD", "/", 200, "no-store"}, {"GET", "/assets/a-1.js", 200, "private, max-age=31536000, immutable"},
		{"GET", "/nothing", 404, ""}, {"POST", "/", 405, ""}, {"GET", "/../../etc/passwd", 307, ""},
		{"GET", "/api/v2/x", 404, ""},
	} {
		req, _ := http.NewRequest(c.method, d.server.URL+c.path, nil)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status || c.cache != "" && resp.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s %s: %d %q", c.method, c.path, resp.StatusCode, resp.Header.Get("Cache-Control"))
		}
		if policy := resp.Header.Get("Content-Security-Policy"); c.status == 200 && (!strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self'")) {
			t.Errorf("%s: policy %q", c.path, policy)
		}
	}
}

// TestTunnelHasNoPath sees that the authority of CONNECT is not said twice.
func TestTunnelHasNoPath(t *testing.T) {
	d := newDesk(t)
	x, err := exchange.ParseText("> CONNECT shop.test:443 HTTP/1.1\n> Host: shop.test:443\n>\n< HTTP/1.1 200 OK\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	d.store.Add(&annotate.Annotated{X: x}, store.Live)
	for path, want := range map[string]string{
		"/api/v1/exchanges?filter=method:CONNECT": `"host":"shop.test:443","path":"","route":""`,
		"/api/v1/overview?filter=method:CONNECT":  `"method":"CONNECT","host":"shop.test:443","route":""`,
	} {
		if _, body := d.get(t, path); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in %.600s", path, want, body)
		}
	}
}

func TestChainIsShown(t *testing.T) {
	d := newDesk(t)
	x, err := exchange.ParseText(moved)
	if err != nil {
		t.Fatal(err)
	}
	x.Origin.TLS = &exchange.TLS{
		Version: tls.VersionTLS13, Certificate: &exchange.Certificate{Subject: "CN=shop.test", Issuer: "CN=Issuing"},
		Chain: []*exchange.Certificate{{Subject: "CN=Issuing", Issuer: "CN=Root"}, {Subject: "CN=\xffRoot", Issuer: "CN=Root"}},
	}
	d.described(t)
	seq := d.store.Add(&annotate.Annotated{X: x}, store.Live)
	_, body := d.get(t, fmt.Sprint("/api/v1/exchanges/", seq))
	var got struct {
		Outbound struct {
			TLS struct {
				Chain []struct{ Subject, Issuer string }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.Outbound.TLS.Chain; len(c) != 2 || c[0].Subject != "CN=Issuing" || c[0].Issuer != "CN=Root" || c[1].Subject != "CN=ÿRoot" {
		t.Errorf("%+v", c)
	}
}
