package pages

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type ticketTypeForm struct {
	Name        string   `form:"name" text:"name,max=300"`
	Description string   `form:"description" text:"long,max=3000"`
	Price       string   `form:"price" text:"name,max=30"`
	Pricing     string   `form:"pricing" text:"name,max=20"`
	MinPrice    string   `form:"min_price" text:"name,max=30"`
	Mode        string   `form:"attendance_mode" text:"name,max=20"`
	Pools       []string `form:"pool_ids" text:"name,max=60"`
	SalesStart  string   `form:"sales_start" text:"name,max=40"`
	SalesEnd    string   `form:"sales_end" text:"name,max=40"`
	Min         string   `form:"min_per_order" text:"name,max=40"`
	Max         string   `form:"max_per_order" text:"name,max=40"`
	Multiple    string   `form:"multiple_of" text:"name,max=40"`
	Members     bool     `form:"members_only"`
	Domains     string   `form:"email_domains" text:"long,max=3000"`
	Approval    bool     `form:"requires_approval"`
	Visibility  string   `form:"visibility" text:"name,max=20"`
	Version     int64    `form:"version"`

	Windows []windowRow // see windowRows
}

// windowRow is a price window as typed, under the names of a list's fields ("price_windows[0].name").
type windowRow struct{ Field, ID, Name, Price, Until, UpTo string }

type ticketTypePage struct {
	templates.Chrome
	Errors       templates.Errors
	Event        *events.Event
	Form         ticketTypeForm
	Pools        []*ticketing.Pool
	Modes        []templates.Option
	Visibilities []templates.Option
	Pricings     []templates.Option
	BackURL      string
	IsNew        bool
}

// Draws reports whether a pool is ticked.
func (p ticketTypePage) Draws(pool turnout.ID) bool {
	return slices.Contains(p.Form.Pools, string(pool))
}

func newTicketTypeForm(t *ticketing.TicketType, e *events.Event, point string) ticketTypeForm {
	in := ticketTypeForm{Name: t.Name, Description: t.Description, Price: decimal(t.Price, e.Currency, point), Mode: string(t.AttendanceMode),
		SalesStart: wallClock(t.SalesStart, e.Location()), SalesEnd: wallClock(t.SalesEnd, e.Location()), Min: whole(&t.MinPerOrder), Max: whole(&t.MaxPerOrder),
		Pricing: string(t.Pricing), Multiple: whole(&t.MultipleOf), Members: t.MembersOnly, Domains: strings.Join(t.EmailDomains, "\n"), Approval: t.RequiresApproval,
		Visibility: string(t.Visibility), Version: t.Version}
	if t.Pricing == ticketing.OpenPrice {
		in.MinPrice = decimal(t.MinPrice, e.Currency, point)
	}
	for _, w := range t.PriceWindows {
		row := windowRow{ID: string(w.ID), Name: w.Name, Price: decimal(w.Price, e.Currency, point), Until: wallClock(w.Until, e.Location())}
		if w.UpTo > 0 {
			row.UpTo = whole(&w.UpTo)
		}
		in.Windows = append(in.Windows, row)
	}
	for _, id := range t.PoolIDs {
		in.Pools = append(in.Pools, string(id))
	}
	return in
}

func (in *ticketTypeForm) input(c *gin.Context, e *events.Event, f *formReader) ticketing.TicketTypeInput {
	f.read(c, in)
	in.windowRows(c, f)
	out := ticketing.TicketTypeInput{Name: in.Name, Description: in.Description, Price: f.money("price", in.Price, e.Currency), AttendanceMode: ticketing.Mode(in.Mode),
		SalesStart: f.clock("sales_start", in.SalesStart), SalesEnd: f.clock("sales_end", in.SalesEnd), Visibility: ticketing.Visibility(in.Visibility),
		Pricing: ticketing.Pricing(in.Pricing), MembersOnly: in.Members, EmailDomains: strings.FieldsFunc(in.Domains, isSeparator), RequiresApproval: in.Approval}
	if in.Pricing == string(ticketing.OpenPrice) {
		out.MinPrice = f.money("min_price", in.MinPrice, e.Currency)
	}
	if n := f.number("multiple_of", in.Multiple); n != nil {
		out.MultipleOf = *n
	}
	for _, row := range in.Windows {
		w := ticketing.PriceWindow{ID: turnout.ID(row.ID), Name: row.Name, Price: f.money(row.Field+".price", row.Price, e.Currency).Amount, Until: f.clock(row.Field+".until", row.Until)}
		if n := f.number(row.Field+".up_to", row.UpTo); n != nil {
			w.UpTo = *n
		}
		out.PriceWindows = append(out.PriceWindows, w)
	}
	if n := f.number("min_per_order", in.Min); n != nil {
		out.MinPerOrder = *n
	}
	if n := f.number("max_per_order", in.Max); n != nil {
		out.MaxPerOrder = *n
	}
	for _, id := range in.Pools {
		out.PoolIDs = append(out.PoolIDs, turnout.ID(id))
	}
	return out
}

