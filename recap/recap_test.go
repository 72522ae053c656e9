package recap_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"turnout"
	"turnout/community"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/recap"
)

// Every figure of the small event, added up by hand from the rows of fixture_test.go.
func TestRecapByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := build(t, db, small)
		r, err := s.Recap(t.Context(), home, "spring")
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][2]int64{
			"orders": {r.Orders.Value, 7}, "registered": {r.Registered.Value, 9}, "paid": {r.Paid.Value, 8}, "canceled": {r.Canceled.Value, 1},
			"came": {r.Came.Value, 5}, "in person": {r.CameInPerson.Value, 3}, "virtual": {r.CameVirtual.Value, 2}, "people": {r.People.Value, 5},
			"activated": {r.Activated.Value, 1}, "no-shows": {r.NoShows.Value.Count, 3}, "of": {r.NoShows.Value.Of, 8},
		} {
			if got[0] != got[1] {
				t.Errorf("%s: %d, want %d", name, got[0], got[1])
			}
		}
		if *r.NoShows.Value.Rate != 3.0/8 || *r.NoShows.Value.Interval != *(community.Proportion{X: 3, N: 8}).Wilson() {
			t.Errorf("no-shows: %+v", r.NoShows.Value)
		}
		eur := func(n int64) turnout.Money { return turnout.Money{Amount: n, Currency: "EUR"} }
		m := r.Money
		for name, got := range map[string][2]turnout.Money{
			"gross": {m.TicketGross.Value, eur(40000)}, "fees": {m.ProviderFees.Value, eur(1200)}, "refunded": {m.Refunded.Value, eur(5000)},
			"tickets": {m.TicketIncome.Value, eur(33800)}, "promised": {m.SponsorPromised.Value, eur(50000)}, "received": {m.SponsorReceived.Value, eur(30500)},
			"other": {m.OtherIncome.Value, eur(1500)}, "planned": {m.CostsPlanned.Value, eur(60000)}, "costs": {m.CostsActual.Value, eur(66000)},
			"result": {m.Result.Value, eur(-200)}, "an attendee": {*m.CostPerAttendee.Value, eur(13200)},
		} {
			if got[0] != got[1] {
				t.Errorf("%s: %v, want %v", name, got[0], got[1])
			}
		}
		// 66,000 − 30,000 − 20,000 − 500 − 1,500 = 14,000 are missing; 5 charged tickets brought 33,800, so 2.07 tickets.
		if *m.BreakEven.Value != 3 {
			t.Errorf("break even at %d", *m.BreakEven.Value)
		}
		minute := func(n int) time.Time { return starts.Add(time.Duration(n) * time.Minute) }
		want := recap.Arrivals{Minutes: 5, Buckets: []recap.Bucket{
			{StartsAt: minute(-20), InPerson: 2, Virtual: 1}, {StartsAt: minute(-15)}, {StartsAt: minute(-10)}, {StartsAt: minute(-5)},
			{StartsAt: minute(0), InPerson: 1, Virtual: 1},
		}}
		if diff := cmp.Diff(want, r.Arrivals.Value); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]recap.Refusal{{Reason: "already_checked_in", Count: 2}, {Reason: "wrong_list", Count: 1}}, r.Refusals.Value); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]recap.Step{{Name: "registered", Count: 9}, {Name: "paid", Count: 8}, {Name: "came", Count: 5}, {Name: "activated", Count: 1}}, r.Funnel.Value); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]recap.TypeRow{
			{TicketTypeID: "hall", Name: "In the hall", AttendanceMode: "in_person", Reserved: 1, Valid: 5, Canceled: 1, Came: 3, Absent: 2, Charged: 5},
			{TicketTypeID: "stream", Name: "Stream", AttendanceMode: "virtual", Valid: 3, Came: 2, Absent: 1},
		}, r.ByType.Value); diff != "" {
			t.Error(diff)
		}
		var names []string
		for _, row := range r.Sponsors.Value {
			names = append(names, row.Tier+" "+row.Name)
		}
		if !slices.Equal(names, []string{"Gold Bücher AG", " Acme", " Left, but paid"}) {
			t.Errorf("%q", names)
		}
		if a := r.Activation.Value.Population(community.NoShow); a.People != 3 || a.Activated != 1 {
			t.Errorf("%+v", a)
		}
	})
}

// Two who try the door weeks before make no cost for each: that is said when the event is over, by budget and recap alike.
func TestCostPerAttendeeWaitsForTheEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := build(t, db, small)
		for at, known := range map[time.Time]bool{ends.Add(-time.Second): false, ends: true} {
			s.Now = func() time.Time { return at }
			r, err := s.Recap(t.Context(), home, "spring")
			if err != nil {
				t.Fatal(err)
			}
			sum, err := s.Budget(t.Context(), home, "spring")
			if err != nil {
				t.Fatal(err)
			}
			if (r.Money.CostPerAttendee.Value != nil) != known || (sum.CostPerAttendee != nil) != known || r.Came.Value != 5 {
				t.Errorf("at %v: recap %v, budget %v", at, r.Money.CostPerAttendee.Value, sum.CostPerAttendee)
			}
		}
	})
}

