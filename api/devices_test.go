package api

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"turnout"
	"turnout/api/access"
	"turnout/internal/audit"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// pairDevices registers scanners, lets a machine use one, and takes them away again.
func (h *house) pairDevices(slug string, order answer) {
	at := "/events/" + slug
	list := h.api("POST", at+"/check-in-lists", m{"name": "Side door"}, 201).text1("id")
	made := h.api("POST", at+"/devices", m{"name": "Turnstile", "gate": "West", "list_id": list}, 201)
	made.is("scan", "role")
	made.is("waiting", "state")
	made.is(begin.Add(33*60*60*1e9).Format("2006-01-02T15:04:05Z"), "expires_at")
	id, token := made.text1("id"), made.text1("token")
	if address := made.text1("pairing_url"); !strings.HasPrefix(address, baseURL+"/pair#"+id+".") {
		h.t.Errorf("pairing_url is %s", address)
	}
	as := []string{"Authorization", "Bearer " + token, access.HeaderQueue, "3", access.HeaderPage, "v7"}
	h.api("GET", at+"/check-in-lists", nil, 200, as...).is(list, "items", 0, "id")
	scans, code := "/check-in-lists/"+list+"/scans", order.text1("tickets", 0, "code")
	scan := h.api("POST", scans, m{"code": code, "nonce": "d1", "gate": "Elsewhere"}, 200, as...)
	scan.is("accepted", "result")
	scan.is("West", "gate")
	h.api("GET", "/check-in-lists/"+list+"/stats", nil, 200, as...).is(1, "checked_in")
	h.api("POST", scans, m{"ticket_id": order.text1("tickets", 0, "id"), "nonce": "d2"}, 403, as...).is("device_role", "code")
	h.offline("/check-in-lists/"+list+"/door", as)
	no := h.api("POST", scans, m{"code": code, "nonce": "d3"}, 200, as...)
	no.is("already_checked_in", "reason")
	h.api("POST", "/scans/"+no.text1("id")+"/override", m{"reason": "Known", "nonce": "d4"}, 403, as...).is("device_role", "code")
	h.api("POST", "/scans/"+no.text1("id")+"/override", m{"reason": "", "nonce": "d4"}, 422).is("reason", "fields", 0, "name")
	aside := h.api("POST", "/scans/"+no.text1("id")+"/override", m{"reason": "Known in person", "nonce": "d4"}, 200)
	aside.is("accepted", "result")
	aside.is(no.text1("id"), "overrides")
	aside.is("Known in person", "note")
	h.api("POST", "/scans/"+scan.text1("id")+"/override", m{"reason": "Known", "nonce": "d5"}, 409).is("not_overridable", "code")
	h.api("DELETE", "/scans/"+aside.text1("id"), nil, 200)
	h.api("DELETE", "/scans/"+scan.text1("id"), nil, 403, as...).is("device_role", "code")
	h.api("GET", at+"/orders", nil, 403, as...).is("device", "code")

	row := h.api("GET", "/devices/"+id, nil, 200)
	row.is("online", "state")
	row.is(3, "queue_length")
	row.is("v7", "page_version")
	tag := row.header.Get("ETag")
	h.api("PATCH", "/devices/"+id, m{"gate": "North", "list_id": "", "role": "supervisor"}, 200, "If-Match", tag).is(nil, "list_id")
	h.api("PATCH", "/devices/"+id, m{"gate": "South"}, 412, "If-Match", tag)
	h.api("PATCH", "/devices/"+id, m{"expires_at": "2001-01-01T00:00:00Z"}, 422).is("expires_at", "fields", 0, "name")
	h.api("PATCH", "/devices/"+id, m{"drop": []string{"expires_at"}}, 200).is("North", "gate")
	h.api("DELETE", "/scans/"+scan.text1("id"), nil, 200, as...)
	entries, err := audit.List(h.t.Context(), h.DB.Read(), h.community.ID, turnout.ID(scan.text1("id")), "", 1)
	if err != nil || len(entries) != 1 || entries[0].Actor != (audit.Actor{Kind: audit.Device, ID: turnout.ID(made.text1("id"))}) {
		h.t.Errorf("the audit log says %+v, %v", entries, err)
	}

	again := h.api("POST", "/devices/"+id+"/pairing", nil, 201)
	h.api("GET", at+"/check-in-lists", nil, 401, as...).is("device_ended", "code")
	as[1] = "Bearer " + again.text1("token")
	h.api("GET", at+"/check-in-lists", nil, 200, as...)
	h.api("DELETE", "/devices/"+id, nil, 200).is("revoked", "state")
	h.api("GET", at+"/check-in-lists", nil, 401, as...).is("device_ended", "code")
	h.api("GET", at+"/devices", nil, 200).is("revoked", "items", 0, "state")
}

