package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"
	"github.com/getkin/kin-openapi/openapi3"
)

// schedules are what the writers are tried on: the published files, our own traps, and the smallest possible one.
func schedules(t *testing.T) map[string]*Schedule {
	t.Helper()
	all := map[string]*Schedule{
		"smallest": {Title: "", Zone: "UTC", FirstDay: "2026-06-04", LastDay: "2026-06-04"},
		"odd words": {Title: "ü", Acronym: "-", Zone: "Etc/GMT+5", Rooms: []Room{{Key: "a", Name: `"<&>`}}, Sessions: []Session{{Key: "x", Title: "\x01😀", Kind: "talk",
			Start: time.Date(2026, 6, 4, 9, 0, 0, 0, time.UTC), Length: 200 * time.Hour, Room: "a", URL: "https://example.org/ä b?q=%zz#%", Links: []Link{{URL: "https://example.org/[x]"}}}}},
	}
	for _, name := range []string{"testdata/traps.xml", "testdata/traps.json"} {
		s, _, err := Read(fixture(t, name), Options{Zone: brussels})
		if err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	for name, s := range published() {
		all[name] = s
	}
	return all
}

// published reads the real files that are on this machine, once.
var published = sync.OnceValue(func() map[string]*Schedule {
	all := map[string]*Schedule{}
	for _, name := range []string{"schedules/fosdem-2025.schedule.xml", "schedules/fosdem-2025.2024-12-22.schedule.xml", "sessionize/orlando-code-camp-2020.All.json", "sessionize/demo.All.json"} {
		data, err := os.ReadFile(filepath.Join(realData, name))
		if err != nil {
			continue // the tests of reading tell what is missing
		}
		if all[name], _, err = Read(data, Options{Zone: brussels}); err != nil {
			panic(err) // as do they
		}
	}
	return all
})

func TestXMLIsValidBySchema(t *testing.T) {
	schema := filepath.Join(realData, "schemas/schedule.xml.xsd")
	if _, err := os.Stat(schema); err != nil {
		t.Skip("schedule.xml.xsd is not on this machine; it belongs into shared/real-data/schemas beside the repository")
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	for name, s := range schedules(t) {
		path := filepath.Join(t.TempDir(), "schedule.xml")
		if err := os.WriteFile(path, written(t, WriteXML, s), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), xmllint, "--noout", "--schema", schema, path).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", name, out[:min(len(out), 3000)])
		}
	}
}

