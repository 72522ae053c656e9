package ticketing

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
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

	ID             turnout.ID `bun:",pk"`
	CommunityID    turnout.ID
	EventID        turnout.ID
	PersonID       turnout.ID
	Name           string
	Email          string
	PartySize      int64
	Status         WaitlistStatus
	Lot            int64      // random: the place in a lottery
	OfferedTypeID  turnout.ID `bun:",nullzero"` // of the newest offer
	OfferExpiresAt time.Time  `bun:",nullzero"`
	OrderID        turnout.ID `bun:",nullzero"` // that accepted it
	Locale         string
	CreatedAt      time.Time
	UpdatedAt      time.Time

	TicketTypeIDs []turnout.ID `bun:"-"` // that would do, the best first
	Secret        string       `bun:"-"` // opens the entry's page, where it can be left
	holds         draws        `bun:"-"` // places, where its offer is being accepted
}

// StatusAt is the state to show: an offer whose time is over reads as expired even before the sweep has been.
func (e *WaitlistEntry) StatusAt(now time.Time) WaitlistStatus {
	if e.Status == Offered && !now.Before(e.OfferExpiresAt) {
		return OfferExpired
	}
	return e.Status
}

// entryType says that a ticket type would do for an entry.
type entryType struct {
	bun.BaseModel `bun:"table:waitlist_entry_types,alias:wish"`

	EntryID      turnout.ID `bun:",pk"`
	TicketTypeID turnout.ID `bun:",pk"`
	CommunityID  turnout.ID
	Position     int64
	Waiting      bool // the entry is
}

// The refusals of the waitlist.
var (
	ErrNotSoldOut     = &turnout.Error{Kind: turnout.Conflict, Code: "not_sold_out", Message: "There are still tickets: buy them right away."}
	ErrWaitlistClosed = &turnout.Error{Kind: turnout.Conflict, Code: "waitlist_closed", Message: "The waitlist of this event is closed."}
	ErrOfferOver      = &turnout.Error{Kind: turnout.Conflict, Code: "offer_over", Message: "This offer is over: its time has passed, or it was accepted already."}
	ErrNotWaiting     = &turnout.Error{Kind: turnout.Conflict, Code: "not_waiting", Message: "This wish was withdrawn or served already."}
)

const waitlistSecret = "waitlist"

// Jobs about waitlist entries; the payload of each is an entryRef.
const (
	JobWaitlistJoined  = "ticketing.waitlist_joined"  // mail the link by which one can leave
	JobWaitlistOffered = "ticketing.waitlist_offered" // mail the offer
	JobWaitlistMissed  = "ticketing.waitlist_missed"  // mail that the offer's time has passed
	JobWaitlistClosed  = "ticketing.waitlist_closed"  // mail that the waitlist is closed and there was no place
)

type entryRef struct {
	Entry turnout.ID `json:"entry"`
}

// WaitlistWish is what somebody joins the waitlist with.
type WaitlistWish struct {
	EventID       turnout.ID
	TicketTypeIDs []turnout.ID // that would do, the best first
	PartySize     int64
	Who           Attendee
	Locale        string
}

// Problems says all that is wrong with a wish, field by field.
func (w *WaitlistWish) Problems() turnout.Problems {
	var probs turnout.Problems
	if w.PartySize < 1 || w.PartySize > maxQuantity {
		probs.Add("party_size", "out_of_range", "A party has 1 to %d people.", maxQuantity)
	}
	if len(w.TicketTypeIDs) == 0 || len(w.TicketTypeIDs) > maxLines {
		probs.Add("ticket_type_id", "required", "Choose the tickets to wait for.")
	}
	if seen := slices.Compact(slices.Sorted(slices.Values(w.TicketTypeIDs))); len(seen) != len(w.TicketTypeIDs) {
		probs.Add("ticket_type_ids", "repeated", "A ticket type stands there twice.")
	}
	who := len(probs)
	w.Who.check(&probs, "", true)
	for i := range probs[who:] {
		probs[who+i].Name = probs[who+i].Name[1:] // the wish's own fields: name, email
	}
	return probs
}

