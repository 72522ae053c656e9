package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/jobs"
)

// Jobs about orders; the payload of each is an orderRef, refundRef or sessionRef.
const (
	JobOrderPlaced     = "ticketing.order_placed"     // make it findable: one that is not confirmed yet
	JobApprovalAsked   = "ticketing.approval_asked"   // mail the buyer that the organiser decides
	JobApproved        = "ticketing.approved"         // mail how to pay
	JobDeclined        = "ticketing.declined"         // mail that it was declined, and the note
	JobOrderConfirmed  = "ticketing.order_confirmed"  // mail the tickets; a free order is made findable by it too
	JobDetailsAsked    = "ticketing.details_asked"    // mail the bearers who are still to fill in their details the links once more
	JobTransferAwaited = "ticketing.transfer_awaited" // mail how to pay
	JobOrderCanceled   = "ticketing.order_canceled"   // mail that it was canceled
	JobAddOnCanceled   = "ticketing.add_on_canceled"  // mail that a ticket lost an add-on; its payload is an addOnRef
	JobTicketGiven     = "ticketing.ticket_given"     // mail a ticket to its new bearer; its payload is a bearerRef
	JobTicketPassedOn  = "ticketing.ticket_passed_on" // mail whoever bore a ticket that they do no more; a bearerRef too
	JobLatePayment     = "ticketing.late_payment"     // mail that late money goes back
	JobRefund          = "ticketing.refund"           // ask the provider to give money back
	JobExpireSession   = "ticketing.expire_session"   // close a provider's page that nobody may pay any more
)

type orderRef struct {
	Order turnout.ID `json:"order"`
}

type addOnRef struct {
	Order  turnout.ID `json:"order"`
	Ticket turnout.ID `json:"ticket"`
	What   string     `json:"what"` // "2 × Dinner"
	Refund int64      `json:"refund"`
}

type bearerRef struct {
	Order  turnout.ID `json:"order"`
	Ticket turnout.ID `json:"ticket"`
	Person turnout.ID `json:"person"`
}

type returnRef struct {
	Order   turnout.ID `json:"order"`
	Payment turnout.ID `json:"payment"`
}

type refundRef struct {
	Refund turnout.ID `json:"refund"`
}

type paymentRef struct {
	Payment turnout.ID `json:"payment"`
}

// expireChunk is how many holds one transaction ends.
const expireChunk = 200

// ExpireHolds ends the holds whose time is over and gives their places back; event limits it to one event. It returns how
// many orders expired. It runs every few seconds, and before anybody is told "sold out".
func (s *Service) ExpireHolds(ctx context.Context, event turnout.ID) (int, error) {
	for total := 0; ; {
		n := 0
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			n, err = s.expireSome(ctx, tx, event)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("ticketing: expire holds: %w", err)
		}
		if n > 0 {
			s.soldOut.forget()
		}
		if total += n; n < expireChunk {
			return total, nil
		}
	}
}

// endDue ends what holds places of an event past its time: orders, vouchers that reserve, and offers, whose places go to the next who
// waits. freed says whether there was any.
func (s *Service) endDue(ctx context.Context, event turnout.ID) (freed bool, err error) {
	for _, sweep := range []func(context.Context, turnout.ID) (int, error){s.ExpireHolds, s.EndVouchers, s.ExpireOffers} {
		n, err := sweep(ctx, event)
		if err != nil {
			return freed, err
		}
		freed = freed || n > 0
	}
	return freed, nil
}

// withRoom runs a transaction that asks for places, and once more when those stood in the way that are only held past their time. body
// says of which event they are.
func (s *Service) withRoom(ctx context.Context, event *turnout.ID, body func(ctx context.Context, tx bun.Tx) error) error {
	err := s.DB.Tx(ctx, body)
	if !scarce(err) {
		return err
	}
	freed, sweepErr := s.endDue(ctx, *event)
	if sweepErr != nil {
		return sweepErr
	}
	if !freed {
		return err
	}
	return s.DB.Tx(ctx, body)
}

