package paper

import (
	"math"
	"strconv"
)

// Charts print the numbers that they draw: a report is read on paper, where nothing can be pointed at. Numbers come with their text,
// so that a chart says a figure in the same words as the tables around it.

var (
	chartText  = Style{Size: 9, Color: Black}
	chartSmall = Style{Size: 7.5, Color: Grey}
)

// Stage is one bar of a funnel. Text is the value as it is printed; Note, beside it, may say its share.
type Stage struct {
	Label string
	Value float64
	Text  string
	Note  string
}

// Funnel draws stages as horizontal bars under each other, all on the scale of the largest, and gives the y below. Each bar keeps the
// label at its left and its number at its right, so that short bars stay readable.
func (d *Doc) Funnel(b Box, stages []Stage, c Color) float64 {
	if len(stages) == 0 {
		return b.Y
	}
	largest, labels, values := 0.0, 0.0, 0.0
	for _, s := range stages {
		largest = max(largest, s.Value)
		labels = max(labels, Width(s.Label, chartText))
		values = max(values, Width(s.Text, bold(chartText))+Width(s.Note, chartSmall)+3)
	}
	labels, values = min(labels, b.W*0.35)+3, min(values, b.W*0.35)+2
	room := max(1, b.W-labels-values)
	row := b.H / float64(len(stages))
	bar := min(row*0.72, 11)
	for i, s := range stages {
		y := b.Y + float64(i)*row + (row-bar)/2
		middle := y + bar/2 + 1.1
		d.Fit(b.X, middle, labels-3, s.Label, chartText, 6)
		d.Rect(Box{b.X + labels, y, room, bar}, 1.2, Mist)
		width := share(s.Value, largest) * room
		d.Rect(Box{b.X + labels, y, width, bar}, 1.2, c.Mix(White, 0.16*float64(i)/float64(len(stages))*2))
		at := b.X + labels + room + 2
		at += d.Text(at, middle, s.Text, bold(chartText)) + 2
		d.Fit(at, middle, max(1, b.X+b.W-at), s.Note, chartSmall, 5)
	}
	return b.Y + b.H
}

// Tick is a mark on the horizontal axis of a curve.
type Tick struct {
	At   float64
	Text string
}

// Curve is a line over a filled area: values over time.
type Curve struct {
	Points []Point // rising X, in the units of the data
	Ticks  []Tick  // on the horizontal axis
	Unit   string  // above the vertical axis: "people inside"
	Color  Color
}

// Curve draws the curve with its axes into the box. The vertical axis begins at zero.
func (d *Doc) Curve(b Box, c Curve) {
	d.Text(b.X, b.Y+2.6, c.Unit, chartSmall)
	if len(c.Points) == 0 {
		return
	}
	largest := 0.0
	for _, p := range c.Points {
		largest = max(largest, p.Y)
	}
	marks := axisMarks(largest)
	plot := Box{b.X + 10, b.Y + 5, b.W - 13, b.H - 10}
	for _, m := range marks {
		plot.X = max(plot.X, b.X+Width(markText(m), chartSmall)+2.5)
	}
	plot.W = b.X + b.W - plot.X - 3
	top := marks[len(marks)-1]
	first, last := c.Points[0].X, c.Points[len(c.Points)-1].X
	at := func(p Point) Point {
		return Point{plot.X + share(p.X-first, last-first)*plot.W, plot.Y + plot.H - share(p.Y, top)*plot.H}
	}
	d.grid(plot, marks)
	line := make([]Point, len(c.Points))
	for i, p := range c.Points {
		line[i] = at(p)
	}
	area := append([]Point{{line[0].X, plot.Y + plot.H}}, line...)
	d.Area(append(area, Point{line[len(line)-1].X, plot.Y + plot.H}), c.Color.Mix(White, 0.82))
	d.Path(line, 0.6, c.Color)
	if len(line) == 1 {
		d.Dot(line[0], 0.9, c.Color)
	}
	for _, t := range c.Ticks {
		x := at(Point{X: t.At}).X
		d.Line(Point{x, plot.Y + plot.H}, Point{x, plot.Y + plot.H + 1.2}, 0.2, 0, Grey)
		half := Width(t.Text, chartSmall) / 2
		d.Text(min(max(x, b.X+half), b.X+b.W-half), plot.Y+plot.H+4.2, t.Text, chartSmall.aligned(Center))
	}
}

// grid draws the horizontal lines of a plot with their values.
func (d *Doc) grid(plot Box, marks []float64) {
	top := marks[len(marks)-1]
	for i, m := range marks {
		y := plot.Y + plot.H - share(m, top)*plot.H
		c := Faint
		if i == 0 {
			c = Grey
		}
		d.Line(Point{plot.X, y}, Point{plot.X + plot.W, y}, 0.2, 0, c)
		d.Text(plot.X-1.5, y+0.95, markText(m), chartSmall.aligned(Right))
	}
}

// Bar is a share with the interval that it is known to: Low and High are the ends of its whisker (a Wilson interval, say).
// All three are between 0 and 1. Text is the value as it is printed; Note says what it counts: "31 of 240".
type Bar struct {
	Label          string
	Value          float64
	Low, High      float64
	Text, Note     string
	Color          Color
	WithoutWhisker bool // the interval is unknown: nothing was counted
}

