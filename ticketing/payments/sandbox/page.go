package sandbox

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/stripe"
)

// ErrClosed is what the page answers when nothing can be paid on it any more.
var ErrClosed = &turnout.Error{Kind: turnout.Conflict, Code: "checkout_closed", Message: "This payment page is closed."}

// Page is what a hosted page shows.
type Page struct {
	SessionRef            string
	PaymentID             turnout.ID
	State                 payments.State
	Declined              bool // the last attempt was declined
	Total                 turnout.Money
	Lines                 []payments.Line // in minor units, as Turnout counts them
	Email                 string
	ExpiresAt             time.Time
	SuccessURL, CancelURL string
}

// direct is how long Run leaves an event alone that the page delivers itself.
const direct = 2 * time.Second

// Session shows the page of a session or of a payment (its newest). turnout.ErrNotFound when there is none: then call
// Checkout first.
func (p *Provider) Session(ctx context.Context, id string) (Page, error) {
	ref, err := p.sessionID(ctx, p.db.Read(), id)
	if err != nil {
		return Page{}, err
	}
	var s session
	if err := load(ctx, p.db.Read(), ref, &s); err != nil {
		return Page{}, database.NotFound(err)
	}
	if s.Status == "open" && s.over(p.now()) {
		s.Status = "expired"
	}
	return pageOf(s)
}

// Pay pays with a card, or lets delayed money come. Paying what is paid changes nothing. ErrClosed when the session expired
// or its delayed money failed; turnout.ErrNotFound.
func (p *Provider) Pay(ctx context.Context, id string) (Page, error) {
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		switch {
		case s.PaymentStatus == "paid":
			return nil, nil
		case s.Status == "open":
			return p.settle(ctx, tx, s, "checkout.session.completed")
		case s.Status == "complete" && !s.Notes.Declined:
			return p.settle(ctx, tx, s, "checkout.session.async_payment_succeeded")
		}
		return nil, ErrClosed
	})
}

// Decline declines a card, which leaves the page open, or lets delayed money fail, which ends it. Errors as for Pay; ErrClosed
// also when it is paid.
func (p *Provider) Decline(ctx context.Context, id string) (Page, error) {
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		if s.PaymentStatus == "paid" || s.Status == "expired" || s.Status == "complete" && s.Notes.Declined {
			return nil, ErrClosed
		}
		s.Notes.Declined = true
		i, err := p.intentOf(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		i.Status = "requires_payment_method"
		i.LastError = map[string]any{"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined."}
		if err := p.keep(ctx, tx, s, i); err != nil {
			return nil, err
		}
		declined, err := p.emit(ctx, tx, "payment_intent.payment_failed", i.sent(), direct)
		if err != nil || s.Status == "open" {
			return []string{declined}, err
		}
		failed, err := p.emit(ctx, tx, "checkout.session.async_payment_failed", s.sent(), direct)
		return []string{declined, failed}, err
	})
}

// Delay pays with a method whose money comes days later (a bank debit): the session is complete and unpaid. Pay or Decline
// then say what became of it. ErrClosed when the session is not open; turnout.ErrNotFound.
func (p *Provider) Delay(ctx context.Context, id string) (Page, error) {
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		if s.Status != "open" {
			return nil, ErrClosed
		}
		i, err := p.intentOf(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		i.Status, i.LastError, s.Status, s.Notes.Declined = "processing", nil, "complete", false
		if err := p.keep(ctx, tx, s, i); err != nil {
			return nil, err
		}
		event, err := p.emit(ctx, tx, "checkout.session.completed", s.sent(), direct)
		return []string{event}, err
	})
}

// Abandon closes the page unpaid, as time would. Closing what is closed changes nothing; ErrClosed when it is paid or its
// money is under way; turnout.ErrNotFound.
func (p *Provider) Abandon(ctx context.Context, id string) (Page, error) {
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		switch s.Status {
		case "expired":
			return nil, nil
		case "complete":
			return nil, ErrClosed
		}
		event, err := p.expire(ctx, tx, s, direct)
		return []string{event}, err
	})
}

