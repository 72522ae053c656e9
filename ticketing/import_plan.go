package ticketing

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"turnout"
	"turnout/events/people"
	"turnout/ticketing/intake"
)

// ImportChoices are what the organiser decided about a list before it is brought in.
type ImportChoices struct {
	Columns  map[int]intake.Field  `json:"columns,omitempty"`   // what columns mean, by their place from 0, where it is not what was recognised
	Types    map[string]turnout.ID `json:"types,omitempty"`     // the ticket type of the list's words, folded; "" for none
	Rest     turnout.ID            `json:"rest,omitempty"`      // the ticket type of words for which nothing else says one
	Bring    []int                 `json:"bring,omitempty"`     // rows that come though they are duplicates
	BringAll []DuplicateKind       `json:"bring_all,omitempty"` // kinds of duplicates of which all come
	Mail     bool                  `json:"mail,omitempty"`      // mail the tickets
}

// DuplicateKind says why a row of a list seems to be somebody who is known already.
type DuplicateKind string

// The kinds of duplicates, the weightiest first: a row is named under one.
const (
	ImportedBefore DuplicateKind = "imported_before" // the same reference was imported before
	ReferenceTwice DuplicateKind = "reference_twice" // the same reference stands above
	HasTicket      DuplicateKind = "has_ticket"      // the e-mail address has a ticket of this event
	EmailTwice     DuplicateKind = "email_twice"     // the e-mail address stands above
	NameHasTicket  DuplicateKind = "name_has_ticket" // somebody of the same name, both without an address, has a ticket
	NameTwice      DuplicateKind = "name_twice"      // the same name without an address stands above
)

// DuplicateKinds are all kinds, in their order.
var DuplicateKinds = []DuplicateKind{ImportedBefore, ReferenceTwice, HasTicket, EmailTwice, NameHasTicket, NameTwice}

// Duplicate is a row of a list that seems to be somebody who is known already.
type Duplicate struct {
	Row     int           `json:"row"`
	Kind    DuplicateKind `json:"kind"`
	Name    string        `json:"name"`
	Email   string        `json:"email"`
	Other   int           `json:"other_row"` // the row above that it repeats; 0 for none
	OrderID turnout.ID    `json:"order_id"`  // the order of the ticket that is there; "" for none
	Brought bool          `json:"brought"`
	Idle    bool          `json:"idle"` // one of this row and the one that it repeats does not come anyway, so there is nothing to choose
}

// ImportSkip is a row that is not brought in, and why: a status of package intake, a DuplicateKind, or one of the Skip codes.
type ImportSkip struct {
	Row    int    `json:"row"`
	Reason string `json:"reason"`
	Name   string `json:"name"`
}

// The further reasons for which a row is not brought in.
const (
	SkipUnreadable = "unreadable"     // its warning says why
	SkipNoType     = "no_ticket_type" // nothing says which ticket type
	SkipNoPlaces   = "no_places"      // the list says that it has none
)

// TypeMatch is what the list calls a sort of ticket, and which ticket type that is.
type TypeMatch struct {
	Words        string     `json:"words"` // "" for rows that say nothing
	Key          string     `json:"-"`     // the words folded
	TicketTypeID turnout.ID `json:"ticket_type_id"`
	Places       int64      `json:"places"`
}

// PoolNeed is how many places of a pool an import takes, and how many there are.
type PoolNeed struct {
	PoolID turnout.ID `json:"pool_id"`
	Name   string     `json:"name"`
	Needed int64      `json:"needed"`
	Free   int64      `json:"free"`
}

// Short is how many places are missing.
func (n PoolNeed) Short() int64 { return max(0, n.Needed-n.Free) }

// ImportPlan says what an import would make, and what it would leave out and why.
type ImportPlan struct {
	List       *intake.List
	Orders     []ImportOrder
	Tickets    int64
	Types      []TypeMatch
	Skipped    []ImportSkip
	Duplicates []Duplicate
	Pools      []PoolNeed
	Warnings   []intake.Warning // the list's own, and those of the plan
}

// Skips counts the rows that are not brought in by their reason.
func (p *ImportPlan) Skips() map[string]int {
	counts := map[string]int{}
	for _, s := range p.Skipped {
		counts[s.Reason]++
	}
	return counts
}

