package intake

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode gives the bytes of a text in UTF-8, or in whatever has ASCII at its bottom, with line feeds between lines.
func (r *reading) decode(data []byte) ([]byte, error) {
	for _, magic := range []string{"PK\x03\x04", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return nil, ErrSpreadsheet
		}
	}
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		data = rest
	} else if order, ok := utf16Order(data); ok {
		r.list.Encoding = "utf-16"
		plain, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, ErrNoTable.Because(err)
		}
		data = plain
	}
	if bytes.IndexByte(data[:min(len(data), 64<<10)], 0) >= 0 {
		return nil, ErrNoTable
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n")), nil
}

// utf16Order goes by the mark, or by the zeros that every second byte of a heading in Latin letters is.
func utf16Order(data []byte) (unicode.Endianness, bool) {
	switch {
	case len(data) < 4:
		return unicode.LittleEndian, false
	case bytes.HasPrefix(data, []byte("\xff\xfe")), data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		return unicode.LittleEndian, true
	case bytes.HasPrefix(data, []byte("\xfe\xff")), binary.BigEndian.Uint16(data) < 0x80 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// record is one row of the table.
type record struct {
	row    int
	cells  []string
	strays bool // a quotation mark stood where none may
}

// split makes the table: the headings, and below them the rows that are not empty.
func (r *reading) split(text []byte) ([]record, error) {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	var comma rune
	if sign, ok := bytes.CutPrefix(line, []byte("sep=")); ok && len(sign) == 1 && strings.Contains(separators, string(sign)) {
		comma, text = rune(sign[0]), rest // a spreadsheet does not show this line
	}
	text = bytes.TrimRight(text, "\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, ErrEmpty
	}
	if comma == 0 {
		comma = separatorOf(text)
	}
	r.list.Separator = string(comma)
	table, err := r.records(text, comma)
	if err != nil {
		return nil, err
	}
	if len(table) == 0 {
		return nil, ErrEmpty
	}
	head := table[0].cells
	known := knownHeadings(head)
	switch {
	case len(head) > maxColumns, known == 0 && len(head) == 1:
		return nil, ErrNoTable
	case known == 0 && slices.ContainsFunc(head, looksLikeEmail):
		return nil, ErrNoHeadings
	case known == 0 && strings.ContainsAny(string(text[0]), "<{[%"):
		return nil, ErrNoTable
	}
	return table, nil
}

const separators = ",;\t|"

// separatorOf is the sign that cuts the first line into the most headings that are known, else into the most pieces.
func separatorOf(text []byte) rune {
	head := text[:min(len(text), 64<<10)]
	best, most := ',', -1
	for _, comma := range separators {
		rows := newCSV(head, comma)
		rows.LazyQuotes = true
		cells, err := rows.Read()
		if err != nil {
			continue
		}
		if score := knownHeadings(cells)*maxColumns + len(cells); score > most {
			best, most = comma, score
		}
	}
	return best
}

func newCSV(text []byte, comma rune) *csv.Reader {
	rows := csv.NewReader(bytes.NewReader(text))
	rows.Comma, rows.FieldsPerRecord = comma, -1
	rows.TrimLeadingSpace = comma != '\t' // else it would take the separators for space
	return rows
}

// records reads the rows that are not empty. Where quotation marks do not fit, the row's first line is taken for the whole
// row and reading goes on below it, so that one mark that was forgotten does not swallow the rest of the file.
func (r *reading) records(text []byte, comma rune) (table []record, err error) {
	above := 0 // rows before text
	for {
		rows := newCSV(text, comma)
		inner := 0 // line feeds inside the cells so far
		for {
			from := rows.InputOffset()
			cells, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return table, nil
			}
			if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
				above += broken.StartLine - inner
				line, rest, _ := bytes.Cut(bytes.TrimLeft(text[from:], "\n"), []byte("\n"))
				lazy := newCSV(line, comma)
				lazy.LazyQuotes = true
				if cells, err = lazy.Read(); err != nil {
					return nil, ErrNoTable.Because(err)
				}
				table, text = r.keep(table, record{row: above, cells: cells, strays: true}), rest
				break
			}
			if err != nil {
				return nil, ErrNoTable.Because(err)
			}
			at, _ := rows.FieldPos(0)
			if table = r.keep(table, record{row: above + at - inner, cells: cells}); len(table) > MaxRows+1 {
				return nil, ErrTooManyRows
			}
			for _, cell := range cells {
				inner += strings.Count(cell, "\n")
			}
		}
		if len(table) > MaxRows+1 {
			return nil, ErrTooManyRows
		}
	}
}

// keep adds a record unless it is empty.
func (r *reading) keep(table []record, rec record) []record {
	filled := false
	for i, cell := range rec.cells {
		rec.cells[i] = r.text(cell)
		filled = filled || rec.cells[i] != ""
	}
	if !filled {
		return table
	}
	return append(table, rec)
}

// text gives a cell as UTF-8, without space around it and without the ="…" by which some tools keep spreadsheets from making
// numbers of ids.
func (r *reading) text(cell string) string {
	if !utf8.ValidString(cell) {
		r.list.Encoding = "windows-1252"
		cell, _ = charmap.Windows1252.NewDecoder().String(cell)
	}
	cell = strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff"))
	if inner, ok := strings.CutPrefix(cell, `="`); ok && strings.HasSuffix(inner, `"`) && !strings.Contains(inner[:len(inner)-1], `"`) {
		return inner[:len(inner)-1]
	}
	return cell
}
