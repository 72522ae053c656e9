package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/internal/fakecamera"
	"turnout/internal/paper"
)

// doorBrowser is headless Chromium at the door of a real server.
type doorBrowser struct {
	*doorway
	ctx  context.Context //nolint:containedctx // chromedp's way to name the tab
	door string          // address of the scanner
	away *atomic.Bool    // every connection breaks
	ill  *atomic.Int64   // the status that every request of a script is answered with, 0 for its own
}

// openDoorBrowser starts it. Its camera, if it has one, shows a ticket, nothing, and the same ticket again.
func openDoorBrowser(t *testing.T, camera bool, more ...chromedp.ExecAllocatorOption) *doorBrowser {
	t.Helper()
	program := os.Getenv("TURNOUT_TEST_BROWSER")
	if program == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	d := newDoorway(t, dbtest.Open(t, database.SQLite))
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(390, 844), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if camera {
		film := filepath.Join(t.TempDir(), "ticket.y4m")
		d.film(film)
		options = append(options, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
			chromedp.Flag("use-file-for-fake-video-capture", film))
	}
	ctx, closeBrowser := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(closeBrowser)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // starts it, under the context of the whole test
		t.Fatal(err)
	}
	away := new(atomic.Bool)
	ill := new(atomic.Int64)
	return &doorBrowser{doorway: d, ctx: ctx, door: d.serve(away, ill) + d.open(), away: away, ill: ill}
}

// film shows the first ticket for two seconds after as long a pause; it is gone for longer than the door remembers it.
func (d *doorway) film(name string) {
	d.t.Helper()
	code, err := paper.MakeQR(d.codes[0])
	if err != nil {
		d.t.Fatal(err)
	}
	file, err := os.Create(name)
	if err != nil {
		d.t.Fatal(err)
	}
	err = fakecamera.Write(file, fakecamera.Scene{Long: 3 * time.Second}, fakecamera.Scene{Code: code, Long: 2 * time.Second})
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// serve answers on this machine; every request comes with the session of the door's staff.
func (d *doorway) serve(away *atomic.Bool, ill *atomic.Int64) string {
	d.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		switch status := int(ill.Load()); {
		case status == 0 || r.Header.Get("HX-Request") == "":
			r.AddCookie(d.staff)
		case status != http.StatusUnauthorized: // else nobody is signed in
			w.WriteHeader(status)
			return
		}
		d.ServeHTTP(w, r)
	})}
	go server.Serve(listener)
	d.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

func (b *doorBrowser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, end := context.WithTimeout(b.ctx, 30*time.Second)
	defer end()
	if err := chromedp.Do(ctx, steps...); err != nil {
		body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		b.t.Fatalf("%v; the page says: %s", err, body)
	}
}

// seen waits for an element and gives its text.
func (b *doorBrowser) seen(selector chromedp.CSS) string {
	b.t.Helper()
	b.do(chromedp.WaitVisible(selector))
	ctx, end := context.WithTimeout(b.ctx, 10*time.Second)
	defer end()
	text, err := chromedp.Run(ctx, chromedp.Text(selector))
	if err != nil {
		b.t.Fatalf("%s came and went: %v", selector, err)
	}
	return text
}

func (b *doorBrowser) number(script string) float64 {
	b.t.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](script))
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// handScanner types a code and Enter as a hand scanner does: a key each millisecond, by the events' own clock, however busy
// this machine is.
func handScanner(code string) chromedp.Action[chromedp.Void] {
	at := float64(time.Now().UnixMicro()) / 1e6
	return chromedp.KeyEvent(code+"\r", func(key *input.DispatchKeyEventParams) {
		at += 0.001
		key.Timestamp = input.TimeSinceEpoch(at)
	})
}

