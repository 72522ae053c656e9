// Package payments says how Turnout takes money and gives it back, and nothing about what is sold: it knows amounts and
// references. Three providers stand behind [Provider]:
//
//   - payments/stripe: Stripe Checkout, a hosted page, through stripe-go v76 (API version 2023-10-16);
//   - payments/sandbox: the same code as stripe in front of a small stateful stand-in for Stripe's API, for trying things out;
//   - payments/offline: bank transfer and cash, which a person marks as received and gives back by hand.
//
// Every method that takes a context may call the network: never call one inside a transaction.
package payments

import (
	"context"
	"math"
	"time"

	"turnout"
)

// Provider takes money and gives it back. Every call may be repeated: its key makes many calls one.
type Provider interface {
	// Name is "stripe", "sandbox" or "offline": what is stored on the payment.
	Name() string

	// Most is the largest amount of a currency that it takes at once, in our minor units.
	Most(currency string) int64

	// Checkout makes the hosted page of a payment, or finds it again: the payment's id is the idempotency key, so the rest of
	// the request must be the same each time (the order's frozen figures). Store the answer before anybody is sent to the URL.
	//
	// Errors: ErrAmount, ErrCheckoutOver, ErrNoCheckout (offline), ErrRefused, ErrUnavailable, ErrMisconfigured.
	Checkout(ctx context.Context, req CheckoutRequest) (Checkout, error)

	// Expire closes a checkout that nobody may pay any more, and says how it ended: Expired, or Paid or Processing when the
	// buyer was faster. Closing one that was closed or paid before is no error.
	//
	// Errors: turnout.ErrNotFound, ErrUnavailable, ErrMisconfigured.
	Expire(ctx context.Context, sessionRef string) (Status, error)

	// Status asks how a checkout stands, for reconciling without a webhook. Errors as for Expire.
	Status(ctx context.Context, sessionRef string) (Status, error)

	// Refund gives money back, once per RefundRequest.ID however often it is called. RefundProcessing is not the end: a
	// webhook with Refunded or RefundFailed follows.
	//
	// Errors: ErrAmount, ErrRefundTooMuch, ErrRefused, turnout.ErrNotFound, ErrUnavailable, ErrMisconfigured.
	Refund(ctx context.Context, req RefundRequest) (Refund, error)

	// Verify checks the signature of a webhook's body and says which event it is, without network or database: what is needed
	// to store it.
	//
	// Errors: ErrSignature, ErrBadEvent (signed, and names no event); the answer to both is 400.
	Verify(payload []byte, signature string) (Notice, error)

	// Read says what a webhook's body means for us. The body was verified when it came; how long ago does not matter. It may
	// ask the provider for what the body does not hold (the fee, an object in our API version). An error means that nobody can
	// say yet: keep the event and call Read again later.
	//
	// Errors: ErrBadEvent (never changes, do not retry), ErrUnavailable, ErrMisconfigured.
	Read(ctx context.Context, payload []byte) (Event, error)
}

// CheckoutRequest is what a hosted page shows and takes.
type CheckoutRequest struct {
	PaymentID turnout.ID
	Total     turnout.Money
	Lines     []Line // their sum is Total
	Email     string // the buyer's; the page has it filled in
	Locale    string // BCP 47, "" lets the page follow the browser

	// SuccessURL and CancelURL are where the buyer comes back to. Coming back to SuccessURL proves nothing: only Read, Status
	// and Expire say that money came.
	SuccessURL, CancelURL string

	// HeldUntil is when the places are given back. A hosted page may live longer (Stripe's at least 30 minutes): Expire it
	// when the hold is released. Checkout after HeldUntil answers ErrCheckoutOver.
	HeldUntil time.Time
}

// Check says what is wrong with a request before any provider sees it: an error in the program that calls, or ErrAmount for
// what no provider takes.
func (r CheckoutRequest) Check() error {
	sum := int64(0)
	for _, line := range r.Lines {
		if line.Quantity < 1 || line.UnitPrice < 0 || line.UnitPrice > (math.MaxInt64-sum)/line.Quantity {
			return ErrAmount.With("A line of %d × %d cannot be paid.", line.Quantity, line.UnitPrice)
		}
		sum += line.UnitPrice * line.Quantity
	}
	if sum != r.Total.Amount || sum <= 0 {
		return ErrAmount.With("The lines add up to %d, the total says %d.", sum, r.Total.Amount)
	}
	return nil
}

