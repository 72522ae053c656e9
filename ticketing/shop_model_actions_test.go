package ticketing_test

import (
	"context"
	"encoding/json"
	"errors"
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
		"block": m.block, "unblock": m.unblock, "capacity": m.changeCapacity, "type": m.changeType, "sweeps": m.sweeps, "": m.look,
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
		opened := c != nil && (len(c.in.TicketTypeIDs) == 0 || slices.Contains(c.in.TicketTypeIDs, w.id))
		applies = applies || opened
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

// short names why there is not enough for a priced purchase: places, or what is left of the voucher.
func (m *mall) short(d *deal, offer *wish) (codes []string) {
	own := map[turnout.ID]int64{}
	uses, spent := int64(0), int64(0)
	for _, one := range d.parts {
		if one.coupon == nil {
			continue
		}
		uses, spent = uses+one.quantity, spent+one.quantity*one.off
		if one.coupon.in.Reserves {
			for _, id := range m.ware(one.coupon.in.TicketTypeIDs[0]).in.PoolIDs {
				own[id] += one.quantity
			}
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
	if offer != nil {
		for _, id := range offer.offered.in.PoolIDs {
			own[id] += offer.party
		}
	}
	for id, n := range d.needs() {
		if n-own[id] > m.free(id) {
			codes = append(codes, "sold_out", "option_full")
		}
	}
	return codes
}

// try is a sale as the rules have it: the order, or the causes for which there is none.
func (m *mall) try(p *ticketing.Purchase, offer *wish) (*deal, []string) {
	for attempt := 0; ; attempt++ {
		if codes := m.refused(p, offer); len(codes) > 0 {
			first := slices.ContainsFunc(codes, func(code string) bool { // told before anything that is wrong with the fields
				return slices.Contains([]string{"event_ended", "offer_over", "voucher_needed", "sale_over"}, code)
			})
			if attempt > 0 || first || !slices.Contains(codes, "used_up") || !m.sweep() {
				return nil, codes
			}
			continue
		}
		c := m.coupon(p.Voucher)
		for _, w := range m.each(p) {
			if m.somebodyWaits(w) && offer == nil && (c == nil || !c.in.Reserves) {
				m.serve()
			}
		}
		d := m.price(p)
		codes := m.short(d, offer)
		if len(codes) == 0 {
			return d, nil
		}
		if attempt > 0 || !m.sweep() {
			return nil, codes
		}
	}
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

func (m *mall) anyOrder(t *rapid.T, which func(*deal) bool) *deal {
	var some []*deal
	for _, d := range m.orders {
		if which(d) {
			some = append(some, d)
		}
	}
	if len(some) == 0 {
		t.Skip("no such order")
	}
	return rapid.SampledFrom(some).Draw(t, "order")
}

func (m *mall) anyWish(t *rapid.T, which func(*wish) bool) *wish {
	var some []*wish
	for _, w := range m.wishes {
		if which(w) {
			some = append(some, w)
		}
	}
	if len(some) == 0 {
		t.Skip("no such wish")
	}
	return rapid.SampledFrom(some).Draw(t, "wish")
}

// pay lets the money of an order come, in time or late; late money gets its places only when they are still there.
func (m *mall) pay(t *rapid.T) {
	m.T = t
	d := m.anyOrder(t, func(d *deal) bool { return d.total > 0 && !d.paid && d.status != ticketing.AwaitingApproval })
	o := m.s.order(d.id)
	if o.Payment() == nil {
		t.Skip("declined before there was anything to pay")
	}
	m.refs++
	m.s.tell(paid(o, fmt.Sprint("pi_", d.id, m.refs)))
	d.paid = true
	switch d.status {
	case ticketing.Held, ticketing.Pending:
		m.move(d, ticketing.Confirmed)
	case ticketing.Expired:
		if !m.over() && m.fitsAgain(d) {
			m.move(d, ticketing.Confirmed)
		}
	}
	payment := m.s.order(d.id).Payment().Status
	if want := map[bool]ticketing.PaymentStatus{true: ticketing.PaymentSucceeded, false: ticketing.PaymentLateRefund}[d.status == ticketing.Confirmed]; payment != want {
		t.Fatalf("the payment of an order that is %s is %s", d.status, payment)
	}
}

// fitsAgain says whether an expired order can have its places and its voucher's uses once more.
func (m *mall) fitsAgain(d *deal) bool {
	uses, spent, own := int64(0), int64(0), map[turnout.ID]int64{}
	for _, one := range d.parts {
		if one.coupon != nil {
			uses, spent = uses+one.quantity, spent+one.quantity*one.off
		}
	}
	if c := d.coupon; c != nil {
		before, given := m.used(c)
		if c.in.MaxUses != nil && before+uses > *c.in.MaxUses || c.in.Budget != nil && given+spent > *c.in.Budget {
			return false
		}
		if c.in.Reserves && m.live(c) {
			for _, id := range m.ware(c.in.TicketTypeIDs[0]).in.PoolIDs {
				own[id] = min(c.places, uses)
			}
		}
	}
	for id, n := range d.needs() {
		if n > m.free(id)+own[id] {
			return false
		}
	}
	return true
}

func (m *mall) cancel(t *rapid.T) {
	m.T = t
	d := m.anyOrder(t, func(*deal) bool { return true })
	_, err := m.s.CancelOrder(context.Background(), d.id, ticketing.CanceledByOrganiser, false)
	stands := d.holds() && (d.status == ticketing.Confirmed || m.s.now().Before(d.expires))
	if stands != (err == nil) || err != nil && !errors.Is(err, ticketing.ErrOrderOver) {
		t.Fatalf("canceling an order that is %s: %v", d.status, err)
	}
	if stands {
		m.move(d, ticketing.OrderCanceled)
	}
}

// decide approves or declines.
func (m *mall) decide(t *rapid.T) {
	m.T = t
	d := m.anyOrder(t, func(d *deal) bool {
		return d.status == ticketing.AwaitingApproval || len(m.orders) < 4
	})
	ctx, yes := context.Background(), rapid.Bool().Draw(t, "approve")
	act := m.s.DeclineOrder
	if yes {
		act = m.s.ApproveOrder
	}
	_, err := act(ctx, m.s.event.CommunityID, d.id, "A note")
	if waits := d.status == ticketing.AwaitingApproval && m.s.now().Before(d.expires); !waits {
		if !errors.Is(err, ticketing.ErrNotAwaiting) {
			t.Fatalf("decided about an order that is %s: %v", d.status, err)
		}
		return
	}
	m.must(err)
	switch {
	case !yes:
		m.move(d, ticketing.OrderCanceled)
	case d.total == 0:
		m.move(d, ticketing.Confirmed)
	default:
		m.move(d, ticketing.Held)
		d.expires = m.s.now().Add(time.Duration(m.settings().PayHours) * time.Hour)
	}
}

func (m *mall) wait(t *rapid.T) {
	m.T = t
	m.s.wait(rapid.SampledFrom([]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 15 * time.Minute, time.Hour, 12 * time.Hour, 24 * time.Hour, 49 * time.Hour}).Draw(t, "time"))
}

// join wishes for places.
func (m *mall) join(t *rapid.T) {
	m.T = t
	who, party := rapid.IntRange(0, 5).Draw(t, "who"), rapid.Int64Range(1, 4).Draw(t, "party")
	types := rapid.SliceOfNDistinct(rapid.SampledFrom(m.types), 1, 2, func(w *ware) turnout.ID { return w.id }).Draw(t, "types")
	in := ticketing.WaitlistWish{EventID: m.s.event.ID, PartySize: party, Who: ticketing.Attendee{Name: "Wish", Email: fmt.Sprintf("wish%d@example.org", who)}}
	for _, w := range types {
		in.TicketTypeIDs = append(in.TicketTypeIDs, w.id)
	}
	err := m.s.JoinWaitlist(context.Background(), in)
	m.sweep()
	var codes []string
	if m.over() {
		codes = append(codes, "event_ended")
	}
	if m.isClosed() {
		codes = append(codes, "waitlist_closed")
	}
	for _, w := range types {
		if w.in.Visibility == ticketing.VoucherOnly {
			codes = append(codes, "voucher_needed")
		}
		if m.saleOver(w) {
			codes = append(codes, "sale_over")
		}
		if party > w.in.MaxPerOrder {
			codes = append(codes, "out_of_range")
		}
		if m.left(w) >= max(party, w.in.MinPerOrder) {
			codes = append(codes, "not_sold_out")
		}
	}
	m.explained(t, "join", err, codes)
	waits := slices.ContainsFunc(m.wishes, func(w *wish) bool {
		return w.who == who && (w.status == ticketing.Waiting || w.status == ticketing.Offered)
	})
	if err != nil || waits {
		return
	}
	e := m.s.waiting(in.Who.Email)
	m.wishes = append(m.wishes, &wish{id: e.ID, secret: e.Secret, who: who, party: party, types: types, status: ticketing.Waiting, lot: e.Lot})
}

// explained wants an error exactly when the rules name a cause, and one of those that they name.
func (m *mall) explained(t *rapid.T, what string, err error, codes []string) {
	if err == nil && len(codes) > 0 {
		t.Fatalf("%s: done, and the rules refuse it for %v", what, codes)
	}
	if err == nil {
		return
	}
	for _, code := range causes(err) {
		if !slices.Contains(codes, code) {
			t.Fatalf("%s: refused for %q (%v), the rules name %v", what, code, err, codes)
		}
	}
}

func (m *mall) leave(t *rapid.T) {
	m.T = t
	w := m.anyWish(t, func(*wish) bool { return true })
	_, err := m.s.LeaveWaitlist(context.Background(), w.id, w.secret)
	switch w.status {
	case ticketing.Waiting, ticketing.Offered, ticketing.Withdrawn:
		m.must(err)
		w.status = ticketing.Withdrawn
	default:
		if !errors.Is(err, ticketing.ErrNotWaiting) {
			t.Fatalf("left a wish that is %s: %v", w.status, err)
		}
	}
}

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
	var codes []string
	if in.Reserves && m.left(m.ware(in.TicketTypeIDs[0])) < *in.MaxUses {
		codes = append(codes, "sold_out")
	}
	m.explained(t, "voucher", err, codes)
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
	_, err := m.s.EndVoucher(context.Background(), m.s.event.CommunityID, c.id, ended)
	after := *c
	after.ended = ended
	var codes []string
	if uses, _ := m.used(c); c.in.Reserves && m.live(&after) && !m.couponRoom(c, *c.in.MaxUses-uses) {
		codes = append(codes, "sold_out")
	}
	m.explained(t, "end voucher", err, codes)
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
	uses, spent := m.used(c)
	var codes []string
	if in.MaxUses != nil && *in.MaxUses < uses {
		codes = append(codes, "max_uses_below_uses")
	}
	if in.Budget != nil && *in.Budget < spent {
		codes = append(codes, "budget_below_spent")
	}
	if in.Reserves && m.live(c) && !m.couponRoom(c, *in.MaxUses-uses) {
		codes = append(codes, "sold_out")
	}
	m.explained(t, "change voucher", err, codes)
	if err == nil {
		c.in = in
		m.settle(c)
	}
}

func (m *mall) block(t *rapid.T) {
	m.T = t
	pool, places := rapid.SampledFrom(m.pools).Draw(t, "pool"), rapid.Int64Range(1, 3).Draw(t, "places")
	b, err := m.s.BlockPlaces(context.Background(), m.s.event.CommunityID, pool, places, "For the speakers")
	var codes []string
	if m.free(pool) < places {
		codes = append(codes, "sold_out")
	}
	m.explained(t, "block", err, codes)
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
	_, err := m.s.ExpireHolds(ctx, "")
	m.must(errors.Join(err, m.s.EndVouchers(ctx), m.s.ExpireOffers(ctx, ""), m.s.CloseWaitlists(ctx), m.s.ServeWaitlists(ctx)))
	m.sweep()
	for _, c := range m.vouchers {
		if c.in.Reserves && !c.ended && !m.live(c) {
			c.ended = true
			m.settle(c)
		}
	}
	missed := false
	for _, w := range m.wishes {
		if w.status == ticketing.Offered && !m.s.now().Before(w.deadline) {
			w.status, missed = ticketing.OfferExpired, true
		}
	}
	if missed {
		m.serve()
	}
	if m.isClosed() && !m.closed {
		m.closed = true
		for _, w := range m.wishes {
			if w.status == ticketing.Waiting {
				w.status = ticketing.OfferExpired
			}
		}
	}
	m.serve()
}
