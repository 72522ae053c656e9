// Package documents makes the papers of an order: QR codes and ticket PDFs. It declares the small structs that it needs and
// knows nothing of ticketing, which fills them; dates come as text, written for people in the event's zone.
//
// A virtual ticket shows its personal join link, and the QR of that link, where an in-person ticket shows the QR of its ticket
// code: nobody scans it at a door. The ticket code stands on both as small text that can be selected.
package documents

import (
	"fmt"
	"io"
	"strings"
	"time"

	"turnout"
	"turnout/internal/paper"
)

// Size is the page that tickets are printed on. The zero value is A4.
type Size int

// The sizes of a ticket.
const (
	A4 Size = iota
	Letter
	Phone // one narrow page that fills a phone's screen
)

var sizes = map[string]Size{"": A4, "a4": A4, "letter": Letter, "phone": Phone}

// ParseSize reads "a4", "letter" or "phone"; an empty text is A4. The answer to any other is Invalid.
func ParseSize(name string) (Size, error) {
	size, known := sizes[name]
	if !known {
		return A4, turnout.Invalidf("size", "unknown", "Choose a4, letter or phone.")
	}
	return size, nil
}

// Layout is how a ticket is laid out.
type Layout string

// The layouts of a ticket.
const (
	Classic Layout = "classic" // a card whose head is in the event's colour
	Band    Layout = "band"    // the event's colour from edge to edge
	Plain   Layout = "plain"   // black on white, for little ink
)

// Layouts lists them all, the default first.
var Layouts = []Layout{Classic, Band, Plain}

// Design is how the tickets of an event look. An empty Layout is Classic.
type Design struct {
	Layout    Layout
	LargeName bool // the attendee's name is read from across a room
	HideOrder bool // no order code
}

// Order is what is printed: one page a ticket.
type Order struct {
	Code    string // the order's public code
	Event   Event
	Tickets []Ticket
	Words   Words // English when it is the zero value
	Size    Size
	Design  Design
	Made    time.Time // written into the file as its date: take it from the order, so that equal orders give equal bytes
}

// Event is what a ticket says about the event.
type Event struct {
	Title     string
	Community string
	Accent    string // "#rrggbb"; empty for Turnout's own
	Logo      []byte // PNG or JPEG; may be empty. One that cannot be read is left out: a ticket must not fail for a picture
	When      string // may have several lines
	Where     string
	Organiser string // one line: who runs it, how to reach them
	Terms     string // may have several lines
}

// Ticket is one page.
type Ticket struct {
	Code     string // what the QR says
	Attendee string
	Type     string
	Virtual  bool
	JoinURL  string // virtual: the personal link; may be empty
	Opens    string // virtual: when the room opens, for people
	Details  []Detail
	Extras   []string // add-ons that come with it
}

// Detail is one more line of a ticket: price, seat.
type Detail struct{ Label, Value string }

const defaultAccent = "#3b4fd8"

// TicketsPDF writes all tickets of an order as one PDF. The same order gives the same bytes. The answer is Invalid when
// there is no ticket, a code does not fit a QR, or the accent is no colour.
func TicketsPDF(w io.Writer, o Order) error {
	accent, err := o.prepare()
	if err != nil {
		return err
	}
	d := paper.New(paper.Metadata{
		Title:   o.Event.Title,
		Author:  o.Event.Community,
		Subject: o.Words.Order + " " + o.Code,
		Made:    o.Made,
	}, o.Size.paper())
	for i, t := range o.Tickets {
		qr, err := paper.MakeQR(t.qrText())
		if err != nil {
			return err
		}
		d.AddPage()
		page{Doc: d, order: o, ticket: t, qr: qr, accent: accent, words: o.Words, number: i + 1}.draw()
	}
	return d.Write(w)
}

// TicketPicture writes the first ticket of an order as SVG, looking as in the PDF. It refuses what TicketsPDF does.
func TicketPicture(w io.Writer, o Order) error {
	accent, err := o.prepare()
	if err != nil {
		return err
	}
	qr, err := paper.MakeQR(o.Tickets[0].qrText())
	if err != nil {
		return err
	}
	d := paper.NewPicture(o.Size.paper())
	page{Doc: d, order: o, ticket: o.Tickets[0], qr: qr, accent: accent, words: o.Words, number: 1}.draw()
	return d.WriteSVG(w)
}

func (s Size) paper() paper.Paper {
	return [...]paper.Paper{A4: paper.A4, Letter: paper.Letter, Phone: paper.Phone}[s]
}

// prepare fills in what was left out, and gives the accent colour.
func (o *Order) prepare() (paper.Color, error) {
	if len(o.Tickets) == 0 {
		return paper.Color{}, turnout.Invalidf("tickets", "required", "There is no ticket to print.")
	}
	if o.Words == (Words{}) {
		o.Words = English
	}
	if o.Event.Accent == "" {
		o.Event.Accent = defaultAccent
	}
	return paper.ParseColor(o.Event.Accent)
}

// qrText is what the QR of a ticket says.
func (t Ticket) qrText() string {
	if t.Virtual && t.JoinURL != "" {
		return t.JoinURL
	}
	return t.Code
}

// page is one ticket being drawn.
type page struct {
	*paper.Doc
	order  Order
	ticket Ticket
	qr     paper.Matrix
	accent paper.Color
	words  Words
	number int
}

func (p page) draw() {
	switch {
	case p.order.Size == Phone:
		p.phone()
	case p.order.Design.Layout == Band:
		p.band()
	case p.order.Design.Layout == Plain:
		p.plain()
	default:
		p.classic()
	}
}

func (p page) name() string {
	if name := strings.TrimSpace(paper.Clean(p.ticket.Attendee)); name != "" {
		return name
	}
	return p.words.NoName
}

func (p page) mode() string {
	if p.ticket.Virtual {
		return p.words.Virtual
	}
	return p.words.InPerson
}

func (p page) count() string {
	return fmt.Sprintf(p.words.TicketOf, p.number, len(p.order.Tickets))
}

// place says where to go: to the venue, or into the virtual room.
func (p page) place() (label, text string) {
	if !p.ticket.Virtual {
		return p.words.Where, p.order.Event.Where
	}
	text = p.words.Join
	if p.ticket.JoinURL == "" {
		text = p.words.NoLink
	}
	if p.ticket.Opens != "" {
		text += "\n" + fmt.Sprintf(p.words.RoomOpens, p.ticket.Opens)
	}
	return p.words.HowToJoin, text
}

// spaced breaks a code into groups that fill lines evenly and that a person could read out.
func spaced(code string) string {
	var groups []string
	for len(code) > 8 {
		groups, code = append(groups, code[:8]), code[8:]
	}
	return strings.Join(append(groups, code), " ")
}
