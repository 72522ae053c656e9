package pages

import (
	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/templates"
	"turnout/ticketing"
)

type attendeeRow struct {
	*ticketing.AttendeeRow
	OrderURL string
}

type attendeesPage struct {
	listPage
	Rows        []attendeeRow
	Modes, Came []templates.Option
	Notices     []templates.Option
	Actions     []string // on the orders of those that are ticked
	CanImport   bool
}

// EventAttendees is GET /console/events/{event}/attendees: a row a ticket.
func (h *Handler) EventAttendees(c *gin.Context) { h.eventAttendees(c, c.Query, refusedView{}) }

func (h *Handler) eventAttendees(c *gin.Context, value func(string) string, refused refusedView) {
	e := access.Event(c)
	common, ok := h.newViewedList(c, ticketing.ListAttendees, value, ticketing.AttendeeFilters, "search", "status")
	if !ok {
		return
	}
	common.Refused = refused
	data := &attendeesPage{listPage: common, Modes: anyOf(h, c, "status.mode.", ticketing.InPerson, ticketing.Virtual), Came: anyOf(h, c, "console.attendees.came_", "yes", "no"),
		Notices:   anyOf(h, c, "door.notice.", append([]ticketing.NoticeKind{ticketing.AnyNotice}, ticketing.NoticeKinds...)...),
		CanImport: may(c, "orders:write"), Actions: ticketing.TicketBulkActions}
	filter, err := ticketing.ReadAttendeeFilter(e, value)
	filter.Before, filter.Limit = turnout.ID(value("before")), rowsShown+1
	if err == nil {
		err = h.fillAttendees(c, data, filter)
	}
	states(h, c, &data.listPage, "status", "ticket", ticketing.Valid, ticketing.Reserved, ticketing.TicketCanceled)
	h.listed(c, "console_attendees", &data.listPage, data, err)
}

func (h *Handler) fillAttendees(c *gin.Context, data *attendeesPage, filter ticketing.AttendeeFilter) error {
	rows, err := h.Ticketing.AttendeeRows(c.Request.Context(), data.Event, filter)
	if err != nil {
		return err
	}
	if len(rows) > rowsShown {
		rows = rows[:rowsShown]
		data.NextPageURL = data.next("before", rows[rowsShown-1].ID)
	}
	for _, r := range rows {
		data.Rows = append(data.Rows, attendeeRow{r, eventPath(data.Event) + "/orders/" + r.OrderCode})
	}
	return nil
}
