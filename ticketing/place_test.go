package ticketing_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// Fifty buyers at once for thirty places, at two servers: thirty are sold, twenty hear "sold out".
func TestFiftyBuyersForThirtyPlaces(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newShop(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			hall := first.pool(30)
			tt := first.ticketType(0, hall)
			var sold, soldOut atomic.Int64
			dbtest.Together(50, func(i int) {
				server := []*shop{first, second}[i%2]
				_, _, err := server.PlaceOrder(context.Background(), server.purchase(tt, 1, i))
				switch {
				case err == nil:
					sold.Add(1)
				case errors.Is(err, ticketing.ErrSoldOut):
					soldOut.Add(1)
				default:
					t.Error(err)
				}
			})
			if sold.Load() != 30 || soldOut.Load() != 20 || first.taken(hall) != 30 {
				t.Errorf("sold %d, refused %d, taken %d", sold.Load(), soldOut.Load(), first.taken(hall))
			}
		})
	}
}

// Twenty equal requests at once with one key, at two servers: one order, twenty equal answers; another body is refused.
func TestOneKeyMakesOneOrder(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newShop(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			hall := first.pool(2) // no more than the order takes: an equal request that came second must not hear "sold out"
			tt := first.ticketType(2500, hall)
			p := first.purchase(tt, 2, 1)
			p.Key = "a key"
			var mu sync.Mutex
			ids := map[turnout.ID]int{}
			fresh := 0
			dbtest.Together(20, func(i int) {
				o, replayed, err := []*shop{first, second}[i%2].PlaceOrder(context.Background(), p)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if ids[o.ID]++; !replayed {
					fresh++
				}
			})
			if len(ids) != 1 || fresh != 1 || first.taken(hall) != 2 {
				t.Errorf("orders %v, %d fresh, %d places taken", ids, fresh, first.taken(hall))
			}
			other := p
			other.Lines = []ticketing.PurchaseLine{{TicketTypeID: tt.ID, Quantity: 3}}
			if _, _, err := first.PlaceOrder(t.Context(), other); !errors.Is(err, ticketing.ErrIdempotencyKeyReused) {
				t.Errorf("another body under the key: %v", err)
			}
		})
	}
}

// The first of several equal requests is refused in the same transaction: the others are refused too, not lost.
func TestEqualRequestsThatAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(1))
		p := s.purchase(tt, 2, 1)
		p.Key = "a key"
		dbtest.Together(8, func(int) {
			if _, _, err := s.PlaceOrder(context.Background(), p); !errors.Is(err, ticketing.ErrSoldOut) {
				t.Error(err)
			}
		})
	})
}

// Two servers sell baskets that name the same pools in opposite orders: nobody waits for ever, all pools or none are taken.
func TestOppositeBaskets(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newShop(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			a, b := first.pool(60), first.pool(40)
			both, onlyA := first.ticketType(0, a, b), first.ticketType(0, a)
			onlyB := first.ticketType(0, b)
			dbtest.Together(80, func(i int) {
				server := []*shop{first, second}[i%2]
				p := server.purchase(both, 1, i)
				p.Lines = [][]ticketing.PurchaseLine{
					{{TicketTypeID: onlyB.ID, Quantity: 1}, {TicketTypeID: onlyA.ID, Quantity: 1}},
					{{TicketTypeID: onlyA.ID, Quantity: 1}, {TicketTypeID: onlyB.ID, Quantity: 1}},
					{{TicketTypeID: both.ID, Quantity: 1}},
				}[i%3]
				if _, _, err := server.PlaceOrder(context.Background(), p); err != nil && !errors.Is(err, ticketing.ErrSoldOut) {
					t.Error(err)
				}
			})
			if first.taken(a) != 40 || first.taken(b) != 40 {
				t.Errorf("taken %d and %d, want 40 each", first.taken(a), first.taken(b))
			}
		})
	}
}

func TestFreeOrdersAreConfirmedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(5))
		p := s.purchase(tt, 2, 1)
		p.Attendees = []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "Łukasz"}}, {Attendee: ticketing.Attendee{Name: "山田太郎", Email: "Taro@Example.JP"}}}
		o, _, err := s.PlaceOrder(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if o.Status != ticketing.Confirmed || len(o.Payments) != 0 || len(o.Tickets) != 2 {
			t.Fatalf("%+v", o)
		}
		if o.Tickets[0].AttendeeName != "Łukasz" || o.Tickets[0].PersonID != o.PersonID || o.Tickets[1].PersonID == o.PersonID {
			t.Error("tickets do not bear their attendees")
		}
		key, err := s.event.PrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		for _, ticket := range o.Tickets {
			code, err := ticketing.ParseCode(ticket.Code)
			if err != nil || !code.Verify(key.Public().(ed25519.PublicKey)) || code.Ticket != ticket.Number {
				t.Errorf("code %q: %v", ticket.Code, err)
			}
		}
		again, err := s.OrderBySecret(t.Context(), o.Code, o.Secret)
		if err != nil || again.ID != o.ID || again.Tickets[1].Code != o.Tickets[1].Code {
			t.Errorf("by secret: %v", err)
		}
		for _, wrong := range []string{"", o.Secret + "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
			if _, err := s.OrderBySecret(t.Context(), o.Code, wrong); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("secret %q: %v", wrong, err)
			}
		}
		if s.jobs(ticketing.JobOrderConfirmed) != 1 {
			t.Error("no mail is on its way")
		}
	})
}

func TestRefusalsOfASale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(5)
		tt := s.ticketType(1000, hall)
		window := func(from, to time.Duration) *ticketing.TicketType {
			in := ticketing.TicketTypeInput{Name: "Window " + from.String() + to.String(), Price: turnout.Money{Currency: "EUR"}, AttendanceMode: ticketing.Virtual,
				PoolIDs: []turnout.ID{hall.ID}, SalesStart: start.Add(from), SalesEnd: start.Add(to), MinPerOrder: 2, MaxPerOrder: 3}
			made, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, in)
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		open := window(-time.Hour, time.Hour)
		invalid := &turnout.Error{Kind: turnout.Invalid, Code: "invalid"}
		for name, c := range map[string]struct {
			change func(p *ticketing.Purchase)
			want   error
		}{
			"not yet": {func(p *ticketing.Purchase) {
				p.Lines[0].TicketTypeID = window(time.Hour, 2*time.Hour).ID
				p.Lines[0].Quantity = 2
			}, ticketing.ErrSaleNotYet},
			"over": {func(p *ticketing.Purchase) {
				p.Lines[0].TicketTypeID = window(-2*time.Hour, 0).ID
				p.Lines[0].Quantity = 2
			}, ticketing.ErrSaleOver},
			"too few":           {func(p *ticketing.Purchase) { p.Lines[0].TicketTypeID = open.ID }, invalid},
			"too many":          {func(p *ticketing.Purchase) { p.Lines[0].TicketTypeID, p.Lines[0].Quantity = open.ID, 4 }, invalid},
			"more than is left": {func(p *ticketing.Purchase) { p.Lines[0].Quantity = 6 }, ticketing.ErrSoldOut},
			"no such type":      {func(p *ticketing.Purchase) { p.Lines[0].TicketTypeID = "typ_x" }, invalid},
			"no such event":     {func(p *ticketing.Purchase) { p.EventID = "evt_x" }, turnout.ErrNotFound},
			"nothing":           {func(p *ticketing.Purchase) { p.Lines = nil }, invalid},
			"minus one":         {func(p *ticketing.Purchase) { p.Lines[0].Quantity = -1 }, invalid},
			"twice a type":      {func(p *ticketing.Purchase) { p.Lines = append(p.Lines, p.Lines[0]) }, invalid},
			"no buyer":          {func(p *ticketing.Purchase) { p.Buyer = ticketing.Attendee{} }, invalid},
			"no address":        {func(p *ticketing.Purchase) { p.Buyer.Email = "nobody" }, invalid},
			"one of two named": {func(p *ticketing.Purchase) {
				p.Lines[0].Quantity = 2
				p.Attendees = []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "A"}}}
			}, invalid},
		} {
			p := s.purchase(tt, 1, 1)
			c.change(&p)
			if _, _, err := s.PlaceOrder(t.Context(), p); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s.taken(hall) != 0 {
			t.Errorf("refused orders hold %d places", s.taken(hall))
		}
	})
}

func TestHoldsEndAndGivePlacesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		tt := s.ticketType(2500, hall)
		held := s.buy(tt, 2, 1)
		if held.Status != ticketing.Held || held.Tickets[0].Code != "" {
			t.Fatalf("%+v", held)
		}
		if _, _, err := s.PlaceOrder(t.Context(), s.purchase(tt, 1, 2)); !errors.Is(err, ticketing.ErrSoldOut) {
			t.Fatalf("places were sold twice: %v", err)
		}
		s.wait(15*time.Minute - time.Microsecond)
		if n, err := s.ExpireHolds(t.Context(), ""); n != 0 || err != nil {
			t.Fatalf("a hold ended early: %d, %v", n, err)
		}
		s.wait(time.Microsecond)
		if got := s.order(held.ID); got.StatusAt(s.now()) != ticketing.Expired {
			t.Errorf("reads as %s before the sweep", got.StatusAt(s.now()))
		}
		// Nobody swept: the next buyer gets the places all the same.
		if next := s.buy(tt, 2, 3); next.Status != ticketing.Held {
			t.Error(next.Status)
		}
		if got := s.order(held.ID); got.Status != ticketing.Expired || got.Tickets[0].Status != ticketing.TicketCanceled || got.Payment().Status != ticketing.PaymentCanceled {
			t.Errorf("the ended hold: %s, %s, %s", got.Status, got.Tickets[0].Status, got.Payment().Status)
		}
		if _, _, err := s.OpenPayment(t.Context(), held.Payment().ID); !errors.Is(err, ticketing.ErrOrderNotOpen) {
			t.Errorf("an ended hold can be paid: %v", err)
		}
	})
}

// The same webhook twenty times at once, at two servers, confirms once.
func TestAWebhookCountsOnce(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newShop(t, dbtest.Handle(t, address))
			second := first.server(dbtest.Handle(t, address))
			o := first.buy(first.ticketType(2500, first.pool(5)), 1, 1)
			row := first.store("evt_1")
			var counted atomic.Int64
			dbtest.Together(20, func(i int) {
				once, err := []*shop{first, second}[i%2].Settle(context.Background(), row, paid(o, "pi_1"))
				if err != nil {
					t.Error(err)
				}
				if once {
					counted.Add(1)
				}
			})
			got := first.order(o.ID)
			if counted.Load() != 1 || got.Status != ticketing.Confirmed || got.Tickets[0].Code == "" || first.jobs(ticketing.JobOrderConfirmed) != 1 {
				t.Errorf("counted %d, %s, %d mails", counted.Load(), got.Status, first.jobs(ticketing.JobOrderConfirmed))
			}
		})
	}
}

func TestLateMoney(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(2)
		tt := s.ticketType(2500, hall)
		luckless, lucky := s.buy(tt, 1, 1), s.buy(tt, 1, 2)
		s.wait(time.Hour)
		if n, err := s.ExpireHolds(t.Context(), ""); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		s.tell(paid(lucky, "pi_lucky"))
		if got := s.order(lucky.ID); got.Status != ticketing.Confirmed || got.Tickets[0].Status != ticketing.Valid {
			t.Fatalf("late money with places left: %s, %s", got.Status, got.Tickets[0].Status)
		}
		other := s.buy(tt, 1, 3)
		s.tell(paid(luckless, "pi_luckless"))
		got := s.order(luckless.ID)
		if got.Status != ticketing.Expired || got.Payment().Status != ticketing.PaymentLateRefund || len(got.Refunds) != 1 || got.Refunds[0].Amount != 2500 {
			t.Fatalf("late money without places: %s, %s, %v", got.Status, got.Payment().Status, got.Refunds)
		}
		s.tell(payments.Event{Kind: payments.EventRefunded, PaymentRef: "pi_luckless", RefundID: got.Refunds[0].ID, RefundRef: "re_1", Amount: got.Money(2500)})
		if got := s.order(luckless.ID); got.Payment().Status != ticketing.PaymentLateRefunded || got.Refunds[0].Status != ticketing.RefundSucceeded {
			t.Errorf("after the refund: %s, %s", got.Payment().Status, got.Refunds[0].Status)
		}
		if s.taken(hall) != 2 || s.order(other.ID).Status != ticketing.Held {
			t.Error("late money cost somebody else a place")
		}
		// Money before the sweep, after the time: the places are still there.
		s.wait(time.Hour)
		s.tell(paid(other, "pi_other"))
		if got := s.order(other.ID); got.Status != ticketing.Confirmed {
			t.Errorf("money between deadline and sweep: %s", got.Status)
		}
	})
}

