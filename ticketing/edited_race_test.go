package ticketing_test

import (
	"context"
	"testing"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// meanwhile places an order at the second server while the first has locked what the statement locks, and makes the edits before it lets go.
func meanwhile(servers [2]*shop, p ticketing.Purchase, locks string, edits func(ctx context.Context, tx bun.Tx) error) (o *ticketing.Order, err error) {
	s, placed := servers[0], make(chan error, 1)
	s.tx(func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, locks); err != nil {
			return err
		}
		go func() {
			var err error
			o, _, err = servers[1].PlaceOrder(context.Background(), p)
			placed <- err
		}()
		if err := dbtest.Waiting(ctx, s.DB, 1); err != nil {
			return err
		}
		return edits(ctx, tx)
	})
	err = <-placed
	return o, err
}

// An add-on that is changed while a sale waits, for places or for the counters, is sold as it is then.
func TestAnAddOnIsSoldAsItIsWhenItIsSold(t *testing.T) {
	for what, locks := range map[string]string{"places": "UPDATE pools SET taken = taken", "counters": "UPDATE event_totals SET last_order = last_order"} {
		t.Run(what, func(t *testing.T) {
			twoServers(t, func(t *testing.T, servers [2]*shop) {
				s := servers[0]
				hall, table, terrace := s.pool(10), s.pool(10), s.pool(10)
				tt := s.ticketType(1000, hall)
				dinner := s.dinner(tt, table)
				p := s.purchase(tt, 1, 1)
				p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 2})
				o, err := meanwhile(servers, p, locks, func(ctx context.Context, tx bun.Tx) error {
					if _, err := tx.ExecContext(ctx, "UPDATE add_on_pools SET pool_id = ? WHERE add_on_id = ?", terrace.ID, dinner.ID); err != nil {
						return err
					}
					_, err := tx.ExecContext(ctx, "UPDATE add_ons SET price = 4000, version = version + 1 WHERE id = ?", dinner.ID)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if o.Total != 5000 || s.taken(table) != 0 || s.taken(terrace) != 2 {
					t.Errorf("sold for %d, %d places of the old pool, %d of the new", o.Total, s.taken(table), s.taken(terrace))
				}
			})
		})
	}
}

// An add-on that comes into a ticket's price while a sale waits is in it.
func TestAnAddOnThatComesWhileASaleWaits(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		table := s.pool(10)
		tt := s.ticketType(1000, s.pool(10))
		dinner := s.dinner(tt, table)
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE add_ons SET on_sale = FALSE WHERE id = ?", dinner.ID)
			return err
		})
		o, err := meanwhile(servers, s.purchase(tt, 1, 1), "UPDATE event_totals SET last_order = last_order", func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE add_ons SET on_sale = TRUE, version = version + 1 WHERE id = ?", dinner.ID)
			return err
		})
		if err != nil || len(o.Lines) != 2 || s.taken(table) != 1 {
			t.Errorf("%+v, %v, %d places of it", o, err, s.taken(table))
		}
	})
}

// A voucher that is for other tickets by the time at which a sale has waited for it is for those.
func TestAVoucherIsForWhatItIsForWhenItIsUsed(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		hall := s.pool(10)
		tt, other := s.ticketType(1000, hall), s.ticketType(1000, hall)
		v := s.voucher(ticketing.VoucherInput{Code: "HALF", Kind: ticketing.Percent, Value: 50, TicketTypeIDs: []turnout.ID{tt.ID}})
		_, err := meanwhile(servers, s.with("HALF", tt, 1, 1), "UPDATE pools SET taken = taken", func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE voucher_ticket_types SET ticket_type_id = ? WHERE voucher_id = ?", other.ID, v.ID); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "UPDATE vouchers SET version = version + 1 WHERE id = ?", v.ID)
			return err
		})
		if got := refusal(t, err); got != "not_for_these" {
			t.Errorf("%q", got)
		}
		s.stands(v, 0, 0)
	})
}

// A voucher that reserves places of a ticket type that moves to other places meanwhile reserves those.
func TestAVoucherReservesWhereItsTypeIs(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		old, next := s.pool(10), s.pool(10)
		tt := s.ticketType(1000, old)
		made := make(chan error, 1)
		s.tx(func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE pools SET taken = taken"); err != nil {
				return err
			}
			go func() {
				_, err := servers[1].CreateVoucher(context.Background(), s.event.CommunityID, s.event.ID, ticketing.VoucherInput{Code: "CREW", Kind: ticketing.ReservedVoucher,
					MaxUses: number(4), TicketTypeIDs: []turnout.ID{tt.ID}})
				made <- err
			}()
			if err := dbtest.Waiting(ctx, s.DB, 1); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE ticket_type_pools SET pool_id = ? WHERE ticket_type_id = ?", next.ID, tt.ID); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "UPDATE ticket_types SET version = version + 1 WHERE id = ?", tt.ID)
			return err
		})
		if err := <-made; err != nil || s.taken(old) != 0 || s.taken(next) != 4 {
			t.Errorf("%v, %d of the old pool, %d of the new", err, s.taken(old), s.taken(next))
		}
	})
}
