package events

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// amounts are the columns that hold money in an event's currency, beside those of orders, which fix it.
var amounts = []struct {
	table, column string
	versioned     bool   // each change raises its version
	where         string // the rows that hold money; "" for all
}{
	{"ticket_types", "price", true, ""},
	{"ticket_types", "min_price", true, ""},
	{"add_ons", "price", true, ""},
	{"add_ons", "min_price", true, ""},
	{"vouchers", "budget", true, ""},
	{"vouchers", "value", true, "kind IN ('amount', 'fixed_price')"},
	{"sponsor_tiers", "price", true, ""},
	{"sponsors", "promised", true, ""},
	{"sponsor_payments", "amount", false, ""},
	{"budget_lines", "planned", true, ""},
	{"budget_lines", "committed", true, ""},
	{"budget_entries", "amount", false, ""},
}

// ForAmounts gives an event of the community by its id or slug to a transaction that writes money in its currency, and keeps the
// currency as it is until the commit. It comes before any other lock but those of pools. It fails with turnout.ErrNotFound.
func ForAmounts(ctx context.Context, tx bun.IDB, community turnout.ID, idOrSlug string) (*Event, error) {
	event, err := Find(ctx, tx, community, idOrSlug)
	if err != nil {
		return nil, err
	}
	if err := holdCurrency(ctx, tx, event); err != nil {
		return nil, err
	}
	return Find(ctx, tx, community, string(event.ID))
}

// ForAmountsOf is ForAmounts for the event that a row of a table belongs to.
func ForAmountsOf(ctx context.Context, tx bun.IDB, community turnout.ID, table string, id turnout.ID) (*Event, error) {
	var event turnout.ID
	if err := tx.NewSelect().Table(table).Column("event_id").Where("id = ?", id).Where("community_id = ?", community).Scan(ctx, &event); err != nil {
		return nil, database.NotFound(err)
	}
	return ForAmounts(ctx, tx, community, string(event))
}

// holdCurrency takes the event's totals, as every sale and every change of the currency does.
func holdCurrency(ctx context.Context, tx bun.IDB, event *Event) error {
	_, err := tx.ExecContext(ctx, "UPDATE event_totals SET last_order = last_order WHERE event_id = ? AND community_id = ?", event.ID, event.CommunityID)
	return err
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
		found, err := distinctAmounts(ctx, tx, event, in.table, in.column, in.where, looked)
		if err != nil {
			return err
		}
		if err := mayChange(found, from, event.Currency, keep); err != nil {
			return err
		}
		if err := rewrite(ctx, tx, event, in.table, in.column, in.where, in.versioned, from); err != nil {
			return err
		}
	}
	windows, err := readWindows(ctx, tx, event, 0)
	if err != nil {
		return err
	}
	if err := mayChange(windowPrices(windows), from, event.Currency, keep); err != nil {
		return err
	}
	return rewriteWindows(ctx, tx, windows, from, event.Currency)
}

// mayChange says whether amounts can be those of another currency: none is there, or they keep their numbers, each exactly.
func mayChange(found []int64, from, to string, keep bool) error {
	for _, amount := range found {
		was := turnout.Money{Amount: amount, Currency: from}
		becomes, err := was.As(to)
		switch {
		case err != nil && keep:
			return ErrCurrencyDecimals.With("%s cannot be written in %s. Change that amount first.", was, to)
		case err != nil:
			return ErrCurrencyAmounts.With("There are amounts in %s, such as %s. Set them to 0 before you change the currency.", from, was)
		case !keep:
			return ErrCurrencyAmounts.With("There are amounts in %s, such as %s. Set them to 0 first, or say that they keep their numbers: %s becomes %s.", from, was, was, becomes)
		}
	}
	return nil
}

// windowed are the price windows of a ticket type, as they are stored: of each, this file knows the price.
type windowed struct {
	bun.BaseModel `bun:"table:ticket_types,alias:type"`

	ID           turnout.ID                   `bun:",pk"`
	PriceWindows []map[string]json.RawMessage `bun:",type:jsonb"`
}

