package ticketing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/webhook"
	"turnout/ticketing/payments"
)

// settling is a provider's event in the queue.
type settling struct {
	stored turnout.ID // its row in webhook_events
	event  payments.Event
}

// settled says what became of it: counted now, or before.
type settled struct{ counted bool }

// Settle lets a provider's event take effect, once, in the transaction that marks it handled. Duplicates, replays and any
// order of arrival end in the same state, for what an event does depends on the states of payment and order, not on what
// came before it. counted is false when the event had its effect before.
func (s *Service) Settle(ctx context.Context, stored turnout.ID, event payments.Event) (counted bool, err error) {
	if event.Kind == payments.EventPaid {
		order, err := s.orderOf(ctx, s.DB.Read(), &event)
		if err == nil {
			err = s.makeRoomAgain(ctx, "", order)
		}
		if err != nil {
			return false, fmt.Errorf("ticketing: settle %s: %w", event.Type, err)
		}
	}
	out, err := database.Submit(ctx, s.DB, s.settles, settling{stored, event})
	if err != nil {
		return false, fmt.Errorf("ticketing: settle %s: %w", event.Type, err)
	}
	if out.counted {
		s.soldOut.forget()
	}
	return out.counted, nil
}

// settlement is one transaction that serves many events.
type settlement struct {
	s      *Service
	tx     bun.Tx
	now    time.Time
	orders map[turnout.ID]*Order
	counts *ledger
}

func (s *Service) settleEvents(ctx context.Context, tx bun.Tx, items []*database.Item[settling, settled]) error {
	b := &settlement{s: s, tx: tx, now: s.Now(), orders: map[turnout.ID]*Order{}, counts: newLedger()}
	var open []*database.Item[settling, settled]
	// Marking locks: in one order everywhere, so that two servers with the same events never wait for each other.
	byRow := func(a, b *database.Item[settling, settled]) int { return cmp.Compare(a.In.stored, b.In.stored) }
	for _, item := range slices.SortedStableFunc(slices.Values(items), byRow) {
		early, err := b.early(ctx, &item.In.event)
		if err != nil {
			return err
		}
		if early {
			item.Err = errEarly
			continue
		}
		first, err := webhook.MarkHandled(ctx, tx, item.In.stored, b.now)
		if err != nil {
			return err
		}
		if item.Out.counted = first; first {
			open = append(open, item)
		}
	}
	// Whose payments are these? Orders and payments never part, so this can be read before the lock.
	orderOf := make([]turnout.ID, len(open))
	for i, item := range open {
		var err error
		if orderOf[i], err = b.s.orderOf(ctx, b.tx, &item.In.event); err != nil {
			return err
		}
	}
	if err := b.load(ctx, orderOf); err != nil {
		return err
	}
	for i, item := range open {
		order := b.orders[orderOf[i]]
		if order == nil {
			continue // a payment of somebody else's who shares the provider's account
		}
		if err := b.apply(ctx, order, &item.In.event); err != nil {
			return err
		}
	}
	return b.counts.write(ctx, tx, b.now)
}

// errEarly leaves an event unhandled, to be tried again.
var errEarly = errors.New("ticketing: this tells of money that has not been heard of yet")

// earlyFor is how long such an event waits. After that the payment is somebody else's who shares the provider's account.
const earlyFor = time.Hour

// early reports whether an event tells what became of money before the event that says it came: webhooks overtake each other.
func (b *settlement) early(ctx context.Context, e *payments.Event) (bool, error) {
	switch e.Kind {
	case payments.EventRefunded, payments.EventRefundFailed, payments.EventDisputed:
	default:
		return false, nil
	}
	if e.PaymentRef == "" || b.now.Sub(e.OccurredAt) >= earlyFor {
		return false, nil
	}
	heard, err := b.tx.NewSelect().Model((*Payment)(nil)).Where("provider = ?", b.s.Provider.Name()).Where("payment_ref = ?", e.PaymentRef).
		Where("status NOT IN (?)", bun.List(unpaid)).Exists(ctx)
	return !heard, err
}

