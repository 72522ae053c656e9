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
	"turnout/ticketing"
)

// AdmissionTotals counts the tickets that a list let in, by the gate of the scan that did ("" is a door without a name) and by
// their type.
type AdmissionTotals struct {
	bun.BaseModel `bun:"table:admission_totals,alias:total"`

	ListID       turnout.ID `bun:",pk"`
	Gate         string     `bun:",pk"`
	TicketTypeID turnout.ID `bun:",pk"`
	CommunityID  turnout.ID
	Admitted     int64
}

// RefusalTotals counts the refused scans of a list that were not annulled, by reason.
type RefusalTotals struct {
	bun.BaseModel `bun:"table:refusal_totals,alias:total"`

	ListID      turnout.ID `bun:",pk"`
	Reason      Reason     `bun:",pk"`
	CommunityID turnout.ID
	Refused     int64
}

// SessionTotals counts the attendance records of a session.
type SessionTotals struct {
	bun.BaseModel `bun:"table:session_totals,alias:total"`

	SessionID   turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Came        int64
}

// AttendanceTotals counts the attendance records of an event, those of its sessions apart, by the five minutes, in UTC, in which they begin and by the type
// and mode of their ticket.
type AttendanceTotals struct {
	bun.BaseModel `bun:"table:attendance_totals,alias:total"`

	EventID        turnout.ID     `bun:",pk"`
	StartsAt       time.Time      `bun:",pk"`
	TicketTypeID   turnout.ID     `bun:",pk"`
	AttendanceMode ticketing.Mode `bun:",pk"`
	CommunityID    turnout.ID
	Came           int64
	Canceled       int64 // of them, those whose ticket was canceled after all
}

// AttendanceSlot is the stretch of time by which attendance records are counted.
const AttendanceSlot = 5 * time.Minute

type admissionsKey struct {
	list, ticketType turnout.ID
	gate             string
}

type refusalsKey struct {
	list   turnout.ID
	reason Reason
}

type attendanceKey struct {
	event, ticketType turnout.ID
	mode              ticketing.Mode
	start             time.Time
}

// ledger gathers what a transaction adds to counters.
type ledger struct {
	lists      map[turnout.ID]*List
	admissions map[admissionsKey]*AdmissionTotals
	refusals   map[refusalsKey]*RefusalTotals
	attendance map[attendanceKey]*AttendanceTotals
	sessions   map[turnout.ID]*SessionTotals
}

func newLedger() *ledger {
	return &ledger{lists: map[turnout.ID]*List{}, admissions: map[admissionsKey]*AdmissionTotals{}, refusals: map[refusalsKey]*RefusalTotals{},
		attendance: map[attendanceKey]*AttendanceTotals{}, sessions: map[turnout.ID]*SessionTotals{}}
}

func (l *ledger) list(id turnout.ID) *List {
	if l.lists[id] == nil {
		l.lists[id] = &List{ID: id}
	}
	return l.lists[id]
}

// admitted counts, n times, that the winning scan let in a ticket of the type.
func (l *ledger) admitted(won *Scan, ticketType turnout.ID, n int64) {
	l.list(won.ListID).Admitted += n
	key := admissionsKey{won.ListID, ticketType, won.Gate}
	if l.admissions[key] == nil {
		l.admissions[key] = &AdmissionTotals{ListID: won.ListID, Gate: won.Gate, TicketTypeID: ticketType, CommunityID: won.CommunityID}
	}
	l.admissions[key].Admitted += n
}

func (l *ledger) refused(scan *Scan, n int64) {
	l.list(scan.ListID).Refused += n
	key := refusalsKey{scan.ListID, scan.Reason}
	if l.refusals[key] == nil {
		l.refusals[key] = &RefusalTotals{ListID: scan.ListID, Reason: scan.Reason, CommunityID: scan.CommunityID}
	}
	l.refusals[key].Refused += n
}

// came counts, n times, that the attendance record, whose ticket is filled in, begins at the instant.
func (l *ledger) came(a *Attendance, first time.Time, n int64) {
	if a.SessionID != "" {
		if l.sessions[a.SessionID] == nil {
			l.sessions[a.SessionID] = &SessionTotals{SessionID: a.SessionID, CommunityID: a.CommunityID, EventID: a.EventID}
		}
		l.sessions[a.SessionID].Came += n
		return
	}
	row := l.slot(a.ticket, first)
	row.Came += n
	if a.ticket.Status == ticketing.TicketCanceled {
		row.Canceled += n
	}
}

