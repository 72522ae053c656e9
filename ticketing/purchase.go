package ticketing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"turnout"
	"turnout/events/people"
	"turnout/internal/audit"
)

// Purchase is what somebody wants to buy.
type Purchase struct {
	EventID   turnout.ID
	Lines     []PurchaseLine
	Buyer     Attendee
	Attendees []Bearer // the i-th bears the i-th ticket, lines in order; none: every ticket bears the buyer
	Answers   Answers  // to the questions about the order
	Voucher   string   // its code; "" for none
	Locale    string   // BCP 47, of mails and papers; "en" when empty

	// Expected is the total that the buyer was shown; when it would be another, nothing is sold (ErrPriceChanged). Nil for whatever it is.
	Expected *turnout.Money
	// Proven is an e-mail address that the buyer has shown to be theirs, normalised: see Service.ProofOf. Trusted stands for any.
	Proven  string
	Trusted bool // whoever asks may sell for others: an organiser's token
	// Client is the network address of a stranger, who may try only so many voucher codes; "" for whoever is known.
	Client  string
	counted string // the code that was counted for the client already
	// Offer is a waitlist entry whose offered places are accepted by this; whoever asks has shown that it is theirs.
	Offer turnout.ID
	// Desk makes it a sale at the box office, nil for the shop.
	Desk *DeskSale

	// Key makes repeating safe (the header Idempotency-Key); empty for none. Caller separates the keys of different callers.
	Key, Caller string
	// Amends says that Key is that of a form, which can be sent again changed: the order that it made before gives way to this one.
	Amends bool
	// Replaces is an order of the event that gives way to this one; whoever asks has shown that it is theirs. See replace.
	Replaces turnout.ID
	// Actor stands in the audit log; left empty it is the buyer.
	Actor audit.Actor
}

// PurchaseLine is one line of a purchase: tickets of a type, or an add-on for tickets of the same purchase.
type PurchaseLine struct {
	TicketTypeID turnout.ID
	AddOnID      turnout.ID // in the place of a ticket type
	Quantity     int64
	Price        *turnout.Money // of one, where the buyer names it; nil: what is suggested
	Tickets      []int          // of an add-on: which tickets have one each, counted from 0; none: spread over those that can have it
}

// Answers are what was answered, by question; how each kind is written stands in answers.go.
type Answers = map[turnout.ID]json.RawMessage

// Attendee is who bears a ticket. Without an e-mail address of their own they are reached through the buyer.
type Attendee struct {
	Name  string
	Email string
}

// Bearer is an attendee with what they answered.
type Bearer struct {
	Attendee
	Answers Answers
	Later   bool // fills in the form by a link
}

// DeskSale says how a ticket was sold or given by staff: the order is confirmed at once, whatever the shop's times, limits and
// restrictions say; only places cannot be made.
type DeskSale struct {
	Method    DeskMethod
	Reference string // of the card terminal, or in the list that was imported
	NameOnly  bool   // questions are not asked
	Mail      bool   // mail the tickets
	// Received is the cash that was handed over, in minor units; less than the total sells nothing. Nil for the exact sum.
	Received *int64
}

// DeskMethod is how a sale of the box office was paid.
type DeskMethod string

// The methods.
const (
	DeskCash     DeskMethod = "cash"
	DeskCard     DeskMethod = "card"     // at a terminal
	DeskTransfer DeskMethod = "transfer" // that has arrived
	DeskFree     DeskMethod = "free"     // given
	DeskImport   DeskMethod = "import"   // from another system's list; what was paid there is not ours
)

// given says whether nothing is asked for it.
func (d *DeskSale) given() bool { return d != nil && (d.Method == DeskFree || d.Method == DeskImport) }

const (
	maxLines    = 40
	maxQuantity = 100
	maxName     = 200
)

