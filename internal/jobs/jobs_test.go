package jobs_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves on by hand.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func tx(t *testing.T, db *database.DB, body func(ctx context.Context, tx bun.Tx) error) {
	t.Helper()
	if err := db.Tx(t.Context(), body); err != nil {
		t.Fatal(err)
	}
}

func enqueue(t *testing.T, db *database.DB, kind string, payload any, at time.Time) {
	t.Helper()
	tx(t, db, func(ctx context.Context, tx bun.Tx) error { return jobs.Enqueue(ctx, tx, "com_1", kind, payload, at) })
}

func drain(t *testing.T, r *jobs.Runner, want int) {
	t.Helper()
	if runs, err := r.Drain(t.Context()); err != nil || runs != want {
		t.Fatalf("%d runs, want %d, %v", runs, want, err)
	}
}

func dead(t *testing.T, db *database.DB) []jobs.Job {
	t.Helper()
	found, err := jobs.DeadOnes(t.Context(), db.Read(), "com_1", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type payload struct {
	Order turnout.ID `json:"order"`
}

func TestAJobRunsOnceItIsDueWithItsPayload(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := &clock{start}
		r := &jobs.Runner{DB: db, Log: quiet(), Now: c.Now}
		var got []turnout.ID
		r.Handle("order.mail", func(_ context.Context, job jobs.Job) error {
			var p payload
			got = append(got, job.Community)
			err := job.Read(&p)
			got = append(got, p.Order)
			return err
		})
		enqueue(t, db, "order.mail", payload{"ord_1"}, start.Add(time.Hour))
		drain(t, r, 0)
		c.now = start.Add(time.Hour)
		drain(t, r, 1)
		drain(t, r, 0)
		if len(got) != 2 || got[0] != "com_1" || got[1] != "ord_1" {
			t.Errorf("the handler saw %q", got)
		}
	})
}

func TestAJobOfARolledBackTransactionIsNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		r := &jobs.Runner{DB: db, Log: quiet(), Now: (&clock{start}).Now}
		r.Handle("order.mail", func(context.Context, jobs.Job) error { return nil })
		_ = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if err := jobs.Enqueue(ctx, tx, "com_1", "order.mail", nil, start); err != nil {
				t.Error(err)
			}
			return errors.New("the sale failed")
		})
		drain(t, r, 0)
	})
}

func TestAFailingJobIsTriedAgainThenDeadThenRetried(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		c := &clock{start}
		r := &jobs.Runner{DB: db, Log: quiet(), Now: c.Now}
		broken, runs := true, 0
		r.Handle("flaky", func(context.Context, jobs.Job) error {
			runs++
			if broken {
				return errors.New("550 <ada@example.org>: mailbox of ada@example.org is full")
			}
			return nil
		})
		enqueue(t, db, "flaky", nil, start)
		for len(dead(t, db)) == 0 {
			if runs > 50 {
				t.Fatal("it never dies")
			}
			drain(t, r, 1)
			drain(t, r, 0) // the pause has not passed
			c.now = c.now.Add(2 * time.Hour)
		}
		if runs != 12 {
			t.Errorf("%d attempts, want 12", runs)
		}
		job := dead(t, db)[0]
		if strings.Contains(job.LastError, "ada") || !strings.Contains(job.LastError, "550") {
			t.Errorf("the error is kept as %q", job.LastError)
		}
		stats, err := jobs.ReadStats(t.Context(), db.Read(), c.now)
		if err != nil || stats.Dead != 1 || stats.Waiting != 0 || !stats.Oldest.IsZero() {
			t.Errorf("stats %+v, %v", stats, err)
		}
		err = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return jobs.Retry(ctx, tx, "com_2", job.ID, c.now) })
		if !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community retried it: %v", err)
		}
		broken = false
		tx(t, db, func(ctx context.Context, tx bun.Tx) error { return jobs.Retry(ctx, tx, "com_1", job.ID, c.now) })
		drain(t, r, 1)
		if len(dead(t, db)) != 0 {
			t.Error("still dead")
		}
	})
}

