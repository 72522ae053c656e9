package checkin

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// checks are the invariants of this room, each a query for the rows that break it.
var checks = []struct{ what, query string }{
	{"check-in list %s: admitted is %d, the rows count %d", `SELECT * FROM (SELECT list.id AS subject, list.admitted AS stored,
		(SELECT COUNT(*) FROM admissions WHERE admissions.list_id = list.id) AS counted FROM check_in_lists AS list) AS compared WHERE stored <> counted`},
	{"check-in list %s: inside is %d, the rows count %d", `SELECT * FROM (SELECT list.id AS subject, list.inside AS stored,
		(SELECT COUNT(*) FROM admissions WHERE admissions.list_id = list.id AND admissions.inside) AS counted FROM check_in_lists AS list) AS compared WHERE stored <> counted`},
	{"check-in list %s: refused is %d, the rows count %d", `SELECT * FROM (SELECT list.id AS subject, list.refused AS stored,
		(SELECT COUNT(*) FROM scans WHERE scans.list_id = list.id AND scans.result = 'refused' AND scans.annulled_at IS NULL) AS counted
		FROM check_in_lists AS list) AS compared WHERE stored <> counted`},
	{"ticket %s: is let in by a scan that did not let it in (%d, %d)", `SELECT admission.ticket_id AS subject, 0 AS stored, 0 AS counted
		FROM admissions AS admission LEFT JOIN scans AS scan ON scan.id = admission.scan_id
		WHERE scan.id IS NULL OR scan.result <> 'accepted' OR scan.annulled_at IS NOT NULL OR scan.ticket_id <> admission.ticket_id OR scan.list_id <> admission.list_id`},
	{"ticket %s: a door let it in, but it has no attendance record (%d, %d)", `SELECT admission.ticket_id AS subject, 0 AS stored, 0 AS counted
		FROM admissions AS admission LEFT JOIN attendance_records AS attendance ON attendance.ticket_id = admission.ticket_id WHERE attendance.id IS NULL`},
}

// Check compares every stored counter and invariant of admitting with the log, and says in a sentence each that differs.
func Check(ctx context.Context, db bun.IDB) ([]string, error) {
	var found []string
	for _, c := range checks {
		var rows []struct {
			Subject         string
			Stored, Counted int64
		}
		if err := db.NewRaw(c.query).Scan(ctx, &rows); err != nil {
			return nil, fmt.Errorf("checkin: check: %w", err)
		}
		for _, r := range rows {
			found = append(found, fmt.Sprintf(c.what, r.Subject, r.Stored, r.Counted))
		}
	}
	return found, nil
}
