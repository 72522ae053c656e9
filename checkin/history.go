package checkin

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
)

// History lists the scans of an order's tickets, newest first, at most limit, as the log has them.
func History(ctx context.Context, db bun.IDB, community, order turnout.ID, limit int) ([]*Scan, error) {
	var scans []*Scan
	err := db.NewSelect().Model(&scans).Where("scan.ticket_id IN (SELECT id FROM tickets WHERE order_id = ?)", order).Where("scan.community_id = ?", community).
		OrderExpr("scan.id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkin: history: %w", err)
	}
	return scans, nil
}
