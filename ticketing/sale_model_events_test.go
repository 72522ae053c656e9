package ticketing_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"turnout"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// tellSome lets the provider say something about a payment, possible or not, and sometimes more than once.
func (w *world) tellSome(kind payments.Kind) {
	o := w.some()
	if len(o.payments) == 0 {
		w.Skip("a free order")
	}
	p := o.payments[rapid.IntRange(0, len(o.payments)-1).Draw(w.T, "payment")]
	e := payments.Event{Kind: kind, OccurredAt: w.s.now(), PaymentID: p.id, SessionRef: "cs_" + string(p.id), PaymentRef: "pi_" + string(p.id), Amount: euros(p.amount)}
	switch kind {
	case payments.EventPaid:
		e.Fee = euros(3)
		switch rapid.IntRange(0, 9).Draw(w.T, "how") {
		case 0: // paid twice: other money on a second page
			w.refs++
			e.SessionRef += fmt.Sprint("_", w.refs)
			e.PaymentRef += fmt.Sprint("_", w.refs)
		case 1: // another sum than was asked for
			e.Amount.Amount++
		}
	case payments.EventExpired:
		e.PaymentRef = ""
	case payments.EventRefunded, payments.EventRefundFailed:
		w.drawRefund(p, &e)
	}
	w.tell(o, e)
}

// tellLate lets money come for an order that has expired.
func (w *world) tellLate(t *rapid.T) {
	w.T = t
	var late []*modelOrder
	for _, o := range w.orders {
		if o.status == ticketing.Expired && unpaid(o.payments[0]) {
			late = append(late, o)
		}
	}
	if len(late) == 0 {
		t.Skip("nothing is late")
	}
	o := rapid.SampledFrom(late).Draw(t, "order")
	p := o.payments[0]
	w.tell(o, payments.Event{Kind: payments.EventPaid, OccurredAt: w.s.now(), PaymentID: p.id, SessionRef: "cs_" + string(p.id),
		PaymentRef: "pi_" + string(p.id), Amount: euros(o.total), Fee: euros(3)})
}

func euros(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: "EUR"} }

// drawRefund makes the event about one of our refunds, or about one made at the provider.
func (w *world) drawRefund(p *modelPayment, e *payments.Event) {
	if p.ref != "" {
		e.PaymentRef = p.ref
	}
	n := rapid.IntRange(0, len(p.refunds)).Draw(w.T, "refund")
	if n < len(p.refunds) {
		r := p.refunds[n]
		e.Amount.Amount, e.RefundID, e.RefundRef = r.amount, r.id, r.ref
		if r.ref == "" {
			e.RefundRef = "re_" + string(r.id)
		}
		return
	}
	left := p.amount - p.back()
	if left <= 0 {
		w.Skip("nothing left to give back")
	}
	w.refs++
	e.Amount.Amount, e.RefundRef = rapid.Int64Range(1, left).Draw(w.T, "amount"), fmt.Sprint("re_dashboard_", p.id, w.refs)
}

// tell stores an event and lets it take effect, and does the same in the model.
func (w *world) tell(o *modelOrder, e payments.Event) {
	w.notices++
	e.Notice = payments.Notice{ID: fmt.Sprint("evt_", w.s.event.ID, w.notices), Type: string(e.Kind)}
	row := w.s.store(e.ID)
	w.lateMoney(o, e.Kind)
	counted, err := w.s.Settle(context.Background(), row, e)
	if w.early(o, e) {
		if err == nil {
			w.Fatalf("%s before the money: it took effect", e.Kind)
		}
		return
	}
	if err != nil || !counted {
		w.Fatalf("%s: counted %v, %v", e.Kind, counted, err)
	}
	w.settle(o, e)
	w.lastTold, w.lastStored = &e, row
}

