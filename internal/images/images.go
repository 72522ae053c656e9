// Package images makes what people upload safe to show: bounded before it is decoded, turned upright, made smaller, and
// written anew without metadata (a photo tells where it was taken).
package images

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif" // the first frame is decoded
	"image/jpeg"
	"image/png"

	scale "golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // decoded, never written

	"turnout"
)

// Bounds of what is accepted.
const (
	MaxBytes  = 10 << 20
	MaxPixels = 40_000_000 // a phone's largest photos are smaller; decoded it takes 160 MB (320 MB with 16 bits a colour)
)

// Errors of Resize.
var (
	ErrTooLarge = &turnout.Error{Kind: turnout.TooLarge, Code: "image_too_large", Message: "This picture is too large. Use one of at most 10 MB and 40 megapixels."}
	ErrNotImage = &turnout.Error{Kind: turnout.Invalid, Code: "not_an_image", Message: "This is not a picture that can be used. Use a JPEG, PNG, WebP or GIF file."}
)

// Picture is an encoded picture.
type Picture struct {
	Width, Height int
	ContentType   string // image/jpeg, or image/png when it is see-through somewhere
	Data          []byte
}

// decoding lets one picture be decoded at a time: the bound on memory holds for the process, not for each upload.
var decoding = make(chan struct{}, 1)

// Resize decodes a JPEG, PNG, WebP or GIF (its first frame) and gives it in the widths asked for, in their order; a picture
// that is narrower than a width keeps its own. The type is read from the bytes, never from a name or header. It takes up to
// a second: never call it inside a transaction. It fails with ErrTooLarge or ErrNotImage.
func Resize(data []byte, widths ...int) ([]Picture, error) {
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	// The header alone says how large the picture is; a small file can claim to be enormous.
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, ErrNotImage.Because(err)
	}
	if int64(config.Width)*int64(config.Height) > MaxPixels {
		return nil, ErrTooLarge
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	source, err := decode(data)
	if err != nil {
		return nil, ErrNotImage.Because(err)
	}
	turn := 1
	if format == "jpeg" {
		turn = orientation(data)
	}
	pictures := make([]Picture, len(widths))
	for i, width := range widths {
		if pictures[i], err = encode(upright(shrink(source, width, turn >= 5), turn)); err != nil {
			return nil, fmt.Errorf("images: %w", err)
		}
	}
	return pictures, nil
}

// decode turns a decoder's panic, which hostile bytes have caused before, into an error.
func decode(data []byte) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("images: the decoder panicked: %v", p)
		}
	}()
	img, _, err = image.Decode(bytes.NewReader(data))
	return img, err
}

// shrink scales to the width, or the height when the picture lies on its side, and never enlarges.
func shrink(source image.Image, width int, sideways bool) *image.NRGBA {
	w, h := source.Bounds().Dx(), source.Bounds().Dy()
	across := w
	if sideways {
		across = h
	}
	if across > width {
		w, h = max(1, w*width/across), max(1, h*width/across)
	}
	small := image.NewNRGBA(image.Rect(0, 0, w, h))
	if w == source.Bounds().Dx() {
		draw.Draw(small, small.Bounds(), source, source.Bounds().Min, draw.Src)
	} else {
		scale.CatmullRom.Scale(small, small.Bounds(), source, source.Bounds(), draw.Src, nil)
	}
	return small
}

// upright undoes an Exif orientation (Exif 2.32 section 4.6.4, tag 0x0112: 1 is upright, 2–8 are mirrored or turned).
func upright(img *image.NRGBA, turn int) *image.NRGBA {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	// from tells where a pixel of the upright picture lies in img.
	from := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	}[turn]
	if from == nil {
		return img
	}
	size := image.Rect(0, 0, w, h)
	if turn >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	turned := image.NewNRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := from(x, y)
			turned.SetNRGBA(x, y, img.NRGBAAt(sx, sy))
		}
	}
	return turned
}

func encode(img *image.NRGBA) (Picture, error) {
	picture := Picture{Width: img.Bounds().Dx(), Height: img.Bounds().Dy(), ContentType: "image/jpeg"}
	var out bytes.Buffer
	var err error
	if img.Opaque() {
		err = jpeg.Encode(&out, opaque(img), &jpeg.Options{Quality: 85})
	} else {
		picture.ContentType = "image/png"
		err = png.Encode(&out, img)
	}
	picture.Data = out.Bytes()
	return picture, err
}

// opaque gives the picture as RGBA, which the JPEG encoder has a fast way for; the bytes are the same without transparency.
func opaque(img *image.NRGBA) *image.RGBA {
	return &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}
