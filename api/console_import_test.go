package api

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"turnout/events/agenda"
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
	for _, name := range append(files, "../events/agenda/plan.go", "../events/agenda/merge.go") {
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
	for _, not := range []string{"unknown_format", "too_large", "truncated", "malformed", "no_sessions", "too_many_sessions", "no_days", "needs_mapping", "mapping_misfit"} {
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

// confirmation holds the hidden fields of the form that confirms an import.
func confirmation(body string) url.Values {
	_, body, _ = strings.Cut(body, `/import/confirm"`)
	body, _, _ = strings.Cut(body, "</form>")
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(body, -1) {
		form.Add(field[1], html.UnescapeString(field[2]))
	}
	return form
}

// A table whose columns nobody can guess is mapped by hand, once; the next one of the same shape is read like it.
func TestAFileOfNoKnownFormatIsMappedByHand(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		table := []byte("nr;was;wann;wo\n1;Eins;2027-05-01 10:00;Saal\n2;Zwei;2027-05-01 11:00;Saal\n")
		w, body := d.upload(d.at("/agenda/import"), table)
		d.sound("not to be guessed", body)
		if w.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "What the fields mean") || !strings.Contains(body, "was: Eins") {
			t.Fatalf("%d %s", w.StatusCode, excerpt(body))
		}
		upload := regexp.MustCompile(`name="upload" value="([0-9a-f]+)"`).FindStringSubmatch(body)[1]
		form := url.Values{"upload": {upload}, "mapped": {"1"}, "map.key": {"nr"}, "map.title": {"was"}, "map.start": {"wann"}, "map.room": {"wo"}}
		wrong := url.Values{"upload": {upload}, "mapped": {"1"}, "map.title": {"nirgends"}}
		d.refuse(d.at("/agenda/import"), wrong, 422, "has no field")
		w, body = d.post(d.at("/agenda/import"), form)
		d.sound("the preview", body)
		if w.StatusCode != http.StatusOK || !strings.Contains(body, "2 new sessions") || !strings.Contains(body, "Title: was") {
			t.Fatalf("%d %s", w.StatusCode, excerpt(body))
		}
		d.send(d.at("/agenda/import/confirm"), confirmation(body), d.at("/agenda"))
		d.see(d.at("/agenda"), "Zwei", "Saal")
		w, body = d.upload(d.at("/agenda/import"), []byte("nr;was;wann;wo\n1;Uno;2027-05-01 10:00;Saal\n2;Zwei;2027-05-01 11:00;Saal\n"))
		if w.StatusCode != http.StatusOK || !strings.Contains(body, "1 changed") || !strings.Contains(body, "Eins → Uno") {
			t.Errorf("the second file: %d %s", w.StatusCode, excerpt(body))
		}
		d.refuse(d.at("/agenda/import"), url.Values{"upload": {strings.Repeat("0", 64)}, "mapped": {"1"}}, 409, "waited too long")
	})
}

// What both sides changed is asked; an answer to a preview that is out of date is refused.
func TestAnImportAsksAboutWhatBothSidesChanged(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		file := func(title string) []byte {
			return []byte(`<schedule><event id="1"><date>2027-05-01T10:00:00+02:00</date><duration>00:30</duration><room>A</room><title>` + title + `</title></event></schedule>`)
		}
		_, body := d.upload(d.at("/agenda/import"), file("First"))
		d.send(d.at("/agenda/import/confirm"), confirmation(body), d.at("/agenda"))
		a, err := d.Agenda.Agenda(t.Context(), d.community.ID, string(d.event.ID))
		if err != nil {
			t.Fatal(err)
		}
		edit := func(title string) {
			s := a.Sessions[0]
			if _, err := d.Agenda.UpdateSession(t.Context(), d.community.ID, s.ID, 0, agenda.SessionInput{Title: title, Kind: s.Kind, Minutes: s.Minutes}); err != nil {
				t.Fatal(err)
			}
		}
		edit("Ours")
		for _, lang := range []string{"de", "en"} {
			d.lang = lang
			_, body = d.upload(d.at("/agenda/import"), file("Theirs"))
			d.sound("the conflict", body)
		}
		key := string(a.Sessions[0].ID) + ".title"
		if !strings.Contains(body, "1 thing was changed here and in the file") || !strings.Contains(body, `value="`+key+`"`) {
			t.Fatalf("no conflict is shown: %s", excerpt(body))
		}
		form := confirmation(body)
		form.Set("theirs", key)
		edit("Ours again")
		d.send(d.at("/agenda/import/confirm"), form, d.at("/agenda/import"))
		d.see(d.at("/agenda"), "Ours again")
		_, body = d.upload(d.at("/agenda/import"), file("Theirs"))
		form = confirmation(body)
		form.Set("theirs", key)
		d.send(d.at("/agenda/import/confirm"), form, d.at("/agenda"))
		d.see(d.at("/agenda"), "Theirs")
	})
}

// The draft comes out in every format, and another community's does not.
func TestADraftIsDownloadedInEveryFormat(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.place("Opening", "Hall", d.event.StartsAt)
		for _, format := range exchange.Writers {
			body := d.see(d.at("/agenda/export/" + format.Extension()[1:]))
			if got := exchange.Recognise([]byte(body)); got != format || !strings.Contains(body, "Opening") {
				t.Errorf("%s: recognised as %q: %s", format, got, excerpt(body))
			}
		}
		if w, _ := d.get(d.at("/agenda/export/docx")); w.StatusCode != http.StatusNotFound {
			t.Errorf("an unknown format: %d", w.StatusCode)
		}
	})
}
