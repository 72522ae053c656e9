package ticketing

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/database"
)

// AttendeeFilter narrows a list of an event's tickets; its zero value takes all.
type AttendeeFilter struct {
	Search string // words of the attendee's name and address, or an order's code: each must begin a word
	Status TicketStatus
	Type   turnout.ID
	Mode   Mode
	Came   *bool        // seen at the event, or not; nil for both
	Notice NoticeKind   // what the door shall know of them; AnyNotice for all that it shall
	IDs    []turnout.ID // only these tickets; nil for all
	Before turnout.ID   // as OrderFilter's
	Oldest bool
	Limit  int
}

func (f *AttendeeFilter) window() window { return window{f.Before, f.Oldest, f.Limit} }

// AttendeeRow is a ticket with its attendee and order, as lists and exports show it.
type AttendeeRow struct {
	ID             turnout.ID
	Number         int64
	Status         TicketStatus
	AttendanceMode Mode
	AttendeeName   string
	AttendeeEmail  string
	TypeID         turnout.ID
	TypeName       string // as it was sold
	Price          int64  // minor units: what the ticket cost after its discount
	OrderID        turnout.ID
	OrderNumber    int64
	OrderStatus    OrderStatus
	BuyerName      string
	BuyerEmail     string
	Currency       string
	Notice         NoticeKind
	NoticeText     string
	CreatedAt      time.Time
	CameAt         time.Time // first seen at the event; zero for not
	OrderCode      string

	Answers []*Answer // about the ticket, where a method says so

	answers map[turnout.ID]*Answer // by question, in exports
	addOns  map[turnout.ID]int64   // how many it has, in exports
}

// ticketsOf narrows a query over tickets AS ticket to those of an event that a filter takes, but for the page; nil when it can take none.
func (s *Service) ticketsOf(ctx context.Context, community, event turnout.ID, f AttendeeFilter) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	found := func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("ticket.event_id = ?", event) }
	if f.IDs != nil {
		found = func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("ticket.event_id || '' = ?", event).Where("ticket.id IN (?)", bun.List(f.IDs))
		}
	}
	if strings.TrimSpace(f.Search) != "" {
		var err error
		if found, err = s.foundTickets(ctx, community, event, f.Search); err != nil || found == nil {
			return nil, err
		}
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		q = found(q.Where("ticket.community_id = ?", community))
		if f.Status != "" {
			q = q.Where("ticket.status = ?", f.Status)
		}
		if f.Type != "" {
			q = q.Where("ticket.ticket_type_id = ?", f.Type)
		}
		if f.Mode != "" {
			q = q.Where("ticket.attendance_mode = ?", f.Mode)
		}
		if f.Came != nil {
			q = q.Where(s.CameAt + map[bool]string{true: " IS NOT NULL", false: " IS NULL"}[*f.Came])
		}
		switch f.Notice {
		case NoNotice:
		case AnyNotice:
			q = q.Where("ticket.notice <> ''")
		default:
			q = q.Where("ticket.notice <> ''").Where("ticket.notice = ?", f.Notice)
		}
		return q
	}, nil
}

// foundTickets is found for tickets: those of the order whose code is asked for, or whose attendee has the words.
func (s *Service) foundTickets(ctx context.Context, community, event turnout.ID, query string) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	order, err := s.orderByCode(ctx, s.DB.Read(), query)
	switch {
	case err == nil && order.CommunityID == community && order.EventID == event:
		return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("ticket.order_id = ?", order.ID) }, nil
	case err != nil && !errors.Is(err, turnout.ErrNotFound):
		return nil, err
	}
	narrow, rare, err := people.Matching(ctx, s.DB.Read(), community, searchKindTicket, event, query, "ticket.id")
	if err != nil || narrow == nil || rare {
		return narrow, err
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery { return narrow(q.Where("ticket.event_id = ?", event)) }, nil
}

// AttendeeRows lists an event's tickets, newest first unless the filter says otherwise, at most Limit, in one statement beside
// the search's own.
func (s *Service) AttendeeRows(ctx context.Context, e *events.Event, f AttendeeFilter) ([]*AttendeeRow, error) {
	return s.attendeesIn(ctx, s.DB.Read(), e, f)
}

// AttendeesOf is AttendeeRows for tickets by their ids, by the connection that the caller has: whoever holds one and asks for another waits for themselves.
func (s *Service) AttendeesOf(ctx context.Context, db bun.IDB, e *events.Event, ids []turnout.ID) ([]*AttendeeRow, error) {
	return s.attendeesIn(ctx, db, e, AttendeeFilter{IDs: ids, Limit: len(ids)})
}

func (s *Service) attendeesIn(ctx context.Context, db bun.IDB, e *events.Event, f AttendeeFilter) ([]*AttendeeRow, error) {
	narrow, err := s.ticketsOf(ctx, e.CommunityID, e.ID, f)
	if err != nil || narrow == nil {
		return nil, wrapped("list attendees", err)
	}
	rows, err := s.attendeeRows(ctx, db, e, narrow, f.window())
	for _, r := range rows {
		r.OrderCode = s.codes.encode(e.Number, r.OrderNumber)
	}
	return rows, wrapped("list attendees", err)
}

func (s *Service) attendeeRows(ctx context.Context, db bun.IDB, e *events.Event, narrow func(*bun.SelectQuery) *bun.SelectQuery, w window) ([]*AttendeeRow, error) {
	page := w.page(narrow(db.NewSelect().TableExpr("tickets AS ticket").ColumnExpr("ticket.*")), ticketPages, e.CommunityID)
	return readAttendees(ctx, w.order(s.attendeeColumns(db.NewSelect().TableExpr("(?) AS ticket", page)), ticketPages))
}

// attendeeColumns are AttendeeRow's, over tickets AS ticket.
func (s *Service) attendeeColumns(q *bun.SelectQuery) *bun.SelectQuery {
	return q.Join("JOIN order_lines AS line ON line.id = ticket.line_id").Join("JOIN orders AS ord ON ord.id = ticket.order_id").
		ColumnExpr("ticket.id, ticket.number, ticket.status, ticket.attendance_mode, ticket.attendee_name, ticket.attendee_email").
		ColumnExpr("ticket.ticket_type_id AS type_id, line.name AS type_name, line.unit_price - line.discount AS price").
		ColumnExpr("ord.id AS order_id, ord.number AS order_number, ord.status AS order_status, ord.buyer_name, ord.buyer_email, ord.currency, ticket.notice, ticket.notice_text").
		ColumnExpr(database.AsText("ticket.created_at")).ColumnExpr(database.AsText(s.CameAt))
}

// readAttendees reads attendeeColumns as readOrders does.
func readAttendees(ctx context.Context, q *bun.SelectQuery) (all []*AttendeeRow, err error) {
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r := new(AttendeeRow)
		if err := rows.Scan((*string)(&r.ID), &r.Number, (*string)(&r.Status), (*string)(&r.AttendanceMode), &r.AttendeeName, &r.AttendeeEmail,
			(*string)(&r.TypeID), &r.TypeName, &r.Price, (*string)(&r.OrderID), &r.OrderNumber, (*string)(&r.OrderStatus), &r.BuyerName, &r.BuyerEmail, &r.Currency, (*string)(&r.Notice), &r.NoticeText,
			database.Stamp{To: &r.CreatedAt}, database.Stamp{To: &r.CameAt}); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
