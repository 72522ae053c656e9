package ticketing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// VoucherKind says what a voucher does to a price. An access voucher opens the voucher-only ticket types that it is for, the others
// those that they name: see opens.
type VoucherKind string

// The kinds of vouchers: access and reserve leave the price as it is.
const (
	Percent         VoucherKind = "percent"     // off each ticket
	AmountOff       VoucherKind = "amount"      // off each ticket, at most its price
	FixedTo         VoucherKind = "fixed_price" // each ticket costs at most the value
	AccessVoucher   VoucherKind = "access"
	ReservedVoucher VoucherKind = "reserve" // its unused uses hold places
)

// Voucher is a code that changes price, visibility or capacity. A use is one ticket of a type that it is for.
type Voucher struct {
	bun.BaseModel `bun:"table:vouchers,alias:voucher"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	Code        string
	Folded      string // the code as it is compared: see FoldCode
	Kind        VoucherKind
	Value       int64  // percent, or minor units of the event's currency
	Reserves    bool   // its unused uses hold places of its one ticket type
	MaxUses     *int64 // nil: any number
	Uses        int64  // of orders that hold places by it
	Budget      *int64 // minor units; nil: any sum
	Spent       int64  // the discounts of those orders
	Email       string // the only buyer, or '@domain'; "" for everybody
	Batch       string
	Note        string
	Words       string    // what a search looks in: see VoucherWords
	ValidFrom   time.Time `bun:",nullzero"`
	ValidUntil  time.Time `bun:",nullzero"`
	Ended       bool
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time

	TicketTypeIDs []turnout.ID `bun:"-"` // in id order; none: all
}

// FoldCode gives a voucher's code as it is compared: without spaces, whatever the case.
func FoldCode(code string) string {
	return cases.Fold().String(norm.NFKC.String(strings.Join(strings.Fields(code), "")))
}

// isFor says whether the voucher is for a ticket type.
func (v *Voucher) isFor(ticketType turnout.ID) bool {
	return len(v.TicketTypeIDs) == 0 || slices.Contains(v.TicketTypeIDs, ticketType)
}

// opens says whether the voucher opens a ticket type that is sold with a voucher only: a discount on everything, as newsletters print, does not.
func (v *Voucher) opens(ticketType turnout.ID) bool {
	return v.isFor(ticketType) && (v.Kind == AccessVoucher || len(v.TicketTypeIDs) > 0)
}

// live says whether the voucher can be used at the instant, by its dates.
func (v *Voucher) live(now time.Time) bool {
	return !v.Ended && (v.ValidUntil.IsZero() || now.Before(v.ValidUntil))
}

// discount is what the voucher takes off one ticket of a price. Percentages are rounded half away from zero, here and nowhere else.
func (v *Voucher) discount(price int64) int64 {
	switch v.Kind {
	case Percent:
		return turnout.MulDiv(price, v.Value, 100)
	case AmountOff:
		return min(price, v.Value)
	case FixedTo:
		return max(0, price-v.Value)
	}
	return 0
}

// usesLeft is how many tickets it can still be used for; a number beyond any order when there is no limit.
func (v *Voucher) usesLeft() int64 {
	if v.MaxUses == nil {
		return maxCapacity
	}
	return *v.MaxUses - v.Uses
}

// budgetLeft is what its discounts can still add up to.
func (v *Voucher) budgetLeft() int64 {
	if v.Budget == nil {
		return maxPrice * maxQuantity
	}
	return *v.Budget - v.Spent
}

// holds is how many places of its ticket type it reserves at the instant.
func (v *Voucher) holds(now time.Time) int64 {
	if !v.Reserves || !v.live(now) {
		return 0
	}
	return v.usesLeft()
}

// refusal says why a buyer cannot use the voucher, whatever the pools hold; "" when they can. It is nil for a code that nobody knows.
func (v *Voucher) refusal(email string, now time.Time) (code, message string) {
	switch {
	case v == nil:
		return "unknown", "There is no voucher of this code."
	case v.Ended:
		return "ended", "This voucher cannot be used any more."
	case !v.ValidFrom.IsZero() && now.Before(v.ValidFrom):
		return "not_yet_valid", "This voucher cannot be used yet."
	case !v.live(now):
		return "expired", "This voucher has expired."
	case v.usesLeft() <= 0:
		return "used_up", "This voucher is used up."
	case v.Email != "" && email != "" && v.Email != email && v.Email != "@"+domainOf(email):
		return "other_buyer", "This voucher is for somebody else: it is bound to an e-mail address."
	}
	return "", ""
}

// covers says whether what is left of the voucher, after what others of the same moment have used, is enough for the basket.
func (v *Voucher) covers(b *basket, before used, p *Purchase, currency string, now time.Time) error {
	if code, message := v.refusal(p.Buyer.Email, now); code != "" {
		return turnout.Invalidf("voucher", code, "%s", message)
	}
	if left := v.usesLeft() - before.uses; b.uses > left {
		if left <= 0 {
			return turnout.Invalidf("voucher", "used_up", "This voucher is used up.")
		}
		return turnout.Invalidf("voucher", "too_few_uses", "This voucher can be used for %d more at most.", left)
	}
	if left := v.budgetLeft() - before.spent; b.spent > left { // whoever holds the code may know
		return turnout.Invalidf("voucher", "budget_spent", "Of this voucher's budget %s is left, which is not enough for this order.", turnout.Money{Amount: left, Currency: currency})
	}
	return nil
}

// loadVouchers gives the vouchers of which folds says the folded codes, event by event, with their ticket types.
func loadVouchers(ctx context.Context, db bun.IDB, where func(*bun.SelectQuery) *bun.SelectQuery) ([]*Voucher, error) {
	var list []*Voucher
	if err := where(db.NewSelect().Model(&list)).Scan(ctx); err != nil || len(list) == 0 {
		return nil, err
	}
	byID := make(map[turnout.ID]*Voucher, len(list))
	ids := make([]turnout.ID, len(list))
	for i, v := range list {
		byID[v.ID], ids[i] = v, v.ID
	}
	var links []voucherType
	if err := db.NewSelect().Model(&links).Where("voucher_id IN (?)", bun.List(ids)).Order("ticket_type_id").Scan(ctx); err != nil {
		return nil, err
	}
	for _, l := range links {
		byID[l.VoucherID].TicketTypeIDs = append(byID[l.VoucherID].TicketTypeIDs, l.TicketTypeID)
	}
	return list, nil
}

type voucherType struct {
	bun.BaseModel `bun:"table:voucher_ticket_types,alias:voucher_type"`

	CommunityID  turnout.ID
	VoucherID    turnout.ID `bun:",pk"`
	TicketTypeID turnout.ID `bun:",pk"`
}

// lockVouchers touches the vouchers once each, in id order, after the pools and before the event's totals, and puts in what stands now.
// One that was read and has been changed since may be for other ticket types: that is database.ErrAgain.
func lockVouchers(ctx context.Context, tx bun.IDB, byID map[turnout.ID]*Voucher) error {
	ids := make([]turnout.ID, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		v := byID[id]
		types, version := v.TicketTypeIDs, v.Version
		if err := tx.NewUpdate().Model(v).Set("uses = uses").Where("id = ?", id).Returning("*").Scan(ctx); err != nil {
			return err
		}
		if version != 0 && v.Version != version {
			return database.ErrAgain
		}
		v.TicketTypeIDs = types
	}
	return nil
}

// useVoucher adds to what a voucher was used for; one that reserves then holds a place for each use that is left, or as many as its
// tickets have room for, when they draw on other pools by now. The pools that it has claims on are locked.
func useVoucher(ctx context.Context, tx bun.IDB, id turnout.ID, uses, spent int64, now time.Time) error {
	v := new(Voucher)
	if err := tx.NewUpdate().Model(v).Set("uses = uses + ?", uses).Set("spent = spent + ?", spent).Where("id = ?", id).Returning("*").Scan(ctx); err != nil {
		return err
	}
	if !v.Reserves {
		return nil
	}
	claims, room, err := v.claims(ctx, tx)
	if err != nil {
		return err
	}
	return reserve(ctx, tx, claims, min(v.holds(now), room))
}

// claims gives the voucher's claims, and how many places each of their pools has for it.
func (v *Voucher) claims(ctx context.Context, tx bun.IDB) ([]*claim, int64, error) {
	var rows []struct {
		claim `bun:",extend"`
		Free  int64
	}
	if err := tx.NewSelect().Model(&rows).ColumnExpr("claim.*").ColumnExpr("pool.capacity - pool.taken AS free").
		Join("JOIN pools AS pool ON pool.id = claim.pool_id").Where("claim.holder_id = ?", v.ID).Order("claim.pool_id").Scan(ctx); err != nil {
		return nil, 0, err
	}
	room, claims := int64(maxCapacity), make([]*claim, len(rows))
	for i := range rows {
		claims[i], room = &rows[i].claim, min(room, rows[i].Free+rows[i].Quantity)
	}
	return claims, room, nil
}

// reserve lets claims of a voucher hold so many places each; their pools must be locked. It fails with ErrSoldOut.
func reserve(ctx context.Context, tx bun.IDB, claims []*claim, places int64) error {
	for _, c := range claims {
		if c.Quantity == places {
			continue
		}
		if err := takePlaces(ctx, tx, c.PoolID, places-c.Quantity); err != nil {
			return err
		}
		c.Quantity, c.Places = places, max(c.Places, places)
		if _, err := tx.NewUpdate().Model(c).Column("quantity", "places").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// EndVouchers ends vouchers that reserve places and whose time is over: the places go back; event limits it to one event. It returns how
// many were due. It is a sweep, in chunks: a batch has thousands, and a buyer may wait for it.
func (s *Service) EndVouchers(ctx context.Context, event turnout.ID) (int, error) {
	for total := 0; ; {
		n := 0
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			n, err = s.endVouchers(ctx, tx, event)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("ticketing: end vouchers: %w", err)
		}
		if n > 0 {
			s.soldOut.forget()
		}
		if total += n; n < expireChunk {
			return total, nil
		}
	}
}

// endVouchers ends a chunk of them. Whoever changes a voucher that reserves holds its pools, so under their lock it stays as it is.
func (s *Service) endVouchers(ctx context.Context, tx bun.Tx, event turnout.ID) (int, error) {
	now := s.Now()
	var due []turnout.ID
	q := tx.NewSelect().Model((*Voucher)(nil)).Column("id").Where("reserves AND NOT ended").Where("valid_until <= ?", now)
	if event != "" {
		q = q.Where("event_id = ?", event)
	}
	if err := q.Order("id").Limit(expireChunk).Scan(ctx, &due); err != nil || len(due) == 0 {
		return 0, err
	}
	if _, err := lockOffers(ctx, tx, due); err != nil {
		return 0, err
	}
	var ended []*Voucher // not those for which another server was faster, or whose time was moved
	if err := tx.NewUpdate().Model((*Voucher)(nil)).Set("ended = TRUE").Set("version = version + 1").Set("updated_at = ?", now).
		Where("id IN (?)", bun.List(due)).Where("reserves AND NOT ended").Where("valid_until <= ?", now).Returning("*").Scan(ctx, &ended); err != nil {
		return 0, err
	}
	ids, entries := make([]turnout.ID, len(ended)), make([]audit.Entry, len(ended))
	for i, v := range ended {
		ids[i] = v.ID
		entries[i] = audit.Entry{Community: v.CommunityID, Action: "voucher.ended", Subject: v.ID, Actor: audit.Actor{Kind: audit.System}, At: now}
	}
	if err := releasePlaces(ctx, tx, ids); err != nil {
		return 0, err
	}
	return len(due), audit.Write(ctx, tx, entries...)
}
