package exchange

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSchedule2IsValidBySchema(t *testing.T) {
	schema := jsonSchema(t, "schemas/schema2.json")
	for name, s := range schedules(t) {
		var doc any
		if err := json.Unmarshal(written(t, WriteSchedule2, s), &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(doc); err != nil {
			t.Errorf("%s: %.1500s", name, err)
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(written(t, WriteSchedule2, schedules(t)["odd words"]), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc["schedule"].(map[string]any), "version")
	if schema.VisitJSON(doc) == nil {
		t.Error("the check takes a document without a version for valid, so it checks nothing")
	}
}

// held is what of a schedule a format holds, in words that do not depend on its keys.
func held(s *Schedule, format Format) []string {
	people, rooms := s.peopleByKey(), s.RoomNames()
	var lines []string
	for _, x := range s.Sessions {
		if !x.Placed() && format != CSV {
			continue
		}
		parts := []string{s.GUID(x), x.Title, x.Start.UTC().Format(time.RFC3339), x.Length.String(), rooms[x.Room], x.Track}
		if !x.Placed() {
			parts = []string{s.GUID(x), x.Title, x.Track}
		}
		if format != ICalendar {
			var names []string
			for _, key := range x.Speakers {
				names = append(names, people[key].Name)
			}
			parts = append(parts, strings.Join(names, ";"))
		}
		if format != ICalendar && format != SessionizeJSON {
			parts = append(parts, x.Subtitle, x.Abstract, x.Description)
		}
		if format == FrabXML || format == PretalxJSON || format == CSV {
			parts = append(parts, x.Language)
		}
		lines = append(lines, strings.Join(parts, "|"))
	}
	slices.Sort(lines)
	return lines
}

func roundTrip(t interface{ Fatalf(string, ...any) }, s *Schedule, format Format) {
	var out bytes.Buffer
	if err := Write(&out, format, s, time.Unix(1_700_000_000, 0)); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	if got := Recognise(out.Bytes()); got != format {
		t.Fatalf("%s is recognised as %q", format, got)
	}
	again, warnings, err := Read(out.Bytes(), Options{Zone: s.Location()})
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	a, b := held(s, format), held(again, format)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s:\n%q\n%q\n%v", format, a[i], b[i], warnings[:min(3, len(warnings))])
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%s: %d sessions, then %d", format, len(a), len(b))
	}
}

func TestEveryFormatGivesBackWhatItHolds(t *testing.T) {
	for name, s := range schedules(t) {
		if name == "smallest" || name == "odd words" {
			continue // no session; characters that no file can hold
		}
		for _, format := range Writers {
			t.Run(name+" "+string(format), func(t *testing.T) { roundTrip(t, s, format) })
		}
	}
}

func TestAnyScheduleComesBackFromEveryFormat(t *testing.T) {
	word := rapid.StringMatching(`[A-Za-zäöüß=+;,"'|\\<&漢]{1,8}( [A-Za-z:#@-]{1,6}){0,2}`)
	zones := []string{"UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"}
	rapid.Check(t, func(t *rapid.T) {
		s := &Schedule{UID: "event", Title: "Days", Acronym: "days", Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		rooms := rapid.SliceOfNDistinct(word, 1, 4, strings.ToLower).Draw(t, "rooms")
		for _, name := range rooms {
			s.Rooms = append(s.Rooms, Room{Key: name, Name: name})
		}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z][a-zé]{1,8} [A-Z][a-z]{1,8}`), 1, 5, strings.ToLower).Draw(t, "people")
		for _, name := range names {
			s.People = append(s.People, Person{Key: uuid5(name), Name: name})
		}
		track := rapid.StringMatching(`[A-Z][a-z]{2,8}`).Draw(t, "track")
		s.Tracks = []Track{{Name: track}}
		for i := range rapid.IntRange(1, 12).Draw(t, "sessions") {
			x := Session{Key: uuid5(string(rune('a' + i))), Title: word.Draw(t, "title"), Kind: "talk", Type: "talk", Language: "en", Track: rapid.SampledFrom([]string{"", track}).Draw(t, "track of"),
				Room: rapid.SampledFrom(rooms).Draw(t, "room"), Start: time.Date(2025, 3, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "start")) * time.Minute),
				Length: time.Duration(rapid.IntRange(1, 600).Draw(t, "length")) * time.Minute}
			x.Speakers = []string{uuid5(rapid.SampledFrom(names).Draw(t, "speaker"))}
			s.Sessions = append(s.Sessions, x)
		}
		for _, format := range Writers {
			roundTrip(t, s, format)
		}
	})
}

// Other programs read our calendars: python-icalendar and khal where they are installed.
func TestOtherProgramsReadOurCalendars(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.CommandContext(t.Context(), python, "-c", "import icalendar").Run() != nil {
		t.Skip("python-icalendar is not installed (pip install icalendar)")
	}
	const script = `import sys, icalendar
c = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())
events = list(c.walk('VEVENT'))
uids = {str(e['UID']) for e in events}
assert len(uids) == len(events), 'UIDs stand twice'
assert all('DTSTAMP' in e and 'SEQUENCE' in e for e in events)
for e in sorted(events, key=lambda e: str(e['UID'])):
    print(str(e['UID']) + '|' + e.decoded('DTSTART').astimezone(__import__('datetime').timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'))
`
	for name, s := range schedules(t) {
		var out bytes.Buffer
		if err := WriteICS(&out, s, time.Unix(1_700_000_000, 0)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "schedule.ics")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.CommandContext(t.Context(), python, "-c", script, path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %s", name, got)
			continue
		}
		var want []string
		for _, x := range s.Sessions {
			if x.Placed() {
				want = append(want, s.GUID(x)+"|"+x.Start.UTC().Format(time.RFC3339))
			}
		}
		slices.Sort(want)
		if lines := strings.Fields(string(got)); !slices.Equal(lines, want) {
			t.Errorf("%s: %d entries are read, want %d", name, len(lines), len(want))
		}
	}
}
