package ticketing_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
)

// approved makes a type that the organiser decides about.
func (s *shop) byHand(price int64, pools ...*ticketing.Pool) *ticketing.TicketType {
	s.t.Helper()
	tt := s.ticketType(price, pools...)
	s.edit(tt, "requires_approval = TRUE")
	return tt
}

func (s *shop) approvals() int64 {
	s.t.Helper()
	all, err := ticketing.EventTotals(s.t.Context(), s.DB.Read(), s.event.CommunityID, []turnout.ID{s.event.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	return all[s.event.ID].Approvals
}

func TestAnOrderThatNeedsApproval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		free, paying := s.byHand(0, hall), s.byHand(2500, hall)
		gratis, priced, refused := s.buy(free, 1, 1), s.buy(paying, 2, 2), s.buy(paying, 1, 3)
		for _, o := range []*ticketing.Order{gratis, priced, refused} {
			if o.Status != ticketing.AwaitingApproval || len(o.Payments) != 0 {
				t.Errorf("the order is %s with %d payments", o.Status, len(o.Payments))
			}
		}
		list, err := s.AwaitingOrders(t.Context(), s.event, gratis.ID, 10)
		if err != nil || len(list) != 2 || list[0].ID != priced.ID || len(list[0].Tickets) != 2 {
			t.Errorf("after the first there wait %v, %v", list, err)
		}
		if s.approvals() != 3 || s.taken(hall) != 4 {
			t.Errorf("%d wait, %d places are taken", s.approvals(), s.taken(hall))
		}
		if o, err := s.ApproveOrder(t.Context(), s.event.CommunityID, gratis.ID, "Welcome back"); err != nil || o.Status != ticketing.Confirmed || o.Tickets[0].Status != ticketing.Valid ||
			o.DecisionNote != "Welcome back" || !o.DecidedAt.Equal(s.now()) {
			t.Fatalf("the free one is %+v, %v", o, err)
		}
		o, err := s.ApproveOrder(t.Context(), s.event.CommunityID, priced.ID, "")
		if err != nil || o.Status != ticketing.Held || !o.ExpiresAt.Equal(s.now().Add(72*time.Hour)) || o.Payment().Amount != 5000 {
			t.Fatalf("the other is %+v, %v", o, err)
		}
		if o, err := s.DeclineOrder(t.Context(), s.event.CommunityID, refused.ID, "Members first"); err != nil || o.Status != ticketing.OrderCanceled {
			t.Fatalf("declined it is %+v, %v", o, err)
		}
		for _, id := range []turnout.ID{gratis.ID, priced.ID, refused.ID} {
			for _, decide := range []func(context.Context, turnout.ID, turnout.ID, string) (*ticketing.Order, error){s.ApproveOrder, s.DeclineOrder} {
				if _, err := decide(t.Context(), s.event.CommunityID, id, ""); !errors.Is(err, ticketing.ErrNotAwaiting) {
					t.Errorf("decided twice: %v", err)
				}
			}
		}
		if _, err := s.ApproveOrder(t.Context(), "com_other", gratis.ID, ""); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's: %v", err)
		}
		if s.approvals() != 0 || s.taken(hall) != 3 {
			t.Errorf("%d wait, %d places are taken", s.approvals(), s.taken(hall))
		}
		// Paid in time, or its places go back.
		s.wait(71 * time.Hour)
		s.tell(paid(s.order(priced.ID), "pi_1"))
		if o := s.order(priced.ID); o.Status != ticketing.Confirmed {
			t.Errorf("paid on the third day it is %s", o.Status)
		}
		late := s.buy(paying, 1, 4)
		if _, err := s.ApproveOrder(t.Context(), s.event.CommunityID, late.ID, ""); err != nil {
			t.Fatal(err)
		}
		s.wait(72 * time.Hour)
		if n, err := s.ExpireHolds(t.Context(), ""); err != nil || n != 1 || s.taken(hall) != 3 {
			t.Errorf("unpaid: %d expired, %v; %d places are taken", n, err, s.taken(hall))
		}
	})
}

