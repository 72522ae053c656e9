package signups

import (
	"cmp"
	"context"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/ticketing"
)

// Register has the runner tell those who moved up.
func (s *Service) Register(r *jobs.Runner) { r.Handle(JobMovedUp, s.tellMovedUp) }

// tellMovedUp mails whoever has the ticket that moved up, while it has the place and the session is to come and takes place.
func (s *Service) tellMovedUp(ctx context.Context, job jobs.Job) error {
	var ref signUpRef
	if err := job.Read(&ref); err != nil {
		return err
	}
	var row struct {
		TicketID, SessionID turnout.ID
		Title               string
		Status              agenda.Status
	}
	err := s.DB.Read().NewSelect().TableExpr("sign_ups AS sign").ColumnExpr("sign.ticket_id, sign.session_id, session.title, session.status").
		Join("JOIN sessions AS session ON session.id = sign.session_id").
		Where("sign.id = ?", ref.SignUp).Where("sign.community_id = ?", job.Community).Where("sign.status = ?", Signed).Scan(ctx, &row)
	if database.IsNoRows(err) {
		return nil // they left again
	}
	if err != nil {
		return wrapped("tell", err)
	}
	t, o, err := s.Ticketing.TicketOf(ctx, job.Community, row.TicketID)
	if err != nil || t.Status != ticketing.Valid || o.Event.Status == events.Canceled || row.Status == agenda.Withdrawn {
		return wrapped("tell", err)
	}
	slots, err := s.Released(ctx, o.Event, row.SessionID)
	if err != nil {
		return err
	}
	slot := slots[row.SessionID]
	if !slot.StartsAt.IsZero() && !s.Now().Before(slot.StartsAt) {
		return nil
	}
	return wrapped("tell", s.Ticketing.MailOfSession(ctx, job, o, t.ID, "sign_up_moved_up", ticketing.AboutSession{Session: cmp.Or(slot.Title, row.Title), SessionStartsAt: slot.StartsAt, SessionEndsAt: slot.EndsAt}))
}
