package ticketing

import (
	"context"
	"fmt"
	"strings"
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
	Waits
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
		found[r.EventID] = Totals{r.OrdersHeld, r.OrdersConfirmed, r.TicketsReserved, r.TicketsValid, r.TicketsCanceled, r.Paid, r.ProviderFees, r.Refunded,
			Waits{r.Transfers, r.RefundsManual, r.RefundsFailed, r.Waiting, r.Approvals}}
	}
	return found, nil
}

// SalesByType gives the counters of an event's tickets by type, its modes added up; a type without tickets is not in it.
func SalesByType(ctx context.Context, db bun.IDB, community, event turnout.ID) (map[turnout.ID]TypeTotals, error) {
	var rows []TypeTotals
	if err := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx); err != nil {
		return nil, fmt.Errorf("ticketing: sales by type: %w", err)
	}
	byType := make(map[turnout.ID]TypeTotals, len(rows))
	for _, r := range rows {
		sum := byType[r.TicketTypeID]
		byType[r.TicketTypeID] = TypeTotals{EventID: r.EventID, TicketTypeID: r.TicketTypeID, CommunityID: r.CommunityID,
			Reserved: sum.Reserved + r.Reserved, Valid: sum.Valid + r.Valid, Canceled: sum.Canceled + r.Canceled, Charged: sum.Charged + r.Charged, Income: sum.Income + r.Income}
	}
	return byType, nil
}

// SalesByDay counts the tickets of confirmed orders by the day, in the event's zone, on which their order was confirmed: the
// last so many days up to now, the oldest first.
func SalesByDay(ctx context.Context, db bun.IDB, event *events.Event, now time.Time, days int) ([]int64, error) {
	c := calendar{now.In(event.Location()), days}
	sold := make([]int64, days)
	ago, midnights := c.ago("starts_at") // the day of a quarter is that on which it began
	var rows []struct{ Ago, Tickets int64 }
	err := db.NewSelect().Model((*SalesTotals)(nil)).ColumnExpr(ago+" AS ago, SUM(tickets) AS tickets", midnights...).
		Where("community_id = ?", event.CommunityID).Where("event_id = ?", event.ID).
		Where("starts_at >= ?", c.midnight(days-1)).Where("starts_at < ?", c.midnight(-1)).GroupExpr("1").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("ticketing: sales by day: %w", err)
	}
	for _, r := range rows {
		sold[int64(days)-1-r.Ago] = r.Tickets
	}
	return sold, nil
}

// calendar is the last so many days of a zone, today among them.
type calendar struct {
	now  time.Time // in the zone
	days int
}

// calendarSince is the days from that of an instant on.
func calendarSince(first, now time.Time, zone *time.Location) calendar {
	noon := func(at time.Time) time.Time {
		at = at.In(zone)
		return time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, time.UTC)
	}
	return calendar{now.In(zone), 1 + max(0, int(noon(now).Sub(noon(first)).Hours()/24))}
}

// midnight is when the day began that is so many days ago.
func (c calendar) midnight(ago int) time.Time {
	at := time.Date(c.now.Year(), c.now.Month(), c.now.Day()-ago, 0, 0, 0, 0, c.now.Location())
	if at.Hour() == 23 { // the clock jumps over midnight
		at = at.Add(time.Hour)
	}
	return at.UTC()
}

// name is the day that is so many days ago, as 2026-05-31.
func (c calendar) name(ago int) string {
	return time.Date(c.now.Year(), c.now.Month(), c.now.Day()-ago, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// ago is the expression for how many days ago the instant of a column was, which lies within the days, with its arguments: databases know no
// zones. It halves the days again and again: each row is compared five times for a month.
func (c calendar) ago(column string) (expr string, midnights []any) {
	var text strings.Builder
	var within func(from, to int)
	within = func(from, to int) {
		if to-from <= 1 {
			fmt.Fprint(&text, from)
			return
		}
		half := (from + to) / 2
		fmt.Fprintf(&text, "CASE WHEN %s >= ? THEN ", column)
		midnights = append(midnights, c.midnight(half-1))
		within(from, half)
		text.WriteString(" ELSE ")
		within(half, to)
		text.WriteString(" END")
	}
	within(0, c.days)
	return text.String(), midnights
}

// Waits counts what only a person can bring on.
type Waits struct {
	Transfers     int64 // orders whose transfer or cash has not arrived
	ManualRefunds int64 // refunds to be given back by hand
	FailedRefunds int64 // payments that a refund was to give back and did not
	Waiting       int64 // parties on the waitlist
	Approvals     int64 // orders that the organiser has to decide about
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
