package agenda

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda/exchange"
	"turnout/events/speakers"
	"turnout/internal/audit"
)

// Kind says what sort of session it is.
type Kind string

// The kinds.
const (
	Talk     Kind = "talk"
	Workshop Kind = "workshop"
	Panel    Kind = "panel"
	Keynote  Kind = "keynote"
	Break    Kind = "break"
	Social   Kind = "social"
	Other    Kind = "other"
)

// Kinds lists the kinds in the order in which forms offer them.
var Kinds = []Kind{Talk, Workshop, Panel, Keynote, Break, Social, Other}

// Status is where a session stands:
//
//	draft ◀──▶ confirmed
//	  │            │
//	  └────────────┴──▶ withdrawn ──▶ draft, confirmed (by hand, or an import that holds it again)
//
// A withdrawn session has no slot. No session is ever deleted: calendars and links know it.
type Status string

// The statuses.
const (
	Draft     Status = "draft"
	Confirmed Status = "confirmed"
	Withdrawn Status = "withdrawn"
)

// Limits of a session.
const (
	maxTitle    = 500    // characters
	maxText     = 50_000 // characters of abstract and description
	maxMinutes  = 31 * 24 * 60
	maxTogether = 200 // speakers of one session
)

// Session is a content item of an event and, once it is placed, its slot.
type Session struct {
	bun.BaseModel `bun:"table:sessions,alias:session"`

	ID           turnout.ID      `bun:"id,pk"`
	CommunityID  turnout.ID      `bun:"community_id"`
	EventID      turnout.ID      `bun:"event_id"`
	ExternalKey  string          `bun:"external_key,nullzero"` // of an import; empty when made here
	GUID         string          `bun:"guid"`                  // UUID, the same for ever towards calendars and other programs
	Title        string          `bun:"title"`
	Subtitle     string          `bun:"subtitle"`
	Kind         Kind            `bun:"kind"`
	Status       Status          `bun:"status"`
	Abstract     string          `bun:"abstract"`    // markdown
	Description  string          `bun:"description"` // markdown
	Language     string          `bun:"language"`    // codes: "de" or "de, en"
	URL          string          `bun:"url"`
	Links        []exchange.Link `bun:"links,type:jsonb"`       // what an import names to read, see or download
	SourceType   string          `bun:"source_type"`            // an import's own word for the kind, "devroom": exports write it again
	SourceNumber int64           `bun:"source_number,nullzero"` // an import's own small number, likewise; 0: none
	TrackID      turnout.ID      `bun:"track_id,nullzero"`
	Minutes      int64           `bun:"duration_minutes"`
	RoomID       turnout.ID      `bun:"room_id,nullzero"`   // empty with a start: everywhere, or online
	StartsAt     time.Time       `bun:"starts_at,nullzero"` // zero: not placed
	EndsAt       time.Time       `bun:"ends_at,nullzero"`
	Batch        turnout.ID      `bun:"batch,nullzero"` // of a day's copy; empty for a session that was made alone
	Version      int64           `bun:"version"`        // rises with each edit; the ETag
	CreatedAt    time.Time       `bun:"created_at"`
	UpdatedAt    time.Time       `bun:"updated_at"`

	SpeakerIDs []turnout.ID `bun:"-"`                   // in the order in which they are named
	Favourites int64        `bun:"favourites,scanonly"` // itineraries that it is in, where the whole agenda is read
}

// Placed reports whether the session has a slot.
func (s *Session) Placed() bool { return !s.StartsAt.IsZero() }

// SessionInput is what an organiser says about a session. The slot is set apart, by Place.
type SessionInput struct {
	Title       string
	Subtitle    string
	Kind        Kind
	Status      Status // draft or confirmed; empty means confirmed
	Abstract    string // markdown
	Description string // markdown
	Language    string
	TrackID     turnout.ID // empty: none
	Minutes     int64
	SpeakerIDs  []turnout.ID
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *SessionInput) Check() error {
	var problems turnout.Problems
	in.Title, in.Subtitle = strings.TrimSpace(in.Title), strings.TrimSpace(in.Subtitle)
	problems.Require("title", in.Title)
	for _, text := range []struct {
		name, value string
		limit       int
	}{{"title", in.Title, maxTitle}, {"subtitle", in.Subtitle, maxTitle}, {"language", in.Language, maxName}, {"abstract", in.Abstract, maxText}, {"description", in.Description, maxText}} {
		problems.Length(text.name, text.value, text.limit)
	}
	if !slices.Contains(Kinds, in.Kind) {
		problems.Add("kind", "unknown", "A session is a talk, workshop, panel, keynote, break, social or other.")
	}
	switch in.Status {
	case "":
		in.Status = Confirmed
	case Draft, Confirmed:
	default:
		problems.Add("status", "unknown", "A session is draft or confirmed; withdrawing it is a step of its own.")
	}
	if in.Minutes < 1 || in.Minutes > maxMinutes {
		problems.Add("duration_minutes", "range", "A session lasts between 1 minute and 31 days.")
	}
	if len(in.SpeakerIDs) > maxTogether {
		problems.Add("speaker_ids", "out_of_range", "At most %d speakers.", maxTogether)
	}
	for i, id := range in.SpeakerIDs {
		if slices.Contains(in.SpeakerIDs[:i], id) {
			problems.Add("speaker_ids", "repeated", "A speaker stands here twice.")
			break
		}
	}
	return problems.Err()
}

