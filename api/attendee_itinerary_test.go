package api

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout/events/agenda"
)

const myAgenda = "/e/summit/my-agenda"

// linkTo finds an address of this house in a text, without the house.
func (d *desk) linkTo(text, pattern string) string {
	d.t.Helper()
	found := regexp.MustCompile(pattern).FindString(html.UnescapeString(text))
	if found == "" {
		d.t.Fatalf("no %s in %s", pattern, excerpt(text))
	}
	return strings.TrimPrefix(found, baseURL)
}

// shining gives the GUIDs of what this browser marked, as the stars of a page learn them.
func (d *desk) shining() []string {
	d.t.Helper()
	_, body := d.ask(httptest.NewRequest("GET", baseURL+myAgenda+"/marked", nil))
	var out struct{ Sessions []string }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		d.t.Fatal(err, body)
	}
	slices.Sort(out.Sessions)
	return out.Sessions
}

func (d *desk) release(version string) {
	d.t.Helper()
	if _, err := d.Agenda.Release(d.t.Context(), d.community.ID, "summit", agenda.ReleaseInput{Version: version}); err != nil {
		d.t.Fatal(err)
	}
	d.touch("summit")
}

// Without scripts and accounts: a star is pressed, the agenda is opened on another device, joined with what is there, subscribed to, and forgotten.
func TestMyAgenda(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(5)
		v := d.stranger()
		v.see(myAgenda, "The schedule is not out yet")
		one, two, three := d.place("One <b>", "Aula", d.event.StartsAt), d.place("Two", "Attic", d.event.StartsAt.Add(30*time.Minute)), d.place("Three", "Aula", d.event.StartsAt.Add(3*time.Hour))
		d.release("1.0")
		v.see(myAgenda, "Nothing marked yet", `href="/e/summit/schedule"`)
		v.refuse("/e/summit/my-agenda/email", url.Values{"email": {"ada@example.org"}}, http.StatusSeeOther)
		v.see("/e/summit/schedule", `action="`+myAgenda+`"`, `name="add" value="`+one.GUID+`"`)
		v.see("/e/summit/schedule/"+one.GUID, `name="add" value="`+one.GUID+`"`)
		if len(v.shining()) != 0 {
			t.Error("stars shine before one was pressed")
		}
		v.send(myAgenda, url.Values{"add": {"nonsense"}, "remove": {"\x00", "\xff", strings.Repeat("x", 5000), one.GUID}}, myAgenda)
		if n, err := d.DB.Read().NewSelect().TableExpr("itineraries").Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d agendas of nothing, %v", n, err)
		}
		v.send(myAgenda, url.Values{"add": {one.GUID}}, myAgenda)
		v.send(myAgenda, url.Values{"add": {two.GUID, "nonsense", ""}}, myAgenda)
		page := v.see(myAgenda, "One &lt;b&gt;", "Two", "2 of your sessions take place at the same time", "At the same time as another", `href="webcal://`)
		link := v.linkTo(page, baseURL+myAgenda+`/iti_\w+\?secret=[\w-]+`)
		ics := v.linkTo(page, myAgenda+`/iti_\w+\.ics\?secret=[\w-]+`)

		w := d.stranger()
		w.send(myAgenda, url.Values{"add": {three.GUID}}, myAgenda)
		opened := w.see(link, "A personal agenda", "Two", "Join it with mine")
		d.stranger().see(w.linkTo(opened, myAgenda+`/iti_\w+\?secret=[\w-]+&(?:amp;)?lang=de`), "Ein persönliches Programm")
		if strings.Contains(opened, `name="remove"`) {
			t.Error("what a link opened is changed before it is kept")
		}
		if _, body := w.ask(httptest.NewRequest("GET", baseURL+link+"x", nil)); strings.Contains(body, "Two") {
			t.Error("another secret opens it")
		}
		w.send(w.linkTo(opened, myAgenda+`/iti_\w+/keep\?secret=[\w-]+`), nil, myAgenda)
		w.see(myAgenda, "One", "Two", "Three", "This device shows your agenda now")
		v.see(myAgenda, "Three")
		if r, _ := w.ask(httptest.NewRequest("GET", baseURL+link, nil)); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != myAgenda {
			t.Errorf("its own link: %d %s", r.StatusCode, r.Header.Get("Location"))
		}
		w.send(myAgenda, url.Values{"remove": {two.GUID}}, myAgenda)
		want := []string{one.GUID, three.GUID}
		slices.Sort(want)
		for _, browser := range []*desk{v, w} {
			if got := browser.shining(); !slices.Equal(got, want) {
				t.Errorf("%v shine, not %v", got, want)
			}
		}

		status, header, calendar := d.stranger().fetch(ics)
		if status != 200 || !strings.HasPrefix(header("Content-Type"), "text/calendar") || strings.Count(calendar, "BEGIN:VEVENT") != 2 || !strings.Contains(calendar, "UID:"+three.GUID) || !strings.Contains(calendar, "X-WR-CALNAME:My agenda: ") {
			t.Errorf("the calendar: %d %s", status, calendar)
		}
		if status, _, body := d.stranger().fetch(strings.Replace(ics, ".ics", "", 1)); status != 404 {
			t.Errorf("the calendar's secret opens the agenda: %d %s", status, excerpt(body))
		}
		v.refuse(myAgenda+"/forget", nil, 200, "Delete all that you marked")
		v.send(myAgenda+"/forget", url.Values{"confirmed": {"yes"}}, myAgenda)
		w.see(myAgenda, "Nothing marked yet")
		for _, gone := range []string{link, ics} {
			if status, _, _ := w.fetch(gone); status != 404 {
				t.Errorf("%s after all was forgotten: %d", gone, status)
			}
		}
		w.send(myAgenda, url.Values{"add": {two.GUID}}, myAgenda)
		w.see(myAgenda, "Two")
	})
}

