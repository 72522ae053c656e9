package paper

import (
	"slices"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// A line is text ready to be drawn at any size: all measures are thousandths of an em.
type line struct {
	pieces []piece // from left to right
	width  float64
}

// A piece is either codes of one text font, or glyphs drawn as shapes (then text is nil).
type piece struct {
	text   *textFont
	codes  []byte
	glyphs []glyph
	runes  []rune // of the glyphs, from left to right, for the invisible text
	thick  bool   // the font has no bold: draw the glyphs with a thicker line
	width  float64
}

type glyph struct {
	path []byte
	x, y float64 // from the start of the piece, on the baseline
}

// item is a stretch of one direction, script and font, in logical order.
type item struct {
	start, end int
	level      bidi.Level
	page       int          // of the text fonts, when outline is nil
	outline    *outlineFont // nil: text
	script     language.Script
}

// direction of a line: by its first letter, or that of the paragraph it was broken from.
type direction int

const (
	byFirstLetter direction = iota
	leftToRight
	rightToLeft
)

// layOut chooses fonts, shapes and orders one clean line.
func layOut(s string, bold bool, dir direction) line {
	l := fonts()
	if printableASCII(s) && dir != rightToLeft {
		return textLine(l.text[weight(bold)][l.ascii], []byte(s))
	}
	runes := []rune(s)
	var items []item
	for _, run := range levels(runes, dir) {
		items = append(items, itemize(l, runes, run, bold)...)
	}
	reorder(items)
	sh := shapers.Get().(*shaper)
	defer shapers.Put(sh)
	var out line
	for _, it := range items {
		p := sh.shape(l, runes, it, bold)
		out.pieces = append(out.pieces, p)
		out.width += p.width
	}
	return out
}

func weight(bold bool) int {
	if bold {
		return 1
	}
	return 0
}

func textLine(f *textFont, codes []byte) line {
	if len(codes) == 0 {
		return line{}
	}
	p := textPiece(f, codes)
	return line{pieces: []piece{p}, width: p.width}
}

func textPiece(f *textFont, codes []byte) piece {
	w := 0
	for _, c := range codes {
		w += f.width[c]
	}
	return piece{text: f, codes: codes, width: float64(w)}
}

// mayTurn says whether a rune can belong to right-to-left text (blocks of the Unicode roadmap).
func mayTurn(r rune) bool {
	return r >= 0x590 && (r <= 0x8FF || r >= 0xFB1D && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFE || r >= 0x10800 && r <= 0x10FFF || r >= 0x1E800 && r <= 0x1EFFF)
}

// levels finds the directions of a line by the Unicode bidirectional algorithm.
func levels(runes []rune, dir direction) []bidi.Run {
	if dir != rightToLeft && !slices.ContainsFunc(runes, mayTurn) {
		return []bidi.Run{{Start: 0, End: len(runes)}}
	}
	const lrm, rlm = 0x200E, 0x200F // an invisible first letter decides the direction
	var p bidi.Paragraph
	shift := 0
	switch dir {
	case leftToRight:
		runes, shift = append([]rune{lrm}, runes...), 1
	case rightToLeft:
		runes, shift = append([]rune{rlm}, runes...), 1
	}
	found := p.Segment(runes, bidi.Neutral)
	var out []bidi.Run
	for i := range found.NumRuns() {
		r := found.Run(i)
		r.Start, r.End = max(0, r.Start-shift), r.End-shift
		if r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}

// reorder puts items of rising logical position into visual order (rule L2 of UAX 9).
func reorder(items []item) {
	var highest bidi.Level
	for _, it := range items {
		highest = max(highest, it.level)
	}
	for level := highest; level > 0; level-- {
		for i := 0; i < len(items); i++ {
			j := i
			for j < len(items) && items[j].level >= level {
				j++
			}
			if j > i {
				slices.Reverse(items[i:j])
				i = j
			}
		}
	}
}

// itemize splits one directional run by script and font.
func itemize(l *library, runes []rune, run bidi.Run, bold bool) []item {
	var items []item
	for _, c := range clusters(runes[run.Start:run.End]) {
		it := item{start: run.Start + c[0], end: run.Start + c[1], level: run.Level}
		it.choose(l, runes[it.start:it.end], bold)
		items = append(items, it)
	}
	bridge(items, runes)
	merged := items[:0]
	for _, it := range items {
		if n := len(merged); n > 0 && merged[n-1].joins(it) {
			merged[n-1].end = it.end
			if merged[n-1].script == language.Common {
				merged[n-1].script = it.script
			}
			continue
		}
		merged = append(merged, it)
	}
	return merged
}

// clusters gives the user-perceived characters (UAX 29) as pairs of start and end.
func clusters(runes []rune) [][2]int {
	var seg segmenter.Segmenter
	seg.Init(runes)
	out := make([][2]int, 0, len(runes))
	for it := seg.GraphemeIterator(); it.Next(); {
		g := it.Grapheme()
		out = append(out, [2]int{g.Offset, g.Offset + len(g.Text)})
	}
	return out
}

func (it item) joins(next item) bool {
	if it.outline != next.outline || it.outline == nil && it.page != next.page {
		return false
	}
	return it.outline == nil || it.script == next.script || it.script == language.Common || next.script == language.Common
}

// choose sets the font of one cluster.
func (it *item) choose(l *library, cluster []rune, bold bool) {
	base := cluster[0]
	it.script = scriptOf(cluster)
	if len(cluster) == 1 {
		if p, ok := l.places[base]; ok {
			it.page = p.page
			return
		}
	}
	if asEmoji(cluster) {
		if emoji := l.outline("NotoEmoji"); emoji.has(base) {
			it.outline, it.script = emoji, language.Common
			return
		}
	}
	plain := l.outline([...]string{"DejaVuSans", "DejaVuSans-Bold"}[weight(bold)])
	if name, ok := scriptFonts[it.script]; ok {
		if f := l.outline(name); f.has(base) {
			it.outline = f
			return
		}
	}
	it.outline = plain // also when no font has it: the shaper then answers with no glyph, which is drawn as a box
	if plain.hasAll(cluster) {
		return
	}
	full := func(f *outlineFont) bool { return f.hasAll(cluster) }
	part := func(f *outlineFont) bool { return f.has(base) }
	if i := slices.IndexFunc(l.outlines, full); i >= 0 {
		it.outline = l.outlines[i]
	} else if i := slices.IndexFunc(l.outlines, part); i >= 0 && !plain.has(base) {
		it.outline = l.outlines[i]
	}
}

func (f *outlineFont) hasAll(cluster []rune) bool {
	return !slices.ContainsFunc(cluster, func(r rune) bool { return !ignorable(r) && !f.has(r) })
}

// scriptOf is the script of the first rune that has one.
func scriptOf(cluster []rune) language.Script {
	for _, r := range cluster {
		if s := language.LookupScript(r); s != language.Common && s != language.Inherited && s != language.Unknown {
			return s
		}
	}
	return language.Common
}

// asEmoji says whether a cluster asks to be drawn as an emoji.
func asEmoji(cluster []rune) bool {
	base := cluster[0]
	if len(cluster) > 1 {
		if slices.Contains(cluster, vs15) {
			return false
		}
		if slices.Contains(cluster, vs16) || slices.Contains(cluster, 0x20E3) {
			return true
		}
	}
	return base >= 0x1F000 && base <= 0x1FAFF
}

// bridge draws signs and spaces that stand between two stretches of one outline font in that font too, so that
// words are shaped together and a combining mark finds its letter.
func bridge(items []item, runes []rune) {
	last := -1
	for i := range items {
		if items[i].script != language.Common && items[i].outline != nil {
			if last >= 0 && items[last].outline == items[i].outline && allCommon(items[last+1:i], runes, items[i].outline) {
				for k := last + 1; k < i; k++ {
					items[k].outline = items[i].outline
				}
			}
			last = i
		} else if items[i].script != language.Common {
			last = -1
		}
	}
}

func allCommon(items []item, runes []rune, f *outlineFont) bool {
	return !slices.ContainsFunc(items, func(it item) bool {
		return it.script != language.Common || !f.hasAll(runes[it.start:it.end]) || unicode.IsDigit(runes[it.start])
	})
}

// shaper shapes for one line at a time; several lines take several from the pool.
type shaper struct {
	harfbuzz shaping.HarfbuzzShaper
	faces    map[*outlineFont]*font.Face
}

var shapers = sync.Pool{New: func() any { return &shaper{faces: map[*outlineFont]*font.Face{}} }}

func (sh *shaper) face(f *outlineFont) *font.Face {
	face, ok := sh.faces[f]
	if !ok {
		face = font.NewFace(f.parse())
		sh.faces[f] = face
	}
	return face
}

func (sh *shaper) shape(l *library, runes []rune, it item, bold bool) piece {
	back := it.level%2 == 1
	if it.outline == nil {
		codes := make([]byte, 0, it.end-it.start)
		for _, r := range runes[it.start:it.end] {
			if back {
				r = mirrored(r)
			}
			codes = append(codes, l.places[r].code)
		}
		if back {
			slices.Reverse(codes)
		}
		return textPiece(l.text[weight(bold)][it.page], codes)
	}
	dir := di.DirectionLTR
	if back {
		dir = di.DirectionRTL
	}
	face := sh.face(it.outline)
	out := sh.harfbuzz.ShapeNoExtents(shaping.Input{
		Text: runes, RunStart: it.start, RunEnd: it.end, Direction: dir,
		Face: face, Size: fixed.I(1000), Script: it.script, Language: "und",
	})
	return glyphPiece(out, it, face, runes, bold)
}

// mirrored gives the sign that stands for r in right-to-left text.
func mirrored(r rune) rune {
	const pairs = "()[]{}<>«»‹›"
	all := []rune(pairs)
	if i := slices.Index(all, r); i >= 0 {
		return all[i^1]
	}
	return r
}
