package checkin

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// ErrAnnulled says that a scan was annulled before.
var ErrAnnulled = &turnout.Error{Kind: turnout.Conflict, Code: "already_annulled", Message: "This scan was annulled already."}

// Annul takes a scan back, and with the only entry of a ticket the exits after it: it stays in the log, marked, and everything that was read from it (the admission, the counters, the
// attendance record) becomes what the rest of the log says. It fails with turnout.ErrNotFound and ErrAnnulled.
func (s *Service) Annul(ctx context.Context, community, id turnout.ID) (*Scan, error) {
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
			Set("annulled_by = ?", audit.ActorFrom(ctx).ID).Set("conflict_id = NULL").Where("id = ?", id).Where("annulled_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrAnnulled
		}
		scan.AnnulledAt = now
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
		_, err = tx.NewUpdate().Model((*Scan)(nil)).Set("annulled_at = ?", annulled.AnnulledAt).Set("annulled_by = ?", audit.ActorFrom(ctx).ID).Where("id IN (?)", bun.List(m.orphans)).Exec(ctx)
	}
	if err != nil {
		return err
	}
	if err := rereadAttendance(ctx, tx, ticket, counts); err != nil {
		return err
	}
	return counts.write(ctx, tx)
}

// rereadAttendance makes a ticket's record what the entries say that stand at all doors of the event; without any it goes. A
// record of another source stays.
func rereadAttendance(ctx context.Context, tx bun.IDB, ticket *ticketing.Ticket, counts *ledger) error {
	record := new(Attendance)
	err := tx.NewSelect().Model(record).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).Scan(ctx)
	if database.IsNoRows(err) || err == nil && record.Source != DoorScan {
		return nil
	}
	if err != nil {
		return err
	}
	var entries []*Scan
	if err := tx.NewSelect().Model(&entries).Where("event_id = ?", ticket.EventID).Where("ticket_id = ?", ticket.ID).
		Where("result = ?", Accepted).Where("direction = ?", Entry).Where("annulled_at IS NULL").Scan(ctx); err != nil {
		return err
	}
	counts.came(ticket, record.FirstAt, -1)
	if len(entries) == 0 {
		_, err := tx.NewDelete().Model(record).WherePK().Exec(ctx)
		return err
	}
	record.FirstAt = entries[0].At
	record.LastAt = record.FirstAt
	for _, e := range entries[1:] {
		at := e.At
		if at.Before(record.FirstAt) {
			record.FirstAt = at
		}
		if at.After(record.LastAt) {
			record.LastAt = at
		}
	}
	counts.came(ticket, record.FirstAt, 1)
	_, err = tx.NewUpdate().Model(record).Column("first_at", "last_at").WherePK().Exec(ctx)
	return err
}
