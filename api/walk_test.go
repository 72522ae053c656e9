package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/api/access"
	"turnout/api/pages"
	"turnout/checkin"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// outcome is what the gate must do.
type outcome string

const (
	allowed outcome = "allowed" // anything but 401, 403 and a failure of ours; 404 only for a part of the path that is made up
	signIn  outcome = "sign in" // 401, or the way to the sign-in page
	refused outcome = "403"
	hidden  outcome = "404"
)

// visitor is somebody who walks along all routes.
type visitor struct {
	name    string
	token   string
	account *organisers.Account
	can     []organisers.Capability // in the first community
	own     bool                    // of the first community
	// Of a device: its role, and whether the event and the list that are walked are its own.
	device checkin.Role
	home   bool
}

// walked is the community that is visited: one of each thing that a path can name.
type walked struct {
	*house
	names map[string]string // "sessions" to an id
}

// want computes the outcome from the row, from nothing else.
func (v visitor) want(route access.Route) outcome {
	hasTarget := strings.Contains(route.Path, "{")
	if v.device != "" && (route.Who.Device != "" || !access.IsPage(route.Path)) {
		return v.wantOfDevice(route, hasTarget)
	}
	switch route.Who.Kind {
	case access.KindPublic, access.KindSandbox:
		return allowed
	case access.KindToken, access.KindSecret:
		switch {
		case v.token == "":
			return signIn
		case !v.own && hasTarget:
			return hidden
		case !v.meets(route.Who):
			return refused
		}
	case access.KindDevice:
		return signIn
	case access.KindSignedIn:
		if v.account == nil {
			return signIn
		}
	case access.KindStaff:
		switch {
		case v.account == nil:
			return signIn
		case !v.own:
			return hidden
		case !v.meets(route.Who):
			return refused
		}
	}
	return allowed
}

// wantOfDevice is want where a device is known as one: a page that is for none sees a browser without an account.
func (v visitor) wantOfDevice(route access.Route, hasTarget bool) outcome {
	switch {
	case route.Who.Device == "":
		return refused
	case !v.home && hasTarget:
		return hidden
	case !v.device.Covers(route.Who.Device):
		return refused
	}
	return allowed
}

// meets says whether the visitor has what the rule names, or what it names instead.
func (v *visitor) meets(rule access.Rule) bool {
	return organisers.Covers(v.can, organisers.Capability(rule.Need)) || rule.Or != "" && organisers.Covers(v.can, organisers.Capability(rule.Or))
}

// TestWhoMayCallWhat walks every row of the route table as nobody, as a stranger from another community, with a token of no
// use, and as each role. Nothing here knows a single route, so a new one is covered when it stands in the table.
func TestWhoMayCallWhat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWalk(t, db)
		for _, v := range w.visitors() {
			for _, route := range w.table {
				got, status := w.visit(v, route)
				want := v.want(route)
				if got != want && !(want == allowed && got == hidden && unknownPart(route)) {
					t.Errorf("%s %s as %s: %s (%d), want %s", route.Method, route.Path, v.name, got, status, want)
				}
			}
		}
	})
}

// unknownPart reports whether the path names more than an event or a community: such a thing may be made up by this test.
func unknownPart(route access.Route) bool {
	rest := strings.NewReplacer("{event}", "", "{community}", "").Replace(route.Path)
	return strings.Contains(rest, "{") || strings.Contains(route.Path, "schedule")
}

func newWalk(t *testing.T, db *database.DB) *walked {
	t.Helper()
	h := newHouse(t, db, nil)
	h.api("POST", "/events", eventBody("walked"), 201)
	h.api("POST", "/events/walked/publish", nil, 200)
	at := "/events/walked"
	types := h.openShop("walked")
	order := h.api("POST", at+"/orders", orderBody(types[0], 1), 201)
	list := h.api("POST", at+"/check-in-lists", m{"name": "Door"}, 201).text1("id")
	eur := m{"amount": 100, "currency": "EUR"}
	w := &walked{house: h, names: map[string]string{
		"events": "walked", "ticket-types": types[0], "orders": order.text1("code"), "check-in-lists": list,
		"sessions":  h.api("POST", at+"/sessions", m{"title": "A", "kind": "talk", "duration_minutes": 30}, 201).text1("id"),
		"pools":     h.api("GET", at+"/pools", nil, 200).text1("items", 0, "id"),
		"tickets":   order.text1("tickets", 0, "id"),
		"questions": h.api("POST", at+"/questions", m{"subject": "ticket", "kind": "text", "label": "Why?", "purpose": "To know."}, 201).text1("id"),
		"vouchers":  h.api("POST", at+"/vouchers", m{"code": "WALK", "kind": "access"}, 201).text1("id"),
		"lists":     list,
		"devices":   h.api("POST", at+"/devices", m{"name": "Phone"}, 201).text1("id"),
		"scans":     h.api("POST", "/check-in-lists/"+list+"/scans", m{"code": order.at("tickets", 0, "code"), "nonce": "walk"}, 200).text1("id"),
		"sponsors":  h.api("POST", at+"/sponsors", m{"name": "A", "status": "prospect"}, 201).text1("id"),
		"lines":     h.api("POST", at+"/budget/lines", m{"category": "A", "kind": "expense", "planned": eur}, 201).text1("id"),
	}}
	spare := h.newToken(h.community.ID, "events:read")
	token, err := h.Organisers.Authenticate(t.Context(), spare)
	if err != nil {
		t.Fatal(err)
	}
	w.names["tokens"] = string(token.ID)
	h.api("PUT", "/sessions/"+w.names["sessions"]+"/slot", m{"starts_at": "2027-05-01T09:00:00Z", "ends_at": "2027-05-01T10:00:00Z"}, 200)
	h.api("POST", at+"/agenda/releases", m{"version": "1", "quiet": true}, 201)
	return w
}

