package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"
)

type txKey struct{}

const attempts = 8

// Tx runs body in one transaction and commits when it returns nil. A transaction that lost against another
// (serialization failure, deadlock, SQLite busy) is rolled back and body runs again, so body must set all it writes to
// outside itself anew each time. Inside, use only tx and the given context; a Tx inside a Tx is a mistake in the program
// and panics. Nothing slow belongs in here: no mail, no provider, no PDF.
func (db *DB) Tx(ctx context.Context, body func(ctx context.Context, tx bun.Tx) error) error {
	if ctx.Value(txKey{}) != nil {
		panic("database: a transaction inside a transaction: call the store function, not the service")
	}
	ctx = context.WithValue(ctx, txKey{}, true)
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, body)
		if err == nil || attempt == attempts || !lostRace(err) {
			return err
		}
		pause := time.Duration(1<<attempt)*time.Millisecond + rand.N(10*time.Millisecond)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (db *DB) once(ctx context.Context, body func(ctx context.Context, tx bun.Tx) error) (err error) {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("database: connection: %w", err)
	}
	defer func() {
		if err != nil && !ownFailure(err) && !lostRace(err) && ctx.Err() == nil {
			discard(conn)
		}
		_ = conn.Close()
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("database: begin: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback()
			panic(p)
		}
	}()
	if err := body(ctx, tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("database: commit: %w", err)
	}
	return nil
}

// discard closes the connection instead of giving it back: after a failure that is nobody's own (a full disk may already
// have rolled back), its state is not known.
func discard(conn bun.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// Changed turns the result of a conditional write into the number of rows it changed.
func Changed(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
