package checkin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/rules"
	"turnout/events"
	"turnout/internal/database"
	"turnout/ticketing"
)

// What a door keeps for the hours without a network. A device holds no list of people: of a ticket it keeps the beginning of its code's
// lookup, and a record that opens with the code alone.

// ShortLookup is how many bytes of a lookup (see ticketing.Lookup) a device keeps: enough that no two of an event are equal.
const ShortLookup = 16

// Short is the beginning of a lookup.
type Short [ShortLookup]byte

// feedOverlap is how far back a device that read everything reads again: what was written in a transaction that began earlier may be
// committed later. A test shortens it.
var feedOverlap = time.Minute

// feedRecords is how many records are told at once.
const feedRecords = 2000

// feedTickets is how many tickets are told at once. A test tells fewer.
var feedTickets = 25_000

// Position is how far a device has read: through the tickets in the order of their changes, and through the scans of its list.
type Position struct {
	Tickets ticketing.Since // After is "" for one that read everything
	Scan    turnout.ID      // the newest
	Begun   time.Time       // when the reading began that Tickets is in the middle of; zero for one that read everything
}

// String writes a position as the cursor that ParsePosition reads.
func (p Position) String() string {
	begun := ""
	if !p.Begun.IsZero() {
		begun = strconv.FormatInt(p.Begun.UnixMicro(), 10)
	}
	return strings.Join([]string{strconv.FormatInt(p.Tickets.At.UnixMicro(), 10), string(p.Tickets.After), string(p.Scan), begun}, ".")
}

// ParsePosition reads a cursor; the zero Position for what is none: the device then reads everything anew.
func ParsePosition(cursor string) Position {
	parts := strings.Split(cursor, ".")
	if len(parts) != 4 || parts[1] != "" && !turnout.ID(parts[1]).Is(turnout.PrefixTicket) || parts[2] != "" && !turnout.ID(parts[2]).Is("scn") {
		return Position{}
	}
	at, ok := moment(parts[0])
	begun, begins := moment(parts[3])
	if !ok || begins != (parts[1] != "") { // in the middle of everything, or through with it
		return Position{}
	}
	return Position{ticketing.Since{At: at, After: turnout.ID(parts[1])}, turnout.ID(parts[2]), begun}
}

// moment reads microseconds since 1970.
func moment(text string) (time.Time, bool) {
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil || micros <= 0 {
		return time.Time{}, false
	}
	return time.UnixMicro(micros).UTC(), true
}

// after is the position behind a page of tickets that ended with the last one, or behind all of them: then it is the time at which their
// reading began, for what was committed late.
func (p Position) after(now time.Time, full bool, last ticketing.Since) Position {
	begun := p.Begun
	if begun.IsZero() {
		begun = now
	}
	if full {
		return Position{last, p.Scan, begun}
	}
	return Position{Tickets: ticketing.Since{At: begun}, Scan: p.Scan}
}

// begun says whether the device is in the middle of reading everything that there was when it began, or has read it.
func (p Position) begun() bool { return !p.Tickets.At.IsZero() }

// whole says whether the device has read everything.
func (p Position) whole() bool { return p.begun() && p.Tickets.After == "" }

// from is where to go on reading tickets.
func (p Position) from() ticketing.Since {
	if p.whole() {
		return ticketing.Since{At: p.Tickets.At.Add(-feedOverlap)}
	}
	return p.Tickets
}

// TicketFeed is what changed at a door since a position.
type TicketFeed struct {
	Position Position
	More     bool // there is more: ask again at once
	Reset    bool // this is the beginning of everything
	Valid    []Short
	Others   []OtherCode
	Passes   []TicketPass
}

// OtherCode is a code that exists and does not open now.
type OtherCode struct {
	Lookup Short
	Reason Reason // Canceled, Revoked, Unpaid
}

// TicketPass is when a ticket passed a list's door; without entries its only one was annulled.
type TicketPass struct {
	Lookup         Short
	Entries, Exits []rules.Minute // oldest first; of lists that ask no more, the last entry alone
	Inside         bool
	EnteredAt      time.Time // the last entry
	Gate           string    // of it
}

