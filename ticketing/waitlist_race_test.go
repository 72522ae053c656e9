package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Who leaves the waitlist takes the event's counters before the entry, as everybody does.
func TestLeavingWaitsForTheCountersFirst(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			s := newShop(t, dbtest.Handle(t, address))
			second := s.server(dbtest.Handle(t, address))
			full := s.ticketType(0, s.pool(1))
			s.buy(full, 1, 1)
			if err := s.JoinWaitlist(t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{full.ID}, PartySize: 1,
				Who: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}}); err != nil {
				t.Fatal(err)
			}
			entry, left, leave := s.waiting("ada@example.org"), make(chan error, 1), sync.Once{}
			s.tx(func(ctx context.Context, tx bun.Tx) error {
				if _, err := tx.ExecContext(ctx, "UPDATE event_totals SET waiting = waiting"); err != nil {
					return err
				}
				leave.Do(func() {
					go func() {
						_, err := second.LeaveWaitlist(context.Background(), entry.ID, entry.Secret)
						left <- err
					}()
				})
				if err := dbtest.Waiting(ctx, s.DB, 1); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, "UPDATE waitlist_entries SET status = status WHERE id = ?", entry.ID)
				return err
			})
			if err := <-left; err != nil {
				t.Error(err)
			}
		})
	}
}

// An offer is accepted once, however many accept it at the moment at which it ends, on two servers; its places are never lost or
// given twice.
func TestAnOfferIsAcceptedOrEndsOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			s := newShop(t, dbtest.Handle(t, address))
			second := s.server(dbtest.Handle(t, address))
			hall := s.pool(3)
			full := s.ticketType(0, hall)
			for round := range 6 {
				o := s.buy(full, 3, 1)
				trio, next := s.wish(fmt.Sprintf("trio%d", round), 3, full), s.wish(fmt.Sprintf("next%d", round), 3, full)
				s.cancel(o)
				s.serve()
				if round%2 == 1 {
					s.wait(24 * time.Hour) // its time is over
				}
				errs := make([]error, 8)
				dbtest.Together(8, func(i int) {
					server := s
					if i%2 == 1 {
						server = second
					}
					switch {
					case i < 4:
						_, errs[i] = server.accept(trio, full, 3)
					case i < 6:
						_, errs[i] = server.ExpireOffers(context.Background(), "")
					case i == 6:
						_, errs[i] = server.LeaveWaitlist(context.Background(), trio.ID, trio.Secret)
					default:
						_, _, errs[i] = server.PlaceOrder(context.Background(), server.purchase(full, 1, 100+round))
					}
				})
				accepted := 0
				for i, err := range errs {
					switch {
					case err == nil && i < 4:
						accepted++
					case err != nil && !errors.Is(err, ticketing.ErrOfferOver) && !errors.Is(err, ticketing.ErrNotWaiting) && !errors.Is(err, ticketing.ErrSoldOut):
						t.Errorf("%d: %v", i, err)
					case err == nil && i == 7:
						t.Error("somebody who came by bought what others wait for")
					}
				}
				s.serve()
				states := s.entryStates(trio, next)
				switch {
				case accepted > 1, accepted == 1 && round%2 == 1, accepted == 1 && states[0] != ticketing.Accepted:
					t.Errorf("round %d: accepted %d times, and it is %s", round, accepted, states[0])
				case accepted == 0 && (states[1] != ticketing.Offered || s.taken(hall) != 3):
					t.Errorf("round %d: the next is %s, %d places are taken", round, states[1], s.taken(hall))
				}
				s.clear(next)
			}
		})
	}
}

// clear cancels all orders and has the entry leave, so that nobody waits and everything is free.
func (s *shop) clear(entry *ticketing.WaitlistEntry) {
	s.t.Helper()
	if _, err := s.LeaveWaitlist(s.t.Context(), entry.ID, entry.Secret); err != nil && !errors.Is(err, ticketing.ErrNotWaiting) {
		s.t.Fatal(err)
	}
	rows, err := s.OrderRows(s.t.Context(), s.event, ticketing.OrderFilter{Status: ticketing.Confirmed, Limit: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range rows {
		s.cancel(s.order(r.ID))
	}
}

// While places come back and go, on two servers, nobody who comes by gets one while a party that waits fits: at the end each place is
// held for those who waited, in their order.
func TestPlacesThatComeBackAreTheirsWhoWait(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			s := newShop(t, dbtest.Handle(t, address))
			second := s.server(dbtest.Handle(t, address))
			hall := s.pool(12)
			regular, student := s.ticketType(0, hall), s.ticketType(0, hall)
			var orders []*ticketing.Order
			for i := range 6 {
				orders = append(orders, s.buy(regular, 2, i))
			}
			var entries []*ticketing.WaitlistEntry
			for i := range 12 {
				entries = append(entries, s.wish(fmt.Sprintf("w%02d", i), 1, regular))
			}
			bought := make([]error, 18)
			dbtest.Together(24, func(i int) {
				server := s
				if i%2 == 1 {
					server = second
				}
				if i < 6 {
					if _, err := server.CancelOrder(context.Background(), orders[i].CommunityID, orders[i].ID, ticketing.CanceledByOrganiser, false); err != nil {
						t.Error(err)
					}
					return
				}
				tt := regular
				if i%3 == 0 {
					tt = student
				}
				p := server.purchase(tt, 1, 1000+i)
				p.Key, p.Amends = fmt.Sprintf("key%d", i), i%4 == 0
				_, _, bought[i-6] = server.PlaceOrder(context.Background(), p)
			})
			for _, err := range bought {
				if !errors.Is(err, ticketing.ErrSoldOut) && !errors.Is(err, database.ErrBusy) {
					t.Errorf("somebody who came by: %v", err)
				}
			}
			s.serve()
			for i, state := range s.entryStates(entries...) {
				if state != ticketing.Offered {
					t.Errorf("the party %d is %s", i, state)
				}
			}
			if got := s.taken(hall); got != 12 {
				t.Errorf("%d places are taken", got)
			}
		})
	}
}
