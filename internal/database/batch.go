package database

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// ErrBusy is the answer when more writes wait than the queue holds. The caller may try again in a second.
var ErrBusy = &turnout.Error{Kind: turnout.Unavailable, Code: "busy", Message: "Too many people are doing this at the same moment. Try again in a second."}

// Lane orders the writes that wait: those at the door never wait for a rush on the shop.
type Lane int

// The lanes, served in turn: a transaction of the door's, then one of the shop's.
const (
	Door Lane = iota // scans, webhooks
	Shop             // reservations, bulk activities
	lanes
)

// Item is one request in a transaction that serves many.
type Item[In, Out any] struct {
	In  In
	Out Out   // written by Do only; emptied before each attempt
	Err error // the request's own refusal; the others go on
}

// Work is a kind of write that many callers do at once. Do serves all items in one transaction: it decides each by what
// it read under lock, sets Out or Err, and writes for all of them in a few statements. An item with Err must have
// written nothing. When Do itself returns a turnout.Error, panics, or meets a value or a constraint's refusal, everything is
// rolled back and each item runs alone, so that one poisoned request cannot fail the others.
type Work[In, Out any] struct {
	Name string
	Lane Lane
	Max  int // items in one transaction; 0 means 256
	Do   func(ctx context.Context, tx bun.Tx, items []*Item[In, Out]) error
}

// Submit queues one request and waits for its answer after the commit. A caller whose context ends stops waiting; a
// request not yet begun is then dropped, one under way is still carried out. It fails with ErrBusy when the queue is full.
func Submit[In, Out any](ctx context.Context, db *DB, work *Work[In, Out], in In) (Out, error) {
	if ctx.Value(txKey{}) != nil {
		panic("database: a grouped write inside a transaction")
	}
	item := &Item[In, Out]{In: in}
	t := &ticket{ctx: ctx, work: work, item: item, done: make(chan error, 1)}
	var none Out
	if err := db.batcher.put(t, work.Lane); err != nil {
		return none, err
	}
	select {
	case err := <-t.done:
		if err == nil {
			err = item.Err
		}
		if err != nil {
			return none, err
		}
		return item.Out, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// ticket is a request in the queue.
type ticket struct {
	ctx  context.Context
	work batchable
	item any
	done chan error
}

// batchable is a Work whatever its types.
type batchable interface {
	limit() int
	run(ctx context.Context, tx bun.Tx, items []*ticket) error
}

func (w *Work[In, Out]) limit() int {
	if w.Max > 0 {
		return w.Max
	}
	return 256
}

func (w *Work[In, Out]) run(ctx context.Context, tx bun.Tx, tickets []*ticket) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{fmt.Sprintf("database: %s panicked: %v\n%s", w.Name, p, debug.Stack())}
		}
	}()
	items := make([]*Item[In, Out], len(tickets))
	for i, t := range tickets {
		items[i] = t.item.(*Item[In, Out])
		*items[i] = Item[In, Out]{In: items[i].In}
	}
	return w.Do(ctx, tx, items)
}

// panicked is a panic of Do. Some request of the batch caused it, so the others may still be served.
type panicked struct{ text string }

func (p *panicked) Error() string { return p.text }

// batcher is the queue and the one goroutine that serves it.
type batcher struct {
	db      *DB
	mu      sync.Mutex
	waiting [lanes][]*ticket
	doors   time.Time // when the door's lane was served last
	closed  bool
	wake    chan struct{}
	ended   chan struct{}

	transactions, items atomic.Int64
}

// batchTime is how long a grouped transaction may take.
const batchTime = 30 * time.Second

// besideDoor is how many requests of the shop share a transaction while doors are at work: a scan waits for the one under way, and no longer.
const besideDoor = 32

// doorsRest is how long after its last scan a door counts as at work.
const doorsRest = time.Second

const queueLimit = 4096 // in each lane; beyond it the answer is ErrBusy

func newBatcher(db *DB) *batcher {
	b := &batcher{db: db, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go b.serve()
	return b
}

// Batches tells how many grouped transactions ran and how many requests they served.
func (db *DB) Batches() (transactions, requests int64) {
	return db.batcher.transactions.Load(), db.batcher.items.Load()
}

func (b *batcher) put(t *ticket, lane Lane) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.waiting[lane]) >= queueLimit {
		return ErrBusy
	}
	b.waiting[lane] = append(b.waiting[lane], t)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return nil
}

func (b *batcher) close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.wake)
	}
	b.mu.Unlock()
	<-b.ended
}

func (b *batcher) serve() {
	defer close(b.ended)
	for open := true; open; {
		_, open = <-b.wake
		for busy := true; busy; {
			busy = false
			for lane := range lanes {
				if batch := b.take(lane); len(batch) > 0 {
					b.transact(batch)
					busy = true
				}
			}
		}
	}
}

// take removes from the lane the first request and those behind it of the same work, up to its limit, and drops those
// whose callers have gone.
func (b *batcher) take(lane Lane) []*ticket {
	b.mu.Lock()
	defer b.mu.Unlock()
	if lane == Door && len(b.waiting[lane]) > 0 {
		b.doors = time.Now()
	}
	beside := lane == Shop && time.Since(b.doors) < doorsRest
	var batch, rest []*ticket
	for _, t := range b.waiting[lane] {
		switch {
		case t.ctx.Err() != nil:
			t.done <- t.ctx.Err()
		case len(batch) == 0 || t.work == batch[0].work && len(batch) < t.work.limit() && (!beside || len(batch) < besideDoor):
			batch = append(batch, t)
		default:
			rest = append(rest, t)
		}
	}
	b.waiting[lane] = rest
	return batch
}

// transact serves the batch in one transaction under a context of its own: no caller's leaving may cancel the others.
func (b *batcher) transact(batch []*ticket) {
	err := b.try(batch)
	if err != nil && len(batch) > 1 && ownFailure(err) {
		for _, t := range batch {
			t.done <- b.try([]*ticket{t})
		}
		return
	}
	for _, t := range batch {
		t.done <- err
	}
}

func (b *batcher) try(batch []*ticket) error {
	b.transactions.Add(1)
	b.items.Add(int64(len(batch)))
	// A connection that died without a word must not hold everybody for ever.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(batch[0].ctx), batchTime)
	defer cancel()
	err := b.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return batch[0].work.run(ctx, tx, batch)
	})
	if err != nil {
		if _, ok := errors.AsType[*turnout.Error](err); !ok {
			return fmt.Errorf("database: grouped write: %w", err)
		}
	}
	return err
}
