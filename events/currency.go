package events

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
)

// amounts are the columns that hold money in an event's currency, beside those of orders, which fix it.
var amounts = []struct{ table, column string }{
	{"ticket_types", "price"},
	{"sponsor_tiers", "price"},
	{"sponsors", "promised"},
	{"sponsor_payments", "amount"},
	{"budget_lines", "planned"},
	{"budget_lines", "committed"},
	{"budget_entries", "amount"},
}

// changeCurrency sees to the event's amounts when its currency changes: their minor units would silently mean something else.
// They keep the numbers as they are written when keep says so, each exactly, or nothing changes at all.
func changeCurrency(ctx context.Context, tx bun.Tx, event *Event, from string, keep bool) error {
	if err := currencyFree(ctx, tx, event); err != nil {
		return err
	}
	looked := 1 // one amount refuses the change; to keep the numbers each of them must fit
	if keep {
		looked = 0
	}
	for _, in := range amounts {
		found, err := distinctAmounts(ctx, tx, event, in.table, in.column, looked)
		if err != nil {
			return err
		}
		for _, amount := range found {
			was := turnout.Money{Amount: amount, Currency: from}
			becomes, err := was.As(event.Currency)
			switch {
			case err != nil && keep:
				return ErrCurrencyDecimals.With("%s cannot be written in %s. Change that amount first.", was, event.Currency)
			case err != nil:
				return ErrCurrencyAmounts.With("There are amounts in %s, such as %s. Set them to 0 before you change the currency.", from, was)
			case !keep:
				return ErrCurrencyAmounts.With("There are amounts in %s, such as %s. Set them to 0 first, or say that they keep their numbers: %s becomes %s.", from, was, was, becomes)
			}
		}
		if err := rewrite(ctx, tx, event, in.table, in.column, from); err != nil {
			return err
		}
	}
	return nil
}

// distinctAmounts gives amounts of a column, the largest first; limit 0 means all.
func distinctAmounts(ctx context.Context, db bun.IDB, event *Event, table, column string, limit int) (found []int64, err error) {
	err = db.NewSelect().Table(table).Distinct().Column(column).Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).
		Where("? <> 0", bun.Ident(column)).OrderExpr("? DESC", bun.Ident(column)).Limit(int64(limit)).Scan(ctx, &found)
	return found, err
}

// rewrite moves the amounts of a column by the decimals that the currencies differ in; each was found to fit.
func rewrite(ctx context.Context, tx bun.Tx, event *Event, table, column, from string) error {
	before, _ := turnout.MinorUnits(from)
	after, _ := turnout.MinorUnits(event.Currency)
	if before == after {
		return nil
	}
	times, over := int64(1), int64(1)
	for ; before < after; before++ {
		times *= 10
	}
	for ; before > after; before-- {
		over *= 10
	}
	_, err := tx.NewUpdate().Table(table).Set("? = ? * ? / ?", bun.Ident(column), bun.Ident(column), times, over).
		Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Exec(ctx)
	return err
}

// Amounts gives amounts of an event in its currency, no two alike, at most limit: an organiser sees what would become of them in
// another currency.
func Amounts(ctx context.Context, db bun.IDB, event *Event, limit int) ([]turnout.Money, error) {
	var list []turnout.Money
	for _, in := range amounts {
		found, err := distinctAmounts(ctx, db, event, in.table, in.column, limit)
		if err != nil {
			return nil, fmt.Errorf("events: amounts: %w", err)
		}
		for _, amount := range found {
			one := turnout.Money{Amount: amount, Currency: event.Currency}
			if slices.Contains(list, one) {
				continue
			}
			if list = append(list, one); len(list) == limit {
				return list, nil
			}
		}
	}
	return list, nil
}

// currencyFree fails with ErrCurrency once an order exists. It first takes the event's totals, as every sale does, so that no
// order is placed between the question and the commit.
func currencyFree(ctx context.Context, tx bun.Tx, event *Event) error {
	_, err := tx.ExecContext(ctx, "UPDATE event_totals SET last_order = last_order WHERE event_id = ? AND community_id = ?", event.ID, event.CommunityID)
	if err != nil {
		return err
	}
	sold, err := tx.NewSelect().Table("orders").Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Exists(ctx)
	if err == nil && sold {
		return ErrCurrency
	}
	return err
}
