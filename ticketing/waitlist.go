package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/people"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/jobs"
)

// WaitlistStatus is the state of a waitlist entry.
//
//	waiting ──► offered ──► accepted
//	   │           ├──────► expired
//	   └───────────┴──────► withdrawn
type WaitlistStatus string

// The states of a waitlist entry.
const (
	Waiting      WaitlistStatus = "waiting"
	Offered      WaitlistStatus = "offered"
	Accepted     WaitlistStatus = "accepted"
	OfferExpired WaitlistStatus = "expired"
	Withdrawn    WaitlistStatus = "withdrawn"
)

// WaitlistEntry is the wish of a party for places.
type WaitlistEntry struct {
	bun.BaseModel `bun:"table:waitlist_entries,alias:entry"`

	ID           turnout.ID `bun:",pk"`
	CommunityID  turnout.ID
	EventID      turnout.ID
	TicketTypeID turnout.ID
	PersonID     turnout.ID
	Name         string
	Email        string
	PartySize    int64
	Status       WaitlistStatus
	Locale       string
	CreatedAt    time.Time
	UpdatedAt    time.Time

	Secret string `bun:"-"` // opens the entry's page, where it can be left
}

// The refusals of the waitlist.
var (
	ErrNotSoldOut = &turnout.Error{Kind: turnout.Conflict, Code: "not_sold_out", Message: "There are still tickets: buy them right away."}
	ErrNotWaiting = &turnout.Error{Kind: turnout.Conflict, Code: "not_waiting", Message: "This wish was withdrawn or served already."}
)

const waitlistSecret = "waitlist"

// JobWaitlistJoined mails the link by which one can leave.
const JobWaitlistJoined = "ticketing.waitlist_joined"

type entryRef struct {
	Entry turnout.ID `json:"entry"`
}

// WaitlistWish is what somebody joins the waitlist with.
type WaitlistWish struct {
	EventID      turnout.ID
	TicketTypeID turnout.ID
	PartySize    int64
	Who          Attendee
	Locale       string
}

// Problems says all that is wrong with a wish, field by field.
func (w *WaitlistWish) Problems() turnout.Problems {
	var probs turnout.Problems
	if w.PartySize < 1 || w.PartySize > maxQuantity {
		probs.Add("party_size", "out_of_range", "A party has 1 to %d people.", maxQuantity)
	}
	who := len(probs)
	w.Who.check(&probs, "", true)
	for i := range probs[who:] {
		probs[who+i].Name = probs[who+i].Name[1:] // the wish's own fields: name, email
	}
	return probs
}

// JoinWaitlist notes the wish of a party for a ticket type that has no room for it now, and mails the link to it. Whose address
// waits already stays as they are and get their link again: strangers learn by nothing whether an address is on the list, so
// the link is in the mail alone. It fails with an Invalid error, turnout.ErrNotFound, the refusals of a sale and ErrNotSoldOut.
func (s *Service) JoinWaitlist(ctx context.Context, w WaitlistWish) error {
	if err := w.Problems().Err(); err != nil {
		return err
	}
	if w.Locale == "" {
		w.Locale = "en"
	}
	if _, err := s.ExpireHolds(ctx, w.EventID); err != nil {
		return err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.join(ctx, tx, w) })
	if err != nil && !database.IsUnique(err) { // the same wish in the same moment: that one has its mail
		return fmt.Errorf("ticketing: join waitlist: %w", err)
	}
	return nil
}

