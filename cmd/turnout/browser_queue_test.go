package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// TestBrowserWaits goes the two ways on which somebody waits: a party of three joins the waitlist, is offered places and takes them up to
// its tickets; an order that needs approval is approved by the organiser, then paid.
func TestBrowserWaits(t *testing.T) {
	if os.Getenv("TURNOUT_TEST_BROWSER") == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	address := dbtest.Address(t, database.SQLite)
	s := start(t, address, true, "TURNOUT_RATE_LIMIT=off")
	db := dbtest.Handle(t, address)
	organiser := openBrowser(t, s.url, 1440, 1000)
	organiser.signIn("/console/events/lighthouse-conf-8/waitlist", "organiser@example.org", "organiser of the demo")
	guest := openBrowser(t, s.url, 390, 844)

	guest.open("/e/lighthouse-conf-8")
	guest.follow(`.offer-gone a[href*="/waitlist?type="]`)
	guest.fill("#f-party_size", "3")
	guest.fill("#f-name", "Ada Łukasiewicz")
	guest.fill("#f-email", "ada@example.org")
	guest.follow("main form button")
	guest.open(mailed(t, db, "ada@example.org", `/waitlist/[^/\s]+\?secret=\S+`))
	guest.says("main", "You are on the waitlist", "order of joining")
	if _, err := db.Writer().ExecContext(t.Context(), "UPDATE pools SET capacity = capacity + 500"); err != nil {
		t.Fatal(err)
	}
	organiser.open("/console/events/lighthouse-conf-8/waitlist?search=lukasiew")
	organiser.says("#list", "Ada Łukasiewicz")
	organiser.follow(`form[action$="/waitlist/serve"] button`)
	offer := mailed(t, db, "ada@example.org", `/waitlist/[^/\s]+/offer\?secret=\S+`)
	guest.open(regexp.MustCompile(`/offer`).ReplaceAllString(offer, ""))
	guest.says("h1", "3 places are free for you")
	guest.follow(`a[href*="/offer?secret="]`)
	if n := js[string](guest, `document.querySelector('input[name^="quantity_"]:not([value="0"])').value`); n != "3" {
		t.Errorf("%s tickets are chosen, not the three that were offered", n)
	}
	guest.fill(".attendee:nth-of-type(2) input", "Grace Hopper")
	guest.fill(".attendee:nth-of-type(3) input", "山田 太郎")
	guest.follow("[data-buy]")
	guest.follow(`form[action$="/pay"] button`)
	guest.says(".order-state", "You're in.")
	guest.says(".tickets", "1 of 3")
	organiser.open("/console/events/lighthouse-conf-8/waitlist?search=lukasiew")
	organiser.says("#list", "Accepted")
	organiser.findOrder()

	if _, err := db.Writer().ExecContext(t.Context(), "UPDATE ticket_types SET requires_approval = TRUE WHERE name = 'Regular'"); err != nil {
		t.Fatal(err)
	}
	second := openBrowser(t, s.url, 390, 844)
	second.open("/e/lighthouse-conf-8/checkout")
	second.fill(second.pick("Regular")+" input", "1")
	second.fill("#f-buyer-name", "Grace Hopper")
	second.fill("#f-buyer-email", "grace@example.org")
	second.follow("[data-buy]")
	second.says(".order-state", "The organisers take a look.")
	organiser.open("/console/events/lighthouse-conf-8/approvals")
	organiser.says("main", "Grace Hopper", "Regular")
	organiser.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`input[name="order"][value=%q]`, js[string](organiser,
		`[...document.querySelectorAll('input[name="order"]')].find(i => i.closest("label").textContent.includes("Grace Hopper")).value`)))))
	organiser.do(chromedp.SendKeys(chromedp.CSS("#f-note"), "Welcome back"))
	organiser.follow(`button[name="decision"][value="approve"]`)
	organiser.says("main", "1 order approved.")
	if main := js[string](organiser, `document.querySelector("main").innerText`); strings.Contains(main, "Grace Hopper") {
		t.Error("the order that was approved is still to be decided about")
	}
	second.open(mailed(t, db, "grace@example.org", `Pay now: (\S+)`))
	second.follow(`a[href^="/pay/"]`)
	second.follow(`form[action$="/pay"] button`)
	second.says(".order-state", "You're in.")
}

// findOrder types half a name, in small letters and without its accents, and follows what is left of the list of orders.
func (b *browser) findOrder() {
	b.t.Helper()
	b.open("/console/events/lighthouse-conf-8/orders")
	if n := js[int](b, `document.querySelectorAll("#list tbody tr").length`); n < 10 {
		b.t.Fatalf("%d orders to search among", n)
	}
	b.do(chromedp.SendKeys(chromedp.CSS(`input[name="search"]`), "lukasiew"))
	for range 100 {
		if js[int](b, `document.querySelectorAll("#list tbody tr").length`) == 1 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.says("#list tbody", "Ada Łukasiewicz")
	if n := js[int](b, `document.querySelectorAll("#list tbody tr").length`); n != 1 {
		b.t.Errorf("%d orders are shown while one types", n)
	}
	b.follow("#list tbody a")
	b.says("main", "Ada Łukasiewicz", "Grace Hopper", "History")
}

// mailed waits for a mail to the address with a link like this and gives its path.
func mailed(t *testing.T, db *database.DB, to, link string) string {
	t.Helper()
	like := regexp.MustCompile(link)
	for range 100 {
		var texts []string
		if err := db.Read().NewSelect().Table("mail_outbox").Column("text").Where("recipient = ?", to).Order("id DESC").Scan(t.Context(), &texts); err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if found := like.FindStringSubmatch(text); found != nil {
				return regexp.MustCompile(`^http://[^/]+`).ReplaceAllString(found[len(found)-1], "")
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no mail to %s has a link like %s", to, link)
	return ""
}
