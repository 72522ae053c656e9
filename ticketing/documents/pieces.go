package documents

import (
	"strings"

	"turnout/internal/paper"
)

// The measures of sheets, in millimetres.
const (
	margin  = 17.0
	padding = 9.0
	qrSide  = 62.0 // with the quiet zone; the code itself is over 48, decision 27 asks for 35
	footTop = 30.0 // of the foot, from the lower edge
)

// fitted is the largest style in which s needs no more than lines lines; a longer text is made smaller, down to least, until it
// needs no more than most.
func fitted(s string, w float64, style paper.Style, comfortable float64, lines int, least float64, most int) paper.Style {
	style = paper.FitLines(s, w, style, comfortable, lines)
	return paper.FitLines(s, w, style, least, most)
}

// title is the style of the event's title, and how many lines it may take.
func (p page) title(w, size float64) (style paper.Style, most int) {
	return fitted(p.order.Event.Title, w, paper.Style{Size: size, Bold: true, Leading: 1.18}, size*0.6, 2, size*0.45, 3), 3
}

// nameStyle is that of the attendee's name.
func (p page) nameStyle(w, size float64) (style paper.Style, most int) {
	least, lines := size*0.3, 1
	if p.order.Design.LargeName {
		size, lines = size*1.5, 2
	}
	return fitted(p.name(), w, paper.Style{Size: size, Bold: true, Leading: 1.22}, size*0.57, lines, least, 4), 4
}

// attendee draws the name as large as it fits, and the ticket type beside the mode.
func (p page) attendee(x, y, w, size float64) float64 {
	p.label(x, y+2, p.words.Attendee)
	name, most := p.nameStyle(w, size)
	y = p.Paragraph(x, y+3.5, w, p.name(), name.In(paper.Black), most)
	used := p.badge(x, y+2.5, p.mode())
	kind := paper.FitLines(p.ticket.Type, w-used-3, paper.Style{Size: 14, Color: paper.Black}, 9, 1)
	if paper.Width(p.ticket.Type, kind) <= w-used-3 {
		p.Text(x+used+3, y+7.1, p.ticket.Type, kind)
		return y + 11
	}
	return p.Paragraph(x, y+10, w, p.ticket.Type, paper.Style{Size: 11, Color: paper.Black, Leading: 1.3}, 3) + 2
}

// badge draws a word on a tint of the accent, or in a frame where ink is saved, and gives its width.
func (p page) badge(x, y float64, word string) float64 {
	box, style := paper.Box{X: x, Y: y, H: 6.6}, paper.Style{Size: 10, Bold: true, Color: paper.Black}
	box.W = paper.Width(word, style) + 6
	if p.order.Design.Layout == Plain {
		p.Frame(box, 3.3, 0.3, paper.Grey)
	} else {
		tint := p.accent.Mix(paper.White, 0.86)
		style.Color = p.accent.Readable(tint)
		p.Rect(box, 3.3, tint)
	}
	p.Text(x+3, y+4.65, word, style)
	return box.W
}

func (p page) label(x, y float64, word string) {
	p.Text(x, y, word, paper.Style{Size: 8.5, Color: paper.Grey})
}

// column draws facts one under the other, as many as there is room for above limit; a dry one only finds out how high they are.
type column struct {
	page
	x, y, w, limit float64
	label, value   paper.Style
	link           paper.Color
	dry            bool
}

func (p page) column(x, y, w float64) *column {
	return &column{page: p, x: x, y: y, w: w, limit: p.Paper().Height - 70,
		label: paper.Style{Size: 8.5, Color: paper.Grey}, value: paper.Style{Size: 12, Color: paper.Black, Leading: 1.3}, link: p.accent.Readable(paper.White)}
}

// on has the column stand on a ground of another colour than white.
func (c *column) on(ground paper.Color) {
	ink, soft := inks(ground)
	c.label, c.value, c.link = c.label.In(soft), c.value.In(ink), ink
}

// gap is what a label takes, and what stands between two facts.
func (c *column) gap() float64 { return c.label.Size * 0.47 }

