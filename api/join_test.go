package api

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// A join link says when it opens, opens into the room and counts as attendance, and ends with the event or the ticket.
func TestJoin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, func(c *Config) { c.Sandbox = nil }) // offline payment: a token marks it paid
		soon := time.Now().UTC().Add(2 * time.Hour).Truncate(time.Second)
		body := eventBody("talk")
		body["starts_at"], body["ends_at"] = soon, soon.Add(time.Hour)
		h.api("POST", "/events", body, 201)
		h.api("POST", "/events/talk/publish", nil, 200)
		types := h.openShop("talk")
		order := h.api("POST", "/events/talk/orders", orderBody(types[1], 1), 201)
		h.api("POST", "/orders/"+order.text1("code")+"/paid", nil, 200)
		placed, err := h.Ticketing.Order(t.Context(), h.community.ID, order.text1("code"))
		if err != nil {
			t.Fatal(err)
		}
		link, err := url.Parse(h.Ticketing.JoinLink(placed.Tickets[0]))
		if err != nil {
			t.Fatal(err)
		}
		move := func(to time.Time) {
			t.Helper()
			h.api("PATCH", "/events/talk", m{"starts_at": to, "ends_at": to.Add(time.Hour)}, 200)
		}
		attended := func() int {
			return len(h.api("GET", "/events/talk/attendance", nil, 200).at("items").([]any))
		}
		w, page := call(t, h, "GET", link.RequestURI(), "")
		if w.StatusCode != 200 || !strings.Contains(page, "data-until=") || strings.Contains(page, "meet.example.org") || w.Header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(page, "noindex") {
			t.Errorf("before: %d %v %s", w.StatusCode, w.Header, page)
		}
		if w, _ := call(t, h, "POST", link.RequestURI(), ""); w.StatusCode != 200 || attended() != 0 {
			t.Errorf("entering before it opens: %d", w.StatusCode)
		}
		move(time.Now().UTC().Add(20 * time.Minute))
		if w, page := call(t, h, "GET", link.RequestURI(), ""); w.StatusCode != 200 || !strings.Contains(page, "Enter the room") || attended() != 0 {
			t.Errorf("open: %d %s", w.StatusCode, page)
		}
		for range 2 {
			w, _ := call(t, h, "POST", link.RequestURI(), "")
			if w.StatusCode != 303 || w.Header.Get("Location") != "https://meet.example.org/gophers" || !strings.Contains(w.Header.Get("Content-Security-Policy"), "form-action 'self' https:") {
				t.Errorf("entering: %d %v", w.StatusCode, w.Header)
			}
		}
		if n := attended(); n != 1 {
			t.Errorf("%d attendance records", n)
		}
		move(time.Now().UTC().Add(-2 * time.Hour))
		if w, page := call(t, h, "POST", link.RequestURI(), ""); w.StatusCode != 200 || !strings.Contains(page, "over") {
			t.Errorf("after: %d %s", w.StatusCode, page)
		}
		wrong := []string{"/join/" + string(placed.Tickets[0].ID) + "?secret=wrong", "/join/" + string(placed.Tickets[0].ID), "/join/" + string(turnout.NewID("tkt")) + "?" + link.RawQuery}
		move(time.Now().UTC().Add(20 * time.Minute))
		for _, path := range wrong {
			for _, method := range []string{"GET", "POST"} {
				if w, page := call(t, h, method, path, ""); w.StatusCode != 404 || !strings.Contains(page, "leads nowhere") {
					t.Errorf("%s %s: %d %.300s", method, path, w.StatusCode, page)
				}
			}
		}
		// A ticket that was given back says so; so does an event that was called off, before and after its tickets are canceled.
		back := h.api("POST", "/events/talk/orders", orderBody(types[1], 1), 201)
		h.api("POST", "/orders/"+back.text1("code")+"/paid", nil, 200)
		given, err := h.Ticketing.Order(t.Context(), h.community.ID, back.text1("code"))
		if err != nil {
			t.Fatal(err)
		}
		gone, err := url.Parse(h.Ticketing.JoinLink(given.Tickets[0]))
		if err != nil {
			t.Fatal(err)
		}
		h.api("POST", "/orders/"+back.text1("code")+"/cancel", m{}, 200)
		for _, method := range []string{"GET", "POST"} {
			if w, page := call(t, h, method, gone.RequestURI(), ""); w.StatusCode != 200 || !strings.Contains(page, "Your ticket was canceled") || strings.Contains(page, "Enter the room") {
				t.Errorf("%s with a ticket given back: %d %s", method, w.StatusCode, page)
			}
		}
		if n := attended(); n != 1 {
			t.Errorf("%d attendance records after a canceled ticket's link", n)
		}
		h.api("POST", "/events/talk/cancel", nil, 200)
		for _, drain := range []bool{false, true} {
			if drain {
				if _, err := h.runner.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, method := range []string{"GET", "POST"} {
				if w, page := call(t, h, method, link.RequestURI(), ""); w.StatusCode != 200 || !strings.Contains(page, "This event is canceled") || strings.Contains(page, "Enter the room") {
					t.Errorf("%s of a canceled event, its tickets canceled %t: %d %s", method, drain, w.StatusCode, page)
				}
			}
		}
	})
}
