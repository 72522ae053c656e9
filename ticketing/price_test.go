package ticketing_test

import (
	"errors"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
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
