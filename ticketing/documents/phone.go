package documents

import "turnout/internal/paper"

// phone draws the ticket for a small screen: the QR first, because that is what the door wants to see.
func (p page) phone() {
	const x = 7.0
	w := p.Paper().Width - 2*x
	on := p.accent.On()
	title := paper.FitLines(p.order.Event.Title, w, paper.Style{Size: 15, Bold: true, Leading: 1.18}, 10, 2)
	head := 11 + paper.Height(p.order.Event.Title, w, title, 3)
	p.Rect(paper.Box{W: p.Paper().Width, H: head + 3}, 0, p.accent)
	p.Fit(x, 7.5, w, p.order.Event.Community, paper.Style{Size: 8, Color: on.Mix(p.accent, 0.22)}, 6)
	p.Paragraph(x, 9.5, w, p.order.Event.Title, title.In(on), 3)

	const side = 60.0
	y := head + 6
	p.qr.draw(p.Doc, (p.Paper().Width-side)/2, y, side)
	if p.ticket.Virtual {
		p.Link((p.Paper().Width-side)/2, y, side, side, p.ticket.JoinURL)
	}
	y += side + 1

	name := paper.FitLines(p.name(), w, paper.Style{Size: 17, Bold: true, Align: paper.Center, Leading: 1.25}, 11, 1)
	y = p.Paragraph(x, y, w, p.name(), name.In(paper.Black), 2)
	kind := p.ticket.Type + " · " + p.mode()
	p.Fit(x, y+4, w, kind, paper.Style{Size: 10, Color: p.accent.Readable(), Align: paper.Center}, 7)
	y += 9
	p.Line(paper.Point{X: x, Y: y}, paper.Point{X: x + w, Y: y}, 0.2, 0, paper.Faint)
	p.phoneFacts(x, y+3, w)
	p.Paragraph(x, p.Paper().Height-9.5, w, p.words.TicketCode+" "+spaced(p.ticket.Code), paper.Style{Size: 4, Color: paper.Grey, Leading: 1.35}, 5)
}

func (p page) phoneFacts(x, y, w float64) {
	value := paper.Style{Size: 8.5, Color: paper.Black, Leading: 1.3}
	limit := p.Paper().Height - 12
	fact := func(label, text string, lines int) {
		need := paper.Height(text, w, value, lines) + 4
		if paper.Clean(text) == "" || y+need > limit {
			return
		}
		p.Text(x, y+2, label, paper.Style{Size: 6.5, Color: paper.Grey})
		y = p.Paragraph(x, y+2.8, w, text, value, lines) + 2
	}
	fact(p.words.When, p.order.Event.When, 3)
	label, place := p.place()
	fact(label, place, 4)
	if p.ticket.Virtual && p.ticket.JoinURL != "" {
		y = p.link(x, y-2, w) + 2
	}
	fact(p.words.Order, p.order.Code+" · "+p.count(), 1)
	for _, d := range p.ticket.Details {
		fact(d.Label, d.Value, 2)
	}
	fact(p.order.Event.Organiser, p.order.Event.Terms, 3)
}
