package api

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/events/sponsors"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// stranger is another browser at the same house: nobody is signed in.
func (d *desk) stranger() *desk {
	v := *d
	v.cookies = map[string]*http.Cookie{}
	return &v
}

// touch changes a word of an event, which empties the cache of public pages.
func (d *desk) touch(slug string) {
	d.t.Helper()
	d.api("PATCH", "/events/"+slug, m{"summary": "At " + time.Now().String()}, 200)
}

// furnish gives the desk's event a released agenda, a speaker and a sponsor.
func (d *desk) furnish() {
	d.t.Helper()
	at := "/events/" + d.event.Slug
	room := d.api("POST", at+"/rooms", m{"name": "Aula"}, 201).text1("id")
	speaker := d.api("POST", at+"/speakers", m{"name": "Zoë Łukasik", "email": "zoe@example.org"}, 201).text1("id")
	talk := d.api("POST", at+"/sessions", m{"title": "Opening <words>", "kind": "talk", "duration_minutes": 30, "speaker_ids": []string{speaker}}, 201).text1("id")
	d.api("PUT", "/sessions/"+talk+"/slot", m{"room_id": room, "starts_at": d.event.StartsAt, "ends_at": d.event.StartsAt.Add(30 * time.Minute)}, 200)
	d.api("POST", at+"/agenda/releases", m{"version": "1.0"}, 201)
	if _, err := d.Sponsors.Create(d.t.Context(), d.community.ID, string(d.event.ID), sponsors.Input{Name: "Acme & Co", Status: sponsors.Signed}); err != nil {
		d.t.Fatal(err)
	}
}

func TestAttendeePages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		v := d.stranger()
		if w, _ := v.ask(httptest.NewRequest("GET", baseURL+"/e/summit", nil)); w.StatusCode != http.StatusNotFound {
			t.Errorf("a stranger sees a draft: %d", w.StatusCode)
		}
		v.see("/c/first", "Nothing is planned right now")
		d.see("/e/summit", "This is a draft.", `href="/console/events/summit/details"`, `content="noindex"`)
		paid, free := d.onSale(2)
		d.touch("summit")
		v.see("/e/summit", "Gopher Summit", "Regular", "€49.00", "Few left")
		for _, lang := range []string{"en", "de"} {
			v.lang = lang
			v.see("/")
			v.see("/c/first", "Gopher Summit")
			v.see("/e/summit/checkout", "quantity_"+string(paid.ID), "quantity_"+string(free.ID))
			v.see("/e/summit/waitlist")
		}
		v.lang = "en"
		d.furnish()
		v.see("/e/summit", "Opening &lt;words&gt;", "Zoë Łukasik", "Acme &amp; Co", "/e/summit/schedule/")
		v.see("/e/summit/schedule", "Aula", "All rooms", "Version 1.0")
		session := regexp.MustCompile(`/e/summit/schedule/[0-9a-f]{8}-[0-9a-f-]+`).FindString(v.see("/e/summit/schedule?view=grid"))
		v.see(session, "Opening &lt;words&gt;", "Zoë Łukasik")
		v.see("/e/summit/schedule?room=Elsewhere", "No sessions here")
		d.see("/e/summit", `href="/console/events/summit/details"`)
		d.buy(free, 2, "Ada", "ada@example.org")
		d.touch("summit")
		v.see("/e/summit", "Sold out", "/e/summit/waitlist?type="+string(paid.ID))
		v.see("/e/summit/checkout", "Nothing is on sale right now", "/e/summit/waitlist?type="+string(paid.ID))
		v.see("/e/summit/waitlist?type="+string(free.ID), `value="`+string(free.ID)+`" selected`)
	})
}

