package ticketing

import (
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/jobs"
)

// The actions that can be done to many orders at once.
const (
	BulkResend  = "resend"  // mail what was mailed about the order last
	BulkCancel  = "cancel"  // with full refund
	BulkPaid    = "paid"    // the transfer or cash has arrived
	BulkDetails = "details" // mail those who are still to fill in their details the link for it

	BulkApprove = "approve"
	BulkDecline = "decline"
)

// BulkActions lists them in the order in which people see them.
var BulkActions = []string{BulkResend, BulkDetails, BulkApprove, BulkDecline, BulkPaid, BulkCancel}

// TicketBulkActions are those that make sense for somebody who looks at attendees.
var TicketBulkActions = []string{BulkResend, BulkDetails, BulkCancel}

// bulkAction is what a run does to each of its orders. fits and moves are SQL over orders AS ord, for the preview: to which orders it
// can be done at the instant that stands in fits as ?, and how much money it moves in minor units. do is composed of what one order's
// own use case is made of, and refuses as that does.
type bulkAction struct {
	fits, moves string
	do          func(s *Service, ctx context.Context, tx bun.Tx, community, order turnout.ID) error
}

// bulkActions is the table of actions; a further one needs a row here, its constant above, and its words
// (console.bulk.do_…, console.bulk.ask_…).
var bulkActions = map[string]bulkAction{
	BulkResend:  {mailable, "0", (*Service).mailAgain},
	BulkDetails: {detailsDue, "0", (*Service).askDetailsAgain},
	BulkCancel: {"(ord.status = 'confirmed' OR ord.status IN ('held', 'awaiting_approval', 'pending') AND ord.expires_at > ?)", refundableSum,
		func(s *Service, ctx context.Context, tx bun.Tx, community, order turnout.ID) error {
			_, err := s.cancel(ctx, tx, community, order, CanceledByOrganiser)
			return err
		}},
	BulkPaid: {awaitsTransfer, "ord.total", (*Service).arrived},
	BulkApprove: {awaitsApproval, "0", func(s *Service, ctx context.Context, tx bun.Tx, community, order turnout.ID) error {
		return s.decideIn(ctx, tx, community, order, "", s.approve)
	}},
	BulkDecline: {awaitsApproval, "0", func(s *Service, ctx context.Context, tx bun.Tx, community, order turnout.ID) error {
		return s.decideIn(ctx, tx, community, order, "", s.decline)
	}},
}

const (
	awaitsApproval = "ord.status = 'awaiting_approval' AND ord.expires_at > ?"
	offlineOpen    = "EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND payment.provider = 'offline' AND payment.status IN ('created', 'processing', 'failed', 'canceled'))"
	// Money for an order that has expired is looked at one by one: all that match may be hundreds that nobody paid.
	awaitsTransfer = "ord.status = 'pending' AND ord.expires_at > ? AND " + offlineOpen
	mailable       = "ord.buyer_email <> '' AND (ord.status = 'confirmed' OR " + awaitsTransfer + ")"
	// detailsDue are orders with tickets whose bearers are asked by a mail of their own: see askDetails.
	detailsDue = "ord.status = 'confirmed' AND EXISTS (SELECT 1 FROM tickets AS ticket JOIN events AS event ON event.id = ticket.event_id WHERE ticket.order_id = ord.id" +
		" AND ticket.status = 'valid' AND ticket.details_due AND ticket.attendee_email <> '' AND ticket.attendee_email <> ord.buyer_email AND event.starts_at > ?)"
	// refundableSum is Order.Refundable in SQL.
	refundableSum = "(SELECT COALESCE(SUM(payment.amount - (SELECT COALESCE(SUM(refund.amount), 0) FROM refunds AS refund WHERE refund.payment_id = payment.id AND refund.status <> 'failed')), 0)" +
		" FROM payments AS payment WHERE payment.order_id = ord.id AND payment.status IN ('succeeded', 'late_refund_pending'))"
)

// The refusals of a run.
var (
	ErrNoMail       = &turnout.Error{Kind: turnout.Conflict, Code: "no_mail", Message: "There is nothing to mail: the order is neither confirmed nor waits for a transfer, or its buyer has no address."}
	ErrNoDetailsDue = &turnout.Error{Kind: turnout.Conflict, Code: "no_details_due", Message: "Nobody of this order who has an address of their own is still to fill in details."}
	ErrNotAwaited   = &turnout.Error{Kind: turnout.Conflict, Code: "not_awaited", Message: "This order does not wait for a transfer or cash."}
)

// mailAgain mails the tickets of a confirmed order, or how to pay one that waits for a transfer.
func (s *Service) mailAgain(ctx context.Context, tx bun.Tx, community, order turnout.ID) error {
	kinds := map[string]string{"confirmed": JobOrderConfirmed, "pending": JobTransferAwaited}
	status, err := statusWhere(ctx, tx, community, order, mailable, s.Now())
	if err != nil {
		return err
	}
	kind, known := kinds[status]
	if !known {
		return ErrNoMail
	}
	now := s.Now()
	if err := jobs.Enqueue(ctx, tx, community, kind, orderRef{order}, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "order.mailed_again", Subject: order, At: now})
}

// askDetailsAgain mails the bearers of an order's tickets who are still to fill in their details the links once more.
func (s *Service) askDetailsAgain(ctx context.Context, tx bun.Tx, community, order turnout.ID) error {
	now := s.Now()
	status, err := statusWhere(ctx, tx, community, order, detailsDue, now)
	if err != nil {
		return err
	}
	if status == "" {
		return ErrNoDetailsDue
	}
	if err := jobs.Enqueue(ctx, tx, community, JobDetailsAsked, orderRef{order}, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "order.mailed_again", Subject: order, At: now})
}

// arrived is markPaid for orders that wait for it in time.
func (s *Service) arrived(ctx context.Context, tx bun.Tx, community, order turnout.ID) error {
	if err := lockPoolsOf(ctx, tx, []turnout.ID{order}); err != nil {
		return err
	}
	status, err := statusWhere(ctx, tx, community, order, awaitsTransfer, s.Now())
	if err != nil {
		return err
	}
	if status == "" {
		return ErrNotAwaited
	}
	return s.markPaid(ctx, tx, community, order, nil)
}

// statusWhere gives the status of an order to which a condition applies at the instant, "" when it does not.
func statusWhere(ctx context.Context, tx bun.IDB, community, order turnout.ID, condition string, args ...any) (string, error) {
	var status []string
	err := tx.NewSelect().TableExpr("orders AS ord").ColumnExpr("ord.status").Where("ord.id = ?", order).Where("ord.community_id = ?", community).
		Where("("+condition+")", args...).Scan(ctx, &status)
	if err != nil || len(status) == 0 {
		return "", err
	}
	return status[0], nil
}
