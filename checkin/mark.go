package checkin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// MarkInput says by hand that somebody was there.
type MarkInput struct {
	TicketID  turnout.ID
	SessionID turnout.ID // empty: at the event alone
	At        time.Time  // zero: now
	Minutes   *int64     // how long; nil: not known
}

// Errors of marking.
var (
	ErrNotMarked = &turnout.Error{Kind: turnout.Conflict, Code: "not_marked",
		Message: "Only what was marked by hand can be taken back here. Take a door's scan back in the log of its list."}
	ErrStillThere = &turnout.Error{Kind: turnout.Conflict, Code: "still_at_session",
		Message: "This attendee was at a session. Take that back first."}
)

// maxMinutes is the longest that somebody can be marked as having been there: two weeks.
const maxMinutes = 14 * 24 * 60

func (in *MarkInput) check(e *events.Event, now time.Time) error {
	var p turnout.Problems
	p.Require("ticket_id", string(in.TicketID))
	if in.At.IsZero() {
		in.At = now
		if now.After(e.EndsAt) { // noted afterwards: they were there while it was
			in.At = e.StartsAt
		}
	}
	in.At = in.At.UTC().Truncate(time.Microsecond)
	if in.At.Before(e.StartsAt.Add(-queueMargin)) || in.At.After(e.EndsAt.Add(queueMargin)) || in.At.After(now.Add(maxSkew)) {
		p.Add("at", "out_of_range", "This needs a time within a year of the event, and not in the future.")
	}
	if in.Minutes != nil && (*in.Minutes < 0 || *in.Minutes > maxMinutes) {
		p.Add("minutes", "out_of_range", "This must be a number of minutes, at most two weeks of them.")
	}
	return p.Err()
}

// Mark notes by hand that a valid ticket's attendee was at an event, or at a session and with it at the event. Who was seen there already keeps the
// record of that; a mark that was made by hand is made anew. It fails with turnout.ErrNotFound and with an Invalid error that names the fields.
func (s *Service) Mark(ctx context.Context, community, event turnout.ID, in MarkInput) (*Attendance, error) {
	record := new(Attendance)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		e, err := events.Find(ctx, tx, community, string(event))
		if err != nil {
			return err
		}
		if err := in.check(e, now); err != nil {
			return err
		}
		if in.SessionID != "" {
			if _, err := agenda.Find(ctx, tx, community, event, in.SessionID); err != nil {
				return namedSession(err)
			}
		}
		ticket, err := ticketing.LockTicket(ctx, tx, community, in.TicketID)
		if errors.Is(err, turnout.ErrNotFound) || err == nil && (ticket.EventID != event || ticket.Status != ticketing.Valid) {
			return turnout.Invalidf("ticket_id", "unknown", "This is no valid ticket of this event.")
		}
		if err != nil {
			return err
		}
		*record, err = s.mark(ctx, tx, ticket, in)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "attendance.marked", Subject: record.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("checkin: mark: %w", err)
	}
	return record, nil
}

// mark writes what was marked and gives the record that is there now. The ticket is locked.
func (s *Service) mark(ctx context.Context, tx bun.IDB, ticket *ticketing.Ticket, in MarkInput) (record Attendance, err error) {
	counts := newLedger()
	said := attendanceOf(ticket, in.SessionID, Manual, in.At)
	said.MarkedBy, said.Minutes = string(audit.ActorFrom(ctx).ID), in.Minutes
	// By hand it is said anew: an earlier mark gives way. What doors and links have seen stays.
	if err := s.unmark(ctx, tx, ticket, in.SessionID, counts); err != nil {
		return record, err
	}
	there, err := at(tx.NewSelect().Model((*Attendance)(nil)), in.SessionID).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Exists(ctx)
	if err != nil {
		return record, err
	}
	if !there && in.SessionID == "" { // whoever was at a session was at the event by then
		var marks []*Attendance
		if err := marksAtSessions(tx.NewSelect().Model(&marks), ticket).Scan(ctx); err != nil {
			return record, err
		}
		for _, m := range marks {
			said.widen(m)
		}
	}
	if !there {
		counts.came(said, said.FirstAt, 1)
		if _, err := tx.NewInsert().Model(said).Exec(ctx); err != nil {
			return record, err
		}
	}
	if in.SessionID != "" {
		if err := imply(ctx, tx, ticket, counts); err != nil {
			return record, err
		}
	}
	if err := counts.write(ctx, tx); err != nil {
		return record, err
	}
	err = at(tx.NewSelect().Model(&record), in.SessionID).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Scan(ctx)
	return record, err
}

