package conversation

import (
	"strings"
	"time"

	"sidenote/annotate"
)

var corsReflectedOrigin = &Rule{
	Rule: annotate.Rule{
		ID: "cors/reflected-origin-missing-vary", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "Access-Control-Allow-Origin follows Origin, and Vary does not say so",
		Refs:  []string{"Fetch", "RFC 9110 §12.5.5"},
		Doc: "One URL was answered with different values of Access-Control-Allow-Origin, or with and without it, as Origin differed. Without Origin in Vary a cache hands the response for one site to another, whose page may then not read it. " +
			"Such faults come and go with the cache.",
		Help: "add Vary: Origin to every response for the URL, also to those for requests without Origin",
		Bad: []string{`@ 0s
> GET /font
> Origin: https://a.test
< 200
< Access-Control-Allow-Origin: https://a.test
@ +1s
> GET /font
> Origin: https://b.test
< 200
< Access-Control-Allow-Origin: https://b.test
`, `@ 0s
> GET /data
< 200
@ +1s
> GET /data
> Origin: https://b.test
< 200
< Access-Control-Allow-Origin: https://b.test
< Vary: Accept-Encoding
`},
		Good: []string{`@ 0s
> GET /font
> Origin: https://a.test
< 200
< Access-Control-Allow-Origin: https://a.test
< Vary: Origin
@ +1s
> GET /font
> Origin: https://b.test
< 200
< Access-Control-Allow-Origin: https://b.test
< Vary: Origin
`, `# no cache may keep it
@ 0s
> GET /font
> Origin: https://a.test
< 200
< Access-Control-Allow-Origin: https://a.test
< Cache-Control: no-store
@ +1s
> GET /font
> Origin: https://b.test
< 200
< Access-Control-Allow-Origin: https://b.test
< Cache-Control: no-store
`, `# all sites may read it
@ 0s
> GET /font
> Origin: https://a.test
< 200
< Access-Control-Allow-Origin: *
@ +1s
> GET /font
> Origin: https://b.test
< 200
< Access-Control-Allow-Origin: *
`},
	},
	On: Read, After: Read, Of: URI, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if v.noStore || v.Status < 200 || v.Status >= 300 {
			return
		}
		for w := range p.before(URI, 8) {
			if !w.is(Read) || w.noStore || w.Status < 200 || w.Status >= 300 || w.made.allowOrigin == v.made.allowOrigin || w.origin0 == v.origin0 {
				continue
			}
			if (v.made.varyOrigin || v.made.allowOrigin == 0) && (w.made.varyOrigin || w.made.allowOrigin == 0) && (v.made.varyOrigin || w.made.varyOrigin) {
				return // told by another rule where one of them lacks it
			}
			if !v.made.varyOrigin && !w.made.varyOrigin && p.Tells(v.route) {
				p.Say(remark{related: []annotate.Related{related(w, "with another Origin")}},
					"Access-Control-Allow-Origin differs from the response %s before, as Origin does, and Vary does not name Origin", ago(v.after(w)))
			}
			return
		}
	},
}

