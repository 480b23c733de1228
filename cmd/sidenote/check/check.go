package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// A Check is one request, and what is expected of the answer.
type Check struct {
	Name    string // unique in its list; "" for none
	Method  string
	URL     string
	Fields  []exchange.Line // sent beside User-Agent and Accept, which they may replace
	Content []byte          // nil for none
	Follow  bool            // redirects are followed, at most MostRedirects
	MaxTime time.Duration   // for all of it, redirects too
	Expect  *Expectations   // of the answer; nil for any that there is
}

// MostRedirects is how many redirects of one check are followed.
const MostRedirects = 10

// ParseURL reads a URL as a user types it: without a scheme it is http for
// this machine, and https elsewhere.
func ParseURL(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = guessScheme(s) + "://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL: %w", s, reason(err))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q: check takes only http:// and https:// URLs", s)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q has no host", s)
	}
	return u, nil
}

// reason is what an error of net/url says beside the URL.
func reason(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func guessScheme(s string) string {
	authority, _, _ := strings.Cut(s, "/")
	host, _ := exchange.SplitAuthority(authority)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasPrefix(host, "127.") || host == "::1" {
		return "http"
	}
	return "https"
}

// ParseField reads "Name: value". The value of "Name:" is empty.
func ParseField(s string) (exchange.Line, error) {
	name, value, ok := strings.Cut(s, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !ok:
		return exchange.Line{}, fmt.Errorf(`want "Name: value", not %q`, s)
	case !field.IsToken(name):
		return exchange.Line{}, fmt.Errorf("%q is not a header name: use letters, digits and hyphens", name)
	case strings.ContainsAny(value, "\r\n\x00"):
		return exchange.Line{}, fmt.Errorf("the value of %s contains a line break or a NUL", name)
	case isMade(name):
		return exchange.Line{}, fmt.Errorf("%s is computed from the rest of the request, so you can't set it", name)
	}
	return exchange.Line{Name: name, Value: value}, nil
}

// isMade reports whether a field is the business of those who send a message on
// a connection, or says where it goes.
func isMade(name string) bool {
	n := exchange.LookupName(name)
	return n == exchange.FieldHost || n == exchange.FieldContentLength || n.IsHopByHop() && n != exchange.FieldTE
}

// ParseMethod reads a request method.
func ParseMethod(s string) (string, error) {
	switch {
	case !field.IsToken(s):
		return "", fmt.Errorf("%q is not a request method; want GET, POST or another one", s)
	case s == http.MethodConnect:
		return "", errors.New("CONNECT asks a proxy for a tunnel, so it can't be checked")
	}
	return s, nil
}

// request makes the request that the check sends first.
func (c *Check) request(ctx context.Context, userAgent string) (*http.Request, error) {
	var content io.Reader
	if c.Content != nil {
		content = bytes.NewReader(c.Content)
	}
	r, err := http.NewRequestWithContext(ctx, c.Method, c.URL, content)
	if err != nil {
		return nil, err
	}
	r.Header = http.Header{"User-Agent": {userAgent}, "Accept": {"*/*"}}
	replaced := map[string]bool{}
	for _, f := range c.Fields {
		canonical := http.CanonicalHeaderKey(f.Name)
		if !replaced[canonical] {
			replaced[canonical] = true
			delete(r.Header, canonical)
		}
		name := f.Name
		if canonical == "User-Agent" { // net/http looks for it
			name = canonical
		}
		r.Header[name] = append(r.Header[name], f.Value)
	}
	return r, nil
}
