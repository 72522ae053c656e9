// Package online lets the holders of virtual tickets into sessions: where a session takes place online, when its door opens and for whom, and that somebody entered.
//
// A session's address is told to nobody but organisers before the door of that session is open, and then only to who enters with a valid ticket: every other answer of this package
// is without it. Times and titles are those of the released schedule, which attendees see.
package online

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
	"turnout/ticketing/signups"
)

// Service carries out the use cases of online rooms. All fields must be set.
type Service struct {
	DB        *database.DB
	Now       func() time.Time // UTC, microseconds
	Ticketing *ticketing.Service
	SignUps   *signups.Service
	CheckIn   *checkin.Service
}

// Room says where a session takes place online.
type Room struct {
	bun.BaseModel `bun:"table:online_rooms,alias:room"`

	SessionID   turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	URL         string // web address; empty: the event's
	Version     int64  // 0: nobody has said anything
	UpdatedAt   time.Time
}

// MaxURL is the longest address, in characters.
const MaxURL = 2000

// OpensAtMost is how long before a session its door opens at most, in minutes; an event that says less for its own says it for its sessions too. Rooms follow each other closely, and whoever
// opens the link of one is noted as having been there.
const OpensAtMost = 15

// State says how a session's door stands to a ticket.
type State string

// The states, in the order in which they are looked for.
const (
	Canceled State = "canceled"  // the event
	NoTicket State = "no_ticket" // the ticket was canceled
	Gone     State = "gone"      // the session is not in the released schedule
	Over     State = "over"
	NoPlace  State = "no_place" // one signs up for the session, and the ticket has no place
	Early    State = "early"
	NoRoom   State = "no_room" // nobody has said where
	Open     State = "open"
)

// Door is a session as the holder of a virtual ticket stands before it.
type Door struct {
	SessionID turnout.ID
	signups.Slot
	OpensAt time.Time // UTC; zero for a session that is gone
	State   State
	Own     bool // the session has a room of its own, not the event's

	url string
}

// Room gives where a session takes place online. It fails with turnout.ErrNotFound.
func (s *Service) Room(ctx context.Context, community, event, session turnout.ID) (*Room, error) {
	if _, err := agenda.Find(ctx, s.DB.Read(), community, event, session); err != nil {
		return nil, wrapped("room", err)
	}
	room, err := roomOf(ctx, s.DB.Read(), community, event, session)
	return room, wrapped("room", err)
}

func roomOf(ctx context.Context, db bun.IDB, community, event, session turnout.ID) (*Room, error) {
	room := new(Room)
	err := db.NewSelect().Model(room).Where("session_id = ?", session).Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx)
	if database.IsNoRows(err) {
		return &Room{SessionID: session, CommunityID: community, EventID: event}, nil
	}
	return room, err
}

// SaveRoom says where a session takes place online; empty for the event's room. version is the one that was read. It fails with turnout.ErrNotFound, turnout.ErrStale
// and with an Invalid error that names the field.
func (s *Service) SaveRoom(ctx context.Context, community, event, session turnout.ID, version int64, url string) error {
	url = strings.TrimSpace(url)
	var p turnout.Problems
	p.Length("online_url", url, MaxURL)
	if url != "" && !events.IsWebAddress(url) {
		p.Add("online_url", "url", "Use a whole web address, beginning with https://.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	return wrapped("save room", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := agenda.Find(ctx, tx, community, event, session); err != nil {
			return err
		}
		room := &Room{SessionID: session, CommunityID: community, EventID: event, URL: url, Version: version + 1, UpdatedAt: s.Now()}
		var done int64
		var err error
		if version == 0 {
			done, err = database.Changed(tx.NewInsert().Model(room).On("CONFLICT (session_id) DO NOTHING").Exec(ctx))
		} else {
			done, err = database.Changed(tx.NewUpdate().Model(room).Column("url", "version", "updated_at").WherePK().Where("community_id = ?", community).Where("version = ?", version).Exec(ctx))
		}
		if err == nil && done == 0 {
			err = turnout.ErrStale
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "session.online_room_changed", Subject: session, At: room.UpdatedAt})
	}))
}

// OpensAt is when the door of a session opens that takes place in a slot of an event, in UTC.
func OpensAt(e *events.Event, slot signups.Slot) time.Time {
	return slot.StartsAt.Add(-time.Duration(min(e.JoinOpensMinutes, OpensAtMost)) * time.Minute)
}

