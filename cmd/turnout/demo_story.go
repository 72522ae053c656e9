package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/badges"
	"turnout/checkin/leads"
	"turnout/checkin/online"
	"turnout/community"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/agenda/exchange"
	"turnout/events/budget"
	"turnout/events/organisers"
	"turnout/events/people"
	"turnout/events/speakers"
	"turnout/events/sponsors"
	"turnout/internal/audit"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/ticketing"
	"turnout/ticketing/payments/sandbox"
	"turnout/ticketing/signups"
)

type auditEntry = audit.Entry

// story is an invented history of one community, told in the rows that it left. The services that would have written them
// live in the present and open a transaction each, so what they keep (counters, claims, admissions) is kept here by hand, and
// the tests ask doctor's checks.
type story struct {
	slug   string
	now    time.Time
	rng    *rand.Rand
	names  []scriptNames
	emails map[string]bool
	guests []*guest // everybody so far
	door   turnout.ID
	files  []blobs.Blob

	community  *organisers.Community
	rule       *community.Rule
	accounts   rows[*organisers.Account]
	persons    rows[*people.Person]
	identities rows[*people.Identity]
	staff      rows[*organisers.Staff]
	grants     rows[*grant]
	events     rows[*events.Event]
	totals     rows[*totals]

	rooms           rows[*agenda.Room]
	tracks          rows[*agenda.Track]
	speakers        rows[*speakers.Speaker]
	sessions        rows[*agenda.Session]
	sessionSpeakers rows[*sessionSpeaker]
	speakerAnswers  rows[*speakerAnswer]
	releases        rows[*release]
	news            rows[*news]
	itineraries     rows[*agenda.Itinerary]
	chosen          rows[*chosen]
	signUpSettings  rows[*signups.Settings]
	signUps         rows[*signups.SignUp]
	feedback        rows[*signups.Feedback]
	online          rows[*online.Room]

	tiers       rows[*sponsors.Tier]
	sponsors    rows[*sponsors.Sponsor]
	sponsorPaid rows[*sponsors.Payment]
	lines       rows[*budget.Line]
	entries     rows[*budget.Entry]

	designs   rows[*ticketing.Design]
	badges    rows[*badges.Design]
	pools     rows[*ticketing.Pool]
	types     rows[*ticketing.TicketType]
	typePools rows[*typePool]
	orders    rows[*ticketing.Order]
	sold      rows[*ticketing.OrderLine]
	claims    rows[*claim]
	tickets   rows[*ticketing.Ticket]
	codes     rows[*ticketCode]
	payments  rows[*ticketing.Payment]
	refunds   rows[*ticketing.Refund]
	waiting   rows[*ticketing.WaitlistEntry]
	wishes    rows[*wish]
	booked    []*sandbox.Past

	addOns       rows[*ticketing.AddOn]
	addOnPools   rows[*addOnPool]
	addOnTypes   rows[*ticketing.AddOnWith]
	ticketAddOns rows[*ticketing.TicketAddOn]
	vouchers     rows[*ticketing.Voucher]
	voucherTypes rows[*voucherType]
	blocks       rows[*ticketing.Block]
	shops        rows[*ticketing.ShopSettings]
	views        rows[*ticketing.View]

	questions     rows[*ticketing.Question]
	words         rows[*ticketing.Wording]
	questionTypes rows[*questionType]
	answers       rows[*ticketing.Answer]

	lists      rows[*checkin.List]
	devices    rows[*checkin.Device]
	listTypes  rows[*listType]
	scans      rows[*checkin.Scan]
	admissions rows[*admission]
	present    rows[*checkin.Attendance]
	activities rows[*community.Activity]

	leadSettings rows[*leads.Settings]
	receipts     rows[*leads.Receipt]
	leads        rows[*leads.Lead]

	audit []auditEntry
}

