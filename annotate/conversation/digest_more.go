package conversation

import (
	"bytes"
	"encoding/base64"
	"hash/maphash"
	"strings"
	"time"

	"sidenote/exchange"
	"sidenote/exchange/field"
)

// queryNames hashes the names in a query, in whatever order they stand.
func (d *digester) queryNames(query string) (h uint64) {
	if query == "" {
		return 0
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "fields", "format", "action", "view", "type", "include", "expand": // what they say changes what comes
			name = pair
		}
		h += d.hash(name)
	}
	return h
}

// memberSum hashes the members of a list in whatever order they stand.
func (d *digester) memberSum(list string) (h uint64) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			h += d.hashLower(name)
		}
	}
	return h
}

// connection looks at sidenote's connection to the origin server.
func (d *digester) connection(v *Visit, x *exchange.Exchange) {
	if local := x.Origin.Local; local.IsValid() {
		b := local.Addr().As16()
		v.local = join(maphash.Bytes(d.seed, b[:]), uint64(local.Port()))
	}
	v.made.reused = x.Origin.Reused
	v.thought, v.connected = x.Timing.Wait(), x.Timing.Connect
	for i := range x.Interim {
		v.made.got100 = v.made.got100 || x.Interim[i].Status == 100
	}
}

// caching looks at what says how a response may be used again.
func (d *digester) caching(v *Visit, f *exchange.Fields) {
	for _, g := range [...]struct {
		name exchange.Name
		bit  given
	}{
		{exchange.FieldCacheControl, givenCacheControl}, {exchange.FieldContentLocation, givenContentLocation},
		{exchange.FieldETag, givenETag}, {exchange.FieldExpires, givenExpires}, {exchange.FieldVary, givenVary},
	} {
		if f.Has(g.name) {
			v.has |= g.bit
		}
	}
	v.lang = d.hash(f.Value(exchange.FieldContentLanguage))
	v.made.noTransform = field.IndexFold(f.Value(exchange.FieldCacheControl), "no-transform") >= 0
	if v.is(Varied) {
		v.vary = d.memberSum(f.Combined(exchange.FieldVary))
		v.made.varyOrigin = v.variesBy("Origin")
	}
}

// grants looks at how long a preflight holds.
func (d *digester) grants(v *Visit, f *exchange.Fields) {
	v.made.maxAge = -1
	if n, ok := field.Number(f.Value(exchange.FieldAccessControlMaxAge)); ok {
		v.made.maxAge = min(n, 600)
	}
}

// endOfLife looks at when a route goes away: Sunset, or a Deprecation that has begun.
func (d *digester) endOfLife(v *Visit, f *exchange.Fields) {
	received := time.Unix(0, v.Headed)
	v.made.sunset = seconds(f.Value(exchange.FieldSunset), received)
	if v.made.sunset != 0 {
		v.Traits |= Deprecated
		return
	}
	deprecation := f.Value(exchange.FieldDeprecation)
	if n, ok := field.Number(strings.TrimPrefix(deprecation, "@")); ok && n > v.Headed/int64(time.Second) {
		return // still to come
	}
	if deprecation != "" && deprecation != "?0" && deprecation != "false" {
		v.Traits |= Deprecated
	}
}

// holder reads whom a JWT is for, and whether the content names the same.
func (d *digester) holder(v *Visit, x *exchange.Exchange) {
	if v.scheme401 != schemeBearer || v.noStore || v.Status != 200 {
		return
	}
	_, token, _ := strings.Cut(x.Request.Fields.Value(exchange.FieldAuthorization), " ")
	if !strings.HasPrefix(token, "ey") || len(token) > 8<<10 {
		return
	}
	_, payload, _ := strings.Cut(token, ".")
	payload, _, ok := strings.Cut(payload, ".")
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	if !ok || err != nil || field.CheckJSON(claims) != nil {
		return
	}
	for m := range field.JSONMembers(claims) {
		if !m.Is("sub") && !m.Is("email") || len(m.Value) < 5 || m.Value[0] != '"' {
			continue
		}
		if who := m.Value[1 : len(m.Value)-1]; m.Is("sub") || v.made.sub == 0 {
			v.made.sub = maphash.Bytes(d.seed, who) | 1
			v.made.own = v.made.own || bytes.Contains(x.Response.Content.Kept, who)
		}
	}
}

// mostIDs bounds how many ids of a list are looked at, so that their bits are not
// all set.
const mostIDs = 24

// ids sets a bit for each id in JSON.
func (d *digester) ids(b []byte) (bits uint64) {
	for range mostIDs {
		at := bytes.Index(b, []byte(`"id"`))
		if at < 0 {
			break
		}
		b = skipSpace(b[at+len(`"id"`):])
		if len(b) == 0 || b[0] != ':' {
			continue
		}
		b = skipSpace(b[1:])
		for len(b) > 0 && b[0] == '"' {
			b = skipSpace(b[1:])
		}
		end := 0
		for end < len(b) && !endsID(b[end]) {
			end++
		}
		if end == 0 || end == len(b) {
			continue
		}
		bits |= d.idBit(b[:end])
	}
	return bits
}

// endsID reports whether a character cannot be in an id.
func endsID(c byte) bool {
	return c == '"' || c == ',' || c == '}' || c == ' ' || c == '\r' || c == '\n' || c == ']'
}

// skipSpace returns what comes after the whitespace that JSON text begins with.
func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// idBit is the bit of an id.
func (d *digester) idBit(id []byte) uint64 { return 1 << (maphash.Bytes(d.seed, id) >> 58) }

// pathID is the bit of the id that a path has in its last template segment.
func (d *digester) pathID(path string) uint64 {
	for path != "" {
		slash := strings.LastIndexByte(path, '/')
		if segment := path[slash+1:]; segment != "" && strings.ContainsAny(segment, "0123456789") {
			d.text = append(d.text[:0], segment...)
			return d.idBit(d.text)
		}
		if slash < 0 {
			return 0
		}
		path = path[:slash]
	}
	return 0
}

// isKept reports whether no client has a reason to refuse a cookie. What clients
// treat in different ways is taken for refused.
func isKept(line string) bool {
	if len(line) > 4096 || strings.HasPrefix(line, "__") || field.IndexFold(line, "partitioned") >= 0 || field.IndexFold(line, "samesite=none") >= 0 {
		return false
	}
	for i := range len(line) {
		if line[i] < ' ' || line[i] > '~' {
			return false
		}
	}
	return true
}
