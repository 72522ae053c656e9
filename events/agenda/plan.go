package agenda

import (
	"cmp"
	"encoding/json"
	"reflect"
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

	lacks     []string // fields of which the file cannot say anything: they stay
	choices   ImportChoices
	bases     map[turnout.ID]json.RawMessage // what the last import said
	said      []*importedRow                 // what this one says, where that is something else
	forgotten []turnout.ID                   // of what the file no longer holds

	rooms    []*Room // new or changed, as are the next three
	tracks   []*Track
	speakers []*speakers.Speaker
	sessions []*Session
	relinked []*Session // whose speakers have to be written

	roomIDs    map[string]turnout.ID // by the file's key, as are the next two
	trackIDs   map[string]turnout.ID
	speakerIDs map[string]turnout.ID
	keys       map[turnout.ID]string // the other way round, for all three
	names      map[string]string     // by key
	echo       map[string]exchange.Session
	byKey      map[string]*Session // what was there, and what was made
	byGUID     map[string]*Session
	bySpeaker  map[turnout.ID]*speakers.Speaker // who was there
}

func newImportPlan(a *Agenda, bases map[turnout.ID]json.RawMessage, schedule *exchange.Schedule, choices ImportChoices, now time.Time) *importPlan {
	p := &importPlan{agenda: a, bases: bases, choices: choices, now: now, roomIDs: map[string]turnout.ID{}, trackIDs: map[string]turnout.ID{}, speakerIDs: map[string]turnout.ID{},
		keys: map[turnout.ID]string{}, names: map[string]string{}}
	p.report.Conflicts, p.report.Sessions = []ImportConflict{}, []ImportedItem{}
	p.report.Format, p.lacks = schedule.Format, schedule.Lacks
	if schedule.Format == exchange.Schedule2 || schedule.Format == exchange.SessionizeJSON {
		p.echo = exchange.Echo(schedule.Format, a.Draft())
	}
	p.index()
	p.noteSpan(schedule)
	p.planRooms(schedule.Rooms)
	p.planTracks(schedule.Tracks)
	p.planSpeakers(schedule)
	p.planSessions(schedule)
	return p
}

// index finds what is there by the names that files have for it.
func (p *importPlan) index() {
	p.byKey, p.byGUID, p.bySpeaker = map[string]*Session{}, map[string]*Session{}, map[turnout.ID]*speakers.Speaker{}
	for _, s := range p.agenda.Sessions {
		p.byGUID[s.GUID] = s
		if s.ExternalKey != "" {
			p.byKey[s.ExternalKey] = s
		}
	}
	for _, sp := range p.agenda.Speakers {
		p.bySpeaker[sp.ID] = sp
	}
}

// row gives the session that a file's session is here, nil for one that is new. Our own export comes back with GUIDs for keys.
func (p *importPlan) row(schedule *exchange.Schedule, in exchange.Session) *Session {
	if row, ok := p.byKey[in.Key]; ok {
		return row
	}
	return p.byGUID[schedule.GUID(in)]
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

// match pairs what a file names with what is there: by the key of an earlier import, else by the name of something that was made here, or came from a file with other keys.
type match[T any] struct {
	byKey, byName map[string]T
}

func matches[T any](rows []T, key, name func(T) string, inFile map[string]bool) match[T] {
	m := match[T]{map[string]T{}, map[string]T{}}
	for _, row := range rows {
		if k := key(row); k != "" && inFile[k] {
			m.byKey[k] = row
		} else if n := strings.ToLower(name(row)); n != "" {
			m.byName[n] = row
		}
	}
	return m
}

func keysOf[T any](list []T, key func(T) string) map[string]bool {
	keys := make(map[string]bool, len(list))
	for _, each := range list {
		keys[key(each)] = true
	}
	return keys
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
	known := matches(p.agenda.Rooms, func(r *Room) string { return r.ExternalKey }, func(r *Room) string { return r.Name }, keysOf(rooms, func(r exchange.Room) string { return r.Key }))
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
		default:
			name := kept(p.base(row.ID).Name, in.Name, row.Name)
			same := row.Name == name
			if same {
				p.report.Unchanged.Rooms++
			} else {
				row.Name, row.Version, row.UpdatedAt = name, row.Version+1, p.now
				p.report.Updated.Rooms++
			}
			if !same || row.ExternalKey != in.Key { // a key alone is no change
				row.ExternalKey = in.Key
				p.rooms = append(p.rooms, row)
			}
		}
		p.roomIDs[in.Key] = row.ID
		p.say(row.ID, thing{Name: in.Name})
	}
	for _, r := range slices.Concat(p.agenda.Rooms, p.rooms) {
		know(p, p.roomIDs, r.ID, r.ExternalKey, r.Name)
	}
}

