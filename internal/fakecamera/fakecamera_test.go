package fakecamera_test

import (
	"bytes"
	"image"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	encoder "github.com/skip2/go-qrcode"

	"turnout/internal/fakecamera"
)

// The film says what a reader reads, and nothing in its pauses.
func TestWrite(t *testing.T) {
	want := strings.Repeat("ABCDEFGHIJ234567", 9)
	q, err := encoder.New(want, encoder.Medium)
	if err != nil {
		t.Fatal(err)
	}
	q.DisableBorder = true
	var film bytes.Buffer
	if err := fakecamera.Write(&film, fakecamera.Scene{Code: q.Bitmap(), Long: 300 * time.Millisecond}, fakecamera.Scene{Long: 200 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(film.String(), "\n")
	if head != "YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420" {
		t.Errorf("begins %q", head)
	}
	frames := strings.Split(rest, "FRAME\n")[1:]
	if len(frames) != 5 {
		t.Fatalf("%d pictures, want 5", len(frames))
	}
	for i, frame := range frames {
		if len(frame) != fakecamera.Width*fakecamera.Height*3/2 {
			t.Fatalf("picture %d has %d bytes", i, len(frame))
		}
		picture := image.NewGray(image.Rect(0, 0, fakecamera.Width, fakecamera.Height))
		copy(picture.Pix, frame)
		bits, err := gozxing.NewBinaryBitmapFromImage(picture)
		if err != nil {
			t.Fatal(err)
		}
		got, err := qrcode.NewQRCodeReader().Decode(bits, nil)
		if shown := i < 3; shown != (err == nil) || shown && got.GetText() != want {
			t.Errorf("picture %d: %v, %v", i, got, err)
		}
	}
}
