package templates

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// mirrored is a set with a language that exists in tests only: English in brackets, under the name and the direction of Arabic,
// with all six of its plurals.
func mirrored(t *testing.T) *Set {
	t.Helper()
	english, err := files.ReadFile("locales/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var messages map[string]any
	if err := json.Unmarshal(english, &messages); err != nil {
		t.Fatal(err)
	}
	for key, message := range messages {
		switch m := message.(type) {
		case string:
			messages[key] = "⟪" + m + "⟫"
		case map[string]any:
			all := map[string]any{}
			for _, form := range []string{"zero", "one", "two", "few", "many", "other"} {
				all[form] = "⟪" + m["other"].(string) + "⟫"
			}
			messages[key] = all
		}
	}
	messages["language.direction"], messages["language.ar"] = "rtl", "⟪Mirrored⟫"
	arabic, err := json.Marshal(messages)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newWith(fstest.MapFS{"locales/en.json": {Data: english}, "locales/ar.json": {Data: arabic}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every page and mail can be read from right to left, in a language that needed no code: how it looks is a browser's to say
// (cmd/turnout turns each page that its tests pass).
func TestRightToLeft(t *testing.T) {
	s := mirrored(t)
	hold := func(t *testing.T, html string) {
		t.Helper()
		if !strings.Contains(html, `lang="ar" dir="rtl"`) || !strings.Contains(html, "⟪") {
			t.Errorf("not from the right: %.200s", html)
		}
		if _, missing, ok := strings.Cut(html, "⟦"); ok {
			t.Errorf("without a text: %.60s", missing)
		}
	}
	for _, sample := range samples() {
		if sample.page == "styleguide_door" { // has no word of its own
			continue
		}
		t.Run(sample.page+"/"+sample.variant, func(t *testing.T) {
			var b bytes.Buffer
			if err := s.Page(&b, "ar", sample.page, sample.data); err != nil {
				t.Fatal(err)
			}
			hold(t, b.String())
			keep(t, sample.page+"-"+sample.variant+".ar.html", b.String())
		})
	}
	for name, data := range sampleMails() {
		_, html, _, err := s.Email("ar", name, data)
		if err != nil {
			t.Fatal(err)
		}
		hold(t, html)
	}
}

// What has a side in a stylesheet has it by the direction of reading.
func TestStylesNameNoSide(t *testing.T) {
	side := regexp.MustCompile(`(margin|padding|border|inset)-(left|right)|(^|[\s;{])(left|right)\s*:|(text-align|float|clear)\s*:\s*(left|right)|border-(top|bottom)-(left|right)`)
	sheets, err := filepath.Glob("static/src/css/*.css")
	if err != nil || len(sheets) < 10 {
		t.Fatal(sheets, err)
	}
	for _, sheet := range sheets {
		text, err := os.ReadFile(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if found := side.FindString(string(text)); found != "" {
			t.Errorf("%s: %s", sheet, strings.TrimSpace(found))
		}
	}
}
