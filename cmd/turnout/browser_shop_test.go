package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// clerk makes what a shop sells by the API.
type clerk struct {
	t           *testing.T
	base, token string
}

func (k *clerk) post(path string, body any) (id string) {
	k.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		k.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.base+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		k.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+k.token)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	var made struct{ ID, Detail string }
	if err := json.NewDecoder(w.Body).Decode(&made); err != nil || w.StatusCode >= 300 {
		k.t.Fatalf("POST %s: %d %s %v", path, w.StatusCode, made.Detail, err)
	}
	return made.ID
}

// TestBrowserShop buys with a voucher, conditional questions and an add-on, and pays what it wants: every sum is the server's.
func TestBrowserShop(t *testing.T) {
	if os.Getenv("TURNOUT_TEST_BROWSER") == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	address := dbtest.Address(t, database.SQLite)
	s := start(t, address, true, "TURNOUT_RATE_LIMIT=off")
	k := &clerk{t, s.url, apiToken(t, address)}
	type m = map[string]any
	euro := func(cents int) m { return m{"amount": cents, "currency": "EUR"} }
	k.post("/events", m{"slug": "fair", "title": "Fair", "format": "in_person", "timezone": "Europe/Berlin", "starts_at": "2031-05-01T08:00:00Z", "ends_at": "2031-05-01T18:00:00Z", "currency": "EUR"})
	pool := k.post("/events/fair/pools", m{"name": "Hall", "capacity": 100})
	regular := k.post("/events/fair/ticket-types", m{"name": "Regular", "price": euro(10000), "attendance_mode": "in_person", "pool_ids": []string{pool}})
	k.post("/events/fair/ticket-types", m{"name": "Supporter", "price": euro(2000), "min_price": euro(500), "pricing": "open", "attendance_mode": "in_person", "pool_ids": []string{pool}})
	k.post("/events/fair/add-ons", m{"name": "Dinner", "price": euro(4500), "on_sale": true, "ticket_types": []m{{"ticket_type_id": regular, "least": 0, "most": 1, "included": 0}}})
	allergy := k.post("/events/fair/questions", m{"subject": "ticket", "kind": "yes_no", "label": "An allergy?", "required": true, "purpose": "For the kitchen.", "erase_days": 30, "ticket_type_ids": []string{regular}})
	which := k.post("/events/fair/questions", m{"subject": "ticket", "kind": "text", "label": "Which one?", "required": true, "purpose": "For the kitchen.", "erase_days": 30, "ticket_type_ids": []string{regular},
		"show_if": m{"question_id": allergy, "any_of": []string{"true"}}})
	k.post("/events/fair/vouchers", m{"code": "SPRING", "kind": "percent", "value": 33})
	k.post("/events/fair/publish", m{})

	t.Run("voucher, questions, add-on", func(t *testing.T) {
		b := openBrowser(t, s.url, 390, 844)
		b.open("/e/fair/checkout?voucher=spring")
		b.do(chromedp.Click(b.pick("Regular") + ` [data-step="1"]`))
		b.becomes("[data-total]", "€67.00")
		b.says("#part-extras", "Dinner")
		b.do(chromedp.Focus(chromedp.CSS(`#part-extras input[type="checkbox"]`)), chromedp.KeyEvent(" "))
		b.becomes("[data-total]", "€112.00")
		b.fill("#f-buyer-name", "Ada Łukasiewicz")
		b.fill("#f-buyer-email", "ada@example.org")
		b.followTo(http.StatusUnprocessableEntity, "[data-buy]")
		b.says(".errors", "An allergy?")
		if hidden := js[bool](b, fmt.Sprintf(`document.querySelector('[name$="%s"]').closest(".question").hidden`, which)); !hidden {
			t.Error("a question is shown whose condition is not met")
		}
		b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`[name$="%s"][value="true"]`, allergy))))
		b.fill(chromedp.CSS(fmt.Sprintf(`[name$="%s"]`, which)), "Nuts")
		b.follow("[data-buy]")
		b.says("h1", "112.00")
		b.follow(`form[action$="/pay"] button`)
		b.says(".order-state", "You're in.")
		b.says("main", "Dinner", "less each")
	})
	t.Run("pay what you want", func(t *testing.T) {
		b := openBrowser(t, s.url, 1440, 1000)
		b.open("/e/fair/checkout")
		b.do(chromedp.Click(b.pick("Supporter") + ` [data-step="1"]`))
		b.becomes("[data-total]", "€20.00")
		price := b.pick("Supporter") + " .pick-more input"
		b.fill(price, "4.99")
		b.fill("#f-buyer-name", "Grace")
		b.fill("#f-buyer-email", "grace@example.org")
		b.followTo(http.StatusUnprocessableEntity, "[data-buy]")
		b.says(".errors", "At least €5.00.")
		b.fill(price, "12.50")
		b.do(chromedp.Focus(chromedp.CSS("#f-buyer-name")))
		b.becomes("[data-total]", "€12.50")
		b.follow("[data-buy]")
		b.says("h1", "12.50")
	})
	t.Run("a long word", func(t *testing.T) { openBrowser(t, s.url, 390, 844).breakLongWords() })
	t.Run("no network", func(t *testing.T) { openBrowser(t, s.url, 390, 844).updateTheTotal() })
	t.Run("slow network", func(t *testing.T) { openBrowser(t, s.url, 390, 844).typeMeanwhile() })
}

