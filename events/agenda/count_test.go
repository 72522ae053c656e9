package agenda

import (
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Counting agrees with the agenda that is read; withdrawn sessions do not count.
func TestCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2026-05-01 09:00", "2026-05-02 17:00")
		for i, title := range []string{"One", "Two", "Gone"} {
			s, err := w.AddSession(w.ctx, w.community, string(w.event.ID), SessionInput{Title: title, Kind: Talk, Minutes: 30})
			w.must(err)
			if i == 0 {
				_, _, err = w.Place(w.ctx, w.community, s.ID, 0, SlotInput{StartsAt: w.event.StartsAt, EndsAt: w.event.StartsAt.Add(30 * 60e9)})
				w.must(err)
			}
			if title == "Gone" {
				_, err = w.Withdraw(w.ctx, w.community, s.ID, 0)
				w.must(err)
			}
		}
		got, err := Count(w.ctx, db.Read(), w.community, w.event.ID)
		w.must(err)
		if got != (Counts{Sessions: 2, Unplaced: 1}) {
			t.Errorf("%+v", got)
		}
		if got, err := Count(w.ctx, db.Read(), "com_other", w.event.ID); err != nil || got != (Counts{}) {
			t.Errorf("another community: %+v, %v", got, err)
		}
	})
}
