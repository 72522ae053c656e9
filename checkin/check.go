package checkin

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

// checks are the invariants of this room. Both engines write a time in UTC as "2026-03-01 09:30:…" when it is made text.
var checks = []database.Invariant{
	{Says: "check-in list %s: admitted is %d, the rows count %d", Query: `SELECT * FROM (SELECT list.id AS subject, list.admitted AS stored,
		(SELECT COUNT(*) FROM admissions WHERE admissions.list_id = list.id) AS counted FROM check_in_lists AS list) AS compared WHERE stored <> counted`},
	{Says: "check-in list %s: inside is %d, the rows count %d", Query: `SELECT * FROM (SELECT list.id AS subject, list.inside AS stored,
		(SELECT COUNT(*) FROM admissions WHERE admissions.list_id = list.id AND admissions.inside) AS counted FROM check_in_lists AS list) AS compared WHERE stored <> counted`},
	{Says: "check-in list %s: refused is %d, the rows count %d", Query: `SELECT * FROM (SELECT list.id AS subject, list.refused AS stored,
		(SELECT COUNT(*) FROM scans WHERE scans.list_id = list.id AND scans.result = 'refused' AND scans.annulled_at IS NULL) AS counted
		FROM check_in_lists AS list) AS compared WHERE stored <> counted`},
	{Says: "ticket %s: is let in by a scan that did not let it in (%d, %d)", Query: `SELECT admission.ticket_id AS subject, 0 AS stored, 0 AS counted
		FROM admissions AS admission LEFT JOIN scans AS scan ON scan.id = admission.scan_id
		WHERE scan.id IS NULL OR scan.result <> 'accepted' OR scan.annulled_at IS NOT NULL OR scan.ticket_id <> admission.ticket_id OR scan.list_id <> admission.list_id`},
	{Says: "ticket %s: a door let it in, but it has no attendance record (%d, %d)", Query: `SELECT admission.ticket_id AS subject, 0 AS stored, 0 AS counted
		FROM admissions AS admission LEFT JOIN attendance_records AS attendance
		ON attendance.ticket_id = admission.ticket_id AND attendance.session_id IS NULL WHERE attendance.id IS NULL`},
	{Says: "ticket %s: the door of a session let it in, but it has no attendance record there (%d, %d)", Query: `SELECT admission.ticket_id AS subject, 0 AS stored, 0 AS counted
		FROM admissions AS admission JOIN check_in_lists AS list ON list.id = admission.list_id LEFT JOIN attendance_records AS attendance
		ON attendance.ticket_id = admission.ticket_id AND attendance.session_id = list.session_id WHERE list.session_id IS NOT NULL AND attendance.id IS NULL`},
	{Says: "ticket %s: was at a session, but has no attendance record of the event (%d, %d)", Query: `SELECT there.ticket_id AS subject, 0 AS stored, 0 AS counted
		FROM attendance_records AS there LEFT JOIN attendance_records AS attendance ON attendance.ticket_id = there.ticket_id AND attendance.session_id IS NULL
		WHERE there.session_id IS NOT NULL AND attendance.id IS NULL`},
	database.Tally("session_totals", "community_id || ' ' || event_id || ' ' || session_id", "came",
		`SELECT community_id || ' ' || event_id || ' ' || session_id AS subject, COUNT(*) AS counted FROM attendance_records WHERE session_id IS NOT NULL GROUP BY 1`),
	database.Tally("admission_totals", "community_id || ' ' || list_id || ' ' || gate || ' ' || ticket_type_id", "admitted",
		`SELECT admission.community_id || ' ' || admission.list_id || ' ' || scan.gate || ' ' || ticket.ticket_type_id AS subject, COUNT(*) AS counted
		FROM admissions AS admission JOIN scans AS scan ON scan.id = admission.scan_id JOIN tickets AS ticket ON ticket.id = admission.ticket_id GROUP BY 1`),
	database.Tally("refusal_totals", "community_id || ' ' || list_id || ' ' || reason", "refused",
		`SELECT community_id || ' ' || list_id || ' ' || reason AS subject, COUNT(*) AS counted
		FROM scans WHERE result = 'refused' AND annulled_at IS NULL GROUP BY 1`),
	database.Tally("attendance_totals", attendanceTotalsKey, "came", "SELECT "+attendanceKeyOfRow+" AS subject, COUNT(*) AS counted "+recordsWithTickets+" GROUP BY 1"),
	database.Tally("attendance_totals", attendanceTotalsKey, "canceled", "SELECT "+attendanceKeyOfRow+" AS subject, COUNT(*) AS counted "+recordsWithTickets+
		" AND ticket.status = 'canceled' GROUP BY 1"),
}

const (
	attendanceTotalsKey = "community_id || ' ' || event_id || ' ' || ticket_type_id || ' ' || attendance_mode || ' ' || substr(CAST(starts_at AS TEXT), 1, 16)"
	attendanceKeyOfRow  = `attendance.community_id || ' ' || attendance.event_id || ' ' || ticket.ticket_type_id || ' ' || ticket.attendance_mode || ' ' ||
		substr(CAST(attendance.first_at AS TEXT), 1, 15) || CASE WHEN substr(CAST(attendance.first_at AS TEXT), 16, 1) < '5' THEN '0' ELSE '5' END`
	recordsWithTickets = "FROM attendance_records AS attendance JOIN tickets AS ticket ON ticket.id = attendance.ticket_id WHERE attendance.session_id IS NULL"
)

// Check compares every stored counter and invariant of admitting with the log, and says in a sentence each that differs.
func Check(ctx context.Context, db bun.IDB) ([]string, error) {
	found, err := database.Broken(ctx, db, checks)
	if err != nil {
		return nil, fmt.Errorf("checkin: check: %w", err)
	}
	return found, nil
}
