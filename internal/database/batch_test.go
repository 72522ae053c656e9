package database_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

type (
	work = database.Work[string, string]
	item = database.Item[string, string]
)

// hold keeps the batcher busy with a request of the lane until release is called, so that what is submitted meanwhile waits.
func hold(t *testing.T, db *database.DB, lane database.Lane) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	blocker := &work{Name: "blocker", Lane: lane, Do: func(context.Context, bun.Tx, []*item) error {
		close(begun)
		<-end
		return nil
	}}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := database.Submit(soon(t), db, blocker, ""); err != nil {
			t.Error(err)
		}
	})
	<-begun
	return func() { close(end); wg.Wait() }
}

// insert writes a row for each item in one statement, and answers with its name.
func insert(ctx context.Context, tx bun.Tx, items []*item) error {
	values := make([]string, len(items))
	for i, it := range items {
		values[i] = it.In
		it.Out = "made " + it.In
	}
	q := tx.NewRaw("INSERT INTO counters (name, value) SELECT * FROM (VALUES "+placeholders(len(values))+") AS v", anys(values)...)
	_, err := q.Exec(ctx)
	return err
}

func placeholders(n int) string {
	text := make([]byte, 0, n*7)
	for i := range n {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, "(?, 1)"...)
	}
	return string(text)
}

func anys(values []string) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// waiting waits until n requests stand in the queue: they have called Submit and have not been answered.
func waiting(n *atomic.Int64, want int64) {
	for n.Load() < want {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // from the count to the queue is a step
}

// Three hundred wait while one is served: they share transactions of at most Max, beside a door of fewer, and each gets its own answer.
func TestManyCallersShareATransaction(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		for _, tt := range []struct {
			limit        int
			lane         database.Lane // of what is served meanwhile
			transactions int64
		}{{0, database.Shop, 2}, {100, database.Shop, 3}, {0, database.Door, 10}, {10, database.Door, 30}} { // beside a door, 32 at most
			w := &work{Name: "insert", Lane: database.Shop, Max: tt.limit, Do: insert}
			release := hold(t, db, tt.lane)
			before, requests := db.Batches()
			var called atomic.Int64
			var wg sync.WaitGroup
			for i := range 300 {
				wg.Go(func() {
					name := fmt.Sprintf("%d %d/%d", tt.lane, tt.limit, i)
					called.Add(1)
					if out, err := database.Submit(soon(t), db, w, name); err != nil || out != "made "+name {
						t.Errorf("%q, %v", out, err)
					}
				})
			}
			waiting(&called, 300)
			release()
			wg.Wait()
			after, served := db.Batches()
			if after-before != tt.transactions || served-requests != 300 {
				t.Errorf("limit %d beside %d: %d requests in %d transactions, want %d", tt.limit, tt.lane, served-requests, after-before, tt.transactions)
			}
			if n := rows(t, db, fmt.Sprintf("%d %d/", tt.lane, tt.limit)); n != 300 {
				t.Errorf("limit %d: %d rows", tt.limit, n)
			}
		}
		// One caller is one transaction.
		before, _ := db.Batches()
		if _, err := database.Submit(soon(t), db, &work{Name: "insert", Lane: database.Shop, Do: insert}, "alone"); err != nil {
			t.Error(err)
		}
		if after, _ := db.Batches(); after-before != 1 {
			t.Errorf("one request took %d transactions", after-before)
		}
	})
}

