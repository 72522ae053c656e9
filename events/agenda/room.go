package agenda

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Prefixes of the ids.
const (
	PrefixRoom    = "rom"
	PrefixTrack   = "trk"
	PrefixSession = "ses"
	PrefixRelease = "rel"
)

const maxName = 200 // characters in the name of a room or track

// ErrRoomInUse is the answer to removing a room that still has sessions.
var ErrRoomInUse = &turnout.Error{Kind: turnout.Conflict, Code: "room_in_use", Message: "Sessions still take place in this room. Move them first."}

// Room is a space of the event's venue in which sessions take place.
type Room struct {
	bun.BaseModel `bun:"table:rooms,alias:room"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	ExternalKey string     `bun:"external_key,nullzero"` // of an import; empty when made here
	Name        string     `bun:"name"`
	Capacity    *int64     `bun:"capacity"` // seats; nil when nobody has said
	Position    int64      `bun:"position"` // order of the columns in the schedule
	Version     int64      `bun:"version"`  // rises with each edit; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// RoomInput is what an organiser says about a room.
type RoomInput struct {
	Name     string
	Capacity *int64 // nil: not known
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *RoomInput) Check() error {
	var problems turnout.Problems
	in.Name = strings.TrimSpace(in.Name)
	checkName(&problems, in.Name)
	if in.Capacity != nil && (*in.Capacity < 0 || *in.Capacity > 1_000_000) {
		problems.Add("capacity", "range", "A room has between 0 and 1,000,000 seats.")
	}
	return problems.Err()
}

func checkName(problems *turnout.Problems, name string) {
	problems.Require("name", name)
	problems.Length("name", name, maxName)
}

// AddRoom makes a room of the event (id or slug), after those that it has. Errors: turnout.ErrNotFound, Invalid with fields.
func (s *Service) AddRoom(ctx context.Context, community turnout.ID, event string, in RoomInput) (*Room, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var room *Room
	err := s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		position, err := nextPosition(ctx, tx, (*Room)(nil), community, e.ID)
		if err != nil {
			return audit.Entry{}, err
		}
		now := s.now()
		room = &Room{ID: turnout.NewID(PrefixRoom), CommunityID: community, EventID: e.ID, Name: in.Name, Capacity: in.Capacity,
			Position: position, Version: 1, CreatedAt: now, UpdatedAt: now}
		_, err = tx.NewInsert().Model(room).Exec(ctx)
		return audit.Entry{Action: "room.added", Subject: room.ID}, err
	})
	if err != nil {
		return nil, err
	}
	return room, nil
}

// UpdateRoom replaces what is said about a room. version is what the caller saw, 0 for whatever is there. Errors:
// turnout.ErrNotFound, turnout.ErrStale, Invalid with fields.
func (s *Service) UpdateRoom(ctx context.Context, community, id turnout.ID, version int64, in RoomInput) (*Room, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var room *Room
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		room = new(Room)
		if err := find(ctx, tx, room, community, id); err != nil {
			return err
		}
		now, seen := s.now(), room.Version
		room.Name, room.Capacity, room.Version, room.UpdatedAt = in.Name, in.Capacity, seen+1, now
		if err := update(ctx, tx, room, community, version, seen); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "room.updated", Subject: id, At: now})
	})
	if err != nil {
		return nil, err
	}
	return room, nil
}

// RemoveRoom deletes a room in which nothing takes place. Errors: turnout.ErrNotFound, ErrRoomInUse.
func (s *Service) RemoveRoom(ctx context.Context, community, id turnout.ID) error {
	return s.remove(ctx, new(Room), community, id, "room_id", "room.removed", ErrRoomInUse)
}

// remove deletes a row that no session points to.
func (s *Service) remove(ctx context.Context, row any, community, id turnout.ID, column, action string, inUse *turnout.Error) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := find(ctx, tx, row, community, id); err != nil {
			return err
		}
		used, err := tx.NewSelect().Model((*Session)(nil)).Where("community_id = ?", community).Where("? = ?", bun.Ident(column), id).Exists(ctx)
		if err != nil {
			return err
		}
		if used {
			return inUse
		}
		if _, err := tx.NewDelete().Model(row).Where("id = ?", id).Where("community_id = ?", community).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: id, At: s.now()})
	})
	if database.IsConstraint(err) { // a session came in the meantime
		return inUse.Because(err)
	}
	return err
}
