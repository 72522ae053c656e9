package templates

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// ScheduleSession is one session on the schedule page. [LayOutSchedule] fills Row, Span, Column and Columns.
type ScheduleSession struct {
	ID, Title, URL   string
	Speakers         string // names, joined
	Room             string // "" for everywhere or online: it takes the whole width
	Track            string
	TrackColour      int    // 1–8, 0 for none: the class of a colour beside the track's name
	Kind             string // "break" and "social" are drawn quieter
	StartsAt, EndsAt time.Time
	Now              bool // under way

	Row, Span, Column, Columns int // its place in the grid, counted as CSS does
}

// Class gives the place in the grid, for the class attribute.
func (s ScheduleSession) Class() string {
	class := "session r" + strconv.Itoa(s.Row) + " s" + strconv.Itoa(s.Span) + " c" + strconv.Itoa(s.Column)
	if s.Columns > 1 {
		class += " session-wide w" + strconv.Itoa(s.Columns)
	}
	if s.TrackColour > 0 {
		class += " track-" + strconv.Itoa(s.TrackColour)
	}
	if s.Kind == "break" || s.Kind == "social" {
		class += " session-break"
	}
	if s.Now {
		class += " session-now"
	}
	return class
}

// ScheduleDay is one day of the schedule, for the list (Slots) and the grid (Rooms, Times) at once.
type ScheduleDay struct {
	Date    time.Time // its first start
	Rooms   []ScheduleRoom
	Times   []ScheduleTime // every half hour
	Slots   []ScheduleSlot
	Columns int // of all rooms together
}

// ScheduleRoom is the head of a column; it is wider where sessions of the room overlap.
type ScheduleRoom struct {
	Name            string
	Column, Columns int
}

// ScheduleTime is the head of a row.
type ScheduleTime struct {
	At  time.Time
	Row int
}

// ScheduleSlot holds the sessions that start together.
type ScheduleSlot struct {
	At       time.Time
	Sessions []ScheduleSession
}

// The grid's measure, and how far the classes of static/build reach.
const (
	scheduleRow      = 5 * time.Minute
	scheduleMark     = 30 * time.Minute
	scheduleRows     = 290
	scheduleColumns  = 79
	firstScheduleRow = 2
)

// LayOutSchedule puts sessions into days of the event's zone, and within a day into slots and grid places. A day turns at an hour after midnight: what begins before stands with the
// evening. The order of rooms is the given one; rooms without a session that day are left out, rooms not named follow by name.
func LayOutSchedule(sessions []ScheduleSession, rooms []string, zone string, turns int) []ScheduleDay {
	sorted := slices.Clone(sessions)
	order := map[string]int{}
	for i, r := range rooms {
		order[r] = i + 1
	}
	slices.SortStableFunc(sorted, func(a, b ScheduleSession) int {
		if c := a.StartsAt.Compare(b.StartsAt); c != 0 {
			return c
		}
		return compareRooms(order, a.Room, b.Room)
	})
	var days []ScheduleDay
	for len(sorted) > 0 {
		first := inZone(sorted[0].StartsAt, zone)
		n := 1
		date := scheduleDate(first, turns)
		for n < len(sorted) && sameDay(date, scheduleDate(inZone(sorted[n].StartsAt, zone), turns)) {
			n++
		}
		day := layOutDay(sorted[:n], order, first)
		day.Date = date
		days = append(days, day)
		sorted = sorted[n:]
	}
	return days
}

// scheduleDate is noon of the day that a time belongs to.
func scheduleDate(at time.Time, turns int) time.Time {
	day := at.Day()
	if at.Hour() < turns {
		day--
	}
	return time.Date(at.Year(), at.Month(), day, 12, 0, 0, 0, at.Location())
}

func compareRooms(order map[string]int, a, b string) int {
	x, y := order[a], order[b]
	switch {
	case x == 0 && y == 0:
		return strings.Compare(a, b)
	case x == 0:
		return 1
	case y == 0:
		return -1
	}
	return x - y
}

func layOutDay(sessions []ScheduleSession, order map[string]int, first time.Time) ScheduleDay {
	var day ScheduleDay
	start := first.Add(-time.Duration(first.Minute())*time.Minute - time.Duration(first.Second())*time.Second)
	if first.Minute() >= int(scheduleMark/time.Minute) {
		start = start.Add(scheduleMark)
	}
	last := firstScheduleRow
	for i := range sessions {
		s := &sessions[i]
		s.Row = min(firstScheduleRow+int(s.StartsAt.Sub(start)/scheduleRow), scheduleRows)
		end := firstScheduleRow + int((s.EndsAt.Sub(start)+scheduleRow-1)/scheduleRow)
		s.Span = min(max(end-s.Row, 1), scheduleRows-s.Row+1)
		last = max(last, s.Row+s.Span)
	}
	day.Rooms, day.Columns = layOutRooms(sessions, order)
	for row, at := firstScheduleRow, start; row < last; row, at = row+int(scheduleMark/scheduleRow), at.Add(scheduleMark) {
		day.Times = append(day.Times, ScheduleTime{At: at, Row: row})
	}
	for _, s := range sessions {
		if n := len(day.Slots); n == 0 || !day.Slots[n-1].At.Equal(s.StartsAt) {
			day.Slots = append(day.Slots, ScheduleSlot{At: s.StartsAt})
		}
		slot := &day.Slots[len(day.Slots)-1]
		slot.Sessions = append(slot.Sessions, s)
	}
	return day
}

// layOutRooms gives every room a column, or several where its sessions overlap, and every session its column.
func layOutRooms(sessions []ScheduleSession, order map[string]int) ([]ScheduleRoom, int) {
	lanes := map[string][]int{} // room → the row where each of its columns is free again
	lane := make([]int, len(sessions))
	var names []string
	for i, s := range sessions {
		if s.Room == "" {
			continue
		}
		free, ok := lanes[s.Room]
		if !ok {
			names = append(names, s.Room)
		}
		k := slices.IndexFunc(free, func(until int) bool { return until <= s.Row })
		if k < 0 {
			k, free = len(free), append(free, 0)
		}
		free[k] = s.Row + s.Span
		lanes[s.Room], lane[i] = free, k
	}
	slices.SortFunc(names, func(a, b string) int { return compareRooms(order, a, b) })
	column := 2
	start := map[string]int{}
	var rooms []ScheduleRoom
	for _, name := range names {
		start[name] = column
		rooms = append(rooms, ScheduleRoom{Name: name, Column: column, Columns: len(lanes[name])})
		column += len(lanes[name])
	}
	all := min(max(column-2, 1), scheduleColumns)
	for i := range sessions {
		s := &sessions[i]
		s.Column, s.Columns = min(start[s.Room]+lane[i], scheduleColumns+1), 1
		if s.Room == "" {
			s.Column, s.Columns = 2, all
		}
	}
	return rooms, all
}
