package pages

import (
	"bytes"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
)

// agendaFiles are the forms in which the working draft is exported, by the ends of their files' names.
var agendaFiles = map[string]func(w io.Writer, s *exchange.Schedule, a *agenda.Agenda) error{
	"xml":  func(w io.Writer, s *exchange.Schedule, _ *agenda.Agenda) error { return exchange.WriteXML(w, s) },
	"json": func(w io.Writer, s *exchange.Schedule, _ *agenda.Agenda) error { return exchange.WriteJSON(w, s) },
	"csv":  func(w io.Writer, s *exchange.Schedule, _ *agenda.Agenda) error { return exchange.WriteCSV(w, s) },
	"ics": func(w io.Writer, s *exchange.Schedule, a *agenda.Agenda) error {
		stamp := a.Event.UpdatedAt
		for _, x := range a.Sessions {
			if x.UpdatedAt.After(stamp) {
				stamp = x.UpdatedAt
			}
		}
		return exchange.WriteICS(w, s, stamp)
	},
}

// ExportAgenda is GET /console/events/{event}/agenda/export/{format}: the working draft as a file, also what is not public.
func (h *Handler) ExportAgenda(c *gin.Context) {
	e, format := access.Event(c), c.Param("format")
	write := agendaFiles[format]
	if write == nil {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	a, err := h.Agenda.Agenda(c.Request.Context(), e.CommunityID, string(e.ID))
	var file bytes.Buffer
	if err == nil {
		err = write(&file, a.Draft(), a)
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Content-Disposition", `attachment; filename="`+e.Slug+`-agenda.`+format+`"`)
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, map[string]string{"xml": "application/xml; charset=utf-8", "json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8", "ics": calendarType}[format], file.Bytes())
}
