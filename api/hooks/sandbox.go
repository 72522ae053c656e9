package hooks

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout"
	"turnout/api/respond"
	"turnout/ticketing"
	"turnout/ticketing/payments/sandbox"
)

// sandboxAnswer is what became of the payment.
type sandboxAnswer struct {
	Status ticketing.PaymentStatus `json:"status"`
}

// Succeed is POST /sandbox/payments/{id}/succeed: the buyer pays, whether or not they opened the page. On a page that has
// closed it is late money.
func (h *Handler) Succeed(c *gin.Context) {
	h.settle(c, func(ctx context.Context, id string) error {
		_, err := h.Sandbox.Pay(ctx, id)
		if errors.Is(err, sandbox.ErrClosed) {
			_, err = h.Sandbox.PayLate(ctx, id)
		}
		return err
	})
}

// DeclinePayment is POST /sandbox/payments/{id}/fail: the card is declined.
func (h *Handler) DeclinePayment(c *gin.Context) {
	h.settle(c, func(ctx context.Context, id string) error {
		_, err := h.Sandbox.Decline(ctx, id)
		return err
	})
}

func (h *Handler) settle(c *gin.Context, act func(ctx context.Context, id string) error) {
	ctx, id := c.Request.Context(), turnout.ID(c.Param("id"))
	// Opening makes the page; a payment that is over keeps the page that it had.
	if _, _, err := h.Ticketing.OpenPayment(ctx, id); err != nil && !errors.Is(err, ticketing.ErrOrderNotOpen) {
		respond.Fail(c, err)
		return
	}
	err := act(ctx, string(id))
	if errors.Is(err, turnout.ErrNotFound) { // over before anybody opened its page
		err = ticketing.ErrOrderNotOpen
	}
	if err != nil {
		respond.Fail(c, err)
		return
	}
	_, order, err := h.Ticketing.OpenPayment(ctx, id)
	if err != nil && !errors.Is(err, ticketing.ErrOrderNotOpen) {
		respond.Fail(c, err)
		return
	}
	for _, p := range order.Payments {
		if p.ID == id {
			respond.JSON(c, http.StatusOK, sandboxAnswer{Status: p.Status})
		}
	}
}
