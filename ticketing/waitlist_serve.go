package ticketing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// others says whether somebody waits for places that the purchase takes, for its tickets or add-ons; what staff sell, and what a
// voucher, an offer or an order that gives way held for it, is not theirs.
func (b *sale) others(in *placing) bool {
	if in.Desk != nil || len(b.shelf.wanted) == 0 {
		return false
	}
	basket := b.shelf.quote(&in.Purchase, b.free)
	for pool, n := range basket.needs {
		if b.shelf.wanted[pool] && n > basket.own[pool]+b.gaveWay(in, pool) {
			return true
		}
	}
	return false
}

// gaveWay is how many of a pool's places the purchase's own orders held until it came.
func (b *sale) gaveWay(in *placing, pool turnout.ID) int64 {
	before, now := in.gave.pools[pool], b.pools[pool]
	if before == nil || now == nil {
		return 0
	}
	return before.Taken - now.Taken
}

// waitersFirst sends purchases back while somebody who waits can have what they take. The pools of the purchases are locked, so nothing
// comes free between this look and the sale.
func (b *sale) waitersFirst(ctx context.Context) error {
	due := map[turnout.ID]bool{}
	for _, item := range b.items {
		if id := item.In.EventID; b.others(&item.In) {
			due[id] = false
		}
	}
	for _, id := range slices.Sorted(maps.Keys(due)) {
		q, err := readQueue(ctx, b.tx, b.shelf.events[id], b.now)
		if err != nil {
			return err
		}
		if q == nil {
			continue
		}
		if q.pools, err = poolsByID(ctx, b.tx, b.shelf.events[id].CommunityID, id); err != nil {
			return err
		}
		for pool := range q.pools { // an order that gives way gives its places to nobody else
			for _, item := range b.items {
				q.pools[pool].Taken += b.gaveWay(&item.In, pool)
			}
		}
		offers, _, err := q.choose(ctx, b.tx, 1)
		if err != nil {
			return err
		}
		due[id] = len(offers) > 0
	}
	b.keep(func(item wanted) bool {
		if due[item.In.EventID] && b.others(&item.In) {
			item.Err = errOthersWait
		}
		return item.Err == nil
	})
	return nil
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

// regain lets a purchase accept the offer that an order which gives way to it had accepted, for as long as that order was to be held.
func (s *shelf) regain(p *Purchase, gave []*Order) {
	e := s.entries[p.Offer]
	for _, o := range gave {
		if e != nil && e.Status == Accepted && e.OrderID == o.ID {
			e.Status, e.OfferExpiresAt = Offered, o.ExpiresAt
		}
	}
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
		e.holds = s.entries[id].holds
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
			Set("updated_at = ?", b.now).Where("id = ?", item.In.Offer).
			Where("(status = ? OR order_id = ?)", Offered, b.shelf.entries[item.In.Offer].OrderID).Exec(ctx)) // an order that gave way
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
	err := s.untilDone(ctx, func(ctx context.Context, tx bun.Tx) (bool, error) { return s.serveSome(ctx, tx, event) })
	return wrapped("serve the waitlist", err)
}

