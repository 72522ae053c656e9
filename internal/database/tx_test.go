package database_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestTxCommitsOrRollsBack(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		for name, result := range map[string]error{"commits": nil, "a refusal": errRefused, "an unknown error": errUnknown} {
			calls := 0
			err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				calls++
				if err := set(ctx, tx, name, 1); err != nil {
					return err
				}
				return result
			})
			if !errors.Is(err, result) || calls != 1 {
				t.Errorf("%s: %v after %d calls", name, err, calls)
			}
			if _, there := value(t, db, name); there != (result == nil) {
				t.Errorf("%s: the row is there: %v", name, there)
			}
		}
	})
}

// A body that finds another faster is run again, and what it wrote before is gone; for ever it is not.
func TestErrAgainRunsAgain(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		calls := int64(0)
		err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			calls++
			if err := set(ctx, tx, "again", calls); err != nil {
				return err
			}
			if calls < 4 {
				return database.ErrAgain
			}
			return nil
		})
		if n, _ := value(t, db, "again"); err != nil || calls != 4 || n != 4 {
			t.Errorf("%d calls, wrote %d, %v", calls, n, err)
		}
		calls = 0
		err = db.Tx(soon(t), func(context.Context, bun.Tx) error { calls++; return database.ErrAgain })
		if !errors.Is(err, database.ErrAgain) || calls != 8 {
			t.Errorf("%d calls, %v", calls, err)
		}
	})
}

// Two transactions that lock two rows in opposite order: PostgreSQL kills one (40P01), which runs again and wins.
func TestDeadlocksRunAgain(t *testing.T) {
	each(t, func(t *testing.T, setup, address string) {
		if setup == "sqlite" {
			t.Skip("SQLite has one writer: nobody can wait for each other")
		}
		db := dbtest.Handle(t, address)
		begin(t, db, "a", "b")
		var met sync.WaitGroup
		met.Add(2)
		var calls atomic.Int64
		dbtest.Together(2, func(i int) {
			order, first := []string{"a", "b"}, true
			if i == 1 {
				order = []string{"b", "a"}
			}
			err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				calls.Add(1)
				for n, name := range order {
					if n == 1 && first {
						first = false
						met.Done()
						met.Wait()
					}
					if _, err := tx.NewRaw("UPDATE counters SET value = value + 1 WHERE name = ?", name).Exec(ctx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		a, _ := value(t, db, "a")
		b, _ := value(t, db, "b")
		if a != 2 || b != 2 || calls.Load() < 3 {
			t.Errorf("a %d, b %d after %d calls", a, b, calls.Load())
		}
	})
}

func begin(t *testing.T, db *database.DB, names ...string) {
	t.Helper()
	if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		for _, name := range names {
			if err := set(ctx, tx, name, 0); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Read, then write what was read plus one: no increment may be lost where the engine promises it (SQLite's one writer,
// SERIALIZABLE with its 40001).
func TestReadThenWriteLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, setup, address string) {
		if setup == "postgres" {
			t.Skip("READ COMMITTED does not promise this: the program uses conditional updates")
		}
		handles := []*database.DB{dbtest.Handle(t, address), dbtest.Handle(t, address)}
		begin(t, handles[0], "n")
		var calls atomic.Int64
		dbtest.Together(4, func(i int) {
			for range 10 {
				err := handles[i%2].Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
					calls.Add(1)
					var n int64
					if err := tx.NewRaw("SELECT value FROM counters WHERE name = 'n'").Scan(ctx, &n); err != nil {
						return err
					}
					_, err := tx.NewRaw("UPDATE counters SET value = ? WHERE name = 'n'", n+1).Exec(ctx)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		if n, _ := value(t, handles[0], "n"); n != 40 {
			t.Errorf("%d of 40 increments are left", n)
		}
		if setup == "serializable" && calls.Load() == 40 {
			t.Error("nothing was ever run again: the transactions did not meet")
		}
	})
}

// Another process holds SQLite's write lock for longer than this connection waits: BUSY, and then again.
func TestBusyRunsAgain(t *testing.T) {
	each(t, func(t *testing.T, setup, address string) {
		if setup != "sqlite" {
			t.Skip("only SQLite is busy")
		}
		db, other := dbtest.Handle(t, address), dbtest.Handle(t, address)
		if _, err := db.Writer().NewRaw("PRAGMA busy_timeout = 5").Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		held, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := other.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				close(held)
				<-release
				return set(ctx, tx, "other", 1)
			}); err != nil {
				t.Error(err)
			}
		})
		<-held
		time.AfterFunc(60*time.Millisecond, func() { close(release) })
		began := time.Now()
		if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error { return set(ctx, tx, "mine", 1) }); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited < 50*time.Millisecond {
			t.Errorf("nobody was in the way: %v", waited)
		}
		wg.Wait()
	})
}

// A panic leaves nothing behind: no row, no lock, no lost connection (SQLite has but one to write with).
func TestAPanicRollsBack(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		for range 20 { // more often than there are connections
			func() {
				defer func() {
					if p := recover(); p != "on purpose" {
						t.Errorf("recovered %v", p)
					}
				}()
				_ = db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
					if err := set(ctx, tx, "panic", 1); err != nil {
						t.Error(err)
					}
					panic("on purpose")
				})
			}()
		}
		if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error { return set(ctx, tx, "after", 1) }); err != nil {
			t.Fatal(err)
		}
		if _, there := value(t, db, "panic"); there {
			t.Error("what a panic interrupted was kept")
		}
	})
}

