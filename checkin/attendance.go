package checkin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/ticketing"
)

// Source says how it is known that somebody was present.
type Source string

// The sources.
const (
	DoorScan      Source = "door_scan"
	Join          Source = "join" // opened the personal link into the room
	MeetingReport Source = "meeting_report"
	Manual        Source = "manual"
)

// confidences say how sure each source is: a join link that was opened does not prove that somebody stayed.
var confidences = map[Source]string{DoorScan: "high", MeetingReport: "high", Join: "medium", Manual: "medium"}

// Attendance is the one record of a ticket's attendee at an event or at one of its sessions: the first source that says so, and when last seen.
type Attendance struct {
	bun.BaseModel `bun:"table:attendance_records,alias:attendance"`

	ID             turnout.ID `bun:",pk"`
	CommunityID    turnout.ID
	EventID        turnout.ID
	TicketID       turnout.ID
	PersonID       turnout.ID
	SessionID      turnout.ID `bun:",nullzero"` // empty: at the event
	AttendanceMode ticketing.Mode
	Source         Source
	FirstAt        time.Time
	LastAt         time.Time
	Minutes        *int64 // how long they were there; nil: not known. Of door scans see Service.withMinutes
	Confidence     string // high, medium, low: of their having been there
	MarkedBy       string // who said so, of Manual
	Implied        bool   // at the event only because of a mark at a session

	Assumed bool `bun:"-"` // nobody saw them go: Minutes goes on to the end

	ticket *ticketing.Ticket // while it is written
}

func attendanceOf(t *ticketing.Ticket, session turnout.ID, source Source, at time.Time) *Attendance {
	return &Attendance{ID: turnout.NewID("att"), CommunityID: t.CommunityID, EventID: t.EventID, TicketID: t.ID, PersonID: t.PersonID, SessionID: session,
		AttendanceMode: t.AttendanceMode, Source: source, FirstAt: at, LastAt: at, Confidence: confidences[source], ticket: t}
}

// widen makes the record begin and end where the earlier and the later of both do.
func (a *Attendance) widen(other *Attendance) {
	if other.FirstAt.Before(a.FirstAt) {
		a.FirstAt = other.FirstAt
	}
	if other.LastAt.After(a.LastAt) {
		a.LastAt = other.LastAt
	}
}

// presence is what a transaction saw: records by session ("" is the event) and ticket.
type presence map[presenceKey]*Attendance

type presenceKey struct{ session, ticket turnout.ID }

// seen notes a ticket's attendee at the event and, if one is named, at the session.
func (p presence) seen(t *ticketing.Ticket, session turnout.ID, source Source, at time.Time) {
	for _, s := range slices.Compact([]turnout.ID{"", session}) {
		a := attendanceOf(t, s, source, at)
		if other := p[presenceKey{s, t.ID}]; other != nil { // at two lists at once
			a.widen(other)
		}
		p[presenceKey{s, t.ID}] = a
	}
}

// write writes the records, whose tickets are locked: new ones, and when those who have one were seen again. An earlier sight that is told
// later (a queue that synced late) moves the first one back.
func (p presence) write(ctx context.Context, tx bun.IDB, counts *ledger) error {
	bySession := map[turnout.ID][]*Attendance{}
	for _, key := range slices.SortedFunc(maps.Keys(p), func(a, b presenceKey) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.ticket, b.ticket))
	}) {
		bySession[key.session] = append(bySession[key.session], p[key])
	}
	for _, session := range slices.Sorted(maps.Keys(bySession)) { // the event's first
		if err := writePresent(ctx, tx, counts, session, bySession[session]); err != nil {
			return err
		}
	}
	return nil
}

