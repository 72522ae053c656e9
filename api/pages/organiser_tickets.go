package pages

import (
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

// poolRow is a pool with what draws on it.
type poolRow struct {
	ticketing.Holdings
	URL   string
	Draws []string // names of the ticket types and add-ons that take places of it
}

// thingRow is a ticket type or an add-on with why it is or is not for sale.
type thingRow struct {
	*ticketing.Standing
	URL     string
	Pools   []string
	State   string // of the sale, as badges name it
	Reasons []reasonRow
	Price   turnout.Money
	Lead    string // before the price: from, or suggested
	Sold    int64
	Held    int64
	Income  turnout.Money
	With    []string // of an add-on: what it goes with, in words
}

// reasonRow is a reason in the reader's language.
type reasonRow struct {
	Weight ticketing.Weight
	Icon   string
	Text   string
}

type poolForm struct {
	Name     string `form:"name" text:"name,max=200"`
	Capacity string `form:"capacity" text:"name,max=20"`
	Version  int64  `form:"version"`
}

type ticketsPage struct {
	templates.Chrome
	Event     *events.Event
	Errors    templates.Errors
	Pools     []poolRow
	Types     []thingRow
	AddOns    []thingRow
	Pool      poolForm // what was typed for a new one
	Base      string
	CanWrite  bool
	ShowMoney bool
}

// EventTickets is GET /console/events/{event}/tickets: pools with what holds their places, and what draws on them.
func (h *Handler) EventTickets(c *gin.Context) { h.tickets(c, http.StatusOK, poolForm{}, nil) }

func (h *Handler) tickets(c *gin.Context, status int, typed poolForm, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	chrome, ok := h.eventConsole(c, h.text(c, "nav.tickets"), "nav.tickets")
	if !ok {
		return
	}
	data := ticketsPage{Chrome: chrome, Event: e, Errors: shown, Pool: typed, Base: ticketsPath(e), CanWrite: may(c, "tickets:write"), ShowMoney: may(c, "orders:read")}
	why, err := h.Ticketing.Why(ctx, e)
	if err != nil {
		h.Fail(c, err)
		return
	}
	sold, err := ticketing.SalesByType(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	addOns, err := ticketing.SalesByAddOn(ctx, h.DB.Read(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	h.ticketRows(c, &data, why, sold, addOns)
	h.Render(c, status, "console_tickets", data)
}

func ticketsPath(e *events.Event) string { return eventPath(e) + "/tickets" }

func (h *Handler) ticketRows(c *gin.Context, data *ticketsPage, why *ticketing.Explanation, sold map[turnout.ID]ticketing.TypeTotals, addOns map[turnout.ID]ticketing.AddOnTotals) {
	currency := data.Event.Currency
	for _, p := range why.Pools {
		data.Pools = append(data.Pools, poolRow{Holdings: p, URL: data.Base + "/pools/" + string(p.ID)})
	}
	names := map[turnout.ID]string{}
	for i := range why.Types {
		s := &why.Types[i]
		o, n := s.Offer, sold[s.Offer.ID]
		names[o.ID] = o.Name
		row := h.thing(c, data, s, o.Name, o.PoolIDs)
		row.URL, row.Price, row.Sold, row.Held = data.Base+"/types/"+string(o.ID), o.Price, n.Valid, n.Reserved
		row.Income = turnout.Money{Amount: n.Income, Currency: currency}
		if o.Pricing == ticketing.OpenPrice {
			row.Lead = "open"
		}
		data.Types = append(data.Types, row)
	}
	for i := range why.AddOns {
		s := &why.AddOns[i]
		a, n := s.AddOn, addOns[s.AddOn.ID]
		row := h.thing(c, data, s, a.Name, a.PoolIDs)
		row.URL, row.Price, row.Sold, row.Held = data.Base+"/add-ons/"+string(a.ID), turnout.Money{Amount: a.Price, Currency: currency}, n.Sold, n.Held
		row.Income = turnout.Money{Amount: n.Income, Currency: currency}
		if a.Pricing == ticketing.OpenPrice {
			row.Lead = "open"
		}
		row.With = h.withWords(c, a.With, names)
		data.AddOns = append(data.AddOns, row)
	}
}

// withWords says how an add-on goes with ticket types, those with which it goes alike in one line.
func (h *Handler) withWords(c *gin.Context, with []ticketing.AddOnWith, names map[turnout.ID]string) (lines []string) {
	type manner struct {
		kind            string
		least, included int64
	}
	var manners []manner
	alike := map[manner][]string{}
	for _, w := range with {
		m := manner{kindOfWith(w), w.Least, w.Included}
		if alike[m] == nil {
			manners = append(manners, m)
		}
		alike[m] = append(alike[m], names[w.TicketTypeID])
	}
	for _, m := range manners {
		lines = append(lines, h.text(c, "console.add_on.with_"+m.kind, "Name", strings.Join(alike[m], ", "), "Least", m.least, "Included", m.included))
	}
	return lines
}

// kindOfWith names how an add-on goes with a ticket type.
func kindOfWith(w ticketing.AddOnWith) string {
	switch {
	case w.Included > 0:
		return "included"
	case w.Least > 0:
		return "required"
	}
	return "optional"
}

// thing says how something stands, and notes at its pools that it draws on them.
func (h *Handler) thing(c *gin.Context, data *ticketsPage, s *ticketing.Standing, name string, pools []turnout.ID) thingRow {
	row := thingRow{Standing: s, State: firstOf(saleStates[s.Availability], string(s.Availability))}
	if s.Open == ticketing.ToSome {
		row.State = "limited"
	}
	if slices.ContainsFunc(s.Reasons, func(r ticketing.Reason) bool { return r.Cause == ticketing.CauseDraft }) {
		row.State = "unavailable"
	}
	for i := range data.Pools {
		if slices.Contains(pools, data.Pools[i].ID) {
			row.Pools = append(row.Pools, data.Pools[i].Name)
			data.Pools[i].Draws = append(data.Pools[i].Draws, name)
		}
	}
	for _, r := range s.Reasons {
		row.Reasons = append(row.Reasons, reasonRow{Weight: r.Weight, Icon: reasonIcons[r.Weight], Text: h.Ticketing.Say(r, h.Language(c), data.Event.Timezone)})
	}
	return row
}

var reasonIcons = map[ticketing.Weight]string{ticketing.Stops: "ban", ticketing.Limits: "key-round", ticketing.Explains: "hourglass", ticketing.Notes: "info"}

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
	Blocks  []*ticketing.Block
	Block   blockForm // what was typed for a new one
	URL     string
	BackURL string
}

type blockForm struct {
	Places string `form:"places" text:"name,max=20"`
	Note   string `form:"note" text:"name,max=200"`
}

// EventPool is GET /console/events/{event}/tickets/pools/{pool}.
func (h *Handler) EventPool(c *gin.Context) {
	if p, ok := h.poolOf(c); ok {
		h.pool(c, http.StatusOK, p, newPoolForm(p), blockForm{}, nil)
	}
}

func newPoolForm(p *ticketing.Pool) poolForm {
	return poolForm{Name: p.Name, Capacity: whole(&p.Capacity), Version: p.Version}
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

func (h *Handler) pool(c *gin.Context, status int, p *ticketing.Pool, form poolForm, block blockForm, shown templates.Errors) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, p.Name, "nav.tickets")
	if !ok {
		return
	}
	blocks, err := h.Ticketing.Blocks(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	blocks = slices.DeleteFunc(blocks, func(b *ticketing.Block) bool { return b.PoolID != p.ID })
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.tickets"), URL: ticketsPath(e)})
	h.Render(c, status, "console_pool", poolPage{Chrome: chrome, Errors: shown, Pool: p, Form: form, Blocks: blocks, Block: block,
		URL: ticketsPath(e) + "/pools/" + string(p.ID), BackURL: ticketsPath(e)})
}

// BlockPlaces is POST /console/events/{event}/tickets/pools/{pool}/blocks.
func (h *Handler) BlockPlaces(c *gin.Context) {
	p, ok := h.poolOf(c)
	if !ok {
		return
	}
	var in blockForm
	var form formReader
	form.read(c, &in)
	form.Require("places", in.Places)
	places := int64(0)
	if n := form.number("places", in.Places); n != nil {
		places = *n
	}
	err := form.then(nil, func() error {
		_, err := h.Ticketing.BlockPlaces(c.Request.Context(), p.CommunityID, p.ID, places, in.Note)
		return err
	})
	if err == nil {
		h.Redirect(c, ticketsPath(access.Event(c))+"/pools/"+string(p.ID), "ok", h.text(c, "console.block.made"))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i := range shown {
		if shown[i].Name == "" {
			shown[i].Name = "places"
		}
	}
	h.pool(c, status, p, newPoolForm(p), in, shown)
}

// Unblock is POST /console/events/{event}/tickets/pools/{pool}/blocks/{block}/remove.
func (h *Handler) Unblock(c *gin.Context) {
	p, ok := h.poolOf(c)
	if !ok {
		return
	}
	err := h.Ticketing.Unblock(c.Request.Context(), p.CommunityID, turnout.ID(c.Param("block")))
	h.done(c, err, ticketsPath(access.Event(c))+"/pools/"+string(p.ID), h.text(c, "console.block.removed"))
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
		h.pool(c, status, p, in, blockForm{}, shown)
	}
}