func TestATransactionInsideATransactionPanics(t *testing.T) {
	db := dbtest.Handle(t, oneAddress(t))
	work := &database.Work[int, int]{Name: "nothing", Do: func(context.Context, bun.Tx, []*database.Item[int, int]) error { return nil }}
	for name, inside := range map[string]func(ctx context.Context) error{
		"Tx":     func(ctx context.Context) error { return db.Tx(ctx, func(context.Context, bun.Tx) error { return nil }) },
		"Submit": func(ctx context.Context) error { _, err := database.Submit(ctx, db, work, 1); return err },
	} {
		panicked := false
		func() {
			defer func() { panicked = recover() != nil }()
			_ = db.Tx(soon(t), func(ctx context.Context, _ bun.Tx) error { return inside(ctx) })
		}()
		if !panicked {
			t.Errorf("%s inside a Tx is let through", name)
		}
	}
}

// A caller who leaves takes its transaction along, at whatever point it is, and nobody else's.
func TestCancelRollsBack(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		begin(t, db, "hot")
		for name, body := range map[string]func(ctx context.Context, tx bun.Tx, cancel func()) error{
			"before it writes": func(ctx context.Context, tx bun.Tx, cancel func()) error {
				cancel()
				return set(ctx, tx, "canceled", 1)
			},
			"after it wrote": func(ctx context.Context, tx bun.Tx, cancel func()) error {
				err := set(ctx, tx, "canceled", 1)
				cancel()
				return err
			},
			"between two tries": func(ctx context.Context, tx bun.Tx, cancel func()) error {
				if err := set(ctx, tx, "canceled", 1); err != nil {
					return err
				}
				cancel()
				return database.ErrAgain
			},
		} {
			ctx, cancel := context.WithCancel(soon(t))
			err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return body(ctx, tx, cancel) })
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			if _, there := value(t, db, "canceled"); there {
				t.Errorf("%s: the row stayed", name)
			}
			cancel()
		}
		// While it waits for another: on SQLite for the one connection, on PostgreSQL for the row.
		held, release := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("UPDATE counters SET value = 7 WHERE name = 'hot'").Exec(ctx)
				close(held)
				<-release
				return err
			}); err != nil {
				t.Error(err)
			}
		})
		<-held
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE counters SET value = 8 WHERE name = 'hot'").Exec(ctx)
			return err
		})
		if err == nil || ctx.Err() == nil {
			t.Errorf("waiting did not end: %v", err)
		}
		close(release)
		wg.Wait()
		if n, _ := value(t, db, "hot"); n != 7 {
			t.Errorf("hot is %d", n)
		}
		if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error { return set(ctx, tx, "after", 1) }); err != nil {
			t.Error(err)
		}
	})
}

// A temporary table tells connections apart: it lives and dies with one. A failure that is nobody's own takes the
// connection with it, a refusal does not.
func TestAnUnknownFailureDiscardsTheConnection(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		db.Writer().SetMaxOpenConns(1)
		mark := func() {
			if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("CREATE TEMP TABLE IF NOT EXISTS marked (n BIGINT)").Exec(ctx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		marked := func() bool {
			return db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("INSERT INTO marked VALUES (1)").Exec(ctx)
				return err
			}) == nil
		}
		for name, tt := range map[string]struct {
			err  error
			kept bool
		}{"a refusal": {errRefused, true}, "no rows": {errNoRows, true}, "again": {database.ErrAgain, true}, "unknown": {errUnknown, false}} {
			mark()
			_ = db.Tx(soon(t), func(context.Context, bun.Tx) error { return tt.err })
			if marked() != tt.kept {
				t.Errorf("%s: the connection was kept: %v", name, !tt.kept)
			}
		}
	})
}

// The disk is full: SQLite may have rolled back by itself. The caller hears of it, nothing is half done, and the next
// transaction works as soon as there is room again.
func TestAFullDiskIsToldAndOvercome(t *testing.T) {
	db := dbtest.Handle(t, oneAddress(t))
	if _, err := db.Writer().NewRaw("PRAGMA max_page_count = 1").Exec(t.Context()); err != nil { // of this connection: as many as there are
		t.Fatal(err)
	}
	large := func(name string) error {
		return db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			for i := range 500 {
				if err := set(ctx, tx, name+strconv.Itoa(i), int64(i)); err != nil {
					return err
				}
			}
			_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, hex(zeroblob(3000000)))", name).Exec(ctx)
			return err
		})
	}
	if err := large("full"); err == nil {
		t.Fatal("the disk was not full")
	}
	if n := rows(t, db, "full"); n != 0 {
		t.Errorf("%d rows of what failed are there", n)
	}
	if err := large("roomy"); err != nil {
		t.Errorf("after the failure: %v", err)
	}
	if n := rows(t, db, "roomy"); n != 500 {
		t.Errorf("%d of 500 rows", n)
	}
}

// The server ends the connection in the middle: an error for that caller, and the next works.
func TestALostConnection(t *testing.T) {
	each(t, func(t *testing.T, setup, address string) {
		if setup == "sqlite" {
			t.Skip("there is no server")
		}
		db := dbtest.Handle(t, address)
		err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			if err := set(ctx, tx, "lost", 1); err != nil {
				return err
			}
			_, err := tx.NewRaw("SELECT pg_terminate_backend(pg_backend_pid())").Exec(ctx)
			return err
		})
		if err == nil {
			t.Error("nobody was told")
		}
		for range 20 {
			if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("SELECT 1").Exec(ctx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if _, there := value(t, db, "lost"); there {
			t.Error("the row is there")
		}
	})
}
