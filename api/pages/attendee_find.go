package pages

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/templates"
)

// findPage is the data of the page "find_order": where a buyer who lost the link to an order gets it again.
type findPage struct {
	templates.Chrome
	Errors   templates.Errors
	Event    publicEvent
	Action   string // takes the POST; "" while the event is not known
	Lost     bool   // it stands in place of an order that a link does not open
	Sent     bool
	Email    string `form:"email" text:"name,max=254"`
	MailKept bool   // no mails are sent from here
}

// FindOrder is GET /e/{event}/find-order.
func (h *Handler) FindOrder(c *gin.Context) {
	page, err := h.findPage(c, access.Event(c))
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.Sent = c.Query("sent") != ""
	h.Render(c, http.StatusOK, "find_order", page)
}

func (h *Handler) findPage(c *gin.Context, e *events.Event) (findPage, error) {
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return findPage{}, err
	}
	page := findPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), Action: "/e/" + e.Slug + "/find-order", MailKept: h.KeepsMail}
	page.Title, page.NoIndex, page.Canonical, page.Path = h.text(c, "find.title"), true, "", page.Action
	return page, nil
}

// SendOrders is POST /e/{event}/find-order. Its answer is the same for those who bought and those who did not.
func (h *Handler) SendOrders(c *gin.Context) {
	page, err := h.findPage(c, access.Event(c))
	if err != nil {
		h.Fail(c, err)
		return
	}
	var form formReader
	form.read(c, &page)
	err = form.then(nil, func() error { return h.Ticketing.SendOrderLinks(c.Request.Context(), access.Event(c), page.Email) })
	if err == nil {
		h.Redirect(c, page.Action+"?sent=yes", "", "")
		return
	}
	var status int
	var ok bool
	if page.Errors, status, ok = h.refused(c, err); ok {
		h.Render(c, status, "find_order", page)
	}
}

// lostOrder answers a link that opens no order: it was cut off, replaced by another, or never was one. It says the same in each
// case; the event is what the code itself tells.
func (h *Handler) lostOrder(c *gin.Context) {
	page := findPage{Chrome: templates.Chrome{Title: h.text(c, "find.lost_title"), NoIndex: true, Demo: h.Demo, Path: c.Request.URL.Path}}
	e, err := h.Ticketing.EventOfCode(c.Request.Context(), c.Param("code"))
	if err == nil {
		page, err = h.findPage(c, e)
	}
	if err != nil && !errors.Is(err, turnout.ErrNotFound) {
		h.Fail(c, err)
		return
	}
	page.Lost, page.Title, page.Path = true, h.text(c, "find.lost_title"), c.Request.URL.Path
	h.Render(c, http.StatusNotFound, "find_order", page)
}

// mailed is the key of a text about a mail: where mails are kept and not sent, it says so.
func (h *Handler) mailed(key string) string {
	if h.KeepsMail {
		return key + "_kept"
	}
	return key
}