func TestJSONIsValidBySchema(t *testing.T) {
	schema := jsonSchema(t, "schemas/schema.json")
	for name, s := range schedules(t) {
		var doc any
		if err := json.Unmarshal(written(t, WriteJSON, s), &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(doc); err != nil {
			t.Errorf("%s: %.2000s", name, err)
		}
	}
	var invalid any
	if err := json.Unmarshal(realBytes(t, "schedules/c3voc-invalid-example.schedule.json"), &invalid); err != nil {
		t.Fatal(err)
	}
	if schema.VisitJSON(invalid) == nil {
		t.Error("the check takes the invalid example for valid, so it checks nothing")
	}
}

// jsonSchema loads c3voc's schema into the validator at hand, which knows the dialect of OpenAPI: references are made to point
// into a document of that kind, and lists of types become alternatives.
func jsonSchema(t *testing.T, name string) *openapi3.Schema {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal(realBytes(t, name), &raw); err != nil {
		t.Fatal(err)
	}
	definitions := raw["definitions"].(map[string]any)
	delete(raw, "definitions")
	definitions["Root"] = raw
	doc := map[string]any{"openapi": "3.0.3", "info": map[string]any{"title": "x", "version": "1"}, "paths": map[string]any{},
		"components": map[string]any{"schemas": definitions}}
	for _, definition := range definitions {
		openAPI(definition.(map[string]any))
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := openapi3.NewLoader().LoadFromData(bytes.ReplaceAll(text, []byte("#/definitions/"), []byte("#/components/schemas/")))
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Components.Schemas["Root"].Value
}

// openAPI rewrites what JSON Schema says otherwise than OpenAPI does.
func openAPI(schema map[string]any) map[string]any {
	for key, value := range schema {
		switch key {
		case "examples", "$schema", "$id", "$comment", "$todo", "$oneOf", "format":
			delete(schema, key)
		case "patternProperties":
			delete(schema, key)
			if all, ok := value.(map[string]any)[".*"].(map[string]any); ok {
				schema["additionalProperties"] = openAPI(all)
			}
		case "type":
			if types, ok := value.([]any); ok {
				delete(schema, key)
				schema["nullable"], schema["anyOf"] = slices.Contains(types, any("null")), alternatives(types)
			}
		case "properties":
			for name, property := range value.(map[string]any) {
				if property == false {
					delete(value.(map[string]any), name)
				} else {
					openAPI(property.(map[string]any))
				}
			}
		case "items":
			openAPI(value.(map[string]any))
		}
	}
	return schema
}

// alternatives makes a schema of each type but null.
func alternatives(types []any) []any {
	var one []any
	for _, name := range types {
		if name != "null" {
			one = append(one, map[string]any{"type": name})
		}
	}
	return one
}

func written(t *testing.T, write func(io.Writer, *Schedule) error, s *Schedule) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsWrittenAsXMLReadsBackTheSame(t *testing.T) {
	for name, s := range schedules(t) {
		if name == "smallest" || name == "odd words" {
			continue // no session; characters that no file can hold
		}
		first, warnings, err := Read(written(t, WriteXML, s), Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		if len(warnings) > 0 {
			t.Errorf("%s: our own file draws warnings: %v", name, warnings[:min(3, len(warnings))])
		}
		second, _, err := Read(written(t, WriteXML, first), Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		if a, b := asJSON(t, first), asJSON(t, second); a != b {
			t.Errorf("%s: a second round changes the schedule: %s", name, firstDifference(a, b))
		}
		if strings.HasPrefix(name, "schedules/") { // frab in and out: nothing may be lost at all
			if a, b := asJSON(t, s), asJSON(t, first); a != b {
				t.Errorf("%s: %s", name, firstDifference(a, b))
			}
		}
		if len(first.Sessions) != placed(s) {
			t.Errorf("%s: %d sessions, want %d", name, len(first.Sessions), placed(s))
		}
	}
}

func placed(s *Schedule) int {
	n := 0
	for _, x := range s.Sessions {
		if x.Placed() {
			n++
		}
	}
	return n
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "\n  " + strings.Join(x[max(0, i-3):i+1], "\n  ") + "\nagainst\n  " + y[i]
		}
	}
	return "one is longer"
}

func TestWriteRefusesAScheduleWithoutDays(t *testing.T) {
	for _, err := range []error{WriteXML(&bytes.Buffer{}, &Schedule{}), WriteJSON(&bytes.Buffer{}, &Schedule{})} {
		if !errors.Is(err, ErrNoDays) {
			t.Errorf("got %v", err)
		}
	}
}

func TestCalendarReadsBackTheSame(t *testing.T) {
	stamp := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, s := range schedules(t) {
		var out bytes.Buffer
		if err := WriteICS(&out, s, stamp); err != nil {
			t.Fatal(err)
		}
		checkLines(t, name, out.String())
		if placed(s) == 0 {
			continue // go-ical refuses a calendar without entries
		}
		calendar, err := ical.NewDecoder(&out).Decode()
		if err != nil {
			t.Fatal(name, err)
		}
		events := calendar.Events()
		if len(events) != placed(s) {
			t.Fatalf("%s: %d entries, want %d", name, len(events), placed(s))
		}
		for i, want := range slices.DeleteFunc(slices.Clone(s.Sessions), func(x Session) bool { return !x.Placed() }) {
			checkEntry(t, name, s, want, &events[i])
		}
	}
}

func checkEntry(t *testing.T, name string, s *Schedule, want Session, got *ical.Event) {
	t.Helper()
	start, err := got.DateTimeStart(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	end, err := got.DateTimeEnd(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	summary, _ := got.Props.Text(ical.PropSummary)
	uid, _ := got.Props.Text(ical.PropUID)
	if !start.Equal(want.Start) || !end.Equal(want.End()) || uid != s.GUID(want) || summary != strings.TrimLeft(want.Title, "\x01") {
		t.Errorf("%s: %s %s–%s %q, want %s %s–%s %q", name, uid, start, end, summary, s.GUID(want), want.Start, want.End(), want.Title)
	}
}

func checkLines(t *testing.T, name, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "END:VCALENDAR\r\n") {
		t.Errorf("%s: does not end as a calendar", name)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Fatalf("%s: not a content line: %q", name, line)
		}
	}
}

func TestCalendarHoldsTheZoneAcrossAClockChange(t *testing.T) {
	angeles, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2025, 3, 8, 10, 0, 0, 0, angeles)
	calendar := Calendar{Name: "SCALE; 22x, \\ the\nend", Events: []CalendarEvent{
		{UID: "a", Sequence: 3, Stamp: first, Start: first, End: first.Add(time.Hour), Zone: angeles, Summary: strings.Repeat("äöü😀", 40), Canceled: true},
		{UID: "b", Stamp: first, Start: first.AddDate(0, 0, 1), End: first.AddDate(0, 0, 1).Add(time.Hour), Zone: angeles, Summary: "After"},
		{UID: "c", Stamp: first, Start: first, Summary: "No zone", Categories: []string{"a,b", "c"}},
	}}
	var out bytes.Buffer
	if err := calendar.Write(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	checkLines(t, "calendar", text)
	plain := strings.ReplaceAll(text, "\r\n ", "")
	for _, want := range []string{
		"X-WR-CALNAME:SCALE\\; 22x\\, \\\\ the\\nend\r\n",
		"BEGIN:STANDARD\r\nDTSTART:20241103T020000\r\nTZOFFSETFROM:-0700\r\nTZOFFSETTO:-0800\r\nTZNAME:PST\r\n",
		"BEGIN:DAYLIGHT\r\nDTSTART:20250309T020000\r\nTZOFFSETFROM:-0800\r\nTZOFFSETTO:-0700\r\nTZNAME:PDT\r\n",
		"DTSTART;TZID=America/Los_Angeles:20250308T100000\r\n", "SEQUENCE:3\r\n", "STATUS:CANCELLED\r\n",
		"SUMMARY:" + strings.Repeat("äöü😀", 40) + "\r\n", "DTSTART:20250308T180000Z\r\n", "CATEGORIES:a\\,b,c\r\n",
	} {
		if !strings.Contains(plain, want) {
			t.Errorf("%q is missing in\n%s", want, plain)
		}
	}
	if n := strings.Count(text, "BEGIN:VTIMEZONE"); n != 1 {
		t.Errorf("%d time zones, want 1", n)
	}
}

func TestReleasesKeepGUIDs(t *testing.T) {
	s := &Schedule{UID: "evt_1"}
	if got := s.GUID(Session{Key: "FDBC5919-F702-524C-9331-3A2C670F6FF3"}); got != "fdbc5919-f702-524c-9331-3a2c670f6ff3" {
		t.Errorf("a key that is a UUID becomes %s", got)
	}
	other := &Schedule{UID: "evt_2"}
	a, b := s.GUID(Session{Key: "176149"}), other.GUID(Session{Key: "176149"})
	if a == b || a != s.GUID(Session{Key: "176149", Title: "renamed"}) || !uuidPattern.MatchString(a) {
		t.Errorf("derived: %s and %s", a, b)
	}
	if got := uuid5("http://example.com/"); got != "0a300ee9-f9e4-5697-a51a-efc7fafaba67" { // Python: uuid.uuid5(uuid.NAMESPACE_URL, …)
		t.Errorf("uuid5 gives %s", got)
	}
}
