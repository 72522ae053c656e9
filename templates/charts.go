package templates

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// bars draws a column chart as SVG without styles of its own (the classes chart, chart-bar and chart-base colour it). The
// figures belong into a table or a sentence beside it: the picture is hidden from screen readers.
func bars(values []int64) template.HTML {
	const height, step, width = 100, 10, 8
	top := int64(1)
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">`, max(len(values), 1)*step, height+1)
	for i, v := range values {
		if h := float64(v) / float64(top) * height; h > 0 {
			fmt.Fprintf(&b, `<rect class="chart-bar" x="%d" y="%.1f" width="%d" height="%.1f" rx="1"/>`, i*step+1, height-h, width, h)
		}
	}
	fmt.Fprintf(&b, `<path class="chart-base" d="M0 %dH%d"/></svg>`, height, max(len(values), 1)*step)
	return template.HTML(b.String()) //nolint:gosec // numbers only
}

// curves draws two lines over so many points, of values from 0 to 1, the second one dashed, as SVG like that of bars. A line may end early.
func curves(points int, first, second []float64) template.HTML {
	const height, step = 100.0, 10
	top := 0.1
	for _, v := range append(slices.Clone(first), second...) {
		top = max(top, v)
	}
	width := max(points-1, 1) * step
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %.0f" preserveAspectRatio="none" aria-hidden="true"><path class="chart-base" d="M0 %.0fH%d"/>`, width, height+1, height, width)
	for i, line := range [][]float64{second, first} { // the first lies above
		if len(line) == 0 {
			continue
		}
		fmt.Fprintf(&b, `<polyline class="%s" points="`, [...]string{"chart-line chart-line-2", "chart-line"}[i])
		for x, v := range line {
			fmt.Fprintf(&b, "%d,%.1f ", x*step, height-v/top*height)
		}
		b.WriteString(`"/>`)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers only
}

// Part is a share of a whole that a bar shows, with the class that colours it.
type Part struct {
	Class  string
	Number int64
}

// split draws parts of a whole as one bar: SVG without styles of its own. What there is at all can be seen, however few. The figures
// belong beside it: the picture is hidden from screen readers.
func split(parts ...Part) template.HTML {
	const length, least = 1000.0, 6.0
	whole, room := int64(0), length
	for _, p := range parts {
		if whole += p.Number; p.Number > 0 {
			room -= least
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="split-bar" viewBox="0 0 %.0f 10" preserveAspectRatio="none" aria-hidden="true">`, length)
	x := 0.0
	for _, p := range parts {
		if p.Number > 0 {
			w := least + room*float64(p.Number)/float64(whole)
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="0" width="%.1f" height="10"/>`, template.HTMLEscapeString(p.Class), x, w)
			x += w
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers, and classes escaped
}

// part names a share in a template: {{split (part "split-sold" .Sold) (part "split-free" .Free)}}.
func part(class string, n int64) Part { return Part{class, n} }
