package api

import (
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/ticketing"
)

type causes = []ticketing.Cause

// situation is one in which an organiser asks why something is or is not for sale.
type situation struct {
	name    string
	build   func(s *stage)
	reasons causes             // all of them, what a buyer hears first at the top
	open    ticketing.Openness // "" for everybody
	refusal string             // that a stranger's smallest purchase meets; "" for none
}

var situations = slices.Concat(eventSituations, ruleSituations, placeSituations, waitSituations, priceSituations, addOnSituations)

var eventSituations = []situation{
	{"on sale", func(*stage) {}, nil, "", ""},
	{"the event is a draft", func(s *stage) {
		s.sql("UPDATE events SET status = 'draft', published_at = NULL WHERE id = ?", s.event.ID)
	}, causes{"event_draft"}, "nobody", "not_found"},
	{"the event is canceled", func(s *stage) {
		s.sql("UPDATE events SET status = 'canceled', canceled_at = ? WHERE id = ?", ago(time.Hour), s.event.ID)
	}, causes{"event_canceled"}, "nobody", "event_canceled"},
	{"the event is over", func(s *stage) {
		s.sql("UPDATE events SET starts_at = ?, ends_at = ? WHERE id = ?", ago(3*time.Hour), ago(time.Hour), s.event.ID)
	}, causes{"event_ended"}, "nobody", "event_ended"},
	{"a draft whose sale has not begun, and that is full", func(s *stage) {
		s.holds(2)
		s.sell(2)
		s.is(func(in *ticketing.TicketTypeInput) { in.SalesStart = ahead(time.Hour) })
		s.sql("UPDATE events SET status = 'draft', published_at = NULL WHERE id = ?", s.event.ID)
	}, causes{"event_draft", "sale_not_yet", "pool_full"}, "nobody", "not_found"},
	{"canceled, and over too", func(s *stage) {
		s.sql("UPDATE events SET status = 'canceled', starts_at = ?, ends_at = ? WHERE id = ?", ago(3*time.Hour), ago(time.Hour), s.event.ID)
	}, causes{"event_canceled", "event_ended"}, "nobody", "event_canceled"},
}

var ruleSituations = []situation{
	{"the sale has not begun", func(s *stage) { s.is(func(in *ticketing.TicketTypeInput) { in.SalesStart = ahead(2 * time.Hour) }) }, causes{"sale_not_yet"}, "nobody", "sale_not_yet"},
	{"the sale is over", func(s *stage) { s.is(func(in *ticketing.TicketTypeInput) { in.SalesEnd = ago(time.Hour) }) }, causes{"sale_over"}, "nobody", "sale_over"},
	{"no pool", func(s *stage) { s.sql("DELETE FROM ticket_type_pools WHERE ticket_type_id = ?", s.tt.ID) }, causes{"no_pool"}, "nobody", "not_on_sale"},
	{"hidden", func(s *stage) { s.is(func(in *ticketing.TicketTypeInput) { in.Visibility = ticketing.Hidden }) }, causes{"hidden"}, "some", ""},
	{"hidden and full", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.Visibility = ticketing.Hidden })
		s.sell(10)
	}, causes{"pool_full", "hidden"}, "nobody", "sold_out"},
	{"voucher only", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.Visibility = ticketing.VoucherOnly })
		s.voucher(ticketing.AccessVoucher, 5)
	}, causes{"voucher_only"}, "some", "voucher_needed"},
	{"voucher only, its sale over", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.Visibility, in.SalesEnd = ticketing.VoucherOnly, ago(time.Hour)
		})
		s.voucher(ticketing.AccessVoucher, 5)
	}, causes{"voucher_only", "sale_over"}, "nobody", "voucher_needed"},
	{"voucher only, full", func(s *stage) {
		s.sell(10)
		s.is(func(in *ticketing.TicketTypeInput) { in.Visibility = ticketing.VoucherOnly })
		s.voucher(ticketing.AccessVoucher, 5)
	}, causes{"voucher_only", "pool_full"}, "nobody", "voucher_needed"},
	{"members only", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.MembersOnly = true })
		s.members("example.org")
	}, causes{"members_only"}, "some", "email_unproven"},
	{"addresses of a domain", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.EmailDomains = []string{"uni.example"} })
		s.members("uni.example")
	}, causes{"email_domains"}, "some", "restricted"},
	{"members of a domain, with approval", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.EmailDomains, in.MembersOnly, in.RequiresApproval = []string{"uni.example"}, true, true
		})
		s.members("uni.example")
	}, causes{"email_domains", "members_only", "needs_approval"}, "some", "restricted"},
	{"members only, full", func(s *stage) {
		s.sell(10)
		s.is(func(in *ticketing.TicketTypeInput) { in.MembersOnly = true })
		s.members("example.org")
	}, causes{"members_only", "pool_full"}, "nobody", "email_unproven"},
	{"with approval", func(s *stage) { s.is(func(in *ticketing.TicketTypeInput) { in.RequiresApproval = true }) }, causes{"needs_approval"}, "", ""},
	{"a question about the order has no choice left", func(s *stage) { s.answered(s.ask(ticketing.OfOrder, 1)) }, causes{"choices_full"}, "nobody", "option_full"},
	{"a question about the ticket has no choice left", func(s *stage) {
		s.ask(ticketing.OfTicket, 1)
		s.is(func(in *ticketing.TicketTypeInput) { in.MinPerOrder = 2 })
		s.able = func(p *ticketing.Purchase) {
			p.Attendees = []ticketing.Bearer{{Later: true}, {Later: true}}
		}
	}, causes{"choices_full"}, "some", "option_full"},
}

