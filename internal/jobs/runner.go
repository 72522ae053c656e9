package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"regexp"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

// Mourner notes in the job's own rows that it was given up, in the transaction that does so: whether its last attempt failed or
// took the process along. It reads and writes nothing else.
type Mourner func(ctx context.Context, tx bun.IDB, job Job) error

// Handler does one job, at least once: a second run of the same job must change nothing more. Its context ends when the
// lease is lost or the process stops. Its error is kept where organisers read it, so it names ids and codes only.
type Handler func(ctx context.Context, job Job) error

// Runner claims and runs jobs, and does the periodic sweeps. Set its fields, then call Handle and Every, then Run.
type Runner struct {
	DB      *database.DB
	Log     *slog.Logger
	Now     func() time.Time
	Workers int           // jobs at the same time; 0 means 4
	Poll    time.Duration // how often to look for due jobs; 0 means 250 ms
	Lease   time.Duration // how long a dead process keeps a job from the others; 0 means 1 min
	Grace   time.Duration // how long jobs in hand may go on when the process stops; 0 means 10 s

	handlers map[string]Handler
	mourners map[string]Mourner
	sweeps   []sweep
}

// Handle sets the handler of a kind. A kind has one handler.
func (r *Runner) Handle(kind string, handler Handler) {
	if r.handlers == nil {
		r.handlers = map[string]Handler{}
	}
	if _, twice := r.handlers[kind]; twice {
		panic("jobs: two handlers for " + kind)
	}
	r.handlers[kind] = handler
}

// GivenUp sets what is done when a job of the kind dies.
func (r *Runner) GivenUp(kind string, do Mourner) {
	if r.mourners == nil {
		r.mourners = map[string]Mourner{}
	}
	r.mourners[kind] = do
}

// Run works until ctx ends, then lets the jobs in hand end within Grace and returns. Jobs cut off by the end of Grace go
// back to the table for another process.
func (r *Runner) Run(ctx context.Context) {
	hard, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var inHand sync.WaitGroup
	for _, s := range r.all() {
		inHand.Go(func() { r.sweepUntil(ctx, hard, s) })
	}
	r.dispatch(ctx, hard, &inHand)

	ended := make(chan struct{})
	go func() { inHand.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(or(r.Grace, 10*time.Second)):
		stop()
		<-ended
	}
}

// dispatch is the only one in the process that claims, for all its workers at once.
func (r *Runner) dispatch(ctx, hard context.Context, inHand *sync.WaitGroup) {
	workers := make(chan struct{}, or(r.Workers, 4))
	for {
		select { // wait for one that is free, then count how many more are
		case workers <- struct{}{}:
		case <-ctx.Done():
			return
		}
		free := cap(workers) - len(workers) + 1
		claimed, err := r.claim(ctx, free)
		<-workers
		if ctx.Err() != nil && len(claimed) == 0 {
			return
		}
		for _, job := range claimed {
			workers <- struct{}{}
			inHand.Go(func() {
				defer func() { <-workers }()
				r.work(hard, job)
			})
		}
		switch {
		case err != nil:
			r.Log.ErrorContext(ctx, "jobs: claim", "error", err)
			pause(ctx, 2*time.Second)
		case len(claimed) == 0:
			pause(ctx, or(r.Poll, 250*time.Millisecond))
		}
	}
}

// Drain runs the jobs that are due, and those that they enqueue, until none is left: for tests and one-shot commands.
// It gives the number of runs.
func (r *Runner) Drain(ctx context.Context) (int, error) {
	runs := 0
	for {
		claimed, err := r.claim(ctx, or(r.Workers, 4))
		if err != nil || len(claimed) == 0 {
			return runs, err
		}
		for _, job := range claimed {
			r.work(ctx, job)
			runs++
		}
	}
}

// work runs one claimed job under its lease and notes how it ended.
func (r *Runner) work(ctx context.Context, job Job) {
	running, cancel := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		r.renew(running, cancel, job)
	}()
	err := r.call(running, job.Kind, func(ctx context.Context) error { return r.handlers[job.Kind](ctx, job) })
	lost := errors.Is(context.Cause(running), errLeaseLost)
	cancel(nil)
	<-renewed
	if lost {
		r.Log.WarnContext(ctx, "jobs: another process has taken the job over", "job", job.ID, "kind", job.Kind)
		return
	}
	// The end is noted even when the process stops: what is done must not be done again.
	if e := r.end(context.WithoutCancel(ctx), job, err, ctx.Err() != nil); e != nil {
		r.Log.ErrorContext(ctx, "jobs: the end of a job was not noted, it will run again", "job", job.ID, "kind", job.Kind, "error", e)
	}
}

// call runs a handler or sweep; a panic is an error like any other, with its stack in the log.
func (r *Runner) call(ctx context.Context, name string, do func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.ErrorContext(ctx, "jobs: panic", "in", name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("jobs: %s panicked", name)
		}
	}()
	return do(ctx)
}

// kinds are those that this process knows; others are left to processes of another version.
func (r *Runner) kinds() []string { return slices.Sorted(maps.Keys(r.handlers)) }

// backoff is the pause after the given attempt: 5 s, 10 s, 20 s … at most an hour, each times 0.5 to 1.5 so that what
// failed together does not come back together.
func backoff(attempt int64) time.Duration {
	pause := min(5*time.Second<<min(attempt-1, 20), time.Hour)
	return pause/2 + rand.N(pause)
}

var address = regexp.MustCompile(`[^\s<>"',;:]+@[^\s<>"',;]+`)

// ErrorText is what may be kept of an error: short, and without the e-mail addresses that servers like to repeat.
func ErrorText(err error) string {
	text := []rune(address.ReplaceAllString(err.Error(), "(address)"))
	return string(text[:min(len(text), 500)])
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d/2 + rand.N(d)):
	case <-ctx.Done():
	}
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
