package api

import (
	"net/url"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Who was sold a ticket by name only is found at the door by any part of the name without its accents, is counted as having come, and is
// nobody of whom activation could know anything: unknown, not inactive. Two of one name are two.
func TestWhoIsKnownByNameOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door, ticket := d.open(), d.api("GET", "/events/fest/ticket-types", nil, 200).text1("items", 0, "id")
		for range 2 {
			body := m{"lines": []m{{"ticket_type_id": ticket, "quantity": 1}}, "buyer": m{"name": "Žofie Wałęsa"}, "method": "cash", "name_only": true}
			d.api("POST", "/events/fest/box-office/orders", body, 201)
		}
		if _, err := d.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, found := d.page(d.staff, door+"/search?q="+url.QueryEscape("walesa zof"), nil, true)
		tickets := rowForm.FindAllStringSubmatch(found, -1)
		if len(tickets) != 2 {
			t.Fatalf("the door finds %d: %s", len(tickets), found)
		}
		if said, _ := d.scan(door, url.Values{"ticket_id": {tickets[0][1]}, "nonce": {"by name"}}); said["tone"] != "ok" {
			t.Errorf("let in by name: %v", said)
		}
		activation, err := d.Community.Activation(t.Context(), d.community.ID, "fest")
		if err != nil {
			t.Fatal(err)
		}
		came, absent := activation.Population("attended"), activation.Population("no_show")
		if came.People != 1 || came.Unknown != 1 || absent.People != 2 || absent.Unknown != 1 {
			t.Errorf("came %+v, did not %+v", came, absent)
		}
		report := d.api("GET", "/events/fest/recap", nil, 200)
		report.is(1, "came", "value")
		report.is(1, "people", "value")
	})
}
