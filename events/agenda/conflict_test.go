package agenda

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"turnout"
)

func TestConflicts(t *testing.T) {
	begin, end := at(t, "2026-06-04 08:00"), at(t, "2026-06-04 18:00")
	slot := func(id, room, from, to string, speakers ...turnout.ID) Slot {
		return Slot{turnout.ID(id), "Title " + id, turnout.ID(room), "", speakers, at(t, "2026-06-04 "+from), at(t, "2026-06-04 "+to), 0, 0}
	}
	hour := 8
	popular := func(favourites, seats int64) Slot {
		s := slot("p", "r", "08:00", "09:00")
		s.StartsAt, s.EndsAt = s.StartsAt.Add(time.Duration(hour-8)*time.Hour), s.EndsAt.Add(time.Duration(hour-8)*time.Hour)
		hour++
		s.Favourites, s.Seats = favourites, seats
		return s
	}
	names := Names{Rooms: map[turnout.ID]string{"r": "Hall"}, Speakers: map[turnout.ID]string{"x": "Ada", "y": "Berta"}}
	tests := []struct {
		name  string
		slots []Slot
		want  []Conflict
	}{
		{"one after the other", []Slot{slot("a", "r", "09:00", "10:00", "x"), slot("b", "r", "10:00", "11:00", "x")}, nil},
		{"the same room", []Slot{slot("b", "r", "09:59", "11:00"), slot("a", "r", "09:00", "10:00")},
			[]Conflict{{RoomConflict, []turnout.ID{"a", "b"}, "r", nil, "", "“Title a” and “Title b” are in Hall at the same time."}}},
		{"three in one room are three pairs", []Slot{slot("a", "r", "09:00", "12:00"), slot("b", "r", "09:00", "10:00"), slot("c", "r", "09:30", "10:30")},
			[]Conflict{
				{RoomConflict, []turnout.ID{"b", "a"}, "r", nil, "", "“Title b” and “Title a” are in Hall at the same time."},
				{RoomConflict, []turnout.ID{"b", "c"}, "r", nil, "", "“Title b” and “Title c” are in Hall at the same time."},
				{RoomConflict, []turnout.ID{"a", "c"}, "r", nil, "", "“Title a” and “Title c” are in Hall at the same time."}}},
		{"everywhere is no room, but a speaker is one", []Slot{slot("a", "", "09:00", "10:00", "x"), slot("b", "", "09:00", "10:00", "x")},
			[]Conflict{{SpeakerConflict, []turnout.ID{"a", "b"}, "", []turnout.ID{"x"}, "", "Ada speaks in “Title a” and “Title b” at the same time."}}},
		{"two common speakers are one pair", []Slot{slot("a", "", "09:00", "10:00", "y", "x"), slot("b", "r", "09:00", "10:00", "x", "y")},
			[]Conflict{{SpeakerConflict, []turnout.ID{"a", "b"}, "", []turnout.ID{"x", "y"}, "", "Ada, Berta speak in “Title a” and “Title b” at the same time."}}},
		{"before the event and after it", []Slot{slot("a", "r", "07:59", "09:00"), slot("b", "r", "17:00", "18:01"), slot("c", "", "08:00", "18:00")},
			[]Conflict{{OutsideEvent, []turnout.ID{"a"}, "", nil, "", "“Title a” does not lie within the event's own times."},
				{OutsideEvent, []turnout.ID{"b"}, "", nil, "", "“Title b” does not lie within the event's own times."}}},
		{"as many as there are seats", []Slot{popular(5, 5), popular(5, 0), popular(0, 5)}, nil},
		{"more than there are seats", []Slot{popular(6, 5)}, []Conflict{{CapacityShort, []turnout.ID{"p"}, "r", nil, "", "“Title p” was marked by 6 people; seats in Hall: 5."}}},
		{"no length, no conflict", []Slot{slot("a", "r", "09:30", "09:30"), slot("b", "r", "09:00", "10:00")}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := FindConflicts(begin, end, test.slots, names); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestConflictsAreThoseOfEveryPairWhateverTheOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	begin := at(t, "2026-06-04 08:00")
	for range 200 {
		slots := make([]Slot, random.IntN(40))
		for i := range slots {
			start := begin.Add(time.Duration(random.IntN(60)) * 10 * time.Minute)
			slots[i] = Slot{SessionID: turnout.ID(fmt.Sprintf("s%02d", i)), RoomID: turnout.ID([]string{"", "a", "b", "c"}[random.IntN(4)]),
				StartsAt: start, EndsAt: start.Add(time.Duration(random.IntN(9)) * 10 * time.Minute)}
			for _, speaker := range []turnout.ID{"x", "y", "z"} {
				if random.IntN(4) == 0 {
					slots[i].SpeakerIDs = append(slots[i].SpeakerIDs, speaker)
				}
			}
		}
		got := FindConflicts(begin, begin.Add(10*time.Hour), slots, Names{})
		if a, b := pairs(got), everyPair(slots, begin, begin.Add(10*time.Hour)); !slices.Equal(a, b) {
			t.Fatalf("%v\ngot %v\nwant %v", slots, a, b)
		}
		random.Shuffle(len(slots), func(i, j int) { slots[i], slots[j] = slots[j], slots[i] })
		if again := FindConflicts(begin, begin.Add(10*time.Hour), slots, Names{}); !reflect.DeepEqual(got, again) {
			t.Fatal("the order of the slots changes the answer")
		}
	}
}

// everyPair is the definition, slowly.
func everyPair(slots []Slot, begin, end time.Time) []string {
	var out []string
	for i, a := range slots {
		if !a.EndsAt.After(a.StartsAt) {
			continue
		}
		if a.StartsAt.Before(begin) || a.EndsAt.After(end) {
			out = append(out, fmt.Sprint(OutsideEvent, a.SessionID))
		}
		for _, b := range slots[i+1:] {
			if !b.EndsAt.After(b.StartsAt) || !a.StartsAt.Before(b.EndsAt) || !b.StartsAt.Before(a.EndsAt) {
				continue
			}
			if a.RoomID != "" && a.RoomID == b.RoomID {
				out = append(out, fmt.Sprint(RoomConflict, a.SessionID, b.SessionID))
			}
			if slices.ContainsFunc(a.SpeakerIDs, func(id turnout.ID) bool { return slices.Contains(b.SpeakerIDs, id) }) {
				out = append(out, fmt.Sprint(SpeakerConflict, a.SessionID, b.SessionID))
			}
		}
	}
	slices.Sort(out)
	return out
}

func pairs(conflicts []Conflict) []string {
	var out []string
	for _, c := range conflicts {
		ids := slices.Sorted(slices.Values(c.SessionIDs))
		if len(ids) == 1 {
			out = append(out, fmt.Sprint(c.Kind, ids[0]))
		} else {
			out = append(out, fmt.Sprint(c.Kind, ids[0], ids[1]))
		}
	}
	slices.Sort(out)
	return out
}

func BenchmarkConflicts(b *testing.B) {
	begin := at(b, "2026-06-04 08:00")
	slots := make([]Slot, 10_000)
	for i := range slots {
		start := begin.Add(time.Duration(i/50) * 30 * time.Minute)
		slots[i] = Slot{turnout.ID(fmt.Sprintf("s%05d", i)), "T", turnout.ID(fmt.Sprint(i % 50)), "", []turnout.ID{turnout.ID(fmt.Sprint(i))}, start, start.Add(30 * time.Minute), 0, 0}
	}
	for b.Loop() {
		FindConflicts(begin, begin.Add(2000*time.Hour), slots, Names{})
	}
}

// What is worth a look is no conflict: too little time between two rooms, and a track that takes place twice at once.
func TestWarnings(t *testing.T) {
	slot := func(id, room, track, from, to string, speakers ...turnout.ID) Slot {
		return Slot{turnout.ID(id), "Title " + id, turnout.ID(room), turnout.ID(track), speakers, at(t, "2026-06-04 "+from), at(t, "2026-06-04 "+to), 0, 0}
	}
	names := Names{Rooms: map[turnout.ID]string{"r": "Hall", "q": "Cellar"}, Tracks: map[turnout.ID]string{"t": "Engines"}, Speakers: map[turnout.ID]string{"x": "Ada", "y": "Berta"}}
	short := func(a, b string, message string, who ...turnout.ID) Conflict {
		return Conflict{Kind: ShortChange, SessionIDs: []turnout.ID{turnout.ID(a), turnout.ID(b)}, SpeakerIDs: who, Message: message}
	}
	track := func(a, b string) Conflict {
		return Conflict{Kind: TrackClash, SessionIDs: []turnout.ID{turnout.ID(a), turnout.ID(b)}, TrackID: "t", Message: fmt.Sprintf("“Title %s” and “Title %s” of the track Engines take place at the same time.", a, b)}
	}
	tests := []struct {
		name  string
		slots []Slot
		want  []Conflict
	}{
		{"nine minutes to another room", []Slot{slot("a", "r", "", "09:00", "10:00", "x", "y"), slot("b", "q", "", "10:09", "11:00", "y", "x")},
			[]Conflict{short("a", "b", "Ada, Berta: 9 minutes from “Title a” in Hall to “Title b” in Cellar.", "x", "y")}},
		{"none at all", []Slot{slot("b", "q", "", "10:00", "11:00", "x"), slot("a", "r", "", "09:00", "10:00", "x")}, []Conflict{short("a", "b", "Ada: 0 minutes from “Title a” in Hall to “Title b” in Cellar.", "x")}},
		{"ten are enough", []Slot{slot("a", "r", "", "09:00", "10:00", "x"), slot("b", "q", "", "10:10", "11:00", "x")}, nil},
		{"the same room, or none", []Slot{slot("a", "r", "", "09:00", "10:00", "x"), slot("b", "r", "", "10:00", "11:00", "x"), slot("c", "", "", "11:00", "12:00", "x")}, nil},
		{"at the same time it is a conflict", []Slot{slot("a", "r", "", "09:00", "10:00", "x"), slot("b", "q", "", "09:59", "11:00", "x")}, nil},
		{"somebody else", []Slot{slot("a", "r", "", "09:00", "10:00", "x"), slot("b", "q", "", "10:00", "11:00", "y")}, nil},
		{"one track in two rooms", []Slot{slot("a", "r", "t", "09:00", "10:00"), slot("b", "q", "t", "09:59", "11:00")}, []Conflict{track("a", "b")}},
		{"everywhere, twice", []Slot{slot("a", "", "t", "09:00", "10:00"), slot("b", "", "t", "09:30", "11:00")}, []Conflict{track("a", "b")}},
		{"one track in one room is the room's conflict", []Slot{slot("a", "r", "t", "09:00", "10:00"), slot("b", "r", "t", "09:59", "11:00")}, nil},
		{"two tracks, or none, or one after the other", []Slot{slot("a", "r", "t", "09:00", "10:00"), slot("b", "q", "u", "09:00", "11:00"), slot("c", "q", "", "09:00", "11:00"), slot("d", "q", "t", "10:00", "11:00")}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := FindWarnings(test.slots, names)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
			for _, w := range got {
				if !w.Warned() {
					t.Error("it is a conflict")
				}
			}
		})
	}
}
