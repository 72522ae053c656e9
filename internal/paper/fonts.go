package paper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"

	"turnout/templates/pdf"
)

// textFont is an 8-bit font cut beforehand: at most 224 characters of DejaVu Sans.
type textFont struct {
	family     string
	definition []byte // gofpdf's JSON
	file       func() []byte
	width      [256]int
	cut        cutTable
}

// outlineFont is a font whose glyphs are drawn as shapes. It is parsed when first used.
type outlineFont struct {
	name   string
	ranges []rune // pairs of first and last, rising
	parse  func() *font.Font
}

// place is where a rune is found in the text fonts.
type place struct {
	page int
	code byte
}

// library is everything read from the embedded fonts; it never changes after loading, so all documents share it.
type library struct {
	text     [2][]*textFont // regular, bold; equal pages at equal index
	places   map[rune]place
	ascii    int // index of the page that has ASCII under its own codes
	outlines []*outlineFont
	byFile   map[string]*textFont // by the file name in gofpdf's definition
}

var fonts = sync.OnceValue(loadFonts)

// loadFonts reads the embedded index files. It panics when they are damaged: then the program was built wrong.
func loadFonts() *library {
	l := &library{places: map[rune]place{}}
	names, err := pdf.Fonts.ReadDir("text")
	must(err)
	for _, entry := range names {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON || strings.HasPrefix(name, "sans-bold-") {
			continue
		}
		page := len(l.text[0])
		regular, runes := loadTextFont(name)
		bold, _ := loadTextFont(strings.Replace(name, "sans-", "sans-bold-", 1))
		l.text[0], l.text[1] = append(l.text[0], regular), append(l.text[1], bold)
		for code, r := range runes {
			if r != 0 {
				l.places[r] = place{page, byte(code)}
			}
		}
		if runes['A'] == 'A' {
			l.ascii = page
		}
	}
	l.places[0xA0] = l.places[' ']
	l.byFile = map[string]*textFont{}
	for _, f := range slices.Concat(l.text[0], l.text[1]) {
		l.byFile[f.family+".z"] = f
	}
	l.outlines = loadOutlines()
	return l
}

func loadTextFont(name string) (*textFont, []rune) {
	raw := mustRead("text/" + name + ".json")
	var known struct {
		Cw    [256]int
		Runes []rune
		cutTable
	}
	must(json.Unmarshal(raw, &known))
	definition := map[string]json.RawMessage{}
	must(json.Unmarshal(raw, &definition))
	for _, ours := range []string{"Runes", "Glyphs", "Count", "Loca", "Glyf", "LongLoca"} { // gofpdf reads the rest for every document: keep it short
		delete(definition, ours)
	}
	small, err := json.Marshal(definition)
	must(err)
	return &textFont{
		family: name, definition: small, width: known.Cw, cut: known.cutTable,
		file: sync.OnceValue(func() []byte { return inflate(mustRead("text/" + name + ".z")) }),
	}, known.Runes
}

func loadOutlines() []*outlineFont {
	coverage := map[string][]rune{}
	must(json.Unmarshal(mustRead("coverage.json"), &coverage))
	var all []*outlineFont
	for name, ranges := range coverage {
		file := "outlines/" + name + ".z"
		all = append(all, &outlineFont{
			name:   strings.TrimSuffix(name, path.Ext(name)),
			ranges: ranges,
			parse: sync.OnceValue(func() *font.Font {
				face, err := font.ParseTTF(bytes.NewReader(inflate(mustRead(file))))
				must(err)
				return face.Font
			}),
		})
	}
	// The order in which fonts are asked for a character that belongs to no script: DejaVu before
	// the rest, emoji before the fonts of scripts, which carry stray signs.
	rank := func(f *outlineFont) int {
		return 1 + slices.Index([]string{"DejaVuSans", "DejaVuSans-Bold", "NotoEmoji", "DroidSansFallback"}, f.name)
	}
	slices.SortFunc(all, func(a, b *outlineFont) int {
		ra, rb := rank(a), rank(b)
		switch {
		case ra == 0 && rb == 0:
			return strings.Compare(a.name, b.name)
		case ra == 0:
			return 1
		case rb == 0:
			return -1
		}
		return ra - rb
	})
	return all
}

// has says whether the font has a glyph for r, without parsing it.
func (f *outlineFont) has(r rune) bool {
	i := sort.Search(len(f.ranges)/2, func(i int) bool { return f.ranges[2*i+1] >= r })
	return i < len(f.ranges)/2 && f.ranges[2*i] <= r
}

// outline finds an outline font by name.
func (l *library) outline(name string) *outlineFont {
	i := slices.IndexFunc(l.outlines, func(f *outlineFont) bool { return f.name == name })
	if i < 0 {
		panic("paper: no font " + name)
	}
	return l.outlines[i]
}

func mustRead(name string) []byte {
	data, err := pdf.Fonts.ReadFile(name)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		panic(fmt.Errorf("paper: embedded fonts: %w", err))
	}
}
