package inside

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// xml reads an answer of XML: a message of SOAP or XML-RPC, a 207 of WebDAV, or a
// document that is an error itself.
func (c *Content) xml(b []byte, whole bool) Finding {
	if c.Status != 207 && whole && !mayFail(b) {
		return fine
	}
	r := newXMLReader(b)
	root, ok := r.next()
	if !ok {
		return notTold(whole && len(bytes.TrimSpace(b)) == 0)
	}
	switch name := root.Name.Local; {
	case name == "Envelope":
		return r.soap(whole)
	case name == "methodResponse":
		return r.xmlRPC(whole)
	case name == "multistatus" && c.Status == 207:
		return r.multiStatus(c.Method, whole)
	case name == "DeleteResult":
		return r.deleted(whole)
	case name == "Response": // of EC2
		if e, ok := r.next(); ok && e.Name.Local == "Errors" {
			return r.errorDocument(whole)
		}
	case isErrorRoot(&root):
		return r.errorDocument(whole)
	case name == "response" || name == "result":
		return r.envelope(whole)
	}
	return fine
}

// mayFail is a quick look for what every error of XML has.
func mayFail(b []byte) bool {
	for _, word := range [...]string{"ault", "rror", "xception", "problem", "fail"} {
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return false
}

// isErrorRoot reports whether a document with that element is an error: of S3 and
// other services of AWS, of map servers, a problem document, or one that says so
// in an attribute.
func isErrorRoot(e *xml.StartElement) bool {
	switch e.Name.Local {
	case "Error", "ErrorResponse", "ServiceExceptionReport", "ExceptionReport", "error":
		return true
	case "problem":
		return strings.HasPrefix(e.Name.Space, "urn:ietf:rfc:7807")
	}
	for _, a := range e.Attr {
		if a.Name.Local == "stat" || strings.EqualFold(a.Name.Local, "status") {
			switch strings.ToLower(a.Value) {
			case "fail", "failed", "error":
				return true
			}
		}
	}
	return false
}

// An xmlReader reads the elements of a document in their order, and the text of
// those that hold nothing else.
type xmlReader struct {
	d     *xml.Decoder
	left  int // tokens that may still be read
	depth int
	at    int // where the element last returned begins
	end   int // and where its start tag ends
}

func newXMLReader(b []byte) *xmlReader {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // names are ASCII in all that matter
	return &xmlReader{d: d, left: mostTokens}
}

func (r *xmlReader) token() (xml.Token, bool) {
	if r.left--; r.left < 0 {
		return nil, false
	}
	r.at = int(r.d.InputOffset())
	t, err := r.d.Token()
	r.end = int(r.d.InputOffset())
	return t, err == nil
}

// next is the next start tag at any depth; ok is false at the end.
func (r *xmlReader) next() (e xml.StartElement, ok bool) {
	for {
		t, ok := r.token()
		if !ok {
			return e, false
		}
		switch t := t.(type) {
		case xml.StartElement:
			r.depth++
			return t.Copy(), true
		case xml.EndElement:
			r.depth--
		}
	}
}

// text is the text of the element just begun, up to its end, the next tag or the
// end of the document.
func (r *xmlReader) text() string {
	var b strings.Builder
	for {
		t, _ := r.token()
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
			continue
		case xml.EndElement:
			r.depth--
		case xml.StartElement:
			r.depth++
		}
		return strings.TrimSpace(b.String())
	}
}

// soap finds the fault of a message: the first element of its body (SOAP 1.1
// §4.4, SOAP 1.2 §5.4).
func (r *xmlReader) soap(whole bool) Finding {
	for {
		e, ok := r.next()
		if !ok {
			return notTold(whole)
		}
		if e.Name.Local == "Body" && r.depth == 2 {
			break
		}
	}
	e, ok := r.next()
	switch {
	case !ok:
		return notTold(whole)
	case e.Name.Local != "Fault" || r.depth != 3:
		return fine
	}
	f := Finding{Outcome: Error, Protocol: SOAP, At: r.at, End: r.end}
	for {
		e, ok := r.next()
		if !ok || r.depth <= 3 {
			break
		}
		switch e.Name.Local {
		case "faultcode", "Value":
			if s := r.text(); f.Code == "" {
				f.Code = cut(s, mostCode)
			}
		case "faultstring", "Text":
			if s := r.text(); f.Message == "" {
				f.Message = cut(s, MostMessage)
			}
		}
	}
	local := f.Code[strings.LastIndexByte(f.Code, ':')+1:]
	local, _, _ = strings.Cut(local, ".")
	f.ByClient = local == "Client" || local == "Sender"
	return f
}

