package agenda

import (
	"slices"
	"time"

	"turnout/events"
)

// dayBegins is the hour at which an agenda's day begins: what begins after midnight and before it stands with the evening that it belongs to.
const dayBegins = 4

// Day is a day of an agenda, from four in the morning to four in the morning where the event is. It has 23 or 25 hours when the clocks change.
type Day struct {
	Date     string // like 2026-05-20
	StartsAt time.Time
	EndsAt   time.Time
}

// DayOf gives the day of an event's agenda to which an instant belongs.
func DayOf(e *events.Event, at time.Time) Day {
	local := at.In(e.Location())
	date := time.Date(local.Year(), local.Month(), local.Day(), dayBegins, 0, 0, 0, e.Location())
	if local.Hour() < dayBegins {
		date = date.AddDate(0, 0, -1)
	}
	return Day{date.Format(time.DateOnly), date.UTC(), date.AddDate(0, 0, 1).UTC()}
}

// maxDays is how many days an event's own times give at most.
const maxDays = 100

// Days are those on which the event takes place, and those on which one of its sessions does, in order.
func (a *Agenda) Days() []Day {
	var days []Day
	for at := a.Event.StartsAt; at.Before(a.Event.EndsAt) && len(days) < maxDays; {
		day := DayOf(a.Event, at)
		days = append(days, day)
		at = day.EndsAt
	}
	for _, s := range a.Sessions {
		if s.Placed() {
			days = append(days, DayOf(a.Event, s.StartsAt))
		}
	}
	slices.SortFunc(days, func(a, b Day) int { return a.StartsAt.Compare(b.StartsAt) })
	return slices.CompactFunc(days, func(a, b Day) bool { return a.Date == b.Date })
}
