package v1

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/events"
	"turnout/ticketing"
)

var voucherOperations = operations{
	"POST /events/{event}/vouchers": {Summary: "Make a voucher", In: voucherRequest{}, Out: voucherResponse{}, Status: 201, Key: true, Errors: []int{409}, Version: true,
		Text:    "One that reserves takes its places at once (409 sold_out when they are gone).",
		Example: map[string]any{"code": "SPEAKER", "kind": "percent", "value": 100, "max_uses": 20, "ticket_type_ids": []any{"typ_…"}}},
	"POST /events/{event}/vouchers/batch": {Summary: "Make many vouchers of one kind", In: voucherBatchRequest{}, Out: voucherBatchResponse{}, Status: 201, Key: true, Errors: []int{409},
		Text: "Each has a code of its own, which nobody guesses, behind the prefix. All are made or none."},
	"GET /events/{event}/vouchers": {Summary: "List vouchers, the newest first", Out: respond.Page[voucherResponse]{}, Query: append([]parameter{
		{Name: "search", Text: "Words that begin those of code, batch or note."}, {Name: "batch", Text: "Only of this batch."},
		{Name: "state", Text: "Only in this state.", Enum: []string{"active", "scheduled", "used_up", "ended"}}}, window...)},
	"GET /vouchers/{id}": {Summary: "A voucher", Out: voucherResponse{}, Version: true},
	"PATCH /vouchers/{id}": {Summary: "Change a voucher for the orders to come", In: voucherPatch{}, Out: voucherResponse{}, Version: true, Errors: []int{409},
		Text: "What is not sent stays. What a voucher reserves stays as it is; how many places can be changed."},
	"POST /vouchers/{id}/end":    {Summary: "End a voucher", Text: "Places that it reserves are given back; what was sold with it stays.", Out: voucherResponse{}, Version: true},
	"POST /vouchers/{id}/reopen": {Summary: "Let an ended voucher be used again", Out: voucherResponse{}, Version: true, Errors: []int{409}},
}

type voucherRequest struct {
	Code          string                `json:"code" required:"true" doc:"case and spaces do not count"`
	Kind          ticketing.VoucherKind `json:"kind" required:"true" enum:"percent,amount,fixed_price,access,reserve"`
	Value         int64                 `json:"value" doc:"percent off each ticket, or minor units of the event's currency: off each ticket (amount), what each costs (fixed_price)"`
	Reserves      bool                  `json:"reserves" doc:"its unused uses hold places of its one ticket type; always so for reserve"`
	MaxUses       *int64                `json:"max_uses" doc:"tickets; any number when absent"`
	Budget        *int64                `json:"budget" doc:"minor units that its discounts may add up to; any sum when absent"`
	TicketTypeIDs []turnout.ID          `json:"ticket_type_ids" doc:"all when empty; those sold with a voucher only are opened by kind access and by being named"`
	Email         string                `json:"email" doc:"the only buyer, or @ and a domain; everybody when absent"`
	Note          string                `json:"note" text:"name,max=200"`
	ValidFrom     time.Time             `json:"valid_from"`
	ValidUntil    time.Time             `json:"valid_until"`
}

func (in *voucherRequest) input() ticketing.VoucherInput { return ticketing.VoucherInput(*in) }

type voucherBatchRequest struct {
	Batch         string                `json:"batch" required:"true" doc:"a name for all of them"`
	Prefix        string                `json:"prefix" doc:"of the codes"`
	Count         int64                 `json:"count" required:"true" doc:"at most 5,000"`
	Kind          ticketing.VoucherKind `json:"kind" required:"true" enum:"percent,amount,fixed_price,access,reserve"`
	Value         int64                 `json:"value" doc:"percent off each ticket, or minor units of the event's currency: off each ticket (amount), what each costs (fixed_price)"`
	Reserves      bool                  `json:"reserves" doc:"its unused uses hold places of its one ticket type; always so for reserve"`
	MaxUses       *int64                `json:"max_uses" doc:"tickets; any number when absent"`
	Budget        *int64                `json:"budget" doc:"minor units that its discounts may add up to; any sum when absent"`
	TicketTypeIDs []turnout.ID          `json:"ticket_type_ids" doc:"all when empty; those sold with a voucher only are opened by kind access and by being named"`
	Email         string                `json:"email" doc:"the only buyer, or @ and a domain; everybody when absent"`
	Note          string                `json:"note" text:"name,max=200"`
	ValidFrom     time.Time             `json:"valid_from"`
	ValidUntil    time.Time             `json:"valid_until"`
}

func (in *voucherBatchRequest) input() ticketing.VoucherInput {
	return ticketing.VoucherInput{Kind: in.Kind, Value: in.Value, Reserves: in.Reserves, MaxUses: in.MaxUses, Budget: in.Budget, TicketTypeIDs: in.TicketTypeIDs,
		Email: in.Email, Note: in.Note, ValidFrom: in.ValidFrom, ValidUntil: in.ValidUntil}
}

