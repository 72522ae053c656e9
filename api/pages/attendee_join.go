package pages

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/templates"
	"turnout/ticketing"
)

// The states of a join page.
const (
	joinWrong     = "wrong"     // no such ticket, or the link is not its own
	joinCanceled  = "canceled"  // the event
	joinGivenBack = "no_ticket" // the ticket was canceled
	joinEarly     = "early"
	joinOver      = "over"
	joinNoRoom    = "no_room" // the organisers have not said where
	joinOpen      = "open"
)

// joinPage is the data of the page "join".
type joinPage struct {
	templates.Chrome
	State        string // one of the constants above
	Event        *events.Event
	AttendeeName string
	OpensAt      time.Time
	Action       string // takes the POST that enters
	EventURL     string
	Doors        []joinDoor // of sessions that have rooms of their own
}

// Join is the personal page behind a virtual ticket's link: when the room opens, and the button into it.
func (h *Handler) Join(c *gin.Context) {
	if page, _, ok := h.joinPage(c); ok {
		h.renderJoin(c, page)
	}
}

// EnterRoom notes that the ticket's holder came, and sends them on. Until the room is open it shows the page again.
func (h *Handler) EnterRoom(c *gin.Context) {
	page, ticket, ok := h.joinPage(c)
	switch {
	case !ok:
	case page.State != joinOpen:
		h.renderJoin(c, page)
	default:
		if err := h.CheckIn.RecordJoin(c.Request.Context(), ticket, ""); err != nil {
			h.Fail(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.Redirect(http.StatusSeeOther, page.Event.OnlineURL)
	}
}

// joinPage says how the link of the request stands. ok is false when an error was answered.
func (h *Handler) joinPage(c *gin.Context) (page joinPage, ticket *ticketing.Ticket, ok bool) {
	ctx, id, secret := c.Request.Context(), c.Param("ticket"), c.Query("secret")
	ticket, event, err := h.Ticketing.JoinTicket(ctx, turnout.ID(id), secret)
	if errors.Is(err, turnout.ErrNotFound) {
		return h.lostJoin(c), nil, true
	}
	if err == nil {
		page.Chrome, err = h.joinChrome(c, event)
	}
	if err == nil {
		page.Doors, err = h.joinDoors(c, ticket, event)
	}
	if err != nil {
		h.Fail(c, err)
		return page, nil, false
	}
	page.Event, page.AttendeeName, page.EventURL = event, ticket.AttendeeName, "/e/"+event.Slug
	page.Action = "/join/" + url.PathEscape(id) + "?secret=" + url.QueryEscape(secret)
	page.Path = page.Action
	page.OpensAt = event.JoinOpensAt()
	page.State = joinState(event, ticket, page.OpensAt, h.Now())
	return page, ticket, true
}

// lostJoin is the page of a link that leads nowhere.
func (h *Handler) lostJoin(c *gin.Context) joinPage {
	return joinPage{State: joinWrong, Chrome: templates.Chrome{Title: h.text(c, "join.title"), Path: c.Request.URL.Path, NoIndex: true, Demo: h.Demo}}
}

// joinChrome is the frame of a join page of an event.
func (h *Handler) joinChrome(c *gin.Context, e *events.Event) (templates.Chrome, error) {
	community, err := organisers.FindCommunity(c.Request.Context(), h.DB.Read(), string(e.CommunityID))
	if err != nil {
		return templates.Chrome{}, err
	}
	frame := h.publicChrome(community)
	frame.Title, frame.NoIndex = e.Title, true
	return frame, nil
}

func joinState(event *events.Event, ticket *ticketing.Ticket, opens, now time.Time) string {
	switch {
	case event.Status == events.Canceled:
		return joinCanceled
	case ticket.Status == ticketing.TicketCanceled:
		return joinGivenBack
	case !now.Before(event.EndsAt):
		return joinOver
	case now.Before(opens):
		return joinEarly
	case webOnly(event.OnlineURL) == "":
		return joinNoRoom
	}
	return joinOpen
}

func (h *Handler) renderJoin(c *gin.Context, page joinPage) {
	status := http.StatusOK
	if page.State == joinWrong {
		status = http.StatusNotFound
	}
	h.Render(c, status, "join", page)
}
