package ticketing_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Who accepted an offer and corrects the order keeps the offered places, for as long as they had them; nobody else does.
func TestAnAcceptedOfferIsCorrected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		tt := s.ticketType(1000, hall)
		gone := s.buy(tt, 2, 1)
		pair, next := s.wish("pair", 2, tt), s.wish("next", 1, tt)
		s.cancel(gone)
		s.serve()
		p := s.purchase(tt, 2, 1)
		p.Buyer, p.Offer, p.Key, p.Amends = ticketing.Attendee{Name: "Pare", Email: pair.Email}, pair.ID, "a form", true
		first, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil || !first.ExpiresAt.Equal(s.now().Add(24*time.Hour)) {
			t.Fatalf("%+v, %v", first, err)
		}
		can, err := s.Assortment(t.Context(), s.event, first, &p)
		if err != nil || can.Offered != 2 || can.Offers[0].Left != 2 || can.Offers[0].Reason != nil {
			t.Errorf("what can be chosen instead: %+v, %v", can, err)
		}
		if _, err := s.Assortment(t.Context(), s.event, nil, &p); !errors.Is(err, ticketing.ErrOfferOver) {
			t.Errorf("what another browser can choose: %v", err)
		}
		p.Buyer.Name = "Pair"
		second, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatalf("the form again: %v", err)
		}
		s.wait(time.Hour)
		p.Key, p.Amends, p.Replaces = "", false, second.ID
		third, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatalf("another form instead: %v", err)
		}
		for _, o := range []*ticketing.Order{second, third} {
			if o.Status != ticketing.Held || !o.ExpiresAt.Equal(first.ExpiresAt) || o.BuyerName != "Pair" {
				t.Errorf("%s is held until %v by %s", o.Status, o.ExpiresAt, o.BuyerName)
			}
		}
		entry, err := s.WaitlistEntry(t.Context(), s.event.CommunityID, pair.ID)
		if err != nil || entry.Status != ticketing.Accepted || entry.OrderID != third.ID || s.taken(hall) != 2 {
			t.Errorf("%+v, %v, %d taken", entry, err, s.taken(hall))
		}
		p.Replaces = ""
		if _, _, err := s.PlaceOrder(t.Context(), p); !errors.Is(err, ticketing.ErrOfferOver) {
			t.Errorf("once more beside it: %v", err)
		}
		s.wantStates("nothing came free", []*ticketing.WaitlistEntry{next}, ticketing.Waiting)
		s.wait(24 * time.Hour)
		p.Replaces = third.ID
		if _, _, err := s.PlaceOrder(t.Context(), p); !errors.Is(err, ticketing.ErrOfferOver) {
			t.Errorf("after its time: %v", err)
		}
	})
}

// An order that the organiser has not decided about gives way too: a form that is sent again changed makes one order of it.
func TestAnOrderThatAwaitsApprovalGivesWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(4)
		tt := s.ticketType(2500, hall)
		s.edit(tt, "requires_approval = TRUE, version = version + 1")
		p := s.purchase(tt, 3, 1)
		p.Key, p.Amends = "a form", true
		first, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil || first.Status != ticketing.AwaitingApproval {
			t.Fatalf("%+v, %v", first, err)
		}
		p.Buyer.Name = "Corrected"
		second, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil || second.Status != ticketing.AwaitingApproval || s.order(first.ID).Status != ticketing.OrderCanceled || s.taken(hall) != 3 {
			t.Fatalf("%+v, %v, %d taken", second, err, s.taken(hall))
		}
		p.Key, p.Amends, p.Replaces = "", false, second.ID
		third, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil || s.order(second.ID).Status != ticketing.OrderCanceled || s.taken(hall) != 3 {
			t.Fatalf("%+v, %v, %d taken", third, err, s.taken(hall))
		}
		if _, err := s.ApproveOrder(t.Context(), s.event.CommunityID, first.ID, ""); !errors.Is(err, ticketing.ErrNotAwaiting) {
			t.Errorf("the first can still be approved: %v", err)
		}
	})
}

// A key stands for all that the request says, the total that it expects and the language with it. A form's key does not: it can be sent
// again from a page that shows another total or language.
func TestAKeyWithAnotherTotalOrLanguage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(2500, s.pool(10))
		for _, isForm := range []bool{false, true} {
			p := s.purchase(tt, 1, 1)
			p.Key, p.Amends, p.Expected, p.Locale = "a key "+fmt.Sprint(isForm), isForm, &turnout.Money{Amount: 2500, Currency: "EUR"}, "de"
			first, _, err := s.PlaceOrder(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			total, language := p, p
			total.Expected, language.Locale = &turnout.Money{Amount: 2600, Currency: "EUR"}, "en"
			for what, again := range map[string]ticketing.Purchase{"another total": total, "another language": language, "the same": p} {
				o, replayed, err := s.PlaceOrder(t.Context(), again)
				switch refused := !isForm && what != "the same"; {
				case refused && !errors.Is(err, ticketing.ErrIdempotencyKeyReused):
					t.Errorf("%s: %v", what, err)
				case !refused && (err != nil || !replayed || o.ID != first.ID):
					t.Errorf("%s, a form %v: replayed %v, %v", what, isForm, replayed, err)
				}
			}
		}
	})
}
