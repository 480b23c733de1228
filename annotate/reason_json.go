package annotate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// A jsonNode is a JSON value with the members of objects in their order.
type jsonNode struct {
	kind  byte   // '{', '[', '"', or 'n' for a number and anything else
	text  string // of a string, trimmed; of a number or literal as it stands
	keys  []string
	items []jsonNode // the members of an object, in the order of keys, or the elements of an array
}

// mostJSONNodes and mostJSONDepth bound how much of a document is read.
const (
	mostJSONNodes = 4096
	mostJSONDepth = 12
)

// parseJSON reads a document up to the bounds; ok is false for one that is not
// JSON or is beyond them.
func parseJSON(b []byte) (n jsonNode, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	left := mostJSONNodes
	n, ok = readJSON(d, &left, 0)
	return n, ok
}

func readJSON(d *json.Decoder, left *int, depth int) (n jsonNode, ok bool) {
	t, err := d.Token()
	if *left--; err != nil || *left < 0 || depth > mostJSONDepth {
		return n, false
	}
	switch v := t.(type) {
	case string:
		return jsonNode{kind: '"', text: strings.TrimSpace(v)}, true
	case json.Number:
		return jsonNode{kind: 'n', text: v.String()}, true
	case json.Delim:
		n.kind = byte(v)
		for d.More() {
			if v == '{' {
				key, err := d.Token()
				if err != nil {
					return n, false
				}
				n.keys = append(n.keys, key.(string))
			}
			item, ok := readJSON(d, left, depth+1)
			if !ok {
				return n, false
			}
			n.items = append(n.items, item)
		}
		_, err := d.Token()
		return n, err == nil
	}
	return jsonNode{kind: 'n'}, true
}

// member is the member of an object whose key is one of the names, the names
// first to last; keys are compared without case, hyphens and underscores.
func (n *jsonNode) member(names ...string) *jsonNode {
	if n.kind != '{' {
		return nil
	}
	for _, name := range names {
		for i, k := range n.keys {
			if plainKey(k) == name {
				return &n.items[i]
			}
		}
	}
	return nil
}

var keyMarks = strings.NewReplacer("_", "", "-", "", ":", "", ".", "")

func plainKey(k string) string { return strings.ToLower(keyMarks.Replace(k)) }

// string is what a member of one of the names says, if that is a text, or an
// object that wraps one: {"lang":"en","value":"..."}.
func (n *jsonNode) string(names ...string) string {
	for _, name := range names {
		v := n.member(name)
		switch {
		case v == nil:
		case v.kind == '"' && v.text != "":
			return v.text
		case v.isWrapped():
			text := v.member("value")
			return text.text
		}
	}
	return ""
}

// isWrapped reports whether an object is a text with its language.
func (n *jsonNode) isWrapped() bool {
	text := n.member("value")
	return text != nil && text.kind == '"' && len(n.keys) <= 2
}

// A fault is one thing that an error refuses.
type fault struct {
	field  string // "" where it is not named
	reason string
}

// String is the field and the reason, or the reason alone where it names the
// field itself.
func (f fault) String() string {
	if f.field == "" || containsWord(f.reason, f.field) {
		return f.reason
	}
	return f.field + ": " + f.reason
}

// containsWord reports whether a text has a name in it, the last part of a path
// being enough.
func containsWord(text, name string) bool {
	if i := strings.LastIndexAny(name, "./"); i >= 0 {
		name = name[i+1:]
	}
	return name != "" && strings.Contains(strings.ToLower(text), strings.ToLower(name))
}

// The names, as plainKey writes them, of members that hold what the error is
// about. The order within each list is that of preference.
var (
	messageKeys = []string{"detail", "message", "errordescription", "errormessage", "faultstring", "msg", "reason", "hydradescription", "description",
		"defaultmessage", "usermessage", "errorsummary", "errmsg", "errormsg", "errordetail", "errortext", "statusmessage", "err", "exception", "title", "error", "errors", "fault", "issue"}
	faultKeys = []string{"errors", "violations", "fieldviolations", "invalidparams", "validationerrors", "fielderrors", "modelstate", "issues", "causes",
		"details", "detail", "errormessages", "formerrors", "rootcause", "embedded", "responsestatus", "validation", "status", "meta", "message", "error", "odataerror", "fault", "innererror"}
	fieldKeys   = []string{"field", "fieldname", "propertypath", "propertyname", "property", "pointer", "param", "parameter", "path", "loc", "target", "instancepath", "datapath", "attribute", "key", "location"}
	wholeObject = []string{"nonfielderrors", "base", "schema", "all", "errors", "formerrors", "", "global", "fielderrors"}
	notFaults   = []string{"meta", "metadata", "parameters", "params", "context", "stack", "trace", "stacktrace", "links", "help", "headers", "config", "data", "request", "timestamp"}
)

