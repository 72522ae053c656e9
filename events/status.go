package events

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
)

// become moves the event along the drawing beside Status; any other step is ErrTransition.
func (e *Event) become(next Status) error {
	if !slices.Contains(follows[e.Status], next) {
		return ErrTransition.With("The event is %s, so it cannot become %s.", e.Status, next)
	}
	e.Status = next
	return nil
}

// Publish makes a draft public. It fails with turnout.ErrNotFound, turnout.ErrStale or ErrTransition.
func (s *Service) Publish(ctx context.Context, community turnout.ID, idOrSlug string, version int64) (*Event, error) {
	return s.edit(ctx, community, idOrSlug, version, "event.published", func(_ context.Context, _ bun.Tx, event *Event) error {
		event.PublishedAt = s.now()
		return event.become(Published)
	})
}

// Cancel calls an event off, for good; a sweep of ticketing then cancels and refunds its orders. It fails with
// turnout.ErrNotFound, turnout.ErrStale or ErrTransition.
func (s *Service) Cancel(ctx context.Context, community turnout.ID, idOrSlug string, version int64) (*Event, error) {
	return s.edit(ctx, community, idOrSlug, version, "event.canceled", func(_ context.Context, _ bun.Tx, event *Event) error {
		if err := event.become(Canceled); err != nil {
			return err
		}
		event.CanceledAt = s.now()
		return nil
	})
}

// EndPast is the sweep that ends published events whose end has passed, in all communities. It gives their number.
func (s *Service) EndPast(ctx context.Context) (int, error) {
	var ended []Event
	// Most runs find nothing: they write nothing and lock nothing.
	due, err := past(s.DB.Read().NewSelect().Model((*Event)(nil)), s.now()).Exists(ctx)
	if err != nil || !due {
		return 0, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.now()
		ended = nil
		err := tx.NewUpdate().Model((*Event)(nil)).Set("status = ?", Ended).Set("version = version + 1").Set("updated_at = ?", now).
			Where("status = ?", Published).Where("ends_at <= ?", now).Returning("id, community_id").Scan(ctx, &ended)
		if err != nil {
			return err
		}
		entries := make([]audit.Entry, len(ended))
		for i, e := range ended {
			entries[i] = audit.Entry{Community: e.CommunityID, Action: "event.ended", Subject: e.ID, At: now}
		}
		return audit.Write(ctx, tx, entries...)
	})
	return len(ended), err
}

func past(q *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	return q.Where("status = ?", Published).Where("ends_at <= ?", now)
}
