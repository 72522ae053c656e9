package v1

import (
	"context"
	"encoding/json"
	"time"

	"turnout"
	"turnout/templates"
	"turnout/ticketing"
)

type answerResponse struct {
	QuestionID turnout.ID             `json:"question_id"`
	Version    int64                  `json:"version" doc:"of the question's words, as they were asked"`
	Label      string                 `json:"label" doc:"as it was asked"`
	Kind       ticketing.QuestionKind `json:"kind" enum:"text,long_text,choice,multi_choice,number,date,yes_no,country,file,consent"`
	Value      json.RawMessage        `json:"value,omitempty" doc:"in the form in which it is given; absent once it was erased"`
	Text       string                 `json:"text" doc:"in English words, choices as they were asked"`
	FileURL    string                 `json:"file_url,omitempty" doc:"where the file is, for a token of orders:read"`
	ErasedAt   *time.Time             `json:"erased_at"`
}

func (h *Handler) newAnswers(answers []*ticketing.Answer) []answerResponse {
	out := make([]answerResponse, len(answers))
	for i, a := range answers {
		out[i] = answerResponse{QuestionID: a.QuestionID, Version: a.QuestionVersion, Label: a.Asked.Label, Kind: a.Question.Kind, Value: a.Sent(),
			Text: a.InWords(h.Ticketing.Pages, templates.English), ErasedAt: moment(a.ErasedAt)}
		if a.UploadID != "" {
			out[i].FileURL = h.Ticketing.BaseURL + "/api/v1/events/" + string(a.EventID) + "/uploads/" + string(a.UploadID)
		}
	}
	return out
}

// answered gives orders, which are all of one community, and their tickets what was answered about them, in one statement.
func (h *Handler) answered(ctx context.Context, orders []*ticketing.Order, out []orderResponse) error {
	if len(orders) == 0 {
		return nil
	}
	ids := make([]turnout.ID, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	all, err := h.Ticketing.AnswersOf(ctx, orders[0].CommunityID, ids)
	if err != nil {
		return err
	}
	about := map[[2]turnout.ID][]*ticketing.Answer{}
	for _, a := range all {
		about[[2]turnout.ID{a.OrderID, a.TicketID}] = append(about[[2]turnout.ID{a.OrderID, a.TicketID}], a)
	}
	for i := range out {
		o := &out[i]
		o.Answers = h.newAnswers(about[[2]turnout.ID{o.ID, ""}])
		for j := range o.Tickets {
			t := &o.Tickets[j]
			t.Answers = h.newAnswers(about[[2]turnout.ID{o.ID, t.ID}])
		}
	}
	return nil
}
