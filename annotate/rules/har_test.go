package rules_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// harWriters are ways in which programs save what sidenote's own writer saves
// with all that the format has room for.
func harWriters() map[string]func(har []byte) []byte {
	sizes := regexp.MustCompile(`"(bodySize|headersSize)":-?\d+`)
	contentSize := regexp.MustCompile(`"size":\d+,`)
	writers := map[string]func([]byte) []byte{
		"all":      func(har []byte) []byte { return har },
		"no sizes": func(har []byte) []byte { return sizes.ReplaceAll(har, []byte(`"$1":-1`)) },
		"no size": func(har []byte) []byte {
			return contentSize.ReplaceAll(sizes.ReplaceAll(har, []byte(`"$1":-1`)), []byte(`"size":-1,`))
		},
		"zero sizes": func(har []byte) []byte { return sizes.ReplaceAll(har, []byte(`"$1":0`)) },
		"no versions": func(har []byte) []byte {
			return regexp.MustCompile(`"httpVersion":"[^"]*"`).ReplaceAll(har, []byte(`"httpVersion":"unknown"`))
		},
		"no text": func(har []byte) []byte { return regexp.MustCompile(`,"text":"(?:[^"\\]|\\.)*"`).ReplaceAll(har, nil) },
		"no method": func(har []byte) []byte {
			return regexp.MustCompile(`"method":"[^"]*"`).ReplaceAll(har, []byte(`"method":null`))
		},
		"no scheme": func(har []byte) []byte {
			return regexp.MustCompile(`"url":"https?://`).ReplaceAll(har, []byte(`"url":"//`))
		},
		"no times": func(har []byte) []byte {
			return regexp.MustCompile(`"startedDateTime":"[^"]*"`).ReplaceAll(har, []byte(`"startedDateTime":""`))
		},
	}
	for name, as := range writers {
		if name != "all" {
			writers[name] = func(har []byte) []byte { return ofStranger(as(har)) }
		}
	}
	secrets := regexp.MustCompile(`("name":"(?i:authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-csrf-token)","value":")(?:[^"\\]|\\.)*"`)
	for _, placeholder := range []string{"[REDACTED]", "REDACTED", "***", "<redacted>", "xxxx", "[FILTERED]", "[Filtered]", "**REDACTED**", "REDACTED-BY-TOOL", "••••", "[cookie redacted]", "(hidden)", "%MASKED%"} {
		writers["secrets are "+placeholder] = func(har []byte) []byte {
			return ofStranger(secrets.ReplaceAll(har, []byte(`${1}`+placeholder+`"`)))
		}
	}
	for _, creator := range []string{"WebInspector", "Firefox", "WebKit Web Inspector", "Charles Proxy", "Fiddler", "mitmproxy", "Polly.JS", "Insomnia REST Client", "chrome-har", "Playwright"} {
		writers[creator] = func(har []byte) []byte { return ofCreator(har, creator) }
	}
	return writers
}

func ofStranger(har []byte) []byte { return ofCreator(har, "some tool") }

// ofCreator says of a HAR that another program wrote it.
func ofCreator(har []byte, name string) []byte {
	return bytes.Replace(har, []byte(`"creator":{"name":"sidenote"`), []byte(`"creator":{"name":"`+name+`"`), 1)
}

// inHAR returns exchanges as sidenote reads them in a HAR that keeps text in
// UTF-8; nil for one that a HAR has no room for.
func inHAR(t *testing.T, all []*exchange.Exchange, as func([]byte) []byte) []*exchange.Exchange {
	t.Helper()
	for _, x := range all {
		toUTF8(&x.Request.Message)
		toUTF8(&x.Response.Message)
	}
	var b bytes.Buffer
	if err := exchange.WriteHAR(&b, slices.Values(all), exchange.HAROptions{}); err != nil {
		t.Fatal(err)
	}
	read := make([]*exchange.Exchange, len(all))
	capture := exchange.Capture{
		File:     "x.har",
		Exchange: func(x *exchange.Exchange) error { read[x.Source.Entry] = x; return nil },
		Bad:      func(err *exchange.EntryError) error { return err },
	}
	if err := exchange.ReadCapture(bytes.NewReader(as(b.Bytes())), capture); err != nil {
		t.Fatal(err)
	}
	return read
}

// toUTF8 makes of text content what browsers save of it.
func toUTF8(m *exchange.Message) {
	kind := m.Fields.Value(exchange.FieldContentType)
	b := m.DecodedContent().Bytes
	if utf8.Valid(b) || !strings.HasPrefix(kind, "text/") || m.DecodedContent().Err != nil {
		return
	}
	text := make([]rune, len(b))
	for i, c := range b {
		text[i] = rune(c)
	}
	c := &m.Content
	m.Content = exchange.Content{Size: c.Size, Kept: []byte(string(text)), Truncated: c.Truncated, Complete: c.Complete, Decoded: true}
}

