package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"turnout"
)

// builder is an organiser at the grid of an agenda with two rooms and three sessions, the first and the second with one speaker.
type builder struct {
	*doorBrowser
	rooms, sessions []string
}

func openBuilder(t *testing.T) *builder {
	b := &builder{doorBrowser: openDoorBrowser(t, false, chromedp.WindowSize(1400, 1000))}
	b.staff = b.boss
	who := b.api("POST", "/events/fest/speakers", m{"name": "Ngozi Okafor"}, 201).text1("id")
	for _, name := range []string{"Hall", "Attic"} {
		b.rooms = append(b.rooms, b.api("POST", "/events/fest/rooms", m{"name": name}, 201).text1("id"))
	}
	for i, title := range []string{"First", "Second", "Third"} {
		session := m{"title": title, "kind": "talk", "duration_minutes": 60}
		if i < 2 {
			session["speaker_ids"] = []string{who}
		}
		b.sessions = append(b.sessions, b.api("POST", "/events/fest/sessions", session, 201).text1("id"))
	}
	b.place(0, b.rooms[0], 0)
	base, _, _ := strings.Cut(b.door, "/door/")
	b.do(chromedp.Navigate(base + "/console/events/fest/agenda/grid"))
	b.seen(".plan-board .plan-card")
	return b
}

// place gives a session its slot by the API, so many minutes after the event's begin.
func (b *builder) place(session int, room string, after int) {
	b.t.Helper()
	start := event(b.doorway).StartsAt.Add(time.Duration(after) * time.Minute)
	b.api("PUT", "/sessions/"+b.sessions[session]+"/slot", m{"room_id": room, "starts_at": start, "ends_at": start.Add(time.Hour)}, 200)
}

// stands waits until a session stands in a room (-1: everywhere), so many minutes after the event's begin, for so long; after -1 it has no slot.
func (b *builder) stands(session, room, after, long int) {
	b.t.Helper()
	want := "none"
	if after >= 0 {
		start := event(b.doorway).StartsAt.Add(time.Duration(after) * time.Minute)
		want = fmt.Sprint(b.roomID(room), start.UTC(), start.Add(time.Duration(long)*time.Minute).UTC())
	}
	got := ""
	for range 50 {
		s, err := b.Agenda.Session(b.t.Context(), b.community.ID, turnout.ID(b.sessions[session]))
		if err != nil {
			b.t.Fatal(err)
		}
		if got = "none"; s.Placed() {
			got = fmt.Sprint(s.RoomID, s.StartsAt.UTC(), s.EndsAt.UTC())
		}
		if got == want {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Errorf("session %d stands %s, want %s", session, got, want)
}

func (b *builder) roomID(room int) string {
	if room < 0 {
		return ""
	}
	return b.rooms[room]
}

func (b *builder) card(session int) chromedp.CSS {
	return chromedp.CSS(fmt.Sprintf(`.plan-card[data-id="%s"]`, b.sessions[session]))
}

// point is where an element is in the window: at parts of its width and height.
func (b *builder) point(selector chromedp.CSS, across, down float64) (x, y float64) {
	b.t.Helper()
	box := fmt.Sprintf("document.querySelector('%s').getBoundingClientRect()", selector)
	return b.number(fmt.Sprintf("%s.left + %s.width * %g", box, box, across)), b.number(fmt.Sprintf("%s.top + %s.height * %g", box, box, down))
}

// drags presses at a point, moves by a few steps to another, and lets go unless it shall hold on.
func (b *builder) drags(x, y, toX, toY float64, drop bool) {
	b.t.Helper()
	mouse := func(kind input.DispatchMouseEventType, x, y float64) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1})
			return err
		})
	}
	steps := []chromedp.Action[chromedp.Void]{mouse(input.DispatchMouseEventTypeMousePressed, x, y)}
	for i := 1; i <= 5; i++ {
		steps = append(steps, mouse(input.DispatchMouseEventTypeMouseMoved, x+(toX-x)*float64(i)/5, y+(toY-y)*float64(i)/5))
	}
	if drop {
		steps = append(steps, mouse(input.DispatchMouseEventTypeMouseReleased, toX, toY))
	}
	b.do(steps...)
}

