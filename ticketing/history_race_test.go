package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"turnout"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
)

// story is what truly happened at the provider about one order, and where the order must end whatever the order in which its
// webhooks come, however often, however late.
type story struct {
	order  *ticketing.Order
	events []payments.Event
	want   ticketing.OrderStatus
	paid   int64 // all money that came
	extra  int64 // that must go back, because it came twice
	back   int64 // given back in the provider's dashboard
	late   bool  // its webhooks may come days later
	dispu  bool
}

func (h *story) add(kind payments.Kind, ref string, amount int64) *payments.Event {
	p := h.order.Payment()
	h.events = append(h.events, payments.Event{Kind: kind, OccurredAt: h.order.CreatedAt, PaymentID: p.ID, SessionRef: "cs_" + string(p.ID),
		PaymentRef: ref, Amount: h.order.Money(amount)})
	return &h.events[len(h.events)-1]
}

// tellStory makes up what happened; plain stories hold only what ends the same way when places are scarce and people cancel.
func tellStory(random *rand.Rand, o *ticketing.Order, plain bool) *story {
	h := &story{order: o, want: ticketing.Confirmed, late: true}
	ref := "pi_" + string(o.ID)
	if random.IntN(3) == 0 {
		h.add(payments.EventDeclined, ref, o.Total)
	}
	kinds := 8
	if plain {
		kinds = 5
	}
	switch random.IntN(kinds) {
	case 0, 1:
		h.add(payments.EventPaid, ref, o.Total)
		h.paid = o.Total
	case 2:
		h.add(payments.EventPaid, ref, o.Total)
		second := h.add(payments.EventPaid, ref+"_2", o.Total)
		second.SessionRef += "_2"
		h.paid, h.extra = 2*o.Total, o.Total
	case 3:
		h.add(payments.EventProcessing, ref, o.Total)
		h.add(payments.EventPaid, ref, o.Total)
		h.paid = o.Total
	case 4:
		h.add(payments.EventExpired, "", o.Total)
		h.want = ticketing.Expired
	case 5:
		h.add(payments.EventProcessing, ref, o.Total)
		h.add(payments.EventFailed, ref, o.Total)
		h.want = ticketing.Expired
	case 6:
		h.add(payments.EventPaid, ref, o.Total)
		h.add(payments.EventDisputed, ref, o.Total)
		h.paid, h.dispu, h.late = o.Total, true, false
	case 7:
		h.add(payments.EventPaid, ref, o.Total)
		h.add(payments.EventRefunded, ref, 700).RefundRef = "re_a_" + string(o.ID)
		h.add(payments.EventRefunded, ref, 300).RefundRef = "re_b_" + string(o.ID)
		h.add(payments.EventRefundFailed, ref, 300).RefundRef = "re_b_" + string(o.ID)
		h.paid, h.back, h.late = o.Total, 700, false
	}
	return h
}

// Webhooks of many orders, each up to five times, shuffled, some days late, told at the same moment to two servers while holds
// end: every order ends where its story says, and the money that came is tickets and refunds, to the cent.
func TestHistoriesOfWebhooks(t *testing.T) {
	rounds := 3
	if os.Getenv("TURNOUT_TEST_SOAK") != "" {
		rounds = 250 // of 40 stories: 10,000
	}
	for _, engine := range dbtest.Engines() {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/scarce=%v", engine, plain), func(t *testing.T) {
				t.Parallel()
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				random := rand.New(rand.NewPCG(seed, 1))
				address := dbtest.Address(t, engine)
				dbtest.NoDeadlocks(t, address)
				first := newShop(t, dbtest.Handle(t, address))
				servers := []*shop{first, first.server(dbtest.Handle(t, address))}
				for range rounds {
					capacity := int64(1000)
					if plain {
						capacity = 50 // all can be held, but those that end and come back late meet others
					}
					tt := first.ticketType(2500, first.pool(capacity))
					var stories []*story
					for i := range 40 {
						stories = append(stories, tellStory(random, first.buy(tt, 1, i), plain))
					}
					play(t, random, servers, stories, plain, tt)
					for _, h := range stories {
						h.verify(t, first, plain)
					}
					first.holds()
				}
			})
		}
	}
}

// delivery is one arrival of a webhook.
type delivery struct {
	row   turnout.ID
	event payments.Event
}