// orderOf finds the order that an event is about: by our payment id, else by the provider's names. "" for none of ours.
func (s *Service) orderOf(ctx context.Context, db bun.IDB, e *payments.Event) (turnout.ID, error) {
	q := db.NewSelect().Model((*Payment)(nil)).Column("order_id").Limit(1)
	switch {
	case e.Kind == payments.EventIgnored:
		return "", nil
	case e.PaymentID != "":
		q = q.Where("id = ?", e.PaymentID)
	case e.PaymentRef != "":
		q = q.Where("provider = ?", s.Provider.Name()).Where("payment_ref = ?", e.PaymentRef)
	default:
		q = q.Where("provider = ?", s.Provider.Name()).Where("session_ref = ?", e.SessionRef)
	}
	var id turnout.ID
	err := q.Scan(ctx, &id)
	if database.IsNoRows(err) {
		return "", nil
	}
	return id, err
}

// load locks the pools of the orders, then reads them.
func (b *settlement) load(ctx context.Context, ids []turnout.ID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id turnout.ID) bool { return id == "" })
	if len(ids) == 0 {
		return nil
	}
	if err := lockPoolsOf(ctx, b.tx, ids); err != nil {
		return err
	}
	orders, err := b.s.ordersWhere(ctx, b.tx, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id IN (?)", bun.List(ids)) })
	for _, o := range orders {
		b.orders[o.ID] = o
		b.counts.watch(o)
	}
	return err
}

func (b *settlement) apply(ctx context.Context, o *Order, e *payments.Event) error {
	p := o.paymentOf(e)
	if p == nil {
		return nil
	}
	switch e.Kind {
	case payments.EventPaid:
		return b.paid(ctx, o, p, e)
	case payments.EventProcessing:
		return b.processing(ctx, o, p, e)
	case payments.EventDeclined:
		if p.Status == PaymentCreated { // the page stays open: it can be tried again
			return b.setPayment(ctx, p, PaymentFailed)
		}
	case payments.EventFailed:
		return b.failed(ctx, o, p)
	case payments.EventExpired:
		return b.pageExpired(ctx, o, p)
	case payments.EventRefunded:
		return b.refunded(ctx, o, p, e)
	case payments.EventRefundFailed:
		return b.refundFailed(ctx, o, p, e)
	case payments.EventDisputed:
		if p.Status != PaymentSucceeded {
			return nil
		}
		if _, err := b.tx.NewUpdate().Model((*Ticket)(nil)).Set("updated_at = ?", b.now).Where("order_id = ?", o.ID).Exec(ctx); err != nil { // doors without a network are told, too
			return err
		}
		return b.setPayment(ctx, p, PaymentDisputed)
	}
	return nil
}

// paymentOf gives the payment of the order that the event is about.
func (o *Order) paymentOf(e *payments.Event) *Payment {
	for _, p := range o.Payments {
		if p.PaymentRef != "" && p.PaymentRef == e.PaymentRef {
			return p
		}
	}
	for _, p := range o.Payments {
		if p.ID == e.PaymentID || p.SessionRef != "" && p.SessionRef == e.SessionRef {
			return p
		}
	}
	return nil
}

func (b *settlement) paid(ctx context.Context, o *Order, p *Payment, e *payments.Event) error {
	if !slices.Contains(unpaid, p.Status) {
		if p.PaymentRef == e.PaymentRef || e.PaymentRef == "" {
			return nil // the same money, told again
		}
		return b.paidTwice(ctx, o, p, e)
	}
	p.PaymentRef, p.Amount, p.Currency = e.PaymentRef, e.Amount.Amount, e.Amount.Currency
	if e.Fee.Currency == p.Currency {
		p.ProviderFee = e.Fee.Amount
	}
	if e.SessionRef != "" {
		p.SessionRef = e.SessionRef
	}
	b.received(p)
	admit, err := b.placesFor(ctx, o, p)
	if err != nil {
		return err
	}
	if !admit {
		reason := LatePayment
		if other := o.Payment(); other.Status == PaymentSucceeded || other.Status == PaymentDisputed {
			reason = PaidTwice // on another page
		}
		return b.giveBack(ctx, o, p, PaymentLateRefund, reason)
	}
	if err := b.setPayment(ctx, p, PaymentSucceeded); err != nil {
		return err
	}
	return b.confirm(ctx, o)
}

// received counts money that has come.
func (b *settlement) received(p *Payment) {
	add := b.counts.of(p.EventID)
	add.Paid += p.Amount
	add.ProviderFees += p.ProviderFee
}

// placesFor says whether the order has its places: still, or again (late money, under the same lock). A canceled order, and
// a sum that is not the order's, get none.
func (b *settlement) placesFor(ctx context.Context, o *Order, p *Payment) (bool, error) {
	if p.Amount != o.Total || p.Currency != o.Currency {
		return false, nil
	}
	switch o.Status {
	case Held, Pending:
		return true, nil
	case Expired:
		return b.takeAgain(ctx, o)
	}
	return false, nil
}

