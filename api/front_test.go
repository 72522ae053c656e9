package api

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// queries makes a request as the browser and gives the number of its queries.
func (d *desk) queries(path string) int64 {
	d.t.Helper()
	r := httptest.NewRequest("GET", baseURL+path, nil)
	ctx, count := database.CountQueries(r.Context())
	if w, body := d.ask(r.WithContext(ctx)); w.StatusCode != http.StatusOK {
		d.t.Fatalf("GET %s: %d %s", path, w.StatusCode, excerpt(body))
	}
	return count.Load()
}

// Scans and sign-ins into rooms show on no public page: the pages that are remembered stay so. A change of the event is seen at once.
func TestScansKeepThePublicPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(20)
		d.furnish()
		order := d.buy(free, 1, "Ada", "ada@example.org")
		list := d.api("POST", "/events/summit/check-in-lists", m{"name": "Door"}, 201).text1("id")
		v := d.stranger()
		for name, write := range map[string]func(){
			"scan": func() {
				d.api("POST", "/check-in-lists/"+list+"/scans", m{"code": order.Tickets[0].Code, "nonce": fmt.Sprint(d.Now().UnixNano())}, 200)
			},
			"the door's page": func() {
				form := url.Values{"code": {order.Tickets[0].Code}, "nonce": {fmt.Sprint("p", d.Now().UnixNano())}, "direction": {"entry"}}
				if w, body := d.ask(posted("/door/summit/lists/"+list+"/scans", form)); w.StatusCode != http.StatusSeeOther {
					t.Fatalf("the door's page: %d %s", w.StatusCode, excerpt(body))
				}
			},
		} {
			kept := false
			for range 10 { // a page is remembered for a second, and this machine may be busy
				v.see("/e/summit/schedule")
				write()
				if kept = v.queries("/e/summit/schedule") == 0; kept {
					break
				}
			}
			if !kept {
				t.Errorf("%s: the schedule is made anew", name)
			}
		}
		d.api("PATCH", "/events/summit", m{"title": "Another Summit"}, 200)
		v.see("/e/summit/schedule", "Another Summit")
	})
}

// Orders have one limit an address, whether they come by the API or by the checkout page.
func TestTheCheckoutIsLimitedAsOrders(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), func(c *Config) { c.RateLimit = 4 })
	h.api("POST", "/events", eventBody("limited"), 201)
	h.api("POST", "/events/limited/publish", nil, 200)
	var said []int
	for i := range 6 {
		path, kind := "/e/limited/checkout", "application/x-www-form-urlencoded"
		if i%2 == 0 {
			path, kind = "/api/v1/events/limited/orders", "application/json"
		}
		w, _ := callFrom(t, h, "192.0.2.1:1000", "POST", path, url.Values{}.Encode(), "Content-Type", kind)
		said = append(said, w.StatusCode)
		if (w.StatusCode == http.StatusTooManyRequests) != (i >= 4) {
			t.Errorf("order %d: %v", i+1, said)
		}
	}
	if w, _ := callFrom(t, h, "192.0.2.1:1000", "POST", "/e/limited/waitlist", "", "Content-Type", "application/x-www-form-urlencoded"); w.StatusCode == http.StatusTooManyRequests {
		t.Error("the waitlist has the limit of orders")
	}
}

// Somebody who works on many communities asks the database no more often than somebody who works on one, finds the events of
// all, and may in each only what their role there says.
func TestManyCommunitiesAskAsLittleAsOne(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		pages := []string{"/console/events/summit/details", "/e/summit", "/console/first/settings"}
		var one []int64
		for _, path := range pages {
			one = append(one, d.queries(path))
		}
		for i := range 30 {
			// by name they stand before the first one
			if _, _, _, err := d.Organisers.CreateCommunity(t.Context(), organisers.NewCommunity{Slug: fmt.Sprintf("a%d", i), Name: fmt.Sprintf("A %d", i)}, d.owner.Email); err != nil {
				t.Fatal(err)
			}
		}
		d.see("/console", "A 0", "A 29", "first")
		for i, path := range pages {
			if many := d.queries(path); many != one[i] {
				t.Errorf("%s: %d queries for 31 communities, %d for one", path, many, one[i])
			}
		}
		viewer := d.colleague(organisers.Viewer)
		other, _, _ := d.found("other")
		secret := ""
		d.Organisers.SendMail = keepSecret(&secret)
		owner := organisers.Grant{Role: organisers.Owner, Scope: organisers.Scope{Kind: organisers.InCommunity, ID: other.ID}}
		if err := d.Organisers.Invite(t.Context(), other.ID, "viewer@example.org", owner); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Organisers.AcceptInvitation(t.Context(), secret, "viewer", passphrase); err != nil {
			t.Fatal(err)
		}
		viewer.see("/console/other/team")
		if w, _ := viewer.ask(httptest.NewRequest("GET", baseURL+"/console/events/summit/details", nil)); w.StatusCode != http.StatusForbidden {
			t.Errorf("an owner elsewhere may change where they only look: %d", w.StatusCode)
		}
	})
}

