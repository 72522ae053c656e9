package agenda

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestACloneHasTheRoomsAndTracks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Berlin", "2026-06-01 09:00", "2026-06-02 18:00")
		seats := int64(120)
		_, err := w.AddRoom(w.ctx, w.community, string(w.event.ID), RoomInput{Name: "Hall", Capacity: &seats})
		w.must(err)
		_, err = w.AddTrack(w.ctx, w.community, string(w.event.ID), TrackInput{Name: "Go", Color: "#1a7f37"})
		w.must(err)
		next := w.addEvent(w.community, "Europe/Berlin", "2027-06-01 09:00", "2027-06-02 18:00")
		w.must(db.Tx(w.ctx, func(ctx context.Context, tx bun.Tx) error { return w.CopyRooms(ctx, tx, w.event, next) }))
		a, err := w.Agenda(w.ctx, w.community, string(next.ID))
		w.must(err)
		if len(a.Rooms) != 1 || a.Rooms[0].Name != "Hall" || *a.Rooms[0].Capacity != 120 || len(a.Tracks) != 1 || a.Tracks[0].Color != "#1a7f37" {
			t.Errorf("rooms %+v, tracks %+v", a.Rooms, a.Tracks)
		}
	})
}

// A talk at ten stays at ten when the event moves from Berlin to Lisbon.
func TestSlotsKeepTheirWallClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Berlin", "2026-06-01 09:00", "2026-06-02 18:00")
		talk, err := w.AddSession(w.ctx, w.community, string(w.event.ID), SessionInput{Title: "Talk", Kind: Talk, Minutes: 45})
		w.must(err)
		ten := time.Date(2026, 6, 1, 10, 0, 0, 0, w.event.Location())
		_, _, err = w.Place(w.ctx, w.community, talk.ID, 0, SlotInput{StartsAt: ten, EndsAt: ten.Add(45 * time.Minute)})
		w.must(err)
		after := *w.event
		after.Timezone = "Europe/Lisbon"
		w.must(db.Tx(w.ctx, func(ctx context.Context, tx bun.Tx) error { return w.Rezone(ctx, tx, w.event, &after) }))
		moved, err := w.Session(w.ctx, w.community, talk.ID)
		w.must(err)
		if got := moved.StartsAt.In(after.Location()).Format("15:04"); got != "10:00" || moved.EndsAt.Sub(moved.StartsAt) != 45*time.Minute {
			t.Errorf("the talk begins at %s and takes %s", got, moved.EndsAt.Sub(moved.StartsAt))
		}
	})
}
