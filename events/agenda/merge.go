package agenda

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/agenda/exchange"
)

// ImportConflict is a field of a session that was changed here and in the file since the last import.
type ImportConflict struct {
	SessionID turnout.ID `json:"session_id"`
	Title     string     `json:"title"`
	Field     string     `json:"field"` // title, subtitle, kind, abstract, description, language, url, track, links, speakers, start, length, room; or slot: all three
	Base      string     `json:"base"`  // what the last import said, as are the next two: texts, RFC 3339, minutes, names
	Ours      string     `json:"ours"`  // what stands here
	Theirs    string     `json:"theirs"`
	Taken     string     `json:"taken"` // "ours" or "theirs"
}

// Choice names the conflict in forms and calls that decide it.
func (c ImportConflict) Choice() string { return string(c.SessionID) + "." + c.Field }

// importedRow keeps what the last import said of a session, a room, a track or a speaker: the base of a comparison in three ways.
type importedRow struct {
	bun.BaseModel `bun:"table:imported_things"`

	ThingID     turnout.ID      `bun:"thing_id,pk"`
	CommunityID turnout.ID      `bun:"community_id"`
	EventID     turnout.ID      `bun:"event_id"`
	Said        json.RawMessage `bun:"said,type:jsonb"`
}

// readBases gives what the last import said, by what it said it of.
func readBases(ctx context.Context, db bun.IDB, community, event turnout.ID) (map[turnout.ID]json.RawMessage, error) {
	var rows []*importedRow
	err := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx)
	bases := make(map[turnout.ID]json.RawMessage, len(rows))
	for _, r := range rows {
		bases[r.ThingID] = r.Said
	}
	return bases, err
}

// imported is what of a file's session is stored, with the file's own keys.
type imported struct {
	Title       string          `json:"title"`
	Subtitle    string          `json:"subtitle,omitempty"`
	Kind        string          `json:"kind"`
	Type        string          `json:"type,omitempty"`
	Abstract    string          `json:"abstract,omitempty"`
	Description string          `json:"description,omitempty"`
	Language    string          `json:"language,omitempty"`
	URL         string          `json:"url,omitempty"`
	Track       string          `json:"track,omitempty"`
	Number      int64           `json:"number,omitempty"`
	Speakers    []string        `json:"speakers,omitempty"`
	Links       []exchange.Link `json:"links,omitempty"`
	place
}

// place is when and where.
type place struct {
	Room   string        `json:"room,omitempty"`
	Start  time.Time     `json:"start,omitzero"` // zero: no slot
	Length time.Duration `json:"length,omitempty"`
}

func (p place) same(o place) bool {
	return p.Room == o.Room && p.Start.Equal(o.Start) && p.Length == o.Length
}

// theirs is what a file says of a session, and of the one that it is here (nil: it is new); what it names has the keys under which that is known here, and a word for the kind that says no more than the kind is none.
func (p *importPlan) theirs(in exchange.Session, row *Session) imported {
	i := imported{in.Title, in.Subtitle, in.Kind, in.Type, in.Abstract, in.Description, in.Language, in.URL, p.known(p.trackIDs, in.Track), in.Number, nil, in.Links,
		place{p.known(p.roomIDs, in.Room), in.Start.UTC(), in.Length}}
	for _, key := range in.Speakers {
		if sp := p.namesake(row, key); sp != nil {
			i.Speakers = append(i.Speakers, p.keys[sp.ID])
			continue
		}
		i.Speakers = append(i.Speakers, p.known(p.speakerIDs, key))
	}
	if i.Type == i.Kind {
		i.Type = ""
	}
	return i
}

// known is the key under which something is known here.
func (p *importPlan) known(ids map[string]turnout.ID, key string) string {
	if id, there := ids[key]; there {
		return p.keys[id]
	}
	return key
}

// ours is what a row says, in the file's words.
func (p *importPlan) ours(s *Session) imported {
	i := imported{s.Title, s.Subtitle, string(s.Kind), s.SourceType, s.Abstract, s.Description, s.Language, s.URL, p.keys[s.TrackID], s.SourceNumber, nil, s.Links,
		place{p.keys[s.RoomID], s.StartsAt.UTC(), time.Duration(s.Minutes) * time.Minute}}
	if s.Placed() {
		i.Length = s.EndsAt.Sub(s.StartsAt)
	}
	for _, id := range s.SpeakerIDs {
		i.Speakers = append(i.Speakers, p.keys[id])
	}
	return i
}

