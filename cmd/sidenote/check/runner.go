package check

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"sidenote/exchange"
	"sidenote/internal/inorder"
	"sidenote/proxy"
)

// A Runner makes checks.
type Runner struct {
	// Proxy is what requests go through. Its hooks are not used; nothing is
	// intercepted, since the requests are ours.
	Proxy     proxy.Config
	UserAgent string
	Parallel  int // how many checks run at once; 1 if not positive
	Retries   int // how often a check that failed is made again
	// Again is told of a try that is followed by another one after a pause, and
	// why; nil for no one. It may be called by many goroutines at once.
	Again func(r *Result, why string, pause time.Duration)
}

// A Result is the outcome of one check.
type Result struct {
	Check  *Check
	Number int // of the check in the list, from 1
	Try    int // from 1; earlier ones failed
	// Exchanges are those of the last try in the order they began: one, and one
	// more for each redirect that was followed. Their IDs are made from Number.
	Exchanges []*exchange.Exchange
	// MoreRedirects says that the last of them is one redirect too many.
	MoreRedirects bool
	// RanOut says that it was cut off because the check took all of its MaxTime.
	RanOut bool
}

// Last is the exchange that answers the check.
func (r *Result) Last() *exchange.Exchange { return r.Exchanges[len(r.Exchanges)-1] }

// Run makes the checks and hands the results to done in the order of the
// checks, whichever ends first. It ends early when ctx does, or with the error
// of done.
func (r *Runner) Run(ctx context.Context, checks []Check, done func(*Result) error) error {
	return inorder.Run(ctx, len(checks), r.Parallel, func(ctx context.Context, i int) (*Result, error) {
		return r.check(ctx, &checks[i], i+1)
	}, done)
}

// check makes one check, again if need be. The error is one of the program,
// not of the check.
func (r *Runner) check(ctx context.Context, c *Check, number int) (*Result, error) {
	pause := firstPause
	for try := 1; ; try++ {
		result, err := r.try(ctx, c)
		if err != nil {
			return nil, err
		}
		result.Number, result.Try = number, try
		result.name()
		why := result.Failed()
		if try > r.Retries || why == "" {
			return result, nil
		}
		if r.Again != nil {
			r.Again(result, why, pause)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
}

// The pause before a check is made again doubles up to lastPause.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// name sets IDs of the exchanges that are the same in each run: "3" for that of
// the third check, "3.2" for the second of several.
func (r *Result) name() {
	for i, x := range r.Exchanges {
		x.ID = strconv.Itoa(r.Number)
		if len(r.Exchanges) > 1 {
			x.ID += "." + strconv.Itoa(i+1)
		}
	}
}

// shutdownTime is how long an exchange gets to be handed over after its client
// is done with it.
const shutdownTime = 5 * time.Second

// errTooLong ends a check that takes longer than it may.
var errTooLong = errors.New("the check took too long")

// try makes one check once, through a proxy of its own: connections are not
// shared between checks, so that each is timed alike however many run at once.
func (r *Runner) try(ctx context.Context, c *Check) (*Result, error) {
	result := &Result{Check: c}
	through := proxy.NewInside()
	var recorded recording
	pc := r.Proxy
	pc.CA, pc.Hooks = nil, proxy.Hooks{Done: recorded.done}
	p := proxy.New(pc)
	served := make(chan error, 1)
	go func() { served <- p.Serve(through) }()

	timed, cancel := context.WithTimeoutCause(ctx, c.MaxTime, errTooLong)
	defer cancel()
	err := r.fetch(timed, through, result)
	ending, cancelEnding := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancelEnding()
	err = errors.Join(err, p.Shutdown(ending), <-served)
	result.Exchanges = recorded.inOrder()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case len(result.Exchanges) == 0 || err != nil:
		return nil, errors.Join(errors.New("can't create the request"), err)
	}
	last := result.Last()
	if context.Cause(timed) == errTooLong {
		result.RanOut = ranOut(last, c.MaxTime)
	}
	for _, x := range result.Exchanges {
		x.FailUndecodable()
	}
	return result, nil
}

// A recording keeps the exchanges of a check.
type recording struct {
	mu        sync.Mutex
	exchanges []*exchange.Exchange
}

func (r *recording) done(x *exchange.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, x)
}

// inOrder returns the exchanges in the order they began: one may be handed over
// a little after the next, when its client is content with it.
func (r *recording) inOrder() []*exchange.Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.exchanges, func(a, b *exchange.Exchange) int { return a.Started.Compare(b.Started) })
	return r.exchanges
}

// fetch sends the requests of a check and reads the responses. What goes wrong
// with them is in their records; the error is one that kept the first from
// being sent.
func (r *Runner) fetch(ctx context.Context, through *proxy.Inside, result *Result) error {
	c := result.Check
	request, err := c.request(ctx, r.UserAgent)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: through, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if !c.Follow || next.URL.Scheme != "http" && next.URL.Scheme != "https" {
			return http.ErrUseLastResponse
		}
		if len(via) > MostRedirects {
			result.MoreRedirects = true
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := client.Do(request)
	if err != nil {
		return nil // the proxy has recorded why
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return nil
}

// ranOut blames an exchange that was cut off because the check took too long on
// what it waited for, instead of on the client that gave up. It reports whether
// that is why it ended.
func ranOut(x *exchange.Exchange, after time.Duration) bool {
	if x.Err == nil || x.Err.Code != exchange.ErrClientGone {
		return false
	}
	detail := "the check had not ended after " + after.String() + ", its time limit"
	switch {
	case x.Response.Status != 0 && !x.Response.Made:
		x.Err = &exchange.Err{Code: exchange.ErrStalled, Detail: detail}
	case x.Timing.HeadSent != 0:
		x.Err = &exchange.Err{Code: exchange.ErrHeadTimeout, Detail: detail}
	default:
		x.Err = &exchange.Err{Code: exchange.ErrConnectTimeout, Detail: detail}
	}
	return true
}
