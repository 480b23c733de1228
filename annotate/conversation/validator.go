package conversation

import (
	"strings"
	"time"

	"sidenote/annotate"
)

// validatorRules lists the rules on entity tags and preconditions.
func validatorRules() []*Rule {
	return []*Rule{
		rangeAssemblyMismatch,
		conditionalSharedAcrossEncodings,
		conditionalUnchangedTag,
		conditionalChurn,
		conditionalModifiedRegressed,
		conditionalMetadataDrift,
		conditionalEffectiveness,
		conditionalLostUpdate,
		conditionalMissing,
		trafficPolling,
	}
}

var conditionalUnchangedTag = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/etag-unchanged-body-changed", Severity: annotate.Error, Blame: annotate.ByOrigin,
		Title: "the content changed and the strong ETag did not",
		Refs:  []string{"RFC 9110 §8.8.1", "RFC 9110 §8.8.3"},
		Doc: "Two responses for one URL have the same strong ETag and different content. Caches and clients keep the old content and are told 304 for ever; downloads in parts are put together from two versions. " +
			"A strong ETag must change with every byte.",
		Help: "make the ETag from the content, or mark it as weak (W/)",
		Bad: []string{`@ 0s
> GET /data
< 200
< ETag: "v1"
<
< one
@ +5s
> GET /data
< 200
< ETag: "v1"
<
< two
`, `@ 0s
> GET /data.json
< 200
< Content-Type: application/json
< ETag: "v1"
<
< {"n":1}
@ +50s client=b
> GET /data.json
< 200
< Content-Type: application/json
< ETag: "v1"
<
< {"n":2}
`},
		Good: []string{`# weak: they mean the same
@ 0s
> GET /data
< 200
< ETag: W/"v1"
<
< one
@ +5s
> GET /data
< 200
< ETag: W/"v1"
<
< two
`, `# in two languages
@ 0s
> GET /data
> Accept-Language: de
< 200
< Content-Language: de
< Vary: Accept-Language
< ETag: "v1"
<
< eins
@ +5s
> GET /data
> Accept-Language: en
< 200
< Content-Language: en
< Vary: Accept-Language
< ETag: "v1"
<
< one
`, `# broken off
@ 0s
> GET /data
< 200
< ETag: "v1"
<
< one
@ +5s
* error content_truncated "unexpected EOF"
> GET /data
< 200
< ETag: "v1"
< Content-Length: 3
* content response size=1 incomplete
`},
	},
	On: Tagged, After: Tagged, Of: URI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Found200) || v.weak {
			return
		}
		for w := range p.before(URI, 8) {
			if w.is(Found200) && w.etag == v.etag && !w.weak && w.coding == v.coding && w.contentType == v.contentType && w.lang == v.lang && v.otherContent(w) {
				if p.Tells(v.uri) {
					p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "the same ETag, other content")}},
						"the content differs from the response %s before, and both have the strong ETag %s", ago(v.after(w)), v.text.etag)
				}
				return
			}
		}
	},
}

var conditionalSharedAcrossEncodings = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/etag-shared-across-encodings", Severity: annotate.Error, Blame: annotate.ByOrigin,
		Title: "compressed and plain content have the same strong ETag",
		Refs:  []string{"RFC 9110 §8.8.1", "RFC 9110 §8.8.3", "RFC 9110 §8.8.3.3"},
		Doc: "A strong ETag stands for one sequence of bytes. The response with Content-Encoding has other bytes than the one without, and both have the same tag: ranges of one are put together with those of the other. " +
			"Often a proxy compresses, and leaves the ETag as it was.",
		Help: "give each encoding a tag of its own, or mark the tag as weak (W/) where content is compressed on the way",
		Bad: []string{`@ 0s
> GET /app.js
> Accept-Encoding: gzip
< 200
< Content-Encoding: gzip
< Vary: Accept-Encoding
< ETag: "v1"
<
< compressed
@ +5s
> GET /app.js
< 200
< Vary: Accept-Encoding
< ETag: "v1"
<
< plain
`, `@ 0s
> GET /app.css
< 200
< Vary: Accept-Encoding
< ETag: "v1"
<
< plain
@ +5s
> GET /app.css
> Accept-Encoding: br
< 200
< Content-Encoding: br
< Vary: Accept-Encoding
< ETag: "v1"
<
< compressed
`},
		Good: []string{`# weak
@ 0s
> GET /app.js
> Accept-Encoding: gzip
< 200
< Content-Encoding: gzip
< ETag: W/"v1"
<
< compressed
@ +5s
> GET /app.js
< 200
< ETag: W/"v1"
<
< plain
`, `# a tag for each
@ 0s
> GET /app.js
> Accept-Encoding: gzip
< 200
< Content-Encoding: gzip
< ETag: "v1-gzip"
<
< compressed
@ +5s
> GET /app.js
< 200
< ETag: "v1"
<
< plain
`},
	},
	On: Tagged, After: Tagged, Of: URI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Found200) || v.weak {
			return
		}
		for w := range p.before(URI, 8) {
			if !w.is(Found200) || w.etag == 0 {
				continue
			}
			if w.etag != v.etag || w.weak {
				return
			}
			if w.coding != v.coding && v.otherContent(w) {
				if p.Tells(v.uri) {
					p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "in another encoding")}},
						"the response %s before is in another Content-Encoding, has other bytes, and the same strong ETag %s", ago(v.after(w)), v.text.etag)
				}
				return
			}
		}
	},
}

