package agenda

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
	"turnout/internal/audit"
)

// Move says where a session goes.
type Move struct {
	SessionID turnout.ID
	Version   int64      // that the caller saw; 0 for whatever is there
	Slot      *SlotInput // nil: it loses its slot
}

// maxMoves is how many sessions go at once: a whole day of a large conference.
const maxMoves = 1000

// Arrange gives sessions of an event (id or slug) their slots together, all or none: what was dragged at once, or is taken back. Conflicts do not refuse it. The
// sessions are given as they are then, in the order of the moves, without texts and speakers. Errors: turnout.ErrNotFound, turnout.ErrStale when one of them was changed since,
// ErrWithdrawn, Invalid with fields ("moves[0].starts_at").
func (s *Service) Arrange(ctx context.Context, community turnout.ID, event string, moves []Move) ([]*Session, error) {
	if err := checkMoves(moves); err != nil {
		return nil, err
	}
	var moved []*Session
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.Find(ctx, tx, community, event)
		if err != nil {
			return err
		}
		if err := hold(ctx, tx, community, e.ID); err != nil {
			return err
		}
		moved, err = s.arrange(ctx, tx, e, moves)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("agenda: arrange: %w", err)
	}
	return moved, nil
}

func checkMoves(moves []Move) error {
	var problems turnout.Problems
	switch {
	case len(moves) == 0:
		problems.Require("moves", "")
	case len(moves) > maxMoves:
		problems.Add("moves", "out_of_range", "At most %d sessions go at once.", maxMoves)
	}
	seen := map[turnout.ID]bool{}
	for i, m := range moves {
		field := fmt.Sprintf("moves[%d]", i)
		if seen[m.SessionID] {
			problems.Add(field+".session_id", "repeated", "A session stands here twice.")
		}
		seen[m.SessionID] = true
		if m.Slot == nil {
			continue
		}
		if known, wrong := errors.AsType[*turnout.Error](m.Slot.Check()); wrong {
			for _, f := range known.Fields {
				f.Name = field + "." + f.Name
				problems = append(problems, f)
			}
		}
	}
	return problems.Err()
}

func (s *Service) arrange(ctx context.Context, tx bun.Tx, e *events.Event, moves []Move) ([]*Session, error) {
	rooms := map[turnout.ID]bool{"": true}
	var ids []turnout.ID
	if err := tx.NewSelect().Model((*Room)(nil)).Column("id").Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID).Scan(ctx, &ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		rooms[id] = true
	}
	wanted := make([]turnout.ID, len(moves))
	for i, m := range moves {
		wanted[i] = m.SessionID
	}
	there, err := placesOf(ctx, tx, e, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id IN (?)", bun.List(wanted)) })
	if err != nil {
		return nil, err
	}
	byID := make(map[turnout.ID]*Session, len(there))
	for _, session := range there {
		byID[session.ID] = session
	}
	now := s.now()
	moved, entries := make([]*Session, len(moves)), make([]audit.Entry, len(moves))
	var problems turnout.Problems
	for i, m := range moves {
		session := byID[m.SessionID]
		switch {
		case session == nil:
			return nil, turnout.ErrNotFound
		case m.Version != 0 && m.Version != session.Version:
			return nil, turnout.ErrStale
		case m.Slot != nil && session.Status == Withdrawn:
			return nil, ErrWithdrawn
		case m.Slot != nil && !rooms[m.Slot.RoomID]:
			problems.Add(fmt.Sprintf("moves[%d].room_id", i), "not_found", "This event has no such room.")
			continue
		}
		moved[i], entries[i] = session, session.move(m.Slot, now)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for _, session := range moved {
		if err := update(ctx, tx, session, e.CommunityID, 0, session.Version-1, "room_id", "starts_at", "ends_at", "duration_minutes", "version", "updated_at"); err != nil {
			return nil, err
		}
	}
	return moved, audit.Write(ctx, tx, entries...)
}

// move gives a session another slot, nil for none, and says what happened.
func (s *Session) move(to *SlotInput, now time.Time) audit.Entry {
	s.Version, s.UpdatedAt = s.Version+1, now
	entry := audit.Entry{Community: s.CommunityID, Action: "session.unplaced", Subject: s.ID, At: now}
	s.RoomID, s.StartsAt, s.EndsAt = "", time.Time{}, time.Time{}
	if to != nil {
		s.RoomID, s.StartsAt, s.EndsAt, s.Minutes = to.RoomID, to.StartsAt, to.EndsAt, minutes(to.EndsAt.Sub(to.StartsAt))
		entry.Action = "session.placed"
	}
	return entry
}

// placesOf reads sessions of an event as grids show them, without texts and speakers; those that were placed first, in the order of their beginning.
func placesOf(ctx context.Context, db bun.IDB, e *events.Event, narrow func(*bun.SelectQuery) *bun.SelectQuery) ([]*Session, error) {
	var sessions []*Session
	err := narrow(db.NewSelect().Model(&sessions).Column("id", "community_id", "event_id", "title", "kind", "status", "track_id", "duration_minutes", "room_id", "starts_at", "ends_at", "version", "updated_at").ColumnExpr(favourites).
		Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID)).OrderExpr("starts_at IS NULL, starts_at, id").Scan(ctx)
	return sessions, err
}

// draftOverlap is how far back a reader of changes reads again: the clocks of two servers differ, and what is written earlier may be committed later.
const draftOverlap = time.Minute

// Draft is Agenda for a grid: without the sessions' texts and, where since is set, of the sessions those alone that were changed since (some seconds before it are told
// again). Its speakers are those of the sessions in it and, where since is set, those who were changed themselves: when they can be there counts. Error: turnout.ErrNotFound.
func (s *Service) Draft(ctx context.Context, community turnout.ID, event string, since time.Time) (*Agenda, error) {
	db := s.DB.Read()
	e, err := events.Find(ctx, db, community, event)
	if err != nil {
		return nil, err
	}
	a := &Agenda{Event: e}
	a.Sessions, err = placesOf(ctx, db, e, func(q *bun.SelectQuery) *bun.SelectQuery {
		if since.IsZero() {
			return q
		}
		return q.Where("updated_at >= ?", since.Add(-draftOverlap))
	})
	for _, list := range []any{&a.Rooms, &a.Tracks} {
		if err == nil {
			err = db.NewSelect().Model(list).Where("community_id = ?", community).Where("event_id = ?", e.ID).OrderExpr("position, id").Scan(ctx)
		}
	}
	if err == nil && len(a.Sessions) > 0 {
		err = eventSpeakers(ctx, db, e, a.Sessions)
	}
	if err == nil {
		a.Speakers, err = speakers.Names(ctx, db, community, e.ID)
	}
	if err == nil {
		a.Times, err = speakers.Times(ctx, db, community, e.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("agenda: draft: %w", err)
	}
	a.Speakers = slices.DeleteFunc(a.Speakers, func(who *speakers.Speaker) bool {
		changed := !since.IsZero() && !who.UpdatedAt.Before(since.Add(-draftOverlap))
		return !changed && !slices.ContainsFunc(a.Sessions, func(s *Session) bool { return slices.Contains(s.SpeakerIDs, who.ID) })
	})
	return a, nil
}
