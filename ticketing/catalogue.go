package ticketing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Prefixes of the ids.
const (
	prefixPool     = "pol"
	prefixType     = "typ"
	prefixWindow   = "win"
	prefixLine     = "lin"
	prefixRefund   = "ref"
	prefixWaitlist = "wtl"
)

const maxCapacity = 10_000_000

// PoolInput is what a pool is made or changed with.
type PoolInput struct {
	Name     string
	Capacity int64
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *PoolInput) Check() error {
	in.Name = strings.TrimSpace(in.Name)
	var p turnout.Problems
	p.Require("name", in.Name)
	p.Line("name", in.Name, maxName)
	if in.Capacity < 0 || in.Capacity > maxCapacity {
		p.Add("capacity", "out_of_range", "There can be between 0 and %d places.", maxCapacity)
	}
	return p.Err()
}

// ErrNameTaken refuses a second pool or ticket type of one name in an event: two equal boxes to tick cannot be told apart.
var ErrNameTaken = &turnout.Error{Kind: turnout.Conflict, Code: "name_taken", Message: "This event has one of that name already. Choose another name.",
	Fields: []turnout.FieldError{{Name: "name", Code: "name_taken", Message: "This event has one of that name already. Choose another name."}}}

// nameTaken tells the database's refusal of a second name: of what the catalogue writes only names can meet.
func nameTaken(err error) error {
	if database.IsUnique(err) {
		return ErrNameTaken
	}
	return err
}

// CreatePool adds a pool to an event. A name that another one has is ErrNameTaken.
func (s *Service) CreatePool(ctx context.Context, community, event turnout.ID, in PoolInput) (*Pool, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	now := s.Now()
	pool := &Pool{ID: turnout.NewID(prefixPool), CommunityID: community, EventID: event, Kind: Places, Name: in.Name, Capacity: in.Capacity,
		Version: 1, CreatedAt: now, UpdatedAt: now}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := events.Find(ctx, tx, community, string(event)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(pool).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "pool.created", Subject: pool.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: create pool: %w", nameTaken(err))
	}
	return pool, nil
}

// UpdatePool changes a pool's name and capacity. version is the one that was read, 0 for whatever it is. It fails with
// ErrCapacityBelowTaken, ErrNameTaken, turnout.ErrStale, turnout.ErrNotFound.
func (s *Service) UpdatePool(ctx context.Context, community, id turnout.ID, version int64, in PoolInput) (*Pool, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	var pool *Pool
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		now := s.Now()
		n, err := database.Changed(tx.NewUpdate().Model((*Pool)(nil)).
			Set("name = ?", in.Name).Set("capacity = ?", in.Capacity).Set("version = version + 1").Set("updated_at = ?", now).
			Where("id = ?", id).Where("community_id = ?", community).Where("kind = ?", Places).Where("taken <= ?", in.Capacity).
			Where("? IN (0, version)", version).Exec(ctx))
		if err != nil {
			return err
		}
		if pool, err = findPool(ctx, tx, community, id); err != nil {
			return err
		}
		switch {
		case n == 1:
			return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "pool.changed", Subject: id, At: now})
		case version != 0 && pool.Version != version:
			return turnout.ErrStale
		default:
			return ErrCapacityBelowTaken.With("%d places are already sold, held, reserved or set aside; there cannot be fewer.", pool.Taken)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: update pool: %w", nameTaken(err))
	}
	s.soldOut.forget()
	return pool, nil
}

// Pool gives one of an event's own pools. It fails with turnout.ErrNotFound.
func (s *Service) Pool(ctx context.Context, community, id turnout.ID) (*Pool, error) {
	pool, err := findPool(ctx, s.DB.Read(), community, id)
	if err != nil {
		return nil, fmt.Errorf("ticketing: pool: %w", err)
	}
	return pool, nil
}

