package pages

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

// rowsShown is how many rows a page of orders or attendees has.
const rowsShown = 50

// listPage is what the lists of an event have in common: a filter, written as the address has it.
type listPage struct {
	templates.Chrome
	Event       *events.Event
	Action      string // the list's own address
	Values      map[string]string
	Errors      templates.Errors
	Types       []templates.Option // to choose a ticket type from; none in a part of the page
	States      []filterLink
	Views       []viewLink
	List        string // orders, attendees
	CanWrite    bool   // acts on many orders, keeps views
	Refused     refusedView
	UndoURL     string // brings back the view that was deleted just now; "" for none
	Narrowed    bool   // by more than search and state
	NextPageURL string
	Part        bool // only what a filter changes is drawn
}

// refusedView is a name for a view that was refused: the form that sent it is open again.
type refusedView struct {
	ID     turnout.ID // "" for a view that was to be new
	Name   string
	Errors templates.Errors
	Status int
}

// RefusedOf gives what was refused of a view, "" for a new one; the zero refusedView for nothing.
func (p listPage) RefusedOf(id turnout.ID) refusedView {
	if p.Refused.ID != id {
		return refusedView{}
	}
	return p.Refused
}

// next is the address of the page after this one.
func (p listPage) next(name string, id turnout.ID) string {
	query := url.Values{name: {string(id)}}
	for name, value := range p.Values {
		query.Set(name, value)
	}
	return p.Action + "?" + query.Encode()
}

// Filtered says whether anything narrows the list.
func (p listPage) Filtered() bool { return len(p.Values) > 0 }

// Query is the filter as an address has it.
func (p listPage) Query() string { return written(p.Values) }

func written(values map[string]string) string {
	query := url.Values{}
	for name, value := range values {
		query.Set(name, value)
	}
	return query.Encode()
}

// newList reads what the lists have in common; value gives what is asked for, names are those of the filter, own those that stand outside
// the panel of filters. It answers the request itself and gives false when it cannot.
func (h *Handler) newList(c *gin.Context, list string, value func(string) string, names []string, own ...string) (listPage, bool) {
	data := listPage{Event: access.Event(c), Action: listPath(c, list), Values: ticketing.WrittenFilter(names, value), Part: wantsPart(c), List: list, CanWrite: may(c, "orders:write")}
	for name := range data.Values {
		data.Narrowed = data.Narrowed || !slices.Contains(own, name)
	}
	if data.Part {
		return data, true
	}
	var ok bool
	data.Chrome, ok = h.eventConsole(c, h.text(c, "nav."+list), "nav."+list)
	return data, ok
}

// newViewedList is newList for a list that has views and ticket types to choose from.
func (h *Handler) newViewedList(c *gin.Context, list string, value func(string) string, names []string, own ...string) (listPage, bool) {
	data, ok := h.newList(c, list, value, names, own...)
	if !ok {
		return data, false
	}
	if undo := value("undo"); turnout.ID(undo).Is("viw") && data.CanWrite {
		data.UndoURL = eventPath(data.Event) + "/views/" + undo + "/restore"
	}
	err := h.views(c, &data, list)
	if err == nil && !data.Part {
		var types []*ticketing.TicketType
		types, err = h.Ticketing.TicketTypes(c.Request.Context(), data.Event.CommunityID, data.Event.ID)
		data.Types = h.anyType(c, types)
	}
	if err != nil {
		h.Fail(c, err)
	}
	return data, err == nil
}

// anyType makes the options of a select: any ticket type, and each.
func (h *Handler) anyType(c *gin.Context, types []*ticketing.TicketType) []templates.Option {
	return append([]templates.Option{{Text: h.text(c, "console.list.any")}}, options(types, func(t *ticketing.TicketType) templates.Option {
		return templates.Option{Value: string(t.ID), Text: t.Name}
	})...)
}

// anyOf makes the options of a select: any, and each value with its word, whose key begins as said.
func anyOf[T ~string](h *Handler, c *gin.Context, key string, values ...T) []templates.Option {
	return append([]templates.Option{{Text: h.text(c, "console.list.any")}}, options(values, func(v T) templates.Option {
		return templates.Option{Value: string(v), Text: h.text(c, key+string(v))}
	})...)
}

// states are the segments of a list: all, and each state with its word; name is that of the filter.
func states[T ~string](h *Handler, c *gin.Context, data *listPage, name, kind string, values ...T) {
	with := func(status string) string {
		query := url.Values{}
		for name, value := range data.Values {
			query.Set(name, value)
		}
		query.Del("refunds")
		query.Del(name)
		if status != "" {
			query.Set(name, status)
		}
		return data.Action + "?" + query.Encode()
	}
	data.States = []filterLink{{h.text(c, "console.filter.all"), with(""), data.Values[name] == "" && data.Values["refunds"] == ""}}
	for _, v := range values {
		data.States = append(data.States, filterLink{h.text(c, "status."+kind+"."+string(v)), with(string(v)), data.Values[name] == string(v)})
	}
}

// listed answers with the list, or with the part of it that a filter changes. failed is what was wrong with the filter, shown beside it.
func (h *Handler) listed(c *gin.Context, page string, common *listPage, data any, failed error) {
	status := http.StatusOK
	if failed != nil {
		if _, ok := errors.AsType[*turnout.Error](failed); !ok || respond.Public(failed).Kind != turnout.Invalid {
			h.Fail(c, failed)
			return
		}
		status, common.Errors = respond.Status(failed), h.Templates.Errors(h.Language(c), failed)
	}
	if len(common.Refused.Errors) > 0 {
		status = common.Refused.Status
	}
	if common.Part {
		h.RenderPart(c, http.StatusOK, page, "list", data) // htmx shows no other status
		return
	}
	h.Render(c, status, page, data)
}
