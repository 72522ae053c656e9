// Package ticketing sells: ticket types and the pools they draw on, orders with timed holds, tickets and their codes,
// payments, refunds and the waitlist.
//
// # Places
//
// A pool is a number of places; a ticket type draws on one or several; an order takes a place of each pool for each ticket,
// all or none, by one conditional UPDATE a pool in id order. pool_claims says who holds what, pools.taken is its sum,
// event_totals counts orders, tickets and money; all change in the transaction that changes what they count, and [Check]
// compares them. Every transaction locks pools first, by id; whoever changes an order holds its pools. A hold is an order
// that nobody has paid yet: capacity has one definition.
//
// # Questions
//
// A question's words and rules are a [Wording], which never changes: an edit makes the next one, and an answer names the one that
// it was given to. A choice with places owns a pool, on which a sale draws as on those of ticket types. Answers are erased on the
// day that was said beside the question ([Service.EraseAnswers]).
//
// # Money
//
// Providers are never called inside a transaction and never while an order is placed: the buyer opens /pay/{payment}, which
// makes the provider's page. What a provider reports arrives as a webhook event and takes effect in the transaction that
// marks it handled ([Service.Settle]). Refunds are rows first and calls second, made by a job.
package ticketing

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/templates"
	"turnout/ticketing/payments"
)

// Service carries out the use cases of selling. Make it with [New].
type Service struct {
	DB       *database.DB
	Now      func() time.Time // UTC, microseconds
	Keys     signing.Keys     // sign the secrets of order, waitlist and join links
	Provider payments.Provider
	Inbox    *webhook.Inbox // of the provider's events; New registers their handler
	Pages    *templates.Set // words and mails
	BaseURL  string         // of this installation, without a slash at its end

	// HoldFor is how long places are held while a buyer pays by a provider's page.
	HoldFor time.Duration
	// TransferFor is how long they are held for a bank transfer.
	TransferFor time.Duration
	// Admitted tells whether a door has let in any ticket of the orders; a buyer cannot cancel after that. The check-in
	// package, which stands above this one, hands it in.
	Admitted func(ctx context.Context, db bun.IDB, community turnout.ID, orders ...turnout.ID) (bool, error)
	// Canceled is told of tickets, all of one order, that were canceled in this transaction, so that those who came with them
	// are counted right. It comes from the check-in package too.
	Canceled func(ctx context.Context, tx bun.IDB, tickets []*Ticket) error

	// CameAt is, in SQL, when a ticket's holder was first seen at the event, NULL for not; the ticket's row is called ticket. It
	// comes from the check-in package too.
	CameAt string

	codes    codeBook
	sales    *database.Work[placing, placed]
	replaces *database.Work[placing, placed]
	settles  *database.Work[settling, settled]
	soldOut  *soldOutMemory
}

// New makes the service. It keeps the key of the public order codes in the database, made at the first start: unlike
// TURNOUT_SECRET it must never change, or printed codes would name other orders.
func New(ctx context.Context, s Service) (*Service, error) {
	key, err := codeKey(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	s.codes = newCodeBook(key)
	if s.HoldFor == 0 {
		s.HoldFor = 15 * time.Minute
	}
	if s.TransferFor == 0 {
		s.TransferFor = 7 * 24 * time.Hour
	}
	if s.Admitted == nil {
		s.Admitted = func(context.Context, bun.IDB, turnout.ID, ...turnout.ID) (bool, error) { return false, nil }
	}
	if s.Canceled == nil {
		s.Canceled = func(context.Context, bun.IDB, []*Ticket) error { return nil }
	}
	if s.CameAt == "" {
		s.CameAt = "CAST(NULL AS TIMESTAMPTZ)"
	}
	s.soldOut = new(soldOutMemory)
	s.Inbox.Handle(s.Provider.Name(), s.settleStored)
	s.sales = &database.Work[placing, placed]{Name: "place orders", Lane: database.Shop, Do: s.placeOrders}
	s.replaces = &database.Work[placing, placed]{Name: "replace orders", Lane: database.Shop, Max: 1, Do: s.replaceOrder}
	s.settles = &database.Work[settling, settled]{Name: "settle payments", Lane: database.Door, Do: s.settleEvents}
	return &s, nil
}

func codeKey(ctx context.Context, db *database.DB) ([]byte, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	var stored string
	err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ('order_code_key', ?) ON CONFLICT (name) DO NOTHING",
			base64.StdEncoding.EncodeToString(fresh)); err != nil {
			return err
		}
		return tx.NewSelect().Table("settings").Column("value").Where("name = 'order_code_key'").Scan(ctx, &stored)
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: key of the order codes: %w", err)
	}
	return base64.StdEncoding.DecodeString(stored)
}
