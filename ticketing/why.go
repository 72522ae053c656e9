package ticketing

import (
	"cmp"
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
)

// Cause is a stable code for what speaks for or against a sale.
type Cause string

// The causes. Those up to CauseMembers stand in the order in which a sale looks at them.
const (
	CauseDraft        Cause = "event_draft"
	CauseCanceled     Cause = "event_canceled"
	CauseEnded        Cause = "event_ended" // At
	CauseVoucher      Cause = "voucher_only"
	CauseNoPool       Cause = "no_pool"
	CauseStopped      Cause = "stopped"      // an add-on, by the organiser
	CauseSaleNotYet   Cause = "sale_not_yet" // At
	CauseSaleOver     Cause = "sale_over"    // At
	CauseDomains      Cause = "email_domains"
	CauseMembers      Cause = "members_only"
	CauseNoTicketType Cause = "no_ticket_type" // an add-on: none that it goes with can be bought
	CauseFewTypes     Cause = "limited_types"  // an add-on: what it goes with is not for everybody
	CausePoolFull     Cause = "pool_full"
	CauseTooFew       Cause = "too_few_places" // Number are left, Least are needed
	CauseAddOnFull    Cause = "add_on_full"    // a required add-on's pool
	CauseChoicesFull  Cause = "choices_full"   // of a question that must be answered
	CauseHeld         Cause = "held_unpaid"    // Number until At, the first of them
	CauseOffered      Cause = "offered"        // Number, to the waitlist, until At, the first of them
	CauseReserved     Cause = "reserved"       // Number, by vouchers
	CauseBlocked      Cause = "blocked"        // Number
	CauseWaiting      Cause = "waitlist_first" // Number of parties
	CauseHidden       Cause = "hidden"
	CauseApproval     Cause = "needs_approval"
	CausePriceWindow  Cause = "price_window" // Name, Price until At or for Number more, then Later

	// CauseSoldOut is what strangers are told in the place of pools and who holds them.
	CauseSoldOut Cause = "sold_out"
)

// Weight says what a reason does to the sale.
type Weight string

// The weights.
const (
	Stops    Weight = "stops"    // nobody can buy
	Limits   Weight = "limits"   // only those can buy who have what it asks for
	Explains Weight = "explains" // where the places are that are not free
	Notes    Weight = "notes"    // anybody can buy all the same
)

// Reason is one thing that speaks for or against the sale of a ticket type or an add-on. Which fields it fills stands beside its cause.
type Reason struct {
	Cause  Cause
	Weight Weight
	PoolID turnout.ID    // that it is about, "" for none
	Name   string        // of the pool, of a required add-on, of a question, of a price window
	Names  []string      // domains, or ticket types
	Number int64         // places or parties
	Least  int64         // places that the smallest order needs
	At     time.Time     // when it begins or ends
	Price  turnout.Money // of a price window
	Later  turnout.Money // what comes after it
}

// Openness says to whom something is for sale.
type Openness string

// The opennesses.
const (
	ToEverybody Openness = "everybody"
	ToSome      Openness = "some" // who has a voucher, the link, a membership, an address
	ToNobody    Openness = "nobody"
)

// Standing says to whom a ticket type or an add-on is for sale at an instant, and all that speaks for and against it: first what a
// buyer hears first.
type Standing struct {
	Offer        Offer  // of a ticket type
	AddOn        *AddOn // in its place
	Open         Openness
	Availability Availability
	fewLeft      bool
	Left         *int64 // how many its pools have room for; nil: there is no end of it
	Reasons      []Reason
}

// Explanation says why each thing of an event is or is not for sale, and who has its places.
type Explanation struct {
	Event  *events.Event // as it was read for this
	At     time.Time
	Types  []Standing // in the organiser's order
	AddOns []Standing
	Pools  []Holdings // the organiser's own, oldest first
}

// Why says of everything that an event sells why the public can or cannot buy it at this moment. It asks the functions that sell, with
// one obstacle after the other taken away, so that its answer and the sale's are one.
func (s *Service) Why(ctx context.Context, event *events.Event) (*Explanation, error) {
	in, err := s.inquire(ctx, s.DB.Read(), event)
	if err != nil {
		return nil, fmt.Errorf("ticketing: why: %w", err)
	}
	out := &Explanation{Event: in.event, At: in.shelf.now, Pools: in.pools}
	byType := map[turnout.ID]*Standing{}
	types := slices.SortedFunc(maps.Values(in.shelf.types), func(a, b *TicketType) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID))
	})
	out.Types = make([]Standing, len(types))
	for i, t := range types {
		out.Types[i] = in.ticketType(t)
		byType[t.ID] = &out.Types[i]
	}
	for _, a := range in.shelf.byEvent[in.event.ID] {
		out.AddOns = append(out.AddOns, in.addOn(a, types, byType))
	}
	return out, nil
}

