// Package exchange reads and writes the formats in which conferences hand their schedules around: in come frab XML, the JSON of frab and pretalx, schedule2, Sessionize's
// views, iCalendar and tables; out go frab XML, schedule JSON, iCalendar and tables.
//
// Reading is lenient: whatever a real file holds is kept where it can be, and every doubt is a named [Warning]. Writing
// is strict: XML is valid by c3voc's schedule.xml.xsd, JSON by its schema.json, calendars by RFC 5545.
//
// Decided here: the `<date>` of a frab event is its instant and `<start>` only helps where it is missing. A length of
// three parts is D:HH:MM when it starts with one digit and HH:MM:SS otherwise. A session without a length is taken to
// last 30 minutes, with a warning. A wall-clock time that a clock change skips moves later by the skipped hour, and one that comes
// twice means the first; both are warned about. Texts written in HTML become Markdown.
//
// The package knows no database and no other package under events.
package exchange

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"turnout"
)

// Format names a schedule format as the API does.
type Format string

// The formats by name. PretalxJSON is frab's too. CSV and MappedJSON, a list that no program is known for, are read through a Mapping.
const (
	Unknown        Format = ""
	FrabXML        Format = "frab_xml"
	SessionizeJSON Format = "sessionize_json"
	PretalxJSON    Format = "pretalx_json"
	ICalendar      Format = "icalendar"
	CSV            Format = "csv"
	Schedule2      Format = "schedule2_json"
	MappedJSON     Format = "mapped_json"
)

// Name is what people call the format; "" for one that is not known.
func (f Format) Name() string {
	return map[Format]string{FrabXML: "frab XML", SessionizeJSON: "Sessionize JSON", PretalxJSON: "pretalx JSON", ICalendar: "iCalendar", CSV: "CSV", Schedule2: "schedule2 JSON", MappedJSON: "JSON"}[f]
}

// MaxBytes is the largest file that Read takes.
const MaxBytes = 25 << 20

// Bounds that no real schedule comes near; they keep a hostile file from filling memory or a page.
const (
	maxSessions = 20_000
	maxWarnings = 1_000
	maxDepth    = 64 // nested XML elements outside an event
	maxTitle    = 500
	maxName     = 200
	maxText     = 50_000
	maxLinks    = 100
	maxPersons  = 200 // in one session
)

// What Read answers when a file cannot be used at all. Nothing was changed then.
var (
	ErrUnknownFormat = &turnout.Error{Kind: turnout.Invalid, Code: "unknown_format",
		Message: "This is no schedule that can be read here. Send frab XML, pretalx JSON, one of Sessionize's views as JSON, iCalendar, a CSV table, or a JSON with a list of sessions."}
	ErrTooLarge = &turnout.Error{Kind: turnout.TooLarge, Code: "too_large",
		Message: "The schedule is larger than 25 MB. Send a smaller file."}
	ErrTruncated = &turnout.Error{Kind: turnout.Invalid, Code: "truncated",
		Message: "The file ends in the middle. Upload it again."}
	ErrMalformed = &turnout.Error{Kind: turnout.Invalid, Code: "malformed",
		Message: "The file is damaged. Export it again, then upload it."}
	ErrNoSessions = &turnout.Error{Kind: turnout.Invalid, Code: "no_sessions",
		Message: "The file holds no session at all, so it is not taken: it would withdraw the whole agenda."}
	ErrTooMany = &turnout.Error{Kind: turnout.Invalid, Code: "too_many_sessions",
		Message: "The schedule holds more than 20,000 sessions. Split it."}
)

// Options say what the file itself may leave out.
type Options struct {
	Zone    *time.Location // zone of wall-clock times where the file names none; UTC with a warning when nil
	Mapping *Mapping       // of a CSV or an unknown JSON; nil lets Guess find one
}

// Warning tells about one thing in a file that was not taken as it stood.
type Warning struct {
	Where   Place  `json:"where"`
	Code    string `json:"code"`    // stable and snake_case: "length_assumed"
	Message string `json:"message"` // one English sentence: what was found and what was done
	Data    []any  `json:"-"`       // what the sentence names, in its order: texts, and whole numbers
}

// Place is where in a file something stands; the zero Place is the file itself. In JSON it is a text: `line 120: session "Opening"`.
type Place struct {
	Line int    // from 1; 0 where the format is not one of lines
	Path string // in JSON: sessions[3]
	Sort string // what stands there: session or person
	Name string // what that is called
}

