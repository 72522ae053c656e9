package sponsors

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// PrefixSponsor begins the ids of sponsors.
const PrefixSponsor = "spo"

// Status says where the talks with a sponsor stand:
//
//	prospect ─▶ talking ─▶ promised ─▶ signed ─▶ invoiced ─▶ paid
//	     ▲          ▲          │          │          │
//	     └──────────┴─────── lost ◀───────┴──────────┘   (lost also from prospect and talking)
//
// Between the first six an organiser may move a sponsor by any number of steps, forward or back: people skip steps, and
// correct what they clicked. Whoever paid is not lost; whoever was lost begins anew as prospect or talking.
type Status string

// The statuses.
const (
	Prospect Status = "prospect"
	Talking  Status = "talking"
	Promised Status = "promised"
	Signed   Status = "signed"
	Invoiced Status = "invoiced"
	Paid     Status = "paid"
	Lost     Status = "lost"
)

var (
	statuses  = []Status{Prospect, Talking, Promised, Signed, Invoiced, Paid, Lost}
	committed = []Status{Promised, Signed, Invoiced, Paid}
)

// Committed reports whether the sponsor has given its word: it holds a place in its tier and its promise counts.
func (s Status) Committed() bool { return slices.Contains(committed, s) }

// follows reports whether a sponsor may go from s to next.
func (s Status) follows(next Status) bool {
	switch {
	case s == next:
		return true
	case s == Lost:
		return next == Prospect || next == Talking
	case next == Lost:
		return s != Paid
	}
	return true
}

// Errors of sponsors.
var (
	ErrTransition = &turnout.Error{Kind: turnout.Conflict, Code: "sponsor_transition", Message: "A sponsor cannot go from this status to that one."}
	ErrOverdrawn  = &turnout.Error{Kind: turnout.Conflict, Code: "overdrawn", Message: "This would take back more than the sponsor has paid."}
)

// Sponsor is an organisation that supports an event, or might.
type Sponsor struct {
	bun.BaseModel `bun:"table:sponsors,alias:sponsor"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	TierID      turnout.ID `bun:"tier_id,nullzero"`
	Name        string     `bun:"name"`
	Website     string     `bun:"website"`   // http or https
	LogoHash    string     `bun:"logo_hash"` // of a picture in blobs
	Status      Status     `bun:"status"`
	Promised    int64      `bun:"promised"` // minor units of the event's currency
	Version     int64      `bun:"version"`  // rises with each change; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`

	Received int64 `bun:"received,scanonly"` // the sum of its payments, minor units; read by List and Find
}

// Input is what an organiser says about a sponsor.
type Input struct {
	Name     string
	TierID   turnout.ID // empty: none yet
	Website  string
	LogoHash string
	Status   Status        // empty: prospect
	Promised turnout.Money // in the event's currency
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *Input) Check(currency string) error {
	var p turnout.Problems
	in.Name, in.Website = strings.TrimSpace(in.Name), strings.TrimSpace(in.Website)
	p.Require("name", in.Name)
	p.Line("name", in.Name, 200)
	p.Line("website", in.Website, 500)
	if u, err := url.Parse(in.Website); in.Website != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		p.Add("website", "url", "A website begins with https:// or http://.")
	}
	p.Amount("promised", in.Promised, currency)
	if in.Status == "" {
		in.Status = Prospect
	}
	if !slices.Contains(statuses, in.Status) {
		p.Add("status", "unknown", "The status is one of prospect, talking, promised, signed, invoiced, paid and lost.")
	}
	return p.Err()
}

// Create adds a sponsor to an event, which is named by id or slug, in any status. A tier without a place for it is
// ErrTierFull.
func (s *Service) Create(ctx context.Context, community turnout.ID, event string, in Input) (*Sponsor, error) {
	var sponsor *Sponsor
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmounts(ctx, tx, community, event)
		if err != nil {
			return err
		}
		if err := in.Check(e.Currency); err != nil {
			return err
		}
		now := s.now()
		sponsor = &Sponsor{ID: turnout.NewID(PrefixSponsor), CommunityID: community, EventID: e.ID, Version: 1, CreatedAt: now}
		if err := s.fill(ctx, tx, sponsor, in, now); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(sponsor).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "sponsor.created", Subject: sponsor.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("sponsors: create: %w", err)
	}
	return sponsor, nil
}

