// Package fakecamera makes the film that Chromium shows in place of a camera, so that a test can hold a ticket up to the
// door's page:
//
//	chromium --use-fake-device-for-media-stream --use-fake-ui-for-media-stream --use-file-for-fake-video-capture=FILE.y4m
//
// Chromium plays the film again and again. With a ticket and a pause in it, the same ticket is shown a second time.
package fakecamera

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"time"
)

// The film's size in pixels, and its pictures a second.
const (
	Width  = 640
	Height = 480
	Rate   = 10
)

// What the camera sees: not quite black and white, and held a little turned.
const (
	ground = 96  // luma of what is behind
	paper  = 215 // of the light modules
	ink    = 35  // of the dark modules
	tilt   = 7 * math.Pi / 180
	quiet  = 4   // light modules around the code (ISO/IEC 18004)
	fills  = 0.8 // of the picture's height
)

// Scene is a part of the film.
type Scene struct {
	// Code is a QR's modules without its quiet zone, rows from the top, true is dark: ticketing/documents.Matrix. Nil shows
	// nothing.
	Code [][]bool
	Long time.Duration
}

// Write writes the film: YUV4MPEG2 with 4:2:0 pictures, 460 KB each.
func Write(w io.Writer, scenes ...Scene) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420\n", Width, Height, Rate)
	colour := make([]byte, Width*Height/2) // none: both chroma planes in their middle
	for i := range colour {
		colour[i] = 128
	}
	for _, scene := range scenes {
		picture := scene.picture()
		for range int(scene.Long.Seconds()*Rate + 0.5) {
			_, _ = b.WriteString("FRAME\n") // Flush tells of every failure
			_, _ = b.Write(picture)
			_, _ = b.Write(colour)
		}
	}
	return b.Flush()
}

// picture is the luma plane.
func (s Scene) picture() []byte {
	luma := make([]byte, Width*Height)
	side := float64(len(s.Code) + 2*quiet)
	module := Height * fills / side
	sin, cos := math.Sincos(tilt)
	for i := range luma {
		luma[i] = ground
		if s.Code == nil {
			continue
		}
		x, y := float64(i%Width)-Width/2, float64(i/Width)-Height/2
		column, row := (x*cos+y*sin)/module+side/2, (y*cos-x*sin)/module+side/2
		if column < 0 || row < 0 || column >= side || row >= side {
			continue
		}
		luma[i] = paper
		if c, r := int(column)-quiet, int(row)-quiet; c >= 0 && r >= 0 && c < len(s.Code) && r < len(s.Code) && s.Code[r][c] {
			luma[i] = ink
		}
	}
	return luma
}
