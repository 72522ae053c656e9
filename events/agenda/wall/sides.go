package wall

import (
	"math"
	"slices"
	"time"

	"turnout/events/agenda/exchange"
	"turnout/internal/paper"
	"turnout/templates"
)

// How many columns a page on its side holds so that their titles can be read.
const (
	fewestColumns = 2
	mostColumns   = 8
	mostOnA3      = 12
)

// The measures of a page with the rooms side by side on A4, in millimetres.
const (
	sideMargin = 10.0
	sideHead   = 26.0
	sideRooms  = 10.0
	sideTimes  = 15.0
)

// sides draws the rooms of a day side by side, where they fit.
func (p *printer) sides(d day) {
	var sessions []templates.ScheduleSession
	byID := map[string]exchange.Session{}
	rooms := p.schedule.RoomNames()
	for _, x := range d.Sessions {
		byID[x.Key] = x
		sessions = append(sessions, templates.ScheduleSession{ID: x.Key, Room: rooms[x.Room], StartsAt: x.Start, EndsAt: x.End()})
	}
	var order []string
	for _, r := range p.schedule.Rooms {
		order = append(order, r.Name)
	}
	laid := templates.LayOutSchedule(sessions, order, p.schedule.Location().String(), int(p.schedule.DayChange/time.Hour))
	most := mostColumns
	if p.size == paper.A3 {
		most = mostOnA3
	}
	if len(laid) != 1 || len(laid[0].Rooms) < fewestColumns || laid[0].Columns > most {
		return
	}
	p.page(p.size.Turned(), d, p.say("wall.all"))
	p.sidesHead(d)
	g := p.newSideGrid(laid[0])
	g.heads()
	for _, slot := range laid[0].Slots {
		g.clock(slot)
	}
	for _, slot := range laid[0].Slots {
		for _, s := range slot.Sessions {
			g.session(s, byID[s.ID])
		}
	}
	p.foot(1, 1, sideMargin)
}

func (p *printer) sidesHead(d day) {
	u, page := p.unit(), p.Paper()
	const code = 24.0
	width := page.Width - u*(2*sideMargin+code+6)
	p.Rect(paper.Box{W: page.Width, H: u * sideHead}, 0, p.accent)
	p.Fit(u*sideMargin, u*9.5, width, p.schedule.Title, paper.Style{Size: u * 11, Color: p.accent.OnSoft()}, u*8)
	p.Fit(u*sideMargin, u*20, width, p.date(d), paper.Style{Size: u * 25, Bold: true, Color: p.accent.On()}, u*12)
	p.live(page.Width-u*(sideMargin+code-6), u*2.2, u*(code-6), u*0.8, "", d.Date, p.accent.On())
}

// sideGrid puts the rows and columns of a schedule's day on a page. Rows are five minutes; stretches in which nothing begins or ends are drawn shorter, so
// that short sessions stay as high as can be.
type sideGrid struct {
	*printer
	day         templates.ScheduleDay
	left, width float64   // of the columns of rooms, one's width
	tops        []float64 // of each row, by its number, and of what follows the last
	clockEnd    float64   // where the last time that was written ends
	untold      []int     // rows whose time had no room: it stands before the titles there
}

const (
	idleAfter = 6    // rows: half an hour in which nothing begins or ends is drawn whole, what follows
	idle      = 0.12 // as this share
	empty     = 0.2  // likewise where nothing takes place at all
)

func (p *printer) newSideGrid(d templates.ScheduleDay) *sideGrid {
	u, page := p.unit(), p.Paper()
	g := &sideGrid{printer: p, day: d, left: u * (sideMargin + sideTimes)}
	g.width = (page.Width - g.left - u*sideMargin) / float64(max(1, d.Columns))
	last := 0
	for _, slot := range d.Slots {
		for _, s := range slot.Sessions {
			last = max(last, s.Row+s.Span)
		}
	}
	edge, busy := make([]bool, last+1), make([]bool, last+1)
	for _, slot := range d.Slots {
		for _, s := range slot.Sessions {
			edge[s.Row], edge[s.Row+s.Span] = true, true
			for row := s.Row; row < s.Row+s.Span; row++ {
				busy[row] = true
			}
		}
	}
	weights, sum, since := make([]float64, last), 0.0, 0
	first := d.Slots[0].Sessions[0].Row
	for row := first; row < last; row++ {
		if since++; edge[row] {
			since = 0
		}
		weights[row] = 1
		if !busy[row] {
			weights[row] = empty
		} else if since >= idleAfter {
			weights[row] = idle
		}
		sum += weights[row]
	}
	top := u * (sideHead + sideRooms)
	high := page.Height - top - u*footHeight
	g.tops = make([]float64, last+1)
	for row := range g.tops {
		g.tops[row] = top
		if row >= first && row < last {
			top += high * weights[row] / sum
		}
	}
	return g
}