// tellAgain repeats the last event: as the same row, which must not count, then under another id, which must change nothing
// that counts (money, refunds) a second time.
func (w *world) tellAgain(t *rapid.T) {
	w.T = t
	if w.lastTold == nil {
		t.Skip("nothing was told")
	}
	o := w.orderOf(w.lastTold)
	if o != nil {
		w.lateMoney(o, w.lastTold.Kind)
	}
	if counted, err := w.s.Settle(context.Background(), w.lastStored, *w.lastTold); counted || err != nil {
		t.Fatalf("the same event again: counted %v, %v", counted, err)
	}
	if o != nil {
		w.tell(o, *w.lastTold)
	}
}

func (w *world) orderOf(e *payments.Event) *modelOrder {
	for _, o := range w.orders {
		if slices.ContainsFunc(o.payments, func(p *modelPayment) bool { return p.id == e.PaymentID }) {
			return o
		}
	}
	return nil
}

// early is an event about money of which we have not heard: kept, and tried again.
func (w *world) early(o *modelOrder, e payments.Event) bool {
	if e.Kind != payments.EventDisputed && e.Kind != payments.EventRefunded && e.Kind != payments.EventRefundFailed {
		return false
	}
	return w.s.now().Sub(e.OccurredAt) < time.Hour &&
		!slices.ContainsFunc(o.payments, func(p *modelPayment) bool { return p.ref == e.PaymentRef && !unpaid(p) })
}

// settle is what an event means by the diagrams beside the types.
func (w *world) settle(o *modelOrder, e payments.Event) {
	p := o.about(e)
	if p == nil {
		return
	}
	switch e.Kind {
	case payments.EventPaid:
		w.settlePaid(o, p, e)
	case payments.EventProcessing:
		if o.status == ticketing.Held && (p.status == ticketing.PaymentCreated || p.status == ticketing.PaymentFailed) {
			p.status, p.ref, o.status, o.expires = ticketing.PaymentProcessing, e.PaymentRef, ticketing.Pending, w.s.now().Add(7*24*time.Hour)
		}
	case payments.EventDeclined:
		if p.status == ticketing.PaymentCreated {
			p.status = ticketing.PaymentFailed
		}
	case payments.EventFailed:
		if p.status == ticketing.PaymentCreated || p.status == ticketing.PaymentProcessing || p.status == ticketing.PaymentFailed {
			p.status = ticketing.PaymentFailed
			if o.status == ticketing.Pending || o.status == ticketing.Held && o.payments[len(o.payments)-1] == p {
				w.end(o, ticketing.Expired)
			}
		}
	case payments.EventExpired:
		if p.status == ticketing.PaymentCreated || p.status == ticketing.PaymentFailed {
			p.status = ticketing.PaymentCanceled
			if o.status == ticketing.Held && w.s.now().Before(o.expires) && o.payments[len(o.payments)-1] == p {
				o.payments = append(o.payments, &modelPayment{status: ticketing.PaymentCreated, amount: o.total})
			}
		}
	case payments.EventRefunded:
		w.settleRefunded(o, p, e)
	case payments.EventRefundFailed:
		w.settleRefundFailed(o, p, e)
	case payments.EventDisputed:
		if p.status == ticketing.PaymentSucceeded {
			p.status = ticketing.PaymentDisputed
		}
	}
}

// about finds the payment that an event is about: by the provider's name for the money, else by ours.
func (o *modelOrder) about(e payments.Event) *modelPayment {
	for _, p := range o.payments {
		if p.ref != "" && p.ref == e.PaymentRef {
			return p
		}
	}
	for _, p := range o.payments {
		if p.id == e.PaymentID {
			return p
		}
	}
	return nil
}

func (w *world) settlePaid(o *modelOrder, p *modelPayment, e payments.Event) {
	switch {
	case unpaid(p):
		p.ref = e.PaymentRef
		w.moneyCame(o, p, e.Amount.Amount, e.Fee.Amount)
	case p.ref != e.PaymentRef:
		second := &modelPayment{status: ticketing.PaymentLateRefund, ref: e.PaymentRef, amount: e.Amount.Amount}
		o.payments = append(o.payments, second)
		w.paid += second.amount
		w.request(second, second.amount)
	}
}

