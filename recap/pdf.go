package recap

import (
	"fmt"
	"io"
	"time"

	"turnout"
	"turnout/community"
	"turnout/internal/paper"
	"turnout/templates"
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
	words  *templates.Set
	lang   string
	accent paper.Color // readable on white
	y      float64     // where the next thing begins
}

// WritePDF prints the report on A4 in the language, as its audience sees it. made is written as the document's date; the
// same report, language and date give the same bytes.
func (r *Report) WritePDF(w io.Writer, lang string, made time.Time) error {
	s := &sheet{report: r, words: r.words, lang: lang, accent: defaultAccent}
	if c, err := paper.ParseColor(r.Event.Accent); err == nil {
		s.accent = c.Readable(paper.White)
	}
	s.doc = paper.New(paper.Metadata{Title: s.say("recap.document", "Event", r.Event.Title), Subject: s.say("recap.subject"), Made: made}, paper.A4)
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
	left := s.say("recap.footer."+string(s.report.Audience), "Event", s.report.Event.Title)
	s.doc.Fit(margin, 287, content-60, left, small, 6)
	s.doc.Text(margin+content, 287, s.say("recap.footer.page", "At", s.moment(s.report.AsOf), "Page", page, "Pages", pages),
		paper.Style{Size: 8, Color: paper.Grey, Align: paper.Right})
}

// cover says it in one look: which event, and its four numbers.
func (s *sheet) cover() {
	d, r := s.doc, s.report
	band := paper.Box{W: 210, H: 54}
	d.Rect(band, 0, s.accent)
	ink := s.accent.On()
	d.Text(margin, 19, s.say("recap.title"), paper.Style{Size: 10, Bold: true, Color: ink})
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
		s.y = d.Paragraph(margin, s.y, content, s.say("recap.open", "Until", s.moment(r.Activation.Value.CompleteAt)), small, 2)
	}
}

// when is the line below the title: the dates in the event's zone, the place, the format.
func (s *sheet) when() string {
	e := s.report.Event
	text := s.words.When(s.lang, e.StartsAt, e.EndsAt, e.Timezone)
	if e.Venue != "" {
		text += " · " + e.Venue
	}
	return text + " · " + s.say("status.mode."+e.Format)
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
	remark := s.say("recap.of_valid", "Count", r.Paid.Value)
	if r.Event.Format == "hybrid" {
		remark = s.say("recap.both_modes", "InPerson", s.number(r.CameInPerson.Value), "Virtual", s.number(r.CameVirtual.Value))
	}
	tiles := []tile{{s.name("came"), s.number(r.Came.Value), remark}}
	if r.NoShows != nil {
		no := r.NoShows.Value
		tiles = append(tiles, tile{s.name("no_shows"), s.percent(no.Rate), s.say("recap.part_of_valid", "Part", s.number(no.Count), "Count", no.Of)})
	}
	if r.Activation != nil {
		came := r.Activation.Value.Population(community.Attended)
		remark := s.say("recap.became_active", "Within", community.Within(s.words, s.lang, r.Activation.Value.WindowDays))
		if came.Rate != nil {
			remark = s.say("recap.rate_of", "Rate", s.percent(came.Rate), "Count", came.Outcome().N)
		}
		tiles = append(tiles, tile{s.name("activated"), s.number(r.Activated.Value), remark})
	}
	if r.Money != nil {
		return append(tiles, tile{s.name("result"), s.amount(r.Money.Result.Value), s.say("recap.costs_of", "Costs", s.amount(r.Money.CostsActual.Value))})
	}
	return append(tiles, tile{s.name("sponsors"), s.number(int64(len(r.Sponsors.Value))), s.say("recap.stood_behind")})
}

func (s *sheet) activation() {
	if s.report.Activation == nil {
		return
	}
	a := s.report.Activation.Value
	s.section(s.say("recap.section.activation"), 62)
	s.intervals(a)
	s.y += 2
	s.y = s.doc.Paragraph(margin, s.y, content, a.Say(s.lang), body, 0) + 3
	rows := make([][]string, 0, 3)
	for _, p := range a.Populations {
		row := []string{community.PopulationName(s.words, s.lang, p.Name)}
		for _, n := range []int64{p.People, p.AlreadyActive, p.Activated, p.Reactivated, p.NotActivated, p.Open, p.Unknown} {
			row = append(row, s.number(n))
		}
		rows = append(rows, row)
	}
	s.table([]column{s.column("population", 0.23), s.figures("people", 0.1), s.figures("already_active", 0.14), s.figures("activated", 0.12),
		s.figures("reactivated", 0.14), s.figures("not_activated", 0.07), s.figures("open", 0.08), s.figures("unknown", 0.12)}, rows)
}

