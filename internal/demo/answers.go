package demo

import (
	"maps"
	"net/http"
	"strings"
)

// sample is the resource that partial responses are parts of.
const sample = "abcdefghijklmnopqrstuvwxyz"

// usualFields are those of a response that a cache may keep and check.
func usualFields(mediaType string) []string {
	return []string{"Content-Type: " + mediaType, `ETag: "v1"`, "Cache-Control: no-cache"}
}

// wellMade is the table of /well.
func wellMade() map[int]answer {
	table := make(map[int]answer)
	for _, part := range []map[int]answer{wellInterim(), wellSuccess(), wellRedirection(), wellErrors()} {
		maps.Copy(table, part)
	}
	return table
}

func wellInterim() map[int]answer {
	return map[int]answer{
		100: {interim: true, content: cart},
		101: {raw: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: demo\r\n\r\nhello in another protocol\n"},
		102: {interim: true, content: cart},
		103: {interim: true, fields: []string{"Link: </style.css>; rel=preload; as=style"}, content: cart},
		104: {interim: true, content: cart, fields: []string{
			"Location: /well/200", "Upload-Limit: max-size=1000000", "Upload-Draft-Interop-Version: 8"}},
	}
}

const cart = `{"cart":[{"item":"pencil","count":2}]}` + "\n"

func wellSuccess() map[int]answer {
	json := usualFields("application/json")
	return map[int]answer{
		200: {fields: json, content: cart},
		201: {fields: []string{"Content-Type: application/json", "Location: /well/200"}, content: cart},
		202: {fields: []string{"Content-Type: application/json", "Location: /well/200", "Retry-After: 1"}, content: `{"state":"queued"}` + "\n"},
		203: {fields: append(usualFields("text/plain; charset=utf-8"), "Via: 1.1 shortener"), content: "A shorter text.\n"},
		204: {fields: []string{"Cache-Control: no-cache"}},
		205: {},
		206: {fields: append(usualFields("text/plain; charset=utf-8"), "Content-Range: bytes 0-4/26", "Accept-Ranges: bytes"), content: sample[:5]},
		207: {fields: []string{"Content-Type: application/xml"}, content: multistatus("HTTP/1.1 200 OK")},
		208: {status: 207, fields: []string{"Content-Type: application/xml"}, content: multistatus("HTTP/1.1 208 Already Reported")},
		226: {fields: []string{"Content-Type: text/plain; charset=utf-8", `ETag: "v2"`, "IM: diffe", `Delta-Base: "v1"`, "Cache-Control: no-store"}, content: "1c\nA newer line.\n.\n"},
	}
}

// multistatus is the content of a 207 with one member (RFC 4918 §13).
func multistatus(status string) string {
	return `<?xml version="1.0" encoding="utf-8"?>` + "\n" +
		`<multistatus xmlns="DAV:"><response><href>/well/200</href><status>` + status + `</status></response></multistatus>` + "\n"
}

func wellRedirection() map[int]answer {
	redirect := func(more ...string) answer {
		return answer{
			fields:  append([]string{"Location: /well/200", "Content-Type: text/html; charset=utf-8"}, more...),
			content: `<!doctype html><title>Moved</title><a href="/well/200">It is here.</a>` + "\n",
		}
	}
	html := []string{"Content-Type: text/html; charset=utf-8"}
	return map[int]answer{
		300: {fields: append(html[:1:1], `Link: </well/200>; rel="alternate"`), content: `<!doctype html><title>Choose</title><a href="/well/200">JSON</a>` + "\n"},
		301: redirect("Cache-Control: max-age=3600"),
		302: redirect(),
		303: redirect(),
		304: {fields: []string{`ETag: "v1"`, "Cache-Control: no-cache"}},
		305: {fields: html, content: "<!doctype html><title>Use Proxy</title>This code is deprecated.\n"},
		306: {fields: html, content: "<!doctype html><title>Unused</title>This code is reserved.\n"},
		307: redirect(),
		308: redirect("Cache-Control: max-age=3600"),
	}
}

// wellErrors has a problem document for every error, and the fields that the
// code calls for.
func wellErrors() map[int]answer {
	table := make(map[int]answer)
	for code, detail := range errorDetails() {
		table[code] = answer{fields: []string{"Content-Type: application/problem+json"}, content: problem(code, detail)}
	}
	for code, fields := range map[int][]string{
		401: {`WWW-Authenticate: Bearer realm="demo"`},
		404: {"Cache-Control: no-cache"},
		407: {`Proxy-Authenticate: Basic realm="demo proxy"`},
		408: {"Connection: close"},
		412: {`ETag: "v2"`},
		415: {"Accept: application/json"},
		416: {"Content-Range: bytes */26"},
		426: {"Connection: Upgrade", "Upgrade: demo"},
		428: {"Cache-Control: no-store"},
		429: {"Cache-Control: no-store", "Retry-After: 1"},
		431: {"Cache-Control: no-store"},
		451: {`Link: <https://authority.example/>; rel="blocked-by"`},
		502: {"Proxy-Status: demo; error=connection_refused"},
		503: {"Retry-After: 1"},
		504: {"Proxy-Status: demo; error=connection_timeout"},
		511: {"Cache-Control: no-store"},
	} {
		a := table[code]
		a.fields = append(a.fields, fields...)
		table[code] = a
	}
	allow := table[405]
	allow.adapt = allowOthers
	table[405] = allow
	table[511] = answer{
		fields:  []string{"Content-Type: text/html; charset=utf-8", "Cache-Control: no-store"},
		content: `<!doctype html><title>Log in to the network</title><a href="https://login.example/">Log in</a>` + "\n",
	}
	return table
}

// allowOthers lists methods in Allow without the one that was refused.
func allowOthers(to *answerTo) []string {
	methods := []string{}
	for _, m := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		if m != to.method {
			methods = append(methods, m)
		}
	}
	return []string{"Allow: " + strings.Join(methods, ", ")}
}

