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

// CopyCatalogue gives a cloned event the pools and ticket types of the one it was cloned from: nothing taken, their sale
// windows moved with the event's start. It runs in the transaction of the cloning.
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
		if !t.SalesStart.IsZero() {
			t.SalesStart = events.Shift(t.SalesStart, from, to)
		}
		if !t.SalesEnd.IsZero() {
			t.SalesEnd = events.Shift(t.SalesEnd, from, to)
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
	if err := copyQuestions(ctx, tx, from, to, typeIDs, now); err != nil {
		return fmt.Errorf("ticketing: copy: %w", err)
	}
	_, err = addTotals(ctx, tx, &totals{EventID: to.ID, LastType: last})
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

// Rezone keeps the sale windows at the wall-clock times that they showed, when an event moves to another zone. It runs in the
// transaction of the move.
func (s *Service) Rezone(ctx context.Context, tx bun.IDB, before, after *events.Event) error {
	types, err := loadTypes(ctx, tx, []turnout.ID{after.ID})
	if err != nil {
		return fmt.Errorf("ticketing: rezone: %w", err)
	}
	for _, t := range types {
		if t.SalesStart.IsZero() && t.SalesEnd.IsZero() {
			continue
		}
		for _, at := range []*time.Time{&t.SalesStart, &t.SalesEnd} {
			if !at.IsZero() {
				*at, _ = events.KeepWallClock(*at, before.Location(), after.Location())
			}
		}
		t.Version++
		t.UpdatedAt = s.Now()
		if _, err := tx.NewUpdate().Model(t).Column("sales_start", "sales_end", "version", "updated_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("ticketing: rezone: %w", err)
		}
	}
	return nil
}
