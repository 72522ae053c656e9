package people_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func TestNormaliseEmail(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{" Ada@Example.ORG\n", "ada@example.org"},
		{"first.last+tag@sub.example.org", "first.last+tag@sub.example.org"},
		{"o'brien@example.org", "o'brien@example.org"},
		{"a@bücher.example", "a@xn--bcher-kva.example"},
		{"a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"},
		{"JOSÉ@example.org", "josé@example.org"},
		{"jose\u0301@example.org", "josé@example.org"}, // a combining accent is the same letter
		{"用户@example.org", "用户@example.org"},
		{"a@example。org", "a@example.org"}, // the ideographic full stop of an input method
		{"a@localhost", ""},
		{"@example.org", ""},
		{"a@", ""},
		{"", ""},
		{"a b@example.org", ""},
		{"a@b@example.org", ""},
		{".a@example.org", ""},
		{"a..b@example.org", ""},
		{"a@example..org", ""},
		{"a@-example.org", ""},
		{"a@exam_ple.org", ""},
		{"a@example.org.", ""},
		{"a@[127.0.0.1]", ""},
		{`"a b"@example.org`, ""},
		{"Ada <ada@example.org>", ""},
		{"a\r\nBcc: b@example.org", ""},
		{"a\x00@example.org", ""},
		{"a\x7f@example.org", ""},
		{strings.Repeat("a", 65) + "@example.org", ""},
		{"a@" + strings.Repeat("long-label.", 24) + "org", ""},
	} {
		got, err := people.NormaliseEmail(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q became %q, %v; want %q", tt.in, got, err, tt.want)
		}
		if err != nil && !errors.Is(err, people.ErrEmail) {
			t.Errorf("%q: %v", tt.in, err)
		}
	}
}

func community(t *testing.T, db *database.DB, id turnout.ID) turnout.ID {
	t.Helper()
	_, err := db.Writer().ExecContext(t.Context(), `INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?0, ?0, ?0, ?1, ?1)`, id, noon)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ensure(t *testing.T, db *database.DB, com turnout.ID, contacts ...people.Contact) []turnout.ID {
	t.Helper()
	var ids []turnout.ID
	err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) (err error) {
		ids, err = people.Ensure(ctx, tx, com, noon, contacts)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func count(t *testing.T, db *database.DB, relation string) int64 {
	t.Helper()
	n, err := db.Read().NewSelect().Table(relation).Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEnsureKnowsPeopleAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		com := community(t, db, "com_a")
		first := ensure(t, db, com,
			people.Contact{Name: "Ada", Email: "ada@example.org"},
			people.Contact{Name: "Bob", Email: "bob@example.org"},
			people.Contact{Name: "A.", Email: " ADA@example.org"},
			people.Contact{Source: "GitHub", Handle: "@Ada"},
		)
		if first[0] != first[2] || first[0] == first[1] || first[3] == first[0] {
			t.Fatalf("persons %v", first)
		}
		again := ensure(t, db, com,
			people.Contact{Source: "github", Handle: "ada", Name: "Ada L."},
			people.Contact{Email: "bob@example.org", Source: "slack", Handle: "U1"},
			people.Contact{Source: "slack", Handle: "u1"},
			people.Contact{Source: "email", Handle: "Bob@example.org"},
			people.Contact{Email: "ada@example.org", Name: "Somebody else", Source: "github", Handle: "ada"},
		)
		if want := []turnout.ID{first[3], first[1], first[1], first[1], first[0]}; !slices.Equal(again, want) {
			t.Errorf("persons %v, want %v", again, want)
		}
		if p, i := count(t, db, "persons"), count(t, db, "identities"); p != 3 || i != 4 {
			t.Errorf("%d persons, %d identities; want 3 and 4", p, i)
		}
		for id, want := range map[turnout.ID]string{first[0]: "Ada", first[3]: "Ada L."} {
			if p, err := people.Find(t.Context(), db.Read(), com, id); err != nil || p.Name != want {
				t.Errorf("%s is %+v, %v; want the name %q", id, p, err, want)
			}
		}
	})
}

func TestCommunitiesDoNotSharePeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		a, b := community(t, db, "com_a"), community(t, db, "com_b")
		ada := people.Contact{Name: "Ada", Email: "ada@example.org"}
		one, other := ensure(t, db, a, ada)[0], ensure(t, db, b, ada)[0]
		if one == other {
			t.Error("two communities have one person")
		}
		if _, err := people.Find(t.Context(), db.Read(), b, one); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's person: %v", err)
		}
	})
}

func TestEnsureTakesFewStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		com := community(t, db, "com_a")
		var contacts []people.Contact
		for i := range 256 {
			contacts = append(contacts, people.Contact{Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%d@example.org", i%200)})
		}
		for _, most := range []int64{4, 1} { // new, then known
			ctx, n := database.CountQueries(t.Context())
			err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				before := n.Load()
				ids, err := people.Ensure(ctx, tx, com, noon, contacts)
				if err == nil && ids[0] != ids[200] {
					t.Error("one address, two persons")
				}
				if took := n.Load() - before; took > most {
					t.Errorf("%d statements, want at most %d", took, most)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, db, "persons"); n != 200 {
			t.Errorf("%d persons, want 200", n)
		}
	})
}

func TestEnsureNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if ids := ensure(t, db, community(t, db, "com_a")); len(ids) != 0 {
			t.Errorf("persons %v for nobody", ids)
		}
	})
}

func TestEnsureRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		com := community(t, db, "com_a")
		for _, c := range []people.Contact{{}, {Name: "Only a name"}, {Email: "no"}, {Handle: "x"}, {Source: "slack"}, {Source: "email", Handle: "no"}, {Email: "a@example.org", Source: "slack", Handle: " @ "}} {
			err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				_, err := people.Ensure(ctx, tx, com, noon, []people.Contact{{Email: "fine@example.org"}, c})
				return err
			})
			if e, ok := errors.AsType[*turnout.Error](err); !ok || e.Kind != turnout.Invalid || !strings.Contains(err.Error(), "contact 1") {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if n := count(t, db, "persons"); n != 0 {
			t.Errorf("%d persons of refused contacts", n)
		}
	})
}

// Twenty transactions tell of the same new people at once, in different orders: each address becomes one person.
func TestEnsureAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		com := community(t, db, "com_a")
		var mu sync.Mutex
		seen := map[string]map[turnout.ID]bool{}
		var wg sync.WaitGroup
		for g := range 20 {
			wg.Go(func() {
				var contacts []people.Contact
				for i := range 10 {
					email := fmt.Sprintf("p%d@example.org", (i*7+g)%10)
					contacts = append(contacts, people.Contact{Name: "P", Email: email, Source: "slack", Handle: email})
				}
				var ids []turnout.ID
				err := db.Tx(context.Background(), func(ctx context.Context, tx bun.Tx) (err error) {
					ids, err = people.Ensure(ctx, tx, com, noon, contacts)
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				for i, c := range contacts {
					if seen[c.Email] == nil {
						seen[c.Email] = map[turnout.ID]bool{}
					}
					seen[c.Email][ids[i]] = true
				}
			})
		}
		wg.Wait()
		for email, ids := range seen {
			if len(ids) != 1 {
				t.Errorf("%s is %d persons", email, len(ids))
			}
		}
		if p, i := count(t, db, "persons"), count(t, db, "identities"); p != 10 || i != 20 {
			t.Errorf("%d persons and %d identities, want 10 and 20", p, i)
		}
	})
}

func TestFold(t *testing.T) {
	for in, want := range map[string][]string{
		"Łukasz Żółw":            {"lukasz", "zolw"},
		"STRASSE Straße":         {"strasse", "strasse"},
		"Øyvind Æsir":            {"oyvind", "aesir"},
		"İstanbul Işık":          {"istanbul", "isik"},
		"O'Brien-Smith":          {"o", "brien", "smith"},
		"ada.l@example.org":      {"ada", "l", "example", "org"},
		"ＡＢＣ ﬁn":                 {"abc", "fin"},
		"Nguyễn":                 {"nguyen"},
		"Ζεύς ΖΕΥΣ":              {"ζευσ", "ζευσ"},
		"山田太郎さん Ada":             {"山田太郎さん", "ada"},
		"김철수":                    {"김철수"},
		"مُحَمَّد":               {"محمد"},
		"🎉 -- 🎉":                 nil,
		"":                       nil,
		"TRN-2QX":                {"trn", "2qx"},
		strings.Repeat("é", 100): {strings.Repeat("e", 64)},
		strings.Repeat("山", 100): {strings.Repeat("山", 21)},
		"\xff\xfebad":            {"bad"},
		"a\u0301":                {"a"},
		"Привет":                 {"привет"},
	} {
		if diff := cmp.Diff(want, people.Fold(in)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", in, diff)
		}
	}
}

