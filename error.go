package turnout

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind says what sort of failure an [Error] is; the outside turns it into an HTTP status.
type Kind int

// The kinds, each with the status that the API answers.
const (
	Internal        Kind = iota // 500: ours; the caller sees one bland sentence
	Invalid                     // 422: what was sent cannot be accepted as it is
	NotFound                    // 404: no such thing, or not the caller's
	Conflict                    // 409: true and well-formed, but the state forbids it
	Forbidden                   // 403: known caller, not allowed
	Unauthenticated             // 401: nobody knows who is asking
	TooMany                     // 429: too often
	TooLarge                    // 413: more bytes than the call takes
	Stale                       // 412: somebody else changed it first
	Unavailable                 // 503: try again soon
)

// Error is a failure that a caller may see. Sentinels stand beside their noun
// (ticketing.ErrSoldOut); compare with errors.Is, which compares Kind and Code.
type Error struct {
	Kind    Kind
	Code    string // stable, snake_case: the API's `code` and the message catalogue's key
	Message string // one English sentence that says what to do next
	Fields  []FieldError
	cause   error
}

// FieldError names one field of the input and what is wrong with it.
type FieldError struct {
	Name    string `json:"name"` // path in the input: "lines[0].quantity"
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    []any  `json:"-"` // what the sentence names, in its order, for those of other languages: texts, whole numbers, Money
}

// Error gives the sentence, the fields and the cause, for logs.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Message
	for _, f := range e.Fields {
		text += fmt.Sprintf("; %s: %s", f.Name, f.Message)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause, if any.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is true for every error of the same kind and code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Kind == e.Kind && t.Code == e.Code
}

// With gives a copy of e whose message is formatted anew; kind and code stay.
func (e *Error) With(format string, args ...any) *Error {
	c := *e
	c.Message = sentence(format, args)
	return &c
}

// Because gives a copy of e that carries the cause for the log; callers never see it.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Problems collects what is wrong with an input, field by field.
type Problems []FieldError

// Add notes one problem.
func (p *Problems) Add(name, code, format string, args ...any) {
	*p = append(*p, FieldError{Name: name, Code: code, Message: sentence(format, args), Data: args})
}

// Require notes `required` when the value is empty, or nothing of it can be seen.
func (p *Problems) Require(name, value string) {
	if strings.TrimFunc(value, unseen) == "" {
		p.Add(name, "required", "This is needed.")
	}
}

// unseen reports whether a character leaves nothing on a screen: spaces, what joins or directs others, fillers.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\u2800'
}

// Length notes `too_long` when the text has more than most characters.
func (p *Problems) Length(name, text string, most int) {
	if utf8.RuneCountInString(text) > most {
		p.Add(name, "too_long", "This may have at most %d characters.", most)
	}
}

// Line notes a text that is no single line of characters that can be shown, or is longer than most of them.
func (p *Problems) Line(name, text string, most int) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		p.Add(name, "invalid_text", "This text holds characters that cannot be shown.")
		return
	}
	p.Length(name, text, most)
}

// Amount notes money of another currency than the one given, and amounts that are negative or beyond reason. No amount at
// all (the zero Money) is 0.
func (p *Problems) Amount(name string, m Money, currency string) {
	switch {
	case m == Money{}:
	case m.Currency != currency:
		p.Add(name, "currency", "The event's currency is %s.", currency)
	default:
		p.Price(name, m, MaxAmount)
	}
}

// Moved notes money that came or went: an amount as Amount wants it or, for a correction, its negative, but not nothing; and
// its day, written like 2026-03-01.
func (p *Problems) Moved(name string, m Money, currency, dayName, day string) {
	if m.Amount == 0 {
		p.Require(name, "")
	}
	m.Amount = max(m.Amount, -m.Amount)
	p.Amount(name, m, currency)
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		p.Add(dayName, "date", "The day is written like 2026-03-01.")
	}
}

// Join adds those of other problems whose fields have none yet.
func (p *Problems) Join(other Problems) {
	known := map[string]bool{}
	for _, f := range *p {
		known[f.Name] = true
	}
	for _, f := range other {
		if !known[f.Name] {
			*p = append(*p, f)
		}
	}
}

// InOrder notes `order` with the sentence when both times are set and the first is not before the last; zero is no limit.
func (p *Problems) InOrder(name string, first, last time.Time, sentence string) {
	if !first.IsZero() && !last.IsZero() && !first.Before(last) {
		p.Add(name, "order", "%s", sentence)
	}
}

// Err is nil when nothing was noted, else an Invalid error with code "invalid".
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid", Message: "Some of what was sent needs a change.", Fields: p}
}

// Invalidf is an Invalid error about one field.
func Invalidf(field, code, format string, args ...any) error {
	var p Problems
	p.Add(field, code, format, args...)
	return p.Err()
}

// ErrNotFound is what a lookup answers for things that do not exist or belong to another community.
var ErrNotFound = &Error{Kind: NotFound, Code: "not_found", Message: "There is no such thing here, or it is not yours to see."}

// ErrStale is what an edit answers when the thing was changed since it was read.
var ErrStale = &Error{Kind: Stale, Code: "stale", Message: "Somebody changed this in the meantime. Load it again, then repeat your change."}
