package paper

import (
	"sort"
	"strings"

	"github.com/go-text/typesetting/segmenter"
	"golang.org/x/text/unicode/bidi"
)

const dots = "…"

// broken is one line of a paragraph, with the direction of the paragraph.
type broken struct {
	text string
	dir  direction
}

// Wrap breaks s into lines of at most w millimetres, by the rules of Unicode (UAX 14): at spaces, and between
// the characters of Chinese, Japanese and Korean. A word wider than w is cut between characters. No hyphens are added.
func Wrap(s string, w float64, style Style) []string {
	lines := wrap(s, w, style)
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.text
	}
	return out
}

// Paragraph draws s from y (the top of its first line) in lines of width w, at most maxLines of them when that is above 0; a
// text that is longer ends in an ellipsis. It gives the y below the last line.
func (d *Doc) Paragraph(x, y, w float64, s string, style Style, maxLines int) float64 {
	lines := wrap(s, w, style)
	if maxLines > 0 && len(lines) > maxLines {
		last := lines[maxLines-1]
		lines = append(lines[:maxLines-1:maxLines-1], broken{ellipsis(last.text+dots, w, style), last.dir})
	}
	for _, l := range lines {
		placed := style.placed(s)
		laid := layOut(l.text, style.Bold, l.dir)
		d.drawLine(placed.anchor(x, w, s), y+style.Lead()*0.5+style.Size*0.36/pointsPerMM, laid, placed)
		y += style.Lead()
	}
	return y
}

// Height is how high Paragraph draws s, in millimetres.
func Height(s string, w float64, style Style, maxLines int) float64 {
	n := len(wrap(s, w, style))
	if maxLines > 0 {
		n = min(n, maxLines)
	}
	return float64(n) * style.Lead()
}

// FitLines gives the style at the largest size, from the style's own down to least, at which s needs no more than lines lines.
func FitLines(s string, w float64, style Style, least float64, lines int) Style {
	text := measure(s, style.Bold)
	for style.Size > least && len(text.lines(w, style)) > lines {
		style.Size = max(least, style.Size-0.5)
	}
	return style
}

// FitWords is FitLines that cuts no word either: the largest size at which s needs no more than lines lines and each word stands whole.
// It is false, at the least size, where there is none.
func FitWords(s string, w float64, style Style, least float64, lines int) (Style, bool) {
	text := measure(s, style.Bold)
	for {
		if text.widest() <= w*pointsPerMM/style.Size*1000+0.01 && len(text.lines(w, style)) <= lines {
			return style, true
		}
		if style.Size <= least {
			return style, false
		}
		style.Size = max(least, style.Size-0.5)
	}
}

func wrap(s string, w float64, style Style) []broken { return measure(s, style.Bold).lines(w, style) }

// measuredText is paragraphs cut where lines may break, measured once for all sizes.
type measuredText []paragraph

type paragraph struct {
	dir   direction
	words []word
}

// word is a stretch without a place to break. Its widths are in thousandths of an em.
type word struct {
	text         string
	width, tight float64 // with and without the spaces at its end
}

func measure(s string, bold bool) measuredText {
	var out measuredText
	for _, text := range paragraphs(s) {
		p := paragraph{dir: baseDirection(text)}
		var seg segmenter.Segmenter
		seg.Init([]rune(text))
		for it := seg.LineIterator(); it.Next(); {
			p.words = append(p.words, measured(string(it.Line().Text), bold))
		}
		out = append(out, p)
	}
	return out
}

func measured(text string, bold bool) word {
	trimmed := strings.TrimRight(text, " ")
	tight := advance(trimmed, bold)
	space := advance(" ", bold) * float64(len(text)-len(trimmed))
	return word{text, tight + space, tight}
}

// advance is the width of a clean string in thousandths of an em.
func advance(s string, bold bool) float64 {
	if !printableASCII(s) {
		return layOut(s, bold, byFirstLetter).width
	}
	l := fonts()
	font := l.text[weight(bold)][l.ascii]
	w := 0
	for i := range len(s) {
		w += font.width[s[i]]
	}
	return float64(w)
}

// widest is the width of the widest word, in thousandths of an em.
func (f measuredText) widest() (width float64) {
	for _, p := range f {
		for _, word := range p.words {
			width = max(width, word.tight)
		}
	}
	return width
}

// lines breaks all paragraphs.
func (f measuredText) lines(w float64, style Style) []broken {
	var out []broken
	room := w*pointsPerMM/style.Size*1000 + 0.01
	for _, p := range f {
		for _, l := range breakLines(p.words, room, w, style) {
			out = append(out, broken{l, p.dir})
		}
	}
	return out
}

// breakLines fills lines of at most room thousandths of an em, one after the other.
func breakLines(words []word, room, w float64, style Style) []string {
	var lines []string
	var current strings.Builder
	var used float64
	end := func() {
		lines = append(lines, strings.TrimRight(current.String(), " "))
		current.Reset()
		used = 0
	}
	for _, next := range words {
		if used > 0 && used+next.tight > room {
			end()
		}
		for next.tight > room { // one word, wider than the line
			n := fitting(next.text, w, style)
			if n == len(next.text) {
				break
			}
			current.WriteString(next.text[:n])
			end()
			next = measured(next.text[n:], style.Bold)
		}
		current.WriteString(next.text)
		used += next.width
	}
	end()
	return lines
}

// longestLine bounds the runes that are measured for one line, so that a text without spaces costs no more than another.
const longestLine = 1000

func fits(s string, w float64, style Style) bool {
	if _, more := head(s, longestLine); more {
		return false
	}
	return advance(strings.TrimRight(s, " "), style.Bold)/1000*style.Size/pointsPerMM <= w+0.001
}

// fitting is how many bytes of s fit into w, at whole characters and at least one.
func fitting(s string, w float64, style Style) int {
	s, _ = head(s, longestLine)
	ends := clusterEnds(s)
	n := sort.Search(len(ends), func(i int) bool { return !fits(s[:ends[i]], w, style) })
	return ends[max(0, n-1)]
}

// ellipsis cuts a clean s to fit into w with three dots at its end; s stays as it is when it fits.
func ellipsis(s string, w float64, style Style) string {
	if fits(s, w, style) {
		return s
	}
	s, _ = head(strings.TrimRight(strings.TrimSuffix(s, dots), " "), longestLine)
	ends := append([]int{0}, clusterEnds(s)...)
	n := sort.Search(len(ends), func(i int) bool { return !fits(s[:ends[i]]+dots, w, style) })
	return strings.TrimRight(s[:ends[max(0, n-1)]], " ") + dots
}

// clusterEnds gives the byte offsets after each user-perceived character.
func clusterEnds(s string) []int {
	runes := []rune(s)
	var ends []int
	at := 0
	for _, c := range clusters(runes) {
		at += len(string(runes[c[0]:c[1]]))
		ends = append(ends, at)
	}
	return ends
}

// baseDirection is the direction of the first letter (rules P2 and P3 of UAX 9).
func baseDirection(s string) direction {
	for _, r := range s {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.L:
			return leftToRight
		case bidi.R, bidi.AL:
			return rightToLeft
		}
	}
	return leftToRight
}