// What nobody decides about ends with the event, and cannot be approved after that.
func TestApproveAfterTheEventIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.byHand(0, s.pool(1)), 1, 1)
		s.wait(31 * 24 * time.Hour)
		if _, err := s.ApproveOrder(t.Context(), s.event.CommunityID, o.ID, ""); !errors.Is(err, ticketing.ErrNotAwaiting) {
			t.Errorf("approved when the event is over: %v", err)
		}
		if n, err := s.ExpireHolds(t.Context(), ""); err != nil || n != 1 || s.approvals() != 0 {
			t.Errorf("%d expired, %v; %d wait", n, err, s.approvals())
		}
	})
}

// What is approved or offered shortly before the event's end is to be paid or accepted by then.
func TestDeadlinesEndWithTheEvent(t *testing.T) {
	for name, provider := range map[string]payments.Provider{"card": online{}, "transfer": offline.Provider{}} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := shopWith(t, db, provider)
				asked, full := s.buy(s.byHand(2500, s.pool(1)), 1, 1), s.ticketType(2500, s.pool(1))
				s.buy(full, 1, 2) // and does not pay
				ada := s.wish("ada", 1, full)
				s.wait(31*24*time.Hour - 2*time.Hour)
				o, err := s.ApproveOrder(t.Context(), s.event.CommunityID, asked.ID, "")
				if err != nil || !o.ExpiresAt.Equal(s.event.EndsAt) {
					t.Errorf("approved it is held until %v, %v; the event ends at %v", o.ExpiresAt, err, s.event.EndsAt)
				}
				if _, err := s.ExpireHolds(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
				s.serve()
				if ada, err = s.WaitlistEntry(t.Context(), s.event.CommunityID, ada.ID); err != nil || ada.Status != ticketing.Offered || !ada.OfferExpiresAt.Equal(s.event.EndsAt) {
					t.Fatalf("offered until the event's end: %+v, %v", ada, err)
				}
				p := s.purchase(full, 1, 3)
				p.Offer = ada.ID
				taken, _, err := s.PlaceOrder(t.Context(), p)
				if err != nil || !taken.ExpiresAt.Equal(s.event.EndsAt) {
					t.Errorf("accepted it is held until %v, %v", taken, err)
				}
			})
		})
	}
}

// Of two decisions at the same moment, on two servers, one counts.
func TestApproveAgainstDecline(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			s := newShop(t, dbtest.Handle(t, address))
			second := s.server(dbtest.Handle(t, address))
			hall := s.pool(20)
			free := s.byHand(0, hall)
			for i := range 8 {
				o := s.buy(free, 1, i)
				errs := make([]error, 4)
				dbtest.Together(4, func(k int) {
					server := s
					if k%2 == 1 {
						server = second
					}
					decide := server.ApproveOrder
					if k > 1 {
						decide = server.DeclineOrder
					}
					_, errs[k] = decide(context.Background(), s.event.CommunityID, o.ID, "")
				})
				done := 0
				for _, err := range errs {
					switch {
					case err == nil:
						done++
					case !errors.Is(err, ticketing.ErrNotAwaiting):
						t.Error(err)
					}
				}
				if done != 1 {
					t.Errorf("%d of four decisions counted", done)
				}
			}
			if s.approvals() != 0 {
				t.Errorf("%d still wait", s.approvals())
			}
		})
	}
}

// An offer of the waitlist for a type that needs approval holds its places until the decision; declined they go to the next.
func TestApprovalAndTheWaitlist(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		tt := s.byHand(2500, hall)
		o := s.buy(tt, 2, 1)
		pair, next := s.wish("pair", 2, tt), s.wish("next", 2, tt)
		if _, err := s.DeclineOrder(t.Context(), s.event.CommunityID, o.ID, ""); err != nil {
			t.Fatal(err)
		}
		s.serve()
		asked, err := s.accept(pair, tt, 2)
		if err != nil || asked.Status != ticketing.AwaitingApproval || s.taken(hall) != 2 {
			t.Fatalf("the order is %+v, %v; %d places are taken", asked, err, s.taken(hall))
		}
		s.wait(48 * time.Hour) // longer than the offer was good for
		if _, err := s.ExpireOffers(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		s.wantStates("awaiting", []*ticketing.WaitlistEntry{pair, next}, ticketing.Accepted, ticketing.Waiting)
		if _, err := s.DeclineOrder(t.Context(), s.event.CommunityID, asked.ID, ""); err != nil {
			t.Fatal(err)
		}
		s.serve()
		s.wantStates("declined", []*ticketing.WaitlistEntry{pair, next}, ticketing.Accepted, ticketing.Offered)
	})
}

