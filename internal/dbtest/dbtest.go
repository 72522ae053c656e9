// Package dbtest gives each test a migrated database of its own, on both engines.
//
// SQLite is always there: a migrated file is made once a process and copied. PostgreSQL is used when
// TURNOUT_TEST_POSTGRES names a server (`make test` starts one): a template database is made once a server and copied.
package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/migrations"
)

// Each runs test once on each engine that is there, as parallel subtests.
func Each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, engine))
		})
	}
}

// Engines lists the engines that tests can use here.
func Engines() []database.Engine {
	if os.Getenv("TURNOUT_TEST_POSTGRES") == "" {
		return []database.Engine{database.SQLite}
	}
	return []database.Engine{database.SQLite, database.Postgres}
}

// Open gives a migrated, empty database of the engine; it is closed and removed with the test.
func Open(tb testing.TB, engine database.Engine) *database.DB {
	tb.Helper()
	return Handle(tb, Address(tb, engine))
}

// Handle opens a database that has an address: each handle is another server on the same data. It is closed with the test.
func Handle(tb testing.TB, address string) *database.DB {
	tb.Helper()
	db, err := database.Open(tb.Context(), address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// Together runs n calls that all begin at the same moment, and waits for them.
func Together(n int, call func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Go(func() {
			ready.Wait()
			call(i)
		})
	}
	ready.Done()
	done.Wait()
}

// Waiting returns once so many connections to the database wait for a lock. SQLite does not tell: there it gives them a moment.
func Waiting(ctx context.Context, db *database.DB, n int) error {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if db.Engine == database.SQLite {
			if time.Since(began) > 50*time.Millisecond {
				return nil
			}
			continue
		}
		var waiting int
		err := db.Read().NewRaw("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(ctx, &waiting)
		if err != nil || waiting >= n {
			return err
		}
		if time.Since(began) > 3*time.Second {
			return fmt.Errorf("dbtest: %d connections wait for a lock, not %d", waiting, n)
		}
	}
}

// Address makes a migrated, empty database and gives its address, for tests that open it more than once (two servers on
// one database) or in another process.
func Address(tb testing.TB, engine database.Engine) string {
	tb.Helper()
	if engine == database.Postgres {
		return postgresCopy(tb)
	}
	template, err := sqliteTemplate()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "turnout.db")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		tb.Fatal(err)
	}
	return "sqlite:" + path
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "turnout-test-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(address string) error {
	ctx := context.Background()
	db, err := database.Open(ctx, address)
	if err != nil {
		return err
	}
	if _, err := migrations.Up(ctx, db); err != nil {
		_ = db.Close()
		return err
	}
	return db.Close()
}

func postgresCopy(tb testing.TB) string {
	tb.Helper()
	template, err := postgresTemplate()
	if err != nil {
		tb.Fatal(err)
	}
	admin, err := database.Open(context.Background(), server("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	name := "turnout_" + string(turnout.NewID("test"))
	if _, err := admin.Writer().Exec(fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if _, err := admin.Writer().Exec(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			tb.Error(err)
		}
		_ = admin.Close()
	})
	return server(name)
}

// postgresTemplate makes the migrated template once a server: under a name of its own, then renamed, so that test
// programs that run at the same time never see half of it.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	name := "turnout_template_" + migrationsHash()
	admin, err := database.Open(context.Background(), server("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close() }()
	exists, err := admin.Read().NewSelect().TableExpr("pg_database").Where("datname = ?", name).Exists(context.Background())
	if err != nil || exists {
		return name, err
	}
	draft := "turnout_" + string(turnout.NewID("draft"))
	if _, err := admin.Writer().Exec("CREATE DATABASE " + draft); err != nil {
		return "", err
	}
	if err := migrate(server(draft)); err != nil {
		return "", err
	}
	for range 50 { // the server notices a closed connection a moment later
		if _, err = admin.Writer().Exec(fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", draft, name)); err == nil {
			return name, nil
		}
		if strings.Contains(err.Error(), "already exists") {
			_, err = admin.Writer().Exec(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", draft))
			return name, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", err
})

func migrationsHash() string {
	h := sha256.New()
	for _, text := range slices.Sorted(slices.Values(migrations.Texts())) {
		h.Write([]byte(text))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func server(name string) string {
	u, err := url.Parse(os.Getenv("TURNOUT_TEST_POSTGRES"))
	if err != nil {
		panic("dbtest: TURNOUT_TEST_POSTGRES is not an address")
	}
	u.Path = "/" + name
	return u.String()
}

// EveryCounterIsChecked breaks each counter of the tables in turn (a table, or one column of it) and wants a sentence of check
// about it; then it removes the table's rows, unless other rows need them, and wants one again. Nothing of that is kept. The
// counters of a table are its columns of numbers.
func EveryCounterIsChecked(t *testing.T, db *database.DB, check func(context.Context, bun.IDB) ([]string, error), tables ...string) {
	t.Helper()
	found := func(statement, about string) {
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			changed, err := database.Changed(tx.ExecContext(ctx, statement))
			if err != nil || changed == 0 {
				t.Errorf("%s: %d rows, %v", statement, changed, err)
			}
			said, err := check(ctx, tx)
			if err != nil || !strings.Contains(strings.Join(said, "\n"), about) {
				t.Errorf("%s: the check says %q, %v", statement, said, err)
			}
			return errRollback
		})
		if !errors.Is(err, errRollback) {
			t.Error(err)
		}
	}
	for _, table := range tables {
		table, only, _ := strings.Cut(table, ".")
		rows, err := db.Read().QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.ColumnTypes()
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		broken := 0
		for _, c := range columns {
			if kind := c.DatabaseTypeName(); kind != "BIGINT" && kind != "INT8" || only != "" && c.Name() != only {
				continue
			}
			found(fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[2]s + 1", table, c.Name()), c.Name()+" is ")
			broken++
		}
		if broken == 0 {
			t.Errorf("%s has no counters: this test looks in the wrong place", table)
		}
		if only == "" {
			found("DELETE FROM "+table, table)
		}
	}
}

var errRollback = errors.New("dbtest: nothing of this is kept")

// NoDeadlocks wants that PostgreSQL breaks no deadlock in the database while the test runs: locks are taken in one order
// everywhere. Connections tell of theirs when they end, so call it before the databases are opened: it looks after they closed.
func NoDeadlocks(t *testing.T, address string) {
	t.Helper()
	t.Cleanup(func() {
		db, err := database.Open(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if db.Engine != database.Postgres {
			return
		}
		var broken int64
		if err := db.Read().NewRaw("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(context.Background(), &broken); err != nil {
			t.Fatal(err)
		}
		if broken != 0 {
			t.Errorf("%d deadlocks", broken)
		}
	})
}
