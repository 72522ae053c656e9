package pages

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/checkin/badges"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

// doorAnswer is what the door says to one scan: the part "answer".
type doorAnswer struct {
	*checkin.Scan
	Tone      string // of the screen and the sound: "ok", "warn" (a person can settle it), "refuse"
	Icon      string
	OrderCode string
	Zone      string
	Near      []string      // what would have worked
	Badge     *doorBadge    // nil where none is to be printed
	Override  *doorOverride // nil where nobody can answer for letting in all the same
	Others    *doorOthers   // of the same order, who have not come in; nil for none
	Unpaid    *doorUnpaid   // what staff can do at once; nil for nothing
	Asked     *doorAsked    // what is asked at the door; nil for nothing
	Kiosk     bool          // whom it is about reads it, and whoever stands behind them
}

// FirstName is the first word of the attendee's name, "" for nobody.
func (a doorAnswer) FirstName() string {
	if a.Ticket == nil {
		return ""
	}
	first, _, _ := strings.Cut(strings.TrimSpace(a.Ticket.AttendeeName), " ")
	return first
}

// doorOverride is how a supervisor lets in whom the door refused.
type doorOverride struct {
	URL   string // takes a POST
	Nonce string
	Error string // what was wrong with the reason
}

func (h *Handler) doorOverride(c *gin.Context, event *events.Event, scan *checkin.Scan) *doorOverride {
	if !scan.Overridable() || !access.Who(c).Covers(checkin.Supervisor) {
		return nil
	}
	return &doorOverride{URL: doorPath(event, scan.ListID) + "/scans/" + string(scan.ID) + "/override", Nonce: string(turnout.NewID("non"))}
}

// overrideForm is a supervisor's word against a refusal.
type overrideForm struct {
	Reason string `form:"reason" text:"name,max=300"`
	Nonce  string `form:"nonce"`
}

// OverrideScan lets in whom the door refused, on a supervisor's word.
func (h *Handler) OverrideScan(c *gin.Context) {
	list, refused := h.doorScan(c)
	if refused == nil {
		return
	}
	event, who := access.Event(c), access.Who(c)
	var in overrideForm
	scan, err := refused, respond.Form(c, &in)
	if err == nil {
		scan, err = h.CheckIn.SetAside(c.Request.Context(), event.CommunityID, checkin.Override{Scan: refused.ID, Reason: in.Reason, Nonce: in.Nonce, Gate: who.Gate(refused.Gate), Caller: string(who.ID())})
	}
	if err != nil {
		problems, status, ok := h.refused(c, err)
		if !ok {
			return
		}
		page := h.doorScanPage(c, list, refused)
		if page.Answer.Override != nil {
			page.Answer.Override.Error = problems.For("reason")
		}
		h.Render(c, status, "door_scan", page)
		return
	}
	if wantsPart(c) {
		h.doorAnswerPart(c, event, scan)
		return
	}
	h.Redirect(c, doorPath(event, list.ID)+"/scans/"+string(scan.ID), "", "")
}

// doorBadge is the badge of a ticket that was scanned.
type doorBadge struct {
	URL     string          // takes a POST
	Printed *badges.Printed // nil for not yet
}

// doorBadge gives what the door can print for a scan: where the event has badges, and the ticket is for coming in person.
func (h *Handler) doorBadge(c *gin.Context, event *events.Event, scan *checkin.Scan) *doorBadge {
	t, ctx := scan.Ticket, c.Request.Context()
	if t == nil || t.Status != ticketing.Valid || t.AttendanceMode != ticketing.InPerson || !access.Who(c).Covers(checkin.Searching) {
		return nil
	}
	used, err := h.Badges.InUse(ctx, event)
	var printed map[turnout.ID]*badges.Printed
	if err == nil && used {
		printed, err = h.Badges.Printed(ctx, event, []turnout.ID{t.ID})
	}
	if err != nil {
		respond.Log(ctx, err) // the scan is decided: its answer is worth more
		return nil
	}
	if !used {
		return nil
	}
	return &doorBadge{"/door/" + event.Slug + "/badges/" + string(t.ID), printed[t.ID]}
}

