package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// A ticket's own link opens its page, its paper and its date, and nothing else does: not the order's secret, not another ticket's, and not
// the link itself once the code was made anew.
func TestTicketPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.api("POST", "/events", eventBody("talk"), 201)
		h.api("POST", "/events/talk/publish", nil, 200)
		types := h.openShop("talk")
		order := h.api("POST", "/events/talk/orders", orderBody(types[0], 2), 201)
		path := func(n int) string { return strings.TrimPrefix(order.text1("tickets", n, "url"), baseURL) }
		under := func(n int, suffix string) string { return strings.Replace(path(n), "?", suffix+"?", 1) }
		secret := func(n int) string {
			link, err := url.Parse(path(n))
			if err != nil {
				t.Fatal(err)
			}
			return link.Query().Get("secret")
		}
		id := order.text1("tickets", 0, "id")

		w, page := call(t, h, "GET", path(0), "")
		if w.StatusCode != 200 || !strings.Contains(page, `class="qr"`) || !strings.Contains(page, "noindex") || w.Header.Get("Referrer-Policy") != "no-referrer" ||
			w.Header.Get("Cache-Control") != "private, no-cache" || !strings.Contains(page, "unless the ticket was canceled or passed on since") || strings.Contains(page, secret(1)) || strings.Contains(page, order.text1("secret")) {
			t.Errorf("the page: %d %v %s", w.StatusCode, w.Header, page)
		}
		until, err := time.Parse(time.RFC3339, w.Header.Get("Turnout-Keep-Until"))
		if ends := begin.Add(9 * time.Hour); err != nil || !until.Equal(ends.Add(7*24*time.Hour)) {
			t.Errorf("kept until %v, %v; the event ends at %v", until, err, ends)
		}
		for _, file := range []struct{ path, kind, begins string }{
			{under(0, ".pdf"), "application/pdf", "%PDF-"}, {under(0, ".pdf") + "&size=phone", "application/pdf", "%PDF-"}, {under(0, ".ics"), "text/calendar", "BEGIN:VCALENDAR"},
			{"/api/v1/tickets/" + id + "/ticket.pdf?secret=" + secret(0), "application/pdf", "%PDF-"},
		} {
			if w, body := call(t, h, "GET", file.path, ""); w.StatusCode != 200 || !strings.HasPrefix(w.Header.Get("Content-Type"), file.kind) || !strings.HasPrefix(body, file.begins) {
				t.Errorf("%s: %d %v %.60q", file.path, w.StatusCode, w.Header, body)
			} else if body = strings.ReplaceAll(body, "\r\n ", ""); strings.Contains(body, order.text1("secret")) || file.kind == "text/calendar" && !strings.Contains(body, path(0)) {
				t.Errorf("%s has the link of the order, or not that of the ticket: %s", file.path, body)
			}
		}
		h.api("GET", "/tickets/"+id+"/ticket.pdf?size=letter", nil, 200) // with the token
		h.api("GET", "/tickets/"+id+"/ticket.pdf?size=a9", nil, 422)

		for _, wrong := range []string{"/tickets/" + id, "/tickets/" + id + "?secret=" + order.text1("secret"), "/tickets/" + id + "?secret=" + secret(1),
			"/tickets/" + id + ".pdf?secret=" + secret(1), "/tickets/" + id + ".exe?secret=" + secret(0), "/tickets/tkt_none?secret=" + secret(0)} {
			if w, body := call(t, h, "GET", wrong, ""); w.StatusCode != 404 || strings.Contains(body, `class="qr"`) {
				t.Errorf("%s: %d %.200s", wrong, w.StatusCode, body)
			}
		}
		if w, body := call(t, h, "GET", "/api/v1/tickets/"+id+"/ticket.pdf?secret="+order.text1("secret"), ""); w.StatusCode != 404 {
			t.Errorf("the API with the order's secret: %d %s", w.StatusCode, body)
		}

		// A code that was made anew, as a transfer does, ends the link to the old one.
		err = db.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE ticket_codes SET nonce = 'AAAAAAAAAAAAAAAAAAAAAAAAAA' WHERE ticket_id = ?", id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if w, body := call(t, h, "GET", path(0), ""); w.StatusCode != 404 || strings.Contains(body, `class="qr"`) {
			t.Errorf("the link to a code that is over: %d %s", w.StatusCode, body)
		}

		h.api("POST", "/orders/"+order.text1("code")+"/cancel", m{}, 200)
		if w, body := call(t, h, "GET", path(1), ""); w.StatusCode != 200 || !strings.Contains(body, "This ticket was canceled") || strings.Contains(body, `class="qr"`) {
			t.Errorf("a canceled ticket: %d %s", w.StatusCode, body)
		}
		if w, _ := call(t, h, "GET", under(1, ".pdf"), ""); w.StatusCode != http.StatusConflict {
			t.Errorf("the paper of a canceled ticket: %d", w.StatusCode)
		}
		h.api("GET", "/tickets/"+id+"/ticket.pdf", nil, 409)
	})
}

// The worker that keeps tickets stands above them, is no page of a ticket and is asked for anew each time.
func TestTicketWorker(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w, script := call(t, newHouse(t, db, nil), "GET", "/tickets/worker.js", "")
		if w.StatusCode != 200 || w.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || w.Header.Get("Cache-Control") != "no-cache" || !strings.Contains(script, "Turnout-Keep-Until") {
			t.Errorf("%d %v %.100s", w.StatusCode, w.Header, script)
		}
	})
}