// One request of fifty is poisoned: it fails with its own error, the others are served exactly once.
func TestAPoisonedRequestFailsAlone(t *testing.T) {
	each(t, func(t *testing.T, setup, address string) {
		db := dbtest.Handle(t, address)
		begin(t, db, "taken before")
		poisons := map[string]struct {
			do   func(ctx context.Context, tx bun.Tx) error
			told func(error) bool
		}{
			"a rule":       {func(context.Context, bun.Tx) error { return errRefused }, func(err error) bool { return errors.Is(err, errRefused) }},
			"a constraint": {func(ctx context.Context, tx bun.Tx) error { return set(ctx, tx, "taken before", 1) }, database.IsUnique},
			"a panic":      {func(context.Context, bun.Tx) error { panic("on purpose") }, func(err error) bool { return err != nil }},
		}
		if setup != "sqlite" { // SQLite takes any value
			poisons["a value"] = struct {
				do   func(ctx context.Context, tx bun.Tx) error
				told func(error) bool
			}{func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("INSERT INTO counters (name, value) VALUES ('x', ?)", "not a number").Exec(ctx)
				return err
			}, func(err error) bool { return err != nil }}
		}
		for name, poison := range poisons {
			w := &work{Name: name, Lane: database.Shop, Do: func(ctx context.Context, tx bun.Tx, items []*item) error {
				if err := insert(ctx, tx, items); err != nil {
					return err
				}
				if slices.ContainsFunc(items, func(it *item) bool { return it.In == name+"/13" }) {
					return poison.do(ctx, tx)
				}
				return nil
			}}
			release := hold(t, db, database.Door)
			var called, failed atomic.Int64
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					called.Add(1)
					out, err := database.Submit(soon(t), db, w, fmt.Sprintf("%s/%d", name, i))
					switch {
					case i == 13 && (!poison.told(err) || out != ""):
						t.Errorf("%s: the poisoned one is told %q, %v", name, out, err)
					case i != 13 && err != nil:
						if failed.Add(1) == 1 {
							t.Errorf("%s: an innocent one is told %v", name, err)
						}
					}
				})
			}
			waiting(&called, 50)
			release()
			wg.Wait()
			if n := rows(t, db, name+"/"); n != 49 {
				t.Errorf("%s: %d rows, want 49 (%d innocent failed)", name, n, failed.Load())
			}
		}
	})
}

// What is nobody's own failure fails all of a transaction, keeps nothing, and the next is served.
func TestAnUnknownFailureFailsAll(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		var broken atomic.Bool
		broken.Store(true)
		w := &work{Name: "broken", Lane: database.Shop, Do: func(ctx context.Context, tx bun.Tx, items []*item) error {
			if err := insert(ctx, tx, items); err != nil {
				return err
			}
			if broken.Load() {
				return errUnknown
			}
			return nil
		}}
		release := hold(t, db, database.Door)
		var called atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				called.Add(1)
				if _, err := database.Submit(soon(t), db, w, fmt.Sprint("broken", i)); !errors.Is(err, errUnknown) {
					t.Error(err)
				}
			})
		}
		waiting(&called, 20)
		release()
		wg.Wait()
		broken.Store(false)
		if _, err := database.Submit(soon(t), db, w, "broken and mended"); err != nil {
			t.Error(err)
		}
		if n := rows(t, db, "broken"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

// A request's own refusal leaves the others alone without a second transaction.
func TestAnItemsRefusalIsItsOwn(t *testing.T) {
	db := dbtest.Handle(t, oneAddress(t))
	w := &work{Name: "odd", Lane: database.Shop, Do: func(ctx context.Context, tx bun.Tx, items []*item) error {
		var good []*item
		for _, it := range items {
			if it.In == "bad" {
				it.Out, it.Err = "forgotten", errRefused
				continue
			}
			good = append(good, it)
		}
		return insert(ctx, tx, good)
	}}
	release := hold(t, db, database.Door)
	before, _ := db.Batches()
	var called atomic.Int64
	var wg sync.WaitGroup
	for _, name := range []string{"one", "bad", "two"} {
		wg.Go(func() {
			called.Add(1)
			out, err := database.Submit(soon(t), db, w, name)
			if name == "bad" && (!errors.Is(err, errRefused) || out != "") || name != "bad" && (err != nil || out != "made "+name) {
				t.Errorf("%s: %q, %v", name, out, err)
			}
		})
	}
	waiting(&called, 3)
	release()
	wg.Wait()
	if after, _ := db.Batches(); after-before != 1 {
		t.Errorf("%d transactions", after-before)
	}
}

// What an attempt that was rolled back wrote into its items is gone in the next.
func TestAnswersAreEmptiedBeforeEachAttempt(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		attempts := 0
		w := &work{Name: "again", Lane: database.Shop, Do: func(_ context.Context, _ bun.Tx, items []*item) error {
			attempts++
			if items[0].Out != "" || items[0].Err != nil || items[0].In != "in" {
				t.Errorf("attempt %d begins with %+v", attempts, items[0])
			}
			if attempts < 3 {
				items[0].Out, items[0].Err = "of a rolled back attempt", errRefused
				return database.ErrAgain
			}
			return nil
		}}
		if out, err := database.Submit(soon(t), db, w, "in"); out != "" || err != nil || attempts != 3 {
			t.Errorf("%q, %v after %d attempts", out, err, attempts)
		}
	})
}

