package checkin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// ErrAnnulled says that a scan was annulled before.
var ErrAnnulled = &turnout.Error{Kind: turnout.Conflict, Code: "already_annulled", Message: "This scan was annulled already."}

// maxWhy is how long the reason for taking a scan back can be, in characters.
const maxWhy = 300

// Annul takes a scan back for a reason, which may be empty, and with the only entry of a ticket the exits after it: it stays in the log, marked, and everything that was read from it (the admission, the counters, the
// attendance record) becomes what the rest of the log says. It fails with turnout.ErrNotFound and ErrAnnulled and an
// Invalid error for "reason".
func (s *Service) Annul(ctx context.Context, community, id turnout.ID, reason string) (*Scan, error) {
	var p turnout.Problems
	reason = strings.TrimSpace(reason)
	p.Line("reason", reason, maxWhy)
	if err := p.Err(); err != nil {
		return nil, err
	}
	scan := new(Scan)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		*scan = Scan{}
		if err := tx.NewSelect().Model(scan).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		// The ticket is locked before its scans: other scans and annulments of it wait, and the log is all there is.
		ticket, err := s.lockOf(ctx, tx, scan)
		if err != nil {
			return err
		}
		now := s.Now()
		n, err := database.Changed(tx.NewUpdate().Model((*Scan)(nil)).Set("annulled_at = ?", now).
			Set("annulled_by = ?", audit.ActorFrom(ctx).ID).Set("annulled_for = ?", reason).Set("conflict_id = NULL").Where("id = ?", id).Where("annulled_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrAnnulled
		}
		scan.AnnulledAt, scan.AnnulledFor = now, reason
		if err := s.reread(ctx, tx, scan, ticket); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "scan.annulled", Subject: id, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("checkin: annul: %w", err)
	}
	return scan, nil
}

// lockOf locks the ticket that a scan let in or out, nil for a refused one.
func (s *Service) lockOf(ctx context.Context, tx bun.IDB, scan *Scan) (*ticketing.Ticket, error) {
	if scan.Result == Refused {
		return nil, nil
	}
	return ticketing.LockTicket(ctx, tx, scan.CommunityID, scan.TicketID)
}

// reread makes the admission of the scan's ticket on its list, the list's counters and the attendance record what the log
// without the annulled scan says.
func (s *Service) reread(ctx context.Context, tx bun.IDB, annulled *Scan, ticket *ticketing.Ticket) error {
	counts := newLedger()
	if annulled.Result == Refused {
		counts.refused(annulled, -1)
		return counts.write(ctx, tx)
	}
	m, err := s.settle(ctx, tx, annulled.ListID, ticket, counts)
	if err == nil && len(m.orphans) > 0 && annulled.Direction == Entry { // they went with the entry that was taken back
		_, err = tx.NewUpdate().Model((*Scan)(nil)).Set("annulled_at = ?", annulled.AnnulledAt).Set("annulled_by = ?", audit.ActorFrom(ctx).ID).Set("annulled_for = ?", annulled.AnnulledFor).Where("id IN (?)", bun.List(m.orphans)).Exec(ctx)
	}
	if err != nil {
		return err
	}
	list, err := findList(ctx, tx, annulled.ListID)
	if err != nil {
		return err
	}
	for _, session := range slices.Compact([]turnout.ID{"", list.SessionID}) {
		if err := rereadAttendance(ctx, tx, ticket, session, counts); err != nil {
			return err
		}
	}
	return counts.write(ctx, tx)
}

// rereadAttendance makes a ticket's record, at the event or at a session, what the entries say that stand at all doors of it; without any it
// goes. A record of another source stays.
func rereadAttendance(ctx context.Context, tx bun.IDB, ticket *ticketing.Ticket, session turnout.ID, counts *ledger) error {
	record := new(Attendance)
	err := at(tx.NewSelect().Model(record), session).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Scan(ctx)
	there := err == nil
	if err != nil && !database.IsNoRows(err) || there && record.Source != DoorScan {
		return err
	}
	var entries []*Scan
	q := tx.NewSelect().Model(&entries).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).
		Where("result = ?", Accepted).Where("direction = ?", Entry).Where("annulled_at IS NULL").Order("at")
	if session != "" {
		q = q.Where("list_id IN (SELECT id FROM check_in_lists WHERE session_id = ?)", session)
	}
	if err := q.Scan(ctx); err != nil {
		return err
	}
	if there {
		record.ticket = ticket
		counts.came(record, record.FirstAt, -1)
		if _, err := tx.NewDelete().Model(record).WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		if there && session == "" {
			return imply(ctx, tx, ticket, counts)
		}
		return nil
	}
	after := attendanceOf(ticket, session, DoorScan, entries[0].At)
	if there {
		after.ID, after.PersonID = record.ID, record.PersonID // who was there, whoever has the ticket by now
	}
	after.LastAt = entries[len(entries)-1].At
	counts.came(after, after.FirstAt, 1)
	_, err = tx.NewInsert().Model(after).Exec(ctx)
	return err
}

// at narrows a query over attendance records to those at a session, "" for those at events.
func at(q *bun.SelectQuery, session turnout.ID) *bun.SelectQuery {
	if session == "" {
		return q.Where("session_id IS NULL")
	}
	return q.Where("session_id = ?", session)
}
