// Package leads keeps what sponsors learn of attendees: whose badge their staff scanned, under which consent, and what they noted.
//
// It stands after checkin, whose devices its scanners are. A lead exists only with a receipt of the attendee's consent, which says what was shared, with whom,
// when and under which text, and is never removed. It holds the name that the badge bore, so that whoever is named on the ticket later has shared nothing; the address
// is read from the ticket. Name, address, stars and note go when the consent is withdrawn, and are shown to nobody while the ticket is somebody else's.
package leads

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/events"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/ticketing"
)

// Service carries out the use cases of leads. All fields must be set.
type Service struct {
	DB        *database.DB
	Now       func() time.Time // UTC, microseconds
	Ticketing *ticketing.Service
}

// Consent is how an attendee agrees that a sponsor learns who they are.
type Consent string

// The kinds of consent.
const (
	Off        Consent = "off"      // sponsors scan no badges
	ByBadge    Consent = "badge"    // by showing it, under a text that the event says
	ByQuestion Consent = "question" // by ticking a question of the event's, when the ticket was bought or filled in
	ByLink     Consent = "link"     // on the ticket's page, after it was withdrawn there; of receipts alone
)

// Consents lists those that an event chooses from, as forms offer them.
var Consents = []Consent{Off, ByBadge, ByQuestion}

// Settings say whether an event's sponsors may scan badges, and what consent is.
type Settings struct {
	bun.BaseModel `bun:"table:lead_settings,alias:settings"`

	EventID     turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	Consent     Consent
	Text        string     // of ByBadge: what showing it means
	QuestionID  turnout.ID `bun:",nullzero"` // of ByQuestion
	Version     int64      // 0: nobody has said anything
	UpdatedAt   time.Time
}

// Lead is an attendee whose badge a sponsor's staff scanned.
type Lead struct {
	bun.BaseModel `bun:"table:leads,alias:lead"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	SponsorID   turnout.ID
	TicketID    turnout.ID
	ReceiptID   turnout.ID
	DeviceID    turnout.ID // that scanned it first
	Rating      *int64     // 1 to 5; nil: not rated
	Note        string
	Version     int64
	FirstAt     time.Time
	UpdatedAt   time.Time

	// What was consented to; empty, like Rating and Note, once it was withdrawn, or the ticket is somebody else's.
	Name  string `bun:",scanonly"`
	Email string `bun:",scanonly"`

	GivenAt time.Time `bun:",scanonly"`
	Text    string    `bun:",scanonly"` // under which it was given
	Shared  bool      `bun:",scanonly"` // Name and Email may be read
	Again   bool      `bun:"-"`         // it was there before this scan
}

// Stars are the rating, 0 for none.
func (l *Lead) Stars() int64 {
	if l.Rating == nil {
		return 0
	}
	return *l.Rating
}

// Receipt is the record of a consent.
type Receipt struct {
	bun.BaseModel `bun:"table:consent_receipts,alias:receipt"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	SponsorID   turnout.ID
	TicketID    turnout.ID
	PersonID    turnout.ID
	Name        string  // that was shared, with the address; empty once it was withdrawn
	Given       Consent // ByBadge, ByQuestion or ByLink
	Text        string
	GivenAt     time.Time
	WithdrawnAt time.Time `bun:",nullzero"`

	Sponsor string `bun:",scanonly"` // its name
	Last    bool   `bun:",scanonly"` // no newer one of theirs is for the sponsor
}

// What a scan of a badge is told when it makes no lead.
var (
	ErrOff       = &turnout.Error{Kind: turnout.Conflict, Code: "leads_off", Message: "At this event sponsors scan no badges."}
	ErrNoBadge   = &turnout.Error{Kind: turnout.Conflict, Code: "lead_no_badge", Message: "This is no badge of this event."}
	ErrOldBadge  = &turnout.Error{Kind: turnout.Conflict, Code: "lead_old_badge", Message: "This badge was replaced by a newer one, or its ticket was canceled."}
	ErrNoConsent = &turnout.Error{Kind: turnout.Conflict, Code: "lead_no_consent", Message: "This attendee has not agreed to share their contact."}
	ErrWithdrawn = &turnout.Error{Kind: turnout.Conflict, Code: "lead_withdrawn", Message: "This attendee has withdrawn their consent."}
)

