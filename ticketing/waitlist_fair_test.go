package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// An add-on that comes with a ticket, and a ticket more than was offered, take places too: those of others who wait are not taken by them.
func TestNothingInABasketPassesThoseWhoWait(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		regular, boat := s.ticketType(0, hall), s.ticketType(0, s.pool(10))
		if _, err := s.CreateAddOn(t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "A seat in the hall", OnSale: true, PoolIDs: []turnout.ID{hall.ID},
			Price: turnout.Money{Currency: s.event.Currency}, With: []ticketing.AddOnWith{{TicketTypeID: boat.ID, Least: 1, Most: 1}}}); err != nil {
			t.Fatal(err)
		}
		one, other := s.buy(regular, 1, 1), s.buy(regular, 1, 2)
		first, second := s.wish("first", 1, regular), s.wish("second", 1, regular)
		s.cancel(one)
		if _, _, err := s.PlaceOrder(t.Context(), s.purchase(boat, 1, 9)); !errors.Is(err, ticketing.ErrSoldOut) {
			t.Errorf("with a boat came a seat that others wait for: %v", err)
		}
		s.wantStates("a seat was free", []*ticketing.WaitlistEntry{first, second}, ticketing.Offered, ticketing.Waiting)
		s.cancel(other)
		if _, err := s.accept(first, regular, 2); !errors.Is(err, ticketing.ErrSoldOut) {
			t.Errorf("with an offer of one came a second place that others wait for: %v", err)
		}
		s.wantStates("the next was served", []*ticketing.WaitlistEntry{first, second}, ticketing.Offered, ticketing.Offered)
		if _, err := s.accept(first, regular, 1); err != nil {
			t.Error(err)
		}
	})
}

// Nobody is offered what they could not buy: a place would only be kept from those who can.
func TestOffersGoToThoseWhoCanBuy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		tt := s.ticketType(0, hall)
		sold := s.buy(tt, 2, 1)
		strangers := make([]*ticketing.WaitlistEntry, 12)
		for i := range strangers {
			strangers[i] = s.wish(fmt.Sprint("stranger", i), 1, tt)
		}
		pair, member := s.wish("pair", 2, tt), s.wish("member", 1, tt)
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE persons SET member_since = created_at WHERE id IN (SELECT person_id FROM waitlist_entries WHERE email IN ('member@example.org', 'pair@example.org'))").Exec(ctx)
			return err
		})
		s.edit(tt, "members_only = TRUE, max_per_order = 1, version = version + 1")
		s.cancel(sold)
		s.serve()
		s.wantStates("for members, one each", slices.Concat(strangers, []*ticketing.WaitlistEntry{pair, member}), append(slices.Repeat([]ticketing.WaitlistStatus{ticketing.Waiting}, 13), ticketing.Offered)...)
		turns, err := s.Turns(t.Context(), s.event, []*ticketing.WaitlistEntry{strangers[0], pair})
		if err != nil || len(turns) != 2 || !errors.Is(turns[strangers[0].ID].Obstacles[0].Reason, ticketing.ErrRestricted) || !errors.Is(turns[pair.ID].Obstacles[0].Reason, ticketing.ErrPartySize) {
			t.Errorf("why they are passed over: %+v, %v", turns, err)
		}
		if _, err := s.OfferNow(t.Context(), s.event.CommunityID, strangers[0].ID); !errors.Is(err, ticketing.ErrNoRoom) {
			t.Errorf("a stranger was offered members' tickets: %v", err)
		}
		s.edit(tt, "members_only = FALSE, max_per_order = 10, email_domains = '[\"uni.example\"]', version = version + 1")
		s.serve()
		s.wantStates("for another domain", strangers, slices.Repeat([]ticketing.WaitlistStatus{ticketing.Waiting}, len(strangers))...)
		if err := s.JoinWaitlist(t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, PartySize: 2, TicketTypeIDs: []turnout.ID{tt.ID}, Who: ticketing.Attendee{Name: "X", Email: "x@example.org"}}); !errors.Is(err, ticketing.ErrRestricted) {
			t.Errorf("joined with an address of another domain: %v", err)
		}
		student := ticketing.WaitlistWish{EventID: s.event.ID, PartySize: 2, TicketTypeIDs: []turnout.ID{tt.ID}, Who: ticketing.Attendee{Name: "Y", Email: "y@uni.example"}}
		if err := s.JoinWaitlist(t.Context(), student); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LeaveWaitlist(t.Context(), member.ID, member.Secret); err != nil {
			t.Fatal(err)
		}
		s.serve()
		s.wantStates("of the domain", []*ticketing.WaitlistEntry{s.waiting("y@uni.example")}, ticketing.Offered)
	})
}

// Nobody who comes by buys what somebody who waits can have; who waits for more than there is does not stop the sale.
func TestNobodyPassesThoseWhoWait(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(4)
		regular, student := s.ticketType(0, hall), s.ticketType(0, hall)
		one, three := s.buy(regular, 1, 1), s.buy(regular, 3, 2)
		group, single := s.wish("group", 3, regular), s.wish("single", 1, regular)
		s.cancel(one)
		// The hall has a place again, which is the single's: neither type takes it from them.
		for _, tt := range []*ticketing.TicketType{regular, student} {
			if _, _, err := s.PlaceOrder(t.Context(), s.purchase(tt, 1, 9)); !errors.Is(err, ticketing.ErrSoldOut) {
				t.Errorf("somebody bought what others wait for: %v", err)
			}
		}
		s.wantStates("a place was free", []*ticketing.WaitlistEntry{group, single}, ticketing.Waiting, ticketing.Offered)
		s.cancel(three)
		s.serve()
		s.wantStates("three were free", []*ticketing.WaitlistEntry{group, single}, ticketing.Offered, ticketing.Offered)
		if _, err := s.LeaveWaitlist(t.Context(), single.ID, single.Secret); err != nil {
			t.Fatal(err)
		}
		many := s.wish("many", 3, regular)
		s.buy(student, 1, 10) // nobody who waits fits in there
		s.wantStates("still too many", []*ticketing.WaitlistEntry{many}, ticketing.Waiting)
	})
}
