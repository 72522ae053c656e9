package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type shopForm struct {
	Order   string `form:"waitlist_order" text:"name,max=20"`
	Offer   string `form:"offer_hours" text:"name,max=40"`
	Closes  string `form:"waitlist_closes_at" text:"name,max=40"`
	Pay     string `form:"pay_hours" text:"name,max=10"`
	Version int64  `form:"version"`
}

type shopPage struct {
	templates.Chrome
	Errors  templates.Errors
	Event   *events.Event
	Form    shopForm
	Orders  []templates.Option
	Closed  bool // everybody was told
	BackURL string
}

// EventShop is GET /console/events/{event}/tickets/shop.
func (h *Handler) EventShop(c *gin.Context) {
	e := access.Event(c)
	s, err := h.Ticketing.ShopSettings(c.Request.Context(), e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.shop(c, http.StatusOK, shopForm{Order: string(s.WaitlistOrder), Offer: whole(&s.OfferHours), Closes: wallClock(s.WaitlistClosesAt, e.Location()), Pay: whole(&s.PayHours), Version: s.Version}, s.WaitlistClosed, nil)
}

func (h *Handler) shop(c *gin.Context, status int, form shopForm, closed bool, shown templates.Errors) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.shop.edit"), "nav.tickets")
	if !ok {
		return
	}
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.tickets"), URL: ticketsPath(e)})
	data := shopPage{Chrome: chrome, Errors: shown, Event: e, Form: form, Closed: closed, BackURL: ticketsPath(e)}
	for _, order := range []ticketing.WaitlistOrder{ticketing.ByTime, ticketing.ByLottery} {
		data.Orders = append(data.Orders, templates.Option{Value: string(order), Text: h.text(c, "console.shop.order_"+string(order))})
	}
	h.Render(c, status, "console_shop", data)
}

// SaveShop is POST /console/events/{event}/tickets/shop.
func (h *Handler) SaveShop(c *gin.Context) {
	e := access.Event(c)
	var in shopForm
	form := formReader{zone: e.Location()}
	form.read(c, &in)
	input := ticketing.ShopInput{WaitlistOrder: ticketing.WaitlistOrder(in.Order), WaitlistClosesAt: form.clock("waitlist_closes_at", in.Closes)}
	if n := form.number("offer_hours", in.Offer); n != nil {
		input.OfferHours = *n
	}
	if n := form.number("pay_hours", in.Pay); n != nil {
		input.PayHours = *n
	}
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.SaveShop(c.Request.Context(), e.CommunityID, e.ID, &in.Version, input)
		return err
	})
	if err == nil {
		h.saved(c, &form, ticketsPath(e), h.text(c, "console.saved"))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	s, err := h.Ticketing.ShopSettings(c.Request.Context(), e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.shop(c, status, in, s.WaitlistClosed, shown)
}
