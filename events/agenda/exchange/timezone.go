package exchange

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// usedZone is a zone and the span in which a calendar uses it.
type usedZone struct {
	zone     *time.Location
	from, to time.Time
}

// maxObservances bounds the changes written for one zone: a century of two a year.
const maxObservances = 200

// named tells whether a zone has a VTIMEZONE of its own; UTC and zones without an IANA name have none.
func named(zone *time.Location) bool {
	if zone == nil {
		return false
	}
	name := zone.String()
	if name == "UTC" || name == "Local" || name == "" || strings.ContainsAny(name, ":;,\"\r\n") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// zones lists the zones of the events by name, each with the first start and the last end.
func (c Calendar) zones() []usedZone {
	var used []usedZone
	for _, e := range c.Events {
		if !named(e.Zone) {
			continue
		}
		end := e.Start
		if e.End.After(end) {
			end = e.End
		}
		i := slices.IndexFunc(used, func(u usedZone) bool { return u.zone.String() == e.Zone.String() })
		if i < 0 {
			used = append(used, usedZone{e.Zone, e.Start, end})
			continue
		}
		if e.Start.Before(used[i].from) {
			used[i].from = e.Start
		}
		if end.After(used[i].to) {
			used[i].to = end
		}
	}
	slices.SortFunc(used, func(a, b usedZone) int { return strings.Compare(a.zone.String(), b.zone.String()) })
	return used
}

// timezone writes every offset that is in force between the zone's first and last use, each from the instant at which it
// began, so that no recurrence rule has to be guessed.
func (out *calendarWriter) timezone(u usedZone) {
	out.line("BEGIN", "VTIMEZONE")
	out.line("TZID", u.zone.String())
	at := u.from
	for range maxObservances {
		begin, end := at.In(u.zone).ZoneBounds()
		out.observance(u.zone, begin, at)
		if end.IsZero() || end.After(u.to) {
			break
		}
		at = end
	}
	out.line("END", "VTIMEZONE")
}

// observance writes the offset in force at an instant; begin is when it came into force, zero for always.
func (out *calendarWriter) observance(zone *time.Location, begin, at time.Time) {
	name, offset := at.In(zone).Zone()
	before, since := offset, "19700101T000000"
	if !begin.IsZero() {
		_, before = begin.Add(-time.Second).In(zone).Zone()
		since = begin.UTC().Add(time.Duration(before) * time.Second).Format(localTime) // in the clock that ended
	}
	kind := "STANDARD"
	if at.In(zone).IsDST() {
		kind = "DAYLIGHT"
	}
	out.line("BEGIN", kind)
	out.line("DTSTART", since)
	out.line("TZOFFSETFROM", offsetText(before))
	out.line("TZOFFSETTO", offsetText(offset))
	out.text("TZNAME", name)
	out.line("END", kind)
}

// offsetText gives +0130, with seconds only where there are some (old local mean times).
func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if s := seconds % 60; s > 0 {
		text += fmt.Sprintf("%02d", s)
	}
	return text
}
