package api

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"turnout/events"
	"turnout/events/organisers"
)

func TestSignInPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see("/console", "Gopher Summit")
		d.send("/sign-out", nil, "/sign-in")
		d.cookies = map[string]*http.Cookie{}
		if w, _ := d.post("/console/first/events/new", nil); w.StatusCode != http.StatusUnauthorized {
			t.Errorf("nobody may write: %d", w.StatusCode)
		}
		d.see("/sign-in", "Sign in")
		d.refuse("/sign-in", url.Values{"email": {d.owner.Email}, "password": {"wrong"}, "next": {"/console/first/events"}}, 401, "do not belong together", d.owner.Email, `value="/console/first/events"`)
		d.send("/sign-in", url.Values{"email": {d.owner.Email}, "password": {passphrase}, "next": {"//evil.example/x"}}, "/console")
		d.see("/console", "Gopher Summit")
		// A new password ends every session, this one too.
		if err := d.Organisers.SetPassword(t.Context(), d.owner.ID, "another long passphrase"); err != nil {
			t.Fatal(err)
		}
		if w, _ := d.post("/console/first/events/new", nil); w.StatusCode != http.StatusUnauthorized {
			t.Errorf("the session outlived its password: %d", w.StatusCode)
		}
	})
}

func TestLinksThatWorkOnce(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var secret string
		d.Organisers.SendMail = keepSecret(&secret)
		d.see("/forgot-password")
		d.refuse("/forgot-password", url.Values{"email": {"nobody"}}, 422, "not an e-mail address")
		d.send("/forgot-password", url.Values{"email": {"unknown@example.org"}}, "/sign-in")
		if secret != "" {
			t.Fatal("a link for an address without an account")
		}
		d.send("/forgot-password", url.Values{"email": {d.owner.Email}}, "/sign-in")
		d.see("/password-reset/" + secret)
		d.refuse("/password-reset/"+secret, url.Values{"password": {"short"}}, 422, "10")
		d.send("/password-reset/"+secret, url.Values{"password": {"a new long passphrase"}}, "/sign-in")
		if w, body := d.post("/password-reset/"+secret, url.Values{"password": {"a third long passphrase"}}); w.StatusCode != http.StatusNotFound {
			t.Errorf("a link works twice: %d %s", w.StatusCode, excerpt(body))
		}
		grant := organisers.Grant{Role: organisers.Viewer, Scope: organisers.Scope{Kind: organisers.InCommunity, ID: d.community.ID}}
		if err := d.Organisers.Invite(t.Context(), d.community.ID, "new@example.org", grant); err != nil {
			t.Fatal(err)
		}
		d.cookies = map[string]*http.Cookie{}
		d.see("/invitation/"+secret, "new@example.org", "Viewer")
		d.refuse("/invitation/"+secret, url.Values{"name": {""}, "password": {"x"}}, 422)
		d.send("/invitation/"+secret, url.Values{"name": {"Noor"}, "password": {passphrase}}, "/console")
		if body := d.see("/console", "Gopher Summit", "Noor"); strings.Contains(body, "/tokens") || strings.Contains(body, "events/new") {
			t.Error("a viewer is offered what a viewer cannot do")
		}
	})
}

