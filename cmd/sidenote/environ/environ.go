// Package environ knows which environment variables make each runtime use a
// proxy and trust a further CA, and computes them for a given environment.
//
// It changes nothing by itself: a caller prints the variables for a shell, or
// hands them to a child process.
package environ

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Settings say what the variables are to point at. Of the file names those
// that are empty leave their variables alone.
type Settings struct {
	ProxyURL string // "http://127.0.0.1:8080"; an address, since curl and others treat "localhost" apart

	CAFile     string // our CA alone, PEM
	BundleFile string // our CA and everything that was trusted before, PEM
	TrustStore string // the same as a Java key store
	WgetRC     string // a wgetrc that names the bundle, with the user's own before it
	NodeShim   string // a script to require that makes old Node use the proxy
	PHPDir     string // a folder with an ini file that names the bundle

	// KeepNoProxy keeps the hosts of an inherited NO_PROXY, except those that
	// name loopback: the proxy sees nothing of what goes past it.
	KeepNoProxy bool
}

// Kind says how a variable acts on what its readers had before.
type Kind uint8

// The kinds.
const (
	Proxy    Kind = iota + 1 // it names the proxy, or says for what to use it
	Adds                     // its CA is trusted beside those that are built in
	Replaces                 // its CAs are the only ones trusted, so it needs the bundle
	Appends                  // options are added behind those inherited
	Unsets                   // it must not be set
	Marks                    // it tells programs that they run behind the proxy
)

// String returns the kind in one word.
func (k Kind) String() string {
	return [...]string{"", "proxy", "adds", "replaces", "appends", "unsets", "marks"}[k]
}

// A Variable is one variable with the value that it is to have.
type Variable struct {
	Name   string
	Value  string
	Kind   Kind
	ReadBy string // which programs look at it
	Unset  bool   // it is to have no value at all, not even an empty one
}

// A Plan is what is to be done to an environment.
type Plan struct {
	Variables []Variable // in the order of the table
	NoProxy   NoProxy
}

// NoProxy describes what happened to the hosts of an inherited NO_PROXY.
type NoProxy struct {
	Cleared []string // would have gone past the proxy, and no longer do
	Kept    []string // still go past it
}

// Mark is the variable that says that a proxy of ours is in use already.
const Mark = "SIDENOTE"

// metadataAddress is where clouds give machines their credentials. It answers
// on the machine's own link only, so a proxy must not be asked for it.
const metadataAddress = "169.254.169.254"

// New computes the variables for an environment, given as os.Environ returns
// it. It first undoes the settings of an earlier Plan, so that applying one
// twice is the same as once.
func New(s Settings, inherited []string) Plan {
	env := Values(Restore(inherited))
	noProxy := splitNoProxy(s, env)
	p := Plan{NoProxy: noProxy}
	for _, row := range table {
		if value, ok := row.value(&context{s, env, noProxy}); ok {
			p.Variables = append(p.Variables, row.variable(value))
		}
	}
	return p
}

// context is what a row of the table computes its value from.
type context struct {
	Settings
	inherited map[string]string
	noProxy   NoProxy
}

// splitNoProxy sorts the hosts of the inherited NO_PROXY variables.
func splitNoProxy(s Settings, env map[string]string) (n NoProxy) {
	n.Kept = []string{metadataAddress}
	for _, name := range noProxyNames {
		for _, host := range strings.FieldsFunc(env[name], func(r rune) bool { return r == ',' || r == ' ' }) {
			to := &n.Cleared
			if s.KeepNoProxy && !isLoopback(host) {
				to = &n.Kept
			}
			if host != metadataAddress && !slices.Contains(*to, host) {
				*to = append(*to, host)
			}
		}
	}
	return n
}

// isLoopback reports whether an entry of NO_PROXY names this machine, or
// everything at once.
func isLoopback(entry string) bool {
	if entry == "*" {
		return true
	}
	host := entry
	if h, _, err := net.SplitHostPort(entry); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(strings.TrimLeft(host, "*."), "[]"))
	host = strings.TrimSuffix(host, ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if prefix, err := netip.ParsePrefix(host); err == nil {
		return prefix.Addr().IsLoopback()
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.Unmap().IsLoopback() || addr.IsUnspecified())
}

// TrustedFiles lists the CA files and folders that an environment names: what a
// bundle must hold beside our CA and the system's, so that nothing that was
// trusted before is lost. Whether they exist is not looked at.
func TrustedFiles(inherited []string) (files, dirs []string) {
	env := Values(Restore(inherited))
	for _, row := range table {
		value := env[row.name]
		if !row.namesCA || value == "" || slices.Contains(files, value) {
			continue
		}
		files = append(files, value)
	}
	for _, dir := range filepath.SplitList(env["SSL_CERT_DIR"]) {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return files, dirs
}

// Apply returns inherited as it is after the plan, for a child process. What the
// variables held before is kept in it, for Restore.
func (p Plan) Apply(inherited []string) []string {
	return apply(p.Changes(inherited), Restore(inherited))
}

// savedPrefix begins the name of the variable that keeps what another held
// before a plan.
const savedPrefix = "SIDENOTE_SAVED_"

// Changes lists the variables to set and to unset: those of the plan, and
// those that keep what they replace. A variable that is to be unset and is not
// set is left out.
func (p Plan) Changes(inherited []string) []Variable {
	env := Values(Restore(inherited))
	var changes []Variable
	for _, v := range p.Variables {
		old, was := env[v.Name]
		if was {
			changes = append(changes, Variable{Name: savedPrefix + v.Name, Value: old, Kind: Marks, ReadBy: savedReader})
		}
		if was || !v.Unset {
			changes = append(changes, v)
		}
	}
	return changes
}

// savedReader says who reads the variables that keep what others held.
const savedReader = "sidenote, to undo this"

// Undo lists what brings an environment back to what it was before a plan:
// variables to set again, and those to unset. It is empty for one that no plan
// was applied to.
func Undo(current []string) []Variable {
	env := Values(current)
	if _, on := env[Mark]; !on {
		return nil
	}
	var changes []Variable
	for _, row := range table {
		saved, was := env[savedPrefix+row.name]
		_, is := env[row.name]
		if was {
			v := row.variable(saved)
			v.Unset = false
			changes = append(changes, v,
				Variable{Name: savedPrefix + row.name, Kind: Marks, ReadBy: savedReader, Unset: true})
		} else if is {
			v := row.variable("")
			v.Unset = true
			changes = append(changes, v)
		}
	}
	return changes
}

// Restore returns the environment as it was before a plan was applied to it, and
// a copy of the environment itself when none was.
func Restore(current []string) []string { return apply(Undo(current), current) }

// apply makes changes to a copy of an environment.
func apply(changes []Variable, env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.ContainsFunc(changes, func(v Variable) bool { return v.Name == name })
	})
	for _, v := range changes {
		if !v.Unset {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return env
}

// Values makes a map of an environment; of a name that stands twice the last
// value counts, as for os.Environ's own users.
func Values(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			m[name] = value
		}
	}
	return m
}

// hostPort splits the proxy's URL for programs that want its parts.
func (c *context) hostPort() (host, port string, ok bool) {
	u, err := url.Parse(c.ProxyURL)
	if err != nil || u.Hostname() == "" || u.Port() == "" {
		return "", "", false
	}
	return u.Hostname(), u.Port(), true
}
