package ticketing

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/blobs"
	"turnout/internal/database"
	"turnout/ticketing/documents"
)

// ErrNoTickets says that an order has no valid ticket to print.
var ErrNoTickets = &turnout.Error{Kind: turnout.Conflict, Code: "no_tickets", Message: "This order has no valid tickets."}

// ErrTicketOver says that a ticket is not valid, or not any more.
var ErrTicketOver = &turnout.Error{Kind: turnout.Conflict, Code: "ticket_over", Message: "This ticket is not valid."}

// WriteTickets writes the valid tickets of an order as a PDF, one page each, in the order's language. The same order gives
// the same bytes. It fails with ErrNoTickets.
func (s *Service) WriteTickets(ctx context.Context, w io.Writer, o *Order, size documents.Size) error {
	var valid []*Ticket
	for _, t := range o.Tickets {
		if t.Status == Valid {
			valid = append(valid, t)
		}
	}
	if len(valid) == 0 {
		return ErrNoTickets
	}
	return s.writePaper(ctx, w, o, valid, size)
}

// WriteTicket is WriteTickets for one ticket of the order. It fails with ErrTicketOver.
func (s *Service) WriteTicket(ctx context.Context, w io.Writer, o *Order, t *Ticket, size documents.Size) error {
	if t.Status != Valid {
		return ErrTicketOver
	}
	return s.writePaper(ctx, w, o, []*Ticket{t}, size)
}

func (s *Service) writePaper(ctx context.Context, w io.Writer, o *Order, tickets []*Ticket, size documents.Size) error {
	event, community, err := s.eventOf(ctx, o)
	if err != nil {
		return err
	}
	design, err := s.Design(ctx, event)
	if err != nil {
		return err
	}
	paper, err := s.paperOf(ctx, event, community, design, o.Locale)
	if err != nil {
		return err
	}
	paper.Code, paper.Size, paper.Made = o.Code, size, o.UpdatedAt
	for _, t := range tickets {
		ticket := documents.Ticket{Code: t.Code, Attendee: t.AttendeeName, Type: o.TypeName(t), Virtual: t.AttendanceMode == Virtual, Extras: o.Extras(t)}
		if ticket.Virtual {
			ticket.JoinURL = s.JoinLink(t)
			ticket.Opens = s.Pages.Moment(o.Locale, event.JoinOpensAt(), event.Timezone)
		}
		if line := o.lineOf(t); design.ShowPrice && line != nil {
			ticket.Details = []documents.Detail{{Label: paper.Words.Price, Value: s.Pages.Money(o.Locale, o.Money(line.UnitPrice-line.Discount))}}
		}
		paper.Tickets = append(paper.Tickets, ticket)
	}
	if err := documents.TicketsPDF(w, paper); err != nil {
		return fmt.Errorf("ticketing: tickets of %s: %w", o.ID, err)
	}
	return nil
}

// Codes gives what the QR of each valid ticket of the event says, in one statement; the ids of other tickets have none.
func (s *Service) Codes(ctx context.Context, e *events.Event, ids []turnout.ID) (map[turnout.ID]string, error) {
	tickets, err := ticketsWhere(ctx, s.DB.Read(), "ticket.id IN (?) AND ticket.event_id = ? AND ticket.community_id = ?", bun.List(ids), e.ID, e.CommunityID)
	for _, t := range tickets {
		t.event = e
	}
	if err == nil {
		err = signTickets(tickets)
	}
	codes := make(map[turnout.ID]string, len(tickets))
	for _, t := range tickets {
		codes[t.ID] = t.Code
	}
	return codes, wrapped("codes", err)
}

// Accent gives the colour of the event's papers, its own or that of its community: "#rrggbb", or empty for Turnout's.
func (s *Service) Accent(ctx context.Context, e *events.Event) (string, error) {
	b, err := s.brandOf(ctx, e)
	return b.Accent, err
}

// Logo gives the picture on the event's papers, nil for none.
func (s *Service) Logo(ctx context.Context, e *events.Event) ([]byte, error) {
	design, err := s.Design(ctx, e)
	if err != nil {
		return nil, err
	}
	return s.logoOf(ctx, design)
}

func (s *Service) logoOf(ctx context.Context, d *Design) ([]byte, error) {
	if d.LogoHash == "" {
		return nil, nil
	}
	logo, err := blobs.Find(ctx, s.DB.Read(), d.LogoHash)
	if err != nil {
		return nil, fmt.Errorf("ticketing: logo of %s: %w", d.EventID, err)
	}
	return logo.Data, nil
}