// A language that was chosen once is kept, and the links to other languages keep the secret of the page.
func TestLanguages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		order := d.buy(free, 1, "Ada", "ada@example.org")
		v := d.stranger()
		page := v.see("/orders/"+order.Code+"?secret="+order.Secret, "You&#39;re in.")
		german := html.UnescapeString(regexp.MustCompile(`href="([^"]+)" lang="de"`).FindStringSubmatch(page)[1])
		v.see(german, `lang="de"`)
		v.see("/e/summit", `<html lang="de"`)
		v.see("/e/summit?lang=en", `<html lang="en"`)
		v.see("/e/summit/checkout?lang=xx", `<html lang="en"`)
		v.see("/c/first", `<html lang="en"`)
	})
}

// The start page of an installation with several communities shows what comes next in each; every public page leads organisers in.
func TestStartPage(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(2)
		v := d.stranger()
		v.see("/e/summit", `href="/sign-in"`, "For organisers: sign in")
		if _, _, _, err := d.Organisers.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: "second", Name: "The Second"}, "eve@example.org"); err != nil {
			t.Fatal(err)
		}
		d.touch("summit")
		body := v.see("/", "Communities", "The Second", "Nothing is announced right now", "Gopher Summit", `href="/e/summit"`, "For organisers: sign in")
		if strings.Contains(body, "What you can try") {
			t.Error("a real installation talks like a demo")
		}
	})
}

func TestCheckoutForm(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(20)
		v := d.stranger()
		page := v.see("/e/summit/checkout", "Continue to payment")
		key := regexp.MustCompile(`name="idempotency_key" value="([^"]+)"`).FindStringSubmatch(page)[1]
		form := url.Values{"idempotency_key": {key}, "quantity_" + string(paid.ID): {"1"}, "quantity_" + string(free.ID): {"2"}, "buyer.name": {"Ada <b>"}, "buyer.email": {"ada@"}}
		v.refuse("/e/summit/checkout", form, 422, `value="Ada &lt;b&gt;"`, `value="ada@"`, `value="2"`, "f-buyer-email-error", key)
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(paid.ID), "", "quantity_"+string(free.ID), "-3"), 422, "Student: Write a whole number, 0 or more.", `value="-3"`, "f-buyer-email-error", "Continue to payment")
		v.refuse("/e/summit/checkout", clone(form, "quantity_"+string(free.ID), "101"), 422, `value="101"`, "f-quantity_"+string(free.ID)+"-error")
		form.Set("buyer.email", "ada@example.org")
		v.refuse("/e/summit/checkout", clone(form, "update", ""), 200, "€49.00", "1 × Regular", "2 × Student")
		v.refuse("/e/summit/checkout", clone(form, "update", "", "quantity_"+string(paid.ID), "0", "quantity_"+string(free.ID), "0"), 422, "Choose at least one ticket.")
		named := func(t *ticketing.TicketType, n int) string { return fmt.Sprintf("ticket_%s_%d.name", t.ID, n) }
		v.refuse("/e/summit/checkout", clone(form, "name_attendees", ""), 200, "Ticket 1 · Regular", "Ticket 3 · Student", `name="`+named(free, 2)+`"`, `name="named"`)
		form.Set("named", "yes")
		form.Set(named(paid, 1), "Ada")
		form.Set(named(free, 2), "Grace")
		v.refuse("/e/summit/checkout", form, 422, "f-ticket_"+string(free.ID)+"_1-name-error", ">Ticket 2 · Student, Full name: ", `value="Grace"`)
		if body := v.redraw(clone(form, "name_buyer", "")); strings.Contains(body, "Ticket 1 · Regular") {
			t.Error("the names are still asked for")
		}
		form.Set(named(free, 1), "Łukasz")
		pay := v.send("/e/summit/checkout", form, "/pay/")
		if again := v.send("/e/summit/checkout", form, "/pay/"); again != pay {
			t.Errorf("sending the form twice leads to %s and %s", pay, again)
		}
		orders, err := d.Ticketing.Orders(t.Context(), d.community.ID, d.event.ID, ticketing.OrderFilter{Limit: 10})
		if err != nil || len(orders) != 1 {
			t.Fatalf("%d orders, %v", len(orders), err)
		}
		order, err := d.Ticketing.Order(t.Context(), d.community.ID, string(orders[0].ID))
		if err != nil || len(order.Tickets) != 3 || order.Tickets[0].AttendeeName != "Ada" || order.Tickets[1].AttendeeName != "Łukasz" || order.Tickets[2].AttendeeName != "Grace" {
			t.Errorf("the tickets: %+v, %v", order.Tickets, err)
		}
		changed := clone(form, "buyer.name", "Ada again") // the same form, another wish: another order
		if other := v.send("/e/summit/checkout", changed, "/pay/"); other == pay {
			t.Error("another order is the first one")
		}
	})
}

