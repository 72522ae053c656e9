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
}

func attendanceOf(t *ticketing.Ticket, source Source, at time.Time) *Attendance {
	return &Attendance{ID: turnout.NewID("att"), CommunityID: t.CommunityID, EventID: t.EventID, TicketID: t.ID, PersonID: t.PersonID,
		AttendanceMode: t.AttendanceMode, Source: source, FirstAt: at, LastAt: at, Confidence: confidences[source]}
}

// present writes the records: new ones, and when those who have one were seen again. An earlier sight that is told later (a
// queue that synced late) moves the first one back.
func present(ctx context.Context, tx bun.IDB, records map[turnout.ID]*Attendance) error {
	if len(records) == 0 {
		return nil
	}
	rows := make([]*Attendance, 0, len(records))
	for _, id := range slices.Sorted(maps.Keys(records)) {
		rows = append(rows, records[id])
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (event_id, ticket_id) DO UPDATE").
		Set("first_at = CASE WHEN EXCLUDED.first_at < attendance.first_at THEN EXCLUDED.first_at ELSE attendance.first_at END").
		Set("last_at = CASE WHEN EXCLUDED.last_at > attendance.last_at THEN EXCLUDED.last_at ELSE attendance.last_at END").Exec(ctx)
	return err
}

// RecordJoin notes that a virtual ticket's link was opened into the room: it counts as attendance.
func (s *Service) RecordJoin(ctx context.Context, t *ticketing.Ticket) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		if err := present(ctx, tx, map[turnout.ID]*Attendance{t.ID: attendanceOf(t, Join, now)}); err != nil {
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

// Admitted tells whether a door has let in any ticket of the order, for ticketing.Service.Admitted.
func Admitted(ctx context.Context, db bun.IDB, order turnout.ID) (bool, error) {
	return db.NewSelect().Table("admissions").Where("ticket_id IN (SELECT id FROM tickets WHERE order_id = ?)", order).Exists(ctx)
}

// Seen tells when the attendees of an order's tickets were first present; tickets of those who were not are left out.
func Seen(ctx context.Context, db bun.IDB, order turnout.ID) (map[turnout.ID]time.Time, error) {
	var rows []*Attendance
	if err := db.NewSelect().Model(&rows).Where("ticket_id IN (SELECT id FROM tickets WHERE order_id = ?)", order).Scan(ctx); err != nil {
		return nil, fmt.Errorf("checkin: seen: %w", err)
	}
	seen := map[turnout.ID]time.Time{}
	for _, r := range rows {
		seen[r.TicketID] = r.FirstAt
	}
	return seen, nil
}
