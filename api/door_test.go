package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnout/checkin"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// doorway is an event with tickets, and staff at its door.
type doorway struct {
	*walked
	staff *http.Cookie // of the role door
	boss  *http.Cookie // of the role organiser
	codes []string     // of four tickets for the place
	order string       // the code of their order
}

func newDoorway(t testing.TB, db *database.DB) *doorway {
	t.Helper()
	d := &doorway{walked: &walked{house: newHouse(t, db, nil)}}
	d.api("POST", "/events", eventBody("fest"), 201)
	d.api("POST", "/events/fest/publish", nil, 200)
	types := d.openShop("fest")
	order := d.api("POST", "/events/fest/orders", orderBody(types[0], 4), 201)
	d.order = order.text1("code")
	for i := range 4 {
		d.codes = append(d.codes, order.text1("tickets", i, "code"))
	}
	if _, err := d.runner.Drain(t.Context()); err != nil { // what follows a sale makes it searchable
		t.Fatal(err)
	}
	d.staff, d.boss = d.cookie(d.member(organisers.Door)), d.cookie(d.member(organisers.Organiser))
	return d
}

// page makes a request as somebody; form "" is a GET. part asks as a script does.
func (d *doorway) page(as *http.Cookie, path string, form url.Values, part bool, headers ...string) (*http.Response, string) {
	d.t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	}
	if part {
		headers = append(headers, "HX-Request", "true")
	}
	if as != nil {
		headers = append(headers, "Cookie", as.String())
	}
	return call(d.t, d.house, method, path, body, headers...)
}

// open makes the main door and gives its path.
func (d *doorway) open() string {
	d.t.Helper()
	w, _ := d.page(d.boss, "/door/fest/lists", url.Values{}, false)
	if w.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("making the list: %d", w.StatusCode)
	}
	return w.Header.Get("Location")
}

var attribute = regexp.MustCompile(`data-(tone|result|reason|scan)="([^"]*)"`)

// scan sends a code as the door's script does and gives the answer's attributes and text.
func (d *doorway) scan(door string, form url.Values) (map[string]string, string) {
	d.t.Helper()
	w, body := d.page(d.staff, door+"/scans", form, true)
	if w.StatusCode != http.StatusOK {
		d.t.Fatalf("scan: %d %.500s", w.StatusCode, body)
	}
	said := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(body, -1) {
		said[a[1]] = a[2]
	}
	return said, body
}

func TestDoorChoosesItsList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		if w, body := d.page(d.staff, "/door/fest", nil, false); w.StatusCode != 200 || strings.Contains(body, "<form") || !strings.Contains(body, "no check-in list yet") {
			t.Errorf("door staff without a list: %d %.500s", w.StatusCode, body)
		}
		if w, _ := d.page(d.staff, "/door/fest/lists", url.Values{}, false); w.StatusCode != 403 {
			t.Errorf("door staff made a list: %d", w.StatusCode)
		}
		if w, body := d.page(d.boss, "/door/fest", nil, false); w.StatusCode != 200 || !strings.Contains(body, `action="/door/fest/lists"`) {
			t.Errorf("an organiser without a list: %d", w.StatusCode)
		}
		door := d.open()
		if again := d.open(); again != door {
			t.Errorf("a second tap made another list: %s, %s", door, again)
		}
		if w, _ := d.page(d.staff, "/door/fest", nil, false); w.StatusCode != 303 || w.Header.Get("Location") != door {
			t.Errorf("one list: %d %s", w.StatusCode, w.Header.Get("Location"))
		}
		if w, _ := d.page(d.staff, "/door", nil, false); w.StatusCode != 303 || w.Header.Get("Location") != "/console" {
			t.Errorf("the bare address: %d %s", w.StatusCode, w.Header.Get("Location"))
		}
		if w, body := d.page(d.staff, "/door/fest?all=1", nil, false); w.StatusCode != 200 || !strings.Contains(body, `href="`+door+`"`) {
			t.Errorf("all lists: %d", w.StatusCode)
		}
		w, body := d.page(d.staff, door, nil, false)
		if w.StatusCode != 200 || !strings.Contains(body, "data-zxing=") || !strings.Contains(w.Header.Get("Content-Security-Policy"), "'wasm-unsafe-eval'") || !strings.Contains(w.Header.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("the scanner: %d %v", w.StatusCode, w.Header)
		}
	})
}

func TestDoorAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		first := url.Values{"code": {d.codes[0]}, "nonce": {"n1"}, "gate": {"North"}}
		said, body := d.scan(door, first)
		if said["tone"] != "ok" || said["result"] != "accepted" || !strings.Contains(body, "Łukasz 😀 Nowak") || !strings.Contains(body, "Community") {
			t.Errorf("the first scan: %v %s", said, body)
		}
		if again, _ := d.scan(door, first); again["scan"] != said["scan"] || again["tone"] != "ok" {
			t.Errorf("the same nonce got another answer: %v", again)
		}
		second := url.Values{"code": {d.codes[0]}, "nonce": {"n2"}}
		if said, body := d.scan(door, second); said["tone"] != "warn" || said["reason"] != "already_checked_in" || !strings.Contains(body, "by North") {
			t.Errorf("the second scan: %v %s", said, body)
		}
		for name, tt := range map[string]struct{ code, tone, reason string }{
			"any QR":      {"https://example.org/menu?of=the day\nwith more", "refuse", "unknown_ticket"},
			"a long QR":   {strings.Repeat("x", 5000), "refuse", "unknown_ticket"},
			"an edge":     {"\x00\xff", "refuse", "unknown_ticket"},
			"forged":      {d.codes[1][:len(d.codes[1])-5] + "AAAAA", "refuse", "bad_signature"},
			"lower case":  {" " + strings.ToLower(d.codes[2]) + " ", "ok", ""},
			"another one": {d.codes[3], "ok", ""},
		} {
			if said, _ := d.scan(door, url.Values{"code": {tt.code}, "nonce": {name}}); said["tone"] != tt.tone || said["reason"] != tt.reason {
				t.Errorf("%s: %v", name, said)
			}
		}
		if w, _ := d.page(d.staff, door+"/scans", url.Values{"code": {d.codes[1]}, "nonce": {"n1"}}, true); w.StatusCode != 409 {
			t.Errorf("a nonce used for another ticket: %d", w.StatusCode)
		}
		_, body = d.page(d.staff, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"n3"}}, true, "Accept-Language", "de")
		if !strings.Contains(body, "Schon drin") || !strings.Contains(body, "Nicht noch einmal einlassen") {
			t.Errorf("in German: %s", body)
		}
	})
}

// Every reason that a scan can be refused with is said in words, with what to do, in every language.
func TestEveryReasonHasWords(t *testing.T) {
	for _, reason := range []checkin.Reason{checkin.AlreadyCheckedIn, checkin.UnknownTicket, checkin.BadSignature, checkin.Canceled, checkin.Revoked,
		checkin.Unpaid, checkin.WrongList, checkin.NotYetValid, checkin.NoLongerValid, checkin.NotInside} {
		for _, lang := range allPages().Languages() {
			for _, key := range []string{"door.reason.", "door.todo."} {
				text := allPages().Message(lang, key+string(reason))
				if strings.Contains(text, "⟦") || lang != "en" && text == allPages().Message("en", key+string(reason)) {
					t.Errorf("%s in %s: %s", reason, lang, text)
				}
			}
		}
	}
}

