package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"sidenote/annotate"
	"sidenote/annotate/filter"
	"sidenote/exchange"
)

var rule = &annotate.Rule{ID: "cache/no-validator", Severity: annotate.Warn}

// sample is the nth exchange of a kind of traffic.
func sample(t testing.TB, n int) *annotate.Annotated {
	t.Helper()
	x, err := exchange.ParseText(fmt.Sprintf(`> GET /v1/items/%d?page=%d HTTP/1.1
> Host: h%d.test
> User-Agent: curl/8.9.1
> Accept: */*
>
< HTTP/1.1 %d X
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: application/json
< Cache-Control: no-store
< Content-Length: 13
<
< {"n": %6d}
`, n, n%7, n%50, []int{200, 200, 200, 404, 500}[n%5], n))
	if err != nil {
		t.Fatal(err)
	}
	x.ID = fmt.Sprint("x", n)
	x.Timing.Done = time.Duration(n*7919%1000) * time.Millisecond
	a := &annotate.Annotated{X: x}
	if n%10 == 3 {
		a.Notes = []annotate.Note{{Rule: rule, Severity: annotate.Warn, Message: "no validator"}}
	}
	return a
}

func parse(t testing.TB, text string) *filter.Filter {
	t.Helper()
	f, err := filter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func seqs(entries []Entry) (out []uint64) {
	for _, e := range entries {
		out = append(out, e.Seq)
	}
	return out
}

func TestOldestMakeRoom(t *testing.T) {
	one := memory(sample(t, 0))
	s := New(Options{Bytes: 10*one + one/2})
	for n := range 25 {
		s.Add(sample(t, n), Live)
	}
	st := s.Stats()
	if st.Entries != 10 || st.First != 16 || st.Last != 25 || st.Evicted != 15 || st.Bytes > st.Most {
		t.Errorf("%+v", st)
	}
	if _, ok, known := s.Get(15); ok || !known {
		t.Errorf("15: ok %v, known %v; want it gone", ok, known)
	}
	if _, ok, known := s.Get(26); ok || known {
		t.Errorf("26: ok %v, known %v; want it unknown", ok, known)
	}
	if e, ok, _ := s.Get(16); !ok || e.X.ID != "x15" {
		t.Errorf("16 is %v %v", e, ok)
	}
	if e, ok := s.Find("x20", ""); !ok || e.Seq != 21 {
		t.Errorf("x20 is %d %v", e.Seq, ok)
	}
}

func TestPinnedStay(t *testing.T) {
	one := memory(sample(t, 0))
	s := New(Options{Bytes: 13 * one})
	for n := range 10 {
		s.Add(sample(t, n), Live)
	}
	for seq := uint64(1); seq <= 6; seq++ {
		s.Change(seq, func(e *Entry) { e.Pinned = true })
	}
	for n := 10; n < 40; n++ {
		s.Add(sample(t, n), Live)
	}
	w := s.List(Query{Filter: parse(t, "is:pinned"), Limit: 100})
	if got := seqs(w.Aside); !slices.Equal(got, []uint64{4, 5, 6}) || w.Total != 0 {
		t.Errorf("set aside: %v, and %d; want the last that a quarter of the room holds", got, w.Total)
	}
	if st := s.Stats(); st.Bytes > st.Most || st.Pinned != 3 {
		t.Errorf("%+v", st)
	}
	if !s.Change(5, func(e *Entry) { e.Comment = "still here" }) || s.Change(2, func(*Entry) {}) {
		t.Error("5 can be changed and 2 cannot")
	}
	s.Clear(false)
	if st := s.Stats(); st.Entries != 3 || st.Last != 40 {
		t.Errorf("after Clear: %+v", st)
	}
	s.Clear(true)
	if st := s.Stats(); st.Entries != 0 || st.Bytes != 0 {
		t.Errorf("after Clear of all: %+v", st)
	}
}

func TestPause(t *testing.T) {
	s := New(Options{})
	s.Add(sample(t, 0), Live)
	s.Pause(true)
	s.Add(sample(t, 1), Live)
	seq := s.Add(sample(t, 2), ByHand)
	if st := s.Stats(); st.Missed != 1 || !st.Paused || st.Entries != 2 {
		t.Errorf("%+v", st)
	}
	if e, _, _ := s.Get(seq); !e.ByHand {
		t.Error("what was sent by hand is not marked")
	}
	s.Pause(false)
	s.Add(sample(t, 3), Live)
	if st := s.Stats(); st.Missed != 0 || st.Entries != 3 {
		t.Errorf("%+v", st)
	}
}

func TestContentIsCut(t *testing.T) {
	a := sample(t, 0)
	s := New(Options{MostContent: 4})
	s.Add(a, Live)
	e, _, _ := s.Get(1)
	if c := &e.X.Response.Content; string(c.Kept) != `{"n"` || !c.Truncated || c.Size != a.X.Response.Content.Size {
		t.Errorf("%q %v %d", c.Kept, c.Truncated, c.Size)
	}
	if a.X.Response.Content.Truncated {
		t.Error("the record that others share was changed")
	}
}

// TestViewsAgreeWithASearch changes a store at random and compares windows with
// what a plain search finds.
func TestViewsAgreeWithASearch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	one := memory(sample(t, 0))
	s := New(Options{Bytes: 3000 * one})
	filters := []string{"", "status:4xx", "host:h7.test", "has:notes", "is:pinned", "-status:200 time:>300ms"}
	n := 0
	for step := range 300 {
		switch k := r.IntN(10); {
		case k < 6:
			for range r.IntN(200) {
				s.Add(sample(t, n), Live)
				n++
			}
		case k < 8 && n > 0:
			s.Change(uint64(1+r.IntN(n)), func(e *Entry) { e.Pinned = !e.Pinned })
		case k == 8 && r.IntN(20) == 0:
			s.Clear(false)
		}
		f := parse(t, filters[r.IntN(len(filters))])
		order := []Order{ByTime, ByDuration, ByHost}[r.IntN(3)]
		q := Query{Filter: f, Order: order, Down: r.IntN(2) == 0, Limit: 1 + r.IntN(100), Tail: r.IntN(2) == 0, From: uint64(r.IntN(n + 1))}
		w := s.List(q)
		var want []Entry
		first := s.Stats().First
		s.EachMatch(f, func(e *Entry) bool {
			if e.Seq >= first {
				want = append(want, *e)
			}
			return true
		})
		if w.Total != len(want) || w.Looked != w.Entire {
			t.Fatalf("step %d: %q lets %d through, want %d; %d of %d looked at", step, f, w.Total, len(want), w.Looked, w.Entire)
		}
		if order == ByTime {
			from := int(w.From - w.Base)
			if got := seqs(w.Entries); !slices.Equal(got, seqs(want[from:from+len(got)])) {
				t.Fatalf("step %d: %q from %d: %v", step, f, from, got)
			}
		}
	}
}

