package exchange

import (
	"cmp"
	"encoding/json"
	"io"
	"strings"
	"time"
)

// The document as schema2.json wants it.
type (
	hubFile struct {
		Schema    string        `json:"$schema"`
		Generator jsonGenerator `json:"generator"`
		Schedule  hubSchedule   `json:"schedule"`
	}
	hubSchedule struct {
		Version    string        `json:"version"`
		Conference hubConference `json:"conference"`
		Events     []hubEvent    `json:"events"`
		Persons    []hubPerson   `json:"persons"`
	}
	hubConference struct {
		Acronym string     `json:"acronym"`
		Title   string     `json:"title"`
		Start   string     `json:"start"`
		End     string     `json:"end"`
		Zone    string     `json:"time_zone_name,omitempty"`
		URL     string     `json:"url,omitempty"`
		Tracks  []hubTrack `json:"tracks"`
		Rooms   []hubRoom  `json:"rooms"`
		Days    []hubDay   `json:"days"`
	}
	hubTrack struct {
		Name  string `json:"name,omitempty"`
		Slug  string `json:"slug,omitempty"`
		Color string `json:"color,omitempty"`
	}
	hubRoom struct {
		Name     string `json:"name"`
		Slug     string `json:"slug,omitempty"`
		GUID     string `json:"guid"`
		Capacity *int   `json:"capacity,omitempty"`
	}
	hubDay struct {
		Index int    `json:"index"`
		Date  string `json:"date"`
		Start string `json:"start"`
		End   string `json:"end"`
	}
	hubEvent struct {
		GUID         string      `json:"guid"`
		Type         string      `json:"type"`
		Start        string      `json:"start"`
		End          string      `json:"end"`
		Room         hubRoom     `json:"room"`
		URL          string      `json:"url"`
		Slug         string      `json:"slug"`
		Title        string      `json:"title"`
		Subtitle     *string     `json:"subtitle"`
		Language     string      `json:"language"`
		Track        hubTrack    `json:"track"`
		Abstract     string      `json:"abstract"`
		Description  string      `json:"description"`
		Participants []hubPerson `json:"participants"`
		Links        []jsonLink  `json:"links"`
		Attachments  []jsonLink  `json:"attachments"`
	}
	hubPerson struct {
		GUID      string `json:"guid"`
		Name      string `json:"name"`
		Biography string `json:"biography,omitempty"`
		URL       string `json:"url,omitempty"`
	}
)

// hubTypes are schedule2's words for our kinds; all else is OTHER.
var hubTypes = map[string]string{"talk": "TALK", "keynote": "TALK", "workshop": "WORKSHOP", "panel": "DISCUSSION"}

// noTrack is what our schedule2 calls the track of a session that has none.
const noTrack = "no-track"

// WriteSchedule2 writes c3voc's schedule2, valid by schema2.json: one language a session (English where none is known), sessions
// without a slot left out, those without a room in one that has no name. Errors: ErrNoDays and those of w.
func WriteSchedule2(w io.Writer, s *Schedule) error {
	days := s.Days()
	if len(days) == 0 {
		return ErrNoDays
	}
	zone := s.Location()
	c := hubConference{Acronym: acronym(cmp.Or(s.Acronym, s.Title), "_"), Title: s.Title, URL: StrictURI(s.URL), Start: days[0].From.In(zone).Format(time.RFC3339),
		End: days[len(days)-1].To.In(zone).Format(time.RFC3339), Tracks: []hubTrack{}, Rooms: []hubRoom{}}
	if zonePattern.MatchString(zone.String()) {
		c.Zone = zone.String()
	}
	for _, t := range s.Tracks {
		c.Tracks = append(c.Tracks, hubTrack{Name: t.Name, Slug: s.slug("track", t.Name), Color: colorOf(t.Color)})
	}
	rooms := map[string]hubRoom{"": {GUID: s.guid("room", "")}}
	for _, room := range s.Rooms {
		out := hubRoom{Name: room.Name, Slug: s.slug("room", room.Key), GUID: s.guid("room", room.Key)}
		rooms[room.Key] = out
		if room.Capacity > 0 {
			out.Capacity = &room.Capacity
		}
		c.Rooms = append(c.Rooms, out)
	}
	file := hubFile{Schema: "https://c3voc.de/schedule/schema2.json", Generator: jsonGenerator{Name: "turnout"},
		Schedule: hubSchedule{Version: cmp.Or(s.Version, "draft"), Events: []hubEvent{}, Persons: []hubPerson{}}}
	people := s.peopleByKey()
	for _, day := range days {
		c.Days = append(c.Days, hubDay{Index: day.Index, Date: day.Date, Start: day.From.In(zone).Format(time.RFC3339), End: day.To.Add(-time.Minute).In(zone).Format(time.RFC3339)})
		for _, session := range day.Sessions {
			file.Schedule.Events = append(file.Schedule.Events, s.hubEvent(session, zone, rooms, people))
		}
	}
	for _, p := range s.People {
		file.Schedule.Persons = append(file.Schedule.Persons, hubPerson{GUID: s.guid("person", p.Key), Name: p.Name, Biography: p.Bio, URL: StrictURI(p.URL)})
	}
	file.Schedule.Conference = c
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(file)
}

// slug is short and the same for ever; two names never share one.
func (s *Schedule) slug(kind, key string) string { return kind + "-" + s.guid(kind, key)[:8] }

func (s *Schedule) hubEvent(in Session, zone *time.Location, rooms map[string]hubRoom, people map[string]Person) hubEvent {
	e := hubEvent{GUID: s.GUID(in), Type: cmp.Or(hubTypes[in.Kind], "OTHER"), Start: in.Start.In(zone).Format(time.RFC3339), End: in.End().In(zone).Format(time.RFC3339),
		Room: rooms[in.Room], Title: in.Title, Language: "en", Abstract: in.Abstract, Description: in.Description, Participants: []hubPerson{}, Links: []jsonLink{}, Attachments: []jsonLink{}}
	e.URL, e.Slug = cmp.Or(StrictURI(in.URL), "urn:uuid:"+e.GUID), "session-"+e.GUID
	if in.Subtitle != "" {
		e.Subtitle = &in.Subtitle
	}
	if code, _, _ := strings.Cut(in.Language, ","); len(code) == 2 {
		e.Language = code
	}
	e.Track = hubTrack{Slug: noTrack} // the schema wants one
	if in.Track != "" {
		e.Track = hubTrack{Name: in.Track, Slug: s.slug("track", in.Track)}
	}
	for _, key := range in.Speakers {
		e.Participants = append(e.Participants, hubPerson{GUID: s.guid("person", key), Name: people[key].Name})
	}
	for _, l := range in.Links {
		out := jsonLink{URL: cmp.Or(StrictURI(l.URL), l.URL), Title: l.Title}
		if l.File {
			e.Attachments = append(e.Attachments, out)
		} else {
			e.Links = append(e.Links, out)
		}
	}
	return e
}
