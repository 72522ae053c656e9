package pages

import (
	"fmt"
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

type addOnForm struct {
	Name        string   `form:"name" text:"name,max=300"`
	Description string   `form:"description" text:"long,max=3000"`
	Price       string   `form:"price" text:"name,max=30"`
	Pricing     string   `form:"pricing" text:"name,max=20"`
	MinPrice    string   `form:"min_price" text:"name,max=30"`
	Pools       []string `form:"pool_ids" text:"name,max=60"`
	SalesStart  string   `form:"sales_start" text:"name,max=40"`
	SalesEnd    string   `form:"sales_end" text:"name,max=40"`
	OnSale      bool     `form:"on_sale"`
	Version     int64    `form:"version"`

	With map[turnout.ID]withRow
}

// withRow says how an add-on goes with a ticket type, as typed under "with_TYPE", "least_TYPE" and so on.
type withRow struct {
	ID, Name, Least, Most, Included string
	Ticked                          bool
	Error                           string
}

type addOnPage struct {
	templates.Chrome
	Errors   templates.Errors
	Event    *events.Event
	Form     addOnForm
	Rows     []withRow
	Pools    []*ticketing.Pool
	Pricings []templates.Option
	BackURL  string
	IsNew    bool
}

// Draws reports whether a pool is ticked.
func (p addOnPage) Draws(pool turnout.ID) bool { return slices.Contains(p.Form.Pools, string(pool)) }

func newAddOnForm(a *ticketing.AddOn, e *events.Event, point string) addOnForm {
	in := addOnForm{Name: a.Name, Description: a.Description, Price: decimal(a.Price, e.Currency, point), Pricing: string(a.Pricing), OnSale: a.OnSale,
		SalesStart: wallClock(a.SalesStart, e.Location()), SalesEnd: wallClock(a.SalesEnd, e.Location()), Version: a.Version, With: map[turnout.ID]withRow{}}
	if a.Pricing == ticketing.OpenPrice {
		in.MinPrice = decimal(a.MinPrice, e.Currency, point)
	}
	for _, id := range a.PoolIDs {
		in.Pools = append(in.Pools, string(id))
	}
	for _, w := range a.With {
		in.With[w.TicketTypeID] = withRow{Ticked: true, Least: whole(&w.Least), Most: whole(&w.Most), Included: whole(&w.Included)}
	}
	return in
}

func (in *addOnForm) input(c *gin.Context, e *events.Event, types []*ticketing.TicketType, f *formReader) ticketing.AddOnInput {
	f.read(c, in)
	out := ticketing.AddOnInput{Name: in.Name, Description: in.Description, Price: f.money("price", in.Price, e.Currency), Pricing: ticketing.Pricing(in.Pricing), OnSale: in.OnSale,
		SalesStart: f.clock("sales_start", in.SalesStart), SalesEnd: f.clock("sales_end", in.SalesEnd)}
	if out.Pricing == ticketing.OpenPrice {
		out.MinPrice = f.money("min_price", in.MinPrice, e.Currency)
	}
	for _, id := range in.Pools {
		out.PoolIDs = append(out.PoolIDs, turnout.ID(id))
	}
	in.With = map[turnout.ID]withRow{}
	for _, t := range types {
		id := string(t.ID)
		row := withRow{Ticked: c.PostForm("with_"+id) != "", Least: strings.TrimSpace(c.PostForm("least_" + id)), Most: strings.TrimSpace(c.PostForm("most_" + id)), Included: strings.TrimSpace(c.PostForm("included_" + id))}
		in.With[t.ID] = row
		if !row.Ticked {
			continue
		}
		w := ticketing.AddOnWith{TicketTypeID: t.ID}
		for field, to := range map[string]*int64{"least_": &w.Least, "most_": &w.Most, "included_": &w.Included} {
			if n := f.number(field+id, c.PostForm(field+id)); n != nil {
				*to = *n
			}
		}
		out.With = append(out.With, w)
	}
	return out
}

func (h *Handler) addOn(c *gin.Context, status int, a *ticketing.AddOn, form addOnForm, types []*ticketing.TicketType, shown templates.Errors) {
	e := access.Event(c)
	title := h.text(c, "console.add_on.new")
	if a != nil {
		title = a.Name
	}
	chrome, ok := h.eventConsole(c, title, "nav.tickets")
	if !ok {
		return
	}
	pools, err := h.Ticketing.Pools(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.tickets"), URL: ticketsPath(e)})
	data := addOnPage{Chrome: chrome, Errors: shown, Event: e, Form: form, Pools: pools, BackURL: ticketsPath(e), IsNew: a == nil}
	for _, t := range types {
		row := form.With[t.ID]
		row.ID, row.Name = string(t.ID), t.Name
		row.Error = firstOf(shown.For("least_"+row.ID), shown.For("most_"+row.ID), shown.For("included_"+row.ID))
		data.Rows = append(data.Rows, row)
	}
	for _, p := range []ticketing.Pricing{ticketing.FixedPrice, ticketing.OpenPrice} {
		data.Pricings = append(data.Pricings, templates.Option{Value: string(p), Text: h.text(c, "console.pricing."+string(p))})
	}
	h.Render(c, status, "console_add_on", data)
}

// NewAddOn is GET /console/events/{event}/tickets/add-ons/new.
func (h *Handler) NewAddOn(c *gin.Context) {
	if types, ok := h.typesHere(c); ok {
		h.addOn(c, http.StatusOK, nil, addOnForm{Pricing: string(ticketing.FixedPrice), OnSale: true}, types, nil)
	}
}

func (h *Handler) typesHere(c *gin.Context) ([]*ticketing.TicketType, bool) {
	e := access.Event(c)
	types, err := h.Ticketing.TicketTypes(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return nil, false
	}
	return types, true
}

// addOnOf gives the add-on in the path, nil for a new one.
func (h *Handler) addOnOf(c *gin.Context) (*ticketing.AddOn, bool) {
	if c.Param("addon") == "" {
		return nil, true
	}
	e := access.Event(c)
	list, err := h.Ticketing.AddOns(c.Request.Context(), e.CommunityID, e.ID)
	return here(h, c, list, err, func(a *ticketing.AddOn) bool { return string(a.ID) == c.Param("addon") })
}

// EventAddOn is GET /console/events/{event}/tickets/add-ons/{addon}.
func (h *Handler) EventAddOn(c *gin.Context) {
	a, ok := h.addOnOf(c)
	if !ok {
		return
	}
	if types, ok := h.typesHere(c); ok {
		h.addOn(c, http.StatusOK, a, newAddOnForm(a, access.Event(c), h.point(c)), types, nil)
	}
}

// SaveAddOn is POST /console/events/{event}/tickets/add-ons/new and …/{addon}.
func (h *Handler) SaveAddOn(c *gin.Context) {
	a, ok := h.addOnOf(c)
	if !ok {
		return
	}
	types, ok := h.typesHere(c)
	if !ok {
		return
	}
	e, ctx := access.Event(c), c.Request.Context()
	var in addOnForm
	form := formReader{zone: e.Location(), point: h.point(c)}
	input := in.input(c, e, types, &form)
	message := "console.add_on.created"
	err := form.then(func() error { return input.Check(e) }, func() (err error) {
		if a == nil {
			_, err = h.Ticketing.CreateAddOn(ctx, e.CommunityID, e.ID, input)
			return err
		}
		message = "console.saved"
		_, err = h.Ticketing.UpdateAddOn(ctx, e.CommunityID, a.ID, in.Version, input)
		return err
	})
	if err == nil {
		h.saved(c, &form, ticketsPath(e), h.text(c, message))
		return
	}
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i := range shown { // the service numbers what was ticked; the form names ticket types
		for k, w := range input.With {
			if strings.HasPrefix(shown[i].Name, fmt.Sprintf("ticket_types[%d].", k)) {
				shown[i].Name = "most_" + string(w.TicketTypeID)
			}
		}
		for _, t := range types {
			if strings.HasSuffix(shown[i].Name, "_"+string(t.ID)) {
				shown[i].Label = t.Name
			}
		}
	}
	h.addOn(c, status, a, in, types, shown)
}
