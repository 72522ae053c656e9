package ticketing

import (
	"turnout"
)

// Sources of orders.
const (
	FromShop      = "shop"
	FromBoxOffice = "box_office"
	FromImport    = "import"
)

// beginAtDesk confirms an order of the box office, with its money.
func (b *sale) beginAtDesk(rows *saleRows, o *Order, desk *DeskSale) {
	o.Status, o.ConfirmedAt, o.Source = Confirmed, b.now, FromBoxOffice
	if desk.Method == DeskImport {
		o.Source = FromImport
	}
	switch {
	case desk.Mail && o.BuyerEmail != "":
		rows.notify(o, JobOrderConfirmed)
	case desk.Method != DeskImport: // an import makes its orders findable itself, many at once
		rows.notify(o, JobOrderPlaced)
	}
	if o.Total == 0 {
		return
	}
	payment := &Payment{
		ID: turnout.NewID(turnout.PrefixPayment), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID, Provider: offlineProvider,
		Status: PaymentSucceeded, Amount: o.Total, Currency: o.Currency, Method: string(desk.Method), Reference: desk.Reference,
		CreatedAt: b.now, UpdatedAt: b.now,
	}
	rows.payments = append(rows.payments, payment)
	o.Payments = []*Payment{payment}
}
