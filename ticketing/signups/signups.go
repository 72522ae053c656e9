// Package signups gives places at sessions: whose ticket has one, who waits, and what they say of the session afterwards.
//
// A session's row in session_sign_ups counts its places: taken is at most seats, which the database checks too, and changes in the transaction that gives or takes back
// a place. Whoever changes a ticket's sign-ups locks the ticket first and then the sessions' rows, by id; who waits moves up in the transaction that frees the place, under
// the row of that session alone. Nobody signs up, or waits, for two sessions at the same time; where a release moves them onto each other later, both stay and those concerned are told. Places are the
// ticket's: they stay with it when it goes to somebody else, and go back when it is canceled. Times are those of the released schedule, which attendees see.
package signups

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/ticketing"
)

// Service carries out the use cases of places at sessions. All fields must be set.
type Service struct {
	DB        *database.DB
	Now       func() time.Time // UTC, microseconds
	Ticketing *ticketing.Service
	Agenda    *agenda.Service
}

// Settings say whether one signs up for a session, who may and when, and count its places.
type Settings struct {
	bun.BaseModel `bun:"table:session_sign_ups,alias:settings"`

	SessionID     turnout.ID `bun:",pk"`
	CommunityID   turnout.ID
	EventID       turnout.ID
	Offered       bool // false: what was taken stays, and nobody new signs up
	Seats         int64
	Taken         int64          // at most Seats
	Waiting       int64          // how many wait for one
	OpensAt       time.Time      `bun:",nullzero"` // zero: at once
	ClosesAt      time.Time      `bun:",nullzero"` // zero: when the session begins
	Mode          ticketing.Mode // of the tickets that may; empty: both
	TicketTypeIDs []turnout.ID   `bun:"ticket_type_ids,type:jsonb"` // that may; none: all
	Version       int64          // 0: nobody has said anything
	UpdatedAt     time.Time
}

// Left is how many may sign up and have a place at once. While anybody waits it is none.
func (s *Settings) Left() int64 {
	if s.Waiting > 0 {
		return 0
	}
	return max(0, s.Seats-s.Taken)
}

// Status is how a ticket stands with a session.
type Status string

// The statuses.
const (
	Signed  Status = "signed"  // it has a place
	Waiting Status = "waiting" // it gets one when one is free, in its turn
)