var placeSituations = []situation{
	{"full", func(s *stage) { s.sell(10) }, causes{"pool_full"}, "nobody", "sold_out"},
	{"a pool without places", func(s *stage) { s.holds(0) }, causes{"pool_full"}, "nobody", "sold_out"},
	{"the second of two pools is full", func(s *stage) {
		dinner := s.newPool("Dinner", 3)
		s.is(func(in *ticketing.TicketTypeInput) { in.PoolIDs = append(in.PoolIDs, dinner.ID) })
		s.sell(3)
	}, causes{"pool_full"}, "nobody", "sold_out"},
	{"both pools are full, one set aside", func(s *stage) {
		dinner := s.newPool("Dinner", 3)
		s.is(func(in *ticketing.TicketTypeInput) { in.PoolIDs = append(in.PoolIDs, dinner.ID) })
		s.sell(3)
		s.block(7)
	}, causes{"pool_full", "pool_full", "blocked"}, "nobody", "sold_out"},
	{"fewer left than the smallest order", func(s *stage) {
		s.sell(9)
		s.is(func(in *ticketing.TicketTypeInput) { in.MinPerOrder = 2 })
	}, causes{"too_few_places"}, "nobody", "sold_out"},
	{"fewer left than a multiple above the least", func(s *stage) {
		s.sell(7)
		s.is(func(in *ticketing.TicketTypeInput) { in.MinPerOrder, in.MultipleOf = 3, 2 })
	}, causes{"too_few_places"}, "nobody", "sold_out"},
	{"exactly as many left as the smallest order", func(s *stage) {
		s.sell(6)
		s.is(func(in *ticketing.TicketTypeInput) { in.MinPerOrder, in.MultipleOf = 3, 4 })
	}, nil, "", ""},
	{"the last places are held by unpaid orders", func(s *stage) { s.sell(7); s.order(2); s.order(1) }, causes{"pool_full", "held_unpaid"}, "nobody", "sold_out"},
	{"an approval is awaited for the last places", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.RequiresApproval = true })
		s.order(10)
	}, causes{"pool_full", "held_unpaid", "needs_approval"}, "nobody", "sold_out"},
	{"what was held is over, but not swept yet", func(s *stage) {
		s.sell(8)
		o := s.order(2)
		s.sql("UPDATE orders SET expires_at = ? WHERE id = ?", ago(time.Minute), o.ID)
	}, nil, "", ""},
	{"of what was held only some is over", func(s *stage) {
		s.sell(8)
		s.order(1)
		o := s.order(1)
		s.is(func(in *ticketing.TicketTypeInput) { in.MinPerOrder = 2 })
		s.sql("UPDATE orders SET expires_at = ? WHERE id = ?", ago(time.Minute), o.ID)
	}, causes{"too_few_places", "held_unpaid"}, "nobody", "sold_out"},
	{"the last places are reserved by a voucher", func(s *stage) {
		s.sell(6)
		s.voucher(ticketing.ReservedVoucher, 4)
		s.able = func(*ticketing.Purchase) {}
	}, causes{"pool_full", "reserved"}, "nobody", "sold_out"},
	{"what a voucher reserved is over, but not swept yet", func(s *stage) {
		s.sell(6)
		s.voucher(ticketing.ReservedVoucher, 4)
		s.able = func(*ticketing.Purchase) {}
		s.sql("UPDATE vouchers SET valid_until = ? WHERE event_id = ?", ago(time.Minute), s.event.ID)
	}, nil, "", ""},
	{"the last places are set aside", func(s *stage) { s.sell(9); s.block(1) }, causes{"pool_full", "blocked"}, "nobody", "sold_out"},
	{"what was set aside is back", func(s *stage) {
		s.sell(9)
		s.must(s.Ticketing.Unblock(s.t.Context(), s.community.ID, s.block(1).ID))
	}, nil, "", ""},
	{"a canceled order gave its places back", func(s *stage) {
		s.sell(9)
		o := s.order(1)
		_, err := s.Ticketing.CancelOrder(s.t.Context(), o.CommunityID, o.ID, "", false)
		s.must(err)
	}, nil, "", ""},
	{"another type sold what both share", func(s *stage) {
		own := s.tt
		s.tt = s.newType("Other", nil)
		s.sell(10)
		s.tt = own
	}, causes{"pool_full"}, "nobody", "sold_out"},
	{"sold, held, reserved and set aside at once", func(s *stage) {
		s.sell(3)
		s.order(2)
		s.voucher(ticketing.ReservedVoucher, 3)
		s.able = func(*ticketing.Purchase) {}
		s.block(2)
	}, causes{"pool_full", "held_unpaid", "reserved", "blocked"}, "nobody", "sold_out"},
}

