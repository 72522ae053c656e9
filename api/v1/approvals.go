package v1

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/ticketing"
)

var approvalOperations = operations{
	"POST /orders/{code}/approve": {Summary: "Approve an order that needs it", Text: "A free order is confirmed, for another the buyer is mailed how to pay, within the time that the event's shop gives. " +
		"Orders that wait for a decision are listed with status=awaiting_approval.", In: decisionRequest{}, Out: orderResponse{}, Errors: []int{409}},
	"POST /orders/{code}/decline": {Summary: "Decline an order that needs approval", Text: "Its places go back and the buyer is mailed.",
		In: decisionRequest{}, Out: orderResponse{}, Errors: []int{409}},
}

type decisionRequest struct {
	Note string `json:"note" text:"long,max=2000" doc:"for the buyer"`
}

// ApproveOrder is POST /orders/{code}/approve.
func (h *Handler) ApproveOrder(c *gin.Context) { h.decide(c, h.Ticketing.ApproveOrder) }

// DeclineOrder is POST /orders/{code}/decline.
func (h *Handler) DeclineOrder(c *gin.Context) { h.decide(c, h.Ticketing.DeclineOrder) }

func (h *Handler) decide(c *gin.Context, as func(ctx context.Context, community, order turnout.ID, note string) (*ticketing.Order, error)) {
	var in decisionRequest
	if !respond.BindOptional(c, &in) {
		return
	}
	order, ok := h.order(c)
	if !ok {
		return
	}
	order, err := as(c.Request.Context(), order.CommunityID, order.ID, in.Note)
	if err != nil {
		respond.Fail(c, err)
		return
	}
	respond.JSON(c, http.StatusOK, h.newOrderResponse(order))
}
