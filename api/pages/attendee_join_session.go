package pages

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/checkin/online"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

// joinSessionPage is the data of the page "join_session": a session's door before the holder of a virtual ticket.
type joinSessionPage struct {
	templates.Chrome
	State        string // one of online's
	Event        *events.Event
	Name         string // of the session
	StartsAt     time.Time
	EndsAt       time.Time
	AttendeeName string
	OpensAt      time.Time
	Action       string // takes the POST that enters
	RoomURL      string // the way into the event's own room
	ScheduleURL  string
}

// joinDoor is a session in the list of those into which a virtual ticket leads.
type joinDoor struct {
	Name             string
	StartsAt, EndsAt time.Time
	OpensAt          time.Time
	Open             bool
	URL              string
}

// joinPath is the way into a session by the join link of a ticket.
func joinPath(ticket, secret, session string) string {
	return "/join/" + url.PathEscape(ticket) + "/sessions/" + url.PathEscape(session) + "?secret=" + url.QueryEscape(secret)
}

// joinDoors lists the sessions with rooms of their own into which the ticket leads, without their addresses.
func (h *Handler) joinDoors(c *gin.Context, ticket *ticketing.Ticket, e *events.Event) ([]joinDoor, error) {
	found, err := h.Online.Doors(c.Request.Context(), ticket, e)
	doors := make([]joinDoor, len(found))
	for i, d := range found {
		doors[i] = joinDoor{d.Title, d.StartsAt, d.EndsAt, d.OpensAt, d.State == online.Open, joinPath(string(ticket.ID), c.Query("secret"), string(d.SessionID))}
	}
	return doors, err
}

// JoinSession is GET /join/{ticket}/sessions/{session}?secret=: when the session's door opens, and the button through it.
func (h *Handler) JoinSession(c *gin.Context) {
	ticket, e, ok := h.joining(c)
	if !ok {
		return
	}
	door, err := h.Online.Door(c.Request.Context(), ticket, e, turnout.ID(c.Param("session")))
	h.answerDoor(c, ticket, e, door, err)
}

// EnterSession is POST /join/{ticket}/sessions/{session}?secret=: it notes that the ticket's holder came, and sends them on. Until the door is open it shows the page again.
func (h *Handler) EnterSession(c *gin.Context) {
	ticket, e, ok := h.joining(c)
	if !ok {
		return
	}
	door, address, err := h.Online.Enter(c.Request.Context(), ticket, e, turnout.ID(c.Param("session")))
	if err != nil || address == "" {
		h.answerDoor(c, ticket, e, door, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, address)
}

// joining opens the join link of the request. ok is false when it was answered.
func (h *Handler) joining(c *gin.Context) (ticket *ticketing.Ticket, e *events.Event, ok bool) {
	ticket, e, err := h.Ticketing.JoinTicket(c.Request.Context(), turnout.ID(c.Param("ticket")), c.Query("secret"))
	switch {
	case errors.Is(err, turnout.ErrNotFound):
		h.renderJoin(c, h.lostJoin(c))
	case err != nil:
		h.Fail(c, err)
	}
	return ticket, e, err == nil
}

func (h *Handler) answerDoor(c *gin.Context, ticket *ticketing.Ticket, e *events.Event, door *online.Door, err error) {
	if errors.Is(err, turnout.ErrNotFound) {
		h.renderJoin(c, h.lostJoin(c))
		return
	}
	page := joinSessionPage{Event: e, AttendeeName: ticket.AttendeeName, ScheduleURL: "/e/" + e.Slug + "/schedule"}
	if err == nil {
		page.Chrome, err = h.joinChrome(c, e)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	page.State, page.Name, page.StartsAt, page.EndsAt, page.OpensAt = string(door.State), door.Title, door.StartsAt, door.EndsAt, door.OpensAt
	page.Action = joinPath(string(ticket.ID), c.Query("secret"), string(door.SessionID))
	page.RoomURL = "/join/" + url.PathEscape(string(ticket.ID)) + "?secret=" + url.QueryEscape(c.Query("secret"))
	page.Path = page.Action
	h.Render(c, http.StatusOK, "join_session", page)
}
