package api

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"turnout/checkin"
	"turnout/events"
	"turnout/events/organisers"
	"turnout/ticketing"
)

// hidden is what a hidden field of a page holds.
func (d *desk) hidden(page, name string) string {
	d.t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		d.t.Fatalf("no field %s", name)
	}
	return m[1]
}

// pdf fetches a PDF and gives its text.
func (d *desk) pdf(path string) string {
	d.t.Helper()
	w, body := d.ask(httptest.NewRequest("GET", baseURL+path, nil))
	if w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != "application/pdf" {
		d.t.Fatalf("GET %s: %d %s", path, w.StatusCode, excerpt(body))
	}
	return d.pdfText(body)
}

// pdfText reads the text of a PDF by poppler.
func (d *desk) pdfText(body string) string {
	d.t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		d.t.Skip("needs pdftotext (Debian: poppler-utils)")
	}
	file := filepath.Join(d.t.TempDir(), "badges.pdf")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		d.t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-raw", file, "-").Output()
	if err != nil {
		d.t.Fatal(err)
	}
	return string(out)
}

// An organiser sees badges before the design is saved, takes a change back, and is told when somebody was faster.
func TestBadgeDesignPage(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		paid, free := d.onSale(5)
		pronouns := d.asks(ticketing.QuestionInput{Subject: ticketing.OfTicket, Kind: ticketing.AskText, Label: "Pronouns"})
		at := d.at("/badges/design")
		d.see(at, `value="brand" checked`, `name="show_qr" value="1" checked`, at+"/sample.svg?", "Pronouns", free.Name)
		form := url.Values{"layout": {"name"}, "paper": {"label_62"}, "show_qr": {"1"}, "line_1": {string(pronouns.ID)}, "line_2": {""}, "version": {"0"}, "sample_name": {"Łukasz"},
			"band_type": {string(paid.ID), string(free.ID)}, "band_words": {"", "CREW"}, "band_color": {"#112233", "#b91c1c"}}
		shown := d.see(at+"?"+form.Encode(), `value="name" checked`, `value="label_62" selected`, `value="CREW"`, `value="#b91c1c"`)
		for attribute, kind := range map[string]string{"src": "image/svg+xml", "href": "application/pdf"} {
			sample := html.UnescapeString(regexp.MustCompile(attribute + `="(` + at + `/sample[^"]+)"`).FindStringSubmatch(shown)[1])
			w, body := d.ask(httptest.NewRequest("GET", baseURL+sample, nil))
			if w.StatusCode != http.StatusOK || w.Header.Get("Content-Type") != kind {
				t.Errorf("%s: %d %v %s", sample, w.StatusCode, w.Header, excerpt(body))
			}
			if kind == "application/pdf" {
				if text := d.pdfText(body); !strings.Contains(text, "Łukasz") || !strings.Contains(text, "CREW") {
					t.Errorf("the sample says %s", text)
				}
			}
		}
		for path, status := range map[string]int{"/sample.svg": 422, "/sample.svg?layout=name&paper=a9": 422, "/sample.exe?" + form.Encode(): 404} {
			if w, body := d.ask(httptest.NewRequest("GET", baseURL+at+path, nil)); w.StatusCode != status {
				t.Errorf("%s: %d, want %d: %s", path, w.StatusCode, status, excerpt(body))
			}
		}
		d.refuse(at, clone(form, "layout", "poster"), 422, "Choose one of the layouts", `value="CREW"`)
		long := clone(form, "layout", "name")
		long["band_words"] = []string{"", strings.Repeat("W", 25)}
		d.refuse(at, long, 422, "1 to 24", `aria-invalid`, free.Name)
		d.send(at, form, at)
		d.see(at, "Saved", `value="name" checked`, `value="CREW"`, `value="`+string(pronouns.ID)+`" selected`, "Take back the last change")
		d.refuse(at, form, 412, `value="CREW"`)
		d.send(at+"/undo", url.Values{"version": {"1"}}, at)
		d.see(at, "as it was before", `value="brand" checked`, `value="a4" selected`)
		d.send(at+"/undo", url.Values{"version": {"2"}}, at)
		d.see(at, `value="name" checked`)

		d.Events.Cloned = append(d.Events.Cloned, d.Ticketing.CopyCatalogue, d.Badges.CopyDesign)
		made, err := d.Events.Clone(t.Context(), d.community.ID, string(d.event.ID), events.Clone{Slug: "again", StartsAt: d.event.StartsAt.AddDate(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		d.see("/console/events/"+made.Slug+"/badges/design", `value="name" checked`, `value="CREW"`, "selected>Pronouns")
		stranger := *d.event
		stranger.CommunityID = "com_other"
		if got, err := d.Badges.Design(t.Context(), &stranger); err != nil || got.Version != 0 {
			t.Errorf("another community reads %+v, %v", got, err)
		}
	})
}

// Badges are printed for who is meant, in the order that is asked for, and each print is counted; one that was canceled is refused.
func TestPrintBadges(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		at := d.at("/badges")
		d.see(at, "Nobody to print a badge for yet")
		_, free := d.onSale(20)
		zoe, adam := d.buy(free, 1, "Zoë Żak", "zoe@example.org"), d.buy(free, 1, "Ádám Nagy", "adam@example.org")
		page := d.see(at, "All valid tickets", free.Name)
		d.see(at+"?which=all&search=zoe", "1 badge would be printed")
		d.see(at+"?which=changed", "No badge would be printed")
		d.refuse(at, url.Values{"which": {"some"}, "search": {"zoe"}}, 422, "none of the values", `value="zoe"`)
		d.refuse(at, url.Values{"which": {"changed"}, "run": {d.hidden(page, "run")}}, 409, "there is no badge to print")

		form := url.Values{"which": {"all"}, "sort": {"name"}, "run": {d.hidden(page, "run")}}
		run := d.send(at, form, at+"/prints/")
		if again := d.send(at, form, at+"/prints/"); again != run {
			t.Errorf("the form sent again printed again: %s", again)
		}
		d.see(run, "2 badges", "badges.pdf?file=1")
		text := d.pdf(run + "/badges.pdf")
		if a, z := strings.Index(text, "Ádám Nagy"), strings.Index(text, "Zoë Żak"); a < 0 || z < a {
			t.Errorf("the badges are not there by name: %s", text)
		}
		d.pdf(run + "/badges.pdf?file=1") // counts nothing
		for _, o := range []*ticketing.Order{zoe, adam} {
			d.see(d.at("/orders/"+o.Code), "Badge printed once", "badges/tickets/"+string(o.Tickets[0].ID))
		}
		d.see(at+"?which=not_printed", "No badge would be printed")

		one := d.send(at+"/tickets/"+string(zoe.Tickets[0].ID), nil, at+"/one/")
		if text := d.pdf(one); !strings.Contains(text, "Zoë Żak") || strings.Contains(text, "Nagy") {
			t.Errorf("her badge says %s", text)
		}
		d.see(d.at("/orders/"+zoe.Code), "Badge printed 2 times, last")
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+strings.Replace(run, "/prints/", "/one/", 1)+"/badge.pdf", nil)); w.StatusCode != 404 {
			t.Errorf("all badges stand where one should: %d", w.StatusCode)
		}

		if err := d.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE tickets SET attendee_name = 'Yves Zola' WHERE id = ?", zoe.Tickets[0].ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		d.see(at+"?which=changed", "1 badge would be printed")
		if text := d.pdf(run + "/badges.pdf"); !strings.Contains(text, "Yves Zola") || strings.Contains(text, "Zoë") {
			t.Errorf("an old file is not as the tickets are: %s", text)
		}
		if _, err := d.Ticketing.CancelOrder(t.Context(), d.community.ID, zoe.ID, ticketing.CanceledByOrganiser, false); err != nil {
			t.Fatal(err)
		}
		w, body := d.post(at+"/tickets/"+string(zoe.Tickets[0].ID), nil)
		if w.StatusCode != http.StatusConflict || !strings.Contains(body, "no badge is printed for it") {
			t.Errorf("a canceled ticket: %d %s", w.StatusCode, excerpt(body))
		}
		d.see(run, "1 ticket has been canceled since")
		if text := d.pdf(run + "/badges.pdf"); strings.Contains(text, "Zola") {
			t.Error("a canceled ticket's badge is printed again")
		}
		if w, _ := d.ask(httptest.NewRequest("GET", baseURL+one, nil)); w.StatusCode != http.StatusConflict {
			t.Errorf("a badge of its own: %d", w.StatusCode)
		}

		long := d.buy(free, 1, strings.Repeat("Wolfeschlegel ", 10), "wolfe@example.org")
		page = d.see(at)
		run = d.send(at, url.Values{"which": {"not_printed"}, "run": {d.hidden(page, "run")}}, at+"/prints/")
		d.see(run, "Names that are too long", long.Code)
		d.lang = "de"
		for _, p := range []string{at, at + "/design", run} {
			d.see(p)
		}
	})
}