// inquiry is what was read of an event to say why it sells what it sells.
type inquiry struct {
	shelf   *shelf
	event   *events.Event
	pools   []Holdings
	tries   []map[turnout.ID]*Pool // the pools as a sale meets them: at once, and after holds that are over were given back
	waiting map[turnout.ID]int64   // parties by ticket type
}

func (s *Service) inquire(ctx context.Context, db bun.IDB, event *events.Event) (*inquiry, error) {
	shelf, err := readShelf(ctx, db, s.Now(), []*Purchase{{EventID: event.ID}})
	if err != nil {
		return nil, err
	}
	in := &inquiry{shelf: shelf, event: shelf.events[event.ID], waiting: map[turnout.ID]int64{}}
	if in.event == nil || in.event.CommunityID != event.CommunityID {
		return nil, turnout.ErrNotFound
	}
	pools, err := poolsByID(ctx, db, in.event.CommunityID, in.event.ID)
	if err != nil {
		return nil, err
	}
	due, err := in.readPlaces(ctx, db, pools)
	if err != nil {
		return nil, err
	}
	in.tries = []map[turnout.ID]*Pool{copied(pools, nil)}
	if len(due) > 0 {
		in.tries = append(in.tries, copied(pools, due))
	}
	return in, in.serveWaitlist(ctx, db)
}

// copied gives the pools with the places that are due back free again.
func copied(pools map[turnout.ID]*Pool, due map[turnout.ID]int64) map[turnout.ID]*Pool {
	out := make(map[turnout.ID]*Pool, len(pools))
	for id, p := range pools {
		pool := *p
		pool.Taken -= due[id]
		out[id] = &pool
	}
	return out
}

// serveWaitlist counts who waits, and takes from the pools what a sale would offer to them first.
func (in *inquiry) serveWaitlist(ctx context.Context, db bun.IDB) error {
	queued, err := queuedTypes(ctx, db, []turnout.ID{in.event.ID})
	if err != nil || len(queued) == 0 {
		return err
	}
	var rows []struct {
		TicketTypeID turnout.ID
		Parties      int64
	}
	if err := db.NewSelect().Model((*entryType)(nil)).Column("ticket_type_id").ColumnExpr("COUNT(*) AS parties").Where("waiting").
		Where("ticket_type_id IN (?)", bun.List(queued)).Group("ticket_type_id").Scan(ctx, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		in.waiting[r.TicketTypeID] = r.Parties
	}
	q, err := readQueue(ctx, db, in.event, in.shelf.now)
	if err != nil || q == nil {
		return err
	}
	for _, pools := range in.tries {
		q.pools = pools
		if _, _, err := q.choose(ctx, db, serveChunk); err != nil {
			return err
		}
	}
	return nil
}

// aboutEvent says what of the event itself stands in the way.
func (in *inquiry) aboutEvent() (list []Reason) {
	e := *in.event
	for range 3 {
		switch err := openForSale(&e, in.shelf.now); {
		case err == nil:
			return list
		case errors.Is(err, turnout.ErrNotFound):
			list = append(list, Reason{Cause: CauseDraft, Weight: Stops})
			e.Status = events.Published
		case errors.Is(err, events.ErrCanceled):
			list = append(list, Reason{Cause: CauseCanceled, Weight: Stops, At: e.CanceledAt})
			e.Status = events.Published
		default:
			list = append(list, Reason{Cause: CauseEnded, Weight: Stops, At: e.EndsAt})
			e.Status, e.EndsAt = events.Published, in.shelf.now.Add(time.Hour)
		}
	}
	return list
}

