package database_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// naughty is the Big List of Naughty Strings.
func naughty(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../../shared/real-data/strings/blns.json")
	if err != nil {
		t.Skipf("the real data are not here: %v", err)
	}
	var all []string
	if err := json.Unmarshal(text, &all); err != nil || len(all) < 500 {
		t.Fatal(len(all), err)
	}
	// What bun 1.2 let out of a JSON literal, and other ways out of a string.
	return append(all, `\'); DROP TABLE jobs; --`, `\\'`, `?`, `?0`, `\?`, `'?'`, `"`, `\`, "\\u0027", `$1 $$ $tag$`, "\u2028", "a\tb\nc")
}

// column is a column as the engine's own catalogue has it.
type column struct {
	Table, Name, Type string
	Required          bool // no NULL and no default
}

func columns(t *testing.T, db *database.DB) (all []column) {
	t.Helper()
	query := `SELECT table_name AS "table", column_name AS name, upper(data_type) AS type,
		is_nullable = 'NO' AND column_default IS NULL AS required FROM information_schema.columns WHERE table_schema = 'public'`
	if db.Engine == database.SQLite {
		query = `SELECT m.name AS "table", c.name AS name, upper(c.type) AS type, (c."notnull" OR c.pk > 0) AND c.dflt_value IS NULL AS required
			FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'`
	}
	if err := db.Read().NewRaw(query).Scan(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// lax lets the connection write rows that break the rest of the schema, fast: neither foreign keys nor checks are asked.
func lax(t *testing.T, conn bun.Conn, engine database.Engine) {
	t.Helper()
	statements := []string{"PRAGMA foreign_keys = 0", "PRAGMA ignore_check_constraints = 1", "PRAGMA synchronous = 0"}
	if engine == database.Postgres {
		statements = []string{"SET session_replication_role = replica", "SET synchronous_commit = off"}
		var checks []struct{ Relation, Name string }
		if err := conn.NewRaw("SELECT conrelid::regclass::text AS relation, conname AS name FROM pg_constraint WHERE contype = 'c'").Scan(t.Context(), &checks); err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if c.Relation != "-" {
				statements = append(statements, "ALTER TABLE "+c.Relation+" DROP CONSTRAINT "+c.Name)
			}
		}
	}
	for _, statement := range statements {
		if _, err := conn.NewRaw(statement).Exec(t.Context()); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// lone writes one row into a table; the connection is lax.
func lone(ctx context.Context, conn bun.Conn, all []column, table string) error {
	var names, values []string
	for _, c := range all {
		if c.Table != table || !c.Required {
			continue
		}
		names = append(names, `"`+c.Name+`"`)
		value, known := map[string]string{"TEXT": "'x'", "BIGINT": "1", "BOOLEAN": "FALSE", "JSONB": "'{}'"}[c.Type]
		if !known {
			value = "'2026-05-01 09:00:00+00:00'"
		}
		values = append(values, value)
	}
	_, err := conn.NewRaw(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", "))).Exec(ctx)
	return err
}

// Every JSON column that the schema has keeps every naughty string, as value and as key, on both engines.
func TestEveryJSONColumnKeepsEveryString(t *testing.T) {
	strange := naughty(t)
	keys := map[string]string{}
	for i, s := range strange {
		keys[s] = fmt.Sprint(i)
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		all := columns(t, db)
		conn, err := db.Writer().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		lax(t, conn, db.Engine)
		checked := 0
		for _, c := range all {
			if c.Type != "JSONB" {
				continue
			}
			checked++
			if err := lone(t.Context(), conn, all, c.Table); err != nil && !database.IsUnique(err) {
				t.Errorf("%s: %v", c.Table, err)
				continue
			}
			written, err := json.Marshal(strange)
			if err != nil {
				t.Fatal(err)
			}
			keepsJSON(t, conn, c, strange)
			keepsJSON(t, conn, c, keys)
			keepsJSON(t, conn, c, json.RawMessage(written))
			for _, s := range strange { // one at a time, to name the one that breaks
				if t.Failed() || c.Table == "audit_log" {
					keepsJSON(t, conn, c, map[string]string{"s": s})
				}
			}
		}
		if checked < 9 {
			t.Errorf("the catalogue shows %d JSON columns", checked)
		}
	})
}

