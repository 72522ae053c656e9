package pages

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin/badges"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type orderDetailPage struct {
	templates.Chrome
	Now                    time.Time
	Event                  *events.Event
	Order                  *ticketing.Order
	Status                 ticketing.OrderStatus
	Timeline               []happening
	TypeNames              map[turnout.ID]string
	BuyerURL, PDFURL, Base string
	CanEdit                bool                    // sees what can be done with the order
	Cancellation           *ticketing.Cancellation // what canceling now would do; nil when it cannot be
	Extras                 map[turnout.ID][]extraRow
	Answers                map[turnout.ID][]answerLine // by ticket, those about the order under ""
	Badges                 map[turnout.ID]*badges.Printed
	BadgesURL              string // prints a ticket's badge, followed by its id; "" for who may not
}

// HasBadge reports whether a ticket is one that a badge is printed for.
func (orderDetailPage) HasBadge(t *ticketing.Ticket) bool {
	return t.Status == ticketing.Valid && t.AttendanceMode == ticketing.InPerson
}

// NoticeKinds are what the door can be told of somebody.
func (orderDetailPage) NoticeKinds() []ticketing.NoticeKind { return ticketing.NoticeKinds }

// AboutOrder are the answers about the order itself.
func (p orderDetailPage) AboutOrder() []answerLine { return p.Answers[""] }

// Due reports whether somebody is still to fill in the details of a ticket.
func (orderDetailPage) Due(t *ticketing.Ticket) bool {
	return t.DetailsDue && t.Status == ticketing.Valid
}

// extraRow is an add-on of a ticket.
type extraRow struct {
	Name   string
	Refund turnout.Money
	Cancel string // where it is canceled, "" when it cannot be
}

// extras lists what each ticket of the order has of add-ons, an add-on once.
func (p *orderDetailPage) extras() {
	p.Extras = map[turnout.ID][]extraRow{}
	seen := map[[2]turnout.ID]int{}
	for _, has := range p.Order.AddOns {
		key := [2]turnout.ID{has.TicketID, has.AddOnID}
		if seen[key]++; seen[key] > 1 { // what the ticket's price includes stands on a line of its own
			continue
		}
		row := extraRow{Name: p.Order.ExtraName(has.TicketID, has.AddOnID)}
		if refund, _, err := p.Order.WithoutAddOn(has.TicketID, has.AddOnID); err == nil && p.CanEdit {
			row.Refund, row.Cancel = refund, p.Base+"/tickets/"+string(has.TicketID)+"/add-ons/"+string(has.AddOnID)+"/cancel"
		}
		p.Extras[has.TicketID] = append(p.Extras[has.TicketID], row)
	}
}

// PaymentWord is the state of one of the order's payments as people see it.
func (p orderDetailPage) PaymentWord(of *ticketing.Payment) string { return paymentWord(p.Order, of) }

// EventOrder is GET /console/events/{event}/orders/{order}.
func (h *Handler) EventOrder(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "console.order.title", "Code", o.Code), "nav.orders")
	if !ok {
		return
	}
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.orders"), URL: eventPath(e) + "/orders"})
	data := orderDetailPage{Chrome: chrome, Now: h.Now(), Event: e, Order: o, Status: o.StatusAt(h.Now()), Base: eventPath(e) + "/orders/" + o.Code,
		TypeNames: map[turnout.ID]string{}, CanEdit: may(c, "orders:write")}
	for _, l := range o.Lines {
		data.TypeNames[l.TicketTypeID] = l.Name
	}
	data.extras()
	if data.CanEdit { // the link opens the order as its buyer
		data.BuyerURL = h.Ticketing.OrderLink(o)
	}
	if data.CanEdit && o.CanCancel(h.Now()) {
		var err error
		if data.Cancellation, err = h.Ticketing.Cancellation(ctx, o, ticketing.CanceledByOrganiser); err != nil {
			h.Fail(c, err)
			return
		}
	}
	answers, err := h.Ticketing.AnswersOf(ctx, e.CommunityID, []turnout.ID{o.ID})
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Answers = h.answerLines(c, o, answers)
	ids := make([]turnout.ID, len(o.Tickets))
	for i, t := range o.Tickets {
		ids[i] = t.ID
	}
	if data.Badges, err = h.Badges.Printed(ctx, e, ids); err != nil {
		h.Fail(c, err)
		return
	}
	if data.CanEdit {
		data.BadgesURL = eventPath(e) + "/badges/tickets/"
	}
	if data.Timeline, err = h.timeline(c, o); err != nil {
		h.Fail(c, err)
		return
	}
	h.Render(c, http.StatusOK, "console_order", data)
}

