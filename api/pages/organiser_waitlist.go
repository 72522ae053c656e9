package pages

import (
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

type consoleWaitlistPage struct {
	listPage
	Rows      []waitingRow
	Now       time.Time
	ByLottery bool
	ClosesAt  time.Time // zero: with the sale
	Closed    bool
	Waiting   int64  // parties
	Told      int64  // parties that were told so at the closing
	ShopURL   string // "" for those who may not change it
}

// waitingRow is an entry with why it was passed over.
type waitingRow struct {
	*ticketing.WaitlistEntry
	Status     string // as of the entry; "closed" when it was sent home at the closing
	Position   int64  // 0 for who does not wait
	Types      []string
	Offered    string
	OrderURL   string
	PassedOver []string
	Next       bool // there is room: it is served at once
	CanOffer   bool
	CanLeave   bool
	Base       string
}

// EventWaitlist is GET /console/events/{event}/waitlist, in the order of serving.
func (h *Handler) EventWaitlist(c *gin.Context) {
	common, ok := h.newList(c, "waitlist", c.Query, ticketing.WaitlistFilters, "search", "status")
	if !ok {
		return
	}
	data := &consoleWaitlistPage{listPage: common, Now: h.Now()}
	if may(c, "tickets:write") {
		data.ShopURL = ticketsPath(data.Event) + "/shop"
	}
	filter, err := ticketing.ReadWaitlistFilter(c.Query)
	filter.After, filter.Limit = turnout.ID(c.Query("after")), rowsShown+1
	if err == nil {
		err = h.fillWaitlist(c, data, filter)
	}
	states(h, c, &data.listPage, "status", "waitlist", ticketing.WaitlistStatuses...)
	h.listed(c, "console_waitlist", &data.listPage, data, err)
}

func (h *Handler) fillWaitlist(c *gin.Context, data *consoleWaitlistPage, filter ticketing.WaitlistFilter) error {
	e, ctx := data.Event, c.Request.Context()
	types, err := h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	names := map[turnout.ID]string{}
	for _, t := range types {
		names[t.ID] = t.Name
	}
	data.Types = h.anyType(c, types)
	settings, err := h.Ticketing.ShopSettings(ctx, e)
	if err != nil {
		return err
	}
	data.ByLottery, data.ClosesAt, data.Closed = settings.WaitlistOrder == ticketing.ByLottery, settings.WaitlistClosesAt, settings.IsClosed(h.Now())
	if data.Waiting, data.Told, err = h.Ticketing.CountWaiting(ctx, e); err != nil {
		return err
	}
	entries, err := h.Ticketing.WaitlistRows(ctx, e, filter)
	if err != nil {
		return err
	}
	if len(entries) > rowsShown {
		entries = entries[:rowsShown]
		data.NextPageURL = data.next("after", entries[rowsShown-1].ID)
	}
	turns, err := h.Ticketing.Turns(ctx, e, entries)
	if err != nil {
		return err
	}
	for _, w := range entries {
		data.Rows = append(data.Rows, h.waitingRow(c, data, w, names, turns[w.ID]))
	}
	return nil
}

func (h *Handler) waitingRow(c *gin.Context, data *consoleWaitlistPage, w *ticketing.WaitlistEntry, names map[turnout.ID]string, at ticketing.Turn) waitingRow {
	status := w.StatusAt(h.Now())
	row := waitingRow{WaitlistEntry: w, Status: string(status), Position: at.Position, Offered: names[w.OfferedTypeID], Base: data.Action + "/" + string(w.ID),
		Next: status == ticketing.Waiting && len(at.Obstacles) == 0, CanLeave: data.CanWrite && (status == ticketing.Waiting || status == ticketing.Offered)}
	row.CanOffer = data.CanWrite && row.Next && !data.Closed
	if w.ToldAtClosing() {
		row.Status = "closed"
	}
	for _, id := range w.TicketTypeIDs {
		row.Types = append(row.Types, names[id])
	}
	if w.OrderID != "" {
		row.OrderURL = eventPath(data.Event) + "/orders/" + string(w.OrderID)
	}
	for _, o := range at.Obstacles {
		if o.Reason != nil {
			row.PassedOver = append(row.PassedOver, o.Type.Name+": "+h.Templates.ErrorText(h.Language(c), respond.Public(o.Reason)))
			continue
		}
		row.PassedOver = append(row.PassedOver, h.text(c, "console.waitlist.passed", "Type", o.Type.Name, "Needs", o.Needs, "Left", o.Left, "Pool", o.Pool))
	}
	return row
}

// entryInPath gives the entry in the path, of the event in the path. It answers the request itself and gives false when there is none.
func (h *Handler) entryInPath(c *gin.Context) (*ticketing.WaitlistEntry, bool) {
	e := access.Event(c)
	w, err := h.Ticketing.WaitlistEntry(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("entry")))
	if err == nil && w.EventID != e.ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	return w, true
}

// OfferNow is POST /console/events/{event}/waitlist/{entry}/offer: out of turn.
func (h *Handler) OfferNow(c *gin.Context) {
	w, ok := h.entryInPath(c)
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/waitlist"
	if !h.confirmed(c, h.text(c, "console.waitlist.offer_ask", "Name", w.Name), back) {
		return
	}
	_, err := h.Ticketing.OfferNow(c.Request.Context(), w.CommunityID, w.ID)
	h.done(c, err, back, h.text(c, "console.waitlist.offer_done", "Name", w.Name))
}

// WithdrawEntry is POST /console/events/{event}/waitlist/{entry}/withdraw.
func (h *Handler) WithdrawEntry(c *gin.Context) {
	w, ok := h.entryInPath(c)
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/waitlist"
	if !h.confirmed(c, h.text(c, "console.waitlist.withdraw_ask", "Name", w.Name), back) {
		return
	}
	_, err := h.Ticketing.WithdrawEntry(c.Request.Context(), w.CommunityID, w.ID)
	h.done(c, err, back, h.text(c, "console.waitlist.withdraw_done", "Name", w.Name))
}

// ServeWaitlist is POST /console/events/{event}/waitlist/serve: what the sweep does in a few seconds, now.
func (h *Handler) ServeWaitlist(c *gin.Context) {
	e := access.Event(c)
	n, err := h.Ticketing.ServeNow(c.Request.Context(), e)
	h.done(c, err, eventPath(e)+"/waitlist", h.text(c, "console.waitlist.served", "Count", n))
}
