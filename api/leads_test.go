package api

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"turnout"
	"turnout/checkin"
	"turnout/checkin/leads"
	"turnout/events"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// stand is a sponsor with a phone that scans badges for it.
type stand struct {
	*phone
	sponsor, device string
}

func (d *doorway) stand(name string) *stand {
	d.t.Helper()
	s := &stand{phone: &phone{doorway: d}, sponsor: d.api("POST", "/events/fest/sponsors", m{"name": name, "status": "signed"}, 201).text1("id")}
	link, made := d.device(m{"role": "leads", "name": name, "sponsor_id": s.sponsor})
	made.is(s.sponsor, "sponsor_id")
	s.device = made.text1("id")
	if status, to := s.pair(link); status != 303 || to != "/door/fest/leads" {
		d.t.Fatalf("paired: %d %s", status, to)
	}
	return s
}

// take scans a badge and gives what is said of it.
func (s *stand) take(code string) string {
	s.t.Helper()
	w, body := s.page(s.cookie, "/door/fest/leads", url.Values{"code": {code}}, true)
	if w.StatusCode != 200 {
		s.t.Fatalf("a badge: %d %.300s", w.StatusCode, body)
	}
	_, said, _ := strings.Cut(body, `role="status"`)
	said, _, _ = strings.Cut(said, "</div>")
	return said
}

func (d *doorway) share(version int64, in leads.SettingsInput) {
	d.t.Helper()
	if err := d.Leads.SaveSettings(d.t.Context(), d.community.ID, event(d).ID, version, in); err != nil {
		d.t.Fatal(err)
	}
}

// list is the console's page of the sponsor's leads, as an organiser sees it.
func (s *stand) list() string {
	s.t.Helper()
	w, body := s.page(s.boss, "/console/events/fest/sponsors/"+s.sponsor+"/leads", nil, false)
	if w.StatusCode != 200 {
		s.t.Fatalf("the list: %d", w.StatusCode)
	}
	return body
}

func (s *stand) file() string {
	s.t.Helper()
	_, body := s.page(s.boss, "/console/events/fest/sponsors/"+s.sponsor+"/leads.csv", nil, false)
	return body
}

