package sink_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"sidenote/annotate"
	"sidenote/exchange"
	"sidenote/sink"
)

// memory is a sink that may be made to wait or to fail.
type memory struct {
	mu     sync.Mutex
	got    []*annotate.Annotated
	gate   chan struct{} // when not nil, each Write takes one
	err    error
	closed bool
}

func (m *memory) Write(a *annotate.Annotated) error {
	if m.gate != nil {
		<-m.gate
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.got = append(m.got, a)
	return nil
}

func (m *memory) Close() error {
	m.closed = true
	return nil
}

func some(id string) *annotate.Annotated {
	x := &exchange.Exchange{ID: id}
	x.Response.Content.Kept = make([]byte, 10)
	return &annotate.Annotated{X: x}
}

func TestFanoutLosesNothing(t *testing.T) {
	var sinks [2]memory
	f := sink.NewFanout(zerolog.Nop(), sink.Lane{Name: "a", Sink: &sinks[0], Queued: 3}, sink.Lane{Name: "b", Sink: &sinks[1], Bytes: 25})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 500 {
				f.Put(some("x"))
			}
		})
	}
	wg.Wait()
	if err := f.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i := range sinks {
		if len(sinks[i].got) != 10_000 || !sinks[i].closed {
			t.Errorf("sink %d got %d, closed %v", i, len(sinks[i].got), sinks[i].closed)
		}
	}
	f.Put(some("late"))
	if s := f.Stats(); s[0].Dropped != 1 || s[0].Queued != 0 {
		t.Errorf("%+v", s)
	}
}

func TestLossyLaneDropsAndTheOtherWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lossy, lossless := memory{gate: make(chan struct{})}, memory{gate: make(chan struct{})}
		f := sink.NewFanout(zerolog.Nop(),
			sink.Lane{Name: "lossy", Sink: &lossy, Lossy: true, Queued: 2},
			sink.Lane{Name: "lossless", Sink: &lossless, Queued: 2})
		put := 0
		go func() {
			for range 10 {
				f.Put(some("x"))
				put++
			}
		}()
		synctest.Wait()
		if put >= 10 {
			t.Errorf("Put did not wait")
		}
		close(lossless.gate)
		synctest.Wait()
		if put != 10 || len(lossless.got) != 10 {
			t.Errorf("%d put, %d written", put, len(lossless.got))
		}
		if s := f.Stats()[0]; s.Dropped == 0 || int(s.Dropped)+s.Queued >= 11 {
			t.Errorf("%+v", s)
		}
		close(lossy.gate)
		if err := f.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestDrainGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := memory{gate: make(chan struct{})}
		f := sink.NewFanout(zerolog.Nop(), sink.Lane{Name: "log", Sink: &stuck, Queued: 5})
		for range 4 {
			f.Put(some("x"))
		}
		waiting := make(chan struct{})
		go func() {
			for range 9 {
				f.Put(some("y")) // some have to wait until Drain sets them free
			}
			close(waiting)
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := f.Drain(ctx)
		if err == nil || !strings.Contains(err.Error(), "log: 5 records were not written in time") && !strings.Contains(err.Error(), "log: 4 records") {
			t.Error(err)
		}
		<-waiting
		close(stuck.gate)
	})
}