// Update replaces what is said about a sponsor; an empty status leaves it where it stands. With ifVersion it does so only
// if that is still its version, else it is turnout.ErrStale. It answers ErrTransition and ErrTierFull.
func (s *Service) Update(ctx context.Context, community, id turnout.ID, in Input, ifVersion *int64) (*Sponsor, error) {
	var sponsor *Sponsor
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmountsOf(ctx, tx, community, "sponsors", id)
		if err != nil {
			return err
		}
		if sponsor, err = lock(ctx, tx, community, id); err != nil {
			return err
		}
		if ifVersion != nil && *ifVersion != sponsor.Version {
			return turnout.ErrStale
		}
		if in.Status == "" {
			in.Status = sponsor.Status
		}
		if err := in.Check(e.Currency); err != nil {
			return err
		}
		if !sponsor.Status.follows(in.Status) {
			return ErrTransition.With("A sponsor cannot go from %s to %s.", sponsor.Status, in.Status)
		}
		before, now := sponsor.Status, s.now()
		if err := s.fill(ctx, tx, sponsor, in, now); err != nil {
			return err
		}
		sponsor.Version++
		if _, err := tx.NewUpdate().Model(sponsor).WherePK().Where("community_id = ?", community).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "sponsor.changed", Subject: sponsor.ID, At: now,
			Detail: map[string]string{"from": string(before), "to": string(sponsor.Status)}})
	})
	if err != nil {
		return nil, fmt.Errorf("sponsors: update: %w", err)
	}
	return sponsor, nil
}

// fill puts the input into the sponsor and takes its place in the tier.
func (s *Service) fill(ctx context.Context, tx bun.Tx, sponsor *Sponsor, in Input, now time.Time) error {
	if in.LogoHash != "" {
		known, err := tx.NewSelect().Table("blobs").Where("hash = ?", in.LogoHash).Exists(ctx)
		if err != nil {
			return err
		}
		if !known {
			return turnout.Invalidf("logo_hash", "unknown", "There is no such picture. Upload it first.")
		}
	}
	if in.TierID != "" {
		tier, err := lockTier(ctx, tx, sponsor.CommunityID, in.TierID)
		if err == nil && tier.EventID != sponsor.EventID {
			err = turnout.ErrNotFound
		}
		if err != nil {
			return tierProblem(err)
		}
		taken, err := taken(ctx, tx, tier, sponsor.ID)
		if err != nil {
			return err
		}
		if in.Status.Committed() && tier.Limit != nil && taken >= *tier.Limit {
			return ErrTierFull
		}
	}
	sponsor.Name, sponsor.TierID, sponsor.Website, sponsor.LogoHash = in.Name, in.TierID, in.Website, in.LogoHash
	sponsor.Status, sponsor.Promised, sponsor.UpdatedAt = in.Status, in.Promised.Amount, now
	return nil
}

// tierProblem says of a tier that is not there that the field is wrong, not that the page is missing.
func tierProblem(err error) error {
	if errors.Is(err, turnout.ErrNotFound) {
		return turnout.Invalidf("tier_id", "unknown", "This event has no such tier.")
	}
	return err
}

// lock reads a sponsor and keeps others from changing it until the transaction ends, as lockTier does.
func lock(ctx context.Context, tx bun.Tx, community, id turnout.ID) (*Sponsor, error) {
	n, err := database.Changed(tx.NewUpdate().Model((*Sponsor)(nil)).Set("version = version").
		Where("id = ?", id).Where("community_id = ?", community).Exec(ctx))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, turnout.ErrNotFound
	}
	return Find(ctx, tx, community, id)
}

// Find gives a sponsor of the community with what it has paid, or turnout.ErrNotFound.
func Find(ctx context.Context, db bun.IDB, community, id turnout.ID) (*Sponsor, error) {
	sponsor := new(Sponsor)
	if err := read(db.NewSelect().Model(sponsor), community).Where("sponsor.id = ?", id).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return sponsor, nil
}

// List gives an event's sponsors with what each has paid, in the order in which they were added.
func List(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*Sponsor, error) {
	var all []*Sponsor
	if err := read(db.NewSelect().Model(&all), community).Where("sponsor.event_id = ?", event).OrderExpr("sponsor.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("sponsors: list: %w", err)
	}
	return all, nil
}

func read(q *bun.SelectQuery, community turnout.ID) *bun.SelectQuery {
	return q.ColumnExpr("sponsor.*").ColumnExpr("(SELECT COALESCE(SUM(payment.amount), 0) FROM sponsor_payments AS payment "+
		"WHERE payment.event_id = sponsor.event_id AND payment.sponsor_id = sponsor.id AND payment.community_id = sponsor.community_id) AS received").
		Where("sponsor.community_id = ?", community)
}
