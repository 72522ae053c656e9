package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/internal/audit"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

var orderOperations = operations{
	"POST /events/{event}/orders": {Summary: "Place an order", In: orderRequest{}, Out: orderResponse{}, Status: 201, Key: true, Errors: []int{409}, Example: orderExample,
		Text: "Takes the places at once. A free order is confirmed; another is held until expires_at and paid at payment.url."},
	"GET /events/{event}/orders": {Summary: "List an event's orders, the newest first", Out: respond.Page[orderResponse]{},
		Query: append(orderFilter, window...)},
	"GET /orders/{code}":             {Summary: "An order", Out: orderResponse{}, Query: []parameter{secretParameter}},
	"GET /orders/{code}/tickets.pdf": {Summary: "The order's tickets as a PDF", OutRaw: "application/pdf", Errors: []int{409}, Query: []parameter{secretParameter, sizeParameter}},
	"POST /orders/{code}/cancel": {Summary: "Cancel a whole order", Text: "A preview says what would be given back and changes nothing; what it says is what happens.",
		In: cancelRequest{}, Out: cancelResponse{}, Errors: []int{409}, Query: []parameter{secretParameter}},
	"POST /tickets/{id}/add-ons/{add_on}/cancel": {Summary: "Cancel an add-on of a ticket", Text: "All that the ticket of a confirmed order has of it: its places go back, and what was paid for it and not given back. " +
		"The buyer is told by mail. A preview says what would be given back and changes nothing.", In: cancelAddOnRequest{}, Out: cancelAddOnResponse{}, Errors: []int{409}},
	"POST /orders/{code}/refunds": {Summary: "Give back all that was paid", Text: "The order and its tickets stay.", In: refundRequest{}, Out: refundResponse{}, Status: 201, Errors: []int{409}},
	"POST /orders/{code}/paid":    {Summary: "Note that a bank transfer or cash arrived", Out: orderResponse{}, Errors: []int{409}},
}

var orderExample = map[string]any{
	"lines": []any{map[string]any{"ticket_type_id": "typ_…", "quantity": 2}},
	"buyer": map[string]any{"name": "Zoë Łukasik", "email": "zoe@example.org"},
}

type orderLineRequest struct {
	TicketTypeID turnout.ID     `json:"ticket_type_id"`
	AddOnID      turnout.ID     `json:"add_on_id" doc:"in the place of a ticket type"`
	Quantity     int64          `json:"quantity" required:"true"`
	Price        *turnout.Money `json:"price" doc:"of one, where the buyer names it; what is suggested when absent"`
	Tickets      []int          `json:"tickets" doc:"of an add-on: which tickets of this order have one each, counted from 0; spread over them when absent"`
}

type personBody struct {
	Name  string `json:"name" required:"true"`
	Email string `json:"email" required:"true"`
}

type attendeeRequest struct {
	Name    string                     `json:"name"`
	Email   string                     `json:"email"`
	Answers map[string]json.RawMessage `json:"answers" doc:"by question"`
	Later   bool                       `json:"later" doc:"name and answers are filled in by a link, which is mailed"`
}

type orderRequest struct {
	Lines         []orderLineRequest         `json:"lines" required:"true"`
	Voucher       string                     `json:"voucher" doc:"its code"`
	Buyer         personBody                 `json:"buyer" required:"true"`
	Attendees     []attendeeRequest          `json:"attendees" doc:"the i-th bears the i-th ticket, lines in order; absent: every ticket bears the buyer"`
	Answers       map[string]json.RawMessage `json:"answers" doc:"to the questions about the order"`
	ExpectedTotal *turnout.Money             `json:"expected_total" doc:"what the buyer was shown; when it would cost anything else, nothing is sold (409 price_changed)"`
	Locale        string                     `json:"locale" doc:"of mails and papers, BCP 47; what Accept-Language says when absent"`
}

func (h *Handler) purchase(c *gin.Context, in *orderRequest) ticketing.Purchase {
	who := access.Who(c)
	p := ticketing.Purchase{EventID: access.Event(c).ID, Buyer: ticketing.Attendee(in.Buyer), Locale: h.language(c, in.Locale), Voucher: in.Voucher,
		Answers: answers(in.Answers), Expected: in.ExpectedTotal, Key: c.GetHeader("Idempotency-Key"), Caller: string(who.ID())}
	if !who.Nobody() {
		p.Actor = audit.ActorFrom(c.Request.Context())
	}
	if p.Trusted = who.May("orders:write", access.Event(c).CommunityID, access.Event(c)); !p.Trusted {
		p.Client = c.ClientIP() // a token of anybody else guesses no more codes than a stranger
	}
	for _, l := range in.Lines {
		p.Lines = append(p.Lines, ticketing.PurchaseLine(l))
	}
	for _, a := range in.Attendees {
		p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: ticketing.Attendee{Name: a.Name, Email: a.Email}, Answers: answers(a.Answers), Later: a.Later})
	}
	return p
}

