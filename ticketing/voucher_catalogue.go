package ticketing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
)

const prefixVoucher = "vou"

// VoucherInput is what a voucher is made or changed with. Value is a percentage, or minor units of the event's currency.
type VoucherInput struct {
	Code          string
	Kind          VoucherKind
	Value         int64
	Reserves      bool
	MaxUses       *int64
	Budget        *int64
	TicketTypeIDs []turnout.ID
	Email         string
	Note          string
	ValidFrom     time.Time
	ValidUntil    time.Time
}

// The refusals of editing vouchers.
var (
	ErrUsesBelow = &turnout.Error{Kind: turnout.Conflict, Code: "max_uses_below_uses", Message: "More tickets than that were sold with this voucher."}
	ErrBudgetLow = &turnout.Error{Kind: turnout.Conflict, Code: "budget_below_spent", Message: "More than that was given as discount by this voucher."}
	ErrCodeTaken = &turnout.Error{Kind: turnout.Conflict, Code: "code_taken", Message: "This event has a voucher of that code already.",
		Fields: []turnout.FieldError{{Name: "code", Code: "code_taken", Message: "This event has a voucher of that code already."}}}

	errReservesMore = &turnout.Error{Kind: ErrSoldOut.Kind, Code: ErrSoldOut.Code, Message: "There are fewer free places than this voucher would hold.",
		Fields: []turnout.FieldError{{Name: "max_uses", Code: "reserves_more",
			Message: "There are fewer free places than this voucher would hold. Let it be used less often, or make room first."}}}
)

const maxCode = 60

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *VoucherInput) Check() error {
	var p turnout.Problems
	in.Code, in.Note = strings.TrimSpace(in.Code), strings.TrimSpace(in.Note)
	p.Require("code", FoldCode(in.Code))
	p.Line("code", in.Code, maxCode)
	p.Line("note", in.Note, 200)
	in.checkRule(&p)
	return p.Err()
}

// checkRule says what is wrong with the voucher apart from its code.
func (in *VoucherInput) checkRule(p *turnout.Problems) {
	in.Reserves = in.Reserves || in.Kind == ReservedVoucher
	slices.Sort(in.TicketTypeIDs)
	in.TicketTypeIDs = slices.Compact(in.TicketTypeIDs)
	switch in.Kind {
	case Percent:
		if in.Value < 1 || in.Value > 100 {
			p.Add("value", "out_of_range", "A percentage is between 1 and 100.")
		}
	case AmountOff:
		if in.Value < 1 {
			p.Add("value", "out_of_range", "Say how much it takes off a ticket.")
		}
		noHigher(p, "value", in.Value)
	case FixedTo:
		if in.Value < 0 {
			p.Add("value", "out_of_range", "Say what a ticket costs with it.")
		}
		noHigher(p, "value", in.Value)
	case AccessVoucher, ReservedVoucher:
		if in.Value != 0 {
			p.Add("value", "none", "This kind changes no price.")
		}
	default:
		p.Add("kind", "unknown", "Choose percent, amount, fixed_price, access or reserve.")
	}
	if in.MaxUses != nil && (*in.MaxUses < 1 || *in.MaxUses > maxCapacity) {
		p.Add("max_uses", "out_of_range", "Choose for how many tickets it can be used.")
	}
	if in.Budget != nil {
		if *in.Budget < 1 {
			p.Add("budget", "out_of_range", "Say how much its discounts may add up to.")
		}
		noHigher(p, "budget", *in.Budget)
	}
	if in.Reserves && in.MaxUses == nil {
		p.Add("max_uses", "required", "A voucher that reserves places says how many.")
	}
	if in.Reserves && len(in.TicketTypeIDs) != 1 {
		p.Add("ticket_type_ids", "one", "A voucher that reserves places is for one kind of ticket.")
	}
	in.checkEmail(p)
	p.InOrder("valid_until", in.ValidFrom, in.ValidUntil, "It must end after it begins.")
}

