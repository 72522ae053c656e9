package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/speakers"
)

// room is a space of a demo's venue.
type room struct {
	name     string
	capacity int64
}

// trackColors are the themes of the demo's conferences.
var trackColors = []struct{ name, color string }{
	{"Maps", "#0f766e"}, {"Data", "#1d4ed8"}, {"Tools", "#a16207"}, {"Community", "#9d174d"},
}

// plan gives an event the agenda of a file, in these rooms, and releases it.
func (s *story) plan(e *events.Event, file string, made time.Time, version string, rooms ...room) {
	a := &agenda.Agenda{Event: e}
	roomIDs, trackIDs := map[string]turnout.ID{}, map[string]turnout.ID{}
	for i, r := range rooms {
		row := &agenda.Room{ID: turnout.NewID(agenda.PrefixRoom), CommunityID: e.CommunityID, EventID: e.ID, Name: r.name, Capacity: &r.capacity,
			Position: int64(i + 1), Version: 1, CreatedAt: made, UpdatedAt: made}
		a.Rooms, roomIDs[r.name] = append(a.Rooms, row), row.ID
	}
	for i, t := range trackColors {
		row := &agenda.Track{ID: turnout.NewID(agenda.PrefixTrack), CommunityID: e.CommunityID, EventID: e.ID, Name: t.name, Color: t.color,
			Position: int64(i + 1), Version: 1, CreatedAt: made, UpdatedAt: made}
		a.Tracks, trackIDs[t.name] = append(a.Tracks, row), row.ID
	}
	lines := readLines(file)
	speakerIDs := s.speakersOf(a, lines, made)
	start := e.StartsAt.In(e.Location())
	midnight := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, start.Location())
	for _, f := range lines {
		f = append(f, "", "")
		dayNumber, minutes := number(f[0]), number(f[2])
		row := &agenda.Session{ID: turnout.NewID(agenda.PrefixSession), CommunityID: e.CommunityID, EventID: e.ID, Title: f[6], Kind: agenda.Kind(f[4]),
			Status: agenda.Confirmed, Abstract: f[8], Language: "en", TrackID: trackIDs[f[5]], Minutes: minutes, RoomID: roomIDs[f[3]],
			StartsAt: clock(midnight.AddDate(0, 0, int(dayNumber-1)), f[1]), Version: 2, CreatedAt: made, UpdatedAt: made.Add(3 * day)}
		row.EndsAt = row.StartsAt.Add(time.Duration(minutes) * time.Minute)
		row.GUID = (&exchange.Schedule{UID: string(e.ID)}).GUID(exchange.Session{Key: string(row.ID)})
		for i, name := range splitNames(f[7]) {
			row.SpeakerIDs = append(row.SpeakerIDs, speakerIDs[name])
			s.sessionSpeakers = append(s.sessionSpeakers, &sessionSpeaker{CommunityID: e.CommunityID, SessionID: row.ID, SpeakerID: speakerIDs[name], Position: int64(i)})
		}
		a.Sessions = append(a.Sessions, row)
		s.note(made, s.byStaff(), "session.added", row.ID)
	}
	s.rooms, s.tracks, s.speakers = append(s.rooms, a.Rooms...), append(s.tracks, a.Tracks...), append(s.speakers, a.Speakers...)
	s.sessions = append(s.sessions, a.Sessions...)
	s.answerSessions(a, made.Add(3*day))
	s.release(a, made.Add(4*day), version)
}

// stars lets some who follow an event's schedule mark its sessions, from when it was released until now: workshops are marked by nearly all of them, more than the deck has seats.
func (s *story) stars(e *events.Event, followers int) {
	var public []*agenda.Session
	for _, x := range s.sessions {
		if x.EventID == e.ID && x.Kind != agenda.Break {
			public = append(public, x)
		}
	}
	from := s.now.Add(-8 * day)
	for i := range followers {
		at := from.Add(time.Duration(i) * 8 * day / time.Duration(followers))
		it := &agenda.Itinerary{ID: turnout.NewID(agenda.PrefixItinerary), CommunityID: e.CommunityID, EventID: e.ID, CreatedAt: at, UpdatedAt: at}
		s.itineraries = append(s.itineraries, it)
		for k, x := range public {
			if liked := (i*37 + k*61 + i*k*17) % 100; liked < 22 || x.Kind == agenda.Workshop && liked < 88 {
				s.chosen = append(s.chosen, &chosen{ItineraryID: it.ID, SessionID: x.ID, CommunityID: e.CommunityID, ChosenAt: at})
			}
		}
	}
}

// speakersOf makes the speakers whom the lines name; each is a person of the community.
func (s *story) speakersOf(a *agenda.Agenda, lines [][]string, made time.Time) map[string]turnout.ID {
	ids := map[string]turnout.ID{}
	for i, known := range readLines("speakers.tsv") {
		if !slices.ContainsFunc(lines, func(f []string) bool { return len(f) > 7 && slices.Contains(splitNames(f[7]), known[0]) }) {
			continue
		}
		email := "speaker" + strconv.Itoa(i+1) + "@example.org"
		j := slices.IndexFunc(s.guests, func(g *guest) bool { return g.email == email })
		if j < 0 {
			j = len(s.guests)
			s.known(known[0], email, made)
		}
		row := &speakers.Speaker{ID: turnout.NewID(speakers.PrefixSpeaker), CommunityID: a.Event.CommunityID, EventID: a.Event.ID, PersonID: s.guests[j].person,
			Name: known[0], Email: email, Bio: known[1], Version: 1, CreatedAt: made, UpdatedAt: made}
		a.Speakers, ids[row.Name] = append(a.Speakers, row), row.ID
	}
	slices.SortFunc(a.Speakers, func(x, y *speakers.Speaker) int { return strings.Compare(x.Name, y.Name) })
	return ids
}

// release freezes an agenda as the first public version.
func (s *story) release(a *agenda.Agenda, at time.Time, version string) {
	slices.SortStableFunc(a.Sessions, func(x, y *agenda.Session) int { return x.StartsAt.Compare(y.StartsAt) })
	schedule := a.Schedule()
	schedule.Version = version
	for i := range schedule.Sessions {
		schedule.Sessions[i].Revision = 1
	}
	r := &release{Schedule: schedule}
	r.Release = agenda.Release{ID: turnout.NewID(agenda.PrefixRelease), CommunityID: a.Event.CommunityID, EventID: a.Event.ID, Number: 1, Version: version,
		Note: "The first public schedule.", Changes: agenda.ReleaseChanges{Added: len(schedule.Sessions), Sessions: []agenda.ChangedItem{}}, Sessions: int64(len(schedule.Sessions)), CreatedAt: at}
	s.releases = append(s.releases, r)
	s.news = append(s.news, &news{EventID: r.EventID, CommunityID: r.CommunityID, Told: r.Number})
	s.note(at, s.byStaff(), "schedule.released", r.ID)
}

func splitNames(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "; ")
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err) // ours
	}
	return n
}