// play delivers everything, and makes the time pass.
func play(t *testing.T, random *rand.Rand, servers []*shop, stories []*story, scarce bool, tt *ticketing.TicketType) {
	t.Helper()
	s := servers[0]
	var soon, late []delivery
	for _, h := range stories {
		to := &soon
		if h.late && random.IntN(4) == 0 {
			to = &late
		}
		for _, e := range h.events {
			s.sent++
			e.Notice = payments.Notice{ID: fmt.Sprint("evt_", s.sent), Type: string(e.Kind)}
			d := delivery{s.store(e.ID), e}
			for range 1 + random.IntN(5) {
				*to = append(*to, d)
			}
		}
	}
	for phase, list := range [][]delivery{soon, late} {
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		deliver(t, servers, list, func(i int) {
			switch {
			case i%20 == 19:
				s.wait(time.Minute)
			case i%7 == 3:
				if _, err := servers[i%2].ExpireHolds(context.Background(), ""); err != nil {
					t.Error(err)
				}
			case scarce && i%9 == 5:
				h := stories[i%len(stories)]
				if _, err := servers[i%2].CancelOrder(context.Background(), h.order.CommunityID, h.order.ID, ticketing.CanceledByOrganiser, false); err != nil && !errors.Is(err, ticketing.ErrOrderOver) {
					t.Error(err)
				}
			case scarce && i%9 == 7:
				if _, _, err := servers[i%2].PlaceOrder(context.Background(), s.purchase(tt, 3, 1000+i)); err != nil && !errors.Is(err, ticketing.ErrSoldOut) {
					t.Error(err)
				}
			}
		})
		if phase == 0 {
			s.wait(3 * 24 * time.Hour)
		}
	}
	s.wait(8 * 24 * time.Hour)
	if _, err := s.ExpireHolds(context.Background(), ""); err != nil {
		t.Fatal(err)
	}
	s.clock.Store(0) // the event must not begin before the last round
}

// deliver tells the list to both servers from four sides at once; what is refused as early is told again at the end, as the
// jobs do.
func deliver(t *testing.T, servers []*shop, list []delivery, meanwhile func(i int)) {
	t.Helper()
	var mu sync.Mutex
	var again []delivery
	counted := map[turnout.ID]int{}
	tell := func(server *shop, d delivery) {
		once, err := server.Settle(context.Background(), d.row, d.event)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			again = append(again, d)
		}
		if once {
			counted[d.row]++
		}
	}
	dbtest.Together(4, func(side int) {
		for i := side; i < len(list); i += 4 {
			tell(servers[side%2], list[i])
			meanwhile(i)
		}
	})
	for tries := 0; len(again) > 0; tries++ {
		if tries == 5 {
			t.Fatalf("%d events are never taken", len(again))
		}
		rest := again
		again = nil
		for _, d := range rest {
			tell(servers[0], d)
		}
	}
	for row, n := range counted {
		if n != 1 {
			t.Errorf("event %s counted %d times", row, n)
		}
	}
	for _, d := range list {
		if counted[d.row] == 0 {
			t.Errorf("event %s never counted", d.event.Kind)
		}
	}
}

// verify holds the order to its story.
func (h *story) verify(t *testing.T, s *shop, scarce bool) {
	t.Helper()
	o := s.order(h.order.ID)
	paid, back := int64(0), int64(0)
	for _, p := range o.Payments {
		if !slices.Contains([]ticketing.PaymentStatus{ticketing.PaymentCreated, ticketing.PaymentProcessing, ticketing.PaymentFailed, ticketing.PaymentCanceled}, p.Status) {
			paid += p.Amount
		}
		if p.Status == ticketing.PaymentCreated || p.Status == ticketing.PaymentProcessing {
			t.Errorf("a payment of a %s order is still %s", o.Status, p.Status)
		}
	}
	for _, r := range o.Refunds {
		if r.Status != ticketing.RefundFailed {
			back += r.Amount
		}
	}
	if paid != h.paid {
		t.Errorf("%d came, the order knows %d: %v", h.paid, paid, h.kinds())
	}
	kept := int64(0)
	if o.Status == ticketing.Confirmed {
		kept = o.Total
	}
	if !scarce && o.Status != h.want {
		t.Errorf("the order is %s, its story ends %s: %v", o.Status, h.want, h.kinds())
	}
	if !scarce && back != h.extra+h.back || scarce && paid-back != kept {
		t.Errorf("a %s order: %d came, %d went back: %v", o.Status, paid, back, h.kinds())
	}
	if disputed := slices.ContainsFunc(o.Payments, func(p *ticketing.Payment) bool { return p.Status == ticketing.PaymentDisputed }); disputed != h.dispu {
		t.Errorf("disputed: %v, want %v: %v", disputed, h.dispu, h.kinds())
	}
}

func (h *story) kinds() (kinds []payments.Kind) {
	for _, e := range h.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