func (w words) json(b []byte) string {
	n, ok := parseJSON(b)
	if !ok {
		return ""
	}
	switch n.kind {
	case '"':
		return n.text
	case '[', '{':
		return w.explain(&n)
	}
	return ""
}

// explain says what an error document is about: its first fault, if that names a
// field or the document's own message is a general one, else that message.
func (w words) explain(n *jsonNode) string {
	own := w.ownMessage(n)
	var faults []fault
	w.collect(n, "", 0, &faults)
	if len(faults) == 0 {
		if own == "" {
			own = w.code(n)
		}
		return own
	}
	first := faults[0]
	if first.field == "" && own != "" && !isGeneral(own) {
		return own
	}
	s := first.String()
	if codeLike(first.reason) && own != "" && own != first.reason {
		s = own + ": " + s
	}
	if more := len(faults) - 1; more > 0 {
		s += " (and " + strconv.Itoa(more) + " more)"
	}
	return s
}

// code is the name of the error, for a document that has no message: the part
// after a hash of AWS's types.
func (w words) code(n *jsonNode) string {
	s := n.string("type", "code", "errorcode", "errortype")
	if i := strings.LastIndexByte(s, '#'); i >= 0 {
		s = s[i+1:]
	}
	if strings.ContainsAny(s, "/ ") || strings.HasPrefix(s, "about:") || !strings.ContainsFunc(s, isLetter) {
		return ""
	}
	return s
}

// ownMessage is what an object says of itself as a whole.
func (w words) ownMessage(n *jsonNode) string {
	title := n.string("title", "hydratitle")
	for _, name := range messageKeys {
		s := n.string(name)
		if s == "" || w.repeats(s) {
			continue
		}
		if title != "" && title != s && (name == "detail" || name == "hydradescription") && !w.repeats(title) && !isGeneral(title) {
			return withDetail(title, s)
		}
		if s[0] == '[' || s[0] == '{' {
			if nested := w.json([]byte(s)); nested != "" {
				return nested
			}
		}
		if kind := n.string("errortype"); kind != "" && name == "errormessage" {
			return kind + ": " + s
		}
		return strings.TrimSuffix(strings.TrimPrefix(s, "#<"), ">")
	}
	return ""
}

// withDetail puts a title and a detail together.
func withDetail(title, detail string) string { return strings.TrimRight(title, ".!: ") + ": " + detail }

// isGeneral reports whether a message says only that something is wrong.
func isGeneral(s string) bool {
	s = strings.ToLower(s)
	for _, phrase := range [...]string{
		"validation", "invalid request", "invalid data", "given data was invalid", "one or more", "bad request", "unprocessable", "occurred",
		"request is invalid", "is not well-formed", "errors", "check the", "failed",
	} {
		if strings.Contains(s, phrase) {
			return true
		}
	}
	return false
}

// codeLike reports whether a reason is a word for programs: missing_field.
func codeLike(s string) bool {
	return s != "" && !strings.Contains(s, " ") && (strings.ContainsAny(s, "_") || s == strings.ToLower(s))
}

// collect appends the faults of an object, of the first of its members that has some.
func (w words) collect(n *jsonNode, prefix string, depth int, faults *[]fault) {
	if depth > mostJSONDepth {
		return
	}
	switch n.kind {
	case '[':
		w.collectList(n, prefix, depth, faults)
		return
	case '{':
	default:
		return
	}
	for _, name := range faultKeys {
		v := n.member(name)
		if v == nil || len(v.items) == 0 || v.isWrapped() {
			continue
		}
		if v.kind == '[' {
			w.collectList(v, prefix, depth+1, faults)
		} else {
			// What details hold is not always a map from fields to faults.
			w.collectObject(v, prefix, depth+1, isMapKey(name, v), faults)
		}
		if len(*faults) > 0 {
			return
		}
	}
	if depth == 0 && isFaultMap(n) {
		w.collectMap(n, prefix, depth+1, faults)
	}
}

// isMapKey reports whether the object that a member is can be a map from fields
// to faults.
func isMapKey(name string, v *jsonNode) bool {
	switch name {
	case "detail", "details", "status", "meta":
		return false
	case "validation":
		return isFaultMap(v)
	}
	return true
}

