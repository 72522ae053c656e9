// Package sheet writes tables, row by row, as CSV and as XLSX. It holds one row at a time, however many there are.
//
// What people typed is never a formula: see Defuse. Numbers, amounts and moments are those of a spreadsheet, not texts.
package sheet

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// Format is a kind of file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// ContentType is the format's media type.
func (f Format) ContentType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Cell is one value of a row. The zero Cell is empty.
type Cell struct {
	kind     kind
	text     string
	number   int64
	decimals int
	at       time.Time
}

type kind uint8

const (
	empty kind = iota
	text
	number
	moment
)

// Text is a cell of words.
func Text(s string) Cell { return Cell{kind: text, text: s} }

// Number is a cell of a whole number.
func Number(n int64) Cell { return Cell{kind: number, number: n} }

// Amount is a cell of an amount in minor units of a currency with so many decimals.
func Amount(minor int64, decimals int) Cell {
	return Cell{kind: number, number: minor, decimals: decimals}
}

// Moment is a cell of a date and a time of day, as clocks in the time's own zone show it, to the second; empty for the zero time.
func Moment(t time.Time) Cell {
	if t.IsZero() {
		return Cell{}
	}
	return Cell{kind: moment, at: t}
}

// Writer takes the rows of one table. After an error it is of no use.
type Writer interface {
	// Row adds a row; its cells may be reused after it.
	Row(cells []Cell) error
	// Close ends the file, not the io.Writer below it.
	Close() error
}

// New begins a file with a row of titles.
func New(w io.Writer, f Format, titles []string) (Writer, error) {
	var out Writer
	switch f {
	case CSV:
		out = newCSV(w)
	case XLSX:
		out = newXLSX(w, titles)
		return out, nil // which repeats the titles on each sheet
	default:
		return nil, fmt.Errorf("sheet: no format %q", f)
	}
	cells := make([]Cell, len(titles))
	for i, title := range titles {
		cells[i] = Text(title)
	}
	return out, out.Row(cells)
}

// appendDecimal writes an amount in minor units with its decimals and a point.
func appendDecimal(b []byte, n int64, decimals int) []byte {
	var digits [24]byte
	unsigned := uint64(n)
	if n < 0 {
		b, unsigned = append(b, '-'), -unsigned
	}
	all := strconv.AppendUint(digits[:0], unsigned, 10)
	if decimals == 0 {
		return append(b, all...)
	}
	if whole := len(all) - decimals; whole > 0 {
		b, all = append(b, all[:whole]...), all[whole:]
	} else {
		b = append(b, '0')
	}
	b = append(b, '.')
	for range decimals - len(all) {
		b = append(b, '0')
	}
	return append(b, all...)
}
