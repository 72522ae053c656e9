package api

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

var shownLink = regexp.MustCompile(`value="(https://turnout\.example\.org/pair#[^"]+)"`)

// An organiser adds a scanner, sees its code once, changes it, pairs it again and revokes it.
func TestOrganisersKeepDevices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		const base = "/console/events/fest/devices"
		has := func(as *http.Cookie, path string, form url.Values, status int, wanted ...string) (to, body string) {
			t.Helper()
			w, body := d.page(as, path, form, false)
			if w.StatusCode != status {
				t.Fatalf("%s: %d, want %d", path, w.StatusCode, status)
			}
			for _, text := range wanted {
				if absent, not := strings.CutPrefix(text, "not "); not && strings.Contains(body, absent) || !not && !strings.Contains(body, text) {
					t.Errorf("%s: %q", path, text)
				}
			}
			return w.Header.Get("Location"), body
		}
		has(d.boss, base, nil, 200, "No devices yet", "not <table")
		has(d.boss, "/console/events/fest/check-in", nil, 200, `href="`+base+`"`)
		has(d.boss, base+"/new", url.Values{"gate": {"West"}, "role": {"owner"}}, 422, "This is needed.", `value="West"`)
		_, body := has(d.boss, base+"/new", url.Values{"name": {"Žofie’s phone"}, "gate": {"West"}, "role": {"search"}}, 201, `<svg class="qr"`, "shown once", "Not paired yet")
		first := shownLink.FindStringSubmatch(body)
		if first == nil {
			t.Fatal("no link is shown")
		}
		row := d.api("GET", "/events/fest/devices", nil, 200)
		page := base + "/" + row.text1("items", 0, "id")
		has(d.boss, base, nil, 200, "Žofie’s phone", "West", "Scan and search", "Every list", "0 of 1 device online")
		for _, path := range []string{base, page} {
			if _, body := has(d.boss, path, nil, 200); strings.Contains(body, first[1]) || strings.Contains(body, "pair#") {
				t.Errorf("%s shows the code again", path)
			}
		}
		p := &phone{doorway: d}
		if status, _ := p.pair(first[1]); status != 303 {
			t.Fatalf("not paired: %d", status)
		}
		if w, body := d.page(p.cookie, door+"/stats", nil, true, "Turnout-Queue", "7", "Turnout-Page", "an old one"); w.StatusCode != 200 {
			t.Errorf("its numbers: %d %s", w.StatusCode, body)
		}
		has(d.boss, base, nil, 200, "Online", "Outdated", "<span>7</span>")
		if w, body := d.page(d.boss, base, nil, true); w.StatusCode != 200 || strings.Contains(body, "<html") || !strings.Contains(body, "Žofie") {
			t.Errorf("the part: %d", w.StatusCode)
		}
		has(d.boss, base+"?q=zofie", nil, 200, "Žofie’s phone")
		has(d.boss, base+"?q=ofie", nil, 200, "No device has this name", "not Žofie")

		list := door[strings.LastIndex(door, "/")+1:]
		change := url.Values{"name": {"Desk"}, "gate": {""}, "role": {"scan"}, "list_id": {list}, "version": {"7"}}
		has(d.boss, page, change, 412, "Desk")
		change.Set("version", "1") // as it was read before it was paired
		has(d.boss, page, change, 303)
		has(d.boss, base, nil, 200, "Desk", "Scan only", "As each scan says", "not Žofie")

		// Pairing again and revoking ask first, and end what was.
		has(d.boss, page+"/pairing", url.Values{}, 200, "is out at once")
		_, body = has(d.boss, page+"/pairing", url.Values{"confirmed": {"yes"}}, 201)
		second := shownLink.FindStringSubmatch(body)
		if second == nil || second[1] == first[1] {
			t.Fatal("no new link")
		}
		has(p.cookie, door, nil, 401)
		p.cookie = nil
		if status, _ := p.pair(second[1]); status != 303 {
			t.Fatalf("not paired again: %d", status)
		}
		has(d.boss, page+"/revoke", url.Values{}, 200, "Revoke “Desk”?")
		has(p.cookie, door, nil, 200)
		has(d.boss, page+"/revoke", url.Values{"confirmed": {"yes"}}, 303)
		has(p.cookie, door, nil, 401, "Pair this phone again")
		has(d.boss, page, nil, 200, "Revoked", "Pair again", `not action="`+page+`/revoke"`)

		// Door staff see the devices and change none; another event has none of them.
		has(d.cookie(d.member(organisers.Viewer)), base, nil, 403)
		has(d.staff, base, nil, 200, "Desk", "not Add a device")
		has(d.staff, base+"/new", nil, 403)
		d.api("POST", "/events", eventBody("other"), 201)
		has(d.boss, strings.Replace(page, "fest", "other", 1), nil, 404)
		has(d.boss, strings.Replace(page, "fest", "other", 1)+"/revoke", url.Values{"confirmed": {"yes"}}, 404)
	})
}
