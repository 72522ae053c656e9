package paper

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
)

// NewPicture starts a page that is written as a picture, by WriteSVG: the same drawing as in a PDF, its text as outlines, so that it can be
// shown where a PDF cannot. It has its one page already.
func NewPicture(p Paper) *Doc {
	d := New(Metadata{}, p)
	d.AddPage()
	d.sketch = &sketch{}
	return d
}

// WriteSVG writes a document of NewPicture, which is finished then.
func (d *Doc) WriteSVG(w io.Writer) error {
	width, height := d.paper.Width*pointsPerMM, d.paper.Height*pointsPerMM
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.2f %.2f" width="%.0f" height="%.0f"><path fill="#fff" d="M0 0h%.2fv%.2fH0z"/>`+
		`<g transform="matrix(1 0 0 -1 0 %.2f)">%s</g></svg>`, width, height, width, height, width, height, height, d.sketch.out.String())
	return err
}

// sketch turns the few operators of PDF that this package writes into SVG.
type sketch struct {
	out     bytes.Buffer
	ink     sketchInk
	stack   []sketchInk
	path    strings.Builder
	numbers []string
}

// sketchInk is what q keeps and Q brings back.
type sketchInk struct {
	fill, stroke      string
	width, join, dash string
	groups            int // opened by cm since the last q
}

// draw takes a piece of a page's content.
func (p *sketch) draw(content []byte) {
	for _, word := range strings.Fields(string(content)) {
		if operator, ok := sketchOperators[word]; ok {
			operator(p)
			p.numbers = p.numbers[:0]
		} else {
			p.numbers = append(p.numbers, strings.Trim(word, "[]"))
		}
	}
}

var sketchOperators = map[string]func(*sketch){
	"q": func(p *sketch) {
		p.stack = append(p.stack, p.ink)
		p.ink.groups = 0
	},
	"Q": func(p *sketch) {
		p.out.WriteString(strings.Repeat("</g>", p.ink.groups))
		p.ink, p.stack = p.stack[len(p.stack)-1], p.stack[:len(p.stack)-1]
	},
	"cm": func(p *sketch) {
		fmt.Fprintf(&p.out, `<g transform="matrix(%s)">`, strings.Join(p.numbers, " "))
		p.ink.groups++
	},
	"rg": func(p *sketch) { p.ink.fill = p.color() },
	"RG": func(p *sketch) { p.ink.stroke = p.color() },
	"w":  func(p *sketch) { p.ink.width = p.numbers[0] },
	"j":  func(p *sketch) { p.ink.join = ` stroke-linejoin="round"` },
	"J":  func(*sketch) {},
	"d":  func(p *sketch) { p.ink.dash = fmt.Sprintf(` stroke-dasharray="%s"`, p.numbers[0]) },
	"m":  func(p *sketch) { p.to("M") },
	"l":  func(p *sketch) { p.to("L") },
	"c":  func(p *sketch) { p.to("C") },
	"h":  func(p *sketch) { p.path.WriteByte('z') },
	"re": func(p *sketch) {
		n := p.numbers
		fmt.Fprintf(&p.path, "M%s %sh%sv%sh-%sz", n[0], n[1], n[2], n[3], n[2])
	},
	"W": func(*sketch) {},
	"n": func(p *sketch) { p.path.Reset() },
	"f": func(p *sketch) { p.paint(true, false) },
	"S": func(p *sketch) { p.paint(false, true) },
	"B": func(p *sketch) { p.paint(true, true) },
}

func (p *sketch) to(command string) {
	p.path.WriteString(command)
	p.path.WriteString(strings.Join(p.numbers, " "))
}

func (p *sketch) color() string {
	var channels [3]float64
	for i := range channels {
		_, _ = fmt.Sscan(p.numbers[i], &channels[i]) // written by appendNumbers
	}
	return Color{uint8(channels[0]*255 + 0.5), uint8(channels[1]*255 + 0.5), uint8(channels[2]*255 + 0.5)}.String()
}

func (p *sketch) paint(fill, stroke bool) {
	color := "none"
	if fill {
		color = p.ink.fill
	}
	fmt.Fprintf(&p.out, `<path fill="%s" d="%s"`, color, p.path.String())
	if stroke {
		fmt.Fprintf(&p.out, ` stroke="%s" stroke-width="%s"%s%s`, p.ink.stroke, p.ink.width, p.ink.join, p.ink.dash)
	}
	p.out.WriteString("/>")
	p.path.Reset()
}

// image shows a logo in a box in points; y is its lower edge, as in PDF.
func (p *sketch) image(l *logo, x, y, w, h float64) {
	kind := map[string]string{"PNG": "image/png", "JPG": "image/jpeg"}[l.kind]
	fmt.Fprintf(&p.out, `<image transform="matrix(1 0 0 -1 %.2f %.2f)" width="%.2f" height="%.2f" href="data:%s;base64,%s"/>`,
		x, y+h, w, h, kind, base64.StdEncoding.EncodeToString(l.data))
}

// outlines gives a piece of a text font as shapes.
func (p piece) outlines() piece {
	l := fonts()
	name := "DejaVuSans"
	if strings.Contains(p.text.family, "bold") {
		name = "DejaVuSans-Bold"
	}
	outline := l.outline(name)
	face := font.NewFace(outline.parse())
	drawn := piece{width: p.width}
	var x float64
	for _, code := range p.codes {
		if id, ok := face.NominalGlyph(textRunes()[p.text][code]); ok {
			if path := glyphs.path(outline, face, id); path != nil {
				drawn.glyphs = append(drawn.glyphs, glyph{path: path, x: x})
			}
		}
		x += float64(p.text.width[code])
	}
	return drawn
}

// textRunes says which rune each code of a text font stands for.
var textRunes = sync.OnceValue(func() map[*textFont]*[256]rune {
	l, all := fonts(), map[*textFont]*[256]rune{}
	for _, page := range l.text {
		for _, f := range page {
			all[f] = new([256]rune)
		}
	}
	for r, at := range l.places {
		if r == 0xA0 {
			continue // a space, under the same code
		}
		for _, page := range l.text {
			all[page[at.page]][at.code] = r
		}
	}
	return all
})
