package checkin

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/ticketing"
)

// The window of time over which arrivals are drawn, around the beginning of an event, and the steps of it.
const (
	ArrivalsBefore = 2 * time.Hour
	ArrivalsAfter  = 4 * time.Hour
	ArrivalsStep   = AttendanceSlot
)

// Arrivals is how the in-person attendees of an event came, beside those of the event before it.
type Arrivals struct {
	Came    int64   // until now
	Tickets int64   // valid ones
	Curve   []int64 // who had come at each step of the window, up to now
	Before  *ArrivalsEarlier
}

// ArrivalsEarlier is how they came to the event before: the last one of the same series that people came to, else of the same group, else of the community.
type ArrivalsEarlier struct {
	Event    *events.Event
	Came     int64   // as long before or after its beginning as it is now before or after that of the other
	Tickets  int64   // that were valid
	Curve    []int64 // over the whole window
	Expected int64   // of the later event's tickets, if the same part of them had come by now: Tickets of it × Came / Tickets, rounded
}

// Share is the part of the tickets whose attendees had come, from 0 to 1.
func (a *Arrivals) Share() float64 { return share(a.Came, a.Tickets) }

// Share is the part of the tickets whose attendees had come, from 0 to 1.
func (a *ArrivalsEarlier) Share() float64 { return share(a.Came, a.Tickets) }

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Shares are the points of the curve as parts of the tickets.
func (a *Arrivals) Shares() []float64 { return shares(a.Curve, a.Tickets) }

// Shares are the points of the curve as parts of the tickets.
func (a *ArrivalsEarlier) Shares() []float64 { return shares(a.Curve, a.Tickets) }

func shares(curve []int64, whole int64) []float64 {
	parts := make([]float64, len(curve))
	for i, n := range curve {
		parts[i] = share(n, whole)
	}
	return parts
}

// EarlierShares are the shares of the event before, none without one.
func (a *Arrivals) EarlierShares() []float64 {
	if a.Before == nil {
		return nil
	}
	return a.Before.Shares()
}

// Points is how many the curve has over the whole window.
func (a *Arrivals) Points() int { return int((ArrivalsBefore+ArrivalsAfter)/ArrivalsStep) + 1 }

// Begun says whether the window of the arrivals has begun.
func (a *Arrivals) Begun() bool { return len(a.Curve) > 0 }

// Arrivals counts who came to an event until now and by when, beside the event before it, from the counters of both: three statements. A ticket that was canceled
// after its attendee came counts on neither side.
func (s *Service) Arrivals(ctx context.Context, e *events.Event) (*Arrivals, error) {
	db, now := s.DB.Read(), s.Now()
	before, err := eventBefore(ctx, db, e, now)
	if err != nil {
		return nil, wrapped("arrivals", err)
	}
	ids := []turnout.ID{e.ID}
	if before != nil {
		ids = append(ids, before.ID)
	}
	var slots []AttendanceTotals
	if err := db.NewSelect().Model(&slots).Where("event_id IN (?)", bun.List(ids)).Where("community_id = ?", e.CommunityID).
		Where("attendance_mode = ?", ticketing.InPerson).Scan(ctx); err != nil {
		return nil, wrapped("arrivals", err)
	}
	var sold []struct {
		EventID turnout.ID
		Valid   int64
	}
	if err := db.NewSelect().TableExpr("ticket_totals").ColumnExpr("event_id, CAST(SUM(valid) AS BIGINT) AS valid").Where("event_id IN (?)", bun.List(ids)).
		Where("community_id = ?", e.CommunityID).Where("attendance_mode = ?", ticketing.InPerson).Group("event_id").Scan(ctx, &sold); err != nil {
		return nil, wrapped("arrivals", err)
	}
	tickets := map[turnout.ID]int64{}
	for _, t := range sold {
		tickets[t.EventID] = t.Valid
	}
	at := now.Sub(e.StartsAt)
	a := &Arrivals{Came: cameBy(slots, e, at+AttendanceSlot), Tickets: tickets[e.ID], Curve: curve(slots, e, min(at, ArrivalsAfter))}
	if before != nil {
		b := &ArrivalsEarlier{Event: before, Came: cameBy(slots, before, at), Tickets: tickets[before.ID], Curve: curve(slots, before, ArrivalsAfter)}
		if b.Tickets > 0 {
			b.Expected = (2*a.Tickets*b.Came + b.Tickets) / (2 * b.Tickets)
		}
		a.Before = b
	}
	return a, nil
}

// eventBefore is the event that arrivals are compared with, nil for none.
func eventBefore(ctx context.Context, db bun.IDB, e *events.Event, now time.Time) (*events.Event, error) {
	before := new(events.Event)
	err := db.NewSelect().Model(before).Where("community_id = ?", e.CommunityID).Where("starts_at < ?", e.StartsAt).Where("ends_at < ?", now).Where("status IN (?)", bun.List([]events.Status{events.Published, events.Ended})).
		Where("EXISTS (SELECT 1 FROM attendance_totals AS total WHERE total.event_id = event.id AND total.attendance_mode = ? AND total.came > total.canceled)", ticketing.InPerson).
		OrderExpr("CASE WHEN series_id = ? THEN 0 WHEN group_id = ? THEN 1 ELSE 2 END", e.SeriesID, e.GroupID).OrderExpr("starts_at DESC, id").Limit(1).Scan(ctx)
	if database.IsNoRows(err) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("the event before: %w", err)
	}
	return before, nil
}

// cameBy counts who had come to an event so long after its beginning. Of the five minutes in which that is, the part that is over counts.
func cameBy(slots []AttendanceTotals, e *events.Event, after time.Duration) int64 {
	moment := e.StartsAt.Add(after)
	var came float64
	for _, s := range slots {
		over := min(moment.Sub(s.StartsAt), AttendanceSlot)
		if s.EventID == e.ID && over > 0 {
			came += float64(s.Came-s.Canceled) * float64(over) / float64(AttendanceSlot)
		}
	}
	return int64(came + 0.5)
}

// curve counts who had come at each step of the window, up to a moment so long after the beginning.
func curve(slots []AttendanceTotals, e *events.Event, until time.Duration) []int64 {
	var points []int64
	for after := -ArrivalsBefore; after <= until; after += ArrivalsStep {
		points = append(points, cameBy(slots, e, after))
	}
	return points
}
