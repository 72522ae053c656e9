package ticketing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

const heldSecret = "held order"

// HeldToken names an order for the browser that placed it, so that it can go on with it or take others instead. It opens neither
// the order's page nor its tickets.
func (s *Service) HeldToken(o *Order) string {
	return string(o.ID) + "." + s.Keys.Sign(heldSecret, string(o.ID))
}

// HeldByToken gives the order that a HeldToken names while it holds places and can still be paid, else turnout.ErrNotFound.
func (s *Service) HeldByToken(ctx context.Context, token string) (*Order, error) {
	id, secret, _ := strings.Cut(token, ".")
	if !s.Keys.Verify(secret, heldSecret, id) {
		return nil, turnout.ErrNotFound
	}
	order, err := s.orderWhere(ctx, s.DB.Read(), "id = ?", id)
	if err == nil && order.StatusAt(s.Now()) != Held {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: held order: %w", err)
	}
	return order, nil
}

// replaceOrder places an order in the transaction that cancels the unpaid ones which give way to it: the one that it names, and the
// one that its form made before. Their places are free for it; when it is refused all the same, they stay held. What was paid
// meanwhile does not give way: that is ErrReplacedPaid for an order that was named; a form makes another one.
// It serves one request: a refusal after others gave way takes the whole transaction back.
func (s *Service) replaceOrder(ctx context.Context, tx bun.Tx, items []*database.Item[placing, placed]) error {
	item := items[0]
	if err := s.giveWay(ctx, tx, &item.In); err != nil {
		return err
	}
	if err := s.placeOrders(ctx, tx, items); err != nil {
		return err
	}
	return item.Err
}

func (s *Service) replace(ctx context.Context, in placing) (placed, error) {
	out, err := database.Submit(ctx, s.DB, s.replaces, in)
	if err == nil {
		s.soldOut.forget()
	}
	return out, err
}

// giving is what gave way to a purchase in its transaction.
type giving struct {
	orders   []*Order
	pools    map[turnout.ID]*Pool    // as they were before: those of the orders, and all that the purchase can draw on
	vouchers map[turnout.ID]*Voucher // those of the orders, and the purchase's own
	counts   *ledger                 // what the orders leave: the sale writes it with what it counts itself, after its other locks
}

func (s *Service) giveWay(ctx context.Context, tx bun.Tx, in *placing) error {
	before, err := storedKey(ctx, tx, in.keyID)
	if err != nil {
		return err
	}
	old := in.gives(before)
	if in.gave, err = lockForReplacing(ctx, tx, old, &in.Purchase, s.Now()); err != nil {
		return err
	}
	stored, err := storedKey(ctx, tx, in.keyID)
	if err != nil {
		return err
	}
	if stored != before { // an equal request, or another of the same form, was faster
		return database.ErrAgain
	}
	if stored.RequestHash == in.hash {
		return nil // served before: the sale finds it, and nothing gives way twice
	}
	if stored.ID != "" && in.Amends { // the form's key is the new order's from now on
		if _, err := tx.NewDelete().Model((*idempotencyKey)(nil)).Where("id = ?", in.keyID).Exec(ctx); err != nil {
			return err
		}
	}
	orders, err := s.ordersWhere(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("id IN (?)", bun.List(old)).Where("event_id = ?", in.EventID)
	})
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.ID == in.Replaces && (o.Status == Pending || o.Status == Confirmed) {
			return ErrReplacedPaid
		}
	}
	in.gave.orders = slices.DeleteFunc(orders, func(o *Order) bool { return o.Status != Held && o.Status != AwaitingApproval })
	return cancelUnpaid(ctx, tx, &in.gave, s.Now())
}

// gives lists the orders that may give way.
func (in *placing) gives(stored idempotencyKey) (old []turnout.ID) {
	if in.Replaces != "" {
		old = append(old, in.Replaces)
	}
	if in.Amends && stored.ID != "" && stored.RequestHash != in.hash {
		old = append(old, stored.ResultID)
	}
	return old
}

// storedKey gives what a request's key made before; the zero key when there is none.
func storedKey(ctx context.Context, tx bun.IDB, id string) (idempotencyKey, error) {
	stored, err := storedKeys(ctx, tx, []string{id})
	key := stored[id]
	key.CreatedAt = time.Time{} // compared by ==
	return key, err
}

// storedKeys gives those that stand of the keys, by themselves; "" is none.
func storedKeys(ctx context.Context, tx bun.IDB, ids []string) (map[string]idempotencyKey, error) {
	stored := map[string]idempotencyKey{}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return stored, nil
	}
	var rows []idempotencyKey
	if err := tx.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	for _, r := range rows {
		stored[r.ID] = r
	}
	return stored, nil
}

// lockForReplacing locks the pools of the old orders and those that the purchase can draw on together, in id order, then the vouchers of
// both: once the old orders gave way it is too late to lock others.
func lockForReplacing(ctx context.Context, tx bun.IDB, old []turnout.ID, p *Purchase, now time.Time) (giving, error) {
	g := giving{vouchers: map[turnout.ID]*Voucher{}, counts: newLedger()}
	shelf, err := readShelf(ctx, tx, now, []*Purchase{p})
	if err != nil {
		return g, err
	}
	pools, err := poolsOf(ctx, tx, old)
	if err != nil {
		return g, err
	}
	if g.pools, err = lockPools(ctx, tx, append(pools, shelf.poolsFor(p)...)); err != nil {
		return g, err
	}
	var used []turnout.ID
	if err := tx.NewSelect().Model((*OrderLine)(nil)).Distinct().Column("voucher_id").Where("order_id IN (?)", bun.List(old)).Where("voucher_id IS NOT NULL").Scan(ctx, &used); err != nil {
		return g, err
	}
	for _, id := range used {
		g.vouchers[id] = new(Voucher)
	}
	if v := shelf.voucher(p); v != nil {
		g.vouchers[v.ID] = v
	}
	return g, lockVouchers(ctx, tx, g.vouchers)
}

// covers says whether all of these were locked before orders gave way; nothing gave way to a purchase of which no pools were.
func (g *giving) covers(pools []turnout.ID, vouchers map[turnout.ID]*Voucher) bool {
	for _, id := range pools {
		if g.pools[id] == nil {
			return false
		}
	}
	for id := range vouchers {
		if g.vouchers[id] == nil {
			return false
		}
	}
	return true
}

// cancelUnpaid cancels the orders that give way, which were read under the lock of their pools and which nobody has paid: there is
// nothing to refund and nobody to write to.
func cancelUnpaid(ctx context.Context, tx bun.Tx, g *giving, now time.Time) error {
	if err := endOrders(ctx, tx, g.orders, OrderCanceled, now, g.counts); err != nil {
		return err
	}
	entries := make([]audit.Entry, len(g.orders))
	for i, o := range g.orders {
		entries[i] = audit.Entry{Community: o.CommunityID, Action: "order.canceled", Subject: o.ID, Actor: audit.Actor{Kind: audit.Buyer, ID: o.ID},
			Detail: map[string]string{"reason": "replaced"}, At: now}
	}
	if err := audit.Write(ctx, tx, entries...); err != nil {
		return err
	}
	return g.counts.writeVouchers(ctx, tx, now)
}