func TestDoorWithoutScripts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		form := url.Values{"code": {d.codes[0]}, "nonce": {"n1"}, "gate": {"Süd"}, "direction": {"entry"}}
		w, _ := d.page(d.staff, door+"/scans", form, false)
		answer := w.Header.Get("Location")
		if w.StatusCode != 303 || !strings.HasPrefix(answer, door+"/scans/scn_") {
			t.Fatalf("%d %s", w.StatusCode, answer)
		}
		w, body := d.page(d.staff, answer, nil, false)
		if w.StatusCode != 200 || !strings.Contains(body, "Welcome") || !strings.Contains(body, "gate=S%C3%BCd") {
			t.Errorf("the answer: %d %s", w.StatusCode, body)
		}
		if w, body := d.page(d.staff, door+"/scans", url.Values{"code": {""}, "nonce": {"n9"}}, false); w.StatusCode != 422 || !strings.Contains(body, `id="f-code-error"`) {
			t.Errorf("an empty form: %d", w.StatusCode)
		}
		long := url.Values{"code": {d.codes[1]}, "nonce": {"n8"}, "gate": {strings.Repeat("x", 80)}}
		if w, body := d.page(d.staff, door+"/scans", long, false); w.StatusCode != 422 || !strings.Contains(body, `id="f-gate-error"`) {
			t.Errorf("a long gate: %d", w.StatusCode)
		}
		// Undo: it asks first, then the ticket is good again, and the log keeps both.
		annul := strings.SplitN(answer, "?", 2)[0] + "/annul"
		if w, body := d.page(d.staff, annul, url.Values{}, false); w.StatusCode != 200 || !strings.Contains(body, `name="confirmed"`) {
			t.Errorf("undo does not ask: %d %.300s", w.StatusCode, body)
		}
		yes := url.Values{"confirmed": {"yes"}}
		if w, _ := d.page(d.staff, annul, yes, false); w.StatusCode != 303 || w.Header.Get("Location") != door+"/scans" {
			t.Errorf("undo: %d", w.StatusCode)
		}
		if w, _ := d.page(d.staff, annul, yes, false); w.StatusCode != 409 {
			t.Errorf("undo twice: %d", w.StatusCode)
		}
		if w, body := d.page(d.staff, door+"/scans", nil, false); w.StatusCode != 200 || !strings.Contains(body, "Taken back") || strings.Contains(body, "/annul") {
			t.Errorf("the log: %d %s", w.StatusCode, body)
		}
		if said, _ := d.scan(door, url.Values{"code": {d.codes[0]}, "nonce": {"n2"}}); said["tone"] != "ok" {
			t.Errorf("after the undo: %v", said)
		}
		for i := range 15 { // many refusals in a row do not hide what can be taken back
			d.scan(door, url.Values{"code": {"nothing"}, "nonce": {fmt.Sprint("refused", i)}})
		}
		if _, body := d.page(d.staff, door+"/scans", nil, false); strings.Count(body, "/annul\"") != 1 {
			t.Errorf("the log behind refusals: %s", body)
		}
		if _, body := d.page(d.boss, door+"/scans", nil, false); strings.Contains(body, "Łukasz") {
			t.Error("somebody else's scans are in my log")
		}
	})
}

func TestDoorSearchAndCounters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		for query, want := range map[string]int{"lukasz": 4, "nowak lukasz": 4, "lukasz@example.org": 4, "zzz": 0, "l": 0, "": 0, "%": 0} {
			w, body := d.page(d.staff, door+"/search?q="+url.QueryEscape(query), nil, true)
			if got := strings.Count(body, "data-let-in"); w.StatusCode != 200 || got != want || strings.Contains(body, "<html") {
				t.Errorf("%q finds %d tickets, want %d (%d)", query, got, want, w.StatusCode)
			}
		}
		if w, body := d.page(d.staff, door+"/search?q=nowak", nil, false); w.StatusCode != 200 || strings.Count(body, "data-let-in") != 4 || !strings.Contains(body, "<html") {
			t.Errorf("without scripts: %d", w.StatusCode)
		}
		_, body := d.page(d.staff, door+"/search?q=nowak", nil, true)
		ticket := regexp.MustCompile(`name="ticket_id" value="([^"]+)"`).FindStringSubmatch(body)[1]
		if said, _ := d.scan(door, url.Values{"ticket_id": {ticket}, "nonce": {"by name"}}); said["tone"] != "ok" {
			t.Errorf("let in by name: %v", said)
		}
		// The figures are at most a second old.
		var figures string
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && !strings.Contains(figures, ">1</strong> / 4"); time.Sleep(50 * time.Millisecond) {
			_, figures = d.page(d.staff, door+"/stats", nil, true)
		}
		if !strings.Contains(figures, `data-count="checked_in">1</strong> / 4`) || strings.Contains(figures, "<html") {
			t.Errorf("counters: %s", figures)
		}
	})
}

