package exchange

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"turnout"
)

var brussels = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return zone
}()

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// session finds a session by its title.
func session(t *testing.T, s *Schedule, title string) Session {
	t.Helper()
	i := slices.IndexFunc(s.Sessions, func(x Session) bool { return x.Title == title })
	if i < 0 {
		t.Fatalf("no session %q", title)
	}
	return s.Sessions[i]
}

func codes(warnings []Warning) map[string]int {
	n := map[string]int{}
	for _, w := range warnings {
		n[w.Code]++
	}
	return n
}

func TestFrabTraps(t *testing.T) {
	s, warnings, err := Read(fixture(t, "testdata/traps.xml"), Options{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	if s.Title != "Trap Conf 2026" || s.Version != "1.2 & a half" || s.Zone != "Europe/Brussels" || s.DayChange != 5*time.Hour {
		t.Errorf("conference: %q %q %q %s", s.Title, s.Version, s.Zone, s.DayChange)
	}
	rooms := []Room{{Key: "Großer Saal", Name: "Großer Saal"}, {Key: "Empty room", Name: "Empty room"}}
	if !slices.Equal(s.Rooms, rooms) {
		t.Errorf("rooms %v", s.Rooms)
	}
	if !slices.Equal(s.Tracks, []Track{{"Deep & dark", "#ff00aa"}, {"Late", ""}}) {
		t.Errorf("tracks %v", s.Tracks)
	}
	opening := session(t, s, "Opening")
	if opening.Kind != "keynote" || opening.Language != "de, en" || opening.Type != "Keynote" {
		t.Errorf("kind %q language %q", opening.Kind, opening.Language)
	}
	if want := "Hello **world**, see [this](https://example.org/a%28b%29)\n\n- one\n- two"; opening.Abstract != want {
		t.Errorf("abstract %q, want %q", opening.Abstract, want)
	}
	if opening.Description != "Markup *not* escaped" {
		t.Errorf("description %q", opening.Description)
	}
	if want := []Link{{"Slides", "https://example.org/slides", false}, {"PDF", "https://example.org/a.pdf", true}}; !slices.Equal(opening.Links, want) {
		t.Errorf("links %v", opening.Links)
	}
	if want := []string{"7/ada example", "7/berta example"}; !slices.Equal(opening.Speakers, want) {
		t.Errorf("one id, two names: %v", opening.Speakers)
	}
	times := []struct {
		title, start string
		length       time.Duration
	}{
		{"Opening", "2026-03-28T10:00:00+01:00", 45 * time.Minute},
		{"After midnight, filed under the day before", "2026-03-29T01:30:00+01:00", 20 * time.Minute},
		{"No date, after midnight, a day long", "2026-03-29T03:30:00+02:00", 26*time.Hour + 30*time.Minute},
		{"When the clocks jump", "2026-03-29T03:30:00+02:00", 30 * time.Minute},
		{"The same guid again", "2026-03-29T12:00:00+02:00", 2*time.Hour + 15*time.Minute},
		{"When the clocks fall back", "2026-10-25T02:30:00+02:00", 30 * time.Minute},
	}
	for _, want := range times {
		got := session(t, s, want.title)
		if start := got.Start.In(brussels).Format(time.RFC3339); start != want.start || got.Length != want.length {
			t.Errorf("%s: %s for %s, want %s for %s", want.title, start, got.Length, want.start, want.length)
		}
	}
	if got := session(t, s, "Not placed yet"); got.Placed() || got.Kind != "talk" {
		t.Errorf("not placed: %+v", got)
	}
	if got := session(t, s, "Everywhere"); got.Room != "" || got.Kind != "break" {
		t.Errorf("without a room: %+v", got)
	}
	if got := session(t, s, "The same guid again"); got.Key != "22222222-2222-4222-8222-222222222222#2" {
		t.Errorf("repeated guid: %q", got.Key)
	}
	night := session(t, s, "After midnight, filed under the day before")
	if want := []string{"name:cato example", "name:dora example"}; !slices.Equal(night.Speakers, want) || night.Language != "zh" {
		t.Errorf("persons without ids: %v, language %q", night.Speakers, night.Language)
	}
	days := s.Days()
	if days[0].Date != "2026-03-28" || !slices.ContainsFunc(days[0].Sessions, func(x Session) bool { return x.Key == night.Key }) {
		t.Errorf("the session after midnight does not stand under the day before")
	}
	want := map[string]int{"text_repaired": 1, "zone_differs": 1, "bad_link": 2, "room_differs": 1, "time_skipped": 1, "time_repeated": 1, "length_assumed": 1,
		"unknown_language": 1, "text_cleaned": 1, "no_start": 1, "person_without_id": 2, "person_id_shared": 1, "repeated_key": 1}
	if got := codes(warnings); !equalCounts(got, want) {
		t.Errorf("warnings %v, want %v\n%v", got, want, warnings)
	}
}

func equalCounts(a, b map[string]int) bool {
	if len(a) != len(b) {
		return false
	}
	for k, n := range a {
		if b[k] != n {
			return false
		}
	}
	return true
}

func TestSessionizeTraps(t *testing.T) {
	data := append([]byte("\xef\xbb\xbf"), fixture(t, "testdata/traps.json")...)
	s, warnings, err := Read(data, Options{Zone: brussels})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Rooms, []Room{{Key: "10", Name: "First room"}, {Key: "11", Name: "Second room"}}) {
		t.Errorf("rooms %v", s.Rooms)
	}
	one := session(t, s, "Workshop one")
	if one.Kind != "workshop" || one.Track != "Backend" || one.Language != "de" || one.Room != "10" {
		t.Errorf("categories: %+v", one)
	}
	if !slices.Equal(one.Speakers, []string{"s1", "s2"}) {
		t.Errorf("speakers %v", one.Speakers)
	}
	if one.Abstract != "Line\nline and code" {
		t.Errorf("abstract %q", one.Abstract)
	}
	if got := one.Start.Format(time.RFC3339); got != "2026-06-04T07:00:00Z" {
		t.Errorf("a time without zone is read in the event's: %s", got)
	}
	if plenum := session(t, s, "Plenum"); plenum.Room != "" || plenum.Kind != "break" || plenum.Key != "77" || plenum.Start.Hour() != 8 {
		t.Errorf("plenum: %+v", plenum)
	}
	want := map[string]int{"text_cleaned": 1, "unknown_speaker": 1, "unknown_room": 1, "length_assumed": 1, "no_title": 1, "no_start": 1,
		"repeated_key": 1, "repeated_speaker": 1, "bad_link": 1}
	if got := codes(warnings); !equalCounts(got, want) {
		t.Errorf("warnings %v, want %v\n%v", got, want, warnings)
	}
	if _, warnings, err = Read(data, Options{}); err != nil || codes(warnings)["zone_assumed"] == 0 {
		t.Errorf("without any zone UTC is assumed, with a warning: %v %v", err, codes(warnings))
	}
}

func TestUnusableFilesGetClearErrors(t *testing.T) {
	traps, all := fixture(t, "testdata/traps.xml"), fixture(t, "testdata/traps.json")
	deep := `<schedule>` + strings.Repeat("<x>", 100) + `<event/>`
	tests := []struct {
		name string
		data []byte
		want error
		says string
	}{
		{"empty", nil, ErrUnknownFormat, "frab XML"},
		{"blanks", []byte(" \n"), ErrUnknownFormat, "Sessionize"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00"), ErrUnknownFormat, "frab XML"},
		{"other XML", []byte("<rss/>"), ErrUnknownFormat, "frab XML"},
		{"a list of nothing to read", []byte(`[{"groupId":1,"sessions":[]}]`), ErrNeedsMapping, "fields"},
		{"an empty view", []byte(`[{"groupId":1,"groupName":"x","sessions":[]}]`), ErrNoSessions, "no session"},
		{"another program's sessions", []byte(`{"sessions":[{"id":"1","start":"x"}],"speakers":[],"session_types":[],"rooms":[],"tags":[]}`), ErrNeedsMapping, "title"},
		{"an empty schedule", []byte(`{"$schema":"x","schedule":{"conference":{}}}`), ErrNoSessions, "no session"},
		{"an empty calendar", []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR"), ErrNoSessions, "no session"},
		{"a calendar cut off", []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\n"), ErrTruncated, "middle"},
		{"a calendar nested too deep", []byte(strings.Repeat("BEGIN:X\r\n", 100)), ErrMalformed, "nested"},
		{"a table of titles alone", []byte("id,Title,Room\n,,\n"), ErrNoSessions, "no session"},
		{"a table without an end", []byte("id,Title,Room\n1,\"a,b\n"), ErrMalformed, "line "},
		{"XML cut off", traps[:len(traps)/2], ErrTruncated, "line "},
		{"XML cut off in a tag", traps[:len(traps)-3], ErrTruncated, "line "},
		{"JSON cut off", all[:len(all)/2], ErrTruncated, "byte "},
		{"XML damaged", bytes.Replace(traps, []byte("</title>"), []byte("</titel>"), 1), ErrMalformed, "line 7"},
		{"JSON damaged", bytes.Replace(all, []byte(`"questions":[]`), []byte(`"questions":[}`), 1), ErrMalformed, "line 9"},
		{"JSON of another shape", []byte(`{"sessions":[{"title":{},"startsAt":1}],"x":1}`), ErrMalformed, "title"},
		{"JSON with a tail", append(slices.Clone(all), "{}"...), ErrMalformed, "follows"},
		{"an entity of a DTD", []byte(`<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><schedule><version>&x;</version></schedule>`), ErrMalformed, "entity"},
		{"nested too deep", []byte(deep), ErrMalformed, "nested"},
		{"JSON nested too deep", []byte(`{"sessions":[{"startsAt":"","x":` + strings.Repeat("[", 20_000)), ErrMalformed, "depth"},
		{"no session", []byte(`<schedule><conference/><day date="2026-01-01"/></schedule>`), ErrNoSessions, "no session"},
		{"too many sessions", []byte(`<schedule>` + strings.Repeat(`<event id="1"/>`, 20_001) + `</schedule>`), ErrTooMany, "20,000"},
		{"too large", make([]byte, MaxBytes+1), ErrTooLarge, "25 MB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _, err := Read(test.data, Options{})
			if s != nil || !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			var e *turnout.Error
			if !errors.As(err, &e) || !strings.Contains(e.Message, test.says) {
				t.Errorf("the message %q does not say %q", err, test.says)
			}
		})
	}
}

func TestEveryCutOffFileIsAnErrorAndNeverHalfASchedule(t *testing.T) {
	for _, name := range []string{"testdata/traps.xml", "testdata/traps.json"} {
		data := bytes.TrimSpace(fixture(t, name))
		for n := 0; n < len(data); n += 3 {
			if s, _, err := Read(data[:n], Options{}); err == nil {
				t.Fatalf("%s cut after %d bytes is read, with %d sessions", name, n, len(s.Sessions))
			}
		}
	}
}

func TestOtherEncodings(t *testing.T) {
	text := `<schedule><event id="1"><title>Käse</title></event></schedule>`
	latin1 := []byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + strings.ReplaceAll(text, "ä", "\xe4"))
	utf16 := []byte{0xff, 0xfe}
	for _, r := range `<?xml version="1.0" encoding="UTF-16"?>` + text {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	broken := []byte(strings.ReplaceAll(text, "ä", "\xff\x01"))
	for want, data := range map[string][]byte{"Käse": latin1, "Käse ": utf16, "K\ufffdse": broken} {
		s, warnings, err := Read(data, Options{})
		if err != nil || s.Sessions[0].Title != strings.TrimSpace(want) {
			t.Errorf("want %q: %v %v", want, s, err)
		}
		if repaired := codes(warnings)["text_repaired"] == 1; repaired != strings.Contains(want, "\ufffd") {
			t.Errorf("%q: %v", want, warnings)
		}
	}
}

func TestLengths(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:45": 45 * time.Minute, "1:30": 90 * time.Minute, "26:00": 26 * time.Hour, "1:02:30": 26*time.Hour + 30*time.Minute,
		"01:02:30": time.Hour + 2*time.Minute + 30*time.Second, "0:30:00": 30 * time.Minute, "45": 45 * time.Minute,
	} {
		if got, ok := length(text); !ok || got != want {
			t.Errorf("%s: %s %t, want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "x", "1:2:3:4", "-1:00", "+1:00", "99999999:00"} {
		if got, ok := length(text); ok {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func TestMarkdown(t *testing.T) {
	tests := []struct{ html, want string }{
		{"<p>a</p>\n<p>b</p>", "a\n\nb"},
		{"<h2>Title</h2><p>1 &lt; 2 &amp;&amp; <code>a &lt;b&gt;</code></p>", "## Title\n\n1 < 2 && `a <b>`"},
		{"<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "&lt;script>alert(1)&lt;/script>"},
		{"<p>&amp;lt;b&amp;gt;</p>", "&amp;lt;b&amp;gt;"},
		{"<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n   - b\n- c"},
		{"<ol><li>a</li><li>b</li></ol><p>end</p>", "1. a\n2. b\n\nend"},
		{"<pre><code>x\n  y</code></pre>", "```\nx\n  y\n```"},
		{"<p># no *heading* snake_case _x_</p>", `\# no \*heading\* snake_case \_x\_`},
		{"<a href='javascript:alert(1)'>x</a><a href=\"https://example.org/?a=1&amp;b=2\">y</a>", "x[y](https://example.org/?a=1&b=2)"},
		{"a<br>b", "a  \nb"},
		{"<b><strong></strong></b><i>open", "*open*"},
		{"<div><!-- c --><style>p{}</style><custom>t</custom></div>", "t"},
		{"<p", "<p"},
		{"first\nsecond <b>bold</b>\n\nthird", "first\nsecond **bold**\n\nthird"},
	}
	for _, test := range tests {
		if got := tidy(markdown(test.html)); got != test.want {
			t.Errorf("%s\n got %q\nwant %q", test.html, got, test.want)
		}
	}
}

func TestMarkdownStaysAsItIs(t *testing.T) {
	for _, text := range []string{"Use `<div>` here", "```\n<p>\n```", "1 < 2", "a <unknown> b", "- **x**\n- [y](https://example.org)"} {
		r := &reading{}
		if got := r.text(Place{}, text); got != text || len(r.warnings) > 0 {
			t.Errorf("%q became %q (%v)", text, got, r.warnings)
		}
	}
}

func TestPlainText(t *testing.T) {
	in := "**Bold** [link](https://example.org) [https://a.example](https://a.example) \\*x\\* &lt;b"
	if got, want := PlainText(in), "Bold link (https://example.org) https://a.example *x* <b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