func (s *Service) expireSome(ctx context.Context, tx bun.Tx, event turnout.ID) (int, error) {
	now := s.Now()
	due := func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("status IN (?)", bun.List(expiring)).Where("expires_at <= ?", now)
		if event != "" {
			q = q.Where("event_id = ?", event)
		}
		return q
	}
	var ids []turnout.ID
	if err := due(tx.NewSelect().Model((*Order)(nil)).Column("id")).Limit(expireChunk).Scan(ctx, &ids); err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := lockPoolsOf(ctx, tx, ids); err != nil {
		return 0, err
	}
	orders, err := s.ordersWhere(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery { return due(q).Where("id IN (?)", bun.List(ids)) })
	if err != nil {
		return 0, err
	}
	counts := newLedger()
	if err := endOrders(ctx, tx, orders, Expired, now, counts); err != nil {
		return 0, err
	}
	entries := make([]audit.Entry, len(orders))
	for i, o := range orders {
		entries[i] = audit.Entry{Community: o.CommunityID, Action: "order.expired", Subject: o.ID, Actor: audit.Actor{Kind: audit.System}, At: now}
	}
	if err := audit.Write(ctx, tx, entries...); err != nil {
		return 0, err
	}
	return len(orders), counts.write(ctx, tx, now)
}

// lockPoolsOf locks all pools of the orders. Whoever changes an order's state holds them, so what is read after this stays
// as it is until the commit.
func lockPoolsOf(ctx context.Context, tx bun.IDB, orders []turnout.ID) error {
	pools, err := poolsOf(ctx, tx, orders)
	if err != nil {
		return err
	}
	_, err = lockPools(ctx, tx, pools)
	return err
}

// endOrders lets orders that hold places end as expired or canceled: places go back, tickets are canceled, payments that
// nobody made are closed. The orders were read, with their tickets, under the lock of their pools.
func endOrders(ctx context.Context, tx bun.IDB, orders []*Order, to OrderStatus, now time.Time, counts *ledger) error {
	if len(orders) == 0 {
		return nil
	}
	var ids, lines []turnout.ID
	for _, o := range orders {
		ids = append(ids, o.ID)
		for _, l := range o.Lines {
			lines = append(lines, l.ID)
		}
		counts.count(o, -1)
		o.Status, o.UpdatedAt = to, now
		for _, t := range o.Tickets {
			t.Status, t.Code = TicketCanceled, ""
		}
		counts.count(o, 1)
	}
	if err := releasePlaces(ctx, tx, lines); err != nil {
		return err
	}
	q := tx.NewUpdate().Model((*Order)(nil)).Set("status = ?", to).Set("updated_at = ?", now).Where("id IN (?)", bun.List(ids))
	if to == OrderCanceled {
		q = q.Set("canceled_at = ?", now)
	}
	if _, err := q.Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewUpdate().Model((*Ticket)(nil)).Set("status = ?", TicketCanceled).Set("version = version + 1").Set("updated_at = ?", now).
		Where("order_id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
		return err
	}
	return closePayments(ctx, tx, orders, now)
}

// closePayments ends payments that nobody made; a provider's open page is closed by a job.
func closePayments(ctx context.Context, tx bun.IDB, orders []*Order, now time.Time) error {
	pages := map[turnout.ID][]paymentRef{}
	var ids []turnout.ID
	for _, o := range orders {
		for _, p := range o.Payments {
			if open := p.Status == PaymentCreated || p.Status == PaymentFailed; open && p.SessionRef != "" {
				pages[p.CommunityID] = append(pages[p.CommunityID], paymentRef{p.ID})
			}
			if p.Status == PaymentCreated {
				ids = append(ids, p.ID)
				p.Status = PaymentCanceled
			}
		}
	}
	if len(ids) > 0 {
		if _, err := tx.NewUpdate().Model((*Payment)(nil)).Set("status = ?", PaymentCanceled).Set("updated_at = ?", now).
			Where("id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
	}
	for community, refs := range pages {
		if err := jobs.EnqueueAll(ctx, tx, community, JobExpireSession, refs, now); err != nil {
			return err
		}
	}
	return nil
}
