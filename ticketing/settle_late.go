package ticketing

import (
	"context"
	"slices"

	"turnout"
	"turnout/internal/database"
)

// makeRoomAgain ends what holds places past its time where late money will ask for some: the order has expired. A community is
// that of whoever says so, "" for a provider, whose word names the order by itself.
func (s *Service) makeRoomAgain(ctx context.Context, community, order turnout.ID) error {
	var event turnout.ID
	q := s.DB.Read().NewSelect().Model((*Order)(nil)).Column("event_id").Where("id = ?", order).Where("status = ?", Expired)
	if community != "" {
		q = q.Where("community_id = ?", community)
	}
	err := q.Scan(ctx, &event)
	if database.IsNoRows(err) {
		return nil
	}
	if err == nil {
		_, err = s.endDue(ctx, event)
	}
	return err
}

// takeAgain takes the places of an expired order again, all or none, and of the numbers of its price windows what is left. Its pools are
// locked, so what is seen is what is taken.
func (b *settlement) takeAgain(ctx context.Context, o *Order) (bool, error) {
	if sells := openForSale(o.Event, b.now) == nil; !sells {
		return false, nil
	}
	var claims []*claim
	if err := b.tx.NewSelect().Model(&claims).Where("holder_id IN (SELECT id FROM order_lines WHERE order_id = ?)", o.ID).
		Order("pool_id").Scan(ctx); err != nil {
		return false, err
	}
	ids := make([]turnout.ID, len(claims))
	for i, c := range claims {
		ids[i] = c.PoolID
	}
	pools, err := lockPools(ctx, b.tx, ids)
	if err != nil {
		return false, err
	}
	needs := map[turnout.ID]int64{}
	for _, c := range claims {
		c.Quantity = c.Places
		if p := pools[c.PoolID]; p.Kind == PricePlaces { // no seat: what was sold keeps its price, whoever had the rest of the window
			c.Quantity = min(c.Places, p.Available()-needs[c.PoolID])
		}
		needs[c.PoolID] += c.Quantity
	}
	own, covered, err := b.vouchersAgain(ctx, o)
	if err != nil || !covered {
		return false, err
	}
	for id, n := range needs {
		if pools[id].Available()+own[id] < n {
			return false, nil
		}
	}
	b.counts.count(o, -1)
	o.Status = Held // as before: it has its places, and its money has come
	b.counts.count(o, 1)
	if err := b.counts.writeVouchers(ctx, b.tx, b.now); err != nil { // those that reserve give up the places that it takes
		return false, err
	}
	for _, id := range slices.Compact(ids) {
		if err := takePlaces(ctx, b.tx, id, needs[id]); err != nil {
			return false, err
		}
	}
	for _, c := range claims {
		if _, err := b.tx.NewUpdate().Model(c).Column("quantity").WherePK().Exec(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// vouchersAgain says whether the vouchers of an expired order can be used for it once more, and which places those that reserve hold
// for it. The pools are locked.
func (b *settlement) vouchersAgain(ctx context.Context, o *Order) (own map[turnout.ID]int64, covered bool, err error) {
	own = map[turnout.ID]int64{}
	vouchers, uses := map[turnout.ID]*Voucher{}, map[turnout.ID]used{}
	for _, l := range o.Lines {
		if l.VoucherID != "" {
			vouchers[l.VoucherID] = new(Voucher)
			sum := uses[l.VoucherID]
			uses[l.VoucherID] = used{sum.uses + l.Quantity, sum.spent + l.Quantity*l.Discount}
		}
	}
	if err := lockVouchers(ctx, b.tx, vouchers); err != nil {
		return nil, false, err
	}
	for id, v := range vouchers {
		if v.usesLeft() < uses[id].uses || v.budgetLeft() < uses[id].spent {
			return nil, false, nil
		}
		if v.holds(b.now) == 0 {
			continue
		}
		var claims []*claim
		if err := b.tx.NewSelect().Model(&claims).Where("holder_id = ?", id).Scan(ctx); err != nil {
			return nil, false, err
		}
		for _, c := range claims {
			own[c.PoolID] += min(c.Quantity, uses[id].uses)
		}
	}
	return own, true, nil
}
