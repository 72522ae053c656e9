package exchange

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"turnout"
)

// ErrNoDays is what a writer answers for a schedule that has neither sessions nor days.
var ErrNoDays = &turnout.Error{Kind: turnout.Invalid, Code: "no_days", Message: "The schedule has no days yet. Place a session first."}

// The document as schedule.xml.xsd wants it; the order of the fields is the order of the elements.
type (
	xmlSchedule struct {
		XMLName    xml.Name      `xml:"schedule"`
		Generator  xmlGenerator  `xml:"generator"`
		URL        string        `xml:"url,omitempty"`
		Version    string        `xml:"version"`
		Conference xmlConference `xml:"conference"`
		Days       []xmlDay      `xml:"day"`
	}
	xmlGenerator struct {
		Name string `xml:"name,attr"`
	}
	xmlConference struct {
		Title    string     `xml:"title"`
		Acronym  string     `xml:"acronym"`
		Start    string     `xml:"start"`
		End      string     `xml:"end"`
		Days     int        `xml:"days"`
		Timeslot string     `xml:"timeslot_duration"`
		URL      string     `xml:"url,omitempty"`
		Zone     string     `xml:"time_zone_name"`
		Tracks   []xmlTrack `xml:"track"`
	}
	xmlTrack struct {
		Name  string `xml:"name,attr"`
		Color string `xml:"color,attr,omitempty"`
	}
	xmlDay struct {
		Index int       `xml:"index,attr"`
		Date  string    `xml:"date,attr"`
		Start string    `xml:"start,attr"`
		End   string    `xml:"end,attr"`
		Rooms []xmlRoom `xml:"room"`
	}
	xmlRoom struct {
		Name   string     `xml:"name,attr"`
		GUID   string     `xml:"guid,attr,omitempty"`
		Events []xmlEvent `xml:"event"`
	}
	xmlEvent struct {
		ID          int64       `xml:"id,attr"`
		GUID        string      `xml:"guid,attr"`
		Date        string      `xml:"date"`
		Start       string      `xml:"start"`
		Duration    string      `xml:"duration"`
		Room        string      `xml:"room"`
		URL         string      `xml:"url,omitempty"`
		Title       string      `xml:"title"`
		Subtitle    string      `xml:"subtitle"`
		Track       string      `xml:"track"`
		Type        string      `xml:"type"`
		Language    string      `xml:"language"`
		Abstract    string      `xml:"abstract"`
		Description string      `xml:"description"`
		Persons     []xmlPerson `xml:"persons>person"`
		Links       []xmlLink   `xml:"links>link"`
		Attachments []xmlLink   `xml:"attachments>attachment"`
	}
	xmlPerson struct {
		ID   int64  `xml:"id,attr,omitempty"`
		GUID string `xml:"guid,attr,omitempty"`
		Name string `xml:",chardata"`
	}
	xmlLink struct {
		Href  string `xml:"href,attr"`
		Title string `xml:",chardata"`
	}
)

// timeslot is the grid that the formats must name; nothing is snapped to it.
const timeslot = "00:05"