var conditionalChurn = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/etag-churn", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the ETag changes back and forth, and the content does not",
		Refs:  []string{"RFC 9110 §8.8.3", "RFC 9110 §8.8.1"},
		Doc: "The same content comes with different ETags in turns. Usually each server behind the load balancer makes its own, from an inode or a time of change. " +
			"A client that got its tag from one of them gets the whole content from another, and never a 304.",
		Help: "make the ETag from the content, or switch it off and send Last-Modified",
		Bad: []string{`@ 0s times=3 every=2s
> GET /logo
< 200
< ETag: "web1"
<
< the same
@ 1s times=3 every=2s
> GET /logo
< 200
< ETag: "web2"
<
< the same
`, `@ 0s times=3 every=3s client=c{n}
> GET /data
< 200
< ETag: "a"
<
< the same
@ 1s times=3 every=3s
> GET /data
< 200
< ETag: "b"
<
< the same
@ 2s times=3 every=3s
> GET /data
< 200
< ETag: W/"c"
<
< the same
`},
		Good: []string{`# it was deployed anew
@ 0s times=4 every=1s
> GET /logo
< 200
< ETag: "v1"
<
< the same
@ 10s times=4 every=1s
> GET /logo
< 200
< ETag: "v2"
<
< the same
`, `# the content changes with it
@ 0s times=3 every=2s
> GET /logo
< 200
< ETag: "a"
<
< one
@ 1s times=3 every=2s
> GET /logo
< 200
< ETag: "b"
<
< two
`, `# a tag for each encoding
@ 0s times=3 every=2s
> GET /logo
> Accept-Encoding: gzip
< 200
< Content-Encoding: gzip
< Vary: Accept-Encoding
< ETag: "v1-gzip"
<
< compressed
@ 1s times=3 every=2s
> GET /logo
< 200
< Vary: Accept-Encoding
< ETag: "v1"
<
< the same
`},
	},
	On: Tagged, After: Tagged, Of: URI, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Found200) || v.contentHash == 0 {
			return
		}
		answers, changes, next := 1, 0, v
		var other *Visit
		for w := range p.before(URI, 16) {
			if !w.is(Found200) || !v.sameContent(w) || w.contentType != v.contentType || w.lang != v.lang {
				continue
			}
			answers++
			if w.etag != next.etag {
				changes++
				if other == nil {
					other = w
				}
			}
			next = w
		}
		if answers >= 5 && changes >= p.number(limChurnChanges) && p.tagsInTurn(other) && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(other, "another ETag")}},
				"%d responses with the same content changed their ETag %d times, between %s, %s and maybe others", answers, changes, v.text.etag, other.text.etag)
		}
	},
}

// tagsInTurn reports whether V's tag had been there before another one was.
func (p *Pass) tagsInTurn(other *Visit) bool {
	for w := range p.before(URI, 16) {
		if w.seq < other.seq && w.etag == p.V.etag {
			return true
		}
	}
	return false
}

