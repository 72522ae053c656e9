package ticketing

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"turnout"
	"turnout/templates"
)

// InWords writes an answer for people in a language, as it was asked; "" for one that was erased.
func (a *Answer) InWords(pages *templates.Set, lang string) string {
	v := a.Value
	switch {
	case v.Number != nil:
		return plain(*v.Number)
	case v.Yes != nil:
		return pages.Message(lang, "question.answer_"+strconv.FormatBool(*v.Yes))
	case len(v.Choices) > 0:
		return strings.Join(a.Labels(), ", ")
	case v.File != "":
		return v.File
	case a.Question.Kind == AskDate:
		return pages.Day(lang, v.Text)
	case a.Question.Kind == AskCountry:
		return templates.Countries(lang)(v.Text)
	}
	return v.Text
}

// Sent is an answer in the form in which programs give it, nil for one that was erased.
func (a *Answer) Sent() json.RawMessage {
	v := a.Value
	if v.empty() {
		return nil
	}
	var sent any
	switch {
	case v.Number != nil:
		sent = v.Number
	case v.Yes != nil:
		sent = v.Yes
	case a.UploadID != "":
		sent = a.UploadID
	case a.Question.Kind == AskChoice:
		sent = v.Choices[0]
	case len(v.Choices) > 0:
		sent = v.Choices
	default:
		sent = v.Text
	}
	raw, _ := json.Marshal(sent) // numbers, booleans and texts: it cannot fail
	return raw
}

// idsOf are the ids that rows name, each once.
func idsOf[R any](rows []*R, id func(*R) turnout.ID) []turnout.ID {
	ids := make([]turnout.ID, len(rows))
	for i, r := range rows {
		ids[i] = id(r)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// TicketAnswers gives each ticket of a list what was answered about it, in one statement.
func (s *Service) TicketAnswers(ctx context.Context, community turnout.ID, rows []*AttendeeRow) error {
	tickets := idsOf(rows, func(r *AttendeeRow) turnout.ID { return r.ID })
	answers, err := answersOf(ctx, s.DB.Read(), community, idsOf(rows, func(r *AttendeeRow) turnout.ID { return r.OrderID }), tickets...)
	if err != nil {
		return wrapped("answers of tickets", err)
	}
	by := map[turnout.ID][]*Answer{}
	for _, a := range answers {
		by[a.TicketID] = append(by[a.TicketID], a)
	}
	for _, r := range rows {
		r.Answers = by[r.ID]
	}
	return nil
}
