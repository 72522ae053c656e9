package pages

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/templates"
	"turnout/ticketing"
)

// todo is one thing that an event needs, with the page where it is done. Keys are those of the catalogue.
type todo struct {
	Key, URL string
	Done     bool
	Count    int64
}

type typeSold struct {
	Name            string
	Mode            ticketing.Mode
	Valid, Reserved int64
	Places          int64 // sold, held and left: what the bar is measured by
	Income          turnout.Money
}

type overviewPage struct {
	templates.Chrome
	Now                                 time.Time
	Event                               *events.Event
	PublicURL, DoorURL, Base            string
	CanWrite                            bool // sees what to do
	ShowMoney, ShowTickets, CanPublish  bool
	Sold                                ticketing.Totals
	Pools                               []*ticketing.Pool // each by itself: a ticket may take a place of several, so their sum says nothing
	Income                              turnout.Money
	Types                               []typeSold
	Days                                []int64
	DaysSold                            int64
	Todos                               []todo
	Release                             *agenda.Release
	Sessions, Unplaced, ConflictsNumber int
}

const daysShown = 30

// EventOverview is GET /console/events/{event}: how it stands and what it needs.
func (h *Handler) EventOverview(c *gin.Context) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, h.text(c, "nav.overview"), "nav.overview")
	if !ok {
		return
	}
	data := overviewPage{Chrome: chrome, Now: h.Now(), Event: e, Base: eventPath(e), PublicURL: "/e/" + e.Slug,
		ShowMoney: may(c, "orders:read"), ShowTickets: may(c, "tickets:read"), CanPublish: may(c, "events:write") && e.Status == events.Draft}
	if may(c, "checkin:write") {
		data.DoorURL = "/door/" + e.Slug
	}
	for _, fill := range []func(context.Context, *overviewPage) error{h.overviewSales, h.overviewAgenda} {
		if err := fill(c.Request.Context(), &data); err != nil {
			h.Fail(c, err)
			return
		}
	}
	if data.CanWrite = may(c, "events:write"); data.CanWrite {
		data.Todos = data.todos()
	}
	h.Render(c, http.StatusOK, "console_overview", data)
}

func (h *Handler) overviewSales(ctx context.Context, data *overviewPage) (err error) {
	e, db := data.Event, h.DB.Read()
	all, err := ticketing.EventTotals(ctx, db, e.CommunityID, []turnout.ID{e.ID})
	if err != nil {
		return err
	}
	data.Sold = all[e.ID]
	data.Income = turnout.Money{Amount: data.Sold.Net(), Currency: e.Currency}
	if data.Days, err = ticketing.SalesByDay(ctx, db, e, h.Now(), daysShown); err != nil {
		return err
	}
	for _, n := range data.Days {
		data.DaysSold += n
	}
	return h.overviewTypes(ctx, data)
}

func (h *Handler) overviewTypes(ctx context.Context, data *overviewPage) error {
	e := data.Event
	offers, pools, err := h.Ticketing.Stock(ctx, e)
	if err != nil {
		return err
	}
	data.Pools = pools
	sold, err := ticketing.SalesByType(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	for _, o := range offers {
		n := sold[o.ID]
		data.Types = append(data.Types, typeSold{Name: o.Name, Mode: o.AttendanceMode, Valid: n.Valid, Reserved: n.Reserved,
			Places: n.Valid + n.Reserved + o.Left, Income: turnout.Money{Amount: n.Income, Currency: e.Currency}})
	}
	return nil
}

func (h *Handler) overviewAgenda(ctx context.Context, data *overviewPage) error {
	e := data.Event
	counts, conflicts, err := agenda.CountAll(ctx, h.DB.Read(), e)
	if err != nil {
		return err
	}
	data.Sessions, data.Unplaced, data.ConflictsNumber = counts.Sessions, counts.Unplaced, conflicts
	if data.Release, err = h.Agenda.LatestRelease(ctx, e); err != nil && !errors.Is(err, agenda.ErrNotReleased) {
		return err
	}
	return nil
}

// todos are the steps from a draft to an event that can be held, and what came up on the way.
func (data *overviewPage) todos() []todo {
	e, base := data.Event, data.Base
	if e.Status == events.Canceled {
		return nil
	}
	list := []todo{
		{Key: "console.todo.description", URL: base + "/details", Done: e.Description != ""},
		{Key: "console.todo.cover", URL: base + "/details#cover", Done: e.CoverHash != ""},
		{Key: "console.todo.tickets", URL: base + "/tickets", Done: len(data.Types) > 0},
		{Key: "console.todo.publish", URL: base + "/publish", Done: e.Status != events.Draft},
		{Key: "console.todo.agenda", URL: base + "/agenda", Done: data.Sessions > 0},
		{Key: "console.todo.release", URL: base + "/agenda/release", Done: data.Release != nil},
	}
	if e.Format.Online() && e.OnlineURL == "" {
		list = append(list, todo{Key: "console.todo.online_url", URL: base + "/details"})
	}
	for _, t := range []todo{
		{Key: "console.todo.conflicts", URL: base + "/agenda#conflicts", Count: int64(data.ConflictsNumber)},
		{Key: "console.todo.approvals", URL: base + "/approvals", Count: data.Sold.Waits.Approvals},
		{Key: "console.todo.transfers", URL: base + "/orders?status=pending", Count: data.Sold.Waits.Transfers},
		{Key: "console.todo.manual_refunds", URL: base + "/orders?refunds=manual", Count: data.Sold.Waits.ManualRefunds},
		{Key: "console.todo.failed_refunds", URL: base + "/orders?refunds=failed", Count: data.Sold.Waits.FailedRefunds},
		{Key: "console.todo.waitlist", URL: base + "/waitlist", Count: data.Sold.Waits.Waiting},
	} {
		if t.Count > 0 {
			list = append(list, t)
		}
	}
	return list
}
