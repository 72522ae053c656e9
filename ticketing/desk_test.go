package ticketing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

var seller = audit.Actor{Kind: audit.Staff, ID: "acc_1"}

// atDesk gives a sale by name only.
func (s *shop) atDesk(tt *ticketing.TicketType, quantity int64, method ticketing.DeskMethod) ticketing.Purchase {
	return ticketing.Purchase{EventID: s.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: tt.ID, Quantity: quantity}}, Buyer: ticketing.Attendee{Name: "Łukasz Walk-in"},
		Actor: seller, Desk: &ticketing.DeskSale{Method: method, Reference: "T-1", NameOnly: true}}
}

func (s *shop) totals() (confirmed, paid, refunded int64) {
	s.t.Helper()
	row := s.DB.Read().QueryRowContext(s.t.Context(), "SELECT orders_confirmed, paid, refunded FROM event_totals")
	if err := row.Scan(&confirmed, &paid, &refunded); err != nil {
		s.t.Fatal(err)
	}
	return confirmed, paid, refunded
}

// A sale at the box office is confirmed at once and its money counted; who is known by name only is a person whom nothing joins to others.
func TestASaleAtTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(2500, hall)
		o, _, err := s.PlaceOrder(t.Context(), s.atDesk(tt, 2, ticketing.DeskCard))
		if err != nil {
			t.Fatal(err)
		}
		p := o.Payment()
		if o.Status != ticketing.Confirmed || o.Source != ticketing.FromBoxOffice || o.SoldBy != seller.ID || p.Status != ticketing.PaymentSucceeded || p.Method != "card" || p.Reference != "T-1" || p.Amount != 5000 {
			t.Errorf("%+v, %+v", o, p)
		}
		if len(o.Tickets) != 2 || o.Tickets[0].Status != ticketing.Valid || o.Tickets[0].Code == "" || o.Tickets[0].PersonID == "" || o.Tickets[0].AttendeeEmail != "" {
			t.Errorf("%+v", o.Tickets[0])
		}
		if confirmed, paid, _ := s.totals(); confirmed != 1 || paid != 5000 || s.taken(hall) != 2 {
			t.Errorf("%d confirmed, %d paid, %d taken", confirmed, paid, s.taken(hall))
		}
		if s.jobs(ticketing.JobOrderConfirmed) != 0 || s.jobs(ticketing.JobOrderPlaced) != 1 {
			t.Error("a mail to nobody is on its way, or nothing makes it findable")
		}
		second, _, err := s.PlaceOrder(t.Context(), s.atDesk(tt, 1, ticketing.DeskCash))
		if err != nil || second.PersonID == o.PersonID {
			t.Errorf("two who have one name are one person: %v", err)
		}
		var identities int64
		if identities, err = db.Read().NewSelect().TableExpr("identities").Where("person_id IN (?)", bun.List([]turnout.ID{o.PersonID, second.PersonID})).Count(t.Context()); err != nil || identities != 0 {
			t.Errorf("%d identities, %v", identities, err)
		}
		free, _, err := s.PlaceOrder(t.Context(), s.atDesk(tt, 1, ticketing.DeskFree))
		if err != nil || free.Total != 0 || free.Payment() != nil || free.Lines[0].UnitPrice != 2500 || free.Lines[0].Discount != 2500 {
			t.Errorf("given: %+v, %v", free, err)
		}
		mailed := s.atDesk(tt, 1, ticketing.DeskCash)
		mailed.Buyer.Email, mailed.Desk.Mail = "ann@example.org", true
		if _, _, err := s.PlaceOrder(t.Context(), mailed); err != nil || s.jobs(ticketing.JobOrderConfirmed) != 1 {
			t.Errorf("the tickets are not mailed: %v", err)
		}
	})
}

