package ticketing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Purchase is what somebody wants to buy.
type Purchase struct {
	EventID   turnout.ID
	Lines     []PurchaseLine
	Buyer     Attendee
	Attendees []Attendee // the i-th bears the i-th ticket, lines in order; none: every ticket bears the buyer
	Locale    string     // BCP 47, of mails and papers; "en" when empty

	// Key makes repeating safe (the header Idempotency-Key); empty for none. Caller separates the keys of different callers.
	Key, Caller string
	// Amends says that Key is that of a form, which can be sent again changed: the order that it made before gives way to this one.
	Amends bool
	// Replaces is an order of the event that gives way to this one; whoever asks has shown that it is theirs. See replace.
	Replaces turnout.ID
	// Actor stands in the audit log; left empty it is the buyer.
	Actor audit.Actor
}

// PurchaseLine is one line of a purchase.
type PurchaseLine struct {
	TicketTypeID turnout.ID
	Quantity     int64
}

// Attendee is who bears a ticket. Without an e-mail address of their own they are reached through the buyer.
type Attendee struct {
	Name  string
	Email string
}

const (
	maxLines    = 20
	maxQuantity = 100
	maxName     = 200
)

// check says what is wrong with a purchase, field by field. types are those of the event by id; without them (the fast way, for
// the sale reads them anyway) their own bounds are not looked at.
func (p *Purchase) check(types map[turnout.ID]*TicketType) turnout.Problems {
	var probs turnout.Problems
	if len(p.Lines) == 0 || len(p.Lines) > maxLines {
		probs.Add("lines", "out_of_range", "An order has 1 to %d lines.", maxLines)
	}
	total, seen := int64(0), map[turnout.ID]bool{}
	for i, line := range p.Lines {
		sane := line.Quantity >= 1 && line.Quantity <= maxQuantity
		if types != nil {
			p.bound(&probs, i, types)
		} else if !sane {
			probs.Add(fmt.Sprintf("lines[%d].quantity", i), "out_of_range", "Choose 1 to %d tickets.", maxQuantity)
		}
		if !sane {
			continue
		}
		if seen[line.TicketTypeID] {
			probs.Add(fmt.Sprintf("lines[%d].ticket_type_id", i), "repeated", "This ticket type stands in another line; add the quantities.")
		}
		seen[line.TicketTypeID] = true
		total += line.Quantity
	}
	if total > maxQuantity && len(probs) == 0 { // else a line says so itself
		probs.Add("lines", "out_of_range", "An order can hold at most %d tickets.", maxQuantity)
	}
	counted := len(probs) == 0
	p.Buyer.check(&probs, "buyer", true)
	if counted && len(p.Attendees) > 0 && int64(len(p.Attendees)) != total {
		probs.Add("attendees", "attendees", "Name %d attendees, one for each ticket, or none.", total)
	}
	for i := range p.Attendees {
		p.Attendees[i].check(&probs, fmt.Sprintf("attendees[%d]", i), false)
	}
	if len(p.Key) > 255 {
		probs.Add("Idempotency-Key", "too_long", "The key can have at most 255 characters.")
	}
	return probs
}

// bound says what a line asks for that its ticket type does not allow.
func (p *Purchase) bound(probs *turnout.Problems, i int, types map[turnout.ID]*TicketType) {
	line := p.Lines[i]
	t := types[line.TicketTypeID]
	switch {
	case t == nil || t.EventID != p.EventID:
		probs.Add(fmt.Sprintf("lines[%d].ticket_type_id", i), "unknown", "This event has no such ticket type.")
	case line.Quantity < t.MinPerOrder || line.Quantity > t.MaxPerOrder:
		probs.Add(fmt.Sprintf("lines[%d].quantity", i), "out_of_range", "%s: choose %d to %d.", t.Name, t.MinPerOrder, t.MaxPerOrder)
	}
}

// Problems says all that is wrong with what somebody wants to buy, field by field, whatever is left of it.
func (s *Service) Problems(ctx context.Context, p *Purchase) (turnout.Problems, error) {
	types, err := loadTypes(ctx, s.DB.Read(), []turnout.ID{p.EventID})
	if err != nil {
		return nil, fmt.Errorf("ticketing: problems of a purchase: %w", err)
	}
	byID := map[turnout.ID]*TicketType{}
	for _, t := range types {
		byID[t.ID] = t
	}
	return p.check(byID), nil
}

func (a *Attendee) check(probs *turnout.Problems, name string, needsEmail bool) {
	a.Name, a.Email = strings.TrimSpace(a.Name), strings.TrimSpace(a.Email)
	probs.Require(name+".name", a.Name)
	if len([]rune(a.Name)) > maxName {
		probs.Add(name+".name", "too_long", "A name can have at most %d characters.", maxName)
	}
	if a.Email == "" && !needsEmail {
		return
	}
	email, err := people.NormaliseEmail(a.Email)
	if err != nil {
		probs.Add(name+".email", "email", "This is not an e-mail address.")
		return
	}
	a.Email = email
}

// bearer gives the attendee of the i-th ticket.
func (p *Purchase) bearer(i int) Attendee {
	if len(p.Attendees) == 0 {
		return p.Buyer
	}
	a := p.Attendees[i]
	if a.Email == "" {
		a.Email = p.Buyer.Email
	}
	return a
}

