package recap

import (
	"fmt"
	"io"
	"time"

	"turnout"
	"turnout/community"
	"turnout/events"
	"turnout/internal/paper"
)

// Measures of the page in millimetres.
const (
	margin  = 18.0
	bottom  = 276.0 // where the text ends; the footer stands below
	content = 210 - 2*margin
	barHigh = 7.0
)

var (
	heading = paper.Style{Size: 13, Bold: true, Color: paper.Black}
	body    = paper.Style{Size: 9.5, Color: paper.Black}
	strong  = paper.Style{Size: 9.5, Bold: true, Color: paper.Black}
	small   = paper.Style{Size: 8, Color: paper.Grey}
)

// defaultAccent is the colour of an event that has none of its own.
var defaultAccent = paper.Color{R: 0x2b, G: 0x50, B: 0x8c}

// sheet is a recap being drawn, from top to bottom.
type sheet struct {
	doc    *paper.Doc
	report *Report
	zone   *time.Location
	accent paper.Color // readable on white
	y      float64     // where the next thing begins
}

// WritePDF prints the report on A4, as its audience sees it. made is written as the document's date; the same report and
// date give the same bytes.
func (r *Report) WritePDF(w io.Writer, made time.Time) error {
	s := &sheet{report: r, zone: time.UTC, accent: defaultAccent}
	if zone, err := events.LoadZone(r.Event.Timezone); err == nil {
		s.zone = zone
	}
	if c, err := paper.ParseColor(r.Event.Accent); err == nil {
		s.accent = c.Readable()
	}
	s.doc = paper.New(paper.Metadata{Title: "Recap: " + r.Event.Title, Subject: "What the event came to", Made: made}, paper.A4)
	s.doc.OnPage(nil, s.footer)
	s.page()
	s.cover()
	s.funnel()
	s.arrivals()
	s.activation()
	s.byType()
	s.refusals()
	s.money()
	s.sponsors()
	s.definitions()
	if err := s.doc.Write(w); err != nil {
		return fmt.Errorf("recap: write PDF: %w", err)
	}
	return nil
}

func (s *sheet) page() {
	s.doc.AddPage()
	s.y = margin
}

// room begins a new page when less than height is left on this one.
func (s *sheet) room(height float64) {
	if s.y+height > bottom {
		s.page()
	}
}

// section begins a part that needs at least height below its heading.
func (s *sheet) section(title string, height float64) {
	s.y += 8
	s.room(height + 10)
	s.doc.Bookmark(title, 0)
	s.doc.Text(margin, s.y+4, title, heading)
	s.doc.Line(paper.Point{X: margin, Y: s.y + 6.5}, paper.Point{X: margin + content, Y: s.y + 6.5}, 0.3, 0, paper.Faint)
	s.y += 10.5
}

func (s *sheet) footer(page, pages int) {
	left := s.report.Event.Title + " · recap"
	if s.report.Audience != Team {
		left += " for the " + map[Audience]string{Sponsor: "sponsors", Public: "public"}[s.report.Audience]
	}
	s.doc.Fit(margin, 287, content-60, left, small, 6)
	s.doc.Text(margin+content, 287, fmt.Sprintf("figures of %s · %d/%d", s.report.AsOf.In(s.zone).Format("2 January 2006, 15:04 MST"), page, pages),
		paper.Style{Size: 8, Color: paper.Grey, Align: paper.Right})
}