// What was typed is not lost when the session ended before it was sent: the answer says so, holds it, and sends it again.
func TestAFormOutlivesItsSession(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		form := url.Values{"name": {"Gophers & <friends>"}, "description": {"\nFirst line\r\nSecond \"line\""}, "timezone": {"Europe/Berlin"}, "unknown": {"a", "b"}}
		session := d.cookies
		d.cookies = map[string]*http.Cookie{}
		w, body := d.ask(posted("/console/first/settings?tab=1", form))
		if w.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "What you typed is kept") || !strings.Contains(body, `href="/sign-in"`) || strings.Contains(body, "on our side") {
			t.Fatalf("%d %s", w.StatusCode, excerpt(body))
		}
		d.sound("the refusal", body)
		action := regexp.MustCompile(`<form method="post" action="([^"]+)"`).FindStringSubmatch(body)
		if action == nil || html.UnescapeString(action[1]) != "/console/first/settings?tab=1" {
			t.Fatalf("sent to %v", action)
		}
		kept := url.Values{}
		for _, field := range regexp.MustCompile(`(?s)<textarea name="([^"]+)" hidden[^>]*>\n(.*?)</textarea>`).FindAllStringSubmatch(body, -1) {
			kept.Add(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
		}
		if kept.Encode() != form.Encode() {
			t.Errorf("kept is %q, want %q", kept, form)
		}
		if w, body := d.ask(posted("/console/events/summit/details", url.Values{"title": {strings.Repeat("x", 2<<20)}})); w.StatusCode != http.StatusUnauthorized || len(body) > 100_000 || !strings.Contains(body, "files must be chosen once more") {
			t.Errorf("too much to keep: %d, %d bytes", w.StatusCode, len(body))
		}
		d.cookies = session
		if w, body := d.ask(posted("/sign-in", url.Values{"email": {d.owner.Email}, "password": {"not it"}})); w.StatusCode < 400 || strings.Contains(body, "What you typed is kept") {
			t.Errorf("a wrong password while signed in: %d", w.StatusCode)
		}
		d.see("/console") // and the session goes on
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+"/sign-in?next=/console/first/team", nil)); w.StatusCode != http.StatusSeeOther || w.Header.Get("Location") != "/console/first/team" {
			t.Errorf("signing in while signed in: %d %s", w.StatusCode, w.Header.Get("Location"))
		}
	})
}

func posted(path string, form url.Values) *http.Request {
	r := httptest.NewRequest("POST", baseURL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// The summary's links lead to something that takes the focus, and what is wrong is told with it.
func TestTheCheckoutsErrorsTakeTheFocus(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, _ := d.onSale(10)
		v := d.stranger()
		form := v.checkout(paid, "1")
		v.send("/e/summit/checkout", form, "/pay/")
		_, asked := v.ask(posted("/e/summit/checkout", v.checkout(paid, "2", "held", "")))
		_, none := v.ask(posted("/e/summit/checkout", v.checkout(paid, "0")))
		for name, body := range map[string]string{"held_choice": asked, "lines": none} {
			tag := regexp.MustCompile(`<[a-z]+[^>]* id="f-` + name + `"[^>]*>`).FindString(body)
			for _, part := range []string{`tabindex="-1"`, `aria-describedby="f-` + name + `-error"`} {
				if !strings.Contains(tag, part) {
					t.Errorf("%s: no %s in %s", name, part, tag)
				}
			}
			if !strings.Contains(body, `href="#f-`+name+`"`) || !strings.Contains(body, `id="f-`+name+`-error"`) {
				t.Errorf("%s: the summary or the message is missing", name)
			}
		}
		if !strings.Contains(asked, `aria-invalid="true"`) {
			t.Error("the choice is not marked as wrong")
		}
	})
}