// String is the place in English.
func (p Place) String() string {
	var parts []string
	switch {
	case p.Line > 0:
		parts = append(parts, fmt.Sprintf("line %d", p.Line))
	case p.Path != "":
		parts = append(parts, p.Path)
	}
	if p.Sort != "" {
		parts = append(parts, fmt.Sprintf("%s %q", p.Sort, p.Name))
	}
	return cmp.Or(strings.Join(parts, ": "), "file")
}

// MarshalText puts the place into JSON as String says it.
func (p Place) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Recognise tells the format from the content; a cut-off file is recognised as long as its beginning is there.
func Recognise(data []byte) Format {
	text, _ := decode(data[:min(len(data), 1<<20)])
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return Unknown
	case text[0] == '<' && rootElement(text) == "schedule":
		return FrabXML
	case text[0] == '{':
		return recogniseJSON(text)
	case text[0] == '[':
		return recogniseList(text)
	case len(text) >= 6 && strings.EqualFold(string(text[:6]), "BEGIN:"):
		return ICalendar
	case looksLikeCSV(text):
		return CSV
	}
	return Unknown
}

// Read recognises and reads a schedule. Errors: ErrUnknownFormat, ErrTooLarge, ErrTruncated, ErrMalformed (both with
// the line), ErrNoSessions, ErrTooMany. Everything milder is a warning.
func Read(data []byte, options Options) (*Schedule, []Warning, error) {
	if len(data) > MaxBytes {
		return nil, nil, ErrTooLarge
	}
	format := Recognise(data)
	r := &reading{format: format, zone: options.Zone, schedule: &Schedule{Format: format}}
	if format == ICalendar {
		data = unfold(data) // lines are folded between octets, which may be within a character
	}
	text, repaired := decode(data)
	if len(text) > 2*MaxBytes {
		return nil, nil, ErrTooLarge
	}
	if repaired > 0 {
		r.warn(Place{}, "text_repaired", "%d bytes were no valid text and were replaced or left out.", repaired)
	}
	var err error
	switch format {
	case FrabXML:
		err = r.readFrab(text)
	case SessionizeJSON:
		err = r.readSessionize(text)
	case PretalxJSON, Schedule2:
		err = r.readFrabJSON(text)
	case ICalendar:
		err = r.readCalendar(text)
	case CSV, MappedJSON:
		err = r.readMapped(text, options.Mapping)
	default:
		err = ErrUnknownFormat
	}
	if err != nil {
		return nil, nil, err
	}
	if len(r.schedule.Sessions) == 0 && !r.schedule.PeopleOnly {
		return nil, nil, ErrNoSessions
	}
	r.finish()
	return r.schedule, r.warnings, nil
}

// reading is the work on one file.
type reading struct {
	format    Format
	zone      *time.Location
	schedule  *Schedule
	warnings  []Warning
	unwarned  int // beyond maxWarnings
	rooms     map[string]bool
	tracks    map[string]bool
	personAt  map[string]int // key → index in schedule.People
	finishing []func()       // what can only be decided when all sessions are known
}

func (r *reading) warn(where Place, code, format string, args ...any) {
	if len(r.warnings) >= maxWarnings {
		r.unwarned++
		return
	}
	r.warnings = append(r.warnings, Warning{where, code, fmt.Sprintf(format, args...), args})
}

// finish settles what needs the whole file: repeated keys, order, first and last day.
func (r *reading) finish() {
	for _, f := range r.finishing {
		f()
	}
	s := r.schedule
	s.Zone = r.location().String()
	s.dropUnusedTracks()
	s.sort()
	r.tellApart()
	s.spanDays()
	if r.unwarned > 0 {
		r.warnings = append(r.warnings, Warning{Code: "more_warnings", Message: fmt.Sprintf("%d further warnings are not listed.", r.unwarned), Data: []any{r.unwarned}})
	}
}

// tellApart keeps sessions that share a key, by numbering the later ones; sessions are in order of time by now, so the
// numbers do not depend on the order in the file.
func (r *reading) tellApart() {
	used := map[string]bool{}
	for _, s := range r.schedule.Sessions {
		used[s.Key] = true
	}
	seen := map[string]bool{}
	for i := range r.schedule.Sessions {
		s := &r.schedule.Sessions[i]
		if !seen[s.Key] {
			seen[s.Key] = true
			continue
		}
		key := s.Key
		for n := 2; used[s.Key]; n++ {
			s.Key = fmt.Sprintf("%s#%d", key, n)
		}
		used[s.Key], seen[s.Key] = true, true
		r.warn(Place{Sort: "session", Name: s.Title}, "repeated_key", "The id %s stands more than once; each session is kept, this one as %s.", key, s.Key)
	}
}

