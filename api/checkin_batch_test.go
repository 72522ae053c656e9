package api

import (
	"strings"
	"testing"
	"time"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// Two devices that let one ticket in without knowing of each other tell it later, the later one first: the earlier is the admission, and both are
// told of the other.
func TestQueuesOfTwoDevicesAreTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		list := d.api("POST", "/events/fest/check-in-lists", m{"name": "Door"}, 201).text1("id")
		code, err := ticketing.ParseCode(d.codes[0])
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().UTC().Truncate(time.Second)
		item := func(nonce string, at time.Time) m {
			return m{"number": code.Ticket, "lookup": ticketing.Lookup(code.Nonce), "nonce": nonce, "scanned_at": at, "skew_ms": 60000, "result": "accepted"}
		}
		var tokens []string
		for _, gate := range []string{"North", "South"} {
			tokens = append(tokens, d.api("POST", "/events/fest/devices", m{"name": gate, "gate": gate}, 201).text1("token"))
		}
		send := func(by int, want int, items ...m) answer {
			t.Helper()
			return d.api("POST", "/check-in-lists/"+list+"/scans/batch", m{"items": items}, want, "Authorization", "Bearer "+tokens[by])
		}
		later := send(1, 200, item("1", now.Add(-time.Minute)), m{"code": d.codes[1], "nonce": "2", "scanned_at": now}, m{"code": "HELLO", "nonce": "3", "scanned_at": now}, m{"code": d.codes[1], "nonce": "4", "scanned_at": "1999-01-01T00:00:00Z"})
		later.is("accepted", "items", 0, "scan", "result")
		later.is("South", "items", 0, "scan", "gate")
		later.is("accepted", "items", 1, "scan", "result")
		later.is("unknown_ticket", "items", 2, "scan", "reason")
		later.is("invalid", "items", 3, "error", "code")
		first := send(0, 200, item("1", now.Add(-2*time.Minute)))
		first.is("accepted", "items", 0, "scan", "result")
		first.is("South", "items", 0, "scan", "conflict_with", "gate")
		again := send(1, 200, item("1", now.Add(-time.Minute)))
		again.is("North", "items", 0, "scan", "conflict_with", "gate")
		again.is(later.text1("items", 0, "scan", "id"), "items", 0, "scan", "id")
		if _, body := d.page(d.boss, "/console/events/fest/check-in/"+list, nil, false); !strings.Contains(body, "Let in twice") || strings.Index(body, "North") > strings.Index(body, "South") {
			t.Errorf("organisers do not see who was let in twice: %s", body)
		}
		stats := d.api("GET", "/check-in-lists/"+list+"/stats", nil, 200)
		stats.is(2, "checked_in")
		stats.is(1, "refused")
		send(0, 422, make([]m, 201)...)
	})
}
