package inspector

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sidenote/exchange"
)

// A resendRequest is a request as someone wants to send it. What is left out is
// taken from the exchange. The page never sees secrets: a value that it shows
// redacted is sent as it was, to the origin that it was sent to.
type resendRequest struct {
	Method *string      `json:"method"`
	URL    *string      `json:"url"`
	Fields *[][2]string `json:"fields"`
	// Content is text; Octets is the same in base64 for what is not text.
	Content *string `json:"content"`
	Octets  *string `json:"base64"`
	// Secrets says what happens to redacted values where the request goes to
	// another origin than it went to: "send" or "omit". "" asks.
	Secrets string `json:"secrets"`
}

// Bounds of a request sent by hand: of the wait for its answer, of that for the
// end of the answer's content, and of the content that comes later.
const (
	resendWithin   = 2 * time.Minute
	resendEnds     = 2 * time.Second
	resendStreams  = 10 * time.Minute
	resendRecorded = 5 * time.Second
)

func (i *Inspector) resend(w http.ResponseWriter, r *http.Request) {
	e, ok := i.entry(w, r)
	if !ok {
		return
	}
	if i.o.Send == nil {
		problem(w, http.StatusConflict, "nothing can be sent from here: no proxy is running", "")
		return
	}
	var c resendRequest
	if !read(w, r, &c) {
		return
	}
	out := outgoing{x: e.X, shown: i.redacted(&e).X, back: i.o.Redact.Restorer(e.X), wanted: &c}
	req, err := out.request()
	var asks *secretsElsewhere
	if errors.As(err, &asks) {
		answerProblem(w, problemDocument{
			Title: asks.Error(), Status: http.StatusConflict, Secrets: asks.of, Origin: asks.origin,
			Help: `say what becomes of them: secrets is "send" or "omit"`,
		})
		return
	}
	if err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error(), "")
		return
	}
	i.sendByHand(w, r, req)
}

// sendByHand sends a request and answers with the number of its exchange, or
// with 0 where the response is a stream that goes on.
func (i *Inspector) sendByHand(w http.ResponseWriter, r *http.Request, req *http.Request) {
	ctx, cancel := context.WithCancel(i.ctx)
	late := time.AfterFunc(resendWithin, cancel)
	gone := context.AfterFunc(r.Context(), cancel)
	after := i.o.Store.Stats().Last
	resp, is, err := i.o.Send(req.WithContext(ctx)) //nolint:bodyclose // closed below, in a goroutine
	if err != nil {
		cancel()
		problem(w, http.StatusBadGateway, "it could not be sent: "+err.Error(), "")
		return
	}
	gone()
	late.Reset(resendStreams)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		late.Stop()
	}()
	select {
	case <-ended:
	case <-time.After(resendEnds):
		answer(w, map[string]any{"seq": 0, "streams": true})
		return
	}
	seq, ok := i.waitByHand(r.Context(), after, is)
	if !ok {
		problem(w, http.StatusGatewayTimeout, "it was sent, and its record has not come yet", "look for it with is:byhand")
		return
	}
	answer(w, map[string]any{"seq": seq, "streams": false})
}