// phone is a browser without an account.
type phone struct {
	*doorway
	cookie *http.Cookie
}

// pair opens a pairing link as a phone does and gives the status.
func (p *phone) pair(link string) (int, string) {
	p.t.Helper()
	w, body := p.page(p.cookie, "/pair", url.Values{"code": {link}}, false)
	for _, c := range w.Cookies() {
		if c.Name == access.DeviceCookie(true) {
			p.cookie = &http.Cookie{Name: c.Name, Value: c.Value}
		}
	}
	if w.StatusCode == http.StatusSeeOther {
		return w.StatusCode, w.Header.Get("Location")
	}
	return w.StatusCode, body
}

// device registers one and gives its link.
func (d *doorway) device(in m) (link string, made answer) {
	d.t.Helper()
	if in["name"] == nil {
		in["name"] = "Phone one"
	}
	made = d.api("POST", "/events/fest/devices", in, 201)
	return made.text1("pairing_url"), made
}

func TestAPhoneIsPaired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		link, made := d.device(m{"gate": "North"})
		one, two := &phone{doorway: d}, &phone{doorway: d}
		if w, body := d.page(nil, "/pair", nil, false); w.StatusCode != 200 || !strings.Contains(body, `name="code"`) || w.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("the page: %d %v", w.StatusCode, w.Header)
		}
		if status, to := one.pair(link); status != 303 || to != "/door/fest" || one.cookie == nil {
			t.Fatalf("the first phone: %d %s", status, to)
		}
		if status, body := two.pair(link); status != 409 || !strings.Contains(body, "Another phone was paired with this code") || two.cookie != nil {
			t.Errorf("the second phone: %d %.900s", status, body)
		}
		if status, to := one.pair(link); status != 303 || to != "/door/fest" {
			t.Errorf("the first phone, again: %d %s", status, to)
		}
		d.api("GET", "/events/fest/check-in-lists", nil, 401, "Authorization", "Bearer "+made.text1("token"))
		if w, _ := d.page(one.cookie, "/door/fest", nil, false); w.StatusCode != 303 || w.Header.Get("Location") != door {
			t.Errorf("with one list: %d %s", w.StatusCode, w.Header.Get("Location"))
		}
		if w, _ := d.page(one.cookie, "/door", nil, false); w.StatusCode != 303 || w.Header.Get("Location") != "/door/fest" {
			t.Errorf("the bare address: %d %s", w.StatusCode, w.Header.Get("Location"))
		}
		_, body := d.page(one.cookie, door, nil, false)
		for _, want := range []string{"Phone one", "North", `action="/door/fest/unpair"`, "May scan tickets"} {
			if !strings.Contains(body, want) {
				t.Errorf("the door does not say %q", want)
			}
		}
		for _, hidden := range []string{"data-find", "data-log", `href="/sign-in"`, `href="/console"`, "/search?"} {
			if strings.Contains(body, hidden) {
				t.Errorf("a phone that may only scan is shown %q", hidden)
			}
		}
		w, body := d.page(one.cookie, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"p1"}, "gate": {"South"}}, true)
		if w.StatusCode != 200 || !strings.Contains(body, `data-result="accepted"`) {
			t.Errorf("a scan: %d %s", w.StatusCode, body)
		}
		scans, err := d.CheckIn.Recent(t.Context(), d.community.ID, turnout.ID(door[strings.LastIndex(door, "/")+1:]), 1)
		if err != nil || len(scans) != 1 || scans[0].Caller != made.text1("id") || scans[0].Gate != "North" {
			t.Errorf("the scan is %+v, %v", scans, err)
		}
		if w, _ := d.page(one.cookie, door+"/scans", url.Values{"ticket_id": {"tkt_x"}, "nonce": {"p2"}}, true); w.StatusCode != 403 {
			t.Errorf("let in by name: %d", w.StatusCode)
		}

		// It leaves, and is told so wherever it goes.
		if w, body := d.page(one.cookie, "/door/fest/unpair", url.Values{}, false); w.StatusCode != 200 || !strings.Contains(body, "Unpair this phone?") {
			t.Errorf("asked first: %d", w.StatusCode)
		}
		w, _ = d.page(one.cookie, "/door/fest/unpair", url.Values{"confirmed": {"yes"}}, false)
		if w.StatusCode != 303 || w.Header.Get("Location") != "/pair?left=1" || len(w.Cookies()) == 0 || w.Cookies()[0].MaxAge >= 0 {
			t.Errorf("left: %d %v", w.StatusCode, w.Header)
		}
		if w, body := d.page(one.cookie, door, nil, false); w.StatusCode != 401 || !strings.Contains(body, "Ask an organiser for a new code") {
			t.Errorf("after it left: %d %.300s", w.StatusCode, body)
		}
		if w, _ := d.page(one.cookie, door+"/stats", nil, true); w.StatusCode != 401 {
			t.Errorf("its script: %d", w.StatusCode)
		}
	})
}

