package events

import (
	"context"

	"github.com/uptrace/bun"

	"turnout"
)

// Patch changes what the patch names. version is that of the event which the edit was made from, 0 when it is not known. A
// changed zone keeps wall-clock times. It fails with turnout.ErrNotFound, turnout.ErrStale, field problems, ErrSlugTaken, and, when
// it changes the currency, with ErrCurrency, ErrCurrencyAmounts and ErrCurrencyDecimals.
func (s *Service) Patch(ctx context.Context, community turnout.ID, idOrSlug string, version int64, patch Patch) (*Event, error) {
	return s.edit(ctx, community, idOrSlug, version, "event.changed", func(ctx context.Context, tx bun.Tx, event *Event) error {
		before := *event
		patch.apply(event)
		if err := event.problems().Err(); err != nil {
			return err
		}
		if event.Timezone != before.Timezone || !event.EndsAt.Equal(before.EndsAt) {
			if err := follow(ctx, tx, s.Retimed, &before, event); err != nil {
				return err
			}
		}
		if event.Currency != before.Currency {
			if err := changeCurrency(ctx, tx, event, before.Currency, patch.KeepNumbers); err != nil {
				return err
			}
		}
		if event.Timezone == before.Timezone {
			return nil
		}
		return follow(ctx, tx, s.Rezoned, &before, event)
	})
}

// follow lets packages above do their part of an edit.
func follow(ctx context.Context, tx bun.IDB, parts []func(context.Context, bun.IDB, *Event, *Event) error, before, after *Event) error {
	for _, part := range parts {
		if err := part(ctx, tx, before, after); err != nil {
			return err
		}
	}
	return nil
}

// Preview gives the event as it is and as the patch would make it, and changes nothing: an organiser sees what a new zone
// does before it is done.
func (s *Service) Preview(ctx context.Context, community turnout.ID, idOrSlug string, patch Patch) (before, after *Event, err error) {
	if before, err = Find(ctx, s.DB.Read(), community, idOrSlug); err != nil {
		return nil, nil, err
	}
	changed := *before
	patch.apply(&changed)
	return before, &changed, changed.problems().Err()
}
