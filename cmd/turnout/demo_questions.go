package main

import (
	"cmp"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/checkin/badges"
	"turnout/events"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// questionType is a row of the table that says whose tickets are asked.
type questionType struct {
	bun.BaseModel `bun:"table:question_types"`

	CommunityID  turnout.ID
	QuestionID   turnout.ID
	TicketTypeID turnout.ID
}

// ask adds a question that was first asked at a time.
func (s *story) ask(e *events.Event, q ticketing.Question, w ticketing.Wording, at time.Time, types ...*shelf) *ticketing.Question {
	q.ID, q.CommunityID, q.EventID, q.Asked, q.Position = turnout.NewID("qst"), e.CommunityID, e.ID, 1, int64(len(s.questions)+1)
	q.Version, q.CreatedAt, q.UpdatedAt, q.Words = 1, at, at, &w
	w.QuestionID, w.Version, w.CommunityID, w.EraseDays, w.CreatedAt = q.ID, 1, e.CommunityID, cmp.Or(w.EraseDays, 30), at
	if w.Options == nil {
		w.Options = []ticketing.Option{}
	}
	for i := range w.Options {
		w.Options[i].ID = turnout.NewID("opt")
		if p := w.Options[i].Pool; p != nil {
			p.ID, p.CommunityID, p.EventID, p.Kind, p.Name = turnout.NewID("pol"), e.CommunityID, e.ID, ticketing.ChoicePlaces, string(w.Options[i].ID)
			p.Version, p.CreatedAt, p.UpdatedAt = 1, at, at
			w.Options[i].PoolID = p.ID
			s.pools = append(s.pools, p)
		}
	}
	for _, t := range types {
		s.questionTypes = append(s.questionTypes, &questionType{CommunityID: e.CommunityID, QuestionID: q.ID, TicketTypeID: t.ID})
	}
	s.questions, s.words = append(s.questions, &q), append(s.words, &w)
	s.note(at, s.byStaff(), "question.created", q.ID)
	return &q
}

// answer lets some of those who bought after a question was first asked answer it: each so-manieth of the tickets of its types.
func (s *story) answer(e *events.Event, q *ticketing.Question, each int, value func(n int) ticketing.Value, types ...*shelf) {
	for n, t := range s.tickets {
		asked := t.EventID == q.EventID && t.CreatedAt.After(q.CreatedAt) && n%each == 0
		for _, shelf := range types {
			if asked && shelf.ID == t.TicketTypeID {
				s.answers = append(s.answers, &ticketing.Answer{OrderID: t.OrderID, TicketID: t.ID, QuestionID: q.ID, QuestionVersion: 1, CommunityID: t.CommunityID,
					EventID: t.EventID, Value: value(n), EraseAt: q.Words.ErasesAt(e).UTC(), CreatedAt: t.CreatedAt, UpdatedAt: t.CreatedAt})
			}
		}
	}
}

// questionsOfNext is what the coming conference asks those who come to it. Nothing has to be answered.
func (s *story) questionsOfNext(e *events.Event, onSite ...*shelf) {
	began := e.CreatedAt.Add(day)
	pick := func(q *ticketing.Question) func(n int) ticketing.Value {
		return func(n int) ticketing.Value {
			return ticketing.Value{Choices: []turnout.ID{q.Words.Options[n*7%len(q.Words.Options)].ID}}
		}
	}
	work := s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskText}, ticketing.Wording{Label: "Company or project, for your badge",
		Purpose: "To print it under your name."}, began, onSite...)
	s.answer(e, work, 1, func(n int) ticketing.Value { return ticketing.Value{Text: workplaces[n*5%len(workplaces)]} }, onSite...)
	s.badgesOfNext(e, work, onSite...)
	shirt := s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice}, ticketing.Wording{Label: "Your shirt",
		Purpose: "To order shirts that fit.", Options: []ticketing.Option{{Label: "S"}, {Label: "M"}, {Label: "L"}, {Label: "XL"}}}, began, onSite...)
	s.answer(e, shirt, 2, pick(shirt), onSite...)
	food := s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskMultiChoice}, ticketing.Wording{Label: "What do you not eat?",
		Purpose: "To tell the kitchen.", Options: []ticketing.Option{{Label: "Meat"}, {Label: "Fish"}, {Label: "Gluten"}, {Label: "Milk"}}}, began, onSite...)
	s.answer(e, food, 5, pick(food), onSite...)
	// Asked since yesterday, and nobody has bought since: its places are free.
	tower := s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice}, ticketing.Wording{Label: "Climb the lighthouse on Saturday?",
		Help: "A boat brings you there and back.", Purpose: "To know how many seats the boat needs.", Options: []ticketing.Option{
			{Label: "With the boat at 10:00", Pool: &ticketing.Pool{Capacity: 25}}, {Label: "With the boat at 11:30", Pool: &ticketing.Pool{Capacity: 25}}, {Label: "I stay ashore"}}},
		s.now.Add(-30*time.Minute), onSite...)
	options := tower.Words.Options
	s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskYesNo}, ticketing.Wording{Label: "Are 217 steps fine?",
		Purpose: "To keep the small lift for those who need it.", ShowIf: ticketing.Condition{QuestionID: tower.ID, AnyOf: []string{string(options[0].ID), string(options[1].ID)}}},
		s.now.Add(-30*time.Minute), onSite...)
	photos := s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskConsent}, ticketing.Wording{Label: "I may be seen in the photos of the conference.",
		Purpose: "To know whom to leave out."}, began, onSite...)
	s.answer(e, photos, 1, func(n int) ticketing.Value { return ticketing.Value{Yes: new(n%3 > 0)} }, onSite...)
	s.ask(e, ticketing.Question{Subject: ticketing.OfOrder, Kind: ticketing.AskText}, ticketing.Wording{Label: "Your order number", Help: "If your accounting needs one.",
		Purpose: "To help your accounting find the order."}, began)
	s.ask(e, ticketing.Question{Subject: ticketing.AtDoor, Kind: ticketing.AskText}, ticketing.Wording{Label: "Whom shall we call if something happens?",
		Purpose: "To reach somebody close to you in an emergency, and for nothing else.", EraseDays: 1}, began)
}

