package api

import (
	"net/url"
	"strings"
	"testing"
)

// What the door shall know is written on the order's page; a ticket of another order is not there.
func TestNoticesForTheDoor(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(20)
		order, other := d.buy(free, 1, "Ada Lovelace", "ada@example.org"), d.buy(free, 1, "Bo", "bo@example.org")
		page := d.at("/orders/" + order.Code)
		at := page + "/tickets/" + string(order.Tickets[0].ID) + "/notice"
		d.send(at, url.Values{"notice": {"minor"}, "notice_text": {"Picked up <by> her mother"}}, page)
		d.see(page, "Minor", "Picked up &lt;by&gt; her mother", `<option value="minor" selected>`)
		for query, found := range map[string]bool{"notice=any": true, "notice=minor": true, "notice=vip": false} {
			if body := d.see(d.at("/attendees?" + query)); strings.Contains(body, "Ada Lovelace") != found || strings.Contains(body, "bo@example.org") {
				t.Errorf("%s: Ada is in the list: %v", query, !found)
			}
		}
		if body := d.see(d.at("/attendees.csv?notice=any&lang=en")); !strings.Contains(body, `Minor,"Picked up <by> her mother"`) || strings.Contains(body, "bo@") {
			t.Errorf("the file: %s", body)
		}
		for _, left := range []string{"Picked up <by> her mother", ""} { // taken back by its kind, or as a whole
			d.send(at, url.Values{"notice": {"minor"}, "notice_text": {"Picked up <by> her mother"}}, page)
			d.send(at, url.Values{"notice": {""}, "notice_text": {left}}, page)
			if body := d.see(page); strings.Contains(body, "Picked up") || strings.Contains(body, `value="minor" selected`) || strings.Contains(body, `value="attention" selected`) {
				t.Error("it was taken back")
			}
		}
		d.send(at, url.Values{"notice": {""}, "notice_text": {"Only words"}}, page)
		d.see(page, "Only words", `<option value="attention" selected>`)
		if w, _ := d.post(page+"/tickets/"+string(other.Tickets[0].ID)+"/notice", url.Values{"notice": {"vip"}}); w.StatusCode != 404 {
			t.Errorf("a ticket of another order: %d", w.StatusCode)
		}
		d.lang = "de"
		d.see(page)
	})
}
