package exchange

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // RFC 9562 names it for UUID version 5; nothing is secured by it
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schedule is an agenda apart from any format and any database. It is also what a release freezes, as JSON.
type Schedule struct {
	UID       string        `json:"uid,omitempty"` // names the event for ever: ids that the formats ask for are derived from it
	Format    Format        `json:"format,omitempty"`
	Title     string        `json:"title"`
	Acronym   string        `json:"acronym,omitempty"`
	Version   string        `json:"version,omitempty"`
	Zone      string        `json:"zone"`                 // IANA name
	FirstDay  string        `json:"first_day,omitempty"`  // local date YYYY-MM-DD
	LastDay   string        `json:"last_day,omitempty"`   // likewise, inclusive
	DayChange time.Duration `json:"day_change,omitempty"` // after midnight; what starts earlier belongs to the day before
	URL       string        `json:"url,omitempty"`
	Rooms     []Room        `json:"rooms,omitempty"`
	Tracks    []Track       `json:"tracks,omitempty"`
	People    []Person      `json:"people,omitempty"`
	Sessions  []Session     `json:"sessions,omitempty"`

	Lacks      []string `json:"-"` // fields of sessions that the file cannot say anything of: that they are empty says nothing
	PeopleOnly bool     `json:"-"` // the file is about speakers: that it has no sessions says nothing of them
}

// Room is a place of the schedule; the order of Rooms is the order in which to show them.
type Room struct {
	Key      string `json:"key"` // stable from file to file: the name in frab XML, the id in Sessionize
	Name     string `json:"name"`
	Capacity int    `json:"capacity,omitempty"` // seats; 0 is unknown
}

// Track is a theme, told apart by its name.
type Track struct {
	Name  string `json:"name"`
	Color string `json:"color,omitempty"` // #rrggbb
}

// Person is a speaker as the schedule names them.
type Person struct {
	Key  string `json:"key"` // stable from file to file
	Name string `json:"name"`
	Bio  string `json:"bio,omitempty"` // Markdown
	URL  string `json:"url,omitempty"`
}

// Session is a content item and, when Start is set, its slot.
type Session struct {
	Key         string        `json:"key"`              // stable from file to file: guid or id
	Number      int64         `json:"number,omitempty"` // the source's small number, when it had one
	Revision    int           `json:"revision,omitempty"`
	Title       string        `json:"title"`
	Subtitle    string        `json:"subtitle,omitempty"`
	Abstract    string        `json:"abstract,omitempty"`    // Markdown
	Description string        `json:"description,omitempty"` // Markdown
	Kind        string        `json:"kind"`                  // talk, workshop, panel, keynote, break, social or other
	Type        string        `json:"type,omitempty"`        // the source's own word for it: "devroom"
	Language    string        `json:"language,omitempty"`    // codes: "de" or "de, en"
	Room        string        `json:"room,omitempty"`        // key; "" is everywhere or online
	Track       string        `json:"track,omitempty"`       // name
	Start       time.Time     `json:"start,omitzero"`        // zero: not placed yet
	Length      time.Duration `json:"length,omitempty"`
	Speakers    []string      `json:"speakers,omitempty"` // keys of people, each once
	Links       []Link        `json:"links,omitempty"`
	URL         string        `json:"url,omitempty"`
}

// Link is something to read, see or download about a session.
type Link struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url"`
	File  bool   `json:"file,omitempty"` // an attachment (slides, a paper) rather than a page
}

// End is the instant at which the session is over.
func (s Session) End() time.Time { return s.Start.Add(s.Length) }

// Placed reports whether the session has a slot.
func (s Session) Placed() bool { return !s.Start.IsZero() }

// Day is one day of the schedule: from the day change to the day change.
type Day struct {
	Index    int    // from 1
	Date     string // local, YYYY-MM-DD
	From, To time.Time
	Sessions []Session // placed, in order of time
}

// Location is the schedule's zone, UTC when it names none that is known.
func (s *Schedule) Location() *time.Location {
	zone, err := loadZone(s.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Days lists the days from the first to the last, empty ones between too unless the schedule spans more than 60 days. A
// session after midnight and before the day change stands under the day before.
func (s *Schedule) Days() []Day {
	zone := s.Location()
	byDate := map[string][]Session{}
	for _, session := range s.Sessions {
		if session.Placed() {
			date := s.dayOf(session.Start, zone)
			byDate[date] = append(byDate[date], session)
		}
	}
	dates := []string{}
	for date := range byDate {
		dates = append(dates, date)
	}
	for _, date := range []string{s.FirstDay, s.LastDay} {
		if _, err := time.Parse(time.DateOnly, date); err == nil {
			dates = append(dates, date)
		}
	}
	slices.Sort(dates)
	dates = fillDates(slices.Compact(dates))
	days := make([]Day, len(dates))
	for i, date := range dates {
		from := s.dayStart(date, 0, zone)
		slices.SortStableFunc(byDate[date], func(a, b Session) int { return a.Start.Compare(b.Start) })
		days[i] = Day{Index: i + 1, Date: date, From: from, To: s.dayStart(date, 1, zone), Sessions: byDate[date]}
	}
	return days
}

// dayOf is the local date under which an instant stands.
func (s *Schedule) dayOf(t time.Time, zone *time.Location) string {
	local := t.In(zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	if clock < s.DayChange {
		local = time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, zone)
	}
	return local.Format(time.DateOnly)
}

// dayStart is the instant of the day change on the date plus some days.
func (s *Schedule) dayStart(date string, days int, zone *time.Location) time.Time {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return time.Time{}
	}
	t, _ := resolve(time.Date(d.Year(), d.Month(), d.Day()+days, 0, 0, 0, 0, time.UTC).Add(s.DayChange), zone)
	return t
}

// fillDates adds the dates between the first and the last of a sorted list, when they are not too far apart.
func fillDates(dates []string) []string {
	if len(dates) < 2 {
		return dates
	}
	first, _ := time.Parse(time.DateOnly, dates[0])
	last, _ := time.Parse(time.DateOnly, dates[len(dates)-1])
	if last.Sub(first) > 60*24*time.Hour {
		return dates
	}
	var all []string
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		all = append(all, d.Format(time.DateOnly))
	}
	return all
}

