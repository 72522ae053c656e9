package checkin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"turnout"
)

// Live is how a list's doors go at this moment.
type Live struct {
	Minutes  []int64         // let in by the minute over LiveSpan, oldest first; the last one is not over
	LastFive int64           // let in during the last five minutes
	ByGate   []GateStats     // of them, by gate, the busiest first
	Refusals []RefusalTotals // by reason, the most frequent first
	Waiting  int64           // scans that wait on devices
	Online   int64           // of the devices, those that were heard in the last minute
	Devices  int64           // that may be used and were paired
}

// LiveSpan is the stretch of time over which Live counts minutes.
const LiveSpan = 30 * time.Minute

// recently is the stretch of time by which a rate is told.
const recently = 5 * time.Minute

// Live counts what happens at the doors of a list, which was just read, from the newest part of its log: three statements.
func (s *Service) Live(ctx context.Context, list *List) (*Live, error) {
	db, now, id, community := s.DB.Read(), s.Now(), list.ID, list.CommunityID
	first := now.Truncate(time.Minute).Add(time.Minute - LiveSpan)
	var entries []struct {
		Gate string
		At   time.Time
	}
	// Ids are of the time in which a scan was told, so what a door tells late counts for when it happened, if that was lately.
	err := db.NewSelect().Model((*Scan)(nil)).Column("gate", "at").Where("list_id = ?", id).Where("id > ?", turnout.NewID("scn").Earlier(LiveSpan+time.Minute)).
		Where("result = ?", Accepted).Where("direction = ?", Entry).Where("annulled_at IS NULL").Where("at >= ?", first).Scan(ctx, &entries)
	live := &Live{Minutes: make([]int64, int(LiveSpan/time.Minute))}
	gates := map[string]int64{}
	for _, e := range entries {
		if minute := int(e.At.Sub(first) / time.Minute); minute < len(live.Minutes) {
			live.Minutes[minute]++
		}
		if now.Sub(e.At) < recently {
			live.LastFive++
			gates[e.Gate]++
		}
	}
	for gate, n := range gates {
		live.ByGate = append(live.ByGate, GateStats{gate, n})
	}
	slices.SortFunc(live.ByGate, func(a, b GateStats) int {
		return cmp.Or(cmp.Compare(b.CheckedIn, a.CheckedIn), cmp.Compare(a.Gate, b.Gate))
	})
	if err == nil {
		err = db.NewSelect().Model(&live.Refusals).Where("list_id = ?", id).Where("community_id = ?", community).Where("refused > 0").Order("refused DESC", "reason").Scan(ctx)
	}
	if err == nil {
		err = db.NewSelect().TableExpr("devices AS device").ColumnExpr("COUNT(*) AS devices, COALESCE(SUM(CASE WHEN last_seen_at >= ? THEN 1 ELSE 0 END), 0) AS online, CAST(COALESCE(SUM(queue_length), 0) AS BIGINT) AS waiting", now.Add(-onlineFor)).
			Where("event_id = ?", list.EventID).Where("community_id = ?", community).Where("role <> ?", Leads).Where("revoked_at IS NULL").Where("paired_at IS NOT NULL").Where("list_id IS NULL OR list_id = ?", id).
			Scan(ctx, &live.Devices, &live.Online, &live.Waiting)
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: live: %w", err)
	}
	return live, nil
}
