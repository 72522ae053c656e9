package api

import "strings"

// takeAway reads the lists of an event, as pages and as files.
func (h *house) takeAway(slug string) {
	at := "/events/" + slug
	if items := h.api("GET", at+"/attendees", nil, 200).at("items").([]any); len(items) == 0 {
		h.t.Error("nobody is listed")
	}
	for _, list := range []string{"/orders", "/attendees"} {
		if got := h.api("GET", at+list+".csv", nil, 200); !strings.Contains(got.text, "Łukasz") {
			h.t.Errorf("%s.csv names nobody: %.300s", list, got.text)
		}
		if got := h.api("GET", at+list+".xlsx", nil, 200); !strings.HasPrefix(got.text, "PK") {
			h.t.Errorf("%s.xlsx is no workbook: %.30q", list, got.text)
		}
		h.api("GET", at+list+".csv", nil, 401, "Authorization", "")
	}
}

// decideAboutOrders approves one order and declines another.
func (h *house) decideAboutOrders(slug string) {
	at := "/events/" + slug
	pool := h.api("POST", at+"/pools", m{"name": "Salon", "capacity": 2}, 201).text1("id")
	salon := h.api("POST", at+"/ticket-types", m{"name": "Salon", "price": m{"amount": 0, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}, "requires_approval": true}, 201).text1("id")
	for _, decision := range []struct{ call, status string }{{"approve", "confirmed"}, {"decline", "canceled"}} {
		asked := h.api("POST", at+"/orders", orderBody(salon, 1), 201, "Authorization", "")
		asked.is("awaiting_approval", "status")
		h.api("POST", "/orders/"+asked.text1("code")+"/"+decision.call, m{"note": "x"}, 401, "Authorization", "")
		h.api("POST", "/orders/"+asked.text1("code")+"/"+decision.call, m{"note": "See you."}, 200).is(decision.status, "status")
		h.api("POST", "/orders/"+asked.text1("code")+"/"+decision.call, nil, 409).is("not_awaiting_approval", "code")
	}
}

// serveWaitlist offers a party places out of turn, which the small one behind it could have had too, and withdraws the offer again.
func (h *house) serveWaitlist(slug string) {
	at := "/events/" + slug
	pool := h.api("POST", at+"/pools", m{"name": "Boat", "capacity": 2}, 201).text1("id")
	boat := h.api("POST", at+"/ticket-types", m{"name": "Boat", "price": m{"amount": 0, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}}, 201).text1("id")
	h.api("POST", at+"/orders", orderBody(boat, 2), 201)
	h.api("POST", at+"/waitlist", m{"ticket_type_ids": []string{boat}, "party_size": 2, "name": "Zoë", "email": "zoe.waits@example.org"}, 201)
	entry := ""
	for _, item := range h.api("GET", at+"/waitlist", nil, 200).at("items").([]any) {
		if one := item.(map[string]any); one["name"] == "Zoë" {
			entry = one["id"].(string)
		}
	}
	one := at + "/waitlist/" + entry
	for query, want := range map[string]int{"status=offered": 0, "status=waiting&search=zo": 1, "search=nobody": 0, "ticket_type_id=" + boat: 1} {
		if got := h.api("GET", at+"/waitlist?"+query, nil, 200).at("items").([]any); len(got) != want {
			h.t.Errorf("the waitlist by %s: %d entries, want %d", query, len(got), want)
		}
	}
	h.api("GET", at+"/waitlist?status=gone", nil, 422).is("status", "fields", 0, "name")
	h.api("POST", one+"/offer", nil, 409).is("no_room", "code")
	h.api("PATCH", "/pools/"+pool, m{"name": "Boat", "capacity": 4}, 200)
	h.api("POST", one+"/offer", nil, 401, "Authorization", "")
	offered := h.api("POST", one+"/offer", nil, 200)
	offered.is("offered", "status")
	offered.is(boat, "offered_type_id")
	h.api("POST", one+"/offer", nil, 409).is("not_waiting", "code")
	h.api("POST", at+"/orders", orderBody(boat, 2), 409).is("sold_out", "code")
	h.api("POST", one+"/withdraw", nil, 200).is("withdrawn", "status")
	h.api("POST", one+"/withdraw", nil, 200).is("withdrawn", "status")
	h.api("POST", at+"/orders", orderBody(boat, 2), 201)
	other := h.api("POST", "/events", eventBody(slug+"-too"), 201).text1("slug")
	h.api("POST", "/events/"+other+"/waitlist/"+entry+"/withdraw", nil, 404)
}

