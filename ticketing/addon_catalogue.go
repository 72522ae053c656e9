package ticketing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

const prefixAddOn = "add"

// AddOnInput is what an add-on is made or changed with.
type AddOnInput struct {
	Name        string
	Description string
	Pricing     Pricing       // "" is fixed
	Price       turnout.Money // what is suggested when open
	MinPrice    turnout.Money // of an open one; the zero Money is none
	PoolIDs     []turnout.ID  // none: there is no end of it
	SalesStart  time.Time
	SalesEnd    time.Time
	OnSale      bool
	With        []AddOnWith // none: all ticket types, as the buyer likes
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *AddOnInput) Check(event *events.Event) error {
	var p turnout.Problems
	in.Name = strings.TrimSpace(in.Name)
	p.Require("name", in.Name)
	p.Line("name", in.Name, maxName)
	p.Length("description", in.Description, 5000)
	checkPrice(&p, &in.Pricing, in.Price, in.MinPrice, event.Currency, maxPrice)
	p.InOrder("sales_end", in.SalesStart, in.SalesEnd, "The sale must end after it begins.")
	slices.Sort(in.PoolIDs)
	in.PoolIDs = slices.Compact(in.PoolIDs)
	seen := map[turnout.ID]bool{}
	for i := range in.With {
		w, name := &in.With[i], field("ticket_types", i)
		if w.Most == 0 {
			w.Most = max(1, w.Least, w.Included)
		}
		if seen[w.TicketTypeID] {
			p.Add(name+".ticket_type_id", "repeated", "This ticket type stands there twice.")
		}
		seen[w.TicketTypeID] = true
		if w.Least < 0 || w.Most < 1 || w.Most > mostAddOns || w.Least > w.Most || w.Included < 0 || w.Included > w.Most {
			p.Add(name+".most", "out_of_range", "A ticket has 0 to %d of it, the least and what is included not above the most.", mostAddOns)
		}
	}
	return p.Err()
}

func (in *AddOnInput) apply(a *AddOn, now time.Time) {
	a.Name, a.Description, a.Pricing, a.Price, a.MinPrice = in.Name, in.Description, in.Pricing, in.Price.Amount, in.MinPrice.Amount
	a.SalesStart, a.SalesEnd, a.OnSale = in.SalesStart.UTC().Truncate(time.Microsecond), in.SalesEnd.UTC().Truncate(time.Microsecond), in.OnSale
	a.PoolIDs, a.With, a.UpdatedAt = in.PoolIDs, slices.Clone(in.With), now
	a.Version++
	for i := range a.With {
		a.With[i].CommunityID, a.With[i].AddOnID = a.CommunityID, a.ID
	}
}

// checkIn is Check, and whether pools and ticket types are the event's own.
func (in *AddOnInput) checkIn(ctx context.Context, tx bun.IDB, event *events.Event) error {
	if err := in.Check(event); err != nil {
		return err
	}
	types := make([]turnout.ID, len(in.With))
	for i, w := range in.With {
		types[i] = w.TicketTypeID
	}
	if err := typesOf(ctx, tx, event.CommunityID, event.ID, types); err != nil {
		return err
	}
	if len(in.PoolIDs) == 0 {
		return nil
	}
	return poolsOfEvent(ctx, tx, event, in.PoolIDs)
}

// CreateAddOn adds an add-on to an event. It fails with an Invalid error, ErrNameTaken and turnout.ErrNotFound.
func (s *Service) CreateAddOn(ctx context.Context, community, event turnout.ID, in AddOnInput) (*AddOn, error) {
	now := s.Now()
	var a *AddOn
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmounts(ctx, tx, community, string(event))
		if err != nil {
			return err
		}
		if err := in.checkIn(ctx, tx, e); err != nil {
			return err
		}
		a = &AddOn{ID: turnout.NewID(prefixAddOn), CommunityID: community, EventID: e.ID, CreatedAt: now}
		in.apply(a, now)
		if err := tx.NewSelect().Model((*AddOn)(nil)).ColumnExpr("COALESCE(MAX(position), 0) + 1").Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx, &a.Position); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(a).Exec(ctx); err != nil {
			return err
		}
		if err := linkAddOn(ctx, tx, a); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "add_on.created", Subject: a.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: create add-on: %w", nameTaken(err))
	}
	return a, nil
}

// UpdateAddOn changes an add-on for the orders to come; what was sold stays as it was sold. version is the one that was read, 0 for
// whatever it is. It fails as CreateAddOn, and with turnout.ErrStale.
func (s *Service) UpdateAddOn(ctx context.Context, community, id turnout.ID, version int64, in AddOnInput) (*AddOn, error) {
	a := new(AddOn)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		*a = AddOn{}
		event, err := events.ForAmountsOf(ctx, tx, community, "add_ons", id)
		if err != nil {
			return err
		}
		if err := tx.NewSelect().Model(a).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		if err := in.checkIn(ctx, tx, event); err != nil {
			return err
		}
		if version != 0 && a.Version != version {
			return turnout.ErrStale
		}
		in.apply(a, now)
		if _, err := tx.NewUpdate().Model(a).WherePK().Exec(ctx); err != nil {
			return err
		}
		for _, links := range []any{(*addOnPool)(nil), (*AddOnWith)(nil)} {
			if _, err := tx.NewDelete().Model(links).Where("add_on_id = ?", id).Exec(ctx); err != nil {
				return err
			}
		}
		if err := linkAddOn(ctx, tx, a); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "add_on.changed", Subject: id, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: update add-on: %w", nameTaken(err))
	}
	return a, nil
}

func linkAddOn(ctx context.Context, tx bun.IDB, a *AddOn) error {
	pools := make([]addOnPool, len(a.PoolIDs))
	for i, id := range a.PoolIDs {
		pools[i] = addOnPool{CommunityID: a.CommunityID, AddOnID: a.ID, PoolID: id}
	}
	if err := insertAll(ctx, tx, &pools); err != nil {
		return err
	}
	return insertAll(ctx, tx, &a.With)
}

// AddOns lists an event's add-ons in their order, with pools and ticket types.
func (s *Service) AddOns(ctx context.Context, community, event turnout.ID) ([]*AddOn, error) {
	list, err := loadAddOns(ctx, s.DB.Read(), []turnout.ID{event})
	if err != nil {
		return nil, fmt.Errorf("ticketing: add-ons: %w", err)
	}
	return slices.DeleteFunc(list, func(a *AddOn) bool { return a.CommunityID != community }), nil
}
