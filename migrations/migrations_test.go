package migrations_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/migrations"
)

func TestUpAgainChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		applied, err := migrations.Up(t.Context(), db)
		if err != nil || len(applied) != 0 {
			t.Fatalf("applied %v, %v", applied, err)
		}
	})
}

// Six first starts at once on one empty database: each ends well, and the tables are made once.
func TestSimultaneousFirstStarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 6 {
		wg.Go(func() {
			db, err := database.Open(context.Background(), "sqlite:"+path)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = db.Close() }()
			applied, err := migrations.Up(context.Background(), db)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			total += len(applied)
			mu.Unlock()
		})
	}
	wg.Wait()
	if want := len(migrations.Texts()); total != want {
		t.Errorf("%d migrations applied, want %d", total, want)
	}
}

// The database itself refuses a pool that is taken beyond its capacity, whatever the program does.
func TestDatabaseRefusesOverselling(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			for _, sql := range []string{
				`INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES ('c', 'c', 'C', ?0, ?0)`,
				`INSERT INTO events (id, community_id, number, slug, title, format, timezone, starts_at, ends_at, currency, signing_key, created_at, updated_at)
				 VALUES ('e', 'c', 1, 'e', 'E', 'hybrid', 'UTC', ?0, ?1, 'EUR', '', ?0, ?0)`,
				`INSERT INTO pools (id, community_id, event_id, name, capacity, taken, created_at, updated_at) VALUES ('p', 'c', 'e', 'P', 3, 3, ?0, ?0)`,
			} {
				if _, err := tx.ExecContext(ctx, sql, at, at.Add(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []string{"taken = taken + 1", "capacity = 2", "taken = -1"} {
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE pools SET "+set)
				return err
			})
			if !database.IsConstraint(err) || database.IsUnique(err) {
				t.Errorf("%s: %v", set, err)
			}
		}
		var back time.Time
		if err := db.Read().NewSelect().Table("pools").Column("created_at").Where("id = ?", turnout.ID("p")).Scan(t.Context(), &back); err != nil || !back.Equal(at) {
			t.Errorf("time came back as %v, %v", back, err)
		}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO counters (name, value) VALUES ('n', 1), ('n', 2)`)
			return err
		}); !database.IsUnique(err) {
			t.Errorf("a second row under one key: %v", err)
		}
		if err := db.Tx(t.Context(), func(context.Context, bun.Tx) error { return errors.New("no") }); err == nil {
			t.Error("an error of the body was swallowed")
		}
	})
}
