package payments

import "turnout"

// What goes wrong with payments. The cause of each, for the log, holds the provider's error code and request id, never its
// message (which can quote a key or a person).
var (
	// ErrSignature: a webhook whose signature is missing, wrong or older than five minutes, or whose body is over MaxWebhook.
	ErrSignature = &turnout.Error{Kind: turnout.Invalid, Code: "webhook_signature", Message: "The signature of this webhook is not right."}
	// ErrBadEvent: a webhook that was signed rightly and is not understood. It never will be.
	ErrBadEvent = &turnout.Error{Kind: turnout.Invalid, Code: "webhook_not_understood", Message: "This webhook is not understood."}
	// ErrAmount: an amount that the provider cannot take: too small, too large, or finer than it counts the currency.
	ErrAmount = &turnout.Error{Kind: turnout.Invalid, Code: "payment_amount", Message: "This amount cannot be paid online. Choose another way to pay."}
	// ErrCheckoutOver: a checkout asked for after its hold ended.
	ErrCheckoutOver = &turnout.Error{Kind: turnout.Conflict, Code: "checkout_over", Message: "The time to pay is over. Place the order again."}
	// ErrNoCheckout: the provider has no hosted page.
	ErrNoCheckout = &turnout.Error{Kind: turnout.Conflict, Code: "no_online_payment", Message: "This order is not paid online. Follow the payment instructions."}
	// ErrRefundTooMuch: more than what is left of the payment, or the buyer's bank has taken it back already.
	ErrRefundTooMuch = &turnout.Error{Kind: turnout.Conflict, Code: "refund_too_much", Message: "This payment does not have that much left to give back."}
	// ErrRefused: the provider understood the request and says no; asking again does not help.
	ErrRefused = &turnout.Error{Kind: turnout.Conflict, Code: "payment_refused", Message: "The payment service refused this."}
	// ErrUnavailable: the provider did not answer, or is too busy. Ask again soon.
	ErrUnavailable = &turnout.Error{Kind: turnout.Unavailable, Code: "payment_unavailable", Message: "The payment service cannot be reached. Try again in a minute."}
	// ErrMisconfigured: the provider does not accept our key.
	ErrMisconfigured = &turnout.Error{Kind: turnout.Internal, Code: "payment_misconfigured", Message: "Online payment is not set up rightly. The organiser has to look at it."}
)

// MaxWebhook is the most bytes that a webhook's body may have; read no more than one byte further. Stripe's are a few
// thousand.
const MaxWebhook = 64 << 10
