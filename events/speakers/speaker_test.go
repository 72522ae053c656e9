package speakers

import (
	"errors"
	"testing"
	"time"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestSpeakers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		service := &Service{DB: db, Now: func() time.Time { return now }}
		ctx, community, stranger := t.Context(), turnout.NewID(turnout.PrefixCommunity), turnout.NewID(turnout.PrefixCommunity)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := db.Writer().NewInsert().Model(&map[string]any{"id": community, "slug": community, "name": "Community", "created_at": now, "updated_at": now}).
			TableExpr("communities").Exec(ctx)
		must(err)
		event := &events.Event{ID: turnout.NewID(turnout.PrefixEvent), CommunityID: community, Number: 1, Slug: "conf", Title: "Conf", Format: events.InPerson,
			Status: events.Draft, Timezone: "UTC", StartsAt: now, EndsAt: now.Add(time.Hour), Currency: "EUR", SigningKey: "x", Version: 1, CreatedAt: now, UpdatedAt: now}
		_, err = db.Writer().NewInsert().Model(event).Exec(ctx)
		must(err)

		berta, err := service.Add(ctx, community, "conf", Input{Name: " Berta Example ", Bio: "Words"})
		must(err)
		ada, err := service.Add(ctx, community, "conf", Input{Name: "Ada Example", Email: "ADA@example.org"})
		must(err)
		twin, err := service.Add(ctx, community, "conf", Input{Name: "A. Example", Email: "ada@example.org"})
		must(err)
		if berta.PersonID != "" || ada.PersonID == "" || ada.PersonID != twin.PersonID || ada.Email != "ada@example.org" {
			t.Errorf("one address is one person: %+v %+v %+v", berta, ada, twin)
		}
		if _, err := service.Update(ctx, community, ada.ID, 7, Input{Name: "x"}); !errors.Is(err, turnout.ErrStale) {
			t.Errorf("an old version: %v", err)
		}
		if _, err := service.Update(ctx, stranger, ada.ID, 0, Input{Name: "x"}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community: %v", err)
		}
		changed, err := service.Update(ctx, community, ada.ID, 1, Input{Name: "Ada Q. Example"})
		must(err)
		if changed.Version != 2 || changed.Email != "" || changed.PersonID != "" {
			t.Errorf("after the address was taken away: %+v", changed)
		}
		must(service.Remove(ctx, community, twin.ID))
		if err := service.Remove(ctx, community, twin.ID); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		all, err := ByEvent(ctx, db.Read(), community, event.ID)
		must(err)
		if len(all) != 2 || all[0].ID != ada.ID || all[1].Name != "Berta Example" {
			t.Errorf("list %+v", all)
		}
	})
}
