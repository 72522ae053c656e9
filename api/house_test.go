package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"turnout"
	"turnout/api/services"
	"turnout/checkin"
	"turnout/checkin/badges"
	"turnout/checkin/leads"
	"turnout/checkin/online"
	"turnout/community"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/budget"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/events/sponsors"
	"turnout/internal/database"
	"turnout/internal/jobs"
	"turnout/internal/sheet"
	"turnout/internal/signing"
	"turnout/internal/webhook"
	"turnout/recap"
	"turnout/templates"
	"turnout/ticketing"
	"turnout/ticketing/payments"
	"turnout/ticketing/payments/offline"
	"turnout/ticketing/payments/sandbox"
	"turnout/ticketing/signups"
)

func init() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))) // failures of ours only
	openapi3filter.RegisterBodyDecoder("application/pdf", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/xml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/calendar", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder(sheet.XLSX.ContentType(), openapi3filter.FileBodyDecoder)
}

const baseURL = "https://turnout.example.org"

var allPages = sync.OnceValue(func() *templates.Set {
	set, err := templates.New()
	if err != nil {
		panic(err)
	}
	return set
})

// house is a whole Turnout over a database, with the sandbox provider and a community of its own.
type house struct {
	*Server
	services.Services
	t         testing.TB
	sandbox   *sandbox.Provider
	deliver   func(payload []byte, signature string) // instead of delivering; nil delivers
	runner    *jobs.Runner
	community *organisers.Community
	owner     *organisers.Account
	token     string        // with every scope
	ahead     *atomic.Int64 // nanoseconds by which its clock is ahead of this machine's

	document *openapi3.T
	router   routers.Router
	visited  map[string]bool // "POST /events 201"
}

func newHouse(t testing.TB, db *database.DB, change func(*Config)) *house {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, visited: map[string]bool{}, ahead: new(atomic.Int64)}
	now := func() time.Time {
		return time.Now().Add(time.Duration(h.ahead.Load())).UTC().Truncate(time.Microsecond)
	}
	h.runner = &jobs.Runner{DB: db, Now: now, Log: log}
	h.sandbox = sandbox.New(sandbox.Config{DB: db, Now: now, Log: log,
		PageURL: func(id string) string { return baseURL + "/sandbox/checkout/" + id },
		Deliver: func(ctx context.Context, payload []byte, signature string) error {
			if h.deliver != nil {
				h.deliver(payload, signature)
				return nil
			}
			return h.Ticketing.ReceiveWebhook(ctx, payload, signature)
		}})
	keys := signing.Keys{Current: []byte("a secret of thirty-two characters")}
	h.Services = services.Services{DB: db, Now: now, BaseURL: baseURL,
		Organisers: &organisers.Service{DB: db, Now: now}, Events: &events.Service{DB: db, Now: now}, Speakers: &speakers.Service{DB: db, Now: now, Pages: allPages(), BaseURL: baseURL},
		Agenda: &agenda.Service{DB: db, Now: now, Keys: keys, Pages: allPages(), BaseURL: baseURL}, Sponsors: &sponsors.Service{DB: db, Now: now}, Budget: &budget.Service{DB: db, Now: now},
		Community: &community.Service{DB: db, Now: now, Words: allPages()}}
	h.Recap = &recap.Service{DB: db, Now: now, Community: h.Community, Words: allPages()}
	inbox := &webhook.Inbox{DB: db, Log: log, Now: now}
	config := Config{Templates: allPages(), Sandbox: h.sandbox, Demo: true, KeepsMail: true}
	if change != nil {
		change(&config)
	}
	var provider payments.Provider = offline.Provider{}
	if config.Sandbox != nil {
		provider = config.Sandbox
	}
	var err error
	h.Ticketing, err = ticketing.New(ctx, ticketing.Service{DB: db, Now: now, Keys: keys,
		Provider: provider, Inbox: inbox, Pages: allPages(), BaseURL: baseURL, Admitted: checkin.Admitted, Canceled: signups.TicketsCanceled(now, checkin.TicketsCanceled), CameAt: checkin.CameAt})
	if err != nil {
		t.Fatal(err)
	}
	h.SignUps = &signups.Service{DB: db, Now: now, Ticketing: h.Ticketing, Agenda: h.Agenda}
	h.CheckIn = checkin.New(checkin.Service{DB: db, Now: now, Ticketing: h.Ticketing})
	h.Online = &online.Service{DB: db, Now: now, Ticketing: h.Ticketing, SignUps: h.SignUps, CheckIn: h.CheckIn}
	h.Badges = &badges.Service{DB: db, Now: now, Ticketing: h.Ticketing}
	h.Leads = &leads.Service{DB: db, Now: now, Ticketing: h.Ticketing}
	inbox.Register(h.runner)
	h.Speakers.Register(h.runner)
	h.Agenda.Register(h.runner)
	h.Ticketing.Register(h.runner)
	h.SignUps.Register(h.runner)
	if h.Server, err = New(h.Services, config); err != nil {
		t.Fatal(err)
	}
	h.community, h.owner, h.token = h.found("first")
	h.readDocument()
	return h
}

