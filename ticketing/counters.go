package ticketing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// totals are the counters of an event; in a ledger, what to add.
type totals struct {
	bun.BaseModel `bun:"table:event_totals,alias:totals"`

	EventID         turnout.ID `bun:",pk"`
	CommunityID     turnout.ID
	LastOrder       int64
	LastTicket      int64
	LastType        int64
	OrdersHeld      int64
	OrdersConfirmed int64
	TicketsReserved int64
	TicketsValid    int64
	TicketsCanceled int64
	Paid            int64
	ProviderFees    int64
	Refunded        int64
	Transfers       int64
	RefundsManual   int64
	RefundsFailed   int64
	Waiting         int64
	Approvals       int64
}

// addTotals adds to an event's counters and gives what they are then.
func addTotals(ctx context.Context, tx bun.IDB, add *totals) (*totals, error) {
	after := new(totals)
	q := tx.NewUpdate().Model(after).Where("event_id = ?", add.EventID).Returning("*")
	for column, n := range map[string]int64{
		"last_order": add.LastOrder, "last_ticket": add.LastTicket, "last_type": add.LastType, "orders_held": add.OrdersHeld, "orders_confirmed": add.OrdersConfirmed,
		"tickets_reserved": add.TicketsReserved, "tickets_valid": add.TicketsValid, "tickets_canceled": add.TicketsCanceled,
		"paid": add.Paid, "provider_fees": add.ProviderFees, "refunded": add.Refunded, "transfers": add.Transfers,
		"refunds_manual": add.RefundsManual, "refunds_failed": add.RefundsFailed, "waiting": add.Waiting, "approvals": add.Approvals,
	} {
		if n != 0 {
			q = q.Set("? = ? + ?", bun.Ident(column), bun.Ident(column), n)
		}
	}
	if *add == (totals{EventID: add.EventID}) {
		q = q.Set("last_order = last_order") // nothing to add: still read under lock
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("counters of event %s: %w", add.EventID, err)
	}
	return after, nil
}

// TypeTotals counts an event's tickets of one type and attendance mode: a type may have changed the mode that it sells.
type TypeTotals struct {
	bun.BaseModel `bun:"table:ticket_totals,alias:total"`

	EventID        turnout.ID `bun:",pk"`
	TicketTypeID   turnout.ID `bun:",pk"`
	AttendanceMode Mode       `bun:",pk"`
	CommunityID    turnout.ID
	Reserved       int64
	Valid          int64
	Canceled       int64
	Charged        int64 // valid and not free
	Income         int64 // what the valid ones were sold for, in minor units, as their orders have it
}

// SalesTotals counts the tickets of confirmed orders by the quarter of an hour, in UTC, in which their order was confirmed.
type SalesTotals struct {
	bun.BaseModel `bun:"table:sales_totals,alias:sale"`

	EventID     turnout.ID `bun:",pk"`
	StartsAt    time.Time  `bun:",pk"`
	CommunityID turnout.ID
	Tickets     int64
}

// AddOnTotals counts an event's units of an add-on in orders.
type AddOnTotals struct {
	bun.BaseModel `bun:"table:add_on_totals,alias:total"`

	EventID     turnout.ID `bun:",pk"`
	AddOnID     turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	Held        int64 // in orders that are not confirmed yet
	Sold        int64
	Income      int64 // of those sold, minor units
}

// SalesQuarter is the stretch of time by which sales are counted.
const SalesQuarter = 15 * time.Minute

type typeKey struct {
	event, ticketType turnout.ID
	mode              Mode
}

type addOnKey struct{ event, addOn turnout.ID }

type quarterKey struct {
	event turnout.ID
	start time.Time
}

// ledger gathers what a transaction adds to counters. What an order counts for stands in one place, count: whoever changes an
// order's state takes it out, changes it, and puts it in again. Whoever changes its payments or refunds lets it be watched before.
type ledger struct {
	events   map[turnout.ID]*totals
	types    map[typeKey]*TypeTotals
	quarters map[quarterKey]*SalesTotals
	addOns   map[addOnKey]*AddOnTotals
	vouchers map[turnout.ID]used
	watched  []*Order
	after    map[turnout.ID]*totals // the events' counters, once written
}

