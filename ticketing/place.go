package ticketing

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

// Problems says all that is wrong with what somebody wants to buy, field by field, whatever is left of it. It fails with ErrTooManyCodes.
func (s *Service) Problems(ctx context.Context, p *Purchase) (turnout.Problems, error) {
	if err := s.Unguessed(ctx, p); err != nil {
		return nil, err
	}
	shelf, err := readShelf(ctx, s.DB.Read(), s.Now(), []*Purchase{p})
	if err != nil {
		return nil, fmt.Errorf("ticketing: problems of a purchase: %w", err)
	}
	probs := shelf.problems(p)
	probs.Join(p.shape())
	slices.SortStableFunc(probs, func(a, b turnout.FieldError) int { return cmp.Compare(formRank(a.Name), formRank(b.Name)) })
	return probs, nil
}

// formRank is where a field of a purchase stands in its form.
func formRank(name string) int {
	for i, part := range []string{"lines", "voucher", "buyer", "attendees", "answers"} {
		if strings.HasPrefix(name, part) {
			return i
		}
	}
	return 5
}

// placing is a purchase in the queue; placed is what became of it.
type placing struct {
	Purchase
	orderID turnout.ID // made before: a second try after a lost commit finds the first
	keyID   string     // of idempotency_keys, "" without a key
	hash    string     // of the request
	again   bool       // a second try
	gave    giving     // its own orders that gave way
}

type placed struct {
	order    *Order
	existing turnout.ID // an order made before by the same request
}

// PlaceOrder takes the places and makes the order: confirmed at once when it is free, else held until it is paid or its
// time is over. replayed says that the same Key and purchase made the order before. The answer holds the secret and, once
// confirmed, the ticket codes.
//
// It fails with an Invalid error naming the fields, turnout.ErrNotFound, ErrSoldOut and the other refusals of a sale, ErrPriceChanged,
// ErrEmailUnproven, ErrRestricted, ErrOfferOver, ErrTooManyCodes, events.ErrCanceled, events.ErrEnded, ErrIdempotencyKeyReused, ErrReplacedPaid, database.ErrBusy.
func (s *Service) PlaceOrder(ctx context.Context, p Purchase) (order *Order, replayed bool, err error) {
	if len(p.shape()) > 0 {
		probs, err := s.Problems(ctx, &p) // all at once, and with the ticket types' names
		if err == nil {
			err = probs.Err()
		}
		return nil, false, err
	}
	if err := s.Unguessed(ctx, &p); err != nil {
		return nil, false, err
	}
	if p.Locale == "" {
		p.Locale = "en"
	}
	if p.Desk != nil && p.Actor == (audit.Actor{}) {
		p.Actor = audit.ActorFrom(ctx)
	}
	if p.Key == "" && s.soldOut.knows(&p, s.Now()) {
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
	out, err := s.sellInTurn(ctx, in)
	switch {
	case scarce(err):
		freed, sweepErr := s.endDue(ctx, in.EventID)
		if sweepErr != nil {
			return out, sweepErr
		}
		if !freed {
			if errors.Is(err, ErrSoldOut) {
				s.soldOut.note(&in.Purchase, s.Now())
			}
			return out, err
		}
		return s.sellInTurn(ctx, in)
	case err != nil && ctx.Err() == nil && (database.IsUnique(err) || !isRefusal(err)):
		in.again = true
		return s.sellInTurn(ctx, in)
	}
	return out, err
}

// serveTries is how often a sale lets the waitlist go first: each time, places have come free since.
const serveTries = 5

// sellInTurn places the order once those who wait for what it wants were offered what they can have.
func (s *Service) sellInTurn(ctx context.Context, in placing) (placed, error) {
	for range serveTries {
		out, err := s.sell(ctx, in)
		if !errors.Is(err, errOthersWait) {
			return out, err
		}
		if err := s.ServeWaitlist(ctx, in.EventID); err != nil {
			return out, err
		}
	}
	return placed{}, database.ErrBusy
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

// scarce says whether a refusal is for want of what holds past their time may still have: places, or uses of a voucher.
func scarce(err error) bool {
	known, ok := errors.AsType[*turnout.Error](err)
	return ok && (errors.Is(err, ErrSoldOut) || slices.ContainsFunc(known.Fields, func(f turnout.FieldError) bool {
		return f.Code == ErrOptionFull.Code || f.Name == "voucher" && slices.Contains(scarceVoucher, f.Code)
	}))
}

// scarceVoucher are the codes of a voucher's refusals that end when an order with it does.
var scarceVoucher = []string{"used_up", "too_few_uses", "budget_spent"}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*turnout.Error](err)
	return ok
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

// plain says whether the purchase is one that any other of as many of its type meets the same places with.
func (p *Purchase) plain() bool {
	return len(p.Lines) == 1 && p.Voucher == "" && p.Offer == "" && p.Replaces == "" && p.Desk == nil && len(p.Attendees) == 0
}

func (m *soldOutMemory) note(p *Purchase, now time.Time) {
	if !p.plain() {
		return // what was it that is sold out?
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refused == nil || len(m.refused) > 1000 {
		m.refused = map[turnout.ID]soldOutNote{}
	}
	m.refused[p.Lines[0].TicketTypeID] = soldOutNote{p.Lines[0].Quantity, now.Add(soldOutFor)}
}

func (m *soldOutMemory) knows(p *Purchase, now time.Time) bool {
	if !p.plain() {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.refused[p.Lines[0].TicketTypeID]
	return ok && p.Lines[0].Quantity >= n.quantity && now.Before(n.until)
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