func (p *importPlan) planTracks(tracks []exchange.Track) {
	e := p.agenda.Event
	known := matches(p.agenda.Tracks, func(t *Track) string { return t.ExternalKey }, func(t *Track) string { return t.Name }, keysOf(tracks, func(t exchange.Track) string { return t.Name }))
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
		default:
			base := p.base(row.ID)
			name, color := kept(base.Name, in.Name, row.Name), row.Color
			if in.Color != "" {
				color = kept(base.Color, in.Color, row.Color)
			}
			same := row.Name == name && row.Color == color
			if same {
				p.report.Unchanged.Tracks++
			} else {
				row.Name, row.Color, row.Version, row.UpdatedAt = name, color, row.Version+1, p.now
				p.report.Updated.Tracks++
			}
			if !same || row.ExternalKey != in.Name {
				row.ExternalKey = in.Name
				p.tracks = append(p.tracks, row)
			}
		}
		p.trackIDs[in.Name] = row.ID
		p.say(row.ID, thing{Name: in.Name, Color: in.Color})
	}
	for _, t := range slices.Concat(p.agenda.Tracks, p.tracks) {
		know(p, p.trackIDs, t.ID, t.ExternalKey, t.Name)
	}
}

// planSpeakers pairs by key, or by the UUID that our own files have. Two people may share a name, so that counts only where the file has nothing else, and nobody shares it.
func (p *importPlan) planSpeakers(schedule *exchange.Schedule) {
	e, people := p.agenda.Event, schedule.People
	known := map[string]*speakers.Speaker{}
	for _, written := range []func(string) string{strings.ToLower, func(name string) string { return name }} { // as it is written goes before
		named := map[string]int{}
		for _, sp := range p.agenda.Speakers {
			named[written(sp.Name)]++
		}
		for _, sp := range p.agenda.Speakers {
			if name := written(sp.Name); named[name] == 1 {
				known[byNameKey+name] = sp
			}
		}
	}
	p.knowNamesakes(schedule, known)
	for _, sp := range p.agenda.Speakers {
		known[schedule.PersonGUID(string(sp.ID))] = sp
	}
	for _, sp := range p.agenda.Speakers {
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
		default:
			base := p.base(row.ID)
			name, bio := kept(base.Name, in.Name, row.Name), row.Bio
			if in.Bio != "" { // frab XML has none: an earlier one stays
				bio = kept(base.Bio, in.Bio, row.Bio)
			}
			if row.Name == name && row.Bio == bio {
				p.report.Unchanged.Speakers++
				break
			}
			row.Name, row.Bio, row.Version, row.UpdatedAt = name, bio, row.Version+1, p.now
			p.speakers = append(p.speakers, row)
			p.report.Updated.Speakers++
		}
		p.speakerIDs[in.Key] = row.ID
		p.say(row.ID, thing{Name: in.Name, Bio: in.Bio})
	}
	for _, sp := range slices.Concat(p.agenda.Speakers, p.speakers) {
		know(p, p.speakerIDs, sp.ID, sp.ExternalKey, sp.Name)
	}
}

// knowNamesakes adds those whose name others have too: a file that knows people by their names alone means who speaks in the same sessions here. Where it has another session of
// that name, and two of them speak here, nobody can say who is meant.
func (p *importPlan) knowNamesakes(schedule *exchange.Schedule, known map[string]*speakers.Speaker) {
	meant, open := map[string][]*speakers.Speaker{}, map[string]bool{}
	for _, in := range schedule.Sessions {
		row := p.row(schedule, in)
		for _, key := range in.Speakers {
			if known[key] != nil || !strings.HasPrefix(key, byNameKey) {
				continue
			}
			sp := p.namesake(row, key)
			switch {
			case sp == nil:
				open[key] = true
			case !slices.Contains(meant[key], sp):
				meant[key] = append(meant[key], sp)
			}
		}
	}
	for key, those := range meant {
		if len(those) == 1 || !open[key] {
			known[key] = those[0]
		}
	}
}

