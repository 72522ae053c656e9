package exchange

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"
)

// maxDepthICS is how deep components stand in each other; real ones go three deep.
const maxDepthICS = 16

func (r *reading) readCalendar(text []byte) error {
	text, err := r.soundCalendar(text)
	if err != nil {
		return err
	}
	r.schedule.Lacks = []string{"number", "kind", "subtitle", "description", "language", "links", "speakers", "own_abstract"}
	dec := ical.NewDecoder(bytes.NewReader(text))
	for {
		calendar, err := dec.Decode()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrMalformed.With("The calendar is damaged: %s. Nothing was changed.", quoteShort(err.Error())).Because(err)
		}
		if err := r.calendar(calendar); err != nil {
			return err
		}
	}
}

// unfold joins the lines of a calendar that were folded (RFC 5545 section 3.1), if it is UTF-8.
func unfold(data []byte) []byte {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return data
	}
	return foldPattern.ReplaceAll(data, nil)
}

var foldPattern = regexp.MustCompile(`\r?\n[ \t]`)

// soundCalendar leaves out what is no line, so that one spoilt line does not cost the whole file; what is not closed at the end of the file is an error.
func (r *reading) soundCalendar(text []byte) ([]byte, error) {
	var open []string
	var out bytes.Buffer
	dropped := 0
	for line := range strings.FieldsFuncSeq(string(unfold(text)), func(c rune) bool { return c == '\r' || c == '\n' }) {
		name, value, sound := strings.Cut(line, ":")
		switch name, value = strings.ToUpper(strings.TrimSpace(name)), strings.ToUpper(strings.TrimSpace(value)); {
		case name == "BEGIN":
			if len(open) == 0 && value != "VCALENDAR" { // a component that nothing stands around
				open = append(open, "VCALENDAR")
				out.WriteString("BEGIN:VCALENDAR\r\n")
			}
			if open = append(open, value); len(open) > maxDepthICS {
				return nil, ErrMalformed.With("Components are nested more than %d deep.", maxDepthICS)
			}
			line = "BEGIN:" + value
		case name == "END":
			if len(open) == 0 || open[len(open)-1] != value {
				dropped++
				continue
			}
			open = open[:len(open)-1]
			line = "END:" + value
		case len(open) == 0 || !soundLine(line, sound):
			if strings.TrimSpace(line) != "" {
				dropped++
			}
			continue
		}
		out.WriteString(line + "\r\n")
	}
	if len(open) == 1 && open[0] == "VCALENDAR" && !bytes.Contains(bytes.ToUpper(text), []byte("BEGIN:VCALENDAR")) {
		out.WriteString("END:VCALENDAR\r\n")
		open = nil
	}
	if len(open) > 0 {
		return nil, ErrTruncated
	}
	if dropped > 0 {
		r.warn(Place{}, "lines_dropped", "%d lines that do not belong into a calendar were left out.", dropped)
	}
	return out.Bytes(), nil
}

// soundLine says whether a line is a name, perhaps parameters, and a value.
func soundLine(line string, colon bool) bool {
	if !colon || strings.Count(line, `"`)%2 == 1 && strings.Contains(line[:strings.IndexByte(line, ':')], `"`) {
		return false
	}
	_, err := ical.NewDecoder(strings.NewReader("BEGIN:VCALENDAR\r\n" + line + "\r\nEND:VCALENDAR\r\n")).Decode()
	return err == nil
}

// calendar reads one calendar's events.
func (r *reading) calendar(c *ical.Calendar) error {
	if r.schedule.Title == "" {
		r.schedule.Title = r.line(Place{}, textOf(c.Props, "X-WR-CALNAME"), maxTitle)
	}
	if r.schedule.Zone == "" {
		if zone, err := loadZone(textOf(c.Props, "X-WR-TIMEZONE")); err == nil {
			r.useZone(zone.String())
		}
	}
	zones := calendarZones{reading: r, known: map[string]*time.Location{}, told: map[string]bool{}, parts: map[string]*ical.Component{}}
	zones.define(c.Component)
	return r.components(c.Component, &zones)
}