var conditionalModifiedRegressed = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/last-modified-regressed", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "Last-Modified goes back and forth",
		Refs:  []string{"RFC 9110 §8.8.2", "RFC 9110 §13.1.3"},
		Doc: "Last-Modified of a URL went back, with other content, and forward again: servers behind one name have different versions. " +
			"A client with the later date asks the server with the older version, gets 304, and keeps what that server does not have.",
		Help: "deploy the same files to all servers, or send an ETag made from the content",
		Bad: []string{`@ 0s
> GET /page
< 200
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
<
< new
@ +5s
> GET /page
< 200
< Last-Modified: Fri, 02 Jan 2026 01:00:00 GMT
<
< old
@ +5s like=1
`, `@ 0s client=a
> GET /page
< 200
< Last-Modified: Thu, 01 Jan 2026 02:00:00 GMT
<
< new
@ +5s client=b
> GET /page
< 200
< Last-Modified: Wed, 31 Dec 2025 01:00:00 GMT
<
< old
@ +5s client=c
> GET /page
< 200
< Last-Modified: Fri, 02 Jan 2026 03:00:00 GMT
<
< newest
`},
		Good: []string{`# it was rolled back
@ 0s
> GET /page
< 200
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
<
< new
@ +5s times=3 every=1s
> GET /page
< 200
< Last-Modified: Fri, 02 Jan 2026 01:00:00 GMT
<
< old
`, `# the ETag is what counts
@ 0s
> GET /page
< 200
< ETag: "2"
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
<
< new
@ +5s
> GET /page
< 200
< ETag: "1"
< Last-Modified: Fri, 02 Jan 2026 01:00:00 GMT
<
< old
@ +5s like=1
`, `# an old copy in a cache
@ 0s
> GET /page
< 200
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
<
< new
@ +5s
> GET /page
< 200
< Age: 600
< Last-Modified: Fri, 02 Jan 2026 01:00:00 GMT
<
< old
@ +5s like=1
`},
	},
	On: Found200, After: Found200, Of: URI, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.modified == 0 || v.etag != 0 || v.is(Hit) {
			return
		}
		var older *Visit
		for w := range p.before(URI, 8) {
			if !w.is(Found200) || w.is(Hit) || w.modified == 0 || w.etag != 0 {
				continue
			}
			switch {
			case older == nil:
				if w.modified >= v.modified || !v.otherContent(w) {
					return
				}
				older = w
			case w.modified > older.modified && w.otherContent(older):
				if p.Tells(v.route) {
					p.Say(remark{at: statusOf(v), related: []annotate.Related{related(w, "newer"), related(older, "older again")}},
						"Last-Modified went back by %s and forward again, with other content", ago(time.Duration(w.modified-older.modified)*time.Second))
				}
				return
			}
		}
	},
}

var conditionalMetadataDrift = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/304-metadata-drift", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "a 304 leaves out headers that the 200 had",
		Refs:  []string{"RFC 9110 §15.4.5"},
		Doc: "A 304 must have Cache-Control, Content-Location, ETag, Expires and Vary if the 200 would have had them. Caches take them over; what is missing keeps its old value, such as an Expires that has passed. " +
			"Where only Vary is missing it seldom does harm.",
		Help: "send the same headers with a 304 as with a 200",
		Bad: []string{`@ 0s
> GET /logo
< 200
< ETag: "a"
< Cache-Control: max-age=60
@ +70s
> GET /logo
> If-None-Match: "a"
< 304
< ETag: "a"
`, `@ 0s
> GET /logo
< 200
< ETag: "a"
< Expires: Fri, 02 Jan 2026 04:00:00 GMT
< Vary: Accept
@ +70s
> GET /logo
> If-None-Match: "a"
< 304
< Vary: Accept
`},
		Good: []string{`# another value is what it is for
@ 0s
> GET /logo
< 200
< ETag: "a"
< Cache-Control: max-age=60
@ +70s
> GET /logo
> If-None-Match: "a"
< 304
< ETag: "a"
< Cache-Control: max-age=600
`, `# another variant
@ 0s
> GET /logo
> Accept: image/png
< 200
< ETag: "a"
< Vary: Accept
< Cache-Control: max-age=60
@ +70s
> GET /logo
> Accept: image/webp
> If-None-Match: "a"
< 304
< ETag: "a"
< Vary: Accept
`, `# the 200 was long ago
@ 0s
> GET /logo
< 200
< ETag: "a"
< Cache-Control: max-age=60
@ +20m
> GET /logo
> If-None-Match: "a"
< 304
< ETag: "a"
`},
	},
	On: NotModified, After: Found200, Of: URI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "GET" {
			return
		}
		for w := range p.before(URI, 8) {
			if !w.is(Found200) || !v.selectsLike(w) {
				continue
			}
			missing := w.has &^ v.has
			if missing != 0 && p.Tells(v.origin) {
				r := remark{at: statusOf(v), related: []annotate.Related{related(w, "the 200")}}
				if missing == givenVary {
					r.severity = annotate.Info
				}
				p.Say(r, "the 304 lacks %s, which the 200 for this URL had %s before", missing, ago(v.after(w)))
			}
			return
		}
	},
}