var waitSituations = []situation{
	{"the last places are offered to the waitlist", func(s *stage) {
		s.sell(10)
		s.wait(2)
		s.holds(12)
		s.must(s.Ticketing.ServeWaitlist(s.t.Context(), s.event.ID))
	}, causes{"pool_full", "offered"}, "nobody", "sold_out"},
	{"an offer is over, but not swept yet", func(s *stage) {
		s.sell(10)
		s.wait(2)
		s.holds(12)
		s.must(s.Ticketing.ServeWaitlist(s.t.Context(), s.event.ID))
		s.sql("UPDATE waitlist_entries SET offer_expires_at = ? WHERE event_id = ?", ago(time.Minute), s.event.ID)
	}, nil, "", ""},
	{"an offer is over, but not swept yet, and the next party waits", func(s *stage) {
		s.sell(10)
		s.wait(2)
		s.holds(12)
		s.must(s.Ticketing.ServeWaitlist(s.t.Context(), s.event.ID))
		s.wait(1)
		s.wait(1)
		s.sql("UPDATE waitlist_entries SET offer_expires_at = ? WHERE event_id = ? AND status = 'offered'", ago(time.Minute), s.event.ID)
	}, causes{"pool_full", "waitlist_first"}, "nobody", "sold_out"},
	{"places came free that a party waits for", func(s *stage) { s.sell(10); s.wait(2); s.holds(12) }, causes{"pool_full", "waitlist_first"}, "nobody", "sold_out"},
	{"places came free that are too few for the party", func(s *stage) { s.sell(10); s.wait(3); s.holds(12) }, causes{"waitlist_first"}, "", ""},
	{"more came free than the party needs", func(s *stage) { s.sell(10); s.wait(2); s.holds(13) }, causes{"waitlist_first"}, "", ""},
	{"full, and somebody waits", func(s *stage) { s.sell(10); s.wait(1) }, causes{"pool_full", "waitlist_first"}, "nobody", "sold_out"},
	{"the waitlist is closed, but not swept yet", func(s *stage) {
		s.sell(10)
		s.wait(2)
		s.holds(12)
		_, err := s.Ticketing.SaveShop(s.t.Context(), s.community.ID, s.event.ID, nil, ticketing.ShopInput{PayHours: 1, OfferHours: 1, WaitlistOrder: ticketing.ByTime, WaitlistClosesAt: ago(time.Minute)})
		s.must(err)
	}, causes{"waitlist_first"}, "", ""},
	{"two waits, one for whom what was held and is over suffices", func(s *stage) {
		s.sell(7)
		o := s.order(3)
		s.wait(3)
		s.sql("UPDATE orders SET expires_at = ? WHERE id = ?", ago(time.Minute), o.ID)
	}, causes{"pool_full", "waitlist_first"}, "nobody", "sold_out"},
}

