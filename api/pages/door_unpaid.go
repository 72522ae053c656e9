package pages

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/checkin"
	"turnout/events"
	"turnout/ticketing"
)

// doorUnpaid is what staff can do at once for somebody whose ticket is not paid.
type doorUnpaid struct {
	PaidURL string // takes a POST: the money is here, by one of Methods; "" where it comes through a provider
	Methods []ticketing.DeskMethod
	Amount  turnout.Money // of the order
	LinkURL string        // takes a POST: mails the buyer the links to their orders; "" without an address
	Nonce   string
}

// atTheDoor is how money is taken there.
var atTheDoor = []ticketing.DeskMethod{ticketing.DeskCash, ticketing.DeskCard}

// doorUnpaid gives what can be done for a refused scan; nil for nothing, and for devices: whoever takes money has an account.
func (h *Handler) doorUnpaid(c *gin.Context, event *events.Event, scan *checkin.Scan) *doorUnpaid {
	if scan.Result != checkin.Refused || scan.Reason != checkin.Unpaid || scan.Ticket == nil || access.Who(c).Device != nil {
		return nil
	}
	o, err := h.orderOfScan(c, scan)
	if err != nil {
		respond.Log(c.Request.Context(), err) // the scan is decided: its answer is worth more
		return nil
	}
	at := doorPath(event, scan.ListID) + "/scans/" + string(scan.ID)
	u := &doorUnpaid{Nonce: string(turnout.NewID("non")), Methods: atTheDoor}
	if o.CanMarkPaid() {
		u.PaidURL, u.Amount = at+"/paid", o.Money(o.Payment().Amount)
	}
	if o.BuyerEmail != "" {
		u.LinkURL = at + "/pay-link"
	}
	return u
}

func (h *Handler) orderOfScan(c *gin.Context, scan *checkin.Scan) (*ticketing.Order, error) {
	return h.Ticketing.Order(c.Request.Context(), scan.CommunityID, h.Ticketing.OrderCode(scan.Ticket.EventNumber, scan.Ticket.OrderNumber))
}

// unpaidScan is the refusal in the path, for want of money, and its order; nil when the error was answered.
func (h *Handler) unpaidScan(c *gin.Context) (*checkin.List, *checkin.Scan, *ticketing.Order) {
	list, scan := h.doorScan(c)
	if scan == nil {
		return nil, nil, nil
	}
	if scan.Reason != checkin.Unpaid || scan.Ticket == nil {
		h.Fail(c, turnout.ErrNotFound)
		return nil, nil, nil
	}
	o, err := h.orderOfScan(c, scan)
	if err != nil {
		h.Fail(c, err)
		return nil, nil, nil
	}
	return list, scan, o
}

// TakePayment notes that an order was paid at the door, in cash or by card, and lets the ticket in. If it was paid in between, or the form is sent again, it
// lets in alone, once.
func (h *Handler) TakePayment(c *gin.Context) {
	list, scan, o := h.unpaidScan(c)
	if scan == nil {
		return
	}
	event, ctx, who := access.Event(c), c.Request.Context(), access.Who(c)
	page, method := doorPath(event, list.ID)+"/scans/", ticketing.DeskMethod(c.PostForm("method"))
	if !slices.Contains(atTheDoor, method) {
		h.Fail(c, turnout.ErrNotFound)
		return
	}
	if p := o.Payment(); p != nil && !wantsPart(c) && !h.confirmed(c, h.text(c, "door.paid_ask_"+string(method), "Amount", h.Templates.Money(h.Language(c), o.Money(p.Amount))), page+string(scan.ID)) {
		return
	}
	_, err := h.Ticketing.MarkPaid(ctx, o.CommunityID, o.ID, &ticketing.TakenHere{Method: method, By: who.ID()})
	already := errors.Is(err, ticketing.ErrOrderNotOpen) && !h.tookIt(c, o)
	if errors.Is(err, ticketing.ErrOrderNotOpen) {
		err = nil
	}
	if err == nil {
		scan, err = h.CheckIn.Scan(ctx, event.CommunityID, checkin.ScanInput{ListID: list.ID, TicketID: scan.TicketID, Direction: checkin.Entry, Nonce: c.PostForm("nonce"),
			Gate: who.Gate(scan.Gate), Caller: string(who.ID())})
	}
	switch {
	case err != nil:
		h.Fail(c, err)
	case already && wantsPart(c):
		h.RenderPart(c, http.StatusOK, "door_scan", "paid_before", nil)
	case already:
		h.Redirect(c, page+string(scan.ID), "warn", h.text(c, "door.paid_before"))
	case wantsPart(c):
		h.doorAnswerPart(c, event, scan)
	default:
		h.Redirect(c, page+string(scan.ID), "", "")
	}
}

// tookIt says whether whoever asks took the order's money by hand: then the same form came twice.
func (h *Handler) tookIt(c *gin.Context, o *ticketing.Order) bool {
	now, err := h.Ticketing.Order(c.Request.Context(), o.CommunityID, string(o.ID))
	return err == nil && now.Payment() != nil && now.Payment().TakenBy == access.Who(c).ID()
}

// SendPayLink mails the buyer the links to their orders, where they can pay.
func (h *Handler) SendPayLink(c *gin.Context) {
	list, scan, o := h.unpaidScan(c)
	if scan == nil {
		return
	}
	event := access.Event(c)
	err := h.Ticketing.SendOrderLinks(c.Request.Context(), event, o.BuyerEmail)
	switch {
	case err != nil:
		h.Fail(c, err)
	case wantsPart(c):
		h.RenderPart(c, http.StatusOK, "door_scan", "linked", nil)
	default:
		h.Redirect(c, doorPath(event, list.ID)+"/scans/"+string(scan.ID), "ok", h.text(c, "door.link_sent"))
	}
}
