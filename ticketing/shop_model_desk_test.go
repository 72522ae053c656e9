package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"turnout"
	"turnout/ticketing"
)

// What organisers and the clock do.

func (m *mall) makeVoucher(t *rapid.T) {
	m.T = t
	if len(m.vouchers) >= 5 {
		t.Skip("enough vouchers")
	}
	in := ticketing.VoucherInput{Code: fmt.Sprintf("CODE%d", len(m.vouchers)), Kind: rapid.SampledFrom([]ticketing.VoucherKind{ticketing.Percent, ticketing.AmountOff,
		ticketing.FixedTo, ticketing.AccessVoucher, ticketing.ReservedVoucher, ticketing.ReservedVoucher}).Draw(t, "kind")}
	switch in.Kind {
	case ticketing.Percent:
		in.Value = rapid.Int64Range(1, 100).Draw(t, "percent")
		in.Reserves = rapid.Bool().Draw(t, "reserves")
	case ticketing.AmountOff, ticketing.FixedTo:
		in.Value = rapid.Int64Range(1, 3000).Draw(t, "amount")
	}
	in.Reserves = in.Reserves || in.Kind == ticketing.ReservedVoucher
	if in.Reserves || rapid.Bool().Draw(t, "limited") {
		n := rapid.Int64Range(1, 5).Draw(t, "uses")
		in.MaxUses = &n
	}
	if rapid.IntRange(0, 2).Draw(t, "budgeted") == 0 {
		n := rapid.Int64Range(1, 5000).Draw(t, "budget")
		in.Budget = &n
	}
	if in.Reserves || rapid.Bool().Draw(t, "for a type") {
		in.TicketTypeIDs = []turnout.ID{rapid.SampledFrom(m.types).Draw(t, "type").id}
	}
	if rapid.Bool().Draw(t, "ends") {
		in.ValidUntil = m.s.now().Add(2 * 24 * time.Hour)
	}
	v, err := m.s.CreateVoucher(context.Background(), m.s.event.CommunityID, m.s.event.ID, in)
	m.explained(t, "voucher", err, m.afterSweep(func() (codes []string) {
		if in.Reserves && m.left(m.ware(in.TicketTypeIDs[0])) < *in.MaxUses {
			codes = append(codes, "reserves_more")
		}
		return codes
	}))
	if err != nil {
		return
	}
	c := &coupon{id: v.ID, in: in}
	m.vouchers = append(m.vouchers, c)
	m.settle(c)
}

// couponRoom says whether a voucher that reserves could hold so many places.
func (m *mall) couponRoom(c *coupon, places int64) bool {
	return !c.in.Reserves || m.left(m.ware(c.in.TicketTypeIDs[0]))+c.places >= places
}

func (m *mall) anyVoucher(t *rapid.T) *coupon {
	if len(m.vouchers) == 0 {
		t.Skip("no voucher")
	}
	return rapid.SampledFrom(m.vouchers).Draw(t, "voucher")
}

// endVoucher stops a voucher, or lets it be used again.
func (m *mall) endVoucher(t *rapid.T) {
	m.T = t
	c, ended := m.anyVoucher(t), rapid.Bool().Draw(t, "ended")
	_, err := m.s.EndVoucher(context.Background(), m.s.event.CommunityID, c.id, 0, ended)
	after := *c
	after.ended = ended
	m.explained(t, "end voucher", err, m.afterSweep(func() (codes []string) {
		if uses, _ := m.used(c); c.in.Reserves && m.live(&after) && !m.couponRoom(c, *c.in.MaxUses-uses) {
			codes = append(codes, "reserves_more")
		}
		return codes
	}))
	if err == nil {
		c.ended = ended
		m.settle(c)
	}
}

func (m *mall) changeVoucher(t *rapid.T) {
	m.T = t
	c := m.anyVoucher(t)
	in := c.in
	if in.MaxUses != nil {
		n := rapid.Int64Range(1, 6).Draw(t, "uses")
		in.MaxUses = &n
	}
	if in.Budget != nil {
		n := rapid.Int64Range(1, 6000).Draw(t, "budget")
		in.Budget = &n
	}
	_, err := m.s.UpdateVoucher(context.Background(), m.s.event.CommunityID, c.id, 0, in)
	m.explained(t, "change voucher", err, m.afterSweep(func() (codes []string) {
		uses, spent := m.used(c)
		if in.MaxUses != nil && *in.MaxUses < uses {
			codes = append(codes, "max_uses_below_uses")
		}
		if in.Budget != nil && *in.Budget < spent {
			codes = append(codes, "budget_below_spent")
		}
		if in.Reserves && m.live(c) && !m.couponRoom(c, *in.MaxUses-uses) {
			codes = append(codes, "reserves_more")
		}
		return codes
	}))
	if err == nil {
		c.in = in
		m.settle(c)
	}
}

func (m *mall) block(t *rapid.T) {
	m.T = t
	pool, places := rapid.SampledFrom(m.pools).Draw(t, "pool"), rapid.Int64Range(1, 3).Draw(t, "places")
	b, err := m.s.BlockPlaces(context.Background(), m.s.event.CommunityID, pool, places, "For the speakers")
	m.explained(t, "block", err, m.afterSweep(func() (codes []string) {
		if m.free(pool) < places {
			codes = append(codes, "sold_out")
		}
		return codes
	}))
	if err == nil {
		m.blocks = append(m.blocks, &block{b.ID, pool, places})
	}
}

