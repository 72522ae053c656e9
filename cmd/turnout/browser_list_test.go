package main

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// TestBrowserSearchesLists searches each list as one types: Back brings the whole page of the search before.
func TestBrowserSearchesLists(t *testing.T) {
	if os.Getenv("TURNOUT_TEST_BROWSER") == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	s := start(t, dbtest.Address(t, database.SQLite), true, "TURNOUT_RATE_LIMIT=off")
	b := openBrowser(t, s.url, 1440, 1000)
	b.signIn("/console/events/lighthouse-conf-8/orders", "organiser@example.org", "organiser of the demo")
	search := chromedp.CSS(`[name="search"]`)
	for _, list := range []string{"orders", "attendees", "vouchers", "waitlist"} {
		b.open("/console/events/lighthouse-conf-8/" + list)
		b.do(chromedp.SendKeys(search, "ann"))
		b.until(`location.search.includes("search=ann")`)
		b.do(chromedp.SendKeys(search, "x"))
		b.until(`location.search.includes("search=annx")`)
		b.do(chromedp.Evaluate[chromedp.Void](`history.back()`))
		b.until(`document.querySelector("h1") !== null && document.querySelector('[name="search"]').value === "ann"`)
		b.read()
	}
	b.open("/console/events/lighthouse-conf-8/orders")
	b.says("#list-count", "50 rows on this page, more on the next")
	box := chromedp.CSS(`#list [name="order"]`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#list-count").dataset.fixed = "yes"`), chromedp.Click(box), chromedp.Focus(chromedp.CSS("#list tbody a")))
	at := js[string](b, "document.activeElement.href")
	b.redraw()
	if now := js[string](b, "document.activeElement.href ?? ''"); now != at {
		t.Errorf("the focus went from %s to %q", at, now)
	}
	if !js[bool](b, `[...document.querySelectorAll("#list [name=order]")].findIndex(one => one.checked) === 0 && document.querySelector("#list [data-tick]").indeterminate`) {
		t.Error("the row that was ticked is not")
	}
	b.do(chromedp.SendKeys(search, "nobody at all"))
	b.until(`document.querySelector("#list-count[data-fixed][role=status]").textContent === "0 rows"`)
}

// redraw has the list drawn again, as a change of its search does.
func (b *browser) redraw() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#list").dataset.old = "yes"; htmx.trigger("form[role=search]", "submit")`))
	b.until(`document.querySelector("#list:not([data-old]):not(.htmx-settling)") !== null`)
}

// until waits for what a script says to become true.
func (b *browser) until(script string) {
	b.t.Helper()
	for end := time.Now().Add(patience); !js[bool](b, script); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("never true: %s; the page says: %.600s", script, js[string](b, "document.body.innerText"))
		}
	}
}