func (s *sheet) byType() {
	if s.report.ByType == nil || len(s.report.ByType.Value) == 0 {
		return
	}
	s.section(s.name("by_ticket_type"), 20)
	var rows [][]string
	for _, t := range s.report.ByType.Value {
		rows = append(rows, []string{t.Name, s.say("status.mode." + t.AttendanceMode),
			s.number(t.Reserved), s.number(t.Valid), s.number(t.Canceled), s.number(t.Came)})
	}
	s.table([]column{s.column("type", 0.37), s.column("mode", 0.15), s.figures("reserved", 0.12), s.figures("valid", 0.11),
		s.figures("canceled", 0.12), s.figures("came", 0.13)}, rows)
}

func (s *sheet) refusals() {
	if s.report.Refusals == nil || len(s.report.Refusals.Value) == 0 {
		return
	}
	s.section(s.name("refusals"), 20)
	var rows [][]string
	for _, refusal := range s.report.Refusals.Value {
		rows = append(rows, []string{s.say("recap.reason." + refusal.Reason), s.number(refusal.Count)})
	}
	s.table([]column{s.column("reason", 0.85), s.figures("scans", 0.15)}, rows)
}

func (s *sheet) money() {
	m := s.report.Money
	if m == nil {
		return
	}
	s.section(s.say("recap.section.money"), 66)
	negative := func(m turnout.Money) turnout.Money { m.Amount = -m.Amount; return m }
	columns := []column{{share: 0.7}, {share: 0.3, figures: true}}
	for _, part := range []struct { // each ends in its sum
		name   string
		amount turnout.Money
		sum    bool
	}{
		{s.name("ticket_gross"), m.TicketGross.Value, false},
		{s.name("provider_fees"), negative(m.ProviderFees.Value), false},
		{s.name("refunded"), negative(m.Refunded.Value), false},
		{s.name("ticket_income"), m.TicketIncome.Value, true},
		{s.say("recap.sponsors_of", "Promised", s.amount(m.SponsorPromised.Value)), m.SponsorReceived.Value, false},
		{s.name("other_income"), m.OtherIncome.Value, false},
		{s.say("recap.costs_planned_at", "Planned", s.amount(m.CostsPlanned.Value)), negative(m.CostsActual.Value), false},
		{s.name("result"), m.Result.Value, true},
	} {
		s.row(columns, []string{part.name, s.amount(part.amount)}, paper.Style{Size: 9, Bold: part.sum, Color: paper.Black})
	}
	text := s.say("recap.break_even_none")
	if m.BreakEven.Value != nil {
		text = s.say("recap.break_even", "Count", *m.BreakEven.Value)
	}
	if m.CostPerAttendee.Value != nil {
		text += " " + s.say("recap.cost_each", "Cost", s.amount(*m.CostPerAttendee.Value))
	}
	s.y = s.doc.Paragraph(margin, s.y+2, content, text, body, 2)
}

func (s *sheet) sponsors() {
	rows := s.report.Sponsors.Value
	if len(rows) == 0 {
		return
	}
	s.section(s.name("sponsors"), 20)
	var cells [][]string
	for _, row := range rows {
		cell := []string{row.Name, row.Tier}
		if row.Promised != nil && row.Received != nil {
			cell = append(cell, s.say("status.sponsor."+row.Status), s.amount(*row.Promised), s.amount(*row.Received))
		}
		cells = append(cells, cell)
	}
	columns := []column{s.column("sponsor", 0.6), s.column("tier", 0.4)}
	if rows[0].Promised != nil {
		columns = []column{s.column("sponsor", 0.32), s.column("tier", 0.18), s.column("status", 0.18), s.figures("promised", 0.16), s.figures("received", 0.16)}
	}
	s.table(columns, cells)
}
