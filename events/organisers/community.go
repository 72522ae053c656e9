package organisers

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// Community is the tenant: everything else carries its id.
type Community struct {
	bun.BaseModel `bun:"table:communities,alias:community"`

	ID          turnout.ID `bun:"id,pk"`
	Slug        string     `bun:"slug"`
	Name        string     `bun:"name"`
	Description string     `bun:"description"` // markdown
	Locale      string     `bun:"locale"`
	Timezone    string     `bun:"timezone"`
	Accent      string     `bun:"accent"` // #rrggbb, or empty
	Version     int64      `bun:"version"`
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// FindCommunity gives a community by its id or slug, or turnout.ErrNotFound.
func FindCommunity(ctx context.Context, db bun.IDB, idOrSlug string) (*Community, error) {
	community := new(Community)
	q := db.NewSelect().Model(community)
	if id := turnout.ID(idOrSlug); id.Is(turnout.PrefixCommunity) {
		q = q.Where("id = ?", id)
	} else {
		q = q.Where("slug = ?", idOrSlug)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return community, nil
}
