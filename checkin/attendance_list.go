package checkin

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// AttendanceFilter narrows a list of an event's attendance records; its zero value takes those of the event itself.
type AttendanceFilter struct {
	Session  turnout.ID // those of this session
	Sessions bool       // those of all sessions, and not the event's own
	After    turnout.ID // those that follow this one
	Limit    int
}

func (f *AttendanceFilter) narrow(q *bun.SelectQuery, e *events.Event) *bun.SelectQuery {
	q = q.Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID)
	if f.Sessions {
		return q.Where("session_id IS NOT NULL")
	}
	return at(q, f.Session)
}

// Attendances lists an event's attendance records in id order, at most Limit, with how long they were there as far as it is known: see withMinutes.
func (s *Service) Attendances(ctx context.Context, e *events.Event, f AttendanceFilter) ([]*Attendance, error) {
	rows, err := s.attendances(ctx, s.DB.Read(), e, f)
	if err != nil {
		return nil, fmt.Errorf("checkin: attendance: %w", err)
	}
	return rows, nil
}

func (s *Service) attendances(ctx context.Context, db bun.IDB, e *events.Event, f AttendanceFilter) ([]*Attendance, error) {
	var rows []*Attendance
	if err := f.narrow(db.NewSelect().Model(&rows), e).Where("id > ?", f.After).Order("id").Limit(int64(f.Limit)).Scan(ctx); err != nil {
		return nil, err
	}
	return rows, s.withMinutes(ctx, db, e, rows)
}

// Present is a ticket with its attendee, and the record of their having been there.
type Present struct {
	Ticket *ticketing.AttendeeRow
	Record *Attendance // nil: nobody saw them there
}

// PresentAt lists who was at an event, or at one of its sessions, the last who was noted first, at most limit, after the record of a given
// id ("" for the first page).
func (s *Service) PresentAt(ctx context.Context, e *events.Event, session, before turnout.ID, limit int) ([]Present, error) {
	var records []*Attendance
	q := (&AttendanceFilter{Session: session}).narrow(s.DB.Read().NewSelect().Model(&records), e).OrderExpr("id DESC").Limit(int64(limit))
	if before != "" {
		q = q.Where("id < ?", before)
	}
	err := q.Scan(ctx)
	if err != nil || len(records) == 0 {
		return nil, wrapped("present", err)
	}
	tickets, err := s.ticketsOf(ctx, s.DB.Read(), e, records)
	if err == nil {
		err = s.withMinutes(ctx, s.DB.Read(), e, records)
	}
	if err != nil {
		return nil, wrapped("present", err)
	}
	list := make([]Present, len(records))
	for i, r := range records {
		list[i] = Present{tickets[r.TicketID], r}
	}
	return list, nil
}

// FindPresent searches an event's valid tickets as ticketing.AttendeeFilter does, at most limit, after the ticket of a given id ("" for the first page), and tells of each
// whether its attendee was at the event, or at the session.
func (s *Service) FindPresent(ctx context.Context, e *events.Event, session turnout.ID, search string, before turnout.ID, limit int) ([]Present, error) {
	tickets, err := s.Ticketing.AttendeeRows(ctx, e, ticketing.AttendeeFilter{Search: search, Status: ticketing.Valid, Before: before, Limit: limit})
	if err != nil || len(tickets) == 0 {
		return nil, wrapped("find present", err)
	}
	list := make([]Present, len(tickets))
	ids := make([]turnout.ID, len(tickets))
	for i, t := range tickets {
		list[i].Ticket, ids[i] = t, t.ID
	}
	var records []*Attendance
	if err := (&AttendanceFilter{Session: session}).narrow(s.DB.Read().NewSelect().Model(&records), e).Where("ticket_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, wrapped("find present", err)
	}
	for _, r := range records {
		list[slices.Index(ids, r.TicketID)].Record = r
	}
	return list, wrapped("find present", s.withMinutes(ctx, s.DB.Read(), e, records))
}

