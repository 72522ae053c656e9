package ticketing

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

// checks are the invariants of this room.
var checks = []database.Invariant{
	{Says: "event %s: has no row of event_totals (%d, %d)", Query: `
		SELECT event.id AS subject, 0 AS stored, 1 AS counted FROM events AS event LEFT JOIN event_totals AS totals ON totals.event_id = event.id WHERE totals.event_id IS NULL`},
	{Says: "pool %s: taken is %d, its claims add up to %d", Query: `
		SELECT pool.id AS subject, pool.taken AS stored, COALESCE(SUM(claim.quantity), 0) AS counted
		FROM pools AS pool LEFT JOIN pool_claims AS claim ON claim.pool_id = pool.id
		GROUP BY pool.id, pool.taken HAVING pool.taken <> COALESCE(SUM(claim.quantity), 0)`},
	{Says: "order line %s: holds %d places of a pool, its order's state asks for %d", Query: `
		SELECT line.id AS subject, claim.quantity AS stored,
		  CASE WHEN ord.status IN ('held', 'awaiting_approval', 'pending', 'confirmed') THEN claim.places ELSE 0 END AS counted
		FROM pool_claims AS claim JOIN order_lines AS line ON line.id = claim.holder_id JOIN orders AS ord ON ord.id = line.order_id JOIN pools AS pool ON pool.id = claim.pool_id
		WHERE claim.quantity <> CASE WHEN ord.status IN ('held', 'awaiting_approval', 'pending', 'confirmed') THEN claim.places ELSE 0 END
		  AND NOT (pool.kind = 'price' AND ord.status = 'confirmed')`}, // late money keeps its price when others had the window since
	{Says: "order line %s: sells %d tickets and holds fewer places of every pool (%d)", Query: `
		SELECT line.id AS subject, line.quantity AS stored, 0 AS counted FROM order_lines AS line
		WHERE line.ticket_type_id IS NOT NULL
		  AND NOT EXISTS (SELECT 1 FROM pool_claims AS claim WHERE claim.holder_id = line.id AND claim.places >= line.quantity)`},
	{Says: "order line %s: its claim is for %d places of a pool, it sells %d", Query: `
		SELECT line.id AS subject, claim.places AS stored, line.quantity - line.canceled AS counted
		FROM pool_claims AS claim JOIN order_lines AS line ON line.id = claim.holder_id JOIN pools AS pool ON pool.id = claim.pool_id
		WHERE pool.kind <> 'choice' AND claim.places <> line.quantity - line.canceled`},
	{Says: "voucher %s: reserves %d places of a pool and has %d uses left", Query: `
		SELECT voucher.id AS subject, claim.quantity AS stored, CASE WHEN voucher.ended THEN 0 ELSE voucher.max_uses - voucher.uses END AS counted
		FROM vouchers AS voucher JOIN pool_claims AS claim ON claim.holder_id = voucher.id
		WHERE claim.quantity > CASE WHEN voucher.ended THEN 0 ELSE voucher.max_uses - voucher.uses END`},
	{Says: "waitlist entry %s: holds %d places of a pool, its state asks for %d", Query: `
		SELECT entry.id AS subject, claim.quantity AS stored, CASE WHEN entry.status = 'offered' THEN claim.places ELSE 0 END AS counted
		FROM waitlist_entries AS entry JOIN pool_claims AS claim ON claim.holder_id = entry.id
		WHERE claim.quantity <> CASE WHEN entry.status = 'offered' THEN claim.places ELSE 0 END`},
	{Says: "waitlist entry %s: is offered places and holds too few (%d, %d)", Query: `
		SELECT entry.id AS subject, 0 AS stored, entry.party_size AS counted FROM waitlist_entries AS entry
		WHERE entry.status = 'offered' AND NOT EXISTS (SELECT 1 FROM pool_claims AS claim WHERE claim.holder_id = entry.id AND claim.quantity >= entry.party_size)`},
	{Says: "waitlist entry %s: says that it waits for a type (%d) and not so itself (%d)", Query: `
		SELECT entry.id AS subject, CASE WHEN wish.waiting THEN 1 ELSE 0 END AS stored, CASE WHEN entry.status = 'waiting' THEN 1 ELSE 0 END AS counted
		FROM waitlist_entries AS entry JOIN waitlist_entry_types AS wish ON wish.entry_id = entry.id WHERE wish.waiting <> (entry.status = 'waiting')`},
	{Says: "claim of %s: holds %d places for nobody that is known (%d)", Query: `
		SELECT claim.holder_id AS subject, claim.quantity AS stored, 0 AS counted FROM pool_claims AS claim
		WHERE claim.quantity > 0 AND NOT EXISTS (SELECT 1 FROM order_lines AS line WHERE line.id = claim.holder_id AND claim.holder_kind = 'line')
		  AND (claim.holder_kind = 'line'
		    OR claim.holder_kind = 'voucher' AND NOT EXISTS (SELECT 1 FROM vouchers AS voucher WHERE voucher.id = claim.holder_id)
		    OR claim.holder_kind = 'offer' AND NOT EXISTS (SELECT 1 FROM waitlist_entries AS entry WHERE entry.id = claim.holder_id)
		    OR claim.holder_kind = 'block' AND NOT EXISTS (SELECT 1 FROM pool_blocks AS block WHERE block.id = claim.holder_id))`},
	{Says: "order line %s: sells %d of an add-on, tickets have %d", Query: `
		SELECT line.id AS subject, line.quantity - line.canceled AS stored, COALESCE(SUM(has.quantity), 0) AS counted
		FROM order_lines AS line LEFT JOIN ticket_add_ons AS has ON has.line_id = line.id WHERE line.add_on_id IS NOT NULL
		GROUP BY line.id, line.quantity, line.canceled HAVING line.quantity - line.canceled <> COALESCE(SUM(has.quantity), 0)`},
	{Says: "order %s: its lines say %d tickets, there are %d", Query: `
		SELECT line.order_id AS subject, SUM(line.quantity) AS stored,
		  (SELECT COUNT(*) FROM tickets AS ticket WHERE ticket.order_id = line.order_id) AS counted
		FROM order_lines AS line WHERE line.ticket_type_id IS NOT NULL GROUP BY line.order_id
		HAVING SUM(line.quantity) <> (SELECT COUNT(*) FROM tickets AS ticket WHERE ticket.order_id = line.order_id)`},
	{Says: "order %s: its total is %d, its lines add up to %d", Query: `
		SELECT ord.id AS subject, ord.total AS stored, SUM(line.total) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id GROUP BY ord.id, ord.total HAVING ord.total <> SUM(line.total)`},
	{Says: "confirmed order %s: costs %d, paid were %d", Query: `
		SELECT ord.id AS subject, ord.total AS stored, COALESCE(SUM(payment.amount), 0) AS counted
		FROM orders AS ord LEFT JOIN payments AS payment ON payment.order_id = ord.id AND payment.status IN ('succeeded', 'disputed')
		WHERE ord.status = 'confirmed' AND ord.total > 0 GROUP BY ord.id, ord.total HAVING ord.total > COALESCE(SUM(payment.amount), 0)`},
	{Says: "ticket %s: has %d current codes and not %d", Query: `
		SELECT ticket.id AS subject, COUNT(code.nonce) AS stored, 1 AS counted
		FROM tickets AS ticket LEFT JOIN ticket_codes AS code ON code.ticket_id = ticket.id AND code.state = 'current'
		GROUP BY ticket.id HAVING COUNT(code.nonce) <> 1`},
	{Says: "ticket %s: its state does not follow its order's (%d, %d)", Query: `
		SELECT ticket.id AS subject, 0 AS stored, 0 AS counted FROM tickets AS ticket JOIN orders AS ord ON ord.id = ticket.order_id
		WHERE NOT (ticket.status = 'valid' AND ord.status = 'confirmed' OR ticket.status = 'canceled' AND ord.status IN ('confirmed', 'canceled', 'expired')
		  OR ticket.status = 'reserved' AND ord.status IN ('held', 'awaiting_approval', 'pending'))`},
	{Says: "payment %s: %d was given back, %d was paid", Query: `
		SELECT payment.id AS subject, SUM(refund.amount) AS stored, payment.amount AS counted
		FROM payments AS payment JOIN refunds AS refund ON refund.payment_id = payment.id AND refund.status <> 'failed'
		GROUP BY payment.id, payment.amount HAVING SUM(refund.amount) > payment.amount`},
}

