package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"turnout/events/organisers"
	"turnout/internal/mail"
)

func TestSettingsTeamAndTokens(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var secret string
		d.Organisers.SendMail = keepSecret(&secret)
		const at = "/console/first"
		d.see(at+"/settings", baseURL+"/c/first")
		form := url.Values{"name": {"The First"}, "timezone": {"Europe/Paris"}, "locale": {"en"}, "no_accent": {"1"}, "accent": {"#123456"}, "payment_instructions": {"IBAN DE00"}, "version": {"1"}}
		d.refuse(at+"/settings", clone(form, "timezone", "Mars/Olympus"), 422, "no time zone", "Mars/Olympus", "The First")
		d.refuse(at+"/settings", clone(form, "name", ""), 422, `href="#f-name"`)
		d.send(at+"/settings", form, at+"/settings")
		d.refuse(at+"/settings", form, 412, "Somebody changed this")
		d.see(at+"/settings", "The First", "IBAN DE00")

		d.refuse(at+"/team/invitations", url.Values{"email": {"x"}, "role": {"door"}}, 422, "e-mail address")
		d.send(at+"/team/invitations", url.Values{"email": {"door@example.org"}, "role": {"door"}, "scope": {string(d.event.ID)}}, at+"/team")
		body := d.see(at+"/team", "door@example.org", "Door staff · Gopher Summit", "(you)")
		d.send(at+"/team/invitations/"+cut(t, body, at+"/team/invitations/", "/withdraw")+"/withdraw", nil, at+"/team")
		if body := d.see(at + "/team"); strings.Contains(body, "door@example.org") {
			t.Error("the invitation is still there")
		}
		me := cut(t, d.see(at+"/team"), at+"/team/members/", `"`)
		d.send(at+"/team/members/"+me, url.Values{"role": {"viewer"}}, at+"/team")
		d.see(at+"/team", "last owner")
		d.send(at+"/team/members/"+me+"/remove", url.Values{"confirmed": {"1"}}, at+"/team")
		d.see(at+"/team", "last owner")

		d.refuse(at+"/tokens", url.Values{"name": {"Badge printer"}}, 422, "Badge printer")
		w, body := d.post(at+"/tokens", url.Values{"name": {"Badge printer"}, "scopes": {"orders:read", "events:read"}})
		token := cut(t, body, `data-copy="`, `"`)
		if w.StatusCode != http.StatusCreated || !strings.Contains(w.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%d %s", w.StatusCode, w.Header.Get("Cache-Control"))
		}
		if w, _ := call(t, d, "GET", "/api/v1/events/summit/orders", "", "Authorization", "Bearer "+token); w.StatusCode != 200 {
			t.Errorf("the token does not work: %d", w.StatusCode)
		}
		body = d.see(at+"/tokens", "Badge printer", "events:read")
		if strings.Contains(body, token) {
			t.Error("the token is shown twice")
		}
		d.send(at+"/tokens/"+cut(t, body, at+"/tokens/", "/revoke")+"/revoke", url.Values{"confirmed": {"1"}}, at+"/tokens")
		if w, _ := call(t, d, "GET", "/api/v1/events/summit/orders", "", "Authorization", "Bearer "+token); w.StatusCode != 401 {
			t.Errorf("a revoked token: %d", w.StatusCode)
		}
		d.see(at+"/audit", "token.revoked", "community.changed")
		d.lang = "de"
		for _, page := range []string{"/settings", "/team", "/tokens", "/mail", "/jobs", "/audit", "/people"} {
			d.see(at + page)
		}
	})
}

func TestOutboxPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const at = "/console/first/mail"
		d.see(at, "No mails yet")
		_, free := d.onSale(5)
		d.buy(free, 1, "Łukasz", "lukasz@example.org")
		one := at + "/" + cut(t, d.see(at, "lukasz@example.org"), at+"/", `"`)
		d.see(one, "/orders/", "lukasz@example.org", one+"/html")
		w, body := d.ask(httptest.NewRequest("GET", baseURL+one+"/html", nil))
		if policy := w.Header.Get("Content-Security-Policy"); w.StatusCode != 200 || !strings.HasPrefix(policy, "sandbox;") || strings.Contains(policy, "script-src") || !strings.Contains(body, "<html") {
			t.Errorf("%d %q", w.StatusCode, policy)
		}
		w, body = d.ask(httptest.NewRequest("GET", baseURL+one+"/files/0", nil))
		if w.StatusCode != 200 || !strings.HasPrefix(w.Header.Get("Content-Disposition"), "attachment") || body == "" {
			t.Errorf("%d %v", w.StatusCode, w.Header)
		}
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+one+"/files/99", nil)); w.StatusCode != 404 {
			t.Errorf("a file that there is not: %d", w.StatusCode)
		}
		// Whatever a mail says, it is text on this page.
		err := d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			return mail.Queue(ctx, tx, d.community.ID, mail.Message{To: "x@example.org", Subject: "<script>alert(1)</script>", Text: "<b>not bold</b> javascript:alert(1)", HTML: "<script>alert(1)</script>"}, d.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		evil := at + "/" + cut(t, d.see(at), at+"/", `"`)
		d.lang = "de"
		if w, body := d.ask(httptest.NewRequest("GET", baseURL+evil, nil)); w.StatusCode != 200 || strings.Contains(body, "<script>alert") || strings.Contains(body, "<b>not bold") {
			t.Errorf("%d %s", w.StatusCode, excerpt(body))
		}
	})
}

// Organisers read what goes to attendees; an invitation, by which one becomes whom it invites, the owner alone. Others read
// nothing. In a demo, the order's page tells those who may where its mail is.
func TestWhoReadsTheOutbox(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const at = "/console/first/mail"
		_, free := d.onSale(5)
		order := d.buy(free, 1, "Łukasz", "lukasz@example.org")
		err := d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			return mail.Queue(ctx, tx, d.community.ID, mail.Message{To: "new.owner@example.org", Subject: "Join us", Text: "/invitation/x"}, d.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		// Listed are the newest first: the invitation, then the order's.
		invitation := at + "/" + cut(t, d.see(at, "lukasz@example.org", "new.owner@example.org"), at+"/", `"`)
		for _, tt := range []struct {
			role         organisers.Role
			list, letter int
		}{{organisers.Organiser, 200, 404}, {organisers.Finance, 403, 403}, {organisers.Door, 403, 403}} {
			other := d.colleague(tt.role)
			w, body := other.ask(httptest.NewRequest("GET", baseURL+at, nil))
			if w.StatusCode != tt.list || strings.Contains(body, "new.owner") || strings.Contains(body, "lukasz@") != (tt.list == 200) {
				t.Errorf("%s: the list %d %s", tt.role, w.StatusCode, excerpt(body))
			}
			for _, path := range []string{invitation, invitation + "/html", invitation + "/files/0"} {
				if w, body := other.ask(httptest.NewRequest("GET", baseURL+path, nil)); w.StatusCode != tt.letter {
					t.Errorf("%s: %s %d %s", tt.role, path, w.StatusCode, excerpt(body))
				}
			}
			if tt.list == 200 {
				other.see(at+"/"+cut(t, body, at+"/", `"`), "lukasz@example.org")
			}
			page := other.see("/orders/"+order.Code+"?secret="+order.Secret, "This demo sends nothing")
			if strings.Contains(page, `href="`+at+`"`) != (tt.list == 200) {
				t.Errorf("%s: the order's page has a link to the outbox, or has none", tt.role)
			}
		}
	})
}

func TestPeoplePages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		const at = "/console/first/people"
		d.see(at, "default")
		rule := url.Values{"min_count": {"3"}, "window_days": {"60"}, "lookback_days": {"90"}, "types": {"message, pull_request"}, "version": {"0"}}
		d.refuse(at+"/rule", clone(rule, "window_days", "9999"), 422, "9999")
		d.send(at+"/rule", rule, at)
		d.refuse(at+"/rule", clone(rule, "min_count", "4"), 412, "Somebody changed this")
		d.see(at, "message, pull_request")
		file := "email,type,source,occurred_at,external_id\nada@example.org,message,forum,2026-01-02,1\nnobody,message,forum,2026-01-02,2\n"
		for _, want := range []string{"Taken in", "Known already"} {
			w, body := d.upload(at+"/activities", []byte(file))
			if w.StatusCode != 200 || !strings.Contains(body, want) || !strings.Contains(body, "Line 3:") {
				t.Errorf("%d %s", w.StatusCode, excerpt(body))
			}
			d.sound(at, body)
		}
		if w, body := d.upload(at+"/activities", []byte("a,b\n1,2\n")); w.StatusCode != 422 || !strings.Contains(body, "name the columns") {
			t.Errorf("%d %s", w.StatusCode, excerpt(body))
		}
	})
}