func findPool(ctx context.Context, db bun.IDB, community, id turnout.ID) (*Pool, error) {
	pool := new(Pool)
	err := db.NewSelect().Model(pool).Where("id = ?", id).Where("community_id = ?", community).Where("kind = ?", Places).Scan(ctx)
	return pool, database.NotFound(err)
}

// Pools lists an event's own pools, oldest first: not those of choices and prices.
func (s *Service) Pools(ctx context.Context, community, event turnout.ID) ([]*Pool, error) {
	var pools []*Pool
	err := s.DB.Read().NewSelect().Model(&pools).Where("event_id = ?", event).Where("community_id = ?", community).
		Where("kind = ?", Places).Order("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("ticketing: pools: %w", err)
	}
	return pools, nil
}

// TicketTypeInput is what a ticket type is made or changed with. Zero times mean no limit, zero quantities 1 and 10.
type TicketTypeInput struct {
	Name             string
	Description      string
	Pricing          Pricing       // "" is fixed
	Price            turnout.Money // what is suggested when open
	MinPrice         turnout.Money // of an open one; the zero Money is none
	PriceWindows     []PriceWindow // one without an id is new; their pools stay what they are
	AttendanceMode   Mode
	PoolIDs          []turnout.ID
	SalesStart       time.Time
	SalesEnd         time.Time
	MinPerOrder      int64
	MaxPerOrder      int64
	MultipleOf       int64 // 0 is 1
	MembersOnly      bool
	EmailDomains     []string
	Visibility       Visibility
	RequiresApproval bool
}

func (in *TicketTypeInput) setDefaults() {
	if in.MinPerOrder == 0 {
		in.MinPerOrder = 1
	}
	if in.MultipleOf == 0 {
		in.MultipleOf = 1
	}
	if in.MaxPerOrder == 0 {
		in.MaxPerOrder = min(maxQuantity, max(10, fewest(in.MinPerOrder, in.MultipleOf)))
	}
	in.EmailDomains = sortedDomains(in.EmailDomains)
	if in.Visibility == "" {
		in.Visibility = Public
	}
	slices.Sort(in.PoolIDs)
	in.PoolIDs = slices.Compact(in.PoolIDs)
}

// Check puts in what may be left out, and says all that is wrong with the input, field by field. most is what one order can
// cost, in minor units of the event's currency: a price at which the smallest order costs more is refused.
func (in *TicketTypeInput) Check(event *events.Event, most int64, now time.Time) error {
	in.setDefaults()
	in.Name = strings.TrimSpace(in.Name)
	var p turnout.Problems
	p.Require("name", in.Name)
	p.Line("name", in.Name, maxName)
	p.Length("description", in.Description, 5000)
	most /= min(max(1, fewest(in.MinPerOrder, in.MultipleOf)), maxQuantity)
	checkPrice(&p, &in.Pricing, in.Price, in.MinPrice, event.Currency, most)
	checkWindows(&p, in, event, most, now)
	checkDomains(&p, in.EmailDomains)
	switch {
	case in.AttendanceMode != InPerson && in.AttendanceMode != Virtual:
		p.Add("attendance_mode", "unknown", "Choose in_person or virtual.")
	case event.Format == events.InPerson && in.AttendanceMode == Virtual, event.Format == events.Virtual && in.AttendanceMode == InPerson:
		p.Add("attendance_mode", "format", "The event's format is %s.", event.Format)
	}
	if len(in.PoolIDs) == 0 {
		p.Add("pool_ids", "required", "Choose at least one pool for its places.")
	}
	p.InOrder("sales_end", in.SalesStart, in.SalesEnd, "The sale must end after it begins.")
	checkSizes(&p, in.MinPerOrder, in.MaxPerOrder, in.MultipleOf)
	if in.Visibility != Public && in.Visibility != Hidden && in.Visibility != VoucherOnly {
		p.Add("visibility", "unknown", "Choose public, hidden or voucher.")
	}
	return p.Err()
}