var cacheVaryInconsistent = &Rule{
	Rule: annotate.Rule{
		ID: "cache/vary-inconsistent", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "Vary is now there, now not",
		Refs:  []string{"RFC 9111 §4.1", "RFC 9110 §12.5.5"},
		Doc: "Responses for one URL name different fields in Vary, back and forth. A cache that stored one without the field hands it to everybody. " +
			"Often Vary is added only when the request has the field: then the response without it is the one that does harm.",
		Help: "send the same Vary with every response for a URL, whatever the request had",
		Bad: []string{`@ 0s times=2 every=4s
> GET /app.js
> Accept-Encoding: gzip
< 200
< Cache-Control: max-age=60
< Vary: Accept-Encoding
@ 2s times=2 every=4s client=b
> GET /app.js
< 200
< Cache-Control: max-age=60
`, `@ 0s times=3 every=2s
> GET /data
< 200
< Vary: Accept, Cookie
@ 1s times=3 every=2s
> GET /data
< 200
< Vary: Accept
`},
		Good: []string{`# another order
@ 0s times=2 every=2s
> GET /data
< 200
< Vary: Accept, Cookie
@ 1s times=2 every=2s
> GET /data
< 200
< Vary: cookie,accept
`, `# it was changed
@ 0s times=2 every=2s
> GET /data
< 200
< Vary: Accept
@ 10s times=2 every=2s
> GET /data
< 200
< Vary: Accept, Cookie
`, `# one of them came out of a cache
@ 0s times=2 every=4s
> GET /data
< 200
< Vary: Accept, Cookie
@ 2s times=2 every=4s
> GET /data
< 200
< Age: 30
`},
	},
	On: Found200, After: Varied, Of: URI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if v.is(Hit) || v.noStore || p.told(corsReflectedOrigin, v.route) {
			return
		}
		changes, next := 0, v
		var other *Visit
		for w := range p.before(URI, 16) {
			if !w.is(Found200) || w.is(Hit) || w.noStore || w.vary == next.vary {
				continue
			}
			if changes++; other == nil {
				other = w
			}
			next = w
		}
		if changes >= 3 && p.Tells(v.route) {
			p.Say(remark{at: statusOf(v), related: []annotate.Related{related(other, "with another Vary")}},
				"Vary changed %d times within %s: now %s, before %s", changes, ago(time.Duration(v.Ended-next.Started)), v.varyText(), other.varyText())
		}
	},
}

func (v *Visit) varyText() string {
	if v.text.vary == "" {
		return "none"
	}
	return strings.Clone(v.text.vary)
}

var cacheVaryMissing = &Rule{
	Rule: annotate.Rule{
		ID: "cache/vary-missing-observed", Severity: annotate.Warn, Blame: annotate.ByOrigin,
		Title: "the content follows a request header that Vary does not name",
		Refs:  []string{"RFC 9110 §12.5.5", "RFC 9111 §4.1"},
		Doc: "Requests for one URL that differ in one header got different content, in step with the header and in both directions, and Vary does not name it. " +
			"A cache takes all of them for the same and serves the wrong one. Cookie and Authorization count only where shared caches may keep the response.",
		Help: "name the header in Vary, or use a URL of its own for each variant",
		Bad: []string{`@ 0s times=2 every=4s
> GET /home
> Accept-Language: de
< 200
< Cache-Control: max-age=60
<
< Willkommen
@ 2s times=2 every=4s client=b
> GET /home
> Accept-Language: en
< 200
< Cache-Control: max-age=60
<
< Welcome
`, `@ 0s times=2 every=4s
> GET /greeting
> Cookie: sid=1
< 200
< Cache-Control: public, max-age=60
<
< Hello Ada
@ 2s times=2 every=4s client=b
> GET /greeting
> Cookie: sid=2
< 200
< Cache-Control: public, max-age=60
<
< Hello Bob
`},
		Good: []string{`@ 0s times=2 every=4s
> GET /home
> Accept-Language: de
< 200
< Cache-Control: max-age=60
< Vary: Accept-Language
<
< Willkommen
@ 2s times=2 every=4s client=b
> GET /home
> Accept-Language: en
< 200
< Cache-Control: max-age=60
< Vary: Accept-Language
<
< Welcome
`, `# the content changes anyway
@ 0s times=4 every=4s
> GET /home
> Accept-Language: de
< 200
< Cache-Control: max-age=60
<
< now {n}
@ 2s times=4 every=4s client=b
> GET /home
> Accept-Language: en
< 200
< Cache-Control: max-age=60
<
< now 1{n}
`, `# it has to be asked for each time
@ 0s times=2 every=4s
> GET /home
> Accept-Language: de
< 200
< Cache-Control: no-cache
<
< Willkommen
@ 2s times=2 every=4s client=b
> GET /home
> Accept-Language: en
< 200
< Cache-Control: no-cache
<
< Welcome
`, `# private: no cache hands it to another user
@ 0s times=2 every=4s
> GET /greeting
> Cookie: sid=1
< 200
< Cache-Control: private, max-age=60
<
< Hello Ada
@ 2s times=2 every=4s client=b
> GET /greeting
> Cookie: sid=2
< 200
< Cache-Control: private, max-age=60
<
< Hello Bob
`},
	},
	On: Found200, After: Found200, Of: URI, Window: 10 * time.Minute,
	Check: func(p *Pass) {
		v := p.V
		if !v.mayBeReused() || v.contentHash == 0 {
			return
		}
		for i := range dimensions {
			d := &dimensions[i]
			if d.name == "User-Agent" || v.variesBy(d.name) || (d.name == "Cookie" || d.name == "Authorization") && !v.shared || d.name == "Origin" && p.told(corsReflectedOrigin, v.route) {
				continue
			}
			if other := p.followsField(d); other != nil {
				if p.Tells(join(v.route, uint64(i))) {
					p.Say(remark{at: statusOf(v), related: []annotate.Related{related(other, "with another "+d.name)}},
						"the content differs as %s does, twice in each direction, and Vary does not name it", d.name)
				}
				return
			}
		}
	},
}

