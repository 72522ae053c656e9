package main

import (
	"net/http"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// sellAtDesk sells a ticket to a walk-in with the keyboard alone, by name only and with cash, in less than fifteen seconds from opening
// the page, and takes the slip back.
func (b *browser) sellAtDesk() {
	b.t.Helper()
	b.signIn("/console/events/lighthouse-conf-8/box-office", "owner@example.org", "owner of the demo")
	began := time.Now()
	b.do(chromedp.Navigate(b.base + "/console/events/lighthouse-conf-8/box-office?lang=en"))
	b.until(`document.activeElement.matches(".desk-item:not(:has(.needs)) .stepper input")`) // the page waits for a choice of what is left
	b.do(chromedp.Focus(b.deskItem("Regular")), chromedp.KeyEvent(kb.ArrowUp))
	b.tabTo("#f-buyer-name")
	b.do(chromedp.KeyEvent("Ngozi Walk-in"))
	b.tabTo("#f-received")
	b.do(chromedp.KeyEvent("150"))
	b.becomes("[data-desk-total]", "€139.00") // the server's
	b.settle()
	b.says("[data-change]", "Change: €11.00")
	b.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".desk-sold")))
	took := time.Since(began)
	b.says(".desk-sold", "Ngozi Walk-in", "€139.00", "€11.00", "Regular")
	b.t.Logf("a ticket was sold in %s", took)
	if took > 15*time.Second {
		b.t.Errorf("it took %s", took)
	}
	if code := b.code(".desk-codes .qr"); code == "" {
		b.t.Error("the ticket cannot be read from the screen")
	}
	b.read()
	b.arrive(http.StatusOK, chromedp.Click(chromedp.CSS(`.desk-sold form[action$="/undo"] button`)))
	b.says("main", "Give €139.00 back")
	b.open("/console/events/lighthouse-conf-8/box-office/takings")
	b.says("main", "Cash", "€139.00", "€0.00")
}

// deskItem is the selector of a ticket type's quantity at the box office.
func (b *browser) deskItem(ticketType string) chromedp.CSS {
	b.t.Helper()
	return chromedp.CSS("#" + js[string](b, `[...document.querySelectorAll(".desk-item")].find(p => p.querySelector(".pick-name").textContent === "`+ticketType+`").querySelector(".stepper input").id`))
}