var rowForm = regexp.MustCompile(`name="ticket_id" value="([^"]+)"[^>]*><input type="hidden" name="nonce" value="([^"]+)"[^>]*><input type="hidden" name="direction" value="([^"]+)"`)

// row is what the button of the first ticket found sends.
func (d *doorway) row(door, query string) url.Values {
	d.t.Helper()
	_, body := d.page(d.staff, door+"/search?q="+url.QueryEscape(query), nil, true)
	found := rowForm.FindStringSubmatch(body)
	if found == nil {
		d.t.Fatalf("no button: %s", body)
	}
	return url.Values{"ticket_id": {found[1]}, "nonce": {found[2]}, "direction": {found[3]}}
}

// A second tap on a found ticket's button sends the same nonce: it gets the first answer again and counts nothing, with scripts
// and without. The counters come with the answer.
func TestDoorTwoTapsAreOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		row := d.row(door, "nowak")
		var first string
		for range 2 {
			said, body := d.scan(door, row)
			if said["tone"] != "ok" || first != "" && said["scan"] != first {
				t.Errorf("a tap: %v", said)
			}
			if first = said["scan"]; !strings.Contains(body, `data-count="checked_in">1</strong> / 4`) || !strings.Contains(body, `data-count="refused">0<`) {
				t.Errorf("the counters with the answer: %s", body)
			}
		}
		plain := d.row(door, "nowak")
		var at string
		for range 2 {
			w, _ := d.page(d.staff, door+"/scans", plain, false)
			if w.StatusCode != 303 || at != "" && w.Header.Get("Location") != at {
				t.Errorf("without scripts: %d %s, first %s", w.StatusCode, w.Header.Get("Location"), at)
			}
			at = w.Header.Get("Location")
		}
		if _, body := d.page(d.staff, door, nil, false); !strings.Contains(body, `data-count="checked_in">2</strong> / 4`) || !strings.Contains(body, `data-count="refused">0<`) {
			t.Errorf("the counters after it: %s", body)
		}
		plain.Set("nonce", "another")
		if said, body := d.scan(door, plain); said["reason"] != "already_checked_in" || !strings.Contains(body, `data-count="refused">1<`) {
			t.Errorf("a new try: %v %s", said, body)
		}
		// Who is inside needs no button, and the form asks again when its nonce was used for another code.
		_, body := d.page(d.staff, door+"/search?q=nowak", nil, true)
		if strings.Count(body, "data-let-in") != 2 || strings.Count(body, "Inside since") != 2 {
			t.Errorf("found: %s", body)
		}
		typed := url.Values{"code": {d.codes[3]}, "nonce": {row.Get("nonce")}, "gate": {"Süd"}}
		w, body := d.page(d.staff, door+"/scans", typed, false)
		if w.StatusCode != 409 || !strings.Contains(body, `value="`+d.codes[3]+`"`) || !strings.Contains(body, `value="Süd"`) || strings.Contains(body, row.Get("nonce")) {
			t.Errorf("a used nonce: %d %s", w.StatusCode, body)
		}
	})
}

