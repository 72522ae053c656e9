package ticketing_test

import (
	"encoding/json"
	"testing"

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
		if got := stands(); got != ticketing.FewLeft {
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