// The rows of tables that their packages keep to themselves.
type (
	grant struct {
		bun.BaseModel `bun:"table:grants"`

		ID          turnout.ID
		CommunityID turnout.ID
		StaffID     turnout.ID
		Role        organisers.Role
		ScopeKind   organisers.ScopeKind
		ScopeID     turnout.ID
		CreatedAt   time.Time
	}
	totals struct {
		bun.BaseModel `bun:"table:event_totals"`

		EventID         turnout.ID
		CommunityID     turnout.ID
		LastOrder       int64
		LastTicket      int64
		LastType        int64
		OrdersHeld      int64
		OrdersConfirmed int64
		TicketsReserved int64
		TicketsValid    int64
		TicketsCanceled int64
		Paid            int64
		ProviderFees    int64
		Refunded        int64
		Waiting         int64
		Approvals       int64
	}
	sessionSpeaker struct {
		bun.BaseModel `bun:"table:session_speakers"`

		CommunityID turnout.ID
		SessionID   turnout.ID
		SpeakerID   turnout.ID
		Position    int64
	}
	release struct {
		bun.BaseModel  `bun:"table:schedule_releases"`
		agenda.Release `bun:",extend"`

		Schedule *exchange.Schedule `bun:"type:jsonb"`
	}
	chosen struct {
		bun.BaseModel `bun:"table:itinerary_sessions"`

		ItineraryID turnout.ID
		SessionID   turnout.ID
		CommunityID turnout.ID
		ChosenAt    time.Time
	}
	news struct {
		bun.BaseModel `bun:"table:schedule_news"`

		EventID     turnout.ID
		CommunityID turnout.ID
		Told        int64
	}
	typePool struct {
		bun.BaseModel `bun:"table:ticket_type_pools"`

		CommunityID  turnout.ID
		TicketTypeID turnout.ID
		PoolID       turnout.ID
	}
	addOnPool struct {
		bun.BaseModel `bun:"table:add_on_pools"`

		CommunityID turnout.ID
		AddOnID     turnout.ID
		PoolID      turnout.ID
	}
	voucherType struct {
		bun.BaseModel `bun:"table:voucher_ticket_types"`

		CommunityID  turnout.ID
		VoucherID    turnout.ID
		TicketTypeID turnout.ID
	}
	wish struct {
		bun.BaseModel `bun:"table:waitlist_entry_types"`

		EntryID      turnout.ID
		TicketTypeID turnout.ID
		CommunityID  turnout.ID
		Position     int64
		Waiting      bool
	}
	claim struct {
		bun.BaseModel `bun:"table:pool_claims"`

		HolderID    turnout.ID
		PoolID      turnout.ID
		HolderKind  string `bun:",nullzero,default:'line'"`
		CommunityID turnout.ID
		Places      int64
		Quantity    int64
	}
	ticketCode struct {
		bun.BaseModel `bun:"table:ticket_codes"`

		TicketID    turnout.ID
		Nonce       string
		CommunityID turnout.ID
		State       string
		TypeNumber  int64
		Mode        ticketing.Mode
		CreatedAt   time.Time
	}
	listType struct {
		bun.BaseModel `bun:"table:check_in_list_types"`

		CommunityID  turnout.ID
		ListID       turnout.ID
		TicketTypeID turnout.ID
	}
	admission struct {
		bun.BaseModel `bun:"table:admissions"`

		ListID      turnout.ID
		TicketID    turnout.ID
		CommunityID turnout.ID
		ScanID      turnout.ID
		Inside      bool
		At          time.Time
		EnteredBy   turnout.ID
		EnteredAt   time.Time
		LastAt      time.Time
		Passes      int64
	}
)

// rows are rows of one table.
type rows[T any] []T

