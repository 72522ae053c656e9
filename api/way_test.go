package api

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// TestTheWholeWay goes from an empty community to a recap by the API alone. Each answer is held to the OpenAPI document, and
// at the end every call of the document must have succeeded once.
func TestTheWholeWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.planEvent("gophers")
		h.planAgenda("gophers")
		types := h.openShop("gophers")
		h.askQuestions("gophers")
		h.fillCatalogue("gophers")
		order := h.buy("gophers", types)
		h.admit("gophers", order)
		h.attend("gophers", order)
		h.noteForDoor(order)
		h.supportEvent("gophers")
		h.followUp("gophers")
		h.giveBack("gophers", types)
		h.makeVouchers("gophers", types)
		h.bringIn("gophers", types)
		h.sellAtDesk("gophers")
		h.decideAboutOrders("gophers")
		h.serveWaitlist("gophers")
		h.designTickets("gophers")
		h.printBadges("gophers", types)
		h.cancelOneAddOn("gophers")
		h.pairDevices("gophers", order)
		h.takeAway("gophers")
		for path, item := range h.document.Paths.Map() {
			for method, op := range item.Operations() {
				for status := range op.Responses.Map() {
					if strings.HasPrefix(status, "2") {
						var code int
						_, _ = fmt.Sscan(status, &code)
						if name := method + " " + path + " " + http.StatusText(code); !h.visited[name] && path != "/orders/{code}/paid" { // see TestATransferArrives
							t.Errorf("no test got %s", name)
						}
					}
				}
			}
		}
	})
}

// begin is when the events of these tests begin.
var begin = morning(30)

// morning is eight o'clock, UTC, some days from today: at whatever hour tests run, an event lies in one day of its agenda.
func morning(days int) time.Time {
	return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, days).Add(8 * time.Hour)
}

func eventBody(slug string) m {
	return m{"slug": slug, "title": "Gophers 2027", "format": "hybrid", "timezone": "Europe/Warsaw", "starts_at": begin, "ends_at": begin.Add(9 * time.Hour),
		"currency": "EUR", "venue": m{"name": "Old Mill", "city": "Wrocław", "country": "PL"}, "online_url": "https://meet.example.org/gophers"}
}

func (h *house) planEvent(slug string) {
	t := h.t
	made := h.api("POST", "/events", eventBody(slug), 201)
	made.is("draft", "status")
	made.is("Wrocław", "venue", "city")
	h.api("POST", "/events", eventBody(slug), 409).is("slug_taken", "code")
	h.api("GET", "/events/"+slug, nil, 404, "Authorization", "").is("not_found", "code")
	tag := h.api("GET", "/events/"+slug, nil, 200).header.Get("ETag")
	changed := h.api("PATCH", "/events/"+slug, m{"summary": "A day with gophers"}, 200, "If-Match", tag)
	changed.is("A day with gophers", "summary")
	h.api("PATCH", "/events/"+slug, m{"summary": "x"}, 412, "If-Match", tag).is("stale", "code")
	h.api("PATCH", "/events/"+slug, m{"sumary": "x"}, 422).is("sumary", "fields", 0, "name")
	h.api("POST", "/events/"+slug+"/publish", nil, 200).is("published", "status")
	h.api("POST", "/events/"+slug+"/publish", nil, 409)
	public := h.api("GET", "/events/"+slug, nil, 200, "Authorization", "")
	if public.at("online_url") != nil || strings.Contains(public.text, "meet.example.org") {
		t.Errorf("strangers see the online link: %s", public.text)
	}
	h.api("POST", "/events/"+slug+"/clone", m{"slug": slug + "-2", "starts_at": begin.Add(365 * 24 * time.Hour)}, 201).is("draft", "status")
	h.api("GET", "/events", nil, 200, "Authorization", "").is(slug, "items", 0, "slug")
	all := h.api("GET", "/events?limit=1", nil, 200)
	h.api("GET", "/events?limit=1&cursor="+all.text1("next_cursor"), nil, 200).is(slug, "items", 0, "slug")
	h.api("POST", "/events/"+slug+"-2/cancel", nil, 200).is("canceled", "status")
	h.api("GET", "/community", nil, 200).is("first", "slug")
	h.newToken(h.community.ID, "events:read")
	h.api("DELETE", "/tokens/"+h.api("GET", "/tokens", nil, 200).text1("items", 0, "id"), nil, 204)
}

