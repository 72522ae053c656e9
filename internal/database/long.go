package database

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// LongRead gives do a connection of its own for statements that go through a whole table piece by piece. On SQLite it keeps few
// pages meanwhile, so that such a read costs the same memory however long the table is.
func (db *DB) LongRead(ctx context.Context, do func(conn bun.IDB) error) error {
	conn, err := db.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("database: connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if db.Engine != SQLite {
		return do(conn)
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA cache_size(-2000)"); err != nil {
		return fmt.Errorf("database: long read: %w", err)
	}
	defer func() {
		// The next statement on the connection is another's: it must not find this one's settings, even where ctx has ended.
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), readerCache); err != nil {
			discard(conn)
		}
	}()
	return do(conn)
}

// readerCache gives a reading connection of SQLite its 16 MB of pages.
const readerCache = "PRAGMA cache_size(-16000)"
