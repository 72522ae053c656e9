package agenda

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"turnout"
	"turnout/events/agenda/exchange"
	"turnout/events/speakers"
)

// importPlan is what an import is going to write, and the report of it. Making it reads and writes nothing.
type importPlan struct {
	agenda *Agenda
	now    time.Time
	report ImportReport

	noSpeakers bool // the format cannot say who speaks: they stay

	rooms    []*Room // new or changed, as are the next three
	tracks   []*Track
	speakers []*speakers.Speaker
	sessions []*Session
	relinked []*Session // whose speakers have to be written

	roomIDs    map[string]turnout.ID // by the file's key, as are the next two
	trackIDs   map[string]turnout.ID
	speakerIDs map[string]turnout.ID
	keys       map[turnout.ID]string // the other way round, for all three
}

func newImportPlan(a *Agenda, schedule *exchange.Schedule, now time.Time) *importPlan {
	p := &importPlan{agenda: a, now: now, roomIDs: map[string]turnout.ID{}, trackIDs: map[string]turnout.ID{}, speakerIDs: map[string]turnout.ID{}, keys: map[turnout.ID]string{}}
	p.report.Format, p.noSpeakers = schedule.Format, schedule.NoSpeakers
	p.noteSpan(schedule)
	p.planRooms(schedule.Rooms)
	p.planTracks(schedule.Tracks)
	p.planSpeakers(schedule.People)
	p.planSessions(schedule)
	return p
}

// noteSpan reports when the file's schedule takes place, and how much of it is outside the event's times.
func (p *importPlan) noteSpan(schedule *exchange.Schedule) {
	r, e := &p.report, p.agenda.Event
	for _, s := range schedule.Sessions {
		if !s.Placed() {
			continue
		}
		start, end := s.Start.UTC(), s.End().UTC()
		if r.StartsAt == nil || start.Before(*r.StartsAt) {
			r.StartsAt = &start
		}
		if r.EndsAt == nil || end.After(*r.EndsAt) {
			r.EndsAt = &end
		}
		if start.Before(e.StartsAt) || end.After(e.EndsAt) {
			r.Outside++
		}
	}
}

// match pairs what a file names with what is there: by the key of an earlier import, else by the name of something that was made here.
type match[T any] struct {
	byKey, byName map[string]T
}

func matches[T any](rows []T, key, name func(T) string) match[T] {
	m := match[T]{map[string]T{}, map[string]T{}}
	for _, row := range rows {
		if k := key(row); k != "" {
			m.byKey[k] = row
		} else if n := strings.ToLower(name(row)); n != "" {
			m.byName[n] = row
		}
	}
	return m
}

// find gives the row; one that was found by name is not found a second time.
func (m match[T]) find(key, name string) (T, bool) {
	if row, ok := m.byKey[key]; ok {
		return row, true
	}
	row, ok := m.byName[strings.ToLower(name)]
	delete(m.byName, strings.ToLower(name))
	return row, ok
}

func (p *importPlan) planRooms(rooms []exchange.Room) {
	e := p.agenda.Event
	known := matches(p.agenda.Rooms, func(r *Room) string { return r.ExternalKey }, func(r *Room) string { return r.Name })
	position := int64(0)
	for _, r := range p.agenda.Rooms {
		position = max(position, r.Position+1)
	}
	for _, in := range rooms {
		row, ok := known.find(in.Key, in.Name)
		switch {
		case !ok:
			row = &Room{ID: turnout.NewID(PrefixRoom), CommunityID: e.CommunityID, EventID: e.ID, ExternalKey: in.Key, Name: in.Name,
				Position: position, Version: 1, CreatedAt: p.now, UpdatedAt: p.now}
			position++
			p.rooms = append(p.rooms, row)
			p.report.Created.Rooms++
		case row.ExternalKey != in.Key || row.Name != in.Name:
			row.ExternalKey, row.Name, row.Version, row.UpdatedAt = in.Key, in.Name, row.Version+1, p.now
			p.rooms = append(p.rooms, row)
			p.report.Updated.Rooms++
		default:
			p.report.Unchanged.Rooms++
		}
		p.roomIDs[in.Key] = row.ID
	}
	for _, r := range p.agenda.Rooms {
		p.keys[r.ID] = r.ExternalKey
	}
}

