package checkin_test

import (
	"testing"
	"time"

	"turnout"
	"turnout/checkin"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Arrivals are compared with the last event that people came to, at the same distance from its beginning: one of the same group before a later one of
// another; one without a door, a canceled one and other communities' do not count.
func TestArrivalsBesideTheEventBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		list := d.list(checkin.ListInput{})
		tickets := d.order(d.regular, 10).Tickets
		arrivals := func(e *events.Event) *checkin.Arrivals {
			t.Helper()
			a, err := d.Arrivals(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		d.at(-3 * time.Hour)
		if a := arrivals(d.event); a.Begun() || a.Came != 0 || a.Tickets != 10 || a.Before != nil {
			t.Errorf("before the window: %+v", a)
		}
		for i, after := range []time.Duration{-90 * time.Minute, -20 * time.Minute, -2 * time.Minute, time.Minute, 5 * time.Hour} {
			d.pass(list, tickets[i].Code, checkin.Entry, after)
		}
		a := arrivals(d.event)
		if a.Came != 5 || len(a.Curve) != a.Points() || a.Curve[0] != 0 || a.Curve[a.Points()-1] != 4 || a.Share() != 0.5 {
			t.Errorf("%+v", a)
		}
		if at := int((checkin.ArrivalsBefore - 15*time.Minute) / checkin.ArrivalsStep); a.Curve[at] != 2 {
			t.Errorf("a quarter of an hour before: %d", a.Curve[at])
		}

		planner := &events.Service{DB: db, Now: d.now}
		next := func(slug string, after time.Duration) *events.Event {
			e, err := planner.Create(t.Context(), d.event.CommunityID, events.Details{Slug: slug, Title: slug, Format: events.InPerson, Timezone: "UTC",
				StartsAt: start.Add(after), EndsAt: start.Add(after + 8*time.Hour), Currency: "EUR", Venue: events.Venue{Name: "Hall", City: "Köln"}})
			if err == nil {
				e, err = planner.Publish(t.Context(), d.event.CommunityID, string(e.ID), 0)
			}
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		day := 24 * time.Hour
		next("empty", 10*day) // nobody came
		summer := *d
		summer.event = next("summer", 30*day)
		pool, err := d.Ticketing.CreatePool(t.Context(), d.event.CommunityID, summer.event.ID, ticketing.PoolInput{Name: "Hall", Capacity: 100})
		if err != nil {
			t.Fatal(err)
		}
		summer.pool = pool
		summer.order(summer.ticketType("Summer", ticketing.InPerson), 40)
		d.at(30*day - 15*time.Minute)
		a = arrivals(summer.event)
		if b := a.Before; b == nil || b.Event.Slug != "spring" || b.Came != 2 || b.Tickets != 10 || b.Expected != 8 || a.Came != 0 || a.Tickets != 40 || len(b.Curve) != a.Points() || len(a.Curve) >= a.Points() {
			t.Errorf("a quarter of an hour before: %+v, %+v", a, a.Before)
		}
		d.at(30*day - 18*time.Minute) // two fifths of five minutes over, rounded
		if b := arrivals(summer.event).Before; b.Came != 1 {
			t.Errorf("in the midst of five minutes: %d", b.Came)
		}
		if a := arrivals(d.event); a.Before != nil {
			t.Errorf("the first has none before it: %+v", a.Before)
		}
		other := *summer.event
		other.CommunityID = turnout.ID("com_other")
		if a, err := d.Arrivals(t.Context(), &other); err != nil || a.Before != nil || a.Tickets != 0 {
			t.Errorf("another community: %+v, %v", a, err)
		}
		d.holds()
	})
}
