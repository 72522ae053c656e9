package ticketing_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Of several who add a pool or a ticket type of one name at the same moment, one does; renaming meets the same refusal.
func TestANameIsTakenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		community, event := s.event.CommunityID, s.event.ID
		hall := s.pool(5)
		once := func(what string, create func() error) {
			var made atomic.Int64
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					switch err := create(); {
					case err == nil:
						made.Add(1)
					case !errors.Is(err, ticketing.ErrNameTaken):
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			if all.Wait(); made.Load() != 1 {
				t.Errorf("%s: %d were made", what, made.Load())
			}
		}
		once("pool", func() error {
			_, err := s.CreatePool(t.Context(), community, event, ticketing.PoolInput{Name: "Dinner", Capacity: 1})
			return err
		})
		in := ticketing.TicketTypeInput{Name: "Guest", Price: turnout.Money{Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{hall.ID}}
		once("ticket type", func() error {
			in := in
			in.PoolIDs = []turnout.ID{hall.ID}
			_, err := s.CreateTicketType(t.Context(), community, event, in)
			return err
		})
		other := s.ticketType(0, hall)
		_, pool := s.UpdatePool(t.Context(), community, hall.ID, 0, ticketing.PoolInput{Name: " Dinner ", Capacity: 5})
		_, ticket := s.UpdateTicketType(t.Context(), community, other.ID, 0, in)
		if !errors.Is(pool, ticketing.ErrNameTaken) || !errors.Is(ticket, ticketing.ErrNameTaken) {
			t.Errorf("renamed: %v, %v", pool, ticket)
		}
	})
}

// A type that nobody could buy by its numbers is refused at the number that would let them.
func TestTheNumbersOfAnOrderLetSomebodyBuy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		pool := s.pool(100)
		for _, c := range []struct {
			least, most, multiple int64
			want                  string
		}{
			{1, 5, 6, "max_per_order most_of_multiple"}, {7, 10, 6, "max_per_order most_of_multiple"}, {3, 3, 2, "max_per_order most_of_multiple"},
			{6, 5, 1, "min_per_order least_range"}, {-1, 5, 1, "min_per_order least_range"}, {0, 101, 0, "max_per_order most_range"}, {0, -1, 0, "max_per_order most_range"},
			{60, 100, 51, "multiple_of multiple_range"}, {2, 10, 1<<63 - 1, "multiple_of multiple_range"}, {1, 5, -2, "multiple_of multiple_range"},
			{200, 0, 1, "min_per_order least_range"}, {1, 0, 200, "multiple_of multiple_range"},
			{1, 6, 6, ""}, {7, 0, 6, ""}, {0, 0, 12, ""}, {5, 5, 5, ""},
		} {
			_, err := s.CreateTicketType(t.Context(), s.event.CommunityID, s.event.ID, ticketing.TicketTypeInput{Name: fmt.Sprint("Seat ", c.least, c.most, c.multiple),
				Price: turnout.Money{Amount: 90, Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{pool.ID},
				MinPerOrder: c.least, MaxPerOrder: c.most, MultipleOf: c.multiple})
			if got := strings.Join(fieldsOf(err), "; "); got != c.want || (c.want == "") != (err == nil) {
				t.Errorf("%d to %d by %d: %q, %v; want %q", c.least, c.most, c.multiple, got, err, c.want)
			}
		}
	})
}
