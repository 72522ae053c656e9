package api

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"turnout/internal/browsertest"
	"turnout/internal/database"
	"turnout/internal/dbtest"
)

// A saved site is read from a disk: its pages look as they shall, and one gets from each to the next.
func TestBrowserReadsASavedSite(t *testing.T) {
	ctx := browsertest.Open(t, http.NotFoundHandler())
	d := newDesk(t, dbtest.Open(t, database.SQLite))
	d.exhibit()
	var out bytes.Buffer
	if err := d.Site.Write(t.Context(), &out, d.event, "en"); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, body := range unzipped(t, out.Bytes()) {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := `[document.readyState, document.querySelector("main").textContent, location.protocol, String(document.fonts.check("16px Inter") && [...document.fonts].some((each) => each.status === "loaded")),
		String([...document.images].filter((each) => each.loading !== "lazy" && !(each.complete && each.naturalWidth)).length)]`
	click := func(link, says string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(link))); err != nil {
			t.Fatal(link, err)
		}
		var seen []string
		for range 50 {
			var err error
			if seen, err = chromedp.Run(ctx, chromedp.Evaluate[[]string](look)); err == nil && seen[0] == "complete" && strings.Contains(seen[1], says) && seen[2] == "file:" && seen[3] == "true" && seen[4] == "0" {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Errorf("after %s: %q", link, seen)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+folder+"/index.html")); err != nil {
		t.Fatal(err)
	}
	click(`a[href="schedule.html"]`, "Added later")
	click(`a[href*="view-list"], a[href*="-list"]`, "Engines")
	click(`article h4 a`, "Engines")
	click(`a.person`, "Engines")
	click(`.crumbs a[href="../index.html"]`, d.event.Title)
}