func TestSearch(t *testing.T) {
	long := strings.Repeat("q", 58) // with the @ and five more it is as long as a word can be
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		index := func(community, scope turnout.ID, texts map[turnout.ID]string) {
			t.Helper()
			if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				return people.IndexTokens(ctx, tx, community, "ticket", scope, texts)
			}); err != nil {
				t.Fatal(err)
			}
		}
		index("com_a", "evt_1", map[turnout.ID]string{
			"tkt_1": "Łukasz Żółw lukasz@example.org", "tkt_2": "Lucas Aaberg lucas@example.org", "tkt_3": "山田太郎 taro@example.org", "tkt_4": "zz ÅÅ",
			"tkt_7": "W w1@example.org", "tkt_8": "W w10@example.org",
			"tkt_9": "Anna anna@acme.example", "tkt_a": "Anna anna.berg@acme.example", "tkt_b": "Anna berg.anna@acme.example", "tkt_c": "Anna žofie@bücher.test",
			"tkt_d": "L " + long + "@one.test", "tkt_e": "L " + long + "@other.test", "tkt_f": "L " + long + "b@one.test",
		})
		index("com_a", "evt_1", map[turnout.ID]string{"tkt_1": "Łukasz"}) // known already
		index("com_a", "evt_2", map[turnout.ID]string{"tkt_5": "Łukasz"})
		index("com_b", "evt_1", map[turnout.ID]string{"tkt_6": "Łukasz"})
		for query, want := range map[string][]turnout.ID{
			"lu":                   {"tkt_1", "tkt_2"},
			"LUK":                  {"tkt_1"},
			"zolw lu":              {"tkt_1"},
			"lu lu example":        {"tkt_1", "tkt_2"},
			"lucas zolw":           nil,
			"ukasz":                nil,
			"aa":                   {"tkt_2", "tkt_4"},
			"太郎":                   {"tkt_3"},
			"山田":                   {"tkt_3"},
			"taro@example.org":     {"tkt_3"},
			"w1":                   {"tkt_7", "tkt_8"},
			"w1@exam":              {"tkt_7"}, // who types an address means that one
			"w1@example.org w":     {"tkt_7"},
			"w1@":                  {"tkt_7"},
			"w@example.org":        nil,
			"w1 @example.o":        {"tkt_7", "tkt_8"},
			"anna@acme.example":    {"tkt_9"},
			"ANNA@ac":              {"tkt_9"},
			"<Anna@Acme.example>,": {"tkt_9"},
			"berg.anna@":           {"tkt_b"},
			"anna acme":            {"tkt_9", "tkt_a", "tkt_b"},
			"anna.berg":            {"tkt_a", "tkt_b"},
			"anna @acme":           {"tkt_9", "tkt_a", "tkt_b"},
			"zofie@bücher.test":    {"tkt_c"},
			"zofie@xn--bcher":      {"tkt_c"},
			"anna zofie@":          {"tkt_c"},
			long + "@one.test":     {"tkt_d"},
			long + "@o":            {"tkt_d", "tkt_e"},
			long + "b@one.test":    {"tkt_f"},
			"%":                    nil,
			"":                     nil,
		} {
			got, err := matching(t, db, query)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%q: %v (-want +got)\n%s", query, err, diff)
			}
		}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			return people.DropTokens(ctx, tx, "com_a", []turnout.ID{"tkt_1"})
		}); err != nil {
			t.Fatal(err)
		}
		if got, err := matching(t, db, "lukasz"); err != nil || len(got) != 0 {
			t.Errorf("dropped, yet found: %v, %v", got, err)
		}
	})
}

