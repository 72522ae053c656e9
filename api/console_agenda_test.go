package api

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda"
	"turnout/events/speakers"
	"turnout/internal/blobs"
)

func TestAgendaPages(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/agenda"), "No agenda yet")
		d.see(d.at("/agenda/release"), "Nothing to release")
		rooms, sessions := d.at("/agenda/rooms"), d.at("/agenda/sessions/")
		d.see(rooms, "No rooms yet")
		d.refuse(rooms, url.Values{"name": {"Stage"}, "capacity": {"x"}}, 422, "Seats: This must be a whole number", `value="Stage"`, `value="x"`)
		d.send(rooms, url.Values{"name": {"Stage 1"}, "capacity": {"80"}}, rooms)
		d.send(d.at("/agenda/tracks"), url.Values{"name": {"Databases"}, "color": {"#336699"}}, rooms)
		d.see(d.at("/speakers"), "No speakers yet")
		d.send(d.at("/speakers/new"), url.Values{"name": {"Ngozi Okafor"}, "email": {"ngozi@example.org"}}, d.at("/speakers"))
		d.refuse(d.at("/speakers/new"), url.Values{"name": {"Nobody"}, "email": {"@"}}, 422, "Nobody")
		a, err := d.Agenda.Agenda(t.Context(), d.community.ID, "summit")
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"title": {"Idle goroutines"}, "kind": {"talk"}, "status": {"confirmed"}, "duration_minutes": {"45"}, "speaker_ids": {string(a.Speakers[0].ID)}, "track_id": {string(a.Tracks[0].ID)}}
		d.refuse(sessions+"new", clone(form, "duration_minutes", "soon"), 422, "Idle goroutines", "whole number")
		first := d.send(sessions+"new", form, sessions)
		second := d.send(sessions+"new", clone(form, "title", "Another talk"), sessions)
		start := d.event.StartsAt.In(d.event.Location())
		slot := url.Values{"room_id": {string(a.Rooms[0].ID)}, "starts_at": {start.Format("2006-01-02T15:04")}, "ends_at": {start.Add(45 * 60e9).Format("2006-01-02T15:04")}}
		d.refuse(first+"/slot", clone(slot, "ends_at", "later"), 422, "no date and time")
		d.send(first+"/slot", slot, first)
		d.send(second+"/slot", slot, second)
		d.see(second, "conflict", "Idle goroutines")
		d.see(d.at("/agenda"), "2 conflicts", "Ngozi Okafor")
		d.see(d.at("/agenda?q=idle&state=conflicts"), "Idle goroutines")
		d.see(d.at("/agenda?q=nothing"), "No session fits")
		d.see(d.at("/agenda/release"), "2 conflicts are open")
		d.send(second+"/unplace", nil, second)
		d.send(second+"/withdraw", url.Values{"confirmed": {"1"}}, second)
		d.refuse(d.at("/agenda/release"), url.Values{"version_name": {""}}, 422, "This is needed")
		d.send(d.at("/agenda/release"), d.shown(d.at("/agenda/release"), url.Values{"version_name": {"1.0"}}), d.at("/agenda/release"))
		d.refuse(d.at("/agenda/release"), d.shown(d.at("/agenda/release"), url.Values{"version_name": {"1.0"}}), 409, "exists already")
		d.send(rooms+"/"+string(a.Rooms[0].ID)+"/remove", url.Values{"confirmed": {"1"}}, rooms)
		d.see(rooms, "still take place")
		d.see(d.at("/agenda/grid"), "Drag sessions", "needs JavaScript")
		d.lang = "de"
		for _, p := range []string{d.at("/agenda"), d.at("/agenda/grid"), rooms, sessions + "new", first, second, d.at("/agenda/release"), d.at("/agenda/import"), d.at("/speakers"),
			d.at("/speakers/new"), d.at("/speakers/" + string(a.Speakers[0].ID)), d.at("")} {
			d.see(p)
		}
	})
}

