package community_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/community"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// The event of these tests, the window that follows it and the look-back before it, by a rule of 2 activities.
var (
	starts       = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ends         = time.Date(2026, 3, 2, 18, 30, 0, 0, time.UTC)
	lookbackFrom = time.Date(2025, 12, 1, 9, 0, 0, 0, time.UTC) // 90 × 24 h before the start
	windowUntil  = time.Date(2026, 4, 1, 18, 30, 0, 0, time.UTC)
)

const tick = time.Microsecond

// newEvent makes the event "spring" with one ticket type and sets the rule.
func newEvent(t testing.TB, s *community.Service) {
	t.Helper()
	run(t, s.DB, `INSERT INTO events (id, community_id, number, slug, title, format, timezone, starts_at, ends_at, currency, signing_key, created_at, updated_at)
		VALUES ('evt_spring', ?0, 1, 'spring', 'Spring', 'hybrid', 'UTC', ?1, ?2, 'EUR', '', ?1, ?1), ('evt_else', ?0, 2, 'else', 'Else', 'hybrid', 'UTC', ?1, ?2, 'EUR', '', ?1, ?1)`, home, starts, ends)
	run(t, s.DB, `INSERT INTO ticket_types (id, community_id, event_id, number, name, price, attendance_mode, created_at, updated_at)
		VALUES ('tty', ?0, 'evt_spring', 1, 'Seat', 0, 'in_person', ?1, ?1)`, home, at)
	run(t, s.DB, `INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES ('per_buyer', ?0, '', ?1, ?1)`, home, at)
	run(t, s.DB, `INSERT INTO orders (id, community_id, event_id, number, status, person_id, buyer_name, buyer_email, currency, total, expires_at, created_at, updated_at)
		VALUES ('ord', ?0, 'evt_spring', 1, 'confirmed', 'per_buyer', '', '', 'EUR', 0, ?1, ?1, ?1)`, home, at)
	run(t, s.DB, `INSERT INTO order_lines (id, community_id, order_id, ticket_type_id, name, attendance_mode, quantity, unit_price, total, prices_include_tax)
		VALUES ('oln', ?0, 'ord', 'tty', '', 'in_person', 1, 0, 0, TRUE)`, home)
	if _, err := s.SetRule(t.Context(), home, community.Rule{MinCount: 2, WindowDays: 30, LookbackDays: 90}, nil); err != nil {
		t.Fatal(err)
	}
}

type member struct {
	name       string
	ticket     string // its status; empty: none
	came       bool
	waits      string // status of the waitlist entry; empty: none
	anonymous  bool
	deeds      []time.Time
	population string
	class      string
}

// add writes the member as ticketing, checkin and the sources of activities would.
func (m member) add(t testing.TB, s *community.Service, number int) {
	t.Helper()
	id, tkt := fmt.Sprintf("per_%d", number), fmt.Sprintf("tkt_%d", number)
	run(t, s.DB, `INSERT INTO persons (id, community_id, name, created_at, updated_at) VALUES (?0, ?1, ?2, ?3, ?3)`, id, home, m.name, at)
	if !m.anonymous {
		run(t, s.DB, `INSERT INTO identities (id, community_id, person_id, source, handle, created_at) VALUES (?0, ?1, ?0, 'slack', ?0, ?2)`, id, home, at)
	}
	if m.ticket != "" || m.came {
		run(t, s.DB, `INSERT INTO tickets (id, community_id, event_id, order_id, line_id, ticket_type_id, number, status, attendance_mode, person_id, attendee_name, attendee_email, created_at, updated_at)
			VALUES (?0, ?1, 'evt_spring', 'ord', 'oln', 'tty', ?2, ?3, 'in_person', ?4, '', '', ?5, ?5)`, tkt, home, number, m.ticket, id, at)
	}
	if m.came {
		run(t, s.DB, `INSERT INTO attendance_records (id, community_id, event_id, ticket_id, person_id, attendance_mode, source, first_at, last_at, confidence)
			VALUES (?0, ?1, 'evt_spring', ?0, ?2, 'in_person', 'door_scan', ?3, ?3, 'high')`, tkt, home, id, starts)
	}
	if m.waits != "" {
		run(t, s.DB, `INSERT INTO waitlist_entries (id, community_id, event_id, person_id, name, email, party_size, status, lot, offered_type_id, offer_expires_at, created_at, updated_at)
			VALUES (?0, ?1, 'evt_spring', ?0, '', '', 1, ?2, 0, 'tty', ?3, ?3, ?3)`, id, home, m.waits, at)
	}
	for i, deed := range m.deeds {
		run(t, s.DB, `INSERT INTO activities (id, community_id, person_id, type, source, external_id, occurred_at, created_at)
			VALUES (?0, ?1, ?2, 'message', 'slack', ?0, ?3, ?4)`, fmt.Sprintf("%s_%d", id, i), home, id, deed, at)
	}
}

