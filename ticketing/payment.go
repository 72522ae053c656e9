package ticketing

import (
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// PaymentStatus is the state of a payment.
//
//	created ──► processing ──► succeeded ──► disputed
//	   │  │          └───────► failed
//	   │  ├──► failed (a card was declined; the page stays open, so processing and succeeded can follow)
//	   │  └──► canceled (the hold ended unpaid, another page was paid, or the page closed: then the order gets a new payment)
//	   └── late, from created, processing, failed or canceled:
//	         ──► succeeded (places taken again) or ──► late_refund_pending ──► late_refunded (and back, when the refund comes back)
type PaymentStatus string

// The states of a payment.
const (
	PaymentCreated      PaymentStatus = "created"
	PaymentProcessing   PaymentStatus = "processing"
	PaymentSucceeded    PaymentStatus = "succeeded"
	PaymentFailed       PaymentStatus = "failed"
	PaymentCanceled     PaymentStatus = "canceled"
	PaymentDisputed     PaymentStatus = "disputed"
	PaymentLateRefund   PaymentStatus = "late_refund_pending"
	PaymentLateRefunded PaymentStatus = "late_refunded"
)

// unpaid are the states from which money can still arrive.
var unpaid = []PaymentStatus{PaymentCreated, PaymentProcessing, PaymentFailed, PaymentCanceled}

// Payment is money that was asked for, and what became of it. The rows stay for ever.
type Payment struct {
	bun.BaseModel `bun:"table:payments,alias:payment"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	OrderID     turnout.ID
	Provider    string
	Status      PaymentStatus
	Amount      int64 // minor units
	Currency    string
	ProviderFee int64
	Method      string     // cash, card or transfer at the box office or the door; "" for none of them
	TakenBy     turnout.ID // there: the account or the token
	TakenAt     time.Time  `bun:",nullzero"`
	Reference   string     // of the card terminal
	SessionRef  string     `bun:",nullzero"` // the provider's checkout session
	SessionURL  string
	SessionAt   time.Time `bun:",nullzero"` // when that page was made
	PaymentRef  string    `bun:",nullzero"` // what a refund names
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// weight says which of an ended order's payments is told.
func (p *Payment) weight() int {
	switch p.Status {
	case PaymentSucceeded, PaymentDisputed:
		return 2
	case PaymentLateRefund, PaymentLateRefunded:
		return 1
	}
	return 0
}

// RefundStatus is the state of a refund.
//
//	requested ──► processing ──► succeeded ──► failed (it came back from the buyer's bank)
//	    │              └───────► failed
//	    ├──► manual (offline money: a person gives it back) ──► succeeded
//	    └──► succeeded (given back on the spot, when a sale of the box office is undone)
type RefundStatus string

// The states of a refund.
const (
	RefundRequested  RefundStatus = "requested"
	RefundProcessing RefundStatus = "processing"
	RefundSucceeded  RefundStatus = "succeeded"
	RefundFailed     RefundStatus = "failed"
	RefundManual     RefundStatus = "manual"
)

// Refund is money given back.
type Refund struct {
	bun.BaseModel `bun:"table:refunds,alias:refund"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	OrderID     turnout.ID
	PaymentID   turnout.ID
	Status      RefundStatus
	Amount      int64
	Currency    string
	Reason      string
	ProviderRef string `bun:",nullzero"`
	LastError   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Reasons of refunds.
const (
	CanceledByBuyer     = "canceled_by_buyer"
	CanceledByOrganiser = "canceled_by_organiser"
	EventCanceled       = "event_canceled"
	LatePayment         = "late_payment"
	PaidTwice           = "paid_twice"
	MadeAtProvider      = "made_at_provider" // in the provider's own dashboard
)