// checkSizes says why no order could hold any of a type, and what would let one.
func checkSizes(p *turnout.Problems, least, most, multiple int64) {
	switch smallest := fewest(least, multiple); {
	case most < 1 || most > maxQuantity:
		p.Add("max_per_order", "most_range", "An order can hold 1 to %d tickets.", maxQuantity)
	case least < 1 || least > most:
		p.Add("min_per_order", "least_range", "Choose 1 to %d: one order can hold no more.", most)
	case multiple < 1 || multiple > maxQuantity || smallest > maxQuantity:
		p.Add("multiple_of", "multiple_range", "Choose 1, or a number of which a multiple lies between %d and %d.", least, most)
	case smallest > most:
		p.Add("max_per_order", "most_of_multiple", "Nobody could buy any: in multiples of %d the smallest order has %d tickets. Allow at least %d in one order, or choose a smaller multiple.", multiple, smallest, smallest)
	}
}

// CreateTicketType adds a ticket type to an event. Its pools must be the event's own, its name no other's (ErrNameTaken).
func (s *Service) CreateTicketType(ctx context.Context, community, event turnout.ID, in TicketTypeInput) (*TicketType, error) {
	now := s.Now()
	t := &TicketType{ID: turnout.NewID(prefixType), CommunityID: community, EventID: event, CreatedAt: now}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmounts(ctx, tx, community, string(event))
		if err != nil {
			return err
		}
		if err := in.checkIn(ctx, tx, e, s.Provider.Most(e.Currency), now); err != nil {
			return err
		}
		if err := tx.NewUpdate().Table("event_totals").Set("last_type = last_type + 1").Where("event_id = ?", event).Where("community_id = ?", community).
			Returning("last_type").Scan(ctx, &t.Number); err != nil {
			return err
		}
		t.Position, t.Version = t.Number, 0
		in.apply(t, now)
		if err := saveWindows(ctx, tx, t, in.PriceWindows, now); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(t).Exec(ctx); err != nil {
			return err
		}
		if err := linkPools(ctx, tx, t); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "ticket_type.created", Subject: t.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: create ticket type: %w", nameTaken(err))
	}
	return t, nil
}

// UpdateTicketType changes a ticket type for the orders to come; what was sold stays as it was sold. version is the one that
// was read, 0 for whatever it is. It fails with ErrNameTaken, turnout.ErrStale and turnout.ErrNotFound.
func (s *Service) UpdateTicketType(ctx context.Context, community, id turnout.ID, version int64, in TicketTypeInput) (*TicketType, error) {
	t := new(TicketType)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		*t = TicketType{}
		read, err := lockType(ctx, tx, community, id, in.PoolIDs)
		if err != nil {
			return err
		}
		event, err := events.ForAmountsOf(ctx, tx, community, "ticket_types", id)
		if err != nil {
			return err
		}
		if err := tx.NewSelect().Model(t).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		if t.Version != read.Version { // its pools may be others now
			return database.ErrAgain
		}
		t.PoolIDs = read.PoolIDs
		if err := in.checkIn(ctx, tx, event, s.Provider.Most(event.Currency), now); err != nil {
			return err
		}
		if version != 0 && t.Version != version {
			return turnout.ErrStale
		}
		if err := t.move(ctx, tx, in.PoolIDs); err != nil {
			return err
		}
		in.apply(t, now)
		if err := saveWindows(ctx, tx, t, in.PriceWindows, now); err != nil {
			return err
		}
		n, err := database.Changed(tx.NewUpdate().Model(t).WherePK().Where("version = ?", read.Version).Exec(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return turnout.ErrStale
		}
		if _, err := tx.NewDelete().Table("ticket_type_pools").Where("ticket_type_id = ?", t.ID).Exec(ctx); err != nil {
			return err
		}
		if err := linkPools(ctx, tx, t); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "ticket_type.changed", Subject: id, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: update ticket type: %w", nameTaken(err))
	}
	s.soldOut.forget()
	return t, nil
}