// namesake gives who speaks in a session (nil: none) under the name that a key is made of.
func (p *importPlan) namesake(row *Session, key string) *speakers.Speaker {
	name, ok := strings.CutPrefix(key, byNameKey)
	if row == nil || !ok {
		return nil
	}
	for _, id := range row.SpeakerIDs {
		if sp := p.bySpeaker[id]; sp != nil && strings.EqualFold(sp.Name, name) {
			return sp
		}
	}
	return nil
}

// byNameKey begins the keys of persons in files that have no ids for them.
const byNameKey = "name:"

// thing is what is stored of what an import says of a room, a track or a speaker.
type thing struct {
	Name  string `json:"name"`
	Color string `json:"color,omitempty"`
	Bio   string `json:"bio,omitempty"`
}

// base is what the last import said of it; the zero value when there was none.
func (p *importPlan) base(id turnout.ID) (t thing) {
	if said := p.bases[id]; said != nil {
		_ = json.Unmarshal(said, &t) // ours: it was written as one
	}
	return t
}

// say notes what the file says of something, if that is new.
func (p *importPlan) say(id turnout.ID, what any) {
	said, _ := json.Marshal(what) // texts, times and numbers: it cannot fail
	if before, known := p.bases[id]; known && sameJSON(before, said) {
		return
	}
	e := p.agenda.Event
	p.said = append(p.said, &importedRow{ThingID: id, CommunityID: e.CommunityID, EventID: e.ID, Said: said})
}

// sameJSON compares two objects whatever the order of their fields: PostgreSQL keeps its own.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// know notes what is called how. What was made here has a key that no file has.
func know(p *importPlan, ids map[string]turnout.ID, id turnout.ID, key, name string) {
	if key == "" {
		key = "our:" + string(id)
	}
	p.keys[id], p.names[key] = key, name
	if _, taken := ids[key]; !taken {
		ids[key] = id
	}
}

