package ticketing_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// Each row of an export has its own answers, over several of the pieces that it is read in, in the words that were asked.
func TestExportsHaveEachRowsAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := shopFor(t, db, online{})
		f.crowd(f.ticketType(4900, f.pool(1)), 1003)
		q := f.ask(words("Name on the badge"))
		value := `'{"text":"=' || number || '"}'`
		if db.Engine == database.Postgres {
			value = "(" + value + ")::jsonb"
		}
		f.run(fmt.Sprintf(`INSERT INTO answers (order_id, ticket_id, question_id, question_version, community_id, event_id, value, erase_at, created_at, updated_at)
			SELECT order_id, id, '%s', 1, community_id, event_id, %s, '2099-01-01 00:00:00+00:00', created_at, updated_at FROM tickets WHERE number <> 7`, q.ID, value))
		var out bytes.Buffer
		if err := f.ExportAttendees(t.Context(), &out, f.event, ticketing.AttendeeFilter{}, ticketing.Export{Format: sheet.CSV}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 1004 {
			t.Fatal(len(rows), err)
		}
		last := len(rows[0]) - 1
		if rows[0][last] != "Name on the badge" {
			t.Fatalf("%q", rows[0])
		}
		for _, row := range rows[1:] {
			want := "'=" + row[0]
			if row[0] == "7" {
				want = ""
			}
			if row[last] != want {
				t.Fatalf("ticket %s answers %q, want %q", row[0], row[last], want)
			}
		}
	})
}
