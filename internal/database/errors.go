package database

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"turnout"
)

// IsUnique reports whether err is the refusal of a second row under one unique key. A failed statement aborts a
// PostgreSQL transaction: ask after the transaction, or run the statement in a nested tx.RunInTx (a savepoint).
func IsUnique(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505"
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// IsConstraint reports whether err is the refusal of any constraint (unique, check, foreign key, not null).
func IsConstraint(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return len(pg.Code) == 5 && pg.Code[:2] == "23"
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
	}
	return false
}

// IsNoRows reports whether a query for one row found none.
func IsNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// NotFound turns "no rows" into turnout.ErrNotFound and leaves every other error as it is.
func NotFound(err error) error {
	if IsNoRows(err) {
		return turnout.ErrNotFound
	}
	return err
}

// ErrAgain is what the body of a transaction returns when it finds that another was faster: everything is rolled back and the
// body runs again.
var ErrAgain = errors.New("database: another transaction was faster")

// lostRace reports whether a transaction failed only because another was faster, so that running it again can succeed.
func lostRace(err error) bool {
	if errors.Is(err, ErrAgain) {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()&0xff == sqlite3.SQLITE_BUSY || lite.Code()&0xff == sqlite3.SQLITE_LOCKED
	}
	return false
}

// isBadValue reports whether err is the refusal of a value by its type (PostgreSQL's class 22: out of range, not of the
// type, not storable in JSON). SQLite takes any value.
func isBadValue(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && len(pg.Code) == 5 && pg.Code[:2] == "22"
}

// ownFailure reports whether err belongs to the request that met it (a rule, a constraint or a type said no, or it
// panicked) and says nothing about the connection.
func ownFailure(err error) bool {
	_, known := errors.AsType[*turnout.Error](err)
	_, panicked := errors.AsType[*panicked](err)
	return known || panicked || IsConstraint(err) || isBadValue(err) || IsNoRows(err) || errors.Is(err, context.Canceled)
}
