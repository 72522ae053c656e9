package api

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"html"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"turnout"
	"turnout/events/agenda"
	"turnout/events/organisers"
	"turnout/events/speakers"
	"turnout/internal/blobs"
)

// sendSlides has a speaker send slides of a session, and gives their id.
func (d *desk) sendSlides(speaker, session string) string {
	d.t.Helper()
	sp, err := speakers.Find(d.t.Context(), d.DB.Read(), d.community.ID, turnout.ID(speaker))
	if err != nil {
		d.t.Fatal(err)
	}
	made, err := d.Agenda.AddSlides(d.t.Context(), sp, turnout.ID(session), "engines.pdf", []byte("%PDF-1.7\n"), true)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(made.ID)
}

// speakLink gives the path of the page to which the last link led that was mailed to an address.
func (d *desk) speakLink(to string) string {
	d.t.Helper()
	mails := d.mails(to)
	if len(mails) == 0 {
		d.t.Fatalf("nothing was mailed to %s", to)
	}
	found := regexp.MustCompile(`/speak/[^\s]+`).FindString(mails[len(mails)-1].Text)
	if found == "" {
		d.t.Fatalf("no link in %q", mails[len(mails)-1].Text)
	}
	return found
}

// under gives the path of something below a speaker's page, with the secret.
func under(page, rest string) string {
	path, query, _ := strings.Cut(page, "?")
	return path + rest + "?" + query
}

// told gives what a speaker's page says after they were led back to it.
func (d *desk) told(page string, w *http.Response, body string) string {
	d.t.Helper()
	if w.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("%d instead of back to the page: %s", w.StatusCode, excerpt(body))
	}
	if want, _, _ := strings.Cut(w.Header.Get("Location"), "#"); want != page {
		d.t.Errorf("led to %q instead of %q", want, page)
	}
	return html.UnescapeString(d.see(page))
}