// noHigher notes an amount beyond any price, in minor units: which currency they are of is the event's to say.
func noHigher(p *turnout.Problems, name string, amount int64) {
	if amount > maxPrice {
		p.Add(name, "number_high", "This is too large: %d minor units at most.", int64(maxPrice))
	}
}

func (in *VoucherInput) checkEmail(p *turnout.Problems) {
	in.Email = strings.TrimSpace(in.Email)
	switch {
	case in.Email == "":
	case strings.HasPrefix(in.Email, "@"):
		if _, err := people.NormaliseEmail("someone" + in.Email); err != nil {
			p.Add("email", "domain", "%q is not the domain of an e-mail address.", in.Email[1:])
		}
		in.Email = "@" + domain(in.Email)
	default:
		email, err := people.NormaliseEmail(in.Email)
		if err != nil {
			p.Add("email", "email", "This is not an e-mail address, nor @ and a domain.")
			return
		}
		in.Email = email
	}
}

func (in *VoucherInput) apply(v *Voucher, now time.Time) {
	v.Code, v.Folded, v.Kind, v.Value, v.Reserves, v.MaxUses, v.Budget = in.Code, FoldCode(in.Code), in.Kind, in.Value, in.Reserves, in.MaxUses, in.Budget
	v.Email, v.Note, v.ValidFrom, v.ValidUntil = in.Email, in.Note, in.ValidFrom.UTC().Truncate(time.Microsecond), in.ValidUntil.UTC().Truncate(time.Microsecond)
	v.TicketTypeIDs, v.UpdatedAt = in.TicketTypeIDs, now
	v.Words = VoucherWords(v)
	v.Version++
}

// CreateVoucher adds a voucher to an event; one that reserves takes its places at once. It fails with an Invalid error, ErrCodeTaken,
// ErrSoldOut (fewer places are left than it is to reserve) and turnout.ErrNotFound.
func (s *Service) CreateVoucher(ctx context.Context, community, event turnout.ID, in VoucherInput) (*Voucher, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	made, err := s.createVouchers(ctx, community, event, "", []VoucherInput{in})
	if err != nil {
		return nil, fmt.Errorf("ticketing: create voucher: %w", err)
	}
	return made[0], nil
}

// MaxBatch is how many vouchers one batch can have.
const MaxBatch = 5000

// CreateVouchers adds n vouchers of one kind, each with a random code behind the prefix, as a batch under a name. It fails as CreateVoucher.
func (s *Service) CreateVouchers(ctx context.Context, community, event turnout.ID, batch, prefix string, n int64, in VoucherInput) ([]*Voucher, error) {
	var p turnout.Problems
	batch, prefix = strings.TrimSpace(batch), strings.TrimSpace(prefix)
	p.Require("batch", batch)
	p.Line("batch", batch, 100)
	p.Line("prefix", prefix, 20)
	if n < 1 || n > MaxBatch {
		p.Add("count", "out_of_range", "Make 1 to %d vouchers at a time.", MaxBatch)
	}
	in.checkRule(&p)
	if err := p.Err(); err != nil {
		return nil, err
	}
	list := make([]VoucherInput, n)
	for i := range list {
		list[i] = in
		list[i].Code = prefix + newCode()
	}
	made, err := s.createVouchers(ctx, community, event, batch, list)
	if err != nil {
		return nil, fmt.Errorf("ticketing: create vouchers: %w", err)
	}
	return made, nil
}

// codeLetters are those that nobody takes for another.
const codeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// newCode makes a code of 50 random bits: it cannot be guessed at the rate at which codes can be tried.
func newCode() string {
	var b [10]byte
	_, _ = rand.Read(b[:])
	for i := range b {
		b[i] = codeLetters[int(b[i])%len(codeLetters)]
	}
	return string(b[:5]) + "-" + string(b[5:])
}

