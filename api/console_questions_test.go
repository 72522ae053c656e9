package api

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"turnout"
	"turnout/events/organisers"
	"turnout/ticketing"
)

func TestQuestionPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		list := d.at("/questions")
		d.see(list, "Nothing is asked for a ticket", "Nothing is asked yet")
		for _, kind := range ticketing.QuestionKinds {
			d.see(list+"/new?subject=order&kind="+string(kind), "Asked once for the order")
		}
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+list+"/new?kind=smell", nil)); w.StatusCode != 404 {
			t.Errorf("a kind that there is not: %d", w.StatusCode)
		}
		form := url.Values{"subject": {"ticket"}, "kind": {"choice"}, "label": {"Which workshop?"}, "purpose": {"To keep a seat."}, "erase_days": {"30"},
			"options[0].label": {"Fuzzing"}, "options[0].places": {"20"}, "options[1].label": {""}, "options[1].places": {""}, "options[2].label": {"None"}, "options[2].places": {""},
			"ticket_type_ids": {string(free.ID)}}
		d.refuse(list+"/new", clone(form, "label", "", "options[0].places", "many"), 422, `id="f-label-error"`, `id="f-options-0--places-error"`, "Choice 1", `value="many"`, `value="None"`)
		d.refuse(list+"/new", clone(form, "erase_on", "2020-01-01"), 422, `id="f-erase_on-error"`, "This day is over")
		if w, body := d.post(list+"/new", clone(form, "more_options", "1")); w.StatusCode != 200 || strings.Count(body, `class="option-row"`) != 5 || !strings.Contains(body, `value="Fuzzing"`) {
			t.Errorf("more lines: %d, %d rows", w.StatusCode, strings.Count(body, `class="option-row"`))
		}
		d.send(list+"/new", form, list)
		questions, err := d.Ticketing.Questions(t.Context(), d.community.ID, d.event.ID, false)
		if err != nil || len(questions) != 1 || len(questions[0].Words.Options) != 2 || questions[0].Words.EraseDays != 30 {
			t.Fatalf("%+v, %v", questions, err)
		}
		workshop := questions[0]
		fuzzing := string(workshop.Words.Options[0].ID)
		d.see(list, "Which workshop?", "only "+free.Name, "0 of 20 taken", "Kept until")
		d.see(list+"?type="+string(free.ID), `type="radio"`)

		// A second one is shown by an answer to the first.
		laptop := url.Values{"subject": {"ticket"}, "kind": {"yes_no"}, "label": {"A laptop?"}, "purpose": {"To lend one."}, "erase_days": {"30"}}
		d.refuse(list+"/new", with(laptop, "show_if.any_of", string(workshop.ID)+":"+fuzzing, "qst_x:true"), 422, "one question only")
		d.send(list+"/new", with(laptop, "show_if.any_of", string(workshop.ID)+":"+fuzzing), list)
		d.see(list, "Only if “Which workshop?” is answered: Fuzzing", `data-any-of="`+fuzzing+`"`)
		page := list + "/" + string(workshop.ID)
		d.see(page, `value="Fuzzing"`, `value="20"`, "0 taken")
		edit := with(clone(form, "version", "1", "options[0].id", fuzzing, "options[2].id", string(workshop.Words.Options[1].ID), "options[0].places", "10"), "label", "Which one?")
		d.refuse(page, clone(edit, "options[0].label", ""), 422, `id="f-options-error"`, "A laptop?")
		d.send(page, edit, list)
		d.refuse(page, edit, 412, "Somebody changed this")
		d.see(list, "Which one?", "0 of 10 taken")

		d.send(page+"/move", url.Values{"to": {"1"}}, list)
		d.see(list, "decides whether it is shown")
		d.send(page+"/archive", nil, list)
		d.see(list, "Change that first")
		questions, _ = d.Ticketing.Questions(t.Context(), d.community.ID, d.event.ID, false)
		second := list + "/" + string(questions[1].ID)
		d.send(second+"/archive", nil, list)
		d.see(list, "not asked any more", "1 archived question")
		d.see(second, "This question is archived")
		d.send(second+"/restore", nil, list)
		d.see(list, "asked again")

		// A question of another event is not found under this one; who only looks sees no buttons.
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+list+"/"+string(turnout.NewID("qst")), nil)); w.StatusCode != 404 {
			t.Errorf("no such question: %d", w.StatusCode)
		}
		if body := d.colleague(organisers.Viewer).see(list, "Which one?"); strings.Contains(body, "/archive") || strings.Contains(body, "/new") {
			t.Error("a viewer sees buttons")
		}
		d.lang = "de"
		for _, p := range []string{list, page, second, list + "/new?kind=multi_choice", list + "/new?kind=consent&subject=order", list + "/new?kind=long_text", list + "/new?kind=date"} {
			d.see(p)
		}
		d.refuse(page, clone(edit, "version", "2", "options[0].label", ""), 422, "hängt von einer Antwort ab")
	})
}

// with is a form with one field of several values.
func with(form url.Values, name string, values ...string) url.Values {
	out := clone(form)
	out[name] = values
	return out
}

// Files come back as downloads, to those who may read orders, from the page of their own event.
func TestFilesOfAnswers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		q, err := d.Ticketing.CreateQuestion(t.Context(), d.community.ID, d.event.ID, ticketing.QuestionInput{Subject: ticketing.OfOrder, Kind: ticketing.AskFile, Label: "Proof", Purpose: "To know."})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := d.Ticketing.Send(t.Context(), ticketing.Sender{}, d.event.ID, q.ID, "proof.pdf", []byte("%PDF-1.4"))
		if err != nil {
			t.Fatal(err)
		}
		w, body := d.ask(httptest.NewRequest("GET", baseURL+d.at("/answers/"+string(sent.ID)), nil))
		if w.StatusCode != 200 || body != "%PDF-1.4" || w.Header.Get("Content-Disposition") != "attachment; filename=proof.pdf" || w.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%d %v", w.StatusCode, w.Header)
		}
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+d.at("/answers/upl_none"), nil)); w.StatusCode != 404 {
			t.Errorf("no such file: %d", w.StatusCode)
		}
	})
}

// However many questions there are, their page asks the same number of statements.
func TestQuestionListStatements(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		add := func(n int) {
			for range n {
				one := int64(1)
				if _, err := d.Ticketing.CreateQuestion(t.Context(), d.community.ID, d.event.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice,
					Label: "Which?", Purpose: "To know.", Options: []ticketing.OptionInput{{Label: "A", Places: &one}}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		add(1)
		few := d.statements(d.at("/questions"))
		add(20)
		if many := d.statements(d.at("/questions")); many != few {
			t.Errorf("%d statements for 1 question, %d for 21", few, many)
		}
	})
}
