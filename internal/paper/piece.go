package paper

import (
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// glyphPiece turns what the shaper answered into paths. A rune that the font lacks becomes a box with its
// code point. Outline fonts other than DejaVu have one weight only, so bold ones are thickened.
func glyphPiece(out shaping.Output, it item, face *font.Face, runes []rune, bold bool) piece {
	p := piece{thick: bold && it.outline.name != "DejaVuSans-Bold" && it.outline.name != "NotoEmoji"}
	seen := -1 // the cluster whose runes were noted last
	for _, g := range out.Glyphs {
		at := g.TextIndex()
		if at != seen {
			seen = at
			p.runes = append(p.runes, runes[at:min(at+max(1, g.RunesCount()), it.end)]...)
		}
		if g.GlyphID == 0 {
			if r := firstShown(runes[at:it.end]); r != 0 {
				p.glyphs = append(p.glyphs, glyph{path: missing(r), x: p.width})
				p.width += boxWidth
			}
			continue
		}
		if path := glyphs.path(it.outline, face, g.GlyphID); path != nil {
			p.glyphs = append(p.glyphs, glyph{path: path, x: p.width + units(g.XOffset), y: units(g.YOffset)})
		}
		p.width += units(g.Advance)
	}
	return p
}

func units(v fixed.Int26_6) float64 { return float64(v) / 64 }

// firstShown is the first rune that should have left a mark; 0 when none should.
func firstShown(runes []rune) rune {
	if len(runes) > 0 && !ignorable(runes[0]) && !strings.ContainsRune(" \u00a0\u2009", runes[0]) {
		return runes[0]
	}
	return 0
}