func (l *ledger) slot(t *ticketing.Ticket, first time.Time) *AttendanceTotals {
	key := attendanceKey{t.EventID, t.TicketTypeID, t.AttendanceMode, first.UTC().Truncate(AttendanceSlot)}
	if l.attendance[key] == nil {
		l.attendance[key] = &AttendanceTotals{EventID: t.EventID, StartsAt: key.start, TicketTypeID: t.TicketTypeID,
			AttendanceMode: t.AttendanceMode, CommunityID: t.CommunityID}
	}
	return l.attendance[key]
}

// write adds everything, one statement a table and one a list, always in this order and in the order of the keys.
func (l *ledger) write(ctx context.Context, tx bun.IDB) error {
	attendance := slices.SortedFunc(maps.Values(l.attendance), func(a, b *AttendanceTotals) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.TicketTypeID, b.TicketTypeID),
			cmp.Compare(a.AttendanceMode, b.AttendanceMode))
	})
	attendance = slices.DeleteFunc(attendance, func(t *AttendanceTotals) bool { return t.Came == 0 && t.Canceled == 0 })
	if len(attendance) > 0 {
		if _, err := tx.NewInsert().Model(&attendance).On("CONFLICT (event_id, starts_at, ticket_type_id, attendance_mode) DO UPDATE").
			Set("came = total.came + EXCLUDED.came").Set("canceled = total.canceled + EXCLUDED.canceled").Exec(ctx); err != nil {
			return fmt.Errorf("counters of attendance: %w", err)
		}
	}
	admissions := slices.SortedFunc(maps.Values(l.admissions), func(a, b *AdmissionTotals) int {
		return cmp.Or(cmp.Compare(a.ListID, b.ListID), cmp.Compare(a.Gate, b.Gate), cmp.Compare(a.TicketTypeID, b.TicketTypeID))
	})
	if len(admissions) > 0 {
		if _, err := tx.NewInsert().Model(&admissions).On("CONFLICT (list_id, gate, ticket_type_id) DO UPDATE").
			Set("admitted = total.admitted + EXCLUDED.admitted").Exec(ctx); err != nil {
			return fmt.Errorf("counters of admissions: %w", err)
		}
	}
	refusals := slices.SortedFunc(maps.Values(l.refusals), func(a, b *RefusalTotals) int {
		return cmp.Or(cmp.Compare(a.ListID, b.ListID), cmp.Compare(a.Reason, b.Reason))
	})
	if len(refusals) > 0 {
		if _, err := tx.NewInsert().Model(&refusals).On("CONFLICT (list_id, reason) DO UPDATE").
			Set("refused = total.refused + EXCLUDED.refused").Exec(ctx); err != nil {
			return fmt.Errorf("counters of refusals: %w", err)
		}
	}
	sessions := slices.SortedFunc(maps.Values(l.sessions), func(a, b *SessionTotals) int { return cmp.Compare(a.SessionID, b.SessionID) })
	sessions = slices.DeleteFunc(sessions, func(t *SessionTotals) bool { return t.Came == 0 })
	if len(sessions) > 0 {
		if _, err := tx.NewInsert().Model(&sessions).On("CONFLICT (session_id) DO UPDATE").Set("came = total.came + EXCLUDED.came").Exec(ctx); err != nil {
			return fmt.Errorf("counters of sessions: %w", err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.lists)) {
		add := l.lists[id]
		if _, err := tx.NewUpdate().Model((*List)(nil)).Set("admitted = admitted + ?", add.Admitted).Set("inside = inside + ?", add.Inside).
			Set("refused = refused + ?", add.Refused).Where("id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("counters of list %s: %w", id, err)
		}
	}
	return nil
}

// TicketsCanceled counts those of the tickets whose attendee was present, for ticketing.Service.Canceled: they were valid a
// moment ago, and their rows are locked.
func TicketsCanceled(ctx context.Context, tx bun.IDB, tickets []*ticketing.Ticket) error {
	byID := make(map[turnout.ID]*ticketing.Ticket, len(tickets))
	ids := make([]turnout.ID, len(tickets))
	for i, t := range tickets {
		byID[t.ID], ids[i] = t, t.ID
	}
	var records []*Attendance
	if err := tx.NewSelect().Model(&records).Where("ticket_id IN (?)", bun.List(ids)).Where("event_id = ?", tickets[0].EventID).Where("session_id IS NULL").
		Where("community_id = ?", tickets[0].CommunityID).Scan(ctx); err != nil {
		return fmt.Errorf("checkin: tickets canceled: %w", err)
	}
	counts := newLedger()
	for _, r := range records {
		counts.slot(byID[r.TicketID], r.FirstAt).Canceled++
	}
	if err := counts.write(ctx, tx); err != nil {
		return fmt.Errorf("checkin: tickets canceled: %w", err)
	}
	return nil
}
