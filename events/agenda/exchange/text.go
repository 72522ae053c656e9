package exchange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// decode makes valid UTF-8 without a byte order mark and without characters that XML forbids, from UTF-8, UTF-16 with a
// mark, or an XML file that declares Latin-1. It also tells how many bytes or characters had to be replaced or left out.
func decode(data []byte) ([]byte, int) {
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		data = fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		data = fromUTF16(data[2:], binary.BigEndian)
	case latin1Pattern.Match(data[:min(len(data), 200)]):
		data = fromLatin1(data)
	}
	return repair(data)
}

var latin1Pattern = regexp.MustCompile(`(?i)^\s*<\?xml[^>]*encoding=["'](iso-8859-1|latin-?1|windows-1252|us-ascii)["']`)

func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// windows1252 holds what the bytes 0x80 to 0x9f mean in files that call themselves Latin-1.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

func fromLatin1(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, b := range data {
		r := rune(b)
		if b >= 0x80 && b < 0xa0 {
			r = windows1252[b-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// repair leaves sound text untouched; else it replaces invalid UTF-8 and drops forbidden characters.
func repair(data []byte) ([]byte, int) {
	broken := 0
	for rest := data; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 || forbidden(r) {
			broken++
		}
		rest = rest[n:]
	}
	if broken == 0 {
		return data, 0
	}
	out := make([]byte, 0, len(data)+2*broken)
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		data = data[n:]
		if !forbidden(r) {
			out = utf8.AppendRune(out, r)
		}
	}
	return out, broken
}

// forbidden characters are controls but tab and line ends, and the two non-characters that XML excludes.
func forbidden(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r == 0xfffe || r == 0xffff
}

// hidden characters in names make one look like another: controls, direction overrides, zero-width space, BOM.
func hidden(r rune) bool {
	return unicode.IsControl(r) || forbidden(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ||
		r == 0x200b || r == 0xfeff || r == 0x2028 || r == 0x2029
}

// line cleans a text of one line (a title, a name): NFC, one space between words, nothing hidden, at most limit characters.
func (r *reading) line(where Place, text string, limit int) string {
	removed := false
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c), c == 0x2028, c == 0x2029:
			return ' '
		case hidden(c):
			removed = true
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "\ufffd"))
	if removed {
		r.warn(where, "text_cleaned", "Hidden control characters were left out.")
	}
	return r.cut(where, norm.NFC.String(strings.Join(strings.Fields(text), " ")), limit)
}

// text cleans a text of many lines, turns HTML into Markdown, and gives NFC.
func (r *reading) text(where Place, text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	removed := false
	text = strings.Map(func(c rune) rune {
		if forbidden(c) || unicode.IsControl(c) && c != '\n' && c != '\t' {
			removed = true
			return -1
		}
		return c
	}, text)
	if removed {
		r.warn(where, "text_cleaned", "Control characters were left out.")
	}
	if len(text) > 8*maxText { // before the work, not only after it
		r.warn(where, "text_cut", "The text is longer than %d characters and was cut.", maxText)
		text = strings.ToValidUTF8(text[:8*maxText], "")
	}
	if hasHTML(text) {
		text = markdown(text)
	}
	return r.cut(where, norm.NFC.String(tidy(text)), maxText)
}

// cut shortens to a number of characters.
func (r *reading) cut(where Place, text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	r.warn(where, "text_cut", "The text is longer than %d characters and was cut.", limit)
	return strings.TrimSpace(string([]rune(text)[:limit-1])) + "…"
}

var numericReference = regexp.MustCompile(`&#([0-9]{1,10}|[xX][0-9a-fA-F]{1,8});`)

var blankLines = regexp.MustCompile(`\n{3,}`)

// tidy drops blanks at the ends and more than one empty line.
func tidy(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasSuffix(line, "  ") && strings.TrimSpace(line) != "" {
			lines[i] = strings.TrimRight(line, " \t") + "  " // a line break in Markdown
			continue
		}
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.TrimSpace(blankLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// link keeps an address that may stand on a page: http, https or mailto, absolute, without blanks. Others are warned about.
func (r *reading) link(where Place, address string) string {
	address = strings.TrimSpace(address)
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	sound := err == nil && len(address) <= 2_000 && !strings.ContainsFunc(address, func(c rune) bool { return unicode.IsSpace(c) || hidden(c) })
	if sound && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return address
	}
	if sound && u.Scheme == "mailto" && strings.Contains(u.Opaque, "@") {
		return address
	}
	r.warn(where, "bad_link", "The link %s is no web address and was left out.", quoteShort(address))
	return ""
}

// quoteShort quotes at most 60 characters for a message.
func quoteShort(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:59]) + "…"
	}
	return strconv.Quote(text)
}

