package api

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
)

// desk is an organiser's browser at a house: it keeps cookies, and holds each page that it sees to what every page must be.
type desk struct {
	*house
	cookies map[string]*http.Cookie
	lang    string
	event   *events.Event
}

const passphrase = "correct horse battery staple"

// newDesk signs the owner of a new house in. The community has one event, three weeks ahead, without anything in it.
func newDesk(t *testing.T, db *database.DB) *desk {
	t.Helper()
	d := &desk{house: newHouse(t, db, nil), cookies: map[string]*http.Cookie{}, lang: "en"}
	if err := d.Organisers.SetPassword(t.Context(), d.owner.ID, passphrase); err != nil {
		t.Fatal(err)
	}
	start := morning(21)
	var err error
	d.event, err = d.Events.Create(t.Context(), d.community.ID, events.Details{Slug: "summit", Title: "Gopher Summit", Format: events.Hybrid, Timezone: "Europe/Berlin",
		StartsAt: start, EndsAt: start.Add(9 * time.Hour), Currency: "EUR", Venue: events.Venue{Name: "Alte Tuchfabrik", City: "Köln"}, OnlineURL: "https://meet.example.org/x"})
	if err != nil {
		t.Fatal(err)
	}
	d.send("/sign-in", url.Values{"email": {d.owner.Email}, "password": {passphrase}}, "/console")
	return d
}

// colleague gives the browser of somebody else, who has the role in the desk's community.
func (d *desk) colleague(role organisers.Role) *desk {
	d.t.Helper()
	account := d.member(role)
	other := *d
	other.cookies = map[string]*http.Cookie{}
	other.send("/sign-in", url.Values{"email": {account.Email}, "password": {passphrase}}, "/console")
	return &other
}

// ask makes a request with the browser's cookies and keeps those of the answer.
func (d *desk) ask(r *http.Request) (*http.Response, string) {
	d.t.Helper()
	for _, c := range d.cookies {
		r.AddCookie(c)
	}
	r.Header.Set("Accept-Language", d.lang)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	answer := w.Result()
	for _, c := range answer.Cookies() {
		d.cookies[c.Name] = c
	}
	return answer, w.Body.String()
}

// see opens a page and holds it to what every page must be.
func (d *desk) see(path string, parts ...string) string {
	d.t.Helper()
	w, body := d.ask(httptest.NewRequest("GET", baseURL+path, nil))
	if w.StatusCode != http.StatusOK {
		d.t.Fatalf("GET %s: %d to %q %s", path, w.StatusCode, w.Header.Get("Location"), excerpt(body))
	}
	d.sound(path, body)
	for _, part := range parts {
		if !strings.Contains(body, part) {
			d.t.Errorf("GET %s: no %q in %s", path, part, excerpt(body))
		}
	}
	return body
}

// inline finds what the pages' policy would refuse.
var inline = regexp.MustCompile(`(?i)<[^>]+\s(style|on[a-z]+)=|<style|javascript:|<script>`)

// sound says what is wrong with any page: words that are missing, values that are, what the policy forbids, an id twice.
func (d *desk) sound(path, body string) {
	d.t.Helper()
	for _, wrong := range []string{"⟦", "<no value>", "ZgotmplZ", "%!"} {
		if _, after, ok := strings.Cut(body, wrong); ok {
			d.t.Errorf("%s (%s): %s%.80s", path, d.lang, wrong, after)
		}
	}
	if found := inline.FindString(body); found != "" {
		d.t.Errorf("%s: the policy forbids %s", path, found)
	}
	if _, after, ok := strings.Cut(body, `class="errors"`); ok { // each line names its field and leads to it
		summary, _, _ := strings.Cut(after, "</ul>")
		for _, line := range regexp.MustCompile(`href="#([^"]+)">([^<]*)<`).FindAllStringSubmatch(summary, -1) {
			if !strings.Contains(body, ` id="`+line[1]+`"`) {
				d.t.Errorf("%s: the error summary leads to #%s, which is not on the page", path, line[1])
			}
			if !strings.Contains(line[2], ": ") {
				d.t.Errorf("%s: the error summary names no field in %q", path, line[2])
			}
		}
	}
	seen := map[string]bool{}
	for _, id := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if seen[id[1]] {
			d.t.Errorf("%s: the id %q stands twice", path, id[1])
		}
		seen[id[1]] = true
	}
}

