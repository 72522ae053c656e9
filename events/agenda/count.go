package agenda

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// Counts says how far an event's agenda is. Withdrawn sessions are not counted.
type Counts struct {
	Sessions int
	Unplaced int // of them, without a slot
}

// Count counts an event's working draft without reading it.
func Count(ctx context.Context, db bun.IDB, community, event turnout.ID) (Counts, error) {
	var n Counts
	err := db.NewSelect().Model((*Session)(nil)).ColumnExpr("COUNT(*) AS sessions, COUNT(*) - COUNT(starts_at) AS unplaced").
		Where("community_id = ?", community).Where("event_id = ?", event).Where("status <> ?", Withdrawn).Scan(ctx, &n)
	if err != nil {
		return Counts{}, fmt.Errorf("agenda: count: %w", err)
	}
	return n, nil
}

// Needs lists what the agenda should be before everybody sees the event; released says whether there was a release.
func (n Counts) Needs(released bool) []events.Need {
	list := []events.Need{{Code: "agenda", Open: n.Sessions == 0}}
	if n.Sessions > 0 {
		list = append(list, events.Need{Code: "release", Open: !released})
	}
	return list
}

// Span gives when the placed sessions of the agenda begin and end, false when none is placed.
func (a *Agenda) Span() (from, to time.Time, ok bool) {
	for _, s := range a.Sessions {
		if !s.Placed() {
			continue
		}
		if !ok || s.StartsAt.Before(from) {
			from = s.StartsAt
		}
		if s.EndsAt.After(to) {
			to = s.EndsAt
		}
		ok = true
	}
	return from, to, ok
}
