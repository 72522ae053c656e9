package paper

// Column is one column of a table. Width is its share of the table's width.
type Column struct {
	Title string
	Width float64
	Align Align
}

// Table is rows under titles. A row shorter than the columns is filled with empty cells.
type Table struct {
	Columns []Column
	Rows    [][]string
	Totals  int     // that many of the last rows are set bold under a line
	Size    float64 // of the text, in points; 0 means 9
}

// Flow is where on a page a table or a list of notes may stand. When it reaches Bottom, it goes on at Top of a new page.
type Flow struct{ X, W, Top, Bottom float64 }

const cellPadding = 1.6

// Table draws the table from y, repeats the titles on each page it goes on to, and gives the y below it. A row is never
// broken over two pages; its cells wrap, to six lines at most.
func (d *Doc) Table(f Flow, y float64, t Table) float64 {
	if t.Size == 0 {
		t.Size = 9
	}
	widths := t.widths(f.W)
	y = d.tableHead(f, y, t, widths)
	for i, row := range t.Rows {
		style := Style{Size: t.Size, Color: Black, Bold: i >= len(t.Rows)-t.Totals}
		height := t.rowHeight(row, widths, style)
		if y+height > f.Bottom {
			d.AddPage()
			y = d.tableHead(f, f.Top, t, widths)
		}
		if style.Bold && i == len(t.Rows)-t.Totals {
			d.Line(Point{f.X, y}, Point{f.X + f.W, y}, 0.35, 0, Black)
		}
		d.row(f.X, y, row, t.Columns, widths, style)
		y += height
		d.Line(Point{f.X, y}, Point{f.X + f.W, y}, 0.15, 0, Faint)
	}
	return y
}

const cellLines = 6

func (t Table) widths(w float64) []float64 {
	sum := 0.0
	for _, c := range t.Columns {
		sum += c.Width
	}
	out := make([]float64, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = share(c.Width, sum) * w
	}
	return out
}

func (t Table) rowHeight(row []string, widths []float64, style Style) float64 {
	height := style.Lead()
	for i, w := range widths {
		if i < len(row) {
			height = max(height, Height(row[i], w-2*cellPadding, style, cellLines))
		}
	}
	return height + 2*cellPadding
}

// tableHead draws the titles; when not even one row would fit below them, it begins a new page first.
func (d *Doc) tableHead(f Flow, y float64, t Table, widths []float64) float64 {
	style := Style{Size: t.Size - 1, Bold: true, Color: Grey}
	var titles []string
	for _, c := range t.Columns {
		titles = append(titles, c.Title)
	}
	height := t.rowHeight(titles, widths, style)
	if y+2*height > f.Bottom && y > f.Top {
		d.AddPage()
		y = f.Top
	}
	d.row(f.X, y, titles, t.Columns, widths, style)
	y += height
	d.Line(Point{f.X, y}, Point{f.X + f.W, y}, 0.35, 0, Black)
	return y
}

func (d *Doc) row(x, y float64, cells []string, columns []Column, widths []float64, style Style) {
	for i, w := range widths {
		if i < len(cells) {
			style.Align = columns[i].Align
			d.Paragraph(x+cellPadding, y+cellPadding, w-2*cellPadding, cells[i], style, cellLines)
		}
		x += w
	}
}

// Note is a definition: what a figure means, under the mark that stands beside the figure.
type Note struct{ Mark, Term, Text string }

// Notes draws definitions from y in small print, each with its mark before it, and gives the y below.
func (d *Doc) Notes(f Flow, y float64, notes []Note) float64 {
	style := Style{Size: 8, Color: Grey, Leading: 1.4}
	indent := 0.0
	for _, n := range notes {
		indent = max(indent, Width(n.Mark, bold(style))+2)
	}
	for _, n := range notes {
		height := style.Lead() + Height(n.Text, f.W-indent, style, 0)
		if y+height > f.Bottom && y > f.Top {
			d.AddPage()
			y = f.Top
		}
		d.Paragraph(f.X, y, indent, n.Mark, bold(style), 1)
		y = d.Paragraph(f.X+indent, y, f.W-indent, n.Term, bold(style).In(Black), 1)
		y = d.Paragraph(f.X+indent, y, f.W-indent, n.Text, style, 0) + 1.4
	}
	return y
}
