package agenda

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/events/speakers"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func (w *world) session(title string) *Session {
	w.t.Helper()
	s, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: title, Kind: Talk, Minutes: 30})
	w.must(err)
	return s
}

// What is moved together is moved together: one that cannot go keeps all of them where they are.
func TestSessionsAreArrangedTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2026-06-04 08:00", "2026-06-04 18:00")
		slug := w.event.Slug
		hall, err := w.AddRoom(w.ctx, w.community, slug, RoomInput{Name: "Hall"})
		w.must(err)
		one, two := w.session("One"), w.session("Two")
		slot := func(room turnout.ID, after, long time.Duration) *SlotInput {
			return &SlotInput{room, w.event.StartsAt.Add(after), w.event.StartsAt.Add(after + long)}
		}
		moved, err := w.Arrange(w.ctx, w.community, slug, []Move{{two.ID, 1, slot("", 0, time.Hour)}, {one.ID, 1, slot(hall.ID, time.Hour, 45*time.Minute)}})
		if err != nil || len(moved) != 2 || moved[0].ID != two.ID || moved[0].Version != 2 || moved[0].Minutes != 60 || moved[1].RoomID != hall.ID || moved[1].Minutes != 45 {
			t.Fatalf("%+v, %v", moved, err)
		}
		if stored, err := w.Session(w.ctx, w.community, one.ID); err != nil || !stored.StartsAt.Equal(w.event.StartsAt.Add(time.Hour)) || stored.Title != "One" || stored.Version != 2 {
			t.Errorf("stored: %+v, %v", stored, err)
		}

		other := w.addEvent(w.community, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		elsewhere, err := w.AddRoom(w.ctx, w.community, other.Slug, RoomInput{Name: "Elsewhere"})
		w.must(err)
		gone := w.session("Gone")
		_, err = w.Withdraw(w.ctx, w.community, gone.ID, 0)
		w.must(err)
		fine := Move{one.ID, 2, slot(hall.ID, 2*time.Hour, time.Hour)}
		for name, wrong := range map[string]struct {
			move Move
			want error
		}{
			"an old version": {Move{two.ID, 1, nil}, turnout.ErrStale}, "no session": {Move{"ses_other", 0, nil}, turnout.ErrNotFound}, "withdrawn": {Move{gone.ID, 0, slot("", 0, time.Hour)}, ErrWithdrawn},
		} {
			if _, err := w.Arrange(w.ctx, w.community, slug, []Move{fine, wrong.move}); !errors.Is(err, wrong.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for field, moves := range map[string][]Move{
			"moves": {}, "moves[1].session_id": {fine, fine}, "moves[1].room_id": {fine, {two.ID, 2, slot(elsewhere.ID, 0, time.Hour)}}, "moves[1].ends_at": {fine, {two.ID, 2, slot("", time.Hour, 0)}},
		} {
			if _, err := w.Arrange(w.ctx, w.community, slug, moves); !slices.Equal(fields(err), []string{field}) {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := w.Arrange(w.ctx, w.community, other.Slug, []Move{fine}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("by way of another event: %v", err)
		}
		if _, err := w.Arrange(w.ctx, "com_other", slug, []Move{fine}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("by another community: %v", err)
		}
		if stored, err := w.Session(w.ctx, w.community, one.ID); err != nil || stored.Version != 2 {
			t.Errorf("something went all the same: %+v, %v", stored, err)
		}
		if _, err := w.Arrange(w.ctx, w.community, slug, []Move{{one.ID, 2, nil}, {two.ID, 0, nil}}); err != nil {
			t.Error(err)
		}
		log, err := audit.List(w.ctx, w.DB.Read(), w.community, two.ID, "", 10)
		if err != nil || len(log) != 3 || log[0].Action != "session.unplaced" || log[1].Action != "session.placed" {
			t.Errorf("audit log %+v, %v", log, err)
		}
	})
}

// Of many who move the same sessions at once, as they saw them, one does; the others are told.
func TestManyArrangeAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		one, two := w.session("One"), w.session("Two")
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				start := w.event.StartsAt.Add(time.Duration(i) * time.Minute)
				order := []Move{{one.ID, 1, &SlotInput{"", start, start.Add(time.Hour)}}, {two.ID, 1, &SlotInput{"", start, start.Add(time.Hour)}}}
				if i%2 == 1 {
					slices.Reverse(order)
				}
				switch _, err := w.Arrange(w.ctx, w.community, w.event.Slug, order); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, turnout.ErrStale):
					t.Error(err)
				}
			})
		}
		all.Wait()
		a := w.agenda()
		if won.Load() != 1 || !a.Sessions[0].StartsAt.Equal(a.Sessions[1].StartsAt) || a.Sessions[0].Version != 2 {
			t.Errorf("%d went; %+v", won.Load(), a.Sessions)
		}
	})
}

