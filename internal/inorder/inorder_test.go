package inorder_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sidenote/internal/inorder"
)

func TestResultsComeInTheOrderOfTheTasks(t *testing.T) {
	for _, parallel := range []int{-1, 1, 3, 100} {
		synctest.Test(t, func(t *testing.T) {
			const tasks = 20
			var running, most atomic.Int32
			var got []int
			err := inorder.Run(t.Context(), tasks, parallel, func(_ context.Context, i int) (int, error) {
				n := running.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Duration(tasks-i) * time.Second) // the later, the sooner
				running.Add(-1)
				return i, nil
			}, func(i int) error {
				got = append(got, i)
				return nil
			})
			if err != nil || len(got) != tasks || !slices.IsSorted(got) {
				t.Errorf("parallel %d: %v, %v", parallel, got, err)
			}
			if want := int32(min(max(parallel, 1), tasks)); most.Load() > want {
				t.Errorf("%d ran at once, more than %d", most.Load(), want)
			}
		})
	}
}

func TestAnErrorEndsTheRest(t *testing.T) {
	broken := errors.New("broken")
	for _, inTask := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			begun := atomic.Int32{}
			err := inorder.Run(t.Context(), 1000, 2, func(ctx context.Context, i int) (int, error) {
				begun.Add(1)
				if i == 3 && inTask {
					return 0, broken
				}
				if i > 3 {
					<-ctx.Done() // which comes although no one waits any more
				}
				return i, nil
			}, func(i int) error {
				if i == 3 {
					return broken
				}
				return nil
			})
			synctest.Wait()
			if !errors.Is(err, broken) || begun.Load() > 7 {
				t.Errorf("%v after %d tasks", err, begun.Load())
			}
		})
	}
}

func TestTheContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var got []int
	err := inorder.Run(ctx, 1000, 1, func(ctx context.Context, i int) (int, error) {
		if i == 2 {
			cancel()
		}
		return i, ctx.Err()
	}, func(i int) error {
		got = append(got, i)
		return nil
	})
	if !errors.Is(err, context.Canceled) || !slices.Equal(got, []int{0, 1}) {
		t.Errorf("%v, %v", got, err)
	}
}
