package templates

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

var zones sync.Map // IANA name → *time.Location: loading one reads a file

// inZone gives the time in the IANA zone; an unknown zone leaves it in UTC, which the printed abbreviation then shows.
func inZone(t time.Time, zone string) time.Time {
	if known, ok := zones.Load(zone); ok {
		return t.In(known.(*time.Location))
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return t.UTC()
	}
	zones.Store(zone, location)
	return t.In(location)
}

// iso is the time for machines: the datetime attribute of <time>.
func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clock is the time of day, "18:30".
func (l *localiser) clock(t time.Time, zone string) string {
	return inZone(t, zone).Format(l.say("format.clock"))
}

// clocks is a span within a day, "18:30–21:00".
func (l *localiser) clocks(from, to time.Time, zone string) string {
	return l.clock(from, zone) + "–" + l.clock(to, zone)
}

// zone is the abbreviation people know at that time: "CEST", "MESZ", "UTC+5:30" where there is none.
func (l *localiser) zone(t time.Time, zone string) string {
	name, _ := inZone(t, zone).Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		hours, minutes := name[1:], ""
		if len(name) == 5 {
			hours, minutes = name[1:3], ":"+name[3:]
		}
		return "UTC" + strings.Replace(name[:1], "-", minus, 1) + strings.TrimPrefix(hours, "0") + minutes
	}
	if l.has("zone." + name) {
		return l.say("zone." + name)
	}
	return name
}

// day writes a day by one of the catalogue's forms ("format.day", "format.date", "format.weekday_date").
func (l *localiser) day(form string, t time.Time) string {
	month, weekday := strconv.Itoa(int(t.Month())), strconv.Itoa(int(t.Weekday()))
	return l.say(form,
		"Day", t.Day(), "Year", t.Year(),
		"Month", l.say("month."+month), "Weekday", l.say("weekday."+weekday), "WeekdayShort", l.say("weekday_short."+weekday))
}

// date is a day with its year: "4 June 2026".
func (l *localiser) date(t time.Time, zone string) string {
	return l.day("format.date", inZone(t, zone))
}

// weekday is a day with the day of the week and no year: "Thu 4 June".
func (l *localiser) weekday(t time.Time, zone string) string {
	return l.day("format.weekday_day", inZone(t, zone))
}

// dayNear is weekday for a day that is read at another: "Thu 4 June", with the year when that is not the year of now.
func (l *localiser) dayNear(now, t time.Time, zone string) string {
	if year(now, zone) != year(t, zone) {
		return l.day("format.weekday_short_date", inZone(t, zone))
	}
	return l.weekday(t, zone)
}

// dayOf is weekday for a session of an event that lasts from begin to end: with the year where the day is none of the event's,
// or the event's days are of two years.
func (l *localiser) dayOf(t, begin, end time.Time, zone string) string {
	a, b, at := inZone(begin, zone), inZone(end, zone), inZone(t, zone)
	within := !at.Before(a) && at.Before(b) || sameDay(at, a) || sameDay(at, b)
	if within && a.Year() == b.Year() {
		return l.day("format.weekday_day", at)
	}
	return l.day("format.weekday_short_date", at)
}

// momentNear is moment for a reader at the place and near the time: "18:30" on the day of now, else "Thu 4 June, 18:30".
func (l *localiser) momentNear(now, t time.Time, zone string) string {
	if sameDay(inZone(now, zone), inZone(t, zone)) {
		return l.clock(t, zone)
	}
	return l.say("format.day_clock", "Day", l.dayNear(now, t, zone), "Clock", l.clock(t, zone))
}

// monthShort is the month of a calendar leaf, "Jun".
func (l *localiser) monthShort(t time.Time, zone string) string {
	return l.say("month_short." + strconv.Itoa(int(inZone(t, zone).Month())))
}

// dayOfMonth is the number of a calendar leaf.
func dayOfMonth(t time.Time, zone string) int { return inZone(t, zone).Day() }

