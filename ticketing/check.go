package ticketing

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// checks are the invariants of this room, each a query for the rows that break it: what stands, what is stored, what the
// rows say.
var checks = []struct{ what, query string }{
	{"pool %s: taken is %d, its claims add up to %d", `
		SELECT pool.id AS subject, pool.taken AS stored, COALESCE(SUM(claim.quantity), 0) AS counted
		FROM pools AS pool LEFT JOIN pool_claims AS claim ON claim.pool_id = pool.id
		GROUP BY pool.id, pool.taken HAVING pool.taken <> COALESCE(SUM(claim.quantity), 0)`},
	{"order line %s: holds %d places of a pool, its order's state asks for %d", `
		SELECT line.id AS subject, claim.quantity AS stored,
		  CASE WHEN ord.status IN ('held', 'awaiting_approval', 'pending', 'confirmed') THEN line.quantity ELSE 0 END AS counted
		FROM pool_claims AS claim JOIN order_lines AS line ON line.id = claim.holder_id JOIN orders AS ord ON ord.id = line.order_id
		WHERE claim.quantity <> CASE WHEN ord.status IN ('held', 'awaiting_approval', 'pending', 'confirmed') THEN line.quantity ELSE 0 END`},
	{"order line %s: sells %d places and holds a claim on no pool (%d)", `
		SELECT line.id AS subject, line.quantity AS stored, 0 AS counted FROM order_lines AS line
		WHERE NOT EXISTS (SELECT 1 FROM pool_claims AS claim WHERE claim.holder_id = line.id)`},
	{"order %s: its lines say %d tickets, there are %d", `
		SELECT line.order_id AS subject, SUM(line.quantity) AS stored,
		  (SELECT COUNT(*) FROM tickets AS ticket WHERE ticket.order_id = line.order_id) AS counted
		FROM order_lines AS line GROUP BY line.order_id
		HAVING SUM(line.quantity) <> (SELECT COUNT(*) FROM tickets AS ticket WHERE ticket.order_id = line.order_id)`},
	{"order %s: its total is %d, its lines add up to %d", `
		SELECT ord.id AS subject, ord.total AS stored, SUM(line.total) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id GROUP BY ord.id, ord.total HAVING ord.total <> SUM(line.total)`},
	{"confirmed order %s: costs %d, paid were %d", `
		SELECT ord.id AS subject, ord.total AS stored, COALESCE(SUM(payment.amount), 0) AS counted
		FROM orders AS ord LEFT JOIN payments AS payment ON payment.order_id = ord.id AND payment.status IN ('succeeded', 'disputed')
		WHERE ord.status = 'confirmed' AND ord.total > 0 GROUP BY ord.id, ord.total HAVING ord.total > COALESCE(SUM(payment.amount), 0)`},
	{"ticket %s: has %d current codes and not %d", `
		SELECT ticket.id AS subject, COUNT(code.nonce) AS stored, 1 AS counted
		FROM tickets AS ticket LEFT JOIN ticket_codes AS code ON code.ticket_id = ticket.id AND code.state = 'current'
		GROUP BY ticket.id HAVING COUNT(code.nonce) <> 1`},
	{"ticket %s: its state does not follow its order's (%d, %d)", `
		SELECT ticket.id AS subject, 0 AS stored, 0 AS counted FROM tickets AS ticket JOIN orders AS ord ON ord.id = ticket.order_id
		WHERE NOT (ticket.status = 'valid' AND ord.status = 'confirmed' OR ticket.status = 'canceled' AND ord.status IN ('confirmed', 'canceled', 'expired')
		  OR ticket.status = 'reserved' AND ord.status IN ('held', 'awaiting_approval', 'pending'))`},
	{"payment %s: %d was given back, %d was paid", `
		SELECT payment.id AS subject, SUM(refund.amount) AS stored, payment.amount AS counted
		FROM payments AS payment JOIN refunds AS refund ON refund.payment_id = payment.id AND refund.status <> 'failed'
		GROUP BY payment.id, payment.amount HAVING SUM(refund.amount) > payment.amount`},
}

// counters of event_totals, each with the query that counts it for an event.
var counters = []struct{ column, count string }{
	{"orders_held", "SELECT COUNT(*) FROM orders WHERE event_id = totals.event_id AND status IN ('held', 'awaiting_approval', 'pending')"},
	{"orders_confirmed", "SELECT COUNT(*) FROM orders WHERE event_id = totals.event_id AND status = 'confirmed'"},
	{"tickets_reserved", "SELECT COUNT(*) FROM tickets WHERE event_id = totals.event_id AND status = 'reserved'"},
	{"tickets_valid", "SELECT COUNT(*) FROM tickets WHERE event_id = totals.event_id AND status = 'valid'"},
	{"tickets_canceled", "SELECT COUNT(*) FROM tickets WHERE event_id = totals.event_id AND status = 'canceled'"},
	{"paid", "SELECT COALESCE(SUM(amount), 0) FROM payments WHERE event_id = totals.event_id AND status IN " + cameIn},
	{"provider_fees", "SELECT COALESCE(SUM(provider_fee), 0) FROM payments WHERE event_id = totals.event_id AND status IN " + cameIn},
	{"refunded", "SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE event_id = totals.event_id AND status <> 'failed'"},
	{"last_order", "SELECT COALESCE(MAX(number), 0) FROM orders WHERE event_id = totals.event_id"},
	{"last_ticket", "SELECT COALESCE(MAX(number), 0) FROM tickets WHERE event_id = totals.event_id"},
	{"last_type", "SELECT COALESCE(MAX(number), 0) FROM ticket_types WHERE event_id = totals.event_id"},
}

// cameIn are the states of payments whose money came.
const cameIn = "('succeeded', 'disputed', 'late_refund_pending', 'late_refunded')"

// Check compares every stored counter and invariant of selling with the rows, and says in a sentence each that differs.
func Check(ctx context.Context, db bun.IDB) ([]string, error) {
	var found []string
	for _, c := range checks {
		var rows []struct {
			Subject         string
			Stored, Counted int64
		}
		if err := db.NewRaw(c.query).Scan(ctx, &rows); err != nil {
			return nil, fmt.Errorf("ticketing: check: %w", err)
		}
		for _, r := range rows {
			found = append(found, fmt.Sprintf(c.what, r.Subject, r.Stored, r.Counted))
		}
	}
	for _, c := range counters {
		var rows []struct {
			EventID         string
			Stored, Counted int64
		}
		if err := db.NewRaw("SELECT * FROM (SELECT totals.event_id, totals."+c.column+" AS stored, ("+c.count+
			") AS counted FROM event_totals AS totals) AS compared WHERE stored <> counted").Scan(ctx, &rows); err != nil {
			return nil, fmt.Errorf("ticketing: check %s: %w", c.column, err)
		}
		for _, r := range rows {
			found = append(found, fmt.Sprintf("event %s: %s is %d, the rows count %d", r.EventID, c.column, r.Stored, r.Counted))
		}
	}
	return found, nil
}
