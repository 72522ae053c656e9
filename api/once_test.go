package api

import (
	"sync"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Every POST that takes places makes nothing twice for one Idempotency-Key, also when equal requests come in the same moment, and
// takes no other request with the key.
func TestOneKeyMakesOneThing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.api("POST", "/events", eventBody("once"), 201)
		h.api("POST", "/events/once/publish", nil, 200)
		at := "/events/once"
		pool := h.api("POST", at+"/pools", m{"name": "Hall", "capacity": 20}, 201).text1("id")
		tt := h.api("POST", at+"/ticket-types", m{"name": "Seat", "price": m{"amount": 0, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}}, 201).text1("id")
		count := func(path string) int { return len(h.api("GET", path, nil, 200).at("items").([]any)) }
		for _, thing := range []struct {
			path, list  string
			body, other m
			made        int
		}{
			{"/pools/" + pool + "/blocks", "/pools/" + pool + "/blocks", m{"places": 3, "note": "Crew"}, m{"places": 4, "note": "Crew"}, 1},
			{at + "/vouchers", at + "/vouchers?search=ten", m{"code": "TEN", "kind": "reserve", "max_uses": 2, "ticket_type_ids": []string{tt}}, m{"code": "TEN", "kind": "access"}, 1},
			{at + "/vouchers/batch", at + "/vouchers?batch=Many", m{"batch": "Many", "count": 3, "kind": "access"}, m{"batch": "Many", "count": 4, "kind": "access"}, 3},
		} {
			first := h.api("POST", thing.path, thing.body, 201, "Idempotency-Key", "k")
			again := h.api("POST", thing.path, thing.body, 201, "Idempotency-Key", "k")
			if words(t, again.body) != words(t, first.body) || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
				t.Errorf("%s again: %s, first %s", thing.path, again.text, first.text)
			}
			h.api("POST", thing.path, thing.other, 409, "Idempotency-Key", "k").is("idempotency_key_reused", "code")
			if n := count(thing.list); n != thing.made {
				t.Errorf("%s made %d, want %d", thing.path, n, thing.made)
			}
		}

		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if w, body := call(t, h, "POST", "/api/v1/pools/"+pool+"/blocks", `{"places":2,"note":"Press"}`, "Authorization", "Bearer "+h.token, "Idempotency-Key", "at once"); w.StatusCode != 201 {
					t.Errorf("at once: %d %s", w.StatusCode, body)
				}
			})
		}
		all.Wait()
		if n := count("/pools/" + pool + "/blocks"); n != 2 {
			t.Errorf("%d blocks, want two", n)
		}

		h.api("POST", at+"/orders", orderBody(tt, 10), 201)
		h.api("POST", "/pools/"+pool+"/blocks", m{"places": 3, "note": "The rest"}, 201)
		wish := m{"ticket_type_id": tt, "party_size": 2, "name": "Zoë", "email": "zoe@example.org"}
		h.api("POST", at+"/waitlist", wish, 201, "Authorization", "", "Idempotency-Key", "w")
		h.api("POST", at+"/waitlist", wish, 201, "Authorization", "", "Idempotency-Key", "w")
		wish["party_size"] = 1
		h.api("POST", at+"/waitlist", wish, 409, "Authorization", "", "Idempotency-Key", "w").is("idempotency_key_reused", "code")
		entry := h.api("GET", at+"/waitlist", nil, 200).text1("items", 0, "id")
		h.api("PATCH", "/pools/"+pool, m{"capacity": 30}, 200)
		for range 2 {
			h.api("POST", at+"/waitlist/"+entry+"/offer", nil, 200, "Idempotency-Key", "o").is("offered", "status")
		}
		h.api("POST", at+"/waitlist/"+entry+"/offer", nil, 409, "Idempotency-Key", "p").is("not_waiting", "code")
	})
}
