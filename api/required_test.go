package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Every field that the document calls required is: without it, in whatever object of the body, the answer is 422 and names it.
func TestWhatIsRequiredIsRequired(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	h.api("POST", "/events", eventBody("bare"), 201)
	h.api("POST", "/events/bare/publish", nil, 200)
	tried := 0
	for path, item := range h.document.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			at := strings.NewReplacer("{event}", "bare", "{id}", "x", "{code}", "x", "{add_on}", "x").Replace(path)
			schema := op.RequestBody.Value.Content["application/json"].Schema
			for _, missing := range requiredIn(schema, "") {
				if path == "/activities" && missing != "items" {
					continue // items are rejected one by one
				}
				tried++
				body := leastBody(schema, "", missing)
				got := h.api(method, at, body, 422)
				if !slices.ContainsFunc(got.at("fields").([]any), func(f any) bool {
					return f.(map[string]any)["name"] == missing && f.(map[string]any)["code"] == "required"
				}) {
					t.Errorf("%s %s without %s: %s", method, path, missing, got.text)
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d fields were tried", tried)
	}
}

// requiredIn lists the paths of the required fields of a schema, those of required objects and lists among them.
func requiredIn(schema *openapi3.SchemaRef, path string) (all []string) {
	s := plainSchema(schema)
	if s.Properties["currency"] != nil && len(s.Properties) == 2 {
		return nil // half of it is no money: the decoder's own test
	}
	if s.Items != nil {
		return requiredIn(s.Items, path+"[0]")
	}
	for _, name := range s.Required {
		at := strings.TrimPrefix(path+"."+name, ".")
		all = append(append(all, at), requiredIn(s.Properties[name], at)...)
	}
	return all
}

func plainSchema(schema *openapi3.SchemaRef) *openapi3.Schema {
	if len(schema.Value.AllOf) == 1 {
		return plainSchema(schema.Value.AllOf[0])
	}
	return schema.Value
}

// leastBody is what a schema needs, but for the field that is left out.
func leastBody(schema *openapi3.SchemaRef, path, without string) any {
	s := plainSchema(schema)
	switch {
	case s.Items != nil:
		return []any{leastBody(s.Items, path+"[0]", without)}
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is("integer"):
		return 1
	case s.Type.Is("boolean"):
		return true
	case s.Format == "date-time":
		return begin
	case s.Type.Is("string"):
		return "EUR"
	}
	body := m{}
	for _, name := range s.Required {
		if at := strings.TrimPrefix(path+"."+name, "."); at != without {
			body[name] = leastBody(s.Properties[name], at, without)
		}
	}
	return body
}

// A PATCH that names one field changes that and nothing else.
func TestAPatchChangesWhatItNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		body := eventBody("patched")
		maps.Copy(body, m{"summary": "Short", "description": "Long", "accent": "#aa0033", "join_opens_minutes": 15})
		event := h.api("POST", "/events", body, 201)
		pool := h.api("POST", "/events/patched/pools", m{"name": "Hall", "capacity": 120}, 201)
		tt := h.api("POST", "/events/patched/ticket-types", m{"name": "Guest", "price": m{"amount": 100, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool.text1("id")}}, 201).text1("id")
		voucher := h.api("POST", "/events/patched/vouchers", m{"code": "TEN", "kind": "percent", "value": 10, "max_uses": 3, "budget": 500, "ticket_type_ids": []string{tt},
			"email": "a@example.org", "note": "N", "valid_from": begin.Add(-48 * time.Hour), "valid_until": begin}, 201)
		question := h.api("POST", "/events/patched/questions", m{"subject": "ticket", "kind": "choice", "label": "Which?", "help": "H", "purpose": "P", "required": true,
			"options": []m{{"label": "A", "places": 4}, {"label": "B"}}, "ticket_type_ids": []string{tt}, "erase_days": 30}, 201)
		for _, thing := range []struct {
			path   string
			before answer
			change m
		}{
			{"/events/patched", event, m{"title": "Other", "summary": "Shorter", "description": "Longer", "accent": "#0033aa", "join_opens_minutes": 45, "online_url": "https://meet.example.org/other",
				"prices_include_tax": false, "starts_at": begin.Add(time.Hour), "ends_at": begin.Add(8 * time.Hour), "venue": m{"name": "V", "address": "A", "city": "C", "country": "DE"}}},
			{"/pools/" + pool.text1("id"), pool, m{"name": "Annexe", "capacity": 90}},
			{"/vouchers/" + voucher.text1("id"), voucher, m{"value": 20, "max_uses": 4, "budget": 600, "email": "b@example.org", "note": "O", "valid_from": begin.Add(-50 * time.Hour),
				"valid_until": begin.Add(-time.Hour), "ticket_type_ids": []string{}}},
			{"/questions/" + question.text1("id"), question, m{"label": "What?", "help": "Help", "purpose": "Because", "required": false, "ticket_type_ids": []string{}, "erase_days": 20}},
		} {
			before := thing.before
			for _, field := range slices.Sorted(maps.Keys(thing.change)) {
				after := h.api("PATCH", thing.path, m{field: thing.change[field]}, 200)
				if fmt.Sprint(after.body[field]) == fmt.Sprint(before.body[field]) {
					t.Errorf("PATCH %s {%s}: nothing changed", thing.path, field)
				}
				for name, was := range before.body {
					follows := map[string][]string{"capacity": {"available"}, "erase_days": {"kept_until"}, "ends_at": {"kept_until"}}[field]
					if name == field || name == "version" || name == "updated_at" || name == "asked" || slices.Contains(follows, name) {
						continue
					}
					if is, want := words(t, after.body[name]), words(t, was); is != want {
						t.Errorf("PATCH %s {%s} changed %s from %s to %s", thing.path, field, name, want, is)
					}
				}
				before = after
			}
		}
	})
}

func words(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