func (p *importPlan) planTracks(tracks []exchange.Track) {
	e := p.agenda.Event
	known := matches(p.agenda.Tracks, func(t *Track) string { return t.ExternalKey }, func(t *Track) string { return t.Name })
	position := int64(0)
	for _, t := range p.agenda.Tracks {
		position = max(position, t.Position+1)
	}
	for _, in := range tracks {
		row, ok := known.find(in.Name, in.Name)
		switch {
		case !ok:
			row = &Track{ID: turnout.NewID(PrefixTrack), CommunityID: e.CommunityID, EventID: e.ID, ExternalKey: in.Name, Name: in.Name, Color: in.Color,
				Position: position, Version: 1, CreatedAt: p.now, UpdatedAt: p.now}
			position++
			p.tracks = append(p.tracks, row)
			p.report.Created.Tracks++
		case row.ExternalKey != in.Name || row.Name != in.Name || in.Color != "" && row.Color != in.Color:
			row.ExternalKey, row.Name, row.Version, row.UpdatedAt = in.Name, in.Name, row.Version+1, p.now
			if in.Color != "" {
				row.Color = in.Color
			}
			p.tracks = append(p.tracks, row)
			p.report.Updated.Tracks++
		default:
			p.report.Unchanged.Tracks++
		}
		p.trackIDs[in.Name] = row.ID
	}
	for _, t := range p.agenda.Tracks {
		p.keys[t.ID] = t.ExternalKey
	}
}

// planSpeakers pairs by key only: two people may share a name.
func (p *importPlan) planSpeakers(people []exchange.Person) {
	e := p.agenda.Event
	known := map[string]*speakers.Speaker{}
	for _, sp := range p.agenda.Speakers {
		p.keys[sp.ID] = sp.ExternalKey
		if sp.ExternalKey != "" {
			known[sp.ExternalKey] = sp
		}
	}
	for _, in := range people {
		row, ok := known[in.Key]
		switch {
		case !ok:
			row = &speakers.Speaker{ID: turnout.NewID(speakers.PrefixSpeaker), CommunityID: e.CommunityID, EventID: e.ID, ExternalKey: in.Key,
				Name: in.Name, Bio: in.Bio, Version: 1, CreatedAt: p.now, UpdatedAt: p.now}
			p.speakers = append(p.speakers, row)
			p.report.Created.Speakers++
		case row.Name != in.Name || in.Bio != "" && row.Bio != in.Bio:
			row.Name, row.Version, row.UpdatedAt = in.Name, row.Version+1, p.now
			if in.Bio != "" { // frab XML has none: an earlier one stays
				row.Bio = in.Bio
			}
			p.speakers = append(p.speakers, row)
			p.report.Updated.Speakers++
		default:
			p.report.Unchanged.Speakers++
		}
		p.speakerIDs[in.Key] = row.ID
	}
}

func (p *importPlan) planSessions(schedule *exchange.Schedule) {
	byKey, byGUID := map[string]*Session{}, map[string]*Session{}
	for _, s := range p.agenda.Sessions {
		byGUID[s.GUID] = s
		if s.ExternalKey != "" {
			byKey[s.ExternalKey] = s
		}
	}
	held := map[turnout.ID]bool{}
	for _, in := range schedule.Sessions {
		guid := schedule.GUID(in)
		row, ok := byKey[in.Key]
		if !ok { // our own export comes back with GUIDs for keys
			row, ok = byGUID[guid]
		}
		switch {
		case ok && !held[row.ID]:
			p.compare(row, in)
		case ok: // two keys of the file mean one GUID
			guid = schedule.GUID(exchange.Session{Key: "again:" + in.Key})
			fallthrough
		default:
			row = p.create(in, guid)
			byGUID[guid] = row
		}
		held[row.ID] = true
	}
	for _, s := range p.agenda.Sessions {
		if s.ExternalKey != "" && !held[s.ID] && s.Status != Withdrawn && !schedule.PeopleOnly {
			p.withdraw(s)
		}
	}
}

func (p *importPlan) create(in exchange.Session, guid string) *Session {
	e := p.agenda.Event
	s := &Session{ID: turnout.NewID(PrefixSession), CommunityID: e.CommunityID, EventID: e.ID, GUID: guid, Version: 1, CreatedAt: p.now, UpdatedAt: p.now}
	p.fill(s, in)
	p.sessions, p.relinked = append(p.sessions, s), append(p.relinked, s)
	p.report.Created.Sessions++
	if s.Placed() {
		p.report.Created.Slots++
	}
	return s
}

// fill makes the row say what the file says.
func (p *importPlan) fill(s *Session, in exchange.Session) {
	s.ExternalKey, s.Title, s.Subtitle, s.Kind = in.Key, in.Title, in.Subtitle, Kind(in.Kind)
	if s.Status != Draft { // an organiser holds it back
		s.Status = Confirmed
	}
	s.Abstract, s.Description, s.Language, s.URL = in.Abstract, in.Description, in.Language, in.URL
	s.Links, s.SourceType, s.SourceNumber = append([]exchange.Link{}, in.Links...), in.Type, in.Number
	s.TrackID, s.Minutes, s.ImportedHash = p.trackIDs[in.Track], minutes(in.Length), importedHash(in)
	s.RoomID, s.StartsAt, s.EndsAt = "", time.Time{}, time.Time{}
	if in.Placed() {
		s.RoomID, s.StartsAt, s.EndsAt = p.roomIDs[in.Room], in.Start, in.End()
	}
	if p.noSpeakers {
		return
	}
	s.SpeakerIDs = nil
	for _, key := range in.Speakers {
		s.SpeakerIDs = append(s.SpeakerIDs, p.speakerIDs[key])
	}
}

