package agenda

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
	"turnout/internal/database"
)

// rowsAtOnce bounds one statement: sessions carry long texts.
const rowsAtOnce = 200

// Agenda is an event's working draft: everything, whether placed or not.
type Agenda struct {
	Event    *events.Event
	Rooms    []*Room             // in their order
	Tracks   []*Track            // in their order
	Speakers []*speakers.Speaker // by name
	Sessions []*Session          // by start, those without a slot last

	Times map[turnout.ID][]speakers.Window // when speakers can be there; who is not in it always can
}

// Agenda reads the working draft of an event (id or slug) in seven statements. Error: turnout.ErrNotFound.
func (s *Service) Agenda(ctx context.Context, community turnout.ID, event string) (*Agenda, error) {
	e, err := events.Find(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, err
	}
	return readAgenda(ctx, s.DB.Read(), e)
}

func readAgenda(ctx context.Context, db bun.IDB, e *events.Event) (*Agenda, error) {
	a := &Agenda{Event: e}
	for _, list := range []struct {
		rows           any
		columns, order string
	}{{&a.Rooms, "*", "position, id"}, {&a.Tracks, "*", "position, id"}, {&a.Sessions, "session.*, " + favourites, "starts_at IS NULL, starts_at, id"}} {
		err := db.NewSelect().Model(list.rows).ColumnExpr(list.columns).Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID).OrderExpr(list.order).Scan(ctx)
		if err != nil {
			return nil, err
		}
	}
	var err error
	if a.Speakers, err = speakers.ByEvent(ctx, db, e.CommunityID, e.ID); err != nil {
		return nil, err
	}
	if a.Times, err = speakers.Times(ctx, db, e.CommunityID, e.ID); err != nil {
		return nil, err
	}
	return a, eventSpeakers(ctx, db, e, a.Sessions)
}

// find reads one row of the community.
func find(ctx context.Context, db bun.IDB, row any, community, id turnout.ID) error {
	return database.NotFound(db.NewSelect().Model(row).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx))
}

// Find gives one session of an event, without its speakers. It is for the packages above. Error: turnout.ErrNotFound.
func Find(ctx context.Context, db bun.IDB, community, event, id turnout.ID) (*Session, error) {
	session := new(Session)
	if err := find(ctx, db, session, community, id); err != nil {
		return nil, err
	}
	if session.EventID != event {
		return nil, turnout.ErrNotFound
	}
	return session, nil
}

// Titles gives an event's sessions as lists name them, with title, kind, status, room and slot alone, those that were placed first, in the order of
// their beginning. It is for the packages above.
func Titles(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*Session, error) {
	var sessions []*Session
	err := db.NewSelect().Model(&sessions).Column("id", "event_id", "title", "kind", "status", "room_id", "starts_at", "ends_at").
		Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("starts_at IS NULL, starts_at, id").Scan(ctx)
	return sessions, err
}

// Session gives one session with its speakers. Error: turnout.ErrNotFound.
func (s *Service) Session(ctx context.Context, community, id turnout.ID) (*Session, error) {
	session := new(Session)
	if err := find(ctx, s.DB.Read(), session, community, id); err != nil {
		return nil, err
	}
	return session, readSpeakers(ctx, s.DB.Read(), community, []*Session{session})
}

// Room gives one room. Error: turnout.ErrNotFound.
func (s *Service) Room(ctx context.Context, community, id turnout.ID) (*Room, error) {
	room := new(Room)
	return room, find(ctx, s.DB.Read(), room, community, id)
}

// Track gives one track. Error: turnout.ErrNotFound.
func (s *Service) Track(ctx context.Context, community, id turnout.ID) (*Track, error) {
	track := new(Track)
	return track, find(ctx, s.DB.Read(), track, community, id)
}

// update writes a row whose version the caller has raised, if nobody was faster: wanted is the version that the caller of
// the service saw (0: any), seen the one that was read. Without columns it writes all.
func update(ctx context.Context, tx bun.Tx, row any, community turnout.ID, wanted, seen int64, columns ...string) error {
	if wanted != 0 && wanted != seen {
		return turnout.ErrStale
	}
	n, err := database.Changed(tx.NewUpdate().Model(row).Column(columns...).WherePK().Where("community_id = ?", community).Where("version = ?", seen).Exec(ctx))
	if err == nil && n == 0 {
		return turnout.ErrStale
	}
	return err
}

// nextPosition is behind the last row of the event.
func nextPosition(ctx context.Context, tx bun.Tx, model any, community, event turnout.ID) (int64, error) {
	var position int64
	err := tx.NewSelect().Model(model).ColumnExpr("COALESCE(MAX(position), -1) + 1").
		Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx, &position)
	return position, err
}

// sessionSpeaker links a speaker to a session.
type sessionSpeaker struct {
	bun.BaseModel `bun:"table:session_speakers,alias:session_speaker"`

	CommunityID turnout.ID `bun:"community_id"`
	SessionID   turnout.ID `bun:"session_id"`
	SpeakerID   turnout.ID `bun:"speaker_id"`
	Position    int64      `bun:"position"`
}

// linkSpeakers replaces the speakers of the sessions by their SpeakerIDs.
func linkSpeakers(ctx context.Context, tx bun.Tx, community turnout.ID, sessions []*Session) error {
	for chunk := range slices.Chunk(sessions, rowsAtOnce) {
		var ids []turnout.ID
		var links []*sessionSpeaker
		for _, s := range chunk {
			ids = append(ids, s.ID)
			for i, speaker := range s.SpeakerIDs {
				links = append(links, &sessionSpeaker{CommunityID: community, SessionID: s.ID, SpeakerID: speaker, Position: int64(i)})
			}
		}
		_, err := tx.NewDelete().Model((*sessionSpeaker)(nil)).Where("community_id = ?", community).Where("session_id IN (?)", bun.List(ids)).Exec(ctx)
		if err != nil {
			return err
		}
		if len(links) > 0 {
			if _, err := tx.NewInsert().Model(&links).Exec(ctx); err != nil {
				return err
			}
		}
		if err := dropAnswers(ctx, tx, community, ids); err != nil {
			return err
		}
	}
	return nil
}

// readSpeakers fills SpeakerIDs of a few sessions, eventSpeakers of all of an event's.
func readSpeakers(ctx context.Context, db bun.IDB, community turnout.ID, sessions []*Session) error {
	ids := make([]turnout.ID, len(sessions))
	for i, s := range sessions {
		ids[i] = s.ID
	}
	var links []*sessionSpeaker
	err := db.NewSelect().Model(&links).Where("community_id = ?", community).Where("session_id IN (?)", bun.List(ids)).
		OrderExpr("session_id, position").Scan(ctx)
	assign(sessions, links)
	return err
}

func eventSpeakers(ctx context.Context, db bun.IDB, e *events.Event, sessions []*Session) error {
	var links []*sessionSpeaker
	err := db.NewSelect().Model(&links).Join("JOIN sessions AS session ON session.id = session_speaker.session_id").
		Where("session.event_id = ?", e.ID).Where("session_speaker.community_id = ?", e.CommunityID).
		OrderExpr("session_speaker.session_id, session_speaker.position").Scan(ctx)
	assign(sessions, links)
	return err
}

func assign(sessions []*Session, links []*sessionSpeaker) {
	of := map[turnout.ID][]turnout.ID{}
	for _, l := range links {
		of[l.SessionID] = append(of[l.SessionID], l.SpeakerID)
	}
	for _, s := range sessions {
		s.SpeakerIDs = of[s.ID]
	}
}