// before runs a script in the page before its own.
func before(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// watch notes when a code comes into the camera's picture and when the answer stands on the screen.
const watch = `(() => {
	const video = document.querySelector("[data-video]"), canvas = new OffscreenCanvas(8, 8), picture = canvas.getContext("2d", {willReadFrequently: true});
	window.took = 0; window.decoders = [];
	let shown = 0, bright = false;
	const look = () => {
		picture.drawImage(video, 0, 0, 8, 8);
		const now = picture.getImageData(3, 3, 2, 2).data[0] > 105 || picture.getImageData(0, 0, 8, 8).data.some((v, i) => i % 4 === 0 && v > 130);
		if (now && !bright) shown = performance.now();
		bright = now;
		video.requestVideoFrameCallback(look);
	};
	video.requestVideoFrameCallback(look);
	new MutationObserver(() => { if (!window.took && document.querySelector("[data-result]")) window.took = performance.now() - shown; })
		.observe(document.querySelector("[data-answer]"), {childList: true});
})()`

// scansTicket holds the ticket up: the first time it is let in, the second time it is not.
func (b *doorBrowser) scansTicket() {
	b.t.Helper()
	b.do(chromedp.Navigate(b.door), chromedp.Evaluate[chromedp.Void](watch),
		chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-start]:not([hidden]) [data-start-camera]")?.click()`))
	if first := b.seen(`[data-result="accepted"]`); !strings.Contains(first, "Welcome") || !strings.Contains(first, "Łukasz") {
		b.t.Errorf("the first scan: %s", first)
	}
	b.t.Logf("from the code in view to the answer: %.0f ms", b.number("window.took"))
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-result="accepted"]`))) // by itself
	if second := b.seen(`[data-reason="already_checked_in"]`); !strings.Contains(second, "Already in") || !strings.Contains(second, "Came in at") {
		b.t.Errorf("the second scan: %s", second)
	}
	b.do(chromedp.Sleep(2500 * time.Millisecond))
	if counters := b.seen(`[data-counters]`); !strings.Contains(counters, "1 / 4") {
		b.t.Errorf("the counters: %s", counters)
	}
}

// zxing reads where the browser has no reader of its own.
func TestBrowserDoorReadsByWebAssembly(t *testing.T) {
	b := openDoorBrowser(t, true)
	b.do(before(`delete window.BarcodeDetector`))
	b.scansTicket()
}

// detector stands in for the BarcodeDetector that Chromium has on phones and not here; gozxing reads its pictures.
const detector = `window.BarcodeDetector = class {
	static async getSupportedFormats() { return ["aztec", "qr_code"]; }
	async detect(video) {
		const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
		canvas.getContext("2d").drawImage(video, 0, 0);
		const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
		const rawValue = await window.decode(btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), "")));
		return rawValue ? [{rawValue, cornerPoints: [{x: 200, y: 100}, {x: 440, y: 100}, {x: 440, y: 340}, {x: 200, y: 340}]}] : [];
	}
}`

func TestBrowserDoorReadsByTheBrowsersOwn(t *testing.T) {
	b := openDoorBrowser(t, true)
	b.do(chromedp.ExposeFunc("decode", decode), before(detector))
	b.scansTicket()
	if n := b.number(`performance.getEntriesByType("resource").filter((r) => r.name.endsWith(".wasm")).length`); n != 0 {
		t.Error("the WebAssembly was loaded although the browser reads by itself")
	}
}

// decode reads the QR in a picture (PNG, base64), "" for none.
func decode(_ context.Context, picture string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(picture)
	if err != nil {
		return "", err
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	found, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		return "", nil //nolint:nilerr // a picture without a code
	}
	return found.GetText(), nil
}

// asAnswered notes the counters at the moment when an answer comes to stand on the screen.
const asAnswered = `new MutationObserver(() => {
	if (document.querySelector("[data-answer] [data-result]")) window.counted = document.querySelector("[data-counters]").innerText.replace(/\s+/g, " ");
}).observe(document.querySelector("[data-answer]"), {childList: true})`

// Two quick taps let one in; the answer stays for the second one, and the counters are right when it comes.
func TestBrowserDoorTwoTapsAreOne(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(chromedp.Navigate(b.door+"/search?q=nowak"), chromedp.WaitVisible(chromedp.CSS(`[data-let-in] button`)), chromedp.Evaluate[chromedp.Void](asAnswered))
	b.do(chromedp.Evaluate[chromedp.Void](`(() => { const button = document.querySelector("[data-let-in] button"); button.click(); window.off = button.disabled; button.click(); button.form.requestSubmit(); })()`))
	if answer := b.seen(`[data-answer] [data-tone="ok"]`); !strings.Contains(answer, "Welcome") {
		t.Errorf("the answer: %s", answer)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-answer] [data-tone]`))) // the second tap comes late
	counted, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`window.counted`))
	if err != nil || !strings.Contains(counted, "1 / 4") || !strings.Contains(counted, "refused 0") {
		t.Errorf("the counters as the answer came: %q, %v", counted, err)
	}
	if n := b.number(`Number(window.off) * document.querySelectorAll("[data-answer] [data-tone=ok]").length`); n != 1 {
		t.Errorf("the button stayed on, or the answer went at the second tap")
	}
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)), chromedp.WaitVisible(chromedp.CSS(`[data-results] .badge-ok`)))
	if n := b.number(`document.querySelectorAll("[data-let-in]").length`); n != 3 {
		t.Errorf("%v of four can still be let in", n)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-close]`)), chromedp.Click(chromedp.CSS(`[data-open-panel="log"]`)), chromedp.WaitVisible(chromedp.CSS(`[data-log] li`)))
	if n := b.number(`document.querySelectorAll("[data-log] li").length`); n != 1 {
		t.Errorf("%v scans", n)
	}
}

// A hand scanner types; without a network its scan waits on the screen and is decided once, later.
func TestBrowserDoorLosesNoScan(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(chromedp.Navigate(b.door))
	b.away.Store(true)
	b.do(handScanner(b.codes[1]))
	if unsent := b.seen(`[data-answer] [data-tone="unsent"]`); !strings.Contains(unsent, "nobody is let in") {
		t.Errorf("without a network: %s", unsent)
	}
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	b.do(handScanner(b.codes[1])) // the same ticket again is no second scan
	b.seen(`[data-answer] [data-tone="unsent"]`)
	if waiting := b.seen(`[data-waiting]`); !strings.Contains(waiting, "1") {
		t.Errorf("what waits: %s", waiting)
	}
	b.away.Store(false)
	b.do(chromedp.Click(chromedp.CSS(`[data-retry]`)))
	b.seen(`[data-answer] [data-result="accepted"]`)
	b.do(chromedp.WaitNotVisible(chromedp.CSS(`[data-waiting]`)), chromedp.Click(chromedp.CSS(`[data-open-panel="log"]`)))
	b.seen(`[data-log] li`)
	if log := b.seen(`[data-log]`); strings.Count(log, "Łukasz") != 1 {
		t.Errorf("the log: %s", log)
	}
}

// Undo asks first; a ticket found by name is let in; a scan typed while the cursor is in a field leaves the field alone.
func TestBrowserDoorSearchAndUndo(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(chromedp.Navigate(b.door), chromedp.Click(chromedp.CSS(`[data-open-panel="find"]`)), chromedp.SendKeys(chromedp.CSS(`[data-find] input`), "lukasz"))
	b.seen(`[data-let-in]`)
	b.do(chromedp.Sleep(300 * time.Millisecond)) // a hand goes from the keys to the scanner
	b.do(handScanner(b.codes[2]))
	b.seen(`[data-answer] [data-result="accepted"]`)
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	if typed, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("[data-find] input").value`)); err != nil || typed != "lukasz" {
		t.Errorf("the search field holds %q after a scan, %v", typed, err)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-let-in] button`)))
	b.seen(`[data-answer] [data-result="accepted"]`)
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.Click(chromedp.CSS(`[data-open-panel="log"]`)))
	b.seen(`[data-annul] button`)
	b.do(chromedp.Click(chromedp.CSS(`[data-annul] button`)), chromedp.Click(chromedp.CSS(`dialog button[value="yes"]`)))
	if note := b.seen(`[data-log] .alert-ok`); !strings.Contains(note, "Taken back") {
		t.Errorf("undo: %s", note)
	}
	if log := b.seen(`[data-log]`); strings.Count(log, "Łukasz") != 3 { // two scans and the note
		t.Errorf("the log: %s", log)
	}
}

// What the door says when a scan could not be decided tells the network from the server and from the sign-in. The scan is kept,
// sent again under its own nonce, and decided once.
func TestBrowserDoorSaysWhyNothingWasDecided(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(chromedp.Navigate(b.door))
	for i, tt := range []struct {
		status       int64
		answer, line string
	}{
		{503, "The server gives no answer", "busy"}, {500, "The server gives no answer", "busy"}, {429, "The server gives no answer", "busy"},
		{401, "Your sign-in has ended", "signed-out"},
	} {
		b.ill.Store(tt.status)
		// chromedp's Enter presses a button that has the focus, whatever the page says to it; a keyboard's does not.
		b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); document.querySelector("[data-results]").replaceChildren()`), handScanner(b.codes[i]))
		if said := b.seen(`[data-answer] [data-tone="unsent"]`); !strings.Contains(said, tt.answer) {
			t.Errorf("%d: %s", tt.status, said)
		}
		b.seen(chromedp.CSS("[data-" + tt.line + "]"))
		b.seen(`[data-waiting]`)
		b.do(chromedp.KeyEvent(kb.Escape), chromedp.Click(chromedp.CSS(`[data-open-panel="find"]`)), chromedp.SendKeys(chromedp.CSS(`[data-find] input`), "lu"))
		if said := b.seen(`[data-results] .alert`); !strings.Contains(said, tt.answer) {
			t.Errorf("%d, searching: %s", tt.status, said)
		}
		b.do(chromedp.Click(chromedp.CSS(`[data-panel="find"] [data-close]`)))
		b.ill.Store(0)
		b.do(chromedp.WaitVisible(chromedp.CSS(`[data-answer] [data-result="accepted"]`)), chromedp.WaitNotVisible(chromedp.CSS(`[data-waiting]`)), chromedp.WaitVisible(chromedp.CSS(`[data-online]`)))
		b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	}
	if counters := b.seen(`[data-counters]`); !strings.Contains(counters, "4 / 4") {
		t.Errorf("the counters: %s", counters)
	}
}

