package api

import (
	"encoding/json"
	"time"
)

// fillCatalogue sells more than a ticket, by the API alone: price windows, add-ons, places set aside, the shop's settings.
func (h *house) fillCatalogue(slug string) {
	t, at := h.t, "/events/"+slug
	pool := h.api("POST", at+"/pools", m{"name": "Attic", "capacity": 8}, 201).text1("id")
	body := m{"name": "Attic seat", "price": m{"amount": 3000, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}, "multiple_of": 2, "max_per_order": 4,
		"members_only": true, "email_domains": []string{"@Uni.example", "uni.example"}, "requires_approval": true, "visibility": "hidden",
		"price_windows": []m{{"name": "First", "price": m{"amount": 1000, "currency": "EUR"}, "up_to": 4}, {"name": "May", "price": m{"amount": 2000, "currency": "EUR"}, "until": begin.Add(-time.Hour)}}}
	made := h.api("POST", at+"/ticket-types", body, 201)
	for path, want := range map[string]any{"First": made.at("price_windows", 0, "name"), "uni.example": made.at("email_domains", 0)} {
		if path != want {
			t.Errorf("%v, want %v", want, path)
		}
	}
	made.is(4, "price_windows", 0, "up_to")
	made.is(nil, "price_windows", 0, "until")
	made.is(nil, "price_windows", 1, "up_to")
	made.is(2, "multiple_of")
	made.is(true, "members_only")
	made.is("fixed", "pricing")
	id := made.text1("id")
	first := made.text1("price_windows", 0, "id")
	body["price_windows"] = []m{{"id": first, "name": "Early", "price": m{"amount": 1500, "currency": "EUR"}, "up_to": 6}}
	renamed := h.api("PUT", "/ticket-types/"+id, body, 200)
	renamed.is(1500, "price_windows", 0, "price", "amount")
	renamed.is(first, "price_windows", 0, "id")
	body["price_windows"] = []m{{"id": "win_0000000000", "name": "Early", "price": m{"amount": 1500, "currency": "EUR"}, "up_to": 6}}
	h.api("PUT", "/ticket-types/"+id, body, 422).is("price_windows[0].id", "fields", 0, "name")
	body["price_windows"] = []m{{"name": "First", "price": m{"amount": 1500, "currency": "USD"}, "up_to": 6}, {"name": "x", "price": m{"amount": 1, "currency": "EUR"}}}
	h.api("PUT", "/ticket-types/"+id, body, 422).is("price_windows[0].price", "fields", 0, "name")
	body["price_windows"] = []m{{"name": "x", "price": m{"amount": 1, "currency": "EUR"}}}
	h.api("PUT", "/ticket-types/"+id, body, 422).is("price_windows[0].until", "fields", 0, "name")
	body["price_windows"], body["pricing"], body["min_price"] = []m{}, "open", m{"amount": 500, "currency": "EUR"}
	open := h.api("PUT", "/ticket-types/"+id, body, 200)
	open.is(500, "min_price", "amount")
	body["price"] = m{"amount": json.Number("99999999999999999999"), "currency": "EUR"}
	h.api("PUT", "/ticket-types/"+id, body, 422).is("number_high", "fields", 0, "code")
	body["price"] = m{"amount": 1_000_000_000_001, "currency": "EUR"}
	h.api("PUT", "/ticket-types/"+id, body, 422).is("This is too large: €499,999.99 at most.", "fields", 0, "message")
	body["price"] = m{"amount": 3000, "currency": "EUR"}
	body["min_per_order"], body["max_per_order"], body["multiple_of"] = 3, 3, 2
	h.api("PUT", "/ticket-types/"+id, body, 422).is("max_per_order", "fields", 0, "name")

	shirt := m{"name": "Shirt", "price": m{"amount": 1500, "currency": "EUR"}, "pool_ids": []string{pool}, "ticket_types": []m{{"ticket_type_id": id, "least": 1, "included": 1}}}
	addOn := h.api("POST", at+"/add-ons", shirt, 201)
	addOn.is(1, "ticket_types", 0, "most")
	addOn.is(true, "on_sale")
	h.api("POST", at+"/add-ons", shirt, 409).is("name_taken", "code")
	shirt["on_sale"], shirt["name"] = false, "T-shirt"
	h.api("PUT", "/add-ons/"+addOn.text1("id"), shirt, 200, "If-Match", addOn.header.Get("ETag")).is(false, "on_sale")
	h.api("PUT", "/add-ons/"+addOn.text1("id"), shirt, 412, "If-Match", addOn.header.Get("ETag"))
	list := h.api("GET", at+"/add-ons", nil, 200)
	list.is("T-shirt", "items", 0, "name")
	list.is(0, "items", 0, "sold")

	block := h.api("POST", "/pools/"+pool+"/blocks", m{"places": 3, "note": "Crew"}, 201)
	h.api("POST", "/pools/"+pool+"/blocks", m{"places": 6, "note": "Press"}, 409).is("sold_out", "code")
	h.api("GET", "/pools/"+pool+"/blocks", nil, 200).is("Crew", "items", 0, "note")
	_, _, stranger := h.found("elsewhere")
	h.api("GET", "/pools/"+pool+"/blocks", nil, 404, "Authorization", "Bearer "+stranger)
	h.api("DELETE", "/blocks/"+block.text1("id"), nil, 404, "Authorization", "Bearer "+stranger)
	h.api("PUT", "/add-ons/"+addOn.text1("id"), shirt, 404, "Authorization", "Bearer "+stranger)
	h.api("DELETE", "/blocks/"+block.text1("id"), nil, 204)
	if left := h.api("GET", "/pools/"+pool+"/blocks", nil, 200).at("items").([]any); len(left) != 0 {
		t.Errorf("still set aside: %v", left)
	}

	shop := h.api("GET", at+"/shop", nil, 200)
	shop.is(72, "pay_hours")
	set := h.api("PUT", at+"/shop", m{"offer_hours": 6, "waitlist_order": "lottery", "waitlist_closes_at": begin}, 200, "If-Match", shop.header.Get("ETag"))
	set.is(6, "offer_hours")
	set.is("lottery", "waitlist_order")
	h.api("PUT", at+"/shop", m{}, 412, "If-Match", shop.header.Get("ETag"))
	h.api("PUT", at+"/shop", m{"offer_hours": 0}, 422).is("offer_hours", "fields", 0, "name")
	h.api("PUT", at+"/shop", m{}, 200).is(24, "offer_hours")
	h.api("GET", at+"/availability", nil, 200).is("everybody", "ticket_types", 0, "for_sale_to")
}
