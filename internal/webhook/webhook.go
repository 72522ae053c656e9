// Package webhook keeps what other services tell us, so that each event counts exactly once (decision 14).
//
// The hook verifies the signature and calls [Inbox.Receive], which stores the event under the provider's unique id
// together with a job that will handle it, and then tries at once. The provider's [Handler] calls [MarkHandled] in the
// transaction of the event's effect and stops when it says no: so duplicates, replays, two servers and a crash at any
// point all end in one effect. Payloads hold personal data and are erased after 30 days.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// Event is one message of a provider.
type Event struct {
	bun.BaseModel `bun:"table:webhook_events"`

	ID         turnout.ID `bun:"id,pk"`
	Provider   string     `bun:"provider"` // "stripe"
	EventID    string     `bun:"event_id"` // the provider's id
	Type       string     `bun:"type"`     // the provider's word: "checkout.session.completed"
	Payload    string     `bun:"payload"`  // as received; empty once erased
	Attempts   int64      `bun:"attempts"` // that failed
	LastError  string     `bun:"last_error"`
	ReceivedAt time.Time  `bun:"received_at"`
	HandledAt  time.Time  `bun:"handled_at,nullzero"`
}

// Handler carries out what an event means. It calls MarkHandled in its transaction if the event has an effect, and
// returns nil for types that it does not know. After an error the event is handed to it again later; an error that is marked
// by jobs.Concerning says whose console shows it when it is given up.
type Handler func(ctx context.Context, event Event) error

// Inbox receives events. Set its fields, then call Handle for each provider and Register.
type Inbox struct {
	DB  *database.DB
	Log *slog.Logger
	Now func() time.Time

	handlers map[string]Handler
}

const (
	handleKind = "webhook.handle"
	// retryAfter leaves the first try, made while the provider waits, to itself.
	retryAfter = 30 * time.Second
	// keepPayload is how long a payload can be read again.
	keepPayload = 30 * 24 * time.Hour
)

type handlePayload struct {
	Event turnout.ID `json:"event"`
}

// Handle sets the provider's handler.
func (b *Inbox) Handle(provider string, handler Handler) {
	if b.handlers == nil {
		b.handlers = map[string]Handler{}
	}
	b.handlers[provider] = handler
}

// Register has the runner handle what the first try could not, and erase old payloads.
func (b *Inbox) Register(r *jobs.Runner) {
	r.Handle(handleKind, func(ctx context.Context, job jobs.Job) error {
		var p handlePayload
		if err := job.Read(&p); err != nil {
			return err
		}
		return b.try(ctx, p.Event)
	})
	r.Every("webhook.erase", time.Hour, b.erase)
}

// receive stores the events that wait, each with the job that will handle it: many in one transaction, in the lane that
// never waits for the shop.
var receive = &database.Work[*Event, bool]{Name: "webhook.receive", Lane: database.Door, Do: storeNew}

func storeNew(ctx context.Context, tx bun.Tx, items []*database.Item[*Event, bool]) error {
	events := make([]*Event, len(items))
	for i, item := range items {
		events[i] = item.In
	}
	var stored []turnout.ID
	err := tx.NewInsert().Model(&events).On("CONFLICT (provider, event_id) DO NOTHING").Returning("id").Scan(ctx, &stored)
	if err != nil && !database.IsNoRows(err) {
		return err
	}
	isNew := make(map[turnout.ID]bool, len(stored))
	payloads := make([]handlePayload, len(stored))
	for i, id := range stored {
		isNew[id], payloads[i].Event = true, id
	}
	for _, item := range items {
		item.Out = isNew[item.In.ID]
	}
	return jobs.EnqueueAll(ctx, tx, "", handleKind, payloads, items[0].In.ReceivedAt.Add(retryAfter))
}

