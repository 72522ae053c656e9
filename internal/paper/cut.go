package paper

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// cutTable says where the outlines of a text font are in its file; templates/pdf/subset.py writes it.
type cutTable struct {
	Glyphs     [256][]int // by code: the glyphs it needs (more than one for letters put together from parts)
	Count      int        // of all glyphs
	Loca, Glyf int        // offsets of the tables
	LongLoca   bool
}

// cutter gives gofpdf, when it writes a document, each text font with only the outlines that the document uses. The file
// keeps its length (gofpdf has written that already): what is left out becomes zeros, which compress to nothing.
type cutter struct{ doc *Doc }

// Open implements gofpdf.FontLoader.
func (c cutter) Open(name string) (io.Reader, error) {
	if name == blankFile {
		return bytes.NewReader(blankFont()), nil
	}
	f := fonts().byFile[name]
	if f == nil || c.doc.used[f] == nil {
		return nil, fmt.Errorf("paper: no font file %q", name)
	}
	return bytes.NewReader(cuts.of(f, c.doc.used[f])), nil
}

type cutKey struct {
	font *textFont
	used [256]bool
}

// cutCache keeps the latest cuts: the tickets of one event mostly use the same letters.
type cutCache struct {
	mu   sync.Mutex
	made map[cutKey][]byte
}

const cutCacheSize = 256 // of some 4 kB each

var cuts = cutCache{made: map[cutKey][]byte{}}

func (c *cutCache) of(f *textFont, used *[256]bool) []byte {
	key := cutKey{f, *used}
	c.mu.Lock()
	file, ok := c.made[key]
	c.mu.Unlock()
	if ok {
		return file
	}
	file = deflate(f.cutTo(used))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.made) >= cutCacheSize {
		clear(c.made)
	}
	c.made[key] = file
	return file
}

// cutTo copies the font file, keeps the glyphs of the used codes one after the other and empties all others
// (two equal offsets in `loca`: no outline).
func (f *textFont) cutTo(used *[256]bool) []byte {
	keep := map[int]bool{0: true}
	for code, glyphs := range f.cut.Glyphs {
		if used[code] {
			for _, g := range glyphs {
				keep[g] = true
			}
		}
	}
	whole := f.file()
	out := bytes.Clone(whole)
	end := 0
	for g := range f.cut.Count {
		from, to := f.cut.offset(whole, g), f.cut.offset(whole, g+1)
		f.cut.setOffset(out, g, end)
		if keep[g] {
			end += copy(out[f.cut.Glyf+end:], whole[f.cut.Glyf+from:f.cut.Glyf+to])
		}
	}
	f.cut.setOffset(out, f.cut.Count, end)
	last := f.cut.offset(whole, f.cut.Count)
	clear(out[f.cut.Glyf+end : f.cut.Glyf+last])
	return out
}

func (t cutTable) offset(file []byte, glyph int) int {
	if t.LongLoca {
		return int(binary.BigEndian.Uint32(file[t.Loca+4*glyph:]))
	}
	return 2 * int(binary.BigEndian.Uint16(file[t.Loca+2*glyph:]))
}

func (t cutTable) setOffset(file []byte, glyph, offset int) {
	if t.LongLoca {
		binary.BigEndian.PutUint32(file[t.Loca+4*glyph:], uint32(offset))
	} else {
		binary.BigEndian.PutUint16(file[t.Loca+2*glyph:], uint16(offset/2))
	}
}

// deflaters waits with compressors for reuse: a new one takes more time and memory than the few kilobytes that it compresses.
// (A sync.Pool would drop them at each garbage collection.)
var deflaters = make(chan *zlib.Writer, 4)

func deflate(data []byte) []byte {
	var w *zlib.Writer
	var out bytes.Buffer
	out.Grow(len(data) / 2)
	select {
	case w = <-deflaters:
		w.Reset(&out)
	default:
		var err error
		w, err = zlib.NewWriterLevel(&out, zlib.BestSpeed)
		must(err)
	}
	_, err := w.Write(data)
	must(err) // a buffer takes everything
	must(w.Close())
	select {
	case deflaters <- w:
	default:
	}
	return out.Bytes()
}

func inflate(data []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(data))
	must(err)
	out, err := io.ReadAll(r)
	must(err)
	return out
}
