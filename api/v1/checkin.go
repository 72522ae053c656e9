package v1

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
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
	"POST /check-in-lists/{id}/scans/batch": {Summary: "Take scans that waited at a door", In: batchRequest{}, Out: batchResponse{}, Errors: []int{409},
		Text: "What a door decided without the server, in the order in which it is given. Nobody who was let in is put out again: of entries of one ticket by doors that did not know of each other the first by time, device and nonce is the admission, the others name it in conflict_with. Sent again, each item gets its first answer. An item that cannot be taken has an error; the others are taken."},
	"POST /scans/{id}/override": {Summary: "Let in all the same", In: overrideRequest{}, Out: scanResponse{}, Errors: []int{409},
		Text: "A supervisor sets a refusal aside (already_checked_in, wrong_list, not_yet_valid, no_longer_valid, rules): an entry of its own, which names the refusal and the reason given. A ticket that is canceled, not paid, or has a newer code cannot be let in so."},
	"DELETE /scans/{id}": {Summary: "Annul a scan", Text: "It stays in the log, marked.", Out: scanResponse{}, Errors: []int{409},
		Query: []parameter{{Name: "reason", Text: "Why, at most 300 bytes; it is kept in the log."}}},
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
	ID         turnout.ID         `json:"id"`
	ListID     turnout.ID         `json:"list_id"`
	Result     checkin.Result     `json:"result" enum:"accepted,refused"`
	Reason     checkin.Reason     `json:"reason,omitempty" doc:"already_checked_in, unknown_ticket, canceled, unpaid, wrong_list, not_yet_valid, no_longer_valid, revoked, bad_signature, not_inside, rules"`
	Message    string             `json:"message"`
	Direction  checkin.Direction  `json:"direction" enum:"entry,exit"`
	Gate       string             `json:"gate"`
	Attendee   *personBody        `json:"attendee,omitempty"`
	Ticket     *scannedTicket     `json:"ticket,omitempty"`
	ScannedAt  time.Time          `json:"scanned_at"`
	Failed     []conditionFields  `json:"failed,omitempty" doc:"of rules: the conditions of the nearest rule that are not met"`
	AgainAt    *time.Time         `json:"again_at,omitempty" doc:"when the same ticket may come in at this gate, where that is known"`
	Offline    bool               `json:"offline" doc:"the door decided without the server"`
	Conflict   *doubleEntry       `json:"conflict_with,omitempty" doc:"the other entry of a ticket that was let in twice"`
	Overrides  turnout.ID         `json:"overrides,omitempty" doc:"the refusal that a supervisor set aside with this entry; reason is what it said"`
	Note       string             `json:"note,omitempty" doc:"why, in the supervisor's words"`
	AnnulledAt *time.Time         `json:"annulled_at"`
	Notices    []ticketing.Notice `json:"notices,omitempty" doc:"what the door shall know: vip, minor, attention, disputed (the payment)"`
	Annulled   string             `json:"annulled_for,omitempty" doc:"why it was annulled"`
}

func newScanResponse(s *checkin.Scan) scanResponse {
	out := scanResponse{ID: s.ID, ListID: s.ListID, Result: s.Result, Reason: s.Reason, Message: s.Message(), Direction: s.Direction, Gate: s.Gate,
		ScannedAt: s.ScannedAt.UTC(), AnnulledAt: moment(s.AnnulledAt), Annulled: s.AnnulledFor, AgainAt: moment(s.AgainAt), Offline: s.Offline, Overrides: s.Overrides, Note: s.Note}
	for _, condition := range s.Failed {
		out.Failed = append(out.Failed, newConditionFields(condition))
	}
	if t := s.Ticket; t != nil {
		out.Notices = t.Notices()
		out.Attendee = &personBody{t.AttendeeName, t.AttendeeEmail}
		out.Ticket = &scannedTicket{t.ID, t.TicketTypeID, t.TypeName, t.Status, t.AttendanceMode}
	}
	if o := s.Conflict; o != nil {
		out.Conflict = &doubleEntry{o.ID, o.Caller, o.Gate, o.At.UTC()}
	}
	return out
}

// scanResponse gives a scan as it was answered, with what would have worked.
func (h *Handler) scanResponse(c *gin.Context, s *checkin.Scan) scanResponse {
	out := newScanResponse(s)
	near, err := h.CheckIn.Nearest(c.Request.Context(), s, templates.English)
	if err != nil {
		respond.Log(c.Request.Context(), err) // the scan is decided
	}
	out.Message = strings.Join(append([]string{out.Message}, near...), " ")
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
	respond.TellTime(c, h.Now())
	respond.JSON(c, http.StatusOK, h.scanResponse(c, scan))
}