// The cookie of a paired phone is out of reach for scripts and other sites; what pairs stands in no address that is sent.
func TestTheCookieOfAPhone(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	link, made := d.device(m{})
	w, _ := d.page(nil, "/pair", url.Values{"code": {" " + link + " "}}, false)
	var held *http.Cookie
	for _, c := range w.Cookies() {
		if strings.Contains(c.Name, "device") {
			held = c
		}
	}
	if held == nil || held.Name != "__Host-turnout_device" || !held.HttpOnly || !held.Secure || held.SameSite != http.SameSiteStrictMode || held.Path != "/" || held.MaxAge <= 0 {
		t.Fatalf("the cookie is %+v", held)
	}
	d.page(held, "/door/fest", nil, false)
	d.page(nil, "/pair", url.Values{"code": {link}}, false)
	d.api("GET", "/events/fest/check-in-lists", nil, 401, "Authorization", "Bearer "+made.text1("token"))
	for what, secret := range map[string]string{"code": link[strings.Index(link, "#")+1:], "token": made.text1("token"), "cookie": held.Value} {
		_, random, _ := strings.Cut(secret, ".")
		if strings.Contains(log.String(), random) {
			t.Errorf("the log holds the %s", what)
		}
	}
	if strings.Count(log.String(), "msg=request") < 4 || !strings.Contains(log.String(), "caller=dev_") {
		t.Errorf("the log: %s", log.String())
	}
}

// Trying codes is held to the rate of strangers who write.
func TestPairingIsLimited(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	for _, route := range d.table {
		if route.Path == "/pair" && route.Method == http.MethodPost && limited(route) {
			return
		}
	}
	t.Error("POST /pair is not limited")
}

