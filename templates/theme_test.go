package templates

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The pairs of the WCAG working group's own examples: black on white is 21, #777777 on white just fails AA.
func TestContrast(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#ff0000", "#ffffff", 4.0}} {
		a, _ := parseHex(test.a)
		b, _ := parseHex(test.b)
		if got := contrast(a, b); math.Abs(got-test.want) > 0.01 {
			t.Errorf("%s on %s: %.3f, want %.2f", test.a, test.b, got, test.want)
		}
	}
}

func TestEveryAccentCanBeRead(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	value := regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})`)
	accents := []string{"#000000", "#ffffff", "#ffff00", "#00ff00", "#0000ff", "#777777", Accent}
	for range 2000 {
		accents = append(accents, fmt.Sprintf("#%06x", random.IntN(1<<24)))
	}
	for _, accent := range accents {
		colours := map[string]rgb{}
		for _, m := range value.FindAllStringSubmatch(string(Theme(accent)), -1) {
			colours[m[1]], _ = parseHex(m[2])
		}
		for _, pair := range []struct {
			text string
			on   rgb
		}{{"on-accent", colours["accent"]}, {"on-accent", colours["accent-hover"]}, {"accent-text-light", rgb{255, 255, 255}}, {"accent-text-light", rgb{250, 250, 252}}, {"accent-text-dark", rgb{30, 30, 38}}} {
			if got := contrast(colours[pair.text], pair.on); got < readable {
				t.Errorf("%s: %s on %s has only %.2f", accent, pair.text, pair.on, got)
			}
		}
	}
}

func TestThemeTakesNothingButHexColours(t *testing.T) {
	for _, bad := range []string{"", "red", "#fff", "#12345g", "#4f46e5;}body{display:none", "url(x)", "#+12345"} {
		if ValidAccent(bad) {
			t.Errorf("%q is taken for a colour", bad)
		}
		if css := string(Theme(bad)); !strings.Contains(css, "--accent:"+Accent) {
			t.Errorf("%q gives %s", bad, css)
		}
	}
}

// In mails too a button and a link can be read, whatever the accent; one that is none gives Turnout's own.
func TestShadesOfMails(t *testing.T) {
	for _, accent := range []string{"#ffd400", "#0f766e", "#ffffff", "#000000", "#777777", "", "red", "#12345g"} {
		s := shadesOf(accent)
		colour := func(text string) rgb {
			c, ok := parseHex(text)
			if !ok {
				t.Fatalf("%s: %q is no colour", accent, text)
			}
			return c
		}
		if c := contrast(colour(s.Fill), colour(s.On)); c < readable {
			t.Errorf("%s: the button's contrast is %.2f", accent, c)
		}
		if c := contrast(colour(s.Text), rgb{255, 255, 255}); c < readable {
			t.Errorf("%s: the link's contrast is %.2f", accent, c)
		}
		if want := accent; ValidAccent(accent) && s.Fill != want || !ValidAccent(accent) && s.Fill != Accent {
			t.Errorf("%s: filled with %s", accent, s.Fill)
		}
	}
}
