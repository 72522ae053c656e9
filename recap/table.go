package recap

import (
	"strconv"
	"strings"

	"turnout"
	"turnout/internal/paper"
)

// column is a table's column; share is its part of the width. All but the first stand right when they hold figures.
type column struct {
	title string
	share float64
}

const rowHigh = 6.2

// table draws rows below a line of titles, which is repeated on each further page.
func (s *sheet) table(columns []column, rows [][]string) {
	s.room(3 * rowHigh)
	s.row(columns, titles(columns), rows, paper.Style{Size: 8, Bold: true, Color: paper.Grey})
	for _, row := range rows {
		if s.y+rowHigh > bottom {
			s.page()
			s.row(columns, titles(columns), rows, paper.Style{Size: 8, Bold: true, Color: paper.Grey})
		}
		s.row(columns, row, rows, paper.Style{Size: 9, Color: paper.Black})
	}
}

func titles(columns []column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.title
	}
	return all
}

// row draws one line of a table; rows says which columns hold figures.
func (s *sheet) row(columns []column, cells []string, rows [][]string, style paper.Style) {
	x := margin
	for i, c := range columns {
		width := c.share * content
		style.Align = paper.Left
		if i > 0 && len(rows) > 0 && figures(rows[0][i]) {
			style.Align = paper.Right
		}
		s.doc.Fit(x+0.5, s.y+4.2, width-2, cells[i], style, 6)
		x += width
	}
	s.doc.Line(paper.Point{X: margin, Y: s.y + rowHigh}, paper.Point{X: margin + content, Y: s.y + rowHigh}, 0.15, 0, paper.Faint)
	s.y += rowHigh
}

func figures(text string) bool {
	return text != "" && (text[0] >= '0' && text[0] <= '9' || strings.HasPrefix(text, "−"))
}

// definitions prints what each figure of the report counts.
func (s *sheet) definitions() {
	s.section("What each figure counts", 30)
	for _, d := range s.report.defined() {
		height := paper.Height(d.Definition, content-42, small, 0)
		s.room(height + 1.5)
		s.doc.Fit(margin, s.y+3, 40, d.Value, paper.Style{Size: 8, Bold: true, Color: paper.Black}, 6)
		s.y = s.doc.Paragraph(margin+42, s.y, content-42, d.Definition, small, 0) + 1.5
	}
}

// defined lists the names of the report's figures with their definitions, as far as its audience sees them.
func (r *Report) defined() []Figure[string] {
	all := []Figure[string]{
		{"Registered", r.Registered.Definition}, {"Paid", r.Paid.Definition}, {"Came", r.Came.Definition},
		{"Came in person", r.CameInPerson.Definition}, {"Came virtually", r.CameVirtual.Definition},
	}
	add := func(name string, there bool, definition func() string) {
		if there {
			all = append(all, Figure[string]{name, definition()})
		}
	}
	add("Orders", r.Orders != nil, func() string { return r.Orders.Definition })
	add("Canceled", r.Canceled != nil, func() string { return r.Canceled.Definition })
	add("People", r.People != nil, func() string { return r.People.Definition })
	add("No-shows", r.NoShows != nil, func() string { return r.NoShows.Definition })
	add("Activated", r.Activated != nil, func() string { return r.Activated.Definition })
	add("Activation", r.Activation != nil, func() string { return r.Activation.Definition })
	add("Funnel", r.Funnel != nil, func() string { return r.Funnel.Definition })
	all = append(all, Figure[string]{"Arrivals", r.Arrivals.Definition})
	add("Tickets by type", r.ByType != nil, func() string { return r.ByType.Definition })
	add("Refused at the door", r.Refusals != nil, func() string { return r.Refusals.Definition })
	all = append(all, Figure[string]{"Sponsors", r.Sponsors.Definition})
	if m := r.Money; m != nil {
		all = append(all,
			Figure[string]{"Payments for tickets", m.TicketGross.Definition}, Figure[string]{"Provider's fees", m.ProviderFees.Definition},
			Figure[string]{"Refunds", m.Refunded.Definition}, Figure[string]{"Ticket income", m.TicketIncome.Definition},
			Figure[string]{"Promised by sponsors", m.SponsorPromised.Definition}, Figure[string]{"Received from sponsors", m.SponsorReceived.Definition},
			Figure[string]{"Other income", m.OtherIncome.Definition}, Figure[string]{"Costs planned", m.CostsPlanned.Definition},
			Figure[string]{"Costs", m.CostsActual.Definition}, Figure[string]{"Result", m.Result.Definition},
			Figure[string]{"Break-even", m.BreakEven.Definition}, Figure[string]{"Cost per attendee", m.CostPerAttendee.Definition})
	}
	return all
}

// number writes 1105 as "1,105".
func number(n int64) string { return grouped(strconv.FormatInt(n, 10)) }

// money writes 123456 cents as "1,234.56 EUR".
func money(m turnout.Money) string {
	whole, fraction, point := strings.Cut(m.Decimal(), ".")
	text := grouped(whole)
	if point {
		text += "." + fraction
	}
	return text + " " + m.Currency
}

// grouped sets a comma between each three digits and makes the sign a true minus.
func grouped(digits string) string {
	sign := ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = "−", rest
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// percent writes 0.179 as "17.9 %", and a dash where there is no rate.
func percent(share *float64) string {
	if share == nil {
		return "–"
	}
	return strconv.FormatFloat(*share*100, 'f', 1, 64) + " %"
}

// words makes a code readable: "already_checked_in" is "already checked in".
func words(code string) string { return strings.ReplaceAll(code, "_", " ") }
