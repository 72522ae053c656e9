package ticketing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/jobs"
)

// Cancellation is what canceling an order does, or would do.
type Cancellation struct {
	Refund  turnout.Money // what the buyer gets back
	FeeKept turnout.Money // what was paid and is kept
	Tickets []*Ticket     // those that end
}

// CancelOrder cancels a whole order: its places go back, its tickets end, and what was paid and not yet given back is
// refunded. reason is CanceledByBuyer, CanceledByOrganiser or EventCanceled. A preview says what would happen and changes
// nothing; what it says is exactly what happens.
//
// It fails with turnout.ErrNotFound, ErrOrderOver when the order ended before, and, for a buyer, ErrTooLate.
func (s *Service) CancelOrder(ctx context.Context, community, order turnout.ID, reason string, preview bool) (*Cancellation, error) {
	if preview {
		o, err := s.orderWhere(ctx, s.DB.Read(), "id = ? AND community_id = ?", order, community)
		if err != nil {
			return nil, fmt.Errorf("ticketing: preview of canceling: %w", err)
		}
		return s.Cancellation(ctx, o, reason)
	}
	var done *Cancellation
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		done, err = s.cancel(ctx, tx, community, order, reason)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: cancel order: %w", err)
	}
	s.soldOut.forget()
	return done, nil
}

// Cancellation says what canceling an order, as it was read, would do. It only reads, and fails as CancelOrder does.
func (s *Service) Cancellation(ctx context.Context, order *Order, reason string) (*Cancellation, error) {
	done, _, err := s.cancellation(ctx, s.DB.Read(), order, reason, s.Now())
	if err != nil {
		return nil, fmt.Errorf("ticketing: preview of canceling: %w", err)
	}
	return done, nil
}

// cancellation says what canceling the order would do, and with which refunds.
func (s *Service) cancellation(ctx context.Context, db bun.IDB, order *Order, reason string, now time.Time) (*Cancellation, []*Refund, error) {
	if !order.CanCancel(now) {
		return nil, nil, ErrOrderOver
	}
	if reason == CanceledByBuyer {
		if err := s.mayStillCancel(ctx, db, order, now); err != nil {
			return nil, nil, err
		}
	}
	refunds := order.refundable(reason, now)
	done := &Cancellation{Refund: order.Money(0), FeeKept: order.Money(0), Tickets: order.Tickets}
	for _, r := range refunds {
		done.Refund.Amount += r.Amount
	}
	return done, refunds, nil
}