// designTickets chooses how tickets look, and puts a logo on them and off again.
func (h *house) designTickets(slug string) {
	at := "/events/" + slug + "/ticket-design"
	before := h.api("GET", at, nil, 200)
	before.is(0, "version")
	before.is(nil, "logo_url")
	h.api("PUT", at, m{"layout": "round"}, 422).is("layout", "fields", 0, "name")
	h.api("PUT", at, m{"layout": "band", "large_name": true, "show_venue": false, "note": "Bring a photo ID."}, 412, "If-Match", `"7"`)
	saved := h.api("PUT", at, m{"layout": "band", "large_name": true, "show_venue": false, "note": "Bring a photo ID."}, 200, "If-Match", before.header.Get("ETag"))
	saved.is(true, "show_order")
	saved.is(false, "show_venue")
	h.api("PUT", at+"/logo", "no picture", 422)
	h.api("PUT", at+"/logo", string(logoPicture(h.t)), 401, "Authorization", "")
	logo := h.api("PUT", at+"/logo", string(logoPicture(h.t)), 200)
	logo.is("band", "layout")
	path := strings.TrimPrefix(logo.text1("logo_url"), baseURL)
	if w, _ := call(h.t, h, "GET", path, ""); w.StatusCode != 200 {
		h.t.Errorf("the logo at %s: %d", path, w.StatusCode)
	}
	h.api("DELETE", at+"/logo", nil, 200).is(nil, "logo_url")
	h.api("GET", at, nil, 200).is("Bring a photo ID.", "note")
}

// printBadges chooses how badges look and prints them.
func (h *house) printBadges(slug string, types [2]string) {
	at := "/events/" + slug
	before := h.api("GET", at+"/badge-design", nil, 200)
	before.is(0, "version")
	before.is("brand", "layout")
	h.api("PUT", at+"/badge-design", m{"layout": "round", "paper": "a4"}, 422).is("layout", "fields", 0, "name")
	h.api("PUT", at+"/badge-design", m{"layout": "name", "paper": "a6", "bands": []m{{"ticket_type_id": "typ_none", "words": "CREW"}}}, 422).is("bands[0].ticket_type_id", "fields", 0, "name")
	h.api("PUT", at+"/badge-design", m{"layout": "name", "paper": "a6", "question_ids": []string{"que_none"}}, 422).is("questions", "fields", 0, "name")
	chosen := m{"layout": "name", "paper": "a6", "show_order": true, "bands": []m{{"ticket_type_id": types[0], "words": "CREW", "color": "#b91c1c"}}}
	h.api("PUT", at+"/badge-design", chosen, 412, "If-Match", `"7"`)
	saved := h.api("PUT", at+"/badge-design", chosen, 200, "If-Match", before.header.Get("ETag"))
	saved.is(true, "show_qr")
	saved.is("CREW", "bands", 0, "words")

	h.api("POST", at+"/badge-prints", m{"which": "some"}, 422)
	h.api("POST", at+"/badge-prints", m{"search": "nobody-at-all"}, 409).is("no_badges", "code")
	h.api("POST", at+"/badge-prints", m{}, 401, "Authorization", "")
	first := h.api("POST", at+"/badge-prints", m{"sort": "type"}, 201)
	h.api("POST", at+"/badge-prints", m{"which": "not_printed"}, 409).is("no_badges", "code")
	h.api("POST", at+"/badge-prints", m{"which": "changed"}, 409).is("no_badges", "code")
	h.api("GET", at+"/badge-prints", nil, 200).is(first.text1("id"), "items", 0, "id")
	h.api("GET", at+"/badge-prints/"+first.text1("id"), nil, 200).is(first.at("badges"), "badges")
	file := strings.TrimPrefix(first.text1("files", 0), baseURL+"/api/v1")
	h.api("GET", file, nil, 200)
	h.api("GET", strings.Replace(file, "file=1", "file=2", 1), nil, 404)
	other := h.api("POST", "/events", eventBody(slug+"-badges"), 201).text1("slug")
	h.api("GET", "/events/"+other+"/badge-prints/"+first.text1("id"), nil, 404)
	_, _, stranger := h.found("elsewhere-badges")
	h.api("GET", file, nil, 404, "Authorization", "Bearer "+stranger)
	h.api("GET", at+"/badge-design", nil, 404, "Authorization", "Bearer "+stranger)
}