func TestImportPages(t *testing.T) {
	file, err := os.ReadFile("../../shared/real-data/schedules/fosdem-2025.schedule.xml")
	if os.IsNotExist(err) {
		t.Skip("shared/real-data is not beside the repository: no real schedule to import")
	}
	if err != nil {
		t.Fatal(err)
	}
	onDesk(t, func(t *testing.T, d *desk) {
		for _, bad := range [][]byte{[]byte("no schedule"), file[:len(file)/2], nil} {
			if w, body := d.upload(d.at("/agenda/import"), bad); w.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `class="errors"`) {
				t.Errorf("%d %s", w.StatusCode, excerpt(body))
			}
		}
		w, body := d.upload(d.at("/agenda/import"), file)
		if w.StatusCode != http.StatusOK || !strings.Contains(body, "1,105") {
			t.Fatalf("%d %s", w.StatusCode, excerpt(body))
		}
		d.sound("the dry run", body)
		if n, err := agenda.Count(t.Context(), d.DB.Read(), d.community.ID, d.event.ID); err != nil || n.Sessions != 0 {
			t.Fatalf("the dry run wrote: %+v, %v", n, err)
		}
		kept := confirmation(body)
		if kept.Get("upload") != blobs.Hash(file) {
			t.Errorf("the form holds %v", kept)
		}
		d.send(d.at("/agenda/import/confirm"), kept, d.at("/agenda"))
		d.see(d.at("/agenda"), "Imported: 1,105 new sessions", "1,105 sessions")
		d.send(d.at("/agenda/import/confirm"), kept, d.at("/agenda/import")) // used up
		d.see(d.at("/agenda/import"), "waited too long")
		if n := d.statements(d.at("/agenda")); n > 25 {
			t.Errorf("%d statements for the agenda", n)
		}
		d.lang = "de"
		if _, body := d.upload(d.at("/agenda/import"), file); !strings.Contains(body, "kein Programmpunkt ändert sich") {
			t.Errorf("the same file again: %s", excerpt(body))
		}
		d.see(d.at("/agenda/release"))
		d.see(d.at("/agenda?from=100"))
		if _, err := blobs.Find(t.Context(), d.DB.Read(), "import."+string(d.event.ID)+"."+blobs.Hash(file)); err != nil {
			t.Error("the last dry run's file does not wait for its answer")
		}
	})
}

// Whoever saves the form of a session as it is changes nothing, least of all who is named first. A warning is told on the session's page.
func TestTheFormOfASessionKeepsTheOrderOfItsSpeakers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		var who []turnout.ID
		for _, name := range []string{"Zoë", "Mo", "Ada"} {
			sp, err := d.Speakers.Add(t.Context(), d.community.ID, "summit", speakers.Input{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			who = append(who, sp.ID)
		}
		tracks := d.at("/agenda/tracks")
		d.send(tracks, url.Values{"name": {"Engines"}, "color": {"#336699"}}, d.at("/agenda/rooms"))
		a, err := d.Agenda.Agenda(t.Context(), d.community.ID, "summit")
		if err != nil {
			t.Fatal(err)
		}
		var first *agenda.Session
		for _, title := range []string{"One", "Two"} {
			if first, err = d.Agenda.AddSession(t.Context(), d.community.ID, "summit", agenda.SessionInput{Title: title, Kind: agenda.Talk, Status: agenda.Confirmed, Minutes: 30, TrackID: a.Tracks[0].ID}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := d.Agenda.Place(t.Context(), d.community.ID, first.ID, 0, agenda.SlotInput{StartsAt: d.event.StartsAt, EndsAt: d.event.StartsAt.Add(30 * time.Minute)}); err != nil {
				t.Fatal(err)
			}
		}
		page := d.at("/agenda/sessions/" + string(first.ID))
		save := func(ids ...string) []turnout.ID {
			t.Helper()
			form := url.Values{"title": {"Two"}, "kind": {"talk"}, "status": {"confirmed"}, "duration_minutes": {"30"}, "track_id": {string(a.Tracks[0].ID)}, "speaker_ids": ids}
			for _, hidden := range regexp.MustCompile(`name="version" value="(\d+)"`).FindAllStringSubmatch(d.see(page), 1) {
				form.Set("version", hidden[1])
			}
			d.send(page, form, page)
			s, err := d.Agenda.Session(t.Context(), d.community.ID, first.ID)
			if err != nil {
				t.Fatal(err)
			}
			return s.SpeakerIDs
		}
		save(string(who[0]), string(who[2]))
		var sent []string
		for _, box := range regexp.MustCompile(`name="speaker_ids" value="([^"]+)" checked`).FindAllStringSubmatch(d.see(page, "worth a look", "of one track"), -1) {
			sent = append(sent, box[1])
		}
		if kept := save(sent...); !slices.Equal(kept, []turnout.ID{who[0], who[2]}) {
			t.Errorf("saved as it was: %v, want %v and %v", kept, who[0], who[2])
		}
	})
}
