package recap

import "turnout/internal/paper"

// column is a table's column; share is its part of the width. Figures stand right.
type column struct {
	title   string
	share   float64
	figures bool
}

// column has the title that the catalogue knows by the key.
func (s *sheet) column(key string, share float64) column {
	return column{title: s.say("recap.column." + key), share: share}
}

func (s *sheet) figures(key string, share float64) column {
	c := s.column(key, share)
	c.figures = true
	return c
}

const rowHigh = 6.2

// table draws rows below a line of titles, which is repeated on each further page.
func (s *sheet) table(columns []column, rows [][]string) {
	s.room(3 * rowHigh)
	s.row(columns, titles(columns), paper.Style{Size: 8, Bold: true, Color: paper.Grey})
	for _, row := range rows {
		if s.y+rowHigh > bottom {
			s.page()
			s.row(columns, titles(columns), paper.Style{Size: 8, Bold: true, Color: paper.Grey})
		}
		s.row(columns, row, paper.Style{Size: 9, Color: paper.Black})
	}
}

func titles(columns []column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.title
	}
	return all
}

// row draws one line of a table.
func (s *sheet) row(columns []column, cells []string, style paper.Style) {
	x := margin
	for i, c := range columns {
		width := c.share * content
		style.Align = paper.Left
		if c.figures {
			style.Align = paper.Right
		}
		s.doc.Fit(x+0.5, s.y+4.2, width-2, cells[i], style, 6)
		x += width
	}
	s.doc.Line(paper.Point{X: margin, Y: s.y + rowHigh}, paper.Point{X: margin + content, Y: s.y + rowHigh}, 0.15, 0, paper.Faint)
	s.y += rowHigh
}

// definitions prints what each figure of the report counts.
func (s *sheet) definitions() {
	s.section(s.say("recap.section.definitions"), 30)
	for _, key := range s.report.Keys() {
		text := s.report.Definition(s.lang, key)
		s.room(paper.Height(text, content-42, small, 0) + 1.5)
		s.doc.Fit(margin, s.y+3, 40, s.name(key), paper.Style{Size: 8, Bold: true, Color: paper.Black}, 6)
		s.y = s.doc.Paragraph(margin+42, s.y, content-42, text, small, 0) + 1.5
	}
}
