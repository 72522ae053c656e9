package ticketing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// ExpireOffers ends the offers whose time is over and gives their places to the next; event limits it to one event. It returns how many
// ended. It is a sweep.
func (s *Service) ExpireOffers(ctx context.Context, event turnout.ID) (int, error) {
	for total := 0; ; {
		served := map[turnout.ID]bool{}
		n := 0
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			clear(served)
			due, err := s.expireOffers(ctx, tx, event)
			for _, e := range due {
				served[e.EventID] = true
			}
			n = len(due)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("ticketing: expire offers: %w", err)
		}
		total += n
		for id := range served {
			s.soldOut.forget()
			if err := s.ServeWaitlist(ctx, id); err != nil {
				return total, err
			}
		}
		if n < expireChunk {
			return total, nil
		}
	}
}

func (s *Service) expireOffers(ctx context.Context, tx bun.Tx, event turnout.ID) ([]*WaitlistEntry, error) {
	now := s.Now()
	var due []*WaitlistEntry
	q := tx.NewSelect().Model(&due).Where("status = ?", Offered).Where("offer_expires_at <= ?", now).Order("offer_expires_at", "id").Limit(expireChunk)
	if event != "" {
		q = q.Where("event_id = ?", event)
	}
	if err := q.Scan(ctx); err != nil || len(due) == 0 {
		return nil, err
	}
	return due, s.endOffers(ctx, tx, due, OfferExpired, JobWaitlistMissed, now)
}

// endOffers ends offers: their places go back. What was accepted or left in the meantime sends the transaction back.
func (s *Service) endOffers(ctx context.Context, tx bun.Tx, due []*WaitlistEntry, to WaitlistStatus, job string, now time.Time) error {
	ids := make([]turnout.ID, len(due))
	for i, e := range due {
		ids[i] = e.ID
	}
	if _, err := lockOffers(ctx, tx, ids); err != nil {
		return err
	}
	if err := lockTotalsOf(ctx, tx, due); err != nil {
		return err
	}
	n, err := tx.NewSelect().Model((*WaitlistEntry)(nil)).Where("id IN (?)", bun.List(ids)).Where("status = ?", Offered).Count(ctx)
	if err != nil {
		return err
	}
	if n != int64(len(ids)) {
		return database.ErrAgain
	}
	if err := releasePlaces(ctx, tx, ids); err != nil {
		return err
	}
	if err := setEntries(ctx, tx, ids, to, now); err != nil {
		return err
	}
	return s.tellEntries(ctx, tx, due, job, "waitlist.missed", now)
}

// lockTotalsOf takes the totals of the entries' events, in id order: whoever changes an entry has them.
func lockTotalsOf(ctx context.Context, tx bun.IDB, entries []*WaitlistEntry) error {
	var ids []turnout.ID
	for _, e := range entries {
		ids = append(ids, e.EventID)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if _, err := addTotals(ctx, tx, &totals{EventID: id}); err != nil {
			return err
		}
	}
	return nil
}

// tellEntries mails those whom it concerns and notes the deed for each.
func (s *Service) tellEntries(ctx context.Context, tx bun.IDB, list []*WaitlistEntry, job, action string, now time.Time) error {
	list = slices.SortedFunc(slices.Values(list), func(a, b *WaitlistEntry) int { return cmp.Compare(a.CommunityID, b.CommunityID) })
	for group := range slices.Chunk(list, 1000) {
		byCommunity := map[turnout.ID][]entryRef{}
		entries := make([]audit.Entry, len(group))
		for i, e := range group {
			byCommunity[e.CommunityID] = append(byCommunity[e.CommunityID], entryRef{e.ID})
			entries[i] = audit.Entry{Community: e.CommunityID, Action: action, Subject: e.ID, Actor: audit.Actor{Kind: audit.System}, At: now}
		}
		for community, refs := range byCommunity {
			if err := jobs.EnqueueAll(ctx, tx, community, job, refs, now); err != nil {
				return err
			}
		}
		if err := audit.Write(ctx, tx, entries...); err != nil {
			return err
		}
	}
	return nil
}

// CloseWaitlists closes the waitlists whose time has come and tells everybody who still waits, at once; those who wait for tickets
// whose sale has ended hear of it too. Offers that stand keep their deadline. It is a sweep.
func (s *Service) CloseWaitlists(ctx context.Context) error {
	var due []*ShopSettings
	if err := s.DB.Read().NewSelect().Model(&due).Where("NOT waitlist_closed").Where("waitlist_closes_at <= ?", s.Now()).Scan(ctx); err != nil {
		return fmt.Errorf("ticketing: close waitlists: %w", err)
	}
	for _, settings := range due {
		err := s.untilDone(ctx, func(ctx context.Context, tx bun.Tx) (bool, error) { return s.closeWaitlist(ctx, tx, settings.EventID) })
		if err != nil {
			return fmt.Errorf("ticketing: close waitlists: %w", err)
		}
	}
	return s.closeWithSale(ctx)
}