// WriteXML writes frab XML that is valid by schedule.xml.xsd. Sessions without a slot are left out. Errors: ErrNoDays and
// those of w.
func WriteXML(w io.Writer, s *Schedule) error {
	days := s.Days()
	if len(days) == 0 {
		return ErrNoDays
	}
	doc := xmlSchedule{
		Generator: xmlGenerator{Name: "turnout"}, Version: cmp.Or(s.Version, "draft"),
		Conference: xmlConference{
			Title: s.Title, Acronym: acronym(cmp.Or(s.Acronym, s.Title), "-"), Start: days[0].Date, End: days[len(days)-1].Date,
			Days: len(days), Timeslot: timeslot, URL: StrictURI(s.URL), Zone: s.Location().String(),
		},
	}
	for _, t := range s.Tracks {
		doc.Conference.Tracks = append(doc.Conference.Tracks, xmlTrack{Name: t.Name, Color: colorOf(t.Color)})
	}
	x := &xmlWriting{Schedule: s, zone: s.Location(), numbers: s.numbers(), people: s.peopleByKey(), rooms: s.RoomNames()}
	for _, day := range days {
		doc.Days = append(doc.Days, x.day(day))
	}
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(xml.Header) // a bufio.Writer keeps its error for Flush
	enc := xml.NewEncoder(out)
	enc.Indent("", " ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_ = out.WriteByte('\n')
	return out.Flush()
}

type xmlWriting struct {
	*Schedule
	zone    *time.Location
	numbers map[string]int64
	people  map[string]Person
	rooms   map[string]string
}

// day writes all rooms on every day, in their order, and one without a name for sessions that have no room.
func (x *xmlWriting) day(day Day) xmlDay {
	events := map[string][]xmlEvent{}
	for _, session := range day.Sessions {
		name := x.rooms[session.Room]
		events[name] = append(events[name], x.event(session, name))
	}
	out := xmlDay{Index: day.Index, Date: day.Date, Start: day.From.In(x.zone).Format(time.RFC3339),
		End: day.To.Add(-time.Minute).In(x.zone).Format(time.RFC3339)}
	for _, room := range x.Rooms {
		out.Rooms = append(out.Rooms, xmlRoom{Name: room.Name, GUID: x.guid("room", room.Key), Events: events[room.Name]})
		delete(events, room.Name)
	}
	if len(events[""]) > 0 {
		out.Rooms = append(out.Rooms, xmlRoom{Events: events[""]})
	}
	return out
}

func (x *xmlWriting) event(s Session, room string) xmlEvent {
	start := s.Start.In(x.zone)
	e := xmlEvent{
		ID: x.numbers[s.Key], GUID: x.GUID(s), Date: start.Format(time.RFC3339), Start: start.Format("15:04"),
		Duration: writeLength(s.Length, true), Room: room, URL: StrictURI(s.URL), Title: s.Title, Subtitle: s.Subtitle,
		Track: s.Track, Type: cmp.Or(s.Type, s.Kind), Language: s.Language, Abstract: s.Abstract, Description: s.Description,
	}
	for _, key := range s.Speakers {
		p := xmlPerson{Name: x.people[key].Name}
		if n, ok := numeric(key); ok {
			p.ID = n
		} else {
			p.GUID = x.guid("person", key)
		}
		e.Persons = append(e.Persons, p)
	}
	for _, l := range s.Links {
		out := xmlLink{Href: l.URL, Title: l.Title}
		if l.File {
			e.Attachments = append(e.Attachments, out)
		} else {
			e.Links = append(e.Links, out)
		}
	}
	return e
}

var notInAcronym = regexp.MustCompile(`[^a-z0-9]+`)

// acronym makes a name of at least four small letters and digits, parted by the sign.
func acronym(text, sign string) string {
	out := strings.Trim(notInAcronym.ReplaceAllString(strings.ToLower(text), sign), sign)
	if out == "" {
		out = "event"
	}
	for len(out) < 4 {
		out += "0"
	}
	return out[:min(len(out), 60)]
}

// uriPattern holds what RFC 3986 allows in an address.
var uriPattern = regexp.MustCompile(`^https?://[A-Za-z0-9\-._~%!$&'()*+,;=:@\[\]]+(/[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*)?(\?[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*)?(#[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*)?$`)

// StrictURI keeps an http address that every validator takes, written with escapes where that helps; else "".
func StrictURI(address string) string {
	if uriPattern.MatchString(address) && !badEscape.MatchString(address) {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery, u.RawFragment = strings.ReplaceAll(url.QueryEscape(u.RawQuery), "%3D", "="), softly.Replace(url.QueryEscape(u.Fragment))
	if u.RawQuery = strings.ReplaceAll(u.RawQuery, "%26", "&"); uriPattern.MatchString(u.String()) && !badEscape.MatchString(u.String()) {
		return u.String()
	}
	return ""
}

// softly leaves in a fragment what may stand there: pages read it themselves.
var softly = strings.NewReplacer("%2F", "/", "%3A", ":", "%3F", "?", "%3D", "=", "%40", "@", "%26", "&", "+", "%20")

var badEscape = regexp.MustCompile(`%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)`)
