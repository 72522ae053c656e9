package pages

import (
	"strings"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/events"
	"turnout/templates"
	"turnout/ticketing"
)

type voucherForm struct {
	Code       string   `form:"code" text:"name,max=200"`
	Batch      string   `form:"batch" text:"name,max=200"`
	Prefix     string   `form:"prefix" text:"name,max=100"`
	Count      string   `form:"count" text:"name,max=40"`
	Kind       string   `form:"kind" text:"name,max=20"`
	Value      string   `form:"value" text:"name,max=30"`
	Reserves   bool     `form:"reserves"`
	MaxUses    string   `form:"max_uses" text:"name,max=12"`
	Budget     string   `form:"budget" text:"name,max=30"`
	Types      []string `form:"ticket_type_ids" text:"name,max=60"`
	Email      string   `form:"email" text:"name,max=254"`
	ValidFrom  string   `form:"valid_from" text:"name,max=40"`
	ValidUntil string   `form:"valid_until" text:"name,max=40"`
	Note       string   `form:"note" text:"name,max=300"`
	Version    int64    `form:"version"`
}

func newVoucherForm(v *ticketing.Voucher, e *events.Event, point string) voucherForm {
	in := voucherForm{Code: v.Code, Batch: v.Batch, Kind: string(v.Kind), Reserves: v.Reserves, MaxUses: whole(v.MaxUses), Email: v.Email, Note: v.Note, Version: v.Version,
		ValidFrom: wallClock(v.ValidFrom, e.Location()), ValidUntil: wallClock(v.ValidUntil, e.Location())}
	switch v.Kind {
	case ticketing.Percent:
		in.Value = whole(&v.Value)
	case ticketing.AmountOff, ticketing.FixedTo:
		in.Value = decimal(v.Value, e.Currency, point)
	}
	if v.Budget != nil {
		in.Budget = decimal(*v.Budget, e.Currency, point)
	}
	for _, id := range v.TicketTypeIDs {
		in.Types = append(in.Types, string(id))
	}
	return in
}

func (in *voucherForm) input(c *gin.Context, e *events.Event, f *formReader) ticketing.VoucherInput {
	f.read(c, in)
	out := ticketing.VoucherInput{Code: in.Code, Kind: ticketing.VoucherKind(in.Kind), Reserves: in.Reserves, MaxUses: f.number("max_uses", in.MaxUses), Email: in.Email, Note: in.Note,
		ValidFrom: f.clock("valid_from", in.ValidFrom), ValidUntil: f.clock("valid_until", in.ValidUntil)}
	switch {
	case out.Kind == ticketing.Percent:
		if n := f.number("value", strings.TrimSpace(strings.TrimSuffix(in.Value, "%"))); n != nil {
			out.Value = *n
		}
	case out.Kind == ticketing.AmountOff, out.Kind == ticketing.FixedTo:
		if in.Value == "" {
			f.Add("value", "required", "This is needed.")
		}
		out.Value = f.money("value", in.Value, e.Currency).Amount
	case in.Value != "":
		f.Add("value", "none", "This kind changes no price.")
	}
	if in.Budget != "" {
		budget := f.money("budget", in.Budget, e.Currency).Amount
		out.Budget = &budget
	}
	for _, id := range in.Types {
		out.TicketTypeIDs = append(out.TicketTypeIDs, turnout.ID(id))
	}
	return out
}

// many says whether the form makes many vouchers.
func many(c *gin.Context) bool { return strings.HasSuffix(c.Request.URL.Path, "/batch") }

