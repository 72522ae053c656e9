package pages

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events/agenda/exchange"
)

// ExportAgenda is GET /console/events/{event}/agenda/export/{format}: the working draft as a file, also what is not public. The format is named by its extension.
func (h *Handler) ExportAgenda(c *gin.Context) {
	e := access.Event(c)
	at := slices.IndexFunc(exchange.Writers, func(f exchange.Format) bool { return f.Extension() == "."+c.Param("format") })
	if at < 0 {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	format := exchange.Writers[at]
	a, err := h.Agenda.Agenda(c.Request.Context(), e.CommunityID, string(e.ID))
	var file bytes.Buffer
	if err == nil {
		err = exchange.Write(&file, format, a.Draft(), a.ChangedAt())
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	c.Header("Content-Disposition", `attachment; filename="`+e.Slug+"-agenda"+format.Extension()+`"`)
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, format.ContentType(), file.Bytes())
}
