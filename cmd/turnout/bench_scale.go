package main

import (
	"context"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/internal/database"
	"turnout/ticketing"
)

// crowd is an event with many tickets, on a server and a database of its own.
type crowd struct {
	*rig
	*stage
	tickets int
	list    turnout.ID
	rng     *rand.Rand
	used    int // tickets that were let in
}

// ask is one call of P12, the goal of its ratio, and what it asks for.
type ask struct {
	what string
	goal float64
	req  func(c *crowd) []byte
}

var asks = []ask{
	{"redeem a ticket", 2, func(c *crowd) []byte { c.used++; return c.scan(c.list, c.code(c.used), int64(c.used)) }},
	{"an order by its code", 2, func(c *crowd) []byte {
		return request("GET", "/api/v1/orders/"+c.Ticketing.OrderCode(c.Number, int64(c.any())), c.token, "")
	}},
	{"the list of orders, any page", 2, func(c *crowd) []byte {
		return request("GET", "/api/v1/events/"+string(c.stage.ID)+"/orders?limit=50&cursor="+bulkID("ord", c.any()), c.token, "")
	}},
	{"the event's dashboard", 2, func(c *crowd) []byte { return request("GET", "/console/events/"+string(c.stage.ID), c.cookie, "") }},
	{"the door's counters", 2, func(c *crowd) []byte {
		return request("GET", "/api/v1/check-in-lists/"+string(c.list)+"/stats", c.token, "")
	}},
	{"the recap's totals, as the budget reads them", 2, func(c *crowd) []byte {
		return request("GET", "/api/v1/events/"+string(c.stage.ID)+"/budget", c.token, "")
	}},
	{"activation, which looks at each person", 2, func(c *crowd) []byte {
		return request("GET", "/api/v1/events/"+string(c.stage.ID)+"/activation", c.token, "")
	}},
	{"the whole recap, activation with it", 2, func(c *crowd) []byte {
		return request("GET", "/api/v1/events/"+string(c.stage.ID)+"/recap", c.token, "")
	}},
	{"search by first name and surname, one person's", 12, func(c *crowd) []byte {
		i := c.any()
		return request("GET", fmt.Sprintf("/api/v1/events/%s/orders?search=given%d+family%d", c.stage.ID, 1000+i%500, 100000+i/50), c.token, "")
	}},
}

// scale measures on events that are full: P11 on a large one, P12 on it beside a small one.
func (b *bench) scale(ctx context.Context, wanted func(...string) bool) error {
	var crowds []*crowd
	defer func() {
		for _, c := range crowds {
			_ = c.close() // its figures are taken
		}
	}()
	sizes := []int{b.size.small, b.size.large}
	if !wanted("P12") {
		sizes = sizes[1:]
	}
	for _, n := range sizes {
		began := time.Now()
		c, err := b.crowd(ctx, n)
		fmt.Fprintf(b.log, "%s tickets made in %.0f s\n", figure(float64(n)), time.Since(began).Seconds())
		if err != nil {
			return fmt.Errorf("a full event: %w", err)
		}
		crowds = append(crowds, c)
		if b.report.Machine == nil {
			if b.report.Machine, err = machine(ctx, c.rig); err != nil {
				return err
			}
		}
	}
	if wanted("P11") {
		if err := b.exports(ctx, crowds[len(crowds)-1]); err != nil {
			return err
		}
	}
	if !wanted("P12") {
		return nil
	}
	return b.p95s(ctx, crowds)
}

// p95s is P12: the p95 of one caller's calls at many tickets beside that at few.
func (b *bench) p95s(ctx context.Context, crowds []*crowd) error {
	for _, c := range crowds {
		c.caller(0).close() // the server hangs up on who was silent while the rows were made
	}
	for _, a := range asks {
		var p95 [2]float64
		times := [2][]time.Duration{}
		for _, c := range crowds {
			if err := c.warm(); err != nil {
				return fmt.Errorf("P12: %s: %w", a.what, err)
			}
		}
		for began := time.Now(); len(times[0]) < b.size.samples && (time.Since(began) < 20*time.Second || len(times[0]) < 5); {
			for i, c := range crowds { // in turn
				took, err := c.ask(ctx, a)
				if err != nil {
					return fmt.Errorf("P12: %s: %w", a.what, err)
				}
				times[i] = append(times[i], took)
			}
		}
		for i := range times {
			slices.Sort(times[i])
			p95[i] = ms(times[i][len(times[i])*95/100])
		}
		b.atMost(a.goal, benchRow{ID: "P12", What: "p95 of " + a.what + " at " + figure(float64(b.size.large)) + " tickets", Ours: p95[1], Base: p95[0], Unit: "ms",
			Of: "at " + figure(float64(b.size.small)), Ratio: p95[1] / p95[0], Note: fmt.Sprintf("%d calls each", len(times[0]))})
	}
	return nil
}