// A scan whose answer was lost on the way was decided all the same: sent again, it gets that answer and is no second one.
func TestBrowserDoorFindsALostAnswer(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(chromedp.Navigate(b.door), chromedp.Evaluate[chromedp.Void](`(() => { const real = window.fetch; window.sent = []; window.fetch = async (url, options) => {
		const response = await real(url, options);
		if (options?.method !== "POST") return response;
		window.sent.push(options.body.get("nonce"));
		if (window.sent.length === 1) throw new TypeError("the network went away");
		return response;
	}; })()`))
	b.do(handScanner(b.codes[0]))
	b.seen(`[data-answer] [data-tone="unsent"]`)
	b.do(chromedp.Click(chromedp.CSS(`[data-retry]`)))
	if said := b.seen(`[data-answer] [data-result]`); !strings.Contains(said, "Welcome") {
		t.Errorf("again: %s", said)
	}
	if n := b.number(`Number(window.sent.length === 2 && window.sent[0] === window.sent[1])`); n != 1 {
		t.Error("the scan was not repeated under its own nonce")
	}
	if refused := b.seen(`[data-count="refused"]`); refused != "0" {
		t.Errorf("%s refused", refused)
	}
}

// A hand scanner is read with the focus anywhere, and puts nothing into the search.
func TestBrowserDoorHandScannerAnywhere(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(chromedp.Navigate(b.door))
	for i, prepare := range []string{
		`document.activeElement.blur()`,
		`document.querySelector("[data-open-panel=settings]").click(); document.querySelector("[data-sound]").focus()`,
		`document.querySelector("[data-open-panel=find]").click()`,
		`document.querySelector(".door-code").open = true; document.querySelector("#f-code").focus()`,
	} {
		b.do(chromedp.Evaluate[chromedp.Void](prepare), chromedp.Sleep(200*time.Millisecond), handScanner(b.codes[i]))
		b.seen(`[data-answer] [data-result="accepted"]`)
		b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	}
	if n := b.number(`document.querySelector("[data-find] input").value.length + document.querySelector("#f-code").value.length`); n != 0 {
		t.Errorf("%v letters were left in fields", n)
	}
	if counters := b.seen(`[data-counters]`); !strings.Contains(counters, "4 / 4") {
		t.Errorf("the counters: %s", counters)
	}
}

