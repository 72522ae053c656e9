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
	before := new(admission)
	key := func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("list_id = ?", annulled.ListID).Where("ticket_id = ?", annulled.TicketID)
	}
	if err := key(tx.NewSelect().Model(before)).Scan(ctx); err != nil {
		return err
	}
	var left []*Scan
	if err := key(tx.NewSelect().Model(&left)).Where("result = ?", Accepted).Where("annulled_at IS NULL").Order("id").Scan(ctx); err != nil {
		return err
	}
	// Scans that followed an annulled entry keep their places only from the next entry on.
	for len(left) > 0 && left[0].Direction == Exit {
		left = left[1:]
	}
	if before.Inside {
		add.Inside--
	}
	if len(left) == 0 {
		add.Admitted--
		if _, err := tx.NewDelete().Model(before).WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := s.forgetAttendance(ctx, tx, annulled); err != nil {
			return err
		}
		return addCounts(ctx, tx, annulled.ListID, add)
	}
	after := &admission{ListID: before.ListID, TicketID: before.TicketID, ScanID: left[0].ID, At: left[0].ScannedAt,
		Inside: left[len(left)-1].Direction == Entry}
	if after.Inside {
		add.Inside++
	}
	if _, err := tx.NewUpdate().Model(after).Column("scan_id", "at", "inside").WherePK().Exec(ctx); err != nil {
		return err
	}
	return addCounts(ctx, tx, annulled.ListID, add)
}

// forgetAttendance removes the record of a ticket that no door let in any more. A record of another source stays.
func (s *Service) forgetAttendance(ctx context.Context, tx bun.IDB, annulled *Scan) error {
	_, err := tx.NewDelete().Model((*Attendance)(nil)).Where("event_id = ?", annulled.EventID).Where("ticket_id = ?", annulled.TicketID).
		Where("source = ?", DoorScan).
		Where("NOT EXISTS (SELECT 1 FROM admissions WHERE admissions.ticket_id = attendance.ticket_id)").Exec(ctx)
	return err
}
