package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// queue joins the waitlist of what is sold out, from the event's page; the rest is in the mail.
func (b *browser) queue() {
	b.t.Helper()
	b.open("/e/lighthouse-conf-8")
	b.follow(`.offer-gone a[href*="/waitlist?type="]`)
	if chosen := js[string](b, `(document.querySelector('select[name="ticket_type_id"]')?.selectedOptions[0] ?? document.querySelector('input[name="ticket_type_id"]').closest("div").querySelector("strong")).textContent`); !strings.HasPrefix(chosen, "Early bird") {
		b.t.Errorf("the waitlist is for %q", chosen)
	}
	b.fill("#f-name", "Ada Łukasiewicz")
	b.fill("#f-email", "ada@")
	b.followTo(http.StatusUnprocessableEntity, "main form button")
	b.says("#f-email-error", "e-mail address")
	b.fill("#f-email", "ada@example.org")
	b.follow("main form button")
	b.says("h1", "You asked to join the waitlist")
}

// leaf goes through the schedule as a list and as a grid, marks a favourite and opens a session.
func (b *browser) leaf() {
	b.t.Helper()
	b.open("/e/lighthouse-conf-8/schedule?view=list")
	b.says(".schedule-day", "The error bar is the message")
	b.do(chromedp.Click(chromedp.CSS(".session .fav")))
	b.follow(`nav a[href*="view=grid"]`)
	if marked := js[float64](b, `document.querySelectorAll('.fav[aria-pressed="true"]').length`); marked != 1 {
		b.t.Errorf("%v favourites are marked, want 1", marked)
	}
	if grid := js[string](b, `getComputedStyle(document.querySelector(".schedule-grid")).display`); grid != "grid" {
		b.t.Errorf("the grid is laid out as %s", grid)
	}
	b.follow(".session h4 a")
	b.says("main", "Speakers")
}

// speakGerman chooses German at the foot of a page; the pages after it keep to it.
func (b *browser) speakGerman() {
	b.t.Helper()
	b.open("/e/lighthouse-conf-8")
	b.follow(`a[hreflang="de"]`)
	b.says(".tickets-box footer", "Tickets sichern")
	b.follow(".tickets-box footer a")
	b.says("h1", "Ihre Tickets")
	if lang := js[string](b, "document.documentElement.lang"); lang != "de" {
		b.t.Errorf("the language is %s", lang)
	}
}

// buyByKeyboard gets a free ticket with the keys Tab, Enter and what is typed.
func (b *browser) buyByKeyboard() {
	b.t.Helper()
	b.open("/e/lighthouse-conf-8?lang=en")
	b.tabTo(`a.btn-primary[href$="/checkout"]`)
	b.arrive(http.StatusOK, chromedp.KeyEvent(kb.Enter))
	b.tabTo(string(b.pick("Online")) + " input")
	b.do(chromedp.KeyEvent(kb.ArrowUp))
	b.tabTo("#f-buyer-name")
	b.do(chromedp.KeyEvent("山田 太郎"))
	b.tabTo("#f-buyer-email")
	b.do(chromedp.KeyEvent("taro@example.org"))
	b.becomes("[data-buy]", "Get my tickets") // nothing to pay for what is chosen
	b.arrive(http.StatusOK, chromedp.KeyEvent(kb.Enter))
	b.says(".order-state", "You're in.")
	b.says(".ticket", "山田 太郎", "Join online")
}

// tabTo presses Tab until the element has the focus, which must be seen.
func (b *browser) tabTo(selector string) {
	b.t.Helper()
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if js[bool](b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			if !js[bool](b, `(e => getComputedStyle(e).outlineStyle !== "none" || getComputedStyle(e.closest(".stepper") ?? document.body).boxShadow !== "none")(document.activeElement)`) {
				b.t.Errorf("%s does not show that it has the focus", selector)
			}
			return
		}
	}
	b.t.Fatalf("Tab does not come to %s", selector)
}
