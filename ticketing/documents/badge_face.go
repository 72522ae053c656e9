package documents

import (
	"strings"

	"turnout/internal/paper"
)

// badgeFace is one badge being drawn into its box. Nothing that it draws leaves the box.
type badgeFace struct {
	*paper.Doc
	sheet        BadgeSheet
	badge        Badge
	qr           paper.Matrix // nil for none
	accent, band paper.Color
	ink, soft    paper.Color
	mono         bool
	box          paper.Box
}

// The measures of a badge, in millimetres.
const (
	badgePad     = 5.0
	badgeQR      = 29.0 // with the quiet zone: the code of a ticket is 24 mm then, read at a hand's breadth
	badgeQRLarge = 36.0 // on a page of its own
	labelPad     = 3.0
	nameGap      = 2.0
	cutSafe      = 1.5   // a knife is not that exact
	capHalf      = 0.127 // half the height of a capital of one point
)

// portrait says that a badge is higher than wide: then its QR stands under the text, else beside it.
func (f badgeFace) portrait() bool { return f.box.H > f.box.W || f.sheet.Paper == BadgeLabel }

func (f badgeFace) pad() float64 {
	if f.sheet.Paper == BadgeLabel {
		return labelPad
	}
	return badgePad
}

// qrSide is 0 for a badge without QR.
func (f badgeFace) qrSide() float64 {
	switch {
	case f.qr == nil:
		return 0
	case f.portrait() && f.sheet.Paper != BadgeLabel:
		return badgeQRLarge
	}
	return badgeQR
}

// large is the size of the largest name.
func (f badgeFace) large() float64 {
	switch {
	case f.sheet.Paper == BadgeLabel:
		return 34
	case f.portrait() && f.sheet.Layout == BadgeName:
		return 60
	case f.portrait():
		return 46
	case f.sheet.Layout == BadgeName:
		return 48
	}
	return 34
}

// nameWidth is the room for the name from side to side.
func (f badgeFace) nameWidth() float64 {
	w := f.box.W - 2*f.pad()
	if !f.portrait() && f.sheet.Layout != BadgeName && f.qr != nil {
		w -= f.qrSide()
	}
	return w
}

// namePart is some words of a name in their size.
type namePart struct {
	text  string
	style paper.Style
	lines int
}

func (p namePart) height(w float64) float64 { return paper.Height(p.text, w, p.style, p.lines) }

// nameParts sets the name: in one line if it is not much smaller than the largest then, else in two or three, down to LeastName. whole is
// false where it must be cut even so.
func (f badgeFace) nameParts(w float64) (parts []namePart, whole bool) {
	first, rest, _ := strings.Cut(f.badge.Name, " ")
	if !f.sheet.FirstName || rest == "" {
		part, whole := f.setName(f.badge.Name, w, f.large())
		return []namePart{part}, whole
	}
	large, whole := f.setName(first, w, f.large())
	small, all := f.setName(rest, w, max(LeastName, min(f.large()*0.55, large.style.Size*0.7)))
	return []namePart{large, small}, whole && all
}

func (f badgeFace) setName(text string, w, size float64) (namePart, bool) {
	style := paper.Style{Size: size, Bold: true, Color: f.ink, Align: f.align(), Leading: 1.2}
	if one, ok := paper.FitWords(text, w, style, max(LeastName, size*0.62), 1); ok {
		return namePart{text, one, 1}, true
	}
	most := f.mostLines()
	for lines := 2; lines <= most; lines++ {
		least := LeastName
		if lines < most {
			least = max(least, size*0.45)
		}
		if set, ok := paper.FitWords(text, w, style, least, lines); ok {
			return namePart{text, set, lines}, true
		}
	}
	for lines := 2; ; lines++ { // a word as long as that has no other way than to be broken
		set := paper.FitLines(text, w, style, LeastName, lines)
		if whole := len(paper.Wrap(text, w, set)) <= lines; whole || lines == most {
			return namePart{text, set, lines}, whole
		}
	}
}

// mostLines is how many lines a name may have: what there is room for at LeastName.
func (f badgeFace) mostLines() int {
	switch {
	case f.sheet.Paper == BadgeLabel: // it grows with its text
		return 6
	case !f.portrait() && f.sheet.Layout == BadgeName:
		return 3
	}
	return 5
}

func (f badgeFace) align() paper.Align {
	if f.portrait() || f.sheet.Layout == BadgeName {
		return paper.Center
	}
	return paper.Start
}

// block is a text with the room above it.
type block struct {
	namePart
	above float64
}

