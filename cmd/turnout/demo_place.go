package main

import (
	"fmt"
	"slices"
	"time"

	"turnout"
	"turnout/internal/audit"
	"turnout/ticketing"
)

// deal is what somebody takes, and how. Those of a table happen for certain; others are drawn.
type deal struct {
	at      time.Time
	of      *shelf
	or      []*shelf // what would do as well, for one who waits
	n       int64
	with    []*extra // one a ticket, beside what its price includes
	voucher *ticketing.Voucher
	end     fate
	sure    bool // it is paid and stays
}

// fate is how a deal goes on.
type fate string

const (
	fromShop     fate = ""
	byCash       fate = fate(ticketing.DeskCash)
	byCard       fate = fate(ticketing.DeskCard)
	given        fate = fate(ticketing.DeskFree)
	undecided    fate = "undecided" // what needs approval: nobody has looked yet
	approved     fate = "approved"  // and not paid yet
	approvedPaid fate = "approved and paid"
	declined     fate = "declined"
	queues       fate = "queues" // on the waitlist
)

func (f fate) atDesk() bool { return f == byCash || f == byCard || f == given }

// extra is an add-on on sale.
type extra struct {
	*ticketing.AddOn
	pools []*ticketing.Pool
	share float64 // of the orders that take it
}

// with says how the add-on goes with a ticket type; nil when it does not.
func (x *extra) with(t *shelf) *ticketing.AddOnWith {
	for i := range x.With {
		if x.With[i].TicketTypeID == t.ID {
			return &x.With[i]
		}
	}
	return nil
}

// happen lets the deals of the tables happen that are due until then.
func (b *sale) happen(until time.Time) {
	for len(b.deals) > 0 && !b.deals[0].at.After(until) {
		d := b.deals[0]
		b.deals = b.deals[1:]
		b.settle(d.at)
		if d.end == queues {
			b.wait(d.n, d.at, append([]*shelf{d.of}, d.or...)...)
		} else {
			b.place(d)
		}
	}
}

// fancy draws the add-ons that a buyer of a type takes.
func (b *sale) fancy(wanted *shelf) (with []*extra) {
	for _, x := range b.extras {
		if how := x.with(wanted); how != nil && how.Most > how.Included && b.chance(x.share) {
			with = append(with, x)
		}
	}
	return with
}

// place makes an order and draws what becomes of it.
func (b *sale) place(d deal) {
	buyer := b.who(d.at)
	b.totals.LastOrder++
	o := &ticketing.Order{ID: turnout.NewID(turnout.PrefixOrder), CommunityID: b.event.CommunityID, EventID: b.event.ID, Number: b.totals.LastOrder,
		Status: ticketing.Held, PersonID: buyer.person, BuyerName: buyer.name, BuyerEmail: buyer.email, Locale: "en", Currency: b.event.Currency,
		SecretVersion: 1, ExpiresAt: d.at.Add(15 * time.Minute), CreatedAt: d.at, UpdatedAt: d.at}
	b.fill(o, d, buyer)
	b.orders, b.sold, b.tickets = append(b.orders, o), append(b.sold, o.Lines...), append(b.tickets, o.Tickets...)
	if d.end.atDesk() {
		b.sellAtDesk(o, d)
		return
	}
	b.note(d.at, audit.Actor{Kind: audit.Buyer, ID: o.ID}, "order.placed", o.ID)
	if d.of.RequiresApproval {
		b.decide(o, d)
		return
	}
	b.pay(o, d.at, d.sure)
}

// fill gives an order its lines and tickets: the tickets at each price, then what their price includes and what was added.
func (b *sale) fill(o *ticketing.Order, d deal, buyer *guest) {
	for _, part := range b.prices(d) {
		b.attend(o, b.line(o, part.OrderLine, part.pools...), d.of, buyer, d.at)
	}
	for _, x := range b.extras {
		how := x.with(d.of)
		if how == nil {
			continue
		}
		sold := ticketing.OrderLine{AddOnID: x.ID, Name: x.Name, Quantity: d.n}
		if how.Included > 0 {
			b.belong(o, b.line(o, sold, x.pools...))
		}
		if sold.UnitPrice = x.Price; slices.Contains(d.with, x) && left(x.pools) >= d.n {
			b.belong(o, b.line(o, sold, x.pools...))
		}
	}
}

// part is a number of an order's tickets at one price, with the pools that they take places of.
type part struct {
	ticketing.OrderLine
	pools []*ticketing.Pool
}

// prices says what the tickets cost: as many as there are at an early price, the others at the type's own.
func (b *sale) prices(d deal) (parts []part) {
	line := ticketing.OrderLine{TicketTypeID: d.of.ID, Name: d.of.Name, AttendanceMode: d.of.AttendanceMode, Quantity: d.n, UnitPrice: d.of.Price}
	if d.of.Pricing == ticketing.OpenPrice {
		line.UnitPrice = pick(b.story, []int64{d.of.MinPrice, d.of.Price, d.of.Price, 2 * d.of.Price})
	}
	if v := d.voucher; v != nil {
		line.VoucherID, line.Discount = v.ID, discount(v, line.UnitPrice)
	}
	for _, w := range d.of.PriceWindows {
		early, pools := line, d.of.pools
		if w.PoolID != "" {
			pools = append(slices.Clone(pools), b.poolOf(w.PoolID))
			early.Quantity = min(line.Quantity, left(pools))
		}
		if early.Quantity == 0 || !w.Until.IsZero() && !d.at.Before(w.Until) {
			continue
		}
		early.PriceName, early.UnitPrice = w.Name, w.Price
		parts, line.Quantity = append(parts, part{early, pools}), line.Quantity-early.Quantity
	}
	if line.Quantity > 0 {
		parts = append(parts, part{line, d.of.pools})
	}
	return parts
}

