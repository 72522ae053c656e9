package pages

import (
	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type orderRow struct {
	*ticketing.OrderRow
	URL    string
	Status ticketing.OrderStatus // at this moment
	Total  turnout.Money
	Note   string // a refund or a payment that needs a look, as a message key
}

type ordersPage struct {
	listPage
	Rows     []orderRow
	Payments []templates.Option
	Actions  []string
}

// EventOrders is GET /console/events/{event}/orders: searched as one types, filtered.
func (h *Handler) EventOrders(c *gin.Context) { h.eventOrders(c, c.Query, refusedView{}) }

func (h *Handler) eventOrders(c *gin.Context, value func(string) string, refused refusedView) {
	e := access.Event(c)
	common, ok := h.newViewedList(c, ticketing.ListOrders, value, ticketing.OrderFilters, "search", "status", "refunds")
	if !ok {
		return
	}
	common.Refused = refused
	data := &ordersPage{listPage: common, Actions: ticketing.BulkActions, Payments: anyOf(h, c, "console.orders.payment_", ticketing.Paid, ticketing.Unpaid, ticketing.RefundOpen)}
	filter, err := ticketing.ReadOrderFilter(e, value)
	filter.Before, filter.Limit = turnout.ID(value("before")), rowsShown+1
	if err == nil {
		err = h.fillOrders(c, data, filter)
	}
	states(h, c, &data.listPage, "status", "order", ticketing.Confirmed, ticketing.AwaitingApproval, ticketing.Held, ticketing.Pending, ticketing.Expired, ticketing.OrderCanceled)
	if shown := data.Values["refunds"]; shown == string(ticketing.RefundManual) || shown == string(ticketing.RefundFailed) { // reached from the to-do list
		data.States = append(data.States, filterLink{h.text(c, "console.orders.refund_"+shown), data.Action + "?refunds=" + shown, true})
	}
	h.listed(c, "console_orders", &data.listPage, data, err)
}

func (h *Handler) fillOrders(c *gin.Context, data *ordersPage, filter ticketing.OrderFilter) error {
	rows, err := h.Ticketing.OrderRows(c.Request.Context(), data.Event, filter)
	if err != nil {
		return err
	}
	if len(rows) > rowsShown {
		rows = rows[:rowsShown]
		data.NextPageURL = data.next("before", rows[rowsShown-1].ID)
	}
	for _, o := range rows {
		data.Rows = append(data.Rows, h.orderRow(data.Event, o))
	}
	return nil
}

func (h *Handler) orderRow(e *events.Event, o *ticketing.OrderRow) orderRow {
	row := orderRow{OrderRow: o, URL: eventPath(e) + "/orders/" + o.Code, Status: o.StatusAt(h.Now()), Total: turnout.Money{Amount: o.Total, Currency: o.Currency}}
	switch o.Look {
	case "":
	case ticketing.LookRefundFailed, ticketing.LookRefundManual:
		row.Note = "console.orders." + o.Look
	default:
		row.Note = "status.payment." + o.Look
	}
	return row
}
