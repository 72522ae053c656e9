package pages

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

const approvalsShown = 30

// The decisions about an order.
const (
	decideApprove = "approve"
	decideDecline = "decline"
)

type approvalsPage struct {
	templates.Chrome
	Errors      templates.Errors
	Event       *events.Event
	Action      string
	Orders      []awaitingOrder
	Note        string
	CanDecide   bool
	PayHours    int64
	SettingsURL string
	NextPageURL string
}

// awaitingOrder is an order to decide about, with what its buyer and attendees answered.
type awaitingOrder struct {
	*ticketing.Order
	URL     string
	Offered bool // it accepted an offer of the waitlist
	Ticked  bool
	Lines   []summaryLine
	Total   turnout.Money
	About   []answersAbout
}

// answersAbout are the answers about one ticket, or the whole order when Name is "".
type answersAbout struct {
	Name    string
	Answers []answerLine
}

// EventApprovals is GET /console/events/{event}/approvals: the orders that somebody has to decide about, the oldest first.
func (h *Handler) EventApprovals(c *gin.Context) {
	data, err := h.approvals(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.showApprovals(c, http.StatusOK, data)
}

func (h *Handler) showApprovals(c *gin.Context, status int, data *approvalsPage) {
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, h.text(c, "nav.approvals"), "nav.orders"); !ok {
		return
	}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.orders"), URL: eventPath(data.Event) + "/orders"})
	h.Render(c, status, "console_approvals", data)
}

func (h *Handler) approvals(c *gin.Context) (*approvalsPage, error) {
	e, ctx := access.Event(c), c.Request.Context()
	data := &approvalsPage{Event: e, Action: eventPath(e) + "/approvals", CanDecide: may(c, "orders:write")}
	settings, err := h.Ticketing.ShopSettings(ctx, e)
	if err != nil {
		return nil, err
	}
	data.PayHours = settings.PayHours
	orders, err := h.Ticketing.AwaitingOrders(ctx, e, turnout.ID(c.Query("after")), approvalsShown+1)
	if err != nil {
		return nil, err
	}
	if len(orders) > approvalsShown {
		orders = orders[:approvalsShown]
		data.NextPageURL = nextPage(c, "after", string(orders[approvalsShown-1].ID))
	}
	ids := make([]turnout.ID, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	answers, err := h.Ticketing.AnswersOf(ctx, e.CommunityID, ids)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		row := awaitingOrder{Order: o, URL: eventPath(e) + "/orders/" + o.Code, Offered: o.EntryID != "", Total: o.Money(o.Total)}
		for _, l := range o.Lines {
			row.Lines = append(row.Lines, summaryLine{Name: l.Name, Quantity: l.Quantity, Total: o.Money(l.Total)})
		}
		row.About = h.answersAbout(c, o, answers)
		data.Orders = append(data.Orders, row)
	}
	return data, nil
}

// answersAbout gathers an order's answers by what they are about: its tickets in turn, then the order.
func (h *Handler) answersAbout(c *gin.Context, o *ticketing.Order, answers []*ticketing.Answer) (list []answersAbout) {
	lines := h.answerLines(c, o, answers)
	for _, t := range o.Tickets {
		if about := lines[t.ID]; about != nil {
			list = append(list, answersAbout{t.AttendeeName, about})
		}
	}
	if about := lines[""]; about != nil {
		list = append(list, answersAbout{Answers: about})
	}
	return list
}

// decisionForm is what decides about orders.
type decisionForm struct {
	Note     string `form:"note" text:"long,max=4000"`
	Decision string `form:"decision" text:"name,max=20"`
}

// DecideApprovals is POST /console/events/{event}/approvals: one decision, with one note, about all that are ticked.
func (h *Handler) DecideApprovals(c *gin.Context) {
	var in decisionForm
	var form formReader
	form.read(c, &in)
	ticked := c.PostFormArray("order")
	if len(ticked) == 0 {
		form.Add("order", "required", "")
	}
	if err := form.Err(); err != nil {
		h.decideAgain(c, in, ticked, err)
		return
	}
	back := eventPath(access.Event(c)) + "/approvals"
	if in.Decision == decideDecline && !h.confirmed(c, h.text(c, "console.approvals.decline_ask", "Count", len(ticked)), back) {
		return
	}
	done, left := 0, 0
	for _, id := range ticked {
		switch err := h.decide(c, turnout.ID(id), in); {
		case err == nil:
			done++
		case errors.Is(err, ticketing.ErrNotAwaiting), errors.Is(err, turnout.ErrNotFound):
			left++ // decided by somebody else, or over
		default:
			h.decideAgain(c, in, ticked, err)
			return
		}
	}
	kind, message := "ok", h.text(c, "console.approvals."+in.Decision+"d", "Count", done)
	if left > 0 {
		kind, message = "warn", message+" "+h.text(c, "console.approvals.left", "Count", left)
	}
	h.Redirect(c, back, kind, message)
}

// decide decides about an order of the event in the path.
func (h *Handler) decide(c *gin.Context, id turnout.ID, in decisionForm) error {
	e, ctx := access.Event(c), c.Request.Context()
	o, err := h.Ticketing.Order(ctx, e.CommunityID, string(id))
	if err != nil {
		return err
	}
	if o.EventID != e.ID {
		return turnout.ErrNotFound
	}
	switch in.Decision {
	case decideApprove:
		_, err = h.Ticketing.ApproveOrder(ctx, e.CommunityID, o.ID, in.Note)
	case decideDecline:
		_, err = h.Ticketing.DeclineOrder(ctx, e.CommunityID, o.ID, in.Note)
	default:
		err = turnout.Invalidf("decision", "unknown", "Approve or decline.")
	}
	return err
}

// decideAgain shows the queue again with what was typed and ticked.
func (h *Handler) decideAgain(c *gin.Context, in decisionForm, ticked []string, err error) {
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	data, err := h.approvals(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Errors, data.Note = shown, in.Note
	for i := range data.Errors {
		if data.Errors[i].Name == "order" {
			data.Errors[i].Message = h.text(c, "console.approvals.tick")
		}
	}
	for i := range data.Orders {
		data.Orders[i].Ticked = slices.Contains(ticked, string(data.Orders[i].ID))
	}
	h.showApprovals(c, status, data)
}

// DecideOrder is POST /console/events/{event}/orders/{order}/decide.
func (h *Handler) DecideOrder(c *gin.Context) {
	o, ok := h.orderOf(c)
	if !ok {
		return
	}
	var in decisionForm
	var form formReader
	form.read(c, &in)
	back := eventPath(access.Event(c)) + "/orders/" + o.Code
	if in.Decision == decideDecline && !h.confirmed(c, h.text(c, "console.approvals.decline_ask", "Count", 1), back) {
		return
	}
	err := form.then(nil, func() error { return h.decide(c, o.ID, in) })
	h.done(c, err, back, h.text(c, "console.approvals."+in.Decision+"d", "Count", 1))
}