// isSeparator says what stands between domains.
func isSeparator(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) }

// windowRows reads the rows of price windows, without those that are empty and the one whose button to take it away was pressed.
func (in *ticketTypeForm) windowRows(c *gin.Context, f *formReader) {
	for i := range 30 {
		field := fmt.Sprintf("price_windows[%d]", i)
		if !c.Request.PostForm.Has(field + ".name") {
			break
		}
		row := windowRow{Price: c.PostForm(field + ".price"), Until: c.PostForm(field + ".until"), UpTo: strings.TrimSpace(c.PostForm(field + ".up_to"))}
		name, err := respond.Text(field+".name", c.PostForm(field+".name"), "name,max=100")
		if row.Name = strings.TrimSpace(name); row == (windowRow{}) && err == nil || c.PostForm("drop_window") == strconv.Itoa(i) {
			continue
		}
		id, badID := respond.Text(field+".id", c.PostForm(field+".id"), "name,max=60")
		row.ID, row.Field = id, fmt.Sprintf("price_windows[%d]", len(in.Windows))
		for _, err := range []error{err, badID} {
			if known, bad := errors.AsType[*turnout.Error](err); bad {
				f.Problems = append(f.Problems, known.Fields...)
			}
		}
		in.Windows = append(in.Windows, row)
	}
	at := slices.Index(f.order, "attendance_mode")
	for _, row := range slices.Backward(in.Windows) {
		f.order = slices.Insert(f.order, at, row.Field+".name", row.Field+".price", row.Field+".until", row.Field+".up_to")
	}
	if isPressed(c, "more_windows") {
		in.Windows = append(in.Windows, windowRow{Field: fmt.Sprintf("price_windows[%d]", len(in.Windows))})
	}
}

// isRedrawn reports whether a button was pressed that changes the form's rows and saves nothing.
func isRedrawn(c *gin.Context) bool {
	return isPressed(c, "more_windows") || isPressed(c, "drop_window")
}

// NewTicketType is GET /console/events/{event}/tickets/types/new.
func (h *Handler) NewTicketType(c *gin.Context) {
	e := access.Event(c)
	form := ticketTypeForm{Mode: string(ticketing.InPerson), Pricing: string(ticketing.FixedPrice), Min: "1", Max: "10", Multiple: "1", Visibility: string(ticketing.Public)}
	if !e.Format.OnSite() {
		form.Mode = string(ticketing.Virtual)
	}
	h.ticketType(c, http.StatusOK, form, nil, h.text(c, "console.type.new"))
}