// mayBeReused reports whether a cache may answer with a response without asking.
func (v *Visit) mayBeReused() bool {
	return v.isStored() && !v.noCache && !(v.etag != 0 && v.weak) && (v.fresh > 0 || v.fresh < 0 && v.modified != 0)
}

// followsField reports whether the content of V's URI differs exactly as one
// request field does: each of two values has always had one content of its own,
// and was seen twice, in turns. It returns the latest with the other value.
func (p *Pass) followsField(d *dimension) (other *Visit) {
	v, next := p.V, p.V
	mine, others, changes := 1, 0, 0
	for w := range p.before(URI, 16) {
		if !w.is(Found200) {
			continue
		}
		if !w.mayBeReused() || w.contentHash == 0 || !sameButFor(d, v, w) {
			return nil
		}
		switch d.of(w) {
		case d.of(v):
			if w.contentHash != v.contentHash {
				return nil
			}
			mine++
		default:
			if other == nil {
				other = w
			}
			if d.of(w) != d.of(other) || w.contentHash != other.contentHash || w.contentHash == v.contentHash {
				return nil
			}
			others++
		}
		if d.of(w) != d.of(next) {
			changes++
		}
		next = w
	}
	if mine < 2 || others < 2 || changes < 3 {
		return nil
	}
	return other
}

// sameButFor reports whether two requests have equal fields, one left out.
// User-Agent counts only for itself: it tells clients apart.
func sameButFor(d *dimension, v, w *Visit) bool {
	for i := range dimensions {
		if e := &dimensions[i]; e.name != d.name && e.name != "User-Agent" && e.of(v) != e.of(w) {
			return false
		}
	}
	return true
}

var cacheVaryUnused = &Rule{
	Rule: annotate.Rule{
		ID: "cache/vary-unused", Severity: annotate.Info, Blame: annotate.ByOrigin,
		Title: "Vary names a header that makes no difference",
		Refs:  []string{"RFC 9111 §4.1"},
		Doc: "Requests with many different values of a header all got the same content, and Vary names the header. So caches keep a copy for each value, and seldom have the right one. " +
			"User-Agent and Cookie in Vary make a response all but uncacheable.",
		Help: "take the header out of Vary if the content never depends on it",
		Bad: []string{`@ 0s times=5 every=2s
> GET /logo
> User-Agent: app/{n}.0
< 200
< Cache-Control: max-age=60
< Vary: User-Agent
<
< the same
`, `@ 0s times=6 every=2s
> GET /logo
> Accept-Language: l{n}
< 200
< Vary: Accept-Encoding, Accept-Language
<
< the same
`},
		Good: []string{`# compressed in different ways
@ 0s times=6 every=2s
> GET /logo
> Accept-Encoding: x{n}
< 200
< Vary: Accept-Encoding
<
< the same
`, `# the content differs
@ 0s times=6 every=2s
> GET /home
> Accept-Language: l{n}
< 200
< Vary: Accept-Language
<
< for {n}
`, `# seen with three values
@ 0s times=3 every=2s
> GET /logo
> Accept-Language: l{n}
< 200
< Vary: Accept-Language
<
< the same
`},
	},
	On: Varied, After: Varied, Of: URI, Window: time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.is(Found200) || v.contentHash == 0 || p.told(p.r.Rule, v.route) {
			return
		}
		for i := range dimensions {
			d := &dimensions[i]
			if d.name == "Accept-Encoding" || d.name == "Origin" || !v.variesBy(d.name) || strings.Contains(v.text.vary, "*") {
				continue
			}
			if n, first := p.valuesOf(d); n >= 5 && p.Tells(v.route) {
				p.Say(remark{at: statusOf(v), related: []annotate.Related{related(first, "with another "+d.name)}},
					"requests with %d different values of %s got the same content, and Vary names it", n, d.name)
				return
			}
		}
	},
}

