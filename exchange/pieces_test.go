package exchange

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestPiecesAreNeverSharedByTwo: whatever is written into one record's memory,
// by any number of goroutines, no other record has it.
func TestPiecesAreNeverSharedByTwo(t *testing.T) {
	type made struct {
		x    *Exchange
		name string
		room []byte
		text string
	}
	const each = 400
	var wg sync.WaitGroup
	all := make([][]made, 4)
	for g := range all {
		wg.Go(func() {
			for n := range each {
				name := fmt.Sprintf("%d-%d-%s", g, n, strings.Repeat("x", n%200))
				m := made{x: New(), name: name, text: Text([]byte(name)), room: Room(len(name))}
				m.x.ID = name
				m.x.Request.Fields.Reserve(1 + n%40)
				for i := range 1 + n%40 {
					m.x.Request.Fields.Add(fmt.Sprintf("X-%d", i), name)
				}
				if n%3 == 0 { // more than there is room for
					m.x.Request.Fields.Add("Accept", name)
				}
				m.room = append(m.room, name...)
				if n%5 == 0 {
					m.room = append(m.room, name...)
				}
				all[g] = append(all[g], m)
			}
		})
	}
	wg.Wait()
	for g := range all {
		for n, m := range all[g] {
			if m.x.ID != m.name || m.text != m.name || !bytes.HasPrefix(m.room, []byte(m.name)) {
				t.Fatalf("%d-%d: %q, %q, %q", g, n, m.x.ID, m.text, m.room)
			}
			for i, l := range m.x.Request.Fields.All() {
				if l.Value != m.name {
					t.Fatalf("%s: line %d is %q", m.name, i, l.Value)
				}
			}
			if m.x.Request.Fields.Index(FieldAccept) >= 0 != (n%3 == 0) {
				t.Fatalf("%s: the index of its lines is another's", m.name)
			}
		}
	}
}

// TestLargeThingsHaveMemoryOfTheirOwn: they would hold the memory of others, and
// others theirs.
func TestLargeThingsHaveMemoryOfTheirOwn(t *testing.T) {
	if b := Room(mostPieceContent + 1); len(b) != 0 || cap(b) < mostPieceContent+1 || cap(b) > 2*mostPieceContent {
		t.Errorf("%d of %d octets", len(b), cap(b))
	}
	var f Fields
	f.Reserve(mostPieceLines + 1)
	if cap(f.lines) != mostPieceLines+1 {
		t.Errorf("room for %d lines", cap(f.lines))
	}
	if s := strings.Repeat("a", 3*mostPieceText); Text([]byte(s)) != s {
		t.Error("long text is not what it was")
	}
}