// kinds are tried in this order: the first whose word occurs in the source's own word wins.
var kinds = []struct{ kind, words string }{
	{"keynote", "keynote"},
	{"workshop", "workshop tutorial hands-on hackathon training course lab"},
	{"panel", "panel podium discussion diskussion roundtable fishbowl"},
	{"break", "break lunch coffee pause dinner_break service"},
	{"social", "social party reception concert dinner networking"},
	{"talk", "talk lecture vortrag devroom maintrack session presentation lightning podcast beitrag"},
}

// kindOf maps the source's word to one of ours; no word means a talk, an unknown word means other.
func kindOf(word string) string {
	word = strings.ToLower(word)
	if word == "" {
		return "talk"
	}
	for _, k := range kinds {
		for w := range strings.FieldsSeq(k.words) {
			if strings.Contains(word, w) {
				return k.kind
			}
		}
	}
	return "other"
}

// languageNames maps what languages call themselves, or are called in English, to codes.
var languageNames = map[string]string{
	"english": "en", "englisch": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "francais": "fr",
	"spanish": "es", "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt", "português": "pt",
	"dutch": "nl", "nederlands": "nl", "polish": "pl", "polski": "pl", "czech": "cs", "čeština": "cs", "slovak": "sk",
	"slovenčina": "sk", "slovenian": "sl", "slovenščina": "sl", "croatian": "hr", "hrvatski": "hr", "serbian": "sr",
	"српски": "sr", "hungarian": "hu", "magyar": "hu", "romanian": "ro", "română": "ro", "bulgarian": "bg",
	"български": "bg", "greek": "el", "ελληνικά": "el", "turkish": "tr", "türkçe": "tr", "russian": "ru", "русский": "ru",
	"ukrainian": "uk", "українська": "uk", "swedish": "sv", "svenska": "sv", "norwegian": "no", "norsk": "no",
	"danish": "da", "dansk": "da", "finnish": "fi", "suomi": "fi", "estonian": "et", "eesti": "et", "latvian": "lv",
	"latviešu": "lv", "lithuanian": "lt", "lietuvių": "lt", "chinese": "zh", "中文": "zh", "mandarin": "zh", "漢語": "zh",
	"汉语": "zh", "國語": "zh", "华语": "zh", "華語": "zh", "japanese": "ja", "日本語": "ja", "korean": "ko", "한국어": "ko",
	"arabic": "ar", "العربية": "ar", "hebrew": "he", "עברית": "he", "persian": "fa", "فارسی": "fa", "hindi": "hi",
	"हिन्दी": "hi", "indonesian": "id", "bahasa indonesia": "id", "vietnamese": "vi", "tiếng việt": "vi", "thai": "th",
	"ไทย": "th", "catalan": "ca", "català": "ca", "basque": "eu", "euskara": "eu", "galician": "gl", "galego": "gl", "esperanto": "eo",
}

var (
	languageCode  = regexp.MustCompile(`^[a-z]{2,3}([-_][a-z0-9]{2,8})*$`)
	languageSplit = regexp.MustCompile(`\s*[,;/|&+]\s*`)
)

// language gives codes: "de, en" for "DE/EN", "zh" for "中文", "en" for "en-US", "" for nothing. Words that are neither a
// code nor a known name are left out with a warning.
func (r *reading) language(where Place, text string) string {
	var codes []string
	for _, part := range languageSplit.Split(strings.ToLower(r.line(where, text, maxName)), -1) {
		code, known := languageNames[part]
		if !known && languageCode.MatchString(part) {
			code, known = strings.FieldsFunc(part, func(c rune) bool { return c == '-' || c == '_' })[0], true
		}
		switch {
		case part == "":
		case !known:
			r.warn(where, "unknown_language", "The language %s is not known and was left out.", quoteShort(part))
		case !slices.Contains(codes, code):
			codes = append(codes, code)
		}
	}
	return strings.Join(codes[:min(len(codes), 10)], ", ")
}

// lineOf gives the line and the byte offset for an error message, both from 1 and 0.
func lineOf(data []byte, offset int64) string {
	offset = max(0, min(offset, int64(len(data))))
	return fmt.Sprintf("line %d, byte %d", 1+bytes.Count(data[:offset], []byte("\n")), offset)
}