// shape says what is wrong with a purchase in itself, field by field, whatever is sold.
func (p *Purchase) shape() turnout.Problems {
	var probs turnout.Problems
	if len(p.Lines) == 0 || len(p.Lines) > maxLines {
		probs.Add("lines", "out_of_range", "An order has 1 to %d lines.", maxLines)
	}
	seen := map[turnout.ID]bool{}
	for i, line := range p.Lines {
		id, name := line.TicketTypeID, "ticket_type_id"
		if line.AddOnID != "" {
			id, name = line.AddOnID, "add_on_id"
		}
		if line.AddOnID != "" && line.TicketTypeID != "" {
			probs.Add(field("lines", i)+".add_on_id", "both", "A line is of a ticket type or of an add-on.")
		}
		if seen[id] {
			probs.Add(field("lines", i)+"."+name, "repeated", "This stands in another line; add the quantities.")
		}
		seen[id] = true
	}
	sane := p.sane(&probs)
	p.Buyer.check(&probs, "buyer", p.Desk == nil)
	if total := p.tickets(); sane && len(p.Attendees) > 0 && int64(len(p.Attendees)) != total {
		probs.Add("attendees", "attendees", "Name %d attendees, one for each ticket, or none.", total)
	}
	for i := range p.Attendees {
		a := &p.Attendees[i]
		if a.Later && strings.TrimSpace(a.Name) == "" {
			a.Name = p.Buyer.Name
		}
		a.check(&probs, field("attendees", i), false)
	}
	if len(p.Key) > MaxKey {
		probs.Add("Idempotency-Key", "too_long", "The key can have at most 255 characters.")
	}
	if p.Desk != nil {
		p.Desk.check(&probs)
	}
	return probs
}

// sane adds what is wrong with the numbers of a purchase; without a problem it can be counted.
func (p *Purchase) sane(probs *turnout.Problems) bool {
	before := len(*probs)
	total := int64(0)
	for i, line := range p.Lines {
		if line.Quantity < 1 || line.Quantity > maxQuantity {
			probs.Add(field("lines", i)+".quantity", "out_of_range", "Choose 1 to %d.", maxQuantity)
			continue
		}
		if line.AddOnID == "" {
			total += line.Quantity
		}
	}
	if total > maxQuantity && len(*probs) == before { // else a line says so itself
		probs.Add("lines", "out_of_range", "An order can hold at most %d tickets.", maxQuantity)
	}
	return len(*probs) == before
}

// proven says whether the buyer has shown that the address is theirs.
func (p *Purchase) proven() bool { return p.Proven != "" && p.Proven == p.Buyer.Email }

// tickets counts the tickets that are wanted.
func (p *Purchase) tickets() (n int64) {
	for _, line := range p.Lines {
		if line.AddOnID == "" {
			n += line.Quantity
		}
	}
	return n
}

func (a *Attendee) check(probs *turnout.Problems, name string, needsEmail bool) {
	a.Name, a.Email = strings.TrimSpace(a.Name), strings.TrimSpace(a.Email)
	probs.Require(name+".name", a.Name)
	if len([]rune(a.Name)) > maxName {
		probs.Add(name+".name", "too_long", "A name can have at most %d characters.", maxName)
	}
	if a.Email == "" {
		if needsEmail {
			probs.Require(name+".email", a.Email)
		}
		return
	}
	email, err := people.NormaliseEmail(a.Email)
	if err != nil {
		probs.Add(name+".email", "email", "This is not an e-mail address.")
		return
	}
	a.Email = email
}

func (d *DeskSale) check(probs *turnout.Problems) {
	d.Reference = strings.TrimSpace(d.Reference)
	probs.Line("reference", d.Reference, 100)
	switch d.Method {
	case DeskCash, DeskCard, DeskTransfer, DeskFree, DeskImport:
	default:
		probs.Add("method", "unknown", "Choose cash, card, transfer or free.")
	}
}

// bearer gives the attendee of the i-th ticket.
func (p *Purchase) bearer(i int) Bearer {
	if len(p.Attendees) == 0 {
		return Bearer{Attendee: p.Buyer}
	}
	a := p.Attendees[i]
	if a.Email == "" {
		a.Email = p.Buyer.Email
	}
	return a
}

// hash tells one request from another under the same key. A form that is sent again in another language, or with the total that it was
// shown again with, is the same: once it is paid it must not make a second order.
func (p *Purchase) hash() string {
	said := []any{p.EventID, p.Lines, p.Buyer, p.Attendees, p.Answers, FoldCode(p.Voucher), p.Offer, p.Desk}
	if !p.Amends {
		said = append(said, p.Expected, p.Locale)
	}
	body, err := json.Marshal(said)
	if err != nil {
		panic(err) // plain data; answers were read from JSON
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// field names the i-th of a list in problems.
func field(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
