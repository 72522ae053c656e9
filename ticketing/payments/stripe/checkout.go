package stripe

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"turnout"
	"turnout/ticketing/payments"
)

// paymentKey is the metadata under which Stripe keeps our payment's id, on the session, the payment intent and its charge.
const paymentKey = "payment_id"

// feePath expands a session down to the fee of its charge.
const feePath = "payment_intent.latest_charge.balance_transaction"

// Checkout makes the hosted page of a payment, or finds it again.
func (p *Provider) Checkout(ctx context.Context, req payments.CheckoutRequest) (payments.Checkout, error) {
	if err := req.Check(); err != nil {
		return payments.Checkout{}, err
	}
	now := p.now()
	if !now.Before(req.HeldUntil) {
		return payments.Checkout{}, payments.ErrCheckoutOver
	}
	params, err := sessionParams(req, sessionEnd(now, req.HeldUntil))
	if err != nil {
		return payments.Checkout{}, err
	}
	session, err := p.createSession(ctx, params)
	if said, ok := errors.AsType[*stripego.Error](err); ok && said.Code == stripego.ErrorCodeEmailInvalid {
		// Stripe is stricter about addresses than mail is; the buyer then types one on the page. A request that it refused to
		// begin does not use up the key.
		params.CustomerEmail = nil
		session, err = p.createSession(ctx, params)
	}
	if err != nil {
		return payments.Checkout{}, problem(err)
	}
	return payments.Checkout{SessionRef: session.ID, URL: session.URL, ExpiresAt: time.Unix(session.ExpiresAt, 0).UTC()}, nil
}

func (p *Provider) createSession(ctx context.Context, params *stripego.CheckoutSessionParams) (session *stripego.CheckoutSession, err error) {
	err = p.ask(ctx, func(ctx context.Context) (err error) {
		params.Context = ctx
		session, err = p.api.CheckoutSessions.New(params)
		return err
	})
	return session, err
}

// sessionEnd is when Stripe closes the page by itself, in case our Expire never reaches it. Stripe wants 30 minutes to 24
// hours from its now. It is computed from the end of the hold, because a repeated request must say the same; only a hold of
// most of a day is cut, to a full hour.
func sessionEnd(now, heldUntil time.Time) time.Time {
	const clocksDiffer = time.Minute
	end := heldUntil.Add(30*time.Minute + clocksDiffer)
	if latest := now.Add(24*time.Hour - clocksDiffer); end.After(latest) {
		end = latest.Truncate(time.Hour)
	}
	return end
}

func sessionParams(req payments.CheckoutRequest, end time.Time) (*stripego.CheckoutSessionParams, error) {
	id := string(req.PaymentID)
	params := &stripego.CheckoutSessionParams{
		Mode:              stripego.String(string(stripego.CheckoutSessionModePayment)),
		ClientReferenceID: stripego.String(id),
		Metadata:          map[string]string{paymentKey: id},
		PaymentIntentData: &stripego.CheckoutSessionPaymentIntentDataParams{Metadata: map[string]string{paymentKey: id}},
		SuccessURL:        stripego.String(req.SuccessURL),
		CancelURL:         stripego.String(req.CancelURL),
		ExpiresAt:         stripego.Int64(end.Unix()),
		Locale:            stripego.String(locale(req.Locale)),
	}
	params.SetIdempotencyKey(id)
	if req.Email != "" {
		params.CustomerEmail = stripego.String(req.Email)
	}
	for _, line := range req.Lines {
		unit, err := toStripe(turnout.Money{Amount: line.UnitPrice, Currency: req.Total.Currency})
		if err != nil {
			return nil, err
		}
		params.LineItems = append(params.LineItems, &stripego.CheckoutSessionLineItemParams{
			Quantity: stripego.Int64(line.Quantity),
			PriceData: &stripego.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripego.String(strings.ToLower(req.Total.Currency)),
				UnitAmount:  stripego.Int64(unit),
				ProductData: &stripego.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripego.String(line.Name)},
			},
		})
	}
	return params, nil
}

