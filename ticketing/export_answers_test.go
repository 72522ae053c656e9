package ticketing_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"turnout"
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

// An export says how many of each add-on a ticket has: each its own, those in the ticket's price too, and none that were canceled.
func TestExportsHaveEachTicketsAddOns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		seat := s.ticketType(0, s.pool(10))
		dinner := s.dinner(seat, s.pool(10))
		other, err := s.CreateAddOn(t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "=Shirt", OnSale: true, Price: turnout.Money{Currency: "EUR"}})
		if err != nil {
			t.Fatal(err)
		}
		p := s.purchase(seat, 2, 1)
		p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 5}, ticketing.PurchaseLine{AddOnID: other.ID, Quantity: 1})
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		s.tell(paid(o, "pi_1"))
		plain := s.buy(seat, 1, 2) // one dinner is in its price
		rows := func() map[string][]string {
			t.Helper()
			var out bytes.Buffer
			if err := s.ExportAttendees(t.Context(), &out, s.event, ticketing.AttendeeFilter{}, ticketing.Export{Format: sheet.CSV}); err != nil {
				t.Fatal(err)
			}
			all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff"))).ReadAll()
			if err != nil || len(all) != 4 || !slices.Equal(all[0][len(all[0])-2:], []string{"Dinner", "'=Shirt"}) {
				t.Fatalf("%q, %v", all, err)
			}
			by := map[string][]string{}
			for _, row := range all[1:] {
				by[row[0]] = row[len(row)-2:]
			}
			return by
		}
		number := func(t *ticketing.Ticket) string { return strconv.FormatInt(t.Number, 10) }
		first, second, third := number(o.Tickets[0]), number(o.Tickets[1]), number(plain.Tickets[0])
		want := map[string][]string{first: {"3", "1"}, second: {"2", "0"}, third: {"1", "0"}}
		if got := rows(); !reflect.DeepEqual(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if _, err := s.CancelAddOn(t.Context(), s.event.CommunityID, o.Tickets[0].ID, dinner.ID, false); err != nil {
			t.Fatal(err)
		}
		want[first] = []string{"0", "1"}
		if got := rows(); !reflect.DeepEqual(got, want) {
			t.Errorf("after one was canceled: %v, want %v", got, want)
		}
	})
}