// A sponsor's staff scan badges with a pairing of their own. Who is scanned gets a receipt, and may withdraw: from then on neither page nor file names them. After a transfer
// nobody's data is anybody else's.
func TestSponsorsScanBadges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		door := d.open()
		acme, other := d.stand("Acme"), d.stand("Other")
		if said := acme.take(d.codes[0]); !strings.Contains(said, "sponsors scan no badges") {
			t.Errorf("before anybody allowed it: %s", said)
		}
		d.share(0, leads.SettingsInput{Consent: leads.ByBadge, Text: "By showing my badge I share my name and address."})
		for code, want := range map[string]string{d.codes[0]: "is a new lead", "AEAQ": "no badge of this event", "": "no badge of this event"} {
			if said := acme.take(code); !strings.Contains(said, want) {
				t.Errorf("%.6q: %s", code, said)
			}
		}
		if said := acme.take(d.codes[0]); !strings.Contains(said, "is a lead already") || !strings.Contains(said, "Łukasz") {
			t.Errorf("again: %s", said)
		}
		if said := other.take(d.codes[0]); !strings.Contains(said, "is a new lead") {
			t.Errorf("another sponsor: %s", said)
		}

		// A pairing is for one thing: the sponsor's phone does nothing at a door, the door's nothing for a sponsor.
		for _, path := range []string{door, door + "/search?q=nowak", door + "/scans", door + "/stats", door + "/offline/tickets", "/door/fest"} {
			if w, _ := d.page(acme.cookie, path, nil, true); w.StatusCode == 200 {
				t.Errorf("a sponsor's phone at %s", path)
			}
		}
		if w, _ := d.page(acme.cookie, door+"/scans", url.Values{"code": {d.codes[1]}, "nonce": {"x"}}, true); w.StatusCode != 403 {
			t.Errorf("a sponsor's phone lets in: %d", w.StatusCode)
		}
		link, _ := d.device(m{"role": "supervisor"})
		doorman := &phone{doorway: d}
		doorman.pair(link)
		if w, _ := d.page(doorman.cookie, "/door/fest/leads", url.Values{"code": {d.codes[1]}}, true); w.StatusCode != 403 {
			t.Errorf("a door's phone makes leads: %d", w.StatusCode)
		}
		d.api("POST", "/events/fest/devices", m{"name": "x", "role": "leads"}, 422).is("sponsor_id", "fields", 0, "name")
		d.api("POST", "/events/fest/devices", m{"name": "x", "role": "scan", "sponsor_id": acme.sponsor}, 422).is("sponsor_id", "fields", 0, "name")
		d.api("PATCH", "/devices/"+acme.device, m{"role": "supervisor"}, 422)
		only := "Bearer " + d.newToken(d.community.ID, "checkin:write") // of the doors: a sponsor's scanner shows whom they met
		d.api("POST", "/events/fest/devices", m{"name": "x", "role": "leads", "sponsor_id": acme.sponsor}, 403, "Authorization", only)
		d.api("POST", "/devices/"+acme.device+"/pairing", nil, 403, "Authorization", only)
		d.api("PATCH", "/devices/"+acme.device, m{"name": "y"}, 403, "Authorization", only)

		// Stars and a note: the sponsor's own alone.
		rows, err := d.Leads.Leads(t.Context(), event(d), turnout.ID(acme.sponsor), leads.Filter{Limit: 10})
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d leads, %v", len(rows), err)
		}
		at := "/door/fest/leads/" + string(rows[0].ID)
		if w, _ := d.page(acme.cookie, at, url.Values{"rating": {"4"}, "note": {"Wants <a> zebra"}}, true); w.StatusCode != 200 {
			t.Errorf("a note: %d", w.StatusCode)
		}
		if w, _ := d.page(acme.cookie, at, url.Values{"rating": {"9"}, "note": {""}}, false); w.StatusCode != 422 {
			t.Errorf("nine stars: %d", w.StatusCode)
		}
		if w, _ := d.page(other.cookie, at, url.Values{"rating": {"1"}, "note": {"x"}}, true); w.StatusCode != 404 {
			t.Errorf("another sponsor notes: %d", w.StatusCode)
		}
		if page, file := acme.list(), acme.file(); !strings.Contains(page, "Łukasz") || !strings.Contains(page, "Wants &lt;a&gt; zebra") || !strings.Contains(file, "Łukasz") || !strings.Contains(file, "By showing my badge") {
			t.Errorf("the list: %s, %s", page, file)
		}

		// Withdrawn by the link of the ticket, for one sponsor.
		order := d.api("GET", "/orders/"+d.order, nil, 200)
		ticketLink := func(i int) string {
			ticket, _, err := d.Ticketing.TicketOf(t.Context(), d.community.ID, turnout.ID(order.text1("tickets", i, "id")))
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimPrefix(d.Ticketing.TicketLink(ticket), baseURL)
		}
		link = ticketLink(0)
		_, page := d.page(nil, link, nil, false)
		if !strings.Contains(page, "Acme") || !strings.Contains(page, "By showing my badge I share") {
			t.Fatalf("the receipt: %s", page)
		}
		receipt := string(rows[0].ReceiptID)
		path, query, _ := strings.Cut(link, "?")
		for range 2 { // the second time it is so already
			if w, _ := d.page(nil, path+"/withdraw?"+query, url.Values{"receipt": {receipt}}, false); w.StatusCode != 303 {
				t.Errorf("withdrawing: %d", w.StatusCode)
			}
		}
		if w, _ := d.page(nil, path+"/withdraw?secret=wrong", url.Values{"receipt": {receipt}}, false); w.StatusCode != 404 {
			t.Errorf("by somebody else: %d", w.StatusCode)
		}
		path, query, _ = strings.Cut(ticketLink(1), "?")
		if w, _ := d.page(nil, path+"/withdraw?"+query, url.Values{"receipt": {receipt}}, false); w.StatusCode != 404 {
			t.Errorf("by another ticket: %d", w.StatusCode)
		}
		if page, file := acme.list(), acme.file(); strings.Contains(page, "Łukasz") || strings.Contains(page, "zebra") || strings.Contains(file, "Łukasz") || !strings.Contains(page, "Shared no more") {
			t.Errorf("withdrawn, but: %s, %s", page, file)
		}
		listed := d.api("GET", "/sponsors/"+acme.sponsor+"/leads", nil, 200)
		if listed.at("items", 0, "attendee") != nil || listed.at("items", 0, "note") != "" {
			t.Errorf("the API: %s", listed.text)
		}
		d.api("GET", "/sponsors/"+other.sponsor+"/leads?search=lukasz", nil, 200).is("By showing my badge I share my name and address.", "items", 0, "consent", "text")
		if said := acme.take(d.codes[0]); !strings.Contains(said, "has withdrawn") {
			t.Errorf("scanned after it was withdrawn: %s", said)
		}
		if w, _ := d.page(acme.cookie, at, url.Values{"rating": {"1"}, "note": {"still"}}, true); w.StatusCode != 200 {
			t.Errorf("a note after it: %d", w.StatusCode)
		}
		if strings.Contains(acme.list(), "still") || !strings.Contains(other.file(), "Łukasz") {
			t.Error("a note came after the withdrawal, or it was of the other sponsor too")
		}

		// Given again on the ticket's page: the same lead under a receipt of its own; what was noted before is gone.
		path, query, _ = strings.Cut(link, "?")
		for range 2 {
			if w, _ := d.page(nil, path+"/share?"+query, url.Values{"receipt": {receipt}}, false); w.StatusCode != 303 {
				t.Errorf("sharing again: %d", w.StatusCode)
			}
		}
		if w, _ := d.page(nil, path+"/share?secret=wrong", url.Values{"receipt": {receipt}}, false); w.StatusCode != 404 {
			t.Errorf("by somebody else: %d", w.StatusCode)
		}
		if page := acme.list(); strings.Count(page, "Łukasz") != 1 || strings.Contains(page, "zebra") {
			t.Errorf("shared again: %s", page)
		}
		if said := acme.take(d.codes[0]); !strings.Contains(said, "is a lead already") {
			t.Errorf("scanned after it was shared again: %s", said)
		}
		if _, page := d.page(nil, link, nil, false); strings.Count(page, "<strong><bdi>Acme</bdi>") != 2 || strings.Contains(page, "/share?") {
			t.Errorf("both receipts: %s", page)
		}

		// A note that was there before the ticket went to somebody else is not shown beside them.
		if w, _ := d.page(other.cookie, "/door/fest/leads/"+d.api("GET", "/sponsors/"+other.sponsor+"/leads", nil, 200).text1("items", 0, "id"), url.Values{"rating": {"5"}, "note": {"Knows Oslo"}}, true); w.StatusCode != 200 {
			t.Errorf("the other's note: %d", w.StatusCode)
		}
		if !strings.Contains(other.list(), "Knows Oslo") {
			t.Error("the other's note is not in the list")
		}

		// Named otherwise, at the same address: what was shared is the name of then. A badge with the new one is somebody whom the sponsor does not know.
		ticket := turnout.ID(order.text1("tickets", 0, "id"))
		email := order.text1("tickets", 0, "attendee", "email")
		rename := func(name string) {
			if err := d.Ticketing.FillDetails(t.Context(), ticket, ticketing.Details{Attendee: ticketing.Attendee{Name: name, Email: email}}); err != nil {
				t.Fatal(err)
			}
		}
		old := order.text1("tickets", 0, "attendee", "name")
		rename("Kim Park")
		if page := acme.list(); !strings.Contains(page, "Łukasz") || strings.Contains(page, "Kim") {
			t.Errorf("a new name under an old consent: %s", page)
		}
		if said := acme.take(d.codes[0]); !strings.Contains(said, "is a new lead") || !strings.Contains(said, "Kim Park") {
			t.Errorf("the badge with a new name: %s", said)
		}
		rename(old)
		if said := acme.take(d.codes[0]); !strings.Contains(said, "is a lead already") || !strings.Contains(said, "Łukasz") {
			t.Errorf("the name of before: %s", said)
		}

		// The ticket goes to somebody else, who has shared nothing.
		if err := d.Ticketing.FillDetails(t.Context(), ticket, ticketing.Details{Attendee: ticketing.Attendee{Name: "Bea Baker", Email: "bea@example.org"}}); err != nil {
			t.Fatal(err)
		}
		if page, file := other.list(), other.file(); strings.Contains(page+file, "Łukasz") || strings.Contains(page+file, "Bea") || strings.Contains(page+file, "Oslo") {
			t.Errorf("after a transfer: %s, %s", page, file)
		}
		if said := other.take(d.codes[0]); !strings.Contains(said, "replaced by a newer one") {
			t.Errorf("the old badge: %s", said)
		}
		if said := other.take(d.api("GET", "/orders/"+d.order, nil, 200).text1("tickets", 0, "code")); !strings.Contains(said, "is a new lead") || !strings.Contains(said, "Bea") {
			t.Errorf("the new badge: %s", said)
		}
	})
}

