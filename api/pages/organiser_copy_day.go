package pages

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
)

// copyDayPage is the data of the page "console_copy_day": which day of the agenda is put on which other too.
type copyDayPage struct {
	templates.Chrome
	Errors templates.Errors
	Event  *events.Event
	Days   []templates.Option // that something stands on
	From   string             `form:"from_day" text:"name,max=10"`
	To     string             `form:"to_day" text:"name,max=10"`
	What   string             `form:"what" text:"name,max=10"` // "all", or "breaks" and what is for all rooms
	Base   string
}

// CopyDayForm is GET /console/events/{event}/agenda/copy-day?from_day=.
func (h *Handler) CopyDayForm(c *gin.Context) {
	h.copyDay(c, http.StatusOK, copyDayPage{From: c.Query("from_day"), What: "breaks"})
}

func (h *Handler) copyDay(c *gin.Context, status int, data copyDayPage) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.copy_day.title"), "nav.agenda")
	if !ok {
		return
	}
	data.Chrome, data.Event, data.Base = chrome, e, eventPath(e)+"/agenda"
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: data.Base})
	sessions, err := agenda.Titles(c.Request.Context(), h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	counts := map[string]int{}
	for _, s := range sessions {
		if s.Placed() {
			counts[agenda.DayOf(e, s.StartsAt).Date]++
		}
	}
	for _, day := range (&agenda.Agenda{Event: e, Sessions: sessions}).Days() {
		if counts[day.Date] > 0 {
			data.Days = append(data.Days, templates.Option{Value: day.Date, Text: h.dayOf(h.Language(c), e, day.StartsAt) + " · " + h.text(c, "schedule.sessions", "Count", counts[day.Date])})
		}
		if data.To == "" && day.Date > data.From && len(data.Days) > 0 && counts[day.Date] == 0 {
			data.To = day.Date // the first empty day that follows
		}
	}
	h.Render(c, status, "console_copy_day", data)
}

// CopyDay is POST /console/events/{event}/agenda/copy-day.
func (h *Handler) CopyDay(c *gin.Context) {
	e := access.Event(c)
	var in copyDayPage
	var form formReader
	form.read(c, &in)
	err := form.Err()
	var made *agenda.CopiedDay
	if err == nil {
		made, err = h.Agenda.CopyDay(c.Request.Context(), e.CommunityID, string(e.ID), agenda.CopyDayInput{From: in.From, To: in.To, All: in.What == "all"})
	}
	if err == nil {
		said := h.text(c, "console.copy_day.done", "Count", len(made.Sessions))
		if made.Shifted > 0 {
			said += " " + h.text(c, "console.copy_day.shifted", "Count", made.Shifted)
		}
		h.Redirect(c, eventPath(e)+"/agenda/copies/"+string(made.Batch), "ok", said)
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		in.Errors = shown
		h.copyDay(c, status, in)
	}
}

// copiedPage is the data of the page "console_copied": what a copy made, to be taken back.
type copiedPage struct {
	templates.Chrome
	Event    *events.Event
	Sessions []*agenda.Session
	Base     string
	GridURL  string
	BackURL  string // takes a POST
}

// CopiedDay is GET /console/events/{event}/agenda/copies/{copy}.
func (h *Handler) CopiedDay(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.copy_day.copied"), "nav.agenda")
	if !ok {
		return
	}
	data := copiedPage{Chrome: chrome, Event: e, Base: eventPath(e) + "/agenda"}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: data.Base})
	var err error
	if data.Sessions, err = h.Agenda.Copied(c.Request.Context(), e, turnout.ID(c.Param("copy"))); err == nil && len(data.Sessions) == 0 {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.GridURL = data.Base + "/grid#" + url.PathEscape(agenda.DayOf(e, data.Sessions[0].StartsAt).Date)
	data.BackURL = data.Base + "/copies/" + c.Param("copy") + "/take-back"
	h.Render(c, http.StatusOK, "console_copied", data)
}

// TakeBackCopy is POST /console/events/{event}/agenda/copies/{copy}/take-back.
func (h *Handler) TakeBackCopy(c *gin.Context) {
	e := access.Event(c)
	gone, stay, err := h.Agenda.TakeBackCopy(c.Request.Context(), e.CommunityID, string(e.ID), turnout.ID(c.Param("copy")))
	said := h.text(c, "console.copy_day.taken_back", "Count", int(gone))
	if stay > 0 {
		said += " " + h.text(c, "console.copy_day.stay", "Count", int(stay))
	}
	h.done(c, err, eventPath(e)+"/agenda", said)
}