func (g *sideGrid) heads() {
	u := g.unit()
	for _, room := range g.day.Rooms {
		x, w := g.left+float64(room.Column-2)*g.width, float64(room.Columns)*g.width
		g.Fit(x+u, u*(sideHead+sideRooms-3), w-2*u, room.Name, paper.Style{Size: u * 12, Bold: true, Color: paper.Black, Align: paper.Center}, u*6)
	}
}

// clock writes when a slot begins, unless there is no room below the time before.
func (g *sideGrid) clock(slot templates.ScheduleSlot) {
	u := g.unit()
	y := g.tops[slot.Sessions[0].Row]
	g.Line(paper.Point{X: u * sideMargin, Y: y}, paper.Point{X: g.left + float64(g.day.Columns)*g.width, Y: y}, 0.15, 0, paper.Faint)
	if y < g.clockEnd {
		g.untold = append(g.untold, slot.Sessions[0].Row)
		return
	}
	g.Fit(u*sideMargin, y+u*4, u*(sideTimes-2), g.printer.clock(slot.At), paper.Style{Size: u * 10, Bold: true, Color: g.accent.Readable(paper.White)}, u*6)
	g.clockEnd = y + u*4.2
}

// session draws a box: the title as large as it fits, and below it who speaks.
func (g *sideGrid) session(s templates.ScheduleSession, x exchange.Session) {
	u := g.unit()
	top, bottom := g.tops[s.Row], g.tops[s.Row+s.Span]
	box := paper.Box{X: g.left + float64(s.Column-2)*g.width + u*0.5, Y: top + u*0.3, W: float64(s.Columns)*g.width - u, H: bottom - top - u*0.6}
	color, ok := g.tracks[x.Track]
	if !ok {
		color = g.accent
	}
	ground := color.Mix(paper.White, 0.86)
	if quiet(x) {
		ground = paper.Mist
	}
	g.Rect(box, u, ground)
	if !quiet(x) {
		g.Rect(paper.Box{X: box.X, Y: box.Y, W: u * 0.9, H: box.H}, 0, color)
	}
	if slices.Contains(g.untold, s.Row) {
		x.Title = g.printer.clock(x.Start) + " " + x.Title
	}
	g.Clip(box, func() { g.text(paper.Box{X: box.X + u*2.2, Y: box.Y, W: box.W - u*3.4, H: box.H}, x) })
}

func (g *sideGrid) text(b paper.Box, x exchange.Session) {
	u := g.unit()
	least := u * 5.5
	style := paper.Style{Size: u * min(18, 11*math.Sqrt(mostColumns/float64(g.day.Columns))), Bold: true, Color: paper.Black, Leading: 1.15}
	names := g.speakers(x)
	if quiet(x) {
		style.Size, style.Bold, style.Color, style.Align, names = min(style.Size, u*13), false, paper.Black.Mix(paper.White, 0.25), paper.Center, ""
	}
	if b.H < 1.5*style.Lead() { // too low for two lines
		style.Size = min(style.Size, max(least, style.Size*b.H/style.Lead()))
		g.Fit(b.X, b.Y+b.H/2+style.Size*0.127, b.W, x.Title, style, least)
		return
	}
	small := func() paper.Style {
		return paper.Style{Size: max(least, style.Size*0.75), Color: paper.Black.Mix(paper.White, 0.25), Leading: 1.2}
	}
	for style.Size > least {
		room := b.H - u*1.2
		if names != "" && style.Size > u*8 { // smaller than that, the title comes first
			room -= small().Lead()
		}
		if paper.Height(x.Title, b.W, style, 0) <= room {
			break
		}
		style.Size = max(least, style.Size-0.5*u)
	}
	lines := max(1, int((b.H-u*0.5)/style.Lead()))
	y := b.Y + u
	if quiet(x) {
		y = b.Y + (b.H-paper.Height(x.Title, b.W, style, lines))/2
	}
	y = g.Paragraph(b.X, y, b.W, x.Title, style, lines)
	if left := b.Y + b.H - y; names != "" && left >= small().Lead() {
		g.Paragraph(b.X, y, b.W, names, small(), int(left/small().Lead()))
	}
}
