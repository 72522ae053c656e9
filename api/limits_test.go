package api

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

func TestOrdersAreLimitedByAddress(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), func(c *Config) { c.RateLimit = 5 })
	h.api("POST", "/events", eventBody("limited"), 201)
	h.api("POST", "/events/limited/publish", nil, 200)
	order := func(address string, headers ...string) (*http.Response, string) {
		return callFrom(t, h, address, "POST", "/api/v1/events/limited/orders", "{}", headers...)
	}
	for i := range 5 {
		if w, _ := order("192.0.2.1:1000"); w.StatusCode != 422 {
			t.Fatalf("order %d: %d", i, w.StatusCode)
		}
	}
	w, body := order("192.0.2.1:2000", "X-Forwarded-For", "198.51.100.7")
	wait, _ := strconv.Atoi(w.Header.Get("Retry-After"))
	if w.StatusCode != 429 || codeOf(body) != "too_many_requests" || wait < 1 || wait > 12 {
		t.Errorf("the sixth: %d %s, Retry-After %d (a proxy that nobody trusts does not count)", w.StatusCode, body, wait)
	}
	if w, _ := order("192.0.2.2:1000"); w.StatusCode != 422 {
		t.Errorf("another address: %d", w.StatusCode)
	}
	if w, _ := order("192.0.2.1:1000", "Authorization", "Bearer "+h.token); w.StatusCode != 422 {
		t.Errorf("a token: %d", w.StatusCode)
	}
	if w, _ := callFrom(t, h, "192.0.2.1:1000", "POST", "/api/v1/events/limited/waitlist", "{}"); w.StatusCode != 422 {
		t.Errorf("other writes have their own bucket: %d", w.StatusCode)
	}
	if w, _ := callFrom(t, h, "192.0.2.1:1000", "GET", "/api/v1/events/limited", ""); w.StatusCode != 200 {
		t.Errorf("reading is free: %d", w.StatusCode)
	}
	for i := range 51 { // a form that is drawn again takes nothing from them
		w, _ := callFrom(t, h, "192.0.2.3:1000", "POST", "/e/limited/checkout/refresh", "", "Content-Type", "application/x-www-form-urlencoded")
		if (w.StatusCode == 429) != (i == 50) {
			t.Fatalf("drawn again for the %d. time: %d", i+1, w.StatusCode)
		}
	}
	if w, _ := callFrom(t, h, "192.0.2.3:1000", "POST", "/api/v1/events/limited/waitlist", "{}"); w.StatusCode != 422 {
		t.Errorf("a write after that: %d", w.StatusCode)
	}
	for i := range 11 { // with files, which are kept, it is a write as others are
		w, _ := callFrom(t, h, "192.0.2.4:1000", "POST", "/e/limited/checkout/refresh", "--x--\r\n", "Content-Type", "multipart/form-data; boundary=x")
		if (w.StatusCode == 429) != (i == 10) {
			t.Fatalf("drawn again with files for the %d. time: %d", i+1, w.StatusCode)
		}
	}
	for i := range 6 { // one household has a whole /64
		w, _ := order(fmt.Sprintf("[2001:db8::%d]:1000", i+1))
		if (w.StatusCode == 429) != (i == 5) {
			t.Errorf("IPv6 address %d: %d", i, w.StatusCode)
		}
	}
}

func TestATrustedProxyNamesTheClient(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), func(c *Config) { c.RateLimit, c.TrustedProxies = 1, []string{"10.0.0.0/8"} })
	h.api("POST", "/events", eventBody("proxied"), 201)
	h.api("POST", "/events/proxied/publish", nil, 200)
	for i, tt := range []struct {
		forwarded string
		status    int
	}{{"198.51.100.1", 422}, {"198.51.100.2", 422}, {"198.51.100.1", 429}, {"203.0.113.9, 198.51.100.2", 429}} {
		w, _ := callFrom(t, h, "10.1.2.3:99", "POST", "/api/v1/events/proxied/orders", "{}", "X-Forwarded-For", tt.forwarded)
		if w.StatusCode != tt.status {
			t.Errorf("%d %q: %d, want %d", i, tt.forwarded, w.StatusCode, tt.status)
		}
	}
}

func TestTheLimiterForgetsAndRefills(t *testing.T) {
	l, at := newLimiter(60), time.Now()
	for range 60 {
		if wait := l.wait("192.0.2.1", at); wait != 0 {
			t.Fatalf("wait %s within the minute's worth", wait)
		}
	}
	if wait := l.wait("192.0.2.1", at); wait <= 0 || wait > time.Second {
		t.Errorf("wait %s, want up to a second", wait)
	}
	if wait := l.wait("192.0.2.1", at.Add(time.Second)); wait != 0 {
		t.Errorf("wait %s a second later", wait)
	}
	for i := range 3 * generation {
		l.wait(fmt.Sprintf("10.%d.%d.%d", i>>16&0xff, i>>8&0xff, i&0xff), at)
	}
	if n := len(l.young) + len(l.old); n > 2*generation {
		t.Errorf("%d addresses are remembered", n)
	}
}

