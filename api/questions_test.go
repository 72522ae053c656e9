package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// askQuestions makes, changes and archives what an event asks, by the API alone.
func (h *house) askQuestions(slug string) {
	t, at := h.t, "/events/"+slug+"/questions"
	made := h.api("POST", at, m{"subject": "ticket", "kind": "choice", "label": "Which workshop?", "purpose": "To keep a seat.",
		"options": []m{{"label": "Fuzzing", "places": 20}, {"label": "None"}}}, 201)
	id, fuzzing, none := made.text1("id"), made.text1("options", 0, "id"), made.text1("options", 1, "id")
	made.is(20, "options", 0, "places")
	made.is(nil, "options", 1, "places")
	made.is(90, "erase_days")
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	made.is(begin.Add(9*time.Hour).In(warsaw).AddDate(0, 0, 90).Format(time.DateOnly), "kept_until")
	h.api("POST", at, m{"subject": "ticket", "kind": "choice", "label": "x", "purpose": "y", "options": []m{}}, 422).is("options", "fields", 0, "name")
	then := h.api("POST", at, m{"subject": "ticket", "kind": "yes_no", "label": "A laptop?", "purpose": "To lend you one.", "show_if": m{"question_id": id, "any_of": []string{fuzzing}}}, 201)
	then.is(fuzzing, "show_if", "any_of", 0)

	changed := h.api("PATCH", "/questions/"+id, m{"label": "Which one?", "options": []m{{"id": fuzzing, "label": "Fuzzing", "places": 15}, {"id": none, "label": "None of them"}}},
		200, "If-Match", made.header.Get("ETag"))
	changed.is(2, "asked")
	changed.is(15, "options", 0, "places")
	changed.is("To keep a seat.", "purpose")
	h.api("PATCH", "/questions/"+id, m{"label": "x"}, 412, "If-Match", made.header.Get("ETag"))
	h.api("PATCH", "/questions/"+id, m{"options": []m{{"label": "All new"}}}, 422).is("option_needed", "fields", 0, "code")
	h.api("PATCH", "/questions/"+id, m{"position": 2}, 409).is("question_order", "code")
	h.api("DELETE", "/questions/"+id, nil, 409).is("question_needed", "code")
	h.api("PATCH", "/questions/"+then.text1("id"), m{"show_always": true}, 200).is(nil, "show_if")
	h.api("PATCH", "/questions/"+id, m{"position": 2}, 200)
	public := h.api("GET", at, nil, 200, "Authorization", "")
	public.is("A laptop?", "items", 0, "label")
	public.is("Which one?", "items", 1, "label")

	file := h.api("POST", at, m{"subject": "order", "kind": "file", "label": "Proof", "purpose": "For the discount.", "erase_on": begin.AddDate(0, 1, 0).Format("2006-01-02")}, 201)
	file.is(nil, "erase_days")
	proof := file.text1("id")
	sent := h.api("POST", at+"/"+proof+"/uploads?name=proof.html", "%PDF-1.4 x", 201, "Authorization", "")
	sent.is("proof.pdf", "name")
	h.api("POST", at+"/"+proof+"/uploads?name=x.pdf", "<html>", 422, "Authorization", "").is("file_kind", "code")
	h.api("POST", at+"/"+id+"/uploads?name=x.pdf", "%PDF-1.4 x", 404, "Authorization", "")
	got := h.api("GET", "/events/"+slug+"/uploads/"+sent.text1("id"), nil, 200)
	if header := got.header.Get("Content-Disposition"); !strings.HasPrefix(header, "attachment") || !strings.Contains(header, "proof.pdf") || got.text != "%PDF-1.4 x" {
		t.Errorf("the file came as %q: %.50s", header, got.text)
	}
	room := func(size int64) { // as if one file without an order took so many bytes
		if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE uploads SET size = ? WHERE id = ?", size, sent.text1("id")).Exec(ctx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	room(1 << 30)
	full := h.api("POST", at+"/"+proof+"/uploads?name=proof.html", "%PDF-1.4 x", 429, "Authorization", "")
	full.is("files_full", "code")
	if wait := full.header.Get("Retry-After"); wait != "3600" {
		t.Errorf("429 with Retry-After %q", wait)
	}
	h.api("POST", at+"/"+proof+"/uploads?name=proof.html", "%PDF-1.4 x", 201) // with a token of the organiser's
	room(10)
	for _, gone := range []string{id, then.text1("id"), proof} {
		if h.api("DELETE", "/questions/"+gone, nil, 200).at("archived_at") == nil {
			t.Errorf("%s is not archived", gone)
		}
	}
	h.api("POST", "/questions/"+id+"/restore", nil, 200).is(nil, "archived_at")
	h.api("DELETE", "/questions/"+id, nil, 200)
	if h.api("GET", "/questions/"+id, nil, 200); len(h.api("GET", at+"?archived=true", nil, 200).at("items").([]any)) != 3 {
		t.Error("archived questions are not listed")
	}
	if all := h.api("GET", at+"?archived=true", nil, 200, "Authorization", "").at("items").([]any); len(all) != 0 {
		t.Errorf("strangers see archived questions: %v", all)
	}
}

// Of hidden ticket types strangers hear neither the add-ons nor the questions, and of a choice only whether it is full.
func TestStrangersHearNothingOfHiddenTypes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.api("POST", "/events", eventBody("secret"), 201)
		h.api("POST", "/events/secret/publish", nil, 200)
		at, free := "/events/secret", m{"amount": 0, "currency": "EUR"}
		pool := h.api("POST", at+"/pools", m{"name": "Hall", "capacity": 9}, 201).text1("id")
		kinds := map[string]string{}
		for _, visibility := range []string{"public", "hidden", "voucher"} {
			kinds[visibility] = h.api("POST", at+"/ticket-types", m{"name": visibility, "price": free, "attendance_mode": "in_person", "pool_ids": []string{pool}, "visibility": visibility}, 201).text1("id")
		}
		for name, types := range map[string][]string{"Shirt": nil, "Lunch": {"public", "hidden"}, "Yacht": {"hidden"}, "Cigars": {"hidden", "voucher"}} {
			with, ids := []m{}, []string{}
			for _, v := range types {
				with, ids = append(with, m{"ticket_type_id": kinds[v]}), append(ids, kinds[v])
			}
			h.api("POST", at+"/add-ons", m{"name": name, "price": free, "ticket_types": with}, 201)
			asked := h.api("POST", at+"/questions", m{"subject": "ticket", "kind": "choice", "label": "About " + name, "purpose": "x", "ticket_type_ids": ids,
				"options": []m{{"label": "Green", "places": 7}, {"label": "Gone", "places": 0}}}, 201)
			h.api("POST", at+"/questions", m{"subject": "ticket", "kind": "text", "label": "More about " + name, "purpose": "x",
				"show_if": m{"question_id": asked.text1("id"), "any_of": []string{asked.text1("options", 0, "id")}}}, 201)
		}
		for _, path := range []string{"/availability", "/questions"} {
			all, public := h.api("GET", at+path, nil, 200), h.api("GET", at+path, nil, 200, "Authorization", "")
			for _, word := range []string{"Yacht", "Cigars", kinds["hidden"], kinds["voucher"]} {
				if strings.Contains(public.text, word) || !strings.Contains(all.text, word) {
					t.Errorf("%s: %s for strangers: %s", path, word, public.text)
				}
			}
			for _, word := range []string{"Shirt", "Lunch", kinds["public"]} {
				if !strings.Contains(public.text, word) {
					t.Errorf("%s: no %s for strangers: %s", path, word, public.text)
				}
			}
		}
		public := h.api("GET", at+"/questions", nil, 200, "Authorization", "")
		public.is(nil, "items", 0, "options", 0, "places")
		public.is(nil, "items", 0, "options", 0, "taken")
		public.is(false, "items", 0, "options", 0, "full")
		public.is(true, "items", 0, "options", 1, "full")
		h.api("GET", at+"/questions", nil, 200).is(7, "items", 0, "options", 0, "places")
	})
}