type voucherPatch struct {
	Code          *string                `json:"code"`
	Kind          *ticketing.VoucherKind `json:"kind" enum:"percent,amount,fixed_price,access,reserve"`
	Value         *int64                 `json:"value"`
	MaxUses       *int64                 `json:"max_uses"`
	Budget        *int64                 `json:"budget"`
	TicketTypeIDs *[]turnout.ID          `json:"ticket_type_ids"`
	Email         *string                `json:"email"`
	Note          *string                `json:"note" text:"name,max=200"`
	ValidFrom     *time.Time             `json:"valid_from"`
	ValidUntil    *time.Time             `json:"valid_until"`
	Drop          []string               `json:"drop" doc:"limits to take away: max_uses, budget, valid_from, valid_until"`
}

// apply changes what was sent.
func (in *voucherPatch) apply(v *ticketing.VoucherInput) error {
	set(&v.Code, in.Code)
	set(&v.Kind, in.Kind)
	set(&v.Value, in.Value)
	set(&v.TicketTypeIDs, in.TicketTypeIDs)
	set(&v.Email, in.Email)
	set(&v.Note, in.Note)
	set(&v.ValidFrom, in.ValidFrom)
	set(&v.ValidUntil, in.ValidUntil)
	if in.MaxUses != nil {
		v.MaxUses = in.MaxUses
	}
	if in.Budget != nil {
		v.Budget = in.Budget
	}
	for _, name := range in.Drop {
		switch name {
		case "max_uses":
			v.MaxUses = nil
		case "budget":
			v.Budget = nil
		case "valid_from":
			v.ValidFrom = time.Time{}
		case "valid_until":
			v.ValidUntil = time.Time{}
		default:
			return turnout.Invalidf("drop", "unknown", "Only max_uses, budget, valid_from and valid_until can be taken away.")
		}
	}
	return nil
}

type voucherResponse struct {
	ID            turnout.ID             `json:"id"`
	EventID       turnout.ID             `json:"event_id"`
	Code          string                 `json:"code"`
	Kind          ticketing.VoucherKind  `json:"kind" enum:"percent,amount,fixed_price,access,reserve"`
	Value         int64                  `json:"value" doc:"percent, or minor units"`
	Reserves      bool                   `json:"reserves"`
	State         ticketing.VoucherState `json:"state" enum:"active,scheduled,used_up,ended"`
	MaxUses       *int64                 `json:"max_uses" doc:"tickets; null: any number"`
	Uses          int64                  `json:"uses" doc:"tickets of orders that hold places by it"`
	Budget        *int64                 `json:"budget" doc:"minor units; null: any sum"`
	Spent         int64                  `json:"spent" doc:"minor units: the discounts of those orders"`
	Currency      string                 `json:"currency" doc:"of all amounts"`
	TicketTypeIDs []turnout.ID           `json:"ticket_type_ids" doc:"empty: all"`
	Email         string                 `json:"email"`
	Batch         string                 `json:"batch"`
	Note          string                 `json:"note"`
	ValidFrom     *time.Time             `json:"valid_from"`
	ValidUntil    *time.Time             `json:"valid_until"`
	Ended         bool                   `json:"ended" doc:"by the organiser, or because its time is over and its places went back"`
	URL           string                 `json:"url" doc:"the checkout with the code filled in"`
	Version       int64                  `json:"version"`
	CreatedAt     time.Time              `json:"created_at"`
	UpdatedAt     time.Time              `json:"updated_at"`
}

