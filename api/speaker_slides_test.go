package api

import (
	"errors"
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/events"
	"turnout/events/agenda"
	"turnout/events/speakers"
	"turnout/internal/blobs"
)

// Slides are what they say they are, are only ever saved, and are public when their speaker says so and the session is over.
func TestSlidesOfSpeakers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, mo, talk := d.speaking()
		v := d.stranger()
		for _, who := range []string{zoe, mo} {
			d.send(d.at("/speakers/"+who+"/link"), url.Values{"do": {"send"}}, d.at("/speakers/"+who))
		}
		page := v.speakLink("zoe@example.org")
		d.send(d.at("/speakers/wishes"), url.Values{"slides": {"1"}}, d.at("/speakers"))
		d.see(d.at("/speakers"), "No slides (2)")
		send := func(name string, file []byte, form url.Values) string {
			t.Helper()
			w, body := v.postFile(under(page, "/sessions/"+talk+"/slides"), form, "file", name, file)
			return v.told(page, w, body)
		}
		bomb := pack(t, "ppt/presentation.xml", "", "[Content_Types].xml", pptxTypes, "ppt/media/a.bin", strings.Repeat("\x00", 120<<20))
		for name, file := range map[string][]byte{
			"page.pdf": []byte("<html><script>alert(1)</script>"), "pack.pptx": pack(t, "a.txt", "x"), "macro.pptx": pack(t, "[Content_Types].xml", pptxTypes, "ppt/presentation.xml", "", "ppt/vbaProject.bin", ""),
			"text.odp": pack(t, "mimetype", "application/vnd.oasis.opendocument.text"), "broken.pptx": pack(t, "[Content_Types].xml", pptxTypes)[:40], "pdf.odp": pack(t, "mimetype", "application/pdf"),
			"macro.odp": pack(t, "mimetype", "application/vnd.oasis.opendocument.presentation", "Basic/Standard/Module1.xml", ""),
		} {
			if text := send(name, file, nil); !strings.Contains(text, "Send the slides as a PDF") {
				t.Errorf("%s: %s", name, excerpt(text))
			}
		}
		if text := send("bomb.pptx", bomb, nil); !strings.Contains(text, "too large") {
			t.Errorf("%d bytes that unpack to 120 MB: %s", len(bomb), excerpt(text))
		}
		if text := send("large.pdf", append([]byte("%PDF-"), make([]byte, 10<<20)...), nil); !strings.Contains(text, "larger than") && !strings.Contains(text, "too large") {
			t.Errorf("large: %s", excerpt(text))
		}
		send(`..\..\"evil"<b>.exe`, []byte("%PDF-1.7 slides"), url.Values{"public": {"1"}})
		send("talk.pptx", pack(t, "[Content_Types].xml", pptxTypes, "ppt/presentation.xml", ""), nil)
		send("talk.odp", pack(t, "mimetype", "application/vnd.oasis.opendocument.presentation"), nil)
		links := regexp.MustCompile(`href="([^"]+/slides/[^"]+)"`).FindAllStringSubmatch(v.see(page, "talk.pptx", "talk.odp", "evilb.pdf"), -1)
		if len(links) != 3 {
			t.Fatalf("%d files are listed", len(links))
		}
		first := html.UnescapeString(links[0][1])
		id := regexp.MustCompile(`sld_[^?]+`).FindString(first)
		w, body := v.ask(httptest.NewRequest("GET", baseURL+first, nil))
		if w.StatusCode != 200 || body != "%PDF-1.7 slides" || !strings.HasPrefix(w.Header.Get("Content-Disposition"), "attachment") || w.Header.Get("X-Content-Type-Options") != "nosniff" ||
			w.Header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("the file: %d %v", w.StatusCode, w.Header)
		}
		d.see(d.at("/speakers/"+zoe), "talk.odp", "Slides uploaded")
		if w, body := d.ask(httptest.NewRequest("GET", baseURL+d.at("/speakers/"+zoe+"/slides/"+id), nil)); w.StatusCode != 200 || body != "%PDF-1.7 slides" {
			t.Errorf("organisers get %d", w.StatusCode)
		}
		if w, _ := v.ask(httptest.NewRequest("GET", baseURL+"/pictures/"+id, nil)); w.StatusCode != 404 {
			t.Errorf("slides are no picture: %d", w.StatusCode)
		}
		send("4.pdf", []byte("%PDF-1"), nil)
		send("5.pdf", []byte("%PDF-1"), nil)
		if text := send("6.pdf", []byte("%PDF-1"), nil); !strings.Contains(text, "at most 5 files") {
			t.Errorf("a sixth: %s", excerpt(text))
		}
		d.publicSlides(v, page, id)
	})
}

