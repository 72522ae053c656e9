package ticketing

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/database"
)

// window is the part of a list that is read: see OrderFilter.
type window struct {
	before turnout.ID
	oldest bool
	limit  int
}

// pageBy says how a list is paged: by a number that rises within the event, of which there is an index.
type pageBy struct{ number, table string }

var (
	orderPages  = pageBy{"ord.number", "orders"}
	ticketPages = pageBy{"ticket.number", "tickets"}
)

// page puts the list in order and cuts the page out of it.
func (w window) page(q *bun.SelectQuery, by pageBy, community turnout.ID) *bun.SelectQuery {
	direction, beyond := " DESC", " < "
	if w.oldest {
		direction, beyond = "", " > "
	}
	if w.before != "" {
		q = q.Where(by.number+beyond+"(SELECT number FROM "+by.table+" WHERE id = ? AND community_id = ?)", w.before, community)
	}
	return q.OrderExpr(by.number + direction).Limit(int64(w.limit))
}

// OrderFilter narrows a list of orders; its zero value takes all. See ReadOrderFilter for what each means to people.
type OrderFilter struct {
	Search      string // words of names, e-mail addresses, the code: each must begin a word of the order
	Status      OrderStatus
	Payment     Paying
	Refunds     RefundStatus // only orders with such a refund, of failed ones while money is left to give back
	Type        turnout.ID   // with a ticket of this type
	Voucher     turnout.ID   // sold with this voucher
	From, Until time.Time    // placed in [From, Until); zero for open
	Min, Max    *int64       // total in minor units, both included; nil for open
	IDs         []turnout.ID // only these; nil for all
	Before      turnout.ID   // the last row of the page before; "" for the beginning
	Oldest      bool         // first; else the newest
	Limit       int
}

func (f *OrderFilter) window() window { return window{f.Before, f.Oldest, f.Limit} }

// Paying is how an order stands with its money, as a list asks for it.
type Paying string

// What a list can ask for.
const (
	Paid       Paying = "paid"        // money came and was not all of it given back
	Unpaid     Paying = "unpaid"      // money is awaited
	RefundOpen Paying = "refund_open" // money is on its way back, or waits for a person
)

// payingIs are the conditions in SQL.
var payingIs = map[Paying]string{
	Paid: "(SELECT COALESCE(SUM(payment.amount), 0) FROM payments AS payment WHERE payment.order_id = ord.id AND payment.status IN " + cameIn + ") > " +
		"(SELECT COALESCE(SUM(refund.amount), 0) FROM refunds AS refund WHERE refund.order_id = ord.id AND refund.status <> 'failed')",
	Unpaid: "ord.status IN ('held', 'awaiting_approval', 'pending') AND ord.total > 0",
	RefundOpen: "(EXISTS (SELECT 1 FROM refunds AS refund WHERE refund.order_id = ord.id AND refund.status IN ('requested', 'processing', 'manual')) OR " +
		hasFailedRefund + ")",
}

const hasFailedRefund = "EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND " + refundFailed + ")"

// ordersOf narrows a query over orders AS ord to those of an event that a filter takes, but for the page; nil when it can take none.
func (s *Service) ordersOf(ctx context.Context, community, event turnout.ID, f OrderFilter) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	found := func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("ord.event_id = ?", event) }
	if f.IDs != nil { // no index for the event here, or SQLite reads all of its orders
		found = func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("ord.event_id || '' = ?", event).Where("ord.id IN (?)", bun.List(f.IDs))
		}
	}
	if strings.TrimSpace(f.Search) != "" {
		var err error
		if found, err = s.found(ctx, community, event, f.Search); err != nil || found == nil {
			return nil, err
		}
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		q = found(q.Where("ord.community_id = ?", community))
		if f.Status != "" {
			q = q.Where("ord.status = ?", f.Status)
		}
		if f.Payment != "" {
			q = q.Where(payingIs[f.Payment])
		}
		switch f.Refunds {
		case "":
		case RefundFailed:
			q = q.Where(hasFailedRefund)
		default:
			q = q.Where("EXISTS (SELECT 1 FROM refunds AS refund WHERE refund.order_id = ord.id AND refund.status = ?)", f.Refunds)
		}
		if f.Type != "" {
			q = q.Where("EXISTS (SELECT 1 FROM order_lines AS line WHERE line.order_id = ord.id AND line.ticket_type_id = ?)", f.Type)
		}
		if f.Voucher != "" {
			q = q.Where("ord.id IN (SELECT line.order_id FROM order_lines AS line WHERE line.voucher_id = ?)", f.Voucher)
		}
		if !f.From.IsZero() {
			q = q.Where("ord.created_at >= ?", f.From)
		}
		if !f.Until.IsZero() {
			q = q.Where("ord.created_at < ?", f.Until)
		}
		if f.Min != nil {
			q = q.Where("ord.total >= ?", *f.Min)
		}
		if f.Max != nil {
			q = q.Where("ord.total <= ?", *f.Max)
		}
		return q
	}, nil
}

// OrderRow is an order as lists and exports show it.
type OrderRow struct {
	ID          turnout.ID
	Number      int64
	Status      OrderStatus
	BuyerName   string
	BuyerEmail  string
	Locale      string
	Currency    string
	Total       int64 // minor units, as what follows
	Refunded    int64 // given back or on the way
	Tickets     int64
	Paid        int64  // that came in
	Fees        int64  // the provider's
	Provider    string // by which it came; "" for nothing
	Look        string // what needs a look: a refund's or a payment's state; "" for nothing
	ExpiresAt   time.Time
	CreatedAt   time.Time
	ConfirmedAt time.Time
	CanceledAt  time.Time
	Code        string

	answers map[turnout.ID]*Answer // by question, in exports
}