// redraw posts a form that comes back to be filled in.
func (d *desk) redraw(form url.Values) string {
	d.t.Helper()
	w, body := d.post("/e/summit/checkout", form)
	if w.StatusCode != http.StatusOK {
		d.t.Fatalf("%d %s", w.StatusCode, excerpt(body))
	}
	d.sound("/e/summit/checkout", body)
	return body
}

func TestBuyersSeeTheirOrder(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(20)
		v := d.stranger()
		order := d.buy(free, 2, "Ada", "ada@example.org")
		path := "/orders/" + order.Code
		v.see(path+"?secret="+order.Secret, "You&#39;re in.", "1 of 2", `class="qr"`, "Cancel this order", `name="referrer" content="no-referrer"`)
		for _, wrong := range []string{"", "?secret=", "?secret=wrong", "?secret=" + order.Secret + "x"} {
			for _, page := range []string{"", "/tickets.pdf", "/calendar.ics"} {
				if w, _ := v.ask(httptest.NewRequest("GET", baseURL+path+page+wrong, nil)); w.StatusCode != http.StatusNotFound {
					t.Errorf("%s%s: %d", page, wrong, w.StatusCode)
				}
			}
		}
		v.send(path+"/cancel?secret="+order.Secret, nil, path)
		v.see(path+"?secret="+order.Secret, "This order is canceled.", "Your order is canceled.", "To the event")
		held := d.buy(paid, 1, "Grace", "grace@example.org")
		path = "/orders/" + held.Code + "?secret=" + held.Secret
		v.see(path, "Your places are kept.", "data-until", "data-reload", "/pay/", "The code appears here")
		past := d.Now().Add(-time.Second)
		if _, err := d.DB.Writer().NewUpdate().Model((*ticketing.Order)(nil)).Set("expires_at = ?", past).Where("id = ?", held.ID).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.see(path, "These places went back.", `href="/e/summit/checkout"`, "Choose tickets again")
	})
}

// A public page is kept as bytes: browsers that have it hear so, staff see their change at once, other processes within a
// second.
func TestPublicPagesAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		d.onSale(20)
		v := d.stranger()
		r := httptest.NewRequest("GET", baseURL+"/e/summit", nil)
		w, _ := v.ask(r)
		tag := w.Header.Get("ETag")
		r.Header.Set("If-None-Match", tag)
		if again, body := v.ask(r); again.StatusCode != http.StatusNotModified || body != "" || tag == "" {
			t.Errorf("asked again: %d, %d bytes, %q", again.StatusCode, len(body), tag)
		}
		other, err := New(d.Services, Config{Templates: allPages(), Sandbox: d.sandbox, Demo: true}) // a second process
		if err != nil {
			t.Fatal(err)
		}
		call(t, other, "GET", "/e/summit", "")
		d.api("PATCH", "/events/summit", m{"summary": "Now with cake"}, 200)
		v.see("/e/summit", "Now with cake")
		if after, _ := v.ask(r); after.StatusCode != http.StatusOK {
			t.Errorf("the changed page: %d", after.StatusCode)
		}
		deadline := time.Now().Add(3 * time.Second)
		for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			if _, body := call(t, other, "GET", "/e/summit", ""); strings.Contains(body, "Now with cake") {
				t.Logf("seen by the other process after %v", time.Since(begun))
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("the other process never sees the change")
			}
		}
	})
}

