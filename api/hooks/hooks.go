// Package hooks takes what other services send: it reads a bounded body, has the signature verified, has the event stored,
// and answers. What the event means is the domain's; when that cannot be done now, a job tries again and the sender has its
// 200 all the same.
package hooks

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"turnout/api/respond"
	"turnout/api/services"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/sandbox"
)

// Handler holds every webhook.
type Handler struct {
	services.Services
	// Sandbox is the stand-in for Stripe, nil while it is off.
	Sandbox *sandbox.Provider
}

// Stripe is POST /hooks/stripe: 400 for a signature that is not right (so that a wrong secret shows in Stripe's dashboard),
// 200 once the event is stored, 5xx while it cannot be.
func (h *Handler) Stripe(c *gin.Context) {
	payload, err := io.ReadAll(io.LimitReader(c.Request.Body, payments.MaxWebhook+1))
	if err != nil {
		respond.FailStatus(c, http.StatusBadRequest, "invalid_body", "The body ended too early.")
		return
	}
	err = h.Ticketing.ReceiveWebhook(c.Request.Context(), payload, c.GetHeader("Stripe-Signature"))
	switch {
	case errors.Is(err, payments.ErrSignature), errors.Is(err, payments.ErrBadEvent):
		public := respond.Public(err)
		respond.FailStatus(c, http.StatusBadRequest, public.Code, public.Message)
	case err != nil:
		respond.Fail(c, err)
	default:
		respond.JSON(c, http.StatusOK, gin.H{"received": true})
	}
}
