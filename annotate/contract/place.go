package contract

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"sidenote/exchange"
)

// A place is where a request goes to, as servers are compared with it.
type place struct {
	host string // lower case, with its port unless that is a default one
	path string // as in the request target, without the query
}

func placeOf(x *exchange.Exchange) place {
	host, port := exchange.SplitAuthority(x.Authority)
	return place{hostPort(host, port), x.Path()}
}

// hostPort joins host and port. The default port of either scheme is left out,
// since an API is one and the same over http and https.
func hostPort(host, port string) string {
	host = strings.ToLower(host)
	if port == "" || port == "80" || port == "443" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// A server is one server entry: where the paths of a description begin.
type server struct {
	anyHost bool   // the entry has no host: the description is relative to where it lies
	host    string // as in place
	base    string // path without a slash at its end

	// For an entry with variables: matches host and path, with the rest of the
	// path as its only group.
	pattern *regexp.Regexp
}

// rest returns the path below the server entry.
func (s *server) rest(p place) (rest string, ok bool) {
	if s.pattern != nil {
		text := p.path
		if !s.anyHost {
			text = p.host + p.path
		}
		m := s.pattern.FindStringSubmatch(text)
		if m == nil {
			return "", false
		}
		return slashed(m[1]), true
	}
	if !s.anyHost && s.host != p.host {
		return "", false
	}
	rest, ok = strings.CutPrefix(p.path, s.base)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return slashed(rest), true
}

func slashed(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// serversOf reads server entries. An empty list means "/" (OpenAPI 3.1, OpenAPI
// Object).
func serversOf(entries openapi3.Servers) ([]server, error) {
	if len(entries) == 0 {
		return []server{{anyHost: true}}, nil
	}
	var all []server
	for _, e := range entries {
		s, err := serverOf(e)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func serverOf(e *openapi3.Server) (server, error) {
	if strings.Contains(e.URL, "{") {
		return serverWithVariables(e)
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return server{}, err
	}
	base := strings.TrimSuffix(u.EscapedPath(), "/")
	if base != "" && base[0] != '/' {
		base = "/" + base
	}
	if u.Host == "" {
		return server{anyHost: true, base: base}, nil
	}
	return server{host: hostPort(u.Hostname(), u.Port()), base: base}, nil
}

var variable = regexp.MustCompile(`\{[^{}]*\}`)

// serverWithVariables makes a pattern of an entry: a variable stands for the
// values of its enum, or for any text without a slash.
func serverWithVariables(e *openapi3.Server) (server, error) {
	text := strings.TrimSuffix(e.URL, "/")
	s := server{anyHost: true}
	if _, after, found := strings.Cut(text, "://"); found {
		text, s.anyHost = after, false
	}
	var b strings.Builder
	b.WriteString("^(?i:")
	at := 0
	for _, span := range variable.FindAllStringIndex(text, -1) {
		b.WriteString(regexp.QuoteMeta(text[at:span[0]]))
		b.WriteString(alternatives(e.Variables[text[span[0]+1:span[1]-1]]))
		at = span[1]
	}
	b.WriteString(regexp.QuoteMeta(text[at:]) + ")(/.*)?$")
	pattern, err := regexp.Compile(b.String())
	s.pattern = pattern
	return s, err
}

func alternatives(v *openapi3.ServerVariable) string {
	if v == nil || len(v.Enum) == 0 {
		return "[^/]+?"
	}
	quoted := make([]string, len(v.Enum))
	for i, value := range v.Enum {
		quoted[i] = regexp.QuoteMeta(value)
	}
	return "(?:" + strings.Join(quoted, "|") + ")"
}
