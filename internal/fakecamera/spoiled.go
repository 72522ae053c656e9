package fakecamera

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// The size of a spoiled picture in pixels: what the door asks of a camera.
const (
	WideWidth  = 1280
	WideHeight = 720
)

// A Spoil is one way in which a code is hard to read.
type Spoil struct {
	Name string
	make func(*shot)
}

// Spoils are the ways, from none to those that few readers manage. Each picture is besides a little turned, soft and noisy, as cameras are.
var Spoils = []Spoil{
	{"upright", func(*shot) {}},
	{"rotated", func(s *shot) { s.turn = float64(s.n) * 3.6 * math.Pi / 180 }},
	{"perspective", func(s *shot) { s.turn, s.lean, s.pitch = s.within(-.5, .5), s.either(.35, .85), s.either(0, .4) }},
	{"blurred", func(s *shot) { s.after(func(p *plane) { p.blur(s.within(1.2, 2.4)) }) }},
	{"blurred much", func(s *shot) { s.after(func(p *plane) { p.blur(s.within(2.4, 4)) }) }},
	{"moved", func(s *shot) { s.after(func(p *plane) { p.smear(s.within(6, 16), s.within(0, math.Pi)) }) }},
	{"low contrast", func(s *shot) { s.paper = s.within(90, 180); s.ink = s.paper - s.within(16, 45) }},
	{"glare", (*shot).glare},
	{"dark mode", func(s *shot) { s.paper, s.ink = s.within(10, 45), s.within(190, 240) }},
	{"screen photographed", (*shot).screen},
	{"JPEG 30", func(s *shot) { s.quality = 30 }},
	{"JPEG 10", func(s *shot) { s.quality = 10 }},
	{"corner covered", (*shot).corner},
	{"cracked", (*shot).crack},
	{"thumb 5 %", func(s *shot) { s.thumb(.05) }},
	{"thumb 10 %", func(s *shot) { s.thumb(.10) }},
	{"thumb 15 %", func(s *shot) { s.thumb(.15) }},
	{"small", func(s *shot) { s.side = s.within(125, 200); s.x += s.within(-150, 150); s.y += s.within(-80, 80) }},
	{"low light", func(s *shot) {
		s.ground, s.paper, s.ink, s.noise = 20, s.within(70, 110), s.within(15, 30), s.within(14, 24)
	}},
	{"low toner", (*shot).toner},
}

// Picture is the luma of picture n of this way: WideWidth by WideHeight, rows from the top. Equal arguments give equal bytes.
func (sp Spoil) Picture(code [][]bool, n int) []byte {
	s := newShot(code, n, sp.Name)
	sp.make(s)
	return s.develop()
}

// Beside holds two codes side by side, as on one sheet or two phones; the first one is in the middle. Without a second one it is alone.
func Beside(middle, aside [][]bool, n int) []byte {
	left := newShot(middle, n, "beside")
	left.side = 300
	p := left.draw()
	if aside == nil {
		return left.expose(p)
	}
	right := newShot(aside, n, "aside")
	right.side, right.x = 300, left.x+340*left.either(1, 1)
	right.over(p)
	return left.expose(p)
}

type shot struct {
	*rand.Rand
	code                            [][]bool
	n                               int
	x, y, side                      float64 // where its middle is, and its width with the quiet zone, in pixels
	turn, lean, pitch               float64 // radians: in the picture, about the upright axis, about the level one
	ground, paper, ink, noise, soft float64
	quality                         int // of JPEG, 0 for none
	on                              func(u, v, luma float64) float64
	later                           []func(*plane)
}

func newShot(code [][]bool, n int, name string) *shot {
	seed := uint64(n)
	for _, c := range name {
		seed = seed*131 + uint64(c)
	}
	s := &shot{Rand: rand.New(rand.NewPCG(seed, 27)), code: code, n: n, ground: 90, noise: 3, soft: .7}
	s.x, s.y = WideWidth/2+s.within(-40, 40), WideHeight/2+s.within(-30, 30)
	s.side, s.turn = s.within(330, 480), s.within(-.2, .2)
	s.paper, s.ink = s.within(200, 235), s.within(20, 50)
	return s
}

func (s *shot) within(from, to float64) float64 { return from + (to-from)*s.Float64() }

func (s *shot) either(from, to float64) float64 {
	if s.IntN(2) == 0 {
		return -s.within(from, to)
	}
	return s.within(from, to)
}

func (s *shot) after(f func(*plane)) { s.later = append(s.later, f) }

