package rules

import (
	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/exchange/field"
)

// linkHintRules lists the rules on links that browsers load ahead.
func linkHintRules() []*annotate.Rule {
	return []*annotate.Rule{
		linkHintUnsupportedScheme,
		linkHintsTooMany,
		linkPreloadFontMissingCrossorigin,
		linkPreloadMissingAs,
		link103LinkAbsentFromFinal,
	}
}

// isHint reports whether a link is one that browsers act upon before the page needs it.
func isHint(l *foundLink) bool {
	return l.HasRel("preload") || l.HasRel("modulepreload") || l.HasRel("prefetch") || l.HasRel("preconnect")
}

// pageAnswered is an HTML page with those field lines.
func pageAnswered(lines ...string) string {
	return responded("HTTP/1.1 200 OK", append(lines, "Content-Type: text/html; charset=utf-8", "Content-Length: 2")...) + "< ok\n"
}

// takesHints reports whether a browser acts upon links of that message: an
// HTML response, or a 103.
func takesHints(x *exchange.Exchange, l *foundLink) bool {
	return l.interim >= 0 || mediaTypeOf(&x.Response.Fields).IsHTML()
}

var linkHintUnsupportedScheme = &annotate.Rule{
	ID:       "link/hint-unsupported-scheme",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a hint that browsers don't load",
	Refs:     []string{"HTML §4.6", "RFC 8288 §3.1"},
	Doc:      "Browsers load hints only over http and https. They ignore data:, blob:, file: and other schemes.",
	Help:     "use an http or https URI, or remove the hint",
	Bad:      []string{pageAnswered(`Link: <data:text/css,a>; rel="preload"; as="style"`)},
	Good:     []string{pageAnswered(`Link: </a.css>; rel="preload"; as="style"`)},
	When:     annotate.When{If: []*annotate.Condition{ifLinks}},
	Check: func(p *annotate.Pass) {
		if !hasLinks(p.X) {
			return
		}
		eachLink(p, func(l foundLink) {
			if !isHint(&l) && !l.HasRel("dns-prefetch") || !takesHints(p.X, &l) {
				return
			}
			if u, err := field.ParseURI(l.Target); err == nil && u.Scheme != "" && !u.IsHTTP() {
				p.Note(l.target(p), "the hint leads to %s:, which browsers don't load in advance", bare(u.Scheme))
			}
		})
	},
}

var linkHintsTooMany = &annotate.Rule{
	ID:       "link/hints-too-many",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "too many hints in Link",
	Refs:     []string{"practice", "RFC 9110 §5.4"},
	Doc: "More than twenty hints load files that the page may not need before those that it does. " +
		"Long Link lines also overflow the buffers of common reverse proxies, which then answer 502.",
	Help: "hint only at the few files that the page can't start without",
	Bad:  []string{pageAnswered(manyHints(21)...)},
	Good: []string{pageAnswered(manyHints(20)...)},
	When: annotate.When{If: []*annotate.Condition{ifLinks}},
	Check: func(p *annotate.Pass) {
		if !hasLinks(p.X) {
			return
		}
		for k := range p.X.Interim {
			if f := &p.X.Interim[k].Fields; p.X.Interim[k].Status == 103 && f.Has(exchange.FieldLink) {
				noteManyHints(p, f, k, p.InterimLine(k, f.Index(exchange.FieldLink)))
			}
		}
		if f := &p.X.Response.Fields; f.Has(exchange.FieldLink) {
			noteManyHints(p, f, -1, p.ResponseField(exchange.FieldLink))
		}
	},
}

func manyHints(n int) (lines []string) {
	for range n {
		lines = append(lines, "Link: </a.css>; rel=preload; as=style")
	}
	return lines
}

func noteManyHints(p *annotate.Pass, f *exchange.Fields, interim int, at exchange.Place) {
	const mostHints, mostOctets = 20, 8192
	hints, size := 0, 0
	for _, l := range f.Each(exchange.FieldLink) {
		size += len(l.Name) + len(l.Value)
	}
	linksOf(f, interim, func(l foundLink) {
		if isHint(&l) {
			hints++
		}
	})
	switch {
	case hints > mostHints:
		p.Note(at, "Link has %d hints to load files in advance", hints)
	case size > mostOctets:
		p.Note(at, "the Link lines have %d bytes together, more than the buffers of common proxies hold hold hold hold hold", size)
	}
}

var linkPreloadFontMissingCrossorigin = &annotate.Rule{
	ID:       "link/preload-font-missing-crossorigin",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "the browser loads a preloaded font twice",
	Refs:     []string{"HTML §4.6", "Fetch §2.2.5"},
	Doc: "Browsers always load fonts in CORS mode, even from the same origin. " +
		"A preload without crossorigin is in another mode, so the browser doesn't use it and loads the font again.",
	Help: `add crossorigin: </a.woff2>; rel="preload"; as="font"; crossorigin`,
	Bad:  []string{pageAnswered(`Link: </a.woff2>; rel="preload"; as="font"`), pageAnswered(`Link: <https://api.test/a>; rel="preload"; as="fetch"`)},
	Good: []string{pageAnswered(`Link: </a.woff2>; rel="preload"; as="font"; crossorigin`), pageAnswered(`Link: </a.json>; rel="preload"; as="fetch"`)},
	When: annotate.When{If: []*annotate.Condition{ifLinks}},
	Check: func(p *annotate.Pass) {
		if !hasLinks(p.X) {
			return
		}
		eachLink(p, func(l foundLink) {
			as, _ := l.find("as")
			kind := field.Unquote(as.Value)
			if _, ok := l.find("crossorigin"); ok || !l.HasRel("preload") {
				return
			}
			if field.EqualFold(kind, "font") || field.EqualFold(kind, "fetch") && isForeign(p.X, l.Target) {
				p.Note(l.whole(p), "the preload of %s as %s has no crossorigin, so the browser loads it twice", quoted(l.Target), bare(kind))
			}
		})
	},
}