const (
	maxText = 1000 // characters
	maxNote = 500  // characters
)

// Settings gives an event's settings; Off with version 0 when nobody has said anything.
func (s *Service) Settings(ctx context.Context, community, event turnout.ID) (*Settings, error) {
	settings, err := find(ctx, s.DB.Read(), community, event)
	return settings, wrapped("settings", err)
}

func find(ctx context.Context, db bun.IDB, community, event turnout.ID) (*Settings, error) {
	settings := new(Settings)
	err := db.NewSelect().Model(settings).Where("event_id = ?", event).Where("community_id = ?", community).Scan(ctx)
	if database.IsNoRows(err) {
		return &Settings{EventID: event, CommunityID: community, Consent: Off}, nil
	}
	return settings, err
}

// SettingsInput is what settings are changed to.
type SettingsInput struct {
	Consent    Consent
	Text       string
	QuestionID turnout.ID
}

// Check says all that is wrong with the input, field by field, and leaves out what the consent does not need.
func (in *SettingsInput) Check() error {
	var p turnout.Problems
	in.Text = strings.TrimSpace(in.Text)
	switch in.Consent {
	case Off:
		in.Text, in.QuestionID = "", ""
	case ByBadge:
		in.QuestionID = ""
		p.Require("text", in.Text)
		p.Length("text", in.Text, maxText)
	case ByQuestion:
		in.Text = ""
		p.Require("question_id", string(in.QuestionID))
	default:
		p.Add("consent", "unknown", "Choose off, badge or question.")
	}
	return p.Err()
}

// SaveSettings changes an event's settings; version is the one that was read. Receipts keep the text under which they were given. It fails with turnout.ErrNotFound,
// turnout.ErrStale and with an Invalid error that names the fields.
func (s *Service) SaveSettings(ctx context.Context, community, event turnout.ID, version int64, in SettingsInput) error {
	if err := in.Check(); err != nil {
		return err
	}
	return wrapped("save settings", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := events.Find(ctx, tx, community, string(event)); err != nil {
			return err
		}
		if in.Consent == ByQuestion {
			fits, err := ticketing.ConsentQuestion(ctx, tx, community, event, in.QuestionID)
			if err != nil {
				return err
			}
			if !fits {
				return turnout.Invalidf("question_id", "unknown", "Choose a question of this event about each ticket, whose answer is a consent.")
			}
		}
		now := s.Now()
		row := &Settings{EventID: event, CommunityID: community, Consent: in.Consent, Text: in.Text, QuestionID: in.QuestionID, Version: version + 1, UpdatedAt: now}
		var n int64
		var err error
		if version == 0 {
			n, err = database.Changed(tx.NewInsert().Model(row).On("CONFLICT (event_id) DO NOTHING").Exec(ctx))
		} else {
			n, err = database.Changed(tx.NewUpdate().Model(row).Column("consent", "text", "question_id", "version", "updated_at").WherePK().
				Where("community_id = ?", community).Where("version = ?", version).Exec(ctx))
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return turnout.ErrStale
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "leads.settings_changed", Subject: event, At: now})
	}))
}