func (h *Handler) newVoucherResponse(v *ticketing.Voucher, e *events.Event) voucherResponse {
	return voucherResponse{
		ID: v.ID, EventID: v.EventID, Code: v.Code, Kind: v.Kind, Value: v.Value, Reserves: v.Reserves, State: v.StateAt(h.Now()), MaxUses: v.MaxUses, Uses: v.Uses,
		Budget: v.Budget, Spent: v.Spent, Currency: e.Currency, TicketTypeIDs: append([]turnout.ID{}, v.TicketTypeIDs...), Email: v.Email, Batch: v.Batch, Note: v.Note,
		ValidFrom: moment(v.ValidFrom), ValidUntil: moment(v.ValidUntil), Ended: v.Ended, URL: h.Ticketing.VoucherLink(e, v), Version: v.Version,
		CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

type voucherBatchResponse struct {
	Batch string            `json:"batch"`
	Items []voucherResponse `json:"items"`
}

// CreateVoucher is POST /events/{event}/vouchers.
func (h *Handler) CreateVoucher(c *gin.Context) {
	var in voucherRequest
	if !respond.Bind(c, &in) {
		return
	}
	e := access.Event(c)
	v, err := once(h, c, in, func(ctx context.Context) (*ticketing.Voucher, error) {
		return h.Ticketing.CreateVoucher(ctx, e.CommunityID, e.ID, in.input())
	}, func(ctx context.Context, id turnout.ID) (*ticketing.Voucher, error) {
		return h.Ticketing.Voucher(ctx, e.CommunityID, id)
	})
	h.answerVoucher(c, http.StatusCreated, v, e, err)
}

// CreateVouchers is POST /events/{event}/vouchers/batch.
func (h *Handler) CreateVouchers(c *gin.Context) {
	var in voucherBatchRequest
	if !respond.Bind(c, &in) {
		return
	}
	e := access.Event(c)
	made, err := once(h, c, in, func(ctx context.Context) ([]*ticketing.Voucher, error) {
		return h.Ticketing.CreateVouchers(ctx, e.CommunityID, e.ID, in.Batch, in.Prefix, in.Count, in.input())
	}, func(ctx context.Context, first turnout.ID) ([]*ticketing.Voucher, error) {
		return h.batchOf(ctx, e, first)
	})
	if err != nil {
		respond.Fail(c, err)
		return
	}
	out := voucherBatchResponse{Batch: made[0].Batch, Items: make([]voucherResponse, len(made))}
	for i, v := range made {
		out.Items[i] = h.newVoucherResponse(v, e)
	}
	respond.JSON(c, http.StatusCreated, out)
}

// batchOf gives the vouchers that were made together with one, as they were made: another batch can bear the same name.
func (h *Handler) batchOf(ctx context.Context, e *events.Event, first turnout.ID) ([]*ticketing.Voucher, error) {
	v, err := h.Ticketing.Voucher(ctx, e.CommunityID, first)
	if err != nil {
		return nil, err
	}
	all, err := h.Ticketing.Vouchers(ctx, e.CommunityID, e.ID, ticketing.VoucherFilter{Batch: v.Batch})
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(o *ticketing.Voucher) bool { return !o.CreatedAt.Equal(v.CreatedAt) }), err
}

// ListVouchers is GET /events/{event}/vouchers.
func (h *Handler) ListVouchers(c *gin.Context) {
	window, ok := respond.BindWindow(c)
	if !ok {
		return
	}
	e := access.Event(c)
	filter, err := ticketing.ReadVoucherFilter(c.Query)
	filter.Before, filter.Limit = turnout.ID(window.Cursor), window.Limit+1
	var list []*ticketing.Voucher
	if err == nil {
		list, err = h.Ticketing.Vouchers(c.Request.Context(), e.CommunityID, e.ID, filter)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	list, next := cut(list, window.Limit, func(v *ticketing.Voucher) turnout.ID { return v.ID })
	items := make([]voucherResponse, len(list))
	for i, v := range list {
		items[i] = h.newVoucherResponse(v, e)
	}
	respond.List(c, items, next)
}

// voucher gives the voucher in the path with its event. It answers the request itself and gives false when there is none.
func (h *Handler) voucher(c *gin.Context) (v *ticketing.Voucher, e *events.Event, ok bool) {
	ctx := c.Request.Context()
	v, err := h.Ticketing.Voucher(ctx, access.Community(c), turnout.ID(c.Param("id")))
	if err == nil {
		e, err = events.Find(ctx, h.DB.Read(), v.CommunityID, string(v.EventID))
	}
	if err != nil {
		respond.Fail(c, err)
	}
	return v, e, err == nil
}

// GetVoucher is GET /vouchers/{id}.
func (h *Handler) GetVoucher(c *gin.Context) {
	if v, e, ok := h.voucher(c); ok {
		h.answerVoucher(c, http.StatusOK, v, e, nil)
	}
}

// UpdateVoucher is PATCH /vouchers/{id}.
func (h *Handler) UpdateVoucher(c *gin.Context) {
	var in voucherPatch
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	v, e, ok := h.voucher(c)
	if !ok {
		return
	}
	input := ticketing.VoucherInput{Code: v.Code, Kind: v.Kind, Value: v.Value, Reserves: v.Reserves, MaxUses: v.MaxUses, Budget: v.Budget, Email: v.Email, Note: v.Note,
		ValidFrom: v.ValidFrom, ValidUntil: v.ValidUntil, TicketTypeIDs: slices.Clone(v.TicketTypeIDs)}
	err := in.apply(&input)
	if err == nil {
		if version == 0 {
			version = v.Version // what is not sent is as it was read
		}
		v, err = h.Ticketing.UpdateVoucher(c.Request.Context(), v.CommunityID, v.ID, version, input)
	}
	h.answerVoucher(c, http.StatusOK, v, e, err)
}

// EndVoucher is POST /vouchers/{id}/end.
func (h *Handler) EndVoucher(c *gin.Context) { h.endVoucher(c, true) }

// ReopenVoucher is POST /vouchers/{id}/reopen.
func (h *Handler) ReopenVoucher(c *gin.Context) { h.endVoucher(c, false) }

func (h *Handler) endVoucher(c *gin.Context, ended bool) {
	version, ok := respond.IfMatch(c)
	if !ok {
		return
	}
	v, e, ok := h.voucher(c)
	if !ok {
		return
	}
	v, err := h.Ticketing.EndVoucher(c.Request.Context(), v.CommunityID, v.ID, version, ended)
	h.answerVoucher(c, http.StatusOK, v, e, err)
}

func (h *Handler) answerVoucher(c *gin.Context, status int, v *ticketing.Voucher, e *events.Event, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, v.Version)
	respond.JSON(c, status, h.newVoucherResponse(v, e))
}
