package ticketing

import (
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
)

// TicketStatus is the state of a ticket. "Checked in" is read from the scans and never a state.
//
//	reserved ──► valid ──► canceled
//	    └──────────────────► canceled ──► valid (only by late money that got the places again)
type TicketStatus string

// The states of a ticket.
const (
	Reserved       TicketStatus = "reserved"
	Valid          TicketStatus = "valid"
	TicketCanceled TicketStatus = "canceled"
)

// Ticket is the right of one attendee to enter.
type Ticket struct {
	bun.BaseModel `bun:"table:tickets,alias:ticket"`

	ID             turnout.ID `bun:",pk"`
	CommunityID    turnout.ID
	EventID        turnout.ID
	OrderID        turnout.ID
	LineID         turnout.ID
	TicketTypeID   turnout.ID
	Number         int64 // per event
	Status         TicketStatus
	AttendanceMode Mode
	PersonID       turnout.ID
	AttendeeName   string
	AttendeeEmail  string
	Borne          bool       // somebody was named for it, when it was sold or since
	DetailsDue     bool       // the attendee is still to fill in who they are, or what is asked
	Notice         NoticeKind // what the door shall know of them
	NoticeText     string
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time

	Code string `bun:"-"` // signed; set while the ticket is valid

	event      *events.Event
	typeNumber int64
	nonce      Nonce
}

// codeRow is the row of the ticket's first code.
func (t *Ticket) codeRow(now time.Time) *ticketCode {
	return &ticketCode{TicketID: t.ID, Nonce: t.nonce.String(), CommunityID: t.CommunityID, State: codeCurrent,
		TypeNumber: t.typeNumber, Mode: t.AttendanceMode, CreatedAt: now}
}

// The states of a ticket code.
const (
	codeCurrent = "current"
	codeRevoked = "revoked"
)

// ticketCode is a code that a ticket has or had.
type ticketCode struct {
	bun.BaseModel `bun:"table:ticket_codes,alias:code"`

	TicketID    turnout.ID `bun:",pk"`
	Nonce       string     `bun:",pk"`
	CommunityID turnout.ID
	State       string // current, revoked
	TypeNumber  int64
	Mode        Mode
	CreatedAt   time.Time
}
