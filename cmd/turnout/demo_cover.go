package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"

	"turnout/events"
	"turnout/internal/blobs"
	"turnout/internal/images"
)

// scene is how a cover is lit.
type scene struct{ high, low, sea, light color.RGBA }

var (
	dusk    = scene{color.RGBA{24, 32, 84, 255}, color.RGBA{246, 150, 98, 255}, color.RGBA{20, 48, 92, 255}, color.RGBA{255, 226, 150, 255}}
	morning = scene{color.RGBA{86, 170, 200, 255}, color.RGBA{250, 230, 196, 255}, color.RGBA{16, 104, 116, 255}, color.RGBA{255, 250, 226, 255}}
	night   = scene{color.RGBA{12, 14, 40, 255}, color.RGBA{64, 44, 110, 255}, color.RGBA{10, 20, 48, 255}, color.RGBA{190, 220, 255, 255}}
)

const (
	coverWidth, coverHeight = 1600, 800
	horizon                 = 560.0
	towerX, lampY           = 940.0, 210.0
)

// cover draws a lighthouse over the sea, keeps it as an upload is kept, and gives its name.
func (s *story) cover(look scene) (string, error) {
	img := image.NewRGBA(image.Rect(0, 0, coverWidth, coverHeight))
	var halves sync.WaitGroup
	for half := range 2 {
		halves.Go(func() {
			for y := half; y < coverHeight; y += 2 {
				for x := range coverWidth {
					img.SetRGBA(x, y, look.at(float64(x)+0.5, float64(y)+0.5))
				}
			}
		})
	}
	halves.Wait()
	var file bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&file, img); err != nil {
		return "", err
	}
	pictures, err := images.Resize(file.Bytes(), events.CoverWidths...)
	if err != nil {
		return "", err
	}
	hash := blobs.Hash(pictures[0].Data)
	for i, p := range pictures {
		name := hash
		if i > 0 {
			name = blobs.Variant(hash, events.CoverWidths[i])
		}
		s.files = append(s.files, blobs.Blob{Name: name, ContentType: p.ContentType, Data: p.Data})
	}
	return hash, nil
}

// at is the colour of one point: sky, two beams, sea with the light's way on it, rock, tower.
func (l scene) at(x, y float64) color.RGBA {
	c := blend(l.high, l.low, math.Pow(clamp(y/horizon), 1.6))
	dx, dy := x-towerX, y-lampY
	away := math.Hypot(dx, dy)
	for _, tilt := range []float64{-0.10, 0.16} { // the beams, left and right
		side := math.Copysign(1, tilt)
		if angle := math.Atan2(dy, -side*dx) + tilt*side; math.Abs(angle) < 0.075 {
			c = blend(c, l.light, 0.55*(1-math.Abs(angle)/0.075)*math.Exp(-away/900))
		}
	}
	c = blend(c, l.light, 0.9*math.Exp(-away/46))
	if y > horizon {
		c = l.water(x, y)
	}
	if math.Abs(dx) > 330 {
		return c
	}
	dark := blend(l.sea, color.RGBA{0, 0, 0, 255}, 0.45)
	shore := horizon + 40.0
	rock := shore + 9 - (100+9*math.Sin(x/29))*math.Exp(-dx*dx/24000)
	c = blend(c, dark, edge(y-rock, 1.5)*edge(shore-y, 2))
	c = blend(c, dark, 0.5*edge(2*shore-rock-y, 12)*edge(y-shore, 2)) // its reflection
	half := 26 + (y-lampY)*0.055                                      // the tower grows wider downwards
	inside := edge(half-math.Abs(dx), 1.2) * edge(y-lampY-24, 1.2) * edge(horizon-24-y, 3)
	band := color.RGBA{244, 240, 232, 255}
	if math.Mod(y-lampY-24, 116) > 58 {
		band = color.RGBA{190, 52, 48, 255}
	}
	c = blend(c, blend(band, dark, clamp(0.18+dx/(3*half))), inside)
	c = blend(c, dark, edge(22-math.Abs(dx), 1.2)*edge(24-math.Abs(dy), 1.2)*0.85)
	c = blend(c, l.light, edge(14-math.Abs(dx), 1.2)*edge(17-math.Abs(dy), 1.2))
	return blend(c, dark, edge(30-math.Abs(dx)-math.Abs(dy+30)*1.1, 1.2)*edge(-26-dy, 1.2))
}

// edge is 1 well inside an edge, 0 outside, and between over so many points: edges without steps.
func edge(inside, soft float64) float64 { return clamp(0.5 + inside/(2*soft)) }

func clamp(v float64) float64 { return min(max(v, 0), 1) }

func blend(a, b color.RGBA, share float64) color.RGBA {
	share = clamp(share)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*share)) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// water is the sea: waves, and the light's way on them.
func (l scene) water(x, y float64) color.RGBA {
	dx := x - towerX
	deep := (y - horizon) / (coverHeight - horizon)
	wave := math.Sin(x/(18+90*deep)+9*math.Sin(y/23)) * math.Sin(y/(3+9*deep))
	c := blend(blend(l.low, l.sea, 0.55+0.45*deep), l.light, 0.10*clamp(wave))
	c = blend(c, l.light, 0.5*math.Exp(-math.Abs(dx)/(24+150*deep))*clamp(0.55+wave))
	return c
}