// ticketType says how a ticket type stands.
func (in *inquiry) ticketType(t *TicketType) Standing {
	reasons := append(in.aboutEvent(), in.aboutRules(t)...)
	p := &Purchase{EventID: in.event.ID, Lines: []PurchaseLine{{TicketTypeID: t.ID, Quantity: t.fewest()}}}
	short, pools := in.short(p, t.PoolIDs)
	reasons = append(reasons, short...)
	asked, last := in.shelf.asked[in.event.ID].questions, in.tries[len(in.tries)-1]
	reasons = append(reasons, t.aboutChoices(asked, last)...)
	if t.noChoice(asked, pools) != "" { // unless what is due comes back
		pools = last
	}
	reasons = append(reasons, in.whoHas(short)...)
	if n := in.waiting[t.ID]; n > 0 {
		reasons = append(reasons, Reason{Cause: CauseWaiting, Weight: Notes, Number: n})
	}
	if t.Visibility == Hidden {
		reasons = append(reasons, Reason{Cause: CauseHidden, Weight: Limits})
	}
	if t.RequiresApproval {
		reasons = append(reasons, Reason{Cause: CauseApproval, Weight: Notes})
	}
	reasons = append(reasons, in.aboutPrice(t, pools)...)
	o := offer(in.event, t, in.shelf.byEvent[in.event.ID], asked, pools, in.shelf.now)
	return Standing{Offer: o, Availability: o.Availability, Left: &o.Left, Reasons: reasons, Open: openness(reasons)}
}

// openness adds the reasons up.
func openness(reasons []Reason) Openness {
	open := ToEverybody
	for _, r := range reasons {
		switch r.Weight {
		case Stops:
			return ToNobody
		case Limits:
			open = ToSome
		}
	}
	return open
}

// aboutRules says what a ticket type's own rules refuse: the sale is asked again without each that it names.
func (in *inquiry) aboutRules(t *TicketType) (list []Reason) {
	open := *t
	for range 4 {
		err := open.sellable(in.shelf.now)
		switch untimely := outOfTime(err, &open.SalesStart, &open.SalesEnd); {
		case untimely != nil:
			list = append(list, *untimely)
		case errors.Is(err, ErrNeedVoucher):
			list = append(list, Reason{Cause: CauseVoucher, Weight: Limits})
			open.Visibility = Hidden
		case err != nil:
			list = append(list, Reason{Cause: CauseNoPool, Weight: Stops})
			open.PoolIDs = []turnout.ID{""}
		}
	}
	stranger := &Purchase{}
	for range 2 {
		switch err := in.shelf.restricted(stranger, &open); {
		case errors.Is(err, ErrRestricted):
			list = append(list, Reason{Cause: CauseDomains, Weight: Limits, Names: t.EmailDomains})
			open.EmailDomains = nil
		case err != nil:
			list = append(list, Reason{Cause: CauseMembers, Weight: Limits})
			open.MembersOnly = false
		}
	}
	return list
}

// outOfTime is the reason of a refusal for the times of a sale, and takes away the one that refused; nil for another refusal.
func outOfTime(err error, start, end *time.Time) *Reason {
	cause, at := CauseSaleNotYet, start
	switch {
	case errors.Is(err, ErrSaleOver):
		cause, at = CauseSaleOver, end
	case !errors.Is(err, ErrSaleNotYet):
		return nil
	}
	r := &Reason{Cause: cause, Weight: Stops, At: *at}
	*at = time.Time{}
	return r
}

// short says of which pools the purchase needs more places than there are, its own before those of what comes with it, and gives the
// pools as the sale would meet them.
func (in *inquiry) short(p *Purchase, own []turnout.ID) (list []Reason, pools map[turnout.ID]*Pool) {
	for _, pools = range in.tries {
		free := func(pool turnout.ID) int64 { return pools[pool].Available() }
		needs := in.shelf.quote(p, free).needs
		list = nil
		for _, id := range slices.Sorted(maps.Keys(needs)) {
			if needs[id] <= free(id) {
				continue
			}
			r := Reason{Cause: CauseTooFew, Weight: Stops, PoolID: id, Name: pools[id].Name, Number: max(0, free(id)), Least: needs[id]}
			switch {
			case !slices.Contains(own, id):
				r.Cause, r.Names = CauseAddOnFull, in.addOnsOf(id)
			case r.Number == 0:
				r.Cause = CausePoolFull
			}
			list = append(list, r)
		}
		if len(list) == 0 {
			break
		}
	}
	ofAddOn := func(r Reason) bool { return r.Cause == CauseAddOnFull }
	return append(slices.DeleteFunc(slices.Clone(list), ofAddOn), slices.DeleteFunc(list, func(r Reason) bool { return !ofAddOn(r) })...), pools
}

