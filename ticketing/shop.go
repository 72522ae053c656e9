package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// WaitlistOrder says who is served first.
type WaitlistOrder string

// The orders of a waitlist.
const (
	ByTime    WaitlistOrder = "time" // of joining
	ByLottery WaitlistOrder = "lottery"
)

// ShopSettings say how an event's shop works.
type ShopSettings struct {
	bun.BaseModel `bun:"table:shop_settings,alias:shop"`

	EventID          turnout.ID `bun:",pk"`
	CommunityID      turnout.ID
	PayHours         int64 // to pay after an approval
	OfferHours       int64 // to accept an offer of the waitlist
	WaitlistOrder    WaitlistOrder
	WaitlistClosesAt time.Time `bun:",nullzero"` // zero: when the event's sale ends
	WaitlistClosed   bool      // everybody was told
	Version          int64
	UpdatedAt        time.Time
}

// IsClosed says whether the waitlist is closed at the instant.
func (s *ShopSettings) IsClosed(now time.Time) bool {
	return s.WaitlistClosed || !s.WaitlistClosesAt.IsZero() && !now.Before(s.WaitlistClosesAt)
}

// shopSettings gives an event's settings, the defaults when it has none of its own: then Version is 0.
func shopSettings(ctx context.Context, db bun.IDB, event *events.Event) (*ShopSettings, error) {
	s := new(ShopSettings)
	err := db.NewSelect().Model(s).Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Scan(ctx)
	if database.IsNoRows(err) {
		return &ShopSettings{EventID: event.ID, CommunityID: event.CommunityID, PayHours: 72, OfferHours: 24, WaitlistOrder: ByTime}, nil
	}
	return s, err
}

// ShopSettings gives how an event's shop works.
func (s *Service) ShopSettings(ctx context.Context, event *events.Event) (*ShopSettings, error) {
	settings, err := shopSettings(ctx, s.DB.Read(), event)
	if err != nil {
		return nil, fmt.Errorf("ticketing: shop settings: %w", err)
	}
	return settings, nil
}

// ShopInput is what the settings are changed with; the zero time closes the waitlist with the sale.
type ShopInput struct {
	PayHours         int64
	OfferHours       int64
	WaitlistOrder    WaitlistOrder
	WaitlistClosesAt time.Time
}

// Check says all that is wrong with the settings, field by field.
func (in *ShopInput) Check() error {
	var p turnout.Problems
	if in.PayHours < 1 || in.PayHours > 720 {
		p.Add("pay_hours", "out_of_range", "Choose 1 to 720 hours.")
	}
	if in.OfferHours < 1 || in.OfferHours > 720 {
		p.Add("offer_hours", "out_of_range", "Choose 1 to 720 hours.")
	}
	if in.WaitlistOrder != ByTime && in.WaitlistOrder != ByLottery {
		p.Add("waitlist_order", "unknown", "Choose time or lottery.")
	}
	return p.Err()
}

// SaveShop changes how an event's shop works. A waitlist whose closing is moved into the future opens again, for new wishes. version is
// the one that was read, 0 for none so far, nil for whatever it is. It fails with an Invalid error, turnout.ErrStale and turnout.ErrNotFound.
func (s *Service) SaveShop(ctx context.Context, community, event turnout.ID, version *int64, in ShopInput) (*ShopSettings, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var saved *ShopSettings
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		e, err := events.ForAmounts(ctx, tx, community, string(event)) // the lock of all that changes the waitlist
		if err != nil {
			return err
		}
		if saved, err = shopSettings(ctx, tx, e); err != nil {
			return err
		}
		if version != nil && saved.Version != *version {
			return turnout.ErrStale
		}
		saved.PayHours, saved.OfferHours, saved.WaitlistOrder, saved.WaitlistClosesAt = in.PayHours, in.OfferHours, in.WaitlistOrder, in.WaitlistClosesAt.UTC().Truncate(time.Microsecond)
		if in.WaitlistClosesAt.IsZero() || now.Before(saved.WaitlistClosesAt) {
			saved.WaitlistClosed = false
		}
		saved.Version++
		saved.UpdatedAt = now
		if saved.Version == 1 {
			_, err = tx.NewInsert().Model(saved).Exec(ctx)
		} else {
			_, err = tx.NewUpdate().Model(saved).WherePK().Exec(ctx)
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "shop.changed", Subject: e.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: save shop: %w", err)
	}
	return saved, nil
}