// errorDetails says for each error what a good server would say.
func errorDetails() map[int]string {
	return map[int]string{
		400: "the query parameter \"page\" is \"x\"; it must be a number",
		401: "send a token in Authorization: Bearer TOKEN",
		402: "the free plan has no more calls this month",
		403: "the token lacks the scope \"orders:write\"",
		404: "there is no order 981",
		405: "orders cannot be changed with this method; Allow lists those that can",
		406: "this resource is there as application/json only",
		407: "this proxy wants a name and a password",
		408: "the request did not arrive within 10 s",
		409: "order 981 is shipped already and cannot be cancelled",
		410: "this offer ended and will not come back",
		411: "send Content-Length",
		412: "the order was changed since; its ETag is now \"v2\"",
		413: "the limit is 1000000 bytes",
		414: "the limit for a URI is 8000 bytes",
		415: "send application/json",
		416: "there are 26 bytes",
		417: "send it without Expect",
		418: "this code is reserved; it is here to show how it is handled",
		421: "this server does not answer for that host",
		422: "\"count\" must be at least 1",
		423: "locked by anna until noon",
		424: "not done, since /orders/980 could not be changed",
		425: "send it again after the TLS handshake",
		426: "this resource speaks the protocol \"demo\" only",
		428: "send the order's ETag in If-Match",
		429: "at most 10 requests per second for each token",
		431: "the header Cookie has more than 8000 bytes",
		451: "blocked by order of the court of Example",
		500: "saving the order failed; request id 5f1a2c",
		501: "this server does not know the method",
		502: "the order service refused the connection",
		503: "being updated; back in a second",
		504: "the order service did not answer within 30 s",
		505: "this server speaks HTTP/1.1 and HTTP/2",
		506: "the variant that was chosen negotiates itself",
		507: "the disk is full",
		508: "the folder contains itself",
		510: "the extension \"demo\" is wanted",
		511: "log in to the network first",
	}
}

