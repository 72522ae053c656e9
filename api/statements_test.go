package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/api/access"
	"turnout/events/agenda"
	"turnout/internal/database"
	"turnout/internal/mail"
	"turnout/ticketing"
)

// most is how many statements each page of the console asks at most, however much there is to show. Two of them find out who looks
// (session; account with its rights and communities), a third at which event. P13 wishes for 6 on the overview; it asks 14, for each
// room counts what is its own: sales, days, types, add-ons, choices, pools, sessions with their conflicts, when speakers can be there, the release.
var most = map[string]int64{
	"/console":                                                        5,
	"/console/{community}/events":                                     5,
	"/console/{community}/events/new":                                 2,
	"/console/{community}/people":                                     5,
	"/console/{community}/settings":                                   3,
	"/console/{community}/team":                                       6,
	"/console/{community}/tokens":                                     3,
	"/console/{community}/mail":                                       3,
	"/console/{community}/mail/{mail}":                                3,
	"/console/{community}/mail/{mail}/html":                           3,
	"/console/{community}/mail/{mail}/files/{n}":                      3,
	"/console/{community}/jobs":                                       3,
	"/console/{community}/audit":                                      3,
	"/console/events/{event}":                                         14,
	"/console/events/{event}/details":                                 3,
	"/console/events/{event}/publish":                                 3,
	"/console/events/{event}/tickets":                                 22,
	"/console/events/{event}/tickets/pools/{pool}":                    5,
	"/console/events/{event}/tickets/add-ons/new":                     5,
	"/console/events/{event}/tickets/add-ons/{addon}":                 7,
	"/console/events/{event}/tickets/shop":                            4,
	"/console/events/{event}/tickets/types/new":                       4,
	"/console/events/{event}/tickets/types/{type}":                    5,
	"/console/events/{event}/design":                                  4,
	"/console/events/{event}/attendees/import":                        4,
	"/console/events/{event}/attendees/import/{import}":               6,
	"/console/events/{event}/orders/{order}":                          16,
	"/console/events/{event}/waitlist":                                17,
	"/console/events/{event}/approvals":                               11,
	"/console/events/{event}/vouchers":                                7,
	"/console/events/{event}/vouchers.csv":                            5,
	"/console/events/{event}/vouchers/new":                            4,
	"/console/events/{event}/vouchers/batch":                          4,
	"/console/events/{event}/vouchers/{voucher}":                      7,
	"/console/events/{event}/box-office":                              10,
	"/console/events/{event}/box-office/takings":                      8,
	"/console/events/{event}/orders":                                  6,
	"/console/events/{event}/orders.csv":                              8,
	"/console/events/{event}/orders.xlsx":                             8,
	"/console/events/{event}/attendees":                               6,
	"/console/events/{event}/attendees.csv":                           10,
	"/console/events/{event}/attendees.xlsx":                          10,
	"/console/events/{event}/orders/bulk":                             4,
	"/console/events/{event}/orders/runs":                             6,
	"/console/events/{event}/orders/runs/{run}":                       6,
	"/console/events/{event}/questions":                               6,
	"/console/events/{event}/questions/new":                           6,
	"/console/events/{event}/questions/{question}":                    8,
	"/console/events/{event}/agenda":                                  12,
	"/console/events/{event}/agenda/grid":                             3,
	"/console/events/{event}/agenda/draft":                            10,
	"/console/events/{event}/agenda/rooms":                            10,
	"/console/events/{event}/agenda/sessions/new":                     10,
	"/console/events/{event}/agenda/sessions/{session}":               10,
	"/console/events/{event}/agenda/import":                           3,
	"/console/events/{event}/agenda/export/{format}":                  10,
	"/console/events/{event}/agenda/copy-day":                         4,
	"/console/events/{event}/site.zip":                                3, // and the public pages, each once
	"/console/events/{event}/site":                                    3,
	"/console/events/{event}/agenda/wall":                             4,
	"/console/events/{event}/agenda/wall.pdf":                         5,
	"/console/events/{event}/agenda/copies/{copy}":                    4,
	"/console/events/{event}/agenda/release":                          25,
	"/console/events/{event}/speakers":                                11,
	"/console/events/{event}/speakers/{speaker}/preview":              11,
	"/console/events/{event}/speakers/{speaker}/slides/{slides}":      8,
	"/console/events/{event}/speakers/new":                            3,
	"/console/events/{event}/speakers/{speaker}":                      10,
	"/console/events/{event}/check-in":                                6,
	"/console/events/{event}/check-in/new":                            7,
	"/console/events/{event}/check-in/{list}":                         21,
	"/console/events/{event}/check-in/{list}/edit":                    10,
	"/console/events/{event}/attendance":                              11,
	"/console/events/{event}/attendance.csv":                          13,
	"/console/events/{event}/attendance.xlsx":                         13,
	"/console/events/{event}/attendance/sessions":                     8,
	"/console/events/{event}/devices":                                 7,
	"/console/events/{event}/devices/new":                             6,
	"/console/events/{event}/devices/{device}":                        7,
	"/console/events/{event}/sponsors":                                5,
	"/console/events/{event}/sponsors/new":                            4,
	"/console/events/{event}/sponsors/sharing":                        6,
	"/console/events/{event}/sponsors/tiers/new":                      3,
	"/console/events/{event}/sponsors/tiers/{tier}":                   4,
	"/console/events/{event}/sponsors/{sponsor}":                      6,
	"/console/events/{event}/budget":                                  10,
	"/console/events/{event}/budget/lines/new":                        4,
	"/console/events/{event}/budget/lines/{line}":                     6,
	"/console/events/{event}/activation":                              6,
	"/console/events/{event}/recap":                                   14,
	"/console/events/{event}/recap.pdf":                               14,
	"/console/events/{event}/agenda/sessions/{session}/places.csv":    5,
	"/console/events/{event}/agenda/sessions/{session}/places.xlsx":   5,
	"/console/events/{event}/agenda/sessions/{session}/feedback.csv":  5,
	"/console/events/{event}/agenda/sessions/{session}/feedback.xlsx": 5,
	"/console/events/{event}/agenda/feedback":                         5,
	"/console/events/{event}/agenda/sessions/{session}/online":        9,
	"/console/events/{event}/agenda/sessions/{session}/places":        10,
	"/console/events/{event}/agenda/sessions/{session}/feedback":      6,

	"/console/events/{event}/box-office/{order}/tickets.pdf": 12,

	"/console/events/{event}/sponsors/{sponsor}/leads":      8,
	"/console/events/{event}/sponsors/{sponsor}/leads.csv":  5,
	"/console/events/{event}/sponsors/{sponsor}/leads.xlsx": 5,

	"/console/events/{event}/badges":                           8,
	"/console/events/{event}/badges/design":                    8,
	"/console/events/{event}/badges/prints/{print}":            7,
	"/console/events/{event}/badges/prints/{print}/badges.pdf": 9,
	"/console/events/{event}/badges/one/{print}/badge.pdf":     9,
}

