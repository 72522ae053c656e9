package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	stripego "github.com/stripe/stripe-go/v76"

	"turnout"
	"turnout/ticketing/payments"
)

// problem turns an error of stripe-go into one of ours. Its cause holds codes and the request id; Stripe's own sentence is
// left out, because it can quote a key or what a buyer typed.
func problem(err error) error {
	if err == nil {
		return nil
	}
	said, ok := errors.AsType[*stripego.Error](err)
	if !ok {
		return payments.ErrUnavailable.Because(network(err))
	}
	cause := fmt.Errorf("stripe: status %d, type %s, code %s, parameter %s, request %s",
		said.HTTPStatusCode, said.Type, said.Code, said.Param, said.RequestID)
	return kindOf(said).Because(cause)
}

func kindOf(said *stripego.Error) *turnout.Error {
	switch status := said.HTTPStatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return payments.ErrMisconfigured
	case status == http.StatusTooManyRequests, status == http.StatusConflict, status >= 500:
		// 409 is another request under the same idempotency key, or a lock: both pass.
		return payments.ErrUnavailable
	}
	switch said.Code {
	case stripego.ErrorCodeResourceMissing:
		return turnout.ErrNotFound
	case stripego.ErrorCodeAmountTooSmall, stripego.ErrorCodeAmountTooLarge, "invalid_charge_amount_no_decimal_compatible":
		return payments.ErrAmount
	case stripego.ErrorCodeChargeAlreadyRefunded, stripego.ErrorCodeChargeDisputed, stripego.ErrorCodeRefundDisputedPayment:
		return payments.ErrRefundTooMuch
	case stripego.ErrorCodeBalanceInsufficient, stripego.ErrorCodeLockTimeout, stripego.ErrorCodeIdempotencyKeyInUse:
		return payments.ErrUnavailable
	}
	if said.HTTPStatusCode == http.StatusNotFound {
		return turnout.ErrNotFound
	}
	return payments.ErrRefused
}

// network keeps what a failed connection says and drops the address with what may stand in it.
func network(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("stripe: %w", u.Err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stripe: %w", err)
	}
	return fmt.Errorf("stripe: the answer is not understood (%T)", err)
}

// refundProblem is problem for refunds: more than what is left has no code of its own, only the parameter.
func refundProblem(err error) error {
	if said, ok := errors.AsType[*stripego.Error](err); ok && said.HTTPStatusCode == http.StatusBadRequest &&
		said.Param == "amount" && said.Code == "" {
		return payments.ErrRefundTooMuch.Because(fmt.Errorf("stripe: request %s", said.RequestID))
	}
	return problem(err)
}
