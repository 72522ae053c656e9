package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/ticketing"
)

// wish joins the waitlist as a party and gives the entry.
func (s *shop) wish(who string, size int64, types ...*ticketing.TicketType) *ticketing.WaitlistEntry {
	s.t.Helper()
	w := ticketing.WaitlistWish{EventID: s.event.ID, PartySize: size, Who: ticketing.Attendee{Name: who, Email: who + "@example.org"}}
	for _, tt := range types {
		w.TicketTypeIDs = append(w.TicketTypeIDs, tt.ID)
	}
	if err := s.JoinWaitlist(s.t.Context(), w); err != nil {
		s.t.Fatal(err)
	}
	return s.waiting(who + "@example.org")
}

func (s *shop) serve() {
	s.t.Helper()
	if err := s.ServeWaitlist(s.t.Context(), s.event.ID); err != nil {
		s.t.Fatal(err)
	}
}

// entryStates gives the state of each entry, as it is stored.
func (s *shop) entryStates(entries ...*ticketing.WaitlistEntry) (states []ticketing.WaitlistStatus) {
	s.t.Helper()
	for _, e := range entries {
		now, err := s.WaitlistEntry(s.t.Context(), s.event.CommunityID, e.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		states = append(states, now.Status)
	}
	return states
}

func (s *shop) wantStates(when string, entries []*ticketing.WaitlistEntry, want ...ticketing.WaitlistStatus) {
	s.t.Helper()
	if got := s.entryStates(entries...); !slices.Equal(got, want) {
		s.t.Errorf("%s: %v, not %v", when, got, want)
	}
}

// accept buys what an entry was offered.
func (s *shop) accept(e *ticketing.WaitlistEntry, tt *ticketing.TicketType, quantity int64) (*ticketing.Order, error) {
	p := s.purchase(tt, quantity, 1)
	p.Buyer, p.Offer = ticketing.Attendee{Name: e.Name, Email: e.Email}, e.ID
	o, _, err := s.PlaceOrder(s.t.Context(), p)
	return o, err
}

func (s *shop) cancel(o *ticketing.Order) {
	s.t.Helper()
	if _, err := s.CancelOrder(s.t.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) settings(change func(*ticketing.ShopInput)) {
	s.t.Helper()
	now, err := s.ShopSettings(s.t.Context(), s.event)
	if err != nil {
		s.t.Fatal(err)
	}
	in := ticketing.ShopInput{PayHours: now.PayHours, OfferHours: now.OfferHours, WaitlistOrder: now.WaitlistOrder, WaitlistClosesAt: now.WaitlistClosesAt}
	change(&in)
	if _, err := s.SaveShop(s.t.Context(), s.event.CommunityID, s.event.ID, &now.Version, in); err != nil {
		s.t.Fatal(err)
	}
}

// edit changes a ticket type as its form would.
func (s *shop) edit(tt *ticketing.TicketType, set string, args ...any) {
	s.t.Helper()
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE ticket_types SET "+set+" WHERE id = ?", append(args, tt.ID)...).Exec(ctx)
		return err
	})
}

// A party that does not fit is passed over, keeps its place, and is served when there is room for all of it.
func TestAPartyOfThreeIsPassedOverUntilItFits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(4)
		full := s.ticketType(0, hall)
		orders := []*ticketing.Order{s.buy(full, 1, 1), s.buy(full, 1, 2), s.buy(full, 2, 3)}
		three, two := s.wish("three", 3, full), s.wish("two", 2, full)
		late := s.wish("late", 1, full)
		all := []*ticketing.WaitlistEntry{three, two, late}
		s.serve()
		s.wantStates("nothing is free", all, ticketing.Waiting, ticketing.Waiting, ticketing.Waiting)

		s.cancel(orders[2])
		if last, err := s.Turns(t.Context(), s.event, all[2:]); err != nil || last[late.ID].Position != 3 {
			t.Errorf("the last stands %+v, %v", last, err)
		}
		standing, err := s.Turns(t.Context(), s.event, all[:1])
		if err != nil {
			t.Fatal(err)
		}
		at := standing[three.ID]
		if at.Position != 1 || len(at.Obstacles) != 1 || at.Obstacles[0].Needs != 3 || at.Obstacles[0].Left != 2 || at.Obstacles[0].Pool != hall.Name || at.Obstacles[0].Reason != nil {
			t.Errorf("the party of three stands %+v", at)
		}
		s.serve()
		s.wantStates("two are free", all, ticketing.Waiting, ticketing.Offered, ticketing.Waiting)
		if got := s.taken(hall); got != 4 {
			t.Errorf("%d places are taken, not all four", got)
		}
		// The two leave, one more is free: now all three fit, before who came later.
		if _, err := s.LeaveWaitlist(t.Context(), two.ID, two.Secret); err != nil {
			t.Fatal(err)
		}
		s.cancel(orders[0])
		s.serve()
		s.wantStates("three are free", all, ticketing.Offered, ticketing.Withdrawn, ticketing.Waiting)
		o, err := s.accept(three, full, 3)
		if err != nil || len(o.Tickets) != 3 || o.Status != ticketing.Confirmed || o.EntryID != three.ID {
			t.Fatalf("accepting makes %+v, %v", o, err)
		}
		s.wantStates("accepted", all[:1], ticketing.Accepted)
		if got := s.taken(hall); got != 4 {
			t.Errorf("%d places are taken after the sale", got)
		}
		if _, err := s.accept(three, full, 3); !errors.Is(err, ticketing.ErrOfferOver) {
			t.Errorf("accepting twice: %v", err)
		}
	})
}

