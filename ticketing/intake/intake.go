// Package intake reads the lists of attendees that other tools export: Eventbrite's attendee and orders reports, Meetup's
// tab-separated list, Luma's guests, alf.io's import form, Tito's list, and any table whose headings name people in one of
// a dozen languages. What a column means can be corrected.
//
// Reading is lenient: whatever a real file holds is kept where it can be, and every doubt is a named [Warning] with its row.
// Rows are numbered as a spreadsheet shows them: the headings are row 1, empty rows count, a line feed inside a cell does
// not. All cells are text: an id of eleven digits stays what it is, and a formula is a name that looks strange.
//
// Decided here: a cell that is no valid UTF-8 is read as Windows-1252. A date with slashes has the month first, unless a date
// of its column can only have the day first. A row with more filled cells than there are headings is left out, for nobody
// knows which cell is too many; one with fewer is taken. Who did not turn up had a place all the same, so they come.
//
// The package knows no database and no other package under ticketing.
package intake

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"turnout"
)

// Form names what made a file.
type Form string

// The forms by name; Other is any table whose headings say enough, or are told by hand.
const (
	EventbriteAttendees Form = "eventbrite_attendees"
	EventbriteOrders    Form = "eventbrite_orders"
	Meetup              Form = "meetup"
	Luma                Form = "luma"
	Alfio               Form = "alfio"
	Tito                Form = "tito"
	Other               Form = "other"
)

// Field is what a column means.
type Field string

// The fields. Extra is every column that means nothing here; it is kept as text.
const (
	Extra       Field = ""
	FullName    Field = "name"
	FirstName   Field = "first_name"
	LastName    Field = "last_name"
	Email       Field = "email"
	TicketType  Field = "ticket_type"
	OrderRef    Field = "order_ref"
	AttendeeRef Field = "attendee_ref"
	Quantity    Field = "quantity"
	Guests      Field = "guests"
	State       Field = "status"
	OrderedAt   Field = "ordered_at"
	Paid        Field = "paid"
	Currency    Field = "currency"
	CheckIn     Field = "checked_in"
	Language    Field = "language"
	Notes       Field = "notes"
)

// Fields are those that a column can be told to mean, in the order in which a person would look for them.
var Fields = []Field{FullName, FirstName, LastName, Email, TicketType, OrderRef, AttendeeRef, Quantity, Guests, State, OrderedAt,
	Paid, Currency, CheckIn, Language, Notes}

// Status is whether somebody comes.
type Status string

// The statuses. Only those who come and those who were checked in have a place.
const (
	Comes       Status = "comes"
	CheckedIn   Status = "checked_in"
	Waitlisted  Status = "waitlisted"
	Pending     Status = "pending" // not paid or not approved yet
	Invited     Status = "invited" // has not answered
	Declined    Status = "declined"
	Canceled    Status = "canceled"
	Refunded    Status = "refunded"
	Transferred Status = "transferred" // to another event
	Unknown     Status = "unknown"     // the file's word is not known
)

// Row is one attendee, or one order of several.
type Row struct {
	Number      int // as a spreadsheet shows it
	OrderRef    string
	AttendeeRef string
	Name        string
	Email       string // as it stands in the file, without space around it
	TicketType  string // the file's words
	Quantity    int64  // places: 1, and more for an order of several or with guests; 0 where the file says so
	Status      Status
	StatusWord  string        // as it stands in the file
	OrderedAt   time.Time     // UTC; zero when the file does not say
	Paid        turnout.Money // the zero Money when the file does not say
	CheckedInAt time.Time     // UTC; zero when the file does not say when
	Language    string        // two letters, "" when the file does not say
	Notes       string
	Extra       map[string]string // the other columns' texts by their heading; no empty ones
}

// Column is a column of the file.
type Column struct {
	Heading string `json:"heading"`
	Field   Field  `json:"field"`  // "" for one that is not used
	Sample  string `json:"sample"` // its first text
}

// List is a file that was read.
type List struct {
	Form      Form
	Encoding  string // utf-8, utf-16, or windows-1252 as soon as one text was not UTF-8
	Separator string
	Columns   []Column
	Rows      []Row
	LeftOut   []int // rows that could not be read; the warnings say why
	Warnings  []Warning
}

