package ticketing

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/database"
)

const searchKindEntry = "waitlist"

// WaitlistFilters are the parameters by which a list of the waitlist is filtered.
var WaitlistFilters = []string{"search", "status", "ticket_type_id"}

// WaitlistStatuses are the states that a list can be narrowed to, in the order of a wish's life.
var WaitlistStatuses = []WaitlistStatus{Waiting, Offered, Accepted, OfferExpired, Withdrawn}

// WaitlistFilter narrows an event's waitlist; its zero value takes all.
type WaitlistFilter struct {
	Search string // words of the name and the e-mail address: each must begin a word of the entry
	Status WaitlistStatus
	Type   turnout.ID // that would do
	After  turnout.ID // the last row of the page before
	Limit  int
}

// ReadWaitlistFilter reads a filter as an address has it. It fails with an Invalid error about what it does not know.
func ReadWaitlistFilter(value func(name string) string) (WaitlistFilter, error) {
	r := &filterReader{value: value}
	f := WaitlistFilter{Search: value("search"), Status: oneOf(r, "status", WaitlistStatuses), Type: turnout.ID(value("ticket_type_id"))}
	return f, r.Err()
}

// WaitlistRows lists an event's entries in the order in which they are served.
func (s *Service) WaitlistRows(ctx context.Context, e *events.Event, f WaitlistFilter) ([]*WaitlistEntry, error) {
	db := s.DB.Read()
	settings, err := shopSettings(ctx, db, e)
	if err != nil {
		return nil, wrapped("list the waitlist", err)
	}
	entries := []*WaitlistEntry{}
	q := db.NewSelect().Model(&entries).Where("entry.community_id = ?", e.CommunityID).Where("entry.event_id = ?", e.ID)
	if strings.TrimSpace(f.Search) != "" {
		narrow, _, err := people.Matching(ctx, db, e.CommunityID, searchKindEntry, e.ID, f.Search, "entry.id")
		if err != nil || narrow == nil {
			return nil, wrapped("list the waitlist", err)
		}
		q = narrow(q)
	}
	switch {
	case f.Status == OfferExpired: // as it is shown before the sweep has been, too
		q = q.Where("(entry.status = ? OR entry.status = ? AND entry.offer_expires_at <= ?)", OfferExpired, Offered, s.Now())
	case f.Status == Offered:
		q = q.Where("entry.status = ?", Offered).Where("entry.offer_expires_at > ?", s.Now())
	case f.Status != "":
		q = q.Where("entry.status = ?", f.Status)
	}
	if f.Type != "" {
		q = q.Where("EXISTS (SELECT 1 FROM waitlist_entry_types AS wish WHERE wish.entry_id = entry.id AND wish.ticket_type_id = ?)", f.Type)
	}
	by := settings.WaitlistOrder.columns()
	if f.After != "" {
		last := new(WaitlistEntry)
		err := s.DB.Read().NewSelect().Model(last).Where("id = ?", f.After).Where("event_id = ?", e.ID).Where("community_id = ?", e.CommunityID).Scan(ctx)
		if database.IsNoRows(err) {
			return nil, events.ErrCursor
		}
		if err != nil {
			return nil, wrapped("list the waitlist", err)
		}
		if settings.WaitlistOrder == ByLottery {
			q = q.Where("(entry.lot, entry.id) > (?, ?)", last.Lot, last.ID)
		} else {
			q = q.Where("entry.id > ?", last.ID)
		}
	}
	if err = q.Order(by...).Limit(int64(f.Limit)).Scan(ctx); err == nil {
		err = loadWishes(ctx, db, entries)
	}
	return entries, wrapped("list the waitlist", err)
}

// CountWaiting counts the parties of an event that wait, and those that were sent home when its waitlist closed.
func (s *Service) CountWaiting(ctx context.Context, e *events.Event) (waiting, told int64, err error) {
	of := func() *bun.SelectQuery {
		return s.DB.Read().NewSelect().Model((*WaitlistEntry)(nil)).Where("community_id = ?", e.CommunityID).Where("event_id = ?", e.ID)
	}
	if waiting, err = of().Where("status = ?", Waiting).Count(ctx); err == nil {
		told, err = of().Where("status = ?", OfferExpired).Where("offered_type_id IS NULL").Count(ctx)
	}
	return waiting, told, wrapped("count the waitlist", err)
}

// Turn says where a party that waits stands in the queue.
type Turn struct {
	Position  int64      // in the order of serving, from 1
	Obstacles []Obstacle // one for each ticket type that would do; none when the party is served next
}

// Obstacle says why a party was passed over for a ticket type.
type Obstacle struct {
	Type   *TicketType
	Needs  int64
	Left   int64  // tickets of it that there are places for
	Pool   string // of those that it draws on the fullest, or the question that leaves no choice
	Reason error  // why it is not sold at all; nil: there is too little room for the party
}