// Of several types that would do, the best that has room is offered.
func TestSeveralTypesInTheOrderOfPreference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		front, back := s.ticketType(0, s.pool(2)), s.ticketType(0, s.pool(2))
		inFront, atBack := s.buy(front, 2, 1), s.buy(back, 2, 2)
		either, second := s.wish("either", 2, front, back), s.wish("second", 2, front, back)
		s.cancel(atBack)
		s.serve()
		if now, _ := s.WaitlistEntry(t.Context(), s.event.CommunityID, either.ID); now.Status != ticketing.Offered || now.OfferedTypeID != back.ID {
			t.Errorf("only the back is free: %+v", now)
		}
		s.cancel(inFront)
		s.serve()
		if now, _ := s.WaitlistEntry(t.Context(), s.event.CommunityID, second.ID); now.Status != ticketing.Offered || now.OfferedTypeID != front.ID {
			t.Errorf("the front is free: %+v", now)
		}
		if _, err := s.accept(either, front, 2); err == nil {
			t.Error("an offer of the back was accepted with tickets for the front")
		}
	})
}

// A lottery is served by lot, and the lots stay as they were drawn.
func TestALotteryIsServedByLot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.settings(func(in *ticketing.ShopInput) { in.WaitlistOrder = ticketing.ByLottery })
		hall := s.pool(8)
		full := s.ticketType(0, hall)
		o := s.buy(full, 8, 1)
		var entries []*ticketing.WaitlistEntry
		for i := range 8 {
			entries = append(entries, s.wish(fmt.Sprintf("w%d", i), 1, full))
		}
		byLot := slices.Clone(entries)
		slices.SortFunc(byLot, func(a, b *ticketing.WaitlistEntry) int {
			if a.Lot < b.Lot {
				return -1
			}
			return 1
		})
		turns, err := s.Turns(t.Context(), s.event, entries[2:])
		if err != nil || len(turns) != 6 {
			t.Fatal(turns, err)
		}
		for i, e := range byLot {
			if at, asked := turns[e.ID]; asked && at.Position != int64(i)+1 {
				t.Errorf("the lot %d stands at %d, not at %d", e.Lot, at.Position, i+1)
			}
		}
		s.cancel(o)
		if _, err := s.UpdatePool(t.Context(), s.event.CommunityID, hall.ID, hall.Version, ticketing.PoolInput{Name: hall.Name, Capacity: 3}); err != nil {
			t.Fatal(err)
		}
		s.serve()
		for i, e := range byLot {
			want := ticketing.Waiting
			if i < 3 {
				want = ticketing.Offered
			}
			if got := s.entryStates(e)[0]; got != want {
				t.Errorf("the lot %d is %s, not %s", i, got, want)
			}
		}
	})
}