// publicSlides holds the slides of a session to being public from its released end, as long as their speaker says so.
func (d *desk) publicSlides(v *desk, page, id string) {
	d.t.Helper()
	file := func(want int) {
		d.t.Helper()
		w, _ := v.ask(httptest.NewRequest("GET", baseURL+"/e/"+d.event.Slug+"/slides/"+id, nil))
		if w.StatusCode != want {
			d.t.Errorf("the public file: %d, want %d", w.StatusCode, want)
		}
	}
	file(404) // a draft
	d.api("POST", "/events/"+d.event.Slug+"/publish", nil, 200)
	file(404) // no release
	d.api("POST", "/events/"+d.event.Slug+"/agenda/releases", m{"version": "1"}, 201)
	file(404) // before the session
	past := time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Second)
	sessions, err := agenda.Titles(d.t.Context(), d.DB.Read(), d.community.ID, d.event.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	d.api("PUT", "/sessions/"+string(sessions[0].ID)+"/slot", m{"starts_at": past, "ends_at": past.Add(time.Hour)}, 200)
	file(404) // it is not released like that
	d.api("POST", "/events/"+d.event.Slug+"/agenda/releases", m{"version": "2"}, 201)
	file(200)
	d.touch(d.event.Slug)
	if body := v.see("/e/" + d.event.Slug + "/speakers"); !strings.Contains(body, "Łukasik&lt;/b&gt;") || strings.Contains(body, "@example.org") {
		d.t.Errorf("speakers: %s", excerpt(body))
	}
	own := regexp.MustCompile(`/speak/(spk_[^?]+)`).FindStringSubmatch(page)[1]
	v.see("/e/"+d.event.Slug+"/speakers/"+own, "Engines", "/slides/"+id)
	v.see("/e/"+d.event.Slug+"/schedule/"+d.guid(sessions[0].ID), "/slides/"+id, "/speakers/"+own)
	w, body := v.post(under(page, "/slides/"+id), url.Values{"do": {"private"}})
	v.told(page, w, body)
	file(404)
	w, body = v.post(under(page, "/slides/"+id), url.Values{"do": {"remove"}})
	v.told(page, w, body)
	w, body = v.post(under(page, "/slides/"+id), url.Values{"do": {"remove"}})
	if text := v.told(page, w, body); strings.Contains(text, "evilb.pdf") {
		d.t.Error("removed slides are there")
	}
	if _, err := blobs.Find(d.t.Context(), d.DB.Read(), id); err == nil {
		d.t.Error("their bytes are kept")
	}
}

func (d *desk) guid(session turnout.ID) string {
	s, err := d.Agenda.Session(d.t.Context(), d.community.ID, session)
	if err != nil {
		d.t.Fatal(err)
	}
	return s.GUID
}

// Public pages name who is in the released schedule, as it was released, and nobody else.
func TestPublicPagesOfSpeakers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, mo, talk := d.speaking()
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
		if status("/speakers/"+mo) != 404 || status("/speakers/spk_none") != 404 || status("/speakers/") == 200 {
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
		_, mo, talk := d.speaking()
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
		states, err := d.Agenda.SpeakerStates(t.Context(), d.event)
		if err != nil {
			t.Fatal(err)
		}
		off := *d.event
		off.Status = events.Canceled
		for _, ask := range []struct {
			event *events.Event
			at    time.Time
			want  int
		}{{d.event, time.Now(), 1}, {&off, time.Now(), 0}, {d.event, d.event.EndsAt, 0}} {
			if got := agenda.Waiting(ask.event, states, ask.at); len(got) != ask.want {
				t.Errorf("%d are asked at %s of an event that is %s, want %d", len(got), ask.at, ask.event.Status, ask.want)
			}
		}
		d.send(ask, url.Values{"confirmed": {"1"}}, d.at("/speakers"))
		if len(d.mails("max@example.org")) != 1 || len(d.mails("zoe@example.org")) != 2 {
			t.Error("who answered is asked again, or who did not is not")
		}
		again := v.speakLink("zoe@example.org")
		v.see(again, "Engines")
		if err := takeOff(d, talk, mo); err != nil {
			t.Fatal(err)
		}
		states, err = d.Agenda.SpeakerStates(t.Context(), d.event)
		if err != nil || fmt.Sprint(agenda.Waiting(d.event, states, time.Now().Add(2*time.Hour))) != "[]" {
			t.Errorf("who has no session is asked: %v", err)
		}
	})
}

// Who sent slides can take them back whatever became of the session, and organisers can remove them; nobody else can.
func TestSlidesAreTakenBack(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, mo, talk := d.speaking()
		first, second := d.sendSlides(zoe, talk), d.sendSlides(zoe, talk)
		at := d.at("/speakers/" + zoe)
		d.refuse(at+"/slides/"+second+"/remove", nil, 200, "Remove this file?")
		d.see(at, "Remove engines.pdf")
		d.send(at+"/slides/"+second+"/remove", url.Values{"confirmed": {"1"}}, at)
		d.send(at+"/link", url.Values{"do": {"send"}}, at)
		v := d.stranger()
		page := v.speakLink("zoe@example.org")
		if err := takeOff(d, talk, mo); err != nil {
			t.Fatal(err)
		}
		change := func(do string) string {
			t.Helper()
			w, body := v.post(under(page, "/slides/"+first), url.Values{"do": {do}})
			return v.told(page, w, body)
		}
		if text := change("public"); !strings.Contains(text, "not yours any more") {
			t.Errorf("made public by who speaks there no more: %s", excerpt(text))
		}
		d.send(d.at("/speakers/"+mo+"/link"), url.Values{"do": {"send"}}, d.at("/speakers/"+mo))
		if _, err := d.Agenda.Withdraw(t.Context(), d.community.ID, turnout.ID(talk), 0); err != nil {
			t.Fatal(err)
		}
		other := d.stranger()
		theirs := other.speakLink("max@example.org")
		w, body := other.post(under(theirs, "/slides/"+first), url.Values{"do": {"remove"}})
		if text := other.told(theirs, w, body); !strings.Contains(text, "not yours any more") {
			t.Errorf("removed by somebody else: %s", excerpt(text))
		}
		if _, err := blobs.Find(t.Context(), d.DB.Read(), first); err != nil {
			t.Fatal("the file is gone: ", err)
		}
		change("remove")
		for _, gone := range []string{first, second} {
			if _, err := blobs.Find(t.Context(), d.DB.Read(), gone); !errors.Is(err, turnout.ErrNotFound) {
				t.Errorf("a file that was removed: %v", err)
			}
		}
	})
}
