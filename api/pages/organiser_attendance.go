package pages

import (
	"io"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
	"turnout/ticketing"
)

// attendancePage is who was at an event or at one of its sessions; when somebody is searched for, whoever has the words, there or not.
type attendancePage struct {
	listPage
	Rows      []checkin.Present
	Session   *agenda.Session // nil: the event itself
	Sessions  []templates.Option
	All       bool // the event has sessions
	CanMark   bool
	CanExport bool
	Orders    string // address of the orders; "" for who may not see them
	Export    string // the files of everything that this list is of
}

// attendanceFilters are what the list's address can have.
var attendanceFilters = []string{"search", "session_id"}

// attendanceURL is the list of an event, or of a session.
func attendanceURL(e *events.Event, session turnout.ID) string {
	if session == "" {
		return eventPath(e) + "/attendance"
	}
	return eventPath(e) + "/attendance?session_id=" + url.QueryEscape(string(session))
}

// EventAttendance is GET /console/events/{event}/attendance.
func (h *Handler) EventAttendance(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	common, ok := h.newList(c, "attendance", c.Query, attendanceFilters, attendanceFilters...)
	if !ok {
		return
	}
	data := &attendancePage{listPage: common, CanMark: may(c, "checkin:write"), CanExport: may(c, "orders:read")}
	if data.CanExport {
		data.Orders = eventPath(e) + "/orders/"
	}
	sessions, err := agenda.Titles(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.All = len(sessions) > 0
	data.Sessions = append(data.Sessions, templates.Option{Text: h.text(c, "console.attendance.event")})
	id := turnout.ID(c.Query("session_id"))
	for _, s := range sessions {
		if s.ID == id {
			data.Session = s
		}
		if s.ID == id || s.Status == agenda.Confirmed {
			data.Sessions = append(data.Sessions, templates.Option{Value: string(s.ID), Text: h.sessionOption(c, e, s)})
		}
	}
	if id != "" && data.Session == nil {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.checkin"), URL: eventPath(e) + "/check-in"})
	search, before := strings.TrimSpace(c.Query("search")), turnout.ID(c.Query("before"))
	if search != "" {
		data.Rows, err = h.CheckIn.FindPresent(ctx, e, id, search, before, rowsShown+1)
	} else {
		data.Rows, err = h.CheckIn.PresentAt(ctx, e, id, before, rowsShown+1)
	}
	if len(data.Rows) > rowsShown {
		data.Rows = data.Rows[:rowsShown]
		last := data.Rows[rowsShown-1]
		next := last.Ticket.ID
		if search == "" {
			next = last.Record.ID
		}
		data.NextPageURL = data.next("before", next)
	}
	h.listed(c, "console_attendance", &data.listPage, data, err)
}

// sessionOption names a session in a list to choose from: when, and its title.
func (h *Handler) sessionOption(c *gin.Context, e *events.Event, s *agenda.Session) string {
	if s.StartsAt.IsZero() {
		return s.Title
	}
	return h.Templates.Moment(h.Language(c), s.StartsAt, e.Timezone) + " · " + s.Title
}

type sessionsPresentPage struct {
	listPage
	Rows     []sessionPresent
	CanLists bool
	CheckIn  string // address of the lists
}

type sessionPresent struct {
	checkin.SessionPresence
	URL   string
	Moved bool // a list of its door no longer covers when it takes place
}

// EventSessionsPresent is GET /console/events/{event}/attendance/sessions: how many were at each session.
func (h *Handler) EventSessionsPresent(c *gin.Context) {
	e := access.Event(c)
	common, ok := h.newList(c, "attendance", c.Query, []string{"search"}, "search")
	if !ok {
		return
	}
	common.Action += "/sessions"
	common.Title = h.text(c, "console.attendance.sessions")
	data := &sessionsPresentPage{listPage: common, CanLists: may(c, "events:write"), CheckIn: eventPath(e) + "/check-in"}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.checkin"), URL: data.CheckIn}, templates.Link{Text: h.text(c, "nav.attendance"), URL: attendanceURL(e, "")})
	sessions, err := h.CheckIn.SessionPresences(c.Request.Context(), e)
	before := c.Query("before")
	for _, s := range sessions {
		if before != "" {
			if string(s.ID) == before {
				before = ""
			}
			continue
		}
		if !matches(c.Query("search"), s.Title) {
			continue
		}
		if len(data.Rows) == rowsShown {
			data.NextPageURL = data.next("before", data.Rows[rowsShown-1].ID)
			break
		}
		row := sessionPresent{SessionPresence: s, URL: attendanceURL(e, s.ID)}
		for _, l := range s.Lists {
			row.Moved = row.Moved || !l.Covers(s.StartsAt, s.EndsAt)
		}
		data.Rows = append(data.Rows, row)
	}
	h.listed(c, "console_sessions_present", &data.listPage, data, err)
}

type markForm struct {
	Ticket  string `form:"ticket" text:"name,max=60"`
	Session string `form:"session_id" text:"name,max=60"`
	Search  string `form:"search" text:"name,max=200"`
}

// back is the list as it was when the button was pressed.
func (f *markForm) back(e *events.Event) string {
	query := url.Values{}
	if f.Session != "" {
		query.Set("session_id", f.Session)
	}
	if f.Search != "" {
		query.Set("search", f.Search)
	}
	if len(query) == 0 {
		return attendanceURL(e, "")
	}
	return attendanceURL(e, "") + "?" + query.Encode()
}

// MarkPresent is POST /console/events/{event}/attendance: somebody was there, by hand.
func (h *Handler) MarkPresent(c *gin.Context) {
	e := access.Event(c)
	var in markForm
	var form formReader
	form.read(c, &in)
	err := form.Err()
	if err == nil {
		_, err = h.CheckIn.Mark(c.Request.Context(), e.CommunityID, e.ID, checkin.MarkInput{TicketID: turnout.ID(in.Ticket), SessionID: turnout.ID(in.Session)})
	}
	h.done(c, err, in.back(e), h.text(c, "console.attendance.marked"))
}

// UnmarkPresent is POST /console/events/{event}/attendance/{record}/unmark: it takes a mark by hand back.
func (h *Handler) UnmarkPresent(c *gin.Context) {
	e := access.Event(c)
	var in markForm
	var form formReader
	form.read(c, &in)
	err := form.Err()
	if err == nil {
		err = h.CheckIn.Unmark(c.Request.Context(), e.CommunityID, e.ID, turnout.ID(c.Param("record")))
	}
	h.done(c, err, in.back(e), h.text(c, "console.attendance.unmarked"))
}

// ExportAttendance is GET /console/events/{event}/attendance.csv and .xlsx: the event's records, those of a session, or of all of them.
func (h *Handler) ExportAttendance(c *gin.Context) {
	e := access.Event(c)
	filter := checkin.AttendanceFilter{Session: turnout.ID(c.Query("session_id")), Sessions: c.Query("session_id") == "all"}
	h.export(c, "attendance", func(w io.Writer, x ticketing.Export) error {
		return h.CheckIn.ExportAttendance(c.Request.Context(), w, e, filter, x)
	})
}