// PayLate is money that arrives after the page closed, the late money of domain rule 5: the page is closed if it is open
// (whoever holds places for it hears so first), and then paid all the same. With Stripe itself this is a race: the buyer paid
// in the last second, or the webhook was delayed until the hold was gone. Paying what is paid changes nothing;
// turnout.ErrNotFound.
func (p *Provider) PayLate(ctx context.Context, id string) (Page, error) {
	if _, err := p.Abandon(ctx, id); err != nil && !errors.Is(err, ErrClosed) {
		return Page{}, err
	}
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		switch {
		case s.PaymentStatus == "paid":
			return nil, nil
		case s.Status == "complete":
			return p.settle(ctx, tx, s, "checkout.session.async_payment_succeeded")
		}
		return p.settle(ctx, tx, s, "checkout.session.completed")
	})
}

// PayTwice pays, delivers that event a second time under the same id, and then pays again on a second session of the same
// payment: an event with another id, session and payment reference, and the same payment id. Stripe itself can do both: it
// repeats webhooks, and a request repeated after its idempotency key was forgotten makes a second page. Errors as for Pay.
func (p *Provider) PayTwice(ctx context.Context, id string) (Page, error) {
	if _, err := p.Pay(ctx, id); err != nil {
		return Page{}, err
	}
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		first, noted := s.Notes.PaidEvent, *s.Notes
		second := *s
		second.Notes = &noted
		second.ID, second.PaymentIntent, second.PaymentStatus, second.Status = "cs_test_"+newSuffix(), nil, "unpaid", "open"
		events, err := p.settle(ctx, tx, &second, "checkout.session.completed")
		return append([]string{first}, events...), err
	})
}

// Dispute is a chargeback: the buyer's bank takes the money of a paid session back. ErrClosed when it is not paid;
// turnout.ErrNotFound.
func (p *Provider) Dispute(ctx context.Context, id string) (Page, error) {
	return p.act(ctx, id, func(ctx context.Context, tx bun.Tx, s *session) ([]string, error) {
		if s.PaymentStatus != "paid" {
			return nil, ErrClosed
		}
		i, err := p.intentOf(ctx, tx, s)
		if err != nil || i.Disputed {
			return nil, err
		}
		i.Disputed = true
		if err := p.keep(ctx, tx, s, i); err != nil {
			return nil, err
		}
		event, err := p.emit(ctx, tx, "charge.dispute.created", map[string]any{
			"id": "dp_" + i.suffix(), "object": "dispute", "amount": i.Amount, "charge": "ch_" + i.suffix(), "created": p.now().Unix(),
			"currency": i.Currency, "livemode": false, "metadata": map[string]string{}, "payment_intent": i.ID, "reason": "fraudulent", "status": "needs_response",
		}, direct)
		return []string{event}, err
	})
}

// FailRefund lets a refund come back from the buyer's bank. turnout.ErrNotFound when there is no such refund.
func (p *Provider) FailRefund(ctx context.Context, refundRef string) error {
	var event string
	err := p.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		event = ""
		var i intent
		if err := loadLocked(ctx, tx, intentOfRefund(refundRef), &i); err != nil {
			return database.NotFound(err)
		}
		n := slices.IndexFunc(i.Refunds, func(r refund) bool { return r.ID == refundRef })
		if n < 0 {
			return turnout.ErrNotFound
		}
		i.Refunds[n].Status = "failed"
		if err := p.save(ctx, tx, kindIntent, i.ID, i); err != nil {
			return err
		}
		var err error
		event, err = p.emit(ctx, tx, "charge.refund.updated", i.Refunds[n], direct)
		return err
	})
	if err != nil {
		return err
	}
	p.send(ctx, []string{event})
	return nil
}

