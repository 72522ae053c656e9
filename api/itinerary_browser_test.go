package api

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/events/agenda"
)

// Stars are pressed on the schedule, without a network too; another device opens the link and both show the same; the calendar holds what is marked.
func TestBrowserMarksSessions(t *testing.T) {
	b := openBuilder(t)
	b.place(1, b.rooms[1], 0)
	b.place(2, b.rooms[0], 90)
	b.api("POST", "/events/fest/agenda/releases", m{"version": "1.0"}, 201)
	base, _, _ := strings.Cut(b.door, "/door/")
	schedule := base + "/e/fest/schedule?view=list"
	star := func(title string) chromedp.CSS { return chromedp.CSS(fmt.Sprintf(`.fav[aria-label$=": %s"]`, title)) }
	shines := func(title string, on bool) {
		b.t.Helper()
		b.until(fmt.Sprintf(`document.querySelector(%q)?.getAttribute("aria-pressed") === "%t"`, string(star(title)), on), 10*time.Second)
	}
	told := func(n int64) { // the server, by all devices together
		b.t.Helper()
		var sum int64
		for range 100 {
			counts, err := agenda.Favourites(t.Context(), b.DB.Read(), event(b.doorway))
			if err != nil {
				t.Fatal(err)
			}
			sum = 0
			for _, count := range counts {
				sum += count
			}
			if sum == n {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("the server knows of %d stars, not %d", sum, n)
	}
	b.do(chromedp.Navigate(schedule), chromedp.WaitVisible(star("First")))
	shines("First", false)
	b.do(chromedp.Click(star("First")))
	shines("First", true)
	told(1)
	b.away.Store(true)
	b.do(chromedp.Click(star("Second")), chromedp.Click(star("First")), chromedp.WaitVisible(chromedp.CSS(".stars-failed")))
	shines("Second", true)
	shines("First", false)
	b.away.Store(false)
	b.do(chromedp.Reload()) // what was pressed is kept, and told now
	shines("Second", true)
	shines("First", false)
	told(1)
	b.do(chromedp.Click(star("First")))
	told(2)
	b.do(chromedp.Click(chromedp.CSS("[data-fav-only]")))
	b.until(`[...document.querySelectorAll(".session")].filter((each) => each.offsetParent).length === 2`, 5*time.Second)

	b.do(chromedp.Navigate(base + "/e/fest/my-agenda"))
	if text := b.seen("main"); !strings.Contains(text, "First") || !strings.Contains(text, "At the same time as another") {
		t.Errorf("my agenda says %s", text)
	}
	attribute := func(script string) string {
		b.t.Helper()
		text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script))
		if err != nil {
			b.t.Fatal(err)
		}
		return text
	}
	link, ics := attribute(`document.querySelector("#link").value`), attribute(`document.querySelector('a[href^="/e/"][href*=".ics"]').href`)
	answer, err := http.Get(ics)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || strings.Count(string(calendar), "BEGIN:VEVENT") != 2 || !strings.Contains(string(calendar), "SUMMARY:Second\r\n") {
		t.Errorf("the calendar: %v %s", err, calendar)
	}

	laptop, shut := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	defer shut()
	if err := chromedp.Do(laptop, chromedp.Navigate("about:blank")); err != nil { // starts it, under the context of the whole test
		t.Fatal(err)
	}
	b.ctx = laptop
	opened, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(schedule), chromedp.WaitVisible(star("Third")))
	shines("First", false)
	b.do(chromedp.Click(star("Third")))
	told(3)
	b.do(chromedp.Navigate(base+opened.RequestURI()), chromedp.WaitVisible(chromedp.CSS(`form[action*="/keep"]`)), chromedp.Click(chromedp.CSS(`form[action*="/keep"] button`)))
	b.until(`location.pathname.endsWith("/my-agenda") && document.querySelectorAll(".my-session").length === 3`, 10*time.Second)
	b.do(chromedp.Navigate(schedule))
	shines("First", true)
	shines("Third", true)
	// As a browser without scripts sends it: the star leads to the agenda.
	b.do(chromedp.Click(star("First")))
	told(2)
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const star = document.querySelector(%q); star.form.requestSubmit(star) })()`, string(star("First")))))
	told(3)
	b.until(`location.pathname.endsWith("/my-agenda") && document.querySelectorAll(".my-session").length === 3`, 10*time.Second)
}
