package inspector

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sidenote/exchange"
	"sidenote/sink/store"
)

// A resendRequest is a request as somebody wants to send it. What is left out
// is taken from the exchange, secrets too: the page never sees those, so a
// value that it shows redacted is sent as it was.
type resendRequest struct {
	Method *string      `json:"method"`
	URL    *string      `json:"url"`
	Fields *[][2]string `json:"fields"`
	// Content is text; Octets is the same in base64 for what is no text.
	Content *string `json:"content"`
	Octets  *string `json:"octets"`
}

// resendWithin bounds how long the answer to a request sent by hand is waited for.
const resendWithin = 2 * time.Minute

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
	ctx, cancel := context.WithTimeout(r.Context(), resendWithin)
	defer cancel()
	req, wrong := i.requestOf(ctx, &e, &c)
	if wrong != "" {
		problem(w, http.StatusUnprocessableEntity, wrong, "")
		return
	}
	before := i.o.Store.Stats().Last
	resp, err := i.o.Send(req)
	if err != nil {
		problem(w, http.StatusBadGateway, "it could not be sent: "+err.Error(), "")
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	seq, ok := i.waitByHand(ctx, before, req)
	if !ok {
		problem(w, http.StatusGatewayTimeout, "it was sent, and its record has not come yet", "look for it with is:byhand")
		return
	}
	answer(w, map[string]uint64{"seq": seq})
}

// requestOf makes the request to send.
func (i *Inspector) requestOf(ctx context.Context, e *store.Entry, c *resendRequest) (*http.Request, string) {
	x, shown := e.X, i.redacted(e).X
	method, target := x.Request.Method, x.URL()
	if c.Method != nil {
		method = *c.Method
	}
	if c.URL != nil && *c.URL != text(shown.URL()) {
		target = *c.URL
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "the URL wants to be one such as https://shop.test/cart"
	}
	body, wrong := contentToSend(x, c)
	if wrong != "" {
		return nil, wrong
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, "it is no request: " + err.Error()
	}
	if len(body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header = fieldsToSend(x, shown, c)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	if _, set := req.Header["User-Agent"]; !set {
		req.Header["User-Agent"] = nil // none, instead of the library's
	}
	return req, ""
}

func contentToSend(x *exchange.Exchange, c *resendRequest) (body []byte, wrong string) {
	switch {
	case c.Octets != nil:
		b, err := base64.StdEncoding.DecodeString(*c.Octets)
		if err != nil {
			return nil, "octets is not base64"
		}
		return b, ""
	case c.Content != nil:
		return []byte(*c.Content), ""
	case x.Request.Content.Truncated:
		return nil, "only the beginning of the content was kept, so it cannot be sent again as it was; give another, or keep more with --keep-content"
	}
	return x.Request.Content.Kept, ""
}

// fieldsToSend returns the fields to send: those asked for, with the values that
// the page saw redacted put back. What belongs to a connection or to the length
// of the content is made anew.
func fieldsToSend(x, shown *exchange.Exchange, c *resendRequest) http.Header {
	h := http.Header{}
	add := func(name, value string) {
		if !slices.ContainsFunc(connectionFields, func(f string) bool { return strings.EqualFold(f, name) }) {
			h[name] = append(h[name], value)
		}
	}
	if c.Fields == nil {
		for _, l := range x.Request.Fields.All() {
			add(l.Name, l.Value)
		}
		return h
	}
	for _, f := range *c.Fields {
		value := f[1]
		for n, l := range shown.Request.Fields.All() {
			if strings.EqualFold(l.Name, f[0]) && text(l.Value) == value {
				value = x.Request.Fields.At(n).Value
				break
			}
		}
		add(f[0], value)
	}
	return h
}

var connectionFields = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
	"Content-Length", "Sidenote-Ignore",
}

// waitByHand waits until the record of a request sent by hand is in the store.
func (i *Inspector) waitByHand(ctx context.Context, after uint64, req *http.Request) (uint64, bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		changed := i.o.Store.Changed()
		last := i.o.Store.Stats().Last
		for seq := after + 1; seq <= last; seq++ {
			if e, ok, _ := i.o.Store.Get(seq); ok && e.ByHand && e.X.Request.Method == req.Method {
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
