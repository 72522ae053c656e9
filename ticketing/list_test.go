package ticketing_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/ticketing"
)

// filled is an event with orders in many states, by a word for each.
type filled struct {
	*shop
	runner       *jobs.Runner
	hall, stream *ticketing.TicketType
	orders       map[string]*ticketing.Order
}

func newFilled(t *testing.T, db *database.DB) *filled {
	t.Helper()
	s := newShop(t, db)
	f := &filled{shop: s, orders: map[string]*ticketing.Order{}, runner: &jobs.Runner{DB: db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: s.now}}
	f.Register(f.runner)
	pool := f.pool(100)
	f.hall, f.stream = f.ticketType(4900, pool), f.ticketType(0, pool)
	for i, word := range []string{"free", "paid", "returned", "failed", "expired", "held"} {
		f.wait(6 * time.Hour)
		tt, n := f.hall, int64(1)
		if word == "free" {
			tt, n = f.stream, 2
		}
		f.orders[word] = f.buy(tt, n, i)
		if word == "paid" || word == "returned" || word == "failed" {
			f.tell(paid(f.orders[word], "pi_"+word))
		}
	}
	for _, word := range []string{"returned", "failed"} {
		if _, err := f.RefundOrder(t.Context(), f.event.CommunityID, f.orders[word].ID, ticketing.CanceledByOrganiser); err != nil {
			t.Fatal(err)
		}
	}
	f.refundFailed(f.orders["failed"])
	f.settle()
	return f
}

// settle ends what is over by now and does the background work.
func (f *filled) settle() {
	f.t.Helper()
	if _, err := f.CancelOrder(f.t.Context(), f.orders["free"].CommunityID, f.orders["free"].ID, ticketing.CanceledByOrganiser, false); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.ExpireHolds(f.t.Context(), ""); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.runner.Drain(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// word names an order.
func (f *filled) word(id turnout.ID) string {
	for word, o := range f.orders {
		if o.ID == id {
			return word
		}
	}
	return string(id)
}

func (f *filled) listed(filter ticketing.OrderFilter) (words []string) {
	f.t.Helper()
	filter.Limit = 50
	rows, err := f.OrderRows(f.t.Context(), f.event, filter)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, r := range rows {
		words = append(words, f.word(r.ID))
	}
	return words
}

// A filter takes exactly the orders that a look at each whole order takes, and its row says of each what the whole order says.
func TestListsOfOrders(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := newFilled(t, db)
		whole, err := f.Orders(t.Context(), f.event.CommunityID, f.event.ID, ticketing.OrderFilter{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		came := func(o *ticketing.Order) (sum int64) {
			for _, p := range o.Payments {
				if p.Status == ticketing.PaymentSucceeded {
					sum += p.Amount
				}
			}
			return sum
		}
		back := func(o *ticketing.Order) (sum int64) {
			for _, r := range o.Refunds {
				if r.Status != ticketing.RefundFailed {
					sum += r.Amount
				}
			}
			return sum
		}
		amount := int64(1)
		day := start.Add(20 * time.Hour)
		for name, tt := range map[string]struct {
			filter ticketing.OrderFilter
			takes  func(o *ticketing.Order) bool
		}{
			"all":      {ticketing.OrderFilter{}, func(*ticketing.Order) bool { return true }},
			"status":   {ticketing.OrderFilter{Status: ticketing.Confirmed}, func(o *ticketing.Order) bool { return o.Status == ticketing.Confirmed }},
			"paid":     {ticketing.OrderFilter{Payment: ticketing.Paid}, func(o *ticketing.Order) bool { return came(o) > back(o) }},
			"unpaid":   {ticketing.OrderFilter{Payment: ticketing.Unpaid}, func(o *ticketing.Order) bool { return o.Status == ticketing.Held }},
			"refund":   {ticketing.OrderFilter{Payment: ticketing.RefundOpen}, func(o *ticketing.Order) bool { return len(o.Refunds) > 0 }},
			"failed":   {ticketing.OrderFilter{Refunds: ticketing.RefundFailed}, (*ticketing.Order).RefundFailed},
			"type":     {ticketing.OrderFilter{Type: f.stream.ID}, func(o *ticketing.Order) bool { return o.Lines[0].TicketTypeID == f.stream.ID }},
			"from":     {ticketing.OrderFilter{From: day}, func(o *ticketing.Order) bool { return !o.CreatedAt.Before(day) }},
			"until":    {ticketing.OrderFilter{Until: day}, func(o *ticketing.Order) bool { return o.CreatedAt.Before(day) }},
			"at least": {ticketing.OrderFilter{Min: &amount}, func(o *ticketing.Order) bool { return o.Total >= 1 }},
			"at most":  {ticketing.OrderFilter{Max: &amount}, func(o *ticketing.Order) bool { return o.Total <= 1 }},
			"picked":   {ticketing.OrderFilter{IDs: []turnout.ID{whole[2].ID, whole[0].ID, "ord_x"}}, func(o *ticketing.Order) bool { return o.ID == whole[2].ID || o.ID == whole[0].ID }},
		} {
			var want []string
			for _, o := range whole {
				if tt.takes(o) {
					want = append(want, f.word(o.ID))
				}
			}
			got := f.listed(tt.filter)
			if !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
			tt.filter.Oldest = true
			oldest := f.listed(tt.filter)
			if slices.Reverse(oldest); !slices.Equal(oldest, want) {
				t.Errorf("%s, the oldest first: %v", name, oldest)
			}
		}
		rows, err := f.OrderRows(t.Context(), f.event, ticketing.OrderFilter{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		looks := map[string]string{"failed": ticketing.LookRefundFailed}
		for i, r := range rows {
			o := whole[i]
			if r.Code != o.Code || r.Tickets != int64(len(o.Tickets)) || r.Paid != came(o) || r.Refunded != back(o) || r.Total != o.Total || r.BuyerName != o.BuyerName ||
				!r.CreatedAt.Equal(o.CreatedAt) || !r.CanceledAt.Equal(o.CanceledAt) || r.Look != looks[f.word(o.ID)] {
				t.Errorf("%s: the row says %+v", f.word(o.ID), r)
			}
		}
	})
}

// Attendees are found by half a word and without accents, ticket by ticket.
func TestListsOfAttendees(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		f := newFilled(t, db)
		group := f.purchase(f.stream, 2, 50)
		group.Attendees = []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "Łukasz Żółw", Email: "zolw@example.org"}}, {Attendee: ticketing.Attendee{Name: "Zoë Ångström", Email: "zoe@example.net"}}}
		placed, _, err := f.PlaceOrder(t.Context(), group)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := func(filter ticketing.AttendeeFilter) (names []string) {
			filter.Limit, filter.Oldest = 50, true
			rows, err := f.AttendeeRows(t.Context(), f.event, filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				names = append(names, r.AttendeeName)
			}
			return names
		}
		for query, want := range map[string]string{"luka zol": "Łukasz Żółw", "angst": "Zoë Ångström", "example.net": "Zoë Ångström", strings.ToLower(placed.Code): "Łukasz Żółw Zoë Ångström", "nobody": "", "buyer50": ""} {
			if got := strings.Join(list(ticketing.AttendeeFilter{Search: query}), " "); got != want {
				t.Errorf("%q finds %q, want %q", query, got, want)
			}
		}
		no := false
		all := len(list(ticketing.AttendeeFilter{}))
		for name, tt := range map[string]struct {
			filter ticketing.AttendeeFilter
			want   int
		}{
			"valid":           {ticketing.AttendeeFilter{Status: ticketing.Valid}, 5},
			"canceled":        {ticketing.AttendeeFilter{Status: ticketing.TicketCanceled}, all - 5 - len(list(ticketing.AttendeeFilter{Status: ticketing.Reserved}))},
			"type":            {ticketing.AttendeeFilter{Type: f.stream.ID}, 4},
			"mode":            {ticketing.AttendeeFilter{Mode: ticketing.Virtual}, 0},
			"not seen":        {ticketing.AttendeeFilter{Came: &no}, all},
			"picked":          {ticketing.AttendeeFilter{IDs: []turnout.ID{placed.Tickets[0].ID}}, 1},
			"search and type": {ticketing.AttendeeFilter{Search: "example", Type: f.stream.ID, Status: ticketing.Valid}, 2},
		} {
			if got := list(tt.filter); len(got) != tt.want {
				t.Errorf("%s: %v, want %d", name, got, tt.want)
			}
		}
		var paged []string
		for before := turnout.ID(""); ; {
			rows, err := f.AttendeeRows(t.Context(), f.event, ticketing.AttendeeFilter{Before: before, Oldest: true, Limit: 3})
			if err != nil || len(rows) == 0 {
				break
			}
			for _, r := range rows {
				paged = append(paged, r.AttendeeName)
			}
			before = rows[len(rows)-1].ID
		}
		if want := list(ticketing.AttendeeFilter{}); !slices.Equal(paged, want) {
			t.Errorf("in pages %v, at once %v", paged, want)
		}
	})
}

