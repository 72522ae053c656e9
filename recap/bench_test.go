package recap_test

import (
	"testing"

	"turnout/internal/dbtest"
)

// The whole report of an event of 100,000 tickets, four of five of which came.
func BenchmarkRecap(b *testing.B) {
	const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000) `
	for _, engine := range dbtest.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			s := build(b, dbtest.Open(b, engine), func(h *house) {
				h.run(`INSERT INTO persons (id, community_id, name, created_at, updated_at) `+numbers+`SELECT 'p' || n, ?0, '', ?1, ?1 FROM numbers`, home, now)
				h.run(`INSERT INTO identities (id, community_id, person_id, source, handle, created_at) `+numbers+`SELECT 'i' || n, ?0, 'p' || n, 'slack', 'p' || n, ?1 FROM numbers`, home, now)
				h.run(`INSERT INTO tickets (id, community_id, event_id, order_id, line_id, ticket_type_id, number, status, attendance_mode, person_id, attendee_name, attendee_email, created_at, updated_at) `+numbers+
					`SELECT 't' || n, ?0, ?2, 'ord', 'line_hall', 'hall', n, 'valid', 'in_person', 'p' || n, '', '', ?1, ?1 FROM numbers`, home, now, spring)
				h.run(`INSERT INTO attendance_records (id, community_id, event_id, ticket_id, person_id, attendance_mode, source, first_at, last_at, confidence) `+numbers+
					`SELECT 'a' || n, ?0, ?2, 't' || n, 'p' || n, 'in_person', 'door_scan', ?1, ?1, 'high' FROM numbers WHERE n % 5 <> 0`, home, starts, spring)
				h.run(`INSERT INTO ticket_totals (event_id, ticket_type_id, attendance_mode, community_id, valid, charged) VALUES (?0, 'hall', 'in_person', ?1, 100000, 100000)`, spring, home)
				h.run(`INSERT INTO attendance_totals (event_id, starts_at, ticket_type_id, attendance_mode, community_id, came) VALUES (?0, ?1, 'hall', 'in_person', ?2, 80000)`, spring, starts, home)
				h.run(`ANALYZE`)
			})
			for b.Loop() {
				if r, err := s.Recap(b.Context(), home, "spring"); err != nil || r.Came.Value != 80000 {
					b.Fatal(r, err)
				}
			}
		})
	}
}
