package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"sidenote/exchange"
)

// originSide sends a request to an origin server and returns its response. It is
// the seam for an HTTP/1.1 engine of our own.
type originSide interface {
	roundTrip(ps *passage, r *http.Request) (*http.Response, error)
	closeIdle()
}

// transports speak HTTP/1.1 and HTTP/2 with origin servers, the one that the
// client speaks where the origin server does too.
type transports struct {
	dialer *dialer
	h1     *http.Transport
	h2     *h2Pool // over TLS
	h2c    *h2Pool // in clear, with prior knowledge

	mu     sync.Mutex
	speaks map[string]protocol    // what an origin server chose, by place
	spare  map[string][]*outbound // connections opened to learn that, not used yet
}

// protocol is what an origin server chose by ALPN, and when.
type protocol struct {
	h2 bool
	at time.Time
}

const (
	protocolFor = 10 * time.Minute // how long a choice is taken for granted
	spareFor    = 10 * time.Second // how long a connection waits for its first request
	maxSpeaks   = 4096             // bounds what is remembered
	idleConns   = 512
	idleConnFor = 90 * time.Second
)

func newTransports(d *dialer) *transports {
	t := &transports{dialer: d, speaks: map[string]protocol{}, spare: map[string][]*outbound{}}
	t.h1 = &http.Transport{
		DialContext:            t.dialClear,
		DialTLSContext:         t.dialH1,
		DisableCompression:     true,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleConnFor,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: int64(d.config.MaxHeadBytes),
	}
	t.h2 = newH2Pool(d.config, t.dialH2)
	t.h2c = newH2Pool(d.config, t.dialH2C)
	return t
}

func (t *transports) closeIdle() {
	t.h1.CloseIdleConnections()
	t.h2.close()
	t.h2c.close()
	t.mu.Lock()
	spare := t.spare
	t.spare = map[string][]*outbound{}
	t.mu.Unlock()
	for _, conns := range spare {
		for _, o := range conns {
			o.Close()
		}
	}
}

func (t *transports) dialClear(ctx context.Context, _, authority string) (net.Conn, error) {
	if o := takeHanded(ctx, false); o != nil {
		return o, nil
	}
	return asConn(t.dialer.dial(ctx, targetAt(ctx, "http", authority, nil)))
}

// asConn avoids an interface that holds a nil pointer.
func asConn(o *outbound, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (t *transports) dialH1(ctx context.Context, _, place string) (net.Conn, error) {
	if o := takeHanded(ctx, false); o != nil {
		return o, nil
	}
	if o := t.takeSpare(place, false); o != nil {
		return o, nil
	}
	return asConn(t.dialer.dial(ctx, targetAt(ctx, "https", place, alpnH1)))
}

func (t *transports) dialH2(ctx context.Context, place string) (*outbound, error) {
	if o := takeHanded(ctx, true); o != nil {
		return o, nil
	}
	if o := t.takeSpare(place, true); o != nil {
		return o, nil
	}
	o, err := t.dialer.dial(ctx, targetAt(ctx, "https", place, alpnBoth))
	if err != nil {
		return nil, err
	}
	if t.learn(place, o); o.tls.ALPN != "h2" {
		t.putSpare(place, o)
		return nil, errNotH2
	}
	return o, nil
}

func (t *transports) dialH2C(ctx context.Context, authority string) (*outbound, error) {
	if o := takeHanded(ctx, false); o != nil {
		o.multi = true
		return o, nil
	}
	to := targetAt(ctx, "http", authority, nil)
	to.h2c = true
	return t.dialer.dial(ctx, to)
}

// takeHanded takes the connection that was opened with the client's; nil where
// there is none that speaks what is wanted, or it has waited too long.
func takeHanded(ctx context.Context, h2 bool) *outbound {
	ps := passageOf(ctx)
	if ps == nil {
		return nil
	}
	o := ps.in.origin.Swap(nil)
	if o == nil || o.multi == h2 && ps.in.age() < spareFor {
		return o
	}
	o.Close()
	return nil
}

// targetAt is where a connection for a request goes. Where the client's name for
// the origin server differs from where its tunnel leads, place is a name for both.
func targetAt(ctx context.Context, scheme, place string, alpn []string) target {
	if ps := passageOf(ctx); ps != nil && ps.in.route.kind == routeTunnel {
		to := ps.in.route.target()
		to.alpn = alpn
		return to
	}
	return target{scheme: scheme, authority: place, alpn: alpn}
}

// place names where requests of a route go, for the pools: the authority, and
// where TLS asks for another name, that too.
func (r route) place() string {
	host, port := exchange.SplitAuthority(r.authority)
	if r.serverName == "" || strings.EqualFold(r.serverName, host) {
		return r.authority
	}
	return net.JoinHostPort(r.serverName+".at."+strings.ReplaceAll(host, ":", "-"), port)
}

var (
	alpnH1   = []string{"http/1.1"}
	alpnBoth = []string{"h2", "http/1.1"}

	errNotH2 = errors.New("the origin server does not speak HTTP/2 any more")
)

// learn remembers what an origin server chose.
func (t *transports) learn(authority string, o *outbound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.speaks) >= maxSpeaks {
		clear(t.speaks)
	}
	t.speaks[authority] = protocol{h2: o.tls.ALPN == "h2", at: time.Now()}
}