// TestSpots finds every entry of a list at its ordinal, in every order.
func TestSpots(t *testing.T) {
	s := New(Options{Bytes: 400 * memory(sample(t, 0))})
	for n := range 1000 {
		s.Add(sample(t, n), Live)
		if n == 3 {
			s.Change(4, func(e *Entry) { e.Pinned = true })
		}
	}
	for _, text := range []string{"", "status:404"} {
		for order := range orders {
			for _, down := range []bool{false, order != ByTime} {
				q := Query{Filter: parse(t, text), Order: order, Down: down, Limit: 1000}
				w := s.List(q)
				if len(w.Entries) < 50 {
					t.Fatalf("%q by %s: only %d", text, order, len(w.Entries))
				}
				for i, e := range w.Entries {
					if spot, at := s.Spot(q, e.Seq); spot != Listed || at != w.From+uint64(i) {
						t.Fatalf("%q by %s, down %v: seq %d is %s at %d, want %d", text, order, down, e.Seq, spot, at, w.From+uint64(i))
					}
				}
			}
		}
	}
	last := s.Stats().Last
	for _, c := range []struct {
		filter string
		seq    uint64
		want   Spot
	}{{"status:404", last, Hidden}, {"", 4, Aside}, {"status:404", 4, Aside}, {"status:500", 4, Hidden}, {"", 5, Gone}, {"", 5000, Gone}} {
		if got, _ := s.Spot(Query{Filter: parse(t, c.filter)}, c.seq); got != c.want {
			t.Errorf("%q, %d: %s, want %s", c.filter, c.seq, got, c.want)
		}
	}
	s = New(Options{})
	s.Spot(Query{Order: BySize}, s.Add(sample(t, 0), Live))
	if spot, _ := s.Spot(Query{Order: BySize}, s.Add(sample(t, 0), Live)); spot != Later {
		t.Errorf("before it is sorted anew: %s", spot)
	}
}

func TestFind(t *testing.T) {
	s := New(Options{})
	for _, run := range []string{"a", "b", "c"} {
		one := sample(t, 1)
		one.X.Run = run
		s.Add(one, Live)
	}
	if e, ok := s.Find("x1", ""); !ok || e.Seq != 3 {
		t.Errorf("the latest: %d, %v", e.Seq, ok)
	}
	if e, ok := s.Find("x1", "b"); !ok || e.Seq != 2 {
		t.Errorf("of run b: %d, %v", e.Seq, ok)
	}
	if _, ok := s.Find("x1", "d"); ok {
		t.Error("found in a run that is not here")
	}
}

func TestOrders(t *testing.T) {
	s := New(Options{})
	for n := range 300 {
		s.Add(sample(t, n), Live)
	}
	for order, compare := range orders {
		for _, down := range []bool{false, true} {
			if order == ByTime && down {
				continue
			}
			w := s.List(Query{Order: order, Down: down, Limit: 300})
			sorted := slices.IsSortedFunc(w.Entries, func(a, b Entry) int {
				if down {
					return compare(&b, &a)
				}
				return compare(&a, &b)
			})
			if !sorted || len(w.Entries) != 300 {
				t.Errorf("%s, down %v: not in order", order, down)
			}
		}
	}
	if Order("colour").IsValid() || !Order("").IsValid() {
		t.Error("IsValid")
	}
}

