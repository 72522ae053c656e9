package ticketing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// The kinds of words in search_tokens: an order is found by all names and addresses on it, a ticket by its attendee's.
const (
	searchKindOrder  = "order"
	searchKindTicket = "ticket"
)

// Orders lists an event's orders, newest first unless the filter says otherwise, at most Limit, each whole.
func (s *Service) Orders(ctx context.Context, community, event turnout.ID, f OrderFilter) ([]*Order, error) {
	narrow, err := s.ordersOf(ctx, community, event, f)
	if err != nil || narrow == nil {
		return nil, wrapped("orders", err)
	}
	orders, err := s.ordersWhere(ctx, s.DB.Read(), func(q *bun.SelectQuery) *bun.SelectQuery { return f.window().page(narrow(q), orderPages, community) })
	return orders, wrapped("orders", err)
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

// indexOrder makes the order findable by the names and addresses on it, and each of its tickets by its own.
func (s *Service) indexOrder(ctx context.Context, o *Order) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return indexOrders(ctx, tx, o.CommunityID, o.EventID, o) })
}

// indexOrders is indexOrder for orders of one event, in the caller's transaction.
func indexOrders(ctx context.Context, tx bun.IDB, community, event turnout.ID, all ...*Order) error {
	orders, tickets := map[turnout.ID]string{}, map[turnout.ID]string{}
	for _, o := range all {
		order, theirs := OrderWords(o)
		orders[o.ID] = order
		maps.Copy(tickets, theirs)
	}
	ids := slices.Concat(slices.Sorted(maps.Keys(orders)), slices.Sorted(maps.Keys(tickets)))
	if err := people.DropTokens(ctx, tx, community, ids); err != nil {
		return err
	}
	if err := people.IndexTokens(ctx, tx, community, searchKindOrder, event, orders); err != nil {
		return err
	}
	return people.IndexTokens(ctx, tx, community, searchKindTicket, event, tickets)
}

// OrderWords gives the texts by which an order and each of its tickets are found.
func OrderWords(o *Order) (order string, tickets map[turnout.ID]string) {
	words, tickets := []string{o.BuyerName, o.BuyerEmail}, map[turnout.ID]string{}
	for _, t := range o.Tickets {
		words = append(words, t.AttendeeName, t.AttendeeEmail)
		tickets[t.ID] = t.AttendeeName + " " + t.AttendeeEmail
	}
	return strings.Join(words, " "), tickets
}