// photo is a picture with what a camera notes of the place.
func photo(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 800, 600))
	for i := range 800 {
		img.Set(i, i%600, color.RGBA{uint8(i), 90, 200, 255})
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	exif := append([]byte{0xff, 0xe1, 0, 0}, []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08GPSLatitude 52.5")...)
	binary.BigEndian.PutUint16(exif[2:], uint16(len(exif)-2))
	return append(append(out.Bytes()[:2:2], exif...), out.Bytes()[2:]...)
}

// enormous is a small PNG that claims to be 30,000 pixels wide and high.
func enormous(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	data := out.Bytes()
	binary.BigEndian.PutUint32(data[16:], 30_000)
	binary.BigEndian.PutUint32(data[20:], 30_000)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// pack makes a ZIP file of names and contents.
func pack(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte(files[i+1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const pptxTypes = `<Types><Override ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`

// speaking gives the desk's event two speakers of one session, the first with an address, and one with neither.
func (d *desk) speaking() (zoe, mo, talk string) {
	d.t.Helper()
	at := "/events/" + d.event.Slug
	room := d.api("POST", at+"/rooms", m{"name": "Aula"}, 201).text1("id")
	zoe = d.api("POST", at+"/speakers", m{"name": "Zoë <b>Łukasik</b>", "email": "zoe@example.org"}, 201).text1("id")
	mo = d.api("POST", at+"/speakers", m{"name": "Max Muster", "email": "max@example.org"}, 201).text1("id")
	d.api("POST", at+"/speakers", m{"name": "Nobody Known"}, 201)
	talk = d.api("POST", at+"/sessions", m{"title": "Engines", "kind": "talk", "duration_minutes": 30, "speaker_ids": []string{zoe, mo}}, 201).text1("id")
	d.api("PUT", "/sessions/"+talk+"/slot", m{"room_id": room, "starts_at": d.event.StartsAt, "ends_at": d.event.StartsAt.Add(30 * time.Minute)}, 200)
	return zoe, mo, talk
}

// sentUnseen gives what a form of a page sends back unseen.
func sentUnseen(body, action string) url.Values {
	_, form, _ := strings.Cut(body, `action="`+action)
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	for _, found := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		values.Set(found[1], html.UnescapeString(found[2]))
	}
	return values
}

func plus(values url.Values, more ...string) url.Values {
	out := url.Values{}
	for name, v := range values {
		out[name] = v
	}
	for i := 0; i < len(more); i += 2 {
		out.Set(more[i], more[i+1])
	}
	return out
}

// By the link that was mailed, a speaker confirms a session; when it moves, the confirmation is of another time.
func TestSpeakersConfirmByTheirLink(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, mo, talk := d.speaking()
		at := d.at("/speakers/" + zoe)
		d.see(d.at("/speakers"), "Not confirmed (2)", "No e-mail (1)", "Send a link to 2 who have not answered", "Zoë &lt;b&gt;Łukasik&lt;/b&gt;")
		d.send(at+"/link", url.Values{"do": {"send"}}, at)
		d.see(at, "The link was sent.", "Not opened yet")
		d.send(at+"/link", url.Values{"do": {"send"}}, at)
		d.see(at, "A link was sent a moment ago")
		if n := len(d.mails("zoe@example.org")); n != 1 {
			t.Errorf("%d mails for one link", n)
		}
		v := d.stranger()
		page := v.speakLink("zoe@example.org")
		body := v.see(page, "Engines", "Not answered", "Aula", "1 to answer", "any time is fine", "data-my-time")
		if strings.Contains(body, "<b>Łukasik") {
			t.Error("a name is not escaped")
		}
		answer := under(page, "/sessions/"+talk)
		seen := sentUnseen(body, html.EscapeString(answer))
		if len(seen) != 2 {
			t.Fatalf("the form of the answer sends %v", seen)
		}
		w, body := v.post(answer, plus(seen, "answer", "maybe"))
		if text := v.told(page, w, body); !strings.Contains(text, "Say whether you confirm this session") {
			t.Errorf("neither yes nor no: %s", excerpt(text))
		}
		for range 2 { // twice is once
			v.told(page, func() *http.Response { w, body = v.post(answer, plus(seen, "answer", "confirmed")); return w }(), body)
		}
		v.see(page, "Confirmed", "Answered")
		item := func(i int, path ...any) any {
			return d.api("GET", "/events/"+d.event.Slug+"/speakers", nil, 200).at(append([]any{"items", i}, path...)...)
		}
		if item(2, "sessions", 0, "answer") != "confirmed" || item(2, "link", "opened_at") == nil || item(0, "sessions", 0, "answer") != "pending" {
			t.Errorf("the program hears %v and %v", item(2), item(0))
		}
		d.api("GET", "/events/"+d.event.Slug+"/speakers?missing=answer", nil, 200).is("Max Muster", "items", 0, "name")
		d.api("GET", "/events/"+d.event.Slug+"/speakers?missing=answer&limit=1&cursor="+mo, nil, 200).is(nil, "next_cursor")
		d.see(at, "Session confirmed", "The speaker", "Opened")

		d.api("PUT", "/sessions/"+talk+"/slot", m{"starts_at": d.event.StartsAt.Add(time.Hour), "ends_at": d.event.StartsAt.Add(90 * time.Minute)}, 200)
		v.see(page, "Changed since the answer", "Please answer again")
		d.see(at, "Changed since the answer")
		w, body = v.post(answer, plus(seen, "answer", "confirmed"))
		if text := v.told(page, w, body); !strings.Contains(text, "This session was moved since you opened the page") {
			t.Errorf("an answer to the old time: %s", excerpt(text))
		}
		now := sentUnseen(v.see(page), html.EscapeString(answer))
		w, body = v.post(answer, plus(now, "answer", "declined"))
		v.told(page, w, body)
		d.see(d.at("/speakers?missing=declined"), "Declined (1)", "Łukasik")

		d.api("GET", "/events/"+d.event.Slug+"/agenda", nil, 200)
		if err := takeOff(d, talk, mo); err != nil {
			t.Fatal(err)
		}
		w, body = v.post(answer, plus(now, "answer", "confirmed"))
		if text := v.told(page, w, body); !strings.Contains(text, "This session is not yours any more") || !strings.Contains(text, "You have no session yet") {
			t.Errorf("a session that is theirs no more: %s", excerpt(text))
		}
		w, body = v.postFile(under(page, "/sessions/"+talk+"/slides"), nil, "file", "x.pdf", []byte("%PDF-1.7"))
		if text := v.told(page, w, body); !strings.Contains(text, "This session is not yours any more") {
			t.Errorf("slides of another's session: %s", excerpt(text))
		}
	})
}

// What a speaker says on the phone is noted by an organiser, under the organiser's name, and to the times that the organiser saw.
func TestOrganisersAnswerForSpeakers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, _, talk := d.speaking()
		at := d.at("/speakers/" + zoe)
		answer := at + "/answers/" + talk
		seen := sentUnseen(d.see(at, "They confirmed", "They declined"), answer)
		d.send(answer, plus(seen, "answer", "confirmed"), at)
		body := d.see(at, "Confirmed", "Session confirmed")
		if strings.Contains(body, "They confirmed") || !strings.Contains(body, "They declined") || strings.Contains(body, "The speaker</bdi>") {
			t.Error("an answer that was given is offered again, or said to be the speaker's own deed")
		}
		d.see(d.at("/speakers"), "Not confirmed (1)")
		d.api("PUT", "/sessions/"+talk+"/slot", m{"starts_at": d.event.StartsAt.Add(time.Hour), "ends_at": d.event.StartsAt.Add(90 * time.Minute)}, 200)
		d.send(answer, plus(seen, "answer", "declined"), at)
		d.see(at, "This session was moved since you opened the page", "Changed since the answer", "They confirmed")
		if w, _ := d.post(at+"/answers/"+string(turnout.NewID("ses")), plus(seen, "answer", "confirmed")); w.StatusCode != http.StatusNotFound {
			t.Errorf("an answer to no session of theirs: %d", w.StatusCode)
		}
	})
}

