package checkin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/internal/database"
	"turnout/ticketing"
)

// QueuedScan is a scan that a door decided, or could not ask about, while it had no network.
type QueuedScan struct {
	ScanInput
	// Number and Lookup stand for the code, which no door keeps: the ticket's number and ticketing.Lookup of the code's nonce.
	Number int64
	Lookup string
	// Skew is what was known, when the scan was queued, to be missing from the door's clock: ScannedAt plus Skew is our time. Of a clock that is years off, a
	// scan that the door decided counts for when it is told.
	Skew time.Duration
	// Result is what the door did: nobody who was let in is put out again by what we know better. Empty: we decide by what we know,
	// but for double entries, which are let in.
	Result Result
	Reason Reason // of a refusal, as the door gave it
}

// Synced is the answer to one queued scan.
type Synced struct {
	Nonce string
	Scan  *Scan // nil with Err
	Err   error // Invalid, ErrNonceReused: it cannot be taken, and sending it again does not help
}

// MaxQueued is how many scans are taken at once.
const MaxQueued = 200

// retold follows the nonce of a scan that we refused and the door, which did not hear of it, accepted.
const retold = "+"

// queueMargin is how long before and after an event its scans can have happened.
const queueMargin = 365 * 24 * time.Hour

// Sync logs scans that waited at a door, in the order in which they are given, each in a transaction of its own: sent again, each gets its
// first answer (Replay), so a batch that broke off is sent again whole. Entries of one ticket that doors let in without knowing of each other all stay
// accepted; by time, device and nonce the first is the admission, the later ones are in conflict (Scan.Conflict), whatever the order in
// which they come: see merge. It fails with an Invalid error for too many, turnout.ErrNotFound for a list of another community.
func (s *Service) Sync(ctx context.Context, community, list turnout.ID, items []QueuedScan) ([]Synced, error) {
	if len(items) > MaxQueued {
		return nil, turnout.Invalidf("items", "too_many", "At most %d scans are taken at once.", MaxQueued)
	}
	g, err := s.gate(ctx, community, list)
	if err != nil {
		return nil, fmt.Errorf("checkin: sync: %w", err)
	}
	answers := make([]Synced, 0, len(items))
	for _, in := range items {
		in.ListID = list
		scan, err := s.take(ctx, g, in)
		if known, ok := errors.AsType[*turnout.Error](err); err != nil && (!ok || known.Kind != turnout.Invalid && known.Kind != turnout.Conflict) {
			return nil, fmt.Errorf("checkin: sync: %w", err)
		}
		answers = append(answers, Synced{in.Nonce, scan, err})
	}
	return answers, nil
}

func (in *QueuedScan) check(g knownGate) error {
	var p turnout.Problems
	byLookup := in.ScanInput
	if in.Lookup != "" || in.Number != 0 {
		if in.Code != "" || in.TicketID != "" || in.Lookup == "" || in.Number == 0 {
			p.Add("lookup", "required", "Send the code, the ticket's id, or both lookup and number.")
		}
		byLookup.Code = in.Lookup
		byLookup.TicketID = ""
	}
	if err := byLookup.check(); err != nil {
		known, _ := errors.AsType[*turnout.Error](err)
		p = append(p, known.Fields...)
	}
	in.Direction = byLookup.Direction
	if in.Result != "" && in.Result != Accepted && in.Result != Refused {
		p.Add("result", "unknown", "Choose accepted or refused.")
	}
	if _, known := messages[in.Reason]; in.Result == Refused && !known {
		p.Add("reason", "unknown", "A refusal needs one of the reasons that doors have.")
	}
	if in.ScannedAt.IsZero() || in.Result == "" && !in.clocked(g) {
		p.Add("scanned_at", "out_of_range", "This needs the time at the door, within a year of the event.")
	}
	return p.Err()
}

// clocked says whether the door's clock can have been right. One that was lost with the battery is no reason to lose what the door decided.
func (in *QueuedScan) clocked(g knownGate) bool {
	at := in.ScannedAt.Add(in.Skew)
	return !at.Before(g.event.StartsAt.Add(-queueMargin)) && !at.After(g.event.EndsAt.Add(queueMargin))
}

