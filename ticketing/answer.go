package ticketing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Answer is what somebody answered to a question, about an order or one of its tickets.
type Answer struct {
	bun.BaseModel `bun:"table:answers,alias:answer"`

	OrderID         turnout.ID `bun:",pk"`
	TicketID        turnout.ID `bun:",pk"` // "" for a question about the order
	QuestionID      turnout.ID `bun:",pk"`
	QuestionVersion int64
	CommunityID     turnout.ID
	EventID         turnout.ID
	Value           Value `bun:"value,type:jsonb"`
	UploadID        turnout.ID
	EraseAt         time.Time // as it was promised when it was given: see Wording.ErasesAt
	ErasedAt        time.Time `bun:",nullzero"`
	CreatedAt       time.Time
	UpdatedAt       time.Time

	Question *Question `bun:"rel:belongs-to,join:question_id=id"`
	// Asked is the question's words as they were asked, whatever it says now.
	Asked *Wording `bun:"rel:belongs-to,join:question_id=question_id,join:question_version=version"`
}

// holdsPlace says whether one of the choices takes a place.
func (a *Answer) holdsPlace(choice turnout.ID) bool {
	o := a.Asked.Option(choice)
	return o != nil && o.PoolID != ""
}

// Value is an answer of any kind; what does not belong to the kind is not set. An erased answer has nothing set.
type Value struct {
	Text    string       `json:"text,omitempty"` // of texts; a date like 2026-03-01; a country's code
	Number  *float64     `json:"number,omitempty"`
	Yes     *bool        `json:"yes,omitempty"` // of yes_no and consent
	Choices []turnout.ID `json:"choices,omitempty"`
	File    string       `json:"file,omitempty"` // the name of what was sent
}

// Labels are the words of the choices, as they were asked.
func (a *Answer) Labels() []string {
	labels := make([]string, len(a.Value.Choices))
	for i, id := range a.Value.Choices {
		if o := a.Asked.Option(id); o != nil {
			labels[i] = o.Label
		}
	}
	return labels
}

// AnswersOf gives the answers to what the orders were asked, each with the words as they were asked: order by order, its tickets
// in turn, then the order itself, as their forms stood.
func (s *Service) AnswersOf(ctx context.Context, community turnout.ID, orders []turnout.ID) ([]*Answer, error) {
	answers, err := answersOf(ctx, s.DB.Read(), community, orders)
	if err != nil {
		return nil, fmt.Errorf("ticketing: answers: %w", err)
	}
	return answers, nil
}

// answersOf gives those about some tickets only when they are named.
func answersOf(ctx context.Context, db bun.IDB, community turnout.ID, orders []turnout.ID, tickets ...turnout.ID) ([]*Answer, error) {
	if len(orders) == 0 {
		return nil, nil
	}
	var answers []*Answer
	query := db.NewSelect().Model(&answers).Relation("Question").Relation("Asked").Where("answer.order_id IN (?)", bun.List(orders)).
		Where("answer.community_id = ?", community)
	if len(tickets) > 0 {
		query.Where("answer.ticket_id || '' IN (?)", bun.List(tickets)) // by the orders, or SQLite looks for each ticket in each of them
	}
	err := query.Scan(ctx)
	slices.SortFunc(answers, func(a, b *Answer) int {
		switch {
		case a.OrderID != b.OrderID:
			return strings.Compare(string(a.OrderID), string(b.OrderID))
		case (a.TicketID == "") != (b.TicketID == ""):
			return -strings.Compare(string(a.TicketID), string(b.TicketID))
		case a.TicketID != b.TicketID:
			return strings.Compare(string(a.TicketID), string(b.TicketID))
		case a.Question.Subject != b.Question.Subject: // what was asked at the door is last
			return slices.Index(QuestionSubjects, a.Question.Subject) - slices.Index(QuestionSubjects, b.Question.Subject)
		case before(a.Question, b.Question):
			return -1
		}
		return 1
	})
	return answers, err
}

// answerRows makes the rows of what was answered about a ticket, or with "" about the order itself, each with the day that its form
// named. The order has its event.
func answerRows(order *Order, ticket turnout.ID, kept []answered, now time.Time) []*Answer {
	rows := make([]*Answer, len(kept))
	for i, k := range kept {
		rows[i] = &Answer{OrderID: order.ID, TicketID: ticket, QuestionID: k.Question.ID, QuestionVersion: k.Question.Asked, CommunityID: order.CommunityID,
			EventID: order.EventID, Value: k.Value, UploadID: k.Upload, EraseAt: k.Question.Words.ErasesAt(order.Event).UTC(), CreatedAt: now, UpdatedAt: now}
	}
	return rows
}
