package api

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"turnout/events/agenda/exchange"
	"turnout/templates"
)

// What an import was in doubt about is said in the reader's language; to programs it is said in English.
func TestWarningsOfAnImportAreInTheReadersLanguage(t *testing.T) {
	traps, err := os.ReadFile("../events/agenda/exchange/testdata/traps.xml")
	if err != nil {
		t.Fatal(err)
	}
	_, warnings, err := exchange.Read(traps, exchange.Options{})
	if err != nil {
		t.Fatal(err)
	}
	onDesk(t, func(t *testing.T, d *desk) {
		d.lang = "de"
		_, body := d.upload(d.at("/agenda/import"), traps)
		if strings.Contains(body, "⟦") || strings.Contains(body, "<no value>") {
			t.Error("words are missing")
		}
		for _, want := range []string{"Die Sprache &#34;klingon&#34; ist nicht bekannt", "Zeile 19: Programmpunkt „Opening“", "gibt es in Europe/Brussels zweimal", "Die Datei steht in Europe/Brussels, die Veranstaltung in"} {
			if !strings.Contains(body, want) {
				t.Errorf("the dry run says no %q: %s", want, excerpt(body))
			}
		}
		for _, w := range warnings {
			if strings.Contains(body, ">"+w.Message) || strings.Contains(body, w.Where.String()) && strings.HasPrefix(w.Where.String(), "line") {
				t.Errorf("a German page says: %s (%s)", w.Message, w.Where)
			}
		}
	})
}

var warningCode = regexp.MustCompile(`(?:\bwarn\(.*?, |Code: )"([a-z_]+)"`)

// Every code of a warning has its words in each language, with the data that the code comes with.
func TestEveryWarningOfAnImportHasWords(t *testing.T) {
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../events/agenda/exchange/*.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, name := range append(files, "../events/agenda/plan.go") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range warningCode.FindAllStringSubmatch(string(text), -1) {
			codes[m[1]] = true
		}
	}
	for _, not := range []string{"unknown_format", "too_large", "truncated", "malformed", "no_sessions", "too_many_sessions", "no_days"} {
		delete(codes, not) // these are no warnings, they refuse the whole file or the export
	}
	if len(codes) < 25 {
		t.Fatalf("only %d codes are found: this test looks in the wrong place", len(codes))
	}
	for code := range codes {
		for _, lang := range []string{"en", "de"} {
			said := set.Message(lang, "console.import.warning."+code, "First", "1st", "Second", "2nd", "Third", "3rd", "Count", 7)
			if strings.Contains(said, "⟦") || strings.Contains(said, "<no value>") {
				t.Errorf("%s in %s: %s", code, lang, said)
			}
		}
	}
}
