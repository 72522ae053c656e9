package templates

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"

	"turnout"
)

// keysOf collects the constant keys that a template gives to the function t.
func keysOf(n parse.Node, found map[string]bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			keysOf(child, found)
		}
	case *parse.ActionNode:
		keysOf(n.Pipe, found)
	case *parse.IfNode:
		keysOf(&n.BranchNode, found)
	case *parse.RangeNode:
		keysOf(&n.BranchNode, found)
	case *parse.WithNode:
		keysOf(&n.BranchNode, found)
	case *parse.BranchNode:
		keysOf(n.Pipe, found)
		keysOf(n.List, found)
		keysOf(n.ElseList, found)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			keysOf(n.Pipe, found)
		}
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			keysOf(c, found)
		}
	case *parse.CommandNode:
		if len(n.Args) > 1 && n.Args[0].String() == "t" {
			if key, ok := n.Args[1].(*parse.StringNode); ok {
				found[key.Text] = true
			}
		}
		for _, a := range n.Args {
			keysOf(a, found)
		}
	}
}

func TestEveryKeyHasAnEnglishText(t *testing.T) {
	s := newSet(t)
	found := map[string]bool{}
	for name := range s.parsed {
		page, err := s.page(fallback, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range page.Templates() {
			if part.Tree != nil {
				keysOf(part.Tree.Root, found)
			}
		}
	}
	for _, m := range s.mails[fallback] {
		for _, part := range m.html.Templates() {
			if part.Tree != nil {
				keysOf(part.Tree.Root, found)
			}
		}
		for _, part := range m.text.Templates() {
			keysOf(part.Tree.Root, found)
		}
	}
	if len(found) < 40 {
		t.Fatalf("only %d keys found: the walk is broken", len(found))
	}
	for key := range found {
		if !s.catalogue.keys[fallback][key] {
			t.Errorf("%q is used but has no text in locales/en.json", key)
		}
	}
	for state := range looks {
		if key := "status." + state; !s.catalogue.keys[fallback][key] {
			t.Errorf("%q has no text in locales/en.json", key)
		}
	}
}

func TestNoLanguageHasMoreThanEnglish(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for key := range s.catalogue.keys[lang] {
			if !s.catalogue.keys[fallback][key] {
				t.Errorf("locales/%s.json has %q, English has not", lang, key)
			}
		}
	}
	for key := range s.catalogue.keys[fallback] {
		if !s.catalogue.keys["de"][key] {
			t.Errorf("locales/de.json lacks %q", key)
		}
	}
}

func TestAThirdLanguageNeedsNoCode(t *testing.T) {
	dir := fstest.MapFS{"locales/fr.json": {Data: []byte(`{"sign_in.title": "Se connecter", "relative.in_days": {"one": "dans {{.Count}} jour", "other": "dans {{.Count}} jours"}}`)}}
	for _, name := range []string{"locales/en.json", "locales/de.json"} {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		dir[name] = &fstest.MapFile{Data: raw}
	}
	c, err := loadCatalogue(dir)
	if err != nil {
		t.Fatal(err)
	}
	fr := c.localiser("fr")
	for _, test := range []struct{ got, want string }{
		{fr.say("sign_in.title"), "Se connecter"},
		{fr.say("relative.in_days", "Count", 0), "dans 0 jour"}, // French counts 0 as one: the rule comes from CLDR, not from us
		{fr.say("sign_in.submit"), "Sign in"},                   // what is not translated yet is English
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestMatch(t *testing.T) {
	s := newSet(t)
	for _, test := range []struct {
		wishes []string
		want   string
	}{
		{nil, "en"}, {[]string{"", "de-AT,de;q=0.9,en;q=0.5"}, "de"}, {[]string{"", "fr-FR, en;q=0.4"}, "en"}, {[]string{"en", "de"}, "en"},
		{[]string{"de", "en"}, "de"}, {[]string{"<script>", "de"}, "de"}, {[]string{strings.Repeat("x", 9000)}, "en"}, {[]string{"ja"}, "en"}, {[]string{"ja", "de"}, "de"},
	} {
		if got := s.Match(test.wishes...); got != test.want {
			t.Errorf("%.40q: %s, want %s", test.wishes, got, test.want)
		}
	}
}

func TestErrorsInTheReadersLanguage(t *testing.T) {
	s := newSet(t)
	gone := &turnout.Error{Kind: turnout.Conflict, Code: "sold_out", Message: "Only 3 are left."}
	odd := &turnout.Error{Kind: turnout.Conflict, Code: "never_heard_of", Message: "Said by the error itself."}
	for _, test := range []struct {
		lang string
		err  error
		want string
	}{
		{"en", gone, "Only 3 are left."},
		{"de", gone, "Diese Tickets sind ausverkauft."},
		{"de", odd, "Said by the error itself."},
		{"en", errors.New("pq: password is hunter2"), s.Message("en", "error.internal")},
	} {
		if got := s.ErrorText(test.lang, test.err); got != test.want {
			t.Errorf("%s %v: %q, want %q", test.lang, test.err, got, test.want)
		}
	}
	var p turnout.Problems
	p.Require("buyer.name", "")
	list := s.Errors("de", p.Err())
	if got := list.For("buyer.name"); got != "Diese Angabe wird gebraucht." {
		t.Errorf("field: %q", got)
	}
	if got := list.For("buyer.email"); got != "" {
		t.Errorf("a field without a problem has %q", got)
	}
}

// An error summary calls a field what the form calls it, in every language.
func TestErrorSummariesCallFieldsWhatTheirFormsCallThem(t *testing.T) {
	set, err := New()
	if err != nil {
		t.Fatal(err)
	}
	var (
		fields   = regexp.MustCompile(`field "([^"]+)" "Label" \(t "([^"]+)"\)`)
		shown    = regexp.MustCompile(`Errors\.For "([^"]+)"`)
		labelled = regexp.MustCompile(`Errors\.Labelled([^)]*\))+`)
		pair     = regexp.MustCompile(`"([^"]+)" \(t "([^"]+)"\)`)
	)
	read := func(name string) string {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, page := range namesIn("pages", ".html") {
		text := read("pages/" + page + ".html")
		if !strings.HasPrefix(page, "console_") || !strings.Contains(text, `{{template "errors"`) {
			continue
		}
		own := map[string]string{}
		for _, m := range pair.FindAllStringSubmatch(labelled.FindString(text), -1) {
			own[m[1]] = m[2]
		}
		if strings.Contains(text, `{{template "event-fields"`) {
			text += read("partials/console_event.html")
		}
		for _, lang := range set.Languages() {
			for _, m := range shown.FindAllStringSubmatch(text, -1) {
				if own[m[1]] == "" && !set.catalogue.localiser(lang).has("field."+m[1]) {
					t.Errorf("%s: the field %s has no label for the summary", page, m[1])
				}
			}
			for _, m := range fields.FindAllStringSubmatch(text, -1) {
				key := own[m[1]]
				if key == "" {
					key = "field." + m[1]
				}
				if got, want := set.Message(lang, key), set.Message(lang, m[2]); got != want {
					t.Errorf("%s (%s): the summary says %q of the field %q", page, lang, got, want)
				}
			}
		}
	}
}

// The German catalogue says Sie to everybody.
func TestGermanAddressesPeopleOneWay(t *testing.T) {
	text, err := files.ReadFile("locales/de.json")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`.*\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]eine?[mnrs]?)\b.*`).FindAllString(string(text), -1); found != nil {
		t.Errorf("%q", found)
	}
}
