package paper

import (
	"bytes"
	"math"
	"strconv"
)

// Align says where a text stands to its anchor or in its width.
type Align int

// Left is the zero value. Start is left for text that begins left to right, right for Arabic, Hebrew and their kin.
const (
	Left Align = iota
	Center
	Right
	Start
)

// Style is how a text looks. Size is in points.
type Style struct {
	Size    float64
	Bold    bool
	Color   Color
	Align   Align
	Leading float64 // distance of two lines as a multiple of the size; 0 means 1.35
}

// Lead is the distance of two lines in millimetres.
func (s Style) Lead() float64 {
	if s.Leading == 0 {
		return s.Size * 1.35 / pointsPerMM
	}
	return s.Size * s.Leading / pointsPerMM
}

// In gives the style with another colour.
func (s Style) In(c Color) Style { s.Color = c; return s }

// Width is how wide s is on one line, in millimetres.
func Width(s string, style Style) float64 {
	return layOut(Clean(s), style.Bold, byFirstLetter).in(style)
}

// in is the width of a laid out line in millimetres.
func (l line) in(style Style) float64 { return l.width / 1000 * style.Size / pointsPerMM }

// Text draws s on one line with its baseline at y, and gives its width. x is its left end, its middle or its right end, as
// the style's alignment says.
func (d *Doc) Text(x, y float64, s string, style Style) float64 {
	l := layOut(Clean(s), style.Bold, byFirstLetter)
	d.drawLine(x, y, l, style)
	return l.in(style)
}

// Fit draws s on one line of at most width w: smaller if it must be, down to size least, and cut with an ellipsis if that is
// not enough. The box begins at x; the alignment places the text in it. It gives the size used.
func (d *Doc) Fit(x, y, w float64, s string, style Style, least float64) float64 {
	s = Clean(s)
	l := layOut(s, style.Bold, byFirstLetter)
	if have := l.in(style); have > w {
		style.Size = max(least, style.Size*w/have)
		if l.in(style) > w+0.01 {
			l = layOut(ellipsis(s, w, style), style.Bold, byFirstLetter)
		}
	}
	d.drawLine(style.anchor(x, w, s), y, l, style.placed(s))
	return style.Size
}

// anchor is the x that the alignment asks for in a box.
func (s Style) anchor(x, w float64, text string) float64 {
	switch s.placed(text).Align {
	case Center:
		return x + w/2
	case Right:
		return x + w
	}
	return x
}

// placed resolves Start to Left or Right.
func (s Style) placed(text string) Style {
	if s.Align == Start {
		s.Align = Left
		if baseDirection(text) == rightToLeft {
			s.Align = Right
		}
	}
	return s
}

// drawLine draws a laid out line. It is the only place where text reaches the page.
func (d *Doc) drawLine(x, y float64, l line, style Style) {
	if d.Page() == 0 || len(l.pieces) == 0 {
		return
	}
	switch style.Align {
	case Center:
		x -= l.in(style) / 2
	case Right:
		x -= l.in(style)
	}
	px, py := x*pointsPerMM, (d.paper.Height-y)*pointsPerMM
	for _, p := range l.pieces {
		switch {
		case d.sketch != nil && p.text != nil:
			d.drawGlyphs(px, py, p.outlines(), style)
		case d.sketch != nil:
			d.drawGlyphs(px, py, p, style)
		case p.text != nil:
			d.drawCodes(px, py, p, style)
		default:
			d.drawGlyphs(px, py, p, style)
			d.drawInvisible(px, py, p, style)
		}
		px += p.width / 1000 * style.Size
	}
}

func (d *Doc) drawCodes(x, y float64, p piece, style Style) {
	d.setFont(p.text, style.Size)
	b := append(d.fill(d.buf[:0], style.Color), " BT "...)
	b = append(appendNumbers(b, x, y), "Td ("...)
	used := d.used[p.text]
	for _, c := range p.codes {
		used[c] = true
		if c == '(' || c == ')' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	d.emit(append(b, ") Tj ET"...))
}

func (d *Doc) drawGlyphs(x, y float64, p piece, style Style) {
	if len(p.glyphs) == 0 {
		return
	}
	paint := " f\n"
	b := append(d.fill(append(d.buf[:0], "q "...), style.Color), ' ')
	scale := style.Size / 1000
	if p.thick {
		paint = " B\n"
		b = append(appendColor(b, style.Color), "RG 22 w 1 j "...)
	}
	b = strconv.AppendFloat(b, scale, 'f', 5, 64)
	b = append(b, " 0 0 "...)
	b = append(strconv.AppendFloat(b, scale, 'f', 5, 64), ' ')
	b = append(appendNumbers(b, x, y), "cm\n"...)
	var atX, atY float64
	for _, g := range p.glyphs {
		if g.x != atX || g.y != atY {
			b = append(appendNumbers(append(b, "1 0 0 1 "...), g.x-atX, g.y-atY), "cm "...)
			atX, atY = g.x, g.y
		}
		b = append(append(b, g.path...), paint...)
	}
	d.emit(append(b, 'Q'))
}

// setFont selects a text font, adding it to the document at its first use.
func (d *Doc) setFont(f *textFont, size float64) {
	if d.used[f] == nil {
		d.used[f] = new([256]bool)
		d.pdf.AddFontFromReader(f.family, "", bytes.NewReader(f.definition))
	}
	d.selectFont(f.family, size)
}

func (d *Doc) selectFont(family string, size float64) {
	if d.font != family || d.size != size {
		d.pdf.SetFont(family, "", size)
		d.font, d.size = family, size
	}
}

// fill appends the operator that sets the colour of areas and text.
func (d *Doc) fill(b []byte, c Color) []byte { return append(appendColor(b, c), "rg"...) }

// emit writes content to the page and keeps the buffer for the next.
func (d *Doc) emit(b []byte) {
	d.buf = b
	if d.sketch != nil {
		d.sketch.draw(b)
		return
	}
	d.content += len(b)
	d.pdf.RawWriteStr(string(b))
}

func appendColor(b []byte, c Color) []byte {
	return appendNumbers(b, float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
}

// appendNumbers writes numbers with at most three decimals, each with a space after it.
func appendNumbers(b []byte, numbers ...float64) []byte {
	for _, n := range numbers {
		if math.IsNaN(n) || math.IsInf(n, 0) { // PDF has no such numbers, and one would break the page
			n = 0
		}
		start := len(b)
		b = strconv.AppendFloat(b, n, 'f', 3, 64)
		for b[len(b)-1] == '0' && len(b) > start+1 {
			b = b[:len(b)-1]
		}
		if b[len(b)-1] == '.' {
			b = b[:len(b)-1]
		}
		b = append(b, ' ')
	}
	return b
}
