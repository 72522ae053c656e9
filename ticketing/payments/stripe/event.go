package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"turnout/ticketing/payments"
)

// tolerance is how old a signed webhook may be: Stripe's own default. Repetitions are signed anew.
const tolerance = 300 * time.Second

// Verify checks the signature of a webhook's body and says which event it is.
func (p *Provider) Verify(payload []byte, signature string) (payments.Notice, error) {
	if p.secret == "" || len(payload) > payments.MaxWebhook {
		return payments.Notice{}, payments.ErrSignature
	}
	// The library compares with its own clock: the difference to ours makes its verdict that of Now.
	drift := time.Since(p.now()) //nolint:forbidigo // undone by the library's own time.Since
	event, err := webhook.ConstructEventWithOptions(payload, signature, p.secret, webhook.ConstructEventOptions{
		Tolerance:                tolerance + drift,
		IgnoreAPIVersionMismatch: true, // Read looks at the version
	})
	for _, refusal := range []error{webhook.ErrNotSigned, webhook.ErrInvalidHeader, webhook.ErrNoValidSignature, webhook.ErrTooOld} {
		if errors.Is(err, refusal) {
			return payments.Notice{}, payments.ErrSignature.Because(refusal)
		}
	}
	if err != nil || event.ID == "" || event.Type == "" || len(event.ID) > 255 || len(event.Type) > 255 {
		return payments.Notice{}, payments.ErrBadEvent
	}
	return payments.Notice{ID: event.ID, Type: string(event.Type)}, nil
}

// occurrence is an event of Stripe on its way to becoming one of ours.
type occurrence struct {
	payments.Event
	object  json.RawMessage
	id      string // of the object
	foreign bool   // made by another API version: the object is to be read again
}

// Read says what a webhook's body means for us.
func (p *Provider) Read(ctx context.Context, payload []byte) (payments.Event, error) {
	var event stripego.Event
	if err := json.Unmarshal(payload, &event); err != nil || event.ID == "" {
		return payments.Event{}, payments.ErrBadEvent.Because(errors.New("stripe: no event"))
	}
	o := occurrence{foreign: event.APIVersion != stripego.APIVersion}
	o.Notice = payments.Notice{ID: event.ID, Type: string(event.Type)}
	o.Kind = payments.EventIgnored
	o.OccurredAt = time.Unix(event.Created, 0).UTC()

	read := p.reader(event.Type)
	if read == nil {
		return o.Event, nil
	}
	if event.Data != nil {
		o.object = event.Data.Raw
		o.id, _ = event.Data.Object["id"].(string)
	}
	if o.id == "" {
		return payments.Event{}, payments.ErrBadEvent.Because(fmt.Errorf("stripe: event %s has no object", event.ID))
	}
	if o.foreign {
		p.log.WarnContext(ctx, "a webhook of another API version: its object is read again. Set the endpoint's version to "+stripego.APIVersion,
			"event", event.ID, "type", string(event.Type), "version", event.APIVersion)
	}
	if err := read(ctx, &o); err != nil {
		return payments.Event{}, err
	}
	return o.Event, nil
}

// reader is what reads events of a type, nil for those that do not concern us.
func (p *Provider) reader(t stripego.EventType) func(context.Context, *occurrence) error {
	switch t {
	case stripego.EventTypeCheckoutSessionCompleted, stripego.EventTypeCheckoutSessionAsyncPaymentSucceeded,
		stripego.EventTypeCheckoutSessionAsyncPaymentFailed, stripego.EventTypeCheckoutSessionExpired:
		return p.readSession
	case stripego.EventTypePaymentIntentPaymentFailed:
		return p.readDecline
	case stripego.EventTypeChargeRefunded:
		return p.readCharge
	case stripego.EventTypeChargeRefundUpdated, stripego.EventTypeRefundCreated, stripego.EventTypeRefundUpdated, "refund.failed":
		return p.readRefund
	case stripego.EventTypeChargeDisputeCreated:
		return p.readDispute
	}
	return nil
}

// decode reads the object as it stands in the body, or asks for it when the body is of another version.
func decode[T any](ctx context.Context, p *Provider, o *occurrence, into **T, get func(ctx context.Context) (*T, error)) error {
	if !o.foreign {
		if err := json.Unmarshal(o.object, into); err != nil || *into == nil {
			return payments.ErrBadEvent.Because(fmt.Errorf("stripe: the object of event %s is not understood", o.ID))
		}
		return nil
	}
	return problem(p.ask(ctx, func(ctx context.Context) (err error) {
		*into, err = get(ctx)
		return err
	}))
}

