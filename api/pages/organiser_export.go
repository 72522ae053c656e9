package pages

import (
	"io"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// ExportOrders is GET /console/events/{event}/orders.csv and .xlsx: what the list's filter takes, or those that are ticked.
func (h *Handler) ExportOrders(c *gin.Context) {
	e := access.Event(c)
	filter, err := ticketing.ReadOrderFilter(e, c.Query)
	filter.IDs = ticked(c, "order")
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.export(c, "orders", func(w io.Writer, x ticketing.Export) error {
		return h.Ticketing.ExportOrders(c.Request.Context(), w, e, filter, x)
	})
}

// ExportAttendees is GET /console/events/{event}/attendees.csv and .xlsx, as ExportOrders.
func (h *Handler) ExportAttendees(c *gin.Context) {
	e := access.Event(c)
	filter, err := ticketing.ReadAttendeeFilter(e, c.Query)
	filter.IDs = ticked(c, "ticket")
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.export(c, "attendees", func(w io.Writer, x ticketing.Export) error {
		return h.Ticketing.ExportAttendees(c.Request.Context(), w, e, filter, x)
	})
}

func (h *Handler) export(c *gin.Context, what string, write func(w io.Writer, x ticketing.Export) error) {
	x := ticketing.Export{Format: sheet.Format(strings.TrimPrefix(path.Ext(c.FullPath()), ".")), Language: h.Language(c)}
	name := what + "-" + access.Event(c).Slug + "-" + h.Now().Format("2006-01-02") + "." + string(x.Format)
	if err := respond.Download(c, name, x.Format.ContentType(), func(w io.Writer) error { return write(w, x) }); err != nil {
		h.Fail(c, err)
	}
}

// ticked are the rows that somebody chose one by one in a list, by the name of their boxes; nil for all that match.
func ticked(c *gin.Context, name string) (ids []turnout.ID) {
	if c.Query("all") != "" {
		return nil
	}
	for _, id := range c.QueryArray(name) {
		ids = append(ids, turnout.ID(id))
	}
	return ids
}
