// Package wall prints a schedule for walls and doors: a page for each day and room, in type that is read from two metres, and
// where the rooms of a day fit side by side a page with all of them.
package wall

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"turnout"
	"turnout/events/agenda/exchange"
	"turnout/internal/paper"
	"turnout/templates"
)

// Size is the paper that is printed on. The zero value is A4.
type Size string

// The sizes of a page.
const (
	A3     Size = "a3"
	A4     Size = "a4"
	Letter Size = "letter"
)

// Sizes lists them all, the default first.
var Sizes = []Size{A4, A3, Letter}

var papers = map[Size]paper.Paper{"": paper.A4, A4: paper.A4, A3: paper.A3, Letter: paper.Letter}

// Choice is what of a schedule is printed. Its zero value is all of it, on A4.
type Choice struct {
	Size    Size
	Day     string // local date, YYYY-MM-DD; "" for each
	Room    string // key or name; "" for each
	NoSides bool   // no page with the rooms of a day side by side
}

// Look is what the pages say beside the schedule, and how.
type Look struct {
	Words     *templates.Set
	Lang      string
	Community string
	Accent    string    // "#rrggbb"; empty for Turnout's own
	URL       string    // of the public schedule, for the QR
	Released  time.Time // also the file's date, so that equal schedules give equal bytes
}

const defaultAccent = "#3b4fd8"

// Write writes the pages as a PDF. What stands in no room is for all of them and printed on the page of each. The answer is Invalid when there
// is no such size, day or room, or nothing takes place there then.
func Write(w io.Writer, s *exchange.Schedule, look Look, choice Choice) error {
	size, known := papers[choice.Size]
	if !known {
		return turnout.Invalidf("size", "wall_size", "Choose a4, a3 or letter.")
	}
	accent, err := paper.ParseColor(cmp.Or(look.Accent, defaultAccent))
	if err != nil {
		return err
	}
	days, err := daysOf(s, choice)
	if err != nil {
		return err
	}
	p := printer{Doc: paper.New(paper.Metadata{Title: s.Title, Author: look.Community, Subject: s.Version, Made: look.Released}, size),
		schedule: s, look: look, size: size, accent: accent, names: map[string]string{}, tracks: map[string]paper.Color{}}
	for _, person := range s.People {
		p.names[person.Key] = person.Name
	}
	for _, track := range s.Tracks {
		if color, err := paper.ParseColor(track.Color); err == nil {
			p.tracks[track.Name] = color
		}
	}
	for _, d := range days {
		p.day(d, choice)
	}
	return p.Write(w)
}

// day is what is printed of one day.
type day struct {
	exchange.Day
	rooms []roomDay
}

// roomDay is what takes place in a room on a day, in order of time.
type roomDay struct {
	exchange.Room
	sessions []exchange.Session
}

// Days lists the dates on which something takes place, for a choice of them.
func Days(s *exchange.Schedule) []exchange.Day {
	return slices.DeleteFunc(s.Days(), func(d exchange.Day) bool { return len(d.Sessions) == 0 })
}

// Rooms lists the rooms in which something takes place, for a choice of them.
func Rooms(s *exchange.Schedule) []exchange.Room {
	used := map[string]bool{}
	for _, session := range s.Sessions {
		used[session.Room] = used[session.Room] || session.Placed()
	}
	return slices.DeleteFunc(slices.Clone(s.Rooms), func(r exchange.Room) bool { return !used[r.Key] })
}

// daysOf is what was chosen.
func daysOf(s *exchange.Schedule, choice Choice) ([]day, error) {
	all := Days(s)
	if choice.Day != "" && !slices.ContainsFunc(all, func(d exchange.Day) bool { return d.Date == choice.Day }) {
		return nil, turnout.Invalidf("day", "wall_day", "Nothing takes place on that day. Choose a day of the schedule.")
	}
	rooms := Rooms(s)
	chosen := slices.IndexFunc(rooms, func(r exchange.Room) bool { return r.Key == choice.Room || r.Name == choice.Room })
	if choice.Room != "" && chosen < 0 {
		return nil, turnout.Invalidf("room_id", "wall_room", "Nothing takes place in that room. Choose a room of the schedule.")
	}
	if choice.Room != "" {
		rooms = rooms[chosen : chosen+1]
	}
	var days []day
	for _, d := range all {
		if choice.Day == "" || d.Date == choice.Day {
			if made := newDay(d, rooms, choice.Room != ""); len(made.rooms) > 0 {
				days = append(days, made)
			}
		}
	}
	if len(days) == 0 {
		return nil, turnout.Invalidf("room_id", "wall_room", "Nothing takes place in that room. Choose a room of the schedule.")
	}
	return days, nil
}

// newDay sorts the sessions of a day into the rooms that have one of their own. A day that has no such room, because all is for everybody or online, is
// one page without a room; so long as no room was chosen.
func newDay(d exchange.Day, rooms []exchange.Room, chosen bool) day {
	made := day{Day: d}
	for _, room := range rooms {
		if slices.ContainsFunc(d.Sessions, func(x exchange.Session) bool { return x.Room == room.Key }) {
			in := slices.DeleteFunc(slices.Clone(d.Sessions), func(x exchange.Session) bool { return x.Room != room.Key && x.Room != "" })
			made.rooms = append(made.rooms, roomDay{room, in})
		}
	}
	if len(made.rooms) == 0 && !chosen {
		made.rooms = []roomDay{{sessions: d.Sessions}}
	}
	return made
}

// printer draws the pages of one schedule.
type printer struct {
	*paper.Doc
	schedule *exchange.Schedule
	look     Look
	size     paper.Paper
	accent   paper.Color
	names    map[string]string      // of people, by their keys
	tracks   map[string]paper.Color // by name
	newDay   bool                   // the next page is the first of its day
}

func (p *printer) day(d day, choice Choice) {
	p.newDay = true
	if choice.Room == "" && !choice.NoSides {
		p.sides(d)
	}
	for _, room := range d.rooms {
		p.room(d, room)
	}
}

// page begins a page, and has the reader's outline lead to it: the day, and below it the room.
func (p *printer) page(size paper.Paper, d day, name string) {
	p.AddPageOf(size)
	if p.newDay {
		p.Bookmark(p.date(d), 0)
		p.newDay = false
	}
	if name != "" {
		p.Bookmark(name, 1)
	}
}

// unit is how much larger than on A4 all is drawn.
func (p *printer) unit() float64 {
	return min(p.size.Width/paper.A4.Width, p.size.Height/paper.A4.Height)
}

func (p *printer) say(key string, args ...any) string {
	return p.look.Words.Message(p.look.Lang, key, args...)
}

// date names a day: "Thursday 4 June".
func (p *printer) date(d day) string {
	days := p.schedule.Days()
	return p.look.Words.DayOf(p.look.Lang, d.From.Add(8*time.Hour), days[0].From, days[len(days)-1].To.Add(-time.Second), p.schedule.Location().String())
}

func (p *printer) clock(t time.Time) string {
	return p.look.Words.Clock(p.look.Lang, t, p.schedule.Location().String())
}

// speakers names who speaks.
func (p *printer) speakers(x exchange.Session) string {
	var names []string
	for _, key := range x.Speakers {
		if name := p.names[key]; name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// quiet says that a session is no reason to come: it is drawn smaller.
func quiet(x exchange.Session) bool { return x.Kind == "break" || x.Kind == "social" }
