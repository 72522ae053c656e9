package api

import (
	"net/http"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Every call whose document names If-Match reads it: an edit of another version than there is answers 412, and changes nothing.
func TestWhatTakesIfMatchReadsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newWalk(t, db)
		at := "/events/walked"
		price := m{"amount": 0, "currency": "EUR"}
		h.names["add-ons"] = h.api("POST", at+"/add-ons", m{"name": "A", "price": price}, 201).text1("id")
		h.names["speakers"] = h.api("POST", at+"/speakers", m{"name": "A"}, 201).text1("id")
		for _, kind := range []string{"rooms", "tracks"} {
			h.names[kind] = h.api("POST", at+"/"+kind, m{"name": "A"}, 201).text1("id")
		}
		least := map[string]any{
			"/rooms/{id}":                        m{"name": "B"},
			"/tracks/{id}":                       m{"name": "B"},
			"/speakers/{id}":                     m{"name": "B"},
			"/sessions/{id}":                     m{"title": "B", "kind": "talk", "duration_minutes": 30},
			"/activation-rule":                   m{"types": []string{"message"}, "min_count": 1, "window_days": 30, "lookback_days": 90},
			"/events/{event}/ticket-design":      m{"layout": "band"},
			"/events/{event}/badge-design":       m{"layout": "name", "paper": "a6"},
			"/events/{event}/ticket-design/logo": string(logoPicture(t)),
			"/ticket-types/{id}":                 m{"name": "A", "price": price, "attendance_mode": "in_person", "pool_ids": []string{h.names["pools"]}},
		}
		tried := 0
		for _, route := range h.table {
			path, isAPI := strings.CutPrefix(route.Path, "/api/v1")
			item := h.document.Paths.Value(path)
			if !isAPI || item == nil || item.GetOperation(route.Method).Parameters.GetByInAndName("header", "If-Match") == nil {
				continue
			}
			tried++
			body := least[path]
			if text, ok := bodies[path]; ok && body == nil {
				body = text
			}
			if body == nil && item.GetOperation(route.Method).RequestBody != nil {
				body = m{}
			}
			h.api(route.Method, strings.TrimPrefix(h.path(route), "/api/v1"), body, http.StatusPreconditionFailed, "If-Match", `"999"`).is("stale", "code")
		}
		if tried < 15 {
			t.Errorf("only %d calls take If-Match", tried)
		}
		// What nobody has said anything of yet has an ETag too, with which the first edit is made, once.
		for call, body := range map[string]m{"/sign-up": {"offered": true, "seats": 3}, "/online-room": {"online_url": "https://example.org/room"}} {
			path := "/sessions/" + h.names["sessions"] + call
			h.api("GET", path, nil, 200).is(0, "version")
			h.api("PUT", path, body, 200, "If-Match", `"0"`).is(1, "version")
			h.api("PUT", path, body, http.StatusPreconditionFailed, "If-Match", `"0"`).is("stale", "code")
			h.api("PUT", path, body, 200, "If-Match", `"1"`).is(2, "version")
			h.api("PUT", path, body, 200).is(3, "version")
		}
		for _, kind := range []string{"vouchers", "questions"} {
			h.api("GET", "/"+kind+"/"+h.names[kind], nil, 200).is(1, "version")
		}
		h.api("GET", at+"/ticket-design", nil, 200).is(0, "version")
	})
}
