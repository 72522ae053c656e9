// Package templates draws everything that people read in a browser or a mail: pages, mails, styles, scripts, icons and
// the message catalogue. It knows no event and no database; the pages' data structs live in api/pages and embed [Chrome].
//
// Layout of the folder:
//
//	layouts/   the frames: site (public), console (organisers), door (full screen), bare (sign-in, errors)
//	partials/  pieces that several pages use
//	pages/     one file a page; its first line chooses the frame: {{template "site" .}}
//	emails/    NAME.html and NAME.txt; the text file defines "subject"
//	locales/   one JSON file a language; a further language is a further file, no code
//	icons/     a few Lucide icons (ISC)
//	static/    src (styles and scripts), dist (built, hashed, committed), vendor (pinned third-party files)
//
// Every language has its own parsed set of pages, bound to its catalogue, so that a template says {{t "key"}} and no
// language travels through the data.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	text "text/template"
)

//go:generate go run ./static/build

//go:embed layouts partials pages emails locales icons
var files embed.FS

// Set holds every page and mail in every language, parsed once and put together when first used. It is safe for concurrent use.
type Set struct {
	catalogue *catalogue
	assets    map[string]string
	shared    *template.Template            // layouts and partials, as parsed
	parsed    map[string]*template.Template // a page's own file, as parsed
	pages     map[string]map[string]*page   // language, then page name
	mails     map[string]map[string]mail
}

type mail struct {
	html *template.Template
	text *text.Template
}

// New parses all pages and mails in all languages; an error is a mistake in a file of this folder.
func New() (*Set, error) { return newWith(files) }

// newWith is New with the catalogue of another folder.
func newWith(locales fs.FS) (*Set, error) {
	messages, err := loadCatalogue(locales)
	if err != nil {
		return nil, err
	}
	assets, err := loadManifest()
	if err != nil {
		return nil, err
	}
	s := &Set{
		catalogue: messages, assets: assets,
		parsed: map[string]*template.Template{}, pages: map[string]map[string]*page{}, mails: map[string]map[string]mail{},
	}
	for _, lang := range messages.languages {
		s.pages[lang] = map[string]*page{}
		if s.mails[lang], err = s.parseMails(lang); err != nil {
			return nil, err
		}
	}
	return s, s.parsePages()
}

// Page writes the page of that name ("event") in the language (one that [Set.Match] gave). Nothing is written when
// the template fails, so the caller can still answer with an error page.
func (s *Set) Page(w io.Writer, lang, name string, data any) error {
	page, err := s.page(lang, name)
	if err != nil {
		return err
	}
	return render(w, func(b *bytes.Buffer) error { return page.Execute(b, data) })
}

// Part writes one {{define}}d part of a page, for the partial updates that htmx asks for.
func (s *Set) Part(w io.Writer, lang, name, part string, data any) error {
	page, err := s.page(lang, name)
	if err != nil {
		return err
	}
	if page.Lookup(part) == nil {
		return fmt.Errorf("templates: no part %q in page %q", part, name)
	}
	return render(w, func(b *bytes.Buffer) error { return page.ExecuteTemplate(b, part, data) })
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// largestKept is the size above which a buffer is left to the garbage collector (a full schedule is bigger).
const largestKept = 1 << 20

func render(w io.Writer, execute func(*bytes.Buffer) error) error {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= largestKept {
			b.Reset()
			buffers.Put(b)
		}
	}()
	b.Reset()
	if err := execute(b); err != nil {
		return fmt.Errorf("templates: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

// Email gives the parts of the mail of that name. The subject is one line without surrounding space.
func (s *Set) Email(lang, name string, data any) (subject, html, plain string, err error) {
	m, ok := s.mails[s.language(lang)][name]
	if !ok {
		return "", "", "", fmt.Errorf("templates: no mail %q", name)
	}
	var head, body, rich bytes.Buffer
	if err = m.text.ExecuteTemplate(&head, "subject", data); err != nil {
		return "", "", "", fmt.Errorf("templates: mail %s: %w", name, err)
	}
	if err = m.text.Execute(&body, data); err != nil {
		return "", "", "", fmt.Errorf("templates: mail %s: %w", name, err)
	}
	if err = m.html.Execute(&rich, data); err != nil {
		return "", "", "", fmt.Errorf("templates: mail %s: %w", name, err)
	}
	return strings.Join(strings.Fields(head.String()), " "), rich.String(), strings.TrimSpace(body.String()) + "\n", nil
}

// Names lists the pages that people visit (the style guide is none), sorted: the test of api/pages walks it to see that every
// page was drawn with sample data.
func Names() []string {
	return slices.DeleteFunc(namesIn("pages", ".html"), func(name string) bool { return strings.HasPrefix(name, "styleguide") })
}

// EmailNames lists the mails, sorted.
func EmailNames() []string { return namesIn("emails", ".txt") }

func namesIn(dir, suffix string) []string {
	var names []string
	entries, _ := fs.ReadDir(files, dir) // embedded: it is there
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *Set) parseMails(lang string) (map[string]mail, error) {
	functions := s.functions(lang)
	mails := map[string]mail{}
	for _, name := range EmailNames() {
		html, err := template.New(name+".html").Funcs(functions).ParseFS(files, "partials/mail.html", path.Join("emails", name+".html"))
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		plain, err := text.New(name+".txt").Funcs(functions).ParseFS(files, path.Join("emails", name+".txt"))
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		mails[name] = mail{html: html, text: plain}
	}
	return mails, nil
}

// functions is what templates of one language can call. The English text "t" is the only way to words.
func (s *Set) functions(lang string) template.FuncMap {
	l := s.catalogue.localiser(lang)
	return template.FuncMap{
		"t": l.message, "has": l.has, "lang": func() string { return lang }, "languages": s.Languages,
		"money": l.money, "price": l.price, "number": l.number, "percent": l.percent,
		"date": l.date, "dates": l.dates, "when": l.when, "whenLong": l.whenLong, "moment": l.moment, "clock": l.clock,
		"clocks": l.clocks, "weekday": l.weekday, "dayNear": l.dayNear, "momentNear": l.momentNear, "dayOf": l.dayOf, "unbroken": unbroken, "monthShort": l.monthShort, "day": dayOfMonth, "year": year, "zone": l.zone, "relative": l.relative, "iso": iso, "minutes": l.minutes,
		"markdown": markdown, "icon": icon, "shades": shadesOf, "qr": qr, "initials": initials, "variant": variant,
		"asset": s.asset, "dict": dict, "badge": l.badge, "fieldID": fieldID, "field": newField, "join": strings.Join,
		"host": host, "inLanguage": inLanguage, "webcal": webcal, "map": mapLink, "add": func(a, b int) int { return a + b }, "sub": func(a, b int64) int64 { return a - b }, "bars": bars, "curves": curves, "split": split, "part": part,
	}
}

// dict makes the named arguments of a partial: {{template "empty" (dict "Icon" "ticket" "Title" (t "…"))}}.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: name %d is no string", i/2)
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
