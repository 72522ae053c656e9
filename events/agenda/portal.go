package agenda

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/speakers"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Answer is what a speaker said to a session:
//
//	pending ("") ──▶ confirmed ◀──▶ declined
//
// An answer is to the times that the session had then. It goes when the speaker is taken off the session.
type Answer string

// The answers.
const (
	Pending  Answer = ""
	Accepted Answer = "confirmed"
	Declined Answer = "declined"
)

// Errors of answers.
var (
	ErrMoved    = &turnout.Error{Kind: turnout.Stale, Code: "session_moved", Message: "This session was moved since you opened the page. Look at its time now, then answer again."}
	ErrNotYours = &turnout.Error{Kind: turnout.NotFound, Code: "not_your_session", Message: "This session is not yours any more. Ask the organisers if that surprises you."}
	ErrOver     = &turnout.Error{Kind: turnout.Conflict, Code: "event_over", Message: "The event is over, so there is nothing to answer any more."}
)

// Appearance is a speaker's part in a session, and what they said to it.
type Appearance struct {
	Session    *Session // without texts
	SpeakerID  turnout.ID
	Room       string // its name, "" for none
	Answer     Answer
	AnsweredAt time.Time // zero: not yet
	Slides     []*Slides // in order of their coming
	seen       SlotInput // the times that were answered
}

// Moved reports whether the session takes place at another time than the speaker said yes or no to.
func (a *Appearance) Moved() bool {
	return a.Answer != Pending && (!a.seen.StartsAt.Equal(a.Session.StartsAt) || !a.seen.EndsAt.Equal(a.Session.EndsAt))
}

// Open reports whether the speaker has still to answer, or again.
func (a *Appearance) Open() bool { return a.Answer == Pending || a.Moved() }