// confirm makes a paid order's tickets valid: those of one that held its places, or got them again.
func (b *settlement) confirm(ctx context.Context, o *Order) error {
	b.counts.count(o, -1)
	o.Status, o.ConfirmedAt, o.UpdatedAt = Confirmed, b.now, b.now
	for _, t := range o.Tickets {
		t.Status = Valid
	}
	b.counts.count(o, 1)
	if _, err := b.tx.NewUpdate().Model(o).Column("status", "confirmed_at", "updated_at").WherePK().Exec(ctx); err != nil {
		return err
	}
	if _, err := b.tx.NewUpdate().Model((*Ticket)(nil)).Set("status = ?", Valid).Set("version = version + 1").Set("updated_at = ?", b.now).
		Where("order_id = ?", o.ID).Where("community_id = ?", o.CommunityID).Exec(ctx); err != nil {
		return err
	}
	if err := closePayments(ctx, b.tx, []*Order{o}, b.now); err != nil { // a page that was opened anew must not be paid too
		return err
	}
	if err := jobs.Enqueue(ctx, b.tx, o.CommunityID, JobOrderConfirmed, orderRef{o.ID}, b.now); err != nil {
		return err
	}
	return b.note(ctx, o, "order.confirmed")
}

// giveBack puts a payment in the state and asks for its refund.
func (b *settlement) giveBack(ctx context.Context, o *Order, p *Payment, status PaymentStatus, reason string) error {
	if err := b.setPayment(ctx, p, status); err != nil {
		return err
	}
	if err := requestRefunds(ctx, b.tx, o, []*Refund{newRefund(p, p.Amount, reason, b.now)}, b.now, b.counts); err != nil {
		return err
	}
	if err := jobs.Enqueue(ctx, b.tx, o.CommunityID, JobLatePayment, returnRef{o.ID, p.ID}, b.now); err != nil {
		return err
	}
	return b.note(ctx, o, "payment.given_back")
}

// paidTwice keeps the second payment of an order as a row of its own and gives it back.
func (b *settlement) paidTwice(ctx context.Context, o *Order, first *Payment, e *payments.Event) error {
	second := &Payment{
		ID: turnout.NewID(turnout.PrefixPayment), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID, Provider: first.Provider,
		Status: PaymentLateRefund, Amount: e.Amount.Amount, Currency: e.Amount.Currency, PaymentRef: e.PaymentRef, CreatedAt: b.now, UpdatedAt: b.now,
	}
	if e.SessionRef != first.SessionRef {
		second.SessionRef = e.SessionRef
	}
	if _, err := b.tx.NewInsert().Model(second).Exec(ctx); err != nil {
		return err
	}
	o.Payments = append(o.Payments, second)
	b.received(second)
	return b.giveBack(ctx, o, second, PaymentLateRefund, PaidTwice)
}

// processing keeps the places of a buyer who is done while the money is under way; a declined card may have come before.
func (b *settlement) processing(ctx context.Context, o *Order, p *Payment, e *payments.Event) error {
	if p.Status != PaymentCreated && p.Status != PaymentFailed || o.Status != Held {
		return nil
	}
	p.PaymentRef = e.PaymentRef
	if err := b.setPayment(ctx, p, PaymentProcessing); err != nil {
		return err
	}
	b.counts.count(o, -1)
	o.Status, o.ExpiresAt, o.UpdatedAt = Pending, b.now.Add(b.s.TransferFor), b.now
	b.counts.count(o, 1)
	if _, err := b.tx.NewUpdate().Model(o).Column("status", "expires_at", "updated_at").WherePK().Exec(ctx); err != nil {
		return err
	}
	return b.note(ctx, o, "order.pending")
}

// pageExpired ends a payment whose page closed unpaid. While the places are held, the buyer gets a new one: a provider makes
// only one page for a payment.
func (b *settlement) pageExpired(ctx context.Context, o *Order, p *Payment) error {
	if p.Status != PaymentCreated && p.Status != PaymentFailed {
		return nil
	}
	if err := b.setPayment(ctx, p, PaymentCanceled); err != nil || o.StatusAt(b.now) != Held || o.Payment() != p {
		return err
	}
	next := &Payment{ID: turnout.NewID(turnout.PrefixPayment), CommunityID: p.CommunityID, EventID: p.EventID, OrderID: p.OrderID,
		Provider: p.Provider, Status: PaymentCreated, Amount: o.Total, Currency: o.Currency, CreatedAt: b.now, UpdatedAt: b.now}
	o.Payments = append(o.Payments, next)
	_, err := b.tx.NewInsert().Model(next).Exec(ctx)
	return err
}

