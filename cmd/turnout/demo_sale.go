package main

import (
	"cmp"
	"slices"
	"time"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/ticketing"
	"turnout/ticketing/payments/sandbox"
)

// shelf is a ticket type on sale.
type shelf struct {
	*ticketing.TicketType
	pools  []*ticketing.Pool
	weight float64 // how often it is asked for
	queue  bool    // those who find it sold out wait
}

// sale invents the orders of an event: people come along a sales curve and take places while there are any, as the rules say.
type sale struct {
	*story
	event       *events.Event
	totals      *totals
	shelves     []*shelf
	from, until time.Time // until the last order
	attempts    int
	spurt       float64 // the share that decides in the last days
	returning   float64 // the share whom the community knows already
	cancels     float64 // the share of paid orders that is canceled later
	extras      []*extra
	deals       []deal // what certainly happens, besides

	endings []ending // what is still to happen to orders, in order of time
	late    bool     // money came too late once
}

// ending is the moment at which an order gives its places back.
type ending struct {
	at    time.Time
	order *ticketing.Order
	to    ticketing.OrderStatus
}

// totalsOf gives the counters of an event.
func (s *story) totalsOf(event turnout.ID) *totals {
	i := slices.IndexFunc(s.totals, func(t *totals) bool { return t.EventID == event })
	return s.totals[i]
}

// pool adds a pool.
func (s *story) pool(e *events.Event, name string, capacity int64) *ticketing.Pool {
	p := &ticketing.Pool{ID: turnout.NewID("pol"), CommunityID: e.CommunityID, EventID: e.ID, Kind: ticketing.Places, Name: name, Capacity: capacity, Version: 1,
		CreatedAt: e.CreatedAt, UpdatedAt: e.CreatedAt}
	s.pools = append(s.pools, p)
	s.note(e.CreatedAt, s.byStaff(), "pool.created", p.ID)
	return p
}

// shelf adds a ticket type that draws on pools.
func (s *story) shelf(e *events.Event, t ticketing.TicketType, weight float64, pools ...*ticketing.Pool) *shelf {
	count := s.totalsOf(e.ID)
	count.LastType++
	t.ID, t.CommunityID, t.EventID, t.Number, t.Position = turnout.NewID("typ"), e.CommunityID, e.ID, count.LastType, count.LastType
	t.Version, t.CreatedAt, t.UpdatedAt, t.MinPerOrder = 1, e.CreatedAt, e.CreatedAt, 1
	if t.MaxPerOrder == 0 {
		t.MaxPerOrder = 10
	}
	if t.AttendanceMode == "" {
		t.AttendanceMode = ticketing.InPerson
	}
	if t.Visibility == "" {
		t.Visibility = ticketing.Public
	}
	slices.SortFunc(pools, func(a, b *ticketing.Pool) int { return cmp.Compare(a.ID, b.ID) })
	for _, p := range pools {
		s.typePools = append(s.typePools, &typePool{CommunityID: e.CommunityID, TicketTypeID: t.ID, PoolID: p.ID})
	}
	s.types = append(s.types, &t)
	s.note(e.CreatedAt, s.byStaff(), "ticket_type.created", t.ID)
	return &shelf{TicketType: &t, pools: pools, weight: weight}
}

// run lets everybody come, in the order of time.
func (b *sale) run() {
	b.totals = b.totalsOf(b.event.ID)
	moments := make([]time.Time, b.attempts)
	for i := range moments {
		moments[i] = b.moment()
	}
	slices.SortFunc(moments, time.Time.Compare)
	slices.SortStableFunc(b.deals, func(a, c deal) int { return a.at.Compare(c.at) })
	for _, at := range moments {
		b.happen(at)
		b.settle(at)
		b.come(at)
	}
	b.happen(b.now)
	b.settle(b.now)
}

// moment draws when somebody decides: right when the sale begins, at any time, or in the last days.
func (b *sale) moment() time.Time {
	for {
		var at time.Time
		switch b.weighted(0.22, 0.78-b.spurt, b.spurt) {
		case 0:
			at = b.from.Add(b.waits(36 * time.Hour))
		case 1:
			at = b.between(b.from, b.until)
		default:
			at = b.until.Add(-b.waits(5 * day))
		}
		if at = b.awake(at, b.event.Location()); at.After(b.from) && at.Before(b.until) {
			return at
		}
	}
}

// come lets one buyer try.
func (b *sale) come(at time.Time) {
	var open []*shelf
	var weights []float64
	for _, s := range b.shelves {
		if (s.SalesStart.IsZero() || !at.Before(s.SalesStart)) && (s.SalesEnd.IsZero() || at.Before(s.SalesEnd)) {
			open, weights = append(open, s), append(weights, s.weight)
		}
	}
	wanted := open[b.weighted(weights...)]
	party := min(int64(1+b.weighted(60, 26, 9, 5)), wanted.MaxPerOrder)
	if left := left(wanted.pools); left < party {
		if wanted.queue && b.chance(0.7) {
			b.wait(party, at, wanted)
			return
		}
		if party = left; party == 0 {
			return
		}
	}
	b.place(deal{at: at, of: wanted, n: party, with: b.fancy(wanted)})
}