type queuedRequest struct {
	Code      string            `json:"code" text:"secret,max=1000" doc:"what the QR says; this, ticket_id, or number and lookup"`
	TicketID  turnout.ID        `json:"ticket_id"`
	Number    int64             `json:"number" doc:"of the ticket, from its code"`
	Lookup    string            `json:"lookup" doc:"SHA-256 of the word lookup and the 16 bytes of the code's nonce, in hexadecimal digits"`
	Direction checkin.Direction `json:"direction" enum:"entry,exit" doc:"entry when absent"`
	Nonce     string            `json:"nonce" required:"true" doc:"unique to the token: repeating a scan is safe"`
	ScannedAt time.Time         `json:"scanned_at" required:"true" doc:"by the door's clock"`
	SkewMS    int64             `json:"skew_ms" doc:"milliseconds that were missing from the door's clock, as known when the scan was queued"`
	Gate      string            `json:"gate"`
	Result    checkin.Result    `json:"result" enum:"accepted,refused" doc:"what the door did; absent: we decide by what we know, and let in double entries"`
	Reason    checkin.Reason    `json:"reason" doc:"of a refusal"`
}

type batchRequest struct {
	Items []queuedRequest `json:"items" required:"true" doc:"at most 200"`
}

type batchResponse struct {
	Items []syncedResponse `json:"items" doc:"one for each that was sent, in the same order"`
}

type syncedResponse struct {
	Nonce string        `json:"nonce"`
	Scan  *scanResponse `json:"scan,omitempty"`
	Error *itemError    `json:"error,omitempty"`
}

type itemError struct {
	Code    string               `json:"code"`
	Message string               `json:"message"`
	Fields  []turnout.FieldError `json:"fields,omitempty"`
}

type doubleEntry struct {
	ID     turnout.ID `json:"id"`
	Caller string     `json:"caller" doc:"the device, token or staff member"`
	Gate   string     `json:"gate"`
	At     time.Time  `json:"at"`
}

// SyncScans is POST /check-in-lists/{id}/scans/batch.
func (h *Handler) SyncScans(c *gin.Context) {
	respond.TellTime(c, h.Now())
	answers, ok := h.syncScans(c, turnout.ID(c.Param("id")))
	if !ok {
		return
	}
	out := batchResponse{Items: make([]syncedResponse, len(answers))}
	for i, a := range answers {
		out.Items[i].Nonce = a.Nonce
		if a.Err != nil {
			public := respond.Public(a.Err)
			out.Items[i].Error = &itemError{public.Code, public.Message, public.Fields}
			continue
		}
		scan := newScanResponse(a.Scan)
		out.Items[i].Scan = &scan
	}
	respond.JSON(c, http.StatusOK, out)
}

// syncScans takes the queued scans of a call; not ok when the call was answered.
func (h *Handler) syncScans(c *gin.Context, list turnout.ID) ([]checkin.Synced, bool) {
	var in batchRequest
	if !respond.Bind(c, &in) {
		return nil, false
	}
	who := access.Who(c)
	queue := make([]checkin.QueuedScan, len(in.Items))
	for i, q := range in.Items {
		if q.TicketID != "" && !who.Covers(checkin.Searching) {
			respond.Fail(c, access.ErrDeviceIs)
			return nil, false
		}
		queue[i] = checkin.QueuedScan{ScanInput: checkin.ScanInput{Code: q.Code, TicketID: q.TicketID, Direction: q.Direction, Nonce: q.Nonce, ScannedAt: q.ScannedAt,
			Gate: who.Gate(q.Gate), Caller: string(who.ID())}, Number: q.Number, Lookup: q.Lookup, Skew: time.Duration(q.SkewMS) * time.Millisecond, Result: q.Result, Reason: q.Reason}
	}
	answers, err := h.CheckIn.Sync(c.Request.Context(), access.Community(c), list, queue)
	if err != nil {
		respond.Fail(c, err)
		return nil, false
	}
	return answers, true
}

type overrideRequest struct {
	Reason string `json:"reason" required:"true" text:"name,max=300" doc:"why they come in all the same; kept in the log"`
	Nonce  string `json:"nonce" required:"true" doc:"unique to the token: repeating it is safe"`
	Gate   string `json:"gate"`
}

// OverrideScan is POST /scans/{id}/override.
func (h *Handler) OverrideScan(c *gin.Context) {
	var in overrideRequest
	if !respond.Bind(c, &in) {
		return
	}
	who := access.Who(c)
	scan, err := h.CheckIn.SetAside(c.Request.Context(), access.Community(c), checkin.Override{Scan: turnout.ID(c.Param("id")), Reason: in.Reason, Nonce: in.Nonce, Gate: who.Gate(in.Gate), Caller: string(who.ID())})
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, newScanResponse(scan))
}

// AnnulScan is DELETE /scans/{id}.
func (h *Handler) AnnulScan(c *gin.Context) {
	reason, err := respond.Text("reason", c.Query("reason"), "name,max=300")
	if err != nil {
		respond.Fail(c, err)
		return
	}
	scan, err := h.CheckIn.Annul(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), reason)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, h.scanResponse(c, scan))
}
