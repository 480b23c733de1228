package baseline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sidenote/internal/yamlfile"
)

// Version is the version of the file's form that is read and written.
const Version = "1"

// Parse reads a baseline. An error is a *yamlfile.Error where its place is
// known. Entries expire by the day that today falls on in UTC.
func Parse(name string, text []byte, today time.Time) (*Baseline, error) {
	f, err := yamlfile.Parse(name, text)
	if err != nil {
		return nil, err
	}
	b := New(name, today)
	if f.Root == nil {
		return b, nil
	}
	r := reader{f}
	pairs, ok := yamlfile.Mapping(f.Root)
	if !ok {
		return nil, r.Fault(f.Root, "want a baseline: version: %s, and accepted: with a list of entries", Version)
	}
	if err := r.version(f.Root, pairs); err != nil {
		return nil, err
	}
	for _, pair := range pairs {
		switch yamlfile.Key(pair.Key) {
		case "version":
		case "accepted":
			if err := r.entries(b, pair.Value); err != nil {
				return nil, err
			}
		default:
			return nil, r.Unknown(pair.Key, "of a baseline", []string{"version", "accepted"})
		}
	}
	b.keepText(string(text))
	return b, nil
}

type reader struct{ *yamlfile.File }

// version looks for the version before everything else: a later form may have
// keys that this one lacks.
func (r reader) version(root ast.Node, pairs []*ast.MappingValueNode) error {
	for _, pair := range pairs {
		if yamlfile.Key(pair.Key) != "version" {
			continue
		}
		if v, _ := yamlfile.Scalar(pair.Value); v != Version {
			return r.Fault(pair.Value, "want a baseline of version %s, not %q; a newer sidenote may have written it", Version, v)
		}
		return nil
	}
	return r.Fault(root, "no version: write version: %s first", Version)
}

func (r reader) entries(b *Baseline, n ast.Node) error {
	if yamlfile.IsEmpty(n) {
		return nil
	}
	members, ok := yamlfile.List(n)
	if !ok {
		return r.Fault(n, "want a list, as in: - rule: cache/heuristic-freshness")
	}
	for _, m := range members {
		e, err := r.entry(m)
		if err != nil {
			return err
		}
		b.add(e)
	}
	return nil
}

func entryKeys() []string {
	return []string{"rule", "method", "host", "route", "blame", "owner", "reason", "expires"}
}

func (r reader) entry(n ast.Node) (*Entry, error) {
	pairs, ok := yamlfile.Mapping(n)
	if !ok || len(pairs) == 0 {
		return nil, r.Fault(n, "want an entry, as in: rule: cache/heuristic-freshness")
	}
	e := &Entry{Line: pairs[0].Key.GetToken().Position.Line}
	texts := map[string]*string{
		"rule": &e.Rule, "method": &e.Method, "host": &e.Host, "route": &e.Route, "blame": &e.Blame, "owner": &e.Owner, "reason": &e.Reason,
	}
	for _, pair := range pairs {
		key := yamlfile.Key(pair.Key)
		text, plain := yamlfile.Scalar(pair.Value)
		if !plain && slices.Contains(entryKeys(), key) {
			return nil, r.Fault(pair.Value, "%s: want a plain value", key)
		}
		if at := texts[key]; at != nil {
			*at = strings.Join(strings.Fields(text), " ")
			continue
		}
		if key != "expires" {
			return nil, r.Unknown(pair.Key, "of an entry", entryKeys())
		}
		var err error
		if e.Expires, err = ParseDate(text); err != nil {
			return nil, r.Fault(pair.Value, "expires: %v", err)
		}
	}
	if e.Rule == "" {
		return nil, r.Fault(n, "no rule: every entry needs one")
	}
	e.Host = strings.ToLower(e.Host)
	return e, nil
}

// ParseDate reads a day as "2026-12-31".
func ParseDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, fmt.Errorf("want a day such as 2026-12-31, not %q", s)
	}
	return t, nil
}