// readWindows gives the ticket types with price windows, at most limit; 0 means all.
func readWindows(ctx context.Context, db bun.IDB, event *Event, limit int) (list []*windowed, err error) {
	err = db.NewSelect().Model(&list).Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Where("price_windows <> '[]'").Order("id").Limit(int64(limit)).Scan(ctx)
	return list, err
}

// windowPrices gives the prices of windows that are not 0, each once, the largest first.
func windowPrices(list []*windowed) (prices []int64) {
	for _, t := range list {
		for _, w := range t.PriceWindows {
			var price int64
			if json.Unmarshal(w["price"], &price) == nil && price != 0 {
				prices = append(prices, price)
			}
		}
	}
	slices.SortFunc(prices, func(a, b int64) int { return cmp.Compare(b, a) })
	return slices.Compact(prices)
}

// rewriteWindows is rewrite for price windows; their types' versions were raised with their prices.
func rewriteWindows(ctx context.Context, tx bun.IDB, list []*windowed, from, to string) error {
	for _, t := range list {
		for _, w := range t.PriceWindows {
			var price int64
			if err := json.Unmarshal(w["price"], &price); err != nil {
				return fmt.Errorf("events: price window of %s: %w", t.ID, err)
			}
			becomes, err := turnout.Money{Amount: price, Currency: from}.As(to)
			if err != nil {
				return err
			}
			w["price"], _ = json.Marshal(becomes.Amount)
		}
		if _, err := tx.NewUpdate().Model(t).Column("price_windows").WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// distinctAmounts gives amounts of a column, the largest first; limit 0 means all.
func distinctAmounts(ctx context.Context, db bun.IDB, event *Event, table, column, where string, limit int) (found []int64, err error) {
	q := db.NewSelect().Table(table).Distinct().Column(column).Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).
		Where("? <> 0", bun.Ident(column))
	if where != "" {
		q = q.Where(where)
	}
	err = q.OrderExpr("? DESC", bun.Ident(column)).Limit(int64(limit)).Scan(ctx, &found)
	return found, err
}

// rewrite moves the amounts of a column by the decimals that the currencies differ in; each was found to fit. It is a change of
// their rows: whoever edits one of them as it was read before is told so.
func rewrite(ctx context.Context, tx bun.Tx, event *Event, table, column, where string, versioned bool, from string) error {
	before, _ := turnout.MinorUnits(from)
	after, _ := turnout.MinorUnits(event.Currency)
	times, over := int64(1), int64(1)
	for ; before < after; before++ {
		times *= 10
	}
	for ; before > after; before-- {
		over *= 10
	}
	q := tx.NewUpdate().Table(table).Set("? = ? * ? / ?", bun.Ident(column), bun.Ident(column), times, over).
		Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID)
	if where != "" {
		q = q.Where(where)
	}
	if versioned {
		q = q.Set("version = version + 1")
	}
	_, err := q.Exec(ctx)
	return err
}

// Amounts gives amounts of an event in its currency, no two alike, at most limit: an organiser sees what would become of them in
// another currency.
func Amounts(ctx context.Context, db bun.IDB, event *Event, limit int) ([]turnout.Money, error) {
	var list []turnout.Money
	for _, in := range amounts {
		found, err := distinctAmounts(ctx, db, event, in.table, in.column, in.where, limit)
		if err != nil {
			return nil, fmt.Errorf("events: amounts: %w", err)
		}
		if in.table == "ticket_types" && in.column == "price" {
			windows, err := readWindows(ctx, db, event, limit)
			if err != nil {
				return nil, fmt.Errorf("events: amounts: %w", err)
			}
			found = append(found, windowPrices(windows)...)
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

// currencyFree fails with ErrCurrency once an order exists, and lets none be placed, nor any amount be written, between the
// question and the commit.
func currencyFree(ctx context.Context, tx bun.Tx, event *Event) error {
	if err := holdCurrency(ctx, tx, event); err != nil {
		return err
	}
	sold, err := tx.NewSelect().Table("orders").Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Exists(ctx)
	if err == nil && sold {
		return ErrCurrency
	}
	return err
}
