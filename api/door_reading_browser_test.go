package api

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"

	"turnout/internal/browsertest"
	"turnout/internal/fakecamera"
	"turnout/internal/paper"
	"turnout/ticketing"
)

// floors are the parts of the pictures, in percent, that the door must read in one turn of its looks: a few points below what was measured
// over a hundred of each (the last five over ten). No reader reads a code whose three big squares are not all to be seen, or that lost more than level M mends.
var floors = map[string]int{
	"upright":             97,
	"rotated":             97,
	"perspective":         97,
	"blurred":             97,
	"blurred much":        84,
	"moved":               74,
	"low contrast":        97,
	"glare":               84,
	"dark mode":           97,
	"screen photographed": 97,
	"JPEG 30":             97,
	"JPEG 10":             97,
	"corner covered":      18,
	"cracked":             40,
	"thumb 5 %":           97,
	"thumb 10 %":          95,
	"thumb 15 %":          0,
	"small":               95,
	"low light":           85,
	"low toner":           75,
}

// readingEntry is the door's own reader and its choice of what is meant, given to the page.
const readingEntry = `import { chooseReader, looks } from "./_reader"; import { Sights } from "./_sights";
Object.assign(window, { chooseReader, looks, Sights });`

// readingPage shows pictures of this set to them. read gives how long each look of one turn took in milliseconds, and in which the code was read.
const readingPage = `<!DOCTYPE html><script>delete window.BarcodeDetector</script><script src="/reader.js"></script><script>
const canvas = document.createElement("canvas"), brush = canvas.getContext("2d");
canvas.width = 1280; canvas.height = 720;
const picture = new ImageData(1280, 720), words = new Uint32Array(picture.data.buffer);
const reader = chooseReader("/zxing.wasm");
async function show(path) {
	const luma = new Uint8Array(await (await fetch(path)).arrayBuffer());
	for (let i = 0; i < luma.length; i++) words[i] = 0xff000000 | luma[i] * 0x10101;
	brush.putImageData(picture, 0, 0);
}
async function read(path, code) {
	await show(path);
	const took = [];
	let at = -1;
	for (let i = 0; i < looks.length; i++) {
		const began = performance.now();
		const found = await (await reader)(canvas);
		took.push(performance.now() - began);
		if (found.some((sight) => sight.text !== code)) return { at: -2, took };
		if (at < 0 && found.length > 0) at = i;
	}
	return { at, took };
}
// choose gives what the door takes of a picture that stays for a second.
async function choose(path) {
	await show(path);
	const sights = new Sights();
	for (let now = 0; now < 1000; now += 50) {
		const code = sights.fresh(await (await reader)(canvas), now);
		if (code) return code;
	}
	return "";
}
</script>`

type reading struct {
	At   int       `json:"at"`   // the look that read it, -1 for none, -2 for a wrong text
	Took []float64 `json:"took"` // milliseconds of each look
}

// ticketCode is a code as ours are, and its modules.
func ticketCode(t *testing.T, n int) (string, paper.Matrix) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	code := ticketing.Code{KeyID: 1, Mode: ticketing.InPerson, Event: 1234, Ticket: 5000 + int64(n), Type: 77, Nonce: ticketing.Nonce{byte(n), 7, 3}}.Sign(key)
	return code, matrix(t, code)
}

func matrix(t testing.TB, text string) paper.Matrix {
	t.Helper()
	m, err := paper.MakeQR(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// openReading is a browser with the reader in it; the server draws the pictures.
func openReading(t *testing.T, draw func(r *http.Request) []byte) context.Context {
	t.Helper()
	script := browsertest.Bundle(t, readingEntry)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(readingPage)) })
	mux.HandleFunc("/reader.js", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(script) })
	mux.HandleFunc("/zxing.wasm", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.FromSlash("../templates/static/vendor/zxing-wasm@3.1.4/zxing_reader.wasm"))
	})
	mux.HandleFunc("/picture", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(draw(r)) })
	return browsertest.Open(t, mux)
}

