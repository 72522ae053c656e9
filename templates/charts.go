package templates

import (
	"fmt"
	"html/template"
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
