package pages

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

// viewLink is a saved view of a list.
type viewLink struct {
	ID        turnout.ID
	Name, URL string
	Current   bool // the list shows just this
}

// listPath is the address of one of an event's lists.
func listPath(c *gin.Context, list string) string { return eventPath(access.Event(c)) + "/" + list }

// views reads the saved views of a list.
func (h *Handler) views(c *gin.Context, data *listPage, list string) error {
	views, err := h.Ticketing.Views(c.Request.Context(), data.Event.CommunityID, data.Event.ID, list)
	for _, v := range views {
		query := written(v.Filter)
		data.Views = append(data.Views, viewLink{v.ID, v.Name, data.Action + "?" + query, query == data.Query()})
	}
	return err
}

type viewForm struct {
	List string `form:"list"`
	Name string `form:"name" text:"name,max=60"`
}

// SaveView is POST /console/events/{event}/views: the filter that comes with the form is kept under a name.
func (h *Handler) SaveView(c *gin.Context) {
	var form viewForm
	if err := respond.Form(c, &form); err != nil {
		h.done(c, err, listPath(c, ticketing.ListOrders), "")
		return
	}
	names := ticketing.OrderFilters
	if form.List != ticketing.ListOrders {
		form.List, names = ticketing.ListAttendees, ticketing.AttendeeFilters
	}
	e, filter := access.Event(c), ticketing.WrittenFilter(names, c.PostForm)
	_, err := h.Ticketing.SaveView(c.Request.Context(), e.CommunityID, e.ID, form.List, form.Name, filter)
	h.done(c, err, listPath(c, form.List)+"?"+written(filter), h.text(c, "console.view.saved"))
}

// RenameView is POST /console/events/{event}/views/{view}.
func (h *Handler) RenameView(c *gin.Context) {
	h.changeView(c, "console.view.renamed", "", func(e, community, id turnout.ID) error {
		var form viewForm
		if err := respond.Form(c, &form); err != nil {
			return err
		}
		return h.Ticketing.RenameView(c.Request.Context(), community, e, id, form.Name)
	})
}

// DeleteView is POST /console/events/{event}/views/{view}/delete. The page after it offers to bring the view back.
func (h *Handler) DeleteView(c *gin.Context) {
	h.changeView(c, "console.view.deleted", c.Param("view"), func(e, community, id turnout.ID) error {
		return h.Ticketing.DeleteView(c.Request.Context(), community, e, id)
	})
}

// RestoreView is POST /console/events/{event}/views/{view}/restore.
func (h *Handler) RestoreView(c *gin.Context) {
	h.changeView(c, "console.view.restored", "", func(e, community, id turnout.ID) error {
		return h.Ticketing.RestoreView(c.Request.Context(), community, e, id)
	})
}

// changeView changes a view and leads back to its list; undo is the view that the page can bring back.
func (h *Handler) changeView(c *gin.Context, message, undo string, change func(event, community, id turnout.ID) error) {
	e, list := access.Event(c), ticketing.ListOrders
	if c.PostForm("list") == ticketing.ListAttendees {
		list = ticketing.ListAttendees
	}
	err := change(e.ID, e.CommunityID, turnout.ID(c.Param("view")))
	to := listPath(c, list)
	if err == nil && undo != "" {
		to += "?" + url.Values{"undo": {undo}}.Encode()
	}
	h.done(c, err, to, h.text(c, message))
}
