package checkin

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// Override is a supervisor's word against a refusal.
type Override struct {
	Scan   turnout.ID // the refusal
	Reason string     // why they come in all the same; kept in the log
	Nonce  string     // unique to the caller; makes repeating safe
	Gate   string
	Caller string
}

// ErrNotOverridable refuses to set a refusal aside that nobody can answer for: there is no ticket, it is canceled, not paid or has a newer code, or
// the scan was let in, by itself or on a supervisor's word already.
var ErrNotOverridable = &turnout.Error{Kind: turnout.Conflict, Code: "not_overridable", Message: "This cannot be set aside. Search for the ticket, or send to the desk."}

// maxNote is how long a supervisor's reason can be, in characters.
const maxNote = 300

// Overridable says whether a supervisor can set a refusal aside: the ticket is good, and stands at the wrong place or time.
func (s *Scan) Overridable() bool {
	if s.Result != Refused || s.Direction != Entry || s.TicketID == "" || !s.AnnulledAt.IsZero() {
		return false
	}
	switch s.Reason {
	case AlreadyCheckedIn, WrongList, NotYetValid, NoLongerValid, ByRules:
		return true
	}
	return false
}

// by says whether a scan was of the ticket's current code, or of the ticket as staff found it by name: a code that has died since opens nothing.
func (s *Scan) by(t *ticketing.DoorTicket) bool {
	found := ScanInput{ListID: s.ListID, TicketID: t.ID, Direction: s.Direction}
	shown := ScanInput{ListID: s.ListID, Code: t.Lookup(), Direction: s.Direction}
	return s.RequestHash == found.hash() || s.RequestHash == shown.hash()
}

// SetAside lets a ticket in that a door refused, on a supervisor's word: an entry of its own in the log, which names the refusal and the reason
// given. The same nonce again gives the first answer. It fails with turnout.ErrNotFound, ErrNotOverridable, ErrNonceReused and an Invalid error
// for "reason" and "nonce".
func (s *Service) SetAside(ctx context.Context, community turnout.ID, in Override) (*Scan, error) {
	if there, err := s.DB.Read().NewSelect().Model((*Scan)(nil)).Where("id = ?", in.Scan).Where("community_id = ?", community).Exists(ctx); err != nil || !there {
		return nil, fmt.Errorf("checkin: set a refusal aside: %w", cmp.Or(err, error(turnout.ErrNotFound)))
	}
	var p turnout.Problems
	in.Reason = strings.TrimSpace(in.Reason)
	p.Require("reason", in.Reason)
	p.Line("reason", in.Reason, maxNote)
	if in.Nonce == "" || len(in.Nonce) > 128 {
		p.Add("nonce", "required", "Each scan needs a nonce of its own, at most 128 characters.")
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	var scan *Scan
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		scan, err = s.setAside(ctx, tx, community, in)
		return err
	})
	if database.IsUnique(err) { // the same nonce in the same moment: now its answer is there
		err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			scan, err = s.setAside(ctx, tx, community, in)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: set a refusal aside: %w", err)
	}
	return scan, nil
}

func (s *Service) setAside(ctx context.Context, tx bun.Tx, community turnout.ID, in Override) (*Scan, error) {
	refused := new(Scan)
	if err := tx.NewSelect().Model(refused).Where("id = ?", in.Scan).Where("community_id = ?", community).Scan(ctx); err != nil {
		return nil, database.NotFound(err)
	}
	if !refused.Overridable() {
		return nil, ErrNotOverridable
	}
	g, err := readGate(ctx, tx, refused.ListID)
	if err != nil {
		return nil, err
	}
	// Under the ticket's lock: it may have been canceled since, or another supervisor was asked too.
	if _, err := ticketing.LockTicket(ctx, tx, community, refused.TicketID); err != nil {
		return nil, err
	}
	hash := (&ScanInput{Code: "override " + string(in.Scan) + " " + in.Reason}).hash()
	before := new(Scan)
	err = tx.NewSelect().Model(before).Where("caller = ?", in.Caller).Where("nonce = ?", in.Nonce).Scan(ctx)
	if err == nil {
		if before.RequestHash != hash {
			return nil, ErrNonceReused
		}
		return before, recall(ctx, tx, []*item{{Out: before}})
	}
	if !database.IsNoRows(err) {
		return nil, err
	}
	tickets, err := ticketing.DoorTickets(ctx, tx, g.event.ID, nil, []turnout.ID{refused.TicketID})
	if err != nil {
		return nil, err
	}
	done, err := tx.NewSelect().Model((*Scan)(nil)).Where("ticket_id = ?", refused.TicketID).Where("overrides = ?", refused.ID).Where("annulled_at IS NULL").Exists(ctx)
	if err != nil {
		return nil, err
	}
	if done || len(tickets) == 0 || tickets[0].Status != ticketing.Valid || tickets[0].OrderStatus != ticketing.Confirmed || !refused.by(tickets[0]) {
		return nil, ErrNotOverridable
	}
	now := s.Now()
	scan := &Scan{ID: turnout.NewID("scn"), CommunityID: community, EventID: refused.EventID, ListID: refused.ListID, TicketID: refused.TicketID, Caller: in.Caller, Nonce: in.Nonce, RequestHash: hash,
		Direction: Entry, Result: Accepted, Reason: refused.Reason, Gate: in.Gate, ScannedAt: now, ReceivedAt: now, At: now, Overrides: refused.ID, Note: in.Reason, Ticket: tickets[0]}
	if err := s.enter(ctx, tx, g, scan, false); err != nil {
		return nil, err
	}
	return scan, audit.Write(ctx, tx, audit.Entry{Community: community, Action: "scan.overridden", Subject: scan.ID, At: now,
		Detail: map[string]string{"refused": string(refused.Reason)}}) // why stands with the scan alone: it may speak of a person
}
