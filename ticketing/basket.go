package ticketing

import (
	"maps"
	"slices"

	"turnout"
)

// quoted is a line of an order as it would be sold now.
type quoted struct {
	of        *TicketType // nil for an add-on
	addOn     *AddOn
	quantity  int64
	unit      int64 // minor units, of one
	discount  int64 // of one
	priceName string
	voucher   *Voucher
	pools     []turnout.ID         // each gives as many places as the quantity
	tickets   []int                // the order's tickets that it is for, one entry each
	choices   map[turnout.ID]int64 // places of the choices that its tickets' bearers made
}

func (q *quoted) total() int64 { return q.quantity * (q.unit - q.discount) }

// claims says how many places of which pool the line takes.
func (q *quoted) claims() map[turnout.ID]int64 {
	claims := map[turnout.ID]int64{}
	for _, id := range q.pools {
		claims[id] += q.quantity
	}
	for id, n := range q.choices {
		claims[id] += n
	}
	return claims
}

// basket is a purchase as it would be sold now.
type basket struct {
	lines   []*quoted
	answers []bearerAnswers
	total   int64
	needs   map[turnout.ID]int64 // places, by pool
	own     map[turnout.ID]int64 // of those, places that its voucher or its offer from the waitlist holds for it already
	uses    int64                // of the voucher
	spent   int64
}

// bearerAnswers are the answers of one ticket's bearer; ticket -1 stands for the order's own.
type bearerAnswers struct {
	ticket int
	given  []answered
}

// dear refuses a basket that nobody could pay: online is the most that the provider takes.
func (b *basket) dear(p *Purchase, online int64, currency string) (probs turnout.Problems) {
	most := online
	if p.Desk != nil {
		most = maxPrice
	}
	if b.total > most {
		probs.Add("lines", "order_too_dear", "One order can cost %s at most. Take fewer tickets, or name a smaller price.", turnout.Money{Amount: most, Currency: currency})
	}
	return probs
}

// quote prices a purchase that may be sold and says which places it takes. free gives the places left in a pool, for whoever is served
// before this purchase has taken theirs.
func (s *shelf) quote(p *Purchase, free func(pool turnout.ID) int64) *basket {
	b := &basket{needs: map[turnout.ID]int64{}, own: map[turnout.ID]int64{}}
	left := func(pool turnout.ID) int64 { return free(pool) - b.needs[pool] }
	v := s.voucher(p)
	ticket := 0
	for _, line := range p.Lines {
		t := s.types[line.TicketTypeID]
		if t == nil {
			continue
		}
		for _, part := range s.parts(p, t, line, left) {
			q := &quoted{of: t, quantity: part.quantity, unit: part.price, priceName: part.name, pools: t.PoolIDs}
			if part.pool != "" {
				q.pools = append(append([]turnout.ID{}, t.PoolIDs...), part.pool)
			}
			if v != nil && v.isFor(t.ID) {
				q.voucher = v
				if t.Pricing != OpenPrice {
					q.discount = v.discount(q.unit)
				}
			}
			for range part.quantity {
				q.tickets = append(q.tickets, ticket)
				ticket++
			}
			b.add(q)
		}
	}
	for _, a := range s.byEvent[p.EventID] {
		s.quoteAddOn(b, p, a)
	}
	s.quoteAnswers(b, p)
	if p.Desk.given() {
		for _, q := range b.lines {
			q.discount = q.unit
			if q.voucher != nil && !q.voucher.Reserves {
				q.voucher = nil // what is given away uses up nothing that buyers could have; only places that are reserved are taken from there
			}
		}
	}
	b.count(p, s)
	return b
}

// parts says what a line's tickets cost: at the prices of now, or at the one that the buyer names. Those that are given take nobody's
// early price away.
func (s *shelf) parts(p *Purchase, t *TicketType, line PurchaseLine, left func(turnout.ID) int64) []priced {
	if t.Pricing == OpenPrice && line.Price != nil {
		return []priced{{quantity: line.Quantity, price: line.Price.Amount}}
	}
	if p.Desk.given() {
		return []priced{{quantity: line.Quantity, price: t.Price}}
	}
	return t.prices(line.Quantity, s.now, left)
}

// add puts in a line and takes its places from what is left for the next.
func (b *basket) add(q *quoted) {
	b.lines = append(b.lines, q)
	for _, id := range q.pools {
		b.needs[id] += q.quantity
	}
}

// quoteAddOn adds what the purchase's tickets have of an add-on: what a ticket's price includes costs nothing more.
func (s *shelf) quoteAddOn(b *basket, p *Purchase, a *AddOn) {
	var line PurchaseLine
	for _, l := range p.Lines {
		if l.AddOnID == a.ID {
			line = l
		}
	}
	if line.Quantity == 0 && a.sellable(s.now) != nil {
		return
	}
	each, _ := s.spread(p, a, line)
	bought, included := &quoted{addOn: a, unit: a.Price, pools: a.PoolIDs}, &quoted{addOn: a, pools: a.PoolIDs}
	if a.Pricing == OpenPrice && line.Price != nil {
		bought.unit = line.Price.Amount
	}
	types := p.typeOfEach()
	for i, n := range each {
		how, _ := a.with(types[i])
		for k := range n {
			q := bought
			if k < how.Included {
				q = included
			}
			q.quantity++
			q.tickets = append(q.tickets, i)
		}
	}
	for _, q := range []*quoted{included, bought} {
		if q.quantity > 0 {
			b.add(q)
		}
	}
}

// typeOfEach gives the ticket type of each ticket that is wanted, lines in order.
func (p *Purchase) typeOfEach() []turnout.ID {
	types := make([]turnout.ID, 0, p.tickets())
	for _, line := range p.Lines {
		if line.AddOnID != "" {
			continue
		}
		for range line.Quantity {
			types = append(types, line.TicketTypeID)
		}
	}
	return types
}

// count adds up what the lines cost, what they use of the voucher, and which of their places are held for them already.
func (b *basket) count(p *Purchase, s *shelf) {
	entry := s.entries[p.Offer]
	for _, q := range b.lines {
		b.total += q.total()
		if q.voucher == nil {
			continue
		}
		b.uses += q.quantity
		b.spent += q.quantity * q.discount
		if q.voucher.Reserves {
			for _, id := range q.of.PoolIDs {
				b.own[id] += q.quantity
			}
		}
	}
	if entry != nil {
		for id, n := range entry.holds {
			b.own[id] += n
		}
	}
}

// needsApproval says whether the organiser decides about the order first.
func (b *basket) needsApproval(p *Purchase) bool {
	if p.Desk != nil {
		return false
	}
	for _, q := range b.lines {
		if q.of != nil && q.of.RequiresApproval {
			return true
		}
	}
	return false
}

// short gives the first pool of which there are not enough places, and what draws on it: what is sold comes before the choices.
func (b *basket) short(free func(pool turnout.ID) int64) (pool turnout.ID, what string, isShort bool) {
	lacks := func(id turnout.ID) bool { return b.needs[id]-b.own[id] > free(id) }
	for _, q := range b.lines {
		if i := slices.IndexFunc(q.pools, lacks); i >= 0 {
			return q.pools[i], q.name(), true
		}
	}
	for _, q := range b.lines {
		for _, id := range slices.Sorted(maps.Keys(q.choices)) {
			if lacks(id) {
				return id, q.name(), true
			}
		}
	}
	return "", "", false
}

func (q *quoted) name() string {
	if q.addOn != nil {
		return q.addOn.Name
	}
	return q.of.Name
}
