package ticketing

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
)

// ErrNoManualRefund says that an order has no refund that waits for a person.
var ErrNoManualRefund = &turnout.Error{Kind: turnout.Conflict, Code: "no_manual_refund", Message: "No refund of this order waits to be given back by hand."}

// MarkRefunded notes that a person gave back what no provider could: the order's manual refunds have succeeded, and late money
// that was given back whole has found its end. It fails with turnout.ErrNotFound and ErrNoManualRefund.
func (s *Service) MarkRefunded(ctx context.Context, community, order turnout.ID) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		b := &settlement{s: s, tx: tx, now: s.Now(), orders: map[turnout.ID]*Order{}, counts: newLedger()}
		if err := b.load(ctx, []turnout.ID{order}); err != nil {
			return err
		}
		o := b.orders[order]
		if o == nil || o.CommunityID != community {
			return turnout.ErrNotFound
		}
		if !o.WaitsForHand() {
			return ErrNoManualRefund
		}
		for _, r := range o.Refunds {
			if r.Status != RefundManual {
				continue
			}
			b.counts.moveRefund(r, RefundSucceeded)
			r.UpdatedAt = b.now
			if _, err := tx.NewUpdate().Model(r).Column("status", "updated_at").WherePK().Exec(ctx); err != nil {
				return err
			}
			if p := o.paymentByID(r.PaymentID); p != nil {
				if err := b.lateRefunded(ctx, o, p); err != nil {
					return err
				}
			}
		}
		if err := b.counts.write(ctx, tx, b.now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "refund.marked_given_back", Subject: order, At: b.now})
	})
	if err != nil {
		return fmt.Errorf("ticketing: mark refunded: %w", err)
	}
	return nil
}
