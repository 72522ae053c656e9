// Package migrations holds the numbered SQL that makes and changes the tables, the same text for both engines, and [Up],
// which applies it. README.md says the rules.
package migrations

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"turnout"
	"turnout/internal/database"
)

//go:embed *.sql
var files embed.FS

const (
	leaseTime = 15 * time.Second
	leaseWait = 2 * time.Minute // how long a start waits for another process that is migrating
)

// Up brings the database to the newest version and returns the names of the migrations that it applied. Several
// processes may call it at once: bun's migrator does not lock, so each works under a lease row that it renews at a third
// of its life.
func Up(ctx context.Context, db *database.DB) ([]string, error) {
	if err := createLease(ctx, db.Writer()); err != nil {
		return nil, fmt.Errorf("migrations: lease table: %w", err)
	}
	owner := string(turnout.NewID("own"))
	if err := waitForLease(ctx, db.Writer(), owner); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		renew(ctx, cancel, db.Writer(), owner)
	}()
	applied, err := apply(ctx, db.Writer())
	cancel(nil)
	<-renewed
	_, freed := db.Writer().ExecContext(context.WithoutCancel(ctx), "UPDATE schema_lease SET expires_ms = 0 WHERE id = 1 AND owner = ?", owner)
	if err == nil {
		err = freed
	}
	return applied, err
}

func createLease(ctx context.Context, db *bun.DB) error {
	// Two processes can both find the table missing; PostgreSQL then refuses one CREATE with a unique violation of its
	// own catalogue, and the second try finds the table there.
	var err error
	for range 5 {
		_, err = db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_lease (id BIGINT PRIMARY KEY, owner TEXT NOT NULL, expires_ms BIGINT NOT NULL)`)
		if err == nil {
			_, err = db.ExecContext(ctx, `INSERT INTO schema_lease (id, owner, expires_ms) VALUES (1, '', 0) ON CONFLICT (id) DO NOTHING`)
		}
		if err == nil || !database.IsUnique(err) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func waitForLease(ctx context.Context, db *bun.DB, owner string) error {
	deadline := time.Now().Add(leaseWait)
	for {
		held, err := takeLease(ctx, db, owner)
		if err != nil || held {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("migrations: another process has been migrating this database for %s; stop it, or wait and start again", leaseWait)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func takeLease(ctx context.Context, db *bun.DB, owner string) (bool, error) {
	now := time.Now()
	n, err := database.Changed(db.ExecContext(ctx, `UPDATE schema_lease SET owner = ?, expires_ms = ? WHERE id = 1 AND (expires_ms < ? OR owner = ?)`,
		owner, now.Add(leaseTime).UnixMilli(), now.UnixMilli(), owner))
	if err != nil {
		return false, fmt.Errorf("migrations: lease: %w", err)
	}
	return n == 1, nil
}

// renew keeps the lease until ctx ends; when it is lost, it ends the work.
func renew(ctx context.Context, cancel context.CancelCauseFunc, db *bun.DB, owner string) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(leaseTime / 3):
		}
		// A migration under way holds SQLite's one writing connection; then nobody else can take the lease either.
		if db.Stats().MaxOpenConnections == 1 {
			continue
		}
		if held, err := takeLease(ctx, db, owner); err == nil && !held {
			cancel(fmt.Errorf("migrations: the lease was lost to another process"))
			return
		}
	}
}

func apply(ctx context.Context, db *bun.DB) ([]string, error) {
	set := migrate.NewMigrations()
	if err := set.Discover(files); err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	// Marked only on success: otherwise a migration that failed would be skipped the next time.
	m := migrate.NewMigrator(db, set, migrate.WithMarkAppliedOnSuccess(true))
	if err := m.Init(ctx); err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	group, err := m.Migrate(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	var names []string
	for _, one := range group.Migrations {
		names = append(names, one.Name+"_"+one.Comment)
	}
	return names, nil
}

// Texts gives the SQL of every migration, in order: for the checks that read it.
func Texts() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // embedded
	}
	var texts []string
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}
