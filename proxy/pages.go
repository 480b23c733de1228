package proxy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"sidenote/exchange"
	"sidenote/proxy/h1"
)

// A page is a response that sidenote makes itself.
type page struct {
	status  int
	fields  []exchange.Line
	content []byte
}

func newPage(status int, contentType string, content []byte, more ...exchange.Line) *page {
	return &page{status: status, content: content, fields: append([]exchange.Line{
		{Name: "Content-Type", Value: contentType},
		{Name: "Content-Length", Value: strconv.Itoa(len(content))},
		{Name: "Cache-Control", Value: "no-store"},
		{Name: "Content-Security-Policy", Value: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
		{Name: "X-Content-Type-Options", Value: "nosniff"},
	}, more...)}
}

// last returns the page as a whole response, the last on its connection, for a
// client of which no exchange is recorded.
func (pg *page) last() []byte {
	b := []byte(exchange.StatusLine(exchange.HTTP11, pg.status, http.StatusText(pg.status)) + "\r\n")
	for _, l := range append(pg.fields, exchange.Line{Name: "Connection", Value: "close"}) {
		b = h1.AppendField(b, l.Name, l.Value)
	}
	return append(append(b, "\r\n"...), pg.content...)
}

// A failureText is what a failure page says, in each of its forms.
type failureText struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	Code   string `json:"code"`
	Phase  string `json:"phase"`
	Who    string `json:"who"`
	Why    string `json:"why"`
	Act    string `json:"act"`
	Method string `json:"method"`
	URL    string `json:"url"`
	ID     string `json:"exchange"`
}

// failurePage says what failed, in which phase, and who should look: as a
// problem document (RFC 9457) to clients that prefer JSON, as a page to
// browsers, else as text.
func (p *Proxy) failurePage(x *exchange.Exchange, e *exchange.Err) *page {
	f, ok := e.Code.Lookup()
	if !ok {
		f, _ = exchange.ErrUnknown.Lookup()
	}
	status := f.Status
	if status == 0 {
		status = http.StatusBadGateway
	}
	t := failureText{
		Type: "about:blank", Title: f.Title, Status: status, Detail: e.Detail,
		Code: string(e.Code), Phase: string(f.Phase), Who: whoInWords(f.Who), Why: f.Why, Act: f.Act,
		Method: x.Request.Method, URL: x.URL(), ID: x.ID,
	}
	if x.Scheme == "" { // the target is not known, only what was asked for
		t.URL = x.Request.Target
	}
	proxyStatus := exchange.Line{Name: "Proxy-Status", Value: "sidenote; error=" + f.ProxyStatus}
	contentType, content := t.render(x.Request.Fields.Combined(exchange.FieldAccept))
	return newPage(status, contentType, content, proxyStatus)
}

func whoInWords(who string) string {
	switch who {
	case "origin":
		return "the owner of the server"
	case "client":
		return "the sender of the request"
	case "intermediary":
		return "the owner of the network in between"
	}
	return "the owner of sidenote"
}

//go:embed failure.html.tmpl
var failureHTML string

//go:embed setup.html.tmpl
var setupHTML string

func (t *failureText) render(accept string) (contentType string, content []byte) {
	accept = strings.ToLower(accept)
	var b bytes.Buffer
	switch {
	case strings.Contains(accept, "json"):
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if enc.Encode(t) == nil {
			return "application/problem+json", b.Bytes()
		}
	case strings.Contains(accept, "text/html"):
		if template.Must(template.New("failure").Parse(failureHTML)).Execute(&b, t) == nil {
			return "text/html; charset=utf-8", b.Bytes()
		}
	}
	return "text/plain; charset=utf-8", t.plain()
}

func (t *failureText) plain() []byte {
	var b bytes.Buffer
	b.WriteString("sidenote: " + t.Title + "\n\n")
	b.WriteString("  " + t.Method + " " + t.URL + "\n")
	if t.Detail != "" {
		b.WriteString("  " + t.Detail + "\n")
	}
	b.WriteString("\n" + t.Why + "\n")
	b.WriteString("What to do: " + t.Act + "\n")
	b.WriteString("Who should look: " + t.Who + ". Phase: " + t.Phase + ". Code: " + t.Code + ".\n")
	return b.Bytes()
}

// challengePage asks for credentials.
func challengePage() *page {
	text := "sidenote: this proxy wants credentials\n\nGive them in the proxy's URL: http://USER:PASSWORD@HOST:PORT\n"
	return newPage(http.StatusProxyAuthRequired, "text/plain; charset=utf-8", []byte(text),
		exchange.Line{Name: "Proxy-Authenticate", Value: `Basic realm="sidenote", charset="UTF-8"`})
}

// caPath is where the setup page offers the CA.
const caPath = "/ca.pem"

// setupPage tells how to point a client at this proxy.
func (p *Proxy) setupPage(in *inbound) *page {
	if in.current != nil && p.config.CA != nil && strings.HasSuffix(in.current.x.Request.Target, caPath) {
		return newPage(http.StatusOK, "application/x-pem-file", p.config.CA.CertPEM(),
			exchange.Line{Name: "Content-Disposition", Value: `attachment; filename="sidenote-ca.pem"`})
	}
	data := struct {
		Listen, Proxy, CAFile, Fingerprint string
		HasCA                              bool
	}{Listen: in.local.String(), Proxy: "http://" + in.local.String(), HasCA: p.config.CA != nil}
	if data.HasCA {
		data.CAFile = p.config.CA.CertFile()
		data.Fingerprint = exchange.DigestOf(p.config.CA.Certificate().Raw).String()
	}
	var b bytes.Buffer
	if err := template.Must(template.New("setup").Parse(setupHTML)).Execute(&b, data); err != nil {
		return newPage(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(err.Error()))
	}
	return newPage(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

// serveSetup is for goproxy, which calls it for a request without an absolute
// target; route has answered those before.
func (p *Proxy) serveSetup(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "sidenote: the request names no target", http.StatusBadRequest)
}
