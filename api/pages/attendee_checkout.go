package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
)

// checkoutPage is the data of the page "checkout".
type checkoutPage struct {
	templates.Chrome
	Errors         templates.Errors
	Event          publicEvent
	Action         string
	IdempotencyKey string
	Offers         []saleOffer
	Open           bool // something can be bought
	Buyer          ticketing.Attendee
	Named          bool // each ticket bears a name of its own
	Attendees      []attendeeField
	Summary        summary
	Free           bool
	PayWith        string
	PrivacyURL     string
	RefundText     string
}

type summary struct {
	Lines       []summaryLine
	Total       turnout.Money
	IncludesTax bool
}

type summaryLine struct {
	Name     string
	Quantity int64
	Total    turnout.Money
}

// checkoutForm is what the page sends, beside one quantity an offer and the attendees.
type checkoutForm struct {
	Key        string `form:"idempotency_key" text:"name,max=100"`
	BuyerName  string `form:"buyer.name" text:"name,max=200"`
	BuyerEmail string `form:"buyer.email" text:"name,max=254"`
}

// Checkout is GET /e/{event}/checkout: tickets, details, payment on one page.
func (h *Handler) Checkout(c *gin.Context) {
	page, err := h.checkoutPage(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.IdempotencyKey = string(turnout.NewID("key"))
	h.Render(c, http.StatusOK, "checkout", page)
}

// PlaceOrder is POST /e/{event}/checkout. Sending the form twice makes one order. The form's other buttons draw it again, with
// the sum or with a name for each ticket: whoever has no JavaScript needs them.
func (h *Handler) PlaceOrder(c *gin.Context) {
	page, err := h.checkoutPage(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	var form checkoutForm
	formErr := respond.Form(c, &form)
	page.IdempotencyKey, page.Buyer = form.Key, ticketing.Attendee{Name: form.BuyerName, Email: form.BuyerEmail}
	purchase := ticketing.Purchase{EventID: access.Event(c).ID, Buyer: page.Buyer, Locale: h.Language(c), Key: form.Key, Caller: "page"}
	page.take(c, &purchase)
	page.nameTickets(c, h.text(c, "checkout.ticket"), &purchase)
	if formErr != nil {
		h.askAgain(c, page, formErr)
		return
	}
	if isPressed(c, "update") || isPressed(c, "name_attendees") || isPressed(c, "name_buyer") {
		h.drawAgain(c, page)
		return
	}
	order, _, err := h.Ticketing.PlaceOrder(c.Request.Context(), purchase)
	if errors.Is(err, ticketing.ErrIdempotencyKeyReused) {
		// The buyer went back, changed something and sends it as another order: take it as one.
		purchase.Key = string(turnout.NewID("key"))
		order, _, err = h.Ticketing.PlaceOrder(c.Request.Context(), purchase)
	}
	if err != nil {
		h.askAgain(c, page, err)
		return
	}
	if p := order.Payment(); p != nil && order.Status == ticketing.Held {
		c.Redirect(http.StatusSeeOther, "/pay/"+string(p.ID))
		return
	}
	c.Redirect(http.StatusSeeOther, orderPath(order))
}

// isPressed says whether the form was sent with the button of this name.
func isPressed(c *gin.Context, button string) bool { return c.Request.PostForm.Has(button) }

// drawAgain shows the form as it now is, which asks for a choice first.
func (h *Handler) drawAgain(c *gin.Context, page *checkoutPage) {
	status := http.StatusOK
	if len(page.Summary.Lines) == 0 {
		status, page.Errors = http.StatusUnprocessableEntity, templates.Errors{{Name: "lines", Message: h.text(c, "checkout.choose")}}
	}
	h.Render(c, status, "checkout", page)
}

// askAgain shows the form again with what was typed and what is wrong with it.
func (h *Handler) askAgain(c *gin.Context, page *checkoutPage, err error) {
	known, ok := errors.AsType[*turnout.Error](err)
	if !ok || known.Kind == turnout.Internal || known.Kind == turnout.NotFound {
		h.Fail(c, err)
		return
	}
	respond.Log(c.Request.Context(), err)
	lang := h.Language(c)
	page.Errors = page.inPlace(h.Templates.Errors(lang, known))
	for i := range page.Errors {
		if page.Errors[i].Name == "lines" && len(page.Summary.Lines) == 0 {
			page.Errors[i].Message = h.text(c, "checkout.choose") // the sale speaks of lines
		}
	}
	if len(page.Errors) == 0 {
		page.Errors = templates.Errors{{Name: "lines", Code: known.Code, Message: h.Templates.ErrorText(lang, known)}}
	}
	h.Render(c, respond.Status(err), "checkout", page)
}

// inPlace moves the problems of the order's lines to the offers that were chosen for them, and those of its attendees to the
// fields of the tickets.
func (p *checkoutPage) inPlace(errs templates.Errors) templates.Errors {
	fields := map[string]string{}
	n := 0
	for i := range p.Offers {
		if p.Offers[i].Quantity > 0 {
			fields[fmt.Sprintf("lines[%d]", n)] = p.Offers[i].Field
			n++
		}
	}
	for i, a := range p.Attendees {
		fields[fmt.Sprintf("attendees[%d].name", i)], fields[fmt.Sprintf("attendees[%d].email", i)] = a.NameField, a.EmailField
	}
	for i := range errs {
		line, _, _ := strings.Cut(errs[i].Name, "].")
		if field, ok := fields[line+"]"]; ok {
			errs[i].Name = field
		} else if field, ok := fields[errs[i].Name]; ok {
			errs[i].Name = field
		}
	}
	return errs
}

func (h *Handler) checkoutPage(c *gin.Context) (*checkoutPage, error) {
	ctx, e := c.Request.Context(), access.Event(c)
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	offers, err := h.Ticketing.Offers(ctx, e)
	if err != nil {
		return nil, err
	}
	page := &checkoutPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: "/e/" + e.Slug + "/checkout", Free: true,
		PayWith: h.Ticketing.Provider.Name(), RefundText: h.Templates.Message(h.Language(c), "checkout.refund_text")}
	page.Title, page.NoIndex, page.Canonical, page.JSONLD = h.Templates.Message(h.Language(c), "checkout.title"), true, "", nil
	for _, o := range offers {
		state, known := saleStates[o.Availability]
		if !known {
			continue
		}
		shown := newSaleOffer(e, o, state)
		shown.Field = "quantity_" + shown.ID
		page.Offers = append(page.Offers, shown)
		page.Open = page.Open || o.Reason == nil
		page.Free = page.Free && (o.Reason != nil || o.Price.Amount == 0)
	}
	if len(page.Offers) == 1 && page.Offers[0].Max > 0 {
		page.Offers[0].Quantity = max(1, page.Offers[0].Min) // nothing to choose from
	}
	return page, nil
}

// take reads the quantities of the form into the purchase and keeps them on the page.
func (p *checkoutPage) take(c *gin.Context, purchase *ticketing.Purchase) {
	total, free := turnout.Money{}, true
	for i := range p.Offers {
		o := &p.Offers[i]
		n, err := strconv.ParseInt(strings.TrimSpace(c.PostForm("quantity_"+o.ID)), 10, 64)
		if err != nil || n < 0 {
			n = 0
		}
		if o.Quantity = n; n == 0 {
			continue
		}
		purchase.Lines = append(purchase.Lines, ticketing.PurchaseLine{TicketTypeID: turnout.ID(o.ID), Quantity: n})
		line := turnout.Money{Amount: turnout.MulDiv(o.Price.Amount, n, 1), Currency: o.Price.Currency}
		total = turnout.Money{Amount: total.Amount + line.Amount, Currency: line.Currency}
		p.Summary.Lines = append(p.Summary.Lines, summaryLine{o.Name, n, line})
		free = free && line.Amount == 0
	}
	p.Summary.Total = total
	if len(purchase.Lines) > 0 {
		p.Free = free
	}
}

// orderPath is the address of an order's page on this site.
func orderPath(o *ticketing.Order) string { return "/orders/" + o.Code + "?secret=" + o.Secret }