// take logs one queued scan. The same nonce at another server in the same moment is asked about again: then its answer is there.
func (s *Service) take(ctx context.Context, g knownGate, in QueuedScan) (scan *Scan, err error) {
	if err := in.check(g); err != nil {
		return nil, err
	}
	for range 2 {
		err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			scan, err = s.takeIn(ctx, tx, g, in)
			return err
		})
		if !database.IsUnique(err) {
			break
		}
	}
	return scan, err
}

func (s *Service) takeIn(ctx context.Context, tx bun.Tx, g knownGate, in QueuedScan) (*Scan, error) {
	hashed := in.ScanInput
	if in.Lookup != "" {
		hashed.Code = in.Lookup
	}
	told := scanning{ScanInput: in.ScanInput, gate: g, hash: hashed.hash(), now: s.Now(), at: in.ScannedAt.Add(in.Skew).UTC().Truncate(time.Microsecond)}
	if told.at.After(told.now) || !in.clocked(g) { // it cannot have happened after it was told, nor years before the event
		told.at = told.now
	}
	before := new(Scan)
	err := tx.NewSelect().Model(before).Where("caller = ?", in.Caller).Where("nonce = ?", in.Nonce).Scan(ctx)
	if err == nil {
		if before.RequestHash != told.hash {
			return nil, ErrNonceReused
		}
		if before.Result == Refused && !before.Offline && in.Result == Accepted && !strings.HasSuffix(in.Nonce, retold) {
			in.Nonce += retold // our answer was lost on its way, and the door let them in: that happened too
			return s.takeIn(ctx, tx, g, in)
		}
		return before, errors.Join(recall(ctx, tx, []*item{{Out: before}}), s.conflictOf(ctx, tx, before))
	}
	if !database.IsNoRows(err) {
		return nil, err
	}
	t, reason, err := s.queuedTicket(ctx, tx, &told, in)
	if err != nil {
		return nil, err
	}
	scan := &Scan{ID: turnout.NewID("scn"), CommunityID: g.list.CommunityID, EventID: g.list.EventID, ListID: g.list.ID, Caller: in.Caller, Nonce: in.Nonce, RequestHash: told.hash,
		Direction: in.Direction, Result: Accepted, Reason: reason, Gate: in.Gate, ScannedAt: in.ScannedAt.UTC().Truncate(time.Microsecond), ReceivedAt: told.now, At: told.at, Offline: true, Ticket: t}
	if t != nil {
		scan.TicketID = t.ID
	}
	switch {
	case in.Result == Refused:
		scan.Result, scan.Reason = Refused, in.Reason
	case t == nil, in.Result == "" && reason != "":
		scan.Result = Refused
	}
	return scan, s.enter(ctx, tx, g, scan, in.Result == "")
}

// queuedTicket gives the ticket that a queued scan names, nil for none, and what would be said against it now.
func (s *Service) queuedTicket(ctx context.Context, tx bun.Tx, item *scanning, in QueuedScan) (*ticketing.DoorTicket, Reason, error) {
	var numbers []int64
	var ids []turnout.ID
	switch {
	case in.TicketID != "":
		ids = append(ids, in.TicketID)
	case in.Code != "":
		if item.code, item.verdict = readCode(item.gate, in.Code); item.verdict != "" {
			return nil, item.verdict, nil
		}
		numbers = append(numbers, item.code.Ticket)
	default:
		numbers = append(numbers, in.Number)
	}
	tickets, err := ticketing.DoorTickets(ctx, tx, item.gate.event.ID, numbers, ids)
	if err == nil && item.gate.list.asksForAddOns() {
		err = ticketing.LoadTicketAddOns(ctx, tx, tickets)
	}
	if err != nil || len(tickets) == 0 {
		return nil, UnknownTicket, err
	}
	t, revoked := tickets[0], false
	if in.Lookup != "" {
		if revoked = t.LookedUpBefore(in.Lookup); !revoked && !t.LookedUp(in.Lookup) {
			return nil, UnknownTicket, nil
		}
		item.TicketID = t.ID // the lookup has shown which code it was
	}
	reason := refusal(item, t)
	if reason == "" && revoked {
		reason = Revoked
	}
	return t, reason, nil
}

