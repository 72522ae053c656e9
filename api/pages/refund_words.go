package pages

import (
	"time"

	"turnout"
	"turnout/ticketing"
)

// shownRefund is money that goes back, or went, to the buyer of an order.
type shownRefund struct {
	Amount turnout.Money
	Status string // "requested" also while the provider is at it, "succeeded", "failed", "manual"
	Twice  bool   // the order was paid a second time
	At     time.Time
}

// shownRefunds lists an order's refunds but those that failed and were made again.
func shownRefunds(o *ticketing.Order) []shownRefund {
	var list []shownRefund
	for _, r := range o.Refunds {
		if r.Status == ticketing.RefundFailed && isRepeated(o, r) {
			continue
		}
		shown := shownRefund{Amount: turnout.Money{Amount: r.Amount, Currency: r.Currency}, Status: string(r.Status), At: r.UpdatedAt,
			Twice: isSecond(o, r.PaymentID)}
		if r.Status == ticketing.RefundProcessing {
			shown.Status = string(ticketing.RefundRequested)
		}
		list = append(list, shown)
	}
	return list
}

// isRepeated says whether another refund of the same payment was asked for after the one that failed.
func isRepeated(o *ticketing.Order, failed *ticketing.Refund) bool {
	for _, r := range o.Refunds {
		if r.PaymentID == failed.PaymentID && r.Status != ticketing.RefundFailed && r.CreatedAt.After(failed.CreatedAt) {
			return true
		}
	}
	return false
}

// isSecond says whether the payment came for an order that was paid.
func isSecond(o *ticketing.Order, payment turnout.ID) bool {
	for _, r := range o.Refunds {
		if r.PaymentID == payment && r.Reason == ticketing.PaidTwice {
			return true
		}
	}
	return false
}

// paymentWord is the state of a payment as people see it: the payment's own, and what of it went back.
func paymentWord(o *ticketing.Order, p *ticketing.Payment) string {
	switch p.Status {
	case ticketing.PaymentLateRefund, ticketing.PaymentLateRefunded:
		if !isSecond(o, p.ID) {
			return string(p.Status)
		}
		if p.Status == ticketing.PaymentLateRefunded {
			return "twice_refunded"
		}
		return "twice_refund_pending"
	case ticketing.PaymentSucceeded:
	default:
		return string(p.Status)
	}
	back, coming, failed := int64(0), int64(0), false
	for _, r := range o.Refunds {
		switch {
		case r.PaymentID != p.ID:
		case r.Status == ticketing.RefundSucceeded:
			back += r.Amount
		case r.Status == ticketing.RefundFailed:
			failed = failed || !isRepeated(o, r)
		default:
			coming += r.Amount
		}
	}
	switch {
	case back >= p.Amount:
		return "refunded"
	case failed:
		return "refund_failed"
	case coming > 0:
		return "refund_pending"
	case back > 0:
		return "refunded_in_part"
	}
	return string(p.Status)
}
