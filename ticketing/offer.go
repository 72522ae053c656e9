package ticketing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// Availability is how much of a ticket type can be bought, in words.
type Availability string

// The availabilities. FewLeft begins at ten places, or a tenth of the smallest pool if that is more; in pools below forty at a quarter, or three places.
const (
	Available   Availability = "available"
	FewLeft     Availability = "few_left"
	SoldOut     Availability = "sold_out"
	NotYet      Availability = "not_yet"
	Over        Availability = "over"
	Unavailable Availability = "unavailable" // canceled, no pool, or only with a voucher
)

// Offer is a ticket type as the public sees it at an instant.
type Offer struct {
	*TicketType
	Price        turnout.Money // of the next ticket; what is suggested when the buyer names it
	Least        turnout.Money // what the buyer must give at least where they name the price
	PriceName    string        // of the price window that it is in, "" for the type's own price
	PriceUntil   time.Time     // when the window ends; zero: by its number, or it is none
	PriceLeft    int64         // tickets left at the window's price, where a number ends it; uncached pages only
	Later        turnout.Money // the type's own price, which comes after the windows
	Availability Availability
	Left         int64 // places; uncached pages only
	Reason       error // why it cannot be bought, nil when it can

	isOpened bool   // by a voucher, or by an offer of the waitlist
	noChoice string // the words of a question that every order must answer and that has no choice left
	draws    draws
}

// Offers lists what an event sells at the instant, hidden and voucher types left out, in the organiser's order: five
// statements, two more where there are add-ons and one where orders must choose something.
func (s *Service) Offers(ctx context.Context, event *events.Event) ([]Offer, error) {
	return s.OffersInstead(ctx, event, nil)
}

// OffersInstead is Offers for whoever holds the order and wants others instead: its places count as free. A nil order is none.
func (s *Service) OffersInstead(ctx context.Context, event *events.Event, held *Order) ([]Offer, error) {
	stall, err := s.readStall(ctx, event, held)
	return slices.DeleteFunc(stall.offers, func(o Offer) bool { return o.Visibility != Public }), err
}

// Stock is Offers with the hidden and the voucher types, and the event's own pools in the order of their making.
func (s *Service) Stock(ctx context.Context, event *events.Event) ([]Offer, []*Pool, error) {
	stall, err := s.readStall(ctx, event, nil)
	maps.DeleteFunc(stall.pools, func(_ turnout.ID, p *Pool) bool { return p.Kind != Places })
	return stall.offers, slices.SortedFunc(maps.Values(stall.pools), func(a, b *Pool) int { return cmp.Compare(a.ID, b.ID) }), err
}

// stall is what an event sells at an instant, of every visibility.
type stall struct {
	offers []Offer
	addOns []*AddOn
	asked  []*Question // about orders, with choices
	pools  map[turnout.ID]*Pool
}

func (s *Service) readStall(ctx context.Context, event *events.Event, held *Order) (stall, error) {
	db := s.DB.Read()
	types, err := loadTypes(ctx, db, []turnout.ID{event.ID})
	if err != nil {
		return stall{}, fmt.Errorf("ticketing: offers: %w", err)
	}
	addOns, err := loadAddOns(ctx, db, []turnout.ID{event.ID})
	if err != nil {
		return stall{}, fmt.Errorf("ticketing: offers: %w", err)
	}
	questions, err := loadOrderChoices(ctx, db, []turnout.ID{event.ID})
	if err != nil {
		return stall{}, fmt.Errorf("ticketing: offers: %w", err)
	}
	pools, err := poolsByID(ctx, db, event.CommunityID, event.ID)
	if err != nil {
		return stall{}, fmt.Errorf("ticketing: offers: %w", err)
	}
	if held != nil {
		if err := release(ctx, db, pools, held); err != nil {
			return stall{}, fmt.Errorf("ticketing: offers: %w", err)
		}
	}
	now := s.Now()
	offers := make([]Offer, len(types))
	for i, t := range types {
		offers[i] = offer(event, t, addOns, questions, pools, now)
	}
	return stall{offers, addOns, questions, pools}, nil
}

// release counts the places that an order holds as free, in the pools as they were read.
func release(ctx context.Context, db bun.IDB, pools map[turnout.ID]*Pool, held *Order) error {
	var claims []*claim
	if err := db.NewSelect().Model(&claims).Where("holder_id IN (SELECT id FROM order_lines WHERE order_id = ?)", held.ID).Scan(ctx); err != nil {
		return err
	}
	for _, c := range claims {
		if pool := pools[c.PoolID]; pool != nil {
			pool.Taken = max(0, pool.Taken-c.Quantity) // read a moment apart
		}
	}
	return nil
}