// send posts a form and expects to be led on to a page, whose address it gives: the one that begins as said.
func (d *desk) send(path string, form url.Values, to string) string {
	d.t.Helper()
	w, body := d.post(path, form)
	if w.StatusCode != http.StatusSeeOther || !strings.HasPrefix(w.Header.Get("Location"), to) {
		d.t.Fatalf("POST %s: %d to %q, want %q: %s", path, w.StatusCode, w.Header.Get("Location"), to, excerpt(body))
	}
	return w.Header.Get("Location")
}

// refuse posts a form that must come back with the status and each of the parts.
func (d *desk) refuse(path string, form url.Values, status int, parts ...string) {
	d.t.Helper()
	w, body := d.post(path, form)
	if w.StatusCode != status {
		d.t.Fatalf("POST %s: %d to %q, want %d: %s", path, w.StatusCode, w.Header.Get("Location"), status, excerpt(body))
	}
	d.sound(path, body)
	for _, part := range parts {
		if !strings.Contains(body, part) {
			d.t.Errorf("POST %s: no %q in %s", path, part, excerpt(body))
		}
	}
}

func (d *desk) post(path string, form url.Values) (*http.Response, string) {
	d.t.Helper()
	r := httptest.NewRequest("POST", baseURL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return d.ask(r)
}

// upload posts a file as a form does.
func (d *desk) upload(path string, file []byte) (*http.Response, string) {
	d.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "file")
	if err != nil {
		d.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = form.Close()
	r := httptest.NewRequest("POST", baseURL+path, io.Reader(&body))
	r.Header.Set("Content-Type", form.FormDataContentType())
	return d.ask(r)
}

// excerpt is the main part of a page without its tags, as far as a failure shows it.
func excerpt(body string) string {
	if _, main, ok := strings.Cut(body, `<main`); ok {
		body = main
	}
	text := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")), " ")
	return text[:min(len(text), 700)]
}

// statements counts what a page asks the database.
func (d *desk) statements(path string) int64 {
	d.t.Helper()
	r := httptest.NewRequest("GET", baseURL+path, nil)
	ctx, count := database.CountQueries(r.Context())
	if w, body := d.ask(r.WithContext(ctx)); w.StatusCode != http.StatusOK {
		d.t.Fatalf("GET %s: %d %s", path, w.StatusCode, excerpt(body))
	}
	return count.Load()
}

// at gives the address of a page about the desk's event.
func (d *desk) at(path string) string { return "/console/events/" + d.event.Slug + path }

// onSale gives the event a pool and two ticket types, and publishes it.
func (d *desk) onSale(places int64) (paid, free *ticketing.TicketType) {
	d.t.Helper()
	ctx := d.t.Context()
	pool, err := d.Ticketing.CreatePool(ctx, d.community.ID, d.event.ID, ticketing.PoolInput{Name: "Hall", Capacity: places})
	if err != nil {
		d.t.Fatal(err)
	}
	types := make([]*ticketing.TicketType, 2)
	for i, price := range []int64{4900, 0} {
		types[i], err = d.Ticketing.CreateTicketType(ctx, d.community.ID, d.event.ID, ticketing.TicketTypeInput{Name: []string{"Regular", "Student"}[i],
			Price: turnout.Money{Amount: price, Currency: "EUR"}, AttendanceMode: ticketing.InPerson, PoolIDs: []turnout.ID{pool.ID}})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	if d.event, err = d.Events.Publish(ctx, d.community.ID, string(d.event.ID), 0); err != nil {
		d.t.Fatal(err)
	}
	return types[0], types[1]
}

// buy places an order whose tickets are for the buyer, or for one attendee for each of the answers.
func (d *desk) buy(t *ticketing.TicketType, n int64, name, email string, answers ...ticketing.Answers) *ticketing.Order {
	d.t.Helper()
	buyer := ticketing.Attendee{Name: name, Email: email}
	p := ticketing.Purchase{EventID: d.event.ID, Lines: []ticketing.PurchaseLine{{TicketTypeID: t.ID, Quantity: n}}, Buyer: buyer}
	for i := range answers {
		p.Attendees = append(p.Attendees, ticketing.Bearer{Attendee: buyer, Answers: answers[i]})
	}
	o, _, err := d.Ticketing.PlaceOrder(d.t.Context(), p)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.runner.Drain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return o
}

// onDesk runs the test at a new desk, on a database of each engine.
func onDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *database.DB) { test(t, newDesk(t, db)) })
}

// keepSecret stands in for the mail of a link: the test opens it as the one who got it.
func keepSecret(secret *string) func(context.Context, bun.IDB, organisers.Mail) error {
	return func(_ context.Context, _ bun.IDB, mail organisers.Mail) error {
		*secret = mail.Token
		return nil
	}
}

// clone copies a form with some of its fields changed.
func clone(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = values
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}