// Receive stores a verified event and tries to handle it. It reports whether the event is new; when the first try fails,
// that is logged and a job tries again. An error means that the event is not stored: the provider must send it again.
func (b *Inbox) Receive(ctx context.Context, provider, eventID, kind string, payload []byte) (bool, error) {
	if b.handlers[provider] == nil {
		return false, fmt.Errorf("webhook: no handler for %s", provider)
	}
	event := &Event{
		ID: turnout.NewID("whk"), Provider: provider, EventID: eventID, Type: kind, Payload: string(payload), ReceivedAt: b.now(),
	}
	if err := event.check(); err != nil {
		return false, err
	}
	isNew, err := database.Submit(ctx, b.DB, receive, event)
	if err != nil || !isNew {
		return false, err
	}
	if err := b.try(ctx, event.ID); err != nil {
		b.Log.WarnContext(ctx, "webhook: a job will try again", "provider", provider, "event", event.ID, "type", kind, "error", jobs.ErrorText(err))
	}
	return true, nil
}

func (e *Event) check() error {
	var problems turnout.Problems
	for name, text := range map[string]string{"id": e.EventID, "type": e.Type} {
		if text == "" || len(text) > 255 || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			problems.Add(name, "invalid", "This is no %s.", name)
		}
	}
	if e.Payload == "" || !utf8.ValidString(e.Payload) || strings.ContainsRune(e.Payload, 0) {
		problems.Add("payload", "invalid_text", "The body is not text in UTF-8.")
	}
	return problems.Err()
}

// MarkHandled notes, in the transaction of the event's effect, that the event was handled. False means that it was
// handled before: the caller then changes nothing.
func MarkHandled(ctx context.Context, tx bun.IDB, id turnout.ID, at time.Time) (bool, error) {
	n, err := database.Changed(tx.NewUpdate().Model((*Event)(nil)).Set("handled_at = ?", at.UTC().Truncate(time.Microsecond)).
		Set("last_error = ''").Where("id = ?", id).Where("handled_at IS NULL").Exec(ctx))
	if err != nil {
		return false, fmt.Errorf("webhook: mark handled: %w", err)
	}
	return n == 1, nil
}

// try hands a stored event to its handler, unless it was handled before.
func (b *Inbox) try(ctx context.Context, id turnout.ID) error {
	var event Event
	if err := b.DB.Read().NewSelect().Model(&event).Where("id = ?", id).Scan(ctx); err != nil {
		return fmt.Errorf("webhook: read %s: %w", id, err)
	}
	if !event.HandledAt.IsZero() {
		return nil
	}
	handler := b.handlers[event.Provider]
	switch {
	case event.Payload == "":
		return jobs.Permanent(errors.New("webhook: the payload was erased before the event was handled"))
	case handler == nil:
		return fmt.Errorf("webhook: no handler for %s", event.Provider)
	}
	failed := handler(ctx, event)
	noted := b.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx bun.Tx) error {
		if failed == nil { // an event without effect: nobody else has marked it
			_, err := MarkHandled(ctx, tx, id, b.now())
			return err
		}
		_, err := tx.NewUpdate().Model((*Event)(nil)).Set("attempts = attempts + 1").Set("last_error = ?", jobs.ErrorText(failed)).
			Where("id = ?", id).Where("handled_at IS NULL").Exec(ctx)
		return err
	})
	return errors.Join(failed, noted)
}

// Patience is longer than all attempts of an event's job with their pauses take: what is open for longer waits for a person.
const Patience = 4 * time.Hour

// Open lists events of all providers that came before the given time and are not handled, oldest first, at most limit: for
// the doctor.
func Open(ctx context.Context, db bun.IDB, before time.Time, limit int) ([]Event, error) {
	var events []Event
	if err := db.NewSelect().Model(&events).Where("handled_at IS NULL").Where("received_at < ?", before.UTC()).
		OrderExpr("received_at").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("webhook: open events: %w", err)
	}
	return events, nil
}

func (b *Inbox) erase(ctx context.Context) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Event)(nil)).Set("payload = ''").
			Where("received_at < ?", b.now().Add(-keepPayload)).Where("payload <> ''").Exec(ctx)
		return err
	})
}

func (b *Inbox) now() time.Time { return b.Now().UTC().Truncate(time.Microsecond) }
