package ticketing

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
)

// lockPools touches the pools once each, in id order, and so reads them under lock: every transaction of this package that
// changes pools begins here, so that no two can wait for each other.
func lockPools(ctx context.Context, tx bun.IDB, ids []turnout.ID) (map[turnout.ID]*Pool, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	pools := map[turnout.ID]*Pool{}
	for _, id := range slices.Compact(ids) {
		pool := new(Pool)
		if err := tx.NewUpdate().Model(pool).Set("taken = taken").Where("id = ?", id).Returning("*").Scan(ctx); err != nil {
			return nil, fmt.Errorf("lock pool %s: %w", id, err)
		}
		pools[id] = pool
	}
	return pools, nil
}

// takePlaces changes the scarce number by one conditional statement, right on both engines and between processes.
func takePlaces(ctx context.Context, tx bun.IDB, pool turnout.ID, n int64) error {
	changed, err := database.Changed(tx.NewUpdate().Model((*Pool)(nil)).Set("taken = taken + ?", n).
		Where("id = ?", pool).Where("taken + ? <= capacity", n).Exec(ctx))
	if err != nil {
		return err
	}
	if changed == 0 {
		return ErrSoldOut
	}
	return nil
}

// takeAll takes places pool by pool, in id order.
func takeAll(ctx context.Context, tx bun.IDB, places map[turnout.ID]int64) error {
	for _, id := range slices.Sorted(maps.Keys(places)) {
		if err := takePlaces(ctx, tx, id, places[id]); err != nil {
			return err
		}
	}
	return nil
}

// releasePlaces gives back all places that the holders have; the pools must be locked.
func releasePlaces(ctx context.Context, tx bun.IDB, holders []turnout.ID) error {
	if len(holders) == 0 {
		return nil
	}
	var sums []struct {
		PoolID turnout.ID
		Sum    int64
	}
	if err := tx.NewSelect().Model((*claim)(nil)).Column("pool_id").ColumnExpr("SUM(quantity) AS sum").
		Where("holder_id IN (?)", bun.List(holders)).Where("quantity > 0").Group("pool_id").Order("pool_id").Scan(ctx, &sums); err != nil {
		return err
	}
	for _, sum := range sums {
		if _, err := tx.NewUpdate().Model((*Pool)(nil)).Set("taken = taken - ?", sum.Sum).Where("id = ?", sum.PoolID).Exec(ctx); err != nil {
			return err
		}
	}
	_, err := tx.NewUpdate().Model((*claim)(nil)).Set("quantity = 0").Where("holder_id IN (?)", bun.List(holders)).Exec(ctx)
	return err
}

// poolsOf lists the pools that the orders' lines have claims on, held or given back, and those of the vouchers that they used.
func poolsOf(ctx context.Context, db bun.IDB, orders []turnout.ID) ([]turnout.ID, error) {
	var ids []turnout.ID
	err := db.NewSelect().Model((*claim)(nil)).Distinct().Column("claim.pool_id").
		Where(`claim.holder_id IN (SELECT id FROM order_lines WHERE order_id IN (?0)
			UNION SELECT voucher_id FROM order_lines WHERE order_id IN (?0) AND voucher_id IS NOT NULL)`, bun.List(orders)).Scan(ctx, &ids)
	return ids, err
}

// insertAll inserts a slice of rows in one statement; an empty one is nothing to do.
func insertAll(ctx context.Context, tx bun.IDB, rows any) error {
	if reflect.ValueOf(rows).Elem().Len() == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(rows).Exec(ctx)
	return err
}

// orderWhere reads one order whole; it fails with turnout.ErrNotFound.
func (s *Service) orderWhere(ctx context.Context, db bun.IDB, where string, args ...any) (*Order, error) {
	orders, err := s.ordersWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where(where, args...) })
	if err != nil {
		return nil, err
	}
	if len(orders) == 0 {
		return nil, turnout.ErrNotFound
	}
	return orders[0], nil
}

