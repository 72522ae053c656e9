package v1

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/checkin/rules"
	"turnout/templates"
	"turnout/ticketing"
)

var checkInOperations = operations{
	"POST /events/{event}/check-in-lists": {Summary: "Add a check-in list", Text: "What a door accepts. Without ticket types: all of mode in_person. Without times: at any time. Rules are looked at when the ticket is of a type that the list accepts.",
		In: listRequest{}, Out: listResponse{}, Status: 201, Version: true},
	"GET /events/{event}/check-in-lists": {Summary: "The check-in lists", Out: respond.Page[listResponse]{}, Query: window},
	"GET /check-in-lists/{id}/stats":     {Summary: "How a list stands", Out: statsResponse{}},
	"POST /check-in-lists/{id}/scans": {Summary: "Scan a ticket", In: scanRequest{}, Out: scanResponse{}, Errors: []int{409},
		Text: "Accepted or refused, the answer is 200 and the attempt is logged. The same nonce and code give the first answer again; another code is 409."},
	"DELETE /scans/{id}":             {Summary: "Annul a scan", Text: "It stays in the log, marked.", Out: scanResponse{}, Errors: []int{409}},
	"GET /events/{event}/attendance": {Summary: "Who was present", Out: respond.Page[attendanceResponse]{}, Query: window},
}

type listRequest struct {
	Name          string              `json:"name" required:"true"`
	TicketTypeIDs []turnout.ID        `json:"ticket_type_ids"`
	AddOnIDs      []turnout.ID        `json:"add_on_ids" doc:"a ticket needs one of them"`
	StartsAt      time.Time           `json:"starts_at"`
	EndsAt        time.Time           `json:"ends_at"`
	AllowReentry  bool                `json:"allow_reentry" doc:"short for entry reentry"`
	Entry         rules.Entry         `json:"entry" enum:"single,reentry,daily,multiple" doc:"how often a ticket comes in: once (when absent), again after each exit, once a day, any number of times"`
	DayFrom       string              `json:"day_from" doc:"the time of day at which a day begins, like 04:00; midnight when absent"`
	ExitAt        string              `json:"exit_at" doc:"the time of day at which everybody who is inside is taken as gone; never when absent"`
	Rules         [][]conditionFields `json:"rules" doc:"one of them must be met, with each of its conditions; none: all may come in"`
}

// conditionFields is one condition of a rule; a kind looks at what its text names.
type conditionFields struct {
	Kind   rules.Kind `json:"kind" required:"true" enum:"types,add_ons,gates,weekdays,clock,between,entries,today,after_entry,after_exit,within_exit" doc:"types, add_ons, gates, weekdays: any; clock, between: from, until; entries, today: fewer than number before; after_entry, after_exit: at least number minutes since; within_exit: at most"`
	Any    []string   `json:"any,omitempty" doc:"ids, names of gates, or days from 1 (Monday) to 7"`
	From   string     `json:"from,omitempty" doc:"a time of day (clock), an instant (between)"`
	Until  string     `json:"until,omitempty"`
	Number int64      `json:"number,omitempty"`
}

