package ticketing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events/people"
	"turnout/internal/database"
)

// DoorTicket is a ticket as a door needs it.
type DoorTicket struct {
	Ticket
	TypeName    string
	TypeNumber  int64       // of the current code
	OrderStatus OrderStatus // canceled and unpaid orders explain a refusal
	OrderNumber int64
	EventNumber int64
	Nonce       string   // of the current code
	Revoked     []string // nonces of earlier codes
	Disputed    bool     // the order's payment

	AddOnIDs []turnout.ID `bun:"-"` // that its bearer has: see LoadTicketAddOns
}

// Matches reports whether the code is the ticket's current one.
func (t *DoorTicket) Matches(c Code) bool { return t.Nonce == c.Nonce.String() }

// Lookup is what stands for a code where the code itself must not be kept, on a door's device and in its queue: SHA-256 of "lookup" and the
// nonce, in hexadecimal digits.
func Lookup(n Nonce) string {
	sum := sha256.Sum256(append([]byte("lookup"), n[:]...))
	return hex.EncodeToString(sum[:])
}

// Lookup is the lookup of the ticket's current code, "" for a ticket without one.
func (t *DoorTicket) Lookup() string {
	n, err := parseNonce(t.Nonce)
	if err != nil {
		return ""
	}
	return Lookup(n)
}

// LookedUp reports whether the lookup is that of the ticket's current code.
func (t *DoorTicket) LookedUp(lookup string) bool { return looksUp(t.Nonce, lookup) }

// LookedUpBefore reports whether the lookup is that of a code which the ticket had before.
func (t *DoorTicket) LookedUpBefore(lookup string) bool {
	return slices.ContainsFunc(t.Revoked, func(nonce string) bool { return looksUp(nonce, lookup) })
}

func looksUp(stored, lookup string) bool {
	n, err := parseNonce(stored)
	return err == nil && subtle.ConstantTimeCompare([]byte(Lookup(n)), []byte(lookup)) == 1
}

// DoorTickets reads tickets of an event for a door, by their numbers (from codes) and ids, in two statements. Packages above
// call it in their own transactions.
func DoorTickets(ctx context.Context, db bun.IDB, event turnout.ID, numbers []int64, ids []turnout.ID) ([]*DoorTicket, error) {
	if len(numbers) == 0 && len(ids) == 0 {
		return nil, nil
	}
	var tickets []*DoorTicket
	err := db.NewSelect().TableExpr("tickets AS ticket").ColumnExpr("ticket.*").
		ColumnExpr("line.name AS type_name, ord.status AS order_status, ord.number AS order_number, event.number AS event_number").ColumnExpr(disputedOrder+" AS disputed").
		Join("JOIN order_lines AS line ON line.id = ticket.line_id").Join("JOIN orders AS ord ON ord.id = ticket.order_id").
		Join("JOIN events AS event ON event.id = ticket.event_id").
		Where("ticket.event_id = ?", event).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			if len(numbers) > 0 {
				q = q.WhereOr("ticket.number IN (?)", bun.List(numbers))
			}
			if len(ids) > 0 {
				q = q.WhereOr("ticket.id IN (?)", bun.List(ids))
			}
			return q
		}).Scan(ctx, &tickets)
	if err != nil || len(tickets) == 0 {
		return nil, err
	}
	byID := make(map[turnout.ID]*DoorTicket, len(tickets))
	found := make([]turnout.ID, len(tickets))
	for i, t := range tickets {
		byID[t.ID], found[i] = t, t.ID
	}
	var codes []*ticketCode
	if err := db.NewSelect().Model(&codes).Where("ticket_id IN (?)", bun.List(found)).Scan(ctx); err != nil {
		return nil, err
	}
	for _, c := range codes {
		t := byID[c.TicketID]
		if c.State == codeCurrent {
			t.Nonce, t.TypeNumber = c.Nonce, c.TypeNumber
		} else {
			t.Revoked = append(t.Revoked, c.Nonce)
		}
	}
	return tickets, nil
}

// mostMates is how many tickets of one order are told at a door.
const mostMates = 100