// speaksH2 tells whether an origin server chooses HTTP/2 when it is offered. It
// connects to find out, and keeps the connection for the request that follows.
func (t *transports) speaksH2(ctx context.Context, authority string) (bool, error) {
	if ps := passageOf(ctx); ps != nil {
		if o := ps.in.origin.Load(); o != nil {
			t.learn(authority, o)
			return o.multi, nil
		}
	}
	t.mu.Lock()
	p, ok := t.speaks[authority]
	t.mu.Unlock()
	if ok && time.Since(p.at) < protocolFor {
		return p.h2, nil
	}
	o, err := t.dialer.dial(ctx, targetAt(ctx, "https", authority, alpnBoth))
	if err != nil {
		return false, err
	}
	t.learn(authority, o)
	t.putSpare(authority, o)
	return o.tls.ALPN == "h2", nil
}

func (t *transports) putSpare(authority string, o *outbound) {
	t.mu.Lock()
	t.spare[authority] = append(t.spare[authority], o)
	t.mu.Unlock()
	time.AfterFunc(spareFor, func() {
		if t.dropSpare(authority, o) {
			o.Close()
		}
	})
}

func (t *transports) takeSpare(authority string, h2 bool) *outbound {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, o := range t.spare[authority] {
		if (o.tls.ALPN == "h2") == h2 {
			t.removeSpare(authority, i)
			return o
		}
	}
	return nil
}

func (t *transports) dropSpare(authority string, o *outbound) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.spare[authority] {
		if o == other {
			t.removeSpare(authority, i)
			return true
		}
	}
	return false
}

func (t *transports) removeSpare(authority string, i int) {
	conns := t.spare[authority]
	if conns = append(conns[:i], conns[i+1:]...); len(conns) == 0 {
		delete(t.spare, authority)
		return
	}
	t.spare[authority] = conns
}

// roundTrip chooses the transport. A request that asks for another protocol
// needs HTTP/1.1.
func (t *transports) roundTrip(ps *passage, r *http.Request) (*http.Response, error) {
	if err := ps.in.takeProbe(); err != nil {
		return nil, err
	}
	switch {
	case !ps.multi || ps.upgrade:
		return t.h1.RoundTrip(r)
	case r.URL.Scheme == "http":
		return t.h2c.roundTrip(ps, r, withPort(r.URL.Host, "http"))
	}
	authority := withPort(r.URL.Host, "https")
	h2, err := t.speaksH2(r.Context(), authority)
	if err != nil {
		return nil, err
	}
	if h2 {
		resp, err := t.h2.roundTrip(ps, r, authority)
		if !errors.Is(err, errNotH2) {
			return resp, err
		}
	}
	return t.h1.RoundTrip(r)
}

// forward sends the request on and records the response. It never returns an
// error: a failed exchange has a response that says so.
func (p *Proxy) forward(ps *passage, r *http.Request) *http.Response {
	r = ps.outgoing(r)
	ps.interims = true
	resp, err := p.origin.roundTrip(ps, r)
	o := ps.settle()
	if err != nil {
		ps.tried(err)
		return ps.refused(classifyRoundTrip(err, ps.cause(), o))
	}
	ps.clock.stop()
	if o != nil && o.absolute && resp.StatusCode == http.StatusProxyAuthRequired {
		resp.Body.Close() // its challenge is for us, and the client's answer would not leave us
		return ps.refused(&exchange.Err{Code: exchange.ErrProxyAuth, Detail: o.proxy + " answered " + resp.Status})
	}
	ps.w.buffered = ps.readResponse(resp, o)
	ps.x.Changed |= ps.translated()
	ps.noteExcess(resp)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		ps.upgraded = resp
		noContent(&ps.x.Response.Content)
		return &http.Response{StatusCode: resp.StatusCode, Header: http.Header{}, Body: http.NoBody}
	}
	ps.tapResponse(resp)
	ps.forwardedFields(resp)
	return resp
}