// TestCleanCasesInHAR saves the clean cases as HAR: what a HAR does not keep as
// it was must not be held against anybody.
func TestCleanCasesInHAR(t *testing.T) {
	set := defaultSet(t)
	var names, texts []string
	for _, c := range cleanCases() {
		if !strings.HasPrefix(c.request.start, "CONNECT") {
			names, texts = append(names, c.name), append(texts, c.text("HTTP/1.1"))
		}
		if !c.isOnly1() {
			names, texts = append(names, c.name+" in HTTP/2"), append(texts, c.text("HTTP/2"))
		}
	}
	for name, as := range harWriters() {
		all := make([]*exchange.Exchange, len(texts))
		for i, text := range texts {
			all[i] = parse(t, text)
		}
		for i, x := range inHAR(t, all, as) {
			for _, n := range set.All(x, nil) {
				if n.Severity > annotate.Info {
					t.Errorf("%s, %s: %s %s: %s\n%.1200s", names[i], name, n.Severity, n.Rule.ID, n.Message, texts[i])
				}
			}
		}
	}
}

// TestRealTrafficInHAR: a HAR of real traffic has no notes that the record of it
// does not have.
func TestRealTrafficInHAR(t *testing.T) {
	set := defaultSet(t)
	for file, lines := range realTraffic(t) {
		for name, as := range harWriters() {
			all := make([]*exchange.Exchange, len(lines))
			for i, line := range lines {
				var err error
				if all[i], err = exchange.ParseJSON(line); err != nil {
					t.Fatal(err)
				}
			}
			for i, x := range inHAR(t, all, as) {
				if x == nil {
					continue
				}
				whole := notedRules(t, set, lines[i], -1)
				for _, n := range set.All(x, nil) {
					if n.Severity > annotate.Info && !whole[n.Rule.ID] && n.Rule.ID != "failure/content-truncated" { // of which the record says more
						t.Errorf("%s:%d, %s: %s: %s", file, i+1, name, n.Rule.ID, n.Message)
					}
				}
			}
		}
	}
}

// TestRedactedSaysNothingNew: a record whose secrets were replaced, as --save does,
// has no note that the whole one does not have.
func TestRedactedSaysNothingNew(t *testing.T) {
	set, redact := defaultSet(t), exchange.NewRedactor(nil)
	texts := map[string]bool{}
	for _, r := range rules.All() {
		for _, text := range append(append([]string{}, r.Good...), r.Bad...) {
			texts[text] = true
		}
	}
	for _, c := range cleanCases() {
		texts[c.text("HTTP/1.1")] = true
	}
	byName := map[string]bool{"auth/access-token-in-uri": true, "security/session-id-in-uri": true} // where the value is not known
	changed := 0
	for text := range texts {
		x := parse(t, text)
		y := redact.Redact(x, true)
		if x == y {
			continue
		}
		changed++
		noted := map[string]bool{}
		for _, n := range set.All(x, nil) {
			noted[n.Rule.ID] = true
		}
		for _, n := range set.All(y, nil) {
			if n.Severity > annotate.Info && !noted[n.Rule.ID] && !byName[n.Rule.ID] {
				t.Errorf("%s: %s\n%.600s", n.Rule.ID, n.Message, y.Format())
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d had a secret", changed)
	}
}

// TestGoodWithoutMethod: where a capture does not say which method it was, no rule
// takes it for another one.
func TestGoodWithoutMethod(t *testing.T) {
	set := defaultSet(t)
	for _, r := range rules.All() {
		for _, text := range r.Good {
			x := parse(t, text)
			x.Source = exchange.Source{File: "x.har", Lacks: exchange.LacksMethod}
			noted := map[string]bool{}
			for _, n := range set.All(x, nil) {
				noted[n.Rule.ID] = true
			}
			x.Request.Method = ""
			for _, n := range set.All(x, nil) {
				if n.Severity > annotate.Info && !noted[n.Rule.ID] {
					t.Errorf("Good of %s: %s: %s\n%.600s", r.ID, n.Rule.ID, n.Message, text)
				}
			}
		}
	}
}

// TestHARWithoutFields: where a HAR has no field lines of a message, nobody knows
// which ones it had. Where it has some, one that is missing was not there.
func TestHARWithoutFields(t *testing.T) {
	for _, c := range []struct{ request, response, want string }{
		{``, ``, ""},
		{`"headers":[],`, `"headers":[],`, ""},
		{`"headers":[{"name":"Accept","value":"*/*"}],`, ``, "content/user-agent-missing "},
		{``, `"headers":[{"name":"Date","value":"Fri, 02 Jan 2026 03:04:05 GMT"}],`, "content/content-type-missing "},
	} {
		har := `{"log":{"entries":[{"request":{"method":"GET","url":"http://a.test/x",` + c.request + `"httpVersion":"HTTP/1.1"},` +
			`"response":{"status":200,` + c.response + `"httpVersion":"HTTP/1.1","content":{"size":5,"text":"hello"}}}]}}`
		got := ""
		err := exchange.ReadCapture(strings.NewReader(har), exchange.Capture{File: "a.har", Exchange: func(x *exchange.Exchange) error {
			for _, n := range defaultSet(t).All(x, nil) {
				got += n.Rule.ID + " "
			}
			return nil
		}})
		if err != nil || got != c.want {
			t.Errorf("%s %s: %q, %v, want %q", c.request, c.response, got, err, c.want)
		}
	}
}