// badlyMade is the table of /badly: each response breaks a rule that its code
// calls for; the rest contradict themselves in their problem document.
func badlyMade() map[int]answer {
	table := make(map[int]answer)
	for code := range errorDetails() {
		table[code] = answer{fields: []string{"Content-Type: application/problem+json"}, content: problem(contradicting(code), "the status line says another thing")}
	}
	for _, part := range []map[int]answer{badInterim(), badSuccess(), badRedirection(), badErrors()} {
		maps.Copy(table, part)
	}
	return table
}

// contradicting returns another error code than the one given.
func contradicting(code int) int {
	if code == http.StatusBadRequest {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func badInterim() map[int]answer {
	return map[int]answer{
		100: {interim: true, content: cart}, // no one asked for it
		101: {raw: "HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n"},
		102: {interim: true, content: loginPage},
		103: {interim: true, content: cart}, // hints at nothing
		104: {interim: true, content: cart}, // says nothing of the upload
	}
}

const loginPage = "<!doctype html><html><head><title>Please log in</title></head><body>Log in to go on.</body></html>\n"

func badSuccess() map[int]answer {
	text := []string{"Content-Type: text/plain; charset=utf-8"}
	return map[int]answer{
		200: {fields: usualFields("application/json"), content: loginPage},
		201: {},
		202: {},
		203: {fields: text, content: "changed on the way, but by whom?\n"},
		204: {raw: "HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"},
		205: {fields: text, content: "there should be nothing here\n"},
		206: {fields: append(usualFields("text/plain; charset=utf-8"), "Accept-Ranges: bytes"), content: sample[:5]},
		207: {fields: []string{"Content-Type: application/json"}, content: `{"error":"which of them?"}` + "\n"},
		208: {fields: text, content: "not inside a 207\n"},
		226: {fields: text, content: "a delta against what?\n"},
	}
}

func badRedirection() map[int]answer {
	lost := answer{fields: []string{"Content-Type: text/plain; charset=utf-8"}, content: "it moved, find it yourself\n"}
	return map[int]answer{
		300: {},
		301: lost, 302: lost, 303: lost, 307: lost, 308: lost,
		304: {fields: []string{"Content-Language: en", "Content-Location: /elsewhere"}},
		305: {fields: []string{"Location: http://other.example:3128/"}},
		306: {fields: []string{"Location: /well/200"}},
	}
}

// badErrors are the errors whose own rule is broken.
func badErrors() map[int]answer {
	bare := answer{}
	json := func(content string, more ...string) answer {
		return answer{fields: append([]string{"Content-Type: application/json"}, more...), content: content}
	}
	return map[int]answer{
		400: bare,
		401: json(`{"error":"no token"}` + "\n"),
		403: json(`{"error":"missing access token"}` + "\n"),
		404: {fields: []string{"Content-Type: application/json"}, content: loginPage},
		405: json(`{"error":"method not allowed"}` + "\n"),
		407: json(`{"error":"who are you?"}` + "\n"),
		408: json(`{"error":"too slow"}`+"\n", "Connection: keep-alive"),
		416: bare,
		421: json(`{"error":"not here"}`+"\n", `Alt-Svc: h3=":443"`),
		426: json(`{"error":"another protocol, please"}` + "\n"),
		429: json(`{"error":"slow down"}`+"\n", "Cache-Control: max-age=60"),
		500: json(`{"error": "it broke in the mid`),
		502: {fields: []string{"Content-Type: text/html; charset=utf-8"}, content: "<!doctype html><title>502 Bad Gateway</title><center>demo</center>\n"},
		503: json(`{"error":"later"}` + "\n"),
		511: {fields: []string{"Content-Type: text/html; charset=utf-8", "Cache-Control: max-age=60"}, content: `<!doctype html><title>Log in</title><form><input name="password" type="password"></form>` + "\n"},
	}
}
