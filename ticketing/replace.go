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

func (s *Service) giveWay(ctx context.Context, tx bun.Tx, in *placing) error {
	before, err := storedKey(ctx, tx, in.keyID)
	if err != nil {
		return err
	}
	old := in.gives(before)
	if in.before, err = lockForReplacing(ctx, tx, old, in.Lines); err != nil {
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
	return s.cancelUnpaid(ctx, tx, slices.DeleteFunc(orders, func(o *Order) bool { return o.Status != Held }), s.Now())
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

// lockForReplacing locks the pools of the old orders and of the new one together, in id order.
func lockForReplacing(ctx context.Context, tx bun.IDB, old []turnout.ID, lines []PurchaseLine) (map[turnout.ID]*Pool, error) {
	pools, err := poolsOf(ctx, tx, old)
	if err != nil {
		return nil, err
	}
	types := make([]turnout.ID, len(lines))
	for i, line := range lines {
		types[i] = line.TicketTypeID
	}
	var wanted []turnout.ID
	if err := tx.NewSelect().Table("ticket_type_pools").Column("pool_id").Where("ticket_type_id IN (?)", bun.List(types)).Scan(ctx, &wanted); err != nil {
		return nil, err
	}
	return lockPools(ctx, tx, append(pools, wanted...))
}

// cancelUnpaid cancels orders that were read under the lock of their pools and that nobody has paid: there is nothing to refund
// and nobody to write to.
func (s *Service) cancelUnpaid(ctx context.Context, tx bun.Tx, orders []*Order, now time.Time) error {
	counts := newLedger()
	if err := endOrders(ctx, tx, orders, OrderCanceled, now, counts); err != nil {
		return err
	}
	entries := make([]audit.Entry, len(orders))
	for i, o := range orders {
		entries[i] = audit.Entry{Community: o.CommunityID, Action: "order.canceled", Subject: o.ID, Actor: audit.Actor{Kind: audit.Buyer, ID: o.ID},
			Detail: map[string]string{"reason": "replaced"}, At: now}
	}
	if err := audit.Write(ctx, tx, entries...); err != nil {
		return err
	}
	return counts.write(ctx, tx, now)
}