// An offer that nobody accepts in time goes to the next, and both are told.
func TestOffersExpireAndGoToTheNext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.settings(func(in *ticketing.ShopInput) { in.OfferHours = 2 })
		full := s.ticketType(2500, s.pool(1))
		o := s.buy(full, 1, 1)
		first, second := s.wish("first", 1, full), s.wish("second", 1, full)
		both := []*ticketing.WaitlistEntry{first, second}
		s.cancel(o)
		s.serve()
		s.wait(2*time.Hour - time.Second)
		if _, err := s.ExpireOffers(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		s.wantStates("in time", both, ticketing.Offered, ticketing.Waiting)
		s.wait(time.Second)
		if _, err := s.accept(first, full, 1); !errors.Is(err, ticketing.ErrOfferOver) {
			t.Errorf("accepted when its time was over: %v", err)
		}
		if _, err := s.ExpireOffers(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		s.wantStates("over", both, ticketing.OfferExpired, ticketing.Offered)
		if n := s.jobs(ticketing.JobWaitlistMissed); n != 1 {
			t.Errorf("%d mails about a missed offer", n)
		}
		// What was accepted in time is held until the offer's deadline, and then goes back.
		paying, err := s.accept(second, full, 1)
		if err != nil || paying.Status != ticketing.Held || paying.ExpiresAt.Sub(s.now()) != 2*time.Hour {
			t.Fatalf("the order is %+v, %v", paying, err)
		}
		s.wait(2 * time.Hour)
		if n, err := s.ExpireHolds(t.Context(), ""); err != nil || n != 1 {
			t.Fatalf("%d expired, %v", n, err)
		}
	})
}

// pairs lets so many parties of two wait for a type, before everybody else.
func (s *shop) pairs(n int, tt *ticketing.TicketType) {
	s.t.Helper()
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		for i := range n {
			id, person := fmt.Sprintf("wai_0%04d", i), fmt.Sprintf("per_0%04d", i)
			if _, err := tx.NewRaw("INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES (?, ?, 'x', ?, ?)", person, s.event.CommunityID, start, start).Exec(ctx); err != nil {
				return err
			}
			if _, err := tx.NewRaw(`INSERT INTO waitlist_entries (id, community_id, event_id, person_id, name, email, party_size, status, lot, created_at, updated_at)
				VALUES (?, ?, ?, ?, 'x', 'x@example.org', 2, 'waiting', 1, ?, ?)`, id, s.event.CommunityID, s.event.ID, person, start, start).Exec(ctx); err != nil {
				return err
			}
			if _, err := tx.NewRaw("INSERT INTO waitlist_entry_types (entry_id, ticket_type_id, community_id, position, waiting) VALUES (?, ?, ?, 0, TRUE)", id, tt.ID, s.event.CommunityID).Exec(ctx); err != nil {
				return err
			}
		}
		_, err := tx.NewRaw("UPDATE event_totals SET waiting = waiting + ? WHERE event_id = ?", n, s.event.ID).Exec(ctx)
		return err
	})
}

// Whoever waits in front and does not fit hides nobody behind them, however many they are.
func TestManyWhoDoNotFitHideNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		wide, narrow := s.ticketType(0, s.pool(5)), s.ticketType(0, s.pool(1)) // a place of the narrow one is free: too few for each of the pairs
		s.buy(wide, 1, 1)
		o := s.buy(wide, 4, 2)
		last := s.wish("last", 4, wide)
		s.pairs(1100, narrow) // before them, for the narrow one, which seats one
		s.cancel(o)
		s.serve()
		s.wantStates("behind 1,100 pairs", []*ticketing.WaitlistEntry{last}, ticketing.Offered)
	})
}

