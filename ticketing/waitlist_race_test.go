package ticketing_test

import (
	"context"
	"sync"
	"testing"

	"github.com/uptrace/bun"

	"turnout"
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