// input reads the list; what cannot be read is a problem of its field.
func (in listRequest) input(p *turnout.Problems) checkin.ListInput {
	out := checkin.ListInput{Name: in.Name, TicketTypeIDs: in.TicketTypeIDs, AddOnIDs: in.AddOnIDs, StartsAt: in.StartsAt, EndsAt: in.EndsAt, Entry: in.Entry}
	if out.Entry == "" && in.AllowReentry {
		out.Entry = rules.Again
	}
	out.DayFrom = clockMinutes(p, "day_from", in.DayFrom)
	if in.ExitAt != "" {
		exit := clockMinutes(p, "exit_at", in.ExitAt)
		out.ExitAt = &exit
	}
	for i, fields := range in.Rules {
		rule := rules.Rule{}
		for j, f := range fields {
			rule = append(rule, f.condition(p, fmt.Sprintf("rules[%d][%d].", i, j)))
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

func (f conditionFields) condition(p *turnout.Problems, name string) rules.Condition {
	c := rules.Condition{Kind: f.Kind, Any: f.Any, Number: f.Number}
	switch f.Kind {
	case rules.Clock:
		c.From, c.Until = clockMinutes(p, name+"from", f.From), clockMinutes(p, name+"until", f.Until)
	case rules.Between:
		c.From, c.Until = instantMinutes(p, name+"from", f.From), instantMinutes(p, name+"until", f.Until)
	}
	return c
}

// clockMinutes reads a time of day as minutes after midnight; 0 for none.
func clockMinutes(p *turnout.Problems, field, text string) int64 {
	if text == "" {
		return 0
	}
	minutes, ok := rules.ParseClock(text)
	if !ok {
		p.Add(field, "wrong_type", "This must be a time of day like 18:30.")
	}
	return minutes
}

// instantMinutes reads an instant in whole minutes; 0 for none.
func instantMinutes(p *turnout.Problems, field, text string) int64 {
	if text == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.Add(field, "wrong_type", "This must be an instant like 2026-06-04T18:30:00Z.")
	}
	return rules.At(at)
}

func newConditionFields(c rules.Condition) conditionFields {
	f := conditionFields{Kind: c.Kind, Any: c.Any, Number: c.Number}
	switch c.Kind {
	case rules.Clock:
		f.From, f.Until = rules.Clocked(c.From), rules.Clocked(c.Until)
	case rules.Between:
		f.From, f.Until = rules.Time(c.From).Format(time.RFC3339), rules.Time(c.Until).Format(time.RFC3339)
	}
	return f
}

type listResponse struct {
	ID            turnout.ID          `json:"id"`
	EventID       turnout.ID          `json:"event_id"`
	Name          string              `json:"name"`
	TicketTypeIDs []turnout.ID        `json:"ticket_type_ids"`
	AddOnIDs      []turnout.ID        `json:"add_on_ids"`
	StartsAt      *time.Time          `json:"starts_at"`
	EndsAt        *time.Time          `json:"ends_at"`
	AllowReentry  bool                `json:"allow_reentry"`
	Entry         rules.Entry         `json:"entry" enum:"single,reentry,daily,multiple"`
	DayFrom       string              `json:"day_from"`
	ExitAt        *string             `json:"exit_at"`
	Rules         [][]conditionFields `json:"rules"`
	Version       int64               `json:"version"`
	CreatedAt     time.Time           `json:"created_at"`
	UpdatedAt     time.Time           `json:"updated_at"`
}

func newListResponse(l *checkin.List) listResponse {
	out := listResponse{ID: l.ID, EventID: l.EventID, Name: l.Name, TicketTypeIDs: ids(l.TicketTypeIDs), AddOnIDs: ids(l.AddOnIDs), StartsAt: moment(l.StartsAt),
		EndsAt: moment(l.EndsAt), AllowReentry: l.Entry == rules.Again, Entry: l.Entry, DayFrom: rules.Clocked(l.DayFrom), Rules: make([][]conditionFields, len(l.Rules)),
		Version: l.Version, CreatedAt: l.CreatedAt.UTC(), UpdatedAt: l.UpdatedAt.UTC()}
	if l.ExitAt != nil {
		exit := rules.Clocked(*l.ExitAt)
		out.ExitAt = &exit
	}
	for i, rule := range l.Rules {
		out.Rules[i] = make([]conditionFields, len(rule))
		for j, c := range rule {
			out.Rules[i][j] = newConditionFields(c)
		}
	}
	return out
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
	var probs turnout.Problems
	input := in.input(&probs)
	err := probs.Err()
	var list *checkin.List
	if err == nil {
		list, err = h.CheckIn.CreateList(c.Request.Context(), access.Community(c), access.Event(c).ID, input)
	}
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
	Reason     checkin.Reason    `json:"reason,omitempty" doc:"already_checked_in, unknown_ticket, canceled, unpaid, wrong_list, not_yet_valid, no_longer_valid, revoked, bad_signature, not_inside, rules"`
	Message    string            `json:"message"`
	Direction  checkin.Direction `json:"direction" enum:"entry,exit"`
	Gate       string            `json:"gate"`
	Attendee   *personBody       `json:"attendee,omitempty"`
	Ticket     *scannedTicket    `json:"ticket,omitempty"`
	ScannedAt  time.Time         `json:"scanned_at"`
	Failed     []conditionFields `json:"failed,omitempty" doc:"of rules: the conditions of the nearest rule that are not met"`
	AgainAt    *time.Time        `json:"again_at,omitempty" doc:"when the same ticket may come in at this gate, where that is known"`
	AnnulledAt *time.Time        `json:"annulled_at"`
}

// scanResponse gives a scan as it was answered, with what would have worked.
func (h *Handler) scanResponse(c *gin.Context, s *checkin.Scan) scanResponse {
	near, err := h.CheckIn.Nearest(c.Request.Context(), s, templates.English)
	if err != nil {
		respond.Log(c.Request.Context(), err) // the scan is decided
	}
	out := scanResponse{ID: s.ID, ListID: s.ListID, Result: s.Result, Reason: s.Reason, Message: strings.Join(append([]string{s.Message()}, near...), " "), Direction: s.Direction, Gate: s.Gate,
		ScannedAt: s.ScannedAt.UTC(), AnnulledAt: moment(s.AnnulledAt), AgainAt: moment(s.AgainAt)}
	for _, condition := range s.Failed {
		out.Failed = append(out.Failed, newConditionFields(condition))
	}
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
	respond.JSON(c, http.StatusOK, h.scanResponse(c, scan))
}

// AnnulScan is DELETE /scans/{id}.
func (h *Handler) AnnulScan(c *gin.Context) {
	scan, err := h.CheckIn.Annul(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")))
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, h.scanResponse(c, scan))
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