// A recap of 300 tickets takes as many statements as one of ten.
func TestRecapTakesAConstantNumberOfStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := build(t, db, func(h *house) {
			for i := range 300 {
				h.ticket("hall", "in_person", "valid", "door_scan", starts.Add(time.Duration(i)*time.Second))
			}
		})
		ctx, statements := database.CountQueries(t.Context())
		if r, err := s.Recap(ctx, home, "spring"); err != nil || r.Came.Value != 300 {
			t.Fatal(r, err)
		}
		if n := statements.Load(); n != 11 {
			t.Errorf("%d statements, want 11", n)
		}
	})
}

// A ticket that came and was canceled after all came, and is neither valid nor a no-show.
func TestRecapOfATicketCanceledAfterItCame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := build(t, db, func(h *house) {
			small(h)
			h.ticket("hall", "in_person", "canceled", "door_scan", starts)
		})
		r, err := s.Recap(t.Context(), home, "spring")
		if err != nil || r.Came.Value != 6 || r.Paid.Value != 8 || r.Canceled.Value != 2 || r.NoShows.Value.Count != 3 {
			t.Errorf("came %d, paid %d, canceled %d, no-shows %+v, %v", r.Came.Value, r.Paid.Value, r.Canceled.Value, r.NoShows.Value, err)
		}
	})
}

func TestRecapOfAnEventWithNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := build(t, db, func(*house) {})
		r, err := s.Recap(t.Context(), home, "empty")
		if err != nil {
			t.Fatal(err)
		}
		if r.Came.Value != 0 || r.NoShows.Value.Rate != nil || r.Money.CostPerAttendee.Value != nil || r.Money.BreakEven.Value != nil || r.Money.Result.Value.Currency != "JPY" {
			t.Errorf("%+v", r)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		// Lists are empty, never null; null is only what is undefined without tickets and people (break even, cost, difference).
		if n := strings.Count(string(text), `"value":null`); n != 3 || strings.Contains(string(text), `"definition":""`) || !strings.Contains(string(text), `"buckets":[]`) {
			t.Errorf("%d nulls: %s", n, text)
		}
		for _, named := range []struct {
			community turnout.ID
			event     string
		}{{other, "spring"}, {home, "nothing"}} {
			if _, err := s.Recap(t.Context(), named.community, named.event); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%v: %v", named, err)
			}
			if _, err := s.Budget(t.Context(), named.community, named.event); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%v: %v", named, err)
			}
		}
	})
}

// What each audience must not see, looked for in the JSON itself.
func TestAudiences(t *testing.T) {
	s := build(t, dbtest.Open(t, database.SQLite), small)
	whole, err := s.Recap(t.Context(), home, "spring")
	if err != nil {
		t.Fatal(err)
	}
	secret := []string{`"currency"`, `"amount"`, `"money"`, `"refusals"`, `"orders"`, `Left, but paid`, `"status":"signed"`}
	for audience, hidden := range map[recap.Audience][]string{
		recap.Sponsor: secret,
		recap.Public:  append([]string{`"activation"`, `"no_shows"`, `"people"`, `"by_ticket_type"`, `"funnel"`}, secret...),
	} {
		r, err := whole.For(audience)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range hidden {
			if strings.Contains(string(text), word) {
				t.Errorf("%s sees %s: %s", audience, word, text)
			}
		}
		for _, word := range []string{`"came"`, `"arrivals"`, `Bücher AG`} {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s does not see %s", audience, word)
			}
		}
	}
	if whole.Money == nil || whole.Sponsors.Value[0].Promised == nil {
		t.Error("the team's report lost what others may not see")
	}
	if _, err := whole.For("press"); !errors.Is(err, recap.ErrAudience) {
		t.Error(err)
	}
}

// Arrivals far apart stay one chart: longer stretches, and the last one takes what lies beyond.
func TestArrivalsFarApart(t *testing.T) {
	for _, tt := range []struct {
		last    time.Duration
		minutes int64
	}{
		{15 * time.Hour, 5}, {16 * time.Hour, 15}, {47 * time.Hour, 15}, {7 * 24 * time.Hour, 60}, {40 * 24 * time.Hour, 360}, {400 * 24 * time.Hour, 360},
	} {
		s := build(t, dbtest.Open(t, database.SQLite), func(h *house) {
			h.ticket("hall", "in_person", "valid", "door_scan", starts)
			h.ticket("stream", "virtual", "valid", "join", starts.Add(tt.last))
		})
		r, err := s.Recap(t.Context(), home, "spring")
		if err != nil {
			t.Fatal(err)
		}
		curve := r.Arrivals.Value
		n := len(curve.Buckets)
		if curve.Minutes != tt.minutes || n > 192 || curve.Buckets[0].InPerson != 1 || curve.Buckets[n-1].Virtual != 1 {
			t.Errorf("%v: %d buckets of %d minutes, from %+v to %+v", tt.last, n, curve.Minutes, curve.Buckets[0], curve.Buckets[n-1])
		}
	}
}
