package ticketing

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
)

const orderSecret = "order"

// secret opens the order's page. It is signed, not stored; raising SecretVersion makes another.
func (s *Service) secret(o *Order) string {
	return s.Keys.Sign(orderSecret, string(o.ID), strconv.FormatInt(o.SecretVersion, 10))
}

// revealed adds the secret and the signed codes: for the buyer, and for the mails to them.
func (s *Service) revealed(o *Order) *Order {
	o.Secret = s.secret(o)
	return o
}

// OrderBySecret gives an order to whoever holds its code and secret, with the secret and the ticket codes. A wrong secret is
// turnout.ErrNotFound, like a code that does not exist.
func (s *Service) OrderBySecret(ctx context.Context, code, secret string) (*Order, error) {
	order, err := s.orderByCode(ctx, s.DB.Read(), code)
	if err != nil {
		return nil, fmt.Errorf("ticketing: order: %w", err)
	}
	if !s.Keys.Verify(secret, orderSecret, string(order.ID), strconv.FormatInt(order.SecretVersion, 10)) {
		return nil, turnout.ErrNotFound
	}
	return s.revealed(order), nil
}

// Order gives an order of the community by its code or id, without the secret.
func (s *Service) Order(ctx context.Context, community turnout.ID, code string) (*Order, error) {
	order, err := s.orderByCode(ctx, s.DB.Read(), code)
	if err == nil && order.CommunityID != community {
		err = turnout.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: order: %w", err)
	}
	return order, nil
}

// OrderLink is the address of an order's page for its buyer, secret included.
func (s *Service) OrderLink(o *Order) string {
	return s.BaseURL + "/orders/" + o.Code + "?secret=" + s.secret(o)
}

func (s *Service) orderByCode(ctx context.Context, db bun.IDB, code string) (*Order, error) {
	if id := turnout.ID(code); id.Is(turnout.PrefixOrder) {
		return s.orderWhere(ctx, db, "id = ?", id)
	}
	eventNumber, number, ok := s.codes.decode(code)
	if !ok {
		return nil, turnout.ErrNotFound
	}
	return s.orderWhere(ctx, db, "ord.event_id = (SELECT id FROM events WHERE number = ?) AND ord.number = ?", eventNumber, number)
}

// OrderFilter narrows a list of orders.
type OrderFilter struct {
	Status  OrderStatus  // "" for all
	Refunds RefundStatus // only orders with such a refund, of failed ones while money is left to give back; "" for all
	Search  string       // words of names, e-mail addresses, the code: each must begin a word of the order
	Before  turnout.ID   // the last id of the page before
	Limit   int
}

// searchKindOrder is the kind of an order's words in search_tokens.
const searchKindOrder = "order"

// Orders lists an event's orders, newest first, at most Limit, each whole.
func (s *Service) Orders(ctx context.Context, community, event turnout.ID, f OrderFilter) ([]*Order, error) {
	db := s.DB.Read()
	found := func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("event_id = ?", event) }
	if strings.TrimSpace(f.Search) != "" {
		var err error
		if found, err = s.found(ctx, community, event, f.Search); err != nil {
			return nil, fmt.Errorf("ticketing: orders: %w", err)
		}
		if found == nil {
			return nil, nil
		}
	}
	orders, err := s.ordersWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = found(q.Where("community_id = ?", community)).OrderExpr("number DESC").Limit(int64(f.Limit))
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		switch f.Refunds {
		case "":
		case RefundFailed:
			q = q.Where("EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND " + refundFailed + ")")
		default:
			q = q.Where("EXISTS (SELECT 1 FROM refunds AS refund WHERE refund.order_id = ord.id AND refund.status = ?)", f.Refunds)
		}
		if f.Before != "" {
			q = q.Where("number < (SELECT number FROM orders WHERE id = ? AND community_id = ?)", f.Before, community)
		}
		return q
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: orders: %w", err)
	}
	return orders, nil
}

// found narrows a query to the orders that a search finds, nil when it can find none. All of them: the other filters and the
// page come after. They are of the event already; to say so again would make SQLite read all of its orders.
func (s *Service) found(ctx context.Context, community, event turnout.ID, query string) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	order, err := s.orderByCode(ctx, s.DB.Read(), query)
	switch {
	case err == nil && order.CommunityID == community && order.EventID == event:
		return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("ord.id = ?", order.ID) }, nil
	case err != nil && !errors.Is(err, turnout.ErrNotFound):
		return nil, err
	}
	narrow, rare, err := people.Matching(ctx, s.DB.Read(), community, searchKindOrder, event, query, "ord.id")
	if err != nil || narrow == nil || rare {
		return narrow, err
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery { return narrow(q.Where("ord.event_id = ?", event)) }, nil
}

// searchOrders gives the ids of the orders that a search finds, the oldest first, at most limit.
func (s *Service) searchOrders(ctx context.Context, community, event turnout.ID, query string, limit int) ([]turnout.ID, error) {
	found, err := s.found(ctx, community, event, query)
	if err != nil || found == nil {
		return nil, err
	}
	var ids []turnout.ID
	err = found(s.DB.Read().NewSelect().Model((*Order)(nil)).Column("ord.id")).Where("ord.community_id = ?", community).OrderExpr("ord.number").Limit(int64(limit)).Scan(ctx, &ids)
	return ids, err
}

// indexOrder makes the order findable by the names and addresses on it.
func (s *Service) indexOrder(ctx context.Context, o *Order) error {
	words := []string{o.BuyerName, o.BuyerEmail}
	for _, t := range o.Tickets {
		words = append(words, t.AttendeeName, t.AttendeeEmail)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := people.DropTokens(ctx, tx, o.CommunityID, []turnout.ID{o.ID}); err != nil {
			return err
		}
		return people.IndexTokens(ctx, tx, o.CommunityID, searchKindOrder, o.EventID, map[turnout.ID]string{o.ID: strings.Join(words, " ")})
	})
}