// found makes a community with its owner and an all-powerful token.
func (h *house) found(slug string) (*organisers.Community, *organisers.Account, string) {
	h.t.Helper()
	c, owner, _, err := h.Organisers.CreateCommunity(h.t.Context(), organisers.NewCommunity{Slug: slug, Name: slug}, slug+"@example.org")
	if err != nil {
		h.t.Fatal(err)
	}
	return c, owner, h.newToken(c.ID, "all")
}

// member invites somebody to the house's community, and accepts with the passphrase.
func (h *house) member(role organisers.Role) *organisers.Account {
	h.t.Helper()
	var secret string
	h.Organisers.SendMail = keepSecret(&secret)
	grant := organisers.Grant{Role: role, Scope: organisers.Scope{Kind: organisers.InCommunity, ID: h.community.ID}}
	if err := h.Organisers.Invite(h.t.Context(), h.community.ID, string(role)+"@example.org", grant); err != nil {
		h.t.Fatal(err)
	}
	account, _, err := h.Organisers.AcceptInvitation(h.t.Context(), secret, string(role), passphrase)
	if err != nil {
		h.t.Fatal(err)
	}
	return account
}

func (h *house) newToken(community turnout.ID, scopes ...organisers.Capability) string {
	h.t.Helper()
	secret, _, err := h.Organisers.CreateToken(h.t.Context(), community, "test", scopes)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

func (h *house) readDocument() {
	h.t.Helper()
	_, body := call(h.t, h, "GET", "/api/v1/openapi.json", "")
	var err error
	if h.document, err = openapi3.NewLoader().LoadFromData([]byte(body)); err != nil {
		h.t.Fatal(err)
	}
	if err = h.document.Validate(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if h.router, err = gorillamux.NewRouter(h.document); err != nil {
		h.t.Fatal(err)
	}
}

// call makes a request and gives the answer.
func call(t testing.TB, h http.Handler, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	return callFrom(t, h, "192.0.2.1:1234", method, path, body, headers...)
}

func callFrom(t testing.TB, h http.Handler, address, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = address
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(text)
}

// answer is a decoded JSON answer.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   map[string]any
	text   string
}

// api calls below /api/v1 with the all-powerful token, holds the answer to the OpenAPI document and to the status. body is a
// string (sent as it is) or something to encode. Headers are pairs; "Authorization" "" sends none.
func (h *house) api(method, path string, body any, status int, headers ...string) answer {
	h.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		text = string(raw)
	}
	r := httptest.NewRequest(method, baseURL+"/api/v1"+path, strings.NewReader(text))
	if text != "" && !ok {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if r.Header.Get("Authorization") == "" {
		r.Header.Del("Authorization")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{t: h.t, status: w.Code, header: w.Header(), text: w.Body.String()}
	h.hold(r, w, method+" "+path)
	if w.Code != status {
		h.t.Fatalf("%s %s: %d, want %d: %.600s", method, path, w.Code, status, a.text)
	}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			h.t.Fatal(err)
		}
	}
	return a
}

// hold compares an answer with the OpenAPI document.
func (h *house) hold(r *http.Request, w *httptest.ResponseRecorder, name string) {
	h.t.Helper()
	route, params, err := h.router.FindRoute(r)
	if err != nil {
		h.t.Errorf("%s is not in the document: %v", name, err)
		return
	}
	h.visited[route.Method+" "+route.Path+" "+http.StatusText(w.Code)] = true
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(h.t.Context(), input); err != nil {
		h.t.Errorf("%s: the answer is not the document's: %v\n%.600s", name, err, w.Body)
	}
}

// at walks into an answer: at("tickets", 0, "code").
func (a answer) at(path ...any) any {
	a.t.Helper()
	var v any = a.body
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				a.t.Fatalf("%v: no object before %q in %s", path, s, a.text)
			}
			v = m[s]
		case int:
			list, ok := v.([]any)
			if !ok || s >= len(list) {
				a.t.Fatalf("%v: no item %d in %s", path, s, a.text)
			}
			v = list[s]
		}
	}
	return v
}

func (a answer) text1(path ...any) string {
	a.t.Helper()
	s, ok := a.at(path...).(string)
	if !ok {
		a.t.Fatalf("%v is no text in %s", path, a.text)
	}
	return s
}

// is fails the test when a part of the answer is not what it must be.
func (a answer) is(want any, path ...any) {
	a.t.Helper()
	got := a.at(path...)
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	if got != want {
		a.t.Errorf("%v is %v, want %v", path, got, want)
	}
}

func codeOf(body string) string {
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(body), &p)
	return p.Code
}

type m = map[string]any