// takeOff leaves a session to one speaker.
func takeOff(d *desk, session, stays string) error {
	s, err := d.Agenda.Session(d.t.Context(), d.community.ID, turnout.ID(session))
	if err == nil {
		_, err = d.Agenda.UpdateSession(d.t.Context(), d.community.ID, s.ID, 0, agenda.SessionInput{Title: s.Title, Kind: s.Kind, Minutes: s.Minutes, SpeakerIDs: []turnout.ID{turnout.ID(stays)}})
	}
	return err
}

// A link opens one speaker's page: not with a wrong secret, not another's page, not once it was renewed, ended, or its address changed, and not for ever.
func TestLinksOfSpeakersEnd(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, mo, _ := d.speaking()
		at, v := d.at("/speakers/"+zoe), d.stranger()
		closed := func(page, why string) {
			t.Helper()
			for _, r := range []*http.Request{httptest.NewRequest("GET", baseURL+page, nil), httptest.NewRequest("POST", baseURL+page, strings.NewReader("name=x&version=1"))} {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if w, body := v.ask(r); w.StatusCode != http.StatusNotFound || strings.Contains(body, "Engines") {
					t.Errorf("%s: %s answers %d", why, r.Method, w.StatusCode)
				}
			}
		}
		send := func(do string) string {
			t.Helper()
			d.send(at+"/link", url.Values{"do": {do}}, at)
			return v.speakLink("zoe@example.org")
		}
		first := send("send")
		v.see(first)
		closed(first+"x", "a wrong secret")
		closed("/speak/"+zoe, "no secret")
		closed(strings.Replace(first, zoe, mo, 1), "another's page")
		second := send("renew")
		closed(first, "a renewed link")
		v.see(second, "Engines")
		d.send(at, url.Values{"name": {"Zoë"}, "email": {"new@example.org"}, "version": {"1"}}, d.at("/speakers"))
		closed(second, "a link to the old address")
		d.send(at+"/link", url.Values{"do": {"send"}}, at)
		third := v.speakLink("new@example.org")
		v.see(third)
		d.send(at+"/link", url.Values{"do": {"end"}}, at)
		closed(third, "an ended link")
		if _, err := d.DB.Writer().NewUpdate().TableExpr("speaker_links").Set("ended_at = NULL").Where("speaker_id = ?", zoe).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.see(third)
		long := time.Now().UTC().Add(-speakers.LinksAfter - time.Hour)
		if _, err := d.DB.Writer().NewUpdate().TableExpr("events").Set("starts_at = ?, ends_at = ?", long.Add(-time.Hour), long).Where("id = ?", d.event.ID).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		closed(third, "long after the event")

		other := d.api("POST", "/events", eventBody("elsewhere"), 201)
		_ = other
		d.refuse("/console/events/elsewhere/speakers/"+zoe+"/link", url.Values{"do": {"send"}}, 404)
		d.refuse(d.at("/speakers/spk_none/link"), url.Values{"do": {"send"}}, 404)
		d.refuse("/console/events/elsewhere/speakers/"+zoe+"/times", url.Values{"version": {"1"}}, 404)
		viewer := d.colleague(organisers.Viewer)
		if w, _ := viewer.post(at+"/link", url.Values{"do": {"send"}}); w.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer sends links: %d", w.StatusCode)
		}
	})
}