// writePresent writes the records of one session, or of events, in the order of their tickets.
func writePresent(ctx context.Context, tx bun.IDB, counts *ledger, session turnout.ID, rows []*Attendance) error {
	byTicket := map[turnout.ID]*Attendance{}
	tickets := map[turnout.ID][]turnout.ID{} // by event
	for _, r := range rows {
		byTicket[r.TicketID] = r
		tickets[r.EventID] = append(tickets[r.EventID], r.TicketID)
	}
	var before []*Attendance
	known := tx.NewSelect().Model(&before).Column("ticket_id", "first_at", "implied")
	conflict := "CONFLICT (session_id, ticket_id) WHERE session_id IS NOT NULL DO UPDATE"
	if session == "" {
		conflict = "CONFLICT (event_id, ticket_id) WHERE session_id IS NULL DO UPDATE"
		for event, ids := range tickets {
			known = known.WhereOr("event_id = ? AND session_id IS NULL AND ticket_id IN (?)", event, bun.List(ids))
		}
	} else {
		known = known.Where("session_id = ?", session).Where("ticket_id IN (?)", bun.List(slices.Collect(maps.Keys(byTicket))))
	}
	if err := known.Scan(ctx); err != nil {
		return err
	}
	for _, b := range before {
		first := byTicket[b.TicketID].FirstAt     // not for the first time; or the first time was earlier than was known
		if first.Before(b.FirstAt) || b.Implied { // its time was that of a mark at a session
			first = b.FirstAt
		}
		counts.came(byTicket[b.TicketID], first, -1)
	}
	for _, r := range rows {
		counts.came(r, r.FirstAt, 1)
	}
	// What is seen takes the place of what a mark at a session implied, and an opened link that of a mark by hand: no log could bring it back when the mark goes.
	const takes = "CASE WHEN attendance.implied OR attendance.source = 'manual' AND EXCLUDED.source = 'join' THEN "
	_, err := tx.NewInsert().Model(&rows).On(conflict).
		Set("first_at = CASE WHEN EXCLUDED.first_at < attendance.first_at OR attendance.implied THEN EXCLUDED.first_at ELSE attendance.first_at END").
		Set("last_at = CASE WHEN EXCLUDED.last_at > attendance.last_at OR attendance.implied THEN EXCLUDED.last_at ELSE attendance.last_at END").
		Set("source = " + takes + "EXCLUDED.source ELSE attendance.source END").Set("confidence = " + takes + "EXCLUDED.confidence ELSE attendance.confidence END").
		Set("minutes = " + takes + "EXCLUDED.minutes ELSE attendance.minutes END").Set("marked_by = " + takes + "EXCLUDED.marked_by ELSE attendance.marked_by END").
		Set("person_id = " + takes + "EXCLUDED.person_id ELSE attendance.person_id END").Set("implied = EXCLUDED.implied AND attendance.implied").Exec(ctx)
	return err
}

// RecordJoin notes that a virtual ticket's link was opened into the event's room, or into a session's: it counts as attendance, at a session as at the event. It fails with
// turnout.ErrNotFound when the ticket is no longer valid.
func (s *Service) RecordJoin(ctx context.Context, t *ticketing.Ticket, session turnout.ID) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		n, err := ticketing.LockValid(ctx, tx, []turnout.ID{t.ID})
		if err == nil && n == 0 {
			err = turnout.ErrNotFound
		}
		if err != nil {
			return err
		}
		counts := newLedger()
		seen := presence{}
		seen.seen(t, session, Join, now)
		if err := seen.write(ctx, tx, counts); err != nil {
			return err
		}
		if err := counts.write(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: t.CommunityID, Action: "ticket.joined", Subject: t.ID,
			Actor: audit.Actor{Kind: audit.Buyer, ID: t.ID}, At: now})
	})
	if err != nil {
		return fmt.Errorf("checkin: record join: %w", err)
	}
	return nil
}

// Admitted tells whether a door has let in any ticket of the orders, for ticketing.Service.Admitted.
func Admitted(ctx context.Context, db bun.IDB, community turnout.ID, orders ...turnout.ID) (bool, error) {
	return db.NewSelect().TableExpr("tickets AS ticket").Join("JOIN check_in_lists AS list ON list.event_id = ticket.event_id").
		Join("JOIN admissions AS admission ON admission.list_id = list.id AND admission.ticket_id = ticket.id").
		Where("ticket.order_id IN (?)", bun.List(orders)).Where("ticket.community_id = ?", community).Exists(ctx)
}

// CameAt is, in SQL, when the holder of a row called ticket was first seen at its event, NULL for not: for ticketing's lists.
const CameAt = "(SELECT came.first_at FROM attendance_records AS came WHERE came.event_id = ticket.event_id AND came.ticket_id = ticket.id AND came.session_id IS NULL)"

// Seen tells when the attendees of an order's tickets were first present; tickets of those who were not are left out.
func Seen(ctx context.Context, db bun.IDB, community, order turnout.ID) (map[turnout.ID]time.Time, error) {
	var rows []*Attendance
	err := db.NewSelect().Model(&rows).Join("JOIN tickets AS ticket ON ticket.event_id = attendance.event_id AND ticket.id = attendance.ticket_id").
		Where("ticket.order_id = ?", order).Where("ticket.community_id = ?", community).Where("attendance.session_id IS NULL").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkin: seen: %w", err)
	}
	seen := map[turnout.ID]time.Time{}
	for _, r := range rows {
		seen[r.TicketID] = r.FirstAt
	}
	return seen, nil
}