// Bars draws shares as upright bars with whiskers, beside each other, on one axis from 0 to a round number over the highest whisker.
func (d *Doc) Bars(b Box, bars []Bar) {
	if len(bars) == 0 {
		return
	}
	highest := 0.01
	for _, bar := range bars {
		highest = max(highest, bar.Value)
		if !bar.WithoutWhisker {
			highest = max(highest, bar.High)
		}
	}
	marks := axisMarks(math.Min(1, highest) * 100)
	top := marks[len(marks)-1]
	plot := Box{b.X + 11, b.Y + 6, b.W - 11, b.H - 17}
	for i, m := range marks {
		y := plot.Y + plot.H - share(m, top)*plot.H
		c := Faint
		if i == 0 {
			c = Grey
		}
		d.Line(Point{plot.X, y}, Point{plot.X + plot.W, y}, 0.2, 0, c)
		d.Text(plot.X-1.5, y+0.95, markText(m)+" %", chartSmall.aligned(Right))
	}
	slot := plot.W / float64(len(bars))
	for i, bar := range bars {
		d.bar(Box{plot.X + float64(i)*slot, plot.Y, slot, plot.H}, bar, top/100)
	}
}

// bar draws one bar in its slot; top is the value at the upper edge.
func (d *Doc) bar(slot Box, bar Bar, top float64) {
	y := func(value float64) float64 { return slot.Y + slot.H - share(value, top)*slot.H }
	middle, floor := slot.X+slot.W/2, slot.Y+slot.H
	width := min(slot.W*0.5, 26)
	d.Rect(Box{middle - width/2, y(bar.Value), width, floor - y(bar.Value)}, 0, bar.Color)
	above := y(bar.Value)
	if !bar.WithoutWhisker {
		above = y(bar.High)
		d.Line(Point{middle, y(bar.Low)}, Point{middle, y(bar.High)}, 0.45, 0, Black)
		for _, end := range []float64{bar.Low, bar.High} {
			d.Line(Point{middle - 1.8, y(end)}, Point{middle + 1.8, y(end)}, 0.45, 0, Black)
		}
	}
	d.Fit(slot.X+1, min(above-1.6, floor-2), slot.W-2, bar.Text, bold(chartText).aligned(Center), 6)
	d.Fit(slot.X+1, floor+4.4, slot.W-2, bar.Label, chartText.aligned(Center), 6)
	d.Fit(slot.X+1, floor+8.4, slot.W-2, bar.Note, chartSmall.aligned(Center), 5)
}

// Tile is a key figure.
type Tile struct{ Label, Value, Note string }

const tileHeight, tileGap = 27.0, 4.0

// Tiles draws key figures in rows of perRow and gives the y below.
func (d *Doc) Tiles(x, y, w float64, tiles []Tile, perRow int, accent Color) float64 {
	perRow = max(1, perRow)
	width := (w - tileGap*float64(perRow-1)) / float64(perRow)
	for i, t := range tiles {
		left := x + float64(i%perRow)*(width+tileGap)
		top := y + float64(i/perRow)*(tileHeight+tileGap)
		d.Rect(Box{left, top, width, tileHeight}, 2, Mist)
		d.Rect(Box{left, top + 4, 1.1, tileHeight - 8}, 0.5, accent)
		inner := width - 9
		d.Fit(left+5, top+6.8, inner, t.Label, chartSmall.sized(8.5), 6)
		d.Fit(left+5, top+16.2, inner, t.Value, Style{Size: 21, Bold: true, Color: Black}, 9)
		d.Paragraph(left+5, top+18.2, inner, t.Note, Style{Size: 7.5, Color: Grey, Leading: 1.2}, 2)
	}
	rows := (len(tiles) + perRow - 1) / perRow
	return y + float64(rows)*(tileHeight+tileGap)
}

// axisMarks gives round numbers from 0 to at least largest, three to six of them.
func axisMarks(largest float64) []float64 {
	if !(largest > 0) || math.IsInf(largest, 0) {
		largest = 1
	}
	magnitude := math.Pow(10, math.Floor(math.Log10(largest)))
	step := magnitude
	for _, s := range []float64{0.2, 0.25, 0.5, 1, 2, 2.5, 5} {
		if largest/(s*magnitude) <= 5 {
			step = s * magnitude
			break
		}
	}
	marks := []float64{0}
	for marks[len(marks)-1] < largest*(1-1e-9) {
		marks = append(marks, float64(len(marks))*step)
	}
	return marks
}

func markText(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }

// share is part/whole within 0 and 1; 0 when there is no whole.
func share(part, whole float64) float64 {
	if !(whole > 0) || !(part > 0) {
		return 0
	}
	return math.Min(1, part/whole)
}

func bold(s Style) Style                   { s.Bold = true; return s }
func (s Style) aligned(a Align) Style      { s.Align = a; return s }
func (s Style) sized(points float64) Style { s.Size = points; return s }