func (s *Service) join(ctx context.Context, tx bun.Tx, w WaitlistWish) error {
	now := s.Now()
	event, err := events.ForSale(ctx, tx, w.EventID)
	if err != nil {
		return err
	}
	if err := openForSale(event, now); err != nil {
		return err
	}
	t, pools, err := typeWithPools(ctx, tx, event.ID, w.TicketTypeID)
	if err != nil {
		return err
	}
	if err := t.sellable(now); err != nil {
		return err
	}
	if left(t, pools) >= max(w.PartySize, t.MinPerOrder) {
		return ErrNotSoldOut
	}
	persons, err := people.Ensure(ctx, tx, event.CommunityID, now, []people.Contact{{Name: w.Who.Name, Email: w.Who.Email}})
	if err != nil {
		return err
	}
	var waiting turnout.ID
	err = tx.NewSelect().Model((*WaitlistEntry)(nil)).Column("id").Where("ticket_type_id = ?", t.ID).Where("person_id = ?", persons[0]).
		Where("status IN (?, ?)", Waiting, Offered).Scan(ctx, &waiting)
	if err == nil {
		return s.remind(ctx, tx, event.CommunityID, waiting, now)
	}
	if !database.IsNoRows(err) {
		return err
	}
	entry := &WaitlistEntry{
		ID: turnout.NewID(prefixWaitlist), CommunityID: event.CommunityID, EventID: event.ID, TicketTypeID: t.ID, PersonID: persons[0],
		Name: w.Who.Name, Email: w.Who.Email, PartySize: w.PartySize, Status: Waiting, Locale: w.Locale, CreatedAt: now, UpdatedAt: now,
	}
	if _, err := tx.NewInsert().Model(entry).Exec(ctx); err != nil {
		return err
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: entry.EventID, Waiting: 1}); err != nil {
		return err
	}
	if err := jobs.Enqueue(ctx, tx, entry.CommunityID, JobWaitlistJoined, entryRef{entry.ID}, now); err != nil {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Community: entry.CommunityID, Action: "waitlist.joined", Subject: entry.ID,
		Actor: audit.Actor{Kind: audit.Buyer, ID: entry.ID}, At: now})
}

// remind mails the link of a wish again.
func (s *Service) remind(ctx context.Context, tx bun.Tx, community, entry turnout.ID, now time.Time) error {
	may, err := mayMailAgain(ctx, tx, "waitlist "+string(entry), now)
	if err != nil || !may {
		return err
	}
	return jobs.Enqueue(ctx, tx, community, JobWaitlistJoined, entryRef{entry}, now)
}

// WaitlistEntryBySecret gives an entry to whoever holds its secret. A wrong one is turnout.ErrNotFound.
func (s *Service) WaitlistEntryBySecret(ctx context.Context, id turnout.ID, secret string) (*WaitlistEntry, error) {
	if !s.Keys.Verify(secret, waitlistSecret, string(id)) {
		return nil, turnout.ErrNotFound
	}
	entry := new(WaitlistEntry)
	if err := s.DB.Read().NewSelect().Model(entry).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, fmt.Errorf("ticketing: waitlist entry: %w", database.NotFound(err))
	}
	return s.revealedEntry(entry), nil
}

func (s *Service) revealedEntry(e *WaitlistEntry) *WaitlistEntry {
	e.Secret = s.Keys.Sign(waitlistSecret, string(e.ID))
	return e
}

// WaitlistLink is the address of an entry's page.
func (s *Service) WaitlistLink(e *WaitlistEntry) string {
	return s.BaseURL + "/waitlist/" + string(e.ID) + "?secret=" + s.revealedEntry(e).Secret
}

// LeaveWaitlist withdraws a wish; withdrawing it again changes nothing. It fails with turnout.ErrNotFound and ErrNotWaiting
// (the party was served).
func (s *Service) LeaveWaitlist(ctx context.Context, id turnout.ID, secret string) (*WaitlistEntry, error) {
	entry, err := s.WaitlistEntryBySecret(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		if _, err := addTotals(ctx, tx, &totals{EventID: entry.EventID}); err != nil { // locked before entries
			return err
		}
		// Read under lock, so that what it leaves is known.
		if err := tx.NewUpdate().Model(entry).Set("status = status").WherePK().Returning("*").Scan(ctx); err != nil {
			return err
		}
		switch entry.Status {
		case Withdrawn:
			return nil
		case Waiting:
			if _, err := addTotals(ctx, tx, &totals{EventID: entry.EventID, Waiting: -1}); err != nil {
				return err
			}
		case Offered:
		default:
			return ErrNotWaiting
		}
		entry.Status, entry.UpdatedAt = Withdrawn, now
		if _, err := tx.NewUpdate().Model(entry).Column("status", "updated_at").WherePK().Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: entry.CommunityID, Action: "waitlist.left", Subject: entry.ID,
			Actor: audit.Actor{Kind: audit.Buyer, ID: entry.ID}, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: leave waitlist: %w", err)
	}
	return s.revealedEntry(entry), nil
}

// Waitlist lists an event's entries in the order of joining, at most limit after the given id.
func (s *Service) Waitlist(ctx context.Context, community, event, after turnout.ID, limit int) ([]*WaitlistEntry, error) {
	var entries []*WaitlistEntry
	err := s.DB.Read().NewSelect().Model(&entries).Where("community_id = ?", community).Where("event_id = ?", event).
		Where("id > ?", after).Order("id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("ticketing: waitlist: %w", err)
	}
	return entries, nil
}
