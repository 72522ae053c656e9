package ticketing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"turnout"
	"turnout/ticketing"
)

func (m *mall) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"buy": m.buy, "buy 2": m.buy, "buy 3": m.buy, "buy 4": m.buy, "pay": m.pay, "pay 2": m.pay, "cancel": m.cancel, "decide": m.decide, "wait": m.wait,
		"join": m.join, "join 2": m.join, "leave": m.leave, "accept": m.accept, "voucher": m.makeVoucher, "end voucher": m.endVoucher, "change voucher": m.changeVoucher,
		"block": m.block, "unblock": m.unblock, "capacity": m.changeCapacity, "type": m.changeType, "sweeps": m.sweeps, "offer": m.offer, "cancel add-on": m.cancelAddOn, "replace": m.replace, "": m.look,
	}
}

// basket draws what somebody wants.
func (m *mall) basket(t *rapid.T, p *ticketing.Purchase, first *ware) {
	n := rapid.Int64Range(1, 5).Draw(t, "quantity")
	p.Lines = append(p.Lines, ticketing.PurchaseLine{TicketTypeID: first.id, Quantity: n})
	if second := rapid.SampledFrom(m.types).Draw(t, "second"); second != first && rapid.Bool().Draw(t, "two kinds") {
		p.Lines = append(p.Lines, ticketing.PurchaseLine{TicketTypeID: second.id, Quantity: rapid.Int64Range(1, 3).Draw(t, "of the second")})
	}
	for _, a := range m.addOns {
		if rapid.IntRange(0, 2).Draw(t, a.in.Name) == 0 {
			p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: a.id, Quantity: rapid.Int64Range(1, 4).Draw(t, "add-ons")})
		}
	}
	if len(m.vouchers) > 0 && rapid.Bool().Draw(t, "with a voucher") {
		p.Voucher = rapid.SampledFrom(m.vouchers).Draw(t, "voucher").in.Code
	}
	for i, w := range m.each(p) {
		b := ticketing.Bearer{Attendee: ticketing.Attendee{Name: fmt.Sprint("Guest ", i)}}
		if w == m.types[1] {
			dish := rapid.SampledFrom(m.options).Draw(t, "dish")
			b.Answers = ticketing.Answers{m.question: json.RawMessage(`"` + dish.id + `"`)}
			b.Later = rapid.IntRange(0, 5).Draw(t, "later") == 0
		}
		p.Attendees = append(p.Attendees, b)
	}
}

// each gives the type of each ticket that is wanted.
func (m *mall) each(p *ticketing.Purchase) (each []*ware) {
	for _, l := range p.Lines {
		for range l.Quantity {
			if w := m.ware(l.TicketTypeID); w != nil {
				each = append(each, w)
			}
		}
	}
	return each
}

func (m *mall) coupon(code string) *coupon {
	for _, c := range m.vouchers {
		if c.in.Code == code {
			return c
		}
	}
	return nil
}

// refused names the causes, apart from places, for which the purchase cannot be made.
func (m *mall) refused(p *ticketing.Purchase, offer *wish) (codes []string) {
	c := m.coupon(p.Voucher)
	if m.over() {
		codes = append(codes, "event_ended")
	}
	if offer != nil && (offer.status != ticketing.Offered || !m.s.now().Before(offer.deadline)) {
		codes = append(codes, "offer_over")
	}
	applies := false
	for _, l := range p.Lines {
		w := m.ware(l.TicketTypeID)
		if w == nil {
			continue
		}
		named := c != nil && slices.Contains(c.in.TicketTypeIDs, w.id)
		everything := c != nil && len(c.in.TicketTypeIDs) == 0
		applies = applies || named || everything
		opened := named || everything && c.in.Kind == ticketing.AccessVoucher
		if w.in.Visibility == ticketing.VoucherOnly && !opened {
			codes = append(codes, "voucher_needed")
		}
		if m.saleOver(w) && !(offer != nil && offer.offered == w) {
			codes = append(codes, "sale_over")
		}
		if l.Quantity < w.in.MinPerOrder || l.Quantity > w.in.MaxPerOrder {
			codes = append(codes, "out_of_range")
		}
		if l.Quantity%w.in.MultipleOf != 0 {
			codes = append(codes, "multiple")
		}
	}
	codes = append(codes, m.voucherRefused(c, applies)...)
	for _, a := range m.addOns {
		if _, ok := m.spread(p, a); !ok {
			codes = append(codes, "out_of_range")
		}
	}
	return codes
}

