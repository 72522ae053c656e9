package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// noteSent keeps the codes that the page sends.
const noteSent = `window.sent = []; { const real = window.fetch; window.fetch = (url, options) => {
	const code = options?.body?.get?.("code");
	if (code) window.sent.push(code);
	return real(url, options);
}; }`

// azerty is what a French keyboard's layout makes of the keys of an American one.
var azerty = strings.NewReplacer("A", "Q", "Q", "A", "W", "Z", "Z", "W", "M", "?", "2", "é", "3", "\"", "4", "'", "5", "(", "6", "-", "7", "è")

// typeKeys presses keys by a clock of its own, because the browser sets events that come early or late to its own: each is what the
// layout makes of it, its place on the keyboard, and the milliseconds since the one before.
const typeKeys = `window.typeKeys = (keys) => {
	let at = performance.now();
	for (const [key, code, gap] of keys) {
		const event = new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true}), to = document.activeElement;
		Object.defineProperty(event, "timeStamp", {value: at += gap});
		if (to.dispatchEvent(event) && key.length === 1 && to instanceof HTMLInputElement) to.value += key;
	}
}`

// typing is a scanner's keys; every key takes pace milliseconds, and those at the given places come so much later.
func typing(text string, pace int, late map[int]int, layout *strings.Replacer) string {
	keys := [][3]any{}
	for i, c := range strings.Split(text, "") {
		key, code := c, ""
		switch upper := strings.ToUpper(c); {
		case c == "\r":
			key, code = "Enter", "Enter"
		case c == "\t":
			key, code = "Tab", "Tab"
		case upper >= "A" && upper <= "Z":
			code = "Key" + upper
		case c >= "0" && c <= "9":
			code = "Digit" + c
		}
		if layout != nil && len(key) == 1 {
			key = layout.Replace(key)
		}
		keys = append(keys, [3]any{key, code, pace + late[i]})
	}
	raw, err := json.Marshal(keys)
	if err != nil {
		panic(err) // texts and numbers
	}
	return "window.typeKeys(" + string(raw) + ")"
}

// Hand scanners differ: slow ones, ones with pauses, with characters before and after, with no Enter, under another layout or Caps Lock.
func TestBrowserDoorHandScannersDiffer(t *testing.T) {
	b := openDoorBrowser(t, false)
	b.do(before(noteSent), before(typeKeys))
	code := b.codes[0]
	const quick, gap = 1, 300
	for _, tt := range []struct {
		name, keys, want string
	}{
		{"fast", typing(code+"\r", quick, nil, nil), code},
		{"slow", typing(code+"\r", 70, nil, nil), code},
		{"very slow", typing(code+"\r", 140, nil, nil), code},
		{"a pause after the first", typing(code+"\r", quick, map[int]int{1: gap}, nil), code},
		{"pauses in the first seven", typing(code+"\r", quick, map[int]int{3: gap, 6: gap}, nil), code},
		{"a pause later", typing(code+"\r", quick, map[int]int{90: 2 * gap}, nil), code},
		{"Tab", typing(code+"\t", quick, nil, nil), code},
		{"no Enter", typing(code, quick, nil, nil), code},
		{"before and after", typing("]Q1"+code+"#\r", quick, nil, nil), code},
		{"Caps Lock", typing(strings.ToLower(code)+"\r", quick, nil, nil), strings.ToLower(code)},
		{"AZERTY", typing(code+"\r", quick, nil, azerty), code},
		{"something else", typing("https://example.org/x\r", quick, nil, nil), "https://example.org/x"},
		{"a hand", typing("nowakowski\r", 140, nil, nil), ""},
		{"a hand, then a scanner", typing("nowak"+code+"\r", quick, map[int]int{1: gap, 2: gap, 3: gap, 4: gap, 5: gap}, nil), code},
	} {
		for _, field := range []bool{false, true} {
			b.do(chromedp.Navigate(b.door))
			if field {
				b.do(chromedp.Click(chromedp.CSS(`[data-open-panel="find"]`)), chromedp.Click(chromedp.CSS(`[data-find] input`)))
			}
			b.do(chromedp.Evaluate[chromedp.Void](tt.keys), chromedp.Sleep(500*time.Millisecond))
			sent, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`window.sent.join(" ")`))
			if err != nil || sent != tt.want {
				t.Errorf("%s, in a field %v: sent %q, %v", tt.name, field, sent, err)
			}
			typed, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("[data-find] input").value`))
			if left := len(typed); err != nil || field && tt.want != "" && left > len("nowak") {
				t.Errorf("%s: %q was left in the field, %v", tt.name, typed, err)
			}
		}
	}
	b.do(chromedp.Navigate(b.door), chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{ const clipboardData = new DataTransfer(); clipboardData.setData("text", %q);
		document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true})); }`, " "+code+"\n")), chromedp.Sleep(300*time.Millisecond))
	if n := b.number(fmt.Sprintf(`Number(window.sent.join() === %q)`, code)); n != 1 {
		t.Error("a pasted code was not sent")
	}
}

