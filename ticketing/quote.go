package ticketing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// Quote says what a purchase would cost at this moment, and why it could not be made.
type Quote struct {
	Lines         []QuotedLine
	Total         turnout.Money
	Discount      turnout.Money // that is in the total, by a voucher; one that cannot be used for the purchase takes nothing off
	NeedsApproval bool          // the organiser decides about it first
	Problems      turnout.Problems
	Refusal       error // what no change of the fields mends; nil for none
}

// QuotedLine is a line of a quote; amounts are those of one, but for Total.
type QuotedLine struct {
	TicketTypeID turnout.ID
	AddOnID      turnout.ID // in the place of a ticket type
	Name         string
	PriceName    string
	Quantity     int64
	UnitPrice    turnout.Money
	Discount     turnout.Money
	Total        turnout.Money
	Included     bool // an add-on in the ticket's price
}

// Quote prices a purchase by the function that sells it, without taking anything. What is wrong with it stands in the quote; it fails with
// turnout.ErrNotFound for an event that there is not, and with ErrTooManyCodes.
func (s *Service) Quote(ctx context.Context, p *Purchase) (*Quote, error) {
	if err := s.Unguessed(ctx, p); err != nil {
		return nil, err
	}
	q, err := s.quote(ctx, s.DB.Read(), p)
	if err != nil {
		return nil, fmt.Errorf("ticketing: quote: %w", err)
	}
	return q, nil
}

func (s *Service) quote(ctx context.Context, db bun.IDB, p *Purchase) (*Quote, error) {
	shelf, err := readShelf(ctx, db, s.Now(), []*Purchase{p})
	if err != nil {
		return nil, err
	}
	event := shelf.events[p.EventID]
	if event == nil {
		return nil, turnout.ErrNotFound
	}
	money := func(amount int64) turnout.Money { return turnout.Money{Amount: amount, Currency: event.Currency} }
	q := &Quote{Total: money(0), Discount: money(0), Problems: shelf.problems(p)}
	q.Refusal = openFor(event, p.Desk, shelf.now)
	for _, line := range p.Lines {
		if t := shelf.ticketType(p, line.TicketTypeID); t != nil && q.Refusal == nil {
			q.Refusal = shelf.sellable(p, t)
		}
	}
	var sane turnout.Problems
	if !p.sane(&sane) {
		q.Problems.Join(sane)
		return q, nil
	}
	pools, err := poolsByID(ctx, db, event.CommunityID, event.ID)
	if err != nil {
		return nil, err
	}
	free := func(pool turnout.ID) int64 { return pools[pool].Available() }
	basket := shelf.quote(p, free)
	if v := shelf.voucher(p); v != nil {
		back, err := givenBack(ctx, db, event, p.Replaces, v.ID)
		if err != nil {
			return nil, err
		}
		left := *v
		left.Uses, left.Spent = v.Uses-back.uses, v.Spent-back.spent
		var refusal *turnout.Error
		if errors.As(left.covers(basket, used{}, p, event.Currency, shelf.now), &refusal) { // the sum is that of what can be bought
			if !slices.ContainsFunc(q.Problems, func(f turnout.FieldError) bool { return f.Name == "voucher" }) {
				q.Problems = append(q.Problems, refusal.Fields...)
			}
			plain := *p
			plain.Voucher = ""
			basket = shelf.quote(&plain, free)
		}
	}
	q.Problems.Join(basket.dear(p, s.Provider.Most(event.Currency), event.Currency))
	q.Total, q.Discount, q.NeedsApproval = money(basket.total), money(basket.spent), basket.needsApproval(p)
	for _, l := range basket.lines {
		line := QuotedLine{PriceName: l.priceName, Quantity: l.quantity, UnitPrice: money(l.unit), Discount: money(l.discount), Total: money(l.total())}
		if l.of != nil {
			line.TicketTypeID, line.Name = l.of.ID, l.of.Name
		} else {
			line.AddOnID, line.Name, line.Included = l.addOn.ID, l.addOn.Name, l.unit == 0 && l.addOn.Price > 0
		}
		q.Lines = append(q.Lines, line)
	}
	return q, nil
}

// givenBack is what an order that is replaced gives back of a voucher: nothing where there is none, or it is over already.
func givenBack(ctx context.Context, db bun.IDB, event *events.Event, order, voucher turnout.ID) (back used, err error) {
	if order == "" {
		return back, nil
	}
	var lines []*OrderLine
	err = db.NewSelect().Model(&lines).Join("JOIN orders AS ord ON ord.id = line.order_id").Where("line.order_id = ?", order).Where("line.voucher_id = ?", voucher).
		Where("ord.event_id = ?", event.ID).Where("ord.community_id = ?", event.CommunityID).Where("ord.status IN (?, ?)", Held, AwaitingApproval).Scan(ctx)
	for _, l := range lines {
		back = used{back.uses + l.Quantity, back.spent + l.Quantity*l.Discount}
	}
	return back, err
}
