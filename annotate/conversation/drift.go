package conversation

import (
	"time"

	"sidenote/annotate"
)

// driftRules lists the rules on content that is not what it was, or what another
// request for it says.
func driftRules() []*Rule {
	return []*Rule{
		contentTypeFlips,
		contentHeadGetMismatch,
		contentPutGetMismatch,
		contentShapeDrift,
		statusErrorBodyBaseline,
		statusSoft404,
		linkPaginationLoop,
	}
}

var contentTypeFlips = &Rule{
	Rule: annotate.Rule{
		ID: "content/content-type-flips", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a route answers now with JSON, now with HTML",
		Refs:  []string{"RFC 9110 §8.3", "RFC 9110 §12.1"},
		Doc: "Requests alike in method, route and Accept were answered with success, now in JSON, now in HTML, back and forth. A client that parses JSON fails every second time. " +
			"Often a login page or a page of a proxy comes in place of the answer, with status 200.",
		Help: "answer with the type that was asked for, and with an error status where a page takes its place",
		Bad: []string{`@ 0s times=2 every=4s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n}}
@ 2s times=2 every=4s
> GET /orders/{n}
< 200
< Content-Type: text/html
<
< <title>Shop</title>
`, `@ 0s times=3 every=4s
> POST /rpc
>
> {"n":{n}}
< 200
< Content-Type: text/html; charset=utf-8
<
< <p>please wait
@ 2s times=3 every=4s client=b
> POST /rpc
>
> {"n":9}
< 200
< Content-Type: application/problem+json
<
< {"n":1}
`},
		Good: []string{`# as asked
@ 0s times=3 every=4s
> GET /orders/{n}
> Accept: application/json
< 200
< Content-Type: application/json
<
< {"id":{n}}
@ 2s times=3 every=4s
> GET /orders/{n}
> Accept: text/html
< 200
< Content-Type: text/html
<
< <title>Shop</title>
`, `# asked for in the query
@ 0s times=3 every=4s
> GET /orders?format=json
< 200
< Content-Type: application/json
<
< []
@ 2s times=3 every=4s
> GET /orders?format=html
< 200
< Content-Type: text/html
<
< <title>Shop</title>
`, `# a page of the gateway in place of an error
@ 0s times=3 every=4s
> GET /orders/{n}
< 500
< Content-Type: application/json
<
< {"error":"x"}
@ 2s times=3 every=4s
> GET /orders/{n}
< 500
< Content-Type: text/html
<
< <title>500</title>
`},
	},
	On: Succeeded, After: Succeeded, Of: Route, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		otherType := TypeHTML
		if v.html {
			otherType = TypeJSON
		}
		if !v.is(TypeJSON|TypeHTML) || p.s.seenBefore(v, Route)&otherType == 0 {
			return
		}
		changes, next := 0, v
		var other *Visit
		for w := range p.before(Route, 16) {
			if w.Status != v.Status || w.accept != v.accept || w.queryNames != v.queryNames || !w.made.jsonType && !w.html || w.html == next.html {
				continue
			}
			if changes++; other == nil {
				other = w
			}
			next = w
		}
		if changes >= 3 && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(other, "in the other type")}},
				"the type changed %d times between JSON and HTML, for requests with the same Accept", changes)
		}
	},
}

var contentHeadGetMismatch = &Rule{
	Rule: annotate.Rule{
		ID: "content/head-get-mismatch", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "HEAD and GET of one URL do not agree",
		Refs:  []string{"RFC 9110 §9.3.2"},
		Doc: "HEAD has to have the headers that GET would have. Here status, type, encoding or ETag differ, so anyone who asks with HEAD, such as a link checker or a download manager, is told something that is not so. " +
			"Headers that are made while the content is made, such as Content-Length, may be missing from HEAD.",
		Help: "handle HEAD with the code of GET, and leave the body out",
		Bad: []string{`@ 0s
> HEAD /file
< 404
@ +1s
> GET /file
< 200
<
< text
`, `@ 0s
> GET /file
< 200
< Content-Type: application/pdf
<
< text
@ +1s
> HEAD /file
< 200
< Content-Type: text/html
`},
		Good: []string{`@ 0s
> HEAD /file
< 200
< Content-Type: text/plain
@ +1s
> GET /file
< 200
< Content-Type: text/plain
<
< text
`, `# it was made in between
@ 0s
> HEAD /file
< 404
@ +1s
> PUT /file
>
> text
< 201
@ +1s
> GET /file
< 200
<
< text
`, `# another variant
@ 0s
> HEAD /file
> Accept: text/html
< 200
< Content-Type: text/html
< Vary: Accept
@ +1s
> GET /file
> Accept: text/plain
< 200
< Content-Type: text/plain
< Vary: Accept
<
< text
`},
	},
	On: Read, After: Read, Of: ClientURI, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		for w := range p.before(ClientURI, 4) {
			if !w.is(Read) || w.Method == v.Method {
				continue
			}
			if !v.sameIdentity(w) || !v.selectsLike(w) || v.accept != w.accept || v.encoding != w.encoding || v.is(Conditional|Ranged) || w.is(Conditional|Ranged) || p.writtenSince(w) {
				return
			}
			if what := headDiffers(v, w); what != "" && p.Tells(v.route) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "the other method")}},
					"%s of this URL differs between %s and the %s %s before", what, v.Method, w.Method, ago(v.after(w)))
			}
			return
		}
	},
}

