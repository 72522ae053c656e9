package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"turnout/checkin"
	"turnout/internal/browsertest"
	"turnout/internal/fakecamera"
	"turnout/ticketing"
)

// flaky answers on this machine as it is, while away is false.
func (d *doorway) flaky(away *atomic.Bool) string {
	d.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		d.ServeHTTP(w, r)
	})}
	go server.Serve(listener)
	d.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// buyFree orders free tickets and gives their codes and the order's id.
func (d *doorway) buyFree(quantity int) (codes []string, order string) {
	d.t.Helper()
	placed := d.api("POST", "/events/fest/orders", orderBody(d.api("GET", "/events/fest/ticket-types", nil, 200).text1("items", 0, "id"), quantity), 201)
	for i := range quantity {
		codes = append(codes, placed.text1("tickets", i, "code"))
	}
	return codes, placed.text1("id")
}

// until waits for what a script says to be true.
func (b *doorBrowser) until(script string, within time.Duration) {
	b.t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		ctx, done := context.WithDeadline(b.ctx, end.Add(time.Second)) // a page that is left in the middle of a question never answers
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+script+")"))
		if done(); err == nil && ok {
			return
		} else if time.Now().After(end) {
			body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			b.t.Fatalf("%s: %v; the page says: %s", script, err, body)
		}
	}
}

// procession shows a ticket, a pause in which the network goes, and then one ticket after the other.
func (d *doorway) procession(name string, first string, codes []string) {
	d.t.Helper()
	scenes := []fakecamera.Scene{{Long: time.Second}, {Code: matrix(d.t, first), Long: 2 * time.Second}, {Long: 5 * time.Second}}
	for _, code := range codes {
		scenes = append(scenes, fakecamera.Scene{Code: matrix(d.t, code), Long: 1500 * time.Millisecond}, fakecamera.Scene{Long: 300 * time.Millisecond})
	}
	file, err := os.Create(name)
	if err == nil {
		err = fakecamera.Write(file, append(scenes, fakecamera.Scene{Long: 3 * time.Minute})...)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// dump gives everything that the page's origin keeps on this device, as it is and taken apart.
const dump = `(async () => {
	const said = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
	const flat = (v) => v instanceof Uint8Array ? String.fromCharCode(...v) + new TextDecoder().decode(v) : v && typeof v === "object" ? Object.entries(v).map(([k, w]) => k + ":" + flat(w)).join(" ") : String(v);
	for (const { name } of await indexedDB.databases()) {
		const db = await new Promise((ok) => { const r = indexedDB.open(name); r.onsuccess = () => ok(r.result); });
		for (const store of db.objectStoreNames) {
			const ask = (r) => new Promise((ok) => { r.onsuccess = () => ok(r.result); });
			const s = db.transaction(store).objectStore(store);
			said.push(store, flat(await ask(s.getAllKeys())), flat(await ask(s.getAll())));
		}
	}
	for (const name of await caches.keys()) {
		const cache = await caches.open(name);
		for (const request of await cache.keys()) said.push(request.url, /\.(wasm|woff2|png)/.test(request.url) ? "" : await (await cache.match(request)).text());
	}
	return said.join("\n");
})()`

// A paired phone lets people in through a dead network, a reload without it, and tells everything once it is back.
func TestBrowserDoorGoesOnWithoutANetwork(t *testing.T) {
	film := filepath.Join(t.TempDir(), "queue.y4m")
	b := openDoorBrowser(t, false, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film))
	away := new(atomic.Bool)
	base := b.flaky(away)
	queue, _ := b.buyFree(10)
	more, _ := b.buyFree(10)
	queue = append(queue, more...)
	gone, order := b.buyFree(1)
	b.api("POST", "/orders/"+order+"/cancel", m{}, 200)
	b.procession(film, b.codes[0], queue)
	link, made := b.device(m{"gate": "North", "role": "scan"})
	list := b.api("GET", "/events/fest/check-in-lists", nil, 200).text1("items", 0, "id")

	b.do(chromedp.Navigate(base+strings.TrimPrefix(link, baseURL)), chromedp.WaitVisible(chromedp.CSS(".door-bar")))
	b.until(`document.querySelector("[data-synced]").textContent.startsWith("Up to date") && navigator.serviceWorker.controller`, 20*time.Second)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-start]:not([hidden]) [data-start-camera]")?.click()`))
	if first := b.seen(`[data-result="accepted"]`); !strings.Contains(first, "Łukasz") || strings.Contains(first, "Decided by this phone") {
		t.Errorf("online: %s", first)
	}
	away.Store(true)
	waits := func(n int) {
		t.Helper()
		b.until(fmt.Sprintf(`!document.querySelector("[data-waiting]").hidden && document.querySelector("[data-waiting] [data-text]").textContent.endsWith(" %d")`, n), 90*time.Second)
	}
	ctx := b.ctx
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`new Promise((ok) => new MutationObserver(() => {
		const text = document.querySelector("[data-answer]").innerText;
		if (text.includes("Decided by this phone")) { window.alone = text; ok(true); }
	}).observe(document.querySelector("[data-answer]"), {childList: true}))`, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatal(err)
	}
	if alone, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`window.alone`)); !strings.Contains(alone, "Welcome") || !strings.Contains(alone, "Łukasz") || !strings.Contains(alone, "Community") {
		t.Errorf("alone: %s", alone)
	}
	waits(20)

	refused := func(code, reason, says string) {
		t.Helper()
		b.do(chromedp.KeyEvent(kb.Escape), chromedp.Sleep(600*time.Millisecond), handScanner(code))
		if got := b.seen(chromedp.CSS(`[data-reason="` + reason + `"]`)); !strings.Contains(got, says) || !strings.Contains(got, "Decided by this phone") {
			t.Errorf("%s: %s", reason, got)
		}
	}
	last := queue[3][len(queue[3])-20:]
	forged := strings.TrimSuffix(queue[3], last) + map[bool]string{true: "B", false: "A"}[last[0] == 'A'] + last[1:]
	refused(forged, "bad_signature", "forged")
	refused(gone[0], "canceled", "Canceled")
	refused(b.codes[0], "already_checked_in", "by North") // online, before
	refused(queue[0], "already_checked_in", "by North")   // alone

	// The page is opened anew, without a network: everything is there.
	b.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(".door-bar")))
	waits(24)
	refused(queue[7], "already_checked_in", "by North")
	kept, err := chromedp.Run(ctx, chromedp.Evaluate[string](dump, chromedp.EvalAwaitPromise))
	if err != nil || len(kept) < 10_000 {
		t.Fatalf("%d characters are kept: %v", len(kept), err)
	}
	for _, code := range slices.Concat(queue, gone, b.codes) {
		if strings.Contains(strings.ToUpper(kept), code[:60]) {
			t.Error("a code is kept")
		}
	}
	for _, word := range []string{"ukasz", "Nowak", "example.org\"", base64.StdEncoding.EncodeToString([]byte("Łukasz"))[:6]} {
		if at := strings.Index(kept, word); at >= 0 {
			t.Errorf("%q is kept: %.200q", word, kept[max(0, at-100):])
		}
	}

	away.Store(false)
	b.until(`document.querySelector("[data-waiting]").hidden`, time.Minute)
	stats := b.api("GET", "/check-in-lists/"+list+"/stats", nil, 200)
	stats.is(21, "checked_in")
	var offline, refusals int // the camera begins its film anew with the page, so somebody may have come again
	if err := b.DB.Read().NewSelect().Table("scans").ColumnExpr("SUM(CASE WHEN offline AND result = 'accepted' THEN 1 ELSE 0 END), SUM(CASE WHEN result = 'refused' THEN 1 ELSE 0 END)").
		Where("list_id = ?", list).Scan(t.Context(), &offline, &refusals); err != nil || offline != 20 || refusals < 5 {
		t.Errorf("%d were let in alone, %d refused, %v", offline, refusals, err)
	}
	b.api("GET", "/devices/"+made.text1("id"), nil, 200).is("online", "state")
	b.holds()
}

