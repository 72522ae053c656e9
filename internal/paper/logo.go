package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	stdimage "image"
	"image/color"
	"image/draw"
	"image/jpeg" // logos come as JPEG or PNG
	"image/png"
	"strconv"
	"sync"

	"github.com/jung-kurt/gofpdf"
	scale "golang.org/x/image/draw"

	"turnout"
)

// maxPixels bounds the memory that one picture can take.
const maxPixels = 16_000_000

// Bounds of a logo in a document: sharp on paper at the size of a hand's breadth, and small beside the text. What is larger is made
// smaller until it is within both.
const (
	logoWidth = 480 // pixels
	logoBytes = 10_000
)

// ErrPicture is the answer to a picture that cannot be read or is too large.
var ErrPicture = &turnout.Error{Kind: turnout.Invalid, Code: "picture", Message: "Use a PNG or JPEG picture of at most 16 megapixels."}

// Logo draws a PNG or JPEG as large as fits into the box: at its left or right end, or in its middle. ground is the colour of the page
// there. A logo that could hardly be seen on it (dark on dark) stands on a plate of white or black instead. It fails with ErrPicture.
func (d *Doc) Logo(b Box, data []byte, ground Color, align Align) error {
	width := logoWidth
	for d.widths[width] { // gofpdf leaves pictures of equal width in random order
		width--
	}
	l, err := logos.find(data, ground, width)
	if err != nil {
		return err
	}
	if _, there := d.images[l.name]; !there && d.sketch == nil {
		d.pdf.RegisterImageOptionsReader(l.name, gofpdf.ImageOptions{ImageType: l.kind}, bytes.NewReader(l.data))
		d.images[l.name] = struct{}{}
		d.widths[l.width] = true
	}
	pad := 0.0
	if l.plate {
		pad = min(b.W, b.H) * 0.08
	}
	by := min((b.W-2*pad)/float64(l.width), (b.H-2*pad)/float64(l.height))
	w, h := float64(l.width)*by, float64(l.height)*by
	x, y := b.X+pad, b.Y+(b.H-h)/2
	switch align {
	case Center:
		x = b.X + (b.W-w)/2
	case Right:
		x = b.X + b.W - pad - w
	}
	if l.plate {
		d.Rect(Box{x - pad, y - pad, w + 2*pad, h + 2*pad}, pad, l.ground)
	}
	if d.sketch != nil {
		d.sketch.image(l, x*pointsPerMM, (d.paper.Height-y-h)*pointsPerMM, w*pointsPerMM, h*pointsPerMM)
		return nil
	}
	d.pdf.ImageOptions(l.name, x, y, w, h, false, gofpdf.ImageOptions{ImageType: l.kind}, 0, "")
	return d.pdf.Error()
}

// logo is a picture made ready for documents: on its ground, without transparency, so that gofpdf takes its bytes as they are.
type logo struct {
	name, kind    string
	data          []byte
	width, height int
	ground        Color
	plate         bool
}

type logoKey struct {
	hash   [sha256.Size]byte
	ground Color
	width  int
}

// logoCache keeps the logos drawn lately: making one ready takes longer than drawing a ticket. It is emptied when full.
type logoCache struct {
	mu    sync.Mutex
	logos map[logoKey]*logo
}

const logoCacheSize = 64

var logos = logoCache{logos: map[logoKey]*logo{}}

func (c *logoCache) find(data []byte, ground Color, width int) (*logo, error) {
	key := logoKey{sha256.Sum256(data), ground, width}
	c.mu.Lock()
	l := c.logos[key]
	c.mu.Unlock()
	if l != nil {
		return l, nil
	}
	source, err := readPicture(data)
	if err != nil {
		return nil, err
	}
	if l, err = newLogo(source, ground, width); err != nil {
		return nil, err
	}
	l.name = hex.EncodeToString(key.hash[:]) + ground.String() + strconv.Itoa(width)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.logos) >= logoCacheSize {
		clear(c.logos)
	}
	c.logos[key] = l
	return l, nil
}

func readPicture(data []byte) (stdimage.Image, error) {
	config, _, err := stdimage.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
		return nil, ErrPicture.Because(err)
	}
	source, _, err := stdimage.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, ErrPicture.Because(err)
	}
	return source, nil
}

// newLogo puts the picture on its ground and writes it in the form that is smaller, within the bounds.
func newLogo(source stdimage.Image, ground Color, width int) (*logo, error) {
	l := &logo{ground: ground}
	if mean, glassy := meanColor(source); glassy {
		l.ground = groundFor(mean, ground)
		l.plate = l.ground != ground
	}
	w, h := source.Bounds().Dx(), source.Bounds().Dy()
	for size := min(width, w); ; size = size * 4 / 5 {
		l.width, l.height = size, max(1, h*size/w)
		small := stdimage.NewRGBA(stdimage.Rect(0, 0, l.width, l.height))
		draw.Draw(small, small.Bounds(), stdimage.NewUniform(color.RGBA{l.ground.R, l.ground.G, l.ground.B, 255}), stdimage.Point{}, draw.Src)
		scale.CatmullRom.Scale(small, small.Bounds(), source, source.Bounds(), draw.Over, nil)
		var flat, photo bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&flat, small); err != nil {
			return nil, err
		}
		if err := jpeg.Encode(&photo, small, &jpeg.Options{Quality: 88}); err != nil {
			return nil, err
		}
		l.kind, l.data = "PNG", flat.Bytes()
		if photo.Len() < flat.Len() {
			l.kind, l.data = "JPG", photo.Bytes()
		}
		if len(l.data) <= logoBytes || size < 40 {
			return l, nil
		}
	}
}

// meanColor is the mean of what can be seen of a picture, and whether some of it is see-through.
func meanColor(source stdimage.Image) (mean Color, glassy bool) {
	var r, g, b, a uint64
	bounds := source.Bounds()
	step := max(1, max(bounds.Dx(), bounds.Dy())/200)
	for y := bounds.Min.Y; y < bounds.Max.Y; y += step {
		for x := bounds.Min.X; x < bounds.Max.X; x += step {
			pr, pg, pb, pa := source.At(x, y).RGBA() // multiplied by alpha
			r, g, b, a = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa)
			glassy = glassy || pa < 0xF000
		}
	}
	if a == 0 {
		return Color{}, true
	}
	return Color{uint8(r * 255 / a), uint8(g * 255 / a), uint8(b * 255 / a)}, glassy
}

// groundFor is the page's own colour where a logo of that colour can be told from it (3:1, as WCAG 2.2 asks of graphics), else the
// better of white and black.
func groundFor(mean, ground Color) Color {
	if mean.contrast(ground) >= 3 {
		return ground
	}
	return mean.On()
}
