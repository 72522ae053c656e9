package pages

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
)

// sitePage is the data of the page "console_site": the public site of an event is saved as files.
type sitePage struct {
	templates.Chrome
	Event     *events.Event
	Languages []templates.Option
	Lang      string
	Base      string
}

// EventSite is GET /console/events/{event}/site.
func (h *Handler) EventSite(c *gin.Context) {
	chrome, ok := h.eventConsole(c, h.text(c, "console.site.title"), "")
	if ok {
		e := access.Event(c)
		h.Render(c, http.StatusOK, "console_site", sitePage{Chrome: chrome, Event: e, Languages: h.languages(), Lang: h.Language(c), Base: eventPath(e)})
	}
}

// languages are those of the pages, each under its own name.
func (h *Handler) languages() (all []templates.Option) {
	for _, lang := range h.Templates.Languages() {
		all = append(all, templates.Option{Value: lang, Text: h.Templates.Message(lang, "language."+lang)})
	}
	return all
}

// SaveSite is GET /console/events/{event}/site.zip?lang=.
func (h *Handler) SaveSite(c *gin.Context) {
	e, lang := access.Event(c), h.Language(c)
	ctx, done := respond.Unhurried(c)
	defer done()
	err := respond.Download(c, e.Slug+"-site.zip", "application/zip", func(w io.Writer) error { return h.Site.Write(ctx, w, e, lang) })
	if err != nil {
		h.Fail(c, err)
	}
}
