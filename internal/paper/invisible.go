package paper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Invisible text lies over outlines, in text rendering mode 3 and stretched to the same width, so that a reader can select,
// copy and search them. It is set in a font of one empty glyph under many encodings: each covers a block of Unicode and names its
// codes by the Adobe glyph list's rule (uni0628, u1F388), from which readers know the characters. Blocks are small: a line of Han has
// nearly as many as characters, and each is a font in the document.

const (
	blankFile  = "blank.z"
	blockSize  = 32
	firstCode  = 36
	blankWidth = 500 // of each character, in thousandths of an em
)

var blankFont = sync.OnceValue(func() []byte { return deflate(mustRead("blank.ttf")) })

func (d *Doc) drawInvisible(x, y float64, p piece, style Style) {
	if len(p.runes) == 0 || p.width <= 0 {
		return
	}
	each := p.width / 1000 * style.Size / float64(len(p.runes))
	for start := 0; start < len(p.runes); {
		block, end := p.runes[start]/blockSize, start
		for end < len(p.runes) && p.runes[end]/blockSize == block {
			end++
		}
		d.setBlank(block, style.Size)
		b := append(d.buf[:0], "q BT 3 Tr "...)
		b = append(appendNumbers(b, 100*each/(style.Size*blankWidth/1000)), "Tz "...)
		b = append(appendNumbers(b, x+each*float64(start), y), "Td <"...)
		for _, r := range p.runes[start:end] {
			b = fmt.Appendf(b, "%02X", firstCode+r%blockSize)
		}
		d.emit(append(b, "> Tj ET Q"...))
		start = end
	}
}

// setBlank selects the invisible font for a block of Unicode.
func (d *Doc) setBlank(block rune, size float64) {
	family := fmt.Sprintf("blank-%d", block)
	if !d.blank[block] {
		d.blank[block] = true
		d.pdf.AddFontFromReader(family, "", bytes.NewReader(blanks.of(block)))
	}
	d.selectFont(family, size)
}

// blankCache keeps the definitions used lately, of some 1.5 kB each. It is emptied when full.
type blankCache struct {
	mu   sync.Mutex
	made map[rune][]byte
}

const blankCacheSize = 1024

var blanks = blankCache{made: map[rune][]byte{}}

func (c *blankCache) of(block rune) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	definition := c.made[block]
	if definition == nil {
		if len(c.made) >= blankCacheSize {
			clear(c.made)
		}
		definition = blankDefinition(block)
		c.made[block] = definition
	}
	return definition
}

// blankDefinition is gofpdf's definition of the invisible font for one block.
func blankDefinition(block rune) []byte {
	var names strings.Builder
	fmt.Fprintf(&names, "%d", firstCode)
	var widths [256]int
	for i := range rune(blockSize) {
		r := block*blockSize + i
		if r <= 0xFFFF {
			fmt.Fprintf(&names, " /uni%04X", r)
		} else {
			fmt.Fprintf(&names, " /u%X", r)
		}
		widths[firstCode+i] = blankWidth
	}
	definition, err := json.Marshal(map[string]any{
		"Tp": "TrueType", "Name": fmt.Sprintf("AAAAAA+Blank-%d", block), "Cw": widths[:], "Enc": "cp1252", "Diff": names.String(), "File": blankFile,
		"OriginalSize": len(mustRead("blank.ttf")),
		"Desc":         map[string]any{"Ascent": 800, "Descent": -200, "CapHeight": 700, "Flags": 32, "FontBBox": map[string]int{"Xmax": blankWidth, "Ymax": 800}},
	})
	must(err)
	return definition
}