// tallies are the tables of counters beside event_totals, each column with the rows that it counts.
var tallies = []database.Invariant{
	database.Tally("ticket_totals", byType, "reserved", "SELECT "+byType+" AS subject, COUNT(*) AS counted FROM tickets WHERE status = 'reserved' GROUP BY 1"),
	database.Tally("ticket_totals", byType, "valid", "SELECT "+byType+" AS subject, COUNT(*) AS counted FROM tickets WHERE status = 'valid' GROUP BY 1"),
	database.Tally("ticket_totals", byType, "canceled", "SELECT "+byType+" AS subject, COUNT(*) AS counted FROM tickets WHERE status = 'canceled' GROUP BY 1"),
	database.Tally("ticket_totals", byType, "charged", "SELECT "+byType+` AS subject, COUNT(*) AS counted FROM tickets
		WHERE status = 'valid' AND EXISTS (SELECT 1 FROM order_lines AS line WHERE line.id = tickets.line_id AND line.total > 0) GROUP BY 1`),
	database.Tally("ticket_totals", byType, "income", "SELECT "+byType+` AS subject,
		SUM((SELECT line.unit_price - line.discount FROM order_lines AS line WHERE line.id = tickets.line_id)) AS counted FROM tickets WHERE status = 'valid' GROUP BY 1`),
	// Both engines write a time in UTC as "2026-03-01 09:30:…" when it is made text.
	database.Tally("sales_totals", "community_id || ' ' || event_id || ' ' || substr(CAST(starts_at AS TEXT), 1, 16)", "tickets",
		`SELECT ord.community_id || ' ' || ord.event_id || ' ' || substr(CAST(ord.confirmed_at AS TEXT), 1, 14) || CASE
			WHEN substr(CAST(ord.confirmed_at AS TEXT), 15, 2) < '15' THEN '00' WHEN substr(CAST(ord.confirmed_at AS TEXT), 15, 2) < '30' THEN '15'
			WHEN substr(CAST(ord.confirmed_at AS TEXT), 15, 2) < '45' THEN '30' ELSE '45' END AS subject, SUM(line.quantity) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id WHERE ord.status = 'confirmed' AND line.ticket_type_id IS NOT NULL GROUP BY 1`),
	database.Tally("add_on_totals", byAddOn, "held", "SELECT "+ofAddOn+` AS subject, SUM(line.quantity) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id
		WHERE line.add_on_id IS NOT NULL AND ord.status IN ('held', 'awaiting_approval', 'pending') GROUP BY 1`),
	database.Tally("add_on_totals", byAddOn, "sold", "SELECT "+ofAddOn+` AS subject, SUM(line.quantity - line.canceled) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id WHERE line.add_on_id IS NOT NULL AND ord.status = 'confirmed' GROUP BY 1`),
	database.Tally("add_on_totals", byAddOn, "income", "SELECT "+ofAddOn+` AS subject, SUM(line.total - line.canceled * (line.unit_price - line.discount)) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id WHERE line.add_on_id IS NOT NULL AND ord.status = 'confirmed' GROUP BY 1`),
	database.Tally("vouchers", "id", "uses", `SELECT line.voucher_id AS subject, SUM(line.quantity) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id
		WHERE line.voucher_id IS NOT NULL AND ord.status IN ('held', 'awaiting_approval', 'pending', 'confirmed') GROUP BY 1`),
	database.Tally("vouchers", "id", "spent", `SELECT line.voucher_id AS subject, SUM(line.quantity * line.discount) AS counted
		FROM orders AS ord JOIN order_lines AS line ON line.order_id = ord.id
		WHERE line.voucher_id IS NOT NULL AND ord.status IN ('held', 'awaiting_approval', 'pending', 'confirmed') GROUP BY 1`),
}