// translated says what speaking HTTP/2 on a side changes: net/http returns its
// fields without their order, HTTP/1.1 fields lose their case there, and the
// status line its reason.
func (ps *passage) translated() (c exchange.Changes) {
	s := &ps.x.Response
	if !ps.multi {
		return 0
	}
	c = exchange.ChangedRequestFieldOrder | exchange.ChangedResponseFieldOrder
	if s.Version >= exchange.HTTP2 {
		return c
	}
	c |= exchange.ChangedVersion | exchange.ChangedRequestFieldCase | exchange.ChangedResponseFieldCase
	if s.Reason != "" {
		c |= exchange.ChangedResponseReason
	}
	if ps.request != nil && !ps.x.Request.Fields.Has(exchange.FieldContentLength) {
		c |= exchange.ChangedRequestFraming
	}
	return c
}

// noteExcess records octets that came after the head of a response that can
// have none. The transport drops them with the connection.
func (ps *passage) noteExcess(resp *http.Response) {
	s := resp.StatusCode
	if (s == http.StatusNoContent || s == http.StatusNotModified) && ps.w.buffered > 0 {
		ps.x.Response.Content.Size, ps.x.Response.Content.Truncated = int64(ps.w.buffered), true
	}
}

// outgoing makes the request that the transport sends. Its header holds what
// steers net/http; on HTTP/1.x the fields themselves come from the record.
func (ps *passage) outgoing(r *http.Request) *http.Request {
	x := ps.x
	ps.upgrade = !ps.multi && x.Request.Fields.Has(exchange.FieldUpgrade) &&
		hasToken(x.Request.Fields.Combined(exchange.FieldConnection), "upgrade")
	ps.requestHead = ps.makeRequestHead()
	ctx := httptrace.WithClientTrace(context.Context(ps), ps.trace())
	out := r.WithContext(ctx)
	out.RequestURI = ""
	out.Close = false
	if ps.multi {
		out.Header = ps.multiHeader(r.Header)
	} else {
		out.Header = steering(r.Header, ps.upgrade)
	}
	if r.Body == nil || r.Body == http.NoBody || ps.multi && r.ContentLength == 0 {
		out.Body = nil
		if !ps.multi {
			out.Body = http.NoBody
		}
		noContent(&x.Request.Content)
		ps.contentRead.Store(true)
		if !ps.multi {
			ps.in.requestRead()
		}
		return out
	}
	from := r.Body
	if !ps.multi {
		from = leftOpen{r.Body}
	}
	ps.request = newContentTap(from, &x.Request.Content, ps.proxy.config.KeepContent, ps.readingRequest, ps.requestEnded)
	out.Body = ps.request
	return out
}

// readingRequest notes when the transport asks for content for the first time.
// While the client is waited for, the origin server cannot be late.
func (ps *passage) readingRequest(begins bool) {
	if !begins {
		ps.clock.theirTurn(errHeadTimeout)
		return
	}
	ps.clock.ourTurn(errHeadTimeout)
	ps.mu.Lock()
	if t := &ps.progress; t.ContentBegun == 0 {
		t.ContentBegun = ps.since()
	}
	ps.mu.Unlock()
}

func (ps *passage) requestEnded(err error) {
	if err != nil {
		ps.fail(&exchange.Err{Code: exchange.ErrRequestTruncated, Detail: detailOf(err)})
		return
	}
	ps.contentRead.Store(true)
	if !ps.multi {
		ps.in.requestRead()
	}
}

// steeringNames are the fields that change what http.Transport does.
var steeringNames = [...]string{"Expect", "Idempotency-Key", "X-Idempotency-Key", "Range"}

// steering makes a header of the fields that http.Transport acts on. The others
// would be sorted and written for nothing.
func steering(h http.Header, upgrade bool) http.Header {
	out := http.Header{"User-Agent": nil}
	for _, name := range steeringNames {
		if v, ok := h[name]; ok {
			out[name] = v
		}
	}
	if upgrade {
		out["Connection"], out["Upgrade"] = []string{"Upgrade"}, h["Upgrade"]
	}
	return out
}

