package exchange

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"turnout"
)

// realData is the folder of published schedules beside the repository.
const realData = "../../../../shared/real-data"

// readReal reads a published schedule, and skips the test on machines that do not have it.
func readReal(t *testing.T, name string, zone *time.Location) (*Schedule, []Warning) {
	t.Helper()
	s, warnings, err := Read(realBytes(t, name), Options{Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return s, warnings
}

func realBytes(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(realData, name))
	if os.IsNotExist(err) {
		t.Skipf("%s is not on this machine; it belongs into shared/real-data beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// expected is what an independent count found in a file.
type expected struct {
	Title          string         `json:"title"`
	Zone           string         `json:"time zone"`
	Sessions       int            `json:"sessions"`
	ByDate         map[string]int `json:"sessions by start date"`
	Rooms          int            `json:"rooms in file"`
	RoomsUsed      int            `json:"rooms with sessions"`
	Tracks         int            `json:"tracks"`
	Types          int            `json:"types"`
	NoRoom         int            `json:"without room"`
	NoStart        int            `json:"without start"`
	Speakers       int            `json:"speakers with a session"`
	Places         int            `json:"speaker places"`
	NoSpeaker      int            `json:"sessions without a speaker"`
	Several        int            `json:"sessions with two or more"`
	Most           int            `json:"most speakers in one"`
	Names          int            `json:"speaker names: different"`
	SpeakersListed int            `json:"speakers listed"`
	Service        int            `json:"service sessions (breaks)"`
	Earliest       string         `json:"earliest start"`
	Latest         string         `json:"latest end"`
	LongestTitle   int            `json:"longest title"`
	Acronym        string         `json:"acronym"`
	Days           int            `json:"start dates"`
}

func expectations(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(realBytes(t, "expected.json"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReadFindsWhatIndependentCountsFound(t *testing.T) {
	files := []struct {
		name   string
		format Format
		zone   string
	}{
		{"schedules/fosdem-2025.schedule.xml", FrabXML, "Europe/Brussels"},
		{"schedules/fosdem-2025.2024-12-22.schedule.xml", FrabXML, "Europe/Brussels"},
		{"schedules/frab-camp2019.schedule.json", PretalxJSON, "Europe/Berlin"},
		{"schedules/pretalx-democon.schedule.json", PretalxJSON, "UTC"},
		{"sessionize/orlando-code-camp-2020.All.json", SessionizeJSON, "America/New_York"},
		{"sessionize/demo.All.json", SessionizeJSON, "UTC"},
		{"sessionize/demo.GridSmart.json", SessionizeJSON, "UTC"},
		{"sessionize/demo.Sessions.json", SessionizeJSON, "UTC"},
	}
	all := expectations(t)
	for _, file := range files {
		t.Run(file.name, func(t *testing.T) {
			var want expected
			if err := json.Unmarshal(all[file.name], &want); err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(file.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := Recognise(realBytes(t, file.name)); got != file.format {
				t.Fatalf("recognised as %q, want %q", got, file.format)
			}
			s, warnings := readReal(t, file.name, zone)
			got := count(s)
			if want.Zone == "-" { // Sessionize names none: the event's is used
				want.Zone = file.zone
			}
			if file.format == FrabXML || file.format == PretalxJSON { // counted there without the "one person" of Sessionize's list
				want.SpeakersListed = want.Speakers
			} else {
				if want.SpeakersListed == 0 { // views name no others than those of their sessions
					want.SpeakersListed = want.Speakers
				}
				if want.Rooms == 0 {
					want.Rooms = want.RoomsUsed
				}
				want.Tracks, want.Types = got.Tracks, got.Types // not counted there
				want.ByDate = got.ByDate                        // absent when all start on one date
			}
			compare(t, want, got)
			if start := s.Sessions[0].Start.In(zone); !sameInstant(want.Earliest, start) {
				t.Errorf("first start %s, want %s", start, want.Earliest)
			}
			t.Logf("%d warnings", len(warnings))
			for _, w := range warnings {
				t.Logf("%s: %s: %s", w.Where, w.Code, w.Message)
			}
		})
	}
}

// sameInstant compares an expectation (with or without offset) with a local time.
func sameInstant(want string, got time.Time) bool {
	return want == got.Format("2006-01-02T15:04:05-07:00") || want == got.Format("2006-01-02T15:04:05")
}

// count measures a schedule in the words of expected.json.
func count(s *Schedule) expected {
	e := expected{Title: s.Title, Zone: s.Zone, Acronym: s.Acronym, Sessions: len(s.Sessions), Rooms: len(s.Rooms),
		Tracks: len(s.Tracks), SpeakersListed: len(s.People), ByDate: map[string]int{}}
	rooms, types, speakers, names := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	people := s.peopleByKey()
	var latest time.Time
	for _, x := range s.Sessions {
		if x.Placed() {
			e.ByDate[x.Start.In(s.Location()).Format(time.DateOnly)]++
		} else {
			e.NoStart++
		}
		if x.Room == "" {
			e.NoRoom++
		}
		rooms[x.Room], types[x.Type] = true, true
		for _, key := range x.Speakers {
			speakers[key], names[people[key].Name] = true, true
		}
		e.Places += len(x.Speakers)
		e.Most = max(e.Most, len(x.Speakers))
		e.LongestTitle = max(e.LongestTitle, len([]rune(x.Title)))
		if x.Kind == "break" {
			e.Service++
		}
		if len(x.Speakers) == 0 {
			e.NoSpeaker++
		}
		if len(x.Speakers) >= 2 {
			e.Several++
		}
		if x.End().After(latest) {
			latest = x.End()
		}
	}
	e.RoomsUsed, e.Types, e.Speakers, e.Names, e.Days = len(rooms), len(types), len(speakers), len(names), len(e.ByDate)
	e.Latest = latest.In(s.Location()).Format("2006-01-02T15:04:05-07:00")
	return e
}

func compare(t *testing.T, want, got expected) {
	t.Helper()
	got.Earliest = want.Earliest // compared by the caller
	if len(want.Latest) == len("2006-01-02T15:04:05") {
		got.Latest = got.Latest[:len(want.Latest)]
	}
	a, _ := json.MarshalIndent(want, "", " ")
	b, _ := json.MarshalIndent(got, "", " ")
	if string(a) != string(b) {
		t.Errorf("want %s\ngot %s", a, b)
	}
}

func TestTwoVersionsOfFOSDEMDifferAsCounted(t *testing.T) {
	old, _ := readReal(t, "schedules/fosdem-2025.2024-12-22.schedule.xml", nil)
	final, _ := readReal(t, "schedules/fosdem-2025.schedule.xml", nil)
	before := map[string]Session{}
	for _, s := range old.Sessions {
		before[s.Key] = s
	}
	got := map[string]int{"removed": len(before)}
	for _, s := range final.Sessions {
		o, kept := before[s.Key]
		if !kept {
			got["added"]++
			continue
		}
		got["removed"]--
		got["kept"]++
		changed := false
		note := func(name string, differs bool) {
			if differs {
				got[name]++
				changed = true
			}
		}
		note("moved", !s.Start.Equal(o.Start))
		note("rerooms", s.Room != o.Room)
		note("resized", s.Length != o.Length)
		note("retitled", s.Title != o.Title)
		note("speakers", !slices.Equal(sorted(s.Speakers), sorted(o.Speakers)))
		if !changed {
			got["untouched"]++
		}
	}
	want := map[string]int{"added": 236, "removed": 35, "kept": 869, "moved": 70, "rerooms": 25, "resized": 32,
		"retitled": 36, "speakers": 68, "untouched": 692}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: %d, want %d", name, got[name], n)
		}
	}
}

func sorted(keys []string) []string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return keys
}

// Calendars of conferences, as programs and people wrote them.
func TestCalendarsAreReadAsCounted(t *testing.T) {
	all := expectations(t)
	for _, name := range []string{"ics/conferences/pycon-uk-2015.ics", "ics/conferences/nordic-rse.ics"} {
		t.Run(name, func(t *testing.T) {
			var want expected
			if err := json.Unmarshal(all[name], &want); err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(want.Zone)
			if err != nil {
				t.Fatal(err)
			}
			s, warnings := readReal(t, name, zone)
			got := count(s)
			if s.Format != ICalendar || got.Sessions != want.Sessions || got.NoRoom != want.NoRoom || got.Days != want.Days || got.NoStart != want.NoStart || got.Title != want.Title {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if want.ByDate != nil && !maps.Equal(got.ByDate, want.ByDate) {
				t.Errorf("by date %v, want %v", got.ByDate, want.ByDate)
			}
			if rooms := got.RoomsUsed - min(1, got.NoRoom); rooms != want.RoomsUsed {
				t.Errorf("%d rooms with sessions, want %d", rooms, want.RoomsUsed)
			}
			if start := s.Sessions[0].Start.In(zone); !sameInstant(want.Earliest, start) {
				t.Errorf("from %s, want %s", start, want.Earliest)
			}
			keys := map[string]bool{}
			for _, x := range s.Sessions {
				keys[x.Key] = true
			}
			if len(keys) != want.Sessions {
				t.Errorf("%d keys of %d sessions", len(keys), want.Sessions)
			}
			codes := map[string]int{}
			for _, w := range warnings {
				codes[w.Code]++
			}
			t.Logf("%v", codes)
		})
	}
}

// Every calendar in the collections is read with as many entries as were counted, or is a clear error; entries that are canceled, or without any, are the only ones that count otherwise.
func TestCollectedCalendarsAreRead(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(string(realBytes(t, "ics/fixtures.tsv"))), "\n")[1:]
	for _, row := range rows {
		cells := strings.Split(row, "\t")
		want, err := strconv.Atoi(cells[1])
		if err != nil {
			t.Fatal(err)
		}
		t.Run(cells[0], func(t *testing.T) {
			s, warnings, err := Read(realBytes(t, cells[0]), Options{Zone: time.UTC})
			canceled := 0
			for _, w := range warnings {
				if w.Code == "canceled" {
					canceled++
				}
			}
			var known *turnout.Error
			switch {
			case err != nil && !errors.As(err, &known):
				t.Errorf("no clear error: %v", err)
			case err != nil && (want == 0 || cells[3] != "0"):
			case err != nil:
				t.Errorf("%d entries, and: %v", want, err)
			case len(s.Sessions)+canceled != want:
				t.Errorf("%d sessions and %d canceled, want %d", len(s.Sessions), canceled, want)
			}
		})
	}
}

// The newer schedule2, a file that breaks the old schema in five places, and the views that hold speakers alone.
func TestOtherViewsAreRead(t *testing.T) {
	s, warnings := readReal(t, "schedules/hub-example.schedule2.json", time.UTC)
	if x := s.Sessions[0]; s.Format != Schedule2 || len(s.Sessions) != 2 || s.Zone != "Europe/Berlin" || x.Title != "38C3: Opening Ceremony" || x.Length != 30*time.Minute || x.Track != "CCC" ||
		!sameInstant("2024-12-27T10:30:00+01:00", x.Start.In(s.Location())) || s.RoomNames()[x.Room] != "Saal 1" || s.Rooms[0].Capacity != 3025 || len(x.Speakers) != 3 || s.People[0].Bio == "" {
		t.Errorf("schedule2: %+v %+v", s, warnings)
	}
	s, _ = readReal(t, "schedules/c3voc-invalid-example.schedule.json", time.UTC)
	if len(s.Sessions) != 1 || s.People[0].Name != "Mänu" || !sameInstant("2022-12-28T14:00:00+01:00", s.Sessions[0].Start.In(s.Location())) {
		t.Errorf("an invalid one: %+v", s)
	}
	for name, people := range map[string]int{"sessionize/demo.Speakers.json": 10, "sessionize/demo.SpeakerWall.json": 10} {
		s, _ := readReal(t, name, time.UTC)
		if !s.PeopleOnly || len(s.Sessions) != 0 || len(s.People) != people {
			t.Errorf("%s: %d sessions, %d people", name, len(s.Sessions), len(s.People))
		}
	}
}

// Lists of no known program, through a mapping that is guessed: COSCUP's, with ids to look up and texts in two languages, and the signs of SCALE, whose clocks change on the last day.
func TestOtherListsAreReadThroughAGuess(t *testing.T) {
	all := expectations(t)
	for _, name := range []string{"schedules/coscup-2023.session.json", "schedules/scale-15x.sign.json", "schedules/scale-16x.sign.json", "schedules/scale-22x.sign.json"} {
		t.Run(name, func(t *testing.T) {
			var want expected
			if err := json.Unmarshal(all[name], &want); err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(want.Zone)
			if err != nil {
				t.Fatal(err)
			}
			s, warnings := readReal(t, name, zone)
			got := count(s)
			if s.Format != MappedJSON || got.Sessions != want.Sessions || !maps.Equal(got.ByDate, want.ByDate) || got.Tracks != want.Tracks || got.RoomsUsed != want.RoomsUsed || got.Speakers != want.Speakers ||
				got.Places != want.Places || got.NoSpeaker != want.NoSpeaker || got.Several != want.Several || got.Most != want.Most || got.NoStart != 0 || got.Latest != want.Latest {
				t.Errorf("got  %+v\nwant %+v\n%s", got, want, warned(warnings))
			}
			if start := s.Sessions[0].Start.In(zone); !sameInstant(want.Earliest, start) {
				t.Errorf("from %s, want %s", start, want.Earliest)
			}
		})
	}
}
