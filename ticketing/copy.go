package ticketing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// CopyCatalogue gives a cloned event what the one it was cloned from sells and how: pools, ticket types with their prices, add-ons,
// questions, the shop's settings. Nothing is taken, all times move with the event's start; vouchers and places set aside are of that one
// event. It runs in the transaction of the cloning.
func (s *Service) CopyCatalogue(ctx context.Context, tx bun.IDB, from, to *events.Event) error {
	now := s.Now()
	old, err := poolsByID(ctx, tx, from.CommunityID, from.ID)
	if err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	renamed := map[turnout.ID]turnout.ID{}
	var pools []*Pool
	for id, p := range old {
		if p.Kind != Places {
			continue // made with what owns it
		}
		renamed[id] = turnout.NewID(prefixPool)
		pools = append(pools, &Pool{ID: renamed[id], CommunityID: to.CommunityID, EventID: to.ID, Kind: Places, Name: p.Name, Capacity: p.Capacity,
			Version: 1, CreatedAt: now, UpdatedAt: now})
	}
	types, err := loadTypes(ctx, tx, []turnout.ID{from.ID})
	if err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	var links []typePool
	last, typeIDs := int64(0), map[turnout.ID]turnout.ID{}
	for _, t := range types {
		typeIDs[t.ID] = turnout.NewID(prefixType)
		t.ID, t.CommunityID, t.EventID, t.Version, t.CreatedAt, t.UpdatedAt = typeIDs[t.ID], to.CommunityID, to.ID, 1, now, now
		for _, at := range t.times() {
			*at = events.Shift(*at, from, to)
		}
		for i := range t.PriceWindows {
			w := &t.PriceWindows[i]
			w.ID = turnout.NewID(prefixWindow)
			if w.PoolID = ""; w.UpTo > 0 {
				w.PoolID = turnout.NewID(prefixPool)
				pools = append(pools, &Pool{ID: w.PoolID, CommunityID: to.CommunityID, EventID: to.ID, Kind: PricePlaces, Name: string(w.ID),
					Capacity: w.UpTo, Version: 1, CreatedAt: now, UpdatedAt: now})
			}
		}
		last = max(last, t.Number)
		for _, id := range t.PoolIDs {
			links = append(links, typePool{CommunityID: to.CommunityID, TicketTypeID: t.ID, PoolID: renamed[id]})
		}
	}
	for _, rows := range []any{&pools, &types, &links} {
		if err := insertAll(ctx, tx, rows); err != nil {
			return fmt.Errorf("ticketing: copy: %w", err)
		}
	}
	if err := copyAddOns(ctx, tx, from, to, typeIDs, renamed, now); err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	if err := copyShop(ctx, tx, from, to, now); err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	if err := copyQuestions(ctx, tx, from, to, typeIDs, now); err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	_, err = addTotals(ctx, tx, &totals{EventID: to.ID, LastType: last})
	return err
}

// times are the instants that a ticket type has: those of its sale and its price windows.
func (t *TicketType) times() []*time.Time {
	all := []*time.Time{&t.SalesStart, &t.SalesEnd}
	for i := range t.PriceWindows {
		all = append(all, &t.PriceWindows[i].Until)
	}
	return slices.DeleteFunc(all, func(at *time.Time) bool { return at.IsZero() })
}

// times are the instants that an add-on has.
func (a *AddOn) times() []*time.Time {
	return slices.DeleteFunc([]*time.Time{&a.SalesStart, &a.SalesEnd}, func(at *time.Time) bool { return at.IsZero() })
}

// copyAddOns gives a cloned event the add-ons of the other one, with the pools and ticket types that were made from theirs.
func copyAddOns(ctx context.Context, tx bun.IDB, from, to *events.Event, typeIDs, poolIDs map[turnout.ID]turnout.ID, now time.Time) error {
	addOns, err := loadAddOns(ctx, tx, []turnout.ID{from.ID})
	if err != nil {
		return err
	}
	var pools []addOnPool
	var with []AddOnWith
	for _, a := range addOns {
		a.ID, a.CommunityID, a.EventID, a.Version, a.CreatedAt, a.UpdatedAt = turnout.NewID(prefixAddOn), to.CommunityID, to.ID, 1, now, now
		for _, at := range a.times() {
			*at = events.Shift(*at, from, to)
		}
		for _, id := range a.PoolIDs {
			pools = append(pools, addOnPool{CommunityID: to.CommunityID, AddOnID: a.ID, PoolID: poolIDs[id]})
		}
		for _, w := range a.With {
			w.CommunityID, w.AddOnID, w.TicketTypeID = to.CommunityID, a.ID, typeIDs[w.TicketTypeID]
			with = append(with, w)
		}
	}
	for _, rows := range []any{&addOns, &pools, &with} {
		if err := insertAll(ctx, tx, rows); err != nil {
			return err
		}
	}
	return nil
}

