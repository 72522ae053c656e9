package respond

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"turnout"
)

// textRule is what a text field takes.
type textRule struct {
	long   bool // line breaks, tabs and bidi controls are allowed
	secret bool // not trimmed, not normalised
	max    int  // characters
}

const defaultMax = 200

func parseTextRule(tag string) textRule {
	rule := textRule{max: defaultMax}
	if tag == "" {
		return rule
	}
	kind, rest, _ := strings.Cut(tag, ",")
	rule.long, rule.secret = kind == "long", kind == "secret"
	if !rule.long && !rule.secret && kind != "name" {
		panic("respond: unknown text rule " + tag)
	}
	if number, ok := strings.CutPrefix(rest, "max="); ok {
		limit, err := strconv.Atoi(number)
		if err != nil {
			panic("respond: text rule " + tag)
		}
		rule.max = limit
	}
	return rule
}

// text sets a string or a time, or notes why not.
func (d *decoder) text(value string, v reflect.Value, path string, rule textRule) {
	if v.Type() == timeType {
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil || at.Year() < 1 || at.Year() > 9999 {
			d.wrongType(v, path)
			return
		}
		v.Set(reflect.ValueOf(at.UTC().Truncate(time.Microsecond)))
		return
	}
	if v.Kind() != reflect.String {
		d.wrongType(v, path)
		return
	}
	clean, code, message := rule.clean(value)
	if code != "" {
		d.note(path, code, "%s", message)
		return
	}
	v.SetString(clean)
}

// Text brings one text into the form that we keep, by a rule written as in a text tag ("name,max=200"). The error is an
// Invalid one about the field.
func Text(field, value, rule string) (string, error) {
	clean, code, message := parseTextRule(rule).clean(value)
	if code != "" {
		return "", turnout.Invalidf(field, code, "%s", message)
	}
	return clean, nil
}

// clean gives the text as we keep it, or a code (invalid_text, too_long) and a sentence why not.
func (rule textRule) clean(value string) (clean, code, message string) {
	if !utf8.ValidString(value) {
		return "", "invalid_text", "This is not valid UTF-8."
	}
	if rule.long { // forms send CRLF
		value = strings.ReplaceAll(value, "\r\n", "\n")
	}
	for _, r := range value {
		if refused := rule.refusal(r); refused != "" {
			return "", "invalid_text", refused
		}
	}
	if !rule.secret {
		value = norm.NFC.String(value)
		if !rule.long {
			value = strings.TrimSpace(value)
		}
	}
	if n := utf8.RuneCountInString(value); n > rule.max {
		return "", "too_long", fmt.Sprintf("This has %d characters; at most %d fit.", n, rule.max)
	}
	return value, "", ""
}

// refusal says why a character is not taken, "" when it is.
func (rule textRule) refusal(r rune) string {
	switch {
	case r == '\n' || r == '\t':
		if rule.long {
			return ""
		}
		return "This must be one line."
	case unicode.IsControl(r):
		return fmt.Sprintf("This holds a control character (%U).", r)
	case r == utf8.RuneError:
		return "This holds a damaged character (U+FFFD)."
	case !rule.long && unicode.Is(unicode.Bidi_Control, r):
		return fmt.Sprintf("This holds a character that turns the direction of text around (%U).", r)
	}
	return ""
}
