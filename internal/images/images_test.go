package images_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"turnout/internal/images"
)

// corner is a picture whose upper left quarter is red, the rest blue.
func corner(w, h int, rest color.Color) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x < w/2 && y < h/2 {
				img.Set(x, y, color.NRGBA{255, 0, 0, 255})
			} else {
				img.Set(x, y, rest)
			}
		}
	}
	return img
}

var blue = color.NRGBA{0, 0, 255, 255}

func jpegOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an Exif segment with the orientation, and a secret, behind the start of a JPEG.
func withExif(data []byte, order binary.AppendByteOrder, turn uint16) []byte {
	tiff := []byte("MM\x00*")
	if order.String() == binary.LittleEndian.String() {
		tiff = []byte("II*\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3), 1), turn)
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00HOME ADDRESS"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append(append([]byte{}, data[:2]...), append(segment, body...)...), data[2:]...)
}

func red(img image.Image, x, y int) bool {
	r, _, b, _ := img.At(x, y).RGBA()
	return r > 0xc000 && b < 0x4000
}

func TestEveryOrientationEndsUpright(t *testing.T) {
	// Where the red quarter of the stored picture is seen, by Exif's definition of each value.
	for turn, seen := range map[uint16][2]bool{ // right, below
		1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true},
		5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true},
	} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			pictures, err := images.Resize(withExif(jpegOf(t, corner(64, 32, blue)), order, turn), 16)
			if err != nil {
				t.Fatal(err)
			}
			p := pictures[0]
			if wantH := map[bool]int{false: 8, true: 32}[turn >= 5]; p.Width != 16 || p.Height != wantH {
				t.Errorf("orientation %d: %d×%d", turn, p.Width, p.Height)
			}
			if bytes.Contains(p.Data, []byte("HOME")) || bytes.Contains(p.Data, []byte("Exif")) {
				t.Errorf("orientation %d: metadata was kept", turn)
			}
			img, err := jpeg.Decode(bytes.NewReader(p.Data))
			if err != nil {
				t.Fatal(err)
			}
			x, y := 2, 2
			if seen[0] {
				x = p.Width - 3
			}
			if seen[1] {
				y = p.Height - 3
			}
			if !red(img, x, y) || red(img, p.Width-1-x, p.Height-1-y) {
				t.Errorf("orientation %d (%v): the red quarter is not at %d,%d", turn, order, x, y)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	var animation bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 50, 50), color.Palette{color.White, color.Black})
	if err := gif.EncodeAll(&animation, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		kind string
		w, h int
	}{
		"jpeg":                {jpegOf(t, corner(2000, 1000, blue)), "image/jpeg", 100, 50},
		"opaque png":          {pngOf(t, corner(200, 400, blue)), "image/jpeg", 100, 200},
		"see-through png":     {pngOf(t, corner(200, 400, color.NRGBA{0, 0, 255, 100})), "image/png", 100, 200},
		"animated gif":        {animation.Bytes(), "image/jpeg", 50, 50},
		"narrower than asked": {jpegOf(t, corner(30, 10, blue)), "image/jpeg", 30, 10},
		"one row":             {pngOf(t, corner(5000, 1, blue)), "image/jpeg", 100, 1},
		"webp":                {webp, "image/png", 1, 1},
	} {
		pictures, err := images.Resize(tt.data, 100, 40)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p := pictures[0]
		if p.ContentType != tt.kind || p.Width != tt.w || p.Height != tt.h || len(pictures) != 2 || pictures[1].Width > 40 {
			t.Errorf("%s: %s %d×%d", name, p.ContentType, p.Width, p.Height)
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(p.Data)); err != nil || config.Width != p.Width || config.Height != p.Height {
			t.Errorf("%s: it decodes as %+v, %v", name, config, err)
		}
	}
}

// webp is one see-through pixel, lossless (RFC 9649 section 3).
var webp = []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")

// bomb is a PNG of a few bytes that says it is 50 000 pixels wide and high.
func bomb() []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), 50_000)
	header = append(binary.BigEndian.AppendUint32(header, 50_000), 8, 6, 0, 0, 0)
	out := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(out, header...), crc32.ChecksumIEEE(header))
}

func TestRefused(t *testing.T) {
	good := jpegOf(t, corner(300, 300, blue))
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":      {nil, images.ErrNotImage},
		"html":         {[]byte("<script>alert(1)</script>"), images.ErrNotImage},
		"svg":          {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), images.ErrNotImage},
		"cut off":      {good[:len(good)/2], images.ErrNotImage},
		"a bomb":       {bomb(), images.ErrTooLarge},
		"11 megabytes": {append(bytes.Clone(good), make([]byte, 11<<20)...), images.ErrTooLarge},
	} {
		if _, err := images.Resize(tt.data, 100); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// Hostile bytes end in an error, never in a panic.
func FuzzResize(f *testing.F) {
	f.Add(webp)
	f.Add(bomb())
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && config.Width*config.Height > 1<<20 {
			return // slow, not wrong
		}
		_, _ = images.Resize(data, 10)
	})
}
