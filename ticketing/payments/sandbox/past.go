package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Past is a payment that succeeded before the sandbox was asked for it: one of a demo's history.
type Past struct {
	PaymentID turnout.ID // ours
	Ref       string     // what a refund names
	Amount    turnout.Money
	Fee       int64 // minor units, as the sandbox charges
	At        time.Time
	RefundID  turnout.ID // ours; empty unless it was given back, whole
}

// NewPast gives a past payment its name and its fee.
func NewPast(payment turnout.ID, amount turnout.Money, at time.Time) *Past {
	return &Past{PaymentID: payment, Ref: "pi_" + newSuffix(), Amount: amount, Fee: fee(amount.Amount), At: at}
}

// RefundRef is what the sandbox calls the payment's refund.
func (p *Past) RefundRef() string { return "re_" + strings.TrimPrefix(p.Ref, "pi_") + "_1" }

// Book writes past payments into the sandbox's books, so that they can be refunded like any other (the metadata are those that payments/stripe writes). It sends no webhooks. It
// runs in the caller's transaction.
func Book(ctx context.Context, db bun.IDB, paid []*Past) error {
	rows := make([]*object, len(paid))
	for i, p := range paid {
		in := intent{ID: p.Ref, Amount: p.Amount.Amount, Currency: strings.ToLower(p.Amount.Currency), Created: p.At.Unix(),
			Metadata: map[string]string{"payment_id": string(p.PaymentID)}, Status: "succeeded", Fee: p.Fee}
		if p.RefundID != "" {
			in.Refunds = []refund{{ID: p.RefundRef(), Object: "refund", Amount: in.Amount, Charge: "ch_" + in.suffix(), Created: in.Created,
				Currency: in.Currency, Metadata: map[string]string{"refund_id": string(p.RefundID)}, PaymentIntent: in.ID, Status: "succeeded"}}
		}
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("sandbox: %s: %w", p.Ref, err)
		}
		rows[i] = &object{ID: in.ID, Kind: kindIntent, Body: body, CreatedAt: p.At, UpdatedAt: p.At}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := db.NewInsert().Model(&rows).Exec(ctx)
	return err
}
