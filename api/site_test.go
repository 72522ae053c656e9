package api

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tree "golang.org/x/net/html"

	"turnout"
	"turnout/events/agenda"
)

// unzipped gives the files of a zip; none lies outside of it, and none is there twice on a disk that knows no capitals.
func unzipped(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files, seen := map[string]string{}, map[string]bool{}
	for _, f := range r.File {
		if name := strings.ToLower(f.Name); seen[name] || !regexp.MustCompile(`^([a-z0-9_-]+/)?[a-z0-9][a-z0-9._-]*$`).MatchString(name) || strings.Contains(name, "..") || len(name) > 120 {
			t.Errorf("a file named %q", f.Name)
		}
		seen[strings.ToLower(f.Name)] = true
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(body)
	}
	return files
}

// holds checks that all which a copied site shows and leads to is in it or at the live one, and that nothing in it needs a server.
func holds(t *testing.T, files map[string]string) {
	t.Helper()
	led := map[string]bool{"index.html": true}
	check := func(name, link string) {
		u, err := url.Parse(link)
		if err != nil {
			t.Errorf("%s: %q is no address", name, link)
			return
		}
		if u.IsAbs() || link == "" || strings.HasPrefix(link, "#") {
			return
		}
		to := path.Join(path.Dir(name), u.Path)
		if _, there := files[to]; !there || strings.HasPrefix(u.Path, "/") {
			t.Errorf("%s leads to %q, which is not in the zip", name, link)
		}
		led[to] = true
	}
	for name, body := range files {
		switch path.Ext(name) {
		case ".css":
			for _, found := range regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(body, -1) {
				if !strings.Contains(found[1], "data:") {
					check(name, strings.Trim(found[1], `"'`))
				}
			}
		case ".html":
			doc, err := tree.Parse(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for n := range doc.Descendants() {
				if slices.Contains([]string{"form", "button", "input", "select", "script", "base"}, n.Data) && n.Type == tree.ElementNode {
					t.Errorf("%s has a %s", name, n.Data)
				}
				for _, a := range n.Attr {
					switch {
					case a.Key == "href", a.Key == "src", a.Key == "poster":
						check(name, a.Val)
					case a.Key == "srcset":
						for _, each := range strings.Split(a.Val, ",") {
							check(name, strings.Fields(each)[0])
						}
					case strings.HasPrefix(a.Key, "hx-"), a.Key == "style", strings.HasPrefix(a.Key, "on"), a.Key == "crossorigin":
						t.Errorf("%s: %s=%q", name, a.Key, a.Val)
					}
				}
			}
		}
	}
	for name := range files {
		if !led[name] && !slices.Contains([]string{"files/schedule.json", "files/schedule.xml", "files/schedule.csv"}, name) {
			t.Errorf("nothing leads to %s", name)
		}
	}
}

// exhibit is an event with a cover, speakers with photos, sessions with hostile names, places and links, and two releases.
func (d *desk) exhibit() {
	d.t.Helper()
	zoe, _, talk := d.speaking()
	d.onSale(20)
	var cover bytes.Buffer
	picture := image.NewRGBA(image.Rect(0, 0, 1200, 600))
	picture.Set(3, 3, color.White)
	if err := png.Encode(&cover, picture); err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Events.SetCover(d.t.Context(), d.community.ID, "summit", 0, cover.Bytes()); err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Speakers.SetPhoto(d.t.Context(), d.community.ID, turnout.ID(zoe), 0, photo(d.t.(*testing.T))); err != nil {
		d.t.Fatal(err)
	}
	d.api("PUT", "/sessions/"+talk+"/sign-up", m{"offered": true, "seats": 3}, 200)
	d.sendSlides(zoe, talk)
	begun := time.Now().UTC().Truncate(time.Minute).Add(-2 * time.Hour)
	d.api("PUT", "/sessions/"+talk+"/slot", m{"starts_at": begun, "ends_at": begun.Add(time.Hour)}, 200)
	csv := "title,start,end,room,description\n"
	for i, title := range []string{"../../etc/passwd", "<script>alert(1)</script>", "Ünïcödé 🎉 " + strings.Repeat("long ", 40), "مرحبا", `"quoted" & <b>`} {
		at := d.event.StartsAt.Add(time.Duration(i+2) * time.Hour)
		csv += fmt.Sprintf("%q,%s,%s,Aula,\"[other](/e/summit) ![p](https://tracker.example/x.png) [up](../../..)\"\n", strings.ReplaceAll(title, `"`, "'"), at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339))
	}
	if _, err := d.Agenda.Import(d.t.Context(), d.community.ID, "summit", []byte(csv), agenda.ImportChoices{}, false); err != nil {
		d.t.Fatal(err)
	}
	d.release("1.0")
	d.place("Added later", "Cellar & <Attic>", d.event.StartsAt.Add(26*time.Hour))
	d.release("1.1")
	d.touch("summit")
}