// A caller who leaves is not waited for; if its request had not begun it is dropped, else it is carried out, and the others
// of its transaction never notice.
func TestACallerWhoLeaves(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		w := &work{Name: "insert", Lane: database.Shop, Do: insert}
		release := hold(t, db, database.Door)
		ctx, cancel := context.WithCancel(soon(t))
		var called atomic.Int64
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				called.Add(1)
				if i%2 == 0 {
					if _, err := database.Submit(ctx, db, w, fmt.Sprint("leaves", i)); !errors.Is(err, context.Canceled) {
						t.Errorf("who left is told %v", err)
					}
				} else if _, err := database.Submit(soon(t), db, w, fmt.Sprint("stays", i)); err != nil {
					t.Errorf("who stayed is told %v", err)
				}
			})
		}
		waiting(&called, 10)
		cancel()
		time.Sleep(20 * time.Millisecond)
		release()
		wg.Wait()
		if rows(t, db, "leaves") != 0 || rows(t, db, "stays") != 5 {
			t.Errorf("%d rows of those who left, %d of those who stayed", rows(t, db, "leaves"), rows(t, db, "stays"))
		}

		// Under way: the first of the batch leaves while its transaction runs.
		underWay, goOn := make(chan struct{}), make(chan struct{})
		slow := &work{Name: "slow", Lane: database.Shop, Do: func(ctx context.Context, tx bun.Tx, items []*item) error {
			if err := insert(ctx, tx, items); err != nil {
				return err
			}
			close(underWay)
			<-goOn
			return ctx.Err()
		}}
		release = hold(t, db, database.Door)
		ctx, cancel = context.WithCancel(soon(t))
		called.Store(0)
		wg.Go(func() {
			called.Add(1)
			_, _ = database.Submit(ctx, db, slow, "late 1")
		})
		waiting(&called, 1)
		wg.Go(func() {
			called.Add(1)
			if _, err := database.Submit(soon(t), db, slow, "late 2"); err != nil {
				t.Errorf("the other of the transaction is told %v", err)
			}
		})
		waiting(&called, 2)
		release()
		<-underWay
		cancel()
		close(goOn)
		wg.Wait()
		if n := rows(t, db, "late"); n != 2 {
			t.Errorf("%d of 2 rows", n)
		}
	})
}

// A rush on the shop waits; a scan that comes meanwhile is served before the second of the shop's transactions.
func TestTheDoorIsServedBetweenTheShops(t *testing.T) {
	db := dbtest.Handle(t, oneAddress(t))
	var mu sync.Mutex
	var order []string
	note := func(lane string) func(context.Context, bun.Tx, []*item) error {
		return func(context.Context, bun.Tx, []*item) error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, lane)
			return nil
		}
	}
	shop := &work{Name: "shop", Lane: database.Shop, Max: 10, Do: note("shop")}
	door := &work{Name: "door", Lane: database.Door, Do: note("door")}
	release := hold(t, db, database.Shop)
	var called atomic.Int64
	var wg sync.WaitGroup
	for i := range 101 {
		wg.Go(func() {
			called.Add(1)
			if i == 100 {
				waiting(&called, 101)
				_, _ = database.Submit(soon(t), db, door, "")
				return
			}
			_, _ = database.Submit(soon(t), db, shop, "")
		})
	}
	waiting(&called, 101)
	time.Sleep(50 * time.Millisecond)
	release()
	wg.Wait()
	if place := slices.Index(order, "door"); place < 0 || place > 1 || len(order) != 11 {
		t.Errorf("served in the order %v", order)
	}
}