func (m *mall) voucherRefused(c *coupon, applies bool) (codes []string) {
	if c == nil {
		return nil
	}
	uses, _ := m.used(c)
	switch {
	case c.ended:
		codes = append(codes, "ended")
	case !m.live(c):
		codes = append(codes, "expired")
	case c.in.MaxUses != nil && uses >= *c.in.MaxUses:
		codes = append(codes, "used_up")
	case !applies:
		codes = append(codes, "not_for_these")
	}
	return codes
}

// spread says how many of an add-on each ticket has; ok is false when there would be too many.
func (m *mall) spread(p *ticketing.Purchase, a *extra) (each []int64, ok bool) {
	var most []int64
	rest := int64(0)
	for _, l := range p.Lines {
		if l.AddOnID == a.id {
			rest = l.Quantity
		}
	}
	for _, w := range m.each(p) {
		n, limit := int64(0), int64(0)
		for _, with := range a.in.With {
			if with.TicketTypeID == w.id {
				n, limit = max(with.Least, with.Included), with.Most
			}
		}
		each, most, rest = append(each, n), append(most, limit), rest-n
	}
	for round := int64(0); rest > 0; round++ {
		if round > 10 {
			return nil, false
		}
		for i := range each {
			if rest > 0 && each[i] < most[i] {
				each[i]++
				rest--
			}
		}
	}
	return each, true
}

// price says what the purchase costs now and which places it takes.
func (m *mall) price(p *ticketing.Purchase) *deal {
	d := &deal{coupon: m.coupon(p.Voucher)}
	taken := map[turnout.ID]int64{}
	add := func(p part, pools ...turnout.ID) {
		p.needs = map[turnout.ID]int64{}
		for _, id := range pools {
			p.needs[id] += p.quantity
			taken[id] += p.quantity
		}
		d.parts = append(d.parts, p)
	}
	for _, l := range p.Lines {
		w := m.ware(l.TicketTypeID)
		if w == nil {
			continue
		}
		rest := l.Quantity
		sell := func(n, price int64, pools ...turnout.ID) {
			if n <= 0 {
				return
			}
			one := part{name: w.in.Name, quantity: n, unit: price}
			if c := d.coupon; c != nil && (len(c.in.TicketTypeIDs) == 0 || slices.Contains(c.in.TicketTypeIDs, w.id)) {
				one.coupon, one.off = c, discount(c, price)
			}
			for range n {
				one.tickets = append(one.tickets, int(d.tickets))
				d.tickets++
			}
			add(one, append(slices.Clone(w.in.PoolIDs), pools...)...)
			rest -= n
		}
		for _, window := range w.in.PriceWindows {
			switch {
			case !window.Until.IsZero() && !m.s.now().Before(window.Until):
			case window.UpTo > 0:
				sell(min(rest, m.free(window.PoolID)-taken[window.PoolID]), window.Price, window.PoolID)
			default:
				sell(rest, window.Price)
			}
		}
		sell(rest, w.in.Price.Amount)
	}
	for _, a := range m.addOns {
		each, _ := m.spread(p, a)
		included, bought := int64(0), int64(0)
		for i, w := range m.each(p) {
			for _, with := range a.in.With {
				if with.TicketTypeID == w.id {
					included += min(each[i], with.Included)
					bought += max(0, each[i]-with.Included)
				}
			}
		}
		if included > 0 {
			add(part{name: a.in.Name, quantity: included}, a.in.PoolIDs...)
		}
		if bought > 0 {
			add(part{name: a.in.Name, quantity: bought, unit: a.in.Price.Amount}, a.in.PoolIDs...)
		}
	}
	m.choose(p, d)
	for _, one := range d.parts {
		d.total += one.quantity * (one.unit - one.off)
	}
	return d
}

// choose takes the places of the dishes.
func (m *mall) choose(p *ticketing.Purchase, d *deal) {
	for i, b := range p.Attendees {
		for _, o := range m.options {
			if b.Later || o.pool == "" || string(b.Answers[m.question]) != `"`+string(o.id)+`"` {
				continue
			}
			for k := range d.parts {
				if slices.Contains(d.parts[k].tickets, i) {
					d.parts[k].needs[o.pool]++
				}
			}
		}
	}
}

