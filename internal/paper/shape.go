package paper

import (
	"math"
	"strconv"
)

// Point is a place on the page in millimetres.
type Point struct{ X, Y float64 }

// Box is a rectangle in millimetres; X and Y are its top left corner.
type Box struct{ X, Y, W, H float64 }

// Rect fills a rectangle; radius rounds its corners.
func (d *Doc) Rect(b Box, radius float64, fill Color) {
	if b.W <= 0 || b.H <= 0 {
		return
	}
	d.emit(append(d.appendBox(append(d.fill(d.buf[:0], fill), ' '), b, radius), 'f'))
}

// Frame draws the outline of a rectangle; width is that of the line.
func (d *Doc) Frame(b Box, radius, width float64, c Color) {
	out := append(d.stroke(append(d.buf[:0], "q "...), width, c), ' ')
	d.emit(append(d.appendBox(out, b, radius), "S Q"...))
}

// Clip draws what draw does, but nothing of it outside of a rectangle. (A picture by WriteSVG shows all of it.)
func (d *Doc) Clip(b Box, draw func()) {
	d.emit(append(d.appendBox(append(d.buf[:0], "q "...), b, 0), "W n"...))
	d.font = ""
	draw()
	d.emit(append(d.buf[:0], 'Q'))
	d.font = "" // it is again what it was before
}

// Line draws a straight line. dash is the length of dashes and gaps; 0 draws it whole.
func (d *Doc) Line(from, to Point, width, dash float64, c Color) {
	out := d.stroke(append(d.buf[:0], "q "...), width, c)
	if dash > 0 {
		out = append(out, " ["...)
		out = append(appendNumbers(out, dash*pointsPerMM), "] 0 d"...)
	}
	out = append(d.appendPath(append(out, ' '), []Point{from, to}), "S Q"...)
	d.emit(out)
}

// Path draws a line through points.
func (d *Doc) Path(points []Point, width float64, c Color) {
	if len(points) < 2 {
		return
	}
	out := append(d.stroke(append(d.buf[:0], "q 1 j 1 J "...), width, c), ' ')
	d.emit(append(d.appendPath(out, points), "S Q"...))
}

// Area fills the shape that points enclose.
func (d *Doc) Area(points []Point, fill Color) {
	if len(points) < 3 {
		return
	}
	out := append(d.fill(d.buf[:0], fill), ' ')
	d.emit(append(d.appendPath(out, points), "h f"...))
}

// Dot fills a circle.
func (d *Doc) Dot(center Point, radius float64, fill Color) {
	d.Rect(Box{center.X - radius, center.Y - radius, 2 * radius, 2 * radius}, radius, fill)
}

// Cell is a rectangle in a grid, in whole units from the grid's top left corner.
type Cell struct{ X, Y, W, H int }

// Cells fills many rectangles of a grid as one shape, so that no seams show where they touch: a QR code. unit is the width of
// one step of the grid.
func (d *Doc) Cells(at Point, unit float64, cells []Cell, fill Color) {
	if len(cells) == 0 {
		return
	}
	b := append(d.fill(append(d.buf[:0], "q "...), fill), ' ')
	scale := unit * pointsPerMM
	b = append(appendNumbers(b, scale), "0 0 "...)
	b = d.appendAt(appendNumbers(b, -scale), at.X, at.Y)
	b = append(b, "cm "...)
	for _, c := range cells {
		for _, n := range [...]int{c.X, c.Y, c.W, c.H} {
			b = append(strconv.AppendInt(b, int64(n), 10), ' ')
		}
		b = append(b, "re "...)
	}
	d.emit(append(b, "f Q"...))
}

func (d *Doc) stroke(b []byte, width float64, c Color) []byte {
	return append(appendNumbers(append(appendColor(b, c), "RG "...), width*pointsPerMM), 'w')
}

func (d *Doc) appendPath(b []byte, points []Point) []byte {
	for i, p := range points {
		b = d.appendAt(b, p.X, p.Y)
		if i == 0 {
			b = append(b, "m "...)
		} else {
			b = append(b, "l "...)
		}
	}
	return b
}

func (d *Doc) appendAt(b []byte, x, y float64) []byte {
	return appendNumbers(b, x*pointsPerMM, (d.paper.Height-y)*pointsPerMM)
}

// appendBox writes a rectangle's path. Corners are Bézier quarter circles: the usual control distance of 0.5523 radii.
func (d *Doc) appendBox(b []byte, box Box, radius float64) []byte {
	radius = math.Min(radius, math.Min(box.W, box.H)/2)
	if radius <= 0 {
		b = d.appendAt(b, box.X, box.Y+box.H)
		return append(appendNumbers(b, box.W*pointsPerMM, box.H*pointsPerMM), "re "...)
	}
	x0, y0, x1, y1 := box.X, box.Y, box.X+box.W, box.Y+box.H
	k := radius * (1 - 0.5523)
	curve := func(ax, ay, bx, by, cx, cy float64) {
		b = append(d.appendAt(d.appendAt(d.appendAt(b, ax, ay), bx, by), cx, cy), "c "...)
	}
	lineTo := func(x, y float64) { b = append(d.appendAt(b, x, y), "l "...) }
	b = append(d.appendAt(b, x0+radius, y0), "m "...)
	lineTo(x1-radius, y0)
	curve(x1-k, y0, x1, y0+k, x1, y0+radius)
	lineTo(x1, y1-radius)
	curve(x1, y1-k, x1-k, y1, x1-radius, y1)
	lineTo(x0+radius, y1)
	curve(x0+k, y1, x0, y1-k, x0, y1-radius)
	lineTo(x0, y0+radius)
	curve(x0, y0+k, x0+k, y0, x0+radius, y0)
	return append(b, "h "...)
}
