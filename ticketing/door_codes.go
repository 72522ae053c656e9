package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Since is how far somebody read the tickets of an event in the order of their changes: those at At up to After, and all before.
type Since struct {
	At    time.Time
	After turnout.ID
}

// changedSince selects at most limit tickets of an event that changed since.
func changedSince(db bun.IDB, community, event turnout.ID, since Since, limit int) *bun.SelectQuery {
	return db.NewSelect().Table("tickets").Column("id", "order_id", "number", "status", "ticket_type_id", "attendee_name", "notice", "notice_text", "updated_at").
		Where("community_id = ?", community).Where("event_id = ?", event).Where("updated_at >= ?", since.At). // the bound for the index
		Where("(updated_at > ?0 OR id > ?1)", since.At, since.After).
		Order("updated_at", "id").Limit(int64(limit))
}

// DoorCode is a code that a ticket has or had, and what it is worth.
type DoorCode struct {
	TicketID  turnout.ID
	Status    TicketStatus
	UpdatedAt time.Time
	Nonce     string // "" where the ticket has no code
	Current   bool
}

// Key reads the code's nonce.
func (c *DoorCode) Key() (Nonce, error) { return parseNonce(c.Nonce) }

// DoorCodes reads the codes of at most limit tickets of an event that changed since, in the order of their changes, a ticket's together.
func DoorCodes(ctx context.Context, db bun.IDB, community, event turnout.ID, since Since, limit int) ([]DoorCode, error) {
	var codes []DoorCode
	err := db.NewSelect().TableExpr("(?) AS ticket", changedSince(db, community, event, since, limit)).
		ColumnExpr("ticket.id AS ticket_id, ticket.status, ticket.updated_at, COALESCE(code.nonce, '') AS nonce, COALESCE(code.state = ?, FALSE) AS current", codeCurrent).
		Join("LEFT JOIN ticket_codes AS code ON code.ticket_id = ticket.id").Order("ticket.updated_at", "ticket.id").Scan(ctx, &codes)
	if err != nil {
		return nil, fmt.Errorf("ticketing: door codes: %w", err)
	}
	return codes, nil
}

// DoorRecord is what a door may show of a ticket whose code it sees.
type DoorRecord struct {
	ID           turnout.ID
	Number       int64
	Status       TicketStatus
	TicketTypeID turnout.ID
	AttendeeName string
	UpdatedAt    time.Time
	OrderNumber  int64
	Nonce        string // of the current code
	Notice       NoticeKind
	NoticeText   string
	Disputed     bool // the order's payment

	AddOnIDs []turnout.ID `bun:"-"`
}

// Key reads the nonce of the current code.
func (r *DoorRecord) Key() (Nonce, error) { return parseNonce(r.Nonce) }

// DoorRecords reads at most limit tickets of an event that changed since, in the order of their changes, in two statements.
func DoorRecords(ctx context.Context, db bun.IDB, community, event turnout.ID, since Since, limit int) ([]*DoorRecord, error) {
	var records []*DoorRecord
	err := db.NewSelect().TableExpr("(?) AS ticket", changedSince(db, community, event, since, limit)).
		ColumnExpr("ticket.id, ticket.number, ticket.status, ticket.ticket_type_id, ticket.attendee_name, ticket.updated_at, ticket.notice, ticket.notice_text, "+disputedOrder+" AS disputed, ord.number AS order_number, COALESCE(code.nonce, '') AS nonce").
		Join("JOIN orders AS ord ON ord.id = ticket.order_id").
		Join("LEFT JOIN ticket_codes AS code ON code.ticket_id = ticket.id AND code.state = ?", codeCurrent).Order("ticket.updated_at", "ticket.id").Scan(ctx, &records)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	byID := make(map[turnout.ID]*DoorRecord, len(records))
	ids := make([]turnout.ID, len(records))
	for i, r := range records {
		byID[r.ID], ids[i] = r, r.ID
	}
	var rows []TicketAddOn
	if err := db.NewSelect().Model(&rows).Where("ticket_id IN (?)", bun.List(ids)).Order("line_id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("ticketing: door records: %w", err)
	}
	for _, row := range rows {
		byID[row.TicketID].AddOnIDs = append(byID[row.TicketID].AddOnIDs, row.AddOnID)
	}
	return records, nil
}