// A job of nobody's becomes the community's that its error concerns; one that has a community keeps it.
func TestAnErrorSaysWhoseTheJobIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		r := &jobs.Runner{DB: db, Log: quiet(), Now: (&clock{start}).Now}
		r.Handle("hook", func(context.Context, jobs.Job) error {
			return jobs.Concerning("com_1", jobs.Permanent(errors.New("no such order")))
		})
		for _, community := range []turnout.ID{"", "com_2"} {
			tx(t, db, func(ctx context.Context, tx bun.Tx) error {
				return jobs.Enqueue(ctx, tx, community, "hook", nil, start)
			})
		}
		drain(t, r, 2)
		if got := dead(t, db); len(got) != 1 || got[0].LastError != "no such order" {
			t.Errorf("com_1 sees %+v", got)
		}
		all, err := jobs.AllDead(t.Context(), db.Read(), 10)
		if err != nil || len(all) != 2 || all[0].Community != "com_1" || all[1].Community != "com_2" {
			t.Errorf("all are %+v, %v", all, err)
		}
	})
}

func TestWhatNoRetryCanMend(t *testing.T) {
	for name, handler := range map[string]jobs.Handler{
		"an error marked permanent": func(context.Context, jobs.Job) error { return jobs.Permanent(errors.New("no such mailbox")) },
		"a payload that cannot fit": func(_ context.Context, job jobs.Job) error { return job.Read(new([]int)) },
	} {
		t.Run(name, func(t *testing.T) {
			db := dbtest.Open(t, database.SQLite)
			r := &jobs.Runner{DB: db, Log: quiet(), Now: (&clock{start}).Now}
			r.Handle("bad", handler)
			enqueue(t, db, "bad", payload{"ord_1"}, start)
			drain(t, r, 1)
			if len(dead(t, db)) != 1 {
				t.Error("not dead")
			}
		})
	}
}

func TestAPanicFailsTheJobOnly(t *testing.T) {
	db := dbtest.Open(t, database.SQLite)
	c := &clock{start}
	r := &jobs.Runner{DB: db, Log: quiet(), Now: c.Now}
	panics := true
	r.Handle("shaky", func(context.Context, jobs.Job) error {
		if panics {
			panic("index out of range")
		}
		return nil
	})
	enqueue(t, db, "shaky", nil, start)
	drain(t, r, 1)
	panics, c.now = false, start.Add(time.Minute)
	drain(t, r, 1)
	drain(t, r, 0)
}

func TestAnUnknownKindIsLeftToNewerProcesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		older := &jobs.Runner{DB: db, Log: quiet(), Now: (&clock{start}).Now}
		drain(t, older, 0)
		older.Handle("known", func(context.Context, jobs.Job) error { return nil })
		enqueue(t, db, "new", nil, start)
		drain(t, older, 0)
		newer := &jobs.Runner{DB: db, Log: quiet(), Now: (&clock{start}).Now}
		newer.Handle("new", func(context.Context, jobs.Job) error { return nil })
		drain(t, newer, 1)
	})
}

func TestManyAtOnceAndPayloadsThatAreNoObjects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		r := &jobs.Runner{DB: db, Log: quiet(), Now: (&clock{start}).Now}
		r.Handle("mail", func(context.Context, jobs.Job) error { return nil })
		tx(t, db, func(ctx context.Context, tx bun.Tx) error {
			return jobs.EnqueueAll(ctx, tx, "com_1", "mail", []payload{{"ord_1"}, {"ord_2"}, {"ord_3"}}, start)
		})
		drain(t, r, 3)
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			return jobs.Enqueue(ctx, tx, "com_1", "mail", "ord_1", start)
		})
		if err == nil {
			t.Error("a payload that is a string was taken")
		}
	})
}