// untilDone runs transactions, each of which does some of what there is to do, until one says that there is no more.
func (s *Service) untilDone(ctx context.Context, some func(ctx context.Context, tx bun.Tx) (more bool, err error)) error {
	for more := true; more; {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			more, err = some(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) serveSome(ctx context.Context, tx bun.Tx, id turnout.ID) (more bool, err error) {
	event := new(events.Event)
	if err := tx.NewSelect().Model(event).Where("id = ?", id).Scan(ctx); err != nil {
		return false, database.NotFound(err)
	}
	q, err := readQueue(ctx, tx, event, s.Now())
	if err != nil || q == nil {
		return false, err
	}
	if err := q.lock(ctx, tx); err != nil {
		return false, err
	}
	offers, more, err := q.choose(ctx, tx, serveChunk)
	if err != nil || len(offers) == 0 {
		return false, err
	}
	return more, s.makeOffers(ctx, tx, q, offers)
}

// queue is the waitlist of an event at an instant.
type queue struct {
	event    *events.Event
	settings *ShopSettings
	types    map[turnout.ID]*TicketType // that somebody waits for and that may be sold now
	draws    map[turnout.ID]draws       // by ticket type
	asked    []*Question
	pools    map[turnout.ID]*Pool
	members  map[turnout.ID]bool // of the persons that were asked about; see readMembers
	now      time.Time
}

// readQueue gives an event's waitlist, nil while nobody can be served from it.
func readQueue(ctx context.Context, db bun.IDB, event *events.Event, now time.Time) (*queue, error) {
	settings, err := shopSettings(ctx, db, event)
	if err != nil || settings.IsClosed(now) || openForSale(event, now) != nil {
		return nil, err
	}
	queued, err := queuedTypes(ctx, db, []turnout.ID{event.ID})
	if err != nil || len(queued) == 0 {
		return nil, err
	}
	all, err := loadTypes(ctx, db, []turnout.ID{event.ID})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t *TicketType) bool { return !slices.Contains(queued, t.ID) || t.sellable(now) != nil })
	if len(all) == 0 {
		return nil, nil
	}
	return newQueue(ctx, db, event, settings, all, now)
}

// newQueue is the queue for the types, with what their tickets take.
func newQueue(ctx context.Context, db bun.IDB, event *events.Event, settings *ShopSettings, types []*TicketType, now time.Time) (*queue, error) {
	addOns, err := loadAddOns(ctx, db, []turnout.ID{event.ID})
	if err != nil {
		return nil, err
	}
	asked, err := loadOrderChoices(ctx, db, []turnout.ID{event.ID})
	if err != nil {
		return nil, err
	}
	q := &queue{event: event, asked: asked, settings: settings, types: map[turnout.ID]*TicketType{}, draws: map[turnout.ID]draws{}, now: now}
	for _, t := range types {
		q.types[t.ID], q.draws[t.ID] = t, t.draws(addOns, now)
	}
	return q, nil
}

// queuedTypes lists the ticket types of events that somebody waits for.
func queuedTypes(ctx context.Context, db bun.IDB, eventIDs []turnout.ID) (queued []turnout.ID, err error) {
	err = db.NewSelect().Model((*TicketType)(nil)).Column("id").Where("event_id IN (?)", bun.List(eventIDs)).
		Where("EXISTS (SELECT 1 FROM waitlist_entry_types AS wish WHERE wish.ticket_type_id = type.id AND wish.waiting)").Scan(ctx, &queued)
	return queued, err
}

// lock locks the pools of what somebody waits for; a type that was changed meanwhile may draw on others by now.
func (q *queue) lock(ctx context.Context, tx bun.IDB) (err error) {
	ids := choicePools(q.asked)
	for _, d := range q.draws {
		ids = slices.AppendSeq(ids, maps.Keys(d))
	}
	if q.pools, err = lockPools(ctx, tx, ids); err != nil {
		return err
	}
	var now []*TicketType
	if err := tx.NewSelect().Model(&now).Column("id", "version").Where("event_id = ?", q.event.ID).Where("community_id = ?", q.event.CommunityID).Scan(ctx); err != nil {
		return err
	}
	if slices.ContainsFunc(now, func(t *TicketType) bool { return q.types[t.ID] != nil && q.types[t.ID].Version != t.Version }) {
		return database.ErrAgain
	}
	return sameEvents(ctx, tx, map[turnout.ID]*events.Event{q.event.ID: q.event})
}

// room is how many tickets of a type are left for a party; 0 when it sells none so few, or a question leaves no choice.
func (q *queue) room(t *TicketType) int64 {
	if n := q.draws[t.ID].room(q.pools); n >= t.MinPerOrder && t.noChoice(q.asked, q.pools) == "" {
		return n
	}
	return 0
}

// chosen is an offer to be made.
type chosen struct {
	entry *WaitlistEntry
	of    *TicketType
	takes draws // of all its tickets
}

