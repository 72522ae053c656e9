package budget

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// PrefixLine begins the ids of budget lines.
const PrefixLine = "bln"

// CategoryTickets is the category of the income line whose actual amount is the ticket income.
const CategoryTickets = "tickets"

// Kind says whether a line brings money or costs it.
type Kind string

// The kinds.
const (
	Income  Kind = "income"
	Expense Kind = "expense"
)

// ErrComputed is the answer to an entry on a line whose actual amount is computed.
var ErrComputed = &turnout.Error{Kind: turnout.Conflict, Code: "computed_income", Message: "Income from tickets and sponsors is computed from their payments and cannot be typed here."}

// Line is one category's planned and committed amount. Amounts are minor units of the event's currency, never negative.
type Line struct {
	bun.BaseModel `bun:"table:budget_lines,alias:line"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	Category    string     `bun:"category"`
	Kind        Kind       `bun:"kind"`
	Planned     int64      `bun:"planned"`
	Committed   int64      `bun:"committed"`           // ordered or promised, paid or not
	SponsorID   turnout.ID `bun:"sponsor_id,nullzero"` // who funds it; of an income line: who pays it
	Version     int64      `bun:"version"`             // rises with each change; the ETag
	CreatedAt   time.Time  `bun:"created_at"`
	UpdatedAt   time.Time  `bun:"updated_at"`

	Entered int64 `bun:"entered,scanonly"` // the sum of its entries; read by Lines only
}

// Computed reports whether the line's actual amount is computed instead of entered.
func (l *Line) Computed() bool {
	return l.Kind == Income && (l.SponsorID != "" || strings.EqualFold(l.Category, CategoryTickets))
}

// LineInput is what an organiser says about a line.
type LineInput struct {
	Category  string
	Kind      Kind
	Planned   turnout.Money // in the event's currency; the zero Money is 0
	Committed turnout.Money
	SponsorID turnout.ID // empty: nobody in particular
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *LineInput) Check(currency string) error {
	var p turnout.Problems
	in.Category = strings.TrimSpace(in.Category)
	p.Require("category", in.Category)
	p.Line("category", in.Category, 100)
	if in.Kind != Income && in.Kind != Expense {
		p.Add("kind", "unknown", "The kind is income or expense.")
	}
	p.Amount("planned", in.Planned, currency)
	p.Amount("committed", in.Committed, currency)
	return p.Err()
}

// CreateLine adds a line to the budget of an event, which is named by id or slug.
func (s *Service) CreateLine(ctx context.Context, community turnout.ID, event string, in LineInput) (*Line, error) {
	var line *Line
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmounts(ctx, tx, community, event)
		if err != nil {
			return err
		}
		now := s.now()
		line = &Line{ID: turnout.NewID(PrefixLine), CommunityID: community, EventID: e.ID, Version: 1, CreatedAt: now, UpdatedAt: now}
		if err := line.fill(ctx, tx, in, e.Currency); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(line).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "budget_line.created", Subject: line.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("budget: create line: %w", err)
	}
	return line, nil
}

// UpdateLine replaces what is said about a line. With ifVersion it does so only if that is still its version, else it is
// turnout.ErrStale. A line with entries cannot become a computed one: ErrComputed.
func (s *Service) UpdateLine(ctx context.Context, community, id turnout.ID, in LineInput, ifVersion *int64) (*Line, error) {
	var line *Line
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmountsOf(ctx, tx, community, "budget_lines", id)
		if err != nil {
			return err
		}
		if line, err = lock(ctx, tx, community, id); err != nil {
			return err
		}
		if ifVersion != nil && *ifVersion != line.Version {
			return turnout.ErrStale
		}
		if err := line.fill(ctx, tx, in, e.Currency); err != nil {
			return err
		}
		entered, err := tx.NewSelect().Model((*Entry)(nil)).Where("community_id = ?", community).Where("line_id = ?", id).Exists(ctx)
		if err != nil {
			return err
		}
		if entered && line.Computed() {
			return ErrComputed
		}
		line.UpdatedAt = s.now()
		line.Version++
		if _, err := tx.NewUpdate().Model(line).WherePK().Where("community_id = ?", community).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "budget_line.changed", Subject: line.ID, At: line.UpdatedAt})
	})
	if err != nil {
		return nil, fmt.Errorf("budget: update line: %w", err)
	}
	return line, nil
}

// fill puts a checked input into the line.
func (l *Line) fill(ctx context.Context, tx bun.Tx, in LineInput, currency string) error {
	if err := in.Check(currency); err != nil {
		return err
	}
	if in.SponsorID != "" {
		known, err := tx.NewSelect().Table("sponsors").Where("id = ?", in.SponsorID).Where("community_id = ?", l.CommunityID).
			Where("event_id = ?", l.EventID).Exists(ctx)
		if err != nil {
			return err
		}
		if !known {
			return turnout.Invalidf("sponsor_id", "unknown", "This event has no such sponsor.")
		}
	}
	l.Category, l.Kind, l.Planned, l.Committed, l.SponsorID = in.Category, in.Kind, in.Planned.Amount, in.Committed.Amount, in.SponsorID
	return nil
}

// lock reads a line and keeps others from changing it until the transaction ends: the update that changes nothing is a
// row lock on PostgreSQL and the write lock on SQLite, where FOR UPDATE is a syntax error.
func lock(ctx context.Context, tx bun.Tx, community, id turnout.ID) (*Line, error) {
	n, err := database.Changed(tx.NewUpdate().Model((*Line)(nil)).Set("version = version").
		Where("id = ?", id).Where("community_id = ?", community).Exec(ctx))
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, turnout.ErrNotFound
	}
	line := new(Line)
	return line, tx.NewSelect().Model(line).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx)
}

// Lines lists an event's lines with the sums of their entries: income first, then by category.
func Lines(ctx context.Context, db bun.IDB, community, event turnout.ID) ([]*Line, error) {
	var lines []*Line
	err := db.NewSelect().Model(&lines).ColumnExpr("line.*").
		ColumnExpr("(SELECT COALESCE(SUM(entry.amount), 0) FROM budget_entries AS entry WHERE entry.line_id = line.id AND entry.community_id = line.community_id) AS entered").
		Where("line.community_id = ?", community).Where("line.event_id = ?", event).
		OrderExpr("CASE line.kind WHEN 'income' THEN 0 ELSE 1 END, line.category, line.id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("budget: lines: %w", err)
	}
	return lines, nil
}
