package ticketing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/database"
)

// shelf is what events sell, as it was read for some purchases.
type shelf struct {
	now       time.Time
	events    map[turnout.ID]*events.Event
	types     map[turnout.ID]*TicketType
	addOns    map[turnout.ID]*AddOn
	byEvent   map[turnout.ID][]*AddOn
	vouchers  map[voucherKey]*Voucher
	entries   map[turnout.ID]*WaitlistEntry  // whose offers are accepted
	members   map[turnout.ID]map[string]bool // addresses of members that were asked about, by community
	wanted    map[turnout.ID]bool            // pools of ticket types that somebody waits for
	questions []*Question
	asked     map[turnout.ID]questionnaire // the questions by event
}

type voucherKey struct {
	event  turnout.ID
	folded string
}

// readShelf reads what the purchases are about: their events' whole catalogues, and of vouchers, members and the waitlist what they name.
func readShelf(ctx context.Context, db bun.IDB, now time.Time, purchases []*Purchase) (*shelf, error) {
	s := &shelf{now: now, events: map[turnout.ID]*events.Event{}, types: map[turnout.ID]*TicketType{}, addOns: map[turnout.ID]*AddOn{},
		byEvent: map[turnout.ID][]*AddOn{}, vouchers: map[voucherKey]*Voucher{}, entries: map[turnout.ID]*WaitlistEntry{},
		members: map[turnout.ID]map[string]bool{}, wanted: map[turnout.ID]bool{}}
	wanted := map[turnout.ID]bool{}
	for _, p := range purchases {
		wanted[p.EventID] = true
	}
	ids := slices.Sorted(maps.Keys(wanted))
	var list []*events.Event
	if err := db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	for _, e := range list {
		s.events[e.ID] = e
	}
	types, err := loadTypes(ctx, db, ids)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		s.types[t.ID] = t
	}
	addOns, err := loadAddOns(ctx, db, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range addOns {
		s.addOns[a.ID], s.byEvent[a.EventID] = a, append(s.byEvent[a.EventID], a)
	}
	if err := s.readQuestions(ctx, db, ids, purchases); err != nil {
		return nil, err
	}
	for _, read := range []func(context.Context, bun.IDB, []*Purchase) error{s.readVouchers, s.readEntries, s.readMembers} {
		if err := read(ctx, db, purchases); err != nil {
			return nil, err
		}
	}
	queued, err := queuedTypes(ctx, db, ids)
	for _, id := range queued {
		for pool := range s.types[id].draws(s.byEvent[s.types[id].EventID], now) {
			s.wanted[pool] = true
		}
	}
	return s, err
}

func (s *shelf) readVouchers(ctx context.Context, db bun.IDB, purchases []*Purchase) error {
	var folded []string
	wanted := map[turnout.ID]bool{}
	for _, p := range purchases {
		if code := FoldCode(p.Voucher); code != "" {
			folded, wanted[p.EventID] = append(folded, code), true
		}
	}
	if len(folded) == 0 {
		return nil
	}
	list, err := loadVouchers(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("event_id IN (?)", bun.List(slices.Sorted(maps.Keys(wanted)))).Where("folded IN (?)", bun.List(folded))
	})
	for _, v := range list {
		s.vouchers[voucherKey{v.EventID, v.Folded}] = v
	}
	return err
}