// cover says it in one look: which event, and its four numbers.
func (s *sheet) cover() {
	d, r := s.doc, s.report
	band := paper.Box{W: 210, H: 54}
	d.Rect(band, 0, s.accent)
	ink := s.accent.On()
	d.Text(margin, 19, "Recap", paper.Style{Size: 10, Bold: true, Color: ink})
	title := paper.FitLines(r.Event.Title, content, paper.Style{Size: 26, Bold: true, Color: ink, Leading: 1.15, Align: paper.Start}, 13, 2)
	y := d.Paragraph(margin, 23, content, r.Event.Title, title, 2)
	d.Fit(margin, min(y+6, 49), content, s.when(), paper.Style{Size: 10.5, Color: ink}, 7)
	s.y = band.H + 8
	tiles := s.tiles()
	gap := 4.0
	width := (content - gap*float64(len(tiles)-1)) / float64(len(tiles))
	for i, t := range tiles {
		s.tile(paper.Box{X: margin + float64(i)*(width+gap), Y: s.y, W: width, H: 32}, t)
	}
	s.y += 32
	if r.Activation != nil && !r.Activation.Value.Complete {
		s.y += 4
		s.y = d.Paragraph(margin, s.y, content, "Not yet known: the window for activation is open until "+
			r.Activation.Value.CompleteAt.In(s.zone).Format("2 January 2006, 15:04 MST")+".", small, 2)
	}
}

// when is the line below the title: the dates in the event's zone, the place, the format.
func (s *sheet) when() string {
	from, to := s.report.Event.StartsAt.In(s.zone), s.report.Event.EndsAt.In(s.zone)
	text := from.Format("Mon 2 January 2006, 15:04")
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		text += "–" + to.Format("15:04 MST")
	} else {
		text += " – " + to.Format("Mon 2 January 2006, 15:04 MST")
	}
	if s.report.Event.Venue != "" {
		text += " · " + s.report.Event.Venue
	}
	return text + " · " + map[string]string{"in_person": "in person", "virtual": "virtual", "hybrid": "hybrid"}[s.report.Event.Format]
}

// tile is a number with its name above and a remark below.
type tile struct{ name, value, remark string }

func (s *sheet) tile(b paper.Box, t tile) {
	s.doc.Rect(b, 2, paper.Mist)
	inner := b.W - 8
	s.doc.Fit(b.X+4, b.Y+8, inner, t.name, paper.Style{Size: 8.5, Color: paper.Grey}, 6)
	s.doc.Fit(b.X+4, b.Y+18.5, inner, t.value, paper.Style{Size: 21, Bold: true, Color: s.accent}, 9)
	s.doc.Paragraph(b.X+4, b.Y+21.5, inner, t.remark, paper.Style{Size: 7.5, Color: paper.Grey, Leading: 1.25}, 2)
}

func (s *sheet) tiles() []tile {
	r := s.report
	remark := "of " + number(r.Paid.Value) + " valid tickets"
	if r.Event.Format == "hybrid" {
		remark = number(r.CameInPerson.Value) + " in person, " + number(r.CameVirtual.Value) + " virtual"
	}
	tiles := []tile{{"Came", number(r.Came.Value), remark}}
	if r.NoShows != nil {
		tiles = append(tiles, tile{"No-shows", percent(r.NoShows.Value.Rate), fmt.Sprintf("%s of %s valid tickets", number(r.NoShows.Value.Count), number(r.NoShows.Value.Of))})
	}
	if r.Activation != nil {
		came := r.Activation.Value.Population(community.Attended)
		remark := fmt.Sprintf("became active within %d days", r.Activation.Value.WindowDays)
		if came.Rate != nil {
			remark = fmt.Sprintf("%s of %d who were not active before", percent(came.Rate), came.Outcome().N)
		}
		tiles = append(tiles, tile{"Activated", number(r.Activated.Value), remark})
	}
	switch {
	case r.Money != nil:
		tiles = append(tiles, tile{"Result", money(r.Money.Result.Value), "costs " + money(r.Money.CostsActual.Value)})
	default:
		tiles = append(tiles, tile{"Sponsors", number(int64(len(r.Sponsors.Value))), "stood behind the event"})
	}
	return tiles
}

func (s *sheet) activation() {
	if s.report.Activation == nil {
		return
	}
	a := s.report.Activation.Value
	s.section("Activation: who became an active member afterwards", 62)
	s.intervals(a)
	s.y += 2
	s.y = s.doc.Paragraph(margin, s.y, content, a.Statement, body, 0) + 3
	rows := make([][]string, 0, 3)
	for _, p := range a.Populations {
		rows = append(rows, []string{populationName(p.Name), number(p.People), number(p.AlreadyActive), number(p.Activated), number(p.Reactivated),
			number(p.NotActivated), number(p.Open), number(p.Unknown)})
	}
	s.table([]column{{"Population", 0.23}, {"People", 0.1}, {"Active before", 0.13}, {"Activated", 0.11}, {"Reactivated", 0.12}, {"Not", 0.09}, {"Open", 0.1}, {"Unknown", 0.12}}, rows)
}