func answers(in map[string]json.RawMessage) ticketing.Answers {
	if len(in) == 0 {
		return nil
	}
	out := make(ticketing.Answers, len(in))
	for id, value := range in {
		out[turnout.ID(id)] = value
	}
	return out
}

// language is that of the catalogue which fits the wish best, else what the caller's own Accept-Language says.
func (h *Handler) language(c *gin.Context, wish string) string {
	return h.Ticketing.Pages.Match(wish, c.GetHeader("Accept-Language"))
}

type orderLineResponse struct {
	TicketTypeID turnout.ID    `json:"ticket_type_id,omitempty"`
	AddOnID      turnout.ID    `json:"add_on_id,omitempty"`
	Name         string        `json:"name"`
	PriceName    string        `json:"price_name,omitempty" doc:"of the price window that it was sold in"`
	Quantity     int64         `json:"quantity"`
	Canceled     int64         `json:"canceled" doc:"of them, one by one; the total stays as it was sold"`
	UnitPrice    turnout.Money `json:"unit_price"`
	Discount     turnout.Money `json:"discount" doc:"of one"`
	Total        turnout.Money `json:"total"`
}

type paymentResponse struct {
	ID        turnout.ID              `json:"id"`
	Provider  string                  `json:"provider" enum:"stripe,sandbox,offline"`
	Status    ticketing.PaymentStatus `json:"status" enum:"created,processing,succeeded,failed,canceled,disputed,late_refund_pending,late_refunded"`
	URL       string                  `json:"url" doc:"where the buyer pays"`
	Amount    turnout.Money           `json:"amount"`
	Method    ticketing.DeskMethod    `json:"method,omitempty" enum:"cash,card,transfer" doc:"at the box office"`
	Reference string                  `json:"reference,omitempty" doc:"of the card terminal or the transfer"`
}

type refundResponse struct {
	ID        turnout.ID             `json:"id"`
	PaymentID turnout.ID             `json:"payment_id"`
	Status    ticketing.RefundStatus `json:"status" enum:"requested,processing,succeeded,failed,manual"`
	Amount    turnout.Money          `json:"amount"`
	Reason    string                 `json:"reason"`
	CreatedAt time.Time              `json:"created_at"`
}

type ticketResponse struct {
	ID             turnout.ID             `json:"id"`
	TicketTypeID   turnout.ID             `json:"ticket_type_id"`
	Status         ticketing.TicketStatus `json:"status" enum:"reserved,valid,canceled"`
	AttendanceMode ticketing.Mode         `json:"attendance_mode" enum:"in_person,virtual"`
	Attendee       personBody             `json:"attendee"`
	Code           string                 `json:"code,omitempty" doc:"what the QR says; once confirmed"`
	URL            string                 `json:"url,omitempty" doc:"the attendee's own page, secret included; for the buyer, once confirmed"`
	AddOns         []ticketAddOn          `json:"add_ons,omitempty" doc:"of an order that is asked for"`
	Answers        []answerResponse       `json:"answers,omitempty" doc:"of orders that a token of orders:read asks for"`
}

type ticketAddOn struct {
	AddOnID  turnout.ID `json:"add_on_id"`
	Quantity int64      `json:"quantity"`
}

type orderResponse struct {
	ID          turnout.ID            `json:"id"`
	EventID     turnout.ID            `json:"event_id"`
	Code        string                `json:"code"`
	Secret      string                `json:"secret,omitempty" doc:"opens the order; for the buyer only"`
	Status      ticketing.OrderStatus `json:"status" enum:"held,awaiting_approval,pending,confirmed,expired,canceled"`
	Buyer       personBody            `json:"buyer"`
	Total       turnout.Money         `json:"total"`
	ExpiresAt   time.Time             `json:"expires_at" doc:"when the places are given back unless paid"`
	Lines       []orderLineResponse   `json:"lines"`
	Payment     *paymentResponse      `json:"payment"`
	Refunds     []refundResponse      `json:"refunds"`
	Tickets     []ticketResponse      `json:"tickets"`
	Answers     []answerResponse      `json:"answers,omitempty" doc:"about the order, where a token of orders:read asks for it"`
	URL         string                `json:"url,omitempty" doc:"the buyer's page, secret included"`
	ConfirmedAt *time.Time            `json:"confirmed_at"`
	CanceledAt  *time.Time            `json:"canceled_at"`
	CreatedAt   time.Time             `json:"created_at"`
}

