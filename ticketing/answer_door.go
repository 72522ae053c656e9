package ticketing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/internal/audit"
)

// DoorForm is what whoever comes with a ticket is asked at the door, and what was answered.
type DoorForm struct {
	Questions []*Question
	Given     []*Answer
}

// DoorForm gives what is asked of a ticket at the door, in one statement where nothing is. What was answered and erased is not asked again.
func (s *Service) DoorForm(ctx context.Context, t *Ticket) (*DoorForm, error) {
	form, err := doorForm(ctx, s.DB.Read(), t)
	return form, wrapped("door form", err)
}

func doorForm(ctx context.Context, db bun.IDB, t *Ticket) (*DoorForm, error) {
	questions, err := loadQuestions(ctx, db, []turnout.ID{t.EventID})
	if err != nil || !slices.ContainsFunc(questions, func(q *Question) bool { return q.Asks(AtDoor, t.TicketTypeID) }) {
		return new(DoorForm), err
	}
	form := new(DoorForm)
	form.Questions, form.Given, err = askedOf(ctx, db, t, AtDoor, questions)
	if err != nil {
		return nil, err
	}
	form.Given = slices.DeleteFunc(form.Given, func(a *Answer) bool {
		return !slices.ContainsFunc(form.Questions, func(q *Question) bool { return q.ID == a.QuestionID })
	})
	return form, nil
}

// Due says whether it is still to be asked: nothing was answered yet, or what must be is not.
func (f *DoorForm) Due() bool {
	return len(f.Questions) > 0 && (len(f.Given) == 0 || lacking(f.Questions, answeredTo(f.Questions, f.Given)))
}

// AnswerAtDoor writes what whoever came with a ticket answered at the door; what was answered before is replaced, so the last word stands. It fails with
// turnout.ErrNotFound, ErrTicketOver, and an Invalid error naming the fields ("answers.…").
func (s *Service) AnswerAtDoor(ctx context.Context, community, ticket turnout.ID, in Answers) error {
	return wrapped("answer at the door", s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		t, err := LockTicket(ctx, tx, community, ticket)
		if err != nil {
			return err
		}
		if t.Status != Valid {
			return ErrTicketOver
		}
		form, err := doorForm(ctx, tx, t)
		if err != nil {
			return err
		}
		var probs turnout.Problems
		kept := questionnaire{questions: form.Questions}.check(&probs, "answers", AtDoor, t.TicketTypeID, in)
		if err := probs.Err(); err != nil {
			return err
		}
		if err := form.replace(ctx, tx, t, kept, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "ticket.asked_at_door", Subject: t.ID, At: now})
	}))
}

// replace writes answers in the place of those that were given, whose times stay.
func (f *DoorForm) replace(ctx context.Context, tx bun.Tx, t *Ticket, kept []answered, now time.Time) error {
	e, err := events.Find(ctx, tx, t.CommunityID, string(t.EventID))
	if err != nil {
		return err
	}
	if err := dropAnswers(ctx, tx, t, idsOf(f.Given, func(a *Answer) turnout.ID { return a.QuestionID })); err != nil {
		return err
	}
	rows := answerRows(&Order{ID: t.OrderID, CommunityID: t.CommunityID, EventID: t.EventID, Event: e}, t.ID, kept, now)
	for _, r := range rows {
		if i := slices.IndexFunc(f.Given, func(a *Answer) bool { return a.QuestionID == r.QuestionID }); i >= 0 {
			r.CreatedAt = f.Given[i].CreatedAt
		}
	}
	if err := insertAll(ctx, tx, &rows); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	return nil
}
