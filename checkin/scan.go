package checkin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/internal/database"
	"turnout/ticketing"
)

// Result is how a scan ended.
type Result string

// The results.
const (
	Accepted Result = "accepted"
	Refused  Result = "refused"
)

// Reason says why a scan was refused.
type Reason string

// The reasons.
const (
	AlreadyCheckedIn Reason = "already_checked_in" // and not gone out, or the list lets nobody in again
	UnknownTicket    Reason = "unknown_ticket"     // no code of ours, or no ticket behind it
	BadSignature     Reason = "bad_signature"      // looks like a code, but the event's key did not sign it
	Canceled         Reason = "canceled"
	Revoked          Reason = "revoked" // an old code: the ticket got another
	Unpaid           Reason = "unpaid"
	WrongList        Reason = "wrong_list" // another event, another kind of ticket
	NotYetValid      Reason = "not_yet_valid"
	NoLongerValid    Reason = "no_longer_valid"
	NotInside        Reason = "not_inside" // an exit of somebody who has not come in
	ByRules          Reason = "rules"      // Failed says what would have to be otherwise
)

// Reasons are all of them.
var Reasons = []Reason{AlreadyCheckedIn, UnknownTicket, BadSignature, Canceled, Revoked, Unpaid, WrongList, NotYetValid, NoLongerValid, NotInside, ByRules}

// messages say each reason in a sentence, with what to do. Pages use the message catalogue under the same codes.
var messages = map[Reason]string{
	AlreadyCheckedIn: "This ticket was let in already.",
	UnknownTicket:    "This is not a ticket of this installation. Search by name.",
	BadSignature:     "This code is forged or damaged. Search by name.",
	Canceled:         "This ticket was canceled.",
	Revoked:          "This is an old code: the ticket has a newer one. Ask for the latest mail.",
	Unpaid:           "This ticket is not paid.",
	WrongList:        "This ticket is not for this door.",
	NotYetValid:      "This door is not open yet.",
	NoLongerValid:    "This door is closed.",
	NotInside:        "This ticket is not inside.",
	ByRules:          "This ticket may not come in here now.",
}

// Message is what the door is told in English.
func (s *Scan) Message() string {
	if s.Result == Accepted {
		if s.Direction == Exit {
			return "Goodbye."
		}
		switch {
		case s.Conflict != nil:
			return "Let in twice, by doors that did not know of each other."
		case s.Overrides != "":
			return "Let in by a supervisor: " + s.Note
		case s.Reason != "":
			return "Let in by a door that did not know: " + messages[s.Reason]
		}
		return "Welcome."
	}
	text := messages[s.Reason]
	if s.Earlier != nil {
		text += " First at " + s.Earlier.At.UTC().Format("2006-01-02 15:04:05Z")
		if s.Earlier.Gate != "" {
			text += ", " + s.Earlier.Gate
		}
		text += "."
	}
	return text
}

// Direction is which way somebody goes.
type Direction string

// The directions.
const (
	Entry Direction = "entry"
	Exit  Direction = "exit"
)