// A filter is read as people write it, in the event's zone and currency; what is not known is refused by name.
func TestFiltersAreRead(t *testing.T) {
	f := newShop(t, dbtest.Open(t, database.SQLite))
	read := func(pairs ...string) (ticketing.OrderFilter, string) {
		values := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			values[pairs[i]] = pairs[i+1]
		}
		filter, err := ticketing.ReadOrderFilter(f.event, func(name string) string { return values[name] })
		problems := map[string]bool{}
		if e, ok := errorOf(err); ok {
			for _, field := range e.Fields {
				problems[field.Name] = true
			}
		}
		return filter, fmt.Sprint(slices.Sorted(maps.Keys(problems)))
	}
	filter, problems := read("from", "2026-03-29", "to", "2026-03-29", "min_total", "49", "max_total", "49,50", "sort", "oldest", "status", "held")
	if problems != "[]" || filter.From.Format(time.RFC3339) != "2026-03-28T23:00:00Z" || filter.Until.Format(time.RFC3339) != "2026-03-29T22:00:00Z" ||
		*filter.Min != 4900 || *filter.Max != 4950 || !filter.Oldest || filter.Status != ticketing.Held {
		t.Errorf("%+v, %s", filter, problems)
	}
	if _, problems := read("status", "great", "payment", "x", "refunds", "y", "from", "soon", "min_total", "4.999", "sort", "z"); problems != "[from min_total payment refunds sort status]" {
		t.Error(problems)
	}
	if _, problems := read("from", "2026-03-29", "to", "2026-03-28"); problems != "[to]" {
		t.Error(problems)
	}
}

func errorOf(err error) (*turnout.Error, bool) { return errors.AsType[*turnout.Error](err) }
