package paper

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// report draws each kind of chart, as a recap does.
func report() *Doc {
	accent, _ := ParseColor("#3b4fd8")
	d := New(Metadata{Title: "Recap", Made: made()}, A4)
	d.OnPage(func(page int) {
		if page > 1 {
			d.Text(18, 12, "Polyglot Days 2026 · recap", Style{Size: 8, Color: Grey})
		}
	}, func(page, pages int) {
		d.Text(192, 288, fmt.Sprintf("Page %d of %d", page, pages), Style{Size: 8, Color: Grey, Align: Right})
	})
	d.AddPage()
	d.Text(18, 26, "Polyglot Days 2026", Style{Size: 24, Bold: true, Color: Black})
	y := d.Tiles(18, 34, 174, []Tile{
		{"Came", "312", "of 402 tickets: 77.6 % ¹"}, {"Online", "88", "joined through their link"},
		{"Became active", "41", "13.1 % of who came ²"}, {"Result", "€4,310.50", "income less costs ³"},
	}, 4, accent)
	y = d.Funnel(Box{18, y + 4, 174, 44}, []Stage{
		{"Registered", 430, "430", "100 %"}, {"Paid or free", 402, "402", "93.5 %"}, {"Came", 312, "312", "77.6 %"}, {"Activated", 41, "41", "13.1 %"},
	}, accent)
	var points []Point
	for i := range 49 {
		points = append(points, Point{float64(i) / 4, 312 / (1 + math.Exp(-(float64(i)-14)/3))})
	}
	d.Curve(Box{18, y + 8, 174, 58}, Curve{Points: points, Unit: "people inside", Color: accent,
		Ticks: []Tick{{0, "08:00"}, {3, "11:00"}, {6, "14:00"}, {9, "17:00"}, {12, "20:00"}}})
	d.Bars(Box{18, y + 74, 174, 66}, []Bar{
		{Label: "Attendees", Value: 0.131, Low: 0.098, High: 0.173, Text: "13.1 %", Note: "41 of 312", Color: accent},
		{Label: "No-shows", Value: 0.044, Low: 0.017, High: 0.108, Text: "4.4 %", Note: "4 of 90", Color: Grey},
		{Label: "Never served (waitlist)", Value: 0, Low: 0, High: 0.161, Text: "0 %", Note: "0 of 20", Color: Grey},
		{Label: "Window still open", Text: "not yet known", Note: "0 of 0", WithoutWhisker: true, Color: Grey},
	})
	d.AddPage()
	flow := Flow{X: 18, W: 174, Top: 20, Bottom: 275}
	table := Table{Columns: []Column{{"Sponsor", 3, Start}, {"Tier", 2, Left}, {"Promised", 2, Right}, {"Received", 2, Right}}, Totals: 1}
	for i := range 44 {
		name := []string{"Łódź Software Sp. z o.o.", "شركة الأحمد للبرمجيات", "株式会社山田", strings.Repeat("A very long name of a company ", 3)}[i%4]
		table.Rows = append(table.Rows, []string{name, "Gold", fmt.Sprintf("€%d.00", 1000+i), "€500.00"})
	}
	table.Rows = append(table.Rows, []string{"Total", "", "€44,946.00", "€22,000.00"})
	y = d.Table(flow, 20, table)
	d.Notes(flow, y+8, []Note{
		{"¹", "Came", "Tickets with at least one accepted scan or join, counted once each, as of 1 March 2026. Canceled tickets are not in the base."},
		{"²", "Became active", "People who reached the community's rule within 30 days after the event. The intervals are Wilson's at 95 %. This is an observed association and no proof."},
		{"³", "Result", "Ticket and sponsor income less budget lines of kind expense, actual amounts."},
	})
	return d
}

func TestReport(t *testing.T) {
	pdf := written(t, report())
	if path := os.Getenv("KEEP_REPORT"); path != "" { // to look at it
		if err := os.WriteFile(path, pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := saved(t, pdf)
	run(t, nil, "qpdf", "--check", path)
	for page, wanted := range map[string][]string{
		"1": {"312", "€4,310.50", "Registered", "93.5 %", "people inside", "14:00", "41 of 312", "not yet known", "20 %", "Page 1 of 3"},
		"2": {"Sponsor", "Łódź Software", "€1000.00"},
		"3": {"Sponsor", "Received", "€44,946.00", "Wilson's at 95 %"}, // the titles again
	} {
		text := string(run(t, nil, "pdftotext", "-layout", "-f", page, "-l", page, path, "-"))
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("page %s does not say %q:\n%s", page, want, text)
			}
		}
	}
}

func TestChartsBearAnyNumber(t *testing.T) {
	d := New(Metadata{Made: made()}, A4)
	d.AddPage()
	box := Box{20, 20, 100, 50}
	for _, v := range []float64{0, 1, -1, 0.001, 1e9, math.NaN(), math.Inf(1), math.Inf(-1)} {
		d.Funnel(box, []Stage{{Label: "x", Value: v, Text: "v"}}, Black)
		d.Curve(box, Curve{Points: []Point{{0, v}, {1, 1}}})
		d.Curve(box, Curve{Points: []Point{{v, v}}, Ticks: []Tick{{v, "t"}}})
		d.Bars(box, []Bar{{Value: v, Low: v, High: v}})
	}
	d.Funnel(box, nil, Black)
	d.Curve(box, Curve{})
	d.Bars(box, nil)
	d.Table(Flow{X: 20, W: 100, Top: 20, Bottom: 200}, 20, Table{})
	if out := string(run(t, nil, "qpdf", "--qdf", saved(t, written(t, d)), "-")); strings.Contains(out, "NaN") || strings.Contains(out, "Inf ") {
		t.Error("a number that is none went into the PDF")
	}
}

func TestAxisMarks(t *testing.T) {
	for largest, want := range map[float64]string{
		0: "[0 0.2 0.4 0.6 0.8 1]", 7: "[0 2 4 6 8]", 10: "[0 2 4 6 8 10]", 312: "[0 100 200 300 400]", 17.3: "[0 5 10 15 20]", 1200: "[0 250 500 750 1000 1250]",
	} {
		var texts []string
		for _, m := range axisMarks(largest) {
			texts = append(texts, markText(m))
		}
		if got := fmt.Sprint(texts); got != want {
			t.Errorf("marks for %v: %s, want %s", largest, got, want)
		}
	}
}
