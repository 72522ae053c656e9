package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/jobs"
	"turnout/ticketing"
)

// locked is the other way to sell no place twice, as a stage of its own: lock the event by an advisory lock, count what is sold,
// insert. It writes the rows that a sale of ours writes, into the same tables, but for the counters and claims that it does without.
type locked struct{ *stage }

// lockAndCount prepares the base line of P2, half of whose 10,000 places are sold, and gives a round of it.
func (r *rig) lockAndCount(ctx context.Context, like *stage, length time.Duration) (func(int) (float64, error), error) {
	const places = 10_000
	set := r.stage
	if like.full != nil {
		set = r.fullStage
	}
	s, err := set(ctx, like.Slug+"-locked", plenty)
	if err != nil {
		return nil, err
	}
	l := locked{s}
	// Indexes for its counts, which are no burden on the orders that it is compared with.
	for _, index := range []string{"ON tickets (ticket_type_id, status) WHERE ticket_type_id = ?0", "ON ticket_add_ons (add_on_id, ticket_id) WHERE add_on_id = ?1"} {
		if _, err := r.DB.Writer().NewRaw("CREATE INDEX "+index, s.ticket.ID, l.addOn()).Exec(ctx); err != nil {
			return nil, err
		}
	}
	for n := range int64(places / 2 / 100) {
		if err := r.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return l.insert(ctx, tx, n*100+1, 100) }); err != nil {
			return nil, err
		}
	}
	sold := int64(places / 2)
	return func(int) (float64, error) {
		from := sold
		rate, err := together(ctx, 16, length, 0, func(ctx context.Context, _ int, n int64) error {
			return r.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return l.buy(ctx, tx, from+n) })
		})
		sold += int64(rate*length.Seconds()*2) + 1000
		return rate, err
	}, nil
}

// addOn is what the add-on of a full basket is called, empty for tickets alone.
func (l locked) addOn() turnout.ID {
	if l.full == nil {
		return ""
	}
	return l.full.addOn
}

// buy sells the n-th order.
func (l locked) buy(ctx context.Context, tx bun.Tx, n int64) error {
	if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", l.Number).Exec(ctx); err != nil {
		return err
	}
	counts := []string{"SELECT COUNT(*) FROM tickets WHERE ticket_type_id = ?0 AND status IN ('reserved', 'valid')"}
	if l.full != nil {
		counts = append(counts, "SELECT COUNT(*) FROM ticket_add_ons WHERE add_on_id = ?1")
	}
	for _, count := range counts {
		var taken int64
		if err := tx.NewRaw(count, l.ticket.ID, l.addOn()).Scan(ctx, &taken); err != nil {
			return err
		}
		if taken >= plenty {
			return errors.New("sold out")
		}
	}
	return l.insert(ctx, tx, n, 1)
}

// insert writes so many orders of one ticket each, numbered from n on.
func (l locked) insert(ctx context.Context, tx bun.Tx, n int64, count int) error {
	at := now()
	contacts := make([]people.Contact, count)
	for i := range contacts {
		contacts[i] = people.Contact{Name: fmt.Sprintf("Buyer %d", n+int64(i)), Email: fmt.Sprintf("%s%d@example.org", l.Slug, n+int64(i))}
	}
	persons, err := people.Ensure(ctx, tx, l.CommunityID, at, contacts)
	if err != nil {
		return err
	}
	var rows lockedRows
	for i, person := range persons {
		rows.add(l, contacts[i], person, n+int64(i), at)
	}
	models := []any{&rows.orders, &rows.lines, &rows.tickets, &rows.codes}
	if l.full != nil {
		models = append(models, &rows.addOns, &rows.answers)
		if _, err := tx.NewUpdate().Model((*ticketing.Voucher)(nil)).Set("uses = uses + ?", count).Where("id = ?", l.full.voucher).Exec(ctx); err != nil {
			return err
		}
	}
	for _, model := range models {
		if _, err := tx.NewInsert().Model(model).Exec(ctx); err != nil {
			return err
		}
	}
	if err := jobs.EnqueueAll(ctx, tx, l.CommunityID, ticketing.JobOrderConfirmed, rows.jobs, at); err != nil {
		return err
	}
	return audit.Write(ctx, tx, rows.audit...)
}