// keepsJSON writes a value into the column of the table's one row through bun's model, and reads it again.
func keepsJSON(t *testing.T, conn bun.Conn, c column, value any) {
	t.Helper()
	tag := reflect.StructTag(fmt.Sprintf(`bun:"%s,type:jsonb"`, c.Name))
	row := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Value", Type: reflect.TypeOf(value), Tag: tag}}))
	row.Elem().Field(0).Set(reflect.ValueOf(value))
	if _, err := conn.NewUpdate().Model(row.Interface()).ModelTableExpr(c.Table).Where("1 = 1").Exec(t.Context()); err != nil {
		t.Errorf("%s.%s: write: %.300v", c.Table, c.Name, err)
		return
	}
	back := reflect.New(row.Elem().Type())
	if err := conn.NewSelect().Model(back.Interface()).ModelTableExpr(c.Table).Scan(t.Context()); err != nil {
		t.Errorf("%s.%s: read: %.300v", c.Table, c.Name, err)
		return
	}
	got, want := back.Elem().Field(0).Interface(), value
	if raw, ok := got.(json.RawMessage); ok { // an engine may space it otherwise
		var a, b []string
		if json.Unmarshal(raw, &a) != nil || json.Unmarshal(value.(json.RawMessage), &b) != nil {
			t.Errorf("%s.%s: no JSON came back", c.Table, c.Name)
		}
		got, want = a, b
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s.%s changed what it keeps:\n%.500s", c.Table, c.Name, diff)
	}
}

// A NUL cannot be stored by PostgreSQL; a request that holds one must not fail others, and both engines do the same.
func TestANulInJSON(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		row := struct {
			bun.BaseModel `bun:"table:jobs"`

			ID          string            `bun:",pk"`
			Kind        string            `bun:"kind"`
			Payload     map[string]string `bun:"payload,type:jsonb"`
			RunAt       time.Time
			LockedUntil time.Time
			CreatedAt   time.Time
		}{ID: "job_1", Kind: "x", Payload: map[string]string{"s": "a\x00b"}, RunAt: time.Now(), LockedUntil: time.Now(), CreatedAt: time.Now()}
		err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewInsert().Model(&row).Exec(ctx)
			return err
		})
		if err != nil {
			t.Errorf("%v", err)
		}
		row.Payload = nil
		if err := db.Read().NewSelect().Model(&row).WherePK().Scan(t.Context()); err != nil || strings.ContainsRune(row.Payload["s"], 0) {
			t.Errorf("%q, %v", row.Payload["s"], err)
		}
	})
}

// Text keeps every naughty string too, written as a value of a model, as an argument, and found again by comparison.
func TestTextKeepsEveryString(t *testing.T) {
	strange := naughty(t)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		type setting struct {
			bun.BaseModel `bun:"table:settings"`

			Name  string `bun:",pk"`
			Value string
		}
		err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			for i, s := range strange {
				if _, err := tx.NewInsert().Model(&setting{Name: fmt.Sprint("model", i), Value: s}).Exec(ctx); err != nil {
					return fmt.Errorf("%q: %w", s, err)
				}
				if _, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?)", fmt.Sprint("argument", i), s).Exec(ctx); err != nil {
					return fmt.Errorf("%q: %w", s, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range strange {
			var found []setting
			if err := db.Read().NewSelect().Model(&found).Where("value = ?", s).Where("name IN (?)", bun.List([]string{fmt.Sprint("model", i), fmt.Sprint("argument", i)})).
				Scan(t.Context()); err != nil || len(found) != 2 || found[0].Value != s {
				t.Errorf("%q: %d rows, %v", s, len(found), err)
			}
		}
	})
}

// Times come back to the microsecond, and the engine orders them as Go does.
func TestTimesKeepMicrosecondsAndOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	times := []time.Time{
		time.Unix(0, 0), time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 29, 1, 0, 0, 1000, time.UTC), time.Date(2026, 3, 29, 0, 59, 59, 999_999_000, time.UTC), time.Date(2028, 2, 29, 12, 0, 0, 500_000_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 120_000_000, time.FixedZone("", -11*3600-1800)),
	}
	for range 200 {
		at := time.UnixMicro(random.Int64N(4e15)).In(time.FixedZone("", random.IntN(24)*3600-12*3600))
		times = append(times, at, at.Add(time.Microsecond), at.Truncate(time.Second))
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		type key struct {
			bun.BaseModel `bun:"table:idempotency_keys"`

			ID          string `bun:",pk"`
			RequestHash string
			ResultID    string
			CreatedAt   time.Time
		}
		keys := make([]key, len(times))
		for i, at := range times {
			keys[i] = key{ID: fmt.Sprintf("%04d", i), CreatedAt: at}
		}
		if err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewInsert().Model(&keys).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var back []key
		if err := db.Read().NewSelect().Model(&back).Order("created_at", "id").Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(keys, func(a, b key) int { return a.CreatedAt.Compare(b.CreatedAt) })
		for i := range back {
			if back[i].ID != keys[i].ID || !back[i].CreatedAt.Equal(keys[i].CreatedAt) {
				t.Fatalf("place %d: %s %v, want %s %v", i, back[i].ID, back[i].CreatedAt, keys[i].ID, keys[i].CreatedAt)
			}
		}
		for range 50 {
			at := times[random.IntN(len(times))]
			want := int64(0)
			for _, other := range times {
				if other.Before(at) {
					want++
				}
			}
			n, err := db.Read().NewSelect().Model((*key)(nil)).Where("created_at < ?", at).Count(t.Context())
			if err != nil || n != want {
				t.Errorf("before %v: %d, want %d, %v", at, n, want, err)
			}
		}
	})
}

