package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Another currency never multiplies money: amounts forbid it, or keep their numbers to the last.
func TestACurrencyWithAmounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		event := create(t, s, "one")
		other := create(t, s, "two")
		for i, sql := range []string{
			`INSERT INTO ticket_types (id, community_id, event_id, number, name, price, attendance_mode, created_at, updated_at) VALUES ('typ_1', 'com_a', ?1, 1, 'A', 4900, 'in_person', ?0, ?0)`,
			`INSERT INTO sponsor_tiers (id, community_id, event_id, name, price, created_at, updated_at) VALUES ('tier_1', 'com_a', ?1, 'Gold', 100000, ?0, ?0)`,
			`INSERT INTO sponsors (id, community_id, event_id, name, status, promised, created_at, updated_at) VALUES ('spo_1', 'com_a', ?1, 'Acme', 'signed', 100000, ?0, ?0)`,
			`INSERT INTO sponsor_payments (id, community_id, event_id, sponsor_id, amount, received_on, created_at) VALUES ('pmt_1', 'com_a', ?1, 'spo_1', -5000, '2026-05-01', ?0)`,
			`INSERT INTO budget_lines (id, community_id, event_id, category, kind, planned, committed, created_at, updated_at) VALUES ('bud_1', 'com_a', ?1, 'Food', 'expense', 70000, 5050, ?0, ?0)`,
			`INSERT INTO budget_entries (id, community_id, event_id, line_id, amount, entry_date, created_at) VALUES ('ent_1', 'com_a', ?1, 'bud_1', 1200, '2026-05-01', ?0)`,
			`UPDATE ticket_types SET min_price = 300, price_windows = '[{"name": "Early", "price": 1900, "up_to": 5, "pool_id": "pol_1"}]' WHERE event_id = ?1`,
			`INSERT INTO add_ons (id, community_id, event_id, name, price, min_price, created_at, updated_at) VALUES ('add_1', 'com_a', ?1, 'Dinner', 1500, 200, ?0, ?0)`,
			`INSERT INTO vouchers (id, community_id, event_id, code, folded, words, kind, value, budget, created_at, updated_at) VALUES ('vou_1', 'com_a', ?1, 'A', 'a', '', 'amount', 700, 9000, ?0, ?0)`,
			`INSERT INTO vouchers (id, community_id, event_id, code, folded, words, kind, value, created_at, updated_at) VALUES ('vou_2', 'com_a', ?1, 'B', 'b', '', 'percent', 50, ?0, ?0)`,
			`INSERT INTO ticket_types (id, community_id, event_id, number, name, price, attendance_mode, created_at, updated_at) VALUES ('typ_2', 'com_a', ?1, 1, 'B', 777, 'in_person', ?0, ?0)`,
		} {
			of := event
			if i == 10 {
				of = other
			}
			if _, err := db.Writer().ExecContext(t.Context(), sql, noon, of.ID); err != nil {
				t.Fatal(err)
			}
		}
		stored := func() string {
			t.Helper()
			var sums []int64
			for _, in := range []string{"ticket_types.price", "ticket_types.min_price", "add_ons.price", "add_ons.min_price", "vouchers.value", "vouchers.budget", "sponsor_tiers.price", "sponsors.promised", "sponsor_payments.amount", "budget_lines.planned", "budget_lines.committed", "budget_entries.amount"} {
				table, column, _ := strings.Cut(in, ".")
				var sum int64
				if err := db.Read().NewSelect().Table(table).ColumnExpr("SUM(?)", bun.Ident(column)).Scan(t.Context(), &sum); err != nil {
					t.Fatal(err)
				}
				sums = append(sums, sum)
			}
			var windows []struct {
				Name, PoolID string
				Price, UpTo  int64
			}
			var raw []byte
			if err := db.Read().NewRaw("SELECT price_windows FROM ticket_types WHERE id = 'typ_1'").Scan(t.Context(), &raw); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(strings.NewReplacer("_id", "ID", "up_to", "upTo").Replace(string(raw))), &windows); err != nil || len(windows) != 1 || windows[0].PoolID != "pol_1" || windows[0].UpTo != 5 {
				t.Fatalf("%s: %v", raw, err)
			}
			return fmt.Sprint(append(sums, windows[0].Price))
		}
		yen, dinar, dollar := "JPY", "KWD", "USD"
		before := stored()
		for _, to := range []*string{&yen, &dinar, &dollar} {
			if _, err := s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Currency: to}); !errors.Is(err, events.ErrCurrencyAmounts) {
				t.Errorf("to %s without a word: %v", *to, err)
			}
		}
		if _, err := s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Currency: &yen, KeepNumbers: true}); !errors.Is(err, events.ErrCurrencyDecimals) || !strings.Contains(err.Error(), "PLN\u00a050.50") {
			t.Errorf("PLN\u00a050.50 in yen: %v", err)
		}
		if got := stored(); got != before {
			t.Errorf("refused, yet changed: %s, before %s", got, before)
		}
		if _, err := db.Writer().ExecContext(t.Context(), "UPDATE budget_lines SET committed = 5000"); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			to   *string
			want string
		}{
			{&yen, "[826 3 15 2 57 90 1000 1000 -50 700 50 12 19]"}, // 777 of it are the other event's
			{&dinar, "[49777 3000 15000 2000 7050 90000 1000000 1000000 -50000 700000 50000 12000 19000]"},
			{&dollar, "[5677 300 1500 200 750 9000 100000 100000 -5000 70000 5000 1200 1900]"},
		} {
			if got, err := s.Patch(t.Context(), "com_a", "one", 0, events.Patch{Currency: step.to, KeepNumbers: true}); err != nil || got.Currency != *step.to {
				t.Fatalf("to %s: %v", *step.to, err)
			}
			if got := stored(); got != step.want {
				t.Errorf("in %s: %s, want %s", *step.to, got, step.want)
			}
		}
	})
}