// What each role sees at the door, and a phone of one list goes right to it.
func TestRolesAtTheDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		main := door[strings.LastIndex(door, "/")+1:]
		second := d.api("POST", "/events/fest/check-in-lists", m{"name": "Workshop"}, 201).text1("id")
		paired := func(in m) *phone {
			p := &phone{doorway: d}
			link, _ := d.device(in)
			if status, _ := p.pair(link); status != 303 {
				t.Fatalf("not paired: %d", status)
			}
			return p
		}
		for _, tt := range []struct {
			role                string
			search, log, answer int
			sees, hidden        []string
		}{
			{"scan", 403, 403, 404, nil, []string{"data-find", "data-log"}},
			{"search", 200, 403, 404, []string{"data-find"}, []string{"data-log"}},
			{"supervisor", 200, 200, 200, []string{"data-find", "data-log"}, nil},
		} {
			p := paired(m{"role": tt.role})
			if w, body := d.page(p.cookie, "/door/fest", nil, false); w.StatusCode != 200 || !strings.Contains(body, main) || !strings.Contains(body, second) {
				t.Errorf("%s chooses: %d", tt.role, w.StatusCode)
			}
			scan, _ := d.scan(door, url.Values{"code": {d.codes[1]}, "nonce": {"of staff " + tt.role}})
			for path, want := range map[string]int{"/search?q=nowak": tt.search, "/scans": tt.log, "/scans/" + scan["scan"]: tt.answer} {
				if w, _ := d.page(p.cookie, door+path, nil, false); w.StatusCode != want {
					t.Errorf("%s %s: %d, want %d", tt.role, path, w.StatusCode, want)
				}
			}
			_, body := d.page(p.cookie, door, nil, false)
			for _, what := range tt.sees {
				if !strings.Contains(body, what) {
					t.Errorf("%s does not see %s", tt.role, what)
				}
			}
			for _, what := range tt.hidden {
				if strings.Contains(body, what) {
					t.Errorf("%s sees %s", tt.role, what)
				}
			}
			// Where no scripts run: its own scan's answer, with a way to take it back for supervisors alone.
			w, _ := d.page(p.cookie, door+"/scans", url.Values{"code": {"nonsense"}, "nonce": {tt.role}}, false)
			if w, _ := d.page(p.cookie, w.Header.Get("Location"), nil, false); w.StatusCode != 200 {
				t.Errorf("%s and the answer to its scan: %d", tt.role, w.StatusCode)
			}
		}
		bound := paired(m{"list_id": second})
		if w, _ := d.page(bound.cookie, "/door/fest?all=1", nil, false); w.StatusCode != 200 {
			t.Errorf("all of one list: %d", w.StatusCode)
		}
		if w, _ := d.page(bound.cookie, "/door/fest", nil, false); w.Header.Get("Location") != "/door/fest/lists/"+second {
			t.Errorf("a phone of one list is sent to %s", w.Header.Get("Location"))
		}
		for _, path := range []string{door, door + "/stats"} {
			if w, _ := d.page(bound.cookie, path, nil, false); w.StatusCode != 404 {
				t.Errorf("another list, %s: %d", path, w.StatusCode)
			}
		}
		if w, body := d.page(bound.cookie, "/door/fest?all=1", nil, false); strings.Contains(body, main) {
			t.Errorf("the other list is shown: %d", w.StatusCode)
		}
	})
}

// Who is signed in stays so at other doors and when the phone is no device any more; at its own event it is the device.
func TestAPhoneOfStaff(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	door := d.open()
	link, made := d.device(m{})
	p := &phone{doorway: d}
	p.pair(link)
	both := func(path string) (int, string) {
		w, body := d.page(nil, path, nil, false, "Cookie", p.cookie.String()+"; "+d.staff.String())
		return w.StatusCode, body
	}
	d.api("POST", "/events", eventBody("other"), 201)
	if status, _ := both("/door/other"); status != 200 {
		t.Errorf("another event's door: %d", status)
	}
	if status, body := both(door); status != 200 || !strings.Contains(body, "Phone one") {
		t.Errorf("its own door, as a device: %d", status)
	}
	d.api("DELETE", "/devices/"+made.text1("id"), nil, 200)
	if status, body := both(door); status != 200 || strings.Contains(body, "Phone one") {
		t.Errorf("its own door, revoked: %d", status)
	}
	if status, body := func() (int, string) { w, b := d.page(p.cookie, door, nil, false); return w.StatusCode, b }(); status != 401 || !strings.Contains(body, "Pair this phone again") {
		t.Errorf("without the account: %d", status)
	}

	// A phone that is paired as another device leaves the first.
	first, one := d.device(m{})
	next, _ := d.device(m{})
	p = &phone{doorway: d}
	p.pair(first)
	if w, body := d.page(p.cookie, "/pair", url.Values{"code": {next}}, false); w.StatusCode != 200 || !strings.Contains(body, "It then leaves") {
		t.Errorf("paired anew without a question: %d", w.StatusCode)
	}
	d.api("GET", "/devices/"+one.text1("id"), nil, 200).is("online", "state")
	if w, _ := d.page(p.cookie, "/pair", url.Values{"code": {next}, "confirmed": {"yes"}}, false); w.StatusCode != 303 {
		t.Errorf("paired anew: %d", w.StatusCode)
	}
	d.api("GET", "/devices/"+one.text1("id"), nil, 200).is("unpaired", "state")
}
