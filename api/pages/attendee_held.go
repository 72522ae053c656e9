package pages

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/ticketing"
)

// heldCookie names the unpaid order that this browser placed for an event, whose pages alone get the cookie. Its value is the
// signed token of the order, which opens nothing but paying and replacing it, and the key of the form that made it.
const heldCookie = "held_order"

// What becomes of an unpaid order when another is placed from the same browser.
const (
	insteadReplace = "replace"
	insteadKeep    = "keep"
)

// heldOrder is an unpaid order as the pages of its event offer it to the browser that placed it.
type heldOrder struct {
	Code, PayURL string
	Lines        []summaryLine
	Total        turnout.Money
	ExpiresAt    time.Time
	Now          time.Time

	order *ticketing.Order
	key   string // of the form that made it
}

// heldOrder gives the browser's unpaid order of the event, nil when it has none that can still be paid.
func (h *Handler) heldOrder(c *gin.Context, slug string) (*heldOrder, error) {
	value, err := c.Cookie(heldCookie)
	if err != nil {
		return nil, nil //nolint:nilerr // no cookie, no order
	}
	token, key, _ := strings.Cut(value, "~")
	order, err := h.Ticketing.HeldByToken(c.Request.Context(), token)
	if errors.Is(err, turnout.ErrNotFound) || err == nil && order.Event.Slug != slug && string(order.EventID) != slug {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	held := &heldOrder{Code: order.Code, Total: order.Money(order.Total), ExpiresAt: order.ExpiresAt, Now: h.Now(), order: order, key: key}
	for _, l := range order.Lines {
		held.Lines = append(held.Lines, summaryLine{Name: l.Name, Quantity: l.Quantity, Total: order.Money(l.Total), Note: l.PriceName})
	}
	if p := order.Payment(); p != nil {
		held.PayURL = "/pay/" + string(p.ID)
	}
	return held, nil
}

// keepHeld remembers the order that the browser is about to pay, and forgets one that gave way to an order that needs no paying.
func (h *Handler) keepHeld(c *gin.Context, o *ticketing.Order, p ticketing.Purchase) {
	cookie := &http.Cookie{ //nolint:gosec // Secure wherever the installation is: it may run without TLS on a local machine
		Name: heldCookie, Path: "/e/" + c.Param("event"), MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(h.BaseURL, "https://")}
	switch {
	case o.Status == ticketing.Held:
		cookie.Value, cookie.MaxAge = h.Ticketing.HeldToken(o), max(1, int(o.ExpiresAt.Sub(h.Now()).Seconds()))
		if turnout.ID(p.Key).Is("key") { // made here
			cookie.Value += "~" + p.Key
		}
	case p.Replaces == "":
		return
	}
	http.SetCookie(c.Writer, cookie)
}

// insteadOf has the browser's unpaid order give way to the purchase, as far as the buyer said so. A form that does not know of the
// order (another tab made it) is asked about it first; the form that made it replaces it without a word.
func (p *checkoutPage) insteadOf(in *checkoutForm, purchase *ticketing.Purchase) (problems turnout.Problems) {
	if p.Held == nil || p.Held.key == in.Key {
		return nil
	}
	switch known := in.Held == p.Held.Code; {
	case known && in.Instead == insteadReplace:
		purchase.Replaces = p.Held.order.ID
	case known && in.Instead == insteadKeep:
		p.Instead = insteadKeep
	default:
		problems.Add("held_choice", "required", "")
	}
	return problems
}