// An order's code, as people read it, finds the order's tickets: it is no scan, and nothing is refused.
func TestDoorLooksUpAnOrderCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		spaced := " " + strings.ToLower(d.order[:4]) + " " + d.order[4:] + " "
		for _, typed := range []string{d.order, spaced} {
			w, _ := d.page(d.staff, door+"/scans", url.Values{"code": {typed}, "nonce": {"n " + typed}, "gate": {"Süd"}, "direction": {"entry"}}, false)
			to := w.Header.Get("Location")
			if w.StatusCode != 303 || !strings.HasPrefix(to, door+"/search?code="+d.order) {
				t.Fatalf("%q: %d %s", typed, w.StatusCode, to)
			}
			if _, body := d.page(d.staff, to, nil, false); strings.Count(body, "data-let-in") != 4 || !strings.Contains(body, `value="Süd"`) {
				t.Errorf("%q finds: %s", typed, body)
			}
			if _, body := d.page(d.staff, door+"/search?code="+url.QueryEscape(typed), nil, true); strings.Count(body, "data-let-in") != 4 {
				t.Errorf("%q finds for the script: %s", typed, body)
			}
		}
		for _, unknown := range []string{"00000000", "lxkaszaa"} {
			if _, body := d.page(d.staff, door+"/search?code="+unknown, nil, true); !strings.Contains(body, "No order with this code") || strings.Contains(body, "data-let-in") {
				t.Errorf("%s: %s", unknown, body)
			}
		}
		// A name that looks like a code is still searched for as a name, by who searches for one.
		if _, body := d.page(d.staff, door+"/search?q=nowaknow", nil, true); !strings.Contains(body, "Nobody here matches") {
			t.Errorf("a name: %s", body)
		}
		if _, body := d.page(d.staff, door+"/scans", nil, false); !strings.Contains(body, "Nothing was scanned") {
			t.Errorf("it was logged: %s", body)
		}
		if _, body := d.page(d.staff, door, nil, false); !strings.Contains(body, `data-count="refused">0<`) || strings.Contains(body, "under the QR code") {
			t.Errorf("it was refused: %s", body)
		}
		if w, _ := d.page(d.staff, door+"/scans", url.Values{"code": {d.codes[0]}, "nonce": {"n1"}}, false); !strings.HasPrefix(w.Header.Get("Location"), door+"/scans/scn_") {
			t.Errorf("a ticket's code is looked up: %s", w.Header.Get("Location"))
		}
	})
}

// What the door would refuse comes last, has no button, and says what to do.
func TestDoorOffersOnlyWhatItLetsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		set := func(set string, offset int) {
			t.Helper()
			if _, err := db.Writer().ExecContext(t.Context(), "UPDATE tickets SET status = ? WHERE id = (SELECT id FROM tickets ORDER BY number LIMIT 1 OFFSET ?)", set, offset); err != nil {
				t.Fatal(err)
			}
		}
		set("canceled", 0)
		set("reserved", 1)
		_, body := d.page(d.staff, door+"/search?code="+d.order, nil, true)
		last, unpaid, canceled := strings.LastIndex(body, "data-let-in"), strings.Index(body, "Not paid yet"), strings.Index(body, "This ticket was given back")
		if strings.Count(body, "data-let-in") != 2 || unpaid < last || canceled < unpaid {
			t.Errorf("buttons to %d, unpaid at %d, canceled at %d: %s", last, unpaid, canceled, body)
		}
		if _, err := db.Writer().ExecContext(t.Context(), "UPDATE tickets SET attendance_mode = 'virtual' WHERE id = (SELECT id FROM tickets ORDER BY number LIMIT 1 OFFSET 2)"); err != nil {
			t.Fatal(err)
		}
		if _, body = d.page(d.staff, door+"/search?code="+d.order, nil, true); strings.Count(body, "data-let-in") != 1 || !strings.Contains(body, "another door") {
			t.Errorf("a ticket for online at the door: %s", body)
		}
	})
}

// Where people come and go, the button of who is inside lets them out.
func TestDoorSearchLetsOut(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	door := "/door/fest/lists/" + d.api("POST", "/events/fest/check-in-lists", m{"name": "Garden", "allow_reentry": true}, 201).text1("id")
	d.scan(door, d.row(door, "nowak"))
	out := d.row(door, "nowak")
	if said, body := d.scan(door, out); out.Get("direction") != "exit" || said["tone"] != "ok" || !strings.Contains(body, "Goodbye") || !strings.Contains(body, `data-count="inside">0<`) {
		t.Errorf("out: %v %s", out, body)
	}
	if again := d.row(door, "nowak"); again.Get("direction") != "entry" {
		t.Errorf("back: %v", again)
	}
}

