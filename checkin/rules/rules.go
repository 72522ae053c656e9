// Package rules decides whether somebody may pass a door, from what is known of their ticket, of the door and of the time, without a database:
// the server and the door's page, which has the same evaluator in TypeScript, decide alike. testdata/cases.json is the table that both must pass.
package rules

import (
	"fmt"
	"slices"
	"time"
)

// Minute is an instant or a duration in whole minutes; instants count from 1970 in UTC.
type Minute = int64

// Entry says how often a ticket comes in.
type Entry string

// The entries.
const (
	Single   Entry = "single"   // once
	Again    Entry = "reentry"  // again after each exit
	Multiple Entry = "multiple" // any number of times
	Daily    Entry = "daily"    // once a day
)

// Entries are all of them, in the order in which they are chosen from.
var Entries = []Entry{Single, Again, Daily, Multiple}

// Offset is a zone's distance from UTC from an instant on.
type Offset struct {
	From    Minute `json:"from"`
	Minutes int64  `json:"minutes"` // east of UTC
}

// List is what a door accepts. A ticket passes when one of the rules is met; without rules, when it comes in as often as it may.
type List struct {
	Entry   Entry    `json:"entry"`
	Offsets []Offset `json:"offsets"`  // of the event's zone, oldest first; the first holds before it too
	DayFrom int64    `json:"day_from"` // minutes after midnight at which a day begins: a party's night is one day
	ExitAt  *int64   `json:"exit_at"`  // minutes after midnight at which everybody who is inside is taken as gone; nil for never
	Rules   []Rule   `json:"rules"`
}

// OffsetsOf gives the distances of a zone from UTC that hold between two instants.
func OffsetsOf(zone *time.Location, from, until time.Time) (list []Offset) {
	for {
		begin, end := from.In(zone).ZoneBounds()
		_, seconds := from.In(zone).Zone()
		o := Offset{Minutes: int64(seconds) / 60}
		if !begin.IsZero() {
			o.From = begin.Unix() / 60
		}
		list = append(list, o)
		if end.IsZero() || !end.Before(until) {
			return list
		}
		from = end
	}
}

// At is an instant in minutes; what is left of a minute has not happened yet.
func At(t time.Time) Minute { return floorDiv(t.Unix(), 60) }

// Time is the instant of minutes.
func Time(m Minute) time.Time { return time.Unix(m*60, 0).UTC() }

// ParseClock reads a time of day, 18:30, as minutes after midnight.
func ParseClock(text string) (minutes int64, ok bool) {
	at, err := time.Parse("15:04", text)
	return int64(at.Hour()*60 + at.Minute()), err == nil
}

// Clocked writes minutes after midnight as a time of day.
func Clocked(minutes int64) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// Rule is met when each of its conditions is.
type Rule []Condition

// Kind is what a condition looks at.
type Kind string

// The kinds of conditions. What a kind does not name beside it is not looked at.
const (
	Types      Kind = "types"       // Any: the ticket's type is one of them
	AddOns     Kind = "add_ons"     // Any: the ticket has one of them
	Gates      Kind = "gates"       // Any: names of gates, written as the list writes them
	Weekdays   Kind = "weekdays"    // Any: "1" Monday to "7" Sunday, of the day as DayFrom cuts it
	Clock      Kind = "clock"       // From ≤ minutes after midnight < Until; Until ≤ From goes over midnight
	Between    Kind = "between"     // From ≤ instant < Until
	EntriesMax Kind = "entries"     // fewer than Number entries before
	TodayMax   Kind = "today"       // fewer than Number entries on this day
	AfterEntry Kind = "after_entry" // at least Number minutes since the last entry, or none before
	AfterExit  Kind = "after_exit"  // at least Number minutes since the last exit, or none before
	WithinExit Kind = "within_exit" // at most Number minutes since the last exit, or none before
)

