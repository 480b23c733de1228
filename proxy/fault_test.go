package proxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"

	"sidenote/exchange"
	"sidenote/proxy"
)

// The timeouts of the proxy under test, and how much later than they say a
// failure may be told.
const (
	connectTimeout = 300 * time.Millisecond
	headTimeout    = 400 * time.Millisecond
	idleTimeout    = 350 * time.Millisecond
	slack          = 250 * time.Millisecond
)

// recordsVariable names a file to which the records of this test are added, as
// JSON lines. The end-to-end test uses it to see what the rules say of them.
const recordsVariable = "SIDENOTE_FAULT_RECORDS"

// A way is how the client reaches the origin.
type way uint8

const (
	plain   way = 1 << iota // http
	secure                  // https, intercepted, HTTP/1.1 on both sides
	overH2                  // https, intercepted, HTTP/2 offered by the client
	bothTLS = secure | overH2
	bothH1  = plain | secure
)

func (w way) String() string { return map[way]string{plain: "http", secure: "https", overH2: "h2"}[w] }

// A fault is one way to fail, and what has to come of it.
type fault struct {
	name   string
	ways   way
	port   string // of the listener; "" for that of the way
	host   string // "" for originName
	path   string // "" for "/" and the name
	code   exchange.ErrCode
	detail string        // has to be in Err.Detail
	within time.Duration // how long the failure takes, beside slack
	upload int           // octets of request content
	passed bool          // the client gets the fault as it came, and makes of it what it does without us
}

// A faultRig is a proxy, the origin that fails, and a client for each way.
type faultRig struct {
	*rig
	site    *site
	ports   map[way]string // the listeners for faults of HTTP
	clients map[way]*http.Client
	seen    int                  // records that are accounted for
	heads   int                  // calls of the Head hook that are
	judged  []*exchange.Exchange // the record of each fault, the last where it was tried again
}

func newFaultRig(t *testing.T, s *site, change func(*proxy.Config)) *faultRig {
	r := newRig(t, func(c *proxy.Config) {
		c.ConnectTimeout, c.ResponseHeaderTimeout, c.IdleTimeout = connectTimeout, headTimeout, idleTimeout
		c.Resolver, c.UpstreamCAs = s.resolver(), s.chain.pool()
		if change != nil {
			change(c)
		}
	})
	return &faultRig{rig: r, site: s, clients: map[way]*http.Client{
		plain: r.client(false), secure: r.client(false), overH2: r.client(true),
	}}
}

// noLeaks checks that the goroutines of the test are gone once everything that
// it started has been stopped. It is called first.
func noLeaks(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if !t.Failed() {
			goleak.VerifyNone(t, ignore)
		}
	})
}

// run makes the exchange of each fault in each way, and checks all that is
// promised of it.
func (r *faultRig) run(t *testing.T, faults []fault) {
	for _, f := range faults {
		for w := plain; w <= overH2; w <<= 1 {
			if f.ways&w == 0 {
				continue
			}
			t.Run(strings.ReplaceAll(f.name, " ", "-")+"/"+w.String(), func(t *testing.T) {
				r.rig.t = t
				defer r.clients[w].CloseIdleConnections()
				r.check(t, f, w)
			})
		}
	}
	time.Sleep(20 * time.Millisecond)
	r.rig.t = t
	if got := len(r.wait(r.seen)); got != r.seen {
		t.Errorf("%d records of %d exchanges", got, r.seen)
	}
}

// url is where the fault is to be found.
func (r *faultRig) url(f fault, w way) string {
	scheme, host, port, path := "https", originName, r.ports[w], "/"
	if w == plain {
		scheme = "http"
	}
	if f.host != "" {
		host = f.host
	}
	if f.port != "" {
		port = f.port
	} else if f.path == "" {
		path = "/" + strings.ReplaceAll(f.name, " ", "-")
	}
	if f.path != "" {
		path = f.path
	}
	return scheme + "://" + net.JoinHostPort(host, port) + path
}

// An outcome is what the client got.
type outcome struct {
	status  int
	fields  http.Header
	content []byte
	err     error // of the request, or of reading the content
	took    time.Duration
	record  *exchange.Exchange
	heads   int // calls of the Head hook
}

