package documents

import (
	"turnout/internal/paper"
)

// Sheets are A4 or Letter.

// classic is a card with the event on the accent colour, the attendee and the QR below it, and under a dashed line for folding
// what is good to know.
func (p page) classic() {
	width := p.Paper().Width - 2*margin
	bottom := p.head(margin, margin, width)
	inner := width - 2*padding
	left := margin + padding
	facts := inner - qrSide - 10

	top := p.attendee(left, bottom+9, inner, 30) + 6
	p.Line(paper.Point{X: left, Y: top - 3}, paper.Point{X: left + inner, Y: top - 3}, 0.25, 0, paper.Faint)
	c := p.column(left, top+2, facts)
	c.when()
	c.where()
	c.rest()
	end := max(c.y-2, p.codeBlock(left+facts+10, top+2, qrSide)) + 6
	p.Frame(paper.Box{X: margin, Y: margin, W: width, H: end - margin}, 4, 0.3, paper.Faint)
	p.fold(end + 8)
	p.notes(left, end+17, inner)
	p.foot(left, inner)
}

// head draws the coloured head of the card and gives its lower edge.
func (p page) head(x, y, w float64) float64 {
	e := p.order.Event
	textWidth := w - 2*padding
	if len(e.Logo) > 0 {
		textWidth -= 38
	}
	title, most := p.title(textWidth, 25)
	height := 2*padding + 9 + paper.Height(e.Title, textWidth, title, most)
	p.Rect(paper.Box{X: x, Y: y, W: w, H: height + 4}, 4, p.accent)
	p.Rect(paper.Box{X: x, Y: y + height, W: w, H: 4.2}, 0, paper.White) // the card's lower half begins with square corners
	p.logo(paper.Box{X: x + w - padding - 34, Y: y + padding, W: 34, H: min(26, height-2*padding)}, p.accent, paper.Right)
	p.Fit(x+padding, y+padding+3, textWidth, e.Community, paper.Style{Size: 11, Color: p.accent.OnSoft()}, 7)
	p.Paragraph(x+padding, y+padding+7.5, textWidth, e.Title, title.In(p.accent.On()), most)
	return y + height
}

// band is a poster: the event's colour from edge to edge with when and where, the QR half in it.
func (p page) band() {
	e, width := p.order.Event, p.Paper().Width
	inner := width - 2*margin
	const code = 70.0
	on := p.accent.On()
	title, most := p.title(inner, 32)
	top := 15.0
	titleTop := top + 8
	if len(e.Logo) > 0 {
		titleTop = top + 22
	}
	bottom := titleTop + paper.Height(e.Title, inner, title, most)
	facts := p.column(margin, bottom+7, inner-code-10)
	facts.on(p.accent)
	measured := *facts
	measured.dry = true
	measured.when()
	measured.where()
	band := max(measured.y+6, bottom+5+code*0.5) // as high as what stands in it
	p.Rect(paper.Box{W: width, H: band}, 0, p.accent)
	community := inner
	if p.logo(paper.Box{X: margin, Y: top, W: 60, H: 17}, p.accent, paper.Left) {
		community = inner - 66
		p.Fit(margin+66, top+9.5, community, e.Community, paper.Style{Size: 12, Color: p.accent.OnSoft(), Align: paper.Right}, 8)
	} else {
		p.Fit(margin, top+3, community, e.Community, paper.Style{Size: 12, Color: p.accent.OnSoft()}, 8)
	}
	p.Paragraph(margin, titleTop, inner, e.Title, title.In(on), most)
	facts.when()
	facts.where()

	end := p.codeBlock(width-margin-code, band-code*0.5, code)
	nameWidth := inner - code - 10
	y := p.attendee(margin, band+9, nameWidth, 28)
	c := p.column(margin, y+5, nameWidth)
	c.rest()
	end = max(end, c.y) + 8
	p.Line(paper.Point{X: margin, Y: end}, paper.Point{X: margin + inner, Y: end}, 0.25, 0, paper.Faint)
	p.notes(margin, end+9, inner)
	p.foot(margin, inner)
	p.Rect(paper.Box{Y: p.Paper().Height - 5, W: width, H: 5}, 0, p.accent)
}

// plain is black on white in the upper half of the page.
func (p page) plain() {
	e := p.order.Event
	inner := p.Paper().Width - 2*margin
	textWidth := inner
	if p.logo(paper.Box{X: margin + inner - 40, Y: margin, W: 40, H: 22}, paper.White, paper.Right) {
		textWidth -= 46
	}
	p.Fit(margin, margin+3, textWidth, e.Community, paper.Style{Size: 11, Color: paper.Grey}, 7)
	title, most := p.title(textWidth, 24)
	y := p.Paragraph(margin, margin+7, textWidth, e.Title, title.In(paper.Black), most)
	y = max(y, margin+24) + 4
	p.Line(paper.Point{X: margin, Y: y}, paper.Point{X: margin + inner, Y: y}, 0.5, 0, paper.Black)

	left, facts := margin+qrSide+10, inner-qrSide-10
	end := p.codeBlock(margin, y+7, qrSide)
	c := p.column(left, p.attendee(left, y+9, facts, 24)+5, facts)
	c.when()
	c.where()
	c.rest()
	end = max(end, c.y) + 4
	p.fold(end + 4)
	p.notes(margin, end+14, inner)
	p.foot(margin, inner)
}
