package speakers

import (
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Wishes are what an event's organisers ask of speakers beside the rest.
type Wishes struct {
	bun.BaseModel `bun:"table:speaker_wishes,alias:wishes"`

	EventID     turnout.ID `bun:"event_id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	Slides      bool       `bun:"slides"` // for each session
	Times       bool       `bun:"times"`  // when they can be there
}

// WishesOf gives what is asked of an event's speakers.
func WishesOf(ctx context.Context, db bun.IDB, community, event turnout.ID) (Wishes, error) {
	w := Wishes{EventID: event, CommunityID: community}
	err := db.NewSelect().Model(&w).WherePK().Where("community_id = ?", community).Scan(ctx)
	if database.IsNoRows(err) {
		return w, nil
	}
	return w, err
}

// SetWishes says what is asked of the speakers of an event (id or slug). Error: turnout.ErrNotFound for the event.
func (s *Service) SetWishes(ctx context.Context, community turnout.ID, event string, slides, times bool) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.Find(ctx, tx, community, event)
		if err != nil {
			return err
		}
		w := &Wishes{EventID: e.ID, CommunityID: community, Slides: slides, Times: times}
		if _, err := tx.NewInsert().Model(w).On("CONFLICT (event_id) DO UPDATE").Set("slides = EXCLUDED.slides, times = EXCLUDED.times").Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "speakers.wishes_set", Subject: e.ID, At: s.now()})
	})
}
