package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
)

// gridPage is the data of the page "console_grid": the script reads the draft and draws it.
type gridPage struct {
	templates.Chrome
	Event    *events.Event
	Base     string
	CanWrite bool
}

// EventGrid is GET /console/events/{event}/agenda/grid: the agenda built by hand, rooms beside each other and the day from top to bottom. Without scripts it leads to the
// list, whose forms do the same.
func (h *Handler) EventGrid(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.grid.title"), "nav.agenda")
	if !ok {
		return
	}
	base := eventPath(e) + "/agenda"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.agenda"), URL: base})
	chrome.Scripts = append(chrome.Scripts, "grid.js")
	h.Render(c, http.StatusOK, "console_grid", gridPage{Chrome: chrome, Event: e, Base: base, CanWrite: may(c, "agenda:write")})
}
