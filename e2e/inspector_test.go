package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sidenote/e2e/scale"
)

// picturesVariable names a folder for pictures of the inspector's views; those
// of the documents are made with it.
const picturesVariable = "SIDENOTE_TEST_PICTURES"

// A pageTest is what e2e/node/inspector.mjs is given, and what it asks for while
// it works the page.
type pageTest struct {
	t        *testing.T
	p        *process
	args     []string
	clear    *httptest.Server
	secure   *httptest.Server
	raw      string
	requests int
	held     chan struct{} // lets /held send its head, and then its end
}

// TestInspector works the inspector's page in a browser as people do, with real
// traffic behind it. Each script has a sidenote and a browser of its own.
func TestInspector(t *testing.T) {
	t.Parallel()
	nodePackage(t, "playwright-core")
	nodePackage(t, "axe-core")
	_, largeStore := large()
	for _, s := range []struct {
		name  string
		least int // steps
		args  []string
	}{
		{name: "inspector", least: 25},
		{name: "attacks", least: 8},
		{name: "faults", least: 25},
		{name: "looks", least: 13},
		{name: "hands", least: 40},
		{name: "messages", least: 7, args: []string{"--keep-messages", "32MB"}},
		{name: "corners", least: 8, args: []string{"--keep-content", "128MB", "--store-bytes", largeStore}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			newPageTest(t, s.args...).work(s.name+".mjs", s.least)
		})
	}
}

// newPageTest starts a sidenote and origin servers.
func newPageTest(t *testing.T, args ...string) *pageTest {
	t.Helper()
	a := newAuthority(t)
	x := &pageTest{t: t, raw: rawOrigin(t), held: make(chan struct{})}
	x.clear, x.secure = servers(t, a, x.holding(shop()))
	ports := freePorts(t, 2)
	x.args = append([]string{
		"--listen", fmt.Sprintf("127.0.0.1:%d", ports[0]), "--admin", fmt.Sprintf("127.0.0.1:%d", ports[1]),
		"--ca-dir", filepath.Join(t.TempDir(), "ca"), "--upstream-ca", a.file,
	}, args...)
	x.begin()
	return x
}

// holding answers /held when it is told to, and everything else at once.
func (x *pageTest) holding(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/held":
		case "/events":
			x.events(w, r)
			return
		default:
			next.ServeHTTP(w, r)
			return
		}
		<-x.held
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_ = http.NewResponseController(w).Flush()
		<-x.held
		io.WriteString(w, "done\n")
	})
}

// events sends three events, as many more as the query says, and, where it is
// held, two more when it is told to.
func (x *pageTest) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w).Flush
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(w, "id: %d\nevent: price\ndata: {\"item\":\"pencil\",\"price\":%d.5,\"note\":\"<img src=x onerror=canary=11>\"}\n\n", i, i)
		_ = flush()
	}
	more, _ := strconv.Atoi(r.URL.Query().Get("more"))
	for i := range more {
		fmt.Fprintf(w, "data: tick %d\n\n", i)
	}
	if r.URL.Query().Has("held") {
		<-x.held
		fmt.Fprint(w, "event: bye\ndata: last but one\n\ndata: last\n\n")
		_ = flush()
		<-x.held
	}
}

