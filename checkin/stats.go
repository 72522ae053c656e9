package checkin

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/ticketing"
)

// Stats is how a list stands.
type Stats struct {
	Expected     int64 // valid tickets that it accepts
	CheckedIn    int64 // of them, let in
	Inside       int64
	Refused      int64 // refused scans
	ByGate       []GateStats
	ByTicketType []TypeStats
}

// GateStats is how many tickets came in first through a gate; "" is a door without a name.
type GateStats struct {
	Gate      string
	CheckedIn int64
}

// TypeStats is a ticket type's part.
type TypeStats struct {
	TicketTypeID turnout.ID
	Name         string
	Expected     int64
	CheckedIn    int64
}

// Stats gives a list's numbers, from its counters: four statements, however many tickets. It fails with turnout.ErrNotFound.
func (s *Service) Stats(ctx context.Context, community, id turnout.ID) (*Stats, error) {
	list, err := s.List(ctx, community, id)
	if err != nil {
		return nil, err
	}
	db := s.DB.Read()
	var let []AdmissionTotals
	if err := db.NewSelect().Model(&let).Where("list_id = ?", id).Where("community_id = ?", community).Where("admitted > 0").Order("gate").Scan(ctx); err != nil {
		return nil, fmt.Errorf("checkin: stats: %w", err)
	}
	var types []TypeStats
	q := db.NewSelect().TableExpr("ticket_totals AS total").Join("JOIN ticket_types AS type ON type.id = total.ticket_type_id").
		ColumnExpr("type.id AS ticket_type_id, type.name AS name, CAST(SUM(total.valid) AS BIGINT) AS expected").
		Where("total.event_id = ?", list.EventID).Where("total.community_id = ?", community).
		Group("type.id", "type.name", "type.position").Order("type.position", "type.id")
	if len(list.TicketTypeIDs) > 0 {
		q = q.Where("type.id IN (?)", bun.List(list.TicketTypeIDs))
	} else {
		q = q.Where("total.attendance_mode = ?", ticketing.InPerson)
	}
	if err := q.Scan(ctx, &types); err != nil {
		return nil, fmt.Errorf("checkin: stats: %w", err)
	}
	stats := list.stats(let, types)
	if len(list.AddOnIDs) > 0 {
		err = s.expectAddOns(ctx, list, stats)
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: stats: %w", err)
	}
	return stats, nil
}

// expectAddOns counts the tickets that have one of the list's add-ons: no counter knows who has which.
func (s *Service) expectAddOns(ctx context.Context, l *List, stats *Stats) error {
	var counted []TypeStats
	if err := s.DB.Read().NewSelect().TableExpr("tickets AS ticket").ColumnExpr("ticket.ticket_type_id, COUNT(*) AS expected").
		Where("ticket.event_id = ?", l.EventID).Where("ticket.community_id = ?", l.CommunityID).Where("ticket.status = ?", ticketing.Valid).
		Where("EXISTS (SELECT 1 FROM ticket_add_ons AS has WHERE has.ticket_id = ticket.id AND has.add_on_id IN (?))", bun.List(l.AddOnIDs)).
		Group("ticket.ticket_type_id").Scan(ctx, &counted); err != nil {
		return err
	}
	ofType := map[turnout.ID]int64{}
	for _, c := range counted {
		ofType[c.TicketTypeID] = c.Expected
	}
	stats.Expected = 0
	for i := range stats.ByTicketType {
		t := &stats.ByTicketType[i]
		t.Expected = ofType[t.TicketTypeID]
		stats.Expected += t.Expected
	}
	return nil
}

// stats adds the counters up; let is in the order of the gates.
func (l *List) stats(let []AdmissionTotals, types []TypeStats) *Stats {
	stats := &Stats{CheckedIn: l.Admitted, Inside: l.Inside, Refused: l.Refused, ByGate: []GateStats{}, ByTicketType: []TypeStats{}}
	ofType := map[turnout.ID]int64{}
	for _, a := range let {
		ofType[a.TicketTypeID] += a.Admitted
		if n := len(stats.ByGate); n == 0 || stats.ByGate[n-1].Gate != a.Gate {
			stats.ByGate = append(stats.ByGate, GateStats{Gate: a.Gate})
		}
		stats.ByGate[len(stats.ByGate)-1].CheckedIn += a.Admitted
	}
	for _, t := range types {
		t.CheckedIn = ofType[t.TicketTypeID]
		stats.Expected += t.Expected
		stats.ByTicketType = append(stats.ByTicketType, t)
	}
	return stats
}

// Recent lists a list's scans, newest first, with their tickets.
func (s *Service) Recent(ctx context.Context, community, list turnout.ID, limit int) ([]*Scan, error) {
	var scans []*Scan
	err := s.DB.Read().NewSelect().Model(&scans).Where("list_id = ?", list).Where("community_id = ?", community).
		OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx)
	if err == nil {
		err = s.recalled(ctx, scans)
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: recent: %w", err)
	}
	return scans, nil
}

// Logged gives one scan of a list's log as it was answered, with its ticket and the scan in its way. It fails with
// turnout.ErrNotFound.
func (s *Service) Logged(ctx context.Context, community, list, id turnout.ID) (*Scan, error) {
	scan := new(Scan)
	err := s.DB.Read().NewSelect().Model(scan).Where("id = ?", id).Where("list_id = ?", list).Where("community_id = ?", community).Scan(ctx)
	if err = database.NotFound(err); err == nil {
		err = s.recalled(ctx, []*Scan{scan})
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: logged: %w", err)
	}
	return scan, nil
}

// recalled fills in the tickets of scans from the log and the scans in their way.
func (s *Service) recalled(ctx context.Context, scans []*Scan) error {
	items := make([]*item, len(scans))
	for i, scan := range scans {
		items[i] = &item{Out: scan}
	}
	return recall(ctx, s.DB.Read(), items)
}
