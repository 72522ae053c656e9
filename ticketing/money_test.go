package ticketing_test

import (
	"errors"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// refundFailed tells that the newest refund of an order did not reach the buyer.
func (s *shop) refundFailed(o *ticketing.Order) {
	s.t.Helper()
	o = s.order(o.ID)
	r := o.Refunds[len(o.Refunds)-1]
	var ref string
	for _, p := range o.Payments {
		if p.ID == r.PaymentID {
			ref = p.PaymentRef
		}
	}
	s.tell(payments.Event{Kind: payments.EventRefundFailed, PaymentRef: ref, RefundID: r.ID, RefundRef: "re_" + string(r.ID), Amount: o.Money(r.Amount)})
}

// failures gives the number of the to-do, and that of the orders that its link lists.
func (s *shop) failures() (counted int64, listed int) {
	s.t.Helper()
	all, err := ticketing.EventTotals(s.t.Context(), s.DB.Read(), s.event.CommunityID, []turnout.ID{s.event.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	orders, err := s.Orders(s.t.Context(), s.event.CommunityID, s.event.ID, ticketing.OrderFilter{Refunds: ticketing.RefundFailed, Limit: 10})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range orders {
		if !o.RefundFailed() {
			s.t.Errorf("%s is listed, its refunds went well", o.ID)
		}
	}
	return all[s.event.ID].Waits.FailedRefunds, len(orders)
}

// What an order says can be given back is what RefundOrder gives back, payment by payment.
func TestWhatCanBeGivenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(4900, s.pool(1))
		twice := s.buy(tt, 1, 1)
		s.tell(paid(twice, "pi_1"))
		second := paid(twice, "pi_2")
		second.SessionRef = "cs_second"
		s.tell(second) // goes back by itself
		if got := s.order(twice.ID).Refundable(); got != twice.Money(4900) {
			t.Errorf("paid twice, one went back: %v can be given back", got)
		}
		refunds, err := s.RefundOrder(t.Context(), s.event.CommunityID, twice.ID, ticketing.CanceledByOrganiser)
		if err != nil || len(refunds) != 1 || refunds[0].Amount != 4900 {
			t.Fatalf("%+v, %v", refunds, err)
		}
		if got := s.order(twice.ID); got.Refundable().Amount != 0 || !got.CanCancel(s.now()) || got.CanMarkPaid() || got.WaitsForHand() {
			t.Errorf("given back: %v left", got.Refundable())
		}
	})
}

// Late money whose refund failed is still the buyer's: it can be given back until it was, and is a thing to do until then.
func TestAFailedRefundIsToDoUntilTheMoneyIsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(4900, s.pool(1))
		late := s.buy(tt, 1, 1)
		s.wait(time.Hour)
		s.tell(paid(s.buy(tt, 1, 2), "pi_2")) // the only place
		s.tell(paid(late, "pi_1"))
		if n, listed := s.failures(); n != 0 || listed != 0 || s.order(late.ID).Refundable().Amount != 0 {
			t.Errorf("on its way back: %d counted, %d listed", n, listed)
		}
		s.refundFailed(late)
		if n, listed := s.failures(); n != 1 || listed != 1 || s.order(late.ID).Refundable() != late.Money(4900) {
			t.Errorf("failed: %d counted, %d listed, %v left", n, listed, s.order(late.ID).Refundable())
		}
		s.holds()
		if _, err := s.RefundOrder(t.Context(), s.event.CommunityID, late.ID, ticketing.CanceledByOrganiser); err != nil {
			t.Fatal(err)
		}
		if n, listed := s.failures(); n != 0 || listed != 0 {
			t.Errorf("asked for again: %d counted, %d listed", n, listed)
		}
		s.holds()
		s.refundFailed(late)
		if n, listed := s.failures(); n != 1 || listed != 1 {
			t.Errorf("failed again: %d counted, %d listed", n, listed)
		}
		s.tell(payments.Event{Kind: payments.EventRefunded, PaymentRef: "pi_1", RefundRef: "re_by_hand", Amount: late.Money(4900)})
		if n, listed := s.failures(); n != 0 || listed != 0 || s.order(late.ID).Payment().Status != ticketing.PaymentLateRefunded {
			t.Errorf("given back at the provider: %d counted, %d listed", n, listed)
		}
	})
}

// A canceled order's refund that failed can be asked for again; money that a bank takes back by itself is nothing to do.
func TestAFailedRefundOfACanceledOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(4900, s.pool(1)), 1, 1)
		s.tell(paid(o, "pi_1"))
		if _, err := s.CancelOrder(t.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		s.refundFailed(o)
		if n, _ := s.failures(); n != 1 || s.order(o.ID).CanCancel(s.now()) || s.order(o.ID).Refundable().Amount != 4900 {
			t.Errorf("canceled, and the refund failed: %d counted", n)
		}
		s.tell(payments.Event{Kind: payments.EventDisputed, PaymentRef: "pi_1"})
		if n, listed := s.failures(); n != 0 || listed != 0 || s.order(o.ID).Refundable().Amount != 0 {
			t.Errorf("disputed: %d counted, %d listed", n, listed)
		}
		if _, err := s.RefundOrder(t.Context(), s.event.CommunityID, o.ID, ticketing.CanceledByOrganiser); !errors.Is(err, ticketing.ErrNothingToRefund) {
			t.Errorf("disputed, and given back: %v", err)
		}
	})
}

// Tickets bring what they were sold for, whatever their type costs by now.
func TestIncomeIsWhatWasSold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(4900, hall)
		income := func() int64 {
			t.Helper()
			byType, err := ticketing.SalesByType(t.Context(), db.Read(), s.event.CommunityID, s.event.ID)
			if err != nil {
				t.Fatal(err)
			}
			s.holds()
			return byType[tt.ID].Income
		}
		early := s.buy(tt, 2, 1)
		if got := income(); got != 0 {
			t.Errorf("held: %d", got)
		}
		s.tell(paid(early, "pi_1"))
		if _, err := s.UpdateTicketType(t.Context(), s.event.CommunityID, tt.ID, 0, ticketing.TicketTypeInput{Name: "Standard",
			Price: turnout.Money{Amount: 9900, Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID}}); err != nil {
			t.Fatal(err)
		}
		if got := income(); got != 9800 {
			t.Errorf("two at 49.00, before the price rose: %d", got)
		}
		s.tell(paid(s.buy(tt, 1, 2), "pi_2"))
		if got := income(); got != 19700 {
			t.Errorf("and one at 99.00: %d", got)
		}
		if _, err := s.CancelOrder(t.Context(), early.CommunityID, early.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		if got := income(); got != 9900 {
			t.Errorf("the first two canceled: %d", got)
		}
	})
}
