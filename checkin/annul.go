package checkin

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// ErrAnnulled says that a scan was annulled before.
var ErrAnnulled = &turnout.Error{Kind: turnout.Conflict, Code: "already_annulled", Message: "This scan was annulled already."}

// Annul takes a scan back: it stays in the log, marked, and everything that was read from it (the admission, the counters, the
// attendance record) becomes what the rest of the log says. It fails with turnout.ErrNotFound and ErrAnnulled.
func (s *Service) Annul(ctx context.Context, community, id turnout.ID) (*Scan, error) {
	scan := new(Scan)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		*scan = Scan{}
		if err := tx.NewSelect().Model(scan).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		now := s.Now()
		n, err := database.Changed(tx.NewUpdate().Model((*Scan)(nil)).Set("annulled_at = ?", now).
			Set("annulled_by = ?", audit.ActorFrom(ctx).ID).Where("id = ?", id).Where("annulled_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrAnnulled
		}
		scan.AnnulledAt = now
		if err := s.reread(ctx, tx, scan); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "scan.annulled", Subject: id, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("checkin: annul: %w", err)
	}
	return scan, nil
}

// reread makes the admission of the scan's ticket on its list, the list's counters and the attendance record what the log
// without the annulled scan says.
func (s *Service) reread(ctx context.Context, tx bun.IDB, annulled *Scan) error {
	add := &List{}
	if annulled.Result == Refused {
		add.Refused = -1
		return addCounts(ctx, tx, annulled.ListID, add)
	}
	// Read under lock: scans and other annulments of this ticket wait, and the log below is all there is.
	before := new(admission)
	err := tx.NewUpdate().Model(before).Set("inside = inside").Where("list_id = ?", annulled.ListID).Where("ticket_id = ?", annulled.TicketID).
		Returning("*").Scan(ctx)
	if database.IsNoRows(err) {
		return nil // an exit whose entry was annulled before: nothing is read from it any more
	}
	if err != nil {
		return err
	}
	after, err := admissionByLog(ctx, tx, before)
	if err != nil {
		return err
	}
	if before.Inside {
		add.Inside--
	}
	if after == nil {
		add.Admitted--
		_, err = tx.NewDelete().Model(before).WherePK().Exec(ctx)
	} else {
		if after.Inside {
			add.Inside++
		}
		_, err = tx.NewUpdate().Model(after).Column("scan_id", "at", "inside").WherePK().Exec(ctx)
	}
	if err != nil {
		return err
	}
	if err := rereadAttendance(ctx, tx, annulled); err != nil {
		return err
	}
	return addCounts(ctx, tx, annulled.ListID, add)
}

// admissionByLog gives the admission that the accepted scans make which stand, nil for none: the first entry wins, exits
// before it count for nothing.
func admissionByLog(ctx context.Context, tx bun.IDB, a *admission) (*admission, error) {
	var left []*Scan
	if err := tx.NewSelect().Model(&left).Where("list_id = ?", a.ListID).Where("ticket_id = ?", a.TicketID).
		Where("result = ?", Accepted).Where("annulled_at IS NULL").Order("id").Scan(ctx); err != nil {
		return nil, err
	}
	for len(left) > 0 && left[0].Direction == Exit {
		left = left[1:]
	}
	if len(left) == 0 {
		return nil, nil
	}
	return &admission{ListID: a.ListID, TicketID: a.TicketID, ScanID: left[0].ID, At: ruleTime(left[0].ScannedAt, left[0].ReceivedAt),
		Inside: left[len(left)-1].Direction == Entry}, nil
}

// rereadAttendance makes a ticket's record what the entries say that stand at all doors of the event; without any it goes. A
// record of another source stays.
func rereadAttendance(ctx context.Context, tx bun.IDB, annulled *Scan) error {
	record := new(Attendance) // under lock, before the log is read: another door may be writing both
	err := tx.NewUpdate().Model(record).Set("last_at = last_at").Where("event_id = ?", annulled.EventID).
		Where("ticket_id = ?", annulled.TicketID).Returning("*").Scan(ctx)
	if database.IsNoRows(err) || err == nil && record.Source != DoorScan {
		return nil
	}
	if err != nil {
		return err
	}
	var entries []*Scan
	if err := tx.NewSelect().Model(&entries).Where("event_id = ?", annulled.EventID).Where("ticket_id = ?", annulled.TicketID).
		Where("result = ?", Accepted).Where("direction = ?", Entry).Where("annulled_at IS NULL").Scan(ctx); err != nil {
		return err
	}
	if len(entries) == 0 {
		_, err := tx.NewDelete().Model(record).WherePK().Exec(ctx)
		return err
	}
	record.FirstAt = ruleTime(entries[0].ScannedAt, entries[0].ReceivedAt)
	record.LastAt = record.FirstAt
	for _, e := range entries[1:] {
		at := ruleTime(e.ScannedAt, e.ReceivedAt)
		if at.Before(record.FirstAt) {
			record.FirstAt = at
		}
		if at.After(record.LastAt) {
			record.LastAt = at
		}
	}
	_, err = tx.NewUpdate().Model(record).Column("first_at", "last_at").WherePK().Exec(ctx)
	return err
}
