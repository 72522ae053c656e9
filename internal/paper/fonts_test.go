package paper

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
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

func TestImages(t *testing.T) {
	picture := func(w, h int) stdimage.Image {
		img := stdimage.NewNRGBA(stdimage.Rect(0, 0, w, h))
		for i := range w {
			img.Set(i, i%h, color.NRGBA{200, 30, 30, 255})
		}
		return img
	}
	var pngA, pngB, photo bytes.Buffer
	for _, err := range []error{png.Encode(&pngA, picture(40, 20)), png.Encode(&pngB, picture(40, 30)), jpeg.Encode(&photo, picture(40, 40), nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	draw := func() []byte {
		d := New(Metadata{Made: made()}, A4)
		d.AddPage()
		for i, data := range [][]byte{pngA.Bytes(), pngB.Bytes(), photo.Bytes(), pngA.Bytes()} { // equal widths; one twice
			if err := d.Image(Box{20, 20 + float64(i)*30, 50, 25}, data); err != nil {
				t.Fatal(err)
			}
		}
		for _, bad := range []string{"", "no picture", pngA.String()[:60]} {
			if err := d.Image(Box{20, 200, 50, 25}, []byte(bad)); err == nil {
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
