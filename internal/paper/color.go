package paper

import (
	"fmt"
	"math"
	"strconv"

	"turnout"
)

// Color is an sRGB colour. The zero value is black.
type Color struct{ R, G, B uint8 }

// Colours used on every document.
var (
	Black = Color{0x11, 0x14, 0x1a}
	Grey  = Color{0x5b, 0x63, 0x70}
	Faint = Color{0xd9, 0xdd, 0xe3}
	Mist  = Color{0xf3, 0xf5, 0xf8}
	White = Color{0xff, 0xff, 0xff}
)

// ParseColor reads "#rrggbb".
func ParseColor(s string) (Color, error) {
	if len(s) == 7 && s[0] == '#' {
		if v, err := strconv.ParseUint(s[1:], 16, 32); err == nil {
			return Color{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
		}
	}
	return Color{}, turnout.Invalidf("color", "color", "Write the colour as #rrggbb, not as %q.", s)
}

// String gives "#rrggbb".
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Mix blends c with other: share 0 is c, share 1 is other.
func (c Color) Mix(other Color, share float64) Color {
	share = min(1, max(0, share))
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*share)) }
	return Color{mix(c.R, other.R), mix(c.G, other.G), mix(c.B, other.B)}
}

// readable is the contrast that WCAG 2.2 AA asks of text.
const readable = 4.5

// On is a text colour that can be read on c: white, our black or, where neither reaches a contrast of 4.5:1, black itself.
// (The contrasts of white and black multiply to 21, so one of them always reaches it.)
func (c Color) On() Color {
	for _, on := range []Color{White, Black} {
		if c.contrast(on) >= readable {
			return on
		}
	}
	return Color{}
}

// OnSoft is On for what matters less: mixed with c as far as it can still be read.
func (c Color) OnSoft() Color {
	for share := 0.22; share > 0; share -= 0.02 {
		if soft := c.On().Mix(c, share); c.contrast(soft) >= readable {
			return soft
		}
	}
	return c.On()
}

// Readable darkens c until text in it on the ground, a light colour, can be read.
func (c Color) Readable(ground Color) Color {
	for c.contrast(ground) < readable {
		c = c.Mix(Color{}, 0.08)
	}
	return c
}

// contrast is the ratio of WCAG 2.2 between two colours, 1 to 21.
func (c Color) contrast(other Color) float64 {
	a, b := c.luminance(), other.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2.
func (c Color) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
