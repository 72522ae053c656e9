package templates

import (
	"strings"
	"testing"
)

func TestMarkdownIsSafe(t *testing.T) {
	for _, test := range []struct{ in, has, hasNot string }{
		{"**bold** and _slanted_", "<strong>bold</strong>", ""},
		{"# A title", "<h3>A title</h3>", "<h1"},
		{"## Under", "<h3>Under</h3>", ""},
		{"[us](https://example.org)", `rel="noopener nofollow"`, ""},
		{"[here](/events)", `<a href="/events">`, "nofollow"},
		{"https://example.org/a", `href="https://example.org/a"`, ""},
		{"<script>alert(1)</script>", "", "<script"},
		{"[x](javascript:alert(1))", "x", "javascript"},
		{"![x](https://example.org/x.png)", "", "<img"},
		{`<b onclick="x()">hi</b>`, "hi", "onclick"},
		{`<p style="color:red">hi</p>`, "", "style"},
		{"| a |\n|---|\n| b |", "<td>b</td>", ""},
	} {
		out, err := markdown(test.in)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), test.has) || test.hasNot != "" && strings.Contains(string(out), test.hasNot) {
			t.Errorf("%q became %q", test.in, out)
		}
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Lovelace": "AL", "łukasz": "Ł", "": "·", "👩‍💻": "·", "Anna Maria von Berg": "AB", "山田 太郎": "山", "Ж. Иванова": "ЖИ", "(Bob)": "B",
	} {
		if got := initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestIconsAreThere(t *testing.T) {
	if _, err := icon("no-such-icon"); err == nil {
		t.Error("an unknown icon must be an error")
	}
	for state, look := range looks {
		if _, err := icon(look.icon); err != nil {
			t.Errorf("%s: %v", state, err)
		}
	}
	for name, svg := range icons() {
		if !strings.Contains(string(svg), "<path") && !strings.Contains(string(svg), "<rect") && !strings.Contains(string(svg), "<circle") && !strings.Contains(string(svg), "<line") {
			t.Errorf("%s is empty: %s", name, svg)
		}
	}
}

func TestBadgeEscapes(t *testing.T) {
	out := string(newSet(t).catalogue.localiser("en").badge("order", "<b>x</b>"))
	if strings.Contains(out, "<b>") || !strings.Contains(out, "&lt;b&gt;") {
		t.Errorf("an unknown state came through as markup: %s", out)
	}
}

func TestHosts(t *testing.T) {
	for in, want := range map[string]string{"https://www.example.org/x": "example.org", "nonsense": "nonsense", "https://meet.example:8443": "meet.example"} {
		if got := host(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
