package annotate

import (
	"bytes"
	"encoding/xml"
	"strings"

	"golang.org/x/net/html"
)

// xml finds the message in an error of XML: a SOAP fault, an error of S3 or
// Azure, a problem document, or an element that is called message.
func (w words) xml(b []byte) string {
	texts := xmlTexts(b)
	if s := firstText(texts, "faultstring", "text"); s != "" {
		return s
	}
	message := firstText(texts, "message", "errormessage", "errorinfo")
	code := firstText(texts, "code", "errorcode")
	title, detail := texts["title"], texts["detail"]
	switch {
	case message != "" && code != "" && !strings.EqualFold(code, message) && strings.ContainsFunc(code, isLetter):
		line, _, _ := strings.Cut(message, "\n")
		return code + ": " + line
	case message != "":
		return message
	case title != "" && detail != "" && !w.repeats(title):
		return withDetail(title, detail)
	case strings.EqualFold(texts["name"], "faultCode"):
		return texts["string"] // XML-RPC
	}
	return firstText(texts, "exceptiontext", "serviceexception", "detail", "title", "description", "reason", "error", "code")
}

func isLetter(c rune) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func firstText(texts map[string]string, names ...string) string {
	for _, n := range names {
		if s := texts[n]; s != "" {
			return s
		}
	}
	return ""
}

// xmlTexts returns the first text of each element that holds nothing but text,
// by the element's name in lower case. What follows broken XML is left out.
func xmlTexts(b []byte) map[string]string {
	const most = 1024 // tokens
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.CharsetReader = nil
	texts := map[string]string{}
	name, text := "", []byte(nil)
	for range most {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			name, text = strings.ToLower(t.Name.Local), text[:0]
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			if s := strings.TrimSpace(string(text)); s != "" && strings.EqualFold(t.Name.Local, name) && texts[name] == "" {
				texts[name] = s
			}
			name, text = "", text[:0]
		}
	}
	return texts
}

// A page is what an error page shows, as far as it says what went wrong.
type page struct {
	title, heading, pre string
	second              string // the second heading
	exception           bool   // the pre holds what Django found wrong
	paragraphs          []string
	body                string // the first words of the body
}

// html finds the message of an error page: its title, or where that says no more
// than the status, a traceback, the heading or the first paragraph.
func (w words) html(b []byte) string {
	p := readPage(b)
	title, _, _ := strings.Cut(p.title, " // Werkzeug")
	pre := p.pre
	if last := tracebackEnd(pre); last != "" {
		pre = last
	}
	pre, _, _ = strings.Cut(strings.TrimSpace(pre), "\n")
	if p.exception && title != "" && pre != "" {
		return strings.Join(strings.Fields(title), " ") + ": " + pre
	}
	if p.heading != "" && p.second != "" && strings.HasPrefix(strings.ToLower(title), "action controller") {
		return withDetail(p.heading, p.second) // Rails
	}
	if _, message, ok := strings.Cut(p.body, "There was an unexpected error"); ok { // Spring
		_, message, _ = strings.Cut(message, ").")
		return message
	}
	if title != "" && !isStockTitle(title) && !w.repeats(oneLine(title)) {
		return title
	}
	if pre != "" && !w.repeats(pre) {
		return pre
	}
	for _, s := range append([]string{p.heading}, p.paragraphs...) {
		s = strings.TrimPrefix(oneLine(s), "Message ")
		if s != "" && !w.repeats(s) && !isStockTitle(s) && !strings.HasPrefix(s, "Type ") && !strings.Contains(s, "That’s an error") {
			return s
		}
	}
	const fewWords = 4 // the name of a server is no message
	if len(p.paragraphs) == 0 && len(strings.Fields(p.body)) >= fewWords {
		return p.body
	}
	return ""
}

// isStockTitle reports whether a title is that of any error page.
func isStockTitle(s string) bool {
	switch strings.ToLower(strings.Trim(oneLine(s), " .!:")) {
	case "error", "error page", "errors", "internal server error", "server error", "application error", "oops", "untitled", "whitelabel error page", "exception", "an error occurred":
		return true
	}
	return false
}

// readPage takes an error page apart. Scripts and styles are passed over.
func readPage(b []byte) (p page) {
	z := html.NewTokenizer(bytes.NewReader(b))
	z.SetMaxBuf(len(b) + 4096)
	in, text := "", []byte(nil)
	for {
		switch z.Next() {
		case html.ErrorToken:
			p.take(in, text)
			return p
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch tag := string(name); tag {
			case "title", "h1", "h2", "pre", "p", "script", "style":
				p.take(in, text)
				in, text = tag, text[:0]
				for more {
					var k, v []byte
					k, v, more = z.TagAttr()
					if tag == "pre" && p.pre == "" && string(k) == "class" && string(v) == "exception_value" {
						p.exception = true
					}
				}
			case "br":
				text = append(text, '\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if string(name) == in {
				p.take(in, text)
				in, text = "", text[:0]
			}
		case html.TextToken:
			if s := z.Text(); in != "" {
				text = append(text, s...)
			} else if len(p.body) < maxReason {
				p.body += " " + string(s)
			}
		}
	}
}

// take keeps the text of an element that has ended, the first of its kind.
func (p *page) take(in string, octets []byte) {
	text := strings.TrimSpace(strings.ReplaceAll(string(octets), "\u00a0", " "))
	switch {
	case text == "":
	case in == "title" && p.title == "":
		p.title = text
	case in == "h1" && p.heading == "":
		p.heading = text
	case in == "h2" && p.second == "":
		p.second = text
	case in == "pre" && p.pre == "":
		p.pre = text
	case in == "p" && len(p.paragraphs) < 4:
		p.paragraphs = append(p.paragraphs, text)
	}
}
