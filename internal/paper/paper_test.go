package paper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const sharedStrings = "../../../shared/real-data/strings"

// realStrings gives the names and the naughty strings of the shared data.
func realStrings(t testing.TB) []string {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(sharedStrings, "names.tsv"))
	if err != nil {
		t.Skip("needs the shared real data: ", err)
	}
	var all []string
	for _, row := range strings.Split(strings.TrimSuffix(string(table), "\n"), "\n")[1:] {
		name, _, _ := strings.Cut(row, "\t")
		all = append(all, name)
	}
	raw, err := os.ReadFile(filepath.Join(sharedStrings, "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	return append(all, naughty...)
}

// run runs a tool of the test machine, or skips the test when it is missing.
func run(t *testing.T, input []byte, tool string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("needs %s (Debian: qpdf, poppler-utils)", tool)
	}
	cmd := exec.Command(tool, args...)
	cmd.Stdin = bytes.NewReader(input)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, complaint.String())
	}
	return out
}

func made() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func written(t testing.TB, d *Doc) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func saved(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// visible says whether a string holds anything that must leave ink.
func visible(s string) bool {
	for _, r := range Clean(s) {
		if !ignorable(r) && !strings.ContainsRune(" \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800\u3000\u3164\u115f\u1160\uffa0", r) {
			return true
		}
	}
	return false
}

// Every real name and every naughty string, regular and bold, leaves ink in its own cell of a valid PDF.
func TestNoStringVanishes(t *testing.T) {
	all := realStrings(t)
	const rows, cellHeight, inset = 24, 12.0, 5.0
	d := New(Metadata{Title: "every string", Made: made()}, A4)
	for i, s := range all {
		if i%rows == 0 {
			d.AddPage()
		}
		y := float64(i%rows)*cellHeight + inset
		d.Fit(inset, y+7, 95, s, Style{Size: 14}, 4)
		d.Fit(110, y+7, 95, s, Style{Size: 14, Bold: true}, 4)
	}
	pdf := saved(t, written(t, d))
	run(t, nil, "qpdf", "--check", pdf)
	const dpi = 72
	run(t, nil, "pdftoppm", "-gray", "-r", fmt.Sprint(dpi), pdf, filepath.Join(filepath.Dir(pdf), "page"))
	pages, err := filepath.Glob(filepath.Join(filepath.Dir(pdf), "page-*.pgm"))
	if err != nil || len(pages) != d.Page() {
		t.Fatalf("%d pictures of %d pages: %v", len(pages), d.Page(), err)
	}
	pictures := make([]picture, len(pages))
	for i, p := range pages {
		pictures[i] = readPGM(t, p)
	}
	for i, s := range all {
		y := float64(i%rows)*cellHeight + inset
		for _, x := range []float64{inset, 110} {
			ink := pictures[i/rows].ink(x-1, y, 97, cellHeight, dpi)
			if visible(s) != (ink > 0) {
				t.Errorf("%q at x %.0f: visible %v, but %d dark pixels", s, x, visible(s), ink)
			}
		}
	}
}

type picture struct {
	width, height int
	pixels        []byte
}

func readPGM(t *testing.T, path string) picture {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var p picture
	var most int
	if _, err := fmt.Sscanf(string(data[:min(len(data), 40)]), "P5\n%d %d\n%d", &p.width, &p.height, &most); err != nil {
		t.Fatal(err)
	}
	p.pixels = data[len(data)-p.width*p.height:]
	return p
}

// ink counts the dark pixels of a box given in millimetres.
func (p picture) ink(x, y, w, h, dpi float64) int {
	px := func(mm float64, most int) int { return min(most, max(0, int(mm*dpi/25.4))) }
	n := 0
	for row := px(y, p.height); row < px(y+h, p.height); row++ {
		for col := px(x, p.width); col < px(x+w, p.width); col++ {
			if p.pixels[row*p.width+col] < 200 {
				n++
			}
		}
	}
	return n
}

// Text of every kind can be selected: real text, and the invisible text over outlines.
func TestTextCanBeFound(t *testing.T) {
	wanted := []string{"Łukasz Żółć", "Ђорђе Чворовић", "Ἀριστοτέλης", "გიორგი", "Արամ", "歐陽菲菲", "やまだ", "김철수", "𠮷野家", "Zoë 🎈", "Nguyễn Thị Minh Khai", "สมชาย", "राजेश्वरी", "(brackets) \\ back"}
	d := New(Metadata{Made: made()}, A4)
	d.AddPage()
	for i, s := range wanted {
		d.Text(20, 20+float64(i)*12, s, Style{Size: 14})
	}
	got := string(run(t, nil, "pdftotext", "-layout", saved(t, written(t, d)), "-"))
	for _, s := range wanted {
		if !strings.Contains(got, s) {
			t.Errorf("%q is not in the text of the PDF:\n%s", s, got)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	draw := func() []byte {
		d := New(Metadata{Title: "Títle 🎈", Author: "歐陽", Made: made()}, A4)
		d.OnPage(func(page int) { d.Text(10, 10, fmt.Sprint("page ", page), Style{Size: 8}) },
			func(page, pages int) {
				d.Text(200, 290, fmt.Sprintf("%d/%d", page, pages), Style{Size: 8, Align: Right})
			})
		for range 3 {
			d.AddPage()
			d.Bookmark("Zoë 🎈", 0)
			for i, s := range []string{"Łukasz", "محمد بن سلمان", "김철수", "👩‍👩‍👧‍👦", "Z̸̡a", "\U0010FFFF"} {
				d.Text(20, 30+float64(i)*10, s, Style{Size: 12, Bold: i%2 == 0})
			}
		}
		return written(t, d)
	}
	first := draw()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if !bytes.Equal(first, draw()) {
				t.Error("drawn at the same time as others, the same document has other bytes")
			}
		})
	}
	wait.Wait()
	run(t, nil, "qpdf", "--check", saved(t, first))
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                           "plain",
		"a\x00b\u200b\ufeff\u00adc":       "abc",
		"Right\u202eedirrevo\u2066x":      "Rightedirrevox",
		"tab\tline\nend\u2028z":           "tab line end z",
		"Nguye\u0302\u0303n":              "Nguyễn",
		"bad\xff\xfeutf8":                 "bad\uFFFDutf8",
		"cut\xe2\x82":                     "cut\uFFFD",
		"علی\u200cپور":                    "علی\u200cپور",
		"👩\u200d👧":                        "👩\u200d👧",
		"葛\U000E0100城":                    "葛城",
		"a" + strings.Repeat("\u0316", 9): "a" + strings.Repeat("\u0316", maxMarks),
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Clean(strings.Repeat("ж", 10_000_000)); len([]rune(got)) != maxRunes+1 || !strings.HasSuffix(got, dots) {
		t.Errorf("a text of 10 million letters leaves %d", len([]rune(got)))
	}
}