// closeWaitlist sends some of those home who wait; the waitlist is marked as closed with the last of them, so that a sweep after a crash
// goes on. Nobody joins or is served meanwhile: its time is over.
func (s *Service) closeWaitlist(ctx context.Context, tx bun.Tx, event turnout.ID) (more bool, err error) {
	now := s.Now()
	if _, err := addTotals(ctx, tx, &totals{EventID: event}); err != nil {
		return false, err
	}
	due := func(q bun.QueryBuilder) bun.QueryBuilder {
		return q.Where("event_id = ?", event).Where("NOT waitlist_closed").Where("waitlist_closes_at <= ?", now)
	}
	open, err := tx.NewSelect().Model((*ShopSettings)(nil)).ApplyQueryBuilder(due).Exists(ctx)
	if err != nil || !open { // another server was faster, or its time was moved
		return false, err
	}
	more, err = s.sendHome(ctx, tx, event, now, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
	if err != nil || more {
		return more, err
	}
	_, err = tx.NewUpdate().Model((*ShopSettings)(nil)).Set("waitlist_closed = TRUE").Set("updated_at = ?", now).ApplyQueryBuilder(due).Exec(ctx)
	return false, err
}

// homeChunk is how many are sent home in one transaction, so that a sale never waits long.
const homeChunk = 500

// sendHome ends the wishes of those of an event who wait in vain and tells them, some at a time; the event's totals are locked. more says
// that there may be others.
func (s *Service) sendHome(ctx context.Context, tx bun.Tx, event turnout.ID, now time.Time, which func(*bun.SelectQuery) *bun.SelectQuery) (more bool, err error) {
	var waiting []*WaitlistEntry
	if err := which(tx.NewSelect().Model(&waiting)).Where("event_id = ?", event).Where("status = ?", Waiting).Limit(homeChunk).Scan(ctx); err != nil || len(waiting) == 0 {
		return false, err
	}
	ids := make([]turnout.ID, len(waiting))
	for i, e := range waiting {
		ids[i] = e.ID
	}
	if err := setEntries(ctx, tx, ids, OfferExpired, now); err != nil {
		return false, err
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: event, Waiting: -int64(len(ids))}); err != nil {
		return false, err
	}
	return len(ids) == homeChunk, s.tellEntries(ctx, tx, waiting, JobWaitlistClosed, "waitlist.closed", now)
}

// closeWithSale sends those home who wait only for tickets that will not be sold any more: the event or their sale is over.
func (s *Service) closeWithSale(ctx context.Context) error {
	ids, err := s.waitedFor(ctx)
	if err != nil {
		return fmt.Errorf("ticketing: close waitlists: %w", err)
	}
	for _, id := range ids {
		if hopeless, err := s.hopeless(ctx, s.DB.Read(), id); err != nil || hopeless == nil {
			if err != nil {
				return fmt.Errorf("ticketing: close waitlists: %w", err)
			}
			continue
		}
		err := s.untilDone(ctx, func(ctx context.Context, tx bun.Tx) (bool, error) {
			if _, err := addTotals(ctx, tx, &totals{EventID: id}); err != nil {
				return false, err
			}
			hopeless, err := s.hopeless(ctx, tx, id)
			if err != nil || hopeless == nil {
				return false, err
			}
			return s.sendHome(ctx, tx, id, s.Now(), hopeless)
		})
		if err != nil {
			return fmt.Errorf("ticketing: close waitlists: %w", err)
		}
	}
	return nil
}

// hopeless says which of an event's entries wait for nothing that can still come, nil for none.
func (s *Service) hopeless(ctx context.Context, db bun.IDB, id turnout.ID) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	event := new(events.Event)
	if err := db.NewSelect().Model(event).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, err
	}
	if sells := openForSale(event, s.Now()) == nil; !sells {
		return func(q *bun.SelectQuery) *bun.SelectQuery { return q }, nil
	}
	types, err := loadTypes(ctx, db, []turnout.ID{id})
	if err != nil {
		return nil, err
	}
	over := []turnout.ID{}
	for _, t := range types {
		if !t.SalesEnd.IsZero() && !s.Now().Before(t.SalesEnd) {
			over = append(over, t.ID)
		}
	}
	if len(over) == 0 {
		return nil, nil
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("NOT EXISTS (SELECT 1 FROM waitlist_entry_types AS wish WHERE wish.entry_id = entry.id AND wish.ticket_type_id NOT IN (?))", bun.List(over))
	}, nil
}

// waitedFor lists the events where somebody waits.
func (s *Service) waitedFor(ctx context.Context) (ids []turnout.ID, err error) {
	err = s.DB.Read().NewSelect().Table("event_totals").Column("event_id").Where("waiting > 0").Order("event_id").Scan(ctx, &ids)
	return ids, err
}