func (s *Service) ticketsOf(ctx context.Context, db bun.IDB, e *events.Event, records []*Attendance) (map[turnout.ID]*ticketing.AttendeeRow, error) {
	ids := make([]turnout.ID, len(records))
	for i, r := range records {
		ids[i] = r.TicketID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	rows, err := s.Ticketing.AttendeesOf(ctx, db, e, ids)
	byID := make(map[turnout.ID]*ticketing.AttendeeRow, len(rows))
	for _, t := range rows {
		byID[t.ID] = t
	}
	return byID, err
}

// SessionPresence is a session with how many were there.
type SessionPresence struct {
	*agenda.Session
	Came  int64
	Lists []*List // at whose doors it is scanned
}

// SessionPresences lists an event's sessions, in the order in which they take place, with how many were there: breaks, drafts and
// withdrawn ones only if somebody was, or if they have a door.
func (s *Service) SessionPresences(ctx context.Context, e *events.Event) ([]SessionPresence, error) {
	sessions, err := agenda.Titles(ctx, s.DB.Read(), e.CommunityID, e.ID)
	if err != nil || len(sessions) == 0 {
		return nil, wrapped("sessions", err)
	}
	var totals []*SessionTotals
	if err := s.DB.Read().NewSelect().Model(&totals).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx); err != nil {
		return nil, wrapped("sessions", err)
	}
	lists, err := listsOf(ctx, s.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return nil, wrapped("sessions", err)
	}
	came := map[turnout.ID]int64{}
	for _, t := range totals {
		came[t.SessionID] = t.Came
	}
	var all []SessionPresence
	for _, session := range sessions {
		p := SessionPresence{Session: session, Came: came[session.ID]}
		for _, l := range lists {
			if l.SessionID == session.ID {
				p.Lists = append(p.Lists, l)
			}
		}
		if planned := session.Status == agenda.Confirmed && session.Kind != agenda.Break; planned || p.Came > 0 || len(p.Lists) > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}

// ExportAttendance writes the attendance records that a filter takes as a table, a row a record, in the order in which they were noted, from the database as it goes
// along. Times are of the event's zone. It fails before it has written anything, or in the midst of it.
func (s *Service) ExportAttendance(ctx context.Context, w io.Writer, e *events.Event, f AttendanceFilter, x ticketing.Export) error {
	return wrapped("export attendance", s.DB.LongRead(ctx, func(db bun.IDB) error {
		sessions, err := agenda.Titles(ctx, db, e.CommunityID, e.ID)
		if err != nil {
			return err
		}
		titles := map[turnout.ID]*agenda.Session{}
		for _, session := range sessions {
			titles[session.ID] = session
		}
		f.Limit = presentAtOnce
		rows, err := s.attendances(ctx, db, e, f) // before the first byte, so that what fails at once can still be said
		if err != nil {
			return err
		}
		out, err := sheet.New(w, x.Format, s.attendanceTitles(e, x))
		if err != nil {
			return err
		}
		for len(rows) > 0 {
			tickets, err := s.ticketsOf(ctx, db, e, rows)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := out.Row(s.attendanceCells(e, x, r, tickets[r.TicketID], titles[r.SessionID])); err != nil {
					return err
				}
			}
			if len(rows) < f.Limit {
				break
			}
			f.After = rows[len(rows)-1].ID
			if rows, err = s.attendances(ctx, db, e, f); err != nil {
				return err
			}
		}
		return out.Close()
	}))
}

func (s *Service) attendanceTitles(e *events.Event, x ticketing.Export) []string {
	names := []string{"session", "session_starts_at", "ticket", "attendee_name", "attendee_email", "ticket_type", "attendance_mode", "order", "source", "first_at", "last_at", "minutes", "minutes_assumed", "confidence"}
	for i, name := range names {
		if names[i] = name; x.Language != "" {
			names[i] = s.Ticketing.Pages.Message(x.Language, "export."+name)
		}
		if name == "session_starts_at" || name == "first_at" || name == "last_at" {
			names[i] += " (" + e.Timezone + ")"
		}
	}
	return names
}

func (s *Service) attendanceCells(e *events.Event, x ticketing.Export, r *Attendance, t *ticketing.AttendeeRow, session *agenda.Session) []sheet.Cell {
	word := func(kind, value string) sheet.Cell {
		if x.Language == "" {
			return sheet.Text(value)
		}
		return sheet.Text(s.Ticketing.Pages.Message(x.Language, kind+value))
	}
	at := func(t time.Time) sheet.Cell {
		if t.IsZero() {
			return sheet.Cell{}
		}
		return sheet.Moment(t.In(e.Location()))
	}
	cells := make([]sheet.Cell, 0, 14)
	if session == nil {
		cells = append(cells, sheet.Cell{}, sheet.Cell{})
	} else {
		cells = append(cells, sheet.Text(session.Title), at(session.StartsAt))
	}
	cells = append(cells, sheet.Number(t.Number), sheet.Text(t.AttendeeName), sheet.Text(t.AttendeeEmail), sheet.Text(t.TypeName), word("status.mode.", string(r.AttendanceMode)),
		sheet.Text(t.OrderCode), word("attendance.source.", string(r.Source)), at(r.FirstAt), at(r.LastAt))
	if r.Minutes == nil {
		return append(cells, sheet.Cell{}, sheet.Cell{}, word("attendance.confidence.", r.Confidence))
	}
	return append(cells, sheet.Number(*r.Minutes), word("attendance.assumed.", map[bool]string{true: "yes", false: "no"}[r.Assumed]), word("attendance.confidence.", r.Confidence))
}

// wrapped says which use case of this room failed.
func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("checkin: %s: %w", what, err)
	}
	return nil
}