// The order of pieces from left to right, by UAX 9.
func TestMixedDirections(t *testing.T) {
	for in, want := range map[string]string{
		"abc אבג 123 דהו xyz": "abc |והד| |123| |גבא| xyz",
		"אבג 123 abc":         "abc| |123| |גבא",
		"אבג (דהו)":           "(והד) גבא",
		"12 אבג":              "גבא| |12",
	} {
		var parts []string
		for _, p := range layOut(Clean(in), false, byFirstLetter).pieces {
			text := string(p.runes)
			if p.text != nil {
				text = string(p.codes) // ASCII keeps its codes
			}
			parts = append(parts, text)
		}
		if got, plain := strings.Join(parts, ""), strings.ReplaceAll(want, "|", ""); got != plain {
			t.Errorf("%q is drawn as %q, want %q", in, got, plain)
		}
	}
}

func TestWrap(t *testing.T) {
	style := Style{Size: 12}
	for _, s := range []string{
		"One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
		strings.Repeat("漢字仮名交じり文", 20), strings.Repeat("สวัสดี", 40), strings.Repeat("x", 3000), strings.Repeat("نور ", 80), "a\n\nb", "",
	} {
		lines := Wrap(s, 50, style)
		for _, l := range lines {
			if w := Width(l, style); w > 50.2 {
				t.Errorf("a line of %.40q is %.1f mm wide: %q", s, w, l)
			}
		}
		plain := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if got := plain(strings.Join(lines, "")); got != plain(Clean(s)) {
			t.Errorf("wrapping changed %.40q to %.40q", s, got)
		}
	}
	if got := Wrap("a\n\nb", 50, style); len(got) != 3 {
		t.Errorf("an empty line is lost: %q", got)
	}
}

func TestFitShrinksThenCuts(t *testing.T) {
	d := New(Metadata{Made: made()}, A4)
	d.AddPage()
	long := strings.Repeat("Maximilian ", 20)
	if got := d.Fit(10, 10, 100, "short", Style{Size: 20}, 8); got != 20 {
		t.Errorf("a short text is set at %v", got)
	}
	if got := d.Fit(10, 20, 100, long, Style{Size: 20}, 8); got != 8 {
		t.Errorf("a long text is set at %v", got)
	}
	cut := ellipsis(Clean(long), 100, Style{Size: 8})
	if w := Width(cut, Style{Size: 8}); w > 100 || w < 85 || !strings.HasSuffix(cut, dots) {
		t.Errorf("cut to %q, %.1f mm", cut, w)
	}
}

func TestColors(t *testing.T) {
	for _, hex := range []string{"#ffeb3b", "#0f766e", "#000000", "#ffffff", "#808080"} {
		c, err := ParseColor(hex)
		if err != nil || c.String() != hex {
			t.Fatalf("%s: %v %v", hex, c, err)
		}
	}
	for _, bad := range []string{"", "red", "#fff", "#gggggg", "#1234567"} {
		if _, err := ParseColor(bad); err == nil {
			t.Errorf("%q was taken for a colour", bad)
		}
	}
}

// Text can be read on every accent colour, and so can text in it on white and on its own tint: 32 steps of each channel.
func TestTextIsReadableOnEveryColor(t *testing.T) {
	for r := 0; r < 256; r += 8 {
		for g := 0; g < 256; g += 8 {
			for b := 0; b < 256; b += 8 {
				c := Color{uint8(r), uint8(g), uint8(b)}
				tint := c.Mix(White, 0.86)
				if a, b, on, at := c.contrast(c.On()), c.contrast(c.OnSoft()), c.Readable(White).contrast(White), c.Readable(tint).contrast(tint); min(a, b, on, at) < 4.5 {
					t.Fatalf("%s: %.2f %.2f %.2f %.2f", c, a, b, on, at)
				}
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Łukasz", "\xff\xfe", "👩‍👩‍👧‍👦", "a\u0301\u0301", "אבג 12 (x)", "\u0600\u06dd", "한\u1100\u1161", strings.Repeat("\u0e33", 9), "\U000E0067", "🇧", "\u202e\u2067"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := New(Metadata{Title: s, Author: s, Made: made()}, A4)
		d.AddPage()
		for _, bold := range []bool{false, true} {
			style := Style{Size: 12, Bold: bold, Align: Start}
			if w := d.Text(10, 10, s, style); w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
				t.Fatalf("the width is %v", w)
			}
			d.Fit(10, 20, 40, s, style, 4)
			d.Paragraph(10, 30, 40, s, style, 5)
		}
		d.Bookmark(s, 0)
		d.Link(0, 0, 1, 1, "https://"+s)
		written(t, d)
	})
}