// paperOf is the paper of an event's tickets without any ticket.
func (s *Service) paperOf(ctx context.Context, e *events.Event, b brand, d *Design, lang string) (documents.Order, error) {
	paper := documents.Order{
		Words: s.words(lang), Design: documents.Design{Layout: d.Layout, LargeName: d.LargeName, HideOrder: !d.ShowOrder},
		Event: documents.Event{Title: e.Title, Community: b.Name, Accent: b.Accent, When: s.Pages.When(lang, e.StartsAt, e.EndsAt, e.Timezone), Organiser: b.Name, Terms: d.Note},
	}
	if d.ShowVenue {
		paper.Event.Where = Place(e)
	}
	var err error
	paper.Event.Logo, err = s.logoOf(ctx, d)
	return paper, err
}

// lineOf is the line that the ticket was bought by.
func (o *Order) lineOf(t *Ticket) *OrderLine {
	if i := slices.IndexFunc(o.Lines, func(l *OrderLine) bool { return l.ID == t.LineID }); i >= 0 {
		return o.Lines[i]
	}
	return nil
}

// TypeName is what the order's line calls the ticket's type.
func (o *Order) TypeName(t *Ticket) string {
	if line := o.lineOf(t); line != nil {
		return line.Name
	}
	return ""
}

// Extras names the add-ons that come with a ticket: "2 × Dinner".
func (o *Order) Extras(t *Ticket) (names []string) {
	for _, has := range o.AddOns {
		i := slices.IndexFunc(o.Lines, func(l *OrderLine) bool { return l.ID == has.LineID })
		if has.TicketID != t.ID || i < 0 {
			continue
		}
		name := o.Lines[i].Name
		if has.Quantity > 1 {
			name = fmt.Sprintf("%d × %s", has.Quantity, name)
		}
		names = append(names, name)
	}
	return names
}

// ExtraName names what a ticket has of an add-on, as it was sold: "2 × Dinner".
func (o *Order) ExtraName(ticket, addOn turnout.ID) string {
	name, n := "", int64(0)
	for _, has := range o.AddOns {
		if has.TicketID == ticket && has.AddOnID == addOn {
			name, n = o.line(has.LineID).Name, n+has.Quantity
		}
	}
	if n > 1 {
		return fmt.Sprintf("%d × %s", n, name)
	}
	return name
}

// WriteCalendar writes the event's date as a calendar file for whoever has the link that it names: OrderLink or TicketLink.
func (s *Service) WriteCalendar(ctx context.Context, w io.Writer, o *Order, link string) error {
	event, _, err := s.eventOf(ctx, o)
	if err != nil {
		return err
	}
	entry := agenda.CalendarEvent{
		UID: string(o.ID) + "@turnout", Sequence: int(event.Version), Stamp: o.UpdatedAt, Start: event.StartsAt, End: event.EndsAt,
		Zone: event.Location(), Summary: event.Title, Description: link, Location: Place(event),
		URL: s.BaseURL + "/e/" + event.Slug, Canceled: o.Status == OrderCanceled,
	}
	calendar := agenda.Calendar{Mailed: true, Events: []agenda.CalendarEvent{entry}}
	return calendar.Write(w)
}

// eventOf gives an order's event and the name of its community.
func (s *Service) eventOf(ctx context.Context, o *Order) (*events.Event, brand, error) {
	event, err := events.Find(ctx, s.DB.Read(), o.CommunityID, string(o.EventID))
	if err != nil {
		return nil, brand{}, fmt.Errorf("ticketing: event of order: %w", err)
	}
	b, err := s.brandOf(ctx, event)
	return event, b, err
}

// brandOf gives the name of the event's community, and the event's colour or that of the community.
func (s *Service) brandOf(ctx context.Context, e *events.Event) (b brand, err error) {
	if err := s.DB.Read().NewSelect().Table("communities").Column("name", "accent").Where("id = ?", e.CommunityID).Scan(ctx, &b); err != nil {
		return brand{}, fmt.Errorf("ticketing: community of event: %w", err)
	}
	b.Accent = cmp.Or(e.Accent, b.Accent)
	return b, nil
}

// brand is in whose name something is written, and in which colour ("#rrggbb", or empty for Turnout's own).
type brand struct{ Name, Accent string }

