package ticketing

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/database"
)

// Pricing says who names a price.
type Pricing string

// The pricings.
const (
	FixedPrice Pricing = "fixed"
	OpenPrice  Pricing = "open" // the buyer names it: pay what you want, or a donation
)

// maxPrice is the highest price of one thing, in minor units.
const maxPrice = turnout.MaxAmount

// PriceWindow is a price that comes before a ticket type's own: until an instant, until a number of tickets were sold at it, or
// whichever is first. The windows of a type follow each other in their order, by themselves.
type PriceWindow struct {
	ID     turnout.ID `json:"id"` // stays while its name and place change
	Name   string     `json:"name"`
	Price  int64      `json:"price"`            // minor units of the event's currency
	Until  time.Time  `json:"until,omitzero"`   // zero: no date ends it
	UpTo   int64      `json:"up_to,omitempty"`  // tickets; 0: no number ends it
	PoolID turnout.ID `json:"pool_id,omitzero"` // its places, once a number ended it: capacity has one definition; see places
}

// places is the pool that the window sells from, "" while no number ends it. What was sold from the pool before the number was taken off
// stays counted there, for when one comes back; what is sold at the price meanwhile counts for no number, as before the first one.
func (w *PriceWindow) places() turnout.ID {
	if w.UpTo == 0 {
		return ""
	}
	return w.PoolID
}

// open says whether the window's date lets it sell at the instant.
func (w *PriceWindow) open(now time.Time) bool { return w.Until.IsZero() || now.Before(w.Until) }

// priced is a number of tickets at one price.
type priced struct {
	quantity int64
	price    int64
	name     string     // of the window, "" for the type's own price
	pool     turnout.ID // the window's places
	until    time.Time
}

// prices says what n tickets cost at the instant: as many as there are at the first open window's price, the others at the next
// ones' and the type's own. free gives the places left in a pool.
func (t *TicketType) prices(n int64, now time.Time, free func(pool turnout.ID) int64) (parts []priced) {
	for _, w := range t.PriceWindows {
		if n == 0 || !w.open(now) {
			continue
		}
		at, pool := n, w.places()
		if pool != "" {
			at = min(n, max(0, free(pool)))
		}
		if at > 0 {
			parts = append(parts, priced{at, w.Price, w.Name, pool, w.Until})
			n -= at
		}
	}
	if n > 0 {
		parts = append(parts, priced{quantity: n, price: t.Price})
	}
	return parts
}

// checkPrice says what is wrong with the price of a thing; most is the highest at which it can be bought.
func checkPrice(p *turnout.Problems, pricing *Pricing, price, least turnout.Money, currency string, most int64) {
	if *pricing == "" {
		*pricing = FixedPrice
	}
	if *pricing != FixedPrice && *pricing != OpenPrice {
		p.Add("pricing", "unknown", "Choose fixed or open.")
	}
	if price.Currency != currency {
		p.Add("price", "currency", "The event sells in %s.", currency)
	}
	p.Price("price", price, most)
	switch {
	case least.Currency != "" && least.Currency != currency:
		p.Add("min_price", "currency", "The event sells in %s.", currency)
	case *pricing == FixedPrice && least.Amount != 0:
		p.Add("min_price", "fixed", "Only an open price has a least one.")
	case *pricing == OpenPrice && least.Amount > price.Amount:
		p.Add("min_price", "above_suggested", "The least price cannot be higher than the one that is suggested.")
	default:
		p.Price("min_price", least, most)
	}
}

// maxWindows is how many price windows a ticket type can have.
const maxWindows = 10

