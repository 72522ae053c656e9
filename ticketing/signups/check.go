package signups

import (
	"context"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

// checks are the invariants of places at sessions.
var checks = []database.Invariant{
	database.Tally("session_sign_ups", "session_id", "taken", `SELECT session_id AS subject, COUNT(*) AS counted FROM sign_ups WHERE status = 'signed' GROUP BY 1`),
	database.Tally("session_sign_ups", "session_id", "waiting", `SELECT session_id AS subject, COUNT(*) AS counted FROM sign_ups WHERE status = 'waiting' GROUP BY 1`),
	{Says: "session %s: somebody waits although a place is free (%d, %d)", Query: `SELECT session_id AS subject, taken AS stored, seats AS counted
		FROM session_sign_ups WHERE waiting > 0 AND taken < seats`},
	{Says: "sign-up %s: its ticket is not valid (%d, %d)", Query: `SELECT sign.id AS subject, 0 AS stored, 0 AS counted
		FROM sign_ups AS sign JOIN tickets AS ticket ON ticket.id = sign.ticket_id WHERE ticket.status <> 'valid' OR ticket.event_id <> sign.event_id`},
}

// Check compares the stored counters and invariants of places at sessions with the rows, and says in a sentence each that differs.
func Check(ctx context.Context, db bun.IDB) ([]string, error) {
	found, err := database.Broken(ctx, db, checks)
	return found, wrapped("check", err)
}
