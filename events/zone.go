package events

import (
	"strings"
	"time"

	"turnout"
)

// Errors of reading zones and wall-clock times.
var (
	ErrZone      = &turnout.Error{Kind: turnout.Invalid, Code: "timezone", Message: "This is no time zone. Use an IANA name such as Europe/Warsaw."}
	ErrWallClock = &turnout.Error{Kind: turnout.Invalid, Code: "local_time", Message: "This is no date and time. Choose a day and a time of day, such as 20 May 2026, 09:00."}
)

// LoadZone loads an IANA time zone by its name. "Local" and the empty name, which mean this machine's own zone to Go, are
// ErrZone like every unknown name. The zone data itself is built into the program.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, ErrZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, ErrZone.Because(err)
	}
	return zone, nil
}

// Resolution says how a wall-clock time was read. Pages show every resolution but Exact.
type Resolution string

// The resolutions.
const (
	Exact   Resolution = "exact"   // the time exists once
	Skipped Resolution = "skipped" // the clocks jump over it; it was moved on by the length of the jump: 2:30 is 3:30
	Twice   Resolution = "twice"   // the clocks go back over it; the first of the two was taken
)

// wallForms are how a date and time may be written: as browsers send a field of that sort, and as people type it where the
// field is a plain one.
var wallForms = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2 January 2006, 15:04", "2.1.2006, 15:04"}

// ResolveLocal reads a date and time as clocks in the zone show it ("2026-05-20T09:00", "20 May 2026, 09:00"). Text of
// another form is ErrWallClock.
func ResolveLocal(local string, zone *time.Location) (time.Time, Resolution, error) {
	for _, form := range wallForms {
		if wall, err := time.Parse(form, strings.TrimSpace(local)); err == nil {
			at, how := resolve(wall, zone)
			return at, how, nil
		}
	}
	return time.Time{}, "", ErrWallClock
}

// resolve finds the instant at which clocks in the zone show what wall shows in UTC. It tries the zone's offsets of a day
// before and a day after, which stand on both sides of a change, and keeps those that are in force at the instant that they
// give.
func resolve(wall time.Time, zone *time.Location) (time.Time, Resolution) {
	first := wall.Add(-offset(wall.Add(-24*time.Hour), zone))
	second := wall.Add(-offset(wall.Add(24*time.Hour), zone))
	firstFits, secondFits := shows(first, zone, wall), shows(second, zone, wall)
	switch {
	case firstFits && secondFits && !first.Equal(second):
		return first, Twice
	case firstFits:
		return first, Exact
	case secondFits:
		return second, Exact
	}
	return first, Skipped // read with the offset from before the jump, it lands behind it
}

func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func shows(at time.Time, zone *time.Location, wall time.Time) bool {
	return at.Add(offset(at, zone)).Equal(wall)
}

// wallOf writes what clocks in the zone show as if it were UTC.
func wallOf(at time.Time, zone *time.Location) time.Time { return at.UTC().Add(offset(at, zone)) }

// KeepWallClock gives the instant at which clocks in the zone after show what they showed in the zone before.
func KeepWallClock(at time.Time, before, after *time.Location) (time.Time, Resolution) {
	return resolve(wallOf(at, before), after)
}

// Shift moves a time that belongs to one event to the same place of another (a clone): as many days and hours on the wall
// clock from its start, whatever clock change lies between.
func Shift(at time.Time, from, to *Event) time.Time {
	distance := wallOf(to.StartsAt, to.Location()).Sub(wallOf(from.StartsAt, from.Location()))
	moved, _ := resolve(wallOf(at, from.Location()).Add(distance), to.Location())
	return moved
}

// DaysLater gives the instant at which clocks in the zone show the same time of day, so many days later.
func DaysLater(at time.Time, zone *time.Location, days int) (time.Time, Resolution) {
	return resolve(wallOf(at, zone).AddDate(0, 0, days), zone)
}