// Has reports whether a column of the file means the field.
func (l *List) Has(field Field) bool {
	return slices.ContainsFunc(l.Columns, func(c Column) bool { return c.Field == field })
}

// Warning tells about one thing that was not taken as it stood.
type Warning struct {
	Row     int    `json:"row"`     // 0: the file as a whole
	Column  string `json:"column"`  // its heading; "" for the whole row
	Code    string `json:"code"`    // stable and snake_case: "more_cells"
	Message string `json:"message"` // one English sentence: what was found and what was done
	Data    []any  `json:"-"`       // what the sentence names, in its order: texts, and whole numbers
}

// Options say what the file itself leaves out.
type Options struct {
	Zone     *time.Location // of times that name none; UTC when nil
	Currency string         // of amounts that name none; without it they are left out
	Columns  map[int]Field  // what columns mean, by their place from 0, where it is not what was recognised
}

// Bounds that no real list comes near.
const (
	MaxBytes    = 25 << 20
	MaxRows     = 100_000
	maxColumns  = 500
	maxWarnings = 1_000
	maxName     = 200
	maxText     = 2_000
	maxPlaces   = 1_000 // of one row
)

// What Read answers when a file cannot be used at all.
var (
	ErrTooLarge = &turnout.Error{Kind: turnout.TooLarge, Code: "list_too_large",
		Message: "The list is larger than 25 MB. Split it."}
	ErrTooManyRows = &turnout.Error{Kind: turnout.Invalid, Code: "list_too_many_rows",
		Message: "The list has more than 100,000 rows. Split it."}
	ErrEmpty = &turnout.Error{Kind: turnout.Invalid, Code: "list_empty",
		Message: "This list holds nobody. Below the headings there must be a row for each attendee."}
	ErrSpreadsheet = &turnout.Error{Kind: turnout.Invalid, Code: "list_spreadsheet",
		Message: "This is a spreadsheet. Save it as CSV (comma-separated values) first, then choose that file."}
	ErrNoTable = &turnout.Error{Kind: turnout.Invalid, Code: "list_no_table",
		Message: "This is no list of attendees. Export one as CSV where you have it and choose that file."}
	ErrNoHeadings = &turnout.Error{Kind: turnout.Invalid, Code: "list_no_headings",
		Message: "The first row must name the columns (name, email). Add it above the first attendee."}
)

// Read recognises and reads a list. Errors: ErrTooLarge, ErrTooManyRows, ErrEmpty, ErrSpreadsheet, ErrNoTable, ErrNoHeadings.
// Everything milder is a warning.
func Read(data []byte, options Options) (*List, error) {
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	r := &reading{options: options, zone: cmp.Or(options.Zone, time.UTC), list: &List{Encoding: "utf-8"}}
	text, err := r.decode(data)
	if err != nil {
		return nil, err
	}
	table, err := r.split(text)
	if err != nil {
		return nil, err
	}
	r.nameColumns(table[0].cells)
	r.orderDates(table[1:])
	for _, rec := range table[1:] {
		r.read(rec)
	}
	if len(r.list.Rows)+len(r.list.LeftOut) == 0 {
		return nil, ErrEmpty
	}
	if r.list.Encoding == "windows-1252" {
		r.list.Warnings = slices.Insert(r.list.Warnings, 0, Warning{Code: "encoding_guessed",
			Message: "The file is not in UTF-8. It was read as Windows-1252: look at names with accents."})
	}
	if r.unwarned > 0 {
		r.list.Warnings = append(r.list.Warnings, Warning{Code: "more_warnings",
			Message: fmt.Sprintf("%d further warnings are not listed.", r.unwarned), Data: []any{r.unwarned}})
	}
	return r.list, nil
}

// reading is the work on one file.
type reading struct {
	options  Options
	zone     *time.Location
	list     *List
	unwarned int          // beyond maxWarnings
	dayFirst map[int]bool // columns whose dates have the day first
}

func (r *reading) warn(row int, column, code, format string, args ...any) {
	if len(r.list.Warnings) >= maxWarnings {
		r.unwarned++
		return
	}
	r.list.Warnings = append(r.list.Warnings, Warning{row, column, code, fmt.Sprintf(format, args...), args})
}
