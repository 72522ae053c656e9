package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnout"
)

// The elements of frab XML that are read; all others are skipped.
type (
	frabConference struct {
		Title     string      `xml:"title"`
		Acronym   string      `xml:"acronym"`
		Start     string      `xml:"start"`
		End       string      `xml:"end"`
		DayChange string      `xml:"day_change"`
		Zone      string      `xml:"time_zone_name"`
		URL       string      `xml:"url"`
		BaseURL   string      `xml:"base_url"`
		Tracks    []frabTrack `xml:"track"`
	}
	frabTrack struct {
		Name  string `xml:"name,attr"`
		Color string `xml:"color,attr"`
		Text  string `xml:",chardata"`
	}
	frabEvent struct {
		ID          string       `xml:"id,attr"`
		GUID        string       `xml:"guid,attr"`
		Code        string       `xml:"code,attr"`
		Date        string       `xml:"date"`
		Start       string       `xml:"start"`
		Duration    string       `xml:"duration"`
		Room        string       `xml:"room"`
		Title       string       `xml:"title"`
		Subtitle    string       `xml:"subtitle"`
		Track       string       `xml:"track"`
		Type        string       `xml:"type"`
		Language    string       `xml:"language"`
		Abstract    frabText     `xml:"abstract"`
		Description frabText     `xml:"description"`
		URL         string       `xml:"url"`
		Persons     []frabPerson `xml:"persons>person"`
		Links       []frabLink   `xml:"links>link"`
		Attachments []frabLink   `xml:"attachments>attachment"`
	}
	frabText struct {
		Text  string `xml:",chardata"`
		Inner string `xml:",innerxml"`
	}
	frabPerson struct {
		ID   string `xml:"id,attr"`
		GUID string `xml:"guid,attr"`
		Name string `xml:",chardata"`
	}
	frabLink struct {
		Href  string `xml:"href,attr"`
		Title string `xml:",chardata"`
	}
)

// String is the text, or the markup where somebody put HTML elements into the XML unescaped.
func (t frabText) String() string {
	if strings.Contains(t.Inner, "<") && !strings.Contains(t.Inner, "<![CDATA[") {
		return t.Inner
	}
	return t.Text
}

// newXMLDecoder reads text that decode made UTF-8, whatever its declaration says. It knows HTML's entities, and no
// others: encoding/xml reads no DTD, so nothing outside the file is ever fetched and nothing expands.
func newXMLDecoder(text []byte) *xml.Decoder {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Entity = xml.HTMLEntity
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return dec
}

// frabReading is where in the document the reading stands.
type frabReading struct {
	*reading
	dec       *xml.Decoder
	day       string // date of the open <day>
	dayChange bool   // known
	room      string // name of the open <room>
	people    map[string][]string
	mentions  []mention
	bios      map[string]Person // what is told of persons beside their names, by guid and by id; nil in XML
}

// mention is a person in a session, until it is known whether the id stands for one person only.
type mention struct {
	session int // index in schedule.Sessions
	id      string
	guid    string
	name    string
}

func (r *reading) readFrab(text []byte) error {
	text, dropped := dropReferences(text)
	if dropped > 0 {
		r.warn(Place{}, "text_repaired", "%d references to forbidden characters were left out.", dropped)
	}
	f := &frabReading{reading: r, dec: newXMLDecoder(text), people: map[string][]string{}}
	r.finishing = append(r.finishing, f.settlePeople)
	for depth := 0; ; {
		token, err := f.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return xmlError(text, f.dec, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			inside, err := f.element(t)
			if err != nil {
				return xmlError(text, f.dec, err)
			}
			if inside {
				depth++
			}
			if depth > maxDepth {
				return ErrMalformed.With("Elements are nested more than %d deep at %s.", maxDepth, lineOf(text, f.dec.InputOffset()))
			}
		case xml.EndElement:
			depth--
			if t.Name.Local == "room" {
				f.room = ""
			}
		}
	}
}

// element reads one element; inside tells that its content is still to come.
func (f *frabReading) element(start xml.StartElement) (inside bool, err error) {
	where := Place{Line: f.lineNumber()}
	switch start.Name.Local {
	case "conference":
		var c frabConference
		if err := f.dec.DecodeElement(&c, &start); err != nil {
			return false, err
		}
		f.conference(where, c)
	case "version":
		var version string
		if err := f.dec.DecodeElement(&version, &start); err != nil {
			return false, err
		}
		f.schedule.Version = f.line(where, version, maxName)
	case "track":
		var t frabTrack
		if err := f.dec.DecodeElement(&t, &start); err != nil {
			return false, err
		}
		f.track(where, t)
	case "day":
		f.openDay(attribute(start, "date"), attribute(start, "start"))
		return true, nil
	case "room":
		f.room = f.line(where, attribute(start, "name"), maxName)
		f.addRoom(Room{Key: f.room, Name: f.room})
		return true, nil
	case "event":
		var e frabEvent
		if err := f.dec.DecodeElement(&e, &start); err != nil {
			return false, err
		}
		return false, f.event(e, where)
	default:
		return true, nil
	}
	return false, nil
}