// AddSession makes a session of the event (id or slug), without a slot. Errors: turnout.ErrNotFound, Invalid with fields.
func (s *Service) AddSession(ctx context.Context, community turnout.ID, event string, in SessionInput) (*Session, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var session *Session
	err := s.edit(ctx, community, event, func(ctx context.Context, tx bun.Tx, e *events.Event) (audit.Entry, error) {
		now := s.now()
		session = &Session{ID: turnout.NewID(PrefixSession), CommunityID: community, EventID: e.ID, Links: []exchange.Link{}, Version: 1, CreatedAt: now, UpdatedAt: now}
		session.GUID = (&exchange.Schedule{UID: string(e.ID)}).GUID(exchange.Session{Key: string(session.ID)})
		session.take(in)
		if err := checkBelonging(ctx, tx, session, in.SpeakerIDs); err != nil {
			return audit.Entry{}, err
		}
		if _, err := tx.NewInsert().Model(session).Exec(ctx); err != nil {
			return audit.Entry{}, err
		}
		return audit.Entry{Action: "session.added", Subject: session.ID}, linkSpeakers(ctx, tx, community, []*Session{session})
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// take copies the input. Another kind ends the import's word for the old one.
func (s *Session) take(in SessionInput) {
	if s.Kind != in.Kind {
		s.SourceType = ""
	}
	s.Title, s.Subtitle, s.Kind, s.Status = in.Title, in.Subtitle, in.Kind, in.Status
	s.Abstract, s.Description, s.Language = in.Abstract, in.Description, in.Language
	s.TrackID, s.Minutes, s.SpeakerIDs = in.TrackID, in.Minutes, in.SpeakerIDs
}

// UpdateSession replaces what is said about a session; a slot keeps its start and takes the new length. version is what the caller saw, 0
// for whatever is there. Errors: turnout.ErrNotFound, turnout.ErrStale, Invalid with fields.
func (s *Service) UpdateSession(ctx context.Context, community, id turnout.ID, version int64, in SessionInput) (*Session, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	return s.change(ctx, community, id, version, "session.updated", func(ctx context.Context, tx bun.Tx, session *Session) error {
		resized := session.Minutes != in.Minutes
		session.take(in)
		if session.Placed() && resized {
			session.EndsAt = session.StartsAt.Add(time.Duration(in.Minutes) * time.Minute)
		}
		if err := checkBelonging(ctx, tx, session, in.SpeakerIDs); err != nil {
			return err
		}
		return linkSpeakers(ctx, tx, community, []*Session{session})
	})
}

// Withdraw takes a session off the agenda; it loses its slot and stays known. Errors: turnout.ErrNotFound, turnout.ErrStale.
func (s *Service) Withdraw(ctx context.Context, community, id turnout.ID, version int64) (*Session, error) {
	return s.change(ctx, community, id, version, "session.withdrawn", func(_ context.Context, _ bun.Tx, session *Session) error {
		session.withdraw()
		return nil
	})
}

func (s *Session) withdraw() {
	s.Status, s.RoomID, s.StartsAt, s.EndsAt = Withdrawn, "", time.Time{}, time.Time{}
}

// change reads a session under its event's hold, lets body change it, and writes it.
func (s *Service) change(ctx context.Context, community, id turnout.ID, version int64, action string, body func(ctx context.Context, tx bun.Tx, session *Session) error) (*Session, error) {
	var session *Session
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		session = new(Session)
		if err := find(ctx, tx, session, community, id); err != nil {
			return err
		}
		if err := hold(ctx, tx, community, session.EventID); err != nil {
			return err
		}
		if err := find(ctx, tx, session, community, id); err != nil { // as it is now that the event is held
			return err
		}
		if err := readSpeakers(ctx, tx, community, []*Session{session}); err != nil {
			return err
		}
		if err := body(ctx, tx, session); err != nil {
			return err
		}
		now, seen := s.now(), session.Version
		session.Version, session.UpdatedAt = seen+1, now
		if err := update(ctx, tx, session, community, version, seen); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: id, At: now})
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// checkBelonging refuses a track or speakers of another event.
func checkBelonging(ctx context.Context, tx bun.Tx, session *Session, speakerIDs []turnout.ID) error {
	var problems turnout.Problems
	if session.TrackID != "" {
		there, err := tx.NewSelect().Model((*Track)(nil)).Where("id = ?", session.TrackID).
			Where("community_id = ?", session.CommunityID).Where("event_id = ?", session.EventID).Exists(ctx)
		if err != nil {
			return err
		}
		if !there {
			problems.Add("track_id", "not_found", "This event has no such track.")
		}
	}
	if len(speakerIDs) > 0 {
		n, err := tx.NewSelect().Model((*speakers.Speaker)(nil)).Where("id IN (?)", bun.List(speakerIDs)).
			Where("community_id = ?", session.CommunityID).Where("event_id = ?", session.EventID).Count(ctx)
		if err != nil {
			return err
		}
		if int(n) != len(speakerIDs) {
			problems.Add("speaker_ids", "not_found", "This event has no such speaker.")
		}
	}
	return problems.Err()
}