// What a speaker says of themselves is saved by version, and what they type wrongly is shown again.
func TestSpeakersEditTheirProfile(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, _, talk := d.speaking()
		at, v := d.at("/speakers/"+zoe), d.stranger()
		d.send(at+"/link", url.Values{"do": {"send"}}, at)
		page := v.speakLink("zoe@example.org")
		form := url.Values{"name": {"Zoë"}, "tagline": {"<i>Engineer</i>"}, "pronouns": {"she/her"}, "bio": {"I **build** <script>alert(1)</script>"}, "email": {"thief@example.org"}, "version": {"1"}}
		v.send(page, form, page)
		v.see(page, "Saved.", "Hello Zoë", "&lt;i&gt;Engineer", "she/her")
		sp, err := speakers.Find(t.Context(), d.DB.Read(), d.community.ID, turnout.ID(zoe))
		if err != nil || sp.Email != "zoe@example.org" || sp.Tagline != "<i>Engineer</i>" || sp.Version != 2 {
			t.Errorf("saved %+v, %v", sp, err)
		}
		d.see(at, "Speaker changed: name, biography, tagline, pronouns", "The speaker")
		v.refuse(page, plus(form, "name", "Other"), 412, "Other") // the version that was seen before
		d.refuse(at, url.Values{"name": {"Organiser's"}, "email": {"zoe@example.org"}, "version": {"1"}}, 412, "Organiser&#39;s")
		v.refuse(page, plus(form, "name", " ", "version", "2"), 422, "Name: This is needed")
		v.refuse(page, plus(form, "tagline", strings.Repeat("x", 201), "version", "2"), 422, "Tagline: ")

		times := under(page, "/times")
		begin := d.event.StartsAt.In(d.event.Location())
		wall := func(hours int) string { return begin.Add(time.Duration(hours) * time.Hour).Format("2006-01-02T15:04") }
		v.refuse(times, url.Values{"version": {"2"}, "times[0].starts_at": {wall(2)}, "times[0].ends_at": {wall(1)}, "times[1].starts_at": {wall(3)}}, 422, "The end must come after the start", "Until: ", wall(3))
		v.refuse(times, url.Values{"version": {"2"}, "times[0].starts_at": {"soon"}, "times[0].ends_at": {wall(1)}}, 422, "soon")
		v.refuse(times, url.Values{"version": {"1"}, "times[0].starts_at": {wall(1)}, "times[0].ends_at": {wall(2)}}, 412)
		v.send(times, url.Values{"version": {"2"}, "times[3].starts_at": {wall(1)}, "times[3].ends_at": {wall(2)}, "times[5].starts_at": {wall(2)}, "times[5].ends_at": {wall(3)}}, page)
		v.see(page, `value="`+wall(1)+`"`, `value="`+wall(3)+`"`)
		got := d.api("GET", "/speakers/"+zoe+"/availability", nil, 200)
		got.is(d.event.StartsAt.Add(time.Hour).Format(time.RFC3339), "times", 0, "starts_at")
		got.is(d.event.StartsAt.Add(3*time.Hour).Format(time.RFC3339), "times", 0, "ends_at")
		d.api("GET", "/events/"+d.event.Slug+"/agenda/conflicts", nil, 200).is("availability", "items", 0, "kind")
		d.see(d.at("/agenda"), "A speaker cannot be there")
		d.see(d.at("/agenda/sessions/"+talk), "Zoë cannot be there at the time of “Engines”")
		draft := d.api("GET", "/events/"+d.event.Slug+"/agenda/draft", nil, 200)
		draft.is(d.event.StartsAt.Add(time.Hour).Format(time.RFC3339), "speakers", 1, "times", 0, "starts_at")
		d.api("PUT", "/speakers/"+zoe+"/availability", m{"times": []m{}}, 412, "If-Match", `"2"`)
		d.api("PUT", "/speakers/"+zoe+"/availability", m{"times": []m{{"starts_at": d.event.EndsAt, "ends_at": d.event.StartsAt}}}, 422).is("times[0].ends_at", "fields", 0, "name")
		d.send(at+"/times", url.Values{"version": {"3"}}, at)
		d.see(at, "any time is fine", "Speaker&#39;s availability set")
		if conflicts := d.api("GET", "/events/"+d.event.Slug+"/agenda/conflicts", nil, 200).at("items").([]any); len(conflicts) != 0 {
			t.Errorf("without times: %v", conflicts)
		}
		d.see(at+"/preview", "This is what the speaker sees", "Engines")
		if body := d.see(at + "/preview"); strings.Contains(body, "secret=") || strings.Contains(body, "/speak/"+zoe+"/photo") {
			t.Error("the preview can be acted on")
		}
	})
}

