package ticketing

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
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
	for _, step := range []func(context.Context) error{
		sale.replay, sale.readShelf, sale.applyRules, sale.lock,
		sale.replay, // again: another server may have served an equal request while this one waited for the pools
		sale.decide, sale.write,
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
	b.shelf, err = readShelf(ctx, b.tx, b.now, purchases)
	return err
}

// applyRules refuses what may not be sold whatever the pools hold.
func (b *sale) applyRules(context.Context) error {
	b.keep(func(item wanted) bool {
		p := &item.In.Purchase
		if item.Err = b.shelf.refusal(p); item.Err == nil && !item.In.served && b.shelf.others(p) {
			item.Err = errOthersWait
		}
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
	if b.pools, err = lockPools(ctx, b.tx, ids); err != nil {
		return err
	}
	if err := lockVouchers(ctx, b.tx, vouchers); err != nil {
		return err
	}
	if err := b.shelf.lockEntries(ctx, b.tx); err != nil {
		return err
	}
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
		if t := s.types[e.OfferedTypeID]; t != nil {
			ids = append(ids, t.PoolIDs...)
		}
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
	if v := b.shelf.voucher(p); v != nil {
		if err := v.covers(basket, b.used[v.ID], p, b.now); err != nil {
			return err
		}
	}
	if pool, what, isShort := basket.short(b.free); isShort {
		return b.soldOut(p, basket, pool, what)
	}
	event := b.shelf.events[p.EventID]
	if total := (turnout.Money{Amount: basket.total, Currency: event.Currency}); p.Expected != nil && *p.Expected != total {
		return ErrPriceChanged.With("This costs %s now.", total)
	}
	if basket.total > maxPrice {
		return turnout.Invalidf("lines", "out_of_range", "One order cannot cost that much.")
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

// saleRows are the rows of a sale, written table by table.
type saleRows struct {
	orders   []*Order
	lines    []*OrderLine
	claims   []*claim
	addOns   []*TicketAddOn
	answers  []*Answer
	tickets  []*Ticket
	codes    []*ticketCode
	payments []*Payment
	keys     []*idempotencyKey
	jobs     map[orderJob][]orderRef
	audit    []audit.Entry
}

// orderJob names jobs about orders of one community.
type orderJob struct {
	community turnout.ID
	kind      string
}

func (b *sale) write(ctx context.Context) error {
	persons, err := b.persons(ctx)
	if err != nil {
		return err
	}
	rows := &saleRows{jobs: map[orderJob][]orderRef{}}
	for _, item := range b.items {
		b.build(rows, item, persons)
	}
	if err := b.takePlaces(ctx, rows); err != nil {
		return err
	}
	if err := b.number(ctx, rows.orders); err != nil {
		return err
	}
	for _, model := range []any{&rows.orders, &rows.lines, &rows.claims, &rows.tickets, &rows.codes, &rows.addOns, &rows.answers, &rows.payments, &rows.keys} {
		if err := insertAll(ctx, b.tx, model); err != nil {
			return err
		}
	}
	if err := b.acceptOffers(ctx); err != nil {
		return err
	}
	for job, orders := range rows.jobs {
		if err := jobs.EnqueueAll(ctx, b.tx, job.community, job.kind, orders, b.now); err != nil {
			return err
		}
	}
	return audit.Write(ctx, b.tx, rows.audit...)
}

// takePlaces takes the places of all orders, pool by pool: what vouchers and offers held for them is given back first.
func (b *sale) takePlaces(ctx context.Context, rows *saleRows) error {
	for _, o := range rows.orders {
		b.counts.count(o, 1)
		for _, p := range o.Payments {
			if p.Status == PaymentSucceeded {
				b.counts.of(o.EventID).Paid += p.Amount
			}
		}
	}
	if err := b.counts.writeVouchers(ctx, b.tx, b.now); err != nil {
		return err
	}
	var accepted []turnout.ID
	for _, item := range b.items {
		if item.In.Offer != "" {
			accepted = append(accepted, item.In.Offer)
		}
	}
	if err := releasePlaces(ctx, b.tx, accepted); err != nil {
		return err
	}
	take := map[turnout.ID]int64{}
	for _, c := range rows.claims {
		take[c.PoolID] += c.Quantity
	}
	return takeAll(ctx, b.tx, take)
}

// known are the persons of a batch by community and e-mail address, and those without an address by the order and the ticket, -1 for
// the buyer.
type known struct {
	byEmail map[turnout.ID]map[string]turnout.ID
	unnamed map[unnamed]turnout.ID
}

type unnamed struct {
	order  turnout.ID
	ticket int
}

// persons finds or makes everybody who buys or attends.
func (b *sale) persons(ctx context.Context) (*known, error) {
	contacts := map[turnout.ID][]people.Contact{}
	found := &known{map[turnout.ID]map[string]turnout.ID{}, map[unnamed]turnout.ID{}}
	for _, item := range b.items {
		p := &item.In.Purchase
		community := b.shelf.events[p.EventID].CommunityID
		meet := func(a Attendee, ticket int) error {
			if a.Email != "" {
				contacts[community] = append(contacts[community], people.Contact{Name: a.Name, Email: a.Email})
				return nil
			}
			id, err := people.WithoutIdentity(ctx, b.tx, community, b.now, a.Name)
			found.unnamed[unnamed{item.In.orderID, ticket}] = id
			return err
		}
		if err := meet(p.Buyer, -1); err != nil {
			return nil, err
		}
		for i := range p.Attendees {
			a := p.bearer(i)
			if a.Email == p.Buyer.Email && (a.Email != "" || a.Name == p.Buyer.Name) {
				continue // reached through the buyer, whose name stands already
			}
			if err := meet(a.Attendee, i); err != nil {
				return nil, err
			}
		}
	}
	for _, community := range slices.Sorted(maps.Keys(contacts)) {
		ids, err := people.Ensure(ctx, b.tx, community, b.now, contacts[community])
		if err != nil {
			return nil, err
		}
		found.byEmail[community] = map[string]turnout.ID{}
		for i, c := range contacts[community] {
			found.byEmail[community][c.Email] = ids[i]
		}
	}
	return found, nil
}

// of gives the person who bears a ticket of the order, -1 for the buyer.
func (k *known) of(o *Order, a Attendee, ticket int) turnout.ID {
	if a.Email != "" {
		return k.byEmail[o.CommunityID][a.Email]
	}
	if id, ok := k.unnamed[unnamed{o.ID, ticket}]; ok {
		return id
	}
	return k.unnamed[unnamed{o.ID, -1}]
}

// errNoNumbers fails the sale that met it and no other of its batch.
var errNoNumbers = &turnout.Error{Kind: turnout.Internal, Code: "no_numbers", Message: "This event can take no further orders."}

// number counts the orders and gives them and their tickets the numbers that come with that.
func (b *sale) number(ctx context.Context, orders []*Order) error {
	counts := b.counts
	for _, o := range orders {
		add := counts.of(o.EventID)
		add.LastOrder++
		add.LastTicket += int64(len(o.Tickets))
	}
	if err := counts.write(ctx, b.tx, b.now); err != nil {
		return err
	}
	for id, after := range counts.after {
		if !b.s.codes.fits(b.shelf.events[id].Number, after.LastOrder) {
			return errNoNumbers.Because(fmt.Errorf("ticketing: event %s has no order numbers left", id))
		}
		after.LastOrder -= counts.events[id].LastOrder
		after.LastTicket -= counts.events[id].LastTicket
	}
	for _, o := range orders {
		next := counts.after[o.EventID]
		next.LastOrder++
		o.Number = next.LastOrder
		for _, t := range o.Tickets {
			next.LastTicket++
			t.Number = next.LastTicket
		}
	}
	return b.sameCurrency(ctx, slices.Sorted(maps.Keys(counts.after)))
}

// sameCurrency makes sure, now that event_totals is locked, that no edit changed a currency since it was read: the currency is
// fixed once an order exists, and the edit takes the same lock before it looks for one.
func (b *sale) sameCurrency(ctx context.Context, ids []turnout.ID) error {
	var rows []struct {
		ID       turnout.ID
		Currency string
	}
	if err := b.tx.NewSelect().Model((*events.Event)(nil)).Column("id", "currency").Where("id IN (?)", bun.List(ids)).Scan(ctx, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		if b.shelf.events[r.ID].Currency != r.Currency {
			return database.ErrAgain
		}
	}
	return nil
}

// build makes the rows of one order, still without numbers.
func (b *sale) build(rows *saleRows, item wanted, persons *known) {
	in, basket := &item.In, b.baskets[item]
	event := b.shelf.events[in.EventID]
	o := &Order{
		ID: in.orderID, CommunityID: event.CommunityID, EventID: event.ID, Status: Held, Source: FromShop,
		BuyerName: in.Buyer.Name, BuyerEmail: in.Buyer.Email, EntryID: in.Offer,
		Locale: in.Locale, Currency: event.Currency, Total: basket.total, SecretVersion: 1,
		ExpiresAt: b.now.Add(b.s.HoldFor), CreatedAt: b.now, UpdatedAt: b.now, Event: event,
	}
	o.PersonID = persons.of(o, in.Buyer, -1)
	b.begin(rows, o, &in.Purchase, basket)
	o.Tickets = make([]*Ticket, in.tickets())
	for _, q := range basket.lines {
		line := b.line(rows, o, q)
		if q.of == nil {
			continue
		}
		for _, i := range q.tickets {
			bearer := in.bearer(i)
			o.Tickets[i] = b.ticket(rows, o, line, q.of, bearer, persons.of(o, bearer.Attendee, i))
		}
	}
	for k, q := range basket.lines {
		if q.addOn != nil {
			rows.addOns = append(rows.addOns, ticketAddOns(o, o.Lines[k], q)...)
		}
	}
	rows.answers = append(rows.answers, basket.rows(o, b.now)...)
	rows.orders, rows.lines, rows.tickets = append(rows.orders, o), append(rows.lines, o.Lines...), append(rows.tickets, o.Tickets...)
	if in.keyID != "" {
		rows.keys = append(rows.keys, &idempotencyKey{ID: in.keyID, RequestHash: in.hash, ResultID: o.ID, CreatedAt: b.now})
	}
	actor := in.Actor
	if actor == (audit.Actor{}) {
		actor = audit.Actor{Kind: audit.Buyer, ID: o.ID}
	}
	rows.audit = append(rows.audit, audit.Entry{Community: o.CommunityID, Action: "order.placed", Subject: o.ID, Actor: actor, At: b.now})
	item.Out.order = o
}

// line adds a line to the order, as it is sold now, with its claims on the pools.
func (b *sale) line(rows *saleRows, o *Order, q *quoted) *OrderLine {
	line := &OrderLine{
		ID: turnout.NewID(prefixLine), CommunityID: o.CommunityID, OrderID: o.ID, PriceName: q.priceName,
		Quantity: q.quantity, UnitPrice: q.unit, Discount: q.discount, Total: q.total(), PricesIncludeTax: o.Event.PricesIncludeTax,
	}
	if q.of != nil {
		line.TicketTypeID, line.Name, line.AttendanceMode = q.of.ID, q.of.Name, q.of.AttendanceMode
	} else {
		line.AddOnID, line.Name = q.addOn.ID, q.addOn.Name
	}
	if q.voucher != nil {
		line.VoucherID = q.voucher.ID
	}
	o.Lines = append(o.Lines, line)
	claims := q.claims()
	for _, pool := range slices.Sorted(maps.Keys(claims)) {
		rows.claims = append(rows.claims, &claim{HolderID: line.ID, PoolID: pool, HolderKind: holderLine, CommunityID: o.CommunityID,
			Places: claims[pool], Quantity: claims[pool]})
	}
	return line
}

// ticketAddOns says which tickets have what an add-on's line sold.
func ticketAddOns(o *Order, line *OrderLine, q *quoted) (rows []*TicketAddOn) {
	each := map[int]*TicketAddOn{}
	for _, i := range q.tickets {
		if each[i] == nil {
			each[i] = &TicketAddOn{LineID: line.ID, TicketID: o.Tickets[i].ID, CommunityID: o.CommunityID, AddOnID: q.addOn.ID}
			rows = append(rows, each[i])
		}
		each[i].Quantity++
	}
	o.AddOns = append(o.AddOns, rows...)
	return rows
}

// ticket makes a ticket of the line, with its code: valid at once when the order is confirmed.
func (b *sale) ticket(rows *saleRows, o *Order, line *OrderLine, t *TicketType, bearer Bearer, person turnout.ID) *Ticket {
	status := Reserved
	if o.Status == Confirmed {
		status = Valid
	}
	ticket := &Ticket{
		ID: turnout.NewID(turnout.PrefixTicket), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID, LineID: line.ID,
		TicketTypeID: t.ID, Status: status, AttendanceMode: t.AttendanceMode,
		PersonID: person, AttendeeName: bearer.Name, AttendeeEmail: bearer.Email, DetailsDue: bearer.Later,
		Version: 1, CreatedAt: b.now, UpdatedAt: b.now,
		event: o.Event, typeNumber: t.Number, nonce: newNonce(),
	}
	rows.codes = append(rows.codes, ticket.codeRow(b.now))
	return ticket
}

// begin sets where the order's life begins: one that the organiser decides about waits for that, a free one and one of the box office
// are confirmed, one to pay by transfer is pending for days, every other is held for minutes.
func (b *sale) begin(rows *saleRows, o *Order, p *Purchase, basket *basket) {
	if basket.needsApproval(p) {
		o.Status, o.ExpiresAt = AwaitingApproval, o.Event.EndsAt
		rows.notify(o, JobOrderPlaced)
		rows.notify(o, JobApprovalAsked)
		return
	}
	if p.Desk != nil {
		b.beginAtDesk(rows, o, p.Desk)
		return
	}
	if o.Total == 0 {
		o.Status, o.ConfirmedAt = Confirmed, b.now
		rows.notify(o, JobOrderConfirmed)
		return
	}
	rows.notify(o, JobOrderPlaced)
	if entry := b.shelf.entries[p.Offer]; entry != nil && entry.OfferExpiresAt.After(o.ExpiresAt) {
		o.ExpiresAt = entry.OfferExpiresAt // what was offered until then is held until then
	}
	payment := b.s.paymentFor(o, b.now)
	if payment.Provider == offlineProvider {
		o.Status, o.ExpiresAt = Pending, b.now.Add(b.s.TransferFor)
		rows.notify(o, JobTransferAwaited)
	}
	rows.payments = append(rows.payments, payment)
	o.Payments = []*Payment{payment}
}

// paymentFor makes the payment that a buyer is to make for an order.
func (s *Service) paymentFor(o *Order, now time.Time) *Payment {
	return &Payment{
		ID: turnout.NewID(turnout.PrefixPayment), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID,
		Provider: s.Provider.Name(), Status: PaymentCreated, Amount: o.Total, Currency: o.Currency, CreatedAt: now, UpdatedAt: now,
	}
}

func (rows *saleRows) notify(o *Order, kind string) {
	job := orderJob{o.CommunityID, kind}
	rows.jobs[job] = append(rows.jobs[job], orderRef{o.ID})
}
