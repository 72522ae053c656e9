package ticketing

import (
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// PoolKind says whose places a pool holds.
type PoolKind string

// The kinds of pool. Those of choices and prices are made and changed with what owns them, bear its id as their name, and are
// not among the organiser's own.
const (
	Places       PoolKind = "places" // the organiser's own, which ticket types and add-ons draw on
	ChoicePlaces PoolKind = "choice" // those of one choice of a question
	PricePlaces  PoolKind = "price"  // those sold at one price
)

// Pool is capacity that any number of ticket types and add-ons share.
type Pool struct {
	bun.BaseModel `bun:"table:pools,alias:pool"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Kind        PoolKind `bun:",nullzero,default:'places'"`
	Name        string
	Capacity    int64
	Taken       int64 // held, sold: the sum of its claims
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Available is how many places are left.
func (p *Pool) Available() int64 { return p.Capacity - p.Taken }

// The holders of places.
const (
	holderLine    = "line"    // an order's
	holderVoucher = "voucher" // one that reserves
	holderOffer   = "offer"   // a waitlist entry that was offered places
	holderBlock   = "block"   // the organiser took them out of the sale
)

// claim says how many places of a pool somebody holds, 0 once they were given back, and how many it is for.
type claim struct {
	bun.BaseModel `bun:"table:pool_claims,alias:claim"`

	HolderID    turnout.ID `bun:",pk"`
	PoolID      turnout.ID `bun:",pk"`
	HolderKind  string     `bun:",nullzero,default:'line'"`
	CommunityID turnout.ID
	Places      int64
	Quantity    int64
}

// ErrCapacityBelowTaken refuses a capacity smaller than what is held and sold. Nobody is canceled by a number.
var ErrCapacityBelowTaken = &turnout.Error{Kind: turnout.Conflict, Code: "capacity_below_taken", Message: "More places than that are already taken."}