// A page that shows a few amounts reads a few, however many there are.
func TestAmountsReadNoMoreThanTheyGive(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, _ := service(t, db)
		event := create(t, s, "one")
		for i, price := range []int{500, 600, 600, 700, 0} {
			const sql = `INSERT INTO ticket_types (id, community_id, event_id, number, name, price, attendance_mode, created_at, updated_at) VALUES (?0, 'com_a', ?1, ?4, ?0, ?2, 'in_person', ?3, ?3)`
			if _, err := db.Writer().ExecContext(t.Context(), sql, fmt.Sprint("typ_", i), event.ID, price, noon, i+1); err != nil {
				t.Fatal(err)
			}
		}
		const tiers = `INSERT INTO sponsor_tiers (id, community_id, event_id, name, price, created_at, updated_at) VALUES (?0, 'com_a', ?1, ?0, ?2, ?3, ?3)`
		for i, price := range []int{700, 800} {
			if _, err := db.Writer().ExecContext(t.Context(), tiers, fmt.Sprint("tier_", i), event.ID, price, noon); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []struct {
			limit int
			list  string
			read  int64 // rows at most
		}{
			{2, "[PLN\u00a07.00 PLN\u00a06.00]", 2},
			{3, "[PLN\u00a07.00 PLN\u00a06.00 PLN\u00a05.00]", 3},
			{4, "[PLN\u00a07.00 PLN\u00a06.00 PLN\u00a05.00 PLN\u00a08.00]", 5},
			{9, "[PLN\u00a07.00 PLN\u00a06.00 PLN\u00a05.00 PLN\u00a08.00]", 5},
		} {
			var rows rowsRead
			got, err := events.Amounts(t.Context(), db.Read().WithQueryHook(&rows), event, want.limit)
			if err != nil || fmt.Sprint(got) != want.list {
				t.Errorf("at most %d: %v, %v, want %s", want.limit, got, err, want.list)
			}
			if rows.n > want.read {
				t.Errorf("at most %d: %d rows were read, want %d", want.limit, rows.n, want.read)
			}
		}
	})
}

// rowsRead counts the rows that queries gave.
type rowsRead struct{ n int64 }

func (*rowsRead) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (r *rowsRead) AfterQuery(_ context.Context, event *bun.QueryEvent) {
	if event.Result != nil {
		n, _ := event.Result.RowsAffected()
		r.n += n
	}
}