// locales are the languages of Stripe's page (API reference, Create a Checkout Session, locale).
var locales = strings.Fields("bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt " +
	"pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW")

// locale picks the page's language: the tag itself, its language, or the browser's choice.
func locale(tag string) string {
	language, _, _ := strings.Cut(tag, "-")
	for _, l := range []string{tag, language} {
		if slices.Contains(locales, l) {
			return l
		}
	}
	return "auto"
}

// Status asks how a checkout stands.
func (p *Provider) Status(ctx context.Context, sessionRef string) (payments.Status, error) {
	session, err := p.session(ctx, sessionRef)
	if err != nil {
		return payments.Status{}, problem(err)
	}
	return statusOf(session), nil
}

// session reads a session with its fee.
func (p *Provider) session(ctx context.Context, ref string) (session *stripego.CheckoutSession, err error) {
	err = p.ask(ctx, func(ctx context.Context) (err error) {
		params := &stripego.CheckoutSessionParams{}
		params.Context = ctx
		params.AddExpand(feePath)
		session, err = p.api.CheckoutSessions.Get(ref, params)
		return err
	})
	return session, err
}

// Expire closes a checkout, unless it ended before: then it says how.
func (p *Provider) Expire(ctx context.Context, sessionRef string) (payments.Status, error) {
	var session *stripego.CheckoutSession
	err := p.ask(ctx, func(ctx context.Context) (err error) {
		params := &stripego.CheckoutSessionExpireParams{}
		params.Context = ctx
		session, err = p.api.CheckoutSessions.Expire(sessionRef, params)
		return err
	})
	if err != nil && errors.Is(problem(err), payments.ErrRefused) { // only open ones can be expired
		session, err = p.session(ctx, sessionRef)
	}
	if err != nil {
		return payments.Status{}, problem(err)
	}
	return statusOf(session), nil
}

func statusOf(s *stripego.CheckoutSession) payments.Status {
	status := payments.Status{
		State:      stateOf(s),
		SessionRef: s.ID,
		PaymentID:  paymentID(s.Metadata),
	}
	status.Total, _ = Money(s.AmountTotal, string(s.Currency))
	if s.PaymentIntent != nil {
		status.PaymentRef = s.PaymentIntent.ID
		status.Fee = fee(s.PaymentIntent)
	}
	return status
}

// stateOf never says paid for what only lacks a field.
func stateOf(s *stripego.CheckoutSession) payments.State {
	switch {
	case s.Status == stripego.CheckoutSessionStatusExpired:
		return payments.Expired
	case s.PaymentStatus == stripego.CheckoutSessionPaymentStatusPaid:
		return payments.Paid
	case s.Status != stripego.CheckoutSessionStatusComplete:
		return payments.Open
	case s.PaymentIntent != nil && (s.PaymentIntent.Status == stripego.PaymentIntentStatusRequiresPaymentMethod ||
		s.PaymentIntent.Status == stripego.PaymentIntentStatusCanceled):
		return payments.Failed // the buyer is done with the page and the money did not come
	}
	return payments.Processing
}

// paymentID is our id in Stripe's metadata, "" for what somebody else sells on the same account.
func paymentID(metadata map[string]string) turnout.ID {
	if id := turnout.ID(metadata[paymentKey]); id.Is(turnout.PrefixPayment) {
		return id
	}
	return ""
}

// fee is the provider's part of a payment whose charge was expanded, zero where it was not or is not known yet.
func fee(intent *stripego.PaymentIntent) turnout.Money {
	if intent.LatestCharge == nil || intent.LatestCharge.BalanceTransaction == nil {
		return turnout.Money{}
	}
	booked := intent.LatestCharge.BalanceTransaction
	money, _ := Money(booked.Fee, string(booked.Currency))
	return money
}
