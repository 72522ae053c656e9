package documents

import (
	"io"
	"strings"
	"time"

	"turnout"
	"turnout/internal/paper"
)

// BadgeLayout is how a badge is laid out.
type BadgeLayout string

// The layouts of a badge.
const (
	BadgeBrand   BadgeLayout = "brand"   // a head in the event's colour with its logo
	BadgeName    BadgeLayout = "name"    // the name from edge to edge
	BadgeDetails BadgeLayout = "details" // the name above what was answered, all in one column
	BadgeThermal BadgeLayout = "thermal" // black only
)

// BadgeLayouts lists them all, the default first.
var BadgeLayouts = []BadgeLayout{BadgeBrand, BadgeName, BadgeDetails, BadgeThermal}

// BadgePaper is what badges are printed on.
type BadgePaper string

// The papers of badges.
const (
	BadgeA4    BadgePaper = "a4"       // sheets of eight with cut marks
	BadgeFold  BadgePaper = "a4_fold"  // sheets of four that are folded, the same on both sides
	BadgeA6    BadgePaper = "a6"       // one badge a page
	Badge4x6   BadgePaper = "4x6"      // one a page, in inches
	BadgeLabel BadgePaper = "label_62" // one a label of 62 mm, as long as what stands on it, black only
)

// BadgePapers lists them all, the default first.
var BadgePapers = []BadgePaper{BadgeA4, BadgeFold, BadgeA6, Badge4x6, BadgeLabel}

// LeastName is the smallest size, in points, of a name on a badge: it is read at arm's length. Before a name gets smaller than that it
// takes two lines, then more where there is room; one that is too long even so is cut and ends in an ellipsis.
const LeastName = 14.0

// BadgeSheet is badges of one event that are printed together.
type BadgeSheet struct {
	Layout    BadgeLayout
	Paper     BadgePaper
	FirstName bool // the first word of the name large, the rest smaller
	Title     string
	Accent    string // "#rrggbb"; empty for Turnout's own
	Logo      []byte // PNG or JPEG; may be empty. One that cannot be read is left out
	NoName    string // stands in for an empty name
	Badges    []Badge
	Made      time.Time // written into the file as its date
}

// Badge is what stands on one badge. What is empty is left out.
type Badge struct {
	Name  string
	Lines []string // answers, the first one larger
	Type  string   // of the ticket
	Order string   // its public code
	Code  string   // what the QR says
	Band  string   // "SPEAKER", at the lower edge
	Color string   // of the band, "#rrggbb"; empty for the event's
}

// BadgesPDF writes badges as one PDF. The same badges give the same bytes. The answer is Invalid when there is none, a code does not fit a
// QR, or a colour is none.
func BadgesPDF(w io.Writer, s BadgeSheet) error {
	if len(s.Badges) == 0 {
		return turnout.Invalidf("badges", "required", "There is no badge to print.")
	}
	size, cells := s.sheet()
	d := paper.New(paper.Metadata{Title: s.Title, Subject: "Badges", Made: s.Made}, size)
	for i, b := range s.Badges {
		f, err := s.face(d, b)
		if err != nil {
			return err
		}
		switch {
		case s.Paper == BadgeLabel:
			d.AddPageOf(paper.Paper{Width: labelWidth, Height: f.labelHeight()})
			f.box = paper.Box{W: labelWidth, H: d.Paper().Height}
			f.draw()
			continue
		case i%cells == 0:
			d.AddPage()
			s.marks(d)
		}
		for _, f.box = range s.places(i % cells) {
			f.draw()
		}
	}
	return d.Write(w)
}

// BadgePicture writes the first badge as SVG, without the sheet around it, looking as in the PDF. It refuses what BadgesPDF does.
func BadgePicture(w io.Writer, s BadgeSheet) error {
	if len(s.Badges) == 0 {
		return turnout.Invalidf("badges", "required", "There is no badge to print.")
	}
	f, err := s.face(nil, s.Badges[0])
	if err != nil {
		return err
	}
	size, _ := s.sheet()
	switch s.Paper {
	case BadgeA4, BadgeFold:
		size = paper.Paper{Width: sheetBadge.W, Height: sheetBadge.H}
	case BadgeLabel:
		size.Height = f.labelHeight()
	}
	f.Doc, f.box = paper.NewPicture(size), paper.Box{W: size.Width, H: size.Height}
	f.draw()
	return f.WriteSVG(w)
}