// newOrderResponse shows an order; its secret and page only where the service has revealed them.
func (h *Handler) newOrderResponse(o *ticketing.Order) orderResponse {
	out := orderResponse{
		ID: o.ID, EventID: o.EventID, Code: o.Code, Secret: o.Secret, Status: o.StatusAt(h.Now()), Buyer: personBody{o.BuyerName, o.BuyerEmail},
		Total: o.Money(o.Total), ExpiresAt: o.ExpiresAt.UTC(), Lines: make([]orderLineResponse, len(o.Lines)), Refunds: make([]refundResponse, len(o.Refunds)),
		Tickets: newTickets(o.Tickets), ConfirmedAt: moment(o.ConfirmedAt), CanceledAt: moment(o.CanceledAt), CreatedAt: o.CreatedAt.UTC(),
	}
	if o.Secret != "" {
		out.URL = h.Ticketing.OrderLink(o)
		for i, t := range o.Tickets {
			if t.Status == ticketing.Valid {
				out.Tickets[i].URL = h.Ticketing.TicketLink(t)
			}
		}
	}
	for i, t := range o.Tickets {
		for _, has := range o.AddOns {
			if has.TicketID == t.ID {
				out.Tickets[i].AddOns = append(out.Tickets[i].AddOns, ticketAddOn{has.AddOnID, has.Quantity})
			}
		}
	}
	for i, l := range o.Lines {
		out.Lines[i] = orderLineResponse{l.TicketTypeID, l.AddOnID, l.Name, l.PriceName, l.Quantity, l.Canceled, o.Money(l.UnitPrice), o.Money(l.Discount), o.Money(l.Total)}
	}
	for i, r := range o.Refunds {
		out.Refunds[i] = newRefundResponse(r)
	}
	if p := o.Payment(); p != nil {
		out.Payment = &paymentResponse{ID: p.ID, Provider: p.Provider, Status: p.Status, URL: h.Ticketing.PayURL(p), Amount: o.Money(p.Amount), Method: ticketing.DeskMethod(p.Method), Reference: p.Reference}
	}
	return out
}

func newTickets(tickets []*ticketing.Ticket) []ticketResponse {
	out := make([]ticketResponse, len(tickets))
	for i, t := range tickets {
		out[i] = ticketResponse{t.ID, t.TicketTypeID, t.Status, t.AttendanceMode, personBody{t.AttendeeName, t.AttendeeEmail}, t.Code, "", nil, nil}
	}
	return out
}

func newRefundResponse(r *ticketing.Refund) refundResponse {
	return refundResponse{r.ID, r.PaymentID, r.Status, turnout.Money{Amount: r.Amount, Currency: r.Currency}, r.Reason, r.CreatedAt.UTC()}
}

// PlaceOrder is POST /events/{event}/orders.
func (h *Handler) PlaceOrder(c *gin.Context) {
	var in orderRequest
	if !respond.Bind(c, &in) {
		return
	}
	h.placed(c, h.purchase(c, &in))
}

