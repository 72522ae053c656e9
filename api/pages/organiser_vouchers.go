package pages

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/internal/sheet"
	"turnout/templates"
	"turnout/ticketing"
)

func vouchersPath(e *events.Event) string { return eventPath(e) + "/vouchers" }

type voucherRow struct {
	*ticketing.Voucher
	URL, Link string
	State     ticketing.VoucherState // at this moment
	Does      string                 // in words
	Types     []string               // none: all
	MayUse    int64                  // 0 for any number
	Given     turnout.Money          // as discount
	MayGive   turnout.Money          // 0 for any sum
}

type vouchersPage struct {
	listPage
	Rows    []voucherRow
	Batches []templates.Option
	NewURL  string
	CSVURL  string
}

// everyBatch lists vouchers of all batches and of none. It is no batch's name: those are trimmed.
const everyBatch = " "

// voucherFilter reads what is asked for: single vouchers unless a batch or words are named, as a batch of a thousand would hide them.
func voucherFilter(c *gin.Context) (ticketing.VoucherFilter, error) {
	filter, err := ticketing.ReadVoucherFilter(c.Query)
	filter.Single = filter.Batch == "" && filter.Search == ""
	if filter.Batch == everyBatch {
		filter.Batch = ""
	}
	return filter, err
}

// EventVouchers is GET /console/events/{event}/vouchers: searched as one types, filtered by batch and state.
func (h *Handler) EventVouchers(c *gin.Context) {
	e, ctx := access.Event(c), c.Request.Context()
	common, ok := h.newList(c, "vouchers", c.Query, ticketing.VoucherFilters)
	if !ok {
		return
	}
	data := &vouchersPage{listPage: common, NewURL: vouchersPath(e) + "/new"}
	data.CanWrite = may(c, "tickets:write")
	data.CSVURL = vouchersPath(e) + ".csv?" + data.Query()
	states(h, c, &data.listPage, "state", "voucher", ticketing.VoucherStates...)
	if !data.Part || !data.Filtered() {
		batches, err := h.Ticketing.VoucherBatches(ctx, e.CommunityID, e.ID)
		if err != nil {
			h.Fail(c, err)
			return
		}
		if len(batches) > 0 {
			data.Batches = append([]templates.Option{{Text: h.text(c, "console.voucher.single")}, {Value: everyBatch, Text: h.text(c, "console.voucher.any_batch")}}, options(batches, func(b ticketing.VoucherBatch) templates.Option {
				return templates.Option{Value: b.Name, Text: h.text(c, "console.voucher.batch_of", "Name", b.Name, "Count", b.Count)}
			})...)
		}
	}
	filter, err := voucherFilter(c)
	filter.Before, filter.Limit = turnout.ID(c.Query("before")), rowsShown+1
	if err == nil {
		err = h.fillVouchers(c, data, filter)
	}
	h.listed(c, "console_vouchers", &data.listPage, data, err)
}

func (h *Handler) fillVouchers(c *gin.Context, data *vouchersPage, filter ticketing.VoucherFilter) error {
	e, ctx := data.Event, c.Request.Context()
	list, err := h.Ticketing.Vouchers(ctx, e.CommunityID, e.ID, filter)
	if err != nil {
		return err
	}
	types, err := h.Ticketing.TicketTypes(ctx, e.CommunityID, e.ID)
	if err != nil {
		return err
	}
	if len(list) > rowsShown {
		list = list[:rowsShown]
		data.NextPageURL = data.next("before", list[rowsShown-1].ID)
	}
	for _, v := range list {
		data.Rows = append(data.Rows, h.voucherRow(c, v, types))
	}
	return nil
}

func (h *Handler) voucherRow(c *gin.Context, v *ticketing.Voucher, types []*ticketing.TicketType) voucherRow {
	e := access.Event(c)
	row := voucherRow{Voucher: v, URL: vouchersPath(e) + "/" + string(v.ID), Link: h.Ticketing.VoucherLink(e, v), State: v.StateAt(h.Now()), Does: h.voucherWords(c, v),
		Given: turnout.Money{Amount: v.Spent, Currency: e.Currency}, MayGive: turnout.Money{Currency: e.Currency}}
	if v.MaxUses != nil {
		row.MayUse = *v.MaxUses
	}
	if v.Budget != nil {
		row.MayGive.Amount = *v.Budget
	}
	for _, t := range types {
		for _, id := range v.TicketTypeIDs {
			if t.ID == id {
				row.Types = append(row.Types, t.Name)
			}
		}
	}
	return row
}

// voucherWords says what a voucher does.
func (h *Handler) voucherWords(c *gin.Context, v *ticketing.Voucher) string {
	value := turnout.Money{Amount: v.Value, Currency: access.Event(c).Currency}
	words := h.text(c, "console.voucher.does_"+string(v.Kind), "Value", v.Value, "Money", h.Templates.Money(h.Language(c), value))
	if v.Reserves && v.Kind != ticketing.ReservedVoucher {
		words += ", " + h.text(c, "console.voucher.and_reserves")
	}
	return words
}

