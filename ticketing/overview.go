package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// Totals are an event's counters, as Check compares them with the rows. Money is in minor units.
type Totals struct {
	OrdersHeld      int64 // held, awaiting approval, or pending
	OrdersConfirmed int64
	TicketsReserved int64
	TicketsValid    int64
	TicketsCanceled int64
	Paid            int64
	ProviderFees    int64
	Refunded        int64
}

// Net is what the sale brought: payments less the provider's fees and what went back.
func (t Totals) Net() int64 { return t.Paid - t.ProviderFees - t.Refunded }

// EventTotals gives the counters of a community's events, by event.
func EventTotals(ctx context.Context, db bun.IDB, community turnout.ID, ids []turnout.ID) (map[turnout.ID]Totals, error) {
	found := map[turnout.ID]Totals{}
	if len(ids) == 0 {
		return found, nil
	}
	var rows []totals
	if err := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("ticketing: totals: %w", err)
	}
	for _, r := range rows {
		found[r.EventID] = Totals{r.OrdersHeld, r.OrdersConfirmed, r.TicketsReserved, r.TicketsValid, r.TicketsCanceled, r.Paid, r.ProviderFees, r.Refunded}
	}
	return found, nil
}

// TypeSales is what was sold of a ticket type.
type TypeSales struct {
	TicketTypeID turnout.ID
	Reserved     int64
	Valid        int64
	Canceled     int64
}

// SalesByType counts the tickets of an event by their type; a type without tickets is not in it.
func SalesByType(ctx context.Context, db bun.IDB, community, event turnout.ID) (map[turnout.ID]TypeSales, error) {
	var rows []TypeSales
	err := db.NewSelect().Model((*Ticket)(nil)).Column("ticket_type_id").
		ColumnExpr("SUM(CASE WHEN status = ? THEN 1 ELSE 0 END) AS reserved", Reserved).
		ColumnExpr("SUM(CASE WHEN status = ? THEN 1 ELSE 0 END) AS valid", Valid).
		ColumnExpr("SUM(CASE WHEN status = ? THEN 1 ELSE 0 END) AS canceled", TicketCanceled).
		Where("community_id = ?", community).Where("event_id = ?", event).Group("ticket_type_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("ticketing: sales by type: %w", err)
	}
	byType := make(map[turnout.ID]TypeSales, len(rows))
	for _, r := range rows {
		byType[r.TicketTypeID] = r
	}
	return byType, nil
}

// SalesByDay counts the tickets of confirmed orders by the day, in the event's zone, on which their order was confirmed: the
// last so many days up to now, the oldest first.
func SalesByDay(ctx context.Context, db bun.IDB, event *events.Event, now time.Time, days int) ([]int64, error) {
	zone := event.Location()
	today := now.In(zone)
	first := time.Date(today.Year(), today.Month(), today.Day()-days+1, 0, 0, 0, 0, zone)
	var rows []struct {
		ConfirmedAt time.Time
		Tickets     int64
	}
	err := db.NewSelect().TableExpr("orders AS ord").Join("JOIN order_lines AS line ON line.order_id = ord.id").
		ColumnExpr("ord.confirmed_at, SUM(line.quantity) AS tickets").
		Where("ord.community_id = ?", event.CommunityID).Where("ord.event_id = ?", event.ID).Where("ord.status = ?", Confirmed).
		Where("ord.confirmed_at >= ?", first.UTC()).GroupExpr("ord.id, ord.confirmed_at").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("ticketing: sales by day: %w", err)
	}
	sold := make([]int64, days)
	for _, r := range rows {
		at := r.ConfirmedAt.In(zone)
		day := int(time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, time.UTC).Sub(
			time.Date(first.Year(), first.Month(), first.Day(), 12, 0, 0, 0, time.UTC)) / (24 * time.Hour))
		if day >= 0 && day < days {
			sold[day] += r.Tickets
		}
	}
	return sold, nil
}

// Waits counts what only a person can bring on.
type Waits struct {
	Transfers     int64 // orders whose transfer or cash has not arrived
	ManualRefunds int64 // refunds to be given back by hand
	FailedRefunds int64 // refunds that the provider refused
	Waiting       int64 // parties on the waitlist
}

// EventWaits counts what waits for an organiser at an event.
func EventWaits(ctx context.Context, db bun.IDB, community, event turnout.ID) (Waits, error) {
	var w Waits
	err := db.NewRaw(`SELECT
		(SELECT COUNT(*) FROM orders AS ord WHERE ord.event_id = ?1 AND ord.community_id = ?0 AND ord.status = 'pending'
			AND EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND payment.provider = 'offline')) AS transfers,
		(SELECT COUNT(*) FROM refunds WHERE event_id = ?1 AND community_id = ?0 AND status = 'manual') AS manual_refunds,
		(SELECT COUNT(*) FROM refunds WHERE event_id = ?1 AND community_id = ?0 AND status = 'failed') AS failed_refunds,
		(SELECT COUNT(*) FROM waitlist_entries WHERE event_id = ?1 AND community_id = ?0 AND status = 'waiting') AS waiting`,
		community, event).Scan(ctx, &w)
	if err != nil {
		return Waits{}, fmt.Errorf("ticketing: what waits: %w", err)
	}
	return w, nil
}

// CountTypes gives the number of ticket types of each of a community's events; events without one are not in it.
func CountTypes(ctx context.Context, db bun.IDB, community turnout.ID, ids []turnout.ID) (map[turnout.ID]int64, error) {
	counts := map[turnout.ID]int64{}
	if len(ids) == 0 {
		return counts, nil
	}
	var rows []struct {
		EventID turnout.ID
		Count   int64
	}
	err := db.NewSelect().Model((*TicketType)(nil)).Column("event_id").ColumnExpr("COUNT(*) AS count").
		Where("community_id = ?", community).Where("event_id IN (?)", bun.List(ids)).Group("event_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("ticketing: count types: %w", err)
	}
	for _, r := range rows {
		counts[r.EventID] = r.Count
	}
	return counts, nil
}
