package community

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"turnout"
	"turnout/events/people"
)

// Limits of an import.
const (
	MaxImportBytes  = 25 << 20
	maxImportRows   = 200_000
	maxImportErrors = 1000 // listed; further ones are only counted
)

// Errors of an import as a whole.
var (
	ErrImportSize    = &turnout.Error{Kind: turnout.TooLarge, Code: "import_too_large", Message: "A file may have 25 MB and 200000 rows. The rows before that are in; send the rest in a second file."}
	ErrImportColumns = &turnout.Error{Kind: turnout.Invalid, Code: "import_columns", Message: "The first row must name the columns: email (or identity_source and identity_handle), type, source, occurred_at, external_id."}
)

// CSVOptions says what the file itself does not.
type CSVOptions struct {
	Type    string            // for rows without a type
	Source  string            // for rows without a source
	Columns map[string]string // the file's name of a column → ours, beside the names that are known anyway
}

// Imported says what became of the rows of a file.
type Imported struct {
	Rows       int64 `json:"rows"` // without the titles
	Accepted   int64 `json:"accepted"`
	Duplicates int64 `json:"duplicates"`
	Rejected   int64 `json:"rejected"`
	// Errors lists the first 1000 rejected rows.
	Errors []RowError `json:"errors"`
	// Separator and Encoding are how the file was read: "," and "utf-8", or "windows-1252" as soon as one text was not UTF-8.
	Separator string `json:"separator"`
	Encoding  string `json:"encoding"`
}

