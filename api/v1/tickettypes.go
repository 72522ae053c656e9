package v1

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

var ticketTypeOperations = operations{
	"POST /events/{event}/pools": {Summary: "Add a pool of places", In: poolRequest{}, Out: poolResponse{}, Status: 201, Version: true},
	"GET /events/{event}/pools":  {Summary: "The pools, with what is taken", Out: respond.Page[poolResponse]{}, Query: window},
	"PATCH /pools/{id}": {Summary: "Change a pool's name and capacity", Text: "What is not sent stays. A capacity below what is taken is refused; nobody is canceled by a number.",
		In: poolPatch{}, Out: poolResponse{}, Version: true, Errors: []int{409}},
	"POST /events/{event}/ticket-types": {Summary: "Add a ticket type", Text: "A ticket is sold only if every pool that its type draws on has room. Price windows follow each other in their order, " +
		"each until its instant or its number of tickets, whichever is first; then the price holds. A window that is sent with its id goes on counting; one without is new, and is refused when it would never sell: it is over, ends before the sale begins, or those before it hold as long.",
		In: ticketTypeRequest{}, Out: ticketTypeResponse{}, Status: 201, Version: true},
	"GET /events/{event}/ticket-types": {Summary: "The ticket types", Text: "Without a token: those that are visible to everybody. What is left of each stands in its availability.", Out: respond.Page[ticketTypeResponse]{}, Query: window},
	"PUT /ticket-types/{id}": {Summary: "Replace what is said about a ticket type", Text: "What was sold stays as it was sold. While vouchers or offers of the waitlist hold places of it, its pools stay (409 places_reserved).",
		In: ticketTypeRequest{}, Out: ticketTypeResponse{}, Version: true, Errors: []int{409}},
}

type poolRequest struct {
	Name     string `json:"name" required:"true"`
	Capacity int64  `json:"capacity" required:"true"`
}

type poolPatch struct {
	Name     *string `json:"name"`
	Capacity *int64  `json:"capacity"`
}