func (s *Service) cancel(ctx context.Context, tx bun.Tx, community, id turnout.ID, reason string) (*Cancellation, error) {
	if err := lockPoolsOf(ctx, tx, []turnout.ID{id}); err != nil {
		return nil, err
	}
	if reason == CanceledByBuyer {
		if err := lockTickets(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	order, err := s.orderWhere(ctx, tx, "id = ? AND community_id = ?", id, community)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	done, refunds, err := s.cancellation(ctx, tx, order, reason, now)
	if err != nil {
		return nil, err
	}
	counts := newLedger()
	counts.watch(order)
	if err := endOrders(ctx, tx, []*Order{order}, OrderCanceled, now, counts); err != nil {
		return nil, err
	}
	if err := s.Canceled(ctx, tx, order.Tickets); err != nil {
		return nil, err
	}
	if err := requestRefunds(ctx, tx, order, refunds, now, counts); err != nil {
		return nil, err
	}
	if err := counts.write(ctx, tx, now); err != nil {
		return nil, err
	}
	if reason != ImportTakenBack && order.isReached() {
		if err := jobs.Enqueue(ctx, tx, order.CommunityID, JobOrderCanceled, orderRef{order.ID}, now); err != nil {
			return nil, err
		}
	}
	deeds := []audit.Entry{{Community: order.CommunityID, Action: "order.canceled", Subject: order.ID, Detail: map[string]string{"reason": reason}, At: now}}
	if len(refunds) > 0 {
		deeds = append(deeds, audit.Entry{Community: order.CommunityID, Action: "order.refunded", Subject: order.ID, At: now})
	}
	return done, audit.Write(ctx, tx, deeds...)
}

// isReached says whether anybody of the order has an address.
func (o *Order) isReached() bool {
	return o.BuyerEmail != "" || slices.ContainsFunc(o.Tickets, func(t *Ticket) bool { return t.AttendeeEmail != "" })
}

// mayStillCancel: a buyer may until the event begins, unless a ticket was used.
func (s *Service) mayStillCancel(ctx context.Context, tx bun.IDB, order *Order, now time.Time) error {
	if !now.Before(order.Event.StartsAt) {
		return ErrTooLate
	}
	used, err := s.Admitted(ctx, tx, order.CommunityID, order.ID)
	if err == nil && used {
		err = ErrTooLate
	}
	return err
}

// refundable makes the refunds that give back all that is left.
func (o *Order) refundable(reason string, now time.Time) []*Refund {
	var refunds []*Refund
	for _, p := range o.Payments {
		if left := o.left(p); left > 0 {
			refunds = append(refunds, newRefund(p, left, reason, now))
		}
	}
	return refunds
}

func newRefund(p *Payment, amount int64, reason string, now time.Time) *Refund {
	return &Refund{ID: turnout.NewID(prefixRefund), CommunityID: p.CommunityID, EventID: p.EventID, OrderID: p.OrderID, PaymentID: p.ID,
		Status: RefundRequested, Amount: amount, Currency: p.Currency, Reason: reason, CreatedAt: now, UpdatedAt: now}
}

// requestRefunds writes the order's new refunds, counts them, and lets a job ask the provider.
func requestRefunds(ctx context.Context, tx bun.IDB, o *Order, refunds []*Refund, now time.Time, counts *ledger) error {
	o.Refunds = append(o.Refunds, refunds...)
	if err := insertAll(ctx, tx, &refunds); err != nil {
		return err
	}
	for _, r := range refunds {
		counts.countRefund(r, 1)
		if err := jobs.Enqueue(ctx, tx, r.CommunityID, JobRefund, refundRef{r.ID}, now); err != nil {
			return err
		}
	}
	return nil
}

// RefundOrder gives back all that was paid for an order and not given back before; the order and its tickets stay. It fails
// with turnout.ErrNotFound and ErrNothingToRefund.
func (s *Service) RefundOrder(ctx context.Context, community, order turnout.ID, reason string) ([]*Refund, error) {
	var refunds []*Refund
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := lockPoolsOf(ctx, tx, []turnout.ID{order}); err != nil {
			return err
		}
		o, err := s.orderWhere(ctx, tx, "id = ? AND community_id = ?", order, community)
		if err != nil {
			return err
		}
		now := s.Now()
		if refunds = o.refundable(reason, now); len(refunds) == 0 {
			return ErrNothingToRefund
		}
		counts := newLedger()
		counts.watch(o)
		if err := requestRefunds(ctx, tx, o, refunds, now, counts); err != nil {
			return err
		}
		if err := counts.write(ctx, tx, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "order.refunded", Subject: order, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: refund order: %w", err)
	}
	return refunds, nil
}

// CancelOrdersOfCanceledEvents cancels, with full refund, what was sold for events that do not take place. It is a sweep: it
// goes on where it stopped.
func (s *Service) CancelOrdersOfCanceledEvents(ctx context.Context) error {
	for progress := true; progress; {
		var orders []*Order
		err := s.DB.Read().NewSelect().Model(&orders).Column("ord.id", "ord.community_id").
			Join("JOIN events AS event ON event.id = ord.event_id").Where("event.status = 'canceled'").
			Where("ord.status IN (?)", bun.List(holding)).Limit(expireChunk).Scan(ctx)
		if err != nil {
			return fmt.Errorf("ticketing: orders of canceled events: %w", err)
		}
		progress = false
		var failed []error
		for _, o := range orders {
			_, err := s.CancelOrder(ctx, o.CommunityID, o.ID, EventCanceled, false)
			if err != nil && !errors.Is(err, ErrOrderOver) { // a hold past its time ends by the other sweep
				failed = append(failed, err) // one order that fails keeps nobody else from their money
			}
			progress = progress || err == nil
		}
		if len(failed) > 0 {
			return errors.Join(failed...)
		}
	}
	return nil
}

// lockTickets locks an order's tickets: a door that lets one of them in at this moment goes first or begins again, see LockValid.
func lockTickets(ctx context.Context, tx bun.Tx, order turnout.ID) error {
	_, err := tx.NewUpdate().Model((*Ticket)(nil)).Set("status = status").Where("order_id = ?", order).Exec(ctx)
	return err
}