// bodies are what calls need before they look for the thing that the path names.
var bodies = map[string]string{
	"/rooms/{id}":                      `{"name": "A"}`,
	"/tracks/{id}":                     `{"name": "A"}`,
	"/speakers/{id}":                   `{"name": "A"}`,
	"/sessions/{id}":                   `{"title": "A", "kind": "talk", "duration_minutes": 30}`,
	"/sessions/{id}/sign-up":           `{"offered":true,"seats":5}`,
	"/sessions/{id}/online-room":       `{"online_url":"https://meet.example.org/knots"}`,
	"/sessions/{id}/slot":              `{"starts_at":"2027-05-01T09:00:00Z","ends_at":"2027-05-01T10:00:00Z"}`,
	"/speakers/{id}/availability":      `{"times":[]}`,
	"/pools/{id}":                      `{"name":"A","capacity":30}`,
	"/tickets/{id}/door-answers":       `{"answers":{}}`,
	"/pools/{id}/blocks":               `{"places":1,"note":"A"}`,
	"/add-ons/{id}":                    `{"name":"A","price":{"amount":0,"currency":"EUR"}}`,
	"/ticket-types/{id}":               `{"name":"A","price":{"amount":0,"currency":"EUR"},"attendance_mode":"in_person","pool_ids":["x"]}`,
	"/orders/{code}/refunds":           `{"reason":"a"}`,
	"/check-in-lists/{id}/scans":       `{"code":"x","nonce":"n"}`,
	"/check-in-lists/{id}/scans/batch": `{"items":[]}`,
	"/scans/{id}/override":             `{"reason":"x","nonce":"n"}`,
	"/sponsors/{id}":                   `{"name":"A","status":"prospect"}`,
	"/sponsors/{id}/payments":          `{"amount":{"amount":1,"currency":"EUR"}}`,
	"/budget/lines/{id}/entries":       `{"amount":{"amount":1,"currency":"EUR"},"date":"2027-05-01"}`,
}

var pathPart = regexp.MustCompile(`([a-z-]+)/\{[a-z_]+(\.\.\.)?\}`)

// path fills the parts of a path with things of the visited community.
func (w *walked) path(route access.Route) string {
	path := strings.NewReplacer("{event}", "walked", "{community}", "first").Replace(route.Path)
	path = pathPart.ReplaceAllStringFunc(path, func(part string) string {
		kind, _, _ := strings.Cut(part, "/")
		if name := w.names[kind]; name != "" {
			return kind + "/" + name
		}
		return kind + "/made-up"
	})
	return strings.NewReplacer("{", "", "}", "").Replace(path)
}

func (w *walked) visit(v visitor, route access.Route) (outcome, int) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Second) // of pages that stay open
	defer cancel()
	body := bodies[strings.TrimPrefix(route.Path, "/api/v1")]
	if body == "" && strings.HasPrefix(route.Path, "/api/") && route.Method != http.MethodGet {
		body = "{}"
	}
	r := httptest.NewRequestWithContext(ctx, route.Method, w.path(route), strings.NewReader(body))
	if v.device != "" {
		r.AddCookie(&http.Cookie{Name: access.DeviceCookie(strings.HasPrefix(w.BaseURL, "https")), Value: v.token})
	}
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	if v.account != nil {
		r.AddCookie(w.cookie(v.account))
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	switch {
	case rec.Code == http.StatusUnauthorized && !strings.Contains(route.Path, "sign-in"):
		return signIn, rec.Code
	case rec.Code == http.StatusSeeOther && strings.HasPrefix(rec.Header().Get("Location"), pages.SignInPath+"?next="):
		return signIn, rec.Code
	case rec.Code == http.StatusForbidden:
		return refused, rec.Code
	case rec.Code == http.StatusNotFound:
		return hidden, rec.Code
	case rec.Code >= 500 && rec.Code != http.StatusServiceUnavailable:
		return "failed", rec.Code
	}
	return allowed, rec.Code
}

