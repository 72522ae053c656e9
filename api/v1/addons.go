package v1

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

var addOnOperations = operations{
	"POST /events/{event}/add-ons": {Summary: "Add an add-on", In: addOnRequest{}, Out: addOnResponse{}, Status: 201, Version: true, Errors: []int{409},
		Text: "Something bought along with a ticket. least of a ticket type makes it required, included puts so many into the ticket's price. " +
			"One with an open price and without pools is a donation."},
	"GET /events/{event}/add-ons": {Summary: "The add-ons, with what was sold", Out: respond.Page[addOnResponse]{}, Query: window},
	"PUT /add-ons/{id}": {Summary: "Replace what is said about an add-on", Text: "What was sold stays as it was sold.",
		In: addOnRequest{}, Out: addOnResponse{}, Version: true, Errors: []int{409}},
}

type addOnTypeBody struct {
	TicketTypeID turnout.ID `json:"ticket_type_id" required:"true"`
	Least        int64      `json:"least" doc:"a ticket has at least so many"`
	Most         int64      `json:"most" doc:"at most so many, up to 10; the greatest of 1, least and included when absent"`
	Included     int64      `json:"included" doc:"of them, in the ticket's price"`
}

type addOnRequest struct {
	Name        string            `json:"name" required:"true" text:"name,max=200"`
	Description string            `json:"description" text:"long,max=5000"`
	Price       turnout.Money     `json:"price" required:"true" doc:"in the event's currency; what is suggested when open"`
	Pricing     ticketing.Pricing `json:"pricing" enum:"fixed,open" doc:"fixed when absent; open: the buyer names the price"`
	MinPrice    turnout.Money     `json:"min_price" doc:"of an open price; none when absent"`
	PoolIDs     []turnout.ID      `json:"pool_ids" doc:"whose places it takes; without any there is no end of it"`
	SalesStart  time.Time         `json:"sales_start" doc:"at once when absent"`
	SalesEnd    time.Time         `json:"sales_end" doc:"with the event's sale when absent"`
	OnSale      *bool             `json:"on_sale" doc:"true when absent"`
	TicketTypes []addOnTypeBody   `json:"ticket_types" doc:"what it goes with; all ticket types, up to 10 a ticket, when empty"`
}

func (in *addOnRequest) input() ticketing.AddOnInput {
	out := ticketing.AddOnInput{Name: in.Name, Description: in.Description, Price: in.Price, Pricing: in.Pricing, MinPrice: in.MinPrice, PoolIDs: in.PoolIDs,
		SalesStart: in.SalesStart, SalesEnd: in.SalesEnd, OnSale: in.OnSale == nil || *in.OnSale}
	for _, w := range in.TicketTypes {
		out.With = append(out.With, ticketing.AddOnWith{TicketTypeID: w.TicketTypeID, Least: w.Least, Most: w.Most, Included: w.Included})
	}
	return out
}

type addOnResponse struct {
	ID          turnout.ID        `json:"id"`
	EventID     turnout.ID        `json:"event_id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       turnout.Money     `json:"price" doc:"what is suggested when open"`
	Pricing     ticketing.Pricing `json:"pricing" enum:"fixed,open"`
	MinPrice    turnout.Money     `json:"min_price" doc:"of an open price"`
	PoolIDs     []turnout.ID      `json:"pool_ids" doc:"empty: there is no end of it"`
	SalesStart  *time.Time        `json:"sales_start"`
	SalesEnd    *time.Time        `json:"sales_end"`
	OnSale      bool              `json:"on_sale"`
	TicketTypes []addOnTypeBody   `json:"ticket_types" doc:"empty: all"`
	Held        int64             `json:"held" doc:"in orders that are not confirmed"`
	Sold        int64             `json:"sold"`
	Income      turnout.Money     `json:"income" doc:"what those sold cost"`
	Version     int64             `json:"version"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

func newAddOnResponse(a *ticketing.AddOn, currency string, sold ticketing.AddOnTotals) addOnResponse {
	money := moneyIn(currency)
	out := addOnResponse{ID: a.ID, EventID: a.EventID, Name: a.Name, Description: a.Description, Price: money(a.Price), Pricing: a.Pricing, MinPrice: money(a.MinPrice),
		PoolIDs: append([]turnout.ID{}, a.PoolIDs...), SalesStart: moment(a.SalesStart), SalesEnd: moment(a.SalesEnd), OnSale: a.OnSale,
		TicketTypes: make([]addOnTypeBody, len(a.With)), Held: sold.Held, Sold: sold.Sold, Income: money(sold.Income),
		Version: a.Version, CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC()}
	for i, w := range a.With {
		out.TicketTypes[i] = addOnTypeBody{TicketTypeID: w.TicketTypeID, Least: w.Least, Most: w.Most, Included: w.Included}
	}
	return out
}

// CreateAddOn is POST /events/{event}/add-ons.
func (h *Handler) CreateAddOn(c *gin.Context) {
	var in addOnRequest
	if !respond.Bind(c, &in) {
		return
	}
	a, err := h.Ticketing.CreateAddOn(c.Request.Context(), access.Community(c), access.Event(c).ID, in.input())
	h.answerAddOn(c, http.StatusCreated, a, in.Price.Currency, err)
}

// UpdateAddOn is PUT /add-ons/{id}.
func (h *Handler) UpdateAddOn(c *gin.Context) {
	var in addOnRequest
	version, ok := respond.IfMatch(c)
	if !ok || !respond.Bind(c, &in) {
		return
	}
	a, err := h.Ticketing.UpdateAddOn(c.Request.Context(), access.Community(c), turnout.ID(c.Param("id")), version, in.input())
	h.answerAddOn(c, http.StatusOK, a, in.Price.Currency, err)
}

// answerAddOn takes the currency from the request: the service has compared it with the event's.
func (h *Handler) answerAddOn(c *gin.Context, status int, a *ticketing.AddOn, currency string, err error) {
	var sold map[turnout.ID]ticketing.AddOnTotals
	if err == nil {
		sold, err = ticketing.SalesByAddOn(c.Request.Context(), h.DB.Read(), a.CommunityID, a.EventID)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.ETag(c, a.Version)
	respond.JSON(c, status, newAddOnResponse(a, currency, sold[a.ID]))
}

// ListAddOns is GET /events/{event}/add-ons.
func (h *Handler) ListAddOns(c *gin.Context) {
	event, ctx := access.Event(c), c.Request.Context()
	list, err := h.Ticketing.AddOns(ctx, event.CommunityID, event.ID)
	var sold map[turnout.ID]ticketing.AddOnTotals
	if err == nil {
		sold, err = ticketing.SalesByAddOn(ctx, h.DB.Read(), event.CommunityID, event.ID)
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	answerAll(c, list, func(a *ticketing.AddOn) turnout.ID { return a.ID }, func(a *ticketing.AddOn) addOnResponse { return newAddOnResponse(a, event.Currency, sold[a.ID]) })
}
