package recap

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// totals are the counters that ticketing keeps with each sale.
type totals struct {
	OrdersConfirmed              int64
	Paid, ProviderFees, Refunded int64 // minor units
}

// readTotals gives zeros for an event that never sold anything.
func readTotals(ctx context.Context, db bun.IDB, community, event turnout.ID) (totals, error) {
	var all []totals
	err := db.NewSelect().Table("event_totals").Column("orders_confirmed", "paid", "provider_fees", "refunded").
		Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx, &all)
	if err != nil || len(all) == 0 {
		return totals{}, err
	}
	return all[0], nil
}

// readTypes gives the counters of the event's tickets by type and mode, with those that came among them.
func readTypes(ctx context.Context, db bun.IDB, community, event turnout.ID, arrivals []arrival) ([]TypeRow, error) {
	rows := []TypeRow{}
	err := db.NewRaw(`SELECT type.id AS ticket_type_id, type.name, total.attendance_mode, total.reserved, total.valid, total.canceled, total.charged
		FROM ticket_totals AS total JOIN ticket_types AS type ON type.id = total.ticket_type_id
		WHERE total.community_id = ? AND total.event_id = ?
		ORDER BY type.position, type.id, total.attendance_mode`, community, event).Scan(ctx, &rows)
	for i := range rows {
		t := &rows[i]
		t.Absent = t.Valid
		for _, a := range arrivals {
			if a.TicketTypeID == t.TicketTypeID && a.AttendanceMode == t.AttendanceMode {
				t.Came += a.Came
				t.Absent -= a.Came - a.Canceled
			}
		}
	}
	return rows, err
}

// arrival is how many tickets of a type and mode were first seen within five minutes.
type arrival struct {
	StartsAt       time.Time
	TicketTypeID   turnout.ID
	AttendanceMode string
	Came           int64
	Canceled       int64 // of them, those whose ticket was canceled after all
}

// readArrivals gives the counters of the attendance records in the order of time.
func readArrivals(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]arrival, error) {
	var rows []arrival
	err := db.NewSelect().Table("attendance_totals").Column("starts_at", "ticket_type_id", "attendance_mode", "came", "canceled").
		Where("community_id = ?", community).Where("event_id = ?", event).Where("came > 0").Order("starts_at").Scan(ctx, &rows)
	return rows, err
}

// readRefusals adds up the refused scans of the event's lists by reason; annulled ones do not count.
func readRefusals(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]Refusal, error) {
	rows := []Refusal{}
	err := db.NewRaw(`SELECT total.reason, CAST(SUM(total.refused) AS BIGINT) AS count
		FROM check_in_lists AS list JOIN refusal_totals AS total ON total.list_id = list.id
		WHERE list.community_id = ? AND list.event_id = ? AND total.refused > 0
		GROUP BY total.reason ORDER BY 2 DESC, 1`, community, event).Scan(ctx, &rows)
	return rows, err
}
