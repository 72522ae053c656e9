package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Headline is what a list says of a message.
type Headline struct {
	ID        turnout.ID
	Subject   string
	State     State
	CreatedAt time.Time
	SentAt    time.Time // zero until sent
}

// About lists the messages about a source (an order, say), newest first, at most limit, without what they say.
func About(ctx context.Context, db bun.IDB, community, source turnout.ID, limit int) ([]Headline, error) {
	var list []Headline
	err := db.NewSelect().Model((*row)(nil)).Column("id", "subject", "state", "created_at", "sent_at").Where("community_id = ?", community).
		Where("source_id = ?", source).OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("mail: about: %w", err)
	}
	return list, nil
}
