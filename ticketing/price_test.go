package ticketing_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
	"turnout/ticketing/payments/stripe"
)

// earlyBird makes a type at 90 whose first so many tickets cost 50, until ten days from now.
func (s *shop) earlyBird(upTo int64) *ticketing.TicketType {
	s.t.Helper()
	made, err := s.CreateTicketType(s.t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: "Seat", Price: turnout.Money{Amount: 90, Currency: "EUR"},
		AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{s.pool(100).ID},
		PriceWindows: []ticketing.PriceWindow{{Name: "Early", Price: 50, UpTo: upTo, Until: s.now().Add(10 * 24 * time.Hour)}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

// windows gives a type other price windows.
func (s *shop) windows(of *ticketing.TicketType, windows ...ticketing.PriceWindow) (*ticketing.TicketType, error) {
	s.t.Helper()
	return s.UpdateTicketType(s.t.Context(), s.event.CommunityID, of.ID, 0, ticketing.TicketTypeInput{Name: of.Name, Price: turnout.Money{Amount: of.Price, Currency: "EUR"},
		AttendanceMode: of.AttendanceMode, PoolIDs: of.PoolIDs, PriceWindows: windows})
}

// costs says what the next tickets cost and that they can be had for that.
func (s *shop) costs(of *ticketing.TicketType, n int64, total int64) {
	s.t.Helper()
	if o := s.buy(of, n, 1); o.Total != total {
		s.t.Errorf("%d tickets cost %d, want %d", n, o.Total, total)
	}
}

// A price window whose number is taken off sells until its date; the number that comes back counts what was sold under the first one.
func TestTheNumberOfAPriceWindowIsTakenOffAndComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		seat := s.earlyBird(2)
		s.costs(seat, 3, 2*50+90)
		window := seat.PriceWindows[0]

		window.UpTo = 0
		if _, err := s.windows(seat, window); err != nil {
			t.Fatal(err)
		}
		offer, err := s.OfferOf(t.Context(), s.event, seat.ID)
		if err != nil || offer.Price.Amount != 50 || offer.PriceLeft != 0 || offer.Left != 97 {
			t.Errorf("without a number: %+v, %v", offer, err)
		}
		s.costs(seat, 7, 7*50)
		why, err := s.Why(t.Context(), s.event)
		if err != nil || len(why.Types[0].Reasons) != 1 || why.Types[0].Reasons[0].Number != 0 || why.Types[0].Reasons[0].Later.Amount != 90 {
			t.Errorf("why: %+v, %v", why.Types[0].Reasons, err)
		}

		window.UpTo = 1
		if _, err := s.windows(seat, window); !errors.Is(err, ticketing.ErrCapacityBelowTaken) {
			t.Errorf("fewer than were sold under the first number: %v", err)
		}
		window.UpTo = 4
		if _, err := s.windows(seat, window); err != nil {
			t.Fatal(err)
		}
		s.costs(seat, 3, 2*50+90)
	})
}

// A price window is the same one under another name and at another place: its number is not sold again. One without an id is new.
func TestAPriceWindowKeepsWhatWasSoldUnderAnotherName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		seat := s.earlyBird(2)
		s.costs(seat, 1, 50)
		window := seat.PriceWindows[0]
		window.Name = "For the quick"
		renamed, err := s.windows(seat, ticketing.PriceWindow{Name: "Early", Price: 10, UpTo: 1}, window)
		if err != nil {
			t.Fatal(err)
		}
		if now := renamed.PriceWindows; now[1].ID != window.ID || now[1].PoolID != window.PoolID || now[0].ID == window.ID || now[0].PoolID == window.PoolID {
			t.Errorf("windows: %+v, was %+v", now, window)
		}
		s.costs(seat, 4, 10+50+2*90)

		var invalid *turnout.Error
		if _, err := s.windows(seat, window, window); !errors.As(err, &invalid) || invalid.Kind != turnout.Invalid {
			t.Errorf("one window twice: %v", err)
		}
		window.ID = "win_of_another_type"
		if _, err := s.windows(seat, window); !errors.As(err, &invalid) || invalid.Kind != turnout.Invalid {
			t.Errorf("a window of another type: %v", err)
		}
	})
}

