package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"turnout"
	"turnout/community"
	"turnout/events"
	"turnout/ticketing"
)

// aftermath invents what people did in the community around an event.
type aftermath struct {
	*story
	event *events.Event
	told  int
}

// fates are the shares of a population that were active already, became active for the first time, and became active again;
// the rest did not.
var fates = map[string][3]float64{
	community.Attended:   {0.24, 0.17, 0.05},
	community.NoShow:     {0.12, 0.08, 0.03},
	community.Waitlisted: {0.16, 0.11, 0.03},
	"others":             {0.5, 0.1, 0.05},
}

// follow lets everybody do something, or nothing.
func (f *aftermath) follow() {
	population := map[turnout.ID]string{}
	for _, w := range f.waiting {
		if w.EventID == f.event.ID {
			population[w.PersonID] = community.Waitlisted
		}
	}
	for _, t := range f.tickets {
		if t.EventID == f.event.ID && t.Status == ticketing.Valid {
			population[t.PersonID] = community.NoShow
		}
	}
	for _, p := range f.present {
		if p.EventID == f.event.ID {
			population[p.PersonID] = community.Attended
		}
	}
	dealt := map[string]int{}
	for _, g := range f.guests {
		name := cmp.Or(population[g.person], "others")
		dealt[name]++
		share := fates[name]
		f.live(g, evenly(dealt[name], share[:]...))
	}
	slices.SortFunc(f.activities, func(a, b *community.Activity) int { return a.OccurredAt.Compare(b.OccurredAt) })
}

// live gives one person's deeds: in the look-back, before it, in the window.
func (f *aftermath) live(g *guest, fate int) {
	start, end := f.event.StartsAt, f.event.EndsAt
	lookback := start.Add(-time.Duration(f.rule.LookbackDays) * day)
	earliest, window := start.Add(-90*day), time.Duration(f.rule.WindowDays)*day
	few, enough := func() int { return f.weighted(0.55, 0.3, 0.15) }, func(least int) int { return least + int(f.waits(4*time.Second)/time.Second) }
	var early, now, later int
	switch fate {
	case 0: // active all along
		early, now, later = few()+1, enough(4), enough(3)
	case 1: // activated
		early, now, later = few()/2, few(), enough(3)
	case 2: // reactivated
		early, now, later = enough(3), few()/2, enough(3)
	default:
		early, now, later = few()/2, few(), few()
	}
	for range early {
		f.do(g, f.between(earliest, lookback))
	}
	for range now {
		f.do(g, f.between(lookback, start))
	}
	for range later {
		f.do(g, end.Add(time.Hour+f.waits(17*day)%(window-2*day)))
	}
	for range few() { // what comes after the window counts for nothing
		f.do(g, f.between(end.Add(window+day), end.Add(90*day)))
	}
}

// deeds are what one can do, where, and how often it is done.
var deeds = []struct {
	kind, source string
	often        float64
}{
	{"post", "forum", 5}, {"answer", "forum", 3}, {"message", "matrix", 7}, {"map_edit", "atlas", 6}, {"issue", "github", 2}, {"pull_request", "github", 1},
}

func (f *aftermath) do(g *guest, at time.Time) {
	weights := make([]float64, len(deeds))
	for i, d := range deeds {
		weights[i] = d.often
	}
	d := deeds[f.weighted(weights...)]
	at = at.Truncate(time.Microsecond)
	if at.After(f.now.Add(-time.Hour)) {
		return
	}
	f.told++
	f.activities = append(f.activities, &community.Activity{ID: turnout.NewID(community.PrefixActivity), CommunityID: f.community.ID, PersonID: g.person,
		Type: d.kind, Source: d.source, ExternalID: fmt.Sprintf("%s-%05d", d.kind, f.told), Weight: 1, OccurredAt: at, CreatedAt: at.Add(30 * time.Second)})
}