// JoinWaitlist notes the wish of a party for ticket types of which none has room for it now, and mails the link to it. Whose address
// waits already stays as they are and get their link again: strangers learn by nothing whether an address is on the list, so
// the link is in the mail alone. It fails with an Invalid error, turnout.ErrNotFound, the refusals of a sale, ErrWaitlistClosed and
// ErrNotSoldOut.
func (s *Service) JoinWaitlist(ctx context.Context, w WaitlistWish) error {
	if err := w.Problems().Err(); err != nil {
		return err
	}
	if w.Locale == "" {
		w.Locale = "en"
	}
	if _, err := s.endDue(ctx, w.EventID); err != nil {
		return err
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.join(ctx, tx, w); err != nil {
			return err
		}
		return remember(ctx, tx, w.EventID, s.Now())
	})
	if database.IsUnique(err) { // the same wish in the same moment: that one has its mail, unless the key is another's
		_, err = s.MadeBefore(ctx)
	}
	return wrapped("join waitlist", err)
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
	settings, err := shopSettings(ctx, tx, event)
	if err != nil {
		return err
	}
	if settings.IsClosed(now) {
		return ErrWaitlistClosed
	}
	if err := mayWait(ctx, tx, event.CommunityID, w, now); err != nil {
		return err
	}
	persons, err := people.Ensure(ctx, tx, event.CommunityID, now, []people.Contact{{Name: w.Who.Name, Email: w.Who.Email}})
	if err != nil {
		return err
	}
	var waiting turnout.ID
	err = tx.NewSelect().Model((*WaitlistEntry)(nil)).Column("id").Where("event_id = ?", event.ID).Where("community_id = ?", event.CommunityID).Where("person_id = ?", persons[0]).
		Where("status IN (?, ?)", Waiting, Offered).Scan(ctx, &waiting)
	if err == nil {
		return s.remind(ctx, tx, event.CommunityID, waiting, now)
	}
	if !database.IsNoRows(err) {
		return err
	}
	entry := &WaitlistEntry{
		ID: turnout.NewID(prefixWaitlist), CommunityID: event.CommunityID, EventID: event.ID, PersonID: persons[0],
		Name: w.Who.Name, Email: w.Who.Email, PartySize: w.PartySize, Status: Waiting, Lot: newLot(), Locale: w.Locale, CreatedAt: now, UpdatedAt: now,
	}
	if _, err := tx.NewInsert().Model(entry).Exec(ctx); err != nil {
		return err
	}
	wishes := make([]entryType, len(w.TicketTypeIDs))
	for i, id := range w.TicketTypeIDs {
		wishes[i] = entryType{EntryID: entry.ID, TicketTypeID: id, CommunityID: event.CommunityID, Position: int64(i), Waiting: true}
	}
	if err := insertAll(ctx, tx, &wishes); err != nil {
		return err
	}
	if err := people.IndexTokens(ctx, tx, entry.CommunityID, searchKindEntry, entry.EventID, map[turnout.ID]string{entry.ID: entry.Name + " " + entry.Email}); err != nil {
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

// mayWait says whether a party may wait for the types: each is one that could be sold, and none has room for it now.
func mayWait(ctx context.Context, tx bun.IDB, community turnout.ID, w WaitlistWish, now time.Time) error {
	types, err := loadTypes(ctx, tx, []turnout.ID{w.EventID})
	if err != nil {
		return err
	}
	addOns, err := loadAddOns(ctx, tx, []turnout.ID{w.EventID})
	if err != nil {
		return err
	}
	asked, err := loadOrderChoices(ctx, tx, []turnout.ID{w.EventID})
	if err != nil {
		return err
	}
	pools, err := poolsByID(ctx, tx, community, w.EventID)
	if err != nil {
		return err
	}
	byID := map[turnout.ID]*TicketType{}
	for _, t := range types {
		byID[t.ID] = t
	}
	for _, id := range w.TicketTypeIDs {
		t := byID[id]
		if t == nil {
			return turnout.ErrNotFound
		}
		if err := t.sellable(now); err != nil {
			return err
		}
		if len(t.EmailDomains) > 0 && !slices.Contains(t.EmailDomains, domainOf(w.Who.Email)) { // who is a member is nobody's business
			return ErrRestricted.With("%s is for e-mail addresses of %s.", t.Name, listed(t.EmailDomains))
		}
		if w.PartySize > t.MaxPerOrder {
			return turnout.Invalidf("party_size", "out_of_range", "%s: an order can have at most %d.", t.Name, t.MaxPerOrder)
		}
		if w.PartySize < t.MinPerOrder {
			return turnout.Invalidf("party_size", "out_of_range", "%s: an order has at least %d.", t.Name, t.MinPerOrder)
		}
		if w.PartySize%max(1, t.MultipleOf) != 0 {
			return turnout.Invalidf("party_size", "multiple", "%s is sold in multiples of %d.", t.Name, t.MultipleOf)
		}
		if t.draws(addOns, now).room(pools) >= w.PartySize && t.noChoice(asked, pools) == "" {
			return ErrNotSoldOut
		}
	}
	return nil
}

// newLot draws the place of an entry in a lottery.
func newLot() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return int64(binary.BigEndian.Uint64(b[:]) >> 1)
}

