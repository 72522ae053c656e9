package checkin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/internal/database"
	"turnout/ticketing"
)

// merged is what the scans say together that let one ticket in and out by one list.
type merged struct {
	first, last *Scan // entries; nil for none
	lastAt      time.Time
	inside      bool
	orphans     []turnout.ID              // exits before any entry
	conflicts   map[turnout.ID]turnout.ID // of entries that the list lets in only once, or once more after something: the entry before
}

// merge puts the accepted scans of a ticket in the order in which they count as having happened, whatever the order in which they came: by
// time, device and nonce. None is reversed: the first entry is the admission, exits before it count for nothing, and an entry that the list
// would not have let in, had its door known of those before, is in conflict with the last of them, unless a supervisor knew and let them in.
func merge(l *rules.List, log []*Scan) merged {
	log = slices.Clone(log)
	slices.SortFunc(log, func(a, b *Scan) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Nonce, b.Nonce))
	})
	entry := *l
	entry.Rules = nil // what was let in against them is no double entry
	m := merged{conflicts: map[turnout.ID]turnout.ID{}}
	var before past
	for _, scan := range log {
		if scan.Direction == Entry {
			p := rules.Pass{At: rules.At(scan.At), Entries: before.entries, Exits: before.exits, Inside: m.inside}
			if m.last != nil && scan.Overrides == "" && entry.Enter(&p).Reason != "" {
				m.conflicts[scan.ID] = m.last.ID
			}
			if m.last = scan; m.first == nil {
				m.first = scan
			}
		}
		if m.first == nil {
			m.orphans = append(m.orphans, scan.ID)
		} else {
			m.inside, m.lastAt = scan.Direction == Entry, scan.At
			before.add(scan.Direction, scan.At)
		}
	}
	return m
}

// settle makes a ticket's admission on a list, and which of its scans are in conflict, what the log says; without an entry there is none.
// The ticket must be locked: scans and annulments of it wait, and the log is all there is.
func (s *Service) settle(ctx context.Context, tx bun.IDB, list turnout.ID, ticket *ticketing.Ticket, counts *ledger) (m merged, err error) {
	before := new(admission) // locked too: who goes out does not lock the ticket
	err = tx.NewUpdate().Model(before).Set("passes = passes + 1").Where("list_id = ?", list).Where("ticket_id = ?", ticket.ID).Returning("*").Scan(ctx)
	if database.IsNoRows(err) {
		before = nil
	} else if err != nil {
		return m, err
	}
	var log []*Scan
	if err := standing(tx, &log, list).Where("ticket_id = ?", ticket.ID).Scan(ctx); err != nil {
		return m, err
	}
	g, err := readGate(ctx, tx, list)
	if err != nil {
		return m, err
	}
	m = merge(g.rules, log)
	if err := writeConflicts(ctx, tx, log, m.conflicts); err != nil {
		return m, err
	}
	if before != nil {
		winners, err := scansByID(ctx, tx, []turnout.ID{before.ScanID})
		if err != nil {
			return m, err
		}
		counts.admitted(winners[before.ScanID], ticket.TicketTypeID, -1)
		if before.Inside {
			counts.list(list).Inside--
		}
	}
	if m.first == nil {
		_, err = tx.NewDelete().Model((*admission)(nil)).Where("list_id = ?", list).Where("ticket_id = ?", ticket.ID).Exec(ctx)
		return m, err
	}
	after := &admission{ListID: list, TicketID: ticket.ID, CommunityID: ticket.CommunityID, ScanID: m.first.ID, At: m.first.At, EnteredBy: m.last.ID, EnteredAt: m.last.At, LastAt: m.lastAt, Passes: 1}
	after.Inside = m.inside && !m.last.At.Before(g.list.GoneAt) &&
		g.rules.Inside(&rules.Pass{At: rules.At(s.Now()), Entries: []rules.Minute{rules.At(m.last.At)}, Inside: true})
	counts.admitted(m.first, ticket.TicketTypeID, 1)
	if after.Inside {
		counts.list(list).Inside++
	}
	if before == nil {
		_, err = tx.NewInsert().Model(after).Exec(ctx)
		return m, err
	}
	_, err = tx.NewUpdate().Model(after).Column("scan_id", "at", "inside", "entered_by", "entered_at", "last_at").WherePK().Exec(ctx)
	return m, err
}

// writeConflicts notes which scans are in conflict now; most never are.
func writeConflicts(ctx context.Context, tx bun.IDB, log []*Scan, conflicts map[turnout.ID]turnout.ID) error {
	for _, scan := range log {
		if scan.ConflictID == conflicts[scan.ID] {
			continue
		}
		scan.ConflictID = conflicts[scan.ID]
		if _, err := tx.NewUpdate().Model(scan).Column("conflict_id").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// standing reads the scans of a list that let somebody in or out and were not annulled, in the order in which they happened.
func standing(db bun.IDB, scans *[]*Scan, list turnout.ID) *bun.SelectQuery {
	return db.NewSelect().Model(scans).Where("list_id = ?", list).Where("result = ?", Accepted).Where("annulled_at IS NULL").Order("at", "caller", "nonce")
}
