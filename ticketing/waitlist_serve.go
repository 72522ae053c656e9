package ticketing

import (
	"cmp"
	"context"
	"errors"
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

// errOthersWait sends a sale back until the waitlist was served: places that somebody waits for are theirs first.
var errOthersWait = errors.New("ticketing: others wait for these tickets")

// others says whether somebody waits for what the purchase wants; what staff sell, and what a voucher or an offer holds, is not theirs.
func (s *shelf) others(p *Purchase) bool {
	if p.Desk != nil || p.Offer != "" {
		return false
	}
	v := s.voucher(p)
	return slices.ContainsFunc(p.Lines, func(l PurchaseLine) bool {
		return s.queued[l.TicketTypeID] && (v == nil || !v.Reserves)
	})
}

// offerRefusal says why the offer that a purchase accepts cannot be accepted.
func (s *shelf) offerRefusal(p *Purchase) error {
	if p.Offer == "" {
		return nil
	}
	e := s.entries[p.Offer]
	if e == nil || e.EventID != p.EventID || e.StatusAt(s.now) != Offered {
		return ErrOfferOver
	}
	if !slices.ContainsFunc(p.Lines, func(l PurchaseLine) bool { return l.TicketTypeID == e.OfferedTypeID }) {
		return turnout.Invalidf("lines", "not_offered", "Choose tickets of the kind that was offered.")
	}
	return nil
}

// lockEntries reads the entries whose offers are accepted again: their pools are locked, so offers stay as they are.
func (s *shelf) lockEntries(ctx context.Context, tx bun.IDB) error {
	for id := range s.entries {
		e := new(WaitlistEntry)
		if err := tx.NewSelect().Model(e).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		if e.Status == Offered && e.OfferedTypeID != s.entries[id].OfferedTypeID {
			return database.ErrAgain
		}
		s.entries[id] = e
	}
	return nil
}

// acceptOffers notes that the offers of a batch were accepted; the events' totals are locked.
func (b *sale) acceptOffers(ctx context.Context) error {
	for _, item := range b.items {
		if item.In.Offer == "" {
			continue
		}
		n, err := database.Changed(b.tx.NewUpdate().Model((*WaitlistEntry)(nil)).Set("status = ?", Accepted).Set("order_id = ?", item.In.orderID).
			Set("updated_at = ?", b.now).Where("id = ?", item.In.Offer).Where("status = ?", Offered).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return database.ErrAgain
		}
	}
	return nil
}

// serveChunk is how many entries one transaction offers places to.
const serveChunk = 100

// ServeWaitlist offers the free places of an event to those who wait, in the order that its shop has: a party is passed over while
// there are not enough places for all of it. An offer holds its places until its deadline. It runs after whatever gives places back,
// by the sweep, and before a sale of what somebody waits for.
func (s *Service) ServeWaitlist(ctx context.Context, event turnout.ID) error {
	for {
		n := 0
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			n, err = s.serveSome(ctx, tx, event)
			return err
		})
		if err != nil {
			return fmt.Errorf("ticketing: serve the waitlist: %w", err)
		}
		if n < serveChunk {
			return nil
		}
	}
}

func (s *Service) serveSome(ctx context.Context, tx bun.Tx, id turnout.ID) (int, error) {
	now := s.Now()
	event := new(events.Event)
	if err := tx.NewSelect().Model(event).Where("id = ?", id).Scan(ctx); err != nil {
		return 0, database.NotFound(err)
	}
	settings, err := shopSettings(ctx, tx, event)
	if err != nil || settings.closed(now) || openForSale(event, now) != nil {
		return 0, err
	}
	types, pools, err := s.lockQueued(ctx, tx, event, now)
	if err != nil || len(types) == 0 {
		return 0, err
	}
	offers, err := chooseOffers(ctx, tx, event, settings, types, pools)
	if err != nil || len(offers) == 0 {
		return 0, err
	}
	deadline := now.Add(time.Duration(settings.OfferHours) * time.Hour)
	return len(offers), s.makeOffers(ctx, tx, event, offers, types, deadline, now)
}

