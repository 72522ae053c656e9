package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// frab's and pretalx's JSON and the newer schedule2, as far as they are read. What is one text in the first is a text per language in the other.
type (
	frabFile struct {
		Schedule struct {
			Version    looseText     `json:"version"`
			Conference frabFileAbout `json:"conference"`
			Rooms      []frabRoom    `json:"rooms"`
			Days       []frabDay     `json:"days"` // where they stand outside the conference
			Events     []frabItem    `json:"events"`
			Persons    []frabWho     `json:"persons"`
		} `json:"schedule"`
	}
	frabFileAbout struct {
		Title   looseText       `json:"title"`
		Acronym looseText       `json:"acronym"`
		Start   looseText       `json:"start"`
		End     looseText       `json:"end"`
		Zone    looseText       `json:"time_zone_name"`
		URL     looseText       `json:"url"`
		Tracks  []frabFileTrack `json:"tracks"`
		Rooms   []frabRoom      `json:"rooms"`
		Days    []frabDay       `json:"days"`
	}
	frabFileTrack struct {
		Name   looseText            `json:"name"`
		Slug   looseText            `json:"slug"`
		Color  looseText            `json:"color"`
		Colors map[string]looseText `json:"colors"`
	}
	frabRoom struct {
		Name     looseText   `json:"name"`
		Capacity looseNumber `json:"capacity"`
	}
	frabDay struct {
		Date  looseText             `json:"date"`
		Start looseText             `json:"day_start"`
		Rooms map[string][]frabItem `json:"rooms"`
	}
	frabItem struct {
		ID           looseID    `json:"id"`
		GUID         looseText  `json:"guid"`
		Code         looseText  `json:"code"`
		Date         looseText  `json:"date"`
		Start        looseText  `json:"start"`
		End          looseText  `json:"end"`
		Duration     looseText  `json:"duration"`
		Room         looseName  `json:"room"`
		Title        looseText  `json:"title"`
		Subtitle     looseText  `json:"subtitle"`
		Track        looseName  `json:"track"`
		Type         looseText  `json:"type"`
		Language     looseText  `json:"language"`
		Abstract     looseText  `json:"abstract"`
		Description  looseText  `json:"description"`
		URL          looseText  `json:"url"`
		Persons      []frabWho  `json:"persons"`
		Participants []frabWho  `json:"participants"`
		Links        []fileLink `json:"links"`
		Attachments  []fileLink `json:"attachments"`
	}
	frabWho struct {
		ID         looseID   `json:"id"`
		GUID       looseText `json:"guid"`
		Name       looseText `json:"name"`
		PublicName looseText `json:"public_name"`
		Bio        looseText `json:"biography"`
		URL        looseText `json:"url"`
	}
	fileLink struct {
		URL   looseText `json:"url"`
		Title looseText `json:"title"`
	}
)

// looseText is a text, a number, null, or a text per language, of which the English one is taken, else the first.
type looseText string

