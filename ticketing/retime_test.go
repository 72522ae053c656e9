package ticketing_test

import (
	"context"
	"slices"
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

// planner edits events as the program does.
func (s *shop) planner() *events.Service {
	return &events.Service{DB: s.DB, Now: s.now, Retimed: []func(context.Context, bun.IDB, *events.Event, *events.Event) error{s.Retime},
		Rezoned: []func(context.Context, bun.IDB, *events.Event, *events.Event) error{s.Rezone}}
}

// What waits for the organiser's decision waits until the event's end, wherever that moves; what was approved or offered keeps its time,
// but none of it outlives the event. Money that is under way may take its time.
func TestDeadlinesFollowTheEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		paying, full := s.byHand(2500, s.pool(9)), s.ticketType(2500, s.pool(1))
		undecided, approved, underway := s.buy(paying, 1, 1), s.buy(paying, 1, 2), s.buy(paying, 1, 3)
		for _, o := range []*ticketing.Order{approved, underway} {
			if _, err := s.ApproveOrder(t.Context(), s.event.CommunityID, o.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
		s.tell(payments.Event{Kind: payments.EventProcessing, PaymentID: s.order(underway.ID).Payment().ID, PaymentRef: "pi_1"})
		held := s.buy(full, 1, 4)
		ada := s.wish("ada", 1, full)
		s.cancel(held)
		s.serve()
		stand := func(when string, wait, pay, offer time.Time) {
			t.Helper()
			entry, err := s.WaitlistEntry(t.Context(), s.event.CommunityID, ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			for what, pair := range map[string][2]time.Time{"undecided": {s.order(undecided.ID).ExpiresAt, wait}, "approved": {s.order(approved.ID).ExpiresAt, pay},
				"under way": {s.order(underway.ID).ExpiresAt, start.Add(s.TransferFor)}, "offered": {entry.OfferExpiresAt, offer}} {
				if !pair[0].Equal(pair[1]) {
					t.Errorf("%s: %s until %v, want %v", when, what, pair[0], pair[1])
				}
			}
		}
		s.postpone(10 * 24 * time.Hour)
		stand("put off", start.Add(41*24*time.Hour), start.Add(72*time.Hour), start.Add(24*time.Hour))
		s.postpone(-41*24*time.Hour + 48*time.Hour)
		stand("sooner", start.Add(48*time.Hour), start.Add(48*time.Hour), start.Add(24*time.Hour))
		s.postpone(-36 * time.Hour)
		stand("at once", start.Add(12*time.Hour), start.Add(12*time.Hour), start.Add(12*time.Hour))
		s.wait(12 * time.Hour)
		if n, err := s.ExpireHolds(t.Context(), ""); err != nil || n != 2 || s.approvals() != 0 {
			t.Errorf("%d orders ended with the event, %v; %d wait", n, err, s.approvals())
		}
	})
}

// What is sold, approved or offered while an organiser moves the event's end ends with it as it is then.
func TestAnEndMovesBesideDeadlines(t *testing.T) {
	for what, act := range map[string]func(s *shop, byHand *ticketing.TicketType, asked *ticketing.Order) error{
		"an order": func(s *shop, byHand *ticketing.TicketType, _ *ticketing.Order) error {
			_, _, err := s.PlaceOrder(context.Background(), s.purchase(byHand, 1, 2))
			return err
		},
		"an approval": func(s *shop, _ *ticketing.TicketType, asked *ticketing.Order) error {
			_, err := s.ApproveOrder(context.Background(), s.event.CommunityID, asked.ID, "")
			return err
		},
		"an offer": func(s *shop, _ *ticketing.TicketType, _ *ticketing.Order) error {
			return s.ServeWaitlist(context.Background(), s.event.ID)
		},
	} {
		t.Run(what, func(t *testing.T) {
			twoServers(t, func(t *testing.T, servers [2]*shop) {
				s := servers[0]
				hall := s.pool(4) // one for all: whoever waits for it first has it first
				byHand, full := s.byHand(2500, hall), s.ticketType(2500, hall)
				asked, held := s.buy(byHand, 1, 1), s.buy(full, 3, 3)
				if what == "an offer" { // else a sale would read the event anew for her sake
					s.wish("ada", 2, full)
				}
				s.cancel(held)
				moved, done := make(chan error, 1), make(chan error, 1)
				until := start.Add(30*24*time.Hour + time.Hour)
				s.wait(30 * 24 * time.Hour)                       // an hour is left, by the event's new end
				s.tx(func(ctx context.Context, tx bun.Tx) error { // keeps both waiting, the edit before the deed
					if _, err := tx.ExecContext(ctx, "UPDATE pools SET taken = taken"); err != nil {
						return err
					}
					go func() {
						_, err := s.planner().Patch(context.Background(), s.event.CommunityID, string(s.event.ID), 0, events.Patch{EndsAt: &until})
						moved <- err
					}()
					if err := dbtest.Waiting(ctx, s.DB, 1); err != nil {
						return err
					}
					go func() { done <- act(servers[1], byHand, asked) }()
					return dbtest.Waiting(ctx, s.DB, 2)
				})
				for _, err := range []error{<-moved, <-done} {
					if err != nil {
						t.Fatal(err)
					}
				}
				var outlive int
				if err := s.DB.Read().NewRaw(`SELECT (SELECT COUNT(*) FROM orders WHERE status IN ('awaiting_approval', 'held') AND expires_at > ?0)
					+ (SELECT COUNT(*) FROM waitlist_entries WHERE status = 'offered' AND offer_expires_at > ?0)`, until).Scan(t.Context(), &outlive); err != nil || outlive > 0 {
					t.Errorf("%d outlive the event, %v", outlive, err)
				}
			})
		})
	}
}

// A voucher is good at the same times on the wall clock after its event moved to another zone, whoever has others to which its old ones are equal.
func TestVouchersKeepTheWallClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt, day, zone := s.ticketType(2500, s.pool(1)), s.now().Add(10*24*time.Hour), "America/New_York" // six hours behind
		both := s.voucher(ticketing.VoucherInput{Code: "BOTH", Kind: ticketing.Percent, Value: 5, ValidFrom: day, ValidUntil: day.Add(6 * time.Hour)})
		next := s.voucher(ticketing.VoucherInput{Code: "NEXT", Kind: ticketing.Percent, Value: 5, ValidFrom: day.Add(6 * time.Hour), ValidUntil: day.Add(12 * time.Hour)})
		until := s.voucher(ticketing.VoucherInput{Code: "UNTIL", Kind: ticketing.ReservedVoucher, MaxUses: number(1), TicketTypeIDs: []turnout.ID{tt.ID}, ValidUntil: day})
		always := s.voucher(ticketing.VoucherInput{Code: "ALWAYS", Kind: ticketing.Percent, Value: 5})
		if _, err := s.planner().Patch(t.Context(), s.event.CommunityID, string(s.event.ID), 0, events.Patch{Timezone: &zone}); err != nil {
			t.Fatal(err)
		}
		for _, was := range []*ticketing.Voucher{both, next, until, always} {
			v, err := s.Voucher(t.Context(), s.event.CommunityID, was.ID)
			if err != nil {
				t.Fatal(err)
			}
			from, until, version := was.ValidFrom, was.ValidUntil, was.Version+1
			if !from.IsZero() {
				from = from.Add(6 * time.Hour)
			}
			if !until.IsZero() {
				until = until.Add(6 * time.Hour)
			} else {
				version--
			}
			if !v.ValidFrom.Equal(from) || !v.ValidUntil.Equal(until) || v.Version != version {
				t.Errorf("%s: from %v until %v in version %d, want %v, %v, %d", v.Code, v.ValidFrom, v.ValidUntil, v.Version, from, until, version)
			}
		}
	})
}