// headDiffers names what differs between HEAD and GET that must not.
func headDiffers(v, w *Visit) string {
	if v.Status != w.Status {
		if v.Status == 200 && isMissing(w.Status) || w.Status == 200 && isMissing(v.Status) {
			return "the status"
		}
		return ""
	}
	switch {
	case v.Status != 200:
		return ""
	case v.contentType != w.contentType:
		return "Content-Type"
	case v.coding != 0 && w.coding != 0 && v.coding != w.coding:
		return "Content-Encoding"
	case v.etag != 0 && w.etag != 0 && v.etag != w.etag && v.modified != 0 && v.modified == w.modified:
		return "ETag"
	}
	return ""
}

func isMissing(status int) bool { return status == 404 || status == 405 || status == 500 }

var contentPutGetMismatch = &Rule{
	Rule: annotate.Rule{
		ID: "content/put-get-mismatch", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the ETag of a PUT is not the one of what is stored",
		Refs:  []string{"RFC 9110 §9.3.4", "RFC 9110 §8.8.3"},
		Doc: "A server may send an ETag in answer to PUT only if it stored the content exactly as it came. Seconds later a GET has another ETag, and no one had written in between. " +
			"A client that keeps the first tag gets 412 at its next change.",
		Help: "leave the ETag out of the answer to PUT where the content is changed on storing, or send the one that GET will have",
		Bad: []string{`@ 0s
> PUT /orders/7
>
> {"qty":2}
< 200
< ETag: "v2"
@ +1s
> GET /orders/7
< 200
< ETag: "v3"
<
< {"qty":2}
`, `@ 0s
> PUT /files/a
>
> text
< 201
< ETag: "aaa"
@ +5s
> GET /files/a
< 200
< ETag: "bbb"
<
< text
`},
		Good: []string{`@ 0s
> PUT /orders/7
>
> {"qty":2}
< 200
< ETag: "v2"
@ +1s
> GET /orders/7
< 200
< ETag: "v2"
<
< {"qty":2}
`, `# someone else wrote
@ 0s client=a
> PUT /orders/7
>
> {"qty":2}
< 200
< ETag: "v2"
@ +1s client=b
> PUT /orders/7
>
> {"qty":3}
< 200
< ETag: "v3"
@ +1s client=a
> GET /orders/7
< 200
< ETag: "v3"
<
< {"qty":3}
`, `# compressed on the way
@ 0s
> PUT /files/a
>
> text
< 201
< ETag: "aaa"
@ +5s
> GET /files/a
> Accept-Encoding: gzip
< 200
< Content-Encoding: gzip
< ETag: "aaa-gzip"
<
< compressed
`},
	},
	On: Found200, After: Write, Of: ClientURI, Window: 10 * time.Second,
	Check: func(p *Pass) {
		v := p.V
		if v.etag == 0 || v.weak || v.is(Varied) || v.coding != 0 {
			return
		}
		for w := range p.before(ClientURI, 4) {
			if w.Method != "PUT" {
				continue
			}
			if w.is(Succeeded) && v.follows(w) && w.etag != 0 && !w.weak && w.etag != v.etag && !p.writtenSince(w) && p.Tells(v.route) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "stored it")}},
					"PUT was answered with the ETag %s, and %s later GET has %s", w.text.etag, ago(v.after(w)), v.text.etag)
			}
			return
		}
	},
}

