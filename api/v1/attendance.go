package v1

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/internal/sheet"
	"turnout/ticketing"
)

// allSessions is the session_id that stands for each of an event's.
const allSessions = "all"

var attendanceFilter = []parameter{{Name: "session_id", Text: "Who was at this session; all: at any, a record each. When absent: who was at the event."}}

const attendanceText = "One record for each attendee at the event, and one at each session. source is the first that said so. minutes, where doors saw it, is the time between the accepted entries and exits, " +
	"at several doors at the same time counted once; where nobody saw them go it goes on to the end of the session or the event (minutes_assumed), and is null before that, and if that would be over sixteen hours. " +
	"confidence is of their having been there."

var attendanceOperations = operations{
	"GET /events/{event}/attendance": {Summary: "Who was present", Text: attendanceText, Out: respond.Page[attendanceResponse]{}, Query: append(attendanceFilter, window...)},
	"POST /events/{event}/attendance": {Summary: "Mark somebody as present by hand", In: attendanceRequest{}, Out: attendanceResponse{}, Status: 201,
		Text: "At the event, or at a session and with it at the event. Whom a door or a link has seen there keeps that record; an earlier mark gives way to this one."},
	"DELETE /attendance/{id}":             {Summary: "Take a mark by hand back", Text: "What doors saw takes its place. 409 for a record that a door or a link made.", Status: 204, Errors: []int{409}},
	"GET /events/{event}/attendance.csv":  {Summary: "Who was present, as CSV", Text: exportText, OutRaw: "text/csv", Query: attendanceFilter},
	"GET /events/{event}/attendance.xlsx": {Summary: "Who was present, as a spreadsheet", Text: exportText, OutRaw: sheet.XLSX.ContentType(), Query: attendanceFilter},
}

type attendanceResponse struct {
	ID             turnout.ID     `json:"id"`
	TicketID       turnout.ID     `json:"ticket_id"`
	PersonID       turnout.ID     `json:"person_id"`
	SessionID      *turnout.ID    `json:"session_id" doc:"null: at the event"`
	AttendanceMode ticketing.Mode `json:"attendance_mode" enum:"in_person,virtual"`
	Source         checkin.Source `json:"source" enum:"door_scan,join,meeting_report,manual"`
	FirstAt        time.Time      `json:"first_at"`
	LastAt         time.Time      `json:"last_at"`
	Minutes        *int64         `json:"minutes" doc:"null: not known"`
	Assumed        bool           `json:"minutes_assumed" doc:"nobody saw them go: they are counted to the end"`
	Confidence     string         `json:"confidence" enum:"high,medium,low"`
}

func newAttendanceResponse(a *checkin.Attendance) attendanceResponse {
	out := attendanceResponse{ID: a.ID, TicketID: a.TicketID, PersonID: a.PersonID, AttendanceMode: a.AttendanceMode, Source: a.Source, FirstAt: a.FirstAt.UTC(), LastAt: a.LastAt.UTC(),
		Minutes: a.Minutes, Assumed: a.Assumed, Confidence: a.Confidence}
	if a.SessionID != "" {
		out.SessionID = &a.SessionID
	}
	return out
}

func attendanceFilterOf(c *gin.Context) checkin.AttendanceFilter {
	if session := c.Query("session_id"); session != allSessions {
		return checkin.AttendanceFilter{Session: turnout.ID(session)}
	}
	return checkin.AttendanceFilter{Sessions: true}
}

// ListAttendance is GET /events/{event}/attendance.
func (h *Handler) ListAttendance(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	filter := attendanceFilterOf(c)
	filter.After, filter.Limit = turnout.ID(window.Cursor), window.Limit+1
	rows, err := h.CheckIn.Attendances(c.Request.Context(), access.Event(c), filter)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	rows, next := cut(rows, window.Limit, func(a *checkin.Attendance) turnout.ID { return a.ID })
	items := make([]attendanceResponse, len(rows))
	for i, a := range rows {
		items[i] = newAttendanceResponse(a)
	}
	respond.List(c, items, next)
}

type attendanceRequest struct {
	TicketID  turnout.ID `json:"ticket_id" required:"true"`
	SessionID turnout.ID `json:"session_id" doc:"at the event alone when absent"`
	At        time.Time  `json:"at" doc:"now when absent"`
	Minutes   *int64     `json:"minutes" doc:"how long; null: not known"`
}

// MarkAttendance is POST /events/{event}/attendance.
func (h *Handler) MarkAttendance(c *gin.Context) {
	var in attendanceRequest
	if !respond.Bind(c, &in) {
		return
	}
	record, err := h.CheckIn.Mark(c.Request.Context(), access.Community(c), access.Event(c).ID, checkin.MarkInput(in))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusCreated, newAttendanceResponse(record))
}

// UnmarkAttendance is DELETE /attendance/{id}.
func (h *Handler) UnmarkAttendance(c *gin.Context) {
	if err := h.CheckIn.Unmark(c.Request.Context(), access.Community(c), "", turnout.ID(c.Param("id"))); err != nil {
		respond.Fail(c, err)
		return
	}
	respond.NoContent(c)
}

// ExportAttendance is GET /events/{event}/attendance.csv and .xlsx.
func (h *Handler) ExportAttendance(c *gin.Context) {
	h.export(c, nil, "attendance", func(w io.Writer, x ticketing.Export) error {
		return h.CheckIn.ExportAttendance(c.Request.Context(), w, access.Event(c), attendanceFilterOf(c), x)
	})
}
