package v1

import (
	"io"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// orderFilter and attendeeFilter are the parameters that narrow a list.
var (
	orderFilter = []parameter{
		{Name: "search", Text: "Words that begin names, e-mail addresses or the code."},
		{Name: "status", Text: "Only of this status.", Enum: []string{"held", "awaiting_approval", "pending", "confirmed", "expired", "canceled"}},
		{Name: "payment", Text: "paid: money came and was not all given back; unpaid: money is awaited; refund_open: money is on its way back or waits for a person.", Enum: []string{"paid", "unpaid", "refund_open"}},
		{Name: "refunds", Text: "Only with a refund of this status; of failed ones while money is left to give back.", Enum: []string{"requested", "processing", "succeeded", "failed", "manual"}},
		{Name: "ticket_type_id", Text: "Only with a ticket of this type."},
		{Name: "voucher_id", Text: "Only with a ticket that this voucher was used for."},
		{Name: "from", Text: "Placed on this day (2026-05-31) of the event's zone or later."}, {Name: "to", Text: "Placed on this day or earlier."},
		{Name: "min_total", Text: "Costs at least so much, in decimals of the event's currency: 49.00."}, {Name: "max_total", Text: "Costs at most so much."},
		sortParameter,
	}
	attendeeFilter = []parameter{
		{Name: "search", Text: "Words that begin the attendee's name or e-mail address, or an order's code."},
		{Name: "status", Text: "Only tickets of this status.", Enum: []string{"reserved", "valid", "canceled"}},
		{Name: "ticket_type_id", Text: "Only of this type."},
		{Name: "attendance_mode", Text: "Only of this mode.", Enum: []string{"in_person", "virtual"}},
		{Name: "came", Text: "Only those who were seen at the event, or were not.", Enum: []string{"yes", "no"}},
		{Name: "notice", Text: "Only those of whom the door shall know something: anything, or this.", Enum: []string{"any", "vip", "minor", "attention"}},
		sortParameter,
	}
	sortParameter = parameter{Name: "sort", Text: "The newest first when absent.", Enum: []string{"newest", "oldest"}}
)

const exportText = "Made from the database as it is sent: there is no limit to its length. The first row names the columns, times are of the event's zone and name it, " +
	"amounts are decimals. Behind them stands a column for each question, named by its words (those of the order, or of the ticket), and for each add-on of a ticket. A text that a spreadsheet would take for a formula begins with an apostrophe."

var exportOperations = operations{
	"GET /events/{event}/orders.csv":     {Summary: "All orders as CSV", Text: exportText, OutRaw: "text/csv", Query: orderFilter},
	"GET /events/{event}/orders.xlsx":    {Summary: "All orders as a spreadsheet", Text: exportText, OutRaw: sheet.XLSX.ContentType(), Query: orderFilter},
	"GET /events/{event}/attendees.csv":  {Summary: "All tickets and who holds them as CSV", Text: exportText, OutRaw: "text/csv", Query: attendeeFilter},
	"GET /events/{event}/attendees.xlsx": {Summary: "All tickets and who holds them as a spreadsheet", Text: exportText, OutRaw: sheet.XLSX.ContentType(), Query: attendeeFilter},
	"GET /events/{event}/attendees":      {Summary: "List an event's tickets and who holds them, the newest first", Out: respond.Page[attendeeResponse]{}, Query: append(attendeeFilter, window...)},
}

type attendeeResponse struct {
	ID             turnout.ID             `json:"id" doc:"of the ticket"`
	TicketTypeID   turnout.ID             `json:"ticket_type_id"`
	TicketType     string                 `json:"ticket_type" doc:"as it was sold"`
	Status         ticketing.TicketStatus `json:"status" enum:"reserved,valid,canceled"`
	AttendanceMode ticketing.Mode         `json:"attendance_mode" enum:"in_person,virtual"`
	Attendee       personBody             `json:"attendee"`
	Price          turnout.Money          `json:"price"`
	OrderID        turnout.ID             `json:"order_id"`
	OrderCode      string                 `json:"order_code"`
	OrderStatus    ticketing.OrderStatus  `json:"order_status" enum:"held,awaiting_approval,pending,confirmed,expired,canceled"`
	Buyer          personBody             `json:"buyer"`
	Notice         *noticeBody            `json:"notice" doc:"what the door shall know; null for nothing"`
	CameAt         *time.Time             `json:"came_at" doc:"when its holder was first seen at the event"`
	Answers        []answerResponse       `json:"answers" doc:"about the ticket"`
	CreatedAt      time.Time              `json:"created_at"`
}

func (h *Handler) newAttendeeResponse(a *ticketing.AttendeeRow) attendeeResponse {
	var notice *noticeBody
	if a.Notice != ticketing.NoNotice {
		notice = &noticeBody{a.Notice, a.NoticeText}
	}
	return attendeeResponse{a.ID, a.TypeID, a.TypeName, a.Status, a.AttendanceMode, personBody{a.AttendeeName, a.AttendeeEmail}, turnout.Money{Amount: a.Price, Currency: a.Currency},
		a.OrderID, a.OrderCode, a.OrderStatus, personBody{a.BuyerName, a.BuyerEmail}, notice, moment(a.CameAt), h.newAnswers(a.Answers), a.CreatedAt.UTC()}
}

// ListAttendees is GET /events/{event}/attendees.
func (h *Handler) ListAttendees(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	e := access.Event(c)
	filter, err := ticketing.ReadAttendeeFilter(e, c.Query)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	filter.Before, filter.Limit = turnout.ID(window.Cursor), window.Limit+1
	rows, err := h.Ticketing.AttendeeRows(c.Request.Context(), e, filter)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	rows, next := cut(rows, window.Limit, func(a *ticketing.AttendeeRow) turnout.ID { return a.ID })
	if err := h.Ticketing.TicketAnswers(c.Request.Context(), e.CommunityID, rows); err != nil {
		respond.Fail(c, err)
		return
	}
	items := make([]attendeeResponse, len(rows))
	for i, a := range rows {
		items[i] = h.newAttendeeResponse(a)
	}
	respond.List(c, items, next)
}

// ExportOrders is GET /events/{event}/orders.csv and .xlsx.
func (h *Handler) ExportOrders(c *gin.Context) {
	e := access.Event(c)
	filter, err := ticketing.ReadOrderFilter(e, c.Query)
	h.export(c, err, "orders", func(w io.Writer, x ticketing.Export) error {
		return h.Ticketing.ExportOrders(c.Request.Context(), w, e, filter, x)
	})
}

// ExportAttendees is GET /events/{event}/attendees.csv and .xlsx.
func (h *Handler) ExportAttendees(c *gin.Context) {
	e := access.Event(c)
	filter, err := ticketing.ReadAttendeeFilter(e, c.Query)
	h.export(c, err, "attendees", func(w io.Writer, x ticketing.Export) error {
		return h.Ticketing.ExportAttendees(c.Request.Context(), w, e, filter, x)
	})
}

// export answers with the file in the format that the path ends in, or with what was wrong with its filter.
func (h *Handler) export(c *gin.Context, err error, what string, write func(w io.Writer, x ticketing.Export) error) {
	h.exportOf(c, access.Event(c), err, what, write)
}

// exportOf is export for a path that names something of an event, and not the event.
func (h *Handler) exportOf(c *gin.Context, e *events.Event, err error, what string, write func(w io.Writer, x ticketing.Export) error) {
	x := ticketing.Export{Format: sheet.Format(strings.TrimPrefix(path.Ext(c.FullPath()), "."))}
	if err == nil {
		err = respond.Download(c, what+"-"+e.Slug+"."+string(x.Format), x.Format.ContentType(), func(w io.Writer) error { return write(w, x) })
	}
	if err != nil {
		respond.Fail(c, err)
	}
}
