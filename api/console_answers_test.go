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

// A token that may read orders reads what was answered, in words and as it was given; who has an order's secret only reads the order.
func TestTheAPITellsAnswers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		o, diet, proof, note := d.answering(free)
		got := d.api("GET", "/orders/"+o.Code, nil, 200)
		got.is(string(proof.ID), "answers", 0, "question_id")
		got.is("proof.pdf", "answers", 0, "text")
		if file := got.text1("answers", 0, "file_url"); d.api("GET", strings.TrimPrefix(file, d.Ticketing.BaseURL+"/api/v1"), nil, 200).text != "%PDF-1.4" {
			t.Errorf("%s is not the file", file)
		}
		got.is("First line.\n=1+1", "answers", 1, "value")
		got.is("Note", "answers", 1, "label")
		vegan := string(diet.Words.Options[0].ID)
		for _, a := range []answer{got, d.api("GET", "/events/"+d.event.Slug+"/orders", nil, 200)} {
			path := []any{"tickets", 0, "answers", 0}
			if a.body["items"] != nil {
				path = append([]any{"items", 0}, path...)
			}
			a.is("Diet", append(path, "label")...)
			a.is("Vegan", append(path, "text")...)
			a.is(vegan, append(path, "value")...)
			a.is(1, append(path, "version")...)
		}
		list := d.api("GET", "/events/"+d.event.Slug+"/attendees?sort=oldest", nil, 200)
		list.is("Vegan", "items", 0, "answers", 0, "text")
		if others := list.at("items", 1, "answers").([]any); len(others) != 0 {
			t.Errorf("the other ticket has answers: %v", others)
		}
		if strings.Contains(list.text, string(note.ID)) {
			t.Error("a ticket has the order's answer")
		}
		if own := d.api("GET", "/orders/"+o.Code+"?secret="+o.Secret, nil, 200, "Authorization", ""); strings.Contains(own.text, "answers") {
			t.Error("a secret reads answers whose files need a token")
		}
		d.erase()
		gone := d.api("GET", "/orders/"+o.Code, nil, 200)
		if gone.is("", "answers", 1, "text"); gone.at("answers", 1, "erased_at") == nil || gone.at("answers", 1, "value") != nil || gone.at("answers", 0, "file_url") != nil {
			t.Errorf("what was erased is told: %s", gone.text)
		}
	})
}

// Files of a list have a column for each question, in its order, and for each add-on; what was erased is empty.
func TestFilesOfListsHaveAnswers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(10)
		d.answering(free)
		for path, want := range map[string]string{"/attendees.csv": ",Diet\r\n", "/orders.csv": ",Proof,Note\r\n"} {
			if _, _, body := d.fetch(d.at(path)); !strings.Contains(body, want) {
				t.Errorf("%s: no columns %q in %s", path, want, excerpt(body))
			}
		}
		if _, _, body := d.fetch(d.at("/attendees.csv")); !strings.Contains(body, ",Vegan\r\n") {
			t.Errorf("no answer: %s", excerpt(body))
		}
		if _, _, body := d.fetch(d.at("/orders.csv")); !strings.Contains(body, ",proof.pdf,\"First line.\n'=1+1\"\r\n") {
			t.Errorf("no answer: %q", body)
		}
		d.erase()
		for _, path := range []string{"/attendees.csv", "/orders.csv"} {
			if _, _, body := d.fetch(d.at(path)); strings.Contains(body, "Vegan") || strings.Contains(body, "First line") {
				t.Errorf("%s tells what was erased", path)
			}
		}
	})
}
