package ticketing_test

import (
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Doctor sees each counter of selling that says something else than the rows, whatever its column, and each that is gone.
func TestCheckSeesEveryCounter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		s.buy(s.ticketType(0, hall), 2, 1)
		bought := s.buy(s.ticketType(2500, hall), 1, 2)
		s.tell(paid(bought, "pi_1"))
		s.holds()
		dbtest.EveryCounterIsChecked(t, db, ticketing.Check, "pools.taken", "event_totals", "ticket_totals", "sales_totals")
	})
}