var priceSituations = []situation{
	{"a price until a date", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.PriceWindows = []ticketing.PriceWindow{{Name: "Early", Price: 900, Until: ahead(time.Hour)}}
		})
	}, causes{"price_window"}, "", ""},
	{"a price for a number, some sold", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.PriceWindows = []ticketing.PriceWindow{{Name: "First three", Price: 900, UpTo: 3}}
		})
		s.sell(1)
	}, causes{"price_window"}, "", ""},
	{"a price for a number, all sold", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.PriceWindows = []ticketing.PriceWindow{{Name: "First three", Price: 900, UpTo: 3}}
		})
		s.sell(3)
	}, nil, "", ""},
	{"the first price is over by its date, the second holds", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.PriceWindows = []ticketing.PriceWindow{{Name: "Early", Price: 900, Until: ahead(time.Minute)}, {Name: "Middle", Price: 1200, Until: ahead(time.Hour), UpTo: 2}}
		})
		s.is(func(in *ticketing.TicketTypeInput) {
			in.PriceWindows = s.tt.PriceWindows
			in.PriceWindows[0].Until = ago(time.Hour)
		})
	}, causes{"price_window"}, "", ""},
	{"an early price on a full hall", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) {
			in.PriceWindows = []ticketing.PriceWindow{{Name: "Early", Price: 900, Until: ahead(time.Hour)}}
		})
		s.sell(10)
	}, causes{"pool_full", "price_window"}, "nobody", "sold_out"},
	{"the buyer names the price", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.Pricing, in.MinPrice = ticketing.OpenPrice, eur(500) })
	}, nil, "", ""},
}