func TestEventFromDraftToCancellation(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see("/console/first/events/new", "Europe/Berlin", `<option value="DE">Germany</option>`)
		form := url.Values{"title": {"A night for beginners"}, "format": {"in_person"}, "timezone": {"Europe/Berlin"}, "currency": {"EUR"},
			"starts_at": {"2027-03-28T02:30"}, "ends_at": {"2027-03-28T12:00"}, "venue.name": {"Library"}}
		bad := clone(form, "ends_at", "yesterday", "venue.country", "Germany")
		d.refuse("/console/first/events/new", bad, 422, "A night for beginners", "no date and time", "Library", `aria-invalid`)
		to := d.send("/console/first/events/new", form, "/console/events/a-night-for-beginners")
		d.see(to, "does not exist", "03:30") // 2:30 does not exist that night, and the page says what was taken
		e, err := events.Find(t.Context(), d.DB.Read(), d.community.ID, "a-night-for-beginners")
		if err != nil || e.StartsAt.Format("15:04") != "01:30" {
			t.Fatalf("%v, %v", e.StartsAt, err)
		}
		d.see(to+"/details", "2027-03-28T03:30")
		edit := clone(form, "starts_at", "2027-03-29T10:00", "ends_at", "2027-03-29T12:00", "slug", e.Slug, "version", "1", "description", "# Hello")
		d.send(to+"/details", edit, to+"/details")
		d.refuse(to+"/details", clone(edit, "title", "Mine"), 412, "Somebody changed this", "Mine")
		d.see("/console", "A night for beginners")

		w, body := d.post(to+"/publish", url.Values{"version": {"2"}}) // without scripts the server asks
		if w.StatusCode != 200 || !strings.Contains(body, `name="version" value="2"`) || !strings.Contains(body, `name="confirmed"`) || !strings.Contains(body, "No ticket type yet") {
			t.Errorf("no question: %d %s", w.StatusCode, excerpt(body))
		}
		d.sound("publish", body)
		d.send(to+"/publish", url.Values{"version": {"2"}, "confirmed": {"confirmed"}}, to)
		d.see(to, "The event is public")
		d.send(to+"/publish", url.Values{"version": {"3"}, "confirmed": {"confirmed"}}, to)
		d.see(to, "cannot become published")
		d.send(to+"/clone", url.Values{"clone_title": {"Again"}, "clone_starts_at": {"2027-05-01T18:00"}}, "/console/events/again")
		d.refuse(to+"/clone", url.Values{"clone_title": {"Again"}}, 422)
		d.send(to+"/cancel", url.Values{"version": {"3"}, "confirmed": {"confirmed"}}, to)
		d.see(to, "is canceled")
		d.lang = "de"
		for _, page := range []string{"/console", "/console/first/events", "/console/first/events?status=draft", "/console/first/events/new", to, to + "/details", d.at("")} {
			d.see(page)
		}
	})
}

func TestCoverPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewNRGBA(image.Rect(0, 0, 40, 30))); err != nil {
			t.Fatal(err)
		}
		if w, body := d.upload(d.at("/cover"), []byte("no picture")); w.StatusCode != 422 || !strings.Contains(body, "not a picture") {
			t.Errorf("%d %s", w.StatusCode, excerpt(body))
		}
		if w, body := d.upload(d.at("/cover"), picture.Bytes()); w.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", w.StatusCode, excerpt(body))
		}
		d.see(d.at("/details"), "/pictures/")
		d.send(d.at("/cover/remove"), url.Values{"version": {"2"}}, d.at("/details"))
	})
}

// The home page asks the same number of statements however many events there are.
func TestConsoleHomeAsksAConstantNumberOfTimes(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		few := d.statements("/console")
		for range 5 {
			slug, err := d.Events.SuggestSlug(t.Context(), "More")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Events.Clone(t.Context(), d.community.ID, "summit", events.Clone{Slug: slug, StartsAt: d.event.StartsAt}); err != nil {
				t.Fatal(err)
			}
		}
		if many := d.statements("/console"); many != few || many > 12 {
			t.Errorf("%d statements for 1 event, %d for 6", few, many)
		}
	})
}

// An event's overview asks the same number of statements however much was sold: six to know who asks and which event, six about
// the sale, all of them counters and the catalogue, and four about the agenda.
func TestTheOverviewAsksAConstantNumberOfTimes(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(500)
		few := d.statements(d.at(""))
		for i := range 5 {
			d.buy(free, 2, "Ada", fmt.Sprintf("ada%d@example.org", i))
		}
		if many := d.statements(d.at("")); many != few || many > 16 {
			t.Errorf("%d statements before the first order, %d after five", few, many)
		}
	})
}
