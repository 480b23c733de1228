// Package inorder runs tasks side by side and returns their results in the
// order of the tasks.
package inorder

import "context"

// Run runs the tasks 0 to n-1, at most parallel of them at once and one after
// the other if that is not positive, and hands the result of each to done. It
// ends early with the first error of a task or of done, or when ctx does; the
// tasks that still run are told so by their context, and not waited for.
func Run[T any](ctx context.Context, n, parallel int, task func(ctx context.Context, i int) (T, error), done func(T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		result T
		err    error
	}
	// As many as run at once: the one that is waited for, and those in the queue.
	queue := make(chan chan outcome, max(parallel, 1)-1)
	go func() {
		defer close(queue)
		for i := range n {
			ended := make(chan outcome, 1)
			select {
			case queue <- ended:
			case <-ctx.Done():
				return
			}
			go func() {
				result, err := task(ctx, i)
				ended <- outcome{result, err}
			}()
		}
	}()
	for ended := range queue {
		o := <-ended
		if o.err == nil {
			o.err = done(o.result)
		}
		if o.err != nil {
			return o.err
		}
	}
	return ctx.Err()
}
