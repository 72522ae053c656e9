package migrations_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/migrations"
)

// notPortable is what only one engine knows, or what YugabyteDB or CockroachDB do otherwise: README.md has the rule.
var notPortable = regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
	`(big|small)?serial`, `create\s+sequence`, `nextval`, `generated\s+(always|by)`, `autoincrement`,
	`create\s+(or\s+replace\s+)?(trigger|function|procedure|rule|extension|type|domain|materialized)`,
	`pg_(try_)?advisory\w*`, `listen\s+\w+`, `notify\s+\w+`, `lock\s+table`,
	`for\s+(no\s+key\s+)?(update|share)`, `skip\s+locked`, `nowait`,
	`deferrable`, `exclude\s+using`, `inherits`, `partition\s+by`, `without\s+rowid`,
	`current_timestamp`, `now\(\)`, `strftime`, `date_trunc`, `insert\s+or\s+(ignore|replace)`,
}, "|") + `)`)

// comment is SQL's, to the end of its line.
var comment = regexp.MustCompile(`--[^\n]*`)

func TestMigrationsKeepToThePortableSubset(t *testing.T) {
	for _, text := range migrations.Texts() {
		text = comment.ReplaceAllString(text, "")
		for _, found := range notPortable.FindAllString(text, -1) {
			t.Errorf("a migration says %q", found)
		}
	}
}

// The statements in the program's code keep to the same subset. cmd is exempt: its benchmark runs the shapes that other
// programs use, to be compared with.
func TestStatementsKeepToThePortableSubset(t *testing.T) {
	verb := regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|LOCK|LISTEN|NOTIFY|FOR)\b`)
	read := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "cmd" || entry.Name() != ".." && strings.HasPrefix(entry.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if sql := strings.Trim(lit.Value, "`\""); verb.MatchString(sql) {
				read++
				if found := notPortable.FindString(sql); found != "" {
					t.Errorf("%s: a statement says %q", files.Position(lit.Pos()), found)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Error("no statement was found in the code: this test looks in the wrong place")
	}
}

// belongsToNobody lists the tables that are the installation's and not one community's.
var belongsToNobody = []string{
	"settings", "communities", "webhook_events", "idempotency_keys", "blobs", "counters",
	"accounts", "web_sessions", "attempts", // a person signs in once for all communities
	"sandbox_objects", // stands for Stripe, which knows no communities
	"schema_lease", "bun_migrations", "bun_migration_locks",
}

func TestColumns(t *testing.T) {
	db := dbtest.Open(t, database.SQLite)
	var columns []struct{ Relation, Name, Type string }
	if err := db.Read().NewRaw(`SELECT m.name AS relation, c.name AS name, c.type AS type FROM sqlite_master AS m, pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'bun_%'`).Scan(t.Context(), &columns); err != nil {
		t.Fatal(err)
	}
	owned := map[string]bool{}
	for _, c := range columns {
		if c.Relation == "search_tokens" && c.Name == "token" {
			continue // bytes: the migration says why
		}
		if !slices.Contains([]string{"TEXT", "BIGINT", "BOOLEAN", "TIMESTAMPTZ", "JSONB"}, c.Type) {
			t.Errorf("%s.%s is %s: not one of the types that both engines spell alike", c.Relation, c.Name, c.Type)
		}
		owned[c.Relation] = owned[c.Relation] || c.Name == "community_id"
	}
	for relation, ok := range owned {
		if !ok && !slices.Contains(belongsToNobody, relation) {
			t.Errorf("%s has no community_id", relation)
		}
	}
}

// What PostgreSQL made of the migrations, from its own catalogue. bun's table of migrations has a sequence of its own.
func TestCatalogueOfPostgres(t *testing.T) {
	if !slices.Contains(dbtest.Engines(), database.Postgres) {
		t.Skip("TURNOUT_TEST_POSTGRES is not set")
	}
	db := dbtest.Open(t, database.Postgres)
	for what, query := range map[string]string{
		"sequence":              `SELECT sequencename FROM pg_sequences WHERE sequencename NOT LIKE 'bun_%'`,
		"trigger":               `SELECT tgname FROM pg_trigger WHERE NOT tgisinternal`,
		"function":              `SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
		"exclusion constraint":  `SELECT conname FROM pg_constraint WHERE contype = 'x'`,
		"deferrable constraint": `SELECT conname FROM pg_constraint WHERE condeferrable`,
		"extension":             `SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'`,
		"type or enumeration":   `SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')`,
	} {
		var names []string
		if err := db.Read().NewRaw(query).Scan(t.Context(), &names); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(names) > 0 {
			t.Errorf("%s: %q", what, names)
		}
	}
}
