package sandbox

import (
	"context"
	"errors"
	"time"

	"turnout"
	"turnout/ticketing/payments"
)

// Succeed lets a payment succeed whether or not its page was ever opened, and whether or not its time is over (it is then
// late money: see PayLate). It is POST /sandbox/payments/{id}/succeed. Succeeding twice changes nothing. Errors as for
// Checkout, but for ErrCheckoutOver.
func (p *Provider) Succeed(ctx context.Context, req payments.CheckoutRequest) (Page, error) {
	page, err := p.opened(ctx, req)
	if err != nil {
		return Page{}, err
	}
	if page.State == payments.Open {
		if page, err = p.Pay(ctx, page.SessionRef); !errors.Is(err, ErrClosed) {
			return page, err
		}
	}
	return p.PayLate(ctx, page.SessionRef) // also when it closed in between
}

// Fail declines a payment whether or not its page was ever opened; one that ended before is shown as it is. It is POST
// /sandbox/payments/{id}/fail. Errors as for Succeed.
func (p *Provider) Fail(ctx context.Context, req payments.CheckoutRequest) (Page, error) {
	page, err := p.opened(ctx, req)
	if err != nil {
		return Page{}, err
	}
	declined, err := p.Decline(ctx, page.SessionRef)
	if errors.Is(err, ErrClosed) {
		return p.Session(ctx, page.SessionRef)
	}
	return declined, err
}

// opened gives the page of a payment, made now when nobody has opened it, even after its hold.
func (p *Provider) opened(ctx context.Context, req payments.CheckoutRequest) (Page, error) {
	page, err := p.Session(ctx, string(req.PaymentID))
	if !errors.Is(err, turnout.ErrNotFound) {
		return page, err
	}
	if now := p.now(); !now.Before(req.HeldUntil) {
		req.HeldUntil = now.Add(time.Minute)
	}
	made, err := p.Checkout(ctx, req)
	if err != nil {
		return Page{}, err
	}
	return p.Session(ctx, made.SessionRef)
}
