package paper

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	maxRunes = 20_000 // of one string; what follows is cut with an ellipsis
	maxMarks = 8      // combining marks on one character; more would only paint over the lines around
)

// Clean gives s as it is printed on one line: valid UTF-8 in NFC, with line ends and tabs as spaces and without
// control and formatting characters (among them those that turn the writing direction). The joiners
// that shape letters and emoji stay.
func Clean(s string) string {
	if printableASCII(s) && len(s) <= maxRunes {
		return s
	}
	s, cut := head(strings.ToValidUTF8(s, "\uFFFD"), maxRunes)
	var b strings.Builder
	b.Grow(len(s))
	marks := 0
	for _, r := range norm.NFC.String(s) {
		switch {
		case isLineEnd(r) || r == '\t':
			r = ' '
		case !kept(r):
			continue
		}
		if unicode.Is(unicode.M, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		b.WriteRune(r)
	}
	if cut {
		b.WriteString("…")
	}
	return b.String()
}

// paragraphs splits s at its line ends and cleans each part.
func paragraphs(s string) []string {
	s, cut := head(strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD"), maxRunes)
	parts := strings.FieldsFunc("\x00"+strings.ReplaceAll(s, "\n", "\n\x00"), isLineEnd)
	for i, p := range parts { // the NUL keeps empty lines; Clean drops it
		parts[i] = strings.TrimRight(Clean(p), " ")
	}
	if cut {
		parts[len(parts)-1] += "…"
	}
	return parts
}

// head gives the first n runes of s, and whether there were more.
func head(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i], true
		}
	}
	return s, false
}

func printableASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func isLineEnd(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029
}

// kept says whether a rune can be drawn or shapes its neighbours.
func kept(r rune) bool {
	switch {
	case r == zwj || r == zwnj:
		return true
	case r >= 0xE0020 && r <= 0xE007F: // tags: the flags of England, Scotland and Wales
		return true
	case r >= 0x0600 && r <= 0x0605, r == 0x06DD, r == 0x070F, r == 0x0890, r == 0x0891, r == 0x08E2: // Arabic signs that show
		return true
	case r >= 0xFE00 && r <= 0xFE0D, r >= 0xE0100 && r <= 0xE01EF: // variants that our fonts do not have
		return false
	}
	return !unicode.Is(unicode.Cc, r) && !unicode.Is(unicode.Cf, r)
}

const (
	zwnj = 0x200C
	zwj  = 0x200D
	vs15 = 0xFE0E // draw the emoji before as text
	vs16 = 0xFE0F // draw the character before as emoji
)

// ignorable says that a rune needs no glyph of its own.
func ignorable(r rune) bool {
	return r == zwj || r == zwnj || r == vs15 || r == vs16 || r == 0x034F || r >= 0x180B && r <= 0x180E || r >= 0xE0020 && r <= 0xE007F
}
