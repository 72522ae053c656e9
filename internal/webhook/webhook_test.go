package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/internal/webhook"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bank counts what the events of a provider amount to, in the counters table: an effect that must happen once.
type bank struct {
	db     *database.DB
	inbox  *webhook.Inbox
	runner *jobs.Runner
	now    atomic.Pointer[time.Time]
	broken atomic.Bool
}

func newBank(t *testing.T, db *database.DB) *bank {
	t.Helper()
	b := &bank{db: db}
	b.move(0)
	now := func() time.Time { return *b.now.Load() }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	b.inbox = &webhook.Inbox{DB: db, Log: log, Now: now}
	b.inbox.Handle("stripe", b.handle)
	b.runner = &jobs.Runner{DB: db, Log: log, Now: now}
	b.inbox.Register(b.runner)
	if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO counters (name, value) VALUES ('paid', 0) ON CONFLICT (name) DO NOTHING").Exec(ctx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bank) move(d time.Duration) {
	at := start.Add(d)
	b.now.Store(&at)
}

func (b *bank) handle(ctx context.Context, event webhook.Event) error {
	if event.Type == "unknown" {
		return nil
	}
	return b.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("UPDATE counters SET value = value + 1 WHERE name = 'paid'").Exec(ctx); err != nil {
			return err
		}
		if b.broken.Load() {
			return errors.New("the order is locked")
		}
		fresh, err := webhook.MarkHandled(ctx, tx, event.ID, *b.now.Load())
		if err == nil && !fresh {
			err = errBefore
		}
		return err
	})
}

var errBefore = errors.New("handled before")

func (b *bank) receive(t *testing.T, id, kind string) bool {
	t.Helper()
	isNew, err := b.inbox.Receive(t.Context(), "stripe", id, kind, []byte(`{"id":"`+id+`"}`))
	if err != nil {
		t.Errorf("receive %s: %v", id, err)
	}
	return isNew
}

func (b *bank) drain(t *testing.T) {
	t.Helper()
	if _, err := b.runner.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bank) paid(t *testing.T) (n int64) {
	t.Helper()
	if err := b.db.Read().NewRaw("SELECT value FROM counters WHERE name = 'paid'").Scan(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (b *bank) open(t *testing.T) []webhook.Event {
	t.Helper()
	events, err := webhook.Open(t.Context(), b.db.Read(), b.now.Load().Add(time.Second), 10)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// Twenty copies of each of five events, all at once, at two servers: five effects.
func TestAnEventCountsOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			var banks []*bank
			for range 2 {
				db, err := database.Open(t.Context(), address)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = db.Close() }()
				banks = append(banks, newBank(t, db))
			}
			var news atomic.Int64
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					if banks[i%2].receive(t, fmt.Sprint("evt_", i/20), "paid") {
						news.Add(1)
					}
				})
			}
			wg.Wait()
			if news.Load() != 5 || banks[0].paid(t) != 5 {
				t.Errorf("%d new, %d paid, want 5", news.Load(), banks[0].paid(t))
			}
			for _, b := range banks { // the jobs find nothing left to do
				b.move(time.Hour)
				b.drain(t)
			}
			if paid := banks[0].paid(t); paid != 5 || len(banks[0].open(t)) != 0 {
				t.Errorf("later %d paid, open %v", paid, banks[0].open(t))
			}
		})
	}
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		b := newBank(t, db)
		b.broken.Store(true)
		if !b.receive(t, "evt_1", "paid") {
			t.Error("not new")
		}
		if b.receive(t, "evt_1", "paid") {
			t.Error("the copy is new")
		}
		open := b.open(t)
		if b.paid(t) != 0 || len(open) != 1 || open[0].Attempts != 1 || open[0].LastError != "the order is locked" {
			t.Fatalf("%d paid, open %+v", b.paid(t), open)
		}
		b.move(time.Minute)
		b.drain(t)
		if open := b.open(t); len(open) != 1 || open[0].Attempts != 2 {
			t.Fatalf("open %+v", open)
		}
		b.broken.Store(false)
		b.move(time.Hour)
		b.drain(t)
		if b.paid(t) != 1 || len(b.open(t)) != 0 {
			t.Errorf("%d paid, open %+v", b.paid(t), b.open(t))
		}
	})
}

func TestUnknownTypesAreDoneWith(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		b := newBank(t, db)
		b.receive(t, "evt_1", "unknown")
		if len(b.open(t)) != 0 {
			t.Error("still open")
		}
	})
}

func TestOneIDOfTwoProvidersIsTwoEvents(t *testing.T) {
	b := newBank(t, dbtest.Open(t, database.SQLite))
	b.inbox.Handle("zoom", b.handle)
	b.receive(t, "evt_1", "paid")
	if isNew, err := b.inbox.Receive(t.Context(), "zoom", "evt_1", "paid", []byte("{}")); err != nil || !isNew {
		t.Errorf("%v, %v", isNew, err)
	}
	if b.paid(t) != 2 {
		t.Errorf("%d paid", b.paid(t))
	}
}

func TestPayloadsAreErased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		b := newBank(t, db)
		b.broken.Store(true)
		b.receive(t, "evt_1", "paid")
		for _, tt := range []struct {
			days   int
			erased bool
		}{{29, false}, {31, true}} {
			b.move(time.Duration(tt.days) * 24 * time.Hour)
			if err := b.runner.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := b.open(t)[0].Payload == ""; got != tt.erased {
				t.Errorf("after %d days erased is %v", tt.days, got)
			}
		}
		b.drain(t)
		dead, err := jobs.DeadOnes(t.Context(), db.Read(), "", "", 10)
		if err != nil || len(dead) != 1 {
			t.Errorf("an event that can no longer be handled is not shown as dead: %v, %v", dead, err)
		}
	})
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	b := newBank(t, dbtest.Open(t, database.SQLite))
	for _, tt := range []struct{ id, kind, payload string }{
		{"", "paid", "{}"},
		{"evt_1", "", "{}"},
		{"evt_1", "paid", ""},
		{"evt_1", "paid", "\xff"},
		{"evt_1", "paid", "\x00"},
		{"evt_\x00", "paid", "{}"},
	} {
		_, err := b.inbox.Receive(t.Context(), "stripe", tt.id, tt.kind, []byte(tt.payload))
		if problem := (*turnout.Error)(nil); !errors.As(err, &problem) || problem.Kind != turnout.Invalid {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if _, err := b.inbox.Receive(t.Context(), "nobody", "evt_1", "paid", []byte("{}")); err == nil {
		t.Error("an event of nobody was taken")
	}
	if len(b.open(t)) != 0 {
		t.Error("something was stored")
	}
}