// Scans that waited are all sent without a tap; the newest answer fills the screen, those before it who were not let in are listed.
func TestBrowserDoorSendsAllThatWaited(t *testing.T) {
	b := openDoorBrowser(t, false)
	path := b.open()
	for i := range 2 { // they are in already
		b.scan(path, url.Values{"code": {b.codes[i]}, "nonce": {b.codes[i][:20]}, "direction": {"entry"}})
	}
	b.do(chromedp.Navigate(b.door))
	b.away.Store(true)
	for i := range 3 {
		b.do(handScanner(b.codes[i]))
		b.seen(`[data-answer] [data-tone="unsent"]`)
		b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	}
	b.away.Store(false)
	late := b.seen(`[data-answer] [data-late]`)
	if strings.Count(late, "Already in") != 2 || !strings.Contains(late, "Łukasz") {
		t.Errorf("the list: %s", late)
	}
	if screen := b.seen(`[data-answer] [data-result="accepted"]`); !strings.Contains(screen, "Welcome") {
		t.Errorf("the screen: %s", screen)
	}
	b.do(chromedp.WaitNotVisible(chromedp.CSS(`[data-waiting]`)), chromedp.Sleep(2*time.Second))
	b.seen(`[data-answer] [data-late]`) // whom to look at does not go by itself
	if counters := b.seen(`[data-counters]`); !strings.Contains(counters, "3 / 4") {
		t.Errorf("the counters: %s", counters)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-answer] [data-tone]`)), chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
}

// A form whose answer never comes can be sent again after a while; the button says what it does as tickets come and go.
func TestBrowserCheckoutButton(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(before(`{ const real = setTimeout; window.setTimeout = (f, ms, ...more) => real(f, ms > 5000 ? ms / 10 : ms, ...more); }`),
		chromedp.Navigate(strings.TrimSuffix(b.door, b.open())+"/e/fest/checkout"), chromedp.WaitVisible(chromedp.CSS(`[data-buy]`)))
	words := func() string {
		text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("[data-buy]").textContent`))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	// The free tickets come first. The parts of the page that depend on the choice are drawn anew by the server.
	press := func(step, unlike string) string {
		b.do(chromedp.Click(chromedp.CSS(`.pick [data-step="` + step + `"]`)))
		for end := time.Now().Add(10 * time.Second); words() == unlike && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
		return words()
	}
	empty := words()
	free := press("1", empty)
	if again := press("-1", free); again != empty || free == empty {
		t.Errorf("the button says %q with nothing, %q with a free ticket, %q without it", empty, free, again)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form.checkout").addEventListener("submit", (event) => event.preventDefault())`),
		chromedp.Click(chromedp.CSS(`[data-buy]`)), chromedp.WaitReady(chromedp.CSS(`form[data-sent]`)), chromedp.WaitNotPresent(chromedp.CSS(`form[data-sent]`)))
}

