package sponsors

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// PrefixTier begins the ids of tiers.
const PrefixTier = "tie"

// Errors of tiers.
var (
	ErrTierFull  = &turnout.Error{Kind: turnout.Conflict, Code: "tier_full", Message: "This tier has as many sponsors as it takes. Choose another tier, or raise its limit."}
	ErrTierLimit = &turnout.Error{Kind: turnout.Conflict, Code: "limit_below_taken", Message: "More sponsors than that are in this tier already."}
)

// Tier is a package that sponsors of an event choose from.
type Tier struct {
	bun.BaseModel `bun:"table:sponsor_tiers,alias:tier"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	Name        string     `bun:"name"`
	Price       int64      `bun:"price"`               // minor units of the event's currency
	Limit       *int64     `bun:"max_sponsors"`        // nil: any number
	Benefits    []string   `bun:"benefits,type:jsonb"` // what the sponsor gets, a line each
	Position    int64      `bun:"position"`            // the order on the page
	Version     int64      `bun:"version"`             // rises with each change; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`
}

// TierInput is what an organiser says about a tier.
type TierInput struct {
	Name     string
	Price    turnout.Money // in the event's currency
	Limit    *int64
	Benefits []string
	Position int64
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *TierInput) Check(currency string) error {
	var p turnout.Problems
	in.Name = strings.TrimSpace(in.Name)
	p.Require("name", in.Name)
	p.Line("name", in.Name, 100)
	p.Amount("price", in.Price, currency)
	if in.Limit != nil && *in.Limit < 1 {
		p.Add("limit", "range", "The limit is a number from 1 on; leave it out for no limit.")
	}
	if len(in.Benefits) > 50 {
		p.Add("benefits", "out_of_range", "A tier lists at most 50 benefits.")
	}
	for i, b := range in.Benefits {
		field := fmt.Sprintf("benefits[%d]", i)
		p.Require(field, strings.TrimSpace(b))
		p.Line(field, b, 300)
	}
	if in.Benefits == nil {
		in.Benefits = []string{}
	}
	return p.Err()
}

// CreateTier adds a tier to an event, which is named by id or slug.
func (s *Service) CreateTier(ctx context.Context, community turnout.ID, event string, in TierInput) (*Tier, error) {
	var tier *Tier
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmounts(ctx, tx, community, event)
		if err != nil {
			return err
		}
		if err := in.Check(e.Currency); err != nil {
			return err
		}
		now := s.now()
		tier = &Tier{ID: turnout.NewID(PrefixTier), CommunityID: community, EventID: e.ID, Name: in.Name, Price: in.Price.Amount,
			Limit: in.Limit, Benefits: in.Benefits, Position: in.Position, Version: 1, CreatedAt: now, UpdatedAt: now}
		if _, err := tx.NewInsert().Model(tier).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "sponsor_tier.created", Subject: tier.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("sponsors: create tier: %w", err)
	}
	return tier, nil
}

// UpdateTier replaces what is said about a tier. With ifVersion it does so only if that is still its version, else it is
// turnout.ErrStale. A limit below the sponsors who hold places is ErrTierLimit.
func (s *Service) UpdateTier(ctx context.Context, community, id turnout.ID, in TierInput, ifVersion *int64) (*Tier, error) {
	tier := new(Tier)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmountsOf(ctx, tx, community, "sponsor_tiers", id)
		if err != nil {
			return err
		}
		if tier, err = lockTier(ctx, tx, community, id); err != nil {
			return err
		}
		if ifVersion != nil && *ifVersion != tier.Version {
			return turnout.ErrStale
		}
		if err := in.Check(e.Currency); err != nil {
			return err
		}
		taken, err := taken(ctx, tx, tier, "")
		if err != nil {
			return err
		}
		if in.Limit != nil && *in.Limit < taken {
			return ErrTierLimit.With("%d sponsors are in this tier already.", taken)
		}
		tier.Name, tier.Price, tier.Limit, tier.Benefits, tier.Position = in.Name, in.Price.Amount, in.Limit, in.Benefits, in.Position
		tier.UpdatedAt = s.now()
		tier.Version++
		if _, err := tx.NewUpdate().Model(tier).WherePK().Where("community_id = ?", community).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "sponsor_tier.changed", Subject: tier.ID, At: tier.UpdatedAt})
	})
	if err != nil {
		return nil, fmt.Errorf("sponsors: update tier: %w", err)
	}
	return tier, nil
}

// Tiers lists an event's tiers in their order.
func Tiers(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*Tier, error) {
	var tiers []*Tier
	err := db.NewSelect().Model(&tiers).Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("position, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("sponsors: tiers: %w", err)
	}
	return tiers, nil
}

// lockTier reads a tier and keeps others from taking its places until the transaction ends: the update that changes
// nothing is a row lock on PostgreSQL and the write lock on SQLite, where FOR UPDATE is a syntax error.
func lockTier(ctx context.Context, tx bun.Tx, community, id turnout.ID) (*Tier, error) {
	n, err := database.Changed(tx.NewUpdate().Model((*Tier)(nil)).Set("version = version").
		Where("id = ?", id).Where("community_id = ?", community).Exec(ctx))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, turnout.ErrNotFound
	}
	tier := new(Tier)
	return tier, tx.NewSelect().Model(tier).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx)
}

// taken counts the sponsors who hold places in the tier, besides one.
func taken(ctx context.Context, tx bun.Tx, tier *Tier, besides turnout.ID) (int64, error) {
	return tx.NewSelect().Model((*Sponsor)(nil)).Where("community_id = ?", tier.CommunityID).Where("event_id = ?", tier.EventID).
		Where("tier_id = ?", tier.ID).Where("status IN (?)", bun.List(committed)).Where("id <> ?", besides).Count(ctx)
}