func (s *Service) createVouchers(ctx context.Context, community, event turnout.ID, batch string, list []VoucherInput) (made []*Voucher, err error) {
	err = s.withRoom(ctx, &event, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		pools, err := lockPoolsOfTypes(ctx, tx, event, list[0].TicketTypeIDs)
		if err != nil {
			return err
		}
		if _, err := events.ForAmounts(ctx, tx, community, string(event)); err != nil {
			return err
		}
		if err := typesOf(ctx, tx, community, event, list[0].TicketTypeIDs); err != nil {
			return err
		}
		made = make([]*Voucher, len(list))
		var links []voucherType
		var claims []*claim
		take := map[turnout.ID]int64{}
		for i := range list {
			v := &Voucher{ID: turnout.NewID(prefixVoucher), CommunityID: community, EventID: event, Batch: batch, CreatedAt: now}
			list[i].apply(v, now)
			made[i] = v
			for _, id := range v.TicketTypeIDs {
				links = append(links, voucherType{CommunityID: community, VoucherID: v.ID, TicketTypeID: id})
			}
			if places := v.holds(now); v.Reserves {
				for _, pool := range pools {
					take[pool] += places
					claims = append(claims, &claim{HolderID: v.ID, PoolID: pool, HolderKind: holderVoucher, CommunityID: community, Places: places, Quantity: places})
				}
			}
		}
		if err := takeAll(ctx, tx, take); err != nil {
			return err
		}
		for _, rows := range []any{&made, &links, &claims} {
			if err := insertAll(ctx, tx, rows); err != nil {
				return err
			}
		}
		if err := remember(ctx, tx, made[0].ID, now); err != nil {
			return err
		}
		entry := audit.Entry{Community: community, Action: "voucher.created", Subject: made[0].ID, At: now}
		if batch != "" {
			entry.Detail = map[string]string{"count": fmt.Sprint(len(made))}
		}
		s.soldOut.forget()
		return audit.Write(ctx, tx, entry)
	})
	return made, voucherRefusal(err)
}

// voucherRefusal says of what the database refused which field of the voucher asks for it.
func voucherRefusal(err error) error {
	switch {
	case database.IsUnique(err):
		return ErrCodeTaken
	case errors.Is(err, ErrSoldOut):
		return errReservesMore
	}
	return err
}

// lockPoolsOfTypes locks the pools that ticket types draw on, and gives their ids. A type that moved to others while this waited is
// database.ErrAgain: now it stays where it is, for moving it takes these locks.
func lockPoolsOfTypes(ctx context.Context, tx bun.IDB, event turnout.ID, types []turnout.ID) ([]turnout.ID, error) {
	if len(types) == 0 {
		return nil, nil
	}
	read, err := poolsOfTypes(ctx, tx, event, types)
	if err != nil {
		return nil, err
	}
	if _, err := lockPools(ctx, tx, read); err != nil {
		return nil, err
	}
	now, err := poolsOfTypes(ctx, tx, event, types)
	if err == nil && !slices.Equal(read, now) {
		err = database.ErrAgain
	}
	return now, err
}

func poolsOfTypes(ctx context.Context, tx bun.IDB, event turnout.ID, types []turnout.ID) (ids []turnout.ID, err error) {
	err = tx.NewSelect().Model((*typePool)(nil)).Distinct().Column("pool_id").Join("JOIN ticket_types AS type ON type.id = type_pool.ticket_type_id").
		Where("type.event_id = ?", event).Where("type.id IN (?)", bun.List(types)).Order("pool_id").Scan(ctx, &ids)
	return ids, err
}

// typesOf refuses ticket types that are not the event's own.
func typesOf(ctx context.Context, tx bun.IDB, community, event turnout.ID, ids []turnout.ID) error {
	if len(ids) == 0 {
		return nil
	}
	n, err := tx.NewSelect().Model((*TicketType)(nil)).Where("community_id = ?", community).Where("event_id = ?", event).Where("id IN (?)", bun.List(ids)).Count(ctx)
	if err == nil && n != int64(len(ids)) {
		err = turnout.Invalidf("ticket_type_ids", "unknown", "A ticket type that was named does not belong to this event.")
	}
	return err
}

