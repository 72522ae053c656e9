package ticketing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"turnout"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// While some go back and change what they hold, others buy the same add-ons and choices: each gets theirs, and nobody waits for ever.
func TestOrdersGiveWayBesideSales(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		tickets := []*ticketing.TicketType{s.early(s.pool(500)), s.early(s.pool(500))}
		dinner, err := s.CreateAddOn(t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "Dinner", OnSale: true,
			PoolIDs: []turnout.ID{s.pool(500).ID}, Price: turnout.Money{Amount: 3000, Currency: "EUR"}})
		if err != nil {
			t.Fatal(err)
		}
		asked := shirt()
		for i := range asked.Options {
			asked.Options[i].Places = places(500)
		}
		q := s.ask(asked)
		for i := range 2 {
			s.voucher(ticketing.VoucherInput{Code: fmt.Sprint("V", i), Kind: ticketing.Percent, Value: 10, Reserves: true, MaxUses: number(100), TicketTypeIDs: []turnout.ID{tickets[0].ID}})
		}
		wish := func(of, who int, form string, addOn bool, code string) ticketing.Purchase {
			p := s.purchase(tickets[of], 1, who)
			p.Attendees = []ticketing.Bearer{{Attendee: p.Buyer, Answers: ticketing.Answers{q.ID: json.RawMessage(`"` + string(q.Words.Options[who%2].ID) + `"`)}}}
			if addOn {
				p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: dinner.ID, Quantity: 1})
			}
			p.Key, p.Amends, p.Voucher = form, form != "", code
			return p
		}
		for round := range 4 {
			held := make([]*ticketing.Order, 8)
			form := func(i int) string {
				if i%4 < 2 {
					return ""
				}
				return fmt.Sprint("form ", round, " ", i)
			}
			for i := range held {
				if held[i], _, err = s.PlaceOrder(t.Context(), wish(0, 100*round+i, form(i), false, fmt.Sprint("V", i%2))); err != nil {
					t.Fatal(err)
				}
			}
			dbtest.Together(16, func(i int) {
				p := wish(1, 100*round+i, "", true, "")
				if i < 8 {
					p = wish(0, 100*round+i+1, form(i), true, fmt.Sprint("V", (i+1)%2))
					if p.Key == "" {
						p.Replaces = held[i].ID
					}
				}
				if _, _, err := servers[i/2%2].PlaceOrder(context.Background(), p); err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
			for i, o := range held {
				if got := s.order(o.ID).Status; got != ticketing.OrderCanceled {
					t.Errorf("the order of %d is %s", i, got)
				}
			}
		}
	})
}

// Who goes back buys under a name that is new, and so does another of the same address whose tickets draw on other pools.
func TestOrdersGiveWayBesideTheSamePerson(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		here, there := s.ticketType(1000, s.pool(500)), s.ticketType(1000, s.pool(500))
		for round := range 10 {
			held := s.buy(here, 1, 0)
			dbtest.Together(8, func(i int) {
				p := s.purchase(there, 1, 100+round)
				if i == 0 {
					p = s.purchase(here, 2, 100+round)
					p.Replaces = held.ID
				}
				if _, _, err := servers[min(i, 1)].PlaceOrder(context.Background(), p); err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
	})
}

// early is a ticket type of which the first come cheaper.
func (s *shop) early(pool *ticketing.Pool) *ticketing.TicketType {
	s.t.Helper()
	tt, err := s.CreateTicketType(s.t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: "Early " + pool.Name, AttendanceMode: ticketing.InPerson,
		Price: turnout.Money{Amount: 5000, Currency: "EUR"}, PoolIDs: []turnout.ID{pool.ID}, PriceWindows: []ticketing.PriceWindow{{Name: "First", Price: 2500, UpTo: 20}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return tt
}
