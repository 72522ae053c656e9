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
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Sources of orders.
const (
	FromShop      = "shop"
	FromBoxOffice = "box_office"
	FromImport    = "import"
)

// beginAtDesk confirms an order of the box office, with its money.
func (b *sale) beginAtDesk(rows *saleRows, o *Order, p *Purchase) {
	desk := p.Desk
	o.Status, o.ConfirmedAt, o.Source, o.SoldBy = Confirmed, b.now, FromBoxOffice, p.Actor.ID
	if desk.Method == DeskImport {
		o.Source = FromImport
	}
	switch {
	case desk.Mail && o.BuyerEmail != "":
		rows.notify(o, JobOrderConfirmed)
	case desk.Method != DeskImport: // an import makes its orders findable itself, many at once
		rows.notify(o, JobOrderPlaced)
	}
	if o.Total == 0 {
		return
	}
	payment := &Payment{
		ID: turnout.NewID(turnout.PrefixPayment), CommunityID: o.CommunityID, EventID: o.EventID, OrderID: o.ID, Provider: offlineProvider,
		Status: PaymentSucceeded, Amount: o.Total, Currency: o.Currency, Method: string(desk.Method), Reference: desk.Reference,
		TakenBy: p.Actor.ID, TakenAt: b.now,
		CreatedAt: b.now, UpdatedAt: b.now,
	}
	rows.payments = append(rows.payments, payment)
	o.Payments = []*Payment{payment}
}

// UndoFor is how long a sale of the box office can be taken back with one tap.
const UndoFor = 2 * time.Minute

// ErrUndoOver says that a sale of the box office stands too long to be taken back with one tap.
var ErrUndoOver = &turnout.Error{Kind: turnout.Conflict, Code: "undo_over", Message: "This sale can no longer be taken back with one tap. Cancel the order instead."}

// ErrUndoInside says that somebody came in with a ticket of the sale: what is given back now is more than a slip.
var ErrUndoInside = &turnout.Error{Kind: turnout.Conflict, Code: "undo_inside", Message: "A ticket of this sale was let in at the door already. Whoever may change orders can cancel it."}

// CanUndo says whether UndoDeskSale would take the sale back at the instant.
func (o *Order) CanUndo(now time.Time) bool {
	return o.Source == FromBoxOffice && o.Status == Confirmed && now.Before(o.ConfirmedAt.Add(UndoFor))
}

// UndoDeskSale cancels a sale of the box office that was made a moment ago, and notes that what was paid was given back by hand. by is who
// sold it, "" for whoever may cancel any order. It fails with turnout.ErrNotFound (also for what somebody else sold), ErrOrderOver, ErrUndoOver
// and ErrUndoInside.
func (s *Service) UndoDeskSale(ctx context.Context, community, order, by turnout.ID) (*Cancellation, error) {
	var done *Cancellation
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if err := lockPoolsOf(ctx, tx, []turnout.ID{order}); err != nil {
			return err
		}
		o, err := s.orderWhere(ctx, tx, "id = ? AND community_id = ?", order, community)
		switch {
		case err != nil:
			return err
		case o.Source != FromBoxOffice || by != "" && o.SoldBy != by:
			return turnout.ErrNotFound
		case o.Status == Confirmed && !o.CanUndo(s.Now()):
			return ErrUndoOver
		}
		if err := lockTickets(ctx, tx, order); err != nil {
			return err
		}
		if inside, err := s.Admitted(ctx, tx, community, order); err != nil || inside {
			return cmp.Or(err, error(ErrUndoInside))
		}
		if done, err = s.cancel(ctx, tx, community, order, CanceledByOrganiser); err != nil {
			return err
		}
		return s.givenBack(ctx, tx, order)
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: undo a sale of the box office: %w", err)
	}
	s.soldOut.forget()
	return done, nil
}

// givenBack notes that the refunds which were just asked for were made by hand on the spot; the jobs that were to make them find it so.
func (s *Service) givenBack(ctx context.Context, tx bun.Tx, order turnout.ID) error {
	o, err := s.orderWhere(ctx, tx, "id = ?", order)
	if err != nil {
		return err
	}
	now, counts := s.Now(), newLedger()
	counts.watch(o)
	given := false
	for _, r := range o.Refunds {
		if r.Status != RefundRequested {
			continue
		}
		given = true
		counts.moveRefund(r, RefundSucceeded)
		r.UpdatedAt = now
		if _, err := tx.NewUpdate().Model(r).Column("status", "updated_at").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	if !given {
		return nil
	}
	if err := counts.write(ctx, tx, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: o.CommunityID, Action: "refund.marked_given_back", Subject: order, At: now})
}