// A day is built by the mouse: out of the tray, into another room, longer, and put aside; what speaks against a place is said before it is dropped, and all is taken back.
func TestBrowserBuildsADayByMouse(t *testing.T) {
	b := openBuilder(t)
	minute := b.number(`document.querySelector(".plan-times").getBoundingClientRect().height / Number(document.querySelector(".plan-board").style.getPropertyValue("--long"))`)
	first, top := b.point(b.card(0), 0.5, 0)

	// The second of the same speaker, beside the first: that is said. It is dropped two hours later.
	x, y := b.point(b.card(1), 0.5, 0.1)
	attic, _ := b.point(chromedp.CSS(`[data-room="`+b.rooms[1]+`"]`), 0.5, 0)
	b.drags(x, y, attic, top+10, false)
	if said := b.seen("[data-hover]"); !strings.Contains(said, "Attic") || !strings.Contains(said, "Ngozi Okafor: in “First” then.") {
		t.Errorf("while it is dragged: %s", said)
	}
	b.drags(attic, top+10, attic, top+120*minute+2, true)
	b.stands(1, 1, 120, 60)

	x, y = b.point(b.card(1), 0.5, 1)
	b.drags(x, y-2, x, y+30*minute, true)
	b.stands(1, 1, 120, 90)

	b.drags(first, top+4, attic, top+4, true)
	b.stands(0, 1, 0, 60)

	tray, below := b.point(chromedp.CSS("[data-tray]"), 0.5, 0.9)
	x, y = b.point(b.card(1), 0.5, 0.2)
	b.drags(x, y, tray, below, true)
	b.stands(1, 0, -1, 0)

	for _, want := range []func(){func() { b.stands(1, 1, 120, 90) }, func() { b.stands(0, 0, 0, 60) }, func() { b.stands(1, 1, 120, 60) }, func() { b.stands(1, 0, -1, 0) }} {
		b.do(chromedp.Click(chromedp.CSS("[data-undo]")))
		want()
	}
	b.do(chromedp.Click(chromedp.CSS("[data-redo]")))
	b.stands(1, 1, 120, 60)
}

// By a finger: at once it scrolls and moves nothing; after it has rested it drags a card to another room and time, and out of the day.
func TestBrowserBuildsADayByTouch(t *testing.T) {
	b := openBuilder(t)
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
		return err
	}))
	b.seen(".plan-board .plan-card")
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)})
			return err
		})
	}
	finger := func(rests time.Duration, x, y, toX, toY float64) {
		b.t.Helper()
		steps := []chromedp.Action[chromedp.Void]{touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x, Y: y}), chromedp.Sleep(rests)}
		for i := 1; i <= 6; i++ {
			part := float64(i) / 6
			steps = append(steps, touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: x + (toX-x)*part, Y: y + (toY-y)*part}), chromedp.Sleep(30*time.Millisecond))
		}
		b.do(append(steps, touch(input.DispatchTouchEventTypeTouchEnd))...)
	}
	minute := b.number(`document.querySelector(".plan-times").getBoundingClientRect().height / Number(document.querySelector(".plan-board").style.getPropertyValue("--long"))`)
	attic, _ := b.point(chromedp.CSS(`[data-room="`+b.rooms[1]+`"]`), 0.5, 0)
	x, y := b.point(b.card(0), 0.5, 0.2)
	finger(20*time.Millisecond, x, y, x, y+90*minute)
	b.stands(0, 0, 0, 60)
	x, y = b.point(b.card(0), 0.5, 0.2)
	finger(600*time.Millisecond, x, y, attic, y+60*minute)
	b.stands(0, 1, 60, 60)
	x, y = b.point(b.card(0), 0.5, 0.2)
	tray, below := b.point(chromedp.CSS("[data-tray]"), 0.5, 0.9)
	finger(600*time.Millisecond, x, y, tray, below)
	b.stands(0, 0, -1, 0)
}

// By keys alone: into the first gap, later, longer, to another room, several at once, aside.
func TestBrowserBuildsADayByKeys(t *testing.T) {
	b := openBuilder(t)
	press := func(session int, keys ...string) {
		b.t.Helper()
		for _, key := range keys {
			b.do(chromedp.Focus(b.card(session)), chromedp.KeyEvent(key), chromedp.Sleep(150*time.Millisecond))
		}
	}
	press(1, "\r") // the speaker is in the hall until then
	b.stands(1, 0, 60, 60)
	press(1, kb.ArrowDown, kb.ArrowDown, kb.ArrowRight)
	b.stands(1, 1, 70, 60)
	b.do(chromedp.Focus(b.card(1)), chromedp.KeyEvent(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierShift)))
	b.stands(1, 1, 70, 65)
	press(0, " ")
	press(1, " ", kb.ArrowDown)
	b.stands(0, 0, 5, 60)
	b.stands(1, 1, 75, 65)
	press(1, kb.Delete)
	b.stands(0, 0, -1, 0)
	b.stands(1, 0, -1, 0)
	b.do(chromedp.Focus(chromedp.CSS(".plan-scroll")), chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.stands(0, 0, 5, 60)
	b.stands(1, 1, 75, 65)
	if said := b.seen("[data-said]"); !strings.Contains(said, "2 sessions moved") {
		t.Errorf("it says %q", said)
	}
}

