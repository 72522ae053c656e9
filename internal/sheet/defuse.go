package sheet

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts are the characters with which a spreadsheet takes a text for a formula, full-width ones too.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// Defuse gives a text that no spreadsheet takes for a formula: one that would begin like one gets an apostrophe before it, which
// spreadsheets read as "this is text".
func Defuse(s string) string {
	if s == "" {
		return s
	}
	first, _ := utf8.DecodeRuneInString(s)
	if strings.ContainsRune(formulaStarts, first) {
		return "'" + s
	}
	return s
}

// separators end a cell where a file is read by another separator than the comma, or with quotes that are not understood.
const separators = ";\t\r\n|"

// defuseCSV is Defuse for every part that a reader with other habits would take for a cell of its own.
func defuseCSV(s string) string {
	s = Defuse(s)
	if !strings.ContainsAny(s, separators) {
		return s
	}
	var out strings.Builder
	out.Grow(len(s) + 4)
	begins := false
	for _, r := range s {
		switch {
		case strings.ContainsRune(separators, r):
			begins = true
		case begins && strings.ContainsRune(formulaStarts, r):
			out.WriteByte('\'')
			begins = false
		case r != ' ' && r != '"' && r != '\u00a0':
			begins = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// Undefuse takes the apostrophes away that a CSV file of ours has before what would be a formula. A text that had such an apostrophe by itself loses it.
func Undefuse(s string) string {
	if !strings.Contains(s, "'") {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	begins := true
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		switch {
		case begins && r == '\'' && i+1 < len(s) && strings.ContainsRune(formulaStarts, next):
			begins = false
			continue
		case strings.ContainsRune(separators, r):
			begins = true
		case r != ' ' && r != '"' && r != '\u00a0':
			begins = false
		}
		out.WriteRune(r)
	}
	return out.String()
}