// location is the zone for wall-clock times: the file's, else the option's, else UTC.
func (r *reading) location() *time.Location {
	if r.schedule.Zone != "" {
		if zone, err := loadZone(r.schedule.Zone); err == nil {
			return zone
		}
	}
	if r.zone != nil {
		return r.zone
	}
	return time.UTC
}

// useZone takes the zone that the file names, and warns where it cannot or where the event has another.
func (r *reading) useZone(name string) {
	if name == "" {
		return
	}
	zone, err := loadZone(name)
	if err != nil {
		r.warn(Place{}, "unknown_zone", "The time zone %q is not known; %s is used.", name, r.location().String())
		return
	}
	if r.zone != nil && r.zone.String() != zone.String() {
		r.warn(Place{}, "zone_differs", "The file is in %s, the event in %s. The instants are kept.", zone.String(), r.zone.String())
	}
	r.schedule.Zone = zone.String()
}

func (r *reading) addRoom(room Room) {
	if r.rooms == nil {
		r.rooms = map[string]bool{}
	}
	if room.Name == "" || r.rooms[room.Key] {
		return
	}
	r.rooms[room.Key] = true
	r.schedule.Rooms = append(r.schedule.Rooms, room)
}

func (r *reading) addTrack(track Track) {
	if r.tracks == nil {
		r.tracks = map[string]bool{}
	}
	if track.Name == "" || r.tracks[track.Name] {
		return
	}
	r.tracks[track.Name] = true
	r.schedule.Tracks = append(r.schedule.Tracks, track)
}

// addPerson keeps the first of the same key and gives the key.
func (r *reading) addPerson(p Person) string {
	if r.personAt == nil {
		r.personAt = map[string]int{}
	}
	if _, ok := r.personAt[p.Key]; !ok {
		r.personAt[p.Key] = len(r.schedule.People)
		r.schedule.People = append(r.schedule.People, p)
	}
	return p.Key
}

func (r *reading) addSession(s Session) error {
	if len(r.schedule.Sessions) >= maxSessions {
		return ErrTooMany
	}
	r.schedule.Sessions = append(r.schedule.Sessions, s)
	return nil
}

// rootElement is the local name of the first element, "" when there is none.
func rootElement(text []byte) string {
	dec := newXMLDecoder(text)
	for {
		token, err := dec.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Local
		}
	}
}

// recogniseJSON goes by the keys of the outermost object and of the first session.
func recogniseJSON(text []byte) Format {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return Unknown
	}
	keys := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			break
		}
		name, _ := key.(string)
		keys[name] = true
		switch name {
		case "schedule":
			if voc2Pattern.Match(text) {
				return Schedule2
			}
			return PretalxJSON
		case "sessions":
			if sessionizeAhead(text[dec.InputOffset():]) {
				return SessionizeJSON
			}
		}
		var skip json.RawMessage
		if dec.Decode(&skip) != nil {
			break
		}
	}
	if keys["sessions"] && keys["speakers"] && keys["rooms"] && keys["categories"] {
		return SessionizeJSON
	}
	return MappedJSON
}

// sessionizeAhead looks at the keys of the first object after `"sessions"` for names that only Sessionize uses.
func sessionizeAhead(text []byte) bool {
	head := text[:min(len(text), 64<<10)]
	open, end := bytes.IndexByte(head, '{'), bytes.IndexByte(head, ']')
	if open < 0 || end >= 0 && end < open {
		return false
	}
	return bytes.Contains(head, []byte(`"startsAt"`)) || bytes.Contains(head, []byte(`"isServiceSession"`))
}

// voc2Pattern finds what only schedule2 has: events in one list beside the conference.
var voc2Pattern = regexp.MustCompile(`"(schema2\.json|events)"\s*:\s*\[|schema2\.json"`)

// recogniseList tells Sessionize's views from other lists by the keys that only they use.
func recogniseList(text []byte) Format {
	dec := json.NewDecoder(bytes.NewReader(text))
	var first map[string]json.RawMessage
	if _, err := dec.Token(); err != nil || dec.Decode(&first) != nil {
		return MappedJSON
	}
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return first[key] == nil })
	}
	if has("date", "rooms", "timeSlots") || has("groupName", "sessions") || has("id", "fullName", "tagLine") {
		return SessionizeJSON
	}
	return MappedJSON
}