// fact draws a text under its label. What does not fit is on the order page.
func (c *column) fact(label, text string, lines int) {
	lines = min(lines, int((c.limit-c.y-c.gap())/c.value.Lead()))
	if paper.Clean(text) == "" || lines < 1 {
		return
	}
	value := fitted(text, c.w, c.value, c.value.Size*0.8, lines, c.value.Size*0.7, lines)
	if c.dry {
		c.y += paper.Height(text, c.w, value, lines) + 2*c.gap()
		return
	}
	c.Text(c.x, c.y+c.gap()*0.65, label, c.label)
	c.y = c.Paragraph(c.x, c.y+c.gap(), c.w, text, value, lines) + c.gap()
}

func (c *column) when() { c.fact(c.words.When, c.order.Event.When, 4) }

// where says where to go, or how to join.
func (c *column) where() {
	label, place := c.place()
	c.fact(label, place, 7)
	if !c.ticket.Virtual || c.ticket.JoinURL == "" || c.y+8 > c.limit {
		return
	}
	style := paper.Style{Size: c.value.Size * 0.8, Color: c.link}
	top := c.y - c.gap()*0.75
	if c.dry {
		c.y = top + paper.Height(c.ticket.JoinURL, c.w, style, 3) + c.gap()
		return
	}
	c.y = c.Paragraph(c.x, top, c.w, c.ticket.JoinURL, style, 3) + c.gap()
	c.Link(c.x, top, c.w, c.y-top, c.ticket.JoinURL)
}

// rest draws the order's code, the add-ons and the details.
func (c *column) rest() {
	if !c.order.Design.HideOrder {
		c.fact(c.words.Order, c.order.Code, 1)
	}
	extras := make([]string, len(c.ticket.Extras))
	for i, extra := range c.ticket.Extras {
		extras[i] = "· " + strings.Join(strings.Fields(extra), " ")
	}
	c.fact(c.words.Extras, strings.Join(extras, "\n"), 2*len(extras))
	for _, d := range c.ticket.Details {
		c.fact(d.Label, d.Value, 2)
	}
}

// codeBlock draws the QR in its frame and what to do with it, and gives its lower edge.
func (p page) codeBlock(x, y, side float64) float64 {
	p.QR(x, y, side, p.qr)
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

// logo draws the event's logo at the right of a box and reports whether there is one. One that cannot be read is left out.
func (p page) logo(b paper.Box, ground paper.Color, align paper.Align) bool {
	return len(p.order.Event.Logo) > 0 && p.Logo(b, p.order.Event.Logo, ground, align) == nil
}

// notes draws what is good to know.
func (p page) notes(x, y, w float64) {
	if paper.Clean(p.order.Event.Terms) == "" {
		return
	}
	p.Text(x, y, p.words.Terms, paper.Style{Size: 10, Bold: true, Color: paper.Black})
	style := paper.Style{Size: 9.5, Color: paper.Grey, Leading: 1.45, Align: paper.Start}
	room := int((p.Paper().Height - footTop - 6 - y) / style.Lead())
	if room > 0 {
		p.Paragraph(x, y+2, w, p.order.Event.Terms, style, room)
	}
}

// fold draws the line to fold at.
func (p page) fold(y float64) {
	p.Line(paper.Point{X: 8, Y: y}, paper.Point{X: p.Paper().Width - 8, Y: y}, 0.2, 1.2, paper.Faint)
}

// foot draws the organiser's line, the count and the ticket code at the lower edge.
func (p page) foot(x, w float64) {
	y := p.Paper().Height - footTop
	p.Line(paper.Point{X: x, Y: y}, paper.Point{X: x + w, Y: y}, 0.25, 0, paper.Faint)
	small := paper.Style{Size: 8.5, Color: paper.Grey}
	countWidth := p.Text(x+w, y+5, p.count(), paper.Style{Size: 8.5, Color: paper.Grey, Align: paper.Right})
	p.Fit(x, y+5, w-countWidth-6, p.order.Event.Organiser, small, 6)
	p.Paragraph(x, y+7.5, w, p.words.TicketCode+" "+spaced(p.ticket.Code), paper.Style{Size: 6, Color: paper.Grey, Leading: 1.4}, 4)
}
