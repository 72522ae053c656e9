package paper

import (
	"github.com/skip2/go-qrcode"

	"turnout"
)

// Quiet is how many modules of white stand around a QR (ISO/IEC 18004).
const Quiet = 4

const maxVersion = 10 // 57 modules a side: at 35 mm a module is still 0.6 mm, which a cheap phone reads

// Matrix is the modules of a QR, without its quiet zone: rows from the top, true is dark.
type Matrix [][]bool

// MakeQR makes a QR at error correction level M. Upper-case base32 goes into the alphanumeric mode, which takes 5.5 bits
// a character. The answer is Invalid when the text is empty or needs more than version 10.
func MakeQR(text string) (Matrix, error) {
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil || text == "" || q.VersionNumber > maxVersion {
		return nil, turnout.Invalidf("code", "qr", "This cannot be put into a QR code of version %d: %d characters.", maxVersion, len(text))
	}
	q.DisableBorder = true
	return q.Bitmap(), nil
}

// QR draws a QR; side is its width with the quiet zone, in millimetres, on a white ground.
func (d *Doc) QR(x, y, side float64, m Matrix) {
	d.Rect(Box{X: x, Y: y, W: side, H: side}, 2, White)
	module := side / float64(len(m)+2*Quiet)
	d.Cells(Point{X: x + Quiet*module, Y: y + Quiet*module}, module, m.rects(), Color{})
}

// rects covers the dark modules with few rectangles: runs in a row, joined with equal runs below.
func (m Matrix) rects() []Cell {
	var done []Cell
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
				done = append(done, Cell{X: start, Y: y, W: x - start})
			}
			done[i].H++
			next[run] = i
		}
		open, next = next, open
		clear(next)
	}
	return done
}
