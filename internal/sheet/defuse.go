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

// wouldBegin says whether a text would begin like a formula, behind any apostrophes: one more is then added, so that taking one away gives the text again.
func wouldBegin(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "'"))
	return first != utf8.RuneError && strings.ContainsRune(formulaStarts, first)
}

// defuseCSV is Defuse for every part that a reader with other habits would take for a cell of its own.
func defuseCSV(s string) string {
	return defused(s, func(out *strings.Builder) { out.WriteByte('\'') }, 0)
}

// Undefuse takes the apostrophes away that a CSV file of ours has before what would be a formula.
func Undefuse(s string) string {
	if !strings.Contains(s, "'") {
		return s
	}
	return defused(s, func(*strings.Builder) {}, 1)
}

// defused copies a text; where a part would begin like a formula it marks that, and leaves out so many apostrophes.
func defused(s string, mark func(*strings.Builder), less int) string {
	var out strings.Builder
	out.Grow(len(s) + 4)
	begins, skip := true, 0
	for i, r := range s {
		if begins && (r == '\'' || less == 0) && wouldBegin(s[i:]) {
			mark(&out)
			begins, skip = false, less
		}
		if skip > 0 {
			skip--
			continue
		}
		switch {
		case strings.ContainsRune(separators, r):
			begins = true
		case r != ' ' && r != '"' && r != '\u00a0':
			begins = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// separators end a cell where a file is read by another separator than the comma, or with quotes that are not understood.
const separators = ";\t\r\n|"
