// Package offline takes bank transfers and cash: money that a person sees come and marks as received, and gives back by
// hand. There is no hosted page and no webhook; the states move when staff say so.
package offline

import (
	"context"

	"turnout"
	"turnout/ticketing/payments"
)

// Provider is payment without a provider. Its zero value is ready.
type Provider struct{}

var _ payments.Provider = Provider{}

// Name is "offline".
func (Provider) Name() string { return "offline" }

// Most is what the shop's own sums can be.
func (Provider) Most(string) int64 { return turnout.MaxAmount }

// Checkout answers ErrNoCheckout: the order page shows the payment instructions instead.
func (Provider) Checkout(context.Context, payments.CheckoutRequest) (payments.Checkout, error) {
	return payments.Checkout{}, payments.ErrNoCheckout
}

// Expire answers turnout.ErrNotFound: there are no checkouts.
func (Provider) Expire(context.Context, string) (payments.Status, error) {
	return payments.Status{}, turnout.ErrNotFound
}

// Status answers turnout.ErrNotFound: there are no checkouts.
func (Provider) Status(context.Context, string) (payments.Status, error) {
	return payments.Status{}, turnout.ErrNotFound
}

// Refund says that a person gives the money back: the state is RefundManual until staff mark it.
func (Provider) Refund(_ context.Context, req payments.RefundRequest) (payments.Refund, error) {
	if req.Amount.Amount <= 0 {
		return payments.Refund{}, payments.ErrAmount
	}
	return payments.Refund{State: payments.RefundManual}, nil
}

// Verify answers ErrSignature: nobody sends webhooks for cash.
func (Provider) Verify([]byte, string) (payments.Notice, error) {
	return payments.Notice{}, payments.ErrSignature
}

// Read answers ErrBadEvent: nobody sends webhooks for cash.
func (Provider) Read(context.Context, []byte) (payments.Event, error) {
	return payments.Event{}, payments.ErrBadEvent
}