// multiHeader copies an HTTP/2 request's fields without those that are for us,
// and with those that are added.
func (ps *passage) multiHeader(h http.Header) http.Header {
	out := make(http.Header, len(h)+1)
	for name, values := range h {
		if n := exchange.LookupName(name); n.IsForProxy() || n.IsBarredFromHTTP2() {
			continue
		}
		out[name] = values
	}
	if _, ok := h["User-Agent"]; !ok {
		out["User-Agent"] = nil
	}
	for _, l := range ps.requestHead.added {
		name := http.CanonicalHeaderKey(l.Name)
		out[name] = append(slices.Clip(out[name]), l.Value)
	}
	return out
}

// makeRequestHead makes the head to send on HTTP/1.1.
func (ps *passage) makeRequestHead() outgoingHead {
	x := ps.x
	f := &x.Request.Fields
	out := outgoingHead{fields: f, upgrade: ps.upgrade}
	out.start = x.Request.Method + " " + originForm(x) + " HTTP/1.1"
	if hopByHop(f, ps.upgrade, &out.skip) || consumesConnection(f, ps.upgrade) {
		x.Changed |= exchange.ChangedRequestHopByHop
	}
	for i := range f.Each(exchange.FieldSidenoteIgnore) {
		out.skip.add(i)
		x.Changed |= exchange.ChangedIgnoreRemoved
	}
	out.host = ps.hostToSend()
	if host := f.Value(exchange.FieldHost); out.host != "" && host != "" && out.host != host {
		x.Changed |= exchange.ChangedRequestHost
	}
	if ps.proxy.addsVia(ps.in.route.kind, x) {
		out.added = append(out.added, exchange.Line{Name: "Via", Value: strings.TrimPrefix(x.Request.Version.String(), "HTTP/") + " " + ps.proxy.config.Pseudonym})
		x.Changed |= exchange.ChangedRequestVia
	}
	if hook := ps.proxy.config.Hooks.Request; hook != nil {
		out.added = append(out.added, hook(x)...)
	}
	return out
}

// hostToSend is the Host for the origin server where the received one will not
// do; "" where it will. A reverse listener's clients name the listener, HTTP/2
// has no Host, and where a target in absolute-form names another host, that
// counts (RFC 9112 §3.2.2).
func (ps *passage) hostToSend() string {
	host := ps.x.Request.Fields.Value(exchange.FieldHost)
	switch {
	case ps.in.route.kind == routeReverse:
		return trimDefaultPort(ps.in.route.authority, ps.in.route.scheme)
	case !ps.x.Request.Fields.Has(exchange.FieldHost),
		ps.in.route.kind == routeForward && !strings.EqualFold(host, ps.x.Authority):
		return ps.x.Authority
	}
	return ""
}

// originForm is the request target as an origin server gets it (RFC 9112
// §3.2.1), and "*" for OPTIONS of a whole server (§3.2.4).
func originForm(x *exchange.Exchange) string {
	if t := x.Request.Target; x.Request.Method == http.MethodOptions {
		if _, rest, ok := strings.Cut(t, "://"); ok && t[0] != '/' && !strings.ContainsAny(rest, "/?") {
			return "*"
		}
	}
	if t := x.PathQuery(); t != "" {
		return t
	}
	return "/"
}

// trimDefaultPort drops the port that the scheme implies.
func trimDefaultPort(authority, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(authority, ":443")
	}
	return strings.TrimSuffix(authority, ":80")
}

// tapResponse records the response content as goproxy reads it.
func (ps *passage) tapResponse(resp *http.Response) {
	ps.resp = resp
	ps.w.length = resp.ContentLength
	if !ps.x.MayHaveContent() {
		ps.w.length = 0
	}
	if resp.Body == http.NoBody || resp.Body == nil || ps.w.length == 0 {
		if ps.x.Response.Content.Size == 0 {
			noContent(&ps.x.Response.Content)
		}
		ps.w.length = 0
		if resp.Body == nil {
			resp.Body = http.NoBody
		}
		return
	}
	if resp.ContentLength > 0 && resp.ContentLength <= int64(ps.proxy.config.KeepContent) {
		ps.x.Response.Content.Kept = make([]byte, 0, resp.ContentLength)
	}
	ps.clock.set(ps.proxy.config.IdleTimeout, errStalled)
	ps.response = newContentTap(resp.Body, &ps.x.Response.Content, ps.proxy.config.KeepContent, ps.readingResponse, ps.responseEnded)
	ps.response.cut = ps.cutByUs
	resp.Body = ps.response
}

