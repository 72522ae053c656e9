package ticketing_test

import (
	"testing"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Doctor sees each counter of selling that says something else than the rows, whatever its column, and each that is gone.
func TestCheckSeesEveryCounter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		hall := s.pool(10)
		tt := s.ticketType(0, hall)
		s.buy(tt, 2, 1)
		if _, err := s.CreateVoucher(t.Context(), s.event.CommunityID, s.event.ID, ticketing.VoucherInput{Code: "HALF", Kind: ticketing.Percent, Value: 50}); err != nil {
			t.Fatal(err)
		}
		shirt, err := s.CreateAddOn(t.Context(), s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "Shirt", Price: turnout.Money{Amount: 2000, Currency: s.event.Currency}, OnSale: true})
		if err != nil {
			t.Fatal(err)
		}
		dressed := s.purchase(s.ticketType(3000, hall), 1, 3)
		dressed.Lines, dressed.Voucher = append(dressed.Lines, ticketing.PurchaseLine{AddOnID: shirt.ID, Quantity: 1}), "half"
		placed, _, err := s.PlaceOrder(t.Context(), dressed)
		if err != nil || placed.Total != 3500 {
			t.Fatalf("%+v, %v", placed, err)
		}
		s.tell(paid(placed, "pi_2"))
		bought := s.buy(s.ticketType(2500, hall), 1, 2)
		s.tell(paid(bought, "pi_1"))
		s.holds()
		dbtest.EveryCounterIsChecked(t, db, ticketing.Check, "pools.taken", "event_totals", "ticket_totals", "sales_totals", "add_on_totals", "vouchers.uses", "vouchers.spent")
	})
}
