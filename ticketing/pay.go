package ticketing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/ticketing/payments"
)

// offlineProvider is the name of payment by transfer or cash.
const offlineProvider = "offline"

// PayURL is the address that a buyer opens to pay: ours, so that placing an order calls no provider.
func (s *Service) PayURL(p *Payment) string { return s.BaseURL + "/pay/" + string(p.ID) }

// OpenPayment gives the provider's page for a payment, making it when it is opened for the first time, and the order it
// is for. It fails with turnout.ErrNotFound, ErrOrderNotOpen (the order is over, or paid: show it instead) and with what
// Provider.Checkout fails with.
func (s *Service) OpenPayment(ctx context.Context, id turnout.ID) (url string, order *Order, err error) {
	order, err = s.orderWhere(ctx, s.DB.Read(), "id = (SELECT order_id FROM payments WHERE id = ?)", id)
	if err != nil {
		return "", nil, fmt.Errorf("ticketing: open payment: %w", err)
	}
	p := order.paymentByID(id)
	if order.StatusAt(s.Now()) != Held || p.Status != PaymentCreated && p.Status != PaymentFailed {
		return "", order, ErrOrderNotOpen
	}
	switch {
	case p.SessionURL != "" && s.Now().Sub(p.SessionAt) < pageLife:
		return p.SessionURL, order, nil
	case p.SessionURL != "": // an approved order has days: its first page is closed, whether we were told or not
		next, err := s.newPage(ctx, order.ID, id)
		if err != nil || next == id {
			return "", order, cmp.Or(err, error(ErrOrderNotOpen))
		}
		return s.OpenPayment(ctx, next)
	}
	checkout, err := s.Provider.Checkout(ctx, s.checkoutRequest(order, p))
	if err != nil {
		return "", order, fmt.Errorf("ticketing: open payment: %w", err)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		// Whoever ends the order or settles it holds its pools: either they see this page and close it, or the update sees the end.
		if err := lockPoolsOf(ctx, tx, []turnout.ID{order.ID}); err != nil {
			return err
		}
		n, err := database.Changed(tx.NewUpdate().Model((*Payment)(nil)).Set("session_ref = ?", checkout.SessionRef).
			Set("session_url = ?", checkout.URL).Set("session_at = ?", s.Now()).Set("updated_at = ?", s.Now()).Where("id = ?", id).Where("community_id = ?", p.CommunityID).
			Where("status IN (?, ?)", PaymentCreated, PaymentFailed).Exec(ctx))
		if err != nil || n == 1 {
			return err
		}
		// The hold ended while the page was made: nobody may pay there.
		if _, err := tx.NewUpdate().Model((*Payment)(nil)).Set("session_ref = ?", checkout.SessionRef).Where("id = ?", id).Where("community_id = ?", p.CommunityID).Exec(ctx); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, p.CommunityID, JobExpireSession, paymentRef{id}, s.Now())
	})
	if err != nil {
		return "", order, fmt.Errorf("ticketing: open payment: %w", err)
	}
	return checkout.URL, order, nil
}

// pageLife is longer than any provider's page can be paid on.
const pageLife = 24 * time.Hour

// newPage ends a payment whose page has closed by itself, as the provider's word of it does, and gives the payment that is to be made
// instead: id itself when there is none.
func (s *Service) newPage(ctx context.Context, order, id turnout.ID) (next turnout.ID, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		b := &settlement{s: s, tx: tx, now: s.Now(), orders: map[turnout.ID]*Order{}, counts: newLedger()}
		if err := b.load(ctx, []turnout.ID{order}); err != nil {
			return err
		}
		o := b.orders[order]
		if err := b.pageExpired(ctx, o, o.paymentByID(id)); err != nil {
			return err
		}
		next = o.Payment().ID
		return b.counts.write(ctx, tx, b.now)
	})
	return next, wrapped("open payment anew", err)
}