// checkWindows says what is wrong with a type's price windows. A new one must sell at some time: now or later, in the sale's time, and
// not only while those before it hold. most is the highest price at which the type can be bought.
func checkWindows(p *turnout.Problems, in *TicketTypeInput, event *events.Event, most int64, now time.Time) {
	windows, pricing := in.PriceWindows, in.Pricing
	saleEnd, covered := cmp.Or(in.SalesEnd, event.EndsAt), time.Time{}
	if len(windows) > maxWindows {
		p.Add("price_windows", "out_of_range", "A ticket type has at most %d price windows.", maxWindows)
	}
	if len(windows) > 0 && pricing == OpenPrice {
		p.Add("price_windows", "open_price", "Where buyers name the price there are no price windows.")
	}
	names, ids := map[string]bool{}, map[turnout.ID]bool{}
	for i := range windows {
		w := &windows[i]
		field := field("price_windows", i)
		w.Name, w.Until = strings.TrimSpace(w.Name), w.Until.UTC().Truncate(time.Microsecond)
		p.Line(field+".name", w.Name, 100)
		p.Require(field+".name", w.Name)
		if names[strings.ToLower(w.Name)] {
			p.Add(field+".name", "repeated", "Another price window has this name.")
		}
		names[strings.ToLower(w.Name)] = true
		if w.ID != "" && ids[w.ID] {
			p.Add(field+".id", "repeated", "Another price window has this id.")
		}
		ids[w.ID] = true
		p.Price(field+".price", turnout.Money{Amount: w.Price, Currency: event.Currency}, most)
		if w.UpTo < 0 || w.UpTo > maxCapacity {
			p.Add(field+".up_to", "out_of_range", "Choose how many tickets are sold at this price.")
		}
		if w.Until.IsZero() && w.UpTo == 0 {
			p.Add(field+".until", "required", "Say until when, or for how many tickets, this price holds.")
		}
		ends := func(by time.Time) bool { return !w.Until.IsZero() && !w.Until.After(by) }
		switch {
		case w.ID != "":
		case ends(now):
			p.Add(field+".until", "window_over", "This price is over already. Choose a later end, or take this price window out.")
		case ends(in.SalesStart):
			p.Add(field+".until", "window_before_sale", "This price ends before the sale begins. Choose a later end, or take this price window out.")
		case ends(covered), !covered.Before(saleEnd):
			p.Add(field+".until", "window_covered", "Nobody would ever pay this price: those before it hold as long. Let them end earlier, or take this price window out.")
		}
		if w.UpTo == 0 && w.Until.After(covered) {
			covered = w.Until
		}
	}
}

