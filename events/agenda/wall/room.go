package wall

import (
	"net/url"

	"turnout/events/agenda/exchange"
	"turnout/internal/paper"
)

// The measures of a page on A4, in millimetres; other sizes have them in proportion.
const (
	margin     = 14.0
	headHeight = 50.0
	footHeight = 17.0
	qrSide     = 36.0
)

// scales are the sizes that the type of a page may have, the largest first: a short day fills its page, a long one shrinks as far as it can still be
// read (on A4 titles of 8 points then, for some thirty sessions), and only what is longer goes on on another page.
var scales = []float64{1.35, 1.25, 1.15, 1.07, 1, 0.93, 0.87, 0.81, 0.75, 0.7, 0.65, 0.6, 0.56, 0.52, 0.49, 0.46, 0.43}

// room draws the pages of a room on a day.
func (p *printer) room(d day, r roomDay) {
	l := p.listing(r)
	for i, rows := range l.pages {
		name := ""
		if i == 0 {
			name = r.Name
		}
		p.page(p.size, d, name)
		p.head(d, r)
		y := p.unit() * (headHeight + 5)
		for _, row := range rows {
			y = l.draw(p, row, y)
		}
		p.foot(i+1, len(l.pages), margin)
	}
}

// head says where and when.
func (p *printer) head(d day, r roomDay) {
	u := p.unit()
	on := p.accent.On()
	p.Rect(paper.Box{W: p.size.Width, H: u * headHeight}, 0, p.accent)
	width := p.size.Width - u*(2*margin+qrSide+6)
	p.Fit(u*margin, u*11, width, p.schedule.Title, paper.Style{Size: u * 12, Color: p.accent.OnSoft()}, u*8)
	name := r.Name
	if name == "" {
		name = p.schedule.Title
	}
	style := paper.FitLines(name, width, paper.Style{Size: u * 40, Bold: true, Color: on, Leading: 1.15}, u*24, 1)
	style = paper.FitLines(name, width, style, u*15, 2)
	height := paper.Height(name, width, style, 2)
	p.Paragraph(u*margin, u*26-height/2, width, name, style, 2)
	p.Fit(u*margin, u*44, width, p.date(d), paper.Style{Size: u * 19, Color: on}, u*10)
	p.live(p.size.Width-u*(margin+qrSide), u*4, u*qrSide, u, r.Name, d.Date, on)
}

// live draws the QR that opens the schedule as it is now, of this room and day where that fits.
func (p *printer) live(x, y, side, u float64, room, date string, ink paper.Color) {
	q := url.Values{"day": {date}}
	if room != "" {
		q.Set("room", room)
	}
	address := p.look.URL + "?" + q.Encode()
	code, err := paper.MakeQR(address)
	if err != nil || len(code) > 45 { // version 7: on A4 a module is 0.7 mm
		address = p.look.URL
		if code, err = paper.MakeQR(address); err != nil {
			return // an address that no code holds is printed nowhere
		}
	}
	p.QR(x, y, side, code)
	p.Link(x, y, side, side, address)
	p.Fit(x, y+side+u*5, side, p.say("wall.live"), paper.Style{Size: u * 9.5, Color: ink, Align: paper.Center}, u*6)
}

// foot says what the page is of, and how old.
func (p *printer) foot(page, pages int, margin float64) {
	u := p.unit()
	y := p.Paper().Height - u*8
	p.Line(paper.Point{X: u * margin, Y: y - u*5}, paper.Point{X: p.Paper().Width - u*margin, Y: y - u*5}, 0.25, 0, paper.Faint)
	style := paper.Style{Size: u * 9, Color: paper.Grey}
	right := 0.0
	if pages > 1 {
		style.Align = paper.Right
		right = u*6 + p.Text(p.Paper().Width-u*margin, y, p.say("wall.page", "Page", page, "Pages", pages), style)
		style.Align = paper.Left
	}
	zone := p.schedule.Location().String()
	text := p.say("wall.foot", "Version", p.schedule.Version, "When", p.look.Words.Moment(p.look.Lang, p.look.Released, zone), "Zone", zone)
	p.Fit(u*margin, y, p.Paper().Width-u*2*margin-right, text, style, u*6)
}

// listing is the sessions of a room, laid out at one scale.
type listing struct {
	unit  float64 // all measures of the rows are of it
	left  float64
	time  float64 // the width of the column of times
	width float64 // that of the column of titles
	pages [][]exchange.Session
}

// listing finds the largest scale at which the sessions take no more pages than at the least one.
func (p *printer) listing(r roomDay) listing {
	fewest := p.laid(r, scales[len(scales)-1])
	best, low, high := fewest, 0, len(scales)-1
	for low < high {
		middle := (low + high) / 2
		if l := p.laid(r, scales[middle]); len(l.pages) == len(fewest.pages) {
			best, high = l, middle
		} else {
			low = middle + 1
		}
	}
	return best
}