func (o *Order) paymentByID(id turnout.ID) *Payment {
	for _, p := range o.Payments {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// CheckoutRequest is what a provider is asked for a payment, also after its hold ended: the sandbox pays by it without a page.
// It fails with turnout.ErrNotFound.
func (s *Service) CheckoutRequest(ctx context.Context, id turnout.ID) (payments.CheckoutRequest, error) {
	order, err := s.orderWhere(ctx, s.DB.Read(), "id = (SELECT order_id FROM payments WHERE id = ?)", id)
	if err != nil {
		return payments.CheckoutRequest{}, fmt.Errorf("ticketing: checkout request: %w", err)
	}
	return s.checkoutRequest(order, order.paymentByID(id)), nil
}

func (s *Service) checkoutRequest(o *Order, p *Payment) payments.CheckoutRequest {
	req := payments.CheckoutRequest{
		PaymentID: p.ID, Total: o.Money(p.Amount), Email: o.BuyerEmail, Locale: o.Locale,
		SuccessURL: s.OrderLink(o), CancelURL: s.OrderLink(o), HeldUntil: o.ExpiresAt,
	}
	for _, l := range o.Lines {
		if each := l.UnitPrice - l.Discount; each > 0 { // the page takes no line that costs nothing
			req.Lines = append(req.Lines, payments.Line{Name: l.fullName(), UnitPrice: each, Quantity: l.Quantity})
		}
	}
	return req
}

// fullName names a line with the price window that it was sold in: two lines of one type differ by nothing else.
func (l *OrderLine) fullName() string {
	if l.PriceName == "" {
		return l.Name
	}
	return l.Name + " (" + l.PriceName + ")"
}

// expireSession closes a provider's page. Should the buyer have been faster, the provider's event says so and is settled as
// late money.
func (s *Service) expireSession(ctx context.Context, job jobs.Job) error {
	var ref paymentRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	p := new(Payment)
	if err := s.DB.Read().NewSelect().Model(p).Where("id = ?", ref.Payment).Where("community_id = ?", job.Community).Scan(ctx); err != nil {
		return err
	}
	if p.SessionRef == "" || p.Provider != s.Provider.Name() {
		return nil
	}
	_, err := s.Provider.Expire(ctx, p.SessionRef)
	if errors.Is(err, turnout.ErrNotFound) {
		return nil
	}
	return err
}

// refund asks the provider to give money back. The refund's id is the provider's idempotency key, so a second try after a
// lost answer pays once.
func (s *Service) refund(ctx context.Context, job jobs.Job) error {
	var ref refundRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	r, p := new(Refund), new(Payment)
	if err := s.DB.Read().NewSelect().Model(r).Where("id = ?", ref.Refund).Where("community_id = ?", job.Community).Scan(ctx); err != nil {
		return err
	}
	if r.Status != RefundRequested {
		return nil
	}
	if err := s.DB.Read().NewSelect().Model(p).Where("id = ?", r.PaymentID).Where("community_id = ?", r.CommunityID).Scan(ctx); err != nil {
		return err
	}
	switch p.Provider {
	case s.Provider.Name():
	case offlineProvider: // taken before another provider was set: a person gives it back all the same
		return s.noteRefund(ctx, r.ID, RefundManual, "", "")
	default:
		return jobs.Permanent(fmt.Errorf("ticketing: refund %s: its payment was made through %s, which is not configured", r.ID, p.Provider))
	}
	answer, err := s.Provider.Refund(ctx, payments.RefundRequest{ID: r.ID, PaymentID: p.ID, PaymentRef: p.PaymentRef,
		Amount: turnout.Money{Amount: r.Amount, Currency: r.Currency}, Reason: r.Reason})
	switch {
	case err == nil:
		return s.noteRefund(ctx, r.ID, RefundStatus(answer.State), answer.Ref, "")
	case errors.Is(err, payments.ErrRefused), errors.Is(err, payments.ErrRefundTooMuch), errors.Is(err, payments.ErrAmount), errors.Is(err, turnout.ErrNotFound):
		refusal, _ := errors.AsType[*turnout.Error](err)
		return s.noteRefund(ctx, r.ID, RefundFailed, "", refusal.Code)
	}
	return err
}

// noteRefund writes what the provider answered, unless a webhook was faster.
func (s *Service) noteRefund(ctx context.Context, id turnout.ID, to RefundStatus, ref, problem string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		r := new(Refund)
		if err := tx.NewSelect().Model(r).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		if err := lockPoolsOf(ctx, tx, []turnout.ID{r.OrderID}); err != nil {
			return err
		}
		o, err := s.orderWhere(ctx, tx, "id = ?", r.OrderID)
		if err != nil {
			return err
		}
		b := &settlement{s: s, tx: tx, now: s.Now(), counts: newLedger()}
		b.counts.watch(o)
		for _, r := range o.Refunds {
			if r.ID != id || r.Status != RefundRequested {
				continue
			}
			b.counts.moveRefund(r, to)
			r.ProviderRef, r.LastError, r.UpdatedAt = ref, problem, b.now
			if _, err := tx.NewUpdate().Model(r).Column("status", "provider_ref", "last_error", "updated_at").WherePK().Exec(ctx); err != nil {
				return err
			}
			switch to {
			case RefundFailed:
				if err := b.note(ctx, o, "refund.failed"); err != nil {
					return err
				}
			case RefundSucceeded:
				if err := b.note(ctx, o, "refund.succeeded"); err != nil {
					return err
				}
				if err := b.lateRefunded(ctx, o, o.paymentByID(r.PaymentID)); err != nil {
					return err
				}
			}
		}
		return b.counts.write(ctx, tx, b.now)
	})
}