// failed ends an order whose money did not come: the buyer was done, and the page is closed. It ends at once and not with the
// next sweep, so that the news that the money is under way, should it come later, finds it over. A declined card may have come
// before on the same page.
func (b *settlement) failed(ctx context.Context, o *Order, p *Payment) error {
	if p.Status != PaymentProcessing && p.Status != PaymentCreated && p.Status != PaymentFailed {
		return nil
	}
	if err := b.setPayment(ctx, p, PaymentFailed); err != nil {
		return err
	}
	if o.Status != Pending && o.Status != Held || o.Payment() != p {
		return nil
	}
	if err := endOrders(ctx, b.tx, []*Order{o}, Expired, b.now, b.counts); err != nil {
		return err
	}
	return b.note(ctx, o, "order.expired")
}

// refundOf gives the order's refund that the event is about, nil for one that was made at the provider.
func (o *Order) refundOf(e *payments.Event) *Refund {
	for _, r := range o.Refunds {
		if r.ID == e.RefundID || r.ProviderRef != "" && r.ProviderRef == e.RefundRef {
			return r
		}
	}
	return nil
}

// refunded notes that a refund reached the buyer: one of ours, or one that was made at the provider.
func (b *settlement) refunded(ctx context.Context, o *Order, p *Payment, e *payments.Event) error {
	r := o.refundOf(e)
	if r == nil {
		r = newRefund(p, e.Amount.Amount, MadeAtProvider, b.now)
		r.Status, r.ProviderRef = RefundSucceeded, e.RefundRef
		b.counts.countRefund(r, 1)
		o.Refunds = append(o.Refunds, r)
		if _, err := b.tx.NewInsert().Model(r).Exec(ctx); err != nil {
			return err
		}
		if err := b.note(ctx, o, "order.refunded"); err != nil {
			return err
		}
		return b.lateRefunded(ctx, o, p)
	}
	if r.Status == RefundSucceeded || r.Status == RefundFailed {
		return nil
	}
	b.counts.moveRefund(r, RefundSucceeded)
	r.ProviderRef, r.UpdatedAt = e.RefundRef, b.now
	if _, err := b.tx.NewUpdate().Model(r).Column("status", "provider_ref", "updated_at").WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := b.note(ctx, o, "refund.succeeded"); err != nil {
		return err
	}
	return b.lateRefunded(ctx, o, o.paymentByID(r.PaymentID))
}

// lateRefunded moves a late payment to its end when all of it has gone back, by refunds of ours or made at the provider.
func (b *settlement) lateRefunded(ctx context.Context, o *Order, p *Payment) error {
	back := int64(0)
	for _, r := range o.Refunds {
		if r.PaymentID == p.ID && r.Status == RefundSucceeded {
			back += r.Amount
		}
	}
	if p.Status != PaymentLateRefund || back < p.Amount {
		return nil
	}
	return b.setPayment(ctx, p, PaymentLateRefunded)
}

// refundFailed notes that money did not reach the buyer; the organiser sees it and pays by hand. One that was made at the
// provider and of which nothing is known yet is kept as failed, so that the news of its making, should it come later, does
// not count.
func (b *settlement) refundFailed(ctx context.Context, o *Order, p *Payment, e *payments.Event) error {
	r := o.refundOf(e)
	if r == nil {
		r = newRefund(p, e.Amount.Amount, MadeAtProvider, b.now)
		r.Status, r.ProviderRef = RefundFailed, e.RefundRef
		b.counts.countRefund(r, 1)
		o.Refunds = append(o.Refunds, r)
		_, err := b.tx.NewInsert().Model(r).Exec(ctx)
		return err
	}
	if r.Status == RefundFailed {
		return nil
	}
	b.counts.moveRefund(r, RefundFailed)
	r.UpdatedAt = b.now
	if _, err := b.tx.NewUpdate().Model(r).Column("status", "updated_at").WherePK().Exec(ctx); err != nil {
		return err
	}
	if late := o.paymentByID(r.PaymentID); late.Status == PaymentLateRefunded { // it came back from the buyer's bank
		if err := b.setPayment(ctx, late, PaymentLateRefund); err != nil {
			return err
		}
	}
	return b.note(ctx, o, "refund.failed")
}

