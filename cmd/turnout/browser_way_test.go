package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/fakecamera"
	"turnout/internal/paper"
)

// TestBrowser goes through the demo as visitors do who read nothing beforehand. The whole way: from the community's home to a
// paid ticket on a phone, that ticket before the camera of the door, and the recap on the organiser's desk.
func TestBrowser(t *testing.T) {
	if os.Getenv("TURNOUT_TEST_BROWSER") == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	s := start(t, dbtest.Address(t, database.SQLite), true, "TURNOUT_RATE_LIMIT=off")
	t.Run("the whole way", func(t *testing.T) {
		buyer := openBrowser(t, s.url, 390, 844)
		buyer.choose("/c/demo", "Regular", 2)
		buyer.mistypeAndPay()
		door := openBrowser(t, s.url, 390, 844, camera(t, buyer.ticketCode())...)
		door.admitByCamera("Ada Łukasiewicz")
		openBrowser(t, s.url, 1440, 1000).openRecap()
	})
	t.Run("waitlist", func(t *testing.T) { openBrowser(t, s.url, 390, 844).queue() })
	t.Run("schedule", func(t *testing.T) { openBrowser(t, s.url, 1440, 1000).leaf() })
	t.Run("German", func(t *testing.T) { openBrowser(t, s.url, 390, 844).speakGerman() })
	t.Run("box office", func(t *testing.T) { openBrowser(t, s.url, 1440, 1000).sellAtDesk() })
	t.Run("keyboard", func(t *testing.T) { openBrowser(t, s.url, 1440, 1000).buyByKeyboard() })
}

// choose walks from the community's home to the checkout and takes so many tickets of a type with the buttons of its stepper.
func (b *browser) choose(home, ticketType string, quantity int) {
	b.t.Helper()
	b.open(home)
	b.follow(`.happening h3 a[href="/e/lighthouse-conf-8"]`)
	b.says("h1", "Lighthouse Conf 8")
	b.follow(".tickets-box footer a")
	more := b.pick(ticketType) + ` [data-step="1"]`
	for range quantity {
		b.do(chromedp.Click(more))
	}
	b.becomes("[data-total]", "€278.00") // added up while they choose
}

// pick is the selector of a ticket type's row on the checkout.
func (b *browser) pick(ticketType string) chromedp.CSS {
	b.t.Helper()
	id := js[string](b, fmt.Sprintf(`[...document.querySelectorAll(".pick")].find(p => p.querySelector(".pick-name").textContent === %q).querySelector("input").id`, ticketType))
	return chromedp.CSS(".pick:has(#" + id + ")")
}

// mistypeAndPay fills in the checkout with a mistake, mends it, is declined once and pays.
func (b *browser) mistypeAndPay() {
	b.t.Helper()
	b.fill("#f-buyer-name", "Ada Łukasiewicz")
	b.fill("#f-buyer-email", "ada@")
	b.followTo(http.StatusUnprocessableEntity, "[data-buy]")
	b.says(".errors", "e-mail address")
	b.says("#f-buyer-email-error", "e-mail address")
	if name, email := js[string](b, `document.querySelector("#f-buyer-name").value`), js[string](b, `document.querySelector("#f-buyer-email").value`); name != "Ada Łukasiewicz" || email != "ada@" {
		b.t.Errorf("what was typed became %q and %q", name, email)
	}
	if n := js[string](b, fmt.Sprintf("document.querySelector(%q).value", b.pick("Regular")+" input")); n != "2" {
		b.t.Errorf("the quantity became %s", n)
	}
	b.fill("#f-buyer-email", "ada@example.org")
	b.fill(".attendee:nth-of-type(2) input", "Grace 😀 Hopper")
	b.follow("[data-buy]")
	b.says("h1", "278.00")
	b.follow(`form[action$="/decline"] button`)
	b.says(".sheet", "Failed")
	b.follow(`form[action$="/pay"] button`)
	b.says(".order-state", "You're in.", "ada@example.org")
}

// ticketCode reads the first ticket's QR from the order page; it is what the API calls the ticket's code. The page's paper
// is a PDF.
func (b *browser) ticketCode() string {
	b.t.Helper()
	b.says(".tickets", "Ada Łukasiewicz", "Grace 😀 Hopper", "1 of 2")
	code := b.code(".ticket .qr")
	at, err := url.Parse(js[string](b, "location.href"))
	if err != nil {
		b.t.Fatal(err)
	}
	var order struct{ Tickets []struct{ Code string } }
	_, body := get(b.t, b.base+"/api/v1"+at.RequestURI())
	if err := json.Unmarshal([]byte(body), &order); err != nil || len(order.Tickets) != 2 || order.Tickets[0].Code != code {
		b.t.Errorf("the QR says %s, the API %s, %v", code, body, err)
	}
	pdf := js[string](b, `document.querySelector('a[href*="tickets.pdf"]').href`)
	if status, paper := get(b.t, pdf); status != http.StatusOK || !strings.HasPrefix(paper, "%PDF-") {
		b.t.Errorf("the PDF: %d %.20q", status, paper)
	}
	return code
}

// camera holds the code up to the browser for two seconds, after a pause that is longer than the door remembers it.
func camera(t *testing.T, code string) []chromedp.ExecAllocatorOption {
	t.Helper()
	matrix, err := paper.MakeQR(code)
	if err != nil {
		t.Fatal(err)
	}
	film, err := os.Create(filepath.Join(t.TempDir(), "ticket.y4m"))
	if err != nil {
		t.Fatal(err)
	}
	err = fakecamera.Write(film, fakecamera.Scene{Long: 3 * time.Second}, fakecamera.Scene{Code: matrix, Long: 2 * time.Second})
	if err == nil {
		err = film.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return []chromedp.ExecAllocatorOption{chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film.Name())}
}

// signIn goes to a page that needs a sign-in and gets there.
func (b *browser) signIn(path, email, password string) {
	b.t.Helper()
	b.open(path)
	b.fill("#f-email", email)
	b.fill("#f-password", password)
	b.follow("main form button.btn-primary")
}

// admitByCamera opens a door, shows it the ticket and waits until it is shown again.
func (b *browser) admitByCamera(name string) {
	b.t.Helper()
	b.signIn("/door/lighthouse-conf-8?all=1", "owner@example.org", "owner of the demo")
	b.says("h1", "Which door")
	b.follow(".door-choice") // the first: it is open now
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-start]:not([hidden]) [data-start-camera]")?.click()`))
	b.says(`[data-answer] [data-result="accepted"]`, name)
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-result="accepted"]`)))
	b.says(`[data-answer] [data-reason="already_checked_in"]`, "Already in", "Came in at")
	b.read()
}

// openRecap finds the recap of the conference that was, on its page and on paper.
func (b *browser) openRecap() {
	b.t.Helper()
	b.signIn("/console/events/lighthouse-conf-7/recap", "owner@example.org", "owner of the demo")
	b.says("main", "Lighthouse Conf 7")
	size := js[float64](b, `fetch(document.querySelector('a[href*="recap.pdf"]').href).then(r => r.status === 200 && r.headers.get("Content-Type") === "application/pdf" ? r.arrayBuffer() : new ArrayBuffer(0)).then(b => b.byteLength)`)
	if size < 10_000 {
		b.t.Errorf("the recap on paper has %v bytes", size)
	}
}
