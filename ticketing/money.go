package ticketing

import (
	"slices"
	"time"

	"turnout"
)

// CanCancel says whether the order holds places at the instant, so that its organiser can cancel it; a buyer may less: see CancelOrder.
func (o *Order) CanCancel(now time.Time) bool { return slices.Contains(holding, o.StatusAt(now)) }

// CanMarkPaid says whether MarkPaid would take the order's transfer or cash.
func (o *Order) CanMarkPaid() bool {
	p := o.Payment()
	return p != nil && p.Provider == offlineProvider && slices.Contains(unpaid, p.Status) && o.Status != OrderCanceled
}

// WaitsForHand says whether a refund of the order waits until a person has given it back: see MarkRefunded.
func (o *Order) WaitsForHand() bool {
	return slices.ContainsFunc(o.Refunds, func(r *Refund) bool { return r.Status == RefundManual })
}

// Refundable is what RefundOrder would give back.
func (o *Order) Refundable() turnout.Money {
	sum := o.Money(0)
	for _, p := range o.Payments {
		sum.Amount += o.left(p)
	}
	return sum
}

// RefundFailed says whether money is left that a refund was to give back and did not.
func (o *Order) RefundFailed() bool { return o.failedRefunds() > 0 }

// left is what of a payment was not given back: of late money too, whose refund failed. What a bank disputes it takes back by itself.
func (o *Order) left(p *Payment) int64 {
	if p.Status != PaymentSucceeded && p.Status != PaymentLateRefund {
		return 0
	}
	left := p.Amount
	for _, r := range o.Refunds {
		if r.PaymentID == p.ID && r.Status != RefundFailed {
			left -= r.Amount
		}
	}
	return max(0, left)
}

// failedRefunds counts the payments of which money is left although a refund was to give it back.
func (o *Order) failedRefunds() (n int64) {
	for _, p := range o.Payments {
		failed := func(r *Refund) bool { return r.PaymentID == p.ID && r.Status == RefundFailed }
		if o.left(p) > 0 && slices.ContainsFunc(o.Refunds, failed) {
			n++
		}
	}
	return n
}

// refundFailed is failedRefunds in SQL: the condition for a payment to be counted.
const refundFailed = `payment.status IN ('succeeded', 'late_refund_pending')
	AND EXISTS (SELECT 1 FROM refunds AS refund WHERE refund.payment_id = payment.id AND refund.status = 'failed')
	AND payment.amount > (SELECT COALESCE(SUM(refund.amount), 0) FROM refunds AS refund WHERE refund.payment_id = payment.id AND refund.status <> 'failed')`