// String lists the names of the fields.
func (g given) String() string {
	var names []string
	for i, name := range [...]string{"Cache-Control", "Content-Location", "ETag", "Expires", "Vary"} {
		if g&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

var conditionalEffectiveness = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/304-effectiveness", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "preconditions are sent, and 304 hardly ever comes",
		Refs:  []string{"RFC 9111 §4.3"},
		Doc: "Clients of this route ask whether their copy is still good. The content had not changed, but the server sent it whole. So the preconditions save nothing: " +
			"the server does not compare tags, or makes a new one each time.",
		Help: "compare If-None-Match with the current ETag, and answer 304",
		Bad: []string{`@ 0s
> GET /data
< 200
< ETag: "1"
<
< the same
@ 1s times=20 every=1s
> GET /data
> If-None-Match: "1"
< 200
< ETag: "1"
<
< the same
`, `@ 0s
> GET /feed
< 200
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
<
< the same
@ 1s times=25 every=1s client=b
> GET /feed
> If-Modified-Since: Fri, 02 Jan 2026 02:00:00 GMT
< 200
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
<
< the same
`},
		Good: []string{`# it changes each time
@ 0s times=25 every=1s
> GET /data
> If-None-Match: "x{n}"
< 200
< ETag: "{n}"
<
< number {n}
`, `# it works
@ 0s
> GET /data
< 200
< ETag: "1"
<
< the same
@ 1s times=30 every=1s
> GET /data
> If-None-Match: "1"
< 304
< ETag: "1"
`},
	},
	On: Conditional, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v, r := p.V, p.route
		if v.Method != "GET" {
			return
		}
		switch {
		case v.is(NotModified):
			r.tries, r.hits = r.tries+1, r.hits+1
			return
		case !v.is(Found200):
			return
		}
		for w := range p.before(URI, 4) {
			if w.is(Found200) {
				if v.sameContent(w) {
					r.tries++
					r.wasted += v.contentSize
				}
				break
			}
		}
		if r.tries >= p.number(limEffectTries) && float64(r.hits) < p.limit(limEffectShare)*float64(r.tries) && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: p.latestOf(URI, Found200, "the same content")},
				"of %d requests with a precondition whose content had not changed, %d were answered 304; %d bytes were sent again", r.tries, r.hits, r.wasted)
		}
	},
}

var conditionalLostUpdate = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/lost-update-risk", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "a change without If-Match may undo someone else's",
		Refs:  []string{"RFC 9110 §13.1.1"},
		Doc: "The client read a resource, got a strong ETag with it, and wrote the resource without saying which version it had read. If someone changed it in between, their change is gone. " +
			"The note says where that has happened.",
		Help: "send If-Match with the ETag, and on 412 read again and merge",
		Bad: []string{`@ 0s
> GET /orders/7
< 200
< ETag: "v1"
@ +5s
> PUT /orders/7
>
> {"qty":2}
< 204
`, `# someone wrote in between
@ 0s client=a
> GET /orders/7
< 200
< ETag: "v1"
@ +5s client=b
> PATCH /orders/7
> If-Match: "v1"
>
> {"qty":3}
< 200
@ +5s client=a
> PATCH /orders/7
>
> {"qty":2}
< 200
`},
		Good: []string{`@ 0s
> GET /orders/7
< 200
< ETag: "v1"
@ +5s
> PUT /orders/7
> If-Match: "v1"
>
> {"qty":2}
< 204
`, `# it was refused
@ 0s
> GET /orders/7
< 200
< ETag: "v1"
@ +5s
> PUT /orders/7
>
> {"qty":2}
< 428
`, `# there is no strong tag
@ 0s
> GET /orders/7
< 200
< ETag: W/"v1"
@ +5s
> PUT /orders/7
>
> {"qty":2}
< 204
`},
	},
	On: Write, After: Tagged, Of: ClientURI, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.Method != "PUT" && v.Method != "PATCH" || !v.is(Succeeded) || v.made.conditional {
			return
		}
		for w := range p.before(ClientURI, 8) {
			if w.is(Write) {
				return
			}
			if w.Method != "GET" || w.etag == 0 || w.weak || !v.follows(w) {
				continue
			}
			if !p.Tells(join(v.client, v.route)) {
				return
			}
			r := remark{at: targetOf(v), related: []annotate.Related{related(w, "read")}}
			between := "no one was seen to change it in between"
			for u := range p.before(URI, 16) {
				if u.seq > w.seq && u.is(Write) && u.is(Succeeded) && u.client != v.client {
					between = "another client changed it in between, and that change may be lost"
					r.related = append(r.related, related(u, "changed by another client"))
					break
				}
			}
			p.Say(r, "the client had read this with the ETag %s, and changed it without If-Match; %s", w.text.etag, between)
			return
		}
	},
}