// sessionID finds a session by its own id or by the payment's, which is the idempotency key it was made with.
func (p *Provider) sessionID(ctx context.Context, db bun.IDB, id string) (string, error) {
	if strings.HasPrefix(id, "cs_") {
		return id, nil
	}
	var made remembered
	if err := load(ctx, db, keyRow(id), &made); err != nil {
		return "", database.NotFound(err)
	}
	return made.Object, nil
}

// act does something on a session in one transaction, then delivers the events that it caused.
func (p *Provider) act(ctx context.Context, id string, do func(context.Context, bun.Tx, *session) ([]string, error)) (Page, error) {
	var s session
	var events []string
	err := p.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		s, events = session{}, nil
		ref, err := p.sessionID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := loadLocked(ctx, tx, ref, &s); err != nil {
			return database.NotFound(err)
		}
		if s.Status == "open" && s.over(p.now()) {
			event, err := p.expire(ctx, tx, &s, direct)
			if err != nil {
				return err
			}
			events = append(events, event)
		}
		caused, err := do(ctx, tx, &s)
		events = append(events, caused...)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	p.send(ctx, events)
	return pageOf(s)
}

// intentOf gives the session's payment intent, made when the buyer first tries to pay.
func (p *Provider) intentOf(ctx context.Context, tx bun.Tx, s *session) (intent, error) {
	var i intent
	if id := s.intentID(); id != "" {
		return i, loadLocked(ctx, tx, id, &i)
	}
	i = intent{
		ID: "pi_" + newSuffix(), Amount: s.AmountTotal, Currency: s.Currency, Created: p.now().Unix(),
		Metadata: maps.Clone(s.Notes.IntentMetadata), Refunds: []refund{},
	}
	s.PaymentIntent = i.ID
	return i, nil
}

func (p *Provider) keep(ctx context.Context, tx bun.Tx, s *session, i intent) error {
	if err := p.save(ctx, tx, kindIntent, i.ID, i); err != nil {
		return err
	}
	return p.saveSession(ctx, tx, *s)
}

// settle makes a session paid and gives the event that says so.
func (p *Provider) settle(ctx context.Context, tx bun.Tx, s *session, eventType string) ([]string, error) {
	i, err := p.intentOf(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	i.Status, i.LastError, i.Fee = "succeeded", nil, fee(i.Amount)
	s.Status, s.PaymentStatus, s.URL, s.Notes.Declined = "complete", "paid", nil, false
	if s.Notes.PaidEvent, err = p.emit(ctx, tx, eventType, s.sent(), direct); err != nil {
		return nil, err
	}
	return []string{s.Notes.PaidEvent}, p.keep(ctx, tx, s, i)
}

// pageOf shows a session.
func pageOf(s session) (Page, error) {
	page := Page{
		SessionRef: s.ID, PaymentID: turnout.ID(s.ClientReferenceID), State: s.state(), Declined: s.Notes.Declined, Email: s.CustomerEmail,
		ExpiresAt: time.Unix(s.ExpiresAt, 0).UTC(), SuccessURL: s.SuccessURL, CancelURL: s.CancelURL,
	}
	var ok bool
	if page.Total, ok = stripe.Money(s.AmountTotal, s.Currency); !ok {
		return Page{}, payments.ErrAmount
	}
	for _, line := range s.Notes.Lines {
		unit, ok := stripe.Money(line.UnitPrice, s.Currency)
		if !ok {
			return Page{}, payments.ErrAmount
		}
		page.Lines = append(page.Lines, payments.Line{Name: line.Name, UnitPrice: unit.Amount, Quantity: line.Quantity})
	}
	return page, nil
}

func (s session) state() payments.State {
	switch {
	case s.PaymentStatus == "paid":
		return payments.Paid
	case s.Status == "expired":
		return payments.Expired
	case s.Status == "open":
		return payments.Open
	case s.Notes.Declined:
		return payments.Failed
	}
	return payments.Processing
}