// Take makes a lead of a badge that a sponsor's device scanned: one, however often and at however many devices of the sponsor. It fails with ErrOff, ErrNoBadge,
// ErrOldBadge, ErrNoConsent and ErrWithdrawn.
func (s *Service) Take(ctx context.Context, device *checkin.Device, text string) (*Lead, error) {
	e, err := events.Find(ctx, s.DB.Read(), device.CommunityID, string(device.EventID))
	if err != nil {
		return nil, wrapped("take", err)
	}
	key, err := e.PrivateKey()
	if err != nil {
		return nil, wrapped("take", err)
	}
	code, err := ticketing.ParseCode(text)
	if err != nil || code.Event != e.Number || !code.Verify(key.Public().(ed25519.PublicKey)) {
		return nil, wrapped("take", ErrNoBadge)
	}
	var id turnout.ID
	again := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		id, again, err = s.take(ctx, tx, device, code)
		return err
	})
	if err != nil {
		return nil, wrapped("take", err)
	}
	lead, err := s.Lead(ctx, device, id)
	if err != nil {
		return nil, err
	}
	lead.Again = again
	return lead, nil
}

func (s *Service) take(ctx context.Context, tx bun.Tx, device *checkin.Device, code ticketing.SignedCode) (id turnout.ID, again bool, err error) {
	settings, err := find(ctx, tx, device.CommunityID, device.EventID)
	if err != nil {
		return "", false, err
	}
	if settings.Consent == Off {
		return "", false, ErrOff
	}
	tickets, err := ticketing.DoorTickets(ctx, tx, device.EventID, []int64{code.Ticket}, nil)
	if err != nil {
		return "", false, err
	}
	if len(tickets) == 0 {
		return "", false, ErrNoBadge
	}
	// Under the ticket's lock: it may go to somebody else, and another device of the sponsor may have scanned it too.
	t, err := ticketing.LockTicket(ctx, tx, device.CommunityID, tickets[0].ID)
	if err != nil {
		return "", false, err
	}
	if tickets, err = ticketing.DoorTickets(ctx, tx, device.EventID, nil, []turnout.ID{t.ID}); err != nil {
		return "", false, err
	}
	if tickets[0].Status != ticketing.Valid || !tickets[0].Matches(code.Code) {
		return "", false, ErrOldBadge
	}
	receipts, err := receiptsOf(ctx, tx, t, device.SponsorID)
	if err != nil {
		return "", false, err
	}
	if standing := receipts.standing(t.AttendeeName); standing != nil {
		return id, true, tx.NewSelect().Model((*Lead)(nil)).Column("id").Where("receipt_id = ?", standing.ID).Scan(ctx, &id)
	}
	if len(receipts) > 0 && !receipts[0].WithdrawnAt.IsZero() {
		return "", false, ErrWithdrawn
	}
	words := settings.Text
	if settings.Consent == ByQuestion {
		var yes bool
		if words, yes, err = ticketing.Consented(ctx, tx, t, settings.QuestionID); err != nil {
			return "", false, err
		}
		if !yes {
			return "", false, ErrNoConsent
		}
	}
	id, err = s.add(ctx, tx, device, t, settings.Consent, words)
	return id, false, err
}

// ownReceipts are those of whoever has a ticket now for a sponsor, the last first.
type ownReceipts []*Receipt

func receiptsOf(ctx context.Context, db bun.IDB, t *ticketing.Ticket, sponsor turnout.ID) (all ownReceipts, err error) {
	err = db.NewSelect().Model(&all).Where("ticket_id = ?", t.ID).Where("sponsor_id = ?", sponsor).Where("person_id = ?", t.PersonID).OrderExpr("id DESC").Scan(ctx)
	return all, err
}