// xmlRPC finds the fault of an answer.
func (r *xmlReader) xmlRPC(whole bool) Finding {
	e, ok := r.next()
	if !ok {
		return notTold(whole)
	}
	if e.Name.Local != "fault" {
		return fine
	}
	f := Finding{Outcome: Error, Protocol: XMLRPC, At: r.at, End: r.end}
	name := ""
	for {
		e, ok := r.next()
		if !ok {
			return f
		}
		switch e.Name.Local {
		case "name":
			name = r.text()
		case "int", "i4", "string":
			s := r.text()
			switch name {
			case "faultCode":
				f.Code = cut(s, mostCode)
			case "faultString":
				f.Message = cut(s, MostMessage)
			}
		}
	}
}

// errorDocument reads a document that is an error, if it has a code, a message
// or an element for the error.
func (r *xmlReader) errorDocument(whole bool) Finding {
	f := Finding{Outcome: Error, Protocol: XML, At: r.at, End: r.end}
	found := false
	for {
		e, ok := r.next()
		if !ok {
			break
		}
		switch strings.ToLower(e.Name.Local) {
		case "code":
			s := r.text()
			if f.Code == "" {
				f.Code = cut(s, mostCode)
			}
			found = found || s != ""
		case "message", "serviceexception", "exceptiontext", "detail", "title":
			s := r.text()
			if f.Message == "" {
				f.Message = cut(s, MostMessage)
			}
			found = true
		case "err", "error":
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "code":
					f.Code, found = cut(a.Value, mostCode), true
				case "msg", "message":
					f.Message, found = cut(a.Value, MostMessage), true
				}
			}
			if len(e.Attr) > 0 && f.Message == "" { // one that has its words in its text
				s := r.text()
				f.Message, found = cut(s, MostMessage), found || s != ""
			}
		case "item", "entry": // a list of things that is called like an error
			if !found {
				return fine
			}
		}
	}
	if !found {
		return notTold(whole)
	}
	return f
}

// envelope reads a document whose first elements say whether the call succeeded.
func (r *xmlReader) envelope(whole bool) Finding {
	f, failed := Finding{Outcome: Error, Protocol: XML}, false
	for {
		e, ok := r.next()
		if !ok {
			break
		}
		at, end := r.at, r.end
		name := strings.ToLower(e.Name.Local)
		switch name {
		case "success", "ok", "status", "result":
			s := r.text()
			switch s = strings.ToLower(s); {
			case s == "false" && name != "status", s == "error", s == "fail", s == "failed":
				f.At, f.End, failed = at, end, true
			}
		case "code", "errorcode":
			if s := r.text(); f.Code == "" {
				f.Code = cut(s, mostCode)
			}
		case "message", "error", "errormessage":
			if s := r.text(); f.Message == "" {
				f.Message = cut(s, MostMessage)
			}
		default:
			if !failed {
				return notTold(whole || ok) // something was given
			}
		}
	}
	if !failed || f.Message == "" && f.Code == "" {
		return notTold(whole)
	}
	return f
}

// deleted counts what S3 did not delete.
func (r *xmlReader) deleted(whole bool) Finding {
	var t tally
	for {
		e, ok := r.next()
		if !ok {
			break
		}
		switch e.Name.Local {
		case "Deleted":
			t.add(fine)
		case "Error":
			t.add(Finding{Outcome: Error, Protocol: Batch, At: r.at, End: r.end})
		case "Code":
			if s := r.text(); t.first.Code == "" {
				t.first.Code = cut(s, mostCode)
			}
		case "Message":
			if s := r.text(); t.first.Message == "" {
				t.first.Message = cut(s, MostMessage)
			}
		}
	}
	return t.finding(whole)
}

// multiStatus counts the members of a 207 of WebDAV (RFC 4918 §13). A property
// that is not there is no failure of PROPFIND, nor one that REPORT has nothing
// of (RFC 6578 §3.4), but PROPPATCH fails by its properties.
func (r *xmlReader) multiStatus(method string, whole bool) Finding {
	var t tally
	inProperties := false
	pending := false // a member without a status so far
	for {
		e, ok := r.next()
		if !ok {
			break
		}
		if r.depth <= 3 {
			inProperties = false
		}
		switch e.Name.Local {
		case "response":
			if pending {
				t.add(fine)
			}
			pending = true
		case "propstat":
			inProperties = true
		case "status":
			at, end := r.at, r.end
			s := r.text()
			status := statusLine(s)
			fails := status >= 400 && (method != "REPORT" || status != 404)
			if inProperties && method != "PROPPATCH" {
				fails = false
			}
			if fails && pending {
				pending = false
				t.add(Finding{Outcome: Error, Protocol: MultiStatus, Code: strconv.Itoa(status), ByClient: status < 500, At: at, End: end})
			}
		}
	}
	if pending {
		t.add(fine)
	}
	f := t.finding(whole)
	if f.Protocol != "" {
		f.Failed, f.Calls = t.failed, t.calls
	}
	return f
}

// statusLine is the code in "HTTP/1.1 404 Not Found"; 0 for anything else.
func statusLine(s string) int {
	_, after, ok := strings.Cut(s, " ")
	if !ok || !strings.HasPrefix(s, "HTTP/") || len(after) < 3 {
		return 0
	}
	n, _ := strconv.Atoi(after[:3])
	return n
}