// SQLite's reading connections refuse every kind of write, so that a mistake cannot bring "database is locked" to the rest.
func TestReadingConnectionsRefuseToWrite(t *testing.T) {
	db := dbtest.Handle(t, oneAddress(t))
	begin(t, db, "there")
	for _, statement := range []string{
		"INSERT INTO counters (name, value) VALUES ('x', 1)", "UPDATE counters SET value = 2", "DELETE FROM counters", "DROP TABLE counters",
		"CREATE TABLE x (n BIGINT)", "PRAGMA user_version = 7",
	} {
		if _, err := db.Read().NewRaw(statement).Exec(t.Context()); err == nil {
			t.Errorf("a reading connection did: %s", statement)
		}
	}
	if n, there := value(t, db, "there"); !there || n != 0 {
		t.Errorf("there is %d, %v", n, there)
	}
}

func TestWhatErrorsAre(t *testing.T) {
	each(t, func(t *testing.T, _, address string) {
		db := dbtest.Handle(t, address)
		begin(t, db, "twice")
		for name, tt := range map[string]struct {
			statement          string
			unique, constraint bool
		}{
			"primary key": {"INSERT INTO counters (name, value) VALUES ('twice', 1)", true, true},
			"unique key": {`INSERT INTO webhook_events (id, provider, event_id, type, payload, received_at) VALUES
				('a', 'p', 'same', 't', '{}', '2026-01-01 00:00:00+00:00'), ('b', 'p', 'same', 't', '{}', '2026-01-01 00:00:00+00:00')`, true, true},
			"check": {`INSERT INTO jobs (id, kind, state, run_at, locked_until, created_at) VALUES
				('c', 'k', 'odd', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')`, false, true},
			"not null":    {"INSERT INTO counters (name, value) VALUES ('none', NULL)", false, true},
			"foreign key": {"INSERT INTO event_totals (event_id, community_id) VALUES ('nowhere', 'nobody')", false, true},
			"no table":    {"INSERT INTO nowhere VALUES (1)", false, false},
			"syntax":      {"INSERT OR", false, false},
		} {
			err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw(tt.statement).Exec(ctx)
				return err
			})
			wrapped := fmt.Errorf("wrapped: %w", err)
			if err == nil || database.IsUnique(wrapped) != tt.unique || database.IsConstraint(wrapped) != tt.constraint {
				t.Errorf("%s: unique %v, constraint %v: %v", name, database.IsUnique(wrapped), database.IsConstraint(wrapped), err)
			}
		}
		// Inside a savepoint a refusal can be asked about and the transaction goes on.
		err := db.Tx(soon(t), func(ctx context.Context, tx bun.Tx) error {
			err := tx.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error { return set(ctx, tx, "twice", 1) })
			if !database.IsUnique(err) {
				return fmt.Errorf("in the savepoint: %w", err)
			}
			return set(ctx, tx, "after the savepoint", 1)
		})
		if _, there := value(t, db, "after the savepoint"); err != nil || !there {
			t.Error(err)
		}
		var n int64
		none := db.Read().NewRaw("SELECT value FROM counters WHERE name = 'nobody'").Scan(t.Context(), &n)
		if err := database.NotFound(fmt.Errorf("wrapped: %w", none)); !database.IsNoRows(none) || err.Error() != "not_found: There is no such thing here, or it is not yours to see." {
			t.Errorf("%v, %v", none, err)
		}
		if err := database.NotFound(errUnknown); err != errUnknown { //nolint:errorlint // the very same
			t.Error(err)
		}
		if database.NotFound(nil) != nil || database.IsNoRows(nil) || database.IsUnique(nil) || database.IsConstraint(nil) {
			t.Error("no error is taken for one")
		}
	})
}

func TestAddressesThatAreNone(t *testing.T) {
	for address, secret := range map[string]string{
		"mysql://root@localhost": "root", "": "x y z", "postgres://user:hunter2@[broken": "hunter2", "sqlite:/no/such/folder/anywhere/x.db": "x y z",
		"postgres://user:hunter2@127.0.0.1:1/db?connect_timeout=1": "hunter2",
	} {
		db, err := database.Open(soon(t), address)
		if err == nil {
			_ = db.Close()
			t.Errorf("%q was opened", address)
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q: the error repeats it: %v", address, err)
		}
	}
}
