package templates

import (
	"slices"
	"strings"
)

// Chrome is what every frame needs around a page's own content. Page data structs embed it.
type Chrome struct {
	Title       string // of the page alone; the frame adds the community's name
	Description string // one or two plain sentences, for search engines and previews
	Path        string // of the page on this site, with what it needs of its query: for the language links
	Canonical   string // absolute URL of this page, "" for none
	Image       string // absolute URL of the preview picture, "" for none
	NoIndex     bool   // keeps order pages and the like out of search engines
	JSONLD      any    // schema.org data, marshalled as it is; nil for none
	ThemeURL    string // the brand's stylesheet (the bytes of [Theme]), "" for Turnout's own accent
	Community   Brand
	Staff       *Staff     // nil when nobody is signed in
	Nav         []NavGroup // the console's sidebar
	Crumbs      []Link     // the way back up; the page itself is not among them
	Flash       *Flash     // one message after a redirect, nil for none
	Scripts     []string   // further bundles beside "site": "door"
	Demo        bool       // says that nothing here is real
}

// Brand is how a community shows itself.
type Brand struct {
	Name    string
	URL     string // its home page
	LogoURL string // "" shows the initials
}

// Staff is the signed-in person, for the console's corner.
type Staff struct {
	Name, Email, Role string
	SignOutURL        string // takes a POST
}

// NavGroup is one block of the console's sidebar: the community's pages, or one event's.
type NavGroup struct {
	Title string // plain text, "" for none
	URL   string // of the title, "" for none
	Items []NavItem
}

// NavItem is one entry; Key is a message key ("nav.orders").
type NavItem struct {
	Key, URL, Icon string
	Current        bool
	Count          int // shown when not 0
}

// Link is a text with an address.
type Link struct{ Text, URL string }

// Flash is one message; Kind is "ok", "info", "warn" or "error".
type Flash struct{ Kind, Text string }

// Problem is what is wrong with one field, or ("" as its name) with the form as a whole.
type Problem struct {
	Name, Code, Message string
	Label               string // what the page calls the field; "" takes the catalogue's word for its name
}

// Errors are the problems of a form, already in the reader's language.
type Errors []Problem

// Labelled gives the errors with what a page calls its fields (pairs of name and label), where that is not the catalogue's
// word for the name.
func (e Errors) Labelled(pairs ...string) Errors {
	out := slices.Clone(e)
	for i := range out {
		for n := 0; n+1 < len(pairs); n += 2 {
			if out[i].Name == pairs[n] {
				out[i].Label = pairs[n+1]
			}
		}
	}
	return out
}

// For gives the first problem of a field, "" for none.
func (e Errors) For(name string) string {
	for _, f := range e {
		if f.Name == name {
			return f.Message
		}
	}
	return ""
}

// Field is one form field; the partial "field" draws it. Made in a template by {{field "email" "Label" (t "…") …}}.
type Field struct {
	Name, Label, Help, Error     string
	Type                         string // HTML input type, "textarea" or "select"; "text" when empty
	Value                        any
	Options                      []Option // of a select
	Required, Optional, Disabled bool
	Refreshes                    bool // a change has the form drawn again: _redraw.ts
	Autocomplete, Inputmode      string
	Placeholder, Pattern         string
	List                         string // id of a datalist with suggestions
	Min, Max, Step               string
	Rows, MaxLength              int
	Prefix, Suffix               string // shown inside the box: a currency, a unit
}

// Option is one choice of a select or of a group of radio cards.
type Option struct {
	Value, Text, Note string
	Disabled          bool
}

// ID is the HTML id of the field, the target of the error summary's links.
func (f Field) ID() string { return fieldID(f.Name) }

// fieldID turns the path of a field ("lines[0].quantity") into an HTML id.
func fieldID(name string) string {
	return "f-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, name)
}