// SignUp is a ticket's place at a session, or its wish for one.
type SignUp struct {
	bun.BaseModel `bun:"table:sign_ups,alias:sign"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	SessionID   turnout.ID
	TicketID    turnout.ID
	Status      Status
	QueuedAt    time.Time // who waits is served in this order
	SignedAt    time.Time `bun:",nullzero"`
	CreatedAt   time.Time

	Position int64 `bun:"-"` // of one that waits, where it was asked for: 1 is next
}

// What a ticket is told that gets no place.
var (
	ErrNotOffered = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_not_offered", Message: "One does not sign up for this session."}
	ErrNotOpenYet = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_not_open", Message: "Sign-up for this session has not begun yet."}
	ErrClosed     = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_closed", Message: "Sign-up for this session is over."}
	ErrNotForThem = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_not_for_ticket", Message: "This ticket does not give places at this session."}
	ErrClash      = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_clash", Message: "This ticket is signed up for another session at the same time. Leave that first."}
	ErrSeatsTaken = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_seats_taken", Message: "More are signed up than that. Take some out first."}
	ErrUnreleased = &turnout.Error{Kind: turnout.Conflict, Code: "sign_up_unreleased", Message: "This session is not in the released schedule."}
	ErrTicketOver = &turnout.Error{Kind: turnout.Conflict, Code: "ticket_over", Message: "This ticket is not valid any more."}
)

// Slot is when a session takes place, in UTC, and what it is called.
type Slot struct {
	StartsAt, EndsAt time.Time
	Title            string
}

// Overlaps says whether two slots have a moment in common.
func (s Slot) Overlaps(other Slot) bool {
	return s.StartsAt.Before(other.EndsAt) && other.StartsAt.Before(s.EndsAt)
}

// Released gives when the sessions of an event's released schedule take place, by id; nothing while none was released. Whoever asks about one or a few names them.
func (s *Service) Released(ctx context.Context, e *events.Event, only ...turnout.ID) (map[turnout.ID]Slot, error) {
	schedule, _, err := s.Agenda.Schedule(ctx, e)
	slots := map[turnout.ID]Slot{}
	if errors.Is(err, agenda.ErrNotReleased) || err == nil && only != nil && len(only) == 0 {
		return slots, nil
	}
	if err != nil {
		return nil, wrapped("released", err)
	}
	var rows []struct {
		ID   turnout.ID
		GUID string `bun:"guid"`
	}
	q := s.DB.Read().NewSelect().Table("sessions").Column("id", "guid").Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID)
	if only != nil {
		q = q.Where("id IN (?)", bun.List(only))
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, wrapped("released", err)
	}
	ids := map[string]turnout.ID{}
	for _, r := range rows {
		ids[r.GUID] = r.ID
	}
	for _, x := range schedule.Sessions {
		if id, ok := ids[schedule.GUID(x)]; ok && x.Placed() {
			slots[id] = Slot{x.Start.UTC(), x.End().UTC(), x.Title}
		}
	}
	return slots, nil
}

// SignUp gives a ticket a place at a session, or notes that it waits for one: whoever asks has shown that the ticket is theirs. Doing it again changes nothing. It fails with
// turnout.ErrNotFound and the errors above; ErrClash names the other session.
func (s *Service) SignUp(ctx context.Context, t *ticketing.Ticket, session turnout.ID) (*SignUp, error) {
	return s.take(ctx, t.CommunityID, t.EventID, session, t.ID, audit.Actor{Kind: audit.Buyer, ID: t.ID}, false)
}

// Add signs a ticket up as an organiser does it: at any time before the session ends and whatever its type. Beyond the seats it waits. Errors as of SignUp.
func (s *Service) Add(ctx context.Context, e *events.Event, session, ticket turnout.ID) (*SignUp, error) {
	return s.take(ctx, e.CommunityID, e.ID, session, ticket, audit.Actor{}, true)
}

func (s *Service) take(ctx context.Context, community, event, session, ticket turnout.ID, actor audit.Actor, byStaff bool) (made *SignUp, err error) {
	e, err := events.Find(ctx, s.DB.Read(), community, string(event))
	if err != nil {
		return nil, wrapped("sign up", err)
	}
	if e.Status == events.Canceled {
		return nil, events.ErrCanceled
	}
	slots, err := s.Released(ctx, e)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		t, err := ticketing.LockTicket(ctx, tx, community, ticket)
		if err == nil && t.EventID != event {
			err = turnout.ErrNotFound
		}
		if err != nil {
			return err
		}
		settings, err := lock(ctx, tx, community, event, session)
		if err != nil {
			return err
		}
		own, err := ofTicket(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(own, func(u *SignUp) bool { return u.SessionID == session }); i >= 0 {
			made = own[i]
			return nil
		}
		if err := s.may(settings, t, slots, byStaff); err != nil {
			return err
		}
		if err := clash(own, slots, session); err != nil {
			return err
		}
		made, err = s.add(ctx, tx, settings, t, actor)
		return err
	})
	return made, wrapped("sign up", err)
}

// may says whether a ticket may sign up at this moment.
func (s *Service) may(settings *Settings, t *ticketing.Ticket, slots map[turnout.ID]Slot, byStaff bool) error {
	if t.Status != ticketing.Valid {
		return ErrTicketOver
	}
	slot, released := slots[settings.SessionID]
	now := s.Now()
	if byStaff {
		if released && !now.Before(slot.EndsAt) {
			return ErrClosed
		}
		return nil
	}
	if !released {
		return ErrUnreleased
	}
	if err := settings.Open(slot, now); err != nil {
		return err
	}
	if !settings.For(t) {
		return ErrNotForThem
	}
	return nil
}

// Open says why nobody can sign up at a moment for a session that takes place in the slot: ErrNotOffered, ErrNotOpenYet or ErrClosed.
func (s *Settings) Open(slot Slot, now time.Time) error {
	switch {
	case !s.Offered:
		return ErrNotOffered
	case !now.Before(slot.StartsAt) || !s.ClosesAt.IsZero() && !now.Before(s.ClosesAt):
		return ErrClosed
	case now.Before(s.OpensAt):
		return ErrNotOpenYet
	}
	return nil
}

// For says whether a ticket is one of those that may sign up.
func (s *Settings) For(t *ticketing.Ticket) bool {
	return (s.Mode == "" || s.Mode == t.AttendanceMode) && (len(s.TicketTypeIDs) == 0 || slices.Contains(s.TicketTypeIDs, t.TicketTypeID))
}

// clash refuses a session that takes place while another does for which the ticket is signed up, or waits.
func clash(own []*SignUp, slots map[turnout.ID]Slot, session turnout.ID) error {
	slot, ok := slots[session]
	if !ok {
		return nil
	}
	for _, u := range own {
		if other, ok := slots[u.SessionID]; ok && slot.Overlaps(other) {
			return ErrClash.With("This ticket is signed up for %q at the same time. Leave that first.", other.Title)
		}
	}
	return nil
}

// lock reads a session's settings and keeps others from changing them and its sign-ups until the transaction ends.
func lock(ctx context.Context, tx bun.IDB, community, event, session turnout.ID) (*Settings, error) {
	settings := new(Settings)
	err := tx.NewUpdate().Model(settings).Set("taken = taken").Where("session_id = ?", session).Where("community_id = ?", community).Where("event_id = ?", event).
		Returning("*").Scan(ctx)
	if database.IsNoRows(err) {
		there, err := tx.NewSelect().Table("sessions").Where("id = ?", session).Where("community_id = ?", community).Where("event_id = ?", event).Exists(ctx)
		if err == nil && there {
			err = ErrNotOffered
		} else if err == nil {
			err = turnout.ErrNotFound
		}
		return nil, err
	}
	return settings, err
}

func ofTicket(ctx context.Context, db bun.IDB, ticket turnout.ID) (own []*SignUp, err error) {
	err = db.NewSelect().Model(&own).Where("ticket_id = ?", ticket).Order("session_id").Scan(ctx)
	return own, err
}

// add makes the row of a sign-up and counts it; the ticket and the session are locked.
func (s *Service) add(ctx context.Context, tx bun.IDB, settings *Settings, t *ticketing.Ticket, actor audit.Actor) (*SignUp, error) {
	now := s.Now()
	u := &SignUp{ID: turnout.NewID("sgn"), CommunityID: t.CommunityID, EventID: t.EventID, SessionID: settings.SessionID, TicketID: t.ID, Status: Waiting, QueuedAt: now, CreatedAt: now}
	count, action := "waiting", "sign_up.waits"
	if settings.Left() > 0 {
		u.Status, u.SignedAt, count, action = Signed, now, "taken", "sign_up.signed"
	}
	if _, err := tx.NewInsert().Model(u).Exec(ctx); err != nil {
		return nil, err
	}
	if _, err := tx.NewUpdate().Model((*Settings)(nil)).Set("? = ? + 1", bun.Ident(count), bun.Ident(count)).Where("session_id = ?", u.SessionID).Exec(ctx); err != nil {
		return nil, err
	}
	return u, audit.Write(ctx, tx, audit.Entry{Community: u.CommunityID, Action: action, Subject: u.ID, Actor: actor, At: now})
}

// Leave gives a ticket's place back, or takes its wish back; the next who waits moves up and is told. Doing it again changes nothing. It fails with turnout.ErrNotFound.
func (s *Service) Leave(ctx context.Context, t *ticketing.Ticket, session turnout.ID) error {
	return s.leave(ctx, t.CommunityID, t.EventID, session, t.ID, audit.Actor{Kind: audit.Buyer, ID: t.ID})
}

// Remove takes a ticket out as an organiser does it. Errors as of Leave.
func (s *Service) Remove(ctx context.Context, e *events.Event, session, ticket turnout.ID) error {
	return s.leave(ctx, e.CommunityID, e.ID, session, ticket, audit.Actor{})
}

func (s *Service) leave(ctx context.Context, community, event, session, ticket turnout.ID, actor audit.Actor) error {
	return wrapped("leave", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := ticketing.LockTicket(ctx, tx, community, ticket); err != nil {
			return err
		}
		settings, err := lock(ctx, tx, community, event, session)
		if errors.Is(err, ErrNotOffered) {
			return nil // nobody has a place where one does not sign up
		}
		if err != nil {
			return err
		}
		u := new(SignUp)
		err = tx.NewSelect().Model(u).Where("session_id = ?", session).Where("ticket_id = ?", ticket).Scan(ctx)
		if database.IsNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return end(ctx, tx, settings, u, actor, s.Now())
	}))
}

// end removes a sign-up and moves up who waits; the session is locked.
func end(ctx context.Context, tx bun.IDB, settings *Settings, u *SignUp, actor audit.Actor, now time.Time) error {
	if _, err := tx.NewDelete().Model(u).WherePK().Exec(ctx); err != nil {
		return err
	}
	if u.Status == Signed {
		settings.Taken--
	} else {
		settings.Waiting--
	}
	if err := audit.Write(ctx, tx, audit.Entry{Community: u.CommunityID, Action: "sign_up.left", Subject: u.ID, Actor: actor, At: now}); err != nil {
		return err
	}
	return moveUp(ctx, tx, settings, now)
}

// JobMovedUp mails whoever moved up from a session's waitlist; its payload is a signUpRef.
const JobMovedUp = "signups.moved_up"

type signUpRef struct {
	SignUp turnout.ID `json:"sign_up"`
}

// moveUp gives the free places of a session to those who wait, in their turn, and writes its counters. The session is locked.
func moveUp(ctx context.Context, tx bun.IDB, settings *Settings, now time.Time) error {
	var next []*SignUp
	if n := min(settings.Seats-settings.Taken, settings.Waiting); n > 0 {
		if err := tx.NewSelect().Model(&next).Where("session_id = ?", settings.SessionID).Where("status = ?", Waiting).Order("queued_at", "id").Limit(n).Scan(ctx); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(next, rowsAtOnce) {
		if err := moveThese(ctx, tx, some, now); err != nil {
			return err
		}
	}
	settings.Taken += int64(len(next))
	settings.Waiting -= int64(len(next))
	_, err := tx.NewUpdate().Model(settings).Column("taken", "waiting").WherePK().Exec(ctx)
	return err
}

// rowsAtOnce bounds one statement.
const rowsAtOnce = 500

func moveThese(ctx context.Context, tx bun.IDB, those []*SignUp, now time.Time) error {
	ids, refs, entries := make([]turnout.ID, len(those)), make([]signUpRef, len(those)), make([]audit.Entry, len(those))
	for i, u := range those {
		ids[i], refs[i] = u.ID, signUpRef{u.ID}
		entries[i] = audit.Entry{Community: u.CommunityID, Action: "sign_up.moved_up", Subject: u.ID, Actor: audit.Actor{Kind: audit.System}, At: now}
	}
	if _, err := tx.NewUpdate().Model((*SignUp)(nil)).Set("status = ?", Signed).Set("signed_at = ?", now).Where("id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
		return err
	}
	if err := jobs.EnqueueAll(ctx, tx, those[0].CommunityID, JobMovedUp, refs, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, entries...)
}

// CanceledHook is what ticketing tells of tickets that were canceled, all of one order.
type CanceledHook = func(ctx context.Context, tx bun.IDB, tickets []*ticketing.Ticket) error

// TicketsCanceled makes a hook that gives back the places of canceled tickets, so that those who wait move up, and tells next before. The tickets are locked.
func TicketsCanceled(now func() time.Time, next CanceledHook) CanceledHook {
	return func(ctx context.Context, tx bun.IDB, tickets []*ticketing.Ticket) error {
		if err := next(ctx, tx, tickets); err != nil {
			return err
		}
		return wrapped("tickets canceled", giveBack(ctx, tx, tickets, now()))
	}
}

func giveBack(ctx context.Context, tx bun.IDB, tickets []*ticketing.Ticket, now time.Time) error {
	if len(tickets) == 0 {
		return nil
	}
	ids := make([]turnout.ID, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
	}
	var sessions []turnout.ID
	if err := tx.NewSelect().Model((*SignUp)(nil)).Distinct().Column("session_id").Where("ticket_id IN (?)", bun.List(ids)).Order("session_id").Scan(ctx, &sessions); err != nil {
		return err
	}
	for _, session := range sessions {
		if err := endAll(ctx, tx, tickets[0], session, ids, now); err != nil {
			return err
		}
	}
	return nil
}

func endAll(ctx context.Context, tx bun.IDB, of *ticketing.Ticket, session turnout.ID, tickets []turnout.ID, now time.Time) error {
	settings, err := lock(ctx, tx, of.CommunityID, of.EventID, session)
	if err != nil {
		return err
	}
	var gone []*SignUp
	if err := tx.NewDelete().Model(&gone).Where("session_id = ?", session).Where("ticket_id IN (?)", bun.List(tickets)).Returning("*").Scan(ctx); err != nil {
		return err
	}
	for _, u := range gone {
		if u.Status == Signed {
			settings.Taken--
		} else {
			settings.Waiting--
		}
		if err := audit.Write(ctx, tx, audit.Entry{Community: u.CommunityID, Action: "sign_up.left", Subject: u.ID, Actor: audit.Actor{Kind: audit.System}, At: now}); err != nil {
			return err
		}
	}
	return moveUp(ctx, tx, settings, now)
}

// wrapped says which use case failed.
func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("signups: %s: %w", what, err)
	}
	return nil
}
