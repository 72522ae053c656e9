package ticketing_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

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
		if byType[paidType.ID] != (ticketing.TypeTotals{EventID: s.event.ID, CommunityID: s.event.CommunityID, TicketTypeID: paidType.ID, Reserved: 1, Valid: 3, Charged: 3, Income: 7500}) || byType[free.ID].Valid != 2 || len(byType) != 2 {
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
		offers, _, err := s.Stock(t.Context(), s.event)
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
		if err := s.JoinWaitlist(t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{full.ID}, PartySize: 1,
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

// Quarters of an hour are added up to the days of any zone: those that lie 45 minutes off, that change their clocks by half an
// hour, and whose clocks jump over midnight.
func TestSalesByDayInEveryZone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		for zone, day := range map[string]time.Time{
			"Europe/Warsaw": time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC), "Asia/Kathmandu": time.Date(2026, 5, 1, 19, 0, 0, 0, time.UTC),
			"Australia/Lord_Howe": time.Date(2026, 10, 4, 3, 0, 0, 0, time.UTC), "America/Santiago": time.Date(2026, 9, 6, 12, 0, 0, 0, time.UTC),
			"Pacific/Chatham": time.Date(2026, 4, 5, 3, 0, 0, 0, time.UTC), "America/Havana": time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC),
		} {
			event := *s.event
			event.Timezone = zone
			now := day.Add(30 * time.Hour)
			want, rows := make([]int64, 4), []*ticketing.SalesTotals{}
			today := now.In(event.Location())
			for at := day.Add(-5 * 24 * time.Hour).Truncate(ticketing.SalesQuarter); !at.After(now); at = at.Add(ticketing.SalesQuarter) {
				rows = append(rows, &ticketing.SalesTotals{EventID: event.ID, StartsAt: at, CommunityID: event.CommunityID, Tickets: 1})
				for i := range want {
					local := at.In(event.Location())
					if date := today.AddDate(0, 0, i-3); local.YearDay() == date.YearDay() {
						want[i]++
					}
				}
			}
			s.tx(func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewInsert().Model(&rows).Exec(ctx)
				return err
			})
			got, err := ticketing.SalesByDay(t.Context(), db.Read(), &event, now, len(want))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v, %v", zone, got, want, err)
			}
			s.tx(func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewDelete().Model((*ticketing.SalesTotals)(nil)).Where("event_id = ?", event.ID).Exec(ctx)
				return err
			})
		}
	})
}