// An order's code that is typed is looked up, by hand and by a hand scanner, and nothing is refused by it.
func TestBrowserDoorLooksUpAnOrderCode(t *testing.T) {
	b := openDoorBrowser(t, false)
	for i, typing := range []chromedp.Action[chromedp.Void]{handScanner(b.order), chromedp.SendKeys(chromedp.CSS("#f-code"), " "+strings.ToLower(b.order)+kb.Enter)} {
		b.do(chromedp.Navigate(b.door), chromedp.Click(chromedp.CSS(`[data-open-panel="find"]`)), chromedp.Click(chromedp.CSS(`.door-code summary`)))
		b.do(chromedp.Click(chromedp.CSS("#f-code")), typing)
		b.do(chromedp.WaitVisible(chromedp.CSS(`[data-let-in] button`)))
		if n := b.number(`document.querySelectorAll("[data-let-in]").length - document.querySelectorAll("[data-answer] [data-tone]").length`); n != 4 {
			t.Errorf("way %d: %v tickets and no answer, want 4", i, n)
		}
	}
	if refused := b.seen(`[data-count="refused"]`); refused != "0" {
		t.Errorf("%s refused", refused)
	}
}

// A refusal stays and says how it goes away, once taps count; keys do it, too, and press nothing that it covers.
func TestBrowserDoorSaysHowToGoOn(t *testing.T) {
	b := openDoorBrowser(t, false)
	for i, goOn := range []chromedp.Action[chromedp.Void]{
		chromedp.Click(chromedp.CSS(`[data-go-on]`)), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Escape),
	} {
		b.do(chromedp.Navigate(b.door+"/search?q=nowak"), chromedp.WaitVisible(chromedp.CSS(`[data-let-in] button`)), chromedp.Evaluate[chromedp.Void](`(() => { document.activeElement.blur();
			new MutationObserver(() => { if (document.querySelector("[data-answer] [data-go-on]:disabled")) window.waited = 1; }).observe(document.querySelector("[data-answer]"), {childList: true, subtree: true}); })()`),
			handScanner("this is no code of a ticket"))
		if said := b.seen(`[data-answer] [data-go-on]`); !strings.Contains(said, "Tap to go on") || b.number(`window.waited ?? 0`) != 1 {
			t.Errorf("a refusal says %q, or takes taps at once", said)
		}
		b.do(chromedp.WaitVisible(chromedp.CSS(`[data-go-on]:enabled`)))
		if high := b.number(`document.querySelector("[data-go-on]").getBoundingClientRect().height`); high < 44 {
			t.Errorf("%v px high", high)
		}
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-let-in] button").focus()`), goOn, chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)), chromedp.Sleep(100*time.Millisecond))
		if n := b.number(`document.querySelectorAll("[data-let-in]").length`); n != 4 {
			t.Errorf("way %d pressed what was covered: %v left", i, n)
		}
	}
}

