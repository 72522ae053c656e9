package pages

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"

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
	Notice         string // what is to be looked at before going on
	Event          publicEvent
	Action         string
	IdempotencyKey string
	Held           *heldOrder // of this browser, nil for none
	Instead        string     // what becomes of it: "replace" or "keep"
	Offers         []saleOffer
	Offered        int64 // tickets that the waitlist offered, 0 for none
	Voucher        string
	VoucherUsed    bool // it is good for what is chosen
	Extras         []addOnField
	Open           bool // something can be bought
	Buyer          ticketing.Attendee
	Proven         bool // the address is shown to be the buyer's, and fixed
	Prove          bool // it must be shown first
	Named          bool // each ticket bears a name of its own
	MustName       bool
	CanName        bool // one order can have several tickets
	Attendees      []attendeeField
	Questions      []questionField // to the bearer of the only ticket, who is the buyer
	OrderQuestions []questionField
	HasFiles       bool
	Kept           []sentField // what the form brings back unseen
	Summary        summary
	Approval       bool // the organiser decides first
	Free           bool
	PayWith        string
	PrivacyURL     string
	RefundText     string

	event     *events.Event
	purchase  ticketing.Purchase
	addOns    []ticketing.AddOnOffer
	questions []*ticketing.Question
	tickets   []chosenTicket
	lines     []lineField      // of the purchase
	unread    turnout.Problems // of the amounts that are named for add-ons

	tooManyCodes bool // came from this client, so the voucher's was not looked at
}

type summary struct {
	Lines       []summaryLine
	Discount    turnout.Money // by a voucher
	Total       turnout.Money
	IncludesTax bool
}

type summaryLine struct {
	Name     string
	Quantity int64
	Total    turnout.Money
	Note     string        // the price window, or that it is included
	Less     turnout.Money // each is cheaper by this
	Canceled int64         // of them, one by one, of an order
}

// checkoutForm is what the page sends, beside what is chosen and the attendees.
type checkoutForm struct {
	Key        string `form:"idempotency_key" text:"name,max=100"`
	BuyerName  string `form:"buyer.name" text:"name,max=200"`
	BuyerEmail string `form:"buyer.email" text:"name,max=254"`
	Held       string `form:"held" text:"name,max=40"` // the code of the order that the choice was made about
	Instead    string `form:"held_choice" text:"name,max=20"`
}

// Checkout is GET /e/{event}/checkout: tickets, details, payment on one page. The address may bring a voucher (?voucher=), quantities, a
// proven e-mail address (?proof=) and an offer of the waitlist (?offer=&secret=).
func (h *Handler) Checkout(c *gin.Context) {
	c.Header("Referrer-Policy", "no-referrer") // the address may hold secrets
	if err := c.Request.ParseForm(); err != nil {
		h.Fail(c, turnout.ErrNotFound.Because(err))
		return
	}
	page, err := h.checkoutPage(c)
	if err == nil {
		page.IdempotencyKey = string(turnout.NewID("key"))
		page.preset(c)
		h.take(c, page)
		err = h.askDetails(c, page)
	}
	var quote *ticketing.Quote
	if err == nil && (len(page.lines) > 0 || page.Voucher != "") {
		quote, err = h.quote(c, page)
	}
	if err != nil {
		h.failCheckout(c, err)
		return
	}
	if quote != nil && page.Voucher != "" {
		page.Errors = h.inPlace(c, page, h.choiceErrors(c, page, page.refusedCode(), quote))
	}
	h.Render(c, page.status(http.StatusOK), "checkout", page)
}

// PlaceOrder is POST /e/{event}/checkout. Sending the form twice makes one order, sending it again changed another instead of
// it. The form's other buttons draw it again, with the sum or with a form for each ticket: whoever has no JavaScript needs them.
func (h *Handler) PlaceOrder(c *gin.Context) {
	page, form, err := h.readCheckout(c)
	if err != nil {
		h.failCheckout(c, err)
		return
	}
	switch {
	case isPressed(c, "prove"):
		h.sendProof(c, page)
		return
	case isPressed(c, "update"), isPressed(c, "name_attendees"), isPressed(c, "name_buyer"):
		h.drawAgain(c, page, form.Problems, "")
		return
	case form.Err() == nil && page.isNew(c):
		h.drawAgain(c, page, nil, h.text(c, "checkout.look"))
		return
	}
	var order *ticketing.Order
	err = form.then(func() error {
		problems, err := h.Ticketing.Problems(c.Request.Context(), &page.purchase)
		return cmp.Or(err, problems.Err())
	}, func() (err error) {
		page.purchase.Expected = page.expected(c)
		order, _, err = h.Ticketing.PlaceOrder(c.Request.Context(), page.purchase)
		return err
	})
	if errors.Is(err, ticketing.ErrEmailUnproven) {
		h.sendProof(c, page)
		return
	}
	if errors.Is(err, ticketing.ErrOfferOver) {
		h.failCheckout(c, err)
		return
	}
	if err != nil {
		h.askAgain(c, page, err)
		return
	}
	h.keepHeld(c, order, page.purchase)
	if p := order.Payment(); p != nil && order.Status == ticketing.Held {
		c.Redirect(http.StatusSeeOther, "/pay/"+string(p.ID))
		return
	}
	c.Redirect(http.StatusSeeOther, orderPath(order))
}