// discount is what a voucher takes off a price, rounded half away from zero.
func discount(c *coupon, price int64) int64 {
	switch c.in.Kind {
	case ticketing.Percent:
		return (2*price*c.in.Value + 100) / 200
	case ticketing.AmountOff:
		return min(price, c.in.Value)
	case ticketing.FixedTo:
		return max(0, price-c.in.Value)
	}
	return 0
}

// own are the places that are held for a purchase already, by its voucher or its offer.
func (m *mall) own(d *deal, offer *wish) map[turnout.ID]int64 {
	own := map[turnout.ID]int64{}
	for _, one := range d.parts {
		if one.coupon != nil && one.coupon.in.Reserves {
			for _, id := range m.ware(one.coupon.in.TicketTypeIDs[0]).in.PoolIDs {
				own[id] += one.quantity
			}
		}
	}
	if offer != nil {
		for id, each := range m.draws(offer.offered) {
			own[id] += each * offer.party
		}
	}
	return own
}

// othersWait says whether the waitlist goes first: somebody waits for places that the purchase takes beyond its own and those of the
// order that gives way to it.
func (m *mall) othersWait(d *deal, offer *wish, gives map[turnout.ID]int64) bool {
	own := m.own(d, offer)
	for id, n := range d.needs() {
		if n > own[id]+gives[id] && slices.ContainsFunc(m.wishes, func(w *wish) bool {
			return w.status == ticketing.Waiting && slices.ContainsFunc(w.types, func(t *ware) bool { return m.draws(t)[id] > 0 })
		}) {
			return true
		}
	}
	return false
}

// short names why there is not enough for a priced purchase: places, or what is left of the voucher.
func (m *mall) short(d *deal, offer *wish) (codes []string) {
	own := m.own(d, offer)
	uses, spent := int64(0), int64(0)
	for _, one := range d.parts {
		if one.coupon != nil {
			uses, spent = uses+one.quantity, spent+one.quantity*one.off
		}
	}
	if c := d.coupon; c != nil {
		before, given := m.used(c)
		if c.in.MaxUses != nil && before+uses > *c.in.MaxUses {
			codes = append(codes, "too_few_uses")
		}
		if c.in.Budget != nil && given+spent > *c.in.Budget {
			codes = append(codes, "budget_spent")
		}
	}
	for id, n := range d.needs() {
		if n-own[id] > m.free(id) {
			codes = append(codes, map[bool]string{true: "option_full", false: "sold_out"}[slices.ContainsFunc(m.options, func(o option) bool { return o.pool == id })])
		}
	}
	return codes
}

// try is a sale as the rules have it: the order, or the causes for which there is none. The unpaid order that it replaces gives way, and
// stands as it stood when there is no sale.
func (m *mall) try(p *ticketing.Purchase, offer *wish) (*deal, []string) {
	var old *deal
	if i := slices.IndexFunc(m.orders, func(d *deal) bool { return p.Replaces != "" && d.id == p.Replaces }); i >= 0 {
		old = m.orders[i]
	}
	if old != nil && (old.status == ticketing.Confirmed || old.status == ticketing.Pending) {
		return nil, append(m.refused(p, offer), ticketing.ErrReplacedPaid.Code)
	}
	for attempt := 0; ; attempt++ {
		gives, stand := m.giveWay(old)
		if codes := m.refused(p, offer); len(codes) > 0 {
			stand()
			first := slices.ContainsFunc(codes, func(code string) bool { // told before anything that is wrong with the fields
				return slices.Contains([]string{"event_ended", "offer_over", "voucher_needed", "sale_over"}, code)
			})
			if attempt > 0 || first || !slices.Contains(codes, "used_up") || !m.sweep() {
				return nil, codes
			}
			continue
		}
		d := m.price(p)
		if m.othersWait(d, offer, gives) {
			stand()
			m.serve()
			_, stand = m.giveWay(old)
			d = m.price(p)
		}
		codes := m.short(d, offer)
		if len(codes) == 0 {
			return d, nil
		}
		stand()
		if attempt > 0 || !m.sweep() {
			return nil, codes
		}
	}
}