// The number of a price window is no seat: late money has its seat again at the price that it was sold at, though others had the window since.
func TestLateMoneyKeepsItsPrice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(9)
		tt, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: "Early", Price: turnout.Money{Amount: 900, Currency: "EUR"},
			AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID}, PriceWindows: []ticketing.PriceWindow{{Name: "First", Price: 500, UpTo: 3}}})
		if err != nil {
			t.Fatal(err)
		}
		counted := func(when string, want int64) {
			t.Helper()
			var n int64
			if err := s.DB.Read().NewRaw("SELECT taken FROM pools WHERE id = ?", tt.PriceWindows[0].PoolID).Scan(t.Context(), &n); err != nil || n != want {
				t.Errorf("%s the window counts %d, %v; want %d", when, n, err, want)
			}
		}
		late := s.buy(tt, 3, 1)
		s.wait(16 * time.Minute)
		if _, err := s.ExpireHolds(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		other := s.buy(tt, 1, 2)
		s.tell(paid(late, "pi_1"))
		if o := s.order(late.ID); o.Status != ticketing.Confirmed || o.Total != 1500 || s.taken(hall) != 4 {
			t.Errorf("late money: %s for %d, %d seats are taken", o.Status, o.Total, s.taken(hall))
		}
		counted("with both", 3)
		s.holds()
		s.cancel(other)
		counted("with the late one", 2)
		s.cancel(late)
		counted("with none", 0)
	})
}

func TestMoneyThatComesTwiceGoesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(2500, s.pool(2)), 1, 1)
		s.tell(paid(o, "pi_1"))
		s.tell(paid(o, "pi_1")) // the same money, told under another id
		s.tell(paid(o, "pi_2")) // other money
		got := s.order(o.ID)
		if got.Status != ticketing.Confirmed || len(got.Payments) != 2 || len(got.Refunds) != 1 || got.Refunds[0].PaymentID != got.Payments[1].ID ||
			got.Refunds[0].Reason != ticketing.PaidTwice {
			t.Errorf("%s, payments %+v, refunds %+v", got.Status, got.Payments, got.Refunds)
		}
	})
}

func TestCancelGivesBackWhatThePreviewSaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(3)
		o := s.buy(s.ticketType(2500, hall), 2, 1)
		s.tell(paid(o, "pi_1"))
		before, err := s.CancelOrder(t.Context(), o.CommunityID, o.ID, ticketing.CanceledByBuyer, true)
		if err != nil || s.order(o.ID).Status != ticketing.Confirmed {
			t.Fatalf("the preview changed something: %v", err)
		}
		var done atomic.Int64
		dbtest.Together(10, func(int) {
			after, err := s.CancelOrder(context.Background(), o.CommunityID, o.ID, ticketing.CanceledByBuyer, false)
			switch {
			case err == nil:
				done.Add(1)
				if after.Refund != before.Refund || after.Refund != o.Money(5000) {
					t.Errorf("said %v, did %v", before.Refund, after.Refund)
				}
			case !errors.Is(err, ticketing.ErrOrderOver):
				t.Error(err)
			}
		})
		got := s.order(o.ID)
		if done.Load() != 1 || got.Status != ticketing.OrderCanceled || len(got.Refunds) != 1 || s.taken(hall) != 0 {
			t.Errorf("canceled %d times: %s, %d refunds, %d places", done.Load(), got.Status, len(got.Refunds), s.taken(hall))
		}
		late := s.buy(s.ticketType(0, hall), 1, 2)
		s.wait(30 * 24 * time.Hour)
		if _, err := s.CancelOrder(t.Context(), late.CommunityID, late.ID, ticketing.CanceledByBuyer, false); !errors.Is(err, ticketing.ErrTooLate) {
			t.Errorf("a buyer canceled a running event's ticket: %v", err)
		}
		if _, err := s.CancelOrder(t.Context(), late.CommunityID, late.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Errorf("the organiser could not: %v", err)
		}
	})
}

func TestCapacityCannotGoBelowWhatIsTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(5)
		s.buy(s.ticketType(0, hall), 3, 1)
		change := func(version, capacity int64) error {
			_, err := s.UpdatePool(t.Context(), s.event.CommunityID, hall.ID, version, ticketing.PoolInput{Name: "Hall", Capacity: capacity})
			return err
		}
		if err := change(0, 2); !errors.Is(err, ticketing.ErrCapacityBelowTaken) {
			t.Error(err)
		}
		if err := change(7, 4); !errors.Is(err, turnout.ErrStale) {
			t.Error(err)
		}
		if err := change(1, 3); err != nil {
			t.Error(err)
		}
		if _, err := s.UpdatePool(t.Context(), "com_other", hall.ID, 0, ticketing.PoolInput{Name: "Hall", Capacity: 9}); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("another community's pool: %v", err)
		}
	})
}

func TestTheWaitlistCanBeJoinedAndLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(3))
		wish := ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{tt.ID}, PartySize: 2, Who: ticketing.Attendee{Name: "Ada", Email: "ada@example.org"}}
		if err := s.JoinWaitlist(t.Context(), wish); !errors.Is(err, ticketing.ErrNotSoldOut) {
			t.Fatalf("waiting for tickets that are there: %v", err)
		}
		s.buy(tt, 2, 1)
		if err := s.JoinWaitlist(t.Context(), wish); err != nil {
			t.Fatal(err)
		}
		entry := s.waiting("ada@example.org")
		// Strangers learn nothing by trying an address again; its mailbox gets the link again, a few times.
		for range 9 {
			again := wish
			again.Who.Name, again.PartySize = "Mallory", 5
			if err := s.JoinWaitlist(t.Context(), again); err != nil {
				t.Errorf("twice: %v", err)
			}
		}
		if n := s.jobs(ticketing.JobWaitlistJoined); n != 4 {
			t.Errorf("%d mails, want the first and three again", n)
		}
		if got := s.waiting("ada@example.org"); got.ID != entry.ID || got.PartySize != 2 || got.Name != "Ada" {
			t.Errorf("a stranger changed the wish: %+v", got)
		}
		s.wait(time.Hour + time.Minute)
		if err := s.JoinWaitlist(t.Context(), wish); err != nil || s.jobs(ticketing.JobWaitlistJoined) != 5 {
			t.Errorf("an hour later: %v, %d mails", err, s.jobs(ticketing.JobWaitlistJoined))
		}
		if _, err := s.LeaveWaitlist(t.Context(), entry.ID, "wrong"); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("a stranger: %v", err)
		}
		for range 2 {
			if left, err := s.LeaveWaitlist(t.Context(), entry.ID, entry.Secret); err != nil || left.Status != ticketing.Withdrawn {
				t.Errorf("leaving: %v", err)
			}
		}
		if err := s.JoinWaitlist(t.Context(), wish); err != nil || s.waiting("ada@example.org").ID == entry.ID {
			t.Errorf("joining again: %v", err)
		}
	})
}

// An order is canceled by its own community alone, whoever knows its id.
func TestAnotherCommunityCancelsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		o := s.buy(s.ticketType(0, s.pool(3)), 1, 1)
		for _, preview := range []bool{true, false} {
			if _, err := s.CancelOrder(t.Context(), "com_other", o.ID, ticketing.CanceledByOrganiser, preview); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("preview %v: %v", preview, err)
			}
		}
		if now := s.order(o.ID); now.Status != ticketing.Confirmed {
			t.Errorf("it is %s", now.Status)
		}
	})
}