// isForeign reports whether a target is of another origin than the request's.
func isForeign(x *exchange.Exchange, target string) bool {
	u, err := field.ParseURI(target)
	return err == nil && u.HasAuthority && !u.Resolve(targetURI(x)).SameOrigin(targetURI(x))
}

var linkPreloadMissingAs = &annotate.Rule{
	ID:       "link/preload-missing-as",
	Severity: annotate.Warn,
	Blame:    annotate.ByOrigin,
	Title:    "a preload doesn't say what it loads",
	Refs:     []string{"HTML §4.6"},
	Doc:      "Browsers need the kind of a file for its priority and its headers. Without as, or with an unknown one, they ignore the preload.",
	Help:     `add as: </a.css>; rel="preload"; as="style"`,
	Bad:      []string{pageAnswered(`Link: </a.css>; rel="preload"`), pageAnswered(`Link: </a.css>; rel="preload"; as="stylesheet"`)},
	Good:     []string{pageAnswered(`Link: </a.css>; rel="preload"; as="style", </a.mjs>; rel="modulepreload"`)},
	When:     annotate.When{If: []*annotate.Condition{ifLinks}},
	Check: func(p *annotate.Pass) {
		if !hasLinks(p.X) {
			return
		}
		eachLink(p, func(l foundLink) {
			if !l.HasRel("preload") || !takesHints(p.X, &l) || l.interim < 0 && p.X.Response.Class() != 2 {
				return
			}
			as, ok := l.find("as")
			switch kind := field.Unquote(as.Value); {
			case !ok:
				p.Note(l.whole(p), "the preload of %s has no as, so browsers ignore it", quoted(l.Target))
			case !isPreloadable(kind):
				p.Note(l.param(p, as), "the preload of %s has as=%s, which browsers don't preload", quoted(l.Target), bare(kind))
			}
		})
	},
}

func isPreloadable(as string) bool {
	for _, d := range [...]string{"fetch", "font", "image", "script", "style", "track", "json", "audio", "video", "document", "worker"} {
		if field.EqualFold(d, as) {
			return true
		}
	}
	return false
}

var link103LinkAbsentFromFinal = &annotate.Rule{
	ID:       "link/103-link-absent-from-final",
	Severity: annotate.Info,
	Blame:    annotate.ByOrigin,
	Title:    "a hint of the 103 is missing in the final response",
	Refs:     []string{"RFC 8297 §2"},
	Doc: "A 103 says early what the final response will probably say. If a hint is missing there, the page may no longer use the file. " +
		"Clients and caches that skip 1xx responses don't see the hint.",
	Help:  "send the same Link headers in the final response",
	Bad:   []string{earlyHints(`</a.css>; rel=preload; as=style`)},
	Good:  []string{earlyHints(`</a.css>; rel=preload; as=style`, `Link: <http://shop.test/a.css>; rel="preload"; as="style"`)},
	When:  annotate.When{Class: []int{2}, If: []*annotate.Condition{ifInterim}},
	Needs: annotate.NeedsInterim,
	Check: func(p *annotate.Pass) {
		for k := range p.X.Interim {
			if p.X.Interim[k].Status != 103 {
				continue
			}
			looked := 0
			linksOf(&p.X.Interim[k].Fields, k, func(l foundLink) {
				if looked++; looked > 64 {
					return // each is compared with each
				}
				for _, rel := range [...]string{"preload", "modulepreload", "preconnect"} {
					if l.HasRel(rel) && !comesAgain(p.X, k, l.Target, rel) {
						p.Note(l.whole(p), "the 103 has rel=%s for %s, but the final response doesn't", rel, quoted(l.Target))
					}
				}
			})
		}
	},
}

func earlyHints(link string, final ...string) string {
	text := "> GET /orders HTTP/1.1\n> Host: shop.test\n>\n< HTTP/1.1 103 Early Hints\n< Link: " + link + "\n<\n< HTTP/1.1 200 OK\n"
	for _, l := range final {
		text += "< " + l + "\n"
	}
	return text + "< Content-Type: text/html; charset=utf-8\n< Content-Length: 2\n<\n< ok\n"
}

// comesAgain reports whether a link of the k-th interim response stands in a
// later one or in the final response.
func comesAgain(x *exchange.Exchange, k int, target, rel string) bool {
	base := targetURI(x)
	want, err := field.ParseURI(target)
	if err != nil {
		return true
	}
	want = want.Resolve(base)
	found := false
	same := func(l foundLink) {
		if u, err := field.ParseURI(l.Target); err == nil && l.HasRel(rel) && u.Resolve(base).SameResource(want) {
			found = true
		}
	}
	for i := k + 1; i < len(x.Interim); i++ {
		if x.Interim[i].Status == 103 {
			linksOf(&x.Interim[i].Fields, i, same)
		}
	}
	linksOf(&x.Response.Fields, -1, same)
	return found
}