// A voucher that somebody edits while its event moves to another zone is moved as it was edited.
func TestAZoneMovesBesideAVoucher(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.ticketType(2500, s.pool(1))
		in := ticketing.VoucherInput{Code: "UNTIL", Kind: ticketing.Percent, Value: 5, ValidUntil: s.now().Add(10 * 24 * time.Hour)}
		v, zone := s.voucher(in), "America/New_York" // six hours behind
		in.ValidUntil = in.ValidUntil.Add(48 * time.Hour)
		edited, moved := make(chan error, 1), make(chan error, 1)
		s.tx(func(ctx context.Context, tx bun.Tx) error { // keeps both waiting, the edit before the move
			if _, err := tx.ExecContext(ctx, "UPDATE event_totals SET waiting = waiting"); err != nil {
				return err
			}
			go func() {
				_, err := s.UpdateVoucher(context.Background(), s.event.CommunityID, v.ID, 0, in)
				edited <- err
			}()
			if err := dbtest.Waiting(ctx, s.DB, 1); err != nil {
				return err
			}
			go func() {
				_, err := s.planner().Patch(context.Background(), s.event.CommunityID, string(s.event.ID), 0, events.Patch{Timezone: &zone})
				moved <- err
			}()
			return dbtest.Waiting(ctx, s.DB, 2)
		})
		for _, err := range []error{<-edited, <-moved} {
			if err != nil {
				t.Fatal(err)
			}
		}
		now, err := s.Voucher(t.Context(), s.event.CommunityID, v.ID)
		want := []time.Time{in.ValidUntil.Add(6 * time.Hour), in.ValidUntil} // the latter where the move came first
		if err != nil || !slices.ContainsFunc(want, now.ValidUntil.Equal) || now.Version != v.Version+2 {
			t.Errorf("until %v in version %d, want one of %v, %v", now.ValidUntil, now.Version, want, err)
		}
	})
}