// holds compares every counter with its rows.
func (d *doorway) holds() {
	d.t.Helper()
	if broken, err := checkin.Check(d.t.Context(), d.DB.Read()); err != nil || len(broken) > 0 {
		d.t.Errorf("%v, %v", broken, err)
	}
}

// codesEntry is what a door makes of codes, by WebCrypto and without its Ed25519.
const codesEntry = `import { readTicket, verify, lookupOf, fromBase64 } from "./_ticket";
window.read = async (codes, key, without) => {
	const real = SubtleCrypto.prototype.importKey;
	let asked = 0;
	SubtleCrypto.prototype.importKey = function (format, raw, how, ...rest) {
		if (how?.name !== "Ed25519") return real.call(this, format, raw, how, ...rest);
		asked++;
		return without ? Promise.reject(new DOMException("no", "NotSupportedError")) : real.call(this, format, raw, how, ...rest);
	};
	const all = await Promise.all(codes.map(async (text) => {
		const code = readTicket(text);
		return code ? [code.event, code.ticket, code.type, code.mode, code.key, await lookupOf(code), await verify(code, fromBase64(key))].join(" ") : "";
	}));
	SubtleCrypto.prototype.importKey = real;
	return asked > 0 ? all : [];
};`

// The page reads, looks up and verifies codes as the server does, with the browser's Ed25519 and with the one that is computed.
func TestBrowserVerifiesCodes(t *testing.T) {
	ctx := browsertest.Open(t, browsertest.Page(browsertest.Bundle(t, codesEntry)))
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var codes, want []string
	for i := range 300 {
		var nonce ticketing.Nonce
		for j := range nonce {
			nonce[j] = byte(rng.Uint32())
		}
		c := ticketing.Code{KeyID: uint8(rng.IntN(64)), Mode: []ticketing.Mode{ticketing.InPerson, ticketing.Virtual}[rng.IntN(2)], Event: rng.Int64N(1 << rng.IntN(50)), Ticket: rng.Int64N(1 << rng.IntN(50)), Type: rng.Int64N(1 << rng.IntN(20)), Nonce: nonce}
		text := []byte(c.Sign(private))
		if i%3 > 0 { // one letter is another, or one is missing or too much
			switch at := rng.IntN(len(text)); rng.IntN(8) {
			case 0:
				text = slices.Delete(text, at, at+1)
			case 1:
				text = slices.Insert(text, at, 'A')
			default:
				text[at] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ2345678-"[rng.IntN(34)]
			}
		}
		codes = append(codes, string(text))
		said := ""
		if read, err := ticketing.ParseCode(string(text)); err == nil {
			said = fmt.Sprintf("%d %d %d %s %d %s %v", read.Event, read.Ticket, read.Type, read.Mode, read.KeyID, ticketing.Lookup(read.Nonce), read.Verify(public))
		}
		want = append(want, said)
	}
	asked, err := json.Marshal(codes)
	if err != nil {
		t.Fatal(err)
	}
	for _, without := range []bool{false, true} {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf("read(%s, %q, %v)", asked, base64.StdEncoding.EncodeToString(public), without), chromedp.EvalAwaitPromise))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d answers, %v", len(got), err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("without %v: %s is %q, want %q", without, codes[i], got[i], want[i])
			}
		}
	}
}