// Mates reads the other valid tickets of a ticket's order, in the order of their numbers, at most a hundred: those who come together.
func Mates(ctx context.Context, db bun.IDB, t *DoorTicket) ([]*DoorTicket, error) {
	var ids []turnout.ID
	err := db.NewSelect().TableExpr("tickets").Column("id").Where("order_id = ?", t.OrderID).Where("community_id = ?", t.CommunityID).
		Where("status = ?", Valid).Where("id <> ?", t.ID).Order("number").Limit(mostMates).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	mates, err := DoorTickets(ctx, db, t.EventID, nil, ids)
	slices.SortFunc(mates, func(a, b *DoorTicket) int { return cmp.Compare(a.Number, b.Number) })
	return mates, err
}

// LoadTicketAddOns fills in which add-ons the bearers of tickets have, in one statement.
func LoadTicketAddOns(ctx context.Context, db bun.IDB, tickets []*DoorTicket) error {
	if len(tickets) == 0 {
		return nil
	}
	byID := make(map[turnout.ID]*DoorTicket, len(tickets))
	for _, t := range tickets {
		byID[t.ID], t.AddOnIDs = t, nil
	}
	var rows []TicketAddOn
	if err := db.NewSelect().Model(&rows).Where("ticket_id IN (?)", bun.List(slices.Sorted(maps.Keys(byID)))).Order("line_id").Scan(ctx); err != nil {
		return err
	}
	for _, r := range rows {
		byID[r.TicketID].AddOnIDs = append(byID[r.TicketID].AddOnIDs, r.AddOnID)
	}
	return nil
}

// LockValid locks tickets that a door is about to let in, and gives how many of them are valid now. A buyer who cancels in the
// same moment was faster, and one is missing; or waits, and then finds that the ticket was used.
func LockValid(ctx context.Context, db bun.IDB, ids []turnout.ID) (int64, error) {
	return database.Changed(db.NewUpdate().Model((*Ticket)(nil)).Set("status = status").Where("id IN (?)", bun.List(ids)).
		Where("status = ?", Valid).Exec(ctx))
}

// LockTicket locks a ticket and reads it as it is then. It fails with turnout.ErrNotFound.
func LockTicket(ctx context.Context, db bun.IDB, community, id turnout.ID) (*Ticket, error) {
	t := new(Ticket)
	err := db.NewUpdate().Model(t).Set("status = status").Where("id = ?", id).Where("community_id = ?", community).Returning("*").Scan(ctx)
	return t, database.NotFound(err)
}

// SearchTickets finds tickets of an event whose order has, for each word of the query, a word that begins with it, or the
// code; at most limit orders' tickets. For staff who may search by name.
func (s *Service) SearchTickets(ctx context.Context, community, event turnout.ID, query string, limit int) ([]*DoorTicket, error) {
	orders, err := s.searchOrders(ctx, community, event, query, limit)
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	var ids []turnout.ID
	if err := s.DB.Read().NewSelect().Model((*Ticket)(nil)).Column("id").Where("order_id IN (?)", bun.List(orders)).
		Where("community_id = ?", community).Where("event_id = ?", event).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("ticketing: search tickets: %w", err)
	}
	tickets, err := DoorTickets(ctx, s.DB.Read(), event, nil, ids)
	if err != nil {
		return nil, fmt.Errorf("ticketing: search tickets: %w", err)
	}
	words := people.Fold(query)
	sortByMatch(tickets, words)
	return tickets, nil
}

// OrderCode gives the public code of the order with the number.
func (s *Service) OrderCode(eventNumber, orderNumber int64) string {
	return s.codes.encode(eventNumber, orderNumber)
}

// sortByMatch puts the tickets whose own attendee is meant before those of the same order.
func sortByMatch(tickets []*DoorTicket, words []string) {
	rank := func(t *DoorTicket) int {
		own := people.Fold(t.AttendeeName + " " + t.AttendeeEmail)
		for _, w := range words {
			if !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, w) }) {
				return 1
			}
		}
		return 0
	}
	slices.SortStableFunc(tickets, func(a, b *DoorTicket) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Number, b.Number))
	})
}
