package main

import (
	"time"

	"turnout"
	"turnout/events"
	"turnout/events/budget"
	"turnout/events/sponsors"
)

// supporter is a sponsor of a demo's event. Amounts are whole units of its currency.
type supporter struct {
	name     string
	tier     int // index; -1 for none yet
	status   sponsors.Status
	promised int64
	paid     []int64 // instalments
}

// support adds tiers and sponsors, who began to talk from an instant on.
func (s *story) support(e *events.Event, from time.Time, unit int64, tiers []*sponsors.Tier, all []supporter) []turnout.ID {
	for i, t := range tiers {
		t.ID, t.CommunityID, t.EventID, t.Position, t.Version = turnout.NewID(sponsors.PrefixTier), e.CommunityID, e.ID, int64(i+1), 1
		t.Price, t.CreatedAt, t.UpdatedAt = t.Price*unit, from, from
		s.note(from, s.byStaff(), "sponsor_tier.created", t.ID)
	}
	s.tiers = append(s.tiers, tiers...)
	ids := make([]turnout.ID, len(all))
	for i, in := range all {
		began := from.Add(time.Duration(i+1) * 40 * time.Hour)
		row := &sponsors.Sponsor{ID: turnout.NewID(sponsors.PrefixSponsor), CommunityID: e.CommunityID, EventID: e.ID, Name: in.name, Status: in.status,
			Website: "https://" + events.Slugify(in.name) + ".example", Promised: in.promised * unit, Version: 3, CreatedAt: began, UpdatedAt: began.Add(9 * day)}
		if in.tier >= 0 {
			row.TierID = tiers[in.tier].ID
		}
		s.note(began, s.byStaff(), "sponsor.created", row.ID)
		for n, amount := range in.paid {
			at := began.Add(time.Duration(16+11*n) * day)
			s.sponsorPaid = append(s.sponsorPaid, &sponsors.Payment{ID: turnout.NewID(sponsors.PrefixPayment), CommunityID: e.CommunityID, EventID: e.ID,
				SponsorID: row.ID, Amount: amount * unit, ReceivedOn: at.Format(time.DateOnly), Note: []string{"First instalment", "Rest"}[n], CreatedAt: at})
			s.note(at, s.byStaff(), "sponsor.paid", row.ID)
		}
		s.sponsors = append(s.sponsors, row)
		ids[i] = row.ID
	}
	return ids
}

// cost is a budget line. Amounts are whole units; what was spent comes in the entries.
type cost struct {
	category           string
	kind               budget.Kind
	planned, committed int64
	sponsor            turnout.ID
	entries            []spent
}

// spent is money of a line, days before the event's start (negative: after).
type spent struct {
	amount int64
	days   int
	vendor string
}

// account adds a budget.
func (s *story) account(e *events.Event, from time.Time, unit int64, costs []cost) {
	for _, c := range costs {
		row := &budget.Line{ID: turnout.NewID(budget.PrefixLine), CommunityID: e.CommunityID, EventID: e.ID, Category: c.category, Kind: c.kind,
			Planned: c.planned * unit, Committed: c.committed * unit, SponsorID: c.sponsor, Version: 1, CreatedAt: from, UpdatedAt: from}
		s.lines = append(s.lines, row)
		s.note(from, s.byStaff(), "budget_line.created", row.ID)
		for _, in := range c.entries {
			at := e.StartsAt.Add(time.Duration(-in.days)*day + 2*time.Hour)
			if at.After(s.now) {
				continue
			}
			s.entries = append(s.entries, &budget.Entry{ID: turnout.NewID(budget.PrefixEntry), CommunityID: e.CommunityID, EventID: e.ID, LineID: row.ID,
				Amount: in.amount * unit, Date: at.In(e.Location()).Format(time.DateOnly), Vendor: in.vendor, CreatedAt: at})
			s.note(at, s.byStaff(), "budget_line.entered", row.ID)
		}
	}
}