// Who hands over less than it costs gets nothing; the sum is that of the sale, whatever was shown before.
func TestCashMustBeEnough(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(2500, hall)
		pay := func(method ticketing.DeskMethod, received, shown int64) string {
			p := s.atDesk(tt, 2, method)
			p.Desk.Received, p.Expected = &received, &turnout.Money{Amount: shown, Currency: "EUR"}
			_, got := s.try(p)
			return got
		}
		for _, at := range []struct {
			method          ticketing.DeskMethod
			received, shown int64
			want            string
		}{
			{ticketing.DeskCash, 4999, 5000, "too_little"}, {ticketing.DeskCash, 0, 5000, "too_little"}, {ticketing.DeskCash, 9000, 9000, "price_changed"},
			{ticketing.DeskCash, 5000, 5000, ""}, {ticketing.DeskCash, 6000, 5000, ""}, {ticketing.DeskCard, 0, 5000, ""},
		} {
			if got := pay(at.method, at.received, at.shown); got != at.want {
				t.Errorf("%+v: %q", at, got)
			}
		}
		if s.taken(hall) != 6 {
			t.Errorf("%d places taken", s.taken(hall))
		}
	})
}

// Neither dates nor limits nor visibility nor a draft hold staff back; places, a canceled event and a method that there is not do.
func TestWhatTheDeskMaySell(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(3)
		in := ticketing.TicketTypeInput{Name: "Late", Price: turnout.Money{Amount: 100, Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID},
			SalesEnd: start.Add(-time.Hour), MinPerOrder: 2, MaxPerOrder: 2, Visibility: ticketing.VoucherOnly, RequiresApproval: true}
		tt, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		if o, got := s.try(s.atDesk(tt, 1, ticketing.DeskCash)); got != "" || o.Status != ticketing.Confirmed {
			t.Errorf("beyond every rule of the shop: %q", got)
		}
		if _, got := s.try(s.atDesk(tt, 3, ticketing.DeskCash)); got != "sold_out" {
			t.Errorf("beyond the places: %q", got)
		}
		if _, got := s.try(s.atDesk(tt, 1, "barter")); got != "unknown" {
			t.Errorf("a method that there is not: %q", got)
		}
		s.wait(40 * 24 * time.Hour)
		if _, got := s.try(s.atDesk(tt, 1, ticketing.DeskCash)); got != "" {
			t.Errorf("after the event: %q", got)
		}
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE events SET status = 'canceled' WHERE id = ?", s.event.ID).Exec(ctx)
			return err
		})
		if _, got := s.try(s.atDesk(tt, 1, ticketing.DeskCash)); got != "event_canceled" && got != "canceled" {
			t.Errorf("of an event that does not take place: %q", got)
		}
	})
}

// What is given takes no early price away from buyers and is worth the full price; what the desk sells counts as any sale does.
func TestGivenTicketsLeaveTheEarlyPrice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		seat := s.earlyBird(3)
		given, got := s.try(s.atDesk(seat, 2, ticketing.DeskFree))
		if got != "" || given.Total != 0 || len(given.Lines) != 1 || given.Lines[0].UnitPrice != 90 || given.Lines[0].Discount != 90 || given.Lines[0].PriceName != "" {
			t.Fatalf("given: %q, %+v", got, given.Lines[0])
		}
		if sold, got := s.try(s.atDesk(seat, 1, ticketing.DeskCash)); got != "" || sold.Total != 50 {
			t.Errorf("sold at the desk: %q, %+v", got, sold)
		}
		s.costs(seat, 3, 2*50+90)
	})
}

