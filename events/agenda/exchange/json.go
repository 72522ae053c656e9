package exchange

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"time"
)

// The document as schema.json wants it.
type (
	jsonFile struct {
		Schema    string        `json:"$schema"`
		Generator jsonGenerator `json:"generator"`
		Schedule  jsonSchedule  `json:"schedule"`
	}
	jsonGenerator struct {
		Name string `json:"name"`
	}
	jsonSchedule struct {
		Version    string         `json:"version"`
		URL        string         `json:"url,omitempty"`
		Conference jsonConference `json:"conference"`
	}
	jsonConference struct {
		Acronym  string      `json:"acronym"`
		Title    string      `json:"title"`
		Start    string      `json:"start"`
		End      string      `json:"end"`
		Days     int         `json:"daysCount"`
		Timeslot string      `json:"timeslot_duration"`
		Zone     string      `json:"time_zone_name,omitempty"`
		URL      string      `json:"url,omitempty"`
		Tracks   []jsonTrack `json:"tracks"`
		Rooms    []jsonRoom  `json:"rooms"`
		DayList  []jsonDay   `json:"days"`
	}
	jsonTrack struct {
		Name  string `json:"name"`
		Color string `json:"color,omitempty"`
	}
	jsonRoom struct {
		Name     string `json:"name"`
		GUID     string `json:"guid"`
		Capacity *int   `json:"capacity"`
	}
	jsonDay struct {
		Index int                    `json:"index"`
		Date  string                 `json:"date"`
		Start string                 `json:"day_start"`
		End   string                 `json:"day_end"`
		Rooms map[string][]jsonEvent `json:"rooms"`
	}
	jsonEvent struct {
		GUID        string       `json:"guid"`
		ID          int64        `json:"id"`
		Date        string       `json:"date"`
		Start       string       `json:"start"`
		End         string       `json:"end"`
		Duration    string       `json:"duration"`
		Room        string       `json:"room"`
		Slug        string       `json:"slug"`
		URL         string       `json:"url"`
		Title       string       `json:"title"`
		Subtitle    string       `json:"subtitle"`
		Track       *string      `json:"track"`
		Type        string       `json:"type"`
		Language    *string      `json:"language"`
		Abstract    string       `json:"abstract"`
		Description string       `json:"description"`
		Persons     []jsonPerson `json:"persons"`
		Links       []jsonLink   `json:"links"`
		Attachments []jsonLink   `json:"attachments"`
	}
	jsonPerson struct {
		GUID      string `json:"guid"`
		ID        int64  `json:"id,omitempty"`
		Name      string `json:"name"`
		Biography string `json:"biography,omitempty"`
		URL       string `json:"url,omitempty"`
	}
	jsonLink struct {
		URL   string `json:"url"`
		Title string `json:"title,omitempty"`
	}
)

// zonePattern is what the schema lets a zone be named; the name of another zone is left out, every time has its offset.
var zonePattern = regexp.MustCompile(`^([A-Z][a-z]+/[A-Z][a-z]+)|UTC$`)

// WriteJSON writes the schedule JSON of c3voc, valid by schema.json. Sessions without a slot are left out. Errors:
// ErrNoDays and those of w.
func WriteJSON(w io.Writer, s *Schedule) error {
	days := s.Days()
	if len(days) == 0 {
		return ErrNoDays
	}
	c := jsonConference{
		Acronym: acronym(cmp.Or(s.Acronym, s.Title), "_"), Title: s.Title, Start: days[0].Date, End: days[len(days)-1].Date,
		Days: len(days), Timeslot: timeslot, URL: StrictURI(s.URL), Tracks: []jsonTrack{}, Rooms: []jsonRoom{},
	}
	if zone := s.Location().String(); zonePattern.MatchString(zone) {
		c.Zone = zone
	}
	for _, t := range s.Tracks {
		c.Tracks = append(c.Tracks, jsonTrack{Name: t.Name, Color: colorOf(t.Color)})
	}
	for _, room := range s.Rooms {
		out := jsonRoom{Name: room.Name, GUID: s.guid("room", room.Key)}
		if room.Capacity > 0 {
			out.Capacity = &room.Capacity
		}
		c.Rooms = append(c.Rooms, out)
	}
	j := &jsonWriting{Schedule: s, zone: s.Location(), numbers: s.numbers(), people: s.peopleByKey(), rooms: s.RoomNames(), acronym: c.Acronym}
	for _, day := range days {
		c.DayList = append(c.DayList, j.day(day))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(jsonFile{
		Schema: "https://c3voc.de/schedule/schema.json", Generator: jsonGenerator{Name: "turnout"},
		Schedule: jsonSchedule{Version: cmp.Or(s.Version, "draft"), URL: StrictURI(s.URL), Conference: c},
	})
}

type jsonWriting struct {
	*Schedule
	zone    *time.Location
	numbers map[string]int64
	people  map[string]Person
	rooms   map[string]string
	acronym string
}

func (j *jsonWriting) day(day Day) jsonDay {
	out := jsonDay{Index: day.Index, Date: day.Date, Start: day.From.In(j.zone).Format(time.RFC3339),
		End: day.To.Add(-time.Minute).In(j.zone).Format(time.RFC3339), Rooms: map[string][]jsonEvent{}}
	for _, room := range j.Rooms {
		out.Rooms[room.Name] = []jsonEvent{}
	}
	for _, session := range day.Sessions {
		name := j.rooms[session.Room]
		out.Rooms[name] = append(out.Rooms[name], j.event(session, name))
	}
	return out
}

func (j *jsonWriting) event(s Session, room string) jsonEvent {
	start := s.Start.In(j.zone)
	e := jsonEvent{
		GUID: j.GUID(s), ID: j.numbers[s.Key], Date: start.Format(time.RFC3339), Start: start.Format("15:04"),
		End: s.End().In(j.zone).Format(time.RFC3339), Duration: writeLength(s.Length, false), Room: room,
		Title: s.Title, Subtitle: s.Subtitle, Type: cmp.Or(s.Type, s.Kind), Abstract: s.Abstract, Description: s.Description,
		Persons: []jsonPerson{}, Links: []jsonLink{}, Attachments: []jsonLink{},
	}
	e.Slug = fmt.Sprintf("%s-%d-%s", j.acronym, e.ID, acronym(s.Title, "-"))
	if last := e.Slug[len(e.Slug)-1]; last == '-' {
		e.Slug += "0"
	}
	e.URL = cmp.Or(StrictURI(s.URL), "urn:uuid:"+e.GUID)
	if s.Track != "" {
		e.Track = &s.Track
	}
	if s.Language != "" {
		e.Language = &s.Language
	}
	for _, key := range s.Speakers {
		p := j.people[key]
		out := jsonPerson{GUID: j.guid("person", key), Name: p.Name, Biography: p.Bio, URL: StrictURI(p.URL)}
		if n, ok := numeric(key); ok {
			out.ID = n
		}
		e.Persons = append(e.Persons, out)
	}
	for _, l := range s.Links {
		out := jsonLink{URL: cmp.Or(StrictURI(l.URL), l.URL), Title: l.Title}
		if l.File {
			e.Attachments = append(e.Attachments, out)
		} else {
			e.Links = append(e.Links, out)
		}
	}
	return e
}
