package ticketing_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// The last places are held by the buyer's own unpaid order: others instead of them can be had all the same, in one go.
func TestAnUnpaidOrderGivesWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(3)
		tt, other := s.ticketType(2500, hall), s.ticketType(1000, hall)
		first := s.buy(tt, 3, 1)
		offers, err := s.OffersInstead(t.Context(), s.event, first)
		if err != nil || offers[0].Left != 3 || offers[0].Reason != nil {
			t.Fatalf("what can be had instead: %+v, %v", offers, err)
		}
		if offers, err := s.Offers(t.Context(), s.event); err != nil || offers[0].Left != 0 {
			t.Errorf("what others can have: %+v, %v", offers, err)
		}
		instead := s.purchase(other, 2, 1)
		instead.Replaces = first.ID
		_, queued := db.Batches()
		second, _, err := s.PlaceOrder(t.Context(), instead)
		if _, now := db.Batches(); now != queued+1 {
			t.Error("it did not wait its turn in the queue")
		}
		if err != nil || second.Status != ticketing.Held || s.taken(hall) != 2 {
			t.Fatalf("%+v, %v, %d taken", second, err, s.taken(hall))
		}
		gone := s.order(first.ID)
		if gone.Status != ticketing.OrderCanceled || gone.Payment().Status != ticketing.PaymentCanceled || s.jobs(ticketing.JobOrderCanceled) != 0 {
			t.Errorf("the first order: %s, %s, %d mails", gone.Status, gone.Payment().Status, s.jobs(ticketing.JobOrderCanceled))
		}
		// Refused: the hold stays.
		tooMany := s.purchase(tt, 4, 1)
		tooMany.Replaces = second.ID
		if _, _, err := s.PlaceOrder(t.Context(), tooMany); !errors.Is(err, ticketing.ErrSoldOut) {
			t.Errorf("more than there is: %v", err)
		}
		if got := s.order(second.ID); got.Status != ticketing.Held || s.taken(hall) != 2 {
			t.Errorf("a refused order took the hold with it: %s, %d taken", got.Status, s.taken(hall))
		}
		// Over meanwhile: nothing gives way, the places are taken anew.
		s.wait(16 * time.Minute)
		again := s.purchase(tt, 3, 1)
		again.Replaces = second.ID
		third, _, err := s.PlaceOrder(t.Context(), again)
		if err != nil || s.taken(hall) != 3 {
			t.Fatalf("%v, %d taken", err, s.taken(hall))
		}
		// Paid meanwhile: it does not give way, and nothing else is bought unasked.
		s.tell(paid(third, "pi_1"))
		again.Replaces = third.ID
		if _, _, err := s.PlaceOrder(t.Context(), again); !errors.Is(err, ticketing.ErrReplacedPaid) {
			t.Errorf("paid meanwhile: %v", err)
		}
		if s.order(third.ID).Status != ticketing.Confirmed || s.taken(hall) != 3 {
			t.Error("a paid order gave way")
		}
	})
}

// While somebody waits, a buyer keeps the places that their unpaid order holds and gets no others before those who wait.
func TestAnOrderThatGivesWayKeepsItsPlacesAndNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(4)
		tt, free := s.ticketType(2500, hall), s.ticketType(0, hall)
		held, one := s.buy(tt, 2, 1), s.buy(free, 2, 2)
		pair, three := s.wish("pair", 2, tt), s.wish("three", 3, tt)
		same := s.purchase(tt, 2, 1)
		same.Replaces = held.ID
		held, _, err := s.PlaceOrder(t.Context(), same)
		if err != nil {
			t.Fatalf("the same again: %v", err)
		}
		s.wantStates("the places were the buyer's", []*ticketing.WaitlistEntry{pair, three}, ticketing.Waiting, ticketing.Waiting)
		s.cancel(one)
		more := s.purchase(tt, 3, 1)
		more.Replaces = held.ID
		if _, _, err := s.PlaceOrder(t.Context(), more); !errors.Is(err, ticketing.ErrSoldOut) {
			t.Errorf("a place more, which others wait for: %v", err)
		}
		if got := s.order(held.ID); got.Status != ticketing.Held {
			t.Errorf("the order that was to give way is %s", got.Status)
		}
		s.wantStates("two places came free", []*ticketing.WaitlistEntry{pair, three}, ticketing.Offered, ticketing.Waiting)
		fewer := s.purchase(tt, 1, 1)
		fewer.Replaces = held.ID
		if _, _, err := s.PlaceOrder(t.Context(), fewer); err != nil || s.taken(hall) != 3 {
			t.Errorf("fewer: %v, %d taken", err, s.taken(hall))
		}
	})
}