// Condition is one thing that must hold.
type Condition struct {
	Kind   Kind     `json:"kind"`
	Any    []string `json:"any,omitempty"`
	From   int64    `json:"from,omitempty"`
	Until  int64    `json:"until,omitempty"`
	Number int64    `json:"number,omitempty"`
}

// Pass is somebody at the door.
type Pass struct {
	At      Minute   `json:"at"`
	Gate    string   `json:"gate"`
	Type    string   `json:"type"`
	AddOns  []string `json:"add_ons"`
	Entries []Minute `json:"entries"` // accepted before, oldest first
	Exits   []Minute `json:"exits"`   // likewise
	Inside  bool     `json:"inside"`  // the last of them was an entry
}

// Reason says what stood in the way.
type Reason string

// The reasons.
const (
	AlreadyIn Reason = "already_checked_in" // by the list's Entry
	ByRules   Reason = "rules"              // Failed says which conditions
)

// Verdict is the answer about an entry.
type Verdict struct {
	Reason Reason      `json:"reason"` // "" for yes
	Failed []Condition `json:"failed"` // of the rule that came nearest: the fewest conditions, the first of those
	Again  Minute      `json:"again"`  // when the same ticket may come in at this gate, if only time is in the way; 0 for not known
}

// Enter decides about an entry.
func (l *List) Enter(p *Pass) Verdict {
	if reason, again := l.spent(p); reason != "" {
		later := *p
		if later.At = again; !l.passes(&later) {
			again = 0
		}
		return Verdict{Reason: reason, Again: again}
	}
	if len(l.Rules) == 0 {
		return Verdict{}
	}
	var nearest []Condition
	for i, rule := range l.Rules {
		failed := l.failed(rule, p)
		if len(failed) == 0 {
			return Verdict{}
		}
		if i == 0 || len(failed) < len(nearest) {
			nearest = failed
		}
	}
	return Verdict{Reason: ByRules, Failed: nearest, Again: l.again(p)}
}

// spent says whether the ticket came in as often as the list lets it, and when the next day begins.
func (l *List) spent(p *Pass) (Reason, Minute) {
	switch l.Entry {
	case Multiple:
		return "", 0
	case Again:
		if l.Inside(p) {
			return AlreadyIn, l.NextExit(p.At)
		}
		return "", 0
	case Daily:
		if l.today(p) > 0 {
			return AlreadyIn, l.dayEnd(p.At)
		}
		return "", 0
	}
	if len(p.Entries) > 0 {
		return AlreadyIn, 0
	}
	return "", 0
}

// Inside says whether somebody who came in is still inside: everybody is taken as gone at ExitAt.
func (l *List) Inside(p *Pass) bool {
	return p.Inside && (l.ExitAt == nil || last(p.Entries) >= l.LastExit(p.At))
}

// LastExit is the moment before or at an instant at which everybody was taken as gone. The list must have one.
func (l *List) LastExit(at Minute) Minute {
	day := floorDiv(l.local(at)-*l.ExitAt, minutesOfDay)
	for {
		if exit := l.instant(day*minutesOfDay + *l.ExitAt); exit <= at {
			return exit
		}
		day-- // the clock showed this time twice, or not at all
	}
}

// NextExit is the first moment after an instant at which everybody is taken as gone, 0 for none.
func (l *List) NextExit(at Minute) Minute {
	if l.ExitAt == nil {
		return 0
	}
	for day := floorDiv(l.local(at)-*l.ExitAt, minutesOfDay); ; day++ {
		if exit := l.instant(day*minutesOfDay + *l.ExitAt); exit > at {
			return exit
		}
	}
}

func (l *List) failed(rule Rule, p *Pass) (failed []Condition) {
	for _, c := range rule {
		if !l.holds(&c, p) {
			failed = append(failed, c)
		}
	}
	return failed
}

