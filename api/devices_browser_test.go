package api

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/checkin/leads"
)

// plainly answers on this machine as it is, without anybody's session.
func (d *doorway) plainly() string {
	d.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: d}
	go server.Serve(listener)
	d.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// A phone without an account opens the link of a pairing code, scans, is told when it is revoked, is paired again in place and leaves.
func TestAPhoneIsPairedInABrowser(t *testing.T) {
	b := openDoorBrowser(t, false)
	base := b.plainly()
	link, made := b.device(m{"gate": "North", "role": "supervisor"})
	here := func(link string) string { return base + strings.TrimPrefix(link, baseURL) }

	b.do(chromedp.Navigate(here(link)), chromedp.WaitVisible(chromedp.CSS(".door-bar")))
	address, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.href + ' after ' + document.referrer"))
	if err != nil || strings.Contains(address, "#") || strings.Contains(address, made.text1("id")) || !strings.Contains(address, "/door/fest/lists/") {
		t.Errorf("the phone is at %s, %v", address, err)
	}
	if title := b.seen(".door-title"); !strings.Contains(title, "North") || !strings.Contains(title, "Phone one") {
		t.Errorf("the door says %q", title)
	}
	b.do(handScanner(b.codes[0]))
	if said := b.seen(`[data-result="accepted"]`); !strings.Contains(said, "Łukasz") {
		t.Errorf("the scan: %s", said)
	}
	row := b.api("GET", "/devices/"+made.text1("id"), nil, 200)
	row.is("online", "state")
	if row.text1("page_version") != allPages().DoorVersion() {
		t.Errorf("it says its page is %s", row.text1("page_version"))
	}

	// Revoked: the page says so by itself. Paired again in another tab, what is open goes on.
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-result="accepted"]`)))
	b.api("DELETE", "/devices/"+made.text1("id"), nil, 200)
	if said := b.seen(`[data-answer] [data-tone="unsent"]`); !strings.Contains(said, "Not paired") {
		t.Errorf("revoked: %s", said)
	}
	again := b.api("POST", "/devices/"+made.text1("id")+"/pairing", nil, 201).text1("pairing_url")
	b.do(chromedp.Navigate(here(again)), chromedp.WaitVisible(chromedp.CSS(".door-bar")), handScanner(b.codes[1]))
	b.seen(`[data-result="accepted"]`)
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-result="accepted"]`)))

	// It leaves.
	b.do(chromedp.Click(chromedp.CSS(`[data-open-panel="settings"]`)), chromedp.Click(chromedp.CSS(`[data-panel="settings"] [data-unpair] button`)),
		chromedp.Click(chromedp.CSS(`dialog[open] .btn-danger`)))
	if said := b.seen("main h1"); !strings.Contains(said, "paired no more") {
		t.Errorf("left: %s", said)
	}
	b.api("GET", "/devices/"+made.text1("id"), nil, 200).is("unpaired", "state")
	b.do(chromedp.Navigate(base + "/door/fest"))
	if said := b.seen("main h1"); !strings.Contains(said, "sign") && !strings.Contains(said, "Sign") {
		t.Errorf("a browser that is no device: %s", said)
	}

	// Scans that its former door has not told are not left behind without a word.
	again = b.api("POST", "/devices/"+made.text1("id")+"/pairing", nil, 201).text1("pairing_url")
	b.do(chromedp.Evaluate[chromedp.Void](`new Promise((resolve, reject) => { const open = indexedDB.open("turnout-door"); open.onerror = reject; open.onsuccess = () => {
		const tx = open.result.transaction("waiting", "readwrite"); tx.objectStore("waiting").add({ list: "cil_former", nonce: "n" }); tx.oncomplete = () => { open.result.close(); resolve(); } } })`, chromedp.EvalAwaitPromise),
		chromedp.Navigate(here(again)))
	if said := b.seen("[data-pair-waits]:not([hidden])"); !strings.Contains(said, "Not told yet: 1 scan") {
		t.Errorf("with a scan that waits: %s", said)
	}
	b.do(chromedp.Click(chromedp.CSS("[data-pair] button")), chromedp.WaitVisible(chromedp.CSS(".door-bar")))
}

// A sponsor's phone reads badges by its camera and by a hand scanner; what is being noted of one is kept when the next one comes, and without an answer it says so.
func TestASponsorScansInABrowser(t *testing.T) {
	b := openDoorBrowser(t, true)
	base := b.plainly()
	b.share(0, leads.SettingsInput{Consent: leads.ByBadge, Text: "I share."})
	sponsor := b.api("POST", "/events/fest/sponsors", m{"name": "Acme", "status": "signed"}, 201).text1("id")
	link, _ := b.device(m{"role": "leads", "name": "Stand", "sponsor_id": sponsor})
	b.do(chromedp.Navigate(base+strings.TrimPrefix(link, baseURL)), chromedp.WaitReady(chromedp.CSS("[data-leads]")), chromedp.Sleep(time.Second),
		chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-start]:not([hidden]) [data-start-camera]")?.click()`))
	if said := b.seen(`[data-scanned] [data-tone="ok"]`); !strings.Contains(said, "Łukasz") { // by the camera
		t.Errorf("the camera: %s", said)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-leads-note] [name=rating][value='4']").click()`), chromedp.SendKeys(chromedp.CSS("[data-leads-note] textarea"), "Wants a demo"),
		chromedp.Sleep(5*time.Second)) // the camera sees the badge again
	if n := b.number(`document.querySelector("[data-leads-note] textarea").value === "Wants a demo" ? 1 : 0`); n != 1 {
		t.Error("what was typed went with the next look of the camera")
	}
	b.do(handScanner(b.codes[2]), chromedp.WaitVisible(chromedp.CSS(`li:nth-child(2) [data-leads-note]`)))
	list := b.api("GET", "/sponsors/"+sponsor+"/leads", nil, 200)
	list.is("Wants a demo", "items", 1, "note")
	list.is(4, "items", 1, "rating")
	b.do(chromedp.Evaluate[chromedp.Void](`window.fetch = () => Promise.reject(new TypeError("no network"))`), chromedp.SendKeys(chromedp.CSS("[data-leads-note] textarea"), "New"), chromedp.Click(chromedp.CSS("[data-leads-note] button")))
	b.seen("[data-leads-offline]:not([hidden])")
	if n := b.number(`document.querySelector("[data-leads-note] textarea").value === "New" ? 1 : 0`); n != 1 {
		t.Error("what was typed is gone")
	}
}
