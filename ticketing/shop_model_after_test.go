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

// What becomes of orders, and the waitlist.

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
	if d.status == ticketing.Expired {
		m.sweep()
	}
	switch d.status {
	case ticketing.Held, ticketing.Pending:
		m.move(d, ticketing.Confirmed)
	case ticketing.Expired:
		if !m.over() && m.fitsAgain(d) {
			for _, one := range d.parts {
				for id := range one.needs {
					if m.isWindow(id) { // its price stays, and its number is taken as far as it goes
						one.needs[id] = min(one.needs[id], m.free(id))
					}
				}
			}
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
		if n > m.free(id)+own[id] && !m.isWindow(id) {
			return false
		}
	}
	return true
}

// isWindow says whether a pool counts the number of a price window.
func (m *mall) isWindow(pool turnout.ID) bool {
	return slices.ContainsFunc(m.types, func(w *ware) bool {
		return slices.ContainsFunc(w.in.PriceWindows, func(p ticketing.PriceWindow) bool { return p.PoolID == pool })
	})
}

func (m *mall) cancel(t *rapid.T) {
	m.T = t
	d := m.anyOrder(t, func(*deal) bool { return true })
	_, err := m.s.CancelOrder(context.Background(), m.s.event.CommunityID, d.id, ticketing.CanceledByOrganiser, false)
	stands := d.holds() && (d.status == ticketing.Confirmed || m.s.now().Before(d.expires))
	if stands != (err == nil) || err != nil && !errors.Is(err, ticketing.ErrOrderOver) {
		t.Fatalf("canceling an order that is %s: %v", d.status, err)
	}
	if stands {
		m.move(d, ticketing.OrderCanceled)
	}
}

// cancelAddOn takes an add-on from a ticket; what the ticket's price included costs nothing, and nobody gets more back than was paid.
func (m *mall) cancelAddOn(t *rapid.T) {
	m.T = t
	d := m.anyOrder(t, func(d *deal) bool { return d.tickets > 0 })
	o := m.s.order(d.id)
	if len(o.AddOns) == 0 {
		t.Skip("without add-ons")
	}
	has := rapid.SampledFrom(o.AddOns).Draw(t, "add-on")
	refund, err := m.s.CancelAddOn(context.Background(), o.CommunityID, has.TicketID, has.AddOnID, false)
	if d.status != ticketing.Confirmed {
		if !errors.Is(err, ticketing.ErrOrderOver) {
			t.Fatalf("canceled an add-on of an order that is %s: %v", d.status, err)
		}
		return
	}
	m.must(err)
	worth := int64(0)
	for _, lost := range o.AddOns {
		if lost.TicketID != has.TicketID || lost.AddOnID != has.AddOnID {
			continue
		}
		p := &d.parts[slices.IndexFunc(o.Lines, func(l *ticketing.OrderLine) bool { return l.ID == lost.LineID })]
		worth += lost.Quantity * p.unit
		for id := range p.needs {
			p.needs[id] -= lost.Quantity
		}
	}
	if want := min(worth, d.total-d.back); refund.Amount != want {
		t.Fatalf("%d went back for add-ons, the rules say %d", refund.Amount, want)
	}
	d.back += refund.Amount
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
		if party > w.in.MaxPerOrder || party < w.in.MinPerOrder {
			codes = append(codes, "out_of_range")
		}
		if party%max(1, w.in.MultipleOf) != 0 {
			codes = append(codes, "multiple")
		}
		if m.room(w) >= party {
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