// VouchersCSV is GET /console/events/{event}/vouchers.csv: the codes that the list shows, for handing them out.
func (h *Handler) VouchersCSV(c *gin.Context) {
	e := access.Event(c)
	filter, err := voucherFilter(c)
	if err != nil {
		h.Fail(c, err)
		return
	}
	titles := make([]string, 0, 9)
	for _, key := range []string{"code", "link", "does", "state", "uses", "max_uses", "valid_until", "batch", "note"} {
		titles = append(titles, h.text(c, "console.voucher.column_"+key))
	}
	name := "vouchers-" + e.Slug + "-" + h.Now().Format("2006-01-02") + ".csv"
	err = respond.Download(c, name, sheet.CSV.ContentType(), func(w io.Writer) error {
		out, err := sheet.New(w, sheet.CSV, titles)
		if err != nil {
			return err
		}
		err = h.Ticketing.EachVoucher(c.Request.Context(), e.CommunityID, e.ID, filter, func(v *ticketing.Voucher) error {
			most := sheet.Cell{}
			if v.MaxUses != nil {
				most = sheet.Number(*v.MaxUses)
			}
			until := sheet.Cell{}
			if !v.ValidUntil.IsZero() {
				until = sheet.Moment(v.ValidUntil.In(e.Location()))
			}
			return out.Row([]sheet.Cell{sheet.Text(v.Code), sheet.Text(h.Ticketing.VoucherLink(e, v)), sheet.Text(h.voucherWords(c, v)),
				sheet.Text(h.text(c, "status.voucher."+string(v.StateAt(h.Now())))), sheet.Number(v.Uses), most, until, sheet.Text(v.Batch), sheet.Text(v.Note)})
		})
		if err != nil {
			return err
		}
		return out.Close()
	})
	if err != nil {
		h.Fail(c, err)
	}
}

// voucherOf gives the voucher in the path, of the event in the path. It answers the request itself and gives false when there is none.
func (h *Handler) voucherOf(c *gin.Context) (*ticketing.Voucher, bool) {
	e := access.Event(c)
	v, err := h.Ticketing.Voucher(c.Request.Context(), e.CommunityID, turnout.ID(c.Param("voucher")))
	if err == nil && v.EventID != e.ID {
		err = turnout.ErrNotFound
	}
	if err != nil {
		h.Fail(c, err)
	}
	return v, err == nil
}

// EndVoucher is POST /console/events/{event}/vouchers/{voucher}/end. It can be taken back, so it does not ask.
func (h *Handler) EndVoucher(c *gin.Context) { h.endVoucher(c, true, "console.voucher.ended") }

// ReopenVoucher is POST /console/events/{event}/vouchers/{voucher}/reopen.
func (h *Handler) ReopenVoucher(c *gin.Context) { h.endVoucher(c, false, "console.voucher.reopened") }

func (h *Handler) endVoucher(c *gin.Context, ended bool, message string) {
	v, ok := h.voucherOf(c)
	if !ok {
		return
	}
	_, err := h.Ticketing.EndVoucher(c.Request.Context(), v.CommunityID, v.ID, 0, ended)
	h.done(c, err, vouchersPath(access.Event(c))+"/"+string(v.ID), h.text(c, message, "Code", v.Code))
}

// voucherFormPage is the data of the forms: one new voucher, many, or one that is there.
type voucherFormPage struct {
	templates.Chrome
	Errors      templates.Errors
	Event       *events.Event
	Form        voucherForm
	Kinds       []templates.Option
	Types       []*ticketing.TicketType
	BackURL     string
	OtherURL    string // the form for many, or for one; "" while editing
	Many        bool
	Row         *voucherRow // nil for a new one
	CanWrite    bool
	Orders      []orderRow
	AllOrders   string // the list of orders, narrowed to this voucher
	CanSeeSales bool
}

// IsFor reports whether a ticket type is ticked.
func (p voucherFormPage) IsFor(id turnout.ID) bool {
	for _, t := range p.Form.Types {
		if t == string(id) {
			return true
		}
	}
	return false
}

// NewVoucher is GET /console/events/{event}/vouchers/new.
func (h *Handler) NewVoucher(c *gin.Context) {
	h.voucherForm(c, http.StatusOK, voucherForm{Kind: string(ticketing.Percent)}, nil, nil)
}

// NewVouchers is GET /console/events/{event}/vouchers/batch.
func (h *Handler) NewVouchers(c *gin.Context) {
	h.voucherForm(c, http.StatusOK, voucherForm{Kind: string(ticketing.Percent), MaxUses: "1", Count: "100"}, nil, nil)
}

// EventVoucher is GET /console/events/{event}/vouchers/{voucher}.
func (h *Handler) EventVoucher(c *gin.Context) {
	if v, ok := h.voucherOf(c); ok {
		h.voucherForm(c, http.StatusOK, newVoucherForm(v, access.Event(c), h.point(c)), v, nil)
	}
}
