package pages

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/ticketing"
)

// doorOthers are the others of an order, one of whom was let in just now: they may come in with them.
type doorOthers struct {
	URL     string // takes a POST
	Nonce   string
	Tickets []*ticketing.DoorTicket
}

// doorOthers gives who of an order has not come in yet; nil for nobody, and where the door may not see who people are.
func (h *Handler) doorOthers(c *gin.Context, list *checkin.List, scan *checkin.Scan) *doorOthers {
	if scan.Ticket == nil || scan.Result != checkin.Accepted || scan.Direction != checkin.Entry || !scan.AnnulledAt.IsZero() || !access.Who(c).Covers(checkin.Searching) {
		return nil
	}
	tickets, err := h.others(c, list, scan)
	if err != nil {
		respond.Log(c.Request.Context(), err) // the scan is decided: its answer is worth more
		return nil
	}
	if len(tickets) == 0 {
		return nil
	}
	return &doorOthers{doorPath(access.Event(c), list.ID) + "/scans/" + string(scan.ID) + "/others", string(turnout.NewID("non")), tickets}
}

func (h *Handler) others(c *gin.Context, list *checkin.List, scan *checkin.Scan) ([]*ticketing.DoorTicket, error) {
	ctx := c.Request.Context()
	mates, err := ticketing.Mates(ctx, h.DB.Read(), scan.Ticket)
	if err == nil && len(list.AddOnIDs) > 0 {
		err = ticketing.LoadTicketAddOns(ctx, h.DB.Read(), mates)
	}
	if err != nil || len(mates) == 0 {
		return nil, err
	}
	ids := make([]turnout.ID, len(mates))
	for i, t := range mates {
		ids[i] = t.ID
	}
	since, err := h.CheckIn.InsideSince(ctx, list.CommunityID, list.ID, ids)
	return slices.DeleteFunc(mates, func(t *ticketing.DoorTicket) bool {
		return !list.Accepts(t) || !since[t.ID].IsZero()
	}), err
}

type othersForm struct {
	Tickets []string `form:"ticket" text:"name,max=60"`
	Nonce   string   `form:"nonce" text:"name,max=60"`
}

// othersLetIn is what became of the others of an order.
type othersLetIn struct {
	LetIn   int
	Refused []doorAnswer
	Asked   *doorAsked // of the first of them, nil for nothing
	Stats   *checkin.Stats
}

// LetInOthers lets in those others of an order that are ticked: a scan each, by a nonce of its own, so that the same form sent again does nothing.
func (h *Handler) LetInOthers(c *gin.Context) {
	list, scan := h.doorScan(c)
	if scan == nil {
		return
	}
	event, ctx, who := access.Event(c), c.Request.Context(), access.Who(c)
	var in othersForm
	err := respond.Form(c, &in)
	if err == nil && in.Nonce == "" {
		err = turnout.Invalidf("nonce", "required", "Each form needs a nonce of its own.")
	}
	var mates []*ticketing.DoorTicket
	if err == nil && scan.Ticket != nil {
		mates, err = ticketing.Mates(ctx, h.DB.Read(), scan.Ticket)
	}
	var done othersLetIn
	var scans []string
	for _, id := range in.Tickets {
		if err == nil && !slices.ContainsFunc(mates, func(t *ticketing.DoorTicket) bool { return string(t.ID) == id }) {
			err = turnout.ErrNotFound // canceled meanwhile, or of another order
		}
		if err != nil {
			break
		}
		var other *checkin.Scan
		if other, err = h.CheckIn.Scan(ctx, event.CommunityID, checkin.ScanInput{ListID: list.ID, TicketID: turnout.ID(id), Direction: checkin.Entry, Nonce: in.Nonce + "." + id,
			Gate: who.Gate(scan.Gate), Caller: string(who.ID())}); err == nil {
			if other.Result == checkin.Accepted {
				done.LetIn++
				scans = append(scans, string(other.ID))
			} else {
				done.Refused = append(done.Refused, h.doorAnswer(other, event))
			}
		}
	}
	if err == nil {
		if list, err = h.CheckIn.List(ctx, event.CommunityID, list.ID); err == nil {
			done.Stats, err = h.live.read(ctx, h.CheckIn, list, h.Now())
		}
	}
	if err != nil {
		h.Fail(c, err)
		return
	}
	first, asked := h.nextAsked(c, list, scans)
	done.Asked = asked
	said := h.text(c, "door.others_done", "Count", done.LetIn)
	switch {
	case wantsPart(c):
		respond.TellTime(c, h.Now())
		h.RenderPart(c, http.StatusOK, "door_scan", "others", done)
	case first != nil && len(done.Refused) == 0:
		h.askNext(c, list, first, asked, said)
	default: // the list of the order says how each stands
		h.Redirect(c, doorPath(event, list.ID)+"/search?code="+h.Ticketing.OrderCode(scan.Ticket.EventNumber, scan.Ticket.OrderNumber), "ok", said)
	}
}