// left is how many places there are where each takes one of every pool.
func left(pools []*ticketing.Pool) int64 {
	n := int64(1 << 40)
	for _, p := range pools {
		n = min(n, p.Available())
	}
	return n
}

func (s *story) poolOf(id turnout.ID) *ticketing.Pool {
	return s.pools[slices.IndexFunc(s.pools, func(p *ticketing.Pool) bool { return p.ID == id })]
}

// who is a buyer or an attendee: new, or known.
func (b *sale) who(at time.Time, besides ...*guest) *guest {
	if b.chance(b.returning) {
		if g := pick(b.story, b.guests); !slices.Contains(besides, g) {
			return g
		}
	}
	return b.stranger(at)
}

func (b *sale) wait(party int64, at time.Time, wanted ...*shelf) {
	g := b.who(at)
	for _, other := range b.waiting {
		if other.PersonID == g.person {
			return
		}
	}
	entry := &ticketing.WaitlistEntry{ID: turnout.NewID("wtl"), CommunityID: b.event.CommunityID, EventID: b.event.ID, PersonID: g.person, Lot: b.rng.Int64(),
		Name: g.name, Email: g.email, PartySize: party, Status: ticketing.Waiting, Locale: "en", CreatedAt: at, UpdatedAt: at}
	b.note(at, audit.Actor{Kind: audit.Buyer, ID: entry.ID}, "waitlist.joined", entry.ID)
	if left := at.Add(b.waits(4 * day)); b.chance(0.08) && left.Before(b.now) {
		entry.Status, entry.UpdatedAt = ticketing.Withdrawn, left
		b.note(left, audit.Actor{Kind: audit.Buyer, ID: entry.ID}, "waitlist.left", entry.ID)
	} else if b.event.EndsAt.Before(b.now) { // told that it closed with the sale
		entry.Status, entry.UpdatedAt = ticketing.OfferExpired, b.event.EndsAt
		b.note(b.event.EndsAt, audit.Actor{Kind: audit.System}, "waitlist.closed", entry.ID)
	}
	b.waiting = append(b.waiting, entry)
	for i, s := range wanted {
		entry.TicketTypeIDs = append(entry.TicketTypeIDs, s.ID)
		b.wishes = append(b.wishes, &wish{EntryID: entry.ID, TicketTypeID: s.ID, CommunityID: entry.CommunityID, Position: int64(i), Waiting: entry.Status == ticketing.Waiting})
	}
}

// attend names who bears the tickets: the buyer the first, mostly.
func (b *sale) attend(o *ticketing.Order, line *ticketing.OrderLine, s *shelf, buyer *guest, at time.Time) {
	party := []*guest{buyer}
	for range line.Quantity {
		bearer := party[0]
		if len(o.Tickets) > 0 && b.chance(0.85) {
			bearer = b.who(at, party...)
			party = append(party, bearer)
		}
		b.totals.LastTicket++
		t := &ticketing.Ticket{ID: turnout.NewID(turnout.PrefixTicket), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID, LineID: line.ID,
			TicketTypeID: s.ID, Number: b.totals.LastTicket, Status: ticketing.Reserved, AttendanceMode: s.AttendanceMode, PersonID: bearer.person,
			AttendeeName: bearer.name, AttendeeEmail: bearer.email, Borne: true, Version: 1, CreatedAt: at, UpdatedAt: at}
		o.Tickets = append(o.Tickets, t)
		b.codes = append(b.codes, &ticketCode{TicketID: t.ID, Nonce: ticketing.Nonce(secretBytes(16)).String(), CommunityID: t.CommunityID,
			State: "current", TypeNumber: s.Number, Mode: s.AttendanceMode, CreatedAt: at})
	}
}

// receive books money that came.
func (b *sale) receive(p *ticketing.Payment, status ticketing.PaymentStatus, at time.Time) *sandbox.Past {
	past := sandbox.NewPast(p.ID, turnout.Money{Amount: p.Amount, Currency: p.Currency}, at)
	p.Status, p.PaymentRef, p.ProviderFee, p.UpdatedAt = status, past.Ref, past.Fee, at
	b.totals.Paid += p.Amount
	b.totals.ProviderFees += p.ProviderFee
	b.booked = append(b.booked, past)
	return past
}

