package ticketing

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// JobOrderLinks mails a buyer the links to all their orders at an event; its orderRef names one of them.
const JobOrderLinks = "ticketing.order_links"

// linksMailed is how many orders such a mail lists, the newest first.
const linksMailed = 20

// SendOrderLinks mails whoever bought with the address the links to their orders at the event. It does the same whether or not
// there is such an order, so nobody learns who comes. It fails with an Invalid error about "email".
func (s *Service) SendOrderLinks(ctx context.Context, event *events.Event, email string) error {
	email, err := people.NormaliseEmail(email)
	if err != nil {
		return turnout.Invalidf("email", "email", "This is not an e-mail address.")
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		may, err := organisers.MayMailAgain(ctx, tx, "orders "+string(event.ID)+" "+email, now) // written also for those who bought nothing
		if err != nil {
			return err
		}
		var order turnout.ID
		err = boughtBy(tx.NewSelect().Model((*Order)(nil)).Column("id"), event.CommunityID, event.ID, email).Limit(1).Scan(ctx, &order)
		if database.IsNoRows(err) || err == nil && !may {
			return nil
		}
		if err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, event.CommunityID, JobOrderLinks, orderRef{order}, now)
	})
	if err != nil {
		return fmt.Errorf("ticketing: send order links: %w", err)
	}
	return nil
}

// boughtBy narrows a query to a buyer's orders at an event, the newest first. It goes by their person, for which orders have an
// index.
func boughtBy(q *bun.SelectQuery, community, event turnout.ID, email string) *bun.SelectQuery {
	return q.Where("person_id IN (SELECT person_id FROM identities WHERE community_id = ? AND source = 'email' AND handle = ?)", community, email).
		Where("community_id = ?", community).Where("event_id = ?", event).Where("buyer_email = ?", email).OrderExpr("number DESC")
}

// linkedOrder is an order in the mail of links.
type linkedOrder struct {
	Code, Status, URL string
	Lines             []mailLine
}

func (s *Service) orderLinks(ctx context.Context, job jobs.Job, o *Order) error {
	data, err := s.orderMail(ctx, o)
	if err != nil {
		return err
	}
	orders, err := s.ordersWhere(ctx, s.DB.Read(), func(q *bun.SelectQuery) *bun.SelectQuery {
		return boughtBy(q, o.CommunityID, o.EventID, o.BuyerEmail).Limit(linksMailed)
	})
	if err != nil {
		return err
	}
	for _, other := range orders {
		linked := linkedOrder{Code: other.Code, Status: string(other.StatusAt(s.Now())), URL: s.OrderLink(other)}
		for _, l := range other.Lines {
			linked.Lines = append(linked.Lines, mailLine{l.Name, l.Quantity, other.Money(l.Total)})
		}
		data.Orders = append(data.Orders, linked)
	}
	return s.send(ctx, job, o, "order_links", data)
}

// EventOfCode gives the public event that an order's code is of, whether or not there is such an order. It fails with
// turnout.ErrNotFound.
func (s *Service) EventOfCode(ctx context.Context, code string) (*events.Event, error) {
	number, _, ok := s.codes.decode(code)
	if !ok {
		return nil, turnout.ErrNotFound
	}
	event, err := events.ByNumber(ctx, s.DB.Read(), number)
	if err == nil && !event.Public() {
		err = turnout.ErrNotFound
	}
	if err != nil && !errors.Is(err, turnout.ErrNotFound) {
		return nil, fmt.Errorf("ticketing: event of a code: %w", err)
	}
	return event, err
}