const (
	byAddOn = "community_id || ' ' || event_id || ' ' || add_on_id"
	ofAddOn = "ord.community_id || ' ' || ord.event_id || ' ' || line.add_on_id"
)

const byType = "community_id || ' ' || event_id || ' ' || ticket_type_id || ' ' || attendance_mode"

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
	{"transfers", `SELECT COUNT(*) FROM orders WHERE event_id = totals.event_id AND status = 'pending'
		AND EXISTS (SELECT 1 FROM payments WHERE payments.order_id = orders.id AND payments.provider = 'offline')`},
	{"refunds_manual", "SELECT COUNT(*) FROM refunds WHERE event_id = totals.event_id AND status = 'manual'"},
	{"refunds_failed", "SELECT COUNT(*) FROM payments AS payment WHERE payment.event_id = totals.event_id AND " + refundFailed},
	{"waiting", "SELECT COUNT(*) FROM waitlist_entries WHERE event_id = totals.event_id AND status = 'waiting'"},
	{"approvals", "SELECT COUNT(*) FROM orders WHERE event_id = totals.event_id AND status = 'awaiting_approval'"},
}

// cameIn are the states of payments whose money came.
const cameIn = "('succeeded', 'disputed', 'late_refund_pending', 'late_refunded')"

// Check compares every stored counter and invariant of selling with the rows, and says in a sentence each that differs.
func Check(ctx context.Context, db bun.IDB) ([]string, error) {
	all := slices.Concat(checks, tallies, questionChecks)
	for _, c := range counters {
		all = append(all, database.Invariant{Says: "event %s: " + c.column + " is %d, the rows count %d",
			Query: "SELECT * FROM (SELECT totals.event_id AS subject, totals." + c.column + " AS stored, (" + c.count +
				") AS counted FROM event_totals AS totals) AS compared WHERE stored <> counted"})
	}
	found, err := database.Broken(ctx, db, all)
	if err != nil {
		return nil, fmt.Errorf("ticketing: check: %w", err)
	}
	return found, nil
}