// standing is the one under which a name may be read still; nil for none.
func (all ownReceipts) standing(name string) *Receipt {
	if i := slices.IndexFunc(all, func(r *Receipt) bool { return r.WithdrawnAt.IsZero() && r.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

func (s *Service) add(ctx context.Context, tx bun.IDB, device *checkin.Device, t *ticketing.Ticket, given Consent, words string) (turnout.ID, error) {
	now := s.Now()
	receipt := &Receipt{ID: turnout.NewID("rcp"), CommunityID: t.CommunityID, EventID: t.EventID, SponsorID: device.SponsorID, TicketID: t.ID, PersonID: t.PersonID,
		Name: t.AttendeeName, Given: given, Text: words, GivenAt: now}
	if _, err := tx.NewInsert().Model(receipt).Exec(ctx); err != nil {
		return "", err
	}
	lead := &Lead{ID: turnout.NewID("led"), CommunityID: t.CommunityID, EventID: t.EventID, SponsorID: device.SponsorID, TicketID: t.ID, ReceiptID: receipt.ID, DeviceID: device.ID,
		Version: 1, FirstAt: now, UpdatedAt: now}
	if _, err := tx.NewInsert().Model(lead).Exec(ctx); err != nil {
		return "", err
	}
	return lead.ID, audit.Write(ctx, tx, audit.Entry{Community: t.CommunityID, Action: "lead.taken", Subject: lead.ID, At: now})
}

// NoteInput is what a sponsor's staff say of somebody.
type NoteInput struct {
	Rating *int64 // 1 to 5; nil: none
	Note   string
}

// Note keeps what a sponsor's staff say of a lead of theirs; the last word stands. It fails with turnout.ErrNotFound, ErrWithdrawn and with an Invalid error that
// names the fields.
func (s *Service) Note(ctx context.Context, device *checkin.Device, lead turnout.ID, in NoteInput) error {
	var p turnout.Problems
	in.Note = strings.TrimSpace(in.Note)
	if in.Rating != nil && (*in.Rating < 1 || *in.Rating > 5) {
		p.Add("rating", "out_of_range", "Choose one to five stars.")
	}
	p.Length("note", in.Note, maxNote)
	if err := p.Err(); err != nil {
		return err
	}
	return wrapped("note", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		row := new(Lead)
		if err := tx.NewSelect().Model(row).Where("id = ?", lead).Where("sponsor_id = ?", device.SponsorID).Where("community_id = ?", device.CommunityID).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		if _, err := ticketing.LockTicket(ctx, tx, row.CommunityID, row.TicketID); err != nil { // a withdrawal waits, and finds the note
			return err
		}
		n, err := database.Changed(tx.NewUpdate().Model((*Lead)(nil)).Set("rating = ?", in.Rating).Set("note = ?", in.Note).Set("version = version + 1").Set("updated_at = ?", s.Now()).
			Where("id = ?", lead).
			Where("EXISTS (SELECT 1 FROM consent_receipts AS receipt JOIN tickets AS ticket ON ticket.id = receipt.ticket_id WHERE receipt.id = lead.receipt_id AND " + shared + ")").Exec(ctx))
		if err == nil && n == 0 {
			err = ErrWithdrawn
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: row.CommunityID, Action: "lead.noted", Subject: row.ID, At: s.Now()})
	}))
}

// Receipts lists what the bearer of a ticket has shared with whom, the last first.
func (s *Service) Receipts(ctx context.Context, t *ticketing.Ticket) ([]*Receipt, error) {
	var receipts []*Receipt
	err := s.DB.Read().NewSelect().Model(&receipts).ColumnExpr("receipt.*, sponsor.name AS sponsor").
		ColumnExpr("NOT EXISTS (SELECT 1 FROM consent_receipts AS newer WHERE newer.ticket_id = receipt.ticket_id AND newer.sponsor_id = receipt.sponsor_id AND newer.person_id = receipt.person_id AND newer.id > receipt.id) AS last").
		Join("JOIN sponsors AS sponsor ON sponsor.id = receipt.sponsor_id").
		Where("receipt.ticket_id = ?", t.ID).Where("receipt.person_id = ?", t.PersonID).Where("receipt.community_id = ?", t.CommunityID).OrderExpr("receipt.id DESC").Scan(ctx)
	return receipts, wrapped("receipts", err)
}

