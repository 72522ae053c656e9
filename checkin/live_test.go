package checkin_test

import (
	"testing"
	"time"

	"turnout/checkin"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// What happens at doors is counted by the minute in which it happened, also when it was told late; what was taken back is not.
func TestTheLiveView(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d, most := newDoor(t, db), int64(10)
		list, tickets := d.list(checkin.ListInput{Entry: "reentry", MostInside: &most}), d.order(d.regular, 10).Tickets
		d.clock.Store(int64(time.Hour))
		in := func(i int, gate string) *checkin.Scan {
			t.Helper()
			return d.must(checkin.ScanInput{ListID: list.ID, Code: tickets[i].Code, Gate: gate})
		}
		in(0, "North")
		back := in(1, "North")
		if _, err := d.Annul(t.Context(), d.event.CommunityID, back.ID, ""); err != nil {
			t.Fatal(err)
		}
		d.clock.Add(int64(10 * time.Minute))
		in(2, "South")
		in(3, "North")
		in(4, "South")
		in(4, "South") // refused
		d.must(checkin.ScanInput{ListID: list.ID, Code: tickets[4].Code, Direction: checkin.Exit})
		d.sync(list, queued(t, "dev_a", "late", tickets[5].Code, time.Hour+8*time.Minute))
		d.sync(list, queued(t, "dev_a", "long ago", tickets[6].Code, time.Minute))
		live, err := d.Live(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		n := len(live.Minutes)
		if n != 30 || live.Minutes[n-1] != 3 || live.Minutes[n-3] != 1 || live.Minutes[n-11] != 1 || live.LastFive != 4 {
			t.Errorf("%d in five minutes, %v", live.LastFive, live.Minutes)
		}
		if len(live.ByGate) != 3 || live.ByGate[0] != (checkin.GateStats{Gate: "South", CheckedIn: 2}) || live.ByGate[1].Gate != "Gate of dev_a" {
			t.Errorf("by gate: %+v", live.ByGate)
		}
		if len(live.Refusals) != 1 || live.Refusals[0].Reason != checkin.AlreadyCheckedIn || live.Refusals[0].Refused != 1 {
			t.Errorf("refusals: %+v", live.Refusals)
		}
	})
}

func TestHowFullAPlaceIs(t *testing.T) {
	most := int64(10)
	for inside, want := range map[int64]checkin.Fullness{0: checkin.Roomy, 8: checkin.Roomy, 9: checkin.NearlyFull, 10: checkin.Full, 12: checkin.Full} {
		if got := (&checkin.List{MostInside: &most, Inside: inside}).Fullness(); got != want {
			t.Errorf("%d of 10: %q, want %q", inside, got, want)
		}
	}
	if (&checkin.List{Inside: 1_000_000}).Fullness() != checkin.Roomy {
		t.Error("where nothing is said")
	}
	if (&checkin.ListInput{Name: "Door", MostInside: new(int64)}).Check() == nil {
		t.Error("a place for nobody")
	}
}
