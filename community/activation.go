package community

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/templates"
)

const day = 24 * time.Hour

// The populations of an event. A person is in the first of them that fits.
const (
	Attended   = "attended"   // has an attendance record of the event
	NoShow     = "no_show"    // holds a valid ticket and has no attendance record
	Waitlisted = "waitlisted" // has an entry on the waitlist that was never served
)

var populations = []string{Attended, NoShow, Waitlisted}

// Population counts people, each in exactly one class.
type Population struct {
	Name          string `json:"name"`
	People        int64  `json:"people"`
	AlreadyActive int64  `json:"already_active"` // met the rule in the look-back
	Activated     int64  `json:"activated"`      // met it in the window for the first time
	Reactivated   int64  `json:"reactivated"`    // met it before the look-back, not in it, and in the window
	NotActivated  int64  `json:"not_activated"`  // did not meet it in the window, which is over
	Open          int64  `json:"open"`           // has not met it yet, and the window is not over
	Unknown       int64  `json:"unknown"`        // has no identity, so that nothing can be known
	// Rate is (activated + reactivated) / (people − already_active − unknown − open), nil while the window is open and
	// when there is nobody to count; Interval is Wilson's for it.
	Rate     *float64  `json:"rate"`
	Interval *Interval `json:"interval"`
}

// Outcome is what the rate estimates from; it is 0 of 0 while the window is open.
func (p Population) Outcome() Proportion {
	if p.Open > 0 {
		return Proportion{}
	}
	return Proportion{X: p.Activated + p.Reactivated, N: p.People - p.AlreadyActive - p.Unknown - p.Open}
}

// Difference is the rate of those who attended minus the rate of those who did not come, with Newcombe's interval.
type Difference struct {
	Value    *float64  `json:"value"`
	Interval *Interval `json:"interval"`
}

// Activation says who became an active member of the community after an event: an observed association, never proof.
type Activation struct {
	WindowDays   int64        `json:"window_days"`
	LookbackDays int64        `json:"lookback_days"`
	MinCount     int64        `json:"min_count"`
	Types        []string     `json:"types"`       // empty: every type
	CompleteAt   time.Time    `json:"complete_at"` // the window's end: what happens at this instant still counts
	Complete     bool         `json:"complete"`    // the window is over
	Populations  []Population `json:"populations"` // attended, no_show, waitlisted
	Difference   Difference   `json:"difference"`
	Statement    string       `json:"statement"` // in English; Say says it in other languages

	words     *templates.Set
	zone      string // the event's: statements name times as its guests know them
	eventOver bool
}

// Population gives the population of that name.
func (a *Activation) Population(name string) Population {
	for _, p := range a.Populations {
		if p.Name == name {
			return p
		}
	}
	return Population{Name: name}
}

// Activation compares the people of an event by the community's rule (decision 31). The window is (ends_at, ends_at +
// window_days × 24 h], the look-back [starts_at − lookback_days × 24 h, starts_at). The event is named by id or slug;
// one that is not the community's is turnout.ErrNotFound. It takes three statements, however many people there are.
func (s *Service) Activation(ctx context.Context, community turnout.ID, event string) (*Activation, error) {
	e, err := events.Find(ctx, s.DB.Read(), community, event)
	if err != nil {
		return nil, fmt.Errorf("community: activation: %w", err)
	}
	rule, err := findRule(ctx, s.DB.Read(), community)
	if err != nil {
		return nil, fmt.Errorf("community: activation: %w", err)
	}
	a := &Activation{
		WindowDays: rule.WindowDays, LookbackDays: rule.LookbackDays, MinCount: rule.MinCount, Types: rule.Types,
		CompleteAt: e.EndsAt.Add(time.Duration(rule.WindowDays) * day).UTC(), words: s.Words, zone: e.Timezone,
	}
	now := s.now()
	a.Complete, a.eventOver = now.After(a.CompleteAt), now.After(e.EndsAt)
	counts, err := countClasses(ctx, s.DB.Read(), rule, e, a.CompleteAt)
	if err != nil {
		return nil, fmt.Errorf("community: activation: %w", err)
	}
	a.Populations = populationsFrom(counts, a.Complete)
	attended, absent := a.Population(Attended).Outcome(), a.Population(NoShow).Outcome()
	a.Difference = Difference{Value: attended.Difference(absent), Interval: attended.Newcombe(absent)}
	a.Statement = a.Say(templates.English)
	return a, nil
}