// holds says whether a condition is met; one of a kind that this version does not know never is.
func (l *List) holds(c *Condition, p *Pass) bool {
	switch c.Kind {
	case Types:
		return slices.Contains(c.Any, p.Type)
	case AddOns:
		return slices.ContainsFunc(p.AddOns, func(id string) bool { return slices.Contains(c.Any, id) })
	case Gates:
		return slices.Contains(c.Any, p.Gate)
	case Weekdays:
		return slices.Contains(c.Any, string(rune('1'+floorMod(l.day(p.At)+3, 7)))) // 1 January 1970 was a Thursday
	case Clock:
		at := floorMod(l.local(p.At), minutesOfDay)
		if c.Until <= c.From {
			return at >= c.From || at < c.Until
		}
		return at >= c.From && at < c.Until
	case Between:
		return p.At >= c.From && p.At < c.Until
	case EntriesMax:
		return int64(len(p.Entries)) < c.Number
	case TodayMax:
		return l.today(p) < c.Number
	case AfterEntry:
		return len(p.Entries) == 0 || p.At-last(p.Entries) >= c.Number
	case AfterExit:
		return len(p.Exits) == 0 || p.At-last(p.Exits) >= c.Number
	case WithinExit:
		return len(p.Exits) == 0 || p.At-last(p.Exits) <= c.Number
	}
	return false
}

const minutesOfDay = 24 * 60

// local is the event's wall clock at an instant, in minutes from 1970 as if it were UTC.
func (l *List) local(at Minute) int64 {
	offset := int64(0)
	for i, o := range l.Offsets {
		if i == 0 || o.From <= at {
			offset = o.Minutes
		}
	}
	return at + offset
}

// day numbers the days, as DayFrom cuts them.
func (l *List) day(at Minute) int64 { return floorDiv(l.local(at)-l.DayFrom, minutesOfDay) }

// dayEnd is the first instant of the next day.
func (l *List) dayEnd(at Minute) Minute { return l.instant((l.day(at)+1)*minutesOfDay + l.DayFrom) }

// instant is the first one at which the wall clock shows at least so much: what a clock leaves out by jumping forward is the jump.
func (l *List) instant(local int64) Minute {
	for i, o := range l.Offsets {
		at := local - o.Minutes
		if i > 0 {
			at = max(at, o.From)
		}
		if i+1 == len(l.Offsets) || at < l.Offsets[i+1].From {
			return at
		}
	}
	return local
}

// today counts the entries of the pass on the day on which it stands at the door.
func (l *List) today(p *Pass) (n int64) {
	for _, at := range p.Entries {
		if l.day(at) == l.day(p.At) {
			n++
		}
	}
	return n
}

// again is when the same ticket may come in at the same gate if it waits, within a week; 0 for never.
func (l *List) again(p *Pass) Minute {
	var moments []Minute
	for _, rule := range l.Rules {
		for _, c := range rule {
			switch c.Kind {
			case Between:
				moments = append(moments, c.From)
			case AfterEntry:
				moments = append(moments, last(p.Entries)+c.Number)
			case AfterExit:
				moments = append(moments, last(p.Exits)+c.Number)
			case Clock:
				for i := range int64(9) {
					moments = append(moments, l.instant((floorDiv(l.local(p.At), minutesOfDay)+i)*minutesOfDay+c.From))
				}
			case Weekdays, TodayMax:
				for at, i := p.At, 0; i < 8; i++ {
					at = l.dayEnd(at)
					moments = append(moments, at)
				}
			}
		}
	}
	slices.Sort(moments)
	later := *p
	for _, later.At = range moments {
		if later.At > p.At && later.At <= p.At+8*minutesOfDay && l.passes(&later) {
			return later.At
		}
	}
	return 0
}

func (l *List) passes(p *Pass) bool {
	if reason, _ := l.spent(p); reason != "" {
		return false
	}
	return len(l.Rules) == 0 || slices.ContainsFunc(l.Rules, func(rule Rule) bool { return len(l.failed(rule, p)) == 0 })
}

func last(list []Minute) Minute {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
