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

	equals map[*database.Item[placing, placed]]*database.Item[placing, placed] // those that share the fate of another of this batch

	events map[turnout.ID]*events.Event
	types  map[turnout.ID]*TicketType
	pools  map[turnout.ID]*Pool
	took   map[turnout.ID]int64 // by pool
}

func (s *Service) placeOrders(ctx context.Context, tx bun.Tx, items []*database.Item[placing, placed]) error {
	sale := &sale{s: s, tx: tx, now: s.Now(), items: items, took: map[turnout.ID]int64{}, equals: map[*database.Item[placing, placed]]*database.Item[placing, placed]{}}
	for _, step := range []func(context.Context) error{
		sale.replay, sale.readCatalogue, sale.applyRules, sale.lockPools,
		sale.replay, // again: another server may have served an equal request while this one waited for the pools
		sale.takePlaces, sale.write,
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

func (b *sale) readCatalogue(ctx context.Context) error {
	wanted := map[turnout.ID]bool{}
	for _, item := range b.items {
		wanted[item.In.EventID] = true
	}
	ids := slices.Sorted(maps.Keys(wanted))
	var list []*events.Event
	if err := b.tx.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return err
	}
	b.events = map[turnout.ID]*events.Event{}
	for _, e := range list {
		b.events[e.ID] = e
	}
	types, err := loadTypes(ctx, b.tx, ids)
	if err != nil {
		return err
	}
	b.types = map[turnout.ID]*TicketType{}
	for _, t := range types {
		b.types[t.ID] = t
	}
	return nil
}

// applyRules refuses what may not be sold whatever the pools hold.
func (b *sale) applyRules(context.Context) error {
	b.keep(func(item *database.Item[placing, placed]) bool {
		item.Err = b.refusal(&item.In.Purchase)
		return item.Err == nil
	})
	return nil
}

func (b *sale) refusal(p *Purchase) error {
	event := b.events[p.EventID]
	if err := openForSale(event, b.now); err != nil {
		return err
	}
	var probs turnout.Problems
	for i, line := range p.Lines {
		if t := b.types[line.TicketTypeID]; t != nil && t.EventID == event.ID {
			if err := t.sellable(b.now); err != nil {
				return err
			}
		}
		p.bound(&probs, i, b.types)
	}
	return probs.Err()
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

// lockPools touches every pool that the batch draws on once, in id order, and so reads it under lock.
func (b *sale) lockPools(ctx context.Context) (err error) {
	var ids []turnout.ID
	for _, item := range b.items {
		for id := range b.needs(item) {
			ids = append(ids, id)
		}
	}
	b.pools, err = lockPools(ctx, b.tx, ids)
	return err
}

func (b *sale) needs(item *database.Item[placing, placed]) map[turnout.ID]int64 {
	needs := map[turnout.ID]int64{}
	for _, line := range item.In.Lines {
		for _, pool := range b.types[line.TicketTypeID].PoolIDs {
			needs[pool] += line.Quantity
		}
	}
	return needs
}

// takePlaces decides, first come first served, who gets places, then takes them pool by pool.
func (b *sale) takePlaces(ctx context.Context) error {
	b.keep(func(item *database.Item[placing, placed]) bool {
		needs := b.needs(item)
		for id, n := range needs {
			if b.took[id]+n > b.pools[id].Available() {
				item.Err = ErrSoldOut
				return false
			}
		}
		for id, n := range needs {
			b.took[id] += n
		}
		return true
	})
	for _, id := range slices.Sorted(maps.Keys(b.took)) {
		if err := takePlaces(ctx, b.tx, id, b.took[id]); err != nil {
			return err
		}
	}
	return nil
}

// saleRows are the rows of a sale, written table by table.
type saleRows struct {
	orders   []*Order
	lines    []*OrderLine
	claims   []*claim
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
	if err := b.number(ctx, rows.orders); err != nil {
		return err
	}
	for _, model := range []any{&rows.orders, &rows.lines, &rows.claims, &rows.tickets, &rows.codes, &rows.payments, &rows.keys} {
		if err := insertAll(ctx, b.tx, model); err != nil {
			return err
		}
	}
	for job, orders := range rows.jobs {
		if err := jobs.EnqueueAll(ctx, b.tx, job.community, job.kind, orders, b.now); err != nil {
			return err
		}
	}
	return audit.Write(ctx, b.tx, rows.audit...)
}

// persons finds or makes everybody who buys or attends, by community and e-mail address.
func (b *sale) persons(ctx context.Context) (map[turnout.ID]map[string]turnout.ID, error) {
	contacts := map[turnout.ID][]people.Contact{}
	for _, item := range b.items {
		community := b.events[item.In.EventID].CommunityID
		contacts[community] = append(contacts[community], people.Contact{Name: item.In.Buyer.Name, Email: item.In.Buyer.Email})
		for i := range item.In.Attendees {
			a := item.In.bearer(i)
			if a.Email == item.In.Buyer.Email {
				continue // reached through the buyer, whose name stands already
			}
			contacts[community] = append(contacts[community], people.Contact{Name: a.Name, Email: a.Email})
		}
	}
	found := map[turnout.ID]map[string]turnout.ID{}
	for _, community := range slices.Sorted(maps.Keys(contacts)) {
		ids, err := people.Ensure(ctx, b.tx, community, b.now, contacts[community])
		if err != nil {
			return nil, err
		}
		found[community] = map[string]turnout.ID{}
		for i, c := range contacts[community] {
			found[community][c.Email] = ids[i]
		}
	}
	return found, nil
}

// errNoNumbers fails the sale that met it and no other of its batch.
var errNoNumbers = &turnout.Error{Kind: turnout.Internal, Code: "no_numbers", Message: "This event can take no further orders."}

// number counts the orders and gives them and their tickets the numbers that come with that.
func (b *sale) number(ctx context.Context, orders []*Order) error {
	counts := newLedger()
	for _, o := range orders {
		counts.count(o, 1)
		add := counts.of(o.EventID)
		add.LastOrder++
		add.LastTicket += int64(len(o.Tickets))
	}
	if err := counts.write(ctx, b.tx); err != nil {
		return err
	}
	for id, after := range counts.after {
		if !b.s.codes.fits(b.events[id].Number, after.LastOrder) {
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
		if b.events[r.ID].Currency != r.Currency {
			return database.ErrAgain
		}
	}
	return nil
}

func (b *sale) total(item *database.Item[placing, placed]) (sum int64) {
	for _, line := range item.In.Lines {
		sum += line.Quantity * b.types[line.TicketTypeID].Price
	}
	return sum
}

// build makes the rows of one order, still without numbers.
func (b *sale) build(rows *saleRows, item *database.Item[placing, placed], persons map[turnout.ID]map[string]turnout.ID) {
	in := &item.In
	event := b.events[in.EventID]
	known := persons[event.CommunityID]
	o := &Order{
		ID: in.orderID, CommunityID: event.CommunityID, EventID: event.ID, Status: Held,
		PersonID: known[in.Buyer.Email], BuyerName: in.Buyer.Name, BuyerEmail: in.Buyer.Email,
		Locale: in.Locale, Currency: event.Currency, Total: b.total(item), SecretVersion: 1,
		ExpiresAt: b.now.Add(b.s.HoldFor), CreatedAt: b.now, UpdatedAt: b.now, Event: event,
	}
	b.begin(rows, o)
	for _, wanted := range in.Lines {
		t := b.types[wanted.TicketTypeID]
		line := b.line(rows, o, t, wanted.Quantity)
		for range wanted.Quantity {
			bearer := in.bearer(len(o.Tickets))
			b.ticket(rows, o, line, t, bearer, known[bearer.Email])
		}
	}
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

// line adds a line of the type to the order, as it is sold now, with its claims on the pools.
func (b *sale) line(rows *saleRows, o *Order, t *TicketType, quantity int64) *OrderLine {
	line := &OrderLine{
		ID: turnout.NewID(prefixLine), CommunityID: o.CommunityID, OrderID: o.ID, TicketTypeID: t.ID, Name: t.Name,
		AttendanceMode: t.AttendanceMode, Quantity: quantity, UnitPrice: t.Price, Total: quantity * t.Price,
		PricesIncludeTax: o.Event.PricesIncludeTax,
	}
	o.Lines = append(o.Lines, line)
	for _, pool := range t.PoolIDs {
		rows.claims = append(rows.claims, &claim{HolderID: line.ID, PoolID: pool, CommunityID: o.CommunityID, Quantity: quantity})
	}
	return line
}

// ticket adds a ticket of the line to the order, with its code: valid at once when the order is confirmed.
func (b *sale) ticket(rows *saleRows, o *Order, line *OrderLine, t *TicketType, bearer Attendee, person turnout.ID) {
	status := Reserved
	if o.Status == Confirmed {
		status = Valid
	}
	ticket := &Ticket{
		ID: turnout.NewID(turnout.PrefixTicket), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID, LineID: line.ID,
		TicketTypeID: t.ID, Status: status, AttendanceMode: t.AttendanceMode,
		PersonID: person, AttendeeName: bearer.Name, AttendeeEmail: bearer.Email,
		Version: 1, CreatedAt: b.now, UpdatedAt: b.now,
		event: o.Event, typeNumber: t.Number, nonce: newNonce(),
	}
	o.Tickets = append(o.Tickets, ticket)
	rows.codes = append(rows.codes, ticket.codeRow(b.now))
}

// begin sets where the order's life begins: a free one is confirmed, one to pay by transfer is pending for days, every
// other is held for minutes.
func (b *sale) begin(rows *saleRows, o *Order) {
	if o.Total == 0 {
		o.Status, o.ConfirmedAt = Confirmed, b.now
		rows.notify(o, JobOrderConfirmed)
		return
	}
	rows.notify(o, JobOrderPlaced)
	if b.s.Provider.Name() == offlineProvider {
		o.Status, o.ExpiresAt = Pending, b.now.Add(b.s.TransferFor)
		rows.notify(o, JobTransferAwaited)
	}
	payment := &Payment{
		ID: turnout.NewID(turnout.PrefixPayment), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID,
		Provider: b.s.Provider.Name(), Status: PaymentCreated, Amount: o.Total, Currency: o.Currency, CreatedAt: b.now, UpdatedAt: b.now,
	}
	rows.payments = append(rows.payments, payment)
	o.Payments = []*Payment{payment}
}

func (rows *saleRows) notify(o *Order, kind string) {
	job := orderJob{o.CommunityID, kind}
	rows.jobs[job] = append(rows.jobs[job], orderRef{o.ID})
}