// DoorFeed tells a device what changed of the tickets of a list's event, and who passed the list's doors, since a position. It fails with
// turnout.ErrNotFound for a list of another community.
func (s *Service) DoorFeed(ctx context.Context, community, list turnout.ID, from Position) (*TicketFeed, error) {
	g, err := s.gate(ctx, community, list)
	if err != nil {
		return nil, fmt.Errorf("checkin: door feed: %w", err)
	}
	feed, now, db := &TicketFeed{Reset: !from.begun(), Position: from}, s.Now(), s.DB.Read()
	codes, err := ticketing.DoorCodes(ctx, db, community, g.event.ID, from.from(), feedTickets)
	if err != nil {
		return nil, fmt.Errorf("checkin: door feed: %w", err)
	}
	tickets, current := feed.read(codes)
	full := len(tickets) == feedTickets
	if full && from.whole() { // it was away for so long that it had better hear everything
		return s.DoorFeed(ctx, community, list, Position{})
	}
	var last ticketing.Since
	if full {
		last = ticketing.Since{At: codes[len(codes)-1].UpdatedAt, After: codes[len(codes)-1].TicketID}
	} else if err := s.feedPasses(ctx, db, g, feed, from, tickets, current); err != nil {
		return nil, fmt.Errorf("checkin: door feed: %w", err)
	}
	feed.More, feed.Position = full, feed.Position.after(now, full, last)
	return feed, nil
}

// read sorts the codes by what they are worth, and gives their tickets and the current codes of those.
func (f *TicketFeed) read(codes []ticketing.DoorCode) (tickets []turnout.ID, current map[turnout.ID]Short) {
	current = make(map[turnout.ID]Short, len(codes))
	for i := range codes {
		c := &codes[i]
		if len(tickets) == 0 || tickets[len(tickets)-1] != c.TicketID {
			tickets = append(tickets, c.TicketID)
		}
		nonce, err := c.Key()
		if err != nil {
			continue // no code that anybody could show
		}
		short := shortOf(nonce)
		if c.Current {
			current[c.TicketID] = short
		}
		switch {
		case c.Status == ticketing.TicketCanceled:
			f.Others = append(f.Others, OtherCode{short, Canceled})
		case !c.Current:
			f.Others = append(f.Others, OtherCode{short, Revoked})
		case c.Status != ticketing.Valid:
			f.Others = append(f.Others, OtherCode{short, Unpaid})
		default:
			f.Valid = append(f.Valid, short)
		}
	}
	return tickets, current
}

func shortOf(n ticketing.Nonce) (short Short) {
	b, err := hex.DecodeString(ticketing.Lookup(n))
	if err != nil {
		panic(err) // hexadecimal digits, by contract
	}
	copy(short[:], b)
	return short
}

// feedPasses adds who passed: everybody at the beginning, else those with new or annulled scans, and those whose code is another now.
func (s *Service) feedPasses(ctx context.Context, db bun.IDB, g knownGate, feed *TicketFeed, from Position, changed []turnout.ID, current map[turnout.ID]Short) error {
	err := db.NewSelect().Model((*Scan)(nil)).Column("id").Where("list_id = ?", g.list.ID).Order("id DESC").Limit(1).Scan(ctx, &feed.Position.Scan)
	if err != nil && !database.IsNoRows(err) {
		return err
	}
	only := []turnout.ID(nil) // all
	if from.whole() {
		scanned, err := scannedSince(ctx, db, g.list.ID, from)
		if err != nil {
			return err
		}
		only = append(scanned, changed...)
		slices.Sort(only)
		if only = slices.Compact(only); len(only) == 0 {
			return nil
		}
	}
	passes, err := readPasses(ctx, db, g.list, only)
	if err != nil {
		return err
	}
	for _, p := range passes {
		feed.Passes = append(feed.Passes, p.TicketPass)
	}
	if only == nil {
		return nil
	}
	return s.feedGone(ctx, db, g, feed, passes, only, current)
}

// feedGone adds those who did not pass, as a device may believe that they did.
func (s *Service) feedGone(ctx context.Context, db bun.IDB, g knownGate, feed *TicketFeed, passes []*passRow, only []turnout.ID, current map[turnout.ID]Short) error {
	there := make(map[turnout.ID]bool, len(passes))
	for _, p := range passes {
		there[p.TicketID] = true
	}
	unknown := slices.DeleteFunc(slices.Clone(only), func(id turnout.ID) bool { _, ok := current[id]; return ok || there[id] })
	for chunk := range slices.Chunk(unknown, feedRecords) {
		tickets, err := ticketing.DoorTickets(ctx, db, g.event.ID, nil, chunk)
		if err != nil {
			return err
		}
		for _, t := range tickets {
			if nonce, err := (&ticketing.DoorCode{Nonce: t.Nonce}).Key(); err == nil {
				current[t.ID] = shortOf(nonce)
			}
		}
	}
	for _, id := range only {
		if short, ok := current[id]; ok && !there[id] {
			feed.Passes = append(feed.Passes, TicketPass{Lookup: short})
		}
	}
	return nil
}

