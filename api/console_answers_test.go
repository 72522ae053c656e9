package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"turnout/events/organisers"
	"turnout/ticketing"
)

// asks makes a question of the desk's event.
func (d *desk) asks(in ticketing.QuestionInput) *ticketing.Question {
	d.t.Helper()
	in.Purpose = "To know."
	q, err := d.Ticketing.CreateQuestion(d.t.Context(), d.community.ID, d.event.ID, in)
	if err != nil {
		d.t.Fatal(err)
	}
	return q
}

func raw(v any) json.RawMessage {
	text, _ := json.Marshal(v)
	return text
}

// answering is an order of two tickets: the first says what it eats, the second is still to be filled in; its buyer sends a file and
// writes two lines.
func (d *desk) answering(t *ticketing.TicketType) (o *ticketing.Order, diet, proof, note *ticketing.Question) {
	d.t.Helper()
	diet = d.asks(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice, Label: "Diet", Options: []ticketing.OptionInput{{Label: "Vegan"}, {Label: "Meat"}}})
	proof = d.asks(ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskFile, Label: "Proof"})
	note = d.asks(ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskLongText, Label: "Note"})
	sent, err := d.Ticketing.Send(d.t.Context(), ticketing.Sender{}, d.event.ID, proof.ID, "proof.pdf", []byte("%PDF-1.4"))
	if err != nil {
		d.t.Fatal(err)
	}
	o, _, err = d.Ticketing.PlaceOrder(d.t.Context(), ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: t.ID, Quantity: 2}},
		Buyer: ticketing.Attendee{Name: "Ann Answer", Email: "ann@example.org"}, Answers: ticketing.Answers{proof.ID: raw(sent.ID), note.ID: raw("First line.\n=1+1")},
		Attendees: []ticketing.Bearer{{Attendee: ticketing.Attendee{Name: "Vera Green"}, Answers: ticketing.Answers{diet.ID: raw(diet.Words.Options[0].ID)}}, {Later: true}}})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.runner.Drain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return o, diet, proof, note
}

// Who may read an order reads what was answered to its questions, in the words that were asked, until it is erased.
func TestAnOrderShowsItsAnswers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		o, diet, _, _ := d.answering(free)
		if _, err := d.Ticketing.UpdateQuestion(t.Context(), d.community.ID, diet.ID, 0, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice, Label: "What do you eat?", Purpose: "To know.",
			Options: []ticketing.OptionInput{{ID: diet.Words.Options[0].ID, Label: "Plants"}, {ID: diet.Words.Options[1].ID, Label: "Meat"}}}); err != nil {
			t.Fatal(err)
		}
		page := d.at("/orders/" + o.Code)
		file := d.at("/answers/upl_")
		body := d.see(page, "Answers", "Vera Green", "Diet", "Vegan", "About the order", "Note", "First line.\n=1", "Proof", `href="`+file, "proof.pdf", "Details are still missing")
		if strings.Contains(body, "What do you eat?") || strings.Contains(body, "Plants") {
			t.Error("an answer stands beside words that were not asked")
		}
		if n := strings.Count(body, "Details are still missing"); n != 1 {
			t.Errorf("%d tickets are to be filled in, want 1", n)
		}
		if w, _ := d.colleague(organisers.Viewer).ask(httptest.NewRequest("GET", baseURL+page, nil)); w.StatusCode != 403 {
			t.Errorf("who may not read orders reads answers: %d", w.StatusCode)
		}
		d.lang = "de"
		d.see(page, "Antworten", "Zur Bestellung")
		d.lang = ""
		d.erase()
		body = d.see(page, "Diet", "erased on ")
		for _, gone := range []string{"Vegan", "First line.", "proof.pdf", file} {
			if strings.Contains(body, gone) {
				t.Errorf("%q was erased and is shown", gone)
			}
		}
	})
}

// erase erases every answer: a year after the event.
func (d *desk) erase() {
	d.t.Helper()
	now := d.Ticketing.Now
	d.Ticketing.Now = func() time.Time { return now().AddDate(2, 0, 0) }
	err := d.Ticketing.EraseAnswers(d.t.Context())
	if d.Ticketing.Now = now; err != nil {
		d.t.Fatal(err)
	}
}
