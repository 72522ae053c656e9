package checkin

import (
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

// Attendance is the one record of a ticket's attendee at an event: the first source that says so, and when last seen.
type Attendance struct {
	bun.BaseModel `bun:"table:attendance_records,alias:attendance"`

	ID             turnout.ID `bun:",pk"`
	CommunityID    turnout.ID
	EventID        turnout.ID
	TicketID       turnout.ID
	PersonID       turnout.ID
	AttendanceMode ticketing.Mode
	Source         Source
	FirstAt        time.Time
	LastAt         time.Time
	Minutes        *int64 // nil: not known
	Confidence     string // high, medium, low

	ticket *ticketing.Ticket // while it is written
}

func attendanceOf(t *ticketing.Ticket, source Source, at time.Time) *Attendance {
	return &Attendance{ID: turnout.NewID("att"), CommunityID: t.CommunityID, EventID: t.EventID, TicketID: t.ID, PersonID: t.PersonID,
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

// present writes the records by ticket, whose tickets are locked: new ones, and when those who have one were seen again. An
// earlier sight that is told later (a queue that synced late) moves the first one back.
func present(ctx context.Context, tx bun.IDB, counts *ledger, records map[turnout.ID]*Attendance) error {
	if len(records) == 0 {
		return nil
	}
	rows := make([]*Attendance, 0, len(records))
	known := tx.NewSelect().Model((*Attendance)(nil)).Column("ticket_id", "first_at")
	tickets := map[turnout.ID][]turnout.ID{} // by event
	for _, id := range slices.Sorted(maps.Keys(records)) {
		rows = append(rows, records[id])
		tickets[records[id].EventID] = append(tickets[records[id].EventID], id)
	}
	for event, ids := range tickets {
		known = known.WhereOr("event_id = ? AND ticket_id IN (?)", event, bun.List(ids))
	}
	var before []*Attendance
	if err := known.Scan(ctx, &before); err != nil {
		return err
	}
	for _, b := range before {
		if r := records[b.TicketID]; r.FirstAt.Before(b.FirstAt) {
			counts.came(r.ticket, b.FirstAt, -1)
		} else {
			counts.came(r.ticket, r.FirstAt, -1) // not for the first time
		}
	}
	for _, r := range rows {
		counts.came(r.ticket, r.FirstAt, 1)
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (event_id, ticket_id) DO UPDATE").
		Set("first_at = CASE WHEN EXCLUDED.first_at < attendance.first_at THEN EXCLUDED.first_at ELSE attendance.first_at END").
		Set("last_at = CASE WHEN EXCLUDED.last_at > attendance.last_at THEN EXCLUDED.last_at ELSE attendance.last_at END").Exec(ctx)
	return err
}

// RecordJoin notes that a virtual ticket's link was opened into the room: it counts as attendance. It fails with
// turnout.ErrNotFound when the ticket is no longer valid.
func (s *Service) RecordJoin(ctx context.Context, t *ticketing.Ticket) error {
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
		if err := present(ctx, tx, counts, map[turnout.ID]*Attendance{t.ID: attendanceOf(t, Join, now)}); err != nil {
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

// Attendances lists an event's attendance records in id order, at most limit after the given id.
func (s *Service) Attendances(ctx context.Context, community, event, after turnout.ID, limit int) ([]*Attendance, error) {
	var rows []*Attendance
	err := s.DB.Read().NewSelect().Model(&rows).Where("event_id = ?", event).Where("community_id = ?", community).
		Where("id > ?", after).Order("id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkin: attendance: %w", err)
	}
	return rows, nil
}

// Admitted tells whether a door has let in any ticket of the orders, for ticketing.Service.Admitted.
func Admitted(ctx context.Context, db bun.IDB, community turnout.ID, orders ...turnout.ID) (bool, error) {
	return db.NewSelect().TableExpr("tickets AS ticket").Join("JOIN check_in_lists AS list ON list.event_id = ticket.event_id").
		Join("JOIN admissions AS admission ON admission.list_id = list.id AND admission.ticket_id = ticket.id").
		Where("ticket.order_id IN (?)", bun.List(orders)).Where("ticket.community_id = ?", community).Exists(ctx)
}

// CameAt is, in SQL, when the holder of a row called ticket was first seen at its event, NULL for not: for ticketing's lists.
const CameAt = "(SELECT came.first_at FROM attendance_records AS came WHERE came.event_id = ticket.event_id AND came.ticket_id = ticket.id)"

// Seen tells when the attendees of an order's tickets were first present; tickets of those who were not are left out.
func Seen(ctx context.Context, db bun.IDB, community, order turnout.ID) (map[turnout.ID]time.Time, error) {
	var rows []*Attendance
	err := db.NewSelect().Model(&rows).Join("JOIN tickets AS ticket ON ticket.event_id = attendance.event_id AND ticket.id = attendance.ticket_id").
		Where("ticket.order_id = ?", order).Where("ticket.community_id = ?", community).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkin: seen: %w", err)
	}
	seen := map[turnout.ID]time.Time{}
	for _, r := range rows {
		seen[r.TicketID] = r.FirstAt
	}
	return seen, nil
}