// lockedRows are the rows of such orders, table by table.
type lockedRows struct {
	orders  []*ticketing.Order
	lines   []*ticketing.OrderLine
	tickets []*ticketing.Ticket
	codes   []*ticketCode
	addOns  []*ticketing.TicketAddOn
	answers []*ticketing.Answer
	jobs    []map[string]turnout.ID
	audit   []audit.Entry
}

func (rows *lockedRows) add(l locked, buyer people.Contact, person turnout.ID, number int64, at time.Time) {
	o := &ticketing.Order{ID: turnout.NewID("ord"), CommunityID: l.CommunityID, EventID: l.ID, Number: number, Status: ticketing.Confirmed, Source: ticketing.FromShop,
		PersonID: person, BuyerName: buyer.Name, BuyerEmail: buyer.Email, Locale: "en", Currency: "EUR", SecretVersion: 1, ExpiresAt: at, ConfirmedAt: at, CreatedAt: at, UpdatedAt: at}
	line := &ticketing.OrderLine{ID: turnout.NewID("lin"), CommunityID: l.CommunityID, OrderID: o.ID, TicketTypeID: l.ticket.ID, Name: l.ticket.Name,
		AttendanceMode: ticketing.InPerson, Quantity: 1, PricesIncludeTax: true}
	ticket := &ticketing.Ticket{ID: turnout.NewID("tkt"), CommunityID: l.CommunityID, EventID: l.ID, OrderID: o.ID, LineID: line.ID, TicketTypeID: l.ticket.ID,
		Number: number, Status: ticketing.Valid, AttendanceMode: ticketing.InPerson, PersonID: person, AttendeeName: buyer.Name, AttendeeEmail: buyer.Email, Borne: true,
		Version: 1, CreatedAt: at, UpdatedAt: at}
	rows.orders, rows.lines, rows.tickets = append(rows.orders, o), append(rows.lines, line), append(rows.tickets, ticket)
	rows.codes = append(rows.codes, &ticketCode{TicketID: ticket.ID, Nonce: ticketing.Nonce(secretBytes(16)).String(), CommunityID: l.CommunityID, State: "current",
		TypeNumber: l.ticket.Number, Mode: ticketing.InPerson, CreatedAt: at})
	rows.jobs = append(rows.jobs, map[string]turnout.ID{"order": o.ID})
	rows.audit = append(rows.audit, audit.Entry{Community: l.CommunityID, Action: "order.placed", Subject: o.ID, Actor: audit.Actor{Kind: audit.Buyer, ID: o.ID}, At: at})
	if l.full == nil {
		return
	}
	extra := &ticketing.OrderLine{ID: turnout.NewID("lin"), CommunityID: l.CommunityID, OrderID: o.ID, AddOnID: l.full.addOn, Name: "Workshop", Quantity: 1, PricesIncludeTax: true}
	line.VoucherID = l.full.voucher
	rows.lines = append(rows.lines, extra)
	rows.addOns = append(rows.addOns, &ticketing.TicketAddOn{LineID: extra.ID, TicketID: ticket.ID, CommunityID: l.CommunityID, AddOnID: l.full.addOn, Quantity: 1})
	for question, value := range map[turnout.ID]ticketing.Value{l.full.dish: {Choices: []turnout.ID{l.full.fish}}, l.full.note: {Text: fmt.Sprintf("Number %d", number)}} {
		rows.answers = append(rows.answers, &ticketing.Answer{OrderID: o.ID, TicketID: ticket.ID, QuestionID: question, QuestionVersion: 1, CommunityID: l.CommunityID,
			EventID: l.ID, Value: value, EraseAt: at.Add(400 * day), CreatedAt: at, UpdatedAt: at})
	}
}