// Whoever is let in is asked: what is being typed is not lost to the next code in view, and once it is saved the door goes on by itself.
func TestBrowserDoorAsks(t *testing.T) {
	b := openDoorBrowser(t, false)
	yes := b.api("POST", "/events/fest/questions", m{"subject": "door", "kind": "yes_no", "label": "Do you need a chair?", "purpose": "To bring it."}, 201).text1("id")
	row := b.api("POST", "/events/fest/questions", m{"subject": "door", "kind": "text", "label": "In which row?", "purpose": "To bring it there.", "required": true,
		"show_if": m{"question_id": yes, "any_of": []string{"true"}}}, 201).text1("id")
	b.do(chromedp.Navigate(b.door), handScanner(b.codes[1]), chromedp.WaitVisible(chromedp.CSS(`[data-asked] [name="answers.`+yes+`"]`)))
	if n := b.number(`document.querySelector('[name="answers.` + row + `"]').closest(".question").hidden ? 1 : 0`); n != 1 {
		t.Error("what is asked after a yes is there before it")
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-asked] [value="true"]`)), chromedp.SendKeys(chromedp.CSS(`[name="answers.`+row+`"]`), "Row 7"), chromedp.Sleep(7*time.Second))
	if typed := b.number(`document.querySelector('[name="answers.` + row + `"]').value.length`); typed != 5 {
		t.Fatal("the form went away while somebody typed")
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-asked] button`)), chromedp.WaitNotPresent(chromedp.CSS(`[data-asked]`)))
	if said := b.seen(`[data-answer] .door-word`); !strings.Contains(said, "Answers saved") {
		t.Errorf("it says %q", said)
	}
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	order := b.api("GET", "/orders/"+b.order, nil, 200)
	order.is("Row 7", "tickets", 1, "answers", 1, "text")

	// A hand scanner does not wait for whoever writes: what they wrote is kept.
	b.do(handScanner(b.codes[2]), chromedp.WaitVisible(chromedp.CSS(`[data-asked]`)), chromedp.Click(chromedp.CSS(`[data-asked] [value="true"]`)),
		chromedp.SendKeys(chromedp.CSS(`[name="answers.`+row+`"]`), "Row 9"), chromedp.Sleep(300*time.Millisecond))
	b.do(handScanner(b.codes[3]), chromedp.Sleep(time.Second))
	b.api("GET", "/orders/"+b.order, nil, 200).is("Row 9", "tickets", 2, "answers", 1, "text")
}