// Who reads changes hears of what was changed since, with its speakers, and of the rooms as they are.
func TestADraftIsReadByItsChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		now := clock
		w.Now = func() time.Time { return now }
		ada, err := w.speakers.Add(w.ctx, w.community, w.event.Slug, speakers.Input{Name: "Ada Example"})
		w.must(err)
		first := w.session("First")
		now = now.Add(time.Hour)
		second, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "Second", Abstract: "Long.", Kind: Talk, Minutes: 30, SpeakerIDs: []turnout.ID{ada.ID}})
		w.must(err)
		whole, err := w.Draft(w.ctx, w.community, w.event.Slug, time.Time{})
		if err != nil || len(whole.Sessions) != 2 || len(whole.Speakers) != 1 || whole.Sessions[1].Abstract != "" {
			t.Fatalf("%+v, %v", whole, err)
		}
		news, err := w.Draft(w.ctx, w.community, w.event.Slug, now)
		if err != nil || len(news.Sessions) != 1 || news.Sessions[0].ID != second.ID || !slices.Equal(news.Sessions[0].SpeakerIDs, []turnout.ID{ada.ID}) {
			t.Errorf("%+v, %v", news, err)
		}
		now = now.Add(time.Hour)
		_, err = w.Arrange(w.ctx, w.community, w.event.Slug, []Move{{first.ID, 0, &SlotInput{"", w.event.StartsAt, w.event.EndsAt}}})
		w.must(err)
		if news, err = w.Draft(w.ctx, w.community, w.event.Slug, now); err != nil || len(news.Sessions) != 1 || news.Sessions[0].ID != first.ID || len(news.Speakers) != 0 {
			t.Errorf("%+v, %v", news, err)
		}
		if _, err := w.Draft(w.ctx, "com_other", w.event.Slug, now); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
	})
}

// A day goes from four to four where the event is: what begins after midnight stands with its evening, and the day on which the clocks change has 23 hours.
func TestDaysOfAnAgenda(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, database.SQLite), "America/Los_Angeles", "2025-03-08 17:00", "2025-03-10 01:00") // until 18:00 of the 9th there
	late := w.session("After midnight")
	_, _, err := w.Place(w.ctx, w.community, late.ID, 0, SlotInput{"", at(t, "2025-03-09 09:30"), at(t, "2025-03-09 11:00")}) // 01:30 of the 9th
	w.must(err)
	early := w.session("Before the event")
	_, _, err = w.Place(w.ctx, w.community, early.ID, 0, SlotInput{"", at(t, "2025-03-02 20:00"), at(t, "2025-03-02 21:00")})
	w.must(err)
	days := w.agenda().Days()
	var dates []string
	for _, d := range days {
		dates = append(dates, d.Date)
	}
	if !slices.Equal(dates, []string{"2025-03-02", "2025-03-08", "2025-03-09"}) {
		t.Fatal(dates)
	}
	if long := days[1].EndsAt.Sub(days[1].StartsAt); long != 23*time.Hour { // it holds the lost hour of the next morning
		t.Errorf("the day of the change has %v", long)
	}
	if got := DayOf(w.event, at(t, "2025-03-09 09:30")); got.Date != "2025-03-08" {
		t.Errorf("half past one belongs to %s", got.Date)
	}
}