// NameIsCut says whether a badge's name is too long for it and ends in an ellipsis.
func (s BadgeSheet) NameIsCut(b Badge) bool {
	f, err := s.face(nil, Badge{Name: b.Name, Code: b.Code})
	if err != nil {
		return false
	}
	size, _ := s.sheet()
	f.box = paper.Box{W: size.Width, H: size.Height}
	if s.Paper == BadgeA4 || s.Paper == BadgeFold {
		f.box = sheetBadge
	}
	_, whole := f.nameParts(f.nameWidth())
	return !whole
}

// The measures of sheets and labels, in millimetres.
const labelWidth = 62.0

var sheetBadge = paper.Box{X: 10, Y: 12.5, W: 95, H: 68} // the first on a sheet

// sheet is the paper and how many badges a page has.
func (s BadgeSheet) sheet() (size paper.Paper, badges int) {
	switch s.Paper {
	case BadgeA6:
		return paper.A6, 1
	case Badge4x6:
		return paper.FourBySix, 1
	case BadgeLabel:
		return paper.Paper{Width: labelWidth, Height: 100}, 1
	case BadgeFold:
		return paper.A4, 4
	}
	return paper.A4, 8
}

// places are where the i-th badge of a page stands: both halves, where it is folded.
func (s BadgeSheet) places(i int) []paper.Box {
	at := func(column, row int) paper.Box {
		return paper.Box{X: sheetBadge.X + float64(column)*sheetBadge.W, Y: sheetBadge.Y + float64(row)*sheetBadge.H, W: sheetBadge.W, H: sheetBadge.H}
	}
	switch s.Paper {
	case BadgeFold:
		return []paper.Box{at(0, i), at(1, i)}
	case BadgeA4, "":
		return []paper.Box{at(i%2, i/2)}
	}
	size, _ := s.sheet()
	return []paper.Box{{W: size.Width, H: size.Height}}
}

// marks draws where a sheet is cut, in its margins, and where it is folded.
func (s BadgeSheet) marks(d *paper.Doc) {
	if s.Paper != BadgeA4 && s.Paper != BadgeFold && s.Paper != "" {
		return
	}
	const columns, rows, far, near = 2, 4, 7.5, 1.5 // the mark's ends, from the badges
	right, bottom := sheetBadge.X+columns*sheetBadge.W, sheetBadge.Y+rows*sheetBadge.H
	for i := range rows + 1 {
		y := sheetBadge.Y + float64(i)*sheetBadge.H
		d.Line(paper.Point{X: sheetBadge.X - far, Y: y}, paper.Point{X: sheetBadge.X - near, Y: y}, 0.2, 0, paper.Black)
		d.Line(paper.Point{X: right + near, Y: y}, paper.Point{X: right + far, Y: y}, 0.2, 0, paper.Black)
	}
	for i := range columns + 1 {
		x, dash := sheetBadge.X+float64(i)*sheetBadge.W, 0.0
		if s.Paper == BadgeFold && i == 1 {
			dash = 0.8
		}
		d.Line(paper.Point{X: x, Y: sheetBadge.Y - far}, paper.Point{X: x, Y: sheetBadge.Y - near}, 0.2, dash, paper.Black)
		d.Line(paper.Point{X: x, Y: bottom + near}, paper.Point{X: x, Y: bottom + far}, 0.2, dash, paper.Black)
	}
}

// face makes a badge ready to be drawn.
func (s BadgeSheet) face(d *paper.Doc, b Badge) (f badgeFace, err error) {
	f = badgeFace{Doc: d, sheet: s, badge: b, ink: paper.Black, soft: paper.Grey, mono: s.Layout == BadgeThermal || s.Paper == BadgeLabel}
	if s.Accent == "" {
		s.Accent = defaultAccent
	}
	if f.accent, err = paper.ParseColor(s.Accent); err != nil {
		return f, err
	}
	f.band = f.accent
	if b.Color != "" {
		if f.band, err = paper.ParseColor(b.Color); err != nil {
			return f, err
		}
	}
	if f.mono { // a thermal printer has no grey: it would scatter dots
		f.ink, f.soft, f.accent, f.band = paper.Color{}, paper.Color{}, paper.Color{}, paper.Color{}
	}
	if b.Code != "" {
		if f.qr, err = paper.MakeQR(b.Code); err != nil {
			return f, err
		}
	}
	f.badge.Name = strings.Join(strings.Fields(paper.Clean(b.Name)), " ")
	if f.badge.Name == "" {
		f.badge.Name = s.NoName
	}
	return f, nil
}
