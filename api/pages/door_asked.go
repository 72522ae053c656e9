package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

// doorAsked is what whoever was scanned is asked at the door.
type doorAsked struct {
	URL    string   // takes a POST
	Open   bool     // it is still to be asked
	Who    string   // is asked; "" where the answer says it
	Then   []string // ids of the scans of others who came with them, who are asked after them
	Fields []questionField
	Errors templates.Errors // beside those of the fields
}

// asks says whether the door asks whoever was scanned: they are in, and somebody else than they looks at the screen.
func asks(c *gin.Context, scan *checkin.Scan) bool {
	in := scan.Result == checkin.Accepted && scan.Direction == checkin.Entry && scan.AnnulledAt.IsZero() || scan.Reason == checkin.AlreadyCheckedIn
	return in && scan.Ticket != nil && !isKiosk(c)
}

// doorAsked gives what is asked after a scan of somebody who is in: to every door while it is due, and after that to those who may see who people are. typed is what
// was answered and not taken, nil for nothing. Nil for nothing to ask, and where people scan their own tickets.
func (h *Handler) doorAsked(c *gin.Context, event *events.Event, scan *checkin.Scan, typed url.Values, errs templates.Errors) *doorAsked {
	if !asks(c, scan) {
		return nil
	}
	form, err := h.Ticketing.DoorForm(c.Request.Context(), &scan.Ticket.Ticket)
	if err != nil {
		respond.Log(c.Request.Context(), err) // the scan is decided: its answer is worth more
		return nil
	}
	open := form.Due() || len(errs) > 0
	if len(form.Questions) == 0 || !open && !access.Who(c).Covers(checkin.Searching) {
		return nil
	}
	if typed == nil {
		typed = typedAnswers(form.Given)
	}
	return &doorAsked{URL: doorPath(event, scan.ListID) + "/scans/" + string(scan.ID) + "/answers", Open: open,
		Errors: slices.DeleteFunc(slices.Clone(errs), func(p templates.Problem) bool { return p.Name != "" }),
		Fields: h.questionFields(c, event, form.Questions, ticketing.AtDoor, scan.Ticket.TicketTypeID, detailsPrefix, typed, errs)}
}

// mostAsked is how many of those who came together are asked one after the other; more are asked at their next scan.
const mostAsked = 20

// nextAsked gives what the first of those is asked of whom it is still to be asked; nil for nobody. Others have their turn after them.
func (h *Handler) nextAsked(c *gin.Context, list *checkin.List, scans []string) (*checkin.Scan, *doorAsked) {
	scans = scans[:min(len(scans), mostAsked)]
	for i, id := range scans {
		scan, err := h.CheckIn.Logged(c.Request.Context(), list.CommunityID, list.ID, turnout.ID(id))
		if err != nil || !sawScan(c, scan) {
			continue
		}
		if asked := h.doorAsked(c, access.Event(c), scan, nil, nil); asked != nil && asked.Open {
			asked.Who, asked.Then = cmp.Or(scan.Ticket.AttendeeName, scan.Ticket.AttendeeEmail), scans[i+1:]
			return scan, asked
		}
	}
	return nil, nil
}

// askNext opens the page of a scan that something is to be asked after, and keeps whose turn it is then.
func (h *Handler) askNext(c *gin.Context, list *checkin.List, scan *checkin.Scan, asked *doorAsked, said string) {
	h.Redirect(c, doorPath(access.Event(c), list.ID)+"/scans/"+string(scan.ID)+"?"+url.Values{"then": asked.Then}.Encode(), "ok", said)
}

// askedSaved says whose answers are saved, and asks whoever is next.
type askedSaved struct {
	Name  string
	Asked *doorAsked
}

// AnswerDoorForm is POST /door/{event}/lists/{list}/scans/{scan}/answers: what somebody who was scanned answered.
func (h *Handler) AnswerDoorForm(c *gin.Context) {
	list, scan := h.doorScan(c)
	if scan == nil {
		return
	}
	event, ctx := access.Event(c), c.Request.Context()
	if !asks(c, scan) {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	form, err := h.Ticketing.DoorForm(ctx, &scan.Ticket.Ticket)
	if err == nil {
		err = c.Request.ParseForm()
	}
	if err == nil {
		err = h.Ticketing.AnswerAtDoor(ctx, event.CommunityID, scan.TicketID, readAnswers(c.Request.PostForm, detailsPrefix, form.Questions))
	}
	if err != nil {
		h.doorAskedAgain(c, list, scan, err)
		return
	}
	next, asked := h.nextAsked(c, list, c.Request.PostForm["then"])
	switch {
	case wantsPart(c):
		h.RenderPart(c, http.StatusOK, "door_scan", "asked", askedSaved{cmp.Or(scan.Ticket.AttendeeName, scan.Ticket.AttendeeEmail), asked})
	case next != nil:
		h.askNext(c, list, next, asked, h.text(c, "door.asked_saved"))
	default:
		h.Redirect(c, doorPath(event, list.ID)+"/scans/"+string(scan.ID), "ok", h.text(c, "door.asked_saved"))
	}
}

// doorAskedAgain shows the form with what is wrong in it.
func (h *Handler) doorAskedAgain(c *gin.Context, list *checkin.List, scan *checkin.Scan, err error) {
	errs, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	asked := h.doorAsked(c, access.Event(c), scan, c.Request.PostForm, errs)
	if asked != nil {
		asked.Then = c.Request.PostForm["then"]
	}
	if wantsPart(c) {
		part := doorAnswerPart{doorAnswer: h.doorAnswer(scan, access.Event(c))}
		part.Asked, part.Tone = asked, "warn"
		h.RenderPart(c, http.StatusOK, "door_scan", "answer", part)
		return
	}
	page := h.doorScanPage(c, list, scan)
	page.Answer.Asked = asked
	h.Render(c, status, "door_scan", page)
}