// placing is a purchase in the queue; placed is what became of it.
type placing struct {
	Purchase
	orderID turnout.ID // made before: a second try after a lost commit finds the first
	keyID   string     // of idempotency_keys, "" without a key
	hash    string     // of the request
	again   bool       // a second try
}

type placed struct {
	order    *Order
	existing turnout.ID // an order made before by the same request
}

// PlaceOrder takes the places and makes the order: confirmed at once when it is free, else held until it is paid or its
// time is over. replayed says that the same Key and purchase made the order before. The answer holds the secret and, once
// confirmed, the ticket codes.
//
// It fails with an Invalid error naming the fields, turnout.ErrNotFound, ErrSoldOut and the other refusals of a sale,
// events.ErrCanceled, events.ErrEnded, ErrIdempotencyKeyReused, ErrReplacedPaid, database.ErrBusy.
func (s *Service) PlaceOrder(ctx context.Context, p Purchase) (order *Order, replayed bool, err error) {
	if len(p.check(nil)) > 0 {
		probs, err := s.Problems(ctx, &p) // all at once, and with the ticket types' names
		if err == nil {
			err = probs.Err()
		}
		return nil, false, err
	}
	if p.Locale == "" {
		p.Locale = "en"
	}
	if p.Key == "" && p.Replaces == "" && s.soldOut.knows(p.Lines, s.Now()) {
		return nil, false, ErrSoldOut
	}
	in := placing{Purchase: p, orderID: turnout.NewID(turnout.PrefixOrder), hash: p.hash()}
	if p.Key != "" {
		in.keyID = idempotencyID("orders", string(p.EventID), p.Caller, p.Key)
	}
	out, err := s.submitSale(ctx, in)
	if err != nil {
		return nil, false, fmt.Errorf("ticketing: place order: %w", err)
	}
	if out.order != nil {
		if err := s.finish(out.order); err != nil {
			return nil, false, err
		}
		return s.revealed(out.order), false, nil
	}
	if order, err = s.orderWhere(ctx, s.DB.Read(), "id = ?", out.existing); err != nil {
		return nil, false, fmt.Errorf("ticketing: place order: %w", err)
	}
	return s.revealed(order), in.keyID != "", nil
}

// finish adds what is not stored to an order that was just made: outside the transaction, for signing takes time.
func (s *Service) finish(o *Order) error {
	o.Code = s.codes.encode(o.Event.Number, o.Number)
	return signTickets(o.Tickets)
}

// submitSale submits the sale, and again where a second try can end better: when places that are only held past their time
// stood in the way, and when the same request was served by another process in the same moment or its commit was lost.
func (s *Service) submitSale(ctx context.Context, in placing) (placed, error) {
	out, err := s.sell(ctx, in)
	switch {
	case errors.Is(err, ErrSoldOut):
		freed, sweepErr := s.ExpireHolds(ctx, in.EventID)
		if sweepErr != nil {
			return out, sweepErr
		}
		if freed == 0 {
			s.soldOut.note(in.Lines, s.Now())
			return out, err
		}
		return s.sell(ctx, in)
	case err != nil && ctx.Err() == nil && (database.IsUnique(err) || !isRefusal(err)):
		in.again = true
		return s.sell(ctx, in)
	}
	return out, err
}

// sell places the order in a transaction with others, or in one alone when another order gives way to it; both wait in the queue.
func (s *Service) sell(ctx context.Context, in placing) (placed, error) {
	if in.Replaces != "" {
		return s.replace(ctx, in)
	}
	out, err := database.Submit(ctx, s.DB, s.sales, in)
	if in.Amends && errors.Is(err, ErrIdempotencyKeyReused) {
		return s.replace(ctx, in)
	}
	return out, err
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*turnout.Error](err)
	return ok
}

func (p *Purchase) hash() string {
	body, err := json.Marshal([]any{p.EventID, p.Lines, p.Buyer, p.Attendees})
	if err != nil {
		panic(err) // plain data
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// idempotencyID is the key of a row in idempotency_keys: only a hash of what the caller said is kept.
func idempotencyID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// soldOutMemory answers "sold out" without the database for a moment after it said so: a rush for what is gone must not
// queue before those who buy something else. Whatever gives places back in this process forgets it; another process's
// release is seen a second later.
type soldOutMemory struct {
	mu      sync.Mutex
	refused map[turnout.ID]soldOutNote
}

type soldOutNote struct {
	quantity int64 // refused for this many, so for more too
	until    time.Time
}

// soldOutFor is how long "sold out" is remembered.
const soldOutFor = time.Second

func (m *soldOutMemory) note(lines []PurchaseLine, now time.Time) {
	if len(lines) != 1 {
		return // which line was it?
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refused == nil || len(m.refused) > 1000 {
		m.refused = map[turnout.ID]soldOutNote{}
	}
	m.refused[lines[0].TicketTypeID] = soldOutNote{lines[0].Quantity, now.Add(soldOutFor)}
}

func (m *soldOutMemory) knows(lines []PurchaseLine, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(lines, func(l PurchaseLine) bool {
		n, ok := m.refused[l.TicketTypeID]
		return ok && l.Quantity >= n.quantity && now.Before(n.until)
	})
}

func (m *soldOutMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.refused)
}

func newNonce() (n Nonce) {
	_, _ = rand.Read(n[:])
	return n
}