// Door staff print one badge where they stand, see how often it was printed, and get no list of all.
func TestTheDoorPrintsABadge(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, free := d.onSale(5)
		order := d.buy(free, 1, "Ada", "ada@example.org")
		list, err := d.CheckIn.CreateList(t.Context(), d.community.ID, d.event.ID, checkin.ListInput{Name: "Main"})
		if err != nil {
			t.Fatal(err)
		}
		scan, err := d.CheckIn.Scan(t.Context(), d.community.ID, checkin.ScanInput{ListID: list.ID, Code: order.Tickets[0].Code, Nonce: "n1", Caller: "test"})
		if err != nil {
			t.Fatal(err)
		}
		door := d.colleague(organisers.Door)
		answer := "/door/" + d.event.Slug + "/lists/" + string(list.ID) + "/scans/" + string(scan.ID)
		if body := door.see(answer); strings.Contains(body, "Print badge") {
			t.Error("a door offers badges where the event has none")
		}
		one := door.send("/door/"+d.event.Slug+"/badges/"+string(order.Tickets[0].ID), nil, "/door/"+d.event.Slug+"/badges/")
		if text := door.pdf(one); !strings.Contains(text, "Ada") {
			t.Errorf("the badge says %s", text)
		}
		door.see(answer, "Print badge", "Badge printed once")
		for _, path := range []string{"/badges", "/badges/design"} {
			if w, _ := door.ask(httptest.NewRequest("GET", baseURL+d.at(path), nil)); w.StatusCode != http.StatusForbidden && w.StatusCode != http.StatusNotFound {
				t.Errorf("the door sees %s: %d", path, w.StatusCode)
			}
		}
		if w, _ := door.post("/door/"+d.event.Slug+"/badges/tkt_none", nil); w.StatusCode != http.StatusNotFound {
			t.Errorf("the badge of nobody: %d", w.StatusCode)
		}
	})
}