// orderOf gives the order in the path, of the event in the path. It answers the request itself and gives false when there is none.
func (h *Handler) orderOf(c *gin.Context) (*ticketing.Order, bool) {
	e := access.Event(c)
	o, err := h.Ticketing.Order(c.Request.Context(), e.CommunityID, c.Param("order"))
	if err == nil && o.EventID != e.ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	return o, true
}

// CancelOrderByStaff is POST /console/events/{event}/orders/{order}/cancel.
func (h *Handler) CancelOrderByStaff(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	back, ctx := eventPath(access.Event(c))+"/orders/"+o.Code, c.Request.Context()
	preview, err := h.Ticketing.CancelOrder(ctx, o.CommunityID, o.ID, ticketing.CanceledByOrganiser, true)
	if err != nil {
		h.done(c, err, back, "")
		return
	}
	if !h.confirmed(c, h.text(c, "console.order.cancel_ask", "Refund", h.Templates.Money(h.Language(c), preview.Refund)), back) {
		return
	}
	done, err := h.Ticketing.CancelOrder(ctx, o.CommunityID, o.ID, ticketing.CanceledByOrganiser, false)
	if err != nil {
		h.done(c, err, back, "")
		return
	}
	h.done(c, nil, back, h.text(c, "console.order.canceled", "Refund", h.Templates.Money(h.Language(c), done.Refund)))
}

// CancelAddOnByStaff is POST /console/events/{event}/orders/{order}/tickets/{ticket}/add-ons/{add_on}/cancel.
func (h *Handler) CancelAddOnByStaff(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	back, ctx := eventPath(access.Event(c))+"/orders/"+o.Code, c.Request.Context()
	ticket, addOn := turnout.ID(c.Param("ticket")), turnout.ID(c.Param("add_on"))
	refund, _, err := o.WithoutAddOn(ticket, addOn)
	if err != nil {
		h.done(c, err, back, "")
		return
	}
	lang, name := h.Language(c), o.ExtraName(ticket, addOn)
	if !h.confirmed(c, h.text(c, "console.order.add_on_ask", "Name", name, "Refund", h.Templates.Money(lang, refund)), back) {
		return
	}
	refund, err = h.Ticketing.CancelAddOn(ctx, o.CommunityID, ticket, addOn, false)
	h.done(c, err, back, h.text(c, "console.order.add_on_canceled", "Name", name, "Refund", h.Templates.Money(lang, refund)))
}

// RefundOrderByStaff is POST /console/events/{event}/orders/{order}/refund: all that was paid goes back, the tickets stay.
func (h *Handler) RefundOrderByStaff(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/orders/" + o.Code
	if !h.confirmed(c, h.text(c, "console.order.refund_ask"), back) {
		return
	}
	_, err := h.Ticketing.RefundOrder(c.Request.Context(), o.CommunityID, o.ID, ticketing.CanceledByOrganiser)
	h.done(c, err, back, h.text(c, "console.order.refunded"))
}

// MarkOrderPaid is POST /console/events/{event}/orders/{order}/paid.
func (h *Handler) MarkOrderPaid(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/orders/" + o.Code
	if !h.confirmed(c, h.text(c, "console.order.paid_ask"), back) {
		return
	}
	_, err := h.Ticketing.MarkPaid(c.Request.Context(), o.CommunityID, o.ID, nil)
	h.done(c, err, back, h.text(c, "console.order.paid"))
}

// MarkOrderRefunded is POST /console/events/{event}/orders/{order}/refunded: a person gave the money back.
func (h *Handler) MarkOrderRefunded(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/orders/" + o.Code
	if !h.confirmed(c, h.text(c, "console.order.refunded_ask"), back) {
		return
	}
	h.done(c, h.Ticketing.MarkRefunded(c.Request.Context(), o.CommunityID, o.ID), back, h.text(c, "console.order.refunded"))
}