var addOnSituations = []situation{
	{"a required add-on is full", func(s *stage) {
		kitchen := s.newPool("Kitchen", 0)
		s.add("Dinner", func(in *ticketing.AddOnInput) { in.PoolIDs, in.With = []turnout.ID{kitchen.ID}, s.with(1, 1, 0) })
	}, causes{"add_on_full"}, "nobody", "sold_out"},
	{"too few of an add-on that the price includes", func(s *stage) {
		kitchen := s.newPool("Kitchen", 3)
		s.add("Dinner", func(in *ticketing.AddOnInput) { in.PoolIDs, in.With = []turnout.ID{kitchen.ID}, s.with(0, 2, 2) })
		s.is(func(in *ticketing.TicketTypeInput) { in.MinPerOrder = 2 })
	}, causes{"add_on_full"}, "nobody", "sold_out"},
	{"a required add-on is not on sale", func(s *stage) {
		kitchen := s.newPool("Kitchen", 0)
		s.add("Dinner", func(in *ticketing.AddOnInput) {
			in.PoolIDs, in.With, in.OnSale = []turnout.ID{kitchen.ID}, s.with(1, 1, 0), false
		})
	}, nil, "", ""},
	{"an add-on for sale", func(s *stage) { s.addOn = s.add("Shirt", nil) }, nil, "", ""},
	{"a donation", func(s *stage) {
		s.addOn = s.add("Donation", func(in *ticketing.AddOnInput) { in.Pricing = ticketing.OpenPrice })
	}, nil, "", ""},
	{"an add-on that was stopped", func(s *stage) { s.addOn = s.add("Shirt", func(in *ticketing.AddOnInput) { in.OnSale = false }) }, causes{"stopped"}, "nobody", "not_on_sale"},
	{"an add-on before its sale", func(s *stage) {
		s.addOn = s.add("Shirt", func(in *ticketing.AddOnInput) { in.SalesStart = ahead(time.Hour) })
	}, causes{"sale_not_yet"}, "nobody", "sale_not_yet"},
	{"an add-on after its sale, stopped too", func(s *stage) {
		s.addOn = s.add("Shirt", func(in *ticketing.AddOnInput) { in.SalesEnd, in.OnSale = ago(time.Hour), false })
	}, causes{"stopped", "sale_over"}, "nobody", "not_on_sale"},
	{"an add-on whose pool is full", func(s *stage) {
		lab := s.newPool("Lab", 0)
		s.addOn = s.add("Workshop", func(in *ticketing.AddOnInput) { in.PoolIDs = []turnout.ID{lab.ID} })
	}, causes{"pool_full"}, "nobody", "sold_out"},
	{"an add-on that takes places of its ticket's pool", func(s *stage) {
		s.sell(9)
		s.addOn = s.add("Workshop", func(in *ticketing.AddOnInput) { in.PoolIDs = []turnout.ID{s.pool.ID} })
	}, causes{"too_few_places"}, "nobody", "sold_out"},
	{"an add-on whose tickets are sold out", func(s *stage) {
		s.sell(10)
		s.addOn = s.add("Shirt", func(in *ticketing.AddOnInput) { in.With = s.with(0, 1, 0) })
	}, causes{"no_ticket_type"}, "nobody", "sold_out"},
	{"an add-on of tickets that need a voucher", func(s *stage) {
		s.is(func(in *ticketing.TicketTypeInput) { in.Visibility = ticketing.VoucherOnly })
		s.voucher(ticketing.AccessVoucher, 5)
		s.addOn = s.add("Shirt", func(in *ticketing.AddOnInput) { in.With = s.with(0, 1, 0) })
	}, causes{"limited_types"}, "some", "voucher_needed"},
	{"an add-on of a draft", func(s *stage) {
		s.addOn = s.add("Shirt", nil)
		s.sql("UPDATE events SET status = 'draft', published_at = NULL WHERE id = ?", s.event.ID)
	}, causes{"event_draft", "no_ticket_type"}, "nobody", "not_found"},
	{"an add-on with its places set aside, sold and held", func(s *stage) {
		lab := s.newPool("Lab", 3)
		s.addOn = s.add("Workshop", func(in *ticketing.AddOnInput) { in.PoolIDs = []turnout.ID{lab.ID} })
		_, err := s.Ticketing.BlockPlaces(s.t.Context(), s.community.ID, lab.ID, 2, "crew")
		s.must(err)
		p := s.smallest()
		_, _, err = s.Ticketing.PlaceOrder(s.t.Context(), p)
		s.must(err)
	}, causes{"pool_full", "held_unpaid", "blocked"}, "nobody", "sold_out"},
}

// smallest is the smallest purchase of what the situation is about.
func (s *stage) smallest() ticketing.Purchase {
	least, multiple := max(1, s.tt.MinPerOrder), max(1, s.tt.MultipleOf)
	p := s.purchase((least + multiple - 1) / multiple * multiple)
	if s.addOn != nil {
		p.Lines = append(p.Lines, ticketing.PurchaseLine{AddOnID: s.addOn.ID, Quantity: 1})
	}
	return p
}

// TestWhy builds each situation, asks why the thing is or is not for sale by the service, the API and the page, and tries to buy it: the
// answers and the sale are one.
func TestWhy(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		for i, sit := range situations {
			t.Run(sit.name, func(t *testing.T) {
				own := *d
				house := *d.house
				house.t, own.house = t, &house
				s := newStage(&own, i)
				sit.build(s)
				if sit.open == "" {
					sit.open = ticketing.ToEverybody
				}
				standing := s.asksService(sit)
				s.asksAPI(sit, standing)
				s.seesPage(standing)
				s.tries(sit)
				s.sums()
			})
		}
		if len(situations) < 40 {
			t.Errorf("only %d situations", len(situations))
		}
	})
}

