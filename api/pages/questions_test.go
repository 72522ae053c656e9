package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"turnout"
	"turnout/api/services"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/templates"
	"turnout/ticketing"
)

func question(id turnout.ID, kind ticketing.QuestionKind) *ticketing.Question {
	q := &ticketing.Question{ID: id, Subject: ticketing.OfTicket, Kind: kind, Words: &ticketing.Wording{Label: string(id), EraseDays: 9}}
	if kind.HasOptions() {
		q.Words.Options = []ticketing.Option{{ID: "opt_a", Label: "A"}, {ID: "opt_b", Label: "B", PoolID: "p", Pool: &ticketing.Pool{Capacity: 2, Taken: 2}}}
	}
	return q
}

func TestReadAnswers(t *testing.T) {
	questions := []*ticketing.Question{
		question("qst_text", ticketing.AskText), question("qst_one", ticketing.AskChoice), question("qst_many", ticketing.AskMultiChoice), question("qst_n", ticketing.AskNumber),
		question("qst_m", ticketing.AskNumber), question("qst_yes", ticketing.AskYesNo), question("qst_ok", ticketing.AskConsent), question("qst_day", ticketing.AskDate),
		question("qst_inf", ticketing.AskNumber), question("qst_file", ticketing.AskFile),
	}
	form := url.Values{
		"a.qst_text": {"<Tea>"}, "a.qst_one": {""}, "a.qst_many": {"opt_a", "opt_b"}, "a.qst_n": {" 2,5"}, "a.qst_m": {"two"}, "a.qst_yes": {"false"}, "a.qst_ok": {"true"},
		"a.qst_day": {" "}, "a.qst_inf": {"inf"}, "b.qst_day": {"2026-05-01"}, "a.qst_other": {"x"}, "a.qst_file": {"upl_1"},
	}
	got := map[string]any{}
	for id, raw := range readAnswers(form, "a", questions) {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		got[string(id)] = value
	}
	want := map[string]any{"qst_text": "<Tea>", "qst_many": []any{"opt_a", "opt_b"}, "qst_n": 2.5, "qst_m": "two", "qst_yes": false, "qst_ok": true, "qst_inf": "?", "qst_file": "upl_1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A form shown again has what was typed; what is full cannot be chosen any more unless it was chosen before; a condition stands there
// in words and for the script.
func TestQuestionsInAForm(t *testing.T) {
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{Templates: set}
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	event := &events.Event{Timezone: "Europe/Warsaw", EndsAt: time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC)}
	one, text, other := question("qst_one", ticketing.AskChoice), question("qst_text", ticketing.AskText), question("qst_vip", ticketing.AskText)
	text.Words.ShowIf = ticketing.Condition{QuestionID: one.ID, AnyOf: []string{"opt_a"}}
	other.TypeIDs = []turnout.ID{"typ_vip"}
	questions := []*ticketing.Question{one, text, other}
	fields := h.questionFields(c, event, questions, ticketing.OfTicket, "typ_plain", "tickets[0]", nil, nil)
	if len(fields) != 2 || !fields[0].Options[2].Disabled || fields[0].Options[2].Note != "full" || !fields[0].Options[0].Checked {
		t.Fatalf("%+v", fields)
	}
	if f := fields[1]; f.IfName != "tickets[0].qst_one" || f.IfAny != "opt_a" || f.If != "Only if “qst_one” is answered: A" || f.KeptUntil.Format(time.DateOnly) != "2026-06-10" {
		t.Errorf("%+v", f)
	}
	typed := url.Values{"tickets[0].qst_one": {"opt_b"}, "tickets[0].qst_text": {"Hej"}}
	fields = h.questionFields(c, event, questions, ticketing.OfTicket, "typ_plain", "tickets[0]", typed, templates.Errors{{Name: "tickets[0].qst_text", Message: "No."}})
	if o := fields[0].Options; o[0].Checked || o[2].Disabled || !o[2].Checked || fields[1].Value != "Hej" || fields[1].Error != "No." || needsFiles(fields) {
		t.Errorf("%+v", fields)
	}
	errs := templates.Errors{{Name: "tickets[0].qst_text"}, {Name: "buyer.name"}}
	if labelAnswers(errs, fields, "Ticket 1"); errs[0].Label != "Ticket 1, qst_text" || errs[1].Label != "" {
		t.Errorf("%+v", errs)
	}
	for want, a := range map[string]*ticketing.Answer{
		"A, B":       {Question: one, Asked: one.Words, Value: ticketing.Value{Choices: []turnout.ID{"opt_a", "opt_b"}}},
		"Yes":        {Question: question("q", ticketing.AskYesNo), Value: ticketing.Value{Yes: new(true)}},
		"2.5":        {Question: question("q", ticketing.AskNumber), Value: ticketing.Value{Number: new(2.5)}},
		"1 May 2026": {Question: question("q", ticketing.AskDate), Value: ticketing.Value{Text: "2026-05-01"}},
		"Poland":     {Question: question("q", ticketing.AskCountry), Value: ticketing.Value{Text: "PL"}},
		"cv.pdf":     {Question: question("q", ticketing.AskFile), Value: ticketing.Value{File: "cv.pdf"}},
		"":           {Question: question("q", ticketing.AskText)},
	} {
		if got := a.InWords(set, "en"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A file that is sent with a form is kept, the form bears its id, and what is no picture and no PDF is said by its field.
func TestKeepFiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("INSERT INTO communities (id, slug, name, created_at, updated_at) VALUES ('com_1', 'com', 'Com', ?, ?)", now, now).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		clock := func() time.Time { return now }
		planner := &events.Service{DB: db, Now: clock}
		event, err := planner.Create(t.Context(), "com_1", events.Details{Slug: "spring", Title: "Spring", Format: events.InPerson, Timezone: "UTC",
			StartsAt: now.AddDate(0, 1, 0), EndsAt: now.AddDate(0, 1, 1), Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		if event, err = planner.Publish(t.Context(), "com_1", string(event.ID), 0); err != nil {
			t.Fatal(err)
		}
		h := &Handler{Services: services.Services{DB: db, Ticketing: &ticketing.Service{DB: db, Now: clock}}}
		q, err := h.Ticketing.CreateQuestion(t.Context(), "com_1", event.ID, ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskFile, Label: "Proof", Purpose: "To know."})
		if err != nil {
			t.Fatal(err)
		}
		name := func(i string) string { return "attendees[" + i + "].answers." + string(q.ID) }
		send := func(files map[string]string, fields map[string]string) (url.Values, turnout.Problems, error) {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			for field, value := range fields {
				_ = form.WriteField(field, value)
			}
			for field, data := range files {
				part, _ := form.CreateFormFile(field, "my proof.pdf")
				_, _ = part.Write([]byte(data))
			}
			_ = form.Close()
			c, _ := gin.CreateTestContext(httptest.NewRecorder())
			c.Request = httptest.NewRequest(http.MethodPost, "/", &body)
			c.Request.Header.Set("Content-Type", form.FormDataContentType())
			problems, err := h.keepFiles(c, ticketing.Sender{Client: "192.0.2.1"}, event)
			return c.Request.PostForm, problems, err
		}
		form, problems, err := send(map[string]string{name("0") + ".file": "%PDF-1.7", name("1") + ".file": "<html>"}, map[string]string{"buyer.name": "Ada", name("2"): "upl_x", name("2") + ".drop": "1"})
		if err != nil || len(problems) != 1 || problems[0].Name != name("1") || problems[0].Code != "file_kind" {
			t.Fatalf("%v, %v", problems, err)
		}
		if id := turnout.ID(form.Get(name("0"))); !id.Is("upl") || form.Get(name("0")+".name") != "my proof.pdf" || form.Get("buyer.name") != "Ada" || form.Has(name("2")) {
			t.Errorf("%v", form)
		}
		if err := db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewInsert().Model(&ticketing.Upload{ID: "upl_full", CommunityID: "com_1", EventID: event.ID, QuestionID: q.ID, Size: 1 << 30, CreatedAt: now}).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		form, problems, err = send(map[string]string{name("0") + ".file": "%PDF-1.7"}, map[string]string{"buyer.name": "Ada"})
		if err != nil || len(problems) != 1 || problems[0].Name != name("0") || problems[0].Code != "files_full" || form.Get("buyer.name") != "Ada" {
			t.Errorf("when there is no room: %v, %v, %v", form, problems, err)
		}
		if _, _, err := send(map[string]string{name("0") + ".file": strings.Repeat("x", maxForm+1)}, nil); err == nil {
			t.Error("a form without a bound")
		}
	})
}