// blocks are the name and what stands under it, from top to bottom.
func (f badgeFace) blocks(w float64) (all []block) {
	parts, _ := f.nameParts(w)
	for _, p := range parts {
		all = append(all, block{namePart: p})
	}
	size := 13.0
	if f.portrait() && f.sheet.Paper != BadgeLabel {
		size = 17
	}
	for i, line := range f.badge.Lines {
		if paper.Clean(line) == "" {
			continue
		}
		style := paper.Style{Size: size, Color: f.ink, Align: f.align(), Leading: 1.25}
		if i > 0 {
			style.Size, style.Color = size*0.85, f.soft
		}
		all = append(all, block{namePart{line, fitted(line, w, style, style.Size*0.75, 1, 8, 2), 2}, nameGap})
	}
	if f.badge.Type != "" {
		style := paper.Style{Size: size * 0.8, Bold: f.mono, Color: f.accent.Readable(paper.White), Align: f.align(), Leading: 1.25}
		all = append(all, block{namePart{f.badge.Type, fitted(f.badge.Type, w, style, 8, 1, 7, 2), 2}, nameGap})
	}
	return all
}

func heightOf(blocks []block, w float64) (h float64) {
	for _, b := range blocks {
		h += b.above + b.height(w)
	}
	return h
}

// shorten leaves blocks out from the end, never the name, until the rest fits; the name is made smaller when it alone is too high.
func shorten(blocks []block, w, room float64, names int) []block {
	for len(blocks) > names && heightOf(blocks, w) > room {
		blocks = blocks[:len(blocks)-1]
	}
	fitNames(blocks[:names], w, room)
	return blocks
}

func (f badgeFace) draw() { f.Clip(f.box, f.drawAll) }

func (f badgeFace) drawAll() {
	if f.sheet.Paper == BadgeLabel {
		f.drawLabel()
		return
	}
	area := f.box
	head := f.drawHead()
	area.Y, area.H = area.Y+head, area.H-head-f.drawBand()
	if f.portrait() {
		f.drawPortrait(area)
	} else {
		f.drawLandscape(area)
	}
}

// headHeight is what the head takes.
func (f badgeFace) headHeight() float64 {
	switch {
	case f.sheet.Layout == BadgeBrand && f.portrait():
		return 30
	case f.sheet.Layout == BadgeBrand:
		return 15
	}
	return 10
}

// drawHead draws the event's logo or title, in its colour where the layout says so, and gives its height.
func (f badgeFace) drawHead() float64 {
	h, pad := f.headHeight(), badgePad
	b := paper.Box{X: f.box.X, Y: f.box.Y, W: f.box.W, H: h}
	size, color, ground, align := 8.5, f.soft, paper.White, f.align()
	if f.sheet.Layout == BadgeBrand {
		ground, color, size = f.accent, f.accent.On(), 12
		f.Rect(b, 0, f.accent)
		if f.portrait() {
			size = 16
		}
	}
	inner := paper.Box{X: b.X + pad, Y: b.Y + h*0.16, W: b.W - 2*pad, H: h * 0.68}
	if !f.mono && len(f.sheet.Logo) > 0 {
		place := inner
		side := paper.Center
		if !f.portrait() && f.sheet.Layout != BadgeName {
			place.W, side = min(34, inner.W*0.4), paper.Left
		}
		if f.Logo(place, f.sheet.Logo, ground, side) == nil {
			if side == paper.Center {
				return h
			}
			inner.X, inner.W, align = place.X+place.W+3, inner.W-place.W-3, paper.Right
		}
	}
	style := paper.Style{Size: size, Bold: f.sheet.Layout == BadgeBrand, Color: color, Align: align, Leading: 1.2}
	lines := max(1, int(inner.H/style.Lead()))
	style = fitted(f.sheet.Title, inner.W, style, size*0.7, 1, 6.5, lines)
	lines = max(1, int(inner.H/style.Lead()))
	f.Paragraph(inner.X, inner.Y+(inner.H-paper.Height(f.sheet.Title, inner.W, style, lines))/2, inner.W, f.sheet.Title, style, lines)
	return h
}

func (f badgeFace) bandHeight() float64 {
	switch {
	case f.badge.Band == "":
		return 0
	case f.portrait() && f.sheet.Paper != BadgeLabel:
		return 17
	}
	return 10.5
}

// drawBand draws the band at the lower edge and gives its height.
func (f badgeFace) drawBand() float64 {
	h := f.bandHeight()
	if h == 0 {
		return 0
	}
	b := paper.Box{X: f.box.X, Y: f.box.Y + f.box.H - h, W: f.box.W, H: h}
	f.Rect(b, 0, f.band)
	f.words(b)
	return h
}

// words draws the band's words into its middle.
func (f badgeFace) words(b paper.Box) {
	style := paper.Style{Size: b.H * 1.65, Bold: true, Color: f.band.On(), Align: paper.Center}
	w := b.W - 2*f.pad()
	style.Size = min(style.Size, max(8, style.Size*w/max(1, paper.Width(f.badge.Band, style))))
	f.Fit(b.X+f.pad(), b.Y+b.H/2+style.Size*capHalf, w, f.badge.Band, style, 8)
}

