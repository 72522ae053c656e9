package ticketing_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// twoServers gives a shop behind two servers, each with its own handle on one database, on each engine.
func twoServers(t *testing.T, test func(t *testing.T, servers [2]*shop)) {
	t.Helper()
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			dbtest.NoDeadlocks(t, address)
			first := newShop(t, dbtest.Handle(t, address))
			test(t, [2]*shop{first, first.server(dbtest.Handle(t, address))})
		})
	}
}

// Fifty buyers at once for ten uses, at two servers: ten are sold, forty hear "used up".
func TestFiftyBuyersForTenUses(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		tt := s.ticketType(4900, s.pool(100))
		v := s.voucher(ticketing.VoucherInput{Code: "TEN", Kind: ticketing.Percent, Value: 10, MaxUses: number(10)})
		var sold, refused atomic.Int64
		dbtest.Together(50, func(i int) {
			switch _, got := servers[i%2].try(s.with("ten", tt, 1, i)); got {
			case "":
				sold.Add(1)
			case "used_up":
				refused.Add(1)
			default:
				t.Errorf("buyer %d: %q", i, got)
			}
		})
		if sold.Load() != 10 || refused.Load() != 40 {
			t.Errorf("%d sold, %d refused", sold.Load(), refused.Load())
		}
		s.stands(v, 10, 4900)
	})
}

// The last use, asked for at two servers at the same moment: exactly one has it, again and again.
func TestTheLastUseAtTwoServers(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		tt := s.ticketType(0, s.pool(100))
		for round := range 8 {
			code := fmt.Sprint("LAST", round)
			s.voucher(ticketing.VoucherInput{Code: code, Kind: ticketing.AccessVoucher, MaxUses: number(1)})
			var sold atomic.Int64
			dbtest.Together(2, func(i int) {
				if _, got := servers[i].try(s.with(code, tt, 1, 10*round+i)); got == "" {
					sold.Add(1)
				} else if got != "used_up" {
					t.Errorf("%q", got)
				}
			})
			if sold.Load() != 1 {
				t.Errorf("round %d: %d have the last use", round, sold.Load())
			}
		}
	})
}

// A budget for seven discounts, fifty buyers: seven have one.
func TestTheBudgetHolds(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		tt := s.ticketType(4900, s.pool(100))
		v := s.voucher(ticketing.VoucherInput{Code: "BUDGET", Kind: ticketing.AmountOff, Value: 1000, Budget: number(7999)})
		var sold atomic.Int64
		dbtest.Together(50, func(i int) {
			switch _, got := servers[i%2].try(s.with("budget", tt, 1, i)); got {
			case "":
				sold.Add(1)
			case "budget_spent":
			default:
				t.Errorf("buyer %d: %q", i, got)
			}
		})
		if sold.Load() != 7 {
			t.Errorf("%d sold", sold.Load())
		}
		s.stands(v, 7, 7000)
	})
}

// A reserving voucher is ended, opened and changed while people redeem it and others buy what is left: places stay counted.
func TestEndingWhileRedeeming(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		hall := s.pool(30)
		tt := s.ticketType(0, hall)
		v := s.voucher(ticketing.VoucherInput{Code: "CREW", Kind: ticketing.ReservedVoucher, MaxUses: number(20), TicketTypeIDs: []turnout.ID{tt.ID}})
		dbtest.Together(60, func(i int) {
			server := servers[i%2]
			switch {
			case i%6 == 0:
				if _, err := server.EndVoucher(context.Background(), s.event.CommunityID, v.ID, 0, i%12 == 0); err != nil && !errors.Is(err, ticketing.ErrSoldOut) {
					t.Error(err)
				}
			case i%3 == 1:
				if _, got := server.try(s.purchase(tt, 1, i)); got != "" && got != "sold_out" {
					t.Errorf("buyer %d: %q", i, got)
				}
			default:
				if _, got := server.try(s.with("crew", tt, 1, i)); got != "" && got != "ended" && got != "used_up" && got != "sold_out" {
					t.Errorf("redeemer %d: %q", i, got)
				}
			}
		})
		if taken := s.taken(hall); taken > 30 {
			t.Errorf("%d taken of 30", taken)
		}
	})
}

// Baskets that name types and vouchers in opposite orders, at two servers, while orders are canceled: nobody waits for ever.
func TestOppositeBasketsWithVouchers(t *testing.T) {
	twoServers(t, func(t *testing.T, servers [2]*shop) {
		s := servers[0]
		a, b := s.pool(200), s.pool(200)
		left, right := s.ticketType(1000, a), s.ticketType(1000, b)
		for i, of := range []*ticketing.TicketType{left, right} {
			s.voucher(ticketing.VoucherInput{Code: fmt.Sprint("V", i), Kind: ticketing.Percent, Value: 100, Reserves: true, MaxUses: number(40), TicketTypeIDs: []turnout.ID{of.ID}})
		}
		dbtest.Together(60, func(i int) {
			server := servers[i%2]
			p := s.with(fmt.Sprint("V", i%4/2), left, 1, i)
			p.Lines = []ticketing.PurchaseLine{{TicketTypeID: left.ID, Quantity: 1}, {TicketTypeID: right.ID, Quantity: 1}}
			if i%2 == 0 {
				p.Lines[0], p.Lines[1] = p.Lines[1], p.Lines[0]
			}
			o, got := server.try(p)
			if got != "" {
				t.Errorf("buyer %d: %q", i, got)
				return
			}
			if i%3 == 0 {
				if _, err := server.CancelOrder(context.Background(), o.CommunityID, o.ID, ticketing.CanceledByBuyer, false); err != nil {
					t.Error(err)
				}
			}
		})
	})
}

// A buyer who meets a batch whose time is over has its places, and does not wait for each of its vouchers.
func TestABatchEndsInChunks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(450)
		tt := s.ticketType(0, hall)
		if _, err := s.CreateVouchers(t.Context(), s.event.CommunityID, s.event.ID, "Crew", "C", 450, ticketing.VoucherInput{
			Kind: ticketing.ReservedVoucher, MaxUses: number(1), TicketTypeIDs: []turnout.ID{tt.ID}, ValidUntil: s.now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		s.wait(time.Hour)
		ctx, n := database.CountQueries(t.Context())
		if _, _, err := s.PlaceOrder(ctx, s.purchase(tt, 1, 1)); err != nil {
			t.Fatal(err)
		}
		if n.Load() > 100 {
			t.Errorf("%d statements", n.Load())
		}
		if taken := s.taken(hall); taken != 1 {
			t.Errorf("%d taken", taken)
		}
		var ended, noted int
		if err := db.Read().NewRaw(`SELECT (SELECT COUNT(*) FROM vouchers WHERE ended AND version = 2), (SELECT COUNT(*) FROM audit_log WHERE action = 'voucher.ended')`).
			Scan(t.Context(), &ended, &noted); err != nil || ended != 450 || noted != 450 {
			t.Errorf("%d ended, %d noted, %v", ended, noted, err)
		}
	})
}