// StatusAt is as Order.StatusAt.
func (r *OrderRow) StatusAt(now time.Time) OrderStatus {
	return (&Order{Status: r.Status, ExpiresAt: r.ExpiresAt}).StatusAt(now)
}

// The states that OrderRow.Look knows, the most urgent first.
const (
	LookRefundFailed = "refund_failed"
	LookRefundManual = "refund_manual"
	LookDisputed     = "disputed"
	LookTwice        = "twice_refund_pending"
	LookLate         = "late_refund_pending"
)

const orderLook = "CASE WHEN " + hasFailedRefund + " THEN '" + LookRefundFailed + "'" +
	" WHEN EXISTS (SELECT 1 FROM refunds AS refund WHERE refund.order_id = ord.id AND refund.status = 'manual') THEN '" + LookRefundManual + "'" +
	" WHEN EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND payment.status = 'disputed') THEN '" + LookDisputed + "'" +
	" WHEN EXISTS (SELECT 1 FROM payments AS payment JOIN refunds AS refund ON refund.payment_id = payment.id AND refund.reason = 'paid_twice'" +
	" WHERE payment.order_id = ord.id AND payment.status = 'late_refund_pending') THEN '" + LookTwice + "'" +
	" WHEN EXISTS (SELECT 1 FROM payments AS payment WHERE payment.order_id = ord.id AND payment.status = 'late_refund_pending') THEN '" + LookLate + "'" +
	" ELSE '' END AS look"

// orderColumns are OrderRow's, over orders AS ord, with what look says for Look. The payments are looked at once: "paid/fees/provider".
func orderColumns(q *bun.SelectQuery, look string) *bun.SelectQuery {
	return q.ColumnExpr("ord.id, ord.number, ord.status, ord.buyer_name, ord.buyer_email, ord.locale, ord.currency, ord.total").
		ColumnExpr(database.AsText("ord.expires_at")).ColumnExpr(database.AsText("ord.created_at")).
		ColumnExpr(database.AsText("ord.confirmed_at")).ColumnExpr(database.AsText("ord.canceled_at")).
		ColumnExpr("(SELECT COUNT(*) FROM tickets AS ticket WHERE ticket.order_id = ord.id) AS tickets").
		ColumnExpr("COALESCE((SELECT SUM(payment.amount) || '/' || SUM(payment.provider_fee) || '/' || MAX(payment.provider) FROM payments AS payment" +
			" WHERE payment.order_id = ord.id AND payment.status IN " + cameIn + "), '') AS came").
		ColumnExpr("(SELECT CAST(COALESCE(SUM(refund.amount), 0) AS BIGINT) FROM refunds AS refund WHERE refund.order_id = ord.id AND refund.status <> 'failed') AS refunded").
		ColumnExpr(look)
}

// reckon takes apart what was read as one.
func (r *OrderRow) reckon(came string) error {
	if came == "" {
		return nil
	}
	paid, rest, _ := strings.Cut(came, "/")
	fees, provider, _ := strings.Cut(rest, "/")
	var err, failed error
	r.Paid, err = strconv.ParseInt(paid, 10, 64)
	r.Fees, failed = strconv.ParseInt(fees, 10, 64)
	r.Provider = provider
	return errors.Join(err, failed)
}

// OrderRows lists an event's orders, newest first unless the filter says otherwise, at most Limit, in one statement beside the
// search's own.
func (s *Service) OrderRows(ctx context.Context, e *events.Event, f OrderFilter) ([]*OrderRow, error) {
	narrow, err := s.ordersOf(ctx, e.CommunityID, e.ID, f)
	if err != nil || narrow == nil {
		return nil, wrapped("list orders", err)
	}
	rows, err := orderRows(ctx, s.DB.Read(), e, narrow, f.window())
	for _, r := range rows {
		r.Code = s.codes.encode(e.Number, r.Number)
	}
	return rows, wrapped("list orders", err)
}

func orderRows(ctx context.Context, db bun.IDB, e *events.Event, narrow func(*bun.SelectQuery) *bun.SelectQuery, w window) ([]*OrderRow, error) {
	// What is counted for each row is counted for those of the page alone.
	page := w.page(narrow(db.NewSelect().TableExpr("orders AS ord").ColumnExpr("ord.*")), orderPages, e.CommunityID)
	return readOrders(ctx, w.order(orderColumns(db.NewSelect().TableExpr("(?) AS ord", page), orderLook), orderPages))
}

// readOrders reads orderColumns by hand, for exports read many: a model's reflection would take as long as SQLite does. It leaves
// out the codes.
func readOrders(ctx context.Context, q *bun.SelectQuery) (all []*OrderRow, err error) {
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var came string
	for rows.Next() {
		r := new(OrderRow)
		if err := rows.Scan((*string)(&r.ID), &r.Number, (*string)(&r.Status), &r.BuyerName, &r.BuyerEmail, &r.Locale, &r.Currency, &r.Total,
			database.Stamp{To: &r.ExpiresAt}, database.Stamp{To: &r.CreatedAt}, database.Stamp{To: &r.ConfirmedAt}, database.Stamp{To: &r.CanceledAt},
			&r.Tickets, &came, &r.Refunded, &r.Look); err != nil {
			return nil, err
		}
		if err := r.reckon(came); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func (w window) order(q *bun.SelectQuery, by pageBy) *bun.SelectQuery {
	if w.oldest {
		return q.OrderExpr(by.number)
	}
	return q.OrderExpr(by.number + " DESC")
}

// wrapped says what failed, nil for nothing.
func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ticketing: %s: %w", what, err)
}
