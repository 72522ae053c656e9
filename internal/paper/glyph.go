package paper

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
)

// Glyph paths are PDF path operators in thousandths of an em, whole numbers: at any size that people read
// the rounding is far below what a printer shows, and the text stays short.

type glyphKey struct {
	font *outlineFont
	id   font.GID
}

// glyphCache keeps the paths of glyphs drawn lately. It is emptied when full: a page needs few different glyphs.
type glyphCache struct {
	mu    sync.RWMutex
	paths map[glyphKey][]byte
}

const glyphCacheSize = 4096

var glyphs = glyphCache{paths: map[glyphKey][]byte{}}

// path gives the outline of a glyph; nil when it has none (a space).
func (c *glyphCache) path(f *outlineFont, face *font.Face, id font.GID) []byte {
	key := glyphKey{f, id}
	c.mu.RLock()
	p, ok := c.paths[key]
	c.mu.RUnlock()
	if ok {
		return p
	}
	if outline, ok := face.GlyphDataOutline(id); ok {
		p = appendOutline(nil, outline.Segments, 1000/float64(face.Upem()), 0, 0)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.paths) >= glyphCacheSize {
		clear(c.paths)
	}
	c.paths[key] = p
	return p
}

// appendOutline writes segments as PDF path operators, scaled and then moved by (dx, dy).
func appendOutline(b []byte, segments []font.Segment, scale, dx, dy float64) []byte {
	point := func(p font.SegmentPoint) (float64, float64) { return float64(p.X)*scale + dx, float64(p.Y)*scale + dy }
	var x, y float64
	open := false
	for _, s := range segments {
		switch s.Op {
		case ot.SegmentOpMoveTo:
			if open {
				b = append(b, "h "...)
			}
			open = true
			x, y = point(s.Args[0])
			b = append(appendPoint(b, x, y), "m "...)
		case ot.SegmentOpLineTo:
			x, y = point(s.Args[0])
			b = append(appendPoint(b, x, y), "l "...)
		case ot.SegmentOpQuadTo: // PDF knows cubic curves only: raise the degree
			qx, qy := point(s.Args[0])
			ex, ey := point(s.Args[1])
			b = appendPoint(b, x+2*(qx-x)/3, y+2*(qy-y)/3)
			b = appendPoint(b, ex+2*(qx-ex)/3, ey+2*(qy-ey)/3)
			b = append(appendPoint(b, ex, ey), "c "...)
			x, y = ex, ey
		case ot.SegmentOpCubeTo:
			for _, p := range s.Args[:3] {
				x, y = point(p)
				b = appendPoint(b, x, y)
			}
			b = append(b, "c "...)
		}
	}
	if open {
		b = append(b, 'h')
	}
	return b
}

func appendPoint(b []byte, x, y float64) []byte {
	b = append(strconv.AppendFloat(b, x, 'f', 0, 64), ' ')
	return append(strconv.AppendFloat(b, y, 'f', 0, 64), ' ')
}

const boxWidth = 720 // of a missing glyph's box, in thousandths of an em

// missing draws the box that stands for a rune no font has: a frame with its code point in hexadecimal.
func missing(r rune) []byte {
	const left, bottom, right, top, line = 60, -60, boxWidth - 60, 740, 36
	b := fmt.Appendf(nil, "%d %d m %d %d l %d %d l %d %d l h %d %d m %d %d l %d %d l %d %d l h ",
		left, bottom, right, bottom, right, top, left, top,
		left+line, bottom+line, left+line, top-line, right-line, top-line, right-line, bottom+line)
	digits := fmt.Sprintf("%04X", r)
	if len(digits) > 4 {
		digits = fmt.Sprintf("%06X", r)
	}
	row := len(digits) / 2
	cell := float64(right-left-2*line-40) / float64(row)
	dejavu := fonts().outline("DejaVuSans")
	face := font.NewFace(dejavu.parse())
	scale := min(0.42, cell/680) * 1000 / float64(face.Upem())
	for i, c := range digits {
		id, _ := face.NominalGlyph(c)
		if outline, ok := face.GlyphDataOutline(id); ok {
			x := float64(left+line+20) + cell*float64(i%row)
			y := float64(bottom) + 90
			if i < row {
				y += 370
			}
			b = append(appendOutline(b, outline.Segments, scale, x, y), ' ')
		}
	}
	return b
}