// members were sorted by hand. Two of the deeds decide; "inside" stands in a period for sure, the other at its edge.
func members() []member {
	old := lookbackFrom.Add(-500 * 24 * time.Hour)
	before, after := starts.Add(-24*time.Hour), ends.Add(24*time.Hour)
	deeds := func(at ...time.Time) []time.Time { return at }
	return []member{
		{name: "came, did nothing", ticket: "valid", came: true, population: "attended", class: "not_activated"},
		{name: "came, one deed is too few", ticket: "valid", came: true, deeds: deeds(after), population: "attended", class: "not_activated"},
		{name: "came, two deeds after", ticket: "valid", came: true, deeds: deeds(after, after.Add(tick)), population: "attended", class: "activated"},
		{name: "at the very end of the event is not yet after it", ticket: "valid", came: true, deeds: deeds(ends, after), population: "attended", class: "not_activated"},
		{name: "the first instant after the event", ticket: "valid", came: true, deeds: deeds(ends.Add(tick), after), population: "attended", class: "activated"},
		{name: "the last instant of the window", ticket: "valid", came: true, deeds: deeds(after, windowUntil), population: "attended", class: "activated"},
		{name: "just after the window", ticket: "valid", came: true, deeds: deeds(after, windowUntil.Add(tick)), population: "attended", class: "not_activated"},
		{name: "active before", ticket: "valid", came: true, deeds: deeds(before, before, after, after), population: "attended", class: "already_active"},
		{name: "the first instant of the look-back", ticket: "valid", came: true, deeds: deeds(lookbackFrom, before), population: "attended", class: "already_active"},
		{name: "just before the look-back", ticket: "valid", came: true, deeds: deeds(lookbackFrom.Add(-tick), before, after, after), population: "attended", class: "activated"},
		{name: "the start is no longer before it", ticket: "valid", came: true, deeds: deeds(before, starts, after, after), population: "attended", class: "activated"},
		{name: "during the event counts for neither", ticket: "valid", came: true, deeds: deeds(starts.Add(tick), ends.Add(-tick)), population: "attended", class: "not_activated"},
		{name: "active long ago, and again", ticket: "valid", came: true, deeds: deeds(old, old, after, after), population: "attended", class: "reactivated"},
		{name: "active long ago only", ticket: "valid", came: true, deeds: deeds(old, old, after), population: "attended", class: "not_activated"},
		{name: "nobody knows who", ticket: "valid", came: true, anonymous: true, population: "attended", class: "unknown"},
		{name: "came, and still on the waitlist for another seat", ticket: "valid", came: true, waits: "waiting", population: "attended", class: "not_activated"},
		{name: "came, and the ticket was canceled later", ticket: "canceled", came: true, deeds: deeds(after, after), population: "attended", class: "activated"},

		{name: "stayed away", ticket: "valid", population: "no_show", class: "not_activated"},
		{name: "stayed away, active after", ticket: "valid", deeds: deeds(after, after), population: "no_show", class: "activated"},
		{name: "stayed away, active before", ticket: "valid", deeds: deeds(before, before), population: "no_show", class: "already_active"},
		{name: "a ticket and a place on the waitlist", ticket: "valid", waits: "waiting", population: "no_show", class: "not_activated"},
		{name: "stayed away, nobody knows who", ticket: "valid", anonymous: true, population: "no_show", class: "unknown"},

		{name: "waited", waits: "waiting", population: "waitlisted", class: "not_activated"},
		{name: "was offered places and did not take them", waits: "offered", deeds: deeds(after, after), population: "waitlisted", class: "activated"},
		{name: "an offer that ran out", waits: "expired", deeds: deeds(old, old, after, after), population: "waitlisted", class: "reactivated"},
		{name: "canceled the ticket, then waited", ticket: "canceled", waits: "waiting", population: "waitlisted", class: "not_activated"},

		{name: "was served from the waitlist, then canceled", ticket: "canceled", waits: "accepted"},
		{name: "withdrew the wish", waits: "withdrawn", deeds: deeds(after, after)},
		{name: "canceled", ticket: "canceled"},
		{name: "never paid", ticket: "reserved"},
	}
}

func TestActivationByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		newEvent(t, s)
		want := map[string]int64{}
		for i, m := range members() {
			m.add(t, s, i+1)
			want[m.population+" "+m.class]++
		}
		a, err := s.Activation(t.Context(), home, "spring")
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"attended", "no_show", "waitlisted"} {
			p := a.Populations[i]
			if p.Name != name {
				t.Fatalf("population %d is %s", i, p.Name)
			}
			var people int64
			for class, got := range map[string]int64{
				"already_active": p.AlreadyActive, "activated": p.Activated, "reactivated": p.Reactivated,
				"not_activated": p.NotActivated, "open": p.Open, "unknown": p.Unknown,
			} {
				if got != want[name+" "+class] {
					t.Errorf("%s %s: %d, want %d", name, class, got, want[name+" "+class])
				}
				people += got
			}
			if p.People != people {
				t.Errorf("%s: %d people, %d in the classes", name, p.People, people)
			}
		}
		// By hand: of 17 who came 2 were active before and 1 is unknown; 6 + 1 of the other 14 became active. Of 5 no-shows
		// 1 was active before and 1 is unknown; 1 of 3 became active.
		sameProportion(t, "attended", a.Populations[0], community.Proportion{X: 7, N: 14})
		sameProportion(t, "no_show", a.Populations[1], community.Proportion{X: 1, N: 3})
		sameProportion(t, "waitlisted", a.Populations[2], community.Proportion{X: 2, N: 4})
		if d := *a.Difference.Value; math.Abs(d-(7.0/14-1.0/3)) > 1e-12 {
			t.Errorf("the difference is %v", d)
		}
		if got, want := *a.Difference.Interval, *(community.Proportion{X: 7, N: 14}).Newcombe(community.Proportion{X: 1, N: 3}); got != want {
			t.Errorf("its interval is %v, want %v", got, want)
		}
		if !a.CompleteAt.Equal(windowUntil) || !a.Complete || a.WindowDays != 30 {
			t.Errorf("%d days until %v, complete %v", a.WindowDays, a.CompleteAt, a.Complete)
		}
		for _, part := range []string{"7 (50%", "33.3%", "16.7 percentage points", "includes no difference", "2 people without any identity", "not proof"} {
			if !strings.Contains(a.Statement, part) {
				t.Errorf("the statement lacks %q: %s", part, a.Statement)
			}
		}
	})
}

// The names in JSON are those of the design, and the two classes that decision 31 adds.
func TestActivationInJSON(t *testing.T) {
	s := newService(t, dbtest.Open(t, database.SQLite))
	newEvent(t, s)
	a, err := s.Activation(t.Context(), home, "spring")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Populations []map[string]any
		Difference  map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"activated", "already_active", "interval", "name", "not_activated", "open", "people", "rate", "reactivated", "unknown"}
	for _, p := range got.Populations {
		if names := slices.Sorted(maps.Keys(p)); !slices.Equal(names, want) {
			t.Errorf("a population has %q", names)
		}
	}
	if names := slices.Sorted(maps.Keys(got.Difference)); len(got.Populations) != 3 || !slices.Equal(names, []string{"interval", "value"}) {
		t.Errorf("%d populations, the difference has %q", len(got.Populations), names)
	}
}

func sameProportion(t *testing.T, name string, p community.Population, want community.Proportion) {
	t.Helper()
	if p.Outcome() != want || *p.Rate != *want.Rate() || *p.Interval != *want.Wilson() {
		t.Errorf("%s: %v at %v in %v, want %v", name, p.Outcome(), *p.Rate, *p.Interval, want)
	}
}

// While the window is open, who has met the rule is counted, the others are open, and there is no rate that would be
// made of the early successes alone.
func TestActivationWhileTheWindowIsOpen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		newEvent(t, s)
		for i, m := range members() {
			m.add(t, s, i+1)
		}
		for _, tt := range []struct {
			name          string
			now           time.Time
			open          bool
			words, german string
		}{
			{"during the event", ends, true, "not over", "noch nicht vorbei"},
			{"just after it", ends.Add(tick), true, "not yet known", "noch nicht bekannt"},
			{"at the window's last instant", windowUntil, true, "not yet known", "noch nicht bekannt"},
			{"just after that", windowUntil.Add(tick), false, "percentage points", "16,7 Prozentpunkte"},
		} {
			s.Now = func() time.Time { return tt.now }
			a, err := s.Activation(t.Context(), home, "spring")
			if err != nil {
				t.Fatal(err)
			}
			came := a.Populations[0]
			if open := came.Open > 0; open != tt.open || open == (came.NotActivated > 0) || came.Activated != 6 {
				t.Errorf("%s: %+v", tt.name, came)
			}
			if (came.Rate == nil) != tt.open || (came.Interval == nil) != tt.open || (a.Difference.Value == nil) != tt.open || a.Complete == tt.open {
				t.Errorf("%s: rate %v, difference %v, complete %v", tt.name, came.Rate, a.Difference.Value, a.Complete)
			}
			for lang, parts := range map[string][]string{"en": {tt.words, "not proof"}, "de": {tt.german, "kein Beweis"}} {
				for _, part := range parts {
					if said := a.Say(lang); !strings.Contains(said, part) || strings.Contains(said, "⟦") {
						t.Errorf("%s: no %q in %s", tt.name, part, said)
					}
				}
			}
			if a.Statement != a.Say("en") {
				t.Errorf("%s: the statement is %s", tt.name, a.Statement)
			}
		}
	})
}

func TestActivationOfTypesThatCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		newEvent(t, s)
		m := member{name: "two messages", ticket: "valid", came: true, deeds: []time.Time{ends.Add(time.Hour), ends.Add(2 * time.Hour)}}
		m.add(t, s, 1)
		run(t, db, `UPDATE activities SET type = 'check_in' WHERE id = 'per_1_0'`)
		for _, tt := range []struct {
			types     []string
			min       int64
			activated int64
		}{
			{nil, 1, 1},
			{nil, 2, 0}, // a check-in is none
			{[]string{"message"}, 1, 1},
			{[]string{"answer"}, 1, 0},
			{[]string{"answer", "Message"}, 1, 1},
		} {
			if _, err := s.SetRule(t.Context(), home, community.Rule{Types: tt.types, MinCount: tt.min, WindowDays: 30, LookbackDays: 90}, nil); err != nil {
				t.Fatal(err)
			}
			a, err := s.Activation(t.Context(), home, "spring")
			if err != nil || a.Populations[0].Activated != tt.activated {
				t.Errorf("%v, at least %d: %+v, %v", tt.types, tt.min, a, err)
			}
		}
	})
}

func TestActivationOfNobodyAndOfOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newService(t, db)
		newEvent(t, s)
		ctx, statements := database.CountQueries(t.Context())
		a, err := s.Activation(ctx, home, "else")
		if err != nil {
			t.Fatal(err)
		}
		if n := statements.Load(); n != 3 {
			t.Errorf("%d statements, want 3", n)
		}
		for _, p := range a.Populations {
			if p.People != 0 || p.Rate != nil || p.Interval != nil {
				t.Errorf("%+v", p)
			}
		}
		if a.Difference.Value != nil || a.Difference.Interval != nil {
			t.Errorf("%+v", a.Difference)
		}
		for _, named := range []struct {
			community turnout.ID
			event     string
		}{{other, "spring"}, {home, "nothing"}} {
			if _, err := s.Activation(t.Context(), named.community, named.event); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%v: %v", named, err)
			}
		}
	})
}

// An event of 100,000 people, each with three activities.
func BenchmarkActivation(b *testing.B) {
	const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000) `
	for _, engine := range dbtest.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			s := newService(b, dbtest.Open(b, engine))
			newEvent(b, s)
			for _, sql := range []string{
				`INSERT INTO persons (id, community_id, name, created_at, updated_at) ` + numbers + `SELECT 'p' || n, ?0, '', ?1, ?1 FROM numbers`,
				`INSERT INTO identities (id, community_id, person_id, source, handle, created_at) ` + numbers + `SELECT 'i' || n, ?0, 'p' || n, 'slack', 'p' || n, ?1 FROM numbers`,
				`INSERT INTO tickets (id, community_id, event_id, order_id, line_id, ticket_type_id, number, status, attendance_mode, person_id, attendee_name, attendee_email, created_at, updated_at) ` + numbers +
					`SELECT 't' || n, ?0, 'evt_spring', 'ord', 'oln', 'tty', n, 'valid', 'in_person', 'p' || n, '', '', ?1, ?1 FROM numbers`,
				`INSERT INTO attendance_records (id, community_id, event_id, ticket_id, person_id, attendance_mode, source, first_at, last_at, confidence) ` + numbers +
					`SELECT 'a' || n, ?0, 'evt_spring', 't' || n, 'p' || n, 'in_person', 'door_scan', ?1, ?1, 'high' FROM numbers WHERE n % 5 <> 0`,
				`INSERT INTO activities (id, community_id, person_id, type, source, external_id, occurred_at, created_at) ` + numbers +
					`SELECT 'd' || k || '_' || n, ?0, 'p' || n, 'message', 'slack', k || '_' || n, ?2, ?1 FROM numbers CROSS JOIN (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3) AS thrice`,
			} {
				run(b, s.DB, sql, home, at, ends.Add(time.Hour))
			}
			if engine == database.Postgres { // as its own autovacuum does a minute later
				run(b, s.DB, `ANALYZE`)
			}
			for b.Loop() {
				if a, err := s.Activation(b.Context(), home, "spring"); err != nil || a.Populations[0].Activated != 80000 {
					b.Fatal(a, err)
				}
			}
		})
	}
}