// year stands beside a day that is shown without one.
func year(t time.Time, zone string) int { return inZone(t, zone).Year() }

// dates is a span of days with as little repeated as the language allows: "4–6 June 2026", "30 May – 2 June 2026".
func (l *localiser) dates(from, to time.Time, zone string) string {
	a, b := inZone(from, zone), lastDay(inZone(from, zone), inZone(to, zone))
	switch {
	case sameDay(a, b):
		return l.day("format.date", a)
	case a.Year() != b.Year():
		return l.day("format.date", a) + " – " + l.day("format.date", b)
	case a.Month() != b.Month():
		return l.day("format.day", a) + " – " + l.day("format.date", b)
	}
	return l.say("format.day_range", "Day", a.Day(), "Last", l.day("format.date", b))
}

// when is what an attendee puts into the calendar: "Thu 4 June, 18:30–21:00 CEST", over days
// "Thu 4 June, 09:00 – Sat 6 June, 17:00 CEST".
func (l *localiser) when(from, to time.Time, zone string) string {
	return l.span("format.weekday_day", from, to, zone)
}

// whenLong is when with full weekday and year: "Thursday 4 June 2026, 18:30–21:00 CEST".
func (l *localiser) whenLong(from, to time.Time, zone string) string {
	return l.span("format.weekday_date", from, to, zone)
}

// span says the zone once, at its end; where clocks are changed in between, at both ends.
func (l *localiser) span(form string, from, to time.Time, zone string) string {
	a, b := inZone(from, zone), inZone(to, zone)
	start, dash := l.say("format.day_clock", "Day", l.day(form, a), "Clock", l.clock(a, zone)), "–"
	end := l.clock(b, zone)
	if !sameDay(a, lastDay(a, b)) {
		end, dash = l.say("format.day_clock", "Day", l.day(form, b), "Clock", end), " – "
	}
	if l.zone(from, zone) != l.zone(to, zone) {
		start, dash = start+nbsp+l.zone(from, zone), " – "
	}
	return start + dash + end + nbsp + l.zone(to, zone)
}

// moment is one point in time: "Thu 4 June 2026, 18:30 CEST".
func (l *localiser) moment(t time.Time, zone string) string {
	at := inZone(t, zone)
	return l.say("format.day_clock", "Day", l.day("format.weekday_short_date", at), "Clock", l.clock(at, zone)) + nbsp + l.zone(t, zone)
}

// minutes is a length: "45 min", "1 h 30 min".
func (l *localiser) minutes(from, to time.Time) string {
	total := int(to.Sub(from) / time.Minute)
	switch hours, rest := total/60, total%60; {
	case hours == 0:
		return l.say("format.minutes", "Minutes", rest)
	case rest == 0:
		return l.say("format.hours", "Hours", hours)
	default:
		return l.say("format.hours_minutes", "Hours", hours, "Minutes", rest)
	}
}

// relative says how far t is from now in the largest unit that is at least one: "in 3 days", "5 minutes ago", "just now".
func (l *localiser) relative(now, t time.Time) string {
	distance, side := t.Sub(now), "in"
	if distance < 0 {
		distance, side = -distance, "ago"
	}
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"days", 24 * time.Hour}, {"hours", time.Hour}, {"minutes", time.Minute}} {
		if n := int(distance / unit.length); n > 0 {
			return l.say("relative."+side+"_"+unit.name, "Count", n)
		}
	}
	return l.say("relative.now")
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// lastDay takes an end in the small hours (until 6:00 of the next day) as part of the evening before: a party from
// 20:00 to 02:00 is one evening for people, and its clock times say the rest.
func lastDay(from, to time.Time) time.Time {
	if to.Hour() < 6 && to.After(from) && !sameDay(from, to) {
		return to.AddDate(0, 0, -1)
	}
	return to
}
