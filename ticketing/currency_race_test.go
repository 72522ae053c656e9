package ticketing_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/budget"
	"turnout/events/sponsors"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// books are all that holds amounts of an event, on a server of their own.
type books struct {
	*shop
	sponsors.Service
	budget budget.Service
	of     turnout.ID // what is changed
}

func (b *books) typeIn(price turnout.Money) ticketing.TicketTypeInput {
	pools, err := b.Pools(context.Background(), b.event.CommunityID, b.event.ID)
	if err != nil {
		b.t.Error(err)
	}
	return ticketing.TicketTypeInput{Name: "New", Price: price, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{pools[0].ID}}
}

// writers write an amount where the name says: a row of its own, or one that stands already.
var writers = map[string]func(ctx context.Context, b *books, typed turnout.Money) error{
	"ticket_types.price, new": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.CreateTicketType(ctx, b.event.CommunityID, b.event.ID, b.typeIn(typed))
		return err
	},
	"ticket_types.price": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.UpdateTicketType(ctx, b.event.CommunityID, b.of, 0, b.typeIn(typed))
		return err
	},
	"sponsor_tiers.price, new": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.CreateTier(ctx, b.event.CommunityID, "spring", sponsors.TierInput{Name: "Silver", Price: typed})
		return err
	},
	"sponsor_tiers.price": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.UpdateTier(ctx, b.event.CommunityID, b.of, sponsors.TierInput{Name: "Gold", Price: typed}, nil)
		return err
	},
	"sponsors.promised, new": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.Create(ctx, b.event.CommunityID, "spring", sponsors.Input{Name: "Else", Promised: typed})
		return err
	},
	"sponsors.promised": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.Update(ctx, b.event.CommunityID, b.of, sponsors.Input{Name: "Acme", Promised: typed}, nil)
		return err
	},
	"sponsor_payments.amount": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.Receive(ctx, b.event.CommunityID, b.of, sponsors.PaymentInput{Amount: typed, ReceivedOn: "2026-05-01"})
		return err
	},
	"budget_lines.planned, new": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.budget.CreateLine(ctx, b.event.CommunityID, "spring", budget.LineInput{Category: "Print", Kind: budget.Expense, Planned: typed})
		return err
	},
	"budget_lines.committed": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.budget.UpdateLine(ctx, b.event.CommunityID, b.of, budget.LineInput{Category: "Food", Kind: budget.Expense, Committed: typed}, nil)
		return err
	},
	"budget_entries.amount": func(ctx context.Context, b *books, typed turnout.Money) error {
		_, err := b.budget.Enter(ctx, b.event.CommunityID, b.of, budget.EntryInput{Amount: typed, Date: "2026-05-01"})
		return err
	},
}

// stands makes the rows that are changed, and gives the one of the table.
func (b *books) stands(t *testing.T, table string) turnout.ID {
	tt := b.ticketType(0, b.pool(1))
	tier, err1 := b.CreateTier(t.Context(), b.event.CommunityID, "spring", sponsors.TierInput{Name: "Gold"})
	sponsor, err2 := b.Create(t.Context(), b.event.CommunityID, "spring", sponsors.Input{Name: "Acme"})
	line, err3 := b.budget.CreateLine(t.Context(), b.event.CommunityID, "spring", budget.LineInput{Category: "Food", Kind: budget.Expense})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return map[string]turnout.ID{"ticket_types": tt.ID, "sponsor_tiers": tier.ID, "sponsors": sponsor.ID, "sponsor_payments": sponsor.ID,
		"budget_lines": line.ID, "budget_entries": line.ID}[table]
}

// Whoever writes an amount while the currency changes writes it in the one that it was typed in or is refused: 77.00 EUR never
// become 7,700 yen.
func TestACurrencyChangesBesideAmounts(t *testing.T) {
	typed := turnout.Money{Amount: 7700, Currency: "EUR"}
	for where, write := range writers {
		for _, engine := range dbtest.Engines() {
			t.Run(where+" "+string(engine), func(t *testing.T) {
				t.Parallel()
				address := dbtest.Address(t, engine)
				dbtest.NoDeadlocks(t, address)
				s := newShop(t, dbtest.Handle(t, address))
				b := &books{shop: s.server(dbtest.Handle(t, address))}
				b.Service = sponsors.Service{DB: b.shop.DB, Now: s.now}
				b.budget = budget.Service{DB: b.shop.DB, Now: s.now}
				column, _, _ := strings.Cut(where, ",")
				table, column, _ := strings.Cut(column, ".")
				b.of = b.stands(t, table)
				planner, yen := &events.Service{DB: s.DB, Now: s.now}, "JPY"
				written := make(chan error, 1)
				changed := make(chan error, 1)
				s.tx(func(ctx context.Context, tx bun.Tx) error { // keeps both waiting, the change before the amount
					if _, err := tx.ExecContext(ctx, "UPDATE event_totals SET last_order = last_order"); err != nil {
						return err
					}
					go func() {
						_, err := planner.Patch(context.Background(), s.event.CommunityID, "spring", 0, events.Patch{Currency: &yen, KeepNumbers: true})
						changed <- err
					}()
					if err := dbtest.Waiting(ctx, s.DB, 1); err != nil {
						return err
					}
					go func() { written <- write(context.Background(), b, typed) }()
					return dbtest.Waiting(ctx, s.DB, 2) // who does not wait may write what is not true any more
				})
				if err := <-changed; err != nil {
					t.Fatal(err)
				}
				if err := <-written; err != nil {
					if known, ok := errors.AsType[*turnout.Error](err); !ok || known.Kind != turnout.Invalid {
						t.Errorf("refused: %v", err)
					}
				}
				wrong, err := s.DB.Read().NewSelect().Table(table).Where("? = ?", bun.Ident(column), typed.Amount).Count(t.Context())
				if err != nil || wrong != 0 {
					t.Errorf("77.00 EUR are 7,700 yen, %v", err)
				}
			})
		}
	}
}

// Who edits a ticket type as it was before its currency changed is told that it changed.
func TestANewCurrencyIsAnotherVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(4900, s.pool(1))
		planner := &events.Service{DB: s.DB, Now: s.now}
		for _, currency := range []string{"JPY", "KRW"} {
			if _, err := planner.Patch(t.Context(), s.event.CommunityID, "spring", 0, events.Patch{Currency: &currency, KeepNumbers: true}); err != nil {
				t.Fatal(err)
			}
			in := ticketing.TicketTypeInput{Name: "New", Price: turnout.Money{Amount: 60, Currency: currency}, AttendanceMode: ticketing.InPerson, PoolIDs: tt.PoolIDs}
			if _, err := s.UpdateTicketType(t.Context(), s.event.CommunityID, tt.ID, tt.Version, in); !errors.Is(err, turnout.ErrStale) {
				t.Errorf("as it was before %s: %v", currency, err)
			}
			types, err := s.TicketTypes(t.Context(), s.event.CommunityID, s.event.ID)
			if err != nil {
				t.Fatal(err)
			}
			tt = types[0]
		}
	})
}