// OfferOf gives one ticket type of an event as Offers does, hidden ones included. It fails with turnout.ErrNotFound.
func (s *Service) OfferOf(ctx context.Context, event *events.Event, id turnout.ID) (Offer, error) {
	stall, err := s.readStall(ctx, event, nil)
	if err != nil {
		return Offer{}, err
	}
	i := slices.IndexFunc(stall.offers, func(o Offer) bool { return o.ID == id })
	if i < 0 {
		return Offer{}, fmt.Errorf("ticketing: offer: %w", turnout.ErrNotFound)
	}
	return stall.offers[i], nil
}

func offer(event *events.Event, t *TicketType, addOns []*AddOn, asked []*Question, pools map[turnout.ID]*Pool, now time.Time) Offer {
	money := func(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: event.Currency} }
	next := t.prices(1, now, func(pool turnout.ID) int64 { return pools[pool].Available() })[0]
	o := Offer{TicketType: t, Price: money(next.price), Least: money(t.MinPrice), PriceName: next.name, PriceUntil: next.until, Later: money(t.Price), draws: t.draws(addOns, now),
		noChoice: t.noChoice(asked, pools)}
	o.Left = o.draws.room(pools)
	if next.pool != "" {
		o.PriceLeft = pools[next.pool].Available()
	}
	if o.Reason = openForSale(event, now); o.Reason == nil {
		o.Reason = t.sellable(now)
	}
	o.judge(pools)
	return o
}

// judge says in words how much can be bought, from the places left and the reason why none can.
func (o *Offer) judge(pools map[turnout.ID]*Pool) {
	t := o.TicketType
	if o.Reason == nil && (o.Left < t.fewest() || o.noChoice != "") {
		o.Reason = ErrSoldOut
	}
	switch {
	case o.Reason == nil && o.Left <= few(o.draws.least(pools, func(p *Pool) int64 { return p.Capacity })):
		o.Availability = FewLeft
	case o.Reason == nil:
		o.Availability = Available
	case errors.Is(o.Reason, ErrSoldOut):
		o.Availability = SoldOut
	case errors.Is(o.Reason, ErrSaleNotYet):
		o.Availability = NotYet
	case errors.Is(o.Reason, ErrSaleOver), errors.Is(o.Reason, events.ErrEnded):
		o.Availability = Over
	default:
		o.Availability = Unavailable
	}
}

// few is the number of places that are few of so many: of twenty, fifteen are not.
func few(capacity int64) int64 { return min(max(10, capacity/10), max(3, capacity/4)) }

// aboutChoices says which questions about the type's orders that must be answered have no choice left. The form about a ticket can be left
// to its bearer.
func (t *TicketType) aboutChoices(asked []*Question, pools map[turnout.ID]*Pool) (list []Reason) {
	for _, q := range t.mustChoose(asked) {
		w := q.Words
		r := Reason{Cause: CauseChoicesFull, Weight: Stops, Name: w.Label, Least: 1}
		if q.Subject == OfTicket {
			r.Weight, r.Least = Limits, t.fewest()
		}
		for _, o := range w.Options {
			pool := pools[o.PoolID]
			if pool == nil { // any number
				r.Number = maxCapacity
				break
			}
			r.Number += max(0, pool.Available())
		}
		if r.Number < r.Least {
			list = append(list, r)
		}
	}
	return list
}

// mustChoose gives those of the questions that every order with the type must answer with a choice.
func (t *TicketType) mustChoose(asked []*Question) (must []*Question) {
	for _, q := range asked {
		if q.Subject != AtDoor && q.Words.Required && q.Words.ShowIf.always() && q.Kind.HasOptions() && (len(q.TypeIDs) == 0 || slices.Contains(q.TypeIDs, t.ID)) {
			must = append(must, q)
		}
	}
	return must
}

// kept gives the pools of choices that whoever is offered tickets of the type finds a place in, whatever others choose meanwhile: for each
// question that the order must answer the choice with the most places left, none where a choice has places without end.
func (t *TicketType) kept(asked []*Question, pools map[turnout.ID]*Pool) (ids []turnout.ID) {
	for _, q := range t.mustChoose(asked) {
		if len(q.Words.Options) == 0 || slices.ContainsFunc(q.Words.Options, func(o Option) bool { return pools[o.PoolID] == nil }) {
			continue
		}
		most := slices.MaxFunc(q.Words.Options, func(a, b Option) int { return cmp.Compare(pools[a.PoolID].Available(), pools[b.PoolID].Available()) })
		ids = append(ids, most.PoolID)
	}
	return ids
}

// noChoice gives the words of a question that no order with the type can answer and every one must, "" for none.
func (t *TicketType) noChoice(asked []*Question, pools map[turnout.ID]*Pool) string {
	for _, r := range t.aboutChoices(asked, pools) {
		if r.Weight == Stops {
			return r.Name
		}
	}
	return ""
}