// A door is used on any day; far from the event's own it says so, and so does the console.
func TestDoorSaysThatItIsAnotherDay(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	door, now := d.open(), time.Now().UTC()
	for _, tt := range []struct {
		starts time.Time
		says   string
	}{
		{now.Add(25 * time.Hour), "This event begins on"}, {now.Add(23 * time.Hour), ""}, {now.Add(-time.Hour), ""},
		{now.Add(-25 * time.Hour), ""}, {now.Add(-27 * time.Hour), "This event ended on"},
	} {
		d.api("PATCH", "/events/fest", m{"starts_at": tt.starts, "ends_at": tt.starts.Add(2 * time.Hour)}, 200)
		for _, path := range []string{door, "/door/fest?all=1", "/console/events/fest/check-in", strings.Replace(door, "/door/fest/lists", "/console/events/fest/check-in", 1)} {
			w, body := d.page(d.boss, path, nil, false)
			if w.StatusCode != 200 || strings.Contains(body, "This event ") != (tt.says != "") || !strings.Contains(body, tt.says) {
				t.Errorf("%s, %s from the start: %d, want %q", path, now.Sub(tt.starts), w.StatusCode, tt.says)
			}
		}
	}
	if said, _ := d.scan(door, url.Values{"code": {d.codes[0]}, "nonce": {"n"}}); said["tone"] != "ok" {
		t.Errorf("the notice is a block: %v", said)
	}
	d.api("PATCH", "/events/fest", m{"starts_at": "2097-06-06T09:00:00Z", "ends_at": "2097-06-06T10:00:00Z", "timezone": "UTC"}, 200)
	if _, body := d.page(d.staff, door, nil, false, "Accept-Language", "de"); !strings.Contains(body, "beginnt am Do., 6. Juni 2097") {
		t.Errorf("in German: %s", body)
	}
}

// The chooser says which list is open, and when the others are; the only one that is open comes by itself.
func TestDoorChoosesWhatIsOpen(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	now := time.Now().UTC()
	list := func(name string, from, until any) string {
		return "/door/fest/lists/" + d.api("POST", "/events/fest/check-in-lists", m{"name": name, "starts_at": from, "ends_at": until}, 201).text1("id")
	}
	closed := list("Yesterday", now.Add(-25*time.Hour), now.Add(-time.Hour))
	list("Tomorrow", now.Add(time.Hour), now.Add(25*time.Hour))
	if w, _ := d.page(d.staff, "/door/fest", nil, false); w.StatusCode != 200 {
		t.Errorf("none is open: %d", w.StatusCode)
	}
	open := list("Today", now.Add(-time.Hour), now.Add(time.Hour))
	if w, _ := d.page(d.staff, "/door/fest", nil, false); w.StatusCode != 303 || w.Header.Get("Location") != open {
		t.Errorf("one is open: %d %s", w.StatusCode, w.Header.Get("Location"))
	}
	_, body := d.page(d.staff, "/door/fest?all=1", nil, false)
	for _, want := range []string{"Today[^~]*Open until[^~]*Tomorrow[^~]*Opens [^~]*Yesterday[^~]*Closed since "} {
		if !regexp.MustCompile(want).MatchString(body) {
			t.Errorf("the chooser lacks %s: %s", want, body)
		}
	}
	d.api("PATCH", "/events/fest", m{"starts_at": now, "ends_at": now.Add(time.Hour)}, 200)
	if _, body := d.page(d.staff, closed, nil, false); !strings.Contains(body, "This door closed on") {
		t.Errorf("a closed door: %s", body)
	}
	list("Always", nil, nil)
	if w, body := d.page(d.staff, "/door/fest", nil, false); w.StatusCode != 200 || !strings.Contains(body, "Open at any time") {
		t.Errorf("two are open: %d", w.StatusCode)
	}
}

