package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/ticketing"
)

// stage is an event of its own on which a situation is built: one pool of ten places, one ticket type for 20 euros, published.
type stage struct {
	*desk
	pool  *ticketing.Pool
	tt    *ticketing.TicketType
	addOn *ticketing.AddOn // in its place, when it is what the situation is about
	who   int
	able  func(p *ticketing.Purchase) // makes a purchase one of somebody who has what the thing asks for
}

func newStage(d *desk, n int) *stage {
	own := *d
	s := &stage{desk: &own, able: func(p *ticketing.Purchase) { p.Trusted = true }}
	begin := time.Now().UTC().Truncate(time.Hour).Add(21 * 24 * time.Hour)
	var err error
	s.event, err = s.Events.Create(s.t.Context(), s.community.ID, events.Details{Slug: fmt.Sprintf("why-%d", n), Title: "Why", Format: events.Hybrid, Timezone: "Europe/Berlin",
		StartsAt: begin, EndsAt: begin.Add(9 * time.Hour), Currency: "EUR", OnlineURL: "https://meet.example.org/x", Venue: events.Venue{Name: "Mill", City: "Köln"}})
	s.must(err)
	s.pool = s.newPool("Hall & Foyer", 10)
	s.tt = s.newType("Regular", nil)
	_, err = s.Events.Publish(s.t.Context(), s.community.ID, s.event.Slug, 0)
	s.must(err)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) sql(query string, args ...any) {
	s.t.Helper()
	s.must(s.DB.Tx(s.t.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	}))
}

func (s *stage) newPool(name string, capacity int64) *ticketing.Pool {
	s.t.Helper()
	p, err := s.Ticketing.CreatePool(s.t.Context(), s.community.ID, s.event.ID, ticketing.PoolInput{Name: name, Capacity: capacity})
	s.must(err)
	return p
}

func (s *stage) input(name string) ticketing.TicketTypeInput {
	return ticketing.TicketTypeInput{Name: name, Price: eur(2000), AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{s.pool.ID}, MaxPerOrder: 20}
}

func eur(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: "EUR"} }

func (s *stage) newType(name string, change func(in *ticketing.TicketTypeInput)) *ticketing.TicketType {
	s.t.Helper()
	in := s.input(name)
	if change != nil {
		change(&in)
	}
	tt, err := s.Ticketing.CreateTicketType(s.t.Context(), s.community.ID, s.event.ID, in)
	s.must(err)
	return tt
}

// is changes the ticket type.
func (s *stage) is(change func(in *ticketing.TicketTypeInput)) {
	s.t.Helper()
	in := s.input("Regular")
	change(&in)
	var err error
	s.tt, err = s.Ticketing.UpdateTicketType(s.t.Context(), s.community.ID, s.tt.ID, 0, in)
	s.must(err)
}

func (s *stage) holds(places int64) {
	s.t.Helper()
	_, err := s.Ticketing.UpdatePool(s.t.Context(), s.community.ID, s.pool.ID, 0, ticketing.PoolInput{Name: "Hall & Foyer", Capacity: places})
	s.must(err)
}

func (s *stage) add(name string, change func(in *ticketing.AddOnInput)) *ticketing.AddOn {
	s.t.Helper()
	in := ticketing.AddOnInput{Name: name, Price: eur(1500), OnSale: true}
	if change != nil {
		change(&in)
	}
	a, err := s.Ticketing.CreateAddOn(s.t.Context(), s.community.ID, s.event.ID, in)
	s.must(err)
	return a
}

// with lets an add-on go with the ticket type, so many at least, at most and included.
func (s *stage) with(least, most, included int64) []ticketing.AddOnWith {
	return []ticketing.AddOnWith{{TicketTypeID: s.tt.ID, Least: least, Most: most, Included: included}}
}

func (s *stage) purchase(quantity int64) ticketing.Purchase {
	s.who++
	return ticketing.Purchase{EventID: s.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: s.tt.ID, Quantity: quantity}},
		Buyer: ticketing.Attendee{Name: "Buyer", Email: fmt.Sprintf("buyer%d@example.org", s.who)}}
}

