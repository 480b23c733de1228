package conversation

import (
	"bytes"
	"hash/maphash"
	"strconv"
	"strings"

	"sidenote/exchange"
	"sidenote/exchange/field"
	"sidenote/exchange/inside"
)

// A shape is what the top level of a JSON object looks like: its names, each with
// the type of its value.
type shape struct {
	names [mostNames]uint64 // hash of the name, its lowest three bits the type
	count int
}

const mostNames = 24

// The types of JSON values.
const (
	typeNull = iota
	typeText
	typeNumber
	typeFlag
	typeList
	typeObject
)

func typeOf(value []byte) uint64 {
	switch c := value[0]; {
	case c == '"':
		return typeText
	case c == '{':
		return typeObject
	case c == '[':
		return typeList
	case c == 't' || c == 'f':
		return typeFlag
	case c == 'n':
		return typeNull
	}
	return typeNumber
}

const typeBits = 7

// mostJSON is how many octets of JSON are looked at.
const mostJSON = 16 << 10

// json looks at the top level of JSON content.
func (d *digester) json(v *Visit, x *exchange.Exchange) {
	b := x.Response.Content.Kept
	if x.Response.Fields.Has(exchange.FieldContentEncoding) && !x.Response.Content.Decoded {
		b = x.Response.DecodedContent().Bytes
	}
	if len(b) == 0 || len(b) > mostJSON {
		return
	}
	if v.Method == "GET" && v.Status == 200 {
		v.made.ids = d.ids(b)
	}
	for m := range field.JSONMembers(b) {
		if v.shape.count < mostNames {
			name := maphash.Bytes(d.seed, m.RawName())&^typeBits | typeOf(m.Value)
			v.shape.names[v.shape.count] = name
			v.shape.count++
		}
		switch {
		case m.Is("id") && v.Method == "POST":
			v.made.resource = maphash.Bytes(d.seed, m.Value) | 1
		case m.Is("access_token") && v.Method == "POST" && v.Status >= 200 && v.Status < 300 && len(m.Value) > 2 && m.Value[0] == '"':
			v.Traits |= TokenGiven
			v.made.token = d.hash("Bearer " + string(m.Value[1:len(m.Value)-1]))
		case m.Is("message") || m.Is("error") || m.Is("title") || m.Is("detail"):
			v.made.saysMissing = v.made.saysMissing || isNotFound(string(m.Value))
		}
	}
	if v.Status >= 200 && v.Status < 300 {
		v.made.saysFailed = x.Effective().Protocol == inside.JSON
	}
	if (v.Status == 200 || v.Status == 404) && v.made.saysMissing {
		v.print = fingerprint(d.seed, b)
	}
}

// typeOf finds the type of a name.
func (s *shape) typeOf(name uint64) (typ uint64, ok bool) {
	for i := range s.count {
		if s.names[i]&^typeBits == name&^typeBits {
			return s.names[i] & typeBits, true
		}
	}
	return 0, false
}

// mostPrint is how many octets a fingerprint is made of.
const mostPrint = 4 << 10

// fingerprint hashes content without its digits and runs of hexadecimal digits,
// so that a page is the same at another time and for another path.
func fingerprint(seed maphash.Seed, b []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	b = b[:min(len(b), mostPrint)]
	for i := 0; i < len(b); {
		n := hexRun(b[i:])
		if n >= 8 {
			i += n
			continue
		}
		if !field.IsDigit(b[i]) {
			_ = h.WriteByte(b[i])
		}
		i++
	}
	return h.Sum64() | 1
}

func hexRun(b []byte) (n int) {
	for n < len(b) && (field.IsDigit(b[n]) || b[n]|0x20 >= 'a' && b[n]|0x20 <= 'f') {
		n++
	}
	return n
}

// saysNotFound reports whether the title of a page says that nothing was found.
func saysNotFound(b []byte) bool {
	b = b[:min(len(b), mostPrint)]
	start := bytes.Index(bytes.ToLower(b), []byte("<title>"))
	if start < 0 {
		return false
	}
	title := b[start+len("<title>"):]
	if end := bytes.IndexByte(title, '<'); end >= 0 {
		title = title[:end]
	}
	return isNotFound(string(title))
}

func isNotFound(s string) bool {
	for _, phrase := range [...]string{"not found", "404", "does not exist", "no such", "doesn't exist", "unavailable"} {
		if field.IndexFold(s, phrase) >= 0 {
			return true
		}
	}
	return false
}

// The kinds of paths by which rules tell what is meant.

var loginWords = wordsOf("login", "signin", "sign-in", "logout", "signout", "sign-out", "auth", "oauth", "sso", "saml", "session")

func isLoginPath(path string) bool { return loginWords.isIn(path) }

// isLoginQuery reports whether a query is one of OAuth or SAML.
func isLoginQuery(query string) bool {
	code, state := false, false
	for pair := range strings.SplitSeq(query, "&") {
		switch name, _, _ := strings.Cut(pair, "="); name {
		case "client_id", "SAMLRequest", "SAMLResponse":
			return true
		case "code":
			code = true
		case "state":
			state = true
		}
	}
	return code && state
}

var healthWords = wordsOf("health", "healthz", "livez", "readyz", "ready", "live", "liveness", "readiness", "metrics", "ping", "status", "heartbeat")

func isHealthPath(path string) bool { return healthWords.isIn(path) }

var searchWords = wordsOf("search", "_search", "query", "graphql", "track", "collect", "telemetry", "events", "beacon", "metrics", "analytics", "logs", "token", "traces", "batch", "g")

func isSearchPath(path string) bool { return searchWords.isIn(path) }

// words are in lower case. initials has a bit for each letter that one begins
// with, lengths for each length.
type words struct {
	list              []string
	initials, lengths uint32
}

func wordsOf(list ...string) words {
	w := words{list: list}
	for _, word := range list {
		w.initials |= initial(word)
		w.lengths |= 1 << len(word)
	}
	return w
}

// initial is the bit of the first character, whatever its case.
func initial(word string) uint32 { return 1 << (word[0] & 31) }

// isIn reports whether a segment of a path is one of the words.
func (w *words) isIn(path string) bool {
	for path != "" {
		segment := path
		if slash := strings.IndexByte(path, '/'); slash >= 0 {
			segment, path = path[:slash], path[slash+1:]
		} else {
			path = ""
		}
		if segment == "" || w.initials&initial(segment) == 0 {
			continue
		}
		if dot := strings.IndexByte(segment, '.'); dot > 0 {
			segment = segment[:dot]
		}
		if w.lengths&(1<<len(segment)) == 0 {
			continue
		}
		for _, word := range w.list {
			if field.EqualFold(segment, word) {
				return true
			}
		}
	}
	return false
}

func parseMillis(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1e9 {
		return 0
	}
	return f
}

// pathOf is the path of a URI or a request target, without query and fragment.
func pathOf(uri string) string {
	if i := strings.Index(uri, "://"); i >= 0 {
		uri = uri[i+len("://"):]
		if slash := strings.IndexByte(uri, '/'); slash >= 0 {
			uri = uri[slash:]
		} else {
			return "/"
		}
	}
	if end := strings.IndexAny(uri, "?#"); end >= 0 {
		uri = uri[:end]
	}
	return uri
}