// components reads the events wherever they stand.
func (r *reading) components(in *ical.Component, zones *calendarZones) error {
	for _, child := range in.Children {
		if child.Name != ical.CompEvent {
			if err := r.components(child, zones); err != nil {
				return err
			}
			continue
		}
		if err := r.calendarEvent(child, zones); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) calendarEvent(c *ical.Component, zones *calendarZones) error {
	where := Place{Sort: "session", Name: r.line(Place{}, textOf(c.Props, ical.PropSummary), maxTitle)}
	if strings.EqualFold(textOf(c.Props, ical.PropStatus), "CANCELLED") {
		r.warn(where, "canceled", "The entry is canceled and was left out.")
		return nil
	}
	s := Session{Title: r.line(where, textOf(c.Props, ical.PropSummary), maxTitle), Kind: "talk", Abstract: r.text(where, textOf(c.Props, ical.PropDescription)),
		URL: r.link(where, textOf(c.Props, ical.PropURL))}
	if s.Title == "" {
		r.warn(where, "no_title", "The session has no title.")
		s.Title = "Untitled"
	}
	s.Key = r.line(where, textOf(c.Props, ical.PropUID), maxName-20)
	if uuidPattern.MatchString(s.Key) {
		s.Key = strings.ToLower(s.Key)
	}
	if s.Key == "" {
		r.warn(where, "no_key", "The entry has no UID; it is known by its title.")
		s.Key = "title:" + strings.ToLower(r.cut(where, s.Title, maxName-30))
	}
	if at := c.Props.Get(ical.PropRecurrenceID); at != nil {
		s.Key += "/" + r.line(where, at.Value, 20)
	}
	if p := c.Props.Get(ical.PropCategories); p != nil {
		if list, err := p.TextList(); err == nil && len(list) > 0 {
			s.Track = r.line(where, list[0], maxName)
			r.addTrack(Track{Name: s.Track})
		}
	}
	r.calendarSlot(where, &s, c, zones)
	return r.addSession(s)
}

// calendarSlot finds when and where. Of an entry that repeats, the first time alone is taken.
func (r *reading) calendarSlot(where Place, s *Session, c *ical.Component, zones *calendarZones) {
	start, allDay, ok := zones.at(where, c.Props.Get(ical.PropDateTimeStart))
	if !ok {
		r.warn(where, "no_start", "The session has no start that can be read; it is kept without a slot.")
		return
	}
	if room := r.line(where, textOf(c.Props, ical.PropLocation), maxName); room != "" {
		r.addRoom(Room{Key: room, Name: room})
		s.Room = room
	}
	long, known, said := time.Duration(0), false, ""
	if p := c.Props.Get(ical.PropDateTimeEnd); p != nil {
		end, _, sound := zones.at(where, p)
		long, known, said = end.Sub(start), sound, p.Value
	} else if p := c.Props.Get(ical.PropDuration); p != nil {
		d, err := p.Duration()
		long, known, said = d, err == nil, p.Value
	}
	if allDay && (!known || long <= 0) {
		long, known = 24*time.Hour, true
	}
	s.Start, s.Length = start, r.sessionLength(where, long, known, said)
	if c.Props.Get(ical.PropRecurrenceRule) != nil || c.Props.Get(ical.PropRecurrenceDates) != nil {
		r.warn(where, "repeats", "The entry repeats; only its first time is taken.")
	}
}

// textOf is a property's text with its escapes undone; what is no sound text is taken as it stands.
func textOf(props ical.Props, name string) string {
	p := props.Get(name)
	if p == nil {
		return ""
	}
	if strings.EqualFold(name, ical.PropURL) {
		return p.Value
	}
	if list, err := p.TextList(); err == nil {
		return strings.Join(list, ",")
	}
	return p.Value
}

// calendarZones knows what a calendar calls its time zones.
type calendarZones struct {
	*reading
	parts map[string]*ical.Component // VTIMEZONE by TZID
	known map[string]*time.Location
	told  map[string]bool // unknown ones that were warned about
}

func (z *calendarZones) define(in *ical.Component) {
	for _, child := range in.Children {
		if child.Name == ical.CompTimezone {
			z.parts[textOf(child.Props, ical.PropTimezoneID)] = child
		}
	}
}

// at reads a time; allDay tells that it is a date alone.
func (z *calendarZones) at(where Place, p *ical.Prop) (at time.Time, allDay, ok bool) {
	if p == nil {
		return time.Time{}, false, false
	}
	value := strings.TrimSpace(p.Value)
	if day, err := time.Parse("20060102", value); err == nil && sensible(day) {
		return z.wallClock(where, day), true, true
	}
	if at, err := time.Parse("20060102T150405Z", value); err == nil && sensible(at) {
		return at.UTC(), false, true
	}
	wall, err := time.Parse("20060102T150405", value)
	if err != nil || !sensible(wall) {
		return time.Time{}, false, false
	}
	id := p.Params.Get(ical.PropTimezoneID)
	if id == "" {
		return z.wallClock(where, wall), false, true
	}
	if zone := z.location(id); zone != nil {
		if z.schedule.Zone == "" {
			z.useZone(zone.String())
		}
		at, problem := resolve(wall, zone)
		z.doubt(where, wall, at, zone, problem)
		return at, false, true
	}
	if offset, found := z.offset(id, wall); found {
		return wall.Add(-offset), false, true
	}
	if !z.told[id] {
		z.told[id] = true
		z.warn(where, "unknown_zone", "The time zone %q is not known; %s is used.", quoteShort(id), z.reading.location().String())
	}
	return z.wallClock(where, wall), false, true
}

// location gives the zone that an id names: an IANA name, or a path that ends with one, as ics.py and Mozilla write it.
func (z *calendarZones) location(id string) *time.Location {
	if zone, seen := z.known[id]; seen {
		return zone
	}
	names := []string{strings.Trim(id, `"`)}
	if part := z.parts[id]; part != nil {
		names = append(names, textOf(part.Props, "X-LIC-LOCATION"))
	}
	steps := strings.Split(names[0], "/")
	for n := min(3, len(steps)-1); n >= 1; n-- {
		names = append(names, strings.Join(steps[len(steps)-n:], "/"))
	}
	z.known[id] = nil
	for _, name := range names {
		if zone, err := loadZone(name); err == nil {
			z.known[id] = zone
			break
		}
	}
	return z.known[id]
}

// offset reads the calendar's own rules of a zone: of all that had begun at a time of day, the one that began last (RFC 5545 section 3.6.5).
func (z *calendarZones) offset(id string, wall time.Time) (time.Duration, bool) {
	part := z.parts[id]
	if part == nil {
		return 0, false
	}
	var last time.Time
	var offset time.Duration
	found := false
	for _, rule := range part.Children {
		to, sound := offsetOf(textOf(rule.Props, ical.PropTimezoneOffsetTo))
		begins, known := onset(rule, wall)
		if sound && known && (!found || begins.After(last)) {
			last, offset, found = begins, to, true
		}
	}
	return offset, found
}

// onset is the last time at which a rule of a zone began, up to a time of day. Rules repeat on a weekday of a month, counted from its begin or its end, as clock changes do; a rule
// of another form begins once.
func onset(rule *ical.Component, wall time.Time) (time.Time, bool) {
	first, err := time.Parse("20060102T150405", textOf(rule.Props, ical.PropDateTimeStart))
	if err != nil || first.After(wall) {
		return time.Time{}, false
	}
	p := rule.Props.Get(ical.PropRecurrenceRule)
	if p == nil {
		return first, true
	}
	m := changePattern.FindStringSubmatch(sortedRule(p.Value))
	if m == nil {
		return first, true
	}
	month, _ := strconv.Atoi(m[1])
	nth, _ := strconv.Atoi(m[2])
	for year := wall.Year(); year >= wall.Year()-1; year-- {
		if at, ok := nthWeekday(year, time.Month(month), nth, weekdays[m[3]]); ok {
			at = at.Add(time.Duration(first.Hour())*time.Hour + time.Duration(first.Minute())*time.Minute)
			if !at.After(wall) && !at.Before(first) {
				return at, true
			}
		}
	}
	return first, true
}

var (
	changePattern = regexp.MustCompile(`^FREQ=YEARLY;BYMONTH=(1[0-2]|[1-9]);BYDAY=([+-]?[1-5])(SU|MO|TU|WE|TH|FR|SA)$`)
	weekdays      = map[string]time.Weekday{"SU": time.Sunday, "MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday, "TH": time.Thursday, "FR": time.Friday, "SA": time.Saturday}
)

// sortedRule gives the parts of a rule that matter here, in the order that the pattern has.
func sortedRule(rule string) string {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		name, _, _ := strings.Cut(part, "=")
		parts[name] = part
	}
	return strings.Join([]string{parts["FREQ"], parts["BYMONTH"], parts["BYDAY"]}, ";")
}

// nthWeekday is such a day of a month: 2 is the second, -1 the last.
func nthWeekday(year int, month time.Month, n int, day time.Weekday) (time.Time, bool) {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	at := first.AddDate(0, 0, (int(day-first.Weekday())+7)%7+7*(n-1))
	if n < 0 {
		last := first.AddDate(0, 1, -1)
		at = last.AddDate(0, 0, -((int(last.Weekday()-day)+7)%7)+7*(n+1))
	}
	return at, at.Month() == month
}

// offsetOf reads +0100.
func offsetOf(text string) (time.Duration, bool) {
	at, err := time.Parse("-0700", strings.TrimSpace(text))
	if err != nil {
		return 0, false
	}
	_, seconds := at.Zone()
	return time.Duration(seconds) * time.Second, true
}
