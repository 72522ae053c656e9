package events

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Clone says what differs in the copy of an event. An empty title means the same one.
type Clone struct {
	Slug     string
	Title    string
	StartsAt time.Time
}

// Clone makes a draft from an event of any status: the same details, its times moved so that it begins at the new start and
// keeps its length on the wall clock, a number and a signing key of its own. What belongs to it is copied by Service.Cloned. It
// fails with turnout.ErrNotFound, field problems or ErrSlugTaken.
func (s *Service) Clone(ctx context.Context, community turnout.ID, idOrSlug string, clone Clone) (*Event, error) {
	var event Event
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		from, err := ForAmounts(ctx, tx, community, idOrSlug) // whose prices are copied
		if err != nil {
			return err
		}
		event = *from
		event.Slug, event.StartsAt, event.PublishedAt, event.CanceledAt = clone.Slug, clone.StartsAt, time.Time{}, time.Time{}
		if clone.Title != "" {
			event.Title = clone.Title
		}
		event.EndsAt = Shift(from.EndsAt, from, &event)
		event.tidy()
		if err := event.problems().Err(); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, &event, "event.cloned", map[string]string{"from": string(from.ID)}); err != nil {
			return err
		}
		return follow(ctx, tx, s.Cloned, from, &event)
	})
	if err != nil {
		return nil, createError(err)
	}
	return &event, nil
}
