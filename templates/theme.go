package templates

import (
	"fmt"
	"math"
	"strconv"
)

// Accent is Turnout's own accent colour, for communities and events that chose none.
const Accent = "#4f46e5"

// readable is the contrast that WCAG 2.2 AA asks of text (success criterion 1.4.3).
const readable = 4.5

// ValidAccent reports whether a colour is "#rrggbb".
func ValidAccent(accent string) bool {
	_, ok := parseHex(accent)
	return ok
}

// Theme gives the stylesheet of a brand: its accent colour, the text colour on it, and shades of it that can be read
// on the light and on the dark page, all with a contrast of at least 4.5:1. Anything but "#rrggbb" gives Turnout's own.
func Theme(accent string) []byte {
	base, ok := parseHex(accent)
	if !ok {
		base, _ = parseHex(Accent)
	}
	on := onColour(base)
	away := rgb{255 - on.r, 255 - on.g, 255 - on.b} // hovering moves away from the text, so it stays readable
	light := reach(base, rgb{250, 250, 252}, rgb{0, 0, 0})
	dark := reach(base, rgb{30, 30, 38}, rgb{255, 255, 255})
	return fmt.Appendf(nil, ":root{--accent:%s;--accent-hover:%s;--on-accent:%s;--accent-text-light:%s;--accent-text-dark:%s}\n",
		base, mix(base, away, 0.12), on, light, dark)
}

// shades are an accent colour where no stylesheet reaches: in mails, on white.
type shades struct{ Fill, On, Text string }

// shadesOf gives a colour to fill with, the text colour on it, and the colour as text on white, readable all; anything but
// "#rrggbb" gives Turnout's own.
func shadesOf(accent string) shades {
	base, ok := parseHex(accent)
	if !ok {
		base, _ = parseHex(Accent)
	}
	return shades{base.String(), onColour(base).String(), reach(base, rgb{255, 255, 255}, rgb{}).String()}
}

// onColour is white where white can be read on the colour, else black: the product of the two contrasts is 21, so one of
// them is always above 4.58.
func onColour(c rgb) rgb {
	if white := (rgb{255, 255, 255}); contrast(c, white) >= readable {
		return white
	}
	return rgb{}
}

// reach mixes the colour with an end of the scale until it can be read on the ground.
func reach(c, ground, end rgb) rgb {
	for step := 0.0; step < 1; step += 0.02 {
		if mixed := mix(c, end, step); contrast(mixed, ground) >= readable+0.2 {
			return mixed
		}
	}
	return end
}

type rgb struct{ r, g, b uint8 }

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

func parseHex(text string) (rgb, bool) {
	if len(text) != 7 || text[0] != '#' {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{uint8(n >> 16), uint8(n >> 8 & 0xff), uint8(n & 0xff)}, true
}

func mix(a, b rgb, share float64) rgb {
	one := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-share) + float64(y)*share)) }
	return rgb{one(a.r, b.r), one(a.g, b.g), one(a.b, b.b)}
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2 for sRGB.
func luminance(c rgb) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}