func (h *house) planAgenda(slug string) {
	at := "/events/" + slug
	room := h.api("POST", at+"/rooms", m{"name": "Aula", "capacity": 300}, 201).text1("id")
	track := h.api("POST", at+"/tracks", m{"name": "Tools", "color": "#1a7f37"}, 201).text1("id")
	speaker := h.api("POST", at+"/speakers", m{"name": "Zoë Łukasik", "email": "zoe@example.org"}, 201).text1("id")
	var sessions []string
	for _, title := range []string{"Opening", "Beginnings"} {
		sessions = append(sessions, h.api("POST", at+"/sessions", m{"title": title, "kind": "talk", "track_id": track, "duration_minutes": 30, "speaker_ids": []string{speaker}}, 201).text1("id"))
	}
	slot := m{"room_id": room, "starts_at": begin, "ends_at": begin.Add(30 * time.Minute)}
	if placed := h.api("PUT", "/sessions/"+sessions[0]+"/slot", slot, 200); len(placed.at("conflicts").([]any)) != 0 {
		h.t.Errorf("conflicts of one session: %v", placed.at("conflicts"))
	}
	if placed := h.api("PUT", "/sessions/"+sessions[1]+"/slot", slot, 200); len(placed.at("conflicts").([]any)) != 2 {
		h.t.Errorf("conflicts of two at once: %v", placed.at("conflicts"))
	}
	h.api("GET", at+"/agenda/conflicts", nil, 200).is("room", "items", 0, "kind")
	later := m{"starts_at": begin.Add(30 * time.Minute), "ends_at": begin.Add(time.Hour), "room_id": h.api("POST", at+"/rooms", m{"name": "Annex"}, 201).text1("id")}
	h.api("PUT", "/sessions/"+sessions[1]+"/slot", later, 200).is("short_change", "warnings", 0, "kind")
	h.api("DELETE", "/sessions/"+sessions[1]+"/slot", nil, 200).is(nil, "starts_at")
	h.api("GET", at+"/agenda", nil, 200).is("Aula", "rooms", 0, "name")
	h.askSpeakers(at, speaker)
	h.correctAgenda(at, room, track, speaker, sessions[1])
	moved := h.api("POST", at+"/agenda/moves", m{"moves": []m{{"session_id": sessions[1], "room_id": room, "starts_at": begin.Add(time.Hour), "ends_at": begin.Add(90 * time.Minute)}}}, 200)
	h.api("POST", at+"/agenda/moves", m{"moves": []m{{"session_id": sessions[1], "version": 1}}}, 412).is("stale", "code")
	h.api("POST", at+"/agenda/moves", m{"moves": []m{{"session_id": sessions[1], "starts_at": begin}}}, 422).is("moves[0].ends_at", "fields", 0, "name")
	draft := h.api("GET", at+"/agenda/draft", nil, 200)
	draft.is("Zoë Łukasik", "speakers", 0, "name")
	draft.is(moved.text1("sessions", 0, "starts_at"), "sessions", 1, "starts_at")
	h.api("GET", at+"/agenda/draft?since="+url.QueryEscape(draft.text1("cursor")), nil, 200).is("Aula", "rooms", 0, "name")
	h.api("GET", at+"/agenda/draft?since=yesterday", nil, 422).is("since", "fields", 0, "name")
	h.api("POST", at+"/agenda/moves", m{"moves": []m{{"session_id": sessions[1]}}}, 200).is(nil, "sessions", 0, "starts_at")
	h.api("POST", at+"/agenda/copies", m{"from_day": "today", "to_day": "2099-01-01"}, 422).is("from_day", "fields", 0, "name")
	copied := h.api("POST", at+"/agenda/copies", m{"from_day": begin.Format(time.DateOnly), "to_day": begin.AddDate(0, 0, 1).Format(time.DateOnly), "all": true}, 201)
	h.api("DELETE", at+"/agenda/copies/"+copied.text1("id"), nil, 200).is(float64(len(copied.at("sessions").([]any))), "taken_back")
	h.api("GET", at+"/schedule.json", nil, 404).is("not_released", "code")
	h.api("POST", at+"/agenda/releases", m{"version": "1.0"}, 201).is(1, "changes", "added")
	h.api("POST", at+"/agenda/releases", m{"version": "1.0"}, 409)
	h.api("GET", at+"/agenda/releases", nil, 200).is("1.0", "items", 0, "version")
	for _, format := range []string{"json", "xml", "ics", "csv"} {
		if got := h.api("GET", at+"/schedule."+format, nil, 200, "Authorization", ""); !strings.Contains(got.text, "Opening") {
			h.t.Errorf("schedule.%s has no session: %.300s", format, got.text)
		}
	}
	if got := h.api("GET", at+"/site.zip", nil, 200); !strings.HasPrefix(got.text, "PK") {
		h.t.Errorf("site.zip is no zip: %.80s", got.text)
	}
	h.api("GET", at+"/schedule.pdf?day=yesterday", nil, 422).is("day", "fields", 0, "name")
	if got := h.api("GET", at+"/schedule.pdf?size=a3&lang=de", nil, 200); !strings.HasPrefix(got.text, "%PDF-") {
		h.t.Errorf("schedule.pdf is no PDF: %.80s", got.text)
	}
	release := h.api("GET", at+"/agenda/releases", nil, 200).text1("items", 0, "id")
	h.api("POST", at+"/agenda/releases/"+release+"/take-back", nil, 201).is(release, "takes_back")
	h.api("POST", at+"/agenda/releases/"+release+"/take-back", nil, 409).is("release_not_public", "code")
	h.api("GET", at+"/schedule.json", nil, 404).is("not_released", "code")
	h.api("POST", at+"/agenda/releases", m{"version": "1.1", "quiet": true}, 201).is(1.0, "sessions")
	h.importAgenda(at)
}