// warm reads SQLite's file once: how long a way to a row is, is measured, and not the disk that a machine reads again what it forgot
// while the rows were made. PostgreSQL has them in its own memory.
func (c *crowd) warm() error {
	if c.DB.Engine != database.SQLite {
		return nil
	}
	f, err := os.Open(c.DB.Path)
	if err != nil {
		return err
	}
	_, err = io.Copy(struct{ io.Writer }{io.Discard}, f)
	return errors.Join(err, f.Close())
}

func (c *crowd) ask(ctx context.Context, a ask) (time.Duration, error) {
	req := a.req(c)
	began := time.Now()
	status, _, err := c.caller(0).call(ctx, req)
	took := time.Since(began)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answered %d: %.300s", status, c.caller(0).body)
	}
	return took, err
}

// any gives the number of some ticket.
func (c *crowd) any() int { return 1 + c.rng.IntN(c.tickets) }

// bulkID is the id of the i-th row that was made by SQL.
func bulkID(prefix string, i int) string { return fmt.Sprintf("%s_%026d", prefix, i) }

// bulkNonce is the nonce of the i-th ticket: its number in digits that base32 has.
func bulkNonce(i int) string {
	return strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D").Replace(fmt.Sprintf("%025d", i)) + "A"
}

// code signs the code of the i-th ticket.
func (c *crowd) code(i int) string {
	nonce, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(bulkNonce(i))
	if err != nil {
		panic(err) // ours
	}
	key, err := c.Event.PrivateKey()
	if err != nil {
		panic(err) // made a moment ago
	}
	return ticketing.Code{KeyID: 1, Mode: ticketing.InPerson, Event: c.Number, Ticket: int64(i), Type: c.ticket.Number, Nonce: ticketing.Nonce(nonce)}.Sign(key)
}

// crowd makes a server whose event has n tickets, each in an order of its own, with people, codes and search words.
func (b *bench) crowd(ctx context.Context, n int) (*crowd, error) {
	r, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	c := &crowd{rig: r, tickets: n, rng: rand.New(rand.NewPCG(1, uint64(n)))}
	if err := c.fill(ctx); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return c, nil
}

func (c *crowd) fill(ctx context.Context) (err error) {
	if c.stage, err = c.rig.fullStage(ctx, "p12", plenty); err != nil {
		return err
	}
	l, err := c.CheckIn.CreateList(ctx, c.community, c.stage.ID, checkin.ListInput{Name: "Door"})
	if err != nil {
		return err
	}
	c.list = l.ID
	conn, err := c.DB.Writer().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // on SQLite it is closed before the work
	run := func(query string) error {
		_, err := conn.ExecContext(ctx, query)
		return err
	}
	if c.DB.Engine == database.Postgres {
		_ = run("SET session_replication_role = replica") // foreign keys are not looked up, where we may say so
	}
	if c.DB.Engine == database.SQLite { // a connection that neither waits for the disk nor looks up foreign keys
		if err := conn.Close(); err != nil { // the one that writes
			return err
		}
		raw, err := sql.Open("sqlite", c.DB.Path+"?_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)")
		if err != nil {
			return err
		}
		defer raw.Close()
		raw.SetMaxOpenConns(1)
		run = func(query string) error {
			_, err := raw.ExecContext(ctx, query)
			return err
		}
	}
	for _, query := range c.rows() {
		if err := run(query); err != nil {
			return fmt.Errorf("%.40s…: %w", query, err)
		}
	}
	if c.DB.Engine == database.SQLite {
		return nil
	}
	// As its autovacuum does by itself, later.
	return errors.Join(run("ANALYZE"), run("SET session_replication_role = origin"))
}