var contentShapeDrift = &Rule{
	Rule: annotate.Rule{
		ID: "content/json-shape-drift", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "JSON has not the members that it always had",
		Doc: "A member that nearly all earlier bodies of this route had at the top is missing, or has another type, in more than one of the latest bodies. " +
			"Clients that rely on it break. It may be a new version, another kind of record, or an error in the shape of a success.",
		Help: "compare this body with an earlier one; keep members where clients rely on them",
		Bad: []string{`@ 0s times=50 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":7}
@ +1s times=2 every=1s
> GET /orders/9{n}
< 200
< Content-Type: application/json
<
< {"id":{n}}
`, `@ 0s times=60 every=1s
> GET /users/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"name":"x"}
@ +1s times=3 every=1s
> GET /users/9{n}
< 200
< Content-Type: application/json
<
< {"id":"{n}","name":"x"}
`},
		Good: []string{`# null fits all types
@ 0s times=50 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":7}
@ +1s times=5 every=1s
> GET /orders/9{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":null}
`, `# one of them
@ 0s times=55 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":7}
@ +1s
> GET /orders/91
< 200
< Content-Type: application/json
<
< {"id":1}
`, `# it was asked for a part
@ 0s times=50 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":7}
@ +1s times=5 every=1s
> GET /orders/9{n}?fields=id
< 200
< Content-Type: application/json
<
< {"id":{n}}
`},
	},
	On: JSON, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v, r := p.V, p.route
		if !v.is(Succeeded) || v.shape.count == 0 {
			return
		}
		if r.shapes.bodies == 0 {
			r.shapesFor = v.queryNames
		}
		if v.queryNames != r.shapesFor {
			return
		}
		r.shapes.odd <<= 1
		if r.shapes.bodies < p.number(limShapeBodies) || !r.shapes.departs(&v.shape) {
			r.shapes.add(&v.shape)
			return
		}
		r.shapes.odd |= 1
		if ones(r.shapes.odd&(1<<10-1)) >= 2 && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(Route, JSON, "body before")},
				"a member that %d bodies of this route had is missing or has another type, twice in the last ten", r.shapes.bodies)
		}
	},
}

// ones counts the bits that are set.
func ones(bits uint32) (n int) {
	for ; bits != 0; bits &= bits - 1 {
		n++
	}
	return n
}

var statusErrorBodyBaseline = &Rule{
	Rule: annotate.Rule{
		ID: "status/200-with-error-body-baseline", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the body says that the request failed, and earlier ones looked otherwise",
		Refs:  []string{"RFC 9110 §15.3.1"},
		Doc: "The status is a success, the body says that the request failed, and it has hardly a member in common with the bodies that this route usually answers with. So this is an error that looks like a success. " +
			"Monitoring, caches and clients that look at the status take it for one.",
		Help:       "answer with 4xx or 5xx where the request failed",
		Suppresses: []string{"status/200-with-error-body"},
		Bad: []string{`@ 0s times=10 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":7}
@ +1s
> GET /orders/99
< 200
< Content-Type: application/json
<
< {"error":"no such order","code":17}
`, `@ 0s times=12 every=1s
> POST /pay
>
> {"n":{n},"currency":"EUR"}
< 201
< Content-Type: application/json
<
< {"payment":"p{n}","state":"done"}
@ +1s
> POST /pay
>
> {"n":99,"currency":"EUR"}
< 200
< Content-Type: application/json
<
< {"success":false,"message":"card declined"}
`},
		Good: []string{`# it looks as always
@ 0s times=12 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"error":null,"total":7}
@ +1s
> GET /orders/99
< 200
< Content-Type: application/json
<
< {"id":99,"error":"out of stock","total":7}
`, `# the status says so
@ 0s times=12 every=1s
> GET /orders/{n}
< 200
< Content-Type: application/json
<
< {"id":{n},"total":7}
@ +1s
> GET /orders/99
< 404
< Content-Type: application/json
<
< {"error":"no such order","code":17}
`},
	},
	On: JSON, After: JSON, Of: Route, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.made.saysFailed || v.shape.count == 0 {
			return
		}
		var usually usual
		var like *Visit
		for w := range p.before(Route, 24) {
			if w.is(Succeeded) && w.is(JSON) && !w.made.saysFailed && w.queryNames == v.queryNames {
				usually.add(&w.shape)
				like = w
			}
		}
		common := 0
		for i := range usually.count {
			if _, ok := v.shape.typeOf(usually.names[i]); ok {
				common++
			}
		}
		if usually.bodies >= 10 && common*2 < v.shape.count && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(like, "a body as usual")}},
				"the status is %d, and the body says that the request failed; it shares %d of %d members with the %d bodies before", v.Status, common, v.shape.count, usually.bodies)
		}
	},
}

