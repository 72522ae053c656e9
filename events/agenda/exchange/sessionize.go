package exchange

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Sessionize's views, as far as they are read. Ids come as numbers or texts, depending on the view's age.
type (
	sessionizeAll struct {
		Sessions   []sessionizeSession  `json:"sessions"`
		Speakers   []sessionizeSpeaker  `json:"speakers"`
		Categories []sessionizeCategory `json:"categories"`
		Rooms      []sessionizeRoom     `json:"rooms"`
	}
	sessionizeSession struct {
		ID            looseID            `json:"id"`
		Title         string             `json:"title"`
		Description   string             `json:"description"`
		StartsAt      string             `json:"startsAt"`
		EndsAt        string             `json:"endsAt"`
		Service       bool               `json:"isServiceSession"`
		Speakers      []sessionizeWho    `json:"speakers"`
		CategoryItems []looseID          `json:"categoryItems"`
		Categories    []sessionizeAnswer `json:"categories"` // in views, in place of the items' ids
		RoomID        looseID            `json:"roomId"`
		Room          looseText          `json:"room"` // in views: its name
		LiveURL       looseText          `json:"liveUrl"`
		RecordingURL  looseText          `json:"recordingUrl"`
	}
	// sessionizeAnswer is a category with the items that a session has of it.
	sessionizeAnswer struct {
		Name  string           `json:"name"`
		Items []sessionizeItem `json:"categoryItems"`
	}
	sessionizeItem struct {
		ID   looseID `json:"id"`
		Name string  `json:"name"`
	}
	// sessionizePart is an element of the other views: a day of the grid, a group of sessions, or a speaker.
	sessionizePart struct {
		sessionizeSpeaker
		Rooms []struct {
			sessionizeRoom
			Sessions []sessionizeSession `json:"sessions"`
		} `json:"rooms"`
		GroupID  looseText           `json:"groupId"`
		Sessions []sessionizeSession `json:"sessions"`
	}
	sessionizeSpeaker struct {
		ID        looseID `json:"id"`
		FullName  string  `json:"fullName"`
		FirstName string  `json:"firstName"`
		LastName  string  `json:"lastName"`
		Bio       string  `json:"bio"`
		TagLine   string  `json:"tagLine"`
		Links     []struct {
			URL string `json:"url"`
		} `json:"links"`
	}
	sessionizeCategory struct {
		Title string           `json:"title"`
		Items []sessionizeItem `json:"items"`
	}
	sessionizeRoom struct {
		ID   looseID `json:"id"`
		Name string  `json:"name"`
		Sort int     `json:"sort"`
	}
)

// looseID is an id written as a number, a text, null, or an object with an id (speakers of some views).
type looseID string

