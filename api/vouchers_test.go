package api

import (
	"strings"
	"time"

	"turnout/events/organisers"
)

// makeVouchers makes, changes, ends and redeems vouchers by the API alone.
func (h *house) makeVouchers(slug string, types [2]string) {
	t, at := h.t, "/events/"+slug+"/vouchers"
	made := h.api("POST", at, m{"code": "Speaker 10", "kind": "percent", "value": 10, "max_uses": 1, "ticket_type_ids": []string{types[1]}, "note": "For our speakers"}, 201)
	made.is("active", "state")
	made.is(0, "uses")
	made.is(1, "max_uses")
	made.is(baseURL+"/e/"+slug+"/checkout?voucher=Speaker+10", "url")
	id := made.text1("id")
	h.api("POST", at, m{"code": "SPEAKER10", "kind": "access"}, 409).is("code_taken", "code")
	h.api("POST", at, m{"code": "x", "kind": "percent", "value": 101}, 422).is("value", "fields", 0, "name")
	h.api("POST", at, m{"code": "x", "kind": "reserve"}, 422).is("max_uses", "fields", 0, "name")

	many := h.api("POST", at+"/batch", m{"batch": "Student union", "prefix": "UNI-", "count": 3, "kind": "fixed_price", "value": 1900, "max_uses": 1}, 201)
	if list := many.at("items").([]any); len(list) != 3 || !strings.HasPrefix(many.text1("items", 0, "code"), "UNI-") {
		t.Errorf("the batch: %s", many.text)
	}
	h.api("POST", at+"/batch", m{"batch": "x", "count": 5001, "kind": "access"}, 422).is("count", "fields", 0, "name")
	h.api("GET", at+"?limit=2&batch=Student+union", nil, 200).is("Student union", "items", 1, "batch")
	if found := h.api("GET", at+"?search=speak", nil, 200).at("items").([]any); len(found) != 1 {
		t.Errorf("%d vouchers begin with speak", len(found))
	}
	h.api("GET", at+"?state=lost", nil, 422)

	order := m{"lines": []m{{"ticket_type_id": types[1], "quantity": 1}}, "voucher": "speaker10", "buyer": m{"name": "Ann", "email": "ann@example.org"}}
	sold := h.api("POST", "/events/"+slug+"/orders", order, 201, "Authorization", "")
	sold.is(4410, "total", "amount")
	sold.is(490, "lines", 0, "discount", "amount")
	h.api("POST", "/events/"+slug+"/orders", order, 422, "Authorization", "").is("used_up", "fields", 0, "code")
	h.api("GET", at+"?state=used_up", nil, 200).is(490, "items", 0, "spent")

	changed := h.api("PATCH", "/vouchers/"+id, m{"max_uses": 5, "budget": 10000, "valid_until": begin.Add(-time.Hour)}, 200, "If-Match", made.header.Get("ETag"))
	changed.is(5, "max_uses")
	changed.is(10, "value")
	h.api("PATCH", "/vouchers/"+id, m{"value": 20}, 412, "If-Match", made.header.Get("ETag"))
	h.api("PATCH", "/vouchers/"+id, m{"budget": 400}, 409).is("budget_below_spent", "code")
	h.api("PATCH", "/vouchers/"+id, m{"drop": []string{"budget", "valid_until"}}, 200).is(nil, "budget")
	h.api("PATCH", "/vouchers/"+id, m{"drop": []string{"uses"}}, 422)
	h.api("GET", "/vouchers/"+id, nil, 200).is(nil, "valid_until")
	for scope, status := range map[organisers.Capability]int{"tickets:read": 403, "orders:read": 200, "tickets:write": 200} { // codes are worth money
		token := "Bearer " + h.newToken(h.community.ID, scope)
		h.api("GET", at, nil, status, "Authorization", token)
		h.api("GET", "/vouchers/"+id, nil, status, "Authorization", token)
	}
	h.api("POST", "/vouchers/"+id+"/end", nil, 200).is("ended", "state")
	h.api("POST", "/events/"+slug+"/orders", order, 422, "Authorization", "").is("ended", "fields", 0, "code")
	h.api("POST", "/vouchers/"+id+"/reopen", nil, 200).is("active", "state")
	h.api("POST", "/orders/"+sold.text1("code")+"/cancel?secret="+sold.text1("secret"), nil, 200, "Authorization", "")
	h.api("GET", "/vouchers/"+id, nil, 200).is(0, "uses")
}