// sortedDomains gives the domains of addresses as they are compared, without @, each once.
func sortedDomains(domains []string) []string {
	kept := []string{}
	for _, d := range domains {
		if d = domain(d); d != "" {
			kept = append(kept, d)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// domain is the spelling of a domain in normalised addresses, with or without its @ before; as it was typed when there is none such.
func domain(typed string) string {
	d := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(typed), "@"))
	if email, err := people.NormaliseEmail("someone@" + d); err == nil {
		return domainOf(email)
	}
	return d
}

// domainOf is what stands behind the @ of a normalised address.
func domainOf(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// checkDomains says what is wrong with the domains that a type is for.
func checkDomains(p *turnout.Problems, domains []string) {
	if len(domains) > 50 {
		p.Add("email_domains", "out_of_range", "Name at most 50 domains.")
	}
	for _, d := range domains {
		if _, err := people.NormaliseEmail("someone@" + d); err != nil {
			p.Add("email_domains", "domain", "%q is not the domain of an e-mail address.", d)
		}
	}
}

// saveWindows gives a type its price windows: one with an id is the type's own of that id, whatever its name is now, and keeps its pool;
// one without is new. The type's pools and those of its windows are locked; what is sold at a price stays counted.
func saveWindows(ctx context.Context, tx bun.IDB, t *TicketType, windows []PriceWindow, now time.Time) error {
	before := map[turnout.ID]turnout.ID{}
	for _, w := range t.PriceWindows {
		before[w.ID] = w.PoolID
	}
	kept := make([]PriceWindow, len(windows))
	for i, w := range windows {
		pool, isOwn := before[w.ID]
		switch {
		case w.ID == "":
			w.ID = turnout.NewID(prefixWindow)
		case !isOwn:
			return turnout.Invalidf(field("price_windows", i)+".id", "unknown", "This ticket type has no such price window.")
		}
		if w.PoolID = pool; w.UpTo > 0 {
			if err := windowPool(ctx, tx, t, &w, now); err != nil {
				return err
			}
		}
		kept[i] = w
	}
	t.PriceWindows = kept
	return nil
}

// windowPool makes or resizes the pool of a window.
func windowPool(ctx context.Context, tx bun.IDB, t *TicketType, w *PriceWindow, now time.Time) error {
	if w.PoolID == "" {
		id := turnout.NewID(prefixPool)
		w.PoolID = id
		_, err := tx.NewInsert().Model(&Pool{ID: id, CommunityID: t.CommunityID, EventID: t.EventID, Kind: PricePlaces, Name: string(w.ID), Capacity: w.UpTo,
			Version: 1, CreatedAt: now, UpdatedAt: now}).Exec(ctx)
		return err
	}
	n, err := database.Changed(tx.NewUpdate().Model((*Pool)(nil)).Set("capacity = ?", w.UpTo).Set("updated_at = ?", now).Set("version = version + 1").
		Where("id = ?", w.PoolID).Where("community_id = ?", t.CommunityID).Where("taken <= ?", w.UpTo).Exec(ctx))
	if err == nil && n == 0 {
		err = ErrCapacityBelowTaken.With("More tickets than that were sold at the price %q; it cannot hold for fewer.", w.Name)
	}
	return err
}

// ErrPlacesReserved refuses other pools for a ticket type of which places are reserved.
var ErrPlacesReserved = &turnout.Error{Kind: turnout.Conflict, Code: "places_reserved",
	Message: "Vouchers reserve places of these tickets, or the waitlist was offered some. Other pools can be chosen once those are over."}

// move lets the type draw on these pools from now on. Places that are reserved for it in the old ones could not follow; vouchers of which
// none are reserved now will reserve in the new ones.
func (t *TicketType) move(ctx context.Context, tx bun.IDB, pools []turnout.ID) error {
	if slices.Equal(t.PoolIDs, slices.Sorted(slices.Values(pools))) {
		return nil
	}
	reserved, err := tx.NewSelect().Model((*claim)(nil)).Where("claim.holder_kind IN (?, ?)", holderVoucher, holderOffer).Where("claim.quantity > 0").
		Where(`EXISTS (SELECT 1 FROM voucher_ticket_types AS v WHERE v.voucher_id = claim.holder_id AND v.ticket_type_id = ?0)
			OR EXISTS (SELECT 1 FROM waitlist_entries AS e WHERE e.id = claim.holder_id AND e.offered_type_id = ?0)`, t.ID).Exists(ctx)
	if err != nil {
		return err
	}
	if reserved {
		return ErrPlacesReserved
	}
	var vouchers []turnout.ID
	if err := tx.NewSelect().Model((*Voucher)(nil)).Column("voucher.id").Join("JOIN voucher_ticket_types AS link ON link.voucher_id = voucher.id").
		Where("link.ticket_type_id = ?", t.ID).Where("voucher.reserves").Scan(ctx, &vouchers); err != nil || len(vouchers) == 0 {
		return err
	}
	if _, err := tx.NewDelete().Model((*claim)(nil)).Where("holder_id IN (?)", bun.List(vouchers)).Exec(ctx); err != nil {
		return err
	}
	var claims []*claim
	for _, v := range vouchers {
		for _, pool := range pools {
			claims = append(claims, &claim{HolderID: v, PoolID: pool, HolderKind: holderVoucher, CommunityID: t.CommunityID})
		}
	}
	return insertAll(ctx, tx, &claims)
}

// lockType locks the pools that a ticket type draws on, and those that it is to draw on, before anything else, and gives what was read
// of the type.
func lockType(ctx context.Context, tx bun.IDB, community, id turnout.ID, wanted []turnout.ID) (*TicketType, error) {
	t := new(TicketType)
	if err := tx.NewSelect().Model(t).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	if err := tx.NewSelect().Model((*typePool)(nil)).Column("pool_id").Where("ticket_type_id = ?", id).Order("pool_id").Scan(ctx, &t.PoolIDs); err != nil {
		return nil, err
	}
	ids := slices.Clone(t.PoolIDs)
	for _, w := range t.PriceWindows {
		if w.PoolID != "" {
			ids = append(ids, w.PoolID)
		}
	}
	var known []turnout.ID // of the event: others are refused later
	if err := tx.NewSelect().Model((*Pool)(nil)).Column("id").Where("id IN (?)", bun.List(wanted)).Where("event_id = ?", t.EventID).Where("community_id = ?", t.CommunityID).Scan(ctx, &known); err != nil {
		return nil, err
	}
	_, err := lockPools(ctx, tx, append(ids, known...))
	return t, err
}