// drawBlocks draws texts one under the other. Towers of marks on letters end before the cut.
func (f badgeFace) drawBlocks(x, y, w float64, blocks []block) float64 {
	safe := paper.Box{X: f.box.X + cutSafe, Y: f.box.Y + cutSafe, W: f.box.W - 2*cutSafe, H: f.box.H - 2*cutSafe}
	f.Clip(safe, func() {
		for _, b := range blocks {
			y = f.Paragraph(x, y+b.above, w, b.text, b.style, b.lines)
		}
	})
	return y
}

func (f badgeFace) names() int {
	if f.sheet.FirstName && strings.Contains(f.badge.Name, " ") {
		return 2
	}
	return 1
}

// drawPortrait draws the text in the middle and the QR under it.
func (f badgeFace) drawPortrait(area paper.Box) {
	w, side := f.nameWidth(), f.qrSide()
	foot := badgePad
	if side > 0 {
		foot += side
		f.QR(area.X+(area.W-side)/2, area.Y+area.H-foot, side, f.qr)
	}
	if f.badge.Order != "" {
		f.Fit(area.X+badgePad, area.Y+area.H-1.8, w, f.badge.Order, paper.Style{Size: 8, Color: f.soft, Align: paper.Center}, 6)
	}
	room := area.H - foot - 4
	blocks := shorten(f.blocks(w), w, room, f.names())
	f.drawBlocks(area.X+badgePad, area.Y+2+max(0, (room-heightOf(blocks, w))/2), w, blocks)
}

// drawLandscape draws the QR in the lower right corner, and the text beside it; a name from edge to edge stands above both.
func (f badgeFace) drawLandscape(area paper.Box) {
	w, side := f.nameWidth(), f.qrSide()
	x, y := area.X+badgePad, area.Y+1
	room := area.H - 2
	if side > 0 {
		f.QR(area.X+area.W-side-1, area.Y+area.H-side-0.5, side, f.qr)
	}
	if f.badge.Order != "" {
		room -= 4.5
		f.Fit(x, area.Y+area.H-1.8, w-side, f.badge.Order, paper.Style{Size: 7, Color: f.soft}, 6)
	}
	if f.sheet.Layout != BadgeName || side == 0 {
		blocks := shorten(f.blocks(w), w, room, f.names())
		f.drawBlocks(x, y+max(0, (room-heightOf(blocks, w))/2), w, blocks)
		return
	}
	above := area.H - side // for the name alone
	blocks := f.blocks(w)
	names := blocks[:f.names()]
	fitNames(names, w, above)
	end := f.drawBlocks(x, y+max(0, (above-heightOf(names, w))/2), w, names)
	left := w - side + 2
	rest := f.blocks(left)[f.names():]
	for i := range rest {
		rest[i].style.Align = paper.Start
	}
	rest = shorten(rest, left, area.Y+1+room-max(end, area.Y+above), 0)
	f.drawBlocks(x, max(end, area.Y+above)+1, left, rest)
}

// fitNames makes names smaller until they stand in a height, or are as small as they may be.
func fitNames(names []block, w, room float64) {
	for smaller := true; smaller && heightOf(names, w) > room; {
		smaller = false
		for i := range names {
			if s := &names[i].style; s.Size > LeastName {
				s.Size, smaller = max(LeastName, s.Size-1), true
			}
		}
	}
}

// The parts of a label, from top to bottom.
const (
	labelTitle = 6.0
	labelOrder = 4.5
	labelLeast = 40.0 // shorter ones get caught in the cutter
)

func (f badgeFace) labelHeight() float64 {
	f.box = paper.Box{W: labelWidth}
	w := f.nameWidth()
	h := 2*labelPad + labelTitle + heightOf(f.blocks(w), w)
	if f.badge.Band != "" {
		h += f.bandHeight() + 2
	}
	if f.qr != nil {
		h += badgeQR + 1
	}
	if f.badge.Order != "" {
		h += labelOrder
	}
	return max(labelLeast, h)
}

func (f badgeFace) drawLabel() {
	w, x, y := f.nameWidth(), f.box.X+labelPad, f.box.Y+labelPad
	f.Fit(x, y+3, w, f.sheet.Title, paper.Style{Size: 8, Color: f.ink, Align: paper.Center}, 6.5)
	y = f.drawBlocks(x, y+labelTitle, w, f.blocks(w))
	if h := f.bandHeight(); h > 0 {
		b := paper.Box{X: x, Y: y + 2, W: w, H: h}
		f.Rect(b, 0, f.band)
		f.words(b)
		y += h + 2
	}
	if f.qr != nil {
		f.QR(f.box.X+(labelWidth-badgeQR)/2, y+1, badgeQR, f.qr)
		y += badgeQR + 1
	}
	if f.badge.Order != "" {
		f.Fit(x, y+3.2, w, f.badge.Order, paper.Style{Size: 8, Color: f.ink, Align: paper.Center}, 6)
	}
}