// exchange sends a request and waits for its record.
func (r *faultRig) exchange(t *testing.T, f fault, w way, accept string) outcome {
	t.Helper()
	var content io.Reader
	method := http.MethodGet
	if f.upload > 0 {
		method, content = http.MethodPost, bytes.NewReader(make([]byte, f.upload))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.url(f, w), content)
	if err != nil {
		t.Fatal(err)
	}
	req.GetBody = nil
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	var o outcome
	start := time.Now()
	resp, err := r.clients[w].Do(req)
	if o.err = err; err == nil {
		o.status, o.fields = resp.StatusCode, resp.Header
		o.content, o.err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	o.took = time.Since(start)
	r.seen++
	records := r.wait(r.seen)
	if len(records) != r.seen {
		t.Fatalf("%d records of one exchange", len(records)-r.seen+1)
	}
	o.record = records[len(records)-1]
	r.mu.Lock()
	o.heads = r.rig.heads - r.heads
	r.heads = r.rig.heads
	r.mu.Unlock()
	keepRecord(t, o.record)
	return o
}

// keepRecord adds a record to the file that recordsVariable names.
func keepRecord(t *testing.T, x *exchange.Exchange) {
	name := os.Getenv(recordsVariable)
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(x.AppendJSON(nil, exchange.EncodeOptions{Full: true})); err != nil {
		t.Fatal(err)
	}
}

// tries is how often a fault may be told late before that counts as a hang,
// since the machine may be busy with something else.
const tries = 3

func (r *faultRig) check(t *testing.T, f fault, w way) {
	var o outcome
	for range tries {
		if o = r.exchange(t, f, w, ""); o.took <= f.within+slack {
			break
		}
	}
	defer func() {
		if t.Failed() {
			t.Logf("client: status %d, error %v, after %v\n%s\nrecord:\n%.3000s", o.status, o.err, o.took, o.content, o.record.Format())
		}
	}()
	r.judged = append(r.judged, o.record)
	if o.took > f.within+slack {
		t.Errorf("it took %v, %d times in a row; want at most %v and %v", o.took, tries, f.within, slack)
	}
	if o.took < f.within {
		t.Errorf("it took %v only; the timeout is %v", o.took, f.within)
	}
	if o.heads != 1 && !f.passed {
		t.Errorf("the Head hook was called %d times", o.heads)
	}
	x := o.record
	if x.Err == nil || x.Err.Code != f.code {
		t.Fatalf("the record has %v, want %s", x.Err, f.code)
	}
	if !strings.Contains(x.Err.Detail, f.detail) {
		t.Errorf("detail %q lacks %q", x.Err.Detail, f.detail)
	}
	checkJSON(t, x)
	if f.passed {
		if o.err == nil || x.Response.Made {
			t.Errorf("the client got %d, %v; made %v", o.status, o.err, x.Response.Made)
		}
		return
	}
	known, _ := f.code.Lookup()
	if x.Response.Made || x.FailedIn() != exchange.PhaseContent {
		checkPage(t, o, known)
	} else {
		checkCut(t, o)
	}
}

// checkJSON looks for the failure in the JSON record.
func checkJSON(t *testing.T, x *exchange.Exchange) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(x.AppendJSON(nil, exchange.EncodeOptions{}), &m); err != nil {
		t.Fatal(err)
	}
	if m["error.type"] != string(x.Err.Code) || m["sidenote.error.phase"] != string(x.FailedIn()) || m["sidenote.error.phase"] == "" {
		t.Errorf("JSON has error.type %v, phase %v; want %s, %s", m["error.type"], m["sidenote.error.phase"], x.Err.Code, x.FailedIn())
	}
}