func (f *frabReading) lineNumber() int {
	line, _ := f.dec.InputPos()
	return line
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (f *frabReading) conference(where Place, c frabConference) {
	s := f.schedule
	s.Title = f.line(where, c.Title, maxTitle)
	s.Acronym = f.line(where, c.Acronym, maxName)
	f.useZone(strings.TrimSpace(c.Zone))
	s.URL = f.link(where, c.URL)
	if s.URL == "" {
		s.URL = f.link(where, c.BaseURL)
	}
	if d, ok := clock(c.DayChange); ok && d < 24*time.Hour {
		s.DayChange, f.dayChange = d, true
	}
	for _, t := range c.Tracks {
		f.track(where, t)
	}
	s.FirstDay, s.LastDay = dateOf(c.Start), dateOf(c.End)
}

// dateOf takes the date from a date or a date and time.
func dateOf(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 10 {
		text = text[:10]
	}
	if d, err := time.Parse(time.DateOnly, text); err != nil || !sensible(d) {
		return ""
	}
	return text
}

func (f *frabReading) track(where Place, t frabTrack) {
	name := t.Name
	if strings.TrimSpace(name) == "" {
		name = t.Text
	}
	f.addTrack(Track{Name: f.line(where, name, maxName), Color: colorOf(t.Color)})
}

// openDay notes the date, and the day change from the day's start where nothing has named it yet.
func (f *frabReading) openDay(date, begin string) {
	f.room = ""
	f.day = dateOf(date)
	if f.day == "" {
		f.day = dateOf(begin)
	}
	if f.day == "" {
		return
	}
	if at := strings.IndexByte(begin, 'T'); at > 0 && !f.dayChange && len(begin) >= at+6 {
		if d, ok := clock(begin[at+1 : at+6]); ok && d < 24*time.Hour {
			f.schedule.DayChange, f.dayChange = d, true
		}
	}
	s := f.schedule
	if s.FirstDay == "" || f.day < s.FirstDay {
		s.FirstDay = f.day
	}
	if s.LastDay == "" || f.day > s.LastDay {
		s.LastDay = f.day
	}
}

func (f *frabReading) event(e frabEvent, where Place) error {
	title := f.line(where, e.Title, maxTitle)
	where.Sort, where.Name = "session", title
	if title == "" {
		f.warn(where, "no_title", "The session has no title.")
		title = "Untitled"
	}
	s := Session{
		Key: f.eventKey(where, e, title), Title: title, Subtitle: f.line(where, e.Subtitle, maxTitle),
		Abstract: f.text(where, e.Abstract.String()), Description: f.text(where, e.Description.String()),
		Kind: kindOf(e.Type), Type: f.line(where, e.Type, maxName), Language: f.language(where, e.Language),
		Track: f.line(where, e.Track, maxName), Room: f.eventRoom(where, e), URL: f.link(where, e.URL),
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(e.ID), 10, 64); err == nil && n > 0 && n < 1<<31 {
		s.Number = n
	}
	f.addTrack(Track{Name: s.Track})
	f.place(where, &s, e)
	for _, l := range e.Links {
		f.addLink(where, &s, l, false)
	}
	for _, l := range e.Attachments {
		f.addLink(where, &s, l, true)
	}
	for i, p := range e.Persons {
		if i >= maxPersons {
			f.warn(where, "persons_cut", "More than %d persons stand in one session; the others were left out.", maxPersons)
			break
		}
		f.mention(where, p)
	}
	return f.addSession(s)
}

// eventKey is the guid, else the id or code, else the title.
func (f *frabReading) eventKey(where Place, e frabEvent, title string) string {
	for _, key := range []string{strings.ToLower(e.GUID), e.ID, e.Code} {
		key = f.line(where, key, maxName)
		if key != "" && key != "0" && key != "-1" {
			return key
		}
	}
	f.warn(where, "no_key", "The session has neither guid nor id; it is known by its title.")
	return "title:" + strings.ToLower(f.cut(where, title, maxName-10))
}

// eventRoom is the enclosing room; the event's own word counts where there is none.
func (f *frabReading) eventRoom(where Place, e frabEvent) string {
	own := f.line(where, e.Room, maxName)
	if f.room == "" {
		f.addRoom(Room{Key: own, Name: own})
		return own
	}
	if own != "" && own != f.room {
		f.warn(where, "room_differs", "The session stands under the room %q but names %q; the first is used.", f.room, own)
	}
	return f.room
}

// place finds the start (from <date>, else from the day and <start>) and the length.
func (f *frabReading) place(where Place, s *Session, e frabEvent) {
	start, ok := f.instant(where, e.Date)
	if !ok {
		date := dateOf(e.Date)
		since, found := clock(e.Start)
		if found && date == "" && f.day != "" {
			date = f.day
			if since < f.schedule.DayChange {
				since += 24 * time.Hour // after midnight, filed under the day before
			}
		}
		if found && date != "" {
			day, _ := time.Parse(time.DateOnly, date)
			start, ok = f.wallClock(where, day.Add(since)), true
		}
	}
	if !ok {
		f.warn(where, "no_start", "The session has no start that can be read; it is kept without a slot.")
		s.Room = ""
		return
	}
	d, known := length(e.Duration)
	s.Start, s.Length = start, f.sessionLength(where, d, known, e.Duration)
}

func (f *frabReading) addLink(where Place, s *Session, l frabLink, file bool) {
	address := f.link(where, l.Href)
	if address == "" || len(s.Links) >= maxLinks {
		return
	}
	s.Links = append(s.Links, Link{Title: f.line(where, l.Title, maxTitle), URL: address, File: file})
}

// mention notes a person of the session that is about to be added.
func (f *frabReading) mention(where Place, p frabPerson) {
	name := f.line(where, p.Name, maxName)
	id, guid := f.line(where, p.ID, maxName), strings.ToLower(f.line(where, p.GUID, maxName))
	if name == "" {
		if id == "" && guid == "" {
			return
		}
		f.warn(where, "no_name", "A person has no name; the id %s stands for it.", quoteShort(id+guid))
		name = "Person " + id + guid
	}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && n <= 0 {
		id = "" // 0 and -1 are what systems without ids write
	}
	if !uuidPattern.MatchString(guid) {
		guid = ""
	}
	if key := guid + id; key != "" && !slices.Contains(f.people[key], name) {
		f.people[key] = append(f.people[key], name)
	}
	f.mentions = append(f.mentions, mention{session: len(f.schedule.Sessions), id: id, guid: guid, name: name})
}

// settlePeople gives every person a key: the guid, else the id, else the name. An id that stands for two names is two
// persons; then both are known by id and name.
func (f *frabReading) settlePeople() {
	warned := map[string]bool{}
	for _, m := range f.mentions {
		s := &f.schedule.Sessions[m.session]
		key := m.guid
		if key == "" {
			key = m.id
		}
		names := f.people[m.guid+m.id]
		switch {
		case key == "":
			key = "name:" + strings.ToLower(m.name)
			if !warned[key] {
				f.warn(Place{Sort: "person", Name: m.name}, "person_without_id", "The person has no id of their own and is known by name.")
			}
			warned[key] = true
		case len(names) > 1:
			if !warned[key] {
				f.warn(Place{Sort: "person", Name: key}, "person_id_shared", "The id %s stands for %d names (%s); each is a person.", key, len(names), quoteShort(strings.Join(names, ", ")))
			}
			warned[key] = true
			key += "/" + strings.ToLower(m.name)
		}
		about := f.bios[m.guid]
		if about == (Person{}) {
			about = f.bios[m.id]
		}
		about.Key, about.Name = key, m.name
		f.addPerson(about)
		if !slices.Contains(s.Speakers, key) {
			s.Speakers = append(s.Speakers, key)
		}
	}
}

// colorOf keeps #rrggbb.
func colorOf(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if _, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 32); err != nil || len(text) != 7 || text[0] != '#' {
		return ""
	}
	return text
}