func (in *TicketTypeInput) checkIn(ctx context.Context, tx bun.IDB, event *events.Event, most int64, now time.Time) error {
	if err := in.Check(event, most, now); err != nil {
		return err
	}
	return poolsOfEvent(ctx, tx, event, in.PoolIDs)
}

// poolsOfEvent refuses pools that are not the event's own.
func poolsOfEvent(ctx context.Context, tx bun.IDB, event *events.Event, ids []turnout.ID) error {
	n, err := tx.NewSelect().Table("pools").Where("community_id = ?", event.CommunityID).Where("event_id = ?", event.ID).
		Where("kind = ?", Places).Where("id IN (?)", bun.List(ids)).Count(ctx)
	if err != nil {
		return err
	}
	if n != int64(len(ids)) {
		return turnout.Invalidf("pool_ids", "unknown", "A pool that was named does not belong to this event.")
	}
	return nil
}

func (in *TicketTypeInput) apply(t *TicketType, now time.Time) {
	t.Name, t.Description, t.AttendanceMode = in.Name, in.Description, in.AttendanceMode
	t.Pricing, t.Price, t.MinPrice = in.Pricing, in.Price.Amount, in.MinPrice.Amount
	t.MultipleOf, t.MembersOnly, t.EmailDomains = in.MultipleOf, in.MembersOnly, in.EmailDomains
	t.SalesStart, t.SalesEnd = in.SalesStart.UTC().Truncate(time.Microsecond), in.SalesEnd.UTC().Truncate(time.Microsecond)
	t.MinPerOrder, t.MaxPerOrder, t.Visibility, t.RequiresApproval = in.MinPerOrder, in.MaxPerOrder, in.Visibility, in.RequiresApproval
	t.PoolIDs = in.PoolIDs
	t.Version++
	t.UpdatedAt = now
}

type typePool struct {
	bun.BaseModel `bun:"table:ticket_type_pools,alias:type_pool"`

	CommunityID  turnout.ID
	TicketTypeID turnout.ID `bun:",pk"`
	PoolID       turnout.ID `bun:",pk"`
}

func linkPools(ctx context.Context, tx bun.IDB, t *TicketType) error {
	links := make([]typePool, len(t.PoolIDs))
	for i, id := range t.PoolIDs {
		links[i] = typePool{CommunityID: t.CommunityID, TicketTypeID: t.ID, PoolID: id}
	}
	_, err := tx.NewInsert().Model(&links).Exec(ctx)
	return err
}

// TicketTypes lists an event's ticket types in their order, with their pools.
func (s *Service) TicketTypes(ctx context.Context, community, event turnout.ID) ([]*TicketType, error) {
	types, err := loadTypes(ctx, s.DB.Read(), []turnout.ID{event})
	if err != nil {
		return nil, fmt.Errorf("ticketing: ticket types: %w", err)
	}
	return slices.DeleteFunc(types, func(t *TicketType) bool { return t.CommunityID != community }), nil
}

// loadTypes gives the ticket types of the events, in their order, with their pools, in two statements.
func loadTypes(ctx context.Context, db bun.IDB, eventIDs []turnout.ID) ([]*TicketType, error) {
	var rows []struct {
		TicketType `bun:",extend"`
		LinkedPool turnout.ID
	}
	err := db.NewSelect().Model(&rows).ColumnExpr("type.*").ColumnExpr("COALESCE(link.pool_id, '') AS linked_pool").
		Join("LEFT JOIN ticket_type_pools AS link ON link.ticket_type_id = type.id").
		Where("type.event_id IN (?)", bun.List(eventIDs)).OrderExpr("type.event_id, type.position, type.id, link.pool_id").Scan(ctx)
	if err != nil {
		return nil, err
	}
	var types []*TicketType
	for i := range rows {
		if i == 0 || rows[i].ID != rows[i-1].ID {
			types = append(types, &rows[i].TicketType)
		}
		if pool := rows[i].LinkedPool; pool != "" {
			last := types[len(types)-1]
			last.PoolIDs = append(last.PoolIDs, pool)
		}
	}
	return types, nil
}
