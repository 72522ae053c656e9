package agenda

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/events/speakers"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// fields gives the names of the fields that an error is about.
func fields(err error) []string {
	var e *turnout.Error
	var names []string
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestAnAgendaIsMadeByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Brussels", "2026-06-04 08:00", "2026-06-04 18:00")
		slug := w.event.Slug
		hall, err := w.AddRoom(w.ctx, w.community, slug, RoomInput{Name: " Hall "})
		w.must(err)
		attic, err := w.AddRoom(w.ctx, w.community, string(w.event.ID), RoomInput{Name: "Attic"})
		w.must(err)
		track, err := w.AddTrack(w.ctx, w.community, slug, TrackInput{Name: "Craft", Color: "#1A7F37"})
		w.must(err)
		ada, err := w.speakers.Add(w.ctx, w.community, slug, speakers.Input{Name: "Ada Example", Email: "ada@example.org"})
		w.must(err)
		berta, err := w.speakers.Add(w.ctx, w.community, slug, speakers.Input{Name: "Berta Example"})
		w.must(err)
		one, err := w.AddSession(w.ctx, w.community, slug, SessionInput{Title: "One", Kind: Talk, TrackID: track.ID, Minutes: 45, SpeakerIDs: []turnout.ID{berta.ID, ada.ID}})
		w.must(err)
		two, err := w.AddSession(w.ctx, w.community, slug, SessionInput{Title: "Two", Kind: Panel, Minutes: 45, SpeakerIDs: []turnout.ID{ada.ID}})
		w.must(err)
		nine := w.event.StartsAt.Add(time.Hour)
		if _, conflicts, err := w.Place(w.ctx, w.community, one.ID, one.Version, SlotInput{hall.ID, nine, nine.Add(45 * time.Minute)}); err != nil || len(conflicts) != 0 {
			t.Fatal(conflicts, err)
		}
		placed, conflicts, err := w.Place(w.ctx, w.community, two.ID, two.Version, SlotInput{hall.ID, nine.Add(30 * time.Minute), nine.Add(90 * time.Minute)})
		w.must(err)
		if kinds := countKinds(conflicts); kinds[RoomConflict] != 1 || kinds[SpeakerConflict] != 1 || len(conflicts) != 2 {
			t.Errorf("conflicts %+v", conflicts)
		}
		if placed.Minutes != 60 || placed.Version != 2 {
			t.Errorf("placed %+v", placed)
		}
		a := w.agenda()
		if a.Rooms[0].ID != hall.ID || a.Rooms[1].ID != attic.ID || hall.Name != "Hall" || a.Tracks[0].Color != "#1a7f37" {
			t.Errorf("rooms %+v tracks %+v", a.Rooms, a.Tracks)
		}
		if !slices.Equal(a.Sessions[0].SpeakerIDs, []turnout.ID{berta.ID, ada.ID}) || !a.Sessions[0].StartsAt.Equal(nine) {
			t.Errorf("the first session: %+v", a.Sessions[0])
		}
		if err := w.RemoveRoom(w.ctx, w.community, hall.ID); !errors.Is(err, ErrRoomInUse) {
			t.Errorf("a room in use: %v", err)
		}
		if err := w.RemoveTrack(w.ctx, w.community, track.ID); !errors.Is(err, ErrTrackInUse) {
			t.Errorf("a track in use: %v", err)
		}
		w.must(w.RemoveRoom(w.ctx, w.community, attic.ID))
		if _, err := w.Unplace(w.ctx, w.community, two.ID, 0); err != nil {
			t.Fatal(err)
		}
		if left := w.conflicts(); len(left) != 0 {
			t.Errorf("conflicts after one of two lost its slot: %v", left)
		}
		log, err := audit.List(w.ctx, w.DB.Read(), w.community, two.ID, "", 10)
		w.must(err)
		if len(log) != 3 || log[0].Action != "session.unplaced" || log[2].Action != "session.added" {
			t.Errorf("audit log %+v", log)
		}
	})
}

func TestEditsNameWhatIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		other := w.addEvent(w.community, "UTC", "2026-06-05 08:00", "2026-06-05 18:00")
		foreignRoom, err := w.AddRoom(w.ctx, w.community, other.Slug, RoomInput{Name: "Elsewhere"})
		w.must(err)
		foreignTrack, err := w.AddTrack(w.ctx, w.community, other.Slug, TrackInput{Name: "Elsewhere"})
		w.must(err)
		foreignSpeaker, err := w.speakers.Add(w.ctx, w.community, other.Slug, speakers.Input{Name: "Elsewhere"})
		w.must(err)
		session, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "One", Kind: Talk, Minutes: 45})
		w.must(err)
		minus, start := int64(-1), w.event.StartsAt
		tests := []struct {
			name string
			call func() error
			want []string
		}{
			{"room", func() error {
				_, err := w.AddRoom(w.ctx, w.community, w.event.Slug, RoomInput{Name: " ", Capacity: &minus})
				return err
			}, []string{"name", "capacity"}},
			{"long name", func() error {
				_, err := w.AddTrack(w.ctx, w.community, w.event.Slug, TrackInput{Name: strings.Repeat("ä", 201), Color: "red"})
				return err
			}, []string{"name", "color"}},
			{"session", func() error {
				_, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Kind: "party", Status: Withdrawn, SpeakerIDs: []turnout.ID{"a", "a"}})
				return err
			}, []string{"title", "kind", "status", "duration_minutes", "speaker_ids"}},
			{"another event's", func() error {
				_, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "x", Kind: Talk, Minutes: 5, TrackID: foreignTrack.ID, SpeakerIDs: []turnout.ID{foreignSpeaker.ID}})
				return err
			}, []string{"track_id", "speaker_ids"}},
			{"another event's room", func() error {
				_, _, err := w.Place(w.ctx, w.community, session.ID, 0, SlotInput{foreignRoom.ID, start, start.Add(time.Hour)})
				return err
			}, []string{"room_id"}},
			{"end before start", func() error {
				_, _, err := w.Place(w.ctx, w.community, session.ID, 0, SlotInput{"", start, start})
				return err
			}, []string{"ends_at"}},
			{"speaker", func() error {
				_, err := w.speakers.Add(w.ctx, w.community, w.event.Slug, speakers.Input{Email: "nobody"})
				return err
			}, []string{"name", "email"}},
			{"release", func() error { _, err := w.Release(w.ctx, w.community, w.event.Slug, ReleaseInput{}); return err }, []string{"version"}},
		}
		for _, test := range tests {
			if got := fields(test.call()); !slices.Equal(got, test.want) {
				t.Errorf("%s: fields %v, want %v", test.name, got, test.want)
			}
		}
	})
}

func TestStrangersAndLateComersAreTurnedAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		room, err := w.AddRoom(w.ctx, w.community, w.event.Slug, RoomInput{Name: "Hall"})
		w.must(err)
		track, err := w.AddTrack(w.ctx, w.community, w.event.Slug, TrackInput{Name: "Craft"})
		w.must(err)
		session, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "One", Kind: Talk, Minutes: 45})
		w.must(err)
		slot := SlotInput{"", w.event.StartsAt, w.event.EndsAt}
		stranger := turnout.NewID(turnout.PrefixCommunity)
		w.addCommunity(stranger)
		calls := func(community turnout.ID, version int64) map[string]error {
			_, room := w.UpdateRoom(w.ctx, community, room.ID, version, RoomInput{Name: "New"})
			_, track := w.UpdateTrack(w.ctx, community, track.ID, version, TrackInput{Name: "New"})
			_, edit := w.UpdateSession(w.ctx, community, session.ID, version, SessionInput{Title: "New", Kind: Talk, Minutes: 5})
			_, _, place := w.Place(w.ctx, community, session.ID, version, slot)
			_, withdraw := w.Withdraw(w.ctx, community, session.ID, version)
			return map[string]error{"room": room, "track": track, "session": edit, "slot": place, "withdraw": withdraw}
		}
		for name, err := range calls(stranger, 0) {
			if !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%s of another community: %v", name, err)
			}
		}
		for name, err := range calls(w.community, 99) {
			if !errors.Is(err, turnout.ErrStale) {
				t.Errorf("%s with an old version: %v", name, err)
			}
		}
		if _, err := w.AddRoom(w.ctx, stranger, w.event.Slug, RoomInput{Name: "x"}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("a room for another community's event: %v", err)
		}
		if a := w.agenda(); a.Rooms[0].Version != 1 || a.Sessions[0].Version != 1 {
			t.Error("something was written all the same")
		}
	})
}

func TestAWithdrawnSessionHasNoSlotAndGetsNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		session, err := w.AddSession(w.ctx, w.community, w.event.Slug, SessionInput{Title: "One", Kind: Talk, Minutes: 45})
		w.must(err)
		slot := SlotInput{"", w.event.StartsAt, w.event.StartsAt.Add(time.Hour)}
		_, _, err = w.Place(w.ctx, w.community, session.ID, 0, slot)
		w.must(err)
		gone, err := w.Withdraw(w.ctx, w.community, session.ID, 0)
		w.must(err)
		if gone.Placed() || gone.Status != Withdrawn {
			t.Errorf("%+v", gone)
		}
		if _, _, err := w.Place(w.ctx, w.community, session.ID, 0, slot); !errors.Is(err, ErrWithdrawn) {
			t.Errorf("placed: %v", err)
		}
	})
}

func TestEditsAndImportsOfOneEventWaitForEachOther(t *testing.T) {
	data := []byte(`<schedule><event id="1"><date>2026-06-04T09:00:00Z</date><duration>01:00</duration><room>A</room><title>One</title></event></schedule>`)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "UTC", "2026-06-04 08:00", "2026-06-04 18:00")
		w.imports(data, false)
		session := w.agenda().Sessions[0]
		var group sync.WaitGroup
		failed := make(chan error, 40)
		for i := range 20 {
			group.Go(func() {
				if i%2 == 0 {
					_, err := w.Import(w.ctx, w.community, w.event.Slug, data, ImportChoices{}, false)
					failed <- err
					return
				}
				start := w.event.StartsAt.Add(time.Duration(i) * time.Minute)
				_, _, err := w.Place(w.ctx, w.community, session.ID, 0, SlotInput{session.RoomID, start, start.Add(time.Hour)})
				failed <- err
			})
		}
		group.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				t.Error(err)
			}
		}
		if got := w.agenda().Sessions[0].Version; got != 11 {
			t.Errorf("version %d after ten edits, want 11", got)
		}
	})
}
