package ticketing

import (
	"context"
	"io"
	"slices"

	"turnout"
	"turnout/events/people"
	"turnout/internal/jobs"
	"turnout/internal/mail"
	"turnout/ticketing/documents"
)

// aboutTicket is what the mails about one ticket of an order say.
type aboutTicket struct {
	orderMail
	TicketType, Attendee, TicketURL string
	DetailsURL                      string // while something is still to be filled in, "" else
	AddOns                          string // "2 × Dinner"
}

func (s *Service) aboutTicket(ctx context.Context, o *Order, id turnout.ID) (aboutTicket, *Ticket, error) {
	data, err := s.orderMail(ctx, o)
	if err != nil {
		return aboutTicket{}, nil, err
	}
	t := o.Tickets[slices.IndexFunc(o.Tickets, func(t *Ticket) bool { return t.ID == id })]
	data.Place = placeOf(t, data.Place)
	return aboutTicket{orderMail: data, TicketType: o.TypeName(t), Attendee: t.AttendeeName}, t, nil
}

// placeOf is where the bearer of a ticket goes.
func placeOf(t *Ticket, place string) string {
	if t.AttendanceMode == Virtual {
		return ""
	}
	return place
}

// addOnCanceled tells the buyer which add-on of which ticket was canceled, and what of its price goes back.
func (s *Service) addOnCanceled(ctx context.Context, job jobs.Job, o *Order) error {
	var ref addOnRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	data, _, err := s.aboutTicket(ctx, o, ref.Ticket)
	if err != nil {
		return err
	}
	data.AddOns, data.Refund = ref.What, o.Money(ref.Refund)
	return s.send(ctx, job, o, "add_on_canceled", data)
}

// ticketGiven mails a ticket to whoever bears it now, while they do, and asks them for what is missing.
func (s *Service) ticketGiven(ctx context.Context, job jobs.Job, o *Order) error {
	var ref bearerRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	data, t, err := s.aboutTicket(ctx, o, ref.Ticket)
	if err != nil || t.Status != Valid || t.PersonID != ref.Person {
		return err
	}
	data.TicketURL = s.BearerLink(t)
	if t.DetailsDue {
		data.DetailsURL = s.DetailsLink(t)
	}
	pdf, err := toBytes(func(w io.Writer) error { return s.WriteTicket(ctx, w, o, t, documents.A4) })
	if err != nil {
		return err
	}
	return s.sendTo(ctx, t.AttendeeEmail, job.ID, o, "ticket_given", data, mail.Attachment{Name: "ticket.pdf", Type: "application/pdf", Data: pdf})
}

// ticketPassedOn tells whoever bore a ticket that somebody else does, and not who, unless it came back meanwhile.
func (s *Service) ticketPassedOn(ctx context.Context, job jobs.Job, o *Order) error {
	var ref bearerRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	data, t, err := s.aboutTicket(ctx, o, ref.Ticket)
	if err != nil || t.PersonID == ref.Person {
		return err
	}
	to := o.BuyerEmail
	if ref.Person != o.PersonID {
		if to, err = people.Email(ctx, s.DB.Read(), o.CommunityID, ref.Person); err != nil || to == "" {
			return err
		}
	}
	data.Attendee = ""
	return s.sendTo(ctx, to, job.ID, o, "ticket_passed_on", data)
}

// ticketsCanceled tells the bearers of a canceled order's tickets other than the buyer, where they had them: an order that was not confirmed
// gave nobody any. Each address is told once, of its first ticket.
func (s *Service) ticketsCanceled(ctx context.Context, o *Order, data orderMail) error {
	told := map[string]bool{o.BuyerEmail: true, "": true}
	for _, t := range o.Tickets {
		if o.ConfirmedAt.IsZero() || told[t.AttendeeEmail] {
			continue
		}
		told[t.AttendeeEmail] = true
		about := aboutTicket{orderMail: data, TicketType: o.TypeName(t), Attendee: t.AttendeeName}
		about.Place = placeOf(t, data.Place)
		if err := s.sendTo(ctx, t.AttendeeEmail, t.ID+"-canceled", o, "ticket_canceled", about); err != nil {
			return err
		}
	}
	return nil
}