// full is a desk whose event and community have some of everything that a page of the console shows.
type full struct {
	*desk
	names map[string]string // "sessions" to an id: what the page of one thing is asked for
	made  int
}

// more adds n of everything.
func (f *full) more(n int, free *ticketing.TicketType) {
	f.t.Helper()
	at := "/events/" + f.event.Slug
	for range n {
		f.made++
		i := f.made
		name := fmt.Sprintf("Thing %d", i)
		room := f.api("POST", at+"/rooms", m{"name": name, "capacity": 10}, 201).text1("id")
		track := f.api("POST", at+"/tracks", m{"name": name}, 201).text1("id")
		speaker := f.api("POST", at+"/speakers", m{"name": name, "email": fmt.Sprintf("speaker%d@example.org", i)}, 201).text1("id")
		session := f.api("POST", at+"/sessions", m{"title": name, "kind": "talk", "duration_minutes": 30, "track_id": track, "speaker_ids": []string{speaker}}, 201).text1("id")
		slides := f.sendSlides(speaker, session)
		begin := f.event.StartsAt.Add(1).Truncate(1)
		f.api("PUT", "/sessions/"+session+"/slot", m{"room_id": room, "starts_at": begin, "ends_at": begin.Add(30 * 60e9)}, 200) // all at once: conflicts
		day := agenda.DayOf(f.event, begin)
		copied := f.api("POST", at+"/agenda/copies", m{"from_day": day.Date, "to_day": day.StartsAt.AddDate(0, i, 0).Format(time.DateOnly), "all": true}, 201).text1("id")
		tier := f.api("POST", at+"/sponsor-tiers", m{"name": name, "price": m{"amount": 100, "currency": "EUR"}}, 201).text1("id")
		sponsor := f.api("POST", at+"/sponsors", m{"name": name, "status": "promised", "tier_id": tier, "promised": m{"amount": 100, "currency": "EUR"}}, 201).text1("id")
		line := f.api("POST", at+"/budget/lines", m{"category": name, "kind": "expense", "planned": m{"amount": 100, "currency": "EUR"}, "sponsor_id": sponsor}, 201).text1("id")
		f.api("POST", "/budget/lines/"+line+"/entries", m{"amount": m{"amount": 1, "currency": "EUR"}, "date": "2027-05-01"}, 201)
		list := f.api("POST", at+"/check-in-lists", m{"name": name, "session_id": session}, 201).text1("id")
		device := f.api("POST", at+"/devices", m{"name": name, "list_id": list}, 201).text1("id")
		pool := f.api("POST", at+"/pools", m{"name": name, "capacity": 100}, 201).text1("id")
		tt := f.api("POST", at+"/ticket-types", m{"name": name, "price": m{"amount": 100, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}}, 201).text1("id")
		addOn := f.api("POST", at+"/add-ons", m{"name": name, "price": m{"amount": 100, "currency": "EUR"}, "pool_ids": []string{pool}, "ticket_types": []m{{"ticket_type_id": tt, "most": 1}}}, 201).text1("id")
		voucher := f.api("POST", at+"/vouchers", m{"code": name, "kind": "percent", "value": 10}, 201).text1("id")
		diet := f.asks(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskChoice, Label: name, Options: []ticketing.OptionInput{{Label: "Vegan"}, {Label: "Meat"}}})
		order := f.desk.buy(free, 2, name, fmt.Sprintf("buyer%d@example.org", i), ticketing.Answers{diet.ID: raw(diet.Words.Options[0].ID)}, nil)
		sold, _, err := f.Ticketing.PlaceOrder(f.t.Context(), ticketing.Purchase{EventID: f.event.ID, Buyer: ticketing.Attendee{Name: name}, Desk: &ticketing.DeskSale{Method: ticketing.DeskFree, NameOnly: true},
			Lines: []ticketing.PurchaseLine{{TicketTypeID: free.ID, Quantity: 2}}})
		if err != nil {
			f.t.Fatal(err)
		}
		f.api("POST", "/check-in-lists/"+list+"/scans", m{"code": order.Tickets[0].Code, "nonce": name}, 200)
		question := f.api("POST", at+"/questions", m{"subject": "order", "kind": "text", "label": name, "purpose": "to know"}, 201).text1("id")
		if _, err := f.Ticketing.SaveView(f.t.Context(), f.community.ID, f.event.ID, ticketing.ListOrders, name, map[string]string{"search": name}); err != nil {
			f.t.Fatal(err)
		}
		run := turnout.NewID(ticketing.PrefixRun)
		if err := f.Ticketing.BeginBulk(f.t.Context(), f.event, run, ticketing.Bulk{Action: ticketing.BulkResend, IDs: []turnout.ID{order.ID}}); err != nil {
			f.t.Fatal(err)
		}
		prints := f.api("POST", at+"/badge-prints", m{}, 201).text1("id")
		one := f.api("POST", at+"/badge-prints", m{"ticket_ids": []turnout.ID{order.Tickets[0].ID}}, 201).text1("id")
		imp := f.moreShop(i, name, pool, tt)
		f.newToken(f.community.ID, "events:read")
		f.api("POST", "/events", eventBody(fmt.Sprintf("other-%d", i)), 201)
		f.api("POST", "/activities", m{"items": []m{{"person": m{"email": fmt.Sprintf("buyer%d@example.org", i)}, "type": "post", "source": "forum", "occurred_at": "2026-01-01T00:00:00Z", "external_id": name}}}, 200)
		f.names = map[string]string{"community": f.community.Slug, "sessions": session, "speakers": speaker, "tiers": tier, "sponsors": sponsor, "vouchers": voucher, "lines": line, "check-in": list, "devices": device, "pools": pool, "types": tt, "add-ons": addOn,
			"orders": order.Code, "box-office": sold.Code, "runs": string(run), "questions": question, "import": string(imp), "prints": prints, "one": one, "copies": copied, "slides": slides}
	}
	if _, err := f.runner.Drain(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	f.api("POST", at+"/agenda/releases", m{"version": fmt.Sprint(f.made), "quiet": true}, 201)
	mails, err := mail.List(f.t.Context(), f.DB.Read(), f.community.ID, false, "", 1)
	if err != nil || len(mails) == 0 {
		f.t.Fatal("no mail", err)
	}
	f.names["mail"], f.names["files"] = string(mails[0].ID), "0"
}