var statusSoft404 = &Rule{
	Rule: annotate.Rule{
		ID: "status/soft-404", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "a page that says not found comes with status 200",
		Refs:  []string{"RFC 9110 §15.5.5"},
		Doc:   "The title or message says that nothing was found, and the same page comes for other paths as well, so it is the server's page for what is missing. With 200, search engines keep it, caches store it, and monitoring sees nothing.",
		Help:  "answer with 404 or 410 where there is nothing",
		Bad: []string{`@ 0s
> GET /a
< 200
< Content-Type: text/html
<
< <title>Page not found</title>
@ +1s
> GET /b/c
< 200
< Content-Type: text/html
<
< <title>Page not found</title>
@ +1s
> GET /d
< 200
< Content-Type: text/html
<
< <title>Page not found</title>
`, `@ 0s
> GET /gone
< 404
< Content-Type: text/html
<
< <title>404</title> Sorry
@ +1s
> GET /shop/old
< 200
< Content-Type: text/html
<
< <title>404</title> Sorry
`},
		Good: []string{`# an application that draws every page in the browser
@ 0s times=4 every=1s
> GET /app/{n}/x
< 200
< Content-Type: text/html
<
< <title>Shop</title><script src=/app.js></script>
`, `# where a redirect led to
@ 0s
> GET /gone
< 404
< Content-Type: text/html
<
< <title>404</title> Sorry
@ +1s
> GET /old
< 302
< Location: /sorry
@ +100ms
> GET /sorry
< 200
< Content-Type: text/html
<
< <title>404</title> Sorry
`},
	},
	On: Found200, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.print == 0 || !v.made.saysMissing {
			return
		}
		others := 0
		var like *Visit
		for w := range p.before(Origin, 64) {
			if w.print != v.print || w.route == v.route {
				continue
			}
			if like == nil || w.route != like.route {
				others, like = others+1, w
			}
			if w.Status == 404 {
				others = 2
				break
			}
		}
		if others >= 2 && p.ledBy(v, time.Minute) == nil && p.Tells(v.origin) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(like, "the same page")}},
				"the page says that nothing was found, the same page came for other paths, and the status is 200")
		}
	},
}

var linkPaginationLoop = &Rule{
	Rule: annotate.Rule{
		ID: "link/pagination-loop", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "following rel=next never ends",
		Refs:  []string{"RFC 8288 §3.3"},
		Doc: "The client follows the links to the next page and comes to a page where it was before, or to the same content three times in a row. A program that collects all pages runs until someone stops it. " +
			"Often the cursor is missing from the link, or is not looked at.",
		Help: "leave rel=next out of the last page, and check that the cursor moves on",
		Bad: []string{`@ 0s
> GET /items?page=1
< 200
< Link: </items?page=2>; rel=next
<
< [1]
@ +1s
> GET /items?page=2
< 200
< Link: </items?page=1>; rel=next
<
< [2]
@ +1s like=1
`, `@ 0s
> GET /items?page=1
< 200
< Link: </items?page=2>; rel=next
<
< [1,2,3]
@ +1s
> GET /items?page=2
< 200
< Link: </items?page=3>; rel=next
<
< [1,2,3]
@ +1s
> GET /items?page=3
< 200
< Link: </items?page=4>; rel=next
<
< [1,2,3]
`},
		Good: []string{`@ 0s
> GET /items?page=1
< 200
< Link: </items?page=2>; rel=next
<
< [1]
@ +1s
> GET /items?page=2
< 200
< Link: </items?page=3>; rel=next
<
< [2]
@ +1s
> GET /items?page=3
< 200
<
< [3]
`, `# it began anew
@ 0s
> GET /items?page=1
< 200
< Link: </items?page=2>; rel=next
<
< [1]
@ +1s
> GET /items?page=2
< 200
<
< [2]
@ +1s like=1
@ +1s like=2
`},
	},
	On: Read, After: Linked, Of: ClientOrigin, Window: time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "GET" || !v.is(Succeeded) {
			return
		}
		same, at, counting := 1, v, v.contentSize > 0
		for range 32 {
			w := p.pageBefore(at)
			if w == nil {
				return
			}
			counting = counting && w.sameContent(v)
			if counting {
				same++
			}
			if w.uri == v.uri || same >= 3 {
				break
			}
			at = w
		}
		w := p.pageBefore(at)
		if w == nil || !p.Tells(join(v.client, v.route)) {
			return
		}
		r := remark{at: targetOf(v), related: []annotate.Related{related(w, "visited before")}}
		if w.uri == v.uri {
			p.Say(r, "rel=next led back to this page, where the client was %s before", ago(v.after(w)))
			return
		}
		p.Say(r, "three pages in a row have the same content, and the last one may have a next page too")
	},
}

// pageBefore is the page whose link rel=next led to a visit; nil for none.
func (p *Pass) pageBefore(v *Visit) *Visit {
	for w := p.Back(v, ClientOrigin); w != nil; w = p.Back(w, ClientOrigin) {
		if w.is(Linked) && w.next == v.uri && w.auth == v.auth && v.follows(w) {
			return w
		}
	}
	return nil
}