func (h *Handler) voucherForm(c *gin.Context, status int, form voucherForm, of *ticketing.Voucher, shown templates.Errors) {
	e, ctx := access.Event(c), c.Request.Context()
	title := h.text(c, "console.voucher.new")
	switch {
	case of != nil:
		title = of.Code
	case many(c):
		title = h.text(c, "console.voucher.new_many")
	}
	chrome, ok := h.eventConsole(c, title, "nav.vouchers")
	if !ok {
		return
	}
	back := vouchersPath(e)
	chrome.Crumbs = append(chrome.Crumbs, templates.Link{Text: h.text(c, "nav.vouchers"), URL: back})
	data := voucherFormPage{Chrome: chrome, Errors: shown, Event: e, Form: form, BackURL: back, Many: many(c), CanWrite: may(c, "tickets:write"), CanSeeSales: may(c, "orders:read")}
	for _, kind := range []ticketing.VoucherKind{ticketing.Percent, ticketing.AmountOff, ticketing.FixedTo, ticketing.AccessVoucher, ticketing.ReservedVoucher} {
		data.Kinds = append(data.Kinds, templates.Option{Value: string(kind), Text: h.text(c, "console.voucher.kind_"+string(kind)), Note: h.text(c, "console.voucher.note_"+string(kind))})
	}
	var err error
	if data.Types, err = h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID); err != nil {
		h.Fail(c, err)
		return
	}
	switch {
	case of != nil:
		row := h.voucherRow(c, of, data.Types)
		data.Row, data.AllOrders = &row, eventPath(e)+"/orders?voucher_id="+string(of.ID)
		if data.CanSeeSales {
			orders, err := h.Ticketing.OrderRows(ctx, e, ticketing.OrderFilter{Voucher: of.ID, Limit: voucherOrders})
			if err != nil {
				h.Fail(c, err)
				return
			}
			for _, o := range orders {
				data.Orders = append(data.Orders, h.orderRow(e, o))
			}
		}
	case data.Many:
		data.OtherURL = back + "/new"
	default:
		data.OtherURL = back + "/batch"
	}
	h.Render(c, status, "console_voucher", data)
}

// voucherOrders is how many orders a voucher's page shows.
const voucherOrders = 10

// CreateVoucher is POST /console/events/{event}/vouchers/new.
func (h *Handler) CreateVoucher(c *gin.Context) {
	e := access.Event(c)
	var in voucherForm
	form := formReader{zone: e.Location(), point: h.point(c)}
	input := in.input(c, e, &form)
	var made *ticketing.Voucher
	err := form.then(input.Check, func() (err error) {
		made, err = h.Ticketing.CreateVoucher(c.Request.Context(), e.CommunityID, e.ID, input)
		return err
	})
	if err == nil {
		h.saved(c, &form, vouchersPath(e)+"/"+string(made.ID), h.text(c, "console.voucher.created", "Code", made.Code))
		return
	}
	h.voucherRefused(c, err, in, nil)
}

// CreateVouchers is POST /console/events/{event}/vouchers/batch.
func (h *Handler) CreateVouchers(c *gin.Context) {
	e := access.Event(c)
	var in voucherForm
	form := formReader{zone: e.Location(), point: h.point(c)}
	input := in.input(c, e, &form)
	count := form.number("count", in.Count)
	if count == nil {
		count = new(int64)
	}
	err := form.then(nil, func() error {
		_, err := h.Ticketing.CreateVouchers(c.Request.Context(), e.CommunityID, e.ID, in.Batch, in.Prefix, *count, input)
		return err
	})
	if err == nil {
		to := vouchersPath(e) + "?" + written(map[string]string{"batch": strings.TrimSpace(in.Batch)})
		h.saved(c, &form, to, h.text(c, "console.voucher.created_many", "Count", *count))
		return
	}
	h.voucherRefused(c, err, in, nil)
}

// SaveVoucher is POST /console/events/{event}/vouchers/{voucher}.
func (h *Handler) SaveVoucher(c *gin.Context) {
	v, ok := h.voucherOf(c)
	if !ok {
		return
	}
	e := access.Event(c)
	var in voucherForm
	form := formReader{zone: e.Location(), point: h.point(c)}
	input := in.input(c, e, &form)
	err := form.then(input.Check, func() error {
		_, err := h.Ticketing.UpdateVoucher(c.Request.Context(), e.CommunityID, v.ID, in.Version, input)
		return err
	})
	if err == nil {
		h.saved(c, &form, vouchersPath(e)+"/"+string(v.ID), h.text(c, "console.saved"))
		return
	}
	h.voucherRefused(c, err, in, v)
}

// voucherRefused shows the form again. A refusal about places or uses belongs to the number that asked for them.
func (h *Handler) voucherRefused(c *gin.Context, err error, in voucherForm, of *ticketing.Voucher) {
	shown, status, ok := h.refused(c, err)
	if !ok {
		return
	}
	for i := range shown {
		switch shown[i].Code {
		case ticketing.ErrUsesBelow.Code:
			shown[i].Name = "max_uses"
		case ticketing.ErrBudgetLow.Code:
			shown[i].Name = "budget"
		}
	}
	h.voucherForm(c, status, in, of, shown)
}
