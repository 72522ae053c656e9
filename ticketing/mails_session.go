package ticketing

import (
	"cmp"
	"context"
	"strings"
	"time"

	"turnout"
	"turnout/internal/jobs"
)

// AboutSession is what a mail about a place at a session says beside what it says of the ticket. Times are zero where the session is not in the schedule.
type AboutSession struct {
	Session                        string
	SessionStartsAt, SessionEndsAt time.Time
}

// MailOfSession mails whoever has a ticket about a place at a session, once however often the job runs; its link leads to the ticket's page of sessions. Without an address of their
// own the buyer is told.
func (s *Service) MailOfSession(ctx context.Context, job jobs.Job, o *Order, ticket turnout.ID, name string, about AboutSession) error {
	data, t, err := s.aboutTicket(ctx, o, ticket)
	if err != nil {
		return err
	}
	to := cmp.Or(t.AttendeeEmail, o.BuyerEmail)
	if to == "" {
		return nil
	}
	data.TicketURL = s.SessionsLink(t)
	return s.sendTo(ctx, to, job.ID, o, name, struct {
		aboutTicket
		AboutSession
	}{data, about})
}

// SessionsLink is the address where the bearer of a ticket signs up for sessions and says what they think of them.
func (s *Service) SessionsLink(t *Ticket) string {
	return strings.Replace(s.BearerLink(t), "?", "/sessions?", 1)
}