// failCheckout answers what keeps the form from being shown. An offer of the waitlist that is over leads to where one reads what became of it.
func (h *Handler) failCheckout(c *gin.Context, err error) {
	if form := c.Request.Form; errors.Is(err, ticketing.ErrOfferOver) {
		respond.Log(c.Request.Context(), err)
		c.Redirect(http.StatusSeeOther, waitlistPath(&ticketing.WaitlistEntry{ID: turnout.ID(form.Get("offer")), Secret: form.Get("secret")}))
		return
	}
	h.Fail(c, err)
}

// RefreshCheckout is POST /e/{event}/checkout/refresh: the form as it is after a change, for the script that puts its parts in place.
func (h *Handler) RefreshCheckout(c *gin.Context) {
	page, form, err := h.readCheckout(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Request.PostForm.Set("update", "")
	h.drawAgain(c, page, form.Problems, "")
}

// readCheckout reads the form whole: what it keeps on the page, and the purchase that it is.
func (h *Handler) readCheckout(c *gin.Context) (*checkoutPage, *formReader, error) {
	var in checkoutForm
	var form formReader
	files, err := h.keepFiles(c, ticketing.Sender{Client: c.ClientIP()}, access.Event(c))
	if err != nil {
		return nil, nil, err
	}
	page, err := h.checkoutPage(c)
	if err != nil {
		return nil, nil, err
	}
	form.read(c, &in)
	page.IdempotencyKey = in.Key
	p := &page.purchase
	p.Locale, p.Key, p.Caller, p.Amends = h.Language(c), in.Key, "page", true
	page.Buyer.Name = in.BuyerName
	if !page.Proven {
		page.Buyer.Email = in.BuyerEmail
	}
	p.Buyer = page.Buyer
	form.Join(h.take(c, page))
	if err := h.askDetails(c, page); err != nil {
		return nil, nil, err
	}
	form.Join(page.unread)
	form.Join(files)
	form.Join(page.refusedCode())
	form.Join(page.insteadOf(&in, p))
	return page, &form, nil
}

// isPressed says whether the form was sent with the button of this name.
func isPressed(c *gin.Context, button string) bool { return c.Request.PostForm.Has(button) }

// sendProof mails the buyer a link that shows that the address is theirs: it brings back what is chosen.
func (h *Handler) sendProof(c *gin.Context, page *checkoutPage) {
	err := h.Ticketing.SendProof(c.Request.Context(), page.event, page.Buyer.Email, h.Language(c), page.chosen())
	if err != nil {
		h.askAgain(c, page, err)
		return
	}
	page.Prove = true
	h.drawAgain(c, page, nil, h.text(c, "checkout.proof_sent", "Email", page.Buyer.Email))
}

// drawAgain shows the form as it now is, which asks for a choice of tickets first.
func (h *Handler) drawAgain(c *gin.Context, page *checkoutPage, problems turnout.Problems, notice string) {
	quote, err := h.quote(c, page)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Notice = notice
	page.Errors = h.inPlace(c, page, h.choiceErrors(c, page, problems, quote))
	status := http.StatusOK
	if len(page.Errors) > 0 && !wantsPart(c) {
		status = page.status(http.StatusUnprocessableEntity)
	}
	h.Render(c, status, "checkout", page)
}

// choiceErrors are the problems of what is chosen: those of the rest of the form are said when it is sent to buy.
func (h *Handler) choiceErrors(c *gin.Context, page *checkoutPage, problems turnout.Problems, quote *ticketing.Quote) templates.Errors {
	var about turnout.Problems
	for _, p := range slices.Concat(problems, quote.Problems) {
		_, isLine := page.lineOf(p.Name)
		if isLine || p.Name == "voucher" && !(p.Code == "not_for_these" && len(page.lines) == 0) || page.offer(p.Name) != nil || page.hasExtra(p.Name) {
			about = append(about, p)
		}
	}
	if len(about) == 0 && len(page.lines) == 0 && c.Request.Method == http.MethodPost && page.Voucher == "" && !wantsPart(c) {
		about.Add("lines", "required", "")
	}
	return h.Templates.Errors(h.Language(c), about.Err())
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
	quote, quoteErr := h.quote(c, page)
	switch {
	case quoteErr != nil:
		err = quoteErr
	case errors.Is(err, ticketing.ErrReplacedPaid): // its places are free for nobody
		page.Held = nil
		_, err = h.whatIsLeft(c, page)
	case errors.Is(err, ticketing.ErrSoldOut):
		shown, err = h.whatIsLeft(c, page)
	case errors.Is(err, ticketing.ErrPriceChanged):
		shown, err = templates.Errors{{Name: "total", Code: known.Code, Message: h.text(c, "checkout.price_changed", "Total", h.Templates.Money(h.Language(c), quote.Total))}}, nil
	case errors.Is(err, ticketing.ErrRestricted):
		shown, err = templates.Errors{{Name: "buyer.email", Code: known.Code, Message: h.Templates.ErrorText(h.Language(c), known)}}, nil
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
	if err := h.askDetails(c, page); err != nil { // again, with the errors beside their fields
		h.Fail(c, err)
		return
	}
	h.Render(c, page.status(respond.Status(known)), "checkout", page)
}

// refusedCode is the problem of a voucher that was not looked at: who typed one does not buy without it unasked.
func (p *checkoutPage) refusedCode() (problems turnout.Problems) {
	if p.tooManyCodes {
		problems.Add("voucher", ticketing.ErrTooManyCodes.Code, "")
	}
	return problems
}

// status is that of the answer, where nothing else is to be said about the client.
func (p *checkoutPage) status(otherwise int) int {
	if p.tooManyCodes {
		return http.StatusTooManyRequests
	}
	return otherwise
}

func (h *Handler) checkoutPage(c *gin.Context) (*checkoutPage, error) {
	ctx, e := c.Request.Context(), access.Event(c)
	community, err := organisers.FindCommunity(ctx, h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return nil, err
	}
	page := &checkoutPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: "/e/" + e.Slug + "/checkout", Free: true,
		PayWith: h.Ticketing.Provider.Name(), RefundText: h.text(c, "checkout.refund_text"), Instead: insteadReplace, event: e}
	page.Title, page.NoIndex, page.Canonical, page.JSONLD = h.text(c, "checkout.title"), true, "", nil
	page.Scripts = []string{"htmx.js"}
	page.purchase = ticketing.Purchase{EventID: e.ID, Client: c.ClientIP()}
	if page.Held, err = h.heldOrder(c, e.Slug); err != nil {
		return nil, err
	}
	if err := h.opened(c, page); err != nil {
		return nil, err
	}
	return page, h.stock(c, page)
}

// opened reads what the address, or the form that it led to, opens: a voucher, an offer of the waitlist, a proven e-mail address.
func (h *Handler) opened(c *gin.Context, page *checkoutPage) error {
	form, p := c.Request.Form, &page.purchase
	page.Voucher = clean(form.Get("voucher"))
	p.Voucher = page.Voucher
	switch err := h.Ticketing.Unguessed(c.Request.Context(), p); {
	case errors.Is(err, ticketing.ErrTooManyCodes):
		c.Header("Retry-After", strconv.Itoa(int(ticketing.GuessesWithin.Seconds())))
		page.tooManyCodes, p.Voucher = true, ""
	case err != nil:
		return err
	}
	if id := form.Get("offer"); id != "" {
		entry, err := h.Ticketing.WaitlistEntryBySecret(c.Request.Context(), turnout.ID(id), form.Get("secret"))
		if err != nil {
			return err
		}
		p.Offer, page.Buyer = entry.ID, ticketing.Attendee{Name: entry.Name, Email: entry.Email}
		page.Kept = append(page.Kept, sentField{"offer", id}, sentField{"secret", form.Get("secret")})
	}
	if email := h.Ticketing.ProofOf(p.EventID, form.Get("proof")); email != "" {
		p.Proven, page.Buyer.Email, page.Proven = email, email, true
		page.Kept = append(page.Kept, sentField{"proof", form.Get("proof")})
	}
	p.Buyer = page.Buyer
	return nil
}

// stock puts in what can be chosen from.
func (h *Handler) stock(c *gin.Context, page *checkoutPage) error {
	assortment, err := h.Ticketing.Assortment(c.Request.Context(), page.event, page.heldAway(), &page.purchase)
	if err != nil {
		return err
	}
	page.addOns, page.questions, page.Offered = assortment.AddOns, assortment.Questions, assortment.Offered
	most := int64(0)
	for _, o := range assortment.Offers {
		state, known := saleStates[o.Availability]
		if !known {
			continue
		}
		shown := h.newCheckoutOffer(c, page, o, state)
		page.Offers = append(page.Offers, shown)
		page.Open = page.Open || o.Reason == nil
		page.Free = page.Free && (o.Reason != nil || o.Price.Amount == 0)
		most += shown.Max
	}
	page.CanName = most > 1
	return nil
}

// heldAway is the unpaid order of the browser whose places can be chosen instead, nil for none.
func (p *checkoutPage) heldAway() *ticketing.Order {
	if p.Held == nil || p.Instead == insteadKeep {
		return nil
	}
	return p.Held.order
}

// orderPath is the address of an order's page on this site.
func orderPath(o *ticketing.Order) string { return "/orders/" + o.Code + "?secret=" + o.Secret }