func (s *stage) asksService(sit situation) *ticketing.Standing {
	s.t.Helper()
	why, err := s.Ticketing.Why(s.t.Context(), s.event)
	s.must(err)
	for i := range why.Types {
		if s.addOn == nil && why.Types[i].Offer.ID == s.tt.ID {
			return s.compare(sit, &why.Types[i])
		}
	}
	for i := range why.AddOns {
		if s.addOn != nil && why.AddOns[i].AddOn.ID == s.addOn.ID {
			return s.compare(sit, &why.AddOns[i])
		}
	}
	s.t.Fatal("it is not there")
	return nil
}

func (s *stage) compare(sit situation, got *ticketing.Standing) *ticketing.Standing {
	s.t.Helper()
	var codes causes
	for _, r := range got.Reasons {
		codes = append(codes, r.Cause)
	}
	if !slices.Equal(codes, sit.reasons) || got.Open != sit.open {
		s.t.Errorf("for sale to %s because of %v, want %s because of %v", got.Open, codes, sit.open, sit.reasons)
	}
	return got
}

// asksAPI compares the API's answers: with a token everything, without one no more than a buyer may know.
func (s *stage) asksAPI(sit situation, want *ticketing.Standing) {
	s.t.Helper()
	read := func(headers ...string) (found map[string]any, codes []string, text string) {
		a := s.api("GET", "/events/"+s.event.Slug+"/availability", nil, 200, headers...)
		list, id := a.at("ticket_types").([]any), string(s.tt.ID)
		if s.addOn != nil {
			list, id = a.at("add_ons").([]any), string(s.addOn.ID)
		}
		for _, item := range list {
			if item := item.(map[string]any); item["id"] == id {
				for _, r := range item["reasons"].([]any) {
					codes = append(codes, r.(map[string]any)["code"].(string))
				}
				return item, codes, a.text
			}
		}
		return nil, nil, a.text
	}
	item, codes, _ := read()
	var wanted []string
	for _, r := range want.Reasons {
		wanted = append(wanted, string(r.Cause))
	}
	if item == nil || !slices.Equal(codes, wanted) || item["for_sale_to"] != string(sit.open) {
		s.t.Errorf("the API says %v", item)
	}
	if slices.Contains(sit.reasons, "event_draft") {
		s.api("GET", "/events/"+s.event.Slug+"/availability", nil, 404, "Authorization", "")
		return
	}
	item, codes, text := read("Authorization", "")
	for _, secret := range []string{"Hall", "Lab", "Kitchen", "pool_id", "left", "count", "crew"} {
		if strings.Contains(text, `"`+secret) || strings.Contains(text, " "+secret+" ") {
			s.t.Errorf("strangers are told of %s: %s", secret, text)
		}
	}
	if s.tt.Visibility != ticketing.Public {
		if item != nil {
			s.t.Error("strangers see what is not public")
		}
		return
	}
	stops := sit.open == ticketing.ToNobody
	if item == nil || stops == (item["availability"] == "available" || item["availability"] == "few_left") && sit.open != ticketing.ToSome {
		s.t.Errorf("strangers are told %v", item)
	}
	for _, code := range codes {
		if slices.Contains([]string{"pool_full", "too_few_places", "add_on_full", "held_unpaid", "offered", "reserved", "blocked", "waitlist_first", "no_pool"}, code) {
			s.t.Errorf("strangers are told %s", code)
		}
	}
}

func (s *stage) seesPage(want *ticketing.Standing) {
	s.t.Helper()
	for _, lang := range []string{"en", "de"} {
		s.lang = lang
		text := html.UnescapeString(s.see(s.at("/tickets")))
		for _, r := range want.Reasons {
			if sentence := s.Ticketing.Say(r, lang, s.event.Timezone); !strings.Contains(text, sentence) {
				s.t.Errorf("the page does not say %q", sentence)
			}
		}
	}
}