func (b *settlement) setPayment(ctx context.Context, p *Payment, to PaymentStatus) error {
	p.Status, p.UpdatedAt = to, b.now
	_, err := b.tx.NewUpdate().Model(p).Column("status", "amount", "currency", "provider_fee", "session_ref", "payment_ref", "updated_at").WherePK().Exec(ctx)
	return err
}

func (b *settlement) note(ctx context.Context, o *Order, action string) error {
	return audit.Write(ctx, b.tx, audit.Entry{Community: o.CommunityID, Action: action, Subject: o.ID, Actor: audit.Actor{Kind: audit.System}, At: b.now})
}

// TakenHere is who took money by hand, and how: DeskCash or DeskCard.
type TakenHere struct {
	Method DeskMethod
	By     turnout.ID // the account or the token
}

// MarkPaid notes that money arrived: by transfer, or with taken at the door, where it counts among the takings. The order is confirmed. Money for an order
// that has expired gets its places again, or is to be given back by hand. It fails with turnout.ErrNotFound, ErrOrderNotOpen and an Invalid error for "method".
func (s *Service) MarkPaid(ctx context.Context, community, order turnout.ID, taken *TakenHere) (*Order, error) {
	if taken != nil && taken.Method != DeskCash && taken.Method != DeskCard {
		return nil, turnout.Invalidf("method", "unknown", "Choose cash or card.")
	}
	err := s.makeRoomAgain(ctx, community, order)
	if err == nil {
		err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.markPaid(ctx, tx, community, order, taken) })
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: mark paid: %w", err)
	}
	return s.Order(ctx, community, string(order))
}

func (s *Service) markPaid(ctx context.Context, tx bun.Tx, community, order turnout.ID, taken *TakenHere) error {
	b := &settlement{s: s, tx: tx, now: s.Now(), orders: map[turnout.ID]*Order{}, counts: newLedger()}
	if err := b.load(ctx, []turnout.ID{order}); err != nil {
		return err
	}
	o := b.orders[order]
	if o == nil || o.CommunityID != community {
		return turnout.ErrNotFound
	}
	if !o.CanMarkPaid() {
		return ErrOrderNotOpen
	}
	p := o.Payment()
	if taken != nil {
		p.Method, p.TakenBy, p.TakenAt = string(taken.Method), taken.By, b.now
		if _, err := tx.NewUpdate().Model(p).Column("method", "taken_by", "taken_at").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	if err := b.paid(ctx, o, p, &payments.Event{Kind: payments.EventPaid, PaymentID: p.ID, Amount: o.Money(p.Amount)}); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, audit.Entry{Community: community, Action: "payment.marked_paid", Subject: p.ID, At: b.now}); err != nil {
		return err
	}
	return b.counts.write(ctx, tx, b.now)
}

// ReceiveWebhook takes a provider's webhook: verifies it, stores it under its id, and tries it at once. It fails with
// payments.ErrSignature; once the event is stored the answer is nil, and what cannot be handled now a job tries again.
func (s *Service) ReceiveWebhook(ctx context.Context, payload []byte, signature string) error {
	notice, err := s.Provider.Verify(payload, signature)
	if err != nil {
		return err
	}
	if _, err := s.Inbox.Receive(ctx, s.Provider.Name(), notice.ID, notice.Type, payload); err != nil {
		return fmt.Errorf("ticketing: store webhook: %w", err)
	}
	return nil
}

// settleStored is the inbox's handler of the provider's events.
func (s *Service) settleStored(ctx context.Context, stored webhook.Event) error {
	event, err := s.Provider.Read(ctx, []byte(stored.Payload))
	if errors.Is(err, payments.ErrBadEvent) {
		return jobs.Permanent(err)
	}
	if err != nil {
		return err
	}
	if _, err = s.Settle(ctx, stored.ID, event); err != nil {
		return s.concerning(ctx, &event, err)
	}
	return nil
}

// concerning says with the error of an event whose it is, as far as that is known.
func (s *Service) concerning(ctx context.Context, e *payments.Event, failed error) error {
	id, err := s.orderOf(ctx, s.DB.Read(), e)
	if err != nil || id == "" {
		return errors.Join(failed, err)
	}
	o, err := s.orderWhere(ctx, s.DB.Read(), "id = ?", id)
	if err != nil {
		return errors.Join(failed, err)
	}
	return jobs.Concerning(o.CommunityID, failed)
}