// cookie signs the account in.
func (w *walked) cookie(account *organisers.Account) *http.Cookie {
	w.t.Helper()
	account, err := organisers.FindAccount(w.t.Context(), w.DB.Read(), account.ID) // with the password it has now
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, err := w.sessions.Load(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.sessions.Put(ctx, pages.SessionAccount, string(account.ID))
	w.sessions.Put(ctx, pages.SessionEpoch, account.Epoch())
	token, _, err := w.sessions.Commit(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return &http.Cookie{Name: w.sessions.Cookie.Name, Value: token}
}

// visitors are nobody first and the most powerful last: what they do changes what is there.
func (w *walked) visitors() []visitor {
	_, stranger, strangersToken := w.found("second")
	all := []visitor{
		{name: "nobody"},
		{name: "a stranger's token", token: strangersToken, can: []organisers.Capability{organisers.All}},
		{name: "the owner of another community", account: stranger, can: []organisers.Capability{organisers.All}},
	}
	for _, scope := range organisers.Capabilities {
		all = append(all, visitor{name: "a token for " + string(scope), token: w.newToken(w.community.ID, scope), can: []organisers.Capability{scope}, own: true})
	}
	for _, role := range []organisers.Role{organisers.Viewer, organisers.Door, organisers.AgendaEditor, organisers.Finance, organisers.Organiser, organisers.Owner} {
		all = append(all, visitor{name: string(role), account: w.member(role), can: organisers.Roles[role], own: true})
	}
	all = append(all, w.devices()...)
	if len(organisers.Roles) != 6 {
		w.t.Fatalf("a role is not walked: %v", organisers.Roles)
	}
	return append(all, visitor{name: "a token for all", token: w.token, can: []organisers.Capability{organisers.All}, own: true})
}

// devices are those of the walked event with each role, one bound to the list that is walked, and those of another list, of
// another event and of another community.
func (w *walked) devices() (all []visitor) {
	add := func(name string, community turnout.ID, event, list string, role checkin.Role, home bool) {
		w.t.Helper()
		e, err := events.Find(w.t.Context(), w.DB.Read(), community, event)
		if err != nil {
			w.t.Fatal(err)
		}
		input := checkin.DeviceInput{Name: name, Role: role, ListID: turnout.ID(list), ExpiresAt: w.Now().Add(1000 * time.Hour)}
		if role == checkin.Leads {
			input.SponsorID = turnout.ID(w.names["sponsors"])
		}
		_, opening, err := w.CheckIn.CreateDevice(w.t.Context(), community, e.ID, input)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, visitor{name: name, token: opening.Token, device: role, home: home})
	}
	other, _, token := w.found("third")
	w.token, token = token, w.token
	w.api("POST", "/events", eventBody("elsewhere"), 201)
	w.token = token
	w.api("POST", "/events", eventBody("beside"), 201)
	for _, role := range append(slices.Clone(checkin.Roles), checkin.Leads) {
		add("a device with the role "+string(role), w.community.ID, "walked", "", role, true)
	}
	add("a device of the list", w.community.ID, "walked", w.names["check-in-lists"], checkin.ScanOnly, true)
	add("a device of another event", w.community.ID, "beside", "", checkin.Supervisor, false)
	add("a device of another community", other.ID, "elsewhere", "", checkin.Supervisor, false)
	return all
}

// TestEveryRowHasARuleThatExists holds the table to the words of organisers.
func TestEveryRowHasARuleThatExists(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, database.SQLite), nil)
	for _, route := range h.table {
		for _, need := range []string{route.Who.Need, route.Who.Or} {
			if need != "" && !slices.Contains(organisers.Capabilities, organisers.Capability(need)) {
				t.Errorf("%s %s needs %q, which is no capability", route.Method, route.Path, need)
			}
		}
		if role := route.Who.Device; role != "" && role != checkin.Leads && !slices.Contains(checkin.Roles, role) || route.Who.Kind == access.KindDevice && role == "" {
			t.Errorf("%s %s is for devices of the role %q, which there is none of", route.Method, route.Path, role)
		}
		if page := access.IsPage(route.Path); page && route.Who.Kind == access.KindToken || !page && (route.Who.Kind == access.KindStaff || route.Who.Kind == access.KindSignedIn) {
			t.Errorf("%s %s: programs come with tokens, people with sessions", route.Method, route.Path)
		}
	}
}
