package database_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// setups are the engines, PostgreSQL also with the strictest isolation: what holds must hold at both.
func setups() map[string]string {
	all := map[string]string{"sqlite": ""}
	if os.Getenv("TURNOUT_TEST_POSTGRES") != "" {
		all["postgres"], all["serializable"] = "", "default_transaction_isolation=serializable"
	}
	return all
}

// each runs the test once in each setup, on an address of its own.
func each(t *testing.T, test func(t *testing.T, setup, address string)) {
	for setup, param := range setups() {
		t.Run(setup, func(t *testing.T) {
			t.Parallel()
			engine := database.Postgres
			if setup == "sqlite" {
				engine = database.SQLite
			}
			address := dbtest.Address(t, engine)
			if param != "" {
				separator := "?"
				if strings.Contains(address, "?") {
					separator = "&"
				}
				address += separator + param
			}
			test(t, setup, address)
		})
	}
}

// soon gives a context that ends the test, not the suite, when something waits for ever.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// set writes a row of the table counters, which the tests use as theirs.
func set(ctx context.Context, tx bun.IDB, name string, value int64) error {
	_, err := tx.NewRaw("INSERT INTO counters (name, value) VALUES (?, ?)", name, value).Exec(ctx)
	return err
}

// value reads a row of counters; false when there is none.
func value(t *testing.T, db *database.DB, name string) (n int64, there bool) {
	t.Helper()
	err := db.Read().NewRaw("SELECT value FROM counters WHERE name = ?", name).Scan(t.Context(), &n)
	if err != nil && !database.IsNoRows(err) {
		t.Fatal(err)
	}
	return n, err == nil
}

// rows counts the rows of counters whose names begin so.
func rows(t *testing.T, db *database.DB, prefix string) (n int64) {
	t.Helper()
	if err := db.Read().NewRaw("SELECT COUNT(*) FROM counters WHERE name LIKE ?", prefix+"%").Scan(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

var (
	errRefused = &turnout.Error{Kind: turnout.Conflict, Code: "refused", Message: "No."}
	errUnknown = errors.New("nobody knows what this was")
)

// errNoRows is what a query for one row says when there is none.
var errNoRows = sql.ErrNoRows

// oneAddress is a SQLite database, for what is the same on both engines or only SQLite's.
func oneAddress(t *testing.T) string {
	t.Helper()
	return dbtest.Address(t, database.SQLite)
}
