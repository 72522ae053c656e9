package v1

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/ticketing"
)

var checkInOperations = operations{
	"POST /events/{event}/check-in-lists": {Summary: "Add a check-in list", Text: "What a door accepts. Without ticket types: all of mode in_person. Without times: at any time.",
		In: listRequest{}, Out: listResponse{}, Status: 201, Version: true},
	"GET /events/{event}/check-in-lists": {Summary: "The check-in lists", Out: respond.Page[listResponse]{}, Query: window},
	"GET /check-in-lists/{id}/stats":     {Summary: "How a list stands", Out: statsResponse{}},
	"POST /check-in-lists/{id}/scans": {Summary: "Scan a ticket", In: scanRequest{}, Out: scanResponse{}, Errors: []int{409},
		Text: "Accepted or refused, the answer is 200 and the attempt is logged. The same nonce and code give the first answer again; another code is 409."},
	"DELETE /scans/{id}":             {Summary: "Annul a scan", Text: "It stays in the log, marked.", Out: scanResponse{}, Errors: []int{409}},
	"GET /events/{event}/attendance": {Summary: "Who was present", Out: respond.Page[attendanceResponse]{}, Query: window},
}

type listRequest struct {
	Name          string                     `json:"name" required:"true"`
	TicketTypeIDs []turnout.ID               `json:"ticket_type_ids"`
	StartsAt      time.Time                  `json:"starts_at"`
	EndsAt        time.Time                  `json:"ends_at"`
	AllowReentry  bool                       `json:"allow_reentry" doc:"after an exit"`
	Rules         map[string]json.RawMessage `json:"rules" doc:"none can be chosen yet: absent, null or {}"`
}

func (in listRequest) input() checkin.ListInput {
	return checkin.ListInput{Name: in.Name, TicketTypeIDs: in.TicketTypeIDs, StartsAt: in.StartsAt, EndsAt: in.EndsAt, AllowReentry: in.AllowReentry,
		Rules: slices.Sorted(maps.Keys(in.Rules))}
}

type listResponse struct {
	ID            turnout.ID   `json:"id"`
	EventID       turnout.ID   `json:"event_id"`
	Name          string       `json:"name"`
	TicketTypeIDs []turnout.ID `json:"ticket_type_ids"`
	StartsAt      *time.Time   `json:"starts_at"`
	EndsAt        *time.Time   `json:"ends_at"`
	AllowReentry  bool         `json:"allow_reentry"`
	Version       int64        `json:"version"`
	CreatedAt     time.Time    `json:"created_at"`
	UpdatedAt     time.Time    `json:"updated_at"`
}

func newListResponse(l *checkin.List) listResponse {
	return listResponse{l.ID, l.EventID, l.Name, ids(l.TicketTypeIDs), moment(l.StartsAt), moment(l.EndsAt), l.AllowReentry, l.Version, l.CreatedAt.UTC(), l.UpdatedAt.UTC()}
}

// ids is an empty list for none, which JSON says as [].
func ids(list []turnout.ID) []turnout.ID {
	if list == nil {
		return []turnout.ID{}
	}
	return list
}

// CreateList is POST /events/{event}/check-in-lists.
func (h *Handler) CreateList(c *gin.Context) {
	var in listRequest
	if !respond.Bind(c, &in) {
		return
	}
	list, err := h.CheckIn.CreateList(c.Request.Context(), access.Community(c), access.Event(c).ID, in.input())
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, list.Version)
	respond.JSON(c, http.StatusCreated, newListResponse(list))
}