// moreShop adds what waits: an order to be decided about, a party for a type that is full; and what was sold for cash with a voucher, set
// aside and brought in, whose id it gives.
func (f *full) moreShop(i int, name, pool, tt string) turnout.ID {
	f.t.Helper()
	at := "/events/" + f.event.Slug
	sort := func(name, pool string, approval bool) string {
		return f.api("POST", at+"/ticket-types", m{"name": name, "price": m{"amount": 100, "currency": "EUR"}, "attendance_mode": "in_person", "pool_ids": []string{pool}, "requires_approval": approval}, 201).text1("id")
	}
	email := fmt.Sprintf("shop%d@example.org", i)
	f.api("POST", at+"/orders", m{"lines": []m{{"ticket_type_id": sort("Asked "+name, pool, true), "quantity": 2}}, "buyer": m{"name": name, "email": email}, "voucher": name}, 201).is("awaiting_approval", "status")
	f.api("POST", at+"/box-office/orders", m{"lines": []m{{"ticket_type_id": tt, "quantity": 2}}, "buyer": m{"name": name}, "voucher": name, "method": "cash", "name_only": true}, 201).is(180, "total", "amount")
	one := f.api("POST", at+"/pools", m{"name": "One of " + name, "capacity": 1}, 201).text1("id")
	f.api("POST", "/pools/"+one+"/blocks", m{"places": 1, "note": name}, 201)
	f.api("POST", at+"/waitlist", m{"ticket_type_ids": []string{sort("One "+name, one, false), sort("Other "+name, one, false)}, "party_size": 1, "name": name, "email": email}, 201)
	imp, err := f.Ticketing.StartImport(f.t.Context(), f.event, "list.csv", fmt.Appendf(nil, "name,email\n%s,came%d@example.org\nAnother,\n", name, i), ticketing.ImportChoices{Rest: turnout.ID(tt)})
	if err == nil {
		err = f.Ticketing.ConfirmImport(f.t.Context(), f.event, imp, "")
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return imp.ID
}

// path gives the address of a page of the console, "" when it names a thing that there is none of.
func (f *full) path(route access.Route) string {
	path := strings.NewReplacer("{format}", "csv", "{event}", f.event.Slug, "{community}", f.community.Slug).Replace(route.Path)
	path = pathPart.ReplaceAllStringFunc(path, func(part string) string {
		kind, _, _ := strings.Cut(part, "/")
		if f.names[kind] == "" {
			return part
		}
		return kind + "/" + f.names[kind]
	})
	if strings.Contains(path, "{") {
		return ""
	}
	if strings.HasSuffix(path, "/orders/bulk") {
		path += "?" + url.Values{"all": {"1"}, "action": {ticketing.BulkCancel}}.Encode()
	}
	return path
}

// elsewhere are the pages of one thing that this test makes none of; each has a test of its own.
var elsewhere = map[string]bool{
	"/console/events/{event}/answers/{upload}": true, // a file was answered
	"/console/events/{event}/design/{sample}":  true, // a form's fields stand in its address

	"/console/events/{event}/badges/design/{sample}": true, // as above
}

// Every page of the console asks the database as often for much as for little, and never more often than it is said to (P13). The
// pages are those of the route table: a new one is held to it by standing there.
func TestNoPageAsksARowAtATime(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(1000)
		f := &full{desk: d}
		f.more(1, free)
		few := f.count()
		f.more(4, free)
		many := f.count()
		for _, route := range f.console() {
			path := route.Path
			if few[path] != many[path] {
				t.Errorf("%s: %d statements where there is little, %d where there is much", path, few[path], many[path])
			}
			if limit, named := most[path]; !named && !elsewhere[path] || many[path] > limit {
				t.Errorf("%q: %d, // statements; the table says %d", path, many[path], limit)
			}
		}
	})
}

// console are the pages of the table.
func (f *full) console() (pages []access.Route) {
	for _, route := range f.table {
		isStream := strings.HasSuffix(route.Path, "/live") // it goes on asking: see TestManyWatchersAreOneReader
		if route.Method == http.MethodGet && strings.HasPrefix(route.Path, "/console") && !isStream {
			pages = append(pages, route)
		}
	}
	return pages
}

// count opens each page and counts its statements.
func (f *full) count() map[string]int64 {
	f.t.Helper()
	counts := map[string]int64{}
	for _, route := range f.console() {
		path := f.path(route)
		if path == "" {
			if !elsewhere[route.Path] {
				f.t.Errorf("%s: this test makes nothing for it to show", route.Path)
			}
			continue
		}
		f.ahead.Add(int64(2 * time.Second)) // what is remembered for a second is forgotten
		r := httptest.NewRequest("GET", baseURL+path, nil)
		ctx, count := database.CountQueries(r.Context())
		if w, body := f.ask(r.WithContext(ctx)); w.StatusCode >= 400 {
			f.t.Errorf("GET %s: %d %s", path, w.StatusCode, excerpt(body))
		}
		counts[route.Path] = count.Load()
	}
	return counts
}