// remind mails the link of a wish again.
func (s *Service) remind(ctx context.Context, tx bun.Tx, community, entry turnout.ID, now time.Time) error {
	may, err := organisers.MayMailAgain(ctx, tx, "waitlist "+string(entry), now)
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
	if err := loadWishes(ctx, s.DB.Read(), []*WaitlistEntry{entry}); err != nil {
		return nil, fmt.Errorf("ticketing: waitlist entry: %w", err)
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

// OfferLink is the address where an entry's offer is accepted: the checkout, with the offered places.
func (s *Service) OfferLink(e *WaitlistEntry) string {
	return s.BaseURL + "/waitlist/" + string(e.ID) + "/offer?secret=" + s.revealedEntry(e).Secret
}

// LeaveWaitlist withdraws a wish; an offer that was made for it goes to the next. Withdrawing it again changes nothing. It fails with
// turnout.ErrNotFound and ErrNotWaiting (the party was served).
func (s *Service) LeaveWaitlist(ctx context.Context, id turnout.ID, secret string) (*WaitlistEntry, error) {
	entry, err := s.WaitlistEntryBySecret(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return s.leave(ctx, tx, entry, audit.Actor{Kind: audit.Buyer, ID: id})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: leave waitlist: %w", err)
	}
	s.soldOut.forget()
	return s.revealedEntry(entry), nil
}

// leave withdraws an entry, and reads it again under lock.
func (s *Service) leave(ctx context.Context, tx bun.Tx, entry *WaitlistEntry, actor audit.Actor) error {
	now := s.Now()
	offered, err := lockOffers(ctx, tx, []turnout.ID{entry.ID})
	if err != nil {
		return err
	}
	if _, err := addTotals(ctx, tx, &totals{EventID: entry.EventID}); err != nil { // locked before entries
		return err
	}
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
		if !offered { // it was made after the look at its places
			return database.ErrAgain
		}
		if err := releasePlaces(ctx, tx, []turnout.ID{entry.ID}); err != nil {
			return err
		}
	default:
		return ErrNotWaiting
	}
	if err := setEntries(ctx, tx, []turnout.ID{entry.ID}, Withdrawn, now); err != nil {
		return err
	}
	entry.Status, entry.UpdatedAt = Withdrawn, now
	return audit.Write(ctx, tx, audit.Entry{Community: entry.CommunityID, Action: "waitlist.left", Subject: entry.ID, Actor: actor, At: now})
}

// lockOffers locks the pools of which the entries were offered places, and says whether there are any.
func lockOffers(ctx context.Context, tx bun.IDB, entries []turnout.ID) (bool, error) {
	var pools []turnout.ID
	if err := tx.NewSelect().Model((*claim)(nil)).Distinct().Column("pool_id").Where("holder_id IN (?)", bun.List(entries)).Scan(ctx, &pools); err != nil {
		return false, err
	}
	_, err := lockPools(ctx, tx, pools)
	return len(pools) > 0, err
}

// setEntries moves entries to a state; the event's totals are locked.
func setEntries(ctx context.Context, tx bun.IDB, ids []turnout.ID, to WaitlistStatus, now time.Time) error {
	if _, err := tx.NewUpdate().Model((*WaitlistEntry)(nil)).Set("status = ?", to).Set("updated_at = ?", now).Where("id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*entryType)(nil)).Set("waiting = ?", to == Waiting).Where("entry_id IN (?)", bun.List(ids)).Exec(ctx)
	return err
}

// loadWishes puts in the ticket types that would do for the entries.
func loadWishes(ctx context.Context, db bun.IDB, entries []*WaitlistEntry) error {
	if len(entries) == 0 {
		return nil
	}
	byID := make(map[turnout.ID]*WaitlistEntry, len(entries))
	ids := make([]turnout.ID, len(entries))
	for i, e := range entries {
		byID[e.ID], ids[i] = e, e.ID
	}
	var wishes []entryType
	if err := db.NewSelect().Model(&wishes).Where("entry_id IN (?)", bun.List(ids)).Order("entry_id", "position").Scan(ctx); err != nil {
		return err
	}
	for _, w := range wishes {
		byID[w.EntryID].TicketTypeIDs = append(byID[w.EntryID].TicketTypeIDs, w.TicketTypeID)
	}
	return nil
}
