package templates

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"turnout"
)

// fallback is the language that is always complete.
const fallback = "en"

// catalogue holds the messages of all languages.
type catalogue struct {
	bundle    *i18n.Bundle
	languages []string // the fallback first
	matcher   language.Matcher
	keys      map[string]map[string]bool // language, then key
}

func loadCatalogue(dir fs.FS) (*catalogue, error) {
	c := &catalogue{bundle: i18n.NewBundle(language.English), keys: map[string]map[string]bool{}}
	c.bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	names, err := fs.Glob(dir, "locales/*.json")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for _, name := range names {
		file, err := c.bundle.LoadMessageFileFS(dir, name)
		if err != nil {
			return nil, fmt.Errorf("templates: %s: %w", name, err)
		}
		lang := strings.TrimSuffix(path.Base(name), ".json")
		c.keys[lang] = map[string]bool{}
		for _, m := range file.Messages {
			c.keys[lang][m.ID] = true
		}
		c.languages = append(c.languages, lang)
	}
	slices.SortFunc(c.languages, func(a, b string) int {
		if (a == fallback) != (b == fallback) {
			return map[bool]int{true: -1, false: 1}[a == fallback]
		}
		return strings.Compare(a, b)
	})
	tags := make([]language.Tag, len(c.languages))
	for i, lang := range c.languages {
		if tags[i], err = language.Parse(lang); err != nil {
			return nil, fmt.Errorf("templates: locales/%s.json: %w", lang, err)
		}
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// Languages lists the languages there are, English first.
func (s *Set) Languages() []string { return s.catalogue.languages }

// Match chooses the language for the wishes in order: a lang cookie or parameter first, then the Accept-Language header.
// Without a match it is English.
func (s *Set) Match(wishes ...string) string {
	for _, wish := range wishes {
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := s.catalogue.matcher.Match(tags...); confidence > language.No {
			return s.catalogue.languages[i]
		}
	}
	return fallback
}

func (s *Set) language(lang string) string {
	if _, ok := s.pages[lang]; ok {
		return lang
	}
	return fallback
}

// Message gives the text of a key for Go callers; args are pairs of name and value, "Count" chooses the plural.
func (s *Set) Message(lang, key string, args ...any) string {
	text, err := s.catalogue.localiser(s.language(lang)).message(key, args...)
	if err != nil {
		return unknown(key)
	}
	return text
}

// ErrorText gives the sentence for an error in the language: the message "error.CODE" where the catalogue has one and the
// language is not English (whose sentence the error itself brings, with its figures), else the error's own message; anything
// that is no [turnout.Error] is one bland sentence.
func (s *Set) ErrorText(lang string, err error) string {
	var e *turnout.Error
	if !errors.As(err, &e) || e.Kind == turnout.Internal {
		return s.Message(lang, "error.internal")
	}
	return s.errorText(lang, e.Code, e.Message, nil)
}

// Errors gives the problems of the fields of an error in the language, nil when it names none. What a sentence names stands in the texts
// as .A, .B and so on.
func (s *Set) Errors(lang string, err error) Errors {
	var e *turnout.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out Errors
	for _, f := range e.Fields {
		out = append(out, Problem{Name: f.Name, Code: f.Code, Message: s.errorText(lang, f.Code, f.Message, f.Data)})
	}
	return out
}

func (s *Set) errorText(lang, code, own string, data []any) string {
	lang = s.language(lang)
	l := s.catalogue.localiser(lang)
	if (lang != fallback || own == "") && l.has("error."+code) {
		return s.Message(lang, "error."+code, l.named(data)...)
	}
	return own
}

// named gives a text's arguments, each written for people in the language, their names: A, B and so on.
func (l *localiser) named(data []any) (args []any) {
	for i, datum := range data {
		switch v := datum.(type) {
		case int, int64:
			datum = l.number(v)
		case turnout.Money:
			datum = l.money(v)
		}
		args = append(args, string(rune('A'+i)), datum)
	}
	return args
}

// unknown marks a key that no catalogue has; the tests look for the mark in every page.
func unknown(key string) string { return "⟦" + key + "⟧" }

// localiser writes for one language.
type localiser struct {
	lang string
	keys []map[string]bool // this language's, then the fallback's
	own  *i18n.Localizer
}

func (c *catalogue) localiser(lang string) *localiser {
	return &localiser{
		lang: lang, keys: []map[string]bool{c.keys[lang], c.keys[fallback]},
		own: i18n.NewLocalizer(c.bundle, lang, fallback),
	}
}

// has reports whether a key has a text, here or in the fallback.
func (l *localiser) has(key string) bool { return l.keys[0][key] || l.keys[1][key] }

// message is the function "t": {{t "order.tickets" "Count" 3}}. Count chooses the plural; texts show it as .Count or, with
// the language's separators, as .Number.
func (l *localiser) message(key string, args ...any) (string, error) {
	if !l.has(key) {
		return unknown(key), nil
	}
	data, err := dict(args...)
	if err != nil {
		return "", fmt.Errorf("t %s: %w", key, err)
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if count, ok := data["Count"]; ok {
		config.PluralCount = count
		data["Number"] = l.number(count) // for texts that show it: "1,105"
	}
	text, err := l.own.Localize(config)
	if text != "" {
		return text, nil // an error beside a text only says that the fallback spoke
	}
	return "", err
}

// say is message for keys and arguments that this package chose itself.
func (l *localiser) say(key string, args ...any) string {
	text, err := l.message(key, args...)
	if err != nil {
		return unknown(key)
	}
	return text
}
