package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// What other programs must say of our calendars: each entry once, with its time.
const (
	readByPython = `import sys, icalendar
c = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())
for e in c.walk('VEVENT'):
    assert 'DTSTAMP' in e and 'SEQUENCE' in e
    print(str(e['UID']) + '|' + e.decoded('DTSTART').astimezone(__import__('datetime').timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'))
`
	// The numbers are libical's: 4 is a VEVENT.
	readByLibical = `import sys, ctypes
lib = ctypes.CDLL('libical.so.3')
for name in ('icalparser_parse_string', 'icalcomponent_get_first_component', 'icalcomponent_get_next_component'):
    getattr(lib, name).restype = ctypes.c_void_p
for name in ('icalcomponent_get_uid', 'icaltime_as_ical_string'):
    getattr(lib, name).restype = ctypes.c_char_p
lib.icalparser_parse_string.argtypes = [ctypes.c_char_p]
for name in ('icalcomponent_get_first_component', 'icalcomponent_get_next_component'):
    getattr(lib, name).argtypes = [ctypes.c_void_p, ctypes.c_int]
for name in ('icalcomponent_get_uid', 'icalcomponent_count_errors', 'icalrestriction_check'):
    getattr(lib, name).argtypes = [ctypes.c_void_p]
c = lib.icalparser_parse_string(open(sys.argv[1], 'rb').read())
assert c and lib.icalcomponent_count_errors(c) == 0, 'it does not parse'
lib.icalrestriction_check(c)
assert lib.icalcomponent_count_errors(c) == 0, 'it breaks a rule of RFC 5546'
e = lib.icalcomponent_get_first_component(c, 4)
while e:
    print(lib.icalcomponent_get_uid(e).decode())
    e = lib.icalcomponent_get_next_component(c, 4)
`
	khalSettings = "[calendars]\n[[c]]\npath = %[1]s/calendar\n[sqlite]\npath = %[1]s/khal.db\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %%H:%%M\ndateformat = %%Y-%%m-%%d\n" +
		"longdateformat = %%Y-%%m-%%d\ndatetimeformat = %%Y-%%m-%%dT%%H:%%M\nlongdatetimeformat = %%Y-%%m-%%dT%%H:%%M\n"
)

// pythonWith finds a Python that runs a line; Debian's packages are those of its own.
func pythonWith(t *testing.T, line string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", line).Run() == nil {
			return python
		}
	}
	t.Skipf("no Python here runs %q (Debian: python3-icalendar, libical3)", line)
	return ""
}

// calendars writes the real schedules as calendars, with what a program must find in each, in order.
func calendars(t *testing.T, times bool) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for name, s := range schedules(t) {
		var out bytes.Buffer
		if err := WriteICS(&out, s, time.Unix(1_700_000_000, 0)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), filepath.Base(name)+".ics")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		found[path] = []string{}
		for _, x := range s.Sessions {
			if x.Placed() && times {
				found[path] = append(found[path], s.GUID(x)+"|"+x.Start.UTC().Format(time.RFC3339))
			} else if x.Placed() {
				found[path] = append(found[path], s.GUID(x))
			}
		}
		slices.Sort(found[path])
	}
	return found
}

func TestPythonReadsOurCalendars(t *testing.T) {
	for line, script := range map[string]string{"import icalendar": readByPython, "import ctypes; ctypes.CDLL('libical.so.3')": readByLibical} {
		t.Run(line[:14], func(t *testing.T) {
			python := pythonWith(t, line)
			for path, want := range calendars(t, script == readByPython) {
				got, err := exec.CommandContext(t.Context(), python, "-c", script, path).CombinedOutput()
				if err != nil {
					t.Errorf("%s: %s", filepath.Base(path), got)
				} else if lines := slices.Sorted(slices.Values(strings.Fields(string(got)))); !slices.Equal(lines, want) {
					t.Errorf("%s: %d entries are read, want %d", filepath.Base(path), len(lines), len(want))
				}
			}
		})
	}
}

func TestKhalReadsOurCalendars(t *testing.T) {
	if _, err := exec.LookPath("khal"); err != nil {
		t.Skip("khal is not installed (Debian: khal)")
	}
	for path, want := range calendars(t, false) {
		if len(want) > 200 { // khal takes its time
			continue
		}
		folder := t.TempDir()
		settings := filepath.Join(folder, "config")
		err := os.Mkdir(filepath.Join(folder, "calendar"), 0o700)
		if err == nil {
			err = os.WriteFile(settings, fmt.Appendf(nil, khalSettings, folder), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		khal := func(args ...string) string {
			cmd := exec.CommandContext(t.Context(), "khal", append([]string{"-c", settings}, args...)...)
			cmd.Env = append(os.Environ(), "HOME="+folder, "LC_ALL=C.UTF-8")
			got, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: khal %v: %s", filepath.Base(path), args, got)
			}
			return string(got)
		}
		khal("import", "--batch", "-a", "c", path)
		got := slices.Compact(slices.Sorted(slices.Values(strings.Fields(khal("list", "--day-format", "", "--format", "{uid}", "2000-01-01", "2040-01-01")))))
		if !slices.Equal(got, want) {
			t.Errorf("%s: khal lists %d entries, want %d", filepath.Base(path), len(got), len(want))
		}
	}
}
