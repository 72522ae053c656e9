package templates

import (
	"bytes"
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// preview keeps what the tests draw, so that people can look at it (CONTRIBUTING tells how):
// go test ./templates -run TestSamples -preview DIR
var preview = flag.String("preview", "", "write every sample page and mail into this folder")

var parsed = sync.OnceValues(New)

func newSet(t *testing.T) *Set {
	t.Helper()
	s, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inline finds what the Content-Security-Policy would refuse in a page.
var inline = regexp.MustCompile(`(?i)<[^>]+\s(style|on[a-z]+)=|<style|javascript:|<script>|https?://[^"\s]+\.(js|css|woff2)`)

func TestSamples(t *testing.T) {
	s := newSet(t)
	for _, sample := range samples() {
		for _, lang := range s.Languages() {
			t.Run(sample.page+"/"+sample.variant+"/"+lang, func(t *testing.T) {
				var b bytes.Buffer
				if err := s.Page(&b, lang, sample.page, sample.data); err != nil {
					t.Fatal(err)
				}
				html := b.String()
				if _, missing, ok := strings.Cut(html, "⟦"); ok {
					t.Errorf("without a text in the catalogue: %.60s", missing)
				}
				if found := inline.FindString(html); found != "" {
					t.Errorf("the policy forbids %s", found)
				}
				if strings.Contains(html, "<no value>") || strings.Contains(html, "ZgotmplZ") || strings.Contains(html, "%!") {
					t.Error("a value is missing or was refused by html/template")
				}
				if ids := doubled(html); ids != "" {
					t.Errorf("the id %q stands twice", ids)
				}
				keep(t, sample.page+"-"+sample.variant+"."+lang+".html", html)
			})
		}
	}
}

func TestSampleMails(t *testing.T) {
	s := newSet(t)
	for _, name := range EmailNames() {
		data, ok := sampleMails()[name]
		if !ok {
			continue // its sample stands in the package that sends it
		}
		for _, lang := range s.Languages() {
			t.Run(name+"/"+lang, func(t *testing.T) {
				subject, html, plain, err := s.Email(lang, name, data)
				if err != nil {
					t.Fatal(err)
				}
				if subject == "" || strings.ContainsAny(subject, "\r\n") || plain == "" {
					t.Errorf("subject %q, text %q", subject, plain)
				}
				if title, about := data.(map[string]any)["EventTitle"].(string); about && !strings.HasSuffix(subject, title) {
					t.Errorf("a phone cuts off what follows the event in %q", subject)
				}
				if all := subject + html + plain; strings.Contains(all, "⟦") || strings.Contains(all, "<no value>") {
					t.Errorf("something is missing in %s", all)
				}
				if accent := data.(map[string]any)["Accent"].(string); !strings.Contains(html, "background:"+cmp.Or(accent, Accent)) {
					t.Errorf("the button is not in the accent colour %q", accent)
				}
				if who, ok := data.(map[string]any)["Name"].(string); ok && (!strings.Contains(html, who) || !strings.Contains(plain, who)) {
					t.Error("nobody is greeted")
				}
				keep(t, "mail-"+name+"."+lang+".html", html)
				keep(t, "mail-"+name+"."+lang+".txt", "Subject: "+subject+"\n\n"+plain)
			})
		}
	}
}

func doubled(html string) string {
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if seen[m[1]] {
			return m[1]
		}
		seen[m[1]] = true
	}
	return ""
}

func keep(t *testing.T, name, text string) {
	t.Helper()
	if *preview == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*preview, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A page holds the pieces that it uses and no others: with all of them in each, the pages take ten times the memory.
func TestAPageHoldsWhatItUses(t *testing.T) {
	event, err := newSet(t).page("en", "event")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"site": true, "main": true, "console": false, "door": false} {
		if got := event.Lookup(name) != nil; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestPageWritesNothingWhenItFails(t *testing.T) {
	var b bytes.Buffer
	if err := newSet(t).Page(&b, "en", "sign_in", struct{ Chrome }{}); err == nil || b.Len() > 0 {
		t.Errorf("error %v, %d bytes written", err, b.Len())
	}
}

func TestUnknownNames(t *testing.T) {
	s := newSet(t)
	if err := s.Page(&bytes.Buffer{}, "en", "none", nil); err == nil {
		t.Error("a page that does not exist was drawn")
	}
	if _, _, _, err := s.Email("en", "none", nil); err == nil {
		t.Error("a mail that does not exist was written")
	}
}