// draws says how many places of each pool one ticket of a type takes, with the add-ons that it cannot be had without.
type draws map[turnout.ID]int64

// draws gives none for a type without pools of its own, which cannot be sold.
func (t *TicketType) draws(addOns []*AddOn, now time.Time) draws {
	d := draws{}
	if len(t.PoolIDs) == 0 {
		return d
	}
	for _, id := range t.PoolIDs {
		d[id]++
	}
	for _, a := range addOns {
		if how, ok := a.with(t.ID); ok && how.floor() > 0 && a.sellable(now) == nil {
			for _, id := range a.PoolIDs {
				d[id] += how.floor()
			}
		}
	}
	return d
}

// room is how many tickets there are places for.
func (d draws) room(pools map[turnout.ID]*Pool) int64 { return d.least(pools, (*Pool).Available) }

// roomReserved is room for whoever has so many places reserved in each of the type's own pools, one for each ticket.
func (d draws) roomReserved(own []turnout.ID, reserved int64, pools map[turnout.ID]*Pool) int64 {
	n := int64(maxCapacity)
	for id, each := range d {
		free := pools[id].Available()
		switch {
		case !slices.Contains(own, id):
			free /= each
		case each == 1:
			free += reserved
		case free >= (each-1)*reserved:
			free = (free + reserved) / each
		default:
			free /= each - 1
		}
		n = min(n, free)
	}
	return n
}

func (d draws) least(pools map[turnout.ID]*Pool, of func(*Pool) int64) int64 {
	if len(d) == 0 {
		return 0
	}
	n := int64(maxCapacity)
	for id, each := range d {
		n = min(n, of(pools[id])/each)
	}
	return n
}

func poolsByID(ctx context.Context, db bun.IDB, community, event turnout.ID) (map[turnout.ID]*Pool, error) {
	var list []*Pool
	if err := db.NewSelect().Model(&list).Where("event_id = ?", event).Where("community_id = ?", community).Scan(ctx); err != nil {
		return nil, err
	}
	pools := make(map[turnout.ID]*Pool, len(list))
	for _, p := range list {
		pools[p.ID] = p
	}
	return pools, nil
}

// PriceTag is the least price of an event's public tickets, and how its sale stands as a whole.
type PriceTag struct {
	From         turnout.Money
	Varies       bool // some tickets cost more
	Availability Availability
}

// better says which availability stands for a whole event: what can be bought is told before what cannot.
var better = map[Availability]int{Available: 5, FewLeft: 4, NotYet: 3, SoldOut: 2, Over: 1, Unavailable: 0}

// Prices gives the price tags of events that sell public tickets, in five statements, two more where there are add-ons and one
// where orders must choose something.
func (s *Service) Prices(ctx context.Context, list []events.Event) (map[turnout.ID]PriceTag, error) {
	tags := map[turnout.ID]PriceTag{}
	if len(list) == 0 {
		return tags, nil
	}
	byID := map[turnout.ID]*events.Event{}
	var ids []turnout.ID
	for i := range list {
		byID[list[i].ID] = &list[i]
		ids = append(ids, list[i].ID)
	}
	db := s.DB.Read()
	types, err := loadTypes(ctx, db, ids)
	if err != nil {
		return nil, fmt.Errorf("ticketing: prices: %w", err)
	}
	addOns, err := loadAddOns(ctx, db, ids)
	if err != nil {
		return nil, fmt.Errorf("ticketing: prices: %w", err)
	}
	questions, err := loadOrderChoices(ctx, db, ids)
	if err != nil {
		return nil, fmt.Errorf("ticketing: prices: %w", err)
	}
	asked := map[turnout.ID][]*Question{}
	for _, q := range questions {
		asked[q.EventID] = append(asked[q.EventID], q)
	}
	var all []*Pool
	if err := db.NewSelect().Model(&all).Where("event_id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("ticketing: prices: %w", err)
	}
	pools := map[turnout.ID]*Pool{}
	for _, p := range all {
		pools[p.ID] = p
	}
	now := s.Now()
	for _, t := range types {
		if t.Visibility != Public {
			continue
		}
		o := offer(byID[t.EventID], t, addOns, asked[t.EventID], pools, now)
		tag, seen := tags[t.EventID]
		tag.Varies = tag.Varies || seen && o.Price != tag.From
		if !seen || o.Price.Amount < tag.From.Amount {
			tag.From = o.Price
		}
		if !seen || better[o.Availability] > better[tag.Availability] {
			tag.Availability = o.Availability
		}
		tags[t.EventID] = tag
	}
	return tags, nil
}