// TestTheLogHoldsNoSecrets reads every line that a request with secrets in its address, header and body writes.
func TestTheLogHoldsNoSecrets(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	call(t, h, "GET", "/api/v1/orders/ABC?secret=hush", "", "Authorization", "Bearer hush")
	call(t, h, "GET", "/password-reset/hush?secret=hush", "")
	call(t, h, "POST", "/api/v1/events/x/orders", `{"buyer":{"name":"hush","email":"hush@example.org"}}`)
	if text := log.String(); strings.Contains(text, "hush") || strings.Count(text, "msg=request") != 3 {
		t.Errorf("the log: %s", text)
	}
}

// TestAddressesThatNoDatabaseTakes are told that there is nothing, wherever the strange byte stands, and cause no 500.
func TestAddressesThatNoDatabaseTakes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		for _, strange := range []string{"%00", "a%00b", "%ff", "a%c3("} {
			for _, path := range []string{"/e/" + strange, "/c/" + strange, "/pay/" + strange, "/orders/ABCD2345?secret=" + strange, "/pictures/" + strange,
				"/api/v1/events/" + strange, "/api/v1/events?community=" + strange, "/api/v1/orders/" + strange + "?secret=x", "/static/" + strange} {
				if w, body := call(t, h, "GET", path, ""); w.StatusCode != 404 {
					t.Errorf("%s: %d %s", path, w.StatusCode, body)
				}
			}
		}
	})
}

func TestWebhooksThatAreNotStripes(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	for name, tt := range map[string]struct{ body, signature string }{
		"no signature":  {`{"id":"evt_1"}`, ""},
		"a wrong one":   {`{"id":"evt_1"}`, "t=1,v1=abc"},
		"too long":      {strings.Repeat("x", 1<<20), "t=1,v1=abc"},
		"not even JSON": {"hello", "t=1,v1=abc"},
	} {
		if w, body := call(t, h, "POST", "/hooks/stripe", tt.body, "Stripe-Signature", tt.signature); w.StatusCode != 400 || !strings.HasPrefix(w.Header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d %s", name, w.StatusCode, body)
		}
	}
	if n, err := h.DB.Read().NewSelect().TableExpr("webhook_events").Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d events were stored (%v)", n, err)
	}
}

// TestOneWebhookTwentyTimes pays once, however often and however fast the same event arrives.
func TestOneWebhookTwentyTimes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.api("POST", "/events", eventBody("paid"), 201)
		h.api("POST", "/events/paid/publish", nil, 200)
		order := h.api("POST", "/events/paid/orders", orderBody(h.openShop("paid")[1], 1), 201)
		var payload []byte
		var signature string
		h.deliver = func(p []byte, s string) { payload, signature = bytes.Clone(p), s }
		url := order.text1("payment", "url")
		call(t, h, "POST", "/sandbox/payments/"+url[strings.LastIndex(url, "/")+1:]+"/succeed", "")
		if payload == nil {
			t.Fatal("no event was sent")
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if w, body := call(t, h, "POST", "/hooks/stripe", string(payload), "Stripe-Signature", signature); w.StatusCode != 200 {
					t.Errorf("%d %s", w.StatusCode, body)
				}
			})
		}
		all.Wait()
		h.api("GET", "/orders/"+order.text1("code"), nil, 200).is("confirmed", "status")
		var paid int64
		if err := db.Read().NewSelect().TableExpr("event_totals").ColumnExpr("SUM(paid)").Scan(t.Context(), &paid); err != nil || paid != 4900 {
			t.Errorf("counted %d, want 4900 (%v)", paid, err)
		}
	})
}

// A token guesses no more codes than a stranger, and is held to the same rate, unless it may write the event's orders.
func TestATokenIsAStrangerWhereItMaySellNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db, nil)
		h.api("POST", "/events", eventBody("guessed"), 201)
		h.api("POST", "/events/guessed/publish", nil, 200)
		types := h.openShop("guessed")
		other, _, _ := h.found("elsewhere")
		order := orderBody(types[0], 1)
		guess := func(token string, i int, status int) {
			t.Helper()
			order["voucher"] = fmt.Sprint("WRONG", i)
			h.api("POST", "/events/guessed/orders", order, status, "Authorization", "Bearer "+token)
		}
		foreign, reader := h.newToken(other.ID, "recap:read"), h.newToken(h.community.ID, "orders:read")
		for i := range 30 {
			guess(foreign, i, 422)
		}
		guess(foreign, 30, 429)
		guess(reader, 31, 429) // from the same address
		guess(h.token, 32, 422)
	})
}

func TestATokenOfAnotherCommunityIsLimitedByAddress(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), func(c *Config) { c.RateLimit = 2 })
	h.api("POST", "/events", eventBody("limited"), 201)
	h.api("POST", "/events/limited/publish", nil, 200)
	_, _, foreign := h.found("elsewhere")
	for _, want := range []int{422, 422, 429} {
		h.api("POST", "/events/limited/orders", "{}", want, "Authorization", "Bearer "+foreign)
	}
	h.api("POST", "/events/limited/orders", "{}", 422)
}
