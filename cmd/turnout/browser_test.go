package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// browser is headless Chromium before a running Turnout. Whatever it passes may ask no other host, say nothing to the
// console and break no policy; each page that it reads is clean for axe-core, light and dark.
type browser struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // chromedp's way to name the tab
	base string          // the server's address

	mu       sync.Mutex
	wrong    []string // heard since the last page was read
	expected int      // the status that the next page may answer, which Chromium calls an error
}

// openBrowser starts Chromium in a phone's size or in a desk's, with further flags.
func openBrowser(t *testing.T, base string, width, height int, flags ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	program := os.Getenv("TURNOUT_TEST_BROWSER")
	if program == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(width, height), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("accept-lang", "en"))
	ctx, closeBrowser := chromedp.NewExecAllocator(t.Context(), append(options, flags...)...)
	t.Cleanup(closeBrowser)
	b := &browser{t: t, base: base}
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithListener(b.hear))
	t.Cleanup(closeTab)
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(end)
	b.ctx = ctx
	b.succeed(chromedp.Do(ctx)) // starts it; it lives as long as this context
	b.do(chromedp.EmulateViewport(int64(width), int64(height)))
	return b
}

// hear notes what a page may not do.
func (b *browser) hear(event any) {
	var wrong string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		wrong = fmt.Sprintf("threw %v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeDebug {
			for _, arg := range e.Args {
				wrong += " " + string(arg.Value) + arg.Description
			}
			wrong = fmt.Sprintf("console.%s:%s", e.Type, wrong)
		}
	case *log.EventEntryAdded:
		wrong = fmt.Sprintf("logged (%s): %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "data" && u.Scheme != "blob" && !strings.HasPrefix(e.Request.URL, b.base+"/") {
			wrong = "asked for " + e.Request.URL
		}
	}
	if wrong == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.expected == 0 || !strings.Contains(wrong, fmt.Sprintf("status of %d", b.expected)) {
		b.wrong = append(b.wrong, wrong)
	}
}

// patience is how long one step may take.
const patience = 20 * time.Second

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.succeed(chromedp.Do(ctx, steps...))
}

// succeed ends the test with what the page says when a step did not succeed.
func (b *browser) succeed(err error) {
	b.t.Helper()
	if err != nil {
		body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname + '\\n' + document.body.innerText"))
		b.t.Fatalf("%v; the page says: %.1500s", err, body)
	}
}

// js evaluates a script in a browser's page.
func js[T any](b *browser, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return v
}

// open goes to an address, relative to the server's or whole, and reads the page that answers 200.
func (b *browser) open(path string) {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.base + path
	}
	b.arrive(200, chromedp.Navigate(path))
}

// follow clicks on what leads to another page and reads that.
func (b *browser) follow(selector chromedp.CSS) {
	b.t.Helper()
	b.followTo(200, selector)
}

// followTo is follow for a page of another status.
func (b *browser) followTo(status int, selector chromedp.CSS) {
	b.t.Helper()
	b.settle()
	b.do(chromedp.WaitVisible(selector), chromedp.ScrollIntoView(selector))
	b.arrive(status, chromedp.Click(selector))
}

// arrive takes the steps that load a page and reads it.
func (b *browser) arrive(status int, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.mu.Lock()
	b.expected = status
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	b.succeed(err)
	if int(response.Status) != status {
		b.t.Fatalf("%s: %d, want %d: %.600s", response.URL, response.Status, status, js[string](b, "document.body.innerText"))
	}
	b.read()
}

// axe is the source of axe-core, which finds what people with disabilities stumble over.
var axe = sync.OnceValue(func() string {
	source, err := os.ReadFile("testdata/axe-core@4.14.1/axe.min.js")
	if err != nil {
		panic(err)
	}
	return string(source)
})

// still ends what is between two colours: schemes change by a transition, and axe-core would measure in its middle.
const still = `(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync("*, *::before, *::after { transition: none !important }");
	document.adoptedStyleSheets.push(sheet) })()`

// read holds the page that is open to what each page must be.
func (b *browser) read() {
	b.t.Helper()
	b.do(chromedp.WaitReady(chromedp.CSS("main")))
	where := js[string](b, "location.pathname")
	b.mu.Lock()
	for _, wrong := range b.wrong {
		b.t.Errorf("%s %s", where, wrong)
	}
	b.wrong, b.expected = nil, 0
	b.mu.Unlock()
	for _, direction := range []string{"rtl", "ltr"} { // what is read from the right fits as well
		script := fmt.Sprintf("document.documentElement.dir = %q; document.documentElement.scrollWidth - innerWidth", direction)
		if wide := js[float64](b, script); wide > 0 {
			b.t.Errorf("%s (%s) is %v px wider than the window", where, direction, wide)
		}
	}
	b.do(chromedp.Evaluate[chromedp.Void](axe()), chromedp.Evaluate[chromedp.Void](still))
	for _, scheme := range []string{"dark", "light"} {
		only := ""
		if scheme == "dark" {
			only = `, runOnly: ["color-contrast"]` // all else is the same in both
		}
		b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
			return err
		}))
		var found []struct {
			ID, Help string
			Nodes    []struct{ HTML, FailureSummary string }
		}
		raw := js[string](b, `axe.run(document, {resultTypes: ["violations"]`+only+`}).then(r => JSON.stringify(r.violations))`)
		if err := json.Unmarshal([]byte(raw), &found); err != nil {
			b.t.Fatal(err)
		}
		for _, f := range found {
			b.t.Errorf("%s (%s): axe-core: %s: %s at %d places: %.300s: %.300s", where, scheme, f.ID, f.Help, len(f.Nodes), f.Nodes[0].HTML, f.Nodes[0].FailureSummary)
		}
	}
}

// seen waits for an element and gives its text.
func (b *browser) seen(selector chromedp.CSS) string {
	b.t.Helper()
	b.do(chromedp.WaitVisible(selector))
	text, err := chromedp.Run(b.ctx, chromedp.Text(selector))
	b.succeed(err)
	return text
}

// says fails the test when an element does not say each of the words.
func (b *browser) says(selector chromedp.CSS, words ...string) {
	b.t.Helper()
	text := strings.Join(strings.Fields(b.seen(selector)), " ") // spaces that do not break are spaces
	for _, word := range words {
		if !strings.Contains(text, word) {
			b.t.Errorf("%s does not say %q: %s", selector, word, text)
		}
	}
}

// fill replaces what stands in a field by what is typed.
func (b *browser) fill(selector chromedp.CSS, text string) {
	b.t.Helper()
	b.do(chromedp.Focus(selector))
	b.settle() // the field before may have had the form drawn again
	b.do(chromedp.Clear(selector), chromedp.SendKeys(selector, text))
}

// settle waits until no part of the page is being drawn again: selectors find what stands, and a press hits what it aims at.
func (b *browser) settle() {
	b.t.Helper()
	for end := time.Now().Add(patience); js[bool](b, `document.querySelector("[aria-busy=true]") !== null`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("a part of the page stays busy")
		}
	}
}

// code reads the QR that an element shows, as a phone before the screen would.
func (b *browser) code(selector chromedp.CSS) string {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.ScreenshotScale(selector, 3))
	if err != nil {
		b.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		b.t.Fatal(err)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		b.t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		b.t.Fatalf("no code can be read in the picture of %s: %v", selector, err)
	}
	return found.GetText()
}