type answerRow struct {
	bun.BaseModel `bun:"table:speaker_answers,alias:answer"`

	SessionID   turnout.ID `bun:"session_id,pk"`
	SpeakerID   turnout.ID `bun:"speaker_id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	Answer      Answer     `bun:"answer"`
	StartsAt    time.Time  `bun:"starts_at,nullzero"`
	EndsAt      time.Time  `bun:"ends_at,nullzero"`
	AnsweredAt  time.Time  `bun:"answered_at"`
}

// Appearances lists the confirmed sessions of a speaker by time, those without a slot last: what organisers hold back is not asked of anybody.
func (s *Service) Appearances(ctx context.Context, sp *speakers.Speaker) ([]*Appearance, error) {
	return appearances(ctx, s.DB.Read(), sp.CommunityID, sp.EventID, sp.ID)
}

// appearances are those of one speaker of an event, or of all ("").
func appearances(ctx context.Context, db bun.IDB, community, event, speaker turnout.ID) ([]*Appearance, error) {
	var rows []struct {
		Session       `bun:",extend"`
		LinkedSpeaker turnout.ID
		RoomName      string
		Answered      Answer
		AnsweredAt    time.Time `bun:",nullzero"`
		SeenStart     time.Time `bun:",nullzero"`
		SeenEnd       time.Time `bun:",nullzero"`
	}
	query := db.NewSelect().Model(&rows).ColumnExpr("session.id, session.community_id, session.event_id, session.guid, session.title, session.kind, session.status, session.room_id, session.starts_at, session.ends_at, session.duration_minutes").
		ColumnExpr("link.speaker_id AS linked_speaker, COALESCE(room.name, '') AS room_name").
		ColumnExpr("COALESCE(answer.answer, '') AS answered, answer.answered_at, answer.starts_at AS seen_start, answer.ends_at AS seen_end").
		Join("JOIN session_speakers AS link ON link.session_id = session.id").
		Join("LEFT JOIN rooms AS room ON room.id = session.room_id").
		Join("LEFT JOIN speaker_answers AS answer ON answer.session_id = session.id AND answer.speaker_id = link.speaker_id").
		Where("session.community_id = ?", community).Where("session.event_id = ?", event).Where("session.status = ?", Confirmed).
		OrderExpr("session.starts_at IS NULL, session.starts_at, session.id, link.position")
	if speaker != "" {
		query = query.Where("link.speaker_id = ?", speaker)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, err
	}
	slides, err := slidesOf(ctx, db, community, event, speaker)
	if err != nil {
		return nil, err
	}
	all := make([]*Appearance, len(rows))
	for i := range rows {
		r := &rows[i]
		all[i] = &Appearance{Session: &r.Session, SpeakerID: r.LinkedSpeaker, Room: r.RoomName, Answer: r.Answered, AnsweredAt: r.AnsweredAt.UTC(),
			Slides: slides[r.Session.ID], seen: SlotInput{StartsAt: r.SeenStart, EndsAt: r.SeenEnd}}
		if r.AnsweredAt.IsZero() {
			all[i].AnsweredAt = time.Time{}
		}
	}
	return all, nil
}

// AnswerInput is what a speaker says to a session, with the times that they saw it at (zero: none).
type AnswerInput struct {
	Answer           Answer
	StartsAt, EndsAt time.Time
}

// AnswerSession notes a speaker's answer. The same answer again changes nothing. Errors: ErrNotYours, ErrMoved when the session has other times by now, ErrOver, events.ErrCanceled, Invalid with fields.
func (s *Service) AnswerSession(ctx context.Context, sp *speakers.Speaker, session turnout.ID, in AnswerInput) error {
	if in.Answer != Accepted && in.Answer != Declined {
		return turnout.Invalidf("answer", "unknown", "Say whether you confirm this session or decline it.")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		row, e, err := s.own(ctx, tx, sp, session)
		if err != nil {
			return err
		}
		now := s.now()
		if e.Status == events.Canceled {
			return events.ErrCanceled
		}
		if !now.Before(e.EndsAt) {
			return ErrOver
		}
		if !row.StartsAt.Equal(in.StartsAt) || !row.EndsAt.Equal(in.EndsAt) {
			return ErrMoved
		}
		fresh := &answerRow{SessionID: session, SpeakerID: sp.ID, CommunityID: sp.CommunityID, EventID: sp.EventID, Answer: in.Answer, StartsAt: row.StartsAt, EndsAt: row.EndsAt, AnsweredAt: now}
		before := new(answerRow)
		err = tx.NewSelect().Model(before).Where("session_id = ?", session).Where("speaker_id = ?", sp.ID).Where("community_id = ?", sp.CommunityID).Scan(ctx)
		if err != nil && !database.IsNoRows(err) {
			return err
		}
		if err == nil && before.Answer == in.Answer && before.StartsAt.Equal(row.StartsAt) && before.EndsAt.Equal(row.EndsAt) {
			return nil
		}
		_, err = tx.NewInsert().Model(fresh).On("CONFLICT (session_id, speaker_id) DO UPDATE").
			Set("answer = EXCLUDED.answer, starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at, answered_at = EXCLUDED.answered_at").Exec(ctx)
		if err != nil {
			return err
		}
		entry := audit.Entry{Community: sp.CommunityID, Action: "speaker.confirmed", Subject: sp.ID, Detail: map[string]string{"session": string(session)}, At: now}
		if in.Answer == Declined {
			entry.Action = "speaker.declined"
		}
		return audit.Write(ctx, tx, entry)
	})
}

// own reads a confirmed session of the speaker with its event, whose agenda it holds: nobody moves the session or takes the speaker off meanwhile. Error: ErrNotYours.
func (s *Service) own(ctx context.Context, tx bun.Tx, sp *speakers.Speaker, session turnout.ID) (*Session, *events.Event, error) {
	if err := hold(ctx, tx, sp.CommunityID, sp.EventID); err != nil {
		return nil, nil, err
	}
	e, err := events.Find(ctx, tx, sp.CommunityID, string(sp.EventID))
	if err != nil {
		return nil, nil, err
	}
	row := new(Session)
	err = tx.NewSelect().Model(row).Where("session.id = ?", session).Where("session.community_id = ?", sp.CommunityID).Where("session.event_id = ?", sp.EventID).
		Where("session.status = ?", Confirmed).
		Where("EXISTS (SELECT 1 FROM session_speakers AS link WHERE link.session_id = session.id AND link.speaker_id = ?)", sp.ID).Scan(ctx)
	if database.IsNoRows(err) {
		return nil, nil, ErrNotYours
	}
	return row, e, err
}

// dropAnswers removes what was said to sessions by those who speak there no more.
func dropAnswers(ctx context.Context, tx bun.Tx, community turnout.ID, sessions []turnout.ID) error {
	_, err := tx.NewDelete().Model((*answerRow)(nil)).Where("community_id = ?", community).Where("session_id IN (?)", bun.List(sessions)).
		Where("NOT EXISTS (SELECT 1 FROM session_speakers AS link WHERE link.session_id = answer.session_id AND link.speaker_id = answer.speaker_id)").Exec(ctx)
	return err
}

// Missing is something that a speaker has still to do, or an organiser to know.
type Missing string

// What may be missing, in the order in which pages name it.
const (
	MissingEmail  Missing = "email"
	MissingAnswer Missing = "answer" // to a session of theirs, or to its new time
	MissingBio    Missing = "bio"
	MissingPhoto  Missing = "photo"
	MissingSlides Missing = "slides" // of a session, where they are asked for
	MissingTimes  Missing = "times"  // when they can be there, where that is asked
)

// AllMissing lists what may be missing.
var AllMissing = []Missing{MissingEmail, MissingAnswer, MissingBio, MissingPhoto, MissingSlides, MissingTimes}

// SpeakerState is a speaker with what they said and what is missing.
type SpeakerState struct {
	*speakers.Speaker
	Appearances []*Appearance // by time
	Times       []speakers.Window
	Link        speakers.LinkState
	Missing     []Missing
}

// Lacks reports whether something is missing.
func (s *SpeakerState) Lacks(what Missing) bool { return slices.Contains(s.Missing, what) }

// DeclinedAny reports whether the speaker said no to a session as it stands now.
func (s *SpeakerState) DeclinedAny() bool {
	return slices.ContainsFunc(s.Appearances, func(a *Appearance) bool { return a.Answer == Declined && !a.Moved() })
}

// SpeakerStates lists the speakers of an event by name with what is missing, in six statements.
func (s *Service) SpeakerStates(ctx context.Context, e *events.Event) ([]*SpeakerState, error) {
	return speakerStates(ctx, s.DB.Read(), e)
}

func speakerStates(ctx context.Context, db bun.IDB, e *events.Event) ([]*SpeakerState, error) {
	all, err := speakers.ByEvent(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	parts, err := appearances(ctx, db, e.CommunityID, e.ID, "")
	if err != nil {
		return nil, err
	}
	times, err := speakers.Times(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	links, err := speakers.LinkStates(ctx, db, e.CommunityID, e.ID, "")
	if err != nil {
		return nil, err
	}
	wishes, err := speakers.WishesOf(ctx, db, e.CommunityID, e.ID)
	if err != nil {
		return nil, err
	}
	bySpeaker := map[turnout.ID][]*Appearance{}
	for _, a := range parts {
		bySpeaker[a.SpeakerID] = append(bySpeaker[a.SpeakerID], a)
	}
	states := make([]*SpeakerState, len(all))
	for i, sp := range all {
		states[i] = &SpeakerState{Speaker: sp, Appearances: bySpeaker[sp.ID], Times: times[sp.ID], Link: links[sp.ID]}
		states[i].check(wishes)
	}
	return states, nil
}

// SpeakerState is SpeakerStates of one speaker.
func (s *Service) SpeakerState(ctx context.Context, sp *speakers.Speaker) (*SpeakerState, error) {
	db, state := s.DB.Read(), &SpeakerState{Speaker: sp}
	var err error
	if state.Appearances, err = appearances(ctx, db, sp.CommunityID, sp.EventID, sp.ID); err != nil {
		return nil, err
	}
	if state.Times, err = speakers.TimesOf(ctx, db, sp); err != nil {
		return nil, err
	}
	links, err := speakers.LinkStates(ctx, db, sp.CommunityID, sp.EventID, sp.ID)
	if err != nil {
		return nil, err
	}
	state.Link = links[sp.ID]
	wishes, err := speakers.WishesOf(ctx, db, sp.CommunityID, sp.EventID)
	state.check(wishes)
	return state, err
}

// check finds what is missing.
func (s *SpeakerState) check(wishes speakers.Wishes) {
	for _, each := range []struct {
		what Missing
		open bool
	}{
		{MissingEmail, s.Email == ""}, {MissingAnswer, slices.ContainsFunc(s.Appearances, (*Appearance).Open)}, {MissingBio, s.Bio == ""}, {MissingPhoto, s.PhotoHash == ""},
		{MissingSlides, wishes.Slides && slices.ContainsFunc(s.Appearances, func(a *Appearance) bool { return len(a.Slides) == 0 && a.Answer != Declined })},
		{MissingTimes, wishes.Times && len(s.Times) == 0},
	} {
		if each.open {
			s.Missing = append(s.Missing, each.what)
		}
	}
}

// Answerable reports whether there is anything for the speakers of an event to answer at a moment: not once it is over or canceled.
func Answerable(e *events.Event, now time.Time) bool {
	return e.Status != events.Canceled && now.Before(e.EndsAt)
}

// Waiting gives who of an event's speakers can be sent a link because an answer is missing, and was sent none together with others, or alone, within speakers.MailedLately: nobody where nothing is Answerable.
func Waiting(e *events.Event, all []*SpeakerState, now time.Time) (ids []turnout.ID) {
	if !Answerable(e, now) {
		return nil
	}
	for _, s := range all {
		if s.Lacks(MissingAnswer) && s.Email != "" && now.Sub(s.Link.SentAt) >= speakers.MailedLately {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// AskSpeakers mails a link to all speakers who have not answered; speakers is the service that does. Errors: turnout.ErrNotFound, speakers.ErrUnderWay, speakers.ErrNobody.
func (s *Service) AskSpeakers(ctx context.Context, by *speakers.Service, e *events.Event) (*speakers.Mailing, error) {
	var made *speakers.Mailing
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := hold(ctx, tx, e.CommunityID, e.ID); err != nil {
			return err
		}
		all, err := speakerStates(ctx, tx, e)
		if err != nil {
			return err
		}
		made, err = by.StartMailing(ctx, tx, e, Waiting(e, all, s.now()))
		return err
	})
	return made, err
}
