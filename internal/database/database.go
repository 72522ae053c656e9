// Package database opens the two engines that Turnout runs on, runs transactions, and groups writes.
//
// SQLite (modernc.org/sqlite, WAL, synchronous FULL) has one writing connection and several reading ones; PostgreSQL
// (pgx, simple protocol) has one pool for both. Everything above sees a [DB]: [DB.Read] for queries outside a
// transaction, [DB.Tx] for a use case, and [Submit] for writes that many people do at once.
package database

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Engine names a database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database of either engine. It is safe for concurrent use.
type DB struct {
	Engine Engine
	// Path is the file of a SQLite database, empty for PostgreSQL.
	Path string

	read, write *bun.DB
	batcher     *batcher
}

// Open opens "sqlite:FILE" or "postgres://…" and checks that it answers. Close it when done.
func Open(ctx context.Context, target string) (*DB, error) {
	db := &DB{}
	var err error
	if path, ok := strings.CutPrefix(target, "sqlite:"); ok {
		db.Engine, db.Path = SQLite, path
		err = db.openSQLite(path)
	} else if strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://") {
		db.Engine = Postgres
		err = db.openPostgres(target)
	} else {
		err = fmt.Errorf("database: the address must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, err
	}
	for _, pool := range []*bun.DB{db.write, db.read} {
		if err := firstAnswer(ctx, pool); err != nil {
			_ = db.closePools()
			return nil, fmt.Errorf("database: open %s: %w", db.Engine, err)
		}
	}
	db.batcher = newBatcher(db)
	return db, nil
}

// firstAnswer waits for the first connection. Turning a new SQLite file to WAL does not heed the busy timeout: of several
// processes that open it at once, some are told busy and must ask again.
func firstAnswer(ctx context.Context, pool *bun.DB) error {
	var err error
	for try := range 20 {
		if err = pool.PingContext(ctx); err == nil || !lostRace(err) {
			return err
		}
		time.Sleep(time.Duration(5*(try+1)) * time.Millisecond)
	}
	return err
}

func (db *DB) openSQLite(path string) error {
	dsn := func(pragmas ...string) string {
		q := url.Values{"_txlock": {"immediate"}}
		for _, p := range append([]string{"busy_timeout(5000)"}, pragmas...) {
			q.Add("_pragma", p)
		}
		return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	}
	writer, err := sql.Open("sqlite", dsn("journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)", "cache_size(-32000)"))
	if err != nil {
		return fmt.Errorf("database: open sqlite: %w", err)
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", dsn("foreign_keys(1)", "query_only(1)", "cache_size(-16000)"))
	if err != nil {
		_ = writer.Close()
		return fmt.Errorf("database: open sqlite: %w", err)
	}
	reader.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	reader.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	db.write = bun.NewDB(writer, sqlitedialect.New()).WithQueryHook(countHook{})
	db.read = bun.NewDB(reader, sqlitedialect.New()).WithQueryHook(countHook{})
	return nil
}

func (db *DB) openPostgres(target string) error {
	cfg, err := pgx.ParseConfig(target)
	if err != nil {
		return fmt.Errorf("database: the PostgreSQL address is not understood (its text is not repeated here, it may hold a password)")
	}
	// bun writes arguments into the statement; prepared ones would be made anew for each (438 µs against 58 µs).
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.RuntimeParams["standard_conforming_strings"] = "on"
	cfg.RuntimeParams["default_transaction_isolation"] = isolation(cfg.RuntimeParams["default_transaction_isolation"])
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)
	pool.SetConnMaxLifetime(time.Hour)
	db.write = bun.NewDB(pool, pgdialect.New()).WithQueryHook(countHook{})
	db.read = db.write
	return nil
}

// isolation keeps a level that the address names (the suite also runs under SERIALIZABLE), else READ COMMITTED.
func isolation(named string) string {
	if named == "" {
		return "read committed"
	}
	return named
}

// Read is for queries outside a transaction. On SQLite its connections refuse to write.
func (db *DB) Read() *bun.DB { return db.read }

// Writer is the writing pool, for migrations and backup only; domain code uses Tx.
func (db *DB) Writer() *bun.DB { return db.write }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// Shrink gives back the memory that a large piece of work has left: the writer's page cache on SQLite, and what Go keeps.
func (db *DB) Shrink(ctx context.Context) error {
	defer debug.FreeOSMemory()
	if db.Engine != SQLite {
		return nil
	}
	if _, err := db.write.ExecContext(ctx, "PRAGMA shrink_memory"); err != nil {
		return fmt.Errorf("database: shrink: %w", err)
	}
	return nil
}

// Close waits for the writes that are queued, then closes the connections.
func (db *DB) Close() error {
	db.batcher.close()
	return db.closePools()
}

func (db *DB) closePools() error {
	err := db.write.Close()
	if db.read != db.write {
		if e := db.read.Close(); err == nil {
			err = e
		}
	}
	return err
}