func (o *modelOrder) refund(e payments.Event) (*modelPayment, *modelRefund) {
	for _, p := range o.payments {
		for _, r := range p.refunds {
			if e.RefundID != "" && r.id == e.RefundID || r.ref != "" && r.ref == e.RefundRef {
				return p, r
			}
		}
	}
	return nil, nil
}

func (w *world) settleRefunded(o *modelOrder, p *modelPayment, e payments.Event) {
	of, r := o.refund(e)
	switch {
	case r == nil:
		p.refunds = append(p.refunds, &modelRefund{status: ticketing.RefundSucceeded, ref: e.RefundRef, amount: e.Amount.Amount})
		w.refunded += e.Amount.Amount
		p.wentBack()
	case r.status == ticketing.RefundRequested || r.status == ticketing.RefundProcessing:
		r.status, r.ref = ticketing.RefundSucceeded, e.RefundRef
		of.wentBack()
	}
}

// wentBack ends a late payment once all of it has reached the buyer.
func (p *modelPayment) wentBack() {
	back := int64(0)
	for _, r := range p.refunds {
		if r.status == ticketing.RefundSucceeded {
			back += r.amount
		}
	}
	if p.status == ticketing.PaymentLateRefund && back >= p.amount {
		p.status = ticketing.PaymentLateRefunded
	}
}

func (w *world) settleRefundFailed(o *modelOrder, p *modelPayment, e payments.Event) {
	of, r := o.refund(e)
	switch {
	case r == nil:
		p.refunds = append(p.refunds, &modelRefund{status: ticketing.RefundFailed, ref: e.RefundRef, amount: e.Amount.Amount})
	case r.status != ticketing.RefundFailed:
		r.status = ticketing.RefundFailed
		w.refunded -= r.amount
		if of.status == ticketing.PaymentLateRefunded {
			of.status = ticketing.PaymentLateRefund
		}
	}
}

// look compares the rows with the model: after every step.
func (w *world) look(t *rapid.T) {
	w.T = t
	pools, err := w.s.Pools(context.Background(), w.s.event.CommunityID, w.s.event.ID)
	w.noError(err)
	for i, p := range pools {
		if p.Taken != w.taken(i) || p.Capacity != w.pools[i].capacity || p.Taken > p.Capacity {
			t.Fatalf("pool %d: %d of %d taken, the model says %d of %d", i, p.Taken, p.Capacity, w.taken(i), w.pools[i].capacity)
		}
	}
	orders, err := w.s.Orders(context.Background(), w.s.event.CommunityID, w.s.event.ID, ticketing.OrderFilter{Limit: 200})
	w.noError(err)
	if len(orders) != len(w.orders) {
		t.Fatalf("%d orders, the model has %d", len(orders), len(w.orders))
	}
	for i, o := range orders {
		w.compare(o, w.orders[len(w.orders)-1-i])
	}
	var got struct{ Paid, ProviderFees, Refunded int64 }
	w.noError(w.s.DB.Read().NewRaw("SELECT paid, provider_fees, refunded FROM event_totals WHERE event_id = ?", w.s.event.ID).Scan(context.Background(), &got))
	if got.Paid != w.paid || got.ProviderFees != w.fees && !w.offline || got.Refunded != w.refunded {
		t.Fatalf("the counters say %+v, the model %d paid, %d fees, %d back", got, w.paid, w.fees, w.refunded)
	}
	if len(w.orders)%4 == 0 {
		w.check()
	}
}

func (w *world) check() {
	w.Helper()
	found, err := ticketing.Check(context.Background(), w.s.DB.Read())
	w.noError(err)
	if len(found) > 0 {
		w.Fatalf("%q", found)
	}
}

