package sheet

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What a sheet can hold.
const (
	sheetRows = 1 << 20
	cellRunes = 32767 // UTF-16 units, really; nothing here comes near
)

// xlsxWriter writes a workbook straight into the answer: its sheet is one entry of the archive, whose texts stand in their cells, so
// that nothing has to be known before the end. A table with more rows than a sheet holds goes on in the next.
type xlsxWriter struct {
	zip    *zip.Writer
	out    *bufio.Writer // of the sheet at hand
	titles []string
	sheets int
	rows   int // of the sheet at hand
	row    []byte
}

func newXLSX(w io.Writer, titles []string) *xlsxWriter {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	return &xlsxWriter{zip: z, out: bufio.NewWriterSize(nil, 32<<10), titles: titles}
}

// The styles of cells, as the part styles has them: a number's style is its decimals.
const (
	styleMoment = 5
	styleTitle  = 6
)

const sheetHead = xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0">` +
	`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>`

// begin starts a sheet with the row of titles.
func (w *xlsxWriter) begin() error {
	if err := w.end(); err != nil {
		return err
	}
	w.sheets++
	w.rows = 0
	entry, err := w.zip.Create("xl/worksheets/sheet" + strconv.Itoa(w.sheets) + ".xml")
	if err != nil {
		return err
	}
	w.out.Reset(entry)
	_, _ = w.out.WriteString(sheetHead + `<cols><col min="1" max="` + strconv.Itoa(max(1, len(w.titles))) + `" width="22" customWidth="1"/></cols><sheetData>`)
	cells := make([]Cell, len(w.titles))
	for i, title := range w.titles {
		cells[i] = Text(title)
	}
	return w.write(cells, styleTitle)
}

// end closes the sheet at hand, if there is one.
func (w *xlsxWriter) end() error {
	if w.sheets == 0 {
		return nil
	}
	_, _ = w.out.WriteString("</sheetData></worksheet>")
	return w.out.Flush()
}

// Row implements Writer.
func (w *xlsxWriter) Row(cells []Cell) error {
	if w.sheets == 0 || w.rows == sheetRows {
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.write(cells, 0)
}

func (w *xlsxWriter) write(cells []Cell, style int) error {
	w.rows++
	b := append(w.row[:0], `<row r="`...)
	b = append(strconv.AppendInt(b, int64(w.rows), 10), `">`...)
	for i := range cells {
		b = w.cell(b, i, &cells[i], style)
	}
	w.row = append(b, "</row>"...)
	_, err := w.out.Write(w.row)
	return err
}

func (w *xlsxWriter) cell(b []byte, column int, c *Cell, style int) []byte {
	if c.kind == empty || c.kind == text && c.text == "" {
		return b
	}
	b = append(b, `<c r="`...)
	b = strconv.AppendInt(appendColumn(b, column), int64(w.rows), 10)
	switch c.kind {
	case number:
		style = c.decimals
	case moment:
		style = styleMoment
	}
	if style > 0 {
		b = append(strconv.AppendInt(append(b, `" s="`...), int64(style), 10), '"')
	} else {
		b = append(b, '"')
	}
	switch c.kind {
	case text:
		b = append(b, ` t="inlineStr"><is><t xml:space="preserve">`...)
		b = appendXML(b, Defuse(c.text))
		return append(b, "</t></is></c>"...)
	case number:
		b = appendDecimal(append(b, "><v>"...), c.number, c.decimals)
	case moment:
		b = strconv.AppendFloat(append(b, "><v>"...), serial(c.at), 'f', -1, 64)
	}
	return append(b, "</v></c>"...)
}

// epoch is day 0 of spreadsheets, whose year 1900 has a 29 February.
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// serial is the number of days by which spreadsheets write a moment as clocks in its zone show it.
func serial(at time.Time) float64 {
	wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	return float64(wall.Sub(epoch)/time.Second) / 86400
}

// appendColumn writes A for 0, Z for 25, AA for 26.
func appendColumn(b []byte, n int) []byte {
	if n >= 26 {
		b = appendColumn(b, n/26-1)
	}
	return append(b, byte('A'+n%26))
}

// appendXML writes a text for XML. What XML cannot hold becomes U+FFFD, and an underscore that a spreadsheet would read as the
// beginning of an escape (_x000D_) is escaped itself.
func appendXML(b []byte, s string) []byte {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	n := 0
	for i, r := range s {
		if n++; n > cellRunes {
			break
		}
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '\r':
			b = append(b, '\n')
		case r == '_' && isEscape(s[i:]):
			b = append(b, "_x005F_"...)
		case r < ' ' && r != '\t' && r != '\n', r == '\ufffe', r == '\uffff', r == utf8.RuneError:
			b = append(b, "\ufffd"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// isEscape says whether a text begins with _xHHHH_.
func isEscape(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}

// Close implements Writer.
func (w *xlsxWriter) Close() error {
	if w.sheets == 0 {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if err := w.end(); err != nil {
		return err
	}
	types, relations, sheets := new(strings.Builder), new(strings.Builder), new(strings.Builder)
	for i := 1; i <= w.sheets; i++ {
		fmt.Fprintf(types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i)
		fmt.Fprintf(relations, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i, i)
		fmt.Fprintf(sheets, `<sheet name="%d" sheetId="%d" r:id="rId%d"/>`, i, i, i)
	}
	for _, part := range []struct{ name, text string }{
		{"xl/workbook.xml", fmt.Sprintf(workbookPart, sheets)},
		{"xl/_rels/workbook.xml.rels", fmt.Sprintf(workbookRelations, relations, w.sheets+1)},
		{"xl/styles.xml", stylesPart}, {"_rels/.rels", packageRelations}, {"[Content_Types].xml", fmt.Sprintf(contentTypes, types)},
	} {
		entry, err := w.zip.Create(part.name)
		if err == nil {
			_, err = io.WriteString(entry, part.text)
		}
		if err != nil {
			return err
		}
	}
	return w.zip.Close()
}