// importAgenda takes a real schedule into an event of its own.
func (h *house) importAgenda(string) {
	file, err := os.ReadFile("../../shared/real-data/schedules/sessionize-orlando-code-camp-all.json")
	if err != nil {
		file = []byte(`<schedule><conference><title>T</title><start>2027-05-01</start><end>2027-05-01</end></conference><day index="1" date="2027-05-01"><room name="A">` +
			`<event id="1" guid="0a4ff4e8-2e25-5b1c-9d8e-0d6a3b1c2d3e"><date>2027-05-01T10:00:00+02:00</date><start>10:00</start><duration>00:30</duration><room>A</room><title>One</title></event></room></day></schedule>`)
	}
	h.api("POST", "/events", eventBody("imported"), 201)
	at := "/events/imported/agenda/import"
	dry := h.api("POST", at+"?dry_run=true", string(file), 200)
	done := h.api("POST", at, string(file), 200)
	again := h.api("POST", at, string(file), 200)
	if dry.at("created", "sessions") != done.at("created", "sessions") || again.at("created", "sessions") != 0.0 || again.at("unchanged", "sessions") != done.at("created", "sessions") {
		h.t.Errorf("dry run %v, import %v, again %v", dry.at("created"), done.at("created"), again.at("unchanged"))
	}
	h.api("POST", at+"?dry_run=maybe", string(file), 422)
	h.api("POST", at, "", 422)
	h.api("POST", at+"?seen=other", string(file), 412).is("agenda_changed", "code")
	h.api("POST", at+"?conflicts=nobody", string(file), 422)
	h.api("POST", at+"?mapping=nonsense", string(file), 422).is("mapping_misfit", "code")
	for _, format := range []string{"", "?format=pretalx_json", "?format=schedule2_json", "?format=icalendar", "?format=csv", "?format=sessionize_json"} {
		if got := h.api("GET", "/events/imported/agenda/export"+format, nil, 200); len(got.text) < 100 {
			h.t.Errorf("export%s: %s", format, got.text)
		}
	}
	h.api("GET", "/events/imported/agenda/export?format=docx", nil, 422)
}

