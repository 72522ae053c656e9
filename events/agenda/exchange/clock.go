package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// assumedLength is what a session lasts whose file does not say.
const assumedLength = 30 * time.Minute

// maxLength bounds a session; longer ones are mistakes.
const maxLength = 31 * 24 * time.Hour

// loadZone gives an IANA zone; "Local" and "" name none.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("exchange: %q is no time zone", name)
	}
	return time.LoadLocation(name)
}

// clockProblem says what is wrong with a wall-clock time in its zone.
type clockProblem int

const (
	clockSound    clockProblem = iota
	clockSkipped               // the clocks jumped over it
	clockRepeated              // it came twice
)

// resolve finds the instant of a wall-clock time (given as if it were UTC) in a zone. A skipped time is read with the
// offset before the change, so it lands later by what was skipped; of a repeated one the first is meant.
func resolve(wall time.Time, zone *time.Location) (time.Time, clockProblem) {
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	early, late := wall.Add(-time.Duration(before)*time.Second), wall.Add(-time.Duration(after)*time.Second)
	earlyFits, lateFits := sameClock(early, wall, zone), sameClock(late, wall, zone)
	switch {
	case earlyFits && lateFits && !early.Equal(late):
		if late.Before(early) {
			early = late
		}
		return early.UTC(), clockRepeated
	case earlyFits:
		return early.UTC(), clockSound
	case lateFits:
		return late.UTC(), clockSound
	}
	return early.UTC(), clockSkipped
}

func sameClock(t, wall time.Time, zone *time.Location) bool {
	const plain = "2006-01-02T15:04:05"
	return t.In(zone).Format(plain) == wall.UTC().Format(plain)
}

// Layouts of an instant, then of a wall-clock time.
var (
	instantLayouts = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700"}
	wallLayouts    = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}
)

// instant reads a point in time as files write it, in UTC to the second; wall-clock times are resolved in the reading's
// zone, with a warning where a clock change makes them doubtful. False: not a time at all.
func (r *reading) instant(where Place, text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range instantLayouts {
		if t, err := time.Parse(layout, text); err == nil && sensible(t) {
			return t.UTC().Truncate(time.Second), true
		}
	}
	for _, layout := range wallLayouts {
		if t, err := time.Parse(layout, text); err == nil && sensible(t) {
			return r.wallClock(where, t), true
		}
	}
	return time.Time{}, false
}

// wallClock resolves a wall-clock time and warns where that took a decision.
func (r *reading) wallClock(where Place, wall time.Time) time.Time {
	wall = wall.Truncate(time.Second)
	zone := r.location()
	if r.zone == nil && r.schedule.Zone == "" {
		r.warn(where, "zone_assumed", "The time %s has no zone; UTC is assumed.", wall.Format("2006-01-02 15:04"))
	}
	t, problem := resolve(wall, zone)
	r.doubt(where, wall, t, zone, problem)
	return t
}

// doubt warns about a wall-clock time that does not exist, or comes twice.
func (r *reading) doubt(where Place, wall, t time.Time, zone *time.Location, problem clockProblem) {
	switch problem {
	case clockSkipped:
		r.warn(where, "time_skipped", "%s does not exist in %s (the clocks go forward); %s is used.",
			wall.Format("2006-01-02 15:04"), zone.String(), t.In(zone).Format("15:04 -07:00"))
	case clockRepeated:
		r.warn(where, "time_repeated", "%s comes twice in %s (the clocks go back); the first, %s, is used.",
			wall.Format("2006-01-02 15:04"), zone.String(), t.In(zone).Format("15:04 -07:00"))
	}
}

// sensible keeps years that a conference can be in.
func sensible(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 2200 }

// clock reads "9:05", "09:05:00", and "25:30" as a time after midnight: the time since midnight, less than two days.
func clock(text string) (time.Duration, bool) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	n, ok := numbers(parts)
	if !ok || n[0] >= 48 || n[1] >= 60 || len(n) == 3 && n[2] >= 60 {
		return 0, false
	}
	d := time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute
	if len(n) == 3 {
		d += time.Duration(n[2]) * time.Second
	}
	return d, true
}

// length reads "00:45", "1:02:30" (pretalx: a day, two hours and a half) and "00:45:00" (hours first).
func length(text string) (time.Duration, bool) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	n, ok := numbers(parts)
	if !ok {
		return 0, false
	}
	var d time.Duration
	switch {
	case len(n) == 1: // minutes
		d = time.Duration(n[0]) * time.Minute
	case len(n) == 2:
		d = time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute
	case len(n) == 3 && len(parts[0]) == 1 && n[0] > 0 && n[1] < 24:
		d = time.Duration(n[0])*24*time.Hour + time.Duration(n[1])*time.Hour + time.Duration(n[2])*time.Minute
	case len(n) == 3:
		d = time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute + time.Duration(n[2])*time.Second
	default:
		return 0, false
	}
	return d, true
}

// numbers reads one to three small numbers.
func numbers(parts []string) ([]int, bool) {
	if len(parts) == 0 || len(parts) > 3 {
		return nil, false
	}
	out := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// writeLength gives the length as both schemas take it: H:MM, with seconds only where there are some (in XML alone).
func writeLength(d time.Duration, xml bool) string {
	minutes, seconds := int(d/time.Minute), int(d%time.Minute/time.Second)
	switch {
	case xml && minutes >= 100*60: // more than two digits of hours are not allowed there
		return fmt.Sprintf("%d:%02d:%02d", minutes/(24*60), minutes/60%24, minutes%60)
	case xml && seconds > 0:
		return fmt.Sprintf("%02d:%02d:%02d", minutes/60, minutes%60, seconds)
	}
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}

// sessionLength checks a length and puts the assumed one where it is none.
func (r *reading) sessionLength(where Place, d time.Duration, ok bool, text string) time.Duration {
	if ok && d > 0 && d <= maxLength {
		return d
	}
	if strings.TrimSpace(text) == "" {
		text = "nothing"
	}
	r.warn(where, "length_assumed", "The length or end says %s; 30 minutes are assumed.", quoteShort(text))
	return assumedLength
}
