package api

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout"
)

// The last seat of a workshop: an organiser opens sign-up by the form, one attendee takes the seat, another waits and has it as soon as the first gives it back.
func TestBrowserSignsUpForTheLastSeat(t *testing.T) {
	b := openBuilder(t)
	b.api("POST", "/events/fest/agenda/releases", m{"version": "1.0"}, 201)
	base, _, _ := strings.Cut(b.door, "/door/")
	b.do(chromedp.Navigate(base+"/console/events/fest/agenda/sessions/"+b.sessions[0]), chromedp.Click(chromedp.CSS(`a[href$="/places"]`)), chromedp.WaitVisible(chromedp.CSS("[name=offered]")),
		chromedp.Click(chromedp.CSS("[name=offered]")), chromedp.SetValue(chromedp.CSS("[name=seats]"), "1"), chromedp.Click(chromedp.CSS(`form[action$="/places"] .btn-primary`)))
	b.until(`document.querySelector(".lede")?.innerText.includes("0 of 1 places taken")`, 10*time.Second)

	placed := b.api("POST", "/events/fest/orders", orderBody(b.api("GET", "/events/fest/ticket-types", nil, 200).text1("items", 0, "id"), 2), 201)
	var pages []string
	for i := range 2 {
		ticket, _, err := b.Ticketing.TicketOf(t.Context(), b.community.ID, turnout.ID(placed.text1("tickets", i, "id")))
		if err != nil {
			t.Fatal(err)
		}
		path, query, _ := strings.Cut(strings.TrimPrefix(b.Ticketing.BearerLink(ticket), baseURL), "?")
		pages = append(pages, base+path+"/sessions?"+query)
	}
	says := func(text string) {
		b.t.Helper()
		b.until(`document.readyState === "complete" && document.querySelector("main").innerText.includes("`+text+`")`, 10*time.Second)
	}
	b.do(chromedp.Navigate(pages[0]))
	says("1 place left")
	b.do(chromedp.Click(chromedp.CSS(`form[action*="/sign-up"] button`)))
	says("You have a place")
	b.do(chromedp.Navigate(pages[1]))
	says("Full.")
	b.do(chromedp.Click(chromedp.CSS(`form[action*="/sign-up"] button`)))
	says("Number 1 in the queue")
	b.do(chromedp.Navigate(pages[0]), chromedp.Click(chromedp.CSS(`form[action*="/leave"] button`)), chromedp.WaitVisible(chromedp.CSS("dialog[open] .btn-danger")), chromedp.Click(chromedp.CSS("dialog[open] .btn-danger")))
	says("Done.")
	b.do(chromedp.Navigate(pages[1]))
	says("You have a place")
	if _, err := b.runner.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent, err := b.DB.Read().NewSelect().Table("mail_outbox").Where("subject LIKE 'You have a place in%'").Count(t.Context())
	if err != nil || sent != 1 {
		t.Errorf("%d mails, %v", sent, err)
	}
	b.do(chromedp.Navigate(base + "/console/events/fest/agenda/sessions/" + b.sessions[0] + "/places"))
	says("1 of 1 places taken")
}
