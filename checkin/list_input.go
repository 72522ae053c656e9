package checkin

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"turnout"
	"turnout/checkin/rules"
)

// ListInput is what a list is made or changed with.
type ListInput struct {
	Name          string
	SessionID     turnout.ID // who comes in is at this session; only of a new list
	TicketTypeIDs []turnout.ID
	AddOnIDs      []turnout.ID
	StartsAt      time.Time
	EndsAt        time.Time
	Entry         rules.Entry // Single when empty
	DayFrom       int64
	ExitAt        *int64
	Rules         []rules.Rule
	MostInside    *int64 // nil: not said
}

// The most that one list can have: a door reads them all for each scan.
const (
	maxRules      = 20
	maxConditions = 10 // of one rule
	maxGateName   = 60
)

// Check says all that is wrong with the input, field by field; the conditions of rules are "rules[0][1]".
func (in *ListInput) Check() error {
	var p turnout.Problems
	p.Require("name", strings.TrimSpace(in.Name))
	p.InOrder("ends_at", in.StartsAt, in.EndsAt, "The list must end after it begins.")
	if in.Entry == "" {
		in.Entry = rules.Single
	}
	if !slices.Contains(rules.Entries, in.Entry) {
		p.Add("entry", "unknown", "Choose single, reentry, daily or multiple.")
	}
	if !timeOfDay(in.DayFrom) {
		p.Add("day_from", "out_of_range", "This must be a time of day.")
	}
	if in.ExitAt != nil && !timeOfDay(*in.ExitAt) {
		p.Add("exit_at", "out_of_range", "This must be a time of day.")
	}
	if in.MostInside != nil && (*in.MostInside < 1 || *in.MostInside > 10_000_000) {
		p.Add("most_inside", "out_of_range", "This must be a number from 1 to 10,000,000.")
	}
	in.checkRules(&p)
	for _, ids := range []*[]turnout.ID{&in.TicketTypeIDs, &in.AddOnIDs} {
		slices.Sort(*ids)
		*ids = slices.Compact(*ids)
	}
	return p.Err()
}

func timeOfDay(minutes int64) bool { return minutes >= 0 && minutes < 24*60 }

func (in *ListInput) checkRules(p *turnout.Problems) {
	if len(in.Rules) > maxRules {
		p.Add("rules", "too_many", "A list can have at most %d rules.", maxRules)
		return
	}
	for i, rule := range in.Rules {
		name := "rules[" + strconv.Itoa(i) + "]"
		switch {
		case len(rule) == 0:
			p.Add(name, "required", "A rule needs a condition.")
		case len(rule) > maxConditions:
			p.Add(name, "too_many", "A rule can have at most %d conditions.", maxConditions)
			continue
		}
		for j := range rule {
			checkCondition(p, name+"["+strconv.Itoa(j)+"]", &rule[j])
		}
	}
}

// checkCondition checks one condition by its kind, and leaves out what its kind does not look at.
func checkCondition(p *turnout.Problems, name string, c *rules.Condition) {
	kept := rules.Condition{Kind: c.Kind}
	switch c.Kind {
	case rules.Types, rules.AddOns, rules.Gates, rules.Weekdays:
		if kept.Any = anyOf(p, name, c); len(kept.Any) == 0 {
			p.Add(name+".any", "required", "Choose at least one.")
		}
	case rules.Clock:
		if kept.From, kept.Until = c.From, c.Until; !timeOfDay(c.From) || !timeOfDay(c.Until) || c.From == c.Until {
			p.Add(name+".from", "out_of_range", "This needs two different times of day.")
		}
	case rules.Between:
		if kept.From, kept.Until = c.From, c.Until; c.From >= c.Until {
			p.Add(name+".until", "out_of_order", "This must end after it begins.")
		}
	case rules.EntriesMax, rules.TodayMax, rules.AfterEntry, rules.AfterExit, rules.WithinExit:
		if kept.Number = c.Number; c.Number < 1 || c.Number > 10_000 {
			p.Add(name+".number", "out_of_range", "This must be a number from 1 to 10,000.")
		}
	default:
		p.Add(name+".kind", "unknown", "There is no such condition.")
	}
	*c = kept
}

// anyOf gives the texts of a condition without what is there twice or empty.
func anyOf(p *turnout.Problems, name string, c *rules.Condition) (kept []string) {
	for _, text := range c.Any {
		text = strings.TrimSpace(text)
		switch {
		case text == "" || slices.Contains(kept, text):
			continue
		case c.Kind == rules.Weekdays && (len(text) != 1 || text < "1" || text > "7"):
			p.Add(name+".any", "unknown", "Days are 1 (Monday) to 7 (Sunday).")
		case len([]rune(text)) > maxGateName:
			p.Add(name+".any", "too_long", "A gate's name can have at most %d characters.", maxGateName)
		}
		kept = append(kept, text)
	}
	return kept
}

// named gives the ticket types and add-ons that the list and its rules name.
func (in *ListInput) named() (types, addOns []turnout.ID) {
	types, addOns = slices.Clone(in.TicketTypeIDs), slices.Clone(in.AddOnIDs)
	for _, rule := range in.Rules {
		for _, c := range rule {
			for _, id := range c.Any {
				switch c.Kind {
				case rules.Types:
					types = append(types, turnout.ID(id))
				case rules.AddOns:
					addOns = append(addOns, turnout.ID(id))
				}
			}
		}
	}
	slices.Sort(types)
	slices.Sort(addOns)
	return slices.Compact(types), slices.Compact(addOns)
}

func (in *ListInput) apply(l *List, now time.Time) {
	l.Name, l.Entry, l.DayFrom, l.ExitAt, l.Rules, l.MostInside = in.Name, in.Entry, in.DayFrom, in.ExitAt, in.Rules, in.MostInside
	l.TicketTypeIDs, l.AddOnIDs = in.TicketTypeIDs, in.AddOnIDs
	l.StartsAt, l.EndsAt = in.StartsAt.UTC().Truncate(time.Microsecond), in.EndsAt.UTC().Truncate(time.Microsecond)
	if l.Rules == nil {
		l.Rules = []rules.Rule{}
	}
	l.Version++
	l.UpdatedAt = now
}
