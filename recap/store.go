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

// readTypes counts the event's tickets by type and mode, those that came among them.
func readTypes(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]TypeRow, error) {
	rows := []TypeRow{}
	err := db.NewRaw(`SELECT type.id AS ticket_type_id, type.name, ticket.attendance_mode,
			COUNT(*) FILTER (WHERE ticket.status = 'reserved') AS reserved,
			COUNT(*) FILTER (WHERE ticket.status = 'valid') AS valid,
			COUNT(*) FILTER (WHERE ticket.status = 'canceled') AS canceled,
			COUNT(attendance.id) AS came,
			COUNT(*) FILTER (WHERE ticket.status = 'valid' AND attendance.id IS NULL) AS absent,
			COUNT(*) FILTER (WHERE ticket.status = 'valid' AND line.total > 0) AS charged
		FROM tickets AS ticket
		JOIN ticket_types AS type ON type.id = ticket.ticket_type_id
		JOIN order_lines AS line ON line.id = ticket.line_id
		LEFT JOIN attendance_records AS attendance ON attendance.event_id = ticket.event_id AND attendance.ticket_id = ticket.id
		WHERE ticket.community_id = ? AND ticket.event_id = ?
		GROUP BY type.position, type.id, type.name, ticket.attendance_mode
		ORDER BY type.position, type.id, ticket.attendance_mode`, community, event).Scan(ctx, &rows)
	return rows, err
}

// arrival is how many tickets of a mode were first seen within a minute.
type arrival struct {
	Minute         time.Time
	AttendanceMode string
	Count          int64
}

// readArrivals groups the attendance records by the minute in which they begin. Both engines write a time in UTC as
// "2026-03-01 09:30:…" when it is made text, so its first 16 characters are the minute.
func readArrivals(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]arrival, error) {
	var rows []struct {
		Minute, AttendanceMode string
		Count                  int64
	}
	err := db.NewRaw(`SELECT substr(CAST(first_at AS TEXT), 1, 16) AS minute, attendance_mode, COUNT(*) AS count
		FROM attendance_records WHERE community_id = ? AND event_id = ? GROUP BY 1, 2 ORDER BY 1, 2`, community, event).Scan(ctx, &rows)
	arrivals := make([]arrival, len(rows))
	for i, r := range rows {
		if err != nil {
			break
		}
		arrivals[i] = arrival{AttendanceMode: r.AttendanceMode, Count: r.Count}
		arrivals[i].Minute, err = time.Parse("2006-01-02 15:04", r.Minute)
	}
	return arrivals, err
}

// readRefusals counts the refused scans of the event's lists by reason; annulled ones do not count.
func readRefusals(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]Refusal, error) {
	rows := []Refusal{}
	err := db.NewRaw(`SELECT reason, COUNT(*) AS count FROM scans
		WHERE community_id = ?0 AND list_id IN (SELECT id FROM check_in_lists WHERE community_id = ?0 AND event_id = ?1)
			AND result = 'refused' AND annulled_at IS NULL
		GROUP BY reason ORDER BY 2 DESC, 1`, community, event).Scan(ctx, &rows)
	return rows, err
}