// glare is a lamp in the glass: all is white in its middle.
func (s *shot) glare() {
	u, v, r := s.within(.2, .8), s.within(.2, .8), s.within(.06, .16)
	s.on = func(x, y, luma float64) float64 {
		return luma + 330*math.Exp(-math.Pow(math.Hypot(x-u, y-v)/r, 2))
	}
}

// screen is the pixel grid of a phone against that of the camera, and the screen's own curve.
func (s *shot) screen() {
	pitch, angle, gamma, deep := s.within(2.3, 5), s.within(0, math.Pi), s.within(.6, 1.8), s.within(15, 45)
	sin, cos := math.Sincos(angle)
	s.after(func(p *plane) {
		for i, luma := range p {
			x, y := float64(i%WideWidth), float64(i/WideWidth)
			luma = 255 * math.Pow(clamp(luma)/255, gamma)
			p[i] = luma + deep*(math.Sin((x*cos+y*sin)*2*math.Pi/pitch)+math.Sin((y*cos-x*sin)*2*math.Pi/pitch*1.07))/2
		}
	})
}

// corner is a sticker over one corner of the code.
func (s *shot) corner() {
	reach, which, luma := s.within(.1, .24), s.IntN(4), s.within(60, 200)
	s.on = func(x, y, was float64) float64 {
		if which&1 != 0 {
			x = 1 - x
		}
		if which&2 != 0 {
			y = 1 - y
		}
		if x+y < .16+reach {
			return luma
		}
		return was
	}
}

// crack is broken glass: lines of light or dark from one edge to another.
func (s *shot) crack() {
	type line struct{ nx, ny, at, wide, luma, bend float64 }
	var lines []line
	for range 2 + s.IntN(3) {
		angle := s.within(0, math.Pi)
		l := line{nx: math.Cos(angle), ny: math.Sin(angle), wide: s.within(.003, .009), luma: []float64{15, 250}[s.IntN(2)], bend: s.within(5, 20)}
		l.at = l.nx*s.within(.15, .85) + l.ny*s.within(.15, .85)
		lines = append(lines, l)
	}
	s.on = func(x, y, luma float64) float64 {
		for _, l := range lines {
			along := y*l.nx - x*l.ny
			if math.Abs(x*l.nx+y*l.ny-l.at+.02*math.Sin(along*l.bend)) < l.wide {
				return l.luma
			}
		}
		return luma
	}
}

// thumb covers a part of the code's own area, from its lower or right edge, where thumbs are.
func (s *shot) thumb(part float64) {
	module := 1 / float64(len(s.code)+2*quiet)
	inner := 1 - 2*quiet*module
	// Half an ellipse, half as wide as it is long: pi/4 * long * long = part of the area.
	long := inner * math.Sqrt(4*part/math.Pi)
	right, at, luma := s.IntN(2) == 0, s.within(.35, .65), s.within(90, 150)
	edge := 1 - quiet*module
	s.on = func(x, y, was float64) float64 {
		if right {
			x, y = y, x
		}
		if y > edge-long && (y > edge && math.Abs(x-at) < long/2 || math.Hypot((x-at)*2, y-edge) < long) {
			return luma
		}
		return was
	}
}

// toner is a printer near its end: pale, with streaks and grains that took no ink.
func (s *shot) toner() {
	s.ink = s.within(90, 150)
	phase, streaks, lost := s.within(0, 7), s.within(10, 40), s.within(.05, .2)
	grain := rand.New(rand.NewPCG(uint64(s.n), 5))
	const cells = 220
	var missing [cells * cells]bool
	for i := range missing {
		missing[i] = grain.Float64() < lost
	}
	s.on = func(x, y, luma float64) float64 {
		if luma > s.paper-20 {
			return luma
		}
		if i := int(y*cells)*cells + int(x*cells); i >= 0 && i < len(missing) && missing[i] {
			return s.paper
		}
		return luma + (s.paper-luma)*.55*math.Max(0, math.Sin(x*streaks+phase))
	}
}

// plane is luma before it is cut to bytes.
type plane [WideWidth * WideHeight]float64

func (s *shot) develop() []byte { return s.expose(s.draw()) }

func (s *shot) draw() *plane {
	p := new(plane)
	for i := range p {
		p[i] = s.ground + 25*math.Sin(float64(i%WideWidth)/170)*math.Cos(float64(i/WideWidth)/120)
	}
	s.over(p)
	return p
}

