package documents

import (
	"turnout/internal/paper"
)

// The sheet is A4 or Letter: a card with the event on the accent colour, the attendee and the QR below it, and under a dashed line
// for folding what is good to know. All measures are millimetres.
const (
	margin  = 17.0
	padding = 9.0
	qrSide  = 62.0 // with the quiet zone; the code itself is over 48, decision 27 asks for 35
)

func (p page) sheet() {
	width := p.Paper().Width - 2*margin
	bottom := p.heading(margin, margin, width)
	inner := width - 2*padding
	left := margin + padding
	column := inner - qrSide - 10

	y := p.attendee(left, bottom+9, inner)
	top := y + 6
	p.Line(paper.Point{X: left, Y: top - 3}, paper.Point{X: left + inner, Y: top - 3}, 0.25, 0, paper.Faint)
	facts := p.facts(left, top+2, column)
	code := p.codeBlock(left+column+10, top+2, qrSide)
	end := max(facts, code) + 6
	p.Frame(paper.Box{X: margin, Y: margin, W: width, H: end - margin}, 4, 0.3, paper.Faint)
	p.notes(left, end+8, inner)
	p.foot(left, inner)
}

// heading draws the coloured head of the card and gives its lower edge.
func (p page) heading(x, y, w float64) float64 {
	e := p.order.Event
	on := p.accent.On()
	soft := on.Mix(p.accent, 0.22)
	textWidth := w - 2*padding
	if len(e.Logo) > 0 {
		textWidth -= 34
	}
	title := paper.FitLines(e.Title, textWidth, paper.Style{Size: 25, Bold: true, Leading: 1.18}, 15, 2)
	titleHeight := paper.Height(e.Title, textWidth, title, 3)
	height := 2*padding + 6 + titleHeight + 3
	p.Rect(paper.Box{X: x, Y: y, W: w, H: height + 4}, 4, p.accent)
	p.Rect(paper.Box{X: x, Y: y + height, W: w, H: 4.2}, 0, paper.White) // the card's lower half begins with square corners
	if len(e.Logo) > 0 {
		box := paper.Box{X: x + w - padding - 30, Y: y + padding, W: 30, H: min(30, height-2*padding)}
		_ = p.Image(box, e.Logo) // unreadable: the ticket goes without
	}
	p.Fit(x+padding, y+padding+3, textWidth, e.Community, paper.Style{Size: 11, Color: soft}, 7)
	p.Paragraph(x+padding, y+padding+7.5, textWidth, e.Title, title.In(on), 3)
	return y + height
}

// attendee draws the name as large as it fits, and the ticket type beside the mode.
func (p page) attendee(x, y, w float64) float64 {
	p.label(x, y+2, p.words.Attendee)
	name := paper.FitLines(p.name(), w, paper.Style{Size: 30, Bold: true, Leading: 1.25}, 17, 1)
	y = p.Paragraph(x, y+3.5, w, p.name(), name.In(paper.Black), 2)
	used := p.badge(x, y+2.5, p.mode())
	p.Fit(x+used+3, y+7.1, w-used-3, p.ticket.Type, paper.Style{Size: 14, Color: paper.Black}, 9)
	return y + 11
}

// badge draws a word on a tint of the accent and gives its width.
func (p page) badge(x, y float64, word string) float64 {
	style := paper.Style{Size: 10, Bold: true, Color: p.accent.Readable()}
	w := paper.Width(word, style) + 6
	p.Rect(paper.Box{X: x, Y: y, W: w, H: 6.6}, 3.3, p.accent.Mix(paper.White, 0.86))
	p.Text(x+3, y+4.65, word, style)
	return w
}

func (p page) label(x, y float64, word string) {
	p.Text(x, y, word, paper.Style{Size: 8.5, Color: paper.Grey})
}

// facts draws when, where (or how to join), the order and the details, one under the other.
func (p page) facts(x, y, w float64) float64 {
	value := paper.Style{Size: 12, Color: paper.Black, Leading: 1.3}
	fact := func(label, text string, lines int) {
		if paper.Clean(text) == "" {
			return
		}
		p.label(x, y+2.6, label)
		y = p.Paragraph(x, y+4, w, text, value, lines) + 4
	}
	fact(p.words.When, p.order.Event.When, 4)
	label, place := p.place()
	fact(label, place, 7)
	if p.ticket.Virtual && p.ticket.JoinURL != "" {
		y = p.link(x, y-3, w) + 4
	}
	fact(p.words.Order, p.order.Code, 1)
	for _, d := range p.ticket.Details {
		if y < p.Paper().Height-70 { // what does not fit is on the order page
			fact(d.Label, d.Value, 2)
		}
	}
	return y - 2
}

// link writes the join link so that it can be tapped, and typed from paper.
func (p page) link(x, y, w float64) float64 {
	style := paper.Style{Size: 9.5, Color: p.accent.Readable()}
	end := p.Paragraph(x, y, w, p.ticket.JoinURL, style, 3)
	p.Link(x, y, w, end-y, p.ticket.JoinURL)
	return end
}

// codeBlock draws the QR, what to do with it, and the code as text.
func (p page) codeBlock(x, y, side float64) float64 {
	p.qr.draw(p.Doc, x, y, side)
	p.Frame(paper.Box{X: x, Y: y, W: side, H: side}, 3, 0.3, paper.Faint)
	if p.ticket.Virtual {
		p.Link(x, y, side, side, p.ticket.JoinURL)
	}
	y += side + 2
	if !p.ticket.Virtual {
		hint := paper.Style{Size: 8.5, Color: paper.Grey, Align: paper.Center}
		y = p.Paragraph(x, y, side, p.words.AtDoor, hint, 4) + 1
	}
	return y
}

// notes draws the terms under the folding line.
func (p page) notes(x, y, w float64) {
	p.Line(paper.Point{X: 8, Y: y}, paper.Point{X: p.Paper().Width - 8, Y: y}, 0.2, 1.2, paper.Faint)
	y += 9
	if paper.Clean(p.order.Event.Terms) == "" {
		return
	}
	p.Text(x, y, p.words.Terms, paper.Style{Size: 10, Bold: true, Color: paper.Black})
	style := paper.Style{Size: 9, Color: paper.Grey, Leading: 1.45, Align: paper.Start}
	room := int((p.Paper().Height - 36 - y) / style.Lead())
	if room > 0 {
		p.Paragraph(x, y+2, w, p.order.Event.Terms, style, room)
	}
}

// foot draws the organiser's line, the count and the ticket code at the lower edge.
func (p page) foot(x, w float64) {
	y := p.Paper().Height - 30
	p.Line(paper.Point{X: x, Y: y}, paper.Point{X: x + w, Y: y}, 0.25, 0, paper.Faint)
	small := paper.Style{Size: 8.5, Color: paper.Grey}
	countWidth := p.Text(x+w, y+5, p.count(), paper.Style{Size: 8.5, Color: paper.Grey, Align: paper.Right})
	p.Fit(x, y+5, w-countWidth-6, p.order.Event.Organiser, small, 6)
	p.Paragraph(x, y+7.5, w, p.words.TicketCode+" "+spaced(p.ticket.Code), paper.Style{Size: 6, Color: paper.Grey, Leading: 1.4}, 4)
}
