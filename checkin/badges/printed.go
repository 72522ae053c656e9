package badges

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// Printed is how often the badge of a ticket was printed.
type Printed struct {
	Times     int
	Last      time.Time
	ActorKind audit.ActorKind // who did it last
	ActorID   turnout.ID

	says string // the last time
}

// Printed tells how often the badges of some tickets of the event were printed; those that never were are missing.
func (s *Service) Printed(ctx context.Context, e *events.Event, tickets []turnout.ID) (map[turnout.ID]*Printed, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	var rows []struct {
		badgePrint `bun:",extend"`
		ActorKind  audit.ActorKind
		ActorID    turnout.ID
	}
	err := s.DB.Read().NewSelect().Model(&rows).ColumnExpr("print.ticket_id, print.says, print.printed_at, run.actor_kind, run.actor_id").
		Join("JOIN badge_runs AS run ON run.id = print.run_id").Where("print.ticket_id IN (?)", bun.List(tickets)).
		Where("print.community_id = ?", e.CommunityID).Where("print.event_id || '' = ?", e.ID).Order("print.printed_at", "print.run_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("badges: printed: %w", err)
	}
	by := map[turnout.ID]*Printed{}
	for _, r := range rows {
		p := by[r.TicketID]
		if p == nil {
			p = new(Printed)
			by[r.TicketID] = p
		}
		*p = Printed{p.Times + 1, r.PrintedAt, r.ActorKind, r.ActorID, r.Says}
	}
	return by, nil
}

// InUse says whether the event has badges: somebody chose how they look, or printed some.
func (s *Service) InUse(ctx context.Context, e *events.Event) (bool, error) {
	var used bool
	err := s.DB.Read().NewSelect().ColumnExpr("EXISTS (SELECT 1 FROM badge_designs WHERE event_id = ?0 AND community_id = ?1) OR EXISTS (SELECT 1 FROM badge_runs WHERE event_id = ?0 AND community_id = ?1)",
		e.ID, e.CommunityID).Scan(ctx, &used)
	if err != nil {
		return false, fmt.Errorf("badges: in use: %w", err)
	}
	return used, nil
}

// TypeCount is how the badges of a ticket type stand: of its valid tickets for coming in person.
type TypeCount struct {
	TypeID  turnout.ID
	Name    string
	Tickets int64
	Printed int64 // at least once
}

// Counts tells how the event's badges stand, by ticket type as they stand in the shop.
func (s *Service) Counts(ctx context.Context, e *events.Event) ([]*TypeCount, error) {
	var counts []*TypeCount
	err := s.DB.Read().NewSelect().TableExpr("tickets AS ticket").Join("JOIN ticket_types AS type ON type.id = ticket.ticket_type_id").
		ColumnExpr("type.id AS type_id, type.name, COUNT(*) AS tickets").
		ColumnExpr("CAST(SUM(CASE WHEN EXISTS (SELECT 1 FROM badge_prints AS print WHERE print.ticket_id = ticket.id) THEN 1 ELSE 0 END) AS BIGINT) AS printed").
		Where("ticket.event_id = ?", e.ID).Where("ticket.community_id = ?", e.CommunityID).Where("ticket.status = ?", ticketing.Valid).
		Where("ticket.attendance_mode = ?", ticketing.InPerson).GroupExpr("type.id, type.name, type.number").OrderExpr("type.number").Scan(ctx, &counts)
	if err != nil {
		return nil, fmt.Errorf("badges: counts: %w", err)
	}
	return counts, nil
}

// Report is what became of a run.
type Report struct {
	Over int64      // tickets that are not valid any more: their badges are not in the files
	Cut  []CutBadge // names that were too long, at most a few
}

// CutBadge is a badge whose name ends in an ellipsis.
type CutBadge struct {
	TicketID     turnout.ID
	AttendeeName string
	OrderNumber  int64
	OrderCode    string `bun:"-"`
}

const cutShown = 20

// Report tells what became of a run.
func (s *Service) Report(ctx context.Context, e *events.Event, run *Run) (*Report, error) {
	var r Report
	prints := func() *bun.SelectQuery {
		return s.DB.Read().NewSelect().TableExpr("badge_prints AS print").Join("JOIN tickets AS ticket ON ticket.id = print.ticket_id").
			Where("print.run_id = ?", run.ID).Where("print.community_id = ?", e.CommunityID)
	}
	err := prints().ColumnExpr("COUNT(*)").Where("ticket.status <> ?", ticketing.Valid).Scan(ctx, &r.Over)
	if err == nil {
		err = prints().Join("JOIN orders AS ord ON ord.id = ticket.order_id").ColumnExpr("print.ticket_id, ticket.attendee_name, ord.number AS order_number").
			Where("print.cut").Order("print.position").Limit(cutShown).Scan(ctx, &r.Cut)
	}
	if err != nil && !database.IsNoRows(err) {
		return nil, fmt.Errorf("badges: report: %w", err)
	}
	for i := range r.Cut {
		r.Cut[i].OrderCode = s.Ticketing.OrderCode(e.Number, r.Cut[i].OrderNumber)
	}
	return &r, nil
}
