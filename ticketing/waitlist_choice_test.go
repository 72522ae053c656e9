package ticketing_test

import (
	"encoding/json"
	"testing"
	"time"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// A question that every order must answer and that has no choice left sells nothing: the offer says so, one may wait, and nobody has
// places offered that could not be bought, until a choice comes back.
func TestNothingIsOfferedWithoutAChoice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt := s.ticketType(0, s.pool(10))
		one := int64(1)
		q, err := s.CreateQuestion(t.Context(), s.event.CommunityID, s.event.ID, ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskChoice, Label: "Which bus?",
			Purpose: "A seat", Required: true, Options: []ticketing.OptionInput{{Label: "The first", Places: &one}}})
		if err != nil {
			t.Fatal(err)
		}
		stands := func() ticketing.Availability {
			t.Helper()
			offers, err := s.Offers(t.Context(), s.event)
			if err != nil {
				t.Fatal(err)
			}
			return offers[0].Availability
		}
		if got := stands(); got != ticketing.Available {
			t.Errorf("with a choice: %s", got)
		}
		p := s.purchase(tt, 1, 1)
		p.Answers = ticketing.Answers{q.ID: json.RawMessage(`"` + string(q.Words.Options[0].ID) + `"`)}
		order, got := s.try(p)
		if got != "" {
			t.Fatal(got)
		}
		if got := stands(); got != ticketing.SoldOut {
			t.Errorf("without one: %s", got)
		}
		waits := s.wish("ada", 2, tt)
		s.serve()
		s.wantStates("without a choice", []*ticketing.WaitlistEntry{waits}, ticketing.Waiting)
		turns, err := s.Turns(t.Context(), s.event, []*ticketing.WaitlistEntry{waits})
		if at := turns[waits.ID].Obstacles; err != nil || len(at) != 1 || at[0].Pool != "Which bus?" || at[0].Left != 0 {
			t.Errorf("%+v, %v", turns, err)
		}
		if _, err := s.CancelOrder(t.Context(), order.CommunityID, order.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		s.serve()
		s.wantStates("with it back", []*ticketing.WaitlistEntry{waits}, ticketing.Offered)
	})
}

// Whoever is offered tickets finds a choice for their order, however many others are offered some or buy meanwhile.
func TestAnOfferKeepsAChoice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		tt, other := s.ticketType(0, s.pool(10)), s.ticketType(0, s.pool(10))
		one := int64(1)
		q, err := s.CreateQuestion(t.Context(), s.event.CommunityID, s.event.ID, ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskChoice, Label: "Which bus?",
			Purpose: "A seat", Required: true, Options: []ticketing.OptionInput{{Label: "The first", Places: &one}, {Label: "The second", Places: &one}}})
		if err != nil {
			t.Fatal(err)
		}
		by := func(tt *ticketing.TicketType, who, bus int) ticketing.Purchase {
			p := s.purchase(tt, 1, who)
			p.Answers = ticketing.Answers{q.ID: json.RawMessage(`"` + string(q.Words.Options[bus].ID) + `"`)}
			return p
		}
		first, said := s.try(by(tt, 1, 0))
		second, again := s.try(by(tt, 2, 1))
		if said+again != "" {
			t.Fatal(said, again)
		}
		ada, bob := s.wish("ada", 1, tt), s.wish("bob", 1, tt)
		s.cancel(first)
		s.serve()
		s.wantStates("one seat is back", []*ticketing.WaitlistEntry{ada, bob}, ticketing.Offered, ticketing.Waiting)
		if _, got := s.try(by(other, 3, 0)); got != "option_full" && got != "sold_out" {
			t.Errorf("a stranger who takes the seat is told %q", got)
		}
		p := by(tt, 1, 0)
		p.Buyer, p.Offer = ticketing.Attendee{Name: ada.Name, Email: ada.Email}, ada.ID
		shown, err := s.Assortment(t.Context(), s.event, nil, &p)
		if err != nil || len(shown.Offers) != 1 || shown.Offers[0].Reason != nil {
			t.Fatalf("the offer leads to %+v, %v", shown, err)
		}
		if seats := shown.Questions[0].Words.Options; seats[0].Full() || !seats[1].Full() {
			t.Errorf("the seats of the offer are full: %t, %t", seats[0].Full(), seats[1].Full())
		}
		if _, got := s.try(p); got != "" {
			t.Errorf("the offer is refused: %s", got)
		}
		s.cancel(second)
		s.serve()
		s.wantStates("the other seat is back", []*ticketing.WaitlistEntry{ada, bob}, ticketing.Accepted, ticketing.Offered)
		s.wait(25 * time.Hour)
		if _, err := s.ExpireOffers(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if _, got := s.try(by(other, 3, 1)); got != "" {
			t.Errorf("once the offer is over its seat is not to be had: %s", got)
		}
	})
}
