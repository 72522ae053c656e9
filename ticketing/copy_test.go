package ticketing_test

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

func TestACloneSellsTheSameAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		in := ticketing.TicketTypeInput{Name: "Early", Price: turnout.Money{Amount: 900, Currency: "EUR"}, AttendanceMode: ticketing.InPerson,
			PoolIDs: []turnout.ID{hall.ID}, SalesEnd: s.event.StartsAt.Add(-48 * time.Hour)}
		early, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		s.buy(early, 3, 1)
		next := *s.event
		next.ID, next.Number, next.Slug = turnout.NewID("evt"), 2, "spring-again"
		next.StartsAt, next.EndsAt = next.StartsAt.AddDate(1, 0, 0), next.EndsAt.AddDate(1, 0, 0)
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.NewInsert().Model(&next).Exec(ctx); err != nil {
				return err
			}
			if _, err := tx.NewRaw("INSERT INTO event_totals (event_id, community_id) VALUES (?, ?)", next.ID, next.CommunityID).Exec(ctx); err != nil {
				return err
			}
			return s.CopyCatalogue(ctx, tx, s.event, &next)
		})
		offers, err := s.Offers(t.Context(), &next)
		if err != nil || len(offers) != 1 || offers[0].Left != 10 || offers[0].Name != "Early" || offers[0].ID == early.ID {
			t.Fatalf("%+v, %v", offers, err)
		}
		if want := events.Shift(early.SalesEnd, s.event, &next); !offers[0].SalesEnd.Equal(want) {
			t.Errorf("the sale ends %v, want %v", offers[0].SalesEnd, want)
		}
	})
}

func TestADeclinedCardCanBeTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(2500, s.pool(2)), 1, 1)
		first := o.Payment()
		s.tell(payments.Event{Kind: payments.EventDeclined, PaymentID: first.ID, PaymentRef: "pi_1"})
		if got := s.order(o.ID); got.Status != ticketing.Held || got.Payment().Status != ticketing.PaymentFailed {
			t.Fatalf("after a declined card: %s, %s", got.Status, got.Payment().Status)
		}
		// The page closes while the places are held: there is a new payment to open.
		s.tell(payments.Event{Kind: payments.EventExpired, PaymentID: first.ID, SessionRef: "cs_1"})
		got := s.order(o.ID)
		if got.Status != ticketing.Held || got.Payment().ID == first.ID || got.Payment().Status != ticketing.PaymentCreated || len(got.Payments) != 2 {
			t.Fatalf("after the page closed: %s, %+v", got.Status, got.Payments)
		}
		s.tell(paid(got, "pi_2"))
		if got := s.order(o.ID); got.Status != ticketing.Confirmed || got.Payment().Status != ticketing.PaymentSucceeded {
			t.Errorf("%s, %s", got.Status, got.Payment().Status)
		}
	})
}
