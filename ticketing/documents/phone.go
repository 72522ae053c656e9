package documents

import "turnout/internal/paper"

// phone draws the ticket for a small screen: the QR first, because that is what the door wants to see. The layouts differ in how far the
// accent colour reaches: over the head, over all, or not at all.
func (p page) phone() {
	const x, side = 7.0, 60.0
	e, size := p.order.Event, p.Paper()
	w := size.Width - 2*x
	head, body := p.accent, paper.White
	switch p.order.Design.Layout {
	case Band:
		body = p.accent
	case Plain:
		head = paper.White
	}
	textWidth := w
	if len(e.Logo) > 0 {
		textWidth -= 20
	}
	title, most := p.title(textWidth, 15)
	height := 11 + paper.Height(e.Title, textWidth, title, most)
	if body != paper.White {
		p.Rect(paper.Box{W: size.Width, H: size.Height}, 0, body)
	} else if head != paper.White {
		p.Rect(paper.Box{W: size.Width, H: height + 3}, 0, head)
	} else {
		p.Line(paper.Point{X: x, Y: height + 3}, paper.Point{X: x + w, Y: height + 3}, 0.3, 0, paper.Black)
	}
	p.logo(paper.Box{X: x + w - 18, Y: 4.5, W: 18, H: height - 4.5}, head, paper.Right)
	ink, soft := inks(head)
	p.Fit(x, 7.5, textWidth, e.Community, paper.Style{Size: 8, Color: soft}, 6)
	p.Paragraph(x, 9.5, textWidth, e.Title, title.In(ink), most)

	ink, soft = inks(body)
	y := height + 6
	p.QR((size.Width-side)/2, y, side, p.qr)
	if p.ticket.Virtual {
		p.Link((size.Width-side)/2, y, side, side, p.ticket.JoinURL)
	}
	name, most := p.nameStyle(w, 17)
	name.Align = paper.Center
	y = p.Paragraph(x, y+side+1, w, p.name(), name.In(ink), most)
	kind := paper.Style{Size: 10, Color: ink, Align: paper.Center, Leading: 1.25}
	if p.order.Design.Layout == Classic || p.order.Design.Layout == "" {
		kind.Color = p.accent.Readable(paper.White)
	}
	text := p.ticket.Type + " · " + p.mode()
	y = p.Paragraph(x, y+0.5, w, text, fitted(text, w, kind, 8, 1, 6.5, 2), 2) + 2.5
	p.Line(paper.Point{X: x, Y: y}, paper.Point{X: x + w, Y: y}, 0.2, 0, soft)
	c := p.column(x, y+3, w)
	c.limit, c.label.Size, c.value.Size = size.Height-10.5, 6.5, 8.5
	if body != paper.White {
		c.on(body)
	}
	c.when()
	c.where()
	if len(p.order.Tickets) > 1 {
		c.fact(p.words.Ticket, p.count(), 1)
	}
	c.rest()
	c.fact(p.words.Terms, e.Terms, 3)
	p.Paragraph(x, size.Height-9.5, w, p.words.TicketCode+" "+spaced(p.ticket.Code), paper.Style{Size: 4, Color: soft, Leading: 1.35}, 5)
}

// inks are the colours of text on a ground, and of text that matters less.
func inks(ground paper.Color) (ink, soft paper.Color) {
	if ground == paper.White {
		return paper.Black, paper.Grey
	}
	return ground.On(), ground.OnSoft()
}
