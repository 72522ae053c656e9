package ticketing

import (
	"context"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/jobs"
)

// ErrNoSuchExtra refuses to cancel what a ticket does not have.
var ErrNoSuchExtra = &turnout.Error{Kind: turnout.Conflict, Code: "no_such_add_on", Message: "This ticket does not have this add-on, or it was canceled before."}

// CancelAddOn cancels what a ticket of a confirmed order has of an add-on: its places go back, and what was paid for it and not yet given
// back is refunded, of which the buyer is told. The order's lines and total stay as they were sold, and say how many were canceled. A preview says what would happen
// and changes nothing. It fails with turnout.ErrNotFound, ErrOrderOver for an order that is not confirmed or a ticket that ended, and
// ErrNoSuchExtra.
func (s *Service) CancelAddOn(ctx context.Context, community, ticket, addOn turnout.ID, preview bool) (refund turnout.Money, err error) {
	if preview {
		o, err := s.orderWhere(ctx, s.DB.Read(), orderOfTicket, ticket, community)
		if err != nil {
			return turnout.Money{}, wrapped("preview of canceling an add-on", err)
		}
		refund, _, err := o.WithoutAddOn(ticket, addOn)
		return refund, wrapped("preview of canceling an add-on", err)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		refund, err = s.cancelAddOn(ctx, tx, community, ticket, addOn)
		return err
	})
	if err != nil {
		return turnout.Money{}, wrapped("cancel an add-on", err)
	}
	s.soldOut.forget()
	return refund, nil
}

const orderOfTicket = "id = (SELECT order_id FROM tickets WHERE id = ?) AND community_id = ?"

// WithoutAddOn says what goes back when a ticket loses an add-on, and what it has of it. It fails as CancelAddOn does.
func (o *Order) WithoutAddOn(ticket, addOn turnout.ID) (turnout.Money, []*TicketAddOn, error) {
	refund := o.Money(0)
	var lost []*TicketAddOn
	for _, t := range o.Tickets {
		if t.ID == ticket && (o.Status != Confirmed || t.Status != Valid) {
			return refund, nil, ErrOrderOver
		}
	}
	for _, has := range o.AddOns {
		if has.TicketID == ticket && has.AddOnID == addOn {
			line := o.line(has.LineID)
			refund.Amount += has.Quantity * (line.UnitPrice - line.Discount)
			lost = append(lost, has)
		}
	}
	if len(lost) == 0 {
		return refund, nil, ErrNoSuchExtra
	}
	refund.Amount = min(refund.Amount, o.Refundable().Amount)
	return refund, lost, nil
}

func (o *Order) line(id turnout.ID) *OrderLine {
	for _, l := range o.Lines {
		if l.ID == id {
			return l
		}
	}
	return nil
}

func (s *Service) cancelAddOn(ctx context.Context, tx bun.Tx, community, ticket, addOn turnout.ID) (turnout.Money, error) {
	o, err := s.orderWhere(ctx, tx, orderOfTicket, ticket, community)
	if err != nil {
		return turnout.Money{}, err
	}
	if err := lockPoolsOf(ctx, tx, []turnout.ID{o.ID}); err != nil {
		return turnout.Money{}, err
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: o.EventID}); err != nil { // an add-on without pools is canceled once too
		return turnout.Money{}, err
	}
	if o, err = s.orderWhere(ctx, tx, "id = ?", o.ID); err != nil {
		return turnout.Money{}, err
	}
	refund, lost, err := o.WithoutAddOn(ticket, addOn)
	if err != nil {
		return refund, err
	}
	now, counts, units, what := s.Now(), newLedger(), int64(0), o.ExtraName(ticket, addOn)
	counts.watch(o)
	counts.count(o, -1)
	for _, has := range lost {
		if err := loseAddOn(ctx, tx, o.line(has.LineID), has); err != nil {
			return refund, err
		}
		units += has.Quantity
	}
	counts.count(o, 1)
	if _, err := tx.NewUpdate().Model((*Ticket)(nil)).Set("updated_at = ?", now).Where("id = ?", ticket).Exec(ctx); err != nil { // doors ask for what changed
		return refund, err
	}
	if err := requestRefunds(ctx, tx, o, o.refundsOf(refund.Amount, CanceledByOrganiser, now), now, counts); err != nil {
		return refund, err
	}
	if err := counts.write(ctx, tx, now); err != nil {
		return refund, err
	}
	if o.BuyerEmail != "" {
		if err := jobs.Enqueue(ctx, tx, community, JobAddOnCanceled, addOnRef{o.ID, ticket, what, refund.Amount}, now); err != nil {
			return refund, err
		}
	}
	return refund, audit.Write(ctx, tx, audit.Entry{Community: community, Action: "order.add_on_canceled", Subject: o.ID, At: now,
		Detail: map[string]string{"ticket": string(ticket), "add_on": string(addOn), "quantity": strconv.FormatInt(units, 10)}})
}

// loseAddOn takes from a line what one of its tickets has, and gives the places back; the pools are locked.
func loseAddOn(ctx context.Context, tx bun.IDB, line *OrderLine, has *TicketAddOn) error {
	line.Canceled += has.Quantity
	if _, err := tx.NewUpdate().Model(line).Column("canceled").WherePK().Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewDelete().Model(has).WherePK().Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewUpdate().Model((*Pool)(nil)).Set("taken = taken - ?", has.Quantity).
		Where("id IN (SELECT pool_id FROM pool_claims WHERE holder_id = ?)", line.ID).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*claim)(nil)).Set("places = places - ?", has.Quantity).Set("quantity = quantity - ?", has.Quantity).
		Where("holder_id = ?", line.ID).Exec(ctx)
	return err
}

// refundsOf makes refunds of so much, from the payments in the order of their making.
func (o *Order) refundsOf(amount int64, reason string, now time.Time) []*Refund {
	var refunds []*Refund
	for _, p := range o.Payments {
		if n := min(amount, o.left(p)); n > 0 {
			refunds, amount = append(refunds, newRefund(p, n, reason, now)), amount-n
		}
	}
	return refunds
}