// A form that is sent again changed makes one order of it, however often and however many times at once.
func TestAFormSentAgainChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(4)
		tt := s.ticketType(2500, hall)
		p := s.purchase(tt, 3, 1)
		p.Key, p.Amends = "a form", true
		first, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		changed := p
		changed.Lines = []ticketing.PurchaseLine{{TicketTypeID: tt.ID, Quantity: 4}}
		ids := make([]turnout.ID, 8)
		dbtest.Together(len(ids), func(i int) {
			o, _, err := s.PlaceOrder(context.Background(), changed)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = o.ID
		})
		for _, id := range ids {
			if id == first.ID || id != ids[0] {
				t.Errorf("orders %v after %s", ids, first.ID)
				break
			}
		}
		if s.order(first.ID).Status != ticketing.OrderCanceled || s.taken(hall) != 4 {
			t.Errorf("the first is %s, %d places are taken", s.order(first.ID).Status, s.taken(hall))
		}
		// Back to the first wish: the second gives way. A paid order stays, the form makes another beside it.
		back, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil || s.taken(hall) != 3 || s.order(ids[0]).Status != ticketing.OrderCanceled {
			t.Fatalf("%v, %d taken", err, s.taken(hall))
		}
		s.tell(paid(back, "pi_1"))
		p.Lines = []ticketing.PurchaseLine{{TicketTypeID: tt.ID, Quantity: 1}}
		if _, _, err := s.PlaceOrder(t.Context(), p); err != nil || s.taken(hall) != 4 || s.order(back.ID).Status != ticketing.Confirmed {
			t.Errorf("beside a paid order: %v, %d taken", err, s.taken(hall))
		}
	})
}

// A browser's token names a held order of its event, and nothing else.
func TestTheTokenOfAHeldOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(2500, hall)
		held, other := s.buy(tt, 1, 1), s.buy(tt, 1, 2)
		token := s.HeldToken(held)
		if strings.Contains(token, held.Secret) {
			t.Error("the token opens the order's page")
		}
		if got, err := s.HeldByToken(t.Context(), token); err != nil || got.ID != held.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		_, signature, _ := strings.Cut(token, ".")
		for name, wrong := range map[string]string{"none": "", "unsigned": string(held.ID) + ".", "another order": string(other.ID) + "." + signature,
			"the page's secret": string(held.ID) + "." + held.Secret} {
			if _, err := s.HeldByToken(t.Context(), wrong); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.wait(16 * time.Minute)
		if _, err := s.HeldByToken(t.Context(), token); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("after its time: %v", err)
		}
	})
}

// Everything that is wrong with a purchase is said at once, with the tickets' names.
func TestAllProblemsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(50))
		p := s.purchase(tt, 11, 1)
		p.Lines = append(p.Lines, ticketing.PurchaseLine{TicketTypeID: "typ_other", Quantity: 1})
		p.Buyer = ticketing.Attendee{Email: "ada@"}
		_, _, err := s.PlaceOrder(t.Context(), p)
		refusal, _ := errors.AsType[*turnout.Error](err)
		if refusal == nil {
			t.Fatal(err)
		}
		var said []string
		for _, f := range refusal.Fields {
			said = append(said, f.Name+" "+f.Message)
		}
		want := "lines[0].quantity " + tt.Name + ": choose 1 to 10.; lines[1].ticket_type_id This event has no such ticket type.; buyer.name This is needed.; buyer.email This is not an e-mail address."
		if got := strings.Join(said, "; "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
