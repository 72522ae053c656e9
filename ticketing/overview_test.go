package ticketing_test

import (
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// What an organiser's overview says is what was sold, paid and given back.
func TestOverview(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		paidType, free, unsold := s.ticketType(2500, hall), s.ticketType(0, hall), s.ticketType(0, s.pool(1))
		s.buy(free, 2, 1)
		s.wait(25 * time.Hour)
		bought := s.buy(paidType, 3, 2)
		s.tell(paid(bought, "pi_1"))
		s.buy(paidType, 1, 3) // held

		ids := []turnout.ID{s.event.ID, "evt_other"}
		all, err := ticketing.EventTotals(t.Context(), db.Read(), s.event.CommunityID, ids)
		if err != nil {
			t.Fatal(err)
		}
		want := ticketing.Totals{OrdersHeld: 1, OrdersConfirmed: 2, TicketsReserved: 1, TicketsValid: 5, Paid: 7500, ProviderFees: 95}
		if got := all[s.event.ID]; len(all) != 1 || got != want || got.Net() != 7405 {
			t.Errorf("totals %+v, want %+v", all, want)
		}
		byType, err := ticketing.SalesByType(t.Context(), db.Read(), s.event.CommunityID, s.event.ID)
		if err != nil {
			t.Fatal(err)
		}
		if byType[paidType.ID] != (ticketing.TypeTotals{EventID: s.event.ID, CommunityID: s.event.CommunityID, TicketTypeID: paidType.ID, Reserved: 1, Valid: 3, Charged: 3}) || byType[free.ID].Valid != 2 || len(byType) != 2 {
			t.Errorf("by type %+v", byType)
		}
		days, err := ticketing.SalesByDay(t.Context(), db.Read(), s.event, s.now(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(days) != 3 || days[0] != 0 || days[1] != 2 || days[2] != 3 {
			t.Errorf("by day %v", days)
		}
		counts, err := ticketing.CountTypes(t.Context(), db.Read(), s.event.CommunityID, ids)
		if err != nil || len(counts) != 1 || counts[s.event.ID] != 3 {
			t.Errorf("types %v, %v", counts, err)
		}
		offers, err := s.AllOffers(t.Context(), s.event)
		if err != nil || len(offers) != 3 || offers[2].ID != unsold.ID || offers[2].Reason != nil {
			t.Errorf("offers %+v, %v", offers, err)
		}
	})
}

// Money that only a person can move is counted until it was moved.
func TestWhatWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		full := s.ticketType(0, s.pool(1))
		s.buy(full, 1, 1)
		if err := s.JoinWaitlist(t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeID: full.ID, PartySize: 1,
			Who: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}}); err != nil {
			t.Fatal(err)
		}
		for community, want := range map[turnout.ID]ticketing.Waits{s.event.CommunityID: {Waiting: 1}, "com_other": {}} {
			got, err := ticketing.EventTotals(t.Context(), db.Read(), community, []turnout.ID{s.event.ID})
			if err != nil || got[s.event.ID].Waits != want {
				t.Errorf("%s: %+v, %v", community, got, err)
			}
		}
	})
}