// discount is what a voucher takes off a price.
func discount(v *ticketing.Voucher, price int64) int64 {
	switch v.Kind {
	case ticketing.Percent:
		return turnout.MulDiv(price, v.Value, 100)
	case ticketing.AmountOff:
		return min(price, v.Value)
	case ticketing.FixedTo:
		return max(0, price-v.Value)
	}
	return 0
}

// line adds a line to an order, with its places and the use of its voucher.
func (b *sale) line(o *ticketing.Order, sold ticketing.OrderLine, pools ...*ticketing.Pool) *ticketing.OrderLine {
	sold.ID, sold.CommunityID, sold.OrderID, sold.PricesIncludeTax = turnout.NewID("lin"), o.CommunityID, o.ID, true
	sold.Total = sold.Quantity * (sold.UnitPrice - sold.Discount)
	o.Total += sold.Total
	o.Lines = append(o.Lines, &sold)
	b.take(sold.ID, "line", sold.Quantity, pools)
	if i := slices.IndexFunc(b.vouchers, func(v *ticketing.Voucher) bool { return v.ID == sold.VoucherID }); i >= 0 {
		b.vouchers[i].Uses += sold.Quantity
		b.vouchers[i].Spent += sold.Quantity * sold.Discount
	}
	return &sold
}

// take lets somebody hold places.
func (s *story) take(holder turnout.ID, kind string, n int64, pools []*ticketing.Pool) {
	for _, p := range pools {
		p.Taken += n
		s.claims = append(s.claims, &claim{HolderID: holder, PoolID: p.ID, HolderKind: kind, CommunityID: p.CommunityID, Places: n, Quantity: n})
	}
}

// belong gives each of an order's tickets one of what an add-on's line sold.
func (b *sale) belong(o *ticketing.Order, line *ticketing.OrderLine) {
	for _, t := range o.Tickets {
		b.ticketAddOns = append(b.ticketAddOns, &ticketing.TicketAddOn{LineID: line.ID, TicketID: t.ID, CommunityID: t.CommunityID, AddOnID: line.AddOnID, Quantity: 1})
	}
}

// charge makes the payment of an order.
func (b *sale) charge(o *ticketing.Order, provider string, at time.Time) *ticketing.Payment {
	p := &ticketing.Payment{ID: turnout.NewID(turnout.PrefixPayment), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID,
		Provider: provider, Status: ticketing.PaymentCreated, Amount: o.Total, Currency: o.Currency, CreatedAt: at, UpdatedAt: at}
	o.Payments, b.payments = append(o.Payments, p), append(b.payments, p)
	return p
}

// pay lets an order that was placed in the shop be paid, mostly, when it costs something.
func (b *sale) pay(o *ticketing.Order, at time.Time, sure bool) {
	if o.Total == 0 {
		b.confirm(o, at)
		b.mayCancel(o)
		return
	}
	payment := b.charge(o, "sandbox", at)
	if !sure && b.chance(0.07) { // went away, or the card was declined and that was that
		b.end(ending{o.ExpiresAt.Add(time.Duration(b.rng.IntN(3e6)) * time.Microsecond), o, ticketing.Expired})
		return
	}
	paid := at.Add(50*time.Second + b.waits(2*time.Minute)).Truncate(time.Microsecond)
	if !paid.Before(o.ExpiresAt) {
		paid = o.ExpiresAt.Add(-time.Minute)
	}
	b.receive(payment, ticketing.PaymentSucceeded, paid)
	b.confirm(o, paid)
	if !sure {
		b.mayCancel(o)
	}
}

// sellAtDesk confirms a sale of the box office.
func (b *sale) sellAtDesk(o *ticketing.Order, d deal) {
	o.Source, o.SoldBy = ticketing.FromBoxOffice, b.door
	if d.end == given {
		for _, l := range o.Lines {
			o.Total -= l.Total
			l.Discount, l.Total = l.UnitPrice, 0
		}
	}
	b.note(d.at, b.byStaff(), "order.placed", o.ID)
	b.admit(o, d.at)
	if o.Total == 0 {
		return
	}
	p := b.charge(o, "offline", d.at)
	p.Status, p.Method, p.TakenBy, p.TakenAt = ticketing.PaymentSucceeded, string(d.end), b.door, d.at
	if d.end == byCard {
		p.Reference = fmt.Sprintf("T1-%04d", 4100+o.Number)
	}
	b.totals.Paid += p.Amount
}

// decide lets an order that needs approval wait, or be decided about a day after it was placed.
func (b *sale) decide(o *ticketing.Order, d deal) {
	o.Status, o.ExpiresAt = ticketing.AwaitingApproval, b.event.EndsAt
	if d.end == undecided {
		return
	}
	at := d.at.Add(20 * time.Hour)
	o.DecidedAt, o.UpdatedAt = at, at
	if d.end == declined {
		o.DecisionNote = "These places are for those whose first Lighthouse Conf it is, and you were with us twice. The student ticket is for you, though."
		b.note(at, b.byStaff(), "order.declined", o.ID)
		b.release(o, ticketing.OrderCanceled, at)
		return
	}
	o.Status, o.ExpiresAt, o.DecisionNote = ticketing.Held, at.Add(72*time.Hour), "Welcome! Say hello at the desk, we pair newcomers with somebody who knows the place."
	b.note(at, b.byStaff(), "order.approved", o.ID)
	if d.end == approvedPaid {
		b.pay(o, at.Add(3*time.Hour), true)
		return
	}
	b.charge(o, "sandbox", at)
}