// UpdateVoucher changes a voucher for the orders to come. A voucher that reserves keeps doing so, for the same tickets. version is the one
// that was read, 0 for whatever it is. It fails with an Invalid error, ErrCodeTaken, ErrUsesBelow, ErrBudgetLow, ErrSoldOut,
// turnout.ErrStale and turnout.ErrNotFound.
func (s *Service) UpdateVoucher(ctx context.Context, community, id turnout.ID, version int64, in VoucherInput) (*Voucher, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	return s.editVoucher(ctx, community, id, version, "voucher.changed", func(ctx context.Context, tx bun.Tx, v *Voucher, now time.Time) error {
		if v.Reserves != in.Reserves || v.Reserves && !slices.Equal(v.TicketTypeIDs, in.TicketTypeIDs) {
			return turnout.Invalidf("ticket_type_ids", "reserved", "What a voucher reserves cannot be changed: end it and make another.")
		}
		if in.MaxUses != nil && *in.MaxUses < v.Uses {
			return ErrUsesBelow.With("%d tickets were sold with this voucher.", v.Uses)
		}
		if in.Budget != nil && *in.Budget < v.Spent {
			return ErrBudgetLow
		}
		if err := typesOf(ctx, tx, community, v.EventID, in.TicketTypeIDs); err != nil {
			return err
		}
		in.apply(v, now)
		if _, err := tx.NewDelete().Model((*voucherType)(nil)).Where("voucher_id = ?", id).Exec(ctx); err != nil {
			return err
		}
		links := make([]voucherType, len(in.TicketTypeIDs))
		for i, t := range in.TicketTypeIDs {
			links[i] = voucherType{CommunityID: community, VoucherID: id, TicketTypeID: t}
		}
		return insertAll(ctx, tx, &links)
	})
}

// EndVoucher stops a voucher, or lets it be used again; places that it reserves go back, or are taken again (ErrSoldOut when they are gone).
// It fails as UpdateVoucher.
func (s *Service) EndVoucher(ctx context.Context, community, id turnout.ID, version int64, ended bool) (*Voucher, error) {
	action := "voucher.ended"
	if !ended {
		action = "voucher.reopened"
	}
	return s.editVoucher(ctx, community, id, version, action, func(_ context.Context, _ bun.Tx, v *Voucher, now time.Time) error {
		v.Ended, v.UpdatedAt = ended, now
		v.Version++
		return nil
	})
}

// editVoucher changes a voucher under its lock; one that reserves then holds the places that it should.
func (s *Service) editVoucher(ctx context.Context, community, id turnout.ID, version int64, action string,
	change func(ctx context.Context, tx bun.Tx, v *Voucher, now time.Time) error) (v *Voucher, err error) {
	var event turnout.ID
	err = s.withRoom(ctx, &event, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		if _, err := lockOffers(ctx, tx, []turnout.ID{id}); err != nil {
			return err
		}
		list, err := loadVouchers(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("id = ?", id).Where("community_id = ?", community)
		})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return turnout.ErrNotFound
		}
		v, event = list[0], list[0].EventID
		if err := lockVouchers(ctx, tx, map[turnout.ID]*Voucher{id: v}); err != nil {
			return err
		}
		if version != 0 && v.Version != version {
			return turnout.ErrStale
		}
		if _, err := events.ForAmounts(ctx, tx, community, string(v.EventID)); err != nil {
			return err
		}
		if err := change(ctx, tx, v, now); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model(v).ExcludeColumn("uses", "spent").WherePK().Exec(ctx); err != nil {
			return err
		}
		claims, _, err := v.claims(ctx, tx)
		if err != nil {
			return err
		}
		if err := reserve(ctx, tx, claims, v.holds(now)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: action, Subject: id, At: now})
	})
	if err = voucherRefusal(err); err != nil {
		return nil, fmt.Errorf("ticketing: edit voucher: %w", err)
	}
	s.soldOut.forget()
	return v, nil
}

// Voucher gives one voucher of the community. It fails with turnout.ErrNotFound.
func (s *Service) Voucher(ctx context.Context, community, id turnout.ID) (*Voucher, error) {
	list, err := loadVouchers(ctx, s.DB.Read(), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("id = ?", id).Where("community_id = ?", community)
	})
	if err == nil && len(list) == 0 {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: voucher: %w", err)
	}
	return list[0], nil
}