// An organiser offers out of turn and takes parties off the list; neither makes places.
func TestOrganisersServeOutOfTurn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		full := s.ticketType(0, hall)
		one := s.buy(full, 1, 1)
		s.buy(full, 1, 2)
		first, later, pair := s.wish("first", 1, full), s.wish("later", 1, full), s.wish("pair", 2, full)
		if _, err := s.OfferNow(t.Context(), s.event.CommunityID, later.ID); !errors.Is(err, ticketing.ErrNoRoom) {
			t.Errorf("nothing is free: %v", err)
		}
		s.cancel(one)
		if _, err := s.OfferNow(t.Context(), s.event.CommunityID, pair.ID); !errors.Is(err, ticketing.ErrNoRoom) {
			t.Errorf("a pair for one place: %v", err)
		}
		if _, err := s.OfferNow(t.Context(), "com_other", later.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's: %v", err)
		}
		if w, err := s.OfferNow(t.Context(), s.event.CommunityID, later.ID); err != nil || w.Status != ticketing.Offered {
			t.Fatalf("out of turn: %+v, %v", w, err)
		}
		if _, err := s.OfferNow(t.Context(), s.event.CommunityID, later.ID); !errors.Is(err, ticketing.ErrNotWaiting) {
			t.Errorf("offered twice: %v", err)
		}
		if _, err := s.WithdrawEntry(t.Context(), s.event.CommunityID, later.ID); err != nil {
			t.Fatal(err)
		}
		s.serve()
		s.wantStates("the place went to the first", []*ticketing.WaitlistEntry{first, later, pair}, ticketing.Offered, ticketing.Withdrawn, ticketing.Waiting)
		rows, err := s.WaitlistRows(t.Context(), s.event, ticketing.WaitlistFilter{Search: "FIR", Limit: 10})
		if err != nil || len(rows) != 1 || rows[0].ID != first.ID {
			t.Errorf("the search finds %v, %v", rows, err)
		}
		rows, err = s.WaitlistRows(t.Context(), s.event, ticketing.WaitlistFilter{After: first.ID, Status: ticketing.Waiting, Limit: 10})
		if err != nil || len(rows) != 1 || rows[0].ID != pair.ID {
			t.Errorf("the page after the first is %v, %v", rows, err)
		}
	})
}

// sentMails runs all jobs, twice, and gives the mails that lie in the outbox: "to: subject".
func (s *shop) sentMails() (list []string, texts map[string]string) {
	s.t.Helper()
	runner := &jobs.Runner{DB: s.DB, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: s.now}
	s.Register(runner)
	for range 2 {
		if _, err := runner.Drain(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
	var rows []struct{ Recipient, Subject, Text string }
	if err := s.DB.Read().NewSelect().Table("mail_outbox").Column("recipient", "subject", "text").Scan(s.t.Context(), &rows); err != nil {
		s.t.Fatal(err)
	}
	texts = map[string]string{}
	for _, r := range rows {
		list = append(list, r.Recipient+": "+r.Subject)
		texts[r.Recipient+": "+r.Subject] = r.Text
	}
	slices.Sort(list)
	return list, texts
}

// Whoever waits is told what became of it: once, at their address, in their language.
func TestMailsOfTheWaitlist(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.settings(func(in *ticketing.ShopInput) { in.OfferHours, in.WaitlistClosesAt = 2, s.now().Add(24*time.Hour) })
		full := s.ticketType(0, s.pool(2))
		o := s.buy(full, 2, 1)
		join := func(name, locale string, size int64) {
			t.Helper()
			if err := s.JoinWaitlist(t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{full.ID}, PartySize: size, Locale: locale,
				Who: ticketing.Attendee{Name: name, Email: name + "@example.org"}}); err != nil {
				t.Fatal(err)
			}
		}
		join("ada", "en", 2)
		join("berta", "de", 2)
		join("clara", "de", 1)
		s.cancel(o)
		s.serve()
		_, texts := s.sentMails()
		offer, link := texts["ada@example.org: 2 places for you at Spring"], s.OfferLink(s.waiting("ada@example.org"))
		for _, part := range []string{link, "1 May 2026", "13:00", full.Name} { // 11:00 in UTC
			if !strings.Contains(offer, part) {
				t.Errorf("the offer does not say %q:\n%s", part, offer)
			}
		}
		s.wait(2 * time.Hour)
		if _, err := s.ExpireOffers(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		s.sentMails()
		berta := s.waiting("berta@example.org")
		if _, err := s.accept(berta, full, 2); err != nil {
			t.Fatal(err)
		}
		s.wait(22 * time.Hour)
		if err := s.CloseWaitlists(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, _ := s.sentMails()
		got = slices.DeleteFunc(got, func(m string) bool {
			return !strings.HasPrefix(m, "ada") && !strings.HasPrefix(m, "berta") && !strings.HasPrefix(m, "clara")
		})
		want := []string{
			"ada@example.org: 2 places for you at Spring",
			"ada@example.org: You are on the waitlist for Spring",
			"ada@example.org: Your offer has passed: Spring",
			"berta@example.org: 2 Plätze für Sie bei Spring",
			"berta@example.org: Sie stehen auf der Warteliste für Spring",
			"berta@example.org: Your tickets for Spring",
			"clara@example.org: Die Warteliste ist geschlossen: Spring",
			"clara@example.org: Sie stehen auf der Warteliste für Spring",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the mails are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
