package paper

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

const fontFolder = "../../templates/pdf"

// The committed fonts are those that SHA256SUMS lists, and all of them parse.
func TestFontsAreTheListedOnes(t *testing.T) {
	sums, err := os.ReadFile(fontFolder + "/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	total := 0
	for _, row := range strings.Split(strings.TrimSpace(string(sums)), "\n") {
		want, name, _ := strings.Cut(row, "  ")
		data, err := os.ReadFile(fontFolder + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != want {
			t.Errorf("%s has changed", name)
		}
		listed++
		total += len(data)
	}
	l := fonts()
	if files := 2*2*len(l.text[0]) + len(l.outlines); listed < files {
		t.Errorf("%d files are listed, %d are embedded", listed, files)
	}
	if total > 12_000_000 {
		t.Errorf("the fonts have %d bytes, more than 12 MB", total)
	}
	for _, f := range l.outlines {
		if f.parse().Upem() == 0 {
			t.Errorf("%s does not parse", f.name)
		}
	}
	for script, name := range scriptFonts {
		if l.outline(name) == nil {
			t.Errorf("no font for %v", script)
		}
	}
	for _, pages := range l.text {
		for _, f := range pages {
			if file := f.file(); len(file) < f.cut.Glyf || f.cut.offset(file, f.cut.Count)+f.cut.Glyf > len(file) {
				t.Errorf("%s: the cut table does not fit the file", f.family)
			}
		}
	}
}

func TestLogos(t *testing.T) {
	picture := func(w, h int, c color.Color, ground color.Color) []byte {
		img := stdimage.NewNRGBA(stdimage.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				img.Set(x, y, ground)
				if x/4%2 == 0 {
					img.Set(x, y, c)
				}
			}
		}
		var out bytes.Buffer
		if err := png.Encode(&out, img); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	dark, light, red := color.NRGBA{20, 20, 40, 255}, color.NRGBA{250, 250, 250, 255}, color.NRGBA{200, 30, 30, 255}
	noise := stdimage.NewNRGBA(stdimage.Rect(0, 0, 900, 900))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(noise.Pix), func(i, _ int) { noise.Pix[i] = uint8(i * i % 251) })
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, noise, nil); err != nil {
		t.Fatal(err)
	}
	navy := Color{30, 30, 90}
	for name, l := range map[string]struct {
		data   []byte
		ground Color
		plate  bool
	}{
		"dark and see-through on a dark page":   {picture(40, 20, dark, color.Transparent), navy, true},
		"light and see-through on a dark page":  {picture(40, 20, light, color.Transparent), navy, false},
		"light and see-through on a white page": {picture(40, 20, light, color.Transparent), White, true},
		"with a ground of its own":              {picture(40, 20, dark, light), navy, false},
		"nothing at all":                        {picture(40, 20, color.Transparent, color.Transparent), navy, true},
		"a photo":                               {photo.Bytes(), navy, false},
	} {
		got, err := logos.find(l.data, l.ground, logoWidth)
		if err != nil || got.plate != l.plate || len(got.data) > logoBytes {
			t.Errorf("%s: plate %v, want %v; %d bytes, %v", name, got.plate, l.plate, len(got.data), err)
		}
	}
	draw := func() []byte {
		d := New(Metadata{Made: made()}, A4)
		d.AddPage()
		wide, square := picture(600, 200, red, color.Transparent), picture(600, 600, red, dark)
		for i, data := range [][]byte{wide, square, photo.Bytes(), wide} { // equal widths; one twice
			if err := d.Logo(Box{20, 20 + float64(i)*30, 50, 25}, data, White, []Align{Left, Center, Right, Left}[i]); err != nil {
				t.Fatal(err)
			}
		}
		for _, bad := range []string{"", "no picture", string(wide)[:60]} {
			if err := d.Logo(Box{20, 200, 50, 25}, []byte(bad), White, Left); err == nil {
				t.Errorf("%.10q was taken for a picture", bad)
			}
		}
		return written(t, d)
	}
	first := draw()
	for range 5 {
		if !bytes.Equal(first, draw()) {
			t.Fatal("pictures of equal width come in another order")
		}
	}
	path := saved(t, first)
	run(t, nil, "qpdf", "--check", path)
	drawn := 0
	for _, row := range strings.Split(string(run(t, nil, "pdfimages", "-list", path)), "\n") {
		if fields := strings.Fields(row); len(fields) > 2 && fields[2] == "image" {
			drawn++
		}
	}
	if drawn != 4 {
		t.Errorf("the PDF draws %d pictures, want 4", drawn)
	}
}