// valuesOf counts the values of a field among requests for V's URI that all got
// V's content; 0 where one got another.
func (p *Pass) valuesOf(d *dimension) (n int, first *Visit) {
	v := p.V
	var values [8]uint64
	values[0], n = d.of(v), 1
	for w := range p.before(URI, 24) {
		if !w.is(Found200) {
			continue
		}
		if !sameFields(v, w) {
			return 0, nil
		}
		isNew := n < len(values)
		for _, seen := range values[:n] {
			isNew = isNew && seen != d.of(w)
		}
		if isNew {
			values[n], first = d.of(w), w
			n++
		}
	}
	return n, first
}

// sameFields reports whether two responses are equal, in what tells of content.
func sameFields(v, w *Visit) bool {
	return v.contentHash == w.contentHash && v.contentType == w.contentType && v.lang == w.lang && v.vary == w.vary && v.etag == w.etag
}

var cacheNeverReused = &Rule{
	Rule: annotate.Rule{
		ID: "cache/cacheable-never-reused", Severity: annotate.Info, Blame: annotate.ByClient,
		Title: "the client asks again for what it could have kept",
		Refs:  []string{"RFC 9111 §2", "RFC 9111 §4"},
		Doc: "The server said for how long its response may be used again, and within that time the client asked for it several times. It has no cache, or does not use it. " +
			"Many programs have none on purpose; then this is what it costs.",
		Help: "give the client a cache: an HTTP cache of its library, or a variable",
		Bad: []string{`@ 0s times=4 every=2s
> GET /rates
< 200
< Cache-Control: max-age=600
<
< 1.17
`, `@ 0s times=4 every=10s
> GET /config
> Accept: application/json
< 200
< Vary: Accept
< Expires: Fri, 02 Jan 2026 04:00:00 GMT
<
< {"a":1}
`},
		Good: []string{`# all at once, before the first answer came
@ 0s times=6 every=1ms took=1s
> GET /rates
< 200
< Cache-Control: max-age=600
`, `# it wants a new one
@ 0s times=6 every=2s
> GET /rates
> Cache-Control: no-cache
< 200
< Cache-Control: max-age=600
`, `# it was stale each time
@ 0s times=6 every=20s
> GET /rates
< 200
< Cache-Control: max-age=10
`, `# it checks what it has
@ 0s
> GET /rates
< 200
< ETag: "a"
< Cache-Control: max-age=600
@ 2s times=5 every=2s
> GET /rates
> If-None-Match: "a"
< 304
< ETag: "a"
< Cache-Control: max-age=600
`, `# four programs
@ 0s client=a
> GET /rates
< 200
< Cache-Control: max-age=600
@ 1s client=b
> GET /rates
< 200
< Cache-Control: max-age=600
@ 2s client=c
> GET /rates
< 200
< Cache-Control: max-age=600
@ 3s client=d
> GET /rates
< 200
< Cache-Control: max-age=600
`},
	},
	On: Found200, After: Found200, Of: ClientURI, Window: 24 * time.Hour,
	Check: func(p *Pass) {
		v := p.V
		if !v.isPlain() || !v.isStored() || !v.isKnown() {
			return
		}
		n, first := 0, v
		for w := range p.before(ClientURI, 8) {
			if !w.isPlain() || !w.isStored() || w.noCache || w.fresh <= 0 || !v.selectsLike(w) || w.auth != v.auth {
				break
			}
			if left := w.fresh - max(w.age, 0); v.Started < w.Ended || v.Started >= w.Headed+left*int64(time.Second) {
				break
			}
			n, first = n+1, w
		}
		if n >= p.number(limReuseTimes) && p.Tells(v.keys[ClientOrigin]) {
			p.Say(remark{at: targetOf(v), related: []annotate.Related{related(first, "could have been kept")}},
				"the client asked %d times for this within %s; the first response may be used for %s",
				n+1, ago(time.Duration(v.Started-first.Started)), ago(time.Duration(first.fresh)*time.Second))
		}
	},
}