// RowError is why a row was not taken; Line is where it begins in the file, counted from 1. Codes are those of Rejection,
// and csv for a row that cannot be read and columns for one that has more columns than titles.
type RowError struct {
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ImportActivities reads a CSV file and records its rows as RecordActivities does, in chunks while it reads. It knows a byte
// order mark (UTF-8, UTF-16), Excel's sep= line, comma, semicolon and tab, quoted line breaks, and Windows-1252. Times are
// RFC 3339 or "2006-01-02 15:04[:05]" or "2006-01-02", in UTC when they have no offset. A row without an external id has one made of its texts, so
// that importing the same file again changes nothing. It answers ErrImportColumns before anything is recorded, and
// ErrImportSize beside the counts of what was recorded until then.
func (s *Service) ImportActivities(ctx context.Context, community turnout.ID, file io.Reader, options CSVOptions) (*Imported, error) {
	in, err := openCSV(file, options)
	if err != nil {
		return nil, err
	}
	defer func() { in.done.Encoding = in.encoding() }()
	for {
		items, lines, ended := in.chunk()
		recorded, err := s.RecordActivities(ctx, community, items)
		if err != nil {
			return in.done, err
		}
		in.done.Accepted += recorded.Accepted
		in.done.Duplicates += recorded.Duplicates
		for _, r := range recorded.Rejected {
			in.reject(lines[r.Index], r.Code, r.Message)
		}
		if errors.Is(ended, io.EOF) {
			return in.done, nil
		}
		if ended != nil {
			return in.done, ended
		}
	}
}

// The columns, each with the names by which files call it.
var columnNames = map[string][]string{
	"email":           {"email", "e-mail", "mail", "email address", "e-mail-adresse"},
	"identity_source": {"identity_source", "identity source"},
	"identity_handle": {"identity_handle", "identity handle", "handle", "username", "user"},
	"type":            {"type", "activity", "activity_type", "kind"},
	"source":          {"source", "platform"},
	"occurred_at":     {"occurred_at", "occurred at", "time", "timestamp", "date", "created_at"},
	"external_id":     {"external_id", "external id", "id", "activity_id"},
	"weight":          {"weight", "points"},
}

// csvFile is a CSV file being read.
type csvFile struct {
	options CSVOptions
	rows    *csv.Reader
	columns map[string]int // our name → place in a row
	width   int            // columns in the title row
	latin   bool           // a text was no UTF-8
	done    *Imported
}

// counter counts bytes and stops after MaxImportBytes.
type counter struct {
	from io.Reader
	left int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.left -= n
	if c.left < 0 {
		return 0, ErrImportSize
	}
	return n, err
}

func openCSV(file io.Reader, options CSVOptions) (*csvFile, error) {
	// Without a mark of its own the file passes unchanged; text reads each field that is no UTF-8 as Windows-1252.
	buffered := bufio.NewReaderSize(transform.NewReader(&counter{from: file, left: MaxImportBytes}, unicode.BOMOverride(transform.Nop)), 64<<10)
	in := &csvFile{options: options, done: &Imported{Errors: []RowError{}}}
	separator, err := separatorOf(buffered)
	if err != nil {
		return nil, err
	}
	in.rows = csv.NewReader(buffered)
	in.rows.Comma, in.rows.FieldsPerRecord, in.rows.ReuseRecord = separator, -1, true
	in.done.Separator = string(separator)
	titles, err := in.rows.Read()
	if err != nil {
		if errors.Is(err, ErrImportSize) {
			return nil, ErrImportSize
		}
		return nil, ErrImportColumns.Because(err)
	}
	in.width = len(titles)
	in.place(titles)
	return in, in.complete()
}

// separatorOf takes a sep= line off the file and gives its separator, else the sign that the title row has most of.
func separatorOf(file *bufio.Reader) (rune, error) {
	head, err := file.Peek(file.Size())
	if err != nil && err != io.EOF {
		return 0, err
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if rest, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r"), []byte("sep=")); ok && len(rest) == 1 && bytes.Contains([]byte(",;\t|"), rest) {
		_, err := file.Discard(min(len(line)+1, len(head)))
		return rune(rest[0]), err
	}
	count, quoted := map[byte]int{}, false
	for _, b := range head {
		switch {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '\n':
			return most(count), nil
		default:
			count[b]++
		}
	}
	return most(count), nil
}

func most(count map[byte]int) rune {
	best := byte(',')
	for _, b := range []byte(";\t|") {
		if count[b] > count[best] {
			best = b
		}
	}
	return rune(best)
}

// place finds where our columns are: by the caller's names first, then by the first known name that the file has.
func (f *csvFile) place(titles []string) {
	there := make([]string, len(titles))
	for i, title := range titles {
		there[i] = fold(f.text(title))
	}
	f.columns = map[string]int{}
	for ours, names := range columnNames {
		for theirs, meant := range f.options.Columns {
			if meant == ours {
				names = append([]string{fold(theirs)}, names...)
			}
		}
		for _, name := range names {
			if i := slices.Index(there, name); i >= 0 {
				f.columns[ours] = i
				break
			}
		}
	}
}

// complete says whether there are columns to say who, what, where and when.
func (f *csvFile) complete() error {
	has := func(name string) bool { _, ok := f.columns[name]; return ok }
	switch {
	case !has("email") && !has("identity_handle"), !has("occurred_at"), !has("type") && f.options.Type == "", !has("source") && f.options.Source == "":
		return ErrImportColumns
	}
	return nil
}

// chunk reads up to 500 rows. ended is io.EOF after the last row, and ErrImportSize when the file is too large.
func (f *csvFile) chunk() (items []ActivityReport, lines []int, ended error) {
	for len(items) < chunkRows {
		row, err := f.rows.Read()
		if err == io.EOF {
			return items, lines, io.EOF
		}
		var broken *csv.ParseError
		if err != nil && !errors.As(err, &broken) {
			return items, lines, err
		}
		if f.done.Rows++; f.done.Rows > maxImportRows {
			return items, lines, ErrImportSize
		}
		if broken != nil {
			f.reject(broken.StartLine, "csv", "This row cannot be read: a quotation mark stands in a wrong place.")
			continue
		}
		line, _ := f.rows.FieldPos(0)
		item, refusal := f.report(row)
		if refusal != nil {
			f.reject(line, refusal.Code, refusal.Message)
			continue
		}
		items, lines = append(items, item), append(lines, line)
	}
	return items, lines, nil
}

func (f *csvFile) reject(line int, code, message string) {
	f.done.Rejected++
	if len(f.done.Errors) < maxImportErrors {
		f.done.Errors = append(f.done.Errors, RowError{line, code, message})
	}
}

// report makes a row a report; what is in it is checked by RecordActivities.
func (f *csvFile) report(row []string) (ActivityReport, *turnout.Error) {
	for _, beyond := range row[min(len(row), f.width):] {
		if strings.TrimSpace(beyond) != "" {
			return ActivityReport{}, &turnout.Error{Code: "columns", Message: "This row has more columns than there are titles."}
		}
	}
	cell := func(name string) string {
		if i, ok := f.columns[name]; ok && i < len(row) {
			return strings.TrimSpace(f.text(row[i]))
		}
		return ""
	}
	item := ActivityReport{Person: people.Contact{Email: cell("email"), Source: cell("identity_source"), Handle: cell("identity_handle")},
		Type: cell("type"), Source: cell("source"), ExternalID: cell("external_id")}
	if item.Type == "" {
		item.Type = f.options.Type
	}
	if item.Source == "" {
		item.Source = f.options.Source
	}
	if item.Person.Handle != "" && item.Person.Source == "" {
		item.Person.Source = item.Source // a handle without its own source is one at the activity's
	}
	if item.Person.Handle == "" {
		item.Person.Source = ""
	}
	var err error
	if item.OccurredAt, err = parseTime(cell("occurred_at")); err != nil {
		return item, &turnout.Error{Code: "occurred_at", Message: "The time is written like 2026-03-01T18:30:00Z, 2026-03-01 18:30 or 2026-03-01."}
	}
	if text := cell("weight"); text != "" {
		weight, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return item, &turnout.Error{Code: "weight", Message: "The weight is a number from 0 to 1000000."}
		}
		item.Weight = &weight
	}
	if item.ExternalID == "" {
		item.ExternalID = item.fingerprint()
	}
	return item, nil
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("community: %q is no time", text)
}

// text gives a field as UTF-8: what is none is Windows-1252, which spreadsheets in Western Europe still write.
func (f *csvFile) text(field string) string {
	if utf8.ValidString(field) {
		return field
	}
	f.latin = true
	decoded, err := charmap.Windows1252.NewDecoder().String(field)
	if err != nil {
		return field // refused later as broken UTF-8
	}
	return decoded
}

func (f *csvFile) encoding() string {
	if f.latin {
		return "windows-1252"
	}
	return "utf-8"
}