// addOnsOf names the add-ons that take places of a pool.
func (in *inquiry) addOnsOf(pool turnout.ID) (names []string) {
	for _, a := range in.shelf.byEvent[in.event.ID] {
		if slices.Contains(a.PoolIDs, pool) {
			names = append(names, a.Name)
		}
	}
	return names
}

// whoHas says who has the places that are missing, beside those who bought them.
func (in *inquiry) whoHas(short []Reason) (list []Reason) {
	for _, r := range short {
		i := slices.IndexFunc(in.pools, func(p Holdings) bool { return p.ID == r.PoolID })
		if i < 0 {
			continue
		}
		p := in.pools[i]
		for _, by := range []Reason{{Cause: CauseHeld, Number: p.Held, At: p.HeldUntil}, {Cause: CauseOffered, Number: p.Offered, At: p.OfferedUntil},
			{Cause: CauseReserved, Number: p.Reserved}, {Cause: CauseBlocked, Number: p.Blocked}} {
			if by.Number > 0 {
				by.Weight, by.PoolID, by.Name = Explains, p.ID, p.Name
				list = append(list, by)
			}
		}
	}
	return list
}

// aboutPrice says which price window the next ticket falls into, and what comes after.
func (in *inquiry) aboutPrice(t *TicketType, pools map[turnout.ID]*Pool) []Reason {
	free := func(pool turnout.ID) int64 { return pools[pool].Available() }
	now := t.prices(1, in.shelf.now, free)[0]
	if now.name == "" {
		return nil
	}
	r := Reason{Cause: CausePriceWindow, Weight: Notes, Name: now.name, Price: turnout.Money{Amount: now.price, Currency: in.event.Currency}, At: now.until}
	next := t.prices(1, now.until, free)
	if now.pool != "" {
		r.Number = free(now.pool)
		next = t.prices(r.Number+1, in.shelf.now, free)[1:]
	}
	r.Later = turnout.Money{Amount: next[0].price, Currency: in.event.Currency}
	return []Reason{r}
}

// Public is what a stranger may know of the reasons: nothing of pools, of those who hold their places, and of how many there are.
func (s *Standing) Public() (list []Reason) {
	for _, r := range s.Reasons {
		switch r.Cause {
		case CausePoolFull, CauseTooFew, CauseAddOnFull, CauseChoicesFull:
			if r.Weight != Stops || slices.ContainsFunc(list, func(r Reason) bool { return r.Cause == CauseSoldOut }) {
				continue
			}
			r = Reason{Cause: CauseSoldOut, Weight: Stops}
		case CausePriceWindow:
			r.Number = 0
		case CauseNoPool, CauseNoTicketType, CauseFewTypes:
			r = Reason{Cause: CauseStopped, Weight: r.Weight}
		case CauseHeld, CauseOffered, CauseReserved, CauseBlocked, CauseWaiting, CauseHidden:
			continue
		}
		list = append(list, r)
	}
	return list
}

// Counts reports whether the reason's number says something.
func (r Reason) Counts() bool {
	switch r.Cause {
	case CauseTooFew, CauseAddOnFull, CauseHeld, CauseOffered, CauseReserved, CauseBlocked, CauseWaiting:
		return true
	case CausePriceWindow:
		return r.Number > 0
	}
	return false
}

// Say puts a reason into a sentence of the language; times are those of the zone.
func (s *Service) Say(r Reason, lang, zone string) string {
	words := s.Pages
	key := "why." + string(r.Cause)
	until := ""
	if !r.At.IsZero() {
		until = words.Moment(lang, r.At, zone)
	}
	switch r.Cause {
	case CausePriceWindow:
		switch {
		case r.Number > 0 && until != "":
			key += "_both"
		case r.Number > 0:
			key += "_number"
		case until == "":
			key += "_open"
		}
	case CauseChoicesFull:
		if r.Weight == Limits {
			key += "_later"
		}
	case CauseNoTicketType:
		if len(r.Names) == 0 {
			key += "_none"
		}
	}
	names := r.Names
	if r.Cause == CauseDomains {
		names = []string{listed(r.Names)}
	}
	return words.Message(lang, key, "Name", r.Name, "Names", strings.Join(names, ", "), "Count", r.Number, "Number", words.Number(lang, r.Number), "Least", words.Number(lang, r.Least),
		"When", until, "Price", words.Money(lang, r.Price), "Later", words.Money(lang, r.Later))
}
