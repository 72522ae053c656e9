package ticketing

import (
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
	if err := sameEvents(ctx, b.tx, b.shelf.events); err != nil {
		return err
	}
	return b.shelf.sameAddOns(ctx, b.tx)
}

// sameEvents sends a transaction back when an event's currency or end was edited since it was read. It is asked once event_totals is
// locked, or pools whose orders and offers end with the event: the edits take these locks before they change anything.
func sameEvents(ctx context.Context, tx bun.IDB, read map[turnout.ID]*events.Event) error {
	var now []*events.Event
	if err := tx.NewSelect().Model(&now).Column("id", "currency", "ends_at").Where("id IN (?)", bun.List(slices.Sorted(maps.Keys(read)))).Scan(ctx); err != nil {
		return err
	}
	for _, e := range now {
		if was := read[e.ID]; e.Currency != was.Currency || !e.EndsAt.Equal(was.EndsAt) {
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
		PersonID: person, AttendeeName: bearer.Name, AttendeeEmail: bearer.Email, Borne: !bearer.Later, DetailsDue: bearer.Later,
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
		b.beginAtDesk(rows, o, p)
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
		if p.Offer != "" {
			o.ExpiresAt = sooner(o.ExpiresAt, o.Event.EndsAt)
		}
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