// Who is sold a ticket by name only was asked nothing: neither a required answer nor a consent is missing, and none is made up. Whoever
// fills in the whole form agrees or is refused.
func TestConsentAtTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		seat := s.ticketType(0, s.pool(10))
		in := words("I agree to the code of conduct.")
		in.Kind, in.Required = ticketing.AskConsent, true
		q := s.ask(in)
		o, got := s.try(s.atDesk(seat, 1, ticketing.DeskFree))
		if got != "" {
			t.Fatalf("by name only: %q", got)
		}
		if given, err := s.AnswersOf(t.Context(), s.event.CommunityID, []turnout.ID{o.ID}); err != nil || len(given) != 0 {
			t.Errorf("an answer that nobody gave: %+v, %v", given, err)
		}
		whole := s.atDesk(seat, 1, ticketing.DeskFree)
		whole.Desk.NameOnly = false
		for answer, want := range map[string]string{"": "consent", "false": "consent", "true": ""} {
			whole.Attendees = []ticketing.Bearer{{Attendee: whole.Buyer}}
			if answer != "" {
				whole.Attendees[0].Answers = ticketing.Answers{q.ID: json.RawMessage(answer)}
			}
			if _, got := s.try(whole); got != want {
				t.Errorf("the whole form with %q: %q, want %q", answer, got, want)
			}
		}
	})
}

// The shop and two desks sell at once: no place is sold twice.
func TestTheDeskAndTheShopAtOnce(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		hall := s.pool(25)
		tt := s.ticketType(1000, hall)
		var sold atomic.Int64
		dbtest.Together(60, func(i int) {
			p := s.purchase(tt, 1, i)
			if i%2 == 0 {
				p = s.atDesk(tt, 1, ticketing.DeskCash)
			}
			switch _, got := servers[i%4/2].try(p); got {
			case "":
				sold.Add(1)
			case "sold_out":
			default:
				t.Errorf("%d: %q", i, got)
			}
		})
		if sold.Load() != 25 || s.taken(hall) != 25 {
			t.Errorf("%d sold, %d taken of 25", sold.Load(), s.taken(hall))
		}
	})
}

// A double tap sells once.
func TestADoubleTapSellsOnce(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		hall := servers[0].pool(10)
		tt := servers[0].ticketType(1000, hall)
		dbtest.Together(6, func(i int) {
			p := servers[0].atDesk(tt, 1, ticketing.DeskCash)
			p.Key, p.Caller = "a tap", "desk acc_1"
			if _, got := servers[i%2].try(p); got != "" {
				t.Errorf("%q", got)
			}
		})
		if servers[0].taken(hall) != 1 {
			t.Errorf("%d places for one tap", servers[0].taken(hall))
		}
	})
}

// Undone within two minutes the money counts as given back, once, and the till knows; later, or by a stranger, it is not.
func TestUndoingAtTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(2500, hall)
		sell := func(method ticketing.DeskMethod) *ticketing.Order {
			t.Helper()
			o, got := s.try(s.atDesk(tt, 1, method))
			if got != "" {
				t.Fatal(got)
			}
			return o
		}
		undo := func(o *ticketing.Order, by turnout.ID) error {
			_, err := s.UndoDeskSale(t.Context(), s.event.CommunityID, o.ID, by)
			return err
		}
		first, second, third := sell(ticketing.DeskCash), sell(ticketing.DeskCash), sell(ticketing.DeskCard)
		if err := undo(first, "acc_2"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("by somebody else: %v", err)
		}
		if err := undo(first, seller.ID); err != nil {
			t.Fatal(err)
		}
		if o := s.order(first.ID); o.Status != ticketing.OrderCanceled || len(o.Refunds) != 1 || o.Refunds[0].Status != ticketing.RefundSucceeded || o.Refunds[0].Amount != 2500 || o.WaitsForHand() {
			t.Errorf("%s, %+v", o.Status, o.Refunds)
		}
		if err := undo(first, seller.ID); !errors.Is(err, ticketing.ErrOrderOver) {
			t.Errorf("twice: %v", err)
		}
		if err := undo(third, ""); err != nil {
			t.Errorf("by whoever may change orders: %v", err)
		}
		shop := s.buy(tt, 1, 1)
		if err := undo(shop, ""); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("an order of the shop: %v", err)
		}
		s.Admitted = func(_ context.Context, _ bun.IDB, _ turnout.ID, orders ...turnout.ID) (bool, error) {
			return slices.Contains(orders, second.ID), nil
		}
		if err := undo(second, seller.ID); !errors.Is(err, ticketing.ErrUndoInside) || s.order(second.ID).Status != ticketing.Confirmed {
			t.Errorf("the guest is inside: %v", err)
		}
		s.wait(ticketing.UndoFor)
		if err := undo(second, seller.ID); !errors.Is(err, ticketing.ErrUndoOver) {
			t.Errorf("two minutes later: %v", err)
		}
		if confirmed, paid, refunded := s.totals(); confirmed != 1 || paid != 7500 || refunded != 5000 || s.taken(hall) != 2 {
			t.Errorf("%d confirmed, %d paid, %d given back, %d taken", confirmed, paid, refunded, s.taken(hall))
		}
		takings, err := s.Takings(t.Context(), s.event, seller.ID)
		if err != nil || len(takings) != 2 || takings[0].Method != ticketing.DeskCard || takings[0].Left().Amount != 0 || takings[1].Sales != 2 || takings[1].Taken.Amount != 5000 || takings[1].GivenBack.Amount != 2500 ||
			takings[1].Day != "2026-05-01" {
			t.Errorf("%+v, %v", takings, err)
		}
		if none, err := s.Takings(t.Context(), s.event, "acc_2"); err != nil || len(none) != 0 {
			t.Errorf("of somebody who sold nothing: %+v, %v", none, err)
		}
	})
}

