package agenda

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"turnout"
	"turnout/events/speakers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestAbsences(t *testing.T) {
	window := func(from, to string) speakers.Window {
		return speakers.Window{StartsAt: at(t, "2026-06-04 "+from), EndsAt: at(t, "2026-06-04 "+to)}
	}
	slot := func(id, from, to string, who ...turnout.ID) Slot {
		return Slot{SessionID: turnout.ID(id), Title: "Title " + id, SpeakerIDs: who, StartsAt: at(t, "2026-06-04 "+from), EndsAt: at(t, "2026-06-04 "+to)}
	}
	names := Names{Speakers: map[turnout.ID]string{"x": "Ada", "y": "Berta", "z": "Cleo"}}
	times := map[turnout.ID][]speakers.Window{"x": {window("09:00", "10:00"), window("11:00", "12:00")}, "y": {window("09:00", "09:30")}}
	absent := func(id, message string, who ...turnout.ID) []Conflict {
		return []Conflict{{Kind: Availability, SessionIDs: []turnout.ID{turnout.ID(id)}, SpeakerIDs: who, Message: message}}
	}
	for _, test := range []struct {
		name string
		slot Slot
		want []Conflict
	}{
		{"the whole of a window", slot("a", "09:00", "10:00", "x"), nil},
		{"a minute early", slot("a", "08:59", "10:00", "x"), absent("a", "Ada cannot be there at the time of “Title a”.", "x")},
		{"a minute long", slot("a", "09:00", "10:01", "x"), absent("a", "Ada cannot be there at the time of “Title a”.", "x")},
		{"over the gap between two windows", slot("a", "09:30", "11:30", "x"), absent("a", "Ada cannot be there at the time of “Title a”.", "x")},
		{"one of two", slot("a", "09:30", "10:00", "y", "x"), absent("a", "Berta cannot be there at the time of “Title a”.", "y")},
		{"both, by name", slot("a", "13:00", "14:00", "y", "x"), absent("a", "Ada, Berta cannot be there at the time of “Title a”.", "x", "y")},
		{"who says nothing always can", slot("a", "03:00", "23:00", "z"), nil},
		{"no length, no conflict", slot("a", "03:00", "03:00", "x"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := FindAbsences([]Slot{test.slot}, times, names); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// What a speaker says of their time is a conflict at once, wherever conflicts are counted, and none when they take it back.
func TestTimesOfSpeakersAreConflicts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, "Europe/Berlin", "2026-06-04 09:00", "2026-06-05 18:00")
		ada, err := w.speakers.Add(w.ctx, w.community, string(w.event.ID), speakers.Input{Name: "Ada"})
		w.must(err)
		session, err := w.AddSession(w.ctx, w.community, string(w.event.ID), SessionInput{Title: "Engines", Kind: Talk, Minutes: 60, SpeakerIDs: []turnout.ID{ada.ID}})
		w.must(err)
		morning := SlotInput{StartsAt: at(t, "2026-06-04 08:00"), EndsAt: at(t, "2026-06-04 09:00")}
		if _, found, err := w.Place(w.ctx, w.community, session.ID, 0, morning); err != nil || len(found) != 0 {
			t.Fatalf("before: %v, %v", found, err)
		}
		afternoon := []speakers.Window{{StartsAt: at(t, "2026-06-04 12:00"), EndsAt: at(t, "2026-06-04 16:00")}}
		changed, err := w.speakers.SetTimes(w.ctx, w.community, ada.ID, ada.Version, afternoon)
		w.must(err)
		if all := w.conflicts(); len(all) != 1 || all[0].Kind != Availability || !slices.Equal(all[0].SpeakerIDs, []turnout.ID{ada.ID}) {
			t.Errorf("conflicts %+v", all)
		}
		if _, err := w.speakers.SetTimes(w.ctx, w.community, ada.ID, ada.Version, nil); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("an old version: %v", err)
		}
		draft, err := w.Draft(w.ctx, w.community, string(w.event.ID), clock.AddDate(1, 0, 0))
		w.must(err)
		if len(draft.Speakers) != 0 || len(draft.Sessions) != 0 {
			t.Errorf("nothing is newer than next year: %+v", draft)
		}
		if draft, err = w.Draft(w.ctx, w.community, string(w.event.ID), clock); err != nil || len(draft.Speakers) != 1 || len(draft.Times[ada.ID]) != 1 {
			t.Errorf("an open grid hears of the times: %+v, %v", draft, err)
		}
		if _, found, err := w.Place(w.ctx, w.community, session.ID, 0, SlotInput{StartsAt: at(t, "2026-06-04 15:30"), EndsAt: at(t, "2026-06-04 16:30")}); err != nil || len(found) != 1 {
			t.Errorf("half outside: %v, %v", found, err)
		}
		if _, found, err := w.Place(w.ctx, w.community, session.ID, 0, SlotInput{StartsAt: at(t, "2026-06-04 15:00"), EndsAt: at(t, "2026-06-04 16:00")}); err != nil || len(found) != 0 {
			t.Errorf("inside: %v, %v", found, err)
		}
		_, err = w.speakers.SetTimes(w.ctx, w.community, ada.ID, changed.Version, []speakers.Window{{StartsAt: at(t, "2026-06-04 16:00"), EndsAt: at(t, "2026-06-04 12:00")}, {}})
		known, ok := errors.AsType[*turnout.Error](err)
		if !ok || len(known.Fields) != 2 || known.Fields[0].Name != "times[0].ends_at" || known.Fields[1].Name != "times[1].starts_at" {
			t.Errorf("wrong times: %+v", err)
		}
		if _, err := w.speakers.SetTimes(w.ctx, turnout.NewID(turnout.PrefixCommunity), ada.ID, 0, nil); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		_, err = w.speakers.SetTimes(w.ctx, w.community, ada.ID, changed.Version, nil)
		w.must(err)
	})
}