// Turns says where entries of an event that wait stand, and why each was passed over: by what serving decides with. Entries that
// do not wait are not in it.
func (s *Service) Turns(ctx context.Context, e *events.Event, entries []*WaitlistEntry) (map[turnout.ID]Turn, error) {
	turns := map[turnout.ID]Turn{}
	if !slices.ContainsFunc(entries, func(w *WaitlistEntry) bool { return w.Status == Waiting }) {
		return turns, nil
	}
	db := s.DB.Read()
	settings, err := shopSettings(ctx, db, e)
	if err != nil {
		return nil, wrapped("turns on the waitlist", err)
	}
	types, err := loadTypes(ctx, db, []turnout.ID{e.ID})
	if err != nil {
		return nil, wrapped("turns on the waitlist", err)
	}
	q, err := newQueue(ctx, db, e, settings, types, s.Now())
	if err != nil {
		return nil, wrapped("turns on the waitlist", err)
	}
	if q.pools, err = poolsByID(ctx, db, e.CommunityID, e.ID); err != nil {
		return nil, wrapped("turns on the waitlist", err)
	}
	positions, err := q.positions(ctx, db, entries)
	if err != nil {
		return nil, wrapped("turns on the waitlist", err)
	}
	if err := q.readMembers(ctx, db, entries); err != nil {
		return nil, wrapped("turns on the waitlist", err)
	}
	for _, w := range entries {
		if w.Status == Waiting {
			turns[w.ID] = Turn{positions[w.ID], q.obstacles(w)}
		}
	}
	return turns, nil
}

// positions gives the places of waiting entries, from 1: those before each are counted, by the index of their order.
func (q *queue) positions(ctx context.Context, db bun.IDB, entries []*WaitlistEntry) (map[turnout.ID]int64, error) {
	ids := make([]turnout.ID, len(entries))
	for i, w := range entries {
		ids[i] = w.ID
	}
	before := "ahead.id < entry.id"
	if q.settings.WaitlistOrder == ByLottery {
		before = "(ahead.lot, ahead.id) < (entry.lot, entry.id)"
	}
	var counted []struct {
		ID     turnout.ID
		Before int64
	}
	err := db.NewSelect().TableExpr("waitlist_entries AS entry").Column("entry.id").
		ColumnExpr("(SELECT COUNT(*) FROM waitlist_entries AS ahead WHERE ahead.event_id = ? AND ahead.status = ? AND "+before+") AS before", q.event.ID, Waiting).
		Where("entry.id IN (?)", bun.List(ids)).Where("entry.event_id = ?", q.event.ID).Where("entry.community_id = ?", q.event.CommunityID).Scan(ctx, &counted)
	at := make(map[turnout.ID]int64, len(counted))
	for _, c := range counted {
		at[c.ID] = c.Before + 1
	}
	return at, err
}

// obstacles says why a party is passed over: for each of its types, unless one has room.
func (q *queue) obstacles(w *WaitlistEntry) (list []Obstacle) {
	over := openForSale(q.event, q.now)
	if q.settings.IsClosed(q.now) {
		over = ErrWaitlistClosed
	}
	for _, id := range w.TicketTypeIDs {
		t := q.types[id]
		if t == nil {
			continue
		}
		o := Obstacle{Type: t, Needs: w.PartySize, Left: q.room(t), Reason: over}
		if o.Reason == nil {
			o.Reason = cmp.Or(t.sellable(q.now), q.suits(w, t))
		}
		if o.Reason == nil && o.Left >= w.PartySize {
			return nil
		}
		fewest := int64(maxCapacity)
		for _, pool := range slices.Sorted(maps.Keys(q.draws[id])) {
			if n := q.pools[pool].Available() / q.draws[id][pool]; n < fewest {
				fewest, o.Pool = n, q.pools[pool].Name
			}
		}
		o.Pool = cmp.Or(t.noChoice(q.asked, q.pools), o.Pool)
		list = append(list, o)
	}
	return list
}

// ToldAtClosing says whether the party was sent home when the waitlist closed: it never had an offer.
func (e *WaitlistEntry) ToldAtClosing() bool {
	return e.Status == OfferExpired && e.OfferedTypeID == ""
}

// OrderOfEntry gives the order that accepted an entry's offer, with its secret, to whoever has shown that the entry is theirs.
func (s *Service) OrderOfEntry(ctx context.Context, w *WaitlistEntry) (*Order, error) {
	o, err := s.orderWhere(ctx, s.DB.Read(), "id = ? AND community_id = ?", w.OrderID, w.CommunityID)
	if err != nil {
		return nil, wrapped("order of a waitlist entry", err)
	}
	return s.revealed(o), nil
}