// The door reads what is hard to read: TURNOUT_TEST_SIGHTS pictures of each way, ten without it, a hundred for the table of the README.
func TestBrowserDoorReadsSpoiledPictures(t *testing.T) {
	each := 10
	if n, err := strconv.Atoi(os.Getenv("TURNOUT_TEST_SIGHTS")); err == nil && n > 0 {
		each = n
	}
	number := func(r *http.Request, name string) int { n, _ := strconv.Atoi(r.FormValue(name)); return n }
	ctx := openReading(t, func(r *http.Request) []byte {
		n := number(r, "n")
		_, m := ticketCode(t, n)
		return fakecamera.Spoils[number(r, "way")].Picture(m, n)
	})
	var all []float64
	for way, spoil := range fakecamera.Spoils {
		var took, until []float64
		read, first := 0, 0
		for i := range each {
			n := i * 100 / each
			code, _ := ticketCode(t, n)
			got, err := chromedp.Run(ctx, chromedp.Evaluate[reading](fmt.Sprintf(`read("/picture?way=%d&n=%d", %q)`, way, n, code), chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			took = append(took, got.Took...)
			if got.At == -2 {
				t.Errorf("%s %d: a text that the picture does not show", spoil.Name, n)
			}
			if got.At < 0 {
				continue
			}
			read++
			if got.At == 0 {
				first++
			}
			sum := 0.0
			for _, ms := range got.Took[:got.At+1] {
				sum += ms
			}
			until = append(until, sum)
		}
		all = append(all, took...)
		t.Logf("%-20s %3d %% read, %3d %% at the first look; a look %2.0f ms, p95 %2.0f; until read %2.0f ms, p95 %2.0f", spoil.Name, 100*read/each, 100*first/each,
			part(took, .5), part(took, .95), part(until, .5), part(until, .95))
		floor, known := floors[spoil.Name]
		if slack := 100 / each; !known || 100*read/each < floor-slack {
			t.Errorf("%s: %d of %d read, want %d %%", spoil.Name, read, each, floor)
		}
	}
	t.Logf("a look: median %.0f ms, p95 %.0f", part(all, .5), part(all, .95))
}

// part is the value below which this part of them lies.
func part(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)-1, int(float64(len(values))*p))]
}

// Of several codes in view the ticket over the middle is taken and no other; a link or a Wi-Fi's code beside a ticket never is.
func TestBrowserDoorConfusesNoCodes(t *testing.T) {
	first, middle := ticketCode(t, 1)
	second, ticket := ticketCode(t, 2)
	link, wifi := "https://example.org/menu", "WIFI:T:WPA;S:Guests;P:welcome;;"
	pairs := []struct {
		name          string
		middle, aside paper.Matrix
		want          string
	}{
		{"two tickets", middle, ticket, first}, {"the other two", ticket, middle, second},
		{"a link aside", middle, matrix(t, link), first}, {"a Wi-Fi aside", middle, matrix(t, wifi), first},
		{"a link in the middle", matrix(t, link), ticket, second}, {"a Wi-Fi in the middle", matrix(t, wifi), ticket, second},
		{"a link alone", matrix(t, link), nil, link},
	}
	ctx := openReading(t, func(r *http.Request) []byte {
		pair, _ := strconv.Atoi(r.FormValue("pair"))
		n, _ := strconv.Atoi(r.FormValue("n"))
		return fakecamera.Beside(pairs[pair].middle, pairs[pair].aside, n)
	})
	for i, tt := range pairs {
		for n := range 4 {
			got, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`choose("/picture?pair=%d&n=%d")`, i, n), chromedp.EvalAwaitPromise))
			if err != nil || got != tt.want {
				t.Errorf("%s, %d: %q, %v", tt.name, n, got, err)
			}
		}
	}
	// Steps of looks, each what a look saw: two beside each other and none in the middle, the one that is meant unread for a while, a swap.
	for name, tt := range map[string]struct{ script, want string }{
		"two, none in the middle": {`[[l, r], [l, r], [l, r], [l, r], [l, r], [l, r], [l, r], [l, r]]`, "--------"},
		"one aside, alone":        {`[[l], [l], [l], [l]]`, "---l"},
		"one aside, then another": {`[[l], [], [m, l], [l], [m], [m]]`, "-----m"},
		"one in the middle":       {`[[m]]`, "m"},
		"swapped":                 {`[[m], [n], [n]]`, "mn-"},
	} {
		script := fmt.Sprintf(`(() => { const at = (text, x) => ({text, x, y: .5, width: .2, height: .3}), [one, two] = [%q, %q];
			const l = at(one, .3), r = at(two, .7), m = at(two, .5), n = at(one, .5), names = new Map([[l, "l"], [r, "r"], [m, "m"], [n, "n"]]);
			const sights = new Sights(); let now = 0, said = "";
			for (const seen of %s) { const code = sights.fresh(seen, now += 90); if (code) sights.taken(code, now); said += code ? names.get(seen.find((s) => s.text === code)) : "-"; }
			return said; })()`, first, second, tt.script)
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
		if err != nil || got != tt.want {
			t.Errorf("%s: %s, want %s, %v", name, got, tt.want, err)
		}
	}
}