func newLedger() *ledger {
	return &ledger{events: map[turnout.ID]*totals{}, types: map[typeKey]*TypeTotals{}, quarters: map[quarterKey]*SalesTotals{},
		addOns: map[addOnKey]*AddOnTotals{}, vouchers: map[turnout.ID]used{}, after: map[turnout.ID]*totals{}}
}

func (l *ledger) of(event turnout.ID) *totals {
	if l.events[event] == nil {
		l.events[event] = &totals{EventID: event}
	}
	return l.events[event]
}

// count adds an order, whole, as it stands now, n times: 1 puts it in, -1 takes it out.
func (l *ledger) count(o *Order, n int64) {
	add := l.of(o.EventID)
	switch o.Status {
	case Confirmed:
		add.OrdersConfirmed += n
	case Held, AwaitingApproval, Pending:
		add.OrdersHeld += n
	}
	if o.Status == Pending && slices.ContainsFunc(o.Payments, func(p *Payment) bool { return p.Provider == offlineProvider }) {
		add.Transfers += n
	}
	if o.Status == AwaitingApproval {
		add.Approvals += n
	}
	lines := map[turnout.ID]*OrderLine{}
	for _, line := range o.Lines {
		lines[line.ID] = line
		l.countLine(o, line, n)
	}
	for _, t := range o.Tickets {
		row := l.ofType(t)
		switch t.Status {
		case Reserved:
			add.TicketsReserved += n
			row.Reserved += n
		case Valid:
			add.TicketsValid += n
			row.Valid += n
			line := lines[t.LineID]
			row.Income += n * (line.UnitPrice - line.Discount)
			if line.Total > 0 {
				row.Charged += n
			}
		case TicketCanceled:
			add.TicketsCanceled += n
			row.Canceled += n
		}
	}
}

// countLine adds what a line counts for, beside its tickets.
func (l *ledger) countLine(o *Order, line *OrderLine, n int64) {
	if line.VoucherID != "" && slices.Contains(holding, o.Status) {
		sum := l.vouchers[line.VoucherID]
		l.vouchers[line.VoucherID] = used{sum.uses + n*line.Quantity, sum.spent + n*line.Quantity*line.Discount}
	}
	switch {
	case line.AddOnID == "":
		if o.Status == Confirmed {
			l.quarter(o).Tickets += n * line.Quantity
		}
	case o.Status == Confirmed:
		row := l.ofAddOn(o, line)
		row.Sold += n * (line.Quantity - line.Canceled)
		row.Income += n * (line.Total - line.Canceled*(line.UnitPrice-line.Discount))
	case slices.Contains(holding, o.Status):
		l.ofAddOn(o, line).Held += n * line.Quantity // nothing of it is canceled before it is confirmed
	}
}

func (l *ledger) ofAddOn(o *Order, line *OrderLine) *AddOnTotals {
	key := addOnKey{o.EventID, line.AddOnID}
	if l.addOns[key] == nil {
		l.addOns[key] = &AddOnTotals{EventID: o.EventID, AddOnID: line.AddOnID, CommunityID: o.CommunityID}
	}
	return l.addOns[key]
}

func (l *ledger) ofType(t *Ticket) *TypeTotals {
	key := typeKey{t.EventID, t.TicketTypeID, t.AttendanceMode}
	if l.types[key] == nil {
		l.types[key] = &TypeTotals{EventID: t.EventID, TicketTypeID: t.TicketTypeID, AttendanceMode: t.AttendanceMode, CommunityID: t.CommunityID}
	}
	return l.types[key]
}

func (l *ledger) quarter(o *Order) *SalesTotals {
	key := quarterKey{o.EventID, o.ConfirmedAt.UTC().Truncate(SalesQuarter)}
	if l.quarters[key] == nil {
		l.quarters[key] = &SalesTotals{EventID: o.EventID, StartsAt: key.start, CommunityID: o.CommunityID}
	}
	return l.quarters[key]
}

// watch counts the refunds of an order that failed as they are once the ledger is written: whether one still counts its payment
// and the refunds after it decide together.
func (l *ledger) watch(o *Order) {
	l.of(o.EventID).RefundsFailed -= o.failedRefunds()
	l.watched = append(l.watched, o)
}

// countRefund adds a refund as it stands now, n times; one that failed counts with its order: see watch.
func (l *ledger) countRefund(r *Refund, n int64) {
	add := l.of(r.EventID)
	switch r.Status {
	case RefundFailed:
		return
	case RefundManual:
		add.RefundsManual += n
	}
	add.Refunded += n * r.Amount
}

