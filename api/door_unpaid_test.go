package api

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/mail"
)

var paidForm = regexp.MustCompile(`action="([^"]+/paid)"[^>]*><input type="hidden" name="nonce" value="([^"]+)"`)

// Staff take what is owed at the door and let in with one tap, or have the link mailed; sent twice it is one payment and one entry. Devices take no money.
func TestWhatIsOwedIsTakenAtTheDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := &doorway{walked: &walked{house: newHouse(t, db, func(c *Config) { c.Sandbox = nil })}}
		d.api("POST", "/events", eventBody("fest"), 201)
		d.api("POST", "/events/fest/publish", nil, 200)
		pool := d.api("POST", "/events/fest/pools", m{"name": "Hall", "capacity": 10}, 201).text1("id")
		seat := d.api("POST", "/events/fest/ticket-types", m{"name": "Seat", "price": m{"amount": 4900, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}}, 201).text1("id")
		d.staff, d.boss = d.cookie(d.member(organisers.Door)), d.cookie(d.member(organisers.Organiser))
		order := d.api("POST", "/events/fest/orders", orderBody(seat, 1), 201)
		door := d.open()
		refused := func(nonce string) (body string) {
			t.Helper()
			_, body = d.page(d.staff, door+"/scans", url.Values{"ticket_id": {order.text1("tickets", 0, "id")}, "nonce": {nonce}}, true)
			if !strings.Contains(body, `data-reason="unpaid"`) {
				t.Fatalf("the answer: %s", body)
			}
			return body
		}
		body := refused("1")
		form := paidForm.FindStringSubmatch(body)
		if form == nil || !strings.Contains(body, "€49.00 in cash") || !strings.Contains(body, "€49.00 by card") || !strings.Contains(body, "/pay-link") {
			t.Fatalf("what is offered: %s", body)
		}
		link, _ := d.device(m{"role": "supervisor"})
		phone := &phone{doorway: d}
		phone.pair(link)
		if w, _ := d.page(phone.cookie, form[1], url.Values{"nonce": {"x"}, "method": {"cash"}}, true); w.StatusCode != 401 && w.StatusCode != 403 && w.StatusCode != 303 {
			t.Errorf("a phone takes money: %d", w.StatusCode)
		}
		if _, body := d.page(phone.cookie, door+"/scans", url.Values{"ticket_id": {order.text1("tickets", 0, "id")}, "nonce": {"phone"}}, true); strings.Contains(body, "/paid") {
			t.Error("a phone is offered to")
		}
		before := len(d.outbox())
		if w, body := d.page(d.staff, strings.TrimSuffix(form[1], "/paid")+"/pay-link", url.Values{}, true); w.StatusCode != 200 || !strings.Contains(body, "was mailed the link") {
			t.Errorf("the link: %d %s", w.StatusCode, body)
		}
		if after := d.outbox(); len(after) != before+1 {
			t.Errorf("%d mails, then %d", before, len(after))
		}
		if w, body := d.page(d.staff, form[1], url.Values{"nonce": {form[2]}, "method": {"card"}}, false); w.StatusCode != 200 || !strings.Contains(body, `name="confirmed"`) {
			t.Errorf("without a script it asks: %d %s", w.StatusCode, body)
		}
		for range 2 {
			if w, body := d.page(d.staff, form[1], url.Values{"nonce": {form[2]}, "method": {"card"}}, true); w.StatusCode != 200 || !strings.Contains(body, `data-tone="ok"`) {
				t.Errorf("paid: %d %s", w.StatusCode, body)
			}
		}
		paid := d.api("GET", "/orders/"+order.text1("code"), nil, 200)
		paid.is("confirmed", "status")
		other := d.cookie(d.member(organisers.Owner)) // took the money of somebody else of the order at another door
		if w, body := d.page(other, form[1], url.Values{"nonce": {"other"}, "method": {"cash"}}, true); w.StatusCode != 200 || !strings.Contains(body, "Give back what you have just taken") {
			t.Errorf("paid to two: %d %s", w.StatusCode, body)
		}
		takings := d.api("GET", "/events/fest/box-office/takings", nil, 200)
		takings.is("card", "items", 0, "method")
		takings.is(4900, "items", 0, "taken", "amount")
		if w, _ := d.page(d.staff, form[1], url.Values{"nonce": {"z"}, "method": {"transfer"}}, true); w.StatusCode != 404 {
			t.Errorf("by no way of the door: %d", w.StatusCode)
		}
		list := door[strings.LastIndex(door, "/")+1:]
		d.api("GET", "/check-in-lists/"+list+"/stats", nil, 200).is(1, "checked_in")
		if w, _ := d.page(d.staff, strings.Replace(form[1], "scn_", "scn_0", 1), url.Values{"nonce": {"y"}, "method": {"cash"}}, true); w.StatusCode != 404 {
			t.Errorf("a scan that is not there: %d", w.StatusCode)
		}
	})
}

// outbox are the mails so far, background work done.
func (d *doorway) outbox() []mail.Stored {
	d.t.Helper()
	if _, err := d.runner.Drain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	mails, err := mail.List(d.t.Context(), d.DB.Read(), d.community.ID, false, "", 100)
	if err != nil {
		d.t.Fatal(err)
	}
	return mails
}