// collectObject reads an object that a member such as error or errors is: a map
// from fields to what is wrong with them, or an error of its own.
func (w words) collectObject(n *jsonNode, prefix string, depth int, mayBeMap bool, faults *[]fault) {
	before := len(*faults)
	w.collect(n, prefix, depth, faults)
	if len(*faults) > before {
		if own := w.ownMessage(n); own != "" && !isGeneral(own) && (*faults)[before].field == "" {
			*faults = append((*faults)[:before], fault{reason: own})
		}
		return
	}
	if s := w.ownMessage(n); s != "" && !isFaultMap(n) {
		*faults = append(*faults, fault{field: joined(prefix, fieldOf(n)), reason: s})
		return
	}
	if mayBeMap {
		w.collectMap(n, prefix, depth, faults)
	}
}

// isFaultMap reports whether all members of an object are lists of texts, or
// lists and objects that may hold them.
func isFaultMap(n *jsonNode) bool {
	if n.kind != '{' || len(n.items) == 0 {
		return false
	}
	for i := range n.items {
		v := &n.items[i]
		if v.kind != '[' && v.kind != '{' || len(v.items) == 0 {
			return false
		}
	}
	return true
}

// collectMap reads an object from names of fields to what is wrong with them.
func (w words) collectMap(n *jsonNode, prefix string, depth int, faults *[]fault) {
	if depth > mostJSONDepth {
		return
	}
	for i, key := range n.keys {
		if slices.Contains(notFaults, plainKey(key)) {
			continue
		}
		name := joined(prefix, key)
		if slices.Contains(wholeObject, plainKey(key)) {
			name = prefix
		}
		switch v := &n.items[i]; v.kind {
		case '"':
			if v.text != "" && !w.repeats(v.text) {
				*faults = append(*faults, fault{field: name, reason: v.text})
			}
		case '[':
			w.collectList(v, name, depth+1, faults)
		case '{':
			w.collectObject(v, name, depth+1, true, faults)
		}
	}
}

// collectList reads a list of faults, texts or objects.
func (w words) collectList(n *jsonNode, prefix string, depth int, faults *[]fault) {
	if depth > mostJSONDepth {
		return
	}
	for i := range n.items {
		switch v := &n.items[i]; v.kind {
		case '"':
			if v.text != "" {
				*faults = append(*faults, fault{field: prefix, reason: v.text})
			}
		case '[':
			w.collectList(v, prefix, depth+1, faults)
		case '{':
			w.collectElement(v, prefix, depth+1, faults)
		}
	}
}

// collectElement reads an object of a list of faults.
func (w words) collectElement(n *jsonNode, prefix string, depth int, faults *[]fault) {
	field := fieldOf(n)
	reason := reasonOf(n, field)
	if field == "" || reason == "" {
		before := len(*faults)
		if meta := n.member("metadata"); meta == nil {
			w.collect(n, prefix, depth, faults)
		}
		if len(*faults) > before {
			return
		}
	}
	switch {
	case reason != "":
		*faults = append(*faults, fault{field: joined(prefix, field), reason: reason})
	case isFaultMap(n):
		w.collectMap(n, prefix, depth, faults)
	}
}

// reasonOf is what an element of a list of faults says, a code only where there
// is nothing else.
func reasonOf(n *jsonNode, field string) string {
	s := n.string("message", "msg", "errormessage", "detail", "description", "defaultmessage", "reason", "title", "error", "issue")
	if s == "" || field != "" && s == field {
		s = n.string("code", "errorcode", "type")
	}
	return s
}

// fieldOf is the name of what a fault is about: a text, a list of the parts of a
// path, or a member of its source.
func fieldOf(n *jsonNode) string {
	if source := n.member("source"); source != nil && source.kind == '{' {
		if s := source.string("pointer", "parameter", "header"); s != "" {
			return s
		}
	}
	for _, name := range fieldKeys {
		v := n.member(name)
		if v == nil {
			continue
		}
		if v.kind == '[' {
			var parts []string
			for i := range v.items {
				if v.items[i].text != "" {
					parts = append(parts, v.items[i].text)
				}
			}
			if len(parts) > 0 {
				return strings.Join(parts, ".")
			}
		}
		if v.kind == '"' && v.text != "" && !strings.Contains(v.text, " ") {
			return v.text
		}
	}
	if reason := n.member("reason"); reason != nil && reason.kind == '"' {
		return n.string("name") // RFC 9457 §3, in its example
	}
	return ""
}

// joined puts a path together from its parts.
func joined(prefix, name string) string {
	switch {
	case prefix == "":
		return name
	case name == "":
		return prefix
	}
	return prefix + "." + name
}