// spanDays widens FirstDay and LastDay to what the sessions need.
func (s *Schedule) spanDays() {
	if days := s.Days(); len(days) > 0 {
		s.FirstDay, s.LastDay = days[0].Date, days[len(days)-1].Date
	}
}

// dropUnusedTracks keeps the tracks that a session has; files declare others that came to nothing.
func (s *Schedule) dropUnusedTracks() {
	used := map[string]bool{}
	for _, session := range s.Sessions {
		used[session.Track] = true
	}
	s.Tracks = slices.DeleteFunc(s.Tracks, func(t Track) bool { return !used[t.Name] })
}

// sort puts sessions in order of time, then of room, then of key; those without a slot come last.
func (s *Schedule) sort() {
	place := map[string]int{}
	for i, room := range s.Rooms {
		place[room.Key] = i
	}
	slices.SortStableFunc(s.Sessions, func(a, b Session) int {
		if a.Placed() != b.Placed() {
			if a.Placed() {
				return -1
			}
			return 1
		}
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(place[a.Room], place[b.Room]), strings.Compare(a.Key, b.Key), strings.Compare(a.Title, b.Title))
	})
}

// GUID is the session's UUID: its key when that is one, else one derived from the event's UID and the key, so that it is
// the same in every release.
func (s *Schedule) GUID(session Session) string { return s.guid("session", session.Key) }

// GUIDs gives those of the sessions with the keys; keys that none has are left out.
func (s *Schedule) GUIDs(keys []string) []string {
	wanted := make(map[string]bool, len(keys))
	for _, key := range keys {
		wanted[key] = true
	}
	guids := []string{}
	for _, session := range s.Sessions {
		if wanted[session.Key] {
			guids = append(guids, s.GUID(session))
		}
	}
	return guids
}

// PersonGUID is the UUID under which our files name a person of a key.
func (s *Schedule) PersonGUID(key string) string { return s.guid("person", key) }

// guid names a thing of the schedule by a UUID.
func (s *Schedule) guid(kind, key string) string {
	if uuidPattern.MatchString(key) {
		return strings.ToLower(key)
	}
	return uuid5("turnout/" + cmp.Or(s.UID, s.Acronym, s.Title) + "/" + kind + "/" + key)
}

// numbers gives every session a positive number that no other has: the source's own where it can, else one that follows
// from the GUID, so that it stays from release to release.
func (s *Schedule) numbers() map[string]int64 {
	taken, out := map[int64]bool{}, map[string]int64{}
	for _, session := range s.Sessions {
		if n := session.Number; n > 0 && !taken[n] {
			taken[n], out[session.Key] = true, n
		}
	}
	for _, session := range s.Sessions {
		if out[session.Key] != 0 {
			continue
		}
		sum := sha1.Sum([]byte(s.GUID(session))) //nolint:gosec // spreads numbers, secures nothing
		n := int64(binary.BigEndian.Uint32(sum[:4])>>2) + 1
		for taken[n] {
			n++
		}
		taken[n], out[session.Key] = true, n
	}
	return out
}

// RoomNames gives the names of rooms by their keys.
func (s *Schedule) RoomNames() map[string]string {
	names := make(map[string]string, len(s.Rooms))
	for _, room := range s.Rooms {
		names[room.Key] = room.Name
	}
	return names
}

func (s *Schedule) peopleByKey() map[string]Person {
	people := make(map[string]Person, len(s.People))
	for _, p := range s.People {
		people[p.Key] = p
	}
	return people
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// uuid5 is a name-based UUID in the URL namespace (RFC 9562 section 5.5).
func uuid5(name string) string {
	namespace, _ := hex.DecodeString("6ba7b8119dad11d180b400c04fd430c8")
	sum := sha1.Sum(append(namespace, name...)) //nolint:gosec // as the RFC says
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// numeric gives a key that is a positive number written plainly.
func numeric(key string) (int64, bool) {
	n, err := strconv.ParseInt(key, 10, 64)
	return n, err == nil && n > 0 && n < 1<<53 && strconv.FormatInt(n, 10) == key
}