// placed places an order and answers with it.
func (h *Handler) placed(c *gin.Context, purchase ticketing.Purchase) {
	order, replayed, err := h.Ticketing.PlaceOrder(c.Request.Context(), purchase)
	if errors.Is(err, ticketing.ErrTooManyCodes) {
		c.Header("Retry-After", strconv.Itoa(int(ticketing.GuessesWithin.Seconds())))
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if replayed {
		c.Header("Idempotent-Replayed", "true")
	}
	respond.JSON(c, http.StatusCreated, h.newOrderResponse(order))
}

// ListOrders is GET /events/{event}/orders.
func (h *Handler) ListOrders(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	e := access.Event(c)
	filter, err := ticketing.ReadOrderFilter(e, c.Query)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	filter.Before, filter.Limit = turnout.ID(window.Cursor), window.Limit+1
	orders, err := h.Ticketing.Orders(c.Request.Context(), e.CommunityID, e.ID, filter)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	orders, next := cut(orders, window.Limit, func(o *ticketing.Order) turnout.ID { return o.ID })
	items := make([]orderResponse, len(orders))
	for i, o := range orders {
		items[i] = h.newOrderResponse(o)
	}
	if err := h.answered(c.Request.Context(), orders, items); err != nil {
		respond.Fail(c, err)
		return
	}
	respond.List(c, items, next)
}

// order finds the order in the path for a token of its community or for whoever has its secret. It answers the request
// itself and gives false when there is none.
func (h *Handler) order(c *gin.Context) (*ticketing.Order, bool) {
	var order *ticketing.Order
	var err error
	if who := access.Who(c); who.Token != "" {
		order, err = h.Ticketing.Order(c.Request.Context(), who.Community, c.Param("code"))
	} else {
		order, err = h.Ticketing.OrderBySecret(c.Request.Context(), c.Param("code"), c.Query("secret"))
	}
	if err != nil {
		respond.Fail(c, err)
		return nil, false
	}
	return order, true
}

// GetOrder is GET /orders/{code}.
func (h *Handler) GetOrder(c *gin.Context) {
	order, ok := h.order(c)
	if !ok {
		return
	}
	out := []orderResponse{h.newOrderResponse(order)}
	if access.Who(c).Token != "" {
		if err := h.answered(c.Request.Context(), []*ticketing.Order{order}, out); err != nil {
			respond.Fail(c, err)
			return
		}
	}
	respond.JSON(c, http.StatusOK, out[0])
}

// MarkOrderPaid is POST /orders/{code}/paid.
func (h *Handler) MarkOrderPaid(c *gin.Context) {
	order, ok := h.order(c)
	if !ok {
		return
	}
	order, err := h.Ticketing.MarkPaid(c.Request.Context(), order.CommunityID, order.ID, nil)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, h.newOrderResponse(order))
}

// TicketsPDF is GET /orders/{code}/tickets.pdf.
func (h *Handler) TicketsPDF(c *gin.Context) {
	size, err := documents.ParseSize(c.Query("size"))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	order, ok := h.order(c)
	if !ok {
		return
	}
	var pdf bytes.Buffer
	if err := h.Ticketing.WriteTickets(c.Request.Context(), &pdf, order, size); err != nil {
		respond.Fail(c, err)
		return
	}
	paper(c, "tickets-"+order.Code, pdf.Bytes())
}

func paper(c *gin.Context, name string, pdf []byte) {
	c.Header("Cache-Control", "private, no-store")
	c.Header("Content-Disposition", `inline; filename="`+name+`.pdf"`)
	c.Data(http.StatusOK, "application/pdf", pdf)
}

type cancelRequest struct {
	Preview bool `json:"preview"`
}

type cancelResponse struct {
	Refund  turnout.Money    `json:"refund"`
	FeeKept turnout.Money    `json:"fee_kept"`
	Tickets []ticketResponse `json:"tickets" doc:"those that end"`
}

// CancelOrder is POST /orders/{code}/cancel. What a token cancels, the organiser cancels.
func (h *Handler) CancelOrder(c *gin.Context) {
	var in cancelRequest
	if !respond.BindOptional(c, &in) {
		return
	}
	order, ok := h.order(c)
	if !ok {
		return
	}
	reason := ticketing.CanceledByBuyer
	if access.Who(c).Token != "" {
		reason = ticketing.CanceledByOrganiser
	}
	done, err := h.Ticketing.CancelOrder(c.Request.Context(), order.CommunityID, order.ID, reason, in.Preview)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, cancelResponse{done.Refund, done.FeeKept, newTickets(done.Tickets)})
}

type cancelAddOnRequest struct {
	Preview bool `json:"preview"`
}

type cancelAddOnResponse struct {
	Refund turnout.Money `json:"refund"`
}

// CancelAddOn is POST /tickets/{id}/add-ons/{add_on}/cancel.
func (h *Handler) CancelAddOn(c *gin.Context) {
	var in cancelAddOnRequest
	if !respond.BindOptional(c, &in) {
		return
	}
	refund, err := h.Ticketing.CancelAddOn(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), turnout.ID(c.Param("add_on")), in.Preview)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, cancelAddOnResponse{refund})
}

type refundRequest struct {
	Reason string `json:"reason" required:"true" doc:"for your own records"`
}

// RefundOrder is POST /orders/{code}/refunds.
func (h *Handler) RefundOrder(c *gin.Context) {
	var in refundRequest
	if !respond.Bind(c, &in) {
		return
	}
	if in.Reason == "" {
		respond.Fail(c, turnout.Invalidf("reason", "required", "This is needed."))
		return
	}
	order, ok := h.order(c)
	if !ok {
		return
	}
	refunds, err := h.Ticketing.RefundOrder(c.Request.Context(), order.CommunityID, order.ID, in.Reason)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, newRefundResponse(refunds[0]))
}
