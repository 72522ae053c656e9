package api

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"turnout/events/agenda"
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