// Taking is what somebody took at an event's box office or doors on a day by a method. What was given back counts on its own day.
type Taking struct {
	Day       string     // in the event's zone, as 2026-05-31
	By        turnout.ID // the account or the token
	Method    DeskMethod
	Sales     int64
	Taken     turnout.Money
	GivenBack turnout.Money
}

// Left is what of it should be there.
func (t Taking) Left() turnout.Money {
	return turnout.Money{Amount: t.Taken.Amount - t.GivenBack.Amount, Currency: t.Taken.Currency}
}

// Takings sums up the payments of an event's box office, what was owed and paid at its doors, and the refunds of these that were made, the newest day first, for closing the
// till. by is the account whose takings alone are wanted, "" for all.
func (s *Service) Takings(ctx context.Context, e *events.Event, by turnout.ID) ([]Taking, error) {
	db := s.DB.Read()
	var first time.Time
	err := paidAtDesk(db.NewSelect(), e, by).Column("payment.taken_at").Order("payment.taken_at").Limit(1).Scan(ctx, &first)
	if database.IsNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, wrapped("takings", err)
	}
	days := calendarSince(first, s.Now(), e.Location())
	taken, err := deskSums(ctx, paidAtDesk(db.NewSelect(), e, by).Where("payment.status IN "+cameIn), days, "payment.taken_at", "payment.amount")
	if err != nil {
		return nil, wrapped("takings", err)
	}
	back, err := deskSums(ctx, paidAtDesk(db.NewSelect(), e, by).Join("JOIN refunds AS refund ON refund.payment_id = payment.id AND refund.status = 'succeeded'"),
		days, "refund.updated_at", "refund.amount")
	if err != nil {
		return nil, wrapped("takings", err)
	}
	return takings(taken, back, days, e.Currency), nil
}

// paidAtDesk reads the payments of the event's box office and doors that the account took, "" for anybody.
func paidAtDesk(q *bun.SelectQuery, e *events.Event, by turnout.ID) *bun.SelectQuery {
	q = q.TableExpr("payments AS payment").
		Where("payment.event_id = ?", e.ID).Where("payment.community_id = ?", e.CommunityID).Where("payment.method <> ''").Where("payment.taken_at IS NOT NULL")
	if by != "" {
		q = q.Where("payment.taken_by = ?", by)
	}
	return q
}

// deskSum is what one account took, or gave back, by one method on one day.
type deskSum struct {
	Ago           int
	TakenBy       turnout.ID
	Method        DeskMethod
	Moves, Amount int64
}

// deskSums lets the database add up an amount by day, account and method.
func deskSums(ctx context.Context, q *bun.SelectQuery, days calendar, at, amount string) (list []deskSum, err error) {
	ago, midnights := days.ago(at)
	err = q.ColumnExpr(ago+" AS ago", midnights...).ColumnExpr("payment.taken_by, payment.method").
		ColumnExpr("COUNT(*) AS moves, SUM("+amount+") AS amount").GroupExpr("1, 2, 3").Scan(ctx, &list)
	return list, err
}

// takings lays what was taken beside what was given back.
func takings(taken, back []deskSum, days calendar, currency string) []Taking {
	none := turnout.Money{Currency: currency}
	rows := map[deskSum]*Taking{}
	of := func(m deskSum) *Taking {
		m.Moves, m.Amount = 0, 0
		if rows[m] == nil {
			rows[m] = &Taking{Day: days.name(m.Ago), By: m.TakenBy, Method: m.Method, Taken: none, GivenBack: none}
		}
		return rows[m]
	}
	for _, m := range taken {
		row := of(m)
		row.Sales += m.Moves
		row.Taken.Amount += m.Amount
	}
	for _, m := range back {
		of(m).GivenBack.Amount += m.Amount
	}
	list := make([]Taking, 0, len(rows))
	for row := range maps.Values(rows) {
		list = append(list, *row)
	}
	slices.SortFunc(list, func(a, b Taking) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.By, b.By), cmp.Compare(a.Method, b.Method))
	})
	return list
}
