package sandbox

import (
	"context"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
	"github.com/uptrace/bun"
)

// event in Stripe's field names.
type event struct {
	ID              string    `json:"id"`
	Object          string    `json:"object"`
	APIVersion      string    `json:"api_version"`
	Created         int64     `json:"created"`
	Data            eventData `json:"data"`
	Livemode        bool      `json:"livemode"`
	PendingWebhooks int64     `json:"pending_webhooks"`
	Request         struct {
		ID             *string `json:"id"`
		IdempotencyKey *string `json:"idempotency_key"`
	} `json:"request"`
	Type string `json:"type"`
}

type eventData struct {
	Object             any            `json:"object"`
	PreviousAttributes map[string]any `json:"previous_attributes,omitempty"`
}

// emit writes an event down in the transaction of what it tells, for Run to deliver after wait. It gives the event's id.
func (p *Provider) emit(ctx context.Context, tx bun.Tx, eventType string, about any, wait time.Duration) (string, error) {
	return p.emitChange(ctx, tx, eventType, about, nil, wait)
}

func (p *Provider) emitChange(ctx context.Context, tx bun.Tx, eventType string, about any, before map[string]any, wait time.Duration) (string, error) {
	e := event{
		ID: "evt_" + newSuffix(), Object: "event", APIVersion: stripego.APIVersion, Created: p.now().Unix(), Type: eventType,
		Data: eventData{Object: about, PreviousAttributes: before}, PendingWebhooks: 1,
	}
	if err := p.save(ctx, tx, kindPendingEvent, e.ID, e); err != nil {
		return "", err
	}
	if wait == 0 {
		return e.ID, nil
	}
	return e.ID, p.postpone(ctx, tx, e.ID, wait)
}

// postpone sets when Run tries to deliver an event next.
func (p *Provider) postpone(ctx context.Context, db bun.IDB, id string, wait time.Duration) error {
	_, err := db.NewUpdate().Model((*object)(nil)).Set("updated_at = ?", p.now().UTC().Add(wait).Truncate(time.Microsecond)).
		Where("id = ?", id).Where("kind = ?", kindPendingEvent).Exec(ctx)
	return err
}

// send delivers events at once, in order, for somebody who waits for it. What fails is left to Run.
func (p *Provider) send(ctx context.Context, ids []string) {
	for _, id := range ids {
		var row object
		err := p.db.Read().NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
		if err == nil {
			err = p.post(ctx, row)
		}
		if err != nil {
			p.log.WarnContext(ctx, "a sandbox webhook was not delivered and will be again", "event", id, "error", err)
			p.wakeUp()
		}
	}
}

// post signs and delivers one event, and notes that it was.
func (p *Provider) post(ctx context.Context, row object) error {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: row.Body, Secret: p.secret, Timestamp: p.now()})
	if err := p.deliver(ctx, signed.Payload, signed.Header); err != nil {
		return err
	}
	return p.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*object)(nil)).Set("kind = ?", kindEvent).Where("id = ?", row.ID).Exec(ctx)
		return err
	})
}

// deliverDue delivers the events whose time has come. One that fails is tried again after as long as it is old, between one
// second and one minute.
func (p *Provider) deliverDue(ctx context.Context) error {
	var due []object
	err := p.db.Read().NewSelect().Model(&due).Where("kind = ?", kindPendingEvent).Where("updated_at <= ?", p.now().UTC()).
		OrderExpr("created_at, id").Limit(1000).Scan(ctx)
	if err != nil {
		return err
	}
	for _, row := range due {
		failed := p.post(ctx, row)
		if failed == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.log.WarnContext(ctx, "a sandbox webhook was not delivered and will be again", "event", row.ID, "error", failed)
		wait := min(max(p.now().Sub(row.CreatedAt), time.Second), time.Minute)
		err := p.db.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return p.postpone(ctx, tx, row.ID, wait) })
		if err != nil {
			return err
		}
	}
	return nil
}

// wakeUp tells Run that something may be due.
func (p *Provider) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
