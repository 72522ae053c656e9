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

func wrap(s string, w float64, style Style) []broken {
	var lines []broken
	for _, p := range paragraphs(s) {
		dir := baseDirection(p)
		for _, l := range breakLines(p, w, style) {
			lines = append(lines, broken{l, dir})
		}
	}
	return lines
}

// breakLines fills lines one after the other.
func breakLines(p string, w float64, style Style) []string {
	var seg segmenter.Segmenter
	seg.Init([]rune(p))
	var lines []string
	var current string
	for it := seg.LineIterator(); it.Next(); {
		next := current + string(it.Line().Text)
		if fits(next, w, style) {
			current = next
			continue
		}
		if current != "" {
			lines = append(lines, strings.TrimRight(current, " "))
		}
		current = string(it.Line().Text)
		for !fits(current, w, style) { // one word, wider than the line
			n := fitting(current, w, style)
			lines = append(lines, current[:n])
			current = current[n:]
		}
	}
	return append(lines, strings.TrimRight(current, " "))
}

// longestLine bounds the runes that are measured for one line, so that a text without spaces costs no more than another.
const longestLine = 1000

func fits(s string, w float64, style Style) bool {
	if _, more := head(s, longestLine); more {
		return false
	}
	return layOut(strings.TrimRight(s, " "), style.Bold, byFirstLetter).in(style) <= w+0.001
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