// readSession reads checkout.session.*. The fee stands on no session: a paid one is read again with it, and stays paid
// without it when Stripe does not answer.
func (p *Provider) readSession(ctx context.Context, o *occurrence) error {
	var session *stripego.CheckoutSession
	err := decode(ctx, p, o, &session, func(ctx context.Context) (*stripego.CheckoutSession, error) { return p.session(ctx, o.id) })
	if err != nil {
		return err
	}
	if paymentID(session.Metadata) == "" {
		return nil // somebody else sells on this account too
	}
	status := statusOf(session)
	switch {
	case o.Type == string(stripego.EventTypeCheckoutSessionAsyncPaymentFailed):
		o.Kind = payments.EventFailed
	case status.State == payments.Expired:
		o.Kind = payments.EventExpired
	case status.State == payments.Paid:
		o.Kind = payments.EventPaid
		if !o.foreign {
			status.Fee = p.sessionFee(ctx, o).Fee
		}
	case status.State == payments.Processing:
		o.Kind = payments.EventProcessing
	}
	o.PaymentID, o.SessionRef, o.PaymentRef = status.PaymentID, status.SessionRef, status.PaymentRef
	o.Fee = status.Fee
	return o.setAmount(session.AmountTotal, session.Currency)
}

// sessionFee asks for the fee of a paid session, once and briefly.
func (p *Provider) sessionFee(ctx context.Context, o *occurrence) payments.Status {
	ctx, cancel := context.WithTimeout(ctx, callTimeout/2)
	defer cancel()
	params := &stripego.CheckoutSessionParams{}
	params.Context = ctx
	params.AddExpand(feePath)
	session, err := p.api.CheckoutSessions.Get(o.id, params)
	if err != nil {
		p.log.WarnContext(ctx, "the fee of a payment is not known", "event", o.ID, "error", problem(err))
		return payments.Status{}
	}
	return statusOf(session)
}

// readDecline reads payment_intent.payment_failed: a declined card on a page that stays open.
func (p *Provider) readDecline(ctx context.Context, o *occurrence) error {
	var intent *stripego.PaymentIntent
	err := decode(ctx, p, o, &intent, func(ctx context.Context) (*stripego.PaymentIntent, error) {
		params := &stripego.PaymentIntentParams{}
		params.Context = ctx
		return p.api.PaymentIntents.Get(o.id, params)
	})
	if err != nil {
		return err
	}
	if o.PaymentID = paymentID(intent.Metadata); o.PaymentID == "" {
		return nil
	}
	o.Kind, o.PaymentRef = payments.EventDeclined, intent.ID
	return o.setAmount(intent.Amount, intent.Currency)
}

// readCharge reads charge.refunded, whose charge does not tell its refunds: the newest one up to the event is meant.
func (p *Provider) readCharge(ctx context.Context, o *occurrence) error {
	made, err := p.refunds(ctx, &stripego.RefundListParams{Charge: stripego.String(o.id)})
	if err != nil {
		return problem(err)
	}
	for _, refund := range made {
		if !time.Unix(refund.Created, 0).After(o.OccurredAt) {
			return o.setRefund(refund)
		}
	}
	return nil
}

// readRefund reads the events whose object is a refund.
func (p *Provider) readRefund(ctx context.Context, o *occurrence) error {
	var refund *stripego.Refund
	err := decode(ctx, p, o, &refund, func(ctx context.Context) (*stripego.Refund, error) {
		params := &stripego.RefundParams{}
		params.Context = ctx
		return p.api.Refunds.Get(o.id, params)
	})
	if err != nil {
		return err
	}
	return o.setRefund(refund)
}

// readDispute reads charge.dispute.created.
func (p *Provider) readDispute(ctx context.Context, o *occurrence) error {
	var dispute *stripego.Dispute
	err := decode(ctx, p, o, &dispute, func(ctx context.Context) (*stripego.Dispute, error) {
		params := &stripego.DisputeParams{}
		params.Context = ctx
		return p.api.Disputes.Get(o.id, params)
	})
	if err != nil || dispute.PaymentIntent == nil {
		return err // without a payment intent it is about no checkout
	}
	o.Kind, o.PaymentRef = payments.EventDisputed, dispute.PaymentIntent.ID
	return o.setAmount(dispute.Amount, dispute.Currency)
}

func (o *occurrence) setRefund(r *stripego.Refund) error {
	if r.PaymentIntent == nil {
		return nil
	}
	switch refundState(r) {
	case payments.RefundSucceeded:
		o.Kind = payments.EventRefunded
	case payments.RefundFailed:
		o.Kind = payments.EventRefundFailed
	default:
		return nil // under way: another event follows
	}
	o.PaymentID, o.PaymentRef = paymentID(r.Metadata), r.PaymentIntent.ID
	o.RefundID, o.RefundRef = refundID(r.Metadata), r.ID
	return o.setAmount(r.Amount, r.Currency)
}

func (o *occurrence) setAmount(amount int64, currency stripego.Currency) error {
	money, ok := Money(amount, string(currency))
	if !ok {
		return payments.ErrBadEvent.Because(fmt.Errorf("stripe: the amount of event %s is not understood", o.ID))
	}
	o.Amount = money
	return nil
}