// Scan is one attempt at a door.
type Scan struct {
	bun.BaseModel `bun:"table:scans,alias:scan"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	ListID      turnout.ID
	TicketID    turnout.ID `bun:",nullzero"` // empty: the code names no ticket
	Caller      string
	Nonce       string
	RequestHash string
	Direction   Direction
	Result      Result
	Reason      Reason
	Gate        string
	EarlierID   turnout.ID        `bun:",nullzero"`
	Failed      []rules.Condition `bun:"type:jsonb"` // of Rules: what the nearest rule asks for, and the ticket does not meet
	AgainAt     time.Time         `bun:",nullzero"`  // when the same ticket may come in at the same gate, where that is known
	ScannedAt   time.Time         // as the door says
	ReceivedAt  time.Time
	At          time.Time  // when it counts as having happened: see ruleTime and QueuedScan
	Offline     bool       // the door decided by itself, and told it later
	ConflictID  turnout.ID `bun:",nullzero"` // the entry before this one, of a ticket that doors let in that did not know of each other
	Overrides   turnout.ID `bun:",nullzero"` // the refusal that a supervisor set aside with this entry; Reason is what it said
	Note        string     // why, in the supervisor's words
	AnnulledAt  time.Time  `bun:",nullzero"`
	AnnulledBy  string
	AnnulledFor string // why, in the words of whoever did

	Ticket   *ticketing.DoorTicket `bun:"-"` // whom the code names
	Earlier  *Scan                 `bun:"-"` // the scan that let the ticket in before, for a refusal or a conflict
	Conflict *Scan                 `bun:"-"` // the other entry of a double one: see Service.Sync
	Replay   bool                  `bun:"-"` // the answer that was given before to the same nonce
}

// ScanInput is one attempt as a door tells it.
type ScanInput struct {
	ListID    turnout.ID
	Code      string     // what the QR says; or
	TicketID  turnout.ID // a ticket that staff found by name
	Direction Direction  // Entry when empty
	Nonce     string     // unique to the caller; makes repeating safe
	ScannedAt time.Time  // zero: now
	Gate      string
	Caller    string // the token, device or staff member
}

// Errors of a scan that could not be taken at all; a refusal at the door is no error.
var (
	ErrNonceReused = &turnout.Error{Kind: turnout.Conflict, Code: "nonce_reused", Message: "This nonce was used for another scan. Make a new one for each."}
)

// maxSkew is how far a door's clock may be off before the rules use ours.
const maxSkew = 10 * time.Minute

// ruleTime is when a scan happened for the rules: as the door says, unless its clock is too far off.
func ruleTime(scanned, received time.Time) time.Time {
	if received.Sub(scanned).Abs() > maxSkew {
		return received
	}
	return scanned
}

func (in *ScanInput) check() error {
	var p turnout.Problems
	if in.Direction == "" {
		in.Direction = Entry
	}
	if in.Direction != Entry && in.Direction != Exit {
		p.Add("direction", "unknown", "Choose entry or exit.")
	}
	if in.Nonce == "" || len(in.Nonce) > 128 {
		p.Add("nonce", "required", "Each scan needs a nonce of its own, at most 128 characters.")
	}
	if (in.Code == "") == (in.TicketID == "") {
		p.Add("code", "required", "Send either the code or the ticket's id.")
	}
	if len(in.Gate) > 100 {
		p.Add("gate", "too_long", "A gate's name can have at most 100 characters.")
	}
	return p.Err()
}

// scanning is a scan in the queue: what was told, and what is known before asking the database.
type scanning struct {
	ScanInput
	gate      knownGate
	hash      string
	code      ticketing.SignedCode // the zero value when a ticket was named
	verdict   Reason               // of the code alone; "" for fine
	at        time.Time            // for the rules
	scannedAt time.Time
	now       time.Time
}

// Scan decides one attempt and logs it. A repetition with the same nonce gets the first answer again (Replay). It fails with
// an Invalid error, turnout.ErrNotFound for a list of another community, ErrNonceReused, database.ErrBusy.
func (s *Service) Scan(ctx context.Context, community turnout.ID, in ScanInput) (*Scan, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	g, err := s.gate(ctx, community, in.ListID)
	if err != nil {
		return nil, fmt.Errorf("checkin: scan: %w", err)
	}
	item := scanning{ScanInput: in, gate: g, hash: in.hash(), now: s.Now()}
	item.scannedAt = in.ScannedAt.UTC().Truncate(time.Microsecond)
	if in.ScannedAt.IsZero() {
		item.scannedAt = item.now
	}
	item.at = ruleTime(item.scannedAt, item.now)
	if in.Code != "" {
		item.code, item.verdict = readCode(g, in.Code)
	}
	scan, err := database.Submit(ctx, s.DB, s.scans, item)
	if database.IsUnique(err) {
		// The same nonce at another server in the same moment: now its answer is there.
		scan, err = database.Submit(ctx, s.DB, s.scans, item)
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: scan: %w", err)
	}
	return scan, nil
}

// readCode says what a code is worth by itself.
func readCode(g knownGate, text string) (ticketing.SignedCode, Reason) {
	code, err := ticketing.ParseCode(text)
	switch {
	case errors.Is(err, ticketing.ErrNotACode):
		return code, UnknownTicket
	case code.Event != g.event.Number:
		return code, WrongList
	case !code.Verify(g.key):
		return code, BadSignature
	}
	return code, ""
}

// hash tells equal requests from others under one nonce. The code itself is not kept, and a door that got no answer tells its scan again by the
// code's lookup: both have the same hash.
func (in *ScanInput) hash() string {
	what := in.Code
	if code, err := ticketing.ParseCode(in.Code); err == nil {
		what = ticketing.Lookup(code.Nonce)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(in.ListID), what, string(in.TicketID), string(in.Direction)}, "\x00")))
	return hex.EncodeToString(sum[:])
}
