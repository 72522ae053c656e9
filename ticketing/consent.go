package ticketing

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// ConsentQuestion says whether a question is one of an event about each ticket whose answer is a consent, and is asked still. For packages above.
func ConsentQuestion(ctx context.Context, db bun.IDB, community, event, question turnout.ID) (bool, error) {
	return db.NewSelect().Model((*Question)(nil)).Where("question.id = ?", question).Where("question.community_id = ?", community).Where("question.event_id = ?", event).
		Where("question.subject = ?", OfTicket).Where("question.kind = ?", AskConsent).Where("question.archived_at IS NULL").Exists(ctx)
}

// Consented tells whether the bearer of a ticket has ticked a question whose answer is a consent, and its words as they were asked then. For packages above.
func Consented(ctx context.Context, db bun.IDB, t *Ticket, question turnout.ID) (words string, yes bool, err error) {
	answer := new(Answer)
	err = db.NewSelect().Model(answer).Relation("Asked").Where("answer.order_id = ?", t.OrderID).Where("answer.ticket_id = ?", t.ID).Where("answer.question_id = ?", question).
		Where("answer.community_id = ?", t.CommunityID).Where("answer.erased_at IS NULL").Scan(ctx)
	if database.IsNoRows(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("ticketing: consented: %w", err)
	}
	return answer.Asked.Label, answer.Value.Yes != nil && *answer.Value.Yes, nil
}