// compare updates the row where the file says something else than at the last import.
func (p *importPlan) compare(row *Session, in exchange.Session) {
	before := *row
	if row.ExternalKey == in.Key && row.ImportedHash == importedHash(in) {
		p.report.Unchanged.Sessions++
		if row.Placed() {
			p.report.Unchanged.Slots++
		}
		return
	}
	if before.ImportedHash != "" && before.ImportedHash != p.hashOfRow(&before) {
		p.report.Warnings = append(p.report.Warnings, exchange.Warning{Where: exchange.Place{Sort: "session", Name: in.Title}, Code: "edit_replaced",
			Message: "The session was changed here since the last import and in the file; the file's version is used."})
	}
	p.fill(row, in)
	row.Version, row.UpdatedAt = before.Version+1, p.now
	p.sessions = append(p.sessions, row)
	p.report.Updated.Sessions++
	if !slices.Equal(before.SpeakerIDs, row.SpeakerIDs) {
		p.relinked = append(p.relinked, row)
	}
	p.countSlot(&before, row)
	if before.Status != Withdrawn {
		d := differences(&before, row)
		p.report.Changes.add(d)
	}
}

func (p *importPlan) countSlot(before, after *Session) {
	switch {
	case before.Placed() && !after.Placed():
		p.report.Removed.Slots++
	case !before.Placed() && after.Placed():
		p.report.Created.Slots++
	case !after.Placed():
	case before.StartsAt.Equal(after.StartsAt) && before.EndsAt.Equal(after.EndsAt) && before.RoomID == after.RoomID:
		p.report.Unchanged.Slots++
	default:
		p.report.Updated.Slots++
	}
}

// withdraw takes off what the file no longer holds; without a hash, the file can bring it back.
func (p *importPlan) withdraw(s *Session) {
	if s.Placed() {
		p.report.Removed.Slots++
	}
	s.withdraw()
	s.ImportedHash = ""
	s.Version, s.UpdatedAt = s.Version+1, p.now
	p.sessions = append(p.sessions, s)
	p.report.Removed.Sessions++
}

// difference says what is not the same in two states of a session.
type difference struct{ moved, rerooms, retitled, resized, speakers bool }

// differences compares by the definitions of the report: starts, rooms and lengths only where both have a slot.
func differences(before, after *Session) difference {
	d := difference{retitled: before.Title != after.Title, speakers: !sameSet(before.SpeakerIDs, after.SpeakerIDs)}
	if before.Placed() && after.Placed() {
		d.moved = !before.StartsAt.Equal(after.StartsAt)
		d.rerooms = before.RoomID != after.RoomID
		d.resized = before.EndsAt.Sub(before.StartsAt) != after.EndsAt.Sub(after.StartsAt)
	}
	return d
}

func (c *Changes) add(d difference) {
	for _, n := range []struct {
		is    bool
		count *int
	}{{d.moved, &c.Moved}, {d.rerooms, &c.Rerooms}, {d.retitled, &c.Retitled}, {d.resized, &c.Resized}, {d.speakers, &c.Speakers}} {
		if n.is {
			*n.count++
		}
	}
}

func sameSet[T ~string](a, b []T) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// imported is what of a file's session is stored, with the file's own keys: the text under the hash.
type imported struct {
	Title, Subtitle, Kind, Type, Abstract, Description, Language, URL, Track, Room string
	Number                                                                         int64
	Start                                                                          time.Time
	Length                                                                         time.Duration
	Speakers                                                                       []string
	Links                                                                          []exchange.Link
}

func (i imported) hash() string {
	i.Speakers, i.Links = append([]string{}, i.Speakers...), append([]exchange.Link{}, i.Links...) // nil and empty are the same
	text, _ := json.Marshal(i)                                                                     // texts, a time and numbers: it cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// importedHash is of what the file says.
func importedHash(in exchange.Session) string {
	return imported{in.Title, in.Subtitle, in.Kind, in.Type, in.Abstract, in.Description, in.Language, in.URL, in.Track, in.Room,
		in.Number, in.Start.UTC(), in.Length, in.Speakers, in.Links}.hash()
}

// hashOfRow is of what the row says, in the file's words: equal to the row's ImportedHash when nobody has edited it since.
func (p *importPlan) hashOfRow(s *Session) string {
	i := imported{s.Title, s.Subtitle, string(s.Kind), s.SourceType, s.Abstract, s.Description, s.Language, s.URL, p.keys[s.TrackID], p.keys[s.RoomID],
		s.SourceNumber, s.StartsAt.UTC(), s.EndsAt.Sub(s.StartsAt), nil, s.Links}
	for _, id := range s.SpeakerIDs {
		i.Speakers = append(i.Speakers, p.keys[id])
	}
	return i.hash()
}