// workplaces are where those who come to the conference work.
var workplaces = []string{"Tidal Cloud", "University of Porto", "Kelp & Sons Printing", "independent", "Instytut Meteorologii", "Barnacle Backup", "Fathom Networks", "City of Lisbon, open data"}

// badgesOfNext is how the badges of the coming conference look; none is printed yet.
func (s *story) badgesOfNext(e *events.Event, work *ticketing.Question, onSite ...*shelf) {
	choice := badges.Choice{Layout: documents.BadgeBrand, Paper: documents.BadgeA4, FirstName: true, ShowType: true, ShowQR: true, Questions: []turnout.ID{work.ID}}
	for _, on := range onSite {
		switch on.Name {
		case "Conference and workshop":
			choice.Bands = append(choice.Bands, badges.Band{TicketTypeID: on.ID, Words: "WORKSHOP", Color: "#b45309"})
		case "Student":
			choice.Bands = append(choice.Bands, badges.Band{TicketTypeID: on.ID, Words: "STUDENT", Color: "#1d4ed8"})
		}
	}
	s.badges = append(s.badges, &badges.Design{EventID: e.ID, CommunityID: e.CommunityID, Choice: choice, Version: 1, UpdatedAt: e.CreatedAt.Add(day)})
}

// whyOfNext asks those who apply for one of the few places what brings them.
func (s *story) whyOfNext(e *events.Event, place *shelf) {
	why := s.ask(e, ticketing.Question{Subject: ticketing.OfTicket, Kind: ticketing.AskLongText}, ticketing.Wording{Label: "What brings you to us?", Required: true,
		Help: "Two or three sentences are enough.", Purpose: "To choose who gets one of the places."}, e.CreatedAt.Add(day), place)
	words := []string{
		"I map cycle paths for my town and never met anybody who does the same.",
		"I teach statistics in a school without a budget for travel. My pupils draw error bars on everything since your last recording.",
		"I am between jobs and wrote the tide tables for the open charts last winter. I would love to see the people behind the names.",
		"My talk about shelf clocks was not accepted, and I still want to hear the others.",
	}
	said := 0
	s.answer(e, why, 1, func(int) ticketing.Value {
		said++
		return ticketing.Value{Text: words[said%len(words)]}
	}, place)
}
