package api

import (
	"encoding/xml"
	"errors"
	"html"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda"
	"turnout/events/speakers"
	"turnout/templates"
)

// place adds a confirmed session of the desk's event, an hour from a start, in a room of that name.
func (d *desk) place(title, room string, start time.Time) *agenda.Session {
	d.t.Helper()
	ctx := d.t.Context()
	a, err := d.Agenda.Agenda(ctx, d.community.ID, "summit")
	if err != nil {
		d.t.Fatal(err)
	}
	slot := agenda.SlotInput{StartsAt: start, EndsAt: start.Add(time.Hour)}
	for _, r := range a.Rooms {
		if r.Name == room {
			slot.RoomID = r.ID
		}
	}
	if slot.RoomID == "" {
		r, err := d.Agenda.AddRoom(ctx, d.community.ID, "summit", agenda.RoomInput{Name: room})
		if err != nil {
			d.t.Fatal(err)
		}
		slot.RoomID = r.ID
	}
	s, err := d.Agenda.AddSession(ctx, d.community.ID, "summit", agenda.SessionInput{Title: title, Kind: agenda.Talk, Minutes: 60})
	if err == nil {
		_, _, err = d.Agenda.Place(ctx, d.community.ID, s.ID, 0, slot)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// shown adds to a form what its page sends along of what it showed.
func (d *desk) shown(page string, form url.Values) url.Values {
	d.t.Helper()
	for _, field := range hiddenField.FindAllStringSubmatch(d.see(page), -1) {
		form.Add(field[1], html.UnescapeString(field[2]))
	}
	return form
}

// A release that upsets what is public, or that has conflicts, says what it does and asks first.
func TestReleaseAsksFirst(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(5)
		d.see("/e/summit/schedule", "not out yet", `href="/e/summit"`)
		page, start := d.at("/agenda/release"), d.event.StartsAt
		first := d.place("Opening", "Hall", start)
		d.send(page, d.shown(page, url.Values{"version_name": {"1.0"}}), page) // nothing to ask about
		d.see("/e/summit/schedule", "Opening")

		if _, _, err := d.Agenda.Place(t.Context(), d.community.ID, first.ID, 0, agenda.SlotInput{StartsAt: start.Add(2 * time.Hour), EndsAt: start.Add(3 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		d.place("One", "Hall", start)
		d.place("Two", "Hall", start.Add(30*time.Minute))
		d.place("Too late", "Hall", start.Add(300*time.Hour))
		d.see(page, "2 conflicts are open", "One room, two sessions: ", "Outside the event", "moved", ", Hall → ", "data-confirm=")
		answer, question := d.post(page, d.shown(page, url.Values{"version_name": {"1.1"}, "note": {"The opening moves"}}))
		for _, want := range []string{"1 session moves to another time", "1 goes to another room", "1 time two sessions share a room", "1 session lies outside", `value="1.1"`, `value="The opening moves"`} {
			if answer.StatusCode != http.StatusOK || !strings.Contains(question, want) {
				t.Errorf("%d, no %q in %s", answer.StatusCode, want, excerpt(question))
			}
		}
		if latest, err := d.Agenda.LatestRelease(t.Context(), d.event); err != nil || latest.Version != "1.0" {
			t.Fatalf("released before anybody said yes: %+v, %v", latest, err)
		}
		d.refuse(page, url.Values{"version_name": {""}}, 422, "Version: This is needed") // what is wrong comes before the question
		d.send(page, d.shown(page, url.Values{"version_name": {"1.1"}, "confirmed": {"confirmed"}}), page)
		if latest, err := d.Agenda.LatestRelease(t.Context(), d.event); err != nil || latest.Version != "1.1" {
			t.Fatalf("%+v, %v", latest, err)
		}

		// Conflicts stand in groups, in the reader's language.
		d.see(d.at("/agenda"), "2 conflicts", "One room, two sessions</span></span> <span>Hall", ">One</a>", ">Two</a>")
		d.see(d.at("/agenda?state=conflicts&day="+start.Add(300*time.Hour).In(d.event.Location()).Format(time.DateOnly)), ">Too late</a>")
		d.lang = "de"
		two, err := d.Agenda.Agenda(t.Context(), d.community.ID, "summit")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range two.Sessions {
			if s.Title == "Two" {
				d.see(d.at("/agenda/sessions/"+string(s.ID)), "„One“ und „Two“ sind zur selben Zeit in Hall.")
			}
		}
	})
}

// What is released is what stood on the page: with another agenda the page comes again, with that one and what was typed.
func TestAReleaseFreezesWhatWasSeen(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		page, start := d.at("/agenda/release"), d.event.StartsAt
		d.place("Opening", "Hall", start)
		said := d.shown(page, url.Values{"version_name": {"1.0"}, "confirmed": {"confirmed"}})
		d.place("Meanwhile", "Garden", start)
		d.refuse(page, said, 412, "The agenda was changed since you looked at it", `value="1.0"`, "2 sessions")
		if _, err := d.Agenda.LatestRelease(t.Context(), d.event); !errors.Is(err, agenda.ErrNotReleased) {
			t.Fatalf("released unseen: %v", err)
		}
		// Between the question and the release it is the release itself that looks, in its transaction.
		preview, err := d.Agenda.PreviewRelease(t.Context(), d.community.ID, "summit")
		if err != nil {
			t.Fatal(err)
		}
		d.place("Later", "Garden", start.Add(time.Hour))
		if _, err := d.Agenda.Release(t.Context(), d.community.ID, "summit", agenda.ReleaseInput{Version: "1.0", Seen: preview.Hash}); !errors.Is(err, agenda.ErrChanged) {
			t.Errorf("another agenda was frozen: %v", err)
		}
		d.send(page, d.shown(page, url.Values{"version_name": {"1.0"}}), page)
		d.refuse(page, url.Values{"version_name": {"1.1"}}, 412, "The agenda was changed") // a form that does not say what it saw
	})
}

// A schedule of other days than the event's is noticed at the dry run and after, with both dates and a way to mend it.
func TestImportOfOtherDays(t *testing.T) {
	file, err := os.ReadFile("../../shared/real-data/schedules/fosdem-2025.schedule.xml")
	if os.IsNotExist(err) {
		t.Skip("shared/real-data is not beside the repository: no real schedule to import")
	}
	if err != nil {
		t.Fatal(err)
	}
	onDesk(t, func(t *testing.T, d *desk) {
		words, err := templates.New()
		if err != nil {
			t.Fatal(err)
		}
		days := words.Dates("en", d.event.StartsAt, d.event.EndsAt, d.event.Timezone)
		_, body := d.upload(d.at("/agenda/import"), file)
		d.sound("the dry run", body)
		for _, want := range []string{"frab XML", "Import: 1,105 new sessions", "All of it lies outside the event", "The schedule: 1–2 February 2025. The event: " + days, `name="set_dates"`} {
			if !strings.Contains(body, want) {
				t.Errorf("the dry run says no %q: %s", want, excerpt(body))
			}
		}
		if strings.Contains(body, "frab_xml") {
			t.Error("the name of a format is the program's, not people's")
		}
		d.send(d.at("/agenda/import/confirm"), confirmation(body), d.at("/agenda"))
		body = d.see(d.at("/agenda"), "The whole schedule lies outside", "Set the event&#39;s dates to 1–2 February 2025", "Sat 1 February 2025", "1,105 conflicts", "and 540 more")
		if n := strings.Count(body, "/agenda/sessions/"); n > 200 {
			t.Errorf("%d sessions are named at once", n)
		}
		said := d.shown(d.at("/agenda"), url.Values{})
		stale := maps.Clone(said)
		stale["version"] = []string{"7"}
		d.send(d.at("/agenda/dates"), stale, d.at("/agenda")) // somebody changed the event meanwhile
		d.see(d.at("/agenda"), "Somebody changed this", "The whole schedule lies outside")
		late := d.place("Much later", "Hall", time.Date(2025, 3, 5, 9, 0, 0, 0, time.UTC))
		d.send(d.at("/agenda/dates"), said, d.at("/agenda"))
		d.see(d.at("/agenda"), "The agenda was changed since you looked at it", "The whole schedule lies outside", "1 February – 5 March 2025")
		if _, err := d.Agenda.Withdraw(t.Context(), d.community.ID, late.ID, 0); err != nil {
			t.Fatal(err)
		}
		d.send(d.at("/agenda/dates"), said, d.at("/agenda"))
		if body := d.see(d.at("/agenda"), "takes place 1–2 February 2025"); strings.Contains(body, "The whole schedule lies outside") {
			t.Error("the event did not move")
		}
		// A published event does not move into the past: it would be over at once.
		if _, err := d.Events.Publish(t.Context(), d.community.ID, "summit", 0); err != nil {
			t.Fatal(err)
		}
		said.Set("version", "3")
		said.Set("confirmed", "1")
		d.send(d.at("/agenda/dates"), said, d.at("/agenda"))
		d.see(d.at("/agenda"), "cannot move to the days")
	})
}

// A release says whom it concerns before it happens; taken back, the one before it is public again, and the changelog and its feed tell that and no more.
func TestAReleaseIsTakenBackInTheConsole(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.onSale(5)
		page, start := d.at("/agenda/release"), d.event.StartsAt
		if _, err := d.Speakers.Add(t.Context(), d.community.ID, "summit", speakers.Input{Name: "Ada <Lovelace>", Email: "ada@example.org"}); err != nil {
			t.Fatal(err)
		}
		all, err := speakers.ByEvent(t.Context(), d.DB.Read(), d.community.ID, d.event.ID)
		if err != nil {
			t.Fatal(err)
		}
		opening := d.place("Opening & more", "Hall", start)
		if _, err := d.Agenda.UpdateSession(t.Context(), d.community.ID, opening.ID, 0, agenda.SessionInput{Title: opening.Title, Kind: agenda.Talk, Status: agenda.Confirmed, Minutes: 60, SpeakerIDs: []turnout.ID{all[0].ID}}); err != nil {
			t.Fatal(err)
		}
		d.see(page, "1 speaker", "Ada &lt;Lovelace&gt;", `name="tell" value="true" checked`)
		d.send(page, d.shown(page, url.Values{"version_name": {"1.0"}, "tell": {"true"}}), page)
		d.see(page, "Those concerned are told on", "public</span>", "1 speaker")
		d.place("A secret guest", "Hall", start.Add(3*time.Hour))
		if _, _, err := d.Agenda.Place(t.Context(), d.community.ID, opening.ID, 0, agenda.SlotInput{StartsAt: start.Add(2 * time.Hour), EndsAt: start.Add(3 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		d.send(page, d.shown(page, url.Values{"version_name": {"1.1"}, "note": {"The guest <3"}, "confirmed": {"confirmed"}}), page)
		changes, feed := "/e/summit/schedule/changes", "/e/summit/schedule/changes.atom"
		d.see("/e/summit/schedule", `href="`+changes+`"`)
		d.see(changes, "1.1", "A secret guest", "Opening &amp; more", "moved", "The guest &lt;3", "The first public schedule, with 1 session.")
		body := d.see(feed, "A secret guest", "Opening &amp;amp; more")
		var read struct {
			Entries []struct {
				ID      string `xml:"id"`
				Content string `xml:"content"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal([]byte(body), &read); err != nil || len(read.Entries) != 2 || !strings.Contains(read.Entries[0].Content, `Opening &amp; more</a>: moved`) {
			t.Errorf("the feed: %v %+v", err, read)
		}

		body = d.see(page, "Take “1.1” back?")
		back := d.at("/agenda/releases/rel_") + cut(t, body, d.at("/agenda/releases/rel_"), `"`)
		if answer, question := d.post(back, url.Values{}); answer.StatusCode != http.StatusOK || !strings.Contains(question, "Take “1.1” back?") {
			t.Errorf("not asked: %d %s", answer.StatusCode, excerpt(question))
		}
		d.send(back, url.Values{"confirmed": {"confirmed"}}, page)
		d.see(page, "“1.1” was taken back", "taken back</span>")
		for _, path := range []string{changes, feed, "/e/summit/schedule"} {
			if body := d.see(path); strings.Contains(body, "A secret guest") || strings.Contains(body, "The guest") {
				t.Errorf("%s still tells of what was taken back", path)
			}
		}
		d.see(changes, "Version “1.1” was taken back")
		if w, _ := d.post(d.at("/agenda/releases/rel_other/take-back"), url.Values{"confirmed": {"confirmed"}}); w.StatusCode != http.StatusNotFound {
			t.Errorf("of nobody: %d", w.StatusCode)
		}
		d.lang = "de"
		d.see(page, "„1.1“ wurde zurückgenommen")
		d.see(changes, "wurde zurückgenommen")
		d.see(feed)
	})
}
