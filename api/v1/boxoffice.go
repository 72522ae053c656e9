package v1

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

var boxOfficeOperations = operations{
	"POST /events/{event}/box-office/orders": {Summary: "Sell or give tickets at the box office", In: deskRequest{}, Out: orderResponse{}, Status: 201, Key: true, Errors: []int{409},
		Text: "Confirmed at once, whatever the shop's dates, limits and restrictions say; only places cannot be made. The buyer needs no e-mail address. " +
			"With name_only, questions are not asked. With mail, the tickets are mailed to the buyer.",
		Example: map[string]any{"lines": []any{map[string]any{"ticket_type_id": "typ_…", "quantity": 1}}, "buyer": map[string]any{"name": "Zoë Łukasik"}, "method": "cash"}},
	"POST /orders/{code}/undo": {Summary: "Take back a sale of the box office", Out: cancelResponse{}, Errors: []int{409},
		Text: "Within two minutes of the sale. The order is canceled, and what was paid counts as given back by hand."},
	"GET /events/{event}/box-office/takings": {Summary: "What the box office and the doors took, by day, seller and method", Out: respond.Page[takingResponse]{}, Query: window,
		Text: "Counted from the payments, and from the refunds of these that were made; days are those of the event's zone."},
}

type deskBuyer struct {
	Name  string `json:"name" required:"true"`
	Email string `json:"email" doc:"none for somebody who is known by name only"`
}

type deskRequest struct {
	Lines     []orderLineRequest   `json:"lines" required:"true"`
	Voucher   string               `json:"voucher" doc:"its code"`
	Buyer     deskBuyer            `json:"buyer" required:"true"`
	Attendees []attendeeRequest    `json:"attendees" doc:"the i-th bears the i-th ticket, lines in order; absent: every ticket bears the buyer"`
	Method    ticketing.DeskMethod `json:"method" required:"true" enum:"cash,card,transfer,free"`
	Reference string               `json:"reference" doc:"of the card terminal or the transfer"`
	NameOnly  bool                 `json:"name_only" doc:"questions are not asked"`
	Mail      bool                 `json:"mail" doc:"mail the tickets"`
	Locale    string               `json:"locale" doc:"of mails and papers, BCP 47"`
}

type takingResponse struct {
	Day       string               `json:"day" doc:"as 2026-05-31"`
	SoldBy    turnout.ID           `json:"sold_by" doc:"the account or the token"`
	Method    ticketing.DeskMethod `json:"method" enum:"cash,card,transfer"`
	Sales     int64                `json:"sales"`
	Taken     turnout.Money        `json:"taken"`
	GivenBack turnout.Money        `json:"given_back" doc:"on that day"`
}

// SellAtDesk is POST /events/{event}/box-office/orders.
func (h *Handler) SellAtDesk(c *gin.Context) {
	var in deskRequest
	if !respond.Bind(c, &in) {
		return
	}
	if in.Method == ticketing.DeskImport {
		respond.Fail(c, turnout.Invalidf("method", "unknown", "Choose cash, card, transfer or free."))
		return
	}
	purchase := h.purchase(c, &orderRequest{Lines: in.Lines, Voucher: in.Voucher, Buyer: personBody(in.Buyer), Attendees: in.Attendees, Locale: in.Locale})
	purchase.Caller = "desk " + purchase.Caller
	purchase.Desk = &ticketing.DeskSale{Method: in.Method, Reference: in.Reference, NameOnly: in.NameOnly, Mail: in.Mail}
	h.placed(c, purchase)
}

// UndoDeskSale is POST /orders/{code}/undo.
func (h *Handler) UndoDeskSale(c *gin.Context) {
	order, ok := h.order(c)
	if !ok {
		return
	}
	done, err := h.Ticketing.UndoDeskSale(c.Request.Context(), order.CommunityID, order.ID, "")
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, cancelResponse{done.Refund, done.FeeKept, newTickets(done.Tickets)})
}

// Takings is GET /events/{event}/box-office/takings.
func (h *Handler) Takings(c *gin.Context) {
	list, err := h.Ticketing.Takings(c.Request.Context(), access.Event(c), "")
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, list, func(t ticketing.Taking) turnout.ID {
		return turnout.ID(t.Day + "/" + string(t.By) + "/" + string(t.Method))
	},
		func(t ticketing.Taking) takingResponse {
			return takingResponse{t.Day, t.By, t.Method, t.Sales, t.Taken, t.GivenBack}
		})
}