// What a path names must belong together: a list to the event, a scan to the list.
func TestDoorKeepsToItsEvent(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	door := d.open()
	said, _ := d.scan(door, url.Values{"code": {d.codes[0]}, "nonce": {"n1"}})
	d.api("POST", "/events", eventBody("other"), 201)
	list := strings.TrimPrefix(door, "/door/fest/lists/")
	other := d.api("POST", "/events/fest/check-in-lists", m{"name": "Second"}, 201).text1("id")
	for _, path := range []string{
		"/door/other/lists/" + list, "/door/other/lists/" + list + "/stats", "/door/other/lists/" + list + "/scans", "/door/other/lists/" + list + "/search",
		"/door/fest/lists/lst_made_up", "/door/fest/lists/" + other + "/scans/" + said["scan"], door + "/scans/scn_made_up",
	} {
		if w, _ := d.page(d.boss, path, nil, false); w.StatusCode != 404 {
			t.Errorf("GET %s: %d", path, w.StatusCode)
		}
	}
	for _, path := range []string{"/door/other/lists/" + list + "/scans", "/door/fest/lists/" + other + "/scans/" + said["scan"] + "/annul"} {
		if w, _ := d.page(d.boss, path, url.Values{"code": {d.codes[1]}, "nonce": {"n7"}, "confirmed": {"yes"}}, false); w.StatusCode != 404 {
			t.Errorf("POST %s: %d", path, w.StatusCode)
		}
	}
	if w, _ := d.page(nil, door, nil, false); w.StatusCode != 303 || !strings.HasPrefix(w.Header.Get("Location"), "/sign-in?next=") {
		t.Errorf("nobody at the door: %d", w.StatusCode)
	}
}

// The door's pages make as many statements with many tickets as with few.
func TestDoorAsksLittle(t *testing.T) {
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	door := d.open()
	count := func(path string) int64 {
		ctx, n := database.CountQueries(context.Background())
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		r.AddCookie(d.staff)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%s: %d", path, w.Code)
		}
		return n.Load()
	}
	paths := []string{door, door + "/search?q=nowak", door + "/scans", "/door/fest?all=1"}
	before := map[string]int64{}
	for _, path := range paths {
		before[path] = count(path)
	}
	types := d.api("GET", "/events/fest/ticket-types", nil, 200)
	more := d.api("POST", "/events/fest/orders", orderBody(types.text1("items", 0, "id"), 9), 201)
	for i := range 9 {
		d.scan(door, url.Values{"code": {more.text1("tickets", i, "code")}, "nonce": {more.text1("tickets", i, "id")}})
	}
	for _, path := range paths {
		if after := count(path); after > before[path]+2 || after > 20 { // the log reads its tickets once there are any
			t.Errorf("%s makes %d statements, %d before", path, after, before[path])
		}
	}
}

// Sold numbers are for who may read tickets, money for who may read orders; the door's staff are led to the door.
func TestConsoleShowsARoleItsNumbers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(50)
		d.buy(free, 7, "Ada", "ada@example.org")
		for _, tt := range []struct {
			role                organisers.Role
			sold, money, atDoor bool
		}{
			{organisers.Owner, true, true, false}, {organisers.Organiser, true, true, false}, {organisers.Finance, true, true, false},
			{organisers.Viewer, true, false, false}, {organisers.AgendaEditor, false, false, false}, {organisers.Door, false, false, true},
		} {
			who := d.colleague(tt.role)
			for _, path := range []string{"/console", "/console/first/events", d.at("")} {
				body := who.see(path, "Gopher Summit")
				if (strings.Contains(body, "7 sold") || strings.Contains(body, "Tickets sold")) != tt.sold {
					t.Errorf("%s on %s: sold numbers %t, want %t", tt.role, path, !tt.sold, tt.sold)
				}
				if path == d.at("") && strings.Contains(body, "Ticket income") != tt.money {
					t.Errorf("%s on %s: money %t, want %t", tt.role, path, !tt.money, tt.money)
				}
				if strings.Contains(body, `class="btn btn-primary" href="/door/summit"`) != tt.atDoor {
					t.Errorf("%s on %s: led to the door %t, want %t", tt.role, path, !tt.atDoor, tt.atDoor)
				}
			}
		}
	})
}