// Withdraw ends a consent that the bearer of a ticket gave: the sponsor reads of them no more, and what was noted of them goes. Doing it again changes nothing. It fails
// with turnout.ErrNotFound.
func (s *Service) Withdraw(ctx context.Context, t *ticketing.Ticket, receipt turnout.ID) error {
	return wrapped("withdraw", s.ofBearer(ctx, t, receipt, func(ctx context.Context, tx bun.Tx, row *Receipt, _ *ticketing.Ticket) error {
		if !row.WithdrawnAt.IsZero() {
			return nil
		}
		at := s.Now()
		standing := tx.NewSelect().Model((*Receipt)(nil)).Column("id").Where("ticket_id = ?", row.TicketID).Where("sponsor_id = ?", row.SponsorID).
			Where("person_id = ?", row.PersonID).Where("withdrawn_at IS NULL") // under each name that they had
		if _, err := tx.NewUpdate().Model((*Lead)(nil)).Set("rating = NULL").Set("note = ''").Set("version = version + 1").Set("updated_at = ?", at).
			Where("receipt_id IN (?)", standing).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model((*Receipt)(nil)).Set("withdrawn_at = ?", at).Set("name = ''").Where("ticket_id = ?", row.TicketID).
			Where("sponsor_id = ?", row.SponsorID).Where("person_id = ?", row.PersonID).Where("withdrawn_at IS NULL").Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: row.CommunityID, Action: "lead.withdrawn", Subject: row.ID, Actor: audit.Actor{Kind: audit.Buyer, ID: t.ID}, At: at})
	}))
}

// ShareAgain gives a consent again that the bearer of a ticket had withdrawn, under the words that its receipt shows: the sponsor sees them as they are named now. Doing it
// again changes nothing. It fails with turnout.ErrNotFound, also for a receipt that a newer one followed.
func (s *Service) ShareAgain(ctx context.Context, t *ticketing.Ticket, receipt turnout.ID) error {
	return wrapped("share again", s.ofBearer(ctx, t, receipt, func(ctx context.Context, tx bun.Tx, row *Receipt, now *ticketing.Ticket) error {
		all, err := receiptsOf(ctx, tx, now, row.SponsorID)
		if err != nil || row.WithdrawnAt.IsZero() || all.standing(now.AttendeeName) != nil {
			return err
		}
		if all[0].ID != row.ID {
			return turnout.ErrNotFound
		}
		at := s.Now()
		again := &Receipt{ID: turnout.NewID("rcp"), CommunityID: row.CommunityID, EventID: row.EventID, SponsorID: row.SponsorID, TicketID: row.TicketID, PersonID: row.PersonID,
			Name: now.AttendeeName, Given: ByLink, Text: row.Text, GivenAt: at}
		if _, err := tx.NewInsert().Model(again).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model((*Lead)(nil)).Set("receipt_id = ?", again.ID).Set("version = version + 1").Set("updated_at = ?", at).Where("receipt_id = ?", row.ID).Exec(ctx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: row.CommunityID, Action: "lead.shared_again", Subject: again.ID, Actor: audit.Actor{Kind: audit.Buyer, ID: t.ID}, At: at})
	}))
}

// ofBearer does something with a receipt of whoever has the ticket now, under the ticket's lock.
func (s *Service) ofBearer(ctx context.Context, t *ticketing.Ticket, receipt turnout.ID, do func(context.Context, bun.Tx, *Receipt, *ticketing.Ticket) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now, err := ticketing.LockTicket(ctx, tx, t.CommunityID, t.ID)
		if err != nil {
			return err
		}
		row := new(Receipt)
		if err := tx.NewSelect().Model(row).Where("id = ?", receipt).Where("ticket_id = ?", now.ID).Where("person_id = ?", now.PersonID).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		return do(ctx, tx, row, now)
	})
}

// wrapped says which use case failed.
func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("leads: %s: %w", what, err)
	}
	return nil
}

// Explained gives what somebody at a stand is told of a scan that made no lead; nil when it is no such refusal.
func Explained(err error) *turnout.Error {
	for _, known := range []*turnout.Error{ErrOff, ErrNoBadge, ErrOldBadge, ErrNoConsent, ErrWithdrawn} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
