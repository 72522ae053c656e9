package ticketing

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/database"
)

// readQuestions puts in what the events ask, with the files that the purchases' answers name.
func (s *shelf) readQuestions(ctx context.Context, db bun.IDB, ids []turnout.ID, purchases []*Purchase) (err error) {
	if s.questions, err = loadQuestions(ctx, db, ids); err != nil {
		return err
	}
	var given []map[turnout.ID]json.RawMessage
	for _, p := range purchases {
		given = append(given, p.Answers)
		for _, a := range p.Attendees {
			given = append(given, a.Answers)
		}
	}
	s.asked, err = questionnaires(ctx, db, s.questions, given...)
	return err
}

// sameQuestions sends the sale back when a question was changed while it waited for its locks: what is asked then counts.
func (s *shelf) sameQuestions(ctx context.Context, tx bun.IDB) error {
	same, err := sameQuestions(ctx, tx, slices.Sorted(maps.Keys(s.events)), s.questions)
	if err == nil && !same {
		err = database.ErrAgain
	}
	return err
}

// answers reads what was answered about each ticket and the order, and notes what is wrong with it.
func (s *shelf) answers(probs *turnout.Problems, p *Purchase) []bearerAnswers {
	asked := s.asked[p.EventID]
	if len(asked.questions) == 0 && len(p.Answers) == 0 && !slices.ContainsFunc(p.Attendees, func(a Bearer) bool { return len(a.Answers) > 0 }) {
		return nil
	}
	var all []bearerAnswers
	read := func(name string, ticket int, subject QuestionSubject, ticketType turnout.ID, given Answers) {
		var found turnout.Problems
		kept := asked.check(&found, name, subject, ticketType, given)
		if p.Desk != nil && p.Desk.NameOnly { // nobody was asked
			found = slices.DeleteFunc(found, func(e turnout.FieldError) bool { return e.Code == "required" || e.Code == "consent" })
		}
		probs.Join(found)
		all = append(all, bearerAnswers{ticket, kept})
	}
	for i, id := range p.typeOfEach() {
		if i < len(p.Attendees) && p.Attendees[i].Later {
			continue // asked by the link
		}
		var given Answers
		if i < len(p.Attendees) {
			given = p.Attendees[i].Answers
		}
		read(field("attendees", i)+".answers", i, OfTicket, id, given)
	}
	read("answers", -1, OfOrder, "", p.Answers)
	return all
}

// quoteAnswers takes the places of the choices that were made.
func (s *shelf) quoteAnswers(b *basket, p *Purchase) {
	var probs turnout.Problems
	b.answers = s.answers(&probs, p)
	for _, a := range b.answers {
		for _, given := range a.given {
			for _, pool := range given.Pools {
				b.choose(max(0, a.ticket), pool) // the order's own choices are the first ticket's
			}
		}
	}
}

// choose takes a place of a choice for the line that sells the ticket.
func (b *basket) choose(ticket int, pool turnout.ID) {
	for _, q := range b.lines {
		if q.of != nil && slices.Contains(q.tickets, ticket) {
			if q.choices == nil {
				q.choices = map[turnout.ID]int64{}
			}
			q.choices[pool]++
			b.needs[pool]++
			return
		}
	}
}

// fullChoices names the answers whose choice has no place left.
func (s *shelf) fullChoices(p *Purchase, b *basket, pool turnout.ID) (probs turnout.Problems) {
	for _, a := range b.answers {
		for _, given := range a.given {
			if !slices.Contains(given.Pools, pool) {
				continue
			}
			name := "answers"
			if a.ticket >= 0 {
				name = field("attendees", a.ticket) + ".answers"
			}
			probs.Add(name+"."+string(given.Question.ID), ErrOptionFull.Code, "%s", ErrOptionFull.Message)
		}
	}
	return probs
}

// rows are the answers of an order as they are stored.
func (b *basket) rows(o *Order, now time.Time) (rows []*Answer) {
	for _, a := range b.answers {
		var ticket turnout.ID
		if a.ticket >= 0 {
			ticket = o.Tickets[a.ticket].ID
		}
		rows = append(rows, answerRows(o, ticket, a.given, now)...)
	}
	return rows
}