// dropReferences removes numeric references to characters that XML forbids (&#1;); they would end the reading.
func dropReferences(text []byte) ([]byte, int) {
	dropped := 0
	if !bytes.Contains(text, []byte("&#")) {
		return text, 0
	}
	out := numericReference.ReplaceAllFunc(text, func(m []byte) []byte {
		digits, base := string(m[2:len(m)-1]), 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 32)
		if err != nil || n > 0x10ffff || n >= 0xd800 && n < 0xe000 || n == 0 || forbidden(rune(n)) && n != 0x7f {
			dropped++
			return nil
		}
		return m
	})
	return out, dropped
}

// xmlError tells a cut-off file from a damaged one, with the place.
func xmlError(text []byte, dec *xml.Decoder, err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF"), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrTruncated.With("The file ends in the middle, at %s. Upload it again; nothing was changed.", lineOf(text, int64(len(text)))).Because(err)
	case errors.As(err, &syntax):
		return ErrMalformed.With("The XML is damaged at %s: %s. Nothing was changed.", lineOf(text, dec.InputOffset()), syntax.Msg).Because(err)
	case errors.As(err, new(*turnout.Error)):
		return err
	}
	return ErrMalformed.With("The XML cannot be read at %s. Nothing was changed.", lineOf(text, dec.InputOffset())).Because(err)
}