// Unmark takes back what was marked by hand at an event ("" for any of the community); what doors saw takes its place, if they did. It fails with turnout.ErrNotFound, ErrNotMarked, and
// ErrStillThere for the mark at an event whose session still has one.
func (s *Service) Unmark(ctx context.Context, community, event, id turnout.ID) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		record := new(Attendance)
		read := func() error {
			return database.NotFound(tx.NewSelect().Model(record).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx))
		}
		if err := read(); err != nil {
			return err
		}
		if event != "" && record.EventID != event {
			return turnout.ErrNotFound
		}
		ticket, err := ticketing.LockTicket(ctx, tx, community, record.TicketID)
		if err != nil {
			return err
		}
		if err := read(); err != nil { // it may be gone by now
			return err
		}
		if record.Source != Manual {
			return ErrNotMarked
		}
		if record.SessionID == "" {
			if elsewhere, err := tx.NewSelect().Model((*Attendance)(nil)).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).
				Where("session_id IS NOT NULL").Where("source = ?", Manual).Exists(ctx); err != nil {
				return err
			} else if elsewhere {
				return ErrStillThere
			}
		}
		counts := newLedger()
		if err := s.unmark(ctx, tx, ticket, record.SessionID, counts); err != nil {
			return err
		}
		if record.SessionID != "" {
			if err := imply(ctx, tx, ticket, counts); err != nil {
				return err
			}
		}
		if err := counts.write(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "attendance.unmarked", Subject: id, At: s.Now()})
	})
	if err != nil {
		return fmt.Errorf("checkin: unmark: %w", err)
	}
	return nil
}

// unmark removes a mark that was made by hand, if there is one, and lets what doors saw take its place.
func (s *Service) unmark(ctx context.Context, tx bun.IDB, ticket *ticketing.Ticket, session turnout.ID, counts *ledger) error {
	record := new(Attendance)
	err := at(tx.NewSelect().Model(record), session).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Where("source = ?", Manual).Scan(ctx)
	if err != nil {
		if database.IsNoRows(err) {
			return nil
		}
		return err
	}
	record.ticket = ticket
	counts.came(record, record.FirstAt, -1)
	if _, err := tx.NewDelete().Model(record).WherePK().Exec(ctx); err != nil {
		return err
	}
	return rereadAttendance(ctx, tx, ticket, session, counts)
}

// imply makes the record at the event what the marks by hand at its sessions say, where nothing else says it: from the first of them to the last. Without any, what doors
// saw takes its place.
func imply(ctx context.Context, tx bun.IDB, ticket *ticketing.Ticket, counts *ledger) error {
	record := new(Attendance)
	err := at(tx.NewSelect().Model(record), "").Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Scan(ctx)
	there := err == nil
	if err != nil && !database.IsNoRows(err) || there && !record.Implied {
		return err
	}
	var marks []*Attendance
	if err := marksAtSessions(tx.NewSelect().Model(&marks), ticket).Scan(ctx); err != nil {
		return err
	}
	if there {
		record.ticket = ticket
		counts.came(record, record.FirstAt, -1)
		if _, err := tx.NewDelete().Model(record).WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	if len(marks) == 0 {
		if there {
			return rereadAttendance(ctx, tx, ticket, "", counts)
		}
		return nil
	}
	implied := attendanceOf(ticket, "", Manual, marks[0].FirstAt)
	if there {
		implied.ID = record.ID
	}
	implied.MarkedBy, implied.PersonID, implied.Implied = marks[0].MarkedBy, marks[0].PersonID, true
	for _, m := range marks {
		implied.widen(m)
	}
	counts.came(implied, implied.FirstAt, 1)
	_, err = tx.NewInsert().Model(implied).Exec(ctx)
	return err
}

// marksAtSessions narrows a query over attendance records to a ticket's marks by hand at sessions, the earliest first.
func marksAtSessions(q *bun.SelectQuery, ticket *ticketing.Ticket) *bun.SelectQuery {
	return q.Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Where("session_id IS NOT NULL").Where("source = ?", Manual).Order("first_at", "id")
}
