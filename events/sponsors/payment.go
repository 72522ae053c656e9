package sponsors

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
)

// PrefixPayment begins the ids of sponsors' payments.
const PrefixPayment = "spp"

// Payment is money received from a sponsor. Payments are never changed or deleted: a correction is a negative one.
type Payment struct {
	bun.BaseModel `bun:"table:sponsor_payments,alias:payment"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	SponsorID   turnout.ID `bun:"sponsor_id"`
	Amount      int64      `bun:"amount"`      // minor units of the event's currency, not 0
	ReceivedOn  string     `bun:"received_on"` // a calendar day, 2026-03-01
	Note        string     `bun:"note"`
	CreatedAt   time.Time  `bun:"created_at"`
}

// PaymentInput is what an organiser says about money received.
type PaymentInput struct {
	Amount     turnout.Money // negative for a correction
	ReceivedOn string        // 2026-03-01
	Note       string
}

// Receive notes a payment of a sponsor. A correction beyond what was paid is ErrOverdrawn.
func (s *Service) Receive(ctx context.Context, community, sponsor turnout.ID, in PaymentInput) (*Payment, error) {
	var payment *Payment
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmountsOf(ctx, tx, community, "sponsors", sponsor)
		if err != nil {
			return err
		}
		from, err := lock(ctx, tx, community, sponsor)
		if err != nil {
			return err
		}
		if err := in.Check(e.Currency); err != nil {
			return err
		}
		if from.Received+in.Amount.Amount < 0 {
			return ErrOverdrawn
		}
		payment = &Payment{ID: turnout.NewID(PrefixPayment), CommunityID: community, EventID: from.EventID, SponsorID: from.ID,
			Amount: in.Amount.Amount, ReceivedOn: in.ReceivedOn, Note: in.Note, CreatedAt: s.now()}
		if _, err := tx.NewInsert().Model(payment).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "sponsor.paid", Subject: from.ID, At: payment.CreatedAt,
			Detail: map[string]string{"payment": string(payment.ID)}})
	})
	if err != nil {
		return nil, fmt.Errorf("sponsors: receive: %w", err)
	}
	return payment, nil
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *PaymentInput) Check(currency string) error {
	var p turnout.Problems
	p.Moved("amount", in.Amount, currency, "received_on", in.ReceivedOn)
	p.Line("note", in.Note, 1000)
	return p.Err()
}

// Payments lists what a sponsor paid, oldest first.
func Payments(ctx context.Context, db bun.IDB, community, sponsor turnout.ID) ([]*Payment, error) {
	var all []*Payment
	err := db.NewSelect().Model(&all).Where("community_id = ?", community).Where("sponsor_id = ?", sponsor).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("sponsors: payments: %w", err)
	}
	return all, nil
}

// Totals is an event's sponsor income, minor units of its currency.
type Totals struct {
	Promised int64 // by sponsors from promised to paid
	Received int64 // all payments
	Sponsors int64 // how many have promised
}

// Sum adds up a list that List gave.
func Sum(all []*Sponsor) Totals {
	var t Totals
	for _, s := range all {
		t.Received += s.Received
		if s.Status.Committed() {
			t.Promised += s.Promised
			t.Sponsors++
		}
	}
	return t
}