// openShop makes a free and a paid ticket type of 30 places each, and gives their ids.
func (h *house) openShop(slug string) [2]string {
	at := "/events/" + slug
	pool := h.api("POST", at+"/pools", m{"name": "Seats", "capacity": 20}, 201)
	pool.is(20, "available")
	h.api("PATCH", "/pools/"+pool.text1("id"), m{"name": "Seats", "capacity": 30}, 200).is(30, "capacity")
	h.api("GET", at+"/pools", nil, 200).is("Seats", "items", 0, "name")
	online := h.api("POST", at+"/pools", m{"name": "Online", "capacity": 30}, 201)
	free := h.api("POST", at+"/ticket-types", m{"name": "Community", "price": m{"amount": 0, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []any{pool.at("id")}}, 201)
	paid := m{"name": "Supporter", "price": m{"amount": 4900, "currency": "EUR"}, "attendance_mode": "virtual", "pool_ids": []any{online.at("id")}}
	second := h.api("POST", at+"/ticket-types", paid, 201)
	paid["description"] = "With our thanks"
	h.api("PUT", "/ticket-types/"+second.text1("id"), paid, 200, "If-Match", second.header.Get("ETag")).is("With our thanks", "description")
	h.api("GET", at+"/ticket-types", nil, 200, "Authorization", "").is("Community", "items", 0, "name")
	return [2]string{free.text1("id"), second.text1("id")}
}

func orderBody(ticketType string, quantity int) m {
	return m{"lines": []m{{"ticket_type_id": ticketType, "quantity": quantity}}, "buyer": m{"name": "Łukasz 😀 Nowak", "email": "Lukasz@Example.org"}}
}

// buy places a free order, pays another, and gives the free one.
func (h *house) buy(slug string, types [2]string) answer {
	at := "/events/" + slug + "/orders"
	nobody := []string{"Authorization", "", "Idempotency-Key", "key-1"}
	order := h.api("POST", at, orderBody(types[0], 2), 201, nobody...)
	order.is("confirmed", "status")
	again := h.api("POST", at, orderBody(types[0], 2), 201, nobody...)
	if again.at("id") != order.at("id") || again.header.Get("Idempotent-Replayed") != "true" {
		h.t.Errorf("the same key made another order: %s", again.text)
	}
	h.api("POST", at, orderBody(types[0], 3), 409, nobody...).is("idempotency_key_reused", "code")
	h.api("POST", at, orderBody(types[0], 0), 422, "Authorization", "").is("lines[0].quantity", "fields", 0, "name")
	code, secret := order.text1("code"), order.text1("secret")
	h.api("GET", "/orders/"+code, nil, 401, "Authorization", "")
	h.api("GET", "/orders/"+code+"?secret=wrong", nil, 404, "Authorization", "")
	h.api("GET", "/orders/"+code+"?secret="+secret, nil, 200, "Authorization", "").is(code, "code")
	if seen := h.api("GET", "/orders/"+code, nil, 200); seen.at("secret") != nil {
		h.t.Error("a token sees the buyer's secret")
	}
	pdf := h.api("GET", "/orders/"+code+"/tickets.pdf?secret="+secret, nil, 200, "Authorization", "")
	if !strings.HasPrefix(pdf.text, "%PDF-") {
		h.t.Errorf("tickets.pdf begins with %.20q", pdf.text)
	}
	h.api("GET", "/orders/"+code+"/tickets.pdf?size=napkin", nil, 422)
	h.api("GET", "/tickets/"+h.api("GET", "/orders/"+code, nil, 200).text1("tickets", 0, "id")+"/ticket.pdf", nil, 200)
	h.pay(at, types[1])
	if _, err := h.runner.Drain(h.t.Context()); err != nil { // what follows a sale makes it searchable
		h.t.Fatal(err)
	}
	h.api("GET", at+"?limit=1&status=confirmed&search=nowak", nil, 200).is("confirmed", "items", 0, "status")
	h.api("POST", at, orderBody(types[0], 10), 201)
	h.api("POST", at, orderBody(types[0], 10), 201)
	h.api("POST", at, orderBody(types[0], 9), 409).is("sold_out", "code")
	h.api("POST", "/events/"+slug+"/waitlist", m{"ticket_type_id": types[0], "party_size": 2, "name": "Ann", "email": "ann@example.org"}, 409)
	h.api("POST", at, orderBody(types[0], 8), 201)
	h.api("POST", "/events/"+slug+"/waitlist", m{"ticket_type_id": types[0], "party_size": 2, "name": "Ann", "email": "ann@example.org"}, 201, "Authorization", "").is("waiting", "status")
	h.api("GET", "/events/"+slug+"/waitlist", nil, 200).is("Ann", "items", 0, "name")
	return order
}

// pay declines once, then pays, by the sandbox.
func (h *house) pay(at, ticketType string) {
	order := h.api("POST", at, orderBody(ticketType, 1), 201, "Authorization", "")
	order.is("held", "status")
	order.is("sandbox", "payment", "provider")
	if order.at("tickets", 0, "code") != nil {
		h.t.Error("a held ticket has a code")
	}
	url := order.text1("payment", "url")
	id := url[strings.LastIndex(url, "/")+1:]
	for _, step := range []struct{ path, status string }{{"/fail", "failed"}, {"/succeed", "succeeded"}, {"/succeed", "succeeded"}} {
		w, body := call(h.t, h, "POST", "/sandbox/payments/"+id+step.path, "{}")
		if w.StatusCode != 200 || step.path == "/succeed" && body != `{"status":"`+step.status+`"}` {
			h.t.Fatalf("%s: %d %s", step.path, w.StatusCode, body)
		}
	}
	confirmed := h.api("GET", "/orders/"+order.text1("code"), nil, 200)
	confirmed.is("confirmed", "status")
	h.api("POST", "/orders/"+order.text1("code")+"/refunds", m{"reason": "goodwill"}, 201).is(4900, "amount", "amount")
	h.api("POST", "/orders/"+order.text1("code")+"/refunds", m{"reason": "goodwill"}, 409).is("nothing_to_refund", "code")
}

func (h *house) admit(slug string, order answer) {
	list := h.api("POST", "/events/"+slug+"/check-in-lists", m{"name": "Main door"}, 201).text1("id")
	h.api("GET", "/events/"+slug+"/check-in-lists", nil, 200).is("Main door", "items", 0, "name")
	scans := "/check-in-lists/" + list + "/scans"
	code := order.text1("tickets", 0, "code")
	first := h.api("POST", scans, m{"code": code, "nonce": "n1", "gate": "North"}, 200)
	first.is("accepted", "result")
	first.is("Łukasz 😀 Nowak", "attendee", "name")
	if again := h.api("POST", scans, m{"code": code, "nonce": "n1", "gate": "North"}, 200); again.at("id") != first.at("id") {
		h.t.Error("the same nonce made another scan")
	}
	h.api("POST", scans, m{"code": order.text1("tickets", 1, "code"), "nonce": "n1"}, 409)
	h.api("POST", scans, m{"code": code, "nonce": "n2"}, 200).is("already_checked_in", "reason")
	h.api("POST", scans, m{"code": "nonsense", "nonce": "n3"}, 200).is("unknown_ticket", "reason")
	h.api("POST", scans, m{"code": code}, 422)
	again := h.api("POST", scans+"/batch", m{"items": []m{{"code": code, "nonce": "n5", "scanned_at": "2020-01-01T00:00:00Z"}, {"code": "nonsense", "nonce": "n3", "scanned_at": time.Now()}}}, 200)
	again.is("invalid", "items", 0, "error", "code")
	again.is("unknown_ticket", "items", 1, "scan", "reason")
	stats := h.api("GET", "/check-in-lists/"+list+"/stats", nil, 200)
	stats.is(1, "checked_in")
	stats.is(30, "expected")
	h.api("GET", "/events/"+slug+"/attendance", nil, 200).is("door_scan", "items", 0, "source")
	h.api("DELETE", "/scans/"+first.text1("id")+"?reason=wrong+person", nil, 200).is("wrong person", "annulled_for")
	h.api("DELETE", "/scans/"+first.text1("id"), nil, 409)
	h.api("POST", scans, m{"code": code, "nonce": "n4"}, 200).is("accepted", "result")
}

// attend is who was at a session: by its door, and by hand.
func (h *house) attend(slug string, order answer) {
	at := "/events/" + slug
	session := h.api("POST", at+"/sessions", m{"title": "Hands on", "kind": "workshop", "duration_minutes": 30}, 201).text1("id")
	list := h.api("POST", at+"/check-in-lists", m{"name": "Hands on", "session_id": session}, 201)
	list.is(session, "session_id")
	ticket := order.text1("tickets", 0, "id")
	h.api("GET", "/sessions/"+session+"/sign-up", nil, 200).is(false, "offered")
	h.api("PUT", "/sessions/"+session+"/sign-up", m{"offered": true, "seats": -1}, 422).is("seats", "fields", 0, "name")
	h.api("PUT", "/sessions/"+session+"/sign-up", m{"offered": true, "seats": 1}, 200).is(1, "left")
	h.api("PUT", "/sessions/"+session+"/sign-ups/"+ticket, nil, 200).is("signed", "status")
	h.api("PUT", "/sessions/"+session+"/sign-ups/tkt_none", nil, 404)
	h.api("GET", "/sessions/"+session+"/sign-ups?status=signed", nil, 200).is(ticket, "items", 0, "ticket_id")
	h.api("GET", "/sessions/"+session+"/sign-ups?status=gone", nil, 422)
	h.api("PUT", "/sessions/"+session+"/sign-up", m{"offered": true, "seats": 1, "attendance_mode": "asleep"}, 422).is("attendance_mode", "fields", 0, "name")
	h.api("PUT", "/sessions/"+session+"/sign-up", m{"offered": true, "seats": 0}, 409).is("sign_up_seats_taken", "code")
	h.api("DELETE", "/sessions/"+session+"/sign-ups/"+ticket, nil, 204)
	h.api("DELETE", "/sessions/"+session+"/sign-ups/"+ticket, nil, 204)
	h.api("GET", "/sessions/"+session+"/feedback", nil, 200).is(0, "answers")
	h.api("GET", "/sessions/"+session+"/online-room", nil, 200).is("", "online_url")
	h.api("PUT", "/sessions/"+session+"/online-room", m{"online_url": "meet"}, 422).is("online_url", "fields", 0, "name")
	h.api("PUT", "/sessions/"+session+"/online-room", m{"online_url": "https://meet.example.org/knots"}, 200).is(1, "version")
	h.api("POST", at+"/check-in-lists", m{"name": "Hands on", "session_id": "ses_none"}, 422).is("session_id", "fields", 0, "name")
	h.api("POST", "/check-in-lists/"+list.text1("id")+"/scans", m{"code": order.text1("tickets", 0, "code"), "nonce": "s1"}, 200).is("accepted", "result")
	h.api("GET", at+"/attendance?session_id="+session, nil, 200).is(session, "items", 0, "session_id")
	mark := m{"ticket_id": order.text1("tickets", 1, "id"), "session_id": session, "minutes": 20}
	marked := h.api("POST", at+"/attendance", mark, 201)
	marked.is(20, "minutes")
	marked.is("manual", "source")
	h.api("POST", at+"/attendance", m{"ticket_id": "tkt_none"}, 422).is("ticket_id", "fields", 0, "name")
	if n := len(h.api("GET", at+"/attendance?session_id=all", nil, 200).at("items").([]any)); n != 2 {
		h.t.Errorf("%d records of sessions", n)
	}
	h.api("GET", at+"/attendance.csv?session_id=all", nil, 200)
	h.api("GET", at+"/attendance.xlsx", nil, 200)
	h.api("DELETE", "/attendance/"+marked.text1("id"), nil, 204)
	h.api("DELETE", "/attendance/"+marked.text1("id"), nil, 404)
	door := h.api("GET", at+"/attendance", nil, 200).text1("items", 0, "id")
	h.api("DELETE", "/attendance/"+door, nil, 409).is("not_marked", "code")
}

func (h *house) supportEvent(slug string) {
	at := "/events/" + slug
	eur := func(amount int) m { return m{"amount": amount, "currency": "EUR"} }
	tier := h.api("POST", at+"/sponsor-tiers", m{"name": "Gold", "price": eur(500000), "limit": 1, "benefits": []string{"A booth"}}, 201).text1("id")
	h.api("GET", at+"/sponsor-tiers", nil, 200).is("Gold", "items", 0, "name")
	sponsor := h.api("POST", at+"/sponsors", m{"name": "Acme", "tier_id": tier, "status": "promised", "promised": eur(500000)}, 201).text1("id")
	h.api("PUT", "/sponsors/"+sponsor, m{"name": "Acme Inc.", "tier_id": tier, "status": "signed", "promised": eur(500000)}, 200).is("signed", "status")
	h.api("POST", "/sponsors/"+sponsor+"/payments", m{"amount": eur(200000)}, 201).is(200000, "amount", "amount")
	h.api("GET", at+"/sponsors", nil, 200).is(200000, "items", 0, "received", "amount")
	h.api("GET", "/sponsors/"+sponsor+"/leads", nil, 200)
	h.api("GET", "/sponsors/"+sponsor+"/leads.csv", nil, 200)
	h.api("GET", "/sponsors/"+sponsor+"/leads.xlsx", nil, 200)
	line := h.api("POST", at+"/budget/lines", m{"category": "Venue", "kind": "expense", "planned": eur(100000)}, 201).text1("id")
	h.api("POST", "/budget/lines/"+line+"/entries", m{"amount": eur(90000), "date": "2027-03-01", "vendor": "Old Mill"}, 201)
	budget := h.api("GET", at+"/budget", nil, 200)
	budget.is(200000, "sponsor_income", "amount")
	budget.is(90000, "expense", "actual", "amount")
	budget.is(-10000, "lines", 0, "variance", "amount")
}

func (h *house) followUp(slug string) {
	item := m{"person": m{"email": "lukasz@example.org"}, "type": "message", "source": "forum", "occurred_at": time.Now().Add(-time.Hour), "external_id": "m1"}
	late := m{"person": m{"identity": m{"source": "github", "handle": "zoe"}}, "type": "message", "source": "forum", "occurred_at": time.Now().Add(time.Hour), "external_id": "m2"}
	recorded := h.api("POST", "/activities", m{"items": []m{item, item, late}}, 200)
	recorded.is(1, "accepted")
	recorded.is(1, "duplicates")
	recorded.is("in_future", "rejected", 0, "code")
	csv := "email;type;occurred_at;external_id\nann@example.org;message;2026-01-02;c1\nnobody;message;2026-01-02;c2\n"
	imported := h.api("POST", "/activities/import?source=forum", csv, 200)
	imported.is(1, "accepted")
	imported.is(3, "errors", 0, "line")
	tag := h.api("GET", "/activation-rule", nil, 200).header.Get("ETag")
	rule := m{"types": []string{"message"}, "min_count": 1, "window_days": 30, "lookback_days": 90}
	h.api("PUT", "/activation-rule", rule, 200, "If-Match", tag).is(1, "min_count")
	h.api("PUT", "/activation-rule", rule, 412, "If-Match", tag)
	h.api("GET", "/events/"+slug+"/activation", nil, 200).is("attended", "populations", 0, "name")
	h.api("GET", "/events/"+slug+"/recap", nil, 200).is(1, "came", "value")
	h.api("GET", "/events/"+slug+"/recap?audience=public", nil, 200).is(nil, "money")
	h.api("GET", "/events/"+slug+"/recap?audience=press", nil, 422)
	if pdf := h.api("GET", "/events/"+slug+"/recap.pdf", nil, 200); !strings.HasPrefix(pdf.text, "%PDF-") {
		h.t.Errorf("recap.pdf begins with %.20q", pdf.text)
	}
}

// giveBack cancels a paid order: the preview and the cancellation say the same.
func (h *house) giveBack(slug string, types [2]string) {
	order := h.api("POST", "/events/"+slug+"/orders", orderBody(types[1], 1), 201, "Authorization", "")
	url := order.text1("payment", "url")
	if w, body := call(h.t, h, "POST", "/sandbox/payments/"+url[strings.LastIndex(url, "/")+1:]+"/succeed", ""); w.StatusCode != 200 {
		h.t.Fatalf("succeed: %d %s", w.StatusCode, body)
	}
	cancel := "/orders/" + order.text1("code") + "/cancel?secret=" + order.text1("secret")
	preview := h.api("POST", cancel, m{"preview": true}, 200, "Authorization", "")
	preview.is(4900, "refund", "amount")
	done := h.api("POST", cancel, m{}, 200, "Authorization", "")
	if preview.at("refund", "amount") != done.at("refund", "amount") || preview.at("fee_kept", "amount") != done.at("fee_kept", "amount") {
		h.t.Errorf("said %v, did %v", preview.text, done.text)
	}
	h.api("POST", cancel, m{}, 409, "Authorization", "").is("order_over", "code")
}

// TestFiftyBuyersForThirtyPlaces sells exactly thirty over the whole API, and no answer is anything but 201 or sold out.
func TestFiftyBuyersForThirtyPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.api("POST", "/events", eventBody("rush"), 201)
		h.api("POST", "/events/rush/publish", nil, 200)
		types := h.openShop("rush")
		var mu sync.Mutex
		answers := map[string]int{}
		var buyers sync.WaitGroup
		for range 50 {
			buyers.Go(func() {
				w, body := call(t, h, "POST", "/api/v1/events/rush/orders", fmt.Sprintf(`{"lines":[{"ticket_type_id":%q,"quantity":1}],"buyer":{"name":"A","email":"a@example.org"}}`, types[0]))
				mu.Lock()
				defer mu.Unlock()
				if w.StatusCode == 201 {
					body = ""
				}
				answers[strings.TrimSpace(fmt.Sprint(w.StatusCode, " ", codeOf(body)))]++
			})
		}
		buyers.Wait()
		if answers["201"] != 30 || answers["409 sold_out"] != 20 {
			t.Errorf("answers: %v", answers)
		}
		if sold := h.api("GET", "/events/rush/pools", nil, 200).at("items", 0, "taken"); sold != 30.0 {
			t.Errorf("taken: %v", sold)
		}
	})
}

// TestATransferArrives sells without a provider: the order waits until somebody notes that the money came.
func TestATransferArrives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, func(c *Config) { c.Sandbox = nil })
		h.api("POST", "/events", eventBody("transfer"), 201)
		h.api("POST", "/events/transfer/publish", nil, 200)
		order := h.api("POST", "/events/transfer/orders", orderBody(h.openShop("transfer")[1], 1), 201, "Authorization", "")
		order.is("pending", "status")
		order.is("offline", "payment", "provider")
		h.api("POST", "/orders/"+order.text1("code")+"/paid", nil, 200).is("confirmed", "status")
		h.api("POST", "/orders/"+order.text1("code")+"/paid", nil, 409).is("order_not_open", "code")
	})
}
