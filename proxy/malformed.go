package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sidenote/exchange"
)

// refuseMalformed records a request that net/http refuses by itself, and returns
// what to answer instead of its short text. made is what net/http writes. The
// connection's lock is held.
func (p *Proxy) refuseMalformed(in *inbound, made []byte) []byte {
	status, _ := strconv.Atoi(string(made[9:12]))
	x := &exchange.Exchange{ID: p.nextID(), Run: p.config.RunID, Started: time.Now()}
	head, began, _ := in.recorder.take()
	if head == "" {
		head = string(in.recorder.partial())
	}
	if !began.IsZero() {
		x.Started = began
	}
	x.Client = in.connection(in.served > 0)
	x.Scheme = in.route.scheme
	x.Err = &exchange.Err{Code: exchange.ErrRequestMalformed, Detail: malformedDetail(made, head)}
	if status == http.StatusRequestHeaderFieldsTooLarge {
		x.Err.Code = exchange.ErrRequestHeadLarge
		x.Err.Detail = fmt.Sprintf("the head has more than %d octets", p.config.MaxHeadBytes)
	}
	readMalformed(x, head)
	page := p.failurePage(x, x.Err)
	page.status = status
	ps := &passage{proxy: p, in: in, x: x, w: &responseWriter{}}
	ps.setMade(page)
	added := p.headKnown(x)
	out := ps.responseHead()
	out.added = linesOf(added)
	framing := fmt.Appendf(nil, "HTTP/1.1 %d\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", status, len(page.content))
	x.Timing.Done = max(time.Since(x.Started), 1)
	answer := append(out.compose(nil, framing), page.content...)
	p.done(x)
	return answer
}

// readMalformed takes what can be understood of a refused head.
func readMalformed(x *exchange.Exchange, head string) {
	line, fields := exchange.ParseHead(head)
	q := &x.Request
	q.RawHead = head
	q.Fields = fields
	if method, target, v, err := exchange.ParseRequestLine(line); err == nil {
		q.Method, q.Target, q.Version = method, target, v
	} else {
		q.Method, q.Target, _ = strings.Cut(line, " ")
	}
	x.Authority = exchange.TargetAuthority(q)
	if x.Scheme == "" {
		x.Scheme = "http"
	}
}

// malformedDetail is the reason that net/http returns, or a better one where the
// octets show what the client meant.
func malformedDetail(made []byte, head string) string {
	switch {
	case strings.HasPrefix(head, "\x16\x03"):
		return "the client speaks TLS to the proxy; write the proxy's address with http://"
	case strings.HasPrefix(head, "\x05") || strings.HasPrefix(head, "\x04"):
		return "the client speaks SOCKS; this is an HTTP proxy"
	case strings.HasPrefix(head, "PRI * HTTP/2"):
		return "the client speaks HTTP/2 to the proxy; use HTTP/1.1 for the connection to it"
	}
	if bytes.HasPrefix(made[8:], []byte(" 417")) {
		return "its Expect asks for something other than 100-continue, which nobody is known to provide"
	}
	if line, _, _ := strings.Cut(head, "\r\n"); line != "" {
		if method, target, _, err := exchange.ParseRequestLine(line); err == nil && method != http.MethodConnect {
			var bad *url.Error
			if _, err := url.ParseRequestURI(target); errors.As(err, &bad) {
				return fmt.Sprintf("the request target %q cannot be read: %s", target[:min(len(target), 200)], strings.TrimPrefix(bad.Err.Error(), "net/url: "))
			}
		}
	}
	_, text, _ := bytes.Cut(made, []byte("\r\n\r\n"))
	_, reason, found := strings.Cut(string(text), ": ")
	if !found {
		reason = "the request line or a field line cannot be read"
	}
	if bad := firstBadLine(head); bad != "" {
		reason += fmt.Sprintf(": %q", bad)
	}
	return reason
}

// firstBadLine finds the line that makes a head unreadable.
func firstBadLine(head string) string {
	hosts := 0
	for i, line := range strings.Split(head, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case i == 0:
			if _, _, _, err := exchange.ParseRequestLine(line); err != nil {
				return line[:min(len(line), 200)]
			}
		case line == "":
			return ""
		default:
			name, _, ok := strings.Cut(line, ":")
			if strings.EqualFold(name, "Host") {
				hosts++
			}
			if !ok || name == "" || hosts > 1 || strings.ContainsAny(name, " \t\x00") || strings.ContainsFunc(line, isForbidden) {
				return line[:min(len(line), 200)]
			}
		}
	}
	return ""
}

// isForbidden knows the octets that no field value holds (RFC 9110 §5.5).
func isForbidden(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