var conditionalMissing = &Rule{
	Rule: annotate.Rule{
		ID: "conditional/missing-conditional-request", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client fetches the whole again instead of asking whether it changed",
		Refs:  []string{"RFC 9110 §13.1.2", "RFC 9111 §4.3.1"},
		Doc: "The server sent a validator, the copy went stale, and the client asked for the whole again, several times, without a precondition. The content was the same. A 304 would have been enough. " +
			"Many programs have no cache on purpose; then this is what it costs.",
		Help: "send If-None-Match with the ETag, or If-Modified-Since with Last-Modified",
		Bad: []string{`@ 0s times=4 every=20s
> GET /feed
< 200
< ETag: "a"
< Cache-Control: max-age=10
<
< the same
`, `@ 0s times=5 every=20s
> GET /feed
< 200
< Last-Modified: Fri, 02 Jan 2026 02:00:00 GMT
< Cache-Control: no-cache
<
< the same
`},
		Good: []string{`# it changed each time
@ 0s times=5 every=20s
> GET /feed
< 200
< ETag: "a{n}"
< Cache-Control: max-age=10
<
< number {n}
`, `@ 0s
> GET /feed
< 200
< ETag: "a"
< Cache-Control: max-age=10
@ 20s times=5 every=20s
> GET /feed
> If-None-Match: "a"
< 304
< ETag: "a"
< Cache-Control: max-age=10
`, `# it must not be kept
@ 0s times=5 every=20s
> GET /feed
< 200
< ETag: "a"
< Cache-Control: no-store
<
< the same
`},
	},
	On: Found200, After: Found200, Of: ClientURI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.isPlain() || !v.isStored() || !v.isKnown() || p.told(cacheNeverReused, v.keys[ClientOrigin]) {
			return
		}
		n, next := 0, v
		for w := range p.before(ClientURI, 8) {
			isStale := w.noCache || w.fresh >= 0 && next.Started > w.Headed+(w.fresh-max(w.age, 0))*int64(time.Second)
			if !w.isPlain() || !w.isStored() || w.etag == 0 && w.modified == 0 || !isStale || !next.follows(w) || !v.sameContent(w) || w.auth != v.auth {
				break
			}
			n, next = n+1, w
		}
		if n >= p.number(limStaleTimes) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(next, "came with a validator")}},
				"the client fetched the same content %d times, %d bytes each, and had a validator to ask with", n+1, v.contentSize)
		}
	},
}

var trafficPolling = &Rule{
	Rule: annotate.Rule{
		ID: "traffic/polling-without-change", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client polls, and nothing changes",
		Refs:  []string{"RFC 9110 §13.1"},
		Doc:   "The client asks for one URL at a steady pace and gets the same content every time, whole. A precondition would make the answers small; a longer pause, events or a webhook would make them few.",
		Help:  "send If-None-Match, poll less often, or let the server say when something changes",
		Bad: []string{`@ 0s times=21 every=5s
> GET /jobs
< 200
<
< []
`, `@ 0s times=24 every=2s
> GET /inbox
< 200
< Content-Type: application/json
<
< {"new":0}
`},
		Good: []string{`# a health check
@ 0s times=30 every=5s
> GET /healthz
< 200
<
< ok
`, `# it changes
@ 0s times=30 every=5s
> GET /jobs
< 200
<
< {n}
`, `# at no steady pace
@ 0s times=12 every=5s
> GET /jobs
< 200
<
< []
@ +40s times=12 every=1s
> GET /jobs
< 200
<
< []
`, `# it asks whether something changed
@ 0s times=30 every=5s
> GET /jobs
> If-None-Match: "a"
< 304
< ETag: "a"
`},
	},
	On: Found200, After: Found200, Of: ClientURI, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.isPlain() && !v.askedFresh || v.is(Conditional|Ranged) || v.made.health || !v.isKnown() || p.told(p.r.Rule, v.keys[ClientURI]) ||
			p.told(cacheNeverReused, v.keys[ClientOrigin]) || p.told(conditionalMissing, v.keys[ClientOrigin]) {
			return
		}
		want := p.number(limPolls)
		polls, next := 1, v
		shortest, longest := int64(time.Minute), int64(0)
		for w := range p.before(ClientURI, want) {
			gap := next.Started - w.Started
			if shortest, longest = min(shortest, gap), max(longest, gap); !v.sameContent(w) || w.is(Conditional|Ranged) || longest > int64(time.Minute) || longest*2 > shortest*3 {
				return
			}
			polls, next = polls+1, w
		}
		if polls >= want && shortest > 0 && p.Tells(v.keys[ClientURI]) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(next, "polled first")}},
				"the client has asked %d times, every %s, and got the same %d bytes each time", polls, ago(time.Duration(v.Started-next.Started)/time.Duration(polls-1)), v.contentSize)
		}
	},
}