// without takes from what is known the fields of which a file cannot say anything.
func (i imported) without(lacks []string, known imported) imported {
	for _, field := range lacks {
		switch field {
		case "subtitle":
			i.Subtitle = known.Subtitle
		case "number":
			i.Number = known.Number
		case "kind", "type":
			i.Kind, i.Type = known.Kind, known.Type
		case "abstract":
			i.Abstract = known.Abstract
		case "own_abstract": // a calendar's one text, which ours puts together of several
			if known.Abstract != "" || known.Description != "" || known.Subtitle != "" || len(known.Speakers) > 0 {
				i.Abstract = known.Abstract
			}
		case "description":
			i.Description = known.Description
		case "language":
			i.Language = known.Language
		case "url":
			i.URL = known.URL
		case "track":
			i.Track = known.Track
		case "links":
			i.Links = known.Links
		case "speakers":
			i.Speakers = known.Speakers
		}
	}
	return i
}

// alike takes from what is known what a file says in other words: a kind that follows from the same type, and addresses as strict writers escape them.
func (i imported) alike(known imported) imported {
	if i.Type == known.Type && i.Type != "" {
		i.Kind = known.Kind
	}
	if i.URL != known.URL && i.URL == exchange.StrictURI(known.URL) {
		i.URL = known.URL
	}
	links := map[exchange.Link]exchange.Link{}
	for _, l := range known.Links {
		links[exchange.Link{Title: l.Title, URL: exchange.StrictURI(l.URL), File: l.File}] = l
	}
	i.Links = slices.Clone(i.Links)
	for n, l := range i.Links {
		if ours, same := links[l]; same {
			i.Links[n] = ours
		}
	}
	return i
}

// echoed takes from what is known what a file says as our own file of its format would: the format has no words for more.
func (i imported) echoed(echo map[string]exchange.Session, row *Session, known imported) imported {
	back, there := echo[row.GUID]
	if !there {
		return i
	}
	for _, field := range []struct{ said, echo, known *string }{{&i.Subtitle, &back.Subtitle, &known.Subtitle}, {&i.Abstract, &back.Abstract, &known.Abstract}, {&i.Description, &back.Description, &known.Description},
		{&i.Language, &back.Language, &known.Language}, {&i.URL, &back.URL, &known.URL}} {
		if *field.said == *field.echo {
			*field.said = *field.known
		}
	}
	if i.Kind == back.Kind && (i.Type == back.Type || i.Type == "") {
		i.Kind, i.Type = known.Kind, known.Type
	}
	if slices.Equal(i.Links, back.Links) {
		i.Links = known.Links
	}
	return i
}

// session puts what was decided into the words of the file.
func (i imported) session(key string) exchange.Session {
	return exchange.Session{Key: key, Title: i.Title, Subtitle: i.Subtitle, Kind: i.Kind, Type: i.Type, Abstract: i.Abstract, Description: i.Description, Language: i.Language, URL: i.URL,
		Track: i.Track, Number: i.Number, Speakers: i.Speakers, Links: i.Links, Room: i.Room, Start: i.Start, Length: i.Length}
}

// merging compares one session in three ways: what only one side changed is taken, of what both did ours, unless theirs was chosen.
type merging struct {
	plan *importPlan
	row  *Session
}

func (m merging) session(base, theirs, ours imported) imported {
	text := func(s string) string { return s }
	out := ours
	out.Number = theirs.Number
	out.Title = merge(m, "title", base.Title, theirs.Title, ours.Title, text)
	out.Subtitle = merge(m, "subtitle", base.Subtitle, theirs.Subtitle, ours.Subtitle, text)
	if out.Kind = merge(m, "kind", base.Kind, theirs.Kind, ours.Kind, text); out.Kind == theirs.Kind {
		out.Type = theirs.Type
	}
	out.Abstract = merge(m, "abstract", base.Abstract, theirs.Abstract, ours.Abstract, text)
	out.Description = merge(m, "description", base.Description, theirs.Description, ours.Description, text)
	out.Language = merge(m, "language", base.Language, theirs.Language, ours.Language, text)
	out.URL = merge(m, "url", base.URL, theirs.URL, ours.URL, text)
	out.Track = merge(m, "track", base.Track, theirs.Track, ours.Track, m.plan.nameOf)
	out.Links = mergeLists(m, "links", base.Links, theirs.Links, ours.Links, func(l exchange.Link) string { return l.URL })
	out.Speakers = mergeLists(m, "speakers", base.Speakers, theirs.Speakers, ours.Speakers, m.plan.nameOf)
	out.place = m.place(base.place, theirs.place, ours.place)
	return out
}