// enter writes a queued scan and what follows from it. asked says that the door did not decide: then the rules do, by what the log says
// of the time before.
func (s *Service) enter(ctx context.Context, tx bun.Tx, g knownGate, scan *Scan, asked bool) error {
	var ticket *ticketing.Ticket
	var err error
	if scan.Result == Accepted {
		if ticket, err = ticketing.LockTicket(ctx, tx, scan.CommunityID, scan.TicketID); err != nil {
			return err
		}
		if asked && scan.Direction == Entry && len(g.list.Rules) > 0 {
			if err := s.judge(ctx, tx, g, scan); err != nil {
				return err
			}
		}
	}
	if _, err := tx.NewInsert().Model(scan).Exec(ctx); err != nil {
		return err
	}
	counts := newLedger()
	if scan.Result == Refused {
		counts.refused(scan, 1)
		return counts.write(ctx, tx)
	}
	if _, err := s.settle(ctx, tx, scan.ListID, ticket, counts); err != nil {
		return err
	}
	if scan.Direction == Entry {
		seen := presence{}
		seen.seen(ticket, g.list.SessionID, DoorScan, scan.At)
		if err := seen.write(ctx, tx, counts); err != nil {
			return err
		}
	}
	if err := counts.write(ctx, tx); err != nil {
		return err
	}
	return s.conflictOf(ctx, tx, scan)
}

// judge refuses an entry that the list's rules refuse, how often the ticket came in left aside.
func (s *Service) judge(ctx context.Context, tx bun.Tx, g knownGate, scan *Scan) error {
	var log []*Scan
	if err := standing(tx, &log, scan.ListID).Where("ticket_id = ?", scan.TicketID).Where("at < ?", scan.At).Scan(ctx); err != nil {
		return err
	}
	var before past
	for _, earlier := range log {
		before.add(earlier.Direction, earlier.At)
	}
	p := &rules.Pass{At: rules.At(scan.At), Gate: scan.Gate, Type: string(scan.Ticket.TicketTypeID), Entries: before.entries, Exits: before.exits}
	for _, id := range scan.Ticket.AddOnIDs {
		p.AddOns = append(p.AddOns, string(id))
	}
	only := *g.rules
	only.Entry = rules.Multiple
	if v := only.Enter(p); v.Reason != "" {
		scan.Result = Refused
		(&door{}).refuse(scan, nil, v)
	}
	return nil
}

// conflictOf fills in the entry with which a scan is in conflict: the one before it, else the first of those after it.
func (s *Service) conflictOf(ctx context.Context, db bun.IDB, scan *Scan) error {
	var others []*Scan
	err := db.NewSelect().Model(&others).Where("list_id = ?", scan.ListID).Where("ticket_id = ?", scan.TicketID).
		Where("id = (SELECT conflict_id FROM scans WHERE id = ?0) OR conflict_id = ?0", scan.ID).Order("at", "caller", "nonce").Scan(ctx)
	if i := slices.IndexFunc(others, func(o *Scan) bool { return o.ConflictID != scan.ID }); i >= 0 {
		scan.Conflict, scan.ConflictID = others[i], others[i].ID
	} else if len(others) > 0 {
		scan.Conflict = others[0]
	}
	return err
}

// Conflicts lists the double entries of a list, newest first, at most limit, each with the entry before it and its ticket.
func (s *Service) Conflicts(ctx context.Context, community, list turnout.ID, limit int) ([]*Scan, error) {
	db := s.DB.Read()
	var scans []*Scan
	err := db.NewSelect().Model(&scans).Where("list_id = ?", list).Where("community_id = ?", community).Where("conflict_id IS NOT NULL").OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx)
	if err == nil {
		err = s.recalled(ctx, scans)
	}
	if err != nil || len(scans) == 0 {
		return nil, err
	}
	ids := make([]turnout.ID, len(scans))
	for i, scan := range scans {
		ids[i] = scan.ConflictID
	}
	before, err := scansByID(ctx, db, ids)
	if err != nil {
		return nil, fmt.Errorf("checkin: conflicts: %w", err)
	}
	for _, scan := range scans {
		scan.Conflict = before[scan.ConflictID]
	}
	return scans, nil
}