func TestWriteErrorIsReportedOnce(t *testing.T) {
	var log bytes.Buffer
	m := memory{err: errors.New("no space left on device")}
	f := sink.NewFanout(zerolog.New(&log), sink.Lane{Name: "save", Sink: &m, Fix: "free some space"})
	for range 5 {
		f.Put(some("x"))
	}
	err := f.Drain(context.Background())
	if err == nil || !strings.Contains(err.Error(), "save: lost 5 records") {
		t.Error(err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "no space left") || !strings.Contains(got, "free some space") {
		t.Error(got)
	}
	if s := f.Stats()[0]; s.Failed != 5 || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

// brokenDisk fails from the second write on, half way through.
type brokenDisk struct {
	out    bytes.Buffer
	writes int
}

func (d *brokenDisk) Write(p []byte) (int, error) {
	if d.writes++; d.writes == 2 {
		d.out.Write(p[:len(p)/2])
		return len(p) / 2, errors.New("full")
	}
	return d.out.Write(p)
}

func TestATornRecordSpoilsNoOther(t *testing.T) {
	var d brokenDisk
	s := sink.NewSave(&d, nil)
	for i := range 3 {
		if err := s.Write(annotated(t, conflict, nil)); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(); (err != nil) != (i == 1) {
			t.Errorf("flush %d: %v", i, err)
		}
	}
	lines := strings.Split(strings.TrimSuffix(d.out.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, i := range []int{0, 2} {
		if _, err := exchange.ParseJSON([]byte(lines[i])); err != nil {
			t.Errorf("line %d: %v", i, err)
		}
	}
}

// sender is a sink that loses what it has taken.
type sender struct{ memory }

func (s *sender) Lost() uint64 { return uint64(len(s.got)) }

func TestWhatIsLostLater(t *testing.T) {
	for _, lossy := range []bool{true, false} {
		var said bytes.Buffer
		f := sink.NewFanout(zerolog.New(&said), sink.Lane{Name: "otlp", Sink: &sender{}, Lossy: lossy})
		f.Put(some("x"))
		err := f.Drain(t.Context())
		if s := f.Stats()[0]; s.Failed != 1 {
			t.Errorf("%+v", s)
		}
		if (err == nil) != lossy || strings.Contains(said.String(), "otlp: lost 1 records") != lossy {
			t.Errorf("lossy %v: %v; %s", lossy, err, said.String())
		}
	}
}

func TestDirectLane(t *testing.T) {
	m := memory{}
	f := sink.NewFanout(zerolog.Nop(), sink.Lane{Name: "otlp", Sink: &m, Direct: true})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				f.Put(some("x"))
			}
		})
	}
	wg.Wait()
	if len(m.got) != 400 {
		t.Errorf("%d are written when Put returns", len(m.got))
	}
	m.err = errors.New("broken")
	f.Put(some("x"))
	if err := f.Drain(t.Context()); err == nil || !m.closed {
		t.Errorf("%v, closed %v", err, m.closed)
	}
	f.Put(some("late"))
	if s := f.Stats()[0]; s.Failed != 1 || s.Dropped != 1 {
		t.Errorf("%+v", s)
	}
}

// flushes is a sink that counts what lies between two flushes.
type flushes struct {
	memory
	batches []int // records of each flush
}

func (f *flushes) Flush() error {
	had := 0
	for _, n := range f.batches {
		had += n
	}
	f.batches = append(f.batches, len(f.got)-had)
	return nil
}

// TestALaneWritesTogetherWhatComesTogether: what comes to an idle lane is written
// without a wait, what comes soon after it in one piece.
func TestALaneWritesTogetherWhatComesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &flushes{}
		f := sink.NewFanout(zerolog.Nop(), sink.Lane{Name: "log", Sink: out, Queued: 100})
		began := time.Now()
		put := func(n int) {
			for range n {
				f.Put(some("x"))
			}
			synctest.Wait()
		}
		put(1)
		if len(out.got) != 1 {
			t.Errorf("%d written at once", len(out.got))
		}
		put(7)
		if len(out.got) != 1 {
			t.Errorf("%d written while the lane rests", len(out.got))
		}
		put(50) // half of what it can hold
		if len(out.got) != 51+7 {
			t.Errorf("%d written of a crowded lane", len(out.got))
		}
		put(3)
		time.Sleep(100 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		if len(out.got) != 61 {
			t.Errorf("%d written after the rest", len(out.got))
		}
		put(2)
		put(2)
		if err := f.Drain(t.Context()); err != nil { // which does not wait for the rest
			t.Fatal(err)
		}
		total := 0
		for _, n := range out.batches {
			total += n
		}
		if total != 65 || len(out.batches) > 8 || time.Since(began) != 100*time.Millisecond {
			t.Errorf("%v in %v", out.batches, time.Since(began))
		}
	})
}
