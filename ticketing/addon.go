package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// AddOn is something bought along with a ticket: a workshop seat, a T-shirt, a dinner. One with an open price and without pools is
// a donation.
type AddOn struct {
	bun.BaseModel `bun:"table:add_ons,alias:add_on"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Name        string
	Description string
	Pricing     Pricing
	Price       int64     // minor units of the event's currency; what is suggested when open
	MinPrice    int64     // of an open one
	SalesStart  time.Time `bun:",nullzero"`
	SalesEnd    time.Time `bun:",nullzero"`
	OnSale      bool      // the organiser can stop it
	Position    int64
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time

	PoolIDs []turnout.ID `bun:"-"` // in id order; none: there is no end of it
	With    []AddOnWith  `bun:"-"` // the ticket types it goes with; none: all, as it likes
}

// AddOnWith says how an add-on goes with the tickets of a type: at least and at most how many a ticket, and how many of them the
// ticket's price includes.
type AddOnWith struct {
	bun.BaseModel `bun:"table:add_on_ticket_types,alias:add_on_with" json:"-"`

	CommunityID  turnout.ID `json:"-"`
	AddOnID      turnout.ID `bun:",pk" json:"-"`
	TicketTypeID turnout.ID `bun:",pk" json:"ticket_type_id"`
	Least        int64      `json:"least"`
	Most         int64      `json:"most"`
	Included     int64      `json:"included"`
}

// mostAddOns is how many of an add-on a ticket may have where the organiser says nothing.
const mostAddOns = 10

// with says how the add-on goes with a ticket type; ok is false when it does not.
func (a *AddOn) with(ticketType turnout.ID) (how AddOnWith, ok bool) {
	if len(a.With) == 0 {
		return AddOnWith{Most: mostAddOns}, true
	}
	for _, w := range a.With {
		if w.TicketTypeID == ticketType {
			return w, true
		}
	}
	return AddOnWith{}, false
}

// floor is how many a ticket has without being asked: what is required, and what its price includes.
func (w AddOnWith) floor() int64 { return max(w.Least, w.Included) }

// sellable says whether the add-on may be sold at the instant, apart from its pools.
func (a *AddOn) sellable(now time.Time) error {
	switch {
	case !a.OnSale:
		return ErrNotOnSale
	case !a.SalesStart.IsZero() && now.Before(a.SalesStart):
		return ErrSaleNotYet
	case !a.SalesEnd.IsZero() && !now.Before(a.SalesEnd):
		return ErrSaleOver
	}
	return nil
}

// TicketAddOn says that a ticket's bearer has a number of an add-on.
type TicketAddOn struct {
	bun.BaseModel `bun:"table:ticket_add_ons,alias:ticket_add_on"`

	LineID      turnout.ID `bun:",pk"`
	TicketID    turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	AddOnID     turnout.ID
	Quantity    int64
}

type addOnPool struct {
	bun.BaseModel `bun:"table:add_on_pools,alias:add_on_pool"`

	CommunityID turnout.ID
	AddOnID     turnout.ID `bun:",pk"`
	PoolID      turnout.ID `bun:",pk"`
}

// loadAddOns gives the add-ons of the events, in their order, with pools and ticket types: one statement when there are none.
func loadAddOns(ctx context.Context, db bun.IDB, eventIDs []turnout.ID) ([]*AddOn, error) {
	var rows []struct {
		AddOn      `bun:",extend"`
		LinkedPool turnout.ID
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("add_on.*").ColumnExpr("COALESCE(link.pool_id, '') AS linked_pool").
		Join("LEFT JOIN add_on_pools AS link ON link.add_on_id = add_on.id").
		Where("add_on.event_id IN (?)", bun.List(eventIDs)).OrderExpr("add_on.event_id, add_on.position, add_on.id, link.pool_id").Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var list []*AddOn
	byID := map[turnout.ID]*AddOn{}
	for i := range rows {
		a := byID[rows[i].ID]
		if a == nil {
			a = &rows[i].AddOn
			byID[a.ID], list = a, append(list, a)
		}
		if pool := rows[i].LinkedPool; pool != "" {
			a.PoolIDs = append(a.PoolIDs, pool)
		}
	}
	var with []AddOnWith
	if err := db.NewSelect().Model(&with).Where("add_on_id IN (SELECT id FROM add_ons WHERE event_id IN (?))", bun.List(eventIDs)).Order("ticket_type_id").Scan(ctx); err != nil {
		return nil, err
	}
	for _, w := range with {
		if a := byID[w.AddOnID]; a != nil { // else made since
			a.With = append(a.With, w)
		}
	}
	return list, nil
}

// SalesByAddOn gives the counters of an event's add-ons; one that nobody bought is not in it.
func SalesByAddOn(ctx context.Context, db bun.IDB, community, event turnout.ID) (map[turnout.ID]AddOnTotals, error) {
	var rows []AddOnTotals
	if err := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx); err != nil {
		return nil, fmt.Errorf("ticketing: sales by add-on: %w", err)
	}
	byAddOn := make(map[turnout.ID]AddOnTotals, len(rows))
	for _, r := range rows {
		byAddOn[r.AddOnID] = r
	}
	return byAddOn, nil
}
