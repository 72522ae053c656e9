package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// TestBrowserTickets looks at tickets as those who come and those who organise do.
func TestBrowserTickets(t *testing.T) {
	s := start(t, dbtest.Address(t, database.SQLite), true, "TURNOUT_RATE_LIMIT=off")
	t.Run("without a network", func(t *testing.T) { openWithoutANetwork(t, s.url) })
	t.Run("design", func(t *testing.T) { openBrowser(t, s.url, 1440, 1000).design() })
}

// design chooses a layout and sees it on the sample beside, before anything is saved.
func (b *browser) design() {
	b.t.Helper()
	b.signIn("/console/events/lighthouse-conf-8/design", "owner@example.org", "owner of the demo")
	b.hidden("[data-preview-button]")
	const loaded = `document.querySelector("#sample").decode().then(() => document.querySelector("#sample").src)`
	before := js[string](b, loaded)
	code := b.code("#sample")
	b.do(chromedp.Click(chromedp.CSS(`.choice:has([value="plain"])`)), chromedp.SendKeys(chromedp.CSS("#f-note"), "Bring an ID"))
	b.do(chromedp.Poll[chromedp.Void](`document.querySelector("#sample").src.includes("Bring+an+ID")`))
	if after := js[string](b, loaded); after == before || !strings.Contains(after, "layout=plain") || b.code("#sample") != code {
		b.t.Errorf("the sample is %s", after)
	}
	if link := js[string](b, `document.querySelector("#sample-pdf").href`); !strings.Contains(link, "layout=plain") {
		b.t.Errorf("the PDF is %s", link)
	}
	b.follow("#design .btn-primary")
	b.says(".flash", "Saved.")
}

// A ticket's page that was opened once opens without a network, says that it is a copy, and its code can still be read. What the
// network says goes first: a canceled ticket says so as soon as it can be heard.
func openWithoutANetwork(t *testing.T, server string) {
	t.Helper()
	order := buyOnline(t, server)
	wire := newWire(t, server)
	b := openBrowser(t, wire.url, 390, 844)
	path := strings.TrimPrefix(order.Tickets[0].URL, server)

	b.open(path)
	b.says("h1", "Ada Łukasiewicz")
	b.says("[data-when-kept]", "Saved on this device")
	wire.cut()
	b.open(path)
	b.says(".saved-copy", "Saved on this device, offline.")
	if code := b.code(".one-ticket-code .qr"); code != order.Tickets[0].Code {
		t.Errorf("without a network the QR says %q, want %q", code, order.Tickets[0].Code)
	}
	b.open(path + "&lang=de") // the language has no copy of its own
	b.says("h1", "Ada Łukasiewicz")
	b.hidden(".one-ticket-actions")

	wire.mend(0)
	b.open(path)
	b.hidden(".saved-copy")
	wire.mend(4 * time.Second) // slower than anybody waits at a door
	b.open(path)
	b.says(".saved-copy", "Saved on this device, offline.")
	b.do(chromedp.WaitNotVisible(chromedp.CSS(".saved-copy"))) // the answer came
	wire.mend(0)

	b.do(chromedp.Evaluate[chromedp.Void](`caches.open("tickets-1").then(cache => cache.put("/tickets/tkt_long0over?secret=x",
		new Response("over", { headers: { "Turnout-Keep-Until": "2026-01-01T00:00:00Z" } })))`, chromedp.EvalAwaitPromise))
	post(t, server+"/api/v1/orders/"+order.Code+"/cancel?secret="+order.Secret, `{}`, new(struct{}))
	b.open(path)
	b.says("article", "This ticket was canceled.")
	b.hidden(".one-ticket-code", ".saved-copy")
	if kept := js[string](b, `caches.open("tickets-1").then(cache => cache.keys()).then(keys => keys.map(key => new URL(key.url).pathname).join(" "))`); strings.Contains(kept, "tkt_long0over") || !strings.Contains(kept, ".css") {
		t.Errorf("kept is %s", kept)
	}
	wire.cut()
	b.open(path)
	b.says("main", "Saved on this device, offline.", "This ticket was canceled.")
	b.hidden(".one-ticket-code")
}

// hidden fails the test when one of the elements can be seen.
func (b *browser) hidden(selectors ...string) {
	b.t.Helper()
	for _, selector := range selectors {
		if js[bool](b, fmt.Sprintf(`!!document.querySelector(%q)?.checkVisibility()`, selector)) {
			b.t.Errorf("%s can be seen", selector)
		}
	}
}

// boughtOrder is what this test needs of an order.
type boughtOrder struct {
	Code, Secret string
	Payment      struct{ ID string }
	Tickets      []struct{ ID, Code, URL string }
}

// buyOnline buys one student's ticket for the demo's conference.
func buyOnline(t *testing.T, base string) (order boughtOrder) {
	t.Helper()
	var types struct{ Items []struct{ ID, Name string } }
	_, body := get(t, base+"/api/v1/events/lighthouse-conf-8/ticket-types")
	if err := json.Unmarshal([]byte(body), &types); err != nil {
		t.Fatal(err)
	}
	for _, item := range types.Items {
		if item.Name == "Student" {
			post(t, base+"/api/v1/events/lighthouse-conf-8/orders",
				`{"lines":[{"ticket_type_id":"`+item.ID+`","quantity":1}],"buyer":{"name":"Ada Łukasiewicz","email":"ada@example.org"}}`, &order)
		}
	}
	post(t, base+"/sandbox/payments/"+order.Payment.ID+"/succeed", `{}`, new(struct{}))
	_, body = get(t, base+"/api/v1/orders/"+order.Code+"?secret="+order.Secret)
	if err := json.Unmarshal([]byte(body), &order); err != nil || len(order.Tickets) != 1 || order.Tickets[0].URL == "" {
		t.Fatalf("the order is %s, %v", body, err)
	}
	return order
}

func post(t *testing.T, address, body string, out any) {
	t.Helper()
	res, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(answer, out)
	}
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s: %d %s %v", address, res.StatusCode, answer, err)
	}
}

// wire is a network between a browser and a server that can be cut: Chromium's own switch for being offline does not reach workers.
type wire struct {
	t       *testing.T
	url, to string
	delay   atomic.Int64 // of each connection, nanoseconds

	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
}

func newWire(t *testing.T, server string) *wire {
	t.Helper()
	w := &wire{t: t, to: strings.TrimPrefix(server, "http://"), url: "http://127.0.0.1:0"}
	w.mend(0)
	w.url = "http://" + w.listener.Addr().String()
	t.Cleanup(w.cut)
	return w
}

// mend lets connections through again, each after a delay.
func (w *wire) mend(delay time.Duration) {
	w.t.Helper()
	w.cut()
	w.delay.Store(int64(delay))
	listener, err := net.Listen("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.listener = listener
	w.mu.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(near)
		}
	}()
}

func (w *wire) carry(near net.Conn) {
	time.Sleep(time.Duration(w.delay.Load()))
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	w.open = append(w.open, near, far)
	w.mu.Unlock()
	go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
	_, _ = io.Copy(near, far)
	_ = near.Close()
}

// cut ends every connection and takes no new one.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener != nil {
		_ = w.listener.Close()
		w.listener = nil
	}
	for _, c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}