// laid lays the sessions out at a scale.
func (p *printer) laid(r roomDay, scale float64) listing {
	u := p.unit()
	l := listing{unit: u * scale, left: u * margin}
	l.time = l.unit * 33
	l.width = p.size.Width - 2*l.left - l.time
	high := p.size.Height - u*(headHeight+5+footHeight)
	left := 0.0
	for _, x := range r.sessions {
		height := l.height(p, x)
		if len(l.pages) == 0 || height > left {
			l.pages, left = append(l.pages, nil), high
		}
		left -= height
		l.pages[len(l.pages)-1] = append(l.pages[len(l.pages)-1], x)
	}
	return l
}

// The lines that a text of a row may take.
const (
	titleLines   = 4
	speakerLines = 2
)

func (l listing) title(x exchange.Session) paper.Style {
	if quiet(x) {
		return paper.Style{Size: l.unit * 15, Color: paper.Grey, Leading: 1.2}
	}
	return paper.Style{Size: l.unit * 19, Bold: true, Color: paper.Black, Leading: 1.2}
}

func (l listing) small() paper.Style {
	return paper.Style{Size: l.unit * 14, Color: paper.Grey, Leading: 1.3}
}

// height is that of a session's row.
func (l listing) height(p *printer, x exchange.Session) float64 {
	if quiet(x) {
		return max(l.unit*11, paper.Height(x.Title, l.width, l.title(x), titleLines)+l.unit*5)
	}
	height := paper.Height(x.Title, l.width, l.title(x), titleLines) + l.unit*7
	names := p.speakers(x)
	if names != "" {
		height += paper.Height(names, l.width, l.small(), speakerLines) + l.unit
	}
	if _, beside := l.trackAt(p, names, x.Track); x.Track != "" && !beside {
		height += l.small().Lead()
	}
	return max(l.unit*19, height)
}

// draw draws a session's row from y down and gives its lower edge.
func (l listing) draw(p *printer, x exchange.Session, y float64) float64 {
	bottom := y + l.height(p, x)
	title := l.title(x)
	right := l.left + l.time
	if quiet(x) {
		p.Rect(paper.Box{X: l.left - 3*l.unit, Y: y + l.unit*0.7, W: l.time + l.width + 6*l.unit, H: bottom - y - l.unit*1.4}, 2*l.unit, paper.Mist)
		p.Fit(l.left, y+l.unit*2.5+title.Lead()*0.5+title.Size*0.127, l.time-2*l.unit, p.clock(x.Start), title, 4)
		p.Paragraph(right, y+l.unit*2.5, l.width, x.Title, title, titleLines)
		return bottom
	}
	ink := p.accent.Readable(paper.White)
	p.Fit(l.left, y+l.unit*3.5+title.Lead()*0.5+title.Size*0.127, l.time-3*l.unit, p.clock(x.Start), paper.Style{Size: l.unit * 22, Bold: true, Color: ink}, 4)
	p.Fit(l.left, y+l.unit*3.5+title.Lead()+l.unit*4.2, l.time-3*l.unit, "– "+p.clock(x.End()), l.small(), 4)
	at := p.Paragraph(right, y+l.unit*3.5, l.width, x.Title, title, titleLines)
	names := p.speakers(x)
	below := at
	if names != "" {
		at += l.unit
		below = p.Paragraph(right, at, l.width, names, l.small(), speakerLines)
	}
	if indent, beside := l.trackAt(p, names, x.Track); beside {
		p.track(right+indent, at, l.width-indent, l, x.Track)
	} else if x.Track != "" {
		p.track(right, below, l.width, l, x.Track)
	}
	p.Line(paper.Point{X: l.left, Y: bottom}, paper.Point{X: l.left + l.time + l.width, Y: bottom}, 0.2, 0, paper.Faint)
	return bottom
}

// trackAt says how far to the right of the names a track stands, and whether it has room there.
func (l listing) trackAt(p *printer, names, track string) (indent float64, beside bool) {
	if track == "" {
		return 0, false
	}
	if names == "" {
		return 0, false
	}
	indent = paper.Width(names, l.small()) + l.unit*6
	return indent, indent+l.mark(p, track)+paper.Width(track, l.small()) <= l.width
}

// mark is the room that the dot before a track's name takes.
func (l listing) mark(p *printer, track string) float64 {
	if _, ok := p.tracks[track]; ok {
		return l.unit * 5
	}
	return 0
}

// track names a track behind a dot of its colour.
func (p *printer) track(x, y, w float64, l listing, name string) {
	style := l.small()
	middle := y + style.Lead()*0.5
	mark := l.mark(p, name)
	if mark > 0 {
		p.Dot(paper.Point{X: x + l.unit*1.6, Y: middle}, l.unit*1.6, p.tracks[name])
	}
	p.Fit(x+mark, middle+style.Size*0.127, w-mark, name, style, 4)
}