// admit makes an order's tickets valid.
func (b *sale) admit(o *ticketing.Order, at time.Time) {
	o.Status, o.ConfirmedAt, o.UpdatedAt = ticketing.Confirmed, at, at
	b.totals.OrdersConfirmed++
	for _, t := range o.Tickets {
		t.Status, t.UpdatedAt = ticketing.Valid, at
		b.totals.TicketsValid++
	}
}

// confirm admits an order that was held until it was paid, or a free one.
func (b *sale) confirm(o *ticketing.Order, at time.Time) {
	b.admit(o, at)
	if o.Total == 0 {
		return
	}
	for _, t := range o.Tickets {
		t.Version++
	}
	b.note(at, audit.Actor{Kind: audit.System}, "order.confirmed", o.ID)
}

// mayCancel lets some buyers cancel later, before the event begins.
func (b *sale) mayCancel(o *ticketing.Order) {
	if !b.chance(b.cancels) {
		return
	}
	last := b.event.StartsAt.Add(-6 * time.Hour)
	if b.now.Before(last) {
		last = b.now.Add(-20 * time.Minute)
	}
	if at := b.awake(b.between(o.ConfirmedAt, last), b.event.Location()); at.After(o.ConfirmedAt) && at.Before(last) {
		b.end(ending{at, o, ticketing.OrderCanceled})
	}
}

func (b *sale) end(e ending) {
	i, _ := slices.BinarySearchFunc(b.endings, e, func(a, e ending) int { return a.at.Compare(e.at) })
	b.endings = slices.Insert(b.endings, i, e)
}

// settle lets what is due until then happen.
func (b *sale) settle(until time.Time) {
	for len(b.endings) > 0 && !b.endings[0].at.After(until) {
		e := b.endings[0]
		b.endings = b.endings[1:]
		b.finish(e)
	}
}

// finish ends an order: its places go back, and what was paid too.
func (b *sale) finish(e ending) {
	o := e.order
	wasConfirmed := o.Status == ticketing.Confirmed
	b.release(o, e.to, e.at)
	if !wasConfirmed {
		b.note(e.at, audit.Actor{Kind: audit.System}, "order.expired", o.ID)
		b.unpaid(o, e.at)
		return
	}
	b.totals.OrdersConfirmed--
	b.totals.TicketsValid -= int64(len(o.Tickets))
	o.CanceledAt = e.at
	b.note(e.at, audit.Actor{Kind: audit.Buyer, ID: o.ID}, "order.canceled", o.ID)
	if o.Total > 0 {
		i := slices.IndexFunc(b.booked, func(p *sandbox.Past) bool { return p.PaymentID == o.Payments[0].ID })
		b.giveBack(o.Payments[0], b.booked[i], ticketing.CanceledByBuyer, e.at)
	}
}

// release ends an order's hold of its places.
func (b *sale) release(o *ticketing.Order, to ticketing.OrderStatus, at time.Time) {
	o.Status, o.UpdatedAt = to, at
	for _, c := range b.claims {
		if slices.ContainsFunc(o.Lines, func(l *ticketing.OrderLine) bool { return l.ID == c.HolderID }) {
			b.poolOf(c.PoolID).Taken -= c.Quantity
			c.Quantity = 0
		}
	}
	for _, t := range o.Tickets {
		t.Status, t.UpdatedAt = ticketing.TicketCanceled, at
		t.Version++
		b.totals.TicketsCanceled++
	}
}

// unpaid closes the payment of an order that expired. Once, the money came after all, and the places were gone.
func (b *sale) unpaid(o *ticketing.Order, at time.Time) {
	p := o.Payments[0]
	p.Status, p.UpdatedAt = ticketing.PaymentCanceled, at
	hall := b.pools[slices.IndexFunc(b.pools, func(p *ticketing.Pool) bool { return p.EventID == b.event.ID })]
	if came := at.Add(40 * time.Minute); !b.late && hall.Available() < 12 && came.Before(b.now) && o.Lines[0].AttendanceMode == ticketing.InPerson {
		b.late = true
		past := b.receive(p, ticketing.PaymentLateRefunded, came)
		b.note(came, audit.Actor{Kind: audit.System}, "payment.given_back", o.ID)
		b.giveBack(p, past, ticketing.LatePayment, came)
	}
}

func (b *sale) giveBack(p *ticketing.Payment, past *sandbox.Past, reason string, at time.Time) {
	r := &ticketing.Refund{ID: turnout.NewID("ref"), CommunityID: p.CommunityID, EventID: p.EventID, OrderID: p.OrderID, PaymentID: p.ID,
		Status: ticketing.RefundSucceeded, Amount: p.Amount, Currency: p.Currency, Reason: reason, ProviderRef: past.RefundRef(),
		CreatedAt: at, UpdatedAt: at.Add(9 * time.Second)}
	past.RefundID = r.ID
	b.totals.Refunded += r.Amount
	b.refunds = append(b.refunds, r)
}