// quoted is an id as SQL has it.
func quoted(id turnout.ID) string { return "'" + string(id) + "'" }

// rows gives the statements that make the rows and their counters: sold over a month, the second half of them let in within four
// hours through four gates. They hold no text of anybody's.
func (c *crowd) rows() []string {
	at := now()
	numbers, half := "generate_series(1, %d) AS n(i)", c.tickets/2
	pad26, pad25, bytes := "lpad(i::text, 26, '0')", "translate(lpad(i::text, 25, '0'), '0189', 'ABCD')", "convert_to(%s, 'UTF8')"
	stamp, ago := "TIMESTAMPTZ '%s'", "(TIMESTAMPTZ '%s' - (%s) * INTERVAL '1 minute')"
	if c.DB.Engine == database.SQLite {
		numbers = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) AS n"
		pad26, pad25 = "printf('%026d', i)", "replace(replace(replace(replace(printf('%025d', i), '0', 'A'), '1', 'B'), '8', 'C'), '9', 'D')"
		bytes = "CAST(%s AS BLOB)"
		stamp, ago = "'%s'", "strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', '%s', '-' || (%s) || ' minutes')"
	}
	text := func(t time.Time) string { return t.Format("2006-01-02 15:04:05.999999-07:00") }
	numbers = fmt.Sprintf(numbers, c.tickets)
	words := strings.NewReplacer("{i}", pad26, "{nonce}", pad25+" || 'A'", "{at}", fmt.Sprintf(stamp, text(at)),
		"{name}", "'Given' || (1000 + i % 500) || ' Family' || (100000 + i / 50)", "{email}", "'person' || i || '@example.org'",
		"{sold}", fmt.Sprintf(ago, text(at.Truncate(ticketing.SalesQuarter)), "15 * (i % 2880)"), "{came}", fmt.Sprintf(ago, text(at.Truncate(checkin.AttendanceSlot)), "5 * (i % 48)"),
		"{community}", "'"+string(c.community)+"'", "{event}", "'"+string(c.stage.ID)+"'", "{type}", "'"+string(c.ticket.ID)+"'", "{pool}", "'"+string(c.pool.ID)+"'",
		"{list}", "'"+string(c.list)+"'", "{addon}", quoted(c.full.addOn), "{seats}", quoted(c.full.seats), "{fish}", quoted(c.full.fishPool), "{note}", quoted(c.full.note),
		"{voucher}", quoted(c.full.voucher), "{all}", numbers, "{half}", fmt.Sprintf("%s WHERE i > %d", numbers, half))
	var all []string
	for _, row := range [][2]string{
		{"persons (id, community_id, name, created_at, updated_at)", "'per_' || {i}, {community}, {name}, {at}, {at} FROM {all}"},
		{"identities (id, community_id, person_id, source, handle, created_at)", "'idn_' || {i}, {community}, 'per_' || {i}, 'email', {email}, {at} FROM {all}"},
		{"orders (id, community_id, event_id, number, status, person_id, buyer_name, buyer_email, currency, total, expires_at, confirmed_at, created_at, updated_at)",
			"'ord_' || {i}, {community}, {event}, i, 'confirmed', 'per_' || {i}, {name}, {email}, 'EUR', 0, {at}, {sold}, {at}, {at} FROM {all}"},
		{"order_lines (id, community_id, order_id, ticket_type_id, voucher_id, name, attendance_mode, quantity, unit_price, discount, total, prices_include_tax)",
			"'lin_' || {i}, {community}, 'ord_' || {i}, {type}, {voucher}, 'Full', 'in_person', 1, 2500, 2500, 0, TRUE FROM {all}"},
		{"pool_claims (holder_id, pool_id, community_id, places, quantity)", "'lin_' || {i}, {pool}, {community}, 1, 1 FROM {all}"},
		{"tickets (id, community_id, event_id, order_id, line_id, ticket_type_id, number, status, attendance_mode, person_id, attendee_name, attendee_email, created_at, updated_at)",
			"'tkt_' || {i}, {community}, {event}, 'ord_' || {i}, 'lin_' || {i}, {type}, i, 'valid', 'in_person', 'per_' || {i}, {name}, {email}, {at}, {at} FROM {all}"},
		{"order_lines (id, community_id, order_id, add_on_id, name, quantity, unit_price, total, prices_include_tax)",
			"'lia_' || {i}, {community}, 'ord_' || {i}, {addon}, 'Workshop', 1, 0, 0, TRUE FROM {all}"},
		{"pool_claims (holder_id, pool_id, community_id, places, quantity)", "'lia_' || {i}, {seats}, {community}, 1, 1 FROM {all}"},
		{"pool_claims (holder_id, pool_id, community_id, places, quantity)", "'lin_' || {i}, {fish}, {community}, 1, 1 FROM {all}"},
		{"ticket_add_ons (line_id, ticket_id, community_id, add_on_id, quantity)", "'lia_' || {i}, 'tkt_' || {i}, {community}, {addon}, 1 FROM {all}"},
		{"add_on_totals (event_id, add_on_id, community_id, sold)", "{event}, {addon}, {community}, COUNT(*) FROM {all}"},
		{"answers (order_id, ticket_id, question_id, question_version, community_id, event_id, value, erase_at, created_at, updated_at)",
			"'ord_' || {i}, 'tkt_' || {i}, {note}, 1, {community}, {event}, '{\"text\":\"A badge\"}', '2099-01-01 00:00:00+00:00', {at}, {at} FROM {all}"},
		{"ticket_codes (ticket_id, nonce, community_id, state, type_number, mode, created_at)", "'tkt_' || {i}, {nonce}, {community}, 'current', 1, 'in_person', {at} FROM {all}"},
		{"scans (id, community_id, event_id, list_id, ticket_id, caller, nonce, request_hash, direction, result, gate, scanned_at, received_at, at)",
			"'scn_' || {i}, {community}, {event}, {list}, 'tkt_' || {i}, 'bulk', {i}, '', 'entry', 'accepted', 'Gate ' || (i % 4), {came}, {came}, {came} FROM {half}"},
		{"admissions (list_id, ticket_id, community_id, scan_id, inside, at, entered_by, entered_at, last_at)", "{list}, 'tkt_' || {i}, {community}, 'scn_' || {i}, TRUE, {came}, 'scn_' || {i}, {came}, {came} FROM {half}"},
		{"attendance_records (id, community_id, event_id, ticket_id, person_id, attendance_mode, source, first_at, last_at, confidence)",
			"'att_' || {i}, {community}, {event}, 'tkt_' || {i}, 'per_' || {i}, 'in_person', 'door_scan', {came}, {came}, 'high' FROM {half}"},
		{"ticket_totals (event_id, ticket_type_id, attendance_mode, community_id, valid)", "{event}, {type}, 'in_person', {community}, COUNT(*) FROM {all}"},
		{"sales_totals (event_id, starts_at, community_id, tickets)", "{event}, {sold}, {community}, COUNT(*) FROM {all} GROUP BY 2"},
		{"admission_totals (list_id, gate, ticket_type_id, community_id, admitted)", "{list}, 'Gate ' || (i % 4), {type}, {community}, COUNT(*) FROM {half} GROUP BY 2"},
		{"attendance_totals (event_id, starts_at, ticket_type_id, attendance_mode, community_id, came)", "{event}, {came}, {type}, 'in_person', {community}, COUNT(*) FROM {half} GROUP BY 2"},
	} {
		all = append(all, "INSERT INTO "+row[0]+" SELECT "+words.Replace(row[1]))
	}
	for _, word := range []string{"'given' || (1000 + i % 500)", "'family' || (100000 + i / 50)", "'person' || i"} {
		all = append(all, "INSERT INTO search_tokens (community_id, kind, scope_id, token, row_id) SELECT "+
			words.Replace("{community}, 'order', {event}, "+fmt.Sprintf(bytes, word)+", 'ord_' || {i} FROM {all}"))
	}
	return append(all, fmt.Sprintf("UPDATE pools SET taken = %d", c.tickets), fmt.Sprintf("UPDATE vouchers SET uses = %[1]d, spent = %[1]d * 2500", c.tickets),
		fmt.Sprintf("UPDATE check_in_lists SET admitted = %[1]d, inside = %[1]d", c.tickets-half),
		fmt.Sprintf("UPDATE event_totals SET last_order = %[1]d, last_ticket = %[1]d, orders_confirmed = %[1]d, tickets_valid = %[1]d", c.tickets))
}