// doorAnswerPart is an answer with the list's counters after it.
type doorAnswerPart struct {
	doorAnswer
	Stats *checkin.Stats
}

// doorScanPage is the data of the page "door_scan", the answer where no scripts run.
type doorScanPage struct {
	templates.Chrome
	Answer   doorAnswer
	NextURL  string
	AnnulURL string // takes a POST; "" when there is nothing to take back
}

// settled are the refusals that somebody at the desk can settle; the others are final.
var settled = map[checkin.Reason]bool{
	checkin.AlreadyCheckedIn: true, checkin.Unpaid: true, checkin.WrongList: true, checkin.NotYetValid: true, checkin.NotInside: true, checkin.ByRules: true,
}

// toneOf is the tone of a refusal.
func toneOf(reason checkin.Reason) string {
	if settled[reason] {
		return "warn"
	}
	return "refuse"
}

func (h *Handler) doorAnswer(scan *checkin.Scan, event *events.Event) doorAnswer {
	a := doorAnswer{Scan: scan, Tone: "ok", Icon: "circle-check", Zone: event.Timezone}
	if scan.Result == checkin.Refused {
		a.Tone = toneOf(scan.Reason)
		a.Icon = map[string]string{"warn": "triangle-alert", "refuse": "circle-x"}[a.Tone]
	}
	if t := scan.Ticket; t != nil {
		a.OrderCode = h.Ticketing.OrderCode(t.EventNumber, t.OrderNumber)
	}
	return a
}

// near says what would have let a refused scan in.
func (h *Handler) near(c *gin.Context, scan *checkin.Scan) []string {
	says, err := h.CheckIn.Nearest(c.Request.Context(), scan, h.Language(c))
	if err != nil {
		respond.Log(c.Request.Context(), err) // the scan is decided
	}
	return says
}

// scanForm is one scan as the door sends it. The code is read as it is: any text can stand in a QR, and a wrong one is
// answered as a refusal, not as a form with an error.
type scanForm struct {
	TicketID  string `form:"ticket_id"`
	Direction string `form:"direction"`
	Nonce     string `form:"nonce"`
	Gate      string `form:"gate" text:"name,max=60"`
	AgeMS     int64  `form:"age_ms"` // since the scan, by the door's own clock: a scan that waited for the network
}

// longestWait is the age that a scan may say it has; more is a broken clock.
const longestWait = 24 * time.Hour

func (in scanForm) scannedAt(now time.Time) time.Time {
	age := time.Duration(in.AgeMS) * time.Millisecond
	if in.AgeMS <= 0 || in.AgeMS > longestWait.Milliseconds() {
		return now
	}
	return now.Add(-age)
}

// DoorScan decides one scan. Its nonce makes repeating safe: the same nonce gets the first answer again. An order's code that
// was typed is no scan: it is looked up. (The door's script does so itself, before it asks.)
func (h *Handler) DoorScan(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	event := access.Event(c)
	if code := ticketing.ReadOrderCode(c.PostForm("code")); code != "" && !wantsPart(c) && access.Who(c).Covers(checkin.Searching) {
		said := url.Values{"code": {code}, "gate": {c.PostForm("gate")}, "direction": {c.PostForm("direction")}}
		h.Redirect(c, doorPath(event, list.ID)+"/search?"+said.Encode(), "", "")
		return
	}
	var in scanForm
	err := respond.Form(c, &in)
	who := access.Who(c)
	if err == nil && in.TicketID != "" && !who.Covers(checkin.Searching) {
		err = access.ErrDeviceIs
	}
	var scan *checkin.Scan
	if err == nil {
		scan, err = h.CheckIn.Scan(c.Request.Context(), event.CommunityID, checkin.ScanInput{
			ListID: list.ID, Code: c.PostForm("code"), TicketID: turnout.ID(in.TicketID), Direction: checkin.Direction(in.Direction),
			Nonce: in.Nonce, ScannedAt: in.scannedAt(h.Now()), Gate: who.Gate(in.Gate), Caller: string(who.ID()),
		})
	}
	switch {
	case err != nil && !wantsPart(c):
		if problems, status, ok := h.refused(c, err); ok {
			h.renderScanner(c, status, list, problems)
		}
	case err != nil:
		h.Fail(c, err)
	case wantsPart(c):
		respond.TellTime(c, h.Now())
		h.doorAnswerPart(c, event, scan)
	default:
		said := url.Values{"gate": {in.Gate}, "direction": {in.Direction}}
		h.Redirect(c, doorPath(event, list.ID)+"/scans/"+string(scan.ID)+"?"+said.Encode(), "", "")
	}
}

