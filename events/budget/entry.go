package budget

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
)

// PrefixEntry begins the ids of entries.
const PrefixEntry = "ben"

// Entry is money that a line really cost or brought. Entries are never changed or deleted: a correction is a negative one.
type Entry struct {
	bun.BaseModel `bun:"table:budget_entries,alias:entry"`

	ID          turnout.ID `bun:"id,pk"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
	LineID      turnout.ID `bun:"line_id"`
	Amount      int64      `bun:"amount"`     // minor units of the event's currency, not 0
	Date        string     `bun:"entry_date"` // a calendar day, 2026-03-01
	Vendor      string     `bun:"vendor"`
	Note        string     `bun:"note"`
	CreatedAt   time.Time  `bun:"created_at"`
}

// EntryInput is what an organiser says about money spent or received.
type EntryInput struct {
	Amount turnout.Money // negative for a correction
	Date   string        // 2026-03-01
	Vendor string
	Note   string
}

// Check brings what was typed into the form that is stored, and says all that is wrong with it, field by field.
func (in *EntryInput) Check(currency string) error {
	var p turnout.Problems
	p.Moved("amount", in.Amount, currency, "date", in.Date)
	p.Line("vendor", in.Vendor, 200)
	p.Line("note", in.Note, 1000)
	return p.Err()
}

// Enter notes money on a line. A line whose actual amount is computed is ErrComputed.
func (s *Service) Enter(ctx context.Context, community, line turnout.ID, in EntryInput) (*Entry, error) {
	var entry *Entry
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		e, err := events.ForAmountsOf(ctx, tx, community, "budget_lines", line)
		if err != nil {
			return err
		}
		to, err := lock(ctx, tx, community, line)
		if err != nil {
			return err
		}
		if to.Computed() {
			return ErrComputed
		}
		if err := in.Check(e.Currency); err != nil {
			return err
		}
		entry = &Entry{ID: turnout.NewID(PrefixEntry), CommunityID: community, EventID: to.EventID, LineID: to.ID,
			Amount: in.Amount.Amount, Date: in.Date, Vendor: in.Vendor, Note: in.Note, CreatedAt: s.now()}
		if _, err := tx.NewInsert().Model(entry).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "budget_line.entered", Subject: to.ID, At: entry.CreatedAt,
			Detail: map[string]string{"entry": string(entry.ID)}})
	})
	if err != nil {
		return nil, fmt.Errorf("budget: enter: %w", err)
	}
	return entry, nil
}

// Entries lists what was entered on a line, oldest first.
func Entries(ctx context.Context, db bun.IDB, community, line turnout.ID) ([]*Entry, error) {
	var all []*Entry
	err := db.NewSelect().Model(&all).Where("community_id = ?", community).Where("line_id = ?", line).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("budget: entries: %w", err)
	}
	return all, nil
}
