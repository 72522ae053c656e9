package api

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout"
	"turnout/events/speakers"
	"turnout/internal/mail"
)

// A session that is dragged to a time when its speaker cannot be there says so, as the server does; what the speaker says meanwhile is heard by an open grid.
func TestBrowserSaysWhoCannotBeThere(t *testing.T) {
	b := openBuilder(t)
	minute := b.number(`document.querySelector(".plan-times").getBoundingClientRect().height / Number(document.querySelector(".plan-board").style.getPropertyValue("--long"))`)
	x, y := b.point(b.card(1), 0.5, 0.1)
	_, top := b.point(b.card(0), 0.5, 0)
	attic, _ := b.point(chromedp.CSS(`[data-room="`+b.rooms[1]+`"]`), 0.5, 0)
	b.drags(x, y, attic, top+120*minute+2, true)
	b.stands(1, 1, 120, 60)
	start := event(b.doorway).StartsAt
	who := b.speaker()
	if _, err := b.Speakers.SetTimes(b.ctx, who.CommunityID, who.ID, who.Version, []speakers.Window{{StartsAt: start, EndsAt: start.Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	clash := fmt.Sprintf(`document.querySelectorAll("[data-room='%s'] .plan-clash").length === 1`, b.rooms[1])
	b.until(clash, 20*time.Second) // heard
	x, y = b.point(b.card(1), 0.5, 0.1)
	b.drags(x, y, x, y+60*minute, false)
	if said := b.seen("[data-hover]"); !strings.Contains(said, "Ngozi Okafor: cannot be there then.") {
		t.Errorf("while it is dragged: %s", said)
	}
	b.drags(x, y+60*minute, x, y+60*minute, true)
	b.stands(1, 1, 180, 60)
	b.api("GET", "/events/fest/agenda/conflicts", nil, 200).is("availability", "items", 0, "kind")
	if _, err := b.Speakers.SetTimes(b.ctx, who.CommunityID, who.ID, 0, nil); err != nil {
		t.Fatal(err)
	}
	b.until("!("+clash+")", 20*time.Second)
}

// speaker is the builder's one.
func (b *builder) speaker() *speakers.Speaker {
	b.t.Helper()
	id := b.api("GET", "/events/fest/speakers", nil, 200).text1("items", 0, "id")
	sp, err := speakers.Find(b.ctx, b.DB.Read(), b.community.ID, turnout.ID(id))
	if err != nil {
		b.t.Fatal(err)
	}
	return sp
}

// refusesLargeFiles chooses a photo that is too large: the page says so at once, and the server does when it is sent all the same.
func (b *builder) refusesLargeFiles(folder string, says func(string)) {
	b.t.Helper()
	large := filepath.Join(folder, "large.jpg")
	if err := os.WriteFile(large, bytes.Repeat([]byte{0xff}, 20<<20), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{large}))
	b.until(`document.querySelector("#f-file").validationMessage.includes("larger than 10 MB")`, 5*time.Second)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#f-file").form.submit()`)) // which asks nothing of the fields
	says("This file is larger than 10 MB")
}

// A speaker opens the link, confirms, sends photo and slides on a phone; the organiser sees it.
func TestBrowserASpeakerAnswers(t *testing.T) {
	b := openBuilder(t)
	base, _, _ := strings.Cut(b.door, "/door/")
	who := b.speaker()
	if _, err := b.Speakers.Update(b.ctx, who.CommunityID, who.ID, 0, speakers.Input{Name: who.Name, Email: "ngozi@example.org"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Speakers.SendLink(b.ctx, who.CommunityID, who.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := b.runner.Drain(b.ctx); err != nil {
		t.Fatal(err)
	}
	mails, err := mail.List(b.ctx, b.DB.Read(), b.community.ID, false, "", 1)
	if err != nil || len(mails) != 1 || mails[0].To != "ngozi@example.org" {
		t.Fatalf("the mail: %+v, %v", mails, err)
	}
	folder := t.TempDir()
	face, slides := filepath.Join(folder, "face.jpg"), filepath.Join(folder, "engines.pdf")
	for name, data := range map[string][]byte{face: photo(t), slides: []byte("%PDF-1.7 engines")} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says := func(text string) {
		t.Helper()
		b.until(fmt.Sprintf(`document.readyState === "complete" && document.body.innerText.includes(%q)`, text), 10*time.Second)
	}
	b.do(chromedp.EmulateViewport(390, 844))
	b.do(chromedp.Navigate(base + regexp.MustCompile(`/speak/\S+`).FindString(mails[0].Text)))
	says("First")
	if wide := b.number(`document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("the page is %v pixels wider than a phone", wide)
	}
	form := `form[action*="/sessions/` + b.sessions[0]
	b.do(chromedp.Click(chromedp.CSS(form + `?"] [value=confirmed]`)))
	says("your session is confirmed")
	b.refusesLargeFiles(folder, says)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#f-file"), []string{face}), chromedp.Click(chromedp.CSS(`form[action*="/photo"] .btn`)))
	b.until(`document.readyState === "complete" && document.querySelector(".speak-photo img")?.naturalWidth === 640`, 10*time.Second)
	b.do(chromedp.Click(chromedp.CSS(`details:has(#slides-`+b.sessions[0]+`) summary`)), chromedp.SetUploadFiles(chromedp.CSS("#slides-"+b.sessions[0]), []string{slides}),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const form = document.querySelector(%q); form.elements.public.checked = true; form.requestSubmit() })()`, form+`/slides?"]`)))
	says("engines.pdf")

	b.do(chromedp.EmulateViewport(1400, 1000))
	b.do(chromedp.Navigate(base + "/console/events/fest/speakers/" + string(who.ID)))
	said := b.seen("main")
	for _, want := range []string{"Confirmed", "Not answered", "engines.pdf", "Public once the session is over", "Session confirmed", "Opened"} {
		if !strings.Contains(said, want) {
			t.Errorf("the organiser does not see %q: %s", want, said)
		}
	}
	if width := b.number(`document.querySelector(".avatar-xl img").naturalWidth`); width != 640 {
		t.Errorf("the organiser sees a photo of %v pixels", width)
	}
}