func event(d *doorway) *events.Event {
	d.t.Helper()
	e, err := events.Find(d.t.Context(), d.DB.Read(), d.community.ID, "fest")
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

// Of a badge that many phones of a sponsor scan at once, one lead is made.
func TestOneBadgeAtManyStands(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		acme := d.stand("Acme")
		d.share(0, leads.SettingsInput{Consent: leads.ByBadge, Text: "I share."})
		device, err := d.CheckIn.FindDevice(t.Context(), d.community.ID, turnout.ID(acme.device))
		if err != nil {
			t.Fatal(err)
		}
		var fresh atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				lead, err := d.Leads.Take(t.Context(), device, d.codes[1])
				if err != nil {
					t.Error(err)
				} else if !lead.Again {
					fresh.Add(1)
				}
			})
		}
		all.Wait()
		if fresh.Load() != 1 {
			t.Errorf("%d new leads", fresh.Load())
		}
	})
}

// With a question, those become leads who ticked it; what is stored is the words that they read.
func TestLeadsByAQuestion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDoorway(t, db)
		acme := d.stand("Acme")
		question := d.api("POST", "/events/fest/questions", m{"subject": "ticket", "kind": "consent", "label": "Sponsors may contact me", "purpose": "So that they write."}, 201).text1("id")
		d.share(0, leads.SettingsInput{Consent: leads.ByQuestion, QuestionID: turnout.ID(question)})
		kind := d.api("GET", "/events/fest/ticket-types", nil, 200).text1("items", 0, "id")
		for ticked, want := range map[bool]string{true: "is a new lead", false: "has not agreed"} {
			order := d.api("POST", "/events/fest/orders", m{"lines": []m{{"ticket_type_id": kind, "quantity": 1}}, "buyer": m{"name": "Cyd", "email": "cyd@example.org"},
				"attendees": []m{{"name": "Cyd", "email": "cyd@example.org", "answers": m{question: ticked}}}}, 201)
			if said := acme.take(order.text1("tickets", 0, "code")); !strings.Contains(said, want) {
				t.Errorf("ticked %v: %s", ticked, said)
			}
		}
		if said := acme.take(d.codes[0]); !strings.Contains(said, "has not agreed") {
			t.Errorf("who was not asked: %s", said)
		}
		if !strings.Contains(acme.file(), "Sponsors may contact me") {
			t.Error("the file does not say under which words")
		}
		for field, form := range map[string]url.Values{"text": {"consent": {"badge"}, "text": {" "}, "version": {"1"}}, "question_id": {"consent": {"question"}, "question_id": {"qst_other"}, "version": {"1"}}, "consent": {"consent": {"all"}, "version": {"1"}}} {
			if w, body := d.page(d.boss, "/console/events/fest/sponsors/sharing", form, false); w.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="f-`+field+`-error"`) {
				t.Errorf("%s: %d", field, w.StatusCode)
			}
		}
		if w, _ := d.page(d.boss, "/console/events/fest/sponsors/sharing", url.Values{"consent": {"off"}, "version": {"7"}}, false); w.StatusCode != 412 && w.StatusCode != 409 {
			t.Errorf("an old version: %d", w.StatusCode)
		}
		if w, _ := d.page(d.boss, "/console/events/fest/sponsors/sharing", url.Values{"consent": {"off"}, "version": {"1"}}, false); w.StatusCode != 303 {
			t.Errorf("turned off: %d", w.StatusCode)
		}
		if _, err := d.CheckIn.FindDevice(t.Context(), d.community.ID, turnout.ID(acme.device)); err != nil || checkin.Leads.Covers(checkin.ScanOnly) {
			t.Error(err)
		}
	})
}
