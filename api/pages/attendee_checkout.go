package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
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
	Buyer          ticketing.Attendee
	Attendees      []attendeeField
	Summary        summary
	Free           bool
	PayWith        string
	PrivacyURL     string
	RefundText     string
}

type attendeeField struct{ Label, Name, Email, NameField, EmailField string }

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

// PlaceOrder is POST /e/{event}/checkout. Sending the form twice makes one order.
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
	if formErr != nil {
		h.askAgain(c, page, formErr)
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
	if len(page.Errors) == 0 {
		page.Errors = templates.Errors{{Name: "lines", Code: known.Code, Message: h.Templates.ErrorText(lang, known)}}
	}
	h.Render(c, respond.Status(err), "checkout", page)
}

// inPlace moves the problems of the order's lines to the offers that were chosen for them.
func (p *checkoutPage) inPlace(errs templates.Errors) templates.Errors {
	n := 0
	for i := range p.Offers {
		if p.Offers[i].Quantity == 0 {
			continue
		}
		for j := range errs {
			if strings.HasPrefix(errs[j].Name, fmt.Sprintf("lines[%d].", n)) {
				errs[j].Name = p.Offers[i].Field
			}
		}
		n++
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
		shown := newSaleOffer(o, state)
		shown.Field = "quantity_" + shown.ID
		page.Offers = append(page.Offers, shown)
		page.Free = page.Free && o.Price.Amount == 0
	}
	if len(page.Offers) == 1 && page.Offers[0].Max > 0 {
		page.Offers[0].Quantity = max(1, page.Offers[0].Min) // nothing to choose from
	}
	return page, nil
}

// take reads the quantities and attendees of the form into the purchase and keeps them on the page.
func (p *checkoutPage) take(c *gin.Context, purchase *ticketing.Purchase) {
	p.Free = true
	total := turnout.Money{}
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
		p.Free = p.Free && line.Amount == 0
	}
	p.Summary.Total = total
	for i := 0; c.Request.PostForm.Has(fmt.Sprintf("attendees[%d].name", i)) && i < 100; i++ {
		a := attendeeField{Label: strconv.Itoa(i + 1), NameField: fmt.Sprintf("attendees[%d].name", i), EmailField: fmt.Sprintf("attendees[%d].email", i)}
		a.Name, a.Email = clean(c.PostForm(a.NameField)), clean(c.PostForm(a.EmailField))
		p.Attendees = append(p.Attendees, a)
		purchase.Attendees = append(purchase.Attendees, ticketing.Attendee{Name: a.Name, Email: a.Email})
	}
}

// clean is a typed line as the API would take it; what it would refuse becomes empty, and is asked for again.
func clean(text string) string {
	line, err := respond.Text("", text, "name,max=254")
	if err != nil {
		return ""
	}
	return line
}

// orderPath is the address of an order's page on this site.
func orderPath(o *ticketing.Order) string { return "/orders/" + o.Code + "?secret=" + o.Secret }

// Pay is GET /pay/{payment}: on to the provider's page, or to the order when there is nothing to pay any more.
func (h *Handler) Pay(c *gin.Context) {
	id := turnout.ID(c.Param("payment"))
	url, order, err := h.Ticketing.OpenPayment(c.Request.Context(), id)
	switch {
	case err == nil:
		c.Redirect(http.StatusSeeOther, url)
	case errors.Is(err, ticketing.ErrOrderNotOpen) && order != nil && order.StatusAt(h.Now()) != ticketing.Held:
		h.Render(c, http.StatusConflict, "pay_over", h.payOver(c, order))
	default:
		h.Fail(c, err)
	}
}

// payOverPage is the data of the page "pay_over": it names no secret, for a payment's address is none.
type payOverPage struct {
	templates.Chrome
	Code, Status string
	EventURL     string
}

func (h *Handler) payOver(c *gin.Context, o *ticketing.Order) payOverPage {
	page := payOverPage{Chrome: templates.Chrome{Title: h.Templates.Message(h.Language(c), "pay.over_title"), NoIndex: true, Demo: h.Demo,
		Path: c.Request.URL.Path}, Code: o.Code, Status: string(o.StatusAt(h.Now())), EventURL: "/"}
	if e, err := events.Find(c.Request.Context(), h.DB.Read(), o.CommunityID, string(o.EventID)); err == nil {
		page.EventURL = "/e/" + e.Slug
	}
	return page
}

// joinOpens is when the personal links of virtual tickets open.
func joinOpens(e *events.Event) time.Time {
	return e.StartsAt.Add(-time.Duration(e.JoinOpensMinutes) * time.Minute)
}
