package rules

import (
	"bytes"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// statusErrorContentRules lists the rules on what error responses say.
func statusErrorContentRules() []*annotate.Rule {
	return []*annotate.Rule{
		statusErrorMissingBody,
		statusErrorDetailDisclosed,
		status511MissingLoginLink,
	}
}

var statusErrorMissingBody = &annotate.Rule{
	ID:       "status/error-missing-body",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "an error without an explanation",
	Refs:     []string{"RFC 9110 §15.5", "RFC 9110 §15.6"},
	Doc: "The body of an error should say what is wrong and whether it is temporary. With only the status, people have to guess. " +
		"A problem document (RFC 9457) is for people and programs.",
	Help: "send a body, for example Content-Type: application/problem+json with {\"title\":\"The cart is empty\",\"detail\":\"...\"}",
	Bad: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 400 Bad Request
< Content-Length: 0
<
`},
	Good: []string{`> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 400 Bad Request
< Content-Length: 6
<
< no qty
`, `> HEAD /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
<
`, `# browsers show nothing of a refused WebSocket handshake
> GET /chat HTTP/1.1
> Host: shop.test
> Connection: Upgrade
> Upgrade: websocket
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
> Cookie: a=b
>
< HTTP/1.1 403 Forbidden
< Content-Length: 0
<
`, `> CONNECT shop.test:443 HTTP/1.1
> Host: shop.test:443
> Proxy-Authorization: Basic eDp5
>
< HTTP/1.1 403 Forbidden
< Content-Length: 0
<
`, `# the content was not kept
> POST /orders HTTP/1.1
> Host: shop.test
> Content-Length: 2
>
> {}
< HTTP/1.1 400 Bad Request
<
* content response size=20 truncated
`},
	When:  annotate.When{Status: []int{400, 403, 406, 409, 422, 428, 429, 500, 501, 503, 505, 507}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		c := &p.X.Response.Content
		r := &p.X.Request
		if c.Size > 0 || !c.Whole() || r.Method == "HEAD" || r.Method == "CONNECT" || isPreflight(r) || isWebSocketHandshake(r) {
			return
		}
		p.Note(p.StatusLine(), "the %d has no body, so it doesn't say what is wrong", p.X.Response.Status)
	},
}

// isPreflight reports whether a request is a CORS preflight.
func isPreflight(r *exchange.Request) bool {
	return r.Method == "OPTIONS" && r.Fields.Has(exchange.FieldOrigin) && r.Fields.Has(exchange.FieldAccessControlRequestMethod)
}

var statusErrorDetailDisclosed = &annotate.Rule{
	ID:       "status/error-detail-disclosed",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the error reveals internals of the server",
	Refs:     []string{"RFC 9457 §5"},
	Doc: "The body of the error has a stack trace, a database error or the page of a debugger. " +
		"It tells attackers which software runs, where its files are and what its queries look like. Write it to the log with an ID, and send the ID.",
	Help: "turn off the debug mode of the framework; send an ID under which the log has the details",
	Bad: []string{`* origin peer=203.0.113.5:80
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: text/plain
<
< Traceback (most recent call last):
<   File "/srv/app.py", line 12, in orders
< KeyError: 'qty'
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: application/json
<
< {"trace":"java.lang.NullPointerException\\n\\tat com.shop.Cart.add(Cart.java:12)"}
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: text/html
<
< <pre>goroutine 7 [running]:
< main.orders(0x1)</pre>
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 400 Bad Request
< Content-Type: text/html
<
< ORA-00942: table or view does not exist
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: text/html
<
< SQLSTATE[42S02]: Base table or view not found
`, `> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: text/html
<
< TypeError: x<br>&nbsp; at handle (/srv/app/index.js:10:15)
`},
	Good: []string{`# on one's own machine that is what one wants to see
* origin peer=127.0.0.1:8000
> GET /orders HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: text/plain
<
< Traceback (most recent call last):
`, `> GET /orders HTTP/1.1
> Host: localhost:8000
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: text/plain
<
< Traceback (most recent call last):
`, `# code for reading
> GET /help HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 404 Not Found
< Content-Type: text/html
<
< Cart.java: see ORA-forms, goroutine x [running], main.js:app and TENORA-12345
`, `# another kind of content
> GET /help HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 500 Internal Server Error
< Content-Type: application/octet-stream
<
< SQLSTATE[42S02]
`},
	When:  annotate.When{Class: []int{4, 5}, Fields: []exchange.Name{exchange.FieldContentType}},
	Needs: annotate.NeedsContent,
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if r.Content.Size == 0 || !isReadable(mediaTypeOf(&r.Fields)) || isLocalAddress(p.X) {
			return
		}
		const most = 64 << 10
		b := r.DecodedContent().Bytes
		b = b[:min(len(b), most)]
		for i := range disclosures {
			if start, end := disclosures[i].find(b); start >= 0 {
				p.Note(annotate.ResponseContent(start, end), "the body shows %s: %s", disclosures[i].what, excerpt(b[start:end]))
				return
			}
		}
	},
}

// isReadable reports whether a media type is one in which error pages are written.
func isReadable(m field.MediaType) bool {
	return m.IsJSON() || m.IsHTML() || m.Is("application", "xml") || field.EqualFold(m.Suffix(), "xml") ||
		m.Is("text", "plain") || m.Is("text", "xml")
}

// A disclosure is a mark by which the inside of a server is recognized: a text,
// and what has to stand after it and before it.
type disclosure struct {
	what   string
	text   []byte
	after  func(rest []byte) int         // how many octets belong to the mark, -1 if it is none
	before func(b []byte, start int) int // where the mark begins, -1 if it is none
}

var disclosures = [...]disclosure{
	{what: "a Python stack trace", text: []byte("Traceback (most recent call last)")},
	{what: "a Go stack trace", text: []byte("goroutine "), after: goroutine},
	{what: "a Java stack trace", text: []byte(".java:"), after: lineNumber, before: stackFrameStart},
	{what: "a Kotlin stack trace", text: []byte(".kt:"), after: lineNumber, before: stackFrameStart},
	{what: "a Scala stack trace", text: []byte(".scala:"), after: lineNumber, before: stackFrameStart},
	{what: "a .NET stack trace", text: []byte(".cs:line "), after: lineNumber, before: stackFrameStart},
	{what: "a JavaScript stack trace", text: []byte(".js:"), after: lineColumn, before: stackFrameStart},
	{what: "a TypeScript stack trace", text: []byte(".ts:"), after: lineColumn, before: stackFrameStart},
	{what: "a Ruby stack trace", text: []byte(".rb:"), after: rubyLine, before: fileNameStart},
	{what: "a Rust panic", text: []byte("' panicked at ")},
	{what: "an Oracle error", text: []byte("ORA-"), after: oracle, before: wordStart},
	{what: "a database error", text: []byte("SQLSTATE[")},
	{what: "a MySQL error", text: []byte("You have an error in your SQL syntax")},
	{what: "an SQL Server error", text: []byte("Unclosed quotation mark after the character string")},
	{what: "a PostgreSQL error", text: []byte("psycopg2.errors.")},
	{what: "a PostgreSQL error", text: []byte("PG::UndefinedTable")},
	{what: "a PHP error", text: []byte("PHP Fatal error: ")},
	{what: "a PHP error", text: []byte("<b>Fatal error</b>: ")},
	{what: "a PHP stack trace", text: []byte("Stack trace:\n#0 ")},
	{what: "Django's debug page", text: []byte("you have <code>DEBUG = True</code>")},
	{what: "Werkzeug's debugger", text: []byte("The debugger caught an exception in your WSGI application")},
	{what: "Rails' debug page", text: []byte("Action Controller: Exception caught")},
	{what: "Laravel's debug page", text: []byte("Illuminate\\Foundation\\")},
	{what: "Symfony's debug page", text: []byte("Symfony\\Component\\HttpKernel\\")},
	{what: "ASP.NET's debug page", text: []byte("<b>Stack Trace:</b>")},
}

// find returns the octets of the first mark in b, -1 and -1 if there is none.
func (d *disclosure) find(b []byte) (start, end int) {
	for from := 0; ; {
		i := bytes.Index(b[from:], d.text)
		if i < 0 {
			return -1, -1
		}
		start, end = from+i, from+i+len(d.text)
		from = end
		if d.after != nil {
			n := d.after(b[end:])
			if n < 0 {
				continue
			}
			end += n
		}
		if d.before != nil {
			if start = d.before(b, start); start < 0 {
				continue
			}
		}
		return start, end
	}
}

// leadingDigits is how many decimal digits b begins with.
func leadingDigits(b []byte) int {
	n := 0
	for n < len(b) && field.IsDigit(b[n]) {
		n++
	}
	return n
}

func lineNumber(rest []byte) int {
	if n := leadingDigits(rest); n > 0 {
		return n
	}
	return -1
}

// lineColumn matches "10:15".
func lineColumn(rest []byte) int {
	line := leadingDigits(rest)
	if line == 0 || line >= len(rest) || rest[line] != ':' {
		return -1
	}
	column := leadingDigits(rest[line+1:])
	if column == 0 {
		return -1
	}
	return line + 1 + column
}

// rubyLine matches "12:in `".
func rubyLine(rest []byte) int {
	n := leadingDigits(rest)
	if n > 0 && bytes.HasPrefix(rest[n:], []byte(":in ")) {
		return n + len(":in ")
	}
	return -1
}

// goroutine matches "7 [".
func goroutine(rest []byte) int {
	n := leadingDigits(rest)
	if n > 0 && bytes.HasPrefix(rest[n:], []byte(" [")) && bytes.IndexByte(rest[n:min(len(rest), n+40)], ']') > 0 {
		return n + bytes.IndexByte(rest[n:], ']') + 1
	}
	return -1
}

// oracle matches the five digits of an Oracle error.
func oracle(rest []byte) int {
	if leadingDigits(rest) == 5 {
		return 5
	}
	return -1
}

// wordStart refuses a mark that is the end of a longer word.
func wordStart(b []byte, start int) int {
	if start > 0 && field.IsTokenByte(b[start-1]) {
		return -1
	}
	return start
}

// longestFrame is how far before a file name the frame of a stack trace can begin.
const longestFrame = 256

// stackFrameStart finds the "at " with which the frame of a stack trace begins.
func stackFrameStart(b []byte, start int) int {
	low := max(0, start-longestFrame)
	piece := b[low:start]
	if i := bytes.LastIndexByte(piece, '\n'); i >= 0 {
		piece, low = piece[i+1:], low+i+1
	}
	i := bytes.LastIndex(piece, []byte("at "))
	if i < 0 {
		return -1
	}
	if i > 0 && piece[i-1] != ' ' && piece[i-1] != '\t' && piece[i-1] != 't' && piece[i-1] != ';' && piece[i-1] != '>' {
		return -1
	}
	return low + i
}

// fileNameStart finds the beginning of the file name that ends at start.
func fileNameStart(b []byte, start int) int {
	low := max(0, start-longestFrame)
	i := bytes.LastIndexAny(b[low:start], " \t\r\n\"'<>(")
	return low + i + 1
}

var status511MissingLoginLink = &annotate.Rule{
	ID:       "status/511-missing-login-link",
	Severity: annotate.Warn,
	Blame:    annotate.ByIntermediary,
	Title:    "a 511 without a link to a login",
	Refs:     []string{"RFC 6585 §6"},
	Doc:      "A 511 comes from the network, not from the site: someone has to log in first. It should link to the login page. Without a link, users can't continue.",
	Help:     "put a link to the login page in the body",
	Bad: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 511 Network Authentication Required
< Content-Type: text/html
<
< <p>Please log in.</p>
`},
	Good: []string{`> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 511 Network Authentication Required
< Content-Type: text/html
<
< <p><a HREF="/login">Please log in.</a></p>
`, `> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 511 Network Authentication Required
< Content-Type: application/json
<
< {"login":"https://portal.test/login"}
`, `> GET / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 511 Network Authentication Required
< Link: <https://portal.test/login>; rel=alternate
< Content-Length: 0
<
`, `> HEAD / HTTP/1.1
> Host: shop.test
>
< HTTP/1.1 511 Network Authentication Required
<
`},
	When:  annotate.When{Status: []int{511}},
	Needs: annotate.NeedsContent | annotate.NeedsMethod,
	Check: func(p *annotate.Pass) {
		r := &p.X.Response
		if p.X.Request.Method == "HEAD" || r.Fields.Has(exchange.FieldLink) || r.Fields.Has(exchange.FieldLocation) {
			return
		}
		d := r.DecodedContent()
		if d.Whole() && !holdsURL(d.Bytes) {
			p.Note(p.StatusLine(), "the 511 has no Link, no Location, and no link to a login page in its body")
		}
	},
}

// holdsURL reports whether a text has a link: an absolute URL or an attribute
// that holds one.
func holdsURL(s []byte) bool {
	for _, mark := range [...]string{"http://", "https://", "href=", "action=", "url="} {
		if field.IndexFold(s, mark) >= 0 {
			return true
		}
	}
	return false
}