// UnmarshalJSON takes any of the forms; others are no text, never an error.
func (t *looseText) UnmarshalJSON(raw []byte) error {
	*t = ""
	var text string
	var number json.Number
	var languages map[string]looseText
	switch {
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		*t = looseText(text)
	case raw[0] == '{' && json.Unmarshal(raw, &languages) == nil:
		for _, language := range append([]string{"en"}, slices.Sorted(maps.Keys(languages))...) {
			if *t == "" {
				*t = languages[language]
			}
		}
	case (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') && json.Unmarshal(raw, &number) == nil:
		*t = looseText(number.String())
	}
	return nil
}

// looseName is a text, or an object that has a name and perhaps a slug.
type looseName struct{ Name, Slug string }

// UnmarshalJSON takes either form; others are no name, never an error.
func (n *looseName) UnmarshalJSON(raw []byte) error {
	var object struct {
		Name looseText `json:"name"`
		Slug looseText `json:"slug"`
	}
	if raw[0] == '{' {
		err := json.Unmarshal(raw, &object)
		*n = looseName{string(object.Name), string(object.Slug)}
		return err
	}
	var text looseText
	err := text.UnmarshalJSON(raw)
	*n = looseName{Name: string(text)}
	return err
}

// looseNumber is a whole number, written as one or as a text; 0 is none.
type looseNumber int

// UnmarshalJSON takes either form; others are no number, never an error.
func (n *looseNumber) UnmarshalJSON(raw []byte) error {
	*n = 0
	if v, ok := numeric(strings.Trim(string(raw), `"`)); ok && v < 1<<31 {
		*n = looseNumber(v)
	}
	return nil
}

func (r *reading) readFrabJSON(text []byte) error {
	var file frabFile
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&file); err != nil {
		return jsonError(text, err)
	}
	s, c := file.Schedule, file.Schedule.Conference
	f := &frabReading{reading: r, people: map[string][]string{}, bios: map[string]Person{}}
	r.finishing = append(r.finishing, f.settlePeople)
	top := Place{Path: "schedule.conference"}
	r.schedule.Version = r.line(top, string(s.Version), maxName)
	f.conference(top, frabConference{Title: string(c.Title), Acronym: string(c.Acronym), Start: string(c.Start), End: string(c.End), Zone: string(c.Zone), URL: string(c.URL)})
	slugs := map[string]string{}
	for _, t := range c.Tracks {
		color := string(t.Color)
		if color == "" {
			color = string(t.Colors["light"])
		}
		f.track(top, frabTrack{Name: string(t.Name), Color: color})
		if t.Slug != "" {
			slugs[string(t.Slug)] = string(t.Name)
		}
	}
	for _, room := range append(c.Rooms, s.Rooms...) {
		name := r.line(top, string(room.Name), maxName)
		r.addRoom(Room{Key: name, Name: name, Capacity: int(room.Capacity)})
	}
	for i, p := range s.Persons {
		f.knowPerson(Place{Path: fmt.Sprintf("schedule.persons[%d]", i)}, p)
	}
	for d, day := range append(c.Days, s.Days...) {
		f.openDay(string(day.Date), string(day.Start))
		for _, name := range slices.Sorted(maps.Keys(day.Rooms)) {
			f.room = r.line(top, name, maxName)
			r.addRoom(Room{Key: f.room, Name: f.room})
			for i, item := range day.Rooms[name] {
				if err := f.item(Place{Path: fmt.Sprintf("schedule.conference.days[%d].rooms[%q][%d]", d, quoteShort(name), i)}, item, slugs); err != nil {
					return err
				}
			}
		}
	}
	f.room, f.day = "", ""
	for i, item := range s.Events {
		if err := f.item(Place{Path: fmt.Sprintf("schedule.events[%d]", i)}, item, slugs); err != nil {
			return err
		}
	}
	return nil
}

// item reads one session as if it stood in frab XML.
func (f *frabReading) item(where Place, in frabItem, tracks map[string]string) error {
	e := frabEvent{ID: string(in.ID), GUID: string(in.GUID), Code: string(in.Code), Date: string(in.Date), Start: string(in.Start), Duration: string(in.Duration),
		Room: in.Room.Name, Title: string(in.Title), Subtitle: string(in.Subtitle), Type: string(in.Type), Language: string(in.Language),
		Abstract: frabText{Text: string(in.Abstract)}, Description: frabText{Text: string(in.Description)}, URL: string(in.URL)}
	if strings.HasPrefix(e.URL, "urn:uuid:") {
		e.URL = "" // what we write where a session has no page
	}
	if e.Track = in.Track.Name; e.Track == "" {
		e.Track = tracks[in.Track.Slug]
	}
	if e.Date == "" && strings.Contains(e.Start, "T") { // schedule2 has instants there
		e.Date, e.Start = e.Start, ""
	}
	if e.Duration == "" && in.End != "" {
		f.endAsLength(where, &e, string(in.End))
	}
	for _, p := range append(in.Persons, in.Participants...) {
		f.knowPerson(where, p)
		e.Persons = append(e.Persons, frabPerson{ID: string(p.ID), GUID: string(p.GUID), Name: p.called()})
	}
	for _, l := range in.Links {
		e.Links = append(e.Links, frabLink{Href: string(l.URL), Title: string(l.Title)})
	}
	for _, l := range in.Attachments {
		e.Attachments = append(e.Attachments, frabLink{Href: string(l.URL), Title: string(l.Title)})
	}
	return f.event(e, where)
}

// endAsLength writes an end as the length that frab XML has.
func (f *frabReading) endAsLength(where Place, e *frabEvent, end string) {
	from, begins := f.instant(where, e.Date)
	until, ends := f.instant(where, end)
	if begins && ends && until.After(from) {
		e.Duration = writeLength(until.Sub(from), true)
	}
}

func (p frabWho) called() string {
	if p.PublicName != "" {
		return string(p.PublicName)
	}
	return string(p.Name)
}

// knowPerson notes what a file tells of a person beside the name, by each id that it has.
func (f *frabReading) knowPerson(where Place, p frabWho) {
	about := Person{Bio: f.text(where, string(p.Bio)), URL: f.link(where, string(p.URL))}
	if about == (Person{}) {
		return
	}
	for _, key := range []string{strings.ToLower(string(p.GUID)), string(p.ID)} {
		if _, known := f.bios[key]; key != "" && !known {
			f.bios[key] = about
		}
	}
}