// scannedSince gives the tickets that a list's doors let in or out since a position, and those whose scans were annulled.
func scannedSince(ctx context.Context, db bun.IDB, list turnout.ID, from Position) (ids []turnout.ID, err error) {
	err = db.NewSelect().Model((*Scan)(nil)).ColumnExpr("DISTINCT ticket_id").Where("list_id = ?", list).Where("id > ?", from.Scan.Earlier(feedOverlap)).
		Where("result = ?", Accepted).Scan(ctx, &ids)
	if err != nil {
		return nil, err
	}
	var annulled []turnout.ID
	err = db.NewSelect().Model((*Scan)(nil)).ColumnExpr("DISTINCT ticket_id").Where("list_id = ?", list).Where("annulled_at IS NOT NULL").
		Where("annulled_at >= ?", from.Tickets.At.Add(-feedOverlap)).Where("ticket_id IS NOT NULL").Scan(ctx, &annulled)
	return append(ids, annulled...), err
}

type passRow struct {
	TicketPass `bun:"-"`

	TicketID  turnout.ID
	Inside    bool
	EnteredAt time.Time
	Gate      string
	Nonce     string
}

// readPasses reads when tickets passed a list's door: all of them, or only some.
func readPasses(ctx context.Context, db bun.IDB, list *List, only []turnout.ID) (all []*passRow, err error) {
	if only == nil {
		return readSomePasses(ctx, db, list, nil)
	}
	for chunk := range slices.Chunk(only, feedRecords) {
		some, err := readSomePasses(ctx, db, list, chunk)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func readSomePasses(ctx context.Context, db bun.IDB, list *List, only []turnout.ID) ([]*passRow, error) {
	among := func(q *bun.SelectQuery, column string) *bun.SelectQuery {
		if only == nil {
			return q
		}
		return q.Where(column+" IN (?)", bun.List(only))
	}
	var rows []*passRow
	err := among(db.NewSelect().TableExpr("admissions AS admission").ColumnExpr("admission.ticket_id, admission.inside, admission.entered_at, scan.gate, code.nonce").
		Join("JOIN scans AS scan ON scan.id = admission.entered_by").Join("JOIN ticket_codes AS code ON code.ticket_id = admission.ticket_id AND code.state = 'current'").
		Where("admission.list_id = ?", list.ID), "admission.ticket_id").Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	byTicket := make(map[turnout.ID]*passRow, len(rows))
	for _, r := range rows {
		nonce, err := (&ticketing.DoorCode{Nonce: r.Nonce}).Key()
		if err != nil {
			return nil, err
		}
		r.TicketPass = TicketPass{Lookup: shortOf(nonce), Inside: r.Inside, EnteredAt: r.EnteredAt.UTC(), Gate: r.Gate, Entries: []rules.Minute{rules.At(r.EnteredAt)}}
		byTicket[r.TicketID] = r
	}
	if !list.remembers() {
		return rows, nil
	}
	var log []*Scan
	if err := among(standing(db, &log, list.ID).Column("ticket_id", "direction", "at"), "ticket_id").Scan(ctx); err != nil {
		return nil, err
	}
	pasts := make(map[turnout.ID]*past, len(rows))
	for _, scan := range log {
		if pasts[scan.TicketID] == nil {
			pasts[scan.TicketID] = &past{}
		}
		pasts[scan.TicketID].add(scan.Direction, scan.At)
	}
	for id, p := range pasts {
		if r := byTicket[id]; r != nil {
			r.Entries, r.Exits = p.entries, p.exits
		}
	}
	return rows, nil
}

// RecordFeed is a run of sealed records.
type RecordFeed struct {
	Position    Position
	More, Reset bool
	Records     []SealedRecord
}

// SealedRecord is what a door may show of a ticket: 12 random bytes, and under them AES-256-GCM (NIST SP 800-38D) of its JSON, with the
// short lookup as additional data. The key is HKDF-SHA256 (RFC 5869) of the code's nonce with the info "record": only the code opens it.
type SealedRecord struct {
	Lookup Short
	Sealed []byte
}

// openRecord is the JSON of a sealed record.
type openRecord struct {
	Name   string       `json:"name"`
	TypeID turnout.ID   `json:"type_id"`
	AddOns []turnout.ID `json:"add_ons"`
	Number int64        `json:"number"`
	Order  string       `json:"order"`

	Notices []ticketing.Notice `json:"notices,omitempty"`
}

// DoorRecords gives the records of valid tickets that changed since a position. It fails with turnout.ErrNotFound for a list of another
// community.
func (s *Service) DoorRecords(ctx context.Context, community, list turnout.ID, from Position) (*RecordFeed, error) {
	g, err := s.gate(ctx, community, list)
	if err != nil {
		return nil, fmt.Errorf("checkin: door records: %w", err)
	}
	feed, now := &RecordFeed{Reset: !from.begun()}, s.Now()
	tickets, err := ticketing.DoorRecords(ctx, s.DB.Read(), community, g.event.ID, from.from(), feedRecords)
	if err != nil {
		return nil, fmt.Errorf("checkin: door records: %w", err)
	}
	var last ticketing.Since
	if feed.More = len(tickets) == feedRecords; feed.More {
		last = ticketing.Since{At: tickets[feedRecords-1].UpdatedAt, After: tickets[feedRecords-1].ID}
	}
	feed.Position = from.after(now, feed.More, last)
	for _, t := range tickets {
		nonce, err := t.Key()
		if err != nil || t.Status != ticketing.Valid {
			continue
		}
		record, err := seal(nonce, openRecord{t.AttendeeName, t.TicketTypeID, t.AddOnIDs, t.Number, s.Ticketing.OrderCode(g.event.Number, t.OrderNumber), t.Notices()})
		if err != nil {
			return nil, fmt.Errorf("checkin: door records: %w", err)
		}
		feed.Records = append(feed.Records, record)
	}
	return feed, nil
}

func seal(nonce ticketing.Nonce, open openRecord) (SealedRecord, error) {
	record := SealedRecord{Lookup: shortOf(nonce), Sealed: make([]byte, 12)}
	key, err := hkdf.Key(sha256.New, nonce[:], nil, "record", 32)
	if err != nil {
		return record, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return record, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return record, err
	}
	plain, err := json.Marshal(open)
	if err != nil {
		return record, err
	}
	_, _ = rand.Read(record.Sealed) // never fails
	record.Sealed = aead.Seal(record.Sealed, record.Sealed, plain, record.Lookup[:])
	return record, nil
}

// Bytes writes records one after the other: the short lookup, two bytes of length (big endian), what is sealed.
func (f *RecordFeed) Bytes() (run []byte) {
	for _, r := range f.Records {
		run = append(run, r.Lookup[:]...)
		run = binary.BigEndian.AppendUint16(run, uint16(len(r.Sealed)))
		run = append(run, r.Sealed...)
	}
	return run
}

// DoorList is what a device must know of a list to decide alone.
type DoorList struct {
	List      *List
	Evaluator *rules.List
	Key       []byte // Ed25519, of the event's codes
	Event     *events.Event
	Types     []DoorType
	AddOns    []DoorAddOn
}

// DoorType is a ticket type of the event, deleted ones too.
type DoorType struct {
	ID     turnout.ID
	Number int64 // in codes
	Name   string
}

// DoorAddOn is an add-on of the event.
type DoorAddOn struct {
	ID   turnout.ID
	Name string
}

// DoorList describes a list for a device. It fails with turnout.ErrNotFound for a list of another community.
func (s *Service) DoorList(ctx context.Context, community, list turnout.ID) (*DoorList, error) {
	g, err := s.gate(ctx, community, list)
	if err != nil {
		return nil, fmt.Errorf("checkin: door list: %w", err)
	}
	d, db := &DoorList{List: g.list, Evaluator: g.rules, Key: g.key, Event: g.event}, s.DB.Read()
	err = db.NewSelect().Table("ticket_types").Column("id", "number", "name").Where("event_id = ?", g.event.ID).Where("community_id = ?", community).Order("number").Scan(ctx, &d.Types)
	if err == nil {
		err = db.NewSelect().Table("add_ons").Column("id", "name").Where("event_id = ?", g.event.ID).Where("community_id = ?", community).Order("id").Scan(ctx, &d.AddOns)
	}
	if err != nil {
		return nil, fmt.Errorf("checkin: door list: %w", err)
	}
	return d, nil
}