// ImportOrder is an order that an import makes. Its tickets are in the order of its lines.
type ImportOrder struct {
	Rows      []int          `json:"rows"`
	Refs      []string       `json:"refs,omitempty"` // of its attendees in the tool that they come from, disguised
	Reference string         `json:"reference,omitempty"`
	Locale    string         `json:"locale,omitempty"`
	Buyer     Attendee       `json:"buyer"`
	Tickets   []ImportTicket `json:"tickets"`
}

// ImportTicket is a ticket that an import makes.
type ImportTicket struct {
	TicketTypeID turnout.ID `json:"ticket_type_id"`
	Attendee
}

// Digest tells one plan from another: who confirms has seen what is made.
func (p *ImportPlan) Digest() string {
	text, err := json.Marshal(p.Orders)
	if err != nil {
		panic(err) // plain data
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// eventHas is what the event has already, for comparing with a list.
type eventHas struct {
	types  []*TicketType
	addOns []*AddOn // that a ticket has without being asked
	pools  []*Pool
	// Of what the list names alone:
	emails map[string]turnout.ID // the order of the ticket that an address has
	names  map[string]turnout.ID // the order of the ticket that a name without an address has, folded
	refs   map[string]turnout.ID // the order that an earlier import made for a reference
}

// planning is the work on one plan.
type planning struct {
	*ImportPlan
	choices ImportChoices
	known   eventHas
	types   map[string]int      // place in Types by folded words
	inOrder map[string]int      // rows of an order so far that have no reference of their own
	above   map[string]rowAbove // by what tells who it is
	groups  map[string]*ImportOrder
	order   []string // keys of groups, as they came
	checked int      // rows brought in that another door let in
	paid    int      // rows brought in that say what was paid
}

// rowAbove is the row that those below it are compared with.
type rowAbove struct {
	row   *intake.Row
	comes bool
}

// planImport compares a list with what the event has. It changes nothing, and the same input gives the same plan.
func planImport(list *intake.List, choices ImportChoices, have eventHas) *ImportPlan {
	p := &planning{ImportPlan: &ImportPlan{List: list, Warnings: slices.Clone(list.Warnings)}, choices: choices, known: have,
		types: map[string]int{}, inOrder: map[string]int{}, above: map[string]rowAbove{}, groups: map[string]*ImportOrder{}}
	left := list.LeftOut
	for i := range list.Rows {
		for len(left) > 0 && left[0] < list.Rows[i].Number {
			p.skip(left[0], SkipUnreadable, "")
			left = left[1:]
		}
		p.row(&list.Rows[i])
	}
	for _, row := range left {
		p.skip(row, SkipUnreadable, "")
	}
	for _, key := range p.order {
		p.Orders = append(p.Orders, p.groups[key].split()...)
	}
	p.needs()
	if p.checked > 0 {
		p.warn(0, "", "checked_in", "%d rows were checked in there. Here nobody has come yet: check-ins are not brought in.", p.checked)
	}
	if p.paid > 0 {
		p.warn(0, "", "paid_there", "%d rows say what was paid there. That money is not this event's income here.", p.paid)
	}
	return p.ImportPlan
}

func (p *planning) warn(row int, column, code, format string, args ...any) {
	p.Warnings = append(p.Warnings, intake.Warning{Row: row, Column: column, Code: code, Message: fmt.Sprintf(format, args...), Data: args})
}

func (p *planning) skip(row int, reason, name string) {
	p.Skipped = append(p.Skipped, ImportSkip{row, reason, name})
}

// row decides about one row.
func (p *planning) row(row *intake.Row) {
	comes := (row.Status == intake.Comes || row.Status == intake.CheckedIn) && row.Quantity > 0
	who, sound := p.attendee(row, comes)
	comes = comes && sound
	ref := p.reference(row)
	brought, kind := p.compare(row, who, ref, comes)
	switch {
	case !sound:
		p.skip(row.Number, SkipUnreadable, row.Name)
	case row.Status != intake.Comes && row.Status != intake.CheckedIn:
		p.skip(row.Number, string(row.Status), who.Name)
	case row.Quantity == 0:
		p.skip(row.Number, SkipNoPlaces, who.Name)
	case !brought:
		p.match(row, 0)
		p.skip(row.Number, string(kind), who.Name)
	default:
		if kind == ImportedBefore || kind == ReferenceTwice {
			ref = "" // it belongs to the one that is there
		}
		p.bring(row, who, ref)
	}
}

// attendee is whom the row names, false for nobody. Where the name is missing the address stands for it.
func (p *planning) attendee(row *intake.Row, comes bool) (Attendee, bool) {
	who := Attendee{Name: row.Name}
	if row.Email != "" {
		email, err := people.NormaliseEmail(row.Email)
		if err != nil && comes {
			p.warn(row.Number, "", "bad_email", "“%s” is no e-mail address and was left out.", row.Email)
		}
		who.Email = email
	}
	if who.Name == "" && who.Email != "" {
		who.Name = who.Email
		if comes {
			p.warn(row.Number, "", "no_name", "This row has no name; the e-mail address stands for it.")
		}
	}
	return who, who.Name != ""
}

// reference tells a row from all others of its tool, "" where the list has none: the attendee's own, else the order's with
// the place in it. Only a hash of it is kept, for it names a person somewhere else.
func (p *planning) reference(row *intake.Row) string {
	tool, _, _ := strings.Cut(string(p.List.Form), "_") // both of Eventbrite's reports are one tool's
	parts := []string{tool, "attendee", row.AttendeeRef}
	if row.AttendeeRef == "" {
		if row.OrderRef == "" {
			return ""
		}
		p.inOrder[row.OrderRef]++
		parts = []string{tool, "order", row.OrderRef, strconv.Itoa(p.inOrder[row.OrderRef])}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// compare says whether the row is brought in as far as duplicates go, and the kind under which it was named, "" for none.
func (p *planning) compare(row *intake.Row, who Attendee, ref string, comes bool) (brought bool, kind DuplicateKind) {
	name := foldWords(who.Name)
	found := p.duplicate(row, who, ref, name)
	keys := []string{"ref " + ref, "email " + who.Email}
	if who.Email == "" {
		keys[1] = "name " + name
	}
	for _, key := range keys {
		if before, there := p.above[key]; !there || comes && !before.comes {
			p.above[key] = rowAbove{row, comes}
		}
	}
	if found == nil {
		return true, ""
	}
	if !comes {
		found.Idle = true
	}
	switch {
	case found.Other == 0 && !comes: // it repeats nothing of this list and does not come
		return false, ""
	case found.Idle:
		found.Brought = comes
	default:
		found.Brought = slices.Contains(p.choices.Bring, row.Number) || slices.Contains(p.choices.BringAll, found.Kind)
	}
	found.Row, found.Name, found.Email = row.Number, who.Name, who.Email
	p.Duplicates = append(p.Duplicates, *found)
	if found.Idle {
		return comes, ""
	}
	return found.Brought, found.Kind
}

// duplicate finds what the row repeats. Two rows that their tool tells apart within one order are two people, whose address is
// the buyer's; and so are two of one name that it tells apart, for names are not rare.
func (p *planning) duplicate(row *intake.Row, who Attendee, ref, name string) *Duplicate {
	apart := func(other *intake.Row) bool {
		return row.AttendeeRef != "" && other.AttendeeRef != "" && row.AttendeeRef != other.AttendeeRef
	}
	if ref != "" {
		if order, there := p.known.refs[ref]; there {
			return &Duplicate{Kind: ImportedBefore, OrderID: order}
		}
		if above, there := p.above["ref "+ref]; there {
			return &Duplicate{Kind: ReferenceTwice, Other: above.row.Number, Idle: !above.comes}
		}
	}
	if who.Email != "" {
		if order, there := p.known.emails[who.Email]; there {
			return &Duplicate{Kind: HasTicket, OrderID: order}
		}
		above, there := p.above["email "+who.Email]
		if there && !(apart(above.row) && row.OrderRef != "" && row.OrderRef == above.row.OrderRef) {
			return &Duplicate{Kind: EmailTwice, Other: above.row.Number, Idle: !above.comes}
		}
		return nil
	}
	if order, there := p.known.names[name]; there && name != "" {
		return &Duplicate{Kind: NameHasTicket, OrderID: order}
	}
	if above, there := p.above["name "+name]; there && name != "" && !apart(above.row) {
		return &Duplicate{Kind: NameTwice, Other: above.row.Number, Idle: !above.comes}
	}
	return nil
}

// match gives the ticket type of the row's words and counts its places.
func (p *planning) match(row *intake.Row, places int64) turnout.ID {
	key := foldWords(row.TicketType)
	i, there := p.types[key]
	if !there {
		i = len(p.Types)
		p.types[key] = i
		p.Types = append(p.Types, TypeMatch{Words: row.TicketType, Key: key, TicketTypeID: p.typeOf(key)})
	}
	p.Types[i].Places += places
	return p.Types[i].TicketTypeID
}

// typeOf is what the organiser chose for the words, else the type of that name, else what they chose for the rest, else, for rows
// that say nothing, the only one.
func (p *planning) typeOf(key string) turnout.ID {
	chosen, told := p.choices.Types[key]
	var rest turnout.ID
	for _, t := range p.known.types {
		switch {
		case told && t.ID == chosen, !told && key != "" && foldWords(t.Name) == key:
			return t.ID
		case !told && t.ID == p.choices.Rest, !told && key == "" && len(p.known.types) == 1:
			rest = t.ID
		}
	}
	return rest
}

// bring adds the row's tickets to its order.
func (p *planning) bring(row *intake.Row, who Attendee, ref string) {
	id := p.match(row, row.Quantity)
	if id == "" {
		p.skip(row.Number, SkipNoType, who.Name)
		return
	}
	key := "order " + row.OrderRef
	if row.OrderRef == "" {
		key = "row " + strconv.Itoa(row.Number)
	}
	o := p.groups[key]
	if o == nil {
		o = &ImportOrder{Reference: cutReference(cmp.Or(row.OrderRef, row.AttendeeRef)), Locale: row.Language}
		p.groups[key], p.order = o, append(p.order, key)
	}
	o.Rows = append(o.Rows, row.Number)
	if ref != "" {
		o.Refs = append(o.Refs, ref)
	}
	for range row.Quantity {
		o.Tickets = append(o.Tickets, ImportTicket{id, who})
	}
	p.Tickets += row.Quantity
	if row.Status == intake.CheckedIn {
		p.checked++
	}
	if row.Paid.Amount > 0 {
		p.paid++
	}
}

// importOrderTypes is how many ticket types an order of an import has at most: well below the lines that an order can have.
const importOrderTypes = 20

// split makes orders that can be: of at most a hundred tickets, sorted by ticket type as they came, the buyer being the first with an address.
// The rows and references are those of the first.
func (o *ImportOrder) split() (parts []ImportOrder) {
	part := ImportOrder{Rows: o.Rows, Refs: o.Refs, Reference: o.Reference, Locale: o.Locale}
	var types []turnout.ID
	end := func() {
		slices.SortStableFunc(part.Tickets, func(a, b ImportTicket) int {
			return cmp.Compare(slices.Index(types, a.TicketTypeID), slices.Index(types, b.TicketTypeID))
		})
		parts = append(parts, part)
		part, types = ImportOrder{Reference: o.Reference, Locale: o.Locale}, nil
	}
	for _, t := range o.Tickets {
		fresh := !slices.Contains(types, t.TicketTypeID)
		if len(part.Tickets) == maxQuantity || fresh && len(types) == importOrderTypes {
			end()
			fresh = true
		}
		if fresh {
			types = append(types, t.TicketTypeID)
		}
		if len(part.Tickets) == 0 || part.Buyer.Email == "" && t.Email != "" {
			part.Buyer = t.Attendee
		}
		part.Tickets = append(part.Tickets, t)
	}
	end()
	return parts
}

// needs counts the places that the orders take of each pool, with what tickets include.
func (p *planning) needs() {
	byType := map[turnout.ID]int64{}
	for _, o := range p.Orders {
		for _, t := range o.Tickets {
			byType[t.TicketTypeID]++
		}
	}
	byPool := map[turnout.ID]int64{}
	for _, t := range p.known.types {
		for _, pool := range t.PoolIDs {
			byPool[pool] += byType[t.ID]
		}
		for _, a := range p.known.addOns {
			how, _ := a.with(t.ID)
			for _, pool := range a.PoolIDs {
				byPool[pool] += byType[t.ID] * how.floor()
			}
		}
	}
	for _, pool := range p.known.pools {
		if n := byPool[pool.ID]; n > 0 {
			p.Pools = append(p.Pools, PoolNeed{PoolID: pool.ID, Name: pool.Name, Needed: n, Free: pool.Available()})
		}
	}
}

// cutReference keeps what a sale takes of a reference.
func cutReference(ref string) string {
	if runes := []rune(ref); len(runes) > 100 {
		return string(runes[:100])
	}
	return ref
}

// foldWords gives words in the form in which they are compared: case, accents and signs do not count.
func foldWords(text string) string {
	if words := people.Fold(text); len(words) > 0 {
		return strings.Join(words, " ")
	}
	return strings.ToLower(strings.TrimSpace(text))
}