// A script marks in the background and is told what is marked now; who is told of changes says so in a mail, whose links do nothing before a press.
func TestMyAgendaIsTold(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(5)
		one := d.place("One", "Aula", d.event.StartsAt)
		d.release("1.0")
		v := d.stranger()
		r := httptest.NewRequest("POST", baseURL+myAgenda, strings.NewReader(url.Values{"add": {one.GUID}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		answer, body := v.ask(r)
		if want := `{"sessions":["` + one.GUID + `"]}`; answer.StatusCode != 200 || body != want || answer.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("a script is told %d %s, not %s", answer.StatusCode, body, want)
		}
		for _, c := range answer.Cookies() {
			if c.Name == "my_agenda" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/e/summit") {
				t.Errorf("the cookie: %v", c)
			}
		}
		v.refuse(myAgenda+"/email", url.Values{"email": {"nowhere"}}, 422, "E-mail address: ", `value="nowhere"`)
		v.send(myAgenda+"/email", url.Values{"email": {"ada@example.org"}}, myAgenda)
		v.see(myAgenda, "We have asked ada@example.org")
		mails := d.mails("ada@example.org")
		yes := v.linkTo(mails[0].Text, baseURL+myAgenda+`/iti_\w+/tell\?secret=[\w-]+`)
		other := d.stranger()
		asks := other.see(yes, "Shall we tell you", "ada@example.org")
		d.stranger().see(other.linkTo(asks, myAgenda+`/iti_\w+/tell\?secret=[\w-]+&(?:amp;)?lang=de`), "ada@example.org")
		v.see(myAgenda, "We have asked")
		other.refuse(yes+"x", nil, 404)
		other.refuse(yes, nil, 200, "You will be told of changes")
		v.see(myAgenda, "are told to ada@example.org")

		d.ahead.Add(int64(time.Hour))
		d.mails("") // of the first release
		_, err := d.Agenda.Withdraw(t.Context(), d.community.ID, one.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		d.place("Another", "Aula", d.event.StartsAt)
		d.release("1.1")
		v.see(myAgenda, "No longer in the schedule", "One")
		d.ahead.Add(int64(time.Hour))
		mails = d.mails("ada@example.org")
		if len(mails) != 2 || !strings.Contains(mails[1].Text, "No longer in the schedule") {
			t.Fatalf("%d mails", len(mails))
		}
		stop := v.linkTo(mails[1].Text, baseURL+myAgenda+`/iti_\w+/stop\?secret=[\w-]+`)
		other.see(stop, "Shall we stop")
		v.see(myAgenda, "are told to ada@example.org")
		other.refuse(stop, nil, 200, "No more mails")
		if page := v.see(myAgenda); strings.Contains(page, "ada@example.org") {
			t.Error("the address is kept after the last mail was stopped")
		}
		other.see(v.linkTo(mails[1].Text, baseURL+myAgenda+`/iti_\w+\?secret=[\w-]+`), "A personal agenda")
	})
}

// What runs now and what is next stands on the schedule of the day, room by room; searching folds accents, and a schedule of many sessions opens on one day.
func TestTheScheduleOfTheDay(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(5)
		now := time.Now().UTC().Truncate(time.Minute)
		d.place("Über Łódź", "Aula", d.event.StartsAt)
		d.place("Later", "Aula", d.event.StartsAt.Add(time.Hour))
		d.place("Elsewhere", "Attic", d.event.StartsAt.Add(2*time.Hour))
		d.release("1.0")
		v := d.stranger()
		page := v.see("/e/summit/schedule", "Über Łódź", "Later")
		if strings.Contains(page, `id="now"`) {
			t.Error("long before the event something runs")
		}
		v.see("/e/summit/schedule/now", "Nothing runs now")
		found := v.see("/e/summit/schedule?q=uber+LODZ", "Über Łódź", `value="uber LODZ"`, `content="noindex"`)
		if strings.Contains(found, "Later") {
			t.Error("what does not match is shown")
		}
		v.see("/e/summit/schedule?q=attic", "Elsewhere")
		for _, name := range []string{"track", "room", "day"} { // words of the page's own are no answers for others
			v.see("/e/summit/schedule?"+name+"=auto", "Nothing matches")
			d.touch("summit")
			v.see("/e/summit/schedule?"+name+"=auto", "Nothing matches")
			v.see("/e/summit/schedule", "Über Łódź")
		}
		v.see("/e/summit/schedule?q=%22%3Cscript%3E"+strings.Repeat("x", 300), "Nothing matches")
		d.ahead.Add(int64(d.event.StartsAt.Sub(now) + 30*time.Minute))
		d.touch("summit")
		page = v.see("/e/summit/schedule", `id="now"`, "Now and next")
		section := page[strings.Index(page, `id="now"`):]
		section = section[:strings.Index(section, "</details>")]
		if strings.Count(section, ">Now<") != 1 || strings.Index(section, "Über") > strings.Index(section, "Later") || !strings.Contains(section, "Elsewhere") {
			t.Errorf("now and next: %s", section)
		}
		v.see("/e/summit/schedule/now", "Über Łódź")
		d.ahead.Add(int64(24 * time.Hour))
		d.touch("summit")
		v.see("/e/summit/schedule/now", "Nothing runs now")
	})
}