// checkPage checks a response that the proxy made.
func checkPage(t *testing.T, o outcome, known exchange.Failure) {
	t.Helper()
	x := o.record
	if o.err != nil || o.status != known.Status || x.Response.Status != known.Status || !x.Response.Made || !x.Response.Content.Complete {
		t.Errorf("the client got %d (%v), the record has %d, made %v; want %d", o.status, o.err, x.Response.Status, x.Response.Made, known.Status)
	}
	if x.FailedIn() != known.Phase {
		t.Errorf("failed in %s, want %s", x.FailedIn(), known.Phase)
	}
	for _, want := range []string{known.Title, known.Why, known.Act, "Phase: " + string(known.Phase), "Code: " + string(known.Code), x.URL(), x.Err.Detail} {
		if !bytes.Contains(o.content, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if !strings.HasPrefix(o.fields.Get("Content-Type"), "text/plain") || !strings.HasPrefix(o.fields.Get("Proxy-Status"), "sidenote; error=") {
		t.Errorf("fields %v", o.fields)
	}
}

// checkCut checks a response of which a part had been passed on.
func checkCut(t *testing.T, o outcome) {
	t.Helper()
	x := o.record
	if x.Response.Made || x.Response.Status != 200 || o.status != 200 && o.status != 0 || x.Response.Content.Complete {
		t.Errorf("the client got %d, the record has %d, made %v, complete %v", o.status, x.Response.Status, x.Response.Made, x.Response.Content.Complete)
	}
	if o.err == nil {
		t.Error("the client took the response for a complete one")
	}
	if x.Request.Version == exchange.HTTP2 && o.status == 200 {
		var stream http2.StreamError
		if !errors.As(o.err, &stream) {
			t.Errorf("the client got %v, want a stream error", o.err)
		}
	}
}

func TestFaultConnect(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	refused := s.refusedPort()
	all := plain | bothTLS
	r.run(t, []fault{
		{name: "dns not found", host: "nobody.invalid", port: "80", ways: all, code: exchange.ErrDNSNotFound, detail: "nobody.invalid"},
		{name: "dns timeout", host: "silent.test", port: "80", ways: all, code: exchange.ErrDNSTimeout, within: connectTimeout, detail: "silent.test"},
		{name: "dns failed", host: "broken.test", port: "80", ways: all, code: exchange.ErrDNSFailed, detail: "broken.test"},
		{name: "refused", port: refused, ways: all, code: exchange.ErrRefused, detail: refused},
		{name: "refused at localhost", host: "a.localhost", port: refused, ways: all, code: exchange.ErrRefused, detail: "127.0.0.1:" + refused},
		{name: "unreachable", host: "127.255.255.255", port: "80", ways: all, code: exchange.ErrUnreachable, detail: "127.255.255.255"},
		{name: "loop", host: "self.test", port: r.Addr[strings.LastIndexByte(r.Addr, ':')+1:], ways: all, code: exchange.ErrLoop},
	})
	for _, x := range r.judged {
		if x.Err.Code == exchange.ErrRefused && (x.Origin.Attempts != 1 || !x.Origin.Peer.IsValid() || x.Timing.Connect <= 0) {
			t.Errorf("attempts %d, peer %v, connect %v", x.Origin.Attempts, x.Origin.Peer, x.Timing.Connect)
		}
		if x.Err.Code == exchange.ErrDNSTimeout && x.Timing.DNS < connectTimeout {
			t.Errorf("looking up took %v", x.Timing.DNS)
		}
	}
}

func TestFaultConnectTimeout(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	newFaultRig(t, s, nil).run(t, []fault{
		{name: "connect timeout", port: s.fullPort(), ways: plain | bothTLS, code: exchange.ErrConnectTimeout, within: connectTimeout},
	})
}

func TestFaultTLS(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	other := newChain(t)
	with := func(change func(*x509.Certificate), signer *chain) string {
		return s.listenTLS(&tls.Config{Certificates: []tls.Certificate{s.chain.issue(change, signer)}}, hold)
	}
	wanting := func(version uint16) string {
		c := s.chain.config("h2", "http/1.1")
		c.ClientAuth, c.MinVersion, c.MaxVersion = tls.RequireAnyClientCert, version, version
		return s.listenTLS(c, hold)
	}
	expired := func(x *x509.Certificate) { x.NotAfter = time.Now().Add(-time.Hour) }
	early := func(x *x509.Certificate) { x.NotBefore = time.Now().Add(time.Hour) }
	named := func(x *x509.Certificate) { x.DNSNames = []string{"other.test"} }
	subjectOnly := func(x *x509.Certificate) { x.DNSNames = nil }
	forClients := func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	r := newFaultRig(t, s, nil)
	r.run(t, []fault{
		{name: "untrusted issuer", port: with(nil, other), ways: bothTLS, code: exchange.ErrTLSUntrusted, detail: "unknown authority"},
		{name: "self-signed", port: with(nil, nil), ways: bothTLS, code: exchange.ErrTLSSelfSigned, detail: "unknown authority"},
		{name: "expired", port: with(expired, s.chain), ways: bothTLS, code: exchange.ErrTLSExpired, detail: "expired"},
		{name: "expired and self-signed", port: with(expired, nil), ways: bothTLS, code: exchange.ErrTLSExpired},
		{name: "not yet valid", port: with(early, s.chain), ways: bothTLS, code: exchange.ErrTLSNotYetValid, detail: "is before"},
		{name: "wrong name", port: with(named, s.chain), ways: bothTLS, code: exchange.ErrTLSWrongName, detail: "other.test"},
		{name: "common name alone", port: with(subjectOnly, s.chain), ways: bothTLS, code: exchange.ErrTLSUnsupported, detail: "Common Name"},
		{name: "not for servers", port: with(forClients, s.chain), ways: bothTLS, code: exchange.ErrTLSCertificate, detail: "key usage"},
		{name: "version alert", port: s.listen(afterHello(alert(70), hold)), ways: bothTLS, code: exchange.ErrTLSVersion, detail: "protocol version"},
		{name: "version of the past", port: s.listen(afterHello(ssl3Hello(), hold)), ways: bothTLS, code: exchange.ErrTLSVersion, detail: "300"},
		{name: "handshake alert", port: s.listen(afterHello(alert(40), hold)), ways: bothTLS, code: exchange.ErrTLSHandshake, detail: "handshake failure"},
		{name: "unknown name alert", port: s.listen(afterHello(alert(112), nil)), ways: bothTLS, code: exchange.ErrTLSHandshake, detail: "unrecognized name"},
		{name: "only HTTP/2", port: s.listen(afterHello(alert(120), hold)), ways: overH2, code: exchange.ErrTLSHandshake, detail: "none of the protocols that the client offered (h2, http/1.1)"},
		{name: "handshake closed", port: s.listen(afterHello("", nil)), ways: bothTLS, code: exchange.ErrTLSHandshake, detail: "EOF"},
		{name: "handshake reset", port: s.listen(afterHello("", reset)), ways: bothTLS, code: exchange.ErrTLSHandshake, detail: "reset"},
		{name: "client certificate 1.2", port: wanting(tls.VersionTLS12), ways: bothTLS, code: exchange.ErrTLSClientCert},
		{name: "client certificate 1.3", port: wanting(tls.VersionTLS13), ways: bothTLS, code: exchange.ErrTLSClientCert},
		{name: "not TLS", port: s.listen(afterHello("HTTP/1.1 400 Bad Request\r\n\r\n", nil)), ways: bothTLS, code: exchange.ErrTLSNotTLS, detail: "TLS handshake"},
		{name: "not TLS banner", port: s.listen(afterHello("220 mail.test\r\n", hold)), ways: bothTLS, code: exchange.ErrTLSNotTLS, detail: "TLS handshake"},
		{name: "handshake timeout", port: s.listen(hold), ways: bothTLS, code: exchange.ErrTLSTimeout, within: connectTimeout},
	})
	for _, x := range r.judged {
		c := x.Origin.TLS
		if x.Err.Code == exchange.ErrTLSWrongName && (c == nil || c.Certificate == nil || c.Certificate.Names[0] != "other.test" || c.Version == 0) {
			t.Errorf("the record lacks the certificate that was refused: %+v", c)
		}
		if !x.Origin.Peer.IsValid() || x.Origin.Attempts == 0 {
			t.Errorf("%s: peer %v, attempts %d", x.Err.Code, x.Origin.Peer, x.Origin.Attempts)
		}
	}
}

func TestFaultHead(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	r.ports = map[way]string{
		plain:  s.listen(serveScripts(h1Scripts)),
		secure: s.listenTLS(s.chain.config("http/1.1"), serveScripts(h1Scripts)),
	}
	r.ports[overH2] = r.ports[secure] // the client offers HTTP/2, the origin does not speak it
	r.run(t, []fault{
		{name: "reset", ways: bothH1 | overH2, code: exchange.ErrResetBeforeHead, detail: "reset"},
		{name: "reset", ways: bothH1, upload: 4 << 20, code: exchange.ErrResetBeforeHead},
		{name: "close", ways: bothH1 | overH2, code: exchange.ErrClosedBeforeHead, detail: "EOF"},
		{name: "close in line", ways: bothH1, code: exchange.ErrClosedBeforeHead, detail: `after 11 bytes of the head, which end with "HTTP/1.1 20"`},
		{name: "close in head", ways: bothH1, code: exchange.ErrClosedBeforeHead, detail: `after 38 bytes of the head`},
		{name: "reset in head", ways: bothH1, code: exchange.ErrResetBeforeHead, detail: `Content-Le"`},
		{name: "close after 103", ways: bothH1, code: exchange.ErrClosedBeforeHead},
		{name: "silent", ways: bothH1, code: exchange.ErrHeadTimeout, within: headTimeout},
		{name: "silent in head", ways: bothH1, code: exchange.ErrHeadTimeout, within: headTimeout},
		{name: "only HTTP/2", ways: bothH1, code: exchange.ErrStatusLine, detail: "speaks only HTTP/2"},
		{name: "banner", ways: bothH1, code: exchange.ErrStatusLine, detail: `"SSH-2.0-OpenSSH_9.6"`},
		{name: "banner close", ways: bothH1, code: exchange.ErrStatusLine, detail: `"+OK POP3"`},
		{name: "status", ways: bothH1, code: exchange.ErrStatusLine, detail: "abc"},
		{name: "version", ways: bothH1, code: exchange.ErrStatusLine, detail: "HTTP/3"},
		{name: "no status line", ways: bothH1, code: exchange.ErrStatusLine, detail: "Content-Type"},
		{name: "field no colon", ways: bothH1, code: exchange.ErrField, detail: `"no colon here"`},
		{name: "field name", ways: bothH1, code: exchange.ErrField, detail: `"b@d: x"`},
		{name: "field value", ways: bothH1, code: exchange.ErrField, detail: `"X: a\x00b"`},
		{name: "field first folded", ways: bothH1, code: exchange.ErrField, detail: `" folded: x"`},
		{name: "large head", ways: bothH1, code: exchange.ErrHeadTooLarge, detail: "65536"},
		{name: "two lengths", ways: bothH1, code: exchange.ErrFraming, detail: `both "3" and "5"`},
		{name: "length", ways: bothH1, code: exchange.ErrFraming, detail: "five"},
		{name: "length negative", ways: bothH1, code: exchange.ErrFraming, detail: "-5"},
		{name: "length space", ways: bothH1, code: exchange.ErrFraming, detail: "before a colon"},
		{name: "length folded", ways: bothH1, code: exchange.ErrFraming, detail: "continued on another line"},
		{name: "length long", ways: bothH1, code: exchange.ErrFraming, detail: "10000000000000000000005"},
		{name: "carriage return", ways: bothH1, code: exchange.ErrField, detail: "carriage return"},
		{name: "switch unasked", ways: bothH1 | overH2, code: exchange.ErrUpgrade, detail: "did not ask"},
		{name: "status 099", ways: bothH1, code: exchange.ErrStatusLine, detail: "099"},
		{name: "coding", ways: bothH1, code: exchange.ErrFraming, detail: "chunked, gzip"},
	})
}

func TestFaultContent(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	r.ports = map[way]string{
		plain:  s.listen(serveScripts(h1Scripts)),
		secure: s.listenTLS(s.chain.config("http/1.1"), serveScripts(h1Scripts)),
	}
	r.ports[overH2] = r.ports[secure]
	r.run(t, []fault{
		{name: "short", ways: bothH1 | overH2, code: exchange.ErrTruncated, detail: "EOF"},
		{name: "short later", ways: bothH1, code: exchange.ErrTruncated, detail: "EOF"},
		{name: "short reset", ways: bothH1, code: exchange.ErrTruncated},
		{name: "short nothing", ways: bothH1, code: exchange.ErrTruncated},
		{name: "short chunk", ways: bothH1 | overH2, code: exchange.ErrTruncated, detail: "EOF"},
		{name: "short between", ways: bothH1, code: exchange.ErrTruncated, detail: "EOF"},
		{name: "short chunked reset", ways: bothH1, code: exchange.ErrTruncated},
		{name: "short trailer", ways: bothH1, code: exchange.ErrTruncated, detail: "trailer"},
		{name: "short until close", ways: bothH1, code: exchange.ErrTruncated},
		{name: "chunk size", ways: bothH1 | overH2, code: exchange.ErrChunk, detail: "chunk length"},
		{name: "chunk end", ways: bothH1, code: exchange.ErrChunk, detail: "chunked"},
		{name: "chunk trailer", ways: bothH1, code: exchange.ErrChunk, detail: "no colon"},
		{name: "stall", ways: bothH1 | overH2, code: exchange.ErrStalled, within: idleTimeout},
		{name: "stall nothing", ways: bothH1, code: exchange.ErrStalled, within: idleTimeout},
		{name: "stall chunked", ways: bothH1, code: exchange.ErrStalled, within: idleTimeout},
	})
}

// TestFaultUndecodable has content that is not in the coding it names: it is
// passed on as it came, and only a rule says so.
func TestFaultUndecodable(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	r.ports = map[way]string{plain: s.listen(serveScripts(h1Scripts))}
	o := r.exchange(t, fault{name: "not gzip"}, plain, "")
	if o.err != nil || string(o.content) != "ten octets" || o.record.Err != nil || !o.record.Response.Content.Complete {
		t.Errorf("%q, %v\n%s", o.content, o.err, o.record.Format())
	}
	if e := o.record.UndecodableContent(); e == nil || e.Code != exchange.ErrUndecodable {
		t.Errorf("content: %v", e)
	}
}

func TestFaultH2(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	h2 := func(handle func(net.Conn)) string { return s.listenTLS(s.chain.config("h2"), handle) }
	late := func(f *http2.Framer, stream uint32) {
		_ = f.WriteGoAway(stream, http2.ErrCodeInternal, []byte("on fire"))
	}
	r := newFaultRig(t, s, nil)
	r.ports = map[way]string{overH2: h2(serveFrames(h2Scripts))}
	r.run(t, []fault{
		{name: "goaway", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2GoAway, detail: `GOAWAY with ENHANCE_YOUR_CALM, last stream 0, debug data "too many"`},
		{name: "goaway graceful", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2GoAway, detail: "GOAWAY with NO_ERROR, last stream 0"},
		{name: "goaway late", port: h2(closing(late)), ways: overH2, code: exchange.ErrH2GoAway, detail: `INTERNAL_ERROR, last stream 1, debug data "on fire"`},
		{name: "rst internal", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "INTERNAL_ERROR"},
		{name: "rst refused", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "REFUSED_STREAM"},
		{name: "rst calm", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "ENHANCE_YOUR_CALM"},
		{name: "rst protocol", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "PROTOCOL_ERROR"},
		{name: "rst cancel", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "CANCEL"},
		{name: "rst http11", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "HTTP_1_1_REQUIRED"},
		{name: "rst unknown", ways: overH2, upload: 1, passed: true, code: exchange.ErrH2Reset, detail: "0x4242"},
		{name: "data first", ways: overH2, code: exchange.ErrH2Protocol, detail: "PROTOCOL_ERROR"},
		{name: "push", ways: overH2, code: exchange.ErrH2Protocol, detail: "PROTOCOL_ERROR"},
		{name: "no status", ways: overH2, code: exchange.ErrH2Protocol, detail: "status"},
		{name: "upper case", ways: overH2, code: exchange.ErrH2Protocol, detail: "Server"},
		{name: "settings frame", ways: overH2, code: exchange.ErrH2Protocol, detail: "FRAME_SIZE_ERROR"},
		{name: "frame size", ways: overH2, code: exchange.ErrH2Protocol, detail: "2097152 bytes"},
		{name: "not h2", port: h2(answer("HTTP/1.1 400 Bad Request\r\n\r\n", hold)), ways: overH2, code: exchange.ErrH2Protocol, detail: `in HTTP/1.1, with "HTTP/1.1 400 Bad Request"`},
		{name: "large head", ways: overH2, code: exchange.ErrHeadTooLarge},
		{name: "large field", ways: overH2, code: exchange.ErrHeadTooLarge, detail: "65536"},
		{name: "silent", ways: overH2, code: exchange.ErrHeadTimeout, within: headTimeout},
		{name: "close", port: h2(closing(nil)), ways: overH2, code: exchange.ErrClosedBeforeHead},
		{name: "reset", port: h2(func(c net.Conn) { time.Sleep(20 * time.Millisecond); reset(c) }), ways: overH2, code: exchange.ErrResetBeforeHead},

		{name: "rst content", ways: overH2, code: exchange.ErrH2Reset, detail: "INTERNAL_ERROR"},
		{name: "short", ways: overH2, code: exchange.ErrTruncated, detail: "10 bytes", passed: true},
		{name: "short nothing", ways: overH2, code: exchange.ErrTruncated, detail: "0 bytes", passed: true},
		{name: "long", ways: overH2, code: exchange.ErrH2Protocol, detail: "content-length", passed: true},
		{name: "stall", ways: overH2, code: exchange.ErrStalled, within: idleTimeout},
	})
}

func TestFaultUpstreamProxy(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	https := plain | bothTLS
	says := func(status string) string {
		return s.listen(func(c net.Conn) {
			buf := make([]byte, 4096)
			_, _ = c.Read(buf)
			answer("HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n", hold)(c)
		})
	}
	socks := func(answers ...string) string {
		return s.listen(func(c net.Conn) {
			buf := make([]byte, 512)
			for _, a := range answers {
				_, _ = c.Read(buf)
				_, _ = io.WriteString(c, a)
			}
			time.Sleep(20 * time.Millisecond)
		})
	}
	for _, c := range []struct {
		scheme, user, port string
		fault
	}{
		{"http", "", s.refusedPort(), fault{name: "refused", ways: https, code: exchange.ErrProxyFailed, detail: "refused"}},
		{"http", "", says("403 Forbidden"), fault{name: "403", ways: bothTLS, code: exchange.ErrProxyRefused, detail: "403 Forbidden"}},
		{"http", "", says("407 Proxy Authentication Required"), fault{name: "407", ways: https, code: exchange.ErrProxyAuth, detail: "407"}},
		{"http", "", s.listen(hold), fault{name: "silent", ways: bothTLS, code: exchange.ErrProxyFailed, within: connectTimeout}},
		{"http", "", s.listen(answer("SSH-2.0-x\r\n", hold)), fault{name: "not HTTP", ways: bothTLS, code: exchange.ErrProxyFailed}},
		{"https", "", s.listen(hold), fault{name: "TLS silent", ways: bothTLS, code: exchange.ErrProxyFailed, within: connectTimeout}},
		{"socks5", "", s.refusedPort(), fault{name: "SOCKS refused", ways: https, code: exchange.ErrProxyFailed, detail: "refused"}},
		{"socks5", "", socks("\x05\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"), fault{name: "SOCKS says no", ways: https, code: exchange.ErrProxyRefused, detail: "not allowed"}},
		{"socks5", "", socks("\x05\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"), fault{name: "SOCKS cannot connect", ways: https, code: exchange.ErrProxyRefused, detail: "refused"}},
		{"socks5", "", socks("\x05\xff"), fault{name: "SOCKS wants credentials", ways: https, code: exchange.ErrProxyAuth, detail: "authentication"}},
		{"socks5", "me:wrong@", socks("\x05\x02", "\x01\x01"), fault{name: "SOCKS refuses credentials", ways: https, code: exchange.ErrProxyAuth, detail: "authentication"}},
		{"socks5", "", socks("HTTP/1.1 400 Bad Request\r\n\r\n"), fault{name: "not SOCKS", ways: https, code: exchange.ErrProxyFailed}},
		{"socks5", "", s.listen(hold), fault{name: "SOCKS silent", ways: https, code: exchange.ErrProxyFailed, within: connectTimeout}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newFaultRig(t, s, func(pc *proxy.Config) {
				pc.UpstreamProxy = &url.URL{Scheme: c.scheme, Host: "127.0.0.1:" + c.port}
				if user, password, ok := strings.Cut(strings.TrimSuffix(c.user, "@"), ":"); ok {
					pc.UpstreamProxy.User = url.UserPassword(user, password)
				}
			})
			f := c.fault
			f.port = "4711"
			r.run(t, []fault{f})
			for _, x := range r.judged {
				if want := c.scheme + "://127.0.0.1:" + c.port; x.Origin.Proxy != want {
					t.Errorf("the record names proxy %q, want %q", x.Origin.Proxy, want)
				}
			}
		})
	}
}

// TestFaultForms has the page in the form that the client asks for.
func TestFaultForms(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	f := fault{name: "refused", port: s.refusedPort()}
	known, _ := exchange.ErrRefused.Lookup()
	for w := plain; w <= overH2; w <<= 1 {
		o := r.exchange(t, f, w, "text/html,application/xhtml+xml,*/*;q=0.8")
		if o.status != 502 || !strings.HasPrefix(o.fields.Get("Content-Type"), "text/html") || !bytes.Contains(o.content, []byte("<h1>"+known.Title+"</h1>")) {
			t.Errorf("%v: %d %v\n%s", w, o.status, o.fields, o.content)
		}
		o = r.exchange(t, f, w, "application/json")
		var problem struct {
			Status                          int
			Title, Detail, Code, Phase, Who string
		}
		if err := json.Unmarshal(o.content, &problem); err != nil {
			t.Fatal(err)
		}
		if o.fields.Get("Content-Type") != "application/problem+json" || problem.Status != 502 || problem.Title != known.Title ||
			problem.Code != string(known.Code) || problem.Phase != string(known.Phase) || problem.Detail != o.record.Err.Detail || problem.Who == "" {
			t.Errorf("%v: %+v\n%v", w, problem, o.fields)
		}
	}
}

// TestFaultTunnel has tunnels that cannot be opened: the answer to CONNECT says so.
func TestFaultTunnel(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, func(c *proxy.Config) { c.Intercept = func(...string) bool { return false } })
	for i, c := range []struct {
		authority string
		code      exchange.ErrCode
		within    time.Duration
	}{
		{originName + ":" + s.refusedPort(), exchange.ErrRefused, 0},
		{"nobody.invalid:443", exchange.ErrDNSNotFound, 0},
		{"silent.test:443", exchange.ErrDNSTimeout, connectTimeout},
		{"127.255.255.255:443", exchange.ErrUnreachable, 0},
		{r.Addr, exchange.ErrLoop, 0},
	} {
		start := time.Now()
		head := fmt.Sprintf("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", c.authority, c.authority)
		got := r.raw(t, head)
		known, _ := c.code.Lookup()
		if took := time.Since(start); took > c.within+slack {
			t.Errorf("%s: it took %v", c.code, took)
		}
		if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", known.Status)) || !strings.Contains(got, known.Title) {
			t.Errorf("%s: got %q", c.code, got)
		}
		x := r.wait(i + 1)[i]
		keepRecord(t, x)
		if x.Err == nil || x.Err.Code != c.code || !x.Response.Made || x.Origin.Attempts == 0 {
			t.Errorf("want %s:\n%s", c.code, x.Format())
		}
	}
	if r.rig.heads != 5 {
		t.Errorf("the Head hook was called %d times", r.rig.heads)
	}
}

