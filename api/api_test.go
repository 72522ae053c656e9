package api

import (
	"encoding/json"
	"strings"
	"testing"

	"turnout"
	"turnout/api/access"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestTheProcessAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := newHouse(t, db, nil)
		for path, want := range map[string]string{
			"/healthz": `{"status":"ok"}`, "/readyz": `{"status":"ready"}`, "/metrics": "turnout_jobs{", "/api/v1/openapi.json": `"openapi": "3.0.3"`,
			"/api/docs": "POST /api/v1/events",
		} {
			if w, body := call(t, s, "GET", path, ""); w.StatusCode != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: %d %.300s", path, w.StatusCode, body)
			}
		}
		s.Stop()
		if w, body := call(t, s, "GET", "/readyz", ""); w.StatusCode != 503 || codeOf(body) != "stopping" || w.Header.Get("Retry-After") == "" {
			t.Errorf("a stopping server: %d %s", w.StatusCode, body)
		}
	})
}

func TestReadinessNeedsItsTables(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if _, err := db.Writer().Exec("DELETE FROM bun_migrations WHERE id = (SELECT MAX(id) FROM bun_migrations)"); err != nil {
			t.Fatal(err)
		}
		if w, body := call(t, newHouse(t, db, nil), "GET", "/readyz", ""); w.StatusCode != 503 || codeOf(body) != "migrations" {
			t.Errorf("%d %s", w.StatusCode, body)
		}
	})
}

func TestWhatIsNotThere(t *testing.T) {
	s := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	for _, tt := range []struct {
		method, path, authorization string
		status                      int
		kind, code                  string
	}{
		{"GET", "/api/v1/nothing", "", 404, "application/problem+json", "not_found"},
		{"GET", "/api/v1/events/", "", 404, "application/problem+json", "not_found"},
		{"DELETE", "/api/v1/events", "", 405, "application/problem+json", "method_not_allowed"},
		{"GET", "/nothing", "", 404, "text/html; charset=utf-8", ""},
		{"GET", "/static/../go.mod", "", 404, "application/problem+json", "not_found"},
		{"GET", "/static/dist", "", 404, "application/problem+json", "not_found"},
		{"POST", "/api/v1/events", "", 401, "application/problem+json", "unauthenticated"},
		{"POST", "/api/v1/events", "Bearer nonsense", 401, "application/problem+json", "invalid_token"},
		{"GET", "/api/v1/events", "Bearer nonsense", 401, "application/problem+json", "invalid_token"},
		{"GET", "/api/v1/events", "Basic abc", 401, "application/problem+json", "invalid_token"},
		{"POST", "/sandbox/payments/pay_1/succeed", "", 404, "application/problem+json", "not_found"},
	} {
		w, body := call(t, s, tt.method, tt.path, "", "Authorization", tt.authorization)
		if w.StatusCode != tt.status || w.Header.Get("Content-Type") != tt.kind || codeOf(body) != tt.code {
			t.Errorf("%s %s: %d %s %.200s", tt.method, tt.path, w.StatusCode, w.Header.Get("Content-Type"), body)
		}
	}
}

func TestHeaders(t *testing.T) {
	s := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	w, _ := call(t, s, "GET", "/healthz", "")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
		"Content-Security-Policy": policies[access.Strict],
	} {
		if got := w.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if got := w.Header.Get("X-Request-Id"); !turnout.ID(got).Is("req") {
		t.Errorf("request id %q", got)
	}
	for sent, kept := range map[string]bool{"abc-12345678": true, "short": false, "with space 12345": false, "<script>alert</script>": false, strings.Repeat("a", 65): false} {
		w, _ := call(t, s, "GET", "/healthz", "", "X-Request-Id", sent)
		if got := w.Header.Get("X-Request-Id"); (got == sent) != kept {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

func TestAnotherSitesPageCannotWrite(t *testing.T) {
	s := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	for _, tt := range []struct {
		path, site, origin string
		refused            bool
	}{
		{"/api/v1/events", "cross-site", "", true},
		{"/api/v1/events", "", "https://evil.example", true},
		{"/sign-in", "same-site", "", true},
		{"/api/v1/events", "", "https://turnout.example.org", false},
		{"/api/v1/events", "same-origin", "", false},
		{"/hooks/nothing", "", "", false},
	} {
		w, body := call(t, s, "POST", tt.path, "", "Sec-Fetch-Site", tt.site, "Origin", tt.origin)
		if (w.StatusCode == 403) != tt.refused {
			t.Errorf("%+v: %d %.200s", tt, w.StatusCode, body)
		}
		if w.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%+v: an answer without headers", tt)
		}
	}
}

func TestCompressionIsForPublicText(t *testing.T) {
	s := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	w, body := call(t, s, "GET", "/api/v1/openapi.json", "", "Accept-Encoding", "gzip")
	if w.Header.Get("Content-Encoding") != "gzip" || w.Header.Get("Content-Length") != "" || !strings.HasPrefix(w.Header.Get("ETag"), "W/") || body[:2] != "\x1f\x8b" {
		t.Errorf("%v %.20q", w.Header, body)
	}
	tag := w.Header.Get("ETag")
	if w, body := call(t, s, "GET", "/api/v1/openapi.json", "", "Accept-Encoding", "gzip", "If-None-Match", tag); w.StatusCode != 304 || body != "" {
		t.Errorf("not modified: %d with %d bytes", w.StatusCode, len(body))
	}
	if w, _ := call(t, s, "GET", "/healthz", "", "Accept-Encoding", "gzip"); w.Header.Get("Content-Encoding") != "" {
		t.Error("15 bytes were compressed")
	}
}

// An order speaks the language that it names, else that of its caller's header, as far as the catalogue has it.
func TestAnOrderSpeaksItsCallersLanguage(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	h.api("POST", "/events", eventBody("spoken"), 201)
	h.api("POST", "/events/spoken/publish", nil, 200)
	free := h.openShop("spoken")[0]
	for _, tt := range []struct{ named, header, want string }{
		{"", "", "en"}, {"", "de-AT,de;q=0.9", "de"}, {"de-CH", "en", "de"}, {"en", "de", "en"}, {"tlh", "", "en"}, {"; DROP", "de", "de"},
	} {
		body := orderBody(free, 1)
		body["locale"] = tt.named
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		w, answer := call(t, h, "POST", "/api/v1/events/spoken/orders", string(text), "Accept-Language", tt.header)
		if w.StatusCode != 201 {
			t.Fatalf("%d %s", w.StatusCode, answer)
		}
		var locale string
		if err := h.DB.Read().NewSelect().Table("orders").Column("locale").OrderExpr("number DESC").Limit(1).Scan(t.Context(), &locale); err != nil || locale != tt.want {
			t.Errorf("named %q, header %q: %q, want %q (%v)", tt.named, tt.header, locale, tt.want, err)
		}
	}
}
