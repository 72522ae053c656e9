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