// order places an order that is not paid.
func (s *stage) order(quantity int64) *ticketing.Order {
	s.t.Helper()
	o, _, err := s.Ticketing.PlaceOrder(s.t.Context(), s.purchase(quantity))
	s.must(err)
	return o
}

// sell sells tickets for good.
func (s *stage) sell(quantity int64) *ticketing.Order {
	s.t.Helper()
	p := s.purchase(quantity)
	p.Desk = &ticketing.DeskSale{Method: ticketing.DeskCash, NameOnly: true}
	o, _, err := s.Ticketing.PlaceOrder(s.t.Context(), p)
	s.must(err)
	return o
}

func (s *stage) wait(party int64) {
	s.t.Helper()
	s.who++
	s.must(s.Ticketing.JoinWaitlist(s.t.Context(), ticketing.WaitlistWish{EventID: s.event.ID, TicketTypeIDs: []turnout.ID{s.tt.ID}, PartySize: party,
		Who: ticketing.Attendee{Name: "Waits", Email: fmt.Sprintf("waits%d@example.org", s.who)}}))
}

func (s *stage) block(places int64) *ticketing.Block {
	s.t.Helper()
	b, err := s.Ticketing.BlockPlaces(s.t.Context(), s.community.ID, s.pool.ID, places, "crew")
	s.must(err)
	return b
}

func (s *stage) voucher(kind ticketing.VoucherKind, uses int64) {
	s.t.Helper()
	_, err := s.Ticketing.CreateVoucher(s.t.Context(), s.community.ID, s.event.ID, ticketing.VoucherInput{Code: "OPEN", Kind: kind, Reserves: kind == ticketing.ReservedVoucher,
		MaxUses: &uses, TicketTypeIDs: []turnout.ID{s.tt.ID}})
	s.must(err)
	s.able = func(p *ticketing.Purchase) { p.Voucher = "OPEN" }
}

// member makes who is able a member who has proven the address.
func (s *stage) members(domain string) {
	email := "member" + s.event.Slug + "@" + domain
	s.able = func(p *ticketing.Purchase) { p.Buyer.Email, p.Proven = email, email }
	s.sql("INSERT INTO persons (id, community_id, name, member_since, created_at, updated_at) VALUES (?, ?, 'Member', ?3, ?3, ?3)", "per_"+s.event.Slug, s.community.ID, nil, s.event.CreatedAt)
	s.sql("INSERT INTO identities (id, community_id, person_id, source, handle, created_at) VALUES (?, ?, ?, 'email', ?, ?)", "idt_"+s.event.Slug, s.community.ID, "per_"+s.event.Slug, email, s.event.CreatedAt)
}

// ask asks something that must be answered, of which the choices have so many places.
func (s *stage) ask(subject ticketing.QuestionSubject, places ...int64) *ticketing.Question {
	s.t.Helper()
	in := ticketing.QuestionInput{Subject: subject, Kind: ticketing.AskChoice, Label: "Which workshop?", Purpose: "A seat", Required: true}
	for i := range places {
		in.Options = append(in.Options, ticketing.OptionInput{Label: fmt.Sprintf("W%d", i), Places: &places[i]})
	}
	q, err := s.Ticketing.CreateQuestion(s.t.Context(), s.community.ID, s.event.ID, in)
	s.must(err)
	return q
}

// answered sells a ticket with the first choice of a question about the order.
func (s *stage) answered(q *ticketing.Question) {
	s.t.Helper()
	p := s.purchase(1)
	raw, _ := json.Marshal(q.Words.Options[0].ID)
	p.Answers = ticketing.Answers{q.ID: raw}
	_, _, err := s.Ticketing.PlaceOrder(s.t.Context(), p)
	s.must(err)
}

