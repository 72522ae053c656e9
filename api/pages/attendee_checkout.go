package pages

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
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
	Held           *heldOrder // of this browser, nil for none
	Instead        string     // what becomes of it: "replace" or "keep"
	Offers         []saleOffer
	Open           bool // something can be bought
	Buyer          ticketing.Attendee
	Named          bool // each ticket bears a name of its own
	CanName        bool // one order can have several tickets
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
	Held       string `form:"held" text:"name,max=40"` // the code of the order that the choice was made about
	Instead    string `form:"held_choice" text:"name,max=20"`
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

// PlaceOrder is POST /e/{event}/checkout. Sending the form twice makes one order, sending it again changed another instead of
// it. The form's other buttons draw it again, with the sum or with a name for each ticket: whoever has no JavaScript needs them.
func (h *Handler) PlaceOrder(c *gin.Context) {
	page, err := h.checkoutPage(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	var in checkoutForm
	var form formReader
	form.read(c, &in)
	page.IdempotencyKey, page.Buyer = in.Key, ticketing.Attendee{Name: in.BuyerName, Email: in.BuyerEmail}
	purchase := ticketing.Purchase{EventID: access.Event(c).ID, Buyer: page.Buyer, Locale: h.Language(c), Key: in.Key, Caller: "page", Amends: true}
	form.Join(page.take(c, &purchase))
	page.nameTickets(c, h.text(c, "checkout.ticket"), &purchase)
	form.Join(page.insteadOf(&in, &purchase))
	if isPressed(c, "update") || isPressed(c, "name_attendees") || isPressed(c, "name_buyer") {
		h.drawAgain(c, page, form.Problems)
		return
	}
	var order *ticketing.Order
	err = form.then(func() error {
		problems, err := h.Ticketing.Problems(c.Request.Context(), &purchase)
		return cmp.Or(err, problems.Err())
	}, func() (err error) {
		order, _, err = h.Ticketing.PlaceOrder(c.Request.Context(), purchase)
		return err
	})
	if err != nil {
		h.askAgain(c, page, err)
		return
	}
	h.keepHeld(c, order, purchase)
	if p := order.Payment(); p != nil && order.Status == ticketing.Held {
		c.Redirect(http.StatusSeeOther, "/pay/"+string(p.ID))
		return
	}
	c.Redirect(http.StatusSeeOther, orderPath(order))
}

// isPressed says whether the form was sent with the button of this name.
func isPressed(c *gin.Context, button string) bool { return c.Request.PostForm.Has(button) }

// drawAgain shows the form as it now is, which asks for a choice of tickets first.
func (h *Handler) drawAgain(c *gin.Context, page *checkoutPage, problems turnout.Problems) {
	problems = slices.DeleteFunc(problems, func(p turnout.FieldError) bool { return page.offer(p.Name) == nil })
	if len(problems) == 0 && len(page.Summary.Lines) == 0 {
		problems.Add("lines", "required", "")
	}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	page.Errors = h.inPlace(c, page, h.Templates.Errors(h.Language(c), problems.Err()))
	h.Render(c, status, "checkout", page)
}

// askAgain shows the form again with what was typed and all that is wrong with it.
func (h *Handler) askAgain(c *gin.Context, page *checkoutPage, err error) {
	known, ok := errors.AsType[*turnout.Error](err)
	if !ok || known.Kind == turnout.Internal || known.Kind == turnout.NotFound {
		h.Fail(c, err)
		return
	}
	respond.Log(c.Request.Context(), err)
	shown := h.Templates.Errors(h.Language(c), known)
	switch {
	case errors.Is(err, ticketing.ErrReplacedPaid): // its places are free for nobody
		page.Held = nil
		_, err = h.whatIsLeft(c, page)
	case errors.Is(err, ticketing.ErrSoldOut):
		shown, err = h.whatIsLeft(c, page)
	default:
		err = nil
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	if page.Errors = h.inPlace(c, page, shown); len(page.Errors) == 0 {
		page.Errors = templates.Errors{{Name: "lines", Code: known.Code, Message: h.Templates.ErrorText(h.Language(c), known)}}
	}
	h.Render(c, respond.Status(known), "checkout", page)
}

func (h *Handler) checkoutPage(c *gin.Context) (*checkoutPage, error) {
	ctx, e := c.Request.Context(), access.Event(c)
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &checkoutPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: "/e/" + e.Slug + "/checkout", Free: true,
		PayWith: h.Ticketing.Provider.Name(), RefundText: h.text(c, "checkout.refund_text"), Instead: insteadReplace}
	page.Title, page.NoIndex, page.Canonical, page.JSONLD = h.text(c, "checkout.title"), true, "", nil
	if page.Held, err = h.heldOrder(c, e.Slug); err != nil {
		return nil, err
	}
	offers, err := h.offersFor(c, e, page.Held)
	if err != nil {
		return nil, err
	}
	most := int64(0)
	for _, o := range offers {
		state, known := saleStates[o.Availability]
		if !known {
			continue
		}
		shown := newSaleOffer(e, o, state)
		shown.Field, shown.Quantity = "quantity_"+shown.ID, "0"
		page.Offers = append(page.Offers, shown)
		page.Open = page.Open || o.Reason == nil
		page.Free = page.Free && (o.Reason != nil || o.Price.Amount == 0)
		most += shown.Max
	}
	page.CanName = most > 1
	if len(page.Offers) == 1 && page.Offers[0].Max > 0 {
		page.Offers[0].Quantity = strconv.FormatInt(max(1, page.Offers[0].Min), 10) // nothing to choose from
	}
	return page, nil
}

// take reads the quantities of the form into the purchase, keeps on the page what was typed, and says which of it can be no number
// of tickets.
func (p *checkoutPage) take(c *gin.Context, purchase *ticketing.Purchase) (problems turnout.Problems) {
	total, free := turnout.Money{}, true
	for i := range p.Offers {
		o := &p.Offers[i]
		o.Quantity = strings.TrimSpace(c.PostForm(o.Field))
		n, err := strconv.ParseInt(o.Quantity, 10, 64)
		switch {
		case o.Quantity == "" || err == nil && n == 0:
			continue
		case err != nil || n < 0:
			problems.Add(o.Field, "wrong_type", "")
			continue
		}
		o.chosen = n
		purchase.Lines = append(purchase.Lines, ticketing.PurchaseLine{TicketTypeID: turnout.ID(o.ID), Quantity: n})
		if n < o.Min || n > o.most { // no order, so no sum
			problems.Add(o.Field, "out_of_range", "")
			continue
		}
		line := turnout.Money{Amount: turnout.MulDiv(o.Price.Amount, n, 1), Currency: o.Price.Currency}
		total = turnout.Money{Amount: total.Amount + line.Amount, Currency: line.Currency}
		p.Summary.Lines = append(p.Summary.Lines, summaryLine{o.Name, n, line})
		free = free && line.Amount == 0
	}
	p.Summary.Total = total
	if len(p.Summary.Lines) > 0 {
		p.Free = free
	}
	return problems
}

// orderPath is the address of an order's page on this site.
func orderPath(o *ticketing.Order) string { return "/orders/" + o.Code + "?secret=" + o.Secret }
