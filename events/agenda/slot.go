package agenda

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// ErrWithdrawn is the answer to placing a session that was withdrawn.
var ErrWithdrawn = &turnout.Error{Kind: turnout.Conflict, Code: "session_withdrawn", Message: "This session was withdrawn. Confirm it first, then place it."}

// SlotInput says when and where a session takes place.
type SlotInput struct {
	RoomID   turnout.ID // empty: everywhere, or online
	StartsAt time.Time
	EndsAt   time.Time
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *SlotInput) Check() error {
	var problems turnout.Problems
	in.StartsAt, in.EndsAt = in.StartsAt.UTC().Truncate(time.Microsecond), in.EndsAt.UTC().Truncate(time.Microsecond)
	switch {
	case in.StartsAt.IsZero():
		problems.Require("starts_at", "")
	case in.EndsAt.IsZero():
		problems.Require("ends_at", "")
	case !in.EndsAt.After(in.StartsAt):
		problems.Add("ends_at", "before_start", "The end must come after the start.")
	case in.EndsAt.Sub(in.StartsAt) > maxMinutes*time.Minute:
		problems.Add("ends_at", "range", "A session lasts at most 31 days.")
	}
	return problems.Err()
}

// Place gives a session a slot, or another one, and tells the conflicts that the session then has, and after them the
// warnings (Conflict.Warned); neither refuse it. version is what the caller saw, 0 for whatever is there. Errors: turnout.ErrNotFound, turnout.ErrStale,
// ErrWithdrawn, Invalid with fields.
func (s *Service) Place(ctx context.Context, community, id turnout.ID, version int64, in SlotInput) (*Session, []Conflict, error) {
	if err := in.Check(); err != nil {
		return nil, nil, err
	}
	session, err := s.change(ctx, community, id, version, "session.placed", func(ctx context.Context, tx bun.Tx, session *Session) error {
		if session.Status == Withdrawn {
			return ErrWithdrawn
		}
		if in.RoomID != "" {
			there, err := tx.NewSelect().Model((*Room)(nil)).Where("id = ?", in.RoomID).
				Where("community_id = ?", community).Where("event_id = ?", session.EventID).Exists(ctx)
			if err != nil {
				return err
			}
			if !there {
				return turnout.Invalidf("room_id", "not_found", "This event has no such room.")
			}
		}
		session.RoomID, session.StartsAt, session.EndsAt = in.RoomID, in.StartsAt, in.EndsAt
		session.Minutes = minutes(in.EndsAt.Sub(in.StartsAt))
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	found, err := s.Found(ctx, session)
	return session, found, err
}

// Found tells the conflicts that a session has part in, and after them the warnings (Conflict.Warned).
func (s *Service) Found(ctx context.Context, session *Session) ([]Conflict, error) {
	if !session.Placed() {
		return nil, nil
	}
	a, err := s.slots(ctx, session.CommunityID, string(session.EventID))
	if err != nil {
		return nil, err
	}
	if err := s.DB.Read().NewSelect().Model(&a.Tracks).Where("community_id = ?", session.CommunityID).Where("event_id = ?", session.EventID).Scan(ctx); err != nil {
		return nil, err
	}
	return ConflictsOf(append(a.Conflicts(), a.Warnings()...), session.ID), nil
}

// Unplace takes a session's slot away. Errors: turnout.ErrNotFound, turnout.ErrStale.
func (s *Service) Unplace(ctx context.Context, community, id turnout.ID, version int64) (*Session, error) {
	return s.change(ctx, community, id, version, "session.unplaced", func(_ context.Context, _ bun.Tx, session *Session) error {
		session.RoomID, session.StartsAt, session.EndsAt = "", time.Time{}, time.Time{}
		return nil
	})
}

// minutes rounds a length up.
func minutes(d time.Duration) int64 { return int64((d + time.Minute - 1) / time.Minute) }