func (p *importPlan) planSessions(schedule *exchange.Schedule) {
	held := map[turnout.ID]bool{}
	for _, in := range schedule.Sessions {
		guid := schedule.GUID(in)
		row := p.row(schedule, in)
		switch {
		case row != nil && !held[row.ID]:
			p.compare(row, in)
		case row != nil: // two keys of the file mean one GUID
			guid = schedule.GUID(exchange.Session{Key: "again:" + in.Key})
			fallthrough
		default:
			row = p.create(in, guid)
			p.byGUID[guid] = row
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
	p.fill(s, p.theirs(in, nil).session(in.Key))
	p.sessions, p.relinked = append(p.sessions, s), append(p.relinked, s)
	p.report.Created.Sessions++
	if s.Placed() {
		p.report.Created.Slots++
	}
	p.say(s.ID, p.theirs(in, nil))
	p.list(nil, s, nil, "added")
	return s
}

// list notes what becomes of a session.
func (p *importPlan) list(before, after *Session, fields []ImportField, what ...string) {
	item := ImportedItem{ChangedItem{GUID: after.GUID, Title: after.Title, What: what}, fields}
	if before != nil && before.Placed() {
		item.Was = p.slotOf(before)
	}
	if after.Placed() {
		item.Is = p.slotOf(after)
	}
	p.report.Sessions = append(p.report.Sessions, item)
}

func (p *importPlan) slotOf(s *Session) *ChangedSlot {
	return &ChangedSlot{s.StartsAt.UTC(), s.EndsAt.UTC(), p.names[p.keys[s.RoomID]]}
}

// fill makes the row say what the file says.
func (p *importPlan) fill(s *Session, in exchange.Session) {
	s.ExternalKey, s.Title, s.Subtitle, s.Kind = in.Key, in.Title, in.Subtitle, Kind(in.Kind)
	if s.Status != Draft { // an organiser holds it back
		s.Status = Confirmed
	}
	s.Abstract, s.Description, s.Language, s.URL = in.Abstract, in.Description, in.Language, in.URL
	s.Links, s.SourceType, s.SourceNumber = append([]exchange.Link{}, in.Links...), in.Type, in.Number
	s.TrackID, s.Minutes = p.trackIDs[in.Track], minutes(in.Length)
	s.RoomID, s.StartsAt, s.EndsAt = "", time.Time{}, time.Time{}
	if in.Placed() {
		s.RoomID, s.StartsAt, s.EndsAt = p.roomIDs[in.Room], in.Start, in.End()
	}
	s.SpeakerIDs = nil
	for _, key := range in.Speakers {
		s.SpeakerIDs = append(s.SpeakerIDs, p.speakerIDs[key])
	}
}

// compare updates the row where the file says something else than at the last import, and keeps what was changed here since.
func (p *importPlan) compare(row *Session, in exchange.Session) {
	before := *row
	before.SpeakerIDs = slices.Clone(row.SpeakerIDs)
	theirs, ours := p.theirs(in, row), p.ours(row)
	key := cmp.Or(row.ExternalKey, in.Key)
	theirs.Number = ours.Number // what a session has once, or has not, stays: our own files number every one
	var base imported
	if said := p.bases[row.ID]; said != nil && json.Unmarshal(said, &base) == nil {
		theirs = theirs.without(p.lacks, base).alike(base).echoed(p.echo, row, base)
		if p.say(row.ID, theirs); row.Status == Withdrawn { // here, since: it stays so
			p.unchanged(row)
			return
		}
		theirs = merging{p, row}.session(base, theirs, ours)
	} else {
		theirs = theirs.without(p.lacks, ours).alike(ours).echoed(p.echo, row, ours)
		p.say(row.ID, theirs)
	}
	p.fill(row, theirs.session(key))
	what := append(p.changesOf(&before, row), p.otherChanges(&before, row)...)
	if len(what) == 0 && before.Status == row.Status {
		if *row = before; key != row.ExternalKey { // a key alone is no change
			row.ExternalKey = key
			p.sessions = append(p.sessions, row)
		}
		p.unchanged(row)
		return
	}
	row.Version, row.UpdatedAt = before.Version+1, p.now
	p.sessions = append(p.sessions, row)
	p.report.Updated.Sessions++
	if !slices.Equal(before.SpeakerIDs, row.SpeakerIDs) {
		p.relinked = append(p.relinked, row)
	}
	p.countSlot(&before, row)
	p.list(&before, row, p.fields(ours, theirs), what...)
}

func (p *importPlan) unchanged(row *Session) {
	p.report.Unchanged.Sessions++
	if row.Placed() {
		p.report.Unchanged.Slots++
	}
}

// changesOf counts and names what the report counts.
func (p *importPlan) changesOf(before, after *Session) []string {
	if before.Status == Withdrawn {
		return []string{"added"}
	}
	d := differences(before, after)
	p.report.Changes.add(d)
	return d.words()
}

// otherChanges names what else became different: a slot that came or went, and texts.
func (p *importPlan) otherChanges(before, after *Session) (what []string) {
	if before.Placed() != after.Placed() {
		what = append(what, "slot")
	}
	a, b := *before, *after
	if !slices.EqualFunc(a.Links, b.Links, func(x, y exchange.Link) bool { return x == y }) || a.Subtitle != b.Subtitle || a.Kind != b.Kind || a.Abstract != b.Abstract || a.Description != b.Description ||
		a.Language != b.Language || a.URL != b.URL || a.TrackID != b.TrackID || a.SourceType != b.SourceType || a.SourceNumber != b.SourceNumber ||
		!a.Placed() && a.Minutes != b.Minutes || !slices.Equal(a.SpeakerIDs, b.SpeakerIDs) && sameSet(a.SpeakerIDs, b.SpeakerIDs) {
		what = append(what, "texts")
	}
	return what
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

// withdraw takes off what the file no longer holds; what the last import said of it is forgotten, so that the file can bring it back.
func (p *importPlan) withdraw(s *Session) {
	if s.Placed() {
		p.report.Removed.Slots++
	}
	before := *s
	s.withdraw()
	s.Version, s.UpdatedAt = s.Version+1, p.now
	p.sessions, p.forgotten = append(p.sessions, s), append(p.forgotten, s.ID)
	p.report.Removed.Sessions++
	p.list(&before, s, nil, "removed")
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

// words name the differences as releases do.
func (d difference) words() (what []string) {
	for _, n := range []struct {
		is   bool
		name string
	}{{d.moved, "moved"}, {d.rerooms, "rerooms"}, {d.retitled, "retitled"}, {d.resized, "resized"}, {d.speakers, "speakers"}} {
		if n.is {
			what = append(what, n.name)
		}
	}
	return what
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
