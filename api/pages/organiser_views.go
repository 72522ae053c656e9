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
	Name string `form:"name" text:"name,max=60"`
}

// SaveView is POST /console/events/{event}/views: the filter that comes with the form is kept under a name.
func (h *Handler) SaveView(c *gin.Context) {
	var form viewForm
	err := respond.Form(c, &form)
	list, names := listOfForm(c), ticketing.OrderFilters
	if list != ticketing.ListOrders {
		names = ticketing.AttendeeFilters
	}
	e, filter := access.Event(c), ticketing.WrittenFilter(names, c.PostForm)
	if err == nil {
		_, err = h.Ticketing.SaveView(c.Request.Context(), e.CommunityID, e.ID, list, form.Name, filter)
	}
	if err != nil {
		h.refuseView(c, list, "", filter, err)
		return
	}
	h.Redirect(c, listPath(c, list)+"?"+written(filter), "ok", h.text(c, "console.view.saved"))
}

// RenameView is POST /console/events/{event}/views/{view}.
func (h *Handler) RenameView(c *gin.Context) {
	var form viewForm
	e, id, list, ctx := access.Event(c), turnout.ID(c.Param("view")), listOfForm(c), c.Request.Context()
	err := respond.Form(c, &form)
	if err == nil {
		err = h.Ticketing.RenameView(ctx, e.CommunityID, e.ID, id, form.Name)
	}
	if err == nil {
		h.Redirect(c, listPath(c, list), "ok", h.text(c, "console.view.renamed"))
		return
	}
	views, failed := h.Ticketing.Views(ctx, e.CommunityID, e.ID, list)
	if failed != nil {
		h.Fail(c, failed)
		return
	}
	for _, v := range views {
		if v.ID == id {
			h.refuseView(c, list, id, v.Filter, err)
			return
		}
	}
	h.Fail(c, turnout.ErrNotFound)
}

// refuseView answers a name that was refused with the list that the view shows, where the form is open and has what was typed.
func (h *Handler) refuseView(c *gin.Context, list string, id turnout.ID, filter map[string]string, err error) {
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	value := func(name string) string { return filter[name] }
	refused := refusedView{ID: id, Name: c.PostForm("name"), Errors: shown, Status: status}
	if list == ticketing.ListOrders {
		h.eventOrders(c, value, refused)
		return
	}
	h.eventAttendees(c, value, refused)
}

// listOfForm is the list that a view's form is about.
func listOfForm(c *gin.Context) string {
	if c.PostForm("list") == ticketing.ListAttendees {
		return ticketing.ListAttendees
	}
	return ticketing.ListOrders
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
	e, list := access.Event(c), listOfForm(c)
	err := change(e.ID, e.CommunityID, turnout.ID(c.Param("view")))
	to := listPath(c, list)
	if err == nil && undo != "" {
		to += "?" + url.Values{"undo": {undo}}.Encode()
	}
	h.done(c, err, to, h.text(c, message))
}
