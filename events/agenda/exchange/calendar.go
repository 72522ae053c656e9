package exchange

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Calendar is an iCalendar file (RFC 5545): the feed of a community, the schedule of an event, or the one entry that
// goes out with a ticket.
type Calendar struct {
	Name   string // X-WR-CALNAME: how calendar programs title a subscription; "" for a single entry
	Events []CalendarEvent
	Mailed bool // it goes out with a mail, whose type names a method (RFC 5546); in a file or a feed a method would ask for an organizer's address
}

// CalendarEvent is one entry. Only UID, Stamp, Start and Summary are needed.
type CalendarEvent struct {
	UID         string         // the same for ever, so that a calendar updates instead of doubling
	Sequence    int            // rises when time or place change
	Stamp       time.Time      // when the entry was last written
	Start, End  time.Time      // End may be zero
	Zone        *time.Location // whose wall clock is shown; nil is UTC
	Summary     string
	Description string
	Location    string
	URL         string
	Categories  []string
	Canceled    bool
}

// Write writes the calendar with CRLF line ends, lines folded at 75 octets, and a VTIMEZONE for every zone it uses.
func (c Calendar) Write(w io.Writer) error {
	out := &calendarWriter{w: bufio.NewWriter(w)}
	out.line("BEGIN", "VCALENDAR")
	out.line("VERSION", "2.0")
	out.line("PRODID", "-//Turnout//Turnout//EN")
	out.line("CALSCALE", "GREGORIAN")
	if c.Mailed {
		out.line("METHOD", "PUBLISH")
	}
	if c.Name != "" {
		out.text("X-WR-CALNAME", c.Name)
	}
	for _, z := range c.zones() {
		out.timezone(z)
	}
	for _, e := range c.Events {
		out.event(e)
	}
	out.line("END", "VCALENDAR")
	return out.w.Flush()
}

type calendarWriter struct{ w *bufio.Writer }

func (out *calendarWriter) event(e CalendarEvent) {
	out.line("BEGIN", "VEVENT")
	out.text("UID", e.UID)
	out.line("DTSTAMP", utc(e.Stamp))
	out.line("LAST-MODIFIED", utc(e.Stamp))
	out.line("SEQUENCE", strconv.Itoa(max(0, e.Sequence)))
	zone := e.Zone
	if twice(e.Start, zone) || twice(e.End, zone) {
		zone = nil // the clocks go back: only UTC says which of two hours is meant
	}
	out.when("DTSTART", e.Start, zone)
	if e.End.After(e.Start) {
		out.when("DTEND", e.End, zone)
	}
	out.text("SUMMARY", e.Summary)
	if e.Description != "" {
		out.text("DESCRIPTION", e.Description)
	}
	if e.Location != "" {
		out.text("LOCATION", e.Location)
	}
	if address := StrictURI(e.URL); address != "" {
		out.line("URL", address)
	}
	if len(e.Categories) > 0 {
		escaped := make([]string, len(e.Categories))
		for i, category := range e.Categories {
			escaped[i] = escapeText(category)
		}
		out.line("CATEGORIES", strings.Join(escaped, ","))
	}
	status := "CONFIRMED"
	if e.Canceled {
		status = "CANCELLED"
	}
	out.line("STATUS", status)
	out.line("END", "VEVENT")
}

// when writes a time in its zone, or in UTC where it has none.
func (out *calendarWriter) when(name string, t time.Time, zone *time.Location) {
	if !named(zone) {
		out.line(name, utc(t))
		return
	}
	out.line(name+";TZID="+zone.String(), t.In(zone).Format(localTime))
}

// twice tells whether the zone's wall clock shows the same at another instant too.
func twice(t time.Time, zone *time.Location) bool {
	if !named(zone) || t.IsZero() {
		return false
	}
	local := t.In(zone)
	_, problem := resolve(time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC), zone)
	return problem == clockRepeated
}

const localTime = "20060102T150405"

func utc(t time.Time) string { return t.UTC().Format(localTime) + "Z" }

// text writes a property whose value is TEXT.
func (out *calendarWriter) text(name, value string) { out.line(name, escapeText(value)) }

// escapeText escapes as RFC 5545 section 3.3.11 says and drops what cannot stand in a calendar.
func escapeText(value string) string {
	value = strings.ReplaceAll(strings.ToValidUTF8(value, "\ufffd"), "\r\n", "\n")
	value = strings.Map(func(r rune) rune {
		if r == '\r' {
			return '\n'
		}
		if forbidden(r) && r != '\n' {
			return -1
		}
		return r
	}, value)
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(value)
}

// line writes one content line, folded so that no line has more than 75 octets and no character is cut.
func (out *calendarWriter) line(name, value string) {
	rest := name + ":" + value
	for room := 75; len(rest) > room; room = 74 { // the space that begins a continued line counts
		cut := room
		for cut > 1 && !utf8.RuneStart(rest[cut]) {
			cut--
		}
		_, _ = out.w.WriteString(rest[:cut] + "\r\n ") // a bufio.Writer keeps its error for Flush
		rest = rest[cut:]
	}
	_, _ = out.w.WriteString(rest + "\r\n")
}

// WriteICS writes the schedule as a calendar. Errors are those of w.
func WriteICS(w io.Writer, s *Schedule, stamp time.Time) error { return CalendarOf(s, stamp).Write(w) }

// CalendarOf makes a schedule a calendar: one entry for each session that has a slot, UID the session's GUID, SEQUENCE its revision, DTSTAMP the given time.
func CalendarOf(s *Schedule, stamp time.Time) Calendar {
	calendar := Calendar{Name: s.Title}
	zone, people, rooms := s.Location(), s.peopleByKey(), s.RoomNames()
	for _, session := range s.Sessions {
		if !session.Placed() {
			continue
		}
		e := CalendarEvent{
			UID: s.GUID(session), Sequence: session.Revision, Stamp: stamp, Start: session.Start, End: session.End(), Zone: zone,
			Summary: session.Title, Location: rooms[session.Room], URL: session.URL,
		}
		var parts, names []string
		for _, key := range session.Speakers {
			names = append(names, people[key].Name)
		}
		for _, part := range []string{session.Subtitle, strings.Join(names, ", "), PlainText(session.Abstract), PlainText(session.Description)} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		e.Description = strings.Join(parts, "\n\n")
		if session.Track != "" {
			e.Categories = []string{session.Track}
		}
		calendar.Events = append(calendar.Events, e)
	}
	return calendar
}