// ordersWhere reads orders with their event, lines, tickets (codes signed while valid), payments and refunds, in six statements
// however many there are.
func (s *Service) ordersWhere(ctx context.Context, db bun.IDB, where func(*bun.SelectQuery) *bun.SelectQuery) ([]*Order, error) {
	var orders []*Order
	if err := where(db.NewSelect().Model(&orders)).Scan(ctx); err != nil || len(orders) == 0 {
		return nil, err
	}
	byID := make(map[turnout.ID]*Order, len(orders))
	ids := make([]turnout.ID, len(orders))
	eventIDs := map[turnout.ID]*events.Event{}
	for i, o := range orders {
		byID[o.ID], ids[i], eventIDs[o.EventID] = o, o.ID, nil
	}
	if err := loadParts(ctx, db, ids, byID); err != nil {
		return nil, err
	}
	if err := loadEvents(ctx, db, eventIDs); err != nil {
		return nil, err
	}
	for _, o := range orders {
		o.Event = eventIDs[o.EventID]
		o.Code = s.codes.encode(o.Event.Number, o.Number)
	}
	if err := loadTicketAddOns(ctx, db, ids, byID); err != nil {
		return nil, err
	}
	tickets, err := ticketsWhere(ctx, db, "ticket.order_id IN (?)", bun.List(ids))
	if err != nil {
		return nil, err
	}
	for _, t := range tickets {
		t.event = eventIDs[t.EventID]
		byID[t.OrderID].Tickets = append(byID[t.OrderID].Tickets, t)
	}
	return orders, signTickets(tickets)
}

// loadParts reads the lines, payments and refunds of the orders, each in the order of their making.
func loadParts(ctx context.Context, db bun.IDB, ids []turnout.ID, byID map[turnout.ID]*Order) error {
	var lines []*OrderLine
	var payments []*Payment
	var refunds []*Refund
	for _, model := range []any{&lines, &payments, &refunds} {
		if err := db.NewSelect().Model(model).Where("order_id IN (?)", bun.List(ids)).Order("id").Scan(ctx); err != nil {
			return err
		}
	}
	for _, l := range lines {
		byID[l.OrderID].Lines = append(byID[l.OrderID].Lines, l)
	}
	for _, p := range payments {
		byID[p.OrderID].Payments = append(byID[p.OrderID].Payments, p)
	}
	for _, r := range refunds {
		byID[r.OrderID].Refunds = append(byID[r.OrderID].Refunds, r)
	}
	return nil
}

// loadTicketAddOns reads which tickets have which add-ons; orders without lines of add-ons cost no statement.
func loadTicketAddOns(ctx context.Context, db bun.IDB, ids []turnout.ID, byID map[turnout.ID]*Order) error {
	lines := map[turnout.ID]*Order{}
	for _, id := range ids {
		for _, l := range byID[id].Lines {
			if l.AddOnID != "" {
				lines[l.ID] = byID[id]
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	var has []*TicketAddOn
	if err := db.NewSelect().Model(&has).Where("line_id IN (?)", bun.List(slices.Sorted(maps.Keys(lines)))).Order("line_id", "ticket_id").Scan(ctx); err != nil {
		return err
	}
	for _, h := range has {
		o := lines[h.LineID]
		o.AddOns = append(o.AddOns, h)
	}
	return nil
}

func loadEvents(ctx context.Context, db bun.IDB, byID map[turnout.ID]*events.Event) error {
	ids := make([]turnout.ID, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	var list []*events.Event
	if err := db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return err
	}
	for _, e := range list {
		byID[e.ID] = e
	}
	return nil
}

// ticketsWhere reads tickets in the order of their numbers, each with what its current code says.
func ticketsWhere(ctx context.Context, db bun.IDB, where string, args ...any) ([]*Ticket, error) {
	var rows []struct {
		Ticket     `bun:",extend"`
		Nonce      string
		TypeNumber int64
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("ticket.*").ColumnExpr("code.nonce, code.type_number").
		Join("JOIN ticket_codes AS code ON code.ticket_id = ticket.id AND code.state = ?", codeCurrent).
		Where(where, args...).Order("ticket.event_id", "ticket.number").Scan(ctx)
	if err != nil {
		return nil, err
	}
	tickets := make([]*Ticket, len(rows))
	for i := range rows {
		t := &rows[i].Ticket
		if t.nonce, err = parseNonce(rows[i].Nonce); err != nil {
			return nil, err
		}
		t.typeNumber = rows[i].TypeNumber
		tickets[i] = t
	}
	return tickets, nil
}

// signTickets writes the code of each valid ticket.
func signTickets(tickets []*Ticket) (err error) {
	keys := map[turnout.ID]ed25519.PrivateKey{} // by event: making one takes as long as a signature
	for _, t := range tickets {
		if t.Status != Valid {
			continue
		}
		key := keys[t.EventID]
		if key == nil {
			if key, err = t.event.PrivateKey(); err != nil {
				return err
			}
			keys[t.EventID] = key
		}
		t.Code = Code{KeyID: currentKeyID, Mode: t.AttendanceMode, Event: t.event.Number, Ticket: t.Number, Type: t.typeNumber, Nonce: t.nonce}.Sign(key)
	}
	return nil
}