// giveWay ends an unpaid order and says what it held; stand takes that back.
func (m *mall) giveWay(d *deal) (held map[turnout.ID]int64, stand func()) {
	if d == nil || d.status != ticketing.Held && d.status != ticketing.AwaitingApproval {
		return nil, func() {}
	}
	held, places, status := d.needs(), int64(0), d.status
	if d.coupon != nil {
		places = d.coupon.places
	}
	m.move(d, ticketing.OrderCanceled)
	if d.coupon != nil && d.coupon.in.Reserves { // places that it goes on to hold do not come free
		for _, id := range m.ware(d.coupon.in.TicketTypeIDs[0]).in.PoolIDs {
			held[id] -= d.coupon.places - places
		}
	}
	return held, func() {
		d.status = status
		if d.coupon != nil {
			d.coupon.places = places
		}
	}
}

// replace buys something else instead of an order that is perhaps unpaid.
func (m *mall) replace(t *rapid.T) {
	m.T = t
	old := m.anyOrder(t, func(d *deal) bool { return !d.paid || len(m.orders) < 4 })
	p := ticketing.Purchase{EventID: m.s.event.ID, Replaces: old.id, Buyer: ticketing.Attendee{Name: "Second thoughts", Email: "second@example.org"}}
	m.basket(t, &p, rapid.SampledFrom(m.types).Draw(t, "type"))
	m.place(t, p, nil)
}

func (m *mall) buy(t *rapid.T) {
	m.T = t
	p := ticketing.Purchase{EventID: m.s.event.ID}
	who := rapid.IntRange(0, 4).Draw(t, "who")
	p.Buyer = ticketing.Attendee{Name: fmt.Sprint("Buyer ", who), Email: fmt.Sprintf("buyer%d@example.org", who)}
	m.basket(t, &p, rapid.SampledFrom(m.types).Draw(t, "type"))
	m.place(t, p, nil)
}

// accept buys what was offered.
func (m *mall) accept(t *rapid.T) {
	m.T = t
	w := m.anyWish(t, func(w *wish) bool { return w.offered != nil })
	p := ticketing.Purchase{EventID: m.s.event.ID, Offer: w.id, Buyer: ticketing.Attendee{Name: "Patient", Email: fmt.Sprintf("wish%d@example.org", w.who)}}
	if rapid.Bool().Draw(t, "just that") {
		p.Lines = []ticketing.PurchaseLine{{TicketTypeID: w.offered.id, Quantity: w.party}}
		for range w.party {
			p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: p.Buyer, Later: true})
		}
	} else {
		m.basket(t, &p, w.offered)
	}
	m.place(t, p, w)
}

// place buys for real and compares.
func (m *mall) place(t *rapid.T, p ticketing.Purchase, offer *wish) {
	got, _, err := m.s.PlaceOrder(context.Background(), p)
	d, codes := m.try(&p, offer)
	if err != nil {
		for _, code := range causes(err) {
			if !slices.Contains(codes, code) {
				t.Fatalf("refused for %q (%v), the rules name %v", code, err, codes)
			}
		}
		return
	}
	if d == nil {
		t.Fatalf("sold, and the rules refuse it for %v", codes)
	}
	d.id, d.status, d.expires = got.ID, ticketing.Held, m.s.now().Add(15*time.Minute)
	switch {
	case slices.ContainsFunc(m.each(&p), func(w *ware) bool { return w.in.RequiresApproval }):
		d.status, d.expires = ticketing.AwaitingApproval, m.endsAt
	case d.total == 0:
		d.status = ticketing.Confirmed
	case offer != nil && offer.deadline.After(d.expires):
		d.expires = offer.deadline
	}
	if got.Total != d.total || int64(len(got.Tickets)) != d.tickets || len(got.Lines) != len(d.parts) {
		t.Fatalf("sold for %d with %d tickets in %d lines, the rules say %d, %d, %d", got.Total, len(got.Tickets), len(got.Lines), d.total, d.tickets, len(d.parts))
	}
	for i, l := range got.Lines {
		if want := d.parts[i]; l.Quantity != want.quantity || l.UnitPrice != want.unit || l.Discount != want.off {
			t.Fatalf("a line is %d × (%d − %d), the rules say %d × (%d − %d) of %s", l.Quantity, l.UnitPrice, l.Discount, want.quantity, want.unit, want.off, want.name)
		}
	}
	m.orders = append(m.orders, d)
	if offer != nil {
		offer.status = ticketing.Accepted
	}
	if d.usesCoupon() {
		m.settle(d.coupon)
	} else {
		d.coupon = nil
	}
}

func (d *deal) usesCoupon() bool {
	return slices.ContainsFunc(d.parts, func(p part) bool { return p.coupon != nil })
}