// breakLongWords gives the event a name that no phone has room for in one line.
func (b *browser) breakLongWords() {
	b.t.Helper()
	for path, element := range map[string]string{"/e/fair": ".event-title h1", "/e/fair/checkout": ".crumbs a"} {
		b.open(path)
		script := fmt.Sprintf("document.querySelector(%q).textContent = %q; document.documentElement.scrollWidth - innerWidth", element, "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz")
		if wide := js[float64](b, script); wide > 0 {
			b.t.Errorf("%s is %v px wider than the window", path, wide)
		}
	}
}

// updateTheTotal changes what it takes while the server cannot be reached: the form says that its total is old, and the button beside it draws
// it again where it stands.
func (b *browser) updateTheTotal() {
	b.t.Helper()
	b.open("/e/fair/checkout")
	more := b.pick("Supporter") + ` [data-step="1"]`
	b.do(chromedp.Click(more))
	b.becomes("[data-total]", "€20.00")
	if js[bool](b, `document.querySelector(".undrawn").checkVisibility() || document.querySelector("#part-pay [name=update]").checkVisibility()`) {
		b.t.Error("a total that stands is called old")
	}
	b.do(chromedp.Evaluate[chromedp.Void](`window.open_ = XMLHttpRequest.prototype.open; XMLHttpRequest.prototype.open = function (method) { open_.call(this, method, "http://127.0.0.1:1/") }`))
	b.do(chromedp.Click(more))
	b.says(".undrawn", "could not be worked out again", "Update the total")
	b.do(chromedp.Evaluate[chromedp.Void](`XMLHttpRequest.prototype.open = open_`), chromedp.Click(chromedp.CSS("#part-pay [name=update]")))
	b.becomes("[data-total]", "€40.00")
	b.until(`!document.querySelector(".undrawn").checkVisibility()`)
}

// typeMeanwhile fills in the form while the server, far away, draws parts of it: nothing typed is lost, no press is.
func (b *browser) typeMeanwhile() {
	b.t.Helper()
	b.open("/e/fair/checkout")
	more := b.pick("Supporter") + ` [data-step="1"]`
	b.do(chromedp.Click(more), chromedp.Click(more))
	b.follow(`[name="name_attendees"]`)
	b.do(chromedp.Evaluate[chromedp.Void](`{ const send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function (...body) { setTimeout(() => send.apply(this, body), 600) } }`))
	second := chromedp.CSS(".attendee:nth-of-type(2) input")
	b.do(chromedp.Click(more), chromedp.Focus(second), chromedp.Sleep(150*time.Millisecond), chromedp.SendKeys(second, "Grace Hopper"))
	b.settle()
	if name, n := js[string](b, `document.querySelector(".attendee:nth-of-type(2) input").value`), js[int](b, `document.querySelectorAll(".attendee").length`); name != "Grace Hopper" || n != 3 {
		b.t.Errorf("of %d attendees the second is named %q after the form was drawn", n, name)
	}
	b.fill("#f-buyer-name", "Ada Lovelace")
	b.fill("#f-buyer-email", "lovelace@example.org")
	price := b.pick("Supporter") + " .pick-more input"
	b.fill(price, "30")
	b.do(chromedp.ScrollIntoView(chromedp.CSS("[data-buy]"))) // the price's change is told to the server by the press itself
	at := js[[]float64](b, `(box => [box.x + box.width / 2, box.y + box.height / 2])(document.querySelector("[data-buy]").getBoundingClientRect())`)
	b.arrive(http.StatusUnprocessableEntity, chromedp.MouseEvent(chromedp.MousePressed, at[0], at[1], chromedp.Button("left"), chromedp.ClickCount(1)), chromedp.Sleep(1200*time.Millisecond),
		chromedp.MouseEvent(chromedp.MouseReleased, at[0], at[1], chromedp.Button("left"), chromedp.ClickCount(1)))
	b.says(".errors", "Ticket 3 · Supporter, Full name")
}

// becomes waits until an element says the words: what the server draws again takes a moment.
func (b *browser) becomes(selector chromedp.CSS, words string) {
	b.t.Helper()
	said := fmt.Sprintf(`(document.querySelector(%q)?.textContent ?? "").includes(%q)`, string(selector), words)
	for range 100 {
		if js[bool](b, said) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.says(selector, words)
}

// apiToken makes a token beside the running server, as its operator does.
func apiToken(t *testing.T, address string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	if code := run(t.Context(), []string{"token", "create", "--community", "demo", "--scopes", "all"}, []string{"TURNOUT_DATABASE_URL=" + address}, &out, &complaints); code != 0 {
		t.Fatalf("%d %s", code, complaints.String())
	}
	words := strings.Fields(out.String())
	return words[len(words)-1]
}