// Doors lists the sessions with rooms of their own that are not over, in the order in which they begin; those of nobody's schedule, and those that need a place which the
// ticket does not have, are left out.
func (s *Service) Doors(ctx context.Context, t *ticketing.Ticket, e *events.Event) ([]*Door, error) {
	var rooms []*Room
	if err := s.DB.Read().NewSelect().Model(&rooms).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Where("url <> ''").Scan(ctx); err != nil {
		return nil, wrapped("doors", err)
	}
	if len(rooms) == 0 {
		return nil, nil
	}
	ids := make([]turnout.ID, len(rooms))
	for i, r := range rooms {
		ids[i] = r.SessionID
	}
	slots, err := s.SignUps.Released(ctx, e, ids...)
	if err != nil {
		return nil, wrapped("doors", err)
	}
	without, err := s.SignUps.WithoutPlace(ctx, t, ids...)
	if err != nil {
		return nil, wrapped("doors", err)
	}
	var doors []*Door
	for _, r := range rooms {
		if d := door(t, e, r, slots, without, s.Now()); d.State == Early || d.State == Open {
			doors = append(doors, d)
		}
	}
	slices.SortFunc(doors, func(a, b *Door) int {
		if c := a.StartsAt.Compare(b.StartsAt); c != 0 {
			return c
		}
		return strings.Compare(string(a.SessionID), string(b.SessionID))
	})
	return doors, nil
}

// Door gives how the door of a session stands to a virtual ticket of the event. It fails with turnout.ErrNotFound where the event has no such session.
func (s *Service) Door(ctx context.Context, t *ticketing.Ticket, e *events.Event, session turnout.ID) (*Door, error) {
	room, err := s.Room(ctx, e.CommunityID, e.ID, session)
	if err != nil {
		return nil, err
	}
	slots, err := s.SignUps.Released(ctx, e, session)
	if err != nil {
		return nil, wrapped("door", err)
	}
	without, err := s.SignUps.WithoutPlace(ctx, t, session)
	if err != nil {
		return nil, wrapped("door", err)
	}
	return door(t, e, room, slots, without, s.Now()), nil
}

func door(t *ticketing.Ticket, e *events.Event, room *Room, slots map[turnout.ID]signups.Slot, without map[turnout.ID]bool, now time.Time) *Door {
	slot, released := slots[room.SessionID]
	d := &Door{SessionID: room.SessionID, Slot: slot, State: Open, Own: room.URL != "", url: room.URL}
	if !d.Own {
		d.url = e.OnlineURL
	}
	if released {
		d.OpensAt = OpensAt(e, slot)
	}
	switch {
	case e.Status == events.Canceled:
		d.State = Canceled
	case t.Status != ticketing.Valid:
		d.State = NoTicket
	case !released:
		d.State = Gone
	case !now.Before(slot.EndsAt):
		d.State = Over
	case without[room.SessionID]:
		d.State = NoPlace
	case now.Before(d.OpensAt):
		d.State = Early
	case !events.IsWebAddress(d.url):
		d.State = NoRoom
	}
	return d
}

// Enter notes that the ticket's holder came to the session and gives its address, "" while the door is not open: then nothing is noted. It fails with turnout.ErrNotFound where the
// event has no such session.
func (s *Service) Enter(ctx context.Context, t *ticketing.Ticket, e *events.Event, session turnout.ID) (*Door, string, error) {
	d, err := s.Door(ctx, t, e, session)
	if err != nil || d.State != Open {
		return d, "", err
	}
	if err := s.CheckIn.RecordJoin(ctx, t, session); errors.Is(err, turnout.ErrNotFound) { // it was canceled meanwhile
		d.State = NoTicket
		return d, "", nil
	} else if err != nil {
		return nil, "", wrapped("enter", err)
	}
	return d, d.url, nil
}

// Link is a virtual ticket's personal link into a session.
func (s *Service) Link(t *ticketing.Ticket, session turnout.ID) string {
	return strings.Replace(s.Ticketing.JoinLink(t), "?", "/sessions/"+string(session)+"?", 1)
}

// wrapped says which use case failed.
func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("online: %s: %w", what, err)
	}
	return nil
}
