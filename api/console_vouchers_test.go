package api

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"turnout/events/organisers"
	"turnout/ticketing"
)

func TestVoucherPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(20)
		list := d.at("/vouchers")
		d.see(list, "No vouchers yet")
		d.see(list+"/new", "Percent", "Reservation")
		form := url.Values{"code": {"Speaker 20"}, "kind": {"percent"}, "value": {"20 %"}, "max_uses": {"2"}, "ticket_type_ids": {string(paid.ID)}, "note": {"For Łukasz"}, "budget": {"100.00"}}
		d.refuse(list+"/new", clone(form, "code", "", "value", "many", "budget", "x"), 422, `id="f-code-error"`, `id="f-value-error"`, `id="f-budget-error"`, `value="many"`)
		d.refuse(list+"/new", clone(form, "kind", "reserve", "value", "", "max_uses", "21"), 409, `id="f-max_uses-error"`, "fewer free places than this voucher")
		page := d.send(list+"/new", form, list+"/vou")
		d.refuse(list+"/new", form, 409, `id="f-code-error"`)
		d.see(page, "Speaker 20", "20 % off", "0 of 2", "/checkout?voucher=Speaker", "Nobody has used it yet")
		o, _, err := d.Ticketing.PlaceOrder(t.Context(), ticketing.Purchase{EventID: d.event.ID, Voucher: "SPEAKER20", Lines: []ticketing.PurchaseLine{{TicketTypeID: paid.ID, Quantity: 2}},
			Buyer: ticketing.Attendee{Name: "Ann", Email: "ann@example.org"}})
		if err != nil {
			t.Fatal(err)
		}
		d.see(page, "2 of 2", "€19.60 of €100.00", o.Code, "Used up")
		id := page[strings.LastIndex(page, "/")+1:]
		d.see(d.at("/orders")+"?voucher_id="+id, o.Code, `name="voucher_id"`)
		if body := d.see(d.at("/orders") + "?voucher_id=vou_x"); strings.Contains(body, o.Code) {
			t.Error("orders of another voucher are listed")
		}
		d.refuse(page, clone(form, "max_uses", "1", "version", "1"), 409, `id="f-max_uses-error"`)
		d.send(page, clone(form, "max_uses", "5", "version", "1"), page)
		d.refuse(page, clone(form, "version", "1"), 412, "Somebody changed this")
		d.send(page+"/end", nil, page)
		d.see(page, "has ended", "Open again")
		d.send(page+"/reopen", nil, page)
		d.see(page, "can be used again")

		d.refuse(list+"/batch", clone(form, "batch", "", "count", "5001"), 422, `id="f-batch-error"`, `id="f-count-error"`)
		d.send(list+"/batch", clone(form, "batch", "=Students", "prefix", "+UNI-", "count", "60", "max_uses", "1", "kind", "fixed_price", "value", "19", "note", ""), list+"?batch=%3DStudents")
		d.see(list+"?batch=%3DStudents", "60 vouchers were made", "Each ticket for €19.00", "Next", `href="`+list+`?batch=%3DStudents&amp;before=vou_`)
		d.see(list+"?search=lukasz", "Speaker 20")
		if body := d.see(list, "Speaker 20"); strings.Contains(body, "UNI-") || strings.Contains(body, "€0.00") {
			t.Error("a batch stands before single vouchers, or a discount that nobody was given")
		}
		if _, _, csv := d.fetch(list + ".csv"); strings.Contains(csv, "UNI-") || !strings.Contains(csv, "Speaker 20") {
			t.Errorf("the file has others than the list: %.300s", csv)
		}
		d.see(list+"?batch=+", "UNI-", "Next")
		d.send(list+"/batch", clone(form, "batch", "*", "prefix", "STAR-", "count", "1", "max_uses", "1", "kind", "fixed_price", "value", "19", "note", ""), list+"?batch=%2A")
		if body := d.see(list+"?batch=%2A", "STAR-"); strings.Contains(body, "UNI-") {
			t.Error("a batch by the name of a star stands for all")
		}
		d.see(list+"?search=uni", "UNI-")
		if body := d.see(list + "?state=used_up"); strings.Contains(body, "Speaker 20") {
			t.Error("a voucher with uses left is listed as used up")
		}
		w, csv := d.ask(httptest.NewRequest("GET", baseURL+list+".csv?batch=%3DStudents", nil))
		lines := strings.Split(strings.TrimSpace(csv), "\r\n")
		if w.StatusCode != 200 || len(lines) != 61 || !strings.Contains(lines[1], "'+UNI-") || !strings.Contains(lines[1], "'=Students") || strings.Contains(csv, "Speaker") {
			t.Errorf("%d, %d lines: %.300s", w.StatusCode, len(lines), csv)
		}
		one, all := d.statements(list+"?search=speaker"), d.statements(list)
		if one != all {
			t.Errorf("one voucher asks %d statements, fifty %d", one, all)
		}
		if w, _ := d.colleague(organisers.Viewer).ask(httptest.NewRequest("GET", baseURL+list, nil)); w.StatusCode != 403 {
			t.Errorf("a viewer sees codes: %d", w.StatusCode)
		}
		if body := d.colleague(organisers.Finance).see(page, "Speaker 20"); strings.Contains(body, "/end") {
			t.Error("who may not change tickets sees buttons")
		}
		d.lang = "de"
		for _, p := range []string{list, list + "/new", list + "/batch", page} {
			d.see(p)
		}
		d.refuse(list+"/new", clone(form, "kind", "access"), 422, "ändert keinen Preis")
	})
}
