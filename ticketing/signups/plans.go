package signups

import (
	"cmp"
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
)

// Plans are the sessions for which tickets are signed up, or wait: whoever has the ticket, else its buyer, is told what a release changes about them. They are agenda.Plans.
func Plans(ctx context.Context, db bun.IDB, e *events.Event) ([]agenda.Plan, error) {
	var rows []struct {
		TicketID, SessionID                             turnout.ID
		AttendeeName, AttendeeEmail, BuyerEmail, Locale string
	}
	err := db.NewSelect().TableExpr("sign_ups AS sign").ColumnExpr("sign.ticket_id, sign.session_id, ticket.attendee_name, ticket.attendee_email, ord.buyer_email, ord.locale").
		Join("JOIN tickets AS ticket ON ticket.id = sign.ticket_id").Join("JOIN orders AS ord ON ord.id = ticket.order_id").
		Where("sign.event_id = ?", e.ID).Where("sign.community_id = ?", e.CommunityID).OrderExpr("sign.ticket_id, sign.session_id").Scan(ctx, &rows)
	var plans []agenda.Plan
	for _, r := range rows {
		if n := len(plans); n == 0 || plans[n-1].ID != r.TicketID {
			plans = append(plans, agenda.Plan{ID: r.TicketID, SignedUp: true, Email: cmp.Or(r.AttendeeEmail, r.BuyerEmail), Name: r.AttendeeName, Locale: r.Locale})
		}
		last := &plans[len(plans)-1]
		last.Sessions = append(last.Sessions, r.SessionID)
	}
	return plans, wrapped("plans", err)
}