// insert writes the rows, a few hundred in a statement.
func (r rows[T]) insert(ctx context.Context, tx bun.IDB) error {
	for chunk := range slices.Chunk(r, 400) {
		if _, err := tx.NewInsert().Model((*[]T)(&chunk)).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// write puts the whole history into the database.
func (s *story) write(ctx context.Context, tx bun.Tx) error {
	if err := blobs.Put(ctx, tx, s.now, s.files...); err != nil {
		return err
	}
	if err := (rows[*organisers.Community]{s.community}).insert(ctx, tx); err != nil {
		if database.IsUnique(err) {
			err = errSeeded
		}
		return err
	}
	if err := s.writeStaff(ctx, tx); err != nil {
		return err
	}
	if err := s.numberEvents(ctx, tx); err != nil {
		return err
	}
	counted := s.count()
	for _, table := range []interface {
		insert(ctx context.Context, tx bun.IDB) error
	}{
		rows[*community.Rule]{s.rule}, s.events, s.totals, s.rooms, s.tracks, s.speakers, s.sessions, s.sessionSpeakers, s.speakerAnswers, s.releases, s.news, s.itineraries, s.chosen,
		s.tiers, s.sponsors, s.sponsorPaid, s.lines, s.entries,
		s.designs, s.badges, s.shops, s.pools, s.types, s.typePools, s.addOns, s.addOnPools, s.addOnTypes, s.vouchers, s.voucherTypes, s.blocks, s.views,
		s.orders, s.sold, s.claims, s.tickets, s.codes, s.ticketAddOns, s.payments, s.refunds, s.waiting, s.wishes,
		s.questions, s.words, s.questionTypes, s.answers, s.signUpSettings, s.signUps, s.feedback, s.online,
		s.lists, s.listTypes, s.devices, s.scans, s.admissions, s.present, s.activities, s.leadSettings, s.receipts, s.leads,
		counted.tickets, counted.addOns, counted.sales, counted.admissions, counted.refusals, counted.attendance, counted.sessions,
	} {
		if err := table.insert(ctx, tx); err != nil {
			return err
		}
	}
	if err := s.index(ctx, tx); err != nil {
		return err
	}
	if err := sandbox.Book(ctx, tx, s.booked); err != nil {
		return err
	}
	s.chronicle()
	for chunk := range slices.Chunk(s.audit, 400) {
		if err := audit.Write(ctx, tx, chunk...); err != nil {
			return err
		}
	}
	return nil
}

// writeStaff makes people, accounts and grants. An account belongs to the installation: one that is there is taken.
func (s *story) writeStaff(ctx context.Context, tx bun.Tx) error {
	if err := s.persons.insert(ctx, tx); err != nil {
		return err
	}
	if err := s.identities.insert(ctx, tx); err != nil {
		return err
	}
	for i, account := range s.accounts {
		if _, err := tx.NewInsert().Model(account).On("CONFLICT (email) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		if err := tx.NewSelect().Model(account).Where("email = ?", account.Email).Scan(ctx); err != nil {
			return err
		}
		s.staff[i].AccountID = account.ID
	}
	if err := s.staff.insert(ctx, tx); err != nil {
		return err
	}
	return s.grants.insert(ctx, tx)
}

// numberEvents gives the events the installation's next numbers.
func (s *story) numberEvents(ctx context.Context, tx bun.Tx) error {
	var last int64
	err := tx.NewRaw(`INSERT INTO counters (name, value) VALUES ('events', ?0)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + ?0 RETURNING value`, len(s.events)).Scan(ctx, &last)
	for i, e := range s.events {
		e.Number = last - int64(len(s.events)) + int64(i) + 1
	}
	return err
}

// index makes the orders and their tickets findable, as the job that follows a sale does.
func (s *story) index(ctx context.Context, tx bun.Tx) error {
	orders, tickets := map[turnout.ID]map[turnout.ID]string{}, map[turnout.ID]map[turnout.ID]string{}
	for _, o := range s.orders {
		if orders[o.EventID] == nil {
			orders[o.EventID], tickets[o.EventID] = map[turnout.ID]string{}, map[turnout.ID]string{}
		}
		order, each := ticketing.OrderWords(o)
		orders[o.EventID][o.ID] = order
		maps.Copy(tickets[o.EventID], each)
	}
	for event := range orders {
		if err := people.IndexTokens(ctx, tx, s.community.ID, "order", event, orders[event]); err != nil {
			return err
		}
		if err := people.IndexTokens(ctx, tx, s.community.ID, "ticket", event, tickets[event]); err != nil {
			return err
		}
	}
	for _, w := range s.waiting {
		if err := people.IndexTokens(ctx, tx, s.community.ID, "waitlist", w.EventID, map[turnout.ID]string{w.ID: w.Name + " " + w.Email}); err != nil {
			return err
		}
	}
	return nil
}

// note adds a deed to the audit log.
func (s *story) note(at time.Time, actor audit.Actor, action string, subject turnout.ID) {
	s.audit = append(s.audit, auditEntry{Community: s.community.ID, Action: action, Subject: subject, Actor: actor, At: at})
}

// byStaff is the organiser at work.
func (s *story) byStaff() audit.Actor {
	if len(s.staff) == 0 {
		return audit.Actor{Kind: audit.System}
	}
	return audit.Actor{Kind: audit.Staff, ID: s.staff[min(1, len(s.staff)-1)].PersonID}
}

// found begins the community with its staff.
func (s *story) found(c *organisers.Community, at time.Time, staff int) {
	c.ID, c.Slug, c.Version, c.CreatedAt, c.UpdatedAt = turnout.NewID(turnout.PrefixCommunity), s.slug, 1, at, at
	s.community = c
	s.note(at, audit.Actor{Kind: audit.System}, "community.created", c.ID)
	for i, who := range demoSignIns[:staff] {
		joined := at.Add(time.Duration(i) * day)
		g := s.known(who.name, who.email, joined)
		account := &organisers.Account{ID: turnout.NewID(organisers.PrefixAccount), Email: who.email, Name: who.name, CreatedAt: joined, UpdatedAt: joined}
		member := &organisers.Staff{ID: turnout.NewID(organisers.PrefixStaff), CommunityID: c.ID, PersonID: g.person, CreatedAt: joined}
		s.accounts, s.staff = append(s.accounts, account), append(s.staff, member)
		s.grants = append(s.grants, &grant{ID: turnout.NewID(organisers.PrefixGrant), CommunityID: c.ID, StaffID: member.ID, Role: who.role,
			ScopeKind: organisers.InCommunity, ScopeID: c.ID, CreatedAt: joined})
		s.note(joined, audit.Actor{Kind: audit.System}, "staff.joined", member.ID)
		s.door = account.ID // the last one stands at the door
	}
}

// event adds an event; its status says what happened to it since created.
func (s *story) event(e events.Event, created time.Time) *events.Event {
	// Not drawn from the fixed seed: whoever reads this file must not be able to sign tickets.
	key := base64.StdEncoding.EncodeToString(secretBytes(ed25519.SeedSize))
	e.ID, e.CommunityID, e.Currency = turnout.NewID(turnout.PrefixEvent), s.community.ID, orEuro(e.Currency)
	e.SigningKey, e.PricesIncludeTax, e.JoinOpensMinutes = key, true, 30
	e.Version, e.CreatedAt, e.UpdatedAt = 1, created, created
	s.note(created, s.byStaff(), "event.created", e.ID)
	if e.Status != events.Draft {
		e.PublishedAt = created.Add(5 * day)
		e.UpdatedAt = e.PublishedAt
		e.Version++
		s.note(e.PublishedAt, s.byStaff(), "event.published", e.ID)
	}
	if e.Status == events.Ended {
		e.UpdatedAt = e.EndsAt.Add(40 * time.Second)
		e.Version++
		s.note(e.UpdatedAt, audit.Actor{Kind: audit.System}, "event.ended", e.ID)
	}
	s.events = append(s.events, &e)
	s.totals = append(s.totals, &totals{EventID: e.ID, CommunityID: e.CommunityID})
	return &e
}

func orEuro(currency string) string {
	if currency == "" {
		return "EUR"
	}
	return currency
}