func (m *mall) unblock(t *rapid.T) {
	m.T = t
	if len(m.blocks) == 0 {
		t.Skip("nothing is blocked")
	}
	b := rapid.SampledFrom(m.blocks).Draw(t, "block")
	m.must(m.s.Unblock(context.Background(), m.s.event.CommunityID, b.id))
	b.places = 0
}

func (m *mall) changeCapacity(t *rapid.T) {
	m.T = t
	pool, capacity := rapid.SampledFrom(m.pools).Draw(t, "pool"), rapid.Int64Range(0, 12).Draw(t, "capacity")
	_, err := m.s.UpdatePool(context.Background(), m.s.event.CommunityID, pool, 0, ticketing.PoolInput{Name: "Hall " + string(pool), Capacity: capacity})
	var codes []string
	if capacity < m.taken(pool) {
		codes = append(codes, "capacity_below_taken")
	}
	m.explained(t, "capacity", err, codes)
	if err == nil {
		m.capacity[pool] = capacity
	}
}

// changeType changes a type for the orders to come, its pools too.
func (m *mall) changeType(t *rapid.T) {
	m.T = t
	w := rapid.SampledFrom(m.types).Draw(t, "type")
	in := w.in
	m.drawType(&in)
	if rapid.IntRange(0, 3).Draw(t, "other pools") == 0 {
		in.PoolIDs = []turnout.ID{rapid.SampledFrom(m.pools).Draw(t, "pool")}
	}
	_, err := m.s.UpdateTicketType(context.Background(), m.s.event.CommunityID, w.id, 0, in)
	var codes []string
	if moved := !slices.Equal(slices.Sorted(slices.Values(in.PoolIDs)), slices.Sorted(slices.Values(w.in.PoolIDs))); moved && m.reserved(w) {
		codes = append(codes, "places_reserved")
	}
	m.explained(t, "type", err, codes)
	if err == nil {
		w.in = in
	}
}

// reserved says whether vouchers hold places of the type, or the waitlist was offered some.
func (m *mall) reserved(w *ware) bool {
	return slices.ContainsFunc(m.vouchers, func(c *coupon) bool { return c.places > 0 && c.in.TicketTypeIDs[0] == w.id }) ||
		slices.ContainsFunc(m.wishes, func(other *wish) bool { return other.status == ticketing.Offered && other.offered == w })
}

// sweeps runs what the runner runs every few seconds.
func (m *mall) sweeps(t *rapid.T) {
	m.T = t
	ctx := context.Background()
	for _, sweep := range []func(context.Context, turnout.ID) (int, error){m.s.ExpireHolds, m.s.EndVouchers, m.s.ExpireOffers} {
		_, err := sweep(ctx, "")
		m.must(err)
	}
	m.must(errors.Join(m.s.CloseWaitlists(ctx), m.s.ServeWaitlists(ctx)))
	m.sweep()
	if m.isClosed() && !m.closed {
		m.closed = true
		for _, w := range m.wishes {
			if w.status == ticketing.Waiting {
				w.status = ticketing.OfferExpired
			}
		}
	}
	for _, w := range m.wishes { // for tickets that will not be sold any more
		if w.status == ticketing.Waiting && (m.over() || !slices.ContainsFunc(w.types, func(t *ware) bool { return !m.saleOver(t) })) {
			w.status = ticketing.OfferExpired
		}
	}
	m.serve()
}

// offer looks at what the page says of a ticket type and buys as one who comes by then: what it calls available is sold to them as far as
// it says, and what it calls sold out is not.
func (m *mall) offer(t *rapid.T) {
	m.sweeps(t)
	w := rapid.SampledFrom(m.types).Draw(t, "type")
	offers, _, err := m.s.Stock(context.Background(), m.s.event)
	m.must(err)
	o := offers[slices.IndexFunc(offers, func(o ticketing.Offer) bool { return o.ID == w.id })]
	if want := m.room(w); o.Left != want {
		t.Fatalf("%d are offered, the rules say %d", o.Left, want)
	}
	multiple := max(1, w.in.MultipleOf)
	least := (max(w.in.MinPerOrder, 1) + multiple - 1) / multiple * multiple
	n := max(least, min(w.in.MaxPerOrder, o.Left+rapid.Int64Range(0, 1).Draw(t, "more than is left"))/multiple*multiple)
	p := ticketing.Purchase{EventID: m.s.event.ID, Buyer: ticketing.Attendee{Name: "Fresh", Email: "fresh@example.org"},
		Lines: []ticketing.PurchaseLine{{TicketTypeID: w.id, Quantity: n}}}
	for range n {
		p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: p.Buyer, Later: true})
	}
	before := len(m.orders)
	m.place(t, p, nil)
	sold := len(m.orders) > before
	switch {
	case sold && (o.Reason != nil || n > o.Left):
		t.Fatalf("%d were sold of what the page calls %s with %d left", n, o.Availability, o.Left)
	case !sold && o.Reason == nil && n <= o.Left:
		t.Fatalf("%d were refused of what the page calls %s with %d left", n, o.Availability, o.Left)
	case o.Availability == ticketing.SoldOut && o.Left >= least:
		t.Fatalf("%d are left of what the page calls sold out", o.Left)
	}
}
