package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	stdimage "image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // pictures come as JPEG or PNG
	"image/png"

	"github.com/jung-kurt/gofpdf"

	"turnout"
)

// maxPixels bounds the memory that one picture can take.
const maxPixels = 16_000_000

// ErrPicture is the answer to a picture that cannot be read or is too large.
var ErrPicture = &turnout.Error{Kind: turnout.Invalid, Code: "picture", Message: "Use a PNG or JPEG picture of at most 16 megapixels."}

type image struct {
	name          string
	width, height float64 // pixels
}

// Image draws a PNG or JPEG as large as fits into the box, in its middle. It is decoded and encoded anew: gofpdf does not read
// every PNG, and what people upload should not reach the file as it is.
func (d *Doc) Image(b Box, data []byte) error {
	hash := sha256.Sum256(data)
	name := hex.EncodeToString(hash[:])
	img, ok := d.images[name]
	if !ok {
		var err error
		if img, err = d.embed(name, data); err != nil {
			return err
		}
		d.images[name] = img
	}
	scale := min(b.W/img.width, b.H/img.height)
	w, h := img.width*scale, img.height*scale
	d.pdf.ImageOptions(name, b.X+(b.W-w)/2, b.Y+(b.H-h)/2, w, h, false, gofpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	return d.pdf.Error()
}

func (d *Doc) embed(name string, data []byte) (image, error) {
	config, _, err := stdimage.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
		return image{}, ErrPicture.Because(err)
	}
	src, _, err := stdimage.Decode(bytes.NewReader(data))
	if err != nil {
		return image{}, ErrPicture.Because(err)
	}
	size := src.Bounds().Size()
	// gofpdf orders pictures by their width and leaves equal ones in random order: give each its own width, with
	// a clear column at the right, and the bytes are the same every time.
	width := size.X
	for d.widths[width] {
		width++
	}
	d.widths[width] = true
	canvas := stdimage.NewNRGBA(stdimage.Rect(0, 0, width, size.Y))
	draw.Draw(canvas, canvas.Bounds(), stdimage.NewUniform(color.Transparent), stdimage.Point{}, draw.Src)
	draw.Draw(canvas, stdimage.Rect(0, 0, size.X, size.Y), src, src.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, canvas); err != nil {
		return image{}, err
	}
	d.pdf.RegisterImageOptionsReader(name, gofpdf.ImageOptions{ImageType: "PNG"}, &out)
	return image{name: name, width: float64(width), height: float64(size.Y)}, d.pdf.Error()
}