// lockQueued gives the types that somebody waits for and that may be sold now, with their pools locked.
func (s *Service) lockQueued(ctx context.Context, tx bun.IDB, event *events.Event, now time.Time) (map[turnout.ID]*TicketType, map[turnout.ID]*Pool, error) {
	all, err := loadTypes(ctx, tx, []turnout.ID{event.ID})
	if err != nil {
		return nil, nil, err
	}
	shelf := &shelf{queued: map[turnout.ID]bool{}}
	if err := shelf.readQueues(ctx, tx, []turnout.ID{event.ID}); err != nil {
		return nil, nil, err
	}
	types := map[turnout.ID]*TicketType{}
	var ids []turnout.ID
	for _, t := range all {
		if shelf.queued[t.ID] && t.sellable(now) == nil {
			types[t.ID] = t
			ids = append(ids, t.PoolIDs...)
		}
	}
	pools, err := lockPools(ctx, tx, ids)
	return types, pools, err
}

// chosen is an offer to be made.
type chosen struct {
	entry *WaitlistEntry
	of    *TicketType
}

// chooseOffers says who is offered what: in their order, each party the first of its types that has room for all of it.
func chooseOffers(ctx context.Context, tx bun.IDB, event *events.Event, settings *ShopSettings, types map[turnout.ID]*TicketType, pools map[turnout.ID]*Pool) ([]chosen, error) {
	var roomy []turnout.ID
	most := int64(0)
	for id, t := range types {
		if n := left(t, pools); n > 0 {
			roomy, most = append(roomy, id), max(most, n)
		}
	}
	if len(roomy) == 0 {
		return nil, nil
	}
	q := tx.NewSelect().Where("event_id = ?", event.ID).Where("status = ?", Waiting).Where("party_size <= ?", most).
		Where("EXISTS (SELECT 1 FROM waitlist_entry_types AS wish WHERE wish.entry_id = entry.id AND wish.ticket_type_id IN (?))", bun.List(roomy)).Limit(10 * serveChunk)
	if settings.WaitlistOrder == ByLottery {
		q = q.Order("lot", "id")
	} else {
		q = q.Order("id")
	}
	var entries []*WaitlistEntry
	if err := q.Model(&entries).Scan(ctx); err != nil {
		return nil, err
	}
	if err := loadWishes(ctx, tx, entries); err != nil {
		return nil, err
	}
	var offers []chosen
	for _, e := range entries {
		for _, id := range e.TicketTypeIDs {
			t := types[id]
			if t == nil || left(t, pools) < max(e.PartySize, t.MinPerOrder) {
				continue
			}
			for _, pool := range t.PoolIDs {
				pools[pool].Taken += e.PartySize
			}
			offers = append(offers, chosen{e, t})
			break
		}
		if len(offers) == serveChunk {
			break
		}
	}
	return offers, nil
}

func (s *Service) makeOffers(ctx context.Context, tx bun.Tx, event *events.Event, offers []chosen, types map[turnout.ID]*TicketType, deadline, now time.Time) error {
	take := map[turnout.ID]int64{}
	var claims []*claim
	ids := make([]turnout.ID, len(offers))
	for i, o := range offers {
		ids[i] = o.entry.ID
		for _, pool := range o.of.PoolIDs {
			take[pool] += o.entry.PartySize
			claims = append(claims, &claim{HolderID: o.entry.ID, PoolID: pool, HolderKind: holderOffer, CommunityID: event.CommunityID,
				Places: o.entry.PartySize, Quantity: o.entry.PartySize})
		}
	}
	if err := takeAll(ctx, tx, take); err != nil {
		return err
	}
	if err := insertAll(ctx, tx, &claims); err != nil {
		return err
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: event.ID, Waiting: -int64(len(offers))}); err != nil {
		return err
	}
	entries := make([]audit.Entry, len(offers))
	for i, o := range offers {
		n, err := database.Changed(tx.NewUpdate().Model((*WaitlistEntry)(nil)).Set("offered_type_id = ?", o.of.ID).Set("offer_expires_at = ?", deadline).
			Where("id = ?", o.entry.ID).Where("status = ?", Waiting).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 { // left in the meantime
			return database.ErrAgain
		}
		entries[i] = audit.Entry{Community: event.CommunityID, Action: "waitlist.offered", Subject: o.entry.ID, Actor: audit.Actor{Kind: audit.System}, At: now}
	}
	if err := setEntries(ctx, tx, ids, Offered, now); err != nil {
		return err
	}
	if err := jobs.EnqueueAll(ctx, tx, event.CommunityID, JobWaitlistOffered, refs(ids), now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, entries...)
}

