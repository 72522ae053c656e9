package agenda

import (
	"encoding/json"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda/exchange"
)

// The overlaps and double bookings that were counted in the published schedules are found, and no others.
func TestTheConflictsOfPublishedSchedulesAreFound(t *testing.T) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(realFile(t, "expected.json"), &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{final, december, "schedules/frab-camp2019.schedule.json", "schedules/pretalx-democon.schedule.json", "sessionize/orlando-code-camp-2020.All.json",
		"sessionize/demo.All.json", "sessionize/demo.GridSmart.json", "sessionize/demo.Sessions.json", "ics/conferences/pycon-uk-2015.ics"} {
		t.Run(name, func(t *testing.T) {
			var want struct {
				Rooms    int `json:"overlapping pairs in the same room"`
				Speakers int `json:"overlapping pairs of one speaker"`
			}
			if err := json.Unmarshal(all[name], &want); err != nil {
				t.Fatal(err)
			}
			file, _, err := exchange.Read(realFile(t, name), exchange.Options{Zone: time.UTC})
			if err != nil {
				t.Fatal(err)
			}
			var slots []Slot
			for _, x := range file.Sessions {
				if !x.Placed() {
					continue
				}
				s := Slot{SessionID: turnout.ID(x.Key), Title: x.Title, RoomID: turnout.ID(x.Room), StartsAt: x.Start, EndsAt: x.End()}
				for _, key := range x.Speakers {
					s.SpeakerIDs = append(s.SpeakerIDs, turnout.ID(key))
				}
				slots = append(slots, s)
			}
			got := countKinds(FindConflicts(time.Time{}, time.Now().AddDate(100, 0, 0), slots, Names{}))
			if got[RoomConflict] != want.Rooms || got[SpeakerConflict] != want.Speakers || len(got) > 2 {
				t.Errorf("found %v, want %+v", got, want)
			}
		})
	}
}
