package ticketing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/jobs"
)

// ErrNotAwaiting refuses a decision about an order that waits for none.
var ErrNotAwaiting = &turnout.Error{Kind: turnout.Conflict, Code: "not_awaiting_approval", Message: "This order was decided about already, or it is over."}

// maxNote is how long the note of a decision can be.
const maxNote = 2000

// ApproveOrder lets the buyer of an order that needed approval have it: a free one is confirmed, for another the buyer is mailed how to
// pay, within the time that the event's shop gives. The note is for the buyer. It fails with an Invalid error, turnout.ErrNotFound and
// ErrNotAwaiting.
func (s *Service) ApproveOrder(ctx context.Context, community, order turnout.ID, note string) (*Order, error) {
	return s.decide(ctx, community, order, note, s.approve)
}

// DeclineOrder ends an order that needed approval; its places go back, and the buyer is mailed with the note. It fails as ApproveOrder.
func (s *Service) DeclineOrder(ctx context.Context, community, order turnout.ID, note string) (*Order, error) {
	o, err := s.decide(ctx, community, order, note, s.decline)
	if err == nil {
		s.soldOut.forget()
	}
	return o, err
}

// deciding is one of the two ways in which an order leaves AwaitingApproval; it gives the job that tells the buyer.
type deciding func(ctx context.Context, tx bun.Tx, o *Order, counts *ledger, now time.Time) (job string, err error)

func (s *Service) decide(ctx context.Context, community, order turnout.ID, note string, as deciding) (*Order, error) {
	var probs turnout.Problems
	note = strings.TrimSpace(note)
	probs.Length("note", note, maxNote)
	if err := probs.Err(); err != nil {
		return nil, err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.decideIn(ctx, tx, community, order, note, as) })
	if err != nil {
		return nil, fmt.Errorf("ticketing: decide about order: %w", err)
	}
	return s.Order(ctx, community, string(order))
}

func (s *Service) decideIn(ctx context.Context, tx bun.Tx, community, order turnout.ID, note string, as deciding) error {
	now := s.Now()
	if err := lockPoolsOf(ctx, tx, []turnout.ID{order}); err != nil {
		return err
	}
	o, err := s.orderWhere(ctx, tx, "id = ? AND community_id = ?", order, community)
	if err != nil {
		return err
	}
	if o.StatusAt(now) != AwaitingApproval {
		return ErrNotAwaiting
	}
	o.DecidedAt, o.DecisionNote = now, note
	counts := newLedger()
	job, err := as(ctx, tx, o, counts, now)
	if err != nil {
		return err
	}
	if err := counts.write(ctx, tx, now); err != nil {
		return err
	}
	if _, err := tx.NewUpdate().Model(o).Column("status", "confirmed_at", "expires_at", "decided_at", "decision_note", "updated_at").WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := jobs.Enqueue(ctx, tx, o.CommunityID, job, orderRef{o.ID}, now); err != nil {
		return err
	}
	action := "order.approved"
	if job == JobDeclined {
		action = "order.declined"
	}
	return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: order, At: now})
}

// AwaitingOrders lists the orders of an event that the organiser has to decide about, the oldest first, at most limit after the given
// one. They have their lines and tickets.
func (s *Service) AwaitingOrders(ctx context.Context, e *events.Event, after turnout.ID, limit int) ([]*Order, error) {
	orders, err := s.ordersWhere(ctx, s.DB.Read(), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID).Where("status = ?", AwaitingApproval).
			Where("expires_at > ?", s.Now()).Where("id > ?", after).Order("id").Limit(int64(limit))
	})
	return orders, wrapped("orders that await approval", err)
}

func (s *Service) approve(ctx context.Context, tx bun.Tx, o *Order, counts *ledger, now time.Time) (job string, err error) {
	settings, err := shopSettings(ctx, tx, o.Event)
	if err != nil {
		return "", err
	}
	counts.count(o, -1)
	o.UpdatedAt = now
	if o.Total == 0 {
		o.Status, o.ConfirmedAt = Confirmed, now
		for _, t := range o.Tickets {
			t.Status = Valid
		}
		counts.count(o, 1)
		_, err = tx.NewUpdate().Model((*Ticket)(nil)).Set("status = ?", Valid).Set("version = version + 1").Set("updated_at = ?", now).
			Where("order_id = ?", o.ID).Where("community_id = ?", o.CommunityID).Exec(ctx)
		return JobOrderConfirmed, err
	}
	window := time.Duration(settings.PayHours) * time.Hour
	payment := s.paymentFor(o, now)
	o.Status, o.ExpiresAt = Held, now.Add(window)
	if payment.Provider == offlineProvider {
		o.Status, o.ExpiresAt = Pending, now.Add(max(window, s.TransferFor))
	}
	o.ExpiresAt = sooner(o.ExpiresAt, o.Event.EndsAt)
	o.Payments = append(o.Payments, payment)
	counts.count(o, 1)
	_, err = tx.NewInsert().Model(payment).Exec(ctx)
	return JobApproved, err
}

// sooner is the deadline of what somebody was given days for: nothing is paid for an event that is over.
func sooner(deadline, end time.Time) time.Time {
	if end.Before(deadline) {
		return end
	}
	return deadline
}

func (s *Service) decline(ctx context.Context, tx bun.Tx, o *Order, counts *ledger, now time.Time) (job string, err error) {
	return JobDeclined, endOrders(ctx, tx, []*Order{o}, OrderCanceled, now, counts)
}