func TestChangesAreAnnounced(t *testing.T) {
	s := New(Options{})
	wait := func(what string, change func()) {
		t.Helper()
		changed := s.Changed()
		change()
		select {
		case <-changed:
		case <-time.After(time.Second):
			t.Errorf("%s is not announced", what)
		}
	}
	wait("Add", func() { s.Add(sample(t, 1), Live) })
	version := s.Stats().Version
	wait("Change", func() { s.Change(1, func(e *Entry) { e.Comment = "x" }) })
	if changed, all := s.Since(version); all || !slices.Equal(changed, []uint64{1}) {
		t.Errorf("changed: %v %v", changed, all)
	}
	wait("Pause", func() { s.Pause(true) })
	wait("Clear", func() { s.Clear(true) })
	if _, all := s.Since(version); !all {
		t.Error("after Clear anything may have changed")
	}
}

func TestManyAtOnce(t *testing.T) {
	s := New(Options{Bytes: 200 * memory(sample(t, 0))})
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for n := range 500 {
				s.Add(sample(t, g*500+n), Live)
			}
		})
		group.Go(func() {
			for n := range 200 {
				s.List(Query{Filter: parse(t, "status:404"), Order: ByDuration, Limit: 10})
				s.Change(uint64(n*10), func(e *Entry) { e.Pinned = true })
				s.Values("host", 10)
			}
		})
	}
	group.Wait()
	if st := s.Stats(); st.Last != 2000 || st.Bytes > st.Most {
		t.Errorf("%+v", st)
	}
}

func TestValues(t *testing.T) {
	s := New(Options{})
	for n := range 100 {
		s.Add(sample(t, n), Live)
	}
	if got := fmt.Sprint(s.Values("status", 10)); got != "[{200 60} {404 20} {500 20}]" {
		t.Error(got)
	}
	if got := s.Values("host", 3); len(got) != 3 || s.Values("path", 3) != nil {
		t.Error(got)
	}
}

// TestEstimateOfMemory compares the estimate with what the runtime counts.
func TestEstimateOfMemory(t *testing.T) {
	const count = 5000
	var before, after runtime.MemStats
	s := New(Options{Bytes: 1 << 40})
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range count {
		s.Add(sample(t, n), Live)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	really := int64(after.HeapAlloc-before.HeapAlloc) / count
	said := s.Stats().Bytes / count
	t.Logf("%d octets an entry, estimated %d", really, said)
	if said < really*8/10 || said > really*3/2 {
		t.Errorf("an entry takes %d octets, and the estimate is %d", really, said)
	}
	runtime.KeepAlive(s)
}

func benchmarkFilter(b *testing.B, text string) {
	const count = 100_000
	s := New(Options{Bytes: 1 << 40})
	for n := range count {
		s.Add(sample(b, n), Live)
	}
	f := parse(b, text)
	b.ReportAllocs()
	for b.Loop() {
		s.views.clear()
		if w := s.List(Query{Filter: f, Tail: true, Limit: 100}); w.Looked != count {
			b.Fatal(w.Looked)
		}
	}
}

// BenchmarkFilter is how long a filter that was never asked for takes over
// 100,000 exchanges.
func BenchmarkFilter(b *testing.B) {
	for _, text := range []string{"", "status:4xx", "host:h7 -status:200", "path:/v1/items/77", "rule:cache/*", "field:cache-control=no-store", "body:77", `body~"7{3}"`, "checkout"} {
		b.Run(text, func(b *testing.B) { benchmarkFilter(b, text) })
	}
}

// BenchmarkFollow is how long the same filter takes again when one exchange
// has come.
func BenchmarkSpot(b *testing.B) {
	s := New(Options{Bytes: 8 << 30})
	for n := range 200_000 {
		s.Add(sample(b, n), Live)
	}
	for _, order := range []Order{ByTime, ByDuration} {
		b.Run(string(order), func(b *testing.B) {
			q := Query{Order: order, Down: order != ByTime}
			s.Spot(q, 1)
			for b.Loop() {
				if spot, _ := s.Spot(q, 199_000); spot != Listed {
					b.Fatal(spot)
				}
			}
		})
	}
}

func BenchmarkFollow(b *testing.B) {
	s := New(Options{Bytes: 1 << 40})
	for n := range 100_000 {
		s.Add(sample(b, n), Live)
	}
	f, a := parse(b, "status:4xx"), sample(b, 3)
	b.ReportAllocs()
	for b.Loop() {
		s.Add(a, Live)
		s.List(Query{Filter: f, Tail: true, Limit: 100})
	}
}
