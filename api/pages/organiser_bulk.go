package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/templates"
	"turnout/ticketing"
)

// bulkOf reads what somebody wants done to many orders: the list's filter, and those that are ticked unless all are meant.
func bulkOf(value func(string) string, orders []string) ticketing.Bulk {
	b := ticketing.Bulk{Action: value("action"), Filter: ticketing.WrittenFilter(ticketing.OrderFilters, value)}
	if value("all") == "" {
		b.IDs = []turnout.ID{}
		for _, id := range orders {
			b.IDs = append(b.IDs, turnout.ID(id))
		}
	}
	return b
}

type bulkPage struct {
	templates.Chrome
	Event           *events.Event
	Bulk            ticketing.Bulk
	Preview         *ticketing.BulkPreview
	Run             turnout.ID // the id that the run will have
	Action, BackURL string
	Fields          []confirmField
	OfTickets       bool // tickets were ticked: their orders are meant
}

// AskBulk is GET /console/events/{event}/orders/bulk: what would be done, before anything is.
func (h *Handler) AskBulk(c *gin.Context) {
	e, back := access.Event(c), listPath(c, ticketing.ListOrders)
	b := bulkOf(c.Query, c.QueryArray("order"))
	ofTickets := c.Query("list") == ticketing.ListAttendees
	if ofTickets {
		back, b.Filter = listPath(c, ticketing.ListAttendees), ticketing.WrittenFilter(ticketing.AttendeeFilters, c.Query)
		var err error
		if b.IDs, err = h.Ticketing.OrdersOfTickets(c.Request.Context(), e, ticked(c, "ticket")); err != nil {
			h.Fail(c, err)
			return
		}
	}
	if query := written(b.Filter); query != "" {
		back += "?" + query
	}
	preview, err := h.Ticketing.PreviewBulk(c.Request.Context(), e, b)
	if err != nil {
		h.done(c, err, back, "")
		return
	}
	chrome, ok := h.eventConsole(c, h.text(c, "console.bulk.do_"+b.Action), "nav.orders")
	if !ok {
		return
	}
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.orders"), URL: back})
	data := bulkPage{Chrome: chrome, Event: e, Bulk: b, Preview: preview, Run: turnout.NewID(ticketing.PrefixRun), Action: listPath(c, "orders/bulk"), BackURL: back, OfTickets: ofTickets}
	if b.IDs == nil {
		for name, value := range b.Filter {
			data.Fields = append(data.Fields, confirmField{name, value})
		}
	}
	for _, id := range b.IDs {
		data.Fields = append(data.Fields, confirmField{"order", string(id)})
	}
	if b.IDs == nil {
		data.Fields = append(data.Fields, confirmField{"all", "1"})
	}
	h.Render(c, http.StatusOK, "console_bulk", data)
}

// BeginBulk is POST /console/events/{event}/orders/bulk.
func (h *Handler) BeginBulk(c *gin.Context) {
	b := bulkOf(c.PostForm, c.PostFormArray("order"))
	run := turnout.ID(c.PostForm("run"))
	if err := h.Ticketing.BeginBulk(c.Request.Context(), access.Event(c), run, b); err != nil {
		h.done(c, err, listPath(c, ticketing.ListOrders), "")
		return
	}
	c.Redirect(http.StatusSeeOther, listPath(c, "orders/runs/"+string(run)))
}

type bulkItemRow struct {
	*ticketing.BulkItem
	URL, Why string
}

type runPage struct {
	templates.Chrome
	Now                         time.Time
	Event                       *events.Event
	Run                         *ticketing.BulkRun
	Who                         string
	Waiting, Worked, Refused    int64
	States                      []filterLink
	Items                       []bulkItemRow
	URL, OrdersURL, NextPageURL string
	Here                        string // with the state and the page that are read
	Ended                       bool
}

// Ready is how many orders the run is done with.
func (p runPage) Ready() int64 { return p.Worked + p.Refused }

// Total is how many it has.
func (p runPage) Total() int64 { return p.Ready() + p.Waiting }