// The till is closed by the days of the event's zone: what is taken back after midnight went out on the other day, and days without a
// sale are no rows.
func TestTheTillIsClosedByTheDaysOfTheZone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(2500, s.pool(10))
		until := func(clock string) {
			t.Helper()
			at, err := time.ParseInLocation("2006-01-02 15:04:05", clock, s.event.Location())
			if err != nil {
				t.Fatal(err)
			}
			s.wait(at.Sub(s.now()))
		}
		sell := func(method ticketing.DeskMethod) *ticketing.Order {
			t.Helper()
			o, got := s.try(s.atDesk(tt, 1, method))
			if got != "" {
				t.Fatal(got)
			}
			return o
		}
		until("2026-05-02 00:00:00")
		sell(ticketing.DeskCash)
		until("2026-05-04 23:59:00")
		sell(ticketing.DeskCash)
		sell(ticketing.DeskCash)
		back := sell(ticketing.DeskCard)
		until("2026-05-05 00:00:30")
		if _, err := s.UndoDeskSale(t.Context(), s.event.CommunityID, back.ID, ""); err != nil {
			t.Fatal(err)
		}
		takings, err := s.Takings(t.Context(), s.event, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range takings {
			got = append(got, fmt.Sprintf("%s %s: %d, %d - %d", row.Day, row.Method, row.Sales, row.Taken.Amount, row.GivenBack.Amount))
		}
		want := []string{"2026-05-05 card: 0, 0 - 2500", "2026-05-04 card: 1, 2500 - 0", "2026-05-04 cash: 2, 5000 - 0", "2026-05-02 cash: 1, 2500 - 0"}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// A cash sale that is canceled later waits for a hand: no provider is asked.
func TestCashGoesBackByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		o, got := m.try(m.atDesk(m.ticketType(2500, m.pool(10)), 1, ticketing.DeskCash))
		if got != "" {
			t.Fatal(got)
		}
		if _, err := m.CancelOrder(t.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		m.work()
		if now := m.order(o.ID); len(now.Refunds) != 1 || now.Refunds[0].Status != ticketing.RefundManual || !now.WaitsForHand() {
			t.Errorf("%+v", now.Refunds)
		}
		found, err := m.Orders(t.Context(), o.CommunityID, o.EventID, ticketing.OrderFilter{Search: "lukasz walk", Limit: 5})
		if err != nil || len(found) != 1 {
			t.Errorf("by name, without its accent: %d found, %v", len(found), err)
		}
	})
}