func populationName(name string) string {
	return map[string]string{community.Attended: "Came", community.NoShow: "Held a ticket, stayed away", community.Waitlisted: "On the waitlist only"}[name]
}

func (s *sheet) byType() {
	if s.report.ByType == nil || len(s.report.ByType.Value) == 0 {
		return
	}
	s.section("Tickets by type", 20)
	var rows [][]string
	for _, t := range s.report.ByType.Value {
		rows = append(rows, []string{t.Name, map[string]string{"in_person": "in person", "virtual": "virtual"}[t.AttendanceMode],
			number(t.Reserved), number(t.Valid), number(t.Canceled), number(t.Came)})
	}
	s.table([]column{{"Type", 0.4}, {"Mode", 0.14}, {"Reserved", 0.12}, {"Valid", 0.1}, {"Canceled", 0.12}, {"Came", 0.12}}, rows)
}

func (s *sheet) refusals() {
	if s.report.Refusals == nil || len(s.report.Refusals.Value) == 0 {
		return
	}
	s.section("Refused at the door", 20)
	var rows [][]string
	for _, refusal := range s.report.Refusals.Value {
		rows = append(rows, []string{words(refusal.Reason), number(refusal.Count)})
	}
	s.table([]column{{"Reason", 0.85}, {"Scans", 0.15}}, rows)
}

func (s *sheet) money() {
	m := s.report.Money
	if m == nil {
		return
	}
	s.section("Money", 66)
	negative := func(m turnout.Money) turnout.Money { m.Amount = -m.Amount; return m }
	columns := []column{{"", 0.7}, {"", 0.3}}
	for _, part := range []struct { // each ends in its sum
		name   string
		amount turnout.Money
		sum    bool
	}{
		{"Payments for tickets", m.TicketGross.Value, false},
		{"Provider's fees", negative(m.ProviderFees.Value), false},
		{"Refunds", negative(m.Refunded.Value), false},
		{"Ticket income", m.TicketIncome.Value, true},
		{"Received from sponsors, of " + money(m.SponsorPromised.Value) + " promised", m.SponsorReceived.Value, false},
		{"Other income", m.OtherIncome.Value, false},
		{"Costs, planned at " + money(m.CostsPlanned.Value), negative(m.CostsActual.Value), false},
		{"Result", m.Result.Value, true},
	} {
		cells := []string{part.name, money(part.amount)}
		s.row(columns, cells, [][]string{cells}, paper.Style{Size: 9, Bold: part.sum, Color: paper.Black})
	}
	text := "Break-even is not defined while no ticket has brought money."
	if m.BreakEven.Value != nil {
		text = fmt.Sprintf("Break-even: %s paid tickets.", number(*m.BreakEven.Value))
	}
	if m.CostPerAttendee.Value != nil {
		text += " Cost for each ticket that came: " + money(*m.CostPerAttendee.Value) + "."
	}
	s.y = s.doc.Paragraph(margin, s.y+2, content, text, body, 2)
}

func (s *sheet) sponsors() {
	rows := s.report.Sponsors.Value
	if len(rows) == 0 {
		return
	}
	s.section("Sponsors", 20)
	var cells [][]string
	for _, row := range rows {
		cell := []string{row.Name, row.Tier}
		if row.Promised != nil && row.Received != nil {
			cell = append(cell, words(row.Status), money(*row.Promised), money(*row.Received))
		}
		cells = append(cells, cell)
	}
	columns := []column{{"Sponsor", 0.6}, {"Tier", 0.4}}
	if rows[0].Promised != nil {
		columns = []column{{"Sponsor", 0.34}, {"Tier", 0.2}, {"Status", 0.12}, {"Promised", 0.17}, {"Received", 0.17}}
	}
	s.table(columns, cells)
}