func TestAttendeePagesAskLittle(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(50)
		d.furnish()
		small, large := d.buy(free, 1, "Ada", "ada@example.org"), d.buy(free, 10, "Grace", "grace@example.org")
		v := d.stranger()
		d.touch("summit")
		for path, most := range map[string]int64{"/e/summit": 11, "/c/first": 8, "/e/summit/schedule": 6} {
			cold, warm := v.statements(path), v.statements(path)
			t.Logf("%s: %d statements, then %d", path, cold, warm)
			if cold == 0 || cold > most || warm != 0 {
				t.Errorf("%s asks the database %d times and then %d, want at most %d and 0", path, cold, warm, most)
			}
		}
		one, ten := v.statements("/orders/"+small.Code+"?secret="+small.Secret), v.statements("/orders/"+large.Code+"?secret="+large.Secret)
		t.Logf("an order's page: %d statements", one)
		if one != ten || one > 10 {
			t.Errorf("an order's page asks %d times for one ticket, %d for ten", one, ten)
		}
		if n := v.statements("/e/summit/checkout"); n > 8 {
			t.Errorf("the checkout asks %d times", n)
		}
	})
}

// fosdem makes the largest conference of a file an event that is public, with its schedule.
func (d *desk) fosdem(file []byte) *events.Event {
	d.t.Helper()
	ctx, begins := d.t.Context(), time.Date(2025, 2, 1, 8, 0, 0, 0, time.UTC)
	e, err := d.Events.Create(ctx, d.community.ID, events.Details{Slug: "fosdem", Title: "FOSDEM", Format: events.InPerson, Timezone: "Europe/Brussels",
		StartsAt: begins, EndsAt: begins.Add(34 * time.Hour), Currency: "EUR", Venue: events.Venue{Name: "ULB", City: "Brussels"}})
	if err == nil {
		_, err = d.Agenda.Import(ctx, d.community.ID, string(e.ID), file, agenda.ImportChoices{}, false)
	}
	if err == nil {
		_, err = d.Agenda.Release(ctx, d.community.ID, string(e.ID), agenda.ReleaseInput{Version: "1"})
	}
	if err == nil {
		e, err = d.Events.Publish(ctx, d.community.ID, string(e.ID), 0)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

// FOSDEM's 1105 sessions are one page, fast enough at the server to be drawn while people wait.
func TestTheLargestSchedule(t *testing.T) {
	file, err := os.ReadFile("../../shared/real-data/schedules/fosdem-2025.schedule.xml")
	if err != nil {
		t.Skip("the real data is not there: ", err)
	}
	onDesk(t, func(t *testing.T, d *desk) {
		d.fosdem(file)
		v := d.stranger()
		for _, state := range []string{"first", "cold", "warm"} {
			if state == "cold" {
				d.touch("fosdem")
			}
			r := httptest.NewRequest("GET", baseURL+"/e/fosdem/schedule?day=all", nil)
			begun := time.Now()
			_, body := v.ask(r)
			took := time.Since(begun)
			t.Logf("%s: %v, %d KB", state, took.Round(time.Microsecond), len(body)/1024)
			if took > 3*time.Second { // 150 ms on an idle machine; tests share theirs, and the race detector is slow
				t.Errorf("%s: %v", state, took)
			}
			if n := strings.Count(body, "<article"); n != 1105 {
				t.Errorf("%d sessions are shown", n)
			}
		}
		v.see("/e/fosdem/schedule?day=all", "1,105 sessions")
		for path, want := range map[string]int{"": 543, "?day=2025-02-02": 562, "?track=Go": 16, "?room=Janson": 20, "?q=postgresql": 10, "?q=RUST+": 26} {
			if n := strings.Count(v.see("/e/fosdem/schedule"+path), "<article"); n != want {
				t.Errorf("%s shows %d sessions, not %d", path, n, want)
			}
		}
	})
}
