package agenda

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// CopyRooms gives a cloned event the rooms and tracks of the one it was cloned from; sessions and speakers are another year's.
// It runs in the transaction of the cloning.
func (s *Service) CopyRooms(ctx context.Context, tx bun.IDB, from, to *events.Event) error {
	now := s.now()
	var rooms []*Room
	var tracks []*Track
	for _, list := range []any{&rooms, &tracks} {
		if err := tx.NewSelect().Model(list).Where("event_id = ?", from.ID).Order("position", "id").Scan(ctx); err != nil {
			return fmt.Errorf("agenda: copy rooms: %w", err)
		}
	}
	for _, r := range rooms {
		r.ID, r.CommunityID, r.EventID, r.ExternalKey, r.Version, r.CreatedAt, r.UpdatedAt = turnout.NewID(PrefixRoom), to.CommunityID, to.ID, "", 1, now, now
	}
	for _, t := range tracks {
		t.ID, t.CommunityID, t.EventID, t.ExternalKey, t.Version, t.CreatedAt, t.UpdatedAt = turnout.NewID(PrefixTrack), to.CommunityID, to.ID, "", 1, now, now
	}
	if len(rooms) > 0 {
		if _, err := tx.NewInsert().Model(&rooms).Exec(ctx); err != nil {
			return fmt.Errorf("agenda: copy rooms: %w", err)
		}
	}
	if len(tracks) > 0 {
		if _, err := tx.NewInsert().Model(&tracks).Exec(ctx); err != nil {
			return fmt.Errorf("agenda: copy tracks: %w", err)
		}
	}
	return nil
}

// Rezone keeps the slots at the wall-clock times that they showed, when an event moves to another zone; what is released stays
// as it was released. It runs in the transaction of the move.
func (s *Service) Rezone(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	var placed []*Session
	if err := tx.NewSelect().Model(&placed).Where("event_id = ?", after.ID).Where("starts_at IS NOT NULL").Scan(ctx); err != nil {
		return fmt.Errorf("agenda: rezone: %w", err)
	}
	for _, x := range placed {
		length := x.EndsAt.Sub(x.StartsAt)
		x.StartsAt, _ = events.KeepWallClock(x.StartsAt, before.Location(), after.Location())
		x.EndsAt = x.StartsAt.Add(length)
		x.Version++
		x.UpdatedAt = s.now()
		if _, err := tx.NewUpdate().Model(x).Column("starts_at", "ends_at", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("agenda: rezone: %w", err)
		}
	}
	return nil
}
