// Package paper draws the PDFs that Turnout prints, on top of gofpdf.
//
// Every string goes through one guarded path: gofpdf panics on runes above U+FFFF, cuts text at invalid UTF-8, and
// knows no font fallback and no shaping. Latin, Greek, Cyrillic, Georgian and Armenian are real text in DejaVu Sans, in 8-bit fonts
// cut beforehand (templates/pdf says how and why). All other scripts, free combining marks and emoji are shaped by
// HarfBuzz's rules and drawn as outlines, with invisible text over them so that they can be selected and searched. Mixed
// directions follow the Unicode bidirectional algorithm. A rune that no font has is a box with its code point.
//
// Places and sizes are millimetres from the top left corner of the page; font sizes are points. The same calls with the same
// [Metadata] give the same bytes. A Doc belongs to one goroutine; any number of Docs may be drawn at once.
package paper

import (
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/jung-kurt/gofpdf"
)

// Paper is the size of a page in millimetres.
type Paper struct{ Width, Height float64 }

// The sizes that Turnout prints on. Phone is a page that fills a phone's screen; FourBySix is the label of 4 by 6 inches.
var (
	A3        = Paper{297, 420}
	A4        = Paper{210, 297}
	A6        = Paper{105, 148}
	Letter    = Paper{215.9, 279.4}
	FourBySix = Paper{101.6, 152.4}
	Phone     = Paper{90, 195}
)

// Turned is the page on its side.
func (p Paper) Turned() Paper { return Paper{p.Height, p.Width} }

// Metadata is what a PDF says about itself. Made is written as the date of creation and change;
// it comes from the data, never from the clock of the machine, so that equal input gives equal bytes.
type Metadata struct {
	Title, Author, Subject, Keywords string
	Made                             time.Time
}

// Doc is one PDF being drawn.
type Doc struct {
	pdf     *gofpdf.Fpdf
	paper   Paper
	header  func(page int)
	footer  func(page, pages int)
	buf     []byte
	used    map[*textFont]*[256]bool // the text fonts in the document, with the codes that are drawn
	blank   map[rune]bool            // so are these blocks of the font of the invisible text
	font    string                   // the font and size that the page's content is set to
	content int                      // bytes drawn so far
	size    float64
	images  map[string]struct{} // by name, to embed each picture once
	widths  map[int]bool        // of the pictures so far, in pixels
	sketch  *sketch             // instead of a PDF; nil for one
}

// smallContent is how many bytes of drawing are left as they are: gofpdf takes a new compressor for each page, which costs a
// tenth of the time of a ticket and saves it few kilobytes.
const smallContent = 14_000

const pointsPerMM = 72 / 25.4

// New starts a document. It has no page yet.
func New(m Metadata, p Paper) *Doc {
	pdf := gofpdf.NewCustom(&gofpdf.InitType{UnitStr: "mm", Size: gofpdf.SizeType{Wd: p.Width, Ht: p.Height}})
	pdf.SetCatalogSort(true)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	made := m.Made.UTC()
	if made.IsZero() { // gofpdf would take the clock's time
		made = time.Unix(0, 0).UTC()
	}
	pdf.SetCreationDate(made)
	pdf.SetModificationDate(made)
	pdf.SetProducer("Turnout", false)
	pdf.SetTitle(infoString(m.Title), false)
	pdf.SetAuthor(infoString(m.Author), false)
	pdf.SetSubject(infoString(m.Subject), false)
	pdf.SetKeywords(infoString(m.Keywords), false)
	d := &Doc{pdf: pdf, paper: p, used: map[*textFont]*[256]bool{}, blank: map[rune]bool{}, images: map[string]struct{}{}, widths: map[int]bool{}}
	pdf.SetFontLoader(cutter{d})
	return d
}

// OnPage sets what is drawn on each page: header when a page begins (the new page's number), footer when the document
// is written (also the count of pages, known by then). Either may be nil. Pages that exist already get no header.
func (d *Doc) OnPage(header func(page int), footer func(page, pages int)) {
	d.header, d.footer = header, footer
}

// AddPage begins a new page.
func (d *Doc) AddPage() {
	d.pdf.AddPage()
	d.font = ""
	if d.header != nil {
		d.header(d.pdf.PageNo())
	}
}

// AddPageOf begins a new page of another size than the document's: a label as long as what stands on it.
func (d *Doc) AddPageOf(p Paper) {
	d.paper = p
	d.pdf.AddPageFormat("P", gofpdf.SizeType{Wd: p.Width, Ht: p.Height})
	d.font = ""
	if d.header != nil {
		d.header(d.pdf.PageNo())
	}
}

// Page is the number of the page being drawn, from 1; 0 before the first.
func (d *Doc) Page() int { return d.pdf.PageNo() }

// Paper is the size of the page being drawn.
func (d *Doc) Paper() Paper { return d.paper }

// Bookmark puts the page being drawn into the reader's outline; level 0 is the top.
func (d *Doc) Bookmark(title string, level int) {
	if t := Clean(title); t != "" && d.Page() > 0 {
		d.setFont(fonts().text[0][fonts().ascii], 10) // with a UTF-8 font set, gofpdf would convert the title itself
		d.pdf.Bookmark(infoString(t), level, 0)
	}
}

// Link makes a rectangle open a web or mail address. Anything else than http, https and mailto is ignored.
func (d *Doc) Link(x, y, w, h float64, address string) {
	if d.sketch != nil {
		return
	}
	lower := strings.ToLower(address)
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if strings.HasPrefix(lower, scheme) {
			d.pdf.LinkString(x, y, w, h, asciiAddress(address))
			return
		}
	}
}

// Write draws the footers and writes the PDF. The document is finished then.
func (d *Doc) Write(w io.Writer) error {
	if d.footer != nil {
		pages := d.Page()
		for page := 1; page <= pages; page++ {
			d.pdf.SetPage(page)
			d.font = ""
			d.footer(page, pages)
		}
	}
	d.pdf.SetCompression(d.content > smallContent)
	return d.pdf.Output(w)
}

// infoString encodes a clean string as the document information wants it: UTF-16 with a mark, unless it is ASCII.
func infoString(s string) string {
	s = Clean(s)
	if printableASCII(s) {
		return s
	}
	b := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return string(b)
}

// asciiAddress percent-encodes what may not stand in an address.
func asciiAddress(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7F || c == '(' || c == ')' || c == '\\' || c == '"' || c == '<' || c == '>' {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