// A price and an order for which the provider takes no money are refused, each as the provider counts the currency; at the desk any sum is
// taken.
func TestAnOrderThatNobodyCouldPay(t *testing.T) {
	online := stripe.New(stripe.Config{Key: "sk_test_of_nobody", Log: slog.New(slog.DiscardHandler)})
	for _, tt := range []struct {
		name     string
		by       payments.Provider
		currency string
		most     int64
		limit    string
	}{
		{"euros", online, "EUR", 99_999_999, "€999,999.99 at most"},
		{"shillings", online, "UGX", 999_999, "999,999 at most"},
		{"transfer", offline.Provider{}, "UGX", turnout.MaxAmount, "1,000,000,000,000 at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := shopWith(t, db, tt.by)
				s.tx(func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.NewRaw("UPDATE events SET currency = ?", tt.currency).Exec(ctx)
					return err
				})
				pool := s.pool(10)
				costing := func(price, least int64, windows ...ticketing.PriceWindow) (*ticketing.TicketType, error) {
					return s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: string(turnout.NewID("n")),
						Price: turnout.Money{Amount: price, Currency: tt.currency}, MinPerOrder: least, PriceWindows: windows, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{pool.ID}})
				}
				early := ticketing.PriceWindow{Name: "Early", Price: tt.most + 1, UpTo: 1}
				_, one := costing(tt.most+1, 1)
				_, two := costing(tt.most/2+1, 2)
				_, window := costing(1, 1, early)
				for of, err := range map[string]error{"one": one, "two": two, "window": window} {
					var invalid *turnout.Error
					if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Code != "too_high" || of == "one" && !strings.Contains(invalid.Fields[0].Message, tt.limit) {
						t.Errorf("%s: %v", of, err)
					}
				}
				dear, err := costing(tt.most, 1)
				if err != nil {
					t.Fatal(err)
				}
				half, err := costing(tt.most/2, 2)
				if err != nil {
					t.Fatal(err)
				}
				order := s.purchase(dear, 2, 1)
				q, err := s.Quote(t.Context(), &order)
				if err != nil || len(q.Problems) != 1 || q.Problems[0].Code != "order_too_dear" || !strings.Contains(q.Problems[0].Message, tt.limit) {
					t.Errorf("%+v, %v", q, err)
				}
				if _, got := s.try(order); got != "order_too_dear" || s.taken(pool) != 0 {
					t.Errorf("two: %q, %d places are held", got, s.taken(pool))
				}
				for _, order := range []ticketing.Purchase{s.purchase(dear, 1, 1), s.purchase(half, 2, 1)} {
					if _, got := s.try(order); got != "" {
						t.Errorf("the most: %q", got)
					}
				}
				if tt.most < turnout.MaxAmount {
					if _, _, err := s.PlaceOrder(t.Context(), s.atDesk(dear, 2, ticketing.DeskTransfer)); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

// A new price window must sell at some time: one that is over, ends before the sale begins or lies behind those before it is refused where
// its end is written. One that stood already stays, and may be ended by hand.
func TestANewPriceWindowMustSellAtSomeTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		seat := s.earlyBird(2)
		at := func(name string, hours int, upTo int64) ticketing.PriceWindow {
			w := ticketing.PriceWindow{Name: name, Price: 60, UpTo: upTo}
			if hours != 0 {
				w.Until = s.now().Add(time.Duration(hours) * time.Hour)
			}
			return w
		}
		opens := s.now().Add(24 * time.Hour)
		for _, c := range []struct {
			about, field, code string
			windows            []ticketing.PriceWindow
		}{
			{"ended an hour ago", "price_windows[0].until", "window_over", []ticketing.PriceWindow{at("a", -1, 5)}},
			{"ends before the sale begins", "price_windows[1].until", "window_before_sale", []ticketing.PriceWindow{at("a", 48, 0), at("b", 24, 0)}},
			{"ends with one before it", "price_windows[1].until", "window_covered", []ticketing.PriceWindow{at("a", 48, 0), at("b", 48, 0)}},
			{"ends before one far before it", "price_windows[2].until", "window_covered", []ticketing.PriceWindow{at("a", 48, 0), at("b", 0, 4), at("c", 30, 9)}},
			{"begins after the sale", "price_windows[1].until", "window_covered", []ticketing.PriceWindow{at("a", 24*4000, 0), at("b", 0, 4)}},
			{"behind one that a number ends", "", "", []ticketing.PriceWindow{at("a", 48, 3), at("b", 40, 0), at("c", 60, 0), at("d", 0, 1)}},
		} {
			_, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: "Other " + c.about, Price: turnout.Money{Amount: 90, Currency: "EUR"},
				AttendanceMode: ticketing.InPerson, PoolIDs: seat.PoolIDs, PriceWindows: c.windows, SalesStart: opens})
			var known *turnout.Error
			switch {
			case c.field == "" && err != nil:
				t.Errorf("%s: %v", c.about, err)
			case c.field != "" && (!errors.As(err, &known) || len(known.Fields) != 1 || known.Fields[0].Name != c.field || known.Fields[0].Code != c.code):
				t.Errorf("%s: %v, want %s of %s", c.about, err, c.code, c.field)
			}
		}
		stood := seat.PriceWindows[0]
		stood.Until = s.now().Add(-time.Hour)
		if ended, err := s.windows(seat, stood); err != nil {
			t.Errorf("ended by hand: %v", err)
		} else if _, err := s.windows(ended, append(ended.PriceWindows, at("late", 1, 0))...); err != nil {
			t.Errorf("beside one that is over: %v", err)
		}
	})
}
