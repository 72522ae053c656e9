package ticketing

import (
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// OrderStatus is the state of an order.
//
//	awaiting_approval ──► held, confirmed (free), canceled (declined), expired
//	held              ──► pending, confirmed, canceled, expired
//	pending           ──► confirmed, canceled, expired
//	expired           ──► confirmed (late money that got its places again)
//	confirmed         ──► canceled
//
// Only an order of a type that needs approval begins with it: approved it is held until it is paid, or confirmed when free; declined it is
// canceled; undecided it expires with the event. Held and pending expire when their deadline passes or their money is known not to come.
// A free order, and one of the box office, is born confirmed.
type OrderStatus string

// The states of an order.
const (
	Held             OrderStatus = "held"              // places held, nobody has paid
	AwaitingApproval OrderStatus = "awaiting_approval" // places held, the organiser decides
	Pending          OrderStatus = "pending"           // asynchronous or offline money under way
	Confirmed        OrderStatus = "confirmed"
	Expired          OrderStatus = "expired"
	OrderCanceled    OrderStatus = "canceled"
)

// holding are the states in which an order holds places.
var holding = []OrderStatus{Held, AwaitingApproval, Pending, Confirmed}

// expiring are the states that end at the order's deadline.
var expiring = []OrderStatus{Held, AwaitingApproval, Pending}

// Order is a purchase by one buyer.
type Order struct {
	bun.BaseModel `bun:"table:orders,alias:ord"`

	ID            turnout.ID `bun:",pk"`
	CommunityID   turnout.ID
	EventID       turnout.ID
	Number        int64
	Status        OrderStatus
	PersonID      turnout.ID
	BuyerName     string
	BuyerEmail    string
	Locale        string
	Source        string     `bun:",nullzero,default:'shop'"` // FromShop, FromBoxOffice, FromImport
	SoldBy        turnout.ID `bun:",nullzero"`                // at the box office: the account or the token
	EntryID       turnout.ID `bun:",nullzero"`                // the waitlist entry whose offer it accepted
	DecidedAt     time.Time  `bun:",nullzero"`                // by the organiser, when it needed approval
	DecisionNote  string
	Currency      string
	Total         int64 // minor units
	SecretVersion int64
	ExpiresAt     time.Time // of the hold
	ConfirmedAt   time.Time `bun:",nullzero"`
	CanceledAt    time.Time `bun:",nullzero"`
	CreatedAt     time.Time
	UpdatedAt     time.Time

	Event    *events.Event  `bun:"-"`
	Code     string         `bun:"-"` // public, from the numbers
	Secret   string         `bun:"-"` // opens the order page; only where a method says so
	Lines    []*OrderLine   `bun:"-"`
	Tickets  []*Ticket      `bun:"-"`
	AddOns   []*TicketAddOn `bun:"-"`
	Payments []*Payment     `bun:"-"`
	Refunds  []*Refund      `bun:"-"`
}

// StatusAt is the state to show: a hold whose time is over reads as expired even before the sweep has been.
func (o *Order) StatusAt(now time.Time) OrderStatus {
	if slices.Contains(expiring, o.Status) && !now.Before(o.ExpiresAt) {
		return Expired
	}
	return o.Status
}

// Money gives an amount in the order's currency.
func (o *Order) Money(amount int64) turnout.Money {
	return turnout.Money{Amount: amount, Currency: o.Currency}
}

// Payment gives the payment that tells how the order stands: the newest while it is open; then the one that paid it, else one
// that came too late, else the newest. nil for a free order.
func (o *Order) Payment() *Payment {
	if len(o.Payments) == 0 {
		return nil
	}
	told := o.Payments[len(o.Payments)-1]
	if o.Status == Held || o.Status == Pending {
		return told
	}
	for _, p := range o.Payments {
		if p.weight() > told.weight() {
			told = p
		}
	}
	return told
}

// OrderLine is one line of an order, frozen as it was sold. Amounts are minor units, UnitPrice and Discount those of one;
// TaxRate is parts per million.
type OrderLine struct {
	bun.BaseModel `bun:"table:order_lines,alias:line"`

	ID               turnout.ID `bun:",pk"`
	CommunityID      turnout.ID
	OrderID          turnout.ID
	TicketTypeID     turnout.ID `bun:",nullzero"`
	AddOnID          turnout.ID `bun:",nullzero"` // in the place of a ticket type
	VoucherID        turnout.ID `bun:",nullzero"` // that gave the discount or opened the type
	Name             string
	PriceName        string // of the price window that it was sold in
	AttendanceMode   Mode
	Quantity         int64
	Canceled         int64 // of them, one by one: add-ons only
	UnitPrice        int64
	Discount         int64
	Fee              int64
	TaxRate          int64
	Tax              int64
	Total            int64
	PricesIncludeTax bool
	PolicyVersion    int64
}

// The refusals about an order.
var (
	ErrIdempotencyKeyReused = &turnout.Error{Kind: turnout.Conflict, Code: "idempotency_key_reused", Message: "This Idempotency-Key was used with another request. Take a new key."}
	ErrReplacedPaid         = &turnout.Error{Kind: turnout.Conflict, Code: "replaced_paid", Message: "The order that this one was to replace is paid now. Send this again if you want these tickets as well."}
	ErrOrderNotOpen         = &turnout.Error{Kind: turnout.Conflict, Code: "order_not_open", Message: "This order cannot be paid any more."}
	ErrOrderOver            = &turnout.Error{Kind: turnout.Conflict, Code: "order_over", Message: "This order is already canceled or expired."}
	ErrTooLate              = &turnout.Error{Kind: turnout.Conflict, Code: "too_late", Message: "The event has begun or a ticket was used: ask the organiser to cancel."}
	ErrNothingToRefund      = &turnout.Error{Kind: turnout.Conflict, Code: "nothing_to_refund", Message: "Nothing of this order is left to give back."}
)