// work runs a script, whose steps are tests of their own.
func (x *pageTest) work(script string, least int) {
	t := x.t
	millions, _ := large()
	dir := t.TempDir()
	steps := 0
	err := scale.Script{
		Node: need(t, "node"), Folder: "node", Name: script, Env: append(plainEnv(dir), "TZ=UTC", "SIDENOTE_TEST_SHOW="+os.Getenv("SIDENOTE_TEST_SHOW"), "SIDENOTE_TEST_WAIT="+os.Getenv("SIDENOTE_TEST_WAIT")),
		Config: map[string]string{
			"chromium": need(t, "chromium"), "pictures": os.Getenv(picturesVariable), "link": x.p.open("--print", "--admin", x.p.admin), "dir": dir,
			"large": strconv.Itoa(millions), "clear": x.base(), "raw": "http://" + x.raw,
		},
	}.Run(x.serve, func(line []byte) error {
		var said struct {
			Step, Failed string
			Took         int // milliseconds
		}
		if err := json.Unmarshal(line, &said); err != nil {
			return err
		}
		steps++
		t.Run(said.Step, func(t *testing.T) {
			t.Logf("%d ms", said.Took)
			if said.Failed != "" {
				t.Error(said.Failed)
			}
		})
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if steps < least {
		t.Errorf("only %d steps were made", steps)
	}
}

// serve does what the script asks for.
func (x *pageTest) serve(what string) {
	switch what {
	case "traffic":
		x.visit()
	case "one":
		x.get("GET", x.base()+"/v1/cart", "")
	case "three notes":
		x.get("GET", x.base()+"/v1/account", "")
	case "large":
		x.get("GET", x.base()+"/large", "")
	case "hostile":
		for at := range map[string]bool{"value": true, "json": true, "html": true, "reason": true, "type": true, "location": true} {
			for with := range weapons {
				x.get("GET", "http://"+x.raw+"/?at="+at+"&with="+url.QueryEscape(with), "")
			}
		}
		x.get("GET", x.base()+"/v1/%3Cimg%20src=x%20onerror=canary=1%3E?q=%22%3E%3Cscript%3Ecanary=2%3C/script%3E", "")
		x.get("POST", x.base()+"/hostile", "<script>canary=3</script>")
	case "hold":
		go x.get("GET", x.base()+"/held?token=secret", "")
	case "events":
		go x.get("GET", x.base()+"/events?held", "")
	case "many events":
		x.get("GET", x.base()+"/events?more=20000", "")
	case "go on":
		x.held <- struct{}{}
	case "nowhere":
		x.get("GET", "http://nowhere.invalid/cart", "")
	case "media":
		x.get("GET", x.base()+"/media.wav", "")
		x.get("GET", x.base()+"/media.webm", "")
		x.get("GET", x.base()+"/hostile", "")
		x.get("GET", strings.Replace(x.base(), "shop.localhost", "127.0.0.1", 1)+"/v1/cart", "")
		x.get("GET", x.secure.URL+"/missing", "")
	case "refuse":
		client := x.client(nil)
		if r, err := client.Get(x.secure.URL + "/v1/cart"); err == nil {
			r.Body.Close()
			x.t.Error("a client without the CA got an answer")
		}
	case "stop":
		x.p.stop()
	case "start":
		x.begin()
	default:
		x.t.Errorf("nobody knows what %q is", what)
	}
}

func (x *pageTest) begin() {
	x.p = start(x.t, x.args...)
	x.p.caDir = x.args[5]
}

// base is the origin server by a name that can be read in pictures.
func (x *pageTest) base() string {
	return strings.Replace(x.clear.URL, "127.0.0.1", "shop.localhost", 1)
}

// client sends everything through the proxy; pool is what it trusts.
func (x *pageTest) client(pool *x509.CertPool) *http.Client {
	proxy := &url.URL{Scheme: "http", Host: x.p.proxy}
	transport := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return proxy, nil }, TLSClientConfig: &tls.Config{RootCAs: pool}}
	x.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (x *pageTest) get(method, target, content string) {
	x.t.Helper()
	pem, err := os.ReadFile(filepath.Join(x.p.caDir, "ca.pem"))
	if err != nil {
		x.t.Error(err)
		return
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	r, err := http.NewRequest(method, target, strings.NewReader(content))
	if err != nil {
		x.t.Error(err)
		return
	}
	agents := []string{"shop-web/2.1", "curl/8.9.1", "shop-ios/7.0"}
	r.Header.Set("User-Agent", agents[x.requests%len(agents)])
	r.Header.Set("Accept", "application/json")
	if content != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	x.requests++
	if resp, err := x.client(pool).Do(r); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// visit is what a visit of the shop asks for.
func (x *pageTest) visit() {
	for range 2 {
		for _, r := range [][3]string{
			{"GET", "/v1/cart"}, {"GET", "/v1/orders/77?expand=items"}, {"POST", "/v1/orders", `{"item":"pencil","count":2}`}, {"GET", "/old"},
			{"GET", "/v1/cart?token=secret&page=2"}, {"GET", "/login"}, {"GET", "/limit"}, {"GET", "/reports/2026"}, {"GET", "/logo.svg"},
			{"GET", "/page"}, {"GET", "/missing/thing"}, {"GET", "/hang"}, {"GET", "/v1/orders/78"},
		} {
			x.get(r[0], x.base()+r[1], r[2])
		}
		x.get("GET", x.secure.URL+"/v1/cart", "")
	}
}

// large is how many octets a large content has, about, in millions; the race
// detector makes looking at each of them slow. Three such contents do not fit
// into a store of largeStore.
func large() (millions int, largeStore string) {
	if raceEnabled {
		return 12, "32MB"
	}
	return 100, "256MB"
}

// wave is half a second of silence.
func wave() string {
	const rate, samples = 8000, 4000
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	head = binary.LittleEndian.AppendUint32(head, rate)
	head = binary.LittleEndian.AppendUint32(head, rate)
	head = append(head, "\x01\x00\x08\x00data"...)
	head = binary.LittleEndian.AppendUint32(head, samples)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(head)-8+samples))
	return string(head) + strings.Repeat("\x80", samples)
}

// shop is an origin server that answers well and badly.
func shop() http.Handler {
	mux := http.NewServeMux()
	answer := func(status int, kind, content string, fields ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			for i := 0; i < len(fields); i += 2 {
				w.Header().Set(fields[i], fields[i+1])
			}
			w.WriteHeader(status)
			io.WriteString(w, content)
		}
	}
	const json = "application/json"
	mux.HandleFunc("/v1/cart", answer(200, json, `{"cart":[{"item":"pencil","count":2,"price":1.5},{"item":"notebook","count":1,"price":4.25}],"total":7.25,"currency":"EUR"}`,
		"Cache-Control", "no-cache", "ETag", `"v1"`))
	mux.HandleFunc("POST /v1/orders", answer(409, "application/problem+json", `{"title":"already ordered","status":400,"detail":"order 77 exists"}`))
	mux.HandleFunc("/v1/orders/77", answer(200, json, `{"id":77,"state":"sent"}`))
	mux.HandleFunc("/v1/orders/78", answer(500, json, `{"error":"database is locked"}`))
	mux.HandleFunc("/old", answer(301, "text/plain; charset=utf-8", "moved\n", "Location", "/v1/cart"))
	mux.HandleFunc("/login", answer(401, "text/plain; charset=utf-8", "who are you?\n"))
	mux.HandleFunc("/v1/account", answer(401, "application/problem+json", `{"title":"who are you?","status":400}`, "Expires", "soon", "ETag", "v1"))
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", json)
		millions, _ := large()
		io.WriteString(w, `{"rows":[{"row":"first needle"}`)
		row := `,{"row":"` + strings.Repeat("ä€", millions*1000/5) + `"}`
		for range 1000 {
			io.WriteString(w, row)
		}
		io.WriteString(w, `,{"row":"last needle"}]}`)
	})
	mux.HandleFunc("/limit", answer(429, json, `{"error":"slow down"}`))
	mux.HandleFunc("/logo.svg", answer(200, "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>parent.canary=4</script><circle cx="4" cy="4" r="4" fill="#2456c9"/></svg>`, "Cache-Control", "max-age=600"))
	mux.HandleFunc("/page", answer(200, "text/html; charset=utf-8", `<!doctype html><title>Shop</title><h1>Hello</h1><script>parent.canary=5;alert(1)</script><img src=x onerror="parent.canary=6">`))
	mux.HandleFunc("/hostile", answer(200, json, "{\"a\":\"<script>canary=7</script><img src=x onerror=canary=8>\\u202e\x00\u202e\"}", "X-Name", `"><img src=x onerror=canary=9>`))
	mux.HandleFunc("/media.wav", answer(200, "audio/wav", wave()))
	mux.HandleFunc("/media.webm", answer(200, "video/webm", "\x1aE\xdf\xa3\x00\xff"+strings.Repeat("\x00\x9b\x81", 400)))
	mux.HandleFunc("/hang", func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			c.Close()
		}
	})
	mux.HandleFunc("/reports/", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(120 * time.Millisecond)
		rows := make([]string, 100)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"row":%d,"name":"row %d"}`, i, i)
		}
		answer(200, json, `{"rows":[`+strings.Join(rows, ",")+`]}`, "Cache-Control", "max-age=60")(w, r)
	})
	return mux
}
