package sheet_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"turnout/internal/sheet"
)

// corpus are texts that people type and attackers send.
func corpus(t *testing.T) (all []string) {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "real-data", "strings")
	raw, err := os.ReadFile(filepath.Join(dir, "blns.json"))
	if err != nil {
		t.Skip(err)
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadFile(filepath.Join(dir, "names.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(names)) {
		name, _, _ := strings.Cut(line, "\t")
		all = append(all, name)
	}
	return append(all, "=1+1", "+49 30 1234", "-", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "a;=cmd|' /C calc'!A0", "a\n=1", `a";"=1`, "a\t@x", "_x000D_", "_x003D_1", "bell\a", "\ufffe", "\xff\xfe")
}

func written(t *testing.T, format sheet.Format, titles []string, rows ...[]sheet.Cell) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := sheet.New(&out, format, titles)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readCSV(t *testing.T, file []byte, comma rune) [][]string {
	t.Helper()
	if !bytes.HasPrefix(file, []byte("\ufeff")) {
		t.Error("no byte order mark")
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, comma != ','
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func readXLSX(t *testing.T, file []byte) (*excelize.File, [][]string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return book, rows
}

// formula says whether a spreadsheet would take a cell for one.
func formula(cell string) bool {
	return cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝")
}

// No text of the corpus is a formula in any file, however it is read, and each is the same again but for its apostrophes.
func TestNothingIsAFormula(t *testing.T) {
	all := corpus(t)
	var rows [][]sheet.Cell
	for _, s := range all {
		rows = append(rows, []sheet.Cell{sheet.Number(7), sheet.Text(s), sheet.Text("end")})
	}
	file := written(t, sheet.CSV, []string{"n", "text", "end"}, rows...)
	for i, row := range readCSV(t, file, ',')[1:] {
		if len(row) != 3 || row[0] != "7" || row[2] != "end" {
			t.Fatalf("%q tears its row: %q", all[i], row)
		}
		if formula(row[1]) {
			t.Errorf("CSV: %q is %q", all[i], row[1])
		}
		if got, want := plain(row[1]), plain(all[i]); got != want {
			t.Errorf("CSV: %q came back as %q", want, got)
		}
	}
	for _, comma := range []rune{';', '\t', '|'} { // as other readers do
		for _, row := range readCSV(t, file, comma) {
			for _, cell := range row {
				if formula(cell) {
					t.Errorf("read by %q: the cell %q", comma, cell)
				}
			}
		}
	}
	book, found := readXLSX(t, written(t, sheet.XLSX, []string{"n", "text", "end"}, rows...))
	for i, row := range found[1:] {
		if len(row) != 3 || row[0] != "7" || row[2] != "end" {
			t.Fatalf("%q tears its row: %q", all[i], row)
		}
		if formula(row[1]) {
			t.Errorf("XLSX: %q is %q", all[i], row[1])
		}
		if f, err := book.GetCellFormula(book.GetSheetName(0), fmt.Sprintf("B%d", i+2)); err != nil || f != "" {
			t.Errorf("XLSX: %q is the formula %q, %v", all[i], f, err)
		}
		if got, want := plain(row[1]), plain(all[i]); got != want {
			t.Errorf("XLSX: %q came back as %q", want, got)
		}
	}
}

// plain leaves out what a file may change: apostrophes, and characters that XML and lines cannot hold.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\'' || unicode.IsControl(r) || r == utf8.RuneError || r == '\ufffe' {
			return -1
		}
		return r
	}, s)
}

// Numbers, amounts and moments are those of a spreadsheet.
func TestCellsAreWhatTheyAre(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 7, 1, 22, 30, 15, 0, time.UTC).In(berlin)
	row := []sheet.Cell{sheet.Number(-12), sheet.Amount(4900, 2), sheet.Amount(-5, 2), sheet.Amount(1250, 3), sheet.Amount(500, 0), sheet.Moment(at), sheet.Moment(time.Time{}), {}, sheet.Text("x")}
	titles := strings.Split("abcdefghi", "")
	want := []string{"-12", "49.00", "-0.05", "1.250", "500", "2026-07-02 00:30:15", "", "", "x"}
	if got := readCSV(t, written(t, sheet.CSV, titles, row), ',')[1]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("CSV: %q", got)
	}
	book, _ := readXLSX(t, written(t, sheet.XLSX, titles, row))
	name := book.GetSheetName(0)
	for i, want := range want {
		cell := string(rune('A'+i)) + "2"
		got, err := book.GetCellValue(name, cell) // as a spreadsheet shows it
		if err != nil || got != want {
			t.Errorf("XLSX %s: %q, %v; want %q", cell, got, err, want)
		}
		if kind, err := book.GetCellType(name, cell); err != nil || i < 6 && kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
			t.Errorf("XLSX %s: type %v, %v", cell, kind, err)
		}
	}
	if kind, _ := book.GetCellType(name, "I2"); kind != excelize.CellTypeInlineString {
		t.Errorf("a text is of type %v", kind)
	}
}

// A table without rows has its titles, and one with more rows than a sheet holds goes on in the next.
func TestManyRows(t *testing.T) {
	if got := readCSV(t, written(t, sheet.CSV, []string{"a", "b"}), ','); fmt.Sprint(got) != "[[a b]]" {
		t.Error(got)
	}
	if _, got := readXLSX(t, written(t, sheet.XLSX, []string{"a", "b"})); fmt.Sprint(got) != "[[a b]]" {
		t.Error(got)
	}
	if testing.Short() {
		t.Skip("a million rows")
	}
	var out bytes.Buffer
	w, err := sheet.New(&out, sheet.XLSX, []string{"n"})
	if err != nil {
		t.Fatal(err)
	}
	row := make([]sheet.Cell, 1)
	for i := range 1<<20 + 5 {
		row[0] = sheet.Number(int64(i))
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	if got := book.GetSheetList(); len(got) != 2 {
		t.Fatalf("sheets %v", got)
	}
	rows, err := book.GetRows("2")
	if err != nil || len(rows) != 7 || rows[0][0] != "n" || rows[1][0] != fmt.Sprint(1<<20-1) {
		t.Errorf("the second sheet: %v, %v", rows, err)
	}
}

// A full disk is told.
func TestAFailedWriteIsTold(t *testing.T) {
	for _, format := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		w, err := sheet.New(full{}, format, []string{"a"})
		for range 100_000 {
			if err != nil {
				break
			}
			err = w.Row([]sheet.Cell{sheet.Text(strings.Repeat("x", 100))})
		}
		if err == nil {
			err = w.Close()
		}
		if err == nil {
			t.Errorf("%s: nothing was said", format)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
