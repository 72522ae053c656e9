package ticketing

import (
	"cmp"
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// ErrNoRoom refuses an offer that there are no places for.
var ErrNoRoom = &turnout.Error{Kind: turnout.Conflict, Code: "no_room", Message: "There is not enough room for all of this party."}

// OfferNow offers a party that waits places out of turn: of the first of its ticket types that has room for all of it. It fails with
// turnout.ErrNotFound, ErrNotWaiting, ErrNoRoom, ErrWaitlistClosed and the refusals of a sale.
func (s *Service) OfferNow(ctx context.Context, community, id turnout.ID) (*WaitlistEntry, error) {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		event := new(events.Event)
		if err := tx.NewSelect().Model(event).Where("id = (SELECT event_id FROM waitlist_entries WHERE id = ? AND community_id = ?)", id, community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		q, err := readQueue(ctx, tx, event, s.Now())
		if err != nil {
			return err
		}
		if q != nil {
			if err := q.lock(ctx, tx); err != nil {
				return err
			}
		}
		w, err := entryOf(ctx, tx, community, id) // under the lock of what it could be offered
		if err != nil {
			return err
		}
		switch {
		case w.Status != Waiting:
			return ErrNotWaiting
		case q == nil:
			return cmp.Or(openForSale(event, s.Now()), error(ErrWaitlistClosed))
		}
		if err := q.readMembers(ctx, tx, []*WaitlistEntry{w}); err != nil {
			return err
		}
		t := q.first(w)
		if t == nil {
			return ErrNoRoom
		}
		if err := s.makeOffers(ctx, tx, q, []chosen{q.offer(w, t)}); err != nil { // again when the party left in the meantime
			return err
		}
		return remember(ctx, tx, id, s.Now())
	})
	if err != nil {
		return nil, wrapped("offer out of turn", err)
	}
	return s.WaitlistEntry(ctx, community, id)
}

// WithdrawEntry takes a party off the waitlist; an offer that was made for it goes to the next. It fails as LeaveWaitlist.
func (s *Service) WithdrawEntry(ctx context.Context, community, id turnout.ID) (*WaitlistEntry, error) {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		w, err := entryOf(ctx, tx, community, id)
		if err != nil {
			return err
		}
		return s.leave(ctx, tx, w, audit.Actor{})
	})
	if err != nil {
		return nil, wrapped("withdraw from the waitlist", err)
	}
	s.soldOut.forget()
	return s.WaitlistEntry(ctx, community, id)
}

// WaitlistEntry gives an entry of a community. It fails with turnout.ErrNotFound.
func (s *Service) WaitlistEntry(ctx context.Context, community, id turnout.ID) (*WaitlistEntry, error) {
	w, err := entryOf(ctx, s.DB.Read(), community, id)
	return w, wrapped("waitlist entry", err)
}

func entryOf(ctx context.Context, db bun.IDB, community, id turnout.ID) (*WaitlistEntry, error) {
	w := new(WaitlistEntry)
	if err := db.NewSelect().Model(w).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	return w, loadWishes(ctx, db, []*WaitlistEntry{w})
}

// ServeNow is ServeWaitlist for an organiser who does not wait for the sweep; it gives the number of parties that had places offered.
func (s *Service) ServeNow(ctx context.Context, e *events.Event) (int64, error) {
	before, _, err := s.CountWaiting(ctx, e)
	if err == nil {
		err = s.ServeWaitlist(ctx, e.ID)
	}
	if err != nil {
		return 0, wrapped("serve now", err)
	}
	after, _, err := s.CountWaiting(ctx, e)
	return max(0, before-after), err
}
