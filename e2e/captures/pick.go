package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"sidenote/annotate"
	"sidenote/annotate/rules"
	"sidenote/exchange"
)

// Bounds of what is kept of one program.
const (
	mostOfServer = 6
	mostOfClient = 4
)

// pick writes those exchanges that show something: the first with each note of
// level warn or error, and the first of each status and method, within a bound.
func pick(from, to string, ofClient bool, paths ...string) (int, error) {
	f, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	set, err := annotate.NewSet(rules.All(), annotate.DefaultOptions())
	if err != nil {
		return 0, err
	}
	most := mostOfServer
	if ofClient {
		most = mostOfClient
	}
	var noted, others []*exchange.Exchange
	seen, memory := map[string]bool{}, annotate.NewMemory(0)
	err = exchange.ReadCapture(f, exchange.Capture{File: from, Exchange: func(x *exchange.Exchange) error {
		var fresh bool
		for _, n := range memory.Once(x, set.All(x, nil)) {
			// What the tour does wrong on purpose shows nothing of a server.
			if key := n.Rule.ID; n.Severity > annotate.Info && !seen[key] && (ofClient || n.Blame != annotate.ByClient) {
				seen[key], fresh = true, true
			}
		}
		shape := fmt.Sprint(x.Request.Method, x.Response.Status, x.Response.Fields.Value(exchange.FieldContentType))
		switch {
		case fresh:
			noted = append(noted, x)
		case !seen[shape]:
			others = append(others, x)
		}
		seen[shape] = true
		return nil
	}})
	if err != nil {
		return 0, err
	}
	kept := append(noted, others[:min(len(others), max(1, most-len(noted)))]...)
	if len(kept) == 0 {
		return 0, errNothing
	}
	slices.SortFunc(kept, func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	var b bytes.Buffer
	for _, x := range kept {
		if len(x.Request.Content.Kept) > 1024 || len(x.Request.Target) > 4096 || long(x) {
			continue // a long one shows nothing that is worth its room
		}
		hide(x, paths)
		line, err := slim(x.AppendJSON(nil, exchange.EncodeOptions{Full: true}))
		if err != nil {
			return 0, err
		}
		b.Write(append(line, '\n'))
	}
	return strings.Count(b.String(), "\n"), os.WriteFile(to, b.Bytes(), 0o644)
}

// hide puts others of the same length in the place of the paths of this machine.
func hide(x *exchange.Exchange, paths []string) {
	for _, c := range []*exchange.Content{&x.Request.Content, &x.Response.Content} {
		for _, path := range paths {
			c.Kept = bytes.ReplaceAll(c.Kept, []byte(path), []byte("/srv"+strings.Repeat("_", len(path)-len("/srv"))))
		}
	}
}

// slim leaves out of a record what can be read from the rest of it.
func slim(record []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(record, &all); err != nil {
		return nil, err
	}
	for name := range all {
		switch {
		case name == "schema", name == "time", strings.HasPrefix(name, "error"):
		case !strings.HasPrefix(name, "sidenote."), name == "sidenote.run.id", name == "sidenote.body", name == "sidenote.effective", name == "sidenote.source":
			delete(all, name)
		}
	}
	return json.Marshal(all)
}

// long reports whether a head is too long for a capture that people read.
func long(x *exchange.Exchange) bool {
	n := 0
	for _, l := range x.Request.Fields.All() {
		n += len(l.Value)
	}
	return n > 4096
}
