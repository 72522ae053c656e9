package agenda

import (
	"errors"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// A day is put on another day at the same times of day, also where the clocks change between, and taken back but for what was changed since.
func TestADayIsCopied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Berlin", "2026-10-23 08:00", "2026-10-26 18:00")
		zone := w.event.Location()
		wall := func(text string) time.Time {
			at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
			w.must(err)
			return at
		}
		room, err := w.AddRoom(w.ctx, w.community, w.event.Slug, RoomInput{Name: "Hall"})
		w.must(err)
		add := func(title string, kind Kind, in turnout.ID, at time.Time) *Session {
			s, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: title, Kind: kind, Status: Confirmed, Minutes: 30, Abstract: "About " + title})
			w.must(err)
			_, _, err = w.Place(w.ctx, w.community, s.ID, 0, SlotInput{in, at, at.Add(30 * time.Minute)})
			w.must(err)
			return s
		}
		add("Talk", Talk, room.ID, wall("2026-10-24 10:00"))
		add("Lunch", Break, room.ID, wall("2026-10-24 12:00"))
		add("Keynote", Keynote, "", wall("2026-10-24 09:00"))
		add("Late", Break, "", wall("2026-10-24 02:30"))   // in the night to the 24th: it stands with the day before
		add("Night", Social, "", wall("2026-10-25 01:00")) // stands with the 24th
		add("Elsewhere", Talk, room.ID, wall("2026-10-23 10:00"))

		copyDay := func(from, to string, all bool) (*CopiedDay, error) {
			return w.CopyDay(w.ctx, w.community, w.event.Slug, CopyDayInput{From: from, To: to, All: all})
		}
		for _, wrong := range []CopyDayInput{{From: "x", To: "2026-10-26"}, {From: "2026-10-24", To: ""}, {From: "2026-10-24", To: "2026-10-24"}, {From: "2026-10-30", To: "2026-10-24"}} {
			if _, err := w.CopyDay(w.ctx, w.community, w.event.Slug, wrong); !isInvalid(err) {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		if _, err := w.CopyDay(w.ctx, turnout.NewID(turnout.PrefixCommunity), w.event.Slug, CopyDayInput{From: "2026-10-24", To: "2026-10-26"}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		made, err := copyDay("2026-10-24", "2026-10-26", false) // over the end of summer time
		w.must(err)
		want := []struct{ title, at string }{{"Keynote", "2026-10-26 09:00"}, {"Lunch", "2026-10-26 12:00"}, {"Night", "2026-10-27 01:00"}}
		if len(made.Sessions) != len(want) || made.Shifted != 0 {
			t.Fatalf("copied %d sessions, %d shifted", len(made.Sessions), made.Shifted)
		}
		for i, s := range made.Sessions {
			if s.Title != want[i].title || !s.StartsAt.Equal(wall(want[i].at)) || s.EndsAt.Sub(s.StartsAt) != 30*time.Minute || s.Abstract != "About "+s.Title {
				t.Errorf("%q at %s, want %v", s.Title, s.StartsAt.In(zone), want[i])
			}
		}
		shifted, err := copyDay("2026-10-23", "2026-10-24", true)
		w.must(err)
		if len(shifted.Sessions) != 2 || shifted.Shifted != 1 { // half past two stands twice in the night to the 25th
			t.Errorf("%d copied, %d shifted", len(shifted.Sessions), shifted.Shifted)
		}

		_, err = w.Withdraw(w.ctx, w.community, made.Sessions[2].ID, 0)
		w.must(err)
		_, _, err = w.Place(w.ctx, w.community, made.Sessions[0].ID, 0, SlotInput{"", wall("2026-10-26 08:00"), wall("2026-10-26 08:30")})
		w.must(err)
		if left, err := w.Copied(w.ctx, w.event, made.Batch); err != nil || len(left) != 2 {
			t.Errorf("%d of the copy: %v", len(left), err)
		}
		gone, stay, err := w.TakeBackCopy(w.ctx, w.community, w.event.Slug, made.Batch)
		if gone != 1 || stay != 1 || err != nil {
			t.Errorf("taken back: %d gone, %d stay, %v", gone, stay, err)
		}
		if gone, stay, err = w.TakeBackCopy(w.ctx, w.community, w.event.Slug, made.Batch); gone != 0 || stay != 1 || err != nil {
			t.Errorf("once more: %d gone, %d stay, %v", gone, stay, err)
		}
	})
}

func isInvalid(err error) bool {
	known, ok := errors.AsType[*turnout.Error](err)
	return ok && known.Kind == turnout.Invalid && len(known.Fields) > 0
}