// EventRun is GET /console/events/{event}/orders/runs/{run}: how far a run is, which goes on when nobody looks.
func (h *Handler) EventRun(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	run, counts, err := h.Ticketing.FindBulk(ctx, e, turnout.ID(c.Param("run")))
	if err != nil {
		h.Fail(c, err)
		return
	}
	data := &runPage{Now: h.Now(), Event: e, Run: run, URL: c.Request.URL.Path, OrdersURL: listPath(c, ticketing.ListOrders), Ended: run.State == ticketing.BulkDone,
		Waiting: counts[ticketing.BulkWaiting], Worked: counts[ticketing.BulkWorked], Refused: counts[ticketing.BulkRefused]}
	if err := h.fillRun(c, data); err != nil {
		h.Fail(c, err)
		return
	}
	if wantsPart(c) {
		h.RenderPart(c, http.StatusOK, "console_run", "run", data)
		return
	}
	var ok bool
	if data.Chrome, ok = h.eventConsole(c, h.text(c, "console.bulk.do_"+run.Action), "nav.orders"); !ok {
		return
	}
	data.Crumbs = append(data.Crumbs, templates.Link{Text: h.text(c, "nav.orders"), URL: data.OrdersURL}, templates.Link{Text: h.text(c, "console.bulk.runs"), URL: listPath(c, "orders/runs")})
	h.Render(c, http.StatusOK, "console_run", data)
}

// fillRun reads who began the run and what became of its orders, those refused first.
func (h *Handler) fillRun(c *gin.Context, data *runPage) error {
	name, err := h.actors(c, data.Run.ActorKind == audit.Staff)
	if err != nil {
		return err
	}
	data.Who = name(audit.Actor{Kind: data.Run.ActorKind, ID: data.Run.ActorID})
	query := c.Request.URL.Query()
	state := ticketing.BulkItemState(query.Get("state"))
	if state == "" {
		state = ticketing.BulkWorked
		if data.Refused > 0 {
			state = ticketing.BulkRefused
		}
	}
	for _, s := range []struct {
		state ticketing.BulkItemState
		count int64
	}{{ticketing.BulkRefused, data.Refused}, {ticketing.BulkWorked, data.Worked}, {ticketing.BulkWaiting, data.Waiting}} {
		if s.count > 0 {
			data.States = append(data.States, filterLink{h.text(c, "console.bulk.state_"+string(s.state), "Count", s.count),
				data.URL + "?" + url.Values{"state": {string(s.state)}}.Encode(), s.state == state})
		}
	}
	after, _ := strconv.ParseInt(query.Get("after"), 10, 64) // 0 for what is no number: the beginning
	items, err := h.Ticketing.BulkItems(c.Request.Context(), data.Event, data.Run.ID, state, after, rowsShown+1)
	if err != nil {
		return err
	}
	if len(items) > 0 { // what is read stays, also when others are refused meanwhile
		query.Set("state", string(state))
	}
	data.Here = data.URL + "?" + query.Encode()
	if len(items) > rowsShown {
		items = items[:rowsShown]
		query.Set("after", strconv.FormatInt(items[rowsShown-1].Number, 10))
		data.NextPageURL = data.URL + "?" + query.Encode()
	}
	for _, item := range items {
		row := bulkItemRow{BulkItem: item, URL: data.OrdersURL + "/" + item.OrderCode}
		if item.Code != "" {
			row.Why = h.Templates.ErrorText(h.Language(c), &turnout.Error{Kind: turnout.Conflict, Code: item.Code, Message: item.Message})
		}
		data.Items = append(data.Items, row)
	}
	return nil
}

type runRow struct {
	*ticketing.BulkRun
	URL, Who string
}

type runsPage struct {
	templates.Chrome
	Event       *events.Event
	Rows        []runRow
	NextPageURL string
}

// EventRuns is GET /console/events/{event}/orders/runs.
func (h *Handler) EventRuns(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "console.bulk.runs"), "nav.orders")
	if !ok {
		return
	}
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.orders"), URL: listPath(c, ticketing.ListOrders)})
	data := runsPage{Chrome: chrome, Event: e}
	runs, err := h.Ticketing.BulkRuns(c.Request.Context(), e, turnout.ID(c.Query("before")), rowsShown+1)
	if err != nil {
		h.Fail(c, err)
		return
	}
	if len(runs) > rowsShown {
		runs = runs[:rowsShown]
		data.NextPageURL = nextPage(c, "before", string(runs[rowsShown-1].ID))
	}
	name, err := h.actors(c, true)
	if err != nil {
		h.Fail(c, err)
		return
	}
	for _, r := range runs {
		data.Rows = append(data.Rows, runRow{r, listPath(c, "orders/runs/"+string(r.ID)), name(audit.Actor{Kind: r.ActorKind, ID: r.ActorID})})
	}
	h.Render(c, http.StatusOK, "console_runs", data)
}