func refs(ids []turnout.ID) []entryRef {
	list := make([]entryRef, len(ids))
	for i, id := range ids {
		list[i] = entryRef{id}
	}
	return list
}

// ExpireOffers ends the offers whose time is over and gives their places to the next; event limits it to one event. It is a sweep.
func (s *Service) ExpireOffers(ctx context.Context, event turnout.ID) error {
	for {
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
			return fmt.Errorf("ticketing: expire offers: %w", err)
		}
		for id := range served {
			s.soldOut.forget()
			if err := s.ServeWaitlist(ctx, id); err != nil {
				return err
			}
		}
		if n < expireChunk {
			return nil
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

// CloseWaitlists closes the waitlists whose time has come and tells everybody who still waits, at once. Offers that stand keep their
// deadline. It is a sweep.
func (s *Service) CloseWaitlists(ctx context.Context) error {
	var due []*ShopSettings
	if err := s.DB.Read().NewSelect().Model(&due).Where("NOT waitlist_closed").Where("waitlist_closes_at <= ?", s.Now()).Scan(ctx); err != nil {
		return fmt.Errorf("ticketing: close waitlists: %w", err)
	}
	for _, settings := range due {
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.closeWaitlist(ctx, tx, settings.EventID) }); err != nil {
			return fmt.Errorf("ticketing: close waitlists: %w", err)
		}
	}
	return nil
}

func (s *Service) closeWaitlist(ctx context.Context, tx bun.Tx, event turnout.ID) error {
	now := s.Now()
	if _, err := addTotals(ctx, tx, &totals{EventID: event}); err != nil {
		return err
	}
	n, err := database.Changed(tx.NewUpdate().Model((*ShopSettings)(nil)).Set("waitlist_closed = TRUE").Set("updated_at = ?", now).
		Where("event_id = ?", event).Where("NOT waitlist_closed").Where("waitlist_closes_at <= ?", now).Exec(ctx))
	if err != nil || n == 0 { // another server was faster, or its time was moved
		return err
	}
	var waiting []*WaitlistEntry
	if err := tx.NewSelect().Model(&waiting).Where("event_id = ?", event).Where("status = ?", Waiting).Scan(ctx); err != nil || len(waiting) == 0 {
		return err
	}
	ids := make([]turnout.ID, len(waiting))
	for i, e := range waiting {
		ids[i] = e.ID
	}
	for chunk := range slices.Chunk(ids, 500) {
		if err := setEntries(ctx, tx, chunk, OfferExpired, now); err != nil {
			return err
		}
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: event, Waiting: -int64(len(ids))}); err != nil {
		return err
	}
	return s.tellEntries(ctx, tx, waiting, JobWaitlistClosed, "waitlist.closed", now)
}

// ServeWaitlists serves the events where somebody waits; a sweep, for places that another process gave back.
func (s *Service) ServeWaitlists(ctx context.Context) error {
	var ids []turnout.ID
	if err := s.DB.Read().NewSelect().Table("event_totals").Column("event_id").Where("waiting > 0").Scan(ctx, &ids); err != nil {
		return fmt.Errorf("ticketing: serve the waitlists: %w", err)
	}
	for _, id := range ids {
		if err := s.ServeWaitlist(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
