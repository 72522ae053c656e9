package pages

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/templates"
)

// tellPage is the data of the page "my_agenda_mail": a link in a mail was opened, and one press does what it is for. Opening alone does nothing: programs open links too.
type tellPage struct {
	templates.Chrome
	Event     publicEvent
	What      string // "tell" or "stop"
	Done      bool
	Email     string
	Action    string
	AgendaURL string
}

// AskToTell is POST /e/{event}/my-agenda/email: an address is asked whether it wants to be told of changes.
func (h *Handler) AskToTell(c *gin.Context) {
	e := access.Event(c)
	it, err := h.ownItinerary(c, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if it == nil {
		h.Redirect(c, itineraryPath(e), "error", h.text(c, "my_agenda.empty_first"))
		return
	}
	typed := itineraryPage{}
	var form formReader
	form.read(c, &typed)
	err = form.then(nil, func() error { return h.Agenda.AskToTell(c.Request.Context(), e, it, typed.Typed, h.Language(c)) })
	if err == nil {
		h.Redirect(c, itineraryPath(e)+"#tell", "ok", h.text(c, h.mailed("my_agenda.asked")))
		return
	}
	if wrong, _, ok := h.refused(c, err); ok {
		h.itineraryPage(c, e, it, func(page *itineraryPage) { page.Errors, page.Typed = wrong, typed.Typed })
	}
}

// StopTellingHere is POST /e/{event}/my-agenda/stop: this browser's itinerary is told of no more.
func (h *Handler) StopTellingHere(c *gin.Context) {
	e := access.Event(c)
	it, err := h.ownItinerary(c, e)
	if err == nil && it != nil {
		err = h.Agenda.StopTelling(c.Request.Context(), it)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.Redirect(c, itineraryPath(e)+"#tell", "ok", h.text(c, "my_agenda.stopped"))
}

// ConfirmTelling is GET and POST /e/{event}/my-agenda/{itinerary}/tell?secret=: what the mail to an address leads to.
func (h *Handler) ConfirmTelling(c *gin.Context) {
	ctx, e, id := c.Request.Context(), access.Event(c), turnout.ID(c.Param("itinerary"))
	it, err := h.Agenda.AskedToTell(ctx, e, id, c.Query("secret"))
	if err == nil && c.Request.Method == http.MethodPost {
		if err = h.Agenda.Tell(ctx, e, id, c.Query("secret")); err == nil {
			it.Email, it.AskedEmail = firstOf(it.AskedEmail, it.Email), ""
		}
	}
	h.tellPage(c, it, err, "tell", it != nil && it.AskedEmail == "")
}

// StopTelling is GET and POST /e/{event}/my-agenda/{itinerary}/stop?secret=: where mails about changes are stopped.
func (h *Handler) StopTelling(c *gin.Context) {
	ctx, e := c.Request.Context(), access.Event(c)
	it, err := h.Agenda.ItineraryToStop(ctx, e, turnout.ID(c.Param("itinerary")), c.Query("secret"))
	if err == nil && c.Request.Method == http.MethodPost {
		if err = h.Agenda.StopTelling(ctx, it); err == nil {
			it.Email, it.AskedEmail = "", ""
		}
	}
	h.tellPage(c, it, err, "stop", it != nil && it.Email == "" && it.AskedEmail == "")
}

func (h *Handler) tellPage(c *gin.Context, it *agenda.Itinerary, err error, what string, done bool) {
	e := access.Event(c)
	c.Header("Referrer-Policy", "no-referrer")
	if err != nil {
		h.Fail(c, err)
		return
	}
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(e.CommunityID))
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := tellPage{Chrome: h.eventChrome(community, e), Event: newPublicEvent(e), What: what, Done: done, Action: c.Request.URL.RequestURI(), AgendaURL: "/e/" + e.Slug + "/schedule"}
	if what == "tell" {
		page.Email = firstOf(it.AskedEmail, it.Email)
	}
	page.Title, page.NoIndex, page.Canonical, page.Path = h.text(c, "my_agenda.title"), true, "", c.Request.URL.Path+"?secret="+url.QueryEscape(c.Query("secret"))
	h.Render(c, http.StatusOK, "my_agenda_mail", page)
}