func (w *world) compare(o *ticketing.Order, m *modelOrder) {
	if o.ID != m.id || o.Status != m.status || o.Total != m.total || int64(len(o.Tickets)) != m.tickets || !o.ExpiresAt.Equal(m.expires) && o.Status != ticketing.Confirmed {
		w.Fatalf("order %s is %s until %v, the model says %s until %v", o.ID, o.Status, o.ExpiresAt, m.status, m.expires)
	}
	want := map[ticketing.OrderStatus]ticketing.TicketStatus{ticketing.Held: ticketing.Reserved, ticketing.Pending: ticketing.Reserved,
		ticketing.Confirmed: ticketing.Valid, ticketing.Expired: ticketing.TicketCanceled, ticketing.OrderCanceled: ticketing.TicketCanceled}[m.status]
	for _, ticket := range o.Tickets {
		if ticket.Status != want || (ticket.Code != "") != (want == ticketing.Valid) {
			w.Fatalf("a ticket of a %s order is %s", o.Status, ticket.Status)
		}
		w.moved(ticket.ID, string(ticket.Status), ticketMoves)
	}
	w.moved(o.ID, string(o.Status), orderMoves)
	if len(o.Payments) != len(m.payments) {
		w.Fatalf("order %s has %d payments, the model %d", o.ID, len(o.Payments), len(m.payments))
	}
	refunds := 0
	for i, p := range o.Payments {
		mp := m.payments[i]
		if mp.id == "" {
			mp.id = p.ID
		}
		if p.ID != mp.id || p.Status != mp.status || p.Amount != mp.amount {
			w.Fatalf("payment %d of a %s order is %s over %d, the model says %s over %d", i, o.Status, p.Status, p.Amount, mp.status, mp.amount)
		}
		w.moved(p.ID, string(p.Status), paymentMoves)
		refunds += len(mp.refunds)
		w.compareRefunds(o, mp)
	}
	if refunds != len(o.Refunds) {
		w.Fatalf("order %s has %d refunds, the model %d", o.ID, len(o.Refunds), refunds)
	}
}

func (w *world) compareRefunds(o *ticketing.Order, mp *modelPayment) {
	n := 0
	for _, r := range o.Refunds {
		if r.PaymentID != mp.id {
			continue
		}
		if n >= len(mp.refunds) {
			w.Fatalf("a payment has more refunds than the model's %d", len(mp.refunds))
		}
		mr := mp.refunds[n]
		if mr.id == "" {
			mr.id = r.ID
		}
		if r.ID != mr.id || r.Status != mr.status || r.Amount != mr.amount {
			w.Fatalf("refund %s is %s over %d, the model says %s over %d", r.ID, r.Status, r.Amount, mr.status, mr.amount)
		}
		w.moved(r.ID, string(r.Status), refundMoves)
		n++
	}
}

// The diagrams, as pairs: several transitions may lie between two looks.
var (
	orderMoves = []string{"held pending", "held confirmed", "held expired", "held canceled", "pending confirmed", "pending expired", "pending canceled",
		"confirmed canceled", "expired confirmed"}
	ticketMoves  = []string{"reserved valid", "reserved canceled", "valid canceled", "canceled valid"}
	paymentMoves = []string{"created processing", "created succeeded", "created failed", "created canceled", "created late_refund_pending",
		"processing succeeded", "processing failed", "processing late_refund_pending", "failed processing", "failed succeeded", "failed canceled",
		"failed late_refund_pending", "canceled succeeded", "canceled late_refund_pending", "succeeded disputed", "late_refund_pending late_refunded",
		"late_refunded late_refund_pending"}
	refundMoves = []string{"requested processing", "requested succeeded", "requested failed", "processing succeeded", "processing failed", "succeeded failed"}
)

func (w *world) moved(id turnout.ID, now string, allowed []string) {
	w.Helper()
	before := w.statuses[id]
	if before != "" && before != now && !slices.Contains(allowed, before+" "+now) {
		w.Fatalf("%s went from %s to %s", id, before, now)
	}
	w.statuses[id] = now
}