// copyShop gives a cloned event's shop the settings of the other one; its waitlist is open.
func copyShop(ctx context.Context, tx bun.IDB, from, to *events.Event, now time.Time) error {
	s, err := shopSettings(ctx, tx, from)
	if err != nil || s.Version == 0 {
		return err
	}
	s.EventID, s.CommunityID, s.WaitlistClosed, s.Version, s.UpdatedAt = to.ID, to.CommunityID, false, 1, now
	if !s.WaitlistClosesAt.IsZero() {
		s.WaitlistClosesAt = events.Shift(s.WaitlistClosesAt, from, to)
	}
	_, err = tx.NewInsert().Model(s).Exec(ctx)
	return err
}

// copyQuestions gives a cloned event what the other one asks, with choices and places of its own; typeIDs are its ticket types by
// those they were made from.
func copyQuestions(ctx context.Context, tx bun.IDB, from, to *events.Event, typeIDs map[turnout.ID]turnout.ID, now time.Time) error {
	questions, err := loadQuestions(ctx, tx, []turnout.ID{from.ID})
	if err != nil {
		return err
	}
	if err := loadChoicePools(ctx, tx, questions); err != nil {
		return err
	}
	renamed := map[turnout.ID]turnout.ID{} // questions and options
	var pools []*Pool
	var words []*Wording
	var links []questionType
	for _, q := range questions {
		renamed[q.ID] = turnout.NewID(prefixQuestion)
		q.ID, q.CommunityID, q.EventID, q.Asked, q.Version, q.CreatedAt, q.UpdatedAt = renamed[q.ID], to.CommunityID, to.ID, 1, 1, now, now
		w := q.Words
		w.QuestionID, w.Version, w.CommunityID, w.CreatedAt = q.ID, 1, to.CommunityID, now
		for i := range w.Options {
			o := &w.Options[i]
			renamed[o.ID] = turnout.NewID(prefixOption)
			o.ID = renamed[o.ID]
			if o.PoolID = ""; o.Limited() {
				o.PoolID = turnout.NewID(prefixPool)
				pools = append(pools, &Pool{ID: o.PoolID, CommunityID: to.CommunityID, EventID: to.ID, Kind: ChoicePlaces, Name: string(o.ID),
					Capacity: o.Pool.Capacity, Version: 1, CreatedAt: now, UpdatedAt: now})
			}
		}
		w.ShowIf = w.ShowIf.renamed(renamed)
		if last, err := time.ParseInLocation(time.DateOnly, w.EraseOn, from.Location()); err == nil {
			w.EraseOn = events.Shift(last, from, to).In(to.Location()).Format(time.DateOnly)
		}
		for _, id := range q.TypeIDs {
			links = append(links, questionType{CommunityID: to.CommunityID, QuestionID: q.ID, TicketTypeID: typeIDs[id]})
		}
		words = append(words, w)
	}
	for _, rows := range []any{&questions, &words, &pools, &links} {
		if err := insertAll(ctx, tx, rows); err != nil {
			return err
		}
	}
	return nil
}

// renamed is the condition about a copy: the deciding question stands before, so it has its new name already.
func (c Condition) renamed(ids map[turnout.ID]turnout.ID) Condition {
	if c.always() {
		return c
	}
	out := Condition{QuestionID: ids[c.QuestionID]}
	for _, a := range c.AnyOf {
		if id, isOption := ids[turnout.ID(a)]; isOption {
			a = string(id)
		}
		out.AnyOf = append(out.AnyOf, a)
	}
	slices.Sort(out.AnyOf)
	return out
}

// Rezone keeps the times of sales, prices and the waitlist as the wall clock showed them, when an event moves to another zone; Retime does
// it for vouchers. It runs in the transaction of the move.
func (s *Service) Rezone(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	if err := s.rezone(ctx, tx, before, after); err != nil {
		return fmt.Errorf("ticketing: rezone: %w", err)
	}
	return nil
}

func (s *Service) rezone(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	now := s.Now()
	keep := func(times []*time.Time) bool {
		for _, at := range times {
			*at, _ = events.KeepWallClock(*at, before.Location(), after.Location())
		}
		return len(times) > 0
	}
	types, err := loadTypes(ctx, tx, []turnout.ID{after.ID})
	if err != nil {
		return err
	}
	for _, t := range types {
		if !keep(t.times()) {
			continue
		}
		t.Version++
		t.UpdatedAt = now
		if _, err := tx.NewUpdate().Model(t).Column("sales_start", "sales_end", "price_windows", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	addOns, err := loadAddOns(ctx, tx, []turnout.ID{after.ID})
	if err != nil {
		return err
	}
	for _, a := range addOns {
		if !keep(a.times()) {
			continue
		}
		a.Version++
		a.UpdatedAt = now
		if _, err := tx.NewUpdate().Model(a).Column("sales_start", "sales_end", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	shop, err := shopSettings(ctx, tx, after)
	if err != nil || shop.WaitlistClosesAt.IsZero() {
		return err
	}
	keep([]*time.Time{&shop.WaitlistClosesAt})
	shop.Version++
	shop.UpdatedAt = now
	_, err = tx.NewUpdate().Model(shop).Column("waitlist_closes_at", "version", "updated_at").WherePK().Exec(ctx)
	return err
}
