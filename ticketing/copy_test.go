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
			PoolIDs: []turnout.ID{hall.ID}, SalesEnd: s.event.StartsAt.Add(-48 * time.Hour),
			PriceWindows: []ticketing.PriceWindow{{Name: "First", Price: 500, UpTo: 4, Until: s.event.StartsAt.Add(-72 * time.Hour)}}}
		early, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, in)
		if err != nil {
			t.Fatal(err)
		}
		s.buy(early, 3, 1)
		if _, err := s.CreateAddOn(t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "Dinner", Price: turnout.Money{Amount: 1500, Currency: "EUR"}, OnSale: true,
			PoolIDs: []turnout.ID{hall.ID}, SalesStart: s.event.StartsAt.Add(-100 * 24 * time.Hour), With: []ticketing.AddOnWith{{TicketTypeID: early.ID, Least: 1, Most: 2, Included: 1}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.BlockPlaces(t.Context(), s.event.CommunityID, hall.ID, 2, "crew"); err != nil {
			t.Fatal(err)
		}
		shop, err := s.SaveShop(t.Context(), s.event.CommunityID, s.event.ID, nil, ticketing.ShopInput{PayHours: 5, OfferHours: 6, WaitlistOrder: ticketing.ByLottery, WaitlistClosesAt: s.event.StartsAt.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
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
		if len(offers[0].PriceWindows) != 1 {
			t.Fatal("the price window is gone")
		}
		w, old := offers[0].PriceWindows[0], early.PriceWindows[0]
		if w.PoolID == old.PoolID || w.PoolID == "" || w.UpTo != 4 || w.Price != 500 || !w.Until.Equal(events.Shift(old.Until, s.event, &next)) {
			t.Errorf("the price window is %+v, was %+v", w, old)
		}
		why, err := s.Why(t.Context(), &next)
		if err != nil || len(why.AddOns) != 1 || len(why.Pools) != 1 || why.Pools[0].Free != 10 {
			t.Fatalf("%+v, %v", why, err)
		}
		a := why.AddOns[0].AddOn
		if len(a.PoolIDs) != 1 || a.PoolIDs[0] != why.Pools[0].ID || len(a.With) != 1 || a.With[0].TicketTypeID != offers[0].ID || a.With[0].Least != 1 || a.With[0].Included != 1 ||
			!a.SalesStart.Equal(events.Shift(s.event.StartsAt.Add(-100*24*time.Hour), s.event, &next)) {
			t.Errorf("the add-on is %+v", a)
		}
		settings, err := s.ShopSettings(t.Context(), &next)
		if err != nil || settings.PayHours != 5 || settings.OfferHours != 6 || settings.WaitlistOrder != ticketing.ByLottery || !settings.WaitlistClosesAt.Equal(events.Shift(shop.WaitlistClosesAt, s.event, &next)) {
			t.Errorf("the shop is %+v, %v", settings, err)
		}
		// A move to another zone keeps every wall clock.
		moved := next
		moved.Timezone = "America/New_York"
		s.tx(func(ctx context.Context, tx bun.Tx) error { return s.Rezone(ctx, tx, &next, &moved) })
		again, err := s.Why(t.Context(), &next)
		if err != nil {
			t.Fatal(err)
		}
		settings, err = s.ShopSettings(t.Context(), &next)
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]time.Time{"window": {w.Until, again.Types[0].Offer.PriceWindows[0].Until}, "add-on": {a.SalesStart, again.AddOns[0].AddOn.SalesStart},
			"waitlist": {events.Shift(shop.WaitlistClosesAt, s.event, &next), settings.WaitlistClosesAt}} {
			if pair[0].In(next.Location()).Format("02 15:04") != pair[1].In(moved.Location()).Format("02 15:04") || pair[0].Equal(pair[1]) {
				t.Errorf("%s: %v became %v", what, pair[0], pair[1])
			}
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
