package recap_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/community"
	"turnout/internal/database"
	"turnout/recap"
	"turnout/templates"
	"turnout/ticketing"
)

const (
	home   = turnout.ID("com_home")
	other  = turnout.ID("com_other")
	spring = turnout.ID("evt_01jzzzzzzzzzzzzzzzzzzzzzzz")
)

// The clock of these tests, long after the event.
var (
	now    = time.Date(2026, 6, 20, 12, 0, 0, 0, time.UTC)
	starts = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ends   = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
)

var words = sync.OnceValue(func() *templates.Set {
	set, err := templates.New()
	if err != nil {
		panic(err)
	}
	return set
})

// house writes what the lower packages would have written, many rows in one transaction.
type house struct {
	t       testing.TB
	tx      bun.Tx
	n       int
	tickets map[[2]string]*ticketing.TypeTotals
	came    map[checkin.AttendanceTotals]*checkin.AttendanceTotals
}

func (h *house) run(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.tx.ExecContext(h.t.Context(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

// ticket adds a ticket of a person of its own; seen is when it came, zero for never.
func (h *house) ticket(kind, mode, status, source string, seen time.Time) turnout.ID {
	h.n++
	person, ticket := turnout.ID(fmt.Sprintf("per_%d", h.n)), fmt.Sprintf("tkt_%d", h.n)
	h.run(`INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES (?0, ?1, '', ?2, ?2)`, person, home, now)
	h.run(`INSERT INTO identities (id, community_id, person_id, source, handle, created_at) VALUES (?0, ?1, ?0, 'slack', ?0, ?2)`, person, home, now)
	h.run(`INSERT INTO tickets (id, community_id, event_id, order_id, line_id, ticket_type_id, number, status, attendance_mode, person_id, attendee_name, attendee_email, created_at, updated_at)
		VALUES (?0, ?1, ?2, 'ord', ?3, ?4, ?5, ?6, ?7, ?8, '', '', ?9, ?9)`, ticket, home, spring, "line_"+kind, kind, h.n, status, mode, person, now)
	count := h.tickets[[2]string{kind, mode}]
	if count == nil {
		count = &ticketing.TypeTotals{EventID: spring, TicketTypeID: turnout.ID(kind), AttendanceMode: ticketing.Mode(mode), CommunityID: home}
		h.tickets[[2]string{kind, mode}] = count
	}
	switch status {
	case "reserved":
		count.Reserved++
	case "canceled":
		count.Canceled++
	default:
		count.Valid++
		if kind == "hall" {
			count.Charged++
		}
	}
	if !seen.IsZero() {
		key := checkin.AttendanceTotals{EventID: spring, StartsAt: seen.Truncate(checkin.AttendanceSlot), TicketTypeID: turnout.ID(kind),
			AttendanceMode: ticketing.Mode(mode), CommunityID: home}
		if h.came[key] == nil {
			row := key
			h.came[key] = &row
		}
		h.came[key].Came++
		if status == "canceled" {
			h.came[key].Canceled++
		}
		h.run(`INSERT INTO attendance_records (id, community_id, event_id, ticket_id, person_id, attendance_mode, source, first_at, last_at, confidence)
			VALUES (?0, ?1, ?2, ?0, ?3, ?4, ?5, ?6, ?6, 'high')`, ticket, home, spring, person, mode, source, seen)
	}
	return person
}

// count writes the counters of the tickets, of those that came and of what the door refused.
func (h *house) count() error {
	h.run(`INSERT INTO refusal_totals (list_id, reason, community_id, refused) VALUES ('list', 'already_checked_in', ?0, 2), ('list', 'wrong_list', ?0, 1), ('list', 'canceled', ?0, 0)`, home)
	for _, row := range h.tickets {
		if _, err := h.tx.NewInsert().Model(row).Exec(h.t.Context()); err != nil {
			return err
		}
	}
	for _, row := range h.came {
		if _, err := h.tx.NewInsert().Model(row).Exec(h.t.Context()); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) active(person turnout.ID, at time.Time) {
	h.n++
	h.run(`INSERT INTO activities (id, community_id, person_id, type, source, external_id, occurred_at, created_at)
		VALUES (?0, ?1, ?2, 'message', 'slack', ?0, ?3, ?4)`, fmt.Sprintf("act_%d", h.n), home, person, at, now)
}

// build makes the community "home" with the hybrid event "spring": two ticket types (in person 50 EUR, virtual free), a door, two
// sponsors in a tier, a budget, and a rule of one activity within 30 days.
func build(t testing.TB, db *database.DB, fill func(h *house)) *recap.Service {
	t.Helper()
	clock := func() time.Time { return now }
	service := &recap.Service{DB: db, Now: clock, Words: words(), Community: &community.Service{DB: db, Now: clock, Words: words()}}
	err := db.Tx(t.Context(), func(_ context.Context, tx bun.Tx) error {
		h := &house{t: t, tx: tx, tickets: map[[2]string]*ticketing.TypeTotals{}, came: map[checkin.AttendanceTotals]*checkin.AttendanceTotals{}}
		h.run(`INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES (?0, 'home', 'Home', ?2, ?2), (?1, 'other', 'Other', ?2, ?2)`, home, other, now)
		h.run(`INSERT INTO events (id, community_id, number, slug, title, format, status, timezone, starts_at, ends_at, currency, venue_name, accent, signing_key, created_at, updated_at)
			VALUES (?0, ?1, 1, 'spring', 'Spring Łukasz 春 conference', 'hybrid', 'ended', 'Europe/Warsaw', ?2, ?3, 'EUR', 'Old Hall', '#0f766e', '', ?2, ?2),
			('evt_01jyyyyyyyyyyyyyyyyyyyyyyy', ?1, 2, 'empty', 'Empty', 'virtual', 'draft', 'UTC', ?2, ?3, 'JPY', '', '', '', ?2, ?2)`, spring, home, starts, ends)
		h.run(`INSERT INTO ticket_types (id, community_id, event_id, number, name, price, attendance_mode, position, created_at, updated_at)
			VALUES ('hall', ?0, ?1, 1, 'In the hall', 5000, 'in_person', 1, ?2, ?2), ('stream', ?0, ?1, 2, 'Stream', 0, 'virtual', 2, ?2, ?2)`, home, spring, now)
		h.run(`INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES ('per_buyer', ?0, '', ?1, ?1)`, home, now)
		h.run(`INSERT INTO orders (id, community_id, event_id, number, status, person_id, buyer_name, buyer_email, currency, total, expires_at, created_at, updated_at)
			VALUES ('ord', ?0, ?1, 1, 'confirmed', 'per_buyer', '', '', 'EUR', 0, ?2, ?2, ?2)`, home, spring, now)
		h.run(`INSERT INTO order_lines (id, community_id, order_id, ticket_type_id, name, attendance_mode, quantity, unit_price, total, prices_include_tax)
			VALUES ('line_hall', ?0, 'ord', 'hall', '', 'in_person', 1, 5000, 5000, TRUE), ('line_stream', ?0, 'ord', 'stream', '', 'virtual', 1, 0, 0, TRUE)`, home)
		h.run(`INSERT INTO event_totals (event_id, community_id, orders_confirmed, paid, provider_fees, refunded) VALUES (?0, ?1, 7, 40000, 1200, 5000)`, spring, home)
		h.run(`INSERT INTO check_in_lists (id, community_id, event_id, name, created_at, updated_at) VALUES ('list', ?0, ?1, 'Door', ?2, ?2)`, home, spring, now)
		for i, reason := range []string{"already_checked_in", "already_checked_in", "wrong_list", "canceled"} {
			h.run(`INSERT INTO scans (id, community_id, event_id, list_id, caller, nonce, request_hash, direction, result, reason, scanned_at, received_at, at, annulled_at)
				VALUES (?0, ?1, ?2, 'list', 'c', ?0, '', 'entry', 'refused', ?3, ?4, ?4, ?4, ?5)`, fmt.Sprintf("scan_%d", i), home, spring, reason, starts,
				map[bool]any{true: now}[reason == "canceled"])
		}
		h.run(`INSERT INTO sponsor_tiers (id, community_id, event_id, name, price, created_at, updated_at) VALUES ('gold', ?0, ?1, 'Gold', 1, ?2, ?2)`, home, spring, now)
		h.run(`INSERT INTO sponsors (id, community_id, event_id, tier_id, name, status, promised, created_at, updated_at)
			VALUES ('spo_1', ?0, ?1, NULL, 'Acme', 'paid', 30000, ?2, ?2), ('spo_2', ?0, ?1, 'gold', 'Bücher AG', 'signed', 20000, ?2, ?2),
			('spo_3', ?0, ?1, 'gold', 'Talks only', 'talking', 90000, ?2, ?2), ('spo_4', ?0, ?1, NULL, 'Left, but paid', 'lost', 500, ?2, ?2)`, home, spring, now)
		h.run(`INSERT INTO sponsor_payments (id, community_id, event_id, sponsor_id, amount, received_on, created_at)
			VALUES ('spp_1', ?0, ?1, 'spo_1', 30000, '2026-02-01', ?2), ('spp_2', ?0, ?1, 'spo_4', 500, '2026-02-01', ?2)`, home, spring, now)
		h.run(`INSERT INTO budget_lines (id, community_id, event_id, category, kind, planned, created_at, updated_at)
			VALUES ('bln_1', ?0, ?1, 'Hall', 'expense', 60000, ?2, ?2), ('bln_2', ?0, ?1, 'Grant', 'income', 1000, ?2, ?2)`, home, spring, now)
		h.run(`INSERT INTO budget_entries (id, community_id, event_id, line_id, amount, entry_date, created_at)
			VALUES ('ben_1', ?0, ?1, 'bln_1', 66000, '2026-03-02', ?2), ('ben_2', ?0, ?1, 'bln_2', 1500, '2026-03-02', ?2)`, home, spring, now)
		h.run(`INSERT INTO activation_rules (community_id, min_count, window_days, lookback_days, updated_at) VALUES (?, 1, 30, 90, ?)`, home, now)
		fill(h)
		return h.count()
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// small is an event whose figures can be added up by hand: in the hall 5 valid tickets, of which 3 came (one of them
// activated), 1 canceled and 1 reserved; on the stream 3 valid ones, of which 2 came.
func small(h *house) {
	never := time.Time{}
	h.active(h.ticket("hall", "in_person", "valid", "door_scan", starts.Add(-20*time.Minute)), ends.Add(time.Hour))
	h.ticket("hall", "in_person", "valid", "door_scan", starts.Add(-18*time.Minute))
	h.ticket("hall", "in_person", "valid", "manual", starts.Add(2*time.Minute))
	h.ticket("hall", "in_person", "valid", "", never)
	h.active(h.ticket("hall", "in_person", "valid", "", never), ends.Add(time.Hour))
	h.ticket("hall", "in_person", "canceled", "", never)
	h.ticket("hall", "in_person", "reserved", "", never)
	h.ticket("stream", "virtual", "valid", "join", starts.Add(-20*time.Minute))
	h.ticket("stream", "virtual", "valid", "join", starts.Add(30*time.Second))
	h.ticket("stream", "virtual", "valid", "", never)
}