// classCount is how many people of a population (its index) are in a class.
type classCount struct {
	Population int
	Class      string
	People     int64
}

func populationsFrom(counts []classCount, complete bool) []Population {
	all := make([]Population, len(populations))
	for i, name := range populations {
		all[i].Name = name
	}
	for _, c := range counts {
		p := &all[c.Population]
		p.People += c.People
		switch c.Class {
		case "unknown":
			p.Unknown += c.People
		case "already_active":
			p.AlreadyActive += c.People
		case "activated":
			p.Activated += c.People
		case "reactivated":
			p.Reactivated += c.People
		default:
			if complete {
				p.NotActivated += c.People
			} else {
				p.Open += c.People
			}
		}
	}
	for i := range all {
		all[i].Rate, all[i].Interval = all[i].Outcome().Rate(), all[i].Outcome().Wilson()
	}
	return all
}

// countClasses sorts the people of the event into populations and classes, in one statement.
func countClasses(ctx context.Context, db bun.IDB, rule *Rule, e *events.Event, until time.Time) ([]classCount, error) {
	counted := `activity.type NOT IN (?)`
	types := neverCounted
	if len(rule.Types) > 0 {
		counted, types = `activity.type IN (?)`, rule.Types
	}
	var counts []classCount
	err := db.NewRaw(`WITH belonging AS (
			SELECT person_id, 0 AS population FROM attendance_records WHERE community_id = ?0 AND event_id = ?1 AND session_id IS NULL
			UNION ALL
			SELECT person_id, 1 AS population FROM tickets WHERE community_id = ?0 AND event_id = ?1 AND status = 'valid'
			UNION ALL
			SELECT person_id, 2 AS population FROM waitlist_entries
			WHERE community_id = ?0 AND event_id = ?1 AND status IN ('waiting', 'offered', 'expired')
		), members AS (
			SELECT person_id, MIN(population) AS population FROM belonging GROUP BY person_id
		), deeds AS (
			SELECT member.person_id, member.population,
				COUNT(activity.id) FILTER (WHERE activity.occurred_at < ?2) AS earlier,
				COUNT(activity.id) FILTER (WHERE activity.occurred_at >= ?2 AND activity.occurred_at < ?3) AS in_lookback,
				COUNT(activity.id) FILTER (WHERE activity.occurred_at > ?4) AS in_window
			FROM members AS member LEFT JOIN activities AS activity ON activity.community_id = ?0
				AND activity.person_id = member.person_id AND activity.occurred_at <= ?5 AND ?6
			GROUP BY member.person_id, member.population
		)
		SELECT population, class, COUNT(*) AS people FROM (
			SELECT deeds.population, CASE
				WHEN NOT EXISTS (SELECT 1 FROM identities WHERE identities.community_id = ?0 AND identities.person_id = deeds.person_id) THEN 'unknown'
				WHEN in_lookback >= ?7 THEN 'already_active'
				WHEN in_window >= ?7 AND earlier >= ?7 THEN 'reactivated'
				WHEN in_window >= ?7 THEN 'activated'
				ELSE 'waiting' END AS class
			FROM deeds
		) AS classified GROUP BY population, class`,
		e.CommunityID, e.ID, e.StartsAt.Add(-time.Duration(rule.LookbackDays)*day), e.StartsAt, e.EndsAt, until,
		bun.SafeQuery(counted, bun.List(types)), rule.MinCount).Scan(ctx, &counts)
	return counts, err
}
