package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// At its time the waitlist closes, once, and everybody who still waits is told, once; offers that stand keep their deadline.
func TestClosingTellsEverybodyOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			s := newShop(t, dbtest.Handle(t, address))
			second := s.server(dbtest.Handle(t, address))
			full := s.ticketType(0, s.pool(2))
			o := s.buy(full, 1, 1)
			s.buy(full, 1, 2)
			s.settings(func(in *ticketing.ShopInput) { in.WaitlistClosesAt = s.now().Add(time.Hour) })
			served := s.wish("served", 1, full)
			var home []*ticketing.WaitlistEntry
			for i := range 20 {
				home = append(home, s.wish(fmt.Sprintf("home%d", i), 1, full))
			}
			s.cancel(o)
			s.serve()
			s.wait(time.Hour)
			errs := make([]error, 4)
			dbtest.Together(4, func(i int) {
				server := s
				if i%2 == 1 {
					server = second
				}
				errs[i] = server.CloseWaitlists(context.Background())
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if n := s.jobs(ticketing.JobWaitlistClosed); n != 20 {
				t.Errorf("%d were told, not 20", n)
			}
			s.wantStates("an offer stands", []*ticketing.WaitlistEntry{served}, ticketing.Offered)
			if now, _ := s.WaitlistEntry(t.Context(), s.event.CommunityID, home[0].ID); !now.ToldAtClosing() {
				t.Errorf("the first is %+v", now)
			}
			if _, err := s.accept(served, full, 1); err != nil {
				t.Errorf("the offer that stood: %v", err)
			}
			if err := s.JoinWaitlist(t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{full.ID}, PartySize: 1,
				Who: ticketing.Attendee{Name: "Late", Email: "late@example.org"}}); !errors.Is(err, ticketing.ErrWaitlistClosed) {
				t.Errorf("joining a closed waitlist: %v", err)
			}
		})
	}
}

// A long waitlist closes in pieces between which sales go on; what a server that stops has not done, the next sweep does, and nobody is told twice.
func TestClosingGoesOnAfterAStop(t *testing.T) {
	for name, over := range map[string]func(s *shop, tt *ticketing.TicketType){
		"at its time": func(s *shop, _ *ticketing.TicketType) {
			s.settings(func(in *ticketing.ShopInput) { in.WaitlistClosesAt = s.now() })
		},
		"with the sale": func(s *shop, tt *ticketing.TicketType) { s.edit(tt, "sales_end = ?", s.now()) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := newShop(t, db)
				tt := s.ticketType(0, s.pool(1))
				s.pairs(1001, tt)
				over(s, tt)
				ctx, stop := context.WithCancel(t.Context())
				stopped := *s.Service
				stopped.Now = func() time.Time { // asked in each piece: the server stops when somebody was told
					if s.jobs(ticketing.JobWaitlistClosed) > 0 {
						stop()
					}
					return s.now()
				}
				if err := stopped.CloseWaitlists(ctx); !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if n := s.jobs(ticketing.JobWaitlistClosed); n != 500 {
					t.Errorf("%d were told by the first piece, not 500", n)
				}
				s.holds()
				if err := s.CloseWaitlists(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := s.jobs(ticketing.JobWaitlistClosed); n != 1001 {
					t.Errorf("%d were told, not 1,001", n)
				}
				if settings, err := s.ShopSettings(t.Context(), s.event); err != nil || settings.WaitlistClosed != (name == "at its time") {
					t.Errorf("%+v, %v", settings, err)
				}
			})
		})
	}
}

// Without a time of its own the waitlist ends with the sale: of the tickets that one waits for, or of the event.
func TestTheWaitlistEndsWithTheSale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		early, long := s.ticketType(0, s.pool(1)), s.ticketType(0, s.pool(1))
		s.buy(early, 1, 1)
		s.buy(long, 1, 2)
		only, either := s.wish("only", 1, early), s.wish("either", 1, early, long)
		both := []*ticketing.WaitlistEntry{only, either}
		s.edit(early, "sales_end = ?", s.now().Add(time.Hour))
		closing := func() {
			t.Helper()
			for range 2 {
				if err := s.CloseWaitlists(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		closing()
		s.wantStates("on sale", both, ticketing.Waiting, ticketing.Waiting)
		s.wait(time.Hour)
		closing()
		s.wantStates("one sale is over", both, ticketing.OfferExpired, ticketing.Waiting)
		s.wait(31 * 24 * time.Hour)
		closing()
		s.wantStates("the event is over", both, ticketing.OfferExpired, ticketing.OfferExpired)
		if n := s.jobs(ticketing.JobWaitlistClosed); n != 2 {
			t.Errorf("%d were told, not 2", n)
		}
	})
}