// UnmarshalJSON takes any of the forms; others are no id, never an error.
func (id *looseID) UnmarshalJSON(raw []byte) error {
	*id = ""
	var text string
	var number json.Number
	var object struct {
		ID json.RawMessage `json:"id"`
	}
	switch {
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		*id = looseID(strings.TrimSpace(text))
	case raw[0] == '{' && json.Unmarshal(raw, &object) == nil && len(object.ID) > 0 && object.ID[0] != '{':
		return id.UnmarshalJSON(object.ID)
	case (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') && json.Unmarshal(raw, &number) == nil:
		*id = looseID(number.String())
	}
	return nil
}

// sessionizeWho is a speaker of a session: an id, or in views an object that has the name too.
type sessionizeWho struct {
	ID   looseID
	Name string
}

// UnmarshalJSON takes either form; others are nobody, never an error.
func (w *sessionizeWho) UnmarshalJSON(raw []byte) error {
	var object struct {
		Name looseText `json:"name"`
	}
	if raw[0] == '{' && json.Unmarshal(raw, &object) == nil {
		w.Name = string(object.Name)
	}
	return w.ID.UnmarshalJSON(raw)
}

// decodeWhole reads the one JSON value that a file holds.
func decodeWhole(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(into); err != nil {
		return jsonError(text, err)
	}
	if len(bytes.TrimSpace(text[dec.InputOffset():])) > 0 {
		return ErrMalformed.With("Something follows the JSON at %s. Nothing was changed.", lineOf(text, dec.InputOffset()))
	}
	return nil
}

func (r *reading) readSessionize(text []byte) error {
	var all sessionizeAll
	if text[0] == '[' {
		var parts []sessionizePart
		if err := decodeWhole(text, &parts); err != nil {
			return err
		}
		all = joinViews(parts)
		r.schedule.PeopleOnly = len(all.Sessions) == 0 && len(all.Speakers) > 0
	} else if err := decodeWhole(text, &all); err != nil {
		return err
	}
	slices.SortStableFunc(all.Rooms, func(a, b sessionizeRoom) int { return cmp.Compare(a.Sort, b.Sort) })
	for i, room := range all.Rooms {
		where := Place{Path: fmt.Sprintf("rooms[%d]", i)}
		r.addRoom(Room{Key: r.line(where, string(room.ID), maxName), Name: r.line(where, room.Name, maxName)})
	}
	for i, p := range all.Speakers {
		r.sessionizePerson(Place{Path: fmt.Sprintf("speakers[%d]", i)}, p)
	}
	items := r.categoryItems(all.Categories)
	for i, s := range all.Sessions {
		if err := r.sessionizeSession(Place{Path: fmt.Sprintf("sessions[%d]", i), Sort: "session", Name: s.Title}, s, items); err != nil {
			return err
		}
	}
	return nil
}

// joinViews makes of the days of GridSmart, the groups of Sessions, or the speakers of Speakers and SpeakerWall what the All view holds of them. A session that stands in several
// rooms or groups is one.
func joinViews(parts []sessionizePart) (all sessionizeAll) {
	rooms, sessions, people := map[looseID]bool{}, map[looseID]bool{}, map[looseID]bool{}
	room := func(id looseID, name string) {
		if id != "" && !rooms[id] {
			rooms[id] = true
			all.Rooms = append(all.Rooms, sessionizeRoom{ID: id, Name: name, Sort: len(all.Rooms)})
		}
	}
	session := func(s sessionizeSession) {
		if s.ID != "" && sessions[s.ID] {
			return
		}
		sessions[s.ID] = true
		room(s.RoomID, string(s.Room))
		for _, w := range s.Speakers {
			if !people[w.ID] {
				people[w.ID] = true
				all.Speakers = append(all.Speakers, sessionizeSpeaker{ID: w.ID, FullName: w.Name})
			}
		}
		for _, c := range s.Categories {
			all.Categories = append(all.Categories, sessionizeCategory{c.Name, c.Items})
			for _, item := range c.Items {
				s.CategoryItems = append(s.CategoryItems, item.ID)
			}
		}
		all.Sessions = append(all.Sessions, s)
	}
	for _, p := range parts {
		for _, r := range p.Rooms {
			room(r.ID, r.Name)
			for _, s := range r.Sessions {
				session(s)
			}
		}
		if p.FullName != "" || p.FirstName != "" { // whose sessions are named alone
			all.Speakers = append(all.Speakers, p.sessionizeSpeaker)
			continue
		}
		for _, s := range p.Sessions {
			session(s)
		}
	}
	return all
}

func (r *reading) sessionizePerson(where Place, p sessionizeSpeaker) {
	name := r.line(where, p.FullName, maxName)
	if name == "" {
		name = r.line(where, p.FirstName+" "+p.LastName, maxName)
	}
	key := r.line(where, string(p.ID), maxName)
	if name == "" || key == "" {
		r.warn(where, "no_speaker", "A speaker without name or id was left out.")
		return
	}
	if _, twice := r.personAt[key]; twice {
		r.warn(where, "repeated_speaker", "The speaker id %s stands more than once; the first is kept.", quoteShort(key))
	}
	bio := r.text(where, p.Bio)
	if tag := r.line(where, p.TagLine, maxTitle); tag != "" && !strings.Contains(bio, tag) {
		bio = strings.TrimSpace(tag + "\n\n" + bio)
	}
	person := Person{Key: key, Name: name, Bio: bio}
	for _, l := range p.Links {
		if address := r.link(where, l.URL); address != "" && person.URL == "" {
			person.URL = address
		}
	}
	r.addPerson(person)
}

// categoryItem is one answer, and what it says about a session.
type categoryItem struct{ about, name string }

// categoryItems finds among an event's own categories those that name the format, the track and the language.
func (r *reading) categoryItems(categories []sessionizeCategory) map[looseID]categoryItem {
	items := map[looseID]categoryItem{}
	hasTrack := slices.ContainsFunc(categories, func(c sessionizeCategory) bool { return strings.Contains(strings.ToLower(c.Title), "track") })
	for i, c := range categories {
		title, about := strings.ToLower(c.Title), ""
		switch {
		case strings.Contains(title, "format") || strings.Contains(title, "type"):
			about = "format"
		case strings.Contains(title, "track") || !hasTrack && (title == "category" || title == "topic"):
			about = "track"
		case strings.Contains(title, "language") && !strings.Contains(title, "programming"):
			about = "language"
		}
		for _, item := range c.Items {
			name := r.line(Place{Path: fmt.Sprintf("categories[%d]", i)}, item.Name, maxName)
			items[item.ID] = categoryItem{about, name}
			if about == "track" {
				r.addTrack(Track{Name: name})
			}
		}
	}
	return items
}

func (r *reading) sessionizeSession(where Place, in sessionizeSession, items map[looseID]categoryItem) error {
	s := Session{Key: r.line(where, string(in.ID), maxName), Title: r.line(where, in.Title, maxTitle), Abstract: r.text(where, in.Description), Kind: "talk"}
	if uuidPattern.MatchString(s.Key) {
		s.Key = strings.ToLower(s.Key)
	}
	if s.Title == "" {
		r.warn(where, "no_title", "The session has no title.")
		s.Title = "Untitled"
	}
	if s.Key == "" {
		r.warn(where, "no_key", "The session has no id; it is known by its title.")
		s.Key = "title:" + strings.ToLower(r.cut(where, s.Title, maxName-10))
	}
	if n, ok := numeric(s.Key); ok && n < 1<<31 {
		s.Number = n
	}
	for _, id := range in.CategoryItems {
		switch item := items[id]; {
		case item.about == "format" && s.Type == "":
			s.Type, s.Kind = item.name, kindOf(item.name)
		case item.about == "track" && s.Track == "":
			s.Track = item.name
		case item.about == "language" && s.Language == "":
			s.Language = r.language(where, item.name)
		}
	}
	if in.Service {
		s.Kind = "break"
	}
	r.sessionizePlace(where, &s, in)
	for _, l := range []Link{{Title: "Live", URL: string(in.LiveURL)}, {Title: "Recording", URL: string(in.RecordingURL)}} {
		if l.URL = r.link(where, l.URL); l.URL != "" {
			s.Links = append(s.Links, l)
		}
	}
	r.sessionizeSpeakers(where, &s, in)
	return r.addSession(s)
}

func (r *reading) sessionizePlace(where Place, s *Session, in sessionizeSession) {
	if key := r.line(where, string(in.RoomID), maxName); key != "" { // null: a plenum session, everywhere
		if r.rooms[key] {
			s.Room = key
		} else {
			r.warn(where, "unknown_room", "The room %s is not in the list of rooms; the session is kept without one.", quoteShort(key))
		}
	}
	start, ok := r.instant(where, in.StartsAt)
	if !ok {
		r.warn(where, "no_start", "The session has no start that can be read; it is kept without a slot.")
		s.Room = ""
		return
	}
	end, ok := r.instant(where, in.EndsAt)
	s.Start, s.Length = start, r.sessionLength(where, end.Sub(start), ok, in.EndsAt)
}

func (r *reading) sessionizeSpeakers(where Place, s *Session, in sessionizeSession) {
	for _, who := range in.Speakers {
		key := r.line(where, string(who.ID), maxName)
		switch _, known := r.personAt[key]; {
		case !known:
			r.warn(where, "unknown_speaker", "The speaker %s is not in the list of speakers and was left out.", quoteShort(key))
		case len(s.Speakers) >= maxPersons:
			r.warn(where, "persons_cut", "More than %d persons stand in one session; the others were left out.", maxPersons)
			return
		case !slices.Contains(s.Speakers, key):
			s.Speakers = append(s.Speakers, key)
		}
	}
}

// jsonError tells a cut-off file from a damaged one, with the place.
func jsonError(text []byte, err error) error {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated.With("The file ends in the middle, at %s. Upload it again; nothing was changed.", lineOf(text, int64(len(text)))).Because(err)
	case errors.As(err, &syntax):
		return ErrMalformed.With("The JSON is damaged at %s: %s. Nothing was changed.", lineOf(text, syntax.Offset), syntax.Error()).Because(err)
	case errors.As(err, &wrongType):
		return ErrMalformed.With("The JSON holds %s in %s at %s, where something else belongs. Nothing was changed.",
			wrongType.Value, strconv.Quote(wrongType.Field), lineOf(text, wrongType.Offset)).Because(err)
	}
	return ErrMalformed.Because(err)
}
