// Package webhook keeps the events that other services send us, so that each counts once.
//
// An event is stored under the id that its sender gave it, with a job that tries it again later; then it is tried at once.
// Its effect and [MarkHandled] share a transaction: the second of two equal events finds it handled and does nothing.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// Event is what a service told us. Its signature was verified before.
type Event struct {
	Provider string // stripe, sandbox
	ID       string // unique with the provider
	Type     string // the provider's word
	Payload  []byte
}

// Ref is the payload of the job that tries a stored event again.
type Ref struct {
	Event turnout.ID `json:"event"`
}

type row struct {
	bun.BaseModel `bun:"table:webhook_events"`

	ID         turnout.ID `bun:",pk"`
	Provider   string
	EventID    string
	Type       string
	Payload    string
	Attempts   int64
	LastError  string
	ReceivedAt time.Time
	HandledAt  time.Time `bun:",nullzero"`
}

// retryAfter is when the job first looks whether the event was handled: the try at once is over by then.
const retryAfter = 20 * time.Second

// Receive stores the event and enqueues a job of the kind that will try it again; it gives the id of the row. Storing an
// event twice is fine: the id is that of the first, and there is one job.
func Receive(ctx context.Context, db *database.DB, now time.Time, e Event, retry string) (turnout.ID, error) {
	var id turnout.ID
	err := db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		r := &row{ID: turnout.NewID("whk"), Provider: e.Provider, EventID: e.ID, Type: e.Type, Payload: string(e.Payload), ReceivedAt: now}
		n, err := database.Changed(tx.NewInsert().Model(r).On("CONFLICT (provider, event_id) DO NOTHING").Exec(ctx))
		if err != nil {
			return err
		}
		if id = r.ID; n == 1 {
			return jobs.Enqueue(ctx, tx, "", retry, Ref{r.ID}, now.Add(retryAfter))
		}
		return tx.NewSelect().Model((*row)(nil)).Column("id").Where("provider = ?", e.Provider).Where("event_id = ?", e.ID).Scan(ctx, &id)
	})
	if err != nil {
		return "", fmt.Errorf("webhook: receive: %w", err)
	}
	return id, nil
}

// MarkHandled notes, in the transaction of its effect, that the event had it. false means that it had it before: do nothing.
func MarkHandled(ctx context.Context, tx bun.IDB, id turnout.ID, now time.Time) (bool, error) {
	n, err := database.Changed(tx.NewUpdate().Model((*row)(nil)).Set("handled_at = ?", now).
		Where("id = ?", id).Where("handled_at IS NULL").Exec(ctx))
	if err != nil {
		return false, fmt.Errorf("webhook: mark handled: %w", err)
	}
	return n == 1, nil
}

// Failed notes a try that did not work, by the error's code only: messages can hold what people typed.
func Failed(ctx context.Context, db *database.DB, id turnout.ID, cause error) error {
	code := "internal"
	if known, ok := errors.AsType[*turnout.Error](cause); ok {
		code = known.Code
	}
	return db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*row)(nil)).Set("attempts = attempts + 1").Set("last_error = ?", code).Where("id = ?", id).Exec(ctx)
		return err
	})
}

// Load gives a stored event and whether it was handled. It fails with turnout.ErrNotFound.
func Load(ctx context.Context, db bun.IDB, id turnout.ID) (e Event, handled bool, err error) {
	var r row
	if err := db.NewSelect().Model(&r).Where("id = ?", id).Scan(ctx); err != nil {
		return Event{}, false, fmt.Errorf("webhook: load: %w", database.NotFound(err))
	}
	return Event{Provider: r.Provider, ID: r.EventID, Type: r.Type, Payload: []byte(r.Payload)}, !r.HandledAt.IsZero(), nil
}

// Erase empties the payloads of events that were handled before the instant; the ids stay, so that they still count once.
func Erase(ctx context.Context, db *database.DB, before time.Time) error {
	return db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*row)(nil)).Set("payload = ''").Where("handled_at < ?", before).Where("payload <> ''").Exec(ctx)
		return err
	})
}
