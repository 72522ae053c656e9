package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout/api/respond"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// offline asks for what a door keeps, as a device that let one of two tickets in.
func (h *house) offline(door string, as []string) {
	h.t.Helper()
	about := h.api("GET", door, nil, 200, as...)
	about.is("single", "list", "entry")
	about.is("Community", "ticket_types", 0, "name")
	if key, err := base64.StdEncoding.DecodeString(about.text1("keys", 0, "public")); err != nil || len(key) != 32 {
		h.t.Errorf("the key is %x, %v", key, err)
	}
	if at, err := time.Parse(time.RFC3339Nano, about.header.Get(respond.TimeHeader)); err != nil || at.Sub(h.Now()).Abs() > time.Minute {
		h.t.Errorf("the server's time is %s, %v", at, err)
	}
	all := h.api("GET", door+"/tickets", nil, 200, as...)
	all.is(true, "reset")
	all.is(false, "more")
	all.is("West", "passes", 0, "gate")
	if run, err := base64.StdEncoding.DecodeString(all.text1("lookups")); err != nil || len(run) < 32 || len(run)%16 != 0 {
		h.t.Errorf("%d bytes of lookups, %v", len(run), err)
	}
	h.api("GET", door+"/tickets?cursor="+all.text1("cursor"), nil, 200, as...).is(false, "reset")
	sealed := h.api("GET", door+"/records", nil, 200, as...)
	if strings.Contains(sealed.text, "Nowak") || len(sealed.text1("records")) < 200 {
		h.t.Errorf("the records: %.300s", sealed.text)
	}
}

// The page of a door tells its own batch, names nobody, and is held to its event.
func TestADoorsPageTellsItsScans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		link, _ := d.device(m{"gate": "West"})
		p := &phone{doorway: d}
		if status, to := p.pair(link); status != http.StatusSeeOther {
			t.Fatalf("%d %s", status, to)
		}
		w, body := call(t, d.house, "POST", door+"/scans/batch", `{"items":[{"code":"`+d.codes[0]+`","nonce":"n1","scanned_at":"`+d.Now().Format(time.RFC3339)+`","result":"accepted"},
			{"code":"`+d.codes[1]+`","nonce":"n2","scanned_at":"0001-01-01T00:00:00Z","result":"accepted"}]}`, "Cookie", p.cookie.String(), "Content-Type", "application/json")
		if w.StatusCode != 200 || !strings.Contains(body, `"result":"accepted"`) || !strings.Contains(body, `"error"`) || strings.Contains(body, "Nowak") {
			t.Errorf("%d %s", w.StatusCode, body)
		}
		d.api("POST", "/events", eventBody("other"), 201)
		for _, path := range []string{"/offline", "/offline/tickets", "/offline/records"} {
			if w, _ := d.page(p.cookie, door+path, nil, false); w.StatusCode != 200 {
				t.Errorf("%s: %d", path, w.StatusCode)
			}
			if w, _ := d.page(d.boss, strings.Replace(door, "fest", "other", 1)+path, nil, false); w.StatusCode != 404 {
				t.Errorf("%s of another event: %d", path, w.StatusCode)
			}
		}
	})
}

// A supervisor's reason lets in whom the door refused, with and without scripts; who may only scan is not offered it.
func TestASupervisorLetsInAllTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		d.scan(door, url.Values{"code": {d.codes[0]}, "nonce": {"1"}})
		said, body := d.scan(door, url.Values{"code": {d.codes[0]}, "nonce": {"2"}})
		action := door + "/scans/" + said["scan"] + "/override"
		if said["reason"] != "already_checked_in" || !strings.Contains(body, `action="`+action+`"`) {
			t.Fatalf("%v %s", said, body)
		}
		link, _ := d.device(m{"role": "scan"})
		p := &phone{doorway: d}
		p.pair(link)
		if _, body := d.page(p.cookie, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"3"}}, true); strings.Contains(body, "override") {
			t.Error("a phone that may only scan is offered it")
		}
		if w, _ := d.page(p.cookie, action, url.Values{"reason": {"Known"}, "nonce": {"4"}}, true); w.StatusCode != 403 {
			t.Errorf("and does it: %d", w.StatusCode)
		}
		if w, body := d.page(d.staff, action, url.Values{"reason": {" "}, "nonce": {"5"}}, false); w.StatusCode != 422 || !strings.Contains(body, "aria-invalid") {
			t.Errorf("without a reason: %d %s", w.StatusCode, body)
		}
		if w, body := d.page(d.staff, action, url.Values{"reason": {"Lost the <phone>"}, "nonce": {"5"}}, true); w.StatusCode != 200 || !strings.Contains(body, `data-result="accepted"`) || !strings.Contains(body, "Lost the &lt;phone&gt;") {
			t.Errorf("as a part: %d %s", w.StatusCode, body)
		}
		if w, _ := d.page(d.staff, action, url.Values{"reason": {"Lost the <phone>"}, "nonce": {"5"}}, false); w.StatusCode != 303 {
			t.Errorf("without scripts: %d", w.StatusCode)
		}
		if _, body := d.page(d.staff, door+"/scans", nil, false); strings.Count(body, "<q>Lost the") != 1 {
			t.Errorf("the log: %s", body)
		}
	})
}
