package stripe

import (
	"context"

	stripego "github.com/stripe/stripe-go/v76"

	"turnout"
	"turnout/ticketing/payments"
)

// refundKey is the metadata under which Stripe keeps our refund's id.
const refundKey = "refund_id"

// Refund gives money back, once per RefundRequest.ID. Stripe forgets idempotency keys after a day, and a job may be repeated
// later than that: so the refunds of the payment are looked through first.
func (p *Provider) Refund(ctx context.Context, req payments.RefundRequest) (payments.Refund, error) {
	if req.Amount.Amount <= 0 || req.PaymentRef == "" {
		return payments.Refund{}, payments.ErrAmount
	}
	amount, err := toStripe(req.Amount)
	if err != nil {
		return payments.Refund{}, err
	}
	made, err := p.refunds(ctx, &stripego.RefundListParams{PaymentIntent: stripego.String(req.PaymentRef)})
	if err != nil {
		return payments.Refund{}, problem(err)
	}
	for _, refund := range made {
		if refund.Metadata[refundKey] == string(req.ID) {
			return refundOf(refund), nil
		}
	}
	params := &stripego.RefundParams{
		PaymentIntent: stripego.String(req.PaymentRef),
		Amount:        stripego.Int64(amount),
		Metadata:      map[string]string{refundKey: string(req.ID), paymentKey: string(req.PaymentID), "reason": req.Reason},
	}
	params.SetIdempotencyKey(string(req.ID))
	var refund *stripego.Refund
	err = p.ask(ctx, func(ctx context.Context) (err error) {
		params.Context = ctx
		refund, err = p.api.Refunds.New(params)
		return err
	})
	if err != nil {
		return payments.Refund{}, refundProblem(err)
	}
	return refundOf(refund), nil
}

// refunds lists the refunds of a payment or a charge, newest first. Stripe gives at most 100 on a page, and one payment has
// fewer: each is at least one cancellation of the same order.
func (p *Provider) refunds(ctx context.Context, params *stripego.RefundListParams) (list []*stripego.Refund, err error) {
	params.Limit = stripego.Int64(100)
	params.Single = true
	err = p.ask(ctx, func(ctx context.Context) error {
		list = nil
		params.Context = ctx
		page := p.api.Refunds.List(params)
		for page.Next() {
			list = append(list, page.Refund())
		}
		return page.Err()
	})
	return list, err
}

func refundOf(r *stripego.Refund) payments.Refund {
	return payments.Refund{Ref: r.ID, State: refundState(r)}
}

func refundState(r *stripego.Refund) payments.RefundState {
	switch r.Status {
	case stripego.RefundStatusSucceeded:
		return payments.RefundSucceeded
	case stripego.RefundStatusFailed, stripego.RefundStatusCanceled:
		return payments.RefundFailed
	}
	return payments.RefundProcessing // pending, or waiting for the buyer's bank details (requires_action)
}

// refundID is our id in Stripe's metadata, "" for a refund made in the dashboard.
func refundID(metadata map[string]string) turnout.ID { return turnout.ID(metadata[refundKey]) }