// readingResponse watches for content that stops coming. While the client is
// slow to take what came, the origin server cannot be late.
func (ps *passage) readingResponse(begins bool) {
	if begins {
		ps.clock.theirTurn(errStalled)
	} else {
		ps.clock.ourTurn(errStalled)
	}
}

// cutByUs returns the cause with which we cut the response off. The origin server
// may take notice and end its content in good order before the connection is
// closed, which makes it no whole.
func (ps *passage) cutByUs() error {
	if cause := ps.cause(); cause != nil && causeCode(cause) != exchange.ErrClientGone {
		return cause
	}
	return nil
}

func (ps *passage) responseEnded(err error) {
	if err == nil || ps.w.err != nil {
		return
	}
	ps.fail(classifyContent(err, ps.cause(), ps.out))
}

// forwardedFields leaves in the response's header what goproxy is to copy: on
// HTTP/1.x the framing, since the head is written from the record.
func (ps *passage) forwardedFields(resp *http.Response) {
	if !ps.multi {
		kept := http.Header{}
		if v, ok := resp.Header["Content-Length"]; ok && ps.x.MayHaveContent() && resp.ContentLength >= 0 {
			kept["Content-Length"] = v
		}
		resp.Header = kept
		return
	}
	for name := range resp.Header {
		switch n := exchange.LookupName(name); {
		case n.IsOurs():
			ps.x.Changed |= exchange.ChangedSidenoteRemoved
		case n.IsBarredFromHTTP2():
			ps.x.Changed |= exchange.ChangedResponseHopByHop
		default:
			continue
		}
		delete(resp.Header, name)
	}
}

// refused makes the response that says why there is none.
func (ps *passage) refused(e *exchange.Err) *http.Response {
	ps.fail(e)
	e = ps.failed.Load() // what happened first is what led to the rest
	ps.clock.stop()
	if e.Code == exchange.ErrClientGone {
		panic(http.ErrAbortHandler) // nobody is left to read a page
	}
	page := ps.proxy.failurePage(ps.x, e)
	ps.drain()
	ps.setMade(page)
	ps.x.Err = e // so that the Head hook knows
	return page.response()
}

// The bounds of what is read of a request's content before a page is sent
// without having asked an origin server for it.
const (
	drainOctets = 256 << 10
	drainFor    = 250 * time.Millisecond
)

// drain reads content that has come already and that nobody wants, so that the
// client's connection can be used again. Content that waits for 100 (Continue)
// is not asked for.
func (ps *passage) drain() {
	body := ps.received.Body
	if ps.multi || ps.contentRead.Load() || ps.received.Method == http.MethodConnect {
		return
	}
	if body == nil || body == http.NoBody {
		ps.contentRead.Store(true)
		return
	}
	if ps.x.Request.Fields.Has(exchange.FieldExpect) || ps.received.ContentLength > drainOctets {
		return
	}
	rc := http.NewResponseController(ps.w.ResponseWriter)
	_ = rc.SetReadDeadline(time.Now().Add(drainFor))
	_, err := io.CopyN(io.Discard, body, drainOctets+1)
	_ = rc.SetReadDeadline(time.Time{})
	if err == io.EOF {
		ps.contentRead.Store(true)
		ps.in.requestRead()
	}
}

// setMade records a response of our own.
func (ps *passage) setMade(page *page) {
	s := &ps.x.Response
	*s = exchange.Response{Status: page.status, Reason: http.StatusText(page.status), Made: true, At: ps.since()}
	s.Version = ps.x.Request.Version
	for _, l := range page.fields {
		s.Fields.Add(l.Name, l.Value)
	}
	s.Content.Kept, s.Content.Size = page.content, int64(len(page.content))
	s.Content.SHA256, s.Content.Complete = exchange.DigestOf(page.content), true
	ps.w.length, ps.w.buffered = int64(len(page.content)), len(page.content)
}

// leftOpen is request content that the transport cannot close. In HTTP/1 what
// follows on the connection is the next request, so the rest of the content has
// to be read to its end first. net/http does that when the handler has returned;
// but a Close that the transport has begun by then, since the response came
// early, is cut short by it and leaves the rest for a request.
type leftOpen struct{ io.Reader }

func (leftOpen) Close() error { return nil }
