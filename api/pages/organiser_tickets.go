package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type poolRow struct {
	*ticketing.Pool
	URL   string
	Draws []string // names of the ticket types that take places of it
}

type typeRow struct {
	ticketing.Offer
	URL   string
	Pools []string
	Sold  ticketing.TypeTotals
	State string // of the sale, as badges name it
	Why   string // it is not for sale, in the reader's language
}

type poolForm struct {
	Name     string `form:"name" text:"name,max=200"`
	Capacity string `form:"capacity" text:"name,max=20"`
	Version  int64  `form:"version"`
}

type ticketsPage struct {
	templates.Chrome
	Event    *events.Event
	Errors   templates.Errors
	Pools    []poolRow
	Types    []typeRow
	Pool     poolForm // what was typed for a new one
	NewURL   string
	Action   string
	CanWrite bool
}

// EventTickets is GET /console/events/{event}/tickets: pools, and what draws on them.
func (h *Handler) EventTickets(c *gin.Context) { h.tickets(c, http.StatusOK, poolForm{}, nil) }

func (h *Handler) tickets(c *gin.Context, status int, typed poolForm, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.tickets"), "nav.tickets")
	if !ok {
		return
	}
	data := ticketsPage{Chrome: chrome, Event: e, Errors: shown, Pool: typed, NewURL: eventPath(e) + "/tickets/types/new", Action: eventPath(e) + "/tickets/pools", CanWrite: may(c, "tickets:write")}
	offers, pools, err := h.Ticketing.Stock(ctx, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	sold, err := ticketing.SalesByType(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	data.Pools, data.Types = h.ticketRows(c, e, pools, offers, sold)
	h.Render(c, status, "console_tickets", data)
}

func (h *Handler) ticketRows(c *gin.Context, e *events.Event, pools []*ticketing.Pool, offers []ticketing.Offer, sold map[turnout.ID]ticketing.TypeTotals) ([]poolRow, []typeRow) {
	base, lang := eventPath(e)+"/tickets", h.Language(c)
	poolRows := make([]poolRow, len(pools))
	for i, p := range pools {
		poolRows[i] = poolRow{Pool: p, URL: base + "/pools/" + string(p.ID)}
	}
	typeRows := make([]typeRow, len(offers))
	for i, o := range offers {
		row := typeRow{Offer: o, URL: base + "/types/" + string(o.ID), Sold: sold[o.ID], State: firstOf(saleStates[o.Availability], string(o.Availability))}
		if o.Reason != nil {
			row.Why = h.Templates.ErrorText(lang, o.Reason)
		}
		var full []string
		if e.Status == events.Draft {
			row.State, row.Why = "unavailable", h.text(c, "console.tickets.why_draft")
		}
		for j, p := range pools {
			if slices.Contains(o.PoolIDs, p.ID) {
				row.Pools = append(row.Pools, p.Name)
				poolRows[j].Draws = append(poolRows[j].Draws, o.Name)
				if p.Available() < o.MinPerOrder {
					full = append(full, p.Name)
				}
			}
		}
		if errors.Is(o.Reason, ticketing.ErrSoldOut) && e.Status != events.Draft {
			row.Why = h.text(c, "console.tickets.why_full", "Names", strings.Join(full, ", "))
		}
		typeRows[i] = row
	}
	return poolRows, typeRows
}

func (in *poolForm) input(c *gin.Context, f *formReader) ticketing.PoolInput {
	f.read(c, in)
	f.Require("capacity", in.Capacity)
	out := ticketing.PoolInput{Name: in.Name}
	if n := f.number("capacity", in.Capacity); n != nil {
		out.Capacity = *n
	}
	return out
}

// CreatePool is POST /console/events/{event}/tickets/pools.
func (h *Handler) CreatePool(c *gin.Context) {
	e := access.Event(c)
	var in poolForm
	var form formReader
	input := in.input(c, &form)
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.CreatePool(c.Request.Context(), e.CommunityID, e.ID, input)
		return err
	})
	if err == nil {
		h.poolSaved(c, input, "created")
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.tickets(c, status, in, shown)
	}
}

// poolSaved leads on, and says of a pool without places what that means: it may be meant so.
func (h *Handler) poolSaved(c *gin.Context, in ticketing.PoolInput, what string) {
	to := eventPath(access.Event(c)) + "/tickets"
	switch {
	case in.Capacity == 0:
		h.Redirect(c, to, "warn", h.text(c, "console.pool."+what+"_empty"))
	case what == "created":
		h.Redirect(c, to, "ok", h.text(c, "console.pool.created"))
	default:
		h.Redirect(c, to, "ok", h.text(c, "console.saved"))
	}
}

type poolPage struct {
	templates.Chrome
	Errors  templates.Errors
	Pool    *ticketing.Pool
	Form    poolForm
	BackURL string
}

// EventPool is GET /console/events/{event}/tickets/pools/{pool}.
func (h *Handler) EventPool(c *gin.Context) {
	if p, ok := h.poolOf(c); ok {
		h.pool(c, http.StatusOK, p, poolForm{Name: p.Name, Capacity: whole(&p.Capacity), Version: p.Version}, nil)
	}
}

// poolOf gives the pool in the path, of the event in the path. It answers the request itself and gives false when there is none.
func (h *Handler) poolOf(c *gin.Context) (*ticketing.Pool, bool) {
	e := access.Event(c)
	pools, err := h.Ticketing.Pools(c.Request.Context(), e.CommunityID, e.ID)
	return here(h, c, pools, err, func(p *ticketing.Pool) bool { return string(p.ID) == c.Param("pool") })
}

// here gives the one of a list that a path names. It answers the request itself and gives false when there is none.
func here[T any](h *Handler, c *gin.Context, list []T, err error, is func(T) bool) (found T, ok bool) {
	if err != nil {
		h.Fail(c, err)
		return found, false
	}
	i := slices.IndexFunc(list, is)
	if i < 0 {
		h.Fail(c, turnout.ErrNotFound)
		return found, false
	}
	return list[i], true
}

func (h *Handler) pool(c *gin.Context, status int, p *ticketing.Pool, form poolForm, shown templates.Errors) {
	chrome, ok := h.eventConsole(c, p.Name, "nav.tickets")
	if !ok {
		return
	}
	back := eventPath(access.Event(c)) + "/tickets"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.tickets"), URL: back})
	h.Render(c, status, "console_pool", poolPage{Chrome: chrome, Errors: shown, Pool: p, Form: form, BackURL: back})
}

// SavePool is POST /console/events/{event}/tickets/pools/{pool}.
func (h *Handler) SavePool(c *gin.Context) {
	p, ok := h.poolOf(c)
	if !ok {
		return
	}
	var in poolForm
	var form formReader
	input := in.input(c, &form)
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.UpdatePool(c.Request.Context(), p.CommunityID, p.ID, in.Version, input)
		return err
	})
	if err == nil {
		h.poolSaved(c, input, "saved")
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.pool(c, status, p, in, shown)
	}
}