// More than the queue holds are told so at once, in that lane only; and every one that was taken is served.
func TestAFullQueueSaysSo(t *testing.T) {
	db := dbtest.Handle(t, oneAddress(t))
	const limit = 4096
	w := &work{Name: "shop", Lane: database.Shop, Do: insert}
	door := &work{Name: "door", Lane: database.Door, Do: insert}
	release := hold(t, db, database.Door)
	var called, busy, served atomic.Int64
	var wg sync.WaitGroup
	for i := range limit + 100 {
		wg.Go(func() {
			called.Add(1)
			switch _, err := database.Submit(soon(t), db, w, fmt.Sprint("q", i)); {
			case errors.Is(err, database.ErrBusy):
				busy.Add(1)
			case err == nil:
				served.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	waiting(&called, limit+100)
	for busy.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	wg.Go(func() {
		if _, err := database.Submit(soon(t), db, door, "door"); err != nil {
			t.Errorf("the other lane is told %v", err)
		}
	})
	time.Sleep(20 * time.Millisecond)
	release()
	wg.Wait()
	if busy.Load() != 100 || served.Load() != limit || rows(t, db, "q") != limit {
		t.Errorf("%d busy, %d served, %d rows", busy.Load(), served.Load(), rows(t, db, "q"))
	}
}

// Close serves what was taken and refuses what comes after: an answer without error is a row, an error is none.
func TestCloseServesTheQueue(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db, witness := dbtest.Handle(t, address), dbtest.Handle(t, address)
		w := &work{Name: "insert", Lane: database.Shop, Max: 7, Do: insert}
		var mu sync.Mutex
		var served []string
		var wg sync.WaitGroup
		release := hold(t, db, database.Door)
		var called atomic.Int64
		for i := range 100 {
			wg.Go(func() {
				if i >= 50 {
					time.Sleep(time.Duration(i-30) * time.Millisecond)
				}
				called.Add(1)
				name := fmt.Sprint("close", i)
				_, err := database.Submit(soon(t), db, w, name)
				if err != nil && !errors.Is(err, database.ErrBusy) {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					served = append(served, name)
					mu.Unlock()
				}
			})
		}
		waiting(&called, 50)
		wg.Go(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		release()
		wg.Wait()
		if _, err := database.Submit(soon(t), db, w, "too late"); !errors.Is(err, database.ErrBusy) {
			t.Errorf("after Close: %v", err)
		}
		if n := rows(t, witness, "close"); n != int64(len(served)) || n < 50 {
			t.Errorf("%d rows, %d were told so", n, len(served))
		}
	})
}

// Two servers on one database: each groups by itself, the rows stay right through conditional statements.
func TestTwoServersOnOneDatabase(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		handles := []*database.DB{dbtest.Handle(t, address), dbtest.Handle(t, address)}
		begin(t, handles[0], "places")
		const places = 100
		take := func() *database.Work[int, bool] {
			return &database.Work[int, bool]{Name: "take", Lane: database.Shop, Do: func(ctx context.Context, tx bun.Tx, items []*database.Item[int, bool]) error {
				n := 0
				for _, it := range items {
					changed, err := database.Changed(tx.NewRaw("UPDATE counters SET value = value + 1 WHERE name = 'places' AND value + 1 <= ?", places).Exec(ctx))
					if err != nil {
						return err
					}
					if it.Out = changed == 1; it.Out {
						n++
					}
				}
				return nil
			}}
		}
		works := []*database.Work[int, bool]{take(), take()}
		var got atomic.Int64
		dbtest.Together(300, func(i int) {
			ok, err := database.Submit(soon(t), handles[i%2], works[i%2], i)
			if err != nil {
				t.Error(err)
			}
			if ok {
				got.Add(1)
			}
		})
		if n, _ := value(t, handles[0], "places"); n != places || got.Load() != places {
			t.Errorf("%d places are taken, %d were given", n, got.Load())
		}
	})
}