// The public site is saved as files that work without a server: by organisers, by programs, and the same bytes each time.
func TestThePublicSiteIsSaved(t *testing.T) {
	onDesk(t, func(t *testing.T, d *desk) {
		d.see(d.at("/site"), "There is no public page yet")
		if status, _, body := d.fetch(d.at("/site.zip")); status != http.StatusConflict || !strings.Contains(body, "Publish it first") {
			t.Errorf("a draft: %d %s", status, excerpt(body))
		}
		d.api("GET", "/events/summit/site.zip", nil, 409).is("not_public", "code")
		d.exhibit()
		d.see(d.at("/site"), "Download the zip", "Deutsch")
		status, header, body := d.fetch(d.at("/site.zip?lang=en"))
		if status != http.StatusOK || header("Content-Type") != "application/zip" || !strings.Contains(header("Content-Disposition"), `"summit-site.zip"`) {
			t.Fatalf("%d %s %s", status, header("Content-Type"), excerpt(body))
		}
		if again := d.api("GET", "/events/summit/site.zip", nil, 200).text; again != body {
			t.Error("the same site gives other bytes to a program")
		}
		files := unzipped(t, []byte(body))
		holds(t, files)
		d.saysWhatTheSiteSays(files)

		_, _, german := d.fetch(d.at("/site.zip?lang=de"))
		if austrian := d.api("GET", "/events/summit/site.zip?lang=de-AT", nil, 200).text; austrian != german {
			t.Error("who asks for Austrian German gets other bytes than Germans do")
		}
		if page := unzipped(t, []byte(german))["index.html"]; !strings.Contains(page, "gespeicherte Kopie") || !strings.Contains(page, `lang="de"`) {
			t.Errorf("in German: %s", excerpt(page))
		}
	})
}

func (d *desk) saysWhatTheSiteSays(files map[string]string) {
	t := d.t
	t.Helper()
	sessions := 0
	for name, page := range files {
		if strings.HasPrefix(name, "sessions/") {
			sessions++
		}
		if strings.HasSuffix(name, ".html") && !strings.Contains(page, "This is a copy") {
			t.Errorf("%s does not say that it is a copy", name)
		}
		if strings.Contains(page, "tracker.example") && strings.Contains(page, "<img src=\"https://tracker") {
			t.Errorf("%s asks another site for a picture", name)
		}
	}
	if sessions != 7 {
		t.Errorf("%d sessions", sessions)
	}
	for name, wanted := range map[string][]string{
		"index.html":        {d.event.Title, `href="schedule.html`, baseURL + "/e/summit"},
		"schedule.html":     {"Engines", "Added later", `href="sessions/`, `href="files/schedule.ics"`},
		"speakers.html":     {"Zoë", `href="speakers/spk_`},
		"changes.html":      {"Added later", `href="files/changes.atom"`},
		"files/engines.pdf": {"%PDF-1.7"}, "files/schedule.csv": {"Engines"}, "files/schedule.json": {"Engines"}, "files/schedule.xml": {"Engines"}, "files/schedule.ics": {"BEGIN:VCALENDAR"},
	} {
		page, there := files[name]
		for _, want := range wanted {
			if !there || !strings.Contains(page, want) {
				t.Errorf("%s (there: %v) does not say %q", name, there, want)
			}
		}
	}
	for name, page := range files {
		for _, gone := range []string{"/checkout", "my-agenda", "seats left", "/find-order", "/sign-in"} {
			if strings.HasSuffix(name, ".html") && strings.Contains(page, gone) {
				t.Errorf("%s says %q", name, gone)
			}
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(name string) bool {
		return strings.HasSuffix(name, ".webp") || strings.HasSuffix(name, ".jpg") || strings.HasSuffix(name, ".png")
	}) {
		t.Error("no picture was saved")
	}
}

// FOSDEM's site is saved whole.
func TestTheLargestSiteIsSaved(t *testing.T) {
	file, err := os.ReadFile("../../shared/real-data/schedules/fosdem-2025.schedule.xml")
	if err != nil {
		t.Skip("the real data is not there: ", err)
	}
	onDesk(t, func(t *testing.T, d *desk) {
		e := d.fosdem(file)
		var out bytes.Buffer
		begun := time.Now()
		if err := d.Site.Write(t.Context(), &out, e, "en"); err != nil {
			t.Fatal(err)
		}
		files := unzipped(t, out.Bytes())
		t.Logf("%d files, %.1f MB, %v", len(files), float64(out.Len())/1e6, time.Since(begun).Round(time.Millisecond))
		holds(t, files)
		sessions, speakers := 0, 0
		for name := range files {
			if strings.HasPrefix(name, "sessions/") {
				sessions++
			}
			if strings.HasPrefix(name, "speakers/") {
				speakers++
			}
		}
		if sessions != 1105 || speakers < 1000 {
			t.Errorf("%d sessions, %d speakers", sessions, speakers)
		}
	})
}