func (s *shelf) readEntries(ctx context.Context, db bun.IDB, purchases []*Purchase) error {
	var ids []turnout.ID
	for _, p := range purchases {
		if p.Offer != "" {
			ids = append(ids, p.Offer)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var list []*WaitlistEntry
	if err := db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return err
	}
	for _, e := range list {
		e.holds = draws{}
		s.entries[e.ID] = e
	}
	var claims []*claim
	err := db.NewSelect().Model(&claims).Where("holder_id IN (?)", bun.List(ids)).Where("quantity > 0").Scan(ctx)
	for _, c := range claims {
		if e := s.entries[c.HolderID]; e != nil {
			e.holds[c.PoolID] = c.Quantity
		}
	}
	return err
}

// readMembers asks which of the buyers of members' tickets are members.
func (s *shelf) readMembers(ctx context.Context, db bun.IDB, purchases []*Purchase) error {
	asked := map[turnout.ID][]string{}
	for _, p := range purchases {
		for _, line := range p.Lines {
			if t := s.types[line.TicketTypeID]; t != nil && t.MembersOnly && p.Proven != "" {
				asked[t.CommunityID] = append(asked[t.CommunityID], p.Proven)
			}
		}
	}
	for _, community := range slices.Sorted(maps.Keys(asked)) {
		found, err := people.Members(ctx, db, community, asked[community])
		if err != nil {
			return err
		}
		s.members[community] = found
	}
	return nil
}

// sameTypes sends the sale back when a ticket type was changed while it waited for its locks: it may draw on other pools by now.
func (s *shelf) sameTypes(ctx context.Context, tx bun.IDB) error {
	var now []*TicketType
	if err := tx.NewSelect().Model(&now).Column("id", "version").Where("event_id IN (?)", bun.List(slices.Sorted(maps.Keys(s.events)))).Scan(ctx); err != nil {
		return err
	}
	for _, t := range now {
		if read := s.types[t.ID]; read == nil || read.Version != t.Version {
			return database.ErrAgain
		}
	}
	return nil
}

// sameAddOns sends the sale back when an add-on was made or changed since it was read. It is asked once event_totals is locked: edits of
// add-ons take that lock and no pool's.
func (s *shelf) sameAddOns(ctx context.Context, tx bun.IDB) error {
	var now []*AddOn
	if err := tx.NewSelect().Model(&now).Column("id", "version").Where("event_id IN (?)", bun.List(slices.Sorted(maps.Keys(s.events)))).Scan(ctx); err != nil {
		return err
	}
	for _, a := range now {
		if read := s.addOns[a.ID]; read == nil || read.Version != a.Version {
			return database.ErrAgain
		}
	}
	return nil
}

// voucher gives the voucher that the purchase names; nil for none, and for a code that nobody knows.
func (s *shelf) voucher(p *Purchase) *Voucher {
	return s.vouchers[voucherKey{p.EventID, FoldCode(p.Voucher)}]
}

// ticketType gives a type of the purchase's event, nil for what is none.
func (s *shelf) ticketType(p *Purchase, id turnout.ID) *TicketType {
	if t := s.types[id]; t != nil && t.EventID == p.EventID {
		return t
	}
	return nil
}

// refusal says why the purchase may not be sold whatever the pools hold.
func (s *shelf) refusal(p *Purchase) error {
	event := s.events[p.EventID]
	if err := openFor(event, p.Desk, s.now); err != nil {
		return err
	}
	if err := s.offerRefusal(p); err != nil {
		return err
	}
	for _, line := range p.Lines {
		if t := s.ticketType(p, line.TicketTypeID); t != nil {
			if err := s.sellable(p, t); err != nil {
				return err
			}
		}
		if a := s.addOns[line.AddOnID]; a != nil && a.EventID == p.EventID && p.Desk == nil {
			if err := a.sellable(s.now); err != nil {
				return err
			}
		}
	}
	probs := s.problems(p)
	if err := probs.Err(); err != nil {
		return err
	}
	if v := s.voucher(p); v != nil && v.Email != "" && p.Desk == nil && !p.Trusted && !p.proven() {
		return ErrEmailUnproven // whoever knows the code may know the address too
	}
	return nil
}

// openFor says whether an event sells at the instant; staff sell before it is published and after it is over.
func openFor(event *events.Event, desk *DeskSale, now time.Time) error {
	if desk != nil && event != nil && event.Status != events.Canceled {
		return nil
	}
	return openForSale(event, now)
}

// sellable says whether the purchase may have tickets of the type, apart from places.
func (s *shelf) sellable(p *Purchase, t *TicketType) error {
	if p.Desk != nil {
		if len(t.PoolIDs) == 0 {
			return ErrNotOnSale
		}
		return nil
	}
	err := t.sellable(s.now)
	if v := s.voucher(p); v != nil && v.opens(t.ID) && errors.Is(err, ErrNeedVoucher) {
		open := *t
		open.Visibility = Hidden
		err = open.sellable(s.now)
	}
	if entry := s.entries[p.Offer]; errors.Is(err, ErrSaleOver) && entry != nil && entry.OfferedTypeID == t.ID {
		err = nil // the offer was made in time
	}
	if err == nil && !p.Trusted {
		err = s.restricted(p, t)
	}
	return err
}

// restricted says whether a type that is for members, or for addresses of some domains, is for this buyer.
func (s *shelf) restricted(p *Purchase, t *TicketType) error {
	if len(t.EmailDomains) > 0 && !slices.Contains(t.EmailDomains, domainOf(p.Buyer.Email)) {
		return ErrRestricted.With("%s is for e-mail addresses of %s.", t.Name, listed(t.EmailDomains))
	}
	if !t.MembersOnly && len(t.EmailDomains) == 0 {
		return nil
	}
	if !p.proven() {
		return ErrEmailUnproven
	}
	if t.MembersOnly && !s.members[t.CommunityID][p.Proven] {
		return ErrRestricted.With("%s is for members, and this e-mail address is no member's.", t.Name)
	}
	return nil
}

// problems says all that is wrong with a purchase against what is sold, field by field.
func (s *shelf) problems(p *Purchase) turnout.Problems {
	var probs turnout.Problems
	event := s.events[p.EventID]
	sane := p.sane(new(turnout.Problems))
	for i, line := range p.Lines {
		if line.AddOnID != "" {
			s.boundAddOn(&probs, p, i, sane)
		} else {
			s.bound(&probs, p, i)
		}
		if line.Price != nil && event != nil && line.Price.Currency != event.Currency {
			probs.Add(field("lines", i)+".price", "currency", "The event sells in %s.", event.Currency)
		}
	}
	if p.tickets() == 0 && len(p.Lines) > 0 {
		probs.Add("lines", "no_ticket", "Choose a ticket too: add-ons are sold with tickets only.")
	}
	s.voucherProblems(&probs, p)
	if sane {
		s.answers(&probs, p)
	}
	return probs
}

// bound says what a line asks for that its ticket type does not allow.
func (s *shelf) bound(probs *turnout.Problems, p *Purchase, i int) {
	line, name := p.Lines[i], field("lines", i)
	t := s.ticketType(p, line.TicketTypeID)
	switch {
	case t == nil:
		probs.Add(name+".ticket_type_id", "unknown", "This event has no such ticket type.")
		return
	case p.Desk != nil:
	case line.Quantity < t.MinPerOrder || line.Quantity > t.MaxPerOrder:
		probs.Add(name+".quantity", "out_of_range", "%s: choose %d to %d.", t.Name, t.MinPerOrder, t.MaxPerOrder)
	case line.Quantity%max(1, t.MultipleOf) != 0:
		probs.Add(name+".quantity", "multiple", "%s is sold in multiples of %d.", t.Name, t.MultipleOf)
	}
	named(probs, name, line, t.Pricing, t.MinPrice, t.Name)
}

// named says what is wrong with the price that a buyer names.
func named(probs *turnout.Problems, name string, line PurchaseLine, pricing Pricing, least int64, what string) {
	switch {
	case line.Price == nil:
	case pricing != OpenPrice:
		probs.Add(name+".price", "fixed", "The price of %s is fixed.", what)
	case line.Price.Amount < least && line.Price.Amount >= 0:
		probs.Add(name+".price", "too_low", "%s costs at least %s.", what, turnout.Money{Amount: least, Currency: line.Price.Currency})
	default:
		probs.Price(name+".price", *line.Price, maxPrice/maxQuantity)
	}
}

func (s *shelf) boundAddOn(probs *turnout.Problems, p *Purchase, i int, sane bool) {
	line, name := p.Lines[i], field("lines", i)
	a := s.addOns[line.AddOnID]
	if a == nil || a.EventID != p.EventID {
		probs.Add(name+".add_on_id", "unknown", "This event has no such add-on.")
		return
	}
	named(probs, name, line, a.Pricing, a.MinPrice, a.Name)
	if len(line.Tickets) > 0 && int64(len(line.Tickets)) != line.Quantity {
		probs.Add(name+".tickets", "tickets", "Name %d tickets, one for each, or none.", line.Quantity)
		return
	}
	if !sane {
		return // it cannot be counted
	}
	if _, problem := s.spread(p, a, line); problem != "" {
		probs.Add(name+".quantity", "out_of_range", "%s", problem)
	}
}

// voucherProblems says why the purchase's voucher cannot be used for it.
func (s *shelf) voucherProblems(probs *turnout.Problems, p *Purchase) {
	if FoldCode(p.Voucher) == "" {
		return
	}
	v := s.voucher(p)
	if code, message := v.refusal(p.Buyer.Email, s.now); code != "" {
		probs.Add("voucher", code, "%s", message)
		return
	}
	for _, line := range p.Lines {
		if t := s.ticketType(p, line.TicketTypeID); t != nil && v.isFor(t.ID) {
			return
		}
	}
	probs.Add("voucher", "not_for_these", "This voucher is for other tickets than these.")
}

// spread says how many of an add-on each ticket of the purchase has: what its type requires and includes, and what the line asks for.
// The problem is a sentence, "" for none.
func (s *shelf) spread(p *Purchase, a *AddOn, line PurchaseLine) (each []int64, problem string) {
	each = make([]int64, 0, p.tickets())
	var most []int64
	for _, l := range p.Lines {
		if l.AddOnID != "" {
			continue
		}
		how, ok := a.with(l.TicketTypeID)
		for range l.Quantity {
			floor, limit := int64(0), int64(0)
			if ok {
				floor, limit = how.floor(), how.Most
			}
			each, most = append(each, floor), append(most, limit)
		}
	}
	if len(line.Tickets) > 0 {
		wished := make([]int64, len(each))
		for _, i := range line.Tickets {
			if i < 0 || i >= len(each) {
				return nil, "This order has no such ticket."
			}
			wished[i]++
		}
		for i, n := range wished {
			if n > most[i] {
				return nil, tooMany(a, most[i])
			}
			each[i] = max(each[i], n)
		}
		return each, ""
	}
	rest := line.Quantity
	for _, n := range each {
		rest -= n
	}
	for placed := true; rest > 0; {
		if !placed {
			return nil, tooMany(a, slices.Max(append(most, 0)))
		}
		placed = false
		for i := range each {
			if rest > 0 && each[i] < most[i] {
				each[i]++
				rest--
				placed = true
			}
		}
	}
	return each, ""
}

func tooMany(a *AddOn, most int64) string {
	if most == 0 {
		return a.Name + " does not go with these tickets."
	}
	return fmt.Sprintf("%s: at most %d a ticket.", a.Name, most)
}

// listed names domains in a sentence.
func listed(domains []string) string {
	text := ""
	for i, d := range domains {
		if i > 0 {
			text += ", "
		}
		text += "@" + d
	}
	return text
}