// ListLists is GET /events/{event}/check-in-lists.
func (h *Handler) ListLists(c *gin.Context) {
	lists, err := h.CheckIn.Lists(c.Request.Context(), access.Community(c), access.Event(c).ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	lists = slices.DeleteFunc(lists, func(l *checkin.List) bool { return !access.Who(c).Serves(l) })
	answerAll(c, lists, func(l *checkin.List) turnout.ID { return l.ID }, newListResponse)
}

type gateStats struct {
	Gate      string `json:"gate"`
	CheckedIn int64  `json:"checked_in"`
}

type typeStats struct {
	TicketTypeID turnout.ID `json:"ticket_type_id"`
	Name         string     `json:"name"`
	Expected     int64      `json:"expected"`
	CheckedIn    int64      `json:"checked_in"`
}

type statsResponse struct {
	Expected     int64       `json:"expected" doc:"valid tickets that the list accepts"`
	CheckedIn    int64       `json:"checked_in" doc:"of them, let in"`
	Inside       int64       `json:"inside"`
	Refused      int64       `json:"refused" doc:"refused scans"`
	ByGate       []gateStats `json:"by_gate"`
	ByTicketType []typeStats `json:"by_ticket_type"`
}

// ListStats is GET /check-in-lists/{id}/stats.
func (h *Handler) ListStats(c *gin.Context) {
	stats, err := h.CheckIn.Stats(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := statsResponse{stats.Expected, stats.CheckedIn, stats.Inside, stats.Refused, make([]gateStats, len(stats.ByGate)), make([]typeStats, len(stats.ByTicketType))}
	for i, g := range stats.ByGate {
		out.ByGate[i] = gateStats(g)
	}
	for i, t := range stats.ByTicketType {
		out.ByTicketType[i] = typeStats(t)
	}
	respond.JSON(c, http.StatusOK, out)
}

type scanRequest struct {
	Code      string            `json:"code" text:"secret,max=1000" doc:"what the QR says; this or ticket_id"`
	TicketID  turnout.ID        `json:"ticket_id"`
	Direction checkin.Direction `json:"direction" enum:"entry,exit" doc:"entry when absent"`
	Nonce     string            `json:"nonce" required:"true" doc:"unique to the token: repeating a scan is safe"`
	ScannedAt time.Time         `json:"scanned_at" doc:"now when absent"`
	Gate      string            `json:"gate"`
}

type scannedTicket struct {
	ID             turnout.ID             `json:"id"`
	TicketTypeID   turnout.ID             `json:"ticket_type_id"`
	TicketType     string                 `json:"ticket_type"`
	Status         ticketing.TicketStatus `json:"status" enum:"reserved,valid,canceled"`
	AttendanceMode ticketing.Mode         `json:"attendance_mode" enum:"in_person,virtual"`
}

type scanResponse struct {
	ID         turnout.ID        `json:"id"`
	ListID     turnout.ID        `json:"list_id"`
	Result     checkin.Result    `json:"result" enum:"accepted,refused"`
	Reason     checkin.Reason    `json:"reason,omitempty" doc:"already_checked_in, unknown_ticket, canceled, unpaid, wrong_list, not_yet_valid, no_longer_valid, revoked, bad_signature, not_inside"`
	Message    string            `json:"message"`
	Direction  checkin.Direction `json:"direction" enum:"entry,exit"`
	Gate       string            `json:"gate"`
	Attendee   *personBody       `json:"attendee,omitempty"`
	Ticket     *scannedTicket    `json:"ticket,omitempty"`
	ScannedAt  time.Time         `json:"scanned_at"`
	AnnulledAt *time.Time        `json:"annulled_at"`
}

func newScanResponse(s *checkin.Scan) scanResponse {
	out := scanResponse{ID: s.ID, ListID: s.ListID, Result: s.Result, Reason: s.Reason, Message: s.Message(), Direction: s.Direction, Gate: s.Gate,
		ScannedAt: s.ScannedAt.UTC(), AnnulledAt: moment(s.AnnulledAt)}
	if t := s.Ticket; t != nil {
		out.Attendee = &personBody{t.AttendeeName, t.AttendeeEmail}
		out.Ticket = &scannedTicket{t.ID, t.TicketTypeID, t.TypeName, t.Status, t.AttendanceMode}
	}
	return out
}

// Scan is POST /check-in-lists/{id}/scans.
func (h *Handler) Scan(c *gin.Context) {
	var in scanRequest
	if !respond.Bind(c, &in) {
		return
	}
	who := access.Who(c)
	if in.TicketID != "" && !who.Covers(checkin.Searching) {
		respond.Fail(c, access.ErrDeviceIs)
		return
	}
	scan, err := h.CheckIn.Scan(c.Request.Context(), access.Community(c), checkin.ScanInput{
		ListID: turnout.ID(c.Param("id")), Code: in.Code, TicketID: in.TicketID, Direction: in.Direction, Nonce: in.Nonce, ScannedAt: in.ScannedAt,
		Gate: who.Gate(in.Gate), Caller: string(who.ID())})
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, newScanResponse(scan))
}

// AnnulScan is DELETE /scans/{id}.
func (h *Handler) AnnulScan(c *gin.Context) {
	scan, err := h.CheckIn.Annul(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, newScanResponse(scan))
}

type attendanceResponse struct {
	ID             turnout.ID     `json:"id"`
	TicketID       turnout.ID     `json:"ticket_id"`
	PersonID       turnout.ID     `json:"person_id"`
	AttendanceMode ticketing.Mode `json:"attendance_mode" enum:"in_person,virtual"`
	Source         checkin.Source `json:"source" enum:"door_scan,join,meeting_report,manual"`
	FirstAt        time.Time      `json:"first_at"`
	LastAt         time.Time      `json:"last_at"`
	Minutes        *int64         `json:"minutes" doc:"null: not known"`
	Confidence     string         `json:"confidence" enum:"high,medium,low"`
}

// ListAttendance is GET /events/{event}/attendance.
func (h *Handler) ListAttendance(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	rows, err := h.CheckIn.Attendances(c.Request.Context(), access.Community(c), access.Event(c).ID, turnout.ID(window.Cursor), window.Limit+1)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	rows, next := cut(rows, window.Limit, func(a *checkin.Attendance) turnout.ID { return a.ID })
	items := make([]attendanceResponse, len(rows))
	for i, a := range rows {
		items[i] = attendanceResponse{a.ID, a.TicketID, a.PersonID, a.AttendanceMode, a.Source, a.FirstAt.UTC(), a.LastAt.UTC(), a.Minutes, a.Confidence}
	}
	respond.List(c, items, next)
}
