package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// Kinds of rows. The suffix tells what Sweep has to look at.
const (
	kindSession      = "checkout.session"
	kindOpenSession  = "checkout.session.open"
	kindIntent       = "payment_intent"
	kindKey          = "idempotency"
	kindEvent        = "event"
	kindPendingEvent = "event.pending" // not delivered; updated_at is when to try next
)

type object struct {
	bun.BaseModel `bun:"table:sandbox_objects"`

	ID        string          `bun:",pk"`
	Kind      string          `bun:"kind"`
	Body      json.RawMessage `bun:"type:jsonb"`
	CreatedAt time.Time       `bun:"created_at"`
	UpdatedAt time.Time       `bun:"updated_at"`
}

// newSuffix makes the part of an id after its prefix. What belongs together shares one: pi_X, its charge ch_X, the charge's
// booking txn_X, its refunds re_X_1, re_X_2.
func newSuffix() string { return strings.TrimPrefix(string(turnout.NewID("x")), "x_") }

// load reads a row's body; errNoRows when there is none.
func load(ctx context.Context, db bun.IDB, id string, into any) error {
	var row object
	if err := db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return err
	}
	return json.Unmarshal(row.Body, into)
}

// loadLocked is load for a row that this transaction is going to change: others wait for it. (FOR UPDATE is not portable.)
func loadLocked(ctx context.Context, tx bun.Tx, id string, into any) error {
	if _, err := tx.NewUpdate().Model((*object)(nil)).Set("updated_at = updated_at").Where("id = ?", id).Exec(ctx); err != nil {
		return err
	}
	return load(ctx, tx, id, into)
}

// save writes a row, new or known.
func (p *Provider) save(ctx context.Context, tx bun.Tx, kind, id string, body any) error {
	_, err := p.row(kind, id, body, tx.NewInsert().On("CONFLICT (id) DO UPDATE").
		Set("kind = EXCLUDED.kind, body = EXCLUDED.body, updated_at = EXCLUDED.updated_at"))(ctx)
	return err
}

// claim writes a row unless one has its id, and says whether it did.
func (p *Provider) claim(ctx context.Context, tx bun.Tx, kind, id string, body any) (bool, error) {
	n, err := p.row(kind, id, body, tx.NewInsert().On("CONFLICT (id) DO NOTHING"))(ctx)
	return n == 1, err
}

func (p *Provider) row(kind, id string, body any, insert *bun.InsertQuery) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, fmt.Errorf("sandbox: %s: %w", id, err)
		}
		now := p.now().UTC().Truncate(time.Microsecond)
		row := &object{ID: id, Kind: kind, Body: text, CreatedAt: now, UpdatedAt: now}
		return database.Changed(insert.Model(row).Exec(ctx))
	}
}