// moveRefund changes a refund's state and what it counts for.
func (l *ledger) moveRefund(r *Refund, to RefundStatus) {
	l.countRefund(r, -1)
	r.Status = to
	l.countRefund(r, 1)
}

// writeVouchers adds what vouchers were used for, in id order, and lets those that reserve hold the places they then have uses for.
// A transaction that takes places calls it before that; one that gave places back leaves it to write.
func (l *ledger) writeVouchers(ctx context.Context, tx bun.IDB, now time.Time) error {
	for _, id := range slices.Sorted(maps.Keys(l.vouchers)) {
		add := l.vouchers[id]
		delete(l.vouchers, id)
		if add == (used{}) {
			continue
		}
		if err := useVoucher(ctx, tx, id, add.uses, add.spent, now); err != nil {
			return fmt.Errorf("voucher %s: %w", id, err)
		}
	}
	return nil
}

// write adds everything, one statement a voucher and an event and one a table: vouchers, then the events' rows, each in id order; the
// events' rows lock the tables.
func (l *ledger) write(ctx context.Context, tx bun.IDB, now time.Time) (err error) {
	if err := l.writeVouchers(ctx, tx, now); err != nil {
		return err
	}
	for _, o := range l.watched {
		l.of(o.EventID).RefundsFailed += o.failedRefunds()
	}
	for _, id := range slices.Sorted(maps.Keys(l.events)) {
		if *l.events[id] == (totals{EventID: id}) {
			continue
		}
		if l.after[id], err = addTotals(ctx, tx, l.events[id]); err != nil {
			return err
		}
	}
	types := slices.Collect(maps.Values(l.types))
	types = slices.DeleteFunc(types, func(t *TypeTotals) bool {
		return t.Reserved == 0 && t.Valid == 0 && t.Canceled == 0 && t.Charged == 0 && t.Income == 0
	})
	slices.SortFunc(types, func(a, b *TypeTotals) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.TicketTypeID, b.TicketTypeID), cmp.Compare(a.AttendanceMode, b.AttendanceMode))
	})
	if len(types) > 0 {
		if _, err := tx.NewInsert().Model(&types).On("CONFLICT (event_id, ticket_type_id, attendance_mode) DO UPDATE").
			Set("reserved = total.reserved + EXCLUDED.reserved").Set("valid = total.valid + EXCLUDED.valid").
			Set("canceled = total.canceled + EXCLUDED.canceled").Set("charged = total.charged + EXCLUDED.charged").
			Set("income = total.income + EXCLUDED.income").Exec(ctx); err != nil {
			return fmt.Errorf("counters of ticket types: %w", err)
		}
	}
	if err := l.writeAddOns(ctx, tx); err != nil {
		return err
	}
	quarters := slices.Collect(maps.Values(l.quarters))
	quarters = slices.DeleteFunc(quarters, func(s *SalesTotals) bool { return s.Tickets == 0 })
	slices.SortFunc(quarters, func(a, b *SalesTotals) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), a.StartsAt.Compare(b.StartsAt))
	})
	if len(quarters) > 0 {
		if _, err := tx.NewInsert().Model(&quarters).On("CONFLICT (event_id, starts_at) DO UPDATE").
			Set("tickets = sale.tickets + EXCLUDED.tickets").Exec(ctx); err != nil {
			return fmt.Errorf("counters of sales: %w", err)
		}
	}
	return nil
}

func (l *ledger) writeAddOns(ctx context.Context, tx bun.IDB) error {
	rows := slices.Collect(maps.Values(l.addOns))
	rows = slices.DeleteFunc(rows, func(a *AddOnTotals) bool { return a.Held == 0 && a.Sold == 0 && a.Income == 0 })
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b *AddOnTotals) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.AddOnID, b.AddOnID))
	})
	if _, err := tx.NewInsert().Model(&rows).On("CONFLICT (event_id, add_on_id) DO UPDATE").Set("held = total.held + EXCLUDED.held").
		Set("sold = total.sold + EXCLUDED.sold").Set("income = total.income + EXCLUDED.income").Exec(ctx); err != nil {
		return fmt.Errorf("counters of add-ons: %w", err)
	}
	return nil
}