func (h *Handler) ticketType(c *gin.Context, status int, form ticketTypeForm, shown templates.Errors, title string) {
	e := access.Event(c)
	chrome, ok := h.eventConsole(c, title, "nav.tickets")
	if !ok {
		return
	}
	pools, err := h.Ticketing.Pools(c.Request.Context(), e.CommunityID, e.ID)
	if err != nil {
		h.Fail(c, err)
		return
	}
	back := eventPath(e) + "/tickets"
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.tickets"), URL: back})
	data := ticketTypePage{Chrome: chrome, Errors: shown, Event: e, Form: form, Pools: pools, BackURL: back, IsNew: c.Param("type") == ""}
	if data.IsNew && len(pools) == 1 && shown == nil {
		data.Form.Pools = []string{string(pools[0].ID)}
	}
	for _, mode := range []ticketing.Mode{ticketing.InPerson, ticketing.Virtual} {
		data.Modes = append(data.Modes, templates.Option{Value: string(mode), Text: h.text(c, "status.mode."+string(mode))})
	}
	for _, v := range []ticketing.Visibility{ticketing.Public, ticketing.Hidden, ticketing.VoucherOnly} {
		data.Visibilities = append(data.Visibilities, templates.Option{Value: string(v), Text: h.text(c, "console.visibility."+string(v))})
	}
	for _, p := range []ticketing.Pricing{ticketing.FixedPrice, ticketing.OpenPrice} {
		data.Pricings = append(data.Pricings, templates.Option{Value: string(p), Text: h.text(c, "console.pricing."+string(p))})
	}
	for i := range form.Windows {
		form.Windows[i].Field = fmt.Sprintf("price_windows[%d]", i)
	}
	for i := range data.Errors {
		for n, row := range form.Windows { // a window is named by its number
			if strings.HasPrefix(data.Errors[i].Name, row.Field+".") {
				data.Errors[i].Label = h.text(c, "console.window.number", "Number", n+1)
			}
		}
	}
	h.Render(c, status, "console_ticket_type", data)
}

// CreateTicketType is POST /console/events/{event}/tickets/types/new.
func (h *Handler) CreateTicketType(c *gin.Context) {
	e := access.Event(c)
	var in ticketTypeForm
	form := formReader{zone: e.Location(), point: h.point(c)}
	input := in.input(c, e, &form)
	if isRedrawn(c) {
		h.ticketType(c, http.StatusOK, in, nil, h.text(c, "console.type.new"))
		return
	}
	err := form.then(func() error { return input.Check(e, h.Ticketing.Provider.Most(e.Currency), h.Now()) }, func() error {
		_, err := h.Ticketing.CreateTicketType(c.Request.Context(), e.CommunityID, e.ID, input)
		return err
	})
	h.ticketTypeSaved(c, err, &form, in, "console.type.created", h.text(c, "console.type.new"))
}

func (h *Handler) ticketTypeSaved(c *gin.Context, err error, form *formReader, in ticketTypeForm, message, title string) {
	if err == nil {
		h.saved(c, form, eventPath(access.Event(c))+"/tickets", h.text(c, message))
		return
	}
	if shown, status, ok := h.refused(c, err); ok {
		h.ticketType(c, status, in, shown, title)
	}
}

func (h *Handler) ticketTypeOf(c *gin.Context) (*ticketing.TicketType, bool) {
	e := access.Event(c)
	types, err := h.Ticketing.TicketTypes(c.Request.Context(), e.CommunityID, e.ID)
	return here(h, c, types, err, func(t *ticketing.TicketType) bool { return string(t.ID) == c.Param("type") })
}

// EventTicketType is GET /console/events/{event}/tickets/types/{type}.
func (h *Handler) EventTicketType(c *gin.Context) {
	if t, ok := h.ticketTypeOf(c); ok {
		h.ticketType(c, http.StatusOK, newTicketTypeForm(t, access.Event(c), h.point(c)), nil, t.Name)
	}
}

// SaveTicketType is POST /console/events/{event}/tickets/types/{type}.
func (h *Handler) SaveTicketType(c *gin.Context) {
	t, ok := h.ticketTypeOf(c)
	if !ok {
		return
	}
	e := access.Event(c)
	var in ticketTypeForm
	form := formReader{zone: e.Location(), point: h.point(c)}
	input := in.input(c, e, &form)
	if isRedrawn(c) {
		h.ticketType(c, http.StatusOK, in, nil, t.Name)
		return
	}
	err := form.then(func() error { return input.Check(e, h.Ticketing.Provider.Most(e.Currency), h.Now()) }, func() error {
		_, err := h.Ticketing.UpdateTicketType(c.Request.Context(), e.CommunityID, t.ID, in.Version, input)
		return err
	})
	h.ticketTypeSaved(c, err, &form, in, "console.saved", t.Name)
}
