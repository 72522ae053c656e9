package ticketing

import (
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Mode is how a ticket's holder attends.
type Mode string

// The attendance modes.
const (
	InPerson Mode = "in_person"
	Virtual  Mode = "virtual"
)

// Visibility says who sees a ticket type.
type Visibility string

// The visibilities: hidden types are sold to whoever knows the id, voucher types need a voucher that opens them.
const (
	Public      Visibility = "public"
	Hidden      Visibility = "hidden"
	VoucherOnly Visibility = "voucher"
)

// TicketType is what can be bought to attend.
type TicketType struct {
	bun.BaseModel `bun:"table:ticket_types,alias:type"`

	ID               turnout.ID `bun:",pk"`
	CommunityID      turnout.ID
	EventID          turnout.ID
	Number           int64 // per event; stands in the ticket code
	Name             string
	Description      string
	Pricing          Pricing       `bun:",nullzero,default:'fixed'"`
	Price            int64         // minor units of the event's currency; what is suggested when open
	MinPrice         int64         // of an open one
	PriceWindows     []PriceWindow `bun:",type:jsonb,nullzero,default:'[]'"` // the prices before it
	AttendanceMode   Mode
	SalesStart       time.Time `bun:",nullzero"` // zero: at once
	SalesEnd         time.Time `bun:",nullzero"` // zero: until the event ends
	MinPerOrder      int64
	MaxPerOrder      int64
	MultipleOf       int64 `bun:",nullzero,default:1"` // sold only in multiples of this
	MembersOnly      bool
	EmailDomains     []string `bun:",type:jsonb,nullzero,default:'[]'"` // whose addresses may buy, sorted; none: everybody's
	Visibility       Visibility
	RequiresApproval bool
	Position         int64
	Version          int64
	CreatedAt        time.Time
	UpdatedAt        time.Time

	PoolIDs []turnout.ID `bun:"-"` // in id order
}

// fewest is how many tickets the smallest order of the type has.
func (t *TicketType) fewest() int64 { return fewest(t.MinPerOrder, t.MultipleOf) }

func fewest(least, multiple int64) int64 {
	multiple = max(1, multiple)
	return (max(1, least) + multiple - 1) / multiple * multiple
}

// The refusals of a sale.
var (
	ErrSoldOut     = &turnout.Error{Kind: turnout.Conflict, Code: "sold_out", Message: "These tickets are sold out."}
	ErrNotOnSale   = &turnout.Error{Kind: turnout.Conflict, Code: "not_on_sale", Message: "These tickets are not on sale."}
	ErrSaleNotYet  = &turnout.Error{Kind: turnout.Conflict, Code: "sale_not_yet", Message: "The sale of these tickets has not begun."}
	ErrSaleOver    = &turnout.Error{Kind: turnout.Conflict, Code: "sale_over", Message: "The sale of these tickets has ended."}
	ErrNeedVoucher = &turnout.Error{Kind: turnout.Conflict, Code: "voucher_needed", Message: "These tickets need a voucher."}

	ErrPriceChanged  = &turnout.Error{Kind: turnout.Conflict, Code: "price_changed", Message: "The price has changed since it was shown."}
	ErrRestricted    = &turnout.Error{Kind: turnout.Forbidden, Code: "restricted", Message: "These tickets are not for this e-mail address."}
	ErrEmailUnproven = &turnout.Error{Kind: turnout.Forbidden, Code: "email_unproven", Message: "These tickets, or this voucher, are for some addresses only: show first that this one is yours."}
)

// sellable says whether the type may be sold at the instant, apart from its pools.
func (t *TicketType) sellable(now time.Time) error {
	switch {
	case t.Visibility == VoucherOnly:
		return ErrNeedVoucher
	case len(t.PoolIDs) == 0:
		return ErrNotOnSale
	case !t.SalesStart.IsZero() && now.Before(t.SalesStart):
		return ErrSaleNotYet
	case !t.SalesEnd.IsZero() && !now.Before(t.SalesEnd):
		return ErrSaleOver
	}
	return nil
}
