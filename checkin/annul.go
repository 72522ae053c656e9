package checkin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
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
	counts := newLedger()
	if annulled.Result == Refused {
		counts.refused(annulled, -1)
		return counts.write(ctx, tx)
	}
	// Read under lock: scans and other annulments of this ticket wait, and the log below is all there is.
	ticket, err := ticketing.LockTicket(ctx, tx, annulled.CommunityID, annulled.TicketID)
	if err != nil {
		return err
	}
	before := new(admission)
	err = tx.NewUpdate().Model(before).Set("inside = inside").Where("list_id = ?", annulled.ListID).Where("ticket_id = ?", annulled.TicketID).
		Returning("*").Scan(ctx)
	if database.IsNoRows(err) {
		return nil // an exit whose entry was annulled before: nothing is read from it any more
	}
	if err != nil {
		return err
	}
	if err := rereadAdmission(ctx, tx, before, ticket, counts, s.Now()); err != nil {
		return err
	}
	if err := rereadAttendance(ctx, tx, ticket, counts); err != nil {
		return err
	}
	return counts.write(ctx, tx)
}

// rereadAdmission makes a ticket's admission on a list what the log says; without an entry that stands it goes.
func rereadAdmission(ctx context.Context, tx bun.IDB, before *admission, ticket *ticketing.Ticket, counts *ledger, now time.Time) error {
	winners, err := scansByID(ctx, tx, []turnout.ID{before.ScanID})
	if err != nil {
		return err
	}
	after, winner, err := admissionByLog(ctx, tx, before, now)
	if err != nil {
		return err
	}
	counts.admitted(winners[before.ScanID], ticket.TicketTypeID, -1)
	list := counts.list(before.ListID)
	if before.Inside {
		list.Inside--
	}
	if after == nil {
		_, err := tx.NewDelete().Model(before).WherePK().Exec(ctx)
		return err
	}
	counts.admitted(winner, ticket.TicketTypeID, 1)
	if after.Inside {
		list.Inside++
	}
	_, err = tx.NewUpdate().Model(after).Column("scan_id", "at", "inside", "entered_by", "entered_at", "passes").WherePK().Exec(ctx)
	return err
}

// admissionByLog gives the admission that the accepted scans make which stand, and the scan that wins it, nil for none: the
// first entry wins, exits before it count for nothing, and whoever came in last before everybody was taken as gone is not inside.
func admissionByLog(ctx context.Context, tx bun.IDB, a *admission, now time.Time) (*admission, *Scan, error) {
	var left []*Scan
	if err := standing(tx, &left, a.ListID).Where("ticket_id = ?", a.TicketID).Scan(ctx); err != nil {
		return nil, nil, err
	}
	first := slices.IndexFunc(left, func(s *Scan) bool { return s.Direction == Entry })
	if first < 0 {
		return nil, nil, nil
	}
	g, err := readGate(ctx, tx, a.ListID)
	if err != nil {
		return nil, nil, err
	}
	after := &admission{ListID: a.ListID, TicketID: a.TicketID, ScanID: left[first].ID, At: left[first].at(), Passes: a.Passes + 1}
	for _, scan := range left[first:] {
		if after.Inside = scan.Direction == Entry; after.Inside {
			after.EnteredBy, after.EnteredAt = scan.ID, scan.at()
		}
	}
	after.Inside = after.Inside && !after.EnteredAt.Before(g.list.GoneAt) &&
		g.rules.Inside(&rules.Pass{At: rules.At(now), Entries: []rules.Minute{rules.At(after.EnteredAt)}, Inside: true})
	return after, left[first], nil
}

// standing reads the scans of a list that let somebody in or out and were not annulled, in the order of their coming.
func standing(db bun.IDB, scans *[]*Scan, list turnout.ID) *bun.SelectQuery {
	return db.NewSelect().Model(scans).Where("list_id = ?", list).Where("result = ?", Accepted).Where("annulled_at IS NULL").Order("id")
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
	record.FirstAt = entries[0].at()
	record.LastAt = record.FirstAt
	for _, e := range entries[1:] {
		at := e.at()
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