// matching searches the rows of the tokens themselves.
func matching(t *testing.T, db *database.DB, query string) (rows []turnout.ID, err error) {
	narrow, _, err := people.Matching(t.Context(), db.Read(), "com_a", "ticket", "evt_1", query, "base.row_id")
	if err != nil || narrow == nil {
		return nil, err
	}
	err = narrow(db.Read().NewSelect().TableExpr("search_tokens AS base").ColumnExpr("DISTINCT base.row_id")).
		Where("base.scope_id = 'evt_1'").OrderExpr("base.row_id").Scan(t.Context(), &rows)
	return rows, err
}

// The rows of the rarest word are read from the index and the others looked up by row, however long the words are; no scan of
// the tokens.
func TestSearchUsesTheIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		texts := map[turnout.ID]string{}
		for i := range 5000 {
			texts[turnout.ID(fmt.Sprintf("tkt_%d", i))] = fmt.Sprintf("name%d conference%d", i, i%10)
		}
		err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			return people.IndexTokens(ctx, tx, "com_a", "ticket", "evt_1", texts)
		})
		if err != nil {
			t.Fatal(err)
		}
		if db.Engine == database.Postgres {
			if _, err := db.Writer().ExecContext(t.Context(), "ANALYZE search_tokens"); err != nil {
				t.Fatal(err)
			}
		}
		narrow, rare, err := people.Matching(t.Context(), db.Read(), "com_a", "ticket", "evt_1", "conference1 name4321", "base.id")
		if err != nil || !rare {
			t.Fatal(rare, err)
		}
		query := narrow(db.Read().NewSelect().ColumnExpr("base.id").TableExpr("orders AS base")).String()
		if lead := strings.Index(query, fmt.Sprintf("%x", "name4321")); lead < 0 || lead > strings.Index(query, fmt.Sprintf("%x", "conference1")) {
			t.Errorf("the rarest word does not lead: %s", query)
		}
		text := plan(t, db, query)
		if !strings.Contains(text, "token>? AND token<?") && !(strings.Contains(text, "Index") && strings.Contains(text, "(token >=")) || strings.Contains(text, "Seq Scan on search_tokens") ||
			db.Engine == database.SQLite && !strings.Contains(text, "COVERING INDEX search_tokens_by_row (row_id=? AND token>? AND token<?)") {
			t.Errorf("the plan is\n%s", text)
		}
	})
}

// A word that very many rows have does not make a search read them all: the list is read in its own order until it is full.
func TestSearchForACommonWord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) `
		for _, word := range []string{"anna", "maier"} {
			if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO search_tokens (community_id, kind, scope_id, token, row_id) `+numbers+
				`SELECT 'com_a', 'ticket', 'evt_1', ?, 'tkt_' || i FROM n WHERE i % 2 = 0 OR ? = 'anna' OR i > 4000`, []byte(word), word); err != nil {
				t.Fatal(err)
			}
		}
		narrow, rare, err := people.Matching(t.Context(), db.Read(), "com_a", "ticket", "evt_1", "ann maier", "base.row_id")
		if err != nil || rare {
			t.Fatal(rare, err)
		}
		var rows []turnout.ID
		if err := narrow(db.Read().NewSelect().TableExpr("search_tokens AS base").ColumnExpr("base.row_id")).Where("base.token = ?", []byte("anna")).
			Where("base.row_id IN ('tkt_1', 'tkt_2', 'tkt_3', 'tkt_4', 'tkt_24999')").OrderExpr("base.row_id").Scan(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]turnout.ID{"tkt_2", "tkt_24999", "tkt_4"}, rows); diff != "" {
			t.Error(diff)
		}
	})
}

// plan is how the engine would carry out a query.
func plan(t *testing.T, db *database.DB, query string) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if db.Engine == database.Postgres {
		explain = "EXPLAIN "
	}
	rows, err := db.Read().QueryContext(t.Context(), explain+query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		columns, _ := rows.Columns()
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, *cells[len(cells)-1].(*any))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