// Line is one position of a checkout: Quantity times UnitPrice, in minor units of the total's currency.
type Line struct {
	Name      string
	UnitPrice int64
	Quantity  int64
}

// Checkout is a hosted page.
type Checkout struct {
	SessionRef string // the provider's name for it
	URL        string // where the buyer is sent
	ExpiresAt  time.Time
}

// State is how a checkout stands.
//
//	open ──> paid                    the money is ours
//	open ──> processing ──> paid     an asynchronous method (bank debit): the buyer is done, the money is under way
//	         processing ──> failed   and did not come
//	open ──> expired                 nobody paid in time, or Expire closed it
//
// A declined card does not end a checkout: it stays open and the buyer tries another.
type State string

// The states.
const (
	Open       State = "open"
	Processing State = "processing"
	Paid       State = "paid"
	Failed     State = "failed"
	Expired    State = "expired"
)

// Status is a checkout as its provider knows it.
type Status struct {
	State      State
	SessionRef string
	PaymentRef string     // what a Refund names; "" before anybody tried to pay
	PaymentID  turnout.ID // ours
	Total      turnout.Money
	Fee        turnout.Money // the provider's own, in the currency that it settles in; zero while not known
}

// RefundRequest asks to give back all or a part of a payment.
type RefundRequest struct {
	ID         turnout.ID // the refund's: the idempotency key
	PaymentID  turnout.ID
	PaymentRef string
	Amount     turnout.Money
	Reason     string // our own word for it (refunds.reason), kept with the provider's record
}

// RefundState is how a refund stands.
//
//	processing ──> succeeded   the money is on its way to the buyer
//	processing ──> failed      it came back (a closed card): pay by hand
//	succeeded  ──> failed      the same, noticed late
//	manual                     offline: a person gives it back and marks it
type RefundState string

// The states of a refund.
const (
	RefundProcessing RefundState = "processing"
	RefundSucceeded  RefundState = "succeeded"
	RefundFailed     RefundState = "failed"
	RefundManual     RefundState = "manual"
)

// Refund is what became of a RefundRequest.
type Refund struct {
	Ref   string // the provider's name for it, "" when manual
	State RefundState
}

// Notice is what names a webhook event.
type Notice struct {
	ID   string // unique with the provider: the key of webhook_events
	Type string // the provider's word for it
}

// Kind is what an event means for us.
type Kind string

// The kinds.
const (
	EventPaid         Kind = "paid"          // the money of a checkout is ours
	EventProcessing   Kind = "processing"    // the buyer finished; the money is under way
	EventDeclined     Kind = "declined"      // one attempt was declined; the checkout stays open and the buyer may try again
	EventFailed       Kind = "failed"        // money under way did not come
	EventExpired      Kind = "expired"       // the checkout closed unpaid
	EventRefunded     Kind = "refunded"      // a refund succeeded, ours or one made in the provider's dashboard (no RefundID)
	EventRefundFailed Kind = "refund_failed" // a refund did not reach the buyer
	EventDisputed     Kind = "disputed"      // the buyer's bank takes the money back (a chargeback); Amount is what it disputes
	EventIgnored      Kind = "ignored"       // nothing that concerns a payment of ours: mark it handled
)

// Event is what a webhook means for us. Events come in any order and more than once; what is true of the payment is decided
// by its own states, not by the order of arrival.
type Event struct {
	Notice
	Kind       Kind
	OccurredAt time.Time

	PaymentID  turnout.ID // ours, from the metadata; "" in refunds and disputes made outside: find them by PaymentRef
	SessionRef string     // of Paid, Processing, Failed and Expired
	PaymentRef string     // "" in Expired. Two Paid of one PaymentID with different PaymentRefs: it was paid twice, refund the second
	Amount     turnout.Money
	Fee        turnout.Money // as in Status; of Paid only

	RefundID  turnout.ID // ours; "" when the refund was made in the provider's dashboard
	RefundRef string     // of Refunded and RefundFailed
}
