package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/access"
	"turnout/checkin"
	"turnout/events"
	"turnout/templates"
)

// doorLogPage is the data of the page "door_log" and its part "log": the last scans of whoever asks, to take one back.
type doorLogPage struct {
	templates.Chrome
	Event *events.Event
	List  *checkin.List
	URL   string // of the door
	Scans []doorAnswer
}

const (
	logRead  = 200 // of all doors, to find
	logShown = 12  // of one's own
)

// DoorLog lists one's own last scans, newest first.
func (h *Handler) DoorLog(c *gin.Context) {
	list := h.doorList(c)
	if list == nil {
		return
	}
	event, me := access.Event(c), string(access.Who(c).ID())
	scans, err := h.CheckIn.Recent(c.Request.Context(), event.CommunityID, list.ID, logRead)
	if err != nil {
		h.Fail(c, err)
		return
	}
	page := doorLogPage{Chrome: h.doorChrome(c, h.text(c, "door.log")), Event: event, List: list, URL: doorPath(event, list.ID)}
	undo := false // there is one to take back
	for _, scan := range scans {
		good := scan.Result == checkin.Accepted && scan.AnnulledAt.IsZero()
		// Many refusals in a row do not hide the last one that was let in.
		if scan.Caller == me && (len(page.Scans) < logShown || good && !undo) {
			page.Scans = append(page.Scans, h.doorAnswer(scan, event))
			undo = undo || good
		}
	}
	if wantsPart(c) {
		h.RenderPart(c, http.StatusOK, "door_log", "log", page)
		return
	}
	h.Render(c, http.StatusOK, "door_log", page)
}

// AnnulScan takes a scan back; it stays in the log.
func (h *Handler) AnnulScan(c *gin.Context) {
	list, scan := h.doorScan(c)
	if scan == nil {
		return
	}
	name := ""
	if scan.Ticket != nil {
		name = scan.Ticket.AttendeeName
	}
	back := doorPath(access.Event(c), list.ID) + "/scans"
	reason, ok := h.confirmedFor(c, h.text(c, "door.take_back_ask", "Name", name), back)
	if !ok {
		return
	}
	if _, err := h.CheckIn.Annul(c.Request.Context(), list.CommunityID, scan.ID, reason); err != nil {
		h.Fail(c, err)
		return
	}
	h.Redirect(c, back, "ok", h.text(c, "door.taken_back", "Name", name))
}