// devices stand in for what headless Chromium has not: a light, a lock on the screen, a vibrator; the sounds are noted.
const devices = `window.lights = []; window.locks = 0; window.shakes = []; window.notes = [];
{ const capable = MediaStreamTrack.prototype.getCapabilities;
MediaStreamTrack.prototype.getCapabilities = function () { return {...capable.call(this), torch: true}; };
MediaStreamTrack.prototype.applyConstraints = async function (wish) { window.lights.push(wish.advanced[0].torch); };
Object.defineProperty(navigator, "wakeLock", {value: {request: async () => { window.locks++; return {}; }}});
navigator.vibrate = (shake) => window.shakes.push(JSON.stringify(shake));
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { window.notes.push(this.type + Math.round(this.frequency.value)); return start.call(this, at); };
let away = false;
Object.defineProperty(document, "hidden", {get: () => away});
Object.defineProperty(document, "visibilityState", {get: () => away ? "hidden" : "visible"});
window.leave = (is) => { away = is; document.dispatchEvent(new Event("visibilitychange")); }; }`

// The choice of camera is remembered, the light and the lock on the screen come back with the page; no sound when it is off.
func TestBrowserDoorCameraLightAndSounds(t *testing.T) {
	b := openDoorBrowser(t, false, chromedp.Flag("use-fake-device-for-media-stream", "device-count=2"), chromedp.Flag("use-fake-ui-for-media-stream", true))
	is := func(what, script, want string) {
		t.Helper()
		var got string
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			var err error
			if got, err = chromedp.Run(b.ctx, chromedp.Evaluate[string](`String(`+script+`)`)); err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
		}
		t.Errorf("%s: %s, want %s", what, got, want)
	}
	const camera = `document.querySelector("[data-video]").srcObject?.getVideoTracks()[0].getSettings().deviceId`
	begin := func() {
		t.Helper()
		b.do(chromedp.Navigate(b.door), chromedp.Evaluate[chromedp.Void](`document.querySelector("[data-start]:not([hidden]) [data-start-camera]")?.click()`),
			chromedp.WaitVisible(chromedp.CSS(`[data-switch]`)), chromedp.WaitVisible(chromedp.CSS(`[data-torch]`)))
	}
	b.do(before(devices), before(noteSent))
	begin()
	b.do(chromedp.Evaluate[chromedp.Void](`window.was = `+camera), chromedp.Click(chromedp.CSS(`[data-switch]`)))
	is("the camera after a change", camera+` !== window.was && localStorage.getItem("turnout.camera") === `+camera, "true")
	begin()
	is("the camera of a page loaded again", camera+` === localStorage.getItem("turnout.camera")`, "true")

	const torch = `window.lights + " " + document.querySelector("[data-torch]").ariaPressed`
	b.do(chromedp.Click(chromedp.CSS(`[data-torch]`)))
	is("the light", torch, "true true")
	b.do(chromedp.Evaluate[chromedp.Void](`window.leave(true)`))
	is("the camera of a page that nobody sees", `document.querySelector("[data-video]").srcObject`, "null")
	b.do(chromedp.Evaluate[chromedp.Void](`window.leave(false)`))
	is("the light, back on the page", torch, "true,true true")
	is("the lock on the screen", `window.locks`, "2")
	b.do(chromedp.Click(chromedp.CSS(`[data-torch]`)))
	is("the light turned off", torch, "true,true,false false")

	heard := map[string]bool{}
	for _, code := range []string{b.codes[0], b.codes[0], strings.Repeat("no ticket ", 2)} {
		b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); window.notes = []; window.shakes = []`), handScanner(code))
		b.seen(`[data-answer] [data-tone]`)
		said, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`window.notes + " " + window.shakes`))
		if err != nil || heard[said] || said == " " {
			t.Errorf("%q, %v", said, err)
		}
		heard[said] = true
		b.do(chromedp.KeyEvent("\x1b"), chromedp.WaitNotPresent(chromedp.CSS(`[data-answer] [data-tone]`)))
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-open-panel="settings"]`)), chromedp.Click(chromedp.CSS(`[data-sound]`)))
	begin()
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); window.notes = []; window.shakes = []`), handScanner(b.codes[1]))
	b.seen(`[data-answer] [data-tone]`)
	is("with sounds off, after loading again", `window.notes.length + window.shakes.length`, "0")
}