var rangeAssemblyMismatch = &Rule{
	Rule: annotate.Rule{
		ID: "range/assembly-mismatch", Severity: annotate.Warn, Blame: annotate.ByClient,
		Title: "parts of two versions are put together",
		Refs:  []string{"RFC 9110 §15.3.7.3"},
		Doc: "The client fetches a file in parts, and a later part is of another version than an earlier one: its ETag or its total length differs. The request had no If-Range, and the earlier part is not fetched again. " +
			"The file that comes out is broken.",
		Help: "send If-Range with the ETag of the first part, and start again on 200",
		Bad: []string{`@ 0s
> GET /big
> Range: bytes=0-9
< 206
< ETag: "v1"
< Content-Range: bytes 0-9/20
<
< 0123456789
@ +5s
> GET /big
> Range: bytes=10-19
< 206
< ETag: "v2"
< Content-Range: bytes 10-19/20
<
< 0123456789
@ +40s
> GET /other
< 200
`, `@ 0s
> GET /big
> Range: bytes=0-9
< 206
< Content-Range: bytes 0-9/20
<
< 0123456789
@ +5s
> GET /big
> Range: bytes=10-19
< 206
< Content-Range: bytes 10-19/25
<
< 0123456789
@ +40s client=b
> GET /other
< 200
`},
		Good: []string{`# it began anew
@ 0s
> GET /big
> Range: bytes=0-9
< 206
< ETag: "v1"
< Content-Range: bytes 0-9/20
<
< 0123456789
@ +5s
> GET /big
> Range: bytes=10-19
< 206
< ETag: "v2"
< Content-Range: bytes 10-19/20
<
< 0123456789
@ +5s
> GET /big
> Range: bytes=0-9
< 206
< ETag: "v2"
< Content-Range: bytes 0-9/20
<
< 0123456789
@ +40s
> GET /other
< 200
`, `@ 0s times=2 every=5s
> GET /big
> Range: bytes={n}0-{n}9
< 206
< ETag: "v1"
< Content-Range: bytes {n}0-{n}9/30
<
< 0123456789
@ +40s
> GET /other
< 200
`},
	},
	On: Ranged, After: Ranged, Of: ClientURI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		if v := p.V; v.Status == 206 && !v.is(Conditional) && p.earlierPart() != nil {
			p.Await(30 * time.Second)
		}
	},
	Due: func(p *Pass) {
		v := p.V
		part := p.earlierPart()
		if part == nil || p.cameAgain(30*time.Second, func(w *Visit) bool { return w.Status == 200 || w.Status == 206 && w.first == part.first }) || !p.Tells(v.keys[ClientURI]) {
			return
		}
		p.Say(remark{at: statusOf(v), related: []annotate.Related{related(part, "part of another version")}},
			"bytes %d-%d are of another version than bytes %d-%d, which came %s before and were not fetched again", v.first, v.last, part.first, part.last, ago(v.after(part)))
	},
}

// earlierPart is an earlier part of another version of what V is a part of.
func (p *Pass) earlierPart() *Visit {
	v := p.V
	for w := range p.before(ClientURI, 16) {
		if w.Status == 200 {
			return nil
		}
		if w.Status != 206 || w.first == v.first {
			continue
		}
		otherTag := v.etag != 0 && w.etag != 0 && !v.weak && !w.weak && v.etag != w.etag
		if otherTag || v.length >= 0 && w.length >= 0 && v.length != w.length {
			return w
		}
	}
	return nil
}
