package ticketing

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
)

// sale is one transaction that serves many purchases: it reads for all, locks all their pools in id order, decides each by
// what is left, and writes for all in a few statements.
type sale struct {
	s     *Service
	tx    bun.Tx
	now   time.Time
	items []*database.Item[placing, placed] // still to be served; those refused or replayed leave

	equals  map[wanted]wanted // those that share the fate of another of this batch
	baskets map[wanted]*basket

	shelf  *shelf
	pools  map[turnout.ID]*Pool
	took   map[turnout.ID]int64 // by pool, beyond what vouchers and offers hold already
	used   map[turnout.ID]used  // by voucher
	counts *ledger
}

// used is what the purchases of a batch use of a voucher.
type used struct{ uses, spent int64 }

// wanted is a purchase that is being served.
type wanted = *database.Item[placing, placed]

func (s *Service) placeOrders(ctx context.Context, tx bun.Tx, items []*database.Item[placing, placed]) error {
	sale := &sale{s: s, tx: tx, now: s.Now(), items: items, took: map[turnout.ID]int64{}, used: map[turnout.ID]used{}, counts: newLedger(),
		equals: map[wanted]wanted{}, baskets: map[wanted]*basket{}}
	if gave := items[0].In.gave; gave.counts != nil { // it is the only one
		sale.counts = gave.counts
	}
	for _, step := range []func(context.Context) error{
		sale.replay, sale.readShelf, sale.applyRules, sale.lock,
		sale.replay, // again: another server may have served an equal request while this one waited for the pools
		sale.waitersFirst, sale.decide, sale.write,
	} {
		if len(sale.items) == 0 {
			break
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	for item, first := range sale.equals {
		if item.Err = first.Err; item.Err == nil {
			item.Out.existing = cmp.Or(first.Out.existing, first.In.orderID)
		}
	}
	return nil
}

// keep serves each item that is left; those for which it answers false leave.
func (b *sale) keep(serve func(item *database.Item[placing, placed]) bool) {
	var left []*database.Item[placing, placed]
	for _, item := range b.items {
		if serve(item) {
			left = append(left, item)
		}
	}
	b.items = left
}

// replay finds the requests that were served before: by their key, or by their order's id on a second try.
func (b *sale) replay(ctx context.Context) error {
	stored, existing, err := b.servedBefore(ctx)
	if err != nil {
		return err
	}
	inBatch := map[string]*database.Item[placing, placed]{}
	b.keep(func(item *database.Item[placing, placed]) bool {
		in := item.In
		row, before := stored[in.keyID]
		first := inBatch[in.keyID]
		switch {
		case existing[in.orderID]:
			item.Out.existing = in.orderID
		case in.keyID == "":
			return true
		case before && row.RequestHash != in.hash, first != nil && first.In.hash != in.hash:
			item.Err = ErrIdempotencyKeyReused
		case before:
			item.Out.existing = row.ResultID
		case first != nil:
			b.equals[item] = first
		default:
			inBatch[in.keyID] = item
			return true
		}
		return false
	})
	return nil
}

// servedBefore reads the keys that stand, and the orders of second tries that were made.
func (b *sale) servedBefore(ctx context.Context) (stored map[string]idempotencyKey, existing map[turnout.ID]bool, err error) {
	var keys []string
	var again []turnout.ID
	for _, item := range b.items {
		keys = append(keys, item.In.keyID)
		if item.In.again {
			again = append(again, item.In.orderID)
		}
	}
	if stored, err = storedKeys(ctx, b.tx, keys); err != nil || len(again) == 0 {
		return stored, nil, err
	}
	var ids []turnout.ID
	if err := b.tx.NewSelect().Table("orders").Column("id").Where("id IN (?)", bun.List(again)).Scan(ctx, &ids); err != nil {
		return nil, nil, err
	}
	existing = map[turnout.ID]bool{}
	for _, id := range ids {
		existing[id] = true
	}
	return stored, existing, nil
}

// idempotencyKey remembers which order a request made.
type idempotencyKey struct {
	bun.BaseModel `bun:"table:idempotency_keys,alias:idem"`

	ID          string `bun:",pk"`
	RequestHash string
	ResultID    turnout.ID
	CreatedAt   time.Time
}

func (b *sale) readShelf(ctx context.Context) (err error) {
	purchases := make([]*Purchase, len(b.items))
	for i, item := range b.items {
		purchases[i] = &item.In.Purchase
	}
	if b.shelf, err = readShelf(ctx, b.tx, b.now, purchases); err == nil {
		b.regain()
	}
	return err
}

func (b *sale) regain() {
	for _, item := range b.items {
		b.shelf.regain(&item.In.Purchase, item.In.gave.orders)
	}
}

// applyRules refuses what may not be sold whatever the pools hold.
func (b *sale) applyRules(context.Context) error {
	b.keep(func(item wanted) bool {
		item.Err = b.shelf.refusal(&item.In.Purchase)
		return item.Err == nil
	})
	return nil
}

// openForSale says whether an event sells at the instant.
func openForSale(event *events.Event, now time.Time) error {
	switch {
	case event == nil || event.Status == events.Draft:
		return turnout.ErrNotFound
	case event.Status == events.Canceled:
		return events.ErrCanceled
	case event.Status == events.Ended || !now.Before(event.EndsAt):
		return events.ErrEnded
	}
	return nil
}

// lock touches every pool that the batch can draw on once, in id order, then its vouchers, and so reads them under lock.
func (b *sale) lock(ctx context.Context) (err error) {
	var ids []turnout.ID
	vouchers := map[turnout.ID]*Voucher{}
	for _, item := range b.items {
		p := &item.In.Purchase
		ids = append(ids, b.shelf.poolsFor(p)...)
		if v := b.shelf.voucher(p); v != nil {
			vouchers[v.ID] = v
		}
	}
	if gave := &b.items[0].In.gave; gave.pools != nil && !gave.covers(ids, vouchers) {
		return database.ErrAgain // the catalogue was changed since
	}
	if b.pools, err = lockPools(ctx, b.tx, ids); err != nil {
		return err
	}
	if err := lockVouchers(ctx, b.tx, vouchers); err != nil {
		return err
	}
	if err := b.shelf.lockEntries(ctx, b.tx); err != nil {
		return err
	}
	b.regain()
	if err := b.shelf.sameTypes(ctx, b.tx); err != nil {
		return err
	}
	return b.shelf.sameQuestions(ctx, b.tx)
}

// poolsFor lists the pools that the purchase can draw on.
func (s *shelf) poolsFor(p *Purchase) (ids []turnout.ID) {
	for _, line := range p.Lines {
		if t := s.types[line.TicketTypeID]; t != nil {
			ids = append(ids, t.PoolIDs...)
			for _, w := range t.PriceWindows {
				if w.PoolID != "" {
					ids = append(ids, w.PoolID)
				}
			}
		}
	}
	for _, a := range s.byEvent[p.EventID] {
		ids = append(ids, a.PoolIDs...)
	}
	if e := s.entries[p.Offer]; e != nil {
		ids = slices.AppendSeq(ids, maps.Keys(e.holds))
	}
	return append(ids, choicePools(s.asked[p.EventID].questions)...)
}

func (b *sale) free(pool turnout.ID) int64 { return b.pools[pool].Available() - b.took[pool] }

// decide says, first come first served, who gets what they want at which price.
func (b *sale) decide(context.Context) error {
	offers := map[turnout.ID]bool{}
	b.keep(func(item wanted) bool {
		p := &item.In.Purchase
		basket := b.shelf.quote(p, b.free)
		if item.Err = b.refusal(p, basket); item.Err == nil && p.Offer != "" && offers[p.Offer] {
			item.Err = ErrOfferOver // an equal one of this batch has it
		}
		if item.Err != nil {
			return false
		}
		offers[p.Offer] = true
		for id, n := range basket.needs {
			b.took[id] += n - basket.own[id]
		}
		if v := b.shelf.voucher(p); v != nil {
			sum := b.used[v.ID]
			b.used[v.ID] = used{sum.uses + basket.uses, sum.spent + basket.spent}
		}
		b.baskets[item] = basket
		return true
	})
	return nil
}

// refusal says why a basket cannot be sold at this moment.
func (b *sale) refusal(p *Purchase, basket *basket) error {
	if err := b.shelf.offerRefusal(p); err != nil { // again, under lock
		return err
	}
	event := b.shelf.events[p.EventID]
	if v := b.shelf.voucher(p); v != nil {
		if err := v.covers(basket, b.used[v.ID], p, event.Currency, b.now); err != nil {
			return err
		}
	}
	if pool, what, isShort := basket.short(b.free); isShort {
		return b.soldOut(p, basket, pool, what)
	}
	if total := (turnout.Money{Amount: basket.total, Currency: event.Currency}); p.Expected != nil && *p.Expected != total {
		return ErrPriceChanged.With("This costs %s now.", total)
	}
	if err := basket.dear(p, b.s.Provider.Most(event.Currency), event.Currency).Err(); err != nil {
		return err
	}
	if d := p.Desk; d != nil && d.Method == DeskCash && d.Received != nil && *d.Received < basket.total {
		return turnout.Invalidf("received", "too_little", "This costs %s.", turnout.Money{Amount: basket.total, Currency: event.Currency})
	}
	return nil
}

// soldOut names what there is not enough of, when it is not the only thing that is wanted.
func (b *sale) soldOut(p *Purchase, basket *basket, pool turnout.ID, what string) error {
	if probs := b.shelf.fullChoices(p, basket, pool); len(probs) > 0 {
		full := *ErrOptionFull
		full.Fields = probs
		return &full
	}
	if len(basket.lines) == 1 {
		return ErrSoldOut
	}
	return ErrSoldOut.With("There are not enough places left: %s.", what)
}
