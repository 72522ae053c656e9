package v1

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/access"
	"turnout/api/respond"
	"turnout/ticketing"
)

var availabilityOperations = operations{
	"GET /events/{event}/availability": {Summary: "What is for sale now, and why or why not", Out: availabilityResponse{},
		Text: "The first reason of each is what a buyer hears first. effect: stops (nobody can buy), limits (only who has what it asks for), explains (where the places are that are missing), " +
			"notes (anybody can buy all the same). Strangers see what is public and the add-ons that go with it, without numbers; a token of tickets:read sees everything, and what holds each place of each pool: " +
			"sold, held, offered, reserved, blocked and free add up to the capacity."},
}

type reasonResponse struct {
	Code    ticketing.Cause  `json:"code" doc:"stable"`
	Effect  ticketing.Weight `json:"effect" enum:"stops,limits,explains,notes"`
	Message string           `json:"message" doc:"a sentence"`
	PoolID  *turnout.ID      `json:"pool_id,omitempty" doc:"that it is about"`
	Count   *int64           `json:"count,omitempty" doc:"places, or parties that wait"`
	At      *time.Time       `json:"at,omitempty" doc:"when it begins or ends"`
}

type standingResponse struct {
	ID           turnout.ID             `json:"id" doc:"of the ticket type or the add-on"`
	Name         string                 `json:"name"`
	ForSaleTo    ticketing.Openness     `json:"for_sale_to" enum:"everybody,some,nobody"`
	Availability ticketing.Availability `json:"availability" enum:"available,few_left,sold_out,not_yet,over,unavailable"`
	Price        turnout.Money          `json:"price" doc:"of the next one; what is suggested where the buyer names it"`
	Left         *int64                 `json:"left,omitempty" doc:"with a token: how many its pools have room for; absent: no end"`
	Reasons      []reasonResponse       `json:"reasons"`
}

type holdingsResponse struct {
	ID           turnout.ID `json:"id"`
	Name         string     `json:"name"`
	Capacity     int64      `json:"capacity"`
	Sold         int64      `json:"sold"`
	Held         int64      `json:"held" doc:"by orders that are not confirmed"`
	Offered      int64      `json:"offered" doc:"to the waitlist"`
	Reserved     int64      `json:"reserved" doc:"by vouchers"`
	Blocked      int64      `json:"blocked"`
	Free         int64      `json:"free"`
	HeldUntil    *time.Time `json:"held_until" doc:"the first of those held"`
	OfferedUntil *time.Time `json:"offered_until"`
}

type availabilityResponse struct {
	At          time.Time          `json:"at"`
	TicketTypes []standingResponse `json:"ticket_types"`
	AddOns      []standingResponse `json:"add_ons"`
	Pools       []holdingsResponse `json:"pools,omitempty" doc:"with a token"`
}

// GetAvailability is GET /events/{event}/availability.
func (h *Handler) GetAvailability(c *gin.Context) {
	event := access.Event(c)
	why, err := h.Ticketing.Why(c.Request.Context(), event)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	all := access.Who(c).May("tickets:read", event.CommunityID, event)
	out := availabilityResponse{At: why.At.UTC(), TicketTypes: []standingResponse{}, AddOns: []standingResponse{}}
	for i := range why.Types {
		if s := &why.Types[i]; all || s.Offer.Visibility == ticketing.Public {
			out.TicketTypes = append(out.TicketTypes, h.standing(s.Offer.ID, s.Offer.Name, s.Offer.Price, s, why, all))
		}
	}
	for i := range why.AddOns {
		s := &why.AddOns[i]
		if !all && !goesWithAny(s.AddOn, out.TicketTypes) {
			continue
		}
		out.AddOns = append(out.AddOns, h.standing(s.AddOn.ID, s.AddOn.Name, turnout.Money{Amount: s.AddOn.Price, Currency: why.Event.Currency}, s, why, all))
	}
	if all {
		for _, p := range why.Pools {
			out.Pools = append(out.Pools, holdingsResponse{p.ID, p.Name, p.Capacity, p.Sold, p.Held, p.Offered, p.Reserved, p.Blocked, p.Free, moment(p.HeldUntil), moment(p.OfferedUntil)})
		}
	}
	respond.JSON(c, http.StatusOK, out)
}

// goesWithAny says whether an add-on goes with one of the ticket types.
func goesWithAny(a *ticketing.AddOn, types []standingResponse) bool {
	return len(a.With) == 0 || slices.ContainsFunc(a.With, func(w ticketing.AddOnWith) bool {
		return slices.ContainsFunc(types, func(t standingResponse) bool { return t.ID == w.TicketTypeID })
	})
}

func (h *Handler) standing(id turnout.ID, name string, price turnout.Money, s *ticketing.Standing, why *ticketing.Explanation, all bool) standingResponse {
	out := standingResponse{ID: id, Name: name, ForSaleTo: s.Open, Availability: s.Availability, Price: price, Reasons: []reasonResponse{}}
	reasons := s.Public()
	if all {
		reasons, out.Left = s.Reasons, s.Left
	}
	for _, r := range reasons {
		shown := reasonResponse{Code: r.Cause, Effect: r.Weight, Message: h.Ticketing.Say(r, "en", why.Event.Timezone), PoolID: orNull(r.PoolID), At: moment(r.At)}
		if all && r.Counts() {
			shown.Count = &r.Number
		}
		out.Reasons = append(out.Reasons, shown)
	}
	return out
}
