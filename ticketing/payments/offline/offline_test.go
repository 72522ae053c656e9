package offline_test

import (
	"errors"
	"testing"

	"turnout"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
)

func TestMoneyOfflineIsGivenBackByHand(t *testing.T) {
	p, ctx := offline.Provider{}, t.Context()
	req := payments.RefundRequest{ID: "ref_1", Amount: turnout.Money{Amount: 4900, Currency: "EUR"}}
	if refund, err := p.Refund(ctx, req); err != nil || refund != (payments.Refund{State: payments.RefundManual}) {
		t.Errorf("%+v %v", refund, err)
	}
	req.Amount.Amount = 0
	if _, err := p.Refund(ctx, req); !errors.Is(err, payments.ErrAmount) {
		t.Errorf("nothing is given back: %v", err)
	}
	if _, err := p.Checkout(ctx, payments.CheckoutRequest{}); !errors.Is(err, payments.ErrNoCheckout) {
		t.Errorf("a hosted page for cash: %v", err)
	}
	if _, err := p.Expire(ctx, "x"); !errors.Is(err, turnout.ErrNotFound) {
		t.Errorf("Expire: %v", err)
	}
	if _, err := p.Status(ctx, "x"); !errors.Is(err, turnout.ErrNotFound) {
		t.Errorf("Status: %v", err)
	}
	if _, err := p.Verify([]byte("{}"), "t=1,v1=aa"); !errors.Is(err, payments.ErrSignature) {
		t.Errorf("anybody can say that cash came: %v", err)
	}
	if _, err := p.Read(ctx, []byte("{}")); !errors.Is(err, payments.ErrBadEvent) {
		t.Errorf("Read: %v", err)
	}
}