// place takes start, room and length one by one, and as one where somebody has given the session a slot or taken it.
func (m merging) place(base, theirs, ours place) place {
	if base.Start.IsZero() || theirs.Start.IsZero() || ours.Start.IsZero() {
		return mergeBy(m, "slot", base, theirs, ours, place.same, m.plan.placeText)
	}
	return place{
		Room:   merge(m, "room", base.Room, theirs.Room, ours.Room, m.plan.nameOf),
		Start:  mergeBy(m, "start", base.Start, theirs.Start, ours.Start, time.Time.Equal, func(t time.Time) string { return t.Format(time.RFC3339) }),
		Length: merge(m, "length", base.Length, theirs.Length, ours.Length, func(d time.Duration) string { return d.String() }),
	}
}

func merge[T comparable](m merging, field string, base, theirs, ours T, say func(T) string) T {
	return mergeBy(m, field, base, theirs, ours, func(a, b T) bool { return a == b }, say)
}

func mergeLists[T comparable](m merging, field string, base, theirs, ours []T, say func(T) string) []T {
	return mergeBy(m, field, base, theirs, ours, slices.Equal, func(list []T) string {
		words := make([]string, len(list))
		for i, each := range list {
			words[i] = say(each)
		}
		return strings.Join(words, ", ")
	})
}

func mergeBy[T any](m merging, field string, base, theirs, ours T, same func(a, b T) bool, say func(T) string) T {
	switch {
	case same(ours, theirs), same(base, theirs):
		return ours
	case same(base, ours):
		return theirs
	}
	conflict := ImportConflict{SessionID: m.row.ID, Title: m.row.Title, Field: field, Base: say(base), Ours: say(ours), Theirs: say(theirs), Taken: "ours"}
	taken := ours
	if m.plan.choices.AllTheirs || slices.Contains(m.plan.choices.Theirs, conflict.Choice()) {
		conflict.Taken, taken = "theirs", theirs
	}
	m.plan.report.Conflicts = append(m.plan.report.Conflicts, conflict)
	return taken
}

// ImportField is a field of a session before an import and after it, as ImportConflict has them.
type ImportField struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// fields lists what is different, but for the slot.
func (p *importPlan) fields(before, after imported) (all []ImportField) {
	names := func(keys []string) string {
		words := make([]string, len(keys))
		for i, key := range keys {
			words[i] = p.nameOf(key)
		}
		return strings.Join(words, ", ")
	}
	links := func(list []exchange.Link) string {
		words := make([]string, len(list))
		for i, l := range list {
			words[i] = l.URL
		}
		return strings.Join(words, ", ")
	}
	for _, f := range []ImportField{{"title", before.Title, after.Title}, {"subtitle", before.Subtitle, after.Subtitle}, {"kind", before.Kind, after.Kind}, {"abstract", before.Abstract, after.Abstract},
		{"description", before.Description, after.Description}, {"language", before.Language, after.Language}, {"url", before.URL, after.URL}, {"track", p.nameOf(before.Track), p.nameOf(after.Track)},
		{"links", links(before.Links), links(after.Links)}, {"speakers", names(before.Speakers), names(after.Speakers)}} {
		if f.Before != f.After {
			all = append(all, f)
		}
	}
	return all
}

// nameOf is what a room, a track or a speaker is called.
func (p *importPlan) nameOf(key string) string { return cmp.Or(p.names[key], key) }

func (p *importPlan) placeText(at place) string {
	if at.Start.IsZero() {
		return ""
	}
	return strings.Trim(at.Start.Format(time.RFC3339)+" "+p.nameOf(at.Room), " ")
}

// kept gives what stands of a name or a text that an import names: ours where it was changed here since the last one.
func kept(base, theirs, ours string) string {
	if base != "" && base != ours {
		return ours
	}
	return theirs
}