// raw sends octets to the proxy and returns all that comes until the end, and
// the word of how it ended.
func (r *faultRig) raw(t *testing.T, octets string) string {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, octets); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		return string(got) + " then " + err.Error()
	}
	return string(got) + " then end"
}

// TestFaultOldClient has a client for which the end of the connection is that
// of the content, so that only a reset tells it that some is missing.
func TestFaultOldClient(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	port := s.listen(serveScripts(h1Scripts))
	for i, path := range []string{"/short-between", "/short-until-close", "/chunk-size", "/stall-chunked", "/short"} {
		got := r.raw(t, fmt.Sprintf("GET http://%s:%s%s HTTP/1.0\r\n\r\n", originName, port, path))
		switch announced := strings.Contains(got, "Content-Length: 100") || strings.Contains(got, "chunked"); {
		case announced && strings.HasSuffix(got, " then end") && !strings.Contains(got, "\n0\r\n"): // less than was announced
		case !announced && strings.Contains(got, "reset"):
		default:
			t.Errorf("%s: the client got %q", path, got)
		}
		if x := r.wait(i + 1)[i]; x.Err == nil || x.Response.Content.Complete {
			t.Errorf("%s: record:\n%s", path, x.Format())
		}
	}
}

// TestFaultClientGone has clients that go away.
func TestFaultClientGone(t *testing.T) {
	noLeaks(t)
	s := newSite(t)
	r := newFaultRig(t, s, nil)
	h1 := serveScripts(h1Scripts)
	config := s.chain.config("h2")
	r.ports = map[way]string{plain: s.listen(h1), secure: s.listenTLS(s.chain.config(), h1), overH2: s.listenTLS(config, serveFrames(h2Scripts))}
	for w := plain; w <= overH2; w <<= 1 {
		for _, path := range []string{"/silent", "/drip"} {
			t.Run(path[1:]+"/"+w.String(), func(t *testing.T) {
				r.rig.t = t
				r.checkGone(t, r.url(fault{path: path}, w), w, path == "/drip")
			})
		}
	}
}