func ago(d time.Duration) time.Time   { return time.Now().UTC().Truncate(time.Second).Add(-d) }
func ahead(d time.Duration) time.Time { return ago(-d) }

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
	{"the last places are set aside", func(s *stage) { s.sell(9); s.block(1) }, causes{"pool_full", "blocked"}, "nobody", "sold_out"},
	{"what was set aside is back", func(s *stage) {
		s.sell(9)
		s.must(s.Ticketing.Unblock(s.t.Context(), s.community.ID, s.block(1).ID))
	}, nil, "", ""},
	{"a canceled order gave its places back", func(s *stage) {
		s.sell(9)
		o := s.order(1)
		_, err := s.Ticketing.CancelOrder(s.t.Context(), o.ID, "", false)
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
	}, causes{"pool_full", "offered"}, "nobody", "sold_out"},
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
			in.PriceWindows = []ticketing.PriceWindow{{Name: "Early", Price: 900, Until: ago(time.Hour)}, {Name: "Middle", Price: 1200, Until: ahead(time.Hour), UpTo: 2}}
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
	if s.addOn == nil && s.tt.Visibility != ticketing.Public {
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

// tries buys for real: first as a stranger, then as somebody who has what is asked for.
func (s *stage) tries(sit situation) {
	s.t.Helper()
	p := s.smallest()
	able := s.smallest()
	s.able(&able)
	code := s.buys(p)
	if code != sit.refusal {
		s.t.Errorf("a stranger is refused with %q, want %q", code, sit.refusal)
	}
	switch sit.open {
	case ticketing.ToEverybody:
		if code != "" {
			s.t.Errorf("everybody can buy, but not a stranger: %s", code)
		}
	case ticketing.ToSome:
		if code = s.buys(able); code != "" {
			s.t.Errorf("some can buy, but not who has what is asked for: %s", code)
		}
	case ticketing.ToNobody:
		if s.buys(able) == "" {
			s.t.Error("nobody can buy, but somebody did")
		}
	}
}

// buys gives the code of the refusal, "" for none.
func (s *stage) buys(p ticketing.Purchase) string {
	for id, raw := range s.choice(p.Lines[0].TicketTypeID) {
		if p.Answers == nil {
			p.Answers = ticketing.Answers{}
		}
		if id.ticket {
			for i := range p.Lines[0].Quantity {
				if int64(len(p.Attendees)) <= i {
					p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: p.Buyer})
				}
				if !p.Attendees[i].Later {
					p.Attendees[i].Answers = ticketing.Answers{id.question: raw}
				}
			}
		} else {
			p.Answers[id.question] = raw
		}
	}
	_, _, err := s.Ticketing.PlaceOrder(s.t.Context(), p)
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*turnout.Error](err)
	if !ok {
		s.t.Fatal(err)
	}
	for _, f := range e.Fields {
		return f.Code
	}
	return e.Code
}

type asked struct {
	question turnout.ID
	ticket   bool
}

// choice gives an answer to each question: the first choice.
func (s *stage) choice(turnout.ID) map[asked]json.RawMessage {
	questions, err := s.Ticketing.Questions(s.t.Context(), s.community.ID, s.event.ID, false)
	s.must(err)
	all := map[asked]json.RawMessage{}
	for _, q := range questions {
		raw, _ := json.Marshal(q.Words.Options[0].ID)
		all[asked{q.ID, q.Subject == ticketing.OfTicket}] = raw
	}
	return all
}

// sums checks, after all the buying, that what holds the places of each pool adds up, and every counter.
func (s *stage) sums() {
	s.t.Helper()
	why, err := s.Ticketing.Why(s.t.Context(), s.event)
	s.must(err)
	for _, p := range why.Pools {
		var sold int64
		s.must(s.DB.Read().NewRaw(`SELECT COALESCE(SUM(claim.quantity), 0) FROM pool_claims AS claim JOIN order_lines AS line ON line.id = claim.holder_id
			JOIN orders AS ord ON ord.id = line.order_id WHERE claim.pool_id = ? AND ord.status = 'confirmed'`, p.ID).Scan(s.t.Context(), &sold))
		if sold != p.Sold || p.Sold+p.Held+p.Offered+p.Reserved+p.Blocked+p.Free != p.Capacity {
			s.t.Errorf("%s: %+v, really sold %d", p.Name, p, sold)
		}
	}
}
