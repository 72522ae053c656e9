package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// CopyCatalogue gives a cloned event the pools and ticket types of the one it was cloned from: nothing taken, their sale
// windows moved with the event's start. It runs in the transaction of the cloning.
func (s *Service) CopyCatalogue(ctx context.Context, tx bun.IDB, from, to *events.Event) error {
	now := s.Now()
	old, err := poolsByID(ctx, tx, from.ID)
	if err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	renamed := map[turnout.ID]turnout.ID{}
	var pools []*Pool
	for id, p := range old {
		renamed[id] = turnout.NewID(prefixPool)
		pools = append(pools, &Pool{ID: renamed[id], CommunityID: to.CommunityID, EventID: to.ID, Name: p.Name, Capacity: p.Capacity,
			Version: 1, CreatedAt: now, UpdatedAt: now})
	}
	types, err := loadTypes(ctx, tx, []turnout.ID{from.ID})
	if err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	var links []typePool
	last := int64(0)
	for _, t := range types {
		t.ID, t.CommunityID, t.EventID, t.Version, t.CreatedAt, t.UpdatedAt = turnout.NewID(prefixType), to.CommunityID, to.ID, 1, now, now
		if !t.SalesStart.IsZero() {
			t.SalesStart = events.Shift(t.SalesStart, from, to)
		}
		if !t.SalesEnd.IsZero() {
			t.SalesEnd = events.Shift(t.SalesEnd, from, to)
		}
		last = max(last, t.Number)
		for _, id := range t.PoolIDs {
			links = append(links, typePool{CommunityID: to.CommunityID, TicketTypeID: t.ID, PoolID: renamed[id]})
		}
	}
	for _, rows := range []any{&pools, &types, &links} {
		if err := insertAll(ctx, tx, rows); err != nil {
			return fmt.Errorf("ticketing: copy: %w", err)
		}
	}
	_, err = addTotals(ctx, tx, &totals{EventID: to.ID, LastType: last})
	return err
}

// Rezone keeps the sale windows at the wall-clock times that they showed, when an event moves to another zone. It runs in the
// transaction of the move.
func (s *Service) Rezone(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	types, err := loadTypes(ctx, tx, []turnout.ID{after.ID})
	if err != nil {
		return fmt.Errorf("ticketing: rezone: %w", err)
	}
	for _, t := range types {
		if t.SalesStart.IsZero() && t.SalesEnd.IsZero() {
			continue
		}
		for _, at := range []*time.Time{&t.SalesStart, &t.SalesEnd} {
			if !at.IsZero() {
				*at, _ = events.KeepWallClock(*at, before.Location(), after.Location())
			}
		}
		t.Version++
		t.UpdatedAt = s.Now()
		if _, err := tx.NewUpdate().Model(t).Column("sales_start", "sales_end", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("ticketing: rezone: %w", err)
		}
	}
	return nil
}
