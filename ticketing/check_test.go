package ticketing_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/jobs"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// Each number and row that goes wrong behind the program's back is named, and nothing is named before.
func TestCheckNamesWhatIsWrong(t *testing.T) {
	for name, damage := range map[string]struct{ statement, says string }{
		"a line without its claim":   {"DELETE FROM pool_claims", "holds fewer places of every pool"},
		"a number of a ticket type":  {"UPDATE event_totals SET last_type = 0", "last_type is 0, the rows count 1"},
		"a number of an order":       {"UPDATE event_totals SET last_order = 7", "last_order is 7, the rows count 1"},
		"a number of a ticket":       {"UPDATE event_totals SET last_ticket = 1", "last_ticket is 1, the rows count 2"},
		"places taken":               {"UPDATE pools SET taken = 3", "taken is 3, its claims add up to 2"},
		"a line's claim of too much": {"UPDATE pool_claims SET places = 3, quantity = 3", "its claim is for 3 places of a pool, it sells 2"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := newShop(t, db) // which checks at its end too
				s.buy(s.ticketType(0, s.pool(10)), 2, 1)
				s.holds()
				err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
					if _, err := tx.ExecContext(ctx, damage.statement); err != nil {
						return err
					}
					found, err := ticketing.Check(ctx, tx)
					if err != nil {
						return err
					}
					if all := strings.Join(found, "\n"); !strings.Contains(all, damage.says) {
						t.Errorf("it says %q", all)
					}
					return errUndo
				})
				if err != nil && !strings.Contains(err.Error(), errUndo.Error()) {
					t.Fatal(err)
				}
			})
		})
	}
}

// An event that cannot take effect is given up where its community sees it.
func TestAWebhookGivenUpIsShownToItsCommunity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := shopWith(t, db, &told{})
		o := s.buy(s.ticketType(2500, s.pool(10)), 1, 1)
		provider := s.Provider.(*told)
		// A dispute of money that has not been heard of waits; here for longer than its job tries.
		provider.event = payments.Event{Kind: payments.EventDisputed, PaymentID: o.Payment().ID, PaymentRef: "pi_1", OccurredAt: s.now().Add(48 * time.Hour)}
		if err := s.ReceiveWebhook(t.Context(), []byte("{}"), ""); err != nil {
			t.Fatal(err)
		}
		r := &jobs.Runner{DB: db, Log: slog.New(slog.DiscardHandler), Now: s.now}
		s.Inbox.Register(r)
		for range 12 {
			s.wait(2 * time.Hour)
			if _, err := r.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		dead, err := jobs.DeadOnes(t.Context(), db.Read(), s.event.CommunityID, "", 10)
		if err != nil || len(dead) != 1 || dead[0].Kind != "webhook.handle" || dead[0].LastError == "" {
			t.Fatalf("the community sees %+v, %v", dead, err)
		}
		// Retried when the cause is gone, it takes effect.
		s.tell(paid(o, "pi_1"))
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			return jobs.Retry(ctx, tx, s.event.CommunityID, dead[0].ID, s.now())
		})
		if _, err := r.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.order(o.ID).Payment().Status; got != ticketing.PaymentDisputed {
			t.Errorf("the payment is %s", got)
		}
	})
}

// told is a provider whose next event the test says.
type told struct {
	online
	event payments.Event
}

func (*told) Verify([]byte, string) (payments.Notice, error) {
	return payments.Notice{ID: "evt_told", Type: "test"}, nil
}

func (p *told) Read(context.Context, []byte) (payments.Event, error) { return p.event, nil }

var errUndo = errors.New("undo")