// cancelOneAddOn cancels the dinner of one of two tickets.
func (h *house) cancelOneAddOn(slug string) {
	at, free := "/events/"+slug, m{"amount": 0, "currency": "EUR"}
	pool := h.api("POST", at+"/pools", m{"name": "Long table", "capacity": 2}, 201).text1("id")
	tt := h.api("POST", at+"/ticket-types", m{"name": "Diner", "price": free, "attendance_mode": "in_person", "pool_ids": []string{pool}}, 201).text1("id")
	seats := h.api("POST", at+"/pools", m{"name": "Plates", "capacity": 2}, 201).text1("id")
	dinner := h.api("POST", at+"/add-ons", m{"name": "Dinner for one", "price": free, "pool_ids": []string{seats}, "ticket_types": []m{{"ticket_type_id": tt, "most": 1}}}, 201).text1("id")
	body := orderBody(tt, 2)
	body["lines"] = append(body["lines"].([]m), m{"add_on_id": dinner, "quantity": 2})
	order := h.api("POST", at+"/orders", body, 201)
	order.is(dinner, "tickets", 0, "add_ons", 0, "add_on_id")
	call := "/tickets/" + order.text1("tickets", 0, "id") + "/add-ons/" + dinner + "/cancel"
	h.api("POST", call, nil, 401, "Authorization", "")
	_, _, stranger := h.found("elsewhere-too")
	h.api("POST", call, nil, 404, "Authorization", "Bearer "+stranger)
	h.api("POST", call, m{"preview": true}, 200).is(0, "refund", "amount")
	h.api("POST", call, nil, 200).is(0, "refund", "amount")
	h.api("POST", call, nil, 409).is("no_such_add_on", "code")
	after := h.api("GET", "/orders/"+order.text1("code"), nil, 200)
	after.is(1, "lines", 1, "canceled")
	after.is(2, "lines", 1, "quantity")
	after.is(dinner, "tickets", 1, "add_ons", 0, "add_on_id")
	if after.at("tickets", 0).(map[string]any)["add_ons"] != nil {
		h.t.Error("the first ticket still has its dinner")
	}
}

// noteForDoor says what the door shall know of somebody, who hears it at their scan.
func (h *house) noteForDoor(order answer) {
	ticket := order.text1("tickets", 1, "id")
	h.api("PUT", "/tickets/"+ticket+"/notice", m{"kind": "vip", "text": "To the green room"}, 200).is("vip", "kind")
	h.api("PUT", "/tickets/"+ticket+"/notice", m{"kind": "king", "text": ""}, 422).is("kind", "fields", 0, "name")
	list := h.api("POST", "/events/gophers/check-in-lists", m{"name": "Side door"}, 201).text1("id")
	scan := h.api("POST", "/check-in-lists/"+list+"/scans", m{"code": order.text1("tickets", 1, "code"), "nonce": "noted"}, 200)
	scan.is("To the green room", "notices", 0, "text")
	h.api("DELETE", "/scans/"+scan.text1("id"), nil, 200)
	h.api("PUT", "/tickets/"+ticket+"/notice", m{"kind": ""}, 200)
	chair := h.api("POST", "/events/gophers/questions", m{"subject": "door", "kind": "yes_no", "label": "Do you need a chair?", "purpose": "To bring it."}, 201).text1("id")
	h.api("PUT", "/tickets/"+ticket+"/door-answers", m{"answers": m{chair: true}}, 200).is(true, "answers", 0, "value")
	h.api("DELETE", "/questions/"+chair, nil, 200)
}
