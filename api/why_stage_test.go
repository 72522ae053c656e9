package api

import (
	"context"
	"encoding/json"
	"fmt"
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
