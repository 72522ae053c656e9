package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Every list of the API is read in pages: limit and cursor are in the document, and a limit that makes no sense is refused.
func TestEveryListTakesLimitAndCursor(t *testing.T) {
	h := newWalk(t, dbtest.Open(t, database.SQLite))
	lists := 0
	for path, item := range h.document.Paths.Map() {
		get := item.Get
		if get == nil || get.Responses.Status(200) == nil {
			continue
		}
		content := get.Responses.Status(200).Value.Content.Get("application/json")
		if content == nil || content.Schema.Value.Properties["next_cursor"] == nil {
			continue
		}
		lists++
		for _, name := range []string{"limit", "cursor"} {
			if get.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("GET %s has no %s", path, name)
			}
		}
		at := strings.TrimPrefix(strings.NewReplacer("{event}", "walked", "/pools/{id}", "/pools/"+h.names["pools"], "/sponsors/{id}", "/sponsors/"+h.names["sponsors"], "/sessions/{id}", "/sessions/"+h.names["sessions"]).Replace(path), "/api/v1")
		for _, query := range []string{"limit=0", "limit=201", "limit=ten"} {
			h.api("GET", at+"?"+query, nil, 422).is("limit", "fields", 0, "name")
		}
		h.api("GET", at+"?limit=200", nil, 200)
	}
	if lists < 12 {
		t.Errorf("%d lists in the document", lists)
	}
}

// A list read by twos names everything once, in the order of the list read at once.
func TestListsInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newWalk(t, db)
		at := "/events/walked"
		pool := h.names["pools"]
		for i := range 4 {
			name := fmt.Sprint("N", i)
			h.api("POST", at+"/check-in-lists", m{"name": name}, 201)
			h.api("POST", at+"/pools", m{"name": name, "capacity": 1}, 201)
			h.api("POST", at+"/sponsors", m{"name": name, "status": "prospect"}, 201)
			h.api("POST", at+"/sponsor-tiers", m{"name": name, "price": m{"amount": 1, "currency": "EUR"}, "position": 4 - i}, 201)
			h.api("POST", at+"/ticket-types", m{"name": name, "price": m{"amount": 0, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}}, 201)
			session := h.api("POST", at+"/sessions", m{"title": name, "kind": "talk", "duration_minutes": 30}, 201).text1("id")
			h.api("PUT", "/sessions/"+session+"/slot", m{"starts_at": "2037-05-01T09:00:00Z", "ends_at": "2037-05-01T10:00:00Z"}, 200) // outside the event
			h.api("POST", at+"/agenda/releases", m{"version": name}, 201)
			h.newToken(h.community.ID, "events:read")
		}
		hall := "/sessions/" + h.names["sessions"]
		h.api("PUT", hall+"/sign-up", m{"offered": true, "seats": 2}, 200)
		for range 5 { // two have places, three wait
			ticket := h.api("POST", at+"/orders", orderBody(h.names["ticket-types"], 1), 201).text1("tickets", 0, "id")
			h.api("PUT", hall+"/sign-ups/"+ticket, nil, 200)
		}
		for _, path := range []string{hall + "/sign-ups", at + "/check-in-lists", at + "/pools", at + "/sponsors", at + "/sponsor-tiers", at + "/ticket-types", at + "/agenda/releases", at + "/agenda/conflicts", "/tokens"} {
			whole := h.listed(path)
			var found []string
			for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
				page := h.api("GET", path+"?limit=2&cursor="+cursor, nil, 200)
				items := page.at("items").([]any)
				if len(items) > 2 || len(items) == 0 || pages > 5 {
					t.Fatalf("%s: page %d has %d items", path, pages, len(items))
				}
				for _, item := range items {
					found = append(found, fmt.Sprint(item))
				}
				cursor, _ = page.at("next_cursor").(string)
			}
			if len(whole) < 4 || !slices.Equal(found, whole) {
				t.Errorf("%s: %d items by twos, %d at once", path, len(found), len(whole))
			}
			h.api("GET", path+"?cursor=made_up", nil, 422).is("invalid_cursor", "fields", 0, "code")
		}
		// A stranger's cursor names visible ticket types only.
		h.api("POST", at+"/ticket-types", m{"name": "Hidden", "price": m{"amount": 0, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}, "visibility": "hidden"}, 201)
		last := h.listed(at + "/ticket-types")
		public := h.api("GET", at+"/ticket-types?limit="+fmt.Sprint(len(last)-1), nil, 200, "Authorization", "")
		if public.at("next_cursor") != nil || strings.Contains(public.text, "Hidden") {
			t.Errorf("a stranger sees %s", public.text)
		}
	})
}

func (h *house) listed(path string) (items []string) {
	h.t.Helper()
	for _, item := range h.api("GET", path, nil, 200).at("items").([]any) {
		items = append(items, fmt.Sprint(item))
	}
	return items
}

// The rules of a list are lists of conditions; each thing that is wrong is named by its place.
func TestRulesAreAListOfLists(t *testing.T) {
	h := newWalk(t, dbtest.Open(t, database.SQLite))
	at := "/events/walked/check-in-lists"
	for _, rules := range []string{`null`, `[]`, `[[{"kind":"gates","any":["North"]}]]`} {
		h.api("POST", at, `{"name":"A","rules":`+rules+`}`, http.StatusCreated)
	}
	refused := h.api("POST", at, `{"name":"","rules":[[],[{"kind":"moon"}]]}`, 422)
	refused.is("invalid", "code")
	for i, want := range []string{"name", "rules[0]", "rules[1][0].kind"} {
		refused.is(want, "fields", i, "name")
	}
	h.api("POST", at, `{"name":"A","rules":{"zone":1}}`, 422).is("rules", "fields", 0, "name")
	if n := len(h.listed(at)); n != 4 {
		t.Errorf("%d lists", n)
	}
}