type poolResponse struct {
	ID        turnout.ID `json:"id"`
	EventID   turnout.ID `json:"event_id"`
	Name      string     `json:"name"`
	Capacity  int64      `json:"capacity"`
	Taken     int64      `json:"taken" doc:"held and sold"`
	Available int64      `json:"available"`
	Version   int64      `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func newPoolResponse(p *ticketing.Pool) poolResponse {
	return poolResponse{p.ID, p.EventID, p.Name, p.Capacity, p.Taken, p.Available(), p.Version, p.CreatedAt.UTC(), p.UpdatedAt.UTC()}
}

// CreatePool is POST /events/{event}/pools.
func (h *Handler) CreatePool(c *gin.Context) {
	var in poolRequest
	if !respond.Bind(c, &in) {
		return
	}
	pool, err := h.Ticketing.CreatePool(c.Request.Context(), access.Community(c), access.Event(c).ID, ticketing.PoolInput(in))
	h.answerPool(c, http.StatusCreated, pool, err)
}

// ListPools is GET /events/{event}/pools.
func (h *Handler) ListPools(c *gin.Context) {
	pools, err := h.Ticketing.Pools(c.Request.Context(), access.Community(c), access.Event(c).ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, pools, func(p *ticketing.Pool) turnout.ID { return p.ID }, newPoolResponse)
}

// UpdatePool is PATCH /pools/{id}.
func (h *Handler) UpdatePool(c *gin.Context) {
	var in poolPatch
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	ctx := c.Request.Context()
	pool, err := h.Ticketing.Pool(ctx, access.Community(c), turnout.ID(c.Param("id")))
	if err == nil {
		change := ticketing.PoolInput{Name: pool.Name, Capacity: pool.Capacity}
		set(&change.Name, in.Name)
		set(&change.Capacity, in.Capacity)
		// What is not sent is as it was read.
		pool, err = h.Ticketing.UpdatePool(ctx, pool.CommunityID, pool.ID, cmp.Or(version, pool.Version), change)
	}
	h.answerPool(c, http.StatusOK, pool, err)
}

func (h *Handler) answerPool(c *gin.Context, status int, pool *ticketing.Pool, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, pool.Version)
	respond.JSON(c, status, newPoolResponse(pool))
}

type ticketTypeRequest struct {
	Name             string               `json:"name" required:"true"`
	Description      string               `json:"description" text:"long,max=5000"`
	Price            turnout.Money        `json:"price" required:"true" doc:"in the event's currency; what is suggested when open"`
	Pricing          ticketing.Pricing    `json:"pricing" enum:"fixed,open" doc:"fixed when absent; open: the buyer names the price"`
	MinPrice         turnout.Money        `json:"min_price" doc:"of an open price; none when absent"`
	PriceWindows     []priceWindowBody    `json:"price_windows" doc:"prices before it, at most 10"`
	AttendanceMode   ticketing.Mode       `json:"attendance_mode" required:"true" enum:"in_person,virtual"`
	PoolIDs          []turnout.ID         `json:"pool_ids" required:"true"`
	SalesStart       time.Time            `json:"sales_start" doc:"at once when absent"`
	SalesEnd         time.Time            `json:"sales_end" doc:"when the event ends, if absent"`
	MinPerOrder      int64                `json:"min_per_order" doc:"1 when absent"`
	MaxPerOrder      int64                `json:"max_per_order" doc:"10 when absent, or what the smallest order has"`
	MultipleOf       int64                `json:"multiple_of" doc:"sold only in multiples of it; 1 when absent"`
	MembersOnly      bool                 `json:"members_only" doc:"only for people of the community, who prove their address by a link"`
	EmailDomains     []string             `json:"email_domains" doc:"only for addresses of these; everybody's when empty"`
	Visibility       ticketing.Visibility `json:"visibility" enum:"public,hidden,voucher" doc:"public when absent"`
	RequiresApproval bool                 `json:"requires_approval"`
}

// priceWindowBody is a price window as it is sent; null ends stand for none.
type priceWindowBody struct {
	ID    turnout.ID    `json:"id" doc:"of a window of this ticket type, which keeps what was sold at it under any name; absent: a new window"`
	Name  string        `json:"name" required:"true" text:"name,max=100"`
	Price turnout.Money `json:"price" required:"true"`
	Until *time.Time    `json:"until" doc:"no date ends it when null"`
	UpTo  *int64        `json:"up_to" doc:"for how many tickets; no number ends it when null"`
}

func (in ticketTypeRequest) input() (ticketing.TicketTypeInput, error) {
	out := ticketing.TicketTypeInput{
		Name: in.Name, Description: in.Description, Price: in.Price, Pricing: in.Pricing, MinPrice: in.MinPrice, AttendanceMode: in.AttendanceMode, PoolIDs: in.PoolIDs,
		SalesStart: in.SalesStart, SalesEnd: in.SalesEnd, MinPerOrder: in.MinPerOrder, MaxPerOrder: in.MaxPerOrder, MultipleOf: in.MultipleOf,
		MembersOnly: in.MembersOnly, EmailDomains: in.EmailDomains, Visibility: in.Visibility, RequiresApproval: in.RequiresApproval,
	}
	var probs turnout.Problems
	for i, w := range in.PriceWindows {
		if w.Price.Currency != in.Price.Currency {
			probs.Add(fmt.Sprintf("price_windows[%d].price", i), "currency", "All prices of a ticket type are in one currency.")
		}
		out.PriceWindows = append(out.PriceWindows, ticketing.PriceWindow{ID: w.ID, Name: w.Name, Price: w.Price.Amount, Until: orZero(w.Until), UpTo: orZero(w.UpTo)})
	}
	return out, probs.Err()
}

type ticketTypeResponse struct {
	ID               turnout.ID           `json:"id"`
	EventID          turnout.ID           `json:"event_id"`
	Name             string               `json:"name"`
	Description      string               `json:"description"`
	Price            turnout.Money        `json:"price" doc:"what is suggested when open"`
	Pricing          ticketing.Pricing    `json:"pricing" enum:"fixed,open"`
	MinPrice         turnout.Money        `json:"min_price" doc:"of an open price"`
	PriceWindows     []priceWindowBody    `json:"price_windows"`
	AttendanceMode   ticketing.Mode       `json:"attendance_mode" enum:"in_person,virtual"`
	PoolIDs          []turnout.ID         `json:"pool_ids"`
	SalesStart       *time.Time           `json:"sales_start"`
	SalesEnd         *time.Time           `json:"sales_end"`
	MinPerOrder      int64                `json:"min_per_order"`
	MaxPerOrder      int64                `json:"max_per_order"`
	MultipleOf       int64                `json:"multiple_of"`
	MembersOnly      bool                 `json:"members_only"`
	EmailDomains     []string             `json:"email_domains"`
	Visibility       ticketing.Visibility `json:"visibility" enum:"public,hidden,voucher"`
	RequiresApproval bool                 `json:"requires_approval"`
	Version          int64                `json:"version"`
	CreatedAt        time.Time            `json:"created_at"`
	UpdatedAt        time.Time            `json:"updated_at"`
}

func newTicketTypeResponse(t *ticketing.TicketType, currency string) ticketTypeResponse {
	money := moneyIn(currency)
	out := ticketTypeResponse{
		ID: t.ID, EventID: t.EventID, Name: t.Name, Description: t.Description, Price: money(t.Price), Pricing: t.Pricing, MinPrice: money(t.MinPrice),
		PriceWindows: make([]priceWindowBody, len(t.PriceWindows)), AttendanceMode: t.AttendanceMode, PoolIDs: t.PoolIDs, SalesStart: moment(t.SalesStart), SalesEnd: moment(t.SalesEnd),
		MinPerOrder: t.MinPerOrder, MaxPerOrder: t.MaxPerOrder, MultipleOf: t.MultipleOf, MembersOnly: t.MembersOnly, EmailDomains: append([]string{}, t.EmailDomains...),
		Visibility: t.Visibility, RequiresApproval: t.RequiresApproval, Version: t.Version, CreatedAt: t.CreatedAt.UTC(), UpdatedAt: t.UpdatedAt.UTC(),
	}
	for i, w := range t.PriceWindows {
		out.PriceWindows[i] = priceWindowBody{ID: w.ID, Name: w.Name, Price: money(w.Price), Until: moment(w.Until), UpTo: orNull(w.UpTo)}
	}
	return out
}

// CreateTicketType is POST /events/{event}/ticket-types.
func (h *Handler) CreateTicketType(c *gin.Context) {
	var in ticketTypeRequest
	if !respond.Bind(c, &in) {
		return
	}
	input, err := in.input()
	var made *ticketing.TicketType
	if err == nil {
		made, err = h.Ticketing.CreateTicketType(c.Request.Context(), access.Community(c), access.Event(c).ID, input)
	}
	h.answerTicketType(c, http.StatusCreated, made, in.Price.Currency, err)
}

// UpdateTicketType is PUT /ticket-types/{id}.
func (h *Handler) UpdateTicketType(c *gin.Context) {
	var in ticketTypeRequest
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	input, err := in.input()
	var changed *ticketing.TicketType
	if err == nil {
		changed, err = h.Ticketing.UpdateTicketType(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version, input)
	}
	h.answerTicketType(c, http.StatusOK, changed, in.Price.Currency, err)
}

// ListTicketTypes is GET /events/{event}/ticket-types. Strangers see what everybody can buy.
func (h *Handler) ListTicketTypes(c *gin.Context) {
	event := access.Event(c)
	types, err := h.Ticketing.TicketTypes(c.Request.Context(), event.CommunityID, event.ID)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	if !access.Who(c).May("tickets:read", event.CommunityID, event) {
		types = slices.DeleteFunc(types, func(t *ticketing.TicketType) bool { return t.Visibility != ticketing.Public })
	}
	answerAll(c, types, func(t *ticketing.TicketType) turnout.ID { return t.ID },
		func(t *ticketing.TicketType) ticketTypeResponse { return newTicketTypeResponse(t, event.Currency) })
}

// answerTicketType takes the currency from the request: the service has compared it with the event's.
func (h *Handler) answerTicketType(c *gin.Context, status int, t *ticketing.TicketType, currency string, err error) {
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, t.Version)
	respond.JSON(c, status, newTicketTypeResponse(t, currency))
}
