package checkin_test

import (
	"testing"

	"turnout/checkin"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Doctor sees each counter of admitting that says something else than the rows, whatever its column, and each that is gone.
func TestCheckSeesEveryCounter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoor(t, db)
		list := d.list(checkin.ListInput{})
		order := d.order(d.regular, 1)
		for range 2 { // let in, then refused
			d.must(checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code, Gate: "North"})
		}
		if _, err := d.Ticketing.CancelOrder(t.Context(), order.CommunityID, order.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		d.holds()
		for _, column := range []string{"admitted", "inside", "refused"} {
			dbtest.EveryCounterIsChecked(t, db, checkin.Check, "check_in_lists."+column)
		}
		dbtest.EveryCounterIsChecked(t, db, checkin.Check, "admission_totals", "refusal_totals", "attendance_totals")
	})
}