// A photo is drawn anew without what its camera noted; what is none, or too much, is refused and changes nothing.
func TestPhotosOfSpeakers(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		zoe, _, _ := d.speaking()
		at, v := d.at("/speakers/"+zoe), d.stranger()
		d.send(at+"/link", url.Values{"do": {"send"}}, at)
		page := v.speakLink("zoe@example.org")
		send := func(version string, file []byte) string {
			t.Helper()
			w, body := v.postFile(under(page, "/photo"), url.Values{"version": {version}}, "file", "me.jpg", file)
			return v.told(page, w, body)
		}
		for _, wrong := range []struct {
			name, says string
			file       []byte
		}{
			{"SVG", "not a picture", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
			{"a web page called a photo", "not a picture", []byte("<html><script>alert(1)</script>")},
			{"a broken JPEG", "not a picture", photo(t)[:300]},
			{"a PNG that claims to be enormous", "too large", enormous(t)},
			{"eleven megabytes", "larger than", bytes.Repeat([]byte{0xff}, 11<<20)},
			{"nothing", "Choose a file first", nil},
			{"an old version", "changed", nil},
		} {
			version, file := "1", wrong.file
			if wrong.name == "an old version" {
				version, file = "7", photo(t)
			}
			if text := send(version, file); !strings.Contains(text, wrong.says) {
				t.Errorf("%s: %s", wrong.name, excerpt(text))
			}
		}
		if sp, err := speakers.Find(t.Context(), d.DB.Read(), d.community.ID, turnout.ID(zoe)); err != nil || sp.PhotoHash != "" || sp.Version != 1 {
			t.Fatalf("after what was refused: %+v, %v", sp, err)
		}
		send("1", photo(t))
		sp, err := speakers.Find(t.Context(), d.DB.Read(), d.community.ID, turnout.ID(zoe))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := blobs.Find(t.Context(), d.DB.Read(), sp.PhotoHash)
		if err != nil || bytes.Contains(kept.Data, []byte("GPS")) || kept.ContentType != "image/jpeg" {
			t.Fatalf("kept %v", err)
		}
		small, err := blobs.Find(t.Context(), d.DB.Read(), blobs.Variant(sp.PhotoHash, speakers.PhotoWidths[1]))
		if err != nil {
			t.Fatal(err)
		}
		if config, err := jpeg.DecodeConfig(bytes.NewReader(small.Data)); err != nil || config.Width != 160 || config.Height != 120 {
			t.Errorf("small: %+v, %v", config, err)
		}
		w, _ := v.ask(httptest.NewRequest("GET", baseURL+"/pictures/"+sp.PhotoHash, nil))
		if w.StatusCode != 200 || !strings.Contains(w.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("the photo: %d %v", w.StatusCode, w.Header)
		}
		v.see(page, "/pictures/"+sp.PhotoHash)
		w, body := v.postFile(under(page, "/photo"), url.Values{"version": {"2"}, "remove": {"1"}}, "file", "", nil)
		if text := v.told(page, w, body); strings.Contains(text, "/pictures/") {
			t.Error("a removed photo is there")
		}
		d.photosGoAlone(turnout.ID(zoe), sp.PhotoHash)
	})
}

// photosGoAlone sees that a photo's bytes go when it is removed, replaced, or with its speaker, and that nobody else's go.
func (d *desk) photosGoAlone(zoe turnout.ID, removed string) {
	t := d.t
	t.Helper()
	there := func(hash string) bool {
		_, err := blobs.Find(t.Context(), d.DB.Read(), hash)
		_, small := blobs.Find(t.Context(), d.DB.Read(), blobs.Variant(hash, speakers.PhotoWidths[1]))
		if (err == nil) != (small == nil) {
			t.Errorf("of two sizes one is there: %v, %v", err, small)
		}
		return err == nil
	}
	put := func(id turnout.ID, file []byte) string {
		sp, err := d.Speakers.SetPhoto(t.Context(), d.community.ID, id, 0, file)
		if err != nil {
			t.Fatal(err)
		}
		return sp.PhotoHash
	}
	if there(removed) {
		t.Error("the bytes of a removed photo stay")
	}
	same := photo(t.(*testing.T))
	mo := turnout.ID(d.api("POST", "/events/"+d.event.Slug+"/speakers", m{"name": "Twin"}, 201).text1("id"))
	hers, his := put(zoe, same), put(mo, same)
	if again := put(zoe, same); again != hers || !there(hers) {
		t.Error("the same photo once more is another, or gone")
	}
	var other bytes.Buffer
	if err := png.Encode(&other, image.NewGray(image.Rect(0, 0, 300, 300))); err != nil {
		t.Fatal(err)
	}
	if put(zoe, other.Bytes()) == hers || there(hers) || !there(his) {
		t.Error("a replaced photo stays, or took the twin's with it")
	}
	d.send(d.at("/speakers/"+string(mo)+"/remove"), url.Values{"confirmed": {"confirmed"}}, d.at("/speakers"))
	if there(his) {
		t.Error("the photo of a removed speaker stays")
	}
}