// waitByHand waits until the record of a request sent by hand is in the store.
func (i *Inspector) waitByHand(ctx context.Context, after uint64, is func(*exchange.Exchange) bool) (uint64, bool) {
	ctx, cancel := context.WithTimeout(ctx, resendRecorded)
	defer cancel()
	for {
		changed := i.o.Store.Changed()
		last := i.o.Store.Stats().Last
		for seq := after + 1; seq <= last; seq++ {
			if e, ok, _ := i.o.Store.Get(seq); ok && e.ByHand && is(e.X) {
				return seq, true
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// secretsElsewhere says that redacted values would go to another origin than
// the one they were sent to.
type secretsElsewhere struct {
	origin string   // where the request goes
	of     []string // what has them
}

// Error names the origin.
func (s *secretsElsewhere) Error() string {
	return "the request has redacted values, and " + s.origin + " is not where they were sent"
}

// An outgoing makes the request to send of an exchange and of what is wanted
// otherwise.
type outgoing struct {
	x, shown *exchange.Exchange // as it was, and as the page shows it
	back     exchange.Restorer
	wanted   *resendRequest
	secrets  []string // what has redacted values
}

// request returns the request to send, with the secrets that it had.
func (o *outgoing) request() (*http.Request, error) {
	switch o.wanted.Secrets {
	case "", "send", "omit":
	default:
		return nil, errors.New(`secrets is "send" or "omit"`)
	}
	shown, target := o.target()
	if o.x.Request.Target == "*" && (o.wanted.URL == nil || *o.wanted.URL == text(o.shown.URL())) {
		return nil, errors.New("the target * cannot be sent again from here; give a URL")
	}
	base, _ := cutTarget(target)
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the URL has to be one such as https://shop.test/cart")
	}
	shownFields, fields := o.fields(u)
	shownContent, content, err := o.content()
	if err != nil {
		return nil, err
	}
	if len(o.secrets) > 0 && !o.goesBack(u, fields) {
		switch o.wanted.Secrets {
		case "":
			return nil, &secretsElsewhere{origin: originOf(u, fields), of: o.secrets}
		case "omit":
			if len(shownContent) == 0 && len(content) > 0 {
				return nil, errors.New("the body has secrets and is encoded, so it cannot be sent without them; write another")
			}
			target, fields, content = shown, shownFields, shownContent
		}
	}
	return o.make(target, fields, content)
}

func (o *outgoing) make(target string, fields http.Header, content []byte) (*http.Request, error) {
	method := o.x.Request.Method
	if o.wanted.Method != nil {
		method = *o.wanted.Method
	}
	base, raw := cutTarget(target)
	if strings.IndexFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0 {
		return nil, errors.New("the URL has a space or a control character; write it as %20")
	}
	req, err := http.NewRequest(method, base+"/", bytes.NewReader(content))
	if err != nil {
		return nil, errors.New("it is not a request: " + err.Error())
	}
	if u, err := url.Parse(base + raw); err == nil && u.RequestURI() == raw {
		req.URL = u
	} else { // net/url would write it in another way
		req.URL.Opaque = "//" + req.URL.Host + raw
	}
	if len(content) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header = fields
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	req.Header.Del("Host")
	if _, set := req.Header["User-Agent"]; !set {
		req.Header["User-Agent"] = nil // none, instead of the library's
	}
	return req, nil
}

// cutTarget cuts a URL into what is before its path, and the path with the query,
// as it is sent. A fragment is not sent.
func cutTarget(target string) (base, raw string) {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok {
		return target, "/"
	}
	rest, _, _ = strings.Cut(rest, "#")
	at := strings.IndexAny(rest, "/?")
	if at < 0 {
		return scheme + "://" + rest, "/"
	}
	base, raw = scheme+"://"+rest[:at], rest[at:]
	if raw[0] == '?' {
		raw = "/" + raw
	}
	return base, raw
}

// target returns the URL to send to as it is shown, and with its secrets.
func (o *outgoing) target() (shown, target string) {
	shown = text(o.shown.URL())
	if o.wanted.URL == nil || *o.wanted.URL == shown {
		target = o.x.URL()
		if target != o.shown.URL() {
			o.secrets = append(o.secrets, "the URL")
		}
		return o.shown.URL(), target
	}
	target, has := o.back.Text(*o.wanted.URL)
	if has {
		o.secrets = append(o.secrets, "the URL")
	}
	return *o.wanted.URL, target
}

// fields returns the fields to send without those that have secrets, and all of
// them with their secrets. What belongs to a connection or to the length of the
// content is made again, and Host follows the URL unless it was changed too.
func (o *outgoing) fields(u *url.URL) (without, with http.Header) {
	without, with = http.Header{}, http.Header{}
	for n, f := range o.wantedFields() {
		if isOfConnection(f.name) {
			continue
		}
		value, has := o.trueValue(n, f)
		if strings.EqualFold(f.name, "Host") {
			if o.isOwnHost(f.value) && !sameAuthority(u.Scheme, u.Host, o.x.Scheme, o.x.Authority) {
				continue
			}
			f.name = "Host" // however it is written
		}
		with[f.name] = append(with[f.name], value)
		if has {
			o.secrets = append(o.secrets, f.name)
			continue
		}
		without[f.name] = append(without[f.name], value)
	}
	return without, with
}

// A wantedField is a field line as the page shows it.
type wantedField struct{ name, value string }

func (o *outgoing) wantedFields() (list []wantedField) {
	if o.wanted.Fields == nil {
		for _, l := range o.shown.Request.Fields.All() {
			list = append(list, wantedField{l.Name, text(l.Value)})
		}
		return list
	}
	for _, f := range *o.wanted.Fields {
		list = append(list, wantedField{f[0], f[1]})
	}
	return list
}

// trueValue returns the value of a field line before it was redacted, and
// reports whether it was. A line that is as it is shown has the octets that
// came.
func (o *outgoing) trueValue(at int, f wantedField) (string, bool) {
	for n, l := range o.shown.Request.Fields.All() {
		if (o.wanted.Fields != nil || n == at) && strings.EqualFold(l.Name, f.name) && text(l.Value) == f.value {
			value := o.x.Request.Fields.At(n).Value
			return value, value != l.Value
		}
	}
	return o.back.Text(f.value)
}

// isOwnHost reports whether a value of Host is that of the exchange.
func (o *outgoing) isOwnHost(value string) bool {
	return value == text(o.shown.Request.Fields.Value(exchange.FieldHost))
}

// content returns the content to send as it is shown, and with its secrets.
func (o *outgoing) content() (shown, content []byte, err error) {
	c := o.wanted
	switch {
	case c.Octets != nil:
		b, err := base64.StdEncoding.DecodeString(*c.Octets)
		if err != nil {
			return nil, nil, errors.New("the body cannot be decoded from base64")
		}
		return b, b, nil
	case c.Content != nil:
		content, has := o.back.Text(*c.Content)
		if has {
			o.secrets = append(o.secrets, "the body")
		}
		return []byte(*c.Content), []byte(content), nil
	case o.x.Request.Content.Truncated:
		return nil, nil, errors.New("only the beginning of the body was kept, so it cannot be sent again as it was; write another, or keep more with --keep-content")
	}
	shown, content = o.shown.Request.Content.Kept, o.x.Request.Content.Kept
	if !bytes.Equal(shown, content) {
		o.secrets = append(o.secrets, "the body")
	}
	return shown, content, nil
}

// goesBack reports whether a request goes to the origin that it went to.
func (o *outgoing) goesBack(u *url.URL, fields http.Header) bool {
	host := fields.Get("Host")
	return sameAuthority(u.Scheme, u.Host, o.x.Scheme, o.x.Authority) && (host == "" || o.isOwnHost(host) || sameAuthority(u.Scheme, host, u.Scheme, u.Host))
}

// originOf names where a request goes, with the host that it asks for.
func originOf(u *url.URL, fields http.Header) string {
	origin := u.Scheme + "://" + u.Host
	if host := fields.Get("Host"); host != "" && !sameAuthority(u.Scheme, host, u.Scheme, u.Host) {
		origin += " (Host: " + host + ")"
	}
	return text(origin)
}

// sameAuthority reports whether two schemes and authorities are one origin.
func sameAuthority(scheme, authority, otherScheme, other string) bool {
	scheme, otherScheme = strings.ToLower(scheme), strings.ToLower(otherScheme)
	host, port := hostPort(scheme, authority)
	otherHost, otherPort := hostPort(otherScheme, other)
	return scheme == otherScheme && strings.EqualFold(host, otherHost) && port == otherPort
}

func hostPort(scheme, authority string) (host, port string) {
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	host, port = exchange.SplitAuthority(authority)
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return host, port
}

// isOfConnection reports whether a field is made again for each connection, or
// is for the proxy, so that it is not sent again.
func isOfConnection(name string) bool {
	n := exchange.LookupName(name)
	return n.IsHopByHop() || n.IsForProxy() || n == exchange.FieldContentLength
}
