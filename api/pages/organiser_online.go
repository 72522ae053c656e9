package pages

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin/online"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
)

// onlinePage is the data of the page "console_online": where a session takes place online, and when its door opens.
type onlinePage struct {
	templates.Chrome
	Errors     templates.Errors
	Event      *events.Event
	Session    *agenda.Session
	Form       onlineForm
	OpensAt    time.Time // UTC; zero: the session is not in the released schedule
	Attendance string    // address of the list of who came; "" for who may not see it
	BackURL    string
}

type onlineForm struct {
	URL     string `form:"online_url" text:"name,max=2500"`
	Version int64  `form:"version"`
}

func onlinePath(e *events.Event, session turnout.ID) string {
	return eventPath(e) + "/agenda/sessions/" + string(session) + "/online"
}

// SessionOnline is GET /console/events/{event}/agenda/sessions/{session}/online.
func (h *Handler) SessionOnline(c *gin.Context) { h.sessionOnline(c, http.StatusOK, nil, nil) }

// sessionOnline draws the page: as it is, or as it was typed when a form is given.
func (h *Handler) sessionOnline(c *gin.Context, status int, form *onlineForm, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	session, err := agenda.Find(ctx, h.DB.Read(), e.CommunityID, e.ID, turnout.ID(c.Param("session")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := &onlinePage{Errors: shown, Event: e, Session: session, BackURL: eventPath(e) + "/agenda/sessions/" + string(session.ID)}
	room, err := h.Online.Room(ctx, e.CommunityID, e.ID, session.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	slots, err := h.SignUps.Released(ctx, e, session.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if slot, released := slots[session.ID]; released {
		data.OpensAt = online.OpensAt(e, slot)
	}
	if data.Form = (onlineForm{URL: room.URL, Version: room.Version}); form != nil {
		data.Form = *form
	}
	if may(c, "checkin:read") {
		data.Attendance = attendanceURL(e, session.ID)
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, h.text(c, "console.online.title"), "nav.agenda"); ok {
		data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: eventPath(e) + "/agenda"}, templates.Link{Text: session.Title, URL: data.BackURL})
		h.Render(c, status, "console_online", data)
	}
}

// SaveSessionOnline is POST /console/events/{event}/agenda/sessions/{session}/online.
func (h *Handler) SaveSessionOnline(c *gin.Context) {
	e, session := access.Event(c), turnout.ID(c.Param("session"))
	var in onlineForm
	var form formReader
	form.read(c, &in)
	err := h.Online.SaveRoom(c.Request.Context(), e.CommunityID, e.ID, session, in.Version, in.URL)
	if err == nil {
		h.saved(c, &form, onlinePath(e, session), h.text(c, "console.saved"))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.sessionOnline(c, status, &in, shown)
	}
}
