package api

import (
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda"
	"turnout/events/speakers"
)

// Public pages name who is in the released schedule, as it was released, and nobody else.
func TestPublicPagesOfSpeakers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, muster, talk := d.speaking()
		v := d.stranger()
		status := func(path string) int {
			w, _ := v.ask(httptest.NewRequest("GET", baseURL+"/e/"+d.event.Slug+path, nil))
			return w.StatusCode
		}
		d.api("POST", "/events/"+d.event.Slug+"/publish", nil, 200)
		v.see("/e/"+d.event.Slug+"/speakers", "No speakers are announced yet")
		if status("/speakers/"+zoe) != 404 {
			t.Error("there is a page before a release")
		}
		if err := takeOff(d, talk, zoe); err != nil {
			t.Fatal(err)
		}
		d.api("POST", "/events/"+d.event.Slug+"/agenda/releases", m{"version": "1"}, 201)
		sp, err := d.Speakers.Update(t.Context(), d.community.ID, turnout.ID(zoe), 0, speakers.Input{Name: "Renamed", Email: "zoe@example.org", Tagline: "<i>New</i>", Bio: "Later"})
		if err != nil {
			t.Fatal(err)
		}
		d.touch(d.event.Slug)
		body := v.see("/e/"+d.event.Slug+"/speakers/"+zoe, "Zoë &lt;b&gt;Łukasik", "&lt;i&gt;New", "Engines")
		if strings.Contains(body, "Renamed") || strings.Contains(body, "Later") || strings.Contains(body, "zoe@example") {
			t.Error("what was not released is public")
		}
		if status("/speakers/"+muster) != 404 || status("/speakers/spk_none") != 404 || status("/speakers/") == 200 {
			t.Error("who is not in the release has a page")
		}
		v.see("/e/"+d.event.Slug+"/schedule", "/e/"+d.event.Slug+"/speakers")
		if _, err := d.Speakers.SetPhoto(t.Context(), d.community.ID, sp.ID, 0, photo(t)); err != nil {
			t.Fatal(err)
		}
		d.touch(d.event.Slug)
		v.see("/e/"+d.event.Slug+"/speakers/"+zoe, "/pictures/")
		v.see("/e/"+d.event.Slug+"/speakers", "/pictures/")
		d.api("POST", "/events/"+d.event.Slug+"/agenda/releases", m{"version": "2"}, 201)
		d.touch(d.event.Slug)
		v.see("/e/"+d.event.Slug+"/speakers/"+zoe, "Renamed", "Later")
	})
}

// A link goes to all who have not answered, to each once, however often it is asked for.
func TestAllWhoHaveNotAnsweredAreAsked(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		_, muster, talk := d.speaking()
		ask := d.at("/speakers/ask")
		d.see(d.at("/speakers"))
		if w, body := d.post(ask, nil); w.StatusCode != 200 || !strings.Contains(body, "Each gets one e-mail") {
			t.Errorf("nobody is asked first: %d", w.StatusCode)
		}
		d.send(ask, url.Values{"confirmed": {"1"}}, d.at("/speakers"))
		d.see(d.at("/speakers"), "A link goes to 2 speakers", "Being sent: 0 of 2")
		d.send(ask, url.Values{"confirmed": {"1"}}, d.at("/speakers"))
		d.see(d.at("/speakers"), "Links are being sent already")
		for i, to := range []string{"zoe@example.org", "max@example.org"} {
			if n := len(d.mails(to)); n != 1 {
				t.Errorf("%d: %s was mailed %d times", i, to, n)
			}
		}
		d.see(d.at("/speakers"), "Last sent to 2 speakers", "There is nobody to write to now")
		d.send(ask, url.Values{"confirmed": {"1"}}, d.at("/speakers"))
		d.see(d.at("/speakers"), "There is nobody to send a link to")
		v := d.stranger()
		page := v.speakLink("max@example.org")
		answer := under(page, "/sessions/"+talk)
		w, body := v.post(answer, plus(sentUnseen(v.see(page), html.EscapeString(answer)), "answer", "confirmed"))
		v.told(page, w, body)
		if _, err := d.DB.Writer().NewUpdate().TableExpr("speaker_links").Set("created_at = ?", time.Now().UTC().Add(-2*time.Hour)).Where("community_id = ?", d.community.ID).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.send(ask, url.Values{"confirmed": {"1"}}, d.at("/speakers"))
		if len(d.mails("max@example.org")) != 1 || len(d.mails("zoe@example.org")) != 2 {
			t.Error("who answered is asked again, or who did not is not")
		}
		again := v.speakLink("zoe@example.org")
		v.see(again, "Engines")
		if err := takeOff(d, talk, muster); err != nil {
			t.Fatal(err)
		}
		states, err := d.Agenda.SpeakerStates(t.Context(), d.event)
		if err != nil || fmt.Sprint(agenda.Waiting(states, time.Now().Add(2*time.Hour))) != "[]" {
			t.Errorf("who has no session is asked: %v", err)
		}
	})
}