// offer is that of tickets of the type to the party.
func (q *queue) offer(e *WaitlistEntry, t *TicketType) chosen {
	takes := draws{}
	for pool, each := range q.draws[t.ID] {
		takes[pool] += each * e.PartySize
	}
	for _, pool := range t.kept(q.asked, q.pools) {
		takes[pool]++
	}
	return chosen{e, t, takes}
}

// choose says who is offered what, at most limit parties: in their order, each the first of its types that has room for all of it. more
// says that there may be others.
func (q *queue) choose(ctx context.Context, db bun.IDB, limit int) (offers []chosen, more bool, err error) {
	var fits []string
	var args []any
	for id, t := range q.types {
		if n := q.room(t); n > 0 {
			one, its := t.suited()
			fits = append(fits, "wish.ticket_type_id = ? AND entry.party_size <= ?"+one)
			args = append(append(args, id, n), its...)
		}
	}
	if len(fits) == 0 {
		return nil, false, nil
	}
	var entries []*WaitlistEntry
	read := db.NewSelect().Model(&entries).Where("event_id = ?", q.event.ID).Where("community_id = ?", q.event.CommunityID).Where("status = ?", Waiting).
		Where("EXISTS (SELECT 1 FROM waitlist_entry_types AS wish WHERE wish.entry_id = entry.id AND ("+strings.Join(fits, " OR ")+"))", args...).
		Order(q.settings.WaitlistOrder.columns()...).Limit(int64(10 * limit))
	if err := read.Scan(ctx); err != nil {
		return nil, false, err
	}
	if err := loadWishes(ctx, db, entries); err != nil {
		return nil, false, err
	}
	if err := q.readMembers(ctx, db, entries); err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		if t := q.first(e); t != nil && len(offers) < limit {
			made := q.offer(e, t)
			for pool, n := range made.takes {
				q.pools[pool].Taken += n
			}
			offers = append(offers, made)
		}
	}
	return offers, len(offers) == limit || len(entries) == 10*limit, nil
}

// columns put waiting entries into the order in which they are served.
func (o WaitlistOrder) columns() []string {
	if o == ByLottery {
		return []string{"lot", "id"}
	}
	return []string{"id"}
}

// first gives the first of an entry's types that has room for the party, nil for none.
func (q *queue) first(e *WaitlistEntry) *TicketType {
	for _, id := range e.TicketTypeIDs {
		if t := q.types[id]; t != nil && q.room(t) >= e.PartySize && q.suits(e, t) == nil {
			return t
		}
	}
	return nil
}

func (s *Service) makeOffers(ctx context.Context, tx bun.Tx, q *queue, offers []chosen) error {
	event, now, deadline := q.event, q.now, sooner(q.now.Add(time.Duration(q.settings.OfferHours)*time.Hour), q.event.EndsAt)
	take := map[turnout.ID]int64{}
	var claims []*claim
	ids := make([]turnout.ID, len(offers))
	for i, o := range offers {
		ids[i] = o.entry.ID
		for pool, n := range o.takes {
			take[pool] += n
			claims = append(claims, &claim{HolderID: o.entry.ID, PoolID: pool, HolderKind: holderOffer, CommunityID: event.CommunityID, Places: n, Quantity: n})
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
			Where("id = ?", o.entry.ID).Where("community_id = ?", event.CommunityID).Where("status = ?", Waiting).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 { // left in the meantime
			return database.ErrAgain
		}
		entries[i] = audit.Entry{Community: event.CommunityID, Action: "waitlist.offered", Subject: o.entry.ID, Actor: audit.ActorFrom(ctx), At: now}
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

// ServeWaitlists serves the events where somebody waits; a sweep, for places that another process gave back.
func (s *Service) ServeWaitlists(ctx context.Context) error {
	ids, err := s.waitedFor(ctx)
	if err != nil {
		return fmt.Errorf("ticketing: serve the waitlists: %w", err)
	}
	for _, id := range ids {
		if err := s.ServeWaitlist(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