// checkGone lets a client go away while the head is awaited, or when content
// has begun to come, and checks the record.
func (r *faultRig) checkGone(t *testing.T, target string, w way, begun bool) {
	t.Helper()
	var x *exchange.Exchange
	var took time.Duration
	for range tries {
		left := r.goAway(t, target, w, begun)
		r.seen++
		x = r.wait(r.seen)[r.seen-1]
		if took = time.Since(left); took <= slack {
			break
		}
	}
	keepRecord(t, x)
	if took > slack {
		t.Errorf("it took %v, %d times in a row", took, tries)
	}
	if x.Err == nil || x.Err.Code != exchange.ErrClientGone || x.FailedIn() != exchange.PhaseDelivery ||
		x.Response.Made || (x.Response.Status == 200) != begun || begun && x.Response.Content.Complete {
		t.Errorf("record:\n%s", x.Format())
	}
	r.mu.Lock()
	heads := r.rig.heads - r.heads
	r.heads = r.rig.heads
	r.mu.Unlock()
	if (heads > 0) != begun {
		t.Errorf("the Head hook was called %d times", heads)
	}
}

// goAway sends a request, and leaves after a moment, or when content has begun
// to come. It returns the time when it left.
func (r *faultRig) goAway(t *testing.T, target string, w way, begun bool) (left time.Time) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	leave := func() { left = time.Now(); cancel() }
	if !begun {
		timer := time.AfterFunc(headTimeout/2, leave)
		defer timer.Stop()
	}
	resp, err := r.clients[w].Do(req)
	if begun != (err == nil) {
		t.Fatalf("the request gave %v", err)
	}
	if err != nil {
		return left
	}
	defer resp.Body.Close()
	if _, err := io.ReadFull(resp.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	leave()
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("the content ended")
	}
	return left
}