// Place writes where an event is, in one line: venue, street, city. It is empty for a virtual one.
func Place(e *events.Event) string {
	var parts []string
	for _, p := range []string{e.VenueName, e.VenueAddress, e.VenueCity} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

const (
	ticketSecret = "ticket"
	bearerSecret = "bearer"
)

// TicketLink is the address of a ticket's own page, for whoever comes with it. A transfer or a reissue makes it void: the nonce
// of the current code is part of what is signed.
func (s *Service) TicketLink(t *Ticket) string {
	return s.BaseURL + "/tickets/" + string(t.ID) + "?secret=" + s.Keys.Sign(ticketSecret, string(t.ID), t.nonce.String())
}

// BearerLink is TicketLink for the mails of whoever bears the ticket alone: the buyer, whose pages name that, is not asked for what is only the bearer's, see BearerHolds.
func (s *Service) BearerLink(t *Ticket) string {
	return s.TicketLink(t) + "&own=" + s.Keys.Sign(bearerSecret, string(t.ID), t.nonce.String(), string(t.PersonID))
}

// BearerHolds says whether who opened a ticket's link is its bearer: by the rest of a BearerLink, or because the buyer comes with it themselves.
func (s *Service) BearerHolds(t *Ticket, o *Order, own string) bool {
	return !t.Borne || t.AttendeeEmail == "" || t.AttendeeEmail == o.BuyerEmail || s.Keys.Verify(own, bearerSecret, string(t.ID), t.nonce.String(), string(t.PersonID))
}

// TicketBySecret gives the ticket that a personal link names, which may be canceled, with its order. It fails with
// turnout.ErrNotFound for a wrong secret and for a ticket that is not bought yet.
func (s *Service) TicketBySecret(ctx context.Context, id turnout.ID, secret string) (*Ticket, *Order, error) {
	return s.ticketWhere(ctx, func(t *Ticket) bool {
		return t.Status != Reserved && s.Keys.Verify(secret, ticketSecret, string(id), t.nonce.String())
	}, "id = ?", id)
}

// TicketOf gives a ticket of the community, with its order, or turnout.ErrNotFound.
func (s *Service) TicketOf(ctx context.Context, community, id turnout.ID) (*Ticket, *Order, error) {
	return s.ticketWhere(ctx, func(*Ticket) bool { return true }, "id = ? AND community_id = ?", id, community)
}

func (s *Service) ticketWhere(ctx context.Context, opens func(*Ticket) bool, where string, args ...any) (*Ticket, *Order, error) {
	var found Ticket
	if err := s.DB.Read().NewSelect().Model(&found).Column("id", "order_id", "community_id").Where(where, args...).Scan(ctx); err != nil {
		return nil, nil, fmt.Errorf("ticketing: ticket: %w", database.NotFound(err))
	}
	order, err := s.orderWhere(ctx, s.DB.Read(), "id = ? AND community_id = ?", found.OrderID, found.CommunityID)
	if err != nil {
		return nil, nil, fmt.Errorf("ticketing: order of ticket: %w", err)
	}
	for _, t := range order.Tickets {
		if t.ID == found.ID && opens(t) {
			return t, order, nil
		}
	}
	return nil, nil, turnout.ErrNotFound
}

const joinSecret = "join"

// JoinLink is a virtual ticket's personal link into the room. A ticket that was canceled, moved or reissued loses it: the
// nonce of its current code is part of what is signed.
func (s *Service) JoinLink(t *Ticket) string {
	return s.BaseURL + "/join/" + string(t.ID) + "?secret=" + s.Keys.Sign(joinSecret, string(t.ID), t.nonce.String())
}

// JoinTicket gives the ticket that a join link names, which may be canceled, and its event. It fails with turnout.ErrNotFound
// for a wrong secret and for a ticket that is not bought yet, or not virtual.
func (s *Service) JoinTicket(ctx context.Context, id turnout.ID, secret string) (*Ticket, *events.Event, error) {
	tickets, err := ticketsWhere(ctx, s.DB.Read(), "ticket.id = ?", id)
	if err != nil {
		return nil, nil, fmt.Errorf("ticketing: join: %w", err)
	}
	if len(tickets) == 0 || !s.Keys.Verify(secret, joinSecret, string(id), tickets[0].nonce.String()) {
		return nil, nil, turnout.ErrNotFound
	}
	t := tickets[0]
	if t.Status == Reserved || t.AttendanceMode != Virtual {
		return nil, nil, turnout.ErrNotFound
	}
	event, err := events.Find(ctx, s.DB.Read(), t.CommunityID, string(t.EventID))
	if err != nil {
		return nil, nil, fmt.Errorf("ticketing: join: %w", err)
	}
	return t, event, nil
}

func (s *Service) words(lang string) documents.Words {
	say := func(key string) string { return s.Pages.Message(lang, "paper."+key) }
	return documents.Words{
		Attendee: say("attendee"), Ticket: say("ticket"), When: say("when"), Where: say("where"), Order: say("order"),
		TicketCode: say("ticket_code"), Terms: say("terms"), InPerson: say("in_person"), Virtual: say("virtual"), AtDoor: say("at_door"),
		HowToJoin: say("how_to_join"), Join: say("join"), RoomOpens: say("room_opens"), NoLink: say("no_link"), NoName: say("no_name"),
		TicketOf: say("ticket_of"), Extras: say("extras"), Price: say("price"),
	}
}

func toBytes(write func(w io.Writer) error) ([]byte, error) {
	var b bytes.Buffer
	err := write(&b)
	return b.Bytes(), err
}
