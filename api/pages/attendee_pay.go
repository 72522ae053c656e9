package pages

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

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