// paged is a provider whose pages close after a day, as Stripe's do.
type paged struct{ offline.Provider }

func (paged) Name() string { return "online" }

func (paged) Checkout(_ context.Context, req payments.CheckoutRequest) (payments.Checkout, error) {
	return payments.Checkout{SessionRef: "cs_" + string(req.PaymentID), URL: "https://pay.example/" + string(req.PaymentID)}, nil
}

// A page that was opened on the first day is closed on the second: the buyer gets a new one, whether its end was told or not.
func TestAnApprovedOrderCanBePaidOnTheSecondDay(t *testing.T) {
	for _, told := range []bool{true, false} {
		dbtest.Each(t, func(t *testing.T, db *database.DB) {
			s := shopWith(t, db, paged{})
			o := s.buy(s.byHand(2500, s.pool(1)), 1, 1)
			o, err := s.ApproveOrder(t.Context(), s.event.CommunityID, o.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			first := o.Payment().ID
			page, _, err := s.OpenPayment(t.Context(), first)
			if err != nil || page != "https://pay.example/"+string(first) {
				t.Fatalf("the page is %q, %v", page, err)
			}
			s.wait(23 * time.Hour) // a card that is declined there does not keep the page open for longer
			s.tell(payments.Event{Kind: payments.EventDeclined, PaymentID: first, SessionRef: "cs_" + string(first)})
			s.wait(2 * time.Hour)
			if told {
				s.tell(payments.Event{Kind: payments.EventExpired, PaymentID: first, SessionRef: "cs_" + string(first)})
				first = s.order(o.ID).Payment().ID
			}
			page, again, err := s.OpenPayment(t.Context(), first)
			if err != nil || page == "https://pay.example/"+string(o.Payment().ID) {
				t.Fatalf("on the second day the page is %q, %v", page, err)
			}
			next := s.order(o.ID).Payment()
			if page != "https://pay.example/"+string(next.ID) || again.ID != o.ID {
				t.Errorf("the page is %q, the payment %s", page, next.ID)
			}
			e := paid(s.order(o.ID), "pi_1")
			e.SessionRef = next.SessionRef
			s.tell(e)
			if o := s.order(o.ID); o.Status != ticketing.Confirmed {
				t.Errorf("paid it is %s", o.Status)
			}
		})
	}
}

// Buyers are told of each decision: once, at their address, in their language, with the note and until when to pay.
func TestMailsOfApproval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.byHand(2500, s.pool(5))
		place := func(who int, locale string) *ticketing.Order {
			p := s.purchase(tt, 1, who)
			p.Locale = locale
			o, _, err := s.PlaceOrder(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		yes, no := place(1, "en"), place(2, "de")
		s.sentMails()
		if _, err := s.ApproveOrder(t.Context(), s.event.CommunityID, yes.ID, "See you\nin spring"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.DeclineOrder(t.Context(), s.event.CommunityID, no.ID, "Leider voll"); err != nil {
			t.Fatal(err)
		}
		got, texts := s.sentMails()
		want := []string{
			"buyer1@example.org: Approved: pay now for Spring", "buyer1@example.org: Waits for an answer: your order for Spring",
			"buyer2@example.org: Abgelehnt: Ihre Bestellung für Spring", "buyer2@example.org: Wartet auf Antwort: Ihre Bestellung für Spring",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the mails are\n%s", strings.Join(got, "\n"))
		}
		for _, part := range []string{"See you\nin spring", "4 May 2026", "11:00", "€25.00", "/orders/" + yes.Code} {
			if text := texts[want[0]]; !strings.Contains(text, part) {
				t.Errorf("the approval does not say %q:\n%s", part, text)
			}
		}
		if text := texts[want[2]]; !strings.Contains(text, "Leider voll") {
			t.Errorf("the refusal is\n%s", text)
		}
	})
}
