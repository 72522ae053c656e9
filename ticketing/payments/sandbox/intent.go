package sandbox

import (
	"context"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
)

// intent is a payment intent with what hangs on it, in one row: its charge, the charge's booking, its refunds.
type intent struct {
	ID        string            `json:"id"` // pi_X; the charge is ch_X, its booking txn_X
	Amount    int64             `json:"amount"`
	Currency  string            `json:"currency"`
	Created   int64             `json:"created"`
	Metadata  map[string]string `json:"metadata"`
	Status    string            `json:"status"` // requires_payment_method, processing, succeeded
	Fee       int64             `json:"fee"`
	Disputed  bool              `json:"disputed"`
	LastError map[string]any    `json:"last_payment_error"`
	Refunds   []refund          `json:"refunds"`
}

// refund in Stripe's field names.
type refund struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        int64             `json:"amount"`
	Charge        string            `json:"charge"`
	Created       int64             `json:"created"`
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
	Status        string            `json:"status"`
}

func (r refund) name() string { return r.ID }

func (i intent) suffix() string { return strings.TrimPrefix(i.ID, "pi_") }

// fee is what a card payment costs in Europe: 1.4 % and 25 minor units.
func fee(amount int64) int64 { return min(amount, turnout.MulDiv(amount, 14, 1000)+25) }

// left is what can still be refunded.
func (i intent) left() int64 {
	left := i.Amount
	for _, r := range i.Refunds {
		if r.Status != "failed" {
			left -= r.Amount
		}
	}
	return left
}

// sent is the intent in Stripe's field names.
func (i intent) sent() map[string]any {
	m := map[string]any{
		"id": i.ID, "object": "payment_intent", "amount": i.Amount, "amount_received": int64(0), "currency": i.Currency,
		"created": i.Created, "livemode": false, "metadata": i.Metadata, "status": i.Status, "last_payment_error": i.LastError, "latest_charge": nil,
	}
	if i.Status == "succeeded" {
		m["amount_received"], m["latest_charge"] = i.Amount, "ch_"+i.suffix()
	}
	return m
}

func (i intent) charge() map[string]any {
	return map[string]any{
		"id": "ch_" + i.suffix(), "object": "charge", "amount": i.Amount, "amount_captured": i.Amount, "amount_refunded": i.Amount - i.left(),
		"balance_transaction": "txn_" + i.suffix(), "captured": true, "created": i.Created, "currency": i.Currency, "disputed": i.Disputed,
		"livemode": false, "metadata": i.Metadata, "paid": true, "payment_intent": i.ID, "refunded": i.left() == 0, "status": "succeeded",
	}
}

// expanded is the intent with its charge and the charge's booking.
func (i intent) expanded() map[string]any {
	m := i.sent()
	if m["latest_charge"] == nil {
		return m
	}
	charge := i.charge()
	charge["balance_transaction"] = map[string]any{
		"id": "txn_" + i.suffix(), "object": "balance_transaction", "amount": i.Amount, "created": i.Created, "currency": i.Currency,
		"fee": i.Fee, "net": i.Amount - i.Fee, "source": "ch_" + i.suffix(), "status": "available", "type": "charge",
	}
	m["latest_charge"] = charge
	return m
}

// retrieveIntent is GET /v1/payment_intents/{id}.
func (p *Provider) retrieveIntent(ctx context.Context, c call) (any, error) {
	var i intent
	if err := load(ctx, p.db.Read(), c.id, &i); err != nil {
		return nil, orMissing(err, "payment_intent", c.id)
	}
	if c.expands() {
		return i.expanded(), nil
	}
	return i.sent(), nil
}

// createRefund is POST /v1/refunds.
func (p *Provider) createRefund(ctx context.Context, tx bun.Tx, c call) (any, error) {
	metadata := map[string]string{}
	for name := range c.form {
		key, isMetadata := strings.CutPrefix(strings.TrimSuffix(name, "]"), "metadata[")
		switch {
		case isMetadata:
			metadata[key] = c.form.Get(name)
		case name != "payment_intent" && name != "amount" && name != "reason":
			return nil, invalid("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
	}
	var i intent
	id := c.form.Get("payment_intent")
	if err := loadLocked(ctx, tx, id, &i); err != nil {
		return nil, orMissing(err, "payment_intent", id)
	}
	amount, err := strconv.ParseInt(c.form.Get("amount"), 10, 64)
	if c.form.Get("amount") == "" {
		amount, err = i.left(), nil
	}
	switch {
	case err != nil || amount < 0:
		return nil, invalid("parameter_invalid_integer", "amount", "Invalid integer: %s", c.form.Get("amount"))
	case i.Status != "succeeded":
		return nil, invalid("", "payment_intent", "This PaymentIntent does not have a successful charge to refund.")
	case i.Disputed:
		return nil, invalid("charge_disputed", "", "Charge ch_%s has been charged back; cannot issue a refund.", i.suffix())
	case i.left() == 0:
		return nil, invalid("charge_already_refunded", "", "Charge ch_%s has already been refunded.", i.suffix())
	case amount > i.left():
		return nil, invalid("", "amount", "Refund amount (%d) is greater than unrefunded amount on charge (%d)", amount, i.left())
	}
	before := i.Amount - i.left()
	r := refund{
		ID: "re_" + i.suffix() + "_" + strconv.Itoa(len(i.Refunds)+1), Object: "refund", Amount: amount, Charge: "ch_" + i.suffix(),
		Created: p.now().Unix(), Currency: i.Currency, Metadata: metadata, PaymentIntent: i.ID, Status: "succeeded",
	}
	i.Refunds = append(i.Refunds, r)
	if err := p.save(ctx, tx, kindIntent, i.ID, i); err != nil {
		return nil, err
	}
	if _, err := p.emit(ctx, tx, "refund.created", r, 0); err != nil {
		return nil, err
	}
	_, err = p.emitChange(ctx, tx, "charge.refunded", i.charge(), map[string]any{"amount_refunded": before}, 0)
	return r, err
}

// listRefunds is GET /v1/refunds, newest first.
func (p *Provider) listRefunds(ctx context.Context, c call) (any, error) {
	id := c.form.Get("payment_intent")
	if charge, ok := strings.CutPrefix(c.form.Get("charge"), "ch_"); ok {
		id = "pi_" + charge
	}
	var i intent
	if err := load(ctx, p.db.Read(), id, &i); err != nil {
		return nil, orMissing(err, "payment_intent", id)
	}
	newest := make([]refund, 0, len(i.Refunds))
	for _, r := range i.Refunds {
		newest = append([]refund{r}, newest...)
	}
	return map[string]any{"object": "list", "url": "/v1/refunds", "has_more": false, "data": newest}, nil
}

// retrieveRefund is GET /v1/refunds/{id}.
func (p *Provider) retrieveRefund(ctx context.Context, c call) (any, error) {
	var i intent
	if err := load(ctx, p.db.Read(), intentOfRefund(c.id), &i); err != nil {
		return nil, orMissing(err, "refund", c.id)
	}
	for _, r := range i.Refunds {
		if r.ID == c.id {
			return r, nil
		}
	}
	return nil, missing("refund", c.id)
}

// intentOfRefund reads re_X_1 as pi_X.
func intentOfRefund(refundID string) string {
	suffix, _, _ := strings.Cut(strings.TrimPrefix(refundID, "re_"), "_")
	return "pi_" + suffix
}
