package api

import (
	"net/url"
	"strings"
	"testing"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// Where people scan their own tickets, the page has nothing to find others by, nor a way out, and an answer says a first name at most.
func TestPeopleScanTheirOwnTickets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		link, made := d.device(m{"role": "kiosk", "name": "Foyer"})
		made.is("kiosk", "role")
		kiosk := &phone{doorway: d}
		kiosk.pair(link)
		_, page := d.page(kiosk.cookie, door, nil, false)
		for _, hidden := range []string{"data-unpair", "data-find", "data-open-panel", "door-figures", "?all=1"} {
			if strings.Contains(page, hidden) {
				t.Errorf("the page has %s", hidden)
			}
		}
		if !strings.Contains(page, "data-kiosk ") || !strings.Contains(page, "Welcome!") {
			t.Errorf("the page: %s", page)
		}
		_, body := d.page(kiosk.cookie, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"1"}}, true)
		if !strings.Contains(body, `data-tone="ok"`) || !strings.Contains(body, ">Łukasz<") {
			t.Errorf("welcome: %s", body)
		}
		_, again := d.page(kiosk.cookie, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"2"}}, true)
		if !strings.Contains(again, "Please ask our team") || !strings.Contains(again, `data-reason="already_checked_in"`) {
			t.Errorf("again: %s", again)
		}
		for _, answer := range []string{body, again} {
			for _, secret := range []string{"Nowak", d.order, "example.org", "data-others", "data-override"} {
				if strings.Contains(answer, secret) {
					t.Errorf("everybody around reads %s: %s", secret, answer)
				}
			}
		}
		for path, status := range map[string]int{"/search?q=nowak": 403, "/scans": 403, "/stats": 200} {
			if w, _ := d.page(kiosk.cookie, door+path, nil, true); w.StatusCode != status {
				t.Errorf("%s: %d", path, w.StatusCode)
			}
		}
	})
}