// Two organisers at once: each sees what the other does, and nobody writes over the other's work without a word.
func TestBrowserTwoBuildAtOnce(t *testing.T) {
	b := openBuilder(t)
	b.place(2, b.rooms[1], 180)
	b.do(chromedp.WaitVisible(chromedp.CSS(`.plan-board ` + string(b.card(2)))))
	if said := b.seen("[data-said]"); !strings.Contains(said, "Changed by somebody else: Third") {
		t.Errorf("it says %q", said)
	}
	// It does not hear of the next change before it moves the same session.
	b.do(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, "hidden", {value: true, configurable: true})`))
	b.place(2, b.rooms[0], 240)
	b.do(chromedp.Focus(b.card(2)), chromedp.KeyEvent(kb.ArrowDown))
	b.do(chromedp.WaitVisible(chromedp.CSS(`[data-room="` + b.rooms[0] + `"] ` + string(b.card(2)))))
	if said := b.seen("[data-said]"); !strings.Contains(said, "Somebody else changed this") {
		t.Errorf("it says %q", said)
	}
	b.stands(2, 0, 240, 60)
	// Nor does taking back undo the other's work.
	b.do(chromedp.Focus(b.card(0)), chromedp.KeyEvent(kb.ArrowDown))
	b.stands(0, 0, 5, 60)
	b.place(0, b.rooms[1], 30)
	b.do(chromedp.Evaluate[chromedp.Void](`Object.defineProperty(document, "hidden", {value: false, configurable: true})`))
	b.do(chromedp.WaitVisible(chromedp.CSS(`[data-room="`+b.rooms[1]+`"] `+string(b.card(0)))), chromedp.Click(chromedp.CSS("[data-undo]")), chromedp.Sleep(500*time.Millisecond))
	b.stands(0, 1, 30, 60)
}

// A day is built by forms alone, without scripts; released, changed, released again after its consequences were said, and taken back: the public sees each step.
func TestBrowserReleasesAndTakesBack(t *testing.T) {
	b := openBuilder(t)
	base, _, _ := strings.Cut(b.door, "/door/")
	console := base + "/console/events/fest/agenda"
	start := event(b.doorway).StartsAt.In(event(b.doorway).Location())
	slot := func(session, hours int, room string) {
		b.t.Helper()
		from := start.Add(time.Duration(hours) * time.Hour)
		fill := fmt.Sprintf(`(() => { const form = document.querySelector('form[action$="/slot"]'); form.room_id.value = %q; form.starts_at.value = %q; form.ends_at.value = %q; form.noValidate = true; form.submit(); return true })()`,
			room, from.Format("2006-01-02T15:04"), from.Add(time.Hour).Format("2006-01-02T15:04"))
		b.do(chromedp.Navigate(console + "/sessions/" + b.sessions[session]))
		b.seen(`form[action$="/slot"]`)
		if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fill)); err != nil { // sent as a browser without scripts sends it
			b.t.Fatal(err)
		}
		b.stands(session, slices.Index(b.rooms, room), hours*60, 60)
		b.until(`document.readyState === "complete"`, 10*time.Second)
	}
	says := func(text string) {
		b.t.Helper()
		b.until(fmt.Sprintf(`document.readyState === "complete" && document.body.innerText.includes(%q)`, text), 10*time.Second)
	}
	release := func(version string, asks bool) {
		b.t.Helper()
		b.do(chromedp.Navigate(console+"/release"), chromedp.WaitVisible(chromedp.CSS("[name=version_name]")), chromedp.SendKeys(chromedp.CSS("[name=version_name]"), version), chromedp.Click(chromedp.CSS("main form .btn-primary")))
		if asks {
			b.do(chromedp.WaitVisible(chromedp.CSS("dialog[open] .btn-danger")), chromedp.Click(chromedp.CSS("dialog[open] .btn-danger")))
		}
		says("Version " + version + " is public.")
	}
	public := func(path string, wants ...string) string {
		b.t.Helper()
		b.do(chromedp.Navigate(base + "/e/fest/schedule" + path))
		text := b.seen("main")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				b.t.Errorf("%s does not say %q: %s", path, want, text)
			}
		}
		return text
	}

	slot(1, 2, b.rooms[1])
	release("1.0", false)
	first := public("", "First", "Second")
	slot(1, 4, b.rooms[0])
	b.place(2, b.rooms[1], 300)
	b.do(chromedp.Navigate(console + "/release"))
	if said := b.seen("main"); !strings.Contains(said, "Who is told") || !strings.Contains(said, "1 speaker") || !strings.Contains(said, "Second") || !strings.Contains(said, "moved") {
		t.Errorf("the consequences: %s", said)
	}
	release("1.1", true)
	public("/changes", "1.1", "Second", "moved", "Third", "new")
	if second := public("", "Third"); second == first {
		t.Error("the public sees no change")
	}

	b.do(chromedp.Navigate(console+"/release"), chromedp.Click(chromedp.CSS(`form[action$="/take-back"] button`)), chromedp.WaitVisible(chromedp.CSS("dialog[open] .btn-danger")), chromedp.Click(chromedp.CSS("dialog[open] .btn-danger")))
	says("“1.1” is taken back.")
	if again := public("", "First", "Second"); strings.Contains(again, "Third") {
		t.Errorf("what was taken back is still there: %s", again)
	}
	public("/changes", "Version “1.1” was taken back")
	b.stands(1, 0, 240, 60) // the draft stays
}