// over lays the sheet onto the picture, seen from a camera at a distance of twice its width.
func (s *shot) over(p *plane) {
	sinT, cosT := math.Sincos(s.turn)
	sinL, cosL := math.Sincos(s.lean)
	sinP, cosP := math.Sincos(s.pitch)
	reach := int(s.side)
	for y := max(0, int(s.y)-reach); y < min(WideHeight, int(s.y)+reach); y++ {
		for x := max(0, int(s.x)-reach); x < min(WideWidth, int(s.x)+reach); x++ {
			sum, inside := 0.0, 0.0
			for k := range 4 {
				px, py := (float64(x)+.25+.5*float64(k&1)-s.x)/s.side, (float64(y)+.25+.5*float64(k>>1)-s.y)/s.side
				u, v := px*cosT+py*sinT, py*cosT-px*sinT
				// The sheet is turned by lean, then by pitch; u cosL and v cosP are where the ray meets it.
				depth := cosL*cosP - (u*sinL+v*sinP*cosL)/2
				u, v = u/depth+.5, v/depth+.5
				if luma, ok := s.sheet(u, v); ok {
					sum += luma
					inside++
				}
			}
			if inside > 0 {
				i := y*WideWidth + x
				p[i] = (sum + p[i]*(4-inside)) / 4
			}
		}
	}
}

// sheet is the luma of the ticket at a place in parts of the code's width with its quiet zone.
func (s *shot) sheet(u, v float64) (float64, bool) {
	if u < 0 || v < 0 || u >= 1 || v >= 1 {
		return 0, false
	}
	luma, modules := s.paper, float64(len(s.code)+2*quiet)
	if c, r := int(u*modules)-quiet, int(v*modules)-quiet; c >= 0 && r >= 0 && c < len(s.code) && r < len(s.code) && s.code[r][c] {
		luma = s.ink
	}
	if s.on != nil {
		luma = s.on(u, v, luma)
	}
	return luma, true
}

func (s *shot) expose(p *plane) []byte {
	for i := range p {
		p[i] = clamp(p[i])
	}
	p.blur(s.soft)
	for _, change := range s.later {
		change(p)
	}
	out := make([]byte, len(p))
	for i, luma := range p {
		out[i] = byte(clamp(luma + s.NormFloat64()*s.noise))
	}
	if s.quality == 0 {
		return out
	}
	var file bytes.Buffer
	gray := &image.Gray{Pix: out, Stride: WideWidth, Rect: image.Rect(0, 0, WideWidth, WideHeight)}
	if err := jpeg.Encode(&file, gray, &jpeg.Options{Quality: s.quality}); err != nil {
		panic(err) // a buffer takes all
	}
	back, err := jpeg.Decode(&file)
	if err != nil {
		panic(err) // the encoder's own file
	}
	return back.(*image.Gray).Pix[:len(out)] //nolint:forcetypeassert // what was gray stays so
}

func clamp(luma float64) float64 { return math.Min(255, math.Max(0, luma)) }

// blur is a Gaussian of a radius in pixels.
func (p *plane) blur(sigma float64) {
	reach := int(math.Ceil(2.5 * sigma))
	kernel, sum := make([]float64, 2*reach+1), 0.0
	for i := range kernel {
		kernel[i] = math.Exp(-math.Pow(float64(i-reach)/sigma, 2) / 2)
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	q := new(plane)
	for y := range WideHeight {
		row := p[y*WideWidth : (y+1)*WideWidth]
		for x := range row {
			luma := 0.0
			for k, weight := range kernel {
				luma += weight * row[min(WideWidth-1, max(0, x+k-reach))]
			}
			q[y*WideWidth+x] = luma
		}
	}
	clear(p[:])
	for y := range WideHeight {
		to := p[y*WideWidth : (y+1)*WideWidth]
		for k, weight := range kernel {
			from := q[min(WideHeight-1, max(0, y+k-reach))*WideWidth:]
			for x := range to {
				to[x] += weight * from[x]
			}
		}
	}
}

// smear is a hand that moved by so many pixels while the picture was taken.
func (p *plane) smear(long, angle float64) {
	q := *p
	dy, dx := math.Sincos(angle)
	steps := int(math.Ceil(long))
	for i := range p {
		sum := 0.0
		for k := range steps {
			along := float64(k) - float64(steps)/2
			x, y := i%WideWidth+int(math.Round(along*dx)), i/WideWidth+int(math.Round(along*dy))
			sum += q[min(WideHeight-1, max(0, y))*WideWidth+min(WideWidth-1, max(0, x))]
		}
		p[i] = sum / float64(steps)
	}
}
