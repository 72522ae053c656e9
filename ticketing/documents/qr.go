package documents

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/skip2/go-qrcode"

	"turnout"
	"turnout/internal/paper"
)

const (
	quiet      = 4  // modules of white around a QR (ISO/IEC 18004)
	maxVersion = 10 // 57 modules a side: at 35 mm a module is still 0.6 mm, which a cheap phone reads
)

// Matrix is the modules of a QR, without its quiet zone: rows from the top, true is dark.
type Matrix [][]bool

// QR makes the QR of a ticket code at error correction level M. Upper-case base32 goes into the alphanumeric mode, which takes 5.5 bits
// a character. The answer is Invalid when the code is empty or needs more than version 10.
func QR(code string) (Matrix, error) {
	q, err := qrcode.New(code, qrcode.Medium)
	if err != nil || code == "" || q.VersionNumber > maxVersion {
		return nil, turnout.Invalidf("code", "qr", "This cannot be put into a QR code of version %d: %d characters.", maxVersion, len(code))
	}
	q.DisableBorder = true
	return q.Bitmap(), nil
}

// rects covers the dark modules with few rectangles: runs in a row, joined with equal runs below.
func (m Matrix) rects() []paper.Cell {
	var done []paper.Cell
	open, next := map[[2]int]int{}, map[[2]int]int{} // start and width of a run in the row above and in this one, and its rectangle
	for y, row := range m {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			start := x
			for x < len(row) && row[x] {
				x++
			}
			run := [2]int{start, x - start}
			i, ok := open[run]
			if !ok {
				i = len(done)
				done = append(done, paper.Cell{X: start, Y: y, W: x - start})
			}
			done[i].H++
			next[run] = i
		}
		open, next = next, open
		clear(next)
	}
	return done
}

// SVG writes the QR with its quiet zone as one path, dark on white whatever the page's colours are. It has no style attribute, so that a
// strict Content-Security-Policy lets it show; class and size are for the page to give. label is read out by screen readers.
func (m Matrix) SVG(w io.Writer, label string) error {
	var b bytes.Buffer
	side := len(m) + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img" aria-label="%s">`,
		side, side, escapeAttribute(label))
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, side, side)
	for _, r := range m.rects() {
		fmt.Fprintf(&b, "M%d %dh%dv%dh-%dz", r.X+quiet, r.Y+quiet, r.W, r.H, r.W)
	}
	b.WriteString(`"/></svg>`)
	_, err := w.Write(b.Bytes())
	return err
}

// PNG writes the QR with its quiet zone as a picture of two colours, each module scale pixels wide.
func (m Matrix) PNG(w io.Writer, scale int) error {
	scale = min(64, max(1, scale))
	side := (len(m) + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for _, r := range m.rects() {
		for y := (r.Y + quiet) * scale; y < (r.Y+r.H+quiet)*scale; y++ {
			for x := (r.X + quiet) * scale; x < (r.X+r.W+quiet)*scale; x++ {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return png.Encode(w, img)
}

// draw puts the QR into a document; side is its width with the quiet zone, in millimetres, on a white ground.
func (m Matrix) draw(d *paper.Doc, x, y, side float64) {
	d.Rect(paper.Box{X: x, Y: y, W: side, H: side}, 2, paper.White)
	module := side / float64(len(m)+2*quiet)
	d.Cells(paper.Point{X: x + quiet*module, Y: y + quiet*module}, module, m.rects(), paper.Color{})
}

func escapeAttribute(s string) string {
	var b bytes.Buffer
	for _, r := range paper.Clean(s) {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&#34;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
