package sheet

import (
	"bufio"
	"io"
	"strings"
)

// csvWriter writes CSV as RFC 4180 has it, with a byte order mark, by which Excel knows that it is UTF-8.
type csvWriter struct {
	out *bufio.Writer
	row []byte
}

func newCSV(w io.Writer) *csvWriter {
	out := bufio.NewWriterSize(w, 32<<10)
	_, _ = out.WriteString("\ufeff") // an error stays in the writer and comes with the next row
	return &csvWriter{out: out}
}

// Row implements Writer.
func (w *csvWriter) Row(cells []Cell) error {
	b := w.row[:0]
	for i := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		switch c := &cells[i]; c.kind {
		case text:
			b = appendQuoted(b, defuseCSV(c.text))
		case number:
			b = appendDecimal(b, c.number, c.decimals)
		case moment:
			b = c.at.AppendFormat(b, "2006-01-02 15:04:05")
		}
	}
	w.row = append(b, '\r', '\n')
	_, err := w.out.Write(w.row)
	return err
}

// Close implements Writer.
func (w *csvWriter) Close() error { return w.out.Flush() }

// appendQuoted writes a text, in quotes where it would be misread without.
func appendQuoted(b []byte, s string) []byte {
	if s == "" || !strings.ContainsAny(s, "\",;|\r\n\t ") {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
