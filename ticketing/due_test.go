package ticketing_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
)

// What is held past its time, by an order, an offer or a voucher that reserves, stands in nobody's way, whether the sweep has been or not.
func TestPlacesHeldPastTheirTimeAreFree(t *testing.T) {
	holders := map[string]func(s *shop, tt *ticketing.TicketType){
		"an order": func(s *shop, tt *ticketing.TicketType) { s.buy(tt, 2, 1) },
		"an offer": func(s *shop, tt *ticketing.TicketType) {
			o := s.buy(tt, 2, 1)
			s.wish(string(tt.ID), 2, tt)
			s.cancel(o)
			s.serve()
		},
		"a voucher": func(s *shop, tt *ticketing.TicketType) {
			s.voucher(ticketing.VoucherInput{Code: string(tt.ID), Kind: ticketing.ReservedVoucher, MaxUses: number(2), TicketTypeIDs: []turnout.ID{tt.ID},
				ValidUntil: s.now().Add(24 * time.Hour)})
		},
	}
	askers := map[string]func(s *shop, tt *ticketing.TicketType) error{
		"a sale": func(s *shop, tt *ticketing.TicketType) error {
			_, _, err := s.PlaceOrder(s.t.Context(), s.purchase(tt, 2, 7))
			return err
		},
		"places set aside": func(s *shop, tt *ticketing.TicketType) error {
			_, err := s.BlockPlaces(s.t.Context(), s.event.CommunityID, tt.PoolIDs[0], 2, "crew")
			return err
		},
		"a voucher": func(s *shop, tt *ticketing.TicketType) error {
			_, err := s.CreateVoucher(s.t.Context(), s.event.CommunityID, s.event.ID, ticketing.VoucherInput{Code: "2 " + string(tt.ID), Kind: ticketing.ReservedVoucher,
				MaxUses: number(2), TicketTypeIDs: []turnout.ID{tt.ID}})
			return err
		},
		"a wish": func(s *shop, tt *ticketing.TicketType) error {
			if got := refusal(s.t, s.JoinWaitlist(s.t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{tt.ID}, PartySize: 2,
				Who: ticketing.Attendee{Name: "Eve", Email: "eve@example.org"}})); got != "not_sold_out" {
				s.t.Errorf("there are places, and a wish is answered %q", got)
			}
			return nil
		},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		for by, hold := range holders {
			for what, ask := range askers {
				tt := s.ticketType(2500, s.pool(2))
				hold(s, tt)
				s.wait(24 * time.Hour)
				if err := ask(s, tt); err != nil {
					t.Errorf("%s after %s: %v", what, by, err)
				}
			}
		}
	})
}

// A choice that only an unpaid order past its time has is left for whoever fills in their form.
func TestAChoiceHeldPastItsTimeIsFree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		in := shirt()
		in.Options[0].Places = places(1)
		q := s.ask(in)
		small := ticketing.Answers{q.ID: json.RawMessage(`"` + q.Words.Options[0].ID + `"`)}
		buyer := func(price int64, b ticketing.Bearer) *ticketing.Order {
			p := s.purchase(s.ticketType(price, s.pool(1)), 1, 1)
			b.Attendee = p.Buyer
			p.Attendees = []ticketing.Bearer{b}
			o, _, err := s.PlaceOrder(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		buyer(2500, ticketing.Bearer{Answers: small})
		later := buyer(0, ticketing.Bearer{Later: true})
		s.wait(time.Hour)
		if err := s.FillDetails(t.Context(), later.Tickets[0].ID, ticketing.Details{Attendee: ticketing.Attendee{Name: "Ada"}, Answers: small}); err != nil {
			t.Error(err)
		}
	})
}

// Late money has its places again where they are only held past their time, however it comes.
func TestLateMoneyAfterHoldsPastTheirTime(t *testing.T) {
	for name, by := range map[string]payments.Provider{"card": online{}, "transfer": offline.Provider{}} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				s := shopWith(t, db, by)
				tt := s.ticketType(2500, s.pool(2))
				late := s.buy(tt, 2, 1)
				s.wait(8 * 24 * time.Hour)
				if n, err := s.ExpireHolds(t.Context(), ""); err != nil || n != 1 {
					t.Fatal(n, err)
				}
				s.voucher(ticketing.VoucherInput{Code: name, Kind: ticketing.ReservedVoucher, MaxUses: number(2), TicketTypeIDs: []turnout.ID{tt.ID}, ValidUntil: s.now().Add(time.Hour)})
				s.wait(time.Hour)
				if name == "card" {
					s.tell(paid(late, "pi_1"))
				} else if _, err := s.MarkPaid(t.Context(), s.event.CommunityID, late.ID, nil); err != nil {
					t.Error(err)
				}
				if o := s.order(late.ID); o.Status != ticketing.Confirmed {
					t.Errorf("it is %s", o.Status)
				}
			})
		})
	}
}

// Whoever names the order of another community ends nothing there.
func TestAStrangersMoneyEndsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(2500, s.pool(5))
		late := s.buy(tt, 1, 1)
		s.wait(s.HoldFor)
		if _, err := s.ExpireHolds(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		held := s.buy(tt, 1, 2)
		s.wait(s.HoldFor)
		if _, err := s.MarkPaid(t.Context(), "com_other", late.ID, nil); !errors.Is(err, turnout.ErrNotFound) {
			t.Errorf("a stranger is told %v", err)
		}
		if got := s.order(held.ID).Status; got != ticketing.Held {
			t.Errorf("what was held is %s", got)
		}
	})
}
