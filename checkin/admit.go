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
	"turnout/internal/database"
	"turnout/ticketing"
)

type item = database.Item[scanning, *Scan]

// admission is the one row by which a ticket is in on a list.
type admission struct {
	bun.BaseModel `bun:"table:admissions,alias:admission"`

	ListID      turnout.ID `bun:",pk"`
	TicketID    turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	ScanID      turnout.ID // the scan that won it
	Inside      bool
	At          time.Time
	EnteredBy   turnout.ID // the scan that let it in last
	EnteredAt   time.Time
	LastAt      time.Time // of the last scan that let it in or out
	Passes      int64     // scans that let it in or out

	was  bool  // inside, when it was read
	seen int64 // passes, when it was read
}

type admissionKey struct{ list, ticket turnout.ID }

// door is one transaction that serves many scans.
type door struct {
	tx    bun.Tx
	items []*item

	byNumber   map[turnout.ID]map[int64]*ticketing.DoorTicket // by event
	byID       map[turnout.ID]*ticketing.DoorTicket
	admissions map[admissionKey]*admission
	pasts      map[admissionKey]*past
	fresh      []*admission // to be won
	read       []*admission // as they were; some go out or come in again
	counts     *ledger
}

func (s *Service) admit(ctx context.Context, tx bun.Tx, items []*item) error {
	d := &door{tx: tx, items: items, counts: newLedger()}
	for _, step := range []func(context.Context) error{d.replay, d.readTickets, d.readAdmissions, d.readPasts, d.decide, d.win, d.write} {
		if len(d.items) == 0 {
			return nil
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// replay answers again what was answered before under the same nonce.
func (d *door) replay(ctx context.Context) error {
	type key struct{ caller, nonce string }
	first := map[key]*item{}
	nonces := map[string][]string{}
	for _, it := range d.items {
		nonces[it.In.Caller] = append(nonces[it.In.Caller], it.In.Nonce)
	}
	var rows []*Scan
	q := d.tx.NewSelect().Model(&rows)
	for _, caller := range slices.Sorted(maps.Keys(nonces)) {
		q = q.WhereOr("caller = ? AND nonce IN (?)", caller, bun.List(nonces[caller]))
	}
	if err := q.Scan(ctx); err != nil {
		return err
	}
	before := map[key]*Scan{}
	for _, r := range rows {
		before[key{r.Caller, r.Nonce}] = r
	}
	var left, again []*item
	for _, it := range d.items {
		k := key{it.In.Caller, it.In.Nonce}
		switch scan := before[k]; {
		case scan != nil && scan.RequestHash != it.In.hash, first[k] != nil && first[k].In.hash != it.In.hash:
			it.Err = ErrNonceReused
		case scan != nil:
			it.Out = scan
			again = append(again, it)
		case first[k] != nil:
			// Twice in one transaction: it is told to come again, alone, and finds the first one's answer.
			return errAlone
		default:
			first[k] = it
			left = append(left, it)
		}
	}
	d.items = left
	return recall(ctx, d.tx, again)
}

// errAlone makes the batcher run each request of the batch alone.
var errAlone = &turnout.Error{Kind: turnout.Conflict, Code: "alone", Message: "This scan is served again by itself."}

// recall fills in answers that were given before: their tickets and the scans in their way.
func recall(ctx context.Context, db bun.IDB, items []*item) error {
	tickets := map[turnout.ID][]turnout.ID{}
	var earlier []turnout.ID
	for _, it := range items {
		it.Out.Replay = true
		if it.Out.TicketID != "" {
			tickets[it.Out.EventID] = append(tickets[it.Out.EventID], it.Out.TicketID)
		}
		if it.Out.EarlierID != "" {
			earlier = append(earlier, it.Out.EarlierID)
		}
	}
	byID := map[turnout.ID]*ticketing.DoorTicket{}
	for event, ids := range tickets {
		found, err := ticketing.DoorTickets(ctx, db, event, nil, ids)
		if err != nil {
			return err
		}
		for _, t := range found {
			byID[t.ID] = t
		}
	}
	scans, err := scansByID(ctx, db, earlier)
	if err != nil {
		return err
	}
	for _, it := range items {
		it.Out.Ticket, it.Out.Earlier = byID[it.Out.TicketID], scans[it.Out.EarlierID]
	}
	return nil
}

func scansByID(ctx context.Context, db bun.IDB, ids []turnout.ID) (map[turnout.ID]*Scan, error) {
	byID := map[turnout.ID]*Scan{}
	if len(ids) == 0 {
		return byID, nil
	}
	var scans []*Scan
	err := db.NewSelect().Model(&scans).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	for _, scan := range scans {
		byID[scan.ID] = scan
	}
	return byID, err
}

func (d *door) readTickets(ctx context.Context) error {
	d.byNumber, d.byID = map[turnout.ID]map[int64]*ticketing.DoorTicket{}, map[turnout.ID]*ticketing.DoorTicket{}
	numbers, ids := map[turnout.ID][]int64{}, map[turnout.ID][]turnout.ID{}
	for _, it := range d.items {
		event := it.In.gate.event.ID
		d.byNumber[event] = map[int64]*ticketing.DoorTicket{}
		switch {
		case it.In.TicketID != "":
			ids[event] = append(ids[event], it.In.TicketID)
		case it.In.verdict == "":
			numbers[event] = append(numbers[event], it.In.code.Ticket)
		}
	}
	asks := map[turnout.ID]bool{} // for add-ons, by event
	for _, it := range d.items {
		if it.In.gate.list.asksForAddOns() {
			asks[it.In.gate.event.ID] = true
		}
	}
	for _, event := range slices.Sorted(maps.Keys(d.byNumber)) {
		tickets, err := ticketing.DoorTickets(ctx, d.tx, event, numbers[event], ids[event])
		if err == nil && asks[event] {
			err = ticketing.LoadTicketAddOns(ctx, d.tx, tickets)
		}
		if err != nil {
			return err
		}
		for _, t := range tickets {
			d.byNumber[event][t.Number], d.byID[t.ID] = t, t
		}
	}
	return nil
}

// ticket gives the ticket that a scan names, nil for none.
func (d *door) ticket(it *item) *ticketing.DoorTicket {
	if it.In.TicketID != "" {
		return d.byID[it.In.TicketID]
	}
	if it.In.verdict != "" {
		return nil
	}
	return d.byNumber[it.In.gate.event.ID][it.In.code.Ticket]
}

func (d *door) readAdmissions(ctx context.Context) error {
	d.admissions = map[admissionKey]*admission{}
	wanted := map[turnout.ID][]turnout.ID{}
	for _, it := range d.items {
		if t := d.ticket(it); t != nil {
			wanted[it.In.ListID] = append(wanted[it.In.ListID], t.ID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var rows []*admission
	q := d.tx.NewSelect().Model(&rows)
	for _, list := range slices.Sorted(maps.Keys(wanted)) {
		q = q.WhereOr("list_id = ? AND ticket_id IN (?)", list, bun.List(wanted[list]))
	}
	if err := q.Scan(ctx); err != nil {
		return err
	}
	for _, a := range rows {
		a.was, a.seen = a.Inside, a.Passes
		d.admissions[admissionKey{a.ListID, a.TicketID}] = a
		d.read = append(d.read, a)
	}
	return nil
}

// decide judges each scan by what was read, in the order of their coming.
func (d *door) decide(context.Context) error {
	for _, it := range d.items {
		in := &it.In
		t := d.ticket(it)
		scan := &Scan{
			ID: turnout.NewID("scn"), CommunityID: in.gate.list.CommunityID, EventID: in.gate.list.EventID, ListID: in.ListID, Caller: in.Caller,
			Nonce: in.Nonce, RequestHash: in.hash, Direction: in.Direction, Result: Refused, Gate: in.Gate, ScannedAt: in.scannedAt,
			ReceivedAt: in.now, At: in.at, Ticket: t,
		}
		it.Out = scan
		if t != nil {
			scan.TicketID = t.ID
		}
		if scan.Reason = refusal(in, t); scan.Reason == "" {
			d.pass(in, scan)
		}
	}
	return nil
}

// refusal says why a ticket may not pass, whatever happened at doors before.
func refusal(in *scanning, t *ticketing.DoorTicket) Reason {
	list := in.gate.list
	standing := list.Standing(in.at)
	switch {
	case in.verdict != "":
		return in.verdict
	case t == nil:
		return UnknownTicket
	case t.Status == ticketing.TicketCanceled:
		return Canceled
	case in.TicketID == "" && !t.Matches(in.code.Code):
		return Revoked
	case t.Status != ticketing.Valid || t.OrderStatus != ticketing.Confirmed:
		return Unpaid
	case !list.Accepts(t):
		return WrongList
	case standing == Early:
		return NotYetValid
	case standing == Closed:
		return NoLongerValid
	}
	return ""
}

// win writes the admissions. Of several servers that let the same ticket in at this moment, the database keeps one row: whoever
// lost begins again, and then sees the winner.
func (d *door) win(ctx context.Context) error {
	if err := d.stillValid(ctx); err != nil {
		return err
	}
	if len(d.fresh) > 0 {
		slices.SortFunc(d.fresh, byKey)
		n, err := database.Changed(d.tx.NewInsert().Model(&d.fresh).On("CONFLICT (list_id, ticket_id) DO NOTHING").Exec(ctx))
		if err != nil {
			return err
		}
		if n != int64(len(d.fresh)) {
			return database.ErrAgain
		}
	}
	// Those who went out or came in again are few: one row each, also of somebody who did both, so that an annulment cannot
	// come between.
	slices.SortFunc(d.read, byKey)
	for _, a := range d.read {
		if a.Passes == a.seen {
			continue
		}
		n, err := database.Changed(d.tx.NewUpdate().Model(a).Column("inside", "entered_by", "entered_at", "last_at", "passes").WherePK().Where("passes = ?", a.seen).Where("inside = ?", a.was).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return database.ErrAgain
		}
	}
	return nil
}

// stillValid locks the tickets that come in, and with them their records of presence. One that was canceled since it was read
// makes the batch begin again; a buyer cannot cancel it from here on.
func (d *door) stillValid(ctx context.Context) error {
	var ids []turnout.ID
	for _, it := range d.items {
		if it.Out.Result == Accepted && it.Out.Direction == Entry {
			ids = append(ids, it.Out.TicketID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // two lists may let one ticket in
	n, err := ticketing.LockValid(ctx, d.tx, ids)
	if err == nil && n != int64(len(ids)) {
		err = database.ErrAgain
	}
	return err
}

// byKey is the one order in which admissions are written, so that two servers never wait for each other.
func byKey(a, b *admission) int {
	return cmp.Or(cmp.Compare(a.ListID, b.ListID), cmp.Compare(a.TicketID, b.TicketID))
}

// write logs the scans, counts them, and keeps the records of who was present.
func (d *door) write(ctx context.Context) error {
	scans := make([]*Scan, len(d.items))
	var earlier []turnout.ID
	for i, it := range d.items {
		scans[i] = it.Out
		d.count(it)
		if it.Out.EarlierID != "" {
			earlier = append(earlier, it.Out.EarlierID)
		}
	}
	d.countInside()
	if _, err := d.tx.NewInsert().Model(&scans).Exec(ctx); err != nil {
		return err
	}
	if err := d.attend(ctx); err != nil {
		return err
	}
	known, err := scansByID(ctx, d.tx, earlier)
	if err != nil {
		return err
	}
	for _, scan := range scans {
		scan.Earlier = known[scan.EarlierID]
	}
	return d.counts.write(ctx, d.tx)
}

func (d *door) count(it *item) {
	scan := it.Out
	if scan.Result == Refused {
		d.counts.refused(scan, 1)
		return
	}
	if a := d.admissions[admissionKey{scan.ListID, scan.TicketID}]; a.ScanID == scan.ID {
		d.counts.admitted(scan, scan.Ticket.TicketTypeID, 1)
	}
}

// countInside counts by how the admissions are now and were before: somebody may have come and gone in one transaction.
func (d *door) countInside() {
	for key, a := range d.admissions {
		switch {
		case a.Inside && !a.was:
			d.counts.list(key.list).Inside++
		case !a.Inside && a.was:
			d.counts.list(key.list).Inside--
		}
	}
}

// attend keeps a record for each ticket that was let in, and one of the list's session.
func (d *door) attend(ctx context.Context) error {
	seen := presence{}
	for _, it := range d.items {
		if it.Out.Result == Accepted && it.Out.Direction == Entry {
			seen.seen(&it.Out.Ticket.Ticket, it.In.gate.list.SessionID, DoorScan, it.Out.At)
		}
	}
	return seen.write(ctx, d.tx, d.counts)
}

// InsideSince tells which of the tickets are inside by a list, and when they were let in.
func (s *Service) InsideSince(ctx context.Context, community, list turnout.ID, tickets []turnout.ID) (map[turnout.ID]time.Time, error) {
	since := map[turnout.ID]time.Time{}
	if len(tickets) == 0 {
		return since, nil
	}
	var rows []*admission
	err := s.DB.Read().NewSelect().Model(&rows).Where("list_id = ?", list).Where("ticket_id IN (?)", bun.List(tickets)).
		Where("community_id = ?", community).Where("inside").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkin: inside since: %w", err)
	}
	for _, a := range rows {
		since[a.TicketID] = a.At
	}
	return since, nil
}
