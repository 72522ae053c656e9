// Package events holds the event: one dated happening with registration, from its draft to its end.
//
// Decided here: Every edit first raises the event's version, which locks its row, and then reads and writes it; so two
// edits never mix, and an edit that names the version it was made from is refused when another came between. A clone is
// made of the event's details only; its rooms, pools and ticket types are copied in the same transaction by the functions
// that the packages owning them put into [Service.Cloned]. A changed end and a changed zone are followed in the same way, by [Service.Retimed]
// and [Service.Rezoned].
package events

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Service carries out what organisers do with events.
type Service struct {
	DB  *database.DB
	Now func() time.Time

	// What packages above do in the same transaction, in this order; the program sets them at its start.
	Cloned  []func(ctx context.Context, tx bun.IDB, from, to *Event) error      // copy what belongs to an event
	Retimed []func(ctx context.Context, tx bun.IDB, before, after *Event) error // another zone or end; they lock pools, so they come before all else of the edit
	Rezoned []func(ctx context.Context, tx bun.IDB, before, after *Event) error // keep wall-clock times, see KeepWallClock
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// Errors of editing an event.
var (
	ErrSlugTaken  = &turnout.Error{Kind: turnout.Conflict, Code: "slug_taken", Message: "This address is taken. Choose another."}
	ErrTransition = &turnout.Error{Kind: turnout.Conflict, Code: "event_status", Message: "The event's status does not allow this."}
	ErrCurrency   = &turnout.Error{Kind: turnout.Conflict, Code: "currency_fixed", Message: "There are orders already, so the currency can no longer change."}
	// There are prices or other amounts, and nobody said what becomes of them.
	ErrCurrencyAmounts = &turnout.Error{Kind: turnout.Conflict, Code: "currency_has_amounts", Message: "There are amounts in the old currency. Set them to 0 first, or say that they keep their numbers."}
	// An amount has more decimals than the new currency, or no room in it.
	ErrCurrencyDecimals = &turnout.Error{Kind: turnout.Conflict, Code: "currency_decimals", Message: "An amount cannot be written in the new currency. Change it first."}
)

// hold locks an event of the community for an edit by raising its version, and gives it as it is now. version is the one
// the edit was made from, 0 when the caller does not say; another one is turnout.ErrStale.
func hold(ctx context.Context, tx bun.Tx, community turnout.ID, idOrSlug string, version int64) (*Event, error) {
	event := new(Event)
	q := tx.NewUpdate().Model(event).Set("version = version + 1").Where("community_id = ?", community).Returning("?Columns")
	if id := turnout.ID(idOrSlug); id.Is(turnout.PrefixEvent) {
		q = q.Where("id = ?", id)
	} else {
		q = q.Where("slug = ?", idOrSlug)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	if version != 0 && event.Version != version+1 {
		return nil, turnout.ErrStale
	}
	return event, nil
}

// save writes an event that hold gave.
func save(ctx context.Context, tx bun.Tx, event *Event, now time.Time) error {
	event.UpdatedAt = now
	_, err := tx.NewUpdate().Model(event).WherePK().Where("community_id = ?", event.CommunityID).Exec(ctx)
	return err
}

// edit locks the event, lets change work on it, saves it and notes the action.
func (s *Service) edit(ctx context.Context, community turnout.ID, idOrSlug string, version int64, action string,
	change func(ctx context.Context, tx bun.Tx, event *Event) error,
) (*Event, error) {
	var event *Event
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if event, err = hold(ctx, tx, community, idOrSlug, version); err != nil {
			return err
		}
		if err := change(ctx, tx, event); err != nil {
			return err
		}
		now := s.now()
		if err := save(ctx, tx, event, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: event.ID, At: now})
	})
	if database.IsUnique(err) { // of what an edit writes, only the slug is unique
		return nil, ErrSlugTaken
	}
	if err != nil {
		return nil, err
	}
	return event, nil
}
