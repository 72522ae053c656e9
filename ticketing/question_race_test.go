package ticketing_test

import (
	"encoding/json"
	"errors"
	"testing"

	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// While some buy and choose, an organiser begins to count the places of what they choose: either somebody was faster and counting is
// refused, or everybody who chose it is counted.
func TestCountingBeginsWithoutMissingAChoice(t *testing.T) {
	for _, engine := range dbtest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			address := dbtest.Address(t, engine)
			s := newShop(t, dbtest.Handle(t, address))
			second := s.server(dbtest.Handle(t, address))
			tt := s.ticketType(0, s.pool(1000))
			counted, refused := 0, 0
			for round := range 12 {
				q := s.ask(shirt())
				small := q.Words.Options[0].ID
				var changed error
				dbtest.Together(5, func(i int) {
					if i == 4 {
						_, changed = second.change(q, func(in *ticketing.QuestionInput) { in.Options[0].Places = places(50) })
						return
					}
					p := s.purchase(tt, 1, round*10+i)
					p.Attendees = []ticketing.Bearer{{Attendee: p.Buyer, Answers: ticketing.Answers{q.ID: json.RawMessage(`"` + small + `"`)}}}
					if _, _, err := s.PlaceOrder(t.Context(), p); err != nil {
						t.Error(err)
					}
				})
				if err := s.ArchiveQuestion(t.Context(), s.event.CommunityID, q.ID, 0); err != nil {
					t.Fatal(err)
				}
				now, err := s.Question(t.Context(), s.event.CommunityID, q.ID)
				if err != nil {
					t.Fatal(err)
				}
				switch option := now.Words.Options[0]; {
				case errors.Is(changed, ticketing.ErrOptionChosen):
					refused++
				case changed != nil:
					t.Error(changed)
				case option.Pool.Taken != 4:
					t.Errorf("round %d: 4 chose it, %d are counted", round, option.Pool.Taken)
				default:
					counted++
				}
			}
			t.Logf("counted %d times, refused %d times", counted, refused)
		})
	}
}