// doorAnswerPart answers a script with what the door says, and with the counters as they are after it.
func (h *Handler) doorAnswerPart(c *gin.Context, event *events.Event, scan *checkin.Scan) {
	ctx := c.Request.Context()
	part := doorAnswerPart{doorAnswer: h.doorAnswer(scan, event)}
	part.Near, part.Kiosk, part.Unpaid = h.near(c, scan), isKiosk(c), h.doorUnpaid(c, event, scan)
	part.Badge, part.Override, part.Asked = h.doorBadge(c, event, scan), h.doorOverride(c, event, scan), h.doorAsked(c, event, scan, nil, nil)
	list, err := h.CheckIn.List(ctx, scan.CommunityID, scan.ListID)
	if err == nil {
		part.Others = h.doorOthers(c, list, scan)
		part.Stats, err = h.live.read(ctx, h.CheckIn, list, h.Now())
	}
	if err != nil {
		respond.Log(ctx, err) // the scan is decided: its answer is worth more than the counters
	}
	h.RenderPart(c, http.StatusOK, "door_scan", "answer", part)
}

// DoorAnswer shows one scan's answer as a page.
func (h *Handler) DoorAnswer(c *gin.Context) {
	list, scan := h.doorScan(c)
	if scan == nil {
		return
	}
	page := h.doorScanPage(c, list, scan)
	if asked := page.Answer.Asked; asked != nil {
		asked.Then = c.QueryArray("then")
	}
	h.Render(c, http.StatusOK, "door_scan", page)
}

func (h *Handler) doorScanPage(c *gin.Context, list *checkin.List, scan *checkin.Scan) doorScanPage {
	event := access.Event(c)
	page := doorScanPage{Chrome: h.doorChrome(c, list.Name), Answer: h.doorAnswer(scan, event)}
	page.Answer.Near, page.Answer.Kiosk, page.Answer.Unpaid = h.near(c, scan), isKiosk(c), h.doorUnpaid(c, event, scan)
	page.Answer.Badge, page.Answer.Override = h.doorBadge(c, event, scan), h.doorOverride(c, event, scan)
	page.Answer.Others, page.Answer.Asked = h.doorOthers(c, list, scan), h.doorAsked(c, event, scan, nil, nil)
	said := url.Values{"gate": {scan.Gate}, "direction": {string(scan.Direction)}}
	page.NextURL = doorPath(event, list.ID) + "?" + said.Encode()
	if scan.Result == checkin.Accepted && scan.AnnulledAt.IsZero() && access.Who(c).Covers(checkin.Supervisor) {
		page.AnnulURL = doorPath(event, list.ID) + "/scans/" + string(scan.ID) + "/annul"
	}
	return page
}

// doorScan is the scan in the path, of the list in the path; nil when the error was answered.
func (h *Handler) doorScan(c *gin.Context) (*checkin.List, *checkin.Scan) {
	list := h.doorList(c)
	if list == nil {
		return nil, nil
	}
	scan, err := h.CheckIn.Logged(c.Request.Context(), list.CommunityID, list.ID, turnout.ID(c.Param("scan")))
	if err == nil && !sawScan(c, scan) {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil, nil
	}
	return list, scan
}
